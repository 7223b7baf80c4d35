//! What was said in a recording and what was answered.

use std::collections::BTreeSet;

use super::groups::{Answer, Group, Groups, Key};
use super::{Manner, NOTICEABLE_MS};
use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind, Log};
use crate::lab::scenario::keyword_of;
use crate::smtp::{Command, EnhancedCode, Verb};

/// Verbs whose argument does not matter.
const BARE: [Verb; 5] = [Verb::Noop, Verb::Rset, Verb::Quit, Verb::Data, Verb::Starttls];
/// Verbs whose answer does for others of their kind, if only refusals and shrugs were heard.
const ALIKE: [Verb; 3] = [Verb::Vrfy, Verb::Expn, Verb::Help];
/// Verbs that may be answered otherwise in TLS, or after a login.
const PLACED: [Verb; 3] = [Verb::Mail, Verb::Rcpt, Verb::Auth];
/// The longest silence that is kept until the server gives up, seconds.
const LONGEST_IDLE: u64 = 300;

/// All that a recording shows of a server.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// What holds in any connection; what is more general stands last.
    pub(super) groups: Vec<Group>,
    /// What holds in each connection alone, where there are several.
    pub(super) visits: Vec<Vec<Group>>,
    /// The same while the recording is gone through.
    all: Groups,
    each: Vec<Groups>,
    /// The client was offered AUTH in TLS and not before it.
    pub(super) auth_needs_tls: bool,
    /// What EHLO in clear text was told of AUTH.
    clear: Option<bool>,
    /// Mail was sent only after a login, only in TLS.
    pub(super) mail_after: [bool; 2],
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
    authenticated: bool,
    place: Place,
    record: usize,
    /// The mechanism of the login that goes on, and how often the client has answered in it.
    login: (String, u64),
    /// The accepted recipients of the transaction, where they can be named, and how many have had their verdict.
    accepted: Vec<Option<String>>,
    judged: usize,
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
        answers
    }

    /// Leaves out conditions that tell nothing apart, and puts what is more particular first.
    fn settle(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.auth_needs_tls = self.clear == Some(false) && !self.implicit && all.all_under("AUTH", "tls");
        self.mail_after = [all.all_under("MAIL", "authenticated"), all.all_under("MAIL", "tls") && !self.implicit];
        let mut telling = all.telling();
        if self.auth_needs_tls {
            telling.insert(("AUTH".to_owned(), "tls"));
        }
        self.groups = all.settled(&telling);
        let each = std::mem::take(&mut self.each);
        if each.len() < 2 {
            return;
        }
        self.visits = each.into_iter().map(|groups| groups.settled(&telling)).collect();
        // How a connection begins and ends is its own; and what each of them has needs no rule for all.
        let in_each = |key: &Key| self.visits.iter().all(|visit| visit.iter().any(|(own, _)| own == key));
        self.groups.retain(|(key, _)| !["connect", "greeting", "idle"].contains(&key.on.as_str()) && !in_each(key));
    }

    /// Takes in what stands before an exchange: a new connection, a handshake.
    fn walk(&mut self, log: &Log, exchange: &Exchange, walk: &mut Walk) {
        if exchange.ask == Ask::Greeting {
            self.each.push(Groups::default());
            *walk = Walk { record: walk.record, ..Walk::default() };
        }
        for (index, entry) in log.since(walk.record).take_while(|(index, _)| *index <= exchange.start()) {
            walk.record = index + 1;
            let remark = entry.remark();
            if remark.is_some_and(|remark| remark.word == "tls" && remark.get("failed").is_none()) {
                walk.tls = true;
                walk.authenticated = false;
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
            Ask::EndOfData => self.verdict(answer, walk),
            Ask::AuthAnswer => {
                walk.login.1 += 1;
                let (name, step) = &walk.login;
                let mut key = Key::new("auth-answer").with("step", step.to_string());
                if !name.is_empty() {
                    key = key.with("argument", mechanism(name));
                }
                self.login(key, answer, walk);
            }
            // What has no beginning begins with a reply.
            Ask::Unasked if self.each.is_empty() => {
                self.each.push(Groups::default());
                self.add(Key::new("greeting"), answer);
            }
            Ask::Unasked => {
                self.idle = Some(silence(log, exchange).clamp(1, LONGEST_IDLE));
                self.add(Key::new("idle"), answer);
            }
            Ask::Command => self.command(log, exchange, answer, walk),
        }
    }

    /// What was said of a message; in LMTP of one recipient's copy of it (RFC 2033 4.2).
    fn verdict(&mut self, answer: Answer, walk: &mut Walk) {
        let to = walk.accepted.get(walk.judged).cloned().flatten().filter(|_| self.lmtp);
        walk.judged += 1;
        walk.place = Place::Greeted;
        let key = Key::new("end-of-data");
        self.add(if let Some(to) = to { key.with("to", super::quoted(&to)) } else { key }, answer);
    }

    /// What was said within a login: passwords are never recorded, and so none can be looked at.
    fn login(&mut self, key: Key, mut answer: Answer, walk: &mut Walk) {
        if answer.starts('2') {
            walk.authenticated = true;
            answer.note = Some("AUTH: any password does here: a recording holds none");
        }
        self.add(key, answer);
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
            let mut words = line.get(4..).unwrap_or_default().split_whitespace();
            let name = words.find(|word| EnhancedCode::parse(word).is_none());
            let host = |name: &&str| {
                let letters = name.bytes().any(|b| b.is_ascii_alphabetic());
                letters && name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
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
        match verb {
            Verb::Rcpt if answer.starts('2') => {
                self.accepted(argument);
                let path = Command::parse(line.bytes).path.filter(|_| !line.masked);
                walk.accepted.push(path.map(|path| path.address()).filter(|to| !to.contains(['*', '?', '{', '"'])));
            }
            Verb::Mail => (walk.accepted, walk.judged) = (Vec::new(), 0),
            _ => {}
        }
        // The last chunk is judged as the end of the message.
        let chunk = argument.to_ascii_uppercase();
        if verb == Verb::Bdat && chunk.ends_with(" LAST") {
            return self.verdict(answer, walk);
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
        for (condition, holds) in [("tls", walk.tls), ("authenticated", walk.authenticated)] {
            if holds && PLACED.contains(&verb) {
                key = key.with(condition, "true".to_owned());
            }
        }
        if ALIKE.contains(&verb) && matches!(answer.code(), Some("252" | "500" | "502" | "503" | "550")) {
            self.add_general(&key, &answer);
        }
        if verb == Verb::Auth {
            walk.login = (argument.split_whitespace().next().unwrap_or_default().to_owned(), 0);
            return self.login(key.with("argument", mechanism(argument)), answer, walk);
        }
        self.add(key.with("argument", pattern(argument, line.masked)), answer);
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
        if verb != Verb::Helo && answer.starts('2') && !tls {
            let offers = answer.lines.iter().skip(1).filter_map(|line| line.get(4..));
            *self.clear.get_or_insert(false) |=
                offers.into_iter().any(|line| keyword_of(line).eq_ignore_ascii_case("AUTH"));
        }
        let key = Key::new(verb.word()).with("tls", tls.to_string());
        self.add_general(&key, &answer);
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
        if let Some(groups) = self.each.last_mut() {
            groups.add(key.clone(), answer.clone());
        }
        self.all.add(key, answer);
    }

    fn add_general(&mut self, key: &Key, answer: &Answer) {
        if let Some(groups) = self.each.last_mut() {
            groups.add_general(key.clone(), answer.clone());
        }
        self.all.add_general(key.clone(), answer.clone());
    }
}

/// The answer to an exchange; `next` is the record at which the next one begins.
fn answer(log: &Log, exchange: &Exchange, next: usize, manner: Manner) -> Answer {
    let is_control = |c: char| c.is_control() && c != '\t';
    let (mut lines, mut octets, mut plain) = (Vec::new(), Vec::new(), true);
    for index in exchange.reply().into_iter().flatten() {
        let Some(entry) = log.get(index).filter(|entry| entry.kind == Kind::Received) else { continue };
        plain &= entry.crlf && std::str::from_utf8(entry.bytes).is_ok_and(|text| !text.contains(is_control));
        octets.extend_from_slice(entry.bytes);
        octets.extend_from_slice(if entry.crlf { b"\r\n" } else { b"" });
        let text = if plain { entry.bytes } else { entry.bytes.trim_ascii_end() };
        lines.push(String::from_utf8_lossy(text).replace(is_control, "?"));
    }
    let end = exchange.reply().map_or(exchange.start(), |reply| *reply.end());
    let remarks = log.since(end).take_while(|(index, _)| *index < next).filter_map(|(_, entry)| entry.remark());
    let mut ends = remarks.filter(|remark| remark.word == "closed");
    let closes = exchange.verb != Verb::Quit && ends.any(|remark| remark.get("by") == Some("server"));
    let took = exchange.latency(log).map(|took| took.0 / 1_000).filter(|ms| manner.pace && *ms >= NOTICEABLE_MS);
    Answer { lines, octets: (!plain).then_some(octets), closes, delay: took, note: None }
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
