//! What was said and does not stand in the conversation: records that could not be written, lines that were cut, what the
//! source does not show. Of a message the message itself says so.

use crate::conversation::{Fold, Kind};
use crate::smtp::Phase;

use super::{Talk, Tool};

/// What a line leaves out because of that, in words.
pub(super) fn words(tool: &Tool, talk: &Talk<'_>) -> Vec<String> {
    let mut fold = Fold::new();
    let (mut lost, mut cut, mut opaque, mut unseen) = (Vec::new(), 0, false, Vec::new());
    for (_, entry) in talk.log.since(0) {
        match entry.kind {
            Kind::Sent => _ = fold.sent(entry.bytes, 0),
            Kind::Received => _ = fold.received(entry.bytes, entry.crlf),
            Kind::Content => fold.content(entry.bytes.len() as u64 + if entry.crlf { 2 } else { 0 }),
            Kind::Remark => {
                let Some(remark) = entry.remark() else { continue };
                let within = fold.phase() == Phase::Data;
                if remark.is_loss() && !within {
                    lost.push(remark.get("lost").unwrap_or_default().parse::<u64>().unwrap_or(1));
                } else if remark.word == "cut" && remark.get("direction") == Some("out") && !within {
                    cut += 1;
                } else if remark.is_opaque() {
                    opaque = true;
                } else if remark.word == "unseen" {
                    let verb = remark.bare(0).unwrap_or("a line");
                    unseen.push(if verb == "." { "the message" } else { verb }.to_owned());
                }
                fold.remark(&remark, 0);
            }
            Kind::Script | Kind::Comment => {}
        }
    }
    let mut out = Vec::new();
    let name = tool.name;
    if !lost.is_empty() {
        let count: u64 = lost.iter().fold(0, |sum, one| sum.saturating_add(*one));
        let records = if count == 1 { "1 record" } else { &format!("{count} records") };
        out.push(format!(
            "{records} of the conversation could not be written: {name} does not say what was said there"
        ));
    }
    if cut > 0 {
        let lines = if cut == 1 { "a line was" } else { "lines were" };
        out.push(format!("{lines} cut in the conversation: {name} does not say the rest"));
    }
    if opaque {
        out.push(format!("what was said under TLS can't be read in the conversation: {name} does not say it"));
    }
    if !unseen.is_empty() {
        out.push(format!("{name} does not say what the source does not show: {}", unseen.join(", ")));
    }
    out
}
