//! What was said in a recording and what was answered, in groups: the same thing said again is in the same group.

use std::collections::BTreeSet;

use super::{Manner, NOTICEABLE_MS};
use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind, Log};
use crate::lab::scenario::keyword_of;
use crate::smtp::{EnhancedCode, Verb};

/// Verbs whose argument does not matter.
const BARE: [Verb; 5] = [Verb::Noop, Verb::Rset, Verb::Quit, Verb::Data, Verb::Starttls];
/// Verbs whose answer does for others of their kind, if only refusals and shrugs were heard.
const ALIKE: [Verb; 3] = [Verb::Vrfy, Verb::Expn, Verb::Help];
/// The longest silence that is kept until the server gives up, seconds.
const LONGEST_IDLE: u64 = 300;

/// When a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) on: String,
    /// Conditions with their values, as TOML.
    pub(super) conditions: Vec<(&'static str, String)>,
}

impl Key {
    fn new(on: &str) -> Self {
        Self { on: on.to_owned(), conditions: Vec::new() }
    }

    fn with(mut self, condition: &'static str, value: String) -> Self {
        self.conditions.push((condition, value));
        self
    }
}

/// What the server did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Answer {
    /// The lines of its reply; none where it said nothing.
    pub(super) lines: Vec<String>,
    /// It closed then.
    pub(super) closes: bool,
    /// Milliseconds that it took, where that is kept.
    pub(super) delay: Option<u64>,
}

impl Answer {
    fn code(&self) -> Option<&str> {
        self.lines.last()?.get(..3)
    }

    fn starts(&self, digit: char) -> bool {
        self.lines.last().is_some_and(|line| line.starts_with(digit))
    }
}

/// All that a recording shows of a server.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// In the order in which each thing was first said; what is more general stands last.
    pub(super) groups: Vec<(Key, Vec<Answer>)>,
    pub(super) connections: usize,
    /// Whether the server said anything.
    pub(super) said: bool,
    /// The server's name.
    pub(super) name: Option<String>,
    /// Greeting and the like: by what it can be recognised.
    pub(super) words: String,
    pub(super) offers: Vec<String>,
    pub(super) verbs: BTreeSet<&'static str>,
    /// It has used enhanced status codes.
    pub(super) enhanced: bool,
    /// It was greeted by LHLO and took that: one that refuses LHLO speaks SMTP.
    pub(super) lmtp: bool,
    /// TLS came first.
    pub(super) implicit: bool,
    /// Addresses that it accepted: local part and domain.
    pub(super) recipients: Vec<(String, String)>,
    /// It accepted something that is no plain address.
    pub(super) odd_recipient: bool,
    /// Seconds of silence after which it gave up.
    pub(super) idle: Option<u64>,
    /// Less particular groups, for what was said with another argument.
    general: Vec<(Key, Vec<Answer>)>,
}

/// Where the lab's session will be, by what was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Connected,
    Greeted,
    Mail,
    Rcpt,
}

impl Place {
    fn word(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Greeted => "greeted",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
        }
    }

    fn after(self, verb: Verb, answer: &Answer) -> Self {
        let done = answer.starts('2');
        match verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if done => Self::Greeted,
            Verb::Starttls if done => Self::Connected,
            Verb::Mail if done => Self::Mail,
            Verb::Rcpt if done => Self::Rcpt,
            Verb::Rset if done && self != Self::Connected => Self::Greeted,
            _ => self,
        }
    }
}

/// How far the walk through the recording has come.
#[derive(Debug, Default)]
struct Walk {
    tls: bool,
    place: Place,
    record: usize,
}

impl Answers {
    pub(super) fn of(document: &Document, manner: Manner) -> Self {
        let log = &document.log;
        let dialogue = Dialogue::of(log);
        let mut answers = Self::default();
        let mut walk = Walk::default();
        let exchanges = dialogue.exchanges();
        for (n, exchange) in exchanges.iter().enumerate() {
            let next = exchanges.get(n + 1).map_or(log.len(), Exchange::start);
            answers.walk(log, exchange, &mut walk);
            let answer = answer(log, exchange, next, manner);
            answers.take(log, exchange, answer, &mut walk);
        }
        answers.settle();
        let general = std::mem::take(&mut answers.general);
        for (key, list) in general {
            // Without anything more particular before it, it is all there is to say.
            answers.groups.push((key, list.into_iter().next_back().into_iter().collect()));
        }
        answers
    }

