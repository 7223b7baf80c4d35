//! F2: the verbs that may follow here, then the others, each with its help; the one that is taken becomes a template.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Outcome, letter, more, place, shown_from, window};
use crate::smtp::Verb;
use crate::smtp::verb::VerbEntry;
use crate::tui::model::Model;
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;

/// The menu's state.
#[derive(Debug, Clone, Default)]
pub struct Menu {
    /// What was typed to narrow it.
    typed: String,
    marked: usize,
}

impl Menu {
    /// The verbs that begin as typed: those that may follow now, how many they are, and the others after them.
    fn verbs<'a>(&self, model: &'a Model) -> (Vec<&'a VerbEntry>, usize) {
        let table = &model.knowledge.verbs;
        let begins = |entry: &&VerbEntry| entry.name.starts_with(&self.typed);
        let session = &model.talk.dialogue.state().session;
        let mut legal: Vec<&VerbEntry> = session.may_follow(table);
        if session.greeted_by.is_some() {
            // What leads on stands first; a new greeting would drop what was begun, and what was said just now is said
            // again only where there are several of it.
            let last = model.talk.dialogue.exchanges().last().map(|exchange| exchange.verb);
            legal.sort_by_key(|entry| {
                let verb = Verb::from_word(&entry.name);
                let again = last == Some(verb) && verb != Verb::Rcpt;
                again || matches!(verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo)
            });
        }
        let others: Vec<_> = table.verbs.iter().filter(|it| legal.iter().all(|l| l.name != it.name)).collect();
        let mut all: Vec<&VerbEntry> = legal.into_iter().filter(begins).collect();
        let fit = all.len();
        all.extend(others.into_iter().filter(begins));
        (all, fit)
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let (verbs, _) = self.verbs(model);
        let last = verbs.len().saturating_sub(1);
        let chosen = verbs.get(self.marked.min(last)).map(|entry| entry.name.clone());
        match key.code {
            KeyCode::Enter | KeyCode::Tab if verbs.is_empty() => return Outcome::Line(format!("{} ", self.typed)),
            KeyCode::Enter | KeyCode::Tab => return chosen.map_or(Outcome::Stay, Outcome::Template),
            KeyCode::F(2) => return chosen.map_or(Outcome::Stay, Outcome::Form),
            KeyCode::Up => self.marked = self.marked.min(last).saturating_sub(1),
            KeyCode::Down => self.marked = (self.marked + 1).min(last),
            KeyCode::Home => self.marked = 0,
            KeyCode::End => self.marked = last,
            KeyCode::Backspace => {
                self.typed.pop();
                self.marked = 0;
            }
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => {
                self.typed.clear();
                self.marked = 0;
            }
            _ => {
                if let Some(c) = letter(key).filter(char::is_ascii_alphanumeric) {
                    self.typed.push(c.to_ascii_uppercase());
                    self.marked = 0;
                }
            }
        }
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, 96, 24), "Enter take · {templates} form · Esc close")
    }

    /// A click on a row of the window: marks the verb there, and takes it where it is marked already.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        let (verbs, _) = self.verbs(model);
        let listed = usize::from(rows.saturating_sub(help_rows(rows) + 1));
        let (marked, from) = shown_from(self.marked, verbs.len(), listed);
        let Some(entry) = verbs.get(from + row).filter(|_| row < listed) else { return Outcome::Stay };
        if from + row == marked {
            return Outcome::Template(entry.name.clone());
        }
        self.marked = from + row;
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (verbs, legal) = self.verbs(model);
        let marked = self.marked.min(verbs.len().saturating_sub(1));
        let (area, foot) = Self::outline(model);
        let title = if self.typed.is_empty() { "Verbs".to_owned() } else { format!("Verbs: {}", self.typed) };
        let inner = window(model, frame, area, &title, &model.keymap.told(foot));
        let help_rows = help_rows(inner.height);
        let rows = inner.height.saturating_sub(help_rows + 1);
        self.list(model, &verbs, legal, Rect { height: rows, ..inner }, frame);
        let (_, from) = shown_from(self.marked, verbs.len(), rows.into());
        more(model, frame, area, (from, rows.into(), verbs.len()));
        if verbs.is_empty() {
            let words =
                ["No verb that ehlo knows begins so.", "Enter puts it on the line as it is; Backspace goes back."];
            for (words, y) in words.iter().zip(inner.y..inner.bottom()) {
                frame.buffer_mut().set_stringn(
                    inner.x,
                    y,
                    words,
                    usize::from(inner.width),
                    model.theme.style(Role::Text),
                );
            }
        }
        if let Some(entry) = verbs.get(marked) {
            let below = Rect { y: inner.y + rows + 1, height: help_rows, ..inner };
            help(model, entry, marked < legal, below, frame);
        }
    }

    fn list(&self, model: &Model, verbs: &[&VerbEntry], legal: usize, area: Rect, frame: &mut Frame<'_>) {
        let (marked, from) = shown_from(self.marked, verbs.len(), usize::from(area.height));
        for ((n, entry), y) in verbs.iter().enumerate().skip(from).zip(area.y..area.bottom()) {
            let role = if n < legal { Role::Text } else { Role::Dim };
            let style = model.theme.style(if n == marked { Role::Accent } else { role });
            let bar = if n == marked { "▌ " } else { "  " };
            let words = if n < legal { entry.title.clone() } else { format!("not here · {}", entry.title) };
            let words = fit(&words, usize::from(area.width).saturating_sub(12));
            let line = Line::from(vec![
                Span::styled(format!("{bar}{:9} ", entry.name), style),
                Span::styled(words, model.theme.style(role)),
            ]);
            frame.buffer_mut().set_line(area.x, y, &line, area.width);
        }
    }
}

/// Rows for what the marked verb is.
fn help_rows(rows: u16) -> u16 {
    (rows / 3).clamp(3, 7)
}

/// What a verb is, in the rows below the list.
fn help(model: &Model, entry: &VerbEntry, legal: bool, area: Rect, frame: &mut Frame<'_>) {
    let mut lines = vec![Line::styled(
        fit(&format!("{} · {}", entry.grammar, entry.reference), usize::from(area.width)),
        model.theme.style(Role::Sent),
    )];
    if !legal && let Some(capability) = &entry.capability {
        lines[0].spans.push(Span::styled(format!(" · needs {capability}"), model.theme.style(Role::Warning)));
    }
    let rows = wrap(&entry.help.replace('\n', " "), usize::from(area.width));
    lines.extend(rows.into_iter().map(|row| Line::styled(row, model.theme.style(Role::Text))));
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
}
