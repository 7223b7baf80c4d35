//! The reader: takes a file in chunks of any size, so that its head can be shown before the rest is there.
//!
//! Each line of the body becomes exactly one record of the log, so a record's line is found by counting.

use std::io::Read as _;
use std::path::Path;

use toml::{Table, Value};

use super::error::{FileError, LineError, Problem, Warning};
use super::header::Header;
use super::line;
use super::{Document, FORMAT};
use crate::conversation::event::Micros;

/// Octets of a head beyond which its second `+++` is no longer waited for.
const HEAD: usize = 1 << 20;
/// Octets that are read at once from the disk.
const CHUNK: usize = 1 << 18;
/// The lines that open and close the head.
const FENCE: &[u8] = b"+++";
/// What a UTF-8 file may begin with.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the first line, or among comments above the head.
    Start,
    /// Between the two `+++`.
    Head,
    /// After it.
    Body,
}

/// Reads a file in chunks.
#[derive(Debug)]
pub struct Reader {
    document: Document,
    place: Place,
    /// The start of a line whose end has not come.
    rest: Vec<u8>,
    /// Lines read so far.
    lines: usize,
    /// Lines before the head, and the text of the head.
    lead: Vec<u8>,
    head: Vec<u8>,
    last: Micros,
    scratch: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            document: Document::default(),
            place: Place::Start,
            rest: Vec::new(),
            lines: 0,
            lead: Vec::new(),
            head: Vec::new(),
            last: Micros(0),
            scratch: Vec::new(),
        }
    }
}

impl Reader {
    /// A reader at the start of a file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with room made for a file of so many octets.
    #[must_use]
    pub fn with_size(octets: u64) -> Self {
        let mut reader = Self::new();
        // Of a record of 75 octets some 60 go to the arena; what is not touched takes no memory.
        let octets = usize::try_from(octets).unwrap_or(0);
        reader.document.log.reserve(octets, octets / 64);
        reader
    }

