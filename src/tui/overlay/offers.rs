//! What can be taken instead of being typed, in rows below a line: narrowed as one types, marked by Up and Down.

use crossterm::event::KeyCode;

/// Offers that are shown at once.
pub(super) const ROWS: usize = 8;

/// The offers, and which of them is marked.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers {
    /// What goes to the line, and words beside it.
    all: Vec<(String, String)>,
    /// What was typed: only those are shown that hold each word of it.
    typed: String,
    marked: Option<usize>,
}

impl Offers {
    /// These, none marked.
    pub(super) fn of(all: Vec<(String, String)>) -> Self {
        Self { all, ..Self::default() }
    }

    /// Those that hold what was typed.
    pub(super) fn shown(&self) -> Vec<&(String, String)> {
        let typed = self.typed.to_lowercase();
        let holds = |offer: &&(String, String)| {
            let words = format!("{}\n{}", offer.0, offer.1).to_lowercase();
            typed.split_whitespace().all(|word| words.contains(word))
        };
        self.all.iter().filter(holds).collect()
    }

    /// Something else was typed.
    pub(super) fn narrow(&mut self, typed: &str) {
        if self.typed != typed {
            typed.clone_into(&mut self.typed);
            self.marked = None;
        }
    }

    /// Up and Down mark one, and give it; nothing for any other key, or where nothing is offered.
    pub(super) fn key(&mut self, key: KeyCode) -> Option<String> {
        let last = self.shown().len().checked_sub(1)?;
        match key {
            KeyCode::Up => self.mark(self.marked.map_or(last, |n| n.saturating_sub(1))),
            KeyCode::Down => self.mark(self.marked.map_or(0, |n| (n + 1).min(last))),
            _ => None,
        }
    }

    /// Marks one of those that are shown, and gives it.
    pub(super) fn mark(&mut self, n: usize) -> Option<String> {
        let offer = self.shown().get(n).map(|offer| offer.0.clone())?;
        self.marked = Some(n);
        Some(offer)
    }

    /// The one that is marked; while something is typed and nothing is, the first.
    pub(super) fn best(&self) -> Option<usize> {
        self.marked.or((!self.typed.trim().is_empty() && !self.shown().is_empty()).then_some(0))
    }

    /// The marked one.
    pub(super) fn marked(&self) -> Option<usize> {
        self.marked
    }

    /// The row of a click, as the number of an offer.
    pub(super) fn at(&self, row: usize) -> Option<usize> {
        let n = self.from() + row;
        (row < ROWS && n < self.shown().len()).then_some(n)
    }

    /// The first that is in sight.
    pub(super) fn from(&self) -> usize {
        self.marked.map_or(0, |n| (n + 1).saturating_sub(ROWS))
    }

    /// How many rows they take at most, whatever is typed.
    pub(super) fn rows(&self) -> u16 {
        u16::try_from(self.all.len().min(ROWS)).unwrap_or(0)
    }
}
