//! All that is wrong with a text at once: what one mistake hides is looked at too.
//!
//! The reader stops at the first thing that it can't read. Here that is noted, taken out of the tree, and the tree is read
//! again; what is left at the end is a scenario without its mistakes, which can be looked at for what makes no sense.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::Draw;
use super::error::{explain, nearest};

/// What mends a text in which a key is missing.
pub(crate) type Cure = fn(&str) -> &'static str;

/// Mistakes of one text that are told; who has made more has written something else.
const MOST: usize = 200;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where: octets from the start of the text.
    pub(crate) at: usize,
    /// What, and what would be right.
    pub(crate) what: String,
    /// A lab does not start with it.
    pub(crate) hard: bool,
    /// The key that is missing, where that is what is wrong.
    pub(crate) missing: Option<String>,
    /// A whole table says nothing by what it has.
    pub(crate) hollow: bool,
}

impl Mistake {
    pub(crate) fn hard(at: usize, what: String) -> Self {
        Self { at, what, hard: true, missing: None, hollow: false }
    }

    /// It does not keep a lab from starting.
    pub(crate) fn odd(at: usize, what: String) -> Self {
        Self { hard: false, ..Self::hard(at, what) }
    }

    /// Where it stands among others: what is missing at the top has no line of its own, and comes last.
    pub(crate) fn order(&self) -> (bool, usize) {
        (self.at == 0 && self.missing.is_some(), self.at)
    }
}

/// What is wrong with how a text is written: one a line, since one that is broken makes others; and nothing below a text of
/// several lines that is never closed, from where on text and keys have changed places.
pub(crate) fn syntax(text: &str, cure: Cure) -> Vec<Mistake> {
    let mut lines = BTreeSet::new();
    let (_, errors) = DeTable::parse_recoverable(text);
    let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let open = unclosed(text).filter(|_| !errors.is_empty());
    let mistakes = errors.iter().map(|error| Mistake::hard(at(error), explain(error.message(), cure)));
    let mistakes = mistakes.filter(|mistake| open.as_ref().is_none_or(|open| mistake.at < open.at)).chain(open.clone());
    mistakes.filter(|mistake| lines.insert(text.get(..mistake.at).unwrap_or_default().matches('\n').count())).collect()
}

/// Where a text of several lines begins that is not closed: an odd one of its quotation marks opens the last of them, or
/// what should open the next one has closed it.
fn unclosed(text: &str) -> Option<Mistake> {
    let opens = |at: usize| text[..at].trim_end_matches([' ', '\t']).ends_with('=');
    ["'''", "\"\"\""].into_iter().find_map(|marks| {
        let places: Vec<usize> = text.match_indices(marks).map(|(at, _)| at).collect();
        let mut pairs = places.chunks(2).filter(|_| places.len() % 2 == 1);
        let open = pairs.find(|pair| opens(pair[0]) && pair.get(1).is_none_or(|end| opens(*end)))?;
        let what = format!("the text that begins here is not closed: {marks} has to stand after its last line");
        Some(Mistake::hard(open[0], what))
    })
}

/// What a text with its mistakes taken out gives.
pub(crate) struct Without<'t, T> {
    /// The value, where anything is left of it.
    pub(crate) value: Option<T>,
    /// From what it was read.
    pub(crate) tree: DeTable<'t>,
    /// What was taken out.
    pub(crate) mistakes: Vec<Mistake>,
    /// The places of the tables that lack something now.
    pub(crate) maimed: BTreeSet<usize>,
}

/// How the texts of a kind are read.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// What stands for a key that is not there, wherever it is missing.
    pub(crate) stands_in: fn(&str) -> Option<&'static str>,
    pub(crate) cure: Cure,
}

