//! Lines of ehlo's own plain text and Markdown in which octets are escaped; that they are is said before them.

use std::borrow::Cow;

use crate::interchange::text::ESCAPED;
use crate::smtp::escape;
use crate::smtp::secret::MARKER;

/// Whether a line says that what follows is escaped.
pub(super) fn says(line: &[u8]) -> bool {
    line.strip_prefix(b"=== ").is_some_and(|line| line.trim_ascii_end() == ESCAPED.as_bytes())
}

/// What stands behind a mark.
pub(super) enum Octets<'a> {
    /// A line that ended in CR LF.
    Line(Cow<'a, [u8]>),
    /// Octets that did not, or that go on with some that did not.
    Piece(Vec<u8>),
}

/// How the lines of a file are written.
pub(super) struct Escapes {
    used: bool,
    /// What was last there of each side did not end its line.
    open: [bool; 2],
}

impl Escapes {
    /// As the lines themselves say.
    pub(super) fn of(lines: &[&[u8]]) -> Self {
        Self { used: lines.iter().any(|line| says(line)), open: [false; 2] }
    }

    /// A line of one side. What can't be an escape, and what was masked, stays as it is written.
    pub(super) fn line<'a>(&mut self, side: usize, text: &'a [u8]) -> Octets<'a> {
        if !self.used {
            return Octets::Line(Cow::Borrowed(text));
        }
        if memchr::memmem::find(text, MARKER).is_some() {
            let open = std::mem::take(&mut self.open[side]);
            return match text.strip_suffix(b"\\c") {
                Some(piece) => {
                    self.open[side] = true;
                    Octets::Piece(piece.to_vec())
                }
                None if open => Octets::Piece([text, b"\r\n"].concat()),
                None => Octets::Line(Cow::Borrowed(text)),
            };
        }
        let read = |text: &[u8]| {
            let mut octets = Vec::with_capacity(text.len() + 2);
            escape::from_file(text, &mut octets).ok().map(|()| octets)
        };
        let (mut octets, ended) = match (read(text), text.strip_suffix(b"\\c").and_then(read)) {
            (Some(octets), _) => (octets, true),
            (None, Some(octets)) => (octets, false),
            (None, None) => return Octets::Line(Cow::Borrowed(text)),
        };
        if ended && !self.open[side] {
            return Octets::Line(Cow::Owned(octets));
        }
        if ended {
            octets.extend_from_slice(b"\r\n");
        }
        self.open[side] = !octets.ends_with(b"\n");
        Octets::Piece(octets)
    }
}
