//! Which reply belongs to which line of a plan: found by the order in which lines were sent, and kept by number.

use std::collections::VecDeque;

use crate::conversation::dialogue::Ask as Kind;
use crate::conversation::{Dialogue, Log};

use super::plan::Ask;

/// What is known of a line that was sent, or of a greeting that is due.
#[derive(Debug, Default, Clone)]
struct Due {
    /// Its exchanges: one, or in LMTP one for each accepted recipient.
    exchanges: Vec<usize>,
    /// How many of them an expectation has taken.
    taken: usize,
    /// It was sent, and a reply is due.
    awaited: bool,
    /// Which connection it was sent on.
    connection: usize,
}

/// The ties of one run.
#[derive(Debug, Default)]
pub(super) struct Ties {
    connections: usize,
    dues: Vec<Due>,
    /// What was sent and has no exchange yet, in order; with its octets, where others may send lines too.
    sent: VecDeque<(Ask, Option<Vec<u8>>)>,
    /// Replies that nothing asked for and that nobody has looked at.
    unasked: VecDeque<usize>,
    /// Exchanges of lines that are not the plan's.
    strangers: VecDeque<usize>,
    seen: usize,
}

impl Ties {
    /// Ties for a plan that asks for so many things; exchanges before the `seen`th are not its own.
    pub(super) fn new(asks: usize, seen: usize) -> Self {
        Self { dues: vec![Due::default(); asks], seen, ..Self::default() }
    }

    /// A connection is being made; `greeting` is due.
    pub(super) fn connect(&mut self, greeting: Ask) {
        self.connections += 1;
        self.sent.clear();
        self.await_reply(greeting, None);
    }

    /// A number for a line that is not in the plan.
    pub(super) fn further_ask(&mut self) -> Ask {
        self.dues.push(Due::default());
        self.dues.len() - 1
    }

    /// A line is being sent. `line` is what it will be recorded as, where lines of others may come between.
    pub(super) fn await_reply(&mut self, ask: Ask, line: Option<Vec<u8>>) {
        self.sent.push_back((ask, line));
        self.dues[ask].awaited = true;
        self.dues[ask].connection = self.connections;
    }

    /// Ties exchanges that have just begun to the lines that were sent.
    pub(super) fn tie(&mut self, dialogue: &Dialogue, log: &Log) {
        let exchanges = dialogue.exchanges();
        while let Some(exchange) = exchanges.get(self.seen) {
            let index = self.seen;
            self.seen += 1;
            match exchange.ask {
                Kind::Unasked => self.unasked.push_back(index),
                Kind::EndOfData if exchange.is_further_verdict() => {
                    let first = |due: &&mut Due| {
                        due.exchanges.first().is_some_and(|x| exchanges[*x].command() == exchange.command())
                    };
                    match self.dues.iter_mut().find(first) {
                        Some(due) => due.exchanges.push(index),
                        None => self.strangers.push_back(index),
                    }
                }
                _ => {
                    let entry = exchange.command().and_then(|record| log.get(record));
                    let own = self.sent.front().is_some_and(|(_, line)| match (line, &entry) {
                        (Some(line), Some(entry)) => entry.masked || entry.bytes == line,
                        _ => true,
                    });
                    match self.sent.front().filter(|_| own).map(|(ask, _)| *ask) {
                        Some(ask) => {
                            self.sent.pop_front();
                            self.dues[ask].exchanges.push(index);
                        }
                        None => self.strangers.push_back(index),
                    }
                }
            }
        }
    }

    /// Whether something was sent that the log does not show yet.
    pub(super) fn in_flight(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether all replies to a line have come.
    pub(super) fn complete(&self, ask: Ask, dialogue: &Dialogue) -> bool {
        let due = &self.dues[ask];
        let Some(first) = due.exchanges.first() else { return !due.awaited };
        let pending = dialogue.state().pending().any(|p| usize::try_from(p.tag) == Ok(*first));
        dialogue.exchanges()[*first].complete() && !(pending && due.connection == self.connections)
    }

    pub(super) fn given_up(&self, ask: Ask, dialogue: &Dialogue) -> bool {
        let exchanges = dialogue.exchanges();
        self.dues[ask].exchanges.iter().any(|x| exchanges[*x].gave_up() && !exchanges[*x].complete())
    }

    /// The next reply to a line that no expectation has taken, where it is complete.
    pub(super) fn next_of(&self, ask: Ask, dialogue: &Dialogue) -> Option<usize> {
        let due = &self.dues[ask];
        due.exchanges.get(due.taken).copied().filter(|x| dialogue.exchanges()[*x].complete())
    }

    /// Whether expectations have taken all that a line was answered.
    pub(super) fn exhausted(&self, ask: Ask, dialogue: &Dialogue) -> bool {
        self.complete(ask, dialogue) && self.dues[ask].taken >= self.dues[ask].exchanges.len()
    }

    /// The first complete reply that nothing asked for.
    pub(super) fn next_unasked(&self, dialogue: &Dialogue) -> Option<usize> {
        self.unasked.front().copied().filter(|x| dialogue.exchanges()[*x].complete())
    }

    /// The same, taken.
    pub(super) fn take_unasked(&mut self, dialogue: &Dialogue) -> Option<usize> {
        let first = self.next_unasked(dialogue)?;
        self.unasked.pop_front();
        Some(first)
    }

    /// The first complete exchange of a line that is not the plan's, taken.
    pub(super) fn take_stranger(&mut self, dialogue: &Dialogue) -> Option<usize> {
        let first = self.strangers.front().copied().filter(|x| dialogue.exchanges()[*x].complete())?;
        self.strangers.pop_front();
        Some(first)
    }

    /// An expectation has taken this reply.
    pub(super) fn take(&mut self, ask: Ask, exchange: usize) {
        if self.unasked.front() == Some(&exchange) {
            self.unasked.pop_front();
        } else {
            self.dues[ask].taken += 1;
        }
    }

    /// The replies to a line that no expectation took; they are taken with this.
    pub(super) fn untaken(&mut self, ask: Ask) -> Vec<usize> {
        let due = &mut self.dues[ask];
        let rest = due.exchanges.get(due.taken..).unwrap_or_default().to_vec();
        due.taken = due.exchanges.len();
        rest
    }

    pub(super) fn last_of(&self, ask: Ask) -> Option<usize> {
        self.dues[ask].exchanges.last().copied()
    }
}
