use std::sync::Arc;

use super::{Begins, LessonNews, Seen};
use crate::conversation::{Log, Micros, sample};
use crate::lesson::{Lesson, Map, course};
use crate::tui::message::Message;
use crate::tui::model::Focus;
use crate::tui::screen::Screen;

mod guidance;

/// A workbench in the first lesson, and the lab's record of its session.
struct Class {
    screen: Screen,
    log: Log,
}

impl Class {
    fn new(columns: u16, rows: u16) -> Self {
        Self::of("01-classic", columns, rows)
    }

    fn of(name: &str, columns: u16, rows: u16) -> Self {
        let mut screen = Screen::new(columns, rows);
        screen.wire("* connecting 127.0.0.1:4000\n* connected 127.0.0.1:4000");
        screen.send(Message::Lesson(LessonNews::Map(lessons())));
        let (name, text) = course::shipped().find(|(known, _)| known == name).expect("it is shipped");
        let lesson = Arc::new(Lesson::parse(&name, text).expect("well formed"));
        let address = "127.0.0.1:4000".to_owned();
        screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins: Begins::Anew }));
        let mut class = Self { screen, log: Log::new() };
        class.lab("* connected 127.0.0.1:4000 from 127.0.0.1:5000\n< 220 mx.target.local ESMTP");
        class
    }

    /// Something that the lab has seen, whoever said it.
    fn lab(&mut self, text: &str) {
        sample::add(&mut self.log, text, Micros(1));
        let seen = Seen { number: 1, began: Micros(0), log: self.log.clone() };
        self.screen.send(Message::Lesson(LessonNews::Seen(vec![seen])));
    }

    fn all_steps(&mut self) {
        self.lab(
            "> HELO noddy.com
            < 250 mx
            > MAIL FROM:<dude@noddy.com>
            < 250 ok
            > RCPT TO:<anotherdude@target.local>
            < 250 ok
            > RCPT TO:<colleague@target.local>
            < 250 ok
            > DATA
            < 354 go
            | Subject: a
            |
            | Hello
            > .
            * delivered to=anotherdude@target.local
            * delivered to=colleague@target.local
            < 250 queued
            > QUIT
            < 221 bye
            * closed by=server",
        );
        self.screen.wire("< 220 mx.target.local ESMTP\n> QUIT\n< 221 bye\n* closed by=server");
    }

    fn shows(&self, words: &str) -> bool {
        self.screen.shown().contains(words)
    }
}

/// All lessons that are shipped, nothing done of them.
fn lessons() -> Map {
    let read = course::shipped().map(|(name, text)| Lesson::parse(&name, text).expect("well formed"));
    let mut lessons = Map::of(read.collect(), None);
    lessons.rows.sort_by(|a, b| a.lesson.name.cmp(&b.lesson.name));
    lessons
}

#[test]
fn screens() {
    for (columns, rows) in [(80, 24), (120, 33), (60, 16), (200, 50)] {
        let mut class = Class::new(columns, rows);
        let mut shown = vec![class.screen.shown()];
        class.lab("> HELO\n< 501 a name");
        shown.push(class.screen.shown());
        class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
        class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok");
        class.screen.keys("<shift-f7>");
        shown.push(class.screen.shown());
        class.screen.keys("<f7>");
        shown.push(class.screen.shown());
        let mut class = Class::new(columns, rows);
        class.all_steps();
        class.screen.keys("1");
        shown.push(class.screen.shown());
        class.screen.keys("2<enter>3<enter>");
        shown.push(class.screen.shown());
        insta::assert_snapshot!(format!("lesson_{columns}x{rows}"), shown.join("\n\n"));
    }
}

#[test]
fn steps_tick_from_what_the_lab_has_seen_and_are_kept() {
    let mut class = Class::new(120, 33);
    assert!(class.shows("step 1 of 6"));
    class.lab("> EHLO noddy.com\n< 250 mx");
    assert!(class.shows("✓ Greet the server") && class.shows("step 2 of 6"));
    assert_eq!(class.screen.asked(), ["keep 1 of 6"]);
    assert_eq!(class.screen.model.focus, Focus::Composer, "the learner goes on typing");
}

