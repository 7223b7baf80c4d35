//! Alignment: which exchange of one conversation stands beside which of another, and how the two differ.
//!
//! A real alignment, so that a line that only one of them has does not shift the rest. It is symmetric, and a
//! conversation beside itself has no difference.

use std::collections::{HashMap, HashSet};

mod anew;
mod difference;
mod side;

pub use anew::Anew;
pub use difference::{Alike, Difference, Found};
pub use side::{ContentLine, Handshake, Side};

/// Cells of the table that is filled; larger gaps are divided at what both have once.
const CELLS: usize = 4_000_000;

/// What stands beside what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pair {
    /// One of each.
    Both(usize, usize),
    /// Only the left has it.
    Left(usize),
    /// Only the right has it.
    Right(usize),
}

impl Pair {
    fn mirrored(self) -> Self {
        match self {
            Self::Both(a, b) => Self::Both(b, a),
            Self::Left(a) => Self::Right(a),
            Self::Right(b) => Self::Left(b),
        }
    }

    /// The same behind so many of either.
    fn behind(self, left: usize, right: usize) -> Self {
        match self {
            Self::Both(a, b) => Self::Both(a + left, b + right),
            Self::Left(a) => Self::Left(a + left),
            Self::Right(b) => Self::Right(b + right),
        }
    }
}

/// What an item is, as far as alignment is concerned: items of different `kind` never stand beside each other, items
/// of the same text cost nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The verb or kind.
    pub kind: String,
    /// The whole line.
    pub text: String,
}

