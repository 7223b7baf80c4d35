//! The connection behind the screen: reads a TARGET, starts the lab where it is meant, opens the journal, dials.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::class::attend::{Attendance, Joining, Up};
use crate::client::{Connection, Request, SharedJournal, connect_knowing};
use crate::conversation::Micros;
use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::file::Header;
use crate::conversation::journal::Journal;
use crate::lab::Lab;
use crate::lab::reload::Reload;
use crate::lesson::Lesson;
use crate::lesson::progress::Left;
use crate::profile::{Auth, Endpoint, Profiles, Protocol, Target};
use crate::script::options;
use crate::smtp::Secret;
use crate::smtp::sasl::{self, Around};
use crate::world::World;

use super::errand::Access;
use super::hall::{self, Hall};
use super::message::Message;
use super::model::Peer;
use super::pane::lesson::{Begins, LessonNews};

mod ask;
mod class;
mod lab;
mod peer;
mod probe;

use peer::{header, peer};

/// How long a connection that is dropped has to write its last record.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Said where somebody in a class connects elsewhere.
const OUTSIDE: &str = "This is outside the class: nothing that you do here counts there. F7 goes back to its lessons.";
/// Events taken from the wire at once.
const BATCH: usize = 1024;

/// Whether a certificate that is not trusted ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    /// As the target says.
    AsTheTargetSays,
    /// Not on this one connection.
    NotThisTime,
}

/// After how much silence NOOP is sent by itself.
#[derive(Debug, Clone, Copy, Default)]
enum Alive {
    /// As the target says.
    #[default]
    AsTheTargetSays,
    /// As somebody has chosen since; never where none.
    Chosen(Option<Duration>),
}

/// A conversation that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// With whom.
    pub with: String,
    /// When it began: `14:02`, by the clock of this place.
    pub begun: String,
    /// The file, or why there is none.
    pub path: Result<PathBuf, String>,
    /// How many records are not in it.
    pub missing: usize,
}

/// Who was dialled last, and the connection.
pub(super) struct Dialler {
    world: World,
    lab: Option<(String, Lab)>,
    /// What watches that lab's scenario.
    reload: Option<Reload>,
    /// Of which connection the lab's view is on the screen.
    watched: Option<lab::Watched>,
    /// What tells of mail that comes while the list of it is open.
    inbox: Option<lab::Inbox>,
    /// The lab of the lesson that is being held.
    hall: Option<Hall>,
    /// The class that the student is in.
    pub(super) class: Option<Attendance>,
    /// Which one, and as whom.
    pub(super) joining: Option<Joining>,
    /// The lesson that the class has given.
    attended: String,
    target: Option<Target>,
    /// Whether that is the lab started here.
    at_lab: bool,
    roots: Vec<String>,
    journal: Option<SharedJournal>,
    /// The head of the conversation's file, whether there is one or not.
    head: Option<Box<Header>>,
    started: Duration,
    connection: Option<Connection>,
    /// Whether NOOP is sent by itself.
    alive: Alive,
    /// What is asked for next holds a secret or was made by ehlo, and does not come back as text.
    hides: bool,
    /// What must not be recorded in this conversation, for its next connection.
    taught: Vec<Request>,
    /// What must be recorded in no conversation.
    marked: Vec<Secret>,
    /// What the queue of this connection has refused of it: it goes before any line.
    untaught: VecDeque<Request>,
    /// Ready-made tests that are being run.
    probing: Option<probe::Bout>,
    /// Every conversation that was recorded, in order.
    pub(super) recorded: Vec<Recorded>,
}

