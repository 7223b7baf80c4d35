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
    /// Who is there, where the session can rest: in clear text, with nothing said by the client, and all written.
    pub(super) fn presence(&mut self) -> Option<Presence> {
        let rests = matches!(self.wire, Wire::Plain(_)) && self.framer.is_empty() && self.pace.is_none();
        if rests && self.out.is_empty() && self.recorder.resting().is_some() { self.session.resting() } else { None }
    }

    pub(super) fn rests(self: Box<Self>, presence: Presence) -> Option<Resting> {
        let Self { wire, recorder, tls, guest, .. } = *self;
        let started = Micros::from(recorder.resting()?);
        Some(Resting { wire, rest: Box::new(Rest { presence, tls, started, guest }) })
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
