//! What is pasted of a log or a bounce: the quoted reply is a part of the text, and is explained whatever it is.
#![no_main]

use std::sync::LazyLock;

use ehlo::decode::{Context, Knowledge, explain, leads_on, quoted};
use libfuzzer_sys::fuzz_target;

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::shipped);

const BEGINNINGS: [&str; 6] =
    ["", "host mx said: 550 ", "smtp;", "<~* ", "Remote host said: ", "SMTP error from remote mail server after RCPT TO:<a@b>: "];

// The first octet says what stands before the text.
fuzz_target!(|input: &[u8]| {
    let Some((beginning, rest)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let text = format!("{}{text}", BEGINNINGS[usize::from(*beginning) % BEGINNINGS.len()]);
    let _ = leads_on(&text);
    if let Some(found) = quoted(&text) {
        assert!(!found.reply.is_empty() && text.contains(&found.reply));
        let said = explain(None, None, &found.reply, &Context::default(), &KNOWLEDGE);
        assert!(!said.title.is_empty());
    }
});
