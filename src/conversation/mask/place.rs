//! Places in what is sent next that are secret whatever stands there: what was filled in knows where it stands.

use std::collections::VecDeque;
use std::ops::Range;

/// The places that are still to come, in octets from the next one that is sent on.
#[derive(Debug, Default)]
pub(super) struct Places(VecDeque<Range<usize>>);

impl Places {
    pub(super) fn new(places: Vec<Range<usize>>) -> Self {
        Self(places.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many octets are sent, of which the first `text` are recorded: the places in these.
    pub(super) fn take(&mut self, text: usize, sent: usize) -> Vec<Range<usize>> {
        let within = |place: &Range<usize>| place.start.min(text)..place.end.min(text);
        let found = self.0.iter().map(within).filter(|place| !place.is_empty()).collect();
        self.0.retain(|place| place.end > sent);
        for place in &mut self.0 {
            *place = place.start.saturating_sub(sent)..place.end - sent;
        }
        found
    }
}
