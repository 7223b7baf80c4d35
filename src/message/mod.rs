//! What goes after DATA: composed from a form, taken from a file, filled from a template, one of the samples.
//!
//! | where | what |
//! |---|---|
//! | [`draft`] | From, To, Subject, text, HTML, attachments → octets, by a MIME crate |
//! | [`header`], [`encoded`], `address` | header fields of a message that is there: looked at, set, added; no value holds a line end |
//! | [`attach`](mod@attach) | a file or HTML put into a message that is there |
//! | [`spool`] | parts too large for memory: a mark stands for each until the message is written |
//! | [`template`] | `{{name}}` in a message of the user's |
//! | [`structure`] | a message taken apart: its parts as a tree, the text that is read |
//! | [`reencode`] | its text in another transfer encoding |
//! | [`dkim`] | a signature of the author's domain |
//! | [`mod@samples`] | messages that show something: long lines, dots, 8-bit, GTUBE, EICAR, bare line feeds |
//!
//! Dot-stuffing and CR LF are [`smtp::content`](crate::smtp::content)'s. Not here: sockets, screens.

mod address;
pub mod attach;
pub mod dkim;
pub mod draft;
pub mod encoded;
pub mod header;
pub mod reencode;
pub mod samples;
pub mod spool;
pub mod structure;
pub mod template;

pub use draft::{Attachment, Draft, Encoding, Stamp};
pub use samples::{Sample, samples};

/// Why a message can't be made of what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The name of a header field holds what it may not (RFC 5322 2.2).
    #[error("`{0}` is no name of a header field: printable ASCII without a colon, such as X-Test")]
    FieldName(String),
    /// A header line without a colon.
    #[error("`{0}` is no header field; write it as Name: value")]
    Field(String),
    /// A value that would end its line and begin another field.
    #[error("the value of {0} holds a line end or a NUL, which would begin another header field; leave it out")]
    LineEnd(String),
    /// A type that is none.
    #[error("`{0}` is no media type; write it as type/subtype, such as application/pdf")]
    MediaType(String),
    /// What holds no text that could be written in another encoding.
    #[error("only a text of one part in UTF-8 can be written in another encoding, and this is {0}")]
    NotText(String),
    /// A marker of a template without a value.
    #[error("line {line}: {{{{{name}}}}} has no value; give one by --var {name}=...")]
    Unfilled {
        /// The line of the template, from 1.
        line: usize,
        /// The marker's name.
        name: String,
    },
}
