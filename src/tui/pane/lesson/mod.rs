//! The lesson pane: what is to be done, what has ticked, hints, mistakes answered, the quiz and the finish.
//!
//! It looks at the lab's record alone, which comes as [`Seen`]; what was typed in this workbench is nothing to it.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::class::attend::Down;
use crate::conversation::dialogue::Ask;
use crate::conversation::{Exchange, Log, Micros};
use crate::lesson::fact::{goes_on, is_unknown};
use crate::lesson::file::Step;
use crate::lesson::progress::{Left, Reached};
use crate::lesson::{Attempt, Goal, Happening, Lesson, Map, Quiz};
use crate::smtp::Verb;

mod finish;
mod row;
mod short;
mod view;

#[cfg(test)]
mod tests;

pub(in crate::tui) use view::{Spot, at, draw, mistake, reach};

/// A session of the lab's, as far as it has come.
#[derive(Debug)]
pub struct Seen {
    /// Its number.
    pub number: u64,
    /// When it began, by a clock that all sessions of the try share.
    pub began: Micros,
    /// What happened in it.
    pub log: Log,
}

/// How far a lesson has come in a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Come {
    /// Steps that have ticked.
    pub steps: usize,
    /// Hints of the open step that were taken.
    pub hints: usize,
    /// Hints of the steps before it.
    pub helped: usize,
    /// Wrong answers.
    pub wrong: u32,
    /// Its questions are answered.
    pub answered: bool,
    /// Something happened that must not: only a fresh start helps.
    pub spoilt: bool,
}

/// From where a lesson begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// From its first step.
    Anew,
    /// From where it was left.
    Left(Left),
    /// In a class, from how far it has come there.
    InClass(Come),
}

/// What the loop tells of lessons.
#[derive(Debug)]
pub enum LessonNews {
    /// A lesson begins: its lab is there.
    Begun {
        /// The lesson.
        lesson: Arc<Lesson>,
        /// Where any client reaches the lab.
        address: String,
        /// Decides the order of the quiz's answers.
        seed: u64,
        /// From where.
        begins: Begins,
    },
    /// Things happened in the lab's sessions.
    Seen(Vec<Seen>),
    /// A class says something.
    Class(Box<Down>),
    /// The class is over, or the way to it is.
    ClassOver,
    /// All lessons, and what was done of them.
    Map(Map),
}

/// Where in the lesson the learner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Steps are open.
    Steps,
    /// The quiz is.
    Quiz,
    /// All is done.
    Finish,
}

/// What was answered to something the learner did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A mistake of the lesson's: step and mistake.
    Mistake(usize, usize),
    /// What must not happen has happened.
    Spoilt,
    /// A finding was not the right one.
    WrongAnswer,
    /// A step after the open one would tick if its turn had come.
    Ahead,
    /// The open step is reached, but for what came before the step that it follows.
    Astride,
    /// A question is open, and a line went out that is no command: an answer, perhaps.
    ForTheQuestion,
    /// A message was taken, and the open step asks for something else.
    StillOpen,
}

/// A lesson that is being held.
#[derive(Debug)]
pub struct LessonPane {
    attempt: Attempt,
    quiz: Quiz,
    address: String,
    said: Option<Said>,
    /// How many exchanges the workbench had begun when it was said, in a class, which tells of none.
    said_at: usize,
    /// Whether what comes after that goes on after its message; not known before it comes.
    in_text: Option<bool>,
    /// What was said when that happened which must not.
    spoilt_by: Option<Said>,
    /// The answer of the quiz that is marked.
    marked: usize,
    /// Rows scrolled from where the lesson stands by itself, where it is shown whole.
    scroll: isize,
    /// It is judged by the class.
    in_class: bool,
    /// Hints that were taken and wrong answers that were given before it was opened here.
    before: (usize, u32),
    /// The open step waits for a line before its turn.
    too_early: bool,
}

impl LessonPane {
    /// A lesson that begins.
    #[must_use]
    pub fn new(lesson: Arc<Lesson>, address: String, seed: u64) -> Self {
        let quiz = Quiz::new(Arc::clone(&lesson), seed);
        let attempt = Attempt::new(lesson);
        let (before, in_class, too_early) = ((0, 0), false, false);
        let (said, said_at, in_text, spoilt_by, marked, scroll) = (None, 0, None, None, 0, 0);
        Self { attempt, quiz, address, said, said_at, in_text, spoilt_by, marked, scroll, in_class, before, too_early }
    }

    /// The same from where it was left.
    #[must_use]
    pub fn gone_on_with(self, left: Left) -> Self {
        self.from(left.steps, (left.hints, left.wrong))
    }

    /// The same with so many steps done, and hints and wrong answers before.
    fn from(mut self, steps: usize, before: (usize, u32)) -> Self {
        self.before = before;
        if let Some(last) = steps.checked_sub(1) {
            self.attempt.apply(&Happening::Ticked(last));
        }
        self
    }

