//! What a reply to a command makes of the session.

use std::sync::Arc;

use super::super::{Capabilities, Class, Command, Path, Reply, Verb};
use super::{MailAsks, Phase, Session};

impl Session {
    pub(super) fn command_replied(&mut self, command: &Command, reply: &Reply) {
        let success = reply.class() == Class::Success;
        self.counted(command);
        // After a message whatever follows has the word, but for what changes nothing.
        if !success || !matches!(command.verb, Verb::Noop | Verb::Help | Verb::Vrfy | Verb::Expn | Verb::Quit) {
            self.verdicts = None;
        }
        match command.verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if success => self.greeted_back(command.verb, reply),
            Verb::Mail if success => {
                self.end_transaction();
                self.transactions += 1;
                self.asked = MailAsks::of(command);
                self.reverse_path = Some(command.path.as_ref().map_or_else(String::new, Path::address).into());
                self.phase = Phase::Mail;
            }
            Verb::Rcpt if success => {
                self.accepted += 1;
                self.phase = Phase::Rcpt;
            }
            Verb::Rcpt => self.refused += 1,
            Verb::Data if reply.class() == Class::Intermediate => {
                self.before = self.phase;
                self.content_octets = 0;
                self.phase = Phase::Data;
            }
            // A server that does not know the command takes its octets for commands, and the transaction goes on.
            Verb::Bdat if reply.code().is_some_and(|code| matches!(code.number(), 500 | 502)) => {
                self.chunk_left = 0;
                if self.phase == Phase::Bdat {
                    self.phase = Phase::Rcpt;
                }
            }
            Verb::Bdat => self.chunk_replied(command, success),
            Verb::Rset if success => self.end_transaction(),
            Verb::Xclient if success => self.client_exchanged(),
            // No other reply begins the handshake (RFC 3207 4).
            Verb::Starttls if reply.code().is_some_and(|code| code.number() == 220) => self.phase = Phase::Handshake,
            Verb::Auth => {
                if self.phase != Phase::Auth {
                    self.before = self.phase;
                }
                self.mechanism = mechanism_of(command);
                self.auth_replied(reply);
            }
            // Content that the server fetched itself (RFC 4468 3): the last of it ends the message.
            Verb::Other if success && is_last_burl(command) => {
                self.delivered += 1;
                self.verdicts = Some((1, 1));
                self.end_transaction();
            }
            Verb::Quit if success => self.phase = Phase::Quit,
            _ => {}
        }
    }

    fn greeted_back(&mut self, verb: Verb, reply: &Reply) {
        // Who greets back takes part, whatever came before, which may have been no reply at all.
        self.turned_away &= self.phase != Phase::Greeted;
        self.greeted_by = Some(verb);
        let asked = verb != Verb::Helo;
        self.capabilities = Arc::new(if asked { Capabilities::from_reply(reply) } else { Capabilities::default() });
        self.limits_domains = self.capabilities.limit("RCPTDOMAINMAX").is_some();
        self.end_transaction();
    }

    fn chunk_replied(&mut self, command: &Command, success: bool) {
        match command.chunk() {
            Some((_, true)) => {
                self.delivered += u32::from(success);
                self.verdicts = Some((u32::from(success), 1));
                self.end_transaction();
            }
            _ if success => self.phase = Phase::Bdat,
            // A server that refuses a chunk takes its octets all the same.
            _ => {}
        }
    }

    /// XCLIENT was taken: the server is back at its greeting, and what it offers is for another client (Postfix
    /// `XCLIENT_README`).
    fn client_exchanged(&mut self) {
        self.greeted_by = None;
        self.authenticated = None;
        self.capabilities = Arc::default();
        self.limits_domains = false;
        self.end_transaction();
    }

    pub(super) fn auth_replied(&mut self, reply: &Reply) {
        match reply.class() {
            Class::Intermediate => self.phase = Phase::Auth,
            class => {
                if self.phase == Phase::Auth {
                    self.phase = self.before;
                }
                let mechanism = self.mechanism.take();
                if class == Class::Success {
                    self.authenticated = Some(mechanism.unwrap_or_default());
                }
            }
        }
    }
}

/// The mechanism that an AUTH command names, in capitals.
fn mechanism_of(command: &Command) -> Option<Arc<str>> {
    let name = String::from_utf8_lossy(command.argument());
    name.split_whitespace().next().map(|name| name.to_ascii_uppercase().into())
}

fn is_last_burl(command: &Command) -> bool {
    let last =
        || command.argument_text().split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
    command.word.eq_ignore_ascii_case("BURL") && last()
}
