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

/// One exchange: what was asked, and the reply, in 16 octets: a transcript may have half a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// What it is about.
    pub ask: Ask,
    /// The verb; AUTH for an answer within it, DATA for the lone dot, [`Verb::Other`] without one.
    pub verb: Verb,
    /// The reply's code, once complete and where it has one.
    pub code: Option<ReplyCode>,
    /// The record of the line that was sent, and the phase before it.
    command: Place,
    /// The first record of the reply, and the phase after it.
    first: Place,
    /// The last record of the reply, and marks.
    last: Place,
}

/// The reply is complete.
const COMPLETE: u8 = 1;
/// The user stopped waiting for the reply.
const GAVE_UP: u8 = 2;
/// The reply is a further verdict on a message, for another recipient.
const FURTHER: u8 = 4;

/// A record or none, and four bits beside it. Of a log with more records than 28 bits count (it takes 20 GB), the later
/// are no records here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(u32);

impl Place {
    const BITS: u32 = 28;
    const NOWHERE: u32 = (1 << Self::BITS) - 1;

    fn new(record: u32, beside: u8) -> Self {
        Self(record.min(Self::NOWHERE) | u32::from(beside) << Self::BITS)
    }

    fn record(self) -> u32 {
        let record = self.0 & Self::NOWHERE;
        if record == Self::NOWHERE { NONE } else { record }
    }

    fn beside(self) -> u8 {
        u8::try_from(self.0 >> Self::BITS).unwrap_or_default()
    }

    fn set(&mut self, record: u32) {
        *self = Self::new(record, self.beside());
    }
}

impl Exchange {
    /// Nothing of it has come yet; its line was sent at a record, or [`NONE`].
    pub(super) fn new(ask: Ask, verb: Verb, phase: Phase, command: u32) -> Self {
        let (command, first) = (Place::new(command, phase as u8), Place::new(NONE, phase as u8));
        Self { ask, verb, code: None, command, first, last: Place::new(NONE, 0) }
    }

    /// The phase before it.
    #[must_use]
    pub fn before(&self) -> Phase {
        Phase::ALL.get(usize::from(self.command.beside())).copied().unwrap_or_default()
    }

    /// The phase after its reply; the same as `before` as long as there is none.
    #[must_use]
    pub fn after(&self) -> Phase {
        Phase::ALL.get(usize::from(self.first.beside())).copied().unwrap_or_default()
    }

    /// Whether the reply is complete.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.last.beside() & COMPLETE != 0
    }

    /// Whether the user stopped waiting for its reply.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.last.beside() & GAVE_UP != 0
    }

    /// In LMTP, whether its reply is a further verdict on a message that was answered before, for the next recipient.
    #[must_use]
    pub fn is_further_verdict(&self) -> bool {
        self.last.beside() & FURTHER != 0
    }

    /// The record of the line that was sent (for the greeting: of `connected`).
    #[must_use]
    pub fn command(&self) -> Option<usize> {
        Some(self.command.record()).filter(|record| *record != NONE).map(|record| record as usize)
    }

    /// The first and the last record of the reply, as far as it has come.
    #[must_use]
    pub fn reply(&self) -> Option<std::ops::RangeInclusive<usize>> {
        (self.first.record() != NONE).then(|| self.first.record() as usize..=self.last.record() as usize)
    }

    /// The record of the line that was sent, or [`NONE`].
    pub(super) fn line(&self) -> u32 {
        self.command.record()
    }

    /// The first record of the reply, or [`NONE`].
    pub(super) fn first(&self) -> u32 {
        self.first.record()
    }

    /// The first record that belongs to it.
    #[must_use]
    pub fn start(&self) -> usize {
        self.command.record().min(self.first.record()) as usize
    }

    /// Its reply begins at a record.
    pub(super) fn begin(&mut self, record: u32) {
        self.first.set(record);
        self.last.set(record);
    }

    /// Its reply has come as far as a record.
    pub(super) fn go_on(&mut self, record: u32) {
        self.last.set(record);
    }

    /// Its reply has ended, whole or not; the session is now in a phase.
    pub(super) fn end(&mut self, whole: bool, after: Phase) {
        self.first = Place::new(self.first.record(), after as u8);
        self.mark(if whole { COMPLETE } else { 0 });
    }

    /// The user stopped waiting for its reply.
    pub(super) fn give_up(&mut self) {
        self.mark(GAVE_UP);
    }

    /// The same as a further verdict on the message.
    pub(super) fn further(mut self) -> Self {
        self.mark(FURTHER);
        self
    }

    fn mark(&mut self, mark: u8) {
        self.last = Place::new(self.last.record(), self.last.beside() | mark);
    }

    /// Whether its reply refuses: 4yz or 5yz.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.code.is_some_and(|code| code.class().is_refusal())
    }

    /// What is awaited of the server, in words: `the reply to RCPT`.
    #[must_use]
    pub fn awaited(&self) -> String {
        match self.ask {
            Ask::Greeting => "the greeting".to_owned(),
            Ask::EndOfData => "the verdict on the message".to_owned(),
            Ask::AuthAnswer => "the reply to the answer in AUTH".to_owned(),
            Ask::Unasked => "what it said unasked".to_owned(),
            Ask::Command if self.verb == Verb::Other => "the reply to the last line".to_owned(),
            Ask::Command => format!("the reply to {}", self.verb.word()),
        }
    }

    /// From the sending to the end of the reply, where both have a time. A time that goes back counts as 0.
    #[must_use]
    pub fn latency(&self, log: &Log) -> Option<Micros> {
        let sent = log.get(self.command()?)?.at?;
        let got = log.get(*self.reply()?.end())?.at?;
        self.complete().then_some(Micros(got.0.saturating_sub(sent.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        for (n, phase) in Phase::ALL.into_iter().enumerate() {
            let after = Phase::ALL[Phase::ALL.len() - 1 - n];
            let mut it = Exchange::new(Ask::Command, Verb::Rcpt, phase, 7);
            assert_eq!(
                (it.before(), it.after(), it.command(), it.reply(), it.start()),
                (phase, phase, Some(7), None, 7)
            );
            it.begin(9);
            it.go_on(11);
            it.give_up();
            assert_eq!((it.complete(), it.gave_up(), it.is_further_verdict()), (false, true, false));
            it.end(true, after);
            assert_eq!((it.before(), it.after(), it.reply()), (phase, after, Some(9..=11)));
            assert_eq!((it.complete(), it.gave_up(), it.further().is_further_verdict()), (true, true, true));
        }
        let unasked = Exchange::new(Ask::Unasked, Verb::Other, Phase::Ready, NONE);
        assert_eq!((unasked.command(), unasked.reply()), (None, None));
        assert_eq!(size_of::<Exchange>(), 16);
    }
}
