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
            let new = if new == text { new } else { self.new_boundary() };
            self.boundaries.insert(text.to_vec(), new);
        }
        self.boundaries.get(text).filter(|new| *new != text).cloned()
    }

    /// The next one that parts nothing here.
    fn new_boundary(&mut self) -> Vec<u8> {
        loop {
            self.last_boundary += 1;
            let new = format!("boundary{}", self.last_boundary).into_bytes();
            if !self.boundaries.contains_key(&new) {
                return new;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;

    #[test]
    fn a_boundary_that_is_there_stands_for_no_other() {
        let out = told(
            "0.1 > DATA\n0.2 < 354 go\n0.3 | From: zoe@plumtree.example\n\
             0.3 | Content-Type: multipart/mixed; boundary=boundary1\n0.3 |\n0.3 | --boundary1\n\
             0.3 | Content-Type: multipart/x; boundary=zoe@plumtree.example\n0.3 |\n0.3 | --zoe@plumtree.example\n0.4 > .\n",
        );
        assert!(out.contains("| --boundary1\n") && out.contains("| --boundary2\n"), "{out}");
    }
}
