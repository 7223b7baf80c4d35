//! The forms in which a clause says one and the same thing.

use std::ops::Range;

use super::clause::Word;
use super::words::{NUMBERS, denies, is_article, is_enhanced, is_filler, is_ordinal, is_reply_code, joins, number};

/// A clause written in one way.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) text: String,
    /// Where which word of the finding stands in it.
    pub(super) words: Vec<(Range<usize>, usize)>,
}

impl Form {
    /// The words that a range of the text touches.
    pub(super) fn within(&self, range: &Range<usize>) -> Vec<usize> {
        let touches = |place: &Range<usize>| place.start < range.end && range.start < place.end;
        self.words.iter().filter(|(place, _)| touches(place)).map(|(_, index)| *index).collect()
    }

    fn of(words: &[(usize, String)], between: &str) -> Self {
        let mut form = Self { text: String::new(), words: Vec::new() };
        for (index, word) in words {
            if !form.text.is_empty() {
                form.text.push_str(between);
            }
            let from = form.text.len();
            form.text.push_str(word);
            form.words.push((from..form.text.len(), *index));
        }
        form
    }
}

/// All forms of a clause. `asked` are the words of the question.
pub(super) fn forms(clause: &[(usize, &Word)], asked: &[String]) -> Vec<Form> {
    let full = trimmed(clause);
    let is_denied = |index: usize| clause.iter().any(|(at, word)| *at == index && word.denied_by.is_some());
    let reduced = reduced(&full, asked, &is_denied);
    let mut forms: Vec<Form> = Vec::new();
    for words in [full, reduced] {
        for numbers in [same as fn(&str) -> String, digits, names] {
            let written: Vec<(usize, String)> = words.iter().map(|(index, word)| (*index, numbers(word))).collect();
            let parted: Vec<(usize, String)> = written.iter().flat_map(|(index, word)| parted(*index, word)).collect();
            let mut add = |form: Form| {
                if !form.text.is_empty() && forms.iter().all(|known| known.text != form.text) {
                    forms.push(form);
                }
            };
            add(Form::of(&written, " "));
            add(Form::of(&parted, " "));
            if (2..=3).contains(&parted.len()) {
                add(Form::of(&parted, "-"));
            }
        }
    }
    forms
}

/// Without what joins it to its neighbours.
fn trimmed(clause: &[(usize, &Word)]) -> Vec<(usize, String)> {
    let from = clause.iter().position(|(_, word)| !joins(&word.text)).unwrap_or(0);
    let to = clause.iter().rposition(|(_, word)| !joins(&word.text)).map_or(clause.len(), |last| last + 1);
    clause[from..to].iter().map(|(index, word)| (*index, word.text.clone())).collect()
}

/// Without articles, words of the question and others that say nothing; a reply code before its enhanced code is one.
fn reduced(words: &[(usize, String)], asked: &[String], is_denied: &dyn Fn(usize) -> bool) -> Vec<(usize, String)> {
    let says_nothing = |n: usize| match words[n].1.as_str() {
        // "Never give up" is not "never", though the question was whether to; but "no reports" is "no".
        word if is_denied(words[n].0) && !is_article(word) && (n == 0 || words[n - 1].1 != "no") => false,
        "one" => n > 0 && is_ordinal(&words[n - 1].1),
        word if denies(word) || number(word).is_some() => false,
        word => is_filler(word) || asked.iter().any(|one| one == singular(word)),
    };
    let kept: Vec<(usize, String)> = (0..words.len()).filter(|n| !says_nothing(*n)).map(|n| words[n].clone()).collect();
    let belongs = |n: usize| {
        let next = kept.get(n + 1).map_or("", |(_, next)| next.as_str());
        is_reply_code(&kept[n].1) && is_enhanced(next) && kept[n].1[..1] == next[..1]
    };
    (0..kept.len()).filter(|n| !belongs(*n)).map(|n| kept[n].clone()).collect()
}

fn same(word: &str) -> String {
    word.to_owned()
}

fn digits(word: &str) -> String {
    number(word).unwrap_or_else(|| word.to_owned())
}

fn names(word: &str) -> String {
    let value = number(word).and_then(|digits| digits.parse::<usize>().ok());
    value.and_then(|value| NUMBERS.get(value)).map_or_else(|| word.to_owned(), |name| (*name).to_owned())
}

/// The parts of a word with hyphens.
fn parted(index: usize, word: &str) -> Vec<(usize, String)> {
    if word.starts_with('-') {
        return vec![(index, word.to_owned())];
    }
    word.split('-').filter(|part| !part.is_empty()).map(|part| (index, part.to_owned())).collect()
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(word)
}

/// The words of a question, as [`forms`] wants them.
pub(super) fn question(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-').map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && !denies(word)).map(|word| singular(&word).to_owned()).collect()
}

/// The words of a pattern that is plain text, as they are compared.
pub(super) fn example(pattern: &str) -> Option<Vec<String>> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '@' | '_' | '.' | '<' | '>');
    let words: Vec<String> = pattern
        .split_whitespace()
        .flat_map(|word| parted(0, &word.to_lowercase()))
        .map(|(_, word)| digits(&word))
        .collect();
    let words: Vec<String> = words.into_iter().filter(|word| !is_article(word)).collect();
    (pattern.chars().all(is_plain) && pattern.chars().any(char::is_alphanumeric) && !words.is_empty()).then_some(words)
}

/// Where an example stands in a clause: for each place the words that it takes up.
pub(super) fn places(example: &[String], clause: &[(usize, &Word)]) -> Vec<Vec<usize>> {
    let words = clause.iter().filter(|(_, word)| !is_article(&word.text));
    let words: Vec<(usize, String)> = words.flat_map(|(index, word)| parted(*index, &digits(&word.text))).collect();
    let is_there = |window: &&[(usize, String)]| {
        window.iter().zip(example).all(|((_, said), want)| said == want || singular(said) == singular(want))
    };
    let found = words.windows(example.len()).filter(is_there);
    found.map(|window| window.iter().map(|(index, _)| *index).collect()).collect()
}

/// Whether a place in a text begins or ends within a number: "4" in "14", or in "4.2.2".
pub(super) fn cuts_a_number(text: &str, place: &Range<usize>) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let (before, found, after) = (&text[..place.start], &text[place.clone()], &text[place.end..]);
    let goes_on = |mut rest: std::str::Chars<'_>| match rest.next() {
        Some('.') => digit(rest.next()),
        next => digit(next),
    };
    let mut back = before.chars().rev();
    let starts_within = match back.next() {
        Some('.') => digit(back.next()),
        next => digit(next),
    };
    digit(found.chars().next()) && starts_within || digit(found.chars().next_back()) && goes_on(after.chars())
}
