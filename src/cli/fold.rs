//! Lines broken between words where a terminal would break them in the middle of one. What goes to a file or a program stays
//! as it is.

use std::io::IsTerminal as _;

use unicode_width::UnicodeWidthStr as _;

use crate::smtp::escape;

/// Fewer columns than these are filled as if they were so many.
const LEAST: usize = 40;

/// A text as standard output shows it.
pub(super) fn out(text: &str) -> String {
    for_columns(text, columns(std::io::stdout().is_terminal()))
}

/// A text as standard error shows it, whoever wrote the words in it.
pub(super) fn err(text: &str) -> String {
    for_columns(&escape::for_lines(text), columns(std::io::stderr().is_terminal()))
}

fn columns(terminal: bool) -> Option<usize> {
    let (columns, _) = terminal.then(crossterm::terminal::size)?.ok()?;
    (columns > 0).then_some(usize::from(columns))
}

fn for_columns(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return text.to_owned() };
    let mut folded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        folded.push_str(&fold(line, columns.max(LEAST)));
        folded.push_str(end);
    }
    folded
}

/// One line in as many as it needs, those after the first below its words.
fn fold(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let indent = " ".repeat(hang(line).min(columns / 2));
    let mut folded = String::new();
    let mut used = 0;
    let mut between = 0;
    for word in line.split(' ') {
        if word.is_empty() {
            between += 1;
            continue;
        }
        let wide = width(word);
        if used > 0 && used + between + wide > columns {
            folded.push('\n');
            folded.push_str(&indent);
            used = indent.len();
        } else {
            folded.push_str(&" ".repeat(between));
            used += between;
        }
        folded.push_str(word);
        used += wide;
        between = 1;
    }
    folded
}

/// The column at which the words of a line begin, behind its number or mark.
fn hang(line: &str) -> usize {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let word = line[blanks..].split(' ').next().unwrap_or_default();
    let counts = !word.is_empty() && blanks > 0 && word.bytes().all(|b| b.is_ascii_digit());
    if counts { blanks + word.len() + 1 } else { blanks + 2 }
}

/// Columns that a text takes, its colours not counted.
fn width(text: &str) -> usize {
    let mut columns = 0;
    for (n, part) in text.split("\x1b[").enumerate() {
        let shown = if n == 0 { part } else { part.split_once('m').map_or(part, |(_, shown)| shown) };
        columns += shown.width();
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_complained_of_says_nothing_to_the_terminal() {
        let said = "ehlo run: a\u{1b}[31m.smtp:2:4: `x\0y`\u{202e}\nnext";
        assert_eq!(err(said), "ehlo run: a\\e[31m.smtp:2:4: `x\\x00y`\\u{202e}\nnext");
    }

    #[test]
    fn no_line_is_broken_within_a_word() {
        let row = "2026-11-29 23:58  127.0.0.1:2505             535 5.7.8 authentication failed          2 kB  2026-11-29-235800-a";
        let folded = for_columns(&format!("{row}\nshort\n"), Some(80));
        assert!(folded.lines().all(|line| line.width() <= 80), "{folded}");
        assert!(folded.ends_with("\n  2 kB  2026-11-29-235800-a\nshort\n"), "{folded}");
        let step = "  1 Ask whoever runs the server \x1b[1mwhy the message was refused\x1b[0m";
        assert_eq!(
            for_columns(step, Some(50)),
            "  1 Ask whoever runs the server \x1b[1mwhy the message\n    was refused\x1b[0m"
        );
        assert_eq!(for_columns(row, None), row, "a program reads it");
        let path = "x".repeat(100);
        assert_eq!(for_columns(&path, Some(80)), path);
    }
}
