//! Questions for a client that knows nothing of classes, asked and answered by `NOOP`: those at a lesson's end, and those of
//! the class about replies.

use std::sync::Arc;

use super::event::What;
use super::plain::next_words;
use super::pool::{Question, letter};
use super::student::{Student, Work};
use super::{Class, plain};
use crate::lesson::{Lesson, Quiz};
use crate::smtp::escape::for_screen;

/// Said where none are asked.
const NO_QUESTIONS: &str = "This class asks no questions about replies.";

/// Characters of what was said in place of a letter.
const MOST: usize = 20;

impl Class {
    /// The question that is open, a paragraph for each of its parts; why none is asked otherwise.
    pub(super) fn quiz_words(&self, student: &Student) -> Vec<String> {
        if self.settings.exam.is_some() {
            return vec!["An exam has no quiz.".to_owned()];
        }
        let asked = student.with(|state| {
            let work = state.works.get_mut(state.current.as_ref()?)?;
            if let Some(why) = asks_nothing(work) {
                return Some((vec![why.to_owned()], None));
            }
            let lesson = work.lesson();
            let seed = self.settings.seed(&format!("quiz {}", lesson.name), &student.name, work.number);
            let seed = seed.iter().take(8).fold(0, |all, octet| all << 8 | u64::from(*octet));
            let lesson = Arc::clone(lesson);
            let begun = || taken_up(Quiz::new(Arc::clone(&lesson), seed), &work.guessed);
            let quiz = work.asking.get_or_insert_with(begun);
            Some((question(quiz), quiz.is_done().then(|| (quiz.wrong(), lesson))))
        });
        let Some((words, done)) = asked else { return vec![plain::stands(self, student)] };
        // The class may have ended between the last answer and its count.
        words.into_iter().chain(done.map(|(wrong, lesson)| self.settled(student, wrong, &lesson))).collect()
    }

    /// What comes of what was said as `NOOP answer`: of an answer to the quiz where that is open, of a finding otherwise.
    pub(super) fn answer_words(&self, student: &Arc<Student>, text: &str) -> Vec<String> {
        if asks(student) { self.quiz_answer(student, text) } else { self.finding_words(student, text) }
    }

    /// What comes of an answer to the question that is open: a letter, a number, or the answer itself.
    pub(super) fn quiz_answer(&self, student: &Student, text: &str) -> Vec<String> {
        let (words, guessed, done) = student
            .with(|state| {
                let work = state.works.get_mut(state.current.as_ref()?)?;
                let (lesson, attempt) = (Arc::clone(work.lesson()), work.number);
                let quiz = work.asking.as_mut()?;
                let said = text.trim();
                let named = |(answer, _): &(&str, bool)| plain::wrapped(&[(*answer).to_owned()]).join(" ") == said;
                let place = quiz.answers().iter().position(named).or_else(|| choice(said));
                let question = quiz.place()?.0 - 1;
                let (words, taken) = answered(quiz, place);
                let name = lesson.name.clone();
                let guessed = taken.map(|place| What::Guessed { lesson: name, attempt, question, place });
                Some((words, guessed, quiz.is_done().then(|| (quiz.wrong(), lesson))))
            })
            .unwrap_or_default();
        if let Some(guessed) = guessed {
            self.note(student.id, guessed);
        }
        words.into_iter().chain(done.map(|(wrong, lesson)| self.settled(student, wrong, &lesson))).collect()
    }

    /// Counts a quiz of which all questions are answered; what is said of it.
    fn settled(&self, student: &Student, wrong: u32, lesson: &Lesson) -> String {
        self.quiz(student, wrong);
        let count = match wrong {
            0 => "All questions of this lesson are answered, each at once.".to_owned(),
            1 => "All questions of this lesson are answered, with 1 wrong answer.".to_owned(),
            _ => format!("All questions of this lesson are answered, with {wrong} wrong answers."),
        };
        format!("{count}{}", next_words(&self.settings, lesson))
    }
}

