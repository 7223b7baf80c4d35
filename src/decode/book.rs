//! What is written about replies: the tables of `assets/replies/`, read by pure loaders (text in, values or errors out).
//!
//! A file may hold any of the kinds below, so that somebody who adds a server's texts touches one file only.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use super::entry::{CategoryEntry, CodeEntry, DigitEntry, EnhancedEntry, ReplyEntry, ScopeEntry, SoftwareEntry};
use super::sieve::{self, Sieve};
use super::words::{self, Words};
use super::{ACTIONS, Asked, CATEGORIES, Context, KnowledgeError};

/// A file of decode data.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// Files with a higher rank are asked first; a user's file comes before all of ours whatever its rank.
    rank: i32,
    /// What `{name}` stands for in the patterns of all files.
    words: Words,
    #[serde(rename = "digit")]
    digits: Vec<DigitEntry>,
    #[serde(rename = "category")]
    categories: Vec<CategoryEntry>,
    #[serde(rename = "code")]
    codes: Vec<CodeEntry>,
    #[serde(rename = "answer")]
    answers: Vec<AnswerEntry>,
    #[serde(rename = "enhanced")]
    enhanced: Vec<EnhancedEntry>,
    #[serde(rename = "scope")]
    scopes: Vec<ScopeEntry>,
    #[serde(rename = "software")]
    software: Vec<SoftwareEntry>,
    #[serde(rename = "reply")]
    replies: Vec<ReplyEntry>,
}

/// What answers a command where it is not refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerEntry {
    /// What is answered: verbs, or `connect`, `end-of-data`, `auth-answer`, `unasked`.
    to: Vec<String>,
    /// The codes.
    pub(super) codes: Vec<u16>,
    /// Where that is written.
    pub(super) reference: String,
}

/// Where a text of decode data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Compiled in.
    Shipped,
    /// The user's own; asked first.
    Own,
}

/// All tables together, in the order in which they are asked.
#[derive(Debug, Default)]
pub struct Book {
    digits: HashMap<String, String>,
    categories: HashMap<String, CategoryEntry>,
    codes: BTreeMap<u16, CodeEntry>,
    answers: Vec<AnswerEntry>,
    enhanced: Vec<EnhancedEntry>,
    scopes: Vec<ScopeEntry>,
    software: Vec<SoftwareEntry>,
    replies: Vec<ReplyEntry>,
    reply_sieve: OnceLock<Sieve>,
    software_sieve: OnceLock<Sieve>,
}

