//! What lies over the panes and takes the keys: help, the palette, a line to type a target into, questions, a paste.
//!
//! Each overlay says what a key means by an [`Outcome`]; `update` does it.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

use super::action::{Action, Where};
use super::editor::{Draft, Editor};
use super::keymap::Key;
use super::model::Model;
use super::start::Wish;
use super::text::{fit, width};
use super::theme::Role;
use crate::class::attend::Up;
use crate::lesson::Lesson;
use crate::smtp::Secret;

mod about;
mod asked;
mod copy;
mod form;
mod help;
mod lessons;
mod mail;
mod menu;
mod offers;
mod other;
mod palette;
mod paste;
mod pointing;
mod probes;
mod profile;
mod prompt;
mod question;
mod recall;
mod reference;
mod secret;
mod target;
mod timing;

pub use asked::Asked;
pub use copy::{Copy, What};
pub use form::Form;
pub use help::Help;
pub use lessons::Lessons;
pub use mail::{Letter, Mail, MailWish, mail_came, show_mail};
pub use menu::Menu;
pub use other::{Other, Wanted};
pub use palette::Palette;
pub use paste::{Paste, PasteAs};
pub use probes::Probes;
pub use profile::ProfileEditor;
pub use prompt::{Ask, Prompt};
pub(super) use question::looks_at_more;
pub use question::{Doomed, Question};
pub use recall::Recall;
pub use reference::Reference;
pub use secret::{Needs, SecretPrompt};
pub use target::Target;
pub use timing::Timing;

/// One of them.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// The keys and what they do.
    Help(Help),
    /// Every action, found by its words.
    Palette(Palette),
    /// Where to connect.
    Target(Target),
    /// Something to be answered by a letter.
    Question(Question),
    /// Several lines were pasted.
    Paste(Paste),
    /// The verbs, to take a template from.
    Menu(Menu),
    /// The line as a form.
    Form(Box<Form>),
    /// Lines sent before.
    Recall(Recall),
    /// The message editor.
    Editor(Box<Editor>),
    /// What the lab has received.
    Mail(Mail),
    /// A password is asked for.
    Secret(SecretPrompt),
    /// The other side of a replay or a comparison.
    Other(Other),
    /// A profile as a form.
    Profile(Box<ProfileEditor>),
    /// A line that is asked for at the foot of the transcript.
    Prompt(Prompt),
    /// What is to be copied.
    Copy(Copy),
    /// The reference, or its terms alone.
    Reference(Reference),
    /// The map of the lessons.
    Lessons(Lessons),
    /// The ready-made tests.
    Probes(Probes),
    /// Where the time went.
    Timing(Timing),
    /// A question of the class's.
    Asked(Asked),
}

/// What a key does to an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// It goes.
    Close,
    /// It stays, and help on it lies over it.
    Help,
    /// It stays, and its line has changed.
    Typed,
    /// It goes, and its line is the answer.
    Answer,
    /// It goes, and this record is shown in the transcript.
    Show(usize),
    /// It goes, and this is copied.
    Copy(What),
    /// It goes, and this action is done.
    Act(Action),
    /// It goes, and the question was answered with yes.
    Yes(Question),
    /// It goes, and the line is dropped.
    Drop,
    /// It goes, and ehlo ends.
    Quit,
    /// It goes, and this target is connected to.
    Connect(String),
    /// It goes, and this file is replayed against this target.
    Replay(std::path::PathBuf, String, crate::tui::replay::Way),
    /// It goes, and this file is played with these two targets.
    Both(std::path::PathBuf, [String; 2]),
    /// It goes, and these two files are compared.
    Compare(std::path::PathBuf, std::path::PathBuf),
    /// It goes, and the paste is used so.
    Use(PasteAs, Vec<String>),
    /// It goes, and the template of this verb is on the line.
    Template(String),
    /// The form of this verb takes its place.
    Form(String),
    /// It goes, and this is the password.
    Secret(Secret),
    /// It stays, and this is wanted of the profiles on disk.
    Profiles(Wish),
    /// It goes, and this is the line.
    Line(String),
    /// It goes, and the message is this.
    Draft(Draft),
    /// It stays, and this is wanted of the lab's mail.
    Mail(MailWish),
    /// It goes, and this lesson begins.
    Learn(Arc<Lesson>),
    /// It goes, and these probes are run, by name.
    Probe(Vec<&'static str>),
    /// It stays, and this file is inserted.
    ReadFile(PathBuf),
    /// It stays, and this path is gone on with.
    Complete(String),
    /// It stays, and this file is attached.
    Attach(PathBuf),
    /// It stays, and this is said to the class.
    Class(Up),
}

