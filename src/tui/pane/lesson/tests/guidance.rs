//! What leads a learner on: the text beside the steps, the grey text, what is said of a step.

use super::Class;

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
    assert!(class.shows("One recipient would be enough"), "{}", class.screen.shown());
    class.lab("| Subject: a\n|\n| Hello\n> .\n< 250 ok");
    assert!(under(&class).contains("Step 3 is still open"), "{}", under(&class));
    class.lab("> NOOP\n< 250 ok");
    assert!(!under(&class).contains("still open"), "{}", under(&class));
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
    let ghost = said(&mut class, "> EHLO noddy.com\n< 250-mx\n< 250 SIZE 1000000");
    assert!(ghost.starts_with("MAIL"), "{ghost}");
    let mut class = Class::of("02-rset-noop", 80, 24);
    class.screen.model.peer.identity.to = vec!["anotherdude@target.local".to_owned()];
    let ghost = said(&mut class, "< 220 mx\n> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    assert!(ghost.starts_with("RCPT TO:<") && !ghost.contains("anotherdude"), "{ghost}");
}

/// In a lesson about logging in the row and the grey text lead to the log-in that the step wants, and to a new connection
/// where this one has had its own.
#[test]
fn the_row_and_the_grey_text_lead_to_the_log_in_that_the_step_wants() {
    const OFFER: &str = "> EHLO noddy.com\n< 250-mx\n< 250-STARTTLS\n< 250 SIZE 1000000";
    const SECURED: &str = "> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO noddy.com\n< 250-mx\n\
        < 250-AUTH SCRAM-SHA-256 LOGIN PLAIN\n< 250 SIZE 1000000";
    let said = |class: &mut Class, text: &str| {
        class.screen.wire(text);
        class.lab(text);
        let row = class.screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
        (class.screen.model.composer.ghost().to_owned(), row)
    };
    for columns in [80, 120] {
        let mut class = Class::of("17-auth", columns, 33);
        let (_, row) = said(&mut class, "< 220 mx.target.local ESMTP");
        assert!(row.contains("Greet the server") && !row.contains("F10"), "{row}");
        said(&mut class, OFFER);
        let (ghost, row) = said(&mut class, "> MAIL FROM:<dude@noddy.com>\n< 530 5.7.0 Authentication required");
        assert!(ghost == "STARTTLS" && row.contains("STARTTLS"), "{ghost}: {row}");
        assert!(!class.shows("in one go"), "{}", class.screen.shown());
        let (ghost, row) = said(&mut class, SECURED);
        assert!(ghost == "AUTH PLAIN" && row.contains("og in: AUTH") | row.contains("log-in: AUTH"), "{ghost}: {row}");
        let (ghost, row) = said(&mut class, "> AUTH PLAIN AGR1ZGUAbm9kZHk=\n< 235 2.7.0 ok");
        assert!(ghost.is_empty() && row.contains("F5 connects anew"), "{ghost}: {row}");
        let (_, row) =
            said(&mut class, "* closed by=client\n* connecting 127.0.0.1:4000\n* connected 127.0.0.1:4000\n< 220 mx");
        assert!(row.contains("Greet the server") && !row.contains("F10"), "{row}");
        let (ghost, _) = said(&mut class, OFFER);
        assert_eq!(ghost, "STARTTLS");
        let (ghost, _) = said(&mut class, SECURED);
        assert_eq!(ghost, "AUTH LOGIN");
    }
}
