//! The log: an arena of octets and a record of 8 bytes for each event, append-only.
//!
//! Places and times are kept as distances from those of the group of 64 that a record belongs to, so that 1,000,000 records
//! take 8 MB beside their octets.

use super::event::{Event, Line, Micros, Remark};
use crate::smtp::escape;
use crate::smtp::secret::MARKER;

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

const CRLF: u32 = 8;
const MASKED: u32 = 16;
const TIMED: u32 = 32;

/// Bits of a record's place that hold its kind and flags; the rest is its distance from its group's octets.
const FLAG_BITS: u32 = 6;
/// Records of a group.
const GROUP: usize = 64;
/// A place or a time that is too far from its group's: it stands in [`Log::far`].
const FAR: u32 = u32::MAX >> FLAG_BITS;
const FAR_TIME: i32 = i32::MIN;

/// Where a group of records begins: the first record's octets and time, which the others are counted from.
#[derive(Debug, Clone, Copy)]
struct Base {
    start: usize,
    at: u64,
}

/// A record: its distance from its group's octets with kind and flags, and its time after its group's, microseconds.
#[derive(Debug, Clone, Copy)]
struct Record {
    place: u32,
    after: i32,
}

impl Record {
    fn kind(self) -> Kind {
        match self.place & 7 {
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

    /// What went over the wire as a file has it: other octets are another text.
    #[must_use]
    pub fn in_file(&self) -> String {
        if self.masked {
            return String::from_utf8_lossy(self.bytes).into_owned();
        }
        escape::for_file(self.bytes) + if self.crlf { "" } else { "\\c" }
    }
}

/// An append-only list of what happened.
#[derive(Debug, Clone, Default)]
pub struct Log {
    arena: Vec<u8>,
    records: Vec<Record>,
    bases: Vec<Base>,
    /// Place and time of the records that are too far from their group's, by index.
    far: Vec<(usize, Base)>,
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

    /// Octets that the records and their contents come to.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.arena.len() + self.records.len() * size_of::<Record>()
    }

    /// Octets of memory that the records and their contents take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.arena.capacity()
            + self.records.capacity() * size_of::<Record>()
            + self.bases.capacity() * size_of::<Base>()
            + self.far.capacity() * size_of::<(usize, Base)>()
    }

    /// Gives back the memory that was meant for more.
    pub fn fit(&mut self) {
        self.arena.shrink_to_fit();
        self.records.shrink_to_fit();
        self.bases.shrink_to_fit();
        self.far.shrink_to_fit();
    }

    /// Makes room for what a file of so many octets holds.
    pub fn reserve(&mut self, octets: usize, records: usize) {
        self.arena.reserve(octets);
        self.records.reserve(records);
        self.bases.reserve(records / GROUP);
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
        let text = masked.then(|| masked_text(bytes));
        let bytes = text.as_deref().unwrap_or(bytes);
        let here = Base { start: self.arena.len(), at: at.unwrap_or_default().0 };
        let index = self.records.len();
        if index.is_multiple_of(GROUP) {
            self.bases.push(here);
        }
        let base = self.bases[index / GROUP];
        let distance = u32::try_from(here.start - base.start).ok().filter(|distance| *distance < FAR);
        let after = i64::try_from(here.at).ok().zip(i64::try_from(base.at).ok());
        let after = after.and_then(|(at, base)| i32::try_from(at - base).ok()).filter(|after| *after != FAR_TIME);
        if distance.is_none() || after.is_none() {
            self.far.push((index, here));
        }
        let flag = |is: bool, flag| if is { flag } else { 0 };
        let flags = flag(crlf, CRLF) | flag(masked, MASKED) | flag(at.is_some(), TIMED) | kind as u32;
        let place = distance.unwrap_or(FAR) << FLAG_BITS | flags;
        self.records.push(Record { place, after: after.unwrap_or(FAR_TIME) });
        self.arena.extend_from_slice(bytes);
        index
    }

    /// A copy of the records from an index on.
    #[must_use]
    pub fn copy(&self, from: usize) -> Self {
        let mut copy = Self::new();
        let start = self.records.get(from).map_or(self.arena.len(), |record| self.place(from, *record).start);
        copy.reserve(self.arena.len() - start, self.len().saturating_sub(from));
        for (_, entry) in self.since(from) {
            copy.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
        }
        copy
    }

    /// Where a record's octets begin, and its time.
    fn place(&self, index: usize, record: Record) -> Base {
        let distance = record.place >> FLAG_BITS;
        if distance == FAR || record.after == FAR_TIME {
            let found = self.far.binary_search_by_key(&index, |(of, _)| *of);
            return self.far[found.expect("what is far from its group has its place kept")].1;
        }
        let base = self.bases[index / GROUP];
        Base { start: base.start + distance as usize, at: base.at.wrapping_add_signed(i64::from(record.after)) }
    }

