//! What a row must know of the records before it, kept as the log grows: runs of message content and long replies, and
//! where TLS begins and ends. Everything else is looked up when a row is drawn.

use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};

/// Lines from which a reply is long enough to be folded.
const LONG_REPLY: usize = 12;

/// Records of message content, or of one long reply, in a row: from, and up to but without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The landmarks of one log.
#[derive(Debug, Default)]
pub(super) struct Landmarks {
    seen: usize,
    runs: Vec<Run>,
    /// The last run is one of message content.
    content: bool,
    /// The reply that goes on.
    reply: Option<Run>,
    /// From which record on the line is encrypted, or is not any more.
    tls: Vec<(usize, bool)>,
}

impl Landmarks {
    /// Takes in what the log has beyond what was seen.
    pub(super) fn extend(&mut self, log: &Log) {
        let mut kinds = log.kinds(self.seen).peekable();
        while let Some((index, kind, _)) = kinds.next() {
            // Octets are looked at where they matter only: a conversation may be long, and keys wait meanwhile.
            match kind {
                Kind::Content => match self.runs.last_mut() {
                    Some(run) if run.to == index && self.content => run.to += 1,
                    _ => {
                        self.runs.push(Run { from: index, to: index + 1 });
                        self.content = true;
                    }
                },
                Kind::Received => {
                    let alone = kinds.peek().is_some_and(|(_, next, _)| *next != Kind::Received);
                    let goes_on = !alone && log.get(index).is_some_and(|entry| entry.bytes.get(3) == Some(&b'-'));
                    self.received(index, goes_on);
                }
                Kind::Remark => {
                    if let Some(entry) = log.get(index) {
                        self.remark(index, &entry);
                    }
                }
                _ => {}
            }
        }
        self.seen = log.len();
    }

    fn remark(&mut self, index: usize, entry: &Entry<'_>) {
        if entry.bytes.starts_with(b"tls") && began(entry) {
            self.tls.push((index, true));
        } else if entry.bytes.starts_with(b"connecting") && self.is_tls(index) {
            self.tls.push((index, false));
        }
    }

    /// A reply becomes a run once it is long.
    fn received(&mut self, index: usize, goes_on: bool) {
        let from = self.reply.filter(|run| run.to == index).map_or(index, |run| run.from);
        let run = Run { from, to: index + 1 };
        if run.to - run.from > LONG_REPLY {
            match self.runs.last_mut() {
                Some(last) if last.from == from => *last = run,
                _ => {
                    self.runs.push(run);
                    self.content = false;
                }
            }
        }
        self.reply = goes_on.then_some(run);
    }

    /// Whether the line was encrypted at a record.
    pub(super) fn is_tls(&self, record: usize) -> bool {
        let after = self.tls.partition_point(|(from, _)| *from <= record);
        after.checked_sub(1).is_some_and(|n| self.tls[n].1)
    }

    /// The run that a record belongs to.
    pub(super) fn run(&self, record: usize) -> Option<Run> {
        let after = self.runs.partition_point(|run| run.from <= record);
        self.runs.get(after.checked_sub(1)?).copied().filter(|run| record < run.to)
    }

    /// The last run that begins before a record.
    pub(super) fn last_before(&self, record: usize) -> Option<Run> {
        let after = self.runs.partition_point(|run| run.from < record);
        self.runs.get(after.checked_sub(1)?).copied()
    }
}

/// Whether a remark says that TLS began.
fn began(entry: &Entry<'_>) -> bool {
    entry.remark().is_some_and(|remark| remark.word == "tls" && remark.get("failed").is_none())
}
