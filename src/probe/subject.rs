//! What is known of a server before a probe begins: how it greets, what it offers, what it demands.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::decode::Knowledge;
use crate::profile::{Endpoint, Protocol, Target, TlsMode};
use crate::smtp::{Capabilities, Verb, is_domain};

use super::{Aims, Answer, Script, Talk};

/// The server, as far as it is known.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Where it is.
    pub target: &'a Target,
    /// Whom to name, and how far to go.
    pub aims: &'a Aims,
    /// What is known of replies and capabilities.
    pub knowledge: &'a Knowledge,
    /// The time by which certificates are judged.
    pub now: Timestamp,
    /// The first conversations: greeting, offer, and whether a mail transaction may begin.
    pub hello: Vec<Talk>,
    /// The same after STARTTLS, where that is offered.
    pub secured: Option<Talk>,
}

impl<'a> Subject<'a> {
    /// A server of which nothing is known yet.
    #[must_use]
    pub fn new(target: &'a Target, aims: &'a Aims, knowledge: &'a Knowledge, now: Timestamp) -> Self {
        Self { target, aims, knowledge, now, hello: Vec::new(), secured: None }
    }

    /// Whether LMTP is spoken.
    #[must_use]
    pub fn is_lmtp(&self) -> bool {
        self.target.protocol == Protocol::Lmtp
    }

    /// What the first conversations say next; none when all is known.
    #[must_use]
    pub fn next_hello(&self) -> Option<Script> {
        let asks = |greet: String| Script::new().send(greet).send(self.mail("")).send("RSET").send("QUIT");
        match self.hello.last() {
            // The address that we have there is the name to greet with, where there is no other.
            None if self.aims.ehlo.is_none() => Some(Script::new().send("QUIT")),
            None => Some(asks(self.greeting_line())),
            Some(last) => {
                let asked = |verb| !last.to_verb(verb).is_empty();
                let ungreeted = ![Verb::Ehlo, Verb::Lhlo, Verb::Helo].into_iter().any(asked);
                let again = ungreeted || asked(Verb::Ehlo) && self.greets_old();
                (last.broken.is_none() && again).then(|| asks(self.greeting_line()))
            }
        }
    }

    /// What is said to see the server under TLS; none where STARTTLS is not offered.
    #[must_use]
    pub fn next_secured(&self) -> Option<Script> {
        if self.secured.is_some() || !self.clear_offer()?.has("STARTTLS") {
            return None;
        }
        let hello = self.greeting_line();
        Some(Script::new().send(&hello).send("STARTTLS").send(&hello).send(self.mail("")).send("RSET").send("QUIT"))
    }

    /// EHLO was refused as unknown, and HELO is what is left (RFC 5321 3.2).
    fn greets_old(&self) -> bool {
        let answers = self.hello.iter().flat_map(|talk| talk.to_verb(Verb::Ehlo));
        answers.into_iter().any(|answer| matches!(answer.code(), 500..=502 | 504))
    }

    /// The line that greets: EHLO, HELO or LHLO with a name.
    #[must_use]
    pub fn greeting_line(&self) -> String {
        let verb = match () {
            () if self.is_lmtp() => "LHLO",
            () if self.greets_old() => "HELO",
            () => "EHLO",
        };
        format!("{verb} {}", self.name())
    }

    /// The name to greet with.
    #[must_use]
    pub fn name(&self) -> String {
        let own = || match self.address(2)? {
            IpAddr::V4(own) => Some(format!("[{own}]")),
            IpAddr::V6(own) => Some(format!("[IPv6:{own}]")),
        };
        self.aims.ehlo.clone().or_else(own).unwrap_or_else(|| "localhost.localdomain".to_owned())
    }

    /// An address of the first connection: the server's is the value 0, ours the value 2.
    fn address(&self, nth: usize) -> Option<IpAddr> {
        let (connected, _) = self.hello.iter().find_map(|talk| talk.remark("connected"))?;
        connected.bare(nth)?.parse().ok().map(|address: std::net::SocketAddr| address.ip().to_canonical())
    }

    /// `MAIL FROM` with the usual sender and these parameters.
    #[must_use]
    pub fn mail(&self, parameters: &str) -> String {
        format!("MAIL FROM:<{}>{}{parameters}", self.aims.from, if parameters.is_empty() { "" } else { " " })
    }

    /// What every further conversation begins with: the greeting, and TLS where nothing goes without.
    #[must_use]
    pub fn opening(&self) -> Script {
        let hello = self.greeting_line();
        let script = Script::new().send(&hello);
        if self.goes_secured() { script.send("STARTTLS").send(hello) } else { script }
    }

