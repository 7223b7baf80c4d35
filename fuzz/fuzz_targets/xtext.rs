//! Octets come back from xtext, and any text is xtext or has a place where it is not.
#![no_main]

use ehlo::smtp::xtext::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = encode(bytes);
    assert!(text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'='));
    assert_eq!(decode(text.as_bytes()).as_deref(), Ok(bytes));
    match decode(bytes) {
        // One text of each value: what is read is written the same, but for what needs no plus sign.
        Ok(value) => assert_eq!(decode(encode(&value).as_bytes()), Ok(value)),
        Err(error) => assert!(error.offset() < bytes.len()),
    }
});
