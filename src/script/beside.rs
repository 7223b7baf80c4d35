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

/// The lines of a reply, as a row has them: other octets are another line.
#[must_use]
pub fn reply_lines(reply: &Reply) -> Vec<String> {
    // What is masked in it is a marker, and nothing that the wire had.
    let marked = |line: &[u8]| escape::for_file(line).replace(&escape::for_file(MARKER), MASK);
    reply.lines.iter().map(|line| format!("< {}", marked(&line.raw))).collect()
}
