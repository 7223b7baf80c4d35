//! What came of a run: an outcome for each expectation, what the server refused unasked, and how it ended.

use std::time::Duration;

use crate::conversation::{Log, Timed};

/// What became of an expectation or of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// As expected.
    Met,
    /// As recorded but for the text.
    Drift,
    /// An optional reply that did not come.
    Absent,
    /// Not as expected.
    Failed,
    /// Made no sense any more, or was held back.
    Skipped,
    /// The server refused a line of which nothing was expected.
    Refused,
    /// The server said something that it should not, and the run went on.
    Odd,
}

impl Verdict {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "ok",
            Self::Drift => "drift",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
            Self::Odd => "odd",
        }
    }
}

/// The outcome of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The line of the script, from 1.
    pub line: usize,
    /// The step, as the script has it.
    pub step: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What the server said, or why, where that is worth saying. Fit for a screen.
    pub words: String,
}

/// Why a run did not end as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The server refused something of which nothing was expected.
    Refused,
    /// An expectation was not met.
    Failed,
    /// Something that would hand a message over was stopped, or what was to be sent can't be read.
    NotAllowed,
    /// No connection, or one that was closed early.
    NoConnection,
    /// TLS.
    Tls,
    /// Authentication.
    Authentication,
    /// A time-out.
    TimeOut,
    /// The server broke the protocol.
    Protocol,
    /// The user stopped it.
    Interrupted,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Each expectation's outcome, each skipped step, each refusal; in order.
    pub outcomes: Vec<Outcome>,
    /// The first thing that went wrong. Refused recipients beside accepted ones are none.
    pub cause: Option<Cause>,
    /// The cause in words, where no outcome has them.
    pub words: Option<String>,
    /// Recipients that were refused though nothing was expected.
    pub recipients_refused: usize,
    /// Messages that the server took.
    pub delivered: u32,
    /// Forward-paths that the server's LIMITS left for another mail transaction.
    pub left: Vec<String>,
    /// Forward-paths that were to be named and were not, since the run had ended before or nothing came of it.
    pub unnamed: Vec<String>,
    /// The conversation.
    pub log: Log,
}

impl Report {
    /// How many outcomes have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// Whether the message was taken and nothing but some of its recipients was refused.
    #[must_use]
    pub fn partly(&self) -> bool {
        self.cause.is_none() && self.recipients_refused > 0 && self.delivered > 0
    }

    /// Adds what came of the same message on another connection, for the recipients that were left.
    pub fn add(&mut self, mut other: Self) {
        self.outcomes.append(&mut other.outcomes);
        self.cause = self.cause.or(other.cause);
        self.words = self.words.take().or(other.words);
        self.recipients_refused += other.recipients_refused;
        self.delivered += other.delivered;
        self.left = other.left;
        self.unnamed.append(&mut other.unnamed);
        for (_, entry) in other.log.since(0) {
            self.log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
        }
    }

    /// One line about all of it.
    #[must_use]
    pub fn summary(&self) -> String {
        let [met, drift, failed, skipped, refused] =
            [Verdict::Met, Verdict::Drift, Verdict::Failed, Verdict::Skipped, Verdict::Refused].map(|v| self.count(v));
        let mut parts = vec![format!("{} of {} expectations met", met + drift, met + drift + failed)];
        for (count, word) in
            [(failed, "failed"), (drift, "with another text"), (refused, "refused"), (skipped, "skipped")]
        {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        match self.delivered {
            0 => {}
            1 => parts.push("1 message handed over".to_owned()),
            n => parts.push(format!("{n} messages handed over")),
        }
        parts.join(", ")
    }
}

/// Somebody who watches a run as it happens.
pub trait Watch: Send {
    /// Something happened on the wire; `tls` says whether the line was encrypted.
    fn happened(&mut self, event: &Timed, tls: bool);
    /// A step has its outcome.
    fn outcome(&mut self, outcome: &Outcome);
    /// The line of the script waits for what it expects although nothing asks for it, so long at most.
    fn awaits(&mut self, line: usize, expected: &str, at_most: Duration) {
        let _ = (line, expected, at_most);
    }
    /// A file goes out as message content: so many of about so many octets have. A few times a second.
    fn progress(&mut self, sent: u64, total: u64) {
        let _ = (sent, total);
    }
}
