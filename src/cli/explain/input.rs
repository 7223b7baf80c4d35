//! What is given to be explained: read as it comes, and written otherwise where it was in UTF-16.

use std::io::{BufRead, BufReader, Error, Read};

use crate::decode::quoted;
use crate::smtp::reply::MAX_LINES;
use crate::smtp::{EnhancedCode, LineEnd, ReplyLine};

/// What can be read of a file or of standard input.
pub(super) type Input<'a> = BufReader<Box<dyn Read + 'a>>;

/// Octets that are read at a time.
const BLOCK: usize = 64 << 10;

/// Lines after which what has come is explained.
const LINES: usize = 64;

/// How packed files begin, what packs them, and what unpacks them.
const PACKED: [(&[u8], &str, &str); 4] = [
    (b"\x1f\x8b", "gzip", "gzip -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"\xfd7zXZ\0", "xz", "xz -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
];

/// Text to read, whatever it is written in.
///
/// # Errors
///
/// Where it can't be read, or is packed: then the error says what unpacks it.
pub(super) fn opened<'a>(octets: impl Read + 'a, then: &str) -> std::io::Result<Input<'a>> {
    let mut input: Input<'a> = BufReader::with_capacity(BLOCK, Box::new(octets));
    let beginning = input.fill_buf()?;
    if let Some((_, by, unpacks)) = PACKED.iter().find(|(magic, ..)| beginning.starts_with(magic)) {
        return Err(Error::other(format!("it is packed by {by}; unpack it first, as in: {unpacks} FILE | {then}")));
    }
    let big = match beginning {
        [0xfe, 0xff, ..] | [0, 1..=255, 0, 1..=255, ..] => true,
        [0xff, 0xfe, ..] | [1..=255, 0, 1..=255, 0, ..] => false,
        _ => return Ok(input),
    };
    Ok(BufReader::with_capacity(BLOCK, Box::new(Utf16 { input, big, octet: None, high: None, out: Vec::new(), at: 0 })))
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    input: R,
    big: bool,
    octet: Option<u8>,
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    /// Takes the next block in; gives nothing more at its end.
    fn fill(&mut self) -> std::io::Result<()> {
        (self.at, self.out) = (0, Vec::new());
        let block = self.input.fill_buf()?;
        let taken = block.len();
        let octets: Vec<u8> = self.octet.take().into_iter().chain(block.iter().copied()).collect();
        self.input.consume(taken);
        let pairs = octets.chunks_exact(2);
        self.octet = pairs.remainder().first().copied().filter(|_| taken > 0);
        let unit = |pair: &[u8]| if self.big { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
        let units = self.high.take().into_iter().chain(pairs.map(|pair| u16::from_be_bytes(unit(pair))));
        let mut units: Vec<u16> = units.collect();
        // The first half of a pair waits for the second.
        if taken > 0 && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
            self.high = units.pop();
        }
        let text: String = char::decode_utf16(units)
            .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|c| *c != '\u{feff}')
            .collect();
        self.out = text.into_bytes();
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.out.len() {
            let ended = self.input.fill_buf()?.is_empty();
            self.fill()?;
            if ended && self.out.is_empty() {
                return Ok(0);
            }
        }
        let count = into.len().min(self.out.len() - self.at);
        into[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// The next lines that can be explained by themselves: some replies, or, where the input does not begin with one and so may be
/// a message, all of it. None at its end.
///
/// # Errors
///
/// Where it can't be read.
pub(super) fn next(input: &mut Input<'_>, first: bool) -> std::io::Result<Option<String>> {
    let (mut text, mut lines) = (String::new(), 0);
    let mut octets = Vec::new();
    loop {
        octets.clear();
        if input.read_until(b'\n', &mut octets)? == 0 {
            return Ok((!text.is_empty()).then_some(text));
        }
        let line = String::from_utf8_lossy(&octets);
        let begins = text.trim().is_empty() && !line.trim().is_empty();
        text.push_str(&line);
        lines += 1;
        if first && begins && !is_reply(line.trim()) {
            octets.clear();
            input.read_to_end(&mut octets)?;
            text.push_str(&String::from_utf8_lossy(&octets));
            return Ok(Some(text));
        }
        let folded = input.buffer().first().is_some_and(|next| matches!(next, b' ' | b'\t'));
        let due = lines >= LINES || input.buffer().is_empty();
        if due && !folded && is_last(line.trim()) || lines > MAX_LINES {
            return Ok(Some(text));
        }
    }
}

/// Whether a line is a reply or quotes one, and no field of a message's header.
fn is_reply(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    let field = line.contains(':')
        && !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphabetic() || octet == b'-');
    let reply = ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf).code.is_some();
    !field && (reply || EnhancedCode::at_start(line.as_bytes()).is_some() || quoted(line).is_some())
}

/// Whether a reply ends with a line.
fn is_last(line: &str) -> bool {
    let parsed = ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf);
    parsed.code.is_some() && line.as_bytes().get(3) != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(octets: &[u8]) -> Vec<String> {
        let mut input = opened(octets, "ehlo").expect("text");
        let mut all = Vec::new();
        while let Some(text) = next(&mut input, all.is_empty()).expect("read") {
            all.push(text);
        }
        all
    }

    #[test]
    fn replies_come_as_they_are_read_and_a_message_as_a_whole() {
        assert_eq!(all(b""), [] as [&str; 0]);
        assert_eq!(all(b"550 no\n"), ["550 no\n"]);
        let many = "550-no\n550 never\n".repeat(100);
        let parts = all(many.as_bytes());
        assert!(parts.len() > 2 && parts.iter().all(|part| part.ends_with("550 never\n")), "{}", parts.len());
        assert_eq!(parts.concat(), many);
        // What is folded stays with its line.
        let folded = "host x said: 550 no\n".repeat(70) + "550 no\n  such\n";
        assert!(all(folded.as_bytes()).iter().all(|part| !part.starts_with(' ')));
        let message = format!("Subject: 550 5.1.1 no\n\n{many}");
        assert_eq!(all(message.as_bytes()), [message]);
    }

    #[test]
    fn other_writings_are_read_or_named() {
        let units = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let text = "550 für 😀\n".repeat(20_000);
        for octets in
            [units(&format!("\u{feff}{text}"), false), units(&format!("\u{feff}{text}"), true), units(&text, false)]
        {
            assert!(all(&octets).concat() == text);
        }
        // An octet too many, and half a pair, are no trouble.
        assert_eq!(all(b"\xff\xfe5\x005\x000\x00 \x00\x3d\xd8x"), ["550 \u{fffd}"]);
        let error = opened(&b"\x1f\x8b\x08\0"[..], "ehlo explain --log").err().expect("packed");
        assert!(error.to_string().contains("gzip -dc FILE | ehlo explain --log"), "{error}");
    }
}