impl Overlay {
    /// A key.
    pub fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let asks_for_help = model.keymap.action(Where::Everywhere, Key::from(key)) == Some(Action::Help);
        if asks_for_help && self.about().is_some() {
            return Outcome::Help;
        }
        match self {
            Self::Form(it) => return it.key(key),
            Self::Profile(it) => return it.key(key),
            _ => {}
        }
        if let Self::Editor(it) = self {
            return it.key(in_common(key, model));
        }
        if let Self::Mail(it) = self
            && key.code == KeyCode::Esc
            && it.goes_back()
        {
            return Outcome::Stay;
        }
        if is_leaving(key) {
            return Outcome::Close;
        }
        match self {
            Self::Help(it) => it.key(key, model),
            Self::Palette(it) => it.key(key, model),
            Self::Target(it) => it.key(in_common(key, model)),
            Self::Question(it) => it.key(key),
            Self::Paste(it) => it.key(key, model),
            Self::Menu(it) => it.key(in_common(key, model), model),
            Self::Form(it) => it.key(key),
            Self::Editor(it) => it.key(key),
            Self::Recall(it) => it.key(key, model),
            Self::Mail(it) => it.key(key, model),
            Self::Other(it) => it.key(key),
            Self::Profile(it) => it.key(key),
            Self::Secret(it) => it.key(key),
            Self::Prompt(it) => it.key(key),
            Self::Copy(_) => Copy::key(key),
            Self::Reference(it) => it.key(key, model),
            Self::Lessons(it) => it.key(key, model),
            Self::Probes(it) => it.key(key),
            Self::Timing(it) => it.key(key, model),
            Self::Asked(it) => it.key(key),
        }
    }

    /// What lay below it, and is to be seen again now that it goes.
    #[must_use]
    pub fn below(self) -> Option<Self> {
        match self {
            Self::Help(help) => help.below(),
            _ => None,
        }
    }

    /// Pasted text goes to the line of the overlay, where it has one.
    pub fn paste(&mut self, text: &str) {
        match self {
            Self::Palette(it) => it.paste(text),
            Self::Target(it) => it.paste(text),
            Self::Other(it) => it.paste(text),
            Self::Form(it) => it.paste(text),
            Self::Editor(it) => it.insert(text),
            Self::Recall(it) => it.paste(text),
            Self::Profile(it) => it.paste(text),
            Self::Secret(it) => it.paste(text),
            Self::Prompt(it) => it.paste(text),
            Self::Reference(it) => it.paste(text),
            _ => {}
        }
    }

    /// Draws it over everything else.
    pub fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        match self {
            Self::Help(it) => it.draw(model, frame),
            Self::Palette(it) => it.draw(model, frame),
            Self::Target(it) => it.draw(model, frame),
            Self::Question(it) => it.draw(model, frame),
            Self::Paste(it) => it.draw(model, frame),
            Self::Menu(it) => it.draw(model, frame),
            Self::Form(it) => it.draw(model, frame),
            Self::Editor(it) => it.draw(model, frame),
            Self::Recall(it) => it.draw(model, frame),
            Self::Mail(it) => it.draw(model, frame),
            Self::Other(it) => it.draw(model, frame),
            Self::Profile(it) => it.draw(model, frame),
            Self::Secret(it) => it.draw(model, frame),
            Self::Prompt(it) => it.draw(model, frame),
            Self::Copy(_) => Copy::draw(model, frame),
            Self::Reference(it) => it.draw(model, frame),
            Self::Lessons(it) => it.draw(model, frame),
            Self::Probes(it) => it.draw(model, frame),
            Self::Timing(it) => it.draw(model, frame),
            Self::Asked(it) => it.draw(model, frame),
        }
    }
}

/// The menu of verbs, the message editor and the line for a target hear the keys of the actions that they go on with,
/// whichever these are.
fn in_common(key: KeyEvent, model: &Model) -> KeyEvent {
    let number = match model.keymap.action(Where::Composer, Key::from(key)) {
        Some(Action::Templates) => 2,
        Some(Action::Message) => 3,
        Some(Action::Reconnect) => 5,
        Some(Action::NextPane) => 6,
        _ => return key,
    };
    KeyEvent::new(KeyCode::F(number), KeyModifiers::NONE)
}

/// Esc and Ctrl-C leave any overlay.
pub(super) fn is_leaving(key: KeyEvent) -> bool {
    key.code == KeyCode::Esc || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
}

/// The one letter of a key, where it is one without anything held down but Shift.
fn letter(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => Some(c.to_ascii_lowercase()),
        _ => None,
    }
}

/// Columns beside a window below which nothing of what lies below is shown there.
const SLIVER: u16 = 12;

