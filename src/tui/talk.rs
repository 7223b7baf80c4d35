//! The conversation that is on the screen: its log, its folds, and what the panes need to know of where it comes from.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::event::{Event, Recording, Remark, Timed};
use crate::conversation::file::Header;
use crate::conversation::{Dialogue, Kind, Log};
use crate::decode::{
    Context, Does, Explanation, Knowledge, Reported, explain_exchange, explain_reported, gives_up, reported_in,
};
use crate::lesson::Goal;
use crate::profile::duration;
use crate::smtp::{Phase, Verb, sasl};

use super::given::{Given, Told};

mod steps;

use steps::{OpenStep, doable, without_connection};

/// Where the conversation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// It happens now.
    #[default]
    Live,
    /// It was opened from a file.
    Opened,
}

/// One conversation. Live and opened ones differ in `source` alone.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// Where it comes from.
    pub source: Source,
    /// The target or title, for the title line.
    pub name: String,
    /// Where it is recorded, or was opened from.
    pub path: Option<PathBuf>,
    /// The target that the head of an opened file names.
    pub target: Option<String>,
    /// The head of its file; of a live one also where it could not be recorded.
    pub head: Option<Box<Header>>,
    /// When it was recorded, where its head says so.
    pub started: Option<Timestamp>,
    /// The program that wrote the file had no clock: its times only keep the order.
    pub timeless: bool,
    /// The class in whose exam it was held, as the head of an opened file says: nothing of it is explained.
    pub exam: Option<String>,
    /// Its tags, where it was opened from a file.
    pub tags: Vec<String>,
    /// What became of a conversation in a file: the last verdict or refusal; empty where nothing did.
    pub outcome: String,
    /// It is of a newer format, and nothing is appended to it.
    pub read_only: bool,
    /// The line of an opened file at which it could not be read on; nothing is appended to it either.
    pub broken: Option<usize>,
    /// The head of a conversation that another program wrote: it is in no file of ehlo's, and nothing is appended.
    pub imported: Option<Box<Header>>,
    /// More of it is still being read.
    pub partial: bool,
    /// Its file has become another one since it was read.
    pub stale: bool,
    /// What happened.
    pub log: Log,
    /// The same folded.
    pub dialogue: Dialogue,
    /// The last remark that says where the connection goes.
    pub connected: Option<Remark>,
    /// The last remark about TLS of this connection.
    pub tls: Option<Remark>,
    /// The last thing that went wrong or ended the connection.
    pub ended: Option<Remark>,
    /// After how much silence NOOP is sent by itself, as the transcript says it; none while it is not.
    pub keep_alive: Option<String>,
    /// After how much silence the server cuts the line, where that is known.
    pub idle: Option<Duration>,
    /// The last warning that something which the server offered earlier is missed on this connection, as long as nobody
    /// has done without it.
    pub misses: Option<usize>,
    /// What its file lacks of a live one; none where all of it is there.
    pub recording: Option<Recording>,
    /// Reading has stopped, since the server sent too much at once.
    pub flooded: bool,
    /// The mechanism that the target names for logging in: next steps offer it.
    pub mechanism: Option<String>,
    /// A text to explain that is no part of it.
    given: Option<Given>,
    inspecting: bool,
    /// Answers within AUTH that were sent although they did not look like what was meant: how many records there were
    /// before, and what a refusal then rests on. They are masked, so nothing of it can be read from the log.
    doubts: Vec<(usize, &'static str)>,
    /// The last explanation, and what it was made from.
    explained: Option<(Seen, Explanation)>,
}

impl Talk {
    /// Whether it is a script that was opened: lines to send, of which nothing was recorded.
    #[must_use]
    pub fn is_script(&self) -> bool {
        let unspoken =
            self.source == Source::Opened && self.connected.is_none() && self.dialogue.exchanges().is_empty();
        unspoken && self.log.kinds(0).any(|(_, kind, _)| kind == Kind::Script)
    }

