//! The handshake through tokio-native-tls, with what can be said of it as remarks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conversation::event::Remark;
use crate::smtp::escape;

use super::TlsOptions;
use super::dial::Failure;
use super::handshake::{Facts, alert_words, cipher_name, version_name};
use super::stream::{Io, Tap};

/// What came of a handshake, with the remarks to record before anything else.
pub(super) struct Outcome {
    pub(super) remarks: Vec<Remark>,
    pub(super) result: Result<Box<dyn Io>, Failure>,
}

/// Shakes hands. `host` is the name that was dialled.
pub(super) async fn handshake(stream: Box<dyn Io>, host: &str, options: &TlsOptions) -> Outcome {
    let name = options.name.as_deref().unwrap_or(host);
    let connector = match connector(options) {
        Ok(connector) => connector,
        Err(words) => return Outcome { remarks: Vec::new(), result: Err(Failure { kind: "tls", words }) },
    };
    let (tap, tapped) = Tap::new(stream);
    let result = tokio_native_tls::TlsConnector::from(connector).connect(name, tap).await;
    let facts = Facts::of(&tapped.finish().received);
    match result {
        Ok(stream) => {
            let leaf = stream.get_ref().peer_certificate().ok().flatten().and_then(|cert| cert.to_der().ok());
            let mut tls = about(&facts).with("verified", if options.verify { "yes" } else { "no" });
            if !options.verify {
                tls = tls.with("reason", "verification is switched off for this target");
            }
            let mut remarks = vec![tls];
            remarks.extend(certificates(&facts, leaf));
            Outcome { remarks, result: Ok(Box::new(stream)) }
        }
        Err(error) => {
            let mut remarks = Vec::new();
            if facts.version.is_some() {
                remarks.push(about(&facts).with("failed", "yes"));
            }
            remarks.extend(certificates(&facts, None));
            Outcome { remarks, result: Err(Failure { kind: "tls", words: words(&error, &facts, name) }) }
        }
    }
}

fn connector(options: &TlsOptions) -> Result<native_tls::TlsConnector, String> {
    let mut builder = native_tls::TlsConnector::builder();
    for pem in &options.roots {
        let certificate = native_tls::Certificate::from_pem(pem.as_bytes())
            .map_err(|error| format!("a certificate authority that was given can't be read: {error}"))?;
        builder.add_root_certificate(certificate);
    }
    if !options.verify {
        builder.danger_accept_invalid_certs(true).danger_accept_invalid_hostnames(true);
    }
    builder.build().map_err(|error| format!("TLS can't be set up: {error}"))
}

fn about(facts: &Facts) -> Remark {
    let mut tls = Remark::new("tls");
    if let Some(version) = facts.version {
        tls = tls.with("version", version_name(version));
    }
    if let Some(cipher) = facts.cipher {
        tls = tls.with("cipher", cipher_name(cipher));
    }
    tls
}

fn certificates(facts: &Facts, leaf: Option<Vec<u8>>) -> Vec<Remark> {
    let chain = if facts.chain.is_empty() { leaf.into_iter().collect() } else { facts.chain.clone() };
    let remark =
        |(n, der): (usize, &Vec<u8>)| Remark::new("certificate").with("n", n).with("der", STANDARD.encode(der));
    chain.iter().enumerate().map(remark).collect()
}

/// Why a handshake failed, in words, from what the library says and from what was seen to pass.
fn words(error: &native_tls::Error, facts: &Facts, name: &str) -> String {
    if let Some(clear) = &facts.clear_text {
        let shown = escape::for_screen(clear.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end());
        return format!("the server does not speak TLS here; it answered in clear text: {shown}");
    }
    if let Some(alert) = facts.alert {
        return format!("the server ended the TLS handshake: {} (alert {alert})", alert_words(alert));
    }
    let text = error.to_string();
    let has = |what: &str| text.contains(what);
    if has("certificate has expired") {
        "the server's certificate has expired".to_owned()
    } else if has("not yet valid") {
        "the server's certificate is not valid yet".to_owned()
    } else if has("self-signed certificate in certificate chain") || has("unable to get local issuer") {
        "the server's certificate comes from an authority that this machine does not trust".to_owned()
    } else if has("self-signed certificate") || has("self signed") {
        "the server's certificate is self-signed; nobody vouches for it".to_owned()
    } else if has("hostname mismatch") || has("IP address mismatch") {
        format!("the server's certificate is not for the name {name}")
    } else if has("unexpected EOF") || has("reset by peer") || has("handshake process was interrupted") {
        "the server closed the connection in the middle of the TLS handshake".to_owned()
    } else {
        format!("the TLS handshake failed: {text}")
    }
}
