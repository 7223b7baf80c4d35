//! One direction of a TCP connection: segments in the order of their sequence numbers, each octet once (RFC 9293 3.4).
//!
//! Gaps and segments that come twice or out of order are what is met in captures; no more of TCP is needed here.

use std::collections::BTreeMap;

use crate::interchange::pcapng::comments::Told;

/// Octets that wait for an earlier segment, beyond which it is given up.
const WAITING: usize = 4 << 20;

/// A segment as it was captured.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Microseconds since 1970.
    pub(super) at: i64,
    /// Which packet of the capture, from 1.
    pub(super) packet: usize,
    pub(super) sequence: u32,
    /// Up to where its sender had the other direction.
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) reset: bool,
    pub(super) data: Vec<u8>,
    /// Octets behind these that went over the wire and were not captured.
    pub(super) missing: usize,
    /// What is said of its packet.
    pub(super) told: Vec<Told>,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The sequence number that comes next.
    next: Option<u32>,
    /// How many octets there were up to it.
    place: u64,
    /// Segments that have not been given, by their place.
    waiting: BTreeMap<u64, Segment>,
    held: usize,
    /// What a segment says that it lacks is known to be lacking: one that is nothing but its head is taken too.
    bare: bool,
}

/// Places are counted from here, so that what is before the first segment seen has one too.
const BASE: u64 = 1 << 40;

impl Stream {
    /// Takes segments of which nothing but the head was captured.
    pub(super) fn with_bare(&mut self) {
        self.bare = true;
    }

    /// A segment came.
    pub(super) fn take(&mut self, mut segment: Segment) {
        let next = *self.next.get_or_insert_with(|| {
            self.place = BASE;
            segment.sequence.wrapping_add(u32::from(segment.syn))
        });
        if segment.syn {
            segment.sequence = segment.sequence.wrapping_add(1);
        }
        let bare = self.bare && (segment.missing > 0 || !segment.told.is_empty());
        if segment.data.is_empty() && !segment.fin && !bare {
            return;
        }
        // The distance is signed: what lies behind was given already.
        let distance = i64::from(segment.sequence.wrapping_sub(next).cast_signed());
        let place = self.place.saturating_add_signed(distance);
        let longer = self.waiting.get(&place).is_none_or(|other| {
            other.data.len() < segment.data.len() || other.data.len() == segment.data.len() && segment.fin && !other.fin
        });
        if longer {
            self.held += segment.data.len();
            if let Some(other) = self.waiting.remove(&place) {
                self.held -= other.data.len();
                segment.told.splice(..0, other.told);
            }
            self.waiting.insert(place, segment);
        } else if let Some(other) = self.waiting.get_mut(&place) {
            other.told.append(&mut segment.told);
        }
    }

    /// Up to which sequence number it was given.
    pub(super) fn next(&self) -> Option<u32> {
        self.next
    }

    /// Whether this number was given already.
    pub(super) fn has_given(&self, sequence: u32) -> bool {
        self.next.is_none_or(|next| sequence.wrapping_sub(next).cast_signed() <= 0)
    }

    /// The next segment that can be given, without being taken.
    pub(super) fn ready(&self) -> Option<&Segment> {
        let (place, segment) = self.waiting.first_key_value()?;
        (*place <= self.place).then_some(segment)
    }

    /// Takes the next segment that can be given: of its octets those that were not given before.
    pub(super) fn give(&mut self) -> Option<Segment> {
        self.ready()?;
        let (place, mut segment) = self.waiting.pop_first()?;
        self.held -= segment.data.len();
        let known = usize::try_from(self.place - place).unwrap_or(usize::MAX).min(segment.data.len());
        segment.data.drain(..known);
        let end = place + known as u64 + (segment.data.len() + segment.missing) as u64 + u64::from(segment.fin);
        if let Some(next) = &mut self.next {
            let step = end.saturating_sub(self.place);
            *next = next.wrapping_add(u32::try_from(step).unwrap_or(0));
            self.place += step;
        }
        Some(segment)
    }

    /// The next segment, whether or not something is missing before it.
    pub(super) fn oldest(&self) -> Option<&Segment> {
        self.waiting.first_key_value().map(|(_, segment)| segment)
    }

    /// Gives up what is missing up to a sequence number, or to the next segment where that comes before: how many octets
    /// that are. A single one may as well be the end of the connection.
    pub(super) fn skip_to(&mut self, sequence: u32) -> u64 {
        let Some(next) = self.next else { return 0 };
        let upto = u64::try_from(sequence.wrapping_sub(next).cast_signed()).unwrap_or(0);
        let waits = self.waiting.first_key_value().map(|(place, _)| place.saturating_sub(self.place));
        let missing = upto.min(waits.unwrap_or(u64::MAX));
        if missing < 2 { 0 } else { self.pass(missing) }
    }

    /// Whether too much waits for what is missing.
    pub(super) fn is_full(&self) -> bool {
        self.held > WAITING
    }

    /// Gives up what is missing before the next segment: how many octets that are.
    pub(super) fn skip(&mut self) -> u64 {
        let Some((place, _)) = self.waiting.first_key_value() else { return 0 };
        let missing = place.saturating_sub(self.place);
        self.pass(missing)
    }

    fn pass(&mut self, missing: u64) -> u64 {
        self.place += missing;
        if let Some(next) = &mut self.next {
            *next = next.wrapping_add(u32::try_from(missing).unwrap_or(0));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(sequence: u32, text: &str) -> Segment {
        let data = text.as_bytes().to_vec();
        Segment {
            at: 0,
            packet: 1,
            sequence,
            acknowledged: None,
            syn: false,
            fin: false,
            reset: false,
            data,
            missing: 0,
            told: Vec::new(),
        }
    }

    #[test]
    fn segments_come_in_order_and_each_octet_once_across_the_end_of_the_numbers() {
        let mut stream = Stream::default();
        let start = u32::MAX - 2;
        stream.take(Segment { syn: true, ..segment(start, "") });
        for (from, text) in [(3, "def"), (0, "ab"), (0, "abc"), (2, "cdefg"), (9, "j"), (7, "hi")] {
            stream.take(segment(start.wrapping_add(1 + from), text));
        }
        let mut all = Vec::new();
        while let Some(segment) = stream.give() {
            all.extend(segment.data);
        }
        assert_eq!(String::from_utf8_lossy(&all), "abcdefghij");
        stream.take(segment(start.wrapping_add(1 + 12), "m"));
        assert!(stream.give().is_none());
        assert_eq!(stream.skip(), 2);
        assert_eq!(stream.give().map(|segment| segment.data), Some(b"m".to_vec()));
    }
}
