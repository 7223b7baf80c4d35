//! What is missing in the middle of a source: DATA or its 354 before a message, a reply to a command.

use crate::conversation::event::Remark;
use crate::smtp::{Phase, Verb};

use super::super::lines::{is_base64_answer, is_command, is_header_field};
use super::super::secrets;
use super::{Builder, Content};

impl Builder {
    /// Whether a line is kept back, since it may be one of a message whose beginning is missing: it is neither a command
    /// nor an answer within AUTH. What comes next shows it: another such line, and no reply to it.
    pub(super) fn holds(&mut self, line: &[u8]) -> bool {
        let odd = !is_command(line) && !is_base64_answer(line) && secrets::begins(line).is_none();
        let may = self.content == Content::Shown
            && self.spoke[1]
            && odd
            && !self.in_content()
            && !matches!(self.phase(), Phase::Auth | Phase::Connecting | Phase::Closed)
            && !self.fold.pending().any(|pending| pending.awaited.verb() == Some(Verb::Auth))
            && !(line.is_empty() && self.held.is_none());
        if !may {
            // A dot right behind such a line ends the message that it belongs to.
            self.settle(
                line == b"." || is_header_field(self.held.as_ref().map_or(b"".as_slice(), |(_, held)| held.as_slice())),
            );
            return false;
        }
        if self.held.is_some() {
            self.settle(true);
            return false;
        }
        self.lines += 1;
        self.held = Some((self.at, line.to_vec()));
        true
    }

    /// Adds the line that was kept back: as content, where it is shown to be that, or as it was sent.
    pub(super) fn settle(&mut self, content: bool) {
        let Some((at, line)) = self.held.take() else { return };
        let now = std::mem::replace(&mut self.at, at);
        self.lines -= 1;
        if content {
            let data = self.fold.pending().any(|pending| pending.awaited.verb() == Some(Verb::Data));
            self.inferred(if data {
                "from here on a message, up to its dot: the 354 before it is missing"
            } else {
                "from here on a message, up to its dot: DATA and the 354 before it are missing"
            });
            // Whoever sends a message has had the replies to what he asked before.
            let lost = self.fold.pending().len();
            if lost > 0 {
                self.remark(Remark::new("lost").with("replies", lost));
            }
            self.orphan = true;
        }
        self.sent(&line, true);
        self.at = now;
    }

    /// A 354 answers DATA, and 221 QUIT: what waits before it has lost its reply, which is said, so that no reply is taken
    /// for that of another command.
    pub(super) fn resume(&mut self, line: &[u8]) {
        let verb = match line.get(..3) {
            Some(b"354") => Verb::Data,
            Some(b"221") => Verb::Quit,
            _ => return,
        };
        if self.fold.in_reply() {
            return;
        }
        let lost = self.fold.pending().position(|pending| pending.awaited.verb() == Some(verb)).unwrap_or(0);
        if lost > 0 {
            let are = if lost == 1 { "reply is" } else { "replies are" };
            self.inferred(&format!("{lost} {are} missing above: the next one answers {}", verb.word()));
            self.remark(Remark::new("lost").with("replies", lost));
        }
    }

    /// Says of commands in the middle of the file that no reply to them is in it.
    pub(super) fn say_unanswered(&mut self) {
        let waiting =
            self.fold.pending().filter(|pending| !pending.gave_up && pending.awaited.verb().is_some()).count();
        // The last one may have been cut off, or was never answered.
        if self.spoke == [true, true] && waiting > 1 {
            self.inferred(&format!("{waiting} commands have no reply in the file, which of them can't be told"));
        }
    }
}
