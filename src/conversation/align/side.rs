//! One exchange as it is compared: what was sent with its content, the reply, TLS.

use std::collections::HashMap;
use std::sync::Arc;

use crate::conversation::dialogue::{Ask, Dialogue, Exchange, Recipient, Verdict};
use crate::conversation::event::{Micros, Remark};
use crate::conversation::log::{Kind, Log};
use crate::smtp::{Reply, Verb};

use super::anew::{Anew, Reading};

/// A handshake, as far as it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// The version.
    pub version: Option<String>,
    /// The cipher.
    pub cipher: Option<String>,
    /// Whether the certificate was verified, and why not.
    pub verified: Option<String>,
}

/// One exchange as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// What it is: `EHLO`, `greeting`, `end of data`.
    pub kind: String,
    /// The line that was sent, as a file has it: other octets are another text. Empty for the greeting.
    pub line: String,
    /// The reply; none where none came.
    pub reply: Option<Reply>,
    /// Whether the line was encrypted.
    pub tls: bool,
    /// The handshake right before it.
    pub handshake: Option<Handshake>,
    /// How long the reply took, where a clock says it.
    pub took: Option<Micros>,
    /// The lines of the message that it ends, or of the chunk that it sends; fit for a screen. (LMTP) The verdicts on one
    /// message share it.
    pub content: Arc<[ContentLine]>,
    /// The forward-path that it is about: of a RCPT or, in LMTP, of a verdict.
    pub recipient: Option<String>,
}

/// A line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentLine {
    /// As a file has it.
    pub text: String,
    /// Where each sending makes something of it anew.
    pub anew: Option<Anew>,
}

impl ContentLine {
    /// What of it is compared.
    #[must_use]
    pub fn compared(&self) -> &str {
        self.anew.as_ref().map_or(&self.text, |anew| &anew.rest)
    }
}

impl Side {
    /// The exchanges of a conversation.
    #[must_use]
    pub fn all(log: &Log, dialogue: &Dialogue) -> Vec<Self> {
        let mut gathering = Gathering { log, dialogue, decided: decided(dialogue), message: Message::default() };
        (0..dialogue.exchanges().len()).map(|number| gathering.side(number)).collect()
    }
}

/// The recipients that were decided, by the record of the reply that did.
fn decided(dialogue: &Dialogue) -> HashMap<u32, &Recipient> {
    let decided = |it: &&Recipient| matches!(it.verdict(), Verdict::Delivered | Verdict::Failed);
    dialogue.recipients().iter().filter(decided).map(|it| (it.decided, it)).collect()
}

/// The exchanges of a conversation, gathered one after the other.
struct Gathering<'a> {
    log: &'a Log,
    dialogue: &'a Dialogue,
    decided: HashMap<u32, &'a Recipient>,
    message: Message,
}

impl Gathering<'_> {
    fn side(&mut self, number: usize) -> Side {
        let (log, dialogue) = (self.log, self.dialogue);
        let exchanges = dialogue.exchanges();
        let exchange = &exchanges[number];
        let line = exchange.command().and_then(|record| log.get(record)).filter(|_| exchange.ask != Ask::Greeting);
        let line = line.map(|entry| entry.in_file()).unwrap_or_default();
        let kind = match exchange.ask {
            Ask::Greeting => "greeting".to_owned(),
            Ask::EndOfData => "end of data".to_owned(),
            Ask::AuthAnswer => "auth answer".to_owned(),
            Ask::Unasked => "unasked".to_owned(),
            Ask::Command if exchange.verb == Verb::Other => {
                line.split(' ').next().unwrap_or_default().to_ascii_uppercase()
            }
            Ask::Command => exchange.verb.word().to_owned(),
        };
        let begun = number.checked_sub(1).map_or(0, |before| exchanges[before].start());
        let next = exchanges.get(number + 1).map_or(log.len(), Exchange::start);
        // In TLS from the first byte on it stands between the connection and its greeting.
        let until = exchange.reply().map_or(next, |reply| *reply.start());
        let asked = if exchange.ask == Ask::Greeting { until.min(next) } else { exchange.start() };
        let session = dialogue.state_at(log, asked).session;
        let tls = session.tls;
        let handshake = if tls || exchange.ask == Ask::Greeting { handshake(log, begun, until) } else { None };
        let content = match (exchange.ask, exchange.verb) {
            (Ask::EndOfData, _) if exchange.is_further_verdict() => self.message.lines.clone(),
            (Ask::EndOfData, _) => self.message.whole(content(log, begun, exchange.start())),
            (Ask::Command, Verb::Bdat) => self.message.chunk(content(log, exchange.start(), next), is_last(&line)),
            (Ask::Command, Verb::Mail | Verb::Rset) => self.message.over(),
            _ => Arc::default(),
        };
        let recipient = match (exchange.ask, exchange.verb) {
            (Ask::Command, Verb::Rcpt) => line.split_once('<').and_then(|(_, rest)| rest.split_once('>')),
            _ => None,
        };
        let recipient = recipient.map(|(path, _)| path.to_owned());
        let verdict =
            (exchange.ask == Ask::EndOfData && session.is_lmtp()).then(|| self.decided_by(exchange)).flatten();
        let took = exchange.latency(log);
        let reply = dialogue.reply(log, number);
        Side { kind, line, reply, tls, handshake, took, content, recipient: recipient.or(verdict) }
    }

    fn decided_by(&self, exchange: &Exchange) -> Option<String> {
        let record = u32::try_from(*exchange.reply()?.end()).ok()?;
        Some(self.dialogue.address(self.log, self.decided.get(&record)?))
    }
}

