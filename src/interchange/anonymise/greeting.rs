//! Who is named in a greeting or a farewell: the server behind the code (RFC 5321 4.2: 220, 221, 421, and 250 to EHLO), the
//! client behind a hello, and whom VRFY and EXPN have found.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::smtp::{Command, Verb};

use super::common::is_common;
use super::find::holds_at;
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

/// Who logs in, or has a mailbox, as replies and people say it: only words behind which a name stands.
static LOGGED_IN: LazyLock<Regex> = LazyLock::new(|| {
    let whose = "(?:user ?name|user|login|account|mailbox)";
    let then = "(?:is|has|was|failed|not|does|cannot|could|may|must|rejected|denied|logged|authenticated|unknown)";
    let name = r"[\w](?:[\w.+-]*\w)?";
    Regex::new(&format!(
        r#"(?i)\b(?:(?:for|by|of|as|with)\s+(?:the\s+)?{whose}:?\s+|{whose}:\s*|(?:log(?:ged)?[ -]?in|authenticated)\s+as\s+)["'<]?(?<a>{name})|\b{whose}\s+(?:["'<](?<b>{name})["'>]|(?<c>{name})\s+{then}\b)"#
    ))
    .expect("it is well formed")
});

/// What a mailbox is delivered to where it is none: a program, a file, a list of them.
static DELIVERY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[<"]+(?::include:|\|\s*"?)?/?([^<>"]*/[^<>"]+)"#).expect("it is well formed"));

/// A place in angle or quotation marks.
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"<([^\s<>@"]+)>|"([^\s<>@"]+)""#).expect("it is well formed"));

/// What was asked last, and whether its reply has begun.
#[derive(Debug, Default)]
pub(super) struct Asked {
    verb: Option<Verb>,
    /// About whom, in lower case, where that is one word.
    whom: Option<String>,
    begun: bool,
}

impl Asked {
    /// A line was sent.
    pub(super) fn sent(&mut self, line: &[u8]) {
        let whom = asked(line).map(|place| String::from_utf8_lossy(&line[place]).to_lowercase());
        *self = Self { verb: Some(Command::parse(line).verb), whom, begun: false };
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

    /// Whom a reply to a question about people names, by local parts: what stands in marks of its own, a lone word, and who
    /// was asked for.
    pub(super) fn mailboxes(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Ok(said) = std::str::from_utf8(text) else { return Vec::new() };
        if !self.is_about_people() {
            return Vec::new();
        }
        let is_local = |place: &Range<usize>| is_local(&said[place.clone()]);
        let mut out: Vec<Range<usize>> = quoted(text).into_iter().filter(is_local).collect();
        let word = said.trim().trim_end_matches(['.', ',']);
        if !word.contains(char::is_whitespace) && is_local(&place(said, word)) && !is_common(&word.to_lowercase()) {
            out.push(place(said, word));
        }
        for word in said.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))) {
            let word = word.trim_end_matches('.');
            let of_address = said[place(said, word).end..].starts_with('@');
            if !of_address && self.whom.as_deref().is_some_and(|whom| word.to_lowercase() == whom) {
                out.push(place(said, word));
            }
        }
        out
    }

    /// What a reply to such a question says of programs and files, which are called by somebody's name.
    pub(super) fn deliveries(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(said) = std::str::from_utf8(text).ok().filter(|_| self.is_about_people()) else { return Vec::new() };
        DELIVERY.captures_iter(said).filter_map(|found| Some(found.get(1)?.range())).collect()
    }
}

/// Whom VRFY and EXPN ask for by one word.
pub(super) fn asked(line: &[u8]) -> Option<Range<usize>> {
    if !matches!(Command::parse(line).verb, Verb::Vrfy | Verb::Expn) {
        return None;
    }
    let text = std::str::from_utf8(line).ok()?;
    let word = text.trim().split_once(char::is_whitespace)?.1.trim().trim_matches(['<', '>', '"']);
    (word.len() >= 2 && is_local(word)).then(|| place(text, word))
}

/// Whether a word may be a mailbox by itself.
fn is_local(word: &str) -> bool {
    let good = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '='));
    good && word.chars().any(char::is_alphabetic)
}

fn place(text: &str, part: &str) -> Range<usize> {
    let at = part.as_ptr() as usize - text.as_ptr() as usize;
    at..at + part.len()
}

/// Who a text says to log in, or to have a mailbox, by a word that is no common one.
pub(super) fn logged_in(text: &str) -> Vec<String> {
    let found = LOGGED_IN.captures_iter(text).filter_map(|found| {
        let name = found.name("a").or(found.name("b")).or(found.name("c"))?;
        (!text[name.end()..].starts_with(['@', '='])).then(|| name.as_str().to_lowercase())
    });
    found.filter(|name| name.chars().any(char::is_alphabetic) && !is_common(name)).collect()
}

/// Who has sent a message by its `AUTH=`, where that is no address.
pub(super) fn sender(line: &[u8]) -> Option<Range<usize>> {
    static AUTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\s*mail\s+from\s*:.*\sauth=<?([^\s<>@]+)>?(?:\s|$)").expect("it is well formed")
    });
    let place = AUTH.captures(std::str::from_utf8(line).ok()?)?.get(1)?.range();
    (!holds_at(&line[place.clone()])).then_some(place)
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
