//! DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed, RSA or Ed25519, SHA-256.
//!
//! The signing itself is ring's, which TLS brings anyway; every DKIM crate that was looked at brings dozens of others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest as _, Sha256};

use super::header::{fields, is, split};

/// Fields that are signed where a message has them; From always is (RFC 6376 5.4.1).
const SIGNED: [&str; 13] = [
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
];

/// Why nothing can be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DkimError {
    /// The key is no PEM, or of another kind.
    #[error("the DKIM key is no PEM private key; RSA from 2048 bits and Ed25519 are, as `openssl genpkey` writes them")]
    Key,
    /// A key that has to be opened first.
    #[error(
        "the DKIM key is encrypted; `openssl pkey -in KEY -out OPEN` asks for its pass phrase and writes it without one"
    )]
    Encrypted,
    /// A private key of a kind that DKIM does not know.
    #[error(
        "the DKIM key is of another kind ({0}); DKIM signs by RSA (from 2048 bits) and Ed25519 (RFC 8301, RFC 8463)"
    )]
    Kind(&'static str),
    /// An RSA key that nobody should sign with.
    #[error("the DKIM key is RSA of less than 2048 bits, which is too short to sign with (RFC 8301 3.2)")]
    Short,
    /// A domain or selector that can't stand in DNS.
    #[error("`{0}` is no DNS name; --dkim-domain noddy.com and --dkim-selector mail are")]
    Name(String),
    /// A message without an author.
    #[error("a message without a From field can't be signed (RFC 6376 5.4)")]
    NoFrom,
    /// The library refused.
    #[error("the DKIM key does not sign: it is damaged")]
    Signing,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Who signs.
pub struct Signer {
    key: Key,
    domain: String,
    selector: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("domain", &self.domain).field("selector", &self.selector).finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer with this private key (PEM: PKCS#8, or PKCS#1 for RSA), whose public half is in DNS under
    /// `selector._domainkey.domain`.
    ///
    /// # Errors
    /// No such key, or no such names.
    pub fn new(pem: &[u8], domain: &str, selector: &str) -> Result<Self, DkimError> {
        for name in [domain, selector] {
            let label = |label: &str| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            };
            if !name.split('.').all(label) {
                return Err(DkimError::Name(crate::smtp::escape::for_screen(name.as_bytes())));
            }
        }
        let key = key(pem)?;
        Ok(Self { key, domain: domain.to_owned(), selector: selector.to_owned() })
    }

    /// The DKIM-Signature field for a message (CR LF everywhere), with its line end; it goes before all others. `now` in
    /// seconds since 1970.
    ///
    /// # Errors
    /// A message without From; a damaged key.
    pub fn sign(&self, message: &[u8], now: i64) -> Result<Vec<u8>, DkimError> {
        let (head, rest) = split(message);
        let mut body = BodyHash::default();
        body.put(body_of(rest));
        self.field(head, &body.done(), now)
    }

    /// The same for a message that is read as it goes by; its lines may end in LF alone, which get their CR on the way.
    ///
    /// # Errors
    /// What can't be read; a message without From, or with a head of more than 1 MiB; a damaged key.
    pub fn sign_read(&self, message: &mut impl std::io::Read, now: i64) -> std::io::Result<Result<Vec<u8>, DkimError>> {
        let (mut head, mut block) = (Vec::new(), vec![0; BLOCK]);
        let mut body = BodyHash::default();
        let mut in_body = false;
        loop {
            let read = message.read(&mut block)?;
            if in_body {
                body.put(&block[..read]);
            } else {
                head.extend_from_slice(&block[..read]);
                let (fields, rest) = split(&head);
                if read == 0 || rest.len() > b"\r\n".len() {
                    body.put(body_of(rest));
                    let length = fields.len();
                    head.truncate(length);
                    in_body = true;
                } else if head.len() > HEAD {
                    return Ok(Err(DkimError::NoFrom));
                }
            }
            if read == 0 {
                return Ok(self.field(&super::header::with_crlf(&head), &body.done(), now));
            }
        }
    }

    /// The field for a head (CR LF everywhere) and the hash of a body.
    fn field(&self, head: &[u8], body: &[u8], now: i64) -> Result<Vec<u8>, DkimError> {
        let all = fields(head);
        let mut names: Vec<&str> = SIGNED.into_iter().filter(|name| all.iter().any(|field| is(field, name))).collect();
        if names.first() != Some(&"From") {
            return Err(DkimError::NoFrom);
        }
        // Signed once more than it is there, so that nobody adds another (RFC 6376 5.4.2).
        names.push("From");
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let body = STANDARD.encode(body);
        let mut field = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={}; s={}; t={now};\r\n h={};\r\n bh={body};\r\n b=",
            self.domain,
            self.selector,
            names.join(":\r\n  ")
        );
        let signature = self.signature(&signed_octets(&all, &names, field.as_bytes()))?;
        let encoded = STANDARD.encode(signature);
        let lines: Vec<_> = encoded.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        field.push_str(&lines.join("\r\n  "));
        field.push_str("\r\n");
        Ok(field.into_bytes())
    }

    fn signature(&self, octets: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.key {
            // RFC 8463 3: what is signed is the hash.
            Key::Ed25519(key) => Ok(key.sign(&Sha256::digest(octets)).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // The randomness blinds the computation; the signature does not depend on it.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature)
                    .map_err(|_| DkimError::Signing)?;
                Ok(signature)
            }
        }
    }
}

