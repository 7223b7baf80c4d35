//! Whatever a transcript holds, no format that it is written in makes a terminal act.
#![no_main]

use std::sync::LazyLock;

use ehlo::conversation::file::read;
use ehlo::decode::Knowledge;
use ehlo::interchange::FORMATS;
use ehlo::smtp::escape::is_plain;
use libfuzzer_sys::fuzz_target;

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::shipped);

fuzz_target!(|input: &[u8]| {
    let Ok(document) = read(input) else { return };
    // One format each time, so that ten million inputs take hours and not days.
    let texts: Vec<_> = FORMATS.iter().filter(|format| !format.binary).collect();
    let sum = input.iter().fold(0, |sum: usize, octet| sum.wrapping_mul(31).wrapping_add(usize::from(*octet)));
    if let Some(format) = texts.get(sum % texts.len()) {
        let out = (format.export)(&document, &KNOWLEDGE);
        let text = std::str::from_utf8(&out).expect("every format is UTF-8");
        let unfit = text.chars().find(|c| *c != '\n' && !is_plain(*c));
        assert_eq!(unfit, None, "{}: {text}", format.name);
    }
});
