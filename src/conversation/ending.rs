//! How a conversation ended where no reply says it: it was cut, nobody waited any longer, a message was left unfinished, TLS
//! did not come about, the server said nothing, or there was no connection. Lists, titles, exports and programs tell it
//! from here; what it means is `decode`'s to say.

use super::connections::{Connection, Connections, remark};
use super::dialogue::{Ask, Dialogue, Exchange};
use super::event::Remark;
use super::log::{Kind, Log};
use crate::smtp::{Phase, Verb};

/// Exchanges that are looked back through for the first that has no reply.
const PIPELINED: usize = 1000;

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The other side or the network ended the connection.
    Cut,
    /// Nobody waited any longer for a reply.
    Unanswered,
    /// The client left in the middle of a message, or of logging in.
    Abandoned,
    /// The certificate was not trusted, or the handshake failed.
    Tls,
    /// The server never said anything.
    Silence,
    /// There was no connection.
    Failed,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Cut, Self::Unanswered, Self::Abandoned, Self::Tls, Self::Silence, Self::Failed];

    /// Its name for programs, and in what is looked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Unanswered => "unanswered",
            Self::Abandoned => "abandoned",
            Self::Tls => "tls",
            Self::Silence => "silence",
            Self::Failed => "failed",
        }
    }
}

/// How a connection ended, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub end: End,
    /// The same in a few words; not escaped for a screen.
    pub words: String,
    /// The record that tells it; where none does because the recording stops, the number of the one that would follow.
    pub record: usize,
    /// The exchange whose reply did not come, or not whole.
    pub exchange: Option<usize>,
    /// Nothing was asked, and nothing begun: it takes nothing back of what was said before.
    pub at_rest: bool,
    /// How far it had come: a later connection that came as far makes up for it.
    stage: u8,
}

impl Ending {
    /// Whether it had come to a message, and not to its end.
    #[must_use]
    pub fn is_at_message(&self) -> bool {
        self.stage == DATA
    }
}

/// What there is of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Its middle was left out: only what its last lines tell is told.
    pub torn: bool,
    /// Nobody records any more: whose end stands nowhere was left there, as by an ehlo that was killed.
    pub over: bool,
}

/// How the conversation ended, where no reply says it and no later connection came as far.
#[must_use]
pub fn ending(dialogue: &Dialogue, log: &Log, extent: Extent) -> Option<Ending> {
    // How far the connections came that were looked at already, which are the later ones.
    let mut reached = None;
    connections(dialogue, log, extent, |last| {
        if let Some(ending) = last.ending() {
            return Some(reached.is_none_or(|reached| reached < ending.stage).then_some(ending));
        }
        reached = reached.max(last.own.iter().filter(|x| x.complete() && x.verb != Verb::Quit).map(stage).max());
        None
    })
    .flatten()
}

/// How each connection ended of which no reply says it, the last first.
#[must_use]
pub fn endings(dialogue: &Dialogue, log: &Log) -> Vec<Ending> {
    let mut all = Vec::new();
    let _: Option<()> = connections(dialogue, log, Extent::default(), |last| {
        all.extend(last.ending());
        None
    });
    all
}

/// How one connection ended, as far as a record.
pub(crate) fn of(dialogue: &Dialogue, log: &Log, connection: &Connection, record: usize) -> Option<Ending> {
    let (from, own) = own(dialogue, connection.from, record + 1);
    Last { dialogue, log, connection, from, own, looked: false, torn: false, stops: None }.ending()
}

/// The exchanges from a record to another, and the number of the first.
fn own(dialogue: &Dialogue, from: usize, end: usize) -> (usize, &[Exchange]) {
    let exchanges = dialogue.exchanges();
    let place = |record| exchanges.partition_point(|x| x.start() < record);
    (place(from), exchanges.get(place(from)..place(end)).unwrap_or_default())
}

