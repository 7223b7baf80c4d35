//! What AUTH carries, made when it is sent.

use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::{Log, certificate};
use crate::smtp::reply::ReplyLine;
use crate::smtp::sasl::{self, Around, Binding, Credentials, Mechanism};
use crate::smtp::{Class, Reply, Secret, Session, Verb};
use crate::world::World;

use super::plan::Sending;
use super::values::Piece;

/// The client's side of AUTH during one run.
#[derive(Default)]
pub(super) struct Login {
    mechanism: Option<Box<dyn Mechanism>>,
    /// It has made something of what went out; a login that is written out proves nothing to nobody.
    made: bool,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Login").field(&self.mechanism.as_ref().map(|mechanism| mechanism.name())).finish()
    }
}

impl Login {
    /// The octets of a line, with what AUTH carries at its markers. `secure` says that a password may go over the line
    /// in clear text; `last` is the reply that was looked at last, which may hold a challenge.
    ///
    /// # Errors
    /// Why it can't be made, and what would help.
    pub(super) fn fill(
        &mut self,
        sending: &Sending,
        credentials: Option<&Credentials>,
        around: impl FnOnce() -> Around,
        secure: bool,
        last: Option<&Reply>,
    ) -> Result<Vec<u8>, String> {
        if sending.verb == Verb::Auth {
            (self.mechanism, self.made) = (None, false);
            if let (Some(name), Some(who)) = (&sending.mechanism, credentials) {
                match sasl::mechanism(name, who, &around()) {
                    Ok(mechanism) => self.mechanism = Some(mechanism),
                    // A line that is written out needs nobody to make it.
                    Err(error) if sending.needs_credentials() => return Err(error.to_string()),
                    Err(_) => {}
                }
            }
        }
        let mut line = Vec::new();
        for piece in &sending.pieces {
            match piece {
                Piece::Octets(octets) | Piece::Hidden { octets, .. } => line.extend_from_slice(octets),
                Piece::Auth => {
                    let initial = sending.verb == Verb::Auth;
                    let response = self.response(initial, secure, last)?;
                    let text = if initial { sasl::initial_text(&response) } else { sasl::encode(&response) };
                    line.extend_from_slice(text.expose());
                }
            }
        }
        if sending.answer && line.is_empty() && !sending.needs_credentials() {
            self.acknowledged(last);
        }
        Ok(line)
    }

    /// The script itself has the empty line that acknowledges what the server said last, such as its signature in SCRAM
    /// (RFC 5802 5): the mechanism looks at that all the same.
    fn acknowledged(&mut self, last: Option<&Reply>) {
        if let Some(mechanism) = self.mechanism.as_mut().filter(|_| self.made) {
            // What it can't believe it does not believe at the end either.
            let _ = sasl::answer(mechanism.as_mut(), challenge(last));
        }
    }

    /// The next response of the mechanism.
    fn response(&mut self, initial: bool, secure: bool, last: Option<&Reply>) -> Result<Secret, String> {
        let Some(mechanism) = &mut self.mechanism else {
            return Err("no mechanism of AUTH has begun that ehlo speaks".to_owned());
        };
        if !secure && sasl::known(mechanism.name()).is_some_and(|known| known.shows_secret) {
            return Err("the password is not sent over a line that is not encrypted; use STARTTLS first, or set allow_plaintext = true in the profile's [auth]".to_owned());
        }
        self.made = true;
        if initial && let Some(response) = mechanism.initial() {
            return Ok(response);
        }
        sasl::answer(mechanism.as_mut(), challenge(last)).map_err(|error| error.to_string())
    }

    /// What the server complained of within AUTH, in words.
    pub(super) fn complaint(&self) -> Option<String> {
        self.mechanism.as_ref()?.complaint()
    }

    /// Where this accepts a login that was made here: whether the server has proved what it has to.
    ///
    /// # Errors
    /// Why it is not to be believed, in words.
    pub(super) fn finish(&mut self, exchange: &Exchange, reply: &Reply) -> Result<(), String> {
        let of_auth = exchange.ask == Ask::AuthAnswer || (exchange.ask == Ask::Command && exchange.verb == Verb::Auth);
        if !of_auth || reply.class() != Class::Success {
            return Ok(());
        }
        self.accepted(reply)
    }

    fn accepted(&mut self, reply: &Reply) -> Result<(), String> {
        let Some(mut mechanism) = self.mechanism.take().filter(|_| self.made) else { return Ok(()) };
        let text = reply.lines.last().map(|line| line.text().to_vec()).unwrap_or_default();
        mechanism.finish(&text).map_err(|error| error.to_string())
    }
}

/// What a mechanism needs beside who logs in: a nonce, and what the connection can be bound by.
pub(super) fn around(world: &World, log: &Log, session: &Session, server: Option<(String, u16)>) -> Around {
    let end_point = certificate::shown(log).filter(|_| session.tls).and_then(|der| certificate::end_point(&der));
    let binding = Binding::of(end_point, &session.capabilities.mechanisms());
    Around { nonce: sasl::nonce(world.random()), binding, server }
}

/// The challenge that is open, as it came.
fn challenge(reply: Option<&Reply>) -> &[u8] {
    let open = reply.filter(|reply| reply.class() == Class::Intermediate);
    open.and_then(|reply| reply.lines.last()).map(ReplyLine::text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Ending;
    use crate::smtp::ReplyReader;

    /// RFC 7677 3.
    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn reply(code: u16, text: &[u8]) -> Reply {
        let line = [code.to_string().as_bytes(), b" ", text, b"\r\n"].concat();
        ReplyReader::default().feed(&line).pop().expect("a reply")
    }

    fn challenge(text: &str) -> Reply {
        reply(334, sasl::encode(&Secret::from(text)).expose())
    }

    fn sending(pieces: Vec<Piece>, initial: bool) -> Sending {
        Sending {
            line: 1,
            pieces,
            ending: Ending::CrLf,
            verb: if initial { Verb::Auth } else { Verb::Other },
            mechanism: initial.then(|| "SCRAM-SHA-256".to_owned()),
            dot: false,
            answer: !initial,
            begins: false,
            ends: false,
            payload: Vec::new(),
            ask: 0,
        }
    }

    /// Whether the login is believed that is acknowledged by an empty line of the script.
    fn acknowledged(signature: &str, by: Piece) -> Result<(), String> {
        let who = Credentials::new("user", "pencil".into());
        let mut login = Login::default();
        let mut says = |sending: Sending, last: Option<Reply>| {
            let around = || Around { nonce: NONCE.to_owned(), ..Around::default() };
            login.fill(&sending, Some(&who), around, true, last.as_ref()).expect("it is made")
        };
        says(sending(vec![Piece::Octets(b"AUTH SCRAM-SHA-256 ".to_vec()), by.clone()], true), None);
        says(sending(vec![by], false), Some(challenge(FIRST)));
        assert!(says(sending(vec![], false), Some(challenge(signature))).is_empty());
        login.accepted(&reply(235, b"2.7.0 ok"))
    }

    #[test]
    fn an_empty_line_of_the_script_acknowledges_the_servers_signature() {
        assert_eq!(acknowledged(LAST, Piece::Auth), Ok(()));
        assert!(acknowledged("v=AAAA", Piece::Auth).is_err_and(|words| words.contains("did not prove")));
        assert_eq!(acknowledged("v=AAAA", Piece::Octets(b"cGxhaW4=".to_vec())), Ok(()), "written out by somebody else");
    }
}
