//! How evidence is read and weighed; and the learning of it, which writes `assets/evidence.tsv` from the corpus and from the
//! examples of all entries: a logistic regression over the signs of a reply, by stochastic gradient descent.

use std::fmt::Write as _;

use crate::decode::{Knowledge, normalise};
use crate::smtp::{Class, LineEnd, Reply, ReplyLine};

use super::*;

/// How often all of it is gone through.
const ROUNDS: usize = 10;

/// How fast the weights follow at first.
const PACE: f32 = 6.0;

/// Weights below this are left out.
const LEAST: f32 = 0.5;

/// A labelled reply: its signs, and its category as an index.
type Row = (Vec<String>, usize);

#[test]
#[ignore = "writes assets/evidence.tsv; to be run by hand after the corpus or the entries changed"]
fn learns_the_evidence_anew() {
    let mut categories: Vec<String> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for (category, asked, text) in labelled() {
        let index = categories.iter().position(|it| *it == category).unwrap_or_else(|| {
            categories.push(category);
            categories.len() - 1
        });
        let mut reply = Reply::default();
        reply.push(ReplyLine::parse(text.into_bytes(), LineEnd::CrLf));
        let normal = normalise(&reply.text());
        let enhanced = reply.enhanced().or_else(|| crate::decode::explain::quoted_code(&normal));
        let class = reply.class();
        if matches!(class, Class::Success | Class::Intermediate) {
            continue;
        }
        let without = (signs(reply.code(), enhanced, &normal, None), index);
        rows.extend(asked.map(|_| (signs(reply.code(), enhanced, &normal, asked), index)));
        rows.push(without);
    }
    rows.sort();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/evidence.tsv");
    std::fs::write(path, learned(&categories, &rows)).expect("assets can be written");
}

/// Category, what was asked, and reply: all that people have said of a reply.
fn labelled() -> Vec<(String, Option<Asked>, String)> {
    let corpus = include_str!("../../../tests/corpus/replies.tsv").lines().skip(1).filter_map(|row| {
        let mut columns = row.splitn(3, '\t');
        let (category, asked) = (columns.next()?, columns.next()?);
        Some((category.to_owned(), Asked::from_name(asked), columns.next()?.to_owned()))
    });
    let knowledge = Knowledge::shipped();
    let examples = knowledge.book().replies().iter().flat_map(|entry| {
        let asked = entry.verb.as_ref().and_then(|verbs| Asked::from_name(verbs.iter().next()?));
        entry.examples.iter().map(move |text| (entry.category.clone(), asked, text.replace('\n', " ")))
    });
    // What the entries say themselves counts twice.
    corpus.chain(examples.clone()).chain(examples).collect()
}

/// The file.
fn learned(categories: &[String], rows: &[Row]) -> String {
    let mut frequency = HashMap::<&str, usize>::new();
    for name in rows.iter().flat_map(|(signs, _)| signs) {
        *frequency.entry(name).or_default() += 1;
    }
    let mut names: Vec<&str> = frequency.keys().copied().collect();
    names.sort_unstable();
    let rarity: Vec<f32> = names
        .iter()
        .map(|name| 1.0 + ((1.0 + number(rows.len())) / (1.0 + number(frequency[name]))).ln())
        .map(|rarity| (rarity * 100.0).round() / 100.0)
        .collect();
    let index: HashMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (*name, n)).collect();
    let points: Vec<(Vec<(usize, f32)>, usize)> = rows
        .iter()
        .map(|(signs, category)| {
            let at: Vec<usize> = signs.iter().map(|name| index[name.as_str()]).collect();
            let length = at.iter().map(|n| rarity[*n] * rarity[*n]).sum::<f32>().sqrt();
            (at.iter().map(|n| (*n, rarity[*n] / length)).collect(), *category)
        })
        .collect();
    let weights = descended(&points, names.len(), categories.len());
    let mut out = String::from(
        "# What words and codes of a refusal speak for: sign, rarity, category:weight in tenths. Learned; do not edit.\n\
         # After a change of tests/corpus/replies.tsv or of an entry: cargo test --lib -- --ignored learns_the_evidence\n",
    );
    writeln!(out, "{}", categories.join(" ")).expect("memory");
    for (n, name) in names.iter().enumerate() {
        let kept = weights[n].iter().enumerate().filter(|(_, weight)| weight.abs() >= LEAST);
        let kept: Vec<_> = kept.map(|(category, weight)| format!("{category}:{:.0}", weight * SCALE)).collect();
        if !kept.is_empty() {
            writeln!(out, "{name}\t{}\t{}", rarity[n], kept.join(" ")).expect("memory");
        }
    }
    out
}

