//! Who is named in a greeting or a farewell: the server behind the code (RFC 5321 4.2: 220, 221, 421, and 250 to EHLO), the
//! client behind a hello, and whom VRFY and EXPN have found.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::smtp::{Command, Verb};

use super::common::is_common;
use super::is_label;

/// Words behind the name of a server. Behind those of the protocol even a common word is a name.
const BEHIND: [&str; 28] = [
    "esmtp",
    "smtp",
    "lmtp",
    "microsoft",
    "at",
    "bye",
    "closing",
    "disconnecting",
    "goodbye",
    "greets",
    "hello",
    "here",
    "hi",
    "is",
    "mail",
    "mailserver",
    "out",
    "pleased",
    "ready",
    "says",
    "server",
    "service",
    "services",
    "shutting",
    "signing",
    "terminating",
    "welcome",
    "welcomes",
];

/// Whom somebody greets.
static GREETED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:hello|hi|hallo|greets|welcomes?|meet you)[ ,]+([\w-]+)").expect("it is well formed")
});

/// A place in angle or quotation marks.
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"<([^\s<>@"]+)>|"([^\s<>@"]+)""#).expect("it is well formed"));

/// What was asked last, and whether its reply has begun.
#[derive(Debug, Default)]
pub(super) struct Asked {
    verb: Option<Verb>,
    begun: bool,
}

impl Asked {
    /// A line was sent.
    pub(super) fn sent(&mut self, line: &[u8]) {
        *self = Self { verb: Some(Command::parse(line).verb), begun: false };
    }

    /// A line was received: whether it answers a greeting, as its first line.
    pub(super) fn is_greeted(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.begun, true);
        first && matches!(self.verb, Some(Verb::Helo | Verb::Ehlo | Verb::Lhlo))
    }

    /// Whether it answers a question about people.
    pub(super) fn is_about_people(&self) -> bool {
        matches!(self.verb, Some(Verb::Vrfy | Verb::Expn))
    }
}

/// Where a server of one label says who it is, behind the code of its line, and whether that is sure though it is a common
/// word.
pub(super) fn server(line: &[u8], greeted: bool) -> Option<(Range<usize>, bool)> {
    let (code, mark) = (line.get(..3)?, line.get(3)?);
    let meant = matches!(code, b"220" | b"221" | b"421") || code == b"250" && greeted;
    if !meant || !matches!(mark, b' ' | b'-') {
        return None;
    }
    let text = std::str::from_utf8(&line[4..]).ok()?;
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let mut first = words.next()?;
    if first.split('.').count() == 3 && first.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') {
        first = words.next()?;
    }
    let name = first.trim_end_matches(['.', ',', ';', ':', '!']);
    let at = 4 + (first.as_ptr() as usize - text.as_ptr() as usize);
    if name.len() < 2 || !is_label(name) {
        return None;
    }
    let second = words.next();
    let sure = code == b"220" && second.is_some_and(|word| ["ESMTP", "SMTP", "LMTP", "Microsoft"].contains(&word));
    let named = match second {
        None => matches!(code, b"220" | b"250"),
        Some(word) => {
            let low = word.to_lowercase();
            word.starts_with(['[', '(']) || BEHIND.contains(&low.trim_end_matches([',', '.', ';', '!']))
        }
    };
    (sure || named).then(|| (at..at + name.len(), sure))
}

/// Whom a reply to a greeting greets, each by one word that is no common one.
pub(super) fn clients(line: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(line) else { return Vec::new() };
    let found = GREETED.captures_iter(text).filter_map(|found| found.get(1));
    let words =
        found.filter(|word| !text[word.end()..].starts_with(['.', '@'])).map(|word| word.as_str().to_lowercase());
    words.filter(|word| is_label(word) && !is_common(word)).collect()
}

/// What stands in angle or quotation marks of its own.
pub(super) fn quoted(line: &[u8]) -> Vec<Range<usize>> {
    let Ok(text) = std::str::from_utf8(line) else { return Vec::new() };
    QUOTED.captures_iter(text).filter_map(|found| Some(found.get(1).or(found.get(2))?.range())).collect()
}

/// The local part of a path that has no domain: `RCPT TO:<zoe>`.
pub(super) fn path(line: &[u8]) -> Option<Range<usize>> {
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\s*(?:mail|rcpt|send|soml|saml)\s+(?:from|to)\s*:\s*<?([^\s<>@\x22]+)>?(?:\s|$)")
            .expect("it is well formed")
    });
    let text = std::str::from_utf8(line).ok()?;
    Some(PATH.captures(text)?.get(1)?.range()).filter(|place| !text[place.clone()].contains("{{"))
}
