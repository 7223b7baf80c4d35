//! What leads a learner on: the text beside the steps, the grey text, what is said of a step.

use super::{Class, LessonNews, Message};
use crate::decode::Does;
use crate::lesson::Happening;
use crate::profile::TlsMode;
use crate::tui::message_tests::{access, answer};

/// The conversation up to the first recipient, as the workbench and the lab have it.
fn one_recipient(columns: u16, rows: u16) -> Class {
    let mut class = Class::new(columns, rows);
    let said = "> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok\n\
        > RCPT TO:<anotherdude@target.local>\n< 250 ok";
    class.lab(said);
    class.screen.wire(&format!("< 220 mx.target.local ESMTP\n{said}"));
    class
}

#[test]
fn the_strip_has_the_sentence_that_the_step_needs() {
    let class = one_recipient(80, 24);
    assert!(class.shows("colleague@target.local") && class.shows("(1 of 2)"), "{}", class.screen.shown());
    let mut class = Class::of("03-codes", 80, 24);
    class.lab(
        "> HELO noddy.com\n< 250 mx\n> HALLO\n< 500 what\n> DATA\n< 503 no\n> MAIL FROM:<dude@noddy.com>\n< 250 ok",
    );
    class.lab("> RCPT TO:<4.2.2@error.lab>\n< 452 4.2.2 full");
    assert!(class.shows("571@error.lab"), "{}", class.screen.shown());
}

#[test]
fn above_a_later_step_no_sentence_stands_without_its_end() {
    let mut class = one_recipient(80, 24);
    class.lab("> RCPT TO:<colleague@target.local>\n< 250 ok\n> DATA\n< 354 go");
    assert!(class.shows("step 5 of 6") && !class.shows("The server speaks first"), "{}", class.screen.shown());
}

#[test]
fn a_long_answer_to_a_mistake_leaves_the_step_in_sight_and_stands_once() {
    let mut class = Class::new(80, 24);
    class.lab("> HELO noddy.com\n< 250 mx\n> MAIL FROM:<anotherdude@target.local>\n< 250 ok");
    let times = |class: &Class| class.screen.shown().matches("The server took that sender").count();
    assert!(class.shows("▸ Say who the mail is from."), "{}", class.screen.shown());
    assert_eq!(times(&class), 1, "{}", class.screen.shown());
    class.screen.keys("R");
    assert!(class.shows("▸ Say who the mail is from.") && times(&class) == 1, "{}", class.screen.shown());
}

#[test]
fn the_grey_text_does_not_lead_past_the_open_step() {
    let mut class = one_recipient(120, 33);
    let shown = class.screen.shown();
    assert!(shown.contains("RCPT TO:") && !shown.lines().rev().nth(3).unwrap_or_default().contains("DATA"), "{shown}");
    // The panel's next steps neither.
    let at = |class: &Class, words: &str| {
        let shown = class.screen.shown();
        shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"))
    };
    assert!(at(&class, "Name another recipient") < at(&class, "Go on to the message"), "{}", class.screen.shown());
    class.lab("> RCPT TO:<colleague@target.local>\n< 250 ok");
    class.screen.wire("> RCPT TO:<colleague@target.local>\n< 250 ok");
    assert!(at(&class, "Go on to the message") < at(&class, "Name another recipient"), "{}", class.screen.shown());
    let mut class = one_recipient(120, 33);
    class.screen.wire("> DATA\n< 354 go\n| Subject: a\n|\n| Hello\n> .\n< 250 2.0.0 queued");
    let line = class.screen.shown().lines().rev().nth(3).unwrap_or_default().to_owned();
    assert!(line.contains("MAIL FROM") && !line.contains("QUIT"), "{line}");
}

#[test]
fn what_is_said_of_a_later_step_does_not_outlive_its_moment() {
    let under = |class: &Class| class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
    let mut class = one_recipient(120, 33);
    class.lab("> DATA\n< 354 go");
    assert!(class.shows("One recipient is enough"), "{}", class.screen.shown());
    class.lab("| Subject: a\n|\n| Hello\n> .\n< 250 ok");
    assert!(under(&class).contains("Step 3 is still open: it is about RCPT;"), "{}", under(&class));
    class.lab("> NOOP\n< 250 ok");
    assert!(!under(&class).contains("still open"), "{}", under(&class));
}

