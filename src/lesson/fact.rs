//! The lab's logs folded into facts: what goals look at, in the order in which it happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::{Dialogue, Exchange, Kind, Log, Micros};
use crate::smtp::{Capabilities, Class, Command, Path, Phase, Reply, ReplyCode, Verb, content};

use super::finding::Finding;
use super::goal::Side;

/// Facts of one try that are kept; who does more than this has left the lesson.
const MOST: usize = 20_000;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Fact {
    /// When, by a clock that all sessions of the try share.
    pub at: Micros,
    /// In which of the lab's sessions.
    pub session: u64,
    /// Where that session stood afterwards.
    pub phase: Phase,
    /// What.
    pub what: What,
}

/// What a fact is about.
#[derive(Debug, Clone)]
pub enum What {
    /// An exchange is complete, or will never be.
    Asked(Arc<Asked>),
    /// So many commands came in one write.
    Pipelined(usize),
    /// A handshake was done.
    Tls {
        /// The version, as `1.3`.
        version: Option<(u8, u8)>,
        /// Whether the client accepted the certificate, where that is known.
        verified: Option<bool>,
    },
    /// A message was put into a mailbox.
    Delivered(String),
    /// The connection ended.
    Closed(Side),
    /// The learner typed a finding.
    Answer(Finding),
}

/// An exchange as goals see it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The verb, upper case; `CONNECT`, `END-OF-DATA`, `AUTH-ANSWER` for what has none; empty for what nobody asked.
    pub verb: String,
    /// What follows the verb.
    pub argument: String,
    /// The path of MAIL or RCPT.
    pub path: Option<Path>,
    /// Their parameters, upper case, with what follows `=`.
    pub parameters: Vec<(String, String)>,
    /// The reply; none where the connection ended before it.
    pub reply: Option<Reply>,
    /// Which mail transaction of the session it belongs to.
    pub transaction: u32,
    /// The message that ended with it.
    pub message: Option<Message>,
    /// What EHLO or LHLO was answered.
    pub capabilities: Option<Capabilities>,
    /// By which mechanism and as whom the client has logged in with it.
    pub login: Option<(String, Option<String>)>,
    /// Whether it is the first reply to what was sent (LMTP gives several to the dot).
    pub first: bool,
}

/// Whether a code says that the command is not known.
#[must_use]
pub fn is_unknown(code: ReplyCode) -> bool {
    matches!(code.number(), 500 | 502)
}

/// Whether text that comes now goes on after its message: what came last before it, other such text left out, has ended
/// that message. Latest first.
pub fn goes_on<T>(before: impl Iterator<Item = T>, is_text: impl Fn(&T) -> bool, ends: impl Fn(&T) -> bool) -> bool {
    let mut others = before.filter(|it| !is_text(it));
    others.next().is_some_and(|it| ends(&it))
}

impl Asked {
    /// The finding in `NOOP answer TEXT`: any client can say it, and it changes nothing (RFC 5321 4.1.1.9).
    fn finding(&self) -> Option<String> {
        let (word, text) = self.argument.trim().split_once(' ')?;
        let is_one = self.verb == "NOOP" && word.eq_ignore_ascii_case("answer") && self.succeeded();
        is_one.then(|| text.trim().to_owned())
    }

    /// Whether it is a line with which no command begins, and was refused as such.
    #[must_use]
    pub fn is_no_command(&self) -> bool {
        let code = self.reply.as_ref().and_then(Reply::code);
        let asked = !matches!(self.verb.as_str(), "" | "CONNECT" | "END-OF-DATA" | "AUTH-ANSWER");
        asked && Verb::from_word(&self.verb) == Verb::Other && code.is_some_and(is_unknown)
    }

    /// Whether it was answered 2yz.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| reply.class() == Class::Success)
    }
}

