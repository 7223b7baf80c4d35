//! Questions that one letter answers. Each is asked only where something would be lost.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Outcome, Overlay, letter, message, message_place};
use crate::lesson::Lesson;
use crate::library::Pruned;
use crate::profile::size;
use crate::smtp::{escape, secrecy};
use crate::tui::learn;
use crate::tui::model::Model;
use crate::tui::replay::{ReplayOf, is_playing};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Leave although a connection is open?
    Quit,
    /// Connect again although a connection is open?
    Reconnect,
    /// Connect elsewhere although a connection is open?
    Connect(String),
    /// Show this file although a connection is open?
    Open(PathBuf),
    /// Go on although the certificate was not trusted?
    Regardless,
    /// Send a password or token over a line that is not encrypted?
    ClearText {
        /// What it shows, in words.
        why: String,
        /// The lines that are to go out together; otherwise it is what the composer or an errand has.
        block: Vec<String>,
    },
    /// Let a script read these variables of the environment?
    Environment(ReplayOf),
    /// Hand a message over to a real server?
    HandOver {
        /// To whom.
        host: String,
        /// For whom: the recipients that were accepted.
        recipients: Vec<String>,
        /// The server is marked as production.
        production: bool,
    },
    /// Delete this profile?
    DeleteProfile(String),
    /// Delete these transcripts?
    Remove(Doomed),
    /// Begin a lesson although a connection is open?
    Learn(Arc<Lesson>),
    /// Ctrl-C with nothing awaited: drop the line, or quit?
    Stop,
}

impl Question {
    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if let Self::Remove(doomed) = self
            && doomed.scroll(key.code)
        {
            return Outcome::Stay;
        }
        let quits = key.code == KeyCode::Char('q') && key.modifiers.contains(KeyModifiers::CONTROL);
        match (&*self, letter(key)) {
            (Self::Stop, Some('d')) => Outcome::Drop,
            (Self::Stop | Self::Quit, Some('q')) | (Self::Quit, Some('y')) => Outcome::Quit,
            (Self::Quit, _) if quits => Outcome::Quit,
            (
                Self::Reconnect
                | Self::Connect(_)
                | Self::Open(_)
                | Self::HandOver { .. }
                | Self::Environment(_)
                | Self::Regardless
                | Self::ClearText { .. }
                | Self::Learn(_)
                | Self::DeleteProfile(_)
                | Self::Remove(_),
                Some('y'),
            ) => Outcome::Yes(self.clone()),
            (_, Some('n')) => Outcome::Close,
            _ => Outcome::Stay,
        }
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let (_, lines, foot) = self.words(model);
        (message_place(model, &lines, foot), foot)
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (title, lines, foot) = self.words(model);
        message(model, frame, title, &lines, foot);
    }

    /// Its title, what it says, and the keys.
    fn words(&self, model: &Model) -> (&'static str, Vec<Line<'static>>, &'static str) {
        let open = model.talk.is_open();
        let begun = model.talk.dialogue.state().phase() == crate::smtp::Phase::Data;
        let lost = if begun { "The message that was begun is not delivered." } else { "" };
        let (title, first, foot) = match self {
            Self::Quit => ("Quit", "The connection is still open.".to_owned(), "y or q quit · Esc stay"),
            Self::Reconnect => reconnecting(is_playing(model)),
            Self::HandOver { host, recipients, production } => {
                let words = handing_over(host, recipients, *production);
                ("A real message", words, "y hand it over · Esc don't")
            }
            Self::Connect(target) => {
                let target = crate::smtp::escape::for_screen(target.as_bytes());
                (
                    "Connect",
                    format!("Drop the connection that is open now, and connect to {target}?"),
                    "y connect · Esc stay",
                )
            }
            Self::Open(_) => (
                "Open",
                "A connection is open. It is dropped, without QUIT, when the file takes its place; what was said stays \
                 among the conversations."
                    .to_owned(),
                "y open the file · Esc stay connected",
            ),
            Self::Regardless => (
                "Go on regardless",
                "Connect again and take the certificate whatever it is, for this connection only? It may then be \
                 anybody: what you send can be read and changed on its way."
                    .to_owned(),
                "y go on regardless · Esc stay",
            ),
            Self::ClearText { why, .. } => in_clear(why),
            Self::Environment(of) => reading(of),
            Self::DeleteProfile(name) => ("Delete", format!("Delete your profile {name}?"), "y delete · Esc keep"),
            Self::Remove(doomed) => ("Delete", removing(&doomed.files), doomed.foot()),
            Self::Learn(lesson) => ("Lesson", learning(model, lesson), "y begin · Esc stay"),
            Self::Stop if open => {
                let words = if model.talk.dialogue.state().pending().len() > 0 {
                    "A reply is still due, and nobody waits for it any more."
                } else {
                    "Nothing is awaited."
                };
                ("Stop", words.to_owned(), "d close the connection · q quit · Esc stay")
            }
            Self::Stop => ("Stop", "No connection is open.".to_owned(), "q quit · Esc stay"),
        };
        let mut lines = vec![Line::from(first)];
        if let Self::Remove(doomed) = self
            && doomed.files.len() > 1
        {
            lines.extend(doomed.named());
        }
        if !lost.is_empty() && open && !matches!(self, Self::HandOver { .. }) {
            lines.push(Line::from(lost));
        }
        (title, lines, foot)
    }
}

