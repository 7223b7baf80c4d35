//! A certificate of our own to show to a server: read from PEM or PKCS#12, whatever its key is wrapped in.

use crate::smtp::Secret;

/// A certificate of our own.
#[derive(Debug, Clone)]
pub enum Identity {
    /// The chain, ours first, and its key.
    Pem {
        /// PEM.
        chain: String,
        /// PEM, PKCS#8, not encrypted.
        key: Secret,
    },
    /// Both in one file, as it is.
    Pkcs12 {
        /// PKCS#12, DER.
        file: Vec<u8>,
        /// What opens it.
        password: Secret,
    },
}

/// Why a certificate can't be shown. Never holds anything of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// No certificate is in the file.
    #[error("it holds no certificate in PEM (-----BEGIN CERTIFICATE-----), and is no PKCS#12 file")]
    NoCertificate,
    /// The key is not one that can be used.
    #[error("the key can't be used: it is PEM (-----BEGIN PRIVATE KEY-----); an encrypted one needs `client_password`")]
    Key,
    /// A PKCS#12 file does not open.
    #[error(
        "the PKCS#12 file does not open: `client_password` names where its password comes from, and it must be right"
    )]
    Locked,
    /// A PKCS#12 file opens, and holds something under a cipher that the TLS library has no more.
    #[error(
        "the PKCS#12 file is locked by a cipher that is not to be had any more (RC2, as older Windows and Java write it), \
         whatever its password; `openssl pkcs12 -legacy -in OLD.p12 -out NEW.pem` makes PEM of it, which can be named in its \
         place"
    )]
    Cipher,
    /// The key belongs to another certificate.
    #[error("the key is not that of this certificate: both must be of one pair")]
    OtherKey,
    /// There is a certificate and no key.
    #[error("its key is missing: name it as `client_key`, or put it into the same file")]
    NoKey,
}

impl Identity {
    /// Reads a certificate from the octets of its file, and its key from its own file or from the same.
    ///
    /// # Errors
    /// What is not there or does not open.
    pub fn read(certificate: &[u8], key: Option<&[u8]>, password: &Secret) -> Result<Self, IdentityError> {
        let is_pem = |octets: &[u8]| memchr::memmem::find(octets, b"-----BEGIN ").is_some();
        if !is_pem(certificate) {
            // DER of a sequence.
            let looks_like_it = certificate.first() == Some(&0x30) && key.is_none();
            return if looks_like_it { unwrapped(certificate, password) } else { Err(IdentityError::NoCertificate) };
        }
        if memchr::memmem::find(certificate, b"-----BEGIN CERTIFICATE-----").is_none() {
            return Err(IdentityError::NoCertificate);
        }
        let own = memchr::memmem::find(certificate, b"PRIVATE KEY-----").map(|_| certificate);
        let key = key.or(own).ok_or(IdentityError::NoKey)?;
        let chain = String::from_utf8_lossy(certificate).into_owned();
        let chain = chain.find("-----BEGIN CERTIFICATE-----").map_or(chain.clone(), |at| chain[at..].to_owned());
        let key = plain_key(key, password)?;
        if belongs(&chain, &key) { Ok(Self::Pem { chain, key }) } else { Err(IdentityError::OtherKey) }
    }
}

/// The contents of a PKCS#12 file as PEM.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn unwrapped(file: &[u8], password: &Secret) -> Result<Identity, IdentityError> {
    let file = openssl::pkcs12::Pkcs12::from_der(file).map_err(|_| IdentityError::NoCertificate)?;
    let locked = |errors: openssl::error::ErrorStack| {
        // The password was looked at before: a wrong one is said by the checksum.
        let old = errors.errors().iter().any(|error| error.reason() == Some("unsupported"));
        if old { IdentityError::Cipher } else { IdentityError::Locked }
    };
    let password = std::str::from_utf8(password.expose()).map_err(|_| IdentityError::Locked)?;
    let opened = file.parse2(password).map_err(locked)?;
    let (Some(own), Some(key)) = (opened.cert, opened.pkey) else { return Err(IdentityError::NoKey) };
    let above = opened.ca.iter().flatten().filter_map(|above| above.to_pem().ok()).flatten();
    let chain: Vec<u8> = own.to_pem().map_err(locked)?.into_iter().chain(above).collect();
    let key = Secret::new(key.private_key_to_pem_pkcs8().map_err(locked)?);
    Ok(Identity::Pem { chain: String::from_utf8_lossy(&chain).into_owned(), key })
}

