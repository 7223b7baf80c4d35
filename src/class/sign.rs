//! Results signed with the class's key (Ed25519, RFC 8032).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::export::sum;
use super::settings::Settings;

/// Something with its signature. What is signed is its JSON on one line with keys in the order of the alphabet, without
/// `key` and `signature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// What.
    #[serde(flatten)]
    pub what: T,
    /// The public key, base64.
    pub key: String,
    /// The signature, base64.
    pub signature: String,
}

fn octets<T: Serialize>(what: &T) -> Vec<u8> {
    // A value of serde_json keeps its keys in the order of the alphabet.
    serde_json::to_value(what).and_then(|value| serde_json::to_vec(&value)).expect("plain data")
}

fn pair(settings: &Settings) -> Ed25519KeyPair {
    let mut mac = Hmac::<Sha256>::new_from_slice(&settings.secret).expect("any length is a key");
    mac.update(b"signatures");
    let seed: [u8; 32] = mac.finalize().into_bytes().into();
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 octets are a seed")
}

/// Signs with the class's key.
#[must_use]
pub fn sign<T: Serialize>(settings: &Settings, what: T) -> Signed<T> {
    let pair = pair(settings);
    let signature = STANDARD.encode(pair.sign(&octets(&what)));
    Signed { what, key: STANDARD.encode(pair.public_key()), signature }
}

/// What a class's key is known by, to be compared by eye.
#[must_use]
pub fn fingerprint(settings: &Settings) -> String {
    words_of(pair(settings).public_key().as_ref())
}

fn words_of(key: &[u8]) -> String {
    let sum = sum(key);
    sum.as_bytes()[..24].chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect::<Vec<_>>().join(" ")
}

impl<T: Serialize> Signed<T> {
    /// Whether the signature is that of the key which stands beside it.
    #[must_use]
    pub fn holds(&self) -> bool {
        let (Ok(key), Ok(signature)) = (STANDARD.decode(&self.key), STANDARD.decode(&self.signature)) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key).verify(&octets(&self.what), &signature).is_ok()
    }

    /// What the key is known by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        words_of(&STANDARD.decode(&self.key).unwrap_or_default())
    }
}
