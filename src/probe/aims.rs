//! Whom a probe names, and how far it may go.

use std::time::Duration;

use crate::profile::Target;
use crate::world::World;

/// A domain for which nobody takes mail (RFC 2606 3).
const ELSEWHERE: &str = "example.org";

/// Names and limits, as the user or the target gives them.
#[derive(Debug, Clone)]
pub struct Aims {
    /// The name to greet with; our own address where none is known.
    pub ehlo: Option<String>,
    /// Who sends.
    pub from: String,
    /// Somebody whom the server knows, where the user named one.
    pub to: Option<String>,
    /// Somebody for whom this server is not responsible.
    pub foreign: String,
    /// A local part that nobody has.
    pub nobody: String,
    /// Who gets the messages that are really handed over; none are where nobody is named.
    pub deliver: Option<String>,
    /// How long the server's patience is tried.
    pub idle: Duration,
    /// How long a reply may take.
    pub patience: Duration,
    /// How long all conversations together may take.
    pub total: Option<Duration>,
}

impl Aims {
    /// What a target says, and the usual limits.
    #[must_use]
    pub fn of(target: &Target, world: &World) -> Self {
        use std::fmt::Write as _;
        let mut nobody = "ehlo-probe-".to_owned();
        for octet in world.random::<6>() {
            let _ = write!(nobody, "{octet:02x}");
        }
        Self {
            ehlo: target.ehlo.clone(),
            from: target.from.clone().unwrap_or_else(|| format!("ehlo-probe@{ELSEWHERE}")),
            to: target.to.first().cloned(),
            foreign: format!("ehlo-probe@{ELSEWHERE}"),
            nobody,
            deliver: None,
            idle: Duration::from_secs(5),
            total: None,
            patience: target.reply_timeout.map_or(Duration::from_secs(30), Duration::from_millis),
        }
    }
}