/// The questions about replies.
impl Class {
    /// The next question that has no answer, a paragraph for each of its parts.
    pub(super) fn question_words(&self, student: &Student) -> Vec<String> {
        if self.is_over(student, self.now()) {
            return self.words_again(student);
        }
        let questions = self.questions(student);
        if questions.is_empty() {
            return vec![NO_QUESTIONS.to_owned()];
        }
        let (answered, right) = student.answered();
        let Some(question) = questions.get(answered) else {
            if self.settings.exam.is_some() {
                // The last answer is still theirs to change.
                let last = questions.len() - 1;
                return asked(&questions[last], last, questions.len()).chain([stands(student, last)]).collect();
            }
            return vec![format!("There is no further question. {right} of {} were right.", questions.len())];
        };
        student.with(|state| state.asked = Some(answered));
        let how = "Answer such as: NOOP choose a".to_owned();
        asked(question, answered, questions.len()).chain([how]).collect()
    }

    /// What is said to whom joins of the questions that wait, and of how they are answered.
    pub(super) fn questions_wait(&self, student: &Student) -> Option<String> {
        let of = self.settings.questions;
        let open = of.saturating_sub(student.answered().0);
        if open == 0 || self.is_over(student, self.now()) {
            return None;
        }
        let wait = match (open, of) {
            (1, 1) => "1 question about a reply waits".to_owned(),
            (all, of) if all == of => format!("{all} questions about replies wait"),
            (1, of) => format!("1 of {of} questions about replies still waits"),
            (open, of) => format!("{open} of {of} questions about replies still wait"),
        };
        Some(format!("{wait} for you: NOOP question asks, and NOOP choose with its letter (NOOP choose a) answers."))
    }

    /// The questions of an exam that is over, each with its answer and the right one, a paragraph for each; or why not.
    fn words_again(&self, student: &Student) -> Vec<String> {
        let mut words = vec!["No question is asked any more.".to_owned()];
        if self.settings.questions == 0 {
            return words;
        }
        let asked = match self.look_again(student) {
            Ok(asked) => asked,
            Err(why) => {
                words.push(why.to_owned());
                return words;
            }
        };
        for (number, (question, given)) in (1..).zip(asked) {
            let number: usize = number;
            let said = given.map_or_else(String::new, |given| format!(" You said {}.", letter(given)));
            let again = question.looked_at(given);
            words.push(format!("Question {number}: {}", question.reply));
            words.push(format!("{}: {}{said} {again}", letter(question.right), question.answers[question.right]));
        }
        words
    }

    /// What comes of an answer.
    pub(super) fn choice_words(&self, student: &Student, word: &str) -> Vec<String> {
        if self.settings.questions == 0 && asks(student) {
            return self.quiz_answer(student, word);
        }
        if self.is_over(student, self.now()) {
            return vec!["The answer was not taken.".to_owned()];
        }
        if self.settings.questions == 0 {
            return vec![NO_QUESTIONS.to_owned()];
        }
        let choice = choice(word.trim());
        let taken = choice.and_then(|choice| Some((choice, self.choose(student, None, choice)?)));
        let more = student.answered().0 < self.questions(student).len();
        let next = if more { "NOOP question asks the next one." } else { "It was the last." };
        match taken {
            None => vec![self.no_choice(student, word.trim())],
            Some((choice, (number, _))) if self.settings.exam.is_some() => {
                let until = if more { "NOOP question asks the next one" } else { OVER };
                let letter = letter(choice);
                vec![format!(
                    "Noted: {letter} to question {}. NOOP choose takes another letter until {until}.",
                    number + 1
                )]
            }
            Some((choice, (_, question))) => {
                let verdict = if choice == question.right { "Right." } else { "Not so." };
                vec![format!("{verdict} {}", question.whys[choice]), next.to_owned()]
            }
        }
    }

    /// What is said of a word that was not taken as an answer: which question it was said to, and where that stands.
    fn no_choice(&self, student: &Student, word: &str) -> String {
        let all = self.questions(student).len();
        let (open, asked) = (student.answered().0, student.with(|state| state.asked));
        let exam = self.settings.exam.is_some();
        // In an exam the one that was asked last can be answered anew.
        let said_to = asked.or(all.checked_sub(1).filter(|_| open >= all)).filter(|_| exam).unwrap_or(open);
        if said_to >= all {
            return "No question is open: all are answered.".to_owned();
        }
        let number = said_to + 1;
        if choice(word).is_some_and(|choice| choice < super::pool::ANSWERS) {
            return format!("Question {number} comes next: NOOP question asks it, and then a letter answers it.");
        }
        let stands = match student.with(|state| state.chosen.get(&said_to).map(|(choice, _)| letter(*choice))) {
            Some(given) => format!("your answer to question {number} stands as {given}."),
            None => format!("question {number} is still open, and NOOP question asks it again."),
        };
        let last = letter(super::pool::ANSWERS - 1);
        if word.is_empty() {
            return format!("NOOP choose wants a letter, a to {last}; {stands}");
        }
        let word = for_screen(word.chars().take(MOST).collect::<String>().as_bytes());
        format!("{word} is no choice: a to {last}; {stands}")
    }
}

