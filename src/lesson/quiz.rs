//! The questions at the end of a lesson: their answers shuffled by a seed, what was tried, and why.

use std::sync::Arc;

use super::file::{Lesson, Why};

/// A quiz that is going on.
#[derive(Debug, Clone)]
pub struct Quiz {
    lesson: Arc<Lesson>,
    /// For each question, which answer of the file stands at each place.
    orders: Vec<Vec<usize>>,
    current: usize,
    /// Answers to the current question that were tried, as places.
    tried: Vec<usize>,
    wrong: u32,
    /// The current question is answered, or its tries are used up.
    settled: bool,
}

impl Quiz {
    /// The questions of a lesson, their answers in an order that the seed decides.
    #[must_use]
    pub fn new(lesson: Arc<Lesson>, seed: u64) -> Self {
        let mut state = seed;
        let orders = lesson.questions.iter().map(|question| shuffled(question.answers.len(), &mut state)).collect();
        Self { lesson, orders, current: 0, tried: Vec::new(), wrong: 0, settled: false }
    }

    /// Which question is asked, from 1, and of how many; none once all are settled.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        let of = self.lesson.questions.len();
        (self.current < of).then_some((self.current + 1, of))
    }

    /// What is asked.
    #[must_use]
    pub fn question(&self) -> Option<&str> {
        self.lesson.questions.get(self.current).map(|question| question.ask.as_str())
    }

    /// The answers as they stand, each with whether it was tried.
    #[must_use]
    pub fn answers(&self) -> Vec<(&str, bool)> {
        let Some(question) = self.lesson.questions.get(self.current) else { return Vec::new() };
        let at = |(place, n): (usize, &usize)| (question.answers[*n].as_str(), self.tried.contains(&place));
        self.orders[self.current].iter().enumerate().map(at).collect()
    }

    /// Answers with what stands at a place, from 0; whether that is right. Nothing where there is no such place, it was
    /// tried before, or the question is settled.
    pub fn answer(&mut self, place: usize) -> Option<bool> {
        let question = self.lesson.questions.get(self.current)?;
        let chosen = *self.orders[self.current].get(place)?;
        if self.settled || self.tried.contains(&place) {
            return None;
        }
        self.tried.push(place);
        let right = chosen == question.right;
        if !right {
            self.wrong += 1;
        }
        let out_of_tries = question.tries.is_some_and(|tries| self.tried.len() >= tries as usize);
        self.settled = right || out_of_tries;
        Some(right)
    }

    /// What is said of the answer that was tried last: whether it is right, and why. Where one text stands for all answers
    /// it tells which is right, and so it is said once the question is settled.
    #[must_use]
    pub fn verdict(&self) -> Option<(bool, &str)> {
        let question = self.lesson.questions.get(self.current)?;
        let chosen = self.orders[self.current][*self.tried.last()?];
        let tells = self.settled || matches!(question.why, Why::Each(_));
        Some((chosen == question.right, if tells { question.why.of(chosen) } else { "" }))
    }

    /// The place of the right answer, once the question is settled.
    #[must_use]
    pub fn right(&self) -> Option<usize> {
        let question = self.lesson.questions.get(self.current).filter(|_| self.settled)?;
        self.orders[self.current].iter().position(|n| *n == question.right)
    }

    /// Goes on to the next question; false while this one is not settled.
    pub fn go_on(&mut self) -> bool {
        if !self.settled {
            return false;
        }
        self.current += 1;
        self.tried.clear();
        self.settled = false;
        true
    }

    /// All questions are settled, elsewhere.
    pub fn settle(&mut self) {
        self.current = self.lesson.questions.len();
    }

    /// Whether all questions are settled.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.place().is_none()
    }

    /// Whether no answer is wanted any more: the last question is settled, if not left yet.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.is_done() || self.settled && self.current + 1 == self.lesson.questions.len()
    }

    /// How many wrong answers were given in all.
    #[must_use]
    pub fn wrong(&self) -> u32 {
        self.wrong
    }
}

/// The numbers below `count` in an order that the state decides (Fisher and Yates, with `SplitMix64`).
fn shuffled(count: usize, state: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (z ^ (z >> 31)) % (last as u64 + 1);
        order.swap(last, usize::try_from(drawn).unwrap_or(0));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiz(seed: u64, tries: &str) -> Quiz {
        let text = format!(
            "ehlo = 1\ntitle = \"t\"\nintro = \"i\"\n[[step]]\ntext = \"s\"\ngoal = {{ sent = \"NOOP\" }}\n[[quiz]]\n\
             ask = \"q\"\nanswers = [\"right\", \"b\", \"c\"]\nright = 0\nwhy = [\"yes\", \"not b\", \"not c\"]\n{tries}"
        );
        Quiz::new(Arc::new(Lesson::parse("q", &text).expect("well formed")), seed)
    }

    #[test]
    fn every_answer_stands_somewhere_and_the_seed_decides_where() {
        let mut orders = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let quiz = quiz(seed, "");
            let texts: Vec<String> = quiz.answers().iter().map(|(text, _)| (*text).to_owned()).collect();
            let again = self::quiz(seed, "");
            assert_eq!(texts, again.answers().iter().map(|(text, _)| (*text).to_owned()).collect::<Vec<_>>());
            let mut sorted = texts.clone();
            sorted.sort();
            assert_eq!(sorted, ["b", "c", "right"]);
            orders.insert(texts);
        }
        assert_eq!(orders.len(), 6, "all orders come up");
    }

    #[test]
    fn a_wrong_answer_is_explained_and_another_may_be_tried() {
        let mut quiz = quiz(1, "");
        let place = |quiz: &Quiz, text: &str| quiz.answers().iter().position(|(t, _)| *t == text).expect("there");
        let b = place(&quiz, "b");
        assert_eq!(quiz.answer(b), Some(false));
        assert_eq!(quiz.verdict(), Some((false, "not b")));
        assert_eq!(quiz.answer(b), None, "it was tried");
        assert!(!quiz.go_on(), "not answered yet");
        assert_eq!(quiz.right(), None, "the right one is not given away");
        let right = place(&quiz, "right");
        assert_eq!(quiz.answer(right), Some(true));
        assert_eq!((quiz.verdict(), quiz.right(), quiz.wrong()), (Some((true, "yes")), Some(right), 1));
        assert!(quiz.go_on() && quiz.is_done());
    }

    #[test]
    fn one_text_for_all_answers_is_said_once_the_question_is_settled() {
        let text = quiz(1, "").lesson.text().replace("[\"yes\", \"not b\", \"not c\"]", "\"right it is\"");
        let mut quiz = Quiz::new(Arc::new(Lesson::parse("q", &text).expect("well formed")), 1);
        let place = |quiz: &Quiz, text: &str| quiz.answers().iter().position(|(t, _)| *t == text).expect("there");
        quiz.answer(place(&quiz, "b"));
        assert_eq!(quiz.verdict(), Some((false, "")), "it would tell which is right");
        quiz.answer(place(&quiz, "right"));
        assert_eq!(quiz.verdict(), Some((true, "right it is")));
    }

    #[test]
    fn after_the_last_try_the_right_answer_is_told() {
        let mut quiz = quiz(1, "tries = 1");
        let wrong = quiz.answers().iter().position(|(text, _)| *text != "right").expect("there");
        assert_eq!(quiz.answer(wrong), Some(false));
        assert!(quiz.right().is_some_and(|place| quiz.answers()[place].0 == "right"));
        assert!(quiz.go_on());
    }
}
