//! What a TLS handshake shows to somebody who watches it pass: version, cipher, chain (below 1.3), alerts
//! (RFC 8446 4, RFC 5246 7).

/// What was understood of the server's side of a handshake.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The protocol version, such as 0x0304.
    pub version: Option<u16>,
    /// The cipher suite.
    pub cipher: Option<u16>,
    /// The chain as sent, DER; not visible in TLS 1.3.
    pub chain: Vec<Vec<u8>>,
    /// It asked for a certificate of the client; not visible in TLS 1.3.
    pub asks_certificate: bool,
    /// An alert in the clear: its description.
    pub alert: Option<u8>,
    /// The server answered with something that is not TLS: what it said.
    pub clear_text: Option<Vec<u8>>,
}

impl Facts {
    /// Reads what a tap has seen from the server.
    #[must_use]
    pub fn of(received: &[u8]) -> Self {
        let mut facts = Self::default();
        if received.first().is_some_and(|kind| !(20..=23).contains(kind)) {
            facts.clear_text = Some(received.iter().copied().take(512).collect());
            return facts;
        }
        let mut messages = Vec::new();
        let mut rest = received;
        while let Some((kind, body, after)) = record(rest) {
            rest = after;
            match kind {
                22 => messages.extend_from_slice(body),
                21 if body.len() == 2 => facts.alert = Some(body[1]),
                // Change cipher spec: what follows is encrypted (in 1.3 it means nothing, but 23 follows there).
                20 if facts.version != Some(0x0304) => break,
                _ => {}
            }
        }
        facts.messages(&messages);
        facts
    }

    fn messages(&mut self, mut rest: &[u8]) {
        while rest.len() >= 4 {
            let length = number(&rest[1..4]);
            let Some(body) = rest.get(4..4 + length) else { return };
            match rest[0] {
                2 => self.server_hello(body),
                11 => self.certificates(body),
                13 => self.asks_certificate = true,
                _ => {}
            }
            rest = &rest[4 + length..];
        }
    }

    fn server_hello(&mut self, body: &[u8]) {
        let parts = || -> Option<(u16, u16, &[u8])> {
            let version = u16::from_be_bytes([*body.first()?, *body.get(1)?]);
            let session = usize::from(*body.get(34)?);
            let cipher = body.get(35 + session..37 + session)?;
            let extensions = body.get(40 + session..).unwrap_or_default();
            Some((version, u16::from_be_bytes([cipher[0], cipher[1]]), extensions))
        };
        let Some((version, cipher, mut extensions)) = parts() else { return };
        self.version = Some(version);
        self.cipher = Some(cipher);
        while extensions.len() >= 4 {
            let length = number(&extensions[2..4]);
            let Some(value) = extensions.get(4..4 + length) else { return };
            // supported_versions: the one place where a 1.3 server says so.
            if extensions[..2] == [0, 43] && value.len() == 2 {
                self.version = Some(u16::from_be_bytes([value[0], value[1]]));
            }
            extensions = &extensions[4 + length..];
        }
    }

    fn certificates(&mut self, body: &[u8]) {
        let mut rest = body.get(3..).unwrap_or_default();
        while rest.len() >= 3 {
            let length = number(&rest[..3]);
            let Some(der) = rest.get(3..3 + length) else { return };
            self.chain.push(der.to_vec());
            rest = &rest[3 + length..];
        }
    }
}

/// One TLS record: its type, its body, what follows.
fn record(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let length = number(bytes.get(3..5)?);
    let body = bytes.get(5..5 + length)?;
    Some((bytes[0], body, &bytes[5 + length..]))
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte))
}

/// A version in the words that people use.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSLv3".to_owned(),
        0x0301 => "TLSv1.0".to_owned(),
        0x0302 => "TLSv1.1".to_owned(),
        0x0303 => "TLSv1.2".to_owned(),
        0x0304 => "TLSv1.3".to_owned(),
        other => format!("0x{other:04x}"),
    }
}

