//! OAUTHBEARER (RFC 7628): user and token in one message; a refusal is a JSON text in a 334, answered by one octet 1
//! (`AQ==`) before the 535 comes.

use super::token::{self, TokenError};
use super::{Around, Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier};

pub(super) const KNOWN: Known = Known {
    name: "OAUTHBEARER",
    proof: Proof::Token,
    shows_secret: true,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "a token in place of the password (OAuth 2.0); readable on the line",
    reference: "RFC 7628",
    client: |_, who, around| Box::new(Bearer { who: Some((who, around)), error: None, over: false }),
    server: |_| Box::<Server>::default(),
};

struct Bearer {
    who: Option<(Credentials, Around)>,
    error: Option<TokenError>,
    over: bool,
}

impl Mechanism for Bearer {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        let (who, around) = self.who.take()?;
        let for_whom = who.authorise_as.as_deref().unwrap_or(&who.user);
        let mut message = format!("n,a={},\x01", super::scram::name(for_whom)).into_bytes();
        if let Some((host, port)) = around.server {
            message.extend_from_slice(format!("host={host}\x01port={port}\x01").as_bytes());
        }
        message.extend_from_slice(b"auth=Bearer ");
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
        Ok(Secret::new(vec![1]))
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
        let header = message.split(|octet| *octet == 1).next().unwrap_or_default();
        let header = String::from_utf8_lossy(header).into_owned();
        let user = header.split(',').find_map(|part| part.strip_prefix("a=")).map(super::scram::plain_name);
        let (Some(user), Some(token)) = (user, token::bearer(message)) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        if token::right(house, &user, token) {
            return super::verifier::verdict(&user, b"", true);
        }
        self.refused = true;
        Turn::Challenge(br#"{"status":"invalid_token","scope":"https://mail.target.local/"}"#.to_vec())
    }
}
