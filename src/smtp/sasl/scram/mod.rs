//! SCRAM-SHA-1 and SCRAM-SHA-256, plain and bound to TLS (RFC 5802, RFC 7677; `tls-server-end-point` of RFC 5929).
//!
//! Neither side sends the password, and each proves to the other that it knows it.

mod client;
mod server;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Known, Proof};

/// Rounds that a server must ask for at least (RFC 7677 4).
pub(super) const LEAST_ROUNDS: u32 = 4096;
/// Rounds beyond which it is a server that keeps its clients busy.
const MOST_ROUNDS: u32 = 1_000_000;

/// What all four have in common.
const PATTERN: Known = Known {
    name: "",
    proof: Proof::Password,
    shows_secret: false,
    bound: false,
    client_first: true,
    challenges: 2,
    about: "each side proves to the other that it knows the password, and neither sends it",
    reference: "RFC 7677",
    client: |name, who, around| Box::new(client::Scram::new(name, Hash::Sha256, who, around)),
    server: |_| Box::new(server::Server::new(Hash::Sha256, false)),
};

const BOUND: &str =
    "each side proves to the other that it knows the password, and that nobody sits between them in the TLS line";

pub(super) const SHA_256: Known = Known { name: "SCRAM-SHA-256", ..PATTERN };

pub(super) const SHA_256_PLUS: Known = Known {
    name: "SCRAM-SHA-256-PLUS",
    bound: true,
    about: BOUND,
    server: |_| Box::new(server::Server::new(Hash::Sha256, true)),
    ..PATTERN
};

pub(super) const SHA_1: Known = Known {
    name: "SCRAM-SHA-1",
    reference: "RFC 5802",
    client: |name, who, around| Box::new(client::Scram::new(name, Hash::Sha1, who, around)),
    server: |_| Box::new(server::Server::new(Hash::Sha1, false)),
    ..PATTERN
};

pub(super) const SHA_1_PLUS: Known = Known {
    name: "SCRAM-SHA-1-PLUS",
    bound: true,
    about: BOUND,
    server: |_| Box::new(server::Server::new(Hash::Sha1, true)),
    ..SHA_1
};

/// Octets that must not be left lying in memory.
type Octets = Zeroizing<Vec<u8>>;

/// The hash that a mechanism is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn sum(self, text: &[u8]) -> Octets {
        Zeroizing::new(match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        })
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Octets {
        const ANY: &str = "HMAC takes keys of any length";
        Zeroizing::new(match self {
            Self::Sha1 => {
                Hmac::<Sha1>::new_from_slice(key).expect(ANY).chain_update(text).finalize().into_bytes().to_vec()
            }
            Self::Sha256 => {
                Hmac::<Sha256>::new_from_slice(key).expect(ANY).chain_update(text).finalize().into_bytes().to_vec()
            }
        })
    }

    /// The salted password (RFC 5802 2.2, `Hi`).
    fn salted(self, password: &[u8], salt: &[u8], rounds: u32) -> Octets {
        let prepared = std::str::from_utf8(password).ok().and_then(|text| stringprep::saslprep(text).ok());
        let prepared = Zeroizing::new(prepared.map_or_else(|| password.to_vec(), |text| text.as_bytes().to_vec()));
        let mut out = Zeroizing::new(vec![0; if self == Self::Sha1 { 20 } else { 32 }]);
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(&prepared, salt, rounds, &mut out),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(&prepared, salt, rounds, &mut out),
        }
        out
    }

    /// The client's proof and the server's signature (RFC 5802 3).
    fn proofs(self, salted: &[u8], auth_message: &[u8]) -> (Octets, Octets) {
        let client_key = self.mac(salted, b"Client Key");
        let client_signature = self.mac(&self.sum(&client_key), auth_message);
        let proof = client_key.iter().zip(client_signature.iter()).map(|(a, b)| a ^ b).collect();
        let server_signature = self.mac(&self.mac(salted, b"Server Key"), auth_message);
        (Zeroizing::new(proof), server_signature)
    }
}

/// A name as it stands in a message: `,` and `=` are escaped (RFC 5802 5.1).
pub(super) fn name(text: &str) -> String {
    let prepared = stringprep::saslprep(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned);
    prepared.replace('=', "=3D").replace(',', "=2C")
}

/// A name as it was before that.
pub(super) fn plain_name(text: &str) -> String {
    text.replace("=2C", ",").replace("=3D", "=")
}

/// The value of an attribute of a message: `r` in `n=user,r=nonce`.
pub(super) fn attribute(message: &str, letter: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(letter)?.strip_prefix('='))
}

/// What an error of the server's means (RFC 5802 7).
pub(super) fn error_words(error: &str) -> &'static str {
    match error {
        "invalid-proof" => "the proof does not fit: the password is wrong",
        "unknown-user" => "there is no such user",
        "channel-bindings-dont-match" => {
            "the TLS connection that the server sees is not the one seen here: somebody may sit in between"
        }
        "server-does-support-channel-binding" => {
            "the server does offer a -PLUS mechanism, and the list that came here did not name one: somebody may have \
             taken it out"
        }
        "channel-binding-not-supported" => "the server can't bind a login to the TLS connection",
        "unsupported-channel-binding-type" => {
            "the server does not know tls-server-end-point; the mechanism without -PLUS may do"
        }
        "invalid-encoding" | "invalid-username-encoding" => "a name or value is not encoded as it must be",
        "extensions-not-supported" => "the server does not know an extension that was asked for",
        "no-resources" => "the server can't spare what the login takes; later, perhaps",
        _ => "the server refuses without a reason",
    }
}

#[cfg(test)]
mod tests;
