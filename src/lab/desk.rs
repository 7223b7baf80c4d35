//! A listener before which somebody sits: each connection is shown to its seat, and may ask for another one.
//!
//! A class has one [`Arena`] a student. A connection begins where the [`Desk`] puts it, and what it asks for by `NOOP` (RFC
//! 5321 4.1.1.9: any client may say it with any text, and to any other server it means nothing) may lead it elsewhere.
//! The desk never sees mail, and the session knows nothing of it.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection::{self, Door};
use super::limits::{Limits, Room};
use super::mailbox::Message;
use super::record::SessionRecord;
use super::scenario::{ListenerKeys, Scenario};
use super::site::Site;
use super::tls::{self, Server};
use super::{LabError, ListenerKind};
use crate::smtp::{Secret, Verb};
use crate::world::World;

/// What a scenario needs to be played many times over: its keys and certificates are made once.
#[derive(Clone)]
pub struct Backdrop {
    scenario: Scenario,
    server: Arc<Server>,
    /// The certificate of the lab's authority, PEM.
    pub ca: Arc<str>,
}

impl std::fmt::Debug for Backdrop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backdrop").field("scenario", &self.scenario.title).finish_non_exhaustive()
    }
}

impl Backdrop {
    /// Makes a scenario ready.
    ///
    /// # Errors
    /// A certificate that can't be made.
    pub fn new(scenario: Scenario, world: &World) -> Result<Self, LabError> {
        let prepared = tls::prepare(&scenario, world)?;
        Ok(Self { scenario, server: prepared.server, ca: prepared.ca.into() })
    }

    /// The same certificates with another scenario, which differs from the first only by what was drawn.
    #[must_use]
    pub fn with(&self, scenario: Scenario) -> Self {
        Self { scenario, ..self.clone() }
    }
}

/// A world of its own: mailboxes, greylist, counters, clock and records, shared by nobody else.
#[derive(Debug)]
pub struct Arena {
    site: Arc<Site>,
    server: Arc<Server>,
}

impl Arena {
    /// A fresh one, which shares a room for content that is on its way with others. What is `hidden` stands in none of its
    /// records, whoever says it.
    #[must_use]
    pub fn new(backdrop: &Backdrop, limits: Limits, room: &Arc<Room>, hidden: Vec<Secret>, world: &World) -> Self {
        let site = Site::new(backdrop.scenario.clone(), limits, world.clone()).sharing(room).hiding(hidden);
        Self { site: Arc::new(site), server: Arc::clone(&backdrop.server) }
    }

    /// Whether its scenario has such a listener.
    #[must_use]
    pub fn has(&self, kind: ListenerKind) -> bool {
        self.keys(kind).is_some()
    }

    fn keys(&self, kind: ListenerKind) -> Option<ListenerKeys> {
        super::kinds(&self.site.scenario).into_iter().find(|(known, _)| *known == kind).map(|(_, keys)| keys)
    }

    /// The records of its sessions, oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<Arc<SessionRecord>> {
        self.site.records.all()
    }

    /// Removes a message from its mailbox, where it is still there.
    pub fn delete(&self, number: u64) {
        self.site.store().delete(number);
    }

    /// Octets of mail and of records that it keeps.
    #[must_use]
    pub fn keeps(&self) -> u64 {
        self.site.store().octets() + self.site.records.octets()
    }

    /// Gives up so many octets of what it keeps, or as many as it can: records of sessions that are over and `seen`, then
    /// mail, the oldest first. Gives how many.
    pub fn give_up(&self, octets: u64, seen: &dyn Fn(u64) -> bool) -> u64 {
        let given = self.site.records.give_up(octets, seen);
        given + self.site.store().give_up(octets.saturating_sub(given))
    }

    /// Whether the records of its sessions may grow by little only.
    pub fn tighten(&self, on: bool) {
        self.site.records.tighten(on);
    }

    /// Changes whenever something was added to a session's record.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.site.records.changes()
    }

    /// The messages of all its mailboxes, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.site.store().since(0)
    }

    pub(super) fn door(&self, kind: ListenerKind) -> Option<Door> {
        let keys = self.keys(kind)?;
        Some(Door { site: Arc::clone(&self.site), kind, keys, tls: Arc::clone(&self.server) })
    }
}

