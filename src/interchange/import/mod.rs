//! Conversations that other programs wrote: one file a source, registered in [`SOURCES`].
//!
//! A source is told by its content, never by a file's name. An importer is a function from octets to conversations and
//! what it could not read; it takes any octets, and guesses nothing silently: what follows from the source without
//! standing in it is a remark (`* inferred …`), the tool's own words are remarks too (`* tool …`), and what could not be
//! read is listed by line. Secrets are masked on the way, as a live recording masks them.
//!
//! Not here: files, sockets, screens.

mod builder;
mod capture;
mod clock;
mod curl;
mod eml;
mod exchange;
mod exim;
mod exim_host;
mod json;
mod lines;
mod marked;
mod msmtp;
mod openssl;
mod plain;
mod postfix;
mod prefix;
mod secrets;
mod sendmail;
mod sessions;
mod sides;
mod smtplib;
mod swaks;
mod telnet;
mod trace;
mod unread;

use std::fmt;

use crate::conversation::dialogue::Verdict;
use crate::conversation::file::{Document, FileError};
use crate::conversation::{Dialogue, Kind, file};

pub use unread::{Numbers, Unread, UnreadLine};

/// Octets of a file beyond which it is not imported.
pub const LARGEST: usize = 256 << 20;
/// Octets at its beginning that say what a file is.
const LOOKED_AT: usize = 256 << 10;

/// A source that conversations can be read from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name, kept as `imported` in the head.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Whether the beginning of a file looks like it.
    looks: fn(&[u8]) -> bool,
    /// Reads a whole file.
    read: fn(&[u8]) -> (Vec<Document>, Unread),
}

/// All sources, those that are told most surely first.
pub const SOURCES: &[Source] = &[
    Source { name: "capture", help: "a capture, pcap or pcapng", looks: capture::looks, read: capture::read },
    Source { name: "json", help: "ehlo's own JSON", looks: json::looks, read: json::read },
    Source {
        name: "exchange",
        help: "Exchange's protocol logs, receive and send",
        looks: exchange::looks,
        read: exchange::read,
    },
    Source { name: "postfix", help: "Postfix's log with debug_peer_list", looks: postfix::looks, read: postfix::read },
    Source {
        name: "smtplib",
        help: "Python's smtplib with set_debuglevel",
        looks: smtplib::looks,
        read: smtplib::read,
    },
    Source { name: "curl-trace", help: "curl --trace-ascii or --trace", looks: trace::looks, read: trace::read },
    Source { name: "msmtp", help: "msmtp -d", looks: msmtp::looks, read: msmtp::read },
    Source { name: "openssl", help: "openssl s_client", looks: openssl::looks, read: openssl::read },
    Source { name: "swaks", help: "swaks, with any of its hint styles", looks: swaks::looks, read: swaks::read },
    Source { name: "curl", help: "curl -v", looks: curl::looks, read: curl::read },
    Source { name: "exim", help: "exim -v or exim -d", looks: exim::looks, read: exim::read },
    Source { name: "exim-bh", help: "exim -bh", looks: exim_host::looks, read: exim_host::read },
    Source { name: "sendmail", help: "sendmail -v", looks: sendmail::looks, read: sendmail::read },
    Source {
        name: "marked",
        help: "a log with a time or the mark of a side before each line",
        looks: marked::looks,
        read: marked::read,
    },
    Source {
        name: "message",
        help: "a message with Received lines, as the way it went",
        looks: eml::looks,
        read: eml::read,
    },
    Source {
        name: "telnet",
        help: "a session pasted from telnet, nc or a terminal",
        looks: telnet::looks,
        read: telnet::read,
    },
];

/// What was read.
#[derive(Debug)]
pub struct Imported {
    /// Where from: the name of a [`Source`]; none where it was a transcript of ehlo's own.
    pub source: Option<&'static str>,
    /// The conversations, in the order in which they began; one at least.
    pub conversations: Vec<Document>,
    /// What could not be read.
    pub unread: Unread,
}