/// What follows the empty line that ends a head.
fn body_of(rest: &[u8]) -> &[u8] {
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest)
}

/// The key of a PEM text; the parameters of a curve may stand before it.
fn key(pem: &[u8]) -> Result<Key, DkimError> {
    let text = std::str::from_utf8(pem).map_err(|_| DkimError::Key)?;
    let blocks = text.split("-----BEGIN ").skip(1).filter_map(|block| block.split_once("-----"));
    let (label, rest) = blocks.into_iter().find(|(label, _)| label.ends_with("PRIVATE KEY")).ok_or(DkimError::Key)?;
    let body = rest.split("-----END").next().unwrap_or_default();
    match label {
        "ENCRYPTED PRIVATE KEY" => return Err(DkimError::Encrypted),
        _ if body.contains("ENCRYPTED") => return Err(DkimError::Encrypted),
        "EC PRIVATE KEY" => return Err(DkimError::Kind("EC")),
        "DSA PRIVATE KEY" => return Err(DkimError::Kind("DSA")),
        "OPENSSH PRIVATE KEY" => return Err(DkimError::Kind("of OpenSSH")),
        _ => {}
    }
    let base64: String = body.split_whitespace().collect();
    let der = zeroize::Zeroizing::new(STANDARD.decode(base64).map_err(|_| DkimError::Key)?);
    let rsa = match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        "PRIVATE KEY" => {
            if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
                return Ok(Key::Ed25519(Box::new(key)));
            }
            if memchr::memmem::find(&der, EC_KEY).is_some() {
                return Err(DkimError::Kind("EC"));
            }
            RsaKeyPair::from_pkcs8(&der)
        }
        _ => return Err(DkimError::Key),
    };
    rsa.map(|key| Key::Rsa(Box::new(key))).map_err(|rejected| match rejected.to_string().as_str() {
        "TooSmall" => DkimError::Short,
        _ => DkimError::Key,
    })
}

/// `id-ecPublicKey` in DER (RFC 5480 2.1.1).
const EC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// What is signed: the fields of these names, of several the last first, and the signature's own field without its value.
fn signed_octets(all: &[&[u8]], names: &[&str], own: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let before = names[..at].iter().filter(|other| other.eq_ignore_ascii_case(name)).count();
        // A name more often than its field is signed as nothing.
        if let Some(field) = all.iter().rev().filter(|field| is(field, name)).nth(before) {
            relaxed_field(field, &mut out);
            out.extend_from_slice(b"\r\n");
        }
    }
    relaxed_field(own, &mut out);
    out
}

