//! A table of verbs is read or refused, and what is read lints any line.
#![no_main]

use std::sync::LazyLock;

use ehlo::smtp::lint::lint;
use ehlo::smtp::{Session, VerbTable};
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| shipped::lines("verbs.toml"));

fuzz_target!(|input: &[u8]| {
    match VerbTable::parse(&shipped::text(input, &LINES)) {
        Ok(verbs) => {
            let _ = verbs.find("RCPT").map(|verb| verb.parameter("NOTIFY").is_some());
            let _ = lint(b"RCPT TO :a@b notify=never,x", &Session::new(), &verbs);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
