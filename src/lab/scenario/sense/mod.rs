//! What of a scenario can't be meant, although each of its values can be read: with its place and the cure.

mod rule;
mod server;
#[cfg(test)]
mod tests;

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::mistakes::Mistake;
use super::{Allowed, Scenario};

/// A step on the way to a value.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Key(&'static str),
    Index(usize),
}

/// The way to a value of a scenario.
pub(crate) type Place = Vec<Step>;

/// The way to a key of one of a list of tables; without a key to the table itself, which says nothing by what it has.
pub(crate) fn nth(list: &'static str, n: usize, key: &'static str) -> Place {
    vec![Step::Key(list), Step::Index(n), Step::Key(key)]
}

/// Whether it is the way to a table of a list.
fn is_whole(place: &[Step]) -> bool {
    matches!(place, [_, Step::Index(_), Step::Key("")])
}

/// What is looked at.
struct Look<'a> {
    /// The scenario by itself.
    own: &'a Scenario,
    /// What it builds on.
    base: Option<&'a Scenario>,
    /// From where it was read.
    tree: &'a DeTable<'a>,
    text: &'a str,
    found: Vec<Mistake>,
}

impl<'a> Look<'a> {
    /// Something that a scenario may also mean.
    fn soft(&mut self, place: &[Step], what: String) {
        self.found.push(Mistake { hollow: is_whole(place), ..Mistake::odd(at(self.tree, place), what) });
    }

    /// Something with which no lab starts.
    fn hard(&mut self, place: &[Step], what: String) {
        self.found.push(Mistake { hollow: is_whole(place), ..Mistake::hard(at(self.tree, place), what) });
    }

    /// Something that is a mistake unless it is allowed.
    fn unless(&mut self, allowed: Allowed, place: &[Step], what: &str) {
        if !self.own.allow.contains(&allowed) {
            let word = allowed.word();
            self.soft(
                place,
                format!("{what}; where that is meant, allow = [\"{word}\"] stands at the top of the file"),
            );
        }
    }

    /// Something in a line of the text, from 1.
    fn in_line(&mut self, line: usize, what: String) {
        let before = line.checked_sub(2).and_then(|n| self.text.match_indices('\n').nth(n));
        self.found.push(Mistake::odd(before.map_or(0, |(at, _)| at + 1), what));
    }

    /// Whether the text itself says this.
    fn says(&self, section: &str, key: &str) -> bool {
        self.tree.get(section).and_then(|value| value.get_ref().as_table()).is_some_and(|table| table.contains_key(key))
    }

    /// The scenario that says this: its own text, or what it builds on.
    fn teller(&self, section: &str, key: &str) -> &'a Scenario {
        self.base.filter(|_| !self.says(section, key)).unwrap_or(self.own)
    }

    /// All scenarios that count, its own first.
    fn all(&self) -> impl Iterator<Item = &'a Scenario> + use<'a> {
        std::iter::once(self.own).chain(self.base)
    }
}

/// Looks at a scenario that could be read; `beside` is the folder of its file.
pub(super) fn sense(
    own: &Scenario,
    base: Option<&Scenario>,
    (tree, text): (&DeTable<'_>, &str),
    beside: &Path,
) -> Vec<Mistake> {
    let mut look = Look { own, base, tree, text, found: Vec::new() };
    server::look(&mut look, beside);
    rule::look(&mut look);
    look.found
}

/// Where a value stands, or what of the way to it there is: octets from the start of the text.
pub(crate) fn at(tree: &DeTable<'_>, place: &[Step]) -> usize {
    let mut best = 0;
    let mut here: Option<&DeValue<'_>> = None;
    for step in place {
        let next = match (step, here) {
            (Step::Key(key), None) => tree.get(*key),
            (Step::Key(key), Some(DeValue::Table(table))) => table.get(*key),
            (Step::Index(n), Some(DeValue::Array(list))) => list.get(*n),
            _ => None,
        };
        let Some(next) = next else { break };
        best = next.span().start;
        here = Some(next.get_ref());
    }
    best
}
