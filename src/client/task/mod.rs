//! The life of one connection: dial, shake hands, then requests, octets and timers until it ends.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::conversation::event::{Remark, Timed};
use crate::library::Memory;
use crate::profile::duration;
use crate::world::World;

use super::content::{Block, Progress, Upload};
use super::dial::{self, Afterwords, Failure};
use super::events::Outlet;
use super::outgoing::Outgoing;
use super::record::Recorder;
use super::splitter::Splitter;
use super::stream::Io;
use super::{Options, Request, mode, timeouts, tls};

mod clock;
mod hear;
mod look;
mod send;
mod watch;

use send::{Held, Uncounted};

/// Octets that wait to be written before requests are left in their queue.
const OUTGOING: usize = 4 << 20;
/// Octets that wait to be written before a file is read on.
const READ_AHEAD: usize = 1 << 20;
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
    /// There is room for more of the content.
    More,
    /// The file that goes out gave a block; none where its reader has ended without a word.
    Block(Option<Block>),
    Written(std::io::Result<usize>),
    Read(std::io::Result<usize>),
    /// Nothing has come since the connection stands.
    Silence,
    TimedOut,
    /// All of it has taken too long.
    Over,
    /// Nobody has said anything for so long that the server might cut the line.
    Quiet,
}

pub(super) struct Task {
    options: Options,
    recorder: Recorder,
    requests: mpsc::Receiver<Request>,
    events: Outlet,
    cancel: CancellationToken,
    splitter: Splitter,
    outgoing: Outgoing,
    deadline: Option<Instant>,
    /// Octets and lines that came since something was asked.
    unasked: (u64, u64),
    flooded: bool,
    content: Uncounted,
    /// The content that goes out.
    held: Option<Held>,
    /// The file that goes out.
    upload: Option<Upload>,
    progress: Progress,
    /// The connection ends once everything has gone out.
    closing: bool,
    host: String,
    world: World,
    /// The last EHLO or LHLO as it was sent, for a connection that looks closer.
    greeting: Vec<u8>,
    /// When silence before the greeting is worth a word.
    silence: Option<Instant>,
    /// Nothing has come on this connection yet.
    unheard: bool,
    /// When all of it must be over.
    end: Option<Instant>,
    /// What the command at the other end has to tell.
    afterwords: Option<Afterwords>,
    /// When something was said last, by either side.
    active: Instant,
    /// The same by the world's clock.
    spoke: Duration,
    /// What is known of this server from earlier.
    memory: Option<Memory>,
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
            outgoing: Outgoing::default(),
            deadline: None,
            unasked: (0, 0),
            flooded: false,
            content: Uncounted::default(),
            held: None,
            upload: None,
            progress: Progress::default(),
            closing: false,
            host: String::new(),
            world,
            greeting: b"EHLO localhost".to_vec(),
            silence: None,
            unheard: true,
            end: None,
            afterwords: None,
            active: Instant::now(),
            spoke: Duration::ZERO,
            memory: None,
        }
    }

    /// With this to say how far a file has gone out.
    pub(super) fn with_progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// Runs the connection from the first event to `closed`.
    pub(super) async fn run(mut self) {
        let spent = self.options.spent;
        self.end = self.options.total_timeout.map(|limit| Instant::now() + limit.saturating_sub(spent));
        let end = match self.open().await {
            Ok(stream) => self.talk(stream).await,
            Err(end) => end,
        };
        let end = self.with_afterwords(end).await;
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
        self.break_off();
        self.end_content();
        if end.by == "server" {
            self.cut_at_rest();
        }
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
            let Self { options, recorder, events, world, end, .. } = self;
            let dialling = dial::dial(options, world, recorder);
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(End::by("client")),
                () = events.closed() => return Err(End::by("client")),
                dialled = dialling => Some(dialled),
                () = sleep_until(*end), if end.is_some() => None,
            }
        };
        let reached = match dialled {
            Some(Ok(reached)) => reached,
            Some(Err(failure)) => return Err(self.failed(&failure)),
            None => return Err(self.over()),
        };
        self.host = reached.host;
        self.afterwords = reached.afterwords;
        self.recall(reached.place.as_deref());
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

    /// All of it has taken longer than it may.
    fn over(&mut self) -> End {
        let limit = self.options.total_timeout.unwrap_or_default();
        let words = format!("the conversation was not over within {}, its total time-out", duration::words(limit));
        End { by: "client", ..self.failed(&Failure::new("time-out", words)) }
    }

    /// The end of a connection to a command: how that ended, and what it said.
    async fn with_afterwords(&mut self, end: End) -> End {
        let Some(afterwords) = self.afterwords.take() else { return end };
        if end.by == "client" {
            afterwords.end().await;
            return end;
        }
        let words = afterwords.words().await;
        End { reason: words.or(end.reason), ..end }
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
            () = sleep_until(self.end), if self.end.is_some() => return Err(self.over()),
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
        let ((mut reader, mut writer), mut buffer) = (tokio::io::split(stream), vec![0; 64 * 1024]);
        self.spoken();
        if let Some(every) = self.options.keep_alive {
            self.say_keep_alive(Some(every));
        }
        self.wait_for_next();
        self.silence = (!self.options.tls.implicit).then(|| Instant::now() + timeouts::SILENCE);
        loop {
            self.recorder.flush();
            if self.has_said_all() {
                let _ = tokio::time::timeout(Duration::from_millis(100), writer.shutdown()).await;
                return End::by("client");
            }
            match self.next(&mut reader, &mut writer, &mut buffer).await {
                Step::Cancelled | Step::OwnerGone => {
                    let _ = tokio::time::timeout(Duration::from_millis(100), writer.shutdown()).await;
                    return End::by("client");
                }
                Step::Room => {}
                Step::Request(request) => {
                    if let Err(end) = self.request(request) {
                        return end;
                    }
                }
                Step::More => self.content_goes_on(),
                Step::Block(block) => {
                    if let Err(end) = self.block(block) {
                        return end;
                    }
                }
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
                Step::Over => {
                    let _ = tokio::time::timeout(Duration::from_millis(100), writer.shutdown()).await;
                    return self.over();
                }
                Step::Quiet => self.nudge(),
                Step::Silence => self.silent(),
                Step::TimedOut => {
                    if let Some(end) = self.timed_out() {
                        return end;
                    }
                }
            }
        }
    }

    /// Whether the connection is to end now that everything has gone out.
    fn has_said_all(&self) -> bool {
        self.closing && self.outgoing.is_empty() && !self.has_more()
    }

    /// Whether content is still to be put into what goes out.
    fn has_more(&self) -> bool {
        self.upload.is_some() || self.held.is_some()
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
        let (deadline, silence, end, quiet) = (self.deadline, self.silence, self.end, self.nudge_due());
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Step::Cancelled,
            () = sleep_until(end), if end.is_some() => Step::Over,
            request = self.requests.recv(), if self.outgoing.len() < OUTGOING && !self.has_more() => {
                request.map_or(Step::OwnerGone, Step::Request)
            }
            () = std::future::ready(()), if self.held.is_some() && self.outgoing.len() < READ_AHEAD => Step::More,
            block = next_block(&mut self.upload), if self.upload.is_some() && self.outgoing.len() < READ_AHEAD => {
                Step::Block(block)
            }
            room = room_for(&self.events, waits), if waits.is_some() => if room { Step::Room } else { Step::OwnerGone },
            written = self.outgoing.write(writer), if !self.outgoing.is_empty() => Step::Written(written),
            read = reader.read(buffer), if waits.is_none() && !self.flooded => Step::Read(read),
            () = sleep_until(quiet), if quiet.is_some() => Step::Quiet,
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
        let upload = self.upload.as_ref();
        self.outgoing.advance(octets, |spent| {
            if let Some(upload) = upload {
                upload.give_back(spent);
            }
        });
        self.progress.add(octets as u64);
        if self.outgoing.is_empty() {
            if !self.has_more() {
                self.progress.end();
            }
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

/// Waits until the owner has room for what waits.
async fn room_for(events: &Outlet, waits: Option<&Timed>) -> bool {
    match waits {
        Some(event) => events.room_for(event).await,
        None => std::future::pending().await,
    }
}

async fn next_block(upload: &mut Option<Upload>) -> Option<Block> {
    match upload {
        Some(upload) => upload.blocks.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
