//! Octets that are ready to be sent, and where in them a secret of the environment stands.

use std::ops::Range;

use super::values::{Piece, marker};

/// Octets of which some are a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    octets: Vec<u8>,
    /// The variables, and the place of each, in order.
    hidden: Vec<(Range<usize>, String)>,
}

impl From<Vec<u8>> for Filled {
    fn from(octets: Vec<u8>) -> Self {
        Self { octets, hidden: Vec::new() }
    }
}

impl Filled {
    /// These pieces up to the first that only AUTH can make.
    #[must_use]
    pub fn of(pieces: &[Piece]) -> Self {
        let mut filled = Self::default();
        for piece in pieces {
            let Some(octets) = piece.octets() else { break };
            let start = filled.octets.len();
            filled.octets.extend_from_slice(octets);
            if let Piece::Hidden { name, .. } = piece {
                filled.hidden.push((start..filled.octets.len(), name.clone()));
            }
        }
        filled
    }

    /// All octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The octets without their places.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        self.octets
    }

    /// Where secrets stand.
    #[must_use]
    pub fn places(&self) -> Vec<Range<usize>> {
        self.hidden.iter().map(|(place, _)| place.clone()).collect()
    }

    /// The octets with the names of their secrets in place of these.
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        let (mut shown, mut at) = (Vec::with_capacity(self.octets.len()), 0);
        for (place, name) in &self.hidden {
            shown.extend_from_slice(&self.octets[at..place.start]);
            shown.extend_from_slice(marker(name).as_bytes());
            at = place.end;
        }
        shown.extend_from_slice(&self.octets[at..]);
        shown
    }

    /// Puts octets behind it that hold no secret.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Puts these behind it.
    pub fn append(&mut self, more: Self) {
        let before = self.octets.len();
        self.octets.extend(more.octets);
        let moved = |(place, name): (Range<usize>, String)| (place.start + before..place.end + before, name);
        self.hidden.extend(more.hidden.into_iter().map(moved));
    }
}
