//! The form that a text of a table must have: a regular expression that is compiled once, when it is first asked for.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

/// What a whole text must be, in any case; an empty one says nothing. A lint asks at each key, so nothing is compiled
/// twice, and a start asks nothing, so nothing is compiled there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Shape {
    source: String,
    /// Nothing where the expression is not well formed.
    compiled: OnceLock<Option<Regex>>,
}

impl Shape {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// The expression as the table writes it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text is as it says. A text is at no fault where the expression is not well formed: that is a
    /// fault of the table ([`Shape::is_well_formed`]).
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.regex().is_none_or(|regex| regex.is_match(text))
    }

    /// Whether its expression can be used.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.regex().is_some()
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&format!("^(?i:{})$", self.source)).ok()).as_ref()
    }
}

impl From<String> for Shape {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Shape {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_text_fits_in_any_case() {
        let shape = Shape::from("NEVER|[A-Z]{3}".to_owned());
        for (text, fits) in [("never", true), ("abc", true), ("abcd", false), ("NEVER ", false), ("", false)] {
            assert_eq!(shape.fits(text), fits, "{text:?}");
        }
    }

    #[test]
    fn a_broken_expression_blames_no_text() {
        let shape = Shape::from("(".to_owned());
        assert!(!shape.is_well_formed() && shape.fits("anything"));
    }
}
