//! The action table: everything that a key, the palette, a menu or the mouse can do, one entry each.
//!
//! Key bindings, footer, F1 and the palette all come from [`ACTIONS`]; `update` has the handler of each.

use super::model::{Focus, Model};
use super::pane::lesson::{LessonPane, Stage};
use super::replay;
use super::start::Item;

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in the table")]
pub enum Action {
    Send,
    Mend,
    Templates,
    Message,
    Ready,
    Back,
    History,
    LineEnd,
    Stop,
    Open,
    Connect,
    Reconnect,
    Lab,
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
    Copy,
    Zoom,
    SaveAs,
    Export,
    Theme,
    Glossary,
    PreviousFile,
    NextFile,
    NextTab,
    PreviousTab,
    ReplyTab,
    SessionTab,
    OfferTab,
    TlsTab,
    ConnectBetter,
    TlsRegardless,
    Replay,
    ReplayAll,
    Skip,
    EndReplay,
    Compare,
    DifferenceBefore,
    DifferenceAfter,
    Mouse,
    Redraw,
    Suspend,
    /// The n-th next step, from 1.
    Step(u8),
    /// The lesson whole, and back.
    Lesson,
    /// The next hint of the lesson.
    Hint,
    /// What is marked in the lesson: an answer, or going on.
    Choose,
    /// The lesson from its beginning.
    StartOver,
    /// The n-th answer of the quiz, from 1.
    Answer(u8),
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
}

impl Where {
    /// All, with their names in keymap.toml and on the help screen.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::Everywhere, "everywhere"),
        (Self::Composer, "composer"),
        (Self::Transcript, "transcript"),
        (Self::Panel, "panel"),
        (Self::Start, "start"),
        (Self::Lesson, "lesson"),
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
    /// One sentence for F1 and the palette.
    pub help: &'static str,
    /// Where, and which keys, most usual first, as `ctrl-p`, `f1`, `alt-up`, `G`, `enter`.
    pub keys: &'static [(Where, &'static str)],
    /// Whether it would do something now.
    pub available: fn(&Model) -> bool,
    /// How needed it is in the footer, 1 the most; 0 is never there. A narrow footer drops the least needed.
    pub need: u8,
}

use Where::{Composer, Everywhere, Lesson, Panel, Start, Transcript};

const fn entry(
    action: Action,
    name: &'static str,
    short: &'static str,
    help: &'static str,
    keys: &'static [(Where, &'static str)],
    available: fn(&Model) -> bool,
) -> Entry {
    Entry { action, name, short, help, keys, available, need: need(action) }
}

/// How needed an action's key is in the footer.
const fn need(action: Action) -> u8 {
    match action {
        Action::Send | Action::Open | Action::Choose => 1,
        Action::Palette | Action::Help => 2,
        Action::ToComposer | Action::ToTranscript | Action::Quit | Action::Lesson | Action::Hint | Action::Skip => 3,
        Action::Connect
        | Action::Reconnect
        | Action::Mend
        | Action::Templates
        | Action::Message
        | Action::EditProfile
        | Action::Step(1)
        | Action::ToPanel => 4,
        Action::NewProfile
        | Action::ReplayAll
        | Action::EndReplay
        | Action::DifferenceAfter
        | Action::ExchangeBefore
        | Action::ExchangeAfter
        | Action::RefusalAfter
        | Action::Search
        | Action::Filter
        | Action::NextPane => 5,
        Action::NextTab
        | Action::Copy
        | Action::Note
        | Action::CopyProfile
        | Action::DeleteProfile
        | Action::NextFile
        | Action::PreviousFile
        | Action::PageUp => 6,
        _ => 0,
    }
}

fn always(_: &Model) -> bool {
    true
}

fn in_a_file(model: &Model) -> bool {
    talking(model) && model.talk.path.is_some() && !model.talk.partial
}