/// Whether this is the certificate's key. What can't be read here is left to the handshake.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn belongs(chain: &str, key: &Secret) -> bool {
    let key = openssl::pkey::PKey::private_key_from_pem(key.expose());
    let own = openssl::x509::X509::from_pem(chain.as_bytes()).and_then(|own| own.public_key());
    own.ok().zip(key.ok()).is_none_or(|(own, key)| own.public_eq(&key))
}

#[cfg(any(target_os = "windows", target_vendor = "apple"))]
fn belongs(_: &str, _: &Secret) -> bool {
    // The system's library says so once it is to be shown.
    true
}

/// A key as PKCS#8 that is not encrypted.
#[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
fn plain_key(pem: &[u8], password: &Secret) -> Result<Secret, IdentityError> {
    // With a password given, OpenSSL never asks for one on the terminal.
    let key = openssl::pkey::PKey::private_key_from_pem_passphrase(pem, password.expose());
    let pem = key.and_then(|key| key.private_key_to_pem_pkcs8());
    pem.map(Secret::new).map_err(|_| IdentityError::Key)
}

#[cfg(any(target_os = "windows", target_vendor = "apple"))]
fn unwrapped(file: &[u8], password: &Secret) -> Result<Identity, IdentityError> {
    Ok(Identity::Pkcs12 { file: file.to_vec(), password: password.clone() })
}

#[cfg(any(target_os = "windows", target_vendor = "apple"))]
fn plain_key(pem: &[u8], _: &Secret) -> Result<Secret, IdentityError> {
    let at = memchr::memmem::find(pem, b"-----BEGIN PRIVATE KEY-----").ok_or(IdentityError::Key)?;
    Ok(Secret::new(pem[at..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new(vec!["dude".to_owned()]).unwrap().self_signed(&key).unwrap();
        (cert.pem(), key.serialize_pem())
    }

    #[test]
    fn pem_in_two_files_or_in_one_is_read() {
        let (cert, key) = made();
        let nothing = Secret::from("");
        for (certificate, key) in [(cert.clone(), Some(key.clone())), (format!("{key}{cert}"), None)] {
            let read = Identity::read(certificate.as_bytes(), key.as_deref().map(str::as_bytes), &nothing);
            let Ok(Identity::Pem { chain, key }) = read else { panic!("{read:?}") };
            assert!(chain.starts_with("-----BEGIN CERTIFICATE-----"), "{chain}");
            assert!(key.expose().starts_with(b"-----BEGIN PRIVATE KEY-----"));
        }
        #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
        {
            let other = Identity::read(cert.as_bytes(), Some(made().1.as_bytes()), &nothing);
            assert!(matches!(other, Err(IdentityError::OtherKey)), "{other:?}");
        }
        assert!(matches!(Identity::read(cert.as_bytes(), None, &nothing), Err(IdentityError::NoKey)));
        assert!(matches!(Identity::read(b"hello", None, &nothing), Err(IdentityError::NoCertificate)));
        assert!(matches!(Identity::read(cert.as_bytes(), Some(b"hello"), &nothing), Err(IdentityError::Key)));
    }

    #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
    #[test]
    fn an_old_cipher_is_not_taken_for_a_wrong_password() {
        let old = include_bytes!("../../tests/support/rc2-40.p12");
        assert!(matches!(Identity::read(old, None, &"open".into()), Err(IdentityError::Cipher)));
        assert!(matches!(Identity::read(old, None, &"wrong".into()), Err(IdentityError::Locked)));
        assert!(matches!(Identity::read(&[0x30, 3, 2, 1, 1], None, &"open".into()), Err(IdentityError::NoCertificate)));
    }

    #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
    #[test]
    fn pkcs12_and_an_encrypted_key_open_with_their_password() {
        let (cert, key) = made();
        let pkey = openssl::pkey::PKey::private_key_from_pem(key.as_bytes()).unwrap();
        let own = openssl::x509::X509::from_pem(cert.as_bytes()).unwrap();
        let file = openssl::pkcs12::Pkcs12::builder().name("dude").pkey(&pkey).cert(&own).build2("open").unwrap();
        let file = file.to_der().unwrap();
        assert!(matches!(Identity::read(&file, None, &"open".into()), Ok(Identity::Pem { .. })));
        assert!(matches!(Identity::read(&file, None, &"wrong".into()), Err(IdentityError::Locked)));
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        let locked = pkey.private_key_to_pem_pkcs8_passphrase(cipher, b"open").unwrap();
        let with = |password: &str| Identity::read(cert.as_bytes(), Some(&locked), &password.into());
        assert!(with("open").is_ok());
        assert!(matches!(with("wrong"), Err(IdentityError::Key)) && matches!(with(""), Err(IdentityError::Key)));
    }
}
