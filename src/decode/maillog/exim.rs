//! Lines of Exim.

use crate::smtp::{Class, Verb};

use super::{Refusal, asked};
use crate::decode::said::{Said, read};
use crate::decode::{Asked, quoted};

/// Whether a line begins with a time as Exim writes it: `2024-01-01 00:00:01 `.
pub(super) fn is_line(line: &str) -> bool {
    let shape = |octet: u8| if octet.is_ascii_digit() { b'0' } else { octet };
    line.len() > 20 && line.bytes().take(20).map(shape).eq(b"0000-00-00 00:00:00 ".iter().copied())
}

/// `… rejected RCPT <a@b>: words`, `… ** a@b …: SMTP error from remote mail server after RCPT TO:<…>: 550 words`,
/// `… == a@b … defer (…): words`, and what it says of its clients.
pub(super) fn refusal(line: &str) -> Option<Refusal> {
    if let Some(found) = of_a_client(line) {
        return Some(found);
    }
    if let Some((before, rest)) = line.split_once(" rejected ") {
        let class = if before.ends_with(" temporarily") { Class::Transient } else { Class::Permanent };
        let (what, words) = rest.split_once(": ")?;
        let what = match what.split([' ', '<']).next().unwrap_or_default() {
            "after" | "from" => "end-of-data",
            "connection" => "connect",
            verb => verb,
        };
        return Refusal::new(read(words), asked(what), Some(class));
    }
    let (class, rest) = delivery(line)?;
    let found = quoted(rest);
    let (words, verb) = match &found {
        Some(found) => (found.reply.clone(), found.asked),
        None => (own_words(rest)?, None),
    };
    let words = words.split(" DT=").next().unwrap_or(&words);
    let found = Refusal::new(read(words), verb, Some(class))?;
    Some(if class == Class::Transient { found.deferred() } else { found })
}

/// What a line says of a delivery: that it failed for good or for now, and behind that whom it was for.
fn delivery(line: &str) -> Option<(Class, &str)> {
    let failed = || line.split_once(" ** ").map(|(_, rest)| (Class::Permanent, rest));
    failed().or_else(|| line.split_once(" == ").map(|(_, rest)| (Class::Transient, rest)))
}

/// The recipient of a delivery.
pub(super) fn recipient(line: &str) -> Option<&str> {
    let (_, rest) = delivery(line)?;
    rest.split([' ', ':']).next()
}

/// Words for a line that failed.
const LOST: [&str; 3] = ["timeout", "timed out", "onnection"];

/// What a delivery met that no server said. With the number of a fault of the system it is told from what a server says in
/// the same words.
fn own_words(rest: &str) -> Option<String> {
    let Some(at) = rest.find(" defer (") else {
        return rest.split_once("): ").or_else(|| rest.split_once(": ")).map(|(_, words)| words.to_owned());
    };
    let (number, behind) = rest[at + 8..].split_once(')')?;
    let (_, words) = behind.split_once(": ")?;
    let of_system = !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit());
    let fault = of_system || LOST.iter().any(|lost| words.contains(lost));
    Some(if fault { format!("defer ({number}): {words}") } else { words.to_owned() })
}

/// What a line says of a client that it turned away.
fn of_a_client(line: &str) -> Option<Refusal> {
    let alone = |words: &str| Said { code: None, enhanced: None, text: words.to_owned() };
    if let Some((_, rest)) = line.split_once(" authenticator failed for ") {
        let (_, words) = rest.split_once(": ")?;
        let words = words.split(" (set_id=").next().unwrap_or(words);
        return Refusal::new(read(words), Some(Asked::Verb(Verb::Auth)), Some(Class::Permanent));
    }
    if let Some(at) = line.find("SMTP protocol synchronization error") {
        let words = line[at..].split(": rejected ").next().unwrap_or_default();
        let asked = words.contains("greeting").then_some(Asked::Connect);
        return Refusal::new(alone(words), asked, Some(Class::Permanent));
    }
    let error = line.split_once("SMTP protocol error in \"").or_else(|| line.split_once("SMTP syntax error in \""));
    if let Some((_, rest)) = error {
        let (command, rest) = rest.split_once("\" H=")?;
        let (_, words) = rest.split_once(']')?.1.split_once(' ')?;
        return Refusal::new(alone(words), asked(command), Some(Class::Permanent));
    }
    if let Some((_, words)) = line.split_once(" refused: ").filter(|(before, _)| before.contains("onnection from ")) {
        return Refusal::new(alone(words), Some(Asked::Connect), Some(Class::Transient));
    }
    let (before, words) = line.split_once(" dropped: ")?;
    before.contains("SMTP call from ").then(|| Refusal::new(alone(words), None, Some(Class::Permanent)))?
}
