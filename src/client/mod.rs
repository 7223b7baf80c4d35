//! The connection task: requests in, events out.
//!
//! One tokio task a connection owns the stream, the journal, the mask and a [`Fold`](crate::conversation::Fold).
//! Not here: screens, decoding.
//!
//! What the task itself says of a connection, as remarks in true order:
//!
//! | remark | when |
//! |---|---|
//! | `resolved NAME ADDRESS…` | a name was looked up (`mx:DOMAIN` with `PREFERENCE HOST` values for exchangers) |
//! | `connecting ADDRESS:PORT via=PROXY` | one attempt begins; everything known of the session starts over |
//! | `proxy kind= asked= user= answered=` | a proxy was asked for a connection; `failed=yes` where it made none |
//! | `connected ADDRESS from ADDRESS via=PROXY` | it stands |
//! | `proxy header= source= destination=` | the header of the PROXY protocol went out, in this version |
//! | `tls version= cipher= verified=yes\|no reason=` | a handshake was done; `failed=yes` instead where it was not |
//! | `certificate n= der=` | what the server showed, leaf first; base64 |
//! | `injected bytes= text=` | clear text after the reply to STARTTLS, thrown away |
//! | `inspecting NAME` | a connection follows that only looks closer at a certificate that was not trusted |
//! | `auto` | the next line is ehlo's own; `auto keep-alive` so that the server does not cut the line |
//! | `keep-alive every=` | NOOP is sent after so much silence from now on, `every=never` no more |
//! | `idle limit=` | known from earlier: about when this server cuts a line on which nothing is said |
//! | `idle after=` | just now it did; that is kept |
//! | `offer accepted=yes "WORDS"` | somebody does without what was warned of (`warning kind=offer`) |
//! | `pipelined n=` | the next `n` lines went out in one write |
//! | `cut direction= bytes= sha256=` | what was beyond a limit and not recorded |
//! | `content bytes= sha256= file=` | the same of a file that was sent as message content |
//! | `gave-up` | the user stopped waiting; with `reason=time-out awaiting= after=` the clock did |
//! | `warning kind= "WORDS"` | something to know: `flood`, `journal`, `silence`, `mode` (the server speaks something else), `offer` (something is not offered any more), `memory` (what is known of a server can't be kept), `proxy` (the server takes no PROXY header), or an attempt that failed while others remain |
//! | `error kind= "WORDS"` | why the connection ends: `name`, `refused`, `network`, `proxy`, `tls`, `time-out`, `file` (what was to be sent can't be read on), `internal` (a mistake in ehlo) |
//! | `… try=TARGET` | with a warning or an error: the target that would fit |
//! | `closed by=client\|server\|network reason=` | the end; the last but for an inspection |

use std::net::IpAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::conversation::event::Remark;
use crate::conversation::journal::Journal;
use crate::profile::{Announcement, Protocol, Proxy, TlsVersion};
use crate::smtp::Secret;
use crate::world::World;

mod content;
mod dial;
mod events;
mod guard;
pub mod handshake;
mod identity;
mod inspect;
mod mode;
mod outgoing;
mod record;
pub mod splitter;
mod stream;
mod task;
#[cfg(test)]
mod tests;
pub mod timeouts;
mod tls;

pub use content::{FileContent, Progress};
pub use events::Events;
pub use identity::{Identity, IdentityError};

/// Where to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host and a port; all addresses are tried in turn.
    Tcp {
        /// Name, IPv4 or IPv6.
        host: String,
        /// The port.
        port: u16,
    },
    /// The mail exchangers of a domain by preference, port 25.
    Mx(String),
    /// A Unix socket.
    Unix(std::path::PathBuf),
    /// The standard input and output of a command that the shell runs.
    Pipe(String),
    /// Our own standard input and output.
    Stdio,
}

impl Endpoint {
    /// Host and port, where it has them.
    #[must_use]
    pub fn tcp(&self) -> Option<(String, u16)> {
        match self {
            Self::Tcp { host, port } => Some((host.clone(), *port)),
            Self::Mx(_) | Self::Unix(_) | Self::Pipe(_) | Self::Stdio => None,
        }
    }
}

/// What is to be trusted and asked for in a TLS handshake.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// TLS from the first byte.
    pub implicit: bool,
    /// Whether a certificate that can't be verified ends the connection.
    pub verify: bool,
    /// Further authorities, PEM.
    pub roots: Vec<String>,
    /// The name to ask for and to verify, where it is not the host.
    pub name: Option<String>,
    /// The name to verify, where it is not the one that is asked for.
    pub verify_name: Option<String>,
    /// The oldest and the newest version that are allowed.
    pub versions: (Option<TlsVersion>, Option<TlsVersion>),
    /// A certificate to show to a server that asks for one.
    pub identity: Option<Identity>,
}

/// The way to a server, beside its address.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Through which proxy, if any.
    pub proxy: Option<Proxy>,
    /// The header of the PROXY protocol that goes out first, if any.
    pub announcement: Option<Announcement>,
    /// Octets that go out in its place, whatever they say.
    pub raw_header: Option<Vec<u8>>,
}