#[test]
fn what_began_before_the_step_that_it_follows_is_told_to_begin_again() {
    let under = |class: &Class| class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
    let mut class = Class::of("06-ehlo", 120, 33);
    class.lab("> HELO noddy.com\n< 250 mx\n> EHLO noddy.com\n< 250-mx\n< 250 SIZE 1000");
    class.lab("> MAIL FROM:<dude@noddy.com> SIZE=1000\n< 250 ok\n> RCPT TO:<a@b.example> FOO=1\n< 555 no");
    class.lab("> EHLO noddy.com\n< 250-mx\n< 250 SIZE 1000");
    assert!(class.shows("step 5 of 5") && !under(&class).contains("still open"), "{}", class.screen.shown());
    class.lab("> RCPT TO:<a@b.example>\n< 503 no");
    let said =
        "Step 5 is still open: all of it has to come after step 4, and this began before. Begin again, with MAIL.";
    assert!(under(&class).contains(said), "{}", class.screen.shown());
    class.lab("> RCPT TO:<a@b.example>\n< 503 no");
    assert!(!under(&class).contains("still open"), "once: {}", under(&class));
}

#[test]
fn what_is_said_of_a_mistake_goes_with_the_next_reply_also_where_that_refuses_a_word() {
    let mut class = Class::new(80, 24);
    class.lab("> HELO\n< 501 a name");
    assert!(class.shows("The greeting needs the name"), "{}", class.screen.shown());
    class.lab("> NODDY\n< 500 what");
    assert!(!class.shows("The greeting needs the name"), "{}", class.screen.shown());
}

#[test]
fn a_quit_between_two_messages_is_not_that_of_the_first_lesson() {
    let mut class = one_recipient(120, 33);
    let content = "> DATA\n< 354 go\n| Subject: a\n|\n| Hello\n> .\n* delivered to=anotherdude@target.local\n< 250 ok";
    class.lab(content);
    class.lab(&format!(
        "> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< 250 ok\n{content}"
    ));
    class.lab("> QUIT\n< 221 bye\n* closed by=server\n* connected a from b\n< 220 mx\n> HELO noddy.com\n< 250 mx");
    class.lab("> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< 250 ok");
    class.lab("> RCPT TO:<colleague@target.local>\n< 250 ok");
    class.lab(content);
    assert!(class.shows("step 6 of 6"), "{}", class.screen.shown());
    class.lab("> QUIT\n< 221 bye");
    assert!(!class.shows("step 6 of 6"), "{}", class.screen.shown());
}

#[test]
fn the_page_scrolls_by_pages_and_no_further_than_it_goes() {
    let mut class = Class::new(80, 24);
    class.screen.keys("<f7>");
    let top = class.screen.shown();
    assert!(top.contains(" ▼") && top.contains("PgDn more"), "{top}");
    class.screen.keys("<pagedown>");
    assert!(class.shows("Any client will do"), "{}", class.screen.shown());
    class.screen.keys("<pagedown><pagedown><pageup><pageup>");
    assert_eq!(class.screen.shown(), top);
}

