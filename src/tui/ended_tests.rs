//! How a conversation ended: what the screen says of it, live and in a file, and the way on.

use std::path::PathBuf;

use super::message::Message;
use super::screen::Screen;
use super::talk::Talk;
use super::tests::{connected, in_data, refused};
use crate::conversation::sample;

const OPEN: &str = "* connecting 127.0.0.1:2519\n* connected 127.0.0.1:2519\n";
const GREETED: &str = "< 220 mx.target.local ESMTP\n> EHLO noddy.com\n< 250 mx.target.local\n";

/// A file with this conversation, opened.
fn file(text: &str) -> Screen {
    let mut screen = Screen::new(80, 24);
    let path = PathBuf::from("a.smtp");
    let talk = Talk::opened("a.smtp".to_owned(), path.clone(), sample::log(text));
    screen.send(Message::Opened { path, talk: Box::new(talk), whole: true });
    screen
}

#[track_caller]
fn holds(screen: &Screen, words: &[&str]) {
    let shown = screen.shown();
    for words in words {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[track_caller]
fn lacks(screen: &Screen, words: &str) {
    assert!(!screen.shown().contains(words), "{}", screen.shown());
}

#[test]
fn where_nothing_was_accepted_before_a_cut_that_is_said() {
    let mut screen = Screen::new(120, 33);
    screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx\n> EHLO a.example\n< 250 mx");
    screen.wire("> MAIL FROM:<dude@noddy.com>\n* closed by=server");
    screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx\n> EHLO a.example\n< 250 mx");
    screen.keys("<f12>");
    holds(&screen, &["Nothing was accepted before the cut"]);
}

#[test]
fn a_cut_takes_the_place_of_what_was_said_before_it() {
    let mut screen = refused(120, 33);
    screen.keys("<f12>");
    holds(&screen, &["There is no cut to go back from"]);
    screen.wire("< 421 4.4.2 timeout exceeded\n* closed by=server");
    lacks(&screen, "There is no cut");
    holds(&screen, &["The server closed the connection · F12 back to where you were"]);
}

#[test]
fn whoever_greeted_by_a_name_is_offered_the_same_again() {
    let mut screen = connected(120, 33);
    screen.model.peer.identity.ehlo = "[127.0.0.1]".to_owned();
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 STARTTLS");
    screen.say("STARTTLS<enter>", "< 220 go\n* tls version=TLSv1.3 verified=yes");
    assert_eq!(screen.model.composer.ghost(), "EHLO noddy.com");
    screen.wire("* closed by=server");
    let mut peer = Box::new(screen.model.peer.clone());
    peer.identity.ehlo.clear();
    screen.send(Message::Began { peer, path: None, head: None, again: true });
    screen.wire("* connecting 127.0.0.1:40025\n* connected 127.0.0.1:40025 from 127.0.0.1:50001\n< 220 mx");
    assert_eq!(screen.model.composer.ghost(), "EHLO noddy.com");
}

/// A message that was written is on its way; its lines.
fn sent() -> (Screen, Vec<String>) {
    let mut screen = refused(80, 24);
    screen.keys("<f3>");
    screen.keys("Night<ctrl-d>");
    screen.say("DATA<enter>", "< 354 go");
    let written = screen.model.draft.lines.clone();
    screen.keys("<enter>");
    (screen, written)
}

#[test]
fn a_message_that_nobody_took_is_sent_again_as_it_was() {
    let (mut screen, written) = sent();
    screen.wire("| Subject: Night\n> .\n< 421 4.3.0 shutting down\n* closed by=server");
    holds(&screen, &["F12 back to where you were"]);
    screen.wire(&format!("{OPEN}{GREETED}> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go"));
    holds(&screen, &["F3 has the message as it was sent"]);
    screen.keys("<f3><ctrl-d>");
    assert_eq!(screen.model.draft.lines[..5], written[..5], "the same Message-ID");
    screen.model.fresh = [7; 16];
    screen.keys("<enter>");
    screen.wire("| Subject: Night\n> .\n< 250 2.0.0 queued\n> MAIL FROM:<a@b>\n< 250 ok");
    screen.keys("<f3><ctrl-d>");
    assert_ne!(screen.model.draft.lines[1], written[1], "another message");
}

#[test]
fn a_message_that_was_put_off_is_not_taken_with_the_next_one() {
    let (mut screen, written) = sent();
    screen.wire("| Subject: Night\n> .\n< 451 4.3.0 later\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok");
    screen.wire("> DATA\n< 354 go\n| by hand\n> .\n< 250 2.0.0 queued");
    screen.model.fresh = [7; 16];
    screen.keys("<f3><ctrl-d>");
    assert_eq!(screen.model.draft.lines[..5], written[..5], "it is the same message still");
}

#[test]
fn a_message_that_was_abandoned_is_no_open_354() {
    let mut screen = in_data(120, 33);
    screen.wire("| Subject: x\n* closed by=client");
    holds(&screen, &["The message was abandoned", "throws away"]);
    lacks(&screen, "The server takes every line");
}

#[test]
fn a_file_in_which_nothing_was_said_tells_so_where_it_opens() {
    let silent = "* warning kind=silence \"no greeting for 6 s\" try=smtps://127.0.0.1:2519\n* closed by=client\n";
    let screen = file(&format!("{OPEN}{silent}"));
    holds(&screen, &["the server said nothing", "The server says nothing"]);
    lacks(&screen, "No reply yet");
    let mut short = file(&format!("{OPEN}* closed by=client\n"));
    holds(&short, &["The server said nothing"]);
    short.keys("<down>");
    let title = short.shown().lines().next().unwrap_or_default().to_owned();
    assert!(title.ends_with("closed") && !title.contains("connecting"), "{title}");
}

#[test]
fn the_line_whose_reply_never_came_tells_why() {
    let mut screen = file(&format!("{OPEN}{GREETED}> MAIL FROM:<a@b>\n* closed by=server\n"));
    holds(&screen, &["cut, no reply to MAIL"]);
    screen.keys("]]");
    holds(&screen, &["-> MAIL", "The connection ended before", "the reply to MAIL came"]);
}

#[test]
fn where_nothing_is_refused_the_key_for_refusals_leads_to_the_end_that_nothing_tells() {
    let mut screen = file(&format!("{OPEN}{GREETED}> MAIL FROM:<a@b>\n* closed by=server\n"));
    screen.keys("e");
    holds(&screen, &["It ended here: cut, no reply", "The connection ended before"]);
}

#[test]
fn at_its_first_line_the_title_tells_how_a_file_ended_and_says_so_whenever_one_is_there() {
    let tls = "> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO a\n< 250 mx\n";
    let mut screen = file(&format!("{OPEN}{GREETED}{tls}> MAIL FROM:<a@b>\n< 550 5.7.1 not you\n* closed by=client\n"));
    let title = |screen: &Screen| screen.shown().lines().next().unwrap_or_default().to_owned();
    let first = title(&screen);
    assert!(first.contains("end: 550 5.7.1 not you"), "{first}");
    assert!(first.contains("clear text") && !first.contains("TLS 1.3"), "as it was at this line: {first}");
    screen.keys("<down>");
    assert!(!title(&screen).contains("550"), "{}", title(&screen));
    screen.keys("g");
    assert_eq!(title(&screen), first, "the same line, the same title");
}
