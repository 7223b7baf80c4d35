//! `[[rule]]`: when something is done otherwise, and what.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::value::{Network, Octets, Span, Template, one};
use crate::expression::problem;
use crate::lab::ListenerKind;
use crate::smtp::{EnhancedCode, Verb};

/// A rule. Every condition that is given must hold; see [`Rule::ends`] for whether the search goes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// At which moment.
    pub on: On,
    /// The recipient, or one of the transaction's.
    pub to: Option<Glob>,
    /// The reverse-path.
    pub from: Option<Glob>,
    /// The name that the client greeted with.
    pub helo: Option<Glob>,
    /// What follows the verb; of what is answered within a login the mechanism's name.
    pub argument: Option<Pattern>,
    /// The whole command line: for verbs that are not known.
    pub line: Option<Pattern>,
    /// A parameter of MAIL or RCPT: `NOTIFY`, or `NOTIFY=NEVER`.
    pub parameter: Option<String>,
    /// The size that MAIL announces, or of the content.
    pub size: Option<SizeTest>,
    /// The content.
    pub content: Option<Pattern>,
    /// Whether the line is encrypted.
    pub tls: Option<bool>,
    /// Whether the client has logged in.
    pub authenticated: Option<bool>,
    /// Where the client comes from.
    pub client: Option<Network>,
    /// Where the session is (S20).
    pub phase: Option<PhaseName>,
    /// To which listener.
    pub listener: Option<ListenerKind>,
    /// Whether something had come before it was due: before the greeting, or before the reply to the last line (S4).
    pub early: Option<bool>,
    /// How many connections are open, this one included: of this client, or with `per = "server"` of all (S3).
    #[serde(default, deserialize_with = "connections")]
    pub concurrent: Option<SizeTest>,
    /// Which connection since the lab began it is, from 1.
    pub connection: Option<Nth>,
    /// Which answer within a login it is, from 1.
    pub step: Option<Nth>,
    /// Whether the recipient exists (S2).
    pub known: Option<bool>,
    /// The name in the DNS that is played for the client's address, or `none` (S19).
    pub ptr: Option<Glob>,
    /// The result of SPF that is played.
    pub spf: Option<Glob>,
    /// The result of DKIM that is played.
    pub dkim: Option<Glob>,
    /// The result of DMARC that is played.
    pub dmarc: Option<Glob>,
    /// The block list that the client is played to be on, or `none`.
    pub listed: Option<Glob>,
    /// Which of the events that met all other conditions, from 1 (S13).
    pub nth: Option<Nth>,
    /// What is counted by itself.
    #[serde(default)]
    pub per: Per,
    /// Up to so long after the first of them.
    pub within: Option<Span>,
    /// From so long after the first of them.
    pub after: Option<Span>,
    /// How often, from 0 to 1.
    pub chance: Option<Chance>,
    /// What is said.
    pub reply: Option<ReplyTemplate>,
    /// What is said in several lines, each with its code.
    #[serde(default, deserialize_with = "several")]
    pub multi: Vec<Template>,
    /// What is written as it stands.
    pub raw: Option<Raw>,
    /// With `raw`: the command is obeyed all the same, where its code says so.
    #[serde(default)]
    pub obey: bool,
    /// How long the server waits first.
    pub delay: Option<Span>,
    /// How long it waits between the lines of one reply (S5).
    pub delay_between: Option<Span>,
    /// How slowly the reply is written.
    pub drip: Option<Drip>,
    /// The connection is closed then.
    #[serde(default)]
    pub close: bool,
    /// The connection is reset then.
    #[serde(default)]
    pub reset: bool,
    /// Nothing is said, ever.
    #[serde(default)]
    pub silence: bool,
    /// A header line for the message that is delivered (S7).
    pub stamp: Option<Template>,
    /// What the lab's log says of it.
    pub note: Option<Template>,
    /// What changes for the rest of the session.
    pub set: Option<Set>,
    /// The recipient, or at end-of-data the message, is taken, and a report with this status goes to the reverse-path.
    pub accept_then_bounce: Option<Status>,
    /// The search ends here, with the ordinary reply (S12).
    #[serde(default)]
    pub stop: bool,
}

impl Rule {
    /// Whether the search ends with this rule (S12).
    #[must_use]
    pub fn ends(&self) -> bool {
        self.answers() || self.stop
    }

