//! ehlo: a terminal workbench for SMTP conversations.
//!
//! One idea holds it up: a conversation is an append-only [log](conversation::Log) of wire events, and everything that
//! is shown or done is a pure function of that log. Live, opened from a file, replayed or seen from the lab's side: the
//! same log, the same folds, the same panes.
//!
//! | where | what |
//! |---|---|
//! | [`world`] | time, randomness, environment, directories: the only door to them |
//! | [`private`] | files and folders that only their owner reads |
//! | [`expression`] | what is wrong with a regular expression, in words |
//! | [`assets`] | the data compiled in: `assets/` and `profiles/` |
//! | [`smtp`] | the protocol without I/O: commands, replies, the session and its phases, lint, SASL, escaping, secrets |
//! | [`message`] | what goes after DATA: composed, from a template, one of the samples |
//! | [`conversation`] | events, the log, exchanges, the `.smtp` format, masking, the journal, what stands beside what |
//! | [`decode`] | what a reply, a bounce, a line of a mail log or an end means, why, and what to do next; the knowledge behind it |
//! | [`interchange`] | conversations in other formats, those of other programs, and without names |
//! | [`profile`] | saved hosts, how a TARGET is read, where a password comes from |
//! | [`library`] | the transcripts kept on disk |
//! | [`client`] | the connection task: requests in, events out |
//! | [`script`] | replay, expectations and comparison without a screen |
//! | [`transaction`] | the part of a conversation that is gone through by itself: *make ready*, and back to where a cut was |
//! | [`probe`] | ready-made tests: what a server is, offers and refuses |
//! | [`lab`] | the embedded server and its scenarios |
//! | [`lesson`] | guided lessons: files, goals over the lab's record, progress |
//! | [`class`] | many students at one lab, each in a world of its own; the wall, results |
//! | [`tui`] | the workbench: model, update, view; its own map is there |
//! | [`cli`] | one file a subcommand |
//!
//! A module may use the ones above it in this table and never those below; `tests/imports.rs` checks it.
//!
//! # The way of a reply
//! | it is | by | in |
//! |---|---|---|
//! | cut into lines, as its octets come | [`client`] | `client/splitter.rs` |
//! | masked, and written down before anybody sees it | [`conversation::journal`] | `client/record.rs`, `conversation/mask/` |
//! | kept | [`conversation::Log`] | `conversation/log.rs` |
//! | parsed | [`smtp::Reply`] | `smtp/reply.rs` |
//! | paired with its command; the session goes on by it | [`conversation::Dialogue`] | `conversation/dialogue/`, `smtp/session/` |
//! | explained | [`decode::explain_exchange`] | `decode/explain.rs`, from `assets/replies/` |
//! | drawn | [`tui::pane`] | `tui/pane/transcript/`, `tui/pane/panel/reply.rs` |
//! | saved as something else | [`interchange::FORMATS`] | `interchange/`, called by `tui/keep.rs` and `cli/convert.rs` |
//!
//! What is typed goes the other way: `tui/keymap.rs` → `tui/act.rs` → `tui/enter.rs` → `tui/run/` → `client/task/`.
//!
//! # Where something is added
//! | to add | touch |
//! |---|---|
//! | a verb or a parameter | `assets/verbs.toml` |
//! | a provider's text, the meaning of a code | an entry in `assets/replies/` |
//! | a lesson, a lab scenario, a sample message | a file in `assets/lessons/`, `assets/scenarios/`, `assets/messages/` |
//! | a ready-made test | a file in `probe/battery/`, and its row in the table there |
//! | an action with its key | `tui/action/`, and its handler in `tui/act.rs` |
//! | an export, an import | a file in `interchange/`, in `interchange/import/` |
//!
//! CONTRIBUTING.md has the whole table, and how each part is tested.

pub mod assets;
pub mod class;
pub mod cli;
pub mod client;
pub mod conversation;
pub mod decode;
pub mod expression;
pub mod interchange;
pub mod lab;
pub mod lesson;
pub mod library;
pub mod message;
pub mod private;
pub mod probe;
pub mod profile;
pub mod script;
pub mod smtp;
pub mod transaction;
pub mod tui;
pub mod world;
