use proptest::prelude::*;

use super::*;
use crate::conversation::{Dialogue, Event, Line, Log, Micros, Remark};

/// Nothing is noise.
fn same(a: &str, b: &str) -> Option<Vec<&'static str>> {
    (a == b).then(Vec::new)
}

fn differences(a: &Side, b: &Side) -> Vec<Difference> {
    a.differences(b, &same).differences
}

fn listed(text: &str) -> Vec<Item> {
    text.split_whitespace().map(|word| Item { kind: word[..1].to_owned(), text: word.to_owned() }).collect()
}

#[test]
fn a_line_that_one_has_does_not_shift_the_rest() {
    let pairs = align(&listed("e m r d q"), &listed("e s e m r d q"));
    assert_eq!(pairs.iter().filter(|p| matches!(p, Pair::Both(..))).count(), 5);
    assert_eq!(pairs.last(), Some(&Pair::Both(4, 6)));
}

#[test]
fn the_same_verb_with_another_argument_stands_beside() {
    assert_eq!(align(&listed("m1 r1 r2"), &listed("m1 r3")), [Pair::Both(0, 0), Pair::Both(1, 1), Pair::Left(2)]);
}

#[test]
fn equals_stand_beside_each_other_before_others_do() {
    let equals = |pairs: Vec<Pair>, a: &[Item], b: &[Item]| {
        pairs.iter().filter(|pair| matches!(pair, Pair::Both(x, y) if a[*x].text == b[*y].text)).count()
    };
    let (a, b) = (listed("n1 n2 n3 n4"), listed("n4 n5 n6 n7"));
    assert_eq!(equals(align(&a, &b), &a, &b), 1, "it costs the same");
    let many = |without: usize| {
        let text = |n: usize| Item { kind: "NOOP".to_owned(), text: format!("NOOP {n}") };
        (0..3000).filter(|n| ![without, without + 2800].contains(n)).map(text).collect::<Vec<_>>()
    };
    let (a, b) = (many(5), many(100));
    assert!(a.len() * b.len() > CELLS);
    assert_eq!(equals(align(&a, &b), &a, &b), 2996, "too many for a table");
    let mirrored: Vec<_> = align(&b, &a).into_iter().map(Pair::mirrored).collect();
    assert_eq!(align(&a, &b), mirrored);
}

fn sides(text: &str) -> Vec<Side> {
    let mut log = Log::new();
    log.push(Micros(0), &Event::Remark(Remark::new("connected")));
    for line in text.lines() {
        let (sigil, rest) = line.split_at(2);
        let line = Line::new(rest);
        log.push(Micros(0), &if sigil == "> " { Event::Sent(line) } else { Event::Received(line) });
    }
    Side::all(&log, &Dialogue::of(&log))
}

#[test]
fn other_octets_are_a_difference_and_another_line() {
    let of = |lines: &str| sides(&format!("< 220 mx\n{lines}"));
    for (a, b) in [
        ("> MAIL FROM:<a\tb@x>\n< 250 ok", "> MAIL FROM:<a\\tb@x>\n< 250 ok"),
        ("> NOOP\n< 250 o\tk", "> NOOP\n< 250 o\\tk"),
    ] {
        let found = differences(&of(a)[1], &of(b)[1]);
        let [Difference::Command(x, y) | Difference::Text(x, y)] = &found[..] else { panic!("{found:?}") };
        assert_ne!(x, y);
    }
}

#[test]
fn what_was_sent_is_compared_exactly_and_replies_but_for_noise() {
    let of = |sent: &str, reply: &str| sides(&format!("< 220 mx\n> {sent}\n< {reply}")).remove(1);
    let noise = |_: &str, _: &str| Some(vec!["noise"]);
    for (a, b) in [("EHLO a.example", "EHLO b.example"), ("RCPT TO:<1@a>", "RCPT TO:<2@a>"), ("NOOP", "noop")] {
        let found = of(a, "250 one").differences(&of(b, "250 two"), &noise);
        assert!(matches!(&found.differences[..], [Difference::Command(..)]), "{found:?}");
        assert_eq!((found.masked, found.passed_over), (vec!["noise"], vec![]));
    }
    let found = of("AUTH PLAIN {{auth}}", "235 ok").differences(&of("AUTH PLAIN {{auth}}", "235 ok"), &same);
    assert_eq!((found.differences, found.passed_over), (vec![], vec![]), "as octets of the wire it is no secret");
}

