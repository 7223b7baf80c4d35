//! A profile as a form: a field for each key of the format, judged as it is filled in.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, is_leaving, more, place, window};
use crate::profile::{Draft, FIELDS, Kind, check_name};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::start::Wish;
use crate::tui::text::{fit, from_there, head, width, wrap};
use crate::tui::theme::Role;

/// Columns within the frame, columns of labels, rows for what is said below.
const COLUMNS: u16 = 74;
const LABEL: usize = 19;
const FOOT: u16 = 3;
/// Rows that a page of the help scrolls.
const HELP_PAGE: usize = 10;
/// What the name is for.
const NAME: &str = "What you type to connect to it.";
/// What the form is for.
const ABOUT: [&str; 2] = [
    "A profile is a server that you come back to: where it is, who you are there, how the line is secured, and who logs \
     in. Its name, typed on the start screen or after ehlo, connects.",
    "It is kept as a text file, which you may edit by hand too; whatever the form does not touch stays as it is. A \
     password never stands in it: only where it comes from.",
];
/// What stands in a field of the login that Tab passes by, as long as nobody logs in.
const WITH_A_USER: &str = "(once there is a user)";

/// The form.
#[derive(Debug, Clone)]
pub struct ProfileEditor {
    title: String,
    /// The name of the file that is edited; none for a new one.
    was: Option<String>,
    /// Names that are taken by others.
    taken: Vec<String>,
    name: String,
    first_name: String,
    draft: Draft,
    /// What the form began with; nobody has typed that.
    first: Draft,
    /// 0 is the name, n + 1 the n-th of [`FIELDS`].
    at: usize,
    input: Input,
    errors: Vec<(Option<&'static str>, String)>,
    /// What came of the last key, where something must be said.
    said: Option<String>,
    leaving: bool,
    /// The help is shown, from this row on.
    help: Option<usize>,
}

impl ProfileEditor {
    /// A form with this in it. `was` is the name of the file that is edited, `taken` the names of the user's others.
    #[must_use]
    pub fn new(title: &str, name: &str, was: Option<&str>, taken: Vec<String>, draft: Draft) -> Self {
        let mut editor = Self {
            title: title.to_owned(),
            was: was.map(str::to_owned),
            taken,
            name: name.to_owned(),
            first_name: name.to_owned(),
            first: draft.clone(),
            draft,
            at: 0,
            input: Input::new(name.to_owned()),
            errors: Vec::new(),
            said: None,
            leaving: false,
            help: None,
        };
        editor.judge();
        if was.is_some() {
            editor.go(1);
        }
        editor
    }

    /// Gives the keys to this field, where the form begins there.
    pub fn begin_at(&mut self, key: &str) {
        if let Some(n) = FIELDS.iter().position(|field| field.key == key) {
            self.go(n + 1);
        }
    }

    /// Says something below the fields.
    pub fn say(&mut self, words: String) {
        self.said = Some(words);
    }

    /// Whether anything would be lost by leaving.
    fn is_changed(&self) -> bool {
        self.draft.differs(&self.first) || self.name != self.first_name
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if let Some(from) = self.help {
            self.help = match key.code {
                _ if is_leaving(key) => None,
                KeyCode::F(1) | KeyCode::Enter => None,
                KeyCode::Down => Some(from + 1),
                KeyCode::Up => Some(from.saturating_sub(1)),
                KeyCode::PageDown => Some(from + HELP_PAGE),
                KeyCode::PageUp => Some(from.saturating_sub(HELP_PAGE)),
                _ => Some(from),
            };
            return Outcome::Stay;
        }
        if key.code == KeyCode::F(1) {
            self.help = Some(0);
            return Outcome::Stay;
        }
        let leaving = std::mem::take(&mut self.leaving);
        self.said = None;
        if is_leaving(key) {
            if leaving || !self.is_changed() {
                return Outcome::Close;
            }
            self.leaving = true;
            self.said = Some("Esc again throws the changes away; Enter saves them.".to_owned());
            return Outcome::Stay;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return self.save(),
            KeyCode::Char('s') if control => return self.save(),
            // Some terminals say Tab with Shift, others have a key of its own for it.
            KeyCode::BackTab | KeyCode::Up => self.step(false),
            KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => self.step(false),
            KeyCode::Tab | KeyCode::Down => self.step(true),
            code => match (self.choice(), code) {
                (Some(key), KeyCode::Char(' ') | KeyCode::Right) => self.turn(key, true),
                (Some(key), KeyCode::Left) => self.turn(key, false),
                (Some(_), KeyCode::Char(_)) if !control => {
                    self.said = Some("Space or the arrows choose; Tab goes on.".to_owned());
                }
                (Some(_), _) => {}
                (None, _) => {
                    self.input.handle_event(&Event::Key(key));
                    self.typed();
                }
            },
        }
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        if self.choice().is_some() {
            return;
        }
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.typed();
    }

    /// The key of the field that has the keys, where it is a choice.
    fn choice(&self) -> Option<&'static str> {
        let field = FIELDS.get(self.at.checked_sub(1)?)?;
        matches!(field.kind, Kind::Choice(_)).then_some(field.key)
    }

