//! Composing as a person meets it: templates, completion, the form, keys in and screen out.

use super::overlay::{Form, Overlay};
use super::tests::{connected, refused};

#[test]
fn f2_twice_is_the_form_and_esc_gives_the_line_back() {
    let mut screen = connected(120, 33);
    screen.keys("<f2>");
    assert!(screen.shown().contains("Verbs") && screen.shown().contains("EHLO domain"), "{}", screen.shown());
    screen.keys("<f2>");
    assert!(screen.shown().contains("EHLO as a form"), "{}", screen.shown());
    screen.keys(".uk<esc>");
    assert_eq!(screen.model.composer.line(), "EHLO noddy.com.uk");
    assert!(screen.model.overlay.is_none());
    assert!(screen.asked().is_empty(), "nothing is sent by filling in");
}

#[test]
fn a_receipt_is_asked_for_by_one_key_and_taken_back() {
    let mut screen = refused(120, 33);
    screen.keys("RCPT TO:<lt>a@b.c><ctrl-x>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<a@b.c> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b.c");
    screen.keys("<ctrl-x>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<a@b.c>");
    screen.keys("<ctrl-u>DATA<ctrl-x>");
    assert!(screen.shown().contains("put one of them on the line, then Ctrl-X"), "{}", screen.shown());
    assert!(screen.asked().is_empty(), "nothing is sent");
}

#[test]
fn a_receipt_that_the_server_does_not_offer_is_marked_and_can_be_sent() {
    let mut screen = connected(120, 33);
    screen.wire("> EHLO noddy.com\n< 250 mx.target.local");
    screen.asked();
    screen.keys("<ctrl-x>");
    let line = screen.model.composer.line().to_owned();
    assert!(line.starts_with("MAIL FROM:<dude@noddy.com> RET=HDRS ENVID=ehlo-"), "the grey text is taken: {line}");
    assert!(!screen.model.composer.lints().is_empty(), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), [format!("send {line}")]);
}

#[test]
fn how_far_a_long_message_has_gone_is_shown() {
    let mut screen = refused(80, 24);
    screen.wire("> DATA\n< 354 go\n> .");
    screen.model.progress = Some((12_300_000, 20_000_000));
    assert!(screen.shown().contains("on its way: 12.3 of 20.0 MB"), "{}", screen.shown());
}

#[test]
fn the_menu_narrows_by_letters_and_takes_by_enter() {
    let mut screen = refused(120, 33);
    screen.keys("<f2>v<enter>");
    assert_eq!(screen.model.composer.line().trim_end(), "VRFY");
    screen.keys("<ctrl-u><f2>rc<enter>");
    assert!(screen.model.composer.line().starts_with("RCPT TO:<"), "{}", screen.model.composer.line());
    assert!(screen.asked().is_empty());
}

#[test]
fn esc_closes_the_completion_first() {
    let mut screen = refused(120, 33);
    screen.keys("RCPT TO:<lt>a@b> <tab>");
    screen.keys("<ctrl-u>RCPT<tab><tab><esc>x");
    assert!(screen.model.composer.line().ends_with(" x"), "the composer has the keys still");
    assert!(!matches!(screen.model.overlay, Some(Overlay::Menu(_))));
}

#[test]
fn enter_sends_the_line_whatever_is_offered() {
    let mut screen = refused(120, 33);
    screen.keys("R<enter>");
    assert_eq!(screen.asked(), ["send R"]);
}

#[test]
fn a_verb_that_is_not_known_goes_onto_the_line_as_it_was_typed() {
    let mut screen = refused(80, 24);
    screen.keys("<f2>onex");
    assert!(screen.shown().contains("No verb that ehlo knows"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.model.composer.line(), "ONEX ", "and no other verb is taken in its place");
}

#[test]
fn the_form_of_each_verb_keeps_each_parameter_that_is_right() {
    let screen = refused(80, 24);
    let offered = screen.model.talk.dialogue.state().session.capabilities.clone();
    let mut seen = 0;
    for entry in &screen.model.knowledge.verbs.verbs {
        let base = match entry.name.as_str() {
            "MAIL" => "MAIL FROM:<dude@noddy.com>",
            "RCPT" => "RCPT TO:<anotherdude@target.local>",
            _ => continue,
        };
        for right in entry.parameters.iter().flat_map(|parameter| &parameter.right) {
            let line = format!("{base} {right}");
            assert_eq!(Form::of(entry, &line, &offered).line(), line);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn what_speaks_against_a_line_is_told_whole() {
    let mut screen = connected(80, 24);
    screen.say("EHLO noddy.com<enter>", "< 250-mx\n< 250 DSN");
    screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 250 ok");
    screen.keys("RCPT TO :anotherdude@target.local notify=success,failure");
    let shown = screen.shown();
    let rows: Vec<&str> = shown.lines().collect();
    let reason = rows.iter().position(|row| row.contains("RFC 5321")).unwrap_or_else(|| panic!("{shown}"));
    assert!(!rows[reason].contains('…'), "{shown}");
    assert!(rows[reason + 1].contains("▸ RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE"), "{shown}");
    assert!(rows[reason + 1].contains("F8"), "{shown}");
    screen.keys("<f8>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE");
    // Where one row holds it all, it stays one.
    assert!(screen.shown().lines().count() == 24, "{}", screen.shown());
}

#[test]
fn what_the_mended_line_would_be_refused_for_is_told_before_it_is_taken() {
    let mut screen = connected(80, 24);
    screen.say("HELO noddy.com<enter>", "< 250 mx");
    screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 250 ok");
    screen.keys("RCPT TO :anotherdude@target.local notify=success,failure");
    let shown = screen.shown();
    assert!(shown.contains("NOTIFY needs EHLO: after HELO there are no parameters"), "{shown}");
    assert!(shown.contains("▸ RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE"), "{shown}");
}
