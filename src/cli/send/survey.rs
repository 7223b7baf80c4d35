//! What is to be known of a message before it goes: how large it is on the wire, and what its octets need of the server.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::message::header::LONGEST;
use crate::smtp::content;
use crate::transaction::Body;

/// Octets of a file that are looked through at once.
const BLOCK: usize = 128 * 1024;
/// Octets from which on the two halves of a file are looked through side by side: below, a thread costs more than it
/// saves.
const LARGE: u64 = 8 << 20;
const _: () = assert!(LARGE > 2 * BLOCK as u64, "the first block is in the first half");

/// What the server may be told of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Octets of the wire before dots are stuffed (RFC 1870 5).
    pub(super) size: u64,
    /// Octets that the end of the last line gets after DATA, where it has none.
    pub(super) missing_end: u64,
    /// It holds octets beyond ASCII.
    pub(super) eight_bit: bool,
    /// Its header does (RFC 6532).
    pub(super) head_beyond_ascii: bool,
    /// Line feeds without CR.
    pub(super) bare: u64,
    /// Octets of the longest line of its header, its end left out.
    pub(super) longest_field: usize,
    /// Octets of the longest line of its body, where that is longer than is allowed.
    pub(super) longest_line: usize,
    /// It holds octets that are NUL.
    pub(super) nul: bool,
    /// It is made of lines of at most 998 octets without NUL, each with its CR LF, as anything but BINARYMIME wants it
    /// (RFC 3030 3).
    pub(super) lines: bool,
}

impl Survey {
    /// Looks a message through; a file is read in blocks. Whether it is made of lines is only known of one that goes in
    /// chunks, where it counts.
    ///
    /// # Errors
    /// A file that can't be read.
    pub(super) fn of(body: &Body, chunked: bool) -> Result<Self, String> {
        let mut looking = Looking { passing: !chunked, ..Looking::default() };
        match body {
            Body::Lines(text) => {
                for line in content::lines(text) {
                    looking.octets(line);
                    looking.octets(b"\r\n");
                }
            }
            Body::AsIs(octets) => looking.octets(octets),
            Body::File { path, fields } => {
                looking.octets(fields);
                looking.file(path)?;
            }
        }
        Ok(looking.done())
    }
}

impl Survey {
    /// What no server has to take of its body, in words. What goes in chunks may be anything where BINARYMIME is offered.
    pub(super) fn amiss(&self, chunked: bool) -> Vec<String> {
        let mut all = Vec::new();
        if self.longest_line > LONGEST && !chunked {
            all.push(format!(
                "a line of the message's body has {} octets, of which {LONGEST} are allowed (RFC 5321 4.5.3.1.6): a server \
                 may refuse it or cut it, and it is sent all the same; text from --body is encoded where that is needed",
                self.longest_line
            ));
        }
        if self.nul && !chunked {
            all.push(
                "the message holds octets that are NUL, which no message may (RFC 5322 4): a server may refuse it or drop \
                 them, and it is sent all the same"
                    .to_owned(),
            );
        }
        all
    }
}

/// Line feeds without CR in a block; `before` is the octet before it.
fn bare(block: &[u8], before: u8) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', block).count();
    let first = usize::from(before == b'\r' && block.first() == Some(&b'\n'));
    // Without a branch, and in sums that fit an octet: a large message is gone through many octets at a time.
    let sums = block.chunks(255).zip(block.get(1..).unwrap_or_default().chunks(255));
    let pairs: usize = sums
        .map(|(left, right)| {
            let pair = |(left, right): (&u8, &u8)| u8::from(*left == b'\r') & u8::from(*right == b'\n');
            usize::from(left.iter().zip(right).map(pair).fold(0_u8, u8::wrapping_add))
        })
        .sum();
    (feeds - first - pairs) as u64
}

#[derive(Default)]
struct Looking {
    survey: Survey,
    /// Of the lines of the body no more is wanted than how many there are.
    passing: bool,
    /// Octets of the line so far.
    line: usize,
    last: u8,
    /// The header is over.
    in_body: bool,
    uneven: bool,
    /// Octets of the first line of the body.
    first: Option<usize>,
}

