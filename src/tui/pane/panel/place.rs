//! Where you are: the way of a session, its envelope, and what may follow.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::conversation::dialogue::{Recipient, Verdict};
use crate::decode::Knowledge;
use crate::smtp::{Phase, Session, Verb};
use crate::tui::keymap::Keymap;
use crate::tui::pane::wrap::{self, Look};
use crate::tui::talk::{Source, Talk};
use crate::tui::theme::{Role, Theme};

use super::moment::Moment;

/// The phase and the recipients in one row, for a title: `RCPT · 1 of 2 accepted`.
#[must_use]
pub fn where_line(talk: &Talk) -> String {
    if talk.log.is_empty() { "not connected".to_owned() } else { words(talk, &Moment::of(talk, None)) }
}

/// The same as of a moment.
pub(super) fn words(talk: &Talk, moment: &Moment<'_>) -> String {
    let words = phase_words(moment.session);
    let session = moment.session;
    let counts = (session.accepted as usize, (session.accepted + session.refused) as usize);
    let told_apart = if session.refused > 0 { tally(talk, moment) } else { None };
    let (accepted, all) = told_apart.unwrap_or(counts);
    if moment.session.phase().in_transaction() && all > 0 {
        format!("{words} · {accepted} of {all} accepted")
    } else {
        words
    }
}

/// Recipients up to which it is looked whether somebody was tried twice.
const TOLD_APART: usize = 50;

/// How many recipients were accepted, and how many were answered in all; who was tried again counts once. Very many are
/// not told apart.
pub(super) fn tally(talk: &Talk, moment: &Moment<'_>) -> Option<(usize, usize)> {
    if moment.recipients.len() > TOLD_APART {
        return None;
    }
    let mut whom: Vec<(String, bool)> = Vec::new();
    for recipient in moment.recipients {
        let accepted = match moment.verdict(recipient, talk) {
            Verdict::Pending => continue,
            Verdict::Refused => false,
            Verdict::Accepted | Verdict::Delivered | Verdict::Failed => true,
        };
        let address = talk.dialogue.address(&talk.log, recipient).to_lowercase();
        match whom.iter_mut().find(|(known, _)| *known == address) {
            Some((_, before)) => *before |= accepted,
            None => whom.push((address, accepted)),
        }
    }
    Some((whom.iter().filter(|(_, accepted)| *accepted).count(), whom.len()))
}

pub(super) fn phase_words(session: &Session) -> String {
    let words = match session.phase() {
        Phase::Connecting => "connecting",
        Phase::Greeting => "no greeting yet",
        Phase::Greeted if session.turned_away => "turned away",
        Phase::Greeted if session.tls && session.forgot => {
            return format!("encrypted, {} again", greeting_verb(session));
        }
        Phase::Greeted if session.tls => "greeted, encrypted",
        Phase::Greeted => "greeted",
        // What became of the message matters more than how the server was greeted.
        Phase::Ready if session.verdicts.is_some_and(|(taken, _)| taken > 0) => "message taken",
        Phase::Ready if session.verdicts.is_some() => "message refused",
        Phase::Ready if session.authenticated.is_some() => "logged in",
        Phase::Ready => return format!("{} done", greeting_verb(session)),
        Phase::Mail => "MAIL",
        Phase::Rcpt => "RCPT",
        Phase::Data => "message content",
        Phase::Verdict => "no verdict yet",
        Phase::Bdat => "BDAT",
        Phase::Auth => "logging in",
        Phase::Handshake => "TLS handshake",
        Phase::Quit => "QUIT",
        Phase::Closed => "closed",
    };
    words.to_owned()
}

/// What this server is greeted with: as it was, or as what it speaks has it.
pub(super) fn greeting_verb(session: &Session) -> &'static str {
    session.greeted_by.unwrap_or(if session.greets_by_lhlo() { Verb::Lhlo } else { Verb::Ehlo }).word()
}

/// Draws it: what the rows have no room for is counted. What may follow is told by what is `known`, and not in an exam.
pub(super) fn draw(
    talk: &Talk,
    moment: Moment<'_>,
    known: Option<(&Knowledge, &Keymap)>,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let session = moment.session;
    let mut place = Place { theme, area, buffer, y: area.y };
    place.progress(session);
    let free = usize::from(place.left()).saturating_sub(envelope_rows(&moment));
    // What nobody has recorded anything of waits for no server.
    let unspoken = talk.source == Source::Opened && talk.dialogue.exchanges().is_empty() && talk.connected.is_none();
    let follows = match known {
        Some(known) if !unspoken => may_follow(session, known, area.width.saturating_sub(LABEL), free.clamp(1, 2)),
        _ => Vec::new(),
    };
    let left = place.left().saturating_sub(u16::try_from(follows.len()).unwrap_or(u16::MAX));
    place.envelope(talk, &moment, left);
    for (n, line) in follows.iter().enumerate() {
        place.labelled(if n == 0 { "may follow" } else { "" }, LABEL, &[(Role::Text, line.clone())]);
    }
}

