//! What all sessions of one lab share: the scenario, the mailboxes, the counters, and who is told of what happens.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::ListenerKind;
use super::limits::{Limits, Room};
use super::mailbox::{Message, Store};
use super::record::Records;
use super::rules::Counters;
use super::scenario::{Domain, Mailbox, Scenario};
use super::session::path::Address;
use crate::smtp::Secret;
use crate::world::World;

/// Something that happened in the lab, as it is told to whoever listens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Notice {
    /// A client connected.
    Connected {
        /// The session's number, from 1.
        session: u64,
        /// From where.
        client: SocketAddr,
        /// To which listener.
        listener: ListenerKind,
    },
    /// A message was put into a mailbox.
    Delivered {
        /// The session's number.
        session: u64,
        /// The message.
        message: Arc<Message>,
    },
    /// A rule's note, or something worth knowing.
    Note {
        /// The session's number.
        session: u64,
        /// What.
        text: String,
    },
    /// A client could not be accepted; what the system says. Told once, until one can be again.
    Missed(String),
    /// A session ended.
    Closed {
        /// The session's number.
        session: u64,
    },
}

/// What a forward-path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A mailbox of one of the lab's domains.
    Mailbox(&'a Domain, &'a Mailbox),
    /// Postmaster, who is everywhere (RFC 5321 4.5.1), without a mailbox in the file.
    Postmaster(&'a Domain),
    /// Nobody of one of the lab's domains.
    Nobody(&'a Domain),
    /// Another domain.
    Foreign,
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for Domain {}
impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for Mailbox {}

/// What all sessions share.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) scenario: Scenario,
    /// Whether the scenario's own lines keep their enhanced status codes.
    pub(super) enhanced: bool,
    pub(super) world: World,
    pub(super) counters: Mutex<Counters>,
    pub(super) records: Arc<Records>,
    store: Arc<Mutex<Store>>,
    limits: Limits,
    /// Content that is on its way: its own, and that of all who share the room.
    in_flight: Arc<Room>,
    shared: Arc<Room>,
    /// Octets that all sessions have sent.
    taken: Arc<AtomicU64>,
    /// Connections that are open, by client.
    open: Arc<Mutex<HashMap<IpAddr, u64>>>,
    /// Connections that there have been.
    visits: AtomicU64,
    notices: broadcast::Sender<Notice>,
}

/// A poisoned lock still guards whole values: each change here is complete before anything can panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    pub(super) fn new(scenario: Scenario, limits: Limits, world: World) -> Self {
        let (notices, _) = broadcast::channel(limits.notices);
        let counters = Mutex::new(Counters::new(scenario.server.seed));
        Self {
            counters,
            enhanced: scenario.capabilities.supports("ENHANCEDSTATUSCODES"),
            scenario,
            world,
            records: Arc::new(Records::new(limits, Vec::new())),
            store: Arc::new(Mutex::new(Store::new(limits))),
            limits,
            in_flight: Arc::new(Room::of(limits.in_flight)),
            shared: Arc::new(Room::of(u64::MAX)),
            taken: Arc::default(),
            open: Arc::default(),
            visits: AtomicU64::default(),
            notices,
        }
    }

    /// The same place with another scenario: mailboxes and records stay, what rules have counted does not.
    pub(super) fn with(&self, scenario: Scenario) -> Self {
        Self {
            counters: Mutex::new(Counters::new(scenario.server.seed)),
            enhanced: scenario.capabilities.supports("ENHANCEDSTATUSCODES"),
            scenario,
            world: self.world.clone(),
            records: Arc::clone(&self.records),
            store: Arc::clone(&self.store),
            limits: self.limits,
            in_flight: Arc::clone(&self.in_flight),
            shared: Arc::clone(&self.shared),
            taken: Arc::clone(&self.taken),
            open: Arc::clone(&self.open),
            visits: AtomicU64::default(),
            notices: self.notices.clone(),
        }
    }

    /// The same place, which shares a room for content that is on its way with others.
    pub(super) fn sharing(self, room: &Arc<Room>) -> Self {
        Self { shared: Arc::clone(room), ..self }
    }

    /// The same place, in whose records this must not stand.
    pub(super) fn hiding(self, secrets: Vec<Secret>) -> Self {
        Self { records: Arc::new(Records::new(self.limits, secrets)), ..self }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// A connection has been opened.
    pub(super) fn opened(&self, client: IpAddr) {
        *lock(&self.open).entry(client).or_default() += 1;
    }

    /// Somebody comes: which connection it is, from 1.
    pub(super) fn visit(&self) -> u64 {
        self.visits.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection has ended.
    pub(super) fn closed(&self, client: IpAddr) {
        let mut open = lock(&self.open);
        if let Some(count) = open.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&client);
            }
        }
    }

    /// How many connections are open: this client's, and all.
    pub(super) fn open(&self, client: IpAddr) -> [u64; 2] {
        let open = lock(&self.open);
        [open.get(&client).copied().unwrap_or_default(), open.values().sum()]
    }

    pub(super) fn tell(&self, notice: Notice) {
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// What an address leads to.
    pub(super) fn target(&self, address: &Address) -> Target<'_> {
        let domain = if address.domain.is_empty() {
            self.scenario.domains.first()
        } else {
            self.scenario.domain(&address.domain)
        };
        let Some(domain) = domain else { return Target::Foreign };
        let local = address.plain_local();
        match domain.find(&local) {
            Some(mailbox) => Target::Mailbox(domain, mailbox),
            None if local.eq_ignore_ascii_case("postmaster") => Target::Postmaster(domain),
            None => match domain.catch_all.as_deref().and_then(|name| domain.find(name)) {
                Some(mailbox) => Target::Mailbox(domain, mailbox),
                // user%elsewhere@here asks for a relay in an old way.
                None if local.contains('%') => Target::Foreign,
                None => Target::Nobody(domain),
            },
        }
    }

    /// Octets that a message may have at most, whatever the scenario promises.
    pub(super) fn largest(&self) -> u64 {
        self.limits.in_flight
    }

    /// Takes room for content that is on its way; false where all sessions together hold too much.
    pub(super) fn take_room(&self, octets: u64) -> bool {
        if !self.in_flight.take(octets) {
            return false;
        }
        let fits = self.shared.take(octets);
        if !fits {
            self.in_flight.give(octets);
        }
        fits
    }

    /// Gives room back.
    pub(super) fn give_room(&self, octets: u64) {
        self.in_flight.give(octets);
        self.shared.give(octets);
    }

    /// So many octets came from a client; false once all of them together have sent too much.
    pub(super) fn takes(&self, octets: usize) -> bool {
        let octets = octets as u64;
        self.taken.fetch_add(octets, Ordering::Relaxed).saturating_add(octets) <= self.limits.octets
    }

    /// A queue id such as `4XyPq2LmNz`.
    pub(super) fn queue_id(&self) -> String {
        // The letters of Postfix's long queue ids: no vowels, so that no words come out.
        const LETTERS: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
        let bytes: [u8; 10] = self.world.random();
        let id: String = bytes.iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect();
        format!("4{id}")
    }

    /// The date as a header has it (RFC 5322 3.3), in UTC.
    pub(super) fn date(&self) -> String {
        self.world.now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
    }
}

/// The canonical name of a mailbox: `local@domain`, lower case.
pub(super) fn mailbox_name(domain: &Domain, local: &str) -> String {
    format!("{}@{}", local.to_lowercase(), domain.name.to_lowercase())
}
