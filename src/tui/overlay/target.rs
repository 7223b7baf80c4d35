//! F4: a line for a TARGET.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, place, window};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::paths::Paths;
use crate::tui::text::head;
use crate::tui::theme::Role;

/// The line, and how it is read.
#[derive(Debug, Clone, Default)]
pub struct Target {
    input: Input,
    /// The text whose reading was asked for last.
    asked: String,
    /// How it is read, in words, or why it is no TARGET.
    reading: Option<Result<String, String>>,
}

impl Target {
    /// A line that begins with this text.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), ..Self::default() }
    }

    /// A line with what speaks against it.
    #[must_use]
    pub fn refused(text: &str, why: String) -> Self {
        Self { input: Input::new(text.to_owned()), asked: text.to_owned(), reading: Some(Err(why)) }
    }

    /// The text whose reading is to be asked for, where it has changed.
    pub fn unread(&mut self) -> Option<String> {
        let text = self.input.value().trim();
        if text == self.asked {
            return None;
        }
        text.clone_into(&mut self.asked);
        self.reading = None;
        (!self.asked.is_empty()).then(|| self.asked.clone())
    }

    /// How a text is read.
    pub fn read(&mut self, text: &str, reading: Result<String, String>) {
        if text == self.asked {
            self.reading = Some(reading);
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if key.code == KeyCode::Enter {
            let text = self.input.value().trim();
            // What is no TARGET stays, to be mended; the row below says why.
            let wrong = text == self.asked && matches!(self.reading, Some(Err(_)));
            return if text.is_empty() || wrong { Outcome::Stay } else { Outcome::Connect(text.to_owned()) };
        }
        if key.code == KeyCode::Tab && !self.input.value().is_empty() {
            return Outcome::Complete(self.input.value().to_owned());
        }
        self.input.handle_event(&Event::Key(key));
        Outcome::Stay
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub fn complete(&mut self, paths: &Paths) -> bool {
        let same = self.input.value() == paths.typed;
        if same {
            self.input = Input::new(paths.text().to_owned());
        }
        same
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, 72, 5), "Enter connect · Esc stay")
    }

    /// Whether something would be lost with it.
    pub(super) fn holds_text(&self) -> bool {
        !self.input.value().trim().is_empty()
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = Self::outline(model);
        let inner = window(model, frame, area, "Connect to", foot);
        let room = usize::from(inner.width.saturating_sub(1));
        let scroll = self.input.visual_scroll(room);
        let shown: String = self.input.value().chars().skip(scroll).collect();
        frame.buffer_mut().set_string(inner.x, inner.y, head(&shown, room), model.theme.style(Role::Text));
        let at = u16::try_from(self.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
        frame.set_cursor_position(Position::new(inner.x + at.min(inner.width.saturating_sub(1)), inner.y));
        let dim = model.theme.style(Role::Dim);
        let said = match &self.reading {
            Some(Ok(reading)) => {
                Line::styled(format!("▸ {}", for_screen(reading.as_bytes())), model.theme.style(Role::Good))
            }
            Some(Err(why)) => Line::styled(for_screen(why.as_bytes()), model.theme.style(Role::Warning)),
            None => Line::default(),
        };
        let mut lines =
            vec![said, Line::styled("host[:port], a profile, lab:, mx:DOMAIN, smtps://HOST, user@domain", dim)];
        if model.talk.is_open() {
            let text = "The connection that is open now is dropped, without QUIT.";
            lines.push(Line::styled(text, model.theme.style(Role::Warning)));
        }
        for (y, line) in (1..inner.height).zip(&lines) {
            frame.buffer_mut().set_line(inner.x, inner.y + y, line, inner.width);
        }
    }
}
