//! The library: keys in, screen and wishes out.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::{News, Row, Whole};
use crate::conversation::file::read;
use crate::library::{Found, Outcome, Pruned, Summary};
use crate::smtp::{EnhancedCode, ReplyCode};
use crate::tui::message::Message;
use crate::tui::model::Face;
use crate::tui::overlay::looks_at_more;
use crate::tui::screen::Screen;

const TEXT: &str = "+++\nehlo = 1\n+++\n0.000000 * connecting 127.0.0.1:25\n0.001000 * connected 127.0.0.1:25\n\
    0.002000 < 220 mx.target.local ESMTP\n0.100000 > MAIL FROM:<dude@noddy.com>\n0.101000 < 250 2.1.0 Ok\n\
    0.200000 > RCPT TO:<friend@elsewhere.example>\n\
    0.201000 < 554 5.7.1 <friend@elsewhere.example>: Relay access denied\n0.300000 * closed by=server\n";

fn row(name: &str, when: &str, code: (u16, &str, &str), size: u64) -> Row {
    let outcome = Outcome {
        code: ReplyCode::new(code.0),
        enhanced: EnhancedCode::parse(code.1),
        text: code.2.to_owned(),
        ..Outcome::default()
    };
    let summary = Summary {
        path: PathBuf::from(format!("/state/transcripts/2026/{name}.smtp")),
        size,
        target: Some(format!("smtp://{}:25", &name[18..])),
        started: "2026-11-23T14:02:00Z".parse().ok(),
        outcome: Some(outcome),
        ..Summary::default()
    };
    Row { summary, when: when.to_owned() }
}

/// The library with three conversations.
pub(in crate::tui) fn screen(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.model.face = Face::Start;
    screen.keys("<f3>");
    let mut titled =
        row("2026-11-22-093000-mx.noddy.com", "yesterday 09:30", (250, "2.0.0", "Ok: queued as 4F3A"), 75_300_000);
    titled.summary.title = Some("The large one".to_owned());
    titled.summary.tags = vec!["slow".to_owned(), "mine".to_owned()];
    titled.summary.notes = 2;
    titled.summary.profile = Some("noddy".to_owned());
    let relay = (554, "5.7.1", "<friend@elsewhere.example>: Relay access denied");
    let rows = vec![
        row("2026-11-23-140200-mx.target.local", "today 14:02", relay, 1_234),
        titled,
        row("2026-11-20-000000-mx.example", "2026-11-20 00:00", (421, "4.3.2", "Service shutting down"), 640),
    ];
    screen.send(Message::Library(News::Listed(Arc::new(rows), Whole::Yes)));
    preview(&mut screen, "2026-11-23-140200-mx.target.local", None);
    screen
}

fn preview(screen: &mut Screen, name: &str, record: Option<usize>) {
    let path = PathBuf::from(format!("/state/transcripts/2026/{name}.smtp"));
    let talk = crate::tui::read::talk(name.to_owned(), &path, read(TEXT.as_bytes()).expect("a transcript"));
    screen.send(Message::Library(News::Preview(path, talk, record)));
}

/// The library while it is searched.
pub(in crate::tui) fn searching(columns: u16, rows: u16) -> Screen {
    let mut screen = screen(columns, rows);
    screen.keys("relay");
    let text = "< 554 5.7.1 <friend@elsewhere.example>: Relay access denied".to_owned();
    let hits = vec![(0, Some(Found { line: 10, text }))];
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Found { number, hits, looked: 2 }));
    preview(&mut screen, "2026-11-23-140200-mx.target.local", Some(6));
    screen
}

/// A question before several are deleted.
pub(in crate::tui) fn pruning(columns: u16, rows: u16) -> Screen {
    let mut screen = screen(columns, rows);
    screen.keys("<ctrl-x><enter>");
    let doomed = (1..=10).map(|n| Pruned {
        path: PathBuf::from(format!("/state/transcripts/2025/2025-01-{n:02}-120000-mx.example.smtp")),
        size: 1_000 * n,
        why: "too old",
    });
    screen.send(Message::Library(News::Pruned(Ok(doomed.collect()))));
    screen
}

const FIRST: &str = "preview /state/transcripts/2026/2026-11-23-140200-mx.target.local.smtp None";

