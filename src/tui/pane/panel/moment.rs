//! Which moment of the conversation the tabs are about: the last one, or the one of the marked record.

use std::ops::Range;

use crate::conversation::Exchange;
use crate::conversation::dialogue::{Recipient, Verdict};
use crate::smtp::{EnhancedCode, Phase, ReplyCode, Session};
use crate::tui::talk::Talk;

use crate::conversation::connections::{Connection, Connections};

/// A moment further up in the conversation.
#[derive(Debug)]
pub(super) struct Then {
    /// Records that the conversation had when this was found.
    seen: usize,
    pub(super) record: usize,
    session: Session,
    recipients: Range<usize>,
}

/// The record whose moment is shown: of an exchange that is marked, the end of its reply; nothing marked, none, unless
/// the last thing that happened is a closer look at a certificate.
pub(super) fn until(talk: &Talk, connections: &Connections, marked: Option<usize>) -> Option<usize> {
    // Where nothing was ever said there is nothing to go through, and the end says it all.
    let marked = marked.filter(|_| !talk.dialogue.exchanges().is_empty());
    let Some(marked) = marked else { return connections.before_the_closer_look() };
    // What comes before the first exchange counts to it.
    let number = talk.dialogue.exchange_at(marked).unwrap_or(0);
    let exchange = talk.dialogue.exchanges().get(number)?;
    if !exchange.complete() {
        return Some(unanswered_until(talk, connections, number).unwrap_or(marked).max(marked));
    }
    Some(exchange.reply().map(|reply| *reply.end()).filter(|end| marked <= *end).unwrap_or(marked))
}

/// Where it is known that the reply to an exchange never comes: the end of its connection, unless more was asked before.
fn unanswered_until(talk: &Talk, connections: &Connections, number: usize) -> Option<usize> {
    let exchanges = talk.dialogue.exchanges();
    let (connection, _) = connections.at(exchanges.get(number)?.start())?;
    let closed = connection.closed?;
    exchanges.get(number + 1).is_none_or(|next| next.start() > closed).then_some(closed)
}

impl Then {
    /// The moment just after a record, taken from `before` where that is still it; none where it is now.
    pub(super) fn of(
        talk: &Talk,
        connections: &Connections,
        record: Option<usize>,
        before: Option<Self>,
    ) -> Option<Self> {
        let seen = talk.log.len();
        let record = record.filter(|record| record + 1 < seen)?;
        if let Some(before) = before.filter(|then| then.record == record && then.seen == seen) {
            return Some(before);
        }
        let session = talk.dialogue.state_at(&talk.log, record).session;
        let from = connections.at(record).map_or(0, |(connection, _)| connection.from);
        let exchanges = talk.dialogue.exchanges();
        let (first, end) = (before_record(exchanges, from), before_record(exchanges, record + 1));
        let all = talk.dialogue.recipients();
        let place = |exchange: usize| all.partition_point(|r| (r.exchange as usize) < exchange);
        let (first, end) = (place(first), place(end));
        // Verdicts of LMTP may stand out of order; a place is never beyond the end.
        let first = first.min(end);
        let own = all[first..end].iter().rev().take_while(|r| r.transaction() == session.transactions).count();
        Some(Self { seen, record, session, recipients: end - own..end })
    }
}

/// How many exchanges began before a record.
pub(super) fn before_record(exchanges: &[Exchange], record: usize) -> usize {
    exchanges.partition_point(|exchange| exchange.start() < record)
}

/// Exchanges that are looked back through for a reply that broke off.
const PIPELINED: usize = 1000;

/// The exchange in the middle of whose reply a connection was closed, where it was.
pub(super) fn broken_off<'a>(talk: &'a Talk, connection: &Connection, record: usize) -> Option<&'a Exchange> {
    let closed = connection.closed.filter(|closed| *closed <= record)?;
    let exchanges = talk.dialogue.exchanges();
    let own = exchanges.get(before_record(exchanges, connection.from)..before_record(exchanges, closed + 1))?;
    // What was pipelined behind it has no reply at all.
    let last = own.iter().rev().take(PIPELINED).find(|exchange| exchange.reply().is_some())?;
    (!last.complete()).then_some(last)
}

/// What is shown of a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) session: &'a Session,
    /// The recipients of its transaction, or else of the last.
    pub(super) recipients: &'a [Recipient],
    /// Its record; none for now.
    until: Option<usize>,
}

impl<'a> Moment<'a> {
    pub(super) fn of(talk: &'a Talk, then: Option<&'a Then>) -> Self {
        match then {
            Some(then) => Self {
                session: &then.session,
                recipients: talk.dialogue.recipients().get(then.recipients.clone()).unwrap_or_default(),
                until: Some(then.record),
            },
            None => Self { session: &talk.dialogue.state().session, recipients: talk.dialogue.envelope(), until: None },
        }
    }

    /// The last record that counts.
    pub(super) fn record(&self, talk: &Talk) -> usize {
        self.until.unwrap_or_else(|| talk.log.len().saturating_sub(1))
    }

    /// What had become of a recipient by then.
    pub(super) fn verdict(&self, recipient: &Recipient, talk: &Talk) -> Verdict {
        self.decision(recipient, talk).0
    }

    /// What is said of a recipient whose reply has not come, or not whole.
    pub(super) fn undecided(&self, recipient: &Recipient, talk: &Talk) -> &'static str {
        if self.session.phase() != Phase::Closed {
            return "waits for its reply";
        }
        let rcpt = talk.dialogue.exchanges().get(recipient.exchange as usize);
        if rcpt.is_some_and(|x| x.reply().is_some()) { "its reply broke off" } else { "no reply came" }
    }

    /// The same with the codes that decided it.
    pub(super) fn decision(
        &self,
        recipient: &Recipient,
        talk: &Talk,
    ) -> (Verdict, Option<ReplyCode>, Option<EnhancedCode>) {
        let Some(until) = self.until.filter(|until| recipient.decided as usize > *until) else {
            return (recipient.verdict(), recipient.code(), recipient.enhanced());
        };
        let rcpt = talk.dialogue.exchanges().get(recipient.exchange as usize);
        let answered = rcpt.filter(|x| x.complete() && x.reply().is_some_and(|reply| *reply.end() <= until));
        match answered {
            Some(x) if x.code.is_some_and(|code| code.class() == crate::smtp::Class::Success) => {
                (Verdict::Accepted, x.code, None)
            }
            Some(x) => (Verdict::Refused, x.code, None),
            None => (Verdict::Pending, None, None),
        }
    }
}
