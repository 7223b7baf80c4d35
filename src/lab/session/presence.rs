//! A client that is there, which the rules may count.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Client, Session, State};
use crate::lab::scenario::ListenerKeys;
use crate::lab::site::{Notice, Site};

/// A client is there, and counts as such until this is dropped.
#[derive(Debug)]
pub(in crate::lab) struct Presence {
    pub(in crate::lab) site: Arc<Site>,
    pub(in crate::lab) client: Client,
    /// Which connection since the lab began.
    pub(super) visit: u64,
    pub(super) keys: ListenerKeys,
}

impl Presence {
    pub(super) fn new(site: Arc<Site>, client: Client, keys: ListenerKeys) -> Self {
        site.opened(client.address.ip());
        Self { visit: site.visit(), site, client, keys }
    }

    /// The client is one at another address.
    pub(super) fn is_of(&mut self, address: SocketAddr) {
        self.site.closed(self.client.address.ip());
        self.site.opened(address.ip());
        self.client.address = address;
    }

    /// The session of a client that has been greeted and has said nothing yet.
    pub(in crate::lab) fn resumed(self) -> Session {
        Session::of(self)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.site.closed(self.client.address.ip());
        self.site.tell(Notice::Closed { session: self.client.number });
    }
}

impl Session {
    /// What there is to know of a session in which nothing has been said but an ordinary greeting; none of any other.
    pub(in crate::lab) fn resting(&mut self) -> Option<Presence> {
        let Self { state: State::Command, greeted: None, tls: None, authenticated: None, transaction: None, .. } = self
        else {
            return None;
        };
        let untouched = self.chunks.is_none()
            && self.errors == 0
            && self.transactions == 0
            && self.login == Default::default()
            && self.stamps.is_empty()
            && self.changes.is_empty()
            && self.instead.is_none()
            && self.verbatim.is_none()
            && self.bounce.is_none()
            && !self.early
            && !self.turned_away
            && self.out.is_empty();
        if untouched { self.presence.take() } else { None }
    }
}
