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

// The first octet says how the rest is split.
fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let whole = replies(std::iter::once(bytes));
    assert_eq!(replies(bytes.chunks(usize::from(*size).max(1))), whole);
    let lines = whole.iter().flat_map(|reply| &reply.lines);
    let back: Vec<u8> = lines.flat_map(|line| [&line.raw, line.end.octets()].concat()).collect();
    assert_eq!(back, bytes);
    for reply in &whole {
        let _ = (reply.code(), reply.enhanced(), reply.text(), reply.all_flaws());
    }
});