    /// Leaves out conditions that tell nothing apart, and puts what is more particular first.
    fn settle(&mut self) {
        let with_tls = |groups: &[(Key, Vec<Answer>)], on: &str, tls: &str| {
            groups.iter().any(|(key, _)| {
                key.on == on && key.conditions.iter().any(|(name, value)| *name == "tls" && value == tls)
            })
        };
        let greetings = ["EHLO", "HELO", "LHLO"];
        let alike: Vec<&str> = greetings
            .into_iter()
            .filter(|on| !(with_tls(&self.groups, on, "true") && with_tls(&self.groups, on, "false")))
            .collect();
        for (key, _) in self.groups.iter_mut().chain(&mut self.general) {
            if alike.contains(&key.on.as_str()) {
                key.conditions.retain(|(name, _)| *name != "tls");
            }
        }
        self.groups.sort_by_key(|(key, _)| !key.conditions.iter().any(|(name, _)| *name == "phase"));
    }

    /// Takes in what stands before an exchange: a new connection, a handshake.
    fn walk(&mut self, log: &Log, exchange: &Exchange, walk: &mut Walk) {
        if exchange.ask == Ask::Greeting {
            self.connections += 1;
            *walk = Walk { record: walk.record, ..Walk::default() };
        }
        for (index, entry) in log.since(walk.record).take_while(|(index, _)| *index <= exchange.start()) {
            walk.record = index + 1;
            let remark = entry.remark();
            if remark.is_some_and(|remark| remark.word == "tls" && remark.get("failed").is_none()) {
                walk.tls = true;
                walk.place = Place::Connected;
            }
        }
    }

    fn take(&mut self, log: &Log, exchange: &Exchange, answer: Answer, walk: &mut Walk) {
        if !answer.lines.is_empty() {
            self.said = true;
        }
        self.enhanced |= answer
            .lines
            .iter()
            .any(|line| line.get(4..).is_some_and(|text| EnhancedCode::at_start(text.as_bytes()).is_some()));
        match exchange.ask {
            Ask::Greeting => self.greeting(log, exchange, answer, walk),
            Ask::EndOfData => {
                self.add(Key::new("end-of-data"), answer);
                walk.place = Place::Greeted;
            }
            Ask::AuthAnswer => self.add(Key::new("auth-answer"), answer),
            // What has no beginning begins with a reply.
            Ask::Unasked if self.connections == 0 => {
                self.connections = 1;
                self.add(Key::new("greeting"), answer);
            }
            Ask::Unasked => {
                self.idle = Some(silence(log, exchange).clamp(1, LONGEST_IDLE));
                self.add(Key::new("idle"), answer);
            }
            Ask::Command => self.command(log, exchange, answer, walk),
        }
    }

    fn greeting(&mut self, log: &Log, exchange: &Exchange, answer: Answer, walk: &mut Walk) {
        // A handshake before the greeting stands between the connection and its first line.
        let upto = exchange.reply().map_or(log.len(), |reply| *reply.start());
        for (_, entry) in log.since(exchange.start()).take_while(|(index, _)| *index < upto) {
            if entry.remark().is_some_and(|remark| remark.word == "tls" && remark.get("failed").is_none()) {
                walk.tls = true;
                self.implicit = true;
            }
        }
        if let Some(line) = answer.lines.first() {
            self.words.push_str(line);
            self.words.push('\n');
            let name = line.get(4..).and_then(|text| text.split_whitespace().next());
            let host = |name: &&str| {
                name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
            };
            self.name = self.name.take().or_else(|| name.filter(host).map(str::to_owned));
        }
        let on = if answer.starts('2') { "greeting" } else { "connect" };
        self.add(Key::new(on), answer);
    }

    fn command(&mut self, log: &Log, exchange: &Exchange, answer: Answer, walk: &mut Walk) {
        let Some(line) = exchange.command().and_then(|record| log.get(record)) else { return };
        let text = String::from_utf8_lossy(line.bytes);
        let text = text.trim_end();
        let (word, argument) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let argument = argument.trim_start();
        let verb = Verb::from_word(word);
        self.verbs.insert(verb.word());
        self.lmtp |= verb == Verb::Lhlo && answer.starts('2');
        let place = walk.place;
        walk.place = place.after(verb, &answer);
        if verb == Verb::Rcpt && answer.starts('2') {
            self.accepted(argument);
        }
        // The last chunk is judged as the end of the message.
        let chunk = argument.to_ascii_uppercase();
        if verb == Verb::Bdat && chunk.ends_with(" LAST") {
            walk.place = Place::Greeted;
            return self.add(Key::new("end-of-data"), answer);
        }
        match verb {
            Verb::Ehlo | Verb::Helo | Verb::Lhlo => return self.greets(verb, argument, answer, walk.tls),
            Verb::Other => {
                return self.add(Key::new("any").with("line", pattern(text, line.masked)), answer);
            }
            _ => {}
        }
        let mut key = Key::new(verb.word());
        // What was said where it is not due has an answer of its own.
        let due = match verb {
            Verb::Mail => place == Place::Greeted,
            Verb::Rcpt => matches!(place, Place::Mail | Place::Rcpt),
            Verb::Data => place == Place::Rcpt,
            _ => true,
        };
        if !due {
            key = key.with("phase", format!("\"{}\"", place.word()));
        }
        if BARE.contains(&verb) {
            return self.add(key, answer);
        }
        if ALIKE.contains(&verb) && matches!(answer.code(), Some("252" | "500" | "502" | "503" | "550")) {
            let general = (key.clone(), answer.clone());
            Self::into(&mut self.general, general.0, general.1);
        }
        let argument = if verb == Verb::Auth { mechanism(argument) } else { pattern(argument, line.masked) };
        self.add(key.with("argument", argument), answer);
    }

