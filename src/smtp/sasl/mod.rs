//! SASL mechanisms as SMTP carries them (RFC 4954): one file a mechanism, both sides, sans-IO.
//!
//! | where | what |
//! |---|---|
//! | [`MECHANISMS`] | all that are spoken here, the strongest first |
//! | [`Mechanism`] | the client's side: from challenge to response |
//! | [`Verifier`] | the server's side, for the lab |
//! | [`explain`] | what a step says, in words |
//! | [`typed`] | base64 as people type it |
//!
//! What is sent stays inside [`Secret`] until it is written. Time and randomness come in as values.

mod anonymous;
pub mod cram_md5;
pub mod explain;
mod external;
mod login;
mod oauthbearer;
mod plain;
mod scram;
mod table;
mod token;
pub mod typed;
mod verifier;
mod xoauth2;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Secret;
use super::secret::MARKER;

pub use table::{Known, MECHANISMS, Proof, known, names, speakable, strongest};
pub use verifier::{Account, Premises, Refusal, Turn, Verifier};

/// Octets of an AUTH command with its line end, beyond which the response waits for a 334 (RFC 4954 4).
const LINE: usize = 512;

/// Who logs in, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password or token; empty where the mechanism wants none.
    pub password: Secret,
    /// What the secret is.
    pub proof: Proof,
    /// Whom to act for, where that is not the user (RFC 4422 3.4.1, authorization identity).
    pub authorise_as: Option<String>,
}

impl Credentials {
    /// A user with a password, acting for nobody else.
    #[must_use]
    pub fn new(user: &str, password: Secret) -> Self {
        Self { user: user.to_owned(), password, proof: Proof::Password, authorise_as: None }
    }
}

/// What a login needs beside who logs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// Random printable text without a comma, new for each login (RFC 5802 5.1, `c-nonce`).
    pub nonce: String,
    /// What ties the login to the TLS connection below it.
    pub binding: Binding,
    /// The host and port that were dialled (RFC 7628 3.1).
    pub server: Option<(String, u16)>,
}

/// Channel binding (RFC 5929): what ties a login to its TLS connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Binding {
    /// There is nothing to bind to.
    #[default]
    None,
    /// It could be bound, and the server offers no mechanism that is.
    Unoffered,
    /// `tls-server-end-point`: the hash of the server's certificate.
    EndPoint(Vec<u8>),
}

impl Binding {
    /// What a login can be bound by, where this is known of the connection and these mechanisms are offered.
    #[must_use]
    pub fn of(end_point: Option<Vec<u8>>, offered: &[String]) -> Self {
        match end_point {
            Some(octets) if speakable(offered).any(|known| known.bound) => Self::EndPoint(octets),
            Some(_) => Self::Unoffered,
            None => Self::None,
        }
    }
}

/// A nonce of 18 random octets.
#[must_use]
pub fn nonce(random: [u8; 18]) -> String {
    STANDARD.encode(random)
}

/// The client's side of one exchange.
pub trait Mechanism: Send {
    /// The name as in `AUTH NAME`.
    fn name(&self) -> &'static str;
    /// The response to send along with the command, where the client speaks first.
    fn initial(&mut self) -> Option<Secret>;
    /// The response to a challenge (decoded).
    ///
    /// # Errors
    /// A challenge that the mechanism can't answer; the exchange is then cancelled with `*`.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError>;
    /// The response to a challenge that is hidden, since a secret stands in it.
    ///
    /// # Errors
    /// A mechanism that has to read it; the exchange is then cancelled with `*`.
    fn hidden(&mut self) -> Result<Secret, SaslError> {
        Err(SaslError::Hidden(self.name()))
    }
    /// Whether the next challenge is read. What is not read need not be base64: some servers say `334 ok`.
    fn reads(&self) -> bool {
        true
    }
    /// What the server complained of within the exchange, in words.
    fn complaint(&self) -> Option<String> {
        None
    }
    /// The server says with this text that the login has succeeded.
    ///
    /// # Errors
    /// The server has not proved what the mechanism has it prove.
    fn finish(&mut self, _text: &[u8]) -> Result<(), SaslError> {
        Ok(())
    }
    /// Takes over after so many responses that were given by hand.
    ///
    /// # Errors
    /// What was sent by hand is needed to go on.
    fn skip(&mut self, given: usize) -> Result<(), SaslError> {
        for _ in 0..given {
            // A mechanism that has no more to say says so when it is asked.
            let _ = self.respond(&[]);
        }
        Ok(())
    }
}

/// Why an exchange can't go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslError {
    /// More challenges came than the mechanism has.
    #[error("{0} has no answer to another challenge; the exchange is cancelled with *")]
    UnexpectedChallenge(&'static str),
    /// Nothing here speaks it.
    #[error("{0} is not a mechanism that ehlo speaks; {names} are", names = table::listed())]
    Unknown(String),
    /// The challenge is not base64.
    #[error("the server's challenge is no base64, so {0} can't answer it; the exchange is cancelled with *")]
    NotBase64(&'static str),
    /// A secret stands in the challenge.
    #[error(
        "the server's challenge holds your password or token, so it is hidden here too, and {0} can't answer it; the \
         exchange is cancelled with *"
    )]
    Hidden(&'static str),
    /// The challenge is not what the mechanism has it be.
    #[error("the server's {0} message can't be right: {1}; the exchange is cancelled with *")]
    Malformed(&'static str, String),
    /// The server does not know the password itself.
    #[error(
        "the server did not prove that it knows the password ({0}): it may be somebody else; QUIT, and look who \
         answers there"
    )]
    Unproven(&'static str),
    /// The server wanted to know nothing.
    #[error(
        "the server took {0} for a login before it had asked for what proves the password: it would take anybody; QUIT, \
         and look who answers there"
    )]
    Unasked(&'static str),
    /// The mechanism binds to a TLS connection, and there is none whose certificate is known.
    #[error("{0} is bound to the TLS connection, and the server's certificate is not known here; STARTTLS first")]
    Unbound(&'static str),
    /// Part of it was done by hand.
    #[error(
        "{0} goes on from what its first message held, which was sent by hand; answer by hand, or give up with * and \
         begin anew"
    )]
    Begun(&'static str),
}

