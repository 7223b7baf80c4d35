//! One lesson of one student: the attempt at it, when what was reached, and its transcripts.

mod live;
mod pages;
mod place;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use toml::Value;

use crate::class::event::What;
use crate::conversation::file::{self, Document, Header, Side, write_document, write_entry, write_record};
use crate::conversation::{Event, Log, Micros, Remark};
use crate::lesson::fact::{Fact, What as Of};
use crate::lesson::{Attempt, Happening, Lesson, Quiz};
use crate::smtp::escape::for_screen;
use crate::smtp::{Reply, ReplyCode};

use pages::append;
pub(in crate::class) use pages::{in_time, transcripts};
pub(in crate::class) use place::Place;

/// Facts of one attempt that are judged; who does more has left the lesson, and starts over.
const FACTS: usize = 4_000;
/// A pause longer than this is no time spent on the lesson.
const PAUSE: Duration = Duration::from_mins(2);
/// Octets of one transcript that wait for a disk that is full.
const UNKEPT: usize = 64 << 10;
/// Octets of a command that the wall shows.
const SHOWN: usize = 60;

/// The last exchange, for the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The verb.
    pub verb: String,
    /// The reply's first line, or why there is none; fit for a screen.
    pub reply: String,
    /// Code and enhanced status code of a refusal.
    pub refused: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A lesson that was begun.
#[derive(Debug)]
pub struct Work {
    /// The attempt, judged up to now.
    pub attempt: Attempt,
    /// Which attempt it is, from 1.
    pub number: u32,
    /// When it began.
    pub opened: Timestamp,
    /// When each step ticked.
    pub ticks: Vec<Timestamp>,
    /// Mistakes: when, step, which.
    pub mistakes: Vec<(Timestamp, usize, usize)>,
    /// Wrong findings: when, step.
    pub wrong: Vec<(Timestamp, usize)>,
    /// Hints: when, step, whether the instructor gave it.
    pub hints: Vec<(Timestamp, usize, bool)>,
    /// Wrong answers in the quiz, once it is done; by `NOOP` or as the student's ehlo says.
    pub quiz: Option<u32>,
    /// The quiz, where it goes on by `NOOP`.
    pub(in crate::class) asking: Option<Quiz>,
    /// Answers to it that were given when the class was held before: question and place, from 0.
    pub(in crate::class) guessed: Vec<(usize, usize)>,
    /// The last exchange.
    pub last: Option<Exchange>,
    /// Exchanges since the open step opened, without what only looks on or greets; none are counted once all is done.
    pub tries: usize,
    /// Refusals of one kind in a row within the open step.
    pub refusals: usize,
    /// Time spent on it.
    pub active: Duration,
    /// Its world, where there is one: after a restart none before somebody comes.
    pub(in crate::class) place: Option<Place>,
    /// Facts that were looked at.
    seen: usize,
    /// When it was last active, microseconds after it was opened.
    until: Option<Micros>,
    sessions: HashMap<u64, Written>,
    /// The newest transcript, and the time of its last record.
    newest: Option<(PathBuf, Micros)>,
    /// Transcripts that there are.
    files: u32,
    /// What could not be written to them yet.
    unkept: BTreeMap<PathBuf, Vec<u8>>,
    /// Why not all of them is kept, where that is so.
    pub(in crate::class) lost: Option<String>,
}

/// How far a session was written to its transcript.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    records: usize,
    /// It stands there that what follows came after the time was over.
    late: bool,
    over: bool,
}

impl Work {
    pub(in crate::class) fn new(lesson: Arc<Lesson>, number: u32, opened: Timestamp) -> Self {
        Self {
            attempt: Attempt::new(lesson).limited(FACTS),
            number,
            opened,
            ticks: Vec::new(),
            mistakes: Vec::new(),
            wrong: Vec::new(),
            hints: Vec::new(),
            quiz: None,
            asking: None,
            guessed: Vec::new(),
            last: None,
            tries: 0,
            refusals: 0,
            active: Duration::ZERO,
            place: None,
            seen: 0,
            until: None,
            sessions: HashMap::new(),
            newest: None,
            files: 0,
            unkept: BTreeMap::new(),
            lost: None,
        }
    }

