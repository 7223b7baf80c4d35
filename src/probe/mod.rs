//! Ready-made tests: what a server is, what it offers and what it refuses, as findings with their evidence and cure.
//!
//! A probe is a row of [`PROBES`]: what it says to the server, script after script, each made from what was heard so far,
//! and a judgement on what was recorded. Nothing of it hands a message over unless [`Aims::deliver`] names a recipient.
//! Not here: arguments and files, screens.
//!
//! | where | what |
//! |---|---|
//! | [`battery`] | the probes, one file each |
//! | [`Aims`] | whom they name, and how far they may go |
//! | [`run`](fn@run) | their conversations, one connection after the other |
//! | [`Talk`], [`Script`] | a conversation that was held, and one to hold |
//! | [`Subject`] | what is known of the server before a probe begins |
//! | [`Finding`] | what came of it |
//! | [`report`] | all of it as text, JSON or an HTML page |

mod aims;
pub mod battery;
mod finding;
pub mod report;
mod run;
mod script;
mod subject;
mod talk;
#[cfg(test)]
mod tests;

pub use aims::Aims;
pub use finding::{Finding, Severity};
pub use report::Report;
pub use run::{Setup, Watch, run};
pub use script::Script;
pub use subject::Subject;
pub use talk::{Answer, Talk};

/// A ready-made test.
#[derive(Debug)]
pub struct Probe {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it looks for, in one sentence.
    pub about: &'static str,
    /// What keeps it from being run on this server, in words with the cure; none where it can be.
    pub unfit: fn(&Subject<'_>) -> Option<String>,
    /// What it says next, from the conversations that it has held; none where it has said all.
    pub next: fn(&Subject<'_>, &[Talk]) -> Option<Script>,
    /// What these conversations show.
    pub judge: fn(&Subject<'_>, &[Talk]) -> Vec<Finding>,
}

/// All of them, in the order in which they are run.
pub const PROBES: &[Probe] = battery::ALL;

/// The probe of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.name.eq_ignore_ascii_case(name))
}
