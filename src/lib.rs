//! ehlo: a terminal workbench for SMTP conversations.
//!
//! One idea holds it up: a conversation is an append-only [log](conversation::Log) of wire events, and everything that
//! is shown or done is a pure function of that log. Live, opened from a file, replayed or seen from the lab's side: the
//! same log, the same folds, the same panes.
//!
//! | where | what |
//! |---|---|
//! | [`world`] | time, randomness, environment, directories: the only door to them |
//! | [`assets`] | the data compiled in |
//! | [`smtp`] | the protocol without I/O: commands, replies, phases, lint, escaping, secrets |
//! | [`conversation`] | events, the log, exchanges, the `.smtp` format, masking, the journal |
//! | [`decode`] | what a reply means here, why, and what to do next; the knowledge behind it |
//! | [`interchange`] | conversations in other formats |
//! | [`profile`] | saved hosts, and how a TARGET is read |
//! | [`library`] | the transcripts kept on disk |
//! | [`client`] | the connection task: requests in, events out |
//! | [`script`] | replay and expectations without a screen |
//! | [`transaction`] | a part of a transaction that is gone through by itself |
//! | [`lab`] | the embedded server and its scenarios |
//! | [`lesson`] | guided lessons: files, goals over the lab's record, progress |
//! | [`tui`] | the workbench: model, update, view |
//! | [`cli`] | one file a subcommand |
//!
//! A module may use the ones above it in this table and never those below; `tests/imports.rs` checks it.

pub mod assets;
pub mod cli;
pub mod client;
pub mod conversation;
pub mod decode;
pub mod interchange;
pub mod lab;
pub mod lesson;
pub mod library;
pub mod profile;
pub mod script;
pub mod smtp;
pub mod transaction;
pub mod tui;
pub mod world;
