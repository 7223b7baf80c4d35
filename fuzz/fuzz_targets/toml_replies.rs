//! A file of decode data is read or refused entry by entry, and what is taken explains without a panic.
#![no_main]

use std::sync::LazyLock;

use ehlo::decode::Book;
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| shipped::lines("replies"));

fuzz_target!(|input: &[u8]| {
    let text = shipped::text(input, &LINES);
    let lines = text.lines().count();
    let (book, errors) = Book::of_text("fuzz.toml", &text);
    for error in errors {
        assert!(error.line <= lines + 1 && !error.message.is_empty(), "{error}");
    }
    // Patterns are compiled when they are first asked, which takes its time.
    if book.replies().len() < 3 {
        let _ = book.matching("Relay access denied", |_| true).count();
    }
});
