//! Values of a lesson's file that have a rule of their own: patterns, addresses, times, words that may be tables.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::expression::problem;
use crate::profile::duration;
use crate::script::pattern::Pattern;

/// A pattern of shell kind: `*` is anything, `?` one character; upper and lower case are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern of this text; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// The one text that it means, where it means no other.
    pub(super) fn alone(&self) -> Option<&str> {
        (!self.0.is_empty() && !self.0.contains(['*', '?'])).then_some(&self.0)
    }

    /// Whether all of a text is what the pattern means.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let (mut p, mut t, mut star) = (0, 0, None);
        while t < text.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
                _ => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        (p, t) = (at + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|c| *c == '*')
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl Expression {
    /// Whether it is found in a text.
    #[must_use]
    pub fn found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether it is found at the beginning of a text.
    #[must_use]
    pub fn begins(&self, text: &str) -> bool {
        // The leftmost match is the one that is found first.
        self.0.find(text).is_some_and(|found| found.start() == 0)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        regex(&text, false).map(Self).map_err(Error::custom)
    }
}

/// A regular expression, or in words why a text is none.
pub(super) fn regex(text: &str, in_any_case: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).case_insensitive(in_any_case).build();
    built.map_err(|error| format!("{text:?} is not a regular expression: {}", problem(&error)))
}

/// What is expected of a reply, as scripts have it: `250`, `2xx`, `5xx 5.7.*`.
#[derive(Debug, Clone)]
pub struct Expected(pub(super) Pattern);

impl Expected {
    pub(super) fn success() -> Self {
        Self(Pattern::parse("2xx").expect("2xx is a pattern"))
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pattern = Pattern::parse(&text).map_err(|misfit| Error::custom(misfit.words()))?;
        if pattern.optional {
            return Err(Error::custom("a goal's reply can't be optional; leave the ? out"));
        }
        Ok(Self(pattern))
    }
}

/// A time such as `30s`.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::parse(&text).map_err(|_| Error::custom(format!("{text:?} is not a time; write it as 30s or 5m")))
}

/// What can be read of a word alone, where a table says more.
pub(super) trait FromWord: Sized {
    /// What is written, for errors.
    const EXPECTED: &'static str;

    /// Reads the word.
    fn from_word(word: &str) -> Result<Self, String>;

    /// Reads `true`; most things can't be that.
    fn from_true() -> Option<Self> {
        None
    }
}

/// Reads a word, `true` or a table.
pub(super) fn word_or_table<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromWord + Table<'de>,
{
    struct Either<T>(PhantomData<T>);
    impl<'de, T: FromWord + Table<'de>> Visitor<'de> for Either<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }
        fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
            T::from_word(word).map_err(E::custom)
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
            match T::from_true() {
                Some(this) if value => Ok(this),
                Some(_) => Err(E::custom("false is no goal; put the goal into `not`")),
                None => Err(E::custom(format!("found {value}, expected {}", T::EXPECTED))),
            }
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::table(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either(PhantomData))
}

/// How the table is read.
pub(super) trait Table<'de>: Sized {
    /// Reads it.
    fn table<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// `true` and nothing else.
pub(super) fn only_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    if bool::deserialize(deserializer)? {
        Ok(())
    } else {
        Err(Error::custom("false is no goal; put the goal into `not`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_texts_in_any_case() {
        for (pattern, text, want) in [
            ("*@noddy.com", "Dude@NODDY.com", true),
            ("*@noddy.com", "dude@noddy.com.example", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a?c*", "abcd", true),
            ("5.7.*", "5.7.1", true),
            ("*a*b", "xaxxabb", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), want, "{pattern} on {text}");
        }
    }
}
