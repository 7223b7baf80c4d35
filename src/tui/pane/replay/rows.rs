//! A row as lines of two columns: what belongs together stands beside each other, long lines are broken.

use crate::conversation::align::{Item, Pair, align};
use crate::script::beside::Beside;
use crate::tui::text::wrap;

/// Columns before the left side, and between the two: a bar, and a mark with room around it.
pub(super) const BAR: u16 = 1;
pub(super) const BETWEEN: u16 = 3;

/// The width of each side.
pub(super) fn side(width: u16) -> u16 {
    width.saturating_sub(BAR + BETWEEN) / 2
}

/// One line of a row on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) left: String,
    pub(super) right: String,
    /// The two lines that it is of are the same.
    pub(super) same: bool,
}

/// How many lines a row takes.
pub(super) fn height(row: &Beside, width: u16) -> usize {
    lines(row, width).len()
}

/// The lines of a row.
pub(super) fn lines(row: &Beside, width: u16) -> Vec<Line> {
    let room = usize::from(side(width)).max(1);
    let mut lines = Vec::new();
    for (left, right) in pairs(row) {
        let broken = |text: Option<&String>| text.map(|text| of_line(text, room)).unwrap_or_default();
        let same = matches!((left, right), (Some(left), Some(right)) if said(left) == said(right));
        let (left, right) = (broken(left), broken(right));
        for n in 0..left.len().max(right.len()) {
            let take = |from: &[String]| from.get(n).cloned().unwrap_or_default();
            lines.push(Line { left: take(&left), right: take(&right), same });
        }
    }
    lines
}

/// A line as rows: its mark stands before the first of them, and the others begin where its text does.
fn of_line(text: &str, room: usize) -> Vec<String> {
    match text.split_once(' ') {
        Some((mark @ (">" | "<" | "|"), rest)) if room > 4 => {
            let rows = wrap(rest, room - 2).into_iter().enumerate();
            rows.map(|(n, row)| format!("{} {row}", if n == 0 { mark } else { " " }).trim_end().to_owned()).collect()
        }
        _ => wrap(text, room),
    }
}

/// Which line stands beside which: in an offer each capability beside itself.
fn pairs(row: &Beside) -> Vec<(Option<&String>, Option<&String>)> {
    let (left, right) = (&row.left, &row.right);
    if left.len() < 2 || right.len() < 2 {
        return (0..left.len().max(right.len())).map(|n| (left.get(n), right.get(n))).collect();
    }
    if [left, right].iter().all(|lines| lines[0].starts_with("< 250")) {
        return offers(left, right);
    }
    let items = |lines: &[String]| -> Vec<Item> {
        let first = |n: usize, line: &str| if n == 0 { String::new() } else { keyword(line) };
        lines.iter().enumerate().map(|(n, line)| Item { kind: first(n, line), text: line.clone() }).collect()
    };
    let beside = align(&items(left), &items(right)).into_iter();
    beside
        .map(|pair| match pair {
            Pair::Both(a, b) => (left.get(a), right.get(b)),
            Pair::Left(a) => (left.get(a), None),
            Pair::Right(b) => (None, right.get(b)),
        })
        .collect()
}

/// The same of two offers, in whatever order each names its capabilities; what only the right one has comes last.
fn offers<'a>(left: &'a [String], right: &'a [String]) -> Vec<(Option<&'a String>, Option<&'a String>)> {
    let mut pairs = vec![(left.first(), right.first())];
    let mut alone: Vec<&String> = right.iter().skip(1).collect();
    for line in left.iter().skip(1) {
        let beside = alone.iter().position(|other| keyword(other) == keyword(line)).map(|n| alone.remove(n));
        pairs.push((Some(line), beside));
    }
    pairs.extend(alone.into_iter().map(|line| (None, Some(line))));
    pairs
}

/// A line of a reply without what only says whether another one follows.
fn said(line: &str) -> (&str, &str) {
    let part = |range: std::ops::Range<usize>| line.get(range).unwrap_or_default();
    if line.starts_with("< ") && line.len() > 6 { (part(0..5), part(6..line.len())) } else { (line, "") }
}

/// The first word behind `< 250-`.
fn keyword(line: &str) -> String {
    let text = line.get(6..).unwrap_or(line);
    text.split([' ', '=']).next().unwrap_or_default().to_ascii_uppercase()
}