/// Until when the last answer in an exam can be changed.
const OVER: &str = "the time is over";

/// A question about a reply with its answers, of so many.
fn asked(question: &Question, number: usize, of: usize) -> impl Iterator<Item = String> {
    let head = [
        format!("Question {} of {of}. The server says:", number + 1),
        question.reply.clone(),
        "What does the sender do next?".to_owned(),
    ];
    head.into_iter().chain(('a'..).zip(&question.answers).map(|(letter, answer)| format!("{letter}: {answer}")))
}

/// What is said in an exam to whom asks for more than there is: the last answer is still theirs to change.
fn stands(student: &Student, last: usize) -> String {
    let chosen = student.with(|state| state.chosen.get(&last).map(|(choice, _)| *choice));
    let given = chosen.map_or('?', letter);
    format!("That was the last question; your answer to it stands as {given}. NOOP choose changes it until {OVER}.")
}

/// Which answer, from 0, a letter or a number stands for.
fn choice(word: &str) -> Option<usize> {
    let letter = ('a'..='z').position(|known| word.eq_ignore_ascii_case(&known.to_string()));
    letter.or_else(|| word.parse::<usize>().ok()?.checked_sub(1))
}

/// Whether a question of the lesson's quiz was asked by `NOOP` and is open.
fn asks(student: &Student) -> bool {
    let is_open = |work: &Work| work.quiz.is_none() && work.asking.as_ref().is_some_and(|quiz| !quiz.is_done());
    student.with_current(is_open) == Some(true)
}

/// Why a lesson asks nothing now.
fn asks_nothing(work: &Work) -> Option<&'static str> {
    if work.lesson().questions.is_empty() {
        Some("This lesson has no quiz.")
    } else if work.attempt.open().is_some() {
        Some("The quiz comes once all steps are done. NOOP step says where you stand.")
    } else if work.quiz.is_some() {
        Some("The questions of this lesson are answered.")
    } else {
        None
    }
}

/// The question that is open, with its answers; those that were tried are marked.
fn question(quiz: &Quiz) -> Vec<String> {
    let (Some((number, of)), Some(asked)) = (quiz.place(), quiz.question()) else { return Vec::new() };
    let mut words = vec![format!("Question {number} of {of}: {asked}")];
    let mark = |tried| if tried { " (not so)" } else { "" };
    words.extend(
        ('a'..).zip(quiz.answers()).map(|(letter, (answer, tried))| format!("{letter}: {answer}{}", mark(tried))),
    );
    words.push("Answer such as: NOOP answer a".to_owned());
    words
}

/// Goes on with a quiz from where it was when the class was held before.
fn taken_up(mut quiz: Quiz, guessed: &[(usize, usize)]) -> Quiz {
    for (question, place) in guessed {
        if quiz.place().is_some_and(|(number, _)| number == question + 1) {
            quiz.answer(*place);
            quiz.go_on();
        }
    }
    quiz
}

/// Takes an answer; what is said of it, with the next question where it settles this one, and its place where it is one.
fn answered(quiz: &mut Quiz, place: Option<usize>) -> (Vec<String>, Option<usize>) {
    let Some((right, place)) = place.and_then(|place| Some((quiz.answer(place)?, place))) else {
        let none = "That is none of its answers, or you have tried it already.".to_owned();
        return (std::iter::once(none).chain(question(quiz)).collect(), None);
    };
    let why = quiz.verdict().map_or("", |(_, why)| why);
    let mut words = vec![format!("{} {why}", if right { "Right." } else { "Not so." }).trim_end().to_owned()];
    if !right && let Some(right) = quiz.right() {
        words.push(format!("It was {}.", letter(right)));
    }
    if quiz.go_on() {
        words.extend(question(quiz));
    } else {
        words.push("Take another: NOOP quiz asks it again.".to_owned());
    }
    (words, Some(place))
}
