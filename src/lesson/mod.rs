//! Guided lessons: a course of files, goals judged over the lab's record of a session, and what a learner has done.
//!
//! A goal is a fold over what happened, never over keystrokes: whoever speaks to the lab, by the workbench or by telnet,
//! reaches it alike. Not here: the lab itself (its logs are handed in), the client, screens.
//!
//! | where | what |
//! |---|---|
//! | [`mod@file`], `value` | a lesson as its TOML file has it, read strictly |
//! | [`mistakes`], `sense` | all that is wrong with one at once |
//! | `variant` | what is drawn for it, and the scenario that goes with that |
//! | [`course`] | which lessons there are |
//! | [`fact`] | the lab's logs folded into what goals look at |
//! | [`goal`], `judge`, `asks` | the words of a goal, when it holds, and for which commands it asks |
//! | `ready` | what of making a connection ready is a learner's to type |
//! | [`finding`] | what a learner typed as an answer, and whether it says what is asked for |
//! | [`attempt`] | one try at a lesson: ticks, mistakes, hints |
//! | [`quiz`] | its questions, shuffled |
//! | [`progress`] | what was done, kept on disk |
//! | [`map`] | all lessons with what is done of each, and which comes next |
//! | [`rehearsal`] | reference solutions and wrong ways made ready to be played |

mod asks;
pub mod attempt;
pub mod course;
pub mod fact;
pub mod file;
pub mod finding;
pub mod goal;
mod judge;
pub mod map;
pub mod mistakes;
pub mod progress;
pub mod quiz;
mod ready;
pub mod rehearsal;
mod sense;
mod told;
mod value;
mod variant;

pub use attempt::{Attempt, Happening};
pub use course::{Course, LessonError};
pub use fact::{Fact, Watcher};
pub use file::Lesson;
pub use finding::Finding;
pub use goal::Goal;
pub use map::Map;
pub use progress::Progress;
pub use quiz::Quiz;
pub use ready::Part;
pub use value::Glob;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;
