//! Replies that are none, come unasked or too late, or say two things at once; what EHLO may be answered by.

use std::time::Duration;

use super::super::behaviour::{At, Behaviour, peer};

/// A reply to MAIL that is no good.
fn to_mail(name: &str, reply: &'static [u8]) -> Behaviour {
    peer(name, move |wire| {
        wire.until("MAIL");
        wire.say(reply).on_until("never");
    })
    .at(At::Mail)
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = codes();
    all.extend(line_ends());
    all.extend(out_of_turn());
    all.extend(offers());
    all
}

fn codes() -> Vec<Behaviour> {
    let broken = "the server broke the protocol";
    vec![
        to_mail("a code of 000", b"000 nothing\r\n").shows(&["000 nothing", "no SMTP server may"]).exits(7, broken),
        to_mail("a code of 99", b"99 balloons\r\n").shows(&["99 balloons"]).exits(7, broken),
        to_mail("a code of 999", b"999 too many\r\n").shows(&["999 too many"]).exits(7, broken),
        to_mail("a code of four digits", b"2500 sure\r\n").shows(&["2500 sure"]).exits(7, broken),
        to_mail("letters for a code", b"OK fine\r\n").shows(&["OK fine"]).exits(7, broken),
        to_mail("an empty line for a reply", b"\r\n").exits(7, broken),
        to_mail("mixed codes in one reply", b"250-fine\r\n550 not at all\r\n")
            .shows(&["250-fine", "550 not at all"])
            .exits(1, ""),
        to_mail("a code alone", b"250\r\n").shows(&["Name the recipients"]).exits(0, ""),
        to_mail("a code and no space", b"250fine\r\n").shows(&["250fine", "Name the recipients"]).exits(0, ""),
        to_mail("an intermediate reply where nothing is to follow", b"354 go on\r\n")
            .shows(&["354 go on"])
            .exits(7, broken),
    ]
}

fn line_ends() -> Vec<Behaviour> {
    vec![
        to_mail("bare line feeds", b"250-one\n250 two\n").shows(&["Name the recipients"]).exits(0, ""),
        to_mail("a bare carriage return", b"250 one\rtwo\r\n")
            .shows(&["250 one\\rtwo", "Name the recipients"])
            .exits(0, ""),
        to_mail("NUL in a reply", b"250 a\0b\r\n").shows(&["250 a\\x00b", "Name the recipients"]).exits(0, ""),
        to_mail("carriage returns for line ends", b"250 one\r250 two\r")
            .within("2s")
            .shows(&["250 one\\r250 two\\r", "No reply to MAIL in time"])
            .exits(6, "did not come in time"),
        to_mail("Latin-1", b"550 5.1.1 Empf\xe4nger unbekannt\r\n").shows(&["Empf\\xe4nger"]).exits(1, ""),
        to_mail("invalid UTF-8", b"550 \xc3\x28 \xf0\x9f \xed\xa0\x80\r\n").shows(&["\\xc3( \\xf0\\x9f"]).exits(1, ""),
    ]
}

fn out_of_turn() -> Vec<Behaviour> {
    vec![
        peer("a reply before the command", |wire| {
            wire.say("220 hostile.example ESMTP\r\n250 already\r\n").on_until("never");
        })
        .at(At::Ehlo)
        .shows(&["250 already", "250 SIZE 1000"])
        .exits(0, ""),
        peer("two replies to one command", |wire| {
            wire.until("MAIL");
            wire.say("250 2.1.0 sender taken\r\n550 or not\r\n").on_until("never");
        })
        .at(At::Mail)
        .shows(&["sender taken", "550 or not"])
        .exits(1, ""),
        peer("a reply after the time-out", |wire| {
            wire.until("MAIL");
            std::thread::sleep(Duration::from_secs(4));
            wire.say("250 2.1.0 sender taken late\r\n").on_until("never");
        })
        .at(At::Mail)
        .within("2s")
        .shows(&["no reply in time: stopped waiting for MAIL", "sender taken late", "Name the recipients"])
        .exits(6, "did not come in time"),
        peer("421 at rest", |wire| {
            wire.until("MAIL");
            wire.say("250 2.1.0 sender taken\r\n");
            std::thread::sleep(Duration::from_millis(300));
            wire.say("421 4.4.2 too slow\r\n");
        })
        .at(At::Mail)
        .shows(&["421 4.4.2 too slow", "closed by the server", "F5 reconnect"])
        .plays("> EHLO me.example\n> MAIL FROM:<dude@me.example>\n* sleep 1s\n> NOOP\n")
        .exits(1, "421"),
        peer("421 for a greeting", |wire| {
            wire.say("421 4.3.2 not now\r\n");
        })
        .shows(&["421 4.3.2 not now", "F5 reconnect"])
        .exits(1, "421"),
        peer("554 for a greeting", |wire| {
            wire.say("554 5.7.1 no mail here\r\n").on_until("never");
        })
        .shows(&["554 5.7.1 no mail here", "QUIT"])
        .exits(1, ""),
    ]
}

fn offers() -> Vec<Behaviour> {
    let offer = |name: &str, reply: String| {
        peer(name, move |wire| {
            wire.until("EHLO");
            wire.say(&reply).on_until("never");
        })
        .at(At::Ehlo)
    };
    let many = (0..10_000).map(|n| format!("250-X-CAPABILITY-{n} argument\r\n")).collect::<Vec<_>>().concat();
    vec![
        offer("SIZE of 20 digits", "250-mx\r\n250 SIZE 99999999999999999999\r\n".to_owned())
            .shows(&["SIZE 99999999999999999999", "MAIL"])
            .exits(0, ""),
        offer("10,000 capabilities", format!("250-mx\r\n{many}250 LAST\r\n")).shows(&["250 LAST", "MAIL"]).exits(0, ""),
        offer(
            "the same capability again and again",
            format!("250-mx\r\n{}250 SIZE 9\r\n", "250-SIZE 1000\r\n250-AUTH PLAIN\r\n".repeat(50)),
        )
        .shows(&["250 SIZE 9", "MAIL"])
        .exits(0, ""),
        offer("capabilities of nothing but spaces", "250-mx\r\n250-   \r\n250-\r\n250 \r\n".to_owned())
            .shows(&["MAIL"])
            .exits(0, ""),
    ]
}
