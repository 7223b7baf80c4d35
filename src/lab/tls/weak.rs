//! A certificate with a key that is too short, which rustls does not serve: by OpenSSL, where it is there anyway.

use std::pin::Pin;

use jiff::Timestamp;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::Line;
use super::authority::Authority;

/// Bits of the key: half of what is taken today.
const BITS: u32 = 1024;
const DAY: i64 = 86_400;

/// A server with a weak key.
#[derive(Clone)]
pub(super) struct Acceptor {
    acceptor: SslAcceptor,
    der: Vec<u8>,
}

impl Line for SslStream<TcpStream> {
    fn below(&self) -> &TcpStream {
        self.get_ref()
    }
}

impl Acceptor {
    pub(super) fn new(name: &str, authority: &Authority, now: Timestamp) -> Result<Self, String> {
        Self::made(name, authority, now).map_err(|error| error.to_string())
    }

    fn made(name: &str, authority: &Authority, now: Timestamp) -> Result<Self, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let issuer = X509::from_pem(authority.pem.as_bytes())?;
        let issuer_key = PKey::private_key_from_pem(authority.key.serialize_pem().as_bytes())?;
        let mut subject = X509NameBuilder::new()?;
        subject.append_entry_by_text("CN", name)?;
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_u32(1)?)?)?;
        builder.set_subject_name(&subject.build())?;
        builder.set_issuer_name(issuer.subject_name())?;
        builder.set_pubkey(&key)?;
        builder.set_not_before(&*Asn1Time::from_unix(now.as_second() - DAY)?)?;
        builder.set_not_after(&*Asn1Time::from_unix(now.as_second() + 90 * DAY)?)?;
        let names = SubjectAlternativeName::new()
            .dns(name)
            .dns("localhost")
            .ip("127.0.0.1")
            .ip("::1")
            .build(&builder.x509v3_context(Some(&issuer), None))?;
        builder.append_extension(names)?;
        builder.sign(&issuer_key, MessageDigest::sha256())?;
        let leaf = builder.build();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        // The system's own rules would not let this server have such a key.
        acceptor.set_security_level(0);
        acceptor.set_certificate(&leaf)?;
        acceptor.set_private_key(&key)?;
        acceptor.add_extra_chain_cert(issuer)?;
        Ok(Self { acceptor: acceptor.build(), der: leaf.to_der()? })
    }

    /// The server's certificate, DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.der
    }

    /// Shakes hands; gives the stream, the version and the cipher.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<(SslStream<TcpStream>, String, String)> {
        let ssl = Ssl::new(self.acceptor.context()).ok()?;
        let mut stream = SslStream::new(ssl, stream).ok()?;
        Pin::new(&mut stream).accept().await.ok()?;
        let version = stream.ssl().version_str().to_owned();
        let cipher =
            stream.ssl().current_cipher().and_then(openssl::ssl::SslCipherRef::standard_name).unwrap_or_default();
        Some((stream, version, cipher.to_owned()))
    }
}