/// RFC 6376 3.4.2, without the line end.
fn relaxed_field(field: &[u8], out: &mut Vec<u8>) {
    let colon = memchr::memchr(b':', field).unwrap_or(field.len());
    out.extend(field[..colon].trim_ascii_end().to_ascii_lowercase());
    out.push(b':');
    let value = field.get(colon + 1..).unwrap_or_default();
    let words = value.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (n, word) in words.enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// The hash of a body in its relaxed form (RFC 6376 3.4.4): lines that end in CR LF or LF, in blocks cut anywhere.
#[derive(Default)]
struct BodyHash {
    sum: Sha256,
    /// Octets of the relaxed form that are still to be summed.
    out: Vec<u8>,
    /// Empty lines that count only if another one follows.
    empty: u64,
    /// White space that counts only if something follows it in its line.
    space: bool,
    /// The line has text.
    begun: bool,
    /// A CR, which may be half of a line's end.
    carriage: bool,
}

impl BodyHash {
    fn put(&mut self, block: &[u8]) {
        for octet in block {
            if *octet == b'\n' {
                if std::mem::take(&mut self.begun) {
                    self.out.extend_from_slice(b"\r\n");
                } else {
                    self.empty += 1;
                }
                (self.space, self.carriage) = (false, false);
                continue;
            }
            if std::mem::take(&mut self.carriage) {
                self.text(b'\r');
            }
            match octet {
                b'\r' => self.carriage = true,
                b' ' | b'\t' => self.space = true,
                octet => self.text(*octet),
            }
        }
        self.sum.update(&self.out);
        self.out.clear();
    }

    fn text(&mut self, octet: u8) {
        for _ in 0..std::mem::take(&mut self.empty) {
            self.sum.update(&self.out);
            self.out.clear();
            self.out.extend_from_slice(b"\r\n");
        }
        if std::mem::take(&mut self.space) {
            self.out.push(b' ');
        }
        self.out.push(octet);
        self.begun = true;
    }

    fn done(mut self) -> Vec<u8> {
        if self.begun {
            self.put(b"\n");
        }
        self.sum.finalize().to_vec()
    }
}

/// Octets of a file that are read at once.
const BLOCK: usize = 256 * 1024;

/// Octets of the head of a file at most: it is held in memory.
const HEAD: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, UnparsedPublicKey};

    /// RFC 8463 appendix A.3.
    const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
        \r\n\
        Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    /// The seed as OpenSSL writes it.
    fn ed25519_pem() -> String {
        let mut der =
            vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        der.extend(STANDARD.decode(SEED).expect("base64"));
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
    }

    /// The tag of a signature field.
    fn tag(field: &str, name: &str) -> String {
        let value = field.split(';').find_map(|part| part.trim().strip_prefix(&format!("{name}="))).expect(name);
        value.split_whitespace().collect()
    }

    /// The hash of a body in blocks of so many octets.
    fn hashed(body: &[u8], size: usize) -> Vec<u8> {
        let mut hash = BodyHash::default();
        body.chunks(size).for_each(|block| hash.put(block));
        hash.done()
    }

    #[test]
    fn a_message_that_is_read_is_signed_as_one_that_is_held() {
        let signer = Signer::new(ed25519_pem().as_bytes(), "noddy.com", "mail").expect("a key");
        let held = signer.sign(MESSAGE.as_bytes(), 7);
        for text in [MESSAGE.to_owned(), MESSAGE.replace("\r\n", "\n")] {
            // A block a time, of one octet or of all.
            let mut slowly = Slowly(text.as_bytes());
            assert_eq!(signer.sign_read(&mut slowly, 7).expect("read"), held);
            assert_eq!(signer.sign_read(&mut text.as_bytes(), 7).expect("read"), held);
        }
        let endless = signer.sign_read(&mut &vec![b'x'; 3 << 20][..], 7).expect("read");
        assert_eq!(endless, Err(DkimError::NoFrom));
    }

    struct Slowly<'a>(&'a [u8]);

    impl std::io::Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (into[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    #[test]
    fn the_signature_of_rfc_8463_is_the_one_that_is_made() {
        let own = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
            i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : \
            message-id : from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
        let (head, rest) = split(MESSAGE.as_bytes());
        let hash = STANDARD.encode(hashed(body_of(rest), 1000));
        assert_eq!(hash, tag(own, "bh"));
        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let signer = Signer::new(ed25519_pem().as_bytes(), "football.example.com", "brisbane").expect("a key");
        let made = signer.signature(&signed_octets(&fields(head), &names, own.as_bytes())).expect("signed");
        assert_eq!(
            STANDARD.encode(made),
            "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
        );
    }

    #[test]
    fn a_signed_message_is_verified_by_what_it_says() {
        let signer = Signer::new(ed25519_pem().as_bytes(), "noddy.com", "mail").expect("a key");
        let field = String::from_utf8(signer.sign(MESSAGE.as_bytes(), 7).expect("signed")).expect("ASCII");
        assert!(field.ends_with("\r\n") && field.lines().all(|line| line.len() <= 78), "{field}");
        let names = tag(&field, "h");
        assert_eq!(names, "From:To:Subject:Date:Message-ID:From");
        let (head, _) = split(MESSAGE.as_bytes());
        let own = &field[..field.rfind("b=").expect("b") + 2];
        let octets = signed_octets(&fields(head), &names.split(':').collect::<Vec<_>>(), own.as_bytes());
        let public = UnparsedPublicKey::new(&ED25519, STANDARD.decode(PUBLIC).expect("base64"));
        let signature = STANDARD.decode(tag(&field, "b")).expect("base64");
        assert!(public.verify(&Sha256::digest(&octets), &signature).is_ok());
        assert_eq!(signer.sign(b"To: a\r\n\r\nx\r\n", 7), Err(DkimError::NoFrom));
    }

    #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
    #[test]
    fn an_rsa_signature_is_verified_by_openssl() {
        use openssl::{hash::MessageDigest, pkey::PKey, rsa::Rsa, sign::Verifier};
        let pair = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let pkcs8 = pair.private_key_to_pem_pkcs8().expect("PEM");
        let pkcs1 = pair.rsa().expect("RSA").private_key_to_pem().expect("PEM");
        for pem in [pkcs8, pkcs1] {
            let signer = Signer::new(&pem, "noddy.com", "mail").expect("a key");
            let made = signer.signature(b"what is signed").expect("signed");
            let mut verifier = Verifier::new(MessageDigest::sha256(), &pair).expect("a verifier");
            assert!(verifier.verify_oneshot(&made, b"what is signed").expect("looked at"));
        }
    }

    #[test]
    fn white_space_is_relaxed_as_rfc_6376_has_it() {
        // RFC 6376 3.4.5.
        let mut out = Vec::new();
        relaxed_field(b"A: X\r\n", &mut out);
        relaxed_field(b"B : Y\t\r\n\tZ  \r\n", &mut out);
        assert_eq!(out, b"a:Xb:Y Z");
        for (body, relaxed) in [
            (&b" C \r\nD \t E\r\n\r\n\r\n"[..], &b" C\r\nD E\r\n"[..]),
            (b" C \nD \t E\n\n\n", b" C\r\nD E\r\n"),
            (b"a\r\n \t\r\n\r\nb\rc", b"a\r\n\r\n\r\nb\rc\r\n"),
            (b"\r\n", b""),
            (b"", b""),
        ] {
            for size in [1, 2, 3, 100] {
                assert_eq!(hashed(body, size), Sha256::digest(relaxed).to_vec(), "{body:?} by {size}");
            }
        }
    }

    #[cfg(not(any(target_os = "windows", target_vendor = "apple")))]
    #[test]
    fn why_a_private_key_does_not_sign_is_said() {
        let error = |pem: &[u8]| Signer::new(pem, "a.b", "c").err();
        let short = openssl::rsa::Rsa::generate(1024).expect("a key");
        assert_eq!(error(&short.private_key_to_pem().expect("PEM")), Some(DkimError::Short));
        let short = openssl::pkey::PKey::from_rsa(short).expect("a key");
        assert_eq!(error(&short.private_key_to_pem_pkcs8().expect("PEM")), Some(DkimError::Short));
        let locked = short.private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_256_cbc(), b"open");
        assert_eq!(error(&locked.expect("PEM")), Some(DkimError::Encrypted));
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----";
        assert_eq!(error(old.as_bytes()), Some(DkimError::Encrypted));
        let curve = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        assert_eq!(error(curve.as_bytes()), Some(DkimError::Kind("EC")));
        let curve =
            "-----BEGIN EC PARAMETERS-----\nAA==\n-----END EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\nAA==";
        assert_eq!(error(curve.as_bytes()), Some(DkimError::Kind("EC")));
    }

    #[test]
    fn what_is_no_key_or_name_is_said() {
        for pem in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "-----BEGIN X-----"] {
            assert_eq!(Signer::new(pem.as_bytes(), "a.b", "c").err(), Some(DkimError::Key), "{pem}");
        }
        for (domain, selector) in [("a b", "c"), ("a.b", "x;y"), ("", "c"), ("a..b", "c")] {
            let error = Signer::new(ed25519_pem().as_bytes(), domain, selector).expect_err("no name");
            assert!(matches!(error, DkimError::Name(_)), "{domain} {selector}");
        }
    }
}
