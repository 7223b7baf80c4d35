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
        // Named one by one, so that what is added later is thought of here.
        let Self {
            presence: _,
            site: _,
            client: _,
            keys: _,
            visit: _,
            state,
            greeted,
            tls,
            authenticated,
            transaction,
            chunks,
            errors,
            transactions,
            login: (mechanism, answers),
            stamps,
            changes,
            instead,
            verbatim,
            bounce,
            early,
            turned_away,
            out,
        } = self;
        let untouched = matches!(state, State::Command)
            && greeted.is_none()
            && tls.is_none()
            && authenticated.is_none()
            && transaction.is_none()
            && chunks.is_none()
            && (*errors, *transactions, *answers) == (0, 0, 0)
            && (mechanism.is_empty() && stamps.is_empty() && changes.is_empty() && out.is_empty())
            && (instead.is_none() && verbatim.is_none() && bounce.is_none())
            && !(*early || *turned_away);
        if untouched { self.presence.take() } else { None }
    }
}
