//! LOGIN (draft-murchison-sasl-login): user and password, each asked for by a challenge whose text does not count.

use super::{Credentials, Known, Mechanism, Premises, Proof, SaslError, Secret, Turn, Verifier};

pub(super) const KNOWN: Known = Known {
    name: "LOGIN",
    proof: Proof::Password,
    shows_secret: true,
    bound: false,
    client_first: false,
    challenges: 2,
    about: "user and password asked for one after the other, readable for everybody who sees the line",
    reference: "draft-murchison-sasl-login",
    client: |_, who, _| Box::new(Login::new(who)),
    server: |_| Box::<Server>::default(),
};

struct Login {
    answers: std::vec::IntoIter<Secret>,
}

impl Login {
    fn new(who: Credentials) -> Self {
        Self { answers: vec![Secret::new(who.user.into_bytes()), who.password].into_iter() }
    }
}

impl Mechanism for Login {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Secret, SaslError> {
        self.answers.next().ok_or(SaslError::UnexpectedChallenge(KNOWN.name))
    }

    fn reads(&self) -> bool {
        false
    }

    fn finish(&mut self, _text: &[u8]) -> Result<(), SaslError> {
        if self.answers.len() > 0 { Err(SaslError::Unasked(KNOWN.name)) } else { Ok(()) }
    }
}

#[derive(Debug, Default)]
struct Server {
    user: Option<String>,
}

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        match (response, self.user.take()) {
            (None, _) => Turn::Challenge(b"Username:".to_vec()),
            (Some(user), None) => {
                self.user = Some(String::from_utf8_lossy(user).into_owned());
                Turn::Challenge(b"Password:".to_vec())
            }
            (Some(password), Some(user)) => house.judged(&user, b"", password),
        }
    }
}