    /// Whether the rule says or does something in place of the ordinary reply.
    #[must_use]
    pub fn answers(&self) -> bool {
        let says = self.reply.is_some() || !self.multi.is_empty() || self.raw.is_some();
        says || self.close || self.reset || self.silence || self.accept_then_bounce.is_some()
    }

    /// What it asks of what is played, in the order of the facts' names.
    pub(in crate::lab) fn plays(&self) -> [Option<&Glob>; 5] {
        [&self.ptr, &self.spf, &self.dkim, &self.dmarc, &self.listed].map(Option::as_ref)
    }

    /// Whether it is about something that can be taken.
    pub(super) fn may_bounce(&self) -> bool {
        matches!(self.on, On::EndOfData | On::Verb(Verb::Rcpt))
    }

    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.nth.is_some() || self.within.is_some() || self.after.is_some()
    }
}

/// The moment of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A command with this verb.
    Verb(Verb),
    /// Any command.
    Any,
    /// A client has connected: a reply stands in place of the banner (S22).
    Connect,
    /// The banner is about to be sent.
    Greeting,
    /// The content is complete; in LMTP once for each accepted recipient (S10).
    EndOfData,
    /// The client has answered a 334; a rule that says 235 lets anybody in.
    AuthAnswer,
    /// The handshake is done.
    Tls,
    /// The client has said nothing for too long.
    Idle,
}

impl<'de> Deserialize<'de> for On {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match (word.as_str(), Verb::from_word(&word)) {
            ("connect", _) => Self::Connect,
            ("greeting", _) => Self::Greeting,
            ("end-of-data", _) => Self::EndOfData,
            ("auth-answer", _) => Self::AuthAnswer,
            ("tls", _) => Self::Tls,
            ("idle", _) => Self::Idle,
            ("any", _) => Self::Any,
            (_, Verb::Other) => {
                return Err(D::Error::custom(format!(
                    "on = {word:?} is not known; write a verb, connect, greeting, end-of-data, auth-answer, tls, idle or \
                     any; for a verb that no server knows write on = \"any\" and line = '(?i)^{word}'"
                )));
            }
            (_, verb) => Self::Verb(verb),
        })
    }
}

one! {
    /// Where a session is, as rules name it (S20).
    pub enum PhaseName {
        Connected = "connected",
        Greeted = "greeted",
        Mail = "mail",
        Rcpt = "rcpt",
        Data = "data",
        Content = "content",
        Auth = "auth",
        Closed = "closed"
    }
}

one! {
    /// What a rule counts by itself.
    #[derive(Default)]
    pub enum Per {
        Triplet = "triplet",
        Transaction = "transaction",
        #[default]
        Session = "session",
        Client = "client",
        Sender = "sender",
        Recipient = "recipient",
        Server = "server"
    }
}

impl<'de> Deserialize<'de> for ListenerKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::from_word(&word).ok_or_else(|| super::value::not_one_of(&word, &Self::ALL.map(Self::word)))
    }
}

/// A pattern in which `*` stands for any text and `?` for one character; case does not count.
#[derive(Debug, Clone)]
pub struct Glob(regex::Regex);

impl Glob {
    /// Whether a text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pattern = regex::escape(&text).replace(r"\*", ".*").replace(r"\?", ".");
        let regex = regex::Regex::new(&format!("(?is)^{pattern}$"));
        regex.map(Self).map_err(|error| D::Error::custom(error.to_string()))
    }
}

/// A regular expression on octets.
#[derive(Debug, Clone)]
pub struct Pattern(regex::bytes::Regex);

impl Pattern {
    /// Whether it is found in a text.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pattern = regex::bytes::Regex::new(&text).map(Self);
        pattern.map_err(|error| D::Error::custom(format!("not a regular expression: {}", problem(&error))))
    }
}

/// `>10MB`, `<1kB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeTest {
    above: bool,
    octets: u64,
}

impl SizeTest {
    /// Reads one; none where the text is not one.
    fn parse(text: &str) -> Option<Self> {
        let above = text.starts_with('>');
        let Octets(octets) = Octets::parse(text.strip_prefix(['>', '<'])?)?;
        Some(Self { above, octets })
    }

    /// Whether a size meets it.
    #[must_use]
    pub fn holds(self, size: u64) -> bool {
        if self.above { size > self.octets } else { size < self.octets }
    }
}

impl<'de> Deserialize<'de> for SizeTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("size = {text:?} can't be read; write \">10MB\" or \"<500\"")))
    }
}