#[test]
fn a_mistake_is_answered_under_the_line_until_the_next_exchange() {
    let mut class = Class::new(120, 33);
    let under = |class: &Class| class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
    class.lab("> HELO\n< 501 a name");
    assert!(under(&class).contains("The greeting needs the name"), "{}", under(&class));
    class.screen.keys("H");
    assert!(!under(&class).contains("The greeting needs the name"), "what is typed has its own help");
    assert!(class.shows("! The greeting needs the name"), "and the lesson still says it");
    class.lab("> NOOP\n< 250 ok");
    assert!(!class.shows("The greeting needs the name"));
}

#[test]
fn what_is_said_of_a_dot_too_early_stays_while_the_rest_of_the_text_is_refused() {
    let mut class = Class::of("05-dots", 120, 33);
    let mail =
        "> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> DATA\n< 354 go\n";
    class.lab(&format!("> HELO noddy.com\n< 250 mx\n{mail}| Subject: a\n|\n| one\n> .\n< 250 ok"));
    class.lab(&format!("{mail}| Subject: a\n|\n| ..signature\n> .\n< 250 ok"));
    class.lab(&format!("{mail}| Subject: a\n|\n| begin\n> .\n< 250 ok\n> end\n< 500 no"));
    assert!(class.shows("! Your single dot ended the message"), "{}", class.screen.shown());
    class.lab("> .\n< 500 no");
    assert!(class.shows("! Your single dot ended the message"), "{}", class.screen.shown());
    class.lab("> RSET\n< 250 ok");
    assert!(!class.shows("Your single dot ended the message"), "{}", class.screen.shown());
}

#[test]
fn hints_come_one_by_one_and_are_counted() {
    let mut class = Class::new(120, 33);
    for (n, words) in [(1, "Machines introduce themselves"), (2, "The verb is HELO"), (3, "HELO noddy.com")] {
        class.screen.keys("<shift-f7>");
        assert!(class.shows(words) && class.shows(&format!("hint ({n} of 3 used)")), "{}", class.screen.shown());
    }
    class.screen.keys("<shift-f7>");
    assert!(class.shows("There is no further hint for this step."));
}

#[test]
fn the_quiz_is_answered_by_arrows_or_digits_and_then_all_is_done() {
    let mut class = Class::new(120, 33);
    class.all_steps();
    assert_eq!(class.screen.model.focus, Focus::Lesson, "the conversation is over");
    class.screen.asked();
    let place = |class: &Class, words: &str| {
        let shown = class.screen.shown();
        let row = shown.lines().find(|row| row.contains(words)).unwrap_or_else(|| panic!("{shown}")).to_owned();
        (1..=3).find(|n| row.contains(&format!(" {n} {words}"))).unwrap_or_else(|| panic!("{row}"))
    };
    let wrong = place(&class, "Nothing: the dot");
    class.screen.keys(&wrong.to_string());
    assert!(class.shows("No. The dot only says where the message ends."), "{}", class.screen.shown());
    let right = place(&class, "Send it again later");
    class.screen.keys("<up><up><up>");
    class.screen.keys(&"<down>".repeat(right - 1));
    class.screen.keys("<enter>");
    assert!(class.shows("Right. The 250 after the dot"), "{}", class.screen.shown());
    assert_eq!(class.screen.asked(), ["keep 6 of 6"], "it counts with the answer, for who leaves it there");
    class.screen.keys("<esc>");
    assert!(class.shows("answered") && !class.shows("question 1 of 1"), "{}", class.screen.shown());
    class.screen.keys("<f7><enter>");
    assert!(class.shows("Done: all 6 steps.") && class.shows("no hints, 1 wrong answer"));
    assert_eq!(class.screen.asked(), Vec::<String>::new());
    class.screen.keys("<enter>");
    assert!(!class.shows("Lesson 1") && class.shows("The lesson is closed"));
}