/// Whether a BDAT is the last of its message.
fn is_last(line: &str) -> bool {
    line.split_ascii_whitespace().last().is_some_and(|word| word.eq_ignore_ascii_case("LAST"))
}

/// The message that is sent: what is made anew is known from its header, which may be in an earlier chunk.
#[derive(Default)]
struct Message {
    reading: Reading,
    lines: Arc<[ContentLine]>,
}

impl Message {
    /// It is over, whether it was sent or not.
    fn over(&mut self) -> Arc<[ContentLine]> {
        *self = Self::default();
        Arc::default()
    }

    fn whole(&mut self, lines: Vec<String>) -> Arc<[ContentLine]> {
        self.chunk(lines, true)
    }

    fn chunk(&mut self, lines: Vec<String>, last: bool) -> Arc<[ContentLine]> {
        let reading = &mut self.reading;
        let line = |text: String| ContentLine { anew: reading.line(&text), text };
        self.lines = lines.into_iter().map(line).collect();
        if last {
            self.reading = Reading::default();
        }
        self.lines.clone()
    }
}

/// The last handshake between two records.
fn handshake(log: &Log, from: usize, to: usize) -> Option<Handshake> {
    let between = log.since(from).take_while(|(record, _)| *record < to).filter_map(|(_, entry)| entry.remark());
    let tls = between.filter(|remark| remark.word == "tls" && remark.get("failed").is_none()).last()?;
    let value = |key: &str| tls.get(key).map(str::to_owned);
    let verified = tls.get("verified").map(|verified| match (verified, tls.get("reason")) {
        ("yes", _) => "verified".to_owned(),
        (_, Some(reason)) => format!("not verified: {reason}"),
        _ => "not verified".to_owned(),
    });
    Some(Handshake { version: value("version"), cipher: value("cipher"), verified })
}

/// The lines of content between two records, and what is said of those that were not kept.
fn content(log: &Log, from: usize, to: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut unkept = 0;
    let said = |unkept: u64| (unkept > 0).then(|| format!("({unkept} bytes that are not kept)"));
    for (_, entry) in log.since(from).take_while(|(record, _)| *record < to) {
        let remark = match entry.kind {
            Kind::Content => {
                lines.extend(said(std::mem::take(&mut unkept)));
                lines.push(entry.in_file());
                continue;
            }
            Kind::Remark => entry.remark(),
            _ => None,
        };
        let Some(remark) = remark.filter(Remark::is_unkept) else { continue };
        match (remark.get("bytes").and_then(|bytes| bytes.parse::<u64>().ok()), remark.get("sha256")) {
            // A capture has them in several pieces.
            (Some(bytes), None) => unkept += bytes,
            (None, None) => lines.push("(what is not kept)".to_owned()),
            _ => lines.push(format!("({remark})")),
        }
    }
    lines.extend(said(unkept));
    lines
}
