//! VRFY, EXPN and HELP.

use super::Session;
use super::envelope::moved;
use super::path::{self, Address};
use crate::lab::site::Target;

impl Session {
    pub(super) fn vrfy(&mut self, argument: &str) {
        let Some(address) = asked(argument) else {
            return self.refuse("501 5.5.4 Syntax: VRFY address [SMTPUTF8]".to_owned());
        };
        if address.domain.is_empty() && !address.local.eq_ignore_ascii_case("postmaster") {
            return self.vrfy_by_name(&address.local);
        }
        let site = std::sync::Arc::clone(&self.site);
        match site.target(&address) {
            Target::Mailbox(_, mailbox) if !mailbox.vrfy => self.say(format!("252 2.0.0 {address}")),
            Target::Mailbox(_, mailbox) if mailbox.disabled => {
                self.refuse(format!("550 5.2.1 <{address}>: Recipient address rejected: Mailbox is disabled"));
            }
            Target::Mailbox(domain, mailbox) => {
                let found = || format!("250 2.1.5 <{}@{}>", mailbox.name, domain.name);
                self.say(moved(mailbox).unwrap_or_else(found));
            }
            Target::Postmaster(domain) => self.say(format!("250 2.1.5 <postmaster@{}>", domain.name)),
            Target::Nobody(domain) => {
                let rcpt = address.to_string();
                let line = domain.unknown_user.fill(&|name| self.variable(name, &rcpt));
                self.refuse(line);
            }
            Target::Foreign => {
                let rcpt = address.to_string();
                let line = site.scenario.relay.refuse.fill(&|name| self.variable(name, &rcpt));
                self.refuse(line);
            }
        }
    }

    /// A user without a domain: looked for in every domain (RFC 5321 3.5.1).
    fn vrfy_by_name(&mut self, local: &str) {
        let site = std::sync::Arc::clone(&self.site);
        let all = site.scenario.domains.iter().filter_map(|domain| Some((domain, domain.find(local)?)));
        let (told, untold): (Vec<_>, Vec<_>) = all.partition(|(_, mailbox)| mailbox.vrfy);
        if let [(_, mailbox)] = told.as_slice()
            && let Some(line) = moved(mailbox)
        {
            return self.say(line);
        }
        let found: Vec<String> =
            told.iter().map(|(domain, mailbox)| format!("<{}@{}>", mailbox.name, domain.name)).collect();
        match found.as_slice() {
            // That there is nobody would be a lie (RFC 5321 7.3: what is not told is answered 252).
            [] if !untold.is_empty() => self.say(format!("252 2.0.0 {local}")),
            [] => self.refuse(format!("550 5.1.1 <{local}>: Recipient address rejected: User unknown")),
            [one] => self.say(format!("250 2.1.5 {one}")),
            many => {
                let mut lines = vec!["553-5.1.4 User ambiguous; possibilities are".to_owned()];
                lines.extend(many.iter().map(|one| format!("553-5.1.4 {one}")));
                if let Some(last) = lines.last_mut() {
                    last.replace_range(3..4, " ");
                }
                self.say_ordinary(lines);
            }
        }
    }

    pub(super) fn expn(&mut self, argument: &str) {
        let Some(address) = asked(argument) else {
            return self.refuse("501 5.5.4 Syntax: EXPN address [SMTPUTF8]".to_owned());
        };
        // No scenario has lists yet; a mailbox that may be asked for expands to itself.
        let site = std::sync::Arc::clone(&self.site);
        match site.target(&address) {
            Target::Mailbox(domain, mailbox) if mailbox.vrfy && !address.domain.is_empty() => {
                self.say(format!("250 2.1.5 <{}@{}>", mailbox.name, domain.name));
            }
            _ => self.refuse(format!("550 5.1.1 <{address}>: No such mailing list")),
        }
    }

    pub(super) fn help(&mut self, argument: &str) {
        if !self.supports("HELP") {
            return self.unknown("HELP");
        }
        let line = match argument.to_ascii_uppercase().as_str() {
            "" => {
                let hello = if self.is_lmtp() { "LHLO" } else { "HELO EHLO" };
                return self.say_ordinary(vec![
                    format!("214-2.0.0 {} understands:", self.site.scenario.server.name),
                    format!("214-2.0.0 {hello} MAIL RCPT DATA BDAT RSET NOOP QUIT"),
                    "214-2.0.0 VRFY EXPN HELP STARTTLS AUTH".to_owned(),
                    "214 2.0.0 For more say HELP and a command".to_owned(),
                ]);
            }
            "HELO" => "HELO hostname",
            "EHLO" => "EHLO hostname: says hello, and asks what the server can do",
            "LHLO" => "LHLO hostname: as EHLO, in LMTP",
            "MAIL" => "MAIL FROM:<address> [SIZE=n] [BODY=8BITMIME] [SMTPUTF8] [RET=FULL|HDRS] [ENVID=id]",
            "RCPT" => "RCPT TO:<address> [NOTIFY=SUCCESS,FAILURE,DELAY|NEVER] [ORCPT=rfc822;address]",
            "DATA" => "DATA: then the message, ended by a line that holds one dot",
            "BDAT" => "BDAT octets [LAST]: then so many octets of the message",
            "RSET" => "RSET: forgets sender and recipients",
            "NOOP" => "NOOP: does nothing",
            "QUIT" => "QUIT: ends the session",
            "VRFY" => "VRFY address: asks whether it exists",
            "EXPN" => "EXPN list: asks who is on it",
            "HELP" => "HELP [command]",
            "STARTTLS" => "STARTTLS: goes on in TLS",
            "AUTH" => "AUTH mechanism [initial-response]: logs in",
            _ => return self.refuse("504 5.5.4 HELP topic unknown".to_owned()),
        };
        self.say(format!("214 2.0.0 {line}"));
    }
}

/// The address in the argument of VRFY or EXPN, with or without brackets.
fn asked(argument: &str) -> Option<Address> {
    let text = argument.strip_suffix("SMTPUTF8").filter(|rest| rest.ends_with(' ')).unwrap_or(argument).trim();
    let text = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
    path::address(text).filter(|address| !address.is_null())
}
