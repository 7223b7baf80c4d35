//! Lines of Postfix.

use crate::smtp::{Class, EnhancedCode, Verb};

use super::{Refusal, asked};
use crate::decode::Asked;
use crate::decode::quoted;
use crate::decode::said::{Said, read};

/// What its checks of a message's lines are called.
const CHECKS: [&str; 5] = ["header ", "body ", "mime-header ", "nested-header ", "mime header "];

/// How it ends with a recipient, and with what that is where no code says it.
const ENDS: [(&str, Class); 3] = [
    ("status=deferred (", Class::Transient),
    ("status=bounced (", Class::Permanent),
    ("status=undeliverable (", Class::Permanent),
];

/// `…: NOQUEUE: reject: RCPT from host[address]: 550 5.1.1 <…>: words; from=…` and `… status=bounced (host … said: 550 …
/// (in reply to RCPT TO command))`.
pub(super) fn refusal(line: &str) -> Option<Refusal> {
    if let Some(at) = line.find("reject: ") {
        return rejected(&line[at + 8..]);
    }
    let Some(at) = line.find("status=") else { return logged_in(line) };
    let rest = &line[at..];
    if rest.starts_with("status=expired") || rest.starts_with("status=force-expired") {
        let said = Said { code: None, enhanced: None, text: rest["status=".len()..].to_owned() };
        return Refusal::new(said, None, Some(Class::Permanent));
    }
    let (words, class) = ENDS.iter().find(|(words, _)| rest.starts_with(words))?;
    let rest = &rest[words.len()..];
    let rest = rest.strip_suffix(')').unwrap_or(rest);
    // `said: 550 …`, and `refused to talk to me: 554 …`.
    let (mut said, asked) = quoted::said(rest);
    said.enhanced = said.enhanced.or_else(|| status(line));
    let found = Refusal::new(said, asked, Some(*class))?;
    Some(if words.starts_with("status=deferred") { found.deferred() } else { found })
}

/// What a server refused: `RCPT from …: 550 …; from=…`, or by a check of the message `header Subject: x from …: 5.7.1 no`.
fn rejected(rest: &str) -> Option<Refusal> {
    if CHECKS.iter().any(|check| rest.starts_with(check)) {
        // The line that was checked may have anything in it; behind the envelope stands the answer.
        let (_, envelope) = rest.rsplit_once("; from=<")?;
        let (_, said) = envelope.rsplit_once(">: ")?;
        return Refusal::new(read(said), Some(Asked::EndOfData), Some(Class::Permanent));
    }
    let (verb, rest) = rest.split_once(" from ")?;
    // postscreen names the client's port too.
    let said = rest.split_once("]: ").map(|(_, said)| said).or_else(|| reply_within(rest))?;
    let said = said.split_once("; from=").map_or(said, |(said, _)| said);
    Refusal::new(read(said), asked(verb), None)
}

/// `warning: host[address]: SASL LOGIN authentication failed: words, sasl_username=dude`.
fn logged_in(line: &str) -> Option<Refusal> {
    let at = line.find(": SASL ")? + 2;
    let words = &line[at..];
    if !words.contains(" authentication failed:") {
        return None;
    }
    let words = words.split(", sasl_username=").next().unwrap_or(words).trim_end();
    let later = ["to authentication server", "Temporary", "temporary"].iter().any(|it| words.contains(it));
    let class = if later { Class::Transient } else { Class::Permanent };
    let said = Said { code: None, enhanced: None, text: words.to_owned() };
    Refusal::new(said, Some(Asked::Verb(Verb::Auth)), Some(class))
}

/// The field `dsn=5.1.1,`.
pub(super) fn status(line: &str) -> Option<EnhancedCode> {
    let (_, rest) = line.split_once("dsn=")?;
    let word = rest.split([',', ' ']).next()?;
    EnhancedCode::at_start(word.as_bytes()).map(|found| found.0)
}

/// What follows the first `: ` after which a refusal's code stands.
fn reply_within(text: &str) -> Option<&str> {
    text.match_indices(": ").map(|(at, _)| &text[at + 2..]).find(|rest| {
        let said = read(rest);
        said.code.is_some_and(|code| code.class().is_refusal())
    })
}
