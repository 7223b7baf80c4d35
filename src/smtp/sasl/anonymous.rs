//! ANONYMOUS (RFC 4505): nobody in particular; the message is a trace for the server's log.

use super::{Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier};

/// The longest trace, characters (RFC 4505 2).
const TRACE: usize = 255;

pub(super) const KNOWN: Known = Known {
    name: "ANONYMOUS",
    proof: Proof::Nothing,
    shows_secret: false,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "nobody in particular; what is sent is a trace for the server's log, not a name to be believed",
    reference: "RFC 4505",
    client: |_, who, _| Box::new(Anonymous { who: Some(who) }),
    server: |_| Box::new(Server),
};

struct Anonymous {
    who: Option<Credentials>,
}

impl Mechanism for Anonymous {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        Some(Secret::new(self.who.take()?.user.into_bytes()))
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
    fn step(&mut self, response: Option<&[u8]>, _: &Premises<'_>) -> Turn {
        let Some(trace) = response else { return Turn::Challenge(Vec::new()) };
        match std::str::from_utf8(trace) {
            Ok(trace) if trace.chars().count() <= TRACE && !trace.chars().any(char::is_control) => {
                super::verifier::verdict("anonymous", b"", true)
            }
            _ => Turn::Refuse(Refusal::Malformed),
        }
    }
}