impl Looking {
    /// Takes a block, cut anywhere; a large message is gone through in as few steps as there are lines.
    fn octets(&mut self, block: &[u8]) {
        let Some(last) = block.last() else { return };
        self.survey.size += block.len() as u64;
        self.survey.eight_bit |= !block.is_ascii();
        self.survey.nul |= memchr::memchr(0, block).is_some();
        if self.passing && self.in_body {
            self.survey.bare += bare(block, self.last);
            self.pass(block);
            self.uneven = true;
            self.last = *last;
            return;
        }
        self.uneven |= self.survey.nul;
        let mut begun = 0;
        // Of the CRs in this block, the last of which may yet become half of a line's end, each ends a line.
        let mut carriages = memchr::memchr_iter(b'\r', block).count() - usize::from(*last == b'\r');
        self.uneven |= self.last == b'\r' && block[0] != b'\n';
        for end in memchr::memchr_iter(b'\n', block) {
            let before = match end {
                0 => self.last,
                _ => block[end - 1],
            };
            let crlf = before == b'\r';
            carriages = carriages.saturating_sub(usize::from(crlf && end > 0));
            let length = self.line + (end - begun) - usize::from(crlf);
            if self.in_body {
                self.body_line(length);
            } else {
                self.survey.longest_field = self.survey.longest_field.max(length);
                self.survey.head_beyond_ascii |= !block[begun..end].is_ascii();
                self.in_body = length == 0;
            }
            self.survey.bare += u64::from(!crlf);
            self.uneven |= !crlf || length > LONGEST;
            (self.line, begun) = (0, end + 1);
        }
        self.uneven |= carriages > 0;
        self.survey.head_beyond_ascii |= !self.in_body && !block[begun..].is_ascii();
        self.line += block.len() - begun;
        self.last = *last;
    }

    /// Goes through lines of the body: of those that end within what one line may have none is too long, and only the last of
    /// these ends is looked for.
    fn pass(&mut self, block: &[u8]) {
        let mut begun = 0;
        while begun < block.len() {
            let rest = &block[begun..];
            // The first line may have begun in the block before.
            let several = self.line == 0 && self.first.is_some();
            let last = several.then(|| memchr::memrchr(b'\n', &rest[..rest.len().min(LONGEST + 1)])).flatten();
            let Some(end) = last.or_else(|| memchr::memchr(b'\n', rest)) else {
                self.line += rest.len();
                return;
            };
            if last.is_none() {
                let before = (begun + end).checked_sub(1).map_or(self.last, |at| block[at]);
                let length = self.line + end;
                self.body_line(length - usize::from(before == b'\r' && length > 0));
            }
            (self.line, begun) = (0, begun + end + 1);
        }
    }

