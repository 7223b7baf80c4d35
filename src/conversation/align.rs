//! Alignment: which exchange of one conversation stands beside which of another, and how the two differ.
//!
//! A real alignment, so that a line that only one of them has does not shift the rest. It is symmetric, and a
//! conversation beside itself has no difference.

use std::collections::HashSet;

use crate::smtp::{Capabilities, EnhancedCode, Reply, Verb};

use super::dialogue::{Ask, Dialogue, Exchange};
use super::event::{Micros, Remark};
use super::log::{Kind, Log};

/// Cells of the table that is filled; larger gaps are paired in order.
const CELLS: usize = 4_000_000;

/// What stands beside what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pair {
    /// One of each.
    Both(usize, usize),
    /// Only the left has it.
    Left(usize),
    /// Only the right has it.
    Right(usize),
}

impl Pair {
    fn mirrored(self) -> Self {
        match self {
            Self::Both(a, b) => Self::Both(b, a),
            Self::Left(a) => Self::Right(a),
            Self::Right(b) => Self::Left(b),
        }
    }
}

/// What an item is, as far as alignment is concerned: items of different `kind` never stand beside each other, items
/// of the same text cost nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The verb or kind.
    pub kind: String,
    /// The whole line.
    pub text: String,
}

/// Aligns two lists. The same for `(b, a)`, mirrored.
#[must_use]
pub fn align(left: &[Item], right: &[Item]) -> Vec<Pair> {
    // One order for both directions makes ties fall the same way.
    if left > right {
        return align(right, left).into_iter().map(Pair::mirrored).collect();
    }
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let tail = left[head..].iter().rev().zip(right[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[head..left.len() - tail], &right[head..right.len() - tail]);
    let mut pairs: Vec<Pair> = (0..head).map(|n| Pair::Both(n, n)).collect();
    let middle = if a.len().saturating_mul(b.len()) <= CELLS { table(a, b) } else { in_order(a, b) };
    pairs.extend(middle.into_iter().map(|pair| match pair {
        Pair::Both(x, y) => Pair::Both(x + head, y + head),
        Pair::Left(x) => Pair::Left(x + head),
        Pair::Right(y) => Pair::Right(y + head),
    }));
    pairs.extend((0..tail).map(|n| Pair::Both(left.len() - tail + n, right.len() - tail + n)));
    pairs
}

/// Recipients that both name stand beside each other, and beside nobody else; only those whom one of them names are paired
/// by their place.
pub fn by_forward_path(left: &mut [Item], right: &mut [Item]) {
    let whom = |item: &Item| {
        let path = (item.kind == "RCPT").then(|| item.text.split_once('<')?.1.split_once('>')).flatten()?.0;
        Some(path.to_ascii_lowercase())
    };
    let of = |items: &[Item]| -> HashSet<String> { items.iter().filter_map(whom).collect() };
    let both: HashSet<String> = of(left).intersection(&of(right)).cloned().collect();
    for item in left.iter_mut().chain(right) {
        if let Some(path) = whom(item).filter(|path| both.contains(path)) {
            item.kind = format!("RCPT {path}");
        }
    }
}

/// What it costs that two items stand beside each other; two gaps cost 4.
fn cost(a: &Item, b: &Item) -> Option<u32> {
    if a.kind != b.kind {
        None
    } else if a.text == b.text {
        Some(0)
    } else {
        Some(3)
    }
}

const GAP: u32 = 2;

/// Least cost over all alignments (Needleman and Wunsch).
fn table(left: &[Item], right: &[Item]) -> Vec<Pair> {
    let width = right.len() + 1;
    let mut costs = vec![0u32; (left.len() + 1) * width];
    for (i, item) in (0..=left.len()).rev().zip(std::iter::once(None).chain(left.iter().rev().map(Some))) {
        for j in (0..=right.len()).rev() {
            let at = i * width + j;
            costs[at] = match (item, right.get(j)) {
                (None, None) => 0,
                (Some(_), None) => costs[at + width] + GAP,
                (None, Some(_)) => costs[at + 1] + GAP,
                (Some(x), Some(y)) => {
                    let gaps = costs[at + width].min(costs[at + 1]) + GAP;
                    cost(x, y).map_or(gaps, |here| gaps.min(costs[at + width + 1] + here))
                }
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    while i < left.len() || j < right.len() {
        let at = i * width + j;
        let both = match (left.get(i), right.get(j)) {
            (Some(x), Some(y)) => cost(x, y).is_some_and(|here| costs[at] == costs[at + width + 1] + here),
            _ => false,
        };
        if both {
            pairs.push(Pair::Both(i, j));
            (i, j) = (i + 1, j + 1);
        } else if i < left.len() && costs[at] == costs[at + width] + GAP {
            pairs.push(Pair::Left(i));
            i += 1;
        } else {
            pairs.push(Pair::Right(j));
            j += 1;
        }
    }
    pairs
}

/// For gaps too large for a table: beside each other as long as the kinds are the same.
fn in_order(a: &[Item], b: &[Item]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(a.len().max(b.len()));
    for n in 0..a.len().max(b.len()) {
        match (a.get(n), b.get(n)) {
            (Some(x), Some(y)) if x.kind == y.kind => pairs.push(Pair::Both(n, n)),
            (x, y) => {
                pairs.extend(x.map(|_| Pair::Left(n)));
                pairs.extend(y.map(|_| Pair::Right(n)));
            }
        }
    }
    pairs
}

/// One way in which two exchanges differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The lines sent.
    Command(String, String),
    /// The reply codes.
    Code(String, String),
    /// The enhanced status codes.
    Enhanced(String, String),
    /// A capability that only the left was offered, with its parameters.
    OfferedLeft(String),
    /// A capability that only the right was offered.
    OfferedRight(String),
    /// The same capability with other parameters.
    Offer(String, String),
    /// Whether the line was encrypted.
    Tls(bool, bool),
    /// Only the name that the client gave in its greeting, which is masked as its own.
    Name(String, String),
    /// What a handshake came to: the version, whether the certificate was verified and why not.
    Handshake(String, String),
    /// Only the cipher of a handshake.
    Cipher(String, String),
    /// The message: the first line that is another, with its number.
    Content(String, String),
    /// Only the texts.
    Text(String, String),
    /// How long the reply took: one took much longer.
    Time(Micros, Micros),
}

impl Difference {
    /// Whether it is one of name, wording, cipher or time alone: drift, not a failure.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        matches!(self, Self::Name(..) | Self::Text(..) | Self::Cipher(..) | Self::Time(..))
    }

    /// What it is about, one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Command(..) => "command",
            Self::Name(..) => "name",
            Self::Code(..) => "code",
            Self::Enhanced(..) => "enhanced",
            Self::OfferedLeft(_) | Self::OfferedRight(_) | Self::Offer(..) => "capability",
            Self::Tls(..) | Self::Handshake(..) => "tls",
            Self::Cipher(..) => "cipher",
            Self::Content(..) => "message",
            Self::Text(..) => "text",
            Self::Time(..) => "time",
        }
    }
}

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
    /// The lines of the message that it ends, or of the chunk that it sends; fit for a screen.
    pub content: Vec<String>,
}