#[test]
fn what_was_found_is_told_to_the_lesson_and_recorded_and_nothing_of_it_is_sent() {
    for (columns, rows) in [(80, 24), (120, 33)] {
        let mut class = Class::of("08-relay", columns, rows);
        class.screen.keys("<ctrl-g>");
        assert!(class.shows("This step wants no answer"), "{}", class.screen.shown());
        class.lab(
            "> EHLO noddy.com
            < 250 mx
            > MAIL FROM:<dude@noddy.com>
            < 250 ok
            > RCPT TO:<anotherdude@target.local>
            < 250 ok
            > RCPT TO:<friend@elsewhere.example>
            < 554 5.7.1 no
            > RSET
            < 250 ok
            > MAIL FROM:<anotherdude@target.local>
            < 250 ok
            > RCPT TO:<friend@elsewhere.example>
            < 554 5.7.1 no
            > RCPT TO:<friend%elsewhere.example@target.local>
            < 550 5.1.1 no",
        );
        assert!(class.shows("Ctrl-G your answer"), "{}", class.screen.shown());
        class.screen.asked();
        class.screen.keys("<ctrl-g>open");
        assert!(class.shows("What have you found? open") && class.shows("not to the server"));
        class.screen.keys("<enter>");
        assert!(class.shows("! Every foreign recipient was refused."), "{}", class.screen.shown());
        assert_eq!(class.screen.asked(), ["remark answer open", "keep 4 of 5"], "a wrong answer is kept too");
        class.screen.keys("amaybe<enter>");
        assert!(class.shows("! That is not it; look again."), "{}", class.screen.shown());
        class.screen.asked();
        class.screen.keys("aclosed<enter>");
        assert_eq!(class.screen.asked(), ["remark answer closed", "keep 5 of 5"]);
        assert!(class.shows("question 1 of 2"), "{}", class.screen.shown());
        class.screen.keys("<f7><ctrl-g>");
        assert!(class.shows("The question is answered in the lesson (F7)"), "{}", class.screen.shown());
        assert!(!class.shows("What have you found?"), "nothing is asked any more");
    }
}

#[test]
fn what_cant_be_undone_is_said_until_the_lesson_is_started_over() {
    let mut class = Class::of("02-rset-noop", 80, 24);
    class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<colleague@target.local>\n< 250 ok\n> NOOP\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> RSET\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 503 no");
    assert!(class.shows("step 5 of 5"), "{}", class.screen.shown());
    class.lab("> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<colleague@target.local>\n< 250 ok");
    class.lab("> DATA\n< 354 go\n| a\n> .\n* delivered to=colleague@target.local\n< 250 ok");
    assert!(class.shows("nothing takes that"), "{}", class.screen.shown());
    class.lab("> NOOP\n< 250 ok");
    assert!(class.shows("nothing takes that"), "{}", class.screen.shown());
}

#[test]
fn without_a_lesson_its_keys_say_where_all_are() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx");
    screen.keys("<shift-f7>");
    assert!(screen.shown().contains("No lesson is being held; F7 shows them all"), "{}", screen.shown());
    screen.send(Message::Lesson(LessonNews::Map(lessons())));
    screen.keys("<f7>");
    assert!(screen.shown().contains("The classic conversation"), "{}", screen.shown());
    assert_eq!(screen.asked(), ["look for lessons"]);
}

#[test]
fn the_finish_names_the_next_lesson_and_a_key_begins_it() {
    let mut class = Class::new(80, 24);
    class.all_steps();
    class.screen.keys("123<enter>");
    assert!(class.shows("Next: Lesson 2 · Start over, and do nothing, 10 minutes."), "{}", class.screen.shown());
    assert!(class.shows("n next lesson"), "{}", class.screen.shown());
    class.screen.asked();
    class.screen.keys("n");
    assert_eq!(class.screen.asked(), ["learn 02-rset-noop"]);
}