    fn turn(&mut self, key: &str, forward: bool) {
        self.draft.turn(key, forward);
        self.judge();
    }

    fn typed(&mut self) {
        let text = self.input.value();
        match self.at.checked_sub(1) {
            None => text.trim().clone_into(&mut self.name),
            Some(n) => self.draft.set(FIELDS[n].key, text),
        }
        self.judge();
    }

    fn judge(&mut self) {
        self.errors = self.draft.errors();
    }

    fn go(&mut self, at: usize) {
        self.at = at;
        let text = at.checked_sub(1).map_or(self.name.as_str(), |n| self.draft.get(FIELDS[n].key));
        self.input = Input::new(text.to_owned());
    }

    /// The field after or before, in a ring, past those that do not matter now.
    fn step(&mut self, forward: bool) {
        let count = FIELDS.len() + 1;
        let mut at = self.at;
        loop {
            at = (at + if forward { 1 } else { count - 1 }) % count;
            if at == 0 || self.draft.matters(FIELDS[at - 1].key) {
                break;
            }
        }
        self.go(at);
    }

    /// What is wrong with a field: 0 is the name.
    fn error(&self, at: usize) -> Option<&str> {
        let Some(n) = at.checked_sub(1) else {
            if let Err(words) = check_name(&self.name) {
                return Some(words);
            }
            let taken = self.taken.contains(&self.name) && self.was.as_ref() != Some(&self.name);
            return taken.then_some("another of your profiles has this name");
        };
        self.errors.iter().find(|(key, _)| *key == Some(FIELDS[n].key)).map(|(_, words)| words.as_str())
    }

