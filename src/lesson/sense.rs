//! What of a lesson does not go together, although each of its values can be read: with the way to its place.

use super::file::{Lesson, Question, Step, Why, WrongWay};
use crate::lab::scenario::{Place, Step as On, nth};
use crate::smtp::verb;

/// Levels that there are.
const LEVELS: std::ops::RangeInclusive<u8> = 1..=9;

/// All of it, in the order of a lesson's parts.
pub(super) fn sense(lesson: &Lesson) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    if lesson.minutes == Some(0) {
        let what = "`minutes` is 0; a lesson takes some, or leaves the key out";
        found.push((vec![On::Key("minutes")], what.to_owned()));
    }
    if !LEVELS.contains(&lesson.level) {
        let what = format!("`level` is {}; it goes from {} to {}", lesson.level, LEVELS.start(), LEVELS.end());
        found.push((vec![On::Key("level")], what));
    }
    if lesson.steps.is_empty() {
        found.push((vec![On::Key("step")], "a lesson has at least one [[step]]".to_owned()));
    }
    lesson.steps.iter().enumerate().for_each(|(n, one)| step(n, one, &mut found));
    lesson.questions.iter().enumerate().for_each(|(n, one)| question(n, one, &mut found));
    lesson.wrong_ways.iter().enumerate().for_each(|(n, one)| wrong_way(n, one, &lesson.steps, &mut found));
    found
}

fn step(n: usize, step: &Step, found: &mut Vec<(Place, String)>) {
    if step.hints.iter().any(|hint| hint.trim().is_empty()) {
        found.push((nth("step", n, "hints"), "one of its hints is empty".to_owned()));
    }
    let of_no_verb = |line: &&String| !verb::is_known(line.split(' ').next().unwrap_or_default());
    if let Some(line) = step.offers.iter().flatten().find(of_no_verb) {
        let what = format!("{line:?} of `offers` begins with no command; write a verb, or a line as it is to be sent");
        found.push((nth("step", n, "offers"), what));
    }
    if step.tries.is_some() && !step.wants_answer() {
        found.push((nth("step", n, "tries"), "`tries` belongs to a step whose goal has an `answer`".to_owned()));
    }
}

fn question(n: usize, question: &Question, found: &mut Vec<(Place, String)>) {
    let count = question.answers.len();
    if count < 2 {
        found.push((nth("quiz", n, "answers"), "a question has two answers or more".to_owned()));
        return;
    }
    if question.right >= count {
        let what = format!("`right` is {}, and there are {count} answers; it counts from 0", question.right);
        found.push((nth("quiz", n, "right"), what));
    }
    if let Why::Each(texts) = &question.why
        && texts.len() != count
    {
        found.push((nth("quiz", n, "why"), format!("`why` has {} texts for {count} answers", texts.len())));
    }
}

fn wrong_way(n: usize, way: &WrongWay, steps: &[Step], found: &mut Vec<(Place, String)>) {
    if way.reaches > steps.len() {
        found.push((nth("wrong", n, "reaches"), format!("`reaches` is more than the {} steps", steps.len())));
    }
    if let Some((step, mistake)) = way.feedback {
        let known = step.checked_sub(1).and_then(|step| steps.get(step));
        if known.is_none_or(|known| mistake == 0 || mistake > known.mistakes.len()) {
            found.push((nth("wrong", n, "feedback"), format!("there is no step {step} mistake {mistake}")));
        }
    }
}
