//! A log that is folded by a thread of its own while it is still being read: reading a large file and folding it take about
//! the same time.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::super::log::Log;
use super::Dialogue;

/// Pieces of the log that may wait to be folded.
const AHEAD: usize = 2;

/// A thread that folds.
#[derive(Debug)]
pub struct Beside {
    pieces: SyncSender<Log>,
    thread: JoinHandle<Dialogue>,
    /// Records that it was given.
    given: usize,
}

impl Beside {
    /// Begins, with room for the exchanges of so many records.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn begin(records: usize) -> io::Result<Self> {
        let (pieces, taken) = sync_channel(AHEAD);
        let thread = Builder::new().name("fold".to_owned()).spawn(move || fold(records, &taken))?;
        Ok(Self { pieces, thread, given: 0 })
    }

    /// The log has grown: what is new in it is folded next.
    pub fn go_on(&mut self, log: &Log) {
        // Who takes no more has failed, which is seen at the end.
        let _ = self.pieces.send(log.copy(self.given));
        self.given = log.len();
    }

    /// The log is whole: gives all of it folded.
    #[must_use]
    pub fn finish(mut self, log: &Log) -> Dialogue {
        self.go_on(log);
        drop(self.pieces);
        self.thread.join().unwrap_or_else(|_| Dialogue::of(log))
    }
}

fn fold(records: usize, pieces: &Receiver<Log>) -> Dialogue {
    let mut dialogue = Dialogue::new();
    // Every second record is a reply at most; what is not touched takes no memory.
    dialogue.exchanges.reserve(records / 2);
    dialogue.recipients.reserve(records / 2);
    for piece in pieces {
        let before = dialogue.seen;
        dialogue.fold(piece.since(0).map(|(record, entry)| (before + record, entry)));
    }
    dialogue
}
