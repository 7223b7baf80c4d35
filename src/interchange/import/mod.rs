//! Conversations that other programs wrote: one file a source, registered in [`SOURCES`].
//!
//! A source is told by its content, never by a file's name. An importer is a function from octets to conversations and
//! what it could not read; it takes any octets, and guesses nothing silently: what follows from the source without
//! standing in it is a remark (`* inferred …`), the tool's own words are remarks too (`* tool …`), and what could not be
//! read is listed by line. Secrets are masked on the way, as a live recording masks them.
//!
//! Not here: files, sockets, screens.

mod about;
mod builder;
mod capture;
mod clock;
mod curl;
mod eml;
mod ends;
mod escapes;
mod exchange;
mod exim;
mod exim_host;
mod json;
mod layout;
mod lines;
mod marked;
mod msmtp;
mod openssl;
mod outline;
pub(super) mod own_words;
mod page;
mod plain;
mod postfix;
mod prefix;
mod saved;
mod scripts;
mod secrets;
mod sendmail;
mod sessions;
mod several;
mod sides;
mod smtplib;
mod swaks;
mod telnet;
mod text;
mod told;
mod trace;
mod unread;
mod unseen;

use crate::conversation::file;
use crate::conversation::file::{Document, FileError};

pub use outline::Outline;
pub use scripts::masked;
pub use told::{is_transcript, only_sends};
pub use unread::{Numbers, Unread, UnreadLine};

use text::Text;

/// Octets of a file beyond which it is not imported.
pub const LARGEST: usize = 256 << 20;
/// Octets at its beginning that say what a file is.
const LOOKED_AT: usize = 256 << 10;

/// How files begin that a program has compressed, with its name and what unpacks them.
const COMPRESSED: [(&[u8], &str, &str); 5] = [
    (b"\x1f\x8b", "gzip", "gzip -dk FILE"),
    (b"BZh91AY&SY", "bzip2", "bzip2 -dk FILE"),
    (b"\xfd7zXZ\0", "xz", "xz -dk FILE"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d FILE"),
    (b"PK\x03\x04", "zip", "unzip FILE"),
];

/// A source that conversations can be read from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name, kept as `imported` in the head.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Who writes it.
    writer: Writer,
    /// What the name of such a file mostly ends with, beside the endings of what is written here.
    endings: &'static [&'static str],
    /// Whether the beginning of a file looks like it.
    looks: fn(&[u8]) -> bool,
    /// Reads a whole file.
    read: fn(&Text<'_>) -> (Vec<Document>, Unread),
}

/// Who writes what a source reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// A program that is called as the source is.
    Program,
    /// Any program, ehlo itself, or one that another source names.
    Other,
}

