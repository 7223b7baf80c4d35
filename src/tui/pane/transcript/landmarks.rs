//! What a row must know of the records before it, kept as the log grows: runs of message content, and where TLS
//! begins and ends. Everything else is looked up when a row is drawn.

use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};

/// Records of message content in a row: from, and up to but without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The landmarks of one log.
#[derive(Debug, Default)]
pub(super) struct Landmarks {
    seen: usize,
    content: Vec<Run>,
    /// From which record on the line is encrypted, or is not any more.
    tls: Vec<(usize, bool)>,
}

impl Landmarks {
    /// Takes in what the log has beyond what was seen.
    pub(super) fn extend(&mut self, log: &Log) {
        for (index, entry) in log.since(self.seen) {
            match entry.kind {
                Kind::Content => match self.content.last_mut() {
                    Some(run) if run.to == index => run.to += 1,
                    _ => self.content.push(Run { from: index, to: index + 1 }),
                },
                Kind::Remark if entry.bytes.starts_with(b"tls") && began(&entry) => self.tls.push((index, true)),
                Kind::Remark if entry.bytes.starts_with(b"connecting") && self.is_tls(index) => {
                    self.tls.push((index, false));
                }
                _ => {}
            }
        }
        self.seen = log.len();
    }

    /// Whether the line was encrypted at a record.
    pub(super) fn is_tls(&self, record: usize) -> bool {
        let after = self.tls.partition_point(|(from, _)| *from <= record);
        after.checked_sub(1).is_some_and(|n| self.tls[n].1)
    }

    /// The run of content that a record belongs to.
    pub(super) fn run(&self, record: usize) -> Option<Run> {
        let after = self.content.partition_point(|run| run.from <= record);
        self.content.get(after.checked_sub(1)?).copied().filter(|run| record < run.to)
    }

    /// The last run that begins before a record.
    pub(super) fn last_before(&self, record: usize) -> Option<Run> {
        let after = self.content.partition_point(|run| run.from < record);
        self.content.get(after.checked_sub(1)?).copied()
    }
}

/// Whether a remark says that TLS began.
fn began(entry: &Entry<'_>) -> bool {
    entry.remark().is_some_and(|remark| remark.word == "tls" && remark.get("failed").is_none())
}
