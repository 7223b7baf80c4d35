//! The transcript pane: follows the end or holds its place, selects exchanges, folds, wraps.
//!
//! `arrange` is called whenever the conversation or the size changed, `draw` only draws the visible rows. Another
//! conversation gets a new `Transcript`.

mod landmarks;
mod line;
mod notes;
mod pattern;
mod reading;
mod rows;
mod sift;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::conversation::Exchange;
use crate::tui::action::{Action, Where};
use crate::tui::keymap::{Key, Keymap};
use crate::tui::talk::{Source, Talk};
use crate::tui::theme::Theme;

use landmarks::Landmarks;
use notes::Notes;
use rows::{CONTENT_SHOWN, Columns, LongLines, Place, Rows};
use sift::{Filter, Search};

/// The pane's own state; everything else is in the [`Talk`].
#[derive(Debug, Default)]
pub struct Transcript {
    size: Size,
    columns: Columns,
    landmarks: Landmarks,
    /// Runs of content, and long replies, that are shown whole, by their first record; where `all_open`, those that are
    /// not.
    unfolded: BTreeSet<usize>,
    all_open: bool,
    notes: Notes,
    search: Option<Search>,
    filter: Option<Filter>,
    /// Whether the view followed the end when the filter was set.
    followed: bool,
    /// From here on a record may still fit a filter that it did not fit.
    unsettled: usize,
    /// The first row of the view.
    top: Place,
    /// The view stays where it is instead of following the end.
    held: bool,
    /// The marked record.
    cursor: Option<usize>,
    /// The exchange of the marked record.
    selected: Option<usize>,
    long: LongLines,
    /// Records that were in sight, or before what was.
    seen: usize,
}

impl Transcript {
    /// The selected exchange; none while the view follows the end.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// The marked record; none while the view follows the end.
    #[must_use]
    pub fn marked(&self) -> Option<usize> {
        self.cursor
    }

    /// Lines that came while the view was held further up.
    #[must_use]
    pub fn unseen(&self, talk: &Talk) -> usize {
        // What one has said about a line oneself is nothing new.
        let new = talk.log.len().saturating_sub(self.seen).saturating_sub(self.notes.elsewhere_from(self.seen));
        if talk.source == Source::Live { new } else { 0 }
    }

    /// Whether what comes now is neither followed nor explained, since something further up is looked at.
    #[must_use]
    pub fn is_left_behind(&self, talk: &Talk) -> bool {
        talk.is_open() && (self.held || self.selected.is_some())
    }

    /// Where the view is, for the title of the frame: `live`, `not following`, `closed`, `opened`, with `4 of 12` or
    /// `37 %` before it.
    #[must_use]
    pub fn status(&self, talk: &Talk) -> String {
        let source = match talk.source {
            Source::Live if !talk.is_open() && !talk.log.is_empty() && !talk.is_inspecting() => "closed".to_owned(),
            Source::Live if self.is_left_behind(talk) => "not following".to_owned(),
            Source::Live => "live".to_owned(),
            Source::Opened if talk.partial => "opened …".to_owned(),
            Source::Opened => talk.broken.map_or_else(|| "opened".to_owned(), |line| format!("broken at line {line}")),
        };
        let narrowed = self.narrowed(talk);
        if !narrowed.is_empty() {
            return narrowed;
        }
        match self.selected {
            Some(exchange) => format!("{} of {} · {source}", exchange + 1, talk.dialogue.exchanges().len()),
            None if self.held => format!("{} % · {source}", self.top.record * 100 / talk.log.len().max(1)),
            None => source,
        }
    }

