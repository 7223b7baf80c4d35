//! From a target to what the client dials.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::client::{Endpoint as Place, Identity, IdentityError, Options, Route, TlsOptions};
use crate::conversation::certificate::Certificate;
use crate::profile::{ClientCert, Endpoint, SecretSource, Target, TlsMode};
use crate::smtp::Secret;

/// For one connection attempt, where nothing else is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a target can't be dialled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The file of further authorities can't be read.
    #[error("the certificate authorities in {path} can't be read: {source}", path = path.display())]
    Authorities {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file of further authorities holds none.
    #[error("the certificate authorities in {path}: it holds no certificate in PEM (-----BEGIN CERTIFICATE-----) that can be \
             read", path = path.display())]
    NoAuthority {
        /// The file.
        path: std::path::PathBuf,
    },
    /// The certificate to show, or its key, can't be read.
    #[error("the certificate to show can't be read: {path}: {source}", path = path.display())]
    ClientCertificate {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate to show can't be used.
    #[error("the certificate to show, {path}: {source}", path = path.display())]
    Identity {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: IdentityError,
    },
    /// What opens its key is not known ([`Target::unlock`]).
    #[error("what opens the key of the certificate to show was not fetched")]
    Locked,
    /// The lab has to be started first, and stand in the target by its address ([`Target::lab_listens`]).
    #[error("the lab is not running")]
    LabNotStarted,
}

/// What the client needs to dial a target. `roots` are further authorities in PEM, such as the lab's own; the target's
/// `ca` file is read here and added.
///
/// # Errors
/// A `ca` file that can't be read or holds no certificate; a lab that has not been started.
pub fn options(target: &Target, mut roots: Vec<String>) -> Result<Options, DialError> {
    if let Some(path) = &target.ca {
        let pem =
            std::fs::read_to_string(path).map_err(|source| DialError::Authorities { path: path.clone(), source })?;
        let authorities = certificates(&pem).ok_or_else(|| DialError::NoAuthority { path: path.clone() })?;
        roots.extend(authorities);
    }
    let identity = target.client_cert.as_ref().map(identity).transpose()?;
    let endpoint = match &target.endpoint {
        Endpoint::Tcp { host, port } => Place::Tcp { host: host.clone(), port: *port },
        Endpoint::Mx(domain) => Place::Mx(domain.clone()),
        Endpoint::Unix(path) => Place::Unix(path.clone()),
        Endpoint::Pipe(command) => Place::Pipe(command.clone()),
        Endpoint::Stdio => Place::Stdio,
        Endpoint::Lab(_) => return Err(DialError::LabNotStarted),
    };
    Ok(Options {
        inspect: true,
        endpoint,
        protocol: target.protocol,
        tls: TlsOptions {
            implicit: target.tls == TlsMode::Implicit,
            verify: target.verify,
            roots,
            name: target.sni.clone(),
            verify_name: target.verify_name.clone(),
            versions: target.tls_versions,
            identity,
        },
        bind: target.bind,
        connect_timeout: target.connect_timeout.map_or(CONNECT_TIMEOUT, Duration::from_millis),
        reply_timeout: target.reply_timeout.map(Duration::from_millis),
        route: Route { proxy: target.proxy.clone(), announcement: target.announcement, raw_header: None },
        total_timeout: target.total_timeout.map(Duration::from_millis),
        spent: Duration::ZERO,
        // A script says itself what is sent; the workbench takes it from the target.
        keep_alive: None,
        remember: true,
        accept_offer: false,
        relayed: false,
    })
}

/// The certificates of a bundle, each by itself, since the TLS library takes one at a time. None where there is none, or
/// one of them is damaged.
fn certificates(pem: &str) -> Option<Vec<String>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut all = Vec::new();
    for block in pem.split(BEGIN).skip(1) {
        let (body, _) = block.split_once(END)?;
        let base64: String = body.split_whitespace().collect();
        Certificate::parse(&STANDARD.decode(base64).ok()?)?;
        all.push(format!("{BEGIN}{body}{END}\n"));
    }
    (!all.is_empty()).then_some(all)
}

fn identity(own: &ClientCert) -> Result<Identity, DialError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| DialError::ClientCertificate { path: path.to_owned(), source })
    };
    let password = match &own.password {
        None => Secret::new(Vec::new()),
        Some(SecretSource::Known(secret)) => secret.clone(),
        Some(_) => return Err(DialError::Locked),
    };
    let key = own.key.as_deref().map(read).transpose()?.map(Secret::new);
    Identity::read(&read(&own.certificate)?, key.as_ref().map(Secret::expose), &password)
        .map_err(|source| DialError::Identity { path: own.certificate.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profiles;

    #[test]
    fn a_target_becomes_what_the_client_dials() {
        let target = Target::read("smtps://mx.noddy.com", &Profiles::shipped()).expect("a target");
        let options = options(&target, vec!["PEM".to_owned()]).expect("can be dialled");
        assert_eq!(options.endpoint, Place::Tcp { host: "mx.noddy.com".into(), port: 465 });
        assert!(options.tls.implicit && options.tls.verify);
        assert_eq!(options.tls.roots, ["PEM"]);
    }

    #[test]
    fn authorities_are_all_of_a_bundle_and_none_is_said() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("ca.pem");
        let mut target = Target::read("mx.noddy.com", &Profiles::shipped()).expect("a target");
        target.ca = Some(path.clone());
        let key = rcgen::KeyPair::generate().expect("a key");
        let one = |name: &str| {
            let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
            parameters.self_signed(&key).expect("a certificate").pem()
        };
        std::fs::write(&path, format!("{}# b\n{}", one("a"), one("b"))).expect("written");
        assert_eq!(options(&target, Vec::new()).expect("two").tls.roots.len(), 2);
        for none in [key.serialize_pem(), one("a").replace("MII", "AAA"), String::new()] {
            std::fs::write(&path, none).expect("written");
            assert!(matches!(options(&target, Vec::new()), Err(DialError::NoAuthority { .. })));
        }
    }

    #[test]
    fn the_lab_is_dialled_by_its_address() {
        let mut target = Target::read("lab:", &Profiles::shipped()).expect("a target");
        assert!(matches!(options(&target, Vec::new()), Err(DialError::LabNotStarted)));
        target.lab_listens("127.0.0.1:4025".parse().expect("an address"));
        let options = options(&target, Vec::new()).expect("can be dialled");
        assert_eq!(options.endpoint, Place::Tcp { host: "127.0.0.1".into(), port: 4025 });
    }
}
