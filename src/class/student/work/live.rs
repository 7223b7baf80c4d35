//! What goes on in a lesson right now: the conversation that is looked at, and what comes with the next command.

use super::Work;
use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};
use crate::lab::record::SessionRecord;
use crate::smtp::escape::for_screen;

/// Records of a conversation that can be looked at live.
const LIVE: usize = 200;

impl Work {
    /// The conversation that goes on, or else the newest: a line for each record, fit for a screen. Before it, where there
    /// are several, which of them it is.
    #[must_use]
    pub fn live(&self) -> (Option<String>, Vec<String>) {
        let sessions = self.arena().map(|arena| arena.sessions()).unwrap_or_default();
        let spoken = |session: &SessionRecord| {
            let last = session.with_log(|log| log.since(0).filter_map(|(_, entry)| entry.at).last());
            self.after(session.started).0 + last.unwrap_or_default().0
        };
        let open = sessions.iter().enumerate().filter(|(_, session)| !session.is_closed());
        let open: Vec<(usize, u64)> = open.map(|(n, session)| (n, spoken(session))).collect();
        let Some(shown) =
            open.iter().max_by_key(|(n, at)| (*at, *n)).map(|(n, _)| *n).or(sessions.len().checked_sub(1))
        else {
            return (None, Vec::new());
        };
        let of = (sessions.len() > 1).then(|| {
            let state = match open.len() {
                0 => "closed, as all are".to_owned(),
                1 => "the one that is open".to_owned(),
                several => format!("the last one used of {several} that are open"),
            };
            format!("connection {} of {}: {state}", shown + 1, sessions.len())
        });
        let line = |entry: &Entry<'_>| {
            let sigil = match entry.kind {
                Kind::Sent => '>',
                Kind::Received => '<',
                Kind::Content => '|',
                _ => '*',
            };
            format!("{sigil} {}", for_screen(entry.bytes))
        };
        let lines = |log: &Log| log.since(log.len().saturating_sub(LIVE)).map(|(_, entry)| line(&entry)).collect();
        (of, sessions[shown].with_log(lines))
    }

    /// How many steps are done once the newest conversation has ended with QUIT.
    pub(in crate::class) fn done_with_quit(&self) -> usize {
        let mut attempt = self.attempt.clone();
        let sessions = self.arena().map(|arena| arena.sessions()).unwrap_or_default();
        if let Some(newest) = sessions.iter().rev().find(|session| !session.is_closed()) {
            let mut log = newest.with_log(Log::clone);
            let at = log.since(0).filter_map(|(_, entry)| entry.at).last();
            for (kind, bytes) in [(Kind::Sent, &b"QUIT"[..]), (Kind::Received, b"221 2.0.0 Bye")] {
                log.push_octets(kind, at, bytes, true, false);
            }
            attempt.observe(newest.number, self.after(newest.started), &log);
        }
        attempt.ticked()
    }
}