    /// A conversation that begins now.
    #[must_use]
    pub fn live(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A conversation that was read from a file, folded.
    #[must_use]
    pub fn opened(name: String, path: PathBuf, log: Log) -> Self {
        let dialogue = Dialogue::of(&log);
        Self::folded(name, path, log, dialogue)
    }

    /// The same, of a log that was folded already.
    #[must_use]
    pub fn folded(name: String, path: PathBuf, log: Log, dialogue: Dialogue) -> Self {
        let mut talk = Self { source: Source::Opened, name, path: Some(path), dialogue, ..Self::default() };
        for (record, entry) in log.of_kind(Kind::Remark) {
            entry.remark().inspect(|remark| talk.remark(record, remark));
        }
        talk.outcome = crate::library::outcome(&talk.dialogue, &log).map(|it| it.to_string()).unwrap_or_default();
        talk.log = log;
        talk
    }

    /// The same with so many of its records.
    #[must_use]
    pub fn beginning(&self, records: usize) -> Self {
        let mut begun = Self { path: self.path.clone(), ..Self::opened(self.name.clone(), PathBuf::new(), Log::new()) };
        begun.target.clone_from(&self.target);
        begun.imported.clone_from(&self.imported);
        begun.head.clone_from(&self.head);
        begun.exam.clone_from(&self.exam);
        (begun.started, begun.read_only, begun.broken) = (self.started, self.read_only, self.broken);
        begun.timeless = self.timeless;
        begun.copy(self, records);
        begun
    }

    /// Goes on with another one's records, of which this is the beginning, up to so many.
    pub fn copy(&mut self, whole: &Self, records: usize) {
        for (record, entry) in whole.log.since(self.log.len()).take_while(|(record, _)| *record < records) {
            if let Some(remark) = entry.remark() {
                self.remark(record, &remark);
            }
            let copied = self.log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            debug_assert_eq!(copied, record);
        }
        self.dialogue.extend(&self.log);
    }

    /// Takes in what happened, in order.
    pub fn take(&mut self, events: impl IntoIterator<Item = Timed>) {
        for Timed { at, event } in events {
            if let Event::Remark(remark) = &event {
                self.remark(self.log.len(), remark);
            }
            self.log.push(at, &event);
        }
        self.dialogue.extend(&self.log);
    }

    /// Whether it goes on and nothing of it is written down.
    #[must_use]
    pub fn is_unrecorded(&self) -> bool {
        self.source == Source::Live && self.recording == Some(Recording::Fails)
    }

    fn remark(&mut self, record: usize, remark: &Remark) {
        self.recording = remark.recording().or(self.recording);
        match (remark.word.as_str(), remark.get("kind")) {
            ("warning", Some("flood")) => self.flooded = true,
            ("warning", Some("offer")) => self.misses = Some(record),
            ("offer", _) => self.misses = None,
            ("connecting" | "closed", _) => (self.flooded, self.misses) = (false, None),
            _ => {}
        }
        match remark.word.as_str() {
            "set" => self.retag(remark),
            // What follows looks closer at what ended the connection, and does not take its place.
            "inspecting" => self.inspecting = true,
            "connecting" | "connected" | "tls" | "closed" | "error" if self.inspecting => {
                self.inspecting = remark.word != "closed";
            }
            "connecting" => {
                (self.connected, self.tls, self.ended) = (None, None, None);
                // The next connection of this conversation leads to the same server, which has the same patience.
                self.keep_alive = None;
            }
            "keep-alive" => self.keep_alive = remark.get("every").filter(|every| *every != "never").map(str::to_owned),
            "idle" => {
                let limit = remark.get("limit").or_else(|| remark.get("after"));
                self.idle = limit.and_then(|limit| duration::parse(limit).ok()).or(self.idle);
            }
            "connected" => self.connected = Some(remark.clone()),
            "tls" => self.tls = Some(remark.clone()),
            "error" => self.ended = Some(remark.clone()),
            "closed" if self.ended.is_none() => self.ended = Some(remark.clone()),
            _ => {}
        }
    }

    /// Tags that were given or taken later.
    fn retag(&mut self, remark: &Remark) {
        for (_, tag) in remark.values.iter().filter(|(key, _)| key.as_deref() == Some("tag")) {
            self.tags.retain(|known| known != tag);
            if remark.get("off").is_none() {
                self.tags.push(tag.clone());
            }
        }
    }

    /// Whether what goes on is only a closer look at a certificate that was not trusted.
    #[must_use]
    pub fn is_inspecting(&self) -> bool {
        self.source == Source::Live && self.inspecting
    }

    /// The same peer is connected to again: whatever was going on is over.
    pub fn goes_on(&mut self) {
        self.inspecting = false;
    }

    /// Whether a connection is open or being made; a closer look at a certificate takes no lines, and is none.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.source == Source::Live
            && !self.inspecting
            && self.dialogue.state().phase() != Phase::Closed
            && !(self.log.is_empty() && self.dialogue.state().phase() == Phase::Connecting)
    }

    /// The last exchange with a complete reply: what the panel shows while nothing is selected.
    #[must_use]
    pub fn last_answered(&self) -> Option<usize> {
        let exchanges = self.dialogue.exchanges();
        // What keeps the connection alive is nothing to look at: what was answered before it is.
        let by_itself = |x: &Exchange| {
            let before = (x.verb == Verb::Noop).then(|| x.command()?.checked_sub(1)).flatten();
            before.and_then(|before| self.log.get(before)).is_some_and(|entry| entry.bytes == b"auto keep-alive")
        };
        exchanges.iter().rposition(|x| x.complete() && !by_itself(x))
    }

