//! The log: an arena of octets and a record of 16 bytes for each event, append-only.
//!
//! 1,000,000 records of 70 MB take 16 MB beside their octets.

use super::event::{Event, Line, Micros, Remark};

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `>`: a line from client to server.
    Sent,
    /// `|`: message content.
    Content,
    /// `<`: a line from server to client.
    Received,
    /// `*`: a remark of ehlo's; its octets are its text.
    Remark,
    /// A line of a script (no time), with its sigil, as the file has it.
    Script,
    /// A comment or a blank line, as the file has it.
    Comment,
}

const CRLF: u8 = 1;
const MASKED: u8 = 2;
const TIMED: u8 = 4;

/// Where a record's octets begin (48 bits), its kind and flags, and its time.
#[derive(Debug, Clone, Copy)]
struct Record {
    place: u64,
    at: u64,
}

impl Record {
    fn new(start: usize, kind: Kind, flags: u8, at: Micros) -> Self {
        Self { place: (start as u64) << 16 | u64::from(flags) << 8 | kind as u64, at: at.0 }
    }

    fn start(self) -> usize {
        usize::try_from(self.place >> 16).unwrap_or(usize::MAX)
    }

    fn flags(self) -> u8 {
        (self.place >> 8 & 0xff) as u8
    }

    fn kind(self) -> Kind {
        match self.place & 0xff {
            0 => Kind::Sent,
            1 => Kind::Content,
            2 => Kind::Received,
            3 => Kind::Remark,
            4 => Kind::Script,
            _ => Kind::Comment,
        }
    }
}

/// One record as it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it is.
    pub kind: Kind,
    /// When; none for what a script holds.
    pub at: Option<Micros>,
    /// The octets: see [`Line::bytes`] for the wire's, the text for remarks, the file's line for the rest.
    pub bytes: &'a [u8],
    /// Whether CR LF follows on the wire.
    pub crlf: bool,
    /// Whether a secret was masked; `bytes` is then the file's text.
    pub masked: bool,
}

impl Entry<'_> {
    /// The remark, where it is one.
    #[must_use]
    pub fn remark(&self) -> Option<Remark> {
        (self.kind == Kind::Remark).then(|| Remark::parse(&String::from_utf8_lossy(self.bytes)))
    }
}

/// An append-only list of what happened.
#[derive(Debug, Clone, Default)]
pub struct Log {
    arena: Vec<u8>,
    records: Vec<Record>,
}

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Octets of memory that the records and their contents take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.arena.capacity() + self.records.capacity() * size_of::<Record>()
    }

    /// Makes room for what a file of so many octets holds.
    pub fn reserve(&mut self, octets: usize, records: usize) {
        self.arena.reserve(octets);
        self.records.reserve(records);
    }

    /// Adds an event; gives its index.
    pub fn push(&mut self, at: Micros, event: &Event) -> usize {
        match event {
            Event::Sent(line) => self.push_line(Kind::Sent, at, line),
            Event::Content(line) => self.push_line(Kind::Content, at, line),
            Event::Received(line) => self.push_line(Kind::Received, at, line),
            Event::Remark(remark) => {
                self.push_octets(Kind::Remark, Some(at), remark.to_string().as_bytes(), true, false)
            }
        }
    }

    fn push_line(&mut self, kind: Kind, at: Micros, line: &Line) -> usize {
        self.push_octets(kind, Some(at), &line.bytes, line.crlf, line.masked)
    }

    /// Adds a record by its parts, for a reader that has them at hand; gives its index.
    pub fn push_octets(&mut self, kind: Kind, at: Option<Micros>, bytes: &[u8], crlf: bool, masked: bool) -> usize {
        let flags =
            if crlf { CRLF } else { 0 } | if masked { MASKED } else { 0 } | if at.is_some() { TIMED } else { 0 };
        self.records.push(Record::new(self.arena.len(), kind, flags, at.unwrap_or_default()));
        self.arena.extend_from_slice(bytes);
        self.records.len() - 1
    }

    /// The record at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Entry<'_>> {
        let record = *self.records.get(index)?;
        let end = self.records.get(index + 1).map_or(self.arena.len(), |next| next.start());
        let flags = record.flags();
        Some(Entry {
            kind: record.kind(),
            at: (flags & TIMED != 0).then_some(Micros(record.at)),
            bytes: &self.arena[record.start()..end],
            crlf: flags & CRLF != 0,
            masked: flags & MASKED != 0,
        })
    }

    /// The records from an index on, each with its index.
    pub fn since(&self, index: usize) -> impl Iterator<Item = (usize, Entry<'_>)> {
        (index..self.len()).filter_map(|i| Some((i, self.get(i)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let mut log = Log::new();
        log.push(Micros(5), &Event::Sent(Line::new("NOOP")));
        log.push(Micros(9), &Event::Received(Line::raw("250 ok\n")));
        log.push(Micros(9), &Event::Remark(Remark::new("closed").with("by", "server")));
        log.push_octets(Kind::Script, None, b"< 2xx", true, false);
        let first = log.get(0).expect("pushed");
        assert_eq!((first.kind, first.at, first.bytes, first.crlf), (Kind::Sent, Some(Micros(5)), &b"NOOP"[..], true));
        assert!(!log.get(1).expect("pushed").crlf);
        assert_eq!(log.get(2).and_then(|e| e.remark()).expect("a remark").get("by"), Some("server"));
        assert_eq!(log.get(3).expect("pushed").at, None);
        assert_eq!(log.get(4), None);
    }
}
