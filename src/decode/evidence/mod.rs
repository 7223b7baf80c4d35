//! What the words of a refusal speak for when they are weighed together: the last resort of understanding, asked where no
//! wording was recognised, or only one of the general ones.
//!
//! `assets/evidence.tsv` has a weight for each word, pair of words and code, for and against categories. It is learned from
//! the corpus of replies and the examples of all entries by a test (CONTRIBUTING says how); nothing is learned while ehlo
//! runs.

mod concepts;
#[cfg(test)]
pub(super) mod phrases;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::LazyLock;

use crate::assets;
use crate::smtp::{EnhancedCode, ReplyCode, Verb};

use super::{Asked, CATEGORIES};
use concepts::{concepts, is_dense};

/// How much the weights in the file are larger than they count.
const SCALE: f32 = 10.0;

/// What one sign (a word, a pair of words, a code) speaks for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sign<'a> {
    /// How telling it is at all: the rarer, the more.
    rarity: f32,
    /// `INDEX:WEIGHT` for each category that it speaks for or against. It stays text: a reply has some twenty of the many
    /// thousand signs, and numbers of all would take several times the memory.
    weights: &'a str,
}

impl Sign<'_> {
    /// Category (an index below `categories`) and weight; what is not there weighs nothing.
    fn weights(self, categories: usize) -> Vec<(usize, f32)> {
        let weight = |it: &str| {
            let (index, weight) = it.split_once(':')?;
            let index = index.parse().ok().filter(|index| *index < categories)?;
            Some((index, weight.parse::<f32>().ok()? / SCALE))
        };
        self.weights.split(' ').filter_map(weight).collect()
    }
}

/// All that was learned.
#[derive(Debug, Default)]
pub(super) struct Evidence<'a> {
    categories: Vec<&'a str>,
    /// A sign a line, in the order of their names. It stays as it is in the file: a reply has some twenty of the many thousand
    /// signs, which are found by halving, and nobody has to wait until all are read.
    signs: &'a str,
    /// The rarity of a word that was met never.
    rarest: f32,
}

/// What a text speaks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// The category.
    pub(super) category: &'static str,
    /// How sure that is, of 1.
    pub(super) share: f32,
    /// The words that speak for it most, as they stand in the text.
    pub(super) words: Vec<String>,
}

static SHIPPED: LazyLock<Evidence<'static>> =
    LazyLock::new(|| assets::text("evidence.tsv").map(Evidence::read).unwrap_or_default());

/// What was learned before this was built.
pub(super) fn shipped() -> &'static Evidence<'static> {
    &SHIPPED
}

impl<'a> Evidence<'a> {
    /// Reads the file: after lines that begin with `#`, one with the categories, one with the rarity of what was met never,
    /// then a sign a line, in the order of their names: its name, its rarity, and `INDEX:WEIGHT` for each category that it
    /// speaks for or against.
    fn read(text: &'a str) -> Self {
        let mut rest = text;
        let mut line = || loop {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            if !line.starts_with('#') {
                break line;
            }
        };
        let (categories, rarest) = (line().split(' ').collect(), line().parse().unwrap_or_default());
        Self { categories, signs: rest, rarest }
    }