/// A message as it went over the wire.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Its lines without their ends and without stuffed dots.
    pub lines: Vec<Vec<u8>>,
    /// Whether a line began with a dot that was doubled.
    pub dot_stuffed: bool,
    /// Whether a line ended in a line feed alone.
    pub bare_lf: bool,
    /// Whether a line feed alone stood on either side of the dot that ended it.
    pub bare_end: bool,
    /// Its octets, without the dots that were doubled: what SIZE declares (RFC 1870 6).
    pub octets: u64,
}

impl Message {
    fn of(octets: &[u8], stuffed: bool) -> Self {
        let bare_lf = octets.iter().enumerate().any(|(at, b)| *b == b'\n' && (at == 0 || octets[at - 1] != b'\r'));
        let lines: Vec<&[u8]> = content::lines(octets).collect();
        let dot_stuffed = stuffed && lines.iter().any(|line| line.starts_with(b".."));
        let dots = if stuffed { lines.iter().filter(|line| line.starts_with(b".")).count() } else { 0 };
        let bare_end = octets.ends_with(b"\n") && !octets.ends_with(b"\r\n");
        let octets = octets.len().saturating_sub(dots) as u64;
        let line = |line: &&[u8]| if stuffed { content::unstuff(line).to_vec() } else { line.to_vec() };
        Self { lines: lines.iter().map(line).collect(), dot_stuffed, bare_lf, bare_end, octets }
    }

    /// Headers and body as text, `\n` after each line but the last. Headers end at the first empty line; where the
    /// first line is no header field, all is body.
    #[must_use]
    pub fn parts(&self) -> (String, String) {
        let lines: Vec<String> = self.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let is_field = |line: &String| {
            line.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic()))
        };
        if !lines.first().is_some_and(is_field) {
            return (String::new(), lines.join("\n"));
        }
        match lines.iter().position(String::is_empty) {
            Some(at) => (lines[..at].join("\n"), lines[at + 1..].join("\n")),
            None => (lines.join("\n"), String::new()),
        }
    }

    /// The values of a header field, folded lines joined, without white space around them.
    #[must_use]
    pub fn field(&self, name: &str) -> Vec<String> {
        let (head, _) = self.parts();
        let mut values: Vec<String> = Vec::new();
        let mut within = false;
        for line in head.lines() {
            if line.starts_with([' ', '\t']) {
                if let Some(value) = values.last_mut().filter(|_| within) {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                continue;
            }
            let field = line.split_once(':').filter(|(key, _)| key.trim_end().eq_ignore_ascii_case(name));
            within = field.is_some();
            values.extend(field.map(|(_, value)| value.trim().to_owned()));
        }
        values
    }
}

/// Gathers the facts of all sessions of a try.
#[derive(Debug, Clone)]
pub struct Watcher {
    sessions: BTreeMap<u64, Session>,
    facts: Vec<Fact>,
    /// How many are kept.
    most: usize,
}

impl Default for Watcher {
    fn default() -> Self {
        Self { sessions: BTreeMap::new(), facts: Vec::new(), most: MOST }
    }
}

impl Watcher {
    /// Keeps no more facts than this.
    pub fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// What has happened so far.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Takes in what a session's log has beyond what was seen of it before. `began` is when the session began, by the
    /// clock that all of them share.
    pub fn observe(&mut self, session: u64, began: Micros, log: &Log) {
        let known = self.sessions.entry(session).or_default();
        let new = known.extend(session, began, log);
        let room = self.most.saturating_sub(self.facts.len());
        self.facts.extend(new.into_iter().take(room));
    }

    /// Takes in a finding.
    pub fn answer(&mut self, text: &str) {
        if self.facts.len() >= self.most {
            return;
        }
        let last = self.facts.last();
        let (at, session, phase) = last.map_or((Micros(0), 0, Phase::Connecting), |f| (f.at, f.session, f.phase));
        self.facts.push(Fact { at, session, phase, what: What::Answer(Finding::new(text)) });
    }