    /// Makes sure that [`Self::explanation`] is about this; decodes at most once a change. What leads past the open `step` of
    /// a lesson stands last among the next steps, and none of them names a sender that the step does not take.
    pub fn explain(&mut self, about: Option<About>, knowledge: &Knowledge, step: Option<&Goal>) {
        let Some(about) = about else {
            self.explained = None;
            return;
        };
        let seen = Seen { step: step.map(OpenStep::of).unwrap_or_default(), ..self.seen(about) };
        if self.explained.as_ref().is_some_and(|(before, _)| *before == seen) {
            return;
        }
        let explanation = match about {
            About::Exchange(exchange) => explain_exchange(exchange, &self.dialogue, &self.log, knowledge),
            About::Report(record) => self
                .log
                .get(record)
                .and_then(|entry| reported_in(&entry.remark()?))
                .map(|report| explain_reported(&report, &Context::default(), knowledge)),
            About::Given => self.given.as_mut().and_then(|given| given.explained(knowledge)),
        };
        let explanation = explanation.map(|it| self.as_it_was_typed(about, self.as_the_target_says(doable(it))));
        let explanation = explanation.map(|it| if self.source == Source::Opened { without_connection(it) } else { it });
        let explanation = explanation.map(|it| seen.step.lead(it));
        self.explained = explanation.map(|explanation| (seen, explanation));
    }

    /// Whether this is the way of a message, read from its header, and no conversation.
    #[must_use]
    pub fn is_way(&self) -> bool {
        let first = self.log.get(0).filter(|entry| entry.kind == Kind::Remark);
        first.is_some_and(|entry| entry.bytes.starts_with(b"hop ") || entry.bytes.starts_with(b"dsn "))
    }

    /// The record where a delivery report is that a bounce was opened for: the marked one, or the first.
    #[must_use]
    pub fn report(&self, marked: Option<usize>) -> Option<usize> {
        let is_report = |record: &usize| {
            self.log.get(*record).is_some_and(|it| it.kind == Kind::Remark && it.bytes.starts_with(b"dsn "))
        };
        marked.filter(is_report).or_else(|| (0..self.log.len().min(MOST_HOPS)).find(is_report))
    }

    /// An answer within AUTH is sent that looks like a mistake, by the name of its lint.
    pub fn doubt(&mut self, lint: &str) {
        let why = match lint {
            "not-base64" => "An answer was no base64: it went out as it was typed, without the $ that encodes it",
            "base64-of-no-text" => {
                "An answer was base64 of no text: what was typed went out as it stood, without the $ that encodes it"
            }
            _ => return,
        };
        self.doubts.push((self.log.len(), why));
    }

    /// A log-in that was refused after an answer that looked like a mistake was refused for that.
    fn as_it_was_typed(&self, about: About, mut explanation: Explanation) -> Explanation {
        let About::Exchange(number) = about else { return explanation };
        let exchanges = self.dialogue.exchanges();
        let begins = |x: &Exchange| x.verb == Verb::Auth && x.ask == Ask::Command;
        let refused = explanation.class.is_refusal() && exchanges.get(number).is_some_and(|x| x.verb == Verb::Auth);
        let begun = exchanges.get(..=number).and_then(|before| before.iter().rposition(begins)).filter(|_| refused);
        let (Some(begun), Some(end)) = (begun, exchanges.get(number).and_then(Exchange::reply)) else {
            return explanation;
        };
        let within = exchanges[begun].start()..*end.end();
        for (_, why) in self.doubts.iter().rev().filter(|(at, _)| within.contains(at)) {
            // What is said of every log-in gives way to what is seen of this one.
            explanation.causes.retain(|cause| *cause != *why && !cause.is_about_base64());
            explanation.causes.insert(0, (*why).into());
        }
        explanation
    }

    /// Steps that log in do it with the mechanism that the target names, where the server offers that.
    fn as_the_target_says(&self, mut explanation: Explanation) -> Explanation {
        let state = self.dialogue.state();
        let offered = state.session.capabilities.mechanisms();
        // No step sends a password over a line that anybody can read, whatever the target names.
        let safe = |name: &String| state.session.tls || sasl::known(name).is_some_and(|known| !known.shows_secret);
        let Some(mechanism) = self.mechanism.as_ref().filter(|named| offered.contains(named) && safe(named)) else {
            return explanation;
        };
        for step in &mut explanation.next {
            if let Does::Command(line) = &mut step.does
                && line.strip_prefix("AUTH ").is_some_and(|named| offered.iter().any(|it| it == named))
            {
                *line = format!("AUTH {mechanism}");
            }
        }
        explanation
    }

