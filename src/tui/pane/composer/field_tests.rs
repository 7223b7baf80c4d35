//! Tab, fields and completion, as keys and what stands on the line then.

use super::Composer;
use super::tests::Desk;

/// A desk after EHLO, with DSN and two mechanisms offered, and MAIL.
fn in_mail() -> Desk {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\r\n250-DSN\r\n250 AUTH PLAIN LOGIN");
    desk.say("MAIL FROM:<dude@noddy.com>", "250 ok");
    desk
}

fn offered(desk: &Desk) -> Vec<String> {
    desk.composer.popup.as_ref().map_or(Vec::new(), |popup| popup.items.iter().map(|item| item.text.clone()).collect())
}

#[test]
fn tab_after_a_verb_makes_fields_of_its_template() {
    let mut desk = in_mail();
    desk.keys("RCPT<Tab>");
    assert_eq!(desk.composer.line(), "RCPT TO:<anotherdude@target.local>");
    desk.keys("x@y");
    assert_eq!(desk.composer.line(), "RCPT TO:<x@y>", "what is typed takes the field's place");
}

#[test]
fn tab_at_the_last_field_offers_parameters_offered_ones_first() {
    let mut desk = in_mail();
    desk.keys("RCPT<Tab><Tab>");
    let all = offered(&desk);
    assert_eq!(all[..2], ["NOTIFY=", "ORCPT="]);
    assert!(all.contains(&"RRVS=".to_owned()));
    let popup = desk.composer.popup.as_ref().unwrap();
    assert!(popup.items[0].fits && !popup.items[2].fits && popup.items[2].note.starts_with("not offered"));
    desk.keys("<Tab>");
    assert_eq!(desk.composer.line(), "RCPT TO:<anotherdude@target.local> NOTIFY=");
    assert_eq!(offered(&desk), ["SUCCESS", "FAILURE", "DELAY", "NEVER"]);
    desk.keys("<Down><Tab>,<Tab>");
    assert_eq!(desk.composer.line(), "RCPT TO:<anotherdude@target.local> NOTIFY=FAILURE,SUCCESS");
    desk.keys("<BackTab>");
    desk.keys("a@b");
    assert_eq!(desk.composer.line(), "RCPT TO:<a@b> NOTIFY=FAILURE,SUCCESS", "Shift-Tab goes back");
}

#[test]
fn a_verb_of_several_is_completed_by_tab_and_never_by_enter() {
    let mut desk = in_mail();
    desk.keys("R");
    assert_eq!(offered(&desk), ["RCPT", "RSET"]);
    desk.keys("<Down><Tab>");
    assert_eq!(desk.composer.line(), "RSET");
    assert!(offered(&desk).is_empty());
}

#[test]
fn addresses_of_lines_sent_before_are_offered() {
    let mut desk = in_mail();
    desk.say("RCPT TO:<one@far.example>", "250 ok").say("RCPT TO:<other@far.example>", "250 ok");
    desk.keys("RCPT TO:<o");
    assert_eq!(offered(&desk), ["other@far.example>", "one@far.example>"]);
    desk.keys("<Tab>");
    assert_eq!(desk.composer.line(), "RCPT TO:<other@far.example>");
}

#[test]
fn mechanisms_come_from_the_offer() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\r\n250 AUTH PLAIN LOGIN");
    desk.keys("AUTH ");
    assert_eq!(offered(&desk), ["PLAIN", "LOGIN"]);
    desk.keys("L<Tab>");
    assert_eq!(desk.composer.line(), "AUTH LOGIN");
    desk.keys("<Tab>");
    assert_eq!(desk.composer.line(), "AUTH LOGIN", "the server asks for the rest");
}

#[test]
fn a_verb_from_the_menu_is_filled_in_with_its_first_field_selected() {
    let mut desk = in_mail();
    desk.with(|composer, around| composer.begin("RCPT", around));
    assert_eq!(desk.composer.line(), "RCPT TO:<anotherdude@target.local>");
    desk.keys("z");
    assert_eq!(desk.composer.line(), "RCPT TO:<z>");
    desk.with(|composer, around| composer.begin("QUIT", around));
    assert_eq!(desk.composer.line(), "QUIT");
    desk.with(|composer, around| composer.begin("VRFY", around));
    assert_eq!(desk.composer.line().trim_end(), "VRFY");
}

#[test]
fn up_and_down_are_the_history_unless_completion_was_asked_for() {
    let mut desk = in_mail();
    desk.keys("R<Up>");
    assert!(desk.composer.line().is_empty() || desk.composer.line() == "R", "nothing sent begins so");
    desk.keys("<C-u><Up>");
    assert_eq!(desk.composer.line(), "MAIL FROM:<dude@noddy.com>");
    desk.keys("<Down>");
    assert_eq!(desk.composer.line(), "");
}

#[test]
fn who_drops_a_transaction_is_offered_another_one() {
    let mut desk = Desk::greeted();
    desk.in_data().keys(".");
    desk.with(Composer::sent);
    desk.say(".", "250 queued");
    assert_eq!(desk.shown(), "[QUIT]");
    desk.say("RSET", "250 ok");
    assert_eq!(desk.shown(), "[MAIL FROM:<dude@noddy.com>]");
}

#[test]
fn a_sender_that_is_not_known_is_a_field_and_then_the_sender_of_before() {
    let mut desk = Desk::greeted();
    desk.identity.from.clear();
    desk.say("EHLO noddy.com", "250 mx");
    assert_eq!(desk.composer.ghost(), "MAIL FROM:<reverse-path>");
    desk.keys("<Tab>");
    assert_eq!(desk.composer.line(), "MAIL FROM:<reverse-path>");
    desk.keys("a@noddy.com");
    assert_eq!(desk.composer.line(), "MAIL FROM:<a@noddy.com>", "what is typed takes the field's place");
    desk.composer.set_line("");
    desk.say("MAIL FROM:<a@noddy.com> SIZE=9", "250 ok").say("RSET", "250 ok");
    assert_eq!(desk.composer.ghost(), "MAIL FROM:<a@noddy.com>");
}
