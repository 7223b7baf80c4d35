//! What can happen in a conversation: a line sent, content sent, a line received, or a remark of ehlo's own.

use std::fmt;

use crate::smtp::escape;

/// Microseconds since the conversation started, on a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub u64);

impl fmt::Display for Micros {
    /// Seconds with six decimals, as in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl From<std::time::Duration> for Micros {
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

/// Octets of one direction as one record holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The octets. With `crlf` they are followed on the wire by CR LF, which is not in here; without it these are all
    /// there are (a bare LF is then the last of them, and a line in pieces has none).
    /// With `masked` this is not what was on the wire but the file's text of it, with `{{auth}}` for what was masked.
    pub bytes: Vec<u8>,
    /// Whether CR LF follows on the wire.
    pub crlf: bool,
    /// Whether a secret was masked.
    pub masked: bool,
}

impl Line {
    /// A line that ends in CR LF.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), crlf: true, masked: false }
    }

    /// Octets that CR LF does not follow.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), crlf: false, masked: false }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `>`: a line from client to server: a command, an answer within AUTH, the final dot.
    Sent(Line),
    /// `|`: message content from client to server, as on the wire (dots stuffed).
    Content(Line),
    /// `<`: a line from server to client.
    Received(Line),
    /// `*`: something that ehlo says of the connection.
    Remark(Remark),
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// When.
    pub at: Micros,
    /// What.
    pub event: Event,
}

/// What is said, behind their number, of records that are missing.
pub const LOSS: &str = "records could not be written here";

/// What is said, behind their number, of records that are missing in a file that is written to again.
const AGAIN: &str = "records could not be written to the file; what follows is recorded again";

/// What has become of the file that a conversation is recorded in, for whoever has its records beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Nothing is written any more.
    Fails,
    /// It is written to again, and something is missing in it.
    GoesOn,
}

/// A remark: a word, then bare values and `key=value` pairs, in order (FORMATS section 1, Events).
///
/// Unknown words and keys are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remark {
    /// What it is: `connected`, `tls`, `closed`…
    pub word: String,
    /// Values without and with a key.
    pub values: Vec<(Option<String>, String)>,
}

impl Remark {
    /// A remark of this word, to be filled by [`Self::value`] and [`Self::with`].
    #[must_use]
    pub fn new(word: &str) -> Self {
        Self { word: word.to_owned(), values: Vec::new() }
    }

    /// Whether it stands for octets of the client's that are not kept.
    #[must_use]
    pub fn is_unkept(&self) -> bool {
        let cut = self.word == "cut" && self.get("direction") != Some("in");
        self.word == "content" || cut || self.is_loss() || self.is_opaque()
    }

    /// Whether it stands for all that was said under a TLS that can't be read, as in a capture.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.word == "opaque"
    }

    /// Says that so many records are missing here: they could not be written.
    #[must_use]
    pub fn loss(records: impl fmt::Display) -> Self {
        Self::new("warning").with("kind", "journal").with("lost", records).value(LOSS)
    }

    /// Whether records of either side are missing where it stands: they could not be written, as on a full disk.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        self.word == "warning" && self.get("kind") == Some("journal") && self.get("lost").is_some()
    }

    /// Says to whoever has all records that so many of them are not in the file, into which the next are written again.
    #[must_use]
    pub fn recorded_again(missing: impl fmt::Display) -> Self {
        Self::new("warning").with("kind", "journal").with("missing", missing).value(AGAIN)
    }

    /// Says to whoever has all records that none are written any more, and why.
    #[must_use]
    pub fn unrecorded(why: impl fmt::Display) -> Self {
        Self::new("warning").with("kind", "journal").value(why)
    }

    /// What it says of the file that the conversation is recorded in.
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        if self.word != "warning" || self.get("kind") != Some("journal") || self.is_loss() {
            return None;
        }
        Some(self.get("missing").map_or(Recording::Fails, |_| Recording::GoesOn))
    }

    /// Adds a bare value.
    #[must_use]
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        self.values.push((None, value.to_string()));
        self
    }

    /// Adds a pair.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.values.push((Some(key.to_owned()), value.to_string()));
        self
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(k, _)| k.as_deref() == Some(key)).map(|(_, v)| v.as_str())
    }

    /// The n-th bare value, from 0.
    #[must_use]
    pub fn bare(&self, n: usize) -> Option<&str> {
        self.values.iter().filter(|(k, _)| k.is_none()).nth(n).map(|(_, v)| v.as_str())
    }

    /// Reads the text after `* `. Every text is a remark; one that is not well formed becomes bare words.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut rest = text.trim();
        let mut remark = Self::default();
        while !rest.is_empty() {
            let (key, after_key) = match rest.find(['=', ' ', '"']) {
                Some(at) if is_key(&rest[..at]) && rest.as_bytes()[at] == b'=' && !remark.word.is_empty() => {
                    (Some(&rest[..at]), &rest[at + 1..])
                }
                _ => (None, rest),
            };
            let (value, after) = if let Some(found) = after_key.strip_prefix('"').and_then(quoted) {
                found
            } else {
                let end = after_key.find(' ').unwrap_or(after_key.len());
                (after_key[..end].to_owned(), &after_key[end..])
            };
            if remark.word.is_empty() {
                remark.word = value;
            } else {
                remark.values.push((key.map(str::to_owned), value));
            }
            rest = after.trim_start();
        }
        remark
    }
}