#[test]
fn it_is_come_to_from_the_start_and_the_marked_one_is_opened_and_left_again() {
    let mut screen = screen(80, 24);
    assert_eq!(screen.asked(), ["list", FIRST]);
    let shown = screen.shown();
    for words in
        ["3 conversations, 75 MB · newest first", "554 5.7.1 <friend", "#slow #mine 250 “The large", "421 4.3.2"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.contains("-> MAIL FROM:<dude@noddy.com>"), "what the marked one begins with: {shown}");
    screen.keys("<down><enter>");
    let path = "/state/transcripts/2026/2026-11-22-093000-mx.noddy.com.smtp";
    assert_eq!(screen.asked(), [format!("preview {path} None"), format!("open {path}")]);
    let talk = crate::tui::read::talk("large".to_owned(), path.as_ref(), read(TEXT.as_bytes()).expect("a transcript"));
    screen.send(Message::Opened { path: path.into(), talk, whole: true });
    assert!(screen.shown().contains("Esc conversations"), "{}", screen.shown());
    screen.keys("<esc>");
    assert_eq!(screen.asked(), ["list"]);
    assert!(screen.shown().contains("▌  yesterday 09:30"), "it is still marked: {}", screen.shown());
    screen.keys("<esc>");
    assert_eq!((screen.model.face, screen.asked()), (Face::Start, vec!["look for recent".to_owned()]));
}

#[test]
fn what_is_typed_is_looked_for_beside_the_keys_and_an_old_answer_is_not_taken() {
    let mut screen = screen(120, 33);
    screen.asked();
    screen.keys("re");
    assert_eq!(screen.asked(), ["find r", "find re"]);
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Found { number: number - 1, hits: vec![(1, None)], looked: 3 }));
    assert!(screen.shown().contains("3 of 3, 75 MB …"), "what was shown stays: {}", screen.shown());
    let found = Found { line: 10, text: "< 554 5.7.1 Relay access denied".to_owned() };
    screen.send(Message::Library(News::Found { number, hits: vec![(0, Some(found))], looked: 3 }));
    assert!(screen.shown().contains("1 of 3, 1.2 kB · newest first"), "{}", screen.shown());
    assert!(screen.shown().contains("< 554 5.7.1 Relay access denied"), "{}", screen.shown());
    screen.keys("<backspace><backspace>/(");
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Wrong(number, "`/(` is no regular expression".to_owned())));
    assert!(screen.shown().contains("is no regular expression"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.shown().contains("3 conversations"), "Esc forgets what was typed: {}", screen.shown());
}

#[test]
fn what_is_wrong_with_a_filter_is_said_with_all_the_choices() {
    let mut screen = screen(80, 24);
    screen.keys("color:red");
    let why = crate::library::QueryError::Key("color".to_owned()).to_string();
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Wrong(number, why)));
    let shown = screen.shown();
    for word in ["`color:` is no filter", "since:", "smaller:", "stands in quotes"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
}

#[test]
fn the_words_of_the_last_visit_go_when_others_are_typed() {
    let mut screen = searching(80, 24);
    let words = screen.model.library.text().to_owned();
    assert!(!words.is_empty());
    screen.model.face = Face::Talk;
    screen.model.library.opened = true;
    super::enter(&mut screen.model, "");
    assert_eq!(screen.model.library.text(), words, "what was found is still there");
    let rows = Arc::clone(&screen.model.library.rows);
    screen.send(Message::Library(News::Listed(rows, Whole::Yes)));
    screen.keys("zebra");
    assert_eq!(screen.model.library.text(), "zebra");
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Found { number, hits: Vec::new(), looked: 3 }));
    assert!(screen.shown().contains("None of them. Esc shows all again"), "{}", screen.shown());
}

#[test]
fn enter_before_anything_is_found_opens_what_is_found_and_not_what_was_shown_before() {
    let mut screen = screen(80, 24);
    screen.keys("tag:slow<enter>");
    assert!(!screen.asked().iter().any(|it| it.starts_with("open")), "what is shown was not looked for");
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Found { number, hits: vec![(1, None)], looked: 3 }));
    let path = "/state/transcripts/2026/2026-11-22-093000-mx.noddy.com.smtp";
    assert_eq!(screen.asked(), [format!("open {path}")]);
    screen.keys("x<enter>");
    let number = screen.model.library.number;
    screen.send(Message::Library(News::Found { number, hits: Vec::new(), looked: 3 }));
    assert!(!screen.asked().iter().any(|it| it.starts_with("open")), "nothing was found");
}

