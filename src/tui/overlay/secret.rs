//! A password, or another secret, is asked for: what is typed is counted on the screen, never shown.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use zeroize::Zeroizing;

use super::{Outcome, place, window};
use crate::smtp::Secret;
use crate::smtp::escape::{for_screen, is_plain};
use crate::tui::model::Model;
use crate::tui::replay::ReplayOf;
use crate::tui::theme::Role;

/// Room for a password without the text being moved, which would leave a copy behind.
const ROOM: usize = 1024;

/// The question.
#[derive(Clone)]
pub struct SecretPrompt {
    user: String,
    typed: Zeroizing<String>,
    /// What it is for.
    pub needs: Needs,
}

/// What a secret is asked for.
#[derive(Debug, Clone)]
pub enum Needs {
    /// Logging in on the open connection.
    LogIn,
    /// A replay against a target.
    Replay(ReplayOf),
    /// To be masked, whatever it is.
    Mask,
}

impl std::fmt::Debug for SecretPrompt {
    /// Not what was typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretPrompt").field("user", &self.user).finish_non_exhaustive()
    }
}

impl SecretPrompt {
    /// Asks for the password of this user.
    #[must_use]
    pub fn of(user: &str) -> Self {
        Self { user: user.to_owned(), typed: Zeroizing::new(String::with_capacity(ROOM)), needs: Needs::LogIn }
    }

    /// Asks for it before a transcript is replayed against a target.
    #[must_use]
    pub fn for_replay(user: &str, of: ReplayOf) -> Self {
        Self { needs: Needs::Replay(of), ..Self::of(user) }
    }

    /// Asks for what is to be masked from now on.
    #[must_use]
    pub fn to_mask() -> Self {
        Self { needs: Needs::Mask, ..Self::of("") }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter if !self.typed.is_empty() => {
                return Outcome::Secret(Secret::new(self.typed.as_bytes().to_vec()));
            }
            KeyCode::Char('u') if control => self.typed.clear(),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => self.push(c),
            KeyCode::Backspace => {
                self.typed.pop();
            }
            _ => {}
        }
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| is_plain(*c)) {
            self.push(c);
        }
    }

    fn push(&mut self, c: char) {
        if self.typed.len() + c.len_utf8() <= ROOM {
            self.typed.push(c);
        }
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let foot = match self.needs {
            Needs::Replay(_) => "Enter replay · Ctrl-U empty · Esc not now",
            Needs::LogIn => "Enter log in · Ctrl-U empty · Esc not now",
            Needs::Mask => "Enter mask it · Ctrl-U empty · Esc not now",
        };
        (place(model, 60, 3), foot)
    }

    /// Whether something would be lost with it.
    pub(super) fn holds_text(&self) -> bool {
        !self.typed.is_empty()
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (title, words) = match self.needs {
            Needs::Mask => ("What is secret".to_owned(), "Neither shown nor kept: masked from now on, in base64 too."),
            Needs::LogIn | Needs::Replay(_) => (
                format!("Password of {}", for_screen(self.user.as_bytes())),
                "It is neither shown nor kept, and masked wherever it is sent.",
            ),
        };
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, &title, foot);
        let room = usize::from(inner.width.saturating_sub(1));
        let dots = "•".repeat(self.typed.chars().count().min(room));
        let x = inner.x + u16::try_from(dots.chars().count()).unwrap_or(0);
        frame.buffer_mut().set_string(inner.x, inner.y, dots, model.theme.style(Role::Text));
        frame.set_cursor_position(Position::new(x, inner.y));
        if inner.height > 2 {
            let line = Line::styled(words, model.theme.style(Role::Dim));
            frame.buffer_mut().set_line(inner.x, inner.y + 2, &line, inner.width);
        }
    }
}