/// A count, to reckon with.
fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// The weights of each sign for each category.
fn descended(points: &[(Vec<(usize, f32)>, usize)], signs: usize, categories: usize) -> Vec<Vec<f32>> {
    let mut weights = vec![vec![0.0_f32; categories]; signs];
    let mut order: Vec<usize> = (0..points.len()).collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..ROUNDS {
        // The same order each time the file is made.
        for n in (1..order.len()).rev() {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            order.swap(n, usize::try_from(seed % (n as u64 + 1)).expect("below the length"));
        }
        let pace = PACE * (1.05 - number(round) / number(ROUNDS));
        for (point, category) in order.iter().map(|n| &points[*n]) {
            let mut scores = vec![0.0_f32; categories];
            for (sign, value) in point {
                for (score, weight) in scores.iter_mut().zip(&weights[*sign]) {
                    *score += value * weight;
                }
            }
            let most = scores.iter().copied().fold(f32::MIN, f32::max);
            for score in &mut scores {
                *score = (*score - most).exp();
            }
            let all: f32 = scores.iter().sum();
            for score in &mut scores {
                *score /= all;
            }
            scores[*category] -= 1.0;
            for (sign, value) in point {
                for (score, weight) in scores.iter().zip(&mut weights[*sign]) {
                    *weight -= pace * value * score;
                }
            }
        }
    }
    weights
}

#[test]
fn names_and_numbers_are_one_word_each() {
    let text = "<_@_>: host mx1.target.example[192.0.2.1] said: 4711 wrong, see https://x.example/?a=1 (abc12d)";
    let want =
        ["adr", "host", "mx0", "target", "example", "0", "0", "0", "0", "said", "0", "wrong", "see", "url", "abc0d"];
    assert_eq!(words(text), want);
    assert_eq!(words("from 192.0.2.1 by (mx.target.example)."), ["from", "ipn", "by", "dom"]);
}

#[test]
fn words_are_weighed_together_and_told() {
    let text = "# a comment\nmailbox-full mailbox-unknown\nwquota\t2\t0:30\nwuser\t1\t1:20 0:-5\nC550\t1\t1:5\n";
    let evidence = Evidence::read(text);
    let code = ReplyCode::new(550);
    let verdict = evidence.verdict((code, None), "the quota of this user", None, ("", 0.0)).expect("known words");
    assert_eq!((verdict.category, verdict.words), ("mailbox-full", vec!["quota".to_owned()]));
    assert!(verdict.share > 0.5 && verdict.share < 1.0, "{}", verdict.share);
    let held = evidence.verdict((code, None), "the quota of this user", None, ("mailbox-unknown", 9.0));
    assert_eq!(held.map(|it| it.category), Some("mailbox-unknown"));
    assert_eq!(evidence.verdict((code, None), "nothing known", None, ("", 0.0)), None);
}

#[test]
fn what_is_shipped_can_be_read() {
    let evidence = shipped();
    assert!(evidence.signs.len() > 10_000, "{}", evidence.signs.len());
    for category in &evidence.categories {
        assert!(CATEGORIES.contains(category), "{category}");
    }
}
