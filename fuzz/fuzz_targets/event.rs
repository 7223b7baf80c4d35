//! A remark of any text, as a file may hold it, is written and read as the same remark; certificates of any octets are
//! read or refused.
#![no_main]

use ehlo::conversation::Remark;
use ehlo::conversation::certificate::{Certificate, faults};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let remark = Remark::parse(&String::from_utf8_lossy(input));
    let shown = remark.to_string();
    assert!(shown.chars().all(ehlo::smtp::escape::is_plain), "{shown:?}");
    assert_eq!(Remark::parse(&shown).to_string(), shown);
    if let Some(certificate) = Certificate::parse(input) {
        let now = "2026-11-23T20:18:22Z".parse().expect("a time");
        let _ = (certificate.covers("mx.target.local"), certificate.days_left(now), faults(&certificate, "mx", now));
    }
});
