//! Notes and bookmarks: what was said about a record later, shown under it.
//!
//! `at=N` counts the recorded lines (those with a time) from 1; see `conversation::file`.

use std::collections::{BTreeMap, BTreeSet};

use crate::conversation::event::Remark;
use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};

/// Those of one log.
#[derive(Debug, Default)]
pub(super) struct Notes {
    seen: usize,
    /// How many notes and bookmarks were read.
    pub(super) read: usize,
    /// Records without a time.
    untimed: Vec<usize>,
    about: BTreeMap<usize, Vec<String>>,
    /// Notes that stand for themselves, and the line before each.
    alone: BTreeMap<usize, (String, usize)>,
    marks: BTreeSet<usize>,
    /// The last record with a time that is no note and no bookmark.
    line: Option<usize>,
    /// Records that say what is shown elsewhere, at the line that they are about, in the title, among the tags; and that
    /// line. In order.
    elsewhere: Vec<(usize, usize)>,
}

/// The remark, where it is a note or a bookmark.
fn annotation(entry: &Entry<'_>) -> Option<Remark> {
    let named = [&b"note"[..], b"mark", b"set"].iter().any(|word| entry.bytes.starts_with(word));
    if named { entry.remark() } else { None }
}

impl Notes {
    /// Takes in what the log has beyond what was seen.
    pub(super) fn extend(&mut self, log: &Log) {
        for (record, kind, timed) in log.kinds(self.seen) {
            if !timed {
                self.untimed.push(record);
            }
            // Only remarks are looked at: a conversation may be long, and keys wait meanwhile.
            let remark = if kind == Kind::Remark { log.get(record).and_then(|entry| annotation(&entry)) } else { None };
            match remark {
                Some(remark) => self.take(record, &remark),
                None if timed => self.line = Some(record),
                None => {}
            }
        }
        self.seen = log.len();
    }

    fn take(&mut self, record: usize, remark: &Remark) {
        let line = self.line.unwrap_or(record);
        if remark.word == "set" {
            let known = |(key, _): &(Option<String>, String)| matches!(key.as_deref(), Some("title" | "tag" | "off"));
            self.elsewhere.extend(Some((record, line)).filter(|_| remark.values.iter().all(known)));
            return;
        }
        self.read += 1;
        let number = remark.get("at").and_then(|at| at.parse::<usize>().ok()).filter(|n| *n > 0);
        // What is about a line that is not there is about the last before it.
        let about = number.map(|number| self.line_of(self.record(number).min(record.saturating_sub(1))));
        if about.is_some() || remark.word == "mark" {
            self.elsewhere.push((record, about.unwrap_or(line)));
        }
        let off = remark.get("off").is_some();
        let text = remark.bare(0);
        match (remark.word.as_str(), about) {
            ("note", Some(about)) if off => self.take_off(about, text),
            ("note", Some(about)) => self.about.entry(about).or_default().push(text.unwrap_or_default().to_owned()),
            ("note", None) => _ = self.alone.insert(record, (text.unwrap_or_default().to_owned(), line)),
            // One without a number stands behind the line that it is about.
            ("mark", about) if off => _ = self.marks.remove(&about.unwrap_or(line)),
            ("mark", about) => _ = self.marks.insert(about.unwrap_or(line)),
            _ => {}
        }
    }

    /// Takes off the last note of this text that is about a record, or all without one.
    fn take_off(&mut self, about: usize, text: Option<&str>) {
        let says = |note: &String| text.is_none_or(|text| note == text);
        if let Some(notes) = self.about.get_mut(&about) {
            let last = notes.iter().rposition(says);
            match (last, text) {
                (Some(last), Some(_)) => {
                    notes.remove(last);
                    return;
                }
                _ => notes.retain(|note| !says(note)),
            }
        }
        if let Some((_, line)) = self.alone.get(&about).filter(|(note, _)| says(note)).cloned() {
            self.alone.remove(&about);
            let place = self.elsewhere.partition_point(|(other, _)| *other < about);
            self.elsewhere.insert(place, (about, line));
        }
    }

    /// The line that a record is about, where it only says something about one; or else the record.
    pub(super) fn line_of(&self, record: usize) -> usize {
        let place = self.elsewhere.binary_search_by_key(&record, |(record, _)| *record);
        place.map_or(record, |place| self.elsewhere[place].1)
    }

    /// The note at a record that was written last, and the line that it is about: the one below it, or the record itself.
    pub(super) fn last_of(&self, record: usize) -> Option<(&str, usize)> {
        let below = self.about.get(&record).and_then(|notes| notes.last()).map(|note| (note.as_str(), record));
        below.or_else(|| self.alone.get(&record).map(|(note, line)| (note.as_str(), *line)))
    }

