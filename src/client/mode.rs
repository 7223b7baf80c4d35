//! Told by its first octets: a server that speaks something else than what was expected, and the way that would fit.

/// What a server's first octets are, where they are not an SMTP greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// TLS records where a greeting in clear text was expected.
    Tls,
    /// Another protocol, by name.
    Other(&'static str),
}

/// What is told by the first octets of a server.
pub(super) fn recognise(first: &[u8]) -> Option<Speaks> {
    let starts = |with: &[u8]| first.len() >= with.len() && first[..with.len()].eq_ignore_ascii_case(with);
    match first {
        // A TLS alert or handshake record: type, then version 3.x (RFC 8446 5.1).
        [0x15 | 0x16, 0x03, ..] => Some(Speaks::Tls),
        _ if starts(b"SSH-") => Some(Speaks::Other("SSH")),
        _ if starts(b"* OK") || starts(b"* PREAUTH") || starts(b"* BYE") => Some(Speaks::Other("IMAP")),
        _ if starts(b"+OK") || starts(b"-ERR") => Some(Speaks::Other("POP3")),
        _ if starts(b"HTTP/") || starts(b"<!DOCTYPE") || starts(b"<html") => Some(Speaks::Other("HTTP")),
        _ if starts(b"RFB ") => Some(Speaks::Other("VNC")),
        _ => None,
    }
}

impl Speaks {
    /// What is the matter, in words; `place` is host and port as dialled.
    pub(super) fn words(self, place: &str) -> String {
        match self {
            Self::Tls => format!("{place} speaks TLS from the first byte: what came is no greeting but a TLS record"),
            Self::Other(name) => format!("{place} is no mail server: it speaks {name}"),
        }
    }

    /// The target that would fit, where there is one.
    pub(super) fn better(self, place: &str) -> Option<String> {
        (self == Self::Tls).then(|| format!("smtps://{place}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_told_by_their_greeting() {
        for (first, want) in [
            (&b"\x15\x03\x03\x00\x02\x02\x46"[..], Some(Speaks::Tls)),
            (b"\x16\x03\x01\x02\x00", Some(Speaks::Tls)),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Some(Speaks::Other("SSH"))),
            (b"* OK IMAP4rev1\r\n", Some(Speaks::Other("IMAP"))),
            (b"+OK POP3\r\n", Some(Speaks::Other("POP3"))),
            (b"HTTP/1.1 400 Bad Request\r\n", Some(Speaks::Other("HTTP"))),
            (b"220 mx ESMTP\r\n", None),
            (b"554 no\r\n", None),
            (b"2", None),
            (b"", None),
        ] {
            assert_eq!(recognise(first), want, "{first:?}");
        }
    }
}
