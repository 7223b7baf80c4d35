//! One try at a lesson: which steps have ticked, which mistakes were made, which hints were taken.
//!
//! Judged after every fact. A tick stays; steps tick in order, and several may at once.

use std::sync::Arc;

use crate::conversation::{Log, Micros};

use super::fact::{Fact, Watcher, What, goes_on};
use super::file::{Lesson, Step};
use super::goal::Goal;
use super::progress::Reached;

/// What came of something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A step is done, from 0.
    Ticked(usize),
    /// A mistake that the lesson knows was made.
    Mistaken {
        /// The step, from 0.
        step: usize,
        /// Which of its mistakes, from 0.
        mistake: usize,
    },
    /// Something happened that must not for this step: only a new start helps.
    Spoilt(usize),
    /// A finding was not the right one.
    WrongAnswer(usize),
}

/// What is said of a finding that is not the right one, where so many more are let pass.
#[must_use]
pub fn tries_words(left: u32) -> String {
    match left {
        0 => "That is not it, and now it counts as missed; you can still find it.".to_owned(),
        1 => "That is not it; one more try before it counts as missed.".to_owned(),
        _ => format!("That is not it; {left} more tries before it counts as missed."),
    }
}

/// One try at a lesson.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The lesson.
    pub lesson: Arc<Lesson>,
    watcher: Watcher,
    /// How many facts were judged.
    judged: usize,
    ticked: usize,
    /// The place from which on the open step is looked for, where it says that it follows: what made the steps before it true
    /// lies before.
    after: usize,
    /// Hints taken, a number for each step.
    hints: Vec<usize>,
    /// For each mistake of the open step, from which fact on it is looked for.
    windows: Vec<usize>,
    /// How much of the open step's goal was reached when it opened.
    before: usize,
    spoilt: bool,
    wrong_answers: Vec<u32>,
    /// The first step after the open one that would tick if its turn had come.
    ahead: Option<usize>,
    /// The open step, from 0, if it follows another and its goal was reached only with what came before that.
    astride: Option<usize>,
}

impl Attempt {
    /// A new try.
    #[must_use]
    pub fn new(lesson: Arc<Lesson>) -> Self {
        let steps = lesson.steps.len();
        let mut attempt = Self {
            lesson,
            watcher: Watcher::default(),
            judged: 0,
            ticked: 0,
            after: 0,
            hints: vec![0; steps],
            windows: Vec::new(),
            before: 0,
            spoilt: false,
            wrong_answers: vec![0; steps],
            ahead: None,
            astride: None,
        };
        attempt.open_step();
        attempt
    }

    /// Takes in a log of the lab's: what it has beyond what was seen of this session before. `began` is when the
    /// session began, by the clock that all sessions of the try share.
    pub fn observe(&mut self, session: u64, began: Micros, log: &Log) -> Vec<Happening> {
        self.watcher.observe(session, began, log);
        self.judge()
    }

    /// Takes in what the learner typed as a finding.
    pub fn answer(&mut self, text: &str) -> Vec<Happening> {
        self.watcher.answer(text);
        self.judge()
    }

    /// Takes in facts that were gathered elsewhere.
    pub(super) fn take(&mut self, facts: impl IntoIterator<Item = Fact>) -> Vec<Happening> {
        facts.into_iter().for_each(|fact| self.watcher.push(fact));
        self.judge()
    }

    /// Judges sessions that are over, from their logs alone: number, when it began by a clock that all share, log.
    pub fn rejudge(&mut self, sessions: &[(u64, Micros, Log)]) -> Vec<(Micros, Happening)> {
        let mut watcher = Watcher::default();
        for (number, began, log) in sessions {
            watcher.observe(*number, *began, log);
        }
        let mut facts = watcher.facts().to_vec();
        // Sessions that went on side by side were judged as things came.
        facts.sort_by_key(|fact| fact.at);
        let judged = facts.into_iter().flat_map(|fact| {
            let at = fact.at;
            self.take([fact]).into_iter().map(move |one| (at, one))
        });
        judged.collect()
    }

    /// Keeps no more than so many facts: what comes after is not judged.
    #[must_use]
    pub fn limited(mut self, facts: usize) -> Self {
        self.watcher.limit(facts);
        self
    }

    /// Takes in what was judged elsewhere, in place of judging.
    pub fn apply(&mut self, happening: &Happening) {
        match happening {
            Happening::Ticked(step) if *step >= self.ticked => {
                self.ticked = (step + 1).min(self.lesson.steps.len());
                self.open_step();
            }
            Happening::Spoilt(_) => self.spoilt = true,
            Happening::WrongAnswer(step) => {
                if let Some(count) = self.wrong_answers.get_mut(*step) {
                    *count += 1;
                }
            }
            Happening::Ticked(_) | Happening::Mistaken { .. } => {}
        }
    }

