//! XCLIENT and XFORWARD, where the scenario offers them (Postfix, `XCLIENT_README` and `XFORWARD_README`).

use std::net::IpAddr;

use super::{Session, State};
use crate::lab::scenario::keyword_of;
use crate::smtp::xtext;

impl Session {
    /// The client is another one from now on, and the session back at its greeting.
    pub(super) fn xclient(&mut self, argument: &str) {
        let Some(attributes) = self.attributes("XCLIENT", argument) else { return };
        let mut address = self.client.address;
        let mut login = None;
        for (name, value) in &attributes {
            let unknown = value.eq_ignore_ascii_case("[UNAVAILABLE]") || value.eq_ignore_ascii_case("[TEMPUNAVAIL]");
            match name.as_str() {
                "ADDR" if !unknown => match ip(value) {
                    Some(ip) => address.set_ip(ip),
                    None => return self.refuse(format!("501 5.5.4 Bad ADDR syntax: {value}")),
                },
                "PORT" if !unknown => match value.parse() {
                    Ok(port) => address.set_port(port),
                    Err(_) => return self.refuse(format!("501 5.5.4 Bad PORT syntax: {value}")),
                },
                "PROTO" if !["SMTP", "ESMTP"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {
                    return self.refuse(format!("501 5.5.4 Bad PROTO syntax: {value}"));
                }
                "LOGIN" if !unknown => login = Some(value.clone()),
                _ => {}
            }
        }
        self.note(format!("taken for {address} by XCLIENT"));
        self.is_of(address);
        self.greeted = None;
        self.authenticated = login;
        self.turned_away = false;
        self.end_transaction();
        self.state = State::Command;
        self.greeting();
    }

    /// Who had sent the message, for the record alone.
    pub(super) fn xforward(&mut self, argument: &str) {
        let Some(attributes) = self.attributes("XFORWARD", argument) else { return };
        let said: Vec<String> = attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
        self.note(format!("passed on for {}", said.join(", ")));
        self.say("250 2.0.0 Ok".to_owned());
    }

    /// The attributes with their values, decoded; refuses what is wrong with them.
    fn attributes(&mut self, verb: &str, argument: &str) -> Option<Vec<(String, String)>> {
        if !self.supports(verb) {
            self.unknown(verb);
            return None;
        }
        if self.transaction.is_some() {
            self.refuse("503 5.5.1 Error: MAIL transaction in progress".to_owned());
            return None;
        }
        let keys = &self.site.scenario.capabilities;
        let said = keys.said(self.tls.is_some(), self.authenticated.is_some());
        let offered = said.iter().chain(&keys.hide).find(|line| keyword_of(line).eq_ignore_ascii_case(verb));
        let taken: Vec<String> =
            offered.iter().flat_map(|line| line.split_whitespace().skip(1)).map(str::to_ascii_uppercase).collect();
        let mut found = Vec::new();
        for word in argument.split_whitespace() {
            let Some((name, value)) = word.split_once('=').filter(|(_, value)| !value.is_empty()) else {
                self.refuse(format!("501 5.5.4 Error: attribute=value expected: {word}"));
                return None;
            };
            let name = name.to_ascii_uppercase();
            if !taken.contains(&name) {
                self.refuse(format!("501 5.5.4 Bad {verb} attribute name: {name}"));
                return None;
            }
            let value = xtext::decode(value.as_bytes()).ok().and_then(|octets| String::from_utf8(octets).ok());
            let Some(value) = value.filter(|value| !value.chars().any(char::is_control)) else {
                self.refuse(format!("501 5.5.4 Bad {verb} attribute value of {name}"));
                return None;
            };
            found.push((name, value));
        }
        if found.is_empty() {
            self.refuse(format!("501 5.5.4 Syntax: {verb} attribute=value..."));
            return None;
        }
        Some(found)
    }
}

/// An address as Postfix has it: `192.0.2.1`, `IPV6:2001:db8::1`.
fn ip(text: &str) -> Option<IpAddr> {
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPV6:") => text[5..].parse().ok().filter(IpAddr::is_ipv6),
        _ => text.parse().ok().filter(IpAddr::is_ipv4),
    }
}
