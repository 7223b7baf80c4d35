//! Which keys answer a question: those of somebody who can have read it.
//!
//! Whoever types while a question comes up does not mean it with the letters that follow. So a letter answers only after
//! a pause: a short one where the question was called for by a key that came out of rest, a longer one where it came by
//! itself or in the middle of typing. Esc and Ctrl-C, by which nothing is lost, need none. Time comes in as an argument:
//! what is decided does not depend on how busy the machine is between two keys of one burst.

use std::time::Duration;

use super::model::Model;
use super::overlay::{Overlay, Question};

/// What comes sooner after a question's paint was on its way before it.
const READ: Duration = Duration::from_millis(100);
/// Who types does not rest for so long between two keys.
const REST: Duration = Duration::from_millis(300);

/// Said where a letter was not taken for an answer.
pub(super) const TOO_SOON: &str = "Typed too soon to be an answer: read the question, then press its letter.";

/// What is asked, and answered by a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Put {
    /// A question of the workbench.
    Workbench(Question),
    /// The question of a class with this number.
    Class(usize),
}

/// The question that stands, painted or not.
pub(super) fn put(model: &Model) -> Option<Put> {
    match &model.overlay {
        Some(Overlay::Question(question)) => Some(Put::Workbench(question.clone())),
        Some(Overlay::Asked(asked)) => asked.unanswered().map(Put::Class),
        _ => None,
    }
}

/// What the keys so far say of who presses them.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// The question that can be read, and since when.
    painted: Option<(Put, Duration)>,
    /// A question stands, painted or not.
    stands: bool,
    /// When the last key came.
    last: Option<Duration>,
    /// How long nothing must have been pressed before a letter answers.
    pause: Duration,
}

impl Asking {
    /// A key comes, or a paste, while this question stands, if one does; gives whether it is to be heard. `leaves`: it is
    /// one that closes whatever it is pressed at, or only looks at more of what is asked.
    pub(super) fn hears(&mut self, leaves: bool, question: Option<&Put>, now: Duration) -> bool {
        let quiet = self.last.map_or(Duration::MAX, |last| now.saturating_sub(last));
        self.last = Some(now);
        let Some(question) = question else {
            self.pause = if quiet < REST { REST } else { READ };
            return true;
        };
        let since = self.painted.as_ref().filter(|(painted, _)| painted == question).map(|(_, since)| *since);
        let heard = since.is_some_and(|since| leaves || quiet.min(now.saturating_sub(since)) >= self.pause);
        if !heard {
            self.pause = REST;
        }
        heard
    }

    /// What stands after something has happened; whether a key did it.
    pub(super) fn note(&mut self, question: Option<&Put>, by_key: bool) {
        match question {
            None => *self = Self { last: self.last, pause: self.pause, ..Self::default() },
            Some(_) if !std::mem::replace(&mut self.stands, true) && !by_key => self.pause = REST,
            Some(_) => {}
        }
    }

    /// Whether this question stands and nobody can have read it yet.
    pub(super) fn is_unread(&self, question: Option<&Put>) -> bool {
        question.is_some() && question != self.painted.as_ref().map(|(painted, _)| painted)
    }

    /// The question is on the screen.
    pub(super) fn painted(&mut self, question: Put, now: Duration) {
        self.painted = Some((question, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIT: Put = Put::Workbench(Question::Quit);

    /// Keys at these milliseconds; the question comes up after the key at 0 and is painted at 5. Gives when it was
    /// answered.
    fn answered(before: &[u64], after: &[u64]) -> Option<u64> {
        let ms = Duration::from_millis;
        let mut asking = Asking::default();
        for at in before {
            assert!(asking.hears(false, None, ms(10_000 - at)), "nothing is asked");
            asking.note(None, true);
        }
        assert!(asking.hears(false, None, ms(10_000)));
        asking.note(Some(&QUIT), true);
        let mut painted = false;
        for at in after {
            if *at >= 5 && !painted {
                assert!(asking.is_unread(Some(&QUIT)));
                asking.painted(QUIT, ms(10_005));
                painted = true;
            }
            if asking.hears(false, Some(&QUIT), ms(10_000 + at)) {
                return Some(*at);
            }
            asking.note(Some(&QUIT), true);
        }
        None
    }

    #[test]
    fn who_calls_for_a_question_out_of_rest_answers_it_as_fast_as_fingers_go() {
        assert_eq!(answered(&[], &[120]), Some(120));
        assert_eq!(answered(&[5_000, 400], &[120]), Some(120));
    }

    #[test]
    fn what_is_typed_on_does_not_answer() {
        let burst = [60, 130, 210, 300, 420, 600, 850];
        assert_eq!(answered(&[250, 120], &burst), None, "Ctrl-Q slipped in while a line was typed");
        assert_eq!(answered(&[250, 120], &[60, 150, 460]), Some(460), "a rest, and then the letter");
        assert_eq!(answered(&[], &[0, 1, 2]), None, "typed ahead, in one go");
        assert_eq!(answered(&[], &[10, 30]), None, "in one go, and the machine was slow to read it");
        assert_eq!(answered(&[], &[10, 200]), None, "what was too soon begins a burst");
        assert_eq!(answered(&[], &[10, 320]), Some(320));
    }

    #[test]
    fn a_question_that_comes_by_itself_waits_until_the_typing_has_stopped() {
        let ms = Duration::from_millis;
        let question = Put::Workbench(Question::ClearText { why: String::new(), block: Vec::new() });
        let mut asking = Asking::default();
        assert!(asking.hears(false, None, ms(10_000)));
        asking.note(Some(&question), false);
        asking.painted(question.clone(), ms(1_900));
        assert!(!asking.hears(false, Some(&question), ms(2_050)), "the next key of a line, begun before it came");
        assert!(asking.hears(true, Some(&question), ms(2_060)), "Esc loses nothing");
        assert!(!asking.hears(false, Some(&QUIT), ms(9_000)), "another question, not painted yet");
    }
}