    /// Which line of the conversation a record is, not counting what was said about others: a file that is saved anew has
    /// the same lines in the same order.
    pub(super) fn nth_line(&self, record: usize) -> usize {
        let said = self.elsewhere.partition_point(|(other, _)| *other < record) + self.alone.range(..record).count();
        self.number(record) - said
    }

    /// The number by which a file names a record.
    pub(super) fn number(&self, record: usize) -> usize {
        record + 1 - self.untimed.partition_point(|untimed| *untimed < record)
    }

    /// Whether a record is no line of the conversation, but says something about one.
    pub(super) fn is_said(&self, record: usize) -> bool {
        self.is_elsewhere(record) || self.alone.contains_key(&record)
    }

    /// The record that a file names by a number, from 1.
    pub(super) fn record(&self, number: usize) -> usize {
        // Before the n-th untimed record there are as many timed ones as its index less n.
        let (mut low, mut high) = (0, self.untimed.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.untimed[middle] - middle < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        number - 1 + low
    }

    /// Whether a record says only what is shown elsewhere.
    pub(super) fn is_elsewhere(&self, record: usize) -> bool {
        self.elsewhere.binary_search_by_key(&record, |(record, _)| *record).is_ok()
    }

    /// How many records from this one on say only what is shown elsewhere.
    pub(super) fn elsewhere_from(&self, record: usize) -> usize {
        self.elsewhere.len() - self.elsewhere.partition_point(|(other, _)| *other < record)
    }

    /// What was noted about a record.
    pub(super) fn of(&self, record: usize) -> &[String] {
        self.about.get(&record).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_marked(&self, record: usize) -> bool {
        self.marks.contains(&record)
    }

    /// The next bookmark after a record, starting over at the first.
    pub(super) fn mark_after(&self, record: Option<usize>) -> Option<usize> {
        let next = record.and_then(|record| self.marks.range(record + 1..).next());
        next.or(self.marks.first()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Notes {
        let document = crate::conversation::file::read(text.as_bytes()).expect("a file");
        let mut notes = Notes::default();
        notes.extend(&document.log);
        notes
    }

    #[test]
    fn a_bookmark_that_was_folded_in_is_on_the_line_before_it() {
        let notes = notes(
            "+++\nehlo = 1\n+++\n0.000000 > NOOP\n0.000000 * note \"odd\"\n0.000000 * mark\n0.100000 < 250 ok\n\
             0.100000 * mark\n9.000000 * mark at=4 off=yes\n",
        );
        assert!(notes.is_marked(0) && !notes.is_marked(2) && !notes.is_marked(3));
    }

    #[test]
    fn numbers_count_the_recorded_lines_alone() {
        let notes = notes(
            "+++\nehlo = 1\n+++\n# a comment\n0.000000 > NOOP\n# and one more\n\n0.100000 < 250 ok\n0.200000 > QUIT\n\
             9.000000 * note at=2 \"slow\"\n9.000000 * mark at=1\n9.000000 * mark at=3\n9.000000 * mark at=3 off=yes\n",
        );
        assert_eq!(notes.of(4), ["slow"]);
        assert!(notes.is_marked(1) && !notes.is_marked(5));
        assert_eq!((notes.number(1), notes.number(4), notes.number(5)), (1, 2, 3));
        assert_eq!((notes.mark_after(None), notes.mark_after(Some(1))), (Some(1), Some(1)));
    }

    #[test]
    fn a_note_is_changed_and_taken_off_where_it_is_shown() {
        let text = "+++\nehlo = 1\n+++\n0.0 > NOOP\n0.0 * note old\n0.1 < 250 ok\n9.0 * note at=3 one\n\
                    9.0 * note at=3 two\n";
        let first = notes(text);
        assert_eq!((first.last_of(1), first.last_of(2)), (Some(("old", 0)), Some(("two", 2))));
        assert_eq!((first.nth_line(0), first.nth_line(2)), (1, 2));
        let more = format!("{text}9.1 * note at=3 off=yes two\n9.1 * note at=2 off=yes old\n9.1 * note at=1 new\n");
        let changed = notes(&more);
        assert_eq!((changed.of(0), changed.of(2)), (&["new".to_owned()][..], &["one".to_owned()][..]));
        assert!(changed.is_elsewhere(1) && changed.last_of(1).is_none());
        assert_eq!(changed.nth_line(2), 2);
    }

    #[test]
    fn what_is_said_of_a_bookmark_is_said_of_its_line() {
        let notes = notes("+++\nehlo = 1\n+++\n0.0 > NOOP\n0.0 * mark\n0.1 < 250 ok\n9.0 * note at=2 seen\n");
        assert_eq!(notes.of(0), ["seen"]);
    }
}
