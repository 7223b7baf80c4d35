//! Secrets that stand in a script, or in a transcript that somebody wrote by hand: what AUTH carries, and what answers a 334.
//!
//! Where there is no head nothing says that ehlo wrote it, and masked it: a credential that stands elsewhere, since a line
//! end was lost or a mark is another's, is told by its look there.

use crate::conversation::file::Document;
use crate::conversation::log::Entry;
use crate::conversation::mask::Mask;
use crate::conversation::{Fold, Kind, Log};
use crate::smtp::Session;

use super::lines::{is_base64_answer, is_command};
use super::secrets;

/// The document with secrets masked in what is sent, and whether there were any.
#[must_use]
pub fn masked(mut document: Document) -> (Document, bool) {
    let by_look = document.header.table.is_empty();
    if !by_look && !may_hold(&document.log) {
        return (document, false);
    }
    let mut hider = Hider::default();
    let mut lines = Vec::with_capacity(document.log.len());
    for (_, entry) in document.log.since(0) {
        let line = hider.line(&entry);
        lines.push(line.or_else(|| if by_look { hider.looks(&entry) } else { None }));
    }
    let mut log = Log::new();
    let mut changed = false;
    for ((_, entry), line) in document.log.since(0).zip(lines) {
        let script = matches!(entry.kind, Kind::Script);
        let (bytes, masked) = line.unwrap_or_else(|| (entry.bytes.to_vec(), entry.masked));
        // What was kept before it was known to be a secret.
        let wire = matches!(entry.kind, Kind::Sent | Kind::Content | Kind::Received) || script;
        let now = Entry { bytes: &bytes, masked: masked || script, ..entry };
        let again = if wire { hider.mask.again(&now) } else { None };
        let (bytes, masked) = match again {
            Some(line) => (line.bytes, !script),
            None => (bytes, masked),
        };
        changed |= bytes != entry.bytes;
        log.push_octets(entry.kind, entry.at, &bytes, entry.crlf, masked);
    }
    if changed {
        document.log = log;
    }
    (document, changed)
}

/// Whether anything in it may be a secret: most files have no such line, and what ehlo wrote has it masked.
fn may_hold(log: &Log) -> bool {
    // AUTH was sent, and no other command since.
    let mut answering = false;
    let spoken = log.kinds(0).filter(|(_, kind, _)| matches!(kind, Kind::Sent | Kind::Script));
    spoken.filter_map(|(record, ..)| log.get(record)).any(|entry| match entry.kind {
        Kind::Sent if entry.masked => {
            answering |= begins_auth(entry.bytes);
            false
        }
        // Of a large file nearly all that was sent.
        Kind::Sent if !answering && names_somebody(entry.bytes) => false,
        Kind::Sent => {
            let command = is_command(entry.bytes);
            let carries = begins_auth(entry.bytes) && words(entry.bytes) > 2;
            let answers = answering && !command && !matches!(entry.bytes, b"*" | b"");
            answering = begins_auth(entry.bytes) || (answering && !command);
            // A command that is known hides nothing else.
            carries || answers || (!command && secrets::begins(entry.bytes).is_some())
        }
        Kind::Script => match entry.bytes {
            [b'>', rest @ ..] => {
                begins_auth(rest.trim_ascii_start()) || secrets::begins(rest.trim_ascii_start()).is_some()
            }
            [b'<', rest @ ..] => rest.trim_ascii_start().starts_with(b"334"),
            _ => false,
        },
        _ => false,
    })
}

fn names_somebody(line: &[u8]) -> bool {
    line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"RCPT ") || word.eq_ignore_ascii_case(b"MAIL "))
}

fn begins_message(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"DATA") || verb.eq_ignore_ascii_case(b"BDAT"))
}

/// Where behind its marks a line is found to begin to be secret.
fn unmarked(line: &[u8], by: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let marks = line.iter().take_while(|octet| b"<>|#*=- \t".contains(octet)).count();
    by(&line[marks..]).map(|from| marks + from)
}

