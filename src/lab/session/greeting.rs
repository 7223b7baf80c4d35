//! HELO, EHLO and LHLO, and what the latter two offer.

use std::net::SocketAddr;

use super::{Action, Secured, Session, State};
use crate::lab::scenario::{Paths, Template};
use crate::lab::wording::wording;
use crate::smtp::{Verb, is_domain};

/// Why no server takes this as the name of a host (RFC 5321 4.1.1.1 wants a domain or an address in brackets). An underscore and
/// a dot at the end are wrong too, and are taken, as Postfix does.
fn no_name(text: &str) -> Option<String> {
    if text.contains(char::is_whitespace) {
        return Some("the name is one word, and nothing follows it".to_owned());
    }
    if text.starts_with('[') {
        return (!is_domain(text)).then(|| "the brackets hold no IP address".to_owned());
    }
    let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if let Some(odd) = text.chars().find(|c| !fits(*c)) {
        return Some(format!("{odd} can't stand in the name"));
    }
    let labels = text.strip_suffix('.').unwrap_or(text);
    labels.split('.').any(str::is_empty).then(|| "a part of the name is empty".to_owned())
}

impl Session {
    /// The banner of a greeting that no rule changes.
    pub(in crate::lab) fn banner(&self) -> String {
        format!("220 {}", self.site.scenario.server.banner.fill(&|name| self.variable(name, "")))
    }

    /// Whether a command is awaited, and not something within AUTH or a message.
    pub(in crate::lab) fn awaits_command(&self) -> bool {
        matches!(self.state, State::Command)
    }

    /// How whoever is imitated greets back, without the code; none where that is the name alone.
    fn hello(&self) -> Option<String> {
        let hello = wording(self.site.scenario.server.imitates)?.hello.as_deref()?;
        Some(Template::free(hello).fill(&|name| self.variable(name, "")))
    }

    /// Who is imitated.
    pub(super) fn software(&self) -> &'static str {
        wording(self.site.scenario.server.imitates).map_or("Postfix", |wording| &wording.software)
    }

    /// An ordinary line in the words of whoever is imitated.
    pub(super) fn worded(&self, line: String) -> String {
        let Some(wording) = wording(self.site.scenario.server.imitates) else { return self.offered(line) };
        let rcpt = self.transaction.as_ref().and_then(|t| t.recipients.last()).map(|r| r.path.as_str());
        self.offered(wording.say(&line, &|name| self.variable(name, rcpt.unwrap_or_default())))
    }

    pub(super) fn greet(&mut self, verb: Verb, argument: &str) {
        if self.is_lmtp() != (verb == Verb::Lhlo) {
            return self.unknown(verb.word());
        }
        let Some(name) = argument.split_whitespace().next().filter(|_| !argument.chars().any(char::is_control)) else {
            return self.refuse(format!("501 5.5.4 Syntax: {} hostname", verb.word()));
        };
        if self.site.scenario.parser.paths == Paths::Strict
            && let Some(why) = no_name(argument.trim())
        {
            return self.refuse(format!("501 5.5.4 Syntax: {} hostname; {why}", verb.word()));
        }
        self.end_transaction();
        self.greeted = Some((verb, name.to_owned()));
        let server = self.site.scenario.server.name.clone();
        let offers = if verb == Verb::Helo { Vec::new() } else { self.offers() };
        let mut lines = vec![format!("250-{}", self.hello().unwrap_or(server))];
        lines.extend(offers.iter().map(|line| format!("250-{line}")));
        if let Some(last) = lines.last_mut() {
            last.replace_range(3..4, " ");
        }
        self.say_all(lines);
    }

    /// From where the client comes.
    pub(in crate::lab) fn client(&self) -> SocketAddr {
        self.client.address
    }

    /// The connection is one of this client's, whatever it looked like.
    pub(in crate::lab) fn is_of(&mut self, address: SocketAddr) {
        if let Some(presence) = &mut self.presence {
            presence.is_of(address);
        }
        self.client.address = address;
    }

    /// By which verb the client has introduced itself, where it has.
    pub(in crate::lab) fn introduced_by(&self) -> Option<Verb> {
        self.greeted.as_ref().map(|(verb, _)| *verb)
    }

    /// Takes over the TLS that the line is in from the session before on it; gives it, where there is any.
    pub(in crate::lab) fn secured_as(&mut self, before: &Self) -> Option<&Secured> {
        self.tls.clone_from(&before.tls);
        self.tls.as_ref()
    }

    /// Takes over how the client introduced itself in the session before; gives its line and the first of the reply that it
    /// got: what was offered there is no offer of this server's. None where it did not, or has to do it otherwise here.
    pub(in crate::lab) fn introduced_as(&mut self, before: &Self) -> Option<[String; 2]> {
        let (verb, name) = before.greeted.as_ref()?;
        if self.is_lmtp() != (*verb == Verb::Lhlo) {
            return None;
        }
        self.greeted = Some((*verb, name.clone()));
        Some([format!("{} {name}", verb.word()), format!("250 {}", before.site.scenario.server.name)])
    }

    /// All sessions together have sent more than they may.
    pub(in crate::lab) fn too_much(&mut self) -> Vec<Action> {
        let name = &self.site.scenario.server.name;
        self.say(format!("421 4.7.0 {name} Error: too much was sent here; start over"));
        self.close();
        self.take()
    }
}