    /// What is known of a sign.
    fn sign(&self, name: &str) -> Option<Sign<'a>> {
        let octets = self.signs.as_bytes();
        let (mut low, mut high) = (0, octets.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memchr::memrchr(b'\n', &octets[low..middle]).map_or(low, |at| low + at + 1);
            let end = memchr::memchr(b'\n', &octets[middle..high]).map_or(high, |at| middle + at);
            let mut columns = self.signs[start..end].split('\t');
            match columns.next()?.cmp(name) {
                Ordering::Less => low = (end + 1).min(high),
                Ordering::Greater => high = start,
                Ordering::Equal => {
                    return Some(Sign { rarity: columns.next()?.parse().ok()?, weights: columns.next()? });
                }
            }
        }
        None
    }

    /// What a [normalised](super::normalise) text speaks for, together with what is held of it already: a category and how
    /// much that weighs. Only what `fits` is found. None where nothing in it is known.
    pub(super) fn verdict(
        &self,
        (code, enhanced): (Option<ReplyCode>, Option<EnhancedCode>),
        normal: &str,
        asked: Option<Asked>,
        (held, weight): (&str, f32),
        fits: impl Fn(&str) -> bool,
    ) -> Option<Verdict> {
        let seen = signs(code, enhanced, normal, asked);
        let count = self.categories.len();
        let known = seen.iter().filter_map(|name| {
            let sign = self.sign(name)?;
            Some((name.as_str(), sign.rarity, sign.weights(count)))
        });
        let known: Vec<_> = known.filter(|(_, _, weights)| !weights.is_empty()).collect();
        if !known.iter().any(|(name, ..)| is_of_words(name) || is_of_stems(name)) {
            return None;
        }
        let length = (known.iter().map(|(_, rarity, _)| rarity * rarity).sum::<f32>() + self.unknown(&seen))
            .sqrt()
            .max(SHORTEST);
        let mut scores = vec![0.0; count];
        for (_, rarity, weights) in &known {
            for (category, weight) in weights {
                scores[*category] += weight * rarity / length;
            }
        }
        if let Some(index) = self.categories.iter().position(|category| *category == held) {
            scores[index] += weight;
        }
        for (score, category) in scores.iter_mut().zip(&self.categories) {
            if !fits(category) {
                *score = f32::NEG_INFINITY;
            }
        }
        let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?.0;
        let all: f32 = scores.iter().map(|score| (score - scores[best]).exp()).sum();
        let category = *CATEGORIES.iter().find(|name| **name == self.categories[best])?;
        let speaks = |(name, rarity, weights): &(&'_ str, f32, Vec<(usize, f32)>)| {
            let weight = weights.iter().find(|(category, _)| *category == best)?.1 * rarity;
            // A stem is told only where no whole word speaks.
            let name = match name {
                name if is_of_words(name) => (0, name[1..].to_owned()),
                name if is_of_stems(name) => (1, format!("{}…", &name[1..])),
                _ => return None,
            };
            (weight > 0.0).then_some((weight, name))
        };
        let mut words: Vec<_> = known.iter().filter_map(speaks).collect();
        words.sort_by(|a, b| a.1.0.cmp(&b.1.0).then(b.0.total_cmp(&a.0)));
        let whole = words.iter().any(|(_, (stem, _))| *stem == 0);
        let names = words.iter().filter(|(_, (stem, _))| !whole || *stem == 0).map(|(_, (_, name))| name.as_str());
        Some(Verdict { category, share: 1.0 / all, words: told(names) })
    }

    /// How much the words of which nothing is known take from what is known of the others: the more there are, the less sure
    /// it is.
    fn unknown(&self, seen: &[String]) -> f32 {
        let words = seen.iter().filter(|name| name.starts_with('w') && self.sign(name).is_none());
        words.map(|_| UNKNOWN * self.rarest * self.rarest).sum()
    }
}

/// What the signs of a reply weigh together at least, so that the few of a short one are not taken for certain.
const SHORTEST: f32 = 40.0;

/// How much a word of which nothing is known counts beside one that is known.
const UNKNOWN: f32 = 0.5;

/// Letters of a word by which its other forms are known too: `suspended`, `suspension`.
const STEM: usize = 5;

/// Letters of the parts of words that are known by themselves, so that a word nobody has met is like others that have them.
const PART: usize = 4;

/// At most three of these words, none of which says what another has said.
fn told<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for name in names.filter(|name| !matches!(*name, "0" | "adr" | "ipn" | "dom" | "url")) {
        let again = |before: &String| before.contains(name) || name.contains(before.as_str());
        if said.len() < 3 && !said.iter().any(again) {
            said.push(name.to_owned());
        }
    }
    said
}

/// Whether a sign is made of words of the text.
fn is_of_words(name: &str) -> bool {
    name.starts_with(['w', 'b', 'k'])
}

/// Whether a sign is a part of a word.
#[cfg(test)]
fn is_of_parts(name: &str) -> bool {
    name.starts_with('g')
}

/// Whether a sign is made of the beginning of a word.
fn is_of_stems(name: &str) -> bool {
    name.starts_with('p')
}

