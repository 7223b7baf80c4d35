//! Text laid out as rows of words for the tabs of the panel.

use crate::tui::pane::wrap;
use crate::tui::theme::Role;

/// Columns of a field's name and the space after it.
const FIELD: u16 = 10;

/// One row of the panel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    /// Words with their roles, from a column on.
    pub(super) words: Vec<(u16, Role, String)>,
    /// The next step that it belongs to, from 1.
    pub(super) step: Option<usize>,
    /// Which paragraph it is of: the same at any width.
    pub(super) part: usize,
    /// A finding begins here that one goes to.
    pub(super) head: bool,
}

/// Makes rows of one width.
pub(super) struct Writer {
    pub(super) rows: Vec<Row>,
    pub(super) width: u16,
    /// How many paragraphs there are so far.
    parts: usize,
}

/// Columns kept free before words at the right end that fill a row.
const CUT: u16 = 2;

impl Writer {
    /// Rows of so many columns.
    pub(super) fn new(width: u16) -> Self {
        Self { rows: Vec::new(), width, parts: 0 }
    }

    /// What was written, without blank rows at its end.
    pub(super) fn finish(mut self) -> Vec<Row> {
        while self.rows.last().is_some_and(|row| row.words.is_empty()) {
            self.rows.pop();
        }
        self.rows
    }

    /// A row of words of several roles, one after the other.
    pub(super) fn words(&mut self, words: impl IntoIterator<Item = (Role, String)>) {
        let mut at = 0;
        self.parts += 1;
        let mut row = Row { part: self.parts, ..Row::default() };
        for (role, text) in words {
            let width = wrap::width(text.as_bytes());
            row.words.push((at, role, text));
            at += width;
        }
        self.rows.push(row);
    }

    /// A name in its own column, and what it has.
    pub(super) fn field(&mut self, label: &str, role: Role, text: &str) {
        self.labelled(label, Role::Dim, FIELD, role, text);
    }

    /// Columns of what a field has.
    pub(super) fn field_room(&self) -> u16 {
        self.width.saturating_sub(FIELD)
    }

    /// A headline within the tab.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.paragraph(0, Role::Accent, text);
    }

    pub(super) fn blank(&mut self) {
        if self.rows.last().is_some_and(|row| !row.words.is_empty()) {
            self.rows.push(Row { part: self.parts, ..Row::default() });
        }
    }

    /// A paragraph, indented by so many columns.
    pub(super) fn paragraph(&mut self, indent: u16, role: Role, text: &str) {
        let room = self.width.saturating_sub(indent).max(1);
        self.parts += 1;
        for row in wrap::rows(text.as_bytes(), room, room, 0) {
            let words = String::from_utf8_lossy(&text.as_bytes()[row]).trim_end().to_owned();
            self.rows.push(Row { words: vec![(indent, role, words)], part: self.parts, ..Row::default() });
        }
    }

    /// Things in a row, as many as fit; none is broken off in its middle.
    pub(super) fn list(&mut self, role: Role, things: &[String]) {
        let mut row = String::new();
        for thing in things {
            let longer = if row.is_empty() { thing.clone() } else { format!("{row} · {thing}") };
            if row.is_empty() || wrap::width(longer.as_bytes()) <= self.width {
                row = longer;
            } else {
                self.paragraph(0, role, &row);
                row.clone_from(thing);
            }
        }
        self.paragraph(0, role, &row);
    }

    /// A paragraph with a label before its first row.
    pub(super) fn labelled(&mut self, label: &str, label_role: Role, indent: u16, role: Role, text: &str) {
        let first = self.rows.len();
        self.paragraph(indent, role, text);
        if let Some(row) = self.rows.get_mut(first) {
            row.words.insert(0, (0, label_role, label.to_owned()));
        }
    }

    /// Columns free at the end of the last row, two before them not counted.
    pub(super) fn free(&self) -> u16 {
        let end = |(at, _, words): &(u16, Role, String)| at + wrap::width(words.as_bytes());
        self.width.saturating_sub(self.rows.last().and_then(|row| row.words.last()).map_or(0, end) + 2)
    }

    /// An action and its argument, which says where it leads: rather than that it is shortened, the action goes unnamed, or
    /// both have a row of their own.
    pub(super) fn action(&mut self, name: &str, argument: &str) {
        let argument = argument.trim_start_matches("smtp://");
        let (whole, free) = (format!("{name} {argument}"), self.free());
        let alone = wrap::width(whole.as_bytes()) > free && wrap::width(argument.as_bytes()) <= free;
        self.at_right(Role::Accent, if alone { argument } else { &whole });
    }

    /// Words at the right end of the last row, where they fit; else on a row of their own.
    pub(super) fn at_right(&mut self, role: Role, text: &str) {
        // What is cut stands under the words that it belongs to, as what is not.
        let text = wrap::shortened(text, self.width.saturating_sub(CUT));
        let width = wrap::width(text.as_bytes());
        let free = self.free();
        let place = self.width.saturating_sub(width);
        let words = (place, role, text);
        match self.rows.last_mut() {
            Some(row) if width <= free => row.words.push(words),
            _ => self.rows.push(Row { words: vec![words], part: self.parts, ..Row::default() }),
        }
    }
}
