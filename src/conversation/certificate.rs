//! A certificate as people ask about it, and what speaks against it, in words.
//!
//! Pure: the octets, a name and the time come in. Whether an authority is trusted is for the TLS library to say; its
//! verdict comes in too.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::{Kind, Log};

/// A certificate, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for, as one line.
    pub subject: String,
    /// Who issued it, as one line.
    pub issuer: String,
    /// The names and addresses it is for (subject alternative names; the common name where there are none).
    pub names: Vec<String>,
    /// The first moment at which it is valid.
    pub not_before: Timestamp,
    /// The last.
    pub not_after: Timestamp,
    /// The key's kind and size: `EC 256 bits`, `RSA 2048 bits`.
    pub key: String,
    /// The algorithm of its signature.
    pub signature: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// SHA-256 of the whole, hexadecimal in pairs.
    pub fingerprint: String,
    /// Subject and issuer are the same.
    pub self_issued: bool,
}

impl Certificate {
    /// Understands a certificate in DER; none where it is not one.
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, cert) = X509Certificate::from_der(der).ok()?;
        let common = cert.subject().iter_common_name().find_map(|name| name.as_str().ok()).map(str::to_owned);
        let mut names: Vec<String> = cert
            .subject_alternative_name()
            .ok()
            .flatten()
            .map(|extension| extension.value.general_names.iter().filter_map(name).collect())
            .unwrap_or_default();
        if names.is_empty() {
            names.extend(common);
        }
        let digest = Sha256::digest(der);
        let pairs: Vec<String> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
        Some(Self {
            subject: cert.subject().to_string(),
            issuer: cert.issuer().to_string(),
            names,
            not_before: Timestamp::from_second(cert.validity().not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(cert.validity().not_after.timestamp()).ok()?,
            key: key(&cert),
            signature: signature(&cert),
            serial: cert.raw_serial_as_string(),
            fingerprint: pairs.join(":"),
            self_issued: cert.subject().as_raw() == cert.issuer().as_raw(),
        })
    }

    /// Whole days until it ends; negative where it has.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_second() - now.as_second()).div_euclid(86_400)
    }

    /// Whether it is for this name or address (RFC 6125 6.4: one `*` as the whole first label).
    #[must_use]
    pub fn covers(&self, wanted: &str) -> bool {
        let address = wanted.parse::<IpAddr>().ok();
        self.names.iter().any(|name| match address {
            Some(address) => name.parse() == Ok(address),
            None => matches(name, wanted),
        })
    }
}

fn matches(pattern: &str, wanted: &str) -> bool {
    let (pattern, wanted) = (pattern.trim_end_matches('.'), wanted.trim_end_matches('.'));
    match pattern.strip_prefix("*.") {
        Some(rest) => {
            wanted.split_once('.').is_some_and(|(label, tail)| !label.is_empty() && tail.eq_ignore_ascii_case(rest))
        }
        None => pattern.eq_ignore_ascii_case(wanted),
    }
}

fn name(general: &GeneralName<'_>) -> Option<String> {
    match general {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => <[u8; 4]>::try_from(*octets).ok().map(|o| IpAddr::from(o).to_string()),
            16 => <[u8; 16]>::try_from(*octets).ok().map(|o| IpAddr::from(o).to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn key(cert: &X509Certificate<'_>) -> String {
    match cert.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {} bits", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("EC {} bits", point.key_size()),
        Ok(PublicKey::DSA(_)) => "DSA".to_owned(),
        _ => match cert.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            "1.3.101.113" => "Ed448".to_owned(),
            other => format!("key of kind {other}"),
        },
    }
}

fn signature(cert: &X509Certificate<'_>) -> String {
    let id = cert.signature_algorithm.algorithm.to_id_string();
    match id.as_str() {
        "1.2.840.113549.1.1.4" => "MD5 with RSA",
        "1.2.840.113549.1.1.5" => "SHA-1 with RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "SHA-256 with RSA",
        "1.2.840.113549.1.1.12" => "SHA-384 with RSA",
        "1.2.840.113549.1.1.13" => "SHA-512 with RSA",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        _ => return id,
    }
    .to_owned()
}

/// What a login is bound to by `tls-server-end-point` (RFC 5929 4.1): the hash of the server's certificate, by the hash
/// of its signature, but SHA-256 in place of MD5 and SHA-1. None where that is not defined.
#[must_use]
pub fn end_point(der: &[u8]) -> Option<Vec<u8>> {
    let (_, cert) = X509Certificate::from_der(der).ok()?;
    match cert.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => Some(Sha256::digest(der).to_vec()),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(Sha384::digest(der).to_vec()),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Some(Sha512::digest(der).to_vec()),
        _ => None,
    }
}

/// The certificate that the server of the connection at the end of a log has shown, DER.
#[must_use]
pub fn shown(log: &Log) -> Option<Vec<u8>> {
    let mut leaf = None;
    for remark in log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark()) {
        match (remark.word.as_str(), remark.get("n")) {
            ("connecting", _) => leaf = None,
            ("certificate", Some("0")) => leaf = remark.get("der").and_then(|der| STANDARD.decode(der).ok()),
            _ => {}
        }
    }
    leaf
}