/// What beginning a lesson drops, and what of it is kept.
fn learning(model: &Model, lesson: &Lesson) -> String {
    let of = lesson.steps.len();
    if let Some(done) = learn::anew(model, lesson) {
        let kept = match done {
            0 => String::new(),
            _ => format!(
                " The best attempt counts: that {done} of {of} steps are done stays in the class's results, until you do \
                 more."
            ),
        };
        return format!("Begin the lesson anew, with a fresh server and no step done?{kept}");
    }
    let begun = model.lessons.rows.iter().any(|row| row.lesson.name == lesson.name && row.done.steps > 0);
    if model.class.is_some() {
        let goes_on = if begun { " It goes on where you left it." } else { "" };
        return format!("Drop the connection that is open now, and go to that lesson?{goes_on}");
    }
    let kept = match begun {
        true if learn::is_held(model, lesson) => " It starts over; what you have done of it stays in the list.",
        true => " It goes on where you left it.",
        false => "",
    };
    format!("Drop the connection that is open now, and begin the lesson with a new lab?{kept}")
}

/// What F5 does while a connection is open.
fn reconnecting(replays: bool) -> (&'static str, String, &'static str) {
    if replays {
        let words = "The replay begins again with a new connection; the one that is open now is dropped, without QUIT.";
        return ("Start over", words.to_owned(), "y start over · Esc stay");
    }
    let words = "The connection that is open now is dropped, without QUIT.";
    ("Reconnect", words.to_owned(), "y reconnect · Esc stay")
}

/// Transcripts that are to go, if the answer is yes.
#[derive(Debug, Clone)]
pub struct Doomed {
    /// Which.
    pub files: Vec<Pruned>,
    /// The first that is shown of several.
    from: usize,
}

/// The question is the same wherever it was scrolled to.
impl PartialEq for Doomed {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Doomed {}

impl From<Vec<Pruned>> for Doomed {
    fn from(files: Vec<Pruned>) -> Self {
        Self { files, from: 0 }
    }
}

impl Doomed {
    /// Rows that are shown at once.
    const SHOWN: usize = 8;

    /// The keys.
    fn foot(&self) -> &'static str {
        let all = self.files.len() <= Self::SHOWN;
        if all { "y delete · Esc keep" } else { "y delete · Up Down PgDn see all · Esc keep" }
    }

    /// Whether a key only looks at more of them.
    fn is_look(code: KeyCode) -> bool {
        use KeyCode::{Down, End, Home, PageDown, PageUp, Up};
        matches!(code, Up | Down | PageUp | PageDown | Home | End)
    }

