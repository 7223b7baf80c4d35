//! XOAUTH2 (Google, Microsoft; no RFC): user and token in one message; a refusal is a JSON text in a 334, answered by
//! an empty line before the 535 comes.

use super::token::{self, TokenError};
use super::{Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier};

pub(super) const KNOWN: Known = Known {
    name: "XOAUTH2",
    proof: Proof::Token,
    shows_secret: true,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "a token in place of the password, as Google and Microsoft began it; readable on the line",
    reference: "https://developers.google.com/gmail/imap/xoauth2-protocol",
    client: |_, who, _| Box::new(Xoauth2 { who: Some(who), error: None, over: false }),
    server: |_| Box::<Server>::default(),
};

struct Xoauth2 {
    who: Option<Credentials>,
    error: Option<TokenError>,
    over: bool,
}

impl Mechanism for Xoauth2 {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        let who = self.who.take()?;
        let mut message = format!("user={}\x01auth=Bearer ", who.user).into_bytes();
        message.extend_from_slice(who.password.expose());
        message.extend_from_slice(b"\x01\x01");
        Some(Secret::new(message))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        if let Some(message) = self.initial() {
            return Ok(message);
        }
        if std::mem::replace(&mut self.over, true) {
            return Err(SaslError::UnexpectedChallenge(KNOWN.name));
        }
        self.error = Some(TokenError::read(challenge));
        Ok(Secret::new(Vec::new()))
    }

    fn reads(&self) -> bool {
        self.who.is_none()
    }

    fn complaint(&self) -> Option<String> {
        self.error.as_ref().map(TokenError::words)
    }
}

#[derive(Debug, Default)]
struct Server {
    refused: bool,
}

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        if self.refused {
            return Turn::Refuse(Refusal::Wrong);
        }
        let Some(message) = response else { return Turn::Challenge(Vec::new()) };
        let user = message.split(|octet| *octet == 1).find_map(|part| part.strip_prefix(b"user="));
        let (Some(user), Some(token)) = (user, token::bearer(message)) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        let user = String::from_utf8_lossy(user).into_owned();
        if token::right(house, &user, token) {
            return super::verifier::verdict(&user, b"", true);
        }
        self.refused = true;
        Turn::Challenge(br#"{"status":"401","schemes":"bearer","scope":"https://mail.target.local/"}"#.to_vec())
    }
}