/// Where a connection sits.
#[derive(Debug)]
pub struct Seat {
    /// In which world.
    pub arena: Arc<Arena>,
    /// At which of its listeners.
    pub kind: ListenerKind,
    /// Whatever the desk wants to know it by.
    pub tag: u64,
    /// While it holds true nothing is answered.
    pub held: watch::Receiver<bool>,
    /// How long its client may say nothing, where the world does not say that.
    pub idle: Option<Duration>,
    /// Whatever is to be dropped when the connection ends or is seated elsewhere.
    pub place: Box<dyn Any + Send + Sync>,
}

/// What holds in another seat of what a connection has said before. TLS always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing: it is greeted as if it had just connected.
    Anew,
    /// It was greeted by the server, and has to introduce itself again.
    Greeted,
    /// Its HELO or EHLO holds too, as after a log-in (RFC 4954 4); another EHLO asks what is offered in its new place.
    Introduced,
}

/// A command that a desk is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// From where it comes.
    pub client: SocketAddr,
    /// Its line, without its end.
    pub line: &'a [u8],
    /// The verb by which the client has introduced itself, where it has.
    pub greeted: Option<Verb>,
    /// Whether the line is in TLS.
    pub secured: bool,
}

/// What a desk answers to a command.
#[derive(Debug)]
pub enum Turn {
    /// Only these lines, whole replies; nothing of it is in the record.
    Say(Vec<String>),
    /// The session answers as it would, and these lines stand before its own: a reply of several lines with its code.
    Beside {
        /// Without a code.
        say: Vec<String>,
        /// By what the desk wants to know that it was said, where it does.
        ticket: Option<u64>,
    },
    /// These lines, and the connection goes on in another seat.
    Move {
        /// There.
        seat: Seat,
        /// What is said before.
        say: Words,
        /// What holds there of what was said before.
        entry: Entry,
    },
    /// These lines, and from then on the connection is no longer the lab's.
    HandOver {
        /// What is said before.
        say: Vec<String>,
        /// Whatever the desk wants to know it by.
        ticket: u64,
    },
}

/// Lines, whole replies, put together when they are said: what holds of what was said before stands in the record by then.
pub struct Words(Box<dyn FnOnce() -> Vec<String> + Send>);

impl Words {
    /// They are known once this is called.
    pub fn when_said(words: impl FnOnce() -> Vec<String> + Send + 'static) -> Self {
        Self(Box::new(words))
    }

    pub(super) fn lines(self) -> Vec<String> {
        (self.0)()
    }
}

impl From<Vec<String>> for Words {
    fn from(lines: Vec<String>) -> Self {
        Self::when_said(|| lines)
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words")
    }
}

/// Who sits before a listener.
pub trait Desk: Send + Sync + 'static {
    /// Where a connection begins; what it is told instead where it may not.
    ///
    /// # Errors
    /// The reply, without its line end.
    fn arrive(&self, client: SocketAddr) -> Result<Seat, String>;

    /// How long a command waits before it is looked at; what it is answered instead.
    ///
    /// # Errors
    /// The reply.
    fn patience(&self, seat: &Seat, said: Said<'_>) -> Result<Duration, Vec<String>>;

    /// What a command leads to; none for one that is the session's alone.
    fn asked(&self, seat: &Seat, said: Said<'_>) -> Option<Turn>;

    /// What [`Turn::Beside`] had with this ticket is a part of a reply.
    fn told(&self, seat: &Seat, ticket: u64);

    /// A connection could not be accepted.
    fn missed(&self, error: &std::io::Error);

    /// Takes over a connection, with what it has sent and nobody has read.
    fn take_over(&self, stream: TcpStream, rest: Vec<u8>, ticket: u64);
}

/// Serves a listener before which somebody sits, until the guard is dropped.
#[must_use]
pub fn serve(listener: TcpListener, desk: Arc<dyn Desk>) -> DropGuard {
    let stop = CancellationToken::new();
    tokio::spawn(connection::accept_at(listener, desk, stop.clone()));
    stop.drop_guard()
}