/// Where a secret begins in what may be a line of either side, or several that end in CR.
fn stray_secret(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    text.split(|octet| *octet == b'\r').find_map(|line| {
        let start = at;
        at += line.len() + 1;
        let by = |line: &[u8]| {
            let answers = is_base64_answer(line.trim_ascii()).then_some(0);
            answers.or_else(|| secrets::begins(line)).or_else(|| secrets::stands(line))
        };
        unmarked(line, by).map(|from| start + from)
    })
}

fn begins_auth(line: &[u8]) -> bool {
    let is = |word: &[u8]| line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    is(b"AUTH") || is(b"X-EXPS")
}

fn words(line: &[u8]) -> usize {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count()
}

#[derive(Debug, Default)]
struct Hider {
    mask: Mask,
    fold: Fold,
    /// The last line of a script expects a 334.
    asked: bool,
    /// The last command of a script begins a message.
    content: bool,
}

impl Hider {
    /// A record as it may be kept; none where it stays.
    fn line(&mut self, entry: &Entry<'_>) -> Option<(Vec<u8>, bool)> {
        match entry.kind {
            Kind::Sent => {
                let hidden = (!entry.masked).then(|| self.sent(entry.bytes, entry.crlf)).flatten();
                self.fold.sent(entry.bytes, 0);
                return hidden.map(|bytes| (bytes, true));
            }
            Kind::Content => self.fold.content(entry.bytes.len() as u64 + 2),
            Kind::Received => {
                let _ = self.mask.received(entry.bytes, entry.crlf);
                self.fold.received(entry.bytes, entry.crlf);
            }
            Kind::Remark => {
                if let Some(remark) = entry.remark() {
                    self.fold.remark(&remark, 0);
                }
            }
            Kind::Script => match entry.bytes {
                [b'>', b'>', ..] => {}
                [b'>', rest @ ..] => {
                    self.content = begins_message(rest.trim_ascii_start());
                    return self.script(rest);
                }
                [b'<', rest @ ..] => self.expects(rest.trim_ascii_start()),
                _ => {}
            },
            Kind::Comment => {}
        }
        None
    }

    fn sent(&mut self, line: &[u8], crlf: bool) -> Option<Vec<u8>> {
        let from = secrets::begins(line);
        let masked = self.mask.sent(&self.fold.session, line, crlf);
        let masked = match from {
            Some(from) if !masked.masked => self.mask.hidden(line, from, crlf),
            _ => masked,
        };
        masked.masked.then_some(masked.bytes)
    }

    /// A record in which a credential stands by its look; none where it stays.
    fn looks(&mut self, entry: &Entry<'_>) -> Option<(Vec<u8>, bool)> {
        let text = entry.bytes;
        match entry.kind {
            Kind::Sent | Kind::Content | Kind::Received if !entry.masked => {
                let line = self.mask.hidden(text, secrets::stands(text)?, entry.crlf);
                Some((line.bytes, line.masked))
            }
            Kind::Script | Kind::Comment => {
                // Content outside of a message, and lines that became one comment, are what somebody else's marks left.
                let stray = match entry.kind {
                    Kind::Script => text.starts_with(b"|") && !self.content && !self.fold.in_content(),
                    _ => text.contains(&b'\r'),
                };
                let from = if stray { stray_secret(text) } else { unmarked(text, secrets::stands) }?;
                let _ = self.mask.hidden(text, from, true);
                Some(([&text[..from], b"{{auth}}"].concat(), entry.masked))
            }
            _ => None,
        }
    }

    /// A line that a script sends, in the file's form behind its mark.
    fn script(&mut self, rest: &[u8]) -> Option<(Vec<u8>, bool)> {
        let line = rest.strip_prefix(b" ").unwrap_or(rest);
        let asked = std::mem::take(&mut self.asked);
        // What is filled when it is sent is no secret yet.
        if memchr::memmem::find(line, b"{{").is_some() {
            return None;
        }
        let answers = asked && !matches!(line.trim_ascii(), b"*" | b"") && !is_command(line);
        let masked = self.mask.sent(&Session::new(), line, true);
        let masked = match secrets::begins(line) {
            _ if masked.masked => masked,
            _ if answers => self.mask.hidden(line, 0, true),
            Some(from) => self.mask.hidden(line, from, true),
            None => return None,
        };
        // The text is in the file's form already, and its backslashes were escaped a second time.
        let bytes = memchr::memmem::find(&masked.bytes, b"{{auth}}").map_or(masked.bytes.len(), |at| at);
        let kept = line.get(..bytes).filter(|kept| masked.bytes.starts_with(kept)).unwrap_or_default();
        Some(([b"> ", kept, b"{{auth}}"].concat(), false))
    }

