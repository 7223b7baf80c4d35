//! Several lines in one write (pipelining, RFC 2920): collected in the composer, and sent together.

use super::effect::Effect;
use super::model::Model;
use super::overlay::PasteAs;
use super::pane::composer::Composer;
use crate::smtp::Phase;

/// Whether lines can be collected now: what goes out is commands.
pub(super) fn is_possible(model: &Model) -> bool {
    let state = model.talk.dialogue.state();
    let content = state.phase() == Phase::Data || state.session.chunk_left > 0;
    model.talk.is_open() && !model.is_offline() && !content && model.challenge.is_none() && model.replay.is_none()
}

/// Begins to collect lines; sends them where some are, or leaves off.
pub(super) fn act(model: &mut Model) -> Vec<Effect> {
    model.focus = super::model::Focus::Composer;
    match model.block.take() {
        Some(lines) if !lines.is_empty() => super::enter::paste_lines(model, PasteAs::Block, lines),
        Some(_) => {
            model.notice = Some("Each line is sent by itself again.".to_owned());
            Vec::new()
        }
        None => {
            let offered = model.talk.dialogue.state().session.capabilities.has("PIPELINING");
            let honest =
                if offered { "" } else { " The server does not offer PIPELINING: what it makes of it is a test." };
            let words = "Lines are collected for one write: {send} keeps each, and on an empty line sends them all; {stop} \
                         forgets them.";
            model.notice = Some(format!("{}{honest}", model.keymap.told(words)));
            model.block = Some(Vec::new());
            Vec::new()
        }
    }
}

/// Enter while lines are collected: keeps the line that stands there, or sends all of them; none where none are.
pub(super) fn enter(model: &mut Model) -> Option<Vec<Effect>> {
    if model.block.is_none() || !is_possible(model) {
        return None;
    }
    let text = model.composer.line().to_owned();
    if text.is_empty() {
        return Some(act(model));
    }
    model.armed = None;
    if model.compose(Composer::sent) {
        model.unkept.push_back(text.clone());
    }
    let lines = model.block.as_mut()?;
    lines.push(text);
    let words = format!("{} kept for one write; {{send}} on an empty line sends them.", counted(lines.len()));
    model.notice = Some(model.keymap.told(&words));
    Some(Vec::new())
}

/// Forgets the lines that were collected; false where none are.
pub(super) fn forget(model: &mut Model) -> bool {
    let Some(lines) = model.block.take() else { return false };
    model.unkept.clear();
    model.notice = Some(match lines.len() {
        0 => "Each line is sent by itself again.".to_owned(),
        n => format!("{} forgotten; nothing of them was sent.", counted(n)),
    });
    true
}

/// The title of the composer while lines are collected.
pub(super) fn title(model: &Model) -> Option<String> {
    let lines = model.block.as_ref().filter(|_| is_possible(model))?;
    let words = format!("Line {} of one write · {{send}} on an empty line sends them", lines.len() + 1);
    Some(model.keymap.told(&words))
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

#[cfg(test)]
mod tests {
    use crate::tui::screen::Screen;

    /// A workbench that greeted a server with this offer.
    fn greeted(offer: &str) -> Screen {
        let mut screen = Screen::new(100, 24);
        screen.wire(&format!(
            "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25 from 127.0.0.1:50000\n< 220 mx\n> EHLO me\n< 250-mx\n< 250 {offer}"
        ));
        screen
    }

    #[test]
    fn lines_are_collected_and_sent_in_one_write() {
        let mut screen = greeted("PIPELINING");
        screen.keys("<ctrl-p>pipelin<enter>");
        assert!(screen.shown().contains("Lines are collected for one write"), "{}", screen.shown());
        screen.keys("MAIL FROM:<lt>a@b><enter>RCPT TO:<lt>c@d><enter>");
        assert_eq!(screen.asked(), [""; 0], "nothing is sent yet");
        let shown = screen.shown();
        assert!(shown.contains("2 lines kept") && shown.contains("Line 3 of one write"), "{shown}");
        screen.keys("<enter>");
        assert_eq!(screen.asked(), ["pipeline 2"]);
        assert!(screen.shown().contains("Line to send"), "{}", screen.shown());
    }

    #[test]
    fn what_was_collected_is_forgotten_and_an_offer_that_lacks_is_said() {
        let mut screen = greeted("HELP");
        screen.keys("<ctrl-p>pipelin<enter>");
        assert!(screen.shown().contains("does not offer PIPELINING"), "{}", screen.shown());
        screen.keys("NOOP<enter><ctrl-c>");
        assert!(screen.shown().contains("1 line forgotten"), "{}", screen.shown());
        screen.keys("NOOP<enter>");
        assert_eq!(screen.asked(), ["send NOOP"], "one by one again");
    }
}
