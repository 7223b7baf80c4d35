//! Lines out of a stream of octets, in any split, bounded whatever comes.

use super::reply::{LineEnd, MAX_LINE};

/// A line of a peer's, with its end, as [`LineReader`] finds it.
///
/// Nothing goes uncounted: `raw`, `cut` and `end` together have as many octets as came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// The octets without the line end.
    pub raw: Vec<u8>,
    /// The line end.
    pub end: LineEnd,
    /// Octets beyond the limit that were counted and not kept; the line end is not among them.
    pub cut: u64,
}

/// Cuts a stream of octets into lines at LF, with or without CR before it; bounded whatever comes.
#[derive(Debug)]
pub struct LineReader {
    pending: Vec<u8>,
    cut: u64,
    /// The last octet that came, kept or not.
    last: Option<u8>,
    limit: usize,
}

impl Default for LineReader {
    fn default() -> Self {
        Self::with_limit(MAX_LINE)
    }
}

impl LineReader {
    /// A reader whose lines are cut after `limit` octets.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { pending: Vec::new(), cut: 0, last: None, limit }
    }

    /// Takes octets in, in any split, and gives each line that they complete to `each`.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(RawLine)) {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            self.keep(&bytes[..at]);
            bytes = &bytes[at + 1..];
            let end = if self.last == Some(b'\r') { LineEnd::CrLf } else { LineEnd::Lf };
            each(self.take(end));
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let kept = self.limit.saturating_sub(self.pending.len()).min(bytes.len());
        self.pending.extend_from_slice(&bytes[..kept]);
        self.cut += (bytes.len() - kept) as u64;
        self.last = bytes.last().copied().or(self.last);
    }

    fn take(&mut self, end: LineEnd) -> RawLine {
        let mut raw = std::mem::take(&mut self.pending);
        let mut cut = std::mem::take(&mut self.cut);
        self.last = None;
        if end == LineEnd::CrLf {
            // The carriage return came as the last octet: it belongs to the end, wherever it was counted.
            if cut > 0 {
                cut -= 1;
            } else {
                raw.pop();
            }
        }
        RawLine { raw, end, cut }
    }

    /// What has come of a line that is not complete.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Takes out what has come of a line that is not complete: at a close, or when something else is recorded.
    pub fn take_pending(&mut self) -> Option<RawLine> {
        (self.last.is_some()).then(|| self.take(LineEnd::Missing))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text, end and number of cut octets.
    type Told = (String, LineEnd, u64);

    fn told(RawLine { raw, end, cut }: RawLine) -> Told {
        (String::from_utf8_lossy(&raw).into_owned(), end, cut)
    }

    /// The lines, what is left at the end among them.
    fn lines(limit: usize, parts: &[&[u8]]) -> Vec<Told> {
        let mut reader = LineReader::with_limit(limit);
        let mut all = Vec::new();
        for part in parts {
            reader.feed(part, |line| all.push(told(line)));
        }
        all.extend(reader.take_pending().map(told));
        all
    }

    #[test]
    fn a_line_is_cut_at_the_limit_and_the_rest_is_counted() {
        for (text, raw, end, cut) in [
            ("abcd\r\n", "abcd", LineEnd::CrLf, 0),
            ("abcde\r\n", "abcd", LineEnd::CrLf, 1),
            ("abcd\n", "abcd", LineEnd::Lf, 0),
            ("abcdefgh\n", "abcd", LineEnd::Lf, 4),
            ("abc\r\r\n", "abc\r", LineEnd::CrLf, 0),
            ("\r\n", "", LineEnd::CrLf, 0),
            ("\n", "", LineEnd::Lf, 0),
        ] {
            let octets = text.as_bytes();
            for at in 0..=octets.len() {
                let got = lines(4, &[&octets[..at], &octets[at..]]);
                assert_eq!(got, vec![(raw.to_owned(), end, cut)], "{text:?} split at {at}");
            }
        }
        assert_eq!(lines(4, &[b"abcdefg"]), vec![("abcd".to_owned(), LineEnd::Missing, 3)]);
    }

    proptest! {
        #[test]
        fn every_octet_is_kept_or_counted(
            parts in proptest::collection::vec(proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r')], 0..12), 0..8),
            limit in 0usize..10,
        ) {
            let mut reader = LineReader::with_limit(limit);
            let mut count = 0;
            let mut tally = |l: RawLine| count += l.raw.len() as u64 + l.cut + l.end.octets().len() as u64;
            for part in &parts {
                reader.feed(part, &mut tally);
            }
            reader.take_pending().map(tally);
            prop_assert_eq!(count, parts.iter().map(|part| part.len() as u64).sum::<u64>());
        }
    }
}
