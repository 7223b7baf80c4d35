//! A class: many students at one lab, each in a world of its own; judged at the server, kept on disk, seen on a wall.
//!
//! | where | what |
//! |---|---|
//! | [`settings`] | what a class is: its name, code, key, lessons, exam; kept in `class.toml` |
//! | [`roster`], `gate` | who has joined, by name; how often and how many from one address |
//! | [`student`] | one student: the lessons begun, each with its arena, its ticks and its transcripts |
//! | `judge` | the arenas watched: what was reached is noted, and told to whoever wants to know |
//! | [`event`] | what happened in the class, a line each in `events.jsonl`: the class is the fold of these |
//! | [`deed`] | hints, words for all, findings, questions, forgetting |
//! | `own` | lessons of one's own, copied into the class's folder |
//! | `clock` | the pause, and the clock of an exam, which stands meanwhile |
//! | `front` | the [desk](crate::lab::desk::Desk) before the listener: `NOOP join`, `NOOP step` and the like |
//! | `larder` | what all worlds together keep in memory, fair to each |
//! | `login` | joining by AUTH |
//! | `plain` | what a client that knows nothing of classes is told, and when |
//! | [`attend`], `companion` | the student's own ehlo: its side of the class's line, and the class's |
//! | [`export`], `certificate`, [`sign`], [`mod@verify`] | results, items, transcripts and certificates as files; signed, and judged again |
//! | [`pool`] | questions about replies, drawn for each student |
//! | `trouble` | what goes wrong at the class's side |
//! | [`wall`] | what the instructor sees, as plain data |
//!
//! Isolation: each lesson that a student begins has an [`Arena`], which no other student's
//! connection can come to. Limits ([`Limits::STUDENT`](crate::lab::limits::Limits::STUDENT), [`settings`]) are each
//! student's own.
//!
//! # What is said over the wire
//! Everything beyond SMTP goes by `NOOP` with an argument, which RFC 5321 4.1.1.9 lets any client say:
//! `NOOP join CODE NAME` (the conversation begins anew in that student's world), and once joined `NOOP step`, `NOOP hint`,
//! `NOOP lesson NN`, `NOOP reset`, `NOOP answer TEXT`, `NOOP question`, `NOOP choose LETTER`, `NOOP mail`. `AUTH PLAIN` and `AUTH LOGIN`
//! of whoever has not joined, with the name as user and the code as password, do what `NOOP join` does, and what was said
//! with EHLO goes on to hold: who logs in goes on with MAIL. Two more are said only by a student's ehlo. `NOOP companion CODE NAME`
//! turns that connection into a line on which each side says objects of JSON, a line each ([`attend::Down`],
//! [`attend::Up`]): by it come the lesson, its ticks, hints, broadcasts and the pause. `NOOP attend TOKEN LISTENER` opens a
//! conversation of the student who has that token, with a greeting as if it had just connected. To a client that says none
//! of these the lab is a mail server like any other, and nothing ever comes to it unasked: what there is to be told stands
//! in the reply to its next `NOOP` or `HELP`, in lines before the server's own; how far the lesson has come stands in the
//! reply to its `QUIT`. While the class is paused these two are
//! answered, and nothing else is. After a restart a class goes on from its files; what lay in mailboxes and
//! greylists does not come back.
//!
//! Not here: screens, and the session with a client, which is the lab's.

pub mod attend;
mod certificate;
mod clock;
mod companion;
pub mod deed;
pub mod event;
pub mod export;
mod front;
mod gate;
mod judge;
mod larder;
mod login;
mod own;
mod plain;
pub mod pool;
mod quiz;
pub mod roster;
pub mod settings;
pub mod sign;
pub mod student;
mod trouble;
pub mod verify;
pub mod wall;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::DropGuard;

use crate::lab::desk::{Arena, Backdrop, serve};
use crate::lab::limits::{Limits, Room};
use crate::lab::regular::in_words;
use crate::lab::scenario::{Scenario, ScenarioError};
use crate::lab::{self, LabError, ListenerKind};
use crate::lesson::LessonError;
use crate::world::World;
use clock::Pauses;
use event::{Event, Journal, What};
use gate::Gate;
use larder::Larder;
use pool::Pool;
use roster::Roster;
use settings::{Settings, Taught};
use student::{News, RESETS, Student};
use trouble::{Trouble, Troubles};

