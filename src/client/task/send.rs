//! What the owner asks for: lines, content, and what is recorded of them before they go out.

use bytes::Bytes;

use crate::conversation::beyond::Beyond;
use crate::conversation::event::Remark;
use crate::smtp::session::Sent;
use crate::smtp::{Verb, content};

use super::super::content::{Block, Upload};
use super::super::{Ending, FileContent, Request};
use super::{End, Failure, Task};

/// Message content that is recorded; the rest is counted and summed.
const CONTENT_KEPT: u64 = 1 << 20;

/// Octets of content from which on it is told how far they have gone out.
const WORTH_TELLING: usize = 256 * 1024;

/// Octets of content that are put into what goes out at once.
const PORTION: usize = 256 * 1024;

/// Content that is there and has not gone out.
pub(super) struct Held {
    octets: Bytes,
    form: Form,
}

/// In what form content goes out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it is.
    AsIs,
    /// Line by line.
    Lines,
    /// Line by line, dots stuffed.
    Stuffed,
}

/// Content beyond what is recorded.
#[derive(Default)]
pub(super) struct Uncounted {
    recorded: u64,
    beyond: Option<Beyond>,
}

impl Task {
    pub(super) fn request(&mut self, request: Request) -> Result<(), End> {
        if request.says_something() {
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
                if text.len() > WORTH_TELLING {
                    self.progress.begin(text.len() as u64);
                }
                let stuffed = self.recorder.fold.session.chunk_left == 0;
                self.hold(Held { octets: text.into(), form: if stuffed { Form::Stuffed } else { Form::Lines } });
            }
            Request::RawContent(octets) => {
                self.interrupt_line();
                self.hold(Held { octets: octets.into(), form: Form::AsIs });
            }
            Request::File(file) => {
                self.interrupt_line();
                self.upload(&file)?;
            }
            Request::GiveUp => {
                if self.recorder.fold.is_waiting() {
                    self.interrupt_line();
                    self.recorder.remark(Remark::new("gave-up"));
                    self.deadline = None;
                }
            }
            Request::ReadOn => self.flooded = false,
            Request::Close => self.closing = true,
            Request::Remark(remark) => {
                self.interrupt_line();
                self.recorder.remark(remark);
            }
            Request::KeepAlive(every) => self.keep_alive(every),
            Request::AcceptOffer => self.accept_offer(),
            Request::Learn(secret) => self.recorder.mask.learn(secret),
            Request::LearnName(secret) => self.recorder.mask.learn_name(secret),
            Request::Hide(places) => self.recorder.mask.hide(places),
        }
        if self.outgoing.is_empty() && self.deadline.is_none() {
            self.wait_for_next();
        }
        Ok(())
    }

    /// Begins with content that is there; a long one goes on as it is written.
    fn hold(&mut self, held: Held) {
        self.held = Some(held);
        self.content_goes_on();
    }

    /// Puts the next lines of the content that is there into what goes out.
    pub(super) fn content_goes_on(&mut self) {
        let Some(mut held) = self.held.take() else { return };
        let room = held.octets.len().min(PORTION);
        // Whole lines; one that is longer than that goes as far as it is long.
        let end = match memchr::memrchr(b'\n', &held.octets[..room]) {
            _ if room == held.octets.len() => room,
            Some(at) => at + 1,
            None => memchr::memchr(b'\n', &held.octets).map_or(held.octets.len(), |at| at + 1),
        };
        let portion = held.octets.split_to(end);
        if held.form == Form::AsIs {
            self.raw(&portion);
        } else {
            let stuffed = held.form == Form::Stuffed;
            self.recorder.begin_together();
            for line in content::lines(&portion) {
                let line = if stuffed { content::stuff(line) } else { line.into() };
                self.content_line(&line, Ending::CrLf);
            }
            self.recorder.end_together();
        }
        self.held = Some(held).filter(|held| !held.octets.is_empty());
    }

    fn raw(&mut self, octets: &[u8]) {
        self.recorder.begin_together();
        for line in octets.split_inclusive(|b| *b == b'\n') {
            match line.strip_suffix(b"\r\n") {
                Some(line) => self.content_line(line, Ending::CrLf),
                None => self.content_line(line, Ending::None),
            }
        }
        self.recorder.end_together();
    }

    /// Begins to read a file that goes out as content.
    fn upload(&mut self, file: &FileContent) -> Result<(), End> {
        let stuffed = self.recorder.fold.session.chunk_left == 0;
        let room = if self.content.beyond.is_some() { 0 } else { CONTENT_KEPT.saturating_sub(self.content.recorded) };
        let (upload, octets) = Upload::begin(file, stuffed, room).map_err(|words| self.unreadable(words))?;
        self.progress.begin(octets);
        self.upload = Some(upload);
        Ok(())
    }

    /// A block of the file that goes out.
    pub(super) fn block(&mut self, block: Option<Block>) -> Result<(), End> {
        match block {
            Some(Block::Recorded(octets)) => self.raw(&octets),
            Some(Block::Summed(octets)) => {
                self.recorder.content_uncounted(octets.len() as u64);
                let count = octets.len() as u64;
                self.outgoing.push(octets);
                if let Some(upload) = &mut self.upload {
                    upload.counted += count;
                }
            }
            Some(Block::End(octets, sum)) => {
                self.progress.end();
                let name = self.upload.take().map(|upload| upload.name).unwrap_or_default();
                if octets > 0 {
                    self.cut_short();
                    self.content.recorded = CONTENT_KEPT;
                    let content = Remark::new("content").with("bytes", octets).with("sha256", sum);
                    self.recorder.summed(content.with("file", name));
                }
                if self.outgoing.is_empty() {
                    self.wait_for_next();
                }
            }
            Some(Block::Failed(words)) => return Err(self.unreadable(words)),
            None => return Err(self.unreadable("the file can't be read on".to_owned())),
        }
        Ok(())
    }

    /// What was begun must not be finished: half a message is none.
    fn unreadable(&mut self, words: String) -> End {
        self.break_off();
        self.outgoing.clear();
        self.progress.end();
        End { by: "client", ..self.failed(&Failure::new("file", words)) }
    }

    /// A file is not read to its end: what went out of it is said all the same. Its sum is not known.
    pub(super) fn break_off(&mut self) {
        let Some(upload) = self.upload.take() else { return };
        let went_out = upload.counted.saturating_sub(self.outgoing.len() as u64);
        if went_out > 0 {
            self.cut_short();
            let cut = Remark::new("cut").with("direction", "out").with("bytes", went_out);
            self.recorder.summed(cut.with("file", upload.name));
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
        if matches!(&sent, Sent::Command(command) if command.verb == Verb::Bdat) {
            // All chunks are one message.
            self.cut_short();
        } else {
            self.end_content();
        }
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
        if self.content.beyond.is_some() || self.content.recorded + wire.len() as u64 > CONTENT_KEPT {
            self.content.beyond.get_or_insert_default().add(&wire);
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
        self.cut_short();
        self.content.recorded = 0;
    }

    /// What was not recorded so far is said.
    fn cut_short(&mut self) {
        if let Some(beyond) = self.content.beyond.take() {
            self.recorder.summed(beyond.cut("out"));
        }
    }
}
