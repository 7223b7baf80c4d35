//! The message on a command line, or around it; why it is not there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conversation::{Exchange, Kind};
use crate::smtp::escape;

use super::{Talk, Tool, begun, data, parsed, quoted};

/// Octets of message content that go onto a command line.
const CONTENT: usize = 4 * 1024;
/// Octets of message content that go onto standard input beside a command line.
const WHOLE: usize = 256 * 1024;

/// What stands around the line where the message is not on it.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) before: String,
    pub(super) below: String,
}

/// Why the message is not on the line.
#[derive(Debug, Clone, Copy)]
enum Absent {
    /// It went in chunks, of which any octets may be made.
    Chunked,
    /// It holds octets that a command line can't.
    Octets,
    /// swaks would change something in it.
    Changed,
    Long,
    /// The source does not show it.
    Hidden,
    Empty,
    /// Nothing is known of it.
    Unknown,
}

impl Absent {
    fn words(self, own: bool) -> &'static str {
        match self {
            Self::Unknown => "the message",
            Self::Hidden => "the message, which the source does not show",
            Self::Empty if own => "the message, which is empty",
            Self::Empty => "the message, which is empty (swaks would send one of its own)",
            // Standard input takes all but what has other line ends, and what is very long.
            Self::Chunked | Self::Octets | Self::Changed | Self::Long if own => {
                "the message (it is long, or not made of lines)"
            }
            Self::Chunked => "the message (it is long or holds octets that a command line can't)",
            Self::Octets => "the message (it holds octets that a command line can't)",
            Self::Changed => "the message (swaks would change its % or \\)",
            Self::Long => "the message (it is long; save it to a file for --data)",
        }
    }
}

/// Puts the message onto the line; gives what stands around it. Nothing where no message was begun.
pub(super) fn message(
    tool: &Tool,
    talk: &Talk<'_>,
    transaction: &[Exchange],
    words: &mut Vec<String>,
    left_out: &mut Vec<String>,
) -> Option<Message> {
    let chunk = transaction.iter().find_map(|x| parsed(talk, x)?.chunk());
    let why = match (begun(transaction), chunk) {
        (false, None) => return None,
        (false, Some(_)) if !tool.own => {
            left_out.push("the message in chunks (BDAT)".to_owned());
            return None;
        }
        (_, Some((size, _))) => {
            words.push(format!("--bdat {size}"));
            Absent::Chunked
        }
        (true, None) => match content(talk, transaction) {
            Ok(text) => {
                words.extend(["--data".to_owned(), text]);
                return Some(Message::default());
            }
            Err(why) => why,
        },
    };
    let Some(octets) = tool.own.then(|| whole(talk, transaction, chunk.is_some())).flatten() else {
        left_out.push(why.words(tool.own).to_owned());
        // A message of the tool's own must not go out in its place.
        return None;
    };
    words.push("--no-data-fixup --data -".to_owned());
    if let Some(text) = plain(&octets) {
        let end = delimiter(&text);
        return Some(Message { before: String::new(), below: format!(" <<'{end}'\n{text}{end}") });
    }
    // A shell gives every octet on that stands there so.
    let coded = STANDARD.encode(&octets);
    let rows: Vec<_> = coded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    Some(Message { before: "base64 -d <<'END' | ".to_owned(), below: format!("\n{}\nEND", rows.join("\n")) })
}

/// The content that was sent, for a command line; or why it is not there.
fn content(talk: &Talk<'_>, transaction: &[Exchange]) -> Result<String, Absent> {
    let data = data(transaction).and_then(Exchange::reply).ok_or(Absent::Unknown)?;
    let mut text = String::new();
    for (_, entry) in talk.log.since(*data.end() + 1).take_while(|(_, entry)| entry.kind == Kind::Content) {
        let line = entry.bytes.strip_prefix(b".").unwrap_or(entry.bytes);
        let plain = entry.crlf && !entry.masked && line.iter().all(|b| matches!(b, b' '..=b'~'));
        if !plain {
            return Err(Absent::Octets);
        }
        if line.iter().any(|b| matches!(b, b'%' | b'\\')) {
            return Err(Absent::Changed);
        }
        if text.len() + line.len() > CONTENT {
            return Err(Absent::Long);
        }
        text.push_str(&String::from_utf8_lossy(line));
        text.push_str("\\n");
    }
    let hidden = talk.log.since(*data.end() + 1).next().and_then(|(_, entry)| entry.remark());
    if hidden.is_some_and(|remark| remark.word == "content" && remark.get("shown") == Some("no")) {
        Err(Absent::Hidden)
    } else if text.is_empty() {
        Err(Absent::Empty)
    } else {
        Ok(quoted(&text))
    }
}

/// The content for standard input: any octets in lines. In chunks no dots are stuffed, and a line may lie in two of them.
fn whole(talk: &Talk<'_>, transaction: &[Exchange], chunks: bool) -> Option<Vec<u8>> {
    let (from, to) = (transaction.first()?.start(), *transaction.last()?.reply()?.end());
    let mut octets = Vec::new();
    for (_, entry) in talk.log.since(from).take_while(|(n, _)| *n <= to) {
        // What was not kept can't be sent again.
        let lost = entry.kind == Kind::Remark
            && entry.remark().is_some_and(|remark| remark.word == "content" || remark.word == "cut");
        if lost || entry.masked && entry.kind == Kind::Content || octets.len() > WHOLE {
            return None;
        }
        if entry.kind == Kind::Content {
            octets.extend_from_slice(if chunks {
                entry.bytes
            } else {
                entry.bytes.strip_prefix(b".").unwrap_or(entry.bytes)
            });
            octets.extend_from_slice(if entry.crlf { b"\r\n" } else { b"" });
        }
    }
    let ends = octets.is_empty() || octets.ends_with(b"\r\n");
    let lines = memchr::memchr_iter(b'\n', &octets).all(|at| at > 0 && octets[at - 1] == b'\r');
    (ends && lines).then_some(octets)
}

/// The same as text with line feeds alone, where it is one that can be read.
fn plain(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?.replace("\r\n", "\n");
    let plain = |c: char| matches!(c, '\t' | '\n') || escape::is_plain(c);
    text.chars().all(plain).then_some(text)
}

/// A line that ends the text and is none of it.
fn delimiter(text: &str) -> String {
    let free = |word: &String| !text.lines().any(|line| line == word);
    let numbered = (1..).map(|n| format!("END{n}"));
    std::iter::once("END".to_owned()).chain(numbered).find(free).unwrap_or_default()
}
