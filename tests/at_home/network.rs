//! A network that vanishes in mid-conversation: a reset, a server that stops, and nobody at all.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::{LARGE, SMALL, flowing, leave, say};
use crate::support::peer::Peer;
use crate::support::terminal::{Home, Terminal};

#[test]
fn a_reset_in_mid_conversation_is_said_with_the_key_that_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mx ESMTP\r\n").unwrap();
        // One octet is read and the others are not: such a close is a reset.
        stream.read_exact(&mut [0]).unwrap();
        while stream.peek(&mut [0; 64]).unwrap() < 3 {}
    });
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&address], LARGE);
    terminal.wait_for("220 mx ESMTP").keys("EHLO noddy.com<Enter>").wait_for("F5 reconnect");
    server.join().unwrap();
    terminal.wait_until("the reset in words", |screen| flowing(screen).contains("reset"));
    terminal.keys("<C-q>");
    assert!(terminal.exit().success(), "nothing is open, so nothing is asked");
    terminal.assert_restored();
    let text = home.transcript();
    assert!(text.contains("> EHLO noddy.com") && text.contains("* closed by=server reason="), "{text}");
}

#[test]
fn a_server_that_stops_is_waited_for_and_the_waiting_can_be_stopped() {
    let peer = Peer::play("S: 220 mx ESMTP\nC: EHLO *\nS: 250 mx\nC: MAIL *\nHOLD\n");
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&peer.target()], SMALL);
    terminal.wait_for("220 mx ESMTP");
    say(&mut terminal, "EHLO noddy.com", "250 mx");
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("waiting for the reply to MAIL").wait_for("Ctrl-C");
    terminal.keys("RCPT TO:<a@b").wait_for("RCPT TO:<a@b").keys("<C-c>");
    terminal.wait_until("the waiting to end", |screen| !screen.contains("waiting for the reply"));
    assert!(terminal.screen().contains("RCPT TO:<a@b"), "what was typed stays: {}", terminal.screen());
    leave(&mut terminal);
    assert!(home.transcript().contains("* gave-up"), "{}", home.transcript());
    peer.heard();
}

#[test]
fn a_server_that_has_gone_is_refused_in_words_when_it_is_called_again() {
    let peer = Peer::play("S: 220 mx ESMTP\n");
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("220 mx ESMTP").wait_for("F5 reconnect");
    peer.heard();
    terminal.keys("<F5>").wait_until("a refusal", |screen| screen.contains("refused"));
    terminal.wait_for("F5 reconnect").keys("<C-q>");
    assert!(terminal.exit().success());
}
