//! The mouse in an overlay: the wheel is Up and Down, a click on a key in the frame is that key, a click beside the
//! overlay leaves it, and a click on a row is what each overlay makes of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{Ask, Copy, Lessons, Menu, Outcome, Overlay, Palette, Probes, Prompt, Recall, foot_in, inside};
use crate::tui::keymap::Key;
use crate::tui::model::Model;
use crate::tui::text::width;

/// Rows that one notch of the wheel scrolls in a text.
const NOTCH: usize = 3;

impl Overlay {
    /// The mouse.
    pub fn mouse(&mut self, mouse: MouseEvent, model: &Model) -> Outcome {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::ScrollUp => self.turn(KeyCode::Up, model),
            MouseEventKind::ScrollDown => self.turn(KeyCode::Down, model),
            MouseEventKind::Down(MouseButton::Left) => self.click(at, model),
            _ => Outcome::Stay,
        }
    }

    fn turn(&mut self, code: KeyCode, model: &Model) -> Outcome {
        let rows = if matches!(self, Self::Help(_) | Self::Mail(_) | Self::Editor(_)) { NOTCH } else { 1 };
        for _ in 0..rows {
            self.key(code.into(), model);
        }
        Outcome::Stay
    }

    fn click(&mut self, at: Position, model: &Model) -> Outcome {
        let (area, foot) = self.outline(model);
        if !area.contains(at) {
            return self.leave(model);
        }
        if at.y + 1 == area.bottom()
            && let Some(key) = key_at(&foot_in(&model.keymap.told(foot), area.width), area, at.x)
        {
            return self.key(key, model);
        }
        if let Self::Editor(it) = self {
            return it.click(at, model);
        }
        let inner = inside(area);
        if !inner.contains(at) {
            return Outcome::Stay;
        }
        let (column, row) = (usize::from(at.x - inner.x), usize::from(at.y - inner.y));
        let rows = usize::from(inner.height);
        match self {
            Self::Palette(it) => it.click(row, rows, model),
            Self::Menu(it) => it.click(row, inner.height, model),
            Self::Form(it) => it.click(column, row, inner.height),
            Self::Recall(it) => it.click(row, rows, model),
            Self::Mail(it) => it.click(row, rows, crate::tui::attending::in_exam(model)),
            Self::Other(it) => it.click(row, model),
            Self::Profile(it) => it.click(row, inner.height),
            Self::Copy(_) => Copy::click(row),
            Self::Paste(it) => it.click(row, model),
            Self::Reference(it) => it.click(row, inner.height, model),
            Self::Lessons(it) => it.click(row, inner.height, model),
            Self::Probes(it) => it.click(row, inner.height),
            Self::Timing(it) => it.click(row, inner.height, model),
            Self::Editor(_)
            | Self::Asked(_)
            | Self::Help(_)
            | Self::Target(_)
            | Self::Question(_)
            | Self::Secret(_)
            | Self::Prompt(_) => Outcome::Stay,
        }
    }

    /// A click beside it. What was typed into it and is kept nowhere else is not thrown away by a slip of the hand.
    fn leave(&mut self, model: &Model) -> Outcome {
        let keeps = match self {
            Self::Target(it) => it.holds_text(),
            Self::Other(it) => it.holds_text(),
            Self::Secret(it) => it.holds_text(),
            Self::Prompt(Prompt { ask: Ask::Search(_) | Ask::Filter, .. }) => return Outcome::Answer,
            Self::Prompt(it) => !it.text().trim().is_empty(),
            _ => false,
        };
        if keeps { Outcome::Stay } else { self.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), model) }
    }

    /// Its place on the screen, and the keys in its frame.
    pub(in crate::tui) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        match self {
            Self::Help(it) => it.outline(model),
            Self::Palette(_) => Palette::outline(model),
            Self::Target(it) => it.outline(model),
            Self::Question(it) => it.outline(model),
            Self::Paste(it) => it.outline(model),
            Self::Menu(_) => Menu::outline(model),
            Self::Form(it) => it.outline(model),
            Self::Recall(_) => Recall::outline(model),
            Self::Editor(it) => it.outline(model),
            Self::Mail(it) => it.outline(model),
            Self::Secret(it) => it.outline(model),
            Self::Other(it) => it.outline(model),
            Self::Profile(_) => super::ProfileEditor::outline(model),
            Self::Prompt(it) => (it.place(model).unwrap_or_default(), ""),
            Self::Copy(_) => Copy::outline(model),
            Self::Reference(it) => it.outline(model),
            Self::Lessons(_) => Lessons::outline(model),
            Self::Probes(_) => Probes::outline(model),
            Self::Timing(it) => it.outline(model),
            Self::Asked(it) => it.outline(model),
        }
    }
}

/// The key that a column of a frame's foot speaks of: the foot stands at the right, a blank on each side.
fn key_at(foot: &str, area: Rect, column: u16) -> Option<KeyEvent> {
    let start = usize::from(area.right()).checked_sub(width(foot) + 2)?;
    let mut end = start;
    let hint = foot.split(" · ").find(|hint| {
        let begin = end;
        end += width(hint) + 3;
        (begin..end - 3).contains(&usize::from(column))
    })?;
    hint.split(' ').find_map(Key::parse).map(Key::event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_frame_is_where_its_words_are() {
        let area = Rect::new(0, 0, 40, 5);
        let foot = "Enter take · F2 form · Esc close";
        let shown = format!("{foot:>38} ");
        let key = |word: &str| key_at(foot, area, u16::try_from(shown.find(word).expect("shown")).expect("a column"));
        assert_eq!(key("take").map(|key| key.code), Some(KeyCode::Enter));
        assert_eq!(key_at(foot, area, 39), None);
        assert_eq!(key_at(foot, area, 0), None);
    }
}
