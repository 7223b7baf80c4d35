//! SASL mechanisms as SMTP carries them (RFC 4954): one file a mechanism, sans-IO.
//!
//! A mechanism is a function from challenge to response. What is sent stays inside [`Secret`] until it is written.

mod login;
mod plain;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Secret;

/// Who logs in, and with what.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password or token.
    pub password: Secret,
    /// Whom to act for, where that is not the user (RFC 4616 authzid).
    pub authorise_as: Option<String>,
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
}

/// Why an exchange can't go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaslError {
    /// More challenges came than the mechanism has.
    #[error("{0} has no answer to another challenge; the exchange is cancelled with *")]
    UnexpectedChallenge(&'static str),
    /// Nothing here speaks it.
    #[error("{0} is not a mechanism that ehlo speaks; PLAIN and LOGIN are")]
    Unknown(String),
}

/// The mechanisms that are spoken here, the strongest first.
pub const NAMES: &[&str] = &["PLAIN", "LOGIN"];

/// The mechanism of this name.
///
/// # Errors
/// A name that is not known.
pub fn mechanism(name: &str, credentials: &Credentials) -> Result<Box<dyn Mechanism>, SaslError> {
    match name.to_ascii_uppercase().as_str() {
        "PLAIN" => Ok(Box::new(plain::Plain::new(credentials.clone()))),
        "LOGIN" => Ok(Box::new(login::Login::new(credentials.clone()))),
        _ => Err(SaslError::Unknown(name.to_owned())),
    }
}

/// The strongest of the offered mechanisms that is spoken here.
#[must_use]
pub fn strongest(offered: &[String]) -> Option<&'static str> {
    NAMES.iter().copied().find(|known| offered.iter().any(|name| name.eq_ignore_ascii_case(known)))
}

/// A response as it goes on the wire: base64.
#[must_use]
pub fn encode(response: &Secret) -> Secret {
    Secret::new(STANDARD.encode(response.expose()).into_bytes())
}

/// The parts of a PLAIN message (decoded): whom to act for, user, password (RFC 4616 2). None where there are more or
/// fewer.
#[must_use]
pub fn plain_message(message: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = message.split(|octet| *octet == 0);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// A challenge as it came: the text after `334 `, decoded where it is base64.
#[must_use]
pub fn decode(challenge: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(challenge.trim_ascii()).ok()
}
