//! What the pane shows and how it moves, at the inner sizes that it has at 80x24 and at 120x33.

use insta::assert_snapshot;

use super::*;
use crate::tui::pane::sample::{self, REFUSED, add, talk};

const SMALL: Size = Size { width: 44, height: 16 };
const LARGE: Size = Size { width: 60, height: 24 };

fn arranged(talk: &Talk, size: Size) -> Transcript {
    let mut pane = Transcript::default();
    pane.arrange(talk, size);
    pane
}

fn screen(pane: &Transcript, talk: &Talk) -> String {
    sample::screen(pane.size.width, pane.size.height, |area, buffer| {
        pane.draw(talk, Keymap::shipped(), Theme::sixteen(), true, area, buffer);
    })
}

fn drawn(text: &str, size: Size) -> String {
    let talk = talk(text);
    screen(&arranged(&talk, size), &talk)
}

/// Exchanges in a row, so many.
fn noops(n: usize) -> String {
    let exchange = |n| format!("> NOOP {n}\n< {} {n}\n", if n % 10 == 3 { "450" } else { "250" });
    format!("* connected a\n< 220 mx\n{}", sample::each(0..n, exchange))
}

const CLASSIC: &str = "
    @0 * connecting 127.0.0.1:40025
    * connected 127.0.0.1:40025 from 127.0.0.1:53212
    @0.004 < 220 mx.target.local ESMTP ehlo lab
    @3.1 > HELO noddy.com
    < 250 mx.target.local
    @7.3 > MAIL FROM:<dude@noddy.com>
    < 250 2.1.0 Ok
    @11.8 > RCPT TO:<anotherdude@target.local>
    < 250 2.1.5 Ok
    @15 > DATA
    @15.204 < 354 End data with <CR><LF>.<CR><LF>
    @20 | Subject: test
    |
    | Hello.
    @22 > .
    @23.5 < 250 2.0.0 Ok: queued as 4Xk2
    @110 > QUIT
    < 221 2.0.0 Bye
    * closed by=server";

#[test]
fn the_classic_conversation() {
    assert_snapshot!("classic_80x24", drawn(CLASSIC, SMALL));
    assert_snapshot!("classic_120x33", drawn(CLASSIC, LARGE));
}

#[test]
fn a_refused_relay_that_is_selected() {
    for (name, size) in [("refused_80x24", SMALL), ("refused_120x33", LARGE)] {
        let talk = talk(REFUSED);
        let mut pane = arranged(&talk, size);
        pane.act(Action::RefusalBefore, &talk);
        assert_snapshot!(name, screen(&pane, &talk));
    }
}

#[test]
fn tls_has_its_own_marks() {
    let text = "
        @0 * connected mx.target.local:25
        < 220 mx.target.local
        > EHLO noddy.com
        < 250-mx.target.local
        < 250 STARTTLS
        > STARTTLS
        < 220 2.0.0 Ready
        * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=no reason=\"self-signed certificate\"
        * certificate n=0 der=MAMCAQU=
        > EHLO noddy.com
        < 250-mx.target.local
        < 250 AUTH PLAIN LOGIN
        > AUTH PLAIN {{auth}}
        < 535 5.7.8 Error: authentication failed";
    assert_snapshot!("tls_80x24", drawn(text, SMALL));
    assert_snapshot!("tls_120x33", drawn(text, LARGE));
}

