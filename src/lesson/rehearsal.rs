//! Reference solutions, wrong ways and examples of mistakes, made ready to be played and judged.
//!
//! Who plays them against the lab is `cli`; what was played comes back as the lab's logs.

use std::sync::Arc;

use crate::conversation::{Log, Micros};

use super::attempt::{Attempt, Happening};
use super::fact::{Fact, Watcher, What};
use super::file::Lesson;

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
        judged.ticked = attempt.ticked();
        judged
    }

    /// What is wrong with a judgement, in words; nothing where it is as the lesson says.
    #[must_use]
    pub fn misjudged(&self, lesson: &Lesson, judged: &Judged) -> Vec<String> {
        let steps = lesson.steps.len();
        let named = |(step, mistake): (usize, usize)| format!("step {} mistake {}", step + 1, mistake + 1);
        let said = || judged.said.iter().map(|one| named(*one)).collect::<Vec<_>>().join(", ");
        let mut wrong = Vec::new();
        match self.part {
            Part::Solution => {
                if judged.ticked != steps {
                    let open = lesson.steps.get(judged.ticked);
                    let open = open.map_or_else(String::new, |step| format!(" (“{}”)", step.text));
                    let ticked = judged.ticked;
                    wrong.push(format!("it ticks {ticked} of {steps} steps: step {}{open} is not reached", ticked + 1));
                }
                if !judged.said.is_empty() {
                    wrong.push(format!("it is told of {}", said()));
                }
                if judged.spoilt.is_some() {
                    wrong.push("it does what must never be done".to_owned());
                }
            }
            Part::Wrong(n) => {
                let Some(way) = lesson.wrong_ways.get(n) else { return wrong };
                if judged.ticked != way.reaches {
                    wrong.push(format!("it ticks {} steps, and `reaches` says {}", judged.ticked, way.reaches));
                }
                match way.feedback.map(|(step, mistake)| (step - 1, mistake - 1)) {
                    Some(want) if !judged.said.contains(&want) => {
                        let instead = if judged.said.is_empty() { "nothing".to_owned() } else { said() };
                        wrong.push(format!("{} is not said, but {instead}", named(want)));
                    }
                    None if !judged.said.is_empty() => wrong.push(format!("{} is said, and no `feedback`", said())),
                    _ => {}
                }
            }
            Part::Example(step, mistake) => {
                if !judged.said.contains(&(step, mistake)) {
                    wrong.push(format!("{} is not said", named((step, mistake))));
                }
            }
        }
        wrong
    }
}

/// Whether a fact is an exchange of the client's: the greeting, or a line and the first reply to it.
fn asks(fact: &Fact) -> bool {
    matches!(&fact.what, What::Asked(asked) if !asked.verb.is_empty() && asked.first)
}
