//! What a capture that ehlo wrote says in comments, for people and to be read back: the head of the recording, and each of
//! its remarks as the transcript has it, in words above.

use crate::conversation::event::{Micros, Remark};
use crate::conversation::file::{Document, Header, read, write_document, write_entry};
use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log, words};
use crate::smtp::escape;

/// Octets of comments that one packet has, but for the last of them: readers bound what a packet takes.
pub(super) const MOST: usize = 100_000;
/// Stands at the first packet of each connection: the packets are made up around a recording, and all that it says beside
/// what was said is in comments. The last line is for programs.
pub(super) const READ: &str =
    "Made up by ehlo around what was recorded; what else the recording says is in the comments\nehlo 1";
/// Stands where TLS begins.
pub(super) const UNDER_TLS: &str =
    "What was said under TLS follows in TLS records that are not encrypted: made up by ehlo";

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::interchange) enum Told {
    /// The comments of this connection say all that its packets can't hold.
    All,
    /// A remark, and when it was made.
    Remark(Micros, Remark),
    /// What the client says from here on is of this kind.
    Kind(Kind),
}

/// The head of a recording.
pub(super) fn head(document: &Document) -> String {
    let mut out = Vec::new();
    write_document(&Document::new(document.header.clone(), Log::new()), &mut out);
    shown(&out)
}

/// The head that a section's comment is.
pub(in crate::interchange) fn header(comment: &str) -> Option<Header> {
    let head = comment.starts_with("+++\n").then(|| format!("{comment}\n"))?;
    read(head.as_bytes()).ok().map(|document| document.header)
}

/// A remark, with what it means where it does not say that itself.
pub(super) fn of(entry: &Entry<'_>, remark: &Remark) -> String {
    let mut record = Vec::new();
    write_entry(entry, &mut record);
    let record = shown(&record);
    let unshown = remark.word == "content" && remark.get("shown") == Some("no");
    let said = if unshown { UNSHOWN.to_owned() } else { words::said(remark).words };
    let said = escape::for_screen(said.as_bytes());
    if record.len() > MOST_OF_ONE {
        return format!(
            "what the recording says here ({}) is too long to stand in a capture: {} octets",
            remark.word,
            record.len()
        );
    }
    // What is that long needs no second time in other words.
    if said.as_bytes() == entry.bytes || said.len() + record.len() > LONGEST {
        record
    } else {
        format!("{said}\n{record}")
    }
}

/// Octets of a remark that fit into a block as readers bound it.
const MOST_OF_ONE: usize = 8 << 20;
/// Octets of text that one option holds, beside the mark of what goes on.
const LONGEST: usize = u16::MAX as usize - MORE.len();
/// Ends what goes on in the next comment of the same packet or section.
const MORE: &str = "\n\u{2026}";

/// A comment, in as many pieces as its length asks for: each goes on in the next but the last.
pub(super) fn pieces(comment: &str) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), comment);
    while rest.len() > LONGEST {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(LONGEST));
        out.push(format!("{piece}{MORE}"));
        rest = more;
    }
    out.push(rest.to_owned());
    out
}

/// Comments as they were before they were parted.
pub(in crate::interchange) fn joined<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut out = Vec::new();
    let mut begun = String::new();
    for piece in pieces {
        match piece.strip_suffix(MORE) {
            Some(piece) => begun.push_str(piece),
            None => out.push(std::mem::take(&mut begun) + piece),
        }
    }
    out
}

const UNSHOWN: &str = "the message, or a part of it, went over the line here and was not recorded";

/// That what the client says from here on is of this kind.
pub(super) fn mark(kind: Kind) -> String {
    let (words, sigil) = if kind == Kind::Content { ("of the message", '|') } else { ("no line of the message", '>') };
    format!("from here on: {words}\n{sigil}")
}

fn shown(record: &[u8]) -> String {
    let lines = record.trim_ascii_end().split(|octet| *octet == b'\n').map(escape::for_screen);
    lines.collect::<Vec<_>>().join("\n")
}

/// What a packet's comment says, where it is one of these.
pub(in crate::interchange) fn told(comment: &str) -> Option<Told> {
    match comment.rsplit('\n').next().unwrap_or(comment) {
        "ehlo 1" => Some(Told::All),
        "|" => Some(Told::Kind(Kind::Content)),
        ">" => Some(Told::Kind(Kind::Sent)),
        record => {
            let one = read(format!("+++\nehlo = 1\n+++\n{record}\n").as_bytes()).ok()?;
            let entry = one.log.get(0).filter(|_| one.log.len() == 1)?;
            Some(Told::Remark(entry.at?, entry.remark()?))
        }
    }
}
