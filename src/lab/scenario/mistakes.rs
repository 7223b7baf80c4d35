//! All that is wrong with a text at once: what one mistake hides is looked at too.
//!
//! The reader stops at the first thing that it can't read. Here that is noted, taken out of the tree, and the tree is read
//! again; what is left at the end is a scenario without its mistakes, which can be looked at for what makes no sense.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::error::{explain, nearest};

/// Mistakes of one text that are told; who has made more has written something else.
const MOST: usize = 200;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Where: octets from the start of the text.
    pub(super) at: usize,
    /// What, and what would be right.
    pub(super) what: String,
    /// A lab does not start with it.
    pub(super) hard: bool,
}

impl Mistake {
    pub(super) fn hard(at: usize, what: String) -> Self {
        Self { at, what, hard: true }
    }
}

/// What is wrong with how a text is written: one a line, since one that is broken makes others.
pub(super) fn syntax(text: &str) -> Vec<Mistake> {
    let mut lines = BTreeSet::new();
    let (_, errors) = DeTable::parse_recoverable(text);
    let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let mistakes = errors.iter().map(|error| Mistake::hard(at(error), explain(error.message())));
    mistakes.filter(|mistake| lines.insert(text.get(..mistake.at).unwrap_or_default().matches('\n').count())).collect()
}

/// What a text with its mistakes taken out gives.
pub(super) struct Without<'t, T> {
    /// The value, where anything is left of it.
    pub(super) value: Option<T>,
    /// From what it was read.
    pub(super) tree: DeTable<'t>,
    /// What was taken out.
    pub(super) mistakes: Vec<Mistake>,
    /// The places of the tables that lack something now.
    pub(super) maimed: BTreeSet<usize>,
}

/// A text that is TOML, read with its mistakes taken out. `missing` gives what stands for a key of the top that is not there.
pub(super) fn read<'t, T: DeserializeOwned>(
    text: &'t str,
    missing: &dyn Fn(&str) -> Option<&'static str>,
) -> Without<'t, T> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut reading = Reading { tree: root.into_inner(), taken: BTreeSet::new(), mistakes: Vec::new() };
    for _ in 0..MOST {
        let tree = Spanned::new(0..0, reading.tree.clone());
        match T::deserialize(toml::de::Deserializer::from(tree)) {
            Ok(value) => return reading.done(Some(value)),
            Err(error) => {
                if !reading.without(&error, missing) {
                    break;
                }
            }
        }
    }
    reading.done(None)
}

struct Reading<'t> {
    tree: DeTable<'t>,
    /// Keys that were taken out because of their values, each with the place of its table: they are not missing.
    taken: BTreeSet<(usize, String)>,
    mistakes: Vec<Mistake>,
}

impl<'t> Reading<'t> {
    fn done<T>(self, value: Option<T>) -> Without<'t, T> {
        let maimed = self.taken.into_iter().map(|(place, _)| place).collect();
        Without { value, tree: self.tree, mistakes: self.mistakes, maimed }
    }

    /// Notes what could not be read, and takes it out; false where that is not possible.
    fn without(&mut self, error: &toml::de::Error, missing: &dyn Fn(&str) -> Option<&'static str>) -> bool {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        let named = message.split('`').nth(1).unwrap_or_default();
        let mistake = Mistake::hard(span.start, explain(message));
        if message.starts_with("missing field") {
            if !self.taken.contains(&(span.start, named.to_owned())) {
                self.mistakes.push(mistake);
            }
            if table(&mut self.tree, &mut |key, value| {
                let is = key.is_none() && value.span() == span && value.get_ref().is_table();
                if is { Some(Change::Take) } else { None }
            })
            .is_some()
            {
                return true;
            }
            let Some(value) = missing(named).and_then(|text| DeValue::parse(text).ok()) else { return false };
            return self.tree.insert(Spanned::new(0..0, named.to_owned().into()), value).is_none();
        }
        self.mistakes.push(mistake);
        if message.starts_with("unknown field") {
            let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
            // What was meant is read as that: its value may be wrong as well.
            let meant = nearest(named, &known).map(str::to_owned);
            let taken = table(&mut self.tree, &mut |key, _| {
                (key.map(Spanned::span) == Some(span.clone())).then(|| Change::Rename(meant.clone()))
            });
            let done = taken.is_some();
            self.taken.extend(taken.flatten());
            return done;
        }
        let taken = table(&mut self.tree, &mut |_, value| (value.span() == span).then_some(Change::Take))
            .or_else(|| table(&mut self.tree, &mut |_, value| holds(&value.span(), &span).then_some(Change::Take)));
        let done = taken.is_some();
        self.taken.extend(taken.flatten());
        done
    }
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && !outer.is_empty()
}

/// What becomes of an entry.
enum Change {
    Take,
    /// It is taken out, and put in again under another name where nothing has it.
    Rename(Option<String>),
}

/// Whether an entry of a table, or of a list, which has no key, is meant.
type Meant<'a> =
    &'a mut dyn FnMut(Option<&Spanned<std::borrow::Cow<'_, str>>>, &Spanned<DeValue<'_>>) -> Option<Change>;

/// What was changed: the place of its table and its key, where it has one.
type Changed = Option<(usize, String)>;

/// Changes the innermost entry that is meant; gives the place of its table and its key, where it has one.
fn table(tree: &mut DeTable<'_>, meant: Meant<'_>) -> Option<Changed> {
    inside(tree, 0, meant)
}

fn inside(tree: &mut DeTable<'_>, place: usize, meant: Meant<'_>) -> Option<Changed> {
    for (_, value) in tree.iter_mut() {
        if let Some(done) = below(value, meant) {
            return Some(done);
        }
    }
    let (name, change) =
        tree.iter().find_map(|(key, value)| Some((key.get_ref().to_string(), meant(Some(key), value)?)))?;
    let (key, value) = tree.remove_entry(name.as_str())?;
    if let Change::Rename(Some(other)) = change
        && !tree.contains_key(other.as_str())
    {
        tree.insert(Spanned::new(key.span(), other.into()), value);
    }
    Some(Some((place, name)))
}

fn below(value: &mut Spanned<DeValue<'_>>, meant: Meant<'_>) -> Option<Changed> {
    let place = value.span().start;
    match value.get_mut() {
        DeValue::Table(table) => inside(table, place, meant),
        DeValue::Array(list) => {
            for item in list.iter_mut() {
                if let Some(done) = below(item, meant) {
                    return Some(done);
                }
            }
            let at = list.iter().position(|item| meant(None, item).is_some())?;
            let rest = std::mem::replace(list, DeArray::new());
            for (n, item) in rest.into_iter().enumerate() {
                if n != at {
                    list.push(item);
                }
            }
            Some(None)
        }
        _ => None,
    }
}
