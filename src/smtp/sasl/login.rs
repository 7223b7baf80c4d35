//! LOGIN (draft-murchison-sasl-login): user and password, each asked for by a challenge whose text does not count.

use super::{Credentials, Mechanism, SaslError, Secret};

pub(super) struct Login {
    answers: std::vec::IntoIter<Secret>,
}

impl Login {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { answers: vec![Secret::new(credentials.user.into_bytes()), credentials.password].into_iter() }
    }
}

impl Mechanism for Login {
    fn name(&self) -> &'static str {
        "LOGIN"
    }

    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Secret, SaslError> {
        self.answers.next().ok_or(SaslError::UnexpectedChallenge("LOGIN"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_then_password_then_nothing() {
        let who = Credentials { user: "dude".into(), password: "noddy".into(), authorise_as: None };
        let mut login = Login::new(who);
        assert!(login.initial().is_none());
        assert_eq!(login.respond(b"Username:").expect("user").expose(), b"dude");
        assert_eq!(login.respond(b"Password:").expect("password").expose(), b"noddy");
        assert!(login.respond(b"Again:").is_err());
    }
}