#[test]
fn it_is_named_tagged_noted_and_deleted() {
    let mut screen = screen(80, 24);
    screen.keys("<down>");
    screen.asked();
    let path = "/state/transcripts/2026/2026-11-22-093000-mx.noddy.com.smtp";
    screen.keys("<f4><ctrl-u>The slow one<enter><ctrl-t><ctrl-u>#mine reported<enter><ctrl-n>asked them<enter>");
    assert_eq!(
        screen.asked(),
        [
            format!("annotate {path}: set title=\"The slow one\""),
            format!("annotate {path}: set tag=reported, set tag=slow off=yes"),
            format!("annotate {path}: note \"asked them\""),
        ]
    );
    screen.keys("<delete>");
    assert!(screen.shown().contains("Delete this conversation of 75 MB for good?"), "{}", screen.shown());
    screen.keys("n<delete>y");
    assert_eq!(screen.asked(), ["remove 1"]);
    screen.send(Message::Library(News::Removed(vec![path.into()], None)));
    let shown = screen.shown();
    assert!(shown.contains("1 conversation is deleted.") && shown.contains("2 conversations, 1.9 kB"), "{shown}");
    assert!(shown.contains("▌  2026-11-20"), "the next one is marked: {shown}");
    screen.keys("<up><f9><f9>");
    assert!(screen.shown().contains("largest first"), "{}", screen.shown());
}

#[test]
fn what_somebody_else_deleted_goes_from_the_list_with_a_word() {
    let mut screen = screen(80, 24);
    let path = PathBuf::from("/state/transcripts/2026/2026-11-23-140200-mx.target.local.smtp");
    screen.keys("<enter>");
    screen.send(Message::NotOpened(path.clone(), ": No such file or directory (os error 2)".to_owned()));
    screen.asked();
    screen.send(Message::Library(News::Gone(path.clone())));
    screen.send(Message::Library(News::Gone(path.clone())));
    assert_eq!(screen.asked(), ["missing of 3"], "once");
    screen.send(Message::Library(News::Missing(vec![path.clone()])));
    let shown = screen.shown();
    assert!(shown.contains("2026-11-23-140200-mx.target.local is gone: its file was deleted or moved."), "{shown}");
    assert!(
        shown.contains("2 conversations") && !shown.contains("today 14:02") && !shown.contains("os error"),
        "{shown}"
    );
    let others = ["2026-11-22-093000-mx.noddy.com", "2026-11-20-000000-mx.example"];
    let others = others.map(|name| PathBuf::from(format!("/state/transcripts/2026/{name}.smtp")));
    let mut all = self::screen(80, 24);
    all.asked();
    all.send(Message::Library(News::Gone(path.clone())));
    all.send(Message::Library(News::Missing(vec![path.clone(), others[0].clone()])));
    let shown = all.shown();
    assert!(shown.contains("2 conversations are gone: their files were deleted or moved."), "{shown}");
    let asked = all.asked();
    assert_eq!(asked.last(), Some(&format!("preview {} None", others[1].display())), "one preview, of what is left");
    assert_eq!(asked.len(), 2, "{asked:?}");
    screen.model.face = Face::Start;
    screen.model.notice = None;
    screen.send(Message::Library(News::Gone(path.clone())));
    screen.send(Message::Library(News::Missing(vec![path])));
    assert_eq!(screen.model.notice, None);
}

