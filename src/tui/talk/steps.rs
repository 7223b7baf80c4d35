//! The next steps of an explanation, as they fit where it is shown: in a lesson, in a file, in this workbench.

use crate::decode::{Does, Explanation};
use crate::lesson::{Glob, Goal};
use crate::smtp::Verb;
use crate::tui::action::Action;

/// Verbs that may lead past the open step of a lesson.
const PAST: [Verb; 2] = [Verb::Data, Verb::Quit];

/// A line that names a sender begins so.
const SENDER: &str = "MAIL FROM:<";

/// What of the open step of a lesson the next steps depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OpenStep {
    /// Which of [`PAST`] lead past it.
    past: [bool; 2],
    /// There is one: what makes ready does in one go what a lesson goes through, and is not explained there.
    open: bool,
    /// The senders that it takes, where it names them.
    senders: Vec<Glob>,
}

impl OpenStep {
    /// By what it asks for.
    pub(super) fn of(goal: &Goal) -> Self {
        Self {
            past: PAST.map(|verb| goal.is_left_by(verb)),
            open: true,
            senders: goal.senders().into_iter().cloned().collect(),
        }
    }

    /// After a success what leads past it stands last; what is the learner's to type is no step, and a sender that it does
    /// not take is left open.
    pub(super) fn lead(&self, mut explanation: Explanation) -> Explanation {
        let ready = Action::Ready.entry().name;
        explanation.next.retain(|step| !(self.open && matches!(&step.does, Does::Action(name, _) if name == ready)));
        if !explanation.class.is_refusal() {
            explanation.next.sort_by_key(|step| match &step.does {
                Does::Command(line) => PAST.iter().zip(self.past).any(|(verb, past)| past && line == verb.word()),
                _ => false,
            });
        }
        for step in &mut explanation.next {
            if let Does::Command(line) = &mut step.does
                && let Some((path, _)) = line.strip_prefix(SENDER).and_then(|rest| rest.split_once('>'))
                && !self.senders.is_empty()
                && !self.senders.iter().any(|wanted| wanted.matches(path))
            {
                line.truncate(SENDER.len() - 1);
            }
        }
        explanation
    }
}

/// Of a file, the steps that make sense without its connection: the lines by which a refusal would have been mended, which
/// stand under a heading of their own, and what connects by itself.
pub(super) fn without_connection(mut explanation: Explanation) -> Explanation {
    let refused = explanation.class.is_refusal();
    explanation.next.retain(|step| match &step.does {
        Does::Command(_) => refused,
        Does::Action(name, _) => name == Action::Connect.entry().name,
        Does::Advice => true,
    });
    explanation
}

/// Steps that name an action which the table does not have stay as words.
pub(super) fn doable(mut explanation: Explanation) -> Explanation {
    for step in &mut explanation.next {
        if let Does::Action(name, _) = &step.does
            && Action::named(name).is_none()
        {
            step.does = Does::Advice;
        }
    }
    explanation
}
