use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::smtp::reply::{LineEnd, ReplyLine};
use crate::smtp::session::Awaited;
use crate::smtp::{Reply, Verb};

/// A composer in a session, with keys to press and a screen to look at.
pub(super) struct Desk {
    pub(super) composer: Composer,
    session: Session,
    verbs: VerbTable,
    pub(super) identity: Identity,
    recipients: Vec<String>,
    open: bool,
    waiting: Option<(&'static str, u64, u64)>,
}

impl Desk {
    /// Connected, the greeting has come.
    pub(super) fn greeted() -> Self {
        let mut session = Session::new();
        session.connected();
        session.replied(&Awaited::Greeting, &reply("220 mx"));
        let mut desk = Self {
            composer: Composer::default(),
            session,
            verbs: VerbTable::parse(crate::assets::text("verbs.toml").unwrap()).unwrap(),
            identity: Identity {
                ehlo: "noddy.com".into(),
                from: "dude@noddy.com".into(),
                to: vec!["anotherdude@target.local".into(), "friend@elsewhere.example".into()],
            },
            recipients: Vec::new(),
            open: true,
            waiting: None,
        };
        desk.with(Composer::arrange);
        desk
    }

    pub(super) fn with<T>(&mut self, act: impl FnOnce(&mut Composer, &Surroundings<'_>) -> T) -> T {
        let waiting = self.waiting.map(|(name, s, most)| (name, Duration::from_secs(s), Duration::from_secs(most)));
        let around = Surroundings {
            progress: None,
            session: &self.session,
            open: self.open,
            waiting,
            verbs: &self.verbs,
            identity: &self.identity,
            recipients: &self.recipients,
            challenge: None,
            keymap: crate::tui::keymap::Keymap::shipped(),
            exam: false,
            over: false,
            bare: false,
            replays: false,
            advised: None,
            login_failed: false,
            misses: false,
            lab: false,
            again: None,
            step: None,
            offers: None,
            too_early: false,
            unsent: false,
            collected: None,
            today: None,
            pasted: &crate::tui::pasted::Pasted::default(),
        };
        act(&mut self.composer, &around)
    }

    /// Presses keys: characters, and `<Name>` with `C-` and `A-` for Ctrl and Alt.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).and_then(|(n, r)| Some((key(n)?, r)));
            let event = if let Some((event, after)) = named {
                rest = after;
                event
            } else {
                rest = &rest[c.len_utf8()..];
                KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
            };
            self.with(|composer, around| composer.key(event, around));
        }
        self
    }

    /// Sends the line, and takes this reply to it.
    pub(super) fn send(&mut self, text: &str) -> &mut Self {
        let line = self.composer.line().to_owned();
        self.with(Composer::sent);
        let asked = self.session.sent(line.as_bytes());
        let awaited = match asked {
            Sent::Command(command) => {
                if command.verb == Verb::Rcpt {
                    self.recipients.extend(command.path.as_ref().map(crate::smtp::Path::address));
                }
                Awaited::Command(command)
            }
            Sent::AuthAnswer => Awaited::AuthAnswer,
            Sent::EndOfData => Awaited::EndOfData { nth: 0, of: 1 },
            Sent::Content => Awaited::Nothing,
        };
        if !text.is_empty() {
            self.session.replied(&awaited, &reply(text));
        }
        self.with(Composer::arrange);
        self
    }

    /// Types a line, sends it and takes the reply.
    pub(super) fn say(&mut self, line: &str, reply: &str) -> &mut Self {
        self.composer.set_line(line);
        self.send(reply)
    }

    pub(super) fn in_data(&mut self) -> &mut Self {
        self.say("EHLO noddy.com", "250 mx")
            .say("MAIL FROM:<dude@noddy.com>", "250 ok")
            .say("RCPT TO:<anotherdude@target.local>", "250 ok")
            .say("DATA", "354 go on")
    }

    /// The line, and the ghost text in brackets.
    pub(super) fn shown(&self) -> String {
        format!("{}[{}]", self.composer.line(), self.composer.ghost())
    }

    /// The two rows at this width, with the cursor as `▏` before the cell where it stands.
    pub(super) fn screen(&mut self, width: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, 2)).unwrap();
        let mut cursor = None;
        terminal
            .draw(|frame| {
                cursor = self
                    .with(|composer, around| composer.draw(around, Theme::sixteen(), frame.area(), frame.buffer_mut()));
            })
            .unwrap();
        let cursor = cursor.unwrap();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..2 {
            let mut skip = 0;
            for x in 0..width {
                if (x, y) == (cursor.x, cursor.y) {
                    out.push('▏');
                }
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                out.push_str(symbol);
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        out
    }
}

