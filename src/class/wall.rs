//! What the instructor sees, as plain data: one row a student, those in need first; how many stand at which step; the
//! mistake made most often of late. Nothing here compares anybody's speed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Class;
use super::student::{Exchange, Student, Work};

/// Without an exchange for so long somebody is stuck.
const STUCK: Duration = Duration::from_mins(2);
/// Without an exchange for so long somebody is idle.
const IDLE: Duration = Duration::from_mins(1);
/// So many refusals of one kind in a row are too many.
const REFUSALS: usize = 5;
/// So many wrong findings are too many.
const WRONG: usize = 3;
/// Mistakes that are younger than this are counted.
const LATELY: Duration = Duration::from_mins(5);
/// Octets of a mistake's words that are shown.
const WORDS: usize = 160;

/// What is looked at of one student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The number.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The present lesson; empty before the first.
    pub lesson: String,
    /// Steps that are done of it.
    pub done: usize,
    /// Steps that it has.
    pub of: usize,
    /// Steps of it that are done by the attempt that counts: the best one.
    pub best: usize,
    /// Since when the open step is open.
    pub since: Timestamp,
    /// The last exchange.
    pub last: Option<Exchange>,
    /// Exchanges within the open step, without what only looks on or greets.
    pub tries: usize,
    /// Hints taken in the lesson.
    pub hints: usize,
    /// Refusals of one kind in a row.
    pub refusals: usize,
    /// Wrong findings in the open step.
    pub wrong: usize,
    /// Whether something has happened after which only a fresh start helps.
    pub spoilt: bool,
    /// Wrong answers in the quiz, once it is done.
    pub quiz: Option<u32>,
    /// Mistakes made: when, and what is said of them.
    pub mistakes: Vec<(Timestamp, String)>,
    /// Whether anything of theirs is connected.
    pub here: bool,
    /// Whether their conversations are held.
    pub paused: bool,
    /// Whether the exam is over for them.
    pub over: bool,
    /// Lessons of the class that are done.
    pub lessons: usize,
    /// Questions about replies that are answered.
    pub answered: usize,
    /// When they last answered anything or asked for help.
    pub acted: Option<Timestamp>,
    /// What is left of the exam, where it is one.
    pub left: Option<Duration>,
    /// What waits for the next `NOOP` of a client that knows nothing of classes.
    pub waiting: usize,
    /// For how long the class was paused since the last exchange.
    pub stood: Duration,
    /// Somebody has joined by this name while they were here.
    pub twice: bool,
}

/// Why somebody is stuck of whose lesson something has happened that must not.
pub const SPOILT: &str = "only a fresh start helps";

/// How somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In need; why.
    Stuck(&'static str),
    /// Nothing was said for a while.
    Idle,
    /// At work.
    Working,
    /// Held by the instructor.
    Paused,
    /// A lesson is done, and the next has not begun.
    Between,
    /// Not connected.
    Gone,
    /// The time of the exam is over.
    Over,
    /// All is done.
    Done,
}

impl State {
    /// A glyph and a word: no meaning hangs on colour.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Stuck(_) => ("!", "stuck"),
            Self::Idle => ("…", "idle"),
            Self::Working => ("▸", "working"),
            Self::Paused => ("‖", "paused"),
            Self::Between => ("◇", "between"),
            Self::Gone => ("○", "gone"),
            Self::Over => ("■", "time over"),
            Self::Done => ("✓", "done"),
        }
    }
}

/// A row of the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The student's number.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The lesson's name.
    pub lesson: String,
    /// `3/6`; `✓ 6/6` once all are done.
    pub step: String,
    /// Minutes in the step.
    pub minutes: u64,
    /// `RCPT … 550 5.1.1 …`.
    pub last: String,
    /// Exchanges within the step.
    pub tries: usize,
    /// Hints taken.
    pub hints: usize,
    /// How they are.
    pub state: State,
    /// Minutes that are left of the exam, where it is one.
    pub left: Option<u64>,
    /// Questions about replies that are answered.
    pub answered: usize,
    /// What waits for the next `NOOP` of a client that knows nothing of classes.
    pub waiting: usize,
    /// Somebody has joined by this name while they were here.
    pub twice: bool,
}

/// How many stand at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The lesson's name.
    pub lesson: String,
    /// The step, from 1; one more than there are where all are done.
    pub step: usize,
    /// Steps that there are.
    pub of: usize,
    /// Who stands there.
    pub count: usize,
    /// How many of them are stuck.
    pub stuck: usize,
}

