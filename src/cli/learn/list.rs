//! The list of the lessons: a line each, or several beside one another where the terminal has fewer rows than that.

use crate::lesson::Map;
use crate::lesson::map::{Standing, State, called};
use crate::smtp::escape::for_screen;
use crate::tui::text::{fit, width};

/// Columns of a title; those of the course have room in them, and leave it to the others in a row of 80.
const TITLE: usize = 38;
/// Rows below the list: an empty one, the question, and the one in which the shell goes on.
const BELOW: usize = 3;
/// Between two lessons that stand beside one another; the place of a mark is there too.
const GAP: &str = " ";

/// The list's lines for a terminal of so many columns and rows; for whatever is none, a line for each lesson.
pub(super) fn lines(map: &Map, terminal: Option<(usize, usize)>) -> Vec<String> {
    let Some((columns, rows)) = terminal.filter(|(_, rows)| map.rows.len() + BELOW > *rows) else { return whole(map) };
    let beside = (2..=4).map(|many| short(map, many)).take_while(|lines| lines.iter().all(|it| width(it) <= columns));
    // Those with fewer columns come first, and what has room at all is better than what scrolls away.
    let mut last = None;
    for lines in beside {
        if lines.len() + BELOW <= rows {
            return lines;
        }
        last = Some(lines);
    }
    last.unwrap_or_else(|| whole(map))
}

/// A line for each, with all that is to be known of it.
fn whole(map: &Map) -> Vec<String> {
    let widest = map.rows.iter().map(|row| row.lesson.name.chars().count()).max().unwrap_or(0);
    let line = |row: &Standing| {
        let lesson = &row.lesson;
        let minutes = lesson.minutes.map_or_else(String::new, |minutes| format!("{minutes} min"));
        let title = fit(&for_screen(lesson.title.as_bytes()), TITLE);
        let gap = " ".repeat(TITLE - width(&title));
        format!("{:widest$}  {title}{gap} {minutes:>6}  {}", lesson.name, words(map, row)).trim_end().to_owned()
    };
    map.rows.iter().map(line).collect()
}

/// How far a lesson has come, in words.
fn words(map: &Map, row: &Standing) -> String {
    let missing: Vec<_> = map.missing(&row.lesson).into_iter().map(called).collect();
    match (row.state(), &row.done.finished) {
        (State::Done, when) => format!("finished {}", when.as_deref().and_then(|when| when.get(..10)).unwrap_or("")),
        (State::Begun(steps, of), _) => format!("{steps} of {of} steps"),
        (State::Open, _) if missing.is_empty() => format!("0 of {} steps", row.lesson.steps.len()),
        (State::Open, _) => format!("after {}", missing.join(", ")),
    }
}

/// So many beside one another, down the first column and then the next: how far each has come as a mark, and what the
/// marks mean.
fn short(map: &Map, many: usize) -> Vec<String> {
    let next = map.next(None).map(|row| row.lesson.name.as_str());
    let widest = map.rows.iter().map(|row| width(&called(&row.lesson))).max().unwrap_or(0);
    let one = |row: &Standing| {
        let mark = match row.state() {
            State::Done => "✓",
            _ if next == Some(row.lesson.name.as_str()) => "▸",
            State::Begun(..) => "◦",
            State::Open => " ",
        };
        let title = fit(&for_screen(row.lesson.title.as_bytes()), TITLE);
        format!("{mark} {:>widest$} {title}", called(&row.lesson))
    };
    let all: Vec<String> = map.rows.iter().map(one).collect();
    let rows = all.len().div_ceil(many).max(1);
    let columns: Vec<&[String]> = all.chunks(rows).collect();
    let widths: Vec<usize> = columns.iter().map(|it| it.iter().map(|one| width(one)).max().unwrap_or(0)).collect();
    let line = |row: usize| {
        let cells = columns.iter().zip(&widths).filter_map(|(column, room)| {
            let cell = column.get(row)?;
            Some(format!("{cell}{}", " ".repeat(room - width(cell))))
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    let mut lines: Vec<String> = (0..rows).map(line).collect();
    lines.push("▸ comes next · ✓ finished · ◦ begun".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Lesson, course};

    fn shipped() -> Map {
        let lessons = course::shipped().map(|(name, text)| Lesson::parse(&name, text).expect("well formed"));
        Map::of(lessons.collect(), None)
    }

    #[test]
    fn no_title_of_the_course_is_cut_in_eighty_columns() {
        let map = shipped();
        for size in [None, Some((80, 50)), Some((80, 24)), Some((200, 24))] {
            let lines = lines(&map, size);
            let all = lines.join("\n");
            for row in &map.rows {
                assert!(all.contains(&row.lesson.title), "{size:?}: {}: {all}", row.lesson.title);
            }
            assert!(lines.iter().all(|line| width(line) <= 80 || size == Some((200, 24))), "{size:?}: {all}");
        }
    }

    #[test]
    fn a_terminal_of_24_rows_has_them_all_and_the_question_below() {
        let mut map = shipped();
        map.rows[0].done.finished = Some("2026-01-01T00:00:00Z".to_owned());
        map.rows[2].done.steps = 1;
        let short = lines(&map, Some((80, 24)));
        assert!(short.len() + BELOW <= 24, "{short:#?}");
        assert!(short[0].starts_with("✓ ") && short[1].starts_with("▸ ") && short[2].starts_with("◦ "), "{short:#?}");
        assert_eq!(lines(&map, Some((80, 50))).len(), map.rows.len());
        assert_eq!(lines(&map, Some((40, 24))).len(), map.rows.len(), "nothing has room beside another");
    }
}
