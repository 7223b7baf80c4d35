//! What is wrong with a connection, as somebody sees it: in words, with the key that goes on. The built binary in a
//! pseudo-terminal against peers on loopback.
use std::net::TcpListener;

use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::support::peer::Peer;
use super::support::secure::{Begins, Fault, serve};
use super::support::terminal::{Home, Terminal};
use super::{LARGE, SMALL};

const NOT_TRUSTED: &str = "Certificate not trusted ·";
const REGARDLESS: &str = "goes on regardless";

/// The text of a screen without its frames and line breaks, so that a sentence is found however it is broken.
fn flowing(screen: &str) -> String {
    let panel = |row: &str| row.rsplit("││").next().unwrap_or(row).trim_end_matches('│').trim().to_owned();
    screen.lines().map(panel).collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends the lines up to the handshake, where it needs any.
fn up_to_the_handshake(terminal: &mut Terminal, begins: Begins) {
    if begins == Begins::AfterStarttls {
        terminal.wait_for("220 mx.secure.example").keys("EHLO noddy.com<Enter>").wait_for("EHLO done");
        terminal.keys("STARTTLS<Enter>");
    }
}

fn target(address: std::net::SocketAddr, begins: Begins) -> String {
    match begins {
        Begins::AtOnce => format!("smtps://{address}"),
        Begins::AfterStarttls => format!("smtp://{address}"),
    }
}

#[test]
fn every_fault_of_a_certificate_is_said_under_both_versions_with_the_key_that_goes_on() {
    for (fault, words) in [
        (Fault::Expired, "It expired on 2021-01-01 00:00 UTC"),
        (Fault::WrongName, "It is not for 127.0.0.1: it is for mail.other.example"),
        (Fault::SelfSigned, "It is self-signed: nobody else vouches for it"),
        (Fault::UnknownIssuer, "Its issuer is not known here: CN=Nobody's CA"),
    ] {
        for (version, begins, size) in [(&TLS13, Begins::AtOnce, LARGE), (&TLS12, Begins::AfterStarttls, SMALL)] {
            let address = serve(fault, version, begins);
            let home = Home::new();
            let mut terminal = Terminal::start(&home, &[&target(address, begins)], size);
            up_to_the_handshake(&mut terminal, begins);
            terminal.wait_for(NOT_TRUSTED).wait_for(REGARDLESS);
            terminal.wait_until(words, |screen| flowing(screen).contains(words));
            terminal.keys("<F9><F9><F9>").wait_for("[TLS]");
            terminal.wait_until(words, |screen| flowing(screen).contains(words));
            terminal.keys("<C-q>");
            assert!(terminal.exit().success(), "{fault:?}");
        }
    }
}

#[test]
fn going_on_regardless_is_asked_for_and_marked_and_holds_for_that_connection_only() {
    for begins in [Begins::AtOnce, Begins::AfterStarttls] {
        let address = serve(Fault::SelfSigned, &TLS13, begins);
        let home = Home::new();
        let mut terminal = Terminal::start(&home, &[&target(address, begins)], LARGE);
        up_to_the_handshake(&mut terminal, begins);
        terminal.wait_for(NOT_TRUSTED);
        assert!(!terminal.screen().contains("NOT VERIFIED"), "{}", terminal.screen());
        let key = regardless(terminal.wait_for(REGARDLESS));
        terminal.keys(&key).wait_for("take the certificate whatever it is").keys("<Esc>");
        terminal.wait_until("the question to go", |screen| !screen.contains("whatever it is"));
        terminal.keys(&key).wait_for("whatever it is").answer("y").wait_for("NOT VERIFIED");
        let said = match begins {
            Begins::AtOnce => "greeted, encrypted",
            Begins::AfterStarttls => "encrypted, EHLO again",
        };
        terminal.wait_for("· TLS 1.3").wait_for(said);
        terminal.keys("EHLO again.example<Enter>").wait_for("~> EHLO again.example").wait_for("EHLO done");
        assert!(terminal.screen().lines().next().unwrap().contains("NOT VERIFIED"), "{}", terminal.screen());
        terminal.keys("QUIT<Enter>").wait_for("F5 reconnect").keys("<F5>");
        up_to_the_handshake_again(&mut terminal, begins);
        terminal.wait_for(NOT_TRUSTED);
        assert!(!terminal.screen().contains("NOT VERIFIED ·"), "{}", terminal.screen());
        terminal.keys("<C-q>");
        assert!(terminal.exit().success());
        let file = home.transcript();
        assert!(file.contains("you go on regardless"), "{file}");
        assert!(file.contains("verified=no reason=\"it is self-signed"), "{file}");
    }
}

/// The key that goes on regardless, as the row below the line names it.
fn regardless(terminal: &Terminal) -> String {
    let screen = terminal.screen();
    let digit = screen.split(REGARDLESS).next().and_then(|before| before.trim_end().chars().last());
    format!("<A-{}>", digit.expect("it is named"))
}

/// The same where the screen still shows the connection before.
fn up_to_the_handshake_again(terminal: &mut Terminal, begins: Begins) {
    if begins == Begins::AfterStarttls {
        terminal.wait_until("greeted again", |screen| screen.lines().next().is_some_and(|t| t.contains("greeted")));
        terminal.keys("EHLO third.example<Enter>").wait_for(" -> EHLO third.example").wait_for("EHLO done");
        terminal.keys("STARTTLS<Enter>");
    }
}

#[test]
fn tls_where_a_greeting_was_expected_is_recognised_and_one_key_connects_the_right_way() {
    let address = serve(Fault::SelfSigned, &TLS13, Begins::AtOnce);
    for size in [SMALL, LARGE] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, &[&format!("smtp://{address}")], size);
        terminal.wait_for("connected to").keys("EHLO noddy.com<Enter><Enter>");
        terminal.wait_for("Alt-1 connects to smtps://").wait_for("This port speaks TLS from the");
        terminal.keys("<A-1>").wait_for(NOT_TRUSTED);
        terminal.keys("<C-q>");
        assert!(terminal.exit().success());
    }
}

