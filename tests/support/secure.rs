//! A mail server under TLS, with a certificate that may have something wrong with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

/// What is the matter with the certificate. None of them is trusted by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It ended.
    Expired,
    /// It is for another name.
    WrongName,
    /// It vouches for itself.
    SelfSigned,
    /// Nobody knows its issuer.
    UnknownIssuer,
    /// It vouches for itself and for 500 names, and is sent so often that the chain has about this many octets.
    Enormous(usize),
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With the first byte.
    AtOnce,
    /// After STARTTLS.
    AfterStarttls,
}

/// Serves whoever connects, until the test ends; gives where.
pub(crate) fn serve(fault: Fault, version: &'static SupportedProtocolVersion, begins: Begins) -> SocketAddr {
    let config = config(fault, version);
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || connection(stream, &config, begins));
        }
    });
    address
}

fn connection(mut stream: TcpStream, config: &Arc<ServerConfig>, begins: Begins) {
    if begins == Begins::AfterStarttls && !clear_text(&mut stream) {
        return;
    }
    let Ok(tls) = ServerConnection::new(Arc::clone(config)) else { return };
    let mut tls = StreamOwned::new(tls, stream);
    if begins == Begins::AtOnce && tls.write_all(b"220 mx.secure.example ESMTP\r\n").is_err() {
        // The client went away, or does not speak TLS: what there is to say of it is sent.
        let _ = tls.conn.write_tls(&mut tls.sock);
        return;
    }
    talk(&mut tls, false);
}

/// Until STARTTLS; whether it came.
fn clear_text(stream: &mut TcpStream) -> bool {
    stream.write_all(b"220 mx.secure.example ESMTP\r\n").is_ok() && talk(stream, true)
}

/// Answers commands; gives whether STARTTLS ended it.
fn talk(stream: &mut (impl Read + Write), offers_starttls: bool) -> bool {
    loop {
        let mut line = String::new();
        // One octet at a time, so that nothing of the handshake is read ahead.
        if BufReader::with_capacity(1, &mut *stream).read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        let (reply, over) = match line.split_whitespace().next() {
            Some("EHLO") if offers_starttls => ("250-mx.secure.example\r\n250 STARTTLS\r\n", false),
            Some("STARTTLS") => ("220 2.0.0 Go ahead\r\n", true),
            Some("QUIT") => ("221 2.0.0 Bye\r\n", true),
            _ => ("250 mx.secure.example\r\n", false),
        };
        if stream.write_all(reply.as_bytes()).and_then(|()| stream.flush()).is_err() || over {
            return line.starts_with("STARTTLS");
        }
    }
}

/// How a server with this fault shakes hands.
pub(crate) fn config(fault: Fault, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let name = if fault == Fault::WrongName { "mail.other.example" } else { "127.0.0.1" };
    let mut names = vec![name.to_owned()];
    if matches!(fault, Fault::Enormous(_)) {
        names.extend((0..500).map(|n| format!("{}.{n:08}.example", "a".repeat(42))));
    }
    let mut leaf = CertificateParams::new(names).expect("parameters");
    leaf.distinguished_name.push(DnType::CommonName, name);
    leaf.not_before = date_time_ymd(2020, 1, 1);
    leaf.not_after = date_time_ymd(if fault == Fault::Expired { 2021 } else { 2120 }, 1, 1);
    let chain: Vec<CertificateDer<'static>> = if matches!(fault, Fault::SelfSigned | Fault::Enormous(_)) {
        let own = leaf.self_signed(&key).expect("a certificate").der().clone();
        let times = if let Fault::Enormous(octets) = fault { octets.div_ceil(own.len()) } else { 1 };
        vec![own; times]
    } else {
        let mut authority = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "Nobody's CA");
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
        vec![leaf.signed_by(&key, &authority).expect("a certificate").der().clone(), authority.der().clone()]
    };
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("ring has it")
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("the key fits");
    Arc::new(config)
}
