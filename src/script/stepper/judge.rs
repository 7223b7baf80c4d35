//! What happened, held against what was recorded or is expected.

use std::time::Duration;

use super::{Ready, Stepper};
use crate::conversation::{Dialogue, Kind, Log};
use crate::script::ON_ITS_WAY;
use crate::script::beside::{Beside, Mark, reply_lines};
use crate::script::facts::facts;
use crate::script::plan::{Act, Ask, Expected};
use crate::script::recorded::{Compared, compare};
use crate::smtp::{Phase, Reply, escape};

/// How long a server that said goodbye may take to close.
const GOODBYE: Duration = Duration::from_secs(2);

impl Stepper {
    /// Takes in what the log has beyond what was looked at.
    pub fn observe(&mut self, log: &Log, dialogue: &Dialogue) {
        if self.dialling {
            return;
        }
        self.remarks(log);
        self.ties.tie(dialogue, log);
        while self.judge_first(log, dialogue) {}
        self.leftovers(log, dialogue);
        self.pass_over_what_makes_no_sense(dialogue);
    }

    fn remarks(&mut self, log: &Log) {
        for (_, entry) in log.since(self.seen).filter(|(_, entry)| entry.kind == Kind::Remark) {
            let Some(remark) = entry.remark() else { continue };
            match remark.word.as_str() {
                "connected" if !self.down => {
                    let address = remark.bare(0).unwrap_or_default();
                    self.loopback = address.starts_with("unix:")
                        || address.parse::<std::net::SocketAddr>().is_ok_and(|a| a.ip().to_canonical().is_loopback());
                }
                "closed" => self.down = true,
                _ => {}
            }
        }
        self.seen = log.len();
    }

    /// Whether the next step may follow.
    #[must_use]
    pub fn ready(&self, dialogue: &Dialogue) -> Ready {
        let state = dialogue.state();
        if self.dialling || self.ties.in_flight() || state.is_waiting() || state.phase() == Phase::Handshake {
            return Ready::No;
        }
        let Some(step) = self.pending.front() else {
            return if self.greeted(dialogue) { Ready::Now } else { Ready::No };
        };
        match &self.plan.steps[*step].act {
            Act::Expect(_, Expected::Pattern(pattern)) if pattern.optional => Ready::After(ON_ITS_WAY),
            Act::Check(_, check) if check.awaits_close() => {
                Ready::After(if self.quit || state.session.turned_away { GOODBYE } else { ON_ITS_WAY })
            }
            _ => Ready::No,
        }
    }

    /// Whether the connection has come so far that lines can be sent.
    fn greeted(&self, dialogue: &Dialogue) -> bool {
        self.down || !matches!(dialogue.state().phase(), Phase::Connecting | Phase::Closed)
    }

    /// What might still have come has not: optional replies, and closes that are looked for.
    pub fn expire(&mut self, log: &Log, dialogue: &Dialogue) {
        while let Ready::After(_) = self.ready(dialogue)
            && let Some(step) = self.pending.pop_front()
        {
            match &self.plan.steps[step].act {
                Act::Check(..) => self.check(step, log, dialogue),
                _ => self.judged_as(step, Mark::Same, "no reply came, and none had to"),
            }
            while self.judge_first(log, dialogue) {}
        }
    }

    /// Judges the oldest step that waits, where what it looks at is there.
    fn judge_first(&mut self, log: &Log, dialogue: &Dialogue) -> bool {
        let Some(step) = self.pending.front().copied() else { return false };
        let done = match self.plan.steps[step].act.clone() {
            Act::Expect(ask, expected) => self.expect(step, ask, &expected, log, dialogue),
            Act::Check(ask, check) => {
                if self.skipped[ask] {
                    self.judged_as(step, Mark::Skipped, "its line was not sent");
                    true
                } else {
                    let known = self.ties.complete(ask, dialogue) || self.ties.given_up(ask, dialogue) || self.down;
                    let known = known && (!check.awaits_close() || self.down);
                    if known {
                        self.last = self.ties.last_of(ask).max(self.last);
                        self.check(step, log, dialogue);
                    }
                    known
                }
            }
            _ => true,
        };
        if done {
            self.pending.pop_front();
        }
        done
    }

