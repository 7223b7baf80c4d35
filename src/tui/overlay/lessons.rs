//! The map of the lessons: done, begun and open ones, what each needs first; Enter begins the marked one.

use crossterm::event::{KeyCode, KeyEvent};
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
    /// The marked row; at first the lesson that comes next.
    marked: Option<usize>,
}

impl Lessons {
    fn marked(&self, model: &Model) -> usize {
        let next = || {
            let next = model.lessons.next(None)?;
            model.lessons.rows.iter().position(|row| row.lesson == next.lesson)
        };
        self.marked.or_else(next).unwrap_or(0).min(model.lessons.rows.len().saturating_sub(1))
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let (marked, last) = (self.marked(model), model.lessons.rows.len().saturating_sub(1));
        let to = match key.code {
            KeyCode::Enter => return begin(model, marked),
            KeyCode::Up | KeyCode::Char('k') => marked.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (marked + 1).min(last),
            KeyCode::PageUp => marked.saturating_sub(10),
            KeyCode::PageDown => (marked + 10).min(last),
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return Outcome::Stay,
        };
        self.marked = Some(to);
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        let rows = u16::try_from(model.lessons.rows.len()).unwrap_or(u16::MAX - 20).max(1);
        (place(model, 84, rows + 1 + ABOUT), "Up Down · Enter begin · Esc close")
    }

    /// A click on a row of the window: marks the lesson there, and begins it where it is marked already.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        let listed = listed(rows);
        let count = model.lessons.rows.len();
        let (marked, from) = shown_from(self.marked(model), count, listed);
        if row >= listed || from + row >= count {
            return Outcome::Stay;
        }
        if from + row == marked {
            return begin(model, marked);
        }
        self.marked = Some(from + row);
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = Self::outline(model);
        let title = match &model.class {
            Some(class) if class.course => format!("Lessons of the class {}", for_screen(class.name.as_bytes())),
            _ => "Lessons".to_owned(),
        };
        let inner = window(model, frame, area, &title, foot);
        let all = &model.lessons.rows;
        let (marked, from) = shown_from(self.marked(model), all.len(), listed(inner.height));
        for ((n, row), y) in all.iter().enumerate().skip(from).take(listed(inner.height)).zip(inner.y..inner.bottom()) {
            let line = line(model, row, n == marked, usize::from(inner.width));
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        more(model, frame, area, (from, listed(inner.height), all.len()));
        let Some(row) = all.get(marked) else {
            frame.buffer_mut().set_string(
                inner.x,
                inner.y,
                "The lessons are being read.",
                model.theme.style(Role::Dim),
            );
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

fn begin(model: &Model, row: usize) -> Outcome {
    let row = model.lessons.rows.get(row);
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
    let state = format!("{minutes:>7}  {:22}", state(model, row));
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
            if missing.is_empty() { "open".to_owned() } else { format!("needs {} first", missing.join(" and ")) }
        }
    }
}

/// What a lesson is about, and what it builds on.
fn lines(model: &Model, row: &Standing, columns: usize) -> Vec<Line<'static>> {
    let (text, dim) = (model.theme.style(Role::Text), model.theme.style(Role::Dim));
    let about = row.lesson.hook.as_ref().unwrap_or(&row.lesson.intro);
    let about = for_screen(about.replace('\n', " ").as_bytes());
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
