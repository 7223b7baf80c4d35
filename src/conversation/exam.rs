//! A conversation that was held in an exam: the head of its file says so (`exam = "monday"`, with the class's name), and as
//! long as it does nothing in it is explained, nor is shown what ehlo itself has found out about a failure. The file keeps
//! that.

use super::event::{Event, Remark};
use super::file::{Document, Header};
use super::log::{Kind, Log};
use toml::Value;

/// The key in the head.
const KEY: &str = "exam";

impl Header {
    /// The class in whose exam the conversation was held, where it was held in one; empty where its name is not known.
    #[must_use]
    pub fn exam(&self) -> Option<&str> {
        match self.table.get(KEY)? {
            Value::String(class) => Some(class),
            Value::Boolean(true) => Some(""),
            _ => None,
        }
    }

    /// Says that the conversation is held in an exam of this class.
    pub fn set_exam(&mut self, class: &str) {
        self.set(KEY, Value::String(class.to_owned()));
    }
}

/// What is said where something of such a conversation is to be explained.
#[must_use]
pub fn refusal(class: &str) -> String {
    let class = crate::smtp::escape::for_screen(class.as_bytes());
    format!(
        "it was held in an exam (its head says exam = \"{class}\"), in which nothing is explained; once the exam is over, \
         take that line out"
    )
}

/// A remark as it is shown in an exam: that something failed, and neither why nor what would fit better.
#[must_use]
pub fn untold(mut remark: Remark) -> Remark {
    let fails = remark.get("failed").is_some();
    match remark.word.as_str() {
        "tls" => {
            remark.values.retain(|(key, _)| key.as_deref() != Some("reason"));
            for (_, value) in remark.values.iter_mut().filter(|(key, _)| fails && key.as_deref() == Some("failed")) {
                "yes".clone_into(value);
            }
        }
        "error" | "warning" => {
            let instead = match remark.get("kind") {
                Some("tls") if remark.bare(0).is_some_and(|words| words.starts_with("the server's certificate")) => {
                    Some("the server's certificate is not trusted")
                }
                Some("tls") => Some("the TLS handshake failed"),
                Some("silence") => Some("no greeting has come so far"),
                Some("mode") => Some("what came is no greeting of a mail server"),
                _ => None,
            };
            remark.values.retain(|(key, _)| match key.as_deref() {
                None => instead.is_none(),
                Some(key) => !matches!(key, "try" | "reason"),
            });
            remark.values.extend(instead.map(|words| (None, words.to_owned())));
        }
        _ => {}
    }
    remark
}

/// The document as it is shown as long as its head says that it was held in an exam: record for record the same, with the
/// remarks [`untold`].
#[must_use]
pub fn without_answers(document: &Document) -> Document {
    let mut log = Log::new();
    for (_, entry) in document.log.since(0) {
        let remark = entry.remark().filter(|_| entry.kind == Kind::Remark).zip(entry.at);
        let told = remark.and_then(|(remark, at)| {
            let told = untold(remark.clone());
            (told != remark).then_some((at, told))
        });
        match told {
            Some((at, told)) => log.push(at, &Event::Remark(told)),
            None => log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked),
        };
    }
    let mut shown = document.clone();
    shown.log = log;
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::{read, write_document};
    use crate::conversation::words;

    #[test]
    fn a_failure_is_told_in_an_exam_and_neither_its_reason_nor_what_would_fit() {
        for (text, shown) in [
            (
                "tls version=TLSv1.2 verified=no reason=\"it expired on 2026-10-30\"",
                "TLS 1.2, certificate not verified",
            ),
            ("tls failed=\"unknown authority\"", "the TLS handshake failed"),
            ("error kind=tls \"the server's certificate has expired\"", "the server's certificate is not trusted"),
            ("error kind=tls \"no TLS here\" try=smtp://127.0.0.1:25", "the TLS handshake failed"),
            ("warning kind=silence \"it may wait for TLS\" try=smtps://a:25", "no greeting has come so far"),
            ("error kind=refused \"connection refused\"", "connection refused"),
            ("closed by=server", "closed by the server"),
        ] {
            assert_eq!(words::said(&untold(Remark::parse(text))).words, shown, "{text}");
        }
    }

    #[test]
    fn the_head_says_it_and_the_file_keeps_the_reason() {
        let text = "+++\nehlo = 1\nexam = \"monday\"\n+++\n0.000000 < 220 mx\n0.100000 * tls verified=no reason=expired\n\
                    0.200000 > QUIT\n";
        let document = read(text.as_bytes()).expect("well formed");
        assert_eq!(document.header.exam(), Some("monday"));
        let shown = without_answers(&document);
        assert_eq!((shown.log.len(), shown.line_of(2)), (document.log.len(), document.line_of(2)));
        let (mut kept, mut told) = (Vec::new(), Vec::new());
        write_document(&document, &mut kept);
        write_document(&shown, &mut told);
        assert_eq!(String::from_utf8_lossy(&kept), text);
        assert_eq!(String::from_utf8_lossy(&told), text.replace(" reason=expired", ""));
    }
}
