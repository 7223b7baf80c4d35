//! What is done with a class while it is held: hints, words, findings, questions, forgetting.

use std::net::IpAddr;
use std::sync::Arc;

use super::event::What;
use super::pool::{self, Pool, Question};
use super::student::{News, Student};
use super::{Class, ClassError, judge, lock, plain};

/// What is said to whom the instructor gives a fresh start.
const FRESH: &str = "you have a fresh start at this lesson: a new server, no step done. The best attempt counts: what you had \
                     reached stays in the results.";
/// What a student is told to whom the instructor gives a hint: it appears in the lesson by itself.
const GIVEN: &str = "your instructor has given you a hint for the open step; it stands in the lesson.";
/// How somebody joins by another name who has an ehlo.
pub(super) const BY_EHLO: &str = "leave ehlo, and join with --name and your own name";
/// How somebody joins by another name who has none.
pub(super) const BY_NOOP: &str = "join by your own name";
/// What is said of a second program of the same name.
const TWICE: &str = "has joined a second time while somebody is here by this name";

/// Where what was right is, as long as students may not see it: for good, for now, or since which questions they were is
/// not known.
const IN_RESULTS: &str = "What was right stands in your instructor's results (questions.csv).";
const LATER: &str = "What was right is shown once the time is over for everybody; your instructor's results have it too \
                     (questions.csv).";
const OTHERS: &str = "Which questions they were is not known any more: another ehlo has drawn them.";

/// What came of giving a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hinted {
    /// This one was given.
    Given(String),
    /// It waits for the next `NOOP` of whoever has no ehlo.
    Waits,
    /// There is none, or it is an exam.
    None,
}

impl Class {
    /// Takes in what a student has found, typed into their own ehlo.
    pub(crate) fn answer(&self, student: &Student, text: &str) {
        if self.is_over(student, self.now()) {
            return;
        }
        // What was done before it is judged before it.
        self.look(student);
        let (folder, text) = (self.folder.join(student.folder()), self.settings.without_code(text));
        let found = student.with(|state| {
            let work = state.works.get_mut(state.current.as_ref()?)?;
            let happened = work.answer(&student.name, &folder, &text, &mut state.kept, self.now());
            Some((work.attempt.lesson.name.clone(), work.number, happened))
        });
        if let Some((lesson, attempt, happened)) = found {
            judge::tell(self, student, &lesson, attempt, happened);
        }
    }

    /// The questions that are asked of a student.
    #[must_use]
    pub fn questions(&self, student: &Student) -> Vec<Question> {
        match self.settings.questions {
            0 => Vec::new(),
            count => Pool::shipped().draw(&self.settings.seed("questions", &student.name, 0), count),
        }
    }

    /// The questions that were asked of a student, each with the answer that was given. None where another ehlo, which
    /// drew from other replies, has asked them: what these were is not known any more.
    pub(super) fn questions_as_asked(&self, student: &Student) -> Option<Vec<(Question, Option<usize>)>> {
        let questions = self.questions(student);
        let chosen = student.with(|state| state.chosen.clone());
        let agrees = chosen.iter().all(|(number, (choice, right))| {
            questions.get(*number).is_some_and(|question| (question.right == *choice) == *right)
        });
        let given = |number| chosen.get(&number).map(|(choice, _)| *choice);
        let all = questions.into_iter().enumerate().map(|(number, question)| (question, given(number)));
        agrees.then(|| all.collect())
    }

