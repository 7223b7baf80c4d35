//! Joining by a log-in: AUTH with the student's name as user and the class's code as password (RFC 4954), for clients that
//! log in and can't say `NOOP join`.
//!
//! Only in the lobby: in a student's own world AUTH is that server's, with its accounts. What is said here stands in no
//! record. Not here: whether the code is right.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::Secret;
use crate::smtp::sasl::{cram_md5, plain_message};

/// How far a log-in of one connection has come.
#[derive(Debug, Default)]
pub(super) enum Dialogue {
    /// None goes on.
    #[default]
    Idle,
    /// The message of PLAIN is awaited.
    Plain,
    /// LOGIN has asked for the user.
    User,
    /// LOGIN has asked for the password of this one.
    Password(String),
    /// CRAM-MD5 has named this text.
    Cram(String),
}

/// What a line of a log-in leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This reply.
    Say(String),
    /// Somebody wants to join: the name, and the code that they gave.
    Join(String, String),
    /// The same, where it is only proved that the code is known.
    Prove(String, Proof),
}

/// What a client has made of a text and the code (RFC 2195).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof {
    text: String,
    sum: String,
}

impl Proof {
    /// The code that it was made with, in capitals or in small letters as both are read from a wall; none where it was
    /// another one.
    pub(super) fn of(&self, code: &str) -> Option<String> {
        let fits =
            |code: &String| cram_md5::digest(code.as_bytes(), self.text.as_bytes()).eq_ignore_ascii_case(&self.sum);
        [code.to_uppercase(), code.to_lowercase()].into_iter().find(fits)
    }
}

/// What is said to a mechanism that proves no code.
const OTHERS: &str = "504 5.5.4 Error: to join the class log in by PLAIN, LOGIN or CRAM-MD5 (your name, the code), or say NOOP \
                      join CODE NAME";

fn say(reply: &str) -> Step {
    Step::Say(reply.to_owned())
}

fn asks(what: &str) -> Step {
    Step::Say(format!("334 {}", STANDARD.encode(what)))
}

impl Dialogue {
    /// Whether the next line is an answer, whatever it looks like.
    pub(super) fn waits(&self) -> bool {
        !matches!(self, Self::Idle)
    }

    /// AUTH with its argument begins one; `text` is what CRAM-MD5 names, which nobody was ever told before.
    pub(super) fn begin(&mut self, argument: &str, text: impl FnOnce() -> String) -> Step {
        let mut words = argument.split_ascii_whitespace();
        let (mechanism, initial) = (words.next().unwrap_or_default().to_ascii_uppercase(), words.next());
        if words.next().is_some() || mechanism.is_empty() {
            return say("501 5.5.4 Syntax: AUTH mechanism");
        }
        let asked = match mechanism.as_str() {
            "PLAIN" => {
                *self = Self::Plain;
                say("334 ")
            }
            "LOGIN" => {
                *self = Self::User;
                asks("Username:")
            }
            "CRAM-MD5" if initial.is_some() => {
                return say("501 5.7.0 Error: CRAM-MD5 begins with what the server says; send AUTH CRAM-MD5 alone");
            }
            "CRAM-MD5" => {
                let text = text();
                let asked = asks(&text);
                *self = Self::Cram(text);
                return asked;
            }
            _ => return say(OTHERS),
        };
        match initial {
            // A lone = is an initial response of no octets (RFC 4954 4).
            Some("=") => self.answer(b""),
            Some(initial) => self.answer(initial.as_bytes()),
            None => asked,
        }
    }

