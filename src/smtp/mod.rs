//! The protocol, sans-IO: bytes and values in, values out.
//!
//! Here: verbs and commands, replies and their reader, enhanced status codes, capabilities, the session's phases with
//! what is legal in each, lint, SASL, dot-stuffing, secrets, words that are for other programs, and the one function that
//! makes bytes fit to be shown or filed.
//! Not here: sockets, clocks, files, screens, and the meaning of a reply in words (that is `decode`).

pub mod capability;
pub mod command;
pub mod content;
pub mod enhanced;
pub mod escape;
mod line;
pub mod lint;
mod nearest;
mod path;
pub mod program;
pub mod reply;
pub mod sasl;
pub mod secrecy;
pub mod secret;
pub mod session;
pub mod shape;
pub mod verb;
#[cfg(test)]
pub(crate) mod wire;
pub mod xtext;

pub use capability::Capabilities;
pub use command::{Command, Parameter, Path};
pub use enhanced::EnhancedCode;
pub use lint::Lint;
pub use nearest::nearest;
pub(crate) use path::{divided, is_domain};
pub use reply::{Class, LineEnd, Reply, ReplyCode, ReplyLine, ReplyReader};
pub use secret::Secret;
pub use session::{Phase, Session};
pub use verb::{Verb, VerbTable};