/// Rows that the envelope would like to have.
fn envelope_rows(moment: &Moment<'_>) -> usize {
    let session = moment.session;
    let line = session.tls || session.authenticated.is_some();
    let from = session.reverse_path.is_some() && session.phase().in_transaction();
    usize::from(line) + usize::from(from) + moment.recipients.len()
}

/// Columns that the way of a session takes.
const WAY: u16 = 48;
/// Columns of the widest label and the space after it.
const LABEL: u16 = 12;
/// Columns of the labels of the envelope and the space after them.
const SHORT_LABEL: u16 = 6;

/// What may follow, in at most so many rows; what leads on comes first, a new greeting last.
pub(super) fn may_follow(
    session: &Session,
    (knowledge, keymap): (&Knowledge, &Keymap),
    room: u16,
    rows: usize,
) -> Vec<String> {
    let mut names: Vec<_> = session.may_follow(&knowledge.verbs).iter().map(|entry| entry.name.as_str()).collect();
    if session.greeted_by.is_some() {
        names.sort_by_key(|name| matches!(Verb::from_word(name), Verb::Helo | Verb::Ehlo | Verb::Lhlo));
    }
    let text = match session.phase() {
        Phase::Data => "content, then a line with only \".\"".to_owned(),
        Phase::Auth => "the answer, or * to stop".to_owned(),
        Phase::Closed => keymap.told("{reconnect} connects again"),
        Phase::Connecting | Phase::Greeting | Phase::Handshake | Phase::Verdict if names.is_empty() => {
            "the server's turn".to_owned()
        }
        _ if names.is_empty() => return Vec::new(),
        _ => names.join(" "),
    };
    let mut breaks = wrap::rows(text.as_bytes(), room, room, 0);
    let cut = breaks.len() > rows;
    if cut {
        // The last row leaves room for the sign that there is more.
        let less = room.saturating_sub(2);
        breaks = wrap::rows(text.as_bytes(), if rows == 1 { less } else { room }, less, 0);
        breaks.truncate(rows);
    }
    let mut lines: Vec<_> = breaks.into_iter().map(|row| text[row].trim_end().to_owned()).collect();
    if let Some(last) = lines.last_mut().filter(|_| cut) {
        last.push_str(" …");
    }
    lines
}

/// The way of a session in one row, the stage that was reached in brackets.
pub(super) fn way(session: &Session, width: u16) -> Vec<(Role, String)> {
    let content = if session.phase() == Phase::Bdat { "BDAT" } else { "DATA" };
    let stages = ["greeting", greeting_verb(session), "MAIL", "RCPT", content, "QUIT"];
    let closed = session.phase() == Phase::Closed;
    let here = match session.reached() {
        Phase::Connecting | Phase::Closed => None,
        // Which way led to a connection that never came to a greeting, nobody knows.
        Phase::Greeting if closed => None,
        Phase::Greeting | Phase::Greeted | Phase::Handshake => Some(0),
        Phase::Ready | Phase::Auth => Some(1),
        Phase::Mail => Some(2),
        Phase::Rcpt => Some(3),
        Phase::Data | Phase::Verdict | Phase::Bdat => Some(4),
        Phase::Quit => Some(5),
    };
    let (before, after) = if width < WAY { ("─", "") } else { (" ─", " ") };
    let mut words = Vec::new();
    let mut put = |role, text: &str| words.push((role, text.to_owned()));
    for (n, stage) in stages.iter().enumerate() {
        let current = here == Some(n);
        if n > 0 {
            put(Role::Dim, if here == Some(n - 1) { "]─" } else { before });
        }
        if current {
            put(Role::Dim, "[");
        } else if n > 0 {
            put(Role::Dim, after);
        }
        put(if current { Role::Accent } else { Role::Dim }, stage);
    }
    if here == Some(stages.len() - 1) {
        put(Role::Dim, "]");
    }
    if closed {
        put(Role::Dim, " closed");
    }
    words
}

/// Which recipients have no row, where so many have none: the earliest of those that were taken, and only then of the
/// refused ones, which one looks for.
fn hidden(talk: &Talk, moment: &Moment<'_>, count: usize) -> BTreeSet<usize> {
    let refused =
        |n: &usize| matches!(moment.verdict(&moment.recipients[*n], talk), Verdict::Refused | Verdict::Failed);
    if count == 0 || moment.recipients.len() > TOLD_APART {
        return (0..count.min(moment.recipients.len())).collect();
    }
    let (bad, good): (Vec<usize>, Vec<usize>) = (0..moment.recipients.len()).partition(refused);
    good.into_iter().chain(bad).take(count).collect()
}

struct Place<'a> {
    theme: Theme,
    area: Rect,
    buffer: &'a mut Buffer,
    y: u16,
}

