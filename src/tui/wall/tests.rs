//! The wall as it stands on a screen, and what its keys do.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Deed, Face, view};
use crate::class::wall::{Bar, Row, State, Wall};
use crate::tui::theme::Theme;

fn face() -> Face {
    let row = |id: u64, name: &str, step: &str, minutes, last: &str, state| Row {
        id,
        name: name.to_owned(),
        lesson: "01-classic".to_owned(),
        step: step.to_owned(),
        minutes,
        last: last.to_owned(),
        tries: 4,
        hints: 1,
        state,
        left: None,
        answered: 0,
        waiting: 0,
        twice: false,
    };
    let bar = |step, count, stuck| Bar { lesson: "01-classic".to_owned(), step, of: 6, count, stuck };
    let mut face = Face::new("monday", vec!["ehlo learn --join 192.0.2.7:2525 K7CQ2A".to_owned()]);
    face.take(Wall {
        rows: vec![
            row(4, "Grace Brewster Hopper", "3/6", 5, "RCPT … 550 5.1.1 unknown", State::Stuck("the same refusal")),
            row(2, "dennis", "2/6", 1, "MAIL … 250 Ok", State::Idle),
            row(1, "ada", "5/6", 0, "DATA … 354 go on", State::Working),
            row(9, "ken", "1/6", 12, "", State::Gone),
            row(3, "barbara", "6/6", 0, "QUIT … 221 Bye", State::Done),
        ],
        bars: vec![bar(1, 1, 0), bar(2, 1, 0), bar(3, 8, 2), bar(7, 4, 0)],
        mistake: Some(("RFC 5321 allows no space before the colon.".to_owned(), 4)),
        missing: vec!["edsger".to_owned(), "alan".to_owned()],
        lessons: 2,
        exam: false,
        minutes: None,
        questions: 0,
        expected: 7,
        paused: false,
        troubles: Vec::new(),
    });
    face
}

fn drawn(face: &Face, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a screen");
    terminal.draw(|frame| view::draw(face, Theme::mono(), frame)).expect("drawn");
    terminal.backend().to_string()
}

fn press(face: &mut Face, keys: &str) -> Vec<Deed> {
    keys.chars()
        .filter_map(|c| {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            face.key(KeyEvent::new(code, KeyModifiers::NONE))
        })
        .collect()
}

#[test]
fn who_is_in_need_stands_first() {
    assert_snapshot!("wall_80x24", drawn(&face(), 80, 24));
    assert_snapshot!("wall_120x24", drawn(&face(), 120, 24));
}

