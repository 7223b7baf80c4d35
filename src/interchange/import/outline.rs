//! A conversation in one line, for a list to choose from.

use std::fmt;

use crate::conversation::dialogue::Verdict;
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind};

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
                recipients.iter().filter(|r| !matches!(r.verdict(), Verdict::Refused | Verdict::Pending)).count();
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
