//! Old versions of TLS, and what is made of a certificate under them.

use std::pin::Pin;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslVersion};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};

use super::*;
use crate::client::tls;

/// A server that speaks one version, and the authority that vouches for it as mx.target.local.
fn server(spoken: SslVersion) -> (SslAcceptor, String) {
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "mx.target.local").expect("a name");
    let name = name.build();
    let mut own = X509::builder().expect("a certificate");
    own.set_version(2).expect("version");
    let serial = BigNum::from_u32(1).and_then(|one| one.to_asn1_integer()).expect("a number");
    own.set_serial_number(&serial).expect("a number");
    own.set_subject_name(&name).expect("a name");
    own.set_issuer_name(&name).expect("a name");
    own.set_pubkey(&key).expect("a key");
    own.set_not_before(&Asn1Time::days_from_now(0).expect("a day")).expect("a day");
    own.set_not_after(&Asn1Time::days_from_now(30).expect("a day")).expect("a day");
    let names = SubjectAlternativeName::new().dns("mx.target.local").build(&own.x509v3_context(None, None));
    own.append_extension(names.expect("names")).expect("names");
    own.sign(&key, MessageDigest::sha256()).expect("signed");
    let own = own.build();
    let mut acceptor = SslAcceptor::mozilla_intermediate(SslMethod::tls_server()).expect("a server");
    acceptor.set_security_level(0);
    acceptor.set_cipher_list("DEFAULT").expect("ciphers");
    acceptor.set_min_proto_version(Some(spoken)).expect("a version");
    acceptor.set_max_proto_version(Some(spoken)).expect("a version");
    acceptor.set_private_key(&key).expect("a key");
    acceptor.set_certificate(&own).expect("a certificate");
    (acceptor.build(), String::from_utf8(own.to_pem().expect("PEM")).expect("PEM"))
}

/// What a client with these options makes of a server that speaks one version.
async fn shaken(spoken: SslVersion, change: impl FnOnce(&mut TlsOptions)) -> tls::Outcome {
    let (acceptor, authority) = server(spoken);
    let (near, far) = tokio::io::duplex(1 << 16);
    let serving = async move {
        let ssl = Ssl::new(acceptor.context()).expect("a session");
        let mut stream = tokio_openssl::SslStream::new(ssl, far).expect("a stream");
        // A client may turn away.
        let _ = Pin::new(&mut stream).accept().await;
        stream
    };
    let mut options = TlsOptions { verify: true, roots: vec![authority], ..TlsOptions::default() };
    change(&mut options);
    let shaking = tls::handshake(Box::new(near), "mx.target.local", &options, Timestamp::now());
    tokio::join!(serving, shaking).1
}

#[tokio::test]
async fn an_old_version_is_spoken_by_whom_asks_for_it() {
    for (spoken, asked, name) in
        [(SslVersion::TLS1, TlsVersion::V10, "TLSv1.0"), (SslVersion::TLS1_1, TlsVersion::V11, "TLSv1.1")]
    {
        for versions in [(None, Some(asked)), (Some(asked), Some(asked))] {
            let old = shaken(spoken, |options| options.versions = versions).await;
            assert!(old.result.is_ok(), "{:?}", old.result.err());
            let tls = &old.remarks[0];
            assert_eq!((tls.get("version"), tls.get("verified")), (Some(name), Some("yes")));
        }
        let unasked = shaken(spoken, |_| ()).await;
        assert!(unasked.result.is_err(), "by itself nobody speaks it");
    }
}

#[test]
fn what_could_not_be_looked_at_is_not_complete() {
    for chain in [Vec::new(), vec![b"no certificate".to_vec()]] {
        let found = Found::new(chain, "mx.target.local", Timestamp::UNIX_EPOCH, &[]);
        assert!(found.faults.is_empty() && !found.complete);
    }
}

#[tokio::test]
async fn a_certificate_counts_for_an_old_version_too() {
    let wrong = shaken(SslVersion::TLS1, |options| {
        options.versions = (None, Some(TlsVersion::V10));
        options.name = Some("other.target.local".to_owned());
    })
    .await;
    let words = wrong.result.err().expect("not for this name").words;
    assert!(wrong.untrusted && words.contains("other.target.local"), "{words}");
    let meant = shaken(SslVersion::TLS1, |options| {
        options.versions = (None, Some(TlsVersion::V10));
        options.name = Some("other.target.local".to_owned());
        options.verify_name = Some("mx.target.local".to_owned());
    })
    .await;
    assert!(meant.result.is_ok(), "{:?}", meant.result.err());
    let unknown = shaken(SslVersion::TLS1, |options| {
        options.versions = (None, Some(TlsVersion::V10));
        options.roots.clear();
    })
    .await;
    assert!(unknown.untrusted && unknown.result.is_err());
}