    /// Shows others of them; false where the key does not.
    fn scroll(&mut self, code: KeyCode) -> bool {
        let last = self.files.len().saturating_sub(Self::SHOWN);
        let to = match code {
            KeyCode::Up => self.from.saturating_sub(1),
            KeyCode::Down => self.from + 1,
            KeyCode::PageUp => self.from.saturating_sub(Self::SHOWN),
            KeyCode::PageDown => self.from + Self::SHOWN,
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return false,
        };
        self.from = to.min(last);
        true
    }

    /// The names of those in sight, each with its reason where that is not the same for all, and how many are not.
    fn named(&self) -> Vec<Line<'static>> {
        let shown = self.files.iter().skip(self.from).take(Self::SHOWN);
        let same = same_reason(&self.files).is_some();
        // What stands behind a comma would take a row of its own.
        let why = |it: &Pruned| if same { "" } else { it.why.split(", ").next().unwrap_or_default() };
        let lines = shown.map(|it| Line::from(format!("  {}  {}", name(it), why(it)).trim_end().to_owned()));
        let below = self.files.len().saturating_sub(self.from + Self::SHOWN);
        let more = match (self.from, below) {
            (0, 0) => None,
            (0, below) => Some(format!("  and {below} more")),
            (above, 0) => Some(format!("  {above} above")),
            (above, below) => Some(format!("  {above} above, and {below} more")),
        };
        lines.chain(more.map(Line::from)).collect()
    }
}

/// Whether a key only looks at more of what is asked.
pub(in crate::tui) fn looks_at_more(model: &Model, key: KeyEvent) -> bool {
    matches!(model.overlay, Some(Overlay::Question(Question::Remove(_)))) && Doomed::is_look(key.code)
}

/// Why all of them go, where it is the same for each.
fn same_reason(doomed: &[Pruned]) -> Option<&'static str> {
    let why = doomed.first()?.why;
    doomed.iter().all(|it| it.why == why).then_some(why)
}

/// Which transcripts are to go.
fn removing(doomed: &[Pruned]) -> String {
    let octets = size::words(doomed.iter().map(|it| it.size).sum());
    match doomed {
        [one] => format!("Delete this conversation of {octets} for good? {}", name(one)),
        several => {
            let why = same_reason(several).filter(|why| !why.is_empty());
            let why = why.map_or_else(String::new, |why| format!(" Why: {why}."));
            format!("Delete these {} conversations, {octets} in all, for good?{why}", several.len())
        }
    }
}

fn name(pruned: &Pruned) -> String {
    escape::for_screen(pruned.path.file_stem().unwrap_or_default().to_string_lossy().as_bytes())
}

/// Title, text and keys of a question.
type Words = (&'static str, String, &'static str);

fn in_clear(why: &str) -> Words {
    let words = format!("{why} Send it all the same? Anybody on the way can read it.");
    ("In clear text", words, "y send it · Esc don't")
}

/// What a script would read, and where that would go.
fn reading(of: &ReplayOf) -> Words {
    let names: Vec<String> = of.environment.iter().map(|name| escape::for_screen(name.as_bytes())).collect();
    let (variable, it) = if names.len() == 1 { ("variable", "it") } else { ("variables", "them") };
    let secret =
        if names.iter().any(|name| secrecy::is_secret(name)) { " What a name calls a secret is masked." } else { "" };
    let words = format!(
        "The script reads the {variable} {} of the environment, and sends {it} to {}.{secret}",
        names.join(", "),
        escape::for_screen(of.target.as_bytes())
    );
    ("The environment", words, "y let it read that and replay · Esc don't")
}

/// Whether a message may really go there, and for whom.
fn handing_over(host: &str, recipients: &[String], production: bool) -> String {
    const NAMED: usize = 5;
    let mut names = recipients.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if recipients.len() > NAMED {
        names = format!("{names} and {} more", recipients.len() - NAMED);
    } else if recipients.is_empty() {
        "nobody so far".clone_into(&mut names);
    }
    let mark = if production { " (PRODUCTION)" } else { "" };
    crate::smtp::escape::for_screen(format!("Really hand the message over to {host}{mark}, for {names}?").as_bytes())
}