/// Why a class does not begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// A file or folder of its own.
    #[error("{}: {}", path.display(), in_words(source))]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What a file holds, or what was asked for.
    #[error("{0}")]
    Words(String),
    /// Another program runs it.
    #[error(
        "the class {0} is being held already, by one program at a time: x on its wall exports; end it there first, with q \
         (held without a terminal it has no wall: end that program by Ctrl-C or a signal), for --anonymous or to forget \
         somebody"
    )]
    Held(String),
    /// A lesson.
    #[error(transparent)]
    Lesson(#[from] LessonError),
    /// A scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The lab.
    #[error(transparent)]
    Lab(#[from] LabError),
}

impl ClassError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// A class that is being held.
#[derive(Debug)]
pub struct Class {
    /// What it is.
    pub settings: Settings,
    /// Where its files are.
    pub folder: PathBuf,
    world: World,
    /// Each lesson's scenario, ready to be played, by the lesson's name.
    backdrops: BTreeMap<String, Backdrop>,
    /// Where whoever has not joined sits: it keeps nothing, and so has no limit that one could use up for the others.
    lobby: Arc<Arena>,
    roster: Mutex<Roster>,
    gate: Mutex<Gate>,
    troubles: Mutex<Troubles>,
    events: Mutex<Journal>,
    changed: watch::Sender<u64>,
    /// Everybody is to look up.
    pub(crate) paused: watch::Sender<bool>,
    /// When that was so.
    pauses: Mutex<Pauses>,
    /// Places in the lobby, and of those who have joined.
    places: Arc<Semaphore>,
    everybody: Arc<Semaphore>,
    /// Nobody's seat is ever held.
    free: watch::Sender<bool>,
    /// For content that is on its way.
    room: Arc<Room>,
    /// What all worlds together keep.
    larder: Larder,
    /// Students who had begun when the class was held before.
    again: AtomicUsize,
}

/// What is said to whom the class finds at work when it is held again.
const AGAIN: &str = "the class was held anew. Your steps stand; this lesson's server is a fresh one: mail, greylists and what it \
                     had counted are gone.";

/// A poisoned lock still guards whole values: each change here is complete before anything can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const LOBBY: &str = r#"
ehlo = 1
title = "The lobby of a class"
story = "Where whoever has not joined is."
[server]
name = "class.ehlo.lab"
banner = "{name} ESMTP: to join say NOOP join CODE NAME"
[listeners]
smtp = { starttls = true }
[capabilities]
advertise = ["PIPELINING", "SIZE 65536", "8BITMIME", "ENHANCEDSTATUSCODES", "HELP"]
lie = ["AUTH PLAIN LOGIN CRAM-MD5"]
[[domain]]
name = "class.ehlo.lab"
[[rule]]
on = "MAIL"
reply = "530 5.7.0 Join the class first: NOOP join CODE NAME, or log in (AUTH) with your name and the code"
[[rule]]
on = "VRFY"
reply = "530 5.7.0 Join the class first: NOOP join CODE NAME, or log in (AUTH) with your name and the code"
"#;

impl Class {
    /// Opens a class: as its files have it where it was held before, as `settings` say where it is new. Nobody listens yet.
    ///
    /// # Errors
    /// Files that can't be read or written, another program that holds it, a scenario that can't be played.
    pub fn open(folder: PathBuf, settings: Settings, world: &World) -> Result<Arc<Self>, ClassError> {
        let lobby = Scenario::parse("lobby", LOBBY)?;
        let lobby = Backdrop::new(lobby, world)?;
        let mut made: BTreeMap<String, Backdrop> = BTreeMap::new();
        let mut backdrops = BTreeMap::new();
        for Taught { lesson, .. } in &settings.lessons {
            let backdrop = match made.get(&lesson.scenario) {
                Some(known) => known.with(lesson.scenario_in(world)?),
                None => Backdrop::new(lesson.scenario_in(world)?, world)?,
            };
            made.insert(lesson.scenario.clone(), backdrop.clone());
            backdrops.insert(lesson.name.clone(), backdrop);
        }
        let path = folder.join("events.jsonl");
        let events = Journal::new(event::open(&path, &settings.name)?);
        if settings.questions > 0 {
            // It takes a moment, which nobody is to wait for later.
            let _ = Pool::shipped();
        }
        let (room, connections) = (Arc::new(Room::of(settings.in_flight)), settings.connections);
        let class = Arc::new(Self {
            lobby: Arc::new(Arena::new(
                &lobby,
                Limits { sessions: 0, octets: u64::MAX, ..Limits::STUDENT },
                &room,
                Vec::new(),
                world,
            )),
            settings,
            world: world.clone(),
            backdrops,
            roster: Mutex::default(),
            gate: Mutex::default(),
            troubles: Mutex::default(),
            events: Mutex::new(events),
            changed: watch::Sender::new(0),
            paused: watch::Sender::new(false),
            pauses: Mutex::default(),
            places: Arc::new(Semaphore::new(connections)),
            everybody: Arc::new(Semaphore::new(connections)),
            free: watch::Sender::new(false),
            folder,
            room,
            larder: Larder::default(),
            again: AtomicUsize::new(0),
        });
        class.recall(&path)?;
        Ok(class)
    }

    /// Accepts students at an address until the guard is dropped; gives also the address that it came to.
    ///
    /// # Errors
    /// An address that can't be listened on.
    #[expect(clippy::unused_async, reason = "it needs a runtime around it, and only an async function says so")]
    pub async fn listen(self: &Arc<Self>, address: SocketAddr) -> Result<(SocketAddr, DropGuard), ClassError> {
        let failed = |source| LabError::Listen { address, source };
        let listener = lab::bind(address).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok((bound, serve(listener, Arc::new(front::Front::new(Arc::clone(self))))))
    }

    /// Keeps where it is held: the next time it goes on there.
    ///
    /// # Errors
    /// A file that can't be read or written.
    pub fn keep_listen(&self, address: SocketAddr) -> Result<(), ClassError> {
        Settings::keep_listen(&self.folder, address)
    }

    /// What of a class that was held before has not come back, in words; none of a new one.
    #[must_use]
    pub fn taken_up(&self) -> Option<String> {
        let begun = self.again.load(Ordering::Relaxed);
        (begun > 0).then(|| {
            let who = if begun == 1 { "1 student".to_owned() } else { format!("{begun} students") };
            format!(
                "{who} had begun when the class was held before. Steps, hints and transcripts go on; what the servers had in \
                 memory (mail, greylists, what was counted) is gone, and each is told."
            )
        })
    }

    /// Goes through what happened before: everybody is there again, each at the same step.
    fn recall(self: &Arc<Self>, path: &Path) -> Result<(), ClassError> {
        for event in event::read(path)? {
            let at = event.at.parse().unwrap_or_else(|_| self.world.now());
            if let What::Paused { on } = event.what {
                lock(&self.pauses).set(on, at);
            } else if let What::Joined { name } = &event.what {
                let student = Student::new(event.who, name.clone(), at, &self.world);
                lock(&self.roster).add(Arc::new(student));
            } else if let Some(student) = self.student(event.who) {
                if event.what == What::Forgotten {
                    lock(&self.roster).remove(event.who);
                } else {
                    student.recall(at, &event.what, &self.settings, &self.world);
                }
            }
        }
        let paused = lock(&self.pauses).is_on();
        self.paused.send_replace(paused);
        for student in self.students() {
            self.hold(&student);
            student.reread(&self.folder);
            self.again.fetch_add(usize::from(student.current().is_some()), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Everybody who has joined, in the order of joining.
    #[must_use]
    pub fn students(&self) -> Vec<Arc<Student>> {
        lock(&self.roster).all()
    }

    /// The student of this number.
    #[must_use]
    pub fn student(&self, id: u64) -> Option<Arc<Student>> {
        lock(&self.roster).get(id)
    }

    /// The student of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Student>> {
        lock(&self.roster).named(name)
    }

    /// Changes whenever something did that the wall or a result shows.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn stir(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The time, by the class's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Writes down what happened. The class goes on where the disk is full.
    pub(crate) fn note(&self, who: u64, what: What) {
        let now = self.now();
        if let Some(student) = self.student(who).filter(|_| what.is_answer()) {
            student.with(|state| state.acted = Some(now));
        }
        let event = Event { at: format!("{now:.3}"), who, what };
        let line = event.line();
        // What could not be written is tried again with the next event; the lesson itself goes on.
        let written = lock(&self.events).append(line.as_bytes());
        self.trouble(Trouble::Events(written.err().map(|error| error.to_string())));
        self.stir();
    }

    /// Lets somebody in by name, new or again.
    ///
    /// # Errors
    /// What is said to them.
    pub fn join(self: &Arc<Self>, code: &str, name: &str, from: IpAddr) -> Result<Arc<Student>, String> {
        if !code.eq_ignore_ascii_case(&self.settings.code) {
            lock(&self.gate).wrong(from, self.world.elapsed());
            return Err("that is not the code of this class; it stands on the wall".to_owned());
        }
        lock(&self.gate).right(from, self.world.elapsed());
        let name = roster::name(name)?;
        if name.to_ascii_lowercase().contains(&self.settings.code.to_ascii_lowercase()) {
            return Err("a name must not have the code in it; say NOOP join CODE NAME".to_owned());
        }
        if let Some(known) = self.named(&name) {
            return Ok(known);
        }
        let student = {
            let mut roster = lock(&self.roster);
            // Two may come at the same moment.
            if let Some(known) = roster.named(&name) {
                return Ok(known);
            }
            if roster.len() >= self.settings.most {
                return Err(format!("the class is full: {} have joined", roster.len()));
            }
            if let Some(alike) = roster.alike(&name) {
                return Err(format!("that name looks like {}, who has joined; take another", alike.name));
            }
            if !lock(&self.gate).takes(from, self.world.elapsed(), self.settings.per_address) {
                return Err(format!(
                    "{} names have joined from your address; ask your instructor",
                    self.settings.per_address
                ));
            }
            let student = Arc::new(Student::new(roster.next(), name.clone(), self.now(), &self.world));
            roster.add(Arc::clone(&student));
            student
        };
        self.note(student.id, What::Joined { name });
        self.hold(&student);
        Ok(student)
    }

    /// The world of the student's present lesson; made where there is none yet.
    ///
    /// # Errors
    /// What is said to them.
    pub fn arena(self: &Arc<Self>, student: &Arc<Student>) -> Result<Arc<Arena>, String> {
        let first = &self.settings.lessons[0].lesson.name;
        let current = student.current().unwrap_or_else(|| first.clone());
        self.begin(student, &current)
    }

    /// Makes a lesson the student's present one, from where it was left.
    ///
    /// # Errors
    /// What is said to them.
    pub fn begin(self: &Arc<Self>, student: &Arc<Student>, lesson: &str) -> Result<Arc<Arena>, String> {
        if let Some(arena) = student.resume(lesson) {
            return Ok(arena);
        }
        let taught = self.settings.find(lesson).ok_or_else(|| self.settings.there_are())?;
        let name = taught.lesson.name.clone();
        if let Some(arena) = student.resume(&name) {
            return Ok(arena);
        }
        let attempt = student.attempt(&name).unwrap_or(1);
        self.open_attempt(student, taught, attempt, student.has(&name), "")
    }

    /// Gives the student's present lesson a fresh world; what was reached in it counts on, where it is more than what
    /// comes of the new attempt. Not in an exam.
    ///
    /// # Errors
    /// What is said to them.
    pub fn reset(self: &Arc<Self>, student: &Arc<Student>) -> Result<Arc<Arena>, String> {
        if self.settings.exam.is_some() {
            return Err("in an exam nothing starts over; your instructor can give you a fresh start".to_owned());
        }
        // What was done before it counts.
        self.look(student);
        self.fresh(student, "")
    }

    /// The same; why is said where the student did not ask for it.
    fn fresh(self: &Arc<Self>, student: &Arc<Student>, why: &'static str) -> Result<Arc<Arena>, String> {
        let current = student.current().ok_or("no lesson has begun")?;
        let taught = self.settings.find(&current).ok_or_else(|| self.settings.there_are())?;
        if !student.may_begin_anew(self.now()) {
            return Err(format!("that was {RESETS} times within a minute; wait a little"));
        }
        let attempt = student.attempt(&current).unwrap_or(0) + 1;
        self.open_attempt(student, taught, attempt, false, why)
    }

    /// Begins an attempt with a fresh world, or goes on with one whose world was lost.
    fn open_attempt(
        self: &Arc<Self>,
        student: &Arc<Student>,
        taught: &Taught,
        attempt: u32,
        again: bool,
        why: &'static str,
    ) -> Result<Arc<Arena>, String> {
        let varied = self.settings.varied(taught, &student.name, attempt, &self.world)?;
        let backdrop = self.backdrops.get(&taught.lesson.name).ok_or("the lesson has no scenario")?;
        let drawn = match &varied {
            None => None,
            Some(lesson) => Some(backdrop.with(lesson.scenario_in(&self.world).map_err(|error| error.to_string())?)),
        };
        let backdrop = drawn.as_ref().unwrap_or(backdrop);
        let arena = Arc::new(Arena::new(backdrop, Limits::STUDENT, &self.room, self.settings.hidden(), &self.world));
        let lesson = varied.map_or_else(|| Arc::clone(&taught.lesson), Arc::new);
        let name = lesson.name.clone();
        if again {
            student.notify(&News::Notice(AGAIN.to_owned()));
        } else {
            self.note(student.id, What::Began { lesson: name.clone(), attempt });
        }
        let guard = judge::watch(self, student, &name, attempt, &arena);
        let world = student::Place { arena: Arc::clone(&arena), _guard: guard, share: self.larder.share() };
        student.enter(lesson, attempt, world, self.now(), why);
        self.stir();
        Ok(arena)
    }

    /// The listener of the lab that a student's present lesson is about.
    #[must_use]
    pub fn listener(&self, student: &Student) -> ListenerKind {
        student.lesson().map_or_else(ListenerKind::default, |lesson| lesson.listener)
    }
}
