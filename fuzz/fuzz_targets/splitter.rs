//! What a server sends is recorded whole: however its octets come, the pieces say the same, and none of them is lost.
#![no_main]

use ehlo::client::splitter::{Piece, Splitter};
use libfuzzer_sys::fuzz_target;

fn octets(pieces: &[Piece]) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Octets { bytes, crlf } => {
                all.extend_from_slice(bytes);
                all.extend_from_slice(if *crlf { b"\r\n" } else { b"" });
            }
            Piece::Cut { .. } => panic!("nothing here is near the limit"),
        }
    }
    all
}

// The first octet says how long the parts are, the second after how many of them something else is recorded.
fuzz_target!(|input: &[u8]| {
    let [size, interrupts, bytes @ ..] = input else { return };
    let mut whole = Vec::new();
    let mut splitter = Splitter::default();
    splitter.feed(bytes, |piece| whole.push(piece));
    splitter.finish(&mut |piece| whole.push(piece));
    assert_eq!(octets(&whole), bytes);

    let mut parts = Vec::new();
    let mut splitter = Splitter::default();
    for part in bytes.chunks(usize::from(*size).max(1)) {
        splitter.feed(part, |piece| parts.push(piece));
    }
    splitter.finish(&mut |piece| parts.push(piece));
    assert_eq!(parts, whole);

    let mut interrupted = Vec::new();
    let mut splitter = Splitter::default();
    for (n, part) in bytes.chunks(usize::from(*size).max(1)).enumerate() {
        splitter.feed(part, |piece| interrupted.push(piece));
        if n % usize::from(*interrupts).max(1) == 0 {
            splitter.flush(&mut |piece| interrupted.push(piece));
        }
    }
    let left = splitter.take();
    assert_eq!([octets(&interrupted), left].concat(), bytes);
});
