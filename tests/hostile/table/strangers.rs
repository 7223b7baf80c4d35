//! Other protocols on the port, and TLS where clear text is expected.

use super::super::behaviour::{Behaviour, peer};

fn greets(name: &str, greeting: &'static [u8], what: &str) -> Behaviour {
    peer(name, move |wire| {
        wire.say(greeting).hold();
    })
    .shows(&[&format!("it speaks {what}"), "Try next"])
    .within("2s")
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        greets("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", "SSH").exits(7, "no mail server: it speaks SSH"),
        greets("IMAP", b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "IMAP").exits(7, "no mail server: it speaks IMAP"),
        greets("POP3", b"+OK POP3 ready\r\n", "POP3").exits(7, "no mail server: it speaks POP3"),
        greets("HTTP", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "HTTP")
            .exits(7, "no mail server: it speaks HTTP"),
        peer("TLS on the plain port", |wire| {
            wire.say(b"\x15\x03\x03\x00\x02\x02\x46").hold();
        })
        .within("2s")
        .shows(&["speaks TLS from the first byte", "Try next"])
        .exits(7, "smtps://"),
        peer("TLS on the plain port, silent until the client speaks", super::super::wire::Wire::hold)
            .within("8s")
            .shows(&["it speaks TLS from the first byte and waits for you", "smtps://"])
            .exits(6, "may fit"),
        peer("nothing but binary", |wire| {
            wire.say((0..=255).collect::<Vec<u8>>()).say("\r\n").hold();
        })
        .within("2s")
        .shows(&["\\x00\\x01\\x02"])
        .exits(7, "broke the protocol"),
    ]
}
