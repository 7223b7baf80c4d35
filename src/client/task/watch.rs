//! What is kept of a server from one time to the next: what it offered, and when it cuts a line on which nothing is said.

use std::time::Duration;

use crate::conversation::event::Remark;
use crate::conversation::fold::Answered;
use crate::library::{Line, Memory};
use crate::profile::duration;
use crate::smtp::session::Awaited;
use crate::smtp::{Class, Phase, Verb};

use super::Task;

/// Less silence than this is no limit of the server's: it closed for another reason.
const LEAST: Duration = Duration::from_secs(5);

impl Task {
    /// Looks up what is known of the server that was reached, and says when it cuts the line.
    pub(super) fn recall(&mut self, place: Option<&str>) {
        // A server that takes us for somebody else may offer something else.
        let route = &self.options.route;
        let as_ourselves = route.announcement.is_none() && route.raw_header.is_none();
        let (Some(place), true, true, true) = (place, self.options.remember, as_ourselves, self.memory.is_none())
        else {
            return;
        };
        let memory = Memory::of(&self.world.directories.state, place);
        if let Some(limit) = memory.idle() {
            let words = format!("this server cuts the line after about {} of silence", duration::words(limit));
            self.recorder.remark(Remark::new("idle").with("limit", format!("{}s", limit.as_secs())).value(words));
        }
        self.memory = Some(memory);
    }

    /// A reply is complete: an offer is compared with the last one, and a 421 that nobody asked for, after so much
    /// silence, is the server's limit.
    pub(super) fn watch(&mut self, answered: &Answered, quiet: Duration) {
        match &answered.pending.awaited {
            Awaited::Command(command)
                if matches!(command.verb, Verb::Ehlo | Verb::Lhlo) && answered.reply.class() == Class::Success =>
            {
                self.compare_offer();
            }
            Awaited::Command(command) if command.word.eq_ignore_ascii_case("XCLIENT") => {
                // From here on it sees somebody else.
                self.memory = None;
            }
            Awaited::Nothing if answered.reply.code().is_some_and(|code| code.number() == 421) => self.cut_after(quiet),
            _ => {}
        }
    }

    /// Warns of what was offered the last time and is not any more, where it protects; keeps the new offer.
    fn compare_offer(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        let session = &self.recorder.fold.session;
        let line = match (session.tls, session.authenticated.is_some()) {
            (_, true) => Line::LoggedIn,
            (true, _) => Line::Tls,
            (false, _) => Line::Clear,
        };
        let offer = session.capabilities.clone();
        let gone = memory.vanished(line, &offer);
        // Keeping it is a convenience; a disk that is full must not disturb the conversation.
        let _ = memory.keep_offer(line, &offer, self.world.now());
        for words in gone {
            self.recorder.remark(Remark::new("warning").with("kind", "offer").value(words));
        }
    }

    /// The server closes the line while nothing is outstanding.
    pub(super) fn cut_at_rest(&mut self) {
        let fold = &self.recorder.fold;
        let at_rest = fold.pending().len() == 0
            && !fold.session.turned_away
            && !matches!(fold.phase(), Phase::Connecting | Phase::Greeting | Phase::Quit | Phase::Handshake);
        if at_rest {
            self.cut_after(self.world.elapsed().saturating_sub(self.spoke));
        }
    }

    fn cut_after(&mut self, quiet: Duration) {
        if quiet < LEAST {
            return;
        }
        let about = duration::words(Duration::from_secs(quiet.as_secs()));
        // As above.
        let kept = self.memory.as_mut().is_some_and(|memory| memory.keep_idle(quiet).is_ok());
        let kept = if kept { "; that is said the next time" } else { "" };
        let words = format!("the server cut the line after {about} of silence{kept}");
        self.recorder.remark(Remark::new("idle").with("after", format!("{}s", quiet.as_secs())).value(words));
    }
}
