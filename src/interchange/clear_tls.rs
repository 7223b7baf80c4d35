//! TLS records without encryption, for a capture that is made up: what was said under TLS is known in clear text, and a
//! dissector that has seen STARTTLS expects records. With the cipher suite `TLS_RSA_WITH_NULL_SHA256` (RFC 5246) they hold
//! the text itself, so that one TCP connection shows one conversation; the octets of the MAC are 0.

/// RFC 5246 A.5: no encryption, a MAC of 32 octets.
const SUITE: [u8; 2] = [0, 0x3b];
const MAC: usize = 32;
/// What stands for the randomness of the two; by that of the client such records are known again.
const CLIENT: &[u8; 32] = b"ehlo: not encrypted, client side";
const SERVER: &[u8; 32] = b"ehlo: not encrypted, server side";
/// An extension for private use (RFC 8446 11): the remark that says how the line was encrypted.
const REMARK: [u8; 2] = [0xff, 0x77];
/// Where the extensions of the `ClientHello` begin, behind their length.
const EXTENSIONS: usize = 52;
/// Octets of a remark that are carried.
const LONGEST: usize = 1000;

const HANDSHAKE: u8 = 22;
const CHANGE: u8 = 20;
const DATA: u8 = 23;

fn record(kind: u8, octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(octets.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[kind, 3, 3], &length[..], octets].concat()
}

fn message(kind: u8, octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(octets.len()).unwrap_or(0).to_be_bytes();
    [&[kind], &length[1..], octets].concat()
}

fn with_mac(kind: u8, octets: &[u8]) -> Vec<u8> {
    record(kind, &[octets, &[0; MAC]].concat())
}

/// What is sent in a handshake, in its order: from which side (0 is the client) and what. The remark says how it was.
pub(super) fn handshake(remark: &str) -> [(usize, Vec<u8>); 4] {
    let remark = &remark.as_bytes()[..remark.len().min(LONGEST)];
    let length = |n: usize| u16::try_from(n).unwrap_or(0).to_be_bytes();
    let extension = [&REMARK[..], &length(remark.len()), remark].concat();
    let hello = [&[3, 3], &CLIENT[..], &[0, 0, 2], &SUITE, &[1, 0], &length(extension.len()), &extension].concat();
    let answer = [&[3, 3], &SERVER[..], &[0], &SUITE, &[0]].concat();
    let finished = [record(CHANGE, &[1]), with_mac(HANDSHAKE, &message(20, &[0; 12]))].concat();
    [
        (0, record(HANDSHAKE, &message(1, &hello))),
        (1, [record(HANDSHAKE, &message(2, &answer)), record(HANDSHAKE, &message(14, &[]))].concat()),
        (0, finished.clone()),
        (1, finished),
    ]
}

/// Octets as a record of the line.
pub(super) fn data(octets: &[u8]) -> Vec<u8> {
    with_mac(DATA, octets)
}

/// The remark of a handshake of this kind that begins with these octets; nothing where they are another's.
pub(super) fn begun(octets: &[u8]) -> Option<&str> {
    (octets.get(11..43)? == CLIENT).then_some(())?;
    let extension = octets.get(EXTENSIONS..)?;
    let length = usize::from(u16::from_be_bytes([*extension.get(2)?, *extension.get(3)?]));
    extension.starts_with(&REMARK).then_some(())?;
    std::str::from_utf8(extension.get(4..4 + length)?).ok()
}

/// The records of one side, taken apart.
#[derive(Debug, Default)]
pub(super) struct Records {
    rest: Vec<u8>,
    /// Octets that come next and belong to a record whose beginning is known no more.
    passed: usize,
}

/// Octets of a record beside what it holds.
const AROUND: usize = 5 + MAC;

impl Records {
    /// The octets of the line that are whole with these.
    pub(super) fn take(&mut self, octets: &[u8]) -> Vec<u8> {
        let passed = self.passed.min(octets.len());
        self.passed -= passed;
        self.rest.extend_from_slice(&octets[passed..]);
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some([kind, _, _, high, low]) = self.rest.get(at..at + 5) {
            let end = at + 5 + usize::from(u16::from_be_bytes([*high, *low]));
            let Some(record) = self.rest.get(at + 5..end) else { break };
            if *kind == DATA {
                out.extend_from_slice(&record[..record.len().saturating_sub(MAC)]);
            }
            at = end;
        }
        self.rest.drain(..at);
        out
    }

    /// So many octets are missing here: what was seen of the record that they belong to, and how many of the line are lost.
    /// Where more is missing than its end, whole records are, and the next octets begin one.
    pub(super) fn gap(&mut self, missing: u64) -> (Vec<u8>, u64) {
        let rest = std::mem::take(&mut self.rest);
        let Some([kind, _, _, high, low]) = rest.get(..5) else {
            return (Vec::new(), missing.saturating_sub(AROUND as u64).max(1));
        };
        let end = 5 + usize::from(u16::from_be_bytes([*high, *low]));
        let held = if *kind == DATA { end.saturating_sub(MAC).max(5) } else { 5 };
        let shown = rest[5..rest.len().clamp(5, held)].to_vec();
        let left = end.saturating_sub(rest.len()) as u64;
        self.passed = usize::try_from(left.saturating_sub(missing)).unwrap_or(0);
        let lost = held.saturating_sub(rest.len().max(5)) as u64;
        let others = missing.saturating_sub(left);
        (shown, lost + if others > 0 { others.saturating_sub(AROUND as u64).max(1) } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_gap_the_next_record_is_read_and_what_is_lost_is_counted() {
        let first = data(b"EHLO abc\r\n");
        for (seen, missing, shown, lost) in [
            (9, first.len() - 9, "EHLO", 6),
            (0, first.len(), "", 10),
            (12, 1, "EHLO ab", 3),
            (first.len() - MAC, MAC, "EHLO abc\r\n", 0),
            (9, first.len() - 9 + data(b"NOOP\r\n").len(), "EHLO", 12),
        ] {
            let mut records = Records::default();
            assert_eq!(records.take(&first[..seen]), b"");
            assert_eq!(records.gap(missing as u64), (shown.as_bytes().to_vec(), lost), "{seen} {missing}");
            let behind = first.get(seen + missing..).unwrap_or_default();
            assert_eq!(records.take(&[behind, &data(b"QUIT\r\n")].concat()), b"QUIT\r\n", "{seen} {missing}");
        }
    }

    #[test]
    fn what_goes_in_comes_out_however_it_is_cut() {
        let said = "tls version=TLSv1.3 verified=yes";
        let [(_, hello), (_, answer), ..] = handshake(said);
        assert_eq!(begun(&hello), Some(said));
        assert_eq!(begun(&answer), None);
        let mut wire = hello;
        wire.extend(data(b"EHLO a\r\n"));
        wire.extend(data(b"QUIT\r\n"));
        let mut records = Records::default();
        let out: Vec<u8> = wire.chunks(7).flat_map(|part| records.take(part)).collect();
        assert_eq!(out, b"EHLO a\r\nQUIT\r\n");
    }
}
