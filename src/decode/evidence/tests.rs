//! How evidence is read and weighed; and the learning of it, which writes `assets/evidence.tsv` from the corpus and from the
//! examples of all entries: a logistic regression over the signs of a reply, by stochastic gradient descent.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::decode::{Context, Knowledge, normalise};
use crate::smtp::{Class, LineEnd, Reply, ReplyLine};

use super::*;

/// How many of the signs of a reply are left out each time it is gone through, so that no one of them is relied upon.
const DROPPED: f64 = 0.2;

/// How often all of it is gone through.
const ROUNDS: usize = 10;

/// How fast the weights follow at first.
const PACE: f32 = 6.0;

/// Weights below this are left out.
const LEAST: f32 = 0.5;

/// How many replies have to have a part of a word, each with and without the command that it answers.
const LEAST_PARTS: usize = 6;

mod chaff;

/// A labelled reply: its signs, and its category as an index.
type Row = (Vec<String>, usize);

#[test]
#[ignore = "writes assets/evidence.tsv; to be run by hand after the corpus or the entries changed"]
fn learns_the_evidence_anew() {
    let mut categories: Vec<String> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut told = labelled();
    told.extend(phrases::phrases(&file("tests/corpus/phrases.tsv")));
    told.extend(chaff::chaff(&told));
    for (category, asked, text) in told {
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
    std::fs::write(path("assets/evidence.tsv"), learned(&categories, &rows)).expect("assets can be written");
}

/// Where a file of the sources is: what is learned from is read as it is now, not as it was when the tests were built.
fn path(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
#[ignore = "measures the list that EHLO_LIST names: category, others that are defensible (a,b), command, reply"]
fn measures_a_list() {
    let rows = std::fs::read_to_string(std::env::var("EHLO_LIST").expect("EHLO_LIST names a file")).expect("a list");
    let (text, knowledge) = (file("assets/evidence.tsv"), Knowledge::shipped());
    let known = (knowledge.book(), &Evidence::read(&text));
    let mut counts = [0; 4];
    for row in rows.lines() {
        let columns: Vec<&str> = row.splitn(4, '\t').collect();
        let [want, others, asked, reply] = columns[..] else { panic!("four columns: {row}") };
        let context = Context { asked: Asked::from_name(asked), ..Context::default() };
        let mut whole = Reply::default();
        whole.push(ReplyLine::parse(reply.as_bytes().to_vec(), LineEnd::CrLf));
        let normal = normalise(&whole.text());
        let enhanced = whole.enhanced().or_else(|| crate::decode::explain::quoted_code(&normal));
        let codes = (whole.code(), enhanced);
        let (layers, got) = crate::decode::explain::understood(codes, whole.class(), &normal, &context, known);
        let how = match got.as_str() {
            got if got == want => 0,
            got if others.split(',').any(|other| other == got) => 1,
            "unknown" | "mailbox-ambiguous" => 2,
            _ => 3,
        };
        counts[how] += 1;
        if how > 0 {
            let by = match layers.text.filter(|_| layers.words.is_none()) {
                Some(entry) => format!("{} ({}): {}", entry.file, entry.rank, entry.pattern.as_ref()),
                None => if layers.words.is_some() { "words" } else { "codes" }.to_owned(),
            };
            println!("{}\t{got}\t{row}\t{by}", ["", "defensible", "open", "wrong"][how]);
        }
    }
    println!("right {}, defensible {}, left open {}, confidently wrong {}", counts[0], counts[1], counts[2], counts[3]);
}

/// Category, what was asked, and reply: all that people have said of a reply.
fn labelled() -> Vec<(String, Option<Asked>, String)> {
    let corpus = file("tests/corpus/replies.tsv") + &file("tests/corpus/written.tsv");
    let corpus = corpus.lines().filter(|row| !row.starts_with("category\t")).filter_map(|row| {
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
    // What a part of a word speaks for is learned of several replies, or not at all.
    let parts = |name: &&str| !is_of_parts(name) || frequency[name] >= LEAST_PARTS;
    let mut names: Vec<&str> = frequency.keys().copied().filter(parts).collect();
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
            let at: Vec<usize> = signs.iter().filter_map(|name| index.get(name.as_str()).copied()).collect();
            let length = at.iter().map(|n| rarity[*n] * rarity[*n]).sum::<f32>().sqrt().max(SHORTEST);
            (at.iter().map(|n| (*n, rarity[*n] / length)).collect(), *category)
        })
        .collect();
    let weights = descended(&points, names.len(), categories.len());
    let mut out = String::from(
        "# What words and codes of a refusal speak for: sign, rarity, category:weight in tenths. Learned; do not edit.\n\
         # After a change of tests/corpus/replies.tsv or of an entry: cargo test --lib -- --ignored learns_the_evidence\n",
    );
    writeln!(out, "{}", categories.join(" ")).expect("memory");
    writeln!(out, "{}", rarity.iter().copied().fold(0.0, f32::max)).expect("memory");
    for (n, name) in names.iter().enumerate() {
        let kept = weights[n].iter().enumerate().filter(|(_, weight)| weight.abs() >= LEAST);
        let kept: Vec<_> = kept.map(|(category, weight)| format!("{category}:{:.0}", weight * SCALE)).collect();
        // A word that speaks for nothing is known all the same.
        if !kept.is_empty() || name.starts_with('w') {
            writeln!(out, "{name}\t{}\t{}", rarity[n], kept.join(" ")).expect("memory");
        }
    }
    out
}

/// A count, to reckon with.
fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// Numbers as if by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// True so often.
    fn is(&mut self, share: f64) -> bool {
        f64::from(u32::try_from(self.next() >> 32).expect("32 bits")) < share * f64::from(u32::MAX)
    }
}

/// The weights of each sign for each category.
fn descended(points: &[(Vec<(usize, f32)>, usize)], signs: usize, categories: usize) -> Vec<Vec<f32>> {
    let mut weights = vec![vec![0.0_f32; categories]; signs];
    let mut order: Vec<usize> = (0..points.len()).collect();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for round in 0..ROUNDS {
        for n in (1..order.len()).rev() {
            order.swap(n, usize::try_from(chance.next() % (n as u64 + 1)).expect("below the length"));
        }
        let pace = PACE * (1.05 - number(round) / number(ROUNDS));
        for (point, category) in order.iter().map(|n| &points[*n]) {
            let point: Vec<(usize, f32)> = point.iter().filter(|_| !chance.is(DROPPED)).copied().collect();
            step(&mut weights, &point, *category, pace);
        }
    }
    weights
}

/// Changes the weights a little, so that what is right of one reply becomes likelier.
fn step(weights: &mut [Vec<f32>], point: &[(usize, f32)], category: usize, pace: f32) {
    let mut scores = vec![0.0_f32; weights.first().map_or(0, Vec::len)];
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
    scores[category] -= 1.0;
    for (sign, value) in point {
        for (score, weight) in scores.iter().zip(&mut weights[*sign]) {
            *weight -= pace * value * score;
        }
    }
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
    let text = "# a comment\nmailbox-full mailbox-unknown\n2\nC550\t1\t1:5\nwquota\t2\t0:30\nwuser\t1\t1:20 0:-5\n";
    let evidence = Evidence::read(text);
    let code = ReplyCode::new(550);
    let verdict =
        evidence.verdict((code, None), "the quota of this user", None, ("", 0.0), |_| true).expect("known words");
    assert_eq!((verdict.category, verdict.words), ("mailbox-full", vec!["quota".to_owned()]));
    assert!(verdict.share > 0.5 && verdict.share < 1.0, "{}", verdict.share);
    let held = evidence.verdict((code, None), "the quota of this user", None, ("mailbox-unknown", 9.0), |_| true);
    assert_eq!(held.map(|it| it.category), Some("mailbox-unknown"));
    assert_eq!(evidence.verdict((code, None), "nothing known", None, ("", 0.0), |_| true), None);
}

#[test]
fn what_is_shipped_can_be_read() {
    let evidence = shipped();
    let names: Vec<&str> = evidence.signs.lines().filter_map(|line| line.split('\t').next()).collect();
    assert!(names.len() > 10_000 && names.is_sorted(), "{}", names.len());
    assert!(
        names.iter().step_by(97).all(|name| evidence.sign(name).is_some_and(|sign| sign.rarity <= evidence.rarest))
    );
    assert_eq!((evidence.sign("C"), evidence.sign("\u{ffff}"), evidence.sign("")), (None, None, None));
    for category in &evidence.categories {
        assert!(CATEGORIES.contains(category), "{category}");
    }
}
