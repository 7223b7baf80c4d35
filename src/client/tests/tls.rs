//! TLS as the connection task meets it: verified, refused, looked at closer, gone on with regardless.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::*;

/// An authority and a server certificate for 127.0.0.1.
fn certificates() -> (String, Arc<tokio_rustls::rustls::ServerConfig>) {
    let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
    ca.distinguished_name.push(rcgen::DnType::CommonName, "a test authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).expect("names");
    let leaf = leaf.signed_by(&key, &ca).expect("signed");
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a configuration");
    (ca.pem(), Arc::new(config))
}

async fn starttls_peer(after: &'static str) -> (String, u16) {
    let (ca, config) = certificates();
    let port = peer(move |stream| async move {
        let script = format!("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nraw: 220 go\\r\\n{after}");
        let stream = play(stream, &script).await;
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let Ok(stream) = acceptor.accept(stream).await else { return };
        drop(play(stream, "C: EHLO b\nS: 250 secret mx").await);
    })
    .await;
    (ca, port)
}

async fn to_starttls(options: Options) -> Talk {
    let mut talk = Talk::with(options);
    talk.until("220 mx").await;
    talk.send("EHLO a").await;
    talk.until("STARTTLS").await;
    talk.send("STARTTLS").await;
    talk
}

#[tokio::test]
async fn starttls_with_a_known_authority_is_verified() {
    let (ca, port) = starttls_peer("").await;
    let mut options = options(port);
    options.tls.roots = vec![ca];
    let mut talk = to_starttls(options).await;
    talk.until("tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("* certificate n=0 der=MII"), "{text}");
}

#[tokio::test]
async fn an_unknown_authority_ends_the_connection_in_words() {
    let (_, port) = starttls_peer("").await;
    let mut talk = to_starttls(options(port)).await;
    let text = talk.until("closed by=client").await;
    assert!(text.contains("error kind=tls \"the server's certificate"), "{text}");
}

#[tokio::test]
async fn going_on_regardless_says_what_speaks_against_it() {
    let (_, port) = starttls_peer("").await;
    let mut options = options(port);
    options.tls.verify = false;
    options.tls.name = Some("mx.example".to_owned());
    let mut talk = to_starttls(options).await;
    talk.until("verified=no reason=\"it is not for mx.example: it is for").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("its issuer is not known here: CN=a test authority"), "{text}");
}

#[tokio::test]
async fn a_closer_look_is_a_connection_of_its_own() {
    let (_, config) = certificates();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.expect("a client");
            let script = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go";
            let stream = play(stream, script).await;
            let _ = tokio_rustls::TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
        }
    });
    let mut talk = to_starttls(Options { inspect: true, ..options(port) }).await;
    let text = talk.until("verified=no").await;
    let after = text.split("inspecting 127.0.0.1").nth(1).expect("a closer look");
    assert!(after.contains("* auto\n> EHLO a\n") && after.contains("* auto\n> STARTTLS\n"), "{text}");
    assert!(after.contains("its issuer is not known here: CN=a test authority"), "{text}");
    talk.until("* certificate n=0").await;
}

#[tokio::test]
async fn clear_text_after_the_reply_to_starttls_is_recorded_and_never_a_reply() {
    let (ca, port) = starttls_peer("250 INJECTED\\r\\n").await;
    let mut options = options(port);
    options.tls.roots = vec![ca];
    let mut talk = to_starttls(options).await;
    talk.until("verified=yes").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("injected bytes=14 text=\"250 INJECTED\\\\r\\\\n\""), "{text}");
    assert!(!text.contains("< 250 INJECTED"), "{text}");
}

#[tokio::test]
async fn clear_text_where_tls_was_expected_is_shown() {
    let port = peer(|stream| async { drop(play(stream, "S: 220 mx ESMTP").await) }).await;
    let mut options = options(port);
    options.tls.implicit = true;
    let text = Talk::with(options).until("closed by=client").await;
    assert!(text.contains("it answered in clear text: 220 mx ESMTP"), "{text}");
    assert!(text.contains(&format!("try=smtp://127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn tls_where_a_greeting_was_expected_is_said_with_what_would_fit() {
    let port = peer(|mut stream| async move {
        stream.write_all(b"\x15\x03\x03\x00\x02\x02\x46").await.expect("written");
    })
    .await;
    let text = Talk::with(options(port)).until("closed by=server").await;
    assert!(text.contains("speaks TLS from the first byte"), "{text}");
    assert!(text.contains(&format!("try=smtps://127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn no_other_version_of_tls_is_spoken_than_is_allowed() {
    for (verify, versions, wanted) in [
        (true, (None, Some(TlsVersion::V12)), "tls version=TLSv1.2"),
        (false, (None, Some(TlsVersion::V12)), "tls version=TLSv1.2"),
        (true, (Some(TlsVersion::V13), None), "tls version=TLSv1.3"),
        // What the server here has is 1.2 and 1.3.
        (true, (None, Some(TlsVersion::V11)), "error kind=tls"),
    ] {
        let (ca, port) = starttls_peer("").await;
        let mut options = options(port);
        options.tls = TlsOptions { verify, versions, roots: vec![ca], ..TlsOptions::default() };
        to_starttls(options).await.until(wanted).await;
    }
}

#[tokio::test]
async fn a_certificate_of_our_own_is_shown_to_a_server_that_asks() {
    let authority = KeyPair::generate().expect("a key");
    let mut issuer = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    issuer.distinguished_name.push(rcgen::DnType::CommonName, "a test authority");
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, authority).expect("self-signed");
    let signed = || {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        (params.signed_by(&key, &issuer).expect("signed"), key)
    };
    let ((cert, key), (own, own_key)) = (signed(), signed());
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    roots.add(issuer.der().clone()).expect("a root");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let ask = tokio_rustls::rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    )
    .build()
    .expect("a verifier");
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(ask)
        .with_single_cert(vec![cert.der().clone()], key.serialize_der().try_into().expect("a key"))
        .expect("a configuration");
    for verify in [true, false] {
        let config = Arc::new(config.clone());
        let port = peer(move |stream| async move {
            let accepted = tokio_rustls::TlsAcceptor::from(config).accept(stream).await;
            let stream = accepted.expect("a certificate was shown");
            drop(play(stream, "S: 220 we know you\nC: QUIT\nS: 221 bye").await);
        })
        .await;
        let mut options = options(port);
        let identity =
            Identity::Pem { chain: own.pem(), key: crate::smtp::Secret::from(own_key.serialize_pem().as_str()) };
        options.tls = TlsOptions {
            implicit: true,
            verify,
            roots: vec![issuer.pem()],
            identity: Some(identity),
            ..TlsOptions::default()
        };
        let mut talk = Talk::with(options);
        talk.until("220 we know you").await;
        talk.send("QUIT").await;
        talk.until("221 bye").await;
    }
}