/// A cipher suite by its registered name; by its number where it is none of the usual ones.
pub(super) fn cipher_name(cipher: u16) -> String {
    let name = match cipher {
        0x1301 => "TLS_AES_128_GCM_SHA256",
        0x1302 => "TLS_AES_256_GCM_SHA384",
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        0x1304 => "TLS_AES_128_CCM_SHA256",
        0x1305 => "TLS_AES_128_CCM_8_SHA256",
        0x002f => "TLS_RSA_WITH_AES_128_CBC_SHA",
        0x0035 => "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x003c => "TLS_RSA_WITH_AES_128_CBC_SHA256",
        0x003d => "TLS_RSA_WITH_AES_256_CBC_SHA256",
        0x009c => "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009d => "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x009e => "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009f => "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        0xc009 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xc00a => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xc013 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xc014 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xc023 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xc024 => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        0xc027 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xc028 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xccaa => "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        other => return format!("0x{other:04x}"),
    };
    name.to_owned()
}

/// What an alert of the server's means (RFC 8446 6.2).
pub(super) fn alert_words(alert: u8) -> &'static str {
    match alert {
        0 => "it closes the TLS session",
        40 => "it found no common ground (handshake failure)",
        42 => "it did not like the certificate",
        43 => "it does not take this kind of certificate",
        44 => "the certificate was withdrawn",
        45 => "the certificate has expired, or is not valid yet",
        46 => "something is wrong with the certificate",
        48 => "it does not know the certificate's issuer",
        70 => "it does not speak the TLS versions offered",
        71 => "it finds the security offered too weak",
        80 => "it had an internal error",
        112 => "it does not know the name that was asked for",
        116 => "it wants a certificate of the client",
        _ => "it refused the handshake",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handshake message in one record.
    fn wrapped(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![22, 3, 3];
        out.extend_from_slice(&u16::try_from(body.len() + 4).unwrap().to_be_bytes());
        out.push(kind);
        out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        out.extend_from_slice(body);
        out
    }

    fn hello(extension: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.push(0);
        body.extend_from_slice(&[0x13, 0x02, 0]);
        body.extend_from_slice(&u16::try_from(extension.len()).unwrap().to_be_bytes());
        body.extend_from_slice(extension);
        wrapped(2, &body)
    }

    #[test]
    fn the_version_of_1_3_stands_in_an_extension() {
        let facts = Facts::of(&hello(&[0, 43, 0, 2, 3, 4]));
        assert_eq!((facts.version, facts.cipher), (Some(0x0304), Some(0x1302)));
        assert_eq!(Facts::of(&hello(&[])).version, Some(0x0303));
    }

    #[test]
    fn the_chain_of_1_2_is_seen() {
        let mut seen = hello(&[]);
        seen.extend(wrapped(11, &[0, 0, 10, 0, 0, 2, 1, 2, 0, 0, 2, 3, 4]));
        assert_eq!(Facts::of(&seen).chain, [vec![1, 2], vec![3, 4]]);
    }

    #[test]
    fn that_1_2_asks_for_a_certificate_is_seen() {
        let mut seen = hello(&[]);
        assert!(!Facts::of(&seen).asks_certificate);
        seen.extend(wrapped(13, &[1, 1, 0, 0, 0, 0]));
        assert!(Facts::of(&seen).asks_certificate);
    }

    #[test]
    fn clear_text_and_alerts_are_told_apart() {
        assert_eq!(Facts::of(b"220 mx ESMTP\r\n").clear_text.as_deref(), Some(&b"220 mx ESMTP\r\n"[..]));
        assert_eq!(Facts::of(&[21, 3, 3, 0, 2, 2, 40]).alert, Some(40));
        assert_eq!(Facts::of(b""), Facts::default());
    }

    proptest::proptest! {
        #[test]
        fn no_octets_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), hello_first in proptest::prelude::any::<bool>()) {
            let mut seen = if hello_first { vec![22, 3, 3] } else { Vec::new() };
            seen.extend(bytes);
            let _ = Facts::of(&seen);
        }
    }
}
