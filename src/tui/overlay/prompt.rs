//! A line that is asked for at the foot of the transcript: a search, a filter, a note, a place, a path.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Clear;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::Outcome;
use crate::interchange::FORMATS;
use crate::tui::layout::inner;
use crate::tui::model::Model;
use crate::tui::paths::Paths;
use crate::tui::text::{fit, from_there, head, width, wrap};
use crate::tui::theme::Role;
use crate::tui::view::start_area;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A text to look for, from this record on.
    Search(usize),
    /// What is to be shown alone.
    Filter,
    /// A note on this record.
    Note(usize),
    /// A time, a verb or a number to go to.
    Jump,
    /// A text to explain.
    Explain,
    /// Where to save the conversation.
    Save,
    /// Where to write it in another format.
    Export,
    /// The same without the names and addresses in it.
    Anonymised,
    /// What was found, for a step of the lesson that wants to know.
    Finding,
    /// A title for what is marked in the library.
    Title,
    /// Its tags.
    Tags,
    /// A note on it as a whole.
    Remark,
    /// How old or large what is to go is.
    Prune,
}

/// The line.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What is asked for.
    pub ask: Ask,
    input: Input,
    /// What is wrong with it, or what a second Enter does.
    pub said: Option<String>,
    /// A second Enter writes over the file.
    pub over: bool,
    /// The line is an example: what is typed first takes its place.
    example: bool,
    /// What was pasted to be explained, line by line, and what stands for it on the line.
    pasted: Option<(String, String)>,
}

impl Prompt {
    /// A line that begins with this text.
    #[must_use]
    pub fn new(ask: Ask, text: &str) -> Self {
        let example = ask == Ask::Prune;
        Self { ask, input: Input::new(text.to_owned()), said: None, over: false, example, pasted: None }
    }

