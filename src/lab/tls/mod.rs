//! The server's side of TLS: what a scenario asks for, made ready for handshakes.

mod authority;
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
mod weak;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{ProtocolVersion, RootCertStore, ServerConfig, crypto, version};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::LabError;
use super::regular;
use super::scenario::{CertificateKind, ClientCert, Scenario, ServerCertificate, TlsVersion};
use super::session::Secured;
use crate::conversation::certificate::end_point;
use crate::world::World;
use authority::Authority;

/// What the listeners need for TLS, and what a client needs to trust them.
pub(super) struct Prepared {
    pub(super) server: Arc<Server>,
    pub(super) ca: String,
    /// Where the authority is kept, or why it is not: it then lasts as long as this lab.
    pub(super) kept: io::Result<PathBuf>,
    /// Certificates for clients: the user, the file of the certificate and that of its key.
    pub(super) clients: Vec<(String, PathBuf, PathBuf)>,
}

/// A line in TLS, by whichever library.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {
    /// The connection below it.
    fn below(&self) -> &TcpStream;
}

impl Line for tokio_rustls::server::TlsStream<TcpStream> {
    fn below(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// The server's side of a handshake.
#[derive(Clone)]
pub(super) struct Server {
    how: How,
    /// What a login can be bound to: `tls-server-end-point` (RFC 5929 4).
    end_point: Option<Vec<u8>>,
}

#[derive(Clone)]
enum How {
    Rustls(TlsAcceptor),
    /// A key that rustls does not take.
    #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
    Weak(weak::Acceptor),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    /// Shakes hands; gives the line and what it came to, with version and cipher for the record. None where it failed.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<(Box<dyn Line>, Secured, [String; 2])> {
        let (line, version, cipher, certified): (Box<dyn Line>, _, _, _) = match &self.how {
            How::Rustls(acceptor) => {
                let stream = acceptor.accept(stream).await.ok()?;
                let (_, state) = stream.get_ref();
                let version = match state.protocol_version() {
                    Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                    Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                    _ => "TLS",
                };
                let cipher = state.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
                let cipher = cipher.unwrap_or_default().replace("TLS13_", "TLS_");
                let certified = state.peer_certificates().and_then(|chain| holder(chain.first()?));
                (Box::new(stream), version.to_owned(), cipher, certified)
            }
            #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
            How::Weak(acceptor) => {
                let (stream, version, cipher) = acceptor.accept(stream).await?;
                (Box::new(stream), version, cipher, None)
            }
        };
        let words = format!("{version} {cipher}");
        let secured = Secured { words, end_point: self.end_point.clone(), certified };
        Some((line, secured, [version, cipher]))
    }
}

/// Whose certificate this is: its common name.
fn holder(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    certificate.subject().iter_common_name().find_map(|name| name.as_str().ok()).map(str::to_owned)
}

/// Loads or makes the authority, and makes the server's certificate.
pub(super) fn prepare(scenario: &Scenario, world: &World) -> Result<Prepared, LabError> {
    let directory = world.directories.state.join("lab");
    let name = &scenario.server.name;
    let failed = |reason: String| LabError::Certificate { name: name.clone(), reason };
    let (authority, kept) = match Authority::load(&directory, world) {
        Ok(authority) => (authority, Ok(directory.join("ca.pem"))),
        // A lab inside the workbench hands its authority over in memory; only other clients need the file.
        Err(error) => (Authority::make(world.now()).map_err(|e| failed(e.to_string()))?, Err(error)),
    };
    let server = Arc::new(server(scenario, &authority, world).map_err(failed)?);
    let mut clients = Vec::new();
    if scenario.tls.client_cert != ClientCert::None && kept.is_ok() {
        for user in scenario.accounts.iter().map(|account| account.user.as_str()).filter(|user| is_file_name(user)) {
            let issued = authority.issue(user, &directory, world.now()).map_err(|e| failed(e.to_string()))?;
            clients.push((user.to_owned(), issued.certificate, issued.key));
        }
    }
    Ok(Prepared { server, ca: authority.pem, kept, clients })
}

/// Whether a user's name can be a part of a file's name.
fn is_file_name(user: &str) -> bool {
    !user.is_empty() && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'))
}

fn server(scenario: &Scenario, authority: &Authority, world: &World) -> Result<Server, String> {
    let name = &scenario.server.name;
    let (chain, key) = match &scenario.tls.certificate {
        ServerCertificate::Made(CertificateKind::WeakKey) => return weak_server(scenario, authority, world),
        ServerCertificate::Made(kind) => authority.certify(name, *kind, world.now()).map_err(|e| e.to_string())?,
        ServerCertificate::File(path) => from_file(path)?,
    };
    let end_point = chain.first().and_then(|der| end_point(der));
    let versions: Vec<_> = [(TlsVersion::V12, &version::TLS12), (TlsVersion::V13, &version::TLS13)]
        .into_iter()
        .filter(|(version, _)| (scenario.tls.min_version..=scenario.tls.max_version).contains(version))
        .map(|(_, version)| version)
        .collect();
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(|e| e.to_string())?;
    let builder = match clients(scenario.tls.client_cert, authority, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(chain, key).map_err(|e| e.to_string())?;
    Ok(Server { how: How::Rustls(TlsAcceptor::from(Arc::new(config))), end_point })
}

/// Who looks at the certificates of clients: those that this authority issued are taken.
fn clients(
    wanted: ClientCert,
    authority: &Authority,
    provider: Arc<crypto::CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    if wanted == ClientCert::None {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    let own = CertificateDer::from_pem_slice(authority.pem.as_bytes()).map_err(|e| e.to_string())?;
    roots.add(own).map_err(|e| e.to_string())?;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if wanted == ClientCert::Request { builder.allow_unauthenticated() } else { builder };
    builder.build().map(Some).map_err(|e| e.to_string())
}

/// Makes sure that a PEM file holds a chain and its key.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub(super) fn check_file(path: &Path) -> Result<(), String> {
    from_file(path).map(|_| ())
}

/// A chain, leaf first, and its key, from one PEM file.
fn from_file(path: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let shown = path.display();
    let pem = regular::read(path, 1 << 20).map_err(|error| format!("{shown}: {}", regular::in_words(&error)))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| format!("{shown}: {error}"))?;
    if chain.is_empty() {
        return Err(format!("{shown} holds no certificate; it needs the chain, leaf first, and its key, in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(&pem);
    Ok((chain, key.map_err(|_| format!("{shown} holds no key; put the certificate's key into the same file, in PEM"))?))
}

#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn weak_server(scenario: &Scenario, authority: &Authority, world: &World) -> Result<Server, String> {
    let acceptor = weak::Acceptor::new(&scenario.server.name, authority, world.now())?;
    let end_point = end_point(acceptor.certificate());
    Ok(Server { how: How::Weak(acceptor), end_point })
}

#[cfg(any(target_os = "windows", target_vendor = "apple"))]
fn weak_server(_: &Scenario, _: &Authority, _: &World) -> Result<Server, String> {
    Err("a weak key can only be made where OpenSSL is at hand, which is not so on this system".to_owned())
}
