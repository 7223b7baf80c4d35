//! The mail that the lab has taken: in memory, with its envelope, and bounded (the oldest go first).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::limits::Limits;

/// What is common to all copies of a message: how it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The queue id told to the client.
    pub queue_id: String,
    /// The reverse-path; empty for `<>`.
    pub from: String,
    /// The parameters of MAIL, as typed.
    pub parameters: Vec<String>,
    /// Who sent it.
    pub client: SocketAddr,
    /// How it greeted.
    pub helo: String,
    /// When it was taken.
    pub time: Timestamp,
    /// The TLS version and cipher, where there was TLS.
    pub tls: Option<String>,
    /// Who had logged in.
    pub authenticated: Option<String>,
}

/// One message in one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, from 1, never used twice.
    pub number: u64,
    /// The mailbox: an address of one of the lab's domains, or [`OUTBOX`].
    pub mailbox: String,
    /// The forward-path as typed.
    pub rcpt: String,
    /// The parameters of RCPT, as typed.
    pub parameters: Vec<String>,
    /// How it came.
    pub envelope: Arc<Envelope>,
    /// The header lines that the lab wrote: Return-Path and Received, and what a rule stamps.
    pub head: String,
    /// The content as it came, dots unstuffed.
    pub content: Arc<[u8]>,
}

/// Where mail for other domains is kept; the lab never sends anything anywhere.
pub const OUTBOX: &str = "outbox";

impl Message {
    /// The message as it lies in the mailbox: the lab's header lines, then the content.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.content].concat()
    }

    /// How many octets that is.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.head.len() + self.content.len()
    }
}

/// All mailboxes.
#[derive(Debug)]
pub(super) struct Store {
    limits: Limits,
    messages: VecDeque<Arc<Message>>,
    octets: usize,
    /// How many messages have each content, by where it is: all copies of a message share it.
    copies: HashMap<usize, usize>,
    last: u64,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, messages: VecDeque::new(), octets: 0, copies: HashMap::new(), last: 0 }
    }

    /// Puts a message away; gives it with its number.
    pub(super) fn keep(&mut self, mut message: Message) -> Arc<Message> {
        self.last += 1;
        message.number = self.last;
        let message = Arc::new(message);
        self.count(&message);
        self.messages.push_back(Arc::clone(&message));
        while (self.messages.len() > self.limits.messages || self.octets > self.limits.mail)
            && let Some(oldest) = self.messages.pop_front_if(|oldest| !Arc::ptr_eq(&oldest.content, &message.content))
        {
            self.discount(&oldest);
        }
        message
    }

    /// A message takes room: its head, and its content unless another copy of it lies here.
    fn count(&mut self, message: &Message) {
        let copies = self.copies.entry(message.content.as_ptr().addr()).or_default();
        *copies += 1;
        self.octets += message.head.len() + if *copies == 1 { message.content.len() } else { 0 };
    }

    /// A message takes no room any more.
    fn discount(&mut self, message: &Message) {
        self.octets -= message.head.len();
        let place = message.content.as_ptr().addr();
        if let Some(copies) = self.copies.get_mut(&place) {
            *copies -= 1;
            if *copies == 0 {
                self.copies.remove(&place);
                self.octets -= message.content.len();
            }
        }
    }

    /// Octets of all messages; what copies share is counted once.
    pub(super) fn octets(&self) -> u64 {
        self.octets as u64
    }

    /// Gives up so many octets, or all, the oldest messages first; gives how many.
    pub(super) fn give_up(&mut self, octets: u64) -> u64 {
        let before = self.octets;
        while ((before - self.octets) as u64) < octets {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.discount(&oldest);
        }
        (before - self.octets) as u64
    }

    /// Removes the message of this number; gives whether it was there.
    pub(super) fn delete(&mut self, number: u64) -> bool {
        let at = self.messages.partition_point(|m| m.number < number);
        if self.messages.get(at).is_none_or(|m| m.number != number) {
            return false;
        }
        if let Some(message) = self.messages.remove(at) {
            self.discount(&message);
        }
        true
    }

    /// The messages of a mailbox, oldest first.
    pub(super) fn of(&self, mailbox: &str) -> Vec<Arc<Message>> {
        self.messages.iter().filter(|m| m.mailbox == mailbox).cloned().collect()
    }

    /// How many messages lie in each mailbox that has any.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for message in &self.messages {
            *counts.entry(message.mailbox.clone()).or_default() += 1;
        }
        counts
    }

    /// Octets that a mailbox holds.
    pub(super) fn used(&self, mailbox: &str) -> u64 {
        self.messages.iter().filter(|m| m.mailbox == mailbox).map(|m| m.octets() as u64).sum()
    }

    /// The messages that came after this number, oldest first.
    pub(super) fn since(&self, number: u64) -> Vec<Arc<Message>> {
        let first = self.messages.partition_point(|m| m.number <= number);
        self.messages.iter().skip(first).cloned().collect()
    }

    /// The message of this number, if it is still there.
    pub(super) fn get(&self, number: u64) -> Option<Arc<Message>> {
        let at = self.messages.partition_point(|m| m.number < number);
        self.messages.get(at).filter(|m| m.number == number).cloned()
    }
}
