//! What is to be explained, found in what was given: replies, and what people paste around them.

use crate::decode::{Asked, Context, Knowledge, enhanced_in, leads_on, offer as offers, quoted};
use crate::smtp::{Capabilities, EnhancedCode, LineEnd, Reply, ReplyLine, Verb};

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// A whole reply.
    Reply(Reply),
    /// An enhanced status code without a reply code, and a text.
    Enhanced(EnhancedCode, String),
    /// The words of a refusal, without any code.
    Words(String),
}

impl Subject {
    /// What a server offers, where this is its reply to EHLO or LHLO.
    pub(super) fn offer(&self, context: &Context, knowledge: &Knowledge) -> Option<Capabilities> {
        let Self::Reply(reply) = self else { return None };
        match context.asked {
            None => offers::recognised(reply, knowledge),
            Some(Asked::Verb(Verb::Ehlo | Verb::Lhlo)) if reply.code().is_some_and(|code| code.number() == 250) => {
                Some(Capabilities::from_reply(reply))
            }
            Some(_) => None,
        }
    }
}

/// The replies in a text: runs of `NNN-` lines are one reply each, and lines that quote a reply are those of it. Each comes
/// with what it answers, where the words around it say so. Gives the lines that belong to none.
pub(super) fn subjects(text: &str) -> (Vec<(Subject, Option<Asked>)>, Vec<String>) {
    let (mut all, mut others) = (Vec::new(), Vec::new());
    let mut open = Reply::default();
    let mut leading = Vec::<String>::new();
    for line in &unfolded(text) {
        let parsed = ReplyLine::parse(line.trim_start().as_bytes().to_vec(), LineEnd::CrLf);
        let begins = open.lines.is_empty();
        if begins && (parsed.code.is_none() || is_address(line)) {
            leading.push(line.trim().to_owned());
            let words = leading.join(" ");
            if let Some(subject) = enhanced(line) {
                all.push((subject, None));
            } else if let Some(found) = quoted(&words) {
                all.extend(whole(&found.reply).map(|subject| (subject, found.asked)));
            } else if let Some(code) = enhanced_in(line) {
                all.push((Subject::Enhanced(code, line.trim().to_owned()), None));
            } else {
                if !leads_on(line) && !after_a_reply(line) {
                    others.append(&mut leading);
                }
                continue;
            }
            leading.clear();
            continue;
        }
        if open.push(parsed) {
            all.push((Subject::Reply(std::mem::take(&mut open)), None));
        }
    }
    if !open.lines.is_empty() {
        all.push((Subject::Reply(open), None));
    }
    leading.retain(|line| !after_a_reply(line));
    others.append(&mut leading);
    (all, others)
}

/// The lines of a text; one that is indented and begins with no code goes on with the one before it.
fn unfolded(text: &str) -> Vec<String> {
    let mut all = Vec::<String>::new();
    for line in text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(|line| !line.trim().is_empty())
    {
        let begins = ReplyLine::parse(line.trim_start().as_bytes().to_vec(), LineEnd::CrLf).code.is_some();
        match all.last_mut().filter(|_| !begins && line.starts_with([' ', '\t'])) {
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None => all.push(line.to_owned()),
        }
    }
    all
}

/// Whether a line begins with an IPv4 address, whose first number is no reply code.
fn is_address(line: &str) -> bool {
    let word = line.trim_start().split([' ', ']', ':']).next().unwrap_or_default();
    word.parse::<std::net::Ipv4Addr>().is_ok()
}

/// What qmail writes below a reply.
fn after_a_reply(line: &str) -> bool {
    line.trim_start().starts_with("Giving up on ")
}

/// A line that begins with an enhanced status code.
fn enhanced(line: &str) -> Option<Subject> {
    let text = line.trim_start();
    let (code, end) = EnhancedCode::at_start(text.as_bytes())?;
    Some(Subject::Enhanced(code, text[end..].trim().to_owned()))
}

/// A reply in one line.
fn whole(line: &str) -> Option<Subject> {
    let parsed = ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf);
    if parsed.code.is_none() {
        return enhanced(line);
    }
    let mut reply = Reply::default();
    reply.push(parsed);
    Some(Subject::Reply(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_taken() {
        let found = |text: &str| {
            let (all, others) = subjects(text);
            let all = all.into_iter().map(|(subject, asked)| {
                let said = match subject {
                    Subject::Reply(reply) => format!("{} {}", reply.code().expect("a code"), reply.text()),
                    Subject::Enhanced(code, text) => format!("{code} {text}"),
                    Subject::Words(text) => text,
                };
                (said, asked)
            });
            (all.collect::<Vec<_>>(), others)
        };
        let rcpt = Some(Asked::Verb(Verb::Rcpt));
        for (text, said, asked) in [
            ("550 no", "550 no", None),
            ("5.1.1 no", "5.1.1 no", None),
            ("  550-a\n  550 b", "550 a b", None),
            ("host x[192.0.2.1] said: 550 no such (in reply to RCPT TO command)", "550 no such", rcpt),
            (
                "<a@b.example>: host x[192.0.2.1] said: 550 no\n    such (in reply to RCPT TO\n    command)",
                "550 no such",
                rcpt,
            ),
            (
                "<a@b.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no\nGiving up on 192.0.2.1.\n",
                "550 no",
                rcpt,
            ),
        ] {
            let (all, others) = found(text);
            assert_eq!(all.len(), 1, "{text}: {all:?} {others:?}");
            assert_eq!((all[0].0.replace('\n', " "), all[0].1), (said.to_owned(), asked), "{text}");
            assert_eq!(others, [] as [&str; 0], "{text}");
        }
        for (text, said) in [
            ("'550 5.1.1 no'", "550 no"),
            ("\"550 5.1.1 no\"", "550 no"),
            ("Remote Server returned '550 5.1.1 not found'", "550 not found"),
            ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1 Sorry, no mailbox here by that name. (#5.1.1)"),
        ] {
            let (all, others) = found(text);
            assert_eq!((all.as_slice(), others.len()), (&[(said.to_owned(), None)][..], 0), "{text}");
        }
        let (all, others) = found("550 no\nno reply at all\nhost x said: 551 away");
        assert_eq!((all.len(), others), (2, vec!["no reply at all".to_owned()]));
    }
}
