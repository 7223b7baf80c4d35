//! What a bounce says to people: the addresses that failed, each with the words below or beside it.
//!
//! Exim, qmail, Postfix and Sendmail write these in forms of their own; each is known by its opening words.

use super::Quoted;
use super::quoted::quoted;

/// By these words a text is known for a bounce.
const OPENINGS: [&str; 9] = [
    "could not be delivered to one or more",
    "could not be delivered to all",
    "address(es) failed",
    "qmail-send program",
    "unable to deliver your message to the following",
    "had permanent fatal errors",
    "undeliverable mail",
    "delivery to the following recipient",
    "i wasn't able to deliver your message",
];

/// Lines that are looked at, and the most of one that is kept.
const LINES: usize = 2_000;
const WORDS: usize = 4_000;

/// The addresses that a bounce names for people, each with what was said of it; none where the text is no bounce.
pub(super) fn told(text: &str) -> Vec<(String, Quoted)> {
    let lower = text.get(..text.floor_char_boundary(64 << 10)).unwrap_or(text).to_ascii_lowercase();
    let Some(opening) = OPENINGS.iter().filter_map(|words| lower.find(words)).min() else { return Vec::new() };
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in text[text.floor_char_boundary(opening)..].lines().skip(1).take(LINES) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if is_end(line) {
            break;
        }
        if let Some((address, rest)) = begins(line) {
            all.push((address.to_owned(), if rest.is_empty() { Vec::new() } else { vec![rest.to_owned()] }));
            open = true;
        } else if line.trim().is_empty() {
            // Below an address of qmail's the words end here; Exim's have no empty line in them.
            open = open && all.last().is_some_and(|(_, words)| words.is_empty());
        } else if let Some((_, words)) = all.last_mut().filter(|_| open)
            && words.iter().map(String::len).sum::<usize>() < WORDS
        {
            words.push(line.trim().to_owned());
        }
    }
    all.into_iter().map(|(address, words)| (address, essence(&words.join(" ")))).collect()
}

/// Where the words for people end: the next part, the copy of the message, the session's transcript.
fn is_end(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.starts_with("--")
        && trimmed.len() > 4
        && !trimmed.starts_with("----- The following")
        && !trimmed.starts_with("--- The following")
        || trimmed.starts_with("------ This is a copy")
}

/// An address at the beginning of a line, and what follows it: `  a@b` (Exim), `<a@b>:` (qmail), `<a@b>: words`
/// (Postfix), `<a@b>` (Sendmail).
fn begins(line: &str) -> Option<(&str, &str)> {
    let trimmed = line.trim();
    let indent = line.len() - line.trim_start().len();
    if let Some((address, rest)) = trimmed.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
        return (indent == 0 && is_address(address)).then_some((address, rest));
    }
    let alone = trimmed.strip_suffix(':').unwrap_or(trimmed);
    ((1..4).contains(&indent) && is_address(alone)).then_some((alone, ""))
}

fn is_address(word: &str) -> bool {
    word.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !word.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ','))
}

/// The reply within words such as `host x [y] said: 550 no (in reply to RCPT TO command)`, or the words themselves.
fn essence(words: &str) -> Quoted {
    quoted(words).unwrap_or_else(|| {
        let own = words.split_once("said: ").map_or(words, |(_, said)| said);
        let own = own.strip_prefix("(reason: ").map_or(own, |reason| reason.trim_end_matches(')'));
        Quoted { reply: own.split(" (in reply to ").next().unwrap_or(own).trim().to_owned(), asked: None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_tell_people_is_read() {
        for (text, want) in [
            (
                "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. \
                 The following address(es) failed:\n\n  a@postfix.example\n    host 127.0.0.1 [127.0.0.1]\n    SMTP error \
                 from remote mail server after RCPT TO:<a@postfix.example>:\n    554 5.7.1 <a@postfix.example>: Relay \
                 access denied\n  b@target.local\n    Unrouteable address\n\n--1795558392-eximdsn-627999994\n",
                &[
                    ("a@postfix.example", "554 5.7.1 <a@postfix.example>: Relay access denied"),
                    ("b@target.local", "Unrouteable address"),
                ][..],
            ),
            (
                "Hi. This is the qmail-send program at mx.noddy.example.\nI'm afraid I wasn't able to deliver your message \
                 to the following addresses.\n\n<a@target.example>:\n192.0.2.1 does not like recipient.\nRemote host \
                 said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n",
                &[("a@target.example", "550 5.1.1 User unknown")],
            ),
            (
                "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n\
                 It could not be delivered to one or more:\n\n<a@b.example>: host mx.b.example[192.0.2.1] said: 550 \
                 5.2.2 Mailbox\n    full (in reply to RCPT TO command)\n\n--boundary\n",
                &[("a@b.example", "550 5.2.2 Mailbox full")],
            ),
            (
                "   ----- The following addresses had permanent fatal errors -----\n<a@b.example>\n    (reason: 550 5.1.1 \
                 <a@b.example>... User unknown)\n\n   ----- Transcript of session follows -----\n",
                &[("a@b.example", "550 5.1.1 <a@b.example>... User unknown")],
            ),
            ("550 5.1.1 no such user", &[]),
        ] {
            let found = told(text);
            let found: Vec<_> = found.iter().map(|(address, words)| (address.as_str(), words.reply.as_str())).collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
