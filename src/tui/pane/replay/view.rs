//! Draws the rows in sight.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::script::beside::{Beside, Mark};
use crate::tui::text::{fit, tail};
use crate::tui::theme::Role;

use super::rows::{BAR, BETWEEN, lines, side};
use super::{Columns, Frame};

pub(super) fn draw(pane: &Columns, rows: &[Beside], with: Frame<'_>, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 || area.width < BAR + BETWEEN + 2 {
        return;
    }
    let side = side(area.width);
    let (left, right) = (area.x + BAR, area.x + BAR + side + BETWEEN);
    let dim = with.theme.style(Role::Dim);
    for (x, head) in [left, right].into_iter().zip(with.heads) {
        // What differs in the names of two files is rather at their ends.
        buffer.set_stringn(x, area.y, tail(head, side.into()), side.into(), dim);
    }
    let words = rows.get(pane.cursor).map(|row| row.words.as_str()).filter(|words| !words.is_empty());
    let bottom = area.bottom() - u16::from(words.is_some());
    let mut y = area.y + 1;
    for (index, row) in rows.iter().enumerate().skip(pane.top) {
        for line in lines(row, area.width) {
            if y >= bottom {
                break;
            }
            let (of_left, of_right) = roles(row, line.same);
            if index == pane.cursor {
                let style = with.theme.style(Role::Accent);
                let style = if with.focused { with.theme.style(Role::Selection).patch(style) } else { style };
                buffer.set_string(area.x, y, "▌", style);
            }
            buffer.set_stringn(left, y, line.left, side.into(), with.theme.style(of_left));
            if let Some(mark) = line.mark {
                buffer.set_string(left + side + 1, y, mark.glyph(), with.theme.style(of_mark(mark)));
            }
            buffer.set_stringn(right, y, line.right, side.into(), with.theme.style(of_right));
            y += 1;
        }
    }
    if let Some(words) = words {
        let room = usize::from(area.width.saturating_sub(BAR));
        let style = with.theme.style(Role::Warning);
        buffer.set_stringn(left, area.bottom() - 1, fit(words, room), room, style);
    }
}

/// The roles of the two sides: what is equal is grey.
fn roles(row: &Beside, same: bool) -> (Role, Role) {
    match row.mark {
        Mark::Differs if same => (Role::Dim, Role::Dim),
        Mark::Differs => (Role::Text, Role::Refused),
        Mark::Drift if !same => (Role::Text, Role::Warning),
        Mark::Due => (Role::Text, Role::Text),
        Mark::Alone => (Role::Text, Role::Received),
        Mark::Same | Mark::Drift | Mark::Skipped => (Role::Dim, Role::Dim),
    }
}

fn of_mark(mark: Mark) -> Role {
    match mark {
        Mark::Differs => Role::Bad,
        Mark::Drift => Role::Warning,
        _ => Role::Dim,
    }
}