#[test]
fn long_lines_and_escapes() {
    let text = "
        * connected a
        < 220 mx
        > RCPT TO:<a.very.long.local.part.that.has.no.space@and.a.long.domain.example.org> NOTIFY=SUCCESS,FAILURE
        < 550-5.1.1 The email account that you tried to reach does not exist. Please try
        < 550 5.1.1 https://support.example/mail/?p=NoSuchUser 0123456789abcdef0123456789abcdef0123456789
        > NOOP \\e[31mred\\x07 日本語のメール日本語のメール日本語のメール
        < 250 a bare line feed\\n\\c
        < 250 \\xff\\xfe \\u{202e}reversed\\r\\r
        < 25\\c";
    assert_snapshot!("long_80x24", drawn(text, SMALL));
    assert_snapshot!("long_120x33", drawn(text, LARGE));
}

#[test]
fn nothing_that_a_terminal_acts_on_reaches_the_buffer() {
    let talk = talk(
        "< 220 \\e]0;title\\x07\\x9b2J\\u{202e}\\u{200b}\\u{feff}\n* warning \"\u{1b}[2J\"\n# "
            .trim_end_matches("\n# "),
    );
    let pane = arranged(&talk, SMALL);
    let shown = screen(&pane, &talk);
    assert!(shown.chars().all(|c| c == '\n' || crate::smtp::escape::is_plain(c)), "{shown:?}");
    assert!(shown.contains("\\e]0;title\\x07"), "{shown}");
}

#[test]
fn content_is_folded_beyond_twelve_lines() {
    let content = sample::each(1..=52, |n| format!("| line {n}\n"));
    let text = format!("* connected a\n< 220 mx\n> DATA\n< 354 go\n{content}> .\n< 250 ok");
    let talk = talk(&text);
    let mut pane = arranged(&talk, Size::new(60, 22));
    assert_snapshot!("content_folded", screen(&pane, &talk));
    pane.act(Action::Fold, &talk);
    assert!(screen(&pane, &talk).contains("line 50"));
    pane.act(Action::Fold, &talk);
    assert_snapshot!("content_folded", screen(&pane, &talk));
    let hint = screen(&pane, &talk).lines().position(|row| row.contains("40 more lines")).expect("a hint");
    pane.click(20, hint.try_into().expect("a row"), &talk);
    assert!(screen(&pane, &talk).contains("line 13"));
}

#[test]
fn content_being_typed_stays_in_sight() {
    let content = sample::each(1..=20, |n| format!("| line {n}\n"));
    let text = format!("* connected a\n< 220 mx\n> DATA\n< 354 go\n{content}");
    assert!(drawn(&text, LARGE).contains("line 20"));
    assert!(drawn(&text, LARGE).contains("… 8 more lines, Space unfolds"));
}

#[test]
fn a_held_view_keeps_its_place_and_counts_what_comes() {
    let mut talk = talk(&noops(40));
    let mut pane = arranged(&talk, SMALL);
    assert!(screen(&pane, &talk).contains("250 39"));
    pane.act(Action::PageUp, &talk);
    let before = screen(&pane, &talk);
    assert!(!before.contains("250 39"));
    add(&mut talk, &sample::each(0..7, |n| format!("> NOOP new{n}\n< 250 new\n")));
    pane.arrange(&talk, SMALL);
    assert_snapshot!("flood_80x24", screen(&pane, &talk));
    assert_eq!(pane.unseen(&talk), 14);
    assert_eq!(before.lines().next(), screen(&pane, &talk).lines().next());
    for _ in 0..3 {
        pane.act(Action::PageDown, &talk);
    }
    assert_eq!(pane.unseen(&talk), 0);
    assert_eq!(pane.status(&talk), "live");
    add(&mut talk, "> QUIT\n< 221 bye");
    pane.arrange(&talk, SMALL);
    assert!(screen(&pane, &talk).contains("221 bye"));
}

#[test]
fn selection_moves_by_exchange_and_by_refusal() {
    let talk = talk(&noops(40));
    let mut pane = arranged(&talk, SMALL);
    assert_eq!(pane.selected(), None);
    pane.act(Action::ExchangeBefore, &talk);
    assert_eq!(pane.selected(), Some(39));
    pane.act(Action::RefusalBefore, &talk);
    assert_eq!(pane.selected(), Some(34));
    pane.act(Action::RefusalBefore, &talk);
    assert_eq!(pane.selected(), Some(24));
    assert!(screen(&pane, &talk).contains("▌"));
    pane.act(Action::RefusalAfter, &talk);
    pane.act(Action::RefusalAfter, &talk);
    assert_eq!(pane.selected(), Some(4), "starts over");
    pane.act(Action::ExchangeAfter, &talk);
    assert_eq!(pane.selected(), Some(5));
    assert_eq!(pane.status(&talk), "6 of 41 · not following");
    pane.act(Action::Bottom, &talk);
    assert_eq!(pane.selected(), None);
    assert!(screen(&pane, &talk).contains("250 39"));
}

#[test]
fn a_selected_exchange_is_shown_whole() {
    let talk = talk(&format!("{}> HELP\n{}< 214 end\n{}", noops(20), "< 214-help\n".repeat(9), noops(20)));
    let mut pane = arranged(&talk, SMALL);
    pane.act(Action::Top, &talk);
    for _ in 0..21 {
        pane.act(Action::ExchangeAfter, &talk);
    }
    let shown = screen(&pane, &talk);
    assert!(shown.contains("-> HELP") && shown.contains("214 end"), "{shown}");
    assert_eq!(shown.matches('▌').count(), 11);
}

#[test]
fn lines_are_walked_one_by_one_and_the_end_lets_go() {
    let talk = talk(&noops(40));
    let mut pane = arranged(&talk, SMALL);
    pane.act(Action::Up, &talk);
    assert_eq!(pane.selected(), Some(40));
    pane.act(Action::Up, &talk);
    pane.act(Action::Up, &talk);
    assert_eq!(pane.selected(), Some(39));
    for _ in 0..3 {
        pane.act(Action::Down, &talk);
    }
    assert_eq!((pane.selected(), pane.status(&talk).as_str()), (None, "live"));
    for _ in 0..100 {
        pane.act(Action::Up, &talk);
    }
    assert_eq!(pane.selected(), Some(0));
    assert!(screen(&pane, &talk).contains("connected"));
}

#[test]
fn a_click_selects_what_is_under_it() {
    let talk = talk(REFUSED);
    let mut pane = arranged(&talk, LARGE);
    pane.click(30, 4, &talk);
    assert_eq!(pane.selected(), Some(1));
    pane.click(30, 23, &talk);
    assert_eq!(pane.selected(), Some(1), "below the last row is nothing");
}

#[test]
fn an_opened_conversation_begins_at_its_first_line() {
    let mut talk = talk(&noops(40));
    talk.source = Source::Opened;
    let mut pane = arranged(&talk, SMALL);
    pane.select_first(&talk);
    assert_eq!(pane.selected(), Some(0));
    assert!(screen(&pane, &talk).lines().next().expect("a row").contains("▌"));
    pane.act(Action::Down, &talk);
    pane.act(Action::Down, &talk);
    assert_eq!(pane.selected(), Some(1));
    assert_eq!(pane.status(&talk), "2 of 41 · opened");
}

#[test]
fn resizing_keeps_the_selection_in_sight() {
    let talk = talk(&format!("{}> NOOP {}\n< 250 ok\n{}", noops(20), "x ".repeat(300), noops(20)));
    let mut pane = arranged(&talk, LARGE);
    pane.act(Action::Top, &talk);
    for _ in 0..22 {
        pane.act(Action::ExchangeAfter, &talk);
    }
    for size in [SMALL, Size::new(30, 5), LARGE, Size::new(1, 1), SMALL] {
        pane.arrange(&talk, size);
        let _ = screen(&pane, &talk);
    }
    assert!(screen(&pane, &talk).contains('▌'));
}

#[test]
fn it_can_be_drawn_at_any_size_and_empty() {
    let empty = Talk::default();
    for (width, height) in [(1, 1), (5, 3), (9, 2), (44, 1), (60, 24)] {
        let size = Size::new(width, height);
        let pane = arranged(&empty, size);
        let _ = screen(&pane, &empty);
        let talk = talk(CLASSIC);
        let mut pane = arranged(&talk, size);
        for action in [Action::Top, Action::PageDown, Action::Up, Action::Fold, Action::RefusalAfter] {
            pane.act(action, &talk);
            let _ = screen(&pane, &talk);
        }
    }
    let mut pane = Transcript::default();
    assert!(pane.act(Action::Up, &empty) && !pane.act(Action::Quit, &empty));
}

#[test]
fn the_hint_names_the_keys_that_work_from_where_you_are() {
    let content = sample::each(1..=20, |n| format!("| line {n}\n"));
    let talk = talk(&format!("* connected a\n< 220 mx\n> DATA\n< 354 go\n{content}> .\n< 250 ok\n> NOOP\n< 250 ok"));
    let mut pane = arranged(&talk, LARGE);
    let from_composer = sample::screen(60, 24, |area, buffer| {
        pane.draw(&talk, Keymap::shipped(), Theme::sixteen(), false, area, buffer);
    });
    assert!(from_composer.contains("8 more lines, Esc, then Space unfolds"), "{from_composer}");
    assert!(screen(&pane, &talk).contains("8 more lines, Space unfolds"));
    // Also with an exchange selected that is not next to it.
    pane.act(Action::Up, &talk);
    pane.act(Action::Fold, &talk);
    assert!(screen(&pane, &talk).contains("line 20"));
}
