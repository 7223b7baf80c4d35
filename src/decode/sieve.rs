//! Many patterns over one text in one pass: literals that a pattern can't do without are looked for all at once, and
//! only patterns of which one was found are tried, in their order.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use super::book::Origin;

/// Literals shorter than this are in every text, and sift nothing.
const SHORTEST: usize = 2;

/// Patterns in their order, ready to be tried on texts in small letters.
///
/// Patterns work on octets (`.` is one octet, `\w` and `\b` are ASCII) and in any case of ASCII letters.
#[derive(Debug)]
pub(super) struct Sieve {
    literals: AhoCorasick,
    /// The patterns that each literal belongs to.
    owners: Vec<Vec<u32>>,
    /// Patterns without such literals, which are always tried.
    always: Vec<u32>,
    patterns: Vec<(String, OnceLock<Regex>)>,
}

impl Sieve {
    /// Makes it of patterns that were [checked](problem) before.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        let mut literals: Vec<Vec<u8>> = Vec::new();
        let mut owners: Vec<Vec<u32>> = Vec::new();
        let mut known = std::collections::HashMap::<Vec<u8>, usize>::new();
        let patterns: Vec<&str> = patterns.collect();
        let (mut always, mut all) = (Vec::new(), Vec::new());
        for (pattern, needed) in patterns.iter().zip(all_needed(&patterns)) {
            let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
            match needed {
                Some(words) => {
                    for word in words {
                        let at = *known.entry(word.clone()).or_insert_with(|| {
                            literals.push(word);
                            owners.push(Vec::new());
                            owners.len() - 1
                        });
                        owners[at].push(number);
                    }
                }
                None => always.push(number),
            }
            all.push(((*pattern).to_owned(), OnceLock::new()));
        }
        let literals = AhoCorasick::new(&literals).expect("a few thousand short words fit");
        Self { literals, owners, always, patterns: all }
    }

    /// The numbers of the patterns that match a text, in order. The text is in small letters.
    pub(super) fn matches<'a, 't>(&'a self, text: &'t str) -> impl Iterator<Item = usize> + use<'a, 't> {
        let mut candidates = self.always.clone();
        for found in self.literals.find_overlapping_iter(text) {
            candidates.extend(&self.owners[found.pattern().as_usize()]);
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().map(|number| number as usize).filter(|number| {
            let (pattern, regex) = &self.patterns[*number];
            let regex = regex.get_or_init(|| build(pattern).expect("the pattern was checked when it was read"));
            regex.is_match(text.as_bytes())
        })
    }
}

impl Sieve {
    /// What a pattern matches of a text: the words themselves.
    pub(super) fn words<'t>(&self, number: usize, text: &'t str) -> Option<&'t str> {
        let (pattern, regex) = self.patterns.get(number)?;
        let regex = regex.get_or_init(|| build(pattern).expect("the pattern was checked when it was read"));
        text.get(regex.find(text.as_bytes())?.range())
    }
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build()
}

/// What is wrong with a pattern. Ours are not looked at, since a test compiles them all.
pub(super) fn problem(pattern: &str, origin: Origin) -> Option<String> {
    let error = (origin == Origin::Own).then(|| build(pattern).err()).flatten()?;
    Some(format!("the pattern is no regular expression: {error}"))
}

fn parse(pattern: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).map_err(Box::new)
}

/// What [`needed`] says of each pattern. Parsing them takes longer than all the rest of the sieve, hence the threads.
fn all_needed(patterns: &[&str]) -> Vec<Option<Vec<Vec<u8>>>> {
    const THREADS: usize = 4;
    let each = |some: &[&str]| some.iter().map(|pattern| needed(pattern)).collect::<Vec<_>>();
    if patterns.len() < 100 {
        return each(patterns);
    }
    std::thread::scope(|scope| {
        let parts = patterns.chunks(patterns.len().div_ceil(THREADS));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || each(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("nothing in it panics")).collect()
    })
}

/// Words in small letters of which every text that matches has one; none where there are no such words.
fn needed(pattern: &str) -> Option<Vec<Vec<u8>>> {
    // Case does not matter here: texts and literals are in small letters.
    let pattern = pattern.strip_prefix("(?i)").unwrap_or(pattern);
    let mut words = of(&parse(pattern).ok()?)?;
    for word in &mut words {
        word.make_ascii_lowercase();
    }
    words.sort();
    words.dedup();
    Some(words)
}

fn of(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => (literal.0.len() >= SHORTEST).then(|| vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Alternation(branches) => {
            branches.iter().map(of).collect::<Option<Vec<_>>>().map(|sets| sets.into_iter().flatten().collect())
        }
        // The part whose shortest word is the longest sifts best.
        HirKind::Concat(parts) => {
            parts.iter().filter_map(of).max_by_key(|words| words.iter().map(Vec::len).min().unwrap_or_default())
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
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
            assert_eq!(sieve.matches(text).collect::<Vec<_>>(), all, "{text}");
        }
    }
}
