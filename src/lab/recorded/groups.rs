//! Answers in groups: the same thing said again in the same place is in the same group.

use std::collections::BTreeSet;

/// Conditions that tell places apart in which the same was said; a rule with one stands before those without.
const PLACES: [&str; 3] = ["phase", "tls", "authenticated"];

/// When a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) on: String,
    /// Conditions with their values, as TOML.
    pub(super) conditions: Vec<(&'static str, String)>,
}

impl Key {
    pub(super) fn new(on: &str) -> Self {
        Self { on: on.to_owned(), conditions: Vec::new() }
    }

    pub(super) fn with(mut self, condition: &'static str, value: String) -> Self {
        self.conditions.push((condition, value));
        self
    }

    fn value(&self, condition: &str) -> Option<&str> {
        self.conditions.iter().find(|(name, _)| *name == condition).map(|(_, value)| value.as_str())
    }
}

/// What the server did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Answer {
    /// The lines of its reply; none where it said nothing.
    pub(super) lines: Vec<String>,
    /// Its octets, where they are no lines of text that end in CR LF.
    pub(super) octets: Option<Vec<u8>>,
    /// It closed then.
    pub(super) closes: bool,
    /// Milliseconds that it took, where that is kept.
    pub(super) delay: Option<u64>,
    /// What the lab's log is to say of it.
    pub(super) note: Option<&'static str>,
}

impl Answer {
    pub(super) fn code(&self) -> Option<&str> {
        self.lines.last()?.get(..3)
    }

    pub(super) fn starts(&self, digit: char) -> bool {
        self.lines.last().is_some_and(|line| line.starts_with(digit))
    }
}

/// One thing that was said, and what was answered to it, in order.
pub(super) type Group = (Key, Vec<Answer>);

/// Groups, in the order in which each thing was first said.
#[derive(Debug, Default)]
pub(super) struct Groups {
    particular: Vec<Group>,
    /// Less particular ones, for what was said with another argument.
    general: Vec<Group>,
}

impl Groups {
    pub(super) fn add(&mut self, key: Key, answer: Answer) {
        into(&mut self.particular, key, answer);
    }

    pub(super) fn add_general(&mut self, key: Key, answer: Answer) {
        into(&mut self.general, key, answer);
    }

    /// Whether all that was said with this verb was said under a condition, and some was.
    pub(super) fn all_under(&self, on: &str, condition: &str) -> bool {
        let mut said = self.particular.iter().filter(|(key, _)| key.on == on).peekable();
        said.peek().is_some() && said.all(|(key, _)| key.value(condition) == Some("true"))
    }

    /// The verbs with those of their conditions that tell something apart.
    pub(super) fn telling(&self) -> BTreeSet<(String, &'static str)> {
        let mut telling = BTreeSet::new();
        for (key, _) in &self.particular {
            for (condition, value) in &key.conditions {
                let otherwise =
                    |(other, _): &Group| other.on == key.on && other.value(condition) != Some(value.as_str());
                if !PLACES.contains(condition) || *condition == "phase" || self.particular.iter().any(otherwise) {
                    telling.insert((key.on.clone(), *condition));
                }
            }
        }
        telling
    }

    /// All groups, what is more particular first, each with those conditions alone that tell something apart.
    pub(super) fn settled(self, telling: &BTreeSet<(String, &'static str)>) -> Vec<Group> {
        let clear = |list: Vec<Group>| {
            let mut cleared = Vec::new();
            for (mut key, answers) in list {
                let on = key.on.clone();
                key.conditions.retain(|(condition, _)| {
                    !PLACES.contains(condition) || telling.contains(&(on.clone(), *condition))
                });
                for answer in answers {
                    into(&mut cleared, key.clone(), answer);
                }
            }
            cleared
        };
        let mut groups = clear(self.particular);
        groups.sort_by_key(|(key, _)| {
            std::cmp::Reverse(key.conditions.iter().filter(|(condition, _)| PLACES.contains(condition)).count())
        });
        groups.extend(clear(self.general));
        groups
    }
}

fn into(groups: &mut Vec<Group>, key: Key, answer: Answer) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, list)) => list.push(answer),
        None => groups.push((key, vec![answer])),
    }
}