/// Everything the task needs to know before it dials.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to.
    pub endpoint: Endpoint,
    /// What is spoken there.
    pub protocol: Protocol,
    /// TLS.
    pub tls: TlsOptions,
    /// From which address; any where none.
    pub bind: Option<IpAddr>,
    /// How it is reached.
    pub route: Route,
    /// For one connection attempt.
    pub connect_timeout: Duration,
    /// After a certificate that was not trusted, have a closer look at it by a connection of its own.
    pub inspect: bool,
    /// For each reply, instead of RFC 5321 4.5.3.2's times by phase.
    pub reply_timeout: Option<Duration>,
    /// For all of it, dialling included; as long as it takes where none.
    pub total_timeout: Option<Duration>,
    /// How much of that has gone by already, with connections before this one.
    pub spent: Duration,
    /// After how much silence NOOP is sent by itself; never where none.
    pub keep_alive: Option<Duration>,
    /// Whether what the server offers, and when it cuts the line, is kept and compared with the last time.
    pub remember: bool,
    /// What is missed of the last offer is told once more, and then done without.
    pub accept_offer: bool,
    /// A program of ehlo's stands between: that the line ends says nothing of the server's patience.
    pub relayed: bool,
}

impl Options {
    /// Host and port as a target has them; none for what has no port.
    fn place(&self) -> Option<String> {
        match &self.endpoint {
            Endpoint::Tcp { host, port } if host.contains(':') => Some(format!("[{host}]:{port}")),
            Endpoint::Tcp { host, port } => Some(format!("{host}:{port}")),
            _ => None,
        }
    }
}

/// How a line that is sent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// CR LF.
    #[default]
    CrLf,
    /// A line feed alone.
    Lf,
    /// Nothing.
    None,
}

/// What the task is asked to do.
#[derive(Debug)]
pub enum Request {
    /// Send a line: a command, an answer within AUTH, or content, as the phase has it.
    Line(Vec<u8>, Ending),
    /// Send these lines in one write.
    Pipeline(Vec<Vec<u8>>),
    /// Send message content; dots are stuffed here, the lone dot is not added.
    Content(Vec<u8>),
    /// Send octets as content as they are.
    RawContent(Vec<u8>),
    /// Send a file as content, read as it goes out; what comes after it waits. The lone dot is not added.
    File(FileContent),
    /// Close without QUIT once everything that was asked for before has gone out; no reply is waited for.
    Close,
    /// Stop waiting for the replies that are due; the connection stays.
    GiveUp,
    /// Go on reading after a flood was stopped.
    ReadOn,
    /// From now on send NOOP by itself after so much silence, or never.
    KeepAlive(Option<Duration>),
    /// Do without what the server offered earlier and does not now, as far as that was warned of.
    AcceptOffer,
    /// Record a remark (a note, a mark).
    Remark(Remark),
    /// Look for this secret from now on.
    Learn(Secret),
    /// The same, even where it stands as a name.
    LearnName(Secret),
    /// Record these places of what is asked for next as a secret, in octets of the wire.
    Hide(Vec<Range<usize>>),
}

impl Request {
    /// Whether it is about the server, and not about how ehlo keeps what happens.
    fn says_something(&self) -> bool {
        !matches!(
            self,
            Self::Remark(_)
                | Self::Learn(_)
                | Self::LearnName(_)
                | Self::Hide(_)
                | Self::KeepAlive(_)
                | Self::AcceptOffer
        )
    }
}

/// A connection as its owner holds it. Dropping it closes the connection without QUIT.
#[derive(Debug)]
pub struct Connection {
    /// What to do; bounded, use `try_send` from a screen.
    pub requests: mpsc::Sender<Request>,
    /// What happened, in true order; ends after the last `closed`.
    pub events: Events,
    /// Closes at once, at any moment.
    pub cancel: CancellationToken,
    /// Where it is recorded.
    pub transcript: Option<std::path::PathBuf>,
    /// How far a file that goes out has come.
    pub progress: Progress,
}

/// A journal that outlives one connection: a reconnect to the same target goes on in the same file.
pub type SharedJournal = Arc<Mutex<Journal>>;

/// Starts the task on the current tokio runtime. Times are counted from `started` (a [`World::elapsed`]), so that a
/// reconnect goes on in the same file.
#[must_use]
pub fn connect(options: Options, journal: Option<SharedJournal>, world: World, started: Duration) -> Connection {
    connect_knowing(&[], options, journal, world, started)
}

/// The same with secrets ([`Request::Learn`], [`Request::LearnName`]) that are known before anything happens, however many
/// they are: the queue of requests has an end.
#[must_use]
pub fn connect_knowing(
    secrets: &[Request],
    options: Options,
    journal: Option<SharedJournal>,
    world: World,
    started: Duration,
) -> Connection {
    let (requests, asked) = mpsc::channel(64);
    let (happened, events) = events::channel();
    let cancel = CancellationToken::new();
    let transcript = journal.as_ref().and_then(|j| j.lock().ok().map(|j| j.path().to_owned()));
    let clock = world.clone();
    let guard = guard::Guard { events: happened.clone(), journal: journal.clone(), world: world.clone(), started };
    let mut recorder = record::Recorder::new(happened.clone(), journal, world, started);
    for request in secrets {
        match request {
            Request::Learn(secret) => recorder.mask.learn(secret.clone()),
            Request::LearnName(secret) => recorder.mask.learn_name(secret.clone()),
            _ => {}
        }
    }
    let progress = Progress::default();
    let task =
        task::Task::new(options, recorder, asked, happened, cancel.clone(), clock).with_progress(progress.clone());
    tokio::spawn(guard.watch(tokio::spawn(task.run())));
    Connection { requests, events, cancel, transcript, progress }
}
