//! Screens for terminals that take only ASCII, as the locale says.
//!
//! The view knows nothing of it: what it has drawn is put into other letters, cell by cell, just before it goes out.

use ratatui::buffer::{Buffer, Cell};

/// What stands for what; what is in neither row is shown as `?`.
const INSTEAD: [(&str, &str); 16] = [
    ("─━═╌┄┈╴╶", "-"),
    ("│┃║▏▎▍▌▐█▕╎┆┊", "|"),
    ("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬", "+"),
    ("▸▶►→›»❯", ">"),
    ("◂◀◄←‹«❮", "<"),
    ("▴▲↑", "^"),
    ("▾▼↓", "v"),
    ("✓✔", "y"),
    ("✗✘×", "x"),
    ("≠", "!"),
    // A bookmark, and a note.
    ("◆", "*"),
    ("✎", "#"),
    // A text that goes on may not look as if it ended there: a dot would be one of its own.
    ("≈…", "~"),
    ("•●·", "."),
    ("–—−", "-"),
    ("‘’“”", "'"),
];

/// Whether the locale takes UTF-8, by its variables in the order in which they count. Where none is set nothing is said
/// against it.
pub(super) fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
    set.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Puts ASCII into every cell. The width of each stays as it is.
pub(super) fn only(buffer: &mut Buffer) {
    // From one number to another, as of keys; elsewhere a text goes on there.
    let number = |cell: Option<&Cell>| cell.is_some_and(|cell| cell.symbol().starts_with(|c: char| c.is_ascii_digit()));
    let width = usize::from(buffer.area.width);
    // Not across the end of a row.
    let within = |at: usize| (1..width - 1).contains(&(at % width));
    for at in (1..buffer.content.len()).filter(|at| within(*at)) {
        let between = buffer.content[at].symbol() == "…"
            && number(buffer.content.get(at - 1))
            && number(buffer.content.get(at + 1));
        if between {
            buffer.content[at].set_symbol("-");
        }
    }
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let wide = super::text::width(symbol) > 1;
        let instead = INSTEAD.iter().find(|(those, _)| those.contains(symbol)).map_or("?", |(_, instead)| instead);
        cell.set_symbol(if wide { "??" } else { instead });
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn the_first_variable_that_is_set_counts() {
        for (variables, want) in [
            (&[][..], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "de_AT.UTF-8")], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LANG", "de_AT.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8"), ("LC_ALL", "")], true),
            (&[("LANG", "en_GB.ISO-8859-1")], false),
        ] {
            let look = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(locale_is_utf8(look), want, "{variables:?}");
        }
    }

    #[test]
    fn frames_marks_and_letters_keep_their_places() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 1));
        buffer.set_string(0, 0, "┌─┐ ✓ 1…3 a… ▸ ≠ ◆✎ B\u{fc}cher \u{4e2d}|", Style::new());
        only(&mut buffer);
        let row: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(row.starts_with("+-+ y 1-3 a~ > ! *# B?cher ??"), "{row}");
        assert!(row.is_ascii(), "{row}");
    }

    #[test]
    fn what_is_cut_at_the_end_of_a_row_goes_on_nowhere() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 2));
        buffer.set_string(0, 0, "5…", Style::new());
        buffer.set_string(0, 1, "7 ", Style::new());
        only(&mut buffer);
        assert_eq!(buffer.content[1].symbol(), "~");
    }
}
