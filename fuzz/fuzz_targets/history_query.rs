//! What is looked for in the transcripts that were kept: any line is a query or is refused with words.
#![no_main]

use ehlo::library::Query;
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let line = String::from_utf8_lossy(input);
    match Query::read(&line, Timestamp::UNIX_EPOCH, &TimeZone::UTC) {
        // Looking into files goes with looking for something.
        Ok(query) => assert!(!(query.is_empty() && query.reads())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
