//! Puts a conversation together from what an importer reads: knows the session, so that a line of content is told from a
//! command, secrets are masked before anything is kept, and what a source does not show is said where it is missing.

mod late;
mod missing;
mod time;
mod told;

use toml::Value;

use crate::conversation::beyond::Beyond;
use crate::conversation::event::{Event, Line, Micros, Remark};
use crate::conversation::file::{Document, Header, Side};
use crate::conversation::mask::Mask;
use crate::conversation::{Fold, Kind, Log};
use crate::smtp::reply::MAX_LINE;
use crate::smtp::secret::MARKER;
use crate::smtp::{Phase, Secret, escape};

use super::lines::{is_base64_answer, is_command};
use super::{secrets, unseen};
use time::Clock;

/// Octets of a tool's own words that are kept.
const WORDS: usize = 2000;
/// Octets of a message that are kept; the rest is counted and summed (FORMATS section 1, Limits).
const KEPT: u64 = 1 << 20;

/// Whether a source shows what is sent after DATA and BDAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Content {
    /// It does.
    #[default]
    Shown,
    /// It never does.
    Hidden,
    /// It is an export of ehlo's own, which says of each line what it is and of all that is missing that it is.
    Told,
}

/// A conversation that is being put together.
#[derive(Debug)]
pub(super) struct Builder {
    header: Header,
    log: Log,
    fold: Fold,
    mask: Mask,
    content: Content,
    clock: Clock,
    at: Micros,
    /// Octets of each direction whose line has no end yet: from the client, from the server.
    partial: [Vec<u8>; 2],
    /// Lines of content since the last 354.
    shown: usize,
    /// That the message is not shown was said.
    told_hidden: bool,
    lines: usize,
    /// The source itself says where the handshake is.
    tls_told: bool,
    /// Where the last connection was tried.
    tried: String,
    /// Octets of the message that is being sent.
    content_octets: u64,
    /// Those of them that are not kept.
    beyond: Option<Beyond>,
    /// Records of which a later reply shows that they carried a log-in.
    betrayed: Vec<usize>,
    /// How many secrets are known, and before which record the last of them was not.
    learnt: (usize, usize),
    /// Whether each side has said anything.
    spoke: [bool; 2],
    /// A line that is no command, until what follows shows whether it was sent as one, and when it came.
    held: Option<(Micros, Vec<u8>)>,
    /// Content whose DATA or 354 is missing goes on up to its dot.
    orphan: bool,
    /// What the client's next octets are, where the source says it.
    marked: Option<Kind>,
}

impl Builder {
    /// A conversation that comes from a source of this name.
    pub(super) fn new(source: &str, content: Content) -> Self {
        let mut header = Header::default();
        header.set("ehlo", Value::Integer(crate::conversation::file::FORMAT));
        header.set("side", Value::String(Side::Client.word().to_owned()));
        header.set("imported", Value::String(source.to_owned()));
        Self {
            header,
            log: Log::new(),
            fold: Fold::new(),
            mask: Mask::default(),
            content,
            clock: Clock::None,
            at: Micros(0),
            partial: [Vec::new(), Vec::new()],
            shown: 0,
            told_hidden: false,
            lines: 0,
            tls_told: false,
            tried: String::new(),
            content_octets: 0,
            beyond: None,
            betrayed: Vec::new(),
            learnt: (0, 0),
            spoke: [false; 2],
            held: None,
            orphan: false,
            marked: None,
        }
    }