    fn expect(&mut self, step: usize, ask: Ask, expected: &Expected, log: &Log, dialogue: &Dialogue) -> bool {
        if self.skipped[ask] {
            self.judged_as(step, Mark::Skipped, "its line was not sent");
            return true;
        }
        let own = self.ties.next_of(ask, dialogue);
        let unasked = || self.ties.next_unasked(dialogue).filter(|_| self.ties.exhausted(ask, dialogue));
        let Some(exchange) = own.or_else(unasked) else {
            let why = if self.down {
                "the connection was closed before a reply came"
            } else if self.ties.given_up(ask, dialogue) {
                "the reply was not waited for"
            } else {
                return false;
            };
            self.failed(step, why);
            return true;
        };
        let Some(reply) = dialogue.reply(log, exchange) else { return false };
        let (mark, words) = self.held_against(expected, &reply, log);
        let optional = matches!(expected, Expected::Pattern(pattern) if pattern.optional);
        if optional && mark == Mark::Differs {
            self.judged_as(step, Mark::Same, "another reply came, and this one need not");
            return true;
        }
        self.ties.take(ask, exchange);
        self.last = Some(exchange);
        self.rows[self.row_of[step]].right = reply_lines(&reply);
        if let Err(unproven) = self.login.finish(&dialogue.exchanges()[exchange], &reply) {
            self.failed(step, &unproven);
        } else if mark == Mark::Differs {
            self.failed(step, &words);
        } else {
            self.judged_as(step, mark, &words);
        }
        true
    }

    fn check(&mut self, step: usize, log: &Log, dialogue: &Dialogue) {
        let Act::Check(_, check) = &self.plan.steps[step].act else { return };
        match check.holds(&facts(log, dialogue, self.last, self.down, self.setup.now)) {
            Ok(()) => {
                self.rows[self.row_of[step]].right = vec!["holds".to_owned()];
                self.judged_as(step, Mark::Same, "");
            }
            Err(words) => {
                self.rows[self.row_of[step]].right = vec![words.clone()];
                self.failed(step, &words);
            }
        }
    }

    fn failed(&mut self, step: usize, words: &str) {
        self.held = true;
        self.judged_as(step, Mark::Differs, words);
    }

    pub(super) fn judged_as(&mut self, step: usize, mark: Mark, words: &str) {
        if let Act::Expect(ask, _) = &self.plan.steps[step].act {
            self.expected[*ask] = self.expected[*ask].saturating_sub(1);
            self.place[*ask] = Some(self.row_of[step]);
        }
        let row = &mut self.rows[self.row_of[step]];
        (row.mark, row.words) = (mark, words.to_owned());
    }

    /// Replies of which nothing was recorded or expected, and what others sent.
    fn leftovers(&mut self, log: &Log, dialogue: &Dialogue) {
        for ask in self.open.clone() {
            if self.expected[ask] > 0 {
                continue;
            }
            while let Some(exchange) = self.ties.next_of(ask, dialogue) {
                let Some(reply) = dialogue.reply(log, exchange) else { break };
                self.ties.take(ask, exchange);
                self.last = Some(exchange);
                let refused = reply.class().is_refusal() || reply.code().is_none();
                let words = match self.login.finish(&dialogue.exchanges()[exchange], &reply) {
                    Err(unproven) => unproven,
                    Ok(()) if refused => "refused, and nothing was expected here".to_owned(),
                    Ok(()) => String::new(),
                };
                let mark = if words.is_empty() { Mark::Alone } else { Mark::Differs };
                let after = self.place[ask].map_or(0, |row| row + 1);
                self.insert(after, Beside { right: reply_lines(&reply), mark, words, left: Vec::new() });
                self.place[ask] = Some(after);
            }
        }
        let ties = &self.ties;
        let expected = &self.expected;
        self.open.retain(|ask| expected[*ask] > 0 || !ties.exhausted(*ask, dialogue));
        if self.pending.is_empty() {
            while let Some(exchange) = self.ties.take_unasked(dialogue) {
                self.add(exchange, Mark::Differs, "nothing asked for it", log, dialogue);
            }
        }
        while let Some(exchange) = self.ties.take_stranger(dialogue) {
            self.last = Some(exchange);
            self.add(exchange, Mark::Alone, "", log, dialogue);
        }
    }

