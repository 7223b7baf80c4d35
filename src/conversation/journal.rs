//! The journal: each record appended to a file before the fact is shown.
//!
//! A process killed at any instant leaves a file that opens, less at most the record being written: each record is one
//! write(2), and what a full disk cuts off is taken back or finished before the next record.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

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
        tail.append(&line).map_err(|error| at_path(&path, &error))?;
        Ok(Self { path, tail, at: Micros(0), line })
    }

    /// Appends a record with one write(2).
    ///
    /// # Errors
    /// What the system says, once; the conversation goes on all the same, and later records are tried again. When one
    /// of them can be written, a warning with the number of those that are missing goes before it.
    pub fn append(&mut self, event: &Timed) -> io::Result<()> {
        self.at = event.at;
        self.line.clear();
        if self.tail.lost > 0 {
            let warning =
                Remark::new("warning").with("lost", self.tail.lost).value("records could not be written here");
            write_record(event.at, &Event::Remark(warning), &mut self.line);
        }
        write_record(event.at, &event.event, &mut self.line);
        self.tail.append(&self.line).map_err(|error| at_path(&self.path, &error))
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
    /// Records that were not written since the last one that was.
    lost: u64,
}

impl<S: Sink> Tail<S> {
    fn new(sink: S) -> Self {
        Self { sink, length: 0, owed: Vec::new(), lost: 0 }
    }

    /// Appends whole lines. The first failure of a row is given back, the others only counted.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        match self.finish_owed().and_then(|()| self.write(lines)) {
            Ok(()) => {
                self.lost = 0;
                Ok(())
            }
            Err(error) => {
                self.lost += 1;
                if self.lost == 1 { Err(error) } else { Ok(()) }
            }
        }
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

/// `YYYY/DATE-TIME-TARGET`, without a suffix.
fn name(started: Timestamp, target: &str) -> String {
    format!("{}-{}", started.strftime("%Y/%Y-%m-%d-%H%M%S"), reduced(target))
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
        private_directory(parent).map_err(|error| at_path(parent, &error))?;
        match private_file(&path) {
            Ok(file) => {
                // Where the file system knows no locks, the exclusive creation is what keeps others away.
                match file.try_lock() {
                    Ok(()) => return Ok((path, file)),
                    Err(std::fs::TryLockError::Error(_)) => return Ok((path, file)),
                    Err(std::fs::TryLockError::WouldBlock) => {}
                }
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at_path(&path, &error)),
        }
    }
    Err(at_path(&directory.join(name), &io::ErrorKind::AlreadyExists.into()))
}

fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
