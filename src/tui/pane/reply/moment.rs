//! Which moment of the conversation "where you are" is about: the last one, or, in an opened conversation, the one
//! just after the reply that is explained.

use std::ops::Range;

use crate::conversation::dialogue::{Ask, Recipient, Verdict};
use crate::smtp::Session;
use crate::tui::talk::{Source, Talk};

/// A moment further up in an opened conversation.
#[derive(Debug)]
pub(super) struct Then {
    exchange: usize,
    /// Records that the conversation had when this was found.
    seen: usize,
    record: usize,
    session: Session,
    recipients: Range<usize>,
}

impl Then {
    /// The moment just after the explained reply, taken from `before` where that is still it; none where it is now.
    pub(super) fn of(talk: &Talk, before: Option<Self>) -> Option<Self> {
        let (exchange, _) = talk.explanation().filter(|_| talk.source == Source::Opened)?;
        let seen = talk.log.len();
        if let Some(before) = before.filter(|then| then.exchange == exchange && then.seen == seen) {
            return Some(before);
        }
        let exchanges = talk.dialogue.exchanges();
        let record = *exchanges.get(exchange)?.reply()?.end();
        let session = talk.dialogue.state_at(&talk.log, record).session;
        let connection = exchanges[..=exchange].iter().rposition(|x| x.ask == Ask::Greeting).unwrap_or(0);
        let all = talk.dialogue.recipients();
        let place = |exchange: usize| all.partition_point(|r| (r.exchange as usize) < exchange);
        let (first, end) = (place(connection), place(exchange + 1));
        let own = all[first..end].iter().rev().take_while(|r| r.transaction == session.transactions).count();
        Some(Self { exchange, seen, record, session, recipients: end - own..end })
    }
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

    /// What had become of a recipient by then.
    pub(super) fn verdict(&self, recipient: &Recipient, talk: &Talk) -> Verdict {
        let Some(until) = self.until.filter(|until| recipient.decided as usize > *until) else {
            return recipient.verdict;
        };
        let rcpt = talk.dialogue.exchanges().get(recipient.exchange as usize);
        let answered = rcpt.filter(|x| x.complete && x.reply().is_some_and(|reply| *reply.end() <= until));
        match answered {
            Some(x) if x.code.is_some_and(|code| code.class() == crate::smtp::Class::Success) => Verdict::Accepted,
            Some(_) => Verdict::Refused,
            None => Verdict::Pending,
        }
    }
}
