//! Which of many secrets may stand in a text: told by their first and their last octets, so that a text takes a time that
//! grows with its own length, however many are known. Kept of them are sums under a key of this run's alone.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// Secrets up to which all are looked for in every text.
const FEW: usize = 32;
/// Octets at either end that are compared: of those that are shorter than the second, the first.
const ENDS: [usize; 2] = [4, 8];

/// What is known of the ends of secrets. A text and a secret are in small letters.
#[derive(Debug, Default)]
pub(super) struct Index {
    key: RandomState,
    count: usize,
    whole: HashMap<u64, Vec<usize>>,
    ends: [Ends; 2],
    /// By their first octets, as many as have to be there at a text's end for one to have begun.
    begun: HashMap<u64, Vec<usize>>,
    /// Those that are shorter than any end.
    short: Vec<usize>,
}

#[derive(Debug, Default)]
struct Ends {
    first: HashSet<u64>,
    last: HashSet<u64>,
    both: HashMap<(u64, u64), Vec<usize>>,
}

impl Index {
    /// A further secret, by its number.
    pub(super) fn add(&mut self, number: usize, secret: &[u8]) {
        self.count += 1;
        self.whole.entry(self.key.hash_one(secret)).or_default().push(number);
        let Some(kind) = ENDS.iter().rposition(|length| secret.len() >= *length) else {
            self.short.push(number);
            return;
        };
        let length = ENDS[kind];
        let ends = &mut self.ends[kind];
        let (first, last) = (self.key.hash_one(&secret[..length]), self.key.hash_one(&secret[secret.len() - length..]));
        ends.first.insert(first);
        ends.last.insert(last);
        ends.both.entry((first, last)).or_default().push(number);
        let beginning = &secret[..if secret.len() > 4 { 3 } else { 2 }];
        self.begun.entry(self.key.hash_one(beginning)).or_default().push(number);
    }

    /// The numbers of those that are this, but for the case of their letters.
    pub(super) fn same(&self, secret: &[u8]) -> &[usize] {
        self.whole.get(&self.key.hash_one(secret)).map_or(&[], Vec::as_slice)
    }

    /// Those that are too short to be found by their ends.
    pub(super) fn short(&self) -> &[usize] {
        &self.short
    }

    /// The numbers of those that may stand in a text, or begin at its end where it is open; none where they are so few that
    /// all are to be looked for.
    pub(super) fn among(&self, text: &[u8], open: bool) -> Option<Vec<usize>> {
        if self.count <= FEW {
            return None;
        }
        let mut out = self.short.clone();
        for (ends, length) in self.ends.iter().zip(ENDS) {
            let (mut first, mut last) = (HashSet::new(), HashSet::new());
            for window in text.windows(length).filter(|_| !ends.first.is_empty()) {
                let sum = self.key.hash_one(window);
                first.extend(ends.first.get(&sum));
                last.extend(ends.last.get(&sum));
            }
            let pairs = first.iter().flat_map(|first| last.iter().map(move |last| (*first, *last)));
            out.extend(pairs.filter_map(|pair| ends.both.get(&pair)).flatten());
        }
        for length in [2, 3].into_iter().filter(|_| open) {
            let sums = text.windows(length).map(|window| self.key.hash_one(window));
            out.extend(sums.filter_map(|sum| self.begun.get(&sum)).flatten());
        }
        out.sort_unstable();
        out.dedup();
        Some(out)
    }
}
