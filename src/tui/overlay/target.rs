//! F4: a line for a TARGET.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Position;
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, place, window};
use crate::tui::model::Model;
use crate::tui::text::head;
use crate::tui::theme::Role;

/// The line, and whether something is dropped by it.
#[derive(Debug, Clone, Default)]
pub struct Target {
    input: Input,
}

impl Target {
    /// A line that begins with this text.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if key.code == KeyCode::Enter {
            let text = self.input.value().trim();
            return if text.is_empty() { Outcome::Stay } else { Outcome::Connect(text.to_owned()) };
        }
        self.input.handle_event(&Event::Key(key));
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let inner = window(model, frame, place(frame, 72, 4), "Connect to", "Enter connect · Esc stay");
        let room = usize::from(inner.width.saturating_sub(1));
        let scroll = self.input.visual_scroll(room);
        let shown: String = self.input.value().chars().skip(scroll).collect();
        frame.buffer_mut().set_string(inner.x, inner.y, head(&shown, room), model.theme.style(Role::Text));
        let at = u16::try_from(self.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
        frame.set_cursor_position(Position::new(inner.x + at.min(inner.width.saturating_sub(1)), inner.y));
        let dim = model.theme.style(Role::Dim);
        let mut lines = vec![Line::styled("host[:port], a profile, lab:, mx:DOMAIN, smtps://HOST, user@domain", dim)];
        if model.talk.is_open() {
            let text = "The connection that is open now is dropped, without QUIT.";
            lines.push(Line::styled(text, model.theme.style(Role::Warning)));
        }
        for (y, line) in (2..inner.height).zip(&lines) {
            frame.buffer_mut().set_line(inner.x, inner.y + y, line, inner.width);
        }
    }
}
