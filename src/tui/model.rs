//! Everything that the screen is made of, as plain data.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::client::Ending;
use crate::conversation::{Log, Micros};
use crate::decode::{Knowledge, Step};
use crate::lesson::file;
use crate::lesson::{Goal, Map};
use crate::smtp::{Phase, Secret};
use crate::transaction::Interrupted;

use super::action::Where;
use super::attending::{InClass, in_exam, is_over};
use super::editor::Draft;
use super::errand::{Access, Running};
use super::keymap::Keymap;
use super::layout::Layout;
use super::library::Library;
use super::overlay::Overlay;
use super::pane::composer::{Challenge, Composer, Identity, Surroundings};
use super::pane::lesson::LessonPane;
use super::pane::panel::Panel;
use super::pane::transcript::Transcript;
use super::pasted::Pasted;
use super::pipelining;
use super::playback::Playback;
use super::probing::Probing;
use super::regardless::Repeat;
use super::replay::{self, Replay};
use super::retry::{self, Retries};
use super::start::Start;
use super::talk::{Source, Talk};
use super::text::wrap;
use super::theme::{Theme, Themes};

mod settle;

/// What has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Focus {
    #[default]
    Composer,
    Transcript,
    Panel,
    Lesson,
}

/// Which of the two screens is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Face {
    /// A conversation.
    #[default]
    Talk,
    /// The start screen.
    Start,
    /// The conversations that were kept.
    Library,
}

/// Who is at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The target as typed, for the title.
    pub name: String,
    /// How it was read, in words.
    pub reading: String,
    /// Whether it is marked as production.
    pub production: bool,
    /// Whether it is the lab inside this workbench.
    pub lab: bool,
    /// What is filled into templates.
    pub identity: Identity,
    /// The time for each reply, where it is not the protocol's own.
    pub reply_timeout: Option<Duration>,
    /// Certificates are not verified on this connection.
    pub unverified: bool,
    /// Its profile lets a password go over a line that is not encrypted.
    pub clear_text: bool,
    /// Who logs in there as the target says, if anybody.
    pub user: Option<String>,
    /// With which mechanism, where the target names one.
    pub mechanism: Option<String>,
    /// The profile that it comes from, if it does.
    pub profile: Option<String>,
    /// How many times as fast as ours its clock is known to run, where it is the lab's; 0 where nothing is known.
    pub clock: u32,
}

/// The files that were opened together.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Where they are.
    pub paths: Vec<PathBuf>,
    /// Which one is shown.
    pub current: usize,
    /// They are the conversations of one file, which was opened here.
    pub within_one: bool,
}

impl Files {
    /// Whether there is a next one to go to.
    #[must_use]
    pub fn several(&self) -> bool {
        self.paths.len() > 1
    }

    /// The one after, or before, in a ring; it is the current one from now on.
    pub fn turn(&mut self, forward: bool) -> Option<&Path> {
        let count = self.paths.len();
        let step = if forward { 1 } else { count.checked_sub(1)? };
        self.current = (self.current + step).checked_rem(count)?;
        self.paths.get(self.current).map(PathBuf::as_path)
    }
}

/// What a second Enter does that the first only announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Sends an empty line.
    Empty,
    /// Sends while a reply is awaited.
    Pipelined,
    /// Sends a line of a replay although a reply was not as expected.
    Held,
    /// Hands a message over to a production server.
    Delivered,
    /// Sends a password or a token over a line that is not encrypted.
    InClear,
}

/// A reply that is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it is: a verb whose reply is awaited, or words: `DATA`, `the greeting`.
    pub what: String,
    /// When that was sent.
    pub since: Micros,
    /// How long it may take.
    pub most: Duration,
}

impl Waiting {
    /// In words: `the reply to DATA`, `the greeting`.
    #[must_use]
    pub fn words(&self) -> String {
        if self.what.starts_with("the ") { self.what.clone() } else { format!("the reply to {}", self.what) }
    }
}

/// The columns for words under the line to send, on a screen of so many: within the frame, between blanks.
fn said_columns(screen: u16) -> usize {
    usize::from(screen.saturating_sub(4)).max(1)
}