#[test]
fn what_is_old_goes_after_it_was_shown() {
    let mut screen = pruning(80, 24);
    assert_eq!(screen.asked().last().map(String::as_str), Some("prune older:90d"));
    let shown = screen.shown();
    let once = "Delete these 10 conversations, 55 kB in all, for good? Why: too old.";
    for words in [once, "2025-01-08-120000-mx.example", "and 2 more"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let looks = |code: KeyCode| looks_at_more(&screen.model, KeyEvent::from(code));
    assert!(looks(KeyCode::Down) && !looks(KeyCode::Char('y')), "an arrow is never too soon");
    screen.keys("<down><pagedown>");
    let shown = screen.shown();
    assert!(shown.contains("2025-01-10-120000-mx.example") && shown.contains("2 above"), "{shown}");
    screen.keys("y");
    assert_eq!(screen.asked(), ["remove 10"]);
    screen.send(Message::Library(News::Pruned(Err("nothing goes without a limit".to_owned()))));
    assert!(screen.shown().contains("nothing goes without a limit"), "{}", screen.shown());
}

#[test]
fn what_is_typed_takes_the_place_of_the_example_and_a_blank_goes_on_behind_it() {
    for (keys, wanted) in [("total:1GB", "prune total:1GB"), (" total:1GB", "prune older:90d total:1GB")] {
        let mut screen = screen(80, 24);
        screen.keys(&format!("<ctrl-x>{keys}<enter>"));
        assert_eq!(screen.asked().last().map(String::as_str), Some(wanted));
        let mut screen = self::screen(80, 24);
        screen.keys("<ctrl-x>");
        screen.send(Message::Paste(keys.to_owned()));
        screen.keys("<enter>");
        assert_eq!(screen.asked().last().map(String::as_str), Some(wanted), "pasted");
    }
}

#[test]
fn the_start_screen_leads_there_with_what_was_typed() {
    let mut screen = crate::tui::start::tests::screen(80, 24);
    screen.keys("relay");
    assert!(screen.shown().contains("search all of them for relay"), "{}", screen.shown());
    while screen.model.start.marked() != Some(crate::tui::start::Item::All) {
        screen.keys("<down>");
    }
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["list"]);
    assert!(screen.shown().contains("  Find  relay"), "{}", screen.shown());
    screen.send(Message::Library(News::Listed(Arc::new(vec![Row::default()]), Whole::Yes)));
    assert_eq!(screen.asked(), ["find relay"]);
}

#[test]
fn the_connection_that_is_open_is_neither_lost_for_a_file_nor_deleted() {
    let held = "/state/transcripts/2026/2026-11-23-140200-mx.target.local.smtp";
    let other = "/state/transcripts/2026/2026-11-22-093000-mx.noddy.com.smtp";
    let mut screen = screen(80, 24);
    screen.model.face = Face::Talk;
    screen.model.library.from = Face::Talk;
    screen.model.talk = crate::tui::talk::Talk::live("mx.target.local");
    screen.wire("* connected 127.0.0.1:25\n< 220 mx ESMTP\n> MAIL FROM:<a@b>\n< 250 ok");
    screen.model.talk.path = Some(held.into());
    screen.model.face = Face::Library;
    screen.asked();
    screen.keys("<delete>");
    assert!(screen.shown().contains("once it is over it can be deleted"), "{}", screen.shown());
    screen.keys("<down><enter>");
    let shown = screen.shown();
    assert!(shown.contains("A connection is open.") && shown.contains("Esc stay connected"), "{shown}");
    screen.keys("<esc>");
    assert!(!screen.asked().iter().any(|it| it.starts_with("open")), "nothing was opened");
    screen.keys("<up><enter>");
    assert_eq!(screen.model.face, Face::Talk, "the one that is held is gone back to");
    screen.model.face = Face::Library;
    screen.asked();
    screen.keys("<down><enter>y");
    let asked: Vec<String> = screen.asked().into_iter().filter(|it| !it.starts_with("preview")).collect();
    assert_eq!(asked, ["drop".to_owned(), format!("open {other}")]);
}

#[test]
fn what_was_found_is_where_the_opened_conversation_begins() {
    let mut screen = searching(120, 33);
    screen.keys("<enter>");
    let path = PathBuf::from("/state/transcripts/2026/2026-11-23-140200-mx.target.local.smtp");
    let talk = crate::tui::read::talk("mx".to_owned(), &path, read(TEXT.as_bytes()).expect("a transcript"));
    screen.send(Message::Opened { path, talk, whole: true });
    assert_eq!(screen.model.transcript.marked(), Some(6));
    assert_eq!(screen.model.transcript.narrowing().0, Some("relay"), "n goes on from there");
}

#[test]
fn tags_stand_between_blanks_or_commas() {
    let mut screen = screen(120, 33);
    screen.asked();
    screen.keys("<ctrl-t><ctrl-u>relay, #solved;later<enter>");
    let asked = screen.asked().join("\n");
    for tag in ["relay", "solved", "later"] {
        assert!(asked.contains(&format!("set tag={tag}")), "{asked}");
    }
}

#[test]
fn the_start_screen_names_its_own_key_for_the_library() {
    let mut screen = Screen::new(80, 24);
    screen.model.face = Face::Start;
    screen.keys("<ctrl-p>titl");
    assert!(screen.shown().contains("F3 goes there"), "{}", screen.shown());
}
