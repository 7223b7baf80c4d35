//! PLAIN (RFC 4616): one message of authorisation identity, user and password, parted by NUL.

use super::{
    Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier, plain_message,
};

pub(super) const KNOWN: Known = Known {
    name: "PLAIN",
    proof: Proof::Password,
    shows_secret: true,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "user and password in one message, readable for everybody who sees the line",
    reference: "RFC 4616",
    client: |_, who, _| Box::new(Plain { credentials: Some(who) }),
    server: |_| Box::new(Server),
};

struct Plain {
    credentials: Option<Credentials>,
}

impl Mechanism for Plain {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        let who = self.credentials.take()?;
        let mut message = who.authorise_as.unwrap_or_default().into_bytes();
        message.push(0);
        message.extend_from_slice(who.user.as_bytes());
        message.push(0);
        message.extend_from_slice(who.password.expose());
        Some(Secret::new(message))
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Secret, SaslError> {
        self.initial().ok_or(SaslError::UnexpectedChallenge(KNOWN.name))
    }

    fn reads(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Server;

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        let Some(message) = response else { return Turn::Challenge(Vec::new()) };
        match plain_message(message) {
            Some([acts_for, user, password]) => house.judged(&String::from_utf8_lossy(user), acts_for, password),
            None => Turn::Refuse(Refusal::Malformed),
        }
    }
}
