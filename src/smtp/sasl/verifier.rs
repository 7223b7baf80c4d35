//! The server's side of an exchange: what the lab checks logins with.

/// The server's side of one exchange. Sans-IO: responses in, turns out.
pub trait Verifier: Send + std::fmt::Debug {
    /// Takes a response, decoded; none where AUTH came without an initial response.
    fn step(&mut self, response: Option<&[u8]>, house: &Premises<'_>) -> Turn;
}

/// What a server does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// 334 with this challenge (not yet base64).
    Challenge(Vec<u8>),
    /// The user has logged in.
    Accept(String),
    /// The login is refused.
    Refuse(Refusal),
}

/// Why a login is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong user, password, token or certificate.
    Wrong,
    /// The message is not what the mechanism has it be.
    Malformed,
    /// The mechanism has no initial response (RFC 4954 4).
    NoInitial,
}

/// What a server knows of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The password.
    pub password: &'a str,
    /// The token, where there is one.
    pub token: Option<&'a str>,
}

/// What a server knows at the moment of a login.
pub struct Premises<'a> {
    /// Its name.
    pub name: &'a str,
    /// Random printable text without a comma, new for each exchange.
    pub nonce: &'a str,
    /// `tls-server-end-point` of this connection (RFC 5929 4).
    pub binding: Option<&'a [u8]>,
    /// A mechanism that binds to it is offered.
    pub bound_offered: bool,
    /// Who the client is by the certificate it has shown.
    pub certified: Option<&'a str>,
    /// Who may use this mechanism, by name.
    pub account: &'a dyn Fn(&str) -> Option<Account<'a>>,
}

impl Premises<'_> {
    /// Whether a user, who acts for nobody else, has given the right password.
    pub(super) fn judged(&self, user: &str, acts_for: &[u8], password: &[u8]) -> Turn {
        let right = (self.account)(user).is_some_and(|account| account.password.as_bytes() == password);
        verdict(user, acts_for, right)
    }
}

/// The end of an exchange: nobody acts for somebody else here.
pub(super) fn verdict(user: &str, acts_for: &[u8], right: bool) -> Turn {
    let own = acts_for.is_empty() || acts_for == user.as_bytes();
    if right && own { Turn::Accept(user.to_owned()) } else { Turn::Refuse(Refusal::Wrong) }
}
