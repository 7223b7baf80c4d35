//! What was left: a file before it was read, a pane that was shown alone.

use std::path::{Path, PathBuf};

use super::{RELAY, opened};
use crate::conversation::sample;
use crate::tui::message::Message;
use crate::tui::model::Files;
use crate::tui::screen::Screen;
use crate::tui::talk::Talk;

fn come(screen: &mut Screen, path: &Path, whole: bool) {
    let talk = Box::new(Talk::opened("it".to_owned(), path.to_owned(), sample::log("< 220 mx\n> NOOP")));
    screen.send(Message::Opened { path: path.to_owned(), talk, whole });
}

/// The first of three conversations in a file is shown.
fn several() -> (Screen, Vec<PathBuf>) {
    let mut screen = opened(RELAY, 100, 30);
    let paths: Vec<PathBuf> = ["relay.smtp", "relay.smtp#2", "relay.smtp#3"].into_iter().map(PathBuf::from).collect();
    screen.model.files = Files { paths: paths.clone(), current: 0, within_one: true };
    (screen, paths)
}

#[test]
fn what_was_left_before_it_was_there_does_not_come_back() {
    let (mut screen, paths) = several();
    screen.keys(">");
    assert_eq!(screen.asked(), ["open relay.smtp#2"]);
    screen.keys("<esc>");
    assert!(screen.model.at_start());
    for whole in [false, true] {
        come(&mut screen, &paths[1], whole);
        assert!(screen.model.at_start(), "{}", screen.shown());
    }
    let (mut screen, paths) = several();
    screen.keys("><esc>");
    screen.send(Message::NotOpened(paths[1].clone(), ": it is gone".to_owned()));
    assert!(!screen.shown().contains("it is gone"), "{}", screen.shown());
}

#[test]
fn of_two_that_are_read_at_once_the_last_asked_for_stays() {
    for late in [0, 1] {
        let (mut screen, paths) = several();
        screen.keys(">>");
        for n in if late == 0 { [2, 1] } else { [1, 2] } {
            come(&mut screen, &paths[n], true);
        }
        assert_eq!(screen.model.talk.path.as_ref(), Some(&paths[2]));
        screen.keys("<lt>");
        come(&mut screen, &paths[1], false);
        come(&mut screen, &paths[1], true);
        assert_eq!(screen.model.talk.path.as_ref(), Some(&paths[1]), "asked for again it comes");
        assert!(!screen.model.talk.partial && screen.model.asked.is_empty());
    }
}

#[test]
fn whatever_gives_the_line_to_send_the_keys_ends_the_zoom() {
    for (zooms, leaves) in [("<esc>z", "<esc>"), ("<esc>z", "<f2>"), ("<esc><enter>z", "i"), ("<esc>z", "<f6>")] {
        let mut screen = crate::tui::tests::refused(80, 24);
        screen.keys(zooms);
        screen.asked();
        assert!(!screen.shown().contains('┌'), "{}", screen.shown());
        screen.keys(leaves);
        assert_eq!(screen.asked(), [format!("mouse {}", screen.model.mouse)], "{leaves}");
        screen.keys("<esc><esc>iNOOP seen");
        let shown = screen.shown();
        assert!(shown.contains("Line to send") && shown.contains("NOOP seen"), "{leaves}: {shown}");
    }
}