    /// A reply that a script expects.
    fn expects(&mut self, pattern: &[u8]) {
        self.asked = pattern.starts_with(b"334");
        let stands_for: &[u8] = match pattern.first() {
            Some(b'3') if self.asked => b"334 ",
            Some(b'2') => b"235 ",
            Some(b'4' | b'5') => b"535 ",
            _ => return,
        };
        let _ = self.mask.received(stands_for, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::{read, write_document};

    #[track_caller]
    fn becomes(script: &str, expected: &str) {
        let (document, _) = masked(read(script.as_bytes()).expect("a script"));
        let mut out = Vec::new();
        write_document(&document, &mut out);
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn without_a_head_a_credential_is_told_by_its_look_wherever_it_stands() {
        for (script, expected) in [
            ("> AUTH LOGIN\n< 334 VXNlcm5hbWU6> aHVudGVyMmh1bnRlcg==\n", "> AUTH LOGIN\n< 334 VXNlcm5hbWU6{{auth}}\n"),
            ("# x\r> AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n", "# x\r> AUTH PLAIN {{auth}}\n"),
            ("# x\r< 334 a\r> aHVudGVyMmh1bnRlcg==\n", "# x\r< 334 a\r> {{auth}}\n"),
            ("| >>> aHVudGVyMmh1bnRlcg==\n> QUIT\n", "| >>> {{auth}}\n> QUIT\n"),
            ("> DATA\n| aHVudGVyMmh1bnRlcg==\n> .\n", "> DATA\n| aHVudGVyMmh1bnRlcg==\n> .\n"),
            ("> DATA\n| AGR1ZGUAc2VjcmV0cGFzcw==\n> .\n", "> DATA\n| {{auth}}\n> .\n"),
            ("0.000000 < 334 VXNlcm5hbWU6> aHVudGVyMmh1bnRlcg==\n", "0.000000 < 334 VXNlcm5hbWU6{{auth}}\n"),
        ] {
            becomes(script, expected);
        }
        let headed = "+++\nehlo = 1\n+++\n0.000000 < 334 VXNlcm5hbWU6> aHVudGVyMmh1bnRlcg==\n";
        becomes(headed, headed);
    }

    #[test]
    fn what_a_script_sends_within_auth_is_masked() {
        becomes(
            "> EHLO a\n< 250\n> AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n< 235\n> QUIT\n",
            "> EHLO a\n< 250\n> AUTH PLAIN {{auth}}\n< 235\n> QUIT\n",
        );
        becomes(
            "> AUTH LOGIN\n< 334\n> ZHVkZQ==\n< 334\n> hunter2 x\n< 235\n> NOOP hunter2\n",
            "> AUTH LOGIN\n< 334\n> {{auth}}\n< 334\n> {{auth}}\n< 235\n> NOOP hunter2\n",
        );
        becomes("> AUTH LOGIN\n> c2VjcmV0cGFzcw==\n> QUIT\n", "> AUTH LOGIN\n> {{auth}}\n> QUIT\n");
        becomes("> AUTH PLAIN {{auth}}\n< 235\n", "> AUTH PLAIN {{auth}}\n< 235\n");
        becomes("> AUTH LOGIN\n< 334\n> *\n< 501\n", "> AUTH LOGIN\n< 334\n> *\n< 501\n");
        becomes(
            "0.000000 > AUTH LOGIN\n0.100000 < 334 VXNlcm5hbWU6\n0.200000 > hunter2\n0.300000 < 535 no\n0.400000 > QUIT\n",
            "0.000000 > AUTH LOGIN\n0.100000 < 334 VXNlcm5hbWU6\n0.200000 > {{auth}}\n0.300000 < 535 no\n0.400000 > QUIT\n",
        );
        becomes(
            "0.000000 > AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n0.100000 < 535 no\n",
            "0.000000 > AUTH PLAIN {{auth}}\n0.100000 < 535 no\n",
        );
    }
}