fn reply(text: &str) -> Reply {
    let mut reply = Reply::default();
    for line in text.lines() {
        reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
    }
    reply
}

fn key(name: &str) -> Option<KeyEvent> {
    let (modifiers, name) = match name.split_at_checked(2) {
        Some(("C-", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("A-", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Back" => KeyCode::Backspace,
        "Del" => KeyCode::Delete,
        _ if modifiers != KeyModifiers::NONE => KeyCode::Char(name.chars().next()?),
        _ => return None,
    };
    Some(KeyEvent::new(code, modifiers))
}

#[test]
fn every_printable_key_is_text() {
    let mut desk = Desk::greeted();
    desk.keys("q?/x日é<jkgG[]1;~");
    assert_eq!(desk.composer.line(), "q?/x日é<jkgG[]1;~");
}

#[test]
fn readline_keys_edit() {
    for (keys, want) in [
        ("abc<C-a>x", "xabc"),
        ("abc<C-a><C-e>x", "abcx"),
        ("one two<C-w>x", "one x"),
        ("one two<C-w><C-y><C-y>", "one twotwo"),
        ("one two<C-u>x", "x"),
        ("one two<C-a><C-k>x", "x"),
        ("one two<A-b>x", "one xtwo"),
        ("one two<C-Left><C-Left><C-Right>x", "onex two"),
        ("one two<Home><A-f>x<A-d>", "onex"),
        ("abc<Home><Del>", "bc"),
        ("abc<Left><C-d>", "ab"),
        ("abc<Home><End>x", "abcx"),
        ("abc<Back><C-h>", "a"),
    ] {
        let mut desk = Desk::greeted();
        desk.keys(keys);
        assert_eq!(desk.composer.line(), want, "{keys}");
    }
}

#[test]
fn a_key_that_means_nothing_is_left_to_others() {
    let mut desk = Desk::greeted();
    desk.keys("ab");
    for name in ["C-p", "A-x", "A-1", "C-c", "C-q"] {
        let event = key(name).unwrap();
        assert!(!desk.with(|composer, around| composer.key(event, around)), "{name}");
    }
    let tab = key("Tab").unwrap();
    assert!(!desk.with(|composer, around| composer.key(tab, around)), "there is no ghost text to take");
    assert_eq!(desk.composer.line(), "ab");
}

#[test]
fn an_empty_line_offers_what_comes_next() {
    let mut desk = Desk::greeted();
    assert_eq!(desk.shown(), "[EHLO noddy.com]");
    desk.keys("<Right>").send("250 mx");
    assert_eq!(desk.shown(), "[MAIL FROM:<dude@noddy.com>]");
    desk.keys("<End>").send("250 ok");
    assert_eq!(desk.shown(), "[RCPT TO:<anotherdude@target.local>]");
    desk.keys("<Tab>").send("250 ok");
    assert_eq!(desk.shown(), "[DATA]");
    desk.keys("<C-e>").send("354 go on");
    assert_eq!(desk.shown(), "[]");
    desk.keys("Hello.").send("").keys(".").send("");
    assert_eq!(desk.shown(), "[]", "the verdict is awaited");
    desk.session.replied(&Awaited::EndOfData { nth: 0, of: 1 }, &reply("550 no"));
    desk.with(Composer::arrange);
    assert_eq!(desk.shown(), "[MAIL FROM:<dude@noddy.com>]", "nobody took it: once more");
}

#[test]
fn an_empty_line_offers_the_recipient_not_used_yet() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250 mx").say("MAIL FROM:<dude@noddy.com>", "250 ok");
    desk.say("RCPT TO:<anotherdude@target.local>", "550 no");
    assert_eq!(desk.shown(), "[RCPT TO:<friend@elsewhere.example>]");
    desk.say("RCPT TO:<friend@elsewhere.example>", "554 no");
    assert_eq!(desk.shown(), "[RSET]", "both were refused");
}

#[test]
fn nothing_is_offered_while_a_reply_is_due_or_the_line_is_cut() {
    let mut desk = Desk::greeted();
    desk.waiting = Some(("EHLO", 0, 300));
    desk.with(Composer::arrange);
    assert_eq!(desk.shown(), "[]");
    desk.waiting = None;
    desk.open = false;
    desk.with(Composer::arrange);
    assert_eq!(desk.shown(), "[]");
}

#[test]
fn a_verb_is_followed_by_the_rest_of_its_line() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\n250-AUTH LOGIN PLAIN\n250 CHUNKING")
        .say("MAIL FROM:<dude@noddy.com>", "250 ok");
    for (typed, ghost) in [
        ("RCPT", " TO:<anotherdude@target.local>"),
        ("rcpt to", ":<anotherdude@target.local>"),
        ("RC", "PT TO:<anotherdude@target.local>"),
        ("R", ""),
        ("RCPT TO:<f", "riend@elsewhere.example>"),
        ("RCPT TO:<someone@other.example", ">"),
        ("RCPT TO:<someone@other.example>", ""),
        ("RCPT TO:<", "anotherdude@target.local>"),
        ("EHLO", " noddy.com"),
        ("MAIL FROM:<>", ""),
        ("AUTH", " LOGIN"),
        ("auth p", "LAIN"),
        ("BDAT", ""),
        ("XYZZY", ""),
        ("RCPT  TO", ""),
    ] {
        desk.composer.set_line(typed);
        desk.with(Composer::arrange);
        assert_eq!(desk.composer.ghost(), ghost, "{typed}");
    }
    desk.say("RCPT TO:<anotherdude@target.local>", "250 ok").keys("RCPT");
    assert_eq!(desk.composer.ghost(), " TO:<friend@elsewhere.example>");
}

#[test]
fn ghost_text_is_taken_only_at_the_end_and_only_when_asked() {
    let mut desk = Desk::greeted();
    desk.keys("EHLO<Left>");
    assert_eq!(desk.shown(), "EHLO[]");
    desk.keys("<Right>");
    assert_eq!(desk.shown(), "EHLO[ noddy.com]");
    desk.keys("<A-f>");
    assert_eq!(desk.shown(), "EHLO noddy[.com]");
    desk.keys(" ");
    assert_eq!(desk.shown(), "EHLO noddy []");
}

#[test]
fn up_finds_what_begins_as_typed() {
    let mut desk = Desk::greeted();
    desk.say("EHLO a.example", "250 mx").say("XNOTE one", "500 what").say("EHLO b.example", "250 mx");
    desk.say("XNOTE one", "500 what");
    let mut up = |keys: &str| {
        desk.keys(keys);
        desk.composer.line().to_owned()
    };
    assert_eq!(up("eh<Up>"), "EHLO b.example");
    assert_eq!(up("<Up>"), "EHLO a.example");
    assert_eq!(up("<Up>"), "EHLO a.example", "there is nothing older");
    assert_eq!(up("<Down>"), "EHLO b.example");
    assert_eq!(up("<Down>"), "eh");
    assert_eq!(up("<Down>"), "eh");
    assert_eq!(up("<C-u><Up><Up><Up><Up>"), "EHLO a.example", "a line sent twice is kept once");
}

#[test]
fn history_goes_on_from_what_was_sent_before() {
    let mut desk = Desk::greeted();
    desk.say("XCLIENT NAME=a.example", "500 what").keys("XCL");
    assert_eq!(desk.shown(), "XCL[IENT NAME=a.example]");
    desk.keys("<C-u>EHLO mx");
    assert_eq!(desk.shown(), "EHLO mx[]");
}

#[test]
fn secrets_are_never_remembered() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\n250 AUTH LOGIN PLAIN").say("AUTH PLAIN AGR1ZGUAbm9kZHk=", "535 no");
    desk.say("AUTH LOGIN", "334 VXNlcm5hbWU6").say("ZHVkZQ==", "334 UGFzc3dvcmQ6").say("bm9kZHk=", "535 no");
    desk.waiting = Some(("AUTH", 0, 300));
    desk.say("typed-ahead", "");
    desk.waiting = None;
    let mut seen = Vec::new();
    for _ in 0..9 {
        desk.keys("<Up>");
        seen.push(desk.composer.line().to_owned());
    }
    seen.dedup();
    assert_eq!(seen, ["AUTH LOGIN", "EHLO noddy.com"]);
}

