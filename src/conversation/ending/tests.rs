//! Which ends are told, and how.

use super::*;
use crate::conversation::sample;

const OPEN: &str = "* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n";
const MAIL: &str = "> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 2.1.5 ok\n";
const DATA: &str = "> DATA\n< 354 go\n| x\n";

fn told(text: &str) -> Option<(&'static str, String)> {
    let log = sample::log(text);
    ending(&Dialogue::of(&log), &log, Extent::default()).map(|it| (it.end.name(), it.words))
}

#[track_caller]
fn check(text: &str, expected: Option<(&str, &str)>) {
    let told = told(text);
    assert_eq!(told.as_ref().map(|(end, words)| (*end, words.as_str())), expected, "{text}");
}

#[test]
fn an_end_that_no_reply_tells_has_its_own_words() {
    let (cut, left) = ("* closed by=server\n", "* closed by=client\n");
    for (text, end, words) in [
        (format!("{OPEN}{MAIL}> RCPT TO:<e@f>\n{cut}"), "cut", "cut, no reply to RCPT"),
        (format!("{OPEN}{MAIL}> RCPT TO:<e@f>\n* closed by=network\n"), "cut", "cut, no reply to RCPT"),
        (format!("{OPEN}{MAIL}{DATA}> .\n{cut}"), "cut", "cut, no verdict on the message"),
        (format!("{OPEN}{MAIL}{DATA}> .\n> QUIT\n{cut}"), "cut", "cut, no verdict on the message"),
        (format!("{OPEN}{MAIL}> RSET\n< 250-o\n{cut}"), "cut", "the reply to RSET broke off"),
        (format!("{OPEN}{MAIL}{DATA}{cut}"), "cut", "cut in the middle of the message"),
        (format!("{OPEN}> AUTH LOGIN\n< 334 x\n{cut}"), "cut", "cut in the middle of logging in"),
        (format!("{OPEN}{cut}"), "cut", "closed by the server after EHLO"),
        (format!("{OPEN}{MAIL}{DATA}{left}"), "abandoned", "the message was abandoned"),
        (format!("{OPEN}> AUTH LOGIN\n< 334 x\n{left}"), "abandoned", "logging in was abandoned"),
        (format!("{OPEN}{MAIL}{DATA}> .\n{left}"), "unanswered", "left, no verdict on the message"),
        (format!("{OPEN}> NOOP\n* gave-up\n{left}"), "unanswered", "no reply to NOOP: nobody waited any longer"),
        (
            format!("{OPEN}{MAIL}{DATA}> .\n* gave-up reason=time-out\n{left}"),
            "unanswered",
            "no verdict on the message in time",
        ),
        (format!("* connecting a\n* connected a\n{cut}"), "silence", "closed before the server said anything"),
        (
            format!("* connecting a\n* connected a\n* warning kind=silence \"x\"\n{left}"),
            "silence",
            "the server said nothing",
        ),
        (format!("* connecting a\n* connected a\n< 220-mx\n{cut}"), "silence", "the greeting broke off"),
        (
            format!("* connecting a\n* connected a\n* warning kind=mode \"it speaks TLS\"\n{left}"),
            "silence",
            "it speaks TLS",
        ),
        ("* connecting a\n* error kind=refused \"refused\"\n".to_owned(), "failed", "refused"),
        (
            format!("{OPEN}> STARTTLS\n< 220 go\n* error kind=tls \"the handshake broke\"\n{left}"),
            "tls",
            "TLS failed: the handshake broke",
        ),
        (format!("{OPEN}> STARTTLS\n< 220 go\n{cut}"), "tls", "closed before TLS came about"),
    ] {
        check(&text, Some((end, words)));
    }
}

