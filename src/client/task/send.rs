//! What the owner asks for: lines, content, and what is recorded of them before they go out.

use sha2::{Digest as _, Sha256};

use crate::conversation::event::Remark;
use crate::smtp::session::Sent;
use crate::smtp::{Verb, content};

use super::super::splitter::hexadecimal;
use super::super::{Ending, Request};
use super::Task;

/// Message content that is recorded; the rest is counted and summed.
const CONTENT_KEPT: u64 = 1 << 20;

/// Content beyond what is recorded.
#[derive(Default)]
pub(super) struct Uncounted {
    recorded: u64,
    beyond: Option<(u64, Sha256)>,
}

impl Task {
    pub(super) fn request(&mut self, request: Request) {
        if !matches!(request, Request::Remark(_) | Request::Learn(_) | Request::KeepAlive(_)) {
            self.unasked = (0, 0);
            self.spoken();
        }
        match request {
            Request::Line(line, ending) => {
                self.interrupt_line();
                self.line(&line, ending);
            }
            Request::Pipeline(lines) => {
                self.interrupt_line();
                self.recorder.remark(Remark::new("pipelined").with("n", lines.len()));
                for line in lines {
                    self.line(&line, Ending::CrLf);
                }
            }
            Request::Content(text) => {
                self.interrupt_line();
                let stuffed = self.recorder.fold.session.chunk_left == 0;
                for line in content::lines(&text) {
                    let line = if stuffed { content::stuff(line) } else { line.into() };
                    self.content_line(&line, Ending::CrLf);
                }
            }
            Request::RawContent(octets) => {
                self.interrupt_line();
                for line in octets.split_inclusive(|b| *b == b'\n') {
                    match line.strip_suffix(b"\r\n") {
                        Some(line) => self.content_line(line, Ending::CrLf),
                        None => self.content_line(line, Ending::None),
                    }
                }
            }
            Request::GiveUp => {
                if self.recorder.fold.is_waiting() {
                    self.interrupt_line();
                    self.recorder.remark(Remark::new("gave-up"));
                    self.deadline = None;
                }
            }
            Request::ReadOn => self.flooded = false,
            Request::Remark(remark) => {
                self.interrupt_line();
                self.recorder.remark(remark);
            }
            Request::KeepAlive(every) => self.keep_alive(every),
            Request::Learn(secret) => self.recorder.mask.learn(secret),
        }
        if self.outgoing.is_empty() && self.deadline.is_none() {
            self.wait_for_next();
        }
    }

    /// Something is recorded now: a line of the server's that has begun is recorded as far as it came.
    fn interrupt_line(&mut self) {
        self.pieces(|splitter, each| splitter.flush(each));
    }

    pub(super) fn line(&mut self, line: &[u8], ending: Ending) {
        let sent = self.recorder.fold.session.classify(line);
        if sent == Sent::Content {
            let stuffed = if self.recorder.fold.session.chunk_left == 0 { content::stuff(line) } else { line.into() };
            self.content_line(&stuffed, ending);
            return;
        }
        self.end_content();
        if let Sent::Command(command) = &sent
            && matches!(command.verb, Verb::Ehlo | Verb::Lhlo)
        {
            self.greeting = line.to_vec();
        }
        let mut bytes = line.to_vec();
        if ending == Ending::Lf {
            bytes.push(b'\n');
        }
        // Journal first, then the wire (FORMATS section 1, Journal).
        self.recorder.sent(&bytes, ending == Ending::CrLf);
        self.outgoing.extend_from_slice(&bytes);
        if ending == Ending::CrLf {
            self.outgoing.extend_from_slice(b"\r\n");
        }
        self.spoken();
        self.wait_for_next();
    }

    fn content_line(&mut self, line: &[u8], ending: Ending) {
        let mut wire = line.to_vec();
        match ending {
            Ending::CrLf => wire.extend_from_slice(b"\r\n"),
            Ending::Lf => wire.push(b'\n'),
            Ending::None => {}
        }
        if let Some((octets, sum)) = &mut self.content.beyond {
            *octets += wire.len() as u64;
            sum.update(&wire);
            self.recorder.content_uncounted(wire.len() as u64);
        } else if self.content.recorded + wire.len() as u64 > CONTENT_KEPT {
            let mut sum = Sha256::new();
            sum.update(&wire);
            self.content.beyond = Some((wire.len() as u64, sum));
            self.recorder.content_uncounted(wire.len() as u64);
        } else {
            self.content.recorded += wire.len() as u64;
            let crlf = ending == Ending::CrLf;
            self.recorder.content(if crlf { line } else { &wire }, crlf);
        }
        self.outgoing.extend_from_slice(&wire);
    }

    /// The content is complete: what was not recorded of it is said.
    pub(super) fn end_content(&mut self) {
        if let Some((octets, sum)) = std::mem::take(&mut self.content).beyond {
            let cut = Remark::new("cut").with("direction", "out").with("bytes", octets);
            self.recorder.remark(cut.with("sha256", hexadecimal(&sum.finalize())));
        }
    }
}