/// Whether a text may stand before an equals sign: there is no way to quote it there.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| escape::is_plain(c) && c != '\\') && !text.contains("{{")
}

/// Reads a TOML basic string after its opening quote; gives its value and what follows the closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                'e' => value.push('\u{1b}'),
                kind @ ('u' | 'U') => {
                    let mut number = 0;
                    for _ in 0..if kind == 'u' { 4 } else { 8 } {
                        number = number * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    value.push(char::from_u32(number)?);
                }
                other => value.push(other),
            },
            _ => value.push(c),
        }
    }
    None
}

/// Quoted where it must be: an equals sign is plain after a key, since the first one ends the key.
fn write_value(f: &mut fmt::Formatter<'_>, value: &str, keyed: bool) -> fmt::Result {
    let bare = !value.is_empty()
        && value.chars().all(|c| escape::is_plain(c) && !matches!(c, ' ' | '"' | '\\') && (keyed || c != '='))
        && !value.contains("{{");
    if bare {
        return f.write_str(value);
    }
    f.write_str("\"")?;
    for (at, c) in value.char_indices() {
        match c {
            // Two braces are a marker in a file, and the only one in a recording is this.
            '{' if value[at..].starts_with("{{") && !value[at..].starts_with("{{auth}}") => f.write_str("\\u007b")?,
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if escape::is_plain(c) => write!(f, "{c}")?,
            c if u32::from(c) <= 0xffff => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "\\U{:08x}", u32::from(c))?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for Remark {
    /// The text after `* `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, &self.word, false)?;
        for (key, value) in &self.values {
            f.write_str(" ")?;
            if let Some(key) = key {
                write!(f, "{key}=")?;
            }
            write_value(f, value, key.is_some())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_well_formed_is_written_so_that_it_is_read_the_same() {
        for text in ["\"%  \u{2}", "a\u{1b}b", "x a\u{7}=1", "x \\=1", "\"\" y", "x =", "note k=\"open"] {
            let shown = Remark::parse(text).to_string();
            assert!(shown.chars().all(escape::is_plain), "{shown:?}");
            assert_eq!(Remark::parse(&shown).to_string(), shown);
        }
    }

    #[test]
    fn remarks_are_read_and_written() {
        for text in [
            "connecting 127.0.0.2:25",
            "connected 127.0.0.2:25 from 127.0.0.1:40312",
            "tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=no reason=\"self-signed certificate\"",
            "note \"asked the owner to close it\"",
            "note at=12 \"a \\\"word\\\" and a \\\\\"",
            "set title=\"\"",
            "closed by=server",
            "certificate n=0 der=MIIB+/==",
            "mark \"a=b\"",
        ] {
            assert_eq!(Remark::parse(text).to_string(), text);
        }
        let tls = Remark::parse("tls verified=no reason=\"self-signed certificate\"");
        assert_eq!(tls.get("reason"), Some("self-signed certificate"));
        assert_eq!(Remark::parse("connected a from b").bare(2), Some("b"));
    }

    #[test]
    fn a_value_that_a_terminal_would_act_on_is_escaped() {
        assert_eq!(Remark::new("error").value("\u{1b}[2J").to_string(), "error \"\\u001b[2J\"");
    }
}
