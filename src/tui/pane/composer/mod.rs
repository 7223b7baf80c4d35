//! The composer: the one line that will be sent, its ghost text, its lint, its history.

use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::smtp::{Session, VerbTable};
use crate::tui::theme::Theme;

/// What is filled into templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The name to greet with.
    pub ehlo: String,
    /// The reverse-path.
    pub from: String,
    /// The forward-paths; the next one that was not used yet is offered.
    pub to: Vec<String>,
}

/// What the composer must know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where the session stands.
    pub session: &'a Session,
    /// Whether lines can be sent.
    pub open: bool,
    /// What is awaited: its name, for how long already, and for how long at most.
    pub waiting: Option<(&'a str, Duration, Duration)>,
    /// The verbs.
    pub verbs: &'a VerbTable,
    /// What is filled in.
    pub identity: &'a Identity,
    /// Forward-paths of the open transaction, in order.
    pub recipients: &'a [String],
}

/// The composer's state.
#[derive(Debug, Default)]
pub struct Composer {
    line: String,
}

impl Composer {
    /// The line as it would be sent.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Puts a line there instead, with the cursor at its end.
    pub fn set_line(&mut self, line: &str) {
        line.clone_into(&mut self.line);
    }

    /// A key that no action took: text, editing, ghost text (Right, End), history (Up, Down). False where it means
    /// nothing here.
    pub fn key(&mut self, _key: KeyEvent, _around: &Surroundings<'_>) -> bool {
        false
    }

    /// Pasted text, one line of it.
    pub fn paste(&mut self, _text: &str, _around: &Surroundings<'_>) {}

    /// The line was sent: remembers it (unless it looks like a secret) and empties the composer.
    pub fn sent(&mut self, _around: &Surroundings<'_>) {
        self.line.clear();
    }

    /// Takes the mended line (F8); false where there is nothing to mend.
    pub fn mend(&mut self, _around: &Surroundings<'_>) -> bool {
        false
    }

    /// Looks at the line anew: lint, ghost text. Called after every change of the line or of the session.
    pub fn arrange(&mut self, _around: &Surroundings<'_>) {}

    /// The title of the frame: `Line to send`, `Message content · …`, and the line end that will be sent.
    #[must_use]
    pub fn title(&self, _around: &Surroundings<'_>) -> (String, String) {
        ("Line to send".to_owned(), "CRLF".to_owned())
    }

    /// Draws line and second row, without a frame; gives where the cursor is.
    pub fn draw(
        &self,
        _around: &Surroundings<'_>,
        _theme: Theme,
        _area: Rect,
        _buffer: &mut Buffer,
    ) -> Option<Position> {
        None
    }
}
