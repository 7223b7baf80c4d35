//! Replies that say nothing, for learning: words that refusals of every kind have in them, alone and a few together. Without
//! them a short reply of such a word would be taken for what most of the long ones that have it are.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::{Asked, normalise};
use crate::smtp::{LineEnd, Reply, ReplyLine};

use super::super::phrases::Phrase;

/// Replies that have to have a word.
const LEAST: usize = 10;

/// The most of a hundred of them that may be of one category, for a word that says nothing by itself.
const BROAD: usize = 50;

/// Codes that come with anything.
const CODES: [&str; 8] = ["550", "554", "451", "550 5.7.1", "421", "450 4.7.1", "554 5.7.1", "550 5.0.0"];

/// What such replies answer.
const ASKED: [&str; 5] = ["-", "RCPT", "MAIL", "end-of-data", "connect"];

/// Such replies, the same each time.
pub(super) fn chaff(told: &[Phrase]) -> Vec<Phrase> {
    let words = broad(told);
    let (mut all, mut step) = (Vec::new(), 1);
    let mut take = |most: usize| {
        // Numbers without a pattern among neighbours (Knuth, section 3.2.1), the same each time.
        step = u64::wrapping_mul(step, 6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(step >> 33).unwrap_or_default() % most
    };
    for (n, word) in words.iter().enumerate() {
        for others in 0..4 {
            let others: Vec<&str> = (0..others).map(|_| words[take(words.len())].as_str()).collect();
            let at = take(others.len() + 1);
            let mut sentence = others;
            sentence.insert(at, word);
            let text = format!("{} {}", CODES[take(CODES.len())], sentence.join(" "));
            all.push(("unknown".to_owned(), Asked::from_name(ASKED[n % ASKED.len()]), text));
        }
    }
    all
}

/// The words that are in refusals of many categories.
fn broad(told: &[Phrase]) -> Vec<String> {
    let mut counts = BTreeMap::<String, BTreeMap<&str, usize>>::new();
    let mut seen = BTreeSet::new();
    for (category, _, text) in told {
        let mut reply = Reply::default();
        reply.push(ReplyLine::parse(text.clone().into_bytes(), LineEnd::CrLf));
        let normal = normalise(&reply.text());
        if seen.insert(normal.clone()) {
            for word in super::words(&normal).into_iter().collect::<BTreeSet<_>>() {
                *counts.entry(word).or_default().entry(category).or_default() += 1;
            }
        }
    }
    let says_nothing = |by: &BTreeMap<&str, usize>| {
        let (all, most) = (by.values().sum::<usize>(), by.values().copied().max().unwrap_or_default());
        all >= LEAST && most * 100 < all * BROAD
    };
    counts.retain(|word, by| word.chars().all(char::is_alphabetic) && says_nothing(by));
    counts.into_keys().collect()
}
