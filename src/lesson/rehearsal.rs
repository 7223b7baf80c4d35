//! Reference solutions, wrong ways and examples of mistakes, made ready to be played and judged.
//!
//! Who plays them against the lab is `cli`; what was played comes back as the lab's logs.

use std::sync::Arc;

use crate::conversation::{Log, Micros};

use super::attempt::{Attempt, Happening};
use super::fact::{Fact, Watcher, What};
use super::file::Lesson;
use crate::lab::scenario::{Place, Step as On, nth};

/// What a script is there to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The reference solution: it ticks all steps, and no mistake is said.
    Solution,
    /// A wrong way, from 0.
    Wrong(usize),
    /// The example of a mistake: step and mistake, from 0.
    Example(usize, usize),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Solution => f.write_str("solution"),
            Self::Wrong(n) => write!(f, "wrong way {}", n + 1),
            Self::Example(step, mistake) => write!(f, "example of step {} mistake {}", step + 1, mistake + 1),
        }
    }
}

/// A script that is to be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What it is there to show.
    pub part: Part,
    /// The script, its findings taken out; lines keep their numbers.
    pub script: String,
    /// Findings, each with how many exchanges come before it.
    answers: Vec<(usize, String)>,
}

/// What came of one that was played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Steps that ticked.
    pub ticked: usize,
    /// Mistakes that were said: step and mistake, from 0, in order.
    pub said: Vec<(usize, usize)>,
    /// The step, from 0, for which something happened that must not.
    pub spoilt: Option<usize>,
    /// How much of the open step's goal was reached, where that has parts.
    pub parts: Option<(usize, usize)>,
}

impl Rehearsal {
    /// All that a lesson has to show.
    #[must_use]
    pub fn all(lesson: &Lesson) -> Vec<Self> {
        let solution = lesson.solution.iter().map(|solution| Self::new(Part::Solution, &solution.script));
        let wrong = lesson.wrong_ways.iter().enumerate().map(|(n, wrong)| Self::new(Part::Wrong(n), &wrong.script));
        let examples = lesson.steps.iter().enumerate().flat_map(|(s, step)| {
            let example = move |(m, mistake): (usize, &super::file::Mistake)| {
                Some(Self::new(Part::Example(s, m), mistake.example.as_deref()?))
            };
            step.mistakes.iter().enumerate().filter_map(example)
        });
        solution.chain(wrong).chain(examples).collect()
    }

    /// A script made ready: a line `* answer "TEXT"` is what the learner types as a finding, and goes to no server.
    #[must_use]
    pub fn new(part: Part, script: &str) -> Self {
        // The greeting is the first exchange.
        let mut exchanges = 1;
        let mut answers = Vec::new();
        let mut kept = String::new();
        for line in script.lines() {
            let record = line.trim_start();
            if let Some(text) = record.strip_prefix("* answer ") {
                let remark = crate::conversation::event::Remark::parse(&format!("answer {text}"));
                // Without quotes it is the rest of the line.
                let quoted = text.trim_start().starts_with('"');
                let found = if quoted { remark.bare(0).unwrap_or(text) } else { text.trim() };
                answers.push((exchanges, found.to_owned()));
                kept.push_str("# a finding\n");
                continue;
            }
            // A reply that need not come is to a line that only the server takes for one: a smuggled command.
            let smuggled = record.starts_with("< ") && record.ends_with(" ?");
            if record.starts_with('>') || record == "* reconnect" || smuggled {
                exchanges += 1;
            }
            kept.push_str(line);
            kept.push('\n');
        }
        Self { part, script: kept, answers }
    }

    /// Judges what was played. `sessions` are the lab's: number, when it began by a clock that all share, log. Only so
    /// many exchanges count, without what the player added of its own at the end.
    #[must_use]
    pub fn judge(&self, lesson: &Arc<Lesson>, sessions: &[(u64, Micros, Log)], exchanges: usize) -> Judged {
        let mut watcher = Watcher::default();
        for (number, began, log) in sessions {
            watcher.observe(*number, *began, log);
        }
        let mut attempt = Attempt::new(Arc::clone(lesson));
        let mut judged = Judged::default();
        let mut take = |happened: Vec<Happening>| {
            for one in happened {
                match one {
                    Happening::Mistaken { step, mistake } => judged.said.push((step, mistake)),
                    Happening::Spoilt(step) => judged.spoilt = Some(step),
                    Happening::Ticked(_) | Happening::WrongAnswer(_) => {}
                }
            }
        };
        let mut answers = self.answers.iter().peekable();
        let mut done = 0;
        for fact in watcher.facts() {
            if asks(fact) {
                while let Some((_, text)) = answers.next_if(|(before, _)| *before <= done) {
                    take(attempt.answer(text));
                }
                done += 1;
                if done > exchanges {
                    break;
                }
            }
            take(attempt.take([fact.clone()]));
        }
        answers.for_each(|(_, text)| take(attempt.answer(text)));
        (judged.ticked, judged.parts) = (attempt.ticked(), attempt.count());
        judged
    }