/// A place in the middle of the screen with room for so many columns and rows within its frame.
fn place(model: &Model, columns: u16, rows: u16) -> Rect {
    let screen = model.size;
    // A sliver of what lies below is worse than nothing of it.
    let width = if columns.saturating_add(4 + 2 * SLIVER) > screen.0 { screen.0 } else { columns + 4 };
    let height = (rows + 2).min(screen.1.saturating_sub(2));
    Rect::new((screen.0 - width) / 2, (screen.1 - height) / 2, width, height)
}

/// What the frame of a window leaves.
fn inside(area: Rect) -> Rect {
    Rect::new(area.x + 2, area.y + 1, area.width.saturating_sub(4), area.height.saturating_sub(2))
}

/// The row of a list of so many that is marked, and the first that is shown where `rows` have room.
fn shown_from(marked: usize, count: usize, rows: usize) -> (usize, usize) {
    let marked = marked.min(count.saturating_sub(1));
    (marked, (marked + 1).saturating_sub(rows))
}

/// The keys in the foot of a frame of so many columns: where not all have room, the last one stays (it leads out), and
/// of the others the first ones.
pub(in crate::tui) fn foot_in(foot: &str, columns: u16) -> String {
    let room = usize::from(columns.saturating_sub(4));
    let mut keys: Vec<&str> = foot.split(" · ").collect();
    while keys.len() > 1 && width(&keys.join(" · ")) > room {
        keys.remove(keys.len() - 2);
    }
    fit(&keys.join(" · "), room)
}

/// Clears the place, draws its frame, gives the room within.
fn window(model: &Model, frame: &mut Frame<'_>, area: Rect, title: &str, foot: &str) -> Rect {
    let block = Block::bordered()
        .border_style(model.theme.style(Role::Accent))
        .title(Line::raw(format!(" {title} ")))
        .title_bottom(Line::raw(format!(" {} ", foot_in(foot, area.width))).right_aligned());
    frame.render_widget(Clear, with_margin(model, area));
    frame.render_widget(block, area);
    inside(area)
}

/// A window with a blank column on both sides: words that it cuts off below it do not run into its frame.
fn with_margin(model: &Model, area: Rect) -> Rect {
    let left = area.x.saturating_sub(1);
    Rect { x: left, width: (area.right() + 1).min(model.size.0) - left, ..area }
}

/// Says in the frame of a list how many of its rows lie above and below the `shown` ones that begin at `from`.
fn more(model: &Model, frame: &mut Frame<'_>, window: Rect, (from, shown, count): (usize, usize, usize)) {
    let below = count.saturating_sub(from + shown);
    let (up, down) = (format!("▲ {from}"), format!("▼ {below}"));
    // The shorter, where the keys in the frame leave no room for the longer.
    let words = match (from, below) {
        (0, 0) => return,
        (0, _) => [format!(" {down} more "), format!(" {down} "), " ▼ ".to_owned()],
        (_, 0) => [format!(" {up} more "), format!(" {up} "), " ▲ ".to_owned()],
        _ => [format!(" {up} · {down} more "), format!(" {up} {down} "), " ▲▼ ".to_owned()],
    };
    let (x, y) = (window.x + 2, window.bottom().saturating_sub(1));
    let buffer = frame.buffer_mut();
    // The keys in the frame come first.
    let free = (x..window.right()).take_while(|x| buffer.cell((*x, y)).is_some_and(|it| it.symbol() == "─")).count();
    if let Some(words) = words.iter().find(|words| free > super::text::width(words)) {
        buffer.set_string(x, y, words, model.theme.style(Role::Accent));
    }
}

/// The place of a window with a few lines of text and its keys in the frame.
fn message_place(model: &Model, text: &[Line<'_>], foot: &str) -> Rect {
    let columns = text.iter().map(Line::width).max().unwrap_or(0).max(foot.len() + 4).max(30);
    let columns = u16::try_from(columns).unwrap_or(u16::MAX - 4);
    let width = place(model, columns, 0).width.saturating_sub(4).max(1);
    let rows: usize = text.iter().map(|line| line.width().div_ceil(usize::from(width)).max(1)).sum();
    place(model, columns, u16::try_from(rows).unwrap_or(u16::MAX - 4))
}

/// Draws such a window.
fn message(model: &Model, frame: &mut Frame<'_>, title: &str, text: &[Line<'_>], foot: &str) {
    let inner = window(model, frame, message_place(model, text, foot), title, foot);
    let text = Paragraph::new(text.to_vec()).wrap(ratatui::widgets::Wrap { trim: false });
    frame.render_widget(text, inner);
}
