//! A conversation: its events, the log that holds them, the folds over it, its file format, masking, and the journal.
//!
//! Not here: sockets, screens, and what a reply means in words.

pub mod align;
pub mod beyond;
pub mod certificate;
pub(crate) mod connections;
pub mod dialogue;
pub mod ending;
pub mod event;
pub mod exam;
pub mod file;
pub mod fold;
pub mod journal;
pub mod log;
pub mod mask;
#[cfg(test)]
pub(crate) mod sample;
pub mod words;

pub use dialogue::{Dialogue, Exchange};
pub use event::{Event, Line, Micros, Remark, Timed};
pub use fold::Fold;
pub use log::{Kind, Log};