/// Why a file gives no conversation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is, or is taken for, a transcript, and is not as the format has it.
    #[error(transparent)]
    Transcript(#[from] FileError),
    /// It is of a known kind, and no conversation is in it.
    #[error("this is {help}, but no line of a conversation is in it; {cure}")]
    Nothing {
        /// What it is.
        help: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// It looks like nothing that can be read.
    #[error(
        "line 1: found {found}, expected a transcript of ehlo (+++), or what one of these wrote: {}",
        SOURCES.iter().map(|source| source.name).collect::<Vec<_>>().join(", ")
    )]
    Unknown {
        /// What it begins with.
        found: String,
    },
    /// It is too large.
    #[error(
        "it has {octets} octets, and up to {LARGEST} are imported; cut it (split -C 200M, or editcap -c for a capture)"
    )]
    TooLarge {
        /// How many.
        octets: usize,
    },
}

/// Whether a file of this beginning is a transcript of ehlo's own, and not something to be imported.
#[must_use]
pub fn is_transcript(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || plain::is_quoted(text) {
        return false;
    }
    for (_, line) in lines::lines(text) {
        match line.trim_ascii() {
            b"" => {}
            [b'#', ..] if !line.starts_with(b"#Software:") && !line.starts_with(b"#Version:") => {}
            b"+++" => return true,
            _ => return is_record(line) || source(beginning).is_none() && is_script(line),
        }
    }
    // Nothing but comments, or nothing at all.
    true
}

fn is_record(line: &[u8]) -> bool {
    let Some(end) = line.iter().position(|octet| *octet == b' ') else { return false };
    let time =
        line[..end].split(|octet| *octet == b'.').all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    time && line[..end].contains(&b'.') && matches!(line.get(end + 1), Some(b'>' | b'<' | b'|' | b'*'))
}

fn is_script(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'>' | b'<' | b'|' | b'*' | b'?')) && !line.starts_with(b"***")
}

/// The source that a file of this beginning comes from.
#[must_use]
pub fn source(beginning: &[u8]) -> Option<&'static Source> {
    let beginning = &beginning[..beginning.len().min(LOOKED_AT)];
    SOURCES.iter().find(|source| (source.looks)(beginning))
}

/// Whether it is a log of what became of messages: Postfix's, or Exim's main log.
fn is_mail_log(octets: &[u8]) -> bool {
    let is_one = |line: &[u8]| {
        let text = lines::text(line);
        let postfix = text.contains(" postfix/") && text.contains("]: ");
        postfix
            || ["<=", "=>", "**", "==", "Completed", "SMTP connection from"]
                .iter()
                .any(|flag| text.get(20..).is_some_and(|rest| rest.contains(flag)))
                && text.starts_with("20")
    };
    lines::lines(&octets[..octets.len().min(LOOKED_AT)]).take(50).filter(|(_, line)| is_one(line)).nth(2).is_some()
}

