//! Draws the line with its cursor and ghost text, and the second row.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::smtp::escape::{Escape, Piece, for_screen, pieces};
use crate::tui::action::Action;
use crate::tui::keymap::Keymap;
use crate::tui::text::wrap;
use crate::tui::theme::{Role, Theme};

use super::hint::Hint;

/// One thing on the row: a grapheme, or the escape of something unprintable.
struct Glyph {
    /// Octets of the line before it.
    at: usize,
    text: String,
    /// Columns before it, and its own.
    column: usize,
    width: usize,
    escaped: bool,
}

/// A line as it lies on its row: its glyphs and which of its columns are visible.
pub(super) struct Row {
    glyphs: Vec<Glyph>,
    /// Octets and columns of the whole line.
    octets: usize,
    columns: usize,
    /// The first column that is shown.
    from: usize,
    /// Columns that can be shown.
    room: usize,
    cursor: usize,
}

impl Row {
    /// Lays out a line on a row of this width: one column at each end is kept for `‹` and `›`.
    pub(super) fn new(line: &str, cursor: usize, width: u16) -> Self {
        let glyphs = glyphs(line);
        let columns = glyphs.last().map_or(0, |glyph| glyph.column + glyph.width);
        let room = usize::from(width).saturating_sub(2).max(1);
        let mut row = Self { glyphs, octets: line.len(), columns, from: 0, room, cursor: 0 };
        row.cursor = row.column_of(cursor);
        // The window moves by halves of itself, so that there is text on both sides of the cursor and the line stands
        // still while the cursor moves within it.
        if columns >= room {
            let half = (room / 2).max(1);
            row.from = (row.cursor / half).saturating_sub(1) * half;
        }
        row
    }

    /// The column, counted from the start of the line, at which this octet's glyph begins.
    fn column_of(&self, octet: usize) -> usize {
        if octet >= self.octets {
            return self.columns;
        }
        let after = self.glyphs.partition_point(|glyph| glyph.at <= octet);
        after.checked_sub(1).map_or(0, |index| self.glyphs[index].column)
    }

    /// The visible columns of the area (from its left edge) that these octets take; at least one where it is visible.
    fn visible(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let start = self.column_of(span.start);
        let end = self.column_of(span.end).max(start + 1);
        let (left, right) = (start.max(self.from), end.min(self.from + self.room));
        (left < right).then(|| left - self.from + 1..right - self.from + 1)
    }

    /// Marks the field that is selected.
    pub(super) fn draw_selected(&self, field: &Range<usize>, theme: Theme, area: Rect, buffer: &mut Buffer) {
        if let Some(columns) = self.visible(field) {
            let wide = |columns: usize| u16::try_from(columns).unwrap_or(0);
            let place = Rect::new(area.x + wide(columns.start), area.y, wide(columns.len()), 1);
            buffer.set_style(place.intersection(area), theme.style(Role::Selection));
        }
    }

    /// Draws it into the first row of an area; gives where the cursor is.
    pub(super) fn draw(
        &self,
        ghost: &str,
        marked: Option<&Range<usize>>,
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Position {
        let to = self.from + self.room;
        let x = |column: usize| area.x + 1 + u16::try_from(column - self.from).unwrap_or(u16::MAX - area.x - 1);
        for glyph in &self.glyphs {
            if glyph.column < self.from || glyph.column + glyph.width > to {
                continue;
            }
            let role = if glyph.escaped { Role::Warning } else { Role::Text };
            let mut style = theme.style(role);
            if marked.is_some_and(|span| span.contains(&glyph.at)) {
                style = theme.style(Role::Warning).add_modifier(Modifier::UNDERLINED);
            }
            buffer.set_string(x(glyph.column), area.y, &glyph.text, style);
        }
        let mut end = self.columns;
        if !ghost.is_empty() && self.columns < to {
            let ghost = for_screen(ghost.as_bytes());
            buffer.set_stringn(x(self.columns), area.y, &ghost, to - self.columns, theme.style(Role::Dim));
            end += ghost.width();
        }
        if self.from > 0 {
            buffer.set_string(area.x, area.y, "‹", theme.style(Role::Accent));
        }
        if end > to && area.width > 1 {
            buffer.set_string(area.right() - 1, area.y, "›", theme.style(Role::Accent));
        }
        Position::new(x(self.cursor).min(area.right().saturating_sub(1)), area.y)
    }
}

fn glyphs(line: &str) -> Vec<Glyph> {
    let (mut all, mut at, mut column) = (Vec::new(), 0, 0);
    let mut push = |text: String, octets: usize, escaped: bool| {
        let width = text.width();
        all.push(Glyph { at, text, column, width, escaped });
        at += octets;
        column += width;
    };
    for piece in pieces(line.as_bytes()) {
        match piece {
            Piece::Plain(text) => text.graphemes(true).for_each(|one| push(one.to_owned(), one.len(), false)),
            Piece::Escape(escape @ Escape::Octet(_)) => push(escape.to_string(), 1, true),
            Piece::Escape(escape @ Escape::Character(c)) => push(escape.to_string(), c.len_utf8(), true),
        }
    }
    all
}

/// The rows that a hint needs in so many columns. Only what speaks against the line takes more than one.
pub(super) fn rows(hint: &Hint, keymap: &Keymap, columns: u16) -> u16 {
    let Hint::Lint { reason, reference, mended, .. } = hint else { return 1 };
    let mended = mended.as_deref().map(|line| for_screen(line.as_bytes()));
    let finding = Finding { reason, reference, mended, key: keymap.key(Action::Mend) };
    u16::try_from(finding.rows(usize::from(columns).saturating_sub(2)).len()).unwrap_or(1).max(1)
}

/// Draws what is said of the line into the rows below it; `row` is the line above them.
pub(super) fn draw_hint(hint: &Hint, row: &Row, keymap: &Keymap, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width).saturating_sub(2);
    match hint {
        Hint::Note(role, sentences) => {
            let sentences: Vec<_> =
                sentences.iter().map(|sentence| for_screen(keymap.told(sentence).as_bytes())).collect();
            let Some(last) = sentences.last() else { return };
            let sentence = sentences.iter().find(|sentence| sentence.width() <= width);
            let text = sentence.cloned().unwrap_or_else(|| shortened(last, width));
            buffer.set_stringn(area.x + 1, area.y, text, width, theme.style(*role));
        }
        Hint::Lint { span, reason, reference, mended } => {
            let mended = mended.as_deref().map(|line| for_screen(line.as_bytes()));
            let lint = Finding { reason, reference, mended, key: keymap.key(Action::Mend) };
            if area.height > 1 {
                lint.draw_rows(theme, area, buffer);
            } else {
                lint.draw(row.visible(span), theme, area, buffer);
            }
        }
    }
}