#[test]
fn silence_on_a_port_under_tls_is_said_and_one_key_connects_the_right_way() {
    let address = serve(Fault::SelfSigned, &TLS12, Begins::AtOnce);
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&format!("smtp://{address}")], SMALL);
    terminal.wait_for("Alt-1 connects to smtps://").wait_for("The server says nothing");
    terminal.keys("<A-1>").wait_for(NOT_TRUSTED);
}

#[test]
fn a_greeting_where_a_handshake_was_expected_is_recognised_and_one_key_connects_the_right_way() {
    let peer = Peer::play("S: 220 mx.clear.example ESMTP\nHOLD\n---\nS: 220 mx.clear.example ESMTP\nHOLD");
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&format!("smtps://{}", peer.target())], SMALL);
    terminal.wait_for("Alt-1 connects to smtp://").wait_for("This port speaks clear text");
    terminal.keys("<A-1>");
    terminal.wait_until("greeted in clear text", |screen| {
        screen.lines().next().is_some_and(|title| title.contains("clear text") && title.contains("greeted"))
    });
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    assert_eq!(peer.heard(), Vec::<String>::new(), "no command is sent by itself");
}

#[test]
fn another_protocol_is_named() {
    let peer = Peer::play("S: * OK IMAP4rev1 ready\nHOLD");
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("This is no mail server").wait_for("it speaks IMAP");
}

#[test]
fn a_port_where_nothing_listens_says_why_and_what_to_press() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&address.to_string()], LARGE);
    terminal.wait_for("No connection: nothing listens there").wait_for("Try next").wait_for("F5 again");
    let listener = TcpListener::bind(address);
    // The port may have been taken meanwhile; then there is nothing more to see here.
    if let Ok(listener) = listener {
        terminal.keys("<F5>");
        let _accepted = listener.accept().unwrap();
        terminal.wait_for("connected to").wait_for("waiting for the greeting");
    }
}
