//! The dialogue: a log folded into exchanges, recipients with their verdicts, and the state at any record.
//!
//! Fed as the log grows; an exchange is some 40 bytes that point into the log, a checkpoint of the state is kept every
//! [`CHECKPOINT`] records, so that the state as of any line is a short fold.

mod beside;
mod exchange;
mod recent;
mod recipient;
#[cfg(test)]
mod tests;

use crate::smtp::reply::Flaw;
use crate::smtp::session::{Awaited, Sent};
use crate::smtp::{Class, EnhancedCode, Phase, Reply, ReplyCode, ReplyReader, Verb};

use super::fold::{Answered, Fold};
use super::log::{Entry, Kind, Log};
use recent::Recent;
use recipient::Decision;

pub use beside::Beside;
pub use exchange::{Ask, Exchange};
pub use recipient::{Recipient, Verdict};

/// Records from one kept state to the next; in the middle of a reply, which may be long, none is kept.
const CHECKPOINT: usize = 4096;

/// No record.
const NONE: u32 = u32::MAX;

/// Octets of a reply's line beyond which it is taken apart, as those are that may have to be cut.
const MOST_AT_ONCE: usize = 4096;

/// The code of a line that is a whole reply: three digits, then a space or nothing.
fn final_code(line: &[u8]) -> Option<ReplyCode> {
    ReplyCode::at_start(line).filter(|_| matches!(line.get(3), None | Some(b' ')))
}

