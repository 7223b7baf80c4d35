//! The embedded server: listeners, sessions, scenarios, mailboxes.
//!
//! Binds to loopback unless told otherwise, never relays, never resolves a name, writes only where it is told.
//! Not here: screens, the client.
//!
//! | where | what |
//! |---|---|
//! | [`scenario`] | the file that says how the server behaves |
//! | `session` | one session, sans-IO: input in, actions out |
//! | `framer` | octets cut into lines, content and chunks |
//! | `connection`, [`proxied`] | the I/O around a session; the header of the PROXY protocol before it |
//! | `site` | what all sessions share |
//! | [`desk`], [`limits`] | many worlds behind one listener, and how much each may hold |
//! | [`record`] | what happened in each session |
//! | [`recorded`] | a recorded conversation as a scenario |
//! | [`regular`] | files that are read whole |
//! | [`reload`] | a scenario whose file changes |
//! | [`mailbox`] | the mail that was taken |
//! | `rules` | which rules of the scenario hold at a moment |
//! | `report` | delivery status notifications |
//! | `magic` | the addresses of `error.lab` |
//! | `tls` | the authority and its certificates |
//! | `wording` | the words of other servers |

mod connection;
pub mod desk;
pub mod framer;
pub mod limits;
mod magic;
pub mod mailbox;
pub mod proxied;
pub mod record;
pub mod recorded;
pub mod regular;
pub mod reload;
mod report;
mod rules;
pub mod scenario;
mod session;
mod site;
mod tls;
mod wording;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::profile::{Protocol, Target, TlsMode};
use crate::world::World;
use connection::Door;
use mailbox::Message;
use scenario::{ListenerKeys, Scenario, ScenarioError};
use site::Site;

pub use site::Notice;

/// A kind of listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ListenerKind {
    #[default]
    Smtp,
    Submission,
    Smtps,
    Lmtp,
}

impl ListenerKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Smtp, Self::Submission, Self::Smtps, Self::Lmtp];

    /// Its word in scenarios and in what `ehlo lab` prints.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Smtps => "smtps",
            Self::Lmtp => "lmtp",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Has a target speak as this listener wants it from the first byte.
    pub fn is_spoken_by(self, target: &mut Target) {
        match self {
            Self::Smtp | Self::Submission => {}
            Self::Smtps => target.tls = TlsMode::Implicit,
            Self::Lmtp => target.protocol = Protocol::Lmtp,
        }
    }
}

/// A running lab. Dropping it stops it.
#[derive(Debug)]
pub struct Lab {
    /// Where each listener accepts.
    pub addresses: Vec<(ListenerKind, SocketAddr)>,
    /// The certificate of its authority, PEM: what a client must trust.
    pub ca: String,
    /// The file that holds it, or why there is none: it then lasts as long as this lab.
    pub ca_path: std::io::Result<PathBuf>,
    /// Certificates that it has issued for clients, where it asks for them: the user, the PEM file of the certificate and
    /// that of its key.
    pub client_certificates: Vec<(String, PathBuf, PathBuf)>,
    /// What each listener has for those who come now.
    doors: Vec<watch::Sender<Door>>,
    _stop: DropGuard,
}

/// Why a lab does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// An address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The listeners need more ports than there are above the given one.
    #[error("port {0} leaves no room: each listener takes the next one; choose a lower port, or 0 for free ones")]
    NoPorts(u16),
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A certificate can't be made.
    #[error("can't make a certificate for {name}: {reason}")]
    Certificate {
        /// The server's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// Starts a lab with a scenario by name on `listen` (its port 0 picks free ones; each listener has its own, and with a
/// fixed port they take that one and the next ones, in the order smtp, submission, smtps, lmtp).
///
/// # Errors
/// A scenario that is not there or not well formed, an address that can't be listened on.
pub async fn start(scenario: &str, listen: SocketAddr, world: &World) -> Result<Lab, LabError> {
    start_with(scenario::find(scenario, world)?, listen, world).await
}

/// Starts a lab with a scenario that was read already; see [`start`].
///
/// # Errors
/// An address that can't be listened on.
#[expect(clippy::unused_async, reason = "it needs a runtime around it, and only an async function says so")]
pub async fn start_with(scenario: Scenario, listen: SocketAddr, world: &World) -> Result<Lab, LabError> {
    let tls = tls::prepare(&scenario, world)?;
    let kinds = kinds(&scenario);
    let site = Arc::new(Site::new(scenario, limits::Limits::LAB, world.clone()));
    let stop = CancellationToken::new();
    let mut bound = Vec::new();
    for (n, (kind, keys)) in (0u16..).zip(kinds) {
        let port = match listen.port() {
            0 => 0,
            port => port.checked_add(n).ok_or(LabError::NoPorts(port))?,
        };
        let address = SocketAddr::new(listen.ip(), port);
        let failed = |source| LabError::Listen { address, source };
        let listener = bind(address).map_err(failed)?;
        bound.push((kind, keys, listener.local_addr().map_err(failed)?, listener));
    }
    let (mut addresses, mut doors) = (Vec::new(), Vec::new());
    for (kind, keys, address, listener) in bound {
        addresses.push((kind, address));
        let (door, current) =
            watch::channel(Door { site: Arc::clone(&site), kind, keys, tls: Arc::clone(&tls.server) });
        doors.push(door);
        tokio::spawn(connection::accept(listener, current, stop.clone()));
    }
    Ok(Lab {
        addresses,
        ca: tls.ca,
        ca_path: tls.kept,
        client_certificates: tls.clients,
        doors,
        _stop: stop.drop_guard(),
    })
}

/// Connections that may wait until they are accepted; the system may allow fewer (`net.core.somaxconn`). Beyond, whoever
/// comes hears nothing for a second or more.
const BACKLOG: u32 = 4096;

/// Listens at an address where many may come at the same moment.
///
/// # Errors
/// An address that can't be listened on.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // So that a lab that is started again gets its port again. On Windows it would let others share it.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn kinds(scenario: &Scenario) -> Vec<(ListenerKind, ListenerKeys)> {
    ListenerKind::ALL.into_iter().filter_map(|kind| Some((kind, scenario.listeners.of(kind)?))).collect()
}

