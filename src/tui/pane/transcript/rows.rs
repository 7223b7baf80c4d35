//! Which rows the records take, worked out around the place that is looked at, never for the whole log.
//!
//! A place is a record and a row within it. Going up and down walks from record to record; a run of content that is
//! folded is stepped over at once. So nothing here depends on how long the conversation is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use crate::tui::pane::wrap;
use crate::tui::talk::Talk;

use super::landmarks::{Landmarks, Run};
use super::line;
use super::notes::Notes;

/// Content lines that a folded run shows.
pub(super) const CONTENT_SHOWN: usize = 12;
/// How many of them are its last, while it grows: what was typed last stays in sight.
const TAIL_SHOWN: usize = 3;
/// Inner columns from which times have decimals, and every latency is shown.
const WIDE: u16 = 56;
/// Columns kept for the latency, the space before it included.
const LATENCY: u16 = 7;

/// Octets from which the rows of a line are kept.
const LONG: usize = 4096;
/// Long lines whose rows are kept.
const LONG_KEPT: usize = 32;

/// A row on the screen: a record and a row within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    pub(super) record: usize,
    pub(super) row: usize,
}

impl Place {
    pub(super) fn first_of(record: usize) -> Self {
        Self { record, row: 0 }
    }
}

/// The rows of one record's text, as ranges of its octets.
pub(super) type Breaks = Rc<Vec<Range<usize>>>;

/// What the rows of a long line depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LongLine {
    record: usize,
    octets: usize,
    first: u16,
    width: u16,
}

/// The rows of the long lines looked at last, so that a line of a megabyte is broken once and not for each key.
#[derive(Debug, Default)]
pub(super) struct LongLines(RefCell<Vec<(LongLine, Breaks)>>);

impl LongLines {
    fn get(&self, line: LongLine, broken: impl FnOnce() -> Breaks) -> Breaks {
        let mut kept = self.0.borrow_mut();
        if let Some((_, breaks)) = kept.iter().find(|(of, _)| *of == line) {
            return Rc::clone(breaks);
        }
        let breaks = broken();
        if kept.len() >= LONG_KEPT {
            kept.remove(0);
        }
        kept.push((line, Rc::clone(&breaks)));
        breaks
    }
}

/// Where the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Columns {
    /// Columns of the time.
    pub(super) time: u16,
    /// Whether times have decimals and each latency is shown.
    pub(super) wide: bool,
    /// Where the text begins.
    pub(super) text: u16,
    /// Columns of the text.
    pub(super) width: u16,
}

impl Columns {
    /// For a pane of so many columns; the time is as wide as the last time needs.
    pub(super) fn of(inner: u16, talk: &Talk) -> Self {
        let wide = inner >= WIDE;
        let last = talk.log.len().checked_sub(1).and_then(|n| talk.log.get(n)?.at).unwrap_or_default();
        let needed = u16::try_from(line::clock(last, wide).len()).unwrap_or(u16::MAX);
        let time = if talk.timeless { 1 } else { needed.clamp(if wide { 6 } else { 3 }, 12) };
        // Bar, time, space, mark, space.
        let text = 1 + time + 1 + 3 + 1;
        Self { time, wide, text, width: inner.saturating_sub(text + 1).max(1) }
    }
}

/// The rows of a conversation at one width.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) talk: &'a Talk,
    pub(super) landmarks: &'a Landmarks,
    pub(super) unfolded: &'a BTreeSet<usize>,
    pub(super) columns: Columns,
    pub(super) long: &'a LongLines,
    pub(super) notes: &'a Notes,
    /// Runs are shown whole, but for those in `unfolded`.
    pub(super) all_open: bool,
    /// The records that a filter lets through; all without one.
    pub(super) shown: Option<&'a [usize]>,
}

impl<'a> Rows<'a> {
    /// The records of a run that are folded away; the first of them stands for all as one row.
    pub(super) fn folded(&self, record: usize) -> Option<Run> {
        let run = self.landmarks.run(record).filter(|_| self.shown.is_none())?;
        if run.to - run.from <= CONTENT_SHOWN || self.unfolded.contains(&run.from) != self.all_open {
            return None;
        }
        let tail = if run.to == self.talk.log.len() { TAIL_SHOWN } else { 0 };
        let hidden = Run { from: run.from + CONTENT_SHOWN - tail, to: run.to - tail };
        (hidden.from <= record && record < hidden.to).then_some(hidden)
    }

    /// Rows of a record with its notes; one for the first of what is folded away.
    pub(super) fn height(&self, record: usize) -> usize {
        if self.folded(record).is_some() {
            return 1;
        }
        let Some(entry) = self.talk.log.get(record) else { return 1 };
        let shown = line::shown(record, &entry, self.talk, self.landmarks);
        self.breaks(record, &shown).len() + self.note_rows(record).len()
    }

