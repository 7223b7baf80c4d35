//! The server's side, as the lab has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Premises, Refusal, Turn, Verifier};
use super::{Hash, LEAST_ROUNDS, attribute, plain_name};

#[derive(Debug)]
pub(super) struct Server {
    hash: Hash,
    bound: bool,
    stage: Stage,
}

/// How far it has come.
#[derive(Debug)]
enum Stage {
    Begin,
    /// The first messages were exchanged.
    First(Box<First>),
    /// The signature was sent; an empty answer is due.
    Proven {
        user: String,
        acts_for: String,
    },
    Over,
}

/// What the first messages held.
#[derive(Debug)]
struct First {
    header: String,
    bare: String,
    answer: String,
    nonce: String,
    salt: Vec<u8>,
}

impl Server {
    pub(super) fn new(hash: Hash, bound: bool) -> Self {
        Self { hash, bound, stage: Stage::Begin }
    }

    fn first(&mut self, message: &[u8], house: &Premises<'_>) -> Turn {
        let Ok(message) = std::str::from_utf8(message) else { return Turn::Refuse(Refusal::Malformed) };
        let mut parts = message.splitn(3, ',');
        let (Some(flag), Some(whom), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        let (Some(_), Some(nonce)) = (attribute(bare, 'n'), attribute(bare, 'r')) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        match flag {
            "n" | "y" if self.bound => return Turn::Refuse(Refusal::Malformed),
            "y" if house.bound_offered => return Turn::Challenge(b"e=server-does-support-channel-binding".to_vec()),
            "n" | "y" => {}
            "p=tls-server-end-point" if self.bound => {}
            _ if flag.starts_with("p=") && self.bound => {
                return Turn::Challenge(b"e=unsupported-channel-binding-type".to_vec());
            }
            _ => return Turn::Refuse(Refusal::Malformed),
        }
        let nonce = format!("{nonce}{}", house.nonce);
        // A salt for everybody, known or not, so that the answer does not tell who is there; the password is public.
        let salt = self.hash.sum(format!("salt of {bare} at {}", house.name).as_bytes())[..16].to_vec();
        let answer = format!("r={nonce},s={},i={LEAST_ROUNDS}", STANDARD.encode(&salt));
        let first =
            First { header: format!("{flag},{whom},"), bare: bare.to_owned(), answer: answer.clone(), nonce, salt };
        self.stage = Stage::First(Box::new(first));
        Turn::Challenge(answer.into_bytes())
    }

    fn last(&mut self, first: &First, message: &[u8], house: &Premises<'_>) -> Turn {
        let Some((without_proof, proof)) = std::str::from_utf8(message).ok().and_then(|text| text.rsplit_once(",p="))
        else {
            return Turn::Refuse(Refusal::Malformed);
        };
        let channel = attribute(without_proof, 'c').and_then(|text| STANDARD.decode(text).ok());
        let (Some(channel), Ok(proof)) = (channel, STANDARD.decode(proof)) else {
            return Turn::Refuse(Refusal::Malformed);
        };
        let mut expected = first.header.clone().into_bytes();
        if self.bound {
            expected.extend_from_slice(house.binding.unwrap_or_default());
        }
        if channel != expected {
            return Turn::Challenge(b"e=channel-bindings-dont-match".to_vec());
        }
        let user = plain_name(attribute(&first.bare, 'n').unwrap_or_default());
        let password = (house.account)(&user).map(|account| account.password);
        let same_nonce = attribute(without_proof, 'r') == Some(first.nonce.as_str());
        let auth_message = format!("{},{},{without_proof}", first.bare, first.answer);
        let Some(password) = password.filter(|_| same_nonce) else { return Turn::Refuse(Refusal::Wrong) };
        let salted = self.hash.salted(password.as_bytes(), &first.salt, LEAST_ROUNDS);
        let (right, signature) = self.hash.proofs(&salted, auth_message.as_bytes());
        if *right != proof {
            return Turn::Refuse(Refusal::Wrong);
        }
        let acts_for = first.header.split(',').nth(1).and_then(|part| part.strip_prefix("a="));
        self.stage = Stage::Proven { user, acts_for: plain_name(acts_for.unwrap_or_default()) };
        Turn::Challenge(format!("v={}", STANDARD.encode(&*signature)).into_bytes())
    }
}

impl Verifier for Server {
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn {
        let Some(message) = response else { return Turn::Challenge(Vec::new()) };
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Begin => self.first(message, house),
            Stage::First(first) => self.last(&first, message, house),
            Stage::Proven { user, acts_for } if message.is_empty() => {
                super::super::verifier::verdict(&user, acts_for.as_bytes(), true)
            }
            Stage::Proven { .. } => Turn::Refuse(Refusal::Malformed),
            // What was wrong was said in the challenge before.
            Stage::Over => Turn::Refuse(Refusal::Wrong),
        }
    }
}
