//! The message on a command line, or around it; why it is not there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::{Exchange, Kind};
use crate::smtp::{Verb, escape};

use super::{Talk, Tool, begun, data, one_word, parsed};

/// Octets of message content that go onto a command line.
const CONTENT: usize = 4 * 1024;
/// Octets of message content that go onto standard input beside a command line: as many as a recording keeps of a message.
const WHOLE: usize = 1 << 20;

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
    /// Records of it could not be written.
    Lost,
    Empty,
    /// It was begun and not ended.
    Broken,
    /// Nothing is known of it.
    Unknown,
    /// No reply says that it was asked for.
    Unanswered,
}

impl Absent {
    fn words(self, own: bool) -> &'static str {
        match self {
            Self::Unknown => "the message",
            Self::Unanswered => "the message (no reply to DATA stands in the conversation)",
            Self::Hidden => "the message, which the source does not show",
            Self::Lost => "the message, of which records could not be written",
            Self::Broken => "the message, which was broken off",
            Self::Empty if own => "the message, which is empty",
            Self::Empty => "the message, which is empty (swaks would send one of its own)",
            // Standard input takes all but what has other line ends, and what is very long.
            Self::Chunked | Self::Octets | Self::Changed | Self::Long if own => {
                "the message (it is long, or not made of lines)"
            }
            Self::Chunked | Self::Octets | Self::Changed => {
                "the message (it is long, or holds octets that swaks can't say)"
            }
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
        (false, None) => {
            // It was sent, and what came of DATA is not known.
            if transaction.iter().any(|x| x.verb == Verb::Data && x.code.is_none()) && has_content(talk, transaction) {
                left_out.push(Absent::Unanswered.words(tool.own).to_owned());
            }
            return None;
        }
        (false, Some(_)) if !tool.own => {
            left_out.push("the message in chunks (BDAT)".to_owned());
            return None;
        }
        _ if !is_whole(talk, transaction) => {
            left_out.push(Absent::Broken.words(tool.own).to_owned());
            return None;
        }
        (_, Some((size, _))) => {
            words.push(format!("--bdat {size}"));
            Absent::Chunked
        }
        (true, None) => match content(tool, talk, transaction) {
            Ok(text) => {
                if !tool.own && text.starts_with("From ") {
                    words.push("--no-strip-from".to_owned());
                }
                words.extend(["--data".to_owned(), one_word(&text)]);
                return Some(Message::default());
            }
            Err(why) => why,
        },
    };
    // As it is, swaks takes a message with its dots stuffed and the last one on it; an empty one it takes for none.
    let octets = whole(talk, transaction, chunk.is_some() || !tool.own);
    let takes = |octets: &Vec<u8>| tool.own || chunk.is_none() && !octets.is_empty();
    let Some(mut octets) = octets.filter(takes) else {
        left_out.push(why.words(tool.own).to_owned());
        // A message of the tool's own must not go out in its place.
        return None;
    };
    words.push("--no-data-fixup --data -".to_owned());
    if !tool.own {
        octets.push(b'.');
    } else if let Some(text) = plain(&octets) {
        let end = delimiter(&text);
        return Some(Message { before: String::new(), below: format!(" <<'{end}'\n{text}{end}") });
    }
    // A shell gives every octet on that stands there so.
    let coded = STANDARD.encode(&octets);
    let rows: Vec<_> = coded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    Some(Message { before: "base64 -d <<'END' | ".to_owned(), below: format!("\n{}\nEND", rows.join("\n")) })
}

/// Whether the message came to its end: by its dot, or by the octets of a last chunk.
fn is_whole(talk: &Talk<'_>, transaction: &[Exchange]) -> bool {
    let chunk = transaction.iter().rev().find_map(|x| Some((x.command()?, parsed(talk, x)?.chunk()?)));
    let Some((record, (size, is_last))) = chunk else { return transaction.iter().any(|x| x.ask == Ask::EndOfData) };
    let behind = || talk.log.since(record + 1).map(|(_, entry)| entry).take_while(|entry| entry.kind != Kind::Sent);
    let content = behind().filter(|entry| entry.kind == Kind::Content);
    let octets: usize = content.map(|entry| entry.bytes.len() + if entry.crlf { 2 } else { 0 }).sum();
    // What was not kept is said to be missing by itself.
    let unkept = || behind().filter_map(|entry| entry.remark()).any(|remark| remark.is_unkept());
    is_last && (octets as u64 >= size || unkept())
}