/// Goes through the connections, the last first, until something is found; a closer look at a certificate is none.
fn connections<T>(
    dialogue: &Dialogue,
    log: &Log,
    extent: Extent,
    mut each: impl FnMut(&Last<'_>) -> Option<T>,
) -> Option<T> {
    let mut connections = Connections::default();
    connections.extend(log);
    let mut until = log.len();
    let mut looked = false;
    for (n, connection) in connections.list.iter().enumerate().rev() {
        // What was pasted somewhere begins without a word of its connection.
        let begin = if n == 0 { 0 } else { connection.from };
        let end = std::mem::replace(&mut until, begin);
        if connection.inspects {
            looked = true;
            continue;
        }
        let (from, own) = own(dialogue, begin, end);
        let stops = (extent.over && end == log.len() && connection.connected.is_some()).then_some(end);
        let torn = extent.torn;
        let found = each(&Last { dialogue, log, connection, from, own, looked, torn, stops });
        if found.is_some() {
            return found;
        }
        looked = false;
    }
    None
}

/// How far one is who has come to the message.
const DATA: u8 = 5;

/// How far one is who has come to an exchange.
fn stage(exchange: &Exchange) -> u8 {
    match (exchange.ask, exchange.verb) {
        (Ask::Greeting | Ask::Unasked, _) => 0,
        (Ask::EndOfData, _) => 6,
        (_, Verb::Data | Verb::Bdat) => DATA,
        (_, Verb::Rcpt) => 4,
        (_, Verb::Mail) => 3,
        (_, Verb::Starttls | Verb::Auth) => 2,
        _ => 1,
    }
}

/// One connection and what was said on it.
struct Last<'a> {
    dialogue: &'a Dialogue,
    log: &'a Log,
    connection: &'a Connection,
    /// The number of its first exchange.
    from: usize,
    own: &'a [Exchange],
    /// A closer look at the certificate followed.
    looked: bool,
    torn: bool,
    /// Where the recording stops, whatever was going on then.
    stops: Option<usize>,
}

