//! What can go wrong from the reply to STARTTLS on: clear text, no handshake, a bad one, certificates that nobody trusts.

use std::sync::Arc;

use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, Stream, SupportedProtocolVersion};
use tokio_rustls::rustls;

use super::super::behaviour::{At, Behaviour, peer};
use super::super::wire::Wire;
use crate::secure::{Fault, config};

/// Says this in place of a handshake.
fn instead(name: &str, of_handshake: &'static [u8]) -> Behaviour {
    peer(name, move |wire| {
        wire.until("STARTTLS");
        wire.say("220 2.0.0 shake hands\r\n");
        // The client's hello, so that a close is a close and not a reset.
        let _ = std::io::Read::read(&mut wire.stream, &mut [0; 4096]);
        wire.say(of_handshake);
    })
    .at(At::Starttls)
}

/// Shakes hands, and then talks under TLS.
fn shake(wire: &mut Wire, config: &Arc<ServerConfig>, under_tls: impl FnOnce(&mut Wire, &mut ServerConnection)) {
    let mut tls = ServerConnection::new(Arc::clone(config)).expect("the configuration is complete");
    while tls.is_handshaking() {
        if tls.complete_io(&mut wire.stream).is_err() {
            // What there is to say of it is sent.
            let _ = tls.write_tls(&mut wire.stream);
            return;
        }
    }
    under_tls(wire, &mut tls);
}

fn certificate(name: &str, fault: Fault, version: &'static SupportedProtocolVersion) -> Behaviour {
    let config = config(fault, version);
    peer(name, move |wire| {
        wire.until("STARTTLS");
        wire.say("220 2.0.0 shake hands\r\n");
        shake(wire, &config, |wire, _| wire.hold());
    })
    .at(At::Starttls)
    .shows(&["Not secured: the certificate is not trusted", "goes on regardless"])
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = handshakes();
    all.extend([
        certificate("an expired certificate", Fault::Expired, &TLS13).exits(4, "certificate"),
        certificate("a certificate for another name", Fault::WrongName, &TLS12).exits(4, "certificate"),
        certificate("a self-signed certificate", Fault::SelfSigned, &TLS13).exits(4, "self-signed"),
        certificate("a certificate of nobody's", Fault::UnknownIssuer, &TLS12).exits(4, "certificate"),
        certificate("a certificate of 60 KB", Fault::Enormous(60_000), &TLS13).exits(4, "self-signed"),
        certificate("a certificate of 1 MB", Fault::Enormous(1_000_000), &TLS12)
            .shows(&["larger than a handshake may be", "Try next"])
            .exits(4, "larger than a handshake may be"),
    ]);
    all
}

fn handshakes() -> Vec<Behaviour> {
    let plain = config(Fault::SelfSigned, &TLS13);
    vec![
        instead("garbage in the handshake", b"\x16\x03\x03\xff\xff garbage \x00\x01\x02")
            .shows(&["TLS", "Try next"])
            .exits(4, "TLS"),
        instead("an alert in the handshake", b"\x15\x03\x03\x00\x02\x02\x28")
            .shows(&["handshake failure", "Try next"])
            .exits(4, "TLS"),
        instead("plain text in the handshake", b"454 4.7.0 TLS not available\r\n")
            .shows(&["it answered in clear text: 454 4.7.0 TLS not available", "Try next"])
            .exits(4, "clear text"),
        instead("escapes in the handshake", b"454 \x1b]0;owned\x07\x9b\r\n")
            .shows(&["454 \\e]0;owned\\x07\\x9b", "Try next"])
            .exits(4, "clear text"),
        instead("a close in the handshake", b"")
            .shows(&["closed the connection in the middle", "Try next"])
            .exits(4, "TLS"),
        instead("half a handshake and a close", b"\x16\x03\x03\x00\x7a\x02\x00")
            .shows(&["closed the connection in the middle", "Try next"])
            .exits(4, "TLS"),
        peer("silence in the handshake", |wire| {
            wire.until("STARTTLS");
            wire.say("220 2.0.0 shake hands\r\n").hold();
        })
        .at(At::Starttls)
        .within("2s")
        .shows(&["the TLS handshake was not done within 2 s", "Try next"])
        .exits(6, "handshake"),
        peer("plain text after the reply to STARTTLS", |wire| {
            wire.until("STARTTLS");
            wire.say("220 2.0.0 shake hands\r\n250 2.0.0 \x1b[31minjected\r\n").hold();
        })
        .at(At::Starttls)
        .within("2s")
        .shows(&["came in clear text after the reply to STARTTLS and were thrown away", "\\e[31minjected", "Try next"])
        .exits(6, "handshake"),
        peer("plain text on a port of TLS", |wire| {
            wire.greet().hold();
        })
        .implicit()
        .shows(&["it answered in clear text: 220 hostile.example ESMTP", "smtp://"])
        .exits(4, "clear text"),
        peer("silence on a port of TLS", super::super::wire::Wire::hold)
            .implicit()
            .within("2s")
            .shows(&["the TLS handshake was not done within 2 s", "Try next"])
            .exits(6, "handshake"),
        peer("a certificate that is not trusted on a port of TLS", move |wire| {
            shake(wire, &plain, |wire, tls| {
                let _ = std::io::Write::write_all(
                    &mut Stream::new(tls, &mut wire.stream),
                    b"220 hostile.example ESMTP\r\n",
                );
                wire.hold();
            });
        })
        .implicit()
        .shows(&["Not secured: the certificate is not trusted", "goes on regardless"])
        .exits(4, "self-signed"),
    ]
}
