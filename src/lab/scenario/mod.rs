//! How the lab's server behaves: the scenario file (FORMATS section 3), read and checked.
//!
//! Reading takes text and gives a value or an error with its line; finding a scenario by name or path is in [`mod@find`].
//! A key that nothing here carries out is an error, never passed over.

mod account;
mod check;
mod error;
mod extends;
mod find;
pub(crate) mod mistakes;
mod pretend;
mod rule;
mod sense;
mod source;
mod tls;
mod value;
mod vary;

use std::net::IpAddr;

use serde::Deserialize;

use crate::lab::ListenerKind;

pub use account::{Account, Mechanism};
pub use check::{Check, CheckTls};
pub use error::ScenarioError;
pub(crate) use error::{explain, place};
pub use find::{check_name, find, mistakes, names, read, shipped, source};
pub use pretend::{Looked, Played, Pretend};
pub use rule::{Drip, Glob, Nth, On, Pattern, Per, PhaseName, Rule, Set, Status};
pub(crate) use sense::{Place, Step, at, nth};
pub use source::Source;
pub use tls::{CertificateKind, ClientCert, ServerCertificate, Tls, TlsFault, TlsVersion};
pub use value::{Fill, Network, Span, Template};
pub use vary::{Draw, Unfillable, Vary};

use value::one;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The format's version: 1.
    #[serde(deserialize_with = "value::version")]
    pub ehlo: u32,
    /// The scenario that this one builds on; what it says is merged in already.
    pub extends: Option<String>,
    /// What it is called.
    pub title: String,
    /// What a person meets, in one or two sentences.
    #[serde(default)]
    pub story: String,
    /// What it teaches.
    #[serde(default)]
    pub teaches: Vec<String>,
    /// Whether the magic addresses of `error.lab` work.
    #[serde(default = "yes")]
    pub magic: bool,
    /// What is meant although it looks like a mistake.
    #[serde(default)]
    pub allow: Vec<Allowed>,
    /// Names whose values are drawn; they are filled in already.
    #[serde(default)]
    pub vary: Vary,
    /// The server itself.
    #[serde(default)]
    pub server: Server,
    /// Which kinds of listener there are.
    #[serde(default)]
    pub listeners: Listeners,
    /// TLS.
    #[serde(default)]
    pub tls: Tls,
    /// What EHLO says.
    pub capabilities: CapabilityKeys,
    /// Who can log in.
    #[serde(default, rename = "account")]
    pub accounts: Vec<Account>,
    /// The domains that the server is responsible for.
    #[serde(default, rename = "domain")]
    pub domains: Vec<Domain>,
    /// Mail for other domains.
    #[serde(default)]
    pub relay: Relay,
    /// What the DNS is played to say.
    #[serde(default, rename = "pretend")]
    pub pretends: Vec<Pretend>,
    /// How strictly lines are read.
    #[serde(default)]
    pub parser: Parser,
    /// When something is done otherwise; the first that answers wins.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// Conversations that show that it does what its story says.
    #[serde(default, rename = "check")]
    pub checks: Vec<Check>,
}

one! {
    /// What `ehlo lab check` takes for a mistake unless a scenario says that it is meant (S18).
    pub enum Allowed {
        // Reply code and enhanced status code contradict each other, or the lines of a reply do.
        CodeMismatch = "code-mismatch",
        // What greets is no reply that greets.
        BadBanner = "bad-banner",
        // A reply that its command never gets (RFC 5321 4.3.2).
        BadReply = "bad-reply"
    }
}

fn yes() -> bool {
    true
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Its host name.
    pub name: String,
    /// What follows 220 in its greeting.
    pub banner: Template,
    /// Whose words it uses.
    pub imitates: Imitates,
    /// How fast its time goes.
    pub clock: Clock,
    /// The seed of every chance.
    pub seed: u64,
    /// How long it waits for a command, on the real clock: whoever sits before it types no faster for a fast one.
    pub idle: Span,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: "mx.target.local".to_owned(),
            banner: Template::fixed("{name} ESMTP ehlo lab"),
            imitates: Imitates::Postfix,
            clock: Clock(1),
            seed: 1,
            idle: Span(std::time::Duration::from_mins(5)),
        }
    }
}

one! {
    /// Whose wording the ordinary replies have.
    pub enum Imitates {
        Postfix = "postfix",
        Exim = "exim",
        Exchange = "exchange",
        Sendmail = "sendmail",
        Gmail = "gmail",
        Plain = "plain"
    }
}

/// Lab seconds in a real second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(pub u32);

/// `[listeners]`: the kinds that exist.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// ESMTP.
    pub smtp: Option<ListenerKeys>,
    /// Message submission.
    pub submission: Option<ListenerKeys>,
    /// ESMTP with TLS from the first byte.
    pub smtps: Option<ListenerKeys>,
    /// LMTP.
    pub lmtp: Option<ListenerKeys>,
}

