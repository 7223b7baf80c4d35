//! A lesson is read or refused with words; what is read has steps.
#![no_main]

use std::sync::LazyLock;

use ehlo::lesson::Lesson;
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| shipped::lines("lessons"));

fuzz_target!(|input: &[u8]| {
    let text = shipped::text(input, &LINES);
    match Lesson::parse("01-fuzz", &text) {
        Ok(lesson) => assert!(!lesson.steps.is_empty() && lesson.number() == Some(1)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
