//! A row as lines of two columns: what belongs together stands beside each other, long lines are broken.

use crate::conversation::align::{Item, Pair, align};
use crate::script::beside::{Beside, Mark, keyword, offers};
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
    /// What stands between the two: in an offer at each line that differs, else at the first.
    pub(super) mark: Option<Mark>,
}

/// How many lines a row takes.
pub(super) fn height(row: &Beside, width: u16) -> usize {
    lines(row, width).len()
}

/// The lines of a row.
pub(super) fn lines(row: &Beside, width: u16) -> Vec<Line> {
    let room = usize::from(side(width)).max(1);
    let mut lines = Vec::new();
    for ((left, right), mark) in marked(row) {
        let broken = |text: Option<&String>| text.map(|text| of_line(text, room)).unwrap_or_default();
        let same = matches!((left, right), (Some(left), Some(right)) if said(left) == said(right));
        let (left, right) = (broken(left), broken(right));
        for n in 0..left.len().max(right.len()) {
            let take = |from: &[String]| from.get(n).cloned().unwrap_or_default();
            lines.push(Line { left: take(&left), right: take(&right), same, mark: mark.filter(|_| n == 0) });
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

type Lines<'a> = (Option<&'a String>, Option<&'a String>);

/// The lines that stand beside each other, and the mark of each: where two offers differ, it is at what differs. How the
/// server greets and how large a message may be is text.
fn marked(row: &Beside) -> Vec<(Lines<'_>, Option<Mark>)> {
    let pairs = pairs(row);
    let of = |n: usize, (left, right): Lines<'_>| match (left, right) {
        _ if !is_offers(row) || !row.is_difference() => (n == 0).then_some(row.mark),
        (Some(left), Some(right)) if said(left) == said(right) => None,
        (Some(left), Some(_)) if n == 0 || keyword(left) == "SIZE" => Some(Mark::Drift),
        _ => Some(row.mark),
    };
    let mut marks: Vec<_> = pairs.iter().enumerate().map(|(n, pair)| of(n, *pair)).collect();
    // Another order, say: no line alone shows it.
    if marks.iter().all(Option::is_none) && !marks.is_empty() {
        marks[0] = Some(row.mark);
    }
    pairs.into_iter().zip(marks).collect()
}

/// Which line stands beside which: in an offer each capability beside itself.
fn pairs(row: &Beside) -> Vec<(Option<&String>, Option<&String>)> {
    let (left, right) = (&row.left, &row.right);
    if left.len() < 2 || right.len() < 2 {
        return (0..left.len().max(right.len())).map(|n| (left.get(n), right.get(n))).collect();
    }
    if is_offers(row) {
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

/// Both sides are an offer of several lines.
fn is_offers(row: &Beside) -> bool {
    [&row.left, &row.right].iter().all(|lines| lines.len() > 1 && lines[0].starts_with("< 250"))
}

/// A line of a reply without what only says whether another one follows.
fn said(line: &str) -> (&str, &str) {
    let part = |range: std::ops::Range<usize>| line.get(range).unwrap_or_default();
    if line.starts_with("< ") && line.len() > 6 { (part(0..5), part(6..line.len())) } else { (line, "") }
}
