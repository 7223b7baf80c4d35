//! States that were asked for last: who goes through a conversation from one exchange to the next asks for one after the
//! other, and each would be folded from its checkpoint on.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Dialogue;
use crate::conversation::{Fold, Log};

/// States that are kept: around one exchange several are asked for, in turn.
const KEPT: usize = 8;

/// What is known already; nothing that a copy would need.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Folded from a checkpoint on up to where somebody asked last.
    at: Option<Box<Dialogue>>,
    /// The states just after these records.
    states: VecDeque<(usize, Fold)>,
}

impl Clone for Recent {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Recent {
    /// The state just after a record; `start` gives the state before its checkpoint, which is a record, too.
    pub(super) fn state_at(&self, log: &Log, record: usize, checkpoint: usize, start: impl FnOnce() -> Fold) -> Fold {
        // All that a panic can leave behind is a state that was not kept.
        let mut known: MutexGuard<'_, Known> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, state)) = known.states.iter().find(|(at, _)| *at == record) {
            return state.clone();
        }
        let Known { at, states } = &mut *known;
        let goes_on = at.take().filter(|at| (checkpoint + 1..=record + 1).contains(&at.seen));
        let begin = || Box::new(Dialogue { fold: start(), seen: checkpoint, ..Dialogue::default() });
        let at = at.insert(goes_on.unwrap_or_else(begin));
        for (index, entry) in log.since(at.seen).take_while(|(index, _)| *index <= record) {
            at.record(index, &entry);
            at.seen = index + 1;
        }
        states.truncate(KEPT - 1);
        states.push_front((record, at.fold.clone()));
        at.fold.clone()
    }
}
