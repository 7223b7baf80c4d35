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
        self.doubt_header(answered);
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

    /// A server that takes no PROXY header reads it as commands, and says that it does not know them.
    fn doubt_header(&mut self, answered: &Answered) {
        let first = match &answered.pending.awaited {
            Awaited::Nothing => true,
            // It may have gone out before the server had answered the header. These every server knows.
            Awaited::Command(command) => {
                let known = [Verb::Ehlo, Verb::Helo, Verb::Lhlo, Verb::Quit, Verb::Noop, Verb::Rset];
                known.contains(&command.verb)
            }
            _ => false,
        };
        let unknown = answered.reply.code().is_some_and(|code| matches!(code.number(), 500..=502));
        let greeted = self.recorder.fold.session.greeted_by.is_some();
        if first && unknown && !greeted && self.options.route.announcement.take().is_some() {
            let words = "the server answers the PROXY header as if it were a command: it takes none here. Take \
                         proxy_protocol out of the profile, or name the port that is meant for the proxy";
            self.recorder.remark(Remark::new("warning").with("kind", "proxy").value(words));
        }
    }

    /// Warns of what was offered before and is not any more, where it protects; keeps the new offer.
    fn compare_offer(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        let session = &self.recorder.fold.session;
        let line = match (session.tls, session.authenticated.is_some()) {
            (_, true) => Line::LoggedIn,
            (true, _) => Line::Tls,
            (false, _) => Line::Clear,
        };
        let offer = session.capabilities.clone();
        for words in memory.compare(line, &offer, self.world.now()) {
            self.recorder.remark(Remark::new("warning").with("kind", "offer").value(words));
        }
        if self.options.accept_offer {
            self.accept_offer();
        }
    }

    /// Somebody does without what the server offers no more.
    pub(super) fn accept_offer(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        let remark = match memory.accept() {
            Ok(gone) if gone.is_empty() => return,
            Ok(gone) => {
                let words = format!("what is offered now is taken as usual, without {}", gone.join(", "));
                Remark::new("offer").with("accepted", "yes").value(words)
            }
            Err(error) => {
                let words = format!("the offer can't be kept, and the warning comes again: {error}");
                Remark::new("warning").with("kind", "memory").value(words)
            }
        };
        self.recorder.remark(remark);
    }

    /// The server closes the line while nothing is outstanding.
    pub(super) fn cut_at_rest(&mut self) {
        let fold = &self.recorder.fold;
        let at_rest = !self.options.relayed
            && fold.pending().len() == 0
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
