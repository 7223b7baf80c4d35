//! The glossary: all terms, found as one types.

use std::ops::Range;

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, place, shown_from, window};
use crate::decode::Term;
use crate::tui::model::Model;
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;

/// Rows for the text of the marked term.
const TEXT: u16 = 6;

/// Its state.
#[derive(Debug, Clone, Default)]
pub struct Glossary {
    input: Input,
    marked: usize,
}

impl Glossary {
    /// The glossary, open at this term.
    #[must_use]
    pub fn at(term: &str) -> Self {
        Self { input: Input::new(term.to_owned()), marked: 0 }
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let found = self.found(model);
        let last = found.len().saturating_sub(1);
        match key.code {
            // Enter follows the first "see also".
            KeyCode::Enter => {
                if let Some(see) = found.get(self.marked).and_then(|term| term.see.first()) {
                    *self = Self { input: Input::new(see.clone()), marked: 0 };
                }
            }
            KeyCode::Up => self.marked = self.marked.saturating_sub(1),
            KeyCode::Down => self.marked = (self.marked + 1).min(last),
            KeyCode::PageUp => self.marked = self.marked.saturating_sub(10),
            KeyCode::PageDown => self.marked = (self.marked + 10).min(last),
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

    /// The terms that match: those that are named so first, then those that speak of it.
    fn found(&self, model: &Model) -> Vec<&'static Term> {
        let text = self.input.value().trim().to_lowercase();
        let rank = |term: &Term| {
            let names = || std::iter::once(&term.term).chain(&term.also).map(|name| name.to_lowercase());
            if names().any(|name| name == text) {
                Some(0)
            } else if names().any(|name| name.starts_with(&text)) {
                Some(1)
            } else if names().any(|name| name.contains(&text)) {
                Some(2)
            } else {
                term.text.to_lowercase().contains(&text).then_some(3)
            }
        };
        let mut found: Vec<_> =
            model.knowledge.glossary().iter().filter_map(|term| Some((rank(term)?, term))).collect();
        found.sort_by_key(|(rank, term)| (*rank, term.term.to_lowercase()));
        found.into_iter().map(|(_, term)| term).collect()
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(model: &Model) -> (Rect, &'static str) {
        (place(model, 76, 22), "Up Down · Enter see also · Esc close")
    }

    /// A click on a row of the window: marks the term there.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        let found = self.found(model);
        let listed = usize::from(rows.saturating_sub(3 + TEXT));
        let (_, from) = shown_from(self.marked, found.len(), listed.max(1));
        if let Some(n) = row.checked_sub(2).filter(|row| *row < listed).map(|row| from + row)
            && n < found.len()
        {
            self.marked = n;
        }
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let found = self.found(model);
        let (area, foot) = Self::outline(model);
        let inner = window(model, frame, area, "Glossary", foot);
        let (accent, dim) = (model.theme.style(Role::Accent), model.theme.style(Role::Dim));
        let line = Line::from(vec![Span::styled("Find  ", accent), Span::raw(self.input.value().to_owned())]);
        frame.buffer_mut().set_line(inner.x, inner.y, &line, inner.width);
        let at = u16::try_from(6 + self.input.visual_cursor()).unwrap_or(u16::MAX).min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + at, inner.y));
        let rows = usize::from(inner.height.saturating_sub(3 + TEXT));
        let (_, from) = shown_from(self.marked, found.len(), rows.max(1));
        for (n, term) in found.iter().enumerate().skip(from).take(rows) {
            let y = inner.y + 2 + u16::try_from(n - from).unwrap_or(0);
            let (bar, style) = if n == self.marked { ("▌ ", accent) } else { ("  ", model.theme.style(Role::Text)) };
            let also = if term.also.is_empty() { String::new() } else { format!("  {}", term.also.join(", ")) };
            let line = Line::from(vec![
                Span::styled(bar, style),
                Span::styled(term.term.clone(), style),
                Span::styled(also, dim),
            ]);
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        let y = inner.bottom().saturating_sub(TEXT);
        let Some(term) = found.get(self.marked) else {
            frame.buffer_mut().set_string(inner.x, inner.y + 2, "nothing of that name", dim);
            return;
        };
        let mut lines: Vec<Line<'_>> = wrap(&term.text, inner.width.into()).into_iter().map(Line::from).collect();
        let mut beside = Vec::new();
        if !term.see.is_empty() {
            beside.push(format!("see {}", term.see.join(", ")));
        }
        beside.extend(term.reference.iter().cloned());
        lines.push(Line::styled(fit(&beside.join(" · "), inner.width.into()), dim));
        for (y, line) in (y..inner.bottom()).zip(&lines) {
            frame.buffer_mut().set_line(inner.x, y, line, inner.width);
        }
    }
}