/// All sources, those that are told most surely first.
pub const SOURCES: &[Source] = &[
    Source {
        name: "capture",
        help: "a capture, pcap or pcapng",
        looks: capture::looks,
        read: capture::read,
        writer: Writer::Other,
        endings: &["pcap", "cap"],
    },
    Source {
        name: "json",
        help: "ehlo's own JSON",
        looks: json::looks,
        read: json::read,
        writer: Writer::Other,
        endings: &[],
    },
    Source {
        name: "exchange",
        help: "Exchange's protocol logs, receive and send",
        looks: exchange::looks,
        read: exchange::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "postfix",
        help: "Postfix's log with debug_peer_list",
        looks: postfix::looks,
        read: postfix::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "smtplib",
        help: "Python's smtplib with set_debuglevel",
        looks: smtplib::looks,
        read: smtplib::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "curl-trace",
        help: "curl --trace-ascii or --trace",
        looks: trace::looks,
        read: trace::read,
        writer: Writer::Other,
        endings: &[],
    },
    Source {
        name: "msmtp",
        help: "msmtp -d",
        looks: msmtp::looks,
        read: msmtp::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "openssl",
        help: "openssl s_client",
        looks: openssl::looks,
        read: openssl::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "markdown",
        help: "ehlo's own Markdown",
        looks: page::looks,
        read: page::read,
        writer: Writer::Other,
        endings: &[],
    },
    Source {
        name: "text",
        help: "ehlo's own plain text",
        looks: swaks::looks_own,
        read: swaks::read_own,
        writer: Writer::Other,
        endings: &[],
    },
    Source {
        name: "swaks",
        help: "swaks, with any of its hint styles",
        looks: swaks::looks,
        read: swaks::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "curl",
        help: "curl -v",
        looks: curl::looks,
        read: curl::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "exim",
        help: "exim -v or exim -d",
        looks: exim::looks,
        read: exim::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "exim-bh",
        help: "exim -bh",
        looks: exim_host::looks,
        read: exim_host::read,
        writer: Writer::Other,
        endings: &[],
    },
    Source {
        name: "sendmail",
        help: "sendmail -v",
        looks: sendmail::looks,
        read: sendmail::read,
        writer: Writer::Program,
        endings: &[],
    },
    Source {
        name: "marked",
        help: "a log with a time or the mark of a side before each line",
        looks: marked::looks,
        read: marked::read,
        writer: Writer::Other,
        endings: &["log", "out", "err"],
    },
    Source {
        name: "message",
        help: "a message with Received lines, as the way it went",
        looks: eml::looks,
        read: eml::read,
        writer: Writer::Other,
        endings: &["eml"],
    },
    Source {
        name: "telnet",
        help: "a session pasted from telnet, nc or a terminal",
        looks: telnet::looks,
        read: telnet::read,
        writer: Writer::Program,
        endings: &[],
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
    /// It is compressed.
    #[error("it is compressed ({by}): unpack it first, such as by {unpack}, and read what comes of it")]
    Compressed {
        /// With what.
        by: &'static str,
        /// What unpacks it.
        unpack: &'static str,
    },
    /// It looks like nothing that can be read.
    #[error("line 1: found {found}, expected a transcript of ehlo (+++), or what one of these wrote: {}", programs())]
    Unknown {
        /// What it begins with.
        found: String,
    },
    /// All its lines have `>` before them, and they are neither what a program wrote nor commands.
    #[error(
        "line 1: found {found}: each line has > before it, and what follows is neither the output of a known program nor a \
         command; where it is a script, put the line # ehlo 1 above it, or call it NAME.smtp"
    )]
    Unsure {
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

/// The programs whose output is read, for somebody who has never heard of the other kinds.
fn programs() -> String {
    let programs = SOURCES.iter().filter(|source| source.writer == Writer::Program).map(|source| source.name);
    let programs: Vec<_> = programs.collect();
    format!("{}, or a capture, a message or a log; ehlo convert --help says more", programs.join(", "))
}

/// Whether the name of a file that is read here may end so.
#[must_use]
pub fn is_ending(ending: &str) -> bool {
    SOURCES.iter().any(|source| source.endings.contains(&ending))
}

/// The source that a file of this beginning comes from.
#[must_use]
pub fn source(beginning: &[u8]) -> Option<&'static Source> {
    let beginning = &beginning[..beginning.len().min(LOOKED_AT)];
    SOURCES.iter().find(|source| (source.looks)(beginning))
}

/// Reads conversations from the octets of a file, whatever of the known it is.
///
/// # Errors
/// What the file is not, with its place where it has one, and what to do.
pub fn import(octets: &[u8]) -> Result<Imported, ImportError> {
    if octets.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty);
    }
    if let Some((_, by, unpack)) = COMPRESSED.iter().find(|(begins, ..)| octets.starts_with(begins)) {
        return Err(ImportError::Compressed { by, unpack });
    }
    if is_transcript(&octets[..octets.len().min(LOOKED_AT)]) {
        return own(octets, Vec::new());
    }
    if octets.len() > LARGEST {
        return Err(ImportError::TooLarge { octets: octets.len() });
    }
    if capture::looks(octets) {
        return foreign(octets, Vec::new());
    }
    // Before anything is taken off: its tables and fences are no quotation.
    if page::looks(octets) {
        return foreign(octets, Vec::new());
    }
    let (text, undone) = plain::plain(octets);
    let doubled = undone.contains(&plain::DOUBLED);
    let mut imported = unwrapped(&text, undone)?;
    if doubled {
        imported.unread.spread();
    }
    Ok(imported)
}

/// What a file holds without what was put around its lines.
fn unwrapped(text: &[u8], mut undone: Vec<&'static str>) -> Result<Imported, ImportError> {
    if !undone.is_empty() && is_transcript(&text[..text.len().min(LOOKED_AT)]) {
        return own(text, undone);
    }
    if page::looks(text) {
        return foreign(text, undone);
    }
    if let Some((inner, how)) = saved::log_in(text) {
        undone.push(how);
        let (inner, more) = plain::plain(&inner);
        undone.extend(more);
        return several(&inner, undone);
    }
    several(text, undone)
}

