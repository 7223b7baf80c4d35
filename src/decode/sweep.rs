//! Whatever is at fault, whatever is said of it, whatever the codes: what cannot be meant at a moment is not said then.

use std::collections::BTreeMap;

use crate::smtp::{LineEnd, Reply, ReplyLine, Verb};

use super::evidence::phrases::phrases;
use super::{Asked, CATEGORIES, Context, Knowledge, Spoke, explain_reply, fitting};

/// The moments at which servers refuse.
const MOMENTS: [Asked; 7] = [
    Asked::Connect,
    Asked::Verb(Verb::Ehlo),
    Asked::Verb(Verb::Starttls),
    Asked::Verb(Verb::Auth),
    Asked::Verb(Verb::Mail),
    Asked::Verb(Verb::Rcpt),
    Asked::EndOfData,
];

/// Some sentences of each category, without their codes.
fn sentences() -> Vec<(String, String)> {
    let mut some = BTreeMap::<String, Vec<String>>::new();
    for (category, _, reply) in phrases(include_str!("../../tests/corpus/phrases.tsv")) {
        let words = reply.split(' ').skip_while(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        some.entry(category).or_default().push(words.collect::<Vec<_>>().join(" "));
    }
    let spread = |(category, all): (String, Vec<String>)| {
        let step = (all.len() / 5).max(1);
        all.into_iter().step_by(step).map(move |words| (category.clone(), words)).collect::<Vec<_>>()
    };
    some.into_iter().flat_map(spread).collect()
}

#[test]
fn what_cannot_be_meant_at_a_moment_is_not_said() {
    let knowledge = Knowledge::shipped();
    let mut wrong = Vec::new();
    let mut table = BTreeMap::<(&str, String, String), usize>::new();
    for (n, (category, words)) in sentences().iter().enumerate() {
        for asked in MOMENTS {
            let codes =
                [["550 5.7.1", "450 4.1.1"], ["554 5.1.1", "421"], ["550", "451 4.7.0"], ["550 5.2.2", "535 5.7.8"]];
            let line = format!("{} {words}", codes[n % 4][n / 4 % 2]);
            let mut reply = Reply::default();
            reply.push(ReplyLine::parse(line.clone().into_bytes(), LineEnd::CrLf));
            let context =
                Context { asked: Some(asked), tls: Some(true), authenticated: Some(false), ..Context::default() };
            let e = explain_reply(&reply, &context, &knowledge);
            let exact = e.layers.iter().any(|layer| layer.by == Spoke::Text && layer.decides);
            if !fitting::fits(&e.category, &context) && !exact {
                wrong.push(format!("{line} to {}: {}", asked.name(), e.category));
            }
            *table.entry((asked.name(), category.clone(), e.category)).or_default() += 1;
        }
    }
    for ((asked, said, got), count) in &table {
        println!("{asked:12} {said:22} {got:22} {count}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One cell for each absurdity that somebody may meet.
#[test]
fn a_moment_rules_out_what_comes_later_or_is_done_already() {
    let knowledge = Knowledge::shipped();
    let secure = Context { tls: Some(true), authenticated: Some(false), ..Context::default() };
    let mail = Asked::Verb(Verb::Mail);
    for (line, asked, never) in [
        ("554 5.1.1 User unknown", Asked::Connect, "mailbox-unknown"),
        ("550 mailbox full", Asked::Connect, "mailbox-full"),
        ("450 4.1.1 unknown user", mail, "mailbox-unknown"),
        ("550 5.2.1 account disabled", mail, "mailbox-disabled"),
        ("550 this server wants encryption", mail, "tls-required"),
        ("550 authentication failed", mail, "auth-failed"),
        ("535 5.7.8 user unknown", Asked::Verb(Verb::Auth), "mailbox-unknown"),
        ("554 message is spam", Asked::Connect, "spam"),
    ] {
        let mut reply = Reply::default();
        reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        let e = explain_reply(&reply, &Context { asked: Some(asked), ..secure.clone() }, &knowledge);
        assert_ne!(e.category, never, "{line} to {}", asked.name());
        assert!(CATEGORIES.contains(&e.category.as_str()) && !e.causes.is_empty(), "{line}: {e:?}");
    }
}
