//! Saved hosts, how a TARGET is read, where secrets come from.
//!
//! Not here: sockets, screens.

use crate::smtp::Secret;

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host name or address and a port.
    Tcp {
        /// Name, IPv4 or IPv6 (without brackets).
        host: String,
        /// The port.
        port: u16,
    },
    /// The mail exchangers of a domain, port 25.
    Mx(String),
    /// A Unix socket.
    Unix(std::path::PathBuf),
    /// The embedded lab, with a scenario (`default`).
    Lab(String),
}

/// What protocol is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Smtp,
    #[default]
    Esmtp,
    Lmtp,
}

/// What `make ready` does about TLS; `Implicit` is done on connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// No TLS.
    None,
    /// STARTTLS where offered.
    #[default]
    Starttls,
    /// STARTTLS, or no mail.
    Require,
    /// TLS from the first byte.
    Implicit,
}

/// Everything that a connection and a replay need to know of the other side.
#[derive(Debug, Clone)]
pub struct Target {
    /// As typed, for titles and headers.
    pub name: String,
    /// How it was read, in words: `profile noddy: mx.noddy.com:25`.
    pub reading: String,
    /// The profile's name, where it came from one.
    pub profile: Option<String>,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// What protocol is meant.
    pub protocol: Protocol,
    /// What about TLS.
    pub tls: TlsMode,
    /// Whether the certificate is verified.
    pub verify: bool,
    /// A PEM file of further authorities.
    pub ca: Option<std::path::PathBuf>,
    /// The name to ask for and to verify, where it is not the host.
    pub sni: Option<String>,
    /// Whether a real message needs an explicit yes.
    pub production: bool,
    /// The name to greet with.
    pub ehlo: Option<String>,
    /// The reverse-path to offer.
    pub from: Option<String>,
    /// The forward-paths to offer.
    pub to: Vec<String>,
    /// Who logs in, and where the password comes from.
    pub auth: Option<Auth>,
    /// Time-out of one connection attempt, milliseconds.
    pub connect_timeout: Option<u64>,
    /// Time-out of each reply, milliseconds, instead of the phase's own.
    pub reply_timeout: Option<u64>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The user.
    pub user: String,
    /// `auto` or a mechanism.
    pub mechanism: String,
    /// Clear-text mechanisms without TLS are allowed.
    pub allow_plaintext: bool,
    /// Where the password comes from.
    pub password: SecretSource,
}

/// Where a secret comes from. Never the file itself.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// An environment variable.
    Environment(String),
    /// The first line of a command's output.
    Command(String),
    /// Asked for.
    Prompt,
    /// Known already (the lab's public passwords).
    Known(Secret),
}