impl Dialler {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            lab: None,
            reload: None,
            watched: None,
            inbox: None,
            hall: None,
            class: None,
            joining: None,
            attended: String::new(),
            target: None,
            at_lab: false,
            roots: Vec::new(),
            journal: None,
            head: None,
            started: Duration::ZERO,
            connection: None,
            alive: Alive::default(),
            hides: false,
            taught: Vec::new(),
            marked: Vec::new(),
            untaught: VecDeque::new(),
            probing: None,
            recorded: Vec::new(),
        }
    }

    /// The conversation's clock.
    pub(super) fn now(&self) -> Micros {
        Micros::from(self.world.elapsed().saturating_sub(self.started))
    }

    /// Who logs in there, if anybody.
    pub(super) fn auth(&self) -> Option<&Auth> {
        self.target.as_ref()?.auth.as_ref()
    }

    /// Reads a TARGET and connects to it, in a new conversation.
    pub(super) async fn connect(&mut self, text: &str) -> Vec<Message> {
        let profiles = Profiles::load(&self.world.directories.config);
        let read = Target::read(text, &profiles).map_err(|error| error.to_string());
        let mut target = match read {
            Ok(target) => target,
            Err(why) => return vec![Message::NotBegun(why)],
        };
        if target.endpoint == Endpoint::Stdio {
            let words = "stdio: is for ehlo run: here standard input and output are the workbench's own.";
            return vec![Message::NotBegun(words.to_owned())];
        }
        // A command that opens a key may take its time.
        let world = self.world.clone();
        let unlocking = tokio::task::spawn_blocking(move || {
            let unlocked = target.unlock(&world);
            (target, unlocked)
        });
        target = match unlocking.await {
            Ok((target, Ok(()))) => target,
            Ok((target, Err(error))) => return vec![Message::NotBegun(in_profile(&target, &error.to_string()))],
            Err(_) => return vec![Message::NotBegun("the key of the certificate can't be opened".to_owned())],
        };
        let uri = target.uri();
        if target.from_file.is_some() {
            return vec![Message::Confirm(uri)];
        }
        let mut roots = Vec::new();
        if let Endpoint::Lab(scenario) = target.endpoint.clone() {
            match self.lab(&scenario, &mut target).await {
                Ok(ca) => roots.push(ca),
                Err(why) => return vec![Message::NotBegun(why)],
            }
        }
        self.hall = None;
        let mut messages = self.begin(target, &uri, roots).await;
        if self.class.is_some() {
            messages.push(Message::Notice(OUTSIDE.to_owned()));
        }
        messages
    }

    /// Starts a lesson from where it was left.
    pub(super) async fn learn(&mut self, lesson: Arc<Lesson>) -> Vec<Message> {
        if let Some(class) = &self.class {
            // What comes of it comes as the class's news.
            class.say(Up::Lesson(lesson.name.clone()));
            return Vec::new();
        }
        if let Some(joining) = self.joining.clone() {
            // What decides about its lessons is with the class.
            return vec![self.rejoin(&joining).await];
        }
        let left = hall::left(&self.world, &lesson);
        self.hold(lesson, left).await
    }

    /// Starts a lesson from there: a lab of its own, and a connection to it in a new conversation.
    pub(super) async fn hold(&mut self, lesson: Arc<Lesson>, left: Option<Left>) -> Vec<Message> {
        let (hall, target, uri) = match Hall::open(&lesson, &self.world).await {
            Ok(opened) => opened,
            Err(why) => return vec![Message::NotBegun(why)],
        };
        let address = target.endpoint.to_string();
        let roots = vec![hall.authority()];
        self.hall = Some(hall);
        let mut messages = self.begin(target, &uri, roots).await;
        let seed = u64::from_le_bytes(self.world.random());
        let begins = left.map_or(Begins::Anew, Begins::Left);
        messages.push(Message::Lesson(LessonNews::Begun { lesson, address, seed, begins }));
        messages
    }

    /// Connects to a target in a new conversation.
    async fn begin(&mut self, target: Target, uri: &str, roots: Vec<String>) -> Vec<Message> {
        self.close().await;
        self.alive = Alive::default();
        self.taught = self.marked.iter().cloned().map(Request::LearnName).collect();
        self.end_journal();
        self.started = self.world.elapsed();
        let mut messages = Vec::new();
        let place = target.endpoint.to_string();
        match self.begin_journal(&target, uri, &place) {
            Ok(journal) => self.journal = Some(journal),
            Err(why) => {
                self.journal = None;
                messages.push(self.unrecorded(&why));
            }
        }
        self.target = Some(target);
        self.at_lab = uri.starts_with("lab:");
        self.roots = roots;
        let begun = self.dial(false, Verify::AsTheTargetSays);
        if matches!(begun, Message::Began { .. }) {
            messages.insert(0, begun);
        } else {
            messages.push(begun);
        }
        messages
    }

    /// Connects to the same target again; the conversation goes on in the same file.
    pub(super) async fn reconnect(&mut self, verify: Verify) -> Vec<Message> {
        if let (None, Some(joining)) = (&self.class, self.joining.clone()) {
            return vec![self.rejoin(&joining).await];
        }
        let last = self.close().await;
        vec![Message::Wire(last), self.dial(true, verify)]
    }

    fn dial(&mut self, again: bool, verify: Verify) -> Message {
        let Some(target) = &self.target else {
            return Message::NotBegun("There is nothing to connect to again; name a target first.".to_owned());
        };
        let mut options = match options(target, self.roots.clone()) {
            Ok(options) => options,
            Err(error) => return Message::NotBegun(in_profile(target, &error.to_string())),
        };
        // A lesson's lab counts every line.
        let taught = self.hall.is_some() || self.class.is_some();
        options.keep_alive = match self.alive {
            Alive::AsTheTargetSays => target.keep_alive.map(Duration::from_millis).filter(|_| !taught),
            Alive::Chosen(every) => every,
        };
        options.relayed = self.class.is_some();
        options.remember = !self.at_lab && self.hall.is_none();
        options.tls.verify &= verify == Verify::AsTheTargetSays;
        let peer = Peer { unverified: !options.tls.verify, clock: self.clock(), ..peer(target, self.at_lab) };
        // What this conversation must not record is known before its greeting comes.
        let (journal, world) = (self.journal.clone(), self.world.clone());
        let connection = connect_knowing(&self.taught, options, journal, world, self.started);
        self.hides = false;
        self.untaught.clear();
        if verify == Verify::NotThisTime {
            let words = "you go on regardless: on this connection the certificate is not verified";
            let remark = Remark::new("warning").with("kind", "unverified").value(words);
            // The queue of a connection that begins is empty.
            let _ = connection.requests.try_send(Request::Remark(remark));
        }
        self.connection = Some(connection);
        Message::Began { peer: Box::new(peer), path: self.path(), head: self.head.clone(), again }
    }

    fn path(&self) -> Option<PathBuf> {
        let journal = self.journal.as_ref()?;
        Some(journal.lock().unwrap_or_else(PoisonError::into_inner).path().to_owned())
    }

    fn begin_journal(&mut self, target: &Target, uri: &str, place: &str) -> Result<SharedJournal, String> {
        let header = header(target, uri, self.class.as_ref().map(|class| &class.hello), &self.world);
        self.head = Some(Box::new(header.clone()));
        let folder = self.world.directories.state.join("transcripts");
        let name = match target.name.as_str() {
            _ if self.class.is_some() => "lab",
            "lab" | "lab:" => "lab",
            scenario if scenario.starts_with("lab:") => scenario,
            _ => place,
        };
        let name = target.profile.as_deref().unwrap_or(name);
        let journal = Journal::create(&folder, name, &header).map_err(|error| error.to_string());
        let begun = self.world.zone().to_datetime(self.world.now()).strftime("%H:%M").to_string();
        let with = crate::smtp::escape::for_screen(target.name.trim_end_matches(':').as_bytes());
        let path = journal.as_ref().map(|journal| journal.path().to_owned()).map_err(Clone::clone);
        self.recorded.push(Recorded { with, begun, path, missing: 0 });
        journal.map(|journal| Arc::new(Mutex::new(journal)))
    }

    /// What could not be recorded of the conversation is tried once more, and what is missing is known on leaving.
    pub(super) fn end_journal(&mut self) {
        let Some(journal) = self.journal.take() else { return };
        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.catch_up();
        let of_it = |recorded: &&mut Recorded| recorded.path.as_deref().is_ok_and(|path| path == journal.path());
        if let Some(recorded) = self.recorded.iter_mut().rev().find(of_it) {
            recorded.missing = journal.missing();
        }
    }

    /// What is said in a conversation that no file could be made for.
    fn unrecorded(&self, why: &str) -> Message {
        let remark = Remark::unrecorded(format!("this conversation is not recorded: {why}"));
        Message::Wire(vec![Timed { at: self.now(), event: Event::Remark(remark) }])
    }

    /// What the target says about TLS and login; without its password.
    pub(super) fn access(&self) -> Option<Message> {
        let target = self.target.as_ref()?;
        // A file's head is somebody's word: no credentials go there.
        let auth = target.auth.clone().filter(|_| target.from_file.is_none());
        let lmtp = target.protocol == Protocol::Lmtp;
        let server = match &target.endpoint {
            Endpoint::Tcp { host, port } => Some((host.clone(), *port)),
            _ => None,
        };
        let around = Around { nonce: sasl::nonce(self.world.random()), server, ..Around::default() };
        Some(Message::Access(Box::new(Access { tls: target.tls, lmtp, auth, around, xclient: target.xclient.clone() })))
    }

    /// The next things that happened on the wire or in a lesson's lab; waits for ever while there is neither.
    pub(super) async fn next(&mut self) -> Message {
        let hall = &mut self.hall;
        let seen = async {
            match hall {
                Some(hall) => hall.seen().await,
                None => std::future::pending().await,
            }
        };
        let class = &mut self.class;
        let said = async {
            match class {
                Some(open) => {
                    let news = open.news.recv().await;
                    if let Some(down) = news {
                        LessonNews::Class(Box::new(down))
                    } else {
                        *class = None;
                        LessonNews::ClassOver
                    }
                }
                None => std::future::pending().await,
            }
        };
        let reload = &mut self.reload;
        let changed = async {
            match reload {
                Some(reload) => reload.changed().await,
                None => std::future::pending().await,
            }
        };
        let (world, started, own) = (&self.world, self.started, self.lab.as_ref().map(|(_, lab)| lab));
        let watched = &mut self.watched;
        let now = || Micros::from(world.elapsed().saturating_sub(started));
        tokio::select! {
            message = on_the_wire(&mut self.connection, now) => message,
            message = probe::news(&mut self.probing) => message,
            said = said => Message::Lesson(said),
            seen = seen => Message::Lesson(LessonNews::Seen(seen)),
            scenario = changed => lab::reloaded(scenario, own, world),
            seen = lab::news(watched, own) => seen,
            came = lab::mail(&mut self.inbox) => came,
        }
    }

    /// How much of a long message has gone out, and how much it is in all; nothing while none is on its way.
    pub(super) fn progress(&self) -> Option<(u64, u64)> {
        self.connection.as_ref().and_then(|connection| connection.progress.now())
    }

    /// Records a remark: through the connection, or in the file of a connection that has ended.
    pub(super) fn remark(&mut self, remark: Remark) -> Vec<Message> {
        if self.connection.is_some() {
            return self.ask(Request::Remark(remark)).into_iter().collect();
        }
        let event = Timed { at: self.now(), event: Event::Remark(remark) };
        let kept = self.journal.as_ref().map(|journal| {
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.append(&event)
        });
        let again = kept.as_ref().and_then(|kept| kept.as_ref().ok()?.clone());
        let again = again.map(|again| Timed { at: event.at, event: Event::Remark(again) });
        let mut messages = vec![Message::Wire(again.into_iter().chain([event]).collect())];
        match kept {
            Some(Ok(_)) => {}
            Some(Err(error)) => messages.push(Message::Notice(format!("Not kept in the file: {error}"))),
            None => messages.push(Message::Notice("This conversation has no file; it is not kept.".to_owned())),
        }
        messages
    }

    /// Closes the connection without QUIT; what it still says comes by [`Self::next`].
    pub(super) fn hang_up(&mut self) {
        if let Some(connection) = &self.connection {
            connection.cancel.cancel();
        }
        if let Some(probing) = &self.probing {
            probing.stop.cancel();
        }
    }

    /// Closes the connection and lets it write its last record; gives what it still said.
    pub(super) async fn close(&mut self) -> Vec<Timed> {
        let mut last = Vec::new();
        // What they still say is in their own file.
        if let Some(probing) = self.probing.take() {
            probing.stop.cancel();
        }
        let Some(mut connection) = self.connection.take() else { return last };
        connection.cancel.cancel();
        let ended = async {
            while let Some(event) = connection.events.recv().await {
                last.push(event);
            }
        };
        // What is not said by then is in the file all the same.
        let _ = tokio::time::timeout(LAST_WORDS, ended).await;
        last
    }
}

/// The next things that happened on the wire; waits for ever while nothing is connected.
async fn on_the_wire(open: &mut Option<Connection>, now: impl Fn() -> Micros) -> Message {
    let Some(connection) = open else { return std::future::pending().await };
    let mut events = Vec::new();
    if connection.events.recv_many(&mut events, BATCH).await == 0 {
        *open = None;
        let gone = Remark::new("closed").with("by", "client");
        events.push(Timed { at: now(), event: Event::Remark(gone) });
        return Message::Gone(events);
    }
    Message::Wire(events)
}
/// What is wrong with what a target leans on, and where its profile is mended.
fn in_profile(target: &Target, why: &str) -> String {
    match &target.profile {
        Some(name) => format!("{why} · the profile {name} says so: the start screen edits it"),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