    /// The same in a class, which judges it, from how far it has come there.
    #[must_use]
    pub fn in_class(mut self, come: &Come) -> Self {
        self.in_class = true;
        self = self.from(come.steps, (come.helped, come.wrong));
        for _ in 0..come.hints {
            self.attempt.hint();
        }
        if come.answered {
            self.quiz.settle();
        }
        if come.spoilt {
            self.attempt.apply(&Happening::Spoilt(come.steps));
        }
        self
    }

    /// Whether a class judges it.
    #[must_use]
    pub fn is_in_class(&self) -> bool {
        self.in_class
    }

    /// Takes in what the class has judged, after so many exchanges of the workbench's; whether a step has ticked.
    pub fn told(&mut self, happened: &[Happening], exchanges: usize) -> bool {
        for one in happened {
            self.attempt.apply(one);
        }
        if !happened.is_empty() {
            (self.said_at, self.in_text) = (exchanges, None);
        }
        self.say(happened, happened.is_empty())
    }

    /// In a class what was said goes with the next reply, as it does elsewhere by the lab's record.
    pub fn follow(&mut self, exchanges: &[Exchange]) {
        if !self.in_class || self.said.is_none() {
            return;
        }
        if self.said_at > exchanges.len() {
            // Another connection begins anew.
            (self.said_at, self.in_text) = (exchanges.len(), None);
        }
        let (before, since) = exchanges.split_at(self.said_at);
        let is_text = |it: &&Exchange| {
            it.ask == Ask::Command && it.verb == Verb::Other && (!it.complete() || it.code.is_some_and(is_unknown))
        };
        let Some(last) = since.iter().rposition(Exchange::complete) else { return };
        for next in &since[..=last] {
            let after_message = || goes_on(before.iter().rev(), is_text, |it| it.ask == Ask::EndOfData);
            if !is_text(&next) || !*self.in_text.get_or_insert_with(after_message) {
                self.said = None;
                return;
            }
            // What goes on may be long: what has passed is not looked at again.
            self.said_at += 1;
        }
    }

    /// Wrong answers that were given in the quiz.
    #[must_use]
    pub fn quiz_wrong(&self) -> u32 {
        self.quiz.wrong()
    }