impl Side {
    /// The exchanges of a conversation.
    #[must_use]
    pub fn all(log: &Log, dialogue: &Dialogue) -> Vec<Self> {
        let side = |(number, exchange): (usize, &Exchange)| Self::of(number, exchange, log, dialogue);
        dialogue.exchanges().iter().enumerate().map(side).collect()
    }

    /// One exchange of a conversation.
    #[must_use]
    pub fn of(number: usize, exchange: &Exchange, log: &Log, dialogue: &Dialogue) -> Self {
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
        let tls = dialogue.state_at(log, exchange.start()).session.tls;
        let exchanges = dialogue.exchanges();
        let begun = number.checked_sub(1).map_or(0, |before| exchanges[before].start());
        let next = exchanges.get(number + 1).map_or(log.len(), Exchange::start);
        let content = match (exchange.ask, exchange.verb) {
            (Ask::EndOfData, _) if !exchange.is_further_verdict() => content(log, begun, exchange.start()),
            (Ask::Command, Verb::Bdat) => content(log, exchange.start(), next),
            _ => Vec::new(),
        };
        // In TLS from the first byte on it stands between the connection and its greeting.
        let until = exchange.reply().map_or(next, |reply| *reply.start());
        let handshake = if tls || exchange.ask == Ask::Greeting { handshake(log, begun, until) } else { None };
        let took = exchange.latency(log);
        Self { kind, line, reply: dialogue.reply(log, number), tls, handshake, took, content }
    }

    /// What it is for the alignment.
    #[must_use]
    pub fn item(&self) -> Item {
        Item { kind: self.kind.clone(), text: self.line.clone() }
    }

    /// How two exchanges that stand beside each other differ; `mask` takes the noise out of texts.
    #[must_use]
    pub fn differences(&self, other: &Self, mask: &dyn Fn(&str) -> String) -> Vec<Difference> {
        let mut all = Vec::new();
        if mask(&self.line) != mask(&other.line) {
            all.push(Difference::Command(self.line.clone(), other.line.clone()));
        } else if matches!(self.kind.as_str(), "HELO" | "EHLO" | "LHLO") && !self.line.eq_ignore_ascii_case(&other.line)
        {
            all.push(Difference::Name(self.line.clone(), other.line.clone()));
        }
        if self.tls != other.tls {
            all.push(Difference::Tls(self.tls, other.tls));
        }
        if let (Some(a), Some(b)) = (&self.handshake, &other.handshake) {
            a.differences(b, &mut all);
        }
        if let Some((left, right)) = first_difference(&self.content, &other.content, mask) {
            all.push(Difference::Content(left, right));
        }
        replies(self, other, mask, &mut all);
        if let (Some(a), Some(b)) = (self.took, other.took)
            && is_much_longer(a, b)
        {
            all.push(Difference::Time(a, b));
        }
        all
    }
}