/// The wall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wall {
    /// Who has joined, those in need first.
    pub rows: Vec<Row>,
    /// Where they stand.
    pub bars: Vec<Bar>,
    /// The mistake made most often in the last five minutes, and how often.
    pub mistake: Option<(String, usize)>,
    /// Names that are expected and have not joined.
    pub missing: Vec<String>,
    /// Lessons of the class.
    pub lessons: usize,
    /// Whether it is an exam.
    pub exam: bool,
    /// How many minutes it lasts.
    pub minutes: Option<u32>,
    /// Questions about replies that are asked of each.
    pub questions: usize,
    /// Names that are expected.
    pub expected: usize,
    /// Whether everybody is to look up.
    pub paused: bool,
    /// What goes wrong at the class's side, in words.
    pub troubles: Vec<String>,
}

/// What is to be seen of a student.
#[must_use]
pub fn glance(class: &Class, student: &Student, now: Timestamp) -> Glance {
    let taught = class.settings.lessons.len();
    // The attempt that counts.
    let all_done = student.each(|work| work.finished().is_some()).into_iter().filter(|done| *done).count();
    let empty = || Glance {
        id: student.id,
        name: student.name.clone(),
        lesson: String::new(),
        done: 0,
        of: 0,
        best: 0,
        since: student.joined,
        last: None,
        tries: 0,
        hints: 0,
        refusals: 0,
        wrong: 0,
        spoilt: student.with_current(|work| work.attempt.is_spoilt()).unwrap_or_default(),
        quiz: student.with_current(|work| work.quiz).flatten(),
        mistakes: Vec::new(),
        here: student.is_here(),
        paused: *student.held.borrow(),
        over: class.is_over(student, now),
        lessons: all_done.min(taught),
        answered: student.answered().0,
        acted: student.with(|state| state.acted),
        left: class.left(student),
        waiting: student.waiting(),
        stood: Duration::ZERO,
        twice: student.with(|state| state.twice) && student.is_here(),
    };
    let of_work = |work: &Work| {
        let lesson = work.lesson();
        let open = work.attempt.open();
        let said = |(at, step, mistake): &(Timestamp, usize, usize)| {
            let known = lesson.steps.get(*step)?.mistakes.get(*mistake)?;
            Some((*at, known.say.clone()))
        };
        (
            lesson.name.clone(),
            work.attempt.ticked(),
            lesson.steps.len(),
            work.since(),
            work.last.clone(),
            [work.tries, work.hints.len(), work.refusals],
            work.wrong.iter().filter(|(_, step)| Some(*step) == open).count(),
            work.mistakes.iter().rev().take(20).filter_map(said).collect::<Vec<_>>(),
        )
    };
    let mut glance = empty();
    if let Some((lesson, done, of, since, last, [tries, hints, refusals], wrong, mistakes)) =
        student.with_current(of_work)
    {
        let best = student.reached(&lesson).unwrap_or(done);
        glance = Glance { lesson, done, of, best, since, last, tries, hints, refusals, wrong, mistakes, ..glance };
        glance.stood = class.paused_between(spoke(&glance), now);
    }
    glance
}

impl Wall {
    /// The wall of a class, now.
    #[must_use]
    pub fn of(class: &Class) -> Self {
        let now = class.now();
        let students = class.students();
        let glances: Vec<Glance> = students.iter().map(|student| glance(class, student, now)).collect();
        let mut wall = Self::from(&glances, class.settings.lessons.len(), now);
        wall.exam = class.settings.exam.is_some();
        wall.minutes = class.settings.exam.as_ref().map(|exam| exam.minutes);
        wall.questions = class.settings.questions;
        let missing = class.settings.expected.iter().filter(|name| class.named(name).is_none());
        wall.missing = missing.cloned().collect();
        wall.expected = class.settings.expected.len();
        wall.paused = *class.paused.borrow();
        wall.troubles = class.troubles();
        wall
    }

    /// The wall of these students. `taught` is how many lessons the class has.
    #[must_use]
    pub fn from(glances: &[Glance], taught: usize, now: Timestamp) -> Self {
        let mut placed: Vec<(State, Timestamp, Row)> = Vec::new();
        let mut bars: BTreeMap<(String, usize), Bar> = BTreeMap::new();
        for glance in glances {
            let state = state(glance, taught, now);
            if glance.of > 0 {
                // As their rows say it: where they stand now, and who has finished before has finished.
                let finished = glance.best >= glance.of;
                let step = if finished { glance.best } else { glance.done } + 1;
                let empty = Bar { lesson: glance.lesson.clone(), step, of: glance.of, count: 0, stuck: 0 };
                let bar = bars.entry((glance.lesson.clone(), step)).or_insert(empty);
                bar.count += 1;
                bar.stuck += usize::from(matches!(state, State::Stuck(_)));
            }
            placed.push((state, glance.since, row(glance, state, now)));
        }
        let rank = |state: State| match state {
            State::Stuck(_) => 0,
            other => 1 + usize::from(other >= State::Working) + usize::from(other >= State::Gone),
        };
        placed.sort_by(|a, b| (rank(a.0), a.1, &a.2.name).cmp(&(rank(b.0), b.1, &b.2.name)));
        Self {
            rows: placed.into_iter().map(|(.., row)| row).collect(),
            bars: bars.into_values().collect(),
            mistake: commonest(glances, now),
            lessons: taught,
            ..Self::default()
        }
    }

