//! AUTH, the server's side (RFC 4954); the mechanisms themselves are in [`crate::smtp::sasl`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Action, Session, State};
use crate::conversation::Remark;
use crate::lab::scenario::Mechanism;
use crate::smtp::sasl::{self, Account, Premises, Proof, Refusal, Turn, Verifier};
use crate::smtp::{Secret, Verb};

/// An AUTH exchange that is going on.
#[derive(Debug)]
pub(super) struct Dialogue {
    mechanism: Mechanism,
    verifier: Box<dyn Verifier>,
    nonce: String,
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
        let nonce = sasl::nonce(self.site.world.random());
        self.state = State::Auth(Dialogue { mechanism, verifier: mechanism.0.verifier(), nonce });
        match initial {
            // A lone = is an initial response of no octets (RFC 4954 4).
            Some("=") => self.auth_answer(b""),
            Some(text) => self.auth_answer(text.as_bytes()),
            None => self.auth_step(None),
        }
    }

    /// The client's answer to a 334.
    pub(super) fn auth_answer(&mut self, line: &[u8]) {
        if line == b"*" {
            self.state = State::Command;
            return self.refuse("501 5.7.0 Authentication aborted".to_owned());
        }
        let Ok(answer) = STANDARD.decode(line).map(Secret::new) else {
            self.state = State::Command;
            return self.refuse("501 5.5.2 Error: invalid base64 data in continued response".to_owned());
        };
        self.auth_step(Some(answer.expose()));
    }

    fn auth_step(&mut self, response: Option<&[u8]>) {
        let State::Auth(mut dialogue) = std::mem::replace(&mut self.state, State::Command) else { return };
        let name = dialogue.mechanism.word();
        match self.turn(&mut dialogue, response) {
            Turn::Challenge(challenge) => {
                self.say(format!("334 {}", STANDARD.encode(challenge)));
                self.state = State::Auth(dialogue);
            }
            Turn::Accept(user) => {
                self.out.push(Action::Remark(Remark::new("auth").with("mechanism", name).with("user", &user)));
                self.authenticated = Some(user);
                self.say("235 2.7.0 Authentication successful".to_owned());
            }
            Turn::Refuse(Refusal::Wrong) => {
                let what = match dialogue.mechanism.0.proof {
                    Proof::Token => "the token is not valid",
                    Proof::Certificate => "no user has this certificate",
                    Proof::Password | Proof::Nothing => "wrong user or password",
                };
                self.refuse(format!("535 5.7.8 Error: authentication failed: {what}"));
            }
            Turn::Refuse(Refusal::Malformed) => self.refuse(format!("501 5.5.2 Error: malformed {name} message")),
            Turn::Refuse(Refusal::NoInitial) => {
                self.refuse(format!("501 5.7.0 Error: {name} has no initial response: the server speaks first"));
            }
        }
    }

    fn turn(&self, dialogue: &mut Dialogue, response: Option<&[u8]>) -> Turn {
        let accounts = &self.site.scenario.accounts;
        let account = |user: &str| {
            let found = accounts.iter().find(|account| account.user == user)?;
            let may = found.mechanisms.contains(&dialogue.mechanism);
            may.then_some(Account { password: &found.password, token: Some(found.token()) })
        };
        let house = Premises {
            name: &self.site.scenario.server.name,
            nonce: &dialogue.nonce,
            binding: self.tls.as_ref().and_then(|tls| tls.end_point.as_deref()),
            bound_offered: self.mechanisms().iter().any(|mechanism| mechanism.0.bound),
            certified: self.tls.as_ref().and_then(|tls| tls.certified.as_deref()),
            account: &account,
        };
        dialogue.verifier.step(response, &house)
    }
}
