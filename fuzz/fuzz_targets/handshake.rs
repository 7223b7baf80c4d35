//! A handshake of any octets is read as far as it can be; what is kept of it was in it.
#![no_main]

use ehlo::client::handshake::Facts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // Half of the inputs stand in a record of a handshake, so that its messages are reached.
    let framed = match input {
        [1, rest @ ..] => {
            let length = u16::try_from(rest.len()).unwrap_or(u16::MAX).to_be_bytes();
            [&[22, 3, 3, length[0], length[1]], &rest[..rest.len().min(usize::from(u16::MAX))]].concat()
        }
        _ => input.to_vec(),
    };
    let facts = Facts::of(&framed);
    assert!(facts.chain.iter().map(Vec::len).sum::<usize>() <= framed.len());
    assert!(facts.clear_text.is_none_or(|text| framed.starts_with(&text)));
});
