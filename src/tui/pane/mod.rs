//! The panes: a folder each, with its state, its keys, its view and its tests.

pub mod composer;
pub mod reply;
pub mod transcript;
