//! The instructor's wall of a class: who stands where, those in need first; what helps one of them or all.
//!
//! [`Face`] is plain data with what the keys do; `view` draws it; [`run()`] alone carries out what was asked for. It is drawn
//! when something changed, and woken besides only when a minute that is shown becomes another.

mod run;
mod view;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::class::wall::{Row, Wall};

pub use run::{Told, run};

/// What is done for the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// The next hint for a student.
    Hint(u64),
    /// The next hint for all who stand at the same step as this one.
    HintAll(u64),
    /// The text of the step on a student's screen.
    ShowStep(u64),
    /// Words for everybody.
    Broadcast(String),
    /// Everybody looks up, or goes on.
    Pause,
    /// A fresh world for a student.
    Reset(u64),
    /// Results and transcripts into files.
    Export,
    /// Looks at a student's conversation; none: no longer.
    Watch(Option<u64>),
    /// Ends the class.
    End,
}

/// What lies over the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Over {
    #[default]
    Nothing,
    /// Words for everybody are being typed.
    Broadcast(String),
    /// Whether this student's world is to be a fresh one.
    Reset(u64),
    /// Whether the class is to end.
    End,
    /// A student's conversation.
    Live(u64),
    /// What the keys do.
    Help,
}

/// The wall as it stands on the screen.
#[derive(Debug, Clone, Default)]
pub struct Face {
    /// The class's name.
    pub class: String,
    /// How one joins.
    pub join: Vec<String>,
    /// Who stands where.
    pub wall: Wall,
    /// The lessons of the class, by name.
    pub lessons: Vec<String>,
    /// The conversation that is looked at, line by line.
    pub live: Vec<String>,
    /// Which of several connections that is, and where the student stands, as far as that is known.
    pub about: Vec<String>,
    /// What came of the last deed.
    pub notice: Option<String>,
    /// When that is old news, by the world's clock; none where it stays until the next key.
    pub fades: Option<Duration>,
    selected: Option<u64>,
    over: Over,
    nameless: bool,
    projector: bool,
    /// Lines of the conversation that are scrolled up from its end.
    up: usize,
}

impl Face {
    /// The wall of a class that begins.
    #[must_use]
    pub fn new(class: &str, join: Vec<String>) -> Self {
        Self { class: class.to_owned(), join, ..Self::default() }
    }

    /// Another state of the class.
    pub fn take(&mut self, wall: Wall) {
        self.wall = wall;
        // The mark stays with the student: the next key must not help somebody who has joined meanwhile.
        self.selected = self.row().map(|row| row.id);
    }

    /// The row that is marked: the first one where none was chosen, or it is gone.
    fn marked(&self) -> Option<usize> {
        let chosen = self.wall.rows.iter().position(|row| Some(row.id) == self.selected);
        chosen.or((!self.wall.rows.is_empty()).then_some(0))
    }

    fn row(&self) -> Option<&Row> {
        self.wall.rows.get(self.marked()?)
    }

    /// Whose conversation is looked at.
    #[must_use]
    pub fn watched(&self) -> Option<u64> {
        if let Over::Live(id) = self.over { Some(id) } else { None }
    }

    /// A student's name, where everybody may see it.
    fn name(&self, id: u64) -> String {
        let row = self.wall.rows.iter().find(|row| row.id == id);
        let hidden = self.nameless || self.projector;
        row.map_or_else(String::new, |row| if hidden { format!("student {id}") } else { row.name.clone() })
    }

    /// Takes away what was said long enough ago; gives how long the rest of it stays.
    pub fn fade(&mut self, now: Duration) -> Option<Duration> {
        if self.fades.is_some_and(|when| now >= when) {
            (self.notice, self.fades) = (None, None);
        }
        self.fades.filter(|_| self.notice.is_some()).map(|when| when.saturating_sub(now))
    }

