//! A theme is read or refused with words.
#![no_main]

use std::sync::LazyLock;

use ehlo::tui::theme::Theme;
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| shipped::lines("themes"));

fuzz_target!(|input: &[u8]| {
    if let Err(words) = Theme::parse(&shipped::text(input, &LINES)) {
        assert!(!words.is_empty());
    }
});