/// Reads conversations from the octets of a file, whatever of the known it is.
///
/// # Errors
/// What the file is not, with its place where it has one, and what to do.
pub fn import(octets: &[u8]) -> Result<Imported, ImportError> {
    if octets.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty);
    }
    if is_transcript(&octets[..octets.len().min(LOOKED_AT)]) {
        let document = file::read(octets)?;
        return Ok(Imported { source: None, conversations: vec![document], unread: Unread::default() });
    }
    if octets.len() > LARGEST {
        return Err(ImportError::TooLarge { octets: octets.len() });
    }
    let (text, mut undone) = if capture::looks(octets) { (octets.into(), Vec::new()) } else { plain::plain(octets) };
    let octets = &*text;
    if !undone.is_empty() && is_transcript(&octets[..octets.len().min(LOOKED_AT)]) {
        let unread = Unread { undone, ..Unread::default() };
        return Ok(Imported { source: None, conversations: vec![file::read(octets)?], unread });
    }
    let known = source(octets);
    // With a time before each line it may be what another program wrote, told better without.
    let bare = known.is_none_or(|known| known.name == "marked").then(|| prefix::untimed(octets)).flatten();
    let inner = bare.as_deref().and_then(source).filter(|inner| !["marked", "telnet"].contains(&inner.name));
    let (octets, known) = match (&bare, inner) {
        (Some(bare), Some(inner)) => {
            undone.push(plain::TIMED);
            (bare.as_slice(), Some(inner))
        }
        _ => (octets, known),
    };
    let Some(source) = known else {
        if is_mail_log(octets) {
            let cure = "ehlo explain --log says what its refusals mean";
            return Err(ImportError::Nothing { help: "a mail log", cure });
        }
        let first = lines::lines(octets).map(|(_, line)| line).find(|line| !line.trim_ascii().is_empty());
        let found = crate::smtp::escape::for_screen(first.unwrap_or_default());
        return Err(ImportError::Unknown { found: format!("`{}`", found.chars().take(40).collect::<String>()) });
    };
    let (conversations, mut unread) = (source.read)(octets);
    unread.undone = undone;
    if conversations.iter().all(|document| document.log.is_empty()) {
        return Err(ImportError::Nothing {
            help: source.help,
            cure: "take the part that shows what was sent and received",
        });
    }
    Ok(Imported { source: Some(source.name), conversations, unread })
}

/// A conversation in one line, for a list to choose from: when, with whom, how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// When it began, where the source says.
    pub started: Option<String>,
    /// With whom.
    pub target: Option<String>,
    /// The envelope: `<from> -> first recipient (+n)`.
    pub envelope: Option<String>,
    /// Lines that were sent, message content left out.
    pub commands: usize,
    /// Replies that came.
    pub replies: usize,
    /// The last reply's code and text, or what ended it before.
    pub outcome: String,
}

impl Outline {
    /// The outline of a conversation.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let log = &document.log;
        let dialogue = Dialogue::of(log);
        let exchanges = dialogue.exchanges();
        let replied = exchanges.iter().enumerate().filter(|(_, exchange)| exchange.reply().is_some());
        let last = replied.clone().next_back().and_then(|(n, _)| dialogue.reply(log, n));
        let error = || {
            let remarks = log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
            remarks
                .filter(|remark| remark.word == "error")
                .last()
                .map(|remark| remark.bare(0).unwrap_or_default().to_owned())
        };
        let outcome = match last {
            Some(reply) => {
                reply.lines.last().map_or_else(String::new, |line| crate::smtp::escape::for_screen(&line.raw))
            }
            None => error().unwrap_or_else(|| "no reply".to_owned()),
        };
        let recipients = dialogue.recipients();
        let envelope = recipients.first().map(|first| {
            let accepted =
                recipients.iter().filter(|r| !matches!(r.verdict, Verdict::Refused | Verdict::Pending)).count();
            let address = crate::smtp::escape::for_screen(dialogue.address(log, first).as_bytes());
            match recipients.len() {
                1 => address,
                n => format!("{address} and {} more, {accepted} accepted", n - 1),
            }
        });
        Self {
            started: document.header.started().map(|at| format!("{at:.3}")),
            target: document.header.text("target").map(|text| crate::smtp::escape::for_screen(text.as_bytes())),
            envelope,
            commands: log.of_kind(Kind::Sent).filter(|(_, entry)| entry.bytes != b".").count(),
            replies: replied.count(),
            outcome: outcome.chars().take(60).collect(),
        }
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.started, &self.target, &self.envelope].into_iter().flatten() {
            write!(f, "{part}  ")?;
        }
        write!(f, "{} sent, {} replies  {}", self.commands, self.replies, self.outcome)
    }
}

#[cfg(test)]
mod tests;
