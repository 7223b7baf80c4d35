//! Text cut to a number of columns.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// As much of the beginning of a text as fits.
#[must_use]
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The text, or as much of it as fits with a `…` at its end.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    columns.checked_sub(1).map_or_else(String::new, |room| format!("{}…", head(text, room)))
}

/// The text, or as much of its end as fits with a `…` before it.
#[must_use]
pub fn tail(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut from = text.len();
    for (at, _) in text.grapheme_indices(true).rev() {
        if width(&text[at..]) > room {
            break;
        }
        from = at;
    }
    format!("…{}", &text[from..])
}

/// A line that is typed from this column on, with a `…` where its beginning is out of sight. What follows stays in its
/// columns, where the cursor is: a blank stands beside the `…` for a character of two.
#[must_use]
pub fn from_there(text: &str, scroll: usize) -> String {
    if scroll == 0 {
        return text.to_owned();
    }
    let mut gone = 0;
    let rest = text.trim_start_matches(|c: char| {
        let goes = gone <= scroll || c.width() == Some(0);
        gone += if goes { c.width().unwrap_or(0) } else { 0 };
        goes
    });
    format!("…{:1$}{rest}", "", gone.saturating_sub(scroll + 1))
}

/// The text as rows of at most so many columns, broken at spaces where there are any.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    for mut word in text.split(' ') {
        if !row.is_empty() && width(&row) + 1 + width(word) > columns {
            rows.push(std::mem::take(&mut row));
        }
        while width(word) > columns {
            let cut = head(word, columns);
            if cut.is_empty() {
                break;
            }
            rows.push(cut.to_owned());
            word = &word[cut.len()..];
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    rows.push(row);
    rows
}

/// How much of something has gone out: `12.3 of 20.6 MB`.
#[must_use]
pub fn of_megabytes(gone: u64, all: u64) -> String {
    let mega = |octets: u64| format!("{}.{}", octets / 1_000_000, octets / 100_000 % 10);
    format!("{} of {} MB", mega(gone), mega(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_and_never_inside_a_character() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn a_line_whose_beginning_is_out_of_sight_says_so() {
        assert_eq!((from_there("/tmp/a", 0), from_there("/tmp/a", 2)), ("/tmp/a".to_owned(), "…p/a".to_owned()));
        for (text, scroll, shown) in [
            ("/tmp/日本語", 6, "…本語"),
            ("日本語abc", 2, "… 語abc"),
            ("日本語abc", 6, "…bc"),
            ("abe\u{301}cd", 2, "…cd"),
            ("日", 2, "…"),
        ] {
            assert_eq!(from_there(text, scroll), shown, "{text} from {scroll} on");
            assert!(width(shown) == width(text) - scroll || text == "日", "the cursor is where it was");
        }
    }

    #[test]
    fn rows_break_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
