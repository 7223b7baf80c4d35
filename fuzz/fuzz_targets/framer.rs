//! What a client sends reaches the lab's session in the same pieces however it is cut; no octet is lost but those of a
//! line that is too long.
#![no_main]

use ehlo::lab::framer::{Expect, Framer, Unit};
use libfuzzer_sys::fuzz_target;

fn units(parts: impl Iterator<Item = Vec<u8>>, expect: Expect) -> Vec<Unit> {
    let mut framer = Framer::default();
    let mut all = Vec::new();
    for part in parts {
        framer.push(&part);
        let _ = framer.commands();
        while let Some(unit) = framer.next(expect) {
            all.push(unit);
        }
    }
    all
}

// The first octet says what is expected, the second how long the parts are.
fuzz_target!(|input: &[u8]| {
    let [kind, size, bytes @ ..] = input else { return };
    let most = usize::from(kind / 3).max(1);
    let expect = [Expect::Line(most), Expect::Content, Expect::Chunk(most as u64)][usize::from(kind % 3)];
    let whole = units(std::iter::once(bytes.to_vec()), expect);
    let parts = units(bytes.chunks(usize::from(*size).max(1)).map(<[u8]>::to_vec), expect);
    let octets = |units: &[Unit]| -> Vec<u8> {
        units.iter().fold(Vec::new(), |mut all, unit| {
            match unit {
                Unit::Line { bytes, crlf } => {
                    assert!(bytes.len() <= most, "a line is longer than asked for");
                    all.extend_from_slice(bytes);
                    all.extend_from_slice(if *crlf { b"\r\n" } else { b"\n" });
                }
                Unit::TooLong(head) => assert!(head.len() <= most),
                Unit::Content(bytes) | Unit::Chunk(bytes) => all.extend_from_slice(bytes),
            }
            all
        })
    };
    assert_eq!(octets(&parts), octets(&whole));
    if !whole.iter().any(|unit| matches!(unit, Unit::TooLong(_))) {
        assert!(bytes.starts_with(&octets(&whole)));
    }
});
