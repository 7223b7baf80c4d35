//! Reading: search, filter, bookmarks, folds, going to a place.

use crate::conversation::{Kind, Micros};
use crate::smtp::Verb;
use crate::tui::talk::{Source, Talk};

use super::sift::{Filter, Search};
use super::{Place, Transcript};

impl Transcript {
    /// The record that an action on a line is about: the marked one, or the last that is shown and is not itself what
    /// was said about one.
    #[must_use]
    pub fn line(&self, talk: &Talk) -> Option<usize> {
        let last = || {
            let end = self.rows_of(talk)?.end().record;
            Some((0..=end).rev().find(|record| !self.notes.is_elsewhere(*record)).unwrap_or(end))
        };
        self.cursor.or_else(last)
    }

    /// The number by which a file names a record.
    #[must_use]
    pub fn number(&self, record: usize) -> usize {
        self.notes.number(record)
    }

    /// The record that a file names by a number, from 1.
    #[must_use]
    pub fn record(&self, number: usize) -> usize {
        self.notes.record(number.max(1))
    }

    /// Where one is in a file that is read anew: the line that is marked, not counting what was said about others.
    #[must_use]
    pub fn nth_line(&self) -> Option<usize> {
        self.cursor.map(|record| self.notes.nth_line(self.notes.line_of(record)))
    }

    /// Goes to that line, where it is there.
    pub fn show_nth_line(&mut self, nth: usize, talk: &Talk) {
        let is_line = |record: &usize| self.notes.nth_line(*record) == nth && !self.notes.is_said(*record);
        if let Some(record) = (0..talk.log.len()).find(is_line) {
            self.show(record, talk);
        }
    }

    /// The note at a record that was written last, and the line that it is about.
    #[must_use]
    pub fn note(&self, record: usize) -> Option<(&str, usize)> {
        self.notes.last_of(record)
    }

    /// Whether a record has a bookmark.
    #[must_use]
    pub fn is_bookmarked(&self, record: usize) -> bool {
        self.notes.is_marked(record)
    }

    /// Goes to a record: it is marked, and unfolded where it was folded away.
    pub fn show(&mut self, record: usize, talk: &Talk) {
        let folded = self.rows_of(talk).is_some_and(|rows| rows.folded(record).is_some());
        if let Some(run) = self.landmarks.run(record).filter(|_| folded) {
            self.turn(run.from);
        }
        let seen = self.sees(record, talk);
        self.mark(record, talk);
        // What was out of sight is shown with what follows it.
        if let Some(rows) = self.rows_of(talk).filter(|_| !seen) {
            self.top = rows.up(rows.settled(Place::first_of(record)), usize::from(self.size.height) / 3);
            self.settle(talk);
        }
    }

    /// Looks for a text, from the marked record or the top of the view on; an empty one ends the search.
    ///
    /// # Errors
    /// What is wrong with the expression; the search is as before.
    pub fn search(&mut self, text: &str, from: usize, talk: &Talk) -> Result<(), String> {
        self.search = if text.is_empty() { None } else { Some(Search::new(text, from)?) };
        self.sift(talk);
        Ok(())
    }

    /// Where a search would begin.
    #[must_use]
    pub fn origin(&self) -> usize {
        self.cursor.unwrap_or(self.top.record)
    }

    /// Goes to the next place that was found, or the one before it; gives what is to be said of it.
    pub fn next_found(&mut self, forward: bool, talk: &Talk) -> Option<String> {
        let Some(search) = &self.search else {
            return Some("Nothing is searched for; / begins.".to_owned());
        };
        let from = self.origin();
        match search.next(from, forward) {
            Some(to) => {
                let over = if forward { to <= from } else { to >= from };
                let words = if forward { "From the beginning again." } else { "From the end again." };
                self.show(to, talk);
                over.then(|| words.to_owned())
            }
            None => Some(format!("“{}” is not in this conversation.", shown(&search.text))),
        }
    }