    /// The questions of an exam that is over for the student, to be looked at with what was right; or why not. The
    /// instructor must have asked for it: whoever joins later has a whole clock, and may have heard it. Of those who have
    /// joined nobody can: it is over for all of them.
    pub(super) fn look_again(&self, student: &Student) -> Result<Vec<(Question, Option<usize>)>, &'static str> {
        let now = self.now();
        if !self.settings.exam.as_ref().is_some_and(|exam| exam.show_answers) {
            return Err(IN_RESULTS);
        }
        if !self.students().iter().all(|student| self.is_over(student, now)) {
            return Err(LATER);
        }
        self.questions_as_asked(student).ok_or(OTHERS)
    }

    /// Somebody comes by a name by which somebody is here: both are told, and the wall; what the second one is told, with
    /// `how` to join by another name.
    pub(super) fn second(&self, student: &Student, from: IpAddr, how: &str) -> String {
        let name = &student.name;
        let to_first = format!("{name} {TWICE}, from {from}. If that is not you, tell your instructor.");
        student.notify(&News::Twice(to_first));
        self.stir();
        format!("{name} is here already by another program, which is told. If that is not you, {how}.")
    }

    /// Takes in the answer to the first question that has none (which must be `asked`, where that is said; otherwise
    /// it must have been asked before); gives the question and its number, from 0. None where there is no such question or answer, or the time is over. In an exam,
    /// where nothing is told of it, the answer that was given last can be changed until the next question is asked; that
    /// to the last one until the time is over.
    pub(crate) fn choose(&self, student: &Student, asked: Option<usize>, choice: usize) -> Option<(usize, Question)> {
        let questions = self.questions(student);
        if choice >= pool::ANSWERS || self.is_over(student, self.now()) {
            return None;
        }
        let exam = self.settings.exam.is_some();
        let number = student.with(|state| {
            let open = (0..questions.len()).find(|number| !state.chosen.contains_key(number));
            let end = questions.len().checked_sub(1).filter(|_| open.is_none());
            let last = state.asked.or(end).filter(|last| exam && asked.is_none_or(|asked| asked == *last));
            let number = last.or(open)?;
            let was_asked = || open != Some(number) || state.asked == open;
            if !asked.map_or_else(was_asked, |asked| asked == number) {
                return None;
            }
            state.asked = Some(number);
            state.chosen.insert(number, (choice, questions[number].right == choice));
            Some(number)
        })?;
        let right = questions[number].right == choice;
        self.note(student.id, What::Chosen { question: number, choice, right });
        questions.into_iter().nth(number).map(|question| (number, question))
    }

    /// What came of the quiz at a lesson's end, by `NOOP` or as the student's ehlo says.
    pub(crate) fn quiz(&self, student: &Student, wrong: u32) {
        let name = student.with(|state| {
            let work = state.works.get_mut(state.current.as_ref()?)?;
            let first = work.quiz.is_none() && work.attempt.open().is_none();
            first.then(|| {
                work.quiz = Some(wrong);
                work.attempt.lesson.name.clone()
            })
        });
        if let Some(lesson) = name {
            self.note(student.id, What::Quiz { lesson, wrong });
        }
    }

    /// Takes the next hint of the student's open step, for the student or by the instructor's will. One that the
    /// instructor gives to somebody without ehlo waits for the next `NOOP`, and counts from then on.
    pub fn hint(&self, student: &Student, by_instructor: bool) -> Hinted {
        if self.settings.exam.is_some() {
            return Hinted::None;
        }
        if by_instructor && student.is_plain() {
            let waits = student.put_hint();
            self.stir();
            return if waits { Hinted::Waits } else { Hinted::None };
        }
        let Some(hint) = self.take_hint(student, by_instructor) else { return Hinted::None };
        student.tell(&News::Hint(hint.clone()));
        if by_instructor {
            student.tell(&News::Notice(GIVEN.to_owned()));
        }
        Hinted::Given(hint)
    }

    /// Takes the next hint of the open step; it is on its way to the student.
    pub(super) fn take_hint(&self, student: &Student, by_instructor: bool) -> Option<String> {
        let (lesson, step, hint) = student.hint(self.now(), by_instructor)?;
        self.note(student.id, What::Hint { lesson, step, by_instructor });
        Some(hint)
    }

    /// Says something to everybody, or to one; how many hear it at once, and for how many it waits.
    pub fn broadcast(&self, to: Option<&Student>, text: &str) -> (usize, usize) {
        let say = |student: &Student| student.notify(&News::Notice(text.to_owned()));
        let heard = match to {
            Some(student) => vec![say(student)],
            None => self.students().iter().map(|student| say(student)).collect(),
        };
        self.stir();
        let now = heard.iter().filter(|now| **now).count();
        (now, heard.len() - now)
    }

    /// Puts the text of the open step on a student's screen; whether at once.
    pub fn show_step(&self, student: &Student) -> bool {
        let words = student.with_current(|work| plain::step_words(&self.settings, work, plain::Told::Step));
        let shown = student.notify(&News::Notice(words.unwrap_or_default()));
        self.stir();
        shown
    }

    /// Gives a student a fresh start at the present lesson, by the instructor's will: they are told.
    ///
    /// # Errors
    /// Why not.
    pub fn start_over(self: &Arc<Self>, student: &Arc<Student>) -> Result<(), String> {
        self.fresh(student, FRESH)?;
        if student.is_plain() {
            student.notify(&News::Notice(FRESH.to_owned()));
        }
        Ok(())
    }

    /// Forgets a student: transcripts, ticks and name go from the disk; what was written of them by number stays without
    /// meaning.
    ///
    /// # Errors
    /// A file that can't be removed.
    pub fn forget(&self, student: &Student) -> Result<(), ClassError> {
        lock(&self.roster).remove(student.id);
        student.leave();
        let folder = self.folder.join(student.folder());
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(ClassError::file(&folder)(error)),
            _ => {}
        }
        let path = self.folder.join("events.jsonl");
        lock(&self.events).without(&path, student.id)?;
        self.stir();
        Ok(())
    }
}