impl Listeners {
    /// The one of this kind, where the scenario opens it.
    #[must_use]
    pub fn of(&self, kind: ListenerKind) -> Option<ListenerKeys> {
        match kind {
            ListenerKind::Smtp => self.smtp,
            ListenerKind::Submission => self.submission,
            ListenerKind::Smtps => self.smtps,
            ListenerKind::Lmtp => self.lmtp,
        }
    }
}

impl Default for Listeners {
    fn default() -> Self {
        let keys = ListenerKeys { starttls: true, ..ListenerKeys::default() };
        Self { smtp: Some(keys), submission: None, smtps: None, lmtp: None }
    }
}

/// What one kind of listener does.
#[derive(Debug, Clone, Copy, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerKeys {
    /// Whether STARTTLS is offered.
    pub starttls: bool,
    /// Whether logging in is offered or needed.
    pub auth: AuthKeys,
    /// Whether logging in needs TLS.
    pub auth_needs_tls: bool,
    /// Whether TLS begins with the first byte; by itself it does on smtps.
    pub implicit: Option<bool>,
    /// Whether the header of the PROXY protocol comes first, version 1 or 2; the client is whom it names.
    pub proxy: bool,
}

one! {
    /// Whether logging in is offered (S17). Default: `none` without accounts in the file, else `offered`.
    #[derive(Default)]
    pub enum AuthKeys {
        #[default]
        Unsaid = "default",
        None = "none",
        Offered = "offered",
        Required = "required"
    }
}

/// `[capabilities]`.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct CapabilityKeys {
    /// Said and supported, in this order. STARTTLS and AUTH are said where the listener has them, listed or not.
    #[serde(default, deserialize_with = "value::keywords")]
    pub advertise: Vec<String>,
    /// Supported but unsaid.
    #[serde(default, deserialize_with = "value::keywords")]
    pub hide: Vec<String>,
    /// Said but not honoured.
    #[serde(default, deserialize_with = "value::keywords")]
    pub lie: Vec<String>,
    /// What takes the place of `advertise` once the line is in TLS.
    #[serde(default, deserialize_with = "value::some_keywords")]
    pub in_tls: Option<Vec<String>>,
    /// What takes its place once the client has logged in.
    #[serde(default, deserialize_with = "value::some_keywords")]
    pub logged_in: Option<Vec<String>>,
}

impl CapabilityKeys {
    /// What is said: in clear text, in TLS, and to a client that has logged in it may differ.
    #[must_use]
    pub fn said(&self, tls: bool, authenticated: bool) -> &[String] {
        let in_tls = self.in_tls.as_ref().filter(|_| tls);
        self.logged_in.as_ref().filter(|_| authenticated).or(in_tls).unwrap_or(&self.advertise)
    }

    /// Whether the server honours this keyword at all.
    #[must_use]
    pub fn supports(&self, keyword: &str) -> bool {
        let is = |line: &String| keyword_of(line).eq_ignore_ascii_case(keyword);
        let later = [&self.in_tls, &self.logged_in].into_iter().flatten().flatten();
        self.advertise.iter().chain(&self.hide).chain(later).any(is) && !self.lies(keyword)
    }

    /// Whether this keyword is said and not honoured.
    #[must_use]
    pub fn lies(&self, keyword: &str) -> bool {
        self.lie.iter().any(|line| keyword_of(line).eq_ignore_ascii_case(keyword))
    }

    /// The number after SIZE, where there is one and it is not 0.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        size_among(self.advertise.iter().chain(&self.hide).map(String::as_str))
    }
}

/// The number after SIZE in the last of these lines that is about it, where it is not 0.
pub(in crate::lab) fn size_among<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Option<u64> {
    let line = lines.rev().find(|line| keyword_of(line).eq_ignore_ascii_case("SIZE"))?;
    line.split_whitespace().nth(1)?.parse().ok().filter(|size| *size > 0)
}

/// The first word of an EHLO line.
#[must_use]
pub fn keyword_of(line: &str) -> &str {
    line.trim_ascii_start().split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default()
}

/// `[[domain]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The domain.
    pub name: String,
    /// The reply for somebody who is not there.
    #[serde(default = "Domain::unknown", deserialize_with = "rule::reply")]
    pub unknown_user: Template,
    /// The mailbox that takes what is for nobody.
    #[serde(default)]
    pub catch_all: Option<String>,
    /// Its mailboxes.
    #[serde(default, rename = "mailbox")]
    pub mailboxes: Vec<Mailbox>,
}

impl Domain {
    fn unknown() -> Template {
        Template::fixed("550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table")
    }
}

