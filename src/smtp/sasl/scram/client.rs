//! The client's side: its nonce, its proof, and the server's signature, which is checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Around, Binding, Credentials, Mechanism, SaslError, Secret, decode, known};
use super::{Hash, LEAST_ROUNDS, MOST_ROUNDS, Octets, attribute, error_words, name};

pub(super) struct Scram {
    name: &'static str,
    hash: Hash,
    who: Credentials,
    around: Around,
    stage: Stage,
    complaint: Option<String>,
}

/// How far it has come.
enum Stage {
    /// Nothing was sent.
    Begin,
    /// The first message was, with this bare part.
    First(String),
    /// The proof was; the server owes this signature.
    Proof(Octets),
    /// The server has shown it.
    Proven,
    /// There is nothing more to be said.
    Over,
}

impl Scram {
    pub(super) fn new(name: &'static str, hash: Hash, who: Credentials, around: Around) -> Self {
        Self { name, hash, who, around, stage: Stage::Begin, complaint: None }
    }

    /// The header (RFC 5802 6): whether the login is bound to TLS, and whom to act for.
    fn header(&self) -> String {
        let bound = known(self.name).is_some_and(|known| known.bound);
        let flag = match self.around.binding {
            Binding::EndPoint(_) if bound => "p=tls-server-end-point",
            Binding::Unoffered => "y",
            _ => "n",
        };
        let for_whom = self.who.authorise_as.as_deref().map(|whom| format!("a={}", name(whom))).unwrap_or_default();
        format!("{flag},{for_whom},")
    }

    fn wrong(&self, words: impl Into<String>) -> SaslError {
        SaslError::Malformed(self.name, words.into())
    }

    /// The proof, from the server's first message.
    fn proof(&mut self, first: &str, challenge: &[u8]) -> Result<Secret, SaslError> {
        let message = std::str::from_utf8(challenge).map_err(|_| self.wrong("it is no text"))?;
        if let Some(error) = attribute(message, 'e') {
            return Ok(self.refused(error));
        }
        if message.starts_with("m=") {
            return Err(self.wrong("it wants an extension that nobody has defined"));
        }
        let part =
            |letter, what: &str| attribute(message, letter).ok_or_else(|| self.wrong(format!("{what} is missing")));
        let (nonce, salt, rounds) = (part('r', "the nonce r=")?, part('s', "the salt s=")?, part('i', "the count i=")?);
        if nonce == self.around.nonce {
            return Err(
                self.wrong("its nonce adds nothing to the one sent, so that an old answer could be played again")
            );
        }
        if !nonce.starts_with(&self.around.nonce) {
            return Err(self.wrong("its nonce does not begin with the one sent, as in an answer to somebody else"));
        }
        let salt = STANDARD.decode(salt).map_err(|_| self.wrong("the salt is no base64"))?;
        let rounds: u32 = rounds.parse().map_err(|_| self.wrong("the count is no number that can be worked with"))?;
        if rounds < LEAST_ROUNDS {
            let words =
                format!("its {rounds} rounds are less than {LEAST_ROUNDS}, so few that the password could be guessed");
            return Err(self.wrong(words));
        }
        if rounds > MOST_ROUNDS {
            return Err(self.wrong(format!("its {rounds} rounds are more than {MOST_ROUNDS}, which no server needs")));
        }
        let mut bound = self.header().into_bytes();
        if let (Binding::EndPoint(octets), true) = (&self.around.binding, bound.starts_with(b"p=")) {
            bound.extend_from_slice(octets);
        }
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(bound));
        let auth_message = format!("{first},{message},{without_proof}");
        let salted = self.hash.salted(self.who.password.expose(), &salt, rounds);
        let (proof, signature) = self.hash.proofs(&salted, auth_message.as_bytes());
        self.stage = Stage::Proof(signature);
        Ok(Secret::new(format!("{without_proof},p={}", STANDARD.encode(&*proof)).into_bytes()))
    }

    /// The server gave an error in place of what was due: its 535 follows an empty answer.
    fn refused(&mut self, error: &str) -> Secret {
        let shown = crate::smtp::escape::for_screen(error.as_bytes());
        self.complaint = Some(format!("{} ({shown})", error_words(error)));
        self.stage = Stage::Over;
        Secret::new(Vec::new())
    }

    /// Looks at the server's signature.
    fn check(&mut self, signature: &Octets, message: &[u8]) -> Result<(), SaslError> {
        let message = String::from_utf8_lossy(message);
        let shown = attribute(&message, 'v').and_then(|text| STANDARD.decode(text).ok());
        if shown.as_deref() == Some(&signature[..]) {
            self.stage = Stage::Proven;
            return Ok(());
        }
        self.stage = Stage::Over;
        Err(SaslError::Unproven(self.name))
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &'static str {
        self.name
    }

    fn initial(&mut self) -> Option<Secret> {
        if !matches!(self.stage, Stage::Begin) {
            return None;
        }
        let first = format!("n={},r={}", name(&self.who.user), self.around.nonce);
        let message = format!("{}{first}", self.header());
        self.stage = Stage::First(first);
        Some(Secret::new(message.into_bytes()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Begin => {
                self.stage = Stage::Begin;
                self.initial().ok_or(SaslError::UnexpectedChallenge(self.name))
            }
            Stage::First(first) => self.proof(&first, challenge),
            Stage::Proof(signature) => {
                let message = String::from_utf8_lossy(challenge).into_owned();
                if let Some(error) = attribute(&message, 'e') {
                    return Ok(self.refused(error));
                }
                self.check(&signature, challenge).map(|()| Secret::new(Vec::new()))
            }
            Stage::Proven | Stage::Over => Err(SaslError::UnexpectedChallenge(self.name)),
        }
    }

    fn reads(&self) -> bool {
        !matches!(self.stage, Stage::Begin)
    }

    fn complaint(&self) -> Option<String> {
        self.complaint.clone()
    }

    /// Some servers put their signature into the text of the 235, plain or in base64.
    fn finish(&mut self, text: &[u8]) -> Result<(), SaslError> {
        let signature = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Proven => return Ok(()),
            Stage::Proof(signature) => signature,
            _ => return Err(SaslError::Unproven(self.name)),
        };
        let words = || text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let plain = words().find(|word| word.starts_with(b"v=")).map(<[u8]>::to_vec);
        let message = plain.or_else(|| words().filter_map(decode).find(|word| word.starts_with(b"v=")));
        self.check(&signature, &message.unwrap_or_default())
    }

    fn skip(&mut self, given: usize) -> Result<(), SaslError> {
        if given > 0 { Err(SaslError::Begun(self.name)) } else { Ok(()) }
    }
}