#[test]
fn the_map_shows_what_is_done_begun_and_open_and_begins_a_lesson() {
    let mut screen = Screen::new(80, 24);
    screen.model.face = crate::tui::model::Face::Start;
    let mut map = lessons();
    map.rows[0].done.finished = Some("2026-03-01T09:00:00Z".to_owned());
    map.rows[1].done.steps = 2;
    screen.send(Message::Lesson(LessonNews::Map(map)));
    screen.keys("<f7>");
    let shown = screen.shown();
    for words in ["✓   1 The classic", "done 2026-03-01", "▸   2 Start over", "2 of 5 steps", "best after 3"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.contains("▌ ▸   2"), "the next one is marked: {shown}");
    screen.keys("dots");
    assert!(screen.shown().contains("Find dots") && !screen.shown().contains("The classic"), "{}", screen.shown());
    screen.keys("<backspace><backspace><backspace><backspace>");
    screen.asked();
    screen.keys("<end><enter>");
    assert_eq!(screen.asked(), [format!("learn {}", lessons().rows.last().expect("some").lesson.name)]);
}

#[test]
fn help_in_the_lesson_explains_the_terms_of_its_text() {
    let mut class = Class::of("04-envelope", 120, 33);
    class.screen.keys("<f7><f1>");
    assert!(class.shows("Words in this lesson") && class.shows("envelope  "), "{}", class.screen.shown());
    class.screen.keys("<esc><f7><f1>");
    assert!(!class.shows("Words in this lesson"));
}

#[test]
fn while_the_connection_is_open_the_line_keeps_the_keys() {
    let mut class = Class::of("02-rset-noop", 80, 24);
    class.screen.wire("< 220 mx\n> HELO noddy.com\n< 250 mx");
    class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<colleague@target.local>\n< 250 ok\n> NOOP\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> RSET\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 503 no\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> DATA\n< 354 go\n| a\n> .");
    class.lab("* delivered to=anotherdude@target.local\n< 250 ok");
    assert!(class.shows("All steps are done.") && class.shows("F7 answers"), "{}", class.screen.shown());
    class.screen.keys("QUIT");
    assert_eq!(class.screen.model.composer.line(), "QUIT");
    class.screen.keys("<ctrl-u>2");
    assert!(class.shows("To answer the question with 2: F7, then 2."), "{}", class.screen.shown());
    class.screen.keys("<f7>");
    assert!(!class.shows("To answer the question"), "{}", class.screen.shown());
    class.screen.keys("<f7>0");
    assert!(!class.shows("To answer the question"), "{}", class.screen.shown());
    class.screen.keys("<ctrl-u>");
    class.screen.wire("* closed by=server");
    assert_eq!(class.screen.model.focus, Focus::Lesson, "now nothing more can be sent");
}

#[test]
fn after_a_wrong_answer_the_mark_is_on_another_one_and_enter_gives_it() {
    let mut class = Class::new(80, 24);
    class.all_steps();
    class.screen.keys("3");
    let shown = class.screen.shown();
    assert!(shown.contains("Which of the others is it?") && shown.contains("▸ 1 "), "{shown}");
    class.screen.keys("<down><down><enter>");
    assert!(class.shows("That one was tried"), "{}", class.screen.shown());
    class.screen.keys("<up><up><enter>");
    assert!(class.shows("Right. "), "{}", class.screen.shown());
}

#[test]
fn somebody_who_types_keeps_the_keys() {
    let mut class = Class::new(120, 33);
    class.screen.keys("NOO");
    class.all_steps();
    assert_eq!(class.screen.model.focus, Focus::Composer);
    assert!(class.shows("All steps are done.") && class.shows("F7 answers"));
}

