//! How long to wait for what (RFC 5321 4.5.3.2).

use std::time::Duration;

use crate::smtp::Verb;
use crate::smtp::session::Awaited;

/// For each block of message content to be taken by the server (RFC 5321 4.5.3.2.5).
pub const CONTENT_BLOCK: Duration = Duration::from_mins(3);
/// Before the greeting, until silence is worth a word.
pub(super) const SILENCE: Duration = Duration::from_secs(6);
/// After QUIT was answered, for the server to close.
pub(super) const AFTER_QUIT: Duration = Duration::from_secs(2);

/// How long to wait for the reply to this.
#[must_use]
pub fn reply(awaited: &Awaited) -> Duration {
    Duration::from_mins(match awaited {
        Awaited::EndOfData { .. } => 10,
        Awaited::Command(command) if command.verb == Verb::Data => 2,
        // A last chunk is answered when the message is stored, as the final dot is.
        Awaited::Command(command) if command.verb == Verb::Bdat => 10,
        _ => 5,
    })
}
