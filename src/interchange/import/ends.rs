//! What a file shows of its own end: one that stops within a line or within a message was cut off.

use crate::conversation::Kind;
use crate::conversation::event::{Event, Remark};
use crate::conversation::file::Document;
use crate::conversation::fold::Fold;
use crate::smtp::Phase;

use super::Imported;

/// Says of the last conversation where it was cut off. A text that was pasted often lacks its last line end: where the
/// conversation is at its end, nothing is missing.
pub(super) fn say(octets: &[u8], imported: &mut Imported) {
    let names = ["capture", "json", "message", "exchange", "postfix"];
    if imported.source.is_none_or(|source| names.contains(&source)) {
        return;
    }
    let open = octets.last().is_some_and(|octet| *octet != b'\n');
    let Some(document) = imported.conversations.last_mut() else { return };
    let words = match end(document) {
        End::Message => "the file ends within the message: the rest of it, its dot and the reply are missing",
        End::Spoken if open => "the file ends within a line: the last one may be cut off, and what followed is missing",
        _ => return,
    };
    let at = document.log.len().checked_sub(1).and_then(|last| document.log.get(last)?.at).unwrap_or_default();
    document.log.push(at, &Event::Remark(Remark::new("inferred").value(words)));
    imported.unread.undone.push(words);
}

/// Where a conversation stops.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// After QUIT, or with its connection closed.
    Over,
    /// Within the message.
    Message,
    /// Anywhere else.
    Spoken,
}

fn end(document: &Document) -> End {
    let mut fold = Fold::new();
    let (mut shown, mut spoke) = (false, false);
    for (_, entry) in document.log.since(0) {
        match entry.kind {
            Kind::Sent => {
                fold.sent(entry.bytes, 0);
                shown = false;
                spoke = true;
            }
            Kind::Content => {
                fold.content(entry.bytes.len() as u64 + if entry.crlf { 2 } else { 0 });
                shown = true;
            }
            Kind::Received => {
                fold.received(entry.bytes, entry.crlf);
                spoke = true;
            }
            Kind::Remark => {
                if let Some(remark) = entry.remark() {
                    fold.remark(&remark, 0);
                }
            }
            _ => {}
        }
    }
    match fold.phase() {
        Phase::Closed | Phase::Quit => End::Over,
        Phase::Data if shown && !fold.is_waiting() => End::Message,
        _ if !spoke => End::Over,
        _ => End::Spoken,
    }
}
