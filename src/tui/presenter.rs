//! Presenter's mode: the focused pane has all the room, and the keys pressed are shown for those who look on.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keymap::Key;
use super::model::{Focus, Model};
use super::overlay::Overlay;
use crate::smtp::{Phase, Verb};

/// Keys that are shown.
const SHOWN: usize = 8;
/// Stands for a key that is part of a secret.
const HIDDEN: &str = "•";

/// Begins it, or ends it.
pub(super) fn turn(model: &mut Model) {
    model.presented = if model.presented.is_some() { None } else { Some(Vec::new()) };
    let words = match model.presented {
        Some(_) => "Presenter's mode: your keys are shown below; {presenter} ends it.",
        None => "Presenter's mode is over.",
    };
    model.notice = Some(model.keymap.told(words));
}

/// Notes a key that was pressed, while the mode lasts.
pub(super) fn note(model: &mut Model, key: KeyEvent) {
    let hidden = is_secret(model) && is_text(key);
    let Some(keys) = &mut model.presented else { return };
    keys.push(if hidden { HIDDEN.to_owned() } else { Key::from(key).to_string() });
    let over = keys.len().saturating_sub(SHOWN);
    keys.drain(..over);
}

fn is_text(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
}

/// Whether what is typed now may be part of a secret: at the prompt for a password, in an AUTH command and in every
/// answer to one, also before its 334 has come.
fn is_secret(model: &Model) -> bool {
    if matches!(model.overlay, Some(Overlay::Secret(_))) {
        return true;
    }
    let word = model.composer.line().trim_start().split([' ', ':']).next().unwrap_or_default();
    let asked = model.waiting.as_ref().is_some_and(|waiting| waiting.what.contains("AUTH"));
    // After a refusal what is typed may still be meant as an answer.
    let last = model.talk.dialogue.exchanges().iter().rev().find(|exchange| exchange.verb != Verb::Other);
    let refused = last.is_some_and(|exchange| exchange.verb == Verb::Auth && exchange.is_refusal());
    let late = refused && model.focus == Focus::Composer && !crate::smtp::verb::is_known(word);
    asked || late || Verb::from_word(word) == Verb::Auth || model.talk.dialogue.state().phase() == Phase::Auth
}

#[cfg(test)]
mod tests {
    use crate::tui::message::Message;
    use crate::tui::secret::Fetched;
    use crate::tui::tests::{connected, refused};

    fn footer(screen: &crate::tui::screen::Screen) -> String {
        screen.shown().lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_focused_pane_is_enlarged_and_the_keys_are_shown() {
        let mut screen = refused(120, 33);
        screen.keys("<ctrl-p>presenter<enter>");
        assert!(!screen.shown().contains("Try next"), "{}", screen.shown());
        assert!(screen.shown().contains("Line to send"), "{}", screen.shown());
        screen.keys("<esc>e");
        assert!(footer(&screen).ends_with("pressed  Esc e"), "{}", screen.shown());
        screen.keys("<enter>");
        assert!(screen.shown().contains("Try next") && !screen.shown().contains("-> EHLO"), "{}", screen.shown());
        screen.keys("<esc><ctrl-p>presenter<enter>");
        assert!(screen.shown().contains("Try next") && screen.shown().contains("-> EHLO"), "{}", screen.shown());
        assert!(!footer(&screen).contains("pressed"), "{}", screen.shown());
    }

    #[test]
    fn a_key_that_means_two_is_shown_once() {
        let mut screen = refused(120, 33);
        screen.keys("<ctrl-p>presenter<enter><alt-e>");
        assert!(footer(&screen).ends_with("pressed  Alt-e"), "{}", footer(&screen));
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown_as_keys() {
        let mut screen = connected(120, 33);
        screen.keys("<ctrl-p>presenter<enter>");
        screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
        screen.keys("hunter");
        assert!(footer(&screen).ends_with("• • • • • •"), "{}", screen.shown());
        screen.keys("<esc>AUTH PLAIN zq");
        assert!(footer(&screen).ends_with("• • •"), "{}", footer(&screen));
        screen.keys("<ctrl-u>");
        screen.say("AUTH LOGIN<enter>", "");
        screen.keys("wx");
        assert!(footer(&screen).ends_with("• •"), "{}", footer(&screen));
        screen.wire("< 334 VXNlcm5hbWU6");
        screen.keys("yz");
        assert!(footer(&screen).ends_with("• • • •"), "{}", footer(&screen));
        screen.keys("<ctrl-u>*");
        screen.say("<enter>", "< 501 5.7.0 aborted");
        screen.keys("uv");
        assert!(
            footer(&screen).ends_with("Enter • •"),
            "what is typed late is meant as an answer: {}",
            footer(&screen)
        );
    }
}
