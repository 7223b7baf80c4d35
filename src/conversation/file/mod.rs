//! The `.smtp` format: reading and writing (FORMATS section 1).
//!
//! A line with a time is a recording: it becomes a [`Kind::Sent`], [`Kind::Content`], [`Kind::Received`] or
//! [`Kind::Remark`] record with the octets of the wire (a masked line keeps the file's text). A line without one is a
//! script, a comment or blank, and is kept as the file has it. **Each line of the body is one record**, so that
//! [`Document::line_of`] needs no table.
//!
//! `at=RECORD` in a later note, mark or tag counts the recorded lines (`>` `|` `<` `*` with a time) from 1, in the
//! file's order: comments, blank and script lines do not count, so that a comment added by hand moves no note.

mod annotations;
mod error;
mod header;
mod line;
mod reader;
pub mod script;
mod writer;

pub use annotations::{Annotations, folded};
pub use error::{FileError, LineError, Problem, Warning};
pub use header::{Header, MASKS, Side};
pub use reader::{Reader, open, read};
pub use script::{ScriptLine, Template};
pub use writer::{write_document, write_entry, write_record};

use super::log::{Kind, Log};

/// The number of the format that is written.
pub const FORMAT: i64 = 1;

/// A file as read.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The head.
    pub header: Header,
    /// Everything else, comments and script lines included.
    pub log: Log,
    /// What is odd about the file.
    pub warnings: Vec<Warning>,
    /// It is of a newer format: it may be looked at, not written.
    pub read_only: bool,
    /// The line of the file at which the records begin, from 1.
    first_line: usize,
}

impl Document {
    /// A document of a head and a log.
    #[must_use]
    pub fn new(header: Header, log: Log) -> Self {
        Self { header, log, ..Self::default() }
    }

    /// The line of the file that a record was read from, from 1.
    #[must_use]
    pub fn line_of(&self, record: usize) -> usize {
        self.first_line.max(1) + record
    }

    /// The lines of a script among the records, each with its record's index.
    ///
    /// A document that was read without an error has none here.
    pub fn script(&self) -> impl Iterator<Item = (usize, Result<ScriptLine, LineError>)> {
        let lines = self.log.of_kind(Kind::Script);
        lines.map(|(record, entry)| (record, ScriptLine::parse(entry.bytes)))
    }

    /// Whether it holds lines of a script.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.log.kinds(0).any(|(_, kind, _)| kind == Kind::Script)
    }
}

#[cfg(test)]
mod tests;