    /// The lesson.
    #[must_use]
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.attempt.lesson
    }

    /// Whether all is done and answered, though the last answer may still be shown.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.attempt.open().is_none() && self.quiz.is_answered()
    }

    /// Where the learner is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.attempt.open() {
            Some(_) => Stage::Steps,
            None if self.quiz.is_done() => Stage::Finish,
            None => Stage::Quiz,
        }
    }

    /// Takes in what the lab has seen; whether a step has ticked.
    pub fn take(&mut self, seen: &[Seen]) -> bool {
        let (before, messages) = (self.attempt.exchanges(), self.attempt.messages());
        let (ahead, astride) = (self.attempt.ahead(), self.attempt.astride());
        let mut happened = Vec::new();
        for session in seen {
            happened.extend(self.attempt.observe(session.number, session.began, &session.log));
        }
        // What was said stays until the next exchange; of a mistake, until one that is not the rest of its text.
        let mistaken = matches!(self.said, Some(Said::Mistake(..)));
        let stays = self.attempt.exchanges() == before || mistaken && self.attempt.is_rest_of_text(before);
        let ticked = self.say(&happened, stays);
        self.too_early = self.attempt.wants_one_too_early();
        let silent = !ticked && self.said.is_none() && !self.attempt.is_spoilt() && self.stage() == Stage::Steps;
        if silent && self.attempt.ahead().is_some() && self.attempt.ahead() != ahead {
            self.said = Some(Said::Ahead);
        } else if silent && self.attempt.astride().is_some() && self.attempt.astride() != astride {
            self.said = Some(Said::Astride);
        } else if silent && self.attempt.messages() > messages && !self.wants_message() {
            self.said = Some(Said::StillOpen);
        } else if self.is_asking() && self.attempt.exchanges() > before && self.attempt.ends_in_no_command() {
            self.said = Some(Said::ForTheQuestion);
        }
        ticked
    }

    /// Whether the open step waits for a line before its turn, and for nothing else any more.
    #[must_use]
    pub fn wants_one_too_early(&self) -> bool {
        self.too_early
    }

    /// The open step.
    #[must_use]
    pub fn open_step(&self) -> Option<&Step> {
        self.attempt.open().and_then(|open| self.attempt.lesson.steps.get(open))
    }

    /// What the open step asks for.
    #[must_use]
    pub fn goal(&self) -> Option<&Goal> {
        self.open_step().map(|step| &step.goal)
    }

    /// Whether a question of the quiz waits for its answer.
    fn is_asking(&self) -> bool {
        self.stage() == Stage::Quiz && self.quiz.right().is_none()
    }

    /// Whether the open step is about a message.
    fn wants_message(&self) -> bool {
        self.goal().is_some_and(|goal| goal.verbs().contains(&Verb::Data))
    }

    /// Takes in what the learner has found; whether a step has ticked.
    pub fn find(&mut self, text: &str) -> bool {
        let happened = self.attempt.answer(text);
        self.say(&happened, false)
    }

    /// Whether the open step wants to know what was found.
    #[must_use]
    pub fn wants_finding(&self) -> bool {
        self.open_step().is_some_and(Step::wants_answer)
    }

    fn say(&mut self, happened: &[Happening], stays: bool) -> bool {
        let ticked = happened.iter().any(|one| matches!(one, Happening::Ticked(_)));
        let said = |wanted: fn(&Happening) -> Option<Said>| happened.iter().find_map(wanted);
        if let Some(at) = happened.iter().position(|one| matches!(one, Happening::Spoilt(_))) {
            // A mistake that is known says more than that something must not be.
            self.spoilt_by = happened[..at].iter().rev().find_map(|one| match one {
                Happening::Mistaken { step, mistake } => Some(Said::Mistake(*step, *mistake)),
                _ => None,
            });
        }
        // A mistake that is known says more than that an answer was wrong.
        let said = said(|one| match one {
            Happening::Mistaken { step, mistake } => Some(Said::Mistake(*step, *mistake)),
            Happening::Spoilt(_) => Some(Said::Spoilt),
            _ => None,
        })
        .or_else(|| said(|one| matches!(one, Happening::WrongAnswer(_)).then_some(Said::WrongAnswer)));
        self.said = if ticked || !stays { said } else { said.or(self.said.take()) };
        if ticked {
            self.scroll = 0;
        }
        ticked
    }

    /// The text that is shown now, and what it says beyond its steps.
    #[must_use]
    pub fn text(&self) -> String {
        let lesson = self.lesson();
        let mut parts: Vec<&str> = Vec::new();
        match self.stage() {
            Stage::Steps => {
                parts.extend(lesson.hook.as_deref());
                parts.push(&lesson.intro);
                parts.extend(lesson.steps.iter().map(|step| step.text.as_str()));
                parts.extend(self.attempt.hints().iter().map(String::as_str));
            }
            Stage::Quiz => {
                parts.extend(self.quiz.question());
                parts.extend(self.quiz.answers().into_iter().map(|(answer, _)| answer));
                parts.extend(self.quiz.verdict().map(|(_, why)| why));
            }
            Stage::Finish => parts.extend(lesson.learnt.as_deref()),
        }
        parts.join(" ")
    }

    /// Takes the next hint; false where there is none left.
    pub fn hint(&mut self) -> bool {
        let taken = self.attempt.hint().is_some();
        if taken {
            // What was asked for takes the place of what was said unasked.
            self.said = None;
        }
        taken
    }

    /// Whether there is a hint to be taken.
    #[must_use]
    pub fn has_hint(&self) -> bool {
        self.open_step().is_some_and(|step| self.attempt.hints().len() < step.hints.len())
    }

    /// Whether there is an answer of this number, from 1, that may be given now.
    #[must_use]
    pub fn has_answer(&self, number: usize) -> bool {
        self.is_asking() && (1..=self.quiz.answers().len()).contains(&number)
    }

    /// Gives this answer of the quiz, from 1.
    pub fn answer(&mut self, number: usize) {
        if let Some(place) = number.checked_sub(1) {
            self.marked = place;
            self.give();
        }
    }

    /// What Enter does, in a word or two.
    #[must_use]
    pub fn choosing(&self) -> &'static str {
        match self.stage() {
            Stage::Finish => "close the lesson",
            _ if self.quiz.right().is_some() => "go on",
            _ => "answer",
        }
    }

    /// Enter: gives the marked answer, or goes on where the question is settled. False where the marked one was tried
    /// before.
    pub fn choose(&mut self) -> bool {
        if self.quiz.right().is_some() {
            self.quiz.go_on();
            self.marked = 0;
            self.scroll = 0;
            return true;
        }
        self.give()
    }

    /// Gives the marked answer; where that was wrong the mark goes on to one that was not tried. False where it was
    /// tried before.
    fn give(&mut self) -> bool {
        if self.quiz.answer(self.marked).is_none() {
            return false;
        }
        self.said = None;
        if self.quiz.right().is_none() {
            let answers = self.quiz.answers();
            let untried = |place: &usize| answers.get(*place).is_some_and(|(_, tried)| !tried);
            let next = (self.marked..answers.len()).find(untried).or_else(|| (0..answers.len()).find(untried));
            self.marked = next.unwrap_or(self.marked);
        }
        true
    }

    /// Scrolls so many rows, as far as the page reaches.
    pub fn scroll(&mut self, rows: isize, reach: &RangeInclusive<isize>) {
        self.scroll = (self.scroll + rows).clamp(*reach.start(), *reach.end());
    }

    /// Moves the mark of the quiz, or scrolls.
    pub fn step(&mut self, forward: bool) {
        if self.is_asking() {
            let last = self.quiz.answers().len().saturating_sub(1);
            self.marked = if forward { (self.marked + 1).min(last) } else { self.marked.saturating_sub(1) };
        } else {
            self.scroll += if forward { 1 } else { -1 };
        }
    }

    /// What is kept of it.
    #[must_use]
    pub fn reached(&self) -> Reached {
        let reached = self.attempt.reached();
        let (hints, wrong) = self.before;
        Reached {
            hints: reached.hints + hints,
            wrong: reached.wrong + wrong + self.quiz.wrong(),
            finished: self.is_over(),
            ..reached
        }
    }
}
