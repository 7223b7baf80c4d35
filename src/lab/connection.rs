//! The I/O around a session: accepting, reading, writing, waiting, the TLS handshake.

mod accept;
mod greeting;
mod resting;
mod seated;
#[cfg(test)]
mod tests;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::ListenerKind;
use super::framer::{Expect, Framer, Unit};
use super::proxied;
use super::record::Recorder;
use super::scenario::{ListenerKeys, TlsFault};
use super::session::{Action, Client, Pace, Session};
use super::site::{Notice, Site};
use super::tls::Server;
use crate::conversation::Remark;
pub(super) use accept::{accept, accept_at};
use resting::Resting;
use seated::Guest;
use wire::Wire;

/// Octets of replies that are gathered before they are written.
const GATHER: usize = 16 << 10;
/// How long the server goes on reading after it has closed its side, so that its last reply is not lost by a reset.
const LINGER: Duration = Duration::from_millis(500);

/// What a listener needs to know.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) site: Arc<Site>,
    pub(super) kind: ListenerKind,
    pub(super) keys: ListenerKeys,
    pub(super) tls: Arc<Server>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("kind", &self.kind).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// The number of the next session.
fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Serves one connection to its end.
fn serve(
    stream: TcpStream,
    address: SocketAddr,
    door: Door,
    guest: Option<Box<Guest>>,
) -> impl Future<Output = ()> + Send {
    // In a box: what a task itself holds takes its room more than once.
    let connection = Box::new(Connection::new(stream, address, door, guest));
    async move {
        // In boxes too, which last no longer than something is said.
        let Some(mut resting) = Box::pin(connection.begin()).await else { return };
        let heard = resting.hears().await;
        Box::pin(resting.woken().go_on(heard)).await;
    }
}

/// What came of a wait for the client: how many octets it has sent, 0 at the end; or nothing for too long.
type Heard = Result<std::io::Result<usize>, Elapsed>;

/// One connection and its session.
struct Connection {
    wire: Wire,
    framer: Framer,
    session: Session,
    out: Vec<u8>,
    tls: Arc<Server>,
    idle: Duration,
    pace: Option<Pace>,
    site: Arc<Site>,
    recorder: Recorder,
    /// The header of the PROXY protocol comes first.
    proxy: bool,
    /// TLS comes before all else.
    implicit: bool,
    /// Who sits before the listener, where somebody does.
    guest: Option<Box<Guest>>,
}

/// Who closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Whether the conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    /// Write what is left, and close.
    Over,
    /// The same after QUIT.
    Parted,
    /// The connection is gone already.
    Gone,
}

impl Connection {
    fn new(stream: TcpStream, address: SocketAddr, door: Door, guest: Option<Box<Guest>>) -> Self {
        let Door { site, kind, keys, tls } = door;
        let number = next_number();
        // Replies are small and waited for; a failure to say so only makes them slower.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().unwrap_or(address);
        site.tell(Notice::Connected { session: number, client: address, listener: kind });
        let mut recorder = Recorder::new(&site.records, &site.world, number, address, kind);
        let connected = Remark::new("connected").value(local).value("from").value(address);
        recorder.remark(&site, &connected);
        let idle = site.scenario.server.idle.0;
        Self {
            wire: Wire::Plain(stream),
            framer: Framer::default(),
            session: Session::new(Arc::clone(&site), Client { address, listener: kind, number }, keys),
            out: Vec::new(),
            tls,
            idle: guest.as_deref().and_then(Guest::idle).unwrap_or(idle),
            pace: None,
            recorder,
            proxy: keys.proxy,
            implicit: keys.implicit.unwrap_or(kind == ListenerKind::Smtps),
            site,
            guest,
        }
    }

    /// Reads for whom the connection is; false where it is to be closed without a word.
    async fn proxied(&mut self) -> bool {
        let Wire::Plain(stream) = &mut self.wire else { return false };
        let (named, remark) = match proxied::header(stream, self.session.client()).await {
            Ok((named, remark)) => (Some(named), remark),
            Err(remark) => (None, remark),
        };
        self.recorder.remark(&self.site, &remark);
        if let Some(named) = named {
            self.session.is_of(named);
        }
        named.is_some()
    }

    /// TLS, where it comes before all else.
    async fn tls_first(&mut self, implicit: bool) -> std::io::Result<Next> {
        if implicit && self.site.scenario.tls.fault != TlsFault::PlaintextOn465 {
            return self.start_tls().await;
        }
        Ok(Next::GoOn)
    }

