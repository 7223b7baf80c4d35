//! A line of a script, read: what it sends, expects, does or asserts, each part with its place for errors.
//!
//! What a pattern, an action or an expression means is the script module's business; here they are texts with a place.

use std::path::PathBuf;

use super::error::{LineError, Problem, found};
use crate::smtp::escape;

/// A text of a line with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The text.
    pub text: String,
    /// Where it begins: octets from the start of the line, from 0.
    pub offset: usize,
}

/// A part of a line that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Octets as they go on the wire.
    Octets(Vec<u8>),
    /// `{{name}}`, to be filled.
    Marker(Placed),
}

/// Octets with markers among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// In order; no two runs of octets stand side by side.
    pub parts: Vec<Part>,
    /// Whether CR LF follows; `\c` at the end of the line says no.
    pub crlf: bool,
}

impl Template {
    /// The names of its markers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Marker(name) => Some(name.text.as_str()),
            Part::Octets(_) => None,
        })
    }

    /// The octets with each marker filled; none where one has no value.
    #[must_use]
    pub fn fill(&self, mut value: impl FnMut(&str) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Octets(octets) => out.extend_from_slice(octets),
                Part::Marker(name) => out.extend(value(&name.text)?),
            }
        }
        Some(out)
    }

    /// Reads the text of a line: escapes, markers, and `\c` at the end. `start` is the text's place in its line.
    ///
    /// # Errors
    /// A bad escape or marker, with its place.
    pub fn parse(text: &[u8], start: usize) -> Result<Self, LineError> {
        let (text, crlf) = without_continuation(text);
        let mut template = Self { parts: Vec::new(), crlf };
        let mut octets = Vec::new();
        let mut rest = 0;
        while let Some(at) = next_marker(text, rest) {
            read_octets(&text[rest..at], start + rest, &mut octets)?;
            let open = &text[at + 2..];
            let end =
                memchr::memmem::find(open, b"}}").ok_or_else(|| LineError::new(start + at, Problem::OpenMarker))?;
            let name = String::from_utf8_lossy(&open[..end]).trim().to_owned();
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || !name.chars().all(good) {
                return Err(LineError::new(start + at, Problem::MarkerName(escape::for_screen(&open[..end]))));
            }
            if !octets.is_empty() {
                template.parts.push(Part::Octets(std::mem::take(&mut octets)));
            }
            template.parts.push(Part::Marker(Placed { text: name, offset: start + at }));
            rest = at + 2 + end + 2;
        }
        read_octets(&text[rest..], start + rest, &mut octets)?;
        if !octets.is_empty() {
            template.parts.push(Part::Octets(octets));
        }
        Ok(template)
    }
}

fn read_octets(text: &[u8], start: usize, out: &mut Vec<u8>) -> Result<(), LineError> {
    escape::from_file(text, out).map_err(|bad| LineError::escape(start, &bad))
}

/// Takes the `\c` off the end of a text; gives whether CR LF follows on the wire.
pub(super) fn without_continuation(text: &[u8]) -> (&[u8], bool) {
    match text.strip_suffix(b"c") {
        Some(head) if head.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1 => {
            (&head[..head.len() - 1], false)
        }
        _ => (text, true),
    }
}

/// Where the next `{{` stands that no escape has broken up, from `from` on.
pub(super) fn next_marker(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(step) = memchr::memchr2(b'\\', b'{', text.get(at..)?) {
        at += step;
        if text[at] == b'\\' {
            at += 2;
        } else if text.get(at + 1) == Some(&b'{') {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

/// How many octets of a file make a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkSize {
    /// The next N.
    Octets(u64),
    /// All that is left, with LAST.
    Last,
}

/// What a line of a script says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptLine {
    /// `> LINE`: sent as written, markers filled.
    Send(Template),
    /// `| LINE`: message content.
    Content(Template),
    /// `< PATTERN`: what the next reply should be.
    Expect(Placed),
    /// `* ACTION`: something to do.
    Action(Placed),
    /// `? EXPRESSION`: what should hold of the conversation so far.
    Assert(Placed),
    /// `|@ FILE`, or untouched with `|@raw FILE`: a file as message content.
    ContentFile {
        /// No CR LF made, no dots stuffed.
        raw: bool,
        /// The file, as written.
        path: PathBuf,
        /// Where its name begins: octets from the start of the line.
        offset: usize,
    },
    /// `>> N FILE`, `>> LAST FILE`: a part of a file by BDAT.
    Chunk {
        /// How much of it.
        size: ChunkSize,
        /// The file, as written.
        path: PathBuf,
        /// Where its name begins: octets from the start of the line.
        offset: usize,
    },
}

impl ScriptLine {
    /// Reads a line of a script, as [`Kind::Script`](crate::conversation::Kind::Script) records hold it.
    ///
    /// # Errors
    /// What is not as the format has it, with its place.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        if let Some(rest) = line.strip_prefix(b">>") {
            return chunk(line, rest);
        }
        if line.starts_with(b"|@") {
            return content_file(line);
        }
        let rest = match line.get(1) {
            None => &[][..],
            Some(b' ') => &line[2..],
            Some(_) => {
                let sigil = String::from_utf8_lossy(&line[..1]).into_owned();
                return Err(LineError::new(1, Problem::Space { found: found(line, 1), sigil }));
            }
        };
        let placed = |expected| {
            let text = String::from_utf8_lossy(rest);
            let offset = 2 + text.len() - text.trim_start().len();
            match text.trim() {
                "" => Err(LineError::new(line.len(), Problem::Empty(expected))),
                text => Ok(Placed { text: text.to_owned(), offset }),
            }
        };
        match line.first() {
            Some(b'>') => Ok(Self::Send(Template::parse(rest, 2)?)),
            Some(b'|') => Ok(Self::Content(Template::parse(rest, 2)?)),
            Some(b'<') => Ok(Self::Expect(placed("a pattern such as 250, 2xx or * after <")?)),
            Some(b'*') => Ok(Self::Action(placed("an action such as sleep 5s after *")?)),
            Some(b'?') => Ok(Self::Assert(placed("an expression such as latency < 2s after ?")?)),
            _ => Err(LineError::new(0, Problem::Start(found(line, 0)))),
        }
    }
}

