//! The right panel: the decoded reply with its next steps, and where the session stands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::decode::{Knowledge, Step};
use crate::tui::action::Action;
use crate::tui::talk::Talk;
use crate::tui::theme::Theme;

/// The pane's own state.
#[derive(Debug, Default)]
pub struct Panel {
    scroll: u16,
}

impl Panel {
    /// Brings scroll position in line with what is shown and with the inner size of the panel.
    pub fn arrange(&mut self, _talk: &Talk, _knowledge: &Knowledge, _inner: Size) {
        self.scroll = 0;
    }

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, _action: Action, _talk: &Talk) -> bool {
        false
    }

    /// The n-th next step that is shown, from 1.
    #[must_use]
    pub fn step(&self, n: usize, talk: &Talk) -> Option<Step> {
        talk.explanation().and_then(|(_, explanation)| explanation.next.get(n.checked_sub(1)?).cloned())
    }

    /// The step at a place of the panel (column and row within its inner area), from 1.
    #[must_use]
    pub fn step_at(&self, _column: u16, _row: u16) -> Option<usize> {
        None
    }

    /// Draws the decoded reply into its area, without a frame.
    pub fn draw(
        &self,
        _talk: &Talk,
        _knowledge: &Knowledge,
        _theme: Theme,
        _focused: bool,
        _area: Rect,
        _buffer: &mut Buffer,
    ) {
    }

    /// Draws "where you are" into its area, without a frame.
    pub fn draw_where(&self, _talk: &Talk, _knowledge: &Knowledge, _theme: Theme, _area: Rect, _buffer: &mut Buffer) {}
}
