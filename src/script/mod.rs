//! Replay and expectations: steps, patterns, variables, masks, the runner, its report.
//!
//! A script is read and filled into a [`Plan`] without I/O but for the files that it names, so that every mistake is found
//! before anything connects; [`run`] then plays the plan over a connection. Not here: screens.
//!
//! | where | what |
//! |---|---|
//! | [`pattern`] | `< 250 /text/`: what is expected of a reply |
//! | [`check`] | `? latency < 2s`: what is asserted of the conversation |
//! | [`values`] | `{{name}}` |
//! | [`filled`] | octets that are ready, and where a secret stands in them |
//! | [`files`] | which files a script may read |
//! | [`example`] | the scripts that are shipped |
//! | `item` | lines, and recorded replies, one after the other |
//! | [`plan`](mod@plan) | lines filled, replies tied to what they answer |
//! | [`record`] | a recording as a script |
//! | [`recorded`], [`masks`] | a reply against its recording |
//! | `ties`, `orders`, `login`, `facts` | what both players need: replies found, lines as requests, AUTH, what checks look at |
//! | [`guide`] | lines that hang on what was answered, said by somebody above |
//! | `runner` | the plan played: lock-step, safety, the end |
//! | [`stepper`] | the plan played by a person, line by line |
//! | [`beside`], [`comparison`] | two conversations side by side |
//! | [`report`] | what came of it |
//! | `dial` | from a target to what the client dials |

pub mod beside;
pub mod check;
pub mod comparison;
mod dial;
pub mod example;
mod facts;
pub mod files;
pub mod filled;
pub mod guide;
mod item;
mod login;
pub mod masks;
mod orders;
pub mod pattern;
pub mod plan;
pub mod record;
pub mod recorded;
pub mod report;
mod runner;
pub mod stepper;
mod ties;
pub mod values;

pub use dial::{DialError, options};
pub use guide::{Guide, Guided};
pub use plan::{Plan, plan};
pub use report::{Cause, Outcome, Report, Verdict, Watch};
pub use runner::{HoldsBack, ON_ITS_WAY, Offered, Settings, run};

/// What is wrong with a script, found before anything connects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {words}")]
pub struct ScriptError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column: characters from the start of the line, from 1.
    pub column: usize,
    /// What was found and what is expected.
    pub words: String,
}

/// Something in a line of a script that is not what belongs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where: octets from the start of the text that was read.
    pub offset: usize,
    /// What stands there, as an error shows it.
    pub found: String,
    /// What would belong there.
    pub expected: String,
}

impl Misfit {
    fn at(offset: usize, found: String, expected: impl Into<String>) -> Self {
        Self { offset, found, expected: expected.into() }
    }

    /// What was found and what is expected.
    #[must_use]
    pub fn words(&self) -> String {
        format!("found {}, expected {}", self.found, self.expected)
    }

    /// The word at `offset` of `text` is not what is expected.
    fn new(text: &str, offset: usize, expected: &str) -> Self {
        let word = text[offset..].split_whitespace().next().unwrap_or_default();
        let word: String = word.chars().take(32).collect();
        let found = if word.is_empty() {
            "the end of the line".to_owned()
        } else {
            format!("`{}`", crate::smtp::escape::for_screen(word.as_bytes()))
        };
        Self::at(offset, found, expected)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::smtp::Reply;
    use crate::smtp::reply::{LineEnd, ReplyLine};

    use crate::world::{Directories, World};

    /// A world in which the clock stands and the directories are nowhere.
    pub(super) fn world() -> World {
        let nowhere = || PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    /// A reply of these lines.
    pub(super) fn reply(text: &str) -> Reply {
        let mut reply = Reply::default();
        for line in text.lines() {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        reply
    }
}
