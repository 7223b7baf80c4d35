//! Who stands where on the wall, and what is said of each.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

fn somebody(id: u64, name: &str) -> Glance {
    Glance {
        id,
        name: name.to_owned(),
        lesson: "01-classic".to_owned(),
        done: 2,
        of: 6,
        best: 2,
        since: at(0),
        last: None,
        tries: 1,
        hints: 0,
        refusals: 0,
        wrong: 0,
        spoilt: false,
        quiz: None,
        mistakes: Vec::new(),
        here: true,
        paused: false,
        over: false,
        lessons: 0,
        answered: 0,
        acted: None,
        left: None,
        waiting: 0,
        stood: Duration::ZERO,
        twice: false,
    }
}

#[test]
fn those_in_need_stand_first_and_the_longest_stuck_before_them() {
    let now = at(200);
    let said = |seconds| {
        let refused = Some("550 5.1.1".to_owned());
        Some(Exchange { verb: "RCPT".to_owned(), reply: "550 no".to_owned(), refused, at: at(seconds) })
    };
    let all = [
        Glance { since: at(190), ..somebody(1, "quick") },
        Glance { done: 6, lessons: 2, ..somebody(2, "finished") },
        Glance { done: 6, lessons: 1, ..somebody(8, "resting") },
        Glance { here: false, last: said(80), ..somebody(3, "away") },
        Glance { since: at(50), last: said(70), ..somebody(4, "silent") },
        Glance { since: at(10), last: said(198), refusals: 5, ..somebody(5, "stubborn") },
        Glance { since: at(100), last: said(120), ..somebody(6, "pausing") },
        Glance { since: at(150), last: said(199), wrong: 3, ..somebody(7, "guessing") },
        Glance { since: at(50), last: said(70), acted: Some(at(195)), ..somebody(9, "answering") },
    ];
    let wall = Wall::from(&all, 2, now);
    let rows: Vec<_> = wall.rows.iter().map(|row| (row.name.as_str(), row.state.words().1)).collect();
    assert_eq!(
        rows,
        [
            ("stubborn", "stuck"),
            ("silent", "stuck"),
            ("guessing", "stuck"),
            ("pausing", "idle"),
            ("resting", "between"),
            ("answering", "working"),
            ("quick", "working"),
            ("away", "gone"),
            ("finished", "done"),
        ]
    );
    assert_eq!((wall.rows[1].step.as_str(), wall.rows[1].minutes), ("3/6", 2));
    assert_eq!((wall.rows[7].name.as_str(), wall.rows[7].minutes), ("away", 1), "the last was said after a minute");
    assert_eq!(wall.rows[1].last, "RCPT … 550 no");
    assert_eq!(wall.rows[4].step, "✓ 6/6");
    assert_eq!((wall.bars.len(), wall.bars[0].count, wall.bars[0].stuck), (2, 7, 3));
}

#[test]
fn who_goes_through_a_lesson_once_more_keeps_on_the_wall_what_was_done() {
    let again = Glance { done: 0, best: 6, ..somebody(1, "anna") };
    let wall = Wall::from(&[again, Glance { best: 4, ..somebody(2, "bert") }], 3, at(10));
    let rows: Vec<_> = wall.rows.iter().map(|row| (row.step.as_str(), row.last.as_str())).collect();
    assert_eq!(rows, [("1/6", "once more: ✓ 6/6 counts"), ("3/6", "once more: 4 of 6 count")]);
    assert_eq!(wall.bars.iter().map(|bar| bar.step).collect::<Vec<_>>(), [3, 7]);
}

#[test]
fn the_commonest_mistake_is_that_of_the_last_five_minutes() {
    let mut one = somebody(1, "one");
    one.mistakes = vec![(at(0), "old".to_owned()), (at(1), "old".to_owned()), (at(900), "new".to_owned())];
    assert_eq!(Wall::from(&[one], 1, at(1000)).mistake, Some(("new".to_owned(), 1)));
}
