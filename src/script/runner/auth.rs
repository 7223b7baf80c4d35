//! What AUTH carries, made when it is sent.

use std::ops::ControlFlow;

use crate::smtp::sasl::{self, Mechanism};
use crate::smtp::{Class, Secret, Verb};

use super::super::plan::Sending;
use super::super::report::Cause;
use super::super::values::Piece;
use super::Runner;

impl Runner<'_> {
    /// The octets of a line, with what AUTH carries at its markers.
    pub(super) fn filled(&mut self, sending: &Sending) -> ControlFlow<(), Vec<u8>> {
        if sending.verb == Verb::Auth {
            self.mechanism = self.begin(sending.mechanism.as_deref());
        }
        let mut line = Vec::new();
        for piece in &sending.pieces {
            match piece {
                Piece::Octets(octets) => line.extend_from_slice(octets),
                Piece::Auth => match self.response(sending.verb == Verb::Auth) {
                    Ok(response) => line.extend_from_slice(sasl::encode(&response).expose()),
                    Err(words) => {
                        self.skip(sending, &words);
                        return self.fatal(Cause::Authentication, words);
                    }
                },
            }
        }
        ControlFlow::Continue(line)
    }

    fn begin(&self, mechanism: Option<&str>) -> Option<Box<dyn Mechanism>> {
        sasl::mechanism(mechanism?, self.settings.credentials.as_ref()?).ok()
    }

    /// The next response of the mechanism.
    fn response(&mut self, initial: bool) -> Result<Secret, String> {
        let secure = self.wire.dialogue.state().session.tls || self.wire.on_loopback();
        if !secure && !self.settings.clear_text_password {
            return Err("the password is not sent over a line that is not encrypted; use STARTTLS first, or set allow_plaintext = true in the profile's [auth]".to_owned());
        }
        let challenge = self.challenge();
        let Some(mechanism) = &mut self.mechanism else {
            return Err("no mechanism of AUTH has begun that ehlo speaks".to_owned());
        };
        if initial && let Some(response) = mechanism.initial() {
            return Ok(response);
        }
        mechanism.respond(&challenge).map_err(|error| error.to_string())
    }

    /// The challenge that is open, decoded.
    fn challenge(&self) -> Vec<u8> {
        let reply = self.last.and_then(|exchange| self.wire.reply(exchange));
        let open = reply.filter(|reply| reply.class() == Class::Intermediate);
        open.and_then(|reply| sasl::decode(reply.lines.last()?.text())).unwrap_or_default()
    }
}
