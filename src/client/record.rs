//! What happened goes through here, once: masked, written to the journal, folded, queued for the owner.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conversation::Fold;
use crate::conversation::beyond::{Beyond, cut};
use crate::conversation::event::{Event, Line, Micros, Remark, Timed};
use crate::conversation::fold::Answered;
use crate::conversation::mask::Mask;
use crate::smtp::reply::MAX_LINES;
use crate::smtp::{LineEnd, ReplyLine};
use crate::world::World;

use super::SharedJournal;
use super::events::Outlet;
use super::splitter::Piece;

/// The recording side of a connection.
pub(super) struct Recorder {
    /// The state of the session, for phases and time-outs.
    pub(super) fold: Fold,
    /// The secrets.
    pub(super) mask: Mask,
    /// What the owner has had no room for yet.
    backlog: VecDeque<Timed>,
    events: Outlet,
    journal: Option<SharedJournal>,
    world: World,
    started: Duration,
    warned: bool,
    /// What was sent of a line whose end has not been.
    part: Vec<u8>,
    /// What came of a reply beyond its limit.
    rest: Option<Beyond>,
    /// Events that are written together.
    together: Option<Vec<Timed>>,
}

impl Recorder {
    pub(super) fn new(events: Outlet, journal: Option<SharedJournal>, world: World, started: Duration) -> Self {
        Self {
            fold: Fold::new(),
            mask: Mask::default(),
            backlog: VecDeque::new(),
            events,
            journal,
            world,
            started,
            warned: false,
            part: Vec::new(),
            rest: None,
            together: None,
        }
    }

    fn push(&mut self, event: Event) {
        let at = Micros::from(self.world.elapsed().saturating_sub(self.started));
        let timed = Timed { at, event };
        match &mut self.together {
            Some(together) => together.push(timed),
            None => self.keep(vec![timed]),
        }
    }

    /// Has what happens within written with one write(2): a block of content is many lines.
    pub(super) fn begin_together(&mut self) {
        self.together = Some(Vec::new());
    }

    /// Writes what has happened since [`Self::begin_together`].
    pub(super) fn end_together(&mut self) {
        let together = self.together.take().unwrap_or_default();
        self.keep(together);
    }

    fn keep(&mut self, events: Vec<Timed>) {
        let Some(at) = events.last().map(|event| event.at) else { return };
        if let Err(error) = self.write_down(events) {
            let words = format!("this conversation is not being recorded: {error}; it goes on all the same");
            let event = Event::Remark(Remark::unrecorded(words));
            // Its owner counts it among the records that the file has not: so must the journal.
            let _ = self.write_down(vec![Timed { at, event }]);
        }
        self.flush();
    }

    /// Journal first, then the owner's queue.
    fn write_down(&mut self, events: Vec<Timed>) -> Result<(), String> {
        let written = match &self.journal {
            Some(journal) => match journal.lock() {
                Ok(mut journal) => journal.append_all(&events).map_err(|error| error.to_string()),
                Err(_) if self.warned => Ok(None),
                Err(_) => {
                    self.warned = true;
                    Err("another task ended while it wrote".to_owned())
                }
            },
            None => Ok(None),
        };
        let (again, told) = written.map_or_else(|error| (None, Err(error)), |again| (again, Ok(())));
        if let (Some(again), Some(first)) = (again, events.first()) {
            self.backlog.push_back(Timed { at: first.at, event: Event::Remark(again) });
        }
        self.backlog.extend(events);
        told
    }

    /// Events that wait for the owner, the next one first.
    pub(super) fn backlog(&self) -> &VecDeque<Timed> {
        &self.backlog
    }

    /// Gives the owner what there is room for.
    pub(super) fn flush(&mut self) {
        while let Some(event) = self.backlog.pop_front() {
            if let Err(event) = self.events.try_send(event) {
                self.backlog.push_front(event);
                return;
            }
        }
    }

    /// Gives the owner all that is left, however long it takes; ends when the owner has gone.
    pub(super) async fn finish(mut self) {
        for event in self.backlog.drain(..) {
            if !self.events.send(event).await {
                return;
            }
        }
    }

    /// A remark.
    pub(super) fn remark(&mut self, remark: Remark) {
        // Words of ehlo's may quote the server, and a server may quote a secret.
        let remark = self.mask.remark(remark);
        self.fold.remark(&remark, 0);
        self.push(Event::Remark(remark));
    }

    /// What was sent of content and only summed; its octets were counted as they went out.
    pub(super) fn summed(&mut self, remark: Remark) {
        let remark = self.mask.remark(remark);
        self.push(Event::Remark(remark));
    }

    /// A piece of what the server sent; gives the reply that is complete with it.
    pub(super) fn piece(&mut self, piece: Piece) -> Option<Answered> {
        if self.rest.is_some() || self.fold.reply_lines() >= MAX_LINES {
            return self.beyond(piece);
        }
        match piece {
            Piece::Octets { bytes, crlf } => self.received(&bytes, crlf),
            Piece::Cut { octets, sum } => self.cut(cut("in", octets, sum)),
        }
    }

    /// A piece of a reply beyond its limit: counted, and said once the reply has ended.
    fn beyond(&mut self, piece: Piece) -> Option<Answered> {
        let rest = self.rest.get_or_insert_default();
        let Piece::Octets { mut bytes, crlf } = piece else { return None };
        let line = ReplyLine::parse(bytes.clone(), LineEnd::CrLf);
        if crlf {
            bytes.extend_from_slice(b"\r\n");
        }
        rest.add(&bytes);
        let ended = line.code.is_some() && !line.continues();
        if ended { self.end_beyond() } else { None }
    }

    /// Says what was cut of a reply, where something was.
    pub(super) fn end_beyond(&mut self) -> Option<Answered> {
        let rest = self.rest.take()?;
        self.cut(rest.cut("in"))
    }

    /// A part was cut, of a line or of a reply.
    fn cut(&mut self, remark: Remark) -> Option<Answered> {
        let answered = self.fold.remark(&remark, 0);
        self.push(Event::Remark(remark));
        answered
    }

    /// A line that goes out now: a command, an answer within AUTH, the lone dot.
    pub(super) fn sent(&mut self, line: &[u8], crlf: bool) {
        let masked = self.mask.sent(&self.fold.session, line, crlf);
        self.part.extend_from_slice(line);
        if crlf || line.ends_with(b"\n") {
            let whole = std::mem::take(&mut self.part);
            let whole = whole.strip_suffix(b"\n").map_or(&*whole, |l| l.strip_suffix(b"\r").unwrap_or(l));
            self.fold.sent(whole, 0);
        }
        self.push(Event::Sent(masked));
    }

    /// A line of content that goes out now, as on the wire.
    pub(super) fn content(&mut self, line: &[u8], crlf: bool) {
        let masked = self.mask.sent(&self.fold.session, line, crlf);
        self.fold.content(line.len() as u64 + if crlf { 2 } else { 0 });
        self.push(Event::Content(masked));
    }

    /// Octets of content that go out now and are only counted.
    pub(super) fn content_uncounted(&mut self, octets: u64) {
        self.fold.content(octets);
    }

    fn received(&mut self, bytes: &[u8], crlf: bool) -> Option<Answered> {
        let line: Line = self.mask.received(bytes, crlf);
        let answered = self.fold.received(bytes, crlf);
        self.push(Event::Received(line));
        answered
    }
}
