//! Timers: for the reply that is due, and for the silence after which NOOP is sent.

use std::time::Duration;

use tokio::time::Instant;

use crate::conversation::event::Remark;
use crate::profile::duration;
use crate::smtp::Phase;
use crate::smtp::session::Awaited;

use super::super::{Ending, timeouts};
use super::{End, Task};

impl Task {
    pub(super) fn limit(&self, phase: Duration) -> Duration {
        self.options.reply_timeout.unwrap_or(phase)
    }

    /// Sets the timer for the reply that is due next; none where nobody waits, or where it is the server that waits: for
    /// the content of a chunk.
    pub(super) fn wait_for_next(&mut self) {
        let fold = &self.recorder.fold;
        let mut pending = fold.pending().filter(|pending| !pending.gave_up && fold.session.chunk_left == 0);
        let due = pending.next().map(|pending| timeouts::reply(&pending.awaited));
        self.deadline = due.map(|phase| Instant::now() + self.limit(phase));
        if self.recorder.fold.phase() == Phase::Quit && due.is_none() {
            self.deadline = Some(Instant::now() + timeouts::AFTER_QUIT);
        }
    }

    pub(super) fn timed_out(&mut self) -> Option<End> {
        self.deadline = None;
        if self.recorder.fold.phase() == Phase::Quit && !self.recorder.fold.is_waiting() {
            let reason = Some("the server answered QUIT and did not close".to_owned());
            return Some(End { reason, ..End::by("client") });
        }
        let awaited = self.recorder.fold.pending().find(|p| !p.gave_up).map(|p| p.awaited.clone());
        if awaited.is_none() && !self.outgoing.is_empty() {
            let words = "the server takes nothing more of what is being sent";
            self.recorder.remark(Remark::new("error").with("kind", "time-out").value(words));
            return Some(End::by("client"));
        }
        let (what, limit) = awaited.map_or(("a reply".to_owned(), timeouts::CONTENT_BLOCK), |awaited| {
            (name(&awaited), timeouts::reply(&awaited))
        });
        let limit = self.limit(limit);
        self.pieces(|splitter, each| splitter.flush(each));
        let remark = Remark::new("gave-up").with("reason", "time-out").with("awaiting", what);
        self.recorder.remark(remark.with("after", format!("{}s", limit.as_secs_f64())));
        None
    }

    /// Something was said: silence begins anew.
    pub(super) fn spoken(&mut self) {
        self.active = Instant::now();
        self.spoke = self.world.elapsed();
    }

    /// When NOOP is to be sent, where it may be: between commands, with nothing outstanding, never within a message or a
    /// login.
    pub(super) fn nudge_due(&self) -> Option<Instant> {
        let every = self.options.keep_alive?;
        let fold = &self.recorder.fold;
        let at_rest = matches!(fold.phase(), Phase::Greeted | Phase::Ready | Phase::Mail | Phase::Rcpt)
            && fold.pending().len() == 0
            && !fold.in_reply()
            && !fold.session.turned_away
            && self.outgoing.is_empty()
            && self.held.is_none()
            && !self.flooded;
        at_rest.then(|| self.active + every)
    }

    /// Says NOOP by itself.
    pub(super) fn nudge(&mut self) {
        self.recorder.remark(Remark::new("auto").value("keep-alive"));
        self.line(b"NOOP", Ending::CrLf);
    }

    /// Sends NOOP after so much silence from now on, or never.
    pub(super) fn keep_alive(&mut self, every: Option<Duration>) {
        self.options.keep_alive = every;
        self.say_keep_alive(every);
    }

    pub(super) fn say_keep_alive(&mut self, every: Option<Duration>) {
        let words = every.map_or_else(|| "never".to_owned(), |every| duration::words(every).replace(' ', ""));
        self.recorder.remark(Remark::new("keep-alive").with("every", words));
    }
}

/// What is awaited, by name.
fn name(awaited: &Awaited) -> String {
    match awaited {
        Awaited::Greeting => "the greeting".to_owned(),
        Awaited::Command(command) => command.word.to_ascii_uppercase(),
        Awaited::EndOfData { .. } => "the verdict on the message".to_owned(),
        Awaited::AuthAnswer => "AUTH".to_owned(),
        Awaited::Nothing => "a reply".to_owned(),
    }
}
