//! The workbench as a person meets it: keys in, screen and effects out.

use std::path::PathBuf;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;

use super::message::Message;
use super::model::{Face, Files, Focus, Peer};
use super::overlay::Overlay;
use super::pane::composer::Identity;
use super::pane::panel::Tab;
use super::screen::Screen;
use super::start::{Profile, Recent};
use super::talk::Talk;
use crate::conversation::Log;

/// A workbench that is connected to the lab.
pub(super) fn connected(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    let identity = Identity {
        ehlo: "noddy.com".to_owned(),
        from: "dude@noddy.com".to_owned(),
        to: vec!["anotherdude@target.local".to_owned()],
    };
    let peer = Peer { name: "lab".to_owned(), identity, ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen.wire(
        "* connecting 127.0.0.1:40025
         * connected 127.0.0.1:40025 from 127.0.0.1:50000
         < 220 mx.target.local ESMTP ehlo lab",
    );
    screen
}

/// The same after EHLO, MAIL, one accepted and one refused recipient.
pub(super) fn refused(columns: u16, rows: u16) -> Screen {
    let mut screen = connected(columns, rows);
    screen.say(
        "EHLO noddy.com<enter>",
        "< 250-mx.target.local
         < 250-PIPELINING
         < 250-SIZE 10485760
         < 250-STARTTLS
         < 250 DSN",
    );
    screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 250 2.1.0 Ok");
    screen.say("RCPT TO:<lt>anotherdude@target.local><enter>", "< 250 2.1.5 Ok");
    screen.say(
        "RCPT TO:<lt>friend@elsewhere.example><enter>",
        "< 554 5.7.1 <friend@elsewhere.example>: Relay access denied",
    );
    screen
}

/// The same with 354 open.
pub(super) fn in_data(columns: u16, rows: u16) -> Screen {
    let mut screen = refused(columns, rows);
    screen.say("DATA<enter>", "< 354 End data with <CR><LF>.<CR><LF>");
    screen
}

pub(super) fn opened(columns: u16, rows: u16) -> Screen {
    let text = refused(columns, rows);
    let mut screen = Screen::new(columns, rows);
    let log: Log = text.model.talk.log.clone();
    let talk = Talk::opened("relay.smtp".to_owned(), PathBuf::from("relay.smtp"), log);
    screen.send(Message::Opened { path: PathBuf::from("relay.smtp"), talk: Box::new(talk), whole: true });
    screen
}

fn start(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.model.face = Face::Start;
    screen.model.start.profiles = vec![
        Profile {
            name: "noddy".to_owned(),
            address: "mx.noddy.com:25".to_owned(),
            security: "STARTTLS".to_owned(),
            note: "dude@noddy.com".to_owned(),
            own: true,
            ..Profile::default()
        },
        Profile {
            name: "gmail-submit".to_owned(),
            address: "smtp.gmail.com:587".to_owned(),
            security: "TLS required".to_owned(),
            note: "needs a password".to_owned(),
            production: true,
            ..Profile::default()
        },
    ];
    screen.send(Message::Recent(vec![Recent {
        when: "today 14:02".to_owned(),
        target: "noddy".to_owned(),
        outcome: "250 queued".to_owned(),
        path: PathBuf::from("/state/noddy.smtp"),
        recipients: 2,
        profile: Some("noddy".to_owned()),
        ago: "2 hours ago".to_owned(),
        ..Recent::default()
    }]));
    screen
}

#[test]
fn a_screen_that_is_too_small_asks_for_room_and_the_conversation_goes_on() {
    let mut screen = refused(120, 33);
    screen.send(Message::Resize(39, 9));
    assert_snapshot!(screen.shown(), @r"
    ehlo needs 40 x 10 cells; the
    conversation goes on, and nothing that
    you type is sent
    ");
    screen.wire("< 421 4.4.2 Too slow");
    screen.send(Message::Resize(120, 33));
    assert!(screen.shown().contains("421 4.4.2 Too slow"));
}

#[test]
fn a_narrow_screen_shows_transcript_or_reply_in_one_place() {
    let mut screen = refused(60, 18);
    assert!(screen.shown().contains("Relay access"), "{}", screen.shown());
    assert!(!screen.shown().contains("Try next"));
    screen.keys("<f6>");
    assert!(screen.shown().contains("554  5.7.1"), "{}", screen.shown());
    assert!(screen.shown().contains("Line to send"), "the composer stays");
}

#[test]
fn enter_opens_the_lab_from_the_start_screen_and_letters_go_to_find() {
    let mut screen = start(80, 24);
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect lab:"]);
    screen.keys("mx.example:2525<enter>");
    assert_eq!(screen.asked(), ["connect mx.example:2525"]);
    screen.keys("<esc><down><enter>");
    assert_eq!(screen.asked(), ["connect noddy"]);
    screen.keys("queued<enter>");
    assert_eq!(screen.asked(), ["open /state/noddy.smtp"]);
}

#[test]
fn a_target_that_cannot_be_read_is_said_where_it_was_typed() {
    let mut screen = start(80, 24);
    screen.send(Message::NotBegun("`x:y` is not a port".to_owned()));
    assert!(screen.shown().contains("`x:y` is not a port"));
    assert_eq!(screen.model.face, Face::Start);
}

#[test]
fn enter_sends_what_stands_there() {
    let mut screen = connected(80, 24);
    screen.keys("EHLO  noddy.com <enter>");
    assert_eq!(screen.asked(), ["send EHLO  noddy.com "]);
    assert_eq!(screen.model.composer.line(), "");
}

#[test]
fn an_empty_line_is_announced_before_it_is_sent() {
    let mut screen = connected(80, 24);
    screen.keys("<enter>");
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("The line is empty: Tab takes the grey text; Enter again sends an empty line."));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send "]);
    screen.keys("<enter>x<backspace><enter>");
    assert!(screen.asked().is_empty(), "anything typed in between is a new beginning");
}

#[test]
fn while_a_reply_is_awaited_a_second_enter_sends() {
    let mut screen = connected(120, 33);
    screen.say("EHLO a<enter>", "");
    screen.keys("NOOP<enter>");
    assert!(screen.asked().is_empty());
    assert_eq!(screen.model.composer.line(), "NOOP", "the line is kept");
    assert!(screen.shown().contains("The reply to EHLO is awaited"));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send NOOP"]);
}

#[test]
fn ctrl_c_stops_what_is_awaited_and_else_offers_drop_or_quit() {
    let mut screen = connected(80, 24);
    screen.say("EHLO a<enter>", "");
    screen.keys("<ctrl-c>");
    assert_eq!(screen.asked(), ["give up"]);
    screen.wire("* gave-up\n< 250 late");
    screen.keys("<ctrl-c>");
    assert!(screen.shown().contains("d close the connection"));
    screen.keys("d");
    assert_eq!(screen.asked(), ["drop"]);
    screen.keys("<ctrl-c>q");
    assert_eq!(screen.asked(), ["quit"]);
}

#[test]
fn quitting_asks_only_while_a_connection_is_open() {
    let mut screen = connected(80, 24);
    screen.keys("<ctrl-q>");
    assert!(screen.asked().is_empty());
    screen.keys("<esc>");
    assert!(screen.model.overlay.is_none());
    screen.keys("<ctrl-q>q");
    assert_eq!(screen.asked(), ["quit"]);
    screen.wire("* closed by=server");
    screen.keys("<ctrl-q>");
    assert_eq!(screen.asked(), ["quit"]);
}

#[test]
fn after_the_end_the_composer_offers_to_go_on() {
    let mut screen = connected(120, 33);
    screen.wire("< 421 4.3.2 shutting down\n* closed by=server");
    assert!(screen.shown().contains("The server closed the connection · F5 reconnect · F4 elsewhere"));
    screen.keys("NOOP<enter>");
    assert!(screen.asked().is_empty());
    assert_eq!(screen.model.composer.line(), "NOOP");
    assert!(screen.shown().contains("No connection: F5 connects again"));
    screen.keys("<f5>");
    assert_eq!(screen.asked(), ["reconnect"]);
}

#[test]
fn connecting_elsewhere_from_an_open_connection_asks_and_says_what_is_lost() {
    let mut screen = in_data(80, 24);
    screen.asked();
    screen.keys("<f4>mx.example<enter>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    let shown = screen.shown();
    assert!(shown.contains("Drop the connection") && shown.contains("was begun is not delivered"), "{shown}");
    screen.keys("<esc>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    // Who would rather stay has what was typed again.
    screen.keys("<enter>y");
    assert_eq!(screen.asked(), ["connect mx.example"]);
    // What can't be reached comes back, to be mended.
    screen.send(Message::NotBegun("there is no such host".to_owned()));
    assert!(screen.shown().contains("no such host") && screen.shown().contains("Connect to"), "{}", screen.shown());
    screen.keys("<esc>");
    screen.keys("<f5>");
    assert!(screen.asked().is_empty());
    screen.keys("y");
    assert_eq!(screen.asked(), ["reconnect"]);
}

#[test]
fn a_next_step_goes_to_the_line_and_is_not_sent() {
    let mut screen = refused(120, 33);
    let command = |n| match screen.model.step(n)?.does {
        crate::decode::Does::Command(line) => Some((n, line)),
        _ => None,
    };
    let (n, line) = (1..=9).find_map(command).expect("a refusal has a step that is a line");
    screen.keys(&format!("<esc>{n}"));
    assert!(screen.asked().is_empty());
    assert_eq!(screen.model.composer.line(), line);
    assert_eq!(screen.model.focus, Focus::Composer);
}

#[test]
fn alt_with_a_letter_that_means_nothing_is_esc_and_the_letter() {
    let mut screen = refused(120, 33);
    screen.keys("draft<alt-[>");
    assert_eq!(screen.model.focus, Focus::Transcript);
    assert_eq!(screen.model.composer.line(), "draft", "nothing typed is lost");
    assert!(screen.model.transcript.selected().is_some());
}

#[test]
fn single_letters_work_in_the_transcript_and_are_text_in_the_composer() {
    let mut screen = refused(120, 33);
    screen.keys("q");
    assert_eq!(screen.model.composer.line(), "q");
    screen.keys("<esc>q");
    assert!(matches!(screen.model.overlay, Some(Overlay::Question(_))));
    screen.keys("<esc>i");
    assert_eq!(screen.model.focus, Focus::Composer);
}

#[test]
fn a_paste_of_several_lines_is_never_sent_by_itself() {
    let mut screen = refused(120, 33);
    screen.send(Message::Paste("RSET\nNOOP\nQUIT\n".to_owned()));
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("3 lines pasted; nothing is sent yet"), "{}", screen.shown());
    screen.keys("1");
    assert_eq!(screen.model.composer.line(), "RSET");
    screen.say("<enter>", "< 250 2.0.0 Ok");
    assert_eq!(screen.model.composer.line(), "NOOP");
    screen.send(Message::Paste("RSET\nNOOP".to_owned()));
    screen.keys("2");
    assert_eq!(screen.asked(), ["pipeline 2"]);
}

#[test]
fn a_block_goes_out_up_to_data_and_what_follows_waits_for_354() {
    let mut screen = refused(120, 33);
    screen.send(Message::Paste("NOOP\nDATA\nSubject: x\n\n.\n".to_owned()));
    screen.keys("2");
    assert_eq!(screen.asked(), ["pipeline 2"]);
    assert_eq!(screen.model.composer.line(), "");
    assert!(screen.shown().contains("3 lines of the message · Esc forgets them"), "{}", screen.shown());
}

#[test]
fn after_354_a_paste_can_be_the_content() {
    let mut screen = in_data(120, 33);
    screen.send(Message::Paste("Subject: x\n\n.hidden\n".to_owned()));
    screen.keys("2");
    assert_eq!(screen.asked(), ["content 23"]);
}

#[test]
fn a_pasted_message_with_its_dot_is_ended_by_it_or_goes_without_it() {
    let pasted = "Subject: x\n\nHello.\n.\n";
    for (key, asked) in [("2", vec!["content 22", "send ."]), ("3", vec!["content 22"])] {
        let mut screen = in_data(80, 24);
        screen.send(Message::Paste(pasted.to_owned()));
        assert!(screen.shown().contains("the dot at its end ends it"), "{}", screen.shown());
        screen.keys(key);
        assert_eq!(screen.asked(), asked);
    }
    let mut screen = refused(80, 24);
    screen.send(Message::Paste(pasted.to_owned()));
    screen.keys("3");
    assert_eq!(screen.model.draft.lines.last().map(String::as_str), Some("Hello."), "the dot is none of the message");
    // A real server is asked about first, and the dot waits.
    let mut screen = in_data(80, 24);
    screen.model.peer.production = true;
    screen.send(Message::Paste(pasted.to_owned()));
    screen.keys("2");
    assert_eq!(screen.asked(), ["content 22"]);
    assert!(screen.shown().contains("Really hand the message over"), "{}", screen.shown());
}

#[test]
fn a_pasted_line_is_text_and_its_line_end_sends_nothing() {
    let mut screen = connected(80, 24);
    screen.send(Message::Paste("NOOP\r\n".to_owned()));
    assert!(screen.asked().is_empty());
    assert_eq!(screen.model.composer.line(), "NOOP");
}

#[test]
fn an_opened_file_has_the_transcript_focused_and_its_first_line_selected() {
    let mut screen = opened(120, 33);
    assert_eq!(screen.model.focus, Focus::Transcript);
    assert_eq!(screen.model.transcript.selected(), Some(0));
    screen.keys("<enter>");
    assert_eq!(screen.model.focus, Focus::Panel);
    screen.keys("<esc>");
    assert_eq!(screen.model.focus, Focus::Transcript);
    screen.keys("q");
    assert_eq!(screen.asked(), ["quit"], "nothing is open, so nothing is asked");
}

#[test]
fn several_files_are_walked_through_in_a_ring() {
    let mut screen = opened(120, 33);
    screen.model.files = Files { paths: vec![PathBuf::from("a.smtp"), PathBuf::from("b.smtp")], ..Files::default() };
    screen.keys(">>");
    screen.keys("<lt>");
    assert_eq!(screen.asked(), ["open b.smtp", "open a.smtp", "open b.smtp"]);
}

#[test]
fn production_is_said_in_words() {
    let mut screen = connected(80, 24);
    screen.model.peer.production = true;
    assert!(screen.shown().lines().next().is_some_and(|title| title.contains("PRODUCTION")));
}

#[test]
fn a_click_takes_the_focus_and_puts_a_step_on_the_line() {
    let mut screen = refused(120, 33);
    let click = |column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    };
    screen.send(click(5, 3));
    assert_eq!(screen.model.focus, Focus::Transcript);
    screen.send(click(5, 30));
    assert_eq!(screen.model.focus, Focus::Composer);
    screen.keys("<esc>G<esc>");
    let command = |n| match screen.model.step(n)?.does {
        crate::decode::Does::Command(line) => Some((n, line)),
        _ => None,
    };
    let (n, line) = (1..=9).find_map(command).expect("a refusal has a step that is a line");
    let begins = format!("││ {n} {}", screen.model.step(n).expect("there").text.split(' ').next().unwrap_or_default());
    let row = screen.shown().lines().position(|row| row.contains(&begins)).expect("the step is on the screen");
    screen.send(click(70, u16::try_from(row).expect("a small screen")));
    assert_eq!(screen.model.composer.line(), line);
}

#[test]
fn what_a_server_says_never_reaches_the_title_as_it_is() {
    let mut screen = connected(80, 24);
    screen.wire("* connecting x\n* connected \"\\u001b[2J\" from y");
    assert!(!screen.shown().contains('\u{1b}'));
}

#[test]
fn the_time_is_counted_while_a_reply_is_awaited() {
    let mut screen = connected(120, 33);
    screen.say("EHLO a<enter>", "");
    let now = screen.model.now;
    screen.send(Message::Tick(crate::conversation::Micros(now.0 + 4_200_000)));
    assert!(screen.shown().contains("waiting for the reply to EHLO, 4 s of 5 min"), "{}", screen.shown());
}

#[test]
fn every_action_of_the_table_has_words_and_every_key_is_one() {
    for entry in super::action::ACTIONS {
        assert!(!entry.help.is_empty() && entry.help.ends_with('.'), "{}", entry.name);
        assert!(!entry.short.is_empty() && !entry.short.ends_with('.'), "{}", entry.name);
        for (_, key) in entry.keys {
            assert!(super::keymap::Key::parse(key).is_some(), "{}: {key}", entry.name);
        }
    }
}

#[test]
fn a_target_from_a_files_head_is_shown_and_needs_enter() {
    let mut screen = start(80, 24);
    screen.send(Message::Confirm("smtp://mx.example:25".to_owned()));
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("smtp://mx.example:25"));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect smtp://mx.example:25"]);
}