    /// The record at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Entry<'_>> {
        let record = *self.records.get(index)?;
        let here = self.place(index, record);
        let end = self.records.get(index + 1).map_or(self.arena.len(), |next| self.place(index + 1, *next).start);
        Some(self.entry(record, here, end))
    }

    fn entry(&self, record: Record, here: Base, end: usize) -> Entry<'_> {
        Entry {
            kind: record.kind(),
            at: (record.place & TIMED != 0).then_some(Micros(here.at)),
            bytes: &self.arena[here.start..end],
            crlf: record.place & CRLF != 0,
            masked: record.place & MASKED != 0,
        }
    }

    /// The records from an index on, each with its index.
    pub fn since(&self, index: usize) -> impl Iterator<Item = (usize, Entry<'_>)> {
        let place = |index: usize| self.records.get(index).map(|record| self.place(index, *record));
        let mut next = place(index);
        (index..self.len()).filter_map(move |index| {
            let here = next?;
            // Each place is worked out once: where a record ends, the next begins.
            next = place(index + 1);
            let end = next.map_or(self.arena.len(), |next| next.start);
            Some((index, self.entry(self.records[index], here, end)))
        })
    }

    /// The kinds of the records from an index on, and whether each has a time. Quicker than [`Self::since`], since nothing
    /// else of them is looked at.
    pub fn kinds(&self, index: usize) -> impl Iterator<Item = (usize, Kind, bool)> + '_ {
        let records = self.records.iter().enumerate().skip(index);
        records.map(|(index, record)| (index, record.kind(), record.place & TIMED != 0))
    }

    /// The records of one kind, each with its index.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (usize, Entry<'_>)> {
        self.kinds(0).filter(move |(_, of, _)| *of == kind).filter_map(|(index, ..)| Some((index, self.get(index)?)))
    }
}

/// The text of a masked record is shown and written as it stands: nothing in it may act on a terminal, and a backslash
/// that begins no escape would make a file that nobody can read.
fn masked_text(bytes: &[u8]) -> Vec<u8> {
    let safe = escape::for_screen(bytes).into_bytes();
    let stray = memchr::memmem::find_iter(&safe, b"{{").any(|at| !safe[at..].starts_with(MARKER));
    if !stray && escape::from_file(&safe, &mut Vec::new()).is_ok() {
        return safe;
    }
    let mut text = Vec::new();
    let mut rest = safe.as_slice();
    while let Some(at) = memchr::memmem::find(rest, MARKER) {
        escape::to_file(&rest[..at], &mut text);
        if text.pop_if(|last| *last == b'{').is_some() {
            text.extend_from_slice(b"\\x7b");
        }
        text.extend_from_slice(MARKER);
        rest = &rest[at + MARKER.len()..];
    }
    escape::to_file(rest, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_text_can_be_read_back_whatever_it_holds() {
        for text in [
            "AUTH PLAIN {{auth}}",
            r"a \ < {{auth}} \",
            r"\x41 {{auth}}",
            r"{{auth}}\q{{auth}}",
            "{{{auth}}{{x}}",
            "\u{1b}[2J\\e{{auth}}",
        ] {
            let mut log = Log::new();
            log.push_octets(Kind::Sent, Some(Micros(0)), text.as_bytes(), true, true);
            let kept = log.get(0).expect("pushed").bytes.to_vec();
            assert!(escape::from_file(&kept, &mut Vec::new()).is_ok(), "{text}: {}", String::from_utf8_lossy(&kept));
            let count = |text: &[u8]| memchr::memmem::find_iter(text, MARKER).count();
            assert_eq!(count(&kept), count(text.as_bytes()), "{text}");
            let file = [b"0.000000 > ", kept.as_slice(), b"\n"].concat();
            assert!(crate::conversation::file::read(&file).is_ok(), "{text}: {}", String::from_utf8_lossy(&file));
            assert!(kept.iter().all(|octet| *octet >= 0x20), "{text}");
        }
    }

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

    #[test]
    fn times_and_places_far_apart_are_kept() {
        let mut log = Log::new();
        let day = 24 * 3600 * 1_000_000_u64;
        let times: Vec<u64> = (0..300).map(|n| if n % 7 == 3 { day * n } else { n }).chain([u64::MAX, 0, 5]).collect();
        // Longer than what a distance within a group can say.
        let octets = vec![b'x'; 1 << 26];
        for (n, at) in times.iter().enumerate() {
            let line = if n == 70 { octets.as_slice() } else { b"250 ok" };
            log.push_octets(Kind::Received, Some(Micros(*at)), line, n % 2 == 0, n % 3 == 0);
        }
        for (n, at) in times.iter().enumerate() {
            let entry = log.get(n).expect("pushed");
            assert_eq!((entry.at, entry.crlf, entry.masked), (Some(Micros(*at)), n % 2 == 0, n % 3 == 0), "{n}");
            assert_eq!(entry.bytes.len(), if n == 70 { octets.len() } else { 6 }, "{n}");
        }
        for from in [0, 1, 63, 64, 70, 71, times.len() - 1, times.len(), times.len() + 1] {
            assert!(log.since(from).map(Some).eq((from..log.len()).map(|n| Some((n, log.get(n)?)))), "from {from}");
        }
        assert_eq!(log.of_kind(Kind::Received).count(), log.len());
        assert_eq!(log.kinds(5).next(), Some((5, Kind::Received, true)));
    }
}
