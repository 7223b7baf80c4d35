//! How much one lab, or one student's arena of a class, may hold. What goes beyond makes the oldest give way, or is
//! refused; it never touches anybody else's.

use std::sync::atomic::{AtomicU64, Ordering};

/// Octets of content that many arenas together may hold before it is accepted: each has its own limit besides.
#[derive(Debug)]
pub struct Room {
    most: u64,
    held: AtomicU64,
}

impl Room {
    /// Of so many octets.
    #[must_use]
    pub fn of(most: u64) -> Self {
        Self { most, held: AtomicU64::new(0) }
    }

    /// How many are held.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Takes some; false, and none taken, where not so many are left.
    pub(super) fn take(&self, octets: u64) -> bool {
        let before = self.held.fetch_add(octets, Ordering::Relaxed);
        let fits = before.saturating_add(octets) <= self.most;
        if !fits {
            self.give(octets);
        }
        fits
    }

    /// Gives some back.
    pub(super) fn give(&self, octets: u64) {
        self.held.fetch_sub(octets, Ordering::Relaxed);
    }
}

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions whose records are kept; the oldest go first.
    pub sessions: usize,
    /// Octets that one session's record may come to. A message may take half of what is left; the rest of it is counted
    /// and summed.
    pub record: usize,
    /// Octets of mail that are kept; the oldest go first, but never a copy of what was just taken.
    pub mail: usize,
    /// Messages that are kept; the oldest go first.
    pub messages: usize,
    /// Octets of content that all sessions together may hold before it is accepted: no server promises a larger SIZE.
    pub in_flight: u64,
    /// Octets that all sessions together may send before they are turned away.
    pub octets: u64,
    /// Notices that wait for a slow reader.
    pub notices: usize,
}

impl Limits {
    /// A lab that has the process for itself.
    pub const LAB: Self = Self {
        sessions: 500,
        record: 512 << 10,
        mail: 64 << 20,
        messages: 10_000,
        in_flight: 512 << 20,
        octets: u64::MAX,
        notices: 1024,
    };

    /// One student of a class: many more than a lesson needs, and a class of 500 still fits into the memory.
    pub const STUDENT: Self = Self {
        sessions: 40,
        record: 160 << 10,
        mail: 8 << 20,
        messages: 200,
        in_flight: 12 << 20,
        octets: 64 << 20,
        notices: 4,
    };
}