impl Book {
    /// Reads files: name, text and origin of each. What is wrong is told, and what is right is taken all the same.
    pub(super) fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str, Origin)>) -> (Self, Vec<KnowledgeError>) {
        let mut errors = Vec::new();
        let files: Vec<_> = files.into_iter().collect();
        let mut read = Vec::new();
        for ((name, text, origin), file) in files.iter().copied().zip(parsed(&files)) {
            let file = file.ok().or_else(|| without_faults(name, text, &mut errors));
            read.extend(file.map(|file| (origin, file.rank, name, text, file)));
        }
        read.sort_by_key(|(origin, rank, name, ..)| (*origin != Origin::Own, -*rank, (*name).to_owned()));
        // The user's own words come first, and so hold.
        let mut words = Words::new();
        for (word, meant) in read.iter_mut().flat_map(|(.., file)| std::mem::take(&mut file.words)) {
            words.entry(word).or_insert(meant);
        }
        let mut book = Self::default();
        for (origin, _, name, text, mut file) in read {
            file.fill_in(&words, name, text, &mut errors);
            file.keep_what_holds(name, text, origin, &mut errors);
            book.take(file, name, origin == Origin::Own);
        }
        (book, errors)
    }

    /// Reads one file by itself, as a user may write it. What is wrong is told, and what is right is taken all the same.
    #[must_use]
    pub fn of_text(name: &str, text: &str) -> (Self, Vec<KnowledgeError>) {
        Self::read([(name, text, Origin::Own)])
    }

    fn take(&mut self, file: File, name: &str, own: bool) {
        let stem = name.rsplit('/').next().and_then(|last| last.strip_suffix(".toml")).unwrap_or(name);
        let source = if own { name } else { stem };
        for entry in file.digits {
            self.digits.entry(entry.digits).or_insert(entry.meaning);
        }
        for entry in file.categories {
            self.categories.entry(entry.name.clone()).or_insert(entry);
        }
        for entry in file.codes {
            self.codes.entry(entry.code).or_insert(entry);
        }
        self.answers.extend(file.answers);
        self.enhanced.extend(file.enhanced);
        self.scopes.extend(file.scopes);
        self.software.extend(file.software);
        self.replies.extend(file.replies.into_iter().map(|mut entry| {
            source.clone_into(&mut entry.file);
            entry.own = own;
            entry.rank = file.rank;
            entry
        }));
    }

    /// The words for a digit pattern such as `5`, `x5x` or `x.7.x`.
    #[must_use]
    pub fn digit(&self, digits: &str) -> Option<&str> {
        self.digits.get(digits).map(String::as_str)
    }

    /// What is said of a category as a whole.
    #[must_use]
    pub fn category(&self, name: &str) -> Option<&CategoryEntry> {
        self.categories.get(name)
    }

    /// The entry of a reply code.
    #[must_use]
    pub fn code(&self, number: u16) -> Option<&CodeEntry> {
        self.codes.get(&number)
    }

    /// What answers this where it is not refused; none where any code may.
    pub(super) fn answer(&self, asked: Asked) -> Option<&AnswerEntry> {
        self.answers.iter().find(|answer| answer.to.iter().any(|name| name.eq_ignore_ascii_case(asked.name())))
    }

    /// All reply codes known, in order.
    pub fn codes(&self) -> impl Iterator<Item = &CodeEntry> {
        self.codes.values()
    }

    /// All enhanced status codes known.
    #[must_use]
    pub fn enhanced_codes(&self) -> &[EnhancedEntry] {
        &self.enhanced
    }

    /// Whether a reference of a code belongs to a reply of this category at this moment; most belong to all.
    pub(super) fn belongs(&self, reference: &str, context: &Context, category: &str) -> bool {
        let mut scopes = self.scopes.iter().filter(|scope| scope.covers(reference)).peekable();
        scopes.peek().is_none() || scopes.any(|scope| scope.holds(context, category))
    }

    /// The entry of an enhanced status code: that of a vendor who was recognised, the surest first; the registry's; that of
    /// a vendor where the registry has none.
    #[must_use]
    pub fn enhanced(&self, code: crate::smtp::EnhancedCode, software: &[&str]) -> Option<&EnhancedEntry> {
        let fitting = || self.enhanced.iter().filter(|entry| entry.covers(code));
        let of = |name: &&str| {
            fitting().find(|entry| entry.software.as_deref().is_some_and(|of| of == *name || kin(of, name)))
        };
        software
            .iter()
            .find_map(of)
            .or_else(|| fitting().find(|entry| entry.software.is_none()))
            .or_else(|| fitting().next())
    }

    /// All recognised texts, in the order in which they are asked.
    #[must_use]
    pub fn replies(&self) -> &[ReplyEntry] {
        &self.replies
    }

    /// Of the recognised texts that `may` be meant, those whose patterns match a [normalised](super::normalise) text, in
    /// the order of asking.
    pub fn matching<'a, 't, F: Fn(&ReplyEntry) -> bool>(
        &'a self,
        text: &'t str,
        may: F,
    ) -> impl Iterator<Item = &'a ReplyEntry> + use<'a, 't, F> {
        let patterns = || self.replies.iter().map(|entry| entry.pattern.get_ref().as_str());
        let sieve = self.reply_sieve.get_or_init(|| Sieve::new(patterns()));
        sieve.matches(text, move |index| may(&self.replies[index])).map(move |index| &self.replies[index])
    }

    /// The software or provider that a [normalised](super::normalise) text shows, such as a greeting.
    #[must_use]
    pub fn software(&self, text: &str) -> Option<&str> {
        self.software_seen(text).map(|(name, _)| name)
    }

    /// The software or provider, and the words that show it.
    #[must_use]
    pub fn software_seen<'t>(&self, text: &'t str) -> Option<(&str, &'t str)> {
        let patterns = || self.software.iter().map(|entry| entry.pattern.get_ref().as_str());
        let sieve = self.software_sieve.get_or_init(|| Sieve::new(patterns()));
        let index = sieve.matches(text, |_| true).next()?;
        Some((self.software[index].name.as_str(), sieve.words(index, text).unwrap_or_default().trim()))
    }
}

impl File {
    /// Puts the words that patterns name into them; an entry that names a word which is not there is taken out and told.
    fn fill_in(&mut self, words: &Words, name: &str, text: &str, errors: &mut Vec<KnowledgeError>) {
        self.replies.retain_mut(|entry| match words::fill(entry.pattern.get_ref(), words) {
            Ok(std::borrow::Cow::Borrowed(_)) => true,
            Ok(std::borrow::Cow::Owned(filled)) => {
                *entry.pattern.get_mut() = filled;
                true
            }
            Err(message) => {
                let line = line_of(text, entry.pattern.span().start);
                errors.push(KnowledgeError { file: name.to_owned(), line, message });
                false
            }
        });
    }

