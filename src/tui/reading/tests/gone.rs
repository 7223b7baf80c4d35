//! What is left of a conversation whose file is gone.

use std::path::PathBuf;

use super::super::whole;
use super::{RELAY, opened};
use crate::conversation::Micros;
use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::file::{Header, Side};
use crate::tui::effect::{Effect, OfGone, Whole};
use crate::tui::message::Message;
use crate::tui::screen::Screen;
use crate::tui::update::update;

fn write(name: &str) -> OfGone {
    let format = crate::interchange::by_name(name);
    OfGone::Write { to: PathBuf::from("r").with_extension(name), format, anonymise: false, over: false }
}

#[test]
fn of_a_file_that_is_gone_what_is_on_the_screen_is_written() {
    let mut screen = opened(RELAY, 120, 33);
    let path = || PathBuf::from("relay.smtp");
    screen.send(Message::FileGone(path(), write("md")));
    assert_eq!(screen.asked(), ["write what is shown r.md as md"]);
    screen.send(Message::FileGone(path(), OfGone::Copy));
    assert_eq!(screen.asked(), ["copy what is shown"]);
    let remark = Remark::new("note").with("at", 3).value("asked the owner");
    screen.send(Message::FileGone(path(), OfGone::Note(vec![Timed { at: Micros(1), event: Event::Remark(remark) }])));
    let shown = screen.shown();
    assert!(shown.contains("✎ asked the owner") || shown.contains("✎  asked the owner"), "{shown}");
    assert!(shown.contains("relay.smtp is gone") && shown.contains("w writes all of it"), "{shown}");
    screen.send(Message::FileGone(path(), OfGone::Read));
    assert!(screen.shown().contains("is gone: w writes what is on the screen"), "{}", screen.shown());
    screen.send(Message::FileGone(PathBuf::from("other.smtp"), OfGone::Copy));
    assert_eq!(screen.asked(), [] as [&str; 0], "of another one nothing is here");
}

#[test]
fn a_recording_that_is_gone_is_written_with_the_head_that_it_began_with() {
    for path in [Some(PathBuf::from("gone.smtp")), None] {
        let mut screen = Screen::new(100, 30);
        let head = Header::recording("smtp://mx.target.local:25", jiff::Timestamp::UNIX_EPOCH, Side::Client);
        let head = Some(Box::new(head.with("profile", "work")));
        let peer = Box::new(screen.model.peer.clone());
        screen.send(Message::Began { peer, path: path.clone(), head, again: false });
        screen.wire(RELAY.split_once("> DATA").expect("it has one").0);
        // Where it could not be recorded at all, the log is all there ever was.
        let whole = match path.map(|path| update(&mut screen.model, Message::FileGone(path, write("smtp")))) {
            None => whole(&screen.model),
            Some(mut effects) => match effects.pop() {
                Some(Effect::Write { whole, .. }) => whole,
                other => panic!("{other:?}"),
            },
        };
        let (Whole::Gone(shown) | Whole::Log(shown)) = whole else { panic!("{whole:?}") };
        assert!(shown.goes_on, "the connection is open");
        let head = &shown.document.header;
        assert_eq!((head.text("target"), head.text("profile")), (Some("smtp://mx.target.local:25"), Some("work")));
        assert_eq!((head.text("side"), head.started()), (Some("client"), Some(jiff::Timestamp::UNIX_EPOCH)));
    }
}
