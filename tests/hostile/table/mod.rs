//! The behaviours, by kind. To add one, add an entry: what the peer does, where it shows itself, what the screen shows
//! in the end, and how `ehlo run` exits.

use super::behaviour::Behaviour;

mod auth;
mod escapes;
mod flood;
mod phases;
mod replies;
mod secure;
mod strangers;

/// How big the big ones are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Big enough to pass every limit that cuts something, where that takes little time.
    Small,
    /// As big as promised.
    Full,
}

/// Every behaviour.
pub(crate) fn all(size: Size) -> Vec<Behaviour> {
    // What takes longest comes first, so that nothing is waited for at the end.
    let kinds =
        [flood::all(size), phases::all(), auth::all(), secure::all(), replies::all(), escapes::all(), strangers::all()];
    kinds.into_iter().flatten().collect()
}

/// Those whose size matters.
pub(crate) fn floods(size: Size) -> Vec<Behaviour> {
    flood::all(size)
}
