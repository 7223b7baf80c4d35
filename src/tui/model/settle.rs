//! What of the screen follows from the conversation: brought in line with it after each message.

use std::time::Duration;

use super::{Model, Waiting};
use crate::smtp::Phase;
use crate::smtp::session::Awaited;
use crate::tui::attending::in_exam;
use crate::tui::errand;
use crate::tui::library;
use crate::tui::pane::composer::{Challenge, Composer};
use crate::tui::pane::lesson::LessonPane;
use crate::tui::pane::panel::Scene;
use crate::tui::retry;
use crate::tui::talk::{About, Source};

impl Model {
    /// Brings everything that is derived in line with the conversation and the size.
    pub fn settle(&mut self) {
        self.waiting = self.awaited();
        self.draft.leaving &= self.talk.is_open() && self.talk.dialogue.state().phase() == Phase::Data;
        self.gather_recipients();
        if let Some(pane) = &mut self.lesson {
            pane.follow(self.talk.dialogue.exchanges());
        }
        retry::follow(self);
        self.challenge =
            if self.waiting.is_none() { Challenge::of(&self.talk, self.peer.user.as_deref()) } else { None };
        if self.challenge.is_some() && errand::keeps_log_in(self) {
            // No key gives the answer that is the learner's.
            self.challenge.iter_mut().for_each(|challenge| challenge.known = None);
        }
        let selected = self.transcript.selected();
        let given = self.talk.keeps_given(selected).then_some(About::Given);
        let about = given.or_else(|| selected.or_else(|| self.talk.last_answered()).map(About::Exchange));
        let about = about.or_else(|| self.talk.report(self.transcript.marked()).map(About::Report));
        let exam = in_exam(self);
        let learns = self.shows_lesson();
        let step = self.lesson.as_ref().filter(|_| learns).and_then(LessonPane::goal);
        self.talk.explain(about.filter(|_| !self.knowledge_due && !exam), &self.knowledge, step);
        // What speaks against the line may need rows of its own.
        self.compose(Composer::arrange);
        if let Some(layout) = self.layout() {
            self.transcript.arrange(&self.talk, layout.transcript_inner());
            if let Some(replay) = &mut self.replay {
                let mut columns = std::mem::take(&mut replay.columns);
                columns.arrange(replay.rows(), layout.transcript_inner(), replay.next_row());
                replay.columns = columns;
            }
            let marked = self.transcript.marked();
            let probing = self.probing.as_ref();
            let scene = Scene {
                knowledge: &self.knowledge,
                keymap: &self.keymap,
                marked,
                today: self.today,
                zone: self.zone.as_ref(),
                probing,
                exam,
                placed: layout.position.is_some(),
                given: layout.given,
            };
            self.panel.arrange(&self.talk, scene, layout.panel_inner());
        }
        if self.at_library() && self.layout().is_some() {
            let room = library::preview_room(self);
            self.library.arrange(room);
        }
    }

    /// The oldest reply that is awaited and was not given up. While the content of a chunk is due it is the user who is
    /// waited for.
    fn awaited(&self) -> Option<Waiting> {
        if !self.talk.is_open() || self.talk.dialogue.state().session.chunk_left > 0 {
            return None;
        }
        let pending = self.talk.dialogue.state().pending().find(|p| !p.gave_up)?;
        let (what, most) = match &pending.awaited {
            Awaited::Greeting => ("the greeting".to_owned(), 300),
            Awaited::EndOfData { .. } => ("the verdict on the message".to_owned(), 600),
            Awaited::AuthAnswer => ("the reply to the AUTH answer".to_owned(), 300),
            Awaited::Nothing => return None,
            Awaited::Command(command) => {
                let word = crate::smtp::escape::for_screen(command.word.to_ascii_uppercase().as_bytes());
                (word, self.knowledge.verbs.find(&command.word).map_or(300, |entry| entry.timeout))
            }
        };
        let exchange = self.talk.dialogue.exchanges().get(pending.tag as usize)?;
        let since = exchange.command().and_then(|record| self.talk.log.get(record)?.at).unwrap_or(self.now);
        let most = self.peer.reply_timeout.unwrap_or(Duration::from_secs(most));
        Some(Waiting { what, since, most })
    }

    /// Follows the envelope, for the composer's offers; only what was added is copied. Of very many recipients the first
    /// are enough: nobody is offered a thousand names.
    fn gather_recipients(&mut self) {
        const NAMED: usize = 1000;
        let (dialogue, log) = (&self.talk.dialogue, &self.talk.log);
        let open = self.talk.source == Source::Live
            && matches!(dialogue.state().phase(), Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Verdict);
        if !open {
            self.recipients.clear();
            return;
        }
        let envelope = dialogue.envelope();
        let envelope = &envelope[..envelope.len().min(NAMED)];
        let address = |r: &crate::conversation::dialogue::Recipient| dialogue.address(log, r);
        let known = self.recipients.len();
        let same = known <= envelope.len()
            && self.recipients.last().is_none_or(|last| *last == address(&envelope[known - 1]))
            && self.recipients.first().is_none_or(|first| *first == address(&envelope[0]));
        if !same {
            self.recipients.clear();
        }
        let from = self.recipients.len();
        self.recipients.extend(envelope[from..].iter().map(address));
    }
}
