//! A closer look at a server whose certificate was not trusted: a handshake that goes through whatever the
//! certificate is, and says all that speaks against it.
//!
//! By OpenSSL itself where it is there anyway; elsewhere only what the certificate says of itself is seen. It is also the way
//! to versions of TLS that the system's rules forbid, where somebody asks for them.

use jiff::Timestamp;

use crate::conversation::certificate::{Certificate, TlsFault, faults};
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
use crate::profile::TlsVersion;

use super::TlsOptions;
use super::stream::Io;

/// `X509_V_ERR_INVALID_PURPOSE` in words.
pub(super) const NO_SERVERS: &str = "it is not made for a server: its extended key usage does not name serverAuth";

/// What a closer look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The chain as the server sent it, DER, leaf first.
    pub(super) chain: Vec<Vec<u8>>,
    /// What speaks against it.
    pub(super) faults: Vec<TlsFault>,
    /// It was looked at whole: where nothing could be looked at, nothing speaks against it either.
    pub(super) complete: bool,
}

impl Found {
    /// The chain with what the leaf's own contents and the library's verdicts say.
    fn new(chain: Vec<Vec<u8>>, name: &str, now: Timestamp, verdicts: &[(i32, String)]) -> Self {
        let leaf = chain.first().and_then(|der| Certificate::parse(der));
        let mut all = leaf.as_ref().map(|leaf| faults(leaf, name, now)).unwrap_or_default();
        let issuer = || {
            let last = chain.last().and_then(|der| Certificate::parse(der)).or_else(|| leaf.clone());
            last.map_or_else(|| "unknown".to_owned(), |cert| cert.issuer)
        };
        for (code, words) in verdicts {
            let fault = match code {
                // Dates and names: the certificate itself says it better, but an intermediate's is only said here.
                9 | 10 | 62 | 64 if !all.is_empty() => continue,
                18 => TlsFault::SelfSigned,
                2 | 19 | 20 | 21 if leaf.as_ref().is_some_and(|leaf| leaf.self_issued) => TlsFault::SelfSigned,
                2 | 19 | 20 | 21 => TlsFault::UnknownIssuer(issuer()),
                26 => TlsFault::Other(NO_SERVERS.to_owned()),
                _ => TlsFault::Other(words.clone()),
            };
            if !all.contains(&fault) {
                all.push(fault);
            }
        }
        Self { complete: leaf.is_some(), chain, faults: all }
    }
}

/// Shakes hands without believing anything. Gives the stream, so that one may go on regardless.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
pub(super) async fn handshake<S: Io>(
    stream: S,
    name: &str,
    options: &TlsOptions,
    now: Timestamp,
) -> Result<(impl Io + use<S>, Found), String> {
    use std::sync::{Arc, Mutex};

    use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
    use openssl::x509::X509;

    use super::Identity;

    let verdicts: Arc<Mutex<Vec<(i32, String)>>> = Arc::default();
    let noted = Arc::clone(&verdicts);
    let ready = || -> Result<openssl::ssl::Ssl, openssl::error::ErrorStack> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        trust_the_system(&mut builder);
        for pem in &options.roots {
            builder.cert_store_mut().add_cert(X509::from_pem(pem.as_bytes())?)?;
        }
        speak(&mut builder, options)?;
        // A PKCS#12 file was opened when it was read.
        if let Some(Identity::Pem { chain, key }) = &options.identity {
            let mut chain = X509::stack_from_pem(chain.as_bytes())?.into_iter();
            if let Some(own) = chain.next() {
                builder.set_certificate(&own)?;
            }
            for above in chain {
                builder.add_extra_chain_cert(above)?;
            }
            builder.set_private_key(&*openssl::pkey::PKey::private_key_from_pem(key.expose())?)?;
        }
        builder.set_verify_callback(SslVerifyMode::PEER, move |good, context| {
            if !good && let Ok(mut all) = noted.lock() {
                let error = context.error();
                all.push((error.as_raw(), error.error_string().to_owned()));
            }
            true
        });
        builder.build().configure()?.into_ssl(name)
    };
    let ssl = ready().map_err(|error| format!("TLS can't be set up: {error}"))?;
    let mut stream = tokio_openssl::SslStream::new(ssl, stream).map_err(|error| error.to_string())?;
    std::pin::Pin::new(&mut stream).connect().await.map_err(|error| error.to_string())?;
    let chain = stream
        .ssl()
        .peer_cert_chain()
        .map(|stack| stack.iter().filter_map(|cert| cert.to_der().ok()).collect())
        .unwrap_or_default();
    let told = verdicts.lock().map(|all| all.clone()).ok();
    let heard = told.is_some();
    let mut verdicts = told.unwrap_or_default();
    if options.verify_name.is_some() {
        // It is another name than the one that was dialled which counts.
        verdicts.retain(|(code, _)| !matches!(code, 62 | 64));
    }
    let mut found = Found::new(chain, options.verify_name.as_deref().unwrap_or(name), now, &verdicts);
    found.complete &= heard;
    Ok((stream, found))
}

