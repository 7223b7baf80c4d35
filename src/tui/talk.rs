//! The conversation that is on the screen: its log, its folds, and what the panes need to know of where it comes from.

use std::path::PathBuf;

use crate::conversation::event::Timed;
use crate::conversation::{Dialogue, Log};
use crate::decode::{Explanation, Knowledge, explain_exchange};

/// Where the conversation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// It happens now.
    #[default]
    Live,
    /// It was opened from a file.
    Opened,
}

/// One conversation. Live and opened ones differ in `source` alone.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// Where it comes from.
    pub source: Source,
    /// The target or title, for the title line.
    pub name: String,
    /// Where it is recorded, or was opened from.
    pub path: Option<PathBuf>,
    /// What happened.
    pub log: Log,
    /// The same folded.
    pub dialogue: Dialogue,
    /// The last explanation, with its exchange and the number of records that it saw.
    explained: Option<(usize, usize, Explanation)>,
}

impl Talk {
    /// Takes in what happened, in order.
    pub fn take(&mut self, events: impl IntoIterator<Item = Timed>) {
        for Timed { at, event } in events {
            self.log.push(at, &event);
        }
        self.dialogue.extend(&self.log);
    }

    /// Whether a connection is open or being made.
    #[must_use]
    pub fn is_open(&self) -> bool {
        use crate::smtp::Phase;
        self.source == Source::Live
            && self.dialogue.state().phase() != Phase::Closed
            && !(self.log.is_empty() && self.dialogue.state().phase() == Phase::Connecting)
    }

    /// The last exchange with a complete reply: what the panel shows while nothing is selected.
    #[must_use]
    pub fn last_answered(&self) -> Option<usize> {
        self.dialogue.exchanges().iter().rposition(|x| x.complete)
    }

    /// Makes sure that [`Self::explanation`] is about this exchange; decodes at most once a change.
    pub fn explain(&mut self, exchange: Option<usize>, knowledge: &Knowledge) {
        let Some(exchange) = exchange else {
            self.explained = None;
            return;
        };
        if self.explained.as_ref().is_some_and(|(x, seen, _)| *x == exchange && *seen == self.log.len()) {
            return;
        }
        self.explained =
            explain_exchange(exchange, &self.dialogue, &self.log, knowledge).map(|e| (exchange, self.log.len(), e));
    }

    /// The explanation asked for last, and its exchange.
    #[must_use]
    pub fn explanation(&self) -> Option<(usize, &Explanation)> {
        self.explained.as_ref().map(|(exchange, _, explanation)| (*exchange, explanation))
    }

    /// Sets the explanation of an exchange by hand.
    #[cfg(test)]
    pub(crate) fn explained_as(&mut self, exchange: usize, explanation: Explanation) {
        self.explained = Some((exchange, self.log.len(), explanation));
    }
}
