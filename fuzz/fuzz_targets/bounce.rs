//! Bounces and lines of mail logs of any text are taken apart or give nothing; what is said of them is in them.
#![no_main]

use ehlo::decode::{refusal, reported};
use libfuzzer_sys::fuzz_target;

const HEAD: &str = "Content-Type: message/delivery-status\n\nReporting-MTA: dns;mx\n\nFinal-Recipient: rfc822;";

const BEGINNINGS: [&str; 6] = [
    "",
    "Nov 23 20:18:22 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from a[192.0.2.1]: ",
    "Nov 23 20:18:22 mx postfix/smtp[7]: 4F: to=<a@b>, relay=mx[192.0.2.1]:25, dsn=5.1.1, status=bounced (host mx said: ",
    "2026-11-23 20:18:22 1abc-00-1 ** a@b R=dns T=smtp: SMTP error from remote mail server after RCPT TO:<a@b>: ",
    "Nov 23 20:18:22 mx sm-mta[7]: x: to=<a@b>, dsn=5.1.1, stat=",
    "2026-11-23T20:18:22.104Z,c,08D,1,192.0.2.1:25,192.0.2.2:999,<,",
];

// The first octet says what stands before the text.
fuzz_target!(|input: &[u8]| {
    let Some((beginning, rest)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let line = format!("{}{text}", BEGINNINGS[usize::from(*beginning) % BEGINNINGS.len()]);
    if let Some(refusal) = refusal(&line) {
        assert!(refusal.code.is_some() || refusal.enhanced.is_some());
    }
    for one in reported(&format!("{HEAD}{text}\n")) {
        assert!(!one.recipient.contains('\n') && !one.text.contains('\n'));
    }
});