impl Last<'_> {
    fn ending(&self) -> Option<Ending> {
        let at = self.connection.trouble;
        let trouble = remark(self.log, at);
        if let (Some(at), Some(error)) = (at, trouble.as_ref().filter(|it| it.word == "error")) {
            return Some(self.error(error, at));
        }
        let over = self.connection.closed.or(self.connection.gave_up).or(self.stops)?;
        let closed = remark(self.log, self.connection.closed);
        let by_us = closed.as_ref().is_none_or(|it| it.get("by") == Some("client"));
        if !self.own.iter().any(Exchange::complete) {
            return self.unheard(trouble.as_ref(), by_us, over);
        }
        // What the server said before it hung up says it better.
        let said = self.own.iter().rev().take(PIPELINED).find(|x| x.complete())?;
        if said.code.is_some_and(|code| code.number() == 421) {
            return None;
        }
        if !self.torn || self.waits() {
            // Of several lines the first is the one that the server owed a reply.
            let owing = self.own.iter().enumerate().rev().take(PIPELINED);
            if let Some((n, owed)) = owing.take_while(|(_, x)| !x.complete()).last() {
                let ending = || Ending { exchange: Some(self.from + n), ..self.owed(owed, by_us, over) };
                return (owed.verb != Verb::Quit).then(ending);
            }
            if let Some(ending) = self.connection.closed.or(self.stops).and_then(|closed| self.begun(by_us, closed)) {
                return Some(ending);
            }
        }
        if by_us || self.own.iter().any(|x| x.verb == Verb::Quit) {
            return None;
        }
        let after = match said.ask {
            Ask::Greeting => "its greeting",
            Ask::EndOfData => "the message",
            Ask::AuthAnswer => "AUTH",
            Ask::Unasked => "what it said unasked",
            Ask::Command if said.verb == Verb::Other => "the last line",
            Ask::Command => said.verb.word(),
        };
        let by = closed.as_ref().and_then(|it| it.get("by"));
        let words = if by == Some("server") { "closed by the server" } else { "the connection was lost" };
        let words = format!("{words} after {after}");
        Some(Ending { end: End::Cut, words, record: over, exchange: None, at_rest: true, stage: stage(said) })
    }

    /// Whether nothing has come since the last line was sent.
    fn waits(&self) -> bool {
        let said = self.log.kinds(self.connection.from).filter_map(|(_, kind, _)| match kind {
            Kind::Sent | Kind::Content => Some(true),
            Kind::Received => Some(false),
            _ => None,
        });
        said.last() == Some(true)
    }

    fn error(&self, error: &Remark, record: usize) -> Ending {
        let values = error.values.iter().filter(|(key, _)| key.is_none());
        let text = values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ");
        let greeted = self.own.iter().any(Exchange::complete);
        let (end, words) = match (error.get("kind"), text.strip_prefix(SERVERS)) {
            // In an exam why is the student's to say.
            (Some("tls"), Some(" is not trusted")) => (End::Tls, "TLS not trusted".to_owned()),
            (Some("tls"), Some(fault)) => (End::Tls, format!("TLS not trusted: the certificate{fault}")),
            (Some("tls"), None) if self.looked => (End::Tls, format!("TLS not trusted: {text}")),
            (Some("tls"), None) => (End::Tls, format!("TLS failed: {text}")),
            _ if self.connection.connected.is_none() => (End::Failed, text),
            (Some("time-out"), _) if greeted => (End::Unanswered, text),
            (Some("time-out"), _) => (End::Silence, text),
            _ => (End::Cut, text),
        };
        let stage = self.own.iter().map(stage).max().unwrap_or(0);
        Ending { end, words, record, exchange: None, at_rest: false, stage }
    }

    /// No greeting came whole.
    fn unheard(&self, trouble: Option<&Remark>, by_us: bool, record: usize) -> Option<Ending> {
        self.connection.connected?;
        let begun = self.own.first().is_some_and(|x| x.reply().is_some());
        let mode = trouble.filter(|it| it.get("kind") == Some("mode")).and_then(|it| it.bare(0));
        let words = match mode {
            Some(words) => words.to_owned(),
            None if begun => broke_off("the greeting"),
            None if !by_us => "closed before the server said anything".to_owned(),
            None if self.in_time() => "no greeting in time".to_owned(),
            None => "the server said nothing".to_owned(),
        };
        let exchange = (!self.own.is_empty()).then_some(self.from);
        Some(Ending { end: End::Silence, words, record, exchange, at_rest: false, stage: 0 })
    }

    /// Whether a time-out ended the waiting.
    fn in_time(&self) -> bool {
        remark(self.log, self.connection.gave_up).is_some_and(|it| it.get("reason") == Some("time-out"))
    }

    /// A reply is owed, or the rest of it.
    fn owed(&self, owed: &Exchange, by_us: bool, record: usize) -> Ending {
        let what = owed.awaited();
        let none = what.strip_prefix("the ").unwrap_or(&what);
        let (end, words) = match (by_us, owed.gave_up()) {
            _ if owed.reply().is_some() => (End::Cut, broke_off(&what)),
            (false, _) => (End::Cut, format!("cut, no {none}")),
            (true, true) if self.in_time() => (End::Unanswered, format!("no {none} in time")),
            (true, true) => (End::Unanswered, format!("no {none}: nobody waited any longer")),
            (true, false) => (End::Unanswered, format!("left, no {none}")),
        };
        Ending { end, words, record, exchange: None, at_rest: false, stage: stage(owed) }
    }

    /// Something was begun that is not finished by one line.
    fn begun(&self, by_us: bool, closed: usize) -> Option<Ending> {
        let phase = self.dialogue.state_at(self.log, closed.checked_sub(1)?).session.reached();
        let (what, stage) = match phase {
            Phase::Data | Phase::Bdat => ("the message", DATA),
            Phase::Auth => ("logging in", 2),
            // LMTP owes one for each recipient (RFC 2033 section 4.2).
            Phase::Verdict => {
                let left = if by_us { (End::Unanswered, "left") } else { (End::Cut, "cut") };
                let words = format!("{}, not every verdict on the message", left.1);
                let stage = DATA + 1;
                return Some(Ending { end: left.0, words, record: closed, exchange: None, at_rest: false, stage });
            }
            Phase::Handshake => {
                let words = "closed before TLS came about".to_owned();
                return Some(Ending { end: End::Tls, words, record: closed, exchange: None, at_rest: false, stage: 2 });
            }
            _ => return None,
        };
        let (end, words) = if by_us {
            (End::Abandoned, format!("{what} was abandoned"))
        } else {
            (End::Cut, format!("cut in the middle of {what}"))
        };
        Some(Ending { end, words, record: closed, exchange: None, at_rest: false, stage })
    }
}

/// How an error begins that tells what speaks against the server's certificate.
const SERVERS: &str = "the server's certificate";

/// The connection ended in the middle of this.
fn broke_off(what: &str) -> String {
    format!("{what} broke off")
}

#[cfg(test)]
mod tests;
