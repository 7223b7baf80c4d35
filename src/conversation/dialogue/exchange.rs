//! One exchange: what was asked and what was answered, as indices into the log.

use super::NONE;
use crate::conversation::{Log, Micros};
use crate::smtp::{Phase, ReplyCode, Verb};

/// What an exchange is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The connection and its greeting.
    Greeting,
    /// A command and its reply.
    Command,
    /// The lone dot and the verdict on the message (LMTP: one exchange a recipient).
    EndOfData,
    /// An answer within AUTH.
    AuthAnswer,
    /// A reply that nobody asked for.
    Unasked,
}

/// One exchange: what was asked, and the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// What it is about.
    pub ask: Ask,
    /// The verb; AUTH for an answer within it, DATA for the lone dot, [`Verb::Other`] without one.
    pub verb: Verb,
    /// The phase before it.
    pub before: Phase,
    /// The phase after its reply; the same as `before` as long as there is none.
    pub after: Phase,
    /// The reply's code, once complete and where it has one.
    pub code: Option<ReplyCode>,
    /// Whether the reply is complete.
    pub complete: bool,
    pub(super) marks: u8,
    pub(super) command: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// The user stopped waiting for the reply.
pub(super) const GAVE_UP: u8 = 1;
/// The reply is a further verdict on a message, for another recipient.
pub(super) const FURTHER: u8 = 2;

impl Exchange {
    /// Whether the user stopped waiting for its reply.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.marks & GAVE_UP != 0
    }

    /// In LMTP, whether its reply is a further verdict on a message that was answered before, for the next recipient.
    #[must_use]
    pub fn is_further_verdict(&self) -> bool {
        self.marks & FURTHER != 0
    }

    /// The record of the line that was sent (for the greeting: of `connected`).
    #[must_use]
    pub fn command(&self) -> Option<usize> {
        (self.command != NONE).then_some(self.command as usize)
    }

    /// The first and the last record of the reply, as far as it has come.
    #[must_use]
    pub fn reply(&self) -> Option<std::ops::RangeInclusive<usize>> {
        (self.first != NONE).then_some(self.first as usize..=self.last as usize)
    }

    /// The first record that belongs to it.
    #[must_use]
    pub fn start(&self) -> usize {
        self.command.min(self.first) as usize
    }

    /// Whether its reply refuses: 4yz or 5yz.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.code.is_some_and(|code| code.class().is_refusal())
    }

    /// From the sending to the end of the reply, where both have a time. A time that goes back counts as 0.
    #[must_use]
    pub fn latency(&self, log: &Log) -> Option<Micros> {
        let sent = log.get(self.command()?)?.at?;
        let got = log.get(*self.reply()?.end())?.at?;
        self.complete.then_some(Micros(got.0.saturating_sub(sent.0)))
    }

    /// Nothing of it has come yet.
    pub(super) fn new(ask: Ask, verb: Verb, phase: Phase) -> Self {
        Self {
            ask,
            verb,
            before: phase,
            after: phase,
            code: None,
            complete: false,
            marks: 0,
            command: NONE,
            first: NONE,
            last: NONE,
        }
    }
}
