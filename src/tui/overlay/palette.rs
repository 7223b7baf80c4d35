//! The palette: every action that would do something now, found by its name or words.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, more, place, shown_from, window};
use crate::decode::finding::{Fit, fit};
use crate::tui::action::{ACTIONS, Action, Entry, Where};
use crate::tui::model::Model;
use crate::tui::not_now::not_now;
use crate::tui::text::{self, width};
use crate::tui::theme::Role;

/// Rows of a page.
const PAGE: usize = 10;
/// Rows below the list for all that is said of the marked one, with an empty one before them.
const WHOLE: u16 = 3;
/// Rows of a window from which on there is room for that.
const TALL: u16 = 12;

/// Rows for the list, of so many in the window.
fn listed(rows: u16) -> usize {
    usize::from(rows.saturating_sub(2 + if rows >= TALL { WHOLE } else { 0 }))
}

/// The palette's state.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    input: Input,
    marked: usize,
}

impl Palette {
    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let found = self.found(model);
        let last = found.len().saturating_sub(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => {
                return found.get(self.marked.min(last)).map_or(Outcome::Stay, |entry| Outcome::Act(entry.action));
            }
            KeyCode::Char('p') if control => self.marked = self.marked.saturating_sub(1),
            KeyCode::Char('n') if control => self.marked = (self.marked + 1).min(last),
            KeyCode::Up => self.marked = self.marked.saturating_sub(1),
            KeyCode::Down => self.marked = (self.marked + 1).min(last),
            KeyCode::PageUp => self.marked = self.marked.saturating_sub(PAGE),
            KeyCode::PageDown => self.marked = (self.marked + PAGE).min(last),
            _ => {
                if self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value) {
                    self.marked = 0;
                }
            }
        }
        Outcome::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// The actions that match, best first.
    fn found(&self, model: &Model) -> Vec<&'static Entry> {
        let text = self.input.value();
        let available = ACTIONS.iter().filter(|e| (e.available)(model) && e.action != Action::Palette);
        let mut found: Vec<(Fit, &Entry)> =
            available.filter_map(|entry| Some((fits(entry, &words(entry, model), text)?, entry))).collect();
        // Of two that match alike the more needed comes first; what only moves within a pane comes last.
        found.sort_by_key(|(fit, entry)| (*fit, if entry.need == 0 { u8::from(moves(entry)) + 7 } else { entry.need }));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// What is said where nothing of that name can be done now: why not, where there is something of that name.
    fn elsewhere(&self, model: &Model) -> String {
        const NOTHING: &str = "nothing of that name can be done now";
        let text = self.input.value();
        let named = ACTIONS.iter().filter_map(|entry| Some((fits(entry, &words(entry, model), text)?, entry)));
        let best = named.min_by_key(|(fit, _)| *fit).filter(|_| !text.trim().is_empty());
        let why = best.and_then(|(_, entry)| Some((entry, not_now(model, entry.action)?)));
        // That it can't be done is known already.
        let why = why.filter(|(_, why)| !why.ends_with("is not possible now."));
        why.map_or_else(|| NOTHING.to_owned(), |(entry, why)| format!("{}: {why}", entry.name))
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, 96, u16::try_from(ACTIONS.len()).unwrap_or(40) + 2 + WHOLE), "Enter do it · Esc close")
    }

    /// A click on a row of the window: the action there is done.
    pub(super) fn click(&self, row: usize, rows: usize, model: &Model) -> Outcome {
        let found = self.found(model);
        let rows = listed(u16::try_from(rows).unwrap_or(u16::MAX));
        let (_, from) = shown_from(self.marked, found.len(), rows);
        let clicked = row.checked_sub(2).filter(|row| *row < rows).and_then(|row| found.get(from + row));
        clicked.map_or(Outcome::Stay, |entry| Outcome::Act(entry.action))
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let found = self.found(model);
        let (area, foot) = Self::outline(model);
        let inner = window(model, frame, area, "All actions", foot);
        let line = Line::from(vec![
            Span::styled("Find  ", model.theme.style(Role::Accent)),
            Span::raw(self.input.value().to_owned()),
        ]);
        frame.buffer_mut().set_line(inner.x, inner.y, &line, inner.width);
        let at = u16::try_from(6 + self.input.visual_cursor()).unwrap_or(u16::MAX).min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + at, inner.y));
        let rows = listed(inner.height);
        let (marked, from) = shown_from(self.marked, found.len(), rows);
        for (n, entry) in found.iter().enumerate().skip(from).take(rows) {
            let y = inner.y + 2 + u16::try_from(n - from).unwrap_or(0);
            let keys = keys(entry, model);
            let room = usize::from(inner.width).saturating_sub(2 + width(&keys) + 1);
            let text = text::fit(&words(entry, model), room);
            let gap = " ".repeat(room.saturating_sub(width(&text)) + 1);
            let (bar, style) = if n == marked {
                ("▌ ", model.theme.style(Role::Accent))
            } else {
                ("  ", model.theme.style(Role::Text))
            };
            let line = Line::from(vec![
                Span::styled(bar, style),
                Span::styled(text, style),
                Span::raw(gap),
                Span::styled(keys, model.theme.style(Role::Sent)),
            ]);
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        more(model, frame, area, (from, rows, found.len()));
        if let Some(entry) = found.get(marked).filter(|_| inner.height >= TALL) {
            let whole = text::wrap(&said(entry, model), usize::from(inner.width));
            for (row, y) in whole.into_iter().zip(inner.bottom() - (WHOLE - 1)..inner.bottom()) {
                frame.buffer_mut().set_string(inner.x, y, row, model.theme.style(Role::Remark));
            }
        }
        if found.is_empty() {
            let words = text::wrap(&self.elsewhere(model), usize::from(inner.width));
            for (row, y) in words.into_iter().zip(inner.y + 2..inner.bottom()) {
                frame.buffer_mut().set_string(inner.x, y, row, model.theme.style(Role::Dim));
            }
        }
    }
}

