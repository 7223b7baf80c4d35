//! A scenario is read or refused with words and a line that is there.
#![no_main]

use std::sync::LazyLock;

use ehlo::lab::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| shipped::lines("scenarios"));

fuzz_target!(|input: &[u8]| {
    let text = shipped::text(input, &LINES);
    match Scenario::parse("fuzz", &text) {
        Ok(scenario) => {
            let _ = (scenario.domain("target.local").and_then(|domain| domain.find("full")), scenario.rules.len());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
