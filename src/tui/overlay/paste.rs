//! A paste of several lines: never sent by itself, offered in three ways.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Outcome, letter, message, message_place};
use crate::smtp::{Command, Phase, Verb};
use crate::tui::model::Model;
use crate::tui::text::fit;
use crate::tui::theme::Role;

/// How a paste is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteAs {
    /// Line after line onto the composer; each is sent by its own Enter.
    OneByOne,
    /// All lines in one write.
    Block,
    /// As message content, dots stuffed.
    Content,
    /// As the rest of the message: its last line is the dot that ends it.
    Ended,
    /// As message content just as it stands, where the learner's dots are the matter.
    Raw,
    /// As the message that is offered once 354 has come.
    Draft,
}

/// The keys in its frame.
const FOOT: &str = "Esc forget them; your line stays";

/// The lines that were pasted.
#[derive(Debug, Clone)]
pub struct Paste {
    lines: Vec<String>,
    /// The same as a terminal would have it: within the line that stood on the composer.
    within: Vec<String>,
}

impl Paste {
    /// A paste, where it has several lines; what stands on the composer goes `around` it. A line end at its end does
    /// not count.
    #[must_use]
    pub fn of(text: &str, around: (&str, &str)) -> Option<Self> {
        let lines: Vec<String> = split(text);
        let mut within = lines.clone();
        if let Some(first) = within.first_mut() {
            first.insert_str(0, around.0);
        }
        if let Some(last) = within.last_mut() {
            last.push_str(around.1);
        }
        (lines.len() > 1).then_some(Self { lines, within })
    }

    /// Which ways there are now, with the letter that takes each.
    fn ways(&self, model: &Model) -> Vec<(char, PasteAs, &'static str)> {
        let mut ways = vec![('1', PasteAs::OneByOne, "one by one: each on the composer, each sent by Enter")];
        if model.talk.is_open() {
            if model.talk.dialogue.state().phase() != Phase::Data {
                ways.push(('2', PasteAs::Block, self.block_in_words()));
                ways.push(('3', PasteAs::Draft, "as the message: kept, and offered when 354 comes"));
            } else if model.types_by_hand() {
                ways.push(('2', PasteAs::Raw, "as it stands, now: a lone dot ends the message"));
            } else if self.ends_by_dot() {
                ways.push(('2', PasteAs::Ended, "as the message, now: the dot at its end ends it"));
                ways.push(('3', PasteAs::Content, "the same without that dot, which is yours to send"));
            } else {
                ways.push(('2', PasteAs::Content, "as message content, now; the dot that ends it is yours to send"));
            }
        }
        ways
    }

    pub(super) fn key(&self, key: KeyEvent, model: &Model) -> Outcome {
        let letter = if key.code == KeyCode::Enter { Some('1') } else { letter(key) };
        let chosen = self.ways(model).into_iter().find(|(c, _, _)| Some(*c) == letter);
        chosen.map_or(Outcome::Stay, |(_, way, _)| self.used(way))
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        (message_place(model, &self.text(model), FOOT), FOOT)
    }

    /// A click on a row of the window: the paste is used so.
    pub(super) fn click(&self, row: usize, model: &Model) -> Outcome {
        let ways = self.ways(model);
        let above = self.text(model).len() - ways.len();
        let clicked = row.checked_sub(above).and_then(|n| ways.get(n));
        clicked.map_or(Outcome::Stay, |(_, way, _)| self.used(*way))
    }

    /// What becomes of it as a block: what follows DATA is content, and can't go out before 354 has come.
    fn block_in_words(&self) -> &'static str {
        let data = self.within.iter().position(|line| Command::parse(line.as_bytes()).verb == Verb::Data);
        match data {
            Some(at) if at + 1 < self.within.len() => "as a block, now: up to DATA in one write, the rest after 354",
            _ => "as a block, now: all lines in one write (pipelined)",
        }
    }

    /// Whether what was copied has the lone dot of its message with it.
    fn ends_by_dot(&self) -> bool {
        without_dot(&self.within).is_some()
    }

    fn used(&self, way: PasteAs) -> Outcome {
        let lines = if way == PasteAs::Draft { &self.lines } else { &self.within };
        let bare = without_dot(lines).filter(|_| matches!(way, PasteAs::Ended | PasteAs::Content | PasteAs::Draft));
        Outcome::Use(way, bare.unwrap_or(lines).to_vec())
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let title = format!("{} lines pasted; nothing is sent yet", self.lines.len());
        message(model, frame, &title, &self.text(model), FOOT);
    }

    /// The first lines, and the ways to use them.
    fn text(&self, model: &Model) -> Vec<Line<'static>> {
        let mut text = Vec::new();
        for line in self.within.iter().take(4) {
            let shown = fit(&crate::smtp::escape::for_screen(line.as_bytes()), 60);
            text.push(Line::styled(shown, model.theme.style(Role::Dim)));
        }
        if self.lines.len() > 4 {
            let more = match self.lines.len() - 4 {
                1 => "… and 1 more line".to_owned(),
                more => format!("… and {more} more lines"),
            };
            text.push(Line::styled(more, model.theme.style(Role::Dim)));
        }
        text.push(Line::default());
        text.extend(self.ways(model).into_iter().map(|(key, _, words)| Line::from(format!("{key}  {words}"))));
        text
    }
}

/// The lines of a message before the lone dot with which they end, empty lines below it left out; nothing where they do
/// not end so.
fn without_dot(lines: &[String]) -> Option<&[String]> {
    let last = lines.iter().rposition(|line| !line.is_empty())?;
    (lines[last] == ".").then(|| &lines[..last])
}

/// The lines of a text, whichever line ends it has.
fn split(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    text.split('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_several_lines_are_a_question() {
        let of = |text| Paste::of(text, ("EHLO ", "!"));
        assert!(of("NOOP").is_none());
        assert!(of("NOOP\r\n").is_none());
        let paste = of("a\r\nb\rc\n").expect("several lines");
        assert_eq!(paste.lines, ["a", "b", "c"]);
        assert_eq!(paste.within, ["EHLO a", "b", "c!"], "what stood on the line stays where it stood");
    }
}