#[test]
fn the_projector_has_no_names_and_nobody_slow() {
    let mut face = face();
    press(&mut face, "v");
    let shown = drawn(&face, 80, 24);
    for word in ["ada", "Grace", "stuck", "edsger"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    assert!(shown.contains("K7CQ2A") && shown.contains("step 3/6"), "{shown}");
    assert!(shown.contains("v back") && !shown.contains("reset") && !shown.contains("pause"), "{shown}");
    assert_eq!(face.name(1), "student 1", "nor does what is said of a deed name anybody");
    press(&mut face, "vn");
    let shown = drawn(&face, 80, 24);
    assert!(!shown.contains("ada") && shown.contains("student 1"), "{shown}");
}

#[test]
fn a_conversation_is_looked_at_and_help_given_meanwhile() {
    let mut face = face();
    assert_eq!(press(&mut face, "j\n"), [Deed::Watch(Some(2))]);
    face.live = vec!["< 220 mx".to_owned(), "> HELO x".to_owned(), "< 501 no".to_owned()];
    let shown = drawn(&face, 80, 24);
    assert!(shown.contains("The conversation of dennis") && shown.contains("> HELO x"), "{shown}");
    assert_eq!(press(&mut face, "h\u{1b}h"), [Deed::Hint(2), Deed::Watch(None), Deed::Hint(2)]);
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    let mut face = face();
    assert_eq!(press(&mut face, "rn"), [], "no");
    assert!(drawn(&face, 80, 24).contains("Grace"), "the key answered the question, nothing else");
    assert_eq!(press(&mut face, "ry"), [Deed::Reset(4)]);
    assert_eq!(press(&mut face, "qx"), []);
    assert_eq!(press(&mut face, "qy"), [Deed::End]);
    assert_eq!(press(&mut face, "blook up\n"), [Deed::Broadcast("look up".to_owned())]);
    assert_eq!(press(&mut face, "px"), [Deed::Pause, Deed::Export]);
}

#[test]
fn the_mark_stays_with_the_student_when_others_come_before() {
    let mut face = face();
    assert_eq!(press(&mut face, "h"), [Deed::Hint(4)]);
    let mut wall = face.wall.clone();
    let newcomer = Row { id: 77, ..wall.rows[1].clone() };
    wall.rows.insert(0, newcomer);
    face.take(wall);
    assert_eq!(press(&mut face, "h"), [Deed::Hint(4)]);
}

#[test]
fn every_key_is_told_and_no_question_is_cut() {
    let mut face = face();
    for columns in [60, 80, 120] {
        let shown = drawn(&face, columns, 24);
        let last = shown.lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("? all keys") && last.contains("q end"), "{last}");
    }
    press(&mut face, "?");
    let shown = drawn(&face, 80, 24);
    for words in ["Enter", "all who stand", "projector", "certificates", "clock stands", "F1 too", "that it waits"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(press(&mut face, "p"), [Deed::Pause], "a key that is looked up there works there");
    press(&mut face, "q");
    let shown = drawn(&face, 80, 24);
    assert!(shown.contains("any other key: no"), "{shown}");
}

#[test]
fn an_exam_shows_the_time_that_is_left_and_what_goes_wrong_is_not_overlooked() {
    let mut face = face();
    let mut wall = face.wall.clone();
    for (row, left) in wall.rows.iter_mut().zip([12, 12, 27, 0, 12]) {
        row.left = Some(left);
    }
    wall.rows[1].waiting = 1;
    wall.exam = true;
    wall.troubles =
        vec!["Somebody could not connect: too many open files. More fit after `ulimit -n 8192`.".to_owned()];
    face.take(wall);
    let shown = drawn(&face, 80, 24);
    assert!(shown.contains("monday · exam: 27 min left, over for 1 · "), "{shown}");
    assert!(!shown.contains("h hint") && !shown.contains("H hint"), "{shown}");
    press(&mut face, "?");
    let help = drawn(&face, 80, 24);
    assert!(!help.contains("next hint") && !help.contains("hints:"), "there are none to be given: {help}");
    assert!(help.contains("left: minutes of the exam"), "{help}");
    press(&mut face, "q");
    assert!(shown.contains(" left ") && !shown.contains("hints "), "{shown}");
    assert!(shown.contains("! Somebody could not connect") && shown.contains("8192"), "{shown}");
    face.notice = Some("word ".repeat(30));
    assert_eq!(drawn(&face, 80, 24).matches("word ").count(), 30, "no notice is cut");
}

#[test]
fn an_exam_shows_how_many_questions_are_answered_however_narrow() {
    let mut face = face();
    let mut wall = face.wall.clone();
    (wall.exam, wall.questions) = (true, 12);
    for row in &mut wall.rows {
        (row.left, row.answered) = (Some(9), 10);
    }
    face.take(wall);
    for (columns, tries) in [(80, false), (120, true)] {
        let shown = drawn(&face, columns, 24);
        let head = shown.lines().find(|line| line.contains("answ.")).unwrap_or_default();
        assert!(head.contains("left") && head.contains("tries") == tries, "{shown}");
        assert_eq!(shown.matches(" 10/12 ").count(), 5, "{shown}");
        assert!(shown.contains("RCPT … 550"), "the last exchange is seen: {shown}");
    }
    press(&mut face, "?");
    assert!(drawn(&face, 80, 24).contains("answ.: questions about replies"), "{}", drawn(&face, 80, 24));
}

#[test]
fn who_is_not_on_the_list_has_joined_all_the_same() {
    let mut face = face();
    let head = |face: &Face| drawn(face, 80, 24).lines().next().unwrap_or_default().to_owned();
    assert!(head(&face).contains("5 of 7 joined ·"), "{}", head(&face));
    face.wall.missing.extend(["barbara", "ken", "ada"].map(str::to_owned));
    assert!(head(&face).contains("2 of 7 joined, 3 more ·"), "{}", head(&face));
}

#[test]
fn what_came_of_a_deed_is_said_for_a_while() {
    let mut face = face();
    (face.notice, face.fades) = (Some("Said to 5.".to_owned()), Some(Duration::from_secs(30)));
    assert_eq!(face.fade(Duration::from_secs(10)), Some(Duration::from_secs(20)));
    assert!(drawn(&face, 80, 24).contains("Said to 5."));
    assert_eq!(face.fade(Duration::from_secs(30)), None);
    assert!(!drawn(&face, 80, 24).contains("Said to 5."));
    // Where files were written is to be copied first.
    (face.notice, face.fades) = (Some("Written to x.".to_owned()), None);
    assert_eq!(face.fade(Duration::from_hours(1)), None);
    assert!(drawn(&face, 80, 24).contains("Written to x."));
}

#[test]
fn a_small_wall_shows_those_in_need_before_how_one_joins() {
    let mut face = face();
    face.join
        .extend(["telnet 192.0.2.7 2525   and there: NOOP join K7CQ2A NAME", "open to the network"].map(str::to_owned));
    for (columns, rows) in [(40, 10), (40, 7), (20, 5)] {
        let shown = drawn(&face, columns, rows);
        let grace = shown.lines().find(|line| line.contains("Gr")).unwrap_or_default();
        assert!(grace.contains('!') && grace.contains("3/6"), "{columns}x{rows}: {shown}");
        assert!(shown.contains("dennis"), "{shown}");
    }
    let shown = drawn(&face, 40, 10);
    assert!(shown.contains("--join") && shown.contains("stuck") && shown.contains("working"), "{shown}");
    face.notice = Some("bert has no ehlo open".to_owned());
    assert!(drawn(&face, 20, 5).contains("Gr"), "{}", drawn(&face, 20, 5));
}

#[test]
fn no_size_is_too_small() {
    for (columns, rows) in [(1, 1), (20, 3), (40, 8), (200, 60)] {
        let mut face = face();
        drawn(&face, columns, rows);
        press(&mut face, "\n");
        drawn(&face, columns, rows);
    }
}
