//! What is told of an attempt in whose place another one came: the best attempt counts, and help that was taken in the others
//! was taken all the same.

use std::sync::Arc;

use jiff::Timestamp;

use super::Work;
use crate::lesson::Lesson;
use crate::lesson::progress::Helped;

/// An attempt that was begun.
#[derive(Debug, Clone)]
pub(in crate::class) struct Aside {
    /// The lesson, as it was drawn for it.
    pub(in crate::class) lesson: Arc<Lesson>,
    /// Which attempt it is, from 1.
    pub(in crate::class) number: u32,
    /// When it began.
    pub(in crate::class) opened: Timestamp,
    /// Steps that were done.
    pub(in crate::class) done: usize,
    /// Hints: when, step, whether the instructor gave it.
    pub(in crate::class) hints: Vec<(Timestamp, usize, bool)>,
    /// Mistakes: when, step, which.
    pub(in crate::class) mistakes: Vec<(Timestamp, usize, usize)>,
    /// Wrong findings: when, step.
    pub(in crate::class) wrong: Vec<(Timestamp, usize)>,
}

impl Aside {
    /// The help that was taken in it.
    pub(in crate::class) fn help(&self) -> Helped {
        Helped { hints: self.hints.len(), wrong: u32::try_from(self.wrong.len()).unwrap_or(u32::MAX) }
    }
}

impl Work {
    /// What is told of it where another attempt counts.
    pub(super) fn aside(&self) -> Aside {
        Aside {
            lesson: Arc::clone(self.lesson()),
            number: self.number,
            opened: self.opened,
            done: self.done(),
            hints: self.hints.clone(),
            mistakes: self.mistakes.clone(),
            wrong: self.wrong.clone(),
        }
    }
}
