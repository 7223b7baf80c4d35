//! The mail that the lab has received: a list, and one message with its envelope above it.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Outcome, letter, more, place, shown_from, window};
use crate::smtp::escape;
use crate::tui::model::Model;
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;

/// Octets of a message that are shown.
const SHOWN: usize = 256 * 1024;

/// One message as it lies in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whose mailbox.
    pub mailbox: String,
    /// The envelope, a line each: reverse-path, forward-path, parameters, client.
    pub envelope: Vec<String>,
    /// The message with the header lines that the server added.
    pub raw: Vec<u8>,
    /// Its size in octets.
    pub size: usize,
}

impl Letter {
    fn subject(&self) -> String {
        let head = self.raw.split(|b| *b == b'\n').take_while(|line| !line.trim_ascii().is_empty());
        let found = head
            .map(<[u8]>::trim_ascii_end)
            .find(|line| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"subject:")));
        found.map_or_else(|| "(no subject)".to_owned(), |line| escape::for_screen(line[8..].trim_ascii()))
    }

    fn rows(&self, columns: usize) -> Vec<String> {
        let mut rows: Vec<String> = self.envelope.iter().flat_map(|line| wrap(line, columns)).collect();
        rows.push(String::new());
        let shown = &self.raw[..self.raw.len().min(SHOWN)];
        for line in shown.split(|b| *b == b'\n') {
            rows.extend(wrap(&escape::for_screen(line.strip_suffix(b"\r").unwrap_or(line)), columns));
        }
        if shown.len() < self.raw.len() {
            rows.push(format!("… {} more octets", self.raw.len() - shown.len()));
        }
        rows
    }
}

/// The list of messages, newest first, and which one is open.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    letters: Vec<Letter>,
    marked: usize,
    /// How far the open message is scrolled.
    open: Option<usize>,
}

impl Mail {
    /// These messages, oldest first.
    #[must_use]
    pub fn of(mut letters: Vec<Letter>) -> Self {
        letters.reverse();
        Self { letters, ..Self::default() }
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        match self.open {
            Some(scroll) => self.reading(key, model, scroll),
            None => self.choosing(key),
        }
    }

    fn choosing(&mut self, key: KeyEvent) -> Outcome {
        let last = self.letters.len().saturating_sub(1);
        match (key.code, letter(key)) {
            (KeyCode::Down, _) | (_, Some('j')) => self.marked = (self.marked + 1).min(last),
            (KeyCode::Up, _) | (_, Some('k')) => self.marked = self.marked.saturating_sub(1),
            (KeyCode::Home, _) => self.marked = 0,
            (KeyCode::End, _) => self.marked = last,
            (KeyCode::Enter, _) if !self.letters.is_empty() => self.open = Some(0),
            (_, Some('q')) => return Outcome::Close,
            _ => {}
        }
        Outcome::Stay
    }

    fn reading(&mut self, key: KeyEvent, model: &Model, scroll: usize) -> Outcome {
        let room = usize::from(model.size.1.saturating_sub(4));
        let columns = usize::from(model.size.0.saturating_sub(6));
        let last = self.letters.get(self.marked).map_or(0, |it| it.rows(columns).len().saturating_sub(room));
        let to = match (key.code, letter(key)) {
            (KeyCode::Down, _) | (_, Some('j')) => scroll + 1,
            (KeyCode::Up, _) | (_, Some('k')) => scroll.saturating_sub(1),
            (KeyCode::PageDown, _) | (_, Some(' ')) => scroll + room,
            (KeyCode::PageUp, _) => scroll.saturating_sub(room),
            (KeyCode::Home, _) => 0,
            (KeyCode::End, _) => last,
            (KeyCode::Backspace | KeyCode::Left | KeyCode::Enter, _) | (_, Some('q')) => {
                self.open = None;
                return Outcome::Stay;
            }
            _ => scroll,
        };
        self.open = Some(to.min(last));
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let reading = self.open.is_some() && self.marked < self.letters.len();
        let foot = if reading { "↑ ↓ PgDn scroll · q the list · Esc close" } else { "Enter read · Esc close" };
        (place(model, u16::MAX - 4, u16::MAX - 4), foot)
    }

    /// A click on a row of the window: opens the message there.
    pub(super) fn click(&mut self, row: usize, rows: usize) -> Outcome {
        let (_, from) = shown_from(self.marked, self.letters.len(), rows);
        if self.open.is_none() && from + row < self.letters.len() {
            (self.marked, self.open) = (from + row, Some(0));
        }
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        match (self.open, self.letters.get(self.marked)) {
            (Some(scroll), Some(it)) => {
                let title = format!("Mail for {}", escape::for_screen(it.mailbox.as_bytes()));
                let inner = window(model, frame, area, &title, foot);
                let rows = it.rows(usize::from(inner.width));
                for (y, row) in (0..inner.height).zip(rows.iter().skip(scroll)) {
                    let role = if usize::from(y) + scroll < it.envelope.len() { Role::Accent } else { Role::Text };
                    frame.buffer_mut().set_string(inner.x, inner.y + y, row, model.theme.style(role));
                }
            }
            _ => self.draw_list(model, frame, area, foot),
        }
    }

    fn draw_list(&self, model: &Model, frame: &mut Frame<'_>, area: Rect, foot: &str) {
        let inner = window(model, frame, area, "Mail that the lab received", foot);
        if self.letters.is_empty() {
            let text = "Nothing yet. A message lies here once its final dot was answered 250.";
            let text = Line::styled(text, model.theme.style(Role::Dim));
            frame.buffer_mut().set_line(inner.x, inner.y, &text, inner.width);
            return;
        }
        let (_, first) = shown_from(self.marked, self.letters.len(), usize::from(inner.height));
        more(model, frame, area, (first, inner.height.into(), self.letters.len()));
        for (y, (n, it)) in (0..inner.height).zip(self.letters.iter().enumerate().skip(first)) {
            let mark = if n == self.marked { "▌" } else { " " };
            let mailbox = escape::for_screen(it.mailbox.as_bytes());
            let row = format!("{mark} {mailbox:<32} {:>8}  {}", format!("{} B", it.size), it.subject());
            let role = if n == self.marked { Role::Selection } else { Role::Text };
            let row = fit(&row, usize::from(inner.width));
            frame.buffer_mut().set_string(inner.x, inner.y + y, row, model.theme.style(role));
        }
    }
}