    /// Whether further conversations are held under STARTTLS.
    #[must_use]
    pub fn goes_secured(&self) -> bool {
        let works = self.secured.as_ref().is_some_and(|talk| talk.offer(1).is_some());
        works && (self.target.tls == TlsMode::Require || self.demand().is_some_and(|answer| wants_tls(&answer)))
    }

    /// The reply by which the server refused even to begin a mail transaction in clear text.
    fn demand(&self) -> Option<Answer> {
        self.hello.last()?.to_verb(Verb::Mail).into_iter().find(|answer| !answer.accepted())
    }

    /// The reply by which it refuses to begin any mail transaction, in the way in which further conversations are held.
    #[must_use]
    pub fn refuses_mail(&self) -> Option<Answer> {
        match self.secured.as_ref().filter(|_| self.goes_secured()) {
            Some(talk) => talk.to_verb(Verb::Mail).into_iter().find(|answer| !answer.accepted()),
            None => self.demand(),
        }
    }

    /// The first offer, as it stands without STARTTLS.
    #[must_use]
    pub fn clear_offer(&self) -> Option<Capabilities> {
        self.hello.iter().rev().find_map(|talk| talk.offer(0)).map(|(offer, _)| offer)
    }

    /// The offer that holds in further conversations; empty where there is none.
    #[must_use]
    pub fn offer(&self) -> Capabilities {
        let secured = self.secured.as_ref().filter(|_| self.goes_secured());
        let offer = secured.and_then(|talk| talk.offer(1)).map(|(offer, _)| offer);
        offer.or_else(|| self.clear_offer()).unwrap_or_default()
    }

    /// The domain for which the server is taken to be responsible.
    #[must_use]
    pub fn here(&self) -> String {
        let named = self.aims.to.as_deref().and_then(|to| to.rsplit_once('@')).map(|(_, domain)| domain.to_owned());
        let exchanged = || match &self.target.endpoint {
            Endpoint::Mx(domain) => Some(domain.clone()),
            _ => None,
        };
        named.or_else(exchanged).unwrap_or_else(|| self.domain_of_host())
    }

    /// What the server calls itself in its offer and its greeting, where that is a name: it goes into lines of ours.
    fn names(&self) -> impl Iterator<Item = String> {
        let greeting = || self.hello.first()?.greeting()?.reply.text().split_whitespace().next().map(str::to_owned);
        let offered = self.clear_offer().map(|offer| offer.server);
        offered.into_iter().chain(greeting()).filter(|name| name.is_ascii() && name.len() <= 255 && is_domain(name))
    }

    /// Whether the server is taken to be responsible for this domain: it is asked for as its own, or its host is of it.
    #[must_use]
    pub fn is_own(&self, domain: &str) -> bool {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let is_of = |name: String| {
            let name = name.to_ascii_lowercase();
            let host = name.strip_suffix(&domain);
            host.is_some_and(|host| host.is_empty() || host.ends_with('.') && domain.contains('.'))
        };
        self.here().eq_ignore_ascii_case(&domain) || self.names().any(is_of)
    }

    /// The domain of the server's own name: without its first label, where two are left.
    fn domain_of_host(&self) -> String {
        let name = self.names().next().unwrap_or_else(|| "localhost".to_owned());
        match name.split_once('.') {
            Some((_, domain)) if domain.contains('.') && !name.starts_with('[') => domain.to_owned(),
            _ => name,
        }
    }

    /// Somebody whom the server should know: as the user says, or the postmaster, whom every server must know.
    #[must_use]
    pub fn known(&self) -> String {
        self.aims.to.clone().unwrap_or_else(|| format!("postmaster@{}", self.here()))
    }

    /// Somebody of its own domain who does not exist.
    #[must_use]
    pub fn absent(&self) -> String {
        format!("{}@{}", self.aims.nobody, self.here())
    }

    /// The server's address as it stands after an @, where it has one.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        match self.address(0)? {
            IpAddr::V4(address) => Some(format!("[{address}]")),
            IpAddr::V6(address) => Some(format!("[IPv6:{address}]")),
        }
    }

    /// Whether the server may take us for one of its own: we come from its own machine or from a private network.
    #[must_use]
    pub fn is_near(&self) -> bool {
        match self.address(2) {
            Some(IpAddr::V4(own)) => own.is_loopback() || own.is_private() || own.is_link_local(),
            Some(IpAddr::V6(own)) => own.is_loopback() || own.is_unique_local() || own.is_unicast_link_local(),
            None => true,
        }
    }
}

/// Whether a refusal asks for TLS first.
pub(super) fn wants_tls(answer: &Answer) -> bool {
    let text = answer.reply.text().to_ascii_uppercase();
    matches!(answer.code(), 530 | 451 | 523 | 554) && (text.contains("STARTTLS") || text.contains("TLS"))
}