    /// The line as it stands.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// What was asked for: a paste that stands there as it was pasted with its lines, by which a bounce is known.
    #[must_use]
    pub fn whole(&self) -> &str {
        match &self.pasted {
            Some((whole, shown)) if shown == self.text() => whole,
            _ => self.text(),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if key.code == KeyCode::Enter {
            return Outcome::Answer;
        }
        if key.code == KeyCode::Tab && self.is_path() {
            return Outcome::Complete(self.text().to_owned());
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        // A blank goes on behind it.
        if std::mem::take(&mut self.example) && plain && matches!(key.code, KeyCode::Char(c) if c != ' ') {
            self.input.reset();
        }
        let changed = self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value);
        if !changed {
            return Outcome::Stay;
        }
        (self.said, self.over) = (None, false);
        Outcome::Typed
    }

    /// Whether a path is asked for.
    fn is_path(&self) -> bool {
        matches!(self.ask, Ask::Save | Ask::Export | Ask::Anonymised)
    }

    /// Whether a path has a row of its own below what is asked: beside it its beginning would be cut.
    fn is_below(&self, columns: u16) -> bool {
        self.is_path() && width(&self.title()) + width(self.text()) + 1 > usize::from(columns)
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub fn complete(&mut self, paths: &Paths) -> bool {
        let same = self.input.value() == paths.typed;
        if same {
            self.input = Input::new(paths.text().to_owned());
        }
        same
    }

    pub(super) fn paste(&mut self, text: &str) {
        if std::mem::take(&mut self.example) && !text.starts_with(' ') {
            self.input.reset();
        }
        let alone = self.text().is_empty();
        // What a bounce or a log says may go over several lines.
        let whole = match self.ask {
            Ask::Explain => text.split_whitespace().collect::<Vec<_>>().join(" "),
            _ => text.lines().next().unwrap_or_default().to_owned(),
        };
        for c in whole.chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        if alone && self.ask == Ask::Explain {
            self.pasted = Some((text.to_owned(), self.text().to_owned()));
        }
    }

    /// Where it stands; nowhere on a screen that is too small for anything.
    pub(super) fn place(&self, model: &Model) -> Option<Rect> {
        let layout = model.layout()?;
        let place = match layout.lesson {
            // The library has the whole screen.
            _ if model.at_library() => start_area(model.size),
            // The lesson's own is asked for within the lesson.
            Some(lesson) if self.ask == Ask::Finding => inner(lesson),
            _ => layout.within(layout.transcript.or(layout.panel)?),
        };
        let rows = 1 + u16::from(self.is_below(place.width));
        let rows = place.height.min(rows + u16::try_from(self.below(place.width).len()).unwrap_or(1));
        Some(Rect { y: place.bottom() - rows, height: rows, ..place })
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let Some(area) = self.place(model) else { return };
        frame.render_widget(Clear, area);
        let title = self.title();
        let (accent, dim) = (model.theme.style(Role::Accent), model.theme.style(Role::Dim));
        let buffer = frame.buffer_mut();
        buffer.set_stringn(area.x, area.y, &title, area.width.into(), accent);
        let (left, row) = if self.is_below(area.width) && area.height > 1 {
            (1, area.y + 1)
        } else {
            (u16::try_from(width(&title)).unwrap_or(0).min(area.width), area.y)
        };
        let room = usize::from((area.width - left.min(area.width)).saturating_sub(1));
        let scroll = self.input.visual_scroll(room);
        let shown = from_there(self.input.value(), scroll);
        buffer.set_string(area.x + left, row, head(&shown, room), model.theme.style(Role::Text));
        let style = if self.said.is_some() { model.theme.style(Role::Warning) } else { dim };
        for (words, y) in self.below(area.width).into_iter().zip(row + 1..area.bottom()) {
            buffer.set_string(area.x, y, fit(&format!(" {words}"), area.width.into()), style);
        }
        let at = u16::try_from(self.input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
        frame.set_cursor_position(Position::new((area.x + left + at).min(area.right().saturating_sub(1)), row));
    }

    /// What is said below the line: one row, or two where it can't be shorter.
    fn below(&self, columns: u16) -> Vec<String> {
        let words = self.said.clone().unwrap_or_else(|| self.hint());
        // What stands behind a dot is the less needed part.
        let room = usize::from(columns).saturating_sub(1);
        let mut shorter = words.as_str();
        while width(shorter) > room
            && let Some((first, _)) = shorter.rsplit_once(" · ")
        {
            shorter = first;
        }
        wrap(shorter, room.max(1)).into_iter().take(2).collect()
    }

    fn title(&self) -> String {
        match self.ask {
            Ask::Search(_) => " / ",
            Ask::Filter => " Show only ",
            Ask::Note(_) | Ask::Remark => " Note ",
            Ask::Jump => " Go to ",
            Ask::Explain => " Explain ",
            Ask::Save => " Save as ",
            Ask::Export => " Export to ",
            Ask::Anonymised => " Export without names to ",
            Ask::Finding => " What have you found? ",
            Ask::Title => " Title ",
            Ask::Tags => " Tags ",
            Ask::Prune => " Delete what is ",
        }
        .to_owned()
    }

    fn hint(&self) -> String {
        match self.ask {
            Ask::Search(_) => "text or /expression/ · capitals mind case".to_owned(),
            Ask::Filter => "sent refused 5xx rcpt text -not · Esc all".to_owned(),
            Ask::Note(_) => "kept in the file, under this line".to_owned(),
            Ask::Jump => "a time (12.5 or 1:30), a verb, or #line".to_owned(),
            Ask::Explain => "a reply, or the words of a bounce or a log; the right panel says what it means".to_owned(),
            Ask::Save => "a copy, notes in their places · Tab completes".to_owned(),
            Ask::Finding => "it goes to the lesson, not to the server · Enter tells it · Esc".to_owned(),
            Ask::Title => "kept in the file; an empty one takes it away".to_owned(),
            Ask::Tags => "words, a blank between them; one that is taken out is taken off".to_owned(),
            Ask::Remark => "kept in the file, at its end".to_owned(),
            Ask::Prune => {
                "older:90d larger:10MB total:1GB · what has a title, tag or note stays · it asks first".to_owned()
            }
            Ask::Export | Ask::Anonymised => {
                let endings: Vec<_> = FORMATS.iter().map(|format| format!(".{}", format.extensions[0])).collect();
                format!("{} by its ending · Tab completes", endings.join(" "))
            }
        }
    }
}
