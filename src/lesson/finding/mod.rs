//! What a learner typed as a finding, and whether it says what a step asks for.
//!
//! A finding is a few words of somebody's own. It is cut into clauses (`clause`), in which words may be denied ("not the
//! recipient", "TLS has nothing to do with it") or only conceded ("the text says unknown, but …"). What is looked for is
//! looked for in each clause in its natural forms (`form`): without quotes, articles and the words of the question, with
//! numbers as digits or as words. What is found where it is denied does not count, unless the pattern itself speaks of
//! the denial, as `no sender` does.

mod clause;
mod form;
mod words;

use std::ops::Range;

use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use clause::Word;
use form::Form;

use super::value;

/// So much of a finding is looked at: who writes more does not answer in a few words.
const MOST: usize = 400;

/// A finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// As it was typed, without white space around it.
    text: String,
    words: Vec<Word>,
    clauses: Vec<Range<usize>>,
}

impl Finding {
    /// Takes what was typed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let text: String = typed.trim().chars().take(MOST).collect();
        let (words, clauses) = clause::clauses(&text);
        Self { text, words, clauses }
    }
}

/// What is looked for in a finding: a regular expression, in any case, or an example of a right answer.
#[derive(Debug, Clone)]
pub struct Wanted {
    pattern: Regex,
    /// The words of a pattern that is plain text, as `form` compares them.
    example: Option<Vec<String>>,
    /// The words of the question, which an answer may repeat.
    asked: Vec<String>,
    /// Whether what is only conceded does not count.
    firm: bool,
}

impl Wanted {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is no regular expression, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let example = form::example(pattern);
        Ok(Self { pattern: value::regex(pattern, true)?, example, asked: Vec::new(), firm: false })
    }

    /// Takes the question that is answered. `firm` says that what is conceded does not count: that a mistake was made,
    /// or that the answer has something which it must not have.
    pub fn is_asked(&mut self, question: &str, firm: bool) {
        self.asked = form::question(question);
        self.firm = firm;
    }

    /// Whether a finding says it.
    #[must_use]
    pub fn is_in(&self, finding: &Finding) -> bool {
        let typed = finding.words.iter().enumerate().map(|(index, word)| (word.place.clone(), index)).collect();
        let whole = Form { text: finding.text.clone(), words: typed };
        self.is_found(&whole, finding)
            || finding.clauses.iter().any(|clause| {
                let words: Vec<(usize, &Word)> = clause.clone().map(|index| (index, &finding.words[index])).collect();
                form::forms(&words, &self.asked).iter().any(|form| self.is_found(form, finding))
                    || self.example.as_ref().is_some_and(|example| {
                        form::places(example, &words).iter().any(|said| self.counts(said, finding))
                    })
            })
    }

    fn is_found(&self, form: &Form, finding: &Finding) -> bool {
        self.pattern.find_iter(&form.text).any(|found| {
            let whole = self.example.is_none() || !form::cuts_a_number(&form.text, &found.range());
            whole && self.counts(&form.within(&found.range()), finding)
        })
    }

    /// Whether words that were found are said, and not denied.
    fn counts(&self, found: &[usize], finding: &Finding) -> bool {
        found.iter().all(|index| {
            let word = &finding.words[*index];
            let conceded = self.firm && word.is_conceded;
            !conceded && word.denied_by.is_none_or(|denial| found.contains(&denial))
        })
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(Error::custom)
    }
}

#[cfg(test)]
mod tests;
