//! The dialogue: a log folded into exchanges, recipients with their verdicts, and the state at any record.
//!
//! Fed as the log grows; an exchange is some 40 bytes that point into the log, a checkpoint of the state is kept every
//! [`CHECKPOINT`] records, so that the state as of any line is a short fold.

use crate::smtp::session::{Awaited, Sent};
use crate::smtp::{EnhancedCode, Phase, Reply, ReplyCode, ReplyReader, Verb};

use super::event::Micros;
use super::fold::{Answered, Fold};
use super::log::{Entry, Kind, Log};

/// Records from one kept state to the next.
pub const CHECKPOINT: usize = 4096;

/// No record.
const NONE: u32 = u32::MAX;

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
    /// The user stopped waiting for it.
    pub gave_up: bool,
    /// In LMTP, which accepted recipient the verdict is for, from 0.
    pub nth: u32,
    command: u32,
    first: u32,
    last: u32,
}

impl Exchange {
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
}

/// What became of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No reply yet.
    Pending,
    /// 2yz to RCPT.
    Accepted,
    /// 4yz, 5yz or anything else to RCPT.
    Refused,
    /// The message was taken for it.
    Delivered,
    /// Accepted, but then the message was refused for it.
    Failed,
}

/// One RCPT of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// What became of it.
    pub verdict: Verdict,
    /// The code that decided.
    pub code: Option<ReplyCode>,
    /// The enhanced status code beside it.
    pub enhanced: Option<EnhancedCode>,
    /// The number of the mail transaction that it belongs to, from 1 in each connection.
    pub transaction: u32,
    /// The exchange of its RCPT.
    pub exchange: u32,
    /// The record at which the verdict last changed.
    pub decided: u32,
}

/// A log folded.
#[derive(Debug, Clone, Default)]
pub struct Dialogue {
    exchanges: Vec<Exchange>,
    recipients: Vec<Recipient>,
    /// Where in `recipients` the connection that is open began.
    connection: usize,
    fold: Fold,
    seen: usize,
    checkpoints: Vec<Fold>,
    /// The exchange whose reply is being received.
    open: Option<u32>,
    /// The last sent record may be a piece of a line; its octets so far.
    sent_part: Vec<u8>,
    sent_from: u32,
}

impl Dialogue {
    /// A dialogue of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole log folded.
    #[must_use]
    pub fn of(log: &Log) -> Self {
        let mut dialogue = Self::new();
        dialogue.extend(log);
        dialogue
    }

    /// Folds what the log has beyond what was folded before.
    pub fn extend(&mut self, log: &Log) {
        for (index, entry) in log.since(self.seen) {
            if index % CHECKPOINT == 0 {
                self.checkpoints.push(self.fold.clone());
            }
            self.record(index, &entry);
        }
        self.seen = log.len();
    }

    /// All exchanges, in the order in which they were asked.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// All recipients of all transactions.
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The recipients of the transaction that is open, or else of the last one of this connection.
    #[must_use]
    pub fn envelope(&self) -> &[Recipient] {
        let connection = &self.recipients[self.connection.min(self.recipients.len())..];
        let number = self.fold.session.transactions;
        let from = connection.partition_point(|r| r.transaction < number);
        &connection[from..]
    }

