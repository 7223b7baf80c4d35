//! What XOAUTH2 and OAUTHBEARER have in common: a message with a bearer token, and where it is refused a JSON text in a
//! 334 that says why, which is answered before the 535 comes. Each of the two says how its message is written and read.

use serde::Deserialize;

use super::{Mechanism, Premises, Refusal, SaslError, Secret, Turn, Verifier};

/// Why a server refused a token (RFC 7628 3.2.2, and Google's older form of it).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct TokenError {
    /// `invalid_token`, or the status of HTTP: `401`.
    status: String,
    /// What the token would have to be good for.
    scope: Option<String>,
    /// Kinds of token that are taken.
    schemes: Option<String>,
    /// Where a token is to be had.
    #[serde(rename = "openid-configuration")]
    configuration: Option<String>,
    /// It was none of that: what came, as text.
    #[serde(skip)]
    other: Option<String>,
}

impl TokenError {
    /// Reads a challenge.
    pub(super) fn read(challenge: &[u8]) -> Self {
        serde_json::from_slice(challenge)
            .unwrap_or_else(|_| Self { other: Some(crate::smtp::escape::for_screen(challenge)), ..Self::default() })
    }

    /// The status in words.
    fn meaning(&self) -> &'static str {
        match self.status.as_str() {
            "400" | "invalid_request" => "the message is not well formed",
            "401" | "invalid_token" => "the token is not valid here: expired, withdrawn, or meant for another service",
            "403" | "insufficient_scope" => "the token does not allow sending mail: ask for one with this scope",
            _ => "the token was refused",
        }
    }

    /// All of it in a sentence, fit for a screen.
    pub(super) fn words(&self) -> String {
        if let Some(other) = &self.other {
            return format!("the server said about the token: {other}");
        }
        let shown = |text: &str| crate::smtp::escape::for_screen(text.as_bytes());
        let mut words = format!("{} (status {})", self.meaning(), shown(&self.status));
        if let Some(scope) = self.scope.as_deref().filter(|scope| !scope.is_empty()) {
            words += "; scope wanted: ";
            words += &shown(scope);
        }
        if let Some(place) = &self.configuration {
            words += "; tokens come from ";
            words += &shown(place);
        }
        words
    }
}

/// The client's side of both.
pub(super) struct Client {
    name: &'static str,
    /// The message with the token, until it has gone out.
    message: Option<Secret>,
    /// What the JSON text is answered by, so that the refusal itself can come.
    answer: &'static [u8],
    error: Option<TokenError>,
    over: bool,
}

impl Client {
    /// One that sends this message, and answers a refusal so.
    pub(super) fn new(name: &'static str, message: Vec<u8>, answer: &'static [u8]) -> Self {
        Self { name, message: Some(Secret::new(message)), answer, error: None, over: false }
    }
}

impl Mechanism for Client {
    fn name(&self) -> &'static str {
        self.name
    }

    fn initial(&mut self) -> Option<Secret> {
        self.message.take()
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        if let Some(message) = self.initial() {
            return Ok(message);
        }
        if std::mem::replace(&mut self.over, true) {
            return Err(SaslError::UnexpectedChallenge(self.name));
        }
        self.error = Some(TokenError::read(challenge));
        Ok(Secret::new(self.answer.to_vec()))
    }

    fn hidden(&mut self) -> Result<Secret, SaslError> {
        self.respond(b"a text that repeats the token, which is hidden here")
    }

    fn reads(&self) -> bool {
        self.message.is_none()
    }

    fn complaint(&self) -> Option<String> {
        self.error.as_ref().map(TokenError::words)
    }
}

/// The server's side of both.
#[derive(Debug)]
pub(super) struct Server {
    /// Reads whose token a message has.
    user: fn(&[u8]) -> Option<String>,
    /// The JSON text of a refusal.
    refusal: &'static [u8],
    refused: bool,
}

impl Server {
    pub(super) fn new(user: fn(&[u8]) -> Option<String>, refusal: &'static [u8]) -> Self {
        Self { user, refusal, refused: false }
    }
}

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        if self.refused {
            return Turn::Refuse(Refusal::Wrong);
        }
        let Some(message) = response else { return Turn::Challenge(Vec::new()) };
        let (Some(user), Some(token)) = ((self.user)(message), bearer(message)) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        if right(house, &user, token) {
            return super::verifier::verdict(&user, b"", true);
        }
        self.refused = true;
        Turn::Challenge(self.refusal.to_vec())
    }
}

/// The token in a message.
fn bearer(message: &[u8]) -> Option<&[u8]> {
    let part = message.split(|octet| *octet == 1).find_map(|part| part.strip_prefix(b"auth="))?;
    let scheme = part.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case(b"Bearer "))?;
    Some(&part[scheme.len()..])
}

/// Whether this is a user's token.
fn right(house: &Premises<'_>, user: &str, token: &[u8]) -> bool {
    (house.account)(user).and_then(|account| account.token).is_some_and(|known| known.as_bytes() == token)
}