    /// Takes out entries that can't work, with a word about each.
    fn keep_what_holds(&mut self, name: &str, text: &str, origin: Origin, errors: &mut Vec<KnowledgeError>) {
        let mut complain = |at: usize, message: String| {
            errors.push(KnowledgeError { file: name.to_owned(), line: line_of(text, at), message });
        };
        self.replies.retain(|entry| {
            let at = entry.pattern.span().start;
            let problem = sieve::problem(entry.pattern.get_ref(), origin)
                .or_else(|| category_problem(&entry.category))
                .or_else(|| entry.next.iter().flatten().find_map(super::entry::StepEntry::problem))
                .or_else(|| entry.condition_problem())
                .or_else(|| entry.examples.is_empty().then(|| "an entry needs at least one example".to_owned()));
            problem.map(|message| complain(at, message)).is_none()
        });
        self.software.retain(|entry| {
            let problem = sieve::problem(entry.pattern.get_ref(), origin);
            problem.map(|message| complain(entry.pattern.span().start, message)).is_none()
        });
        self.codes.retain(|entry| {
            let problem = category_problem(&entry.category).or_else(|| entry.problem());
            problem.map(|message| complain(0, format!("code {}: {message}", entry.code))).is_none()
        });
        self.answers.retain(|entry| {
            let unknown = entry.to.iter().find(|name| Asked::from_name(name).is_none());
            let problem = unknown.map(|name| format!("an answer to {name:?}, which nobody says"));
            problem.map(|message| complain(0, message)).is_none()
        });
        self.enhanced.retain(|entry| {
            let problem = category_problem(&entry.category).or_else(|| entry.problem());
            problem.map(|message| complain(0, format!("enhanced code {}: {message}", entry.code))).is_none()
        });
        self.categories.retain(|entry| {
            let problem =
                category_problem(&entry.name).or_else(|| entry.next.iter().find_map(super::entry::StepEntry::problem));
            problem.map(|message| complain(0, format!("category {}: {message}", entry.name))).is_none()
        });
    }
}

/// Software of one maker, which sends the same codes of its own.
const HOUSES: [&[&str]; 1] = [&["Exchange", "Exchange Online", "Outlook.com"]];

fn kin(one: &str, other: &str) -> bool {
    HOUSES.iter().any(|house| house.contains(&one) && house.contains(&other))
}

/// The files, some at a time: everybody who asks for one reply waits for all of them.
fn parsed(files: &[(&str, &str, Origin)]) -> Vec<Result<File, toml::de::Error>> {
    // More than there are processors would each keep memory of its own for nothing.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
    let all: usize = files.iter().map(|(_, text, _)| text.len()).sum();
    // Where the share of each thread begins, by octets: files differ much in length.
    let mut shares = vec![Vec::new(); threads];
    let mut before = 0;
    for (_, text, _) in files {
        shares[(before * threads / all.max(1)).min(threads - 1)].push(*text);
        before += text.len();
    }
    std::thread::scope(|scope| {
        let read = |texts: Vec<&str>| texts.into_iter().map(toml::from_str::<File>).collect::<Vec<_>>();
        // One share is read here, for the same reason.
        let here = shares.pop().unwrap_or_default();
        let shares: Vec<_> = shares.into_iter().map(|texts| scope.spawn(move || read(texts))).collect();
        let here = read(here);
        shares.into_iter().flat_map(|share| share.join().expect("nothing in it panics")).chain(here).collect()
    })
}

/// Entries of a file that are left out, at most: what has more faults is no file of replies.
const FAULTS: usize = 50;

/// A file without the entries that can't be read, each of which is told.
fn without_faults(name: &str, text: &str, errors: &mut Vec<KnowledgeError>) -> Option<File> {
    let mut octets = text.as_bytes().to_vec();
    for _ in 0..FAULTS {
        let rest = std::str::from_utf8(&octets).ok()?;
        let error = match toml::from_str::<File>(rest) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let at = error.span().map_or(0, |span| span.start).min(rest.len());
        errors.push(KnowledgeError {
            file: name.to_owned(),
            line: line_of(rest, at),
            message: in_short(error.message()),
        });
        let begins = |at: usize| rest[at..].starts_with("[[");
        let starts = || std::iter::once(0).chain(memchr::memchr_iter(b'\n', rest.as_bytes()).map(|at| at + 1));
        let start = starts().take_while(|start| *start <= at).filter(|start| begins(*start)).last()?;
        let end = starts().find(|start| *start > at && begins(*start)).unwrap_or(rest.len());
        // Lines and places stay what they were.
        octets[start..end].iter_mut().filter(|octet| **octet != b'\n').for_each(|octet| *octet = b' ');
    }
    None
}

/// Of a name that is not known, the one that is meant rather than all there are.
fn in_short(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let nearest = message.starts_with("unknown field").then(|| {
        let unknown = names.next()?;
        crate::smtp::nearest(unknown, names, |own, _| own.div_ceil(3)).map(|meant| (unknown, meant))
    });
    match nearest.flatten() {
        Some((unknown, meant)) => format!("unknown field `{unknown}`; is `{meant}` meant?"),
        None => message.to_owned(),
    }
}

fn category_problem(category: &str) -> Option<String> {
    (!CATEGORIES.contains(&category))
        .then(|| format!("unknown category {category:?}; the categories are: {}", CATEGORIES.join(", ")))
}

/// Whether an action of this name may be proposed.
pub(super) fn is_action(name: &str) -> bool {
    ACTIONS.contains(&name)
}

/// The line of an offset, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..offset.min(text.len())]).count()
}
