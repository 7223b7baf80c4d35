//! Lines of Sendmail.

use crate::smtp::{Class, Verb};

use super::Refusal;
use super::postfix::status;
use crate::decode::Asked;
use crate::decode::said::{Said, read};

/// Its rule sets and milters, and what they answer.
const ASKED: [(&str, Asked); 9] = [
    ("check_rcpt", Asked::Verb(Verb::Rcpt)),
    ("check_mail", Asked::Verb(Verb::Mail)),
    ("check_relay", Asked::Connect),
    ("check_eoh", Asked::EndOfData),
    ("Milter: to=", Asked::Verb(Verb::Rcpt)),
    ("Milter: from=", Asked::Verb(Verb::Mail)),
    ("Milter: data", Asked::EndOfData),
    ("Milter: connect", Asked::Connect),
    ("Milter: helo", Asked::Verb(Verb::Helo)),
];

/// `… ruleset=check_rcpt, … reject=550 5.7.1 words`, `… dsn=5.1.1, stat=User unknown`, `… <a@b>... User unknown` and
/// `… AUTH failure (LOGIN): words`.
pub(super) fn refusal(line: &str) -> Option<Refusal> {
    if let Some((before, said)) = line.split_once("reject=") {
        let asked = ASKED.iter().find(|(words, _)| before.contains(words)).map(|(_, asked)| *asked);
        return Refusal::new(read(said), asked, None);
    }
    if let Some(at) = line.find(": AUTH failure (") {
        let words = &line[at + 2..];
        let words = words.split(", relay=").next().unwrap_or(words);
        return Refusal::new(alone(words), Some(Asked::Verb(Verb::Auth)), Some(Class::Permanent));
    }
    if let Some(words) = told(line) {
        return Refusal::new(alone(words), Some(Asked::Verb(Verb::Rcpt)), Some(Class::Permanent));
    }
    let (_, words) = line.split_once("stat=")?;
    if !line.contains("dsn=") || words.starts_with("Sent") || words.starts_with("queued") {
        return None;
    }
    let deferred = words.strip_prefix("Deferred: ");
    let mut said = read(deferred.unwrap_or(words));
    said.enhanced = said.enhanced.or_else(|| status(line));
    let found = Refusal::new(said, None, None)?;
    let found = if deferred.is_some() { found.deferred() } else { found };
    let to = line.split_once("to=<").map_or("", |(_, rest)| rest.split(", ").next().unwrap_or(rest));
    let others = to.matches(",<").count();
    Some(Refusal { recipients: 1 + u64::try_from(others).unwrap_or_default(), ..found })
}

/// The recipient whom a line refuses by name: `<a@b>... User unknown`.
pub(super) fn recipient(line: &str) -> Option<&str> {
    told(line)?.strip_prefix('<')?.split_once('>').map(|(address, _)| address)
}

fn told(line: &str) -> Option<&str> {
    let end = line.find(">... ")?;
    let start = line[..end].rfind(": <")? + 2;
    let ok = line[end + 5..].to_ascii_lowercase().ends_with("ok");
    let own = ["sendmail[", "sm-mta[", "sm-msp"].iter().any(|name| line[..start].contains(name));
    (own && !ok).then(|| &line[start..])
}

fn alone(words: &str) -> Said {
    Said { code: None, enhanced: None, text: words.to_owned() }
}