    /// Serves from the first octet on: to the end, or until the client has been greeted and says nothing.
    async fn begin(mut self: Box<Self>) -> Option<Resting> {
        let end = match self.greeted().await {
            Ok(Err(by)) => Ok(by),
            Ok(Ok(next)) => {
                if next == Next::GoOn {
                    match self.rest() {
                        Ok(resting) => return Some(resting),
                        Err(talking) => self = talking,
                    }
                }
                self.talk(next, None).await
            }
            Err(error) => Err(error),
        };
        self.end(end);
        None
    }

    /// Serves to the end whoever has said nothing up to now.
    async fn go_on(mut self: Box<Self>, heard: Result<std::io::Result<Vec<u8>>, Elapsed>) {
        let heard = heard.map(|read| {
            read.map(|octets| {
                self.framer.push(&octets);
                octets.len()
            })
        });
        let end = self.talk(Next::GoOn, Some(heard)).await;
        self.end(end);
    }

    fn end(mut self: Box<Self>, end: std::io::Result<Side>) {
        let by = if matches!(end, Ok(Side::Server)) { "server" } else { "client" };
        let mut closed = Remark::new("closed").with("by", by);
        if let Err(error) = end {
            closed = closed.with("reason", error);
        }
        let site = Arc::clone(&self.site);
        self.recorder.remark(&site, &closed);
        self.hand_over();
    }

    /// All up to the greeting, which is written; or by whom the connection was closed before.
    async fn greeted(&mut self) -> std::io::Result<Result<Next, Side>> {
        if self.proxy && !Box::pin(self.proxied()).await {
            return Ok(Err(Side::Server));
        }
        match self.tls_first(self.implicit).await? {
            Next::GoOn => {}
            Next::Over | Next::Parted => {
                self.linger().await;
                return Ok(Err(Side::Server));
            }
            Next::Gone => return Ok(Err(Side::Client)),
        }
        let next = self.greet().await?;
        if next == Next::GoOn {
            self.flush().await?;
        }
        Ok(Ok(next))
    }

    /// Says and hears what there is, to the end; something may have been heard already.
    async fn talk(&mut self, mut next: Next, mut heard: Option<Heard>) -> std::io::Result<Side> {
        while next == Next::GoOn {
            self.flush().await?;
            let Self { wire, framer, .. } = self;
            let read = match heard.take() {
                Some(heard) => heard,
                None => timeout(self.idle, wire.read(|octets| framer.push(octets))).await,
            };
            let actions = match read {
                Err(_) => self.session.idle(),
                Ok(read) => match read? {
                    0 => return Ok(Side::Client),
                    count if self.site.takes(count) => Vec::new(),
                    _ => self.session.too_much(),
                },
            };
            next = self.perform(actions).await?;
            if next == Next::GoOn {
                next = self.answer().await?;
            }
        }
        if next != Next::Gone {
            self.flush().await?;
            if next != Next::Parted || !self.has_all() {
                self.linger().await;
            }
        }
        Ok(Side::Server)
    }

    /// Does the handshake, and what the rules want after it.
    async fn start_tls(&mut self) -> std::io::Result<Next> {
        if let Some(next) = self.fault().await? {
            return Ok(next);
        }
        let Some((secured, [version, cipher])) = self.wire.start_tls(&self.tls).await else {
            self.recorder.remark(&self.site, &Remark::new("tls").with("failed", "yes"));
            return Ok(Next::Gone);
        };
        self.recorder.remark(&self.site, &Remark::new("tls").with("version", &version).with("cipher", &cipher));
        let then = self.session.tls_started(secured);
        Box::pin(self.perform(then)).await
    }

    /// What the scenario does in place of a handshake; none where it lets one be.
    async fn fault(&mut self) -> std::io::Result<Option<Next>> {
        /// A fatal alert: handshake failure (RFC 8446 6.2).
        const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
        let fault = self.site.scenario.tls.fault;
        if matches!(fault, TlsFault::Refuse | TlsFault::GarbageAfter220) {
            // The client begins; what came before that would stand beside the 220. Whoever says nothing gets the same.
            let _ = timeout(self.idle, self.wire.read(|_| {})).await;
        }
        let next = match fault {
            TlsFault::None | TlsFault::InjectAfter220 | TlsFault::PlaintextOn465 => return Ok(None),
            TlsFault::Refuse => {
                self.wire.write(ALERT).await?;
                Next::Over
            }
            TlsFault::GarbageAfter220 => {
                self.wire.write(b"\x07garbage in place of TLS\r\n").await?;
                Next::Over
            }
            TlsFault::Close => Next::Over,
            TlsFault::Hang => {
                // Whoever waits longer than the server does is left alone.
                let _ = timeout(self.idle, self.wire.drain()).await;
                Next::Gone
            }
        };
        self.recorder.remark(&self.site, &Remark::new("tls").with("failed", "yes"));
        Ok(Some(next))
    }