/// A log folded.
#[derive(Debug, Clone, Default)]
pub struct Dialogue {
    exchanges: Vec<Exchange>,
    recipients: Vec<Recipient>,
    /// Where in `recipients` the connection that is open began.
    connection: usize,
    /// The first recipient that may still wait for its own verdict on the message (LMTP).
    undecided: usize,
    fold: Fold,
    seen: usize,
    /// The states just before these records.
    checkpoints: Vec<(usize, Fold)>,
    recent: Recent,
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
        if log.len() - self.seen > CHECKPOINT {
            self.make_room(log);
        }
        self.fold(log.since(self.seen));
    }

    /// Folds the records that follow those that were folded before.
    fn fold<'a>(&mut self, entries: impl Iterator<Item = (usize, Entry<'a>)>) {
        let mut entries = entries.peekable();
        while let Some((index, entry)) = entries.next() {
            if self.is_due(index) && self.fold.reply_lines() == 0 {
                self.checkpoints.push((index, self.fold.clone()));
            }
            // A state is kept before each checkpoint's record, so a pair that lies across one is folded in two steps.
            if entry.kind == Kind::Sent
                && !self.is_due(index + 1)
                && let Some((_, next)) = entries.peek()
                && self.recipient_and_reply(index, &entry, next)
            {
                entries.next();
                self.seen = index + 2;
                continue;
            }
            self.record(index, &entry);
            self.seen = index + 1;
        }
    }

    /// Whether a state is to be kept before this record.
    fn is_due(&self, index: usize) -> bool {
        self.checkpoints.last().is_none_or(|(at, _)| index >= at + CHECKPOINT)
    }

    /// Makes room for what much at once will add, since growing step by step would hold it twice.
    fn make_room(&mut self, log: &Log) {
        let sent = log.kinds(self.seen).filter(|(_, kind, _)| *kind == Kind::Sent);
        let (mut lines, mut recipients) = (0, 0);
        for entry in sent.filter_map(|(record, ..)| log.get(record)) {
            lines += 1;
            recipients += usize::from(entry.bytes.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"RCPT")));
        }
        self.exchanges.reserve_exact(lines + 1);
        self.recipients.reserve_exact(recipients);
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
        let from = connection.partition_point(|r| r.transaction() < number);
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

    /// What became of a recipient, in a word: of one whose connection ended before its reply came that none did.
    #[must_use]
    pub fn fate(&self, recipient: &Recipient) -> &'static str {
        let number = recipient.exchange as usize;
        let later = || self.exchanges.get(number + 1..).unwrap_or_default().iter().any(|x| x.ask == Ask::Greeting);
        let over = recipient.verdict() == Verdict::Pending && (self.fold.phase() == Phase::Closed || later());
        match self.exchanges.get(number).and_then(Exchange::reply) {
            _ if !over => recipient.verdict().word(),
            Some(_) => "its reply broke off",
            None => "no reply came",
        }
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
        let before = self.checkpoints.partition_point(|(at, _)| *at <= record);
        let start = before.checked_sub(1).and_then(|last| self.checkpoints.get(last));
        self.recent.state_at(log, record, start.map_or(0, |(at, _)| *at), || {
            start.map(|(_, state)| state.clone()).unwrap_or_default()
        })
    }

    /// The exchange that a record belongs to: the last one that began at it or before.
    #[must_use]
    pub fn exchange_at(&self, record: usize) -> Option<usize> {
        let record = u32::try_from(record).ok()?;
        // Replies come in order, so the exchange of a reply line is found by its range; anything else belongs to the
        // exchange that was asked last.
        let by_start = self.exchanges.partition_point(|x| x.start() <= record as usize).checked_sub(1)?;
        let by_reply = self.exchanges.partition_point(|x| x.first() <= record).checked_sub(1);
        match by_reply {
            Some(x) if self.exchanges[x].reply().is_some_and(|reply| reply.contains(&(record as usize))) => Some(x),
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
        replies.into_iter().next().or_else(|| {
            let mut reply = reader.finish()?;
            let asked = self.exchanges.get(exchange)?;
            // Complete without its last line: the client's next command was answered instead.
            if asked.ask == Ask::Greeting && asked.complete() {
                reply.flaws.retain(|flaw| *flaw != Flaw::Unfinished);
                match reply.lines.last_mut().filter(|line| line.cut > 0) {
                    // Its end came, and was not kept.
                    Some(line) => line.flaws.retain(|flaw| *flaw != Flaw::Unfinished),
                    None => reply.flaws.push(Flaw::Overtaken),
                }
            }
            Some(reply)
        })
    }

    fn record(&mut self, index: usize, entry: &Entry<'_>) {
        let number = u32::try_from(index).unwrap_or(NONE);
        match entry.kind {
            Kind::Sent => self.sent(number, entry),
            Kind::Content => self.fold.content(entry.bytes.len() as u64 + if entry.crlf { 2 } else { 0 }),
            Kind::Received => {
                if let (Some(greeting), Some(open)) = (self.fold.overtaken(entry.bytes), self.open) {
                    self.answered(&greeting, open, number);
                }
                let open = self.open_reply(number);
                let answered = self.fold.received(entry.bytes, entry.crlf);
                if let Some(x) = self.exchanges.get_mut(open as usize) {
                    x.go_on(number);
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
                    // One that is pipelined after its MAIL belongs to the transaction that is to begin.
                    let transaction = self.fold.session.transactions + u32::from(self.fold.awaits_mail());
                    self.recipients.push(Recipient::new(transaction, tag, number));
                }
                (Ask::Command, command.verb)
            }
        };
        self.exchanges.push(Exchange::new(ask, verb, before, self.sent_from));
    }

    /// A RCPT and the one line that answers it, where nothing else is awaited: folded at once, without taking either
    /// apart, since the largest transcripts are made of them. Gives whether the two were that.
    fn recipient_and_reply(&mut self, index: usize, sent: &Entry<'_>, reply: &Entry<'_>) -> bool {
        let rcpt = sent.bytes.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"RCPT"))
            && sent.bytes.get(4).is_some_and(u8::is_ascii_whitespace);
        let plain = sent.crlf && reply.crlf && reply.kind == Kind::Received && reply.bytes.len() < MOST_AT_ONCE;
        if !rcpt || !plain || self.open.is_some() || !self.sent_part.is_empty() {
            return false;
        }
        let before = self.fold.phase();
        let (Some(number), Some(code)) = (u32::try_from(index).ok(), final_code(reply.bytes)) else { return false };
        let Ok(tag) = u32::try_from(self.exchanges.len()) else { return false };
        if !self.fold.recipient_answered(code) {
            return false;
        }
        let decision = Decision {
            success: code.class() == Class::Success,
            code: Some(code),
            enhanced: reply.bytes.get(4..).and_then(EnhancedCode::at_start).map(|(code, _)| code),
            record: number + 1,
        };
        let mut recipient = Recipient::new(self.fold.session.transactions, tag, number);
        recipient.answered(decision);
        self.recipients.push(recipient);
        self.sent_from = number;
        let mut exchange = Exchange::new(Ask::Command, Verb::Rcpt, before, number);
        exchange.begin(number + 1);
        exchange.end(true, self.fold.phase());
        exchange.code = Some(code);
        self.exchanges.push(exchange);
        true
    }

    /// The exchange to which a line from the server belongs, made where the server speaks unasked.
    fn open_reply(&mut self, number: u32) -> u32 {
        if let Some(open) = self.open {
            return open;
        }
        let front = self.fold.pending().next().map(|p| (p.tag, p.awaited.clone()));
        let open = match front {
            Some((tag, Awaited::EndOfData { nth, .. })) if nth > 0 => {
                let (command, verb) =
                    self.exchanges.get(tag as usize).map_or((NONE, Verb::Data), |x| (x.line(), x.verb));
                self.push_exchange(Exchange::new(Ask::EndOfData, verb, self.fold.phase(), command).further())
            }
            Some((tag, _)) => tag,
            None => self.push_exchange(Exchange::new(Ask::Unasked, Verb::Other, self.fold.phase(), NONE)),
        };
        if let Some(x) = self.exchanges.get_mut(open as usize) {
            x.begin(number);
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
        // What broke off decides nothing: a reply counts by its last line, and that never came.
        exchange.end(!answered.reply.flaws.contains(&Flaw::Unfinished), after);
        if !exchange.complete() {
            return;
        }
        exchange.code = code;
        let success = code.is_some_and(|c| c.class() == Class::Success);
        let decision = Decision { success, code, enhanced: answered.reply.enhanced(), record: number };
        match &answered.pending.awaited {
            Awaited::Command(command) if command.verb == Verb::Rcpt => {
                let tag = answered.pending.tag;
                // They stand in the order in which they were asked for.
                let behind = self.recipients.partition_point(|r| r.exchange <= tag);
                if let Some(r) = self.recipients[..behind].last_mut().filter(|r| r.exchange == tag) {
                    r.answered(decision);
                }
            }
            // A server that does not know BDAT has not decided on the message.
            Awaited::Command(_) if code.is_some_and(|code| matches!(code.number(), 500 | 502)) => {}
            Awaited::Command(command) if command.chunk().is_some_and(|(_, last)| last) => self.decide(decision, false),
            Awaited::EndOfData { of, .. } => self.decide(decision, *of > 1),
            _ => {}
        }
    }

    /// The message was taken or refused: for all accepted recipients of the transaction, or (LMTP) for the next of them.
    fn decide(&mut self, decision: Decision, one: bool) {
        let transaction = self.fold.session.transactions;
        let connection = self.connection.min(self.recipients.len());
        let from = connection + self.recipients[connection..].partition_point(|r| r.transaction() < transaction);
        // Verdicts come in the order of the recipients, so those before the last one decided are not looked at again.
        let from = from.max(if one { self.undecided } else { 0 });
        for (n, recipient) in self.recipients.iter_mut().enumerate().skip(from) {
            if recipient.transaction() != transaction || recipient.verdict() != Verdict::Accepted {
                continue;
            }
            recipient.decided(decision, one);
            if one {
                self.undecided = n + 1;
                break;
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
            "warning" if remark.is_loss() => self.sent_part.clear(),
            "gave-up" => {
                for pending in self.fold.pending() {
                    if let Some(x) = self.exchanges.get_mut(pending.tag as usize) {
                        x.give_up();
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
            self.exchanges.push(Exchange::new(Ask::Greeting, Verb::Other, before, number));
        }
        if remark.word == "unseen" {
            let (ask, verb) = match self.fold.pending().last().map(|pending| &pending.awaited) {
                Some(Awaited::EndOfData { .. }) => (Ask::EndOfData, Verb::Data),
                Some(Awaited::AuthAnswer) => (Ask::AuthAnswer, Verb::Auth),
                Some(Awaited::Command(command)) => (Ask::Command, command.verb),
                _ => return,
            };
            self.exchanges.push(Exchange::new(ask, verb, before, NONE));
        }
        if let (Some(answered), Some(open)) = (unfinished, open) {
            self.answered(&answered, open, number);
        }
    }
}