/// The workbench.
#[derive(Debug, Default)]
pub struct Model {
    /// Columns and rows.
    pub size: (u16, u16),
    /// How roles look.
    pub theme: Theme,
    /// The themes that there are.
    pub themes: Themes,
    /// Somebody has asked for no colours, whichever theme.
    pub colourless: bool,
    /// The focused pane has the whole screen, without a frame.
    pub zoomed: bool,
    /// In the presenter's mode: the last keys.
    pub presented: Option<Vec<String>>,
    /// A piece of the conversation is to be looked at for search and filter.
    pub sifting: bool,
    /// What is known.
    pub knowledge: Arc<Knowledge>,
    /// It is still being read, beside the loop: explaining would wait for that, and a key for the explanation.
    pub knowledge_due: bool,
    /// Which key does what.
    pub keymap: Keymap,
    /// Which screen is shown.
    pub face: Face,
    /// The start screen.
    pub start: Start,
    /// The conversations that were kept.
    pub library: Library,
    /// The conversation on the screen.
    pub talk: Talk,
    /// Who is at its other end.
    pub peer: Peer,
    /// What has the keys.
    pub focus: Focus,
    /// The transcript pane.
    pub transcript: Transcript,
    /// The right panel.
    pub panel: Panel,
    /// The composer.
    pub composer: Composer,
    /// What lies over the panes and takes the keys.
    pub overlay: Option<Overlay>,
    /// Something said in answer to the last key or event, until the next key.
    pub notice: Option<String>,
    /// What the next Enter would do although it is unusual.
    pub armed: Option<Armed>,
    /// Lines of a paste that come onto the composer, one after the other.
    pub pasted: Pasted,
    /// The line of a next step that follows once the one before it was sent.
    pub follows: Option<String>,
    /// Lines that are collected for one write, while they are.
    pub block: Option<Vec<String>>,
    /// Lines that were sent and are to be kept for runs to come, once the wire shows that they hold no known secret.
    pub unkept: VecDeque<String>,
    /// The file of which the beginning is shown while the rest is read.
    pub begun: Option<PathBuf>,
    /// The files that were asked for and are not there yet.
    pub asked: Vec<super::opening::Asked>,
    /// The files that were opened, for next and previous.
    pub files: Files,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// The conversation's clock, as far as the screen knows.
    pub now: Micros,
    /// The reply that is awaited.
    pub waiting: Option<Waiting>,
    /// What the server has put off.
    pub retries: Retries,
    /// The password of a log-in that a certificate has come before: for the same dial without verifying, and wiped then.
    pub password: Option<Secret>,
    /// Forward-paths of the open transaction.
    pub recipients: Vec<String>,
    /// What an open 334 asks for.
    pub challenge: Option<Challenge>,
    /// The message that is written, or is to be sent.
    pub draft: Draft,
    /// How lines that are sent end.
    pub ending: Ending,
    /// The transaction that was open when the connection was cut.
    pub interrupted: Option<Interrupted>,
    /// The server has said that it closes (421): as soon as it has, the way leads back to where the transaction was.
    pub returns: bool,
    /// What F4 connects to, until its connection begins.
    pub dialled: Option<String>,
    /// What sends lines by itself now.
    pub errand: Option<Running>,
    /// An errand that is asked for, whether it leads back, and what it knows while a password is asked for.
    pub wanted: Option<(bool, Option<Box<Access>>)>,
    /// The time of the last message by the wall clock: certificates are judged by it.
    pub today: Option<Timestamp>,
    /// Random octets of that moment, for what must be unlike anything else.
    pub fresh: [u8; 16],
    /// The folder of the conversations that were kept.
    pub kept: Option<PathBuf>,
    /// The time zone in which times are told; UTC where none is given.
    pub zone: Option<TimeZone>,
    /// How much of a long message has gone out, and how much it is in all, octets; nothing while none is on its way.
    pub progress: Option<(u64, u64)>,
    /// An opened conversation that plays.
    pub playback: Option<Playback>,
    /// The conversation of a file is being held with two servers.
    pub holding: bool,
    /// Two columns in the transcript's place: a replay or a comparison.
    pub replay: Option<Replay>,
    /// What the lab has seen of this conversation, where that stands in one of the columns.
    pub seen: Option<Box<Log>>,
    /// Waits of replays that were begun: each has its number, and an older one says nothing any more.
    pub waits: u64,
    /// What goes on regardless of a certificate sends by itself.
    pub repeat: Option<Repeat>,
    /// The ready-made tests that were run in this conversation, or are.
    pub probing: Option<Probing>,
    /// All lessons, and what was done of them.
    pub lessons: Map,
    /// The lesson that is being held.
    pub lesson: Option<LessonPane>,
    /// The class that the student is in.
    pub class: Option<InClass>,
}

