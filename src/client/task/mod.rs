//! The life of one connection: dial, shake hands, then requests, octets and timers until it ends.

use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::conversation::event::{Remark, Timed};
use crate::conversation::fold::Answered;
use crate::smtp::session::Awaited;
use crate::smtp::{Class, Phase, Verb};
use crate::world::World;

use super::dial::{self, Failure};
use super::events::Outlet;
use super::record::Recorder;
use super::splitter::{Piece, Splitter};
use super::stream::Io;
use super::{Options, Request, mode, timeouts, tls};

mod look;
mod send;

use send::Uncounted;

/// Octets that wait to be written before requests are left in their queue.
const OUTGOING: usize = 4 << 20;
/// What may come without anything being asked before reading stops. Log, journal and folds each have their part of it
/// in memory, and all of ehlo is to stay below 100 MB.
const FLOOD_OCTETS: u64 = 24 << 20;
const FLOOD_LINES: u64 = 500_000;

/// Why a connection ended.
struct End {
    by: &'static str,
    reason: Option<String>,
    /// The certificate was not trusted.
    untrusted: bool,
}

impl End {
    fn by(by: &'static str) -> Self {
        Self { by, reason: None, untrusted: false }
    }
}

/// What happened next.
enum Step {
    Cancelled,
    OwnerGone,
    /// The owner has room for events again.
    Room,
    Request(Request),
    Written(std::io::Result<usize>),
    Read(std::io::Result<usize>),
    /// Nothing has come since the connection stands.
    Silence,
    TimedOut,
}

pub(super) struct Task {
    options: Options,
    recorder: Recorder,
    requests: mpsc::Receiver<Request>,
    events: Outlet,
    cancel: CancellationToken,
    splitter: Splitter,
    outgoing: BytesMut,
    deadline: Option<Instant>,
    /// Octets and lines that came since something was asked.
    unasked: (u64, u64),
    flooded: bool,
    content: Uncounted,
    host: String,
    world: World,
    /// The last EHLO or LHLO as it was sent, for a connection that looks closer.
    greeting: Vec<u8>,
    /// When silence before the greeting is worth a word.
    silence: Option<Instant>,
    /// Nothing has come on this connection yet.
    unheard: bool,
}

impl Task {
    pub(super) fn new(
        options: Options,
        recorder: Recorder,
        requests: mpsc::Receiver<Request>,
        events: Outlet,
        cancel: CancellationToken,
        world: World,
    ) -> Self {
        Self {
            options,
            recorder,
            requests,
            events,
            cancel,
            splitter: Splitter::default(),
            outgoing: BytesMut::new(),
            deadline: None,
            unasked: (0, 0),
            flooded: false,
            content: Uncounted::default(),
            host: String::new(),
            world,
            greeting: b"EHLO localhost".to_vec(),
            silence: None,
            unheard: true,
        }
    }

    /// Runs the connection from the first event to `closed`.
    pub(super) async fn run(mut self) {
        let end = match self.open().await {
            Ok(stream) => self.talk(stream).await,
            Err(end) => end,
        };
        let untrusted = end.untrusted;
        self.close(end);
        if untrusted && self.options.inspect {
            self.inspect().await;
        }
        self.recorder.finish().await;
    }

    fn close(&mut self, end: End) {
        self.pieces(Splitter::finish);
        self.recorder.end_beyond();
        self.end_content();
        let mut closed = Remark::new("closed").with("by", end.by);
        if let Some(reason) = end.reason {
            closed = closed.with("reason", reason);
        }
        self.recorder.remark(closed);
    }

