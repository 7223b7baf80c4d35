use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::*;
use crate::script::beside::Mark;

fn row(mark: Mark, left: &[&str], right: &[&str]) -> Beside {
    let lines = |of: &[&str]| of.iter().map(|line| (*line).to_owned()).collect();
    Beside { left: lines(left), right: lines(right), mark, words: String::new() }
}

fn shown(columns: &Columns, rows: &[Beside], size: (u16, u16)) -> Vec<String> {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    let frame = Frame { heads: ["recorded", "now"], theme: Theme::default(), focused: true };
    columns.draw(rows, frame, area, &mut buffer);
    let line = |y| (0..size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..size.1).map(line).collect()
}

#[test]
fn a_capability_stands_beside_itself_in_whatever_order_each_names_them() {
    let rows = [row(
        Mark::Differs,
        &["< 250-mx.a", "< 250-STARTTLS", "< 250-SIZE 1", "< 250 DSN"],
        &["< 250-mx.b", "< 250-DSN", "< 250-XCLIENT", "< 250 STARTTLS"],
    )];
    let mut columns = Columns::default();
    columns.arrange(&rows, Size::new(40, 8), None);
    let got = shown(&columns, &rows, (40, 8));
    assert_eq!(
        got[2..6],
        [
            "▌< 250-STARTTLS       < 250 STARTTLS",
            "▌< 250-SIZE 1       ≠",
            "▌< 250 DSN            < 250-DSN",
            "▌                   ≠ < 250-XCLIENT"
        ]
    );
}

#[test]
fn a_capability_that_one_side_lacks_does_not_shift_the_others() {
    let rows = [row(
        Mark::Differs,
        &["< 250-mx.a", "< 250-SIZE 1", "< 250-STARTTLS", "< 250 DSN"],
        &["< 250-mx.b", "< 250-SIZE 2", "< 250 DSN"],
    )];
    let mut columns = Columns::default();
    columns.arrange(&rows, Size::new(40, 8), None);
    let got = shown(&columns, &rows, (40, 8));
    assert_eq!(
        got[..5],
        [
            " recorded             now",
            "▌< 250-mx.a         ≈ < 250-mx.b",
            "▌< 250-SIZE 1       ≈ < 250-SIZE 2",
            "▌< 250-STARTTLS     ≠",
            "▌< 250 DSN            < 250 DSN"
        ]
    );
}

#[test]
fn what_comes_next_is_in_sight_until_somebody_looks_elsewhere() {
    let rows: Vec<Beside> = (0..50).map(|n| row(Mark::Due, &[&format!("> NOOP {n}")], &[])).collect();
    let mut columns = Columns::default();
    columns.arrange(&rows, Size::new(40, 10), Some(30));
    assert!(shown(&columns, &rows, (40, 10)).iter().any(|line| line == "▌> NOOP 30"));
    columns.act(Action::Top, &rows);
    columns.arrange(&rows, Size::new(40, 10), Some(31));
    assert_eq!(columns.cursor(), 0);
    columns.follow();
    columns.arrange(&rows, Size::new(40, 10), Some(31));
    assert_eq!(columns.cursor(), 31);
}

#[test]
fn one_key_goes_from_difference_to_difference() {
    let rows = [Mark::Same, Mark::Differs, Mark::Same, Mark::Drift].map(|mark| row(mark, &["> a"], &["> a"]));
    let mut columns = Columns::default();
    columns.arrange(&rows, Size::new(40, 10), None);
    assert!(columns.act(Action::DifferenceAfter, &rows) && columns.cursor() == 1);
    assert!(columns.act(Action::DifferenceAfter, &rows) && columns.cursor() == 3);
    assert!(!columns.act(Action::DifferenceAfter, &rows) && columns.cursor() == 3);
    assert!(columns.act(Action::DifferenceBefore, &rows) && columns.cursor() == 1);
}

#[test]
fn the_mark_of_a_line_stays_beside_its_text() {
    let long = "> RCPT TO:<somebody.with.a.long.name@target.example>";
    let rows = [row(Mark::Same, &[long], &[long])];
    let mut columns = Columns::default();
    columns.arrange(&rows, Size::new(40, 8), None);
    let got = shown(&columns, &rows, (40, 8));
    assert!(got.iter().all(|line| line.trim_start_matches('▌').trim() != ">"), "{got:?}");
    assert!(got[1].starts_with("▌> RCPT"), "{got:?}");
}
