//! What a key says where it has nothing to do, and what help says of it.

use super::{RELAY, live, opened};
use crate::tui::action::{ACTIONS, Entry, Where};
use crate::tui::not_now::not_now;
use crate::tui::screen::Screen;

#[test]
fn help_in_a_file_says_where_esc_leads_and_names_no_line_to_send() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("<space>");
    assert!(screen.shown().contains("Nothing here is so long"), "{}", screen.shown());
    screen.keys("i");
    assert!(screen.shown().contains("has no line to send"), "{}", screen.shown());
    screen.keys("<f1>");
    let shown = screen.shown();
    assert!(shown.contains("start screen") && !shown.contains("composer"), "{shown}");
    screen.keys("<esc>");
    let mut named = opened(RELAY, 120, 33);
    named.model.files.paths = vec!["relay.smtp".into()];
    named.keys("<esc>");
    assert!(named.shown().contains("nothing to go back to: Ctrl-Q quits"), "{}", named.shown());
    screen.model.library.opened = true;
    screen.keys("<f1>");
    assert!(screen.shown().contains("Go back to the conversations that were kept"), "{}", screen.shown());
}

#[test]
fn whatever_has_a_key_says_why_it_is_not_done() {
    let mut broken = Vec::new();
    let closed = || {
        let mut screen = live();
        screen.wire("* closed by=server");
        screen
    };
    let all: [(&str, &dyn Fn() -> Screen); 4] = [
        ("file", &|| opened(RELAY, 120, 33)),
        ("live", &live),
        ("closed", &closed),
        ("start", &|| Screen::new(120, 33)),
    ];
    for (name, screen) in all.map(|(name, make)| (name, Box::new(make()))) {
        let keyed = |place| move |entry: &&Entry| entry.keys.iter().any(|(at, _)| *at == place);
        for place in [Where::Everywhere, Where::Transcript, Where::Panel] {
            for entry in ACTIONS.iter().filter(keyed(place)).filter(|entry| !(entry.available)(&screen.model)) {
                let said = not_now(&screen.model, entry.action);
                if said.as_ref().is_none_or(|said| said.ends_with("is not possible now.")) {
                    broken.push(format!("{name}: {}", entry.name));
                }
            }
        }
    }
    broken.dedup();
    assert!(broken.is_empty(), "{broken:#?}");
}