    /// The forward-path of a recipient, `local@domain` as typed; read from the log, since there may be very many.
    #[must_use]
    pub fn address(&self, log: &Log, recipient: &Recipient) -> String {
        let exchange = self.exchanges.get(recipient.exchange as usize);
        let mut line = Vec::new();
        for (_, entry) in exchange.and_then(Exchange::command).into_iter().flat_map(|record| log.since(record)) {
            if entry.kind == Kind::Sent {
                line.extend_from_slice(entry.bytes.trim_ascii_end());
                if entry.crlf || entry.bytes.ends_with(b"\n") {
                    break;
                }
            }
        }
        let command = crate::smtp::Command::parse(&line);
        let path = command.path.as_ref().map(crate::smtp::Path::address);
        path.unwrap_or_else(|| String::from_utf8_lossy(command.argument()).into_owned())
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &Fold {
        &self.fold
    }

    /// The state just after a record.
    #[must_use]
    pub fn state_at(&self, log: &Log, record: usize) -> Fold {
        if record + 1 >= self.seen {
            return self.fold.clone();
        }
        let mut at =
            Self { fold: self.checkpoints.get(record / CHECKPOINT).cloned().unwrap_or_default(), ..Self::default() };
        at.seen = record / CHECKPOINT * CHECKPOINT;
        for (index, entry) in log.since(at.seen).take_while(|(index, _)| *index <= record) {
            at.record(index, &entry);
        }
        at.fold
    }

    /// The exchange that a record belongs to: the last one that began at it or before.
    #[must_use]
    pub fn exchange_at(&self, record: usize) -> Option<usize> {
        let record = u32::try_from(record).ok()?;
        // Replies come in order, so the exchange of a reply line is found by its range; anything else belongs to the
        // exchange that was asked last.
        let by_start = self.exchanges.partition_point(|x| x.start() <= record as usize).checked_sub(1)?;
        let by_reply = self.exchanges.partition_point(|x| x.first <= record).checked_sub(1);
        match by_reply {
            Some(x) if self.exchanges[x].last >= record && self.exchanges[x].first != NONE => Some(x),
            _ => Some(by_start),
        }
    }

    /// The reply of an exchange, taken from the log, as far as it has come.
    #[must_use]
    pub fn reply(&self, log: &Log, exchange: usize) -> Option<Reply> {
        let range = self.exchanges.get(exchange)?.reply()?;
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for index in range {
            let Some(entry) = log.get(index).filter(|entry| entry.kind == Kind::Received) else { continue };
            replies.extend(reader.feed(entry.bytes));
            if entry.crlf {
                replies.extend(reader.feed(b"\r\n"));
            }
        }
        replies.into_iter().next().or_else(|| reader.finish())
    }

    fn record(&mut self, index: usize, entry: &Entry<'_>) {
        let number = u32::try_from(index).unwrap_or(NONE);
        match entry.kind {
            Kind::Sent => self.sent(number, entry),
            Kind::Content => self.fold.content(entry.bytes.len() as u64 + if entry.crlf { 2 } else { 0 }),
            Kind::Received => {
                let open = self.open_reply(number);
                let answered = self.fold.received(entry.bytes, entry.crlf);
                if let Some(x) = self.exchanges.get_mut(open as usize) {
                    x.last = number;
                }
                if let Some(answered) = answered {
                    self.answered(&answered, open, number);
                }
            }
            Kind::Remark => self.remark(number, entry),
            Kind::Script | Kind::Comment => {}
        }
    }

    fn sent(&mut self, number: u32, entry: &Entry<'_>) {
        let (mut line, whole) = match entry.bytes {
            bytes if entry.crlf => (bytes, true),
            [bytes @ .., b'\n'] => (bytes.strip_suffix(b"\r").unwrap_or(bytes), true),
            bytes => (bytes, false),
        };
        if self.sent_part.is_empty() {
            self.sent_from = number;
        }
        let joined;
        if !whole || !self.sent_part.is_empty() {
            self.sent_part.extend_from_slice(line);
            if !whole {
                return;
            }
            joined = std::mem::take(&mut self.sent_part);
            line = &joined;
        }
        let before = self.fold.phase();
        let tag = u32::try_from(self.exchanges.len()).unwrap_or(NONE);
        let (ask, verb) = match self.fold.sent(line, tag) {
            Sent::Content => return,
            Sent::EndOfData => (Ask::EndOfData, Verb::Data),
            Sent::AuthAnswer => (Ask::AuthAnswer, Verb::Auth),
            Sent::Command(command) => {
                if command.verb == Verb::Rcpt {
                    self.recipients.push(Recipient {
                        verdict: Verdict::Pending,
                        code: None,
                        enhanced: None,
                        transaction: self.fold.session.transactions + u32::from(self.mail_pending()),
                        exchange: tag,
                        decided: number,
                    });
                }
                (Ask::Command, command.verb)
            }
        };
        self.exchanges.push(Exchange { command: self.sent_from, ..Exchange::new(ask, verb, before) });
    }

    /// Whether a MAIL has been sent whose reply has not come: a RCPT pipelined after it belongs to its transaction.
    fn mail_pending(&self) -> bool {
        self.fold.pending().any(|p| matches!(&p.awaited, Awaited::Command(c) if c.verb == Verb::Mail))
    }

    /// The exchange to which a line from the server belongs, made where the server speaks unasked.
    fn open_reply(&mut self, number: u32) -> u32 {
        if let Some(open) = self.open {
            return open;
        }
        let front = self.fold.pending().next().map(|p| (p.tag, p.awaited.clone()));
        let open = match front {
            Some((tag, Awaited::EndOfData { nth, .. })) if nth > 0 => {
                let command = self.exchanges.get(tag as usize).map_or(NONE, |x| x.command);
                self.push_exchange(Exchange {
                    nth,
                    command,
                    ..Exchange::new(Ask::EndOfData, Verb::Data, self.fold.phase())
                })
            }
            Some((tag, _)) => tag,
            None => self.push_exchange(Exchange::new(Ask::Unasked, Verb::Other, self.fold.phase())),
        };
        if let Some(x) = self.exchanges.get_mut(open as usize) {
            x.first = number;
            x.last = number;
        }
        self.open = Some(open);
        open
    }

    fn push_exchange(&mut self, exchange: Exchange) -> u32 {
        self.exchanges.push(exchange);
        u32::try_from(self.exchanges.len() - 1).unwrap_or(NONE)
    }

    fn answered(&mut self, answered: &Answered, open: u32, number: u32) {
        self.open = None;
        let code = answered.reply.code();
        let after = self.fold.phase();
        let Some(exchange) = self.exchanges.get_mut(open as usize) else { return };
        exchange.code = code;
        exchange.complete = !answered.reply.flaws.contains(&crate::smtp::reply::Flaw::Unfinished);
        exchange.after = after;
        let success = code.is_some_and(|c| c.class() == crate::smtp::Class::Success);
        let enhanced = answered.reply.enhanced();
        let last = match &answered.pending.awaited {
            Awaited::Command(command) => match command.verb {
                Verb::Rcpt => {
                    let verdict = if success { Verdict::Accepted } else { Verdict::Refused };
                    if let Some(r) = self.recipients.iter_mut().rev().find(|r| r.exchange == answered.pending.tag) {
                        (r.verdict, r.code, r.enhanced, r.decided) = (verdict, code, enhanced, number);
                    }
                    return;
                }
                Verb::Bdat if command.chunk().is_some_and(|(_, last)| last) => None,
                _ => return,
            },
            Awaited::EndOfData { nth, of } if *of > 1 => Some(*nth),
            Awaited::EndOfData { .. } => None,
            _ => return,
        };
        let verdict = if success { Verdict::Delivered } else { Verdict::Failed };
        let transaction = self.fold.session.transactions;
        // Only this transaction's are looked at: a session may have had very many before.
        let connection = self.connection.min(self.recipients.len());
        let from = connection + self.recipients[connection..].partition_point(|r| r.transaction < transaction);
        let taken = |r: &&mut Recipient| {
            r.transaction == transaction && r.code.is_some_and(|c| c.class() == crate::smtp::Class::Success)
        };
        let accepted = self.recipients[from..].iter_mut().filter(taken);
        for r in
            accepted.enumerate().filter(|(n, _)| last.is_none_or(|nth| u32::try_from(*n) == Ok(nth))).map(|(_, r)| r)
        {
            r.verdict = verdict;
            r.decided = number;
            if !success || last.is_some() {
                (r.code, r.enhanced) = (if last.is_some() && success { r.code } else { code.or(r.code) }, enhanced);
            }
        }
    }

    fn remark(&mut self, number: u32, entry: &Entry<'_>) {
        let Some(remark) = entry.remark() else { return };
        match remark.word.as_str() {
            "connecting" => {
                self.open = None;
                self.sent_part.clear();
                self.connection = self.recipients.len();
            }
            "gave-up" => {
                for pending in self.fold.pending() {
                    if let Some(x) = self.exchanges.get_mut(pending.tag as usize) {
                        x.gave_up = true;
                    }
                }
            }
            _ => {}
        }
        let before = self.fold.phase();
        let tag = u32::try_from(self.exchanges.len()).unwrap_or(NONE);
        let open = self.open;
        let unfinished = self.fold.remark(&remark, tag);
        if remark.word == "connected" {
            self.exchanges.push(Exchange { command: number, ..Exchange::new(Ask::Greeting, Verb::Other, before) });
        }
        if let (Some(answered), Some(open)) = (unfinished, open) {
            self.answered(&answered, open, number);
        }
    }
}

impl Exchange {
    fn new(ask: Ask, verb: Verb, phase: Phase) -> Self {
        Self {
            ask,
            verb,
            before: phase,
            after: phase,
            code: None,
            complete: false,
            gave_up: false,
            nth: 0,
            command: NONE,
            first: NONE,
            last: NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, Line, Remark};
    use super::*;

    /// A log from lines such as `> NOOP`, `< 250 ok`, `| text`, `* connected a`; a millisecond apart.
    fn log(text: &str) -> Log {
        let mut log = Log::new();
        for (n, line) in text.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate() {
            let (sigil, rest) = line.split_at(1);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            let event = match sigil {
                ">" => Event::Sent(Line::new(rest)),
                "|" => Event::Content(Line::new(rest)),
                "<" => Event::Received(Line::new(rest)),
                _ => Event::Remark(Remark::parse(rest)),
            };
            log.push(Micros(n as u64 * 1000), &event);
        }
        log
    }

    const CLASSIC: &str = "
        * connecting 127.0.0.1:25
        * connected 127.0.0.1:25
        < 220 mx
        > EHLO a
        < 250-mx
        < 250 SIZE 1000
        > MAIL FROM:<a@b>
        < 250 2.1.0 ok
        > RCPT TO:<c@d>
        < 250 2.1.5 ok
        > RCPT TO:<e@f>
        < 554 5.7.1 Relay access denied
        > DATA
        < 354 go
        | Subject: x
        | 
        > .
        < 250 2.0.0 queued
        > QUIT
        < 221 bye
        * closed by=server";

    #[test]
    fn replies_pair_with_what_they_answer() {
        let log = log(CLASSIC);
        let dialogue = Dialogue::of(&log);
        let got: Vec<_> = dialogue
            .exchanges()
            .iter()
            .map(|x| (x.ask, x.verb.word(), x.code.map(ReplyCode::number), x.after.name()))
            .collect();
        assert_eq!(
            got,
            [
                (Ask::Greeting, "", Some(220), "greeted"),
                (Ask::Command, "EHLO", Some(250), "ready"),
                (Ask::Command, "MAIL", Some(250), "mail"),
                (Ask::Command, "RCPT", Some(250), "rcpt"),
                (Ask::Command, "RCPT", Some(554), "rcpt"),
                (Ask::Command, "DATA", Some(354), "data"),
                (Ask::EndOfData, "DATA", Some(250), "ready"),
                (Ask::Command, "QUIT", Some(221), "quit"),
            ]
        );
        assert_eq!(dialogue.state().phase(), Phase::Closed);
        assert_eq!(dialogue.reply(&log, 1).expect("a reply").lines.len(), 2);
        assert_eq!(dialogue.exchanges()[1].latency(&log), Some(Micros(2000)));
        assert_eq!(dialogue.exchange_at(5), Some(1));
        assert_eq!(dialogue.exchange_at(14), Some(5));
    }

    #[test]
    fn the_state_at_a_record_is_the_fold_up_to_it() {
        let log = log(CLASSIC);
        let dialogue = Dialogue::of(&log);
        for record in 0..log.len() {
            let mut part = Log::new();
            for (_, entry) in log.since(0).take(record + 1) {
                part.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            }
            assert_eq!(dialogue.state_at(&log, record).session, Dialogue::of(&part).state().session, "record {record}");
        }
    }

    #[test]
    fn each_recipient_has_its_verdict() {
        let log = log(CLASSIC);
        let dialogue = Dialogue::of(&log);
        let got: Vec<_> = dialogue.envelope().iter().map(|r| (dialogue.address(&log, r), r.verdict)).collect();
        assert_eq!(got, [("c@d".to_owned(), Verdict::Delivered), ("e@f".to_owned(), Verdict::Refused)]);
    }

    #[test]
    fn a_late_reply_belongs_to_the_command_that_was_given_up() {
        let log = log("* connected a\n< 220 mx\n> NOOP\n* gave-up\n> HELP\n< 250 late\n< 214 help\n< 421 bye");
        let dialogue = Dialogue::of(&log);
        let got: Vec<_> =
            dialogue.exchanges()[1..].iter().map(|x| (x.ask, x.code.map(ReplyCode::number), x.gave_up)).collect();
        assert_eq!(
            got,
            [(Ask::Command, Some(250), true), (Ask::Command, Some(214), false), (Ask::Unasked, Some(421), false)]
        );
    }

    #[test]
    fn lmtp_has_a_verdict_for_each_recipient() {
        let dialogue = Dialogue::of(&log(
            "* connected a\n< 220 mx\n> LHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go\n> .\n< 250 2.0.0 a\n< 452 4.2.2 full",
        ));
        let got: Vec<_> = dialogue.envelope().iter().map(|r| (r.verdict, r.code.map(ReplyCode::number))).collect();
        assert_eq!(got, [(Verdict::Delivered, Some(250)), (Verdict::Failed, Some(452))]);
        assert_eq!(dialogue.state().phase(), Phase::Ready);
    }

    #[test]
    fn a_reply_that_began_before_our_line_does_not_answer_it() {
        let mut log = log("* connected a\n< 220 mx");
        log.push(Micros(0), &Event::Received(Line::raw("2")));
        log.push(Micros(0), &Event::Sent(Line::new("EHLO a")));
        log.push(Micros(0), &Event::Received(Line::new("50 early")));
        log.push(Micros(0), &Event::Received(Line::new("250 mx")));
        let dialogue = Dialogue::of(&log);
        let got: Vec<_> = dialogue.exchanges().iter().map(|x| (x.ask, x.verb, x.complete)).collect();
        let unasked = (Ask::Unasked, Verb::Other, true);
        assert_eq!(got, [(Ask::Greeting, Verb::Other, true), unasked, (Ask::Command, Verb::Ehlo, true)]);
        assert_eq!(dialogue.state().phase(), Phase::Ready);
    }

    #[test]
    fn a_cut_ends_the_reply_that_it_cuts() {
        let dialogue = Dialogue::of(&log(
            "* connected a\n< 220 mx\n> HELP\n< 214-a\n< 214-b\n* cut direction=in bytes=100 sha256=00\n> NOOP\n< 250 ok",
        ));
        let codes: Vec<_> = dialogue.exchanges().iter().map(|x| x.code.map(ReplyCode::number)).collect();
        assert_eq!(codes, [Some(220), Some(214), Some(250)]);
    }

    #[test]
    fn answers_sent_before_their_challenge_end_the_exchange() {
        let dialogue = Dialogue::of(&log(
            "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH LOGIN\n> AUTH LOGIN\n> {{auth}}\n> {{auth}}\n> NOOP\n< 334 VXNlcg==\n< 334 UGFzcw==\n< 235 ok\n< 250 ok",
        ));
        let asks: Vec<_> = dialogue.exchanges()[2..].iter().map(|x| x.ask).collect();
        assert_eq!(asks, [Ask::Command, Ask::AuthAnswer, Ask::AuthAnswer, Ask::Command]);
        assert_eq!(dialogue.state().phase(), Phase::Ready);
        assert!(dialogue.state().session.authenticated.is_some());
    }

    #[test]
    fn a_line_in_pieces_is_one() {
        let mut log = Log::new();
        log.push(Micros(0), &Event::Remark(Remark::new("connected")));
        log.push(Micros(0), &Event::Received(Line::raw("22")));
        log.push(Micros(0), &Event::Sent(Line::new("EHLO early")));
        log.push(Micros(0), &Event::Received(Line::new("0 mx")));
        log.push(Micros(0), &Event::Received(Line::raw("250 mx\n")));
        let dialogue = Dialogue::of(&log);
        let codes: Vec<_> = dialogue.exchanges().iter().map(|x| x.code.map(ReplyCode::number)).collect();
        assert_eq!(codes, [Some(220), Some(250)]);
    }
}