#[test]
fn starting_over_asks_while_a_connection_is_open() {
    let mut class = Class::new(80, 24);
    class.screen.keys("<f7>o");
    assert!(class.shows("begin the lesson with a new lab?"));
    class.screen.keys("y");
    assert_eq!(class.screen.asked(), ["keep 0 of 6", "learn 01-classic anew"]);
}

#[test]
fn the_start_screen_offers_the_lesson_with_what_is_done() {
    let mut screen = Screen::new(80, 24);
    screen.model.face = crate::tui::model::Face::Start;
    let mut map = lessons();
    map.rows[0].done = crate::lesson::progress::Done { steps: 2, of: 6, ..Default::default() };
    screen.send(Message::Lesson(LessonNews::Map(map)));
    let shown = screen.shown();
    assert!(shown.contains("First lesson") && shown.contains("2 of 6 steps"), "{shown}");
    screen.keys("<down><enter>");
    assert_eq!(screen.asked(), ["learn 01-classic"]);
}

fn click(class: &mut Class, text: &str) {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let shown = class.screen.shown();
    let found =
        shown.lines().enumerate().find_map(|(y, row)| Some((y, crate::tui::text::width(&row[..row.find(text)?]))));
    let (row, column) = found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{shown}"));
    let (row, column) = (u16::try_from(row).expect("a cell"), u16::try_from(column).expect("a cell"));
    let kind = MouseEventKind::Down(MouseButton::Left);
    class.screen.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

#[test]
fn a_click_gives_an_answer_takes_a_hint_and_opens_a_term() {
    let mut class = Class::new(120, 33);
    click(&mut class, "hint (0 of 3");
    assert!(class.screen.shown().contains("hint: Machines introduce"), "{}", class.screen.shown());
    class.screen.keys("<esc>");
    class.all_steps();
    class.screen.keys("<esc><f7>");
    click(&mut class, "Send it again later");
    assert!(class.screen.shown().contains("Right. "), "{}", class.screen.shown());
}

#[test]
fn where_the_typing_is_the_matter_nothing_is_offered_and_dots_go_out_as_typed() {
    let mut class = Class::new(120, 33);
    class.screen.wire("< 220 mx.target.local ESMTP");
    assert!(!class.screen.model.composer.ghost().is_empty());
    let (name, text) = course::shipped().find(|(name, _)| name == "05-dots").expect("shipped");
    let lesson = Arc::new(Lesson::parse(&name, text).expect("well formed"));
    let address = "127.0.0.1:4000".to_owned();
    class.screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins: Begins::Anew }));
    assert_eq!(class.screen.model.composer.ghost(), "");
    assert!(class.screen.shown().contains("as typed, dots too"), "{}", class.screen.shown());
    class.screen.wire("> HELO a\n< 250 ok\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go");
    class.screen.asked();
    class.screen.keys("..signature<enter>");
    assert!(class.screen.asked().contains(&"as typed ..signature".to_owned()));
    class.screen.keys("<f3>");
    assert!(class.shows("sent as typed: no dot is doubled"), "{}", class.screen.shown());
    class.screen.model.overlay = None;
    let lines = ["..twice", ".once", ".", "end"].map(str::to_owned).to_vec();
    class.screen.model.draft = crate::tui::editor::Draft { lines, ready: true, ..Default::default() };
    class.screen.asked();
    class.screen.keys("<enter>");
    assert_eq!(class.screen.asked(), ["as typed ..twice", "as typed .once", "send .", "send end", "send ."]);
}

#[test]
fn in_a_few_rows_the_newest_hint_and_the_whole_objection_are_there() {
    let mut class = Class::new(80, 24);
    class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.screen.keys("<shift-f7><shift-f7><shift-f7>");
    let newest = class.shows("RCPT TO:<anotherdude@target.local> and then");
    assert!(newest && class.shows("3 of 3 used"), "{}", class.screen.shown());
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> RCPT TO:<colleague@target.local>\n< 250 ok");
    class.lab("> DATA\n< 354 go\n| Subject: a\n| Hello\n> .\n< 250 queued");
    assert!(class.shows("Begin") && class.shows("again at MAIL."), "{}", class.screen.shown());
}