/// `[[domain.mailbox]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// The local part.
    pub name: String,
    /// How many octets it holds.
    #[serde(default)]
    pub quota: Option<value::Octets>,
    /// Whether it takes nothing any more.
    #[serde(default)]
    pub disabled: bool,
    /// Where its owner is now.
    #[serde(default)]
    pub moved_to: Option<String>,
    /// With `moved_to`: whether mail is passed on (251) or only the address is told (551).
    #[serde(default)]
    pub forward: bool,
    /// Further local parts.
    #[serde(default)]
    pub alias: Vec<String>,
    /// Whether VRFY and EXPN tell of it.
    #[serde(default = "yes")]
    pub vrfy: bool,
}

/// `[relay]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// For whom mail for other domains is taken.
    pub allow: RelayAllow,
    /// The refusal.
    #[serde(deserialize_with = "rule::reply")]
    pub refuse: Template,
}

impl Default for Relay {
    fn default() -> Self {
        Self { allow: RelayAllow::Nobody, refuse: Template::fixed("554 5.7.1 <{rcpt}>: Relay access denied") }
    }
}

/// For whom mail for other domains is taken.
#[derive(Debug, Clone)]
pub enum RelayAllow {
    /// Nobody.
    Nobody,
    /// Who has logged in.
    Authenticated,
    /// Everybody: an open relay.
    Anybody,
    /// Who comes from one of these networks.
    Networks(Vec<Network>),
}

impl RelayAllow {
    /// Whether this client may relay.
    #[must_use]
    pub fn allows(&self, client: IpAddr, authenticated: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Authenticated => authenticated,
            Self::Anybody => true,
            Self::Networks(list) => list.iter().any(|network| network.holds(client)),
        }
    }
}

/// `[parser]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parser {
    /// What a line feed without a carriage return before it does.
    pub bare_lf: BareLf,
    /// What a carriage return without a line feed after it does.
    pub bare_cr: BareCr,
    /// How addresses are read, and the name after HELO, EHLO or LHLO.
    pub paths: Paths,
    /// The longest command line, octets with its end.
    pub max_line: usize,
    /// The errors after which the server closes.
    pub max_errors: u32,
}

impl Default for Parser {
    fn default() -> Self {
        Self { bare_lf: BareLf::Refuse, bare_cr: BareCr::Refuse, paths: Paths::Strict, max_line: 2048, max_errors: 20 }
    }
}

one! {
    /// What a bare line feed does (S9).
    pub enum BareLf { Refuse = "refuse", Accept = "accept", EndsData = "ends-data" }
}

one! {
    /// What a bare carriage return does (S9).
    pub enum BareCr { Refuse = "refuse", Accept = "accept" }
}

one! {
    /// How addresses are read (S9): `lenient` takes blanks around the colon and does without angle brackets.
    pub enum Paths { Strict = "strict", Lenient = "lenient" }
}

impl Scenario {
    /// Reads a scenario, which may build on shipped ones; what varies in it is drawn from its own seed. `name` is for the
    /// messages.
    ///
    /// # Errors
    /// What is wrong, with its line, and what would be right.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        Source::new(name, text, &find::shipped_text)?.scenario()
    }

    fn check(&self, name: &str) -> Result<(), ScenarioError> {
        let wrong = |what: String| Err(ScenarioError::Senseless { name: name.to_owned(), what });
        if self.tls.min_version > self.tls.max_version {
            return wrong("[tls] min_version is above max_version".to_owned());
        }
        let l = &self.listeners;
        if l.smtp.is_none() && l.submission.is_none() && l.smtps.is_none() && l.lmtp.is_none() {
            return wrong("[listeners] names no listener: smtp, submission, smtps, lmtp".to_owned());
        }
        if self.rules.iter().any(|rule| rule.accept_then_bounce.is_some() && !rule.may_bounce()) {
            return wrong("accept_then_bounce belongs to on = \"RCPT\" or \"end-of-data\"".to_owned());
        }
        if let Some((_, what)) = pretend::senseless(&self.pretends, &self.rules) {
            return wrong(what);
        }
        for domain in &self.domains {
            if let Some(all) = &domain.catch_all
                && domain.find(all).is_none()
            {
                return wrong(format!("catch_all = {all:?} of {} is no mailbox of it", domain.name));
            }
        }
        Ok(())
    }

    /// The domain of this name, in any case.
    #[must_use]
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.name.eq_ignore_ascii_case(name))
    }
}

impl Domain {
    /// The mailbox of this local part: in any case, by name or by alias.
    #[must_use]
    pub fn find(&self, local: &str) -> Option<&Mailbox> {
        let local = local.to_lowercase();
        self.mailboxes
            .iter()
            .find(|m| m.name.to_lowercase() == local || m.alias.iter().any(|alias| alias.to_lowercase() == local))
    }
}
