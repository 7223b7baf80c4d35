//! The world of a lesson, and how much it keeps.

use std::sync::Arc;

use tokio_util::sync::DropGuard;

use super::Work;
use crate::class::larder::Share;
use crate::lab::desk::Arena;

/// The world of a lesson, what watches it, and what it keeps.
#[derive(Debug)]
pub(in crate::class) struct Place {
    pub(in crate::class) arena: Arc<Arena>,
    pub(in crate::class) _guard: DropGuard,
    pub(in crate::class) share: Share,
}

impl Work {
    /// Its world.
    pub(in crate::class) fn arena(&self) -> Option<&Arc<Arena>> {
        self.place.as_ref().map(|place| &place.arena)
    }

    /// Octets that its world keeps, as was last looked.
    pub(in crate::class) fn keeps(&self) -> u64 {
        self.place.as_ref().map_or(0, |place| place.share.octets())
    }

    /// Looks how much its world keeps; where there is room for all of them it is held short no longer.
    pub(in crate::class) fn weigh(&mut self, room: bool) {
        if let Some(place) = &mut self.place {
            if room {
                place.arena.tighten(false);
            }
            place.share.set(place.arena.keeps());
        }
    }

    /// Has its world give up so many octets, the oldest first and mail last: never what was not looked at. What can't be
    /// given up, the records of sessions that go on, is to grow no more where more is left than that.
    pub(in crate::class) fn give_up(&mut self, octets: u64) {
        let sessions = &self.sessions;
        let seen = |number: u64| sessions.get(&number).is_some_and(|written| written.over);
        if let Some(place) = &self.place {
            let given = place.arena.give_up(octets, &seen);
            place.arena.tighten(given < octets);
        }
        self.weigh(false);
    }
}