#[test]
fn content_has_a_history_of_its_own_and_no_ghost() {
    let mut desk = Desk::greeted();
    desk.in_data().say("Data rates", "").keys("<Up>");
    assert_eq!(desk.composer.line(), "Data rates");
    desk.keys("<Up><C-u>RCPT");
    assert_eq!(desk.shown(), "RCPT[]");
    assert_eq!(desk.composer.lints(), []);
    desk.keys("<C-u>.").send("250 ok").keys("D<Up>");
    assert_eq!(desk.composer.line(), "DATA");
}

#[test]
fn a_pasted_line_is_kept_as_it_is() {
    let mut desk = Desk::greeted();
    desk.with(|composer, around| composer.paste("NOOP a\tb \r\n", around));
    assert_eq!(desk.composer.line(), "NOOP a\tb ");
    assert!(desk.screen(40).starts_with(" NOOP a\\tb ▏"));
}

#[test]
fn the_title_says_what_the_line_is() {
    let mut desk = Desk::greeted();
    assert_eq!(desk.with(|composer, around| composer.title(around)), ("Line to send".into(), "CRLF".into()));
    desk.in_data();
    assert_eq!(
        desk.with(|composer, around| composer.title(around)).0,
        "Message content · a line with only \".\" ends it"
    );
    desk.open = false;
    assert_eq!(desk.with(|composer, around| composer.title(around)).0, "Line to send · no connection");
}