#[test]
fn a_verdict_that_one_recipient_never_got_and_a_paste_without_a_connection_are_told() {
    let lmtp = "* connecting a\n* connected a\n< 220 mx LMTP\n> LHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n\
        > RCPT TO:<c@d>\n< 250 ok\n> RCPT TO:<e@f>\n< 250 ok\n> DATA\n< 354 go\n| x\n> .\n< 250 for c\n* closed by=server";
    check(lmtp, Some(("cut", "cut, not every verdict on the message")));
    check("< 220 mx\n> EHLO a\n< 250 mx\n> NOOP\n* closed by=server", Some(("cut", "cut, no reply to NOOP")));
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_until_somebody_goes_on() {
    let failed = format!(
        "{OPEN}> STARTTLS\n< 220 go\n* error kind=tls \"the server's certificate is self-signed\"\n\
         * closed by=client\n* inspecting a\n* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n\
         > STARTTLS\n< 220 go\n* tls verified=no\n* closed by=client\n"
    );
    let told = Some(("tls", "TLS not trusted: the certificate is self-signed"));
    check(&failed, told);
    check(&format!("{failed}{OPEN}> QUIT\n< 221 bye\n* closed by=server\n"), told);
    let regardless = "> STARTTLS\n< 220 go\n* tls verified=no\n> EHLO a\n< 250 mx\n* closed by=client\n";
    check(&format!("{failed}{OPEN}{regardless}"), None);
}

#[test]
fn what_a_reply_tells_needs_no_other_words() {
    let cut = "* closed by=server\n";
    for text in [
        format!("{OPEN}> QUIT\n< 221 bye\n{cut}"),
        format!("{OPEN}{MAIL}{DATA}> .\n< 250 queued\n> QUIT\n{cut}"),
        format!("{OPEN}{MAIL}{DATA}< 421 going down\n{cut}"),
        format!("{OPEN}> MAIL FROM:<a@b>\n> RCPT TO:<c@d>\n< 421 going down\n{cut}"),
        format!("{OPEN}{MAIL}"),
        format!("{OPEN}{MAIL}* closed by=client\n"),
        format!("{OPEN}{MAIL}> RCPT TO:<e@f>\n{cut}{OPEN}{MAIL}{DATA}> .\n< 250 queued\n> QUIT\n{cut}"),
    ] {
        check(&text, None);
    }
}

#[test]
fn of_a_torn_log_only_its_last_lines_count() {
    let torn = |text: &str| {
        let log = sample::log(text);
        ending(&Dialogue::of(&log), &log, Extent { torn: true, over: false }).map(|it| it.end)
    };
    // The reply to NOOP is in what was left out.
    let left_out = format!("{OPEN}> NOOP\n> MAIL FROM:<a@b>\n< 250 ok\n");
    assert_eq!(torn(&format!("{left_out}* closed by=client\n")), None);
    assert_eq!(torn(&format!("{left_out}> RCPT TO:<c@d>\n* closed by=server\n")), Some(End::Cut));
}

#[test]
fn a_recording_that_simply_stops_was_left_there_once_nobody_records_any_more() {
    let told = |text: &str, over: bool| {
        let log = sample::log(text);
        ending(&Dialogue::of(&log), &log, Extent { torn: false, over }).map(|it| (it.end.name(), it.words))
    };
    for (text, end, words) in [
        (format!("{OPEN}> NOOP\n"), "unanswered", "left, no reply to NOOP"),
        (format!("{OPEN}{MAIL}{DATA}"), "abandoned", "the message was abandoned"),
        (format!("{OPEN}{MAIL}{DATA}* set title=\"x\"\n"), "abandoned", "the message was abandoned"),
        (format!("{OPEN}{MAIL}{DATA}> .\n"), "unanswered", "left, no verdict on the message"),
        ("* connecting a\n* connected a\n".to_owned(), "silence", "the server said nothing"),
    ] {
        assert_eq!(told(&text, true), Some((end, words.to_owned())), "{text}");
        assert_eq!(told(&text, false), None, "it goes on: {text}");
    }
    for text in [OPEN, "* connecting a\n", "< 220 mx\n> EHLO a\n< 250 mx\n> NOOP\n"] {
        assert_eq!(told(text, true), None, "{text}");
    }
}
