//! What each view of a message shows.

use super::letter::{Letter, Opened, View};
use crate::class::attend::Posted;
use crate::decode::Knowledge;
use crate::tui::message::Message;
use crate::tui::screen::Screen;

fn letter(from: &str, to: &str, content: &str) -> Letter {
    let added = "Return-Path: <>\r\nReceived: by mx\r\n";
    let envelope = Posted {
        number: 7,
        mailbox: "an/na@target.local".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        queue_id: "4abc".to_owned(),
        added: added.len(),
        ..Posted::default()
    };
    Letter::of(envelope, format!("{added}{}", content.replace('\n', "\r\n")).into_bytes())
}

fn rows(letter: &Letter, view: View) -> String {
    let rows = letter.rows(view, &Opened::of(letter), &Knowledge::shipped(), 70);
    rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_envelope_stands_beside_the_header_and_what_differs_is_marked() {
    let honest =
        letter("dude@noddy.com", "a@b.example", "From: Dude <DUDE@noddy.com>\nTo: x@y.example, a@b.example\n\nHi.\n");
    let shown = rows(&honest, View::Envelope);
    assert!(!shown.contains('≠'), "{shown}");
    let forged = letter("dude@noddy.com", "a@b.example", "From: boss@target.local\nTo: aa@b.example\n\nHi.\n");
    let shown = rows(&forged, View::Envelope);
    assert_eq!(shown.matches('≠').count(), 2, "{shown}");
    assert!(shown.contains("bounces go to the envelope") && shown.contains("neither To nor Cc"), "{shown}");
    let empty = letter("", "a@b.example", "Hi.\n");
    let shown = rows(&empty, View::Envelope);
    assert!(shown.contains("reverse-path is empty") && shown.contains("(none)"), "{shown}");
}

#[test]
fn text_header_parts_and_octets_are_shown_and_nothing_reaches_the_terminal_raw() {
    let it = letter(
        "dude@noddy.com",
        "a@b.example",
        "Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nHello \u{1b}[31m.\n--x\n\
         Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nYWJj\n--x--\n",
    );
    let text = rows(&it, View::Text);
    assert!(text.contains("Subject: gr\u{fc}\u{df}e") && text.contains("Hello \\e[31m."), "{text}");
    assert!(text.contains("+ a.pdf  application/pdf, 3 B"), "{text}");
    let header = rows(&it, View::Header);
    assert!(
        header.starts_with("Written by the server\nReturn-Path: <>") && header.contains("From the sender\nSubject: gr")
    );
    let parts = rows(&it, View::Parts);
    assert!(
        parts.starts_with("multipart/mixed") && parts.contains("├─ text/plain") && parts.contains("└─ application/pdf")
    );
    assert!(rows(&it, View::Raw).contains("YWJj"));
    assert_eq!(it.file_name(), "000007-4abc-an_na@target.local.eml");
    for view in View::ALL {
        assert!(!rows(&it, view).contains('\u{1b}'), "{}", view.word());
        let _ = rows(&letter("", "", ""), view);
        let _ = it.rows(view, &Opened::of(&it), &Knowledge::shipped(), 0);
    }
}

#[test]
fn a_header_that_no_empty_line_ends_is_why_there_is_no_text() {
    let it = letter("dude@noddy.com", "a@b.example", "Subject: hi\nbody at once\n");
    for view in [View::Text, View::Header] {
        let shown = rows(&it, view).replace('\n', " ");
        assert!(shown.contains("no empty line") && shown.contains("“body at once”"), "{}: {shown}", view.word());
    }
    let well = letter("dude@noddy.com", "a@b.example", "Subject: hi\n\nbody\n");
    assert!(!rows(&well, View::Text).contains("empty line") && !rows(&well, View::Header).contains("empty line"));
}

#[test]
fn a_bounce_is_explained() {
    let bounce = std::fs::read_to_string("tests/samples/dsn-postfix-unknown-user.eml").expect("a sample");
    let it = letter("", "dude@noddy.com", &bounce.replace("\r\n", "\n"));
    let opened = Opened::of(&it);
    assert!(opened.is_report());
    let shown = rows(&it, View::Report);
    assert!(shown.contains(": failed") && shown.contains("Refused for good") && shown.contains('▸'), "{shown}");
}

#[test]
fn a_message_is_read_in_each_view_exported_and_deleted_once_that_was_asked() {
    let mut screen = Screen::new(100, 24);
    let mut first = letter("dude@noddy.com", "a@b.example", "Subject: first\n\nOne.\n");
    first.envelope.number = 6;
    let second = letter("dude@noddy.com", "a@b.example", "Subject: second\n\nTwo.\n");
    screen.send(Message::MailCame);
    assert_eq!(screen.asked(), [""; 0], "nobody looks at it");
    screen.send(Message::Mail(vec![first.clone(), second]));
    screen.send(Message::MailCame);
    assert_eq!(screen.asked(), ["look at mail"]);
    assert!(screen.shown().contains("Enter read"), "{}", screen.shown());
    screen.keys("<enter>");
    assert!(screen.shown().contains("[Text]") && screen.shown().contains("Two."), "{}", screen.shown());
    assert!(!screen.shown().contains("Report"), "it is none");
    screen.keys("5");
    assert!(screen.shown().contains("[Envelope]") && screen.shown().contains("on the envelope"), "{}", screen.shown());
    screen.keys("<tab>x");
    assert!(screen.shown().contains("[Text]"), "the views are a ring without the report: {}", screen.shown());
    assert_eq!(screen.asked(), ["export 000007-4abc-an_na@target.local.eml, 59 octets"]);
    screen.keys("d");
    assert!(screen.shown().contains("y deletes"), "{}", screen.shown());
    screen.keys("n");
    assert_eq!(screen.asked(), [""; 0]);
    // One layer at a time.
    screen.keys("d<esc>");
    assert!(screen.shown().contains("[Text]") && !screen.shown().contains("y deletes"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.shown().contains("Enter read") && screen.model.overlay.is_some(), "{}", screen.shown());
    screen.keys("<enter>");
    screen.keys("dy");
    assert_eq!(screen.asked(), ["delete mail 7"]);
    screen.send(Message::Mail(vec![first]));
    assert!(
        screen.shown().contains("first") && !screen.shown().contains("[Text]"),
        "the list again: {}",
        screen.shown()
    );
}

#[test]
fn of_a_large_message_so_much_is_shown_that_no_key_waits_for_it() {
    let line = "The quick brown fox jumps over the lazy dog, again and again.\n";
    let it = letter("dude@noddy.com", "a@b.example", &format!("Subject: large\n\n{}", line.repeat(20_000)));
    let opened = Opened::of(&it);
    for view in [View::Text, View::Header, View::Raw] {
        let shown = it.rows(view, &opened, &Knowledge::shipped(), 70);
        assert!(shown.len() < 2_000, "{}: {} rows", view.word(), shown.len());
    }
    assert!(rows(&it, View::Text).ends_with("more octets; export has them all"));
}