#[test]
fn words_that_need_more_than_a_row_get_it_and_hide_nothing_of_the_conversation() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP");
    for n in 0..30 {
        screen.wire(&format!("> NOOP {n}\n< 250 reply {n}"));
    }
    let words = "the password comes from the environment variable SUBM_PASS, which is not set; set it, or change \
                 `password` in the profile";
    screen.send(Message::Notice(words.to_owned()));
    let shown = screen.shown();
    assert!(shown.contains("change `password` in the profile"), "{shown}");
    assert!(shown.contains("250 reply 29"), "{shown}");
    assert_eq!(shown.lines().count(), 24);
    screen.keys("x");
    assert!(!screen.shown().contains("SUBM_PASS"));
}

#[test]
fn a_refusal_is_explained_even_while_the_certificate_is_looked_at() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP\n> EHLO a\n< 250 mx");
    screen.model.panel.open(Tab::Tls);
    screen.wire("> NOOP\n< 250 ok");
    assert_eq!(screen.model.panel.tab(), Tab::Tls);
    screen.wire("> MAIL FROM:<a@b>\n< 550 5.7.1 no");
    assert_eq!(screen.model.panel.tab(), Tab::Reply);
    screen.model.panel.open(Tab::Session);
    screen.wire("> RCPT TO:<a@b>\n< 503 no");
    assert_eq!(screen.model.panel.tab(), Tab::Session, "it names what was refused itself");
}

#[test]
fn a_warning_about_what_is_awaited_goes_with_it() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP\n> EHLO a");
    screen.keys("NOOP<enter>");
    assert!(screen.shown().contains("is awaited; Enter again"));
    screen.wire("< 250 mx");
    assert!(!screen.shown().contains("is awaited; Enter again"), "{}", screen.shown());
    assert_eq!(screen.model.armed, None);
}

#[test]
fn after_helo_a_refused_parameter_leads_to_ehlo_in_the_panel_and_on_the_line() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP\n> HELO noddy.com\n< 250 mx");
    screen.wire("> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    screen.wire("> RCPT TO :anotherdude@target.local notify=success\n< 501 5.5.4 Syntax: RCPT TO:<address>");
    let shown = screen.shown();
    let line = shown.lines().rev().nth(3).unwrap_or_default();
    assert!(line.contains("EHLO noddy.com") && shown.contains("drops this transaction"), "{shown}");
}
