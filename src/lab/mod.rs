//! The embedded server: listeners, sessions, scenarios, mailboxes.
//!
//! Binds to loopback unless told otherwise, never relays, never resolves a name, writes only where it is told.
//! Not here: screens, the client.

use std::net::SocketAddr;

use crate::world::World;

/// A kind of listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ListenerKind {
    Smtp,
    Submission,
    Smtps,
    Lmtp,
}

/// A running lab. Dropping it stops it.
#[derive(Debug)]
pub struct Lab {
    /// Where each listener accepts.
    pub addresses: Vec<(ListenerKind, SocketAddr)>,
    /// The certificate of its authority, PEM: what a client must trust.
    pub ca: String,
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
}

/// Starts a lab with a scenario by name on `listen` (its port 0 picks free ones; each listener has its own).
///
/// # Errors
/// A scenario that is not there or not well formed, an address that can't be listened on, a state directory that can't
/// be written for the certificates.
pub async fn start(scenario: &str, listen: SocketAddr, world: &World) -> Result<Lab, LabError> {
    let _ = (scenario, listen, world);
    Ok(Lab { addresses: Vec::new(), ca: String::new() })
}
