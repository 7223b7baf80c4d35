//! The lab's own authority, kept in the state directory, and the certificates that it issues.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::lab::scenario::CertificateKind;
use crate::private;
use crate::world::World;

const DAY: u64 = 86_400;
const YEARS_TEN: u64 = 3650 * DAY;

/// The authority: its key, and its certificate as PEM.
pub(super) struct Authority {
    pub(super) key: KeyPair,
    pub(super) pem: String,
}

impl Authority {
    /// Reads it from a directory, or makes it there at first use and when it has run out.
    pub(super) fn load(directory: &Path, world: &World) -> io::Result<Self> {
        private::create_folder(directory)?;
        // Two labs may start at once; the second waits and finds what the first one made.
        let lock = private::file().write(true).create(true).truncate(true).open(directory.join("lock"))?;
        lock.lock()?;
        let both = directory.join("ca-key.pem");
        let found = match fs::read_to_string(&both) {
            Ok(text) => Self::read(&text, world.now()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let authority = if let Some(authority) = found {
            authority
        } else {
            let made = Self::make(world.now()).map_err(io::Error::other)?;
            private::replace(&both, format!("{}{}", made.key.serialize_pem(), made.pem).as_bytes())?;
            made
        };
        let public = directory.join("ca.pem");
        if fs::read_to_string(&public).ok().as_deref() != Some(&authority.pem) {
            private::replace(&public, authority.pem.as_bytes())?;
        }
        Ok(authority)
    }

    /// Reads key and certificate from one text; none where they are damaged or not valid for another month.
    fn read(text: &str, now: Timestamp) -> Option<Self> {
        let at = text.find("-----BEGIN CERTIFICATE-----")?;
        let (key, pem) = (KeyPair::from_pem(&text[..at]).ok()?, &text[at..]);
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
        let validity = certificate.validity();
        let now = now.as_second();
        let month = i64::try_from(30 * DAY).ok()?;
        let good = validity.not_before.timestamp() <= now && now + month < validity.not_after.timestamp();
        good.then(|| Self { key, pem: pem.to_owned() })
    }

    pub(super) fn make(now: Timestamp) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let pem = authority_params(now).self_signed(&key)?.pem();
        Ok(Self { key, pem })
    }

    /// A certificate of the wanted kind for a server, with the chain that it shows.
    pub(super) fn certify(
        &self,
        name: &str,
        kind: CertificateKind,
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = leaf_params(name, kind, now)?;
        let (leaf, issued): (Certificate, bool) = if kind == CertificateKind::SelfSigned {
            (params.self_signed(&key)?, false)
        } else {
            let issuer = authority_params(now);
            (params.signed_by(&key, &Issuer::from_params(&issuer, &self.key))?, true)
        };
        let mut chain = vec![leaf.der().clone()];
        if issued && let Ok(authority) = CertificateDer::from_pem_slice(self.pem.as_bytes()) {
            chain.push(authority);
        }
        Ok((chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

/// The certificate of a client, and its key.
pub(super) struct Issued {
    /// PEM.
    pub(super) certificate: PathBuf,
    /// PEM, PKCS#8.
    pub(super) key: PathBuf,
}

impl Authority {
    /// A certificate for a user of the lab, written into a directory beside the authority.
    pub(super) fn issue(&self, user: &str, directory: &Path, now: Timestamp) -> io::Result<Issued> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(user);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, now, 1, 91 * DAY);
        let own = authority_params(now);
        let made = params.signed_by(&key, &Issuer::from_params(&own, &self.key)).map_err(io::Error::other)?;
        let issued = Issued {
            certificate: directory.join(format!("client-{user}.pem")),
            key: directory.join(format!("client-{user}-key.pem")),
        };
        private::replace(&issued.certificate, made.pem().as_bytes())?;
        private::replace(&issued.key, key.serialize_pem().as_bytes())?;
        Ok(issued)
    }
}

fn authority_params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("ehlo lab authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    set_validity(&mut params, now, 1, YEARS_TEN);
    params
}

fn leaf_params(name: &str, kind: CertificateKind, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let wrong = kind == CertificateKind::WrongName;
    let name = if wrong { "other.example" } else { name };
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::DnsName(name.try_into()?)];
    if !wrong {
        params.subject_alt_names.extend([
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ]);
    }
    params.distinguished_name = named(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    match kind {
        CertificateKind::Expired => set_validity(&mut params, now, 90, 60 * DAY),
        CertificateKind::NotYetValid => {
            set_validity(&mut params, now, 0, 120 * DAY);
            params.not_before += Duration::from_secs(30 * DAY);
        }
        _ => set_validity(&mut params, now, 1, 91 * DAY),
    }
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// From so many days ago, for so many seconds.
fn set_validity(params: &mut CertificateParams, now: Timestamp, days_ago: u64, seconds: u64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = u64::try_from(now.as_second()).unwrap_or_default();
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(days_ago * DAY));
    params.not_after = params.not_before + Duration::from_secs(seconds);
}
