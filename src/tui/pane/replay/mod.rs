//! Two columns in the transcript's place: recorded and now, or one file beside another. Equal rows are grey, `≠` marks
//! what counts as a difference, `≈` another text alone.
//!
//! Not here: what stands in the rows; they are given each time.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::script::beside::Beside;
use crate::tui::action::Action;
use crate::tui::theme::Theme;

mod rows;
#[cfg(test)]
mod tests;
mod view;

/// What stands above and below the rows.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The heading of each column.
    pub heads: [&'a str; 2],
    /// How roles look.
    pub theme: Theme,
    /// Whether the pane has the keys.
    pub focused: bool,
}

/// The pane's own state.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    size: Size,
    /// The first row in sight.
    top: usize,
    /// The marked row.
    cursor: usize,
    /// Somebody moved: what comes next is not followed until the end is asked for.
    held: bool,
}

impl Columns {
    /// Brings the view in line with the rows and the room; `next` is the row to follow.
    pub fn arrange(&mut self, rows: &[Beside], inner: Size, next: Option<usize>) {
        self.size = inner;
        let last = rows.len().saturating_sub(1);
        if let Some(next) = next.filter(|_| !self.held) {
            self.cursor = next.min(last);
        }
        self.cursor = self.cursor.min(last);
        self.reveal(rows);
    }

    /// Follows what comes next again.
    pub fn follow(&mut self) {
        self.held = false;
    }

    /// The marked row.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, action: Action, rows: &[Beside]) -> bool {
        let last = rows.len().saturating_sub(1);
        let page = usize::from(self.size.height).saturating_sub(3).max(1);
        let to = match action {
            Action::Up | Action::ExchangeBefore | Action::ScrollUp => self.cursor.saturating_sub(1),
            Action::Down | Action::ExchangeAfter | Action::ScrollDown => self.cursor + 1,
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::PageDown => self.cursor + page,
            Action::HalfPageUp => self.cursor.saturating_sub(page.div_ceil(2)),
            Action::HalfPageDown => self.cursor + page.div_ceil(2),
            Action::Top => 0,
            Action::Bottom => {
                self.held = false;
                self.cursor = last;
                self.reveal(rows);
                return true;
            }
            Action::DifferenceAfter | Action::RefusalAfter => {
                let after = rows.iter().enumerate().skip(self.cursor + 1).find(|(_, row)| row.is_difference());
                let Some((row, _)) = after else { return false };
                row
            }
            Action::DifferenceBefore | Action::RefusalBefore => {
                let before = rows[..self.cursor.min(rows.len())].iter().rposition(Beside::is_difference);
                let Some(row) = before else { return false };
                row
            }
            _ => return false,
        };
        self.held = true;
        self.cursor = to.min(last);
        self.reveal(rows);
        true
    }

    /// Marks the row at a row of the pane.
    pub fn click(&mut self, y: u16, rows: &[Beside]) {
        let mut below = 1;
        for (index, row) in rows.iter().enumerate().skip(self.top) {
            below += rows::height(row, self.size.width);
            if usize::from(y) < below {
                self.held = true;
                self.cursor = index;
                return;
            }
        }
    }

    /// Moves the view as little as needed for the marked row to be in sight, whole where there is room.
    fn reveal(&mut self, rows: &[Beside]) {
        // The heading, and the words of the marked row, have a row each.
        let room = usize::from(self.size.height).saturating_sub(2);
        self.top = self.top.min(self.cursor);
        let mut used = 0;
        for first in (self.top..=self.cursor).rev() {
            used += rows.get(first).map_or(0, |row| rows::height(row, self.size.width));
            if used > room {
                self.top = (first + 1).min(self.cursor);
                return;
            }
        }
    }

    /// Draws the rows in sight into an area, without a frame.
    pub fn draw(&self, rows: &[Beside], with: Frame<'_>, area: Rect, buffer: &mut Buffer) {
        view::draw(self, rows, with, area, buffer);
    }
}
