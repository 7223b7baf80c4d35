//! The mail that the lab has received: a list, and one message in several views.

mod letter;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Outcome, Overlay, letter as typed, more, place, shown_from, window};
use crate::smtp::escape;
use crate::tui::attending::in_exam;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::text::{fit, width, wrap};
use crate::tui::theme::Role;
pub use letter::Letter;
use letter::{Opened, View};

/// What is wanted of the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailWish {
    /// The message of this number is to be deleted.
    Delete(u64),
    /// A message is to be written to a file of this name, in the working directory.
    Export(String, Vec<u8>),
}

/// A message that is read.
#[derive(Debug, Clone)]
struct Reading {
    opened: Opened,
    view: View,
    scroll: usize,
}

/// The list of messages, newest first, and which one is open.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    letters: Vec<Letter>,
    marked: usize,
    reading: Option<Reading>,
    /// Whether somebody is asked if the marked one is to be deleted.
    asks: bool,
}

/// Shows these messages: in the window that is open, or in a new one.
pub fn show_mail(model: &mut Model, letters: Vec<Letter>) {
    match &mut model.overlay {
        Some(Overlay::Mail(mail)) => mail.renew(letters),
        _ => model.overlay = Some(Overlay::Mail(Mail::of(letters))),
    }
}

/// Mail has come: the list is made anew where it is open.
pub fn mail_came(model: &Model) -> Vec<Effect> {
    if matches!(model.overlay, Some(Overlay::Mail(_))) { vec![Effect::LookAtMail] } else { Vec::new() }
}

impl Mail {
    /// These messages, oldest first.
    #[must_use]
    pub fn of(mut letters: Vec<Letter>) -> Self {
        letters.reverse();
        Self { letters, ..Self::default() }
    }

    /// The same list as it is now: what is marked and read stays, where it is still there.
    pub fn renew(&mut self, letters: Vec<Letter>) {
        let marked = self.letters.get(self.marked).map(|it| it.envelope.number);
        let (reading, asks) = (self.reading.take(), self.asks);
        *self = Self { marked: self.marked, ..Self::of(letters) };
        match self.letters.iter().position(|it| Some(it.envelope.number) == marked) {
            Some(at) => (self.marked, self.reading, self.asks) = (at, reading, asks),
            None => self.marked = self.marked.min(self.letters.len().saturating_sub(1)),
        }
    }

    /// One step back, where there is one within the window: from the question to what it is about, from a message to the
    /// list.
    pub(super) fn goes_back(&mut self) -> bool {
        std::mem::take(&mut self.asks) || self.reading.take().is_some()
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let Some(it) = self.letters.get(self.marked) else {
            return if typed(key) == Some('q') { Outcome::Close } else { Outcome::Stay };
        };
        if std::mem::take(&mut self.asks) {
            return if typed(key) == Some('y') {
                Outcome::Mail(MailWish::Delete(it.envelope.number))
            } else {
                Outcome::Stay
            };
        }
        match typed(key) {
            Some('d') => {
                self.asks = true;
                return Outcome::Stay;
            }
            Some('x') => return Outcome::Mail(MailWish::Export(it.file_name(), it.raw.clone())),
            _ if key.code == KeyCode::Delete => {
                self.asks = true;
                return Outcome::Stay;
            }
            _ => {}
        }
        if self.reading.is_some() { self.read(key, model) } else { self.choose(key, model) }
    }

    fn choose(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let last = self.letters.len().saturating_sub(1);
        match (key.code, typed(key)) {
            (KeyCode::Down, _) | (_, Some('j')) => self.marked = (self.marked + 1).min(last),
            (KeyCode::Up, _) | (_, Some('k')) => self.marked = self.marked.saturating_sub(1),
            (KeyCode::Home, _) => self.marked = 0,
            (KeyCode::End, _) => self.marked = last,
            (KeyCode::Enter, _) => self.open(in_exam(model)),
            (_, Some('q')) => return Outcome::Close,
            _ => {}
        }
        Outcome::Stay
    }

    /// Opens the marked one; a report by what it reports.
    fn open(&mut self, exam: bool) {
        let Some(it) = self.letters.get(self.marked) else { return };
        let mut opened = Opened::of(it);
        if exam {
            opened.unexplained();
        }
        let view = if opened.is_report() { View::Report } else { View::Text };
        self.reading = Some(Reading { opened, view, scroll: 0 });
    }

    fn read(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let room = usize::from(model.size.1.saturating_sub(6));
        let rows = self.rows(model).len();
        let Some(reading) = &mut self.reading else { return Outcome::Stay };
        let last = rows.saturating_sub(room);
        let views = reading.opened.views();
        let (scroll, turn) = match (key.code, typed(key)) {
            (KeyCode::Down, _) | (_, Some('j')) => (reading.scroll + 1, 0),
            (KeyCode::Up, _) | (_, Some('k')) => (reading.scroll.saturating_sub(1), 0),
            (KeyCode::PageDown, _) | (_, Some(' ')) => (reading.scroll + room, 0),
            (KeyCode::PageUp, _) => (reading.scroll.saturating_sub(room), 0),
            (KeyCode::Home, _) => (0, 0),
            (KeyCode::End, _) => (last, 0),
            (KeyCode::Tab | KeyCode::Right, _) => (0, 1),
            (KeyCode::BackTab | KeyCode::Left, _) => (0, views.len() - 1),
            (_, Some(digit @ '1'..='6')) => {
                let n = usize::from(digit as u8 - b'1');
                if let Some(view) = views.get(n) {
                    (reading.view, reading.scroll) = (*view, 0);
                }
                return Outcome::Stay;
            }
            (KeyCode::Backspace | KeyCode::Enter, _) | (_, Some('q')) => {
                self.reading = None;
                return Outcome::Stay;
            }
            _ => (reading.scroll, 0),
        };
        let now = views.iter().position(|view| *view == reading.view).unwrap_or(0);
        reading.view = views[(now + turn) % views.len()];
        reading.scroll = if turn == 0 { scroll.min(last) } else { 0 };
        Outcome::Stay
    }

