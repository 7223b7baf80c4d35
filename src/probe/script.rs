//! A conversation to hold: lines of a `.smtp` script.

use std::time::Duration;

use crate::smtp::escape;

/// A script, written line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    text: Vec<u8>,
    /// How long a reply may take, where that is less than usual.
    pub(super) patience: Option<Duration>,
    /// It ends at the first expectation that is not met.
    pub(super) ends: bool,
}

impl Script {
    /// A script of a greeting alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a line with its CR LF.
    #[must_use]
    pub fn send(self, line: impl AsRef<[u8]>) -> Self {
        self.wire(b"> ", line.as_ref(), b"")
    }

    /// Sends a line of message content with its CR LF, its dots not stuffed.
    #[must_use]
    pub fn content(self, line: impl AsRef<[u8]>) -> Self {
        self.wire(b"| ", line.as_ref(), b"")
    }

    /// Sends octets of message content as they are.
    #[must_use]
    pub fn content_raw(self, octets: impl AsRef<[u8]>) -> Self {
        self.wire(b"| ", octets.as_ref(), b"\\c")
    }

    /// Expects a reply: `354`, `2xx`, `*`.
    #[must_use]
    pub fn expect(self, pattern: &str) -> Self {
        self.word("< ", pattern)
    }

    /// Does something: `drop`, `sleep 2s`, `early`.
    #[must_use]
    pub fn act(self, action: &str) -> Self {
        self.word("* ", action)
    }

    /// Sends all these lines in one write.
    #[must_use]
    pub fn at_once<T: AsRef<[u8]>>(self, lines: impl IntoIterator<Item = T>) -> Self {
        lines.into_iter().fold(self.act("pipeline"), Self::send).act("end")
    }

    /// Sends these lines one after the other.
    #[must_use]
    pub fn lines<T: AsRef<[u8]>>(self, lines: impl IntoIterator<Item = T>) -> Self {
        lines.into_iter().fold(self, Self::send)
    }

    /// Waits no longer than this for a reply.
    #[must_use]
    pub fn patience(self, time: Duration) -> Self {
        Self { patience: Some(time), ..self }
    }

    /// Ends at the first expectation that is not met, and says nothing more.
    #[must_use]
    pub fn or_end(self) -> Self {
        Self { ends: true, ..self }
    }

    /// As a file has it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    fn wire(mut self, sigil: &[u8], octets: &[u8], end: &[u8]) -> Self {
        self.text.extend_from_slice(sigil);
        escape::to_file(octets, &mut self.text);
        self.text.extend_from_slice(end);
        self.text.push(b'\n');
        self
    }

    fn word(mut self, sigil: &str, word: &str) -> Self {
        self.text.extend_from_slice(format!("{sigil}{word}\n").as_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::ScriptLine;

    #[test]
    fn whatever_is_sent_reads_back_as_it_was() {
        let script = Script::new().send("RCPT TO:<\"a\\b {{to}}\"@c> ").content_raw("a\nb\r\n").expect("2xx");
        let document = crate::conversation::file::read(script.text()).expect("a script");
        let lines: Vec<_> = document.script().map(|(_, line)| line.expect("a line")).collect();
        let octets = |n: usize| match &lines[n] {
            ScriptLine::Send(template) | ScriptLine::Content(template) => {
                (template.fill(|_| None).expect("no marker in it"), template.crlf)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(octets(0), (b"RCPT TO:<\"a\\b {{to}}\"@c> ".to_vec(), true));
        assert_eq!(octets(1), (b"a\nb\r\n".to_vec(), false));
    }
}
