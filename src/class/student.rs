//! One student: the lessons that were begun, each with its world, its ticks and its transcripts.

mod aside;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::{Semaphore, broadcast, watch};

use super::event::What;
use super::lock;
use super::plain::Letterbox;
use super::settings::{Settings, hex};
use crate::lab::desk::Arena;
use crate::lesson::progress::Helped;
use crate::lesson::{Happening, Lesson};
use crate::world::World;

pub(super) use aside::Aside;
pub use work::{Exchange, Work};
pub(super) use work::{Place, in_time, transcripts};

/// Programs of one student that listen for news at most.
pub(super) const COMPANIONS: usize = 4;
/// Connections that one student may hold at a time.
const CONNECTIONS: usize = 8;
/// News that wait for a slow reader; who misses some is told all anew.
const NEWS: usize = 64;
/// How often somebody may begin a lesson anew within a minute.
pub(super) const RESETS: usize = 10;
/// Octets of transcripts that are kept of one student.
pub(super) const TRANSCRIPTS: u64 = 32 << 20;

/// What the student's own ehlo is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Another lesson is open, or the same one anew; why, where nobody asked for it.
    Lesson(&'static str),
    /// The lesson judged something.
    Happened(Vec<Happening>),
    /// A hint, asked for or not.
    Hint(String),
    /// The instructor says something.
    Notice(String),
    /// Everybody is to look up, or to go on.
    Paused(bool),
    /// Somebody else is here by the same name.
    Twice(String),
    /// The connection is to end.
    Leave,
}

/// A program of a student's that listens for news, as long as it is not dropped.
#[derive(Debug)]
pub(super) struct Companion {
    /// Whose.
    pub(super) student: Arc<Student>,
    /// The news from when it came.
    pub(super) news: broadcast::Receiver<News>,
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.student.with(|state| state.companions = state.companions.saturating_sub(1));
    }
}

/// A student.
#[derive(Debug)]
pub struct Student {
    /// The number, from 1.
    pub id: u64,
    /// The name, as it was first given.
    pub name: String,
    /// When they joined.
    pub joined: Timestamp,
    /// By this their ehlo's connections are known.
    pub(super) token: String,
    pub(super) places: Arc<Semaphore>,
    pub(super) held: watch::Sender<bool>,
    news: broadcast::Sender<News>,
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) current: Option<String>,
    pub(super) works: BTreeMap<String, Work>,
    /// Of each lesson that was begun anew the best of the attempts before.
    pub(super) best: BTreeMap<String, Work>,
    /// What is told of every attempt in whose place another one came.
    aside: Vec<Aside>,
    /// Somebody has joined by this name while they were here.
    pub(super) twice: bool,
    /// From where they joined with a client that knows nothing of classes.
    pub(super) address: Option<IpAddr>,
    /// Programs of theirs that listen for news.
    pub(super) companions: usize,
    /// Octets of transcripts that were kept.
    pub(super) kept: u64,
    /// When they last began anew, the newest last.
    pub(super) anew: VecDeque<Timestamp>,
    /// What waits for the next `NOOP` of a client that knows nothing of classes.
    pub(super) post: Letterbox,
    /// Answers to the exam's questions: question, choice, whether it is right.
    pub(super) chosen: BTreeMap<usize, (usize, bool)>,
    /// When they last answered anything or asked for help: it stands in no record, and is something done all the same.
    pub(super) acted: Option<Timestamp>,
    /// The question that was asked by `NOOP` or answered last; none once somebody has gone on from it.
    pub(super) asked: Option<usize>,
    /// How many questions of an exam that is over were looked at again.
    pub(super) seen: usize,
}

impl State {
    /// Another attempt begins: this one is kept where it is better than those before.
    fn lay_aside(&mut self, work: Work) {
        let name = work.lesson().name.clone();
        self.aside.extend(work.is_begun().then(|| work.aside()));
        let better = self.best.get(&name).map_or(work.done() > 0, |best| work.beats(best));
        if better {
            self.best.insert(name, work.laid_aside());
        }
    }

    /// What counts of each lesson: the best attempt.
    fn counted(&self) -> impl Iterator<Item = &Work> {
        self.works.iter().map(|(name, work)| self.best.get(name).filter(|best| !work.beats(best)).unwrap_or(work))
    }
}