/// The signs in a reply, each once: `C` and the code, `L` and its class, `E` and the enhanced code, `S` and `J` with two of
/// its three numbers, `P` and what was asked, `Q` and that with the code, `w` and a word, `b` and two words, `p` and the
/// beginning of a longer word, `g` and four letters within a word, `k` and some characters of a word in a script that puts no spaces between words, `c` and what a
/// word means, `d` and what two mean.
fn signs(code: Option<ReplyCode>, enhanced: Option<EnhancedCode>, normal: &str, asked: Option<Asked>) -> Vec<String> {
    let mut all = Vec::new();
    let asked = asked.and_then(moment);
    if let Some(code) = code {
        all.push(format!("C{code}"));
        all.push(format!("L{}", code.number() / 100));
    }
    if let Some(EnhancedCode { class, subject, detail }) = enhanced {
        all.push(format!("E{class}.{subject}.{detail}"));
        all.push(format!("S{subject}.{detail}"));
        all.push(format!("J{class}.{subject}"));
    }
    if let Some(asked) = asked {
        all.push(format!("P{asked}"));
        all.extend(code.map(|code| format!("Q{asked} {code}")));
    }
    let words = words(normal);
    all.extend(words.iter().map(|word| format!("w{word}")));
    all.extend(words.windows(2).map(|pair| format!("b{} {}", pair[0], pair[1])));
    let (dense, spaced): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.chars().any(is_dense));
    all.extend(spaced.iter().filter_map(|word| Some(format!("p{}", &word[..word.char_indices().nth(STEM)?.0]))));
    for word in spaced {
        let letters: Vec<_> = format!("^{word}$").chars().collect();
        all.extend(letters.windows(PART).map(|part| format!("g{}", part.iter().collect::<String>())));
    }
    for word in dense {
        let letters: Vec<_> = word.chars().take(200).collect();
        for length in 1..=3 {
            all.extend(letters.windows(length).map(|part| format!("k{}", part.iter().collect::<String>())));
        }
    }
    let meant = concepts(&words);
    all.extend(meant.iter().map(|concept| format!("c{concept}")));
    all.extend(meant.windows(2).map(|pair| format!("d{} {}", pair[0], pair[1])));
    let mut before = HashSet::new();
    all.retain(|name| before.insert(name.clone()));
    all
}

/// What was asked, as far as it makes a difference here.
fn moment(asked: Asked) -> Option<&'static str> {
    match asked {
        Asked::Nothing | Asked::Verb(Verb::Other) => None,
        Asked::AuthAnswer => Some("AUTH"),
        Asked::Verb(Verb::Helo | Verb::Lhlo) => Some("EHLO"),
        Asked::Verb(Verb::Bdat) => Some("end-of-data"),
        asked => Some(asked.name()),
    }
}

/// Words that are read of a text.
const MOST_WORDS: usize = 400;

/// The words of a [normalised](super::normalise) text, with one word each for all addresses, hosts, links and numbers.
fn words(normal: &str) -> Vec<String> {
    let mut all = Vec::new();
    for whole in normal.split(' ') {
        if all.len() > MOST_WORDS {
            break;
        }
        let link = whole.find("http://").or_else(|| whole.find("https://"));
        let head = &whole[..link.unwrap_or(whole.len())];
        let bare = head.trim_matches(|c: char| !c.is_alphanumeric());
        if is_numbers(bare) {
            all.push("ipn".to_owned());
        } else if is_host(bare) {
            all.push("dom".to_owned());
        } else {
            for (n, part) in head.split("_@_").enumerate() {
                if n > 0 {
                    all.push("adr".to_owned());
                }
                all.extend(part.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(numberless));
            }
        }
        if link.is_some() {
            all.push("url".to_owned());
        }
    }
    all
}

/// Whether this is an IPv4 address.
fn is_numbers(text: &str) -> bool {
    text.split('.').count() == 4
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether this is the name of a host or of a domain: labels, the last of which is no number and at least two letters.
fn is_host(text: &str) -> bool {
    let labels = || text.split('.');
    let last = text.rsplit('.').next().unwrap_or_default();
    labels().count() > 1
        && labels().all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
        && (2..8).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A word with `0` in place of each number in it.
fn numberless(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars().take(60) {
        match c {
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            other => out.push(other),
        }
    }
    out
}