/// What an entry says in the palette.
fn words(entry: &Entry, model: &Model) -> String {
    format!("{:15} {}", entry.name, said(entry, model))
}

/// What an action does, in a sentence.
fn said(entry: &Entry, model: &Model) -> String {
    match entry.action {
        Action::Step(n) => model.step(usize::from(n)).map(|step| step.text).unwrap_or_default(),
        _ => model.keymap.told(entry.help),
    }
}

/// The key of an action: the one that is heard where the focus is; in the composer, where letters are text, else the one
/// of the transcript with Esc before it.
fn keys(entry: &Entry, model: &Model) -> String {
    let at = |place| model.keymap.keys(entry.action, place).next().map(|key| key.to_string());
    let place = model.place();
    let beyond = || at(Where::Transcript).filter(|_| place == Where::Composer).map(|key| format!("Esc {key}"));
    at(place).or_else(beyond).unwrap_or_default()
}

/// Whether an entry only moves within what has the focus.
fn moves(entry: &Entry) -> bool {
    use Action::{Bottom, Down, HalfPageDown, HalfPageUp, PageDown, PageUp, ScrollDown, ScrollUp, Top, Up};
    matches!(
        entry.action,
        Up | Down | PageUp | PageDown | HalfPageUp | HalfPageDown | ScrollUp | ScrollDown | Top | Bottom
    )
}

/// How well an entry fits what was typed; what else it is called counts as much as a part of its name.
fn fits(entry: &Entry, words: &str, typed: &str) -> Option<Fit> {
    let beside = format!("{words} {}", entry.words);
    let by_name = fit(typed, &[entry.name], &beside, "");
    let typed = typed.trim().to_lowercase();
    let called =
        entry.short.to_lowercase().contains(&typed) || entry.words.split(' ').any(|word| word.starts_with(&typed));
    if called { Some(by_name.map_or(Fit::InName, |fit| fit.min(Fit::InName))) } else { by_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<Action> {
        let mut palette = Palette::default();
        palette.paste(text);
        palette.found(&Model::default()).first().map(|entry| entry.action)
    }

    #[test]
    fn actions_are_found_by_name_words_and_letters() {
        assert_eq!(first("quit"), Some(Action::Quit));
        assert_eq!(first("leave the mouse"), Some(Action::Mouse));
        assert_eq!(first("cnct"), Some(Action::Connect));
        assert_eq!(first("xyzzy"), None);
    }

    #[test]
    fn actions_are_found_by_what_else_one_may_call_them() {
        let mut open = Model { size: (120, 33), ..Model::default() };
        open.talk = crate::tui::talk::Talk::live("a");
        open.talk.take(
            crate::conversation::sample::events("* connected 127.0.0.1:25\n< 220 mx")
                .map(|event| crate::conversation::Timed { at: crate::conversation::Micros(0), event }),
        );
        for (text, wants) in [
            ("exit", Action::Quit),
            ("colour", Action::Theme),
            ("color", Action::Theme),
            ("dark", Action::Theme),
            ("receipt", Action::Receipt),
            ("dsn", Action::Receipt),
            ("tls", Action::TlsTab),
            ("starttls", Action::Ready),
            ("certificate", Action::TlsTab),
            ("log", Action::Export),
            ("transcript", Action::ToTranscript),
            ("export", Action::Export),
            ("markdown", Action::Export),
            ("login", Action::Ready),
            ("password", Action::Ready),
            ("disconnect", Action::Drop),
            ("tutorial", Action::Lessons),
            ("find", Action::Search),
            ("body", Action::Message),
        ] {
            let mut palette = Palette::default();
            palette.paste(text);
            let found: Vec<_> = palette.found(&open).iter().map(|entry| entry.action).collect();
            assert_eq!(found.first(), Some(&wants), "{text}: {found:?}");
        }
    }

    #[test]
    fn the_marked_one_is_told_whole_and_keys_of_letters_are_learnt_from_the_line() {
        let mut screen = crate::tui::tests::refused(80, 24);
        screen.keys("<ctrl-p>export");
        let shown = screen.shown();
        assert!(shown.contains("Esc x"), "{shown}");
        let entry = Action::Export.entry();
        let last = entry.help.trim_end_matches('.').rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(shown.contains(&last), "{last}: {shown}");
    }

    #[test]
    fn what_would_do_nothing_is_not_offered() {
        let palette = Palette::default();
        let found = palette.found(&Model::default());
        assert!(found.iter().all(|entry| !matches!(entry.action, Action::Step(_) | Action::NextFile)));
    }
}