    /// Shows only what fits; an empty text shows all again.
    ///
    /// # Errors
    /// What is wrong with an expression in it; the filter is as before.
    pub fn filter(&mut self, text: &str, talk: &Talk) -> Result<(), String> {
        let filter = if text.trim().is_empty() { None } else { Some(Filter::new(text)?) };
        match (&self.filter, &filter) {
            (None, Some(_)) => self.followed = !self.held,
            (Some(_), None) => self.follow_again(),
            _ => {}
        }
        self.filter = filter;
        self.sift(talk);
        if let Some(cursor) = self.cursor {
            self.mark(cursor, talk);
        } else {
            self.settle(talk);
        }
        Ok(())
    }

    /// Where the filter leaves the marked record out, the next that it shows is marked instead.
    pub fn mark_shown(&mut self, talk: &Talk) {
        let (Some(filter), Some(cursor)) = (&self.filter, self.cursor) else { return };
        let shown = &filter.shown.records;
        let next = shown.get(filter.shown.before(cursor)).or(shown.last()).copied();
        if let Some(next) = next.filter(|next| *next != cursor) {
            self.mark(next, talk);
        }
    }

    /// The texts of the search and of the filter, as they were typed.
    #[must_use]
    pub fn narrowing(&self) -> (Option<&str>, Option<&str>) {
        (self.search.as_ref().map(|it| it.text.as_str()), self.filter.as_ref().map(|it| it.text.as_str()))
    }

