//! Several lines in one write (pipelining, RFC 2920): collected in the composer, and sent together.

use super::effect::Effect;
use super::model::Model;
use super::overlay::PasteAs;
use super::pane::composer::Composer;
use crate::smtp::Phase;
use crate::smtp::escape::for_screen;
use crate::smtp::lint::looks_like_secret;

/// Whether lines can be collected now: what goes out is commands.
pub(super) fn is_possible(model: &Model) -> bool {
    let state = model.talk.dialogue.state();
    let content = state.phase() == Phase::Data || state.session.chunk_left > 0;
    model.talk.is_open() && !model.is_offline() && !content && model.challenge.is_none() && model.replay.is_none()
}

/// Begins to collect lines; sends them where some are, or leaves off.
pub(super) fn act(model: &mut Model) -> Vec<Effect> {
    model.focus = super::model::Focus::Composer;
    // They are kept until they go: a question may come first.
    match model.block.clone() {
        Some(lines) if !lines.is_empty() => super::enter::paste_lines(model, PasteAs::Block, lines),
        Some(_) => {
            model.block = None;
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
    Some(Vec::new())
}

/// The lines that are kept for one write; nothing where each is sent by itself.
pub(super) fn kept(model: &Model) -> Option<&[String]> {
    model.block.as_deref().filter(|_| is_possible(model))
}

/// What Enter does, for the footer; nothing where it sends a line.
pub(super) fn enters(model: &Model) -> Option<&'static str> {
    let kept = kept(model)?;
    Some(match (model.composer.line().is_empty(), kept.len()) {
        (true, 0) => "each by itself again",
        (true, _) => "send them all",
        (false, _) => "keep",
    })
}

/// The kept lines in so many rows at most, oldest first, each with its number; of more, the last ones and how many
/// stand before them. What may be a secret is not shown again.
pub(super) fn rows(model: &Model, most: usize) -> Vec<String> {
    let lines = kept(model).unwrap_or_default();
    let fit = if lines.len() > most { most.saturating_sub(1) } else { lines.len() };
    let from = lines.len() - fit;
    let before = (from > 0 && most > 0).then(|| format!("… {} before", counted(from)));
    let row = |(n, line): (usize, &String)| {
        let secret = looks_like_secret(line.as_bytes());
        let words = if secret { line.split(' ').take(2).collect::<Vec<_>>().join(" ") + " …" } else { line.clone() };
        format!("{} {}", n + 1, for_screen(words.as_bytes()))
    };
    before.into_iter().chain(lines.iter().enumerate().skip(from).map(row)).collect()
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
    let kept = if lines.is_empty() { String::new() } else { format!(" · {} kept", counted(lines.len())) };
    Some(format!("Line {} of one write{kept}", lines.len() + 1))
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
        for words in
            ["Line 3 of one write · 2 lines kept", "1 MAIL FROM:<a@b>", "2 RCPT TO:<c@d>", "Enter send them all"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert_eq!(screen.model.composer.ghost(), "", "an empty line looks like one");
        screen.keys("DATA");
        assert!(screen.shown().contains("Enter keep"), "{}", screen.shown());
        assert!(screen.model.composer.lints().is_empty(), "the order is that of what is kept");
        screen.keys("<backspace><backspace><backspace><backspace><enter>");
        assert_eq!(screen.asked(), ["pipeline 2"]);
        assert!(screen.shown().contains("Line to send"), "{}", screen.shown());
    }

    #[test]
    fn of_many_kept_lines_the_last_are_in_sight_and_no_secret_is() {
        let mut screen = greeted("PIPELINING");
        screen.keys("<ctrl-p>pipelin<enter>AUTH PLAIN AGR1ZGUAaHVudGVyMg==<enter>");
        let shown = screen.shown();
        assert!(shown.contains("1 AUTH PLAIN …") && !shown.contains("AGR1ZGUA"), "{shown}");
        screen.keys("NOOP a<enter>NOOP b<enter>NOOP c<enter>NOOP d<enter>NOOP e<enter>");
        let shown = screen.shown();
        assert!(shown.contains("… 3 lines before") && shown.contains("6 NOOP e"), "{shown}");
        assert!(shown.contains("The line is empty: Enter sends all that is kept"), "{shown}");
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
