//! The one way from bytes of a peer or a file to text that may be shown or written.
//!
//! What comes out of [`pieces`] holds no control, no invalid UTF-8, no bidi override, no format, separator,
//! private-use or unassigned character, and no space but U+0020. The screen and the `.smtp` format both use it; they
//! differ only in that the file doubles the backslash, breaks up `{{` and marks a trailing space.

use std::fmt::Write as _;

use unicode_properties::{GeneralCategory as G, UnicodeGeneralCategory as _};

/// A run of safe text, or one unit that is shown by its escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Fit to be shown as it is.
    Plain(&'a str),
    /// What stands for something that is not: `\r`, `\n`, `\t`, `\e`, `\xNN` (one octet) or `\u{NNNN}`.
    Escape(Escape),
}

/// One unit that is never shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// An octet: a C0 control, DEL, or a part of invalid UTF-8.
    Octet(u8),
    /// A character of a kind that is not shown.
    Character(char),
}

impl std::fmt::Display for Escape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Octet(b'\r') => f.write_str("\\r"),
            Self::Octet(b'\n') => f.write_str("\\n"),
            Self::Octet(b'\t') => f.write_str("\\t"),
            Self::Octet(0x1b) => f.write_str("\\e"),
            Self::Octet(octet) => write!(f, "\\x{octet:02x}"),
            Self::Character(c) => write!(f, "\\u{{{:04x}}}", u32::from(*c)),
        }
    }
}

/// Whether a character may be shown as it is.
#[must_use]
pub fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    !matches!(
        c.general_category(),
        G::Control
            | G::Format
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::SpaceSeparator
    )
}

/// Cuts bytes into safe text and escapes, in order, losing nothing. Each octet is looked at once.
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|octet| Piece::Escape(Escape::Octet(*octet)));
        text_pieces(chunk.valid()).chain(invalid)
    })
}

fn text_pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let first = text.chars().next()?;
        let plain = text.find(|c| !is_plain(c)).unwrap_or(text.len());
        if plain > 0 {
            let (head, tail) = text.split_at(plain);
            text = tail;
            return Some(Piece::Plain(head));
        }
        text = &text[first.len_utf8()..];
        Some(Piece::Escape(match u8::try_from(first) {
            Ok(octet) if octet.is_ascii() => Escape::Octet(octet),
            _ => Escape::Character(first),
        }))
    })
}

/// Bytes as one line of text for a person: escapes where needed, a backslash as it is.
#[must_use]
pub fn for_screen(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for piece in pieces(bytes) {
        match piece {
            Piece::Plain(text) => out.push_str(text),
            Piece::Escape(escape) => write!(out, "{escape}").expect("a string takes it"),
        }
    }
    out
}

/// A text of several lines for a person: in each what [`for_screen`] makes of it.
#[must_use]
pub fn for_lines(text: &str) -> String {
    let shown = text.split('\n').map(|line| for_screen(line.as_bytes()));
    shown.collect::<Vec<_>>().join("\n")
}

/// JSON for a person: what is not to be shown stands there as `\u` and four digits, which is the same to a program.
#[must_use]
pub fn for_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_plain(c) || c == '\n' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes it");
            }
        }
    }
    out
}

/// Bytes as text, of which every octet that is no UTF-8 can still be told: `\xNN`. Controls stay as they are.
#[must_use]
pub fn legible(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for octet in chunk.invalid() {
            write!(out, "{}", Escape::Octet(*octet)).expect("a string takes it");
        }
    }
    out
}

/// Bytes as the REST of a record of an `.smtp` file (FORMATS section 1), appended to `out`.
///
/// The inverse is [`from_file`].
pub fn to_file(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if bytes.iter().all(|b| (b.is_ascii_graphic() && *b != b'\\' && *b != b'{') || *b == b' ') {
        out.extend_from_slice(bytes);
    } else {
        for piece in pieces(bytes) {
            match piece {
                Piece::Plain(text) => plain_to_file(text.as_bytes(), out),
                Piece::Escape(escape) => out.extend_from_slice(escape.to_string().as_bytes()),
            }
        }
    }
    if out.len() > start && out.last() == Some(&b' ') {
        out.pop();
        out.extend_from_slice(b"\\x20");
    }
}