/// Something that speaks against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// It ended.
    Expired(Timestamp),
    /// It has not begun.
    NotYetValid(Timestamp),
    /// It is for other names.
    WrongName {
        /// The name that was asked for.
        wanted: String,
        /// The names that it has.
        has: Vec<String>,
    },
    /// It vouches for itself.
    SelfSigned,
    /// Its issuer is not known here, or did not send its own certificate along.
    UnknownIssuer(String),
    /// Something else that the library says.
    Other(String),
}

impl TlsFault {
    /// The fault in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Expired(on) => format!("it expired on {}", on.strftime("%Y-%m-%d %H:%M UTC")),
            Self::NotYetValid(from) => format!("it is not valid before {}", from.strftime("%Y-%m-%d %H:%M UTC")),
            Self::WrongName { wanted, has } if has.is_empty() => {
                format!("it is not for {wanted}: it has no names at all")
            }
            Self::WrongName { wanted, has } => {
                let shown: Vec<&str> = has.iter().take(8).map(String::as_str).collect();
                let more = if has.len() > 8 { format!(" and {} more", has.len() - 8) } else { String::new() };
                format!("it is not for {wanted}: it is for {}{more}", shown.join(", "))
            }
            Self::SelfSigned => "it is self-signed: nobody else vouches for it".to_owned(),
            Self::UnknownIssuer(issuer) => format!("its issuer is not known here: {issuer}"),
            Self::Other(words) => words.clone(),
        }
    }
}

/// What speaks against a certificate by its own contents, for a name at a time.
#[must_use]
pub fn faults(certificate: &Certificate, name: &str, now: Timestamp) -> Vec<TlsFault> {
    let mut faults = Vec::new();
    if now > certificate.not_after {
        faults.push(TlsFault::Expired(certificate.not_after));
    }
    if now < certificate.not_before {
        faults.push(TlsFault::NotYetValid(certificate.not_before));
    }
    if !certificate.covers(name) {
        faults.push(TlsFault::WrongName { wanted: name.to_owned(), has: certificate.names.clone() });
    }
    faults
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made() -> Certificate {
        let names = vec!["mx.target.local".to_owned(), "*.target.local".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "mx.target.local");
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 3, 1);
        let cert = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::parse(cert.der()).expect("a certificate")
    }

    #[test]
    fn what_people_ask_about_is_there() {
        let cert = made();
        assert!(cert.subject.contains("mx.target.local"), "{}", cert.subject);
        assert_eq!(cert.names, ["mx.target.local", "*.target.local", "127.0.0.1"]);
        assert_eq!((cert.key.as_str(), cert.signature.as_str()), ("EC 256 bits", "ECDSA with SHA-256"));
        assert_eq!(cert.fingerprint.len(), 95);
        assert!(cert.self_issued);
        assert_eq!(cert.days_left("2026-02-27T12:00:00Z".parse().unwrap()), 1);
        assert_eq!(cert.days_left("2026-03-01T12:00:00Z".parse().unwrap()), -1);
    }

    #[test]
    fn names_are_compared_as_rfc_6125_has_it() {
        let cert = made();
        for (name, want) in [
            ("MX.target.local", true),
            ("a.target.local", true),
            ("a.b.target.local", false),
            ("target.local", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
        ] {
            assert_eq!(cert.covers(name), want, "{name}");
        }
    }

    #[test]
    fn faults_are_said_with_what_they_rest_on() {
        let words = |name: &str, now: &str| -> Vec<String> {
            faults(&made(), name, now.parse().unwrap()).iter().map(TlsFault::words).collect()
        };
        assert_eq!(words("mx.target.local", "2026-02-01T00:00:00Z"), Vec::<String>::new());
        assert_eq!(
            words("other.example", "2026-11-24T00:00:00Z"),
            [
                "it expired on 2026-03-01 00:00 UTC",
                "it is not for other.example: it is for mx.target.local, *.target.local, 127.0.0.1"
            ]
        );
        assert_eq!(words("127.0.0.1", "2025-12-31T00:00:00Z"), ["it is not valid before 2026-01-01 00:00 UTC"]);
    }

    #[test]
    fn a_login_is_bound_to_the_hash_of_the_certificate_that_was_shown_last() {
        let params = CertificateParams::new(vec!["mx".to_owned()]).unwrap();
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        assert_eq!(end_point(&der), Some(Sha256::digest(&der).to_vec()));
        let line = format!("* certificate n=0 der={}", STANDARD.encode(&der));
        let connected = format!("* connecting a\n* connected a\n{line}\n* certificate n=1 der=AAAA\n");
        assert_eq!(shown(&super::super::sample::log(&connected)), Some(der));
        assert_eq!(shown(&super::super::sample::log(&format!("{connected}* closed by=server\n* connecting a"))), None);
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(end_point(b"\x30\x03abc"), None);
        assert_eq!(Certificate::parse(b"\x30\x03abc"), None);
    }
}