    /// The rows of what was noted about a record, and whether each begins a note.
    pub(super) fn note_rows(&self, record: usize) -> Vec<(bool, &'a [u8])> {
        let width = self.columns.width;
        let rows_of = |note: &String| wrap::rows(note.as_bytes(), width, width, 0);
        let notes = self.notes.of(record).iter();
        notes
            .flat_map(|note| rows_of(note).into_iter().enumerate().map(move |(n, row)| (n == 0, &note.as_bytes()[row])))
            .collect()
    }

    /// Where the rows of a record's text begin and end.
    pub(super) fn breaks(&self, record: usize, shown: &line::Shown<'_>) -> Breaks {
        let kept = if self.columns.wide && shown.opens_reply
            || line::latency(record, shown, self.talk, self.columns.wide).is_some()
        {
            LATENCY
        } else {
            0
        };
        let width = self.columns.width;
        let tail = u16::try_from(shown.tail.len()).unwrap_or(0);
        let octets = shown.text.len();
        let of = LongLine { record, octets, first: width.saturating_sub(kept), width };
        let broken = || Rc::new(wrap::rows(&shown.text, of.first, width, tail));
        if octets < LONG { broken() } else { self.long.get(of, broken) }
    }

    /// Whether a record is not shown, since what it says stands at the line that it is about, or in the title.
    fn is_hidden(&self, record: usize) -> bool {
        self.notes.is_elsewhere(record)
    }

    /// This record, or the nearest before it that is shown.
    fn shown_up_to(&self, record: usize) -> usize {
        (0..=record).rev().find(|record| !self.is_hidden(*record)).unwrap_or(0)
    }

    /// The record that is shown after this one.
    pub(super) fn after(&self, record: usize) -> Option<usize> {
        if let Some(shown) = self.shown {
            return shown.get(shown.partition_point(|r| *r <= record)).copied();
        }
        let next = self.folded(record).map_or(record + 1, |hidden| hidden.to);
        (next..self.talk.log.len()).find(|next| !self.is_hidden(*next))
    }

    /// The record that is shown before this one.
    pub(super) fn before(&self, record: usize) -> Option<usize> {
        if let Some(shown) = self.shown {
            return shown.partition_point(|r| *r < record).checked_sub(1).map(|n| shown[n]);
        }
        let before = (0..record).rev().find(|before| !self.is_hidden(*before))?;
        Some(self.folded(before).map_or(before, |hidden| hidden.from))
    }

    /// The nearest place that is shown.
    pub(super) fn settled(&self, place: Place) -> Place {
        let last = self.talk.log.len().saturating_sub(1);
        let record = match self.shown {
            Some(shown) => {
                let after = shown.partition_point(|r| *r <= place.record);
                shown.get(after.saturating_sub(1)).copied().unwrap_or(0)
            }
            None => self.shown_up_to(place.record.min(last)),
        };
        let record = self.folded(record).map_or(record, |hidden| hidden.from);
        let row = if record == place.record { place.row.min(self.height(record) - 1) } else { 0 };
        Place { record, row }
    }

    /// So many rows further up, at most to the first.
    pub(super) fn up(&self, mut place: Place, mut rows: usize) -> Place {
        loop {
            if place.row >= rows {
                return Place { row: place.row - rows, ..place };
            }
            let Some(before) = self.before(place.record) else { return Place::first_of(place.record) };
            rows -= place.row + 1;
            place = Place { record: before, row: self.height(before) - 1 };
        }
    }

    /// So many rows further down, at most to the last.
    pub(super) fn down(&self, mut place: Place, mut rows: usize) -> Place {
        loop {
            let height = self.height(place.record);
            if place.row + rows < height {
                return Place { row: place.row + rows, ..place };
            }
            let Some(after) = self.after(place.record) else { return Place { row: height - 1, ..place } };
            rows -= height - place.row;
            place = Place::first_of(after);
        }
    }

    /// The last row.
    pub(super) fn end(&self) -> Place {
        let last = || self.shown_up_to(self.talk.log.len().saturating_sub(1));
        let last = self.shown.map_or_else(last, |shown| shown.last().copied().unwrap_or(0));
        let record = self.folded(last).map_or(last, |hidden| hidden.from);
        Place { record, row: self.height(record) - 1 }
    }

    /// The top row of a view of so many rows that shows the end.
    pub(super) fn last_top(&self, height: usize) -> Place {
        self.up(self.end(), height.saturating_sub(1))
    }
}
