//! The workbench as somebody meets it: the built binary in a pseudo-terminal, keys in, screen out.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::Signal;

mod diagnosis;
mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "other tests use the rest of the harness")]
    pub(crate) mod secure;
    #[expect(dead_code, reason = "shared with tests that use the rest of it")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 33);

/// What the composer says in each phase.
const READY: &str = "Say who the mail is from";
const MAIL: &str = "Name the recipients";
const RCPT: &str = "Another RCPT, or DATA";
const CONTENT: &str = "a line with only \".\" ends it";

/// The workbench on the lab, once the lab has greeted.
fn at_the_lab(home: &Home, size: (u16, u16)) -> Terminal {
    let mut terminal = Terminal::start(home, &["lab:"], size);
    terminal.wait_for("220 mx.target.local");
    terminal
}

/// Types a line, sees it on the screen, sends it, and waits for what the screen shows then.
fn say(terminal: &mut Terminal, line: &str, then: &str) {
    assert!(!terminal.screen().contains(then), "{then} is on the screen before {line} is sent");
    terminal.keys(line).wait_for(line).keys("<Enter>").wait_for(then);
}

/// A server that greets with this, answers each line with the next of these, and then holds the line until the client
/// closes it.
fn server(greeting: &'static [u8], replies: &'static [&'static [u8]]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let handle = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(greeting).unwrap();
        let mut heard = Vec::new();
        let mut replies = replies.iter();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            let Ok(line) = line else { break };
            heard.push(line);
            if let Some(reply) = replies.next() {
                stream.write_all(reply).unwrap();
            }
        }
        // The client may be gone already.
        let _ = stream.shutdown(Shutdown::Both);
        heard
    });
    (address, handle)
}

fn the_classic_conversation(size: (u16, u16)) {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, size);
    say(&mut terminal, "HELO noddy.com", READY);
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", MAIL);
    say(&mut terminal, "RCPT TO:<anotherdude@target.local>", RCPT);
    terminal.keys("RCPT TO:<postmaster@target.local>").wait_for("<postmaster@target.local>").keys("<Enter>");
    terminal.wait_until("both accepted", |screen| screen.matches("250 2.1.5").count() == 2);
    say(&mut terminal, "DATA", CONTENT);
    terminal.keys("Subject: by hand<Enter><Enter>Hello, both of you.<Enter>");
    terminal.keys(".hidden").wait_for("sent as ..hidden").keys("<Enter>");
    say(&mut terminal, ".", "L shows the mail");
    terminal.keys("<Esc>L").wait_for("Mail that the lab received").wait_for("anotherdude@target.local");
    terminal.keys("<Enter>").wait_for("[Text]").wait_for(".hidden").keys("<Tab><Tab><Tab><Tab>");
    terminal.wait_for("[Envelope]").wait_for("dude@noddy.com").keys("<Esc>");
    // Esc goes back a layer at a time.
    terminal.wait_until("the letter is closed", |screen| !screen.contains("[Envelope]")).keys("<Esc>");
    terminal.wait_until("the mail is closed", |screen| !screen.contains("Mail that the lab received")).keys("i");
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    terminal.assert_restored();
    let file = home.transcript();
    assert!(terminal.screen().contains("transcripts"), "it says where the conversation is kept: {}", terminal.screen());
    let mut rest = file.as_str();
    for line in [
        " < 220 mx.target.local",
        " > HELO noddy.com",
        " < 250",
        " > MAIL FROM:<dude@noddy.com>",
        " < 250",
        " > RCPT TO:<anotherdude@target.local>",
        " < 250",
        " > RCPT TO:<postmaster@target.local>",
        " < 250",
        " > DATA",
        " < 354",
        " | Subject: by hand",
        " |",
        " | Hello, both of you.",
        " | ..hidden",
        " > .",
        " < 250",
        " > QUIT",
        " < 221",
        " * closed",
    ] {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line:?} is missing or out of order: {file}"));
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn the_classic_conversation_by_typing_only_in_80_columns() {
    the_classic_conversation(SMALL);
}

#[test]
fn the_classic_conversation_by_typing_only_in_120_columns() {
    the_classic_conversation(LARGE);
}

#[test]
fn enter_on_the_start_screen_opens_the_lab() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[], SMALL);
    terminal.wait_for("a mail server inside ehlo").keys("<Enter>").wait_for("220 mx.target.local");
}

#[test]
fn ghost_text_alone_leads_through_a_conversation() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    terminal.keys("<Tab>").wait_for("EHLO ").keys("<Enter>").wait_for(READY);
    terminal.keys("<Right>").keys("<Enter>").wait_for(MAIL);
    terminal.keys("<End>").keys("<Enter>").wait_for(RCPT);
    terminal.keys("<Tab>").keys("<Enter>").wait_for(CONTENT);
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}

#[test]
fn starttls_and_then_ehlo_under_tls() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", "STARTTLS offered");
    say(&mut terminal, "STARTTLS", "greet the server again");
    terminal.wait_for("TLS 1.");
    say(&mut terminal, "EHLO noddy.com", "~> EHLO noddy.com");
    terminal.wait_for(READY);
    let file = home.transcript();
    assert!(file.contains("* tls version=TLSv1."), "{file}");
    assert!(file.contains("verified=yes"), "the lab's authority is trusted: {file}");
    assert_eq!(file.matches("> EHLO noddy.com").count(), 2, "{file}");
}

#[test]
fn a_refused_relay_is_explained() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", READY);
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", MAIL);
    say(&mut terminal, "RCPT TO:<friend@elsewhere.example>", "No recipient was accepted");
    terminal.wait_for("Relay access denied").wait_for("<**").wait_for("Try next");
    assert!(terminal.screen().contains("5.7.1"), "{}", terminal.screen());
}