impl Student {
    pub(super) fn new(id: u64, name: String, joined: Timestamp, world: &World) -> Self {
        Self {
            id,
            name,
            joined,
            token: hex(&world.random::<12>()),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            held: watch::Sender::new(false),
            news: broadcast::Sender::new(NEWS),
            state: Mutex::default(),
        }
    }

    /// A program of theirs listens for news from now on; none where too many do already.
    pub(super) fn companion(self: &Arc<Self>) -> Option<Companion> {
        self.with(|state| {
            if state.companions >= COMPANIONS {
                return None;
            }
            state.companions += 1;
            Some(Companion { news: self.news.subscribe(), student: Arc::clone(self) })
        })
    }

    /// Whether a world is one of this student's still: a fresh start takes another one's place.
    pub(super) fn is_in(&self, arena: &Arc<Arena>) -> bool {
        let is = |work: &Work| work.arena().is_some_and(|known| Arc::ptr_eq(known, arena));
        self.with(|state| state.works.values().any(is))
    }

    /// Looks at what changes.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.state))
    }

    /// Looks at the present lesson, where one has begun.
    pub fn with_current<T>(&self, look: impl FnOnce(&Work) -> T) -> Option<T> {
        self.with(|state| state.works.get(state.current.as_ref()?).map(look))
    }

    /// Looks at what counts of each lesson that was begun, by name: the best attempt at it.
    pub fn each<T>(&self, look: impl FnMut(&Work) -> T) -> Vec<T> {
        self.with(|state| state.counted().map(look).collect())
    }

    /// Steps that are done of a lesson, by the attempt that counts; none where it was not begun.
    #[must_use]
    pub fn reached(&self, lesson: &str) -> Option<usize> {
        self.with(|state| state.counted().find(|work| work.lesson().name == lesson).map(Work::done))
    }

    /// What is told of the attempts at a lesson beside the one of this number, which counts.
    pub(super) fn beside(&self, lesson: &str, counted: u32) -> Vec<Aside> {
        self.with(|state| {
            let present = state.works.get(lesson).filter(|work| work.is_begun()).map(Work::aside);
            let all = state.aside.iter().filter(|aside| aside.lesson.name == lesson).cloned();
            all.chain(present).filter(|aside| aside.number != counted).collect()
        })
    }

    /// Help that was taken in the attempts at a lesson before the present one.
    pub(super) fn helped_before(&self, lesson: &str) -> Helped {
        self.with(|state| {
            let before = state.aside.iter().filter(|aside| aside.lesson.name == lesson);
            before.fold(Helped::default(), |help, aside| help.and(aside.help()))
        })
    }

    /// Answers to the exam's questions so far: how many, and how many are right.
    #[must_use]
    pub fn answered(&self) -> (usize, usize) {
        self.with(|state| (state.chosen.len(), state.chosen.values().filter(|(_, right)| *right).count()))
    }

    /// The name of the present lesson.
    #[must_use]
    pub fn current(&self) -> Option<String> {
        self.with(|state| state.current.clone())
    }

    /// The present lesson, as it was drawn for this student.
    #[must_use]
    pub fn lesson(&self) -> Option<Arc<Lesson>> {
        self.with_current(|work| Arc::clone(&work.attempt.lesson))
    }

    /// The conversation that goes on in the present lesson, a line for each record, fit for a screen; and which of
    /// several it is.
    #[must_use]
    pub fn live(&self) -> (Option<String>, Vec<String>) {
        self.with_current(Work::live).unwrap_or_default()
    }

    /// Whether this is their name, as [`roster::name`](super::roster::name) and [`super::Class::join`] take it.
    pub(super) fn is_named(&self, name: &str) -> bool {
        super::roster::name(name).is_ok_and(|name| name.to_lowercase() == self.name.to_lowercase())
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        CONNECTIONS - self.places.available_permits()
    }

    /// Somebody joins by this name; whether somebody is here by it already.
    pub(super) fn comes(&self) -> bool {
        let here = self.is_here();
        self.with(|state| state.twice = here);
        here
    }

    /// Whether anything of theirs is connected.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.open() > 0 || self.with(|state| state.companions > 0)
    }

    /// Where the files are, below the class's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        Path::new("students").join(format!("{:04}", self.id))
    }

    pub(super) fn has(&self, lesson: &str) -> bool {
        self.with(|state| state.works.contains_key(lesson))
    }

    /// Which attempt at a lesson it is.
    pub(super) fn attempt(&self, lesson: &str) -> Option<u32> {
        self.with(|state| state.works.get(lesson).map(|work| work.number))
    }

    /// Makes a lesson with a living world the present one.
    pub(super) fn resume(&self, lesson: &str) -> Option<Arc<Arena>> {
        let (arena, moved) = self.with(|state| {
            let arena = Arc::clone(state.works.get(lesson)?.arena()?);
            let moved = state.current.as_deref() != Some(lesson);
            state.current = Some(lesson.to_owned());
            Some((arena, moved))
        })?;
        if moved {
            self.tell(&News::Lesson(""));
        }
        Some(arena)
    }

    /// Goes into a world that was made for an attempt.
    pub(super) fn enter(&self, lesson: Arc<Lesson>, number: u32, place: Place, now: Timestamp, why: &'static str) {
        self.with(|state| {
            let name = lesson.name.clone();
            let mut work = match state.works.remove(&name) {
                Some(known) if known.number == number => known,
                other => {
                    if let Some(before) = other {
                        state.lay_aside(before);
                    }
                    Work::new(lesson, number, now)
                }
            };
            work.place = Some(place);
            state.works.insert(name.clone(), work);
            state.current = Some(name);
        });
        self.tell(&News::Lesson(why));
    }

    /// They are no longer of this class.
    pub(super) fn leave(&self) {
        self.with(|state| *state = State::default());
        self.held.send_replace(false);
        self.places.close();
        self.tell(&News::Leave);
    }

    /// Whether they may begin a lesson anew: each time is a new world, which costs everybody something.
    pub(super) fn may_begin_anew(&self, now: Timestamp) -> bool {
        self.with(|state| {
            let minute = |at: &Timestamp| now.duration_since(*at).as_secs() < 60;
            state.anew.retain(minute);
            let may = state.anew.len() < RESETS;
            if may {
                state.anew.push_back(now);
            }
            may
        })
    }

    pub(super) fn tell(&self, news: &News) {
        // Nobody may be listening.
        let _ = self.news.send(news.clone());
    }

    /// Takes the next hint of the open step: the lesson, the step, the hint.
    pub(super) fn hint(&self, now: Timestamp, by_instructor: bool) -> Option<(String, usize, String)> {
        self.with(|state| {
            let work = state.works.get_mut(state.current.as_ref()?)?;
            let step = work.attempt.open()?;
            let hint = work.attempt.hint()?.to_owned();
            work.hints.push((now, step, by_instructor));
            Some((work.attempt.lesson.name.clone(), step, hint))
        })
    }

    /// Takes in an event of the past.
    pub(super) fn recall(&self, at: Timestamp, what: &What, settings: &Settings, world: &World) {
        self.with(|state| {
            state.acted = state.acted.max(what.is_answer().then_some(at));
            if let What::Began { lesson, attempt } = what {
                // A lesson that is no longer taught is not taken up again.
                let Some(taught) = settings.find(lesson) else { return };
                let varied = settings.varied(taught, &self.name, *attempt, world).ok().flatten();
                let drawn = varied.map_or_else(|| Arc::clone(&taught.lesson), Arc::new);
                if let Some(before) = state.works.insert(lesson.clone(), Work::new(drawn, *attempt, at)) {
                    state.lay_aside(before);
                }
                state.current = Some(lesson.clone());
            } else if let What::Chosen { question, choice, right } = what {
                state.chosen.insert(*question, (*choice, *right));
            } else if let Some(name) = what.lesson()
                && let Some(work) = state.works.get_mut(name)
            {
                work.recall(at, what);
            }
        });
    }

    /// Reads the transcripts again, so that each lesson goes on from where it was.
    pub(super) fn reread(&self, class: &Path) {
        let folder = class.join(self.folder());
        self.with(|state| {
            for work in state.works.values_mut() {
                state.kept += work.reread(&folder);
            }
            for (name, mut work) in std::mem::take(&mut state.best) {
                state.kept += work.reread(&folder);
                state.best.insert(name, work.laid_aside());
            }
        });
    }
}
