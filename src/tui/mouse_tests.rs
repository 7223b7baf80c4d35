//! The mouse as a person uses it: a click on what stands on the screen does what the words there say.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::message::Message;
use super::model::{Face, Focus};
use super::overlay::Overlay;
use super::screen::Screen;
use super::text::width;

fn mouse(screen: &mut Screen, kind: MouseEventKind, column: u16, row: u16) {
    screen.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

/// Clicks on the last place where the screen has this text.
fn click(screen: &mut Screen, text: &str) {
    let shown = screen.shown();
    let found = shown.lines().enumerate().filter_map(|(y, row)| Some((y, width(&row[..row.rfind(text)?])))).last();
    let (y, x) = found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{shown}"));
    let cell = |n: usize| u16::try_from(n).expect("a cell of a small screen");
    mouse(screen, MouseEventKind::Down(MouseButton::Left), cell(x), cell(y));
}

fn connected() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.model.face = Face::Talk;
    screen.wire("* connecting 127.0.0.1:2525\n* connected 127.0.0.1:2525\n< 220 mx.target.local ESMTP");
    screen
}

#[test]
fn a_click_in_the_footer_is_the_key_that_stands_there() {
    let mut screen = connected();
    click(&mut screen, "F1 help");
    assert!(matches!(screen.model.overlay, Some(Overlay::Help(_))));
    click(&mut screen, "Esc close");
    assert!(screen.model.overlay.is_none());
}

#[test]
fn a_click_beside_an_overlay_closes_it_and_loses_nothing() {
    let mut screen = connected();
    screen.keys("NOO<ctrl-p>");
    mouse(&mut screen, MouseEventKind::Down(MouseButton::Left), 0, 0);
    assert!(screen.model.overlay.is_none());
    assert_eq!(screen.model.composer.line(), "NOO");
    // What is kept nowhere else stays.
    screen.keys("<f4>mx.example");
    mouse(&mut screen, MouseEventKind::Down(MouseButton::Left), 0, 5);
    assert!(matches!(screen.model.overlay, Some(Overlay::Target(_))));
    // A message that was begun is kept as a draft.
    screen.keys("<esc><f3>Hello");
    mouse(&mut screen, MouseEventKind::Down(MouseButton::Left), 0, 0);
    assert!(screen.model.overlay.is_none());
    assert!(screen.model.draft.lines.iter().any(|line| line.contains("Hello")), "{:?}", screen.model.draft);
}

#[test]
fn what_the_palette_the_verbs_and_the_history_show_is_taken_by_a_click() {
    let mut screen = connected();
    screen.keys("<ctrl-p>glossary");
    click(&mut screen, "glossary        Look up");
    assert!(matches!(screen.model.overlay, Some(Overlay::Reference(_))));
    screen.keys("grey");
    click(&mut screen, "greylisting");
    screen.keys("<esc><f2>");
    click(&mut screen, "  NOOP");
    assert!(screen.shown().contains("▌ NOOP"), "the first click marks: {}", screen.shown());
    click(&mut screen, "▌ NOOP");
    assert!(screen.model.overlay.is_none());
    assert!(screen.model.composer.line().starts_with("NOOP"));
    screen.keys("<ctrl-u>VRFY dude<enter><ctrl-r>");
    click(&mut screen, "VRFY dude");
    assert_eq!(screen.model.composer.line(), "VRFY dude");
}

#[test]
fn a_form_is_filled_in_by_clicks() {
    let mut screen = connected();
    screen.wire("> EHLO a\n< 250-mx\n< 250 DSN");
    screen.keys("RCPT TO:<a@b><f2>");
    click(&mut screen, "[ ] FAILURE");
    click(&mut screen, "Esc back with the line");
    assert!(screen.model.composer.line().contains("NOTIFY=FAILURE"), "{}", screen.model.composer.line());
}

#[test]
fn a_question_is_answered_by_a_click_on_its_key() {
    let mut screen = connected();
    screen.keys("<ctrl-q>");
    click(&mut screen, "Esc stay");
    assert!(screen.model.overlay.is_none());
    screen.keys("<ctrl-q>");
    click(&mut screen, "q quit");
    assert_eq!(screen.asked(), ["quit"]);
}

#[test]
fn a_click_copies_what_the_menu_offers() {
    let mut screen = connected();
    screen.keys("<esc>y");
    click(&mut screen, "c  the whole conversation");
    assert!(screen.asked().iter().any(|asked| asked.starts_with("copy")));
}

#[test]
fn on_the_start_screen_the_first_click_marks_and_the_second_opens() {
    let mut screen = Screen::new(100, 30);
    screen.model.face = Face::Start;
    screen.model.start.profiles = ["noddy", "other"].map(profile).into();
    screen.model.start.profiles[1].address = "other.example:25".to_owned();
    click(&mut screen, "other.example:25");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    assert!(screen.shown().contains("▌  other"), "{}", screen.shown());
    click(&mut screen, "other.example:25");
    assert_eq!(screen.asked(), ["connect other"]);
    mouse(&mut screen, MouseEventKind::ScrollUp, 10, 10);
    assert!(screen.shown().contains("▌  noddy"), "the wheel marks: {}", screen.shown());
}

fn profile(name: &str) -> super::start::Profile {
    super::start::Profile { name: name.to_owned(), address: "mx.example:25".to_owned(), ..Default::default() }
}

#[test]
fn a_field_of_a_profile_gets_the_keys_by_a_click_and_a_choice_turns_by_another() {
    let mut screen = Screen::new(100, 40);
    screen.model.face = Face::Start;
    let editor = crate::tui::overlay::ProfileEditor::new("New", "", None, Vec::new(), crate::profile::Draft::default());
    screen.model.overlay = Some(Overlay::Profile(Box::new(editor)));
    let bars = |screen: &Screen| screen.shown().lines().position(|row| row.contains("▌") && row.contains("TLS"));
    let before = bars(&screen);
    let label = crate::profile::FIELDS.iter().find(|field| field.key.starts_with("tls.")).expect("there").label;
    click(&mut screen, label);
    assert!(screen.shown().contains(&format!("▌  {label}")), "{}", screen.shown());
    assert_ne!(screen.shown().lines().position(|row| row.contains("▌")), before);
}

#[test]
fn the_wheel_scrolls_an_overlay_and_not_what_is_under_it() {
    let mut screen = connected();
    screen.keys("<f1>");
    let before = screen.shown();
    mouse(&mut screen, MouseEventKind::ScrollDown, 50, 15);
    assert_ne!(screen.shown(), before);
    mouse(&mut screen, MouseEventKind::ScrollUp, 50, 15);
    assert_eq!(screen.shown(), before);
    assert_eq!(screen.model.focus, Focus::Composer);
}

#[test]
fn a_click_in_the_message_editor_puts_the_cursor_there() {
    let mut screen = connected();
    screen.keys("<f3>");
    click(&mut screen, "Subject:");
    screen.keys("X-");
    assert!(screen.shown().contains("X-Subject:"), "{}", screen.shown());
}