    /// The lesson, as it was drawn for this student.
    #[must_use]
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.attempt.lesson
    }

    /// Keeps what was reached, where another attempt takes its place.
    pub(in crate::class) fn laid_aside(self) -> Self {
        let (sessions, unkept) = (HashMap::new(), BTreeMap::new());
        Self { attempt: self.attempt.closed(), place: None, sessions, unkept, lost: None, seen: 0, ..self }
    }

    /// How many steps are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.attempt.ticked().max(self.ticks.len())
    }

    /// Whether it counts, and not the other attempt: more steps, or as many with less help. The earlier one stays otherwise.
    pub(in crate::class) fn beats(&self, other: &Self) -> bool {
        let rank = |work: &Self| (work.done(), std::cmp::Reverse(work.hints.len() + work.wrong.len()));
        rank(self) > rank(other)
    }

    /// Whether anything was done in it beyond looking on.
    pub(in crate::class) fn is_begun(&self) -> bool {
        let helped = !self.hints.is_empty() || !self.wrong.is_empty() || !self.mistakes.is_empty();
        helped || self.done() > 0 || self.attempt.facts().iter().any(is_said)
    }

    /// Whether the open step wants to know what was found.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        let step = self.attempt.open().and_then(|open| self.lesson().steps.get(open));
        step.is_some_and(crate::lesson::file::Step::wants_answer)
    }

    /// Since when the open step is open.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.ticks.last().copied().unwrap_or(self.opened)
    }

    /// When the last step ticked, once all have.
    #[must_use]
    pub fn finished(&self) -> Option<Timestamp> {
        self.ticks.last().copied().filter(|_| self.done() >= self.lesson().steps.len())
    }

    /// Takes in an event of the past.
    pub(in crate::class) fn recall(&mut self, at: Timestamp, what: &What) {
        match what {
            What::Ticked { attempt, step, .. } if *attempt == self.number => {
                self.ticks.truncate(*step);
                self.ticks.push(at);
            }
            What::Mistaken { attempt, step, mistake, .. } if *attempt == self.number => {
                self.mistakes.push((at, *step, *mistake));
            }
            What::WrongAnswer { attempt, step, .. } if *attempt == self.number => self.wrong.push((at, *step)),
            What::Hint { step, by_instructor, .. } => self.hints.push((at, *step, *by_instructor)),
            What::Guessed { attempt, question, place, .. } if *attempt == self.number => {
                self.guessed.push((*question, *place));
            }
            What::Quiz { wrong, .. } => self.quiz = Some(*wrong),
            _ => {}
        }
    }

    /// Reads the transcripts of this attempt again; gives how many octets they are.
    pub(in crate::class) fn reread(&mut self, folder: &Path) -> u64 {
        let mut sessions = Vec::new();
        let mut octets = 0;
        let paths = transcripts(folder, &self.attempt.lesson.name, self.number);
        for (n, path) in (0u64..).zip(&paths) {
            octets += std::fs::metadata(path).map_or(0, |data| data.len());
            // One that can't be read any more is missing in what is judged; the ticks are known besides.
            let Ok(document) = file::open(path) else { continue };
            let began = document.header.started().map_or(Micros(0), |started| self.after(started));
            // Numbers that no living session has.
            sessions.push((u64::MAX - n, began, in_time(document.log)));
        }
        self.files = u32::try_from(paths.len()).unwrap_or(u32::MAX);
        let judged = self.attempt.rejudge(&sessions);
        for step in self.attempt.ticked()..self.ticks.len() {
            self.attempt.apply(&Happening::Ticked(step));
        }
        for (_, step, _) in &self.hints {
            if self.attempt.open() == Some(*step) {
                self.attempt.hint();
            }
        }
        // What came before the open step opened is no try at it. An answer ticks a step too, and stands in no transcript.
        let last = self.ticks.len().checked_sub(1);
        let by_exchange = last.and_then(|last| {
            let ticked = |one: &Happening| matches!(one, Happening::Ticked(step) if *step == last);
            judged.iter().rev().find(|(_, one)| ticked(one)).map(|(at, _)| *at)
        });
        let opened = by_exchange.or_else(|| self.ticks.last().map(|at| self.after(*at)));
        self.look_at_facts(opened);
        octets
    }

    /// How long after the opening something was.
    fn after(&self, at: Timestamp) -> Micros {
        Micros(u64::try_from(at.as_microsecond().saturating_sub(self.opened.as_microsecond())).unwrap_or(0))
    }

    /// Judges what the world's sessions have beyond what was seen before, and writes it down; gives what came of it.
    /// `judged` is whether it still counts. What can't be written is missing in the transcript alone.
    pub(in crate::class) fn look(
        &mut self,
        name: &str,
        folder: &Path,
        judged: bool,
        kept: &mut u64,
        now: Timestamp,
    ) -> Vec<Happening> {
        let Some(arena) = self.arena().cloned() else { return Vec::new() };
        let mut all = Vec::new();
        // What could not be written the last time is tried again.
        let mut pages: Vec<(PathBuf, Vec<u8>)> = self.unkept.keys().map(|path| (path.clone(), Vec::new())).collect();
        for session in arena.sessions() {
            if self.sessions.get(&session.number).is_some_and(|written| written.over) {
                continue;
            }
            // Asked before the log is looked at: what comes after that is looked at once more.
            let over = session.is_closed();
            let mut new = Vec::new();
            let first = !self.sessions.contains_key(&session.number);
            if first {
                self.files += 1;
                let path = self.path(folder);
                write_document(&Document::new(self.header(name, session.started), Log::new()), &mut new);
                self.newest = Some((path.clone(), Micros(0)));
                self.sessions.insert(session.number, Written { path, records: 0, late: false, over: false });
            }
            let began = self.after(session.started);
            let Some(written) = self.sessions.get_mut(&session.number) else { continue };
            let attempt = &mut self.attempt;
            if !judged && !written.late {
                written.late = true;
                let at =
                    self.newest.as_ref().filter(|(path, _)| *path == written.path).map_or(Micros(0), |(_, at)| *at);
                write_record(at, &Event::Remark(Remark::new("mark").with("late", "yes")), &mut new);
            }
            let (happened, last) = session.with_log(|log| {
                let mut last = Micros(0);
                for (_, entry) in log.since(written.records) {
                    write_entry(&entry, &mut new);
                    last = entry.at.unwrap_or(last);
                }
                written.records = log.len();
                (if judged { attempt.observe(session.number, began, log) } else { Vec::new() }, last)
            });
            marks(&happened, last, &mut new);
            if let Some((_, at)) = self.newest.as_mut().filter(|(path, _)| *path == written.path) {
                *at = last.max(*at);
            }
            written.over = over;
            pages.push((written.path.clone(), new));
            all.extend(happened);
        }
        for (path, new) in pages {
            self.keep(&path, &new, kept);
        }
        self.take(&all, now);
        all
    }

    /// Judges a finding that was typed into the student's ehlo; it stands in the newest transcript.
    pub(in crate::class) fn answer(
        &mut self,
        name: &str,
        folder: &Path,
        text: &str,
        kept: &mut u64,
        now: Timestamp,
    ) -> Vec<Happening> {
        let happened = self.attempt.answer(text);
        let mut new = Vec::new();
        let (path, at) = self.newest.clone().unwrap_or_else(|| {
            self.files += 1;
            write_document(&Document::new(self.header(name, now), Log::new()), &mut new);
            (self.path(folder), Micros(0))
        });
        write_record(at, &Event::Remark(Remark::new("answer").value(text)), &mut new);
        marks(&happened, at, &mut new);
        self.keep(&path, &new, kept);
        self.newest = Some((path, at));
        self.take(&happened, now);
        happened
    }

    /// Appends to a transcript. What can't be written waits until it can, as long as it is not much; what was reached is
    /// noted besides.
    fn keep(&mut self, path: &Path, new: &[u8], kept: &mut u64) {
        *kept += new.len() as u64;
        if *kept > super::TRANSCRIPTS {
            self.lost = Some(format!("they have {} MiB, and no more of them is kept", super::TRANSCRIPTS >> 20));
            return;
        }
        let mut all = self.unkept.remove(path).unwrap_or_default();
        all.extend_from_slice(new);
        match append(path, &all) {
            Ok(()) if self.unkept.is_empty() => self.lost = None,
            Ok(()) => {}
            Err(error) => {
                let waits = all.len() <= UNKEPT;
                let then = if waits { "it is tried again" } else { "a part of them is lost" };
                self.lost = Some(format!("{}: {error}; {then}", path.display()));
                if waits {
                    self.unkept.insert(path.to_owned(), all);
                } else {
                    *kept = kept.saturating_sub(all.len() as u64);
                }
            }
        }
    }

    /// Keeps what was judged.
    fn take(&mut self, happened: &[Happening], now: Timestamp) {
        self.look_at_facts(None);
        for one in happened {
            match one {
                Happening::Ticked(_) => {
                    self.ticks.push(now);
                    (self.tries, self.refusals) = (0, 0);
                }
                Happening::Mistaken { step, mistake } => self.mistakes.push((now, *step, *mistake)),
                Happening::WrongAnswer(step) => self.wrong.push((now, *step)),
                Happening::Spoilt(_) => {}
            }
        }
    }

    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-{}-{:03}.smtp", self.attempt.lesson.name, self.number, self.files))
    }

    fn header(&self, name: &str, started: Timestamp) -> Header {
        let lesson = &self.attempt.lesson;
        let mut header = Header::recording("lab:", started, Side::Server)
            .with("title", format!("{name}: {}", lesson.title))
            .with("student", name)
            .with("lesson", lesson.name.clone());
        header.set("attempt", Value::Integer(i64::from(self.number)));
        header
    }

    /// What the wall shows of the exchanges that are new. Those up to `opened`, where it is given, were before the open step.
    fn look_at_facts(&mut self, opened: Option<Micros>) {
        let end = self.finished().map(|at| self.after(at));
        let facts = self.attempt.facts();
        for fact in &facts[self.seen.min(facts.len())..] {
            if let Some(until) = self.until {
                // What comes after the last step is no time that it took.
                let at = end.map_or(fact.at.0, |end| fact.at.0.min(end.0));
                let gap = Duration::from_micros(at.saturating_sub(until.0));
                self.active += gap.min(PAUSE);
            }
            // Sessions that go on side by side are one time.
            self.until = Some(self.until.map_or(fact.at, |until| until.max(fact.at)));
            let Of::Asked(asked) = &fact.what else { continue };
            let reply = asked.reply.as_ref();
            let code = reply.and_then(Reply::code).map(ReplyCode::number);
            let line = reply.map(|reply| reply.text().lines().next().unwrap_or_default().to_owned());
            let enhanced = reply.and_then(Reply::enhanced).map(|code| format!(" {code}"));
            let both = code.map(|code| format!("{code}{}", enhanced.unwrap_or_default()));
            let refused = both.clone().filter(|both| both.starts_with(['4', '5']));
            let at = Timestamp::from_microsecond(
                self.opened.as_microsecond().saturating_add(i64::try_from(fact.at.0).unwrap_or(i64::MAX)),
            );
            let earlier = opened.is_some_and(|opened| fact.at <= opened);
            let same = refused.is_some() && self.last.as_ref().is_some_and(|last| last.refused == refused);
            self.refusals = if refused.is_none() || earlier {
                0
            } else if same {
                self.refusals + 1
            } else {
                1
            };
            self.tries += usize::from(is_try(fact) && !earlier && self.attempt.open().is_some());
            let words = match (both, line) {
                (Some(both), Some(line)) => format!("{both} {line}"),
                _ => "no reply".to_owned(),
            };
            let reply = for_screen(words.chars().take(SHOWN).collect::<String>().as_bytes());
            let verb = for_screen(asked.verb.chars().take(12).collect::<String>().as_bytes());
            self.last = Some(Exchange { verb, reply, refused, at: at.unwrap_or(self.opened) });
        }
        self.seen = facts.len();
    }
}

