//! What comes from the server: cut into lines, recorded, and looked at where it is not what was expected.

use crate::conversation::event::Remark;
use crate::conversation::fold::Answered;
use crate::smtp::session::Awaited;
use crate::smtp::{Class, Phase, Verb};

use super::super::splitter::{Piece, Splitter};
use super::super::{mode, timeouts};
use super::Task;

/// What may come without anything being asked before reading stops. Log, journal and folds each have their part of it
/// in memory, and all of ehlo is to stay below 100 MB.
const FLOOD_OCTETS: u64 = 16 << 20;
const FLOOD_LINES: u64 = 250_000;

impl Task {
    /// Runs a step of the splitter and records what it gives.
    pub(super) fn pieces(&mut self, step: impl FnOnce(&mut Splitter, &mut dyn FnMut(Piece))) {
        let Self { splitter, recorder, .. } = self;
        step(splitter, &mut |piece| {
            recorder.piece(piece);
        });
    }

    /// Octets came. Gives true when the TLS handshake is due.
    pub(super) fn octets(&mut self, bytes: &[u8]) -> bool {
        self.unasked.0 += bytes.len() as u64;
        let quiet = self.world.elapsed().saturating_sub(self.spoke);
        self.silence = None;
        self.spoken();
        if std::mem::take(&mut self.unheard) && !self.recorder.fold.session.tls {
            self.wrong_mode(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            // Line by line, since what follows the reply to STARTTLS must not be read as replies.
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at(end);
            rest = after;
            let mut answered = None;
            let Self { splitter, recorder, unasked, .. } = self;
            splitter.feed(line, |piece| {
                unasked.1 += 1;
                answered = recorder.piece(piece).or(answered.take());
            });
            if let Some(answered) = answered {
                self.watch(&answered, quiet);
                self.wait_for_next();
                if is_handshake(&answered) && self.recorder.fold.phase() == Phase::Handshake {
                    self.injected(rest);
                    return true;
                }
            }
        }
        self.stop_flood();
        false
    }

    /// The first octets of the server's: where they are no greeting, what they are and what would fit is said.
    fn wrong_mode(&mut self, first: &[u8]) {
        let (Some(speaks), Some(place)) = (mode::recognise(first), self.options.place()) else { return };
        let mut warning = Remark::new("warning").with("kind", "mode").value(speaks.words(&place));
        if let Some(better) = speaks.better(&place) {
            warning = warning.with("try", better);
        }
        self.recorder.remark(warning);
    }

    /// The connection stands and nothing comes: a port that speaks TLS from the first byte waits for the client.
    pub(super) fn silent(&mut self) {
        self.silence = None;
        let Some(place) = self.options.place() else { return };
        let words = format!(
            "no greeting for {} s; the server may be slow on purpose, or it speaks TLS from the first byte and waits for you",
            timeouts::SILENCE.as_secs()
        );
        let warning = Remark::new("warning").with("kind", "silence").value(words);
        self.recorder.remark(warning.with("try", format!("smtps://{place}")));
    }

    /// What came in clear text after the reply to STARTTLS is recorded and thrown away (RFC 3207 6).
    fn injected(&mut self, rest: &[u8]) {
        let mut bytes = self.splitter.take();
        bytes.extend_from_slice(rest);
        if !bytes.is_empty() {
            let shown = crate::smtp::escape::for_screen(&bytes[..bytes.len().min(4096)]);
            self.recorder.remark(Remark::new("injected").with("bytes", bytes.len()).with("text", shown));
        }
    }

    fn stop_flood(&mut self) {
        let (octets, lines) = self.unasked;
        if self.flooded || (octets <= FLOOD_OCTETS && lines <= FLOOD_LINES) {
            return;
        }
        self.flooded = true;
        let ended = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
        let words = format!("the server sent {octets} octets in {ended} without a pause; reading has stopped");
        self.recorder.remark(Remark::new("warning").with("kind", "flood").value(words));
    }
}

fn is_handshake(answered: &Answered) -> bool {
    matches!(&answered.pending.awaited, Awaited::Command(command) if command.verb == Verb::Starttls)
        && answered.reply.class() == Class::Success
}