    fn save(&mut self) -> Outcome {
        if let Some(at) = (0..=FIELDS.len()).find(|at| self.error(*at).is_some()) {
            self.go(at);
            self.said = self.error(at).map(|words| format!("Not saved yet: {words}"));
            return Outcome::Stay;
        }
        if let Some((_, words)) = self.errors.first() {
            self.said = Some(format!("Not saved yet: {words}"));
            return Outcome::Stay;
        }
        let was = self.was.clone().filter(|was| *was != self.name);
        Outcome::Profiles(Wish::Save { name: self.name.clone(), was, text: self.draft.text() })
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, COLUMNS, u16::MAX - 4), "Enter save · Tab next · Space choose · {help} help · Esc leave")
    }

    /// The first row of the list that is shown, where so many have room.
    fn first_shown(&self, rows: &[Row], height: u16) -> usize {
        let here = rows.iter().position(|row| *row == Row::Field(self.at)).unwrap_or(0);
        (here + 2).saturating_sub(usize::from(height))
    }

    /// A click on a row of the window: the field there gets the keys; a choice that has them already turns.
    pub(super) fn click(&mut self, row: usize, height: u16) -> Outcome {
        let rows = rows();
        let listed = height.saturating_sub(FOOT);
        let from = self.first_shown(&rows, listed);
        let Some(Row::Field(at)) = rows.get(from + row).filter(|_| row < usize::from(listed)).copied() else {
            return Outcome::Stay;
        };
        (self.said, self.leaving) = (None, false);
        match self.choice().filter(|_| at == self.at) {
            Some(key) => self.turn(key, true),
            None if at != self.at => self.go(at),
            None => {}
        }
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = Self::outline(model);
        if let Some(from) = self.help {
            Self::draw_help(from, model, frame, area);
            return;
        }
        let inner = window(model, frame, area, &self.title, &model.keymap.told(foot));
        let list = Rect { height: inner.height.saturating_sub(FOOT), ..inner };
        let rows = rows();
        let from = self.first_shown(&rows, list.height);
        for (y, row) in (0..list.height).zip(rows.iter().skip(from)) {
            self.draw_row(model, frame, Rect { y: list.y + y, height: 1, ..list }, *row);
        }
        more(model, frame, area, (from, list.height.into(), rows.len()));
        self.draw_foot(model, frame, Rect { y: list.bottom(), height: inner.height - list.height, ..inner });
    }

    /// What each field is for, from a row on; never scrolled beyond the end.
    fn draw_help(from: usize, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let inner = window(model, frame, area, "Help: a profile", "Up Down scroll · Esc back to the form");
        let columns = usize::from(inner.width);
        let mut rows: Vec<Line<'static>> = Vec::new();
        for words in ABOUT {
            rows.extend(wrap(words, columns).into_iter().map(Line::from));
            rows.push(Line::default());
        }
        for row in self::rows() {
            let (label, help) = match row {
                Row::Heading(words) => {
                    rows.push(Line::styled(words, model.theme.style(Role::Accent)));
                    continue;
                }
                Row::Field(at) => at.checked_sub(1).map_or(("name", NAME), |n| (FIELDS[n].label, FIELDS[n].help)),
            };
            for (n, text) in wrap(help, columns.saturating_sub(LABEL)).into_iter().enumerate() {
                let label = format!("  {:<width$}", if n == 0 { label } else { "" }, width = LABEL - 2);
                rows.push(Line::from(vec![Span::styled(label, model.theme.style(Role::Sent)), Span::raw(text)]));
            }
        }
        let last = rows.len().saturating_sub(usize::from(inner.height));
        for (y, row) in (inner.y..inner.bottom()).zip(rows.iter().skip(from.min(last))) {
            frame.buffer_mut().set_line(inner.x, y, row, inner.width);
        }
    }

    fn draw_row(&self, model: &Model, frame: &mut Frame<'_>, area: Rect, row: Row) {
        let theme = model.theme;
        let at = match row {
            Row::Heading(words) => {
                frame.buffer_mut().set_string(area.x, area.y, words, theme.style(Role::Accent));
                return;
            }
            Row::Field(at) => at,
        };
        let here = at == self.at;
        let wrong = self.error(at).is_some();
        let (label, shown, matters) = match at.checked_sub(1).map(|n| &FIELDS[n]) {
            None => ("name", self.name.clone(), true),
            Some(field) => (field.label, self.shown(field.kind, field.key), self.draft.matters(field.key)),
        };
        let label_role = if wrong {
            Role::Bad
        } else if here {
            Role::Accent
        } else {
            Role::Dim
        };
        let mark = if wrong { "✗" } else { " " };
        let bar = if here { "▌" } else { " " };
        let room = usize::from(area.width).saturating_sub(LABEL + 1);
        let value = match (here, self.choice().is_some()) {
            (true, true) => format!("‹ {shown} ›"),
            (true, false) => self.line(frame, area, room),
            (false, _) => fit(&shown, room),
        };
        let role = if matters { Role::Text } else { Role::Dim };
        let userless = at.checked_sub(1).is_some_and(|n| FIELDS[n].key.starts_with("auth.")) && !matters;
        let value = if userless && self.draft.get("auth.user").is_empty() { WITH_A_USER.to_owned() } else { value };
        let line = Line::from(vec![
            Span::styled(bar, theme.style(Role::Accent)),
            Span::styled(format!("{mark} {label:<width$}", width = LABEL - 3), theme.style(label_role)),
            Span::styled(value, theme.style(role)),
        ]);
        frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
    }

    /// The text that is being typed, as much as fits around the cursor, which is put there.
    fn line(&self, frame: &mut Frame<'_>, area: Rect, room: usize) -> String {
        let scroll = self.input.visual_scroll(room);
        let text = from_there(self.input.value(), scroll);
        let column = LABEL + self.input.visual_cursor().saturating_sub(scroll);
        let x = area.x + u16::try_from(column).unwrap_or(0).min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(x, area.y));
        head(&for_screen(text.as_bytes()), room).to_owned()
    }

    /// What stands in a field, for people.
    fn shown(&self, kind: Kind, key: &str) -> String {
        let value = self.draft.get(key);
        let words = match kind {
            Kind::Choice(choices) => choices.iter().find(|(known, _)| *known == value).map(|(_, words)| *words),
            _ => None,
        };
        words.map_or_else(|| for_screen(value.as_bytes()), str::to_owned)
    }

    /// What is said below: the last word, what is wrong with the field, what it does, and how many others are wrong.
    fn draw_foot(&self, model: &Model, frame: &mut Frame<'_>, area: Rect) {
        let error = self.error(self.at);
        let help = self.at.checked_sub(1).map_or(NAME, |n| FIELDS[n].help);
        let (words, role) = match (&self.said, error) {
            (Some(said), _) => (said.as_str(), Role::Warning),
            (None, Some(error)) => (error, Role::Warning),
            (None, None) => (help, Role::Dim),
        };
        let others: Vec<&str> = (0..=FIELDS.len())
            .filter(|at| *at != self.at && self.error(*at).is_some())
            .map(|at| at.checked_sub(1).map_or("name", |n| FIELDS[n].label))
            .collect();
        let mut rows: Vec<(String, Role)> = wrap(words, usize::from(area.width))
            .into_iter()
            .map(|row| (row, role))
            .take(usize::from(area.height))
            .collect();
        if !others.is_empty() && rows.len() < usize::from(area.height) {
            rows.push((format!("✗ to mend: {}", others.join(", ")), Role::Bad));
        }
        for (y, (row, role)) in (area.y..area.bottom()).zip(rows) {
            frame.buffer_mut().set_string(area.x, y, head(&row, usize::from(area.width)), model.theme.style(role));
        }
    }
}

/// One row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Heading(&'static str),
    /// 0 is the name.
    Field(usize),
}

fn rows() -> Vec<Row> {
    let mut rows = vec![Row::Field(0)];
    let mut group = "";
    for (n, field) in FIELDS.iter().enumerate() {
        let of = field.key.split_once('.').map_or("", |(table, _)| table);
        if of != group {
            group = of;
            rows.push(Row::Heading(match of {
                "identity" => "Who you are",
                "tls" => "TLS",
                "auth" => "Log in",
                "xclient" => "Whom you are taken for (XCLIENT)",
                _ => "Network",
            }));
        }
        rows.push(Row::Field(n + 1));
    }
    debug_assert!(rows.iter().all(|row| !matches!(row, Row::Heading(words) if width(words) == 0)));
    rows
}
