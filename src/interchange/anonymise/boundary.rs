//! What parts a message of several parts (RFC 2046 5.1.1): it has to be the same in its field and before each part.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Anonymiser;
use super::forms::regex;
use super::spans::Spans;

static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i-u:\bboundary)=(?:"([^"]{1,70})"|([^\s";]{1,70}))"#));

impl Anonymiser {
    /// Looks for one in a line of content.
    pub(super) fn note_boundary(&mut self, line: &[u8]) {
        for found in BOUNDARY.captures_iter(line) {
            if let Some(text) = found.get(1).or(found.get(2)) {
                self.boundaries.entry(text.as_bytes().to_vec()).or_default();
            }
        }
    }

    /// The line of content, where it is one before a part, or names one; and the boundary says more than it should.
    pub(super) fn boundary(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if self.boundaries.is_empty() {
            return None;
        }
        if let Some(text) = line.strip_prefix(b"--") {
            let text = text.trim_ascii_end();
            let last = text.strip_suffix(b"--").filter(|text| self.boundaries.contains_key(*text));
            let new = self.of_boundary(last.unwrap_or(text))?;
            let end: &[u8] = if last.is_some() { b"--" } else { b"" };
            return Some([b"--", &new[..], end].concat());
        }
        let text = BOUNDARY.captures(line).and_then(|found| found.get(1).or(found.get(2)))?;
        let new = self.of_boundary(text.as_bytes())?;
        let mut spans = Spans::new(line);
        spans.put(text.range(), new);
        // The field goes on before it, and is looked at as any.
        self.people.turn_to(line);
        Some(self.completed(line, spans))
    }

    fn of_boundary(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let known = self.boundaries.get(text)?.clone();
        if known.is_empty() {
            let new = self.replaced(text);
            let count = self.boundaries.values().filter(|new| new.starts_with(b"boundary")).count() + 1;
            let new = if new == text { new } else { format!("boundary{count}").into_bytes() };
            self.boundaries.insert(text.to_vec(), new);
        }
        self.boundaries.get(text).filter(|new| *new != text).cloned()
    }
}