#[test]
fn differences_are_told_apart() {
    let a = sides("< 220 a\n> EHLO x\n< 250-a\n< 250-SIZE 10\n< 250 STARTTLS\n> RCPT TO:<a@b>\n< 250 2.1.5 ok");
    let b = sides("< 220 b\n> EHLO x\n< 250-b\n< 250 SIZE 20\n> RCPT TO:<a@b>\n< 550 5.1.1 no");
    let differ = |n: usize| differences(&a[n], &b[n]);
    assert_eq!(differ(0), [Difference::Text("a".into(), "b".into())]);
    assert_eq!(
        differ(1),
        [
            Difference::Hello("a".into(), "b".into()),
            Difference::Offer("SIZE 10".into(), "SIZE 20".into()),
            Difference::OfferedLeft("STARTTLS".into())
        ]
    );
    let words: Vec<_> = differ(2).iter().map(Difference::word).collect();
    assert_eq!(words, ["code", "enhanced", "text"]);
}

proptest! {
    #[test]
    fn what_is_too_large_for_a_table_stands_somewhere_in_order_too(
        a in "([a-c][0-9] ){0,20}", b in "([a-c][0-9] ){0,20}"
    ) {
        let (a, b) = (listed(&a), listed(&b));
        let pairs = divided(&a, &b);
        let left = pairs.iter().filter_map(|p| match p { Pair::Both(x, _) | Pair::Left(x) => Some(*x), Pair::Right(_) => None });
        let right = pairs.iter().filter_map(|p| match p { Pair::Both(_, y) | Pair::Right(y) => Some(*y), Pair::Left(_) => None });
        prop_assert!(left.eq(0..a.len()) && right.eq(0..b.len()));
        prop_assert!(pairs.iter().all(|p| !matches!(p, Pair::Both(x, y) if a[*x].kind != b[*y].kind)));
        prop_assert!(divided(&a, &a).iter().all(|pair| matches!(pair, Pair::Both(x, y) if x == y)));
    }

    #[test]
    fn a_list_beside_itself_is_equal(a in "([a-d][0-2] ){0,12}") {
        let a = listed(&a);
        prop_assert!(align(&a, &a).iter().all(|pair| matches!(pair, Pair::Both(x, y) if x == y)));
    }

    #[test]
    fn the_other_way_round_is_the_mirror(a in "([a-c][0-2] ){0,10}", b in "([a-c][0-2] ){0,10}") {
        let (a, b) = (listed(&a), listed(&b));
        let mirrored: Vec<_> = align(&b, &a).into_iter().map(Pair::mirrored).collect();
        prop_assert_eq!(align(&a, &b), mirrored);
    }

    #[test]
    fn everything_stands_somewhere_in_order(a in "([a-c][0-2] ){0,10}", b in "([a-c][0-2] ){0,10}") {
        let (a, b) = (listed(&a), listed(&b));
        let pairs = align(&a, &b);
        let left: Vec<_> = pairs.iter().filter_map(|p| match p { Pair::Both(x, _) | Pair::Left(x) => Some(*x), Pair::Right(_) => None }).collect();
        let right: Vec<_> = pairs.iter().filter_map(|p| match p { Pair::Both(_, y) | Pair::Right(y) => Some(*y), Pair::Left(_) => None }).collect();
        prop_assert_eq!(left, (0..a.len()).collect::<Vec<_>>());
        prop_assert_eq!(right, (0..b.len()).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_offered_in_other_octets_is_another_text_and_no_other_capability() {
    let of = |offer: &str| sides(&format!("< 220 a\n> EHLO x\n< 250-a\n{offer}"));
    let plain = of("< 250-SIZE 100\n< 250 STARTTLS");
    for other in ["< 250-SIZE  100\n< 250 STARTTLS", "< 250-size 100\n< 250 STARTTLS", "< 250-STARTTLS\n< 250 SIZE 100"]
    {
        let other = of(other);
        let found = differences(&plain[1], &other[1]);
        assert!(matches!(found[..], [Difference::Text(..)]) && found[0].is_drift(), "{found:?}");
    }
    assert!(differences(&plain[1], &of("< 250-SIZE 100\n< 250 STARTTLS")[1]).is_empty());
    let other = of("< 250-size 200\n< 250 STARTTLS");
    assert!(matches!(differences(&plain[1], &other[1])[..], [Difference::Offer(..)]));
}
