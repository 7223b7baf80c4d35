//! The transcript pane: follows the end or holds its place, selects exchanges, folds, wraps.
//!
//! `arrange` is called whenever the conversation or the size changed, `draw` only draws the visible rows.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::tui::action::Action;
use crate::tui::talk::Talk;
use crate::tui::theme::Theme;

/// The pane's own state; everything else is in the [`Talk`].
#[derive(Debug, Default)]
pub struct Transcript {
    selected: Option<usize>,
}

impl Transcript {
    /// The selected exchange; none while the view follows the end.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// Brings heights and scroll position in line with the conversation and with the inner size of the pane.
    pub fn arrange(&mut self, _talk: &Talk, _inner: Size) {}

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, _action: Action, _talk: &Talk) -> bool {
        false
    }

    /// Draws the pane into its area, without a frame.
    pub fn draw(&self, _talk: &Talk, _theme: Theme, _focused: bool, _area: Rect, _buffer: &mut Buffer) {}

    /// Selects what stands at a place of the pane (column and row within its inner area).
    pub fn click(&mut self, _column: u16, _row: u16, _talk: &Talk) {}
}