/// A finding about the line, as the second row shows it.
struct Finding<'a> {
    reason: &'a str,
    reference: &'a str,
    mended: Option<String>,
    /// The key that takes the mended line.
    key: String,
}

impl Finding<'_> {
    /// All of it: one row where that holds it; else the reason in as many as it needs, and the mended line in one of its
    /// own.
    fn rows(&self, width: usize) -> Vec<String> {
        let full = format!("{} ({})", self.reason, self.reference);
        let beside = self.mended.as_ref().map_or(0, |mended| mended.width() + 4 + self.key.width() + 2);
        if full.width() + beside <= width {
            return vec![full];
        }
        if self.mended.is_none() && self.reason.width() <= width {
            return vec![self.reason.to_owned()];
        }
        // A section alone is worth no row.
        let told = if full.width() <= width { &full } else { self.reason };
        let mut rows = wrap(told, width.max(1));
        rows.extend(self.mended.as_ref().map(|mended| format!("▸ {mended}")));
        rows
    }

    fn draw_rows(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width).saturating_sub(2);
        let rows = self.rows(width);
        let last = rows.len().min(usize::from(area.height));
        for ((n, text), y) in rows.iter().enumerate().zip(area.y..area.bottom()) {
            let mended = self.mended.is_some() && n + 1 == rows.len();
            let role = if mended { Role::Good } else { Role::Warning };
            let room = if mended { width.saturating_sub(self.key.width() + 2) } else { width };
            // What has no row of its own is told by the last one that has.
            let text = if n + 1 == last && last < rows.len() { rows[n..].join(" ") } else { text.clone() };
            buffer.set_string(area.x + 1, y, shortened(&text, room), theme.style(role));
        }
        if self.mended.is_some() {
            let y = area.y + u16::try_from(last.saturating_sub(1)).unwrap_or(0);
            let x = area.x + u16::try_from(width.saturating_sub(self.key.width()) + 1).unwrap_or(0);
            buffer.set_string(x, y, &self.key, theme.style(Role::Accent));
        }
    }

    fn draw(&self, marked: Option<Range<usize>>, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width).saturating_sub(2);
        let key = if self.mended.is_some() { self.key.width() + 2 } else { 0 };
        let room = width.saturating_sub(key);
        // The caret is left out where something would have to be cut for it: the line itself is underlined too.
        let needed = self.reason.width() + self.mended.as_ref().map_or(0, |mended| mended.width() + 4);
        let caret = marked.filter(|m| m.start + 1 + needed < room + 1).map(|m| {
            let most = room - needed - m.start;
            m.start..m.end.min(m.start + most)
        });
        let at = caret.as_ref().map_or(1, |caret| caret.end + 1);
        let (reason, mended) = self.fitted((room + 1).saturating_sub(at));
        let x = |column: usize| area.x + u16::try_from(column).unwrap_or(area.width);
        let warning = theme.style(Role::Warning);
        if let Some(caret) = caret {
            buffer.set_string(x(caret.start), area.y, "^".repeat(caret.len()), warning);
        }
        let (mut end, _) = buffer.set_stringn(x(at), area.y, &reason, room, warning);
        if let Some(mended) = mended {
            let good: Style = theme.style(Role::Good);
            end += if reason.is_empty() { 0 } else { 2 };
            buffer.set_stringn(end, area.y, format!("▸ {mended}"), room, good);
        }
        if key > 0 && width >= key {
            buffer.set_string(x(width - self.key.width() + 1), area.y, &self.key, theme.style(Role::Accent));
        }
    }

    /// Reason and mended line, as much of them as this many columns hold. The section goes first, then the end of the
    /// reason, then all of it: the mended line says what to do.
    fn fitted(&self, room: usize) -> (String, Option<String>) {
        const LEAST: usize = 8;
        let full = format!("{} ({})", self.reason, self.reference);
        let Some(mended) = &self.mended else {
            let reason = if full.width() <= room { full } else { self.reason.to_owned() };
            return (shortened(&reason, room), None);
        };
        let left = room.saturating_sub(mended.width() + 4);
        let reason = match left {
            left if full.width() <= left => full,
            left if left >= LEAST => shortened(self.reason, left),
            _ => String::new(),
        };
        let beside = if reason.is_empty() { 2 } else { reason.width() + 4 };
        (reason, Some(shortened(mended, room.saturating_sub(beside))))
    }
}

/// A text cut to this many columns, with `…` where something was cut.
fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used + 1 > columns {
            break;
        }
        out.push_str(grapheme);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}
