//! A connection on which nothing has been said but the greeting: all that can be made anew is given back until the client
//! speaks, so that a crowd that only waits takes little room.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::seated::Guest;
use super::{Connection, Wire};
use crate::conversation::Micros;
use crate::lab::framer::Framer;
use crate::lab::record::Recorder;
use crate::lab::session::Presence;
use crate::lab::tls::Server;

/// What a connection is made of again once it is needed.
pub(super) struct Resting {
    wire: Wire,
    // Apart: it fits where the allocator leaves room between the parts of tasks.
    rest: Box<Rest>,
}

/// Octets of what lies beside a task while its connection rests.
#[cfg(test)]
pub(super) const REST: usize = size_of::<Rest>();

struct Rest {
    presence: Presence,
    tls: Arc<Server>,
    /// Since when its record counts.
    started: Micros,
    guest: Option<Box<Guest>>,
}

impl Connection {
    /// Gives up what can be made anew, where the session can rest: in clear text, with nothing said by the client, and all
    /// written. Else the connection goes on.
    pub(super) fn rest(mut self: Box<Self>) -> Result<Resting, Box<Self>> {
        let quiet = self.framer.is_empty() && self.out.is_empty() && self.pace.is_none();
        if !quiet || !matches!(self.wire, Wire::Plain(_)) {
            return Err(self);
        }
        let Some(started) = self.recorder.resting() else { return Err(self) };
        let Some(presence) = self.session.resting() else { return Err(self) };
        // Named one by one, so that what is added later is thought of here.
        let Self {
            wire,
            tls,
            guest,
            framer: _,
            session: _,
            out: _,
            idle: _,
            pace: _,
            site: _,
            recorder: _,
            proxy: _,
            implicit: _,
        } = *self;
        Ok(Resting { wire, rest: Box::new(Rest { presence, tls, started: Micros::from(started), guest }) })
    }
}

fn patience(presence: &Presence, guest: Option<&Guest>) -> Duration {
    guest.and_then(Guest::idle).unwrap_or(presence.site.scenario.server.idle.0)
}

impl Resting {
    /// Waits for the client; gives what it has said, which is nothing at the end.
    pub(super) async fn hears(&mut self) -> Result<std::io::Result<Vec<u8>>, Elapsed> {
        let patience = patience(&self.rest.presence, self.rest.guest.as_deref());
        timeout(patience, self.wire.hear()).await
    }

    /// The connection as it was.
    pub(super) fn woken(self) -> Box<Connection> {
        let Self { wire, rest } = self;
        let Rest { presence, tls, started, guest } = *rest;
        let (site, client) = (Arc::clone(&presence.site), presence.client);
        Box::new(Connection {
            wire,
            framer: Framer::default(),
            idle: patience(&presence, guest.as_deref()),
            session: presence.resumed(),
            out: Vec::new(),
            tls,
            pace: None,
            recorder: Recorder::resumed(&site.records, client.number, Duration::from_micros(started.0)),
            proxy: false,
            implicit: false,
            site,
            guest,
        })
    }
}
