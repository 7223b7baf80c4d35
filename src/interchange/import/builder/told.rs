//! What an export of ehlo's own tells of itself: nothing in it has to be inferred.

use toml::Value;

use crate::conversation::Kind;
use crate::conversation::event::Line;
use crate::conversation::file::Header;
use crate::smtp::secret::MARKER;

use super::super::about::About;
use super::time::Clock;
use super::{Builder, Content};

/// A line of an export of ehlo's own in which something was masked: the marker is none of its words.
pub(super) fn masked(line: Line, text: &[u8], crlf: bool) -> Line {
    let marked = !line.masked && memchr::memmem::find(text, MARKER).is_some();
    if marked { Line { bytes: text.to_vec(), crlf, masked: true } } else { line }
}

impl Builder {
    /// Whether the source says all of itself.
    pub(in crate::interchange::import) fn is_told(&self) -> bool {
        self.content == Content::Told
    }

    /// The source is an export that says all of itself.
    pub(in crate::interchange::import) fn tells(&mut self) {
        self.content = Content::Told;
    }

    /// What is said of the whole conversation before its lines.
    pub(in crate::interchange::import) fn about(&mut self, about: About) {
        about.into_head(&mut self.header);
    }

    /// What the client says from here on is of this kind, whatever the session would have it be.
    pub(in crate::interchange::import) fn marks(&mut self, kind: Kind) {
        self.flush();
        self.marked = Some(kind);
    }

    /// The head of the recording, which the source carries, and by which its times are counted.
    pub(in crate::interchange::import) fn head(&mut self, mut header: Header) {
        let source = self.header.text("imported").unwrap_or_default().to_owned();
        header.set("imported", Value::String(source));
        let started = header.started().map_or(0, jiff::Timestamp::as_microsecond);
        (self.header, self.clock) = (header, Clock::Since(started));
    }
}