    /// Brings heights and scroll position in line with the conversation and with the inner size of the pane.
    pub fn arrange(&mut self, talk: &Talk, inner: Size) {
        if talk.log.len() < self.seen {
            *self = Self::default();
        }
        self.landmarks.extend(&talk.log);
        self.follow(talk);
        let columns = Columns::of(inner.width, talk);
        let resized = self.size != inner || self.columns != columns;
        let in_sight =
            resized && self.cursor.is_some_and(|cursor| self.rows_of(talk).is_some() && self.sees(cursor, talk));
        (self.size, self.columns) = (inner, columns);
        self.selected = self.cursor.and_then(|cursor| exchange_of(talk, cursor));
        self.settle(talk);
        if let Some(cursor) = self.cursor.filter(|_| in_sight) {
            self.reveal(cursor, cursor, talk);
        }
    }

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, action: Action, talk: &Talk) -> bool {
        let page = usize::from(self.size.height).saturating_sub(1).max(1);
        match action {
            Action::Up => self.step_up(talk),
            Action::Down => self.step_down(talk),
            Action::PageUp => self.scroll_up(page, talk),
            Action::PageDown => self.scroll_down(page, talk),
            Action::HalfPageUp => self.scroll_up(page.div_ceil(2), talk),
            Action::HalfPageDown => self.scroll_down(page.div_ceil(2), talk),
            Action::ScrollUp => self.scroll_up(1, talk),
            Action::ScrollDown => self.scroll_down(1, talk),
            Action::Top => self.select_first(talk),
            Action::Bottom => {
                self.release();
                self.settle(talk);
            }
            Action::ExchangeBefore => self.exchange_before(talk),
            Action::ExchangeAfter => self.exchange_after(talk),
            Action::RefusalBefore => self.refusal(talk, Towards::Start),
            Action::RefusalAfter => self.refusal(talk, Towards::End),
            Action::Fold => self.fold(talk),
            Action::FoldAll => self.fold_all(talk),
            _ => return false,
        }
        true
    }

    /// Draws the pane into its area, without a frame.
    pub fn draw(&self, talk: &Talk, keymap: &Keymap, theme: Theme, focused: bool, area: Rect, buffer: &mut Buffer) {
        if let Some(rows) = self.rows_of(talk) {
            view::draw(self, rows, keymap, theme, focused, area, buffer);
        } else {
            let words = match self.filter {
                Some(_) if self.is_sifting(talk) => "Looking for lines that fit…",
                Some(_) if keymap.action(Where::Transcript, Key::ESC) == Some(Action::ToComposer) => {
                    "No line fits the filter. Esc shows all."
                }
                Some(_) => "No line fits the filter. {show-all} shows all.",
                None if talk.partial => "The file is being read.",
                None if talk.source == Source::Opened => "The file is empty. {connect} connects.",
                None => "Nothing was said yet. {connect} connects.",
            };
            view::draw_empty(&keymap.told(words), theme, area, buffer);
        }
    }

    /// Selects what stands at a place of the pane (column and row within its inner area); what is folded is unfolded.
    pub fn click(&mut self, _column: u16, row: u16, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let place = rows.down(self.top, usize::from(row));
        if rows.down(self.top, usize::from(row).saturating_sub(1)) == place && row > 0 {
            return;
        }
        self.show(place.record, talk);
    }

    /// Selects the first line: how an opened conversation begins.
    pub fn select_first(&mut self, talk: &Talk) {
        self.top = Place::default();
        if !talk.log.is_empty() {
            self.mark(0, talk);
        }
        self.held = true;
    }
}

/// The exchange of a record; what comes before the first counts to it.
fn exchange_of(talk: &Talk, record: usize) -> Option<usize> {
    let first = (!talk.dialogue.exchanges().is_empty()).then_some(0);
    talk.dialogue.exchange_at(record).or(first)
}

/// A direction in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Towards {
    Start,
    End,
}

/// Moving about.
impl Transcript {
    /// The rows at the size arranged last; none where there is nothing to show.
    fn rows_of<'a>(&'a self, talk: &'a Talk) -> Option<Rows<'a>> {
        let shown = self.filter.as_ref().map(|filter| filter.shown.records.as_slice());
        let some = !talk.log.is_empty() && shown.is_none_or(|shown| !shown.is_empty());
        (some && self.size.height > 0).then_some(Rows {
            talk,
            landmarks: &self.landmarks,
            unfolded: &self.unfolded,
            columns: self.columns,
            long: &self.long,
            notes: &self.notes,
            all_open: self.all_open,
            shown,
        })
    }

    /// The last row of the view.
    fn bottom(&self, rows: Rows<'_>) -> Place {
        rows.down(self.top, usize::from(self.size.height).saturating_sub(1))
    }

    fn sees(&self, record: usize, talk: &Talk) -> bool {
        self.rows_of(talk).is_some_and(|rows| self.top.record <= record && record <= self.bottom(rows).record)
    }

    /// Follows the end from now on, with nothing selected.
    fn release(&mut self) {
        self.held = false;
        self.cursor = None;
        self.selected = None;
    }

    /// Puts the view where it belongs: at the end, or where it is held, but not beyond the end.
    fn settle(&mut self, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else {
            self.top = Place::default();
            return;
        };
        let last = rows.last_top(self.size.height.into());
        let top = if self.held { rows.settled(self.top).min(last) } else { last };
        let bottom = rows.down(top, usize::from(self.size.height).saturating_sub(1)).record;
        // What is folded away at the foot of the view counts as seen.
        let bottom = rows.folded(bottom).map_or(bottom + 1, |hidden| hidden.to);
        self.top = top;
        self.seen =
            if self.held { self.seen.clamp(bottom.min(talk.log.len()), talk.log.len()) } else { talk.log.len() };
    }

    fn scroll_up(&mut self, by: usize, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let top = rows.up(self.top, by);
        if top != self.top {
            self.top = top;
            self.held = true;
        }
        self.settle(talk);
    }

    /// Scrolls down; at the end the view follows it again, and a selection is let go by one more try.
    fn scroll_down(&mut self, by: usize, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let last = rows.last_top(self.size.height.into());
        let top = rows.down(self.top, by).min(last);
        if self.top == last || top == last && self.cursor.is_none() {
            self.release();
        }
        self.top = top;
        self.settle(talk);
    }

