//! Replacements in one text, by where they stand in it: each octet is replaced once, and nothing that was put in is looked
//! at again.

use std::ops::Range;

/// What stands where, and what is put in its place.
#[derive(Debug)]
pub(super) struct Spans<'a> {
    text: &'a [u8],
    all: Vec<(Range<usize>, Vec<u8>)>,
    taken: Vec<bool>,
}

impl<'a> Spans<'a> {
    /// None yet.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, all: Vec::new(), taken: vec![false; text.len()] }
    }

    /// Whether nothing of this part is replaced so far.
    pub(super) fn is_free(&self, range: &Range<usize>) -> bool {
        self.taken.get(range.clone()).is_some_and(|taken| !taken.contains(&true))
    }

    /// Replaces a part, where nothing of it is replaced yet. What is put in may be what stood there: it stays then.
    pub(super) fn put(&mut self, range: Range<usize>, new: impl Into<Vec<u8>>) {
        if !range.is_empty() && self.is_free(&range) {
            self.taken[range.clone()].fill(true);
            self.all.push((range, new.into()));
        }
    }

    /// The text with everything replaced.
    pub(super) fn splice(mut self) -> Vec<u8> {
        self.all.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in self.all {
            out.extend_from_slice(&self.text[at..range.start]);
            out.extend(new);
            at = range.end;
        }
        out.extend_from_slice(&self.text[at..]);
        out
    }
}
