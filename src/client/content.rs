//! A file on its way as message content: read and put into the form of the wire a block at a time on a thread of its own,
//! and summed on another, so that neither memory nor the sum of it holds the connection up.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc as plain;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::outgoing::Shared;
use crate::conversation::beyond::hexadecimal;

/// Octets that are read at once.
const BLOCK: usize = 256 * 1024;
/// Room for what a block lacks, so that it does not grow: a CR for each line of 40 octets would fit.
const LACKING: usize = BLOCK / 32;
/// Blocks that may wait for the connection, and for the sum.
const AHEAD: usize = 4;

/// A file, or a part of one, as message content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in the transcript.
    pub name: String,
    /// From which octet on.
    pub from: u64,
    /// How many octets of it; to its end where none.
    pub octets: Option<u64>,
    /// It goes out untouched; otherwise each line ends in CR LF and, after DATA, dots are stuffed.
    pub as_is: bool,
}

/// How far a file has gone out, for whoever shows it: octets of the wire, and of the file in all.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    /// Octets that went out, and about how many there will be; none while no file is on its way.
    #[must_use]
    pub fn now(&self) -> Option<(u64, u64)> {
        let (sent, total) = (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed));
        (total > 0).then_some((sent.min(total), total))
    }

    pub(super) fn begin(&self, total: u64) {
        self.0.0.store(0, Ordering::Relaxed);
        self.0.1.store(total.max(1), Ordering::Relaxed);
    }

    pub(super) fn add(&self, octets: u64) {
        self.0.0.fetch_add(octets, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.0.1.store(0, Ordering::Relaxed);
    }
}

/// What a file gives, in order.
pub(super) enum Block {
    /// Octets of the wire that are recorded: whole lines but for the last of the file.
    Recorded(Vec<u8>),
    /// Octets of the wire that are summed.
    Summed(Shared),
    /// All was read: how many octets were summed, and their sum.
    End(u64, String),
    /// It can't be read on; why.
    Failed(String),
}

/// A file that is being read. Dropping it ends the reading.
pub(super) struct Upload {
    pub(super) blocks: mpsc::Receiver<Block>,
    pub(super) name: String,
    /// Octets that were handed on to be sent and only counted.
    pub(super) counted: u64,
    /// Takes back what was written, to be filled again: fresh memory costs more than what is done with it.
    spent: plain::Sender<Shared>,
}

impl Upload {
    /// Gives a block back that has gone out.
    pub(super) fn give_back(&self, block: Shared) {
        // Where the reader is done nobody needs it.
        let _ = self.spent.send(block);
    }

    /// Opens a file and begins to read it; `recorded` octets of it are to be recorded at most. Gives the octets that will
    /// be read, too.
    ///
    /// # Errors
    /// A file that can't be opened or is shorter than the part that is wanted.
    pub(super) fn begin(content: &FileContent, stuffed: bool, recorded: u64) -> Result<(Self, u64), String> {
        let cannot = |error: io::Error| format!("{} can't be read: {error}", content.name);
        let mut file = File::open(&content.path).map_err(cannot)?;
        let size = file.metadata().map_err(cannot)?.len();
        let octets = match content.octets {
            Some(octets) if content.from.saturating_add(octets) > size => {
                return Err(format!("{} has become shorter than it was", content.name));
            }
            Some(octets) => octets,
            None => size.saturating_sub(content.from),
        };
        file.seek(SeekFrom::Start(content.from)).map_err(cannot)?;
        let (sender, blocks) = mpsc::channel(AHEAD);
        let (spent, spare) = plain::channel();
        let exact = content.octets.is_some();
        let form = if content.as_is { None } else { Some(Form::new(stuffed)) };
        let summing = Summing::new(spent.clone());
        let mut reading = Reading { sender, spare, form, room: recorded, begun: Vec::new(), summed: 0, summing };
        let name = content.name.clone();
        tokio::task::spawn_blocking(move || {
            let done = reading.all(&mut file.take(octets), exact.then_some(octets));
            let last = match done.and_then(|()| reading.summing.done()) {
                Ok(sum) => Block::End(reading.summed, sum),
                Err(error) => Block::Failed(format!("{name} can't be read on: {error}")),
            };
            // Where nobody listens any more the connection has ended.
            let _ = reading.sender.blocking_send(last);
        });
        Ok((Self { blocks, name: content.name.clone(), counted: 0, spent }, octets))
    }
}

