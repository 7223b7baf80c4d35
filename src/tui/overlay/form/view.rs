//! Draws the form.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::{Outcome, place, shown_from, window};
use super::{Form, Row, Value, toggle};
use crate::smtp::escape::for_screen;
use crate::smtp::lint;
use crate::tui::model::Model;
use crate::tui::text::{fit, from_there, width, wrap};
use crate::tui::theme::Role;

/// Columns of the names.
const LABEL: usize = 16;
/// Rows for what a field is.
const HELP: u16 = 2;

/// From so many rows on the parts of the form are set apart by blank ones.
const AMPLE: u16 = 4 + HELP + 3;

/// In so many rows: where the fields begin, how many are in sight, and the rows for what the marked one is.
fn parts(height: u16) -> (u16, u16, u16) {
    if height >= AMPLE {
        return (3, height - 4 - HELP, HELP);
    }
    let help = u16::from(height > 4);
    (2, height.saturating_sub(2 + help), help)
}

impl Form {
    /// Its place, and the keys in its frame.
    pub(in super::super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let rows = u16::try_from(self.rows.len()).unwrap_or(40) + 5 + HELP;
        let foot = match self.rows.get(self.at).map(|row| &row.value) {
            None | Some(Value::Text { .. }) => "Tab next field · Ctrl-C as it was · Enter or Esc back with the line",
            Some(_) => "Tab next · Space set · Ctrl-C as it was · Enter or Esc back with the line",
        };
        (place(model, 96, rows.max(8)), foot)
    }

    /// A click on a column and row of the window: the field there gets the keys, and what is under the mouse is set or
    /// cleared.
    pub(in super::super) fn click(&mut self, column: usize, row: usize, height: u16) -> Outcome {
        let (top, listed, _) = parts(height);
        let listed = usize::from(listed);
        let (_, from) = shown_from(self.at, self.rows.len(), listed);
        let clicked = row.checked_sub(top.into()).filter(|row| *row < listed).map(|row| from + row);
        let Some((n, row)) = clicked.and_then(|n| Some((n, self.rows.get_mut(n)?))) else { return Outcome::Stay };
        self.at = n;
        if let Some(column) = column.checked_sub(LABEL + 2) {
            row.value.click(column);
        }
        Outcome::Stay
    }

    pub(in super::super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, &format!("{} as a form", self.entry.name), foot);
        let columns = usize::from(inner.width);
        let (top, listed, help) = parts(inner.height);
        let line = self.line();
        let shown = fit(&for_screen(line.as_bytes()), columns);
        frame.buffer_mut().set_string(inner.x, inner.y, shown, model.theme.style(Role::Sent));
        let session = &model.talk.dialogue.state().session;
        let all = lint::lint_at(line.as_bytes(), session, &model.knowledge.verbs, model.today);
        // What is wrong with a value first: that a parameter is not offered stands in its row, too.
        if let Some(found) = all.iter().find(|found| found.name != "parameter-not-offered").or(all.first()) {
            let words = format!("{} ({})", found.reason.trim_end_matches('.'), found.reference);
            let (rows, room) = (wrap(&words, columns), usize::from(top - 1));
            for (n, y) in (0..room.min(rows.len())).zip(inner.y + 1..) {
                let words = if n + 1 == room { fit(&rows[n..].join(" "), columns) } else { rows[n].clone() };
                frame.buffer_mut().set_string(inner.x, y, words, model.theme.style(Role::Warning));
            }
        }
        let list = Rect { y: inner.y + top, height: listed, ..inner };
        let (_, from) = shown_from(self.at, self.rows.len(), usize::from(list.height));
        for ((n, row), y) in self.rows.iter().enumerate().skip(from).zip(list.y..list.bottom()) {
            let place = Rect { y, height: 1, ..list };
            let cursor = row.draw(n == self.at, model, place, frame);
            if !row.offered {
                let words = " not offered";
                let x = place.right().saturating_sub(u16::try_from(width(words)).unwrap_or(0)).max(place.x);
                let room = usize::from(place.right() - x);
                frame.buffer_mut().set_stringn(x, y, words, room, model.theme.style(Role::Dim));
            }
            if let Some(x) = cursor {
                frame.set_cursor_position(Position::new(x, y));
            }
        }
        if let Some(row) = self.rows.get(self.at) {
            let words =
                if row.offered { row.help.clone() } else { format!("not offered by the server · {}", row.help) };
            let rows = wrap(&words, columns).into_iter().zip(inner.bottom().saturating_sub(help)..inner.bottom());
            rows.for_each(|(row, y)| frame.buffer_mut().set_string(inner.x, y, row, model.theme.style(Role::Remark)));
        }
    }
}

