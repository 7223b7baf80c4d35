//! The mechanisms that are spoken here, in one table: strength, what they want, what they show.

use super::{Around, Credentials, Mechanism, Verifier};
use super::{anonymous, cram_md5, external, login, oauthbearer, plain, scram, xoauth2};

/// What a mechanism wants of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    /// A password.
    #[default]
    Password,
    /// A token (RFC 6750).
    Token,
    /// A certificate that was shown in the TLS handshake.
    Certificate,
    /// Nothing.
    Nothing,
}

/// What is known of a mechanism.
#[derive(Debug)]
pub struct Known {
    /// Its registered name.
    pub name: &'static str,
    /// What it wants.
    pub proof: Proof,
    /// Whoever reads the line reads the secret.
    pub shows_secret: bool,
    /// It is tied to the TLS connection below it (RFC 5802 6).
    pub bound: bool,
    /// The client speaks first: the command may carry an initial response.
    pub client_first: bool,
    /// How many challenges it answers after the command, where all goes well.
    pub challenges: usize,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Where it is defined.
    pub reference: &'static str,
    /// The client's side.
    pub(super) client: fn(&'static str, Credentials, Around) -> Box<dyn Mechanism>,
    /// The server's side.
    pub(super) server: fn(&'static str) -> Box<dyn Verifier>,
}

/// All of them, the strongest first; those for another kind of proof stand where they would for a password.
pub const MECHANISMS: &[Known] = &[
    scram::SHA_256_PLUS,
    scram::SHA_256,
    scram::SHA_1_PLUS,
    scram::SHA_1,
    cram_md5::KNOWN,
    oauthbearer::KNOWN,
    xoauth2::KNOWN,
    external::KNOWN,
    plain::KNOWN,
    login::KNOWN,
    anonymous::KNOWN,
];

/// The mechanism of this name, in any case.
#[must_use]
pub fn known(name: &str) -> Option<&'static Known> {
    MECHANISMS.iter().find(|known| known.name.eq_ignore_ascii_case(name))
}

/// The names of all, the strongest first.
pub fn names() -> impl Iterator<Item = &'static str> {
    MECHANISMS.iter().map(|known| known.name)
}

/// The names in a row, for messages.
pub(super) fn listed() -> String {
    names().collect::<Vec<_>>().join(", ")
}

/// The offered mechanisms that are spoken here, the strongest first.
pub fn speakable(offered: &[String]) -> impl Iterator<Item = &'static Known> {
    MECHANISMS.iter().filter(|known| offered.iter().any(|name| name.eq_ignore_ascii_case(known.name)))
}

/// The strongest of the offered mechanisms for this kind of proof; `bindable` where the TLS connection can be bound to.
#[must_use]
pub fn strongest(offered: &[String], proof: Proof, bindable: bool) -> Option<&'static Known> {
    speakable(offered).find(|known| known.proof == proof && (bindable || !known.bound))
}

impl Known {
    /// The server's side of a new exchange.
    #[must_use]
    pub fn verifier(&self) -> Box<dyn Verifier> {
        (self.server)(self.name)
    }
}
