//! Ctrl-R: a line sent before, found by any part of it.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, more, place, shown_from, window};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::text::fit;
use crate::tui::theme::Role;

/// The search's state.
#[derive(Debug, Clone, Default)]
pub struct Recall {
    input: Input,
    marked: usize,
}

impl Recall {
    /// A search that begins with this text.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), marked: 0 }
    }

    fn found<'a>(&self, model: &'a Model) -> Vec<&'a str> {
        let text = self.input.value().to_lowercase();
        model.composer.before().filter(|line| line.to_lowercase().contains(&text)).collect()
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let found = self.found(model);
        let last = found.len().saturating_sub(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter | KeyCode::Tab => {
                let line = found.get(self.marked.min(last)).map(|line| (*line).to_owned());
                return line.map_or(Outcome::Stay, Outcome::Line);
            }
            KeyCode::Char('r') if control => self.marked = if self.marked >= last { 0 } else { self.marked + 1 },
            KeyCode::Down => self.marked = (self.marked + 1).min(last),
            KeyCode::Up => self.marked = self.marked.saturating_sub(1),
            _ => {
                if self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value) {
                    self.marked = 0;
                }
            }
        }
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars() {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, 90, 16), "Enter take · Ctrl-R older · Esc close")
    }

    /// A click on a row of the window: the line there is taken.
    pub(super) fn click(&self, row: usize, rows: usize, model: &Model) -> Outcome {
        let found = self.found(model);
        let (_, from) = shown_from(self.marked, found.len(), rows.saturating_sub(2));
        let clicked = row.checked_sub(2).and_then(|row| found.get(from + row));
        clicked.map_or(Outcome::Stay, |line| Outcome::Line((*line).to_owned()))
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let found = self.found(model);
        let (area, foot) = Self::outline(model);
        let inner = window(model, frame, area, "Lines sent before", foot);
        let columns = usize::from(inner.width);
        let typed = fit(&for_screen(self.input.value().as_bytes()), columns.saturating_sub(7));
        let line = Line::from(vec![Span::styled("Find  ", model.theme.style(Role::Accent)), Span::raw(typed)]);
        frame.buffer_mut().set_line(inner.x, inner.y, &line, inner.width);
        let at = u16::try_from(6 + self.input.visual_cursor()).unwrap_or(u16::MAX).min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + at, inner.y));
        let rows = usize::from(inner.height.saturating_sub(2));
        let (marked, from) = shown_from(self.marked, found.len(), rows);
        for ((n, line), y) in found.iter().enumerate().skip(from).zip(inner.y + 2..inner.bottom()) {
            let (bar, role) = if n == marked { ("▌ ", Role::Accent) } else { ("  ", Role::Text) };
            let text = format!("{bar}{}", fit(&for_screen(line.as_bytes()), columns.saturating_sub(2)));
            frame.buffer_mut().set_string(inner.x, y, text, model.theme.style(role));
        }
        more(model, frame, area, (from, rows, found.len()));
        if found.is_empty() {
            let words = "no line sent before has this";
            frame.buffer_mut().set_string(inner.x, inner.y + 2, words, model.theme.style(Role::Dim));
        }
    }
}