/// Where terms of the glossary stand in a text, from left to right; of two that overlap the longer one.
pub(in crate::tui) fn terms_at(text: &str, glossary: &'static [Term]) -> Vec<Range<usize>> {
    let names = || glossary.iter().flat_map(|term| std::iter::once(&term.term).chain(&term.also));
    let mut found: Vec<Range<usize>> =
        names().filter_map(|name| name_in(text, name).map(|at| at..at + name.len())).collect();
    found.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    found.retain(|place| {
        let alone = place.start >= end && text.is_char_boundary(place.start) && text.is_char_boundary(place.end);
        if alone {
            end = place.end;
        }
        alone
    });
    found
}

/// The terms of the glossary that a text has in it, in the order in which it has them.
pub(super) fn terms_in(text: &str, glossary: &'static [Term]) -> Vec<&'static Term> {
    let mut found: Vec<(usize, &Term)> = glossary
        .iter()
        .filter_map(|term| {
            let names = std::iter::once(&term.term).chain(&term.also);
            Some((names.filter_map(|name| name_in(text, name)).min()?, term))
        })
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, term)| term).collect()
}

/// Where a name stands in a text as a word of its own, in one or several numbers.
fn name_in(text: &str, name: &str) -> Option<usize> {
    let shouted = name.chars().all(|c| !c.is_lowercase());
    // An abbreviation is meant only where it is written as one.
    let (text, name) =
        if shouted { (text.to_owned(), name.to_owned()) } else { (text.to_ascii_lowercase(), name.to_lowercase()) };
    text.match_indices(&name).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        let next = match after.next() {
            // The plural is the same term.
            Some('s') => after.next(),
            other => other,
        };
        [before, next].iter().all(|c| c.is_none_or(|c| !c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Knowledge;

    #[test]
    fn terms_are_found_as_whole_words_in_any_number() {
        let glossary = Knowledge::shipped().glossary();
        let names = |text: &str| terms_in(text, glossary).into_iter().map(|t| t.term.as_str()).collect::<Vec<_>>();
        assert_eq!(names("Two block lists and an SPF record"), ["block list", "SPF"]);
        assert_eq!(names("relayed"), [] as [&str; 0]);
        assert!(names("Refused for good: relaying is not allowed").contains(&"relay"));
    }

    #[test]
    fn the_glossary_speaks_of_what_a_newcomer_meets_and_refers_to_itself_alone() {
        let knowledge = Knowledge::shipped();
        let all = knowledge.glossary();
        assert!(all.len() >= 60, "{} terms", all.len());
        for term in all {
            assert!(term.text.len() > 30 && term.text.len() < 400, "{}", term.term);
            for see in &term.see {
                assert!(knowledge.term(see).is_some_and(|other| other.term == *see), "{} sees {see}", term.term);
            }
        }
        let mut names: Vec<_> =
            all.iter().flat_map(|t| std::iter::once(&t.term).chain(&t.also)).map(|n| n.to_lowercase()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for two terms");
    }
}
