//! Octets from a client cut into what the session takes: command lines, pieces of content, pieces of a chunk.
//!
//! Sans-IO and bounded: a line that is too long is thrown away up to its end and reported once.

/// What the session waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A line of at most so many octets, its end included.
    Line(usize),
    /// Message content by lines.
    Content,
    /// So many octets of a BDAT chunk.
    Chunk(u64),
}

/// A piece of what a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// A line without its end.
    Line {
        /// The octets.
        bytes: Vec<u8>,
        /// Whether CR LF ended it (else LF alone).
        crlf: bool,
    },
    /// A line that was too long; its first octets.
    TooLong(Vec<u8>),
    /// A line of content with its end, or a part of a very long one.
    Content(Vec<u8>),
    /// Octets of a chunk.
    Chunk(Vec<u8>),
}

/// Octets of content that are handed on without a line end.
const PIECE: usize = 64 << 10;

/// The buffer of one connection.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where what was not taken yet begins.
    start: usize,
    /// A line is being thrown away.
    skipping: bool,
}

impl Framer {
    /// Adds octets from the wire.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Throws away what has come and was not taken (after STARTTLS); gives how much it was.
    pub fn clear(&mut self) -> usize {
        let lost = self.buffer.len() - self.start;
        *self = Self::default();
        lost
    }

    /// Whether all that has come was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len() && !self.skipping
    }

    /// What has come and was not taken yet.
    #[must_use]
    pub fn into_rest(mut self) -> Vec<u8> {
        self.buffer.split_off(self.start)
    }

    /// How many whole command lines wait, as far as what follows them is surely commands too.
    #[must_use]
    pub fn commands(&self) -> usize {
        let mut count = 0;
        for line in self.buffer[self.start..].split_inclusive(|octet| *octet == b'\n') {
            count += usize::from(line.ends_with(b"\n"));
            let verb = line.get(..4).unwrap_or_default();
            if verb.eq_ignore_ascii_case(b"DATA") || verb.eq_ignore_ascii_case(b"BDAT") {
                break;
            }
        }
        count
    }

    /// The whole lines of content that come next and are nothing but text: each is ended by CR LF, without another CR in
    /// it or a dot before it. Most of a message is, and comes so at once; empty where the next piece has to be judged.
    /// What is taken of them is [passed](Self::pass).
    #[must_use]
    pub fn plain_lines(&self) -> &[u8] {
        let rest = &self.buffer[self.start..];
        &rest[..plain_lines(rest)]
    }

    /// So many octets were taken.
    pub fn pass(&mut self, octets: usize) {
        self.start = (self.start + octets).min(self.buffer.len());
    }

    /// The next piece, where it is complete.
    pub fn next(&mut self, expect: Expect) -> Option<Unit> {
        match expect {
            Expect::Line(most) => self.line(most),
            Expect::Content => {
                let rest = &self.buffer[self.start..];
                match memchr::memchr(b'\n', rest) {
                    Some(at) => Some(Unit::Content(self.take(at + 1))),
                    // A CR at the end may belong to the CR LF that is still on its way.
                    None if rest.len() > PIECE => Some(Unit::Content(self.take(PIECE))),
                    None => None,
                }
            }
            Expect::Chunk(left) => {
                let here = self.buffer.len() - self.start;
                let count = usize::try_from(left).map_or(here, |left| left.min(here)).min(PIECE);
                (count > 0).then(|| Unit::Chunk(self.take(count)))
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.buffer[self.start..self.start + count].to_vec();
        self.start += count;
        taken
    }

    fn line(&mut self, most: usize) -> Option<Unit> {
        let rest = &self.buffer[self.start..];
        let end = memchr::memchr(b'\n', rest);
        if self.skipping {
            let count = end.map_or(rest.len(), |at| at + 1);
            self.start += count;
            self.skipping = end.is_none();
            return end.and_then(|_| self.line(most));
        }
        match end {
            Some(at) if at < most => {
                let mut bytes = self.take(at + 1);
                bytes.pop();
                let crlf = bytes.last() == Some(&b'\r');
                if crlf {
                    bytes.pop();
                }
                Some(Unit::Line { bytes, crlf })
            }
            Some(at) => {
                let mut head = self.take(at + 1);
                head.truncate(most);
                Some(Unit::TooLong(head))
            }
            None if rest.len() >= most => {
                let head = self.take(most);
                self.start = self.buffer.len();
                self.skipping = true;
                Some(Unit::TooLong(head))
            }
            None => None,
        }
    }
}

/// Octets of the whole lines at the beginning that are nothing but text: what most of a message is.
fn plain_lines(content: &[u8]) -> usize {
    let mut start = 0;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', &content[start..]).map(|step| start + step)
        && content[start] != b'.'
        && content[at..].starts_with(b"\r\n")
        && at < PIECE
    {
        start = at + 2;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, crlf: bool) -> Unit {
        Unit::Line { bytes: text.as_bytes().to_vec(), crlf }
    }

    #[test]
    fn lines_come_whole_in_any_split() {
        let wire = b"EHLO a\r\nNOOP\nQUIT\r\n";
        for cut in 0..=wire.len() {
            let mut framer = Framer::default();
            let mut got = Vec::new();
            for part in [&wire[..cut], &wire[cut..]] {
                framer.push(part);
                while let Some(unit) = framer.next(Expect::Line(100)) {
                    got.push(unit);
                }
            }
            assert_eq!(got, [line("EHLO a", true), line("NOOP", false), line("QUIT", true)], "cut at {cut}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_skipped() {
        let mut framer = Framer::default();
        framer.push(&[b'x'; 50]);
        assert!(matches!(framer.next(Expect::Line(20)), Some(Unit::TooLong(head)) if head.len() == 20));
        framer.push(&[b'y'; 500]);
        assert_eq!(framer.next(Expect::Line(20)), None);
        framer.push(b"z\r\nNOOP\r\n");
        assert_eq!(framer.next(Expect::Line(20)), Some(line("NOOP", true)));
        assert_eq!(framer.clear(), 0);
    }

    #[test]
    fn plain_lines_come_at_once_and_what_has_to_be_judged_comes_alone() {
        let mut framer = Framer::default();
        framer.push(b"a\r\n\r\nb\r\n..c\r\nd\re\r\nf\ng\r\n.\r\nQUIT");
        let mut got = Vec::new();
        loop {
            let plain = framer.plain_lines().to_vec();
            framer.pass(plain.len());
            let unit = framer.next(Expect::Content);
            if plain.is_empty() && unit.is_none() {
                break;
            }
            got.push((plain, unit));
        }
        let then =
            |plain: &str, alone: &str| (plain.as_bytes().to_vec(), Some(Unit::Content(alone.as_bytes().to_vec())));
        let wanted = [then("a\r\n\r\nb\r\n", "..c\r\n"), then("", "d\re\r\n"), then("", "f\n"), then("g\r\n", ".\r\n")];
        assert_eq!(got, wanted, "what has no end yet waits");
    }

    #[test]
    fn a_chunk_takes_its_octets_and_no_more() {
        let mut framer = Framer::default();
        framer.push(b"abc\r\nQUIT\r\n");
        assert_eq!(framer.next(Expect::Chunk(5)), Some(Unit::Chunk(b"abc\r\n".to_vec())));
        assert_eq!(framer.next(Expect::Line(20)), Some(line("QUIT", true)));
    }
}
