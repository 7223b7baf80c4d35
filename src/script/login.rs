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
            self.mechanism = None;
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
                Piece::Octets(octets) => line.extend_from_slice(octets),
                Piece::Auth => {
                    let initial = sending.verb == Verb::Auth;
                    let response = self.response(initial, secure, last)?;
                    let text = if initial { sasl::initial_text(&response) } else { sasl::encode(&response) };
                    line.extend_from_slice(text.expose());
                }
            }
        }
        Ok(line)
    }

    /// The next response of the mechanism.
    fn response(&mut self, initial: bool, secure: bool, last: Option<&Reply>) -> Result<Secret, String> {
        let Some(mechanism) = &mut self.mechanism else {
            return Err("no mechanism of AUTH has begun that ehlo speaks".to_owned());
        };
        if !secure && sasl::known(mechanism.name()).is_some_and(|known| known.shows_secret) {
            return Err("the password is not sent over a line that is not encrypted; use STARTTLS first, or set allow_plaintext = true in the profile's [auth]".to_owned());
        }
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
        let Some(mut mechanism) = self.mechanism.take() else { return Ok(()) };
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