    /// What has happened, as goals see it.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        self.watcher.facts()
    }

    /// Forgets what has happened, as far as nothing more is judged: what was reached stays.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { watcher: Watcher::default(), judged: 0, after: 0, ..self }
    }

    /// How many steps are done; the next one is open.
    #[must_use]
    pub fn ticked(&self) -> usize {
        self.ticked
    }

    /// The open step, from 0; none once all are done.
    #[must_use]
    pub fn open(&self) -> Option<usize> {
        (self.ticked < self.lesson.steps.len()).then_some(self.ticked)
    }

    /// How far the open step has come, where its goal counts: what was reached before it opened is not counted.
    #[must_use]
    pub fn count(&self) -> Option<(usize, usize)> {
        let step = self.lesson.steps.get(self.ticked)?;
        let (have, of) = step.goal.count(self.watcher.facts(), self.from(step))?;
        let of = of.saturating_sub(self.before).max(1);
        (of > 1).then(|| (have.saturating_sub(self.before), of))
    }

    /// Whether something happened that must not: the lesson has to be started over.
    #[must_use]
    pub fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    /// What that was, in words, where a few are enough for it.
    #[must_use]
    pub fn spoilt_by(&self) -> Option<String> {
        // Looked for only where there is something to be found.
        self.spoilt.then(|| self.spoiling())??.1.happened()
    }

    /// The first step, the open one or a later one, of which something has happened that must not; and what.
    fn spoiling(&self) -> Option<(usize, &Goal)> {
        let facts = &self.watcher.facts()[..self.judged];
        // What follows a step is looked for only once that one is done.
        let counts = |n: usize, step: &Step| n == self.ticked || !step.follows;
        let steps = self.lesson.steps.iter().enumerate().skip(self.ticked).filter(|(n, step)| counts(*n, step));
        let mut nevers = steps.flat_map(|(n, step)| step.goal.nevers().into_iter().map(move |goal| (n, step, goal)));
        let found = nevers.find(|(_, step, goal)| goal.reached(facts, self.from(step)).is_some());
        found.map(|(n, _, goal)| (n, goal))
    }

    /// The first step after the open one, from 0, whose goal was reached before its turn: steps tick in order.
    #[must_use]
    pub fn ahead(&self) -> Option<usize> {
        self.ahead
    }

    /// The open step, from 0, where it is reached by all that has happened, and not by what came after the step that it
    /// follows.
    #[must_use]
    pub fn astride(&self) -> Option<usize> {
        self.astride
    }

    /// The hints of the open step that were taken.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        let Some(step) = self.lesson.steps.get(self.ticked) else { return &[] };
        &step.hints[..self.hints[self.ticked]]
    }

    /// Takes the next hint of the open step; none where there is no more.
    pub fn hint(&mut self) -> Option<&str> {
        let step = self.lesson.steps.get(self.ticked)?;
        let taken = &mut self.hints[self.ticked];
        let hint = step.hints.get(*taken)?;
        *taken += 1;
        Some(hint)
    }

    /// How many hints were taken in all.
    #[must_use]
    pub fn hints_taken(&self) -> usize {
        self.hints.iter().sum()
    }

    /// How many findings were wrong.
    #[must_use]
    pub fn wrong_answers(&self) -> u32 {
        self.wrong_answers.iter().sum()
    }

    /// How many wrong findings the open step still lets pass; none where it does not count them.
    #[must_use]
    pub fn tries_left(&self) -> Option<u32> {
        let step = self.lesson.steps.get(self.ticked)?;
        Some(step.tries?.saturating_sub(self.wrong_answers[self.ticked]))
    }

    /// Exchanges so far: something was asked and answered, or never will be.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.watcher.facts().iter().filter(|fact| matches!(fact.what, What::Asked(_))).count()
    }

    /// Whether all exchanges from this one on, and those before it up to the end of a message, were lines that are no
    /// commands, and refused for it: text that goes on after its message.
    #[must_use]
    pub fn is_rest_of_text(&self, exchange: usize) -> bool {
        let latest_first = || {
            self.watcher.facts().iter().rev().filter_map(|fact| match &fact.what {
                What::Asked(asked) => Some(asked),
                _ => None,
            })
        };
        let since = self.exchanges().saturating_sub(exchange);
        latest_first().take(since).all(|asked| asked.is_no_command())
            && goes_on(latest_first().skip(since), |asked| asked.is_no_command(), |asked| asked.message.is_some())
    }

    /// Whether the last exchange was a line that is no command, and refused for it.
    #[must_use]
    pub fn ends_in_no_command(&self) -> bool {
        let asked = |fact: &Fact| match &fact.what {
            What::Asked(asked) => Some(asked.is_no_command()),
            _ => None,
        };
        self.watcher.facts().iter().rev().find_map(asked).unwrap_or_default()
    }

    /// Messages so far that were taken.
    #[must_use]
    pub fn messages(&self) -> usize {
        let taken =
            |fact: &&Fact| matches!(&fact.what, What::Asked(asked) if asked.message.is_some() && asked.succeeded());
        self.watcher.facts().iter().filter(taken).count()
    }

    /// How far it has come, the quiz left out.
    #[must_use]
    pub fn reached(&self) -> Reached {
        Reached {
            lesson: self.lesson.name.clone(),
            steps: self.ticked,
            of: self.lesson.steps.len(),
            hints: self.hints_taken(),
            wrong: self.wrong_answers(),
            finished: false,
        }
    }

    fn judge(&mut self) -> Vec<Happening> {
        let mut happened = Vec::new();
        if self.judged == self.watcher.facts().len() {
            return happened;
        }
        while self.judged < self.watcher.facts().len() {
            self.judged += 1;
            self.judge_one(&mut happened);
        }
        let facts = self.watcher.facts();
        let later = self.lesson.steps.iter().enumerate().skip(self.ticked + 1);
        // What holds of nothing at all was not reached by anybody, and what follows a step has to be done after it.
        let mut may_count = later.filter(|(_, step)| !step.follows && !step.goal.holds(&[]));
        self.ahead = may_count.find(|(_, step)| step.goal.holds(facts)).map(|it| it.0);
        let open = self.lesson.steps.get(self.ticked).filter(|step| step.follows && step.goal.holds(facts));
        self.astride = open.map(|_| self.ticked);
        happened
    }

    /// Judges with one fact more than before.
    fn judge_one(&mut self, happened: &mut Vec<Happening>) {
        let lesson = Arc::clone(&self.lesson);
        let before = self.ticked;
        let facts = &self.watcher.facts()[..self.judged];
        // Mail is put into one mailbox after the other: what must never be may be among the rest of them.
        let amid = facts.last().is_some_and(|fact| matches!(fact.what, What::Delivered(_)));
        while let Some(end) = (lesson.steps.get(self.ticked).filter(|step| !amid || step.goal.nevers().is_empty()))
            .and_then(|step| step.goal.reached(facts, self.from(step)))
        {
            // A goal may have come true long before its step was open.
            self.after = self.after.max(end);
            happened.push(Happening::Ticked(self.ticked));
            self.ticked += 1;
        }
        if self.ticked > before {
            self.open_step();
            return;
        }
        let Some(step) = lesson.steps.get(self.ticked) else { return };
        if let Some(Fact { what: What::Answer(_), .. }) = facts.last()
            && step.wants_answer()
        {
            self.wrong_answers[self.ticked] += 1;
            happened.push(Happening::WrongAnswer(self.ticked));
        }
        let told = happened.len();
        for (n, mistake) in step.mistakes.iter().enumerate() {
            let from = self.windows[n];
            let (now, earlier) = (&facts[from..], &facts[from..self.judged - 1]);
            if mistake.when.holds(now) && !mistake.when.holds(earlier) {
                self.windows[n] = self.judged;
                happened.push(Happening::Mistaken { step: self.ticked, mistake: n });
            }
        }
        self.spoil(told, happened);
    }

    /// Whether the open step waits for a line before its turn, and for nothing else any more.
    #[must_use]
    pub fn wants_one_too_early(&self) -> bool {
        let step = self.lesson.steps.get(self.ticked);
        step.is_some_and(|step| step.goal.wants_one_too_early(self.watcher.facts(), self.from(step)))
    }

    /// From which fact on the goal of the open step is looked for.
    fn from(&self, step: &Step) -> usize {
        if step.follows { self.after } else { 0 }
    }

    /// A `never` that has happened, of the open step or of a later one, which it would find spoilt. Where nothing has been
    /// said of it since `told`, its step may know what to say.
    fn spoil(&mut self, told: usize, happened: &mut Vec<Happening>) {
        if self.spoilt {
            return;
        }
        let Some((n, _)) = self.spoiling() else { return };
        let facts = &self.watcher.facts()[..self.judged];
        if happened.len() == told
            && let Some(mistake) = self.lesson.steps[n].mistakes.iter().position(|mistake| mistake.when.holds(facts))
        {
            happened.push(Happening::Mistaken { step: n, mistake });
        }
        happened.push(Happening::Spoilt(n));
        self.spoilt = true;
    }

    /// From where the mistakes of the step that is open now are looked for: what was true before is not said, and may
    /// still happen anew.
    fn open_step(&mut self) {
        let facts = &self.watcher.facts()[..self.judged];
        let step = self.lesson.steps.get(self.ticked);
        self.before = step.and_then(|step| step.goal.count(facts, self.from(step))).map_or(0, |(have, _)| have);
        let mistakes = self.lesson.steps.get(self.ticked).map_or(&[][..], |step| &step.mistakes);
        let from = |when: &Goal| if when.holds(facts) { facts.len() } else { 0 };
        self.windows = mistakes.iter().map(|mistake| from(&mistake.when)).collect();
    }
}