/// Whether it is a line that does something, a greeting included.
fn is_said(fact: &Fact) -> bool {
    matches!(&fact.what, Of::Asked(asked) if !matches!(asked.verb.as_str(), "" | "NOOP" | "HELP" | "CONNECT" | "QUIT"))
}

/// Whether something was tried: what only looks on, or begins or ends a conversation, is no try at a step.
fn is_try(fact: &Fact) -> bool {
    let Of::Asked(asked) = &fact.what else { return false };
    let refused = asked.reply.as_ref().is_some_and(|reply| reply.class().is_refusal());
    match asked.verb.as_str() {
        "NOOP" | "HELP" | "CONNECT" | "QUIT" => false,
        "HELO" | "EHLO" | "LHLO" => refused,
        _ => true,
    }
}

/// Marks what was reached in a transcript.
fn marks(happened: &[Happening], at: Micros, out: &mut Vec<u8>) {
    for one in happened {
        if let Happening::Ticked(step) = one {
            let mark = Remark::new("mark").with("goal", step + 1).value(format!("step {} done", step + 1));
            write_record(at, &Event::Remark(mark), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    #[test]
    fn what_goes_on_side_by_side_is_one_time() {
        let text = crate::assets::text("lessons/01-classic.toml").expect("it is shipped");
        let lesson = Lesson::parse("01-classic", text).expect("well formed");
        let mut work = Work::new(Arc::new(lesson), 1, Timestamp::UNIX_EPOCH);
        let mut log = Log::new();
        sample::add(&mut log, "< 220 mx\n> NOOP\n< 250 Ok\n> NOOP\n< 250 Ok", Micros(10_000_000));
        for session in 1..=3 {
            work.attempt.observe(session, Micros(0), &log);
            work.look_at_facts(None);
        }
        let times: Vec<u64> = work.attempt.facts().iter().map(|fact| fact.at.0).collect();
        let (first, last) = (times.iter().min().expect("some"), times.iter().max().expect("some"));
        assert_eq!(work.active, Duration::from_micros(last - first), "{times:?}");
    }
}
