//! The reference: codes, enhanced codes, verbs, extensions, categories and terms, found as one types, a page each with links
//! to those beside it.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Outcome, more, place, shown_from, window};
use crate::decode::Knowledge;
use crate::decode::reference::{Kind, Page, found, links, named, pages};
use crate::tui::model::Model;
use crate::tui::text::{fit, wrap};
use crate::tui::theme::Role;

/// Rows below the list for the beginning of the marked page.
const GLANCE: u16 = 6;
/// Columns of a name in the list, and of the kind beside it.
const NAME: usize = 22;
const KIND: usize = 14;

/// Its state.
#[derive(Debug, Clone)]
pub struct Reference {
    pages: Arc<[Page]>,
    input: Input,
    /// The row of the list that is marked.
    marked: usize,
    /// The pages that were opened, the last one on top; none where the list is shown.
    open: Vec<Opened>,
}

/// A page that is open.
#[derive(Debug, Clone, Copy)]
struct Opened {
    page: usize,
    /// The link that is marked.
    link: usize,
    /// Rows that have gone out at the top.
    scroll: usize,
}

impl Reference {
    /// All pages; that of this code, where one is given, is marked.
    #[must_use]
    pub fn new(knowledge: &Knowledge, at: Option<&str>) -> Self {
        let pages: Arc<[Page]> = pages(knowledge).into();
        let marked = at.and_then(|name| found(&pages, name).first().map(|(_, number)| *number)).unwrap_or(0);
        Self { pages, input: Input::default(), marked, open: Vec::new() }
    }

    /// The terms alone.
    #[must_use]
    pub fn of_terms(knowledge: &Knowledge) -> Self {
        let terms = pages(knowledge).into_iter().filter(|page| page.kind == Kind::Term);
        Self { pages: terms.collect(), input: Input::default(), marked: 0, open: Vec::new() }
    }

    /// The page of a term.
    #[must_use]
    pub fn at(knowledge: &Knowledge, term: &str) -> Self {
        let mut all = Self::new(knowledge, None);
        let of_terms = |page: &Page| page.kind == Kind::Term && page.name.eq_ignore_ascii_case(term);
        if let Some(page) = all.pages.iter().position(of_terms).or_else(|| named(&all.pages, term)) {
            all.show(page);
        }
        all
    }

    fn show(&mut self, page: usize) {
        self.open.push(Opened { page, link: 0, scroll: 0 });
    }

    /// The numbers of the pages in the list, best first.
    fn listed(&self) -> Vec<usize> {
        found(&self.pages, self.input.value()).into_iter().map(|(_, number)| number).collect()
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        match self.open.last().copied() {
            Some(opened) => self.on_page(key, opened, model),
            None => self.on_list(key),
        }
        Outcome::Stay
    }

