//! Draws the rows in sight.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::conversation::log::Entry;
use crate::tui::keymap::Keymap;
use crate::tui::pane::wrap::{self, Look};
use crate::tui::theme::{Role, Theme};

use super::pattern::Pattern;
use super::rows::{Place, Rows};
use super::{Transcript, line};

/// Draws what stands from the pane's top row on.
pub(super) fn draw(
    pane: &Transcript,
    rows: Rows<'_>,
    keymap: &Keymap,
    theme: Theme,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let mut place = rows.settled(pane.top);
    let mut y = area.top();
    while y < area.bottom() {
        let Some(entry) = rows.talk.log.get(place.record) else { break };
        let left = Rect { y, height: area.bottom() - y, ..area };
        let drawer = Drawer { pane, rows, keymap, theme, focused, area: left };
        y += drawer.record(place, &entry, buffer);
        let Some(next) = rows.after(place.record) else { break };
        place = Place::first_of(next);
    }
    let unseen = pane.unseen(rows.talk);
    if unseen > 0 && area.height > 0 {
        let key = if focused { "{bottom}" } else { "{transcript}, then {bottom}" };
        let words = keymap.told(&format!(" ▼ {unseen} new · {key} follows "));
        let width = wrap::width(words.as_bytes()).min(area.width);
        buffer.set_stringn(
            area.right() - width,
            area.bottom() - 1,
            words,
            width.into(),
            theme.style(Role::Accent).patch(theme.style(Role::Selection)),
        );
    }
}

/// Says how to begin.
pub(super) fn draw_empty(words: &str, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if area.height > 1 {
        buffer.set_stringn(area.x + 1, area.y + 1, words, area.width.saturating_sub(2).into(), theme.style(Role::Dim));
    }
}

struct Drawer<'a> {
    pane: &'a Transcript,
    rows: Rows<'a>,
    keymap: &'a Keymap,
    theme: Theme,
    focused: bool,
    /// What is left of the pane.
    area: Rect,
}

