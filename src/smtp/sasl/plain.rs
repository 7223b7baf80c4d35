//! PLAIN (RFC 4616): one message of authorisation identity, user and password, parted by NUL.

use super::{Credentials, Mechanism, SaslError, Secret};

pub(super) struct Plain {
    credentials: Option<Credentials>,
}

impl Plain {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials: Some(credentials) }
    }
}

impl Mechanism for Plain {
    fn name(&self) -> &'static str {
        "PLAIN"
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
        self.initial().ok_or(SaslError::UnexpectedChallenge("PLAIN"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_4616() {
        let who = Credentials { user: "tim".into(), password: "tanstaaftanstaaf".into(), authorise_as: None };
        let mut plain = Plain::new(who);
        assert_eq!(plain.initial().expect("client first").expose(), b"\0tim\0tanstaaftanstaaf");
        assert!(plain.respond(b"").is_err());
    }
}
