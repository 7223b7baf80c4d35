//! The lab's own record of each session: the same events as the client's, seen from the server's side, and bounded.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::ListenerKind;
use super::framer::Unit;
use super::limits::Limits;
use super::site::lock;
use crate::conversation::beyond::Beyond;
use crate::conversation::log::Kind;
use crate::conversation::mask::Mask;
use crate::conversation::{Event, Fold, Log, Micros, Remark};
use crate::smtp::Secret;
use crate::world::World;

/// What a short conversation comes to: room for it is made at once.
const OCTETS: usize = 1024;
const RECORDS: usize = 24;

/// What happened in one session, as the lab saw it.
#[derive(Debug)]
pub struct SessionRecord {
    /// Its number, from 1.
    pub number: u64,
    /// From where the client came.
    pub client: SocketAddr,
    /// To which listener.
    pub listener: ListenerKind,
    /// When it began; the log's times are counted from here.
    pub started: Timestamp,
    log: Mutex<Log>,
    closed: AtomicBool,
}

impl SessionRecord {
    /// A copy of what has happened so far.
    #[must_use]
    pub fn log(&self) -> Log {
        lock(&self.log).clone()
    }

    /// Looks at what has happened so far, without a copy; the session waits meanwhile.
    pub fn with_log<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&lock(&self.log))
    }

    /// Octets of memory that it takes.
    fn memory(&self) -> u64 {
        lock(&self.log).memory() as u64
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// The records of the sessions that are kept, and a sign of change.
#[derive(Debug)]
pub(super) struct Records {
    limits: Limits,
    /// What must stand in no record.
    hidden: Vec<Secret>,
    kept: Mutex<VecDeque<Arc<SessionRecord>>>,
    /// Whether little is kept of a message.
    tight: AtomicBool,
    change: watch::Sender<u64>,
}

impl Records {
    pub(super) fn new(limits: Limits, hidden: Vec<Secret>) -> Self {
        Self { limits, hidden, kept: Mutex::default(), tight: AtomicBool::new(false), change: watch::Sender::new(0) }
    }

    /// Takes out what must stand in no record.
    fn mask(&self) -> Mask {
        let mut mask = Mask::default();
        self.hidden.iter().for_each(|secret| mask.learn(secret.clone()));
        mask
    }

    /// Octets of memory that the records take.
    pub(super) fn octets(&self) -> u64 {
        lock(&self.kept).iter().map(|record| record.memory()).sum()
    }

    /// Gives up the oldest records of sessions that are over and that were `seen`, until they come to so many octets; gives
    /// to how many. The newest stays.
    pub(super) fn give_up(&self, octets: u64, seen: &dyn Fn(u64) -> bool) -> u64 {
        let mut given = 0;
        let mut kept = lock(&self.kept);
        let newest = kept.back().map_or(0, |record| record.number);
        kept.retain(|record| {
            let goes = given < octets && record.number != newest && record.is_closed() && seen(record.number);
            if goes {
                given += record.memory();
            }
            !goes
        });
        given
    }

    /// Whether little is kept of a message.
    pub(super) fn tighten(&self, on: bool) {
        self.tight.store(on, Ordering::Relaxed);
    }

    /// Octets that are kept of a message that begins now, in a record that has so many: each leaves room for others, and
    /// for what is said beside them.
    fn room(&self, octets: usize) -> usize {
        let most = if self.tight.load(Ordering::Relaxed) { self.limits.record / 8 } else { self.limits.record };
        most.saturating_sub(octets) / 2
    }

    pub(super) fn all(&self) -> Vec<Arc<SessionRecord>> {
        lock(&self.kept).iter().cloned().collect()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.change.subscribe()
    }

    /// Tells whoever waits that something has happened.
    fn changed(&self) {
        // Who begins to listen later reads first what is there.
        if self.change.receiver_count() > 0 {
            self.change.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// The record of a session, where it is kept.
    fn of(&self, number: u64) -> Option<Arc<SessionRecord>> {
        lock(&self.kept).iter().rev().find(|record| record.number == number).cloned()
    }

    fn begin(&self, record: &Arc<SessionRecord>) {
        let mut kept = lock(&self.kept);
        kept.push_back(Arc::clone(record));
        while kept.len() > self.limits.sessions {
            kept.pop_front();
        }
    }
}

/// Writes one session's record.
pub(super) struct Recorder {
    /// None where nobody could read it.
    record: Option<Arc<SessionRecord>>,
    mask: Mask,
    fold: Fold,
    started: Duration,
    full: bool,
    /// Octets that may still be kept of the message that is coming; none between messages.
    room: Option<usize>,
    /// What is not kept of it. In a box, since most connections have none.
    beyond: Option<Box<Beyond>>,
}

impl Recorder {
    pub(super) fn new(
        records: &Records,
        world: &World,
        number: u64,
        client: SocketAddr,
        listener: ListenerKind,
    ) -> Self {
        let record = Arc::new(SessionRecord {
            number,
            client,
            listener,
            started: world.now(),
            log: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        records.begin(&record);
        let record = Some(record);
        Self {
            record,
            mask: records.mask(),
            fold: Fold::new(),
            started: world.elapsed(),
            full: false,
            room: None,
            beyond: None,
        }
    }

    /// Since when it counts, where all that it needs to go on stands in the record.
    pub(super) fn resting(&self) -> Option<Duration> {
        let whole = |record: &Arc<SessionRecord>| lock(&record.log).since(0).all(|(_, entry)| !entry.masked);
        (!self.full && self.record.as_ref().is_none_or(whole)).then_some(self.started)
    }

    /// Goes on with a session's record from where it stands.
    pub(super) fn resumed(records: &Records, number: u64, started: Duration) -> Self {
        let (mut mask, mut fold) = (records.mask(), Fold::new());
        let record = records.of(number);
        if let Some(record) = &record {
            let mut log = lock(&record.log);
            log.reserve(OCTETS, RECORDS);
            for (_, entry) in log.since(0) {
                if let Some(remark) = entry.remark() {
                    fold.remark(&remark, 0);
                } else if entry.kind == Kind::Received {
                    fold.received(entry.bytes, entry.crlf);
                    // How it may stand in the record is known: it stands there.
                    let _ = mask.received(entry.bytes, entry.crlf);
                }
            }
        }
        Self { record, mask, fold, started, full: false, room: None, beyond: None }
    }

    /// Input that the session has taken; `ended` where it was the lone dot.
    pub(super) fn input(&mut self, site: &super::site::Site, unit: &Unit, ended: bool) {
        if self.is_over() {
            return;
        }
        match unit {
            Unit::Line { bytes, crlf: true } => self.sent(site, bytes, true),
            Unit::Line { bytes, crlf: false } => self.sent(site, &[bytes, &b"\n"[..]].concat(), false),
            Unit::TooLong(head) => {
                self.sent(site, head, false);
                self.remark(site, &Remark::new("cut").with("direction", "out"));
            }
            Unit::Content(_) if ended => self.sent(site, b".", true),
            Unit::Content(bytes) => self.content(site, bytes),
            Unit::Chunk(bytes) => {
                for line in bytes.split_inclusive(|octet| *octet == b'\n') {
                    self.content(site, line);
                }
            }
        }
    }

    fn sent(&mut self, site: &super::site::Site, bytes: &[u8], crlf: bool) {
        self.cut_short(site);
        self.room = None;
        let line = self.mask.sent(&self.fold.session, bytes, crlf);
        self.fold.sent(bytes.strip_suffix(b"\n").unwrap_or(bytes), 0);
        self.push(site, &Event::Sent(line));
    }

    fn content(&mut self, site: &super::site::Site, bytes: &[u8]) {
        let (bytes, crlf) = match bytes.strip_suffix(b"\r\n") {
            Some(line) => (line, true),
            None => (bytes, false),
        };
        let octets = bytes.len() + if crlf { 2 } else { 0 };
        if self.has_room(site, octets) {
            let line = self.mask.sent(&self.fold.session, bytes, crlf);
            self.push(site, &Event::Content(line));
        } else {
            let beyond = self.beyond.get_or_insert_default();
            beyond.add(bytes);
            if crlf {
                beyond.add(b"\r\n");
            }
        }
        self.fold.content(octets as u64);
    }

    /// Whether so many octets more of the message are kept; from the first that are not on it keeps none.
    fn has_room(&mut self, site: &super::site::Site, octets: usize) -> bool {
        let Some(record) = self.record.as_ref().filter(|_| self.beyond.is_none()) else { return false };
        let room = self.room.get_or_insert_with(|| site.records.room(lock(&record.log).octets()));
        let left = room.checked_sub(octets);
        *room = left.unwrap_or(0);
        left.is_some()
    }

    /// What was not kept of the message up to now is said. It was counted as it came.
    fn cut_short(&mut self, site: &super::site::Site) {
        if let Some(beyond) = self.beyond.take() {
            self.push(site, &Event::Remark(beyond.cut("out")));
        }
    }

    /// Whole lines of content, none of which could be the end of it.
    pub(super) fn lines(&mut self, site: &super::site::Site, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        if !self.mask.lets_content_be(&self.fold.session) {
            return bytes.split_inclusive(|octet| *octet == b'\n').for_each(|line| self.content(site, line));
        }
        self.fold.content(bytes.len() as u64);
        let mut lines = bytes.split_inclusive(|octet| *octet == b'\n');
        let kept = lines.by_ref().take_while(|line| self.has_room(site, line.len())).map(<[u8]>::len).sum();
        let (kept, rest) = bytes.split_at(kept);
        if !rest.is_empty() {
            self.beyond.get_or_insert_default().add(rest);
        }
        if !kept.is_empty() {
            self.write(site, |log, at| {
                for line in kept.split_inclusive(|octet| *octet == b'\n') {
                    log.push_octets(Kind::Content, Some(at), line.strip_suffix(b"\r\n").unwrap_or(line), true, false);
                }
            });
            site.records.changed();
        }
    }

    /// A line of a reply, without its end.
    pub(super) fn reply(&mut self, site: &super::site::Site, bytes: &[u8], crlf: bool) {
        if self.is_over() {
            return;
        }
        self.cut_short(site);
        let line = self.mask.received(bytes, crlf);
        self.fold.received(bytes, crlf);
        self.push(site, &Event::Received(line));
    }

    /// Something that is said of the connection.
    pub(super) fn remark(&mut self, site: &super::site::Site, remark: &Remark) {
        // A rule may say something in the middle of a message; only its end ends what is counted.
        let ends = matches!(remark.word.as_str(), "closed" | "moved");
        if ends {
            self.cut_short(site);
        }
        self.fold.remark(remark, 0);
        // What is only known from this session, such as a user's name that is the password too, a goal may ask for.
        if !self.is_kept() {
            return;
        }
        let masked;
        let remark = if site.records.hidden.is_empty() {
            remark
        } else {
            masked = site.records.mask().remark(remark.clone());
            &masked
        };
        let text = remark.to_string();
        self.write(site, |log, at| {
            log.push_octets(Kind::Remark, Some(at), text.as_bytes(), true, false);
        });
        // Said before anybody is told of the change: who waits for the end must not miss it.
        if ends {
            self.close();
        }
        site.records.changed();
    }

    /// Whether what is said goes into the record no more: it has its size, or is no longer kept, so that nobody can read
    /// it and a crowd of clients can't fill the memory.
    fn is_over(&self) -> bool {
        self.full || !self.is_kept()
    }

    fn is_kept(&self) -> bool {
        self.record.as_ref().is_some_and(|record| Arc::strong_count(record) > 1)
    }

    fn push(&mut self, site: &super::site::Site, event: &Event) {
        if !self.is_over() {
            self.write(site, |log, at| {
                log.push(at, event);
            });
            site.records.changed();
        }
    }

    fn close(&self) {
        if let Some(record) = &self.record {
            record.closed.store(true, Ordering::Release);
            let mut log = lock(&record.log);
            if log.memory() > 2 * OCTETS {
                log.fit();
            }
        }
    }

    fn write(&mut self, site: &super::site::Site, add: impl FnOnce(&mut Log, Micros)) {
        let at = Micros::from(site.world.elapsed().saturating_sub(self.started));
        let Some(record) = &self.record else { return };
        let mut log = lock(&record.log);
        add(&mut log, at);
        if !self.full && log.octets() > site.records.limits.record {
            self.full = true;
            log.fit();
            log.push(at, &Event::Remark(Remark::new("warning").value("the lab's record of this session ends here")));
        }
    }
}
