//! Many patterns over one text in one pass: words that a pattern can't do without are looked for all at once, and
//! only patterns of which one was found are tried, in their order.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;

use crate::expression;

use super::book::Origin;
use super::literals::{Word, needed};

/// How a word begins, by which it is looked for.
type Begun = [u8; 2];

/// Patterns in their order, ready to be tried on texts in small letters.
///
/// Patterns work on octets (`.` is one octet, `\w` and `\b` are ASCII) and in any case of ASCII letters. The words are found by
/// how they begin: an automaton for all of them takes longer to make than a reply to read.
#[derive(Debug)]
pub(super) struct Sieve {
    /// Words by how they begin, each with the patterns that it belongs to, the words in their order.
    words: HashMap<Begun, Vec<(Word, Vec<u32>)>>,
    /// Patterns without such words, which are always tried.
    always: Vec<u32>,
    patterns: Vec<(String, OnceLock<Regex>)>,
}

impl Sieve {
    /// Makes it of patterns that were [checked](problem) before.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        let mut owned: Vec<(Word, u32)> = Vec::new();
        let (mut always, mut all) = (Vec::new(), Vec::new());
        for pattern in patterns {
            let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
            match needed(pattern) {
                Some(words) => owned.extend(words.into_iter().map(|word| (word, number))),
                None => always.push(number),
            }
            all.push((pattern.to_owned(), OnceLock::new()));
        }
        owned.sort_unstable();
        let mut words: HashMap<Begun, Vec<(Word, Vec<u32>)>> = HashMap::new();
        for (word, owner) in owned {
            let Some(begun) = word.first_chunk() else { continue };
            let alike = words.entry(*begun).or_default();
            match alike.last_mut().filter(|(last, _)| *last == word) {
                Some((_, owners)) => owners.push(owner),
                None => alike.push((word, vec![owner])),
            }
        }
        Self { words, always, patterns: all }
    }

    /// The numbers of the patterns that match a text, in order; only those that `may` are tried, since to make one ready
    /// costs far more than to ask about it. The text is in small letters.
    pub(super) fn matches<'a, 't, F: Fn(usize) -> bool>(
        &'a self,
        text: &'t str,
        may: F,
    ) -> impl Iterator<Item = usize> + use<'a, 't, F> {
        let mut candidates = self.always.clone();
        for at in 0..text.len().saturating_sub(1) {
            let rest = &text.as_bytes()[at..];
            let alike = rest.first_chunk().and_then(|begun: &Begun| self.words.get(begun));
            // Whatever begins `rest` stands before it in order.
            for (word, owners) in alike.into_iter().flatten().take_while(|(word, _)| word.as_slice() <= rest) {
                if rest.starts_with(word) {
                    candidates.extend(owners);
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().map(|number| number as usize).filter(move |number| {
            if !may(*number) {
                return false;
            }
            let (pattern, regex) = &self.patterns[*number];
            let regex = regex.get_or_init(|| build(pattern).expect("the pattern was checked when it was read"));
            regex.is_match(text.as_bytes())
        })
    }
}

impl Sieve {
    /// What a pattern matches of a text: the words themselves.
    pub(super) fn words<'t>(&self, number: usize, text: &'t str) -> Option<&'t str> {
        let (pattern, _) = self.patterns.get(number)?;
        text.get(finding(pattern).ok()?.find(text.as_bytes())?.range())
    }
}

/// A pattern, to be asked whether it matches, no more. There are more than a thousand, and a mail log leads through most of
/// them: without automata that are made as texts come, they take a third of the memory, and as long for texts this short.
fn build(pattern: &str) -> Result<Regex, Box<meta::BuildError>> {
    let config = meta::Config::new().utf8_empty(false).which_captures(WhichCaptures::None).hybrid(false).dfa(false);
    let octets = syntax::Config::new().unicode(false).utf8(false).case_insensitive(true);
    meta::Builder::new().configure(config).syntax(octets).build(pattern).map_err(Box::new)
}

/// A pattern, to be asked where it matches.
fn finding(pattern: &str) -> Result<regex::bytes::Regex, regex::Error> {
    regex::bytes::RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build()
}

/// What is wrong with a pattern. Ours are not looked at, since a test compiles them all.
pub(super) fn problem(pattern: &str, origin: Origin) -> Option<String> {
    let error = (origin == Origin::Own).then(|| finding(pattern).err()).flatten()?;
    Some(format!("the pattern is no regular expression: {}", expression::problem(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_pattern_compiles() {
        let book = crate::decode::Knowledge::default();
        for entry in book.book().replies() {
            assert_eq!(problem(entry.pattern.get_ref(), Origin::Own), None, "{}", entry.pattern.get_ref());
        }
    }

    /// Sifting must never lose a match: it agrees with trying every pattern.
    #[test]
    fn sifting_loses_nothing() {
        let patterns = [
            "relay(ing)? denied",
            "a|bc",
            "^x?yz",
            "(?i)No Such",
            "[0-9]+",
            "user.{0,9}unknown|unbekannt",
            "(ab){2}",
            "",
        ];
        let sieve = Sieve::new(patterns.iter().copied());
        for text in ["relaying denied", "no such user", "user is unknown", "unbekannt", "xyz 5", "abab", "bc", "", "q"]
        {
            let all: Vec<_> = (0..patterns.len())
                .filter(|n| build(patterns[*n]).is_ok_and(|r| r.is_match(text.as_bytes())))
                .collect();
            assert_eq!(sieve.matches(text, |_| true).collect::<Vec<_>>(), all, "{text}");
        }
    }
}
