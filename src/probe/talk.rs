//! A conversation that was held, as a judgement looks at it.

use std::time::Duration;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::{Dialogue, Kind, Log};
use crate::script::Cause;
use crate::smtp::{Capabilities, Class, Phase, Reply, ReplyCode, Verb};

/// A line that was sent, and its reply.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The line as it was sent, without its end; empty for the greeting and what came unasked.
    pub line: String,
    /// Its verb.
    pub verb: Verb,
    /// What it is about.
    pub ask: Ask,
    /// The phase in which it was sent.
    pub before: Phase,
    /// The reply.
    pub reply: Reply,
    /// The records of both in the whole log.
    pub records: Vec<usize>,
}

impl Answer {
    /// The reply code, 0 where there is none.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.reply.code().map_or(0, ReplyCode::number)
    }

    /// Whether the reply says yes.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.reply.class() == Class::Success
    }

    /// The last line of the reply, fit for a screen.
    #[must_use]
    pub fn shown(&self) -> String {
        self.reply.lines.last().map(|line| crate::smtp::escape::for_screen(&line.raw)).unwrap_or_default()
    }
}

/// A conversation that was held: one connection.
#[derive(Debug)]
pub struct Talk {
    /// What was recorded.
    pub log: Log,
    /// Lines and replies.
    pub dialogue: Dialogue,
    /// The first of its records in the whole log.
    pub first: usize,
    /// Why it ended before it was through, in words.
    pub broken: Option<(Cause, String)>,
}

impl Talk {
    /// A conversation of these records, which begin at this one of the whole log.
    #[must_use]
    pub fn of(log: Log, first: usize, broken: Option<(Cause, String)>) -> Self {
        Self { dialogue: Dialogue::of(&log), log, first, broken }
    }

    /// Every line with its whole reply, in order; the greeting is the first.
    pub fn answers(&self) -> impl Iterator<Item = Answer> + '_ {
        self.dialogue.exchanges().iter().enumerate().filter(|(_, exchange)| exchange.complete()).filter_map(
            |(n, exchange)| {
                let reply = self.dialogue.reply(&self.log, n)?;
                let sent = exchange.command().filter(|_| exchange.ask != Ask::Greeting);
                let entry = sent.and_then(|record| self.log.get(record)).filter(|entry| entry.kind == Kind::Sent);
                let line = entry.map(|entry| String::from_utf8_lossy(entry.bytes).trim_end().to_owned());
                let replied = exchange.reply().into_iter().flatten().filter(|record| self.is(*record, Kind::Received));
                let records = sent.into_iter().chain(replied).map(|record| self.first + record).collect();
                let (verb, ask, before) = (exchange.verb, exchange.ask, exchange.before());
                Some(Answer { line: line.unwrap_or_default(), verb, ask, before, reply, records })
            },
        )
    }

    fn is(&self, record: usize, kind: Kind) -> bool {
        self.log.get(record).is_some_and(|entry| entry.kind == kind)
    }

    /// The reply to the connection.
    #[must_use]
    pub fn greeting(&self) -> Option<Answer> {
        self.answers().find(|answer| answer.ask == Ask::Greeting)
    }

    /// The first reply to this line.
    #[must_use]
    pub fn to(&self, line: &str) -> Option<Answer> {
        self.answers().find(|answer| answer.ask == Ask::Command && answer.line == line)
    }

    /// The replies to this verb, in order.
    #[must_use]
    pub fn to_verb(&self, verb: Verb) -> Vec<Answer> {
        self.answers().filter(|answer| answer.ask == Ask::Command && answer.verb == verb).collect()
    }

    /// What the first, or the second, EHLO or LHLO was answered; nothing where it was refused.
    #[must_use]
    pub fn offer(&self, nth: usize) -> Option<(Capabilities, Answer)> {
        let mut greetings = self.answers().filter(|answer| matches!(answer.verb, Verb::Ehlo | Verb::Lhlo));
        let answer = greetings.nth(nth).filter(Answer::accepted)?;
        Some((Capabilities::from_reply(&answer.reply), answer))
    }

    /// Whether a line of exactly these octets went out, and its record in the whole log.
    #[must_use]
    pub fn sent(&self, line: &str) -> Option<usize> {
        let found = self.log.of_kind(Kind::Sent).find(|(_, entry)| entry.bytes == line.as_bytes());
        found.map(|(n, _)| self.first + n)
    }

    /// Whether the server had enough of us: a 421, which it may say at any moment, is no answer to a line (RFC 5321 3.8).
    #[must_use]
    pub fn turned_away(&self) -> bool {
        self.answers().any(|answer| answer.code() == 421)
    }

    /// The longest that a reply took from the line before it.
    #[must_use]
    pub fn slowest(&self) -> Duration {
        let took = |exchange: &crate::conversation::Exchange| {
            let at = |record: Option<usize>| record.and_then(|record| self.log.get(record)?.at);
            let (asked, replied) = (at(Some(exchange.start()))?, at(exchange.reply()?.last())?);
            Some(Duration::from_micros(replied.0.saturating_sub(asked.0)))
        };
        self.dialogue.exchanges().iter().filter_map(took).max().unwrap_or_default()
    }

    /// The records, in the whole log, of so many lines of either side from a record of it on.
    #[must_use]
    pub fn lines_from(&self, record: usize, count: usize) -> Vec<usize> {
        let lines = self.log.since(0).filter(|(_, entry)| matches!(entry.kind, Kind::Sent | Kind::Received));
        lines.map(|(n, _)| self.first + n).filter(|n| *n >= record).take(count).collect()
    }

    /// The first remark of this word, with its record in the whole log.
    #[must_use]
    pub fn remark(&self, word: &str) -> Option<(Remark, usize)> {
        let remarks = self.log.of_kind(Kind::Remark);
        let found =
            remarks.filter_map(|(n, entry)| Some((entry.remark()?, n))).find(|(remark, _)| remark.word == word)?;
        Some((found.0, self.first + found.1))
    }

    /// The records, in the whole log, of lines that came from the server after this record of it.
    #[must_use]
    pub fn heard_after(&self, record: usize) -> Vec<usize> {
        let heard = self.log.of_kind(Kind::Received).map(|(n, _)| self.first + n);
        heard.filter(|n| *n > record).collect()
    }

    /// The record, in the whole log, of the last line or octets of this kind that were sent.
    #[must_use]
    pub fn last_sent(&self, kind: Kind) -> Option<usize> {
        self.log.of_kind(kind).last().map(|(n, _)| self.first + n)
    }

    /// The record by which the connection ended, and whether the server closed it.
    #[must_use]
    pub fn closed(&self) -> Option<(usize, bool)> {
        let (remark, record) = self.remark("closed")?;
        Some((record, remark.get("by") == Some("server")))
    }

    /// The time of a record of the whole log, seconds.
    #[must_use]
    pub fn seconds(&self, record: usize) -> f64 {
        let at = record.checked_sub(self.first).and_then(|n| self.log.get(n)).and_then(|entry| entry.at);
        Duration::from_micros(at.unwrap_or_default().0).as_secs_f64()
    }
}