struct Reading {
    sender: mpsc::Sender<Block>,
    /// Blocks that have gone out, or are summed.
    spare: plain::Receiver<Shared>,
    form: Option<Form>,
    /// Octets that may still be recorded.
    room: u64,
    /// A line that is to be recorded, as far as it was read.
    begun: Vec<u8>,
    summed: u64,
    summing: Summing,
}

impl Reading {
    fn all(&mut self, file: &mut impl io::Read, exact: Option<u64>) -> io::Result<()> {
        let mut octets = 0;
        loop {
            let mut block = self.empty();
            block.resize(BLOCK, 0);
            let read = file.read(&mut block)?;
            if read == 0 {
                break;
            }
            octets += read as u64;
            block.truncate(read);
            if let Some(form) = &mut self.form {
                form.put(&mut block);
            }
            if !self.give(block) {
                return Ok(());
            }
        }
        if exact.is_some_and(|wanted| wanted != octets) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it has become shorter than it was"));
        }
        if let Some(rest) = self.form.as_mut().map(Form::end) {
            self.give(rest);
        }
        if !self.begun.is_empty() {
            // The last line of a file that goes out as it is has no end.
            let _ = self.sender.blocking_send(Block::Recorded(std::mem::take(&mut self.begun)));
        }
        Ok(())
    }

    /// A block to fill. One that has gone out and is summed is filled again as it is: what is read goes over what it held.
    fn empty(&self) -> Vec<u8> {
        // Whoever is done with it first gives it back while the other still has it.
        let spare = self.spare.try_iter().find_map(|block| Arc::try_unwrap(block).ok());
        spare.unwrap_or_else(|| Vec::with_capacity(BLOCK + LACKING))
    }

    /// Hands a block on; false where nobody wants it.
    fn give(&mut self, wire: Vec<u8>) -> bool {
        let mut wire = if self.begun.is_empty() { wire } else { [std::mem::take(&mut self.begun), wire].concat() };
        if self.room > 0 {
            let fits = usize::try_from(self.room).unwrap_or(usize::MAX).min(wire.len());
            // Cut at a line's end, so that what is recorded is whole lines.
            let end = memchr::memrchr(b'\n', &wire[..fits]).map_or(0, |at| at + 1);
            let rest = wire.split_off(end);
            self.room -= end as u64;
            if !wire.is_empty() && self.sender.blocking_send(Block::Recorded(wire)).is_err() {
                return false;
            }
            if (rest.len() as u64) < self.room {
                self.begun = rest;
                return true;
            }
            self.room = 0;
            wire = rest;
        }
        if wire.is_empty() {
            return true;
        }
        self.summed += wire.len() as u64;
        let wire = Arc::new(wire);
        self.sender.blocking_send(Block::Summed(Arc::clone(&wire))).is_ok() && self.summing.add(wire)
    }
}

/// The sum of what is only counted, on a thread of its own from the first block on: it costs as much as all else that is
/// done with a block.
struct Summing {
    /// Takes blocks that are summed.
    spent: plain::Sender<Shared>,
    thread: Option<(plain::SyncSender<Shared>, std::thread::JoinHandle<String>)>,
}

impl Summing {
    fn new(spent: plain::Sender<Shared>) -> Self {
        Self { spent, thread: None }
    }

    /// Adds a block; waits while too many are not summed yet. False where nothing sums any more.
    fn add(&mut self, block: Shared) -> bool {
        let (blocks, _) = self.thread.get_or_insert_with(|| {
            let (sender, blocks) = plain::sync_channel::<Shared>(AHEAD);
            let spent = self.spent.clone();
            let sum = move || {
                let mut sum = Sha256::new();
                for block in blocks {
                    sum.update(&*block);
                    // Where the reader is done nobody needs it.
                    let _ = spent.send(block);
                }
                hexadecimal(&sum.finalize())
            };
            (sender, std::thread::spawn(sum))
        });
        blocks.send(block).is_ok()
    }

    /// The sum of all that was added.
    fn done(&mut self) -> io::Result<String> {
        let Some((blocks, thread)) = self.thread.take() else { return Ok(hexadecimal(&Sha256::new().finalize())) };
        drop(blocks);
        thread.join().map_err(|_| io::Error::other("its sum is lost"))
    }
}

