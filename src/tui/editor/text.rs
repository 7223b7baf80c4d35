//! The text of a message: lines and a cursor, edited by grapheme.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::smtp::escape::for_screen;
use crate::tui::text::width;

/// A text of at least one line, and where the cursor stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) lines: Vec<String>,
    pub(super) row: usize,
    /// Octets of the line before the cursor, at the border of a grapheme.
    pub(super) at: usize,
}

impl Text {
    pub(super) fn of(lines: Vec<String>) -> Self {
        let lines = if lines.is_empty() { vec![String::new()] } else { lines };
        Self { lines, row: 0, at: 0 }
    }

    fn line(&self) -> &str {
        &self.lines[self.row]
    }

    /// Inserts a text of any number of lines, whichever line ends it has. In one go, however long it is.
    pub(super) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let tail = self.lines[self.row].split_off(self.at);
        let mut new = text.split('\n');
        self.lines[self.row].push_str(new.next().unwrap_or_default());
        let mut more: Vec<String> = new.map(str::to_owned).collect();
        let last = more.last_mut().unwrap_or(&mut self.lines[self.row]);
        self.at = last.len();
        last.push_str(&tail);
        let added = more.len();
        let below = self.row + 1;
        self.lines.splice(below..below, more);
        self.row += added;
    }

    /// A new line, but from the end of the subject on to the text, where nothing but the empty line is between: who has
    /// written one goes on with the other, and what stood above the empty line would be a field.
    pub(super) fn enter(&mut self) {
        let subject = self.line().get(..8).is_some_and(|name| name.eq_ignore_ascii_case("subject:"));
        let ends = self.at == self.line().len() && self.lines.get(self.row + 1).is_some_and(String::is_empty);
        if !(subject && ends) || self.lines[..self.row].iter().any(String::is_empty) {
            return self.insert("\n");
        }
        if self.lines.len() == self.row + 2 {
            self.lines.push(String::new());
        }
        (self.row, self.at) = (self.row + 2, 0);
    }

    pub(super) fn left(&mut self) {
        match self.line()[..self.at].grapheme_indices(true).next_back() {
            Some((at, _)) => self.at = at,
            None if self.row > 0 => {
                self.row -= 1;
                self.at = self.line().len();
            }
            None => {}
        }
    }

    pub(super) fn right(&mut self) {
        match self.line()[self.at..].graphemes(true).next() {
            Some(one) => self.at += one.len(),
            None if self.row + 1 < self.lines.len() => {
                self.row += 1;
                self.at = 0;
            }
            None => {}
        }
    }

    /// To the end of all of it; of a long text to the first line of its body.
    pub(super) fn go_to_body(&mut self) {
        const SHORT: usize = 30;
        self.bottom();
        let body = self.lines.iter().position(String::is_empty).map_or(0, |empty| empty + 1);
        if self.lines.len() > body + SHORT {
            (self.row, self.at) = (body, 0);
        }
    }

    /// So many rows up or down, at the same octet or the end of a shorter line.
    pub(super) fn go(&mut self, rows: isize) {
        self.row = self.row.saturating_add_signed(rows).min(self.lines.len() - 1);
        let line = self.line();
        let mut at = self.at.min(line.len());
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        self.at = at;
    }

    pub(super) fn backspace(&mut self) {
        let (row, end) = (self.row, self.at);
        self.left();
        if self.row == row {
            self.lines[row].replace_range(self.at..end, "");
        } else {
            let rest = self.lines.remove(row);
            self.lines[self.row].push_str(&rest);
        }
    }

    pub(super) fn delete(&mut self) {
        let (row, at) = (self.row, self.at);
        self.right();
        if (self.row, self.at) != (row, at) {
            self.backspace();
        }
    }

    /// Cuts to the end of the line, or joins the next line where the cursor stands there.
    pub(super) fn cut(&mut self) {
        if self.at == self.line().len() {
            self.delete();
        } else {
            self.lines[self.row].truncate(self.at);
        }
    }

    /// Puts the cursor into a row, before what stands at a column of the screen; at the end where nothing stands there.
    pub(super) fn put(&mut self, row: usize, column: usize) {
        self.row = row.min(self.lines.len() - 1);
        let mut used = 0;
        let line = self.line();
        let before = line.grapheme_indices(true).find(|(_, grapheme)| {
            used += width(&for_screen(grapheme.as_bytes()));
            used > column
        });
        self.at = before.map_or(line.len(), |(at, _)| at);
    }

    pub(super) fn home(&mut self) {
        self.at = 0;
    }

    pub(super) fn end(&mut self) {
        self.at = self.line().len();
    }

    pub(super) fn top(&mut self) {
        (self.row, self.at) = (0, 0);
    }

    pub(super) fn bottom(&mut self) {
        self.row = self.lines.len() - 1;
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_in_where_the_cursor_is_whatever_its_line_ends() {
        let mut text = Text::of(vec!["ab".into()]);
        text.right();
        text.insert("1\r\n2\r3\n");
        assert_eq!(text.lines, ["a1", "2", "3", "b"]);
        assert_eq!((text.row, text.at), (3, 0));
        text.insert("x");
        assert_eq!(text.lines[3], "xb");
    }

    #[test]
    fn the_text_comes_after_the_subject() {
        let lines = ["From: a@b", "Subject: ", ""].map(str::to_owned);
        let mut text = Text::of(lines.to_vec());
        (text.row, text.at) = (1, 9);
        text.insert("x");
        text.enter();
        text.insert("hello");
        assert_eq!(text.lines, ["From: a@b", "Subject: x", "", "hello"]);
        for (row, at) in [(0, 9), (1, 8), (3, 5)] {
            let mut text = Text { row, at, ..text.clone() };
            text.enter();
            assert_eq!((text.lines.len(), text.row), (5, row + 1), "a line more, at {row}");
        }
        let mut text = Text {
            row: 3,
            at: 11,
            ..Text::of(["", "", "", "Subject: in", "", "the text"].map(str::to_owned).to_vec())
        };
        text.enter();
        assert_eq!(text.lines[4..6], ["", ""], "a field's name in the text is text");
    }

    #[test]
    fn lines_are_joined_and_cut() {
        let mut text = Text::of(vec!["e\u{301}a".into(), "b".into()]);
        text.right();
        text.backspace();
        assert_eq!(text.lines, ["a", "b"], "a grapheme at a time");
        text.end();
        text.delete();
        assert_eq!(text.lines, ["ab"]);
        text.backspace();
        assert_eq!(text.lines, ["b"]);
        text.cut();
        text.cut();
        assert_eq!(text.lines, [""]);
        text.backspace();
        assert_eq!(text.lines, [""]);
    }

    #[test]
    fn a_large_paste_is_one_step() {
        let mut text = Text::of(Vec::new());
        let paste = "a line of a large message\r\n".repeat(200_000);
        text.insert(&paste);
        assert_eq!(text.lines.len(), 200_001);
    }
}
