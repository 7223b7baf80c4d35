//! What is done with a class while it is held: hints, words, the pause, findings, questions, forgetting.

use jiff::Timestamp;

use super::event::{self, What};
use super::pool::{self, Pool, Question};
use super::student::{News, Student};
use super::{Class, ClassError, front, judge, lock};

impl Class {
    /// When the student's exam ends; none where it is no exam.
    #[must_use]
    pub fn deadline(&self, student: &Student) -> Option<Timestamp> {
        let exam = self.settings.exam.as_ref()?;
        let extra = exam.extra.iter().find(|(name, _)| name.to_lowercase() == student.name.to_lowercase());
        let minutes = exam.minutes.saturating_add(extra.map_or(0, |(_, minutes)| *minutes));
        student.joined.checked_add(jiff::SignedDuration::from_mins(i64::from(minutes))).ok()
    }

    /// Whether nothing that the student does counts any more.
    #[must_use]
    pub fn is_over(&self, student: &Student, now: Timestamp) -> bool {
        self.deadline(student).is_some_and(|deadline| now > deadline)
    }

    /// Takes in what a student has found, typed into their own ehlo.
    pub(crate) fn answer(&self, student: &Student, text: &str) {
        if self.is_over(student, self.now()) {
            return;
        }
        let folder = self.folder.join(student.folder());
        let found = student.with(|state| {
            let work = state.works.get_mut(state.current.as_ref()?)?;
            let happened = work.answer(&student.name, &folder, text, &mut state.kept, self.now());
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

    /// Takes in the answer to the first question that has none; gives the question and its number, from 0. None where there
    /// is no such question or answer, or the time is over.
    pub(crate) fn choose(&self, student: &Student, choice: usize) -> Option<(usize, Question)> {
        let questions = self.questions(student);
        if choice >= pool::ANSWERS || self.is_over(student, self.now()) {
            return None;
        }
        let number = student.with(|state| {
            let number = (0..questions.len()).find(|number| !state.chosen.contains_key(number))?;
            state.chosen.insert(number, (choice, questions[number].right == choice));
            Some(number)
        })?;
        let right = questions[number].right == choice;
        self.note(student.id, What::Chosen { question: number, choice, right });
        questions.into_iter().nth(number).map(|question| (number, question))
    }

    /// What came of the quiz at a lesson's end, as the student's ehlo says.
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

    /// Takes the next hint of the student's open step, for the student or by the instructor's will.
    pub fn hint(&self, student: &Student, by_instructor: bool) -> Option<String> {
        if self.settings.exam.is_some() {
            return None;
        }
        let (lesson, step, hint) = student.hint(self.now(), by_instructor)?;
        self.note(student.id, What::Hint { lesson, step, by_instructor });
        student.tell(&News::Hint(hint.clone()));
        Some(hint)
    }

    /// Says something to everybody, or to one.
    pub fn broadcast(&self, to: Option<&Student>, text: &str) {
        match to {
            Some(student) => student.tell(&News::Notice(text.to_owned())),
            None => self.students().iter().for_each(|student| student.tell(&News::Notice(text.to_owned()))),
        }
    }

    /// Puts the text of the open step on a student's screen.
    pub fn show_step(&self, student: &Student) {
        student.tell(&News::Notice(front::step_words(student)));
    }

    /// Holds everybody's conversations, or lets them go on.
    pub fn pause(&self, on: bool) {
        self.paused.send_replace(on);
        for student in self.students() {
            student.pause(on);
        }
        self.note(0, What::Paused { on });
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
        event::without(&path, &mut lock(&self.events), student.id)?;
        self.stir();
        Ok(())
    }
}