    /// What has been read so far.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Takes the next octets of the file.
    ///
    /// # Errors
    /// The first thing that is not as the format has it; what came before stays in [`Self::document`].
    pub fn feed(&mut self, mut chunk: &[u8]) -> Result<(), FileError> {
        if !self.rest.is_empty() {
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                self.rest.extend_from_slice(chunk);
                return Ok(());
            };
            let mut line = std::mem::take(&mut self.rest);
            line.extend_from_slice(&chunk[..end]);
            chunk = &chunk[end + 1..];
            self.line(&line)?;
            line.clear();
            self.rest = line;
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            self.line(&chunk[start..end])?;
            start = end + 1;
        }
        self.rest.extend_from_slice(&chunk[start..]);
        Ok(())
    }

    /// The file has ended.
    ///
    /// # Errors
    /// As for [`Self::feed`].
    pub fn finish(mut self) -> Result<Document, FileError> {
        let rest = std::mem::take(&mut self.rest);
        let first = self.lines == 0;
        let text = if first { rest.strip_prefix(BOM).unwrap_or(&rest) } else { &rest };
        let digit = text.first().is_some_and(u8::is_ascii_digit);
        let half_fence = first && !text.is_empty() && FENCE.starts_with(text);
        if half_fence {
            self.place = Place::Head;
        } else if digit && self.place != Place::Head {
            self.document.warnings.push(Warning::Truncated { line: self.lines + 1 });
        } else if !rest.is_empty() && (self.place != Place::Head || trimmed(text) == FENCE) {
            self.line(&rest)?;
        }
        match self.place {
            Place::Start => self.without_head()?,
            Place::Head => self.head_not_closed()?,
            Place::Body => {}
        }
        Ok(self.document)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), FileError> {
        let line = trimmed(line);
        let line = if self.lines == 0 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        self.lines += 1;
        match self.place {
            Place::Body => self.record(line, self.lines),
            Place::Start if line == FENCE => {
                self.place = Place::Head;
                Ok(())
            }
            Place::Start if line.trim_ascii().is_empty() || line.starts_with(b"#") => {
                push_line(&mut self.lead, line);
                Ok(())
            }
            Place::Start => {
                self.without_head()?;
                self.record(line, self.lines)
            }
            Place::Head if line == FENCE => self.head_closed(),
            Place::Head => {
                push_line(&mut self.head, line);
                if self.head.len() > HEAD { self.head_not_closed() } else { Ok(()) }
            }
        }
    }

    fn record(&mut self, line: &[u8], number: usize) -> Result<(), FileError> {
        let log = &mut self.document.log;
        if let Err(error) = line::read(line, &mut self.scratch, log) {
            if !self.document.read_only {
                return Err(error.at(number, line));
            }
            log.push_octets(super::Kind::Comment, None, line, true, false);
            let warnings = &mut self.document.warnings;
            if !warnings.iter().any(|w| matches!(w, Warning::NotUnderstood { .. })) {
                warnings.push(Warning::NotUnderstood { line: number });
            }
        }
        if let Some(at) = log.get(log.len() - 1).and_then(|entry| entry.at) {
            if at < self.last {
                let warnings = &mut self.document.warnings;
                if !warnings.iter().any(|w| matches!(w, Warning::TimeGoesBack { .. })) {
                    warnings.push(Warning::TimeGoesBack { line: number });
                }
            }
            self.last = at;
        }
        Ok(())
    }

    /// The body begins at once: what was taken for the lead are its first lines.
    fn without_head(&mut self) -> Result<(), FileError> {
        self.place = Place::Body;
        self.document.first_line = 1;
        let lead = std::mem::take(&mut self.lead);
        self.records(&lead, 1)
    }

    fn records(&mut self, lines: &[u8], first: usize) -> Result<(), FileError> {
        let mut start = 0;
        for (number, end) in memchr::memchr_iter(b'\n', lines).enumerate() {
            self.record(&lines[start..end], first + number)?;
            start = end + 1;
        }
        Ok(())
    }

    fn head_closed(&mut self) -> Result<(), FileError> {
        self.place = Place::Body;
        self.document.first_line = self.lines + 1;
        let before = self.lead_lines() + 1;
        let head = std::mem::take(&mut self.head);
        let lead = String::from_utf8_lossy(&std::mem::take(&mut self.lead)).into_owned();
        let text = String::from_utf8(head).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            head_error(error.as_bytes(), at, before, Problem::Toml("it holds octets that are not UTF-8".to_owned()))
        })?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            head_error(text.as_bytes(), at, before, Problem::Toml(error.message().to_owned()))
        })?;
        self.version(&table, &text, before)?;
        self.document.header = Header::read(lead, text, table);
        Ok(())
    }

    fn lead_lines(&self) -> usize {
        memchr::memchr_iter(b'\n', &self.lead).count()
    }

    fn version(&mut self, table: &Table, text: &str, before: usize) -> Result<(), FileError> {
        match table.get("ehlo") {
            None => Ok(()),
            Some(Value::Integer(found)) if *found > FORMAT => {
                self.document.read_only = true;
                self.document.warnings.push(Warning::Newer { found: *found, known: FORMAT });
                Ok(())
            }
            Some(Value::Integer(found)) if *found > 0 => Ok(()),
            Some(other) => {
                let at = memchr::memmem::find(text.as_bytes(), b"ehlo").unwrap_or(0);
                Err(head_error(text.as_bytes(), at, before, Problem::Version(other.to_string())))
            }
        }
    }

    /// The head has no end. Records begin at the first line that can be one; what is TOML above it is used.
    fn head_not_closed(&mut self) -> Result<(), FileError> {
        self.document.warnings.push(Warning::HeadNotClosed);
        self.place = Place::Body;
        let head = std::mem::take(&mut self.head);
        let before = self.lead_lines() + 1;
        self.lead.clear();
        let (mut start, mut lines) = (0, 0);
        while let Some(end) = memchr::memchr(b'\n', &head[start..]) {
            if line::is_record(&head[start..start + end]) {
                break;
            }
            start += end + 1;
            lines += 1;
        }
        let mut text = std::str::from_utf8(&head[..start]).unwrap_or_default();
        let mut table = text.parse::<Table>();
        for _ in 0..3 {
            // What is torn is at the end.
            if table.is_err() {
                text = text.trim_end().rsplit_once('\n').map_or("", |(above, _)| above);
                table = text.parse();
            }
        }
        let table = table.unwrap_or_default();
        self.version(&table, text, before)?;
        self.document.header = Header::of(table);
        self.document.first_line = before + lines + 1;
        self.records(&head[start..], before + lines + 1)
    }
}

fn head_error(text: &[u8], at: usize, before: usize, problem: Problem) -> FileError {
    let at = at.min(text.len());
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    let line = memchr::memchr_iter(b'\n', &text[..at]).count() + 1;
    LineError::new(at - start, problem).at(before + line, &text[start..])
}

fn push_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.push(b'\n');
}

/// A line without the CR of its CR LF.
fn trimmed(mut line: &[u8]) -> &[u8] {
    while let [above @ .., b'\r'] = line {
        line = above;
    }
    line
}

/// Reads a whole file that is in memory.
///
/// # Errors
/// The first thing that is not as the format has it, with its line and column.
pub fn read(bytes: &[u8]) -> Result<Document, FileError> {
    let mut reader = Reader::with_size(bytes.len() as u64);
    reader.feed(bytes)?;
    reader.finish()
}

/// Reads a file from the disk, in chunks.
///
/// # Errors
/// What the system says, or the first thing that is not as the format has it, with the file's name.
pub fn open(path: &Path) -> Result<Document, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_or(0, |data| data.len());
    let mut reader = Reader::with_size(size);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => reader.feed(&chunk[..n]).map_err(|error| error.in_file(path))?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    reader.finish().map_err(|error| error.in_file(path))
}
