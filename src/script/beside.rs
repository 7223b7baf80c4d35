//! Rows of two conversations that stand beside each other: recorded and now, one file and another.

use crate::smtp::secret::{MARKER, MASK};
use crate::smtp::{Reply, escape};

/// How the two sides of a row are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mark {
    /// The right side is still to come.
    #[default]
    Due,
    /// The same, or as expected.
    Same,
    /// Only the text is another.
    Drift,
    /// Something that counts is different.
    Differs,
    /// It was passed over.
    Skipped,
    /// Only one side has it, and nothing follows from that.
    Alone,
}

impl Mark {
    /// What stands between the two sides: one column.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Due | Self::Same => " ",
            Self::Drift => "≈",
            Self::Differs => "≠",
            Self::Skipped => "-",
            Self::Alone => "+",
        }
    }
}

/// One row: lines with their sigil (`> NOOP`, `< 250 Ok`), fit for a screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What was recorded, or the one file.
    pub left: Vec<String>,
    /// What is now, or the other file.
    pub right: Vec<String>,
    /// How they are to each other.
    pub mark: Mark,
    /// Why, where that is worth saying.
    pub words: String,
}

impl Beside {
    /// Whether it is about a line that is sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        [&self.left, &self.right].iter().any(|lines| lines.first().is_some_and(|line| line.starts_with("> ")))
    }

    /// Whether it is one of those that a reader looks for.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        matches!(self.mark, Mark::Differs | Mark::Drift)
    }
}

/// Two offers line by line (`< 250-SIZE 100`), in whatever order each names its capabilities; what only the right one has
/// comes last. The first line of either names the server.
#[must_use]
pub fn offers<'a>(left: &'a [String], right: &'a [String]) -> Vec<(Option<&'a String>, Option<&'a String>)> {
    let mut pairs = vec![(left.first(), right.first())];
    let mut alone: Vec<&String> = right.iter().skip(1).collect();
    let lefts: Vec<&String> = left.iter().skip(1).collect();
    for line in &lefts {
        let equal = alone.iter().position(|other| offered(other) == offered(line));
        let like = || {
            let is_taken = |other: &str| lefts.iter().any(|line| offered(line) == offered(other));
            alone.iter().position(|other| keyword(other) == keyword(line) && !is_taken(other))
        };
        pairs.push((Some(line), equal.or_else(like).map(|n| alone.remove(n))));
    }
    pairs.extend(alone.into_iter().map(|line| (None, Some(line))));
    pairs
}

/// A line of a reply without its code and what only says whether another line follows.
#[must_use]
pub fn offered(line: &str) -> &str {
    line.get(6..).unwrap_or_default()
}

/// What is offered in such a line.
#[must_use]
pub fn keyword(line: &str) -> String {
    offered(line).split([' ', '=']).next().unwrap_or_default().to_ascii_uppercase()
}

/// The lines of a reply, as a row has them: other octets are another line.
#[must_use]
pub fn reply_lines(reply: &Reply) -> Vec<String> {
    // What is masked in it is a marker, and nothing that the wire had.
    let marked = |line: &[u8]| escape::for_file(line).replace(&escape::for_file(MARKER), MASK);
    reply.lines.iter().map(|line| format!("< {}", marked(&line.raw))).collect()
}
