//! The right panel: the decoded reply with its next steps, and where the session stands.

mod lines;
mod moment;
mod place;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::decode::{Knowledge, Step};
use crate::tui::action::Action;
use crate::tui::talk::Talk;
use crate::tui::theme::{Role, Theme};

use super::wrap::{self, Look};

use moment::{Moment, Then};

pub use place::where_line;

/// The pane's own state.
#[derive(Debug, Default)]
pub struct Panel {
    scroll: u16,
    size: Size,
    /// The exchange that the scroll position is about.
    about: Option<usize>,
    /// Rows of the whole text.
    rows: u16,
    /// The next step of each row, from the first row on.
    steps: Vec<Option<usize>>,
    /// The moment that "where you are" is about, where it is not now.
    then: Option<Then>,
}

impl Panel {
    /// Brings scroll position in line with what is shown and with the inner size of the panel.
    pub fn arrange(&mut self, talk: &Talk, _knowledge: &Knowledge, inner: Size) {
        let about = talk.explanation().map(|(exchange, _)| exchange);
        if about != self.about {
            self.scroll = 0;
        }
        (self.about, self.size) = (about, inner);
        self.then = Then::of(talk, self.then.take());
        let rows = lines::rows(talk, text_width(inner.width), inner.height);
        self.rows = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        self.steps = rows.into_iter().map(|row| row.step).collect();
        self.scroll = self.scroll.min(self.last_scroll());
    }

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, action: Action, _talk: &Talk) -> bool {
        let page = self.in_sight().saturating_sub(1).max(1);
        let to = match action {
            Action::Up | Action::ScrollUp => self.scroll.saturating_sub(1),
            Action::Down | Action::ScrollDown => self.scroll.saturating_add(1),
            Action::PageUp => self.scroll.saturating_sub(page),
            Action::PageDown => self.scroll.saturating_add(page),
            Action::HalfPageUp => self.scroll.saturating_sub(page.div_ceil(2)),
            Action::HalfPageDown => self.scroll.saturating_add(page.div_ceil(2)),
            Action::Top => 0,
            Action::Bottom => u16::MAX,
            _ => return false,
        };
        self.scroll = to.min(self.last_scroll());
        true
    }

    /// The n-th next step that is shown, from 1.
    #[must_use]
    pub fn step(&self, n: usize, talk: &Talk) -> Option<Step> {
        talk.explanation().and_then(|(_, explanation)| explanation.next.get(n.checked_sub(1)?).cloned())
    }

    /// The step at a place of the panel (column and row within its inner area), from 1.
    #[must_use]
    pub fn step_at(&self, _column: u16, row: u16) -> Option<usize> {
        if row >= self.in_sight() {
            return None;
        }
        *self.steps.get(usize::from(self.scroll) + usize::from(row))?
    }

    /// Whether not all is in sight.
    fn is_cut(&self) -> bool {
        self.rows > self.size.height
    }

    /// Rows for the text; where it is cut, the last row of the panel says so.
    fn in_sight(&self) -> u16 {
        if self.is_cut() { self.size.height.saturating_sub(1) } else { self.size.height }
    }

    fn last_scroll(&self) -> u16 {
        self.rows.saturating_sub(self.in_sight())
    }

    /// Draws the decoded reply into its area, without a frame.
    pub fn draw(
        &self,
        talk: &Talk,
        _knowledge: &Knowledge,
        theme: Theme,
        focused: bool,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let rows = lines::rows(talk, text_width(area.width), area.height);
        let in_sight = self.in_sight().min(area.height);
        for (row, y) in rows.iter().skip(self.scroll.into()).zip(area.y..area.y + in_sight) {
            for (at, role, words) in &row.words {
                let x = (area.x + 1 + at).min(area.right());
                let look = Look { text: theme.style(*role), escape: theme.style(Role::Warning) };
                wrap::put(buffer, x, y, area.right() - x, words.as_bytes(), look);
            }
        }
        if self.is_cut() && area.height > 0 && area.width > 1 {
            let below = self.rows.saturating_sub(self.scroll + in_sight);
            let keys = if focused { "PgDn" } else { "F6 PgDn" };
            let words = if below > 0 { format!("▼ {below} more · {keys}") } else { "▲ PgUp".to_owned() };
            buffer.set_stringn(
                area.x + 1,
                area.bottom() - 1,
                words,
                (area.width - 1).into(),
                theme.style(Role::Accent),
            );
        }
    }

    /// Draws "where you are" into its area, without a frame.
    pub fn draw_where(&self, talk: &Talk, knowledge: &Knowledge, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let x = area.x + area.width.min(1);
        let moment = Moment::of(talk, self.then.as_ref());
        place::draw(talk, moment, knowledge, theme, Rect { x, width: area.right() - x, ..area }, buffer);
    }
}

/// Columns for words: one is left free at either side.
fn text_width(inner: u16) -> u16 {
    inner.saturating_sub(2).max(1)
}
