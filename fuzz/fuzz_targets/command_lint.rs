//! Any line parses and is linted at any point of a session; what is mended has nothing left to mend.
#![no_main]

use std::sync::LazyLock;

use ehlo::smtp::lint::{lint, looks_like_secret};
use ehlo::smtp::{Command, Session, VerbTable};
use libfuzzer_sys::fuzz_target;

static VERBS: LazyLock<VerbTable> = LazyLock::new(|| {
    let text = ehlo::assets::text("verbs.toml").expect("it is compiled in");
    VerbTable::parse(text).expect("it parses")
});

#[path = "../talk/mod.rs"]
mod talk;

/// A session after each of the first so many of these commands was accepted.
static SESSIONS: LazyLock<[Session; 5]> = LazyLock::new(|| {
    let offer = "250-mx\n250-DSN\n250-SIZE 1000\n250-SMTPUTF8\n250-8BITMIME\n250-CHUNKING\n250 AUTH PLAIN LOGIN";
    let talk = [("EHLO a", offer), ("MAIL FROM:<a@b>", "250 ok"), ("RCPT TO:<c@d>", "250 ok"), ("DATA", "354 go")];
    std::array::from_fn(|steps| talk::session(&talk[..steps]))
});

// The first octet says how far the session has come.
fuzz_target!(|input: &[u8]| {
    let Some((steps, line)) = input.split_first() else { return };
    let session = &SESSIONS[usize::from(*steps % 5)];
    let command = Command::parse(line);
    assert_eq!(command.to_line(), line);
    let _ = (command.to_string(), command.chunk(), command.mechanism(), looks_like_secret(line));
    for finding in lint(line, session, &VERBS) {
        assert!(finding.span.start <= finding.span.end && finding.span.end <= line.len());
        let Some(mended) = finding.mended else { continue };
        let left = lint(mended.as_bytes(), session, &VERBS);
        assert!(left.iter().all(|lint| lint.mended.is_none()), "{mended}: {left:?}");
    }
});