    /// Marks a record and thereby selects its exchange; the view is held and shows it.
    fn mark(&mut self, record: usize, talk: &Talk) {
        self.cursor = Some(record);
        self.selected = exchange_of(talk, record);
        self.held = true;
        self.reveal(record, record, talk);
    }

    /// Moves the view as little as shows these records, the first of them above all.
    fn reveal(&mut self, first: usize, last: usize, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let first = rows.settled(Place::first_of(first));
        let last = rows.settled(Place { record: last, row: usize::MAX });
        if last > self.bottom(rows) {
            self.top = rows.up(last, usize::from(self.size.height).saturating_sub(1));
        }
        self.top = self.top.min(first);
        self.settle(talk);
    }

    fn step_up(&mut self, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let to = match self.cursor.filter(|cursor| self.sees(*cursor, talk)) {
            Some(cursor) => rows.before(cursor).unwrap_or(0),
            None => self.bottom(rows).record,
        };
        self.mark(to, talk);
    }

    fn step_down(&mut self, talk: &Talk) {
        let Some(rows) = self.rows_of(talk) else { return };
        let to = match self.cursor.filter(|cursor| self.sees(*cursor, talk)) {
            Some(cursor) => rows.after(cursor),
            None => self.held.then_some(self.top.record),
        };
        if let Some(to) = to {
            self.mark(to, talk);
        } else {
            self.release();
            self.settle(talk);
        }
    }

    /// Selects an exchange and shows all of it.
    fn select(&mut self, exchange: usize, talk: &Talk) {
        let Some(x) = talk.dialogue.exchanges().get(exchange) else { return };
        self.mark(x.start(), talk);
        // An exchange that shares its first record with another (LMTP) is selected all the same.
        self.selected = Some(exchange);
        self.reveal(x.start(), x.reply().map_or(x.start(), |reply| *reply.end()), talk);
    }

    fn exchange_before(&mut self, talk: &Talk) {
        let from = self.selected.or_else(|| {
            if self.held {
                self.rows_of(talk).and_then(|rows| exchange_of(talk, self.bottom(rows).record + 1))
            } else {
                talk.last_answered()
            }
        });
        if let Some(from) = from.or_else(|| talk.dialogue.exchanges().len().checked_sub(1)) {
            self.select(from.saturating_sub(1), talk);
        }
    }

    fn exchange_after(&mut self, talk: &Talk) {
        let next = match self.selected {
            Some(exchange) => exchange + 1,
            None if self.held => exchange_of(talk, self.top.record).unwrap_or(0),
            None => return,
        };
        if next < talk.dialogue.exchanges().len() {
            self.select(next, talk);
        } else {
            self.release();
            self.settle(talk);
        }
    }

    /// Selects the nearest exchange that refuses, starting over at the other end.
    fn refusal(&mut self, talk: &Talk, towards: Towards) {
        let exchanges = talk.dialogue.exchanges();
        let is_refusal = |n: &usize| exchanges[*n].is_refusal();
        let all = 0..exchanges.len();
        let found = match (towards, self.selected) {
            (Towards::End, Some(from)) => (from + 1..exchanges.len()).chain(all).find(is_refusal),
            (Towards::End, None) => all.into_iter().find(is_refusal),
            (Towards::Start, Some(from)) => (0..from).rev().chain(all.rev()).find(is_refusal),
            (Towards::Start, None) => all.rev().find(is_refusal),
        };
        if let Some(found) = found {
            self.select(found, talk);
        }
    }

    /// What can be folded or unfolded where one is: the record that begins the message or long reply that the marked
    /// record belongs to or is next to, or else the last in sight. What is shown whole in any case is none.
    fn foldable(&self, talk: &Talk) -> Option<usize> {
        let rows = self.rows_of(talk)?;
        let beside = self.cursor.and_then(|cursor| {
            let exchange = self.selected.and_then(|n| talk.dialogue.exchanges().get(n));
            let end = exchange.and_then(Exchange::reply).map_or(cursor, |reply| *reply.end());
            let start = exchange.map_or(cursor, Exchange::start);
            [Some(cursor), end.checked_add(1), start.checked_sub(1)]
                .into_iter()
                .flatten()
                .find_map(|record| self.landmarks.run(record))
        });
        let run = beside.or_else(|| self.landmarks.last_before(self.bottom(rows).record + 1));
        run.filter(|run| run.to - run.from > CONTENT_SHOWN).map(|run| run.from)
    }

    /// Whether something is there to be folded or unfolded.
    #[must_use]
    pub fn folds(&self, talk: &Talk) -> bool {
        self.foldable(talk).is_some()
    }

    fn fold(&mut self, talk: &Talk) {
        let Some(run) = self.foldable(talk) else { return };
        self.turn(run);
        if let Some(cursor) = self.cursor {
            let settled = self.rows_of(talk).map(|rows| rows.settled(Place::first_of(cursor)).record);
            self.cursor = settled;
        }
        self.settle(talk);
    }
}