const CLASSIC: &str = "RCPT TO :anotherdude@target.local notify=success,failure";
const MENDED: &str = "RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE";

#[test]
fn f8_takes_the_mended_line() {
    let mut desk = Desk::greeted();
    assert!(!desk.with(Composer::mend), "nothing is wrong with an empty line");
    desk.say("EHLO noddy.com", "250-mx\n250 DSN").say("MAIL FROM:<dude@noddy.com>", "250 ok").keys(CLASSIC);
    assert!(desk.with(Composer::mend));
    assert_eq!(desk.composer.line(), MENDED);
    assert_eq!(desk.composer.lints(), []);
    assert!(!desk.with(Composer::mend), "it is mended");
}

#[test]
fn a_line_still_being_typed_is_not_called_wrong() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\n250 DSN").say("MAIL FROM:<dude@noddy.com>", "250 ok");
    for typed in "RCPT TO:<anotherdude@target.local>".chars() {
        desk.keys(&typed.to_string());
        assert_eq!(desk.composer.lints(), [], "{}", desk.composer.line());
    }
    desk.keys("<C-u>DATA");
    assert_eq!(desk.composer.lints()[0].name, "sequence", "what is whole is looked at");
    desk.waiting = Some(("RCPT", 0, 300));
    desk.with(Composer::arrange);
    assert_eq!(desk.composer.lints(), [], "the reply may change what is in order");
}

#[test]
fn screens() {
    let mut out = String::new();
    let mut shoot = |name: &str, desk: &mut Desk| {
        for width in [118, 78, 38] {
            let head = format!("-- {name}, {width} columns\n");
            out += &head;
            out += &desk.screen(width);
        }
    };
    let mut desk = Desk::greeted();
    shoot("greeted", &mut desk);
    shoot("an unknown verb", desk.keys("XYZZY"));
    desk.keys("<C-u>").say("EHLO noddy.com", "250 mx").say("MAIL FROM:<dude@noddy.com>", "250 ok");
    shoot("a verb", desk.keys("RCPT"));
    shoot("a lint with its mending", desk.keys("<C-u>").keys(CLASSIC));
    shoot("a lint at the end of the line", desk.keys("<C-u>RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,NEVER"));
    shoot("a lint about the order", desk.keys("<C-u>DATA"));
    desk.keys("<C-u>");
    desk.waiting = Some(("RCPT", 0, 300));
    desk.with(Composer::arrange);
    shoot("a reply is due", &mut desk);
    desk.waiting = Some(("DATA", 4, 120));
    shoot("a reply is due for 4 s", &mut desk);
    desk.waiting = None;
    desk.say("RCPT TO:<anotherdude@target.local>", "250 ok").say("DATA", "354 go on");
    shoot("content", &mut desk);
    shoot("a leading dot", desk.keys(".foo"));
    shoot("the lone dot", desk.keys("<C-u>."));
    shoot("a long line", desk.keys(&format!("<C-u>{}", "0123456789".repeat(13))));
    shoot("its start", desk.keys("<Home>"));
    shoot("wide characters", desk.keys("<C-k>日本語 e\u{301} ok<Left><Left><Left>"));
    desk.session.closed();
    desk.open = false;
    shoot("closed", desk.keys("<C-e><C-u>"));
    insta::assert_snapshot!(out);
}

#[test]
fn the_cursor_is_visible_at_every_place_of_a_long_line() {
    let mut desk = Desk::greeted();
    desk.in_data().keys(&"日本 ab ".repeat(20));
    for _ in 0..=120 {
        for width in [1, 2, 3, 8, 38, 79] {
            let screen = desk.screen(width);
            assert!(screen.lines().next().unwrap().contains('▏'), "{width}: {screen}");
        }
        desk.keys("<Left>");
    }
}