/// A text that is TOML, read with its mistakes taken out.
pub(crate) fn read<T: DeserializeOwned>(text: &str, manner: Manner) -> Without<'_, T> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut reading = Reading { tree: root.into_inner(), taken: BTreeSet::new(), mistakes: Vec::new() };
    for _ in 0..MOST {
        let tree = Spanned::new(0..0, reading.tree.clone());
        match T::deserialize(toml::de::Deserializer::from(tree)) {
            Ok(value) => return reading.done(Some(value)),
            Err(error) => {
                if !reading.without(&error, manner) {
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
    fn without(&mut self, error: &toml::de::Error, manner: Manner) -> bool {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        let named = message.split('`').nth(1).unwrap_or_default();
        let mut mistake = Mistake::hard(span.start, explain(message, manner.cure));
        if message.starts_with("missing field") {
            mistake.missing = Some(named.to_owned());
            if !self.taken.contains(&(span.start, named.to_owned())) {
                self.mistakes.push(mistake);
            }
            let stands_in = (manner.stands_in)(named).and_then(|text| DeValue::parse(text).ok());
            let lacks = |value: &Spanned<DeValue<'_>>| value.span() == span && value.get_ref().is_table();
            if let Some(value) = &stands_in
                && put(&mut self.tree, &lacks, named, value)
            {
                return true;
            }
            let taken =
                table(&mut self.tree, &mut |key, value| (key.is_none() && lacks(value)).then_some(Change::Take));
            if taken.is_some() {
                return true;
            }
            let Some(value) = stands_in else { return false };
            return self.tree.insert(Spanned::new(0..0, named.to_owned().into()), value).is_none();
        }
        // A table that lacks what was taken out of it already is wrong for nothing else.
        let maimed = !span.is_empty() && self.taken.iter().any(|(place, _)| *place == span.start);
        if !maimed || message.starts_with("unknown field") {
            self.mistakes.push(mistake);
        }
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

/// Puts a value into the table that lacks it; false where there is none, or where it is the whole.
fn put<'t>(
    tree: &mut DeTable<'t>,
    lacks: &dyn Fn(&Spanned<DeValue<'_>>) -> bool,
    key: &str,
    with: &Spanned<DeValue<'t>>,
) -> bool {
    tree.iter_mut().any(|(_, value)| put_below(value, lacks, key, with))
}

fn put_below<'t>(
    value: &mut Spanned<DeValue<'t>>,
    lacks: &dyn Fn(&Spanned<DeValue<'_>>) -> bool,
    key: &str,
    with: &Spanned<DeValue<'t>>,
) -> bool {
    let here = lacks(value);
    match value.get_mut() {
        DeValue::Table(table) if here && !table.contains_key(key) => {
            table.insert(Spanned::new(0..0, key.to_owned().into()), with.clone());
            true
        }
        DeValue::Table(table) => put(table, lacks, key, with),
        DeValue::Array(list) => list.iter_mut().any(|item| put_below(item, lacks, key, with)),
        _ => false,
    }
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

/// A text with what was drawn filled in, and the names in it that nothing was drawn for.
pub(crate) fn filled(draw: &Draw, text: &str) -> (String, Vec<Mistake>) {
    let (mut text, mut unfilled) = (text.to_owned(), Vec::new());
    loop {
        match draw.fill(&text) {
            Ok(filled) => return (filled, unfilled),
            Err(wrong) => {
                unfilled.push(Mistake::hard(wrong.at, wrong.what));
                // Out of the way, so that the next one is found.
                text.replace_range(wrong.at..wrong.at + 2, "__");
            }
        }
    }
}

/// Gives mistakes of a text that was filled their places in the one from which it was: a value that was filled in has moved
/// what stands behind it, but not its line.
pub(crate) fn put_back(mistakes: &mut [Mistake], filled: &str, text: &str) {
    for mistake in mistakes {
        mistake.at = moved(filled, mistake.at, text);
    }
}

/// A place of a text as one of the text from which it was filled: the same line, and the same column where there is one.
fn moved(filled: &str, at: usize, text: &str) -> usize {
    let before = filled.get(..at).unwrap_or_default();
    let column = at - before.rfind('\n').map_or(0, |end| end + 1);
    let start = match before.matches('\n').count() {
        0 => 0,
        n => text.match_indices('\n').nth(n - 1).map_or(0, |(end, _)| end + 1),
    };
    let length = text.get(start..).and_then(|rest| rest.find('\n').or(Some(rest.len()))).unwrap_or_default();
    let mut at = start + column.min(length);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