/// Any octets as lines of the wire: CR LF for each line end, dots stuffed. Blocks may be cut anywhere.
struct Form {
    stuffed: bool,
    line_begins: bool,
    /// A CR was the last octet of the block before.
    carriage: bool,
    /// Octets that the block lacks, and where: a list that is filled anew for each.
    lacking: Vec<(usize, u8)>,
}

impl Form {
    fn new(stuffed: bool) -> Self {
        Self { stuffed, line_begins: true, carriage: false, lacking: Vec::new() }
    }

    /// Makes of a block what goes out, in place.
    fn put(&mut self, block: &mut Vec<u8>) {
        self.lacking.clear();
        let mut at = 0;
        while at < block.len() {
            let end = memchr::memchr(b'\n', &block[at..]).map(|length| at + length);
            let line = &block[at..end.unwrap_or(block.len())];
            // A CR counts as the end of a line only right before its LF.
            if self.carriage && !line.is_empty() {
                self.lacking.push((at, b'\r'));
                self.line_begins = false;
            }
            if self.stuffed && self.line_begins && line.first() == Some(&b'.') {
                self.lacking.push((at, b'.'));
            }
            let bare = line.strip_suffix(b"\r").unwrap_or(line).len();
            let Some(end) = end else {
                // The CR may be half of a line's end: the next block says.
                self.line_begins &= bare == 0;
                self.carriage = bare < line.len();
                block.truncate(at + bare);
                break;
            };
            if bare == line.len() {
                self.lacking.push((end, b'\r'));
            }
            (self.line_begins, self.carriage) = (true, false);
            at = end + 1;
        }
        self.fill_in(block);
    }

    /// Puts in what is lacking, from the end on, so that each octet is moved once.
    fn fill_in(&self, block: &mut Vec<u8>) {
        let mut from = block.len();
        block.resize(from + self.lacking.len(), 0);
        for (before, &(at, octet)) in self.lacking.iter().enumerate().rev() {
            block.copy_within(at..from, at + before + 1);
            block[at + before] = octet;
            from = at;
        }
    }

    /// The end of the last line, where the file has none.
    fn end(&mut self) -> Vec<u8> {
        let open = !self.line_begins || self.carriage;
        (self.line_begins, self.carriage) = (true, false);
        if open { b"\r\n".to_vec() } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::content;
    use proptest::prelude::*;

    /// A text in blocks of this size.
    fn formed(text: &[u8], size: usize, stuffed: bool) -> Vec<u8> {
        let mut form = Form::new(stuffed);
        let mut out = Vec::new();
        for block in text.chunks(size.max(1)) {
            let mut block = block.to_vec();
            form.put(&mut block);
            out.extend(block);
        }
        out.extend(form.end());
        out
    }

    /// The same, a line at a time.
    fn plainly(text: &[u8], stuffed: bool) -> Vec<u8> {
        let lines = content::lines(text);
        let lines = lines.map(|line| if stuffed { content::stuff(line).into_owned() } else { line.to_vec() });
        lines.flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()
    }

    proptest! {
        /// Wherever the blocks are cut, the wire is what it is line by line; unstuffed it is the text again.
        #[test]
        fn a_file_is_stuffed_whatever_its_blocks(text in "[.\r\na]{0,24}", size in 1_usize..8, stuffed: bool) {
            let wire = formed(text.as_bytes(), size, stuffed);
            prop_assert_eq!(&wire, &plainly(text.as_bytes(), stuffed), "{:?}", text);
            if stuffed {
                prop_assert!(!content::lines(&wire).any(|line| line == b"."), "nothing ends the message");
                let back: Vec<_> = content::lines(&wire).map(|l| content::unstuff(l).to_vec()).collect();
                let lines: Vec<_> = content::lines(text.as_bytes()).map(<[u8]>::to_vec).collect();
                prop_assert_eq!(back, lines);
            }
        }
    }

    #[test]
    fn progress_is_said_while_there_is_some() {
        let progress = Progress::default();
        assert_eq!(progress.now(), None);
        progress.begin(10);
        progress.add(4);
        assert_eq!(progress.clone().now(), Some((4, 10)));
        progress.add(9);
        assert_eq!(progress.now(), Some((10, 10)), "stuffed dots are no part of the file");
        progress.end();
        assert_eq!(progress.now(), None);
    }
}
