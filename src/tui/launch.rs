//! What the workbench begins with, and how it was left.

use std::io;
use std::path::PathBuf;

use crate::class::attend::Joining;

use super::dial::Recorded;
use super::terminal::TerminalError;

/// What the workbench begins with.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Where to connect; the start screen without one.
    pub target: Option<String>,
    /// Files to look at instead.
    pub files: Vec<PathBuf>,
    /// A lesson to hold instead.
    pub lesson: Option<std::sync::Arc<crate::lesson::Lesson>>,
    /// A class to join instead.
    pub class: Option<Joining>,
    /// No colours, whatever else is said.
    pub plain: bool,
}

/// How the workbench was left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// The conversations that were recorded.
    pub recorded: Vec<Recorded>,
    /// What was wrong in the user's own files.
    pub warnings: Vec<String>,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

/// Why the workbench could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The terminal refused.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The only file that was to be looked at can't be read; path, place, problem.
    #[error("{0}")]
    Unreadable(String),
    /// The class can't be joined; why.
    #[error("{0}")]
    Class(String),
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        Self::Terminal(error.into())
    }
}
