//! The action table: everything that a key, the palette, a menu or the mouse can do, one entry each.
//!
//! Key bindings, footer, F1 and the palette all come from [`ACTIONS`]. To add an action: name it in [`Action`], give it
//! an entry in the area that it belongs to (one file each here), and a handler in `act`.

mod compose;
mod connection;
mod focus;
mod lesson;
mod library;
mod moving;
mod panel;
mod program;
mod reading;
mod replay;
mod start;

pub(super) use lesson::next_lesson;

use super::model::Model;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in the table")]
pub enum Action {
    Send,
    Mend,
    /// What is secret is told, to be masked.
    MarkSecret,
    /// A question of the class's about a reply.
    Questions,
    Templates,
    Message,
    Receipt,
    /// Several lines in one write.
    Pipeline,
    Ready,
    Back,
    History,
    LineEnd,
    Stop,
    Open,
    Connect,
    Reconnect,
    /// What was put off, once more.
    Retry,
    /// NOOP by itself while one thinks: on, and off.
    KeepAlive,
    /// Doing without what the server offers no more.
    AcceptOffer,
    Lab,
    /// A lab that answers as the server of this conversation did.
    AnswerLike,
    /// What the lab has seen of this connection, beside what the client has.
    ServerView,
    /// The menu of ready-made tests.
    Probe,
    NewProfile,
    EditProfile,
    CopyProfile,
    DeleteProfile,
    Start,
    Drop,
    Quit,
    Help,
    Palette,
    Mail,
    ToTranscript,
    ToPanel,
    ToComposer,
    NextPane,
    PreviousPane,
    Up,
    Down,
    PageUp,
    PageDown,
    HalfPageUp,
    HalfPageDown,
    ScrollUp,
    ScrollDown,
    Top,
    Bottom,
    ExchangeBefore,
    ExchangeAfter,
    RefusalBefore,
    RefusalAfter,
    Fold,
    FoldAll,
    Search,
    SearchNext,
    SearchBefore,
    Filter,
    Widen,
    Bookmark,
    NextBookmark,
    Note,
    Jump,
    /// What a text means that is no part of the conversation.
    Explain,
    Copy,
    /// Where the time went.
    Timing,
    /// As it happened: on, and pause.
    Play,
    Faster,
    Slower,
    EndPlay,
    Zoom,
    Presenter,
    SaveAs,
    Export,
    /// The same without names and addresses.
    Anonymised,
    Theme,
    Glossary,
    /// Codes, verbs, extensions and terms, a page each.
    Reference,
    PreviousFile,
    NextFile,
    NextTab,
    PreviousTab,
    ReplyTab,
    SessionTab,
    OfferTab,
    TlsTab,
    ProbeTab,
    /// From finding to finding of the ready-made tests.
    FindingAfter,
    FindingBefore,
    ReadOn,
    ConnectBetter,
    TlsRegardless,
    Trust,
    VerifyAs,
    Replay,
    ReplayAll,
    /// With the pauses of whoever sent it then.
    ReplayPaced,
    StepByStep,
    Skip,
    EndReplay,
    Compare,
    /// The same conversation with two servers, compared.
    Both,
    DifferenceBefore,
    DifferenceAfter,
    Mouse,
    Redraw,
    Suspend,
    /// The n-th next step, from 1.
    Step(u8),
    /// The lesson whole, and back.
    Lesson,
    /// The map of all lessons.
    Lessons,
    /// The lesson that comes after the one that is done.
    NextLesson,
    /// What the learner has found.
    Finding,
    /// The next hint of the lesson.
    Hint,
    /// What is marked in the lesson: an answer, or going on.
    Choose,
    /// The lesson from its beginning.
    StartOver,
    /// The n-th answer of the quiz, from 1.
    Answer(u8),
    /// The conversations that were kept.
    Library,
    LeaveLibrary,
    /// The list in another order.
    Order,
    /// A title for what is marked in the library.
    Rename,
    Tag,
    /// A note on what is marked in the library, as a whole.
    NoteKept,
    RemoveKept,
    Prune,
}

