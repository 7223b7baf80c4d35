use proptest::prelude::*;

use super::super::event::{Event, Line, Micros, Remark};
use super::*;

fn items(text: &str) -> Vec<Item> {
    text.split_whitespace().map(|word| Item { kind: word[..1].to_owned(), text: word.to_owned() }).collect()
}

#[test]
fn a_line_that_one_has_does_not_shift_the_rest() {
    let pairs = align(&items("e m r d q"), &items("e s e m r d q"));
    assert_eq!(pairs.iter().filter(|p| matches!(p, Pair::Both(..))).count(), 5);
    assert_eq!(pairs.last(), Some(&Pair::Both(4, 6)));
}

#[test]
fn the_same_verb_with_another_argument_stands_beside() {
    assert_eq!(align(&items("m1 r1 r2"), &items("m1 r3")), [Pair::Both(0, 0), Pair::Both(1, 1), Pair::Left(2)]);
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
    let same = |text: &str| text.to_owned();
    for (a, b) in [
        ("> MAIL FROM:<a\tb@x>\n< 250 ok", "> MAIL FROM:<a\\tb@x>\n< 250 ok"),
        ("> NOOP\n< 250 o\tk", "> NOOP\n< 250 o\\tk"),
    ] {
        let found = of(a)[1].differences(&of(b)[1], &same);
        let [Difference::Command(x, y) | Difference::Text(x, y)] = &found[..] else { panic!("{found:?}") };
        assert_ne!(x, y);
    }
}

#[test]
fn another_name_in_the_greeting_is_no_failure_and_no_silence() {
    let [a, b] = ["good.example", "evil.example"].map(|name| sides(&format!("< 220 mx\n> EHLO {name}\n< 250 mx")));
    let masked = |_: &str| "masked".to_owned();
    let found = a[1].differences(&b[1], &masked);
    assert!(matches!(&found[..], [Difference::Name(..)]) && found[0].is_drift(), "{found:?}");
    assert_eq!(a[1].differences(&a[1], &masked), []);
}

#[test]
fn differences_are_told_apart() {
    let a = sides("< 220 a\n> EHLO x\n< 250-a\n< 250-SIZE 10\n< 250 STARTTLS\n> RCPT TO:<a@b>\n< 250 2.1.5 ok");
    let b = sides("< 220 b\n> EHLO x\n< 250-b\n< 250 SIZE 20\n> RCPT TO:<a@b>\n< 550 5.1.1 no");
    let differ = |n: usize| a[n].differences(&b[n], &|text: &str| text.to_owned());
    assert_eq!(differ(0), [Difference::Text("a".into(), "b".into())]);
    assert_eq!(
        differ(1),
        [Difference::Offer("SIZE 10".into(), "SIZE 20".into()), Difference::OfferedLeft("STARTTLS".into())]
    );
    let words: Vec<_> = differ(2).iter().map(Difference::word).collect();
    assert_eq!(words, ["code", "enhanced", "text"]);
}

proptest! {
    #[test]
    fn a_list_beside_itself_is_equal(a in "([a-d][0-2] ){0,12}") {
        let a = items(&a);
        prop_assert!(align(&a, &a).iter().all(|pair| matches!(pair, Pair::Both(x, y) if x == y)));
    }

    #[test]
    fn the_other_way_round_is_the_mirror(a in "([a-c][0-2] ){0,10}", b in "([a-c][0-2] ){0,10}") {
        let (a, b) = (items(&a), items(&b));
        let mirrored: Vec<_> = align(&b, &a).into_iter().map(Pair::mirrored).collect();
        prop_assert_eq!(align(&a, &b), mirrored);
    }

    #[test]
    fn everything_stands_somewhere_in_order(a in "([a-c][0-2] ){0,10}", b in "([a-c][0-2] ){0,10}") {
        let (a, b) = (items(&a), items(&b));
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
        let found = plain[1].differences(&other[1], &str::to_owned);
        assert!(matches!(found[..], [Difference::Text(..)]) && found[0].is_drift(), "{found:?}");
    }
    assert!(plain[1].differences(&of("< 250-SIZE 100\n< 250 STARTTLS")[1], &str::to_owned).is_empty());
    let other = of("< 250-size 200\n< 250 STARTTLS");
    assert!(matches!(plain[1].differences(&other[1], &str::to_owned)[..], [Difference::Offer(..)]));
}