    /// The answer to a 334.
    pub(super) fn answer(&mut self, line: &[u8]) -> Step {
        let at = std::mem::take(self);
        if line == b"*" {
            return say("501 5.7.0 Authentication aborted");
        }
        let Ok(answer) = STANDARD.decode(line).map(Secret::new) else {
            return say("501 5.5.2 Error: invalid base64 data in continued response");
        };
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        match at {
            Self::User => {
                *self = Self::Password(text(answer.expose()));
                asks("Password:")
            }
            Self::Password(name) => Step::Join(name, text(answer.expose())),
            Self::Cram(named) => match text(answer.expose()).rsplit_once(' ') {
                Some((name, sum)) => Step::Prove(name.to_owned(), Proof { text: named, sum: sum.to_owned() }),
                None => say("501 5.5.2 Error: malformed CRAM-MD5 message"),
            },
            Self::Idle | Self::Plain => match plain_message(answer.expose()) {
                Some([acts_for, user, _]) if !acts_for.is_empty() && acts_for != user => {
                    say("535 5.7.8 Error: nobody acts for somebody else here")
                }
                Some([_, user, code]) => Step::Join(text(user), text(code)),
                None => say("501 5.5.2 Error: malformed PLAIN message"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joins() -> Step {
        Step::Join("anna".to_owned(), "K7CQ2A".to_owned())
    }

    #[test]
    fn name_and_code_come_by_either_mechanism_with_an_initial_response_or_without() {
        let message = STANDARD.encode("\0anna\0K7CQ2A");
        let (name, code) = (STANDARD.encode("anna"), STANDARD.encode("K7CQ2A"));
        let mut dialogue = Dialogue::default();
        assert_eq!(dialogue.begin(&format!("plain {message}"), String::new), joins());
        assert_eq!(dialogue.begin("PLAIN", String::new), say("334 "));
        assert!(dialogue.waits());
        assert_eq!(dialogue.answer(message.as_bytes()), joins());
        assert_eq!(dialogue.begin("LOGIN", String::new), say("334 VXNlcm5hbWU6"));
        assert_eq!(dialogue.answer(name.as_bytes()), say("334 UGFzc3dvcmQ6"));
        assert_eq!(dialogue.answer(code.as_bytes()), joins());
        assert_eq!(dialogue.begin(&format!("LOGIN {name}"), String::new), say("334 UGFzc3dvcmQ6"));
        assert_eq!(dialogue.answer(code.as_bytes()), joins());
        assert!(!dialogue.waits());
    }

    #[test]
    fn that_the_code_is_known_is_proved_without_it() {
        for code in ["K7CQ2A", "k7cq2a", "K7CQ2B"] {
            let mut dialogue = Dialogue::default();
            assert_eq!(dialogue.begin("CRAM-MD5", || "<1@a>".to_owned()), say("334 PDFAYT4="));
            let answer = STANDARD.encode(format!("anna b {}", cram_md5::digest(code.as_bytes(), b"<1@a>")));
            let Step::Prove(name, proof) = dialogue.answer(answer.as_bytes()) else { panic!("no proof") };
            let right = proof.of("K7CQ2A");
            assert_eq!((name.as_str(), right.as_deref()), ("anna b", Some(code).filter(|code| !code.ends_with('B'))));
        }
    }

    #[test]
    fn what_is_no_log_in_is_refused_and_ends_it() {
        let other = STANDARD.encode("bert\0anna\0K7CQ2A");
        for (begin, answer, code) in [
            ("", None, "501"),
            ("PLAIN a b", None, "501"),
            ("SCRAM-SHA-256", None, "504"),
            ("CRAM-MD5 YW5uYQ==", None, "501"),
            ("CRAM-MD5", Some("YW5uYQ=="), "501"),
            ("PLAIN =", None, "501"),
            ("PLAIN ?", None, "501"),
            ("PLAIN", Some("*"), "501"),
            ("PLAIN", Some(other.as_str()), "535"),
            ("LOGIN", Some("?"), "501"),
        ] {
            let mut dialogue = Dialogue::default();
            let begun = dialogue.begin(begin, String::new);
            let last = answer.map_or(begun, |answer| dialogue.answer(answer.as_bytes()));
            assert!(matches!(&last, Step::Say(reply) if reply.starts_with(code)), "{begin}: {last:?}");
            assert!(!dialogue.waits(), "{begin}");
        }
    }
}