impl Lab {
    /// The listener of this kind, or where there is none the first one.
    #[must_use]
    pub fn listener(&self, kind: ListenerKind) -> (ListenerKind, SocketAddr) {
        let found = self.addresses.iter().find(|(k, _)| *k == kind).or(self.addresses.first());
        *found.expect("a lab has a listener")
    }

    /// Puts this lab in the place of a target that names its scenario: the listener by protocol and TLS, its address, and
    /// the certificates that it has issued.
    ///
    /// # Errors
    /// A scenario without such a listener.
    pub fn stand_in(&self, scenario: &str, target: &mut Target) -> Result<(), String> {
        let kind = match (target.protocol, target.tls) {
            (Protocol::Lmtp, _) => ListenerKind::Lmtp,
            (_, TlsMode::Implicit) => ListenerKind::Smtps,
            _ => ListenerKind::Smtp,
        };
        let (kind, address) = match self.listener(kind) {
            // A recording of LMTP makes a server of LMTP alone.
            found @ (ListenerKind::Lmtp, _) if kind == ListenerKind::Smtp => found,
            (found, _) if found != kind => {
                return Err(format!("the scenario {scenario} has no {} listener", kind.word()));
            }
            found => found,
        };
        if kind == ListenerKind::Lmtp {
            target.protocol = Protocol::Lmtp;
        }
        target.lab_listens(address);
        target.lab_certifies(&self.client_certificates);
        Ok(())
    }

    /// Where a kind of listener accepts.
    #[must_use]
    pub fn address(&self, kind: ListenerKind) -> Option<SocketAddr> {
        self.addresses.iter().find(|(k, _)| *k == kind).map(|(_, address)| *address)
    }

    /// What is there now. There is a door, since no lab starts without a listener.
    fn site(&self) -> Arc<Site> {
        Arc::clone(&self.doors.first().expect("a lab has a listener").borrow().site)
    }

    /// The title of the scenario that runs.
    #[must_use]
    pub fn title(&self) -> String {
        self.site().scenario.title.clone()
    }

    /// How many times as fast as the real one its clock runs.
    #[must_use]
    pub fn clock(&self) -> u32 {
        self.site().scenario.server.clock.0
    }

    /// Goes on with another scenario: those who come from now on meet it, and sessions that run keep theirs. Mailboxes
    /// and records stay; what rules have counted begins anew. Gives what can't change while the lab runs, in words.
    ///
    /// # Errors
    /// A certificate that can't be made; all then stays as it was.
    pub fn change(&self, scenario: Scenario, world: &World) -> Result<Vec<String>, LabError> {
        let old = self.site();
        let kept = old.scenario.tls == scenario.tls && old.scenario.server.name == scenario.server.name;
        let server = if kept { None } else { Some(tls::prepare(&scenario, world)?.server) };
        let wanted = kinds(&scenario);
        let site = Arc::new(old.with(scenario));
        for door in &self.doors {
            door.send_modify(|door| {
                door.site = Arc::clone(&site);
                if let Some((_, keys)) = wanted.iter().find(|(kind, _)| *kind == door.kind) {
                    door.keys = *keys;
                }
                if let Some(server) = &server {
                    door.tls = Arc::clone(server);
                }
            });
        }
        let is_open = |kind: ListenerKind| self.addresses.iter().any(|(open, _)| *open == kind);
        let new = wanted.iter().filter(|(kind, _)| !is_open(*kind)).map(|(kind, _)| *kind);
        let gone = self.addresses.iter().map(|(kind, _)| *kind).filter(|kind| wanted.iter().all(|(k, _)| k != kind));
        let new = new.map(|kind| format!("a listener for {} opens when the lab is started again", kind.word()));
        let gone = gone.map(|kind| format!("the listener for {} stays until the lab is started again", kind.word()));
        Ok(new.chain(gone).collect())
    }

    /// Removes a message from its mailbox; gives whether it was still there.
    #[expect(clippy::must_use_candidate, reason = "that it is gone already need not be minded")]
    pub fn delete(&self, number: u64) -> bool {
        self.site().store().delete(number)
    }

    /// How many messages lie in each mailbox that has any; mail for elsewhere is in [`mailbox::OUTBOX`].
    #[must_use]
    pub fn mailboxes(&self) -> BTreeMap<String, usize> {
        self.site().store().counts()
    }

    /// The messages of a mailbox (`local@domain`, lower case), oldest first.
    #[must_use]
    pub fn messages(&self, mailbox: &str) -> Vec<Arc<Message>> {
        self.site().store().of(mailbox)
    }

    /// The message of this number, if it is still there.
    #[must_use]
    pub fn message(&self, number: u64) -> Option<Arc<Message>> {
        self.site().store().get(number)
    }

    /// The messages of all mailboxes that came after this number, oldest first.
    #[must_use]
    pub fn messages_since(&self, number: u64) -> Vec<Arc<Message>> {
        self.site().store().since(number)
    }

    /// The records of the sessions, oldest first; those of the last 500 are kept.
    #[must_use]
    pub fn sessions(&self) -> Vec<Arc<record::SessionRecord>> {
        self.site().records.all()
    }

    /// Changes whenever something was added to a session's record.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.site().records.changes()
    }

    /// What happens from now on. A receiver that is too slow misses the oldest.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.site().listen()
    }
}