impl Row {
    /// Draws it into one row; gives where its cursor is, where it has one.
    fn draw(&self, focused: bool, model: &Model, area: Rect, frame: &mut Frame<'_>) -> Option<u16> {
        let theme = model.theme;
        let name = theme.style(match (focused, self.offered) {
            (true, _) => Role::Accent,
            (false, true) => Role::Text,
            (false, false) => Role::Dim,
        });
        let bar = if focused { "▌ " } else { "  " };
        let label = format!("{bar}{:LABEL$}", fit(&self.label, LABEL));
        let (start, _) = frame.buffer_mut().set_stringn(area.x, area.y, label, usize::from(area.width), name);
        let room = usize::from(area.right().saturating_sub(start));
        let text = theme.style(if self.offered { Role::Text } else { Role::Dim });
        match &self.value {
            Value::Text { input, .. } => {
                let room = room.saturating_sub(1);
                let scroll = input.visual_scroll(room.max(1));
                let shown = from_there(input.value(), scroll);
                let shown = for_screen(shown.as_bytes());
                let line = "·".repeat(room.saturating_sub(width(&shown)).min(24));
                let spans = vec![Span::styled(fit(&shown, room), text), Span::styled(line, theme.style(Role::Dim))];
                frame.buffer_mut().set_line(start, area.y, &Line::from(spans), area.right() - start);
                let at = u16::try_from(input.visual_cursor().saturating_sub(scroll)).unwrap_or(0);
                focused.then_some((start + at).min(area.right().saturating_sub(1)))
            }
            Value::Choice { choices, chosen } => {
                let spans = choices
                    .iter()
                    .enumerate()
                    .map(|(n, choice)| mark("(•) ", "( ) ", *chosen == Some(n), choice, text));
                frame.buffer_mut().set_line(start, area.y, &spans.collect(), area.right() - start);
                focused.then(|| start + 1 + column(choices.iter().map(String::as_str), chosen.unwrap_or(0)))
            }
            Value::Checks { boxes, at } => {
                let spans = boxes.iter().map(|(choice, on)| mark("[x] ", "[ ] ", *on, choice, text));
                frame.buffer_mut().set_line(start, area.y, &spans.collect(), area.right() - start);
                focused.then(|| start + 1 + column(boxes.iter().map(|(name, _)| name.as_str()), *at))
            }
            Value::Optional { there, input } => {
                let shown = for_screen(input.value().as_bytes());
                let spans = vec![
                    mark("[x] ", "[ ] ", *there, "", text),
                    Span::styled(fit(&shown, room.saturating_sub(6)), text),
                    Span::styled("·".repeat(room.saturating_sub(width(&shown) + 7).min(18)), theme.style(Role::Dim)),
                ];
                frame.buffer_mut().set_line(start, area.y, &Line::from(spans), area.right() - start);
                let at = u16::try_from(input.visual_cursor()).unwrap_or(0);
                focused.then_some((start + 6 + at).min(area.right().saturating_sub(1)))
            }
            Value::Flag(on) => {
                let line = Line::from(mark("[x] ", "[ ] ", *on, "", text));
                frame.buffer_mut().set_line(start, area.y, &line, area.right() - start);
                focused.then_some(start + 1)
            }
        }
    }
}

fn mark(set: &str, clear: &str, on: bool, name: &str, style: Style) -> Span<'static> {
    Span::styled(format!("{}{name}  ", if on { set } else { clear }), style)
}

impl Value {
    /// A click so many columns after the name.
    fn click(&mut self, at: usize) {
        match self {
            Self::Text { .. } => {}
            Self::Flag(on) => *on = !*on,
            Self::Optional { there, .. } => {
                // Beside the box stands its text.
                if at < 4 {
                    *there = !*there;
                }
            }
            Self::Choice { choices, chosen } => {
                if let Some(n) = box_at(choices.iter().map(String::as_str), at) {
                    *chosen = (*chosen != Some(n)).then_some(n);
                }
            }
            Self::Checks { boxes, at: marked } => {
                if let Some(n) = box_at(boxes.iter().map(|(name, _)| name.as_str()), at) {
                    *marked = n;
                    toggle(boxes, n);
                }
            }
        }
    }
}

/// The box that a column belongs to.
fn box_at<'a>(mut names: impl Iterator<Item = &'a str>, at: usize) -> Option<usize> {
    let mut end = 0;
    names.position(|name| {
        end += width(name) + 6;
        at < end
    })
}

/// Columns before the n-th box.
fn column<'a>(names: impl Iterator<Item = &'a str>, n: usize) -> u16 {
    u16::try_from(names.take(n).map(|name| width(name) + 6).sum::<usize>()).unwrap_or(0)
}
