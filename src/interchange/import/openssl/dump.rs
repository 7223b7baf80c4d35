//! What `s_client` prints of its own work between the lines of a conversation: -state, -msg, -debug and -trace.

use super::super::sessions::Sessions;

/// What of it is being read.
#[derive(Debug, Default)]
pub(super) struct Dump {
    /// Octets of -msg follow.
    message: bool,
    /// A record of -trace follows.
    record: bool,
    /// Octets of -debug follow: the server's or not, and those so far.
    octets: Option<(bool, Vec<u8>)>,
    /// TLS has begun: what is dumped now can't be read.
    secured: bool,
    /// Lines of the server's before TLS, which -debug shows.
    clear: Vec<Vec<u8>>,
    /// It was said that a dump stands within the message.
    said: bool,
}

impl Dump {
    /// Takes a line in; false where it is none of a dump's.
    pub(super) fn take(&mut self, line: &str, content: bool, found: &mut Sessions) -> bool {
        let is = self.is_part(line, found);
        if is {
            found.passed_over();
        }
        if is && content && !self.said {
            self.said = true;
            found.current().inferred("no line of the message: what s_client prints of its own work in between");
        }
        is
    }

    fn is_part(&mut self, line: &str, found: &mut Sessions) -> bool {
        if let Some((_, octets)) = &mut self.octets {
            if let Some(more) = dumped(line) {
                if octets.len() < 64 << 10 {
                    octets.extend(more);
                }
                return true;
            }
            self.deliver(found);
        }
        if self.message && octets_of_message(line) {
            return true;
        }
        let in_record = self.record && (line == "Header:" || line.starts_with("  "));
        if in_record {
            return true;
        }
        self.message = is_message(line);
        self.record = matches!(line, "Sent TLS Record" | "Received TLS Record" | "Sent Record" | "Received Record");
        if let Some(by_server) = is_transfer(line) {
            self.octets = Some((by_server, Vec::new()));
            return true;
        }
        self.message || self.record || is_state(line)
    }

    /// What -debug showed before TLS is part of the conversation.
    pub(super) fn deliver(&mut self, found: &mut Sessions) {
        let Some((by_server, octets)) = self.octets.take() else { return };
        self.secured |= matches!(octets[..], [0x14..=0x17, 0x03, ..]);
        if self.secured || octets.is_empty() {
            return;
        }
        let builder = found.current();
        if by_server {
            builder.open_for(&octets);
            builder.server_octets(&octets);
            let lines = octets.split(|octet| *octet == b'\n').map(super::super::lines::without_cr);
            self.clear.extend(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
        } else {
            builder.client_octets(&octets);
        }
    }

    /// Whether the beginning of the conversation was shown.
    pub(super) fn shows_beginning(&self) -> bool {
        !self.clear.is_empty()
    }

    /// Whether the server said this line before TLS.
    pub(super) fn has_shown(&self, line: &[u8]) -> bool {
        self.clear.iter().any(|shown| shown == line)
    }
}

/// Whether a line looks like one of a dump's, whatever stands above it.
pub(super) fn looks_like_one(line: &str) -> bool {
    is_state(line)
        || is_message(line)
        || octets_of_message(line)
        || is_transfer(line).is_some()
        || dumped(line).is_some()
}

/// `SSL_connect:…` and the like, of -state.
pub(super) fn is_state(line: &str) -> bool {
    const STATES: [&str; 5] = ["SSL_connect:", "SSL_accept:", "SSL3 alert read:", "SSL3 alert write:", "undefined:"];
    STATES.iter().any(|state| line.starts_with(state))
}

/// `>>> TLS 1.3, Handshake [length 0124], ClientHello`.
fn is_message(line: &str) -> bool {
    let rest = line.strip_prefix(">>> ").or_else(|| line.strip_prefix("<<< "));
    let kinds = ["TLS ", "SSL ", "DTLS ", "???", "Not TLS data", "Unknown"];
    rest.is_some_and(|rest| rest.contains("[length ") && kinds.iter().any(|kind| rest.starts_with(kind)))
}

fn octets_of_message(line: &str) -> bool {
    line.starts_with("    ") && !line.trim().is_empty() && line.split_ascii_whitespace().all(is_octet)
}

fn is_octet(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// `read from 0x… [0x…] (4096 bytes => 36 (0x24))`: whether it is the server's.
fn is_transfer(line: &str) -> Option<bool> {
    let from = line.starts_with("read from 0x");
    ((from || line.starts_with("write to 0x")) && line.contains(" bytes => ")).then_some(from)
}

/// `0010 - 63 61 6c 20-45   cal E`.
fn dumped(line: &str) -> Option<Vec<u8>> {
    let (offset, rest) = line.split_once(" - ")?;
    if offset.len() < 4 || !offset.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    if rest.starts_with("<SPACES/NULS>") {
        return Some(Vec::new());
    }
    let octets = rest.get(..48).or_else(|| rest.split("   ").next())?;
    let words = octets.split([' ', '-']).filter(|word| !word.is_empty());
    words.map(|word| is_octet(word).then(|| u8::from_str_radix(word, 16).ok()).flatten()).collect()
}
