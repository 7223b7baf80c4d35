//! EXTERNAL (RFC 4422 A): the client's certificate says who it is; the message is whom to act for, mostly nobody.

use super::{Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier};

pub(super) const KNOWN: Known = Known {
    name: "EXTERNAL",
    proof: Proof::Certificate,
    shows_secret: false,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "the certificate that was shown in the TLS handshake says who it is; no password is sent",
    reference: "RFC 4422 A",
    client: |_, who, _| Box::new(External { who: Some(who) }),
    server: |_| Box::new(Server),
};

struct External {
    who: Option<Credentials>,
}

impl Mechanism for External {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        let who = self.who.take()?;
        Some(Secret::new(who.authorise_as.unwrap_or_default().into_bytes()))
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
        let Some(acts_for) = response else { return Turn::Challenge(Vec::new()) };
        match house.certified {
            Some(user) => super::verifier::verdict(user, acts_for, (house.account)(user).is_some()),
            None => Turn::Refuse(Refusal::Wrong),
        }
    }
}