    /// Does what a key asks for; gives what is to be done for the class.
    pub fn key(&mut self, key: KeyEvent) -> Option<Deed> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match std::mem::take(&mut self.over) {
            Over::Nothing => self.free(key.code, control),
            Over::Broadcast(text) => self.typed(text, key.code, control),
            Over::Reset(id) => (key.code == KeyCode::Char('y')).then_some(Deed::Reset(id)),
            Over::Help => match key.code {
                // The key that was looked for may be pressed at once.
                KeyCode::Esc | KeyCode::Enter | KeyCode::F(1) | KeyCode::Char('?' | 'q') => None,
                code => self.free(code, control),
            },
            Over::End => (key.code == KeyCode::Char('y')).then_some(Deed::End),
            Over::Live(id) => match key.code {
                KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Some(Deed::Watch(None)),
                KeyCode::Char('?') | KeyCode::F(1) => {
                    self.over = Over::Help;
                    Some(Deed::Watch(None))
                }
                code => {
                    self.over = Over::Live(id);
                    self.scroll(code);
                    // Help may be given while looking on.
                    help(code, id)
                }
            },
        }
    }

    /// Moves in a conversation that is looked at.
    fn scroll(&mut self, code: KeyCode) {
        let last = self.live.len().saturating_sub(1);
        self.up = match code {
            KeyCode::Up | KeyCode::Char('k') => (self.up + 1).min(last),
            KeyCode::Down | KeyCode::Char('j') => self.up.saturating_sub(1),
            KeyCode::PageUp => (self.up + 10).min(last),
            KeyCode::PageDown => self.up.saturating_sub(10),
            KeyCode::Home | KeyCode::Char('g') => last,
            KeyCode::End | KeyCode::Char('G') => 0,
            _ => self.up,
        };
    }

    fn typed(&mut self, mut text: String, code: KeyCode, control: bool) -> Option<Deed> {
        match code {
            KeyCode::Esc => return None,
            KeyCode::Char('c') if control => return None,
            KeyCode::Enter => return (!text.trim().is_empty()).then(|| Deed::Broadcast(text.trim().to_owned())),
            KeyCode::Backspace => _ = text.pop(),
            KeyCode::Char(c) if !control => text.push(c),
            _ => {}
        }
        self.over = Over::Broadcast(text);
        None
    }

    fn free(&mut self, code: KeyCode, control: bool) -> Option<Deed> {
        self.notice = None;
        if self.projector
            && !control
            && !matches!(code, KeyCode::Char('v' | 'p' | 'b' | 'q' | '?') | KeyCode::F(1) | KeyCode::Esc)
        {
            // No row is shown that a key could be about, and the room looks on.
            return None;
        }
        match code {
            KeyCode::Esc if self.projector => self.projector = false,
            KeyCode::Char('c') if control => self.over = Over::End,
            KeyCode::Char('q') | KeyCode::Esc => self.over = Over::End,
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::PageDown => self.step(10),
            KeyCode::PageUp => self.step(-10),
            KeyCode::Home => self.selected = self.wall.rows.first().map(|row| row.id),
            KeyCode::End => self.selected = self.wall.rows.last().map(|row| row.id),
            KeyCode::Char('n') => self.nameless = !self.nameless,
            KeyCode::Char('v') => self.projector = !self.projector,
            KeyCode::Char('?') | KeyCode::F(1) => self.over = Over::Help,
            KeyCode::Char('b') => self.over = Over::Broadcast(String::new()),
            KeyCode::Char('p') => return Some(Deed::Pause),
            KeyCode::Char('x') => return Some(Deed::Export),
            KeyCode::Char('r') => self.over = self.row().map_or(Over::Nothing, |row| Over::Reset(row.id)),
            KeyCode::Enter => {
                let id = self.row()?.id;
                self.over = Over::Live(id);
                self.up = 0;
                return Some(Deed::Watch(Some(id)));
            }
            other => return help(other, self.row()?.id),
        }
        None
    }

    fn step(&mut self, by: isize) {
        let Some(marked) = self.marked() else { return };
        let to = marked.saturating_add_signed(by).min(self.wall.rows.len() - 1);
        self.selected = Some(self.wall.rows[to].id);
    }
}

/// What helps one student.
fn help(code: KeyCode, id: u64) -> Option<Deed> {
    match code {
        KeyCode::Char('s') => Some(Deed::ShowStep(id)),
        KeyCode::Char('h') => Some(Deed::Hint(id)),
        KeyCode::Char('H') => Some(Deed::HintAll(id)),
        _ => None,
    }
}