    /// What is wrong with a judgement, in words, and of which part of the lesson that is a matter; nothing where it is as
    /// the lesson says.
    #[must_use]
    pub(crate) fn misjudged(&self, lesson: &Lesson, judged: &Judged) -> Vec<(Place, String)> {
        let named = |(step, mistake): (usize, usize)| format!("step {} mistake {}", step + 1, mistake + 1);
        let said = || judged.said.iter().map(|one| named(*one)).collect::<Vec<_>>().join(", ");
        let mut wrong = Vec::new();
        match self.part {
            Part::Solution => {
                let steps = lesson.steps.len();
                if judged.ticked != steps {
                    let what =
                        format!("it ticks {} of {}: {}", judged.ticked, counted(steps), judged.unreached(lesson));
                    wrong.push((nth("step", judged.ticked, "goal"), what));
                }
                if !judged.said.is_empty() {
                    wrong.push((vec![On::Key("solution")], format!("it is told of {}", said())));
                }
                if let Some(step) = judged.spoilt {
                    wrong.push((nth("step", step, "goal"), "it does what must never be done".to_owned()));
                }
            }
            Part::Wrong(n) => {
                let Some(way) = lesson.wrong_ways.get(n) else { return wrong };
                if judged.ticked != way.reaches {
                    let why = match judged.ticked.checked_sub(1) {
                        Some(last) if judged.ticked > way.reaches => {
                            format!(
                                "{} is reached too: its goal asks too little, or `reaches` is more",
                                titled(lesson, last)
                            )
                        }
                        _ => judged.unreached(lesson),
                    };
                    let ticks = counted(judged.ticked);
                    let what = format!("it ticks {ticks}, and `reaches` says {}: {why}", way.reaches);
                    wrong.push((nth("wrong", n, "reaches"), what));
                }
                match way.feedback.map(|(step, mistake)| (step - 1, mistake - 1)) {
                    Some(want) if !judged.said.contains(&want) => {
                        let instead = if judged.said.is_empty() { "nothing".to_owned() } else { said() };
                        let what = format!("{} is not said, but {instead}", named(want));
                        wrong.push((nth("wrong", n, "feedback"), what));
                    }
                    None if !judged.said.is_empty() => {
                        wrong.push((nth("wrong", n, "reaches"), format!("{} is said, and no `feedback`", said())));
                    }
                    _ => {}
                }
            }
            Part::Example(step, mistake) => {
                if !judged.said.contains(&(step, mistake)) {
                    let place =
                        vec![On::Key("step"), On::Index(step), On::Key("mistake"), On::Index(mistake), On::Key("when")];
                    wrong.push((place, format!("{} is not said", named((step, mistake)))));
                }
            }
        }
        wrong
    }
}

impl Judged {
    /// The step at which it stays, and how much of its goal is reached.
    fn unreached(&self, lesson: &Lesson) -> String {
        let parts =
            self.parts.map(|(have, of)| format!(", {have} of the {of} parts of its goal are")).unwrap_or_default();
        format!("{} is not reached{parts}", titled(lesson, self.ticked))
    }
}

/// A step, from 0, by its number and its text.
fn titled(lesson: &Lesson, step: usize) -> String {
    let text = lesson.steps.get(step).map(|step| format!(" (“{}”)", step.text)).unwrap_or_default();
    format!("step {}{text}", step + 1)
}

/// So many steps.
fn counted(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

/// Whether a fact is an exchange of the client's: the greeting, or a line and the first reply to it.
fn asks(fact: &Fact) -> bool {
    matches!(&fact.what, What::Asked(asked) if !asked.verb.is_empty() && asked.first)
}