    fn seen(&self, about: About) -> Seen {
        let exchanges = self.dialogue.exchanges();
        match about {
            About::Exchange(exchange) => Seen {
                about,
                reply: exchanges.get(exchange).and_then(Exchange::reply).map(|reply| *reply.end()),
                last_words: exchange + 1 == exchanges.len() && self.dialogue.state().phase() == Phase::Closed,
                step: OpenStep::default(),
                misses: self.misses,
            },
            About::Report(_) | About::Given => {
                Seen { about, reply: None, last_words: false, step: OpenStep::default(), misses: None }
            }
        }
    }

    /// A text is to be explained that is no part of the conversation, until another exchange than this is selected or
    /// answered; an empty one ends it.
    pub fn give(&mut self, whole: &str, selected: Option<usize>) {
        let beside = (selected, self.last_answered());
        let text = whole.split_whitespace().collect::<Vec<_>>().join(" ");
        self.given = (!text.is_empty()).then(|| Given::new(text, whole.to_owned(), beside));
        self.forget_explanation();
    }

    /// Whether such a text is still to be explained; it no longer is once something else was selected or answered.
    pub fn keeps_given(&mut self, selected: Option<usize>) -> bool {
        let beside = (selected, self.last_answered());
        self.given.take_if(|given| given.beside != beside);
        self.given.is_some()
    }

    /// The text that is explained in place of the conversation.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.given.as_ref().map(|given| given.text.as_str())
    }

    /// The recipients that it is about, where it is a bounce: the first is the one that is explained.
    #[must_use]
    pub(super) fn recipients(&self) -> &[Told] {
        self.given.as_ref().map_or(&[], |given| &given.recipients)
    }

    /// How many recipients it is about beside those.
    #[must_use]
    pub fn more_recipients(&self) -> usize {
        self.given.as_ref().map_or(0, |given| given.more)
    }

    /// Those of them that are still to be explained, beside the loop.
    pub fn unexplained(&mut self) -> Option<Vec<Reported>> {
        self.given.as_mut()?.unexplained()
    }

    /// Takes in what came of them.
    pub fn explained_others(&mut self, titles: &[(Reported, String)]) {
        self.given.iter_mut().for_each(|given| given.take(titles));
    }

    /// Decodes anew when asked next: more is known now.
    pub fn forget_explanation(&mut self) {
        self.explained = None;
        self.given.iter_mut().for_each(Given::forget);
    }

    /// The explanation asked for last, and what it is about.
    #[must_use]
    pub fn explanation(&self) -> Option<(About, &Explanation)> {
        self.explained.as_ref().map(|(seen, explanation)| (seen.about, explanation))
    }

    /// Whether the last reply refuses a log-in.
    #[must_use]
    pub fn login_failed(&self) -> bool {
        let last = self.last_answered().and_then(|last| self.dialogue.exchanges().get(last));
        last.is_some_and(|x| {
            x.verb == Verb::Auth && x.code.is_some_and(|code| code.class().is_refusal()) && !gives_up(x, &self.log)
        })
    }

    /// The line that is the next step after the last reply, where that refuses and is what is explained.
    #[must_use]
    pub fn advised(&self) -> Option<&str> {
        let (about, explanation) = self.explanation().filter(|(_, explanation)| explanation.class.is_refusal())?;
        let last = matches!(about, About::Exchange(exchange) if Some(exchange) == self.last_answered());
        let exchange = self.last_answered().and_then(|last| self.dialogue.exchanges().get(last));
        let last = last && !exchange.is_some_and(|exchange| gives_up(exchange, &self.log));
        let lines = explanation.next.iter().filter_map(|step| match &step.does {
            Does::Command(line) => Some(line.as_str()),
            _ => None,
        });
        lines.filter(|_| last).find(|line| !line.is_empty())
    }

    /// Sets the explanation of an exchange by hand.
    #[cfg(test)]
    pub(crate) fn explained_as(&mut self, exchange: usize, explanation: Explanation) {
        self.explained = Some((self.seen(About::Exchange(exchange)), explanation));
    }
}

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The reply of an exchange.
    Exchange(usize),
    /// What the delivery report in this record says of a recipient.
    Report(usize),
    /// A text that somebody gave.
    Given,
}

/// How far a delivery report is looked for: a message that was imported is its hops and its recipients.
const MOST_HOPS: usize = 1000;

/// What an explanation depends on: as long as it is the same, nothing is decoded again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    about: About,
    /// The last record of its reply.
    reply: Option<usize>,
    /// The connection ended right after it.
    last_words: bool,
    /// What the open step of a lesson asks for.
    step: OpenStep,
    /// The last warning that what protects is gone from the offer, where that was not accepted.
    misses: Option<usize>,
}