impl Place<'_> {
    fn left(&self) -> u16 {
        self.area.bottom().saturating_sub(self.y)
    }

    /// A row of the envelope: a label, then words.
    fn row(&mut self, label: &str, words: &[(Role, String)]) {
        self.labelled(label, SHORT_LABEL, words);
    }

    fn labelled(&mut self, label: &str, indent: u16, words: &[(Role, String)]) {
        if self.left() == 0 {
            return;
        }
        self.buffer.set_stringn(self.area.x, self.y, label, self.area.width.into(), self.theme.style(Role::Dim));
        let mut x = self.area.x + indent.min(self.area.width);
        for (role, text) in words {
            let look = Look { text: self.theme.style(*role), escape: self.theme.style(Role::Warning) };
            x += wrap::put(self.buffer, x, self.y, self.area.right() - x, text.as_bytes(), look);
        }
        self.y += 1;
    }

    /// `greeting ─ EHLO ─ MAIL ─[RCPT]─ DATA ─ QUIT`, the stage that was reached in brackets.
    fn progress(&mut self, session: &Session) {
        let mut x = self.area.x;
        let right = self.area.right();
        for (role, text) in way(session, self.area.width) {
            let room = right.saturating_sub(x).into();
            (x, _) = self.buffer.set_stringn(x, self.y, text, room, self.theme.style(role));
        }
        self.y += 1;
    }

    /// How the line is protected, who sends, who receives, in so many rows.
    fn envelope(&mut self, talk: &Talk, moment: &Moment<'_>, rows: u16) {
        let session = moment.session;
        let end = self.y + rows;
        let open = session.phase().in_transaction();
        if self.y < end && (session.tls || session.authenticated.is_some()) {
            let mut words = vec![(Role::Good, if session.tls { "TLS".to_owned() } else { "clear text".to_owned() })];
            if let Some(mechanism) = &session.authenticated {
                let by = if mechanism.is_empty() { String::new() } else { format!(" with {mechanism}") };
                words.push((Role::Text, format!(" · logged in{by}")));
            }
            self.row("line", &words);
        }
        if let Some(path) = session.reverse_path.as_deref().filter(|_| open && self.y < end) {
            self.row("from", &[(Role::Text, if path.is_empty() { "<>".to_owned() } else { path.to_owned() })]);
        }
        let recipients = moment.recipients;
        if recipients.is_empty() || session.transactions == 0 {
            return;
        }
        let room = usize::from(end.saturating_sub(self.y));
        let more = recipients.len().checked_sub(room).filter(|over| *over > 0).map_or(0, |over| over + 1);
        let hidden = hidden(talk, moment, more);
        let label = if open { "to" } else { "last" };
        if more > 0 && room > 0 {
            // Which they are is not in sight, what became of them is.
            let (mut taken, mut refused) = (0, 0);
            for verdict in hidden.iter().map(|n| moment.verdict(&recipients[*n], talk)) {
                taken += usize::from(matches!(verdict, Verdict::Accepted | Verdict::Delivered));
                refused += usize::from(matches!(verdict, Verdict::Refused | Verdict::Failed));
            }
            let mut words = vec![(Role::Dim, format!("… {more} more"))];
            for (count, glyph, role) in [(taken, "✓", Role::Good), (refused, "✗", Role::Bad)] {
                if count > 0 {
                    words.push((role, format!(" {glyph} {count}")));
                }
            }
            self.row(label, &words);
        }
        let shown = recipients.iter().enumerate().filter(|(n, _)| !hidden.contains(n)).map(|(_, recipient)| recipient);
        for (n, recipient) in shown.take(room.saturating_sub(usize::from(more > 0))).enumerate() {
            let verdict = moment.verdict(recipient, talk);
            let undecided = moment.undecided(recipient, talk);
            self.recipient(if n == 0 && more == 0 { label } else { "" }, recipient, (verdict, undecided), talk);
        }
    }

    fn recipient(&mut self, label: &str, recipient: &Recipient, (verdict, undecided): (Verdict, &str), talk: &Talk) {
        let pending = format!(" {undecided}");
        let (role, glyph, word) = match verdict {
            Verdict::Pending => (Role::Dim, "·", pending.as_str()),
            Verdict::Accepted => (Role::Good, "✓", ""),
            Verdict::Delivered => (Role::Good, "✓", " taken"),
            Verdict::Refused => (Role::Bad, "✗", ""),
            Verdict::Failed => (Role::Bad, "✗", " not taken"),
        };
        let code = recipient.code().map(|code| format!(" {code}")).unwrap_or_default();
        let enhanced = recipient.enhanced().map(|enhanced| format!(" {enhanced}")).unwrap_or_default();
        let verdict = match verdict {
            Verdict::Refused | Verdict::Failed => format!("{word} {code}{enhanced}"),
            _ => word.to_owned(),
        };
        let room = self.area.width.saturating_sub(4 + 2 + wrap::width(verdict.as_bytes()) + 2);
        let address = wrap::shortened(&talk.dialogue.address(&talk.log, recipient), room.max(8));
        self.row(label, &[(role, format!("{glyph} ")), (Role::Text, address), (role, verdict)]);
    }
}
