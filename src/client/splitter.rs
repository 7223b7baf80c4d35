//! Cuts what comes from the server into the pieces that are recorded: lines, and parts of lines where something else
//! comes in between or a limit is passed.

use crate::conversation::beyond::Beyond;
use crate::smtp::reply::MAX_LINE;

/// One piece, as it is recorded.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Octets; with `crlf` CR LF followed them, else their true end is in them.
    Octets {
        /// The octets.
        bytes: Vec<u8>,
        /// Whether CR LF followed.
        crlf: bool,
    },
    /// The rest of a line beyond the limit: how many octets (line end included) and their SHA-256.
    Cut {
        /// Number of octets.
        octets: u64,
        /// Hexadecimal SHA-256.
        sum: String,
    },
}

/// Bounded: keeps at most [`MAX_LINE`] octets of a line.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: Vec<u8>,
    /// Octets of the current line that were recorded already.
    recorded: usize,
    cut: Option<Beyond>,
}

impl Splitter {
    /// Takes octets in, gives the pieces that they complete.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Piece)) {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            self.keep(&bytes[..=at], &mut each);
            bytes = &bytes[at + 1..];
            self.end_line(&mut each);
        }
        self.keep(bytes, &mut each);
    }

    fn keep(&mut self, bytes: &[u8], each: &mut dyn FnMut(Piece)) {
        if bytes.is_empty() {
            return;
        }
        if let Some(cut) = &mut self.cut {
            cut.add(bytes);
            return;
        }
        let room = (MAX_LINE + 2).saturating_sub(self.recorded + self.pending.len());
        let (kept, rest) = bytes.split_at(room.min(bytes.len()));
        self.pending.extend_from_slice(kept);
        if !rest.is_empty() {
            self.flush(each);
            self.cut.get_or_insert_default().add(rest);
        }
    }

    fn end_line(&mut self, each: &mut dyn FnMut(Piece)) {
        if let Some((octets, sum)) = self.cut.take().map(Beyond::summed) {
            each(Piece::Cut { octets, sum });
        } else {
            let mut bytes = std::mem::take(&mut self.pending);
            let crlf = bytes.ends_with(b"\r\n");
            if crlf {
                bytes.truncate(bytes.len() - 2);
            }
            each(Piece::Octets { bytes, crlf });
        }
        self.recorded = 0;
    }

    /// Gives out what is pending, because something else is recorded now.
    pub fn flush(&mut self, each: &mut dyn FnMut(Piece)) {
        if !self.pending.is_empty() {
            self.recorded += self.pending.len();
            each(Piece::Octets { bytes: std::mem::take(&mut self.pending), crlf: false });
        }
    }

    /// The connection has ended: gives out all that is left.
    pub fn finish(&mut self, each: &mut dyn FnMut(Piece)) {
        self.flush(each);
        if let Some((octets, sum)) = self.cut.take().map(Beyond::summed) {
            each(Piece::Cut { octets, sum });
        }
        self.recorded = 0;
    }

    /// Takes out what is pending without recording it, as after the reply to STARTTLS.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.recorded = 0;
        self.cut = None;
        std::mem::take(&mut self.pending)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(parts: &[&[u8]]) -> Vec<Piece> {
        let mut splitter = Splitter::default();
        let mut pieces = Vec::new();
        for part in parts {
            splitter.feed(part, |piece| pieces.push(piece));
        }
        splitter.finish(&mut |piece| pieces.push(piece));
        pieces
    }

    fn octets(text: &str, crlf: bool) -> Piece {
        Piece::Octets { bytes: text.as_bytes().to_vec(), crlf }
    }

    #[test]
    fn lines_keep_their_true_ends() {
        assert_eq!(
            split(&[b"220 a\r", b"\n250 b\nend"]),
            [octets("220 a", true), octets("250 b\n", false), octets("end", false)]
        );
    }

    #[test]
    fn a_line_beyond_the_limit_is_counted() {
        let long = vec![b'x'; MAX_LINE + 10];
        let pieces = split(&[&long, b"yy\r\n250 ok\r\n"]);
        assert_eq!(pieces.len(), 3);
        assert!(matches!(&pieces[0], Piece::Octets { bytes, crlf: false } if bytes.len() == MAX_LINE + 2));
        assert!(matches!(&pieces[1], Piece::Cut { octets: 12, .. }));
        assert_eq!(pieces[2], octets("250 ok", true));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_pieces(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..60), at in 0usize..60) {
            let at = at.min(bytes.len());
            prop_assert_eq!(split(&[&bytes]), split(&[&bytes[..at], &bytes[at..]]));
        }
    }
}