    /// Dials and, with implicit TLS, shakes hands.
    async fn open(&mut self) -> Result<Box<dyn Io>, End> {
        let cancel = self.cancel.clone();
        let dialled = {
            let Self { options, recorder, events, .. } = self;
            let dialling = dial::dial(options, recorder);
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(End::by("client")),
                () = events.closed() => return Err(End::by("client")),
                dialled = dialling => dialled,
            }
        };
        let reached = match dialled {
            Ok(reached) => reached,
            Err(failure) => return Err(self.failed(&failure)),
        };
        self.host = reached.host;
        if self.options.tls.implicit { self.secure(reached.stream).await } else { Ok(reached.stream) }
    }

    fn failed(&mut self, failure: &Failure) -> End {
        let mut error = Remark::new("error").with("kind", failure.kind).value(&failure.words);
        if let Some(better) = &failure.better {
            error = error.with("try", better);
        }
        self.recorder.remark(error);
        End::by(if failure.kind == "tls" { "client" } else { "network" })
    }

    /// Shakes hands on a stream; what was pending in clear text must have been taken before.
    async fn secure(&mut self, stream: Box<dyn Io>) -> Result<Box<dyn Io>, End> {
        let cancel = self.cancel.clone();
        let limit = self.options.reply_timeout.unwrap_or(self.options.connect_timeout);
        let shaking =
            tokio::time::timeout(limit, tls::handshake(stream, &self.host, &self.options.tls, self.world.now()));
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(End::by("client")),
            outcome = shaking => outcome,
        };
        let Ok(outcome) = outcome else {
            let words = format!("the TLS handshake was not done within {} s: the server says nothing", limit.as_secs());
            return Err(End { by: "client", ..self.failed(&Failure::new("time-out", words)) });
        };
        for remark in outcome.remarks {
            self.recorder.remark(remark);
        }
        let untrusted = outcome.untrusted;
        let clear_text = outcome.clear_text;
        outcome.result.map_err(|mut failure| {
            if let (Some(said), true, Some(place)) = (clear_text, self.options.tls.implicit, self.options.place()) {
                match mode::recognise(&said) {
                    Some(speaks) => failure.words = speaks.words(&place),
                    None => failure.better = Some(format!("smtp://{place}")),
                }
            }
            End { untrusted, ..self.failed(&failure) }
        })
    }

    /// Requests, octets and timers, until the connection ends.
    async fn talk(&mut self, stream: Box<dyn Io>) -> End {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = vec![0; 64 * 1024];
        self.wait_for_next();
        self.silence = (!self.options.tls.implicit).then(|| Instant::now() + timeouts::SILENCE);
        loop {
            self.recorder.flush();
            match self.next(&mut reader, &mut writer, &mut buffer).await {
                Step::Cancelled => {
                    let _ = tokio::time::timeout(Duration::from_millis(100), writer.shutdown()).await;
                    return End::by("client");
                }
                Step::OwnerGone => return End::by("client"),
                Step::Room => {}
                Step::Request(request) => self.request(request),
                Step::Written(Ok(octets)) => self.written(octets),
                Step::Read(Ok(0)) => return End::by("server"),
                Step::Read(Ok(octets)) => {
                    if self.octets(&buffer[..octets]) {
                        match self.start_tls(reader, writer).await {
                            Ok(halves) => (reader, writer) = halves,
                            Err(end) => return end,
                        }
                    }
                }
                Step::Written(Err(error)) => {
                    // What the server said before it closed counts more than that it did not listen any more.
                    let later = self.read_rest(&mut reader, &mut buffer).await;
                    return self.broken(&later.unwrap_or(error));
                }
                Step::Read(Err(error)) => return self.broken(&error),
                Step::Silence => self.silent(),
                Step::TimedOut => {
                    if let Some(end) = self.timed_out() {
                        return end;
                    }
                }
            }
        }
    }

    /// Waits for whatever comes first. Requests are taken before octets, so that a flood never hides a key.
    async fn next(
        &mut self,
        reader: &mut ReadHalf<Box<dyn Io>>,
        writer: &mut WriteHalf<Box<dyn Io>>,
        buffer: &mut [u8],
    ) -> Step {
        // What waits for the owner stops the reading: back-pressure goes to the socket.
        let waits = self.recorder.backlog().front();
        let (deadline, silence) = (self.deadline, self.silence);
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Step::Cancelled,
            request = self.requests.recv(), if self.outgoing.len() < OUTGOING => {
                request.map_or(Step::OwnerGone, Step::Request)
            }
            room = room_for(&self.events, waits), if waits.is_some() => if room { Step::Room } else { Step::OwnerGone },
            written = writer.write(&self.outgoing), if !self.outgoing.is_empty() => Step::Written(written),
            read = reader.read(buffer), if waits.is_none() && !self.flooded => Step::Read(read),
            () = sleep_until(silence), if silence.is_some() => Step::Silence,
            () = sleep_until(deadline), if deadline.is_some() => Step::TimedOut,
        }
    }

    /// The server takes nothing more: what it has said is read, as far as it is there at once. Gives the alert of TLS by
    /// which it ended the session, where it did.
    async fn read_rest(&mut self, reader: &mut ReadHalf<Box<dyn Io>>, buffer: &mut [u8]) -> Option<std::io::Error> {
        loop {
            match tokio::time::timeout(Duration::from_millis(200), reader.read(buffer)).await {
                Ok(Ok(octets)) if octets > 0 && !self.octets(&buffer[..octets]) => {}
                Ok(Err(error)) => {
                    return Some(error).filter(|e| tls::refused_later(&e.to_string(), &self.options.tls).is_some());
                }
                _ => return None,
            }
        }
    }

    fn written(&mut self, octets: usize) {
        self.outgoing.advance(octets);
        if self.outgoing.is_empty() {
            self.wait_for_next();
        } else {
            self.deadline = Some(Instant::now() + self.limit(timeouts::CONTENT_BLOCK));
        }
    }

    fn broken(&mut self, error: &std::io::Error) -> End {
        self.pieces(Splitter::finish);
        if let Some(words) = tls::refused_later(&error.to_string(), &self.options.tls) {
            return End { by: "server", ..self.failed(&Failure::new("tls", words)) };
        }
        let words = dial::plain_error(error);
        let by_server = matches!(
            error.kind(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::UnexpectedEof
        );
        End { reason: Some(words), ..End::by(if by_server { "server" } else { "network" }) }
    }

    fn limit(&self, phase: Duration) -> Duration {
        self.options.reply_timeout.unwrap_or(phase)
    }

    /// Sets the timer for the reply that is due next; none where nobody waits.
    fn wait_for_next(&mut self) {
        let due = self.recorder.fold.pending().find(|pending| !pending.gave_up).map(|p| timeouts::reply(&p.awaited));
        self.deadline = due.map(|phase| Instant::now() + self.limit(phase));
        if self.recorder.fold.phase() == Phase::Quit && due.is_none() {
            self.deadline = Some(Instant::now() + timeouts::AFTER_QUIT);
        }
    }

    fn timed_out(&mut self) -> Option<End> {
        self.deadline = None;
        if self.recorder.fold.phase() == Phase::Quit && !self.recorder.fold.is_waiting() {
            let reason = Some("the server answered QUIT and did not close".to_owned());
            return Some(End { reason, ..End::by("client") });
        }
        let awaited = self.recorder.fold.pending().find(|p| !p.gave_up).map(|p| p.awaited.clone());
        if awaited.is_none() && !self.outgoing.is_empty() {
            let words = "the server takes nothing more of what is being sent";
            self.recorder.remark(Remark::new("error").with("kind", "time-out").value(words));
            return Some(End::by("client"));
        }
        let (what, limit) = awaited.map_or(("a reply".to_owned(), timeouts::CONTENT_BLOCK), |awaited| {
            (name(&awaited), timeouts::reply(&awaited))
        });
        let limit = self.limit(limit);
        self.pieces(|splitter, each| splitter.flush(each));
        let remark = Remark::new("gave-up").with("reason", "time-out").with("awaiting", what);
        self.recorder.remark(remark.with("after", format!("{}s", limit.as_secs_f64())));
        None
    }

    /// Runs a step of the splitter and records what it gives.
    fn pieces(&mut self, step: impl FnOnce(&mut Splitter, &mut dyn FnMut(Piece))) {
        let Self { splitter, recorder, .. } = self;
        step(splitter, &mut |piece| {
            recorder.piece(piece);
        });
    }

    /// Octets came. Gives true when the TLS handshake is due.
    fn octets(&mut self, bytes: &[u8]) -> bool {
        self.unasked.0 += bytes.len() as u64;
        self.silence = None;
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
    fn silent(&mut self) {
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

    async fn start_tls(
        &mut self,
        reader: ReadHalf<Box<dyn Io>>,
        writer: WriteHalf<Box<dyn Io>>,
    ) -> Result<(ReadHalf<Box<dyn Io>>, WriteHalf<Box<dyn Io>>), End> {
        // Whatever was queued in clear text must not go out behind the handshake's back.
        self.outgoing.clear();
        let stream = self.secure(reader.unsplit(writer)).await?;
        self.wait_for_next();
        Ok(tokio::io::split(stream))
    }
}

fn is_handshake(answered: &Answered) -> bool {
    matches!(&answered.pending.awaited, Awaited::Command(command) if command.verb == Verb::Starttls)
        && answered.reply.class() == Class::Success
}

/// What is awaited, by name.
fn name(awaited: &Awaited) -> String {
    match awaited {
        Awaited::Greeting => "the greeting".to_owned(),
        Awaited::Command(command) => command.word.to_ascii_uppercase(),
        Awaited::EndOfData { .. } => "the verdict on the message".to_owned(),
        Awaited::AuthAnswer => "AUTH".to_owned(),
        Awaited::Nothing => "a reply".to_owned(),
    }
}

/// Waits until the owner has room for what waits.
async fn room_for(events: &Outlet, waits: Option<&Timed>) -> bool {
    match waits {
        Some(event) => events.room_for(event).await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
