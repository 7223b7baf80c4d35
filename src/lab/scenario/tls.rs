//! `[tls]`: certificates, versions, what clients are asked for, and what goes wrong.

use serde::Deserialize;
use serde::de::Error as _;

use super::value::one;

/// `[tls]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Which certificate it shows.
    pub certificate: ServerCertificate,
    /// The lowest version it speaks.
    pub min_version: TlsVersion,
    /// The highest version it speaks.
    pub max_version: TlsVersion,
    /// Whether it asks clients for a certificate of theirs, and takes those that its own authority issued.
    pub client_cert: ClientCert,
    /// What goes wrong.
    pub fault: TlsFault,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: ServerCertificate::Made(CertificateKind::Good),
            min_version: TlsVersion::V12,
            max_version: TlsVersion::V13,
            client_cert: ClientCert::None,
            fault: TlsFault::None,
        }
    }
}

one! {
    /// Which certificate the server shows.
    pub enum CertificateKind {
        Good = "good",
        SelfSigned = "self-signed",
        Expired = "expired",
        NotYetValid = "not-yet-valid",
        WrongName = "wrong-name",
        WeakKey = "weak-key"
    }
}

/// The certificate that the server shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerCertificate {
    /// One that the lab makes.
    Made(CertificateKind),
    /// The chain, leaf first, and its key, from a PEM file; where it is relative, from beside the scenario's file.
    File(std::path::PathBuf),
}

impl<'de> Deserialize<'de> for ServerCertificate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word.contains(['.', '/', '\\']) {
            return Ok(Self::File(word.into()));
        }
        let word = serde::de::value::StringDeserializer::<D::Error>::new(word);
        CertificateKind::deserialize(word).map(Self::Made)
    }
}

one! {
    /// Whether clients are asked for a certificate.
    pub enum ClientCert { None = "none", Request = "request", Require = "require" }
}

one! {
    /// What goes wrong with TLS.
    pub enum TlsFault {
        None = "none",
        // STARTTLS is offered and answered 454; TLS from the first byte ends with an alert.
        Refuse = "refuse",
        // What follows the 220 is no TLS.
        GarbageAfter220 = "garbage-after-220",
        // Clear text stands behind the 220, and then TLS begins.
        InjectAfter220 = "inject-after-220",
        // The handshake is never answered.
        Hang = "hang",
        // The connection is closed in place of a handshake.
        Close = "close",
        // The listener with TLS from the first byte speaks clear text.
        PlaintextOn465 = "plaintext-on-465"
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    V12,
    /// RFC 8446.
    V13,
}

impl TlsVersion {
    /// The word in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }
}

impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        match word.as_str() {
            "1.2" => Ok(Self::V12),
            "1.3" => Ok(Self::V13),
            "1.0" | "1.1" => Err(D::Error::custom(format!(
                "the lab can't speak TLS {word}: its library has no version older than 1.2 (RFC 8996 forbids them); \
                 fault = ... in [tls] plays a server with which no client can shake hands"
            ))),
            _ => Err(D::Error::custom(format!("there is no TLS {word} in the lab; write \"1.2\" or \"1.3\""))),
        }
    }
}