/// What stands there in grey leads to the open step, not past it.
#[test]
fn the_grey_text_is_of_the_open_step() {
    let said = |class: &mut Class, text: &str| {
        class.screen.wire(text);
        class.lab(text);
        class.screen.model.composer.ghost().to_owned()
    };
    let mut class = Class::of("06-ehlo", 80, 24);
    class.screen.wire("< 220 mx.target.local ESMTP");
    assert!(class.screen.model.composer.ghost().starts_with("HELO"), "{}", class.screen.model.composer.ghost());
    let ghost = said(&mut class, "> HELO noddy.com\n< 250 mx");
    assert!(ghost.starts_with("EHLO"), "{ghost}");
    let mut class = Class::of("02-rset-noop", 80, 24);
    class.screen.model.peer.identity.to = vec!["anotherdude@target.local".to_owned()];
    let ghost = said(&mut class, "< 220 mx\n> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    assert!(ghost.starts_with("RCPT TO:<") && !ghost.contains("anotherdude"), "{ghost}");
}

#[test]
fn a_step_that_wants_another_line_than_the_ordinary_next_one_has_that_offered_or_nothing() {
    let said = |class: &mut Class, text: &str| {
        class.screen.wire(text);
        class.lab(text);
        let row = class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
        (class.screen.model.composer.ghost().to_owned(), row)
    };
    let mut class = Class::of("06-ehlo", 120, 33);
    said(&mut class, "< 220 mx.target.local ESMTP\n> HELO noddy.com\n< 250 mx");
    let (ghost, row) = said(&mut class, "> EHLO noddy.com\n< 250-mx\n< 250 SIZE 1000000");
    assert!(ghost.is_empty() && row.contains("another line"), "the step wants a size: {ghost}, {row}");
    let (ghost, row) = said(&mut class, "> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    assert!(ghost == "RSET" && row.contains("RSET drops"), "{ghost}, {row}");
    let (ghost, _) = said(&mut class, "> RSET\n< 250 ok\n> MAIL FROM:<dude@noddy.com> SIZE=1000\n< 250 ok");
    assert!(ghost.is_empty(), "step 4: {ghost}");
    let (ghost, _) = said(&mut class, "> RCPT TO:<a@b.example> FOO=1\n< 555 no\n> RSET\n< 250 ok");
    assert!(ghost.starts_with("MAIL FROM:<"), "step 5: {ghost}");
    let (ghost, _) = said(&mut class, "> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    assert!(ghost.is_empty(), "{ghost}");
}

#[test]
fn a_line_that_breaks_off_where_its_address_has_to_stand_says_so() {
    let class = one_recipient(120, 33);
    let row = class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
    assert!(row.contains("Tab takes the grey text; the address is yours to type"), "{row}");
}

#[test]
fn a_digit_that_went_to_the_server_is_told_to_belong_to_the_question() {
    let mut class = Class::new(80, 24);
    class.all_steps();
    let asks = "That line went to the server. The question is the lesson's: F7, then the";
    assert!(!class.shows(asks), "{}", class.screen.shown());
    class.lab("* connected a from b\n< 220 mx\n> 2\n< 500 what");
    assert!(class.shows(asks), "{}", class.screen.shown());
    class.lab("> NOOP\n< 250 ok");
    assert!(!class.shows(asks), "{}", class.screen.shown());
}

#[test]
fn no_next_step_names_a_sender_that_the_open_step_does_not_take() {
    let mut class = Class::of("20-spoofing", 120, 33);
    let forged = "> MAIL FROM:<mayor@village.example>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> DATA\n\
                  < 354 go\n| From: mayor@village.example\n|\n| Hello.\n> .\n< 250 2.0.0 queued as 1";
    for text in ["< 220 mx\n> EHLO noddy.com\n< 250 mx", forged] {
        class.screen.wire(text);
        class.lab(text);
    }
    let shown = class.screen.shown();
    assert!(shown.contains("Begin the next mail transaction") && shown.contains("MAIL FROM:"), "{shown}");
    assert_eq!(class.screen.model.step(1).map(|step| step.does), Some(Does::Command("MAIL FROM:".to_owned())));
    let own = forged.replacen("mayor@village.example", "dude@noddy.com", 1);
    class.screen.wire(&own);
    class.lab(&own);
    let does = class.screen.model.step(1).map(|step| step.does);
    assert_eq!(does, Some(Does::Command("MAIL FROM:<dude@noddy.com>".to_owned())));
}

const OFFER: &str = "< 250-mx\n< 250-STARTTLS\n< 250 SIZE 1000000";
const HANDSHAKE: &str = "* tls version=TLSv1.3 verified=yes";
const MECHANISMS: &str = "< 250-mx\n< 250-AUTH SCRAM-SHA-256 LOGIN PLAIN\n< 250 SIZE 1000000";

/// Both sides of the lesson about logging in, as far as its third step, on a new connection.
fn before_login() -> Class {
    let mut class = Class::of("17-auth", 120, 33);
    let secured = format!("> STARTTLS\n< 220 go\n{HANDSHAKE}\n> EHLO noddy.com\n{MECHANISMS}");
    class.lab(&format!("> EHLO noddy.com\n{OFFER}\n> MAIL FROM:<dude@noddy.com>\n< 530 5.7.0 no\n{secured}"));
    class.lab("> AUTH PLAIN AGR1ZGUAbm9kZHk=\n< 235 2.7.0 ok\n> QUIT\n< 221 bye\n* closed by=server");
    class.screen.wire("< 220 mx");
    class.screen.model.peer.identity.ehlo = "noddy.com".to_owned();
    assert!(class.shows("step 3 of 5"), "{}", class.screen.shown());
    class
}

/// Presses the key that makes ready.
fn make_ready(class: &mut Class) {
    class.screen.keys("<f10>");
    class.screen.asked();
    access(&mut class.screen, TlsMode::Starttls, Some("noddy"));
}

/// Whether a line went out.
fn sent(class: &mut Class) -> bool {
    class.screen.asked().iter().any(|asked| asked.starts_with("send "))
}

/// Makes ready up to the greeting under TLS.
fn made_ready(class: &mut Class) {
    make_ready(class);
    answer(&mut class.screen, "EHLO noddy.com", OFFER);
    answer(&mut class.screen, "STARTTLS", "< 220 go");
    class.screen.wire(HANDSHAKE);
    answer(&mut class.screen, "EHLO noddy.com", MECHANISMS);
}

#[test]
fn make_ready_stops_before_what_the_step_asks_for() {
    let mut class = before_login();
    made_ready(&mut class);
    assert!(!sent(&mut class), "nothing that the step asks for goes out by itself");
    assert!(class.shows("AUTH is left to you"), "{}", class.screen.shown());
    // Within a log-in that was begun by hand neither.
    class.screen.wire("> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
    class.screen.model.notice = None;
    assert!(class.shows("$ and the user name") && !class.shows("F10 answers"), "{}", class.screen.shown());
    make_ready(&mut class);
    assert!(!sent(&mut class) && class.shows("AUTH is left to you"), "{}", class.screen.shown());
    let mut class = Class::new(120, 33);
    class.screen.wire("< 220 mx");
    class.screen.model.peer.identity.ehlo = "noddy.com".to_owned();
    assert!(!class.shows("F10 makes ready"), "{}", class.screen.shown());
    make_ready(&mut class);
    assert!(!sent(&mut class) && class.shows("The greeting is left to you"), "{}", class.screen.shown());
}

#[test]
fn log_ins_that_were_tried_before_their_step_do_not_tick_it() {
    let mut class = before_login();
    class.lab("* connected 127.0.0.1:4000 from 127.0.0.1:5000\n< 220 mx");
    class.lab("> AUTH PLAIN AGR1ZGUAd3Jvbmc=\n< 535 5.7.8 no\n> AUTH SCRAM-SHA-256 {{auth}}\n< 334 a");
    class.lab("> {{auth}}\n< 334 b\n> {{auth}}\n< 235 2.7.0 ok");
    class.lab("* connected 127.0.0.1:4000 from 127.0.0.1:5000\n< 220 mx\n> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
    class.lab("> ZHVkZQ==\n< 334 UGFzc3dvcmQ6\n> bm9kZHk=\n< 235 2.7.0 ok");
    assert!(class.shows("step 4 of 5"), "{}", class.screen.shown());
    class.lab("> AUTH PLAIN AGR1ZGUAd3Jvbmc=\n< 535 5.7.8 no");
    assert!(class.shows("step 5 of 5"), "{}", class.screen.shown());
}

#[test]
fn make_ready_logs_in_where_the_step_wants_the_workbench_to() {
    let mut class = before_login();
    class.lab("* connected 127.0.0.1:4000 from 127.0.0.1:5000\n< 220 mx\n> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
    class.lab("> ZHVkZQ==\n< 334 UGFzc3dvcmQ6\n> bm9kZHk=\n< 235 2.7.0 ok");
    class.lab("> AUTH PLAIN AGR1ZGUAd3Jvbmc=\n< 535 5.7.8 no");
    assert!(class.shows("step 5 of 5"), "{}", class.screen.shown());
    made_ready(&mut class);
    let sent = class.screen.asked();
    assert!(sent.last().is_some_and(|it| it.starts_with("send AUTH SCRAM-SHA-256")), "{sent:?}");
}

/// In a lesson about logging in the row and the grey text lead to the log-in that the step wants, and to a new connection
/// where this one has had its own.
#[test]
fn the_row_and_the_grey_text_lead_to_the_log_in_that_the_step_wants() {
    let offer = format!("> EHLO noddy.com\n{OFFER}");
    let secured = format!("> STARTTLS\n< 220 go\n{HANDSHAKE}\n> EHLO noddy.com\n{MECHANISMS}");
    let said = |class: &mut Class, text: &str| {
        class.screen.wire(text);
        class.lab(text);
        let row = class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
        (class.screen.model.composer.ghost().to_owned(), row)
    };
    for columns in [80, 120] {
        let mut class = Class::of("17-auth", columns, 33);
        let (_, row) = said(&mut class, "< 220 mx.target.local ESMTP");
        assert!(row.contains("Greet the server"), "{row}");
        said(&mut class, &offer);
        let (ghost, row) = said(&mut class, "> MAIL FROM:<dude@noddy.com>\n< 530 5.7.0 Authentication required");
        assert!(ghost == "STARTTLS" && row.contains("STARTTLS"), "{ghost}: {row}");
        assert!(!class.shows("in one go"), "{}", class.screen.shown());
        let (ghost, row) = said(&mut class, &secured);
        assert!(ghost == "AUTH PLAIN" && row.contains("og in: AUTH") | row.contains("log-in: AUTH"), "{ghost}: {row}");
        let (ghost, row) = said(&mut class, "> AUTH PLAIN AGR1ZGUAbm9kZHk=\n< 235 2.7.0 ok");
        assert!(ghost.is_empty() && row.contains("F5 connects anew"), "{ghost}: {row}");
        let (_, row) =
            said(&mut class, "* closed by=client\n* connecting 127.0.0.1:4000\n* connected 127.0.0.1:4000\n< 220 mx");
        assert!(row.contains("Greet the server"), "{row}");
        let (ghost, _) = said(&mut class, &offer);
        assert_eq!(ghost, "STARTTLS");
        let (ghost, _) = said(&mut class, &secured);
        assert_eq!(ghost, "AUTH LOGIN");
    }
}

#[test]
fn the_story_of_a_lesson_is_told_where_it_has_room_and_else_a_mark_stands_for_it() {
    for name in ["13-eight-bit", "20-spoofing", "25-case-two", "26-case-herring"] {
        let lesson = Class::of(name, 200, 50);
        let pane = lesson.screen.model.lesson.as_ref().expect("held");
        let words = |text: &str| text.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
        let (hook, intro) = (words(pane.lesson().hook.as_deref().expect("a story")), words(&pane.lesson().intro));
        assert!(lesson.shows(&hook) && lesson.shows(&intro), "{name}: {}", lesson.screen.shown());
        for (columns, rows) in [(80, 24), (120, 33)] {
            let lesson = Class::of(name, columns, rows);
            let shown = lesson.screen.shown();
            let text = shown.split_once(" Lesson ").and_then(|(_, text)| text.split_once("F7 all of it"));
            assert!(lesson.shows(&hook) || text.is_some_and(|(text, _)| text.contains("│ … ")), "{name}: {shown}");
        }
    }
}

#[test]
fn what_cant_be_undone_names_the_keys_and_stays_as_it_was_said() {
    let mut class = Class::of("25-case-two", 120, 33);
    let mail = |to: &[&str]| {
        let each = |line: &str| to.iter().map(|to| line.replace("{to}", to)).collect::<Vec<_>>().concat();
        let named = each("\n> RCPT TO:<{to}@target.local>\n< 250 ok");
        let there = each("\n* delivered to={to}@target.local");
        format!("> MAIL FROM:<a@b>\n< 250 ok{named}\n> DATA\n< 354 go\n| Subject: a\n> .{there}\n< 250 ok")
    };
    class.lab("> EHLO a\n< 250 mx\n> MAIL FROM:<a@b> SIZE=6000\n< 552 5.3.4 no\n> MAIL FROM:<a@b>\n< 250 ok");
    for to in ["one", "two", "three"] {
        class.lab(&format!("> RCPT TO:<{to}@target.local>\n< 250 ok"));
    }
    class.lab("> RCPT TO:<four@target.local>\n< 452 4.5.3 many\n> RSET\n< 250 ok");
    class.lab(&mail(&["one", "two", "three"]));
    class.lab(&mail(&["four", "one"]));
    let said = |class: &Class| class.shows("! Somebody has it twice now") && class.shows("F7, then o,");
    assert!(said(&class), "{}", class.screen.shown());
    class.lab(&mail(&["five"]));
    assert!(said(&class) && !class.shows("must not happen"), "{}", class.screen.shown());
    assert!(class.shows("F7 all of it; there o starts over"), "{}", class.screen.shown());
    class.screen.keys("<f7>");
    assert!(class.shows("it twice now") && !class.shows("F7, then o"), "{}", class.screen.shown());
}

#[test]
fn mail_that_a_later_step_counts_is_not_said_to_count_for_nothing() {
    let mut class = Class::of("25-case-two", 120, 33);
    class.lab("> EHLO a\n< 250 mx\n> MAIL FROM:<a@b> SIZE=6000\n< 552 5.3.4 no");
    let one = "> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<one@target.local>\n< 250 ok\n> RCPT TO:<two@target.local>\n< 250 ok\n\
               > RCPT TO:<three@target.local>\n< 250 ok\n> DATA\n< 354 go\n| Subject: a\n> .\n\
               * delivered to=one@target.local\n* delivered to=two@target.local\n* delivered to=three@target.local\n< 250 ok";
    class.lab(one);
    assert!(class.shows("a later one may count this message"), "{}", class.screen.shown());
    class.lab(one);
    assert!(class.shows("! Somebody has it twice now"), "at the second step too: {}", class.screen.shown());
}

#[test]
fn the_count_of_a_step_is_never_broken() {
    for columns in 70..130 {
        let mut class = Class::of("25-case-two", columns, 33);
        class.lab("> EHLO a\n< 250 mx\n> MAIL FROM:<a@b> SIZE=6000\n< 552 5.3.4 no");
        assert!(class.shows("(0 of 3)"), "{columns}: {}", class.screen.shown());
    }
}

#[test]
fn zoom_from_the_lesson_shows_the_transcript_alone() {
    let mut class = Class::new(80, 24);
    class.screen.keys("<f7>");
    class.screen.asked();
    class.screen.keys("<ctrl-p>zoom<enter>");
    assert_eq!(class.screen.asked(), ["mouse false"], "what is said of the mouse is so");
    let alone = class.screen.shown();
    assert!(alone.contains("selects text now") && alone.contains("connected") && !alone.contains('┌'), "{alone}");
    class.screen.keys("z");
    assert_eq!(class.screen.asked().len(), 1);
    assert!(class.shows("┌ Transcript"), "{}", class.screen.shown());
}

/// A step that asks for a refusal is left to the learner: what stood in grey would be accepted.
#[test]
fn where_a_step_asks_for_a_refusal_nothing_is_offered_that_succeeds() {
    for columns in [80, 120] {
        let mut class = Class::of("03-codes", columns, 33);
        class.screen.wire("< 220 mx.target.local ESMTP");
        assert!(class.screen.model.composer.ghost().starts_with("EHLO "));
        for (said, ghost) in
            [("> HELO noddy.com\n< 250 mx", ""), ("> HALLO\n< 500 what", ""), ("> DATA\n< 503 no", "MAIL")]
        {
            class.lab(said);
            class.screen.wire(said);
            let shown = class.screen.shown();
            let offered = class.screen.model.composer.ghost().split(' ').next().unwrap_or_default();
            assert_eq!(offered, ghost, "{said}: {shown}");
            let row = shown.lines().rev().nth(2).unwrap_or_default();
            assert_eq!(
                row.contains("find the line that brings it") && row.contains("Shift-F7 hint"),
                ghost.is_empty(),
                "{shown}"
            );
        }
    }
}

#[test]
fn where_a_line_is_to_come_before_its_turn_its_turn_is_not_offered() {
    let mut class = Class::of("02-rset-noop", 80, 24);
    let said = "> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok\n\
                > RCPT TO:<colleague@target.local>\n< 250 ok\n> NOOP\n< 250 ok\n\
                > RCPT TO:<anotherdude@target.local>\n< 250 ok\n> RSET\n< 250 ok";
    class.lab(said);
    class.screen.wire(&format!("< 220 mx.target.local ESMTP\n{said}"));
    assert!(class.shows("step 4 of 5"), "{}", class.screen.shown());
    assert_eq!(class.screen.model.composer.ghost(), "", "{}", class.screen.shown());
    let tried = "> RCPT TO:<anotherdude@target.local>\n< 503 5.5.1 need MAIL";
    class.lab(tried);
    class.screen.wire(tried);
    assert!(class.screen.model.composer.ghost().starts_with("MAIL FROM"), "{}", class.screen.shown());
}

/// A step that asks what was found is answered in the lesson, and no line is offered.
#[test]
fn who_is_asked_what_was_found_is_told_the_key_for_it() {
    for columns in [80, 120] {
        let mut class = Class::of("05-dots", columns, 33);
        let message = |text: &str| {
            format!(
                "> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< 250 ok\n> DATA\n< 354 go\n\
                 | Subject: x\n|\n{text}\n> .\n< 250 ok\n"
            )
        };
        let all = ["| one", "| ..signature", "| begin\n| ..\n| end"].map(message).concat();
        let said = format!("> HELO noddy.com\n< 250 mx\n{all}");
        class.lab(said.trim_end());
        class.screen.wire(&format!("< 220 mx.target.local ESMTP\n{}", said.trim_end()));
        let shown = class.screen.shown();
        assert!(shown.contains("step 4 of 4"), "{shown}");
        let row = shown.lines().rev().nth(2).unwrap_or_default();
        assert!(row.contains("The step asks what you have found: Ctrl-G"), "{shown}");
    }
}

#[test]
fn help_that_was_taken_before_a_fresh_start_is_told_at_the_end() {
    let mut class = Class::of("05-dots", 120, 33);
    let mut lessons = super::lessons();
    for row in lessons.rows.iter_mut().filter(|row| row.lesson.name == "05-dots") {
        row.done.earlier = crate::lesson::progress::Helped { hints: 2, wrong: 1 };
    }
    class.screen.send(Message::Lesson(LessonNews::Map(lessons)));
    let pane = class.screen.model.lesson.as_mut().expect("held");
    let all = pane.lesson().steps.len();
    pane.told(&(0..all).map(Happening::Ticked).collect::<Vec<_>>(), 0);
    class.screen.keys("<f7>");
    for _ in 0..8 {
        if !class.shows(" question ") {
            break;
        }
        class.screen.keys("1234<enter>");
    }
    assert!(class.shows("before you started over: 2 hints, 1 wrong answer"), "{}", class.screen.shown());
}

/// A newcomer is offered no key that does in one go what the lesson goes through.
#[test]
fn a_lesson_that_goes_on_offers_nothing_that_makes_ready_in_one_go() {
    for name in ["01-classic", "03-codes", "08-relay"] {
        let mut class = Class::of(name, 120, 33);
        class.lab("> EHLO noddy.com\n< 250 mx\n> HELO noddy.com\n< 250 mx");
        class.screen.wire("< 220 mx.target.local ESMTP");
        assert!(!class.shows("in one go") && !class.shows("makes ready"), "{name}: {}", class.screen.shown());
        class.screen.wire("> MAIL FROM:<dude@noddy.com>\n< 503 5.5.1 Error: send HELO first");
        assert!(!class.shows("in one go") && !class.shows("makes ready"), "{name}: {}", class.screen.shown());
    }
}

#[test]
fn that_more_steps_follow_is_always_seen() {
    for (name, _) in crate::lesson::course::shipped() {
        for (columns, rows) in [(80, 24), (120, 33), (60, 16)] {
            let class = Class::of(&name, columns, rows);
            let pane = class.screen.model.lesson.as_ref().expect("held");
            if pane.lesson().steps.len() > 1 {
                let shown = class.screen.shown();
                let last = pane.lesson().steps.last().map(|step| step.text.clone()).unwrap_or_default();
                let begins = last.split(' ').take(3).collect::<Vec<_>>().join(" ");
                let whole = shown.contains(&format!("· {begins}"));
                let lesson = shown.split_once("step 1 of").map_or("", |(_, lesson)| lesson);
                let lesson = lesson.split_once("F7 all").map_or("", |(lesson, _)| lesson);
                assert!(whole || lesson.contains('▼'), "{name}: {shown}");
            }
        }
    }
}

#[test]
fn the_footer_of_a_lesson_names_the_lesson_and_how_to_leave() {
    for (columns, rows) in [(80, 24), (120, 33)] {
        let mut class = Class::new(columns, rows);
        class.screen.wire("< 220 mx.target.local ESMTP");
        for keys in ["", "MAIL FROM :dude@noddy.com"] {
            class.screen.keys(keys);
            let shown = class.screen.shown();
            let last = shown.lines().last().unwrap_or_default();
            assert!(last.contains("F7 lesson") && last.contains("Ctrl-Q quit"), "{last}");
            assert_eq!(last.contains("F8 mend"), !keys.is_empty(), "{last}");
        }
    }
}

#[test]
fn who_names_recipients_is_told_where_the_mailboxes_stand() {
    for columns in [80, 120] {
        let mut class = Class::new(columns, 33);
        let said = "> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok";
        class.lab(said);
        class.screen.wire(&format!("< 220 mx.target.local ESMTP\n{said}"));
        let shown = class.screen.shown();
        let row = shown.lines().rev().nth(2).unwrap_or_default();
        assert!(row.contains("Name the recipients") && row.contains("F7"), "{shown}");
    }
}
