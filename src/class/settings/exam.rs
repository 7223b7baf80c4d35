//! The exam that a class may be, and what of it can be changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::certificate::counted;
use super::{ClassError, EXAM, Kept, Wish};

/// An exam.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exam {
    /// How long, from the moment of joining.
    pub minutes: u32,
    /// Minutes more for some, by name.
    #[serde(default)]
    pub extra: BTreeMap<String, u32>,
    /// Since when it is one, where it was a class before: nobody's time begins earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What was right is shown to the students once the time of all who have joined is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_answers: bool,
}

impl Exam {
    /// How long it lasts, and what is shown after it, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{} from the moment of joining", counted(self.minutes as usize, "minute"));
        for (name, more) in &self.extra {
            let _ = write!(words, ", {name} {more} more");
        }
        if self.show_answers {
            words.push_str("; what was right is shown once the time of all who have joined is over");
        }
        words
    }

    /// What is wrong with it; nothing where it can be held.
    pub(super) fn misfit(&self) -> Option<String> {
        let (least, most) = (EXAM.start(), EXAM.end());
        let fits = EXAM.contains(&self.minutes) && self.extra.values().all(|more| more <= most);
        (!fits).then(|| format!("an exam lasts {least} to {most} minutes, and {most} more at most for one student"))
    }
}

/// What a class that was held before is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// An exam: no hints, a time limit.
    Exam,
    /// A class in which one learns.
    Class,
}

impl Kept {
    /// Makes it the exam that is wished, or none; gives what is changed, in words. One that is `known` becomes another kind
    /// of class by an explicit word alone: for whoever has joined it is another thing.
    pub(super) fn examine(
        &mut self,
        name: &str,
        wish: &Wish,
        known: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, ClassError> {
        let refused = |words: &str| Err(ClassError::Words(words.to_owned()));
        let more = !wish.extra.is_empty() || wish.show_answers;
        match (&wish.exam, wish.turn) {
            (Some(_), Some(Turn::Class)) => refused("--turn class and --exam contradict each other"),
            (None, Some(Turn::Exam)) => refused("--turn exam needs --exam --minutes N"),
            (None, turn) if more && (self.exam.is_none() || turn.is_some()) => {
                refused("--extra and --show-answers are words of an exam: add --exam --minutes N")
            }
            (Some(_), None) if known && self.exam.is_none() => Err(ClassError::Words(format!(
                "{name} is a class and no exam; nothing was changed. To make it one, for whoever has joined too, add --turn \
                 exam; to hold an exam beside it take another name"
            ))),
            (Some(exam), _) => self.hold_exam(exam, wish, known, now),
            (None, Some(Turn::Class)) => {
                let was = self.exam.take().is_some();
                let words = "the class is no exam any more: hints are given, and no time runs";
                Ok(was.then(|| words.to_owned()).into_iter().collect())
            }
            (None, None) => match self.exam.clone().filter(|_| more) {
                Some(exam) => self.hold_exam(&exam, wish, known, now),
                None => Ok(Vec::new()),
            },
        }
    }

    /// Makes it this exam. What was given to anybody before stays theirs.
    fn hold_exam(&mut self, exam: &Exam, wish: &Wish, known: bool, now: Timestamp) -> Result<Vec<String>, ClassError> {
        let before = self.exam.take();
        let since = match &before {
            Some(before) => before.since.clone(),
            None => known.then(|| format!("{now:.3}")),
        };
        let mut extra = before.as_ref().map(|before| before.extra.clone()).unwrap_or_default();
        for (name, minutes) in exam.extra.iter().chain(&wish.extra) {
            extra.retain(|known, _| known.to_lowercase() != name.to_lowercase());
            if *minutes > 0 {
                extra.insert(name.clone(), *minutes);
            }
        }
        let shown = exam.show_answers || wish.show_answers || before.as_ref().is_some_and(|before| before.show_answers);
        let exam = Exam { minutes: exam.minutes, extra, since, show_answers: shown };
        if let Some(words) = exam.misfit() {
            return Err(ClassError::Words(words));
        }
        let change = match &before {
            _ if !known => None,
            None => Some(format!("the class is an exam from now on: {}", exam.words())),
            Some(before) => {
                (*before != exam).then(|| format!("the exam lasts {} (before: {})", exam.words(), before.words()))
            }
        };
        self.exam = Some(exam);
        Ok(change.into_iter().collect())
    }
}