/// The client's side of the mechanism of this name, in any case.
///
/// # Errors
/// A name that is not known; a mechanism that binds to TLS without TLS.
pub fn mechanism(name: &str, who: &Credentials, around: &Around) -> Result<Box<dyn Mechanism>, SaslError> {
    let known = known(name).ok_or_else(|| SaslError::Unknown(name.to_owned()))?;
    if known.bound && !matches!(around.binding, Binding::EndPoint(_)) {
        return Err(SaslError::Unbound(known.name));
    }
    Ok((known.client)(known.name, who.clone(), around.clone()))
}

/// An exchange that goes on by itself: a mechanism, and its first response where that did not fit into the command.
pub struct Exchange {
    mechanism: Box<dyn Mechanism>,
    held: Option<Secret>,
}

impl Exchange {
    /// Begins: gives the AUTH command, with the initial response where there is one that fits into the line (RFC 4954 4)
    /// and is wanted, and what is secret in it.
    #[must_use]
    pub fn begin(mut mechanism: Box<dyn Mechanism>, with_initial: bool) -> (Self, Vec<u8>, Option<Secret>) {
        let mut line = format!("AUTH {}", mechanism.name()).into_bytes();
        let initial = if with_initial { mechanism.initial() } else { None };
        let Some(initial) = initial else { return (Self { mechanism, held: None }, line, None) };
        let text = initial_text(&initial);
        if line.len() + 1 + text.expose().len() + 2 > LINE {
            return (Self { mechanism, held: Some(initial) }, line, None);
        }
        line.push(b' ');
        line.extend_from_slice(text.expose());
        (Self { mechanism, held: None }, line, Some(initial))
    }

    /// Takes over an exchange in which so many responses were given by hand.
    ///
    /// # Errors
    /// What was sent by hand is needed to go on.
    pub fn within(mut mechanism: Box<dyn Mechanism>, given: usize) -> Result<Self, SaslError> {
        mechanism.skip(given)?;
        Ok(Self { mechanism, held: None })
    }

    /// The response to the text of a 334.
    ///
    /// # Errors
    /// A challenge that is no base64 or that the mechanism can't answer.
    pub fn answer(&mut self, text: &[u8]) -> Result<Secret, SaslError> {
        match self.held.take() {
            Some(held) => Ok(held),
            None => answer(self.mechanism.as_mut(), text),
        }
    }

    /// What the server complained of within the exchange, in words.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        self.mechanism.complaint()
    }

    /// The server says with this text that the login has succeeded.
    ///
    /// # Errors
    /// The server has not proved what the mechanism has it prove.
    pub fn finish(&mut self, text: &[u8]) -> Result<(), SaslError> {
        self.mechanism.finish(text)
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Exchange").field(&self.mechanism.name()).finish()
    }
}

/// The response to the text of a 334.
///
/// # Errors
/// A challenge that is no base64 or that the mechanism can't answer.
pub fn answer(mechanism: &mut dyn Mechanism, text: &[u8]) -> Result<Secret, SaslError> {
    let challenge = match decode(text) {
        Some(challenge) => challenge,
        None if mechanism.reads() && memchr::memmem::find(text, MARKER).is_some() => return mechanism.hidden(),
        None if mechanism.reads() => return Err(SaslError::NotBase64(mechanism.name())),
        None => Vec::new(),
    };
    mechanism.respond(&challenge)
}

/// An initial response as it stands in the command: base64, a lone `=` where it has no octets (RFC 4954 4).
#[must_use]
pub fn initial_text(response: &Secret) -> Secret {
    if response.expose().is_empty() { Secret::from("=") } else { encode(response) }
}

/// A response as it goes on the wire: base64.
#[must_use]
pub fn encode(response: &Secret) -> Secret {
    Secret::new(STANDARD.encode(response.expose()).into_bytes())
}

/// A challenge as it came: the text after `334 `, decoded where it is base64.
#[must_use]
pub fn decode(challenge: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(challenge.trim_ascii()).ok()
}

/// The parts of a PLAIN message (decoded): whom to act for, user, password (RFC 4616 2). None where there are more or
/// fewer.
#[must_use]
pub fn plain_message(message: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = message.split(|octet| *octet == 0);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// Octets as lower-case hexadecimal.
fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut out, octet| {
        out.push(char::from_digit(u32::from(octet >> 4), 16).unwrap_or('0'));
        out.push(char::from_digit(u32::from(octet & 15), 16).unwrap_or('0'));
        out
    })
}

#[cfg(test)]
mod tests;
