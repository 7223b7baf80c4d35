//! What is looked for in the text of a record, and the one-line language of the filter.

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use crate::conversation::log::Entry;
use crate::conversation::{Exchange, Kind, words};
use crate::expression::problem;
use crate::smtp::Verb;
use crate::tui::talk::Talk;

use super::{line, notes::Notes};

/// Octets of compiled pattern that are accepted.
const PATTERN: usize = 1 << 20;

/// Something that is looked for.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Reads `text` as it is, or `/a regular expression/`; without a capital letter both cases are found.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|inner| !inner.is_empty());
        let expression = inner.map_or_else(|| regex::escape(text), str::to_owned);
        let either_case = !text.chars().any(char::is_uppercase);
        RegexBuilder::new(&expression)
            .case_insensitive(either_case)
            .size_limit(PATTERN)
            .build()
            .map(Self)
            .map_err(|error| format!("this is no regular expression: {}", problem(&error)))
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// Whether it is in what the rows of a record show: its text and the notes under it. A record that only says what
    /// is shown elsewhere has none.
    pub(super) fn is_shown_at(&self, record: usize, entry: &Entry<'_>, notes: &Notes) -> bool {
        let below = notes.of(record).iter().any(|note| self.is_in(note.as_bytes()));
        below || (!notes.is_elsewhere(record) && self.is_in(&text(entry)))
    }

    /// Where it is, in octets; nothing where it matches without any.
    pub(super) fn places<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        self.0.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty())
    }
}

/// The octets that are shown of a record, and so the octets that are searched.
pub(super) fn text<'a>(entry: &Entry<'a>) -> Cow<'a, [u8]> {
    match entry.remark() {
        Some(remark) => words::said(&remark).words.into_bytes().into(),
        None => entry.bytes.into(),
    }
}

/// Which records are shown: every condition must hold.
#[derive(Debug, Clone)]
pub(super) struct Conditions(Vec<(bool, Condition)>);

#[derive(Debug, Clone)]
enum Condition {
    Kind(&'static [Kind]),
    /// Its exchange was refused.
    Refused,
    /// Its exchange was not refused.
    Accepted,
    /// Its exchange has a reply code that begins so.
    Code(String),
    /// Its exchange is about this verb.
    Verb(Verb),
    Marked,
    Noted,
    Text(Pattern),
}

/// Words that have a meaning of their own.
const WORDS: [(&str, Condition); 9] = [
    ("sent", Condition::Kind(&[Kind::Sent, Kind::Content])),
    ("received", Condition::Kind(&[Kind::Received])),
    ("content", Condition::Kind(&[Kind::Content])),
    ("remark", Condition::Kind(&[Kind::Remark])),
    ("remarks", Condition::Kind(&[Kind::Remark])),
    ("refused", Condition::Refused),
    ("accepted", Condition::Accepted),
    ("marked", Condition::Marked),
    ("noted", Condition::Noted),
];

impl Conditions {
    /// Reads `refused`, `5xx rcpt`, `sent -content`, `"any text"`, `/an expression/`.
    ///
    /// # Errors
    /// What is wrong with an expression.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        words(text).into_iter().map(|word| Condition::read(&word)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a record is to be shown.
    pub(super) fn admit(&self, record: usize, entry: &Entry<'_>, talk: &Talk, notes: &Notes) -> bool {
        self.0.iter().all(|(wanted, condition)| condition.holds(record, entry, talk, notes) == *wanted)
    }
}

/// Words as they stand between spaces; a pair of quotes or slashes holds one together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let start = usize::from(rest.starts_with(['-', '!']) && rest.len() > 1);
        let closing = rest[start..].chars().next().filter(|c| matches!(c, '"' | '/'));
        let end = closing
            .and_then(|c| rest[start + 1..].find(c).map(|at| start + at + 2))
            .or_else(|| rest.find(char::is_whitespace))
            .unwrap_or(rest.len());
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    words
}

impl Condition {
    fn read(word: &str) -> Result<(bool, Self), String> {
        let bare = word.strip_prefix(['-', '!']).filter(|rest| !rest.is_empty());
        let (wanted, word) = (bare.is_none(), bare.unwrap_or(word));
        let quoted = word.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
        let condition = if let Some(text) = quoted {
            Self::Text(Pattern::read(text)?)
        } else if let Some((_, known)) = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            known.clone()
        } else if let Some(digits) = code(word) {
            Self::Code(digits)
        } else {
            match Verb::from_word(word) {
                Verb::Other => Self::Text(Pattern::read(word)?),
                verb => Self::Verb(verb),
            }
        };
        Ok((wanted, condition))
    }

    fn holds(&self, record: usize, entry: &Entry<'_>, talk: &Talk, notes: &Notes) -> bool {
        let exchange = || {
            let n = talk.dialogue.exchange_at(record)?;
            let exchange: &Exchange = talk.dialogue.exchanges().get(n)?;
            line::belongs(record, entry.kind, n, talk).then_some(exchange)
        };
        match self {
            Self::Kind(kinds) => kinds.contains(&entry.kind),
            Self::Refused => exchange().is_some_and(Exchange::is_refusal),
            Self::Accepted => exchange().is_some_and(|x| x.code.is_some() && !x.is_refusal()),
            Self::Code(digits) => {
                exchange().and_then(|x| x.code).is_some_and(|code| code.to_string().starts_with(digits.as_str()))
            }
            Self::Verb(verb) => exchange().is_some_and(|x| x.verb == *verb),
            Self::Marked => notes.is_marked(record),
            Self::Noted => !notes.of(record).is_empty(),
            Self::Text(pattern) => pattern.is_shown_at(record, entry, notes),
        }
    }
}

/// The digits that `5xx`, `55x` and `550` say.
fn code(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let digits = lower.trim_end_matches('x');
    let fits = lower.len() == 3 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pane::sample::talk;

    fn admitted(filter: &str) -> Vec<usize> {
        let talk = talk(
            "* connected a\n< 220 mx\n> MAIL FROM:<a@b>\n< 250 2.1.0 ok\n> RCPT TO:<c@d>\n< 450 4.2.0 later\n\
             > RCPT TO:<e@f>\n< 550-5.1.1 no\n< 550 5.1.1 such User\n> NOOP",
        );
        let mut notes = Notes::default();
        notes.extend(&talk.log);
        let conditions = Conditions::read(filter).expect(filter);
        talk.log.since(0).filter(|(n, entry)| conditions.admit(*n, entry, &talk, &notes)).map(|(n, _)| n).collect()
    }

    #[test]
    fn a_filter_says_direction_code_verb_and_text() {
        for (filter, want) in [
            ("sent", &[2, 4, 6, 9][..]),
            ("refused", &[4, 5, 6, 7, 8]),
            ("refused sent", &[4, 6]),
            ("4xx", &[4, 5]),
            ("55x received", &[7, 8]),
            ("550", &[6, 7, 8]),
            ("mail", &[2, 3]),
            ("RCPT -refused", &[]),
            ("remark", &[0]),
            ("user", &[8]),
            ("uSER", &[]),
            ("\"to:<e\"", &[6]),
            ("/TO:<[ce]@/", &[4, 6]),
            ("received !/[45]\\d\\d/", &[1, 3]),
            ("", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ] {
            assert_eq!(admitted(filter), want, "{filter}");
        }
    }

    #[test]
    fn a_broken_expression_is_told() {
        assert!(Pattern::read("/(/").expect_err("not closed").contains("regular expression"));
        assert!(Pattern::read("(").is_ok(), "without slashes it is plain text");
    }
}
