//! Transcripts of any length: mail transactions with 20 recipients and 20 lines of content, some 75 octets a record.

use std::fmt::Write as _;

/// The text of a transcript of so many records.
pub(crate) fn transcript(records: usize) -> Vec<u8> {
    let mut text = String::with_capacity(records * 80);
    text.push_str("+++\nehlo = 1\ntarget = \"smtp://mx.target.local:25\"\nside = \"client\"\n+++\n");
    let mut micros: u64 = 0;
    let mut left = records;
    let mut line = |rest: &str| {
        let more = left > 0;
        if more {
            left -= 1;
            micros += 731;
            writeln!(text, "{}.{:06} {rest}", micros / 1_000_000, micros % 1_000_000).expect("a String takes all");
        }
        more
    };
    line("* connected 127.0.0.1:25 from 127.0.0.1:40312");
    line("< 220 mx.target.local ESMTP ready at your service, speak slowly");
    line("> EHLO noddy.com");
    line("< 250 mx.target.local");
    let mut number = 0;
    while line("> MAIL FROM:<the.sender.of.this.message@department.of.mail.noddy.com> BODY=8BITMIME") {
        line("< 250 2.1.0 <the.sender.of.this.message@department.of.mail.noddy.com>: Sender ok");
        for _ in 0..20 {
            number += 1;
            line(&format!("> RCPT TO:<recipient.number.{number:09}@department.target.local>"));
            line(&format!("< 250 2.1.5 <recipient.number.{number:09}@department.target.local>: Recipient ok"));
        }
        line("> DATA");
        line("< 354 Enter mail, end with a line that has nothing but a full stop");
        for n in 0..20 {
            line(&format!("| This is line {n:02} of a message in which little is said and many words are used."));
        }
        line("> .");
        line("< 250 2.0.0 Ok: queued as 4YW33q8qk4Y, thank you for the message that you have sent");
    }
    text.into_bytes()
}
