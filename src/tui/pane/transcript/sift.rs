//! Search and filter: the records that fit, found a piece at a time, so that no key waits for a long conversation.

use crate::tui::talk::Talk;

use super::notes::Notes;
use super::pattern::{Conditions, Pattern};

/// Records that are looked at in one go.
const PIECE: usize = 16 * 1024;
/// Octets that are looked at in one go.
const OCTETS: usize = 2 << 20;

/// The records that fit, as far as they were looked at.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<usize>,
    scanned: usize,
}

impl Found {
    fn piece(&mut self, talk: &Talk, fits: impl Fn(usize, &crate::conversation::log::Entry<'_>) -> bool) {
        let (mut octets, end) = (0, self.scanned + PIECE);
        for (record, entry) in talk.log.since(self.scanned) {
            if record >= end || octets > OCTETS {
                break;
            }
            octets += entry.bytes.len();
            if fits(record, &entry) {
                self.records.push(record);
            }
            self.scanned = record + 1;
        }
    }

    fn is_done(&self, talk: &Talk) -> bool {
        self.scanned >= talk.log.len()
    }

    /// How many of them come before a record.
    pub(super) fn before(&self, record: usize) -> usize {
        self.records.partition_point(|found| *found < record)
    }
}

/// What is searched for.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) text: String,
    pub(super) pattern: Pattern,
    pub(super) found: Found,
    /// Where the search began: the first that fits from there on is gone to.
    from: usize,
    /// Not gone there yet.
    seeks: bool,
}

impl Search {
    pub(super) fn new(text: &str, from: usize) -> Result<Self, String> {
        let pattern = Pattern::read(text)?;
        Ok(Self { text: text.to_owned(), pattern, found: Found::default(), from, seeks: true })
    }

    /// Looks at one more piece; gives a record to go to, once.
    pub(super) fn piece(&mut self, talk: &Talk, notes: &Notes) -> Option<usize> {
        let pattern = &self.pattern;
        self.found.piece(talk, |record, entry| pattern.is_shown_at(record, entry, notes));
        if !self.seeks {
            return None;
        }
        let next = self.found.records.get(self.found.before(self.from)).copied();
        let to = next.or_else(|| self.found.records.first().copied().filter(|_| self.found.is_done(talk)));
        self.seeks = to.is_none() && !self.found.is_done(talk);
        to
    }

    /// Judges again: notes were written. Nothing is gone to.
    pub(super) fn again(&mut self, talk: &Talk, notes: &Notes) {
        (self.found, self.seeks) = (Found::default(), false);
        self.piece(talk, notes);
    }

    pub(super) fn is_done(&self, talk: &Talk) -> bool {
        self.found.is_done(talk)
    }

    /// The next that fits after a record, or the one before it, in a ring.
    pub(super) fn next(&self, record: usize, forward: bool) -> Option<usize> {
        let all = &self.found.records;
        let before = self.found.before(record);
        let here = all.get(before) == Some(&record);
        let to = if forward {
            (before + usize::from(here)) % all.len().max(1)
        } else {
            before.checked_sub(1).unwrap_or(all.len().saturating_sub(1))
        };
        all.get(to).copied()
    }

    /// `3 of 14`, `14 found`, `none found`; with `…` while it is still looked for.
    pub(super) fn status(&self, at: Option<usize>, talk: &Talk) -> String {
        let all = self.found.records.len();
        let more = if self.is_done(talk) { "" } else { " …" };
        let before = at.map_or(0, |at| self.found.before(at));
        match at.filter(|at| self.found.records.get(before) == Some(at)) {
            _ if all == 0 && more.is_empty() => "none found".to_owned(),
            Some(_) => format!("{} of {all}{more}", before + 1),
            None => format!("{all} found{more}"),
        }
    }
}

/// What is shown alone.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) text: String,
    conditions: Conditions,
    pub(super) shown: Found,
}

impl Filter {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let conditions = Conditions::read(text)?;
        Ok(Self { text: text.trim().to_owned(), conditions, shown: Found::default() })
    }

    /// Looks at one more piece. A record at the very end is judged again when its reply has come.
    pub(super) fn piece(&mut self, talk: &Talk, notes: &Notes) {
        let conditions = &self.conditions;
        self.shown.piece(talk, |record, entry| conditions.admit(record, entry, talk, notes));
    }

    /// Judges again what may have changed: records from here on.
    pub(super) fn again_from(&mut self, record: usize) {
        if record < self.shown.scanned {
            let keep = self.shown.before(record);
            self.shown.records.truncate(keep);
            self.shown.scanned = record;
        }
    }

    pub(super) fn is_done(&self, talk: &Talk) -> bool {
        self.shown.is_done(talk)
    }

    /// `filter: refused · 12 of 300`.
    pub(super) fn status(&self, talk: &Talk) -> String {
        let more = if self.is_done(talk) { "" } else { " …" };
        let text = crate::smtp::escape::for_screen(self.text.as_bytes());
        format!("filter: {text} · {} of {}{more}", self.shown.records.len(), talk.log.len())
    }
}
