//! What XOAUTH2 and OAUTHBEARER have in common: a bearer token, and a JSON text that says why it was refused.

use serde::Deserialize;

use super::Premises;

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
    #[must_use]
    pub(super) fn read(challenge: &[u8]) -> Self {
        serde_json::from_slice(challenge)
            .unwrap_or_else(|_| Self { other: Some(crate::smtp::escape::for_screen(challenge)), ..Self::default() })
    }

    /// The status in words.
    #[must_use]
    fn meaning(&self) -> &'static str {
        match self.status.as_str() {
            "400" | "invalid_request" => "the message is not well formed",
            "401" | "invalid_token" => "the token is not valid here: expired, withdrawn, or meant for another service",
            "403" | "insufficient_scope" => "the token does not allow sending mail: ask for one with this scope",
            _ => "the token was refused",
        }
    }

    /// All of it in a sentence, fit for a screen.
    #[must_use]
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

/// The token in a message.
pub(super) fn bearer(message: &[u8]) -> Option<&[u8]> {
    let part = message.split(|octet| *octet == 1).find_map(|part| part.strip_prefix(b"auth="))?;
    let scheme = part.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case(b"Bearer "))?;
    Some(&part[scheme.len()..])
}

/// Whether this is a user's token.
pub(super) fn right(house: &Premises<'_>, user: &str, token: &[u8]) -> bool {
    (house.account)(user).and_then(|account| account.token).is_some_and(|known| known.as_bytes() == token)
}
