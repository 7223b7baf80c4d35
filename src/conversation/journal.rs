//! The journal: each record appended to a file before the fact is shown.
//!
//! A process killed at any instant leaves a file that opens, less at most the record being written: each record is one
//! write(2), and what a full disk cuts off is taken back or finished before the next record.

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
        if let Err(error) = tail.append(&line, 1) {
            // A conversation of which nothing is recorded has no file. That it stays is no worse.
            let _ = std::fs::remove_file(&path);
            return Err(at_path(&path, &error));
        }
        Ok(Self { path, tail, at: Micros(0), line })
    }

    /// Appends a record with one write(2).
    ///
    /// # Errors
    /// What the system says, once; the conversation goes on all the same, and later records are tried again. When one
    /// of them can be written, a warning with the number of those that are missing goes before it.
    pub fn append(&mut self, event: &Timed) -> io::Result<()> {
        self.append_all(std::slice::from_ref(event))
    }

    /// Appends records that belong together, such as the lines of a block of content, with one write(2): all or none.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_all(&mut self, events: &[Timed]) -> io::Result<()> {
        let Some(last) = events.last() else { return Ok(()) };
        self.at = last.at;
        self.line.clear();
        if self.tail.lost > 0 {
            let warning = Remark::loss(self.tail.lost);
            write_record(events[0].at, &Event::Remark(warning), &mut self.line);
        }
        for event in events {
            write_record(event.at, &event.event, &mut self.line);
        }
        self.tail.append(&self.line, events.len() as u64).map_err(|error| at_path(&self.path, &error))
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

    /// Appends so many records as whole lines. The first failure of a row is given back, the others only counted.
    fn append(&mut self, lines: &[u8], records: u64) -> io::Result<()> {
        match self.finish_owed().and_then(|()| self.write(lines)) {
            Ok(()) => {
                self.lost = 0;
                Ok(())
            }
            Err(error) => {
                let first = self.lost == 0;
                self.lost += records;
                if first { Err(error) } else { Ok(()) }
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
mod tests {
    use super::super::event::Line;
    use super::super::file::{FileError, Side, Warning, open, read};
    use super::*;

    fn head() -> Header {
        Header::recording("mx.target.local:25", "2026-11-23T20:18:22.104Z".parse().expect("a time"), Side::Client)
    }

    fn sent(at: u64, text: &str) -> Timed {
        Timed { at: Micros(at), event: Event::Sent(Line::new(text)) }
    }

    #[test]
    fn it_lies_in_the_year_under_date_time_and_target_and_never_twice() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = directory.path().join("transcripts");
        let target = "smtp://MX.Target.Local:25/../x";
        let first = Journal::create(&place, target, &head()).expect("created");
        let second = Journal::create(&place, target, &head()).expect("created");
        assert_eq!(first.path(), place.join("2026/2026-11-23-201822-mx.target.local-25-..-x.smtp"));
        assert_eq!(second.path(), place.join("2026/2026-11-23-201822-mx.target.local-25-..-x-2.smtp"));
        assert!(open(first.path()).expect("it opens").log.is_empty());
        let begun = |path: &Path| begun(path.file_name()?.to_str()?);
        assert_eq!(begun(second.path()), "2026-11-23T20:18:22Z".parse().ok());
        for name in ["session.smtp", "2026-11-23-201822.smtp", "2026-13-23-201822-mx.smtp", "2026-11-23-20182é-mx.smtp"]
        {
            assert_eq!(super::begun(name), None, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let journal = Journal::create(&directory.path().join("transcripts"), "lab:", &head()).expect("created");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(journal.path()), 0o600);
        assert_eq!(mode(journal.path().parent().expect("a directory")), 0o700);
        assert_eq!(mode(&directory.path().join("transcripts")), 0o700);
    }

    #[test]
    fn it_is_locked_while_it_lives() {
        let directory = tempfile::tempdir().expect("a directory");
        let journal = Journal::create(directory.path(), "mx", &head()).expect("created");
        let other = File::open(journal.path()).expect("it opens");
        assert!(matches!(other.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)));
        drop(journal);
        other.try_lock_shared().expect("it is free");
    }

    #[test]
    fn a_journal_cut_off_anywhere_opens_and_lacks_at_most_the_last_record() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
        let mut ends = vec![std::fs::read(journal.path()).expect("it is there").len()];
        let events = [
            Event::Remark(Remark::new("connected").value("127.0.0.1:25")),
            Event::Received(Line::new("220 mx")),
            Event::Sent(Line::new("EHLO \u{e9}")),
            Event::Received(Line::raw("250 ok\n")),
            Event::Content(Line::new("")),
            Event::Sent(Line::new("QUIT")),
        ];
        for (at, event) in (0..).zip(events) {
            journal.append(&Timed { at: Micros(at * 1_000), event }).expect("written");
            ends.push(std::fs::read(journal.path()).expect("it is there").len());
        }
        let bytes = std::fs::read(journal.path()).expect("it is there");
        for length in 0..=bytes.len() {
            let document = read(&bytes[..length]).unwrap_or_else(|e: FileError| panic!("{length} octets: {e}"));
            let whole = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(document.log.len(), whole.saturating_sub(1), "{length} octets");
            let torn = length > 0 && !ends.contains(&length);
            // The fence that closes the head may lack its line end.
            let complete_head = length + 1 == ends[0];
            assert_eq!(document.warnings.is_empty(), !torn || complete_head, "{length} octets");
            let last = Warning::Truncated { line: 6 + whole };
            assert!(whole == 0 || !torn || document.warnings == [last], "{length} octets: {:?}", document.warnings);
        }
    }

    /// A disk with room for so many octets, that may or may not be able to take octets back.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
        cuts: bool,
    }

    impl Sink for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room - self.bytes.len());
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            if !self.cuts {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            self.bytes.truncate(usize::try_from(length).expect("small"));
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_said_once_and_leaves_no_torn_record() {
        for (cuts, want) in [(true, "one\nfive\n"), (false, "one\ntwo\nfive\n")] {
            let mut tail = Tail::new(Disk { bytes: Vec::new(), room: 6, cuts });
            tail.append(b"one\n", 1).expect("there is room");
            let error = tail.append(b"two\n", 1).expect_err("there is none");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            tail.append(b"three\n", 1).expect("said once");
            tail.append(b"four\n", 1).expect("said once");
            assert_eq!(tail.lost, 3);
            tail.sink.room = 100;
            tail.append(b"five\n", 1).expect("there is room again");
            assert_eq!(String::from_utf8_lossy(&tail.sink.bytes), want, "takes back: {cuts}");
            assert_eq!((tail.lost, tail.length), (0, want.len() as u64));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_missing_is_said_in_the_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
        journal.append(&sent(1, "NOOP")).expect("written");
        let good = std::mem::replace(
            &mut journal.tail.sink,
            File::options().append(true).open("/dev/full").expect("it opens"),
        );
        let error = journal.append(&sent(2, "HELP")).expect_err("the disk is full");
        assert!(error.to_string().contains("-mx.smtp: "), "{error}");
        journal.append(&sent(3, "HELP")).expect("said once");
        journal.tail.sink = good;
        journal.append(&sent(4, "QUIT")).expect("written");
        let text = std::fs::read_to_string(journal.path()).expect("it is there");
        let body: Vec<_> = text.lines().skip(6).collect();
        assert_eq!(
            body,
            [
                "0.000001 > NOOP",
                "0.000004 * warning kind=journal lost=2 \"records could not be written here\"",
                "0.000004 > QUIT"
            ]
        );
    }

    #[test]
    fn a_target_is_reduced_to_what_a_name_may_hold() {
        for (target, want) in [
            ("", "unknown"),
            ("lab:", "lab"),
            ("[::1]:25", "1-25"),
            ("user@Bücher.example", "user-b-cher.example"),
            ("../../etc/passwd", "etc-passwd"),
            ("submission://mx:587", "mx-587"),
        ] {
            assert_eq!(reduced(target), want, "{target}");
        }
        assert!(reduced(&"x".repeat(500)).len() <= NAME);
    }
}