    /// Adds an exchange that the plan does not have before what comes next.
    fn add(&mut self, exchange: usize, mark: Mark, words: &str, log: &Log, dialogue: &Dialogue) {
        let line = dialogue.exchanges()[exchange].command().and_then(|record| log.get(record));
        let line = line.filter(|entry| entry.kind == Kind::Sent);
        let mut right: Vec<_> = line.iter().map(|entry| format!("> {}", escape::for_screen(entry.bytes))).collect();
        right.extend(dialogue.reply(log, exchange).iter().flat_map(reply_lines));
        let at = self.row();
        self.insert(at, Beside { left: Vec::new(), right, mark, words: words.to_owned() });
    }

    fn insert(&mut self, at: usize, row: Beside) {
        let at = at.min(self.rows.len());
        self.rows.insert(at, row);
        for first in &mut self.row_of {
            *first += usize::from(*first >= at);
        }
        for place in self.place.iter_mut().flatten() {
            *place += usize::from(*place >= at);
        }
    }

    /// What the server no longer expects is passed over: content and the dot without a 354, answers without a 334.
    fn pass_over_what_makes_no_sense(&mut self, dialogue: &Dialogue) {
        while self.pending.is_empty() && self.ready(dialogue) == Ready::Now && !self.down {
            let phase = dialogue.state().phase();
            let why = match self.plan.steps.get(self.at).map(|step| &step.act) {
                Some(Act::Content(_)) if phase != Phase::Data => "the server expects no content",
                Some(Act::Send(lines)) if lines.iter().any(|line| line.dot) && phase != Phase::Data => {
                    "no message was begun"
                }
                Some(Act::Send(lines)) if lines.iter().any(|line| line.answer) && phase != Phase::Auth => {
                    "the server asks for no answer"
                }
                _ => return,
            };
            self.pass_over(why);
            // Expectations of what was passed over are judged at once.
            while self.pending.front().is_some_and(|step| self.is_of_skipped(*step)) {
                let step = self.pending.pop_front().unwrap_or_default();
                self.judged_as(step, Mark::Skipped, "its line was not sent");
            }
        }
    }

    fn held_against(&mut self, expected: &Expected, reply: &Reply, log: &Log) -> (Mark, String) {
        match expected {
            Expected::Pattern(pattern) => match pattern.check(reply) {
                Ok(()) => (Mark::Same, String::new()),
                Err(words) => (Mark::Differs, words),
            },
            Expected::Recorded(recorded, offer) => {
                let ends = || {
                    self.ends.extend(log);
                    self.ends.clone()
                };
                match compare(recorded, reply, *offer, (&self.plan.texts, false), ends) {
                    Compared::Same => (Mark::Same, String::new()),
                    Compared::Masked(words) => (Mark::Same, words),
                    Compared::Drift(words) => (Mark::Drift, words),
                    Compared::Differs(words) => (Mark::Differs, words),
                }
            }
        }
    }

    fn is_of_skipped(&self, step: usize) -> bool {
        match &self.plan.steps[step].act {
            Act::Expect(ask, _) | Act::Check(ask, _) => self.skipped[*ask],
            _ => false,
        }
    }
}
