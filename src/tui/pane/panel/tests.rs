//! What the panel shows, at the inner sizes that it has at 80x24 and at 120x33.

use insta::assert_snapshot;

use super::*;
use crate::decode::{Does, Explanation};
use crate::smtp::{Class, EnhancedCode, ReplyCode};
use crate::tui::pane::sample::{self, REFUSED, add, talk};

const SMALL: Size = Size { width: 32, height: 16 };
const LARGE: Size = Size { width: 56, height: 22 };

fn step(text: &str, does: Does) -> Step {
    Step { text: text.to_owned(), does }
}

fn relay_refused() -> Explanation {
    let words = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Explanation {
        code: ReplyCode::new(554),
        class: Class::Permanent,
        enhanced: Some(EnhancedCode { class: 5, subject: 7, detail: 1 }),
        title: "Refused for good: relaying is not allowed".to_owned(),
        meaning: "The server does not deliver for this domain, and will not pass the message on for you.".to_owned(),
        category: "relay-denied".to_owned(),
        retry: Some(false),
        software: None,
        evidence: None,
        causes: vec![
            "elsewhere.example is not this server's domain, and you have not logged in".into(),
            "your address is not in its list of allowed networks".into(),
        ],
        next: vec![
            step("go on with the accepted recipient", Does::Command("DATA".to_owned())),
            step("secure the line, then log in", Does::Command("STARTTLS".to_owned())),
            step(
                "ask the domain's own server",
                Does::Action("connect".to_owned(), Some("mx:elsewhere.example".to_owned())),
            ),
            step("ask the server's owner", Does::Advice),
        ],
        references: words(&["RFC 5321 3.6.2", "RFC 3463 X.7.1"]),
        digits: [
            ("5", "permanent: the same try will fail again"),
            ("x5x", "about the mail system"),
            ("5.7.1", "policy: delivery not authorized"),
        ]
        .map(|(digits, words)| (digits.to_owned(), words.to_owned()))
        .to_vec(),
        notes: words(&["in a relay test this is the answer that you want."]),
        layers: Vec::new(),
    }
}

fn refused() -> Talk {
    let mut talk = talk(REFUSED);
    talk.explained_as(4, relay_refused());
    talk
}

fn arranged(talk: &Talk, size: Size) -> Panel {
    let mut panel = Panel::default();
    panel.arrange(
        talk,
        Scene {
            knowledge: &Knowledge::default(),
            keymap: Keymap::shipped(),
            marked: None,
            today: None,
            zone: None,
            probing: None,
            exam: false,
            placed: false,
            given: 0,
        },
        size,
    );
    panel
}

fn screen(panel: &Panel) -> String {
    sample::screen(panel.size.width, panel.size.height, |area, buffer| {
        panel.draw(Keymap::shipped(), Theme::sixteen(), (false, false), area, buffer);
    })
}

fn place(talk: &Talk, width: u16, height: u16) -> String {
    sample::screen(width, height, |area, buffer| {
        Panel::default().draw_where(talk, (&Knowledge::shipped(), Keymap::shipped()), Theme::sixteen(), area, buffer);
    })
}

#[test]
fn a_refused_relay_is_explained() {
    let talk = refused();
    assert_snapshot!("refused_80x24", screen(&arranged(&talk, SMALL)));
    assert_snapshot!("refused_120x33", screen(&arranged(&talk, LARGE)));
    assert_snapshot!("refused_120x33_above_where", screen(&arranged(&talk, Size::new(56, 17))));
}

#[test]
fn the_next_steps_are_in_sight_where_not_all_is() {
    let talk = refused();
    for height in 8..30 {
        for width in [32, 40, 56, 76] {
            let shown = screen(&arranged(&talk, Size::new(width, height)));
            assert!(shown.contains("3 Ask the domain's own server") || height < 12, "{width}x{height}\n{shown}");
        }
    }
}

#[test]
fn what_is_cut_can_be_scrolled_to() {
    let talk = refused();
    let mut panel = arranged(&talk, SMALL);
    let shown = screen(&panel);
    assert!(shown.contains("▼") && !shown.contains("RFC 3463"), "{shown}");
    assert!(panel.act(Action::Bottom, &talk));
    let shown = screen(&panel);
    assert!(shown.contains("RFC 3463") && !shown.contains("▼"), "{shown}");
    assert!(panel.act(Action::PageUp, &talk) && panel.act(Action::Top, &talk));
    assert!(screen(&panel).contains("554  5.7.1"));
    assert!(!panel.act(Action::Send, &talk));
}

#[test]
fn a_click_finds_the_step_under_it() {
    let talk = refused();
    for size in [SMALL, LARGE] {
        let mut panel = arranged(&talk, size);
        for scrolled in [false, true] {
            if scrolled {
                panel.act(Action::Down, &talk);
            }
            let shown = screen(&panel);
            let row = shown.lines().position(|row| row.contains("2 Secure the line")).expect("the second step");
            assert_eq!(panel.step_at(5, row.try_into().expect("a row")), Some(2));
            assert_eq!(
                panel.step_at(5, row.try_into().expect("a row")).and_then(|n| panel.step(n, &talk)),
                Some(relay_refused().next[1].clone())
            );
        }
        assert_eq!(panel.step_at(5, size.height), None);
    }
}

