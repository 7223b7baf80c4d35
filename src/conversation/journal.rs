//! The journal: each record appended to a file before the fact is shown.
//!
//! A process killed at any instant leaves a file that opens, less at most the record being written: each record is one
//! write(2), and what a full disk cuts off is taken back or finished before the next record.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::private;

use super::event::{Event, Micros, Remark, Timed};
use super::file::{Document, Header, write_document, write_record};
use super::log::Log;

/// Octets of the target that go into a file's name.
const NAME: usize = 60;
/// Names that are tried for one second and one target.
const TRIES: u32 = 10_000;

/// A file that a conversation is recorded in as it happens.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    tail: Tail<File>,
    /// The last time that was written.
    at: Micros,
    line: Vec<u8>,
    /// Records that its owner has, in the file or not.
    seen: usize,
    /// Where records are missing in the file.
    gaps: Vec<Gap>,
    /// What can't be written now.
    gap: Option<Gap>,
    /// What was said about the conversation since then.
    later: Vec<Timed>,
}

/// Records in a row that could not be written.
#[derive(Debug, Clone, Default)]
struct Gap {
    /// The first, as their owner counts, from 1.
    first: usize,
    /// How many are missing.
    lost: usize,
    /// How many among them said something about the conversation, and were written later.
    said: usize,
}

/// Whether an event says something about the conversation, which can be said later as well.
fn said_later(event: &Event) -> bool {
    matches!(event, Event::Remark(remark) if matches!(remark.word.as_str(), "note" | "mark" | "set"))
}

impl Journal {
    /// Creates `DIRECTORY/YYYY/DATE-TIME-TARGET[-2].smtp` (mode 0600 in directories of mode 0700), locks it and writes
    /// the head. Date and time (UTC) are the head's `started`; an existing file is never touched.
    ///
    /// # Errors
    /// What the system says, with the path; a head without `started`.
    pub fn create(directory: &Path, target: &str, header: &Header) -> io::Result<Self> {
        let started = header.started().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a journal needs to know when the conversation started")
        })?;
        let (path, file) = create_file(directory, &name(started, target))?;
        let mut line = Vec::new();
        write_document(&Document::new(header.clone(), Log::new()), &mut line);
        let mut tail = Tail::new(file);
        if let Err(error) = tail.append(&line) {
            // A conversation of which nothing is recorded has no file. That it stays is no worse.
            let _ = std::fs::remove_file(&path);
            return Err(at_path(&path, &error));
        }
        let at = Micros(0);
        Ok(Self { path, tail, at, line, seen: 0, gaps: Vec::new(), gap: None, later: Vec::new() })
    }

    /// Appends a record with one write(2).
    ///
    /// # Errors
    /// As [`Self::append_all`].
    pub fn append(&mut self, event: &Timed) -> io::Result<Option<Remark>> {
        self.append_all(std::slice::from_ref(event))
    }

    /// Appends records that belong together, such as the lines of a block of content, with one write(2): all or none.
    /// `at` of a note or a bookmark counts as its owner does, who has all records; here it names the record of the file.
    ///
    /// After a failure later records are tried again. When some can be written, a warning with the number of those that
    /// are missing goes before them, and what is given back is what their owner has in its place, before them as well.
    /// What was said about the conversation meanwhile follows the warning: nobody says it again.
    ///
    /// # Errors
    /// What the system says, once in a row of failures; the conversation goes on all the same.
    pub fn append_all(&mut self, events: &[Timed]) -> io::Result<Option<Remark>> {
        let Some(last) = events.last() else { return Ok(None) };
        self.at = last.at;
        self.write(events[0].at, events)
    }

    /// Tries once more to write down what is missing, where something is.
    pub fn catch_up(&mut self) {
        if self.gap.is_some() {
            // How much is still missing says what came of it.
            let _ = self.write(self.at, &[]);
        }
    }

    /// How many records are not in the file.
    #[must_use]
    pub fn missing(&self) -> usize {
        let later = self.later.len();
        self.gaps.iter().chain(&self.gap).map(|gap| gap.lost).sum::<usize>() + later
    }

    fn write(&mut self, at: Micros, events: &[Timed]) -> io::Result<Option<Remark>> {
        let open = self.gap.take();
        let lost = open.as_ref().map_or(0, |gap| gap.lost);
        let gaps = self.gaps.len();
        self.gaps.extend(open.clone().filter(|gap| gap.lost > 0));
        let mut lines = std::mem::take(&mut self.line);
        lines.clear();
        if lost > 0 {
            write_record(at, &Event::Remark(Remark::loss(lost)), &mut lines);
        }
        // They are said now: a time that goes back is nobody's.
        let later = self.later.iter().map(|event| (at, event));
        for (at, event) in later.chain(events.iter().map(|event| (event.at, event))) {
            write_record(at, &self.as_the_file_counts(&event.event), &mut lines);
        }
        let written = self.tail.append(&lines);
        self.line = lines;
        match written {
            Ok(()) => {
                self.later.clear();
                // Who owns them has the word that they are written again.
                self.seen += events.len() + usize::from(lost > 0);
                Ok((lost > 0).then(|| Remark::recorded_again(lost)))
            }
            Err(error) => {
                self.gaps.truncate(gaps);
                let first = open.is_none();
                let mut gap = open.unwrap_or(Gap { first: self.seen + 1, ..Gap::default() });
                for event in events {
                    if said_later(&event.event) {
                        gap.said += 1;
                        self.later.push(event.clone());
                    } else {
                        gap.lost += 1;
                    }
                }
                self.seen += events.len();
                self.gap = Some(gap);
                if first { Err(at_path(&self.path, &error)) } else { Ok(None) }
            }
        }
    }

    /// A note or a bookmark is about a record of the file.
    fn as_the_file_counts<'a>(&self, event: &'a Event) -> Cow<'a, Event> {
        let Event::Remark(remark) = event else { return Cow::Borrowed(event) };
        let number = remark.get("at").filter(|_| !self.gaps.is_empty() && said_later(event));
        let Some(number) = number.and_then(|at| at.parse().ok()) else { return Cow::Borrowed(event) };
        let mut remark = remark.clone();
        for (_, value) in remark.values.iter_mut().filter(|(key, _)| key.as_deref() == Some("at")) {
            *value = self.number(number).to_string();
        }
        Cow::Owned(Event::Remark(remark))
    }

    /// The number that the file has for a record, by its owner's: what is missing is where that is said.
    fn number(&self, number: usize) -> usize {
        let mut missing = 0;
        for gap in self.gaps.iter().take_while(|gap| gap.first <= number) {
            // The owner's word that it is written again follows them.
            if number <= gap.first + gap.lost + gap.said {
                return gap.first - missing;
            }
            missing += gap.lost;
        }
        number - missing
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The time of the last record.
    #[must_use]
    pub fn last(&self) -> Micros {
        self.at
    }
}