/// The same as text: other bytes are another text, which [`for_screen`] does not promise.
#[must_use]
pub fn for_file(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    to_file(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn plain_to_file(text: &[u8], out: &mut Vec<u8>) {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'{' if text.get(index + 1) == Some(&b'{') => out.extend_from_slice(b"\\x7b"),
            _ => out.push(*byte),
        }
    }
}

/// Why a text is not the escaped form of any bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not an escape; \\\\ \\r \\n \\t \\e \\xNN \\u{{NNNN}} are")]
pub struct BadEscape {
    /// Where it stands: octets from the start of the text, from 0.
    pub offset: usize,
    /// What stands there.
    pub found: String,
}

/// The bytes that an escaped text stands for, appended to `out`.
///
/// # Errors
/// A backslash that begins none of the escapes.
pub fn from_file(text: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    let mut rest = 0;
    while let Some(step) = memchr::memchr(b'\\', &text[rest..]) {
        let at = rest + step;
        out.extend_from_slice(&text[rest..at]);
        rest = at + one_escape(&text[at..], out).ok_or_else(|| bad_escape(text, at))?;
    }
    out.extend_from_slice(&text[rest..]);
    Ok(())
}

fn bad_escape(text: &[u8], at: usize) -> BadEscape {
    let end = (at + 4).min(text.len());
    BadEscape { offset: at, found: String::from_utf8_lossy(&text[at..end]).into_owned() }
}

/// Reads one escape at the start of `text`; gives its length.
fn one_escape(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let octet = match text.get(1)? {
        b'\\' => b'\\',
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'e' => 0x1b,
        b'x' => {
            let digits = std::str::from_utf8(text.get(2..4)?).ok().filter(|d| !d.starts_with('+'))?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            return Some(4);
        }
        b'u' => {
            let close = memchr::memchr(b'}', text.get(..12).unwrap_or(text))?;
            let digits = text.get(2..close)?.strip_prefix(b"{")?;
            let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(close + 1);
        }
        _ => return None,
    };
    out.push(octet);
    Some(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filed(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        to_file(bytes, &mut out);
        String::from_utf8(out).expect("the filed form is UTF-8")
    }

    #[test]
    fn json_is_the_same_document_and_says_nothing_to_a_terminal() {
        let value = serde_json::json!({"title": "t\u{1b}[31m\u{202e}\u{9b}\u{7f}ä\u{e0001}\t", "n": [1, "two"]});
        let text = for_json(&format!("{value:#}\n"));
        assert!(text.chars().all(|c| is_plain(c) || c == '\n'), "{text:?}");
        assert!(text.contains("\\u202e\\u009b\\u007fä\\udb40\\udc01"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }

    #[test]
    fn what_a_terminal_would_act_on_is_shown_by_its_escape() {
        assert_eq!(for_screen(b"\x1b]0;x\x07 \xff\xc2\x9b a\\b"), r"\e]0;x\x07 \xff\u{009b} a\b");
        assert_eq!(for_screen("a\u{202e}b\u{a0}\u{2028}".as_bytes()), r"a\u{202e}b\u{00a0}\u{2028}");
    }

    #[test]
    fn the_file_form_breaks_markers_and_marks_a_trailing_space() {
        assert_eq!(filed(b"{{auth}} "), r"\x7b{auth}}\x20");
        assert_eq!(filed(b"{{{"), r"\x7b\x7b{");
        assert_eq!(filed(br"C:\x"), r"C:\\x");
    }

    #[test]
    fn a_bad_escape_is_placed() {
        let error = from_file(br"ab\q", &mut Vec::new()).expect_err("\\q is none");
        assert_eq!((error.offset, error.found.as_str()), (2, r"\q"));
        assert!(from_file(br"\u{d800}", &mut Vec::new()).is_err());
        assert!(from_file(br"\x+1", &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn filed_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let text = filed(&bytes);
            prop_assert!(text.chars().all(is_plain));
            prop_assert!(!text.ends_with(' ') && !text.contains("{{"));
            let mut back = Vec::new();
            from_file(text.as_bytes(), &mut back).expect("own output is read");
            prop_assert_eq!(back, bytes);
        }

        #[test]
        fn nothing_unfit_reaches_the_screen(text in any::<String>()) {
            prop_assert!(for_screen(text.as_bytes()).chars().all(is_plain));
        }
    }
}
