//! AUTH, the server's side (RFC 4954); the mechanisms themselves are in [`crate::smtp::sasl`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ruling::Ruling;
use super::{Action, Session, State};
use crate::conversation::Remark;
use crate::lab::scenario::{AuthKeys, Mechanism};
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
    /// Whether logging in is possible at all on this listener.
    pub(super) fn auth_exists(&self) -> bool {
        match self.keys.auth {
            AuthKeys::None => false,
            AuthKeys::Offered | AuthKeys::Required => true,
            AuthKeys::Unsaid => !self.is_lmtp() && !self.site.scenario.accounts.is_empty(),
        }
    }

    /// The mechanisms that any account has and that are possible now, in the order of the file: what is bound to TLS only
    /// there, EXTERNAL only to a client that has shown a certificate.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        let end_point = self.tls.as_ref().is_some_and(|tls| tls.end_point.is_some());
        let certified = self.tls.as_ref().is_some_and(|tls| tls.certified.is_some());
        let mut all = Vec::new();
        for mechanism in self.site.scenario.accounts.iter().flat_map(|account| &account.mechanisms) {
            let possible = (end_point || !mechanism.0.bound) && (certified || mechanism.0.proof != Proof::Certificate);
            if possible && !all.contains(mechanism) {
                all.push(*mechanism);
            }
        }
        all
    }

    /// The refusal where mail needs a log-in (or TLS before it) first.
    pub(super) fn needs_login(&self) -> Option<&'static str> {
        if self.keys.auth != AuthKeys::Required || self.authenticated.is_some() {
            return None;
        }
        Some(if self.keys.auth_needs_tls && self.tls.is_none() {
            "530 5.7.0 Must issue a STARTTLS command first"
        } else {
            "530 5.7.0 Authentication required"
        })
    }

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
            Some("=") => self.auth_octets(b""),
            Some(text) => self.auth_octets(text.as_bytes()),
            None => self.auth_step(None),
        }
    }

    /// The client's answer to a 334 that a rule has said.
    pub(super) fn auth_ruled(&mut self) {
        self.state = State::Command;
        let ordinary = Ruling::Reply(vec![self.worded("535 5.7.8 Error: authentication failed".to_owned())]);
        let ruling = self.rule_answer();
        self.auth_verdict(if ruling == Ruling::Ordinary { ordinary } else { ruling });
    }

    /// What a rule makes of an answer.
    fn auth_verdict(&mut self, ruling: Ruling) {
        let Ruling::Reply(lines) = ruling else { return };
        let first = lines.first().map_or("", String::as_str);
        if first.starts_with('2') {
            self.authenticated = Some("anybody".to_owned());
        } else if first.starts_with('3') {
            self.state = State::Answer;
        } else {
            self.errors += 1;
        }
        self.say_all(lines);
    }

    /// The client's answer to a 334.
    pub(super) fn auth_answer(&mut self, line: &[u8]) {
        match self.rule_answer() {
            Ruling::Ordinary => {}
            ruling => {
                if !matches!(self.state, State::Closed) {
                    self.state = State::Command;
                }
                return self.auth_verdict(ruling);
            }
        }
        self.auth_octets(line);
    }

    /// What the client proves itself by, in base64.
    fn auth_octets(&mut self, line: &[u8]) {
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
