//! One line of text with a cursor, edited by grapheme as readline does it.
//!
//! Not here: keys, drawing, anything of SMTP.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

/// A line and where the cursor stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    /// Octets before the cursor; always at the border of a grapheme.
    cursor: usize,
    /// A field that is filled in: what is typed takes its place.
    selected: Option<Range<usize>>,
    /// What was cut last, for Ctrl-Y.
    cut: String,
}

/// Where to move or up to where to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The start of the line.
    Start,
    /// The end of the line.
    End,
    /// One grapheme back.
    Back,
    /// One grapheme on.
    On,
    /// The start of the word before: letters and digits.
    WordBack,
    /// The end of the word after.
    WordOn,
    /// The white space before, as Ctrl-W has it.
    SpaceBack,
}

impl Line {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Octets before the cursor.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Another text, with the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
        self.selected = None;
    }

    /// The field that is selected.
    pub(super) fn selected(&self) -> Option<&Range<usize>> {
        self.selected.as_ref()
    }

    /// Selects a field (its octets, at the borders of graphemes), with the cursor at its end. An empty one has only the
    /// cursor.
    pub(super) fn select(&mut self, field: Range<usize>) {
        self.cursor = field.end.min(self.text.len());
        self.selected = (!field.is_empty()).then_some(field);
    }

    /// Puts a text in the place of these octets, with the cursor behind it.
    pub(super) fn replace(&mut self, place: Range<usize>, text: &str) {
        self.selected = None;
        self.cursor = place.start + text.len();
        self.text.replace_range(place, text);
        self.settle();
    }

    pub(super) fn insert(&mut self, text: &str) {
        if let Some(field) = self.selected.take() {
            return self.replace(field, text);
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        self.settle();
    }

    pub(super) fn go(&mut self, reach: Reach) {
        self.selected = None;
        self.cursor = self.find(reach);
    }

    /// Takes out what lies between the cursor and there.
    pub(super) fn delete(&mut self, reach: Reach) {
        let range = self.range(reach);
        self.cursor = range.start;
        self.text.replace_range(range, "");
        self.settle();
    }

    /// The same, and keeps it for [`Self::yank`].
    pub(super) fn cut(&mut self, reach: Reach) {
        let range = self.range(reach);
        if !range.is_empty() {
            self.text[range].clone_into(&mut self.cut);
            self.delete(reach);
        }
    }

    /// Inserts what was cut last.
    pub(super) fn yank(&mut self) {
        let cut = std::mem::take(&mut self.cut);
        self.insert(&cut);
        self.cut = cut;
    }

    fn range(&mut self, reach: Reach) -> Range<usize> {
        if let Some(field) = self.selected.take() {
            return field;
        }
        let there = self.find(reach);
        self.cursor.min(there)..self.cursor.max(there)
    }

    /// After a change two graphemes may have become one: a cursor inside goes to its end.
    fn settle(&mut self) {
        self.cursor = self.border_after(self.cursor);
    }

    /// This place, or the end of the grapheme that it lies in.
    fn border_after(&self, at: usize) -> usize {
        let mut border = GraphemeCursor::new(at, self.text.len(), true);
        match border.is_boundary(&self.text, 0) {
            Ok(false) => border.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
            _ => at,
        }
    }

    /// This place, or the start of the grapheme that it lies in.
    fn border_before(&self, at: usize) -> usize {
        let mut border = GraphemeCursor::new(at, self.text.len(), true);
        match border.is_boundary(&self.text, 0) {
            Ok(false) => border.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0),
            _ => at,
        }
    }

    fn find(&self, reach: Reach) -> usize {
        let (before, after) = self.text.split_at(self.cursor);
        let is_word = |c: char| c.is_alphanumeric();
        match reach {
            Reach::Start => 0,
            Reach::End => self.text.len(),
            Reach::Back => before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            Reach::On => self.cursor + after.graphemes(true).next().map_or(0, str::len),
            Reach::WordBack => self.border_before(start_of_run(before, is_word)),
            Reach::SpaceBack => self.border_before(start_of_run(before, |c| !c.is_whitespace())),
            Reach::WordOn => self.border_after(self.cursor + end_of_word(after)),
        }
    }
}