    /// Whether something is searched for or left out.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.search.is_some() || self.filter.is_some()
    }

    /// Shows all again: takes the filter away, or else the search.
    pub fn widen(&mut self, talk: &Talk) {
        if self.filter.take().is_some() {
            self.follow_again();
        } else {
            self.search = None;
        }
        if let Some(cursor) = self.cursor {
            self.show(cursor, talk);
        }
        self.settle(talk);
    }

    /// The filter goes: a view that followed the end before does so again, unless a line was marked meanwhile.
    fn follow_again(&mut self) {
        if self.followed && self.cursor.is_none() {
            self.release();
        }
    }

    /// Whether search or filter have not looked at everything yet.
    #[must_use]
    pub fn is_sifting(&self, talk: &Talk) -> bool {
        self.search.as_ref().is_some_and(|search| !search.is_done(talk))
            || self.filter.as_ref().is_some_and(|filter| !filter.is_done(talk))
    }

    /// Has search and filter look at one more piece of the conversation.
    pub fn sift(&mut self, talk: &Talk) {
        if let Some(filter) = &mut self.filter {
            filter.piece(talk, &self.notes);
        }
        if let Some(to) = self.search.as_mut().and_then(|search| search.piece(talk, &self.notes)) {
            self.show(to, talk);
        }
    }

    /// Takes in what the log has beyond what was seen.
    pub(super) fn follow(&mut self, talk: &Talk) {
        let (noted, seen) = (self.notes.read, self.unsettled);
        self.notes.extend(&talk.log);
        let open = talk.dialogue.state().pending().next();
        let open = open.and_then(|pending| talk.dialogue.exchanges().get(pending.tag as usize));
        let log = talk.log.len();
        self.unsettled = open.map_or(log, |exchange| exchange.start().min(log));
        if let Some(search) = self.search.as_mut().filter(|_| noted != self.notes.read) {
            search.again(talk, &self.notes);
        }
        let Some(filter) = &mut self.filter else { return };
        if noted != self.notes.read {
            filter.again_from(0);
            filter.piece(talk, &self.notes);
        } else if talk.source == Source::Live && seen < log {
            filter.again_from(seen);
            filter.piece(talk, &self.notes);
        }
    }

    /// What is searched for and left out, for the title of the frame; empty where nothing is.
    pub(super) fn narrowed(&self, talk: &Talk) -> String {
        let filter = self.filter.as_ref().map(|filter| filter.status(talk));
        let search = self.search.as_ref().map(|search| {
            let text =
                if search.text.starts_with('/') { shown(&search.text) } else { format!("/{}", shown(&search.text)) };
            format!("{text} · {}", search.status(self.cursor, talk))
        });
        filter.into_iter().chain(search).collect::<Vec<_>>().join(" ─ ")
    }

    /// Goes to the next bookmark; false where there is none.
    pub fn next_bookmark(&mut self, talk: &Talk) -> bool {
        let Some(to) = self.notes.mark_after(self.cursor) else { return false };
        self.show(to, talk);
        true
    }

    /// Goes to the first line at or after a time, to the next command of a verb, or to a line by its number; false
    /// where there is no such place.
    pub fn jump(&mut self, to: &str, talk: &Talk) -> bool {
        let Some(record) = self.place_named(to.trim(), talk) else { return false };
        self.show(record, talk);
        true
    }

    /// Why there is no place of this name; `is_played`: what is there is the beginning of a longer conversation.
    #[must_use]
    pub fn nowhere(&self, to: &str, talk: &Talk, is_played: bool) -> String {
        let to: String = crate::smtp::escape::for_screen(to.as_bytes()).chars().take(20).collect();
        let last = talk.log.len().saturating_sub(1);
        if to.starts_with('#') {
            return format!("no line {to}: the last is #{}", self.number(last));
        }
        let end = talk.log.since(0).filter_map(|(_, entry)| entry.at).last().unwrap_or_default();
        let end = std::time::Duration::from_micros(end.0).as_secs_f64();
        match time(&to) {
            Some(_) if is_played => format!("nothing after {to} so far: it has been played up to {end:.3}"),
            Some(_) => format!("nothing after {to}: it ends at {end:.3}"),
            None => format!("no `{to}`: a verb, #36, 12.5 or 1:30"),
        }
    }

    fn place_named(&self, to: &str, talk: &Talk) -> Option<usize> {
        if let Some(number) = to.strip_prefix('#') {
            let number: usize = number.parse().ok()?;
            return (0..talk.log.len()).find(|record| self.number(*record) == number);
        }
        if let Some(at) = time(to) {
            return talk.log.since(0).find(|(_, entry)| entry.at.is_some_and(|t| t >= at)).map(|(record, _)| record);
        }
        let verb = Verb::from_word(to);
        let from = self.cursor.map_or(0, |cursor| cursor + 1);
        let fits = |record: &usize| {
            let entry = talk.log.get(*record).filter(|entry| entry.kind == Kind::Sent);
            entry.is_some_and(|entry| {
                let word = entry.bytes.split(|b| *b == b' ').next().unwrap_or_default();
                word.eq_ignore_ascii_case(to.as_bytes())
                    || verb != Verb::Other && Verb::from_word(&String::from_utf8_lossy(word)) == verb
            })
        };
        (from..talk.log.len()).chain(0..from).find(fits)
    }

    /// Shows all runs whole, or folds all.
    pub(super) fn fold_all(&mut self, talk: &Talk) {
        self.all_open = !self.all_open;
        self.unfolded.clear();
        if let Some(cursor) = self.cursor {
            let settled = self.rows_of(talk).map(|rows| rows.settled(Place::first_of(cursor)).record);
            self.cursor = settled;
        }
        self.settle(talk);
    }

    /// Folds a run that is shown whole, or the other way round.
    pub(super) fn turn(&mut self, run: usize) {
        if !self.unfolded.remove(&run) {
            self.unfolded.insert(run);
        }
    }
}

fn shown(text: &str) -> String {
    crate::smtp::escape::for_screen(text.as_bytes())
}

/// `12`, `12.5`, `1:30`, `1:02:03`: seconds from the start.
fn time(text: &str) -> Option<Micros> {
    let mut all = 0_f64;
    for part in text.split(':') {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return None;
        }
        all = all * 60.0 + part.parse::<f64>().ok()?;
    }
    std::time::Duration::try_from_secs_f64(all).ok().map(Micros::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_one_writes_it() {
        for (text, want) in [("12", 12_000_000), ("1.5", 1_500_000), ("1:30", 90_000_000), ("1:00:01", 3_601_000_000)] {
            assert_eq!(time(text), Some(Micros(want)), "{text}");
        }
        assert_eq!((time("RCPT"), time(""), time("1:")), (None, None, None));
    }
}
