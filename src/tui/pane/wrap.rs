//! From octets to rows of cells: escapes, graphemes, columns, line breaks.
//!
//! Everything of a peer or of a file that a pane shows goes through here, and so through [`escape::pieces`].

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::smtp::escape::{self, Escape, Piece};

/// Characters that one cluster may have; more are counted and not drawn.
const PILE: usize = 8;

/// Columns of a reply code and its space: a row is not broken off after less.
const CODE: u16 = 4;

/// Something that is drawn as a whole and never cut by a line break.
struct Cell<'a> {
    text: &'a str,
    /// Columns.
    width: u16,
    /// Where its octets end.
    to: usize,
    /// Drawn in the warning style: it stands for something else.
    stands_for: bool,
}

fn columns(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// Visits the cells of a line in order; ends early where `visit` says so.
fn cells(bytes: &[u8], mut visit: impl FnMut(Cell<'_>) -> bool) {
    let mut at = 0;
    for piece in escape::pieces(bytes) {
        let go_on = match piece {
            Piece::Plain(text) => plain_cells(text, &mut at, &mut visit),
            Piece::Escape(unit) => {
                at += match unit {
                    Escape::Octet(_) => 1,
                    Escape::Character(c) => c.len_utf8(),
                };
                let shown = unit.to_string();
                visit(Cell { text: &shown, width: columns(&shown), to: at, stands_for: true })
            }
        };
        if !go_on {
            return;
        }
    }
}

fn plain_cells(text: &str, at: &mut usize, visit: &mut impl FnMut(Cell<'_>) -> bool) -> bool {
    if text.is_ascii() {
        return (0..text.len()).all(|n| {
            *at += 1;
            visit(Cell { text: &text[n..=n], width: 1, to: *at, stands_for: false })
        });
    }
    text.graphemes(true).all(|cluster| cluster_cells(cluster, at, visit))
}

/// One cluster is one cell; a pile of marks is counted, and marks that stand on nothing are shown by their escapes.
fn cluster_cells(cluster: &str, at: &mut usize, visit: &mut impl FnMut(Cell<'_>) -> bool) -> bool {
    if cluster.width() == 0 {
        return cluster.chars().all(|c| {
            *at += c.len_utf8();
            let shown = Escape::Character(c).to_string();
            visit(Cell { text: &shown, width: columns(&shown), to: *at, stands_for: true })
        });
    }
    *at += cluster.len();
    let Some((kept, _)) = cluster.char_indices().nth(PILE) else {
        return visit(Cell { text: cluster, width: columns(cluster), to: *at, stands_for: false });
    };
    let shown = format!("{}(+{} marks)", &cluster[..kept], cluster[kept..].chars().count());
    visit(Cell { text: &shown, width: columns(&shown), to: *at, stands_for: true })
}

/// Where each row of a line begins and ends, in octets; at least one row.
///
/// The first row has `first` columns, the others `rest`; `tail` columns are to be free at the end. Breaks at spaces
/// where that leaves rows of some length, else between cells.
pub(crate) fn rows(bytes: &[u8], first: u16, rest: u16, tail: u16) -> Vec<Range<usize>> {
    let (first, rest) = (first.max(1), rest.max(1));
    if bytes.len() + usize::from(tail) <= usize::from(first.min(rest))
        && bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
    {
        return std::iter::once(0..bytes.len()).collect();
    }
    let mut rows: Vec<Range<usize>> = Vec::new();
    let (mut start, mut width, mut before) = (0, 0u16, 0);
    // After the last space of the row: octets so far, columns so far.
    let mut space: Option<(usize, u16)> = None;
    cells(bytes, |cell| {
        let room = if rows.is_empty() { first } else { rest };
        let is_space = cell.text == " ";
        if width > 0 && width.saturating_add(cell.width) > room {
            match space.take() {
                _ if is_space => {
                    rows.push(start..cell.to);
                    (start, width, before) = (cell.to, 0, cell.to);
                    return true;
                }
                Some((at, columns)) if columns > CODE => {
                    rows.push(start..at);
                    (start, width) = (at, width - columns);
                }
                _ => {
                    rows.push(start..before);
                    (start, width) = (before, 0);
                }
            }
        }
        width = width.saturating_add(cell.width);
        before = cell.to;
        if is_space {
            space = Some((cell.to, width));
        }
        true
    });
    if start < bytes.len() || rows.is_empty() {
        rows.push(start..bytes.len());
    }
    let room = if rows.len() == 1 { first } else { rest };
    if tail > 0 && (width.saturating_add(tail) > room || start == bytes.len() && !bytes.is_empty()) {
        rows.push(bytes.len()..bytes.len());
    }
    rows
}

/// How text and what stands for something else look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Text as it is.
    pub(crate) text: Style,
    /// Escapes.
    pub(crate) escape: Style,
}

/// Draws octets from a place of the buffer on, at most `room` columns; gives the columns taken.
pub(crate) fn put(buffer: &mut Buffer, x: u16, y: u16, room: u16, bytes: &[u8], look: Look) -> u16 {
    let mut used = 0;
    cells(bytes, |cell| {
        let left = room - used;
        if cell.width > left {
            return false;
        }
        buffer.set_stringn(x + used, y, cell.text, left.into(), if cell.stands_for { look.escape } else { look.text });
        used += cell.width;
        used < room
    });
    used
}

/// Columns that octets take when drawn in one row.
pub(crate) fn width(bytes: &[u8]) -> u16 {
    let mut all = 0u16;
    cells(bytes, |cell| {
        all = all.saturating_add(cell.width);
        true
    });
    all
}

/// At most `room` columns of a text, with `…` at its end where something is left out.
pub(crate) fn shortened(text: &str, room: u16) -> String {
    if width(text.as_bytes()) <= room {
        return text.to_owned();
    }
    let (mut used, mut end) = (0u16, 0);
    cells(text.as_bytes(), |cell| {
        used = used.saturating_add(cell.width);
        if used < room {
            end = cell.to;
        }
        used < room
    });
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrapped(text: &str, first: u16, rest: u16) -> Vec<String> {
        rows(text.as_bytes(), first, rest, 0)
            .into_iter()
            .map(|row| escape::for_screen(&text.as_bytes()[row]).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn lines_break_at_spaces_where_there_are_some() {
        assert_eq!(
            wrapped("554 5.7.1 <friend@elsewhere.example>: Relay access denied", 41, 47),
            ["554 5.7.1 <friend@elsewhere.example>:", "Relay access denied"]
        );
        assert_eq!(wrapped("abcdefghij", 4, 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("250 abcdefghijklmnop", 17, 17), ["250 abcdefghijklm", "nop"]);
        assert_eq!(wrapped("", 4, 4), [""]);
        assert_eq!(wrapped("abcd efgh", 4, 4), ["abcd", "efgh"]);
    }

    #[test]
    fn a_break_never_cuts_a_character_or_an_escape() {
        assert_eq!(wrapped("日本語テスト", 5, 5), ["日本", "語テ", "スト"]);
        assert_eq!(wrapped("abc\u{1b}[2J", 4, 4), ["abc", r"\e[2", "J"]);
        assert_eq!(wrapped("e\u{301}e\u{301}e\u{301}", 2, 2), ["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn piled_up_marks_are_counted_instead_of_drawn() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 30, 1));
        let look = Look { text: Style::new(), escape: Style::new() };
        let line = format!("a{}b", "\u{301}".repeat(50));
        put(&mut buffer, 0, 0, 30, line.as_bytes(), look);
        let shown: String = (0..13).map(|x| buffer[(x, 0)].symbol()).collect();
        assert_eq!(shown, format!("a{}(+43 marks)b", "\u{301}".repeat(7)));
    }

    #[test]
    fn the_tail_has_room() {
        assert_eq!(rows(b"abcd", 4, 4, 2), [0..4, 4..4]);
        assert_eq!(rows(b"ab", 4, 4, 2).len(), 1);
        assert_eq!(rows(b"", 4, 4, 2).len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_shortened_visibly() {
        assert_eq!(shortened("connect mx:elsewhere.example", 12), "connect mx:…");
        assert_eq!(shortened("DATA", 4), "DATA");
    }

    proptest! {
        #[test]
        fn rows_hold_every_octet_in_order(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            text in any::<String>(),
            first in 1u16..20,
            more in 0u16..20,
        ) {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let rows = rows(bytes, first, first + more, 0);
                let mut at = 0;
                for row in &rows {
                    prop_assert_eq!(row.start, at);
                    at = row.end;
                }
                prop_assert_eq!(at, bytes.len());
                // Drawn row by row is the same as drawn whole.
                let whole = width(bytes);
                let parts: u16 = rows.iter().map(|row| width(&bytes[row.clone()])).sum();
                prop_assert_eq!(whole, parts);
            }
        }
    }
}
