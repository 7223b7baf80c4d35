//! The text of a file as the sources read it, and the times that stood before its lines.

use std::ops::Deref;
use std::rc::Rc;

use super::clock::Moment;

/// Octets, and when each line of them was written, where a log said so and its words were taken off.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    octets: &'a [u8],
    times: Times,
}

/// When each line was written, by its number from 1.
#[derive(Debug, Clone, Default)]
pub(super) struct Times(Rc<[Option<Moment>]>);

impl<'a> Text<'a> {
    /// Octets alone.
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, times: Times::default() }
    }

    /// Octets with the times of their lines.
    pub(super) fn timed(octets: &'a [u8], times: Vec<Option<Moment>>) -> Self {
        Self { octets, times: Times(times.into()) }
    }

    /// The times of its lines.
    pub(super) fn times(&self) -> Times {
        self.times.clone()
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets
    }
}

impl Times {
    /// When the line of this number was written; from 1.
    pub(super) fn of(&self, line: usize) -> Option<Moment> {
        self.0.get(line.checked_sub(1)?).copied().flatten()
    }
}
