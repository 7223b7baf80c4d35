//! What AUTH carries, made when it is sent.

use crate::smtp::sasl::{self, Credentials, Mechanism};
use crate::smtp::{Class, Reply, Secret, Verb};

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
    /// The octets of a line, with what AUTH carries at its markers. `secure` says that a password may go over the line;
    /// `last` is the reply that was looked at last, which may hold a challenge.
    ///
    /// # Errors
    /// Why it can't be made, and what would help.
    pub(super) fn fill(
        &mut self,
        sending: &Sending,
        credentials: Option<&Credentials>,
        secure: bool,
        last: Option<&Reply>,
    ) -> Result<Vec<u8>, String> {
        if sending.verb == Verb::Auth {
            self.mechanism = sending.mechanism.as_deref().and_then(|name| sasl::mechanism(name, credentials?).ok());
        }
        let mut line = Vec::new();
        for piece in &sending.pieces {
            match piece {
                Piece::Octets(octets) => line.extend_from_slice(octets),
                Piece::Auth => {
                    let response = self.response(sending.verb == Verb::Auth, secure, last)?;
                    line.extend_from_slice(sasl::encode(&response).expose());
                }
            }
        }
        Ok(line)
    }

    /// The next response of the mechanism.
    fn response(&mut self, initial: bool, secure: bool, last: Option<&Reply>) -> Result<Secret, String> {
        if !secure {
            return Err("the password is not sent over a line that is not encrypted; use STARTTLS first, or set allow_plaintext = true in the profile's [auth]".to_owned());
        }
        let Some(mechanism) = &mut self.mechanism else {
            return Err("no mechanism of AUTH has begun that ehlo speaks".to_owned());
        };
        if initial && let Some(response) = mechanism.initial() {
            return Ok(response);
        }
        mechanism.respond(&challenge(last)).map_err(|error| error.to_string())
    }
}

/// The challenge that is open, decoded.
fn challenge(reply: Option<&Reply>) -> Vec<u8> {
    let open = reply.filter(|reply| reply.class() == Class::Intermediate);
    open.and_then(|reply| sasl::decode(reply.lines.last()?.text())).unwrap_or_default()
}