impl Model {
    /// Whether no conversation is shown, but the start screen or the library.
    #[must_use]
    pub fn at_start(&self) -> bool {
        self.face != Face::Talk
    }

    /// Whether the library is shown.
    #[must_use]
    pub fn at_library(&self) -> bool {
        self.face == Face::Library
    }

    /// Whether a lesson is on the screen.
    #[must_use]
    pub fn shows_lesson(&self) -> bool {
        self.lesson.is_some() && !self.at_start() && !self.is_offline()
    }

    /// Whether what is shown was opened from a file.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.talk.source == Source::Opened
    }

    /// Whether this is a conversation from the start screen's list or the library, to which Esc leads back.
    #[must_use]
    pub fn came_from_start(&self) -> bool {
        self.is_offline()
            && !self.at_start()
            && (self.files.paths.is_empty() || self.files.within_one)
            && self.focus == Focus::Transcript
            && !self.transcript.is_narrowed()
    }

    /// Whether there is a target to connect to again; for a file, the one that its head names.
    #[must_use]
    pub fn can_reconnect(&self) -> bool {
        let known = if self.is_offline() { self.talk.target.is_some() } else { !self.peer.name.is_empty() };
        !self.at_start() && known
    }

    /// The n-th next step that is shown, from 1.
    #[must_use]
    pub fn step(&self, n: usize) -> Option<Step> {
        if self.at_start() { None } else { self.panel.step(n, &self.talk) }
    }

    /// The next line end: CRLF, LF, none, and around; in words.
    pub fn turn_line_end(&mut self) -> &'static str {
        self.ending = match self.ending {
            Ending::CrLf => Ending::Lf,
            Ending::Lf => Ending::None,
            Ending::None => Ending::CrLf,
        };
        match self.ending {
            Ending::CrLf => "CRLF",
            Ending::Lf => "a bare LF",
            Ending::None => "nothing",
        }
    }

    /// Whether the composer offers the message that was written: 354 is open, and nothing is typed or was sent by hand.
    #[must_use]
    pub fn offers_draft(&self) -> bool {
        self.draft.ready
            && self.composer.line().is_empty()
            && self.talk.is_open()
            && self.talk.dialogue.state().phase() == Phase::Data
            && self.talk.dialogue.state().session.content_octets == 0
    }

    /// Where keys are heard now.
    #[must_use]
    pub fn place(&self) -> Where {
        match (self.face, self.focus) {
            (Face::Start, _) => Where::Start,
            (Face::Library, _) => Where::Library,
            (Face::Talk, Focus::Composer) => Where::Composer,
            (Face::Talk, Focus::Transcript) => Where::Transcript,
            (Face::Talk, Focus::Panel) => Where::Panel,
            (Face::Talk, Focus::Lesson) => Where::Lesson,
        }
    }

    /// Whether the lesson wants everything typed by hand: no line is offered, no dot is doubled.
    #[must_use]
    pub fn types_by_hand(&self) -> bool {
        let pane = self.lesson.as_ref().filter(|_| self.shows_lesson());
        pane.is_some_and(|pane| pane.lesson().composer == crate::lesson::file::Help::Raw)
    }

    /// Where everything stands; nothing where there is no room.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        if self.zoomed && !self.at_start() {
            return Layout::zoomed(self.size, self.focus);
        }
        let composing = !self.is_offline();
        let layout = if self.presented.is_some() && !self.at_start() {
            Layout::alone(self.size, self.focus, composing)?
        } else {
            Layout::of(self.size, self.focus, composing)?
        };
        let said = if composing { self.rows_of_notice().max(self.rows_of_hint()) } else { 1 };
        let kept = if composing { self.rows_of_kept() } else { 0 };
        let layout = layout.with_words(said.saturating_sub(1) + kept);
        let layout = match &self.replay {
            Some(replay) => layout.with_columns(self.focus, replay.is_of_files()),
            None => layout,
        };
        Some(if self.shows_lesson() { layout.with_lesson(self.size, self.focus) } else { layout })
    }

    /// How many rows there are for what is said below the line to send.
    fn rows_of_notice(&self) -> u16 {
        const MOST: usize = 4;
        let words = super::view::told(self).filter(|_| !self.at_start()).unwrap_or_default();
        let rows = wrap(&words, said_columns(self.size.0)).len();
        u16::try_from(rows.min(MOST)).unwrap_or(1)
    }

    /// How many rows there are for lines that are kept for one write, above the next one.
    fn rows_of_kept(&self) -> u16 {
        let kept = pipelining::kept(self).filter(|_| !self.at_start()).map_or(0, <[String]>::len);
        u16::try_from(kept.min(super::view::MOST_KEPT)).unwrap_or(0)
    }

    /// How many rows there are for what speaks against the line that is typed.
    fn rows_of_hint(&self) -> u16 {
        const MOST: u16 = 3;
        let silent = self.at_start() || self.notice.is_some() || self.composer.lints().is_empty();
        if silent { 1 } else { self.composer.rows(&self.around(), self.size.0.saturating_sub(2)).min(MOST) }
    }

    /// What the composer must know.
    #[must_use]
    pub fn around(&self) -> Surroundings<'_> {
        let waited = |w: &Waiting| Duration::from_micros(self.now.0.saturating_sub(w.since.0));
        Surroundings {
            session: &self.talk.dialogue.state().session,
            open: self.talk.is_open(),
            waiting: self.waiting.as_ref().map(|w| (w.what.as_str(), waited(w), w.most)),
            progress: self.progress,
            verbs: &self.knowledge.verbs,
            identity: &self.peer.identity,
            recipients: &self.recipients,
            challenge: self.challenge.as_ref(),
            keymap: &self.keymap,
            bare: self.types_by_hand(),
            exam: in_exam(self),
            over: is_over(self),
            replays: replay::is_playing(self),
            advised: self.talk.advised().filter(|_| !in_exam(self)),
            login_failed: self.talk.login_failed(),
            misses: self.talk.misses.is_some(),
            lab: self.peer.lab,
            again: retry::again(self),
            step: self.goal(),
            offers: self.open_step().and_then(|step| step.offers.as_deref()),
            too_early: self.lesson.as_ref().is_some_and(|pane| self.shows_lesson() && pane.wants_one_too_early()),
            unsent: self.draft.sent && !self.draft.taken && !self.draft.ready,
            collected: pipelining::kept(self).map(<[String]>::len),
            today: self.today,
            pasted: &self.pasted,
        }
    }

    /// The open step of the lesson that is shown.
    fn open_step(&self) -> Option<&file::Step> {
        self.lesson.as_ref().filter(|_| self.shows_lesson()).and_then(LessonPane::open_step)
    }

    /// What the open step of the lesson that is shown asks for.
    #[must_use]
    pub fn goal(&self) -> Option<&Goal> {
        self.open_step().map(|step| &step.goal)
    }

    /// Has the composer do something, with what it must know.
    pub fn compose<T>(&mut self, with: impl FnOnce(&mut Composer, &Surroundings<'_>) -> T) -> T {
        // Taken out meanwhile, so that everything else can be looked at.
        let mut composer = std::mem::take(&mut self.composer);
        let done = with(&mut composer, &self.around());
        self.composer = composer;
        done
    }
}