    fn body_line(&mut self, length: usize) {
        self.first.get_or_insert(length);
        if length > LONGEST {
            self.survey.longest_line = self.survey.longest_line.max(length);
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        self.octets_of(path, LARGE).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
        // Each gets its CR on the way.
        self.survey.size += self.survey.bare;
        Ok(())
    }

    /// Goes through a file; through the second half of a large one on a thread of its own, since nothing else can be done
    /// before it is known what the message holds.
    fn octets_of(&mut self, path: &Path, large: u64) -> io::Result<()> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        self.octets_from(&mut file, BLOCK as u64)?;
        if !(self.passing && self.in_body && size > large) {
            return self.octets_from(&mut file, u64::MAX);
        }
        let half = size / 2;
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(half - 1))?;
                let mut before = [0];
                file.read_exact(&mut before)?;
                let mut looking = Self { passing: true, in_body: true, last: before[0], ..Self::default() };
                looking.octets_from(&mut file, u64::MAX)?;
                io::Result::Ok(looking)
            });
            self.octets_from(&mut file, half - BLOCK as u64)?;
            let second = second.join().map_err(|_| io::Error::other("the reading stopped"))??;
            self.survey.size += second.survey.size;
            self.survey.bare += second.survey.bare;
            self.survey.eight_bit |= second.survey.eight_bit;
            self.survey.nul |= second.survey.nul;
            self.survey.longest_line = self.survey.longest_line.max(second.survey.longest_line);
            // The line in which the halves meet.
            self.line = match second.first {
                Some(rest) => {
                    self.body_line(self.line + rest - usize::from(rest == 0 && self.last == b'\r' && self.line > 0));
                    second.line
                }
                None => self.line + second.line,
            };
            self.last = second.last;
            Ok(())
        })
    }

    /// Takes so many octets of a file, or what there is.
    fn octets_from(&mut self, file: &mut File, octets: u64) -> io::Result<()> {
        let mut file = file.take(octets);
        let mut block = vec![0; BLOCK];
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                return Ok(());
            }
            self.octets(&block[..read]);
        }
    }

    fn done(mut self) -> Survey {
        if self.line > 0 {
            self.survey.missing_end = 2;
            if self.in_body {
                self.body_line(self.line);
            } else {
                self.survey.longest_field = self.survey.longest_field.max(self.line);
            }
        }
        self.survey.lines = !self.uneven && self.line == 0;
        self.survey
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_matter_where_blocks_are_cut() {
        let texts = ["A: \u{e9}\r\n\r\n\u{e9}\r\n", "A: b\n\r\r\n\n", "\r\n", "a\rb\n", "A: b\r\n\r\nc\r"];
        for text in texts.map(str::as_bytes) {
            let whole = Survey::of(&Body::AsIs(text.to_vec()), true).expect("octets");
            for size in 1..text.len() {
                let mut looking = Looking::default();
                text.chunks(size).for_each(|block| looking.octets(block));
                assert_eq!(looking.done(), whole, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn what_is_only_passed_has_the_same_size() {
        let texts = ["A: b\r\n\r\n\u{e9}\r\n", "A: b\n\nc\r\r\n\n\rd\ne", "A: b\r\n\r\n\r\n\n.\r\n\r"];
        let long = format!("A: b\n\n{}", "0123456789\r\n\n".repeat(100));
        let line = |octets: usize, end: &str| format!("A: b\n\nc\r\n{}{end}d\0\r\n", "x".repeat(octets));
        let lines = [line(998, "\r\n"), line(999, "\r\n"), line(998, "\n"), line(999, "\n"), line(3000, "\r\n")];
        assert_eq!(
            lines
                .each_ref()
                .map(|text| Survey::of(&Body::AsIs(text.clone().into_bytes()), false).expect("octets").longest_line),
            [0, 999, 0, 999, 3000]
        );
        let all = texts.iter().copied().chain([long.as_str()]).chain(lines.iter().map(String::as_str));
        for text in all.map(str::as_bytes) {
            let whole = Survey::of(&Body::AsIs(text.to_vec()), true).expect("octets");
            for size in [1, 2, 3, 254, 255, 256, 999, 1000, 5000] {
                let mut looking = Looking { passing: true, ..Looking::default() };
                text.chunks(size).for_each(|block| looking.octets(block));
                let passed = looking.done();
                assert_eq!(Survey { lines: whole.lines, ..passed }, whole, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn a_message_is_looked_through() {
        let of = |text: &[u8]| Survey::of(&Body::AsIs(text.to_vec()), true).expect("octets");
        assert_eq!(of(b"A: b\r\n\r\nc\r\n"), Survey { size: 11, longest_field: 4, lines: true, ..Survey::default() });
        let late = of("A: b\r\n\r\n\u{e9}\r\n".as_bytes());
        assert!(late.eight_bit && !late.head_beyond_ascii && late.lines);
        assert!(of("A: \u{e9}\r\n\r\nb\r\n".as_bytes()).head_beyond_ascii);
        for uneven in [&b"A: b\n\nc\n"[..], b"A: b\r\n\r\nc", b"A: b\r\n\r\nc\rd\r\n", b"A: b\r\n\r\n\0\r\n"] {
            assert!(!of(uneven).lines, "{uneven:?}");
        }
        assert!(!of(&[b"A: b\r\n\r\n".to_vec(), vec![b'x'; 999], b"\r\n".to_vec()].concat()).lines);
        let lines = Survey::of(&Body::Lines(b"A: b\n\n.\n".to_vec()), true).expect("lines");
        assert_eq!((lines.size, lines.lines), (11, true), "stuffed dots do not count");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), b"A: b\n\nc\n").expect("written");
        assert_eq!(
            Survey::of(&Body::File { path: file.path().to_owned(), fields: Vec::new() }, true).expect("read").size,
            11
        );
    }

    /// A file whose two halves are looked through side by side is what it is from its beginning to its end, wherever its
    /// middle falls.
    #[test]
    fn halves_of_a_file_make_the_whole() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("large.eml");
        let line = b"0123456789abcdef\r\nbare\n\r\n";
        for rest in 0..line.len() {
            let mut text = b"Subject: x\r\n\r\n".to_vec();
            text.extend(line.iter().cycle().take(2 * BLOCK + 100 + rest));
            if rest % 3 == 0 {
                text.extend_from_slice("\u{e9}".as_bytes());
            }
            if rest % 2 == 0 {
                let middle = text.len() / 2;
                text.splice(middle..middle, vec![b'x'; 2000]);
            }
            std::fs::write(&path, &text).expect("written");
            let looked = |large| {
                let mut looking = Looking { passing: true, ..Looking::default() };
                looking.octets_of(&path, large).expect("read");
                looking.done()
            };
            let halves = looked(0);
            assert_eq!(halves, looked(u64::MAX), "{rest}");
            assert_eq!((halves.size, halves.eight_bit), (text.len() as u64, rest % 3 == 0));
            assert_eq!(halves.longest_line >= 2000, rest % 2 == 0, "{halves:?}");
        }
    }
}
