//! curl --trace-ascii and --trace: blocks with a head, and octets by their offset.

use crate::conversation::file::Document;

use super::builder::Content;
use super::lines::{DayClock, between, lines, text, time_of_day};
use super::sessions::Sessions;
use super::text::Text;
use super::{Numbers, Unread};

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Sent,
    Received,
    /// TLS's own records, and what else is not SMTP.
    Other,
}

/// The head of a block: `=> Send header, 16 bytes (0x10)`.
fn head(line: &[u8]) -> Option<(Option<i64>, What, usize)> {
    let (at, rest) = match time_of_day(line) {
        Some((at, rest)) => (Some(at), rest.trim_ascii_start()),
        None => (None, line),
    };
    let words = text(rest);
    let size = between(&words, ", ", " bytes (0x")?.parse().ok()?;
    let what = if words.starts_with("=> Send header") || words.starts_with("=> Send data") {
        What::Sent
    } else if words.starts_with("<= Recv header") || words.starts_with("<= Recv data") {
        What::Received
    } else if words.starts_with("=> ") || words.starts_with("<= ") {
        What::Other
    } else {
        return None;
    };
    Some((at, what, size))
}

/// `== Info: …` with its time.
fn info(line: &[u8]) -> Option<(Option<i64>, &[u8])> {
    let (at, rest) = match time_of_day(line) {
        Some((at, rest)) => (Some(at), rest.trim_ascii_start()),
        None => (None, line),
    };
    Some((at, rest.strip_prefix(b"== Info:")?))
}

/// Whether there is such a head.
pub(super) fn looks(beginning: &[u8]) -> bool {
    lines(beginning).take(500).any(|(_, line)| head(line).is_some_and(|(_, what, _)| what != What::Other))
}

/// A block that is being read.
#[derive(Debug)]
struct Block {
    what: What,
    size: usize,
    octets: Vec<u8>,
    /// Offset and octets of the line of text that has not been put in: what follows it is known by the next.
    line: Option<(usize, Vec<u8>)>,
}

impl Block {
    /// A line of the block. Text has its line ends left out; what is missing up to the next offset is one.
    fn take(&mut self, offset: usize, octets: Vec<u8>) {
        self.settle(offset);
        self.line = Some((offset, octets));
    }

    fn settle(&mut self, next: usize) {
        let Some((offset, octets)) = self.line.take() else { return };
        let end = offset + octets.len();
        self.octets.extend_from_slice(&octets);
        if next >= end + 2 {
            self.octets.extend_from_slice(b"\r\n");
        } else if next == end + 1 {
            self.octets.push(b'\n');
        }
    }
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("curl-trace", Content::Shown);
    let mut clock = DayClock::default();
    let mut block: Option<Block> = None;
    let mut dots = Dots::default();
    for (number, line) in lines(octets) {
        found.at(number);
        let starts = head(line);
        let said = info(line);
        if starts.is_some() || said.is_some() {
            end(block.take(), &mut found);
        }
        if let Some(at) = starts.map_or_else(|| said.and_then(|(at, _)| at), |(at, ..)| at) {
            found.current().clock(clock.at(at));
        }
        if let Some((_, what, size)) = starts {
            block = Some(Block { what, size, octets: Vec::new(), line: None });
        } else if let Some((_, words)) = said {
            super::curl::said(words, &mut found, &mut None);
        } else if let Some((offset, octets, shown)) = data(line) {
            match &mut block {
                Some(block) => {
                    if shown == Shown::AsText && block.what != What::Other {
                        dots.count(number, &octets);
                    }
                    block.take(offset, octets);
                }
                None => found.unread(number, line, "octets without a head above them"),
            }
        } else if line.starts_with(b"curl: (") {
            found.current().error("curl", line);
        } else if !line.trim_ascii().is_empty() {
            found.unread(number, line, "neither a head (=>, <=, ==) nor octets with their offset");
        }
    }
    end(block.take(), &mut found);
    dots.say(&mut found);
    found.finish()
}

/// What is to be known of them.
const DOTS: &str = "curl --trace-ascii writes a dot for each octet that it can't show";

/// Dots of `--trace-ascii`, any of which may stand for another octet.
#[derive(Debug, Default)]
struct Dots {
    lines: Numbers,
    count: usize,
}

impl Dots {
    fn count(&mut self, number: usize, octets: &[u8]) {
        // The dot that ends a message stands alone.
        let dots = if octets == b"." { 0 } else { memchr::memchr_iter(b'.', octets).count() };
        if dots > 0 {
            self.lines.add(number);
            self.count += dots;
        }
    }

    fn say(self, found: &mut Sessions) {
        if self.count == 0 {
            return;
        }
        let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (dots, lines) = (counted(self.count, "dot"), counted(self.lines.len(), "line"));
        let taken = if self.count == 1 { "is taken for a dot" } else { "are taken for dots" };
        let words = format!("{DOTS}: {dots} in {lines} {taken}; --trace keeps every octet");
        found.doubtful(self.lines, words);
    }
}

/// How a line shows its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    AsText,
    InHexadecimal,
}

/// `0000: 220 postfix.target.local`, or with the octets in hexadecimal before their text. A time is no offset.
fn data(line: &[u8]) -> Option<(usize, Vec<u8>, Shown)> {
    let colon = line.iter().take(9).position(|octet| *octet == b':').filter(|colon| *colon >= 4)?;
    let offset = usize::from_str_radix(std::str::from_utf8(&line[..colon]).ok()?, 16).ok()?;
    let rest = &line[colon + 1..];
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    Some(match hexadecimal(rest) {
        Some(octets) => (offset, octets, Shown::InHexadecimal),
        None => (offset, rest.to_vec(), Shown::AsText),
    })
}

/// The 16 columns of `--trace`.
fn hexadecimal(rest: &[u8]) -> Option<Vec<u8>> {
    let columns = rest.get(..48)?;
    let mut out = Vec::with_capacity(16);
    for column in columns.chunks(3) {
        match column {
            [b' ', b' ', b' '] => {}
            [a, b, b' '] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                out.push(u8::from_str_radix(std::str::from_utf8(&column[..2]).ok()?, 16).ok()?);
            }
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

fn end(block: Option<Block>, found: &mut Sessions) {
    let Some(mut block) = block else { return };
    block.settle(block.size);
    let octets = &block.octets;
    match block.what {
        What::Sent => {
            let builder = found.current();
            if builder.in_content() && octets.contains(&b'.') && !octets.ends_with(b"\n") {
                builder.inferred(
                    "a line end that is LF alone is a . here, as curl shows it: its lines can't be told apart",
                );
            }
            builder.client_octets(octets);
        }
        What::Received => {
            let builder = if octets.starts_with(b"220") { found.greeted() } else { found.current() };
            builder.open_for(octets);
            builder.server_octets(octets);
        }
        What::Other => found.passed_over(),
    }
}