#[test]
fn a_line_typed_where_the_keys_are_not_on_it_says_so() {
    let mut class = Class::new(80, 24);
    class.screen.keys("<esc>Q");
    assert!(class.shows("The line does not have the keys; Esc goes back to it."), "{}", class.screen.shown());
    class.screen.keys("<esc>Q");
    assert_eq!(class.screen.model.composer.line(), "Q");
}

#[test]
fn what_was_done_before_its_turn_is_said_with_the_step_that_is_open() {
    let mut class = Class::new(120, 33);
    class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok");
    assert!(!class.shows("is still open"));
    class.lab("> DATA\n< 354 go");
    assert!(class.shows("a lone dot ends it"), "a mistake that is known says more");
    class.lab("| Subject: a\n|\n| Hello\n> .\n* delivered to=anotherdude@target.local\n< 250 queued");
    assert!(class.shows("Step 3 is still open"), "{}", class.screen.shown());
}

#[test]
fn the_names_of_the_text_stay_in_sight_while_there_is_room() {
    for (columns, rows) in [(80, 24), (120, 33)] {
        let mut class = Class::of("12-partial", columns, rows);
        class.lab("> EHLO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
        class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok");
        assert!(class.shows("nobody is not there"), "{}", class.screen.shown());
    }
    let mut class = Class::of("14-pipelining", 120, 33);
    class.lab("> EHLO noddy.com\n< 250-mx\n< 250 PIPELINING");
    assert!(class.shows("step 2 of") && class.shows("all at once: the workbench asks"), "{}", class.screen.shown());
}

#[test]
fn a_step_that_wants_an_answer_names_the_key_of_its_hint_too() {
    let mut class = Class::of("12-partial", 120, 33);
    class.lab("> EHLO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> RCPT TO:<full@target.local>\n< 452 4.2.2 full");
    class.lab("> RCPT TO:<nobody@target.local>\n< 550 5.1.1 no\n> DATA\n< 354 go\n| Subject: a\n|\n| b\n> .");
    class.lab("* delivered to=anotherdude@target.local\n< 250 ok\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    class.lab("> RCPT TO:<full@target.local>\n< 452 4.2.2 full\n> RSET\n< 250 ok");
    let shown = class.screen.shown();
    assert!(shown.contains("Ctrl-G your answer") && shown.contains("Shift-F7 hint (0/3)"), "{shown}");
}

#[test]
fn a_lesson_that_was_left_goes_on_and_can_be_started_over() {
    let mut class = Class::new(120, 33);
    let lesson = Arc::clone(class.screen.model.lesson.as_ref().expect("held").lesson());
    let address = "127.0.0.1:4000".to_owned();
    let left = crate::lesson::progress::Left { steps: 3, hints: 2, wrong: 0 };
    class.log = Log::new();
    class.screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins: Begins::Left(left) }));
    assert!(class.shows("step 4 of 6") && class.shows("at step 4, where you left it"), "{}", class.screen.shown());
    assert!(class.shows("the conversation begins again"), "{}", class.screen.shown());
    class.lab(
        "> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<a@target.local>\n< 250 ok",
    );
    class.screen.asked();
    class.lab("> DATA\n< 354 go");
    assert_eq!(class.screen.asked(), ["keep 4 of 6"]);
    let reached = class.screen.model.lesson.as_ref().expect("held").reached();
    assert_eq!((reached.steps, reached.hints), (4, 2));
    class.screen.model.lessons.rows[0].done.steps = 4;
    class.screen.keys("<f7>o");
    assert!(class.shows("It starts over"), "{}", class.screen.shown());
    class.screen.keys("y");
    assert_eq!(class.screen.asked(), ["keep 0 of 6", "learn 01-classic anew"]);
}
