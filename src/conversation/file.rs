//! The `.smtp` format: reading and writing (FORMATS section 1).

use super::event::{Event, Micros};
use super::log::Log;

/// The head of a file: what stands between the two `+++`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// All keys, unknown ones too, in order.
    pub table: toml::Table,
}

/// A file as read.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The head.
    pub header: Header,
    /// Everything else, comments and script lines included.
    pub log: Log,
}

/// Appends one record of a recording, with its line end, to `out`.
pub fn write_record(_at: Micros, _event: &Event, _out: &mut Vec<u8>) {}