/// A transcript or a script of ehlo's own.
fn own(octets: &[u8], undone: Vec<&'static str>) -> Result<Imported, ImportError> {
    let (document, hidden) = masked(file::read(octets)?);
    let mut unread = Unread { undone, ..Unread::default() };
    unread.undone.extend(only_sends(octets).then_some(SENDS));
    unread.undone.extend(hidden.then_some(HIDDEN));
    Ok(Imported { source: None, conversations: vec![document], unread })
}

/// Said where nothing but its marks makes a file a script.
pub const SENDS: &str =
    "it is taken for a script: each of its lines has > before it, and nothing else says what wrote it";
/// Said where a script or a transcript held what AUTH carries.
pub const HIDDEN: &str = "secrets stood in it, in what AUTH carries; {{auth}} stands in their place";

/// What other programs wrote, each session by what its own beginning looks like.
fn several(octets: &[u8], undone: Vec<&'static str>) -> Result<Imported, ImportError> {
    let parts = several::parts(octets);
    if parts.len() < 2 {
        return foreign(octets, undone);
    }
    let mut all = Imported { source: None, conversations: Vec::new(), unread: Unread { undone, ..Unread::default() } };
    for (before, part) in parts {
        match foreign(part, Vec::new()) {
            Ok(one) => {
                all.source = all.source.or(one.source);
                all.conversations.extend(one.conversations);
                all.unread.behind(before, one.unread);
            }
            Err(_) => all.unread.all_of(before, part, "a part of the file that is of no known kind"),
        }
    }
    all.unread.undone.push(several::SAID);
    Ok(all)
}

/// What one other program wrote.
fn foreign(octets: &[u8], mut undone: Vec<&'static str>) -> Result<Imported, ImportError> {
    let mut known = source(octets);
    let mut text = Text::new(octets);
    // With a time or a log's words before each line it may be what another program wrote, told better without.
    let bare;
    if known.is_none_or(|known| known.name == "marked")
        && let Some((untimed, inner, how)) = without_head(octets)
    {
        undone.push(how);
        known = Some(inner);
        bare = untimed.text;
        text = Text::timed(&bare, untimed.times);
    }
    let Some(source) = known else { return Err(unknown(octets)) };
    if source.name == "swaks" && swaks::is_dump(octets) {
        let cure = "swaks sends nothing with it; run it without";
        return Err(ImportError::Nothing { help: "what swaks prints with --dump", cure });
    }
    let (conversations, mut unread) = (source.read)(&text);
    undone.append(&mut unread.undone);
    unread.undone = undone;
    if conversations.iter().all(|document| document.log.is_empty()) {
        return Err(ImportError::Nothing {
            help: source.help,
            cure: "take the part that shows what was sent and received",
        });
    }
    let mut imported = Imported { source: Some(source.name), conversations, unread };
    ends::say(octets, &mut imported);
    Ok(imported)
}

/// The text without what a log put before each of its lines, where it is a known source's then.
fn without_head(octets: &[u8]) -> Option<(prefix::Untimed, &'static Source, &'static str)> {
    let told = |bare: &prefix::Untimed, not: &[&str]| source(&bare.text).filter(|inner| !not.contains(&inner.name));
    if let Some(bare) = prefix::untimed(octets)
        && let Some(inner) = told(&bare, &["marked", "telnet", "message"])
    {
        return Some((bare, inner, plain::TIMED));
    }
    if source(octets).is_some() {
        return None;
    }
    let mut bare = prefix::unheaded(octets).into_iter();
    bare.find_map(|bare| told(&bare, &["message"]).map(|inner| (bare, inner, plain::HEADED)))
}

/// Why a file of no known kind is none.
fn unknown(octets: &[u8]) -> ImportError {
    if told::is_mail_log(octets) {
        let cure = "ehlo explain --log says what its refusals mean";
        return ImportError::Nothing { help: "a mail log", cure };
    }
    let first = lines::lines(octets).map(|(_, line)| line).find(|line| !line.trim_ascii().is_empty());
    let found = unread::quoted(first.unwrap_or_default());
    let found = format!("`{}`", found.chars().take(40).collect::<String>());
    if told::is_unsure(octets) && only_sends(octets) {
        ImportError::Unsure { found }
    } else {
        ImportError::Unknown { found }
    }
}

#[cfg(test)]
mod tests;