/// Which versions are spoken.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn speak(
    builder: &mut openssl::ssl::SslConnectorBuilder,
    options: &TlsOptions,
) -> Result<(), openssl::error::ErrorStack> {
    let (least, most) = options.versions;
    if least.is_some() {
        builder.set_min_proto_version(least.map(version))?;
    }
    if most.is_some() {
        builder.set_max_proto_version(most.map(version))?;
    }
    if asks_for_old(options) {
        if least.is_none() {
            builder.set_min_proto_version(None)?;
        }
        // Their sums are too weak for any other level.
        builder.set_security_level(0);
        builder.set_cipher_list("DEFAULT")?;
    }
    Ok(())
}

/// The system's authorities: a library that was built elsewhere does not know where they are.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn trust_the_system(builder: &mut openssl::ssl::SslConnectorBuilder) {
    let found = openssl_probe::probe();
    if let Some(file) = found.cert_file {
        // One that can't be read vouches for nobody, which the verdict says.
        let _ = builder.load_verify_locations(Some(&file), None);
    }
    for folder in found.cert_dir {
        let _ = builder.load_verify_locations(None, Some(&folder));
    }
}

/// Whether nothing but versions before 1.2 is wanted. A system may forbid all of those by its rules (RFC 8996), which hold
/// where a newer one is wanted, too.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
pub(super) fn asks_for_old(options: &TlsOptions) -> bool {
    matches!(options.versions.1, Some(TlsVersion::V10 | TlsVersion::V11))
}

/// Elsewhere it is the system's library that decides.
#[cfg(any(target_os = "windows", target_vendor = "apple"))]
pub(super) fn asks_for_old(_: &TlsOptions) -> bool {
    false
}

#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn version(version: TlsVersion) -> openssl::ssl::SslVersion {
    match version {
        TlsVersion::V10 => openssl::ssl::SslVersion::TLS1,
        TlsVersion::V11 => openssl::ssl::SslVersion::TLS1_1,
        TlsVersion::V12 => openssl::ssl::SslVersion::TLS1_2,
        TlsVersion::V13 => openssl::ssl::SslVersion::TLS1_3,
    }
}

/// Shakes hands without believing anything. Gives the stream, so that one may go on regardless.
#[cfg(any(target_os = "windows", target_vendor = "apple"))]
pub(super) async fn handshake<S: Io>(
    stream: S,
    name: &str,
    options: &TlsOptions,
    now: Timestamp,
) -> Result<(impl Io + use<S>, Found), String> {
    let mut builder = native_tls::TlsConnector::builder();
    builder.danger_accept_invalid_certs(true).danger_accept_invalid_hostnames(true);
    let connector = builder.build().map_err(|error| error.to_string())?;
    let stream = tokio_native_tls::TlsConnector::from(connector).connect(name, stream).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let leaf = stream.get_ref().peer_certificate().ok().flatten().and_then(|cert| cert.to_der().ok());
    let own = leaf.as_deref().and_then(Certificate::parse).is_some_and(|leaf| leaf.self_issued);
    let unsure = "the system's library does not trust it".to_owned();
    let verdicts = if own { vec![(18, String::new())] } else { vec![(-1, unsure)] };
    let _ = options;
    Ok((stream, Found::new(leaf.into_iter().collect(), name, now, &verdicts)))
}

#[cfg(test)]
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
mod tests;