/// Where an action's key is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Where {
    /// Everywhere.
    Everywhere,
    /// With the composer focused.
    Composer,
    /// With the transcript focused.
    Transcript,
    /// With the right panel focused.
    Panel,
    /// On the start screen.
    Start,
    /// With the lesson focused.
    Lesson,
    /// In the library.
    Library,
}

impl Where {
    /// All, with their names in keymap.toml and on the help screen.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::Everywhere, "everywhere"),
        (Self::Composer, "composer"),
        (Self::Transcript, "transcript"),
        (Self::Panel, "panel"),
        (Self::Start, "start"),
        (Self::Lesson, "lesson"),
        (Self::Library, "library"),
    ];
}

/// One entry of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it does, by name in the code.
    pub action: Action,
    /// Its name in keymap.toml, the palette and next steps: `connect`, `ready`, `quit`.
    pub name: &'static str,
    /// A word or two for the footer.
    pub short: &'static str,
    /// One sentence for F1 and the palette; an action in braces stands for its key.
    pub help: &'static str,
    /// Where, and which keys, most usual first, as `ctrl-p`, `f1`, `alt-up`, `G`, `enter`.
    pub keys: &'static [(Where, &'static str)],
    /// Whether it would do something now.
    pub available: fn(&Model) -> bool,
    /// What else one may call it, for the palette: words that stand neither in its name nor in its help.
    pub words: &'static str,
    /// How needed it is in the footer, 1 the most; 0 is never there. A narrow footer drops the least needed.
    pub need: u8,
}

impl Entry {
    /// Gives it a place in the footer; 1 is the most needed.
    const fn needed(self, need: u8) -> Self {
        Self { need, ..self }
    }

    /// Gives it words by which the palette finds it too.
    const fn called(self, words: &'static str) -> Self {
        Self { words, ..self }
    }
}

const fn entry(
    action: Action,
    name: &'static str,
    short: &'static str,
    help: &'static str,
    keys: &'static [(Where, &'static str)],
    available: fn(&Model) -> bool,
) -> Entry {
    Entry { action, name, short, help, keys, available, words: "", need: 0 }
}

/// The areas, in the order of the palette; the order within one focus is that of the footer.
const AREAS: &[&[Entry]] = &[
    start::ENTRIES,
    library::ENTRIES,
    compose::ENTRIES,
    focus::ENTRIES,
    reading::ENTRIES,
    panel::ENTRIES,
    moving::ENTRIES,
    replay::ENTRIES,
    connection::ENTRIES,
    lesson::ENTRIES,
    program::ENTRIES,
];

/// Every action, area after area.
pub const ACTIONS: &[Entry] = &joined::<{ count() }>();

const fn count() -> usize {
    let (mut count, mut area) = (0, 0);
    while area < AREAS.len() {
        count += AREAS[area].len();
        area += 1;
    }
    count
}

const fn joined<const N: usize>() -> [Entry; N] {
    let mut all = [AREAS[0][0]; N];
    let (mut at, mut area) = (0, 0);
    while area < AREAS.len() {
        let mut n = 0;
        while n < AREAS[area].len() {
            all[at] = AREAS[area][n];
            at += 1;
            n += 1;
        }
        area += 1;
    }
    all
}

fn always(_: &Model) -> bool {
    true
}

fn talking(model: &Model) -> bool {
    !model.at_start()
}

fn told(model: &Model) -> bool {
    talking(model) && !model.talk.log.is_empty()
}

fn at_start(model: &Model) -> bool {
    model.at_start()
}

fn open(model: &Model) -> bool {
    model.talk.is_open()
}

fn live(model: &Model) -> bool {
    talking(model) && !model.is_offline()
}

impl Action {
    /// Its entry.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        ACTIONS.iter().find(|entry| entry.action == self).expect("every action has an entry")
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|entry| entry.name == name).map(|entry| entry.action)
    }
}