/// Aligns two lists. The same for `(b, a)`, mirrored.
#[must_use]
pub fn align(left: &[Item], right: &[Item]) -> Vec<Pair> {
    // One order for both directions makes ties fall the same way.
    if left > right {
        return align(right, left).into_iter().map(Pair::mirrored).collect();
    }
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let tail = left[head..].iter().rev().zip(right[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[head..left.len() - tail], &right[head..right.len() - tail]);
    let mut pairs: Vec<Pair> = (0..head).map(|n| Pair::Both(n, n)).collect();
    let middle = if a.len().saturating_mul(b.len()) <= CELLS { table(a, b) } else { divided(a, b) };
    pairs.extend(middle.into_iter().map(|pair| pair.behind(head, head)));
    pairs.extend((0..tail).map(|n| Pair::Both(left.len() - tail + n, right.len() - tail + n)));
    pairs
}

/// The items of two conversations. What is about a recipient whom both name, a RCPT or (LMTP) a verdict, stands beside the
/// same of the other and beside nothing else; recipients whom only one of them names are paired by their place.
#[must_use]
pub fn items(left: &[Side], right: &[Side]) -> (Vec<Item>, Vec<Item>) {
    let whom = |side: &Side| Some(format!("{} {}", side.kind, side.recipient.as_ref()?.to_ascii_lowercase()));
    let of = |sides: &[Side]| -> HashSet<String> { sides.iter().filter_map(whom).collect() };
    let both: HashSet<String> = of(left).intersection(&of(right)).cloned().collect();
    let item = |side: &Side| {
        let kind = whom(side).filter(|whom| both.contains(whom)).unwrap_or_else(|| side.kind.clone());
        Item { kind, text: side.line.clone() }
    };
    (left.iter().map(item).collect(), right.iter().map(item).collect())
}

/// What it costs that one stands alone.
const GAP: u64 = 2 << 32;
/// That two of other texts stand beside each other: less than two gaps, and of what costs the same as much stands beside its
/// equal as can.
const OTHER: u64 = (3 << 32) + 1;

fn cost(a: &Item, b: &Item) -> Option<u64> {
    (a.kind == b.kind).then_some(if a.text == b.text { 0 } else { OTHER })
}

/// Least cost over all alignments (Needleman and Wunsch).
fn table(left: &[Item], right: &[Item]) -> Vec<Pair> {
    let width = right.len() + 1;
    let mut costs = vec![0u64; (left.len() + 1) * width];
    for (i, item) in (0..=left.len()).rev().zip(std::iter::once(None).chain(left.iter().rev().map(Some))) {
        for j in (0..=right.len()).rev() {
            let at = i * width + j;
            costs[at] = match (item, right.get(j)) {
                (None, None) => 0,
                (Some(_), None) => costs[at + width] + GAP,
                (None, Some(_)) => costs[at + 1] + GAP,
                (Some(x), Some(y)) => {
                    let gaps = costs[at + width].min(costs[at + 1]) + GAP;
                    cost(x, y).map_or(gaps, |here| gaps.min(costs[at + width + 1] + here))
                }
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    while i < left.len() || j < right.len() {
        let at = i * width + j;
        let both = match (left.get(i), right.get(j)) {
            (Some(x), Some(y)) => cost(x, y).is_some_and(|here| costs[at] == costs[at + width + 1] + here),
            _ => false,
        };
        if both {
            pairs.push(Pair::Both(i, j));
            (i, j) = (i + 1, j + 1);
        } else if i < left.len() && costs[at] == costs[at + width] + GAP {
            pairs.push(Pair::Left(i));
            i += 1;
        } else {
            pairs.push(Pair::Right(j));
            j += 1;
        }
    }
    pairs
}

/// For gaps too large for a table: divided at the items that each of the two has once, as many of them as are in the same
/// order; where there is none, paired in order.
fn divided(a: &[Item], b: &[Item]) -> Vec<Pair> {
    let anchors = anchors(a, b);
    if anchors.is_empty() {
        return in_order(a, b);
    }
    let mut pairs = Vec::with_capacity(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    for (x, y) in anchors.into_iter().chain([(a.len(), b.len())]) {
        pairs.extend(align(&a[i..x], &b[j..y]).into_iter().map(|pair| pair.behind(i, j)));
        pairs.extend((x < a.len()).then_some(Pair::Both(x, y)));
        (i, j) = (x + 1, y + 1);
    }
    pairs
}

/// The places of the items that each of the two has once: the longest row of them that rises in both.
fn anchors(a: &[Item], b: &[Item]) -> Vec<(usize, usize)> {
    let (left, right) = (once(a), once(b));
    let mut both: Vec<_> = left.into_iter().filter_map(|(item, x)| Some((x, *right.get(item)?))).collect();
    both.sort_unstable();
    // The last of the best row of each length, and what stands before each in its row.
    let (mut lasts, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::with_capacity(both.len()));
    for (n, (_, y)) in both.iter().enumerate() {
        let length = lasts.partition_point(|last| both[*last].1 < *y);
        before.push(length.checked_sub(1).map(|shorter| lasts[shorter]));
        match lasts.get_mut(length) {
            Some(last) => *last = n,
            None => lasts.push(n),
        }
    }
    let mut row: Vec<_> = std::iter::successors(lasts.last().copied(), |n| before[*n]).map(|n| both[n]).collect();
    row.reverse();
    row
}

/// What stands once, with its place.
fn once(items: &[Item]) -> HashMap<&Item, usize> {
    let mut places: HashMap<&Item, Option<usize>> = HashMap::new();
    for (n, item) in items.iter().enumerate() {
        places.entry(item).and_modify(|place| *place = None).or_insert(Some(n));
    }
    places.into_iter().filter_map(|(item, place)| Some((item, place?))).collect()
}

/// Where nothing else tells: beside each other as long as the kinds are the same.
fn in_order(a: &[Item], b: &[Item]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(a.len().max(b.len()));
    for n in 0..a.len().max(b.len()) {
        match (a.get(n), b.get(n)) {
            (Some(x), Some(y)) if x.kind == y.kind => pairs.push(Pair::Both(n, n)),
            (x, y) => {
                pairs.extend(x.map(|_| Pair::Left(n)));
                pairs.extend(y.map(|_| Pair::Right(n)));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests;