    /// Takes in a fact that was gathered elsewhere.
    pub(super) fn push(&mut self, fact: Fact) {
        self.facts.push(fact);
    }
}

/// What is remembered of one session from one look at its log to the next.
#[derive(Debug, Clone, Default)]
struct Session {
    dialogue: Dialogue,
    /// Records looked at.
    seen: usize,
    /// Exchanges told.
    told: usize,
    /// Where the message that is being sent begins.
    content_from: usize,
    /// The number of the mail transaction.
    transaction: u32,
    mechanism: String,
    user: Option<String>,
    quit: bool,
    phase: Phase,
    /// Commands sent since the last reply, where the log shows them side by side.
    run: usize,
}

impl Session {
    fn extend(&mut self, number: u64, began: Micros, log: &Log) -> Vec<Fact> {
        let from = self.seen;
        self.seen = log.len();
        self.dialogue.extend(log);
        let mut facts = Vec::new();
        for (index, entry) in log.since(from) {
            let at = Micros(began.0 + entry.at.unwrap_or_default().0);
            let mut tell = |phase, what| facts.push(Fact { at, session: number, phase, what });
            match entry.kind {
                Kind::Received => {
                    self.run = 0;
                    while let Some(asked) = self.answered_at(log, index) {
                        let finding = asked.finding();
                        tell(self.phase, What::Asked(Arc::new(asked)));
                        if let Some(text) = finding {
                            tell(self.phase, What::Answer(Finding::new(&text)));
                        }
                    }
                }
                Kind::Sent => {
                    self.run += 1;
                    if self.run > 1 {
                        tell(self.phase, What::Pipelined(self.run));
                    }
                }
                Kind::Remark => {
                    let Some(remark) = entry.remark() else { continue };
                    if remark.word == "closed" {
                        for asked in self.never_answered(log) {
                            tell(self.phase, What::Asked(Arc::new(asked)));
                        }
                        self.phase = Phase::Closed;
                    }
                    if let Some(what) = self.said(&remark) {
                        tell(self.phase, what);
                    }
                }
                Kind::Content | Kind::Script | Kind::Comment => {}
            }
        }
        facts
    }

    /// The next exchange, if its reply ends at this record.
    fn answered_at(&mut self, log: &Log, record: usize) -> Option<Asked> {
        let exchange = *self.dialogue.exchanges().get(self.told)?;
        (exchange.complete() && *exchange.reply()?.end() <= record).then(|| self.tell(log, &exchange))
    }

    /// The exchanges that a close leaves without a reply. The greeting is none of them: nobody asked for it.
    fn never_answered(&mut self, log: &Log) -> Vec<Asked> {
        let mut all = Vec::new();
        while let Some(exchange) = self.dialogue.exchanges().get(self.told).copied() {
            let asked = self.tell(log, &exchange);
            if exchange.ask != Ask::Greeting && exchange.ask != Ask::Unasked {
                all.push(asked);
            }
        }
        all
    }

    fn tell(&mut self, log: &Log, exchange: &Exchange) -> Asked {
        let reply = if exchange.complete() { self.dialogue.reply(log, self.told) } else { None };
        self.told += 1;
        self.phase = exchange.after();
        let line = exchange.command().and_then(|record| log.get(record)).map(|entry| entry.bytes).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut asked = Asked { reply, first: !exchange.is_further_verdict(), ..Asked::default() };
        match exchange.ask {
            Ask::Greeting => "CONNECT".clone_into(&mut asked.verb),
            Ask::AuthAnswer => "AUTH-ANSWER".clone_into(&mut asked.verb),
            Ask::EndOfData => "END-OF-DATA".clone_into(&mut asked.verb),
            Ask::Unasked => {}
            Ask::Command => describe(&mut asked, &Command::parse(line)),
        }
        asked.transaction = self.transaction;
        self.follow(&mut asked, exchange, log);
        asked
    }