    /// Sets a key of the head.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.header.set(key, Value::String(escape::for_screen(value.as_bytes())));
    }

    /// The server recorded it.
    pub(super) fn by_server(&mut self) {
        self.header.set("side", Value::String(Side::Server.word().to_owned()));
    }

    /// With whom it is, where that is known.
    pub(super) fn target(&self) -> Option<&str> {
        self.header.text("target")
    }

    /// The session as it stands.
    pub(super) fn fold(&self) -> &Fold {
        &self.fold
    }

    /// The phase as it stands.
    pub(super) fn phase(&self) -> Phase {
        self.fold.phase()
    }

    /// How many lines of either side there are so far.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Whether the server has said anything.
    pub(super) fn is_greeted(&self) -> bool {
        self.spoke[1]
    }

    /// Whether what the client says next is message content.
    pub(super) fn in_content(&self) -> bool {
        self.fold.in_content() || self.orphan
    }

    /// A line of the client's, without its end; CR LF is taken to have followed.
    pub(super) fn client(&mut self, line: &[u8]) {
        self.before_client(line);
        if !self.holds(line) {
            self.sent(line, true);
        }
    }

    /// A line of the message, where the source says that it is one: it may have gone out before its 354 came.
    pub(super) fn content_line(&mut self, line: &[u8]) {
        if self.in_content() {
            return self.client(line);
        }
        self.lines += 1;
        self.spoke[0] = true;
        self.content(line, true);
    }

    fn before_client(&mut self, line: &[u8]) {
        if self.is_told() {
            return;
        }
        if self.fold.session.chunk_left > 0 && self.content == Content::Hidden {
            self.hidden_chunk();
        }
        if self.phase() == Phase::Handshake && !self.tls_told {
            self.inferred("TLS from here: STARTTLS was answered 220, and the client goes on");
            self.remark(Remark::new("tls"));
        }
        if self.content == Content::Hidden && self.in_content() && line != b"." {
            // The source went on without the verdict on the message.
            self.remark(Remark::new("content").with("shown", "no"));
        }
    }

    fn hidden_chunk(&mut self) {
        let left = self.fold.session.chunk_left;
        self.remark(Remark::new("content").with("bytes", left).with("shown", "no"));
    }

    fn sent(&mut self, line: &[u8], crlf: bool) {
        let (line, cut) = line.split_at(line.len().min(MAX_LINE));
        let bare = line.strip_suffix(b"\n").filter(|_| !crlf).unwrap_or(line);
        let content = self.orphan && bare != b"." || self.fold.takes_for_content(bare);
        self.orphan &= content;
        let content = self.marked.map_or(content, |kind| kind == Kind::Content);
        // Where the source begins in the middle, or lacks the AUTH line, its look alone tells an answer.
        if !content && !self.is_told() && is_base64_answer(bare) && !is_command(bare) {
            self.mask.learn(Secret::new(bare.to_vec()));
        }
        self.lines += 1;
        self.spoke[0] = true;
        if content {
            self.content(line, crlf);
        } else {
            self.end_content();
            // What is read back was masked as it was said: nothing in it is secret by its look.
            let looks = if self.is_told() || self.phase() == Phase::Auth { None } else { secrets::begins(bare) };
            let by_session = self.mask.sent(&self.fold.session, line, crlf);
            let masked = match looks {
                // What either hides is hidden: up to the marker the two are the same.
                Some(from) => {
                    let marker = if by_session.masked { memchr::memmem::find(&by_session.bytes, MARKER) } else { None };
                    self.mask.hidden(line, marker.map_or(from, |at| at.min(from)), crlf)
                }
                None => by_session,
            };
            let masked = if self.is_told() { told::masked(masked, line, crlf) } else { masked };
            (self.shown, self.told_hidden) = (0, false);
            self.fold.sent(bare, u32::try_from(self.log.len()).unwrap_or(u32::MAX));
            self.log.push(self.at, &Event::Sent(masked));
            self.note_learnt();
        }
        self.cut("out", cut);
    }

    /// A line of the message: beyond what is kept it is counted and summed.
    fn content(&mut self, line: &[u8], crlf: bool) {
        let octets = line.len() as u64 + if crlf { 2 } else { 0 };
        self.shown += 1;
        self.content_octets += octets;
        if self.content_octets > KEPT {
            let beyond = self.beyond.get_or_insert_default();
            beyond.add(line);
            if crlf {
                beyond.add(b"\r\n");
            }
        } else {
            let masked = self.mask.sent(&self.fold.session, line, crlf);
            let masked = self.without_credential(masked, line, crlf);
            self.log.push(self.at, &Event::Content(masked));
        }
        self.fold.content(octets);
    }

    /// What was not kept of the message is said.
    fn end_content(&mut self) {
        self.content_octets = 0;
        if let Some(beyond) = self.beyond.take() {
            self.remark(beyond.cut("out"));
        }
    }

    /// A line of the server's, without its end; CR LF is taken to have followed.
    pub(super) fn server(&mut self, line: &[u8]) {
        self.before_server(line);
        self.received(line, true);
    }

    fn before_server(&mut self, line: &[u8]) {
        if self.is_told() {
            return;
        }
        self.settle(false);
        if std::mem::take(&mut self.orphan) {
            self.inferred("the dot that ends the message: it is not shown, and a reply came");
            self.sent(b".", true);
        }
        if self.in_content() && !self.partial[0].is_empty() {
            // A line without its end is content all the same.
            let partial = std::mem::take(&mut self.partial[0]);
            self.piece(0, &partial);
            self.mask.broken();
        }
        self.resume(line);
        if self.fold.session.chunk_left > 0 && self.content == Content::Hidden {
            self.hidden_chunk();
        }
        if self.phase() == Phase::Data && !self.fold.is_waiting() && !self.fold.in_reply() && !line.starts_with(b"421")
        {
            // It went out with the message, and not when the reply to it came.
            let last = self.log.len().checked_sub(1).and_then(|last| self.log.get(last)?.at);
            let now = self.at;
            self.at = last.unwrap_or(now);
            if self.shown == 0 {
                if !self.told_hidden {
                    self.remark(Remark::new("content").with("shown", "no"));
                }
                self.inferred("the message and the dot that ends it: they are not shown, and a reply came");
            } else {
                self.inferred("the dot that ends the message: it is not shown, and a reply came");
            }
            self.sent(b".", true);
            self.at = now;
        }
    }

    fn received(&mut self, line: &[u8], crlf: bool) {
        let (line, cut) = line.split_at(line.len().min(MAX_LINE));
        let masked = self.mask.received(line, crlf);
        let masked = self.without_credential(masked, line, crlf);
        self.lines += 1;
        self.spoke[1] = true;
        self.end_content();
        if let Some(answered) = self.fold.received(line, crlf) {
            self.betray(&answered);
        }
        self.log.push(self.at, &Event::Received(masked));
        self.cut("in", cut);
    }

    /// What is no command of the client's, as it may be recorded: where a line end or a dot was lost, one may stand in it.
    fn without_credential(&mut self, masked: Line, line: &[u8], crlf: bool) -> Line {
        if self.is_told() {
            return told::masked(masked, line, crlf);
        }
        match secrets::stands(line) {
            Some(from) => {
                let hidden = self.mask.hidden(line, from, crlf);
                self.note_learnt();
                hidden
            }
            None => masked,
        }
    }

    fn cut(&mut self, direction: &str, rest: &[u8]) {
        if rest.is_empty() {
            return;
        }
        let mut beyond = Beyond::default();
        beyond.add(rest);
        self.remark(beyond.cut(direction));
    }

    /// Octets of the client's as they went over the wire, in any split.
    pub(super) fn client_octets(&mut self, octets: &[u8]) {
        self.octets(0, octets);
    }

    /// Octets of the server's as they went over the wire, in any split.
    pub(super) fn server_octets(&mut self, octets: &[u8]) {
        self.octets(1, octets);
    }

    /// Octets of one side, 0 the client's, as they went over the wire, in any split.
    pub(super) fn octets(&mut self, side: usize, octets: &[u8]) {
        if self.is_told() && !self.partial[1 - side].is_empty() {
            self.flush();
        }
        let mut partial = std::mem::take(&mut self.partial[side]);
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() > MAX_LINE + 2 {
                self.piece(side, &partial);
                partial.clear();
            }
        }
        self.partial[side] = partial;
    }

    /// Octets of one side up to a line end, or what there was when nothing more came.
    fn piece(&mut self, side: usize, piece: &[u8]) {
        let (line, crlf) = piece.strip_suffix(b"\r\n").map_or((piece, false), |line| (line, true));
        if side == 0 {
            self.before_client(line);
            if !crlf || !self.holds(line) {
                self.sent(line, crlf);
            }
        } else {
            self.before_server(line);
            self.received(line, crlf);
        }
    }

    /// What has no line end yet gets none any more.
    pub(super) fn flush(&mut self) {
        for side in [0, 1] {
            let partial = std::mem::take(&mut self.partial[side]);
            if !partial.is_empty() {
                self.piece(side, &partial);
            }
        }
        self.mask.broken();
    }

    /// So many octets of a side, 0 the client's, went over the wire here and were not captured.
    pub(super) fn gap(&mut self, side: usize, octets: u64) {
        self.flush();
        if side == 0 {
            self.mask.headless();
        }
        let direction = if side == 0 { "out" } else { "in" };
        self.remark(Remark::new("cut").with("direction", direction).with("bytes", octets));
    }

    /// A remark.
    pub(super) fn remark(&mut self, remark: Remark) {
        if !matches!(remark.word.as_str(), "inferred" | "tool") {
            self.settle(false);
        }
        let remark = self.mask.remark(remark);
        self.tls_told |= remark.word == "tls";
        self.told_hidden |= remark.word == "content";
        self.fold.remark(&remark, 0);
        if matches!(remark.word.as_str(), "connecting" | "connected") {
            self.tls_told = false;
        }
        self.log.push(self.at, &Event::Remark(remark));
    }

    /// Something that the source does not say and that follows from what it does.
    pub(super) fn inferred(&mut self, words: &str) {
        self.remark(Remark::new("inferred").value(words));
    }

    /// Words of the tool's own.
    pub(super) fn tool(&mut self, words: &[u8]) {
        let words = words.trim_ascii();
        let words = &words[..secrets::stands(words).unwrap_or(words.len())];
        if !words.is_empty() {
            let words = escape::for_screen(&words[..words.len().min(WORDS)]);
            self.remark(Remark::new("tool").value(words));
        }
    }

    /// A connection is being made. The first is the target, where none is known.
    pub(super) fn connecting(&mut self, address: &str) {
        let address = escape::for_screen(address.as_bytes());
        if self.header.text("target").is_none() {
            self.set("target", &address);
        }
        address.clone_into(&mut self.tried);
        self.remark(Remark::new("connecting").value(address));
    }

    /// The connection stands.
    pub(super) fn connected(&mut self, address: &str, from: Option<&str>) {
        // Where only the host is said, the port is the one that was tried.
        let port = self.tried.strip_prefix(address).is_some_and(|rest| rest.starts_with(':'));
        let address = escape::for_screen(if port { self.tried.as_bytes() } else { address.as_bytes() });
        if self.header.text("target").is_none() && address != "unknown" {
            self.set("target", &address);
        }
        let mut connected = Remark::new("connected").value(address);
        if let Some(from) = from {
            connected = connected.value("from").value(escape::for_screen(from.as_bytes()));
        }
        self.remark(connected);
    }

    /// Where nothing was said of a connection and a greeting comes, there is one.
    pub(super) fn open_for(&mut self, line: &[u8]) {
        if self.phase() == Phase::Connecting && self.lines == 0 && !self.is_told() && line.starts_with(b"220") {
            self.inferred("a connection: the source begins with its greeting");
            self.remark(Remark::new("connected").value("unknown"));
        }
    }

    /// The connection has ended.
    pub(super) fn closed(&mut self, by: &str) {
        self.flush();
        if self.phase() != Phase::Closed {
            self.remark(Remark::new("closed").with("by", by));
        }
    }

    /// What went wrong, in the tool's words.
    pub(super) fn error(&mut self, kind: &str, words: &[u8]) {
        let words = escape::for_screen(&words.trim_ascii()[..words.trim_ascii().len().min(WORDS)]);
        self.remark(Remark::new("error").with("kind", kind).value(words));
    }

    /// The conversation, and a line that says what it was.
    pub(super) fn finish(mut self) -> Document {
        self.flush();
        self.settle(false);
        self.end_content();
        if !self.is_told() {
            self.say_unanswered();
        }
        match self.clock {
            Clock::None => self.set("clock", "none"),
            Clock::Durations => self.set("clock", "durations"),
            Clock::Since(_) => {}
        }
        for key in ["title", "target"] {
            if let Some(text) = self.header.text(key) {
                let masked = self.mask.remark(Remark::new("head").value(text));
                let masked = masked.bare(0).unwrap_or_default().to_owned();
                self.header.set(key, Value::String(masked));
            }
        }
        let server_alone = self.spoke == [false, true] && self.lines > 1 && !self.is_told();
        let log = self.masked_log();
        let log = if server_alone { unseen::paired(&log) } else { log };
        Document::new(self.header, log)
    }
}