    /// Handles all that has come.
    async fn answer(&mut self) -> std::io::Result<Next> {
        if matches!(self.session.expects(), Some(Expect::Line(_))) {
            let together = self.framer.commands();
            if together > 1 {
                self.recorder.remark(&self.site, &Remark::new("pipelined").with("n", together));
            }
        }
        let mut early = false;
        while let Some(expect) = self.session.expects() {
            if expect == Expect::Content {
                self.goes_on().await;
                if self.plain_lines() {
                    early = true;
                    continue;
                }
            }
            let Some(unit) = self.framer.next(expect) else { break };
            if let Some(next) = self.ask_desk(&unit).await? {
                if next != Next::GoOn {
                    return Ok(next);
                }
                continue;
            }
            self.session.comes_early(early);
            early = true;
            let mut actions = self.session.handle(&unit);
            self.say_beside(&mut actions);
            let ended = matches!(unit, Unit::Content(_)) && self.session.expects() != Some(Expect::Content);
            self.recorder.input(&self.site, &unit, ended);
            let next = self.perform(actions).await?;
            if next != Next::GoOn {
                return Ok(next);
            }
            self.lose_pipelined(&unit);
        }
        Ok(Next::GoOn)
    }

    /// Takes the lines of content in which nothing has to be judged; false where none has come.
    fn plain_lines(&mut self) -> bool {
        let Self { framer, session, recorder, site, .. } = self;
        let lines = framer.plain_lines();
        let octets = lines.len();
        if octets > 0 {
            session.plain_lines(lines);
            recorder.lines(site, lines);
            framer.pass(octets);
        }
        octets > 0
    }

    async fn perform(&mut self, actions: Vec<Action>) -> std::io::Result<Next> {
        for action in actions {
            match action {
                Action::Reply(lines) => {
                    for line in lines {
                        self.recorder.reply(&self.site, line.as_bytes(), true);
                        self.out.extend_from_slice(line.as_bytes());
                        self.out.extend_from_slice(b"\r\n");
                    }
                    if self.out.len() > GATHER || self.pace.is_some() {
                        self.flush().await?;
                    }
                }
                Action::Wait(time) => {
                    self.flush().await?;
                    tokio::time::sleep(time).await;
                }
                Action::Raw(bytes) => {
                    for line in bytes.split_inclusive(|octet| *octet == b'\n') {
                        match line.strip_suffix(b"\r\n") {
                            Some(whole) => self.recorder.reply(&self.site, whole, true),
                            None => self.recorder.reply(&self.site, line, false),
                        }
                    }
                    self.out.extend_from_slice(&bytes);
                }
                Action::Remark(remark) => self.recorder.remark(&self.site, &remark),
                Action::Pace(pace) => {
                    self.flush().await?;
                    self.pace = Some(pace);
                }
                Action::Reset => {
                    self.flush().await?;
                    self.wire.reset();
                    return Ok(Next::Gone);
                }
                Action::StartTls => {
                    self.flush().await?;
                    // What came in clear text after STARTTLS is never obeyed (RFC 3207 4.2).
                    self.framer.clear();
                    return self.start_tls().await;
                }
                Action::Close => return Ok(Next::Over),
                Action::Part => return Ok(Next::Parted),
            }
        }
        Ok(Next::GoOn)
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        let (parts, pause): (Vec<&[u8]>, Duration) = match self.pace.take() {
            None => (vec![&out], Duration::ZERO),
            Some(Pace::Octets(octets, every)) => (out.chunks(octets).collect(), every),
            Some(Pace::Lines(gap)) => (out.split_inclusive(|octet| *octet == b'\n').collect(), gap),
        };
        for (n, part) in parts.into_iter().enumerate() {
            if n > 0 {
                tokio::time::sleep(pause).await;
            }
            // A client that does not read is as idle as one that does not write.
            timeout(self.idle, self.wire.write(part)).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
        }
        Ok(())
    }

    /// Whether a plain line can be closed at once: nothing of what the client has sent is left, for which the system would
    /// send a reset in place of the last reply.
    fn has_all(&self) -> bool {
        let nothing = |stream: &TcpStream| !stream.try_read(&mut [0]).is_ok_and(|octets| octets > 0);
        self.framer.is_empty() && matches!(&self.wire, Wire::Plain(stream) if nothing(stream))
    }

    /// Closes our side, and reads on for a moment.
    async fn linger(&mut self) {
        self.wire.shutdown().await;
        // However it ends, the connection is dropped now.
        let _ = timeout(LINGER, self.wire.drain()).await;
    }
}