    /// What the exchange changes for those after it, and what they have brought to it.
    fn follow(&mut self, asked: &mut Asked, exchange: &Exchange, log: &Log) {
        let success = asked.succeeded();
        let end = exchange.reply().map_or(log.len(), |reply| *reply.start());
        let after = exchange.reply().map_or(0, |reply| reply.end() + 1);
        match (exchange.ask, exchange.verb) {
            (Ask::EndOfData, _) => {
                let mut message = Message::of(&octets(log, self.content_from, end), true);
                message.bare_end |=
                    exchange.command().and_then(|dot| log.get(dot)).is_some_and(|dot| dot.bytes.ends_with(b"\n"));
                asked.message = Some(message);
            }
            (Ask::Command, Verb::Data) => self.content_from = after,
            (Ask::Command, Verb::Bdat) if asked.argument.to_ascii_uppercase().ends_with("LAST") => {
                asked.message = Some(Message::of(&octets(log, self.content_from, end), false));
            }
            (Ask::Command, Verb::Quit) if success => self.quit = true,
            (Ask::Command, Verb::Auth) => {
                self.mechanism = asked.argument.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            }
            _ => {}
        }
        let ends_transaction =
            matches!(exchange.verb, Verb::Mail | Verb::Rset | Verb::Helo | Verb::Ehlo | Verb::Lhlo | Verb::Starttls);
        if exchange.ask == Ask::Command && ends_transaction && success {
            self.transaction += 1;
            self.content_from = after;
            asked.transaction = self.transaction;
        }
        if asked.reply.as_ref().and_then(Reply::code).is_some_and(|code| code.number() == 235) {
            asked.login = Some((self.mechanism.clone(), self.user.take()));
        }
    }

    /// What a remark of the lab's tells.
    fn said(&mut self, remark: &Remark) -> Option<What> {
        match remark.word.as_str() {
            "tls" if remark.get("failed").is_none() => Some(What::Tls {
                version: remark.get("version").and_then(version),
                verified: remark.get("verified").map(|word| word == "yes"),
            }),
            "auth" => {
                self.user = remark.get("user").map(str::to_owned);
                None
            }
            "pipelined" => remark.get("n").and_then(|n| n.parse().ok()).map(What::Pipelined),
            "delivered" => remark.get("to").map(|to| What::Delivered(to.to_owned())),
            "answer" => remark.bare(0).map(|text| What::Answer(Finding::new(text))),
            "closed" => {
                let by_client = self.quit || remark.get("by") == Some("client");
                Some(What::Closed(if by_client { Side::Client } else { Side::Server }))
            }
            _ => None,
        }
    }
}

/// Verb, argument, path and parameters of a command.
fn describe(asked: &mut Asked, command: &Command) {
    asked.verb = command.word.to_ascii_uppercase();
    asked.argument = String::from_utf8_lossy(command.argument()).into_owned();
    asked.path.clone_from(&command.path);
    asked.parameters = command
        .parameters
        .iter()
        .map(|p| (p.keyword.to_ascii_uppercase(), p.value.clone().unwrap_or_default()))
        .collect();
    if matches!(command.verb, Verb::Ehlo | Verb::Lhlo) && asked.succeeded() {
        asked.capabilities = asked.reply.as_ref().map(Capabilities::from_reply);
    }
}

/// The message content between two records, with its line ends.
fn octets(log: &Log, from: usize, end: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for (_, entry) in log.since(from).take_while(|(index, _)| *index < end).filter(|(_, e)| e.kind == Kind::Content) {
        all.extend_from_slice(entry.bytes);
        if entry.crlf {
            all.extend_from_slice(b"\r\n");
        }
    }
    all
}

/// `TLSv1.3` as numbers.
fn version(word: &str) -> Option<(u8, u8)> {
    let (major, minor) = word.strip_prefix("TLSv")?.split_once('.').unwrap_or((&word[4..], "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}
