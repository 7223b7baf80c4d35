//! More than anybody can want: lines and replies without end, and unasked lines faster than they can be read.

use super::super::behaviour::{At, Behaviour, peer};
use super::Size;

const STOPPED: &str = "reading has stopped";

pub(super) fn all(size: Size) -> Vec<Behaviour> {
    let big = |small: u64, full: u64| if size == Size::Small { small } else { full };
    let lines = usize::try_from(big(20_000, 200_000)).expect("it is small");
    // Reading stops after 24 MiB or 500,000 lines.
    let (line, reply, unasked) = (big(40 << 20, 1 << 30), big(40 << 20, 1 << 30), big(16 << 20, 2 << 30));
    vec![
        peer("a line without end for a greeting", move |wire| {
            wire.say("220 ").flood("x", line).hold();
        })
        .shows(&["Reading has stopped", "Read on", "Try next"])
        .exits(7, STOPPED),
        peer("a line without end in answer to MAIL", move |wire| {
            wire.until("MAIL");
            wire.say("250 ").flood("x", line).hold();
        })
        .at(At::Mail)
        .shows(&["Reading has stopped", "Read on", "Try next"])
        .exits(7, STOPPED),
        peer("EHLO answered by very many lines", move |wire| {
            wire.until("EHLO");
            wire.say("250-X-LINE of very many\r\n".repeat(lines)).say("250 LAST\r\n").on_until("never");
        })
        .at(At::Ehlo)
        // A reply is kept up to 100,000 lines.
        .shows(if size == Size::Small { &["250 LAST", "MAIL"] } else { &["cut at", "100,000 lines", "MAIL"] })
        .exits(0, ""),
        peer("continuation lines without end", move |wire| {
            wire.until("MAIL");
            wire.flood("250-and so on\r\n", reply).hold();
        })
        .at(At::Mail)
        .shows(&["Reading has stopped", "Read on", "Try next"])
        .exits(7, STOPPED),
        peer("a reply of lines of 1 MB", move |wire| {
            wire.until("MAIL");
            wire.flood([&b"250-"[..], &b"y".repeat(1_000_000), b"\r\n"].concat(), reply).say("250 done\r\n").hold();
        })
        .at(At::Mail)
        .shows(&["Reading has stopped", "Read on", "Try next"])
        .exits(7, STOPPED),
        peer("unasked lines as fast as they go", move |wire| {
            wire.until("MAIL");
            wire.say("250 2.1.0 sender taken\r\n").flood(format!("250 {}\r\n", "unasked ".repeat(16)), unasked).hold();
        })
        .at(At::Mail)
        .shows(if size == Size::Small { &["250 unasked"] } else { &["Reading has stopped", "Read on"] })
        // What was asked for is answered, by whatever comes first.
        .exits(if size == Size::Small { 0 } else { 7 }, if size == Size::Small { "" } else { STOPPED }),
    ]
}
