//! The first lesson, held without a mistake; `tests/class.rs` has it from here, too.

/// What is said in it, and how the reply to it begins.
pub(crate) const CLASSIC: [(&str, &str); 7] = [
    ("HELO noddy.com", "250"),
    ("MAIL FROM:<dude@noddy.com>", "250"),
    ("RCPT TO:<anotherdude@target.local>", "250"),
    ("RCPT TO:<colleague@target.local>", "250"),
    ("DATA", "354"),
    ("Subject: hi\r\n\r\nhello\r\n.", "250"),
    ("QUIT", "221"),
];