#[test]
fn a_malformed_rcpt_is_mended_by_f8_and_accepted() {
    const WRONG: &str = "RCPT TO :anotherdude@target.local notify=success,failure";
    const RIGHT: &str = "RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE";
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", READY);
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", MAIL);
    terminal.keys(WRONG).wait_for(WRONG).wait_for("▸ RCPT TO:<").keys("<F8>");
    terminal.wait_until("the mended line in the composer", |screen| screen.contains(&format!("│ {RIGHT}")));
    terminal.keys("<Enter>").wait_for(RCPT);
    assert!(home.transcript().contains(&format!(" > {RIGHT}\n")), "{}", home.transcript());
}

#[test]
fn a_killed_workbench_leaves_a_journal_that_opens() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, SMALL);
    say(&mut terminal, "EHLO noddy.com", READY);
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", MAIL);
    terminal.signal(Signal::SIGKILL).exit();
    let found = home.transcripts();
    let mut again = Terminal::start(&home, &["open", found[0].to_str().unwrap()], LARGE);
    again.wait_for("EHLO noddy.com").wait_for("MAIL FROM:<dude@noddy.com>").wait_for("250 2.1.0");
    again.keys("<C-q>");
    assert!(again.exit().success());
    again.assert_restored();
}

#[test]
fn nothing_that_a_peer_sends_is_acted_on_by_the_terminal() {
    let (address, _server) = server(
        b"220 evil \x1b]0;owned\x07 \x1b[31337m \xc2\x9b31338m \x1bPq\x1b\\ \xe2\x80\xae mail\r\n",
        &[b"250-\x1b[?1049l\x1b[2J\r\n250 \x07\x08\x0b\x7f\r\n"],
    );
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&address], LARGE);
    terminal.wait_for("\\e]0;owned\\x07").wait_for("\\e[31337m").wait_for("\\u{009b}31338m").wait_for("\\u{202e}");
    say(&mut terminal, "EHLO noddy.com", "\\e[?1049l\\e[2J");
    let raw = terminal.raw();
    let holds = |bytes: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes);
    for bytes in
        [&b"\x1b]0;owned"[..], b"\x1b[31337", b"\xc2\x9b", b"\x1bP", b"\x07", b"\x08", b"\x0b", b"\xe2\x80\xae"]
    {
        assert!(!holds(bytes), "{} reached the terminal", bytes.escape_ascii());
    }
    assert!(!holds(b"\x1b[?1049l"), "the peer made the terminal leave the alternate screen");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn a_resize_keeps_the_conversation_and_the_line() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", READY);
    terminal.keys("MAIL FROM:<dude@no").wait_for("│ MAIL FROM:<dude@no");
    for (columns, rows) in [(80, 24), (60, 18), (20, 5), (200, 60), (72, 20), (120, 33)] {
        terminal.resize(columns, rows);
        if columns >= 40 {
            let bottom =
                |screen: &str| screen.lines().count() <= usize::from(rows) && screen.contains("│ MAIL FROM:<dude@no");
            terminal.wait_until(&format!("the line at {columns} x {rows}"), bottom);
        } else {
            terminal.wait_for("needs");
        }
    }
    terminal.keys("ddy.com>").wait_for("│ MAIL FROM:<dude@noddy.com>").keys("<Enter>").wait_for(MAIL);
}

#[test]
fn a_signal_from_outside_restores_the_terminal() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let home = Home::new();
        let mut terminal = at_the_lab(&home, SMALL);
        terminal.signal(signal).exit();
        terminal.assert_restored();
        assert!(home.transcript().contains(" < 220 mx.target.local"), "{signal}");
    }
}

#[test]
fn leaving_is_asked_about_only_while_a_connection_is_open() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, SMALL);
    terminal.keys("<C-q>").wait_for("still open").keys("<Esc>");
    terminal.wait_until("the question to go", |screen| !screen.contains("still open"));
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", READY);
    terminal.assert_silent(Duration::from_secs(2));
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.assert_silent(Duration::from_secs(2));
}

#[test]
fn help_is_said_and_the_terminal_left_as_it_was() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--help"], SMALL);
    assert!(terminal.exit().success());
    assert!(terminal.screen().contains("ehlo"), "{}", terminal.screen());
    terminal.assert_restored();
}

#[test]
fn what_was_typed_before_a_question_was_on_the_screen_does_not_answer_it() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, SMALL);
    // In one go, as somebody does who types ahead; with q the workbench would be gone.
    terminal.keys("<C-q>q").wait_for("still open").wait_for("Typed too soon");
    terminal.keys("<Esc>").wait_until("the question is gone", |screen| !screen.contains("still open"));
    say(&mut terminal, "NOOP", "250 2.0.0");
    terminal.keys("<C-q>qqq").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn noop_by_itself_goes_on_after_a_reconnect() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    terminal.keys("<C-p>").wait_for("All actions").keys("keep-alive<Enter>").wait_for("NOOP every 1min");
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.keys("<F5>").wait_for("NOOP every 1min");
    terminal.keys("<C-p>").wait_for("All actions").keys("keep-alive<Enter>");
    terminal.wait_until("it is off", |screen| !screen.contains("NOOP every"));
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.keys("<F5>");
    say(&mut terminal, "EHLO noddy.com", READY);
    assert!(!terminal.screen().contains("NOOP every"), "{}", terminal.screen());
    say(&mut terminal, "QUIT", "F5 reconnect");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
}