/// Whether anything of a message stands behind the beginning of a transaction.
fn has_content(talk: &Talk<'_>, transaction: &[Exchange]) -> bool {
    let from = transaction.first().map_or(usize::MAX, Exchange::start);
    talk.log.since(from).any(|(_, entry)| entry.kind == Kind::Content)
}

/// The content that was sent, for a command line; or why it is not there.
fn content(tool: &Tool, talk: &Talk<'_>, transaction: &[Exchange]) -> Result<String, Absent> {
    let data = data(transaction).and_then(Exchange::reply).ok_or(Absent::Unknown)?;
    let last = transaction.iter().filter_map(Exchange::reply).next_back().map_or(*data.end(), |reply| *reply.end());
    let behind = talk.log.since(*data.end() + 1).take_while(|(record, _)| *record <= last);
    let unkept = behind.filter_map(|(_, entry)| entry.remark()).find(Remark::is_unkept);
    if let Some(remark) = unkept {
        return Err(if remark.is_loss() { Absent::Lost } else { Absent::Hidden });
    }
    let mut lines = Vec::new();
    let mut length = 0;
    let behind = talk.log.since(*data.end() + 1).take_while(|(_, entry)| entry.kind != Kind::Sent);
    for (_, entry) in behind.filter(|(_, entry)| entry.kind == Kind::Content) {
        let line = entry.bytes.strip_prefix(b".").unwrap_or(entry.bytes);
        // Standard input takes what is not ASCII better; swaks has none here.
        let plain = |c: char| if tool.own { matches!(c, ' '..='~') } else { c == '\t' || escape::is_plain(c) };
        let text = std::str::from_utf8(line).ok().filter(|text| entry.crlf && !entry.masked && text.chars().all(plain));
        let text = text.ok_or(Absent::Octets)?;
        if text.contains(['%', '\\']) {
            return Err(Absent::Changed);
        }
        length += line.len();
        if length > CONTENT {
            return Err(Absent::Long);
        }
        lines.push(text);
    }
    match lines.as_slice() {
        [] => Err(Absent::Empty),
        // An @ names a file, the line of a mailbox is dropped, and so is a last dot.
        [first, ..] if tool.own && (first.starts_with('@') || first.starts_with("From ")) => Err(Absent::Changed),
        [.., "."] if tool.own => Err(Absent::Changed),
        _ if tool.own => Ok(lines.iter().flat_map(|line| [*line, "\\n"]).collect()),
        _ => for_swaks(&lines).ok_or(Absent::Changed),
    }
}

/// A message as swaks sends it unchanged: it ends the last line itself, makes an end of the head where there is none, takes
/// a dot at the end for the end, and stuffs none before the first line; a second @ says that the first names no file.
fn for_swaks(lines: &[&str]) -> Option<String> {
    let (first, last) = (lines.first()?, lines.last()?);
    let end = lines.iter().position(|line| line.is_empty())?;
    if end == 0 || end + 1 == lines.len() || *last == "." || first.starts_with('.') {
        return None;
    }
    let escaped = if first.starts_with('@') { "@" } else { "" };
    Some(format!("{escaped}{}", lines.join("\\n")))
}

/// The content for standard input: any octets in lines. In chunks no dots are stuffed, and a line may lie in two of them.
fn whole(talk: &Talk<'_>, transaction: &[Exchange], as_is: bool) -> Option<Vec<u8>> {
    let (from, to) = (transaction.first()?.start(), *transaction.last()?.reply()?.end());
    let mut octets = Vec::new();
    for (_, entry) in talk.log.since(from).take_while(|(n, _)| *n <= to) {
        // What was not kept can't be sent again.
        let lost = entry.kind == Kind::Remark && entry.remark().is_some_and(|remark| remark.is_unkept());
        if lost || entry.masked && entry.kind == Kind::Content || octets.len() > WHOLE {
            return None;
        }
        if entry.kind == Kind::Content {
            octets.extend_from_slice(if as_is {
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