fn content_file(line: &[u8]) -> Result<ScriptLine, LineError> {
    let (raw, sigil) = if line.starts_with(b"|@raw") { (true, 5) } else { (false, 2) };
    match line.get(sigil) {
        None | Some(b' ') => {}
        Some(_) => {
            let problem = Problem::Space {
                found: found(line, sigil),
                sigil: String::from_utf8_lossy(&line[..sigil]).into_owned(),
            };
            return Err(LineError::new(sigil, problem));
        }
    }
    let (path, offset) = file_name(line, sigil, "|@ FILE or |@raw FILE")?;
    Ok(ScriptLine::ContentFile { raw, path, offset })
}

fn chunk(line: &[u8], rest: &[u8]) -> Result<ScriptLine, LineError> {
    let skipped = rest.len() - rest.trim_ascii_start().len();
    let word = rest[skipped..].split(|b| *b == b' ').next().unwrap_or_default();
    let number = std::str::from_utf8(word).ok().filter(|w| w.bytes().all(|b| b.is_ascii_digit()));
    let size = match number.and_then(|w| w.parse().ok()) {
        Some(octets) if skipped > 0 => ChunkSize::Octets(octets),
        None if skipped > 0 && word.eq_ignore_ascii_case(b"LAST") => ChunkSize::Last,
        _ => return Err(LineError::new(2 + skipped, Problem::ChunkSize(found(line, 2 + skipped)))),
    };
    let (path, offset) = file_name(line, 2 + skipped + word.len(), ">> N FILE or >> LAST FILE")?;
    Ok(ScriptLine::Chunk { size, path, offset })
}

/// The name of a file that a line ends with, and its place.
fn file_name(line: &[u8], from: usize, form: &'static str) -> Result<(PathBuf, usize), LineError> {
    let text = String::from_utf8_lossy(&line[from..]);
    let offset = from + text.len() - text.trim_start().len();
    match text.trim() {
        "" => Err(LineError::new(line.len(), Problem::FileName { found: found(line, line.len()), form })),
        name => Ok((PathBuf::from(name), offset)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> ScriptLine {
        ScriptLine::parse(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e:?}"))
    }

    fn problem(line: &str) -> (usize, Problem) {
        let error = ScriptLine::parse(line.as_bytes()).expect_err(line);
        (error.offset, error.problem)
    }

    #[test]
    fn each_kind_of_line_is_read() {
        let ScriptLine::Send(send) = parse(r"> RCPT TO:<{{to}}>\x20\x7b{x}}\t") else { panic!("sent") };
        assert_eq!(send.names().collect::<Vec<_>>(), ["to"]);
        assert_eq!(send.fill(|_| Some(b"a@b".to_vec())).expect("filled"), b"RCPT TO:<a@b> {{x}}\t");
        assert!(send.crlf && send.fill(|_| None).is_none());
        assert_eq!(parse(">"), ScriptLine::Send(Template { parts: vec![], crlf: true }));
        assert_eq!(parse("> "), parse(">"));
        let ScriptLine::Content(content) = parse(r"| half\c") else { panic!("content") };
        assert_eq!((content.crlf, content.parts), (false, vec![Part::Octets(b"half".to_vec())]));
        let placed = |text: &str, offset| Placed { text: text.to_owned(), offset };
        assert_eq!(parse(r"< 250 /queued as \w+/"), ScriptLine::Expect(placed(r"250 /queued as \w+/", 2)));
        assert_eq!(parse("*  sleep 5s"), ScriptLine::Action(placed("sleep 5s", 3)));
        assert_eq!(parse("? latency < 2s"), ScriptLine::Assert(placed("latency < 2s", 2)));
        let file = |raw, offset| ScriptLine::ContentFile { raw, path: "a b.eml".into(), offset };
        assert_eq!(parse("|@ a b.eml"), file(false, 3));
        assert_eq!(parse("|@raw a b.eml"), file(true, 6));
        let chunk = |size, offset| ScriptLine::Chunk { size, path: "m.eml".into(), offset };
        assert_eq!(parse(">> 1000 m.eml"), chunk(ChunkSize::Octets(1000), 8));
        assert_eq!(parse(">> LAST m.eml"), chunk(ChunkSize::Last, 8));
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        assert_eq!(problem(">EHLO a"), (1, Problem::Space { found: "`EHLO`".into(), sigil: ">".into() }));
        assert_eq!(problem(r"> a\qb"), (3, Problem::Escape(r"\qb".into())));
        assert_eq!(problem(r"> a\cb"), (3, Problem::Escape(r"\cb".into())));
        assert_eq!(problem("> a{{to"), (3, Problem::OpenMarker));
        assert_eq!(problem("> {{a b}}"), (2, Problem::MarkerName("a b".into())));
        assert_eq!(problem("<"), (1, Problem::Empty("a pattern such as 250, 2xx or * after <")));
        assert!(matches!(problem("|@raw"), (5, Problem::FileName { .. })));
        assert!(matches!(problem("|@x y"), (2, Problem::Space { .. })));
        assert_eq!(problem(">> many m.eml"), (3, Problem::ChunkSize("`many`".into())));
        assert!(matches!(problem(">> 5"), (4, Problem::FileName { .. })));
        assert!(matches!(problem("! what"), (0, Problem::Start(_))));
    }
}