    /// When a minute that is shown becomes another one, or somebody stuck or idle, without anything happening: seconds from
    /// now at most; none where nothing is shown that could.
    #[must_use]
    pub fn next_change(class: &Class) -> Option<Duration> {
        let now = class.now();
        let students = class.students();
        let next = students.iter().filter_map(|student| {
            let minute = class.next_minute(student);
            let since = student.with_current(Work::since).filter(|_| student.is_here());
            let Some(since) = since else { return minute };
            let passed = passed(since, now).as_secs();
            // Idle and stuck begin at whole minutes after the last exchange.
            let said = student.with_current(|work| work.last.as_ref().map(|last| last.at)).flatten();
            let quiet = self::passed(latest(since, said, student.with(|state| state.acted)), now).as_secs();
            let shown = Duration::from_secs((60 - passed % 60).min(60 - quiet % 60));
            Some(minute.map_or(shown, |minute| minute.min(shown)))
        });
        next.min()
    }
}

fn passed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(now.as_millisecond().saturating_sub(since.as_millisecond())).unwrap_or(0))
}

/// When something was last said in a step, a question answered, or the step opened.
fn spoke(glance: &Glance) -> Timestamp {
    latest(glance.since, glance.last.as_ref().map(|last| last.at), glance.acted)
}

fn latest(opened: Timestamp, said: Option<Timestamp>, acted: Option<Timestamp>) -> Timestamp {
    said.into_iter().chain(acted).fold(opened, Timestamp::max)
}

fn state(glance: &Glance, taught: usize, now: Timestamp) -> State {
    // Who goes through a lesson once more has done it all the same.
    if glance.of > 0 && glance.lessons >= taught {
        return State::Done;
    }
    if glance.over {
        return State::Over;
    }
    if !glance.here {
        return State::Gone;
    }
    if glance.paused {
        return State::Paused;
    }
    if glance.of == 0 {
        return State::Working;
    }
    if glance.done >= glance.of {
        return State::Between;
    }
    let quiet = passed(spoke(glance), now).saturating_sub(glance.stood);
    if glance.spoilt {
        State::Stuck(SPOILT)
    } else if glance.wrong >= WRONG {
        State::Stuck("wrong findings")
    } else if glance.refusals >= REFUSALS {
        State::Stuck("the same refusal again and again")
    } else if quiet >= STUCK {
        State::Stuck("nothing said for 2 minutes")
    } else if quiet >= IDLE {
        State::Idle
    } else {
        State::Working
    }
}

fn row(glance: &Glance, state: State, now: Timestamp) -> Row {
    let step = match glance.of {
        0 => "-".to_owned(),
        of if glance.done >= of => format!("✓ {of}/{of}"),
        of => format!("{}/{of}", glance.done + 1),
    };
    let last = glance.last.as_ref().map_or_else(String::new, |last| {
        let verb = if last.verb.is_empty() { "-" } else { &last.verb };
        format!("{verb} … {}", last.reply)
    });
    let waits = match glance.waiting {
        0 => None,
        1 => Some("1 waits".to_owned()),
        several => Some(format!("{several} wait")),
    };
    let twice = glance.twice.then(|| "joined twice".to_owned());
    let best = (glance.best > glance.done).then(|| match glance.best {
        best if best >= glance.of => format!("once more: ✓ {best}/{} counts", glance.of),
        best => format!("once more: {best} of {} count", glance.of),
    });
    let quiz = glance.quiz.map(|wrong| format!("quiz done, {wrong} wrong"));
    let last = Some(last).filter(|last| !last.is_empty());
    let last = [twice, best, waits, quiz, last].into_iter().flatten().collect::<Vec<String>>().join(" · ");
    // Of whoever is gone, or is done, they stand at the last that was said.
    let stands = !glance.here || matches!(state, State::Done | State::Between | State::Over);
    let until = if stands { spoke(glance) } else { now };
    Row {
        id: glance.id,
        name: glance.name.clone(),
        lesson: glance.lesson.clone(),
        step,
        minutes: passed(glance.since, until).as_secs() / 60,
        last,
        tries: glance.tries,
        hints: glance.hints,
        state,
        left: glance.left.map(|left| left.as_secs().div_ceil(60)),
        answered: glance.answered,
        waiting: glance.waiting,
        twice: glance.twice,
    }
}

fn commonest(glances: &[Glance], now: Timestamp) -> Option<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, words) in glances.iter().flat_map(|glance| &glance.mistakes) {
        if passed(*at, now) <= LATELY {
            *counts.entry(words).or_default() += 1;
        }
    }
    let (words, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    Some((words.chars().take(WORDS).collect(), count))
}

#[cfg(test)]
mod tests;