    /// The rows of what is read.
    fn rows(&self, model: &Model) -> Vec<letter::Row> {
        let columns = usize::from(self.outline(model).0.width.saturating_sub(4));
        match (&self.reading, self.letters.get(self.marked)) {
            (Some(reading), Some(it)) => it.rows(reading.view, &reading.opened, &model.knowledge, columns),
            _ => Vec::new(),
        }
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let foot = match (self.asks, &self.reading) {
            (true, _) => "Delete this message? y deletes · any other key keeps it",
            (_, Some(_)) if model.size.0 < 100 => "Tab view · d delete · x export · Esc to list",
            (_, Some(_)) => "Tab view · ↑ ↓ PgDn scroll · d delete · x export · Esc back to the list",
            _ if self.letters.is_empty() => "Esc close",
            _ => "Enter read · d delete · x export · Esc close",
        };
        (place(model, u16::MAX - 4, u16::MAX - 4), foot)
    }

    /// A click on a row of the window: opens the message there, or turns to the view there.
    pub(super) fn click(&mut self, row: usize, rows: usize, exam: bool) -> Outcome {
        let (_, from) = shown_from(self.marked, self.letters.len(), rows);
        if self.reading.is_none() && from + row < self.letters.len() {
            self.marked = from + row;
            self.asks = false;
            self.open(exam);
        }
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        self.draw_window(model, frame);
        let Some(notice) = &model.notice else { return };
        // Where it stands otherwise is behind the window.
        let inner = super::inside(self.outline(model).0);
        let rows = wrap(notice, usize::from(inner.width).max(1));
        let height = u16::try_from(rows.len()).unwrap_or(1).min(inner.height);
        let area = Rect { y: inner.bottom().saturating_sub(height), height, ..inner };
        frame.render_widget(ratatui::widgets::Clear, area);
        for (y, row) in (area.y..area.bottom()).zip(rows) {
            frame.buffer_mut().set_string(area.x, y, row, model.theme.style(Role::Warning));
        }
    }

    fn draw_window(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        let (Some(reading), Some(it)) = (&self.reading, self.letters.get(self.marked)) else {
            return self.draw_list(model, frame, area, foot);
        };
        let title = format!("Mail for {}", escape::for_screen(it.envelope.mailbox.as_bytes()));
        let inner = window(model, frame, area, &title, foot);
        let tabs = reading.opened.views().iter().flat_map(|view| {
            let role = if *view == reading.view { Role::Accent } else { Role::Dim };
            let word = if *view == reading.view { format!("[{}]", view.word()) } else { format!(" {} ", view.word()) };
            [Span::styled(word, model.theme.style(role)), Span::raw(" ")]
        });
        let tabs = Line::from(tabs.collect::<Vec<_>>());
        frame.buffer_mut().set_line(inner.x, inner.y, &tabs, inner.width);
        let rows = self.rows(model);
        let room = inner.height.saturating_sub(2);
        more(model, frame, area, (reading.scroll, room.into(), rows.len()));
        for (y, (role, row)) in (0..room).zip(rows.iter().skip(reading.scroll)) {
            frame.buffer_mut().set_string(inner.x, inner.y + 2 + y, row, model.theme.style(*role));
        }
    }

    fn draw_list(&self, model: &Model, frame: &mut Frame<'_>, area: Rect, foot: &str) {
        let inner = window(model, frame, area, "Mail that the lab received", foot);
        if self.letters.is_empty() {
            let text = "Nothing here. A message lies here once its final dot was answered 250.";
            let text = Line::styled(text, model.theme.style(Role::Dim));
            frame.buffer_mut().set_line(inner.x, inner.y, &text, inner.width);
            return;
        }
        // No wider than they need, so that the subject has the rest.
        let shown = |text: &dyn Fn(&Letter) -> String, most: usize| {
            self.letters.iter().map(|it| width(&text(it))).max().unwrap_or(0).min(most)
        };
        let whose = |it: &Letter| escape::for_screen(it.envelope.mailbox.as_bytes());
        let (mailboxes, senders) = (shown(&whose, 26), shown(&Letter::sender, 22));
        let sizes = shown(&|it| format!("{} B", it.raw.len()), 9);
        let (_, first) = shown_from(self.marked, self.letters.len(), usize::from(inner.height));
        more(model, frame, area, (first, inner.height.into(), self.letters.len()));
        for (y, (n, it)) in (0..inner.height).zip(self.letters.iter().enumerate().skip(first)) {
            let mark = if n == self.marked { "▌" } else { " " };
            let mailbox = padded(&whose(it), mailboxes);
            let sender = padded(&it.sender(), senders);
            let size = format!("{} B", it.raw.len());
            let row = format!("{mark} {mailbox}  {sender}  {size:>sizes$}  {}", it.subject());
            let role = if n == self.marked { Role::Selection } else { Role::Text };
            let row = fit(&row, usize::from(inner.width));
            frame.buffer_mut().set_string(inner.x, inner.y + y, row, model.theme.style(role));
        }
    }
}

/// A text in just so many columns.
fn padded(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    let gap = " ".repeat(columns.saturating_sub(width(&text)));
    format!("{text}{gap}")
}
