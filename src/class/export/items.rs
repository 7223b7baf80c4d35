//! `items.csv`: how each step went for the class; that is what betters a course.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sheet::row;
use super::{Outcome, Results};
use crate::class::Class;

/// The whole sheet.
pub(super) fn items(class: &Class, results: &Results) -> String {
    let head = [
        "lesson",
        "step",
        "began",
        "ticked",
        "share",
        "median seconds",
        "commonest mistake",
        "how often",
        "attempts",
        "hints",
    ];
    let mut sheet = row(&head.map(str::to_owned));
    for taught in &class.settings.lessons {
        let lesson = &taught.lesson;
        let of: Vec<&Outcome> = results.results.iter().filter(|one| one.lesson == lesson.name).collect();
        for step in 0..lesson.steps.len() {
            let ticked = of.iter().filter(|one| one.done > step).count();
            // A step is begun once the one before it is done, the first one by doing anything.
            let began = of.iter().filter(|one| one.done >= step && (step > 0 || is_begun(one))).count();
            let share = (ticked * 100).checked_div(began).map_or_else(String::new, |share| format!("{share}%"));
            let mut times: Vec<i64> = of.iter().filter_map(|one| seconds(one, step)).collect();
            times.sort_unstable();
            // What went wrong, and what helped, is told of every attempt: a fresh start undoes none of it.
            let others = of.iter().flat_map(|one| &one.others);
            let mut said: BTreeMap<&str, usize> = BTreeMap::new();
            let mistakes = of.iter().flat_map(|one| &one.mistakes);
            for (_, at, words) in mistakes.chain(others.clone().flat_map(|one| &one.mistakes)) {
                if *at == step + 1 {
                    *said.entry(words).or_default() += 1;
                }
            }
            let hints = of.iter().flat_map(|one| &one.hints).chain(others.clone().flat_map(|one| &one.hints));
            let hints = hints.filter(|(_, at, _)| *at == step + 1).count();
            let attempts = began + others.filter(|one| one.done >= step).count();
            let commonest = said.into_iter().max_by_key(|(_, count)| *count);
            sheet.push_str(&row(&[
                lesson.name.clone(),
                (step + 1).to_string(),
                began.to_string(),
                ticked.to_string(),
                share,
                times.get(times.len() / 2).map_or_else(String::new, i64::to_string),
                commonest.map_or_else(String::new, |(words, _)| words.to_owned()),
                commonest.map_or_else(String::new, |(_, count)| count.to_string()),
                attempts.to_string(),
                hints.to_string(),
            ]));
        }
    }
    sheet
}

fn is_begun(one: &Outcome) -> bool {
    let told = !one.hints.is_empty() || !one.mistakes.is_empty() || !one.wrong.is_empty();
    one.done > 0 || one.active > 0 || told
}

/// How long a step took.
fn seconds(outcome: &Outcome, step: usize) -> Option<i64> {
    let end: Timestamp = outcome.ticks.get(step)?.parse().ok()?;
    let began = if step == 0 { &outcome.started } else { outcome.ticks.get(step - 1)? };
    let began: Timestamp = began.parse().ok()?;
    Some(end.as_second() - began.as_second())
}
