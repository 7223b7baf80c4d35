//! AUTH PLAIN and LOGIN, the server's side (RFC 4954, RFC 4616).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Action, Session, State};
use crate::conversation::Remark;
use crate::lab::scenario::Mechanism;
use crate::smtp::{Secret, Verb, sasl};

/// What has been said in an AUTH exchange so far.
#[derive(Debug)]
pub(super) enum Dialogue {
    /// PLAIN's message is awaited.
    Plain,
    /// LOGIN's user is awaited.
    User,
    /// LOGIN's password for this user is awaited.
    Password(String),
}

impl Session {
    pub(super) fn auth(&mut self, argument: &str) {
        let mut words = argument.split_ascii_whitespace();
        let (name, initial) = (words.next().unwrap_or_default(), words.next());
        let mechanism = self.mechanisms().into_iter().find(|mechanism| mechanism.word().eq_ignore_ascii_case(name));
        let refusal = if !self.auth_exists() {
            "503 5.5.1 Error: authentication not enabled"
        } else if self.greeted.as_ref().is_none_or(|(verb, _)| *verb != Verb::Ehlo) {
            "503 5.5.1 Error: send EHLO first"
        } else if self.authenticated.is_some() {
            "503 5.5.1 Error: already authenticated"
        } else if self.transaction.is_some() {
            "503 5.5.1 Error: MAIL transaction in progress"
        } else if self.keys.auth_needs_tls && self.tls.is_none() {
            "538 5.7.11 Encryption required for requested authentication mechanism"
        } else if name.is_empty() || words.next().is_some() {
            "501 5.5.4 Syntax: AUTH mechanism"
        } else if let Some(mechanism) = mechanism {
            return self.begin(mechanism, initial);
        } else {
            "504 5.5.4 Error: authentication mechanism not supported"
        };
        self.refuse(refusal.to_owned());
    }

    fn begin(&mut self, mechanism: Mechanism, initial: Option<&str>) {
        let (dialogue, challenge) = match mechanism {
            Mechanism::Plain => (Dialogue::Plain, "334 "),
            Mechanism::Login => (Dialogue::User, "334 VXNlcm5hbWU6"),
        };
        self.state = State::Auth(dialogue);
        match initial {
            // A lone = is an initial response of no octets (RFC 4954 4).
            Some("=") => self.auth_answer(b""),
            Some(text) => self.auth_answer(text.as_bytes()),
            None => self.say(challenge.to_owned()),
        }
    }

    /// The client's answer to a 334.
    pub(super) fn auth_answer(&mut self, line: &[u8]) {
        let State::Auth(dialogue) = std::mem::replace(&mut self.state, State::Command) else { return };
        if line == b"*" {
            return self.refuse("501 5.7.0 Authentication aborted".to_owned());
        }
        let Ok(answer) = STANDARD.decode(line).map(Secret::new) else {
            return self.refuse("501 5.5.2 Error: invalid base64 data in continued response".to_owned());
        };
        match dialogue {
            Dialogue::Plain => match sasl::plain_message(answer.expose()) {
                Some([for_whom, user, password]) => {
                    let user = String::from_utf8_lossy(user).into_owned();
                    let other = !for_whom.is_empty() && for_whom != user.as_bytes();
                    self.verdict(Mechanism::Plain, &user, password, other);
                }
                None => self.refuse("501 5.5.2 Error: malformed PLAIN message".to_owned()),
            },
            Dialogue::User => {
                let user = String::from_utf8_lossy(answer.expose()).into_owned();
                self.state = State::Auth(Dialogue::Password(user));
                self.say("334 UGFzc3dvcmQ6".to_owned());
            }
            Dialogue::Password(user) => self.verdict(Mechanism::Login, &user, answer.expose(), false),
        }
    }

    fn verdict(&mut self, mechanism: Mechanism, user: &str, password: &[u8], for_other: bool) {
        let right = self.site.scenario.accounts.iter().any(|account| {
            account.user == user
                && account.password.as_bytes() == password
                && account.mechanisms.contains(&mechanism)
                && !for_other
        });
        if right {
            self.authenticated = Some(user.to_owned());
            let remark = Remark::new("auth").with("mechanism", mechanism.word()).with("user", user);
            self.out.push(Action::Remark(remark));
            self.say("235 2.7.0 Authentication successful".to_owned());
        } else {
            self.refuse("535 5.7.8 Error: authentication failed: wrong user or password".to_owned());
        }
    }
}