/// What a journal needs of a file; a test has one that fails.
trait Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// The end of a file that whole records are appended to.
#[derive(Debug)]
struct Tail<S> {
    sink: S,
    /// Octets of whole records.
    length: u64,
    /// The rest of a record that could be neither finished nor taken back.
    owed: Vec<u8>,
}

impl<S: Sink> Tail<S> {
    fn new(sink: S) -> Self {
        Self { sink, length: 0, owed: Vec::new() }
    }

    /// Appends whole lines, or none of them.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.finish_owed()?;
        self.write(lines)
    }

    fn finish_owed(&mut self) -> io::Result<()> {
        while !self.owed.is_empty() {
            let written = write_once(&mut self.sink, &self.owed)?;
            self.length += written as u64;
            self.owed.drain(..written);
        }
        Ok(())
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < lines.len() {
            match write_once(&mut self.sink, &lines[written..]) {
                Ok(n) => written += n,
                Err(error) => {
                    if written > 0 && self.sink.cut(self.length).is_err() {
                        self.length += written as u64;
                        self.owed = lines[written..].to_vec();
                    }
                    return Err(error);
                }
            }
        }
        self.length += written as u64;
        Ok(())
    }
}

fn write_once(sink: &mut impl Sink, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match sink.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn at_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// How a name tells when its conversation began.
const MOMENT: &str = "%Y-%m-%d-%H%M%S";

/// `YYYY/DATE-TIME-TARGET`, without a suffix.
fn name(started: Timestamp, target: &str) -> String {
    format!("{}/{}-{}", started.strftime("%Y"), started.strftime(MOMENT), reduced(target))
}

/// When a conversation began that was recorded here under this name, to the second; nothing where no journal has it.
#[must_use]
pub fn begun(name: &str) -> Option<Timestamp> {
    const LENGTH: usize = "2026-11-23-201822".len();
    let (moment, rest) = name.split_at_checked(LENGTH)?;
    let moment = rest.starts_with('-').then(|| jiff::civil::DateTime::strptime(MOMENT, moment))?.ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(moment).ok()
}

/// A target reduced to `[a-z0-9.-]`.
fn reduced(target: &str) -> String {
    let target = target.split_once("://").map_or(target, |(_, rest)| rest);
    let mut out = String::new();
    for c in target.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '.') => out.push(c),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
        if out.len() >= NAME {
            break;
        }
    }
    let out = out.trim_matches(['-', '.']);
    if out.is_empty() { "unknown".to_owned() } else { out.to_owned() }
}

fn create_file(directory: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    for number in 1..TRIES {
        let file_name = if number == 1 { format!("{name}.smtp") } else { format!("{name}-{number}.smtp") };
        let path = directory.join(file_name);
        let parent = path.parent().unwrap_or(directory);
        private::create_folder(parent).map_err(|error| at_path(parent, &error))?;
        match private::file().append(true).create_new(true).open(&path) {
            // Where the file system knows no locks, the exclusive creation alone keeps others away.
            Ok(file) => match file.try_lock() {
                Err(std::fs::TryLockError::WouldBlock) => {}
                Ok(()) | Err(std::fs::TryLockError::Error(_)) => return Ok((path, file)),
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at_path(&path, &error)),
        }
    }
    Err(at_path(&directory.join(name), &io::ErrorKind::AlreadyExists.into()))
}

#[cfg(test)]
mod tests;
