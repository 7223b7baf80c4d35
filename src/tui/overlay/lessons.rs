//! The map of the lessons: done, begun and open ones, what each builds on; Enter begins the marked one.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Outcome, more, place, shown_from, window};
use crate::lesson::map::{Standing, State, called};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::Role;

/// Rows for what the marked lesson is about.
const ABOUT: u16 = 5;

/// The map's state.
#[derive(Debug, Clone, Default)]
pub struct Lessons {
    /// The marked row of those that are shown; at first the lesson that comes next.
    marked: Option<usize>,
    /// What is looked for.
    typed: String,
}

impl Lessons {
    /// The lessons that have every word that was typed, in what they are called or in what is said of them.
    fn rows<'a>(&self, model: &'a Model) -> Vec<&'a Standing> {
        let words = self.typed.to_lowercase();
        let has = |row: &&Standing| {
            let lesson = &row.lesson;
            let hook = lesson.hook.as_deref().unwrap_or_default();
            let text = format!("{} {} {hook} {}", called(lesson), lesson.title, lesson.intro).to_lowercase();
            words.split_whitespace().all(|word| text.contains(word))
        };
        model.lessons.rows.iter().filter(has).collect()
    }

    fn marked(&self, model: &Model, rows: &[&Standing]) -> usize {
        let next = || {
            let next = model.lessons.next(None)?;
            rows.iter().position(|row| row.lesson == next.lesson)
        };
        self.marked.or_else(next).unwrap_or(0).min(rows.len().saturating_sub(1))
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let rows = self.rows(model);
        let (marked, last) = (self.marked(model, &rows), rows.len().saturating_sub(1));
        let to = match key.code {
            KeyCode::Enter => return begin(rows.get(marked).copied()),
            KeyCode::Up => marked.saturating_sub(1),
            KeyCode::Down => (marked + 1).min(last),
            KeyCode::PageUp => marked.saturating_sub(10),
            KeyCode::PageDown => (marked + 10).min(last),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Backspace if self.typed.pop().is_some() => 0,
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => {
                self.typed.clear();
                0
            }
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => {
                self.typed.push(c);
                0
            }
            _ => return Outcome::Stay,
        };
        self.marked = Some(to);
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        let rows = u16::try_from(model.lessons.rows.len()).unwrap_or(u16::MAX - 20).max(1);
        (place(model, 84, rows + 1 + ABOUT), "Enter begin · letters find · Up Down · Esc close")
    }

    /// A click on a row of the window: marks the lesson there, and begins it where it is marked already.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        let listed = listed(rows);
        let shown = self.rows(model);
        let count = shown.len();
        let (marked, from) = shown_from(self.marked(model, &shown), count, listed);
        if row >= listed || from + row >= count {
            return Outcome::Stay;
        }
        if from + row == marked {
            return begin(shown.get(marked).copied());
        }
        self.marked = Some(from + row);
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = Self::outline(model);
        let title = match (&model.class, self.typed.as_str()) {
            (_, typed) if !typed.is_empty() => format!("Lessons · Find {}", for_screen(typed.as_bytes())),
            (Some(class), _) if class.course => format!("Lessons of the class {}", for_screen(class.name.as_bytes())),
            _ => "Lessons".to_owned(),
        };
        let inner = window(model, frame, area, &title, foot);
        let all = self.rows(model);
        let (marked, from) = shown_from(self.marked(model, &all), all.len(), listed(inner.height));
        for ((n, row), y) in all.iter().enumerate().skip(from).take(listed(inner.height)).zip(inner.y..inner.bottom()) {
            let line = line(model, row, n == marked, usize::from(inner.width));
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        more(model, frame, area, (from, listed(inner.height), all.len()));
        let Some(row) = all.get(marked) else {
            let words = if self.typed.is_empty() {
                "The lessons are being read."
            } else {
                "No lesson has these words; Backspace takes them back."
            };
            frame.buffer_mut().set_string(inner.x, inner.y, words, model.theme.style(Role::Dim));
            return;
        };
        let about = inner.y + u16::try_from(listed(inner.height)).unwrap_or(0) + 1;
        for (line, y) in lines(model, row, usize::from(inner.width)).iter().zip(about..inner.bottom()) {
            frame.buffer_mut().set_line(inner.x, y, line, inner.width);
        }
    }
}

/// Rows for the list.
fn listed(rows: u16) -> usize {
    usize::from(rows.saturating_sub(ABOUT + 1)).max(1)
}

fn begin(row: Option<&Standing>) -> Outcome {
    row.map_or(Outcome::Stay, |row| Outcome::Learn(std::sync::Arc::clone(&row.lesson)))
}

/// A lesson in the list: its mark, number, title, how long it takes, how far it has come.
fn line(model: &Model, row: &Standing, marked: bool, columns: usize) -> Line<'static> {
    let (mark, role) = match row.state() {
        State::Done => ("✓", Role::Good),
        State::Begun(..) => ("▸", Role::Accent),
        State::Open => ("·", Role::Dim),
    };
    let style = model.theme.style(if marked { Role::Accent } else { Role::Text });
    let minutes = row.lesson.minutes.map_or_else(String::new, |minutes| format!("{minutes} min"));
    // The title is what a lesson is known by; the mark says how far it has come, too.
    let state = match columns {
        64.. => format!("{minutes:>7}  {:22}", state(model, row)),
        44.. => format!("{minutes:>7} "),
        _ => String::new(),
    };
    let room = columns.saturating_sub(8 + width(&state) + 1);
    let title = fit(&for_screen(row.lesson.title.as_bytes()), room);
    let gap = " ".repeat(room.saturating_sub(width(&title)) + 1);
    Line::from(vec![
        Span::styled(if marked { "▌ " } else { "  " }, style),
        Span::styled(mark, model.theme.style(role)),
        Span::styled(format!(" {:>3} {title}{gap}", fit(&called(&row.lesson), 3)), style),
        Span::styled(state, model.theme.style(role)),
    ])
}

fn state(model: &Model, row: &Standing) -> String {
    match row.state() {
        State::Done => match row.done.finished.as_deref().and_then(|when| when.get(..10)) {
            Some(day) => format!("done {day}"),
            None => "done".to_owned(),
        },
        State::Begun(steps, of) => format!("{steps} of {of} steps"),
        State::Open => {
            let missing: Vec<_> = model.lessons.missing(&row.lesson).into_iter().map(called).collect();
            if missing.is_empty() { "open".to_owned() } else { format!("best after {}", missing.join(" and ")) }
        }
    }
}

/// What a lesson is about, and what it builds on.
fn lines(model: &Model, row: &Standing, columns: usize) -> Vec<Line<'static>> {
    let (text, dim) = (model.theme.style(Role::Text), model.theme.style(Role::Dim));
    let about = row.lesson.hook.as_ref().unwrap_or(&row.lesson.intro);
    let about = for_screen(about.replace('\n', " ").replace('`', "").as_bytes());
    let missing = model.lessons.missing(&row.lesson);
    let most = usize::from(ABOUT) - usize::from(!missing.is_empty());
    let mut lines: Vec<_> = wrap(&about, columns).into_iter().take(most).map(|row| Line::styled(row, text)).collect();
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|lesson| for_screen(lesson.title.as_bytes())).collect();
        let words = format!("It builds on: {}. Enter begins it all the same.", names.join(" · "));
        lines.push(Line::styled(fit(&words, columns), dim));
    }
    lines
}
