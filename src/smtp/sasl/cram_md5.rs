//! CRAM-MD5 (RFC 2195): the server names a text, and the client answers with its HMAC-MD5 under the password.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;

use super::{Credentials, Known, Mechanism, Premises, Proof, Refusal, SaslError, Secret, Turn, Verifier, hex};

pub(super) const KNOWN: Known = Known {
    name: "CRAM-MD5",
    proof: Proof::Password,
    shows_secret: false,
    bound: false,
    client_first: false,
    challenges: 1,
    about: "a sum of the server's text and the password; the password is not sent, but may be guessed from the sum",
    reference: "RFC 2195",
    client: |_, who, _| Box::new(Cram { who: Some(who) }),
    server: |_| Box::<Server>::default(),
};

/// HMAC-MD5 in lower-case hexadecimal: what proves that the password is known.
#[must_use]
pub fn digest(password: &[u8], challenge: &[u8]) -> String {
    let mut mac = Hmac::<Md5>::new_from_slice(password).expect("HMAC takes keys of any length");
    mac.update(challenge);
    hex(&mac.finalize().into_bytes())
}

struct Cram {
    who: Option<Credentials>,
}

impl Mechanism for Cram {
    fn name(&self) -> &'static str {
        KNOWN.name
    }

    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        if challenge.is_empty() {
            return Err(SaslError::Malformed(KNOWN.name, "it is empty, so that its sum would say nothing".to_owned()));
        }
        let who = self.who.take().ok_or(SaslError::UnexpectedChallenge(KNOWN.name))?;
        let sum = digest(who.password.expose(), challenge);
        Ok(Secret::new(format!("{} {sum}", who.user).into_bytes()))
    }

    fn finish(&mut self, _text: &[u8]) -> Result<(), SaslError> {
        if self.who.is_some() { Err(SaslError::Unasked(KNOWN.name)) } else { Ok(()) }
    }

    fn skip(&mut self, given: usize) -> Result<(), SaslError> {
        if given > 0 {
            self.who = None;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Server {
    challenge: Option<String>,
}

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        let (response, challenge) = match (response, self.challenge.take()) {
            (None, _) => {
                let challenge = format!("<{}@{}>", house.nonce, house.name);
                self.challenge = Some(challenge.clone());
                return Turn::Challenge(challenge.into_bytes());
            }
            (Some(_), None) => return Turn::Refuse(Refusal::NoInitial),
            (Some(response), Some(challenge)) => (response, challenge),
        };
        // A user's name may hold spaces; the sum is what follows the last.
        let Some(space) = response.iter().rposition(|octet| *octet == b' ') else {
            return Turn::Refuse(Refusal::Malformed);
        };
        let user = String::from_utf8_lossy(&response[..space]).into_owned();
        let right = (house.account)(&user).is_some_and(|account| {
            digest(account.password.as_bytes(), challenge.as_bytes()).as_bytes() == &response[space + 1..]
        });
        super::verifier::verdict(&user, b"", right)
    }
}