    fn on_list(&mut self, key: KeyEvent) {
        let listed = self.listed();
        let last = listed.len().saturating_sub(1);
        match key.code {
            KeyCode::Enter => {
                if let Some(page) = listed.get(self.marked) {
                    self.show(*page);
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
    }

    fn on_page(&mut self, key: KeyEvent, opened: Opened, model: &Model) {
        let leads = links(&self.pages, opened.page, &model.knowledge);
        let last = leads.len().saturating_sub(1);
        let below = {
            let inner = super::inside(Self::area(model));
            self.page_rows(opened, model, inner.width).len().saturating_sub(usize::from(inner.height))
        };
        let Some(top) = self.open.last_mut() else { return };
        match key.code {
            KeyCode::Enter | KeyCode::Right => {
                if let Some(page) = leads.get(opened.link) {
                    self.show(*page);
                }
            }
            KeyCode::Backspace | KeyCode::Left => {
                self.open.pop();
            }
            KeyCode::Tab | KeyCode::Down => top.link = (opened.link + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => top.link = opened.link.saturating_sub(1),
            KeyCode::PageDown => top.scroll = (opened.scroll + 5).min(below),
            KeyCode::PageUp => top.scroll = opened.scroll.saturating_sub(5),
            KeyCode::Char(_) => {
                // Who types looks for something else.
                self.open.clear();
                self.input = Input::default();
                self.marked = 0;
                self.on_list(key);
            }
            _ => {}
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.open.clear();
        for c in text.chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.marked = 0;
    }

    fn area(model: &Model) -> Rect {
        place(model, 84, 24)
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let foot = match self.open.last() {
            None => "Up Down · Enter open · Esc close",
            Some(opened) if links(&self.pages, opened.page, &model.knowledge).is_empty() => {
                "Backspace back · Esc close"
            }
            Some(_) => "Tab next link · Enter follow · Backspace back · Esc close",
        };
        (Self::area(model), foot)
    }

    /// A click on a row of the window: marks the page there, or follows the link.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        if let Some(opened) = self.open.last().copied() {
            let inner = super::inside(Self::area(model));
            let shown = self.page_rows(opened, model, inner.width);
            if let Some(link) = shown.get(opened.scroll + row).and_then(|(_, link)| *link)
                && let Some(page) = links(&self.pages, opened.page, &model.knowledge).get(link)
            {
                self.show(*page);
            }
            return Outcome::Stay;
        }
        let listed = self.listed();
        let room = usize::from(rows.saturating_sub(3 + GLANCE));
        let (_, from) = shown_from(self.marked, listed.len(), room.max(1));
        if let Some(n) = row.checked_sub(2).filter(|row| *row < room).map(|row| from + row)
            && let Some(page) = listed.get(n)
        {
            if self.marked == n {
                self.show(*page);
            }
            self.marked = n;
        }
        Outcome::Stay
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, "Reference", foot);
        match self.open.last() {
            Some(opened) => self.draw_page(*opened, model, frame, inner),
            None => self.draw_list(model, frame, area, inner),
        }
    }

    fn draw_list(&self, model: &Model, frame: &mut Frame<'_>, window: Rect, inner: Rect) {
        let (accent, dim) = (model.theme.style(Role::Accent), model.theme.style(Role::Dim));
        let listed = self.listed();
        let line = Line::from(vec![Span::styled("Find  ", accent), Span::raw(self.input.value().to_owned())]);
        frame.buffer_mut().set_line(inner.x, inner.y, &line, inner.width);
        let at = u16::try_from(6 + self.input.visual_cursor()).unwrap_or(u16::MAX).min(inner.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(inner.x + at, inner.y));
        let rows = usize::from(inner.height.saturating_sub(3 + GLANCE));
        let (marked, from) = shown_from(self.marked, listed.len(), rows.max(1));
        for (n, number) in listed.iter().enumerate().skip(from).take(rows) {
            let page = &self.pages[*number];
            let y = inner.y + 2 + u16::try_from(n - from).unwrap_or(0);
            let (bar, style) = if n == marked { ("▌ ", accent) } else { ("  ", model.theme.style(Role::Text)) };
            let line = Line::from(vec![
                Span::styled(bar, style),
                Span::styled(format!("{:NAME$}", fit(&page.name, NAME - 1)), style),
                Span::styled(format!("{:KIND$}", page.kind.name()), dim),
                Span::styled(fit(&page.title, usize::from(inner.width).saturating_sub(2 + NAME + KIND)), dim),
            ]);
            frame.buffer_mut().set_line(inner.x, y, &line, inner.width);
        }
        more(model, frame, window, (from, rows, listed.len()));
        let Some(number) = listed.get(marked) else {
            frame.buffer_mut().set_string(inner.x, inner.y + 2, "nothing of that name", dim);
            return;
        };
        let page = &self.pages[*number];
        let text = page.text.iter().flat_map(|paragraph| wrap(paragraph, inner.width.into())).collect::<Vec<_>>();
        let y = inner.bottom().saturating_sub(GLANCE);
        for (y, line) in (y..inner.bottom()).zip(&text) {
            frame.buffer_mut().set_string(inner.x, y, line, model.theme.style(Role::Text));
        }
    }

    fn draw_page(&self, opened: Opened, model: &Model, frame: &mut Frame<'_>, inner: Rect) {
        let rows = self.page_rows(opened, model, inner.width);
        for (y, (line, _)) in (inner.y..inner.bottom()).zip(rows.iter().skip(opened.scroll)) {
            frame.buffer_mut().set_line(inner.x, y, line, inner.width);
        }
    }

    /// The rows of a page, each with the link that it is.
    fn page_rows(&self, opened: Opened, model: &Model, width: u16) -> Vec<(Line<'static>, Option<usize>)> {
        let page = &self.pages[opened.page];
        let style = |role| model.theme.style(role);
        let mut rows = vec![(
            Line::from(vec![
                Span::styled(page.name.clone(), style(Role::Accent)),
                Span::styled(format!("  {}", page.kind.name()), style(Role::Dim)),
            ]),
            None,
        )];
        let mut paragraph = |words: &str, role| {
            for row in wrap(words, width.into()) {
                rows.push((Line::styled(row, style(role)), None));
            }
        };
        if page.text.first() != Some(&page.title) && !page.text.iter().any(|text| text.starts_with(&page.title)) {
            paragraph(&page.title, Role::Text);
        }
        for text in &page.text {
            paragraph("", Role::Text);
            paragraph(text, Role::Text);
        }
        if !page.references.is_empty() {
            paragraph("", Role::Text);
            paragraph(&page.references.join(" · "), Role::Dim);
        }
        let leads = links(&self.pages, opened.page, &model.knowledge);
        if !leads.is_empty() {
            rows.push((Line::default(), None));
            rows.push((Line::styled("See also", style(Role::Accent)), None));
        }
        for (n, number) in leads.iter().enumerate() {
            let other = &self.pages[*number];
            let (bar, role) = if n == opened.link { ("▌ ", Role::Accent) } else { ("  ", Role::Text) };
            let line = Line::from(vec![
                Span::styled(bar, style(role)),
                Span::styled(format!("{:NAME$}", fit(&other.name, NAME - 1)), style(role)),
                Span::styled(fit(&other.title, usize::from(width).saturating_sub(2 + NAME)), style(Role::Dim)),
            ]);
            rows.push((line, Some(n)));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn typed(reference: &mut Reference, model: &Model, text: &str) {
        for c in text.chars() {
            reference.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE), model);
        }
    }

    fn name(reference: &Reference) -> &str {
        reference.open.last().map_or("", |opened| &reference.pages[opened.page].name)
    }

    #[test]
    fn a_page_is_found_opened_and_left_by_its_links() {
        let model = Model::default();
        let press = |reference: &mut Reference, code| {
            reference.key(KeyEvent::new(code, KeyModifiers::NONE), &model);
        };
        let mut reference = Reference::new(&Knowledge::shipped(), None);
        typed(&mut reference, &model, "5.1.1");
        press(&mut reference, KeyCode::Enter);
        assert_eq!(name(&reference), "X.1.1");
        press(&mut reference, KeyCode::Enter);
        assert_eq!(name(&reference), "mailbox-unknown");
        press(&mut reference, KeyCode::Backspace);
        assert_eq!(name(&reference), "X.1.1");
        typed(&mut reference, &model, "PIPLINING");
        press(&mut reference, KeyCode::Enter);
        assert_eq!(name(&reference), "PIPELINING");
    }

    #[test]
    fn it_opens_at_the_code_of_the_reply_and_at_a_term() {
        let reference = Reference::new(&Knowledge::shipped(), Some("5.7.1"));
        assert_eq!(reference.pages[reference.listed()[reference.marked]].name, "X.7.1");
        assert_eq!(name(&Reference::at(&Knowledge::shipped(), "greylisting")), "greylisting");
    }
}
