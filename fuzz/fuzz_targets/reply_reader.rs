//! Any split of any octets gives the same replies, and no octet is lost.
#![no_main]

use ehlo::smtp::{Reply, ReplyReader};
use libfuzzer_sys::fuzz_target;

fn replies<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<Reply> {
    let mut reader = ReplyReader::default();
    let mut all: Vec<Reply> = parts.flat_map(|part| reader.feed(part)).collect();
    all.extend(reader.finish());
    all
}

/// Cuts octets: the bits of `cuts` say after which of them, again and again.
fn cut(bytes: &[u8], cuts: u32) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    let mut at = 0u32;
    std::iter::from_fn(move || {
        let mut length = 0;
        while length < rest.len() {
            length += 1;
            at = (at + 1) % 32;
            if cuts >> at & 1 == 1 {
                break;
            }
        }
        let (piece, after) = rest.split_at(length);
        rest = after;
        (length > 0).then_some(piece)
    })
}

// The first four octets say how the rest is split.
fuzz_target!(|input: &[u8]| {
    let Some((cuts, bytes)) = input.split_first_chunk() else { return };
    let whole = replies(std::iter::once(bytes));
    assert_eq!(replies(cut(bytes, u32::from_le_bytes(*cuts))), whole);
    let lines = whole.iter().flat_map(|reply| &reply.lines);
    let back: Vec<u8> = lines.flat_map(|line| [&line.raw, line.end.octets()].concat()).collect();
    assert_eq!(back, bytes);
    for reply in &whole {
        let _ = (reply.code(), reply.enhanced(), reply.text(), reply.all_flaws());
    }
});