/// Whether one of two times is of another kind: twice the other and half a second more. Less is what any two runs differ by.
fn is_much_longer(a: Micros, b: Micros) -> bool {
    let (less, more) = (a.0.min(b.0), a.0.max(b.0));
    more >= less.saturating_mul(2) && more - less >= 500_000
}

impl Handshake {
    fn differences(&self, other: &Self, all: &mut Vec<Difference>) {
        let both = |of: fn(&Self) -> &Option<String>| of(self).clone().zip(of(other).clone()).filter(|(a, b)| a != b);
        for (left, right) in [both(|it| &it.version), both(|it| &it.verified)].into_iter().flatten() {
            all.push(Difference::Handshake(left, right));
        }
        all.extend(both(|it| &it.cipher).map(|(left, right)| Difference::Cipher(left, right)));
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

/// The first line that two messages do not have alike, with its number.
fn first_difference(a: &[String], b: &[String], mask: &dyn Fn(&str) -> String) -> Option<(String, String)> {
    let alike = |n: usize| match (a.get(n), b.get(n)) {
        (Some(x), Some(y)) => x == y || mask(x) == mask(y),
        (x, y) => x.is_none() && y.is_none(),
    };
    let n = (0..a.len().max(b.len())).find(|n| !alike(*n))?;
    let line = |lines: &[String]| match lines.get(n) {
        Some(line) => format!("line {}: {line}", n + 1),
        None => format!("no line {}", n + 1),
    };
    Some((line(a), line(b)))
}

fn replies(a: &Side, b: &Side, mask: &dyn Fn(&str) -> String, all: &mut Vec<Difference>) {
    let (Some(x), Some(y)) = (&a.reply, &b.reply) else {
        let words = |reply: &Option<Reply>| if reply.is_some() { code(reply.as_ref()) } else { "no reply".to_owned() };
        if a.reply.is_some() != b.reply.is_some() {
            all.push(Difference::Code(words(&a.reply), words(&b.reply)));
        }
        return;
    };
    if x.code() != y.code() {
        all.push(Difference::Code(code(Some(x)), code(Some(y))));
    }
    let enhanced = |reply: &Reply| reply.enhanced().map_or_else(|| "none".to_owned(), |code| code.to_string());
    if x.enhanced() != y.enhanced() {
        all.push(Difference::Enhanced(enhanced(x), enhanced(y)));
    }
    if matches!(a.kind.as_str(), "EHLO" | "LHLO") {
        let found = all.len();
        capabilities(x, y, all);
        // What means the same in other letters, with other blanks or in another order is another wording; the first line is
        // the server's name and greeting.
        let offer = |reply: &Reply| text_of(reply.lines.get(1..).unwrap_or_default());
        if let (a, b) = (offer(x), offer(y))
            && all.len() == found
            && a != b
        {
            all.push(Difference::Text(a, b));
        }
    } else if x.code().is_some_and(|code| code.number() == 334) && x.code() == y.code() {
        // A challenge is another one each time.
    } else if let (a, b) = (text(x), text(y))
        && mask(&a) != mask(&b)
    {
        all.push(Difference::Text(a, b));
    }
}

/// The texts of all lines as a file has them, so that other octets are another text.
fn text(reply: &Reply) -> String {
    text_of(&reply.lines)
}

fn text_of(lines: &[crate::smtp::ReplyLine]) -> String {
    let of = |line: &crate::smtp::ReplyLine| {
        let after = if line.code.is_some() { EnhancedCode::at_start(line.text()).map_or(0, |(_, end)| end) } else { 0 };
        crate::smtp::escape::for_file(&line.text()[after..]).trim_start().to_owned()
    };
    lines.iter().map(of).collect::<Vec<_>>().join(" ")
}

fn code(reply: Option<&Reply>) -> String {
    reply.and_then(Reply::code).map_or_else(|| "no code".to_owned(), |code| code.to_string())
}

fn capabilities(x: &Reply, y: &Reply, all: &mut Vec<Difference>) {
    let list = |reply: &Reply| -> Vec<String> {
        let offered = Capabilities::from_reply(reply).list.into_iter();
        offered.map(|c| [vec![c.keyword.to_ascii_uppercase()], c.parameters].concat().join(" ")).collect()
    };
    let (x, y) = (list(x), list(y));
    let keyword = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let alone = |line: &&String, others: &[String]| !others.contains(line);
    let (left, mut right): (Vec<_>, Vec<_>) =
        (x.iter().filter(|c| alone(c, &y)).collect(), y.iter().filter(|c| alone(c, &x)).collect());
    for line in left {
        match right.iter().position(|other| keyword(other) == keyword(line)) {
            Some(at) => all.push(Difference::Offer(line.clone(), right.remove(at).clone())),
            None => all.push(Difference::OfferedLeft(line.clone())),
        }
    }
    all.extend(right.into_iter().cloned().map(Difference::OfferedRight));
}

#[cfg(test)]
mod tests;