impl Drawer<'_> {
    /// Draws the rows of a record from a place on; gives how many.
    fn record(&self, place: Place, entry: &Entry<'_>, buffer: &mut Buffer) -> u16 {
        let record = place.record;
        let columns = self.rows.columns;
        let marked = self.pane.cursor == Some(record);
        let barred = marked || self.pane.selected.is_some_and(|x| line::belongs(record, entry.kind, x, self.rows.talk));
        let text_x = self.area.x + columns.text;
        let room = columns.width.min(self.area.right().saturating_sub(text_x));
        if let Some(hidden) = self.rows.folded(record) {
            let n = hidden.to - hidden.from;
            let keys = self.keymap.told(if self.focused { "{fold}" } else { "{transcript}, then {fold}" });
            let s = if n == 1 { "" } else { "s" };
            let ways = [format!("… {n} more line{s}, {keys} unfolds"), format!("… {n} more, {keys}")];
            let words = ways.into_iter().find(|words| wrap::width(words.as_bytes()) <= room);
            let words = words.unwrap_or_else(|| format!("… {n} more"));
            self.bar(0, barred, buffer);
            self.lane(None, "   ", Role::Dim, marked, buffer);
            buffer.set_stringn(text_x, self.area.y, words, room.into(), self.theme.style(Role::Accent));
            return 1;
        }
        let shown = line::shown(record, entry, self.rows.talk, self.rows.landmarks);
        let look = Look { text: self.theme.style(shown.role), escape: self.theme.style(Role::Warning) };
        let breaks = self.rows.breaks(record, &shown);
        let mut drawn = 0;
        for (n, row) in breaks.iter().enumerate().skip(place.row).take(self.area.height.into()) {
            let y = self.area.y + drawn;
            self.bar(drawn, barred, buffer);
            if n == 0 {
                let time = line::time(record, entry, &shown, self.rows.talk, columns.wide);
                self.lane(time, shown.mark, shown.role, marked, buffer);
                if self.rows.notes.is_marked(record) {
                    let x = self.area.x + 1 + columns.time;
                    buffer.set_stringn(x, self.area.y, "◆", 1, self.theme.style(Role::Accent));
                }
                if let Some(took) = line::latency(record, &shown, self.rows.talk, columns.wide) {
                    let x = (text_x + columns.width).saturating_sub(u16::try_from(took.len()).unwrap_or(0));
                    buffer.set_string(x, y, took, self.theme.style(Role::Dim));
                }
            }
            let used = wrap::put(buffer, text_x, y, room, &shown.text[row.clone()], look);
            if let Some(pattern) = self.pane.search.as_ref().map(|search| &search.pattern) {
                let at = Rect { x: text_x, y, width: room, height: 1 };
                self.found(pattern, &shown.text, row.clone(), at, buffer);
            }
            if n + 1 == breaks.len() && !shown.tail.is_empty() {
                buffer.set_stringn(text_x + used, y, shown.tail, (room - used).into(), look.escape);
            }
            drawn += 1;
        }
        self.notes(record, place.row.saturating_sub(breaks.len()), drawn, buffer)
    }

    /// Draws what was noted about a record below its own rows, from a row on; gives the rows drawn so far.
    fn notes(&self, record: usize, skip: usize, mut drawn: u16, buffer: &mut Buffer) -> u16 {
        let look = Look { text: self.theme.style(Role::Accent), escape: self.theme.style(Role::Warning) };
        let columns = self.rows.columns;
        for (begins, row) in self.rows.note_rows(record).into_iter().skip(skip) {
            if drawn >= self.area.height {
                break;
            }
            let y = self.area.y + drawn;
            if begins {
                let x = self.area.x + 1 + columns.time + 1;
                buffer.set_stringn(x, y, " ✎ ", 3, look.text);
            }
            let x = self.area.x + columns.text;
            wrap::put(buffer, x, y, columns.width.min(self.area.right().saturating_sub(x)), row, look);
            drawn += 1;
        }
        drawn
    }

    /// Shows what a search has found in a row of a text; `at` is where the row is drawn.
    fn found(&self, pattern: &Pattern, text: &[u8], row: Range<usize>, at: Rect, buffer: &mut Buffer) {
        for place in pattern.places(text).skip_while(|p| p.end <= row.start).take_while(|p| p.start < row.end) {
            let (from, to) = (place.start.max(row.start), place.end.min(row.end));
            let before = wrap::width(&text[row.start..from]).min(at.width);
            let columns = wrap::width(&text[from..to]).min(at.width - before);
            let place = Rect { x: at.x + before, width: columns, ..at };
            buffer.set_style(place, self.theme.style(Role::Found));
        }
    }

    fn bar(&self, row: u16, barred: bool, buffer: &mut Buffer) {
        if barred {
            buffer.set_stringn(
                self.area.x,
                self.area.y + row,
                "▌",
                self.area.width.into(),
                self.theme.style(Role::Accent),
            );
        }
    }

    /// Time and mark, on the first row of a record.
    fn lane(&self, time: Option<String>, mark: &str, role: Role, marked: bool, buffer: &mut Buffer) {
        let columns = self.rows.columns;
        let selection = |style: ratatui::style::Style| {
            if marked && self.focused { style.patch(self.theme.style(Role::Selection)) } else { style }
        };
        let time = format!("{:>width$} ", time.unwrap_or_default(), width = columns.time.into());
        let x = self.area.x + 1;
        let room = usize::from(self.area.width.saturating_sub(1));
        buffer.set_stringn(x, self.area.y, &time, room, selection(self.theme.style(Role::Dim)));
        let x = x + columns.time + 1;
        let room = usize::from(self.area.right().saturating_sub(x));
        buffer.set_stringn(x, self.area.y, mark, room, selection(self.theme.style(role)));
    }
}
