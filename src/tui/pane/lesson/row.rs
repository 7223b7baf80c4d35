//! The rows that a lesson is drawn as.

use std::ops::Range;

use ratatui::text::Line;

use crate::tui::action::Action;

/// One row, and what it is besides text.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) line: Line<'static>,
    /// The answer of the quiz that it belongs to, from 1.
    pub(super) answer: Option<u8>,
    /// Which columns are a key, and what that does.
    pub(super) keys: Vec<(Range<usize>, Action)>,
}

impl From<Line<'static>> for Row {
    fn from(line: Line<'static>) -> Self {
        Self { line, ..Self::default() }
    }
}

/// Lines as rows that are text alone.
pub(super) fn of(lines: Vec<Line<'static>>) -> Vec<Row> {
    lines.into_iter().map(Row::from).collect()
}

/// So many of the rows; where some are left out below, the last one says so.
pub(super) fn cut_rows(rows: &mut Vec<Row>, most: usize) {
    let left_out = rows.iter().skip(most).any(|row| row.line.width() > 0);
    rows.truncate(most);
    if let Some(last) = rows.last_mut().filter(|_| left_out) {
        last.line.push_span(" ▼");
    }
}

/// So many of the rows; where some are left out the last one says so.
pub(super) fn cut(mut lines: Vec<Line<'static>>, rows: usize) -> Vec<Line<'static>> {
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            last.push_span("…");
        }
    }
    lines
}

/// Of a line so many columns.
pub(super) fn shorten(line: &mut Line<'static>, columns: usize) {
    while line.width() > columns {
        let Some(last) = line.spans.last_mut() else { return };
        if last.content.to_mut().pop().is_none() {
            line.spans.pop();
        }
    }
}
