//! What can be wrong in a file, where, and what mends it.

use std::path::{Path, PathBuf};

use crate::smtp::escape::{self, BadEscape};
use crate::smtp::lint::{looks_like_secret, may_be_piece};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system did not give its octets.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something in it is not as the format has it.
    #[error("{}{line}:{column}: {problem}", file.as_ref().map(|f| format!("{}:", f.display())).unwrap_or_default())]
    Format {
        /// The file, where it is known.
        file: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The column: characters from the start of the line, from 1.
        column: usize,
        /// What is wrong.
        problem: Problem,
    },
}

impl FileError {
    /// The same error, said of this file.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        if let Self::Format { file, .. } = &mut self {
            *file = Some(path.to_owned());
        }
        self
    }

    /// The line and column, where it has a place.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Format { line, column, .. } => Some((*line, *column)),
            Self::Io { .. } => None,
        }
    }
}

/// What was found, what was expected, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A line that begins like no record.
    #[error(
        "found {0}, expected a time or one of > | < * ? #; put > and a space in front of a line to send, # in front of a comment"
    )]
    Start(String),
    /// A time that is none.
    #[error("found {0}, expected a time in seconds such as 4.100000")]
    Time(String),
    /// No sigil after the time.
    #[error("found {0}, expected one of > | < * after the time and one space")]
    Sigil(String),
    /// What a script alone may hold, with a time.
    #[error("found {0} after a time, expected one of > | < *; without the time it is a line of a script")]
    ScriptOnly(String),
    /// No space between the sigil and the rest.
    #[error("found {found}, expected a space after {sigil}")]
    Space {
        /// What stands there.
        found: String,
        /// The sigil before it.
        sigil: String,
    },
    /// A backslash that begins no escape.
    #[error(
        "found {0}, expected one of \\\\ \\r \\n \\t \\e \\xNN \\u{{NNNN}}, or \\c at the end; write \\\\ for a backslash"
    )]
    Escape(String),
    /// A marker in a recorded line that is not `{{auth}}`.
    #[error(
        "found {0} in a recorded line, expected no marker but {{{{auth}}}}; write \\x7b{{ for two braces from the wire, or take the time away to make it a line of a script"
    )]
    Marker(String),
    /// A marker that never ends.
    #[error("found {{{{ without }}}}, expected a name such as {{{{to}}}}; write \\x7b{{ for two braces")]
    OpenMarker,
    /// A marker whose inside is no name.
    #[error(
        "found {{{{{0}}}}}, expected a name of letters, digits, _ - and . such as {{{{env.HOME}}}}; write \\x7b{{ for two braces"
    )]
    MarkerName(String),
    /// A line that names no file.
    #[error("found {found}, expected the name of a file: {form}")]
    FileName {
        /// What stands there.
        found: String,
        /// The form of the whole line.
        form: &'static str,
    },
    /// `>>` without a size.
    #[error("found {0}, expected a number of octets or LAST: >> N FILE or >> LAST FILE")]
    ChunkSize(String),
    /// Nothing where a pattern, an action or an expression belongs.
    #[error("found the end of the line, expected {0}")]
    Empty(&'static str),
    /// The head is not TOML.
    #[error("the head between the two +++ is not TOML: {0}")]
    Toml(String),
    /// `ehlo` is not a number.
    #[error("found ehlo = {0}, expected the number of the format: ehlo = 1")]
    Version(String),
}

/// A problem with its place in a line: octets from the line's start, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Octets from the start of the line, from 0.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl LineError {
    pub(super) fn new(offset: usize, problem: Problem) -> Self {
        Self { offset, problem }
    }

    /// A bad escape in a text that begins at `start` of its line.
    pub(super) fn escape(start: usize, bad: &BadEscape) -> Self {
        Self::new(start + bad.offset, Problem::Escape(bad.found.clone()))
    }

    /// The same with a line number and a column in characters.
    #[must_use]
    pub fn at(self, number: usize, line: &[u8]) -> FileError {
        let before = &line[..self.offset.min(line.len())];
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        FileError::Format { file: None, line: number, column, problem: self.problem }
    }
}

/// What stands at an offset of a line, as an error names it.
pub(super) fn found(line: &[u8], offset: usize) -> String {
    let rest = line.get(offset..).unwrap_or_default();
    if rest.is_empty() {
        return "the end of the line".to_owned();
    }
    let text = escape::for_screen(&rest[..rest.len().min(64)]);
    let word = match text.find(' ') {
        Some(0) => " ",
        Some(end) => &text[..end],
        None => &text,
    };
    if looks_like_secret(word.as_bytes()) || may_be_piece(word.as_bytes()) {
        return "what may be a secret".to_owned();
    }
    let short: String = word.chars().take(24).collect();
    format!("`{short}`")
}

/// What is odd about a file and does not keep it from being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The last line has no end: it was being written when the program stopped.
    #[error("line {line}: the last record was cut off in writing; it is left out")]
    Truncated {
        /// The line, from 1.
        line: usize,
    },
    /// The head has no second `+++`.
    #[error("line 1: the head has no closing +++; what can be read of it is used")]
    HeadNotClosed,
    /// A time is before the one above it.
    #[error("line {line}: the time goes back; it is kept, and waits across it count as 0")]
    TimeGoesBack {
        /// The first such line, from 1.
        line: usize,
    },
    /// Written by a newer ehlo.
    #[error("the file has format {found}, this ehlo knows {known}; it is opened read-only")]
    Newer {
        /// Its number.
        found: i64,
        /// The number known here.
        known: i64,
    },
    /// Lines of a newer format that were not understood.
    #[error("line {line}: not understood, as this and other lines are of a newer format; kept as it is")]
    NotUnderstood {
        /// The first such line, from 1.
        line: usize,
    },
}
