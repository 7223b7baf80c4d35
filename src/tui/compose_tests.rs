//! Composing as a person meets it: templates, completion, the form, keys in and screen out.

use insta::assert_snapshot;

use super::overlay::Overlay;
use super::screen::Screen;
use super::tests::{connected, refused};

/// Snapshots at both usual sizes.
fn both_sizes(name: &str, of: impl Fn(u16, u16) -> Screen) {
    for (columns, rows) in [(80, 24), (120, 33)] {
        assert_snapshot!(format!("{name}_{columns}x{rows}"), of(columns, rows).shown());
    }
}

/// The workbench with these keys pressed after a refused recipient.
fn after(keys: &str) -> impl Fn(u16, u16) -> Screen {
    move |columns, rows| {
        let mut screen = refused(columns, rows);
        screen.keys(keys);
        screen
    }
}

#[test]
fn the_menu_of_verbs() {
    both_sizes("verbs", after("<f2><down>"));
}

#[test]
fn the_parameters_at_the_last_field() {
    both_sizes("parameters", after("RCPT<tab><tab>"));
}

#[test]
fn the_form_of_a_line() {
    both_sizes("form", after("RCPT TO:<lt>a@b> NOTIFY=FAILURE<f2><tab>"));
}

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