/// How many connections, as [`SizeTest`] reads a size.
fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SizeTest>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = SizeTest::parse(&text).filter(|_| text.ends_with(|c: char| c.is_ascii_digit()));
    read.map(Some)
        .ok_or_else(|| D::Error::custom(format!("{text:?} is no number of connections; write \">2\" or \"<5\"")))
}

/// Which of several events: `3`, `"1..3"` (both included), `"5.."`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nth {
    first: u64,
    last: u64,
}

impl Nth {
    /// Whether the n-th is meant.
    #[must_use]
    pub fn holds(self, n: u64) -> bool {
        (self.first..=self.last).contains(&n)
    }
}

impl<'de> Deserialize<'de> for Nth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Text(String),
        }
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|n| *n > 0);
        let read = match Either::deserialize(deserializer)? {
            Either::Number(n) => (n > 0).then_some(Self { first: n, last: n }),
            Either::Text(text) => match text.split_once("..") {
                None => number(&text).map(|n| Self { first: n, last: n }),
                Some((first, "")) => number(first).map(|first| Self { first, last: u64::MAX }),
                Some((first, last)) => number(first)
                    .zip(number(last))
                    .map(|(first, last)| Self { first, last })
                    .filter(|nth| nth.first <= nth.last),
            },
        };
        read.ok_or_else(|| D::Error::custom("nth is counted from 1; write 3, \"1..3\" or \"5..\""))
    }
}

/// How often a rule acts, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance(pub f64);

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let chance = f64::deserialize(deserializer)?;
        if (0.0..=1.0).contains(&chance) {
            Ok(Self(chance))
        } else {
            Err(D::Error::custom("chance goes from 0.0 (never) to 1.0 (always)"))
        }
    }
}

/// The enhanced status code of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub EnhancedCode);

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = EnhancedCode::parse(&text).filter(|code| code.class != 2);
        read.map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is no status of a failure; write \"5.1.1\"")))
    }
}

/// A reply: a code of three digits, then its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTemplate(pub Template);

impl<'de> Deserialize<'de> for ReplyTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = Template::deserialize(deserializer)?;
        let text = template.text().as_bytes();
        let code = text.len() >= 3 && text[..3].iter().all(u8::is_ascii_digit);
        if !code || !matches!(text.get(3), None | Some(b' ')) {
            return Err(D::Error::custom("a reply begins with a code of three digits and a space; raw takes anything"));
        }
        if !matches!(text[0], b'2'..=b'5') {
            let code = String::from_utf8_lossy(&text[..3]);
            return Err(D::Error::custom(format!(
                "{code} is no reply code: the first digit of one is 2, 3, 4 or 5 (RFC 5321 4.2.1); where the server is to \
                 break the rule, raw = '{code} …\\r\\n' says it as it stands"
            )));
        }
        Ok(Self(template))
    }
}

/// A reply in a place where its text alone is kept.
pub(super) fn reply<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
    ReplyTemplate::deserialize(deserializer).map(|reply| reply.0)
}

/// The lines of a reply, at least one.
fn several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Template>, D::Error> {
    let lines = Vec::<Template>::deserialize(deserializer)?;
    if lines.is_empty() {
        return Err(D::Error::custom("multi holds no line; write [\"250-one\", \"250 two\"], or silence = true"));
    }
    Ok(lines)
}

/// Octets with `\r`, `\n`, `\t`, `\e`, `\\` and `\xNN` for those that can't be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = unescape(&text);
        bytes.map(Self).ok_or_else(|| D::Error::custom(r"raw knows the escapes \r \n \t \e \\ and \xNN, no others"))
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        if octet != b'\\' {
            out.push(octet);
            continue;
        }
        out.push(match octets.next()? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'e' => 0x1b,
            b'\\' => b'\\',
            b'x' => {
                let digits = [octets.next()?, octets.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(out)
}

/// `1 byte/200ms`: so many octets, then a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drip {
    /// Octets at once.
    pub octets: usize,
    /// The pause after them, lab time.
    pub every: Span,
}

impl<'de> Deserialize<'de> for Drip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = text.split_once('/').and_then(|(octets, every)| {
            let number = octets.trim().split(' ').next()?;
            let octets = number.parse().ok().filter(|n| *n > 0)?;
            Some(Self { octets, every: Span::parse(every)? })
        });
        read.ok_or_else(|| D::Error::custom(format!("drip = {text:?} can't be read; write \"1 byte/200ms\"")))
    }
}

/// `set = { capability = "-STARTTLS" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// A line of EHLO's reply that is added, or with `-` a keyword that is taken away.
    pub capability: String,
}