fn in_columns(model: &Model) -> bool {
    talking(model) && model.replay.is_some()
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

fn on_profile(model: &Model) -> bool {
    at_start(model) && matches!(model.start.marked(), Some(Item::Profile(_)))
}

fn open(model: &Model) -> bool {
    model.talk.is_open()
}

fn live(model: &Model) -> bool {
    talking(model) && !model.is_offline()
}

fn composing(model: &Model) -> bool {
    live(model) && model.focus == Focus::Composer
}

fn several_files(model: &Model) -> bool {
    model.files.several() && !open(model)
}

/// Every action, in the order of the palette; the order within one focus is that of the footer.
pub const ACTIONS: &[Entry] = &[
    entry(
        Action::Open,
        "open",
        "open",
        "Open what is marked, or what you typed as a host, profile or file.",
        &[(Start, "enter")],
        at_start,
    ),
    entry(
        Action::Send,
        "send",
        "send",
        "Send the line that stands in the composer, as it stands there.",
        &[(Composer, "enter")],
        |model| open(model) || model.replay.as_ref().is_some_and(replay::Replay::reconnects),
    ),
    entry(
        Action::Mend,
        "mend",
        "mend",
        "Take the mended line that the composer offers.",
        &[(Everywhere, "f8")],
        |model| composing(model) && model.composer.lints().iter().any(|lint| lint.mended.is_some()),
    ),
    entry(
        Action::Templates,
        "templates",
        "templates",
        "Choose a verb; with a verb on the line, fill that line in as a form.",
        &[(Everywhere, "f2")],
        live,
    ),
    entry(
        Action::Message,
        "message",
        "message",
        "Write the message: header fields and text, from samples or files; nothing is sent yet.",
        &[(Everywhere, "f3")],
        live,
    ),
    entry(
        Action::Ready,
        "ready",
        "make ready",
        "Make ready as the target says: EHLO, STARTTLS, EHLO, login; each line is seen as it goes.",
        &[(Everywhere, "f10")],
        |model| open(model) && !model.talk.dialogue.state().phase().in_transaction(),
    ),
    entry(
        Action::Back,
        "back",
        "back here",
        "After a cut, go back to where you were: EHLO, TLS, MAIL and the accepted RCPTs again.",
        &[(Everywhere, "f12")],
        |model| live(model) && model.interrupted.is_some() && !model.talk.dialogue.state().phase().in_transaction(),
    ),
    entry(
        Action::History,
        "history",
        "history",
        "Find a line that was sent before, in this run or another.",
        &[(Everywhere, "ctrl-r")],
        live,
    ),
    entry(
        Action::LineEnd,
        "line-end",
        "line end",
        "Choose how lines end that you send: CRLF as it should be, a bare LF, or nothing.",
        &[],
        live,
    ),
    entry(
        Action::Up,
        "up",
        "up",
        "One row up.",
        &[
            (Transcript, "k"),
            (Transcript, "up"),
            (Panel, "k"),
            (Panel, "up"),
            (Start, "up"),
            (Lesson, "k"),
            (Lesson, "up"),
        ],
        always,
    ),
    entry(
        Action::Down,
        "down",
        "down",
        "One row down.",
        &[
            (Transcript, "j"),
            (Transcript, "down"),
            (Panel, "j"),
            (Panel, "down"),
            (Start, "down"),
            (Lesson, "j"),
            (Lesson, "down"),
        ],
        always,
    ),
    entry(
        Action::ToComposer,
        "composer",
        "to the line",
        "Go to the composer: the line to send.",
        &[(Transcript, "esc"), (Transcript, "i"), (Panel, "esc"), (Panel, "i"), (Lesson, "esc"), (Lesson, "i")],
        |model| live(model) || model.focus == Focus::Panel,
    ),
    entry(
        Action::ToTranscript,
        "transcript",
        "to transcript",
        "Go to the transcript; nothing typed is lost.",
        &[(Composer, "esc")],
        talking,
    ),
    entry(Action::ToPanel, "panel", "to the reply", "Go to the right panel.", &[(Transcript, "enter")], talking),
    entry(
        Action::ExchangeBefore,
        "exchange-before",
        "before",
        "Select the exchange before.",
        &[(Transcript, "["), (Everywhere, "alt-up")],
        talking,
    ),
    entry(
        Action::ExchangeAfter,
        "exchange-after",
        "after",
        "Select the exchange after.",
        &[(Transcript, "]"), (Everywhere, "alt-down")],
        talking,
    ),
    entry(
        Action::RefusalAfter,
        "refusal-after",
        "next refusal",
        "Select the next reply that refuses.",
        &[(Transcript, "e")],
        talking,
    ),
    entry(
        Action::RefusalBefore,
        "refusal-before",
        "refusal before",
        "Select the reply before that refuses.",
        &[(Transcript, "E")],
        talking,
    ),
    entry(
        Action::Fold,
        "fold",
        "fold",
        "Show all of a message or a long reply, or only its first lines.",
        &[(Transcript, "space")],
        talking,
    ),
    entry(
        Action::FoldAll,
        "fold-all",
        "fold all",
        "Show all messages and long replies whole, or fold all of them.",
        &[(Transcript, "a")],
        told,
    ),
    entry(
        Action::Search,
        "search",
        "search",
        "Search the transcript as you type; between slashes it is a regular expression.",
        &[(Transcript, "/")],
        told,
    ),
    entry(
        Action::SearchNext,
        "search-next",
        "next found",
        "Go to the next place found; in two columns to the next difference.",
        &[(Transcript, "n")],
        told,
    ),
    entry(
        Action::SearchBefore,
        "search-before",
        "found before",
        "Go to the place found before; in two columns to the difference before.",
        &[(Transcript, "N")],
        told,
    ),
    entry(
        Action::Filter,
        "filter",
        "filter",
        "Show only some lines: sent, received, refused, 5xx, rcpt, any text, and - before what is not wanted.",
        &[(Transcript, "f")],
        told,
    ),
    entry(
        Action::Widen,
        "show-all",
        "show all",
        "Take the filter away, then the search; Esc in the transcript does it too.",
        &[],
        |model| talking(model) && model.transcript.is_narrowed(),
    ),
    entry(
        Action::Bookmark,
        "bookmark",
        "bookmark",
        "Set a bookmark on the selected line, or take it off; it is kept in the file.",
        &[(Transcript, "m")],
        told,
    ),
    entry(
        Action::NextBookmark,
        "next-bookmark",
        "next bookmark",
        "Go to the next bookmark.",
        &[(Transcript, "'")],
        told,
    ),
    entry(
        Action::Note,
        "note",
        "note",
        "Write a note under the selected line; it is kept in the file.",
        &[(Transcript, ";")],
        told,
    ),
    entry(
        Action::Jump,
        "jump",
        "go to",
        "Go to a time, to the next command of a verb, or to a line by its number.",
        &[(Transcript, "t")],
        told,
    ),
    entry(
        Action::Copy,
        "copy",
        "copy",
        "Copy the line, the exchange, the whole conversation, or a swaks command that does the same.",
        &[(Transcript, "y"), (Panel, "y")],
        told,
    ),
    entry(
        Action::Zoom,
        "zoom",
        "zoom",
        "Show this pane alone and without a frame, for the terminal's own selection; once more goes back.",
        &[(Transcript, "z"), (Panel, "z")],
        talking,
    ),
    entry(
        Action::SaveAs,
        "save-as",
        "save as",
        "Save a copy of the conversation, with notes and bookmarks in their places.",
        &[(Transcript, "w"), (Panel, "w")],
        told,
    ),
    entry(
        Action::Export,
        "export",
        "export",
        "Write the conversation in another format: Markdown with what the replies mean, or plain text.",
        &[(Transcript, "x"), (Panel, "x")],
        told,
    ),
    step(1, "step-1", &[(Everywhere, "alt-1"), (Transcript, "1"), (Panel, "1")]),
    step(2, "step-2", &[(Everywhere, "alt-2"), (Transcript, "2"), (Panel, "2")]),
    step(3, "step-3", &[(Everywhere, "alt-3"), (Transcript, "3"), (Panel, "3")]),
    step(4, "step-4", &[(Everywhere, "alt-4"), (Transcript, "4"), (Panel, "4")]),
    step(5, "step-5", &[(Everywhere, "alt-5"), (Transcript, "5"), (Panel, "5")]),
    step(6, "step-6", &[(Everywhere, "alt-6"), (Transcript, "6"), (Panel, "6")]),
    step(7, "step-7", &[(Everywhere, "alt-7"), (Transcript, "7"), (Panel, "7")]),
    step(8, "step-8", &[(Everywhere, "alt-8"), (Transcript, "8"), (Panel, "8")]),
    step(9, "step-9", &[(Everywhere, "alt-9"), (Transcript, "9"), (Panel, "9")]),
    entry(
        Action::PageUp,
        "page-up",
        "page up",
        "Scroll a page up, while typing too.",
        &[(Everywhere, "pageup")],
        talking,
    ),
    entry(
        Action::PageDown,
        "page-down",
        "page down",
        "Scroll a page down, while typing too.",
        &[(Everywhere, "pagedown")],
        talking,
    ),
    entry(
        Action::HalfPageUp,
        "half-page-up",
        "half up",
        "Half a page up.",
        &[(Transcript, "ctrl-u"), (Panel, "ctrl-u")],
        talking,
    ),
    entry(
        Action::HalfPageDown,
        "half-page-down",
        "half down",
        "Half a page down.",
        &[(Transcript, "ctrl-d"), (Panel, "ctrl-d")],
        talking,
    ),
    entry(
        Action::ScrollUp,
        "scroll-up",
        "scroll up",
        "Scroll up a little; the wheel does it too.",
        &[(Transcript, "ctrl-y"), (Panel, "ctrl-y")],
        talking,
    ),
    entry(
        Action::ScrollDown,
        "scroll-down",
        "scroll down",
        "Scroll down a little; the wheel does it too.",
        &[(Transcript, "ctrl-e"), (Panel, "ctrl-e")],
        talking,
    ),
    entry(
        Action::Top,
        "top",
        "top",
        "Go to the first line.",
        &[(Transcript, "g"), (Transcript, "home"), (Panel, "g"), (Panel, "home")],
        talking,
    ),
    entry(
        Action::Bottom,
        "bottom",
        "end",
        "Go to the end and follow it.",
        &[(Transcript, "G"), (Transcript, "end"), (Panel, "G"), (Panel, "end")],
        talking,
    ),
    entry(
        Action::NextPane,
        "next-pane",
        "next pane",
        "Give the keys to the next pane.",
        &[(Everywhere, "f6")],
        talking,
    ),
    entry(
        Action::PreviousPane,
        "previous-pane",
        "pane before",
        "Give the keys to the pane before.",
        &[(Everywhere, "shift-f6")],
        talking,
    ),
    entry(
        Action::NextTab,
        "next-tab",
        "next tab",
        "Open the next tab of the right panel: Reply, Session, Offer, TLS.",
        &[(Everywhere, "f9"), (Panel, "right"), (Panel, "l")],
        talking,
    ),
    entry(
        Action::PreviousTab,
        "previous-tab",
        "tab before",
        "Open the tab before of the right panel.",
        &[(Everywhere, "shift-f9"), (Panel, "left"), (Panel, "h")],
        talking,
    ),
    entry(Action::ReplyTab, "reply-tab", "reply", "See what the reply means, and what to do next.", &[], talking),
    entry(
        Action::SessionTab,
        "session-tab",
        "session",
        "See where the session stands: envelope, recipients, times.",
        &[],
        talking,
    ),
    entry(
        Action::OfferTab,
        "offer-tab",
        "offer",
        "See what the server offers, what changed, and what is missing.",
        &[],
        talking,
    ),
    entry(
        Action::TlsTab,
        "tls-tab",
        "TLS",
        "See how the line is protected, and the certificate with everything that speaks against it.",
        &[],
        talking,
    ),
    entry(
        Action::NextFile,
        "next-file",
        "next file",
        "Show the next of the opened files.",
        &[(Transcript, ">"), (Everywhere, "alt-right")],
        several_files,
    ),
    entry(
        Action::PreviousFile,
        "previous-file",
        "file before",
        "Show the one before of the opened files.",
        &[(Transcript, "<"), (Everywhere, "alt-left")],
        several_files,
    ),
    entry(
        Action::Replay,
        "replay",
        "replay",
        "Replay this conversation against a server, line by line, what was recorded beside what happens now.",
        &[(Transcript, "r")],
        in_a_file,
    ),
    entry(
        Action::Skip,
        "skip",
        "skip",
        "Skip the next line of the replay.",
        &[(Composer, "ctrl-t"), (Transcript, "ctrl-t")],
        replay::is_playing,
    ),
    entry(
        Action::ReplayAll,
        "replay-all",
        "all the rest",
        "Play all the rest of the replay at once; Ctrl-C stops it.",
        &[(Transcript, "R")],
        replay::is_playing,
    ),
    entry(
        Action::Compare,
        "compare",
        "compare",
        "Compare this conversation with another one, side by side.",
        &[(Transcript, "d")],
        in_a_file,
    ),
    entry(
        Action::DifferenceAfter,
        "difference-after",
        "next difference",
        "Go to the next row that differs.",
        &[],
        in_columns,
    ),
    entry(
        Action::DifferenceBefore,
        "difference-before",
        "difference before",
        "Go to the row before that differs.",
        &[],
        in_columns,
    ),
    entry(
        Action::EndReplay,
        "end-replay",
        "close columns",
        "Leave the replay or the comparison; the conversation stays.",
        &[(Transcript, "backspace")],
        in_columns,
    ),
    entry(
        Action::Connect,
        "connect",
        "connect",
        "Connect to a host, a profile, the lab, or the mail exchanger of a domain.",
        &[(Everywhere, "f4")],
        always,
    ),
    entry(
        Action::Reconnect,
        "reconnect",
        "reconnect",
        "Connect again to the same target; the conversation goes on in the same file.",
        &[(Everywhere, "f5")],
        Model::can_reconnect,
    ),
    entry(
        Action::ConnectBetter,
        "connect-better",
        "connect the right way",
        "Connect in the way that this port speaks: TLS from the first byte, or clear text first.",
        &[],
        |model| talking(model) && model.panel.trouble().is_some_and(|trouble| trouble.better.is_some()),
    ),
    entry(
        Action::TlsRegardless,
        "tls-regardless",
        "go on regardless",
        "Connect again without verifying the certificate, for this connection only; asks first.",
        &[],
        |model| live(model) && model.panel.trouble().is_some_and(|trouble| trouble.untrusted),
    ),
    entry(
        Action::Lab,
        "lab",
        "lab",
        "Connect to the lab: a mail server inside ehlo, from which nothing leaves this machine.",
        &[],
        always,
    ),
    entry(
        Action::NewProfile,
        "new-profile",
        "new profile",
        "Make a new profile; what was typed as a host is in it already.",
        &[(Start, "insert"), (Start, "ctrl-n")],
        at_start,
    ),
    entry(
        Action::EditProfile,
        "edit-profile",
        "edit",
        "Edit the marked profile; one that comes with ehlo becomes your own.",
        &[(Start, "f4")],
        on_profile,
    ),
    entry(
        Action::CopyProfile,
        "copy-profile",
        "copy",
        "Make a copy of the marked profile under another name.",
        &[(Start, "ctrl-y")],
        on_profile,
    ),
    entry(
        Action::DeleteProfile,
        "delete-profile",
        "delete",
        "Delete the marked profile, after a question.",
        &[(Start, "delete")],
        on_profile,
    ),
    entry(
        Action::Stop,
        "stop",
        "stop",
        "Stop waiting for the reply; with nothing awaited, choose to drop the line or to quit.",
        &[(Everywhere, "ctrl-c")],
        always,
    ),
    entry(Action::Drop, "drop", "drop", "Close the connection at once, without QUIT.", &[], open),
    entry(
        Action::Start,
        "start",
        "start screen",
        "Go to the start screen: lab, profiles, recent conversations.",
        &[],
        |model| talking(model) && !open(model),
    ),
    entry(Action::Mail, "mail", "mail", "Look at the mail that the lab has received.", &[(Transcript, "L")], |model| {
        talking(model) && model.peer.lab
    }),
    entry(
        Action::Palette,
        "palette",
        "all actions",
        "Find any action by its name or its words.",
        &[(Everywhere, "ctrl-p")],
        always,
    ),
    entry(
        Action::Help,
        "help",
        "help",
        "Help for where you are.",
        &[(Everywhere, "f1"), (Transcript, "?"), (Panel, "?"), (Lesson, "?")],
        always,
    ),
    entry(
        Action::Glossary,
        "glossary",
        "glossary",
        "Look up what a term means: envelope, relay, greylisting and the others.",
        &[],
        always,
    ),
    entry(Action::Theme, "theme", "theme", "Use the next theme: dark, light, sixteen, mono, your own.", &[], always),
    entry(
        Action::Mouse,
        "mouse",
        "mouse on/off",
        "Leave the mouse to the terminal, or take it back.",
        &[(Transcript, "M"), (Panel, "M")],
        always,
    ),
    entry(
        Action::Choose,
        "choose",
        "answer, go on",
        "In a lesson: give the marked answer, go on to the next question, or close what is done.",
        &[(Lesson, "enter")],
        |model| holds_lesson(model) && model.lesson.as_ref().is_some_and(|l| l.stage() != Stage::Steps),
    ),
    entry(
        Action::Lesson,
        "lesson",
        "lesson",
        "Show the lesson whole, with its text and where any client reaches its lab; once more goes back.",
        &[(Everywhere, "f7")],
        Model::shows_lesson,
    ),
    entry(
        Action::Hint,
        "hint",
        "hint",
        "Give the next hint of the lesson's open step.",
        &[(Everywhere, "shift-f7"), (Lesson, "h")],
        |model| model.shows_lesson() && model.lesson.as_ref().is_some_and(LessonPane::has_hint),
    ),
    entry(
        Action::StartOver,
        "start-over",
        "start over",
        "Start the lesson over, with a new lab.",
        &[(Lesson, "o")],
        Model::shows_lesson,
    ),
    answer(1, "answer-1", &[(Lesson, "1")]),
    answer(2, "answer-2", &[(Lesson, "2")]),
    answer(3, "answer-3", &[(Lesson, "3")]),
    answer(4, "answer-4", &[(Lesson, "4")]),
    answer(5, "answer-5", &[(Lesson, "5")]),
    answer(6, "answer-6", &[(Lesson, "6")]),
    entry(Action::Redraw, "redraw", "redraw", "Draw the whole screen anew.", &[(Everywhere, "ctrl-l")], always),
    entry(
        Action::Suspend,
        "suspend",
        "suspend",
        "Go back to the shell for a while; fg returns.",
        &[(Everywhere, "ctrl-z")],
        always,
    ),
    entry(
        Action::Quit,
        "quit",
        "quit",
        "Leave ehlo; asks only while a connection is open.",
        &[(Everywhere, "ctrl-q"), (Transcript, "q"), (Panel, "q"), (Lesson, "q")],
        always,
    ),
];

const fn step(n: u8, name: &'static str, keys: &'static [(Where, &'static str)]) -> Entry {
    const AVAILABLE: [fn(&Model) -> bool; 9] = [
        |m| m.step(1).is_some(),
        |m| m.step(2).is_some(),
        |m| m.step(3).is_some(),
        |m| m.step(4).is_some(),
        |m| m.step(5).is_some(),
        |m| m.step(6).is_some(),
        |m| m.step(7).is_some(),
        |m| m.step(8).is_some(),
        |m| m.step(9).is_some(),
    ];
    entry(
        Action::Step(n),
        name,
        "next step",
        "Take this one of the next steps: a line goes to the composer, nothing is sent.",
        keys,
        AVAILABLE[n as usize - 1],
    )
}

const fn answer(n: u8, name: &'static str, keys: &'static [(Where, &'static str)]) -> Entry {
    const AVAILABLE: [fn(&Model) -> bool; 6] = [
        |m| answerable(m, 1),
        |m| answerable(m, 2),
        |m| answerable(m, 3),
        |m| answerable(m, 4),
        |m| answerable(m, 5),
        |m| answerable(m, 6),
    ];
    let help = "Give this answer to the question of the lesson.";
    entry(Action::Answer(n), name, "answer", help, keys, AVAILABLE[n as usize - 1])
}

fn holds_lesson(model: &Model) -> bool {
    model.shows_lesson() && model.focus == Focus::Lesson
}

fn answerable(model: &Model, n: usize) -> bool {
    holds_lesson(model) && model.lesson.as_ref().is_some_and(|lesson| lesson.has_answer(n))
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