/// Octets up to the end of the first word of a text: letters and digits, with what stands before them.
pub(super) fn end_of_word(text: &str) -> usize {
    let word = text.find(char::is_alphanumeric).unwrap_or(text.len());
    text[word..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |end| word + end)
}

/// Where the last run of such characters begins.
fn start_of_run(text: &str, is_in: impl Fn(char) -> bool + Copy) -> usize {
    let trimmed = text.trim_end_matches(|c| !is_in(c));
    trimmed.trim_end_matches(is_in).len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line of this text with the cursor where `|` stands.
    fn line(text: &str) -> Line {
        let (before, after) = text.split_once('|').unwrap();
        let mut line = Line::default();
        line.set(&format!("{before}{after}"));
        line.cursor = before.len();
        line
    }

    fn shown(line: &Line) -> String {
        let (before, after) = line.text.split_at(line.cursor);
        format!("{before}|{after}")
    }

    #[test]
    fn the_cursor_moves_by_grapheme_and_word() {
        for (from, reach, to) in [
            ("ab|c", Reach::Start, "|abc"),
            ("ab|c", Reach::End, "abc|"),
            ("ae\u{301}|", Reach::Back, "a|e\u{301}"),
            ("|日本", Reach::On, "日|本"),
            ("|", Reach::Back, "|"),
            ("a|", Reach::On, "a|"),
            ("RCPT TO:<a@b.example>|", Reach::WordBack, "RCPT TO:<a@b.|example>"),
            ("RCPT TO:<a@|", Reach::WordBack, "RCPT TO:<|a@"),
            ("RCPT| TO:<a", Reach::WordOn, "RCPT TO|:<a"),
            ("RCPT TO:<a|", Reach::WordOn, "RCPT TO:<a|"),
        ] {
            let mut it = line(from);
            it.go(reach);
            assert_eq!(shown(&it), to, "{from} {reach:?}");
        }
    }

    #[test]
    fn a_word_that_begins_within_a_grapheme_begins_with_it() {
        let mut it = line("|\u{1e000}");
        it.insert("🇩");
        it.go(Reach::WordBack);
        assert_eq!(it.cursor(), 0);
    }

    #[test]
    fn what_is_cut_comes_back_with_yank() {
        for (from, reach, to, back) in [
            ("MAIL FROM:<a> SIZE=1|", Reach::SpaceBack, "MAIL FROM:<a> |", "MAIL FROM:<a> SIZE=1|"),
            ("MAIL |FROM", Reach::End, "MAIL |", "MAIL FROM|"),
            ("MAIL |FROM", Reach::Start, "|FROM", "MAIL |FROM"),
            ("a @|b", Reach::WordBack, "|b", "a @|b"),
        ] {
            let mut it = line(from);
            it.cut(reach);
            assert_eq!(shown(&it), to, "{from}");
            it.yank();
            assert_eq!(shown(&it), back, "{from}");
        }
    }

    #[test]
    fn a_cut_of_nothing_forgets_nothing() {
        let mut it = line("ab|");
        it.cut(Reach::Start);
        it.cut(Reach::End);
        it.yank();
        assert_eq!(shown(&it), "ab|");
    }

    #[test]
    fn one_backspace_takes_one_grapheme() {
        for text in ["👨‍👩‍👧", "e\u{301}", "🇩🇪", "日"] {
            let mut it = Line::default();
            it.set(text);
            it.delete(Reach::Back);
            assert_eq!(it.text(), "", "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_between_graphemes(
            text in "(\\PC|\u{301}|\u{200d}|👩|🇩){0,12}",
            moves in proptest::collection::vec(0..8usize, 0..24),
        ) {
            const REACHES: [Reach; 7] = [Reach::Start, Reach::End, Reach::Back, Reach::On, Reach::WordBack,
                Reach::WordOn, Reach::SpaceBack];
            let mut it = Line::default();
            it.set(&text);
            for step in moves {
                match REACHES.get(step) {
                    Some(Reach::WordOn) => it.cut(Reach::WordOn),
                    Some(reach) => it.go(*reach),
                    None => it.insert("🇩"),
                }
                let borders: Vec<_> = it.text.grapheme_indices(true).map(|(at, _)| at).chain([it.text.len()]).collect();
                prop_assert!(borders.contains(&it.cursor));
            }
        }
    }
}
