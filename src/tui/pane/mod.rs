//! The panes: a folder each, with its state, its keys, its view and its tests.

pub mod composer;
pub mod lesson;
pub mod panel;
pub mod replay;
#[cfg(test)]
pub(crate) mod sample;
pub mod transcript;
pub(crate) mod wrap;