#[test]
fn before_a_reply_it_says_what_to_do() {
    let mut talk = Talk::default();
    assert!(screen(&arranged(&talk, SMALL)).contains("No reply yet."));
    assert!(screen(&arranged(&talk, SMALL)).contains("F4"));
    add(&mut talk, "* connected a");
    assert!(screen(&arranged(&talk, SMALL)).contains("Ctrl-C"));
}

#[test]
fn what_a_server_says_reaches_the_panel_escaped() {
    let mut talk = talk("* connected a\n< 220 mx\n> X\\e[2J\\x07 a\n< 500 no");
    let mut explanation = relay_refused();
    explanation.causes = vec!["the domain \u{1b}]0;x\u{7} is \u{202e}odd".into()];
    talk.explained_as(1, explanation);
    let shown = screen(&arranged(&talk, LARGE));
    assert!(shown.chars().all(|c| c == '\n' || crate::smtp::escape::is_plain(c)), "{shown:?}");
    assert!(shown.contains("\\e]0;x\\x07"), "{shown}");
}

#[test]
fn where_you_are() {
    let talk = talk(REFUSED);
    assert_snapshot!("where_120x33", place(&talk, 56, 5));
    assert_snapshot!("where_narrow", place(&talk, 36, 9));
    assert_eq!(where_line(&talk), "RCPT · 1 of 2 accepted");
}

#[test]
fn many_recipients_are_counted() {
    let rcpts = sample::each(0..20, |n| format!("> RCPT TO:<user{n}@target.local>\n< 250 ok\n"));
    let talk = talk(&format!("* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n{rcpts}"));
    assert_snapshot!("where_many", place(&talk, 56, 7));
}

#[test]
fn in_an_opened_conversation_it_is_about_the_explained_reply() {
    let connection = "* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n\
        > RCPT TO:<old@b>\n< 250 ok\n* closed by=server\n";
    let mut talk = talk(&format!(
        "{connection}{}> RCPT TO:<new@b>\n< 250 ok\n> DATA\n< 354 go\n| x\n> .\n< 550 no\n> QUIT\n< 221 bye\n* closed by=server",
        connection.replace("old", "first").trim_end_matches("* closed by=server\n"),
    ));
    talk.source = crate::tui::talk::Source::Opened;
    let at = |talk: &mut Talk, exchange| {
        talk.explained_as(exchange, relay_refused());
        let marked = talk.dialogue.exchanges()[exchange].start();
        let mut panel = Panel::default();
        panel.arrange(
            talk,
            Scene {
                knowledge: &Knowledge::default(),
                keymap: Keymap::shipped(),
                marked: Some(marked),
                today: None,
                zone: None,
                probing: None,
                exam: false,
                placed: false,
                given: 0,
            },
            LARGE,
        );
        sample::screen(56, 7, |area, buffer| {
            panel.draw_where(talk, (&Knowledge::shipped(), Keymap::shipped()), Theme::sixteen(), area, buffer);
        })
    };
    let shown = at(&mut talk, 3);
    assert!(shown.contains("─[RCPT]─") && shown.contains("✓ old@b") && !shown.contains("first"), "{shown}");
    let shown = at(&mut talk, 7);
    assert!(shown.contains("✓ first@b") && !shown.contains("new@b") && !shown.contains("old@b"), "{shown}");
    let shown = at(&mut talk, 9);
    assert!(shown.contains("─[DATA]─") && shown.contains("✓ new@b") && !shown.contains("✗"), "{shown}");
    let shown = at(&mut talk, 10);
    assert!(shown.contains("✗ first@b not taken  550"), "{shown}");
}

#[test]
fn the_way_of_a_session() {
    let mut talk = Talk::default();
    let mut seen = vec![where_line(&talk)];
    for lines in [
        "* connecting a\n* connected a",
        "< 220 mx",
        "> EHLO a\n< 250-mx\n< 250 STARTTLS",
        "> STARTTLS\n< 220 go",
        "* tls version=TLSv1.3 verified=yes",
        "> EHLO a\n< 250-mx\n< 250 AUTH LOGIN",
        "> AUTH LOGIN\n< 334 VXNlcm5hbWU6",
        "> {{auth}}\n< 334 UGFzc3dvcmQ6\n> {{auth}}\n< 235 ok",
        "> MAIL FROM:<a@b>\n< 250 ok",
        "> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go",
        "> .",
        "< 452 4.3.1 full",
        "> QUIT\n< 221 bye",
        "* closed by=server",
    ] {
        add(&mut talk, lines);
        seen.push(format!("{}\n{}", where_line(&talk), place(&talk, 56, 6).replace(['"'], "").trim_end()));
    }
    assert_snapshot!("where_all", seen.join("\n\n"));
}

#[test]
fn it_can_be_drawn_at_any_size() {
    let talk = refused();
    for (width, height) in [(1, 1), (3, 2), (8, 30), (56, 1)] {
        let _ = screen(&arranged(&talk, Size::new(width, height)));
        let _ = place(&talk, width, height);
    }
}