    /// A greeting of the client's: the server says the same to whoever greets.
    fn greets(&mut self, verb: Verb, argument: &str, answer: Answer, tls: bool) {
        for line in answer.lines.iter().skip(1).filter(|_| answer.starts('2') && verb != Verb::Helo) {
            let offer = line.get(4..).unwrap_or_default().trim();
            let known = self.offers.iter().position(|known| keyword_of(known).eq_ignore_ascii_case(keyword_of(offer)));
            match known {
                Some(at) => offer.clone_into(&mut self.offers[at]),
                None if offer.is_empty() || offer.chars().any(char::is_control) => {}
                None => self.offers.push(offer.to_owned()),
            }
        }
        let key = Key::new(verb.word()).with("tls", tls.to_string());
        Self::into(&mut self.general, key.clone(), answer.clone());
        self.add(key.with("argument", pattern(argument, false)), answer);
    }

    fn accepted(&mut self, argument: &str) {
        let path = argument.get(3..).filter(|_| argument.get(..3).is_some_and(|to| to.eq_ignore_ascii_case("TO:")));
        let path = path.and_then(|path| path.trim_start().strip_prefix('<')?.split_once('>')).map(|(path, _)| path);
        let plain = |text: &str| !text.is_empty() && !text.contains(['"', ',', ':', '@', '%', ' ', '\\']);
        match path.and_then(|path| path.rsplit_once('@')) {
            Some((local, domain)) if plain(local) && plain(domain) => {
                self.recipients.push((local.to_lowercase(), domain.to_lowercase()));
            }
            _ => self.odd_recipient = true,
        }
    }

    fn add(&mut self, key: Key, answer: Answer) {
        Self::into(&mut self.groups, key, answer);
    }

    fn into(groups: &mut Vec<(Key, Vec<Answer>)>, key: Key, answer: Answer) {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, list)) => list.push(answer),
            None => groups.push((key, vec![answer])),
        }
    }
}

/// The answer to an exchange; `next` is the record at which the next one begins.
fn answer(log: &Log, exchange: &Exchange, next: usize, manner: Manner) -> Answer {
    let mut lines = Vec::new();
    for index in exchange.reply().into_iter().flatten() {
        let Some(entry) = log.get(index).filter(|entry| entry.kind == Kind::Received) else { continue };
        let text = String::from_utf8_lossy(entry.bytes.trim_ascii_end()).into_owned();
        lines.push(text.replace(|c: char| c.is_control() && c != '\t', "?"));
    }
    let end = exchange.reply().map_or(exchange.start(), |reply| *reply.end());
    let remarks = log.since(end).take_while(|(index, _)| *index < next).filter_map(|(_, entry)| entry.remark());
    let mut ends = remarks.filter(|remark| remark.word == "closed");
    let closes = exchange.verb != Verb::Quit && ends.any(|remark| remark.get("by") == Some("server"));
    let took = exchange.latency(log).map(|took| took.0 / 1_000).filter(|ms| manner.pace && *ms >= NOTICEABLE_MS);
    Answer { lines, closes, delay: took }
}

/// Seconds between what was said last and what came unasked.
fn silence(log: &Log, exchange: &Exchange) -> u64 {
    let start = exchange.start();
    let at = log.get(start).and_then(|entry| entry.at);
    let before = log.since(0).take_while(|(index, _)| *index < start).filter_map(|(_, entry)| entry.at).last();
    at.zip(before).map_or(0, |(at, before)| at.0.saturating_sub(before.0).div_ceil(1_000_000))
}

/// A pattern that only this text meets, in any case; what was masked is anything.
fn pattern(text: &str, masked: bool) -> String {
    let text = if masked {
        text.split("{{auth}}").map(regex::escape).collect::<Vec<_>>().join(".*")
    } else {
        regex::escape(text)
    };
    // Braces are written by their number: two of them would be a name to be filled in.
    let text = text.replace(r"\{", r"\x7B").replace(r"\}", r"\x7D");
    super::quoted(&format!("(?i)^{text}$"))
}

/// A pattern of AUTH's argument: the mechanism alone, since the rest is nobody's business.
fn mechanism(argument: &str) -> String {
    let name = argument.split_whitespace().next().unwrap_or_default();
    super::quoted(&format!(r"(?i)^{}(\s|$)", regex::escape(name).replace(r"\{", r"\x7B").replace(r"\}", r"\x7D")))
}
