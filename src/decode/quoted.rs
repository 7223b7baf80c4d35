//! A reply as mail servers quote it to people: in bounces, in logs, and so in what somebody pastes.
//!
//! `host mx[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)` (Postfix), `Connected to 192.0.2.1 but sender was
//! rejected. Remote host said: 550 no` (qmail), `SMTP error from remote mail server after RCPT TO:<a@b>: host mx: 550 no`
//! (Exim), `Diagnostic-Code: smtp; 550 no` (RFC 3464 2.3.6), `#<mx #5.1.1 smtp;550 5.1.1 no> #SMTP#` (Exchange).

use crate::smtp::Verb;

use super::said::{Said, end_of_quote, is_reply, leads, read};
use super::{Asked, Context, Explanation, Knowledge, explain};

/// A reply within other words, and what it answers as far as these say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Code, enhanced code and words of the reply, as it was sent.
    pub reply: String,
    /// What it answers.
    pub asked: Option<Asked>,
}

/// Words of those who quote that say what was asked; what comes first in the table holds.
const MOMENTS: [(&str, Asked); 23] = [
    ("in reply to end of data", Asked::EndOfData),
    ("in reply to initial server greeting", Asked::Connect),
    ("in reply to rcpt", Asked::Verb(Verb::Rcpt)),
    ("in reply to mail", Asked::Verb(Verb::Mail)),
    ("in reply to data", Asked::Verb(Verb::Data)),
    ("in reply to ehlo", Asked::Verb(Verb::Ehlo)),
    ("in reply to helo", Asked::Verb(Verb::Helo)),
    ("in reply to starttls", Asked::Verb(Verb::Starttls)),
    ("in reply to auth", Asked::Verb(Verb::Auth)),
    ("after initial connection", Asked::Connect),
    ("after end of data", Asked::EndOfData),
    ("after pipelined end of data", Asked::EndOfData),
    ("after rcpt to", Asked::Verb(Verb::Rcpt)),
    ("after pipelined rcpt to", Asked::Verb(Verb::Rcpt)),
    ("after mail from", Asked::Verb(Verb::Mail)),
    ("after pipelined mail from", Asked::Verb(Verb::Mail)),
    ("refused to talk to me", Asked::Connect),
    ("but greeting failed", Asked::Connect),
    ("but my name was rejected", Asked::Verb(Verb::Ehlo)),
    ("but sender was rejected", Asked::Verb(Verb::Mail)),
    ("does not like recipient", Asked::Verb(Verb::Rcpt)),
    ("failed on data command", Asked::Verb(Verb::Data)),
    ("failed after i sent the message", Asked::EndOfData),
];

/// Words after which a reply stands; the last of them in a text counts, since servers quote servers.
const BEFORE: [&str; 8] = [
    "said: ",
    "refused to talk to me: ",
    "responded: ",
    "returned ",
    "reason: ",
    "smtp;",
    "lmtp;",
    "diagnostic-code: ",
];

/// Marks with which records of conversations begin what the server said.
const MARKS: [&str; 7] = ["<<< ", "<** ", "<~* ", "<~  ", "<-  ", "<- ", "< "];

/// Words after a reply that are no longer its own.
const AFTER: [&str; 4] = [" (in reply to ", " Giving up on ", "> #SMTP#", " ##"];

/// The reply that somebody else's words quote; none where they quote none, as where a text begins with its reply.
#[must_use]
pub fn quoted(text: &str) -> Option<Quoted> {
    let text = text.trim();
    let small = text.to_ascii_lowercase();
    let from = begins(text, &small)?;
    let own = &text[from..];
    let end = AFTER.iter().filter_map(|words| own.find(words)).chain(end_of_quote(&text[..from], own)).min();
    let end = end.unwrap_or(own.len());
    // What is said of the moment may stand before the reply or after it, but is no word of its own.
    let around = [&small[..from], &small[from + end..]];
    let asked = MOMENTS.iter().find(|(words, _)| around.iter().any(|part| part.contains(words)));
    let own = own[..end].trim();
    let bracketed = text.starts_with(['(', '[']) || text.starts_with("#<");
    let own = if bracketed { own.trim_end_matches([')', ']', '>']) } else { own };
    Some(Quoted { reply: own.to_owned(), asked: asked.map(|(_, asked)| *asked) })
}

/// What a text says, as a reply: the quoted one, or the whole.
pub(super) fn said(text: &str) -> (Said, Option<Asked>) {
    match quoted(text) {
        Some(found) => (read(&found.reply), found.asked),
        None => (read(text), None),
    }
}

/// What a text says that somebody pasted: a code, a reply, or the words of a bounce or a log in which a reply stands. None
/// where it has no words at all.
#[must_use]
pub fn explain_text(text: &str, knowledge: &Knowledge) -> Option<Explanation> {
    let (Said { code, enhanced, text }, asked) = said(text.trim());
    let says = code.is_some() || enhanced.is_some() || !text.is_empty();
    says.then(|| explain(code, enhanced, &text, &Context { asked, ..Context::default() }, knowledge))
}

/// Whether words only lead to a quoted reply on the next line, as qmail's do.
#[must_use]
pub fn leads_on(text: &str) -> bool {
    let small = text.trim().to_ascii_lowercase();
    MOMENTS.iter().any(|(words, _)| small.contains(words)) || small.starts_with('<') && small.ends_with(">:")
}

/// What Postfix says before the reason for which it keeps mail in its queue.
const HELD: &str = "delivery temporarily suspended: ";

/// Where the quoted reply begins.
fn begins(text: &str, small: &str) -> Option<usize> {
    if let Some(at) = small.find(HELD).map(|at| at + HELD.len())
        && let Some(within) = begins(&text[at..], &small[at..])
    {
        return Some(at + within);
    }
    if is_reply(text) {
        return None;
    }
    let first = behind(text, 0);
    if first > 0 && is_reply(&text[first..]) {
        return Some(first);
    }
    let marked = MARKS.iter().find(|mark| text.starts_with(**mark)).map(|mark| mark.len());
    let told = BEFORE.iter().filter_map(|words| small.rfind(words).map(|at| behind(text, at + words.len())));
    // Without such words: a code after a colon, a bracket, # or a quotation mark.
    let refuses = |at: &usize| read(&text[*at..]).code.is_some_and(|code| code.class().is_refusal());
    let plain = || text.match_indices(leads).map(|(at, sign)| behind(text, at + sign.len())).find(refuses);
    // Or both codes, wherever they stand.
    let both = || {
        let starts = text.match_indices([' ', '\t']).map(|(at, _)| at + 1);
        starts.filter(|at| text.as_bytes().get(*at).is_some_and(u8::is_ascii_digit)).find(|at| {
            let said = read(&text[*at..]);
            said.enhanced.is_some_and(|enhanced| matches!(enhanced.class, 4 | 5)) && said.code.is_some()
        })
    };
    let told = told.filter(|at| is_reply(&text[*at..])).max();
    marked.filter(|at| is_reply(&text[*at..])).or(told).or_else(plain).or_else(both)
}

/// The place behind the blanks and the quotation mark that stand at a place.
fn behind(text: &str, at: usize) -> usize {
    let rest = text[at..].trim_start();
    let rest =
        rest.strip_prefix(|c| matches!(c, '\'' | '"' | '`' | '\u{2018}' | '\u{201c}' | '\u{ab}')).unwrap_or(rest);
    text.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn replies_are_found_in_the_words_of_each_server() {
        let (rcpt, mail) = (Some(Asked::Verb(Verb::Rcpt)), Some(Asked::Verb(Verb::Mail)));
        for (text, reply, asked) in [
            ("host mx.b.example[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)", "550 5.1.1 no", rcpt),
            (
                "<a@b.example>: host mx[192.0.2.1] said: 554 no (in reply to end of DATA command)",
                "554 no",
                Some(Asked::EndOfData),
            ),
            ("host mx[192.0.2.1] refused to talk to me: 451 busy", "451 busy", Some(Asked::Connect)),
            (
                "Connected to 192.0.2.1 but sender was rejected. Remote host said: 550 5.7.1 <a@b>... no",
                "550 5.7.1 <a@b>... no",
                mail,
            ),
            ("192.0.2.1 does not like recipient. Remote host said: 550 no Giving up on 192.0.2.1.", "550 no", rcpt),
            ("Diagnostic-Code: smtp; 554 (Reject, id=10432-16)", "554 (Reject, id=10432-16)", None),
            ("Diagnostic-Code: smtp;554 5.7.1 no", "554 5.7.1 no", None),
            (
                "smtp;550 5.1.2 (bad destination system: no such domain)",
                "550 5.1.2 (bad destination system: no such domain)",
                None,
            ),
            (
                "mx.noddy.example #<mx.b.example #5.7.1 smtp;550 5.7.1 Unable to relay for a@b.example> #SMTP#",
                "550 5.7.1 Unable to relay for a@b.example",
                None,
            ),
            (
                "mx.noddy.example #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
                "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
                None,
            ),
            (
                "SMTP error from remote mail server after RCPT TO:<a@b>: host mx [192.0.2.1]: 550 no: really",
                "550 no: really",
                rcpt,
            ),
            (
                "SMTP error from remote mail server after initial connection: host mx [192.0.2.1]: 554 no",
                "554 no",
                Some(Asked::Connect),
            ),
            ("(reason: 550 5.1.1 <a@b.example>... User unknown)", "550 5.1.1 <a@b.example>... User unknown", None),
            ("<<< 550 5.1.1 no", "550 5.1.1 no", None),
            ("'550 5.1.1 no'", "550 5.1.1 no", None),
            ("[550 5.1.1 no]", "550 5.1.1 no", None),
            ("Remote host said: 550 sorry (#5.7.1)", "550 sorry (#5.7.1)", None),
            (
                "Remote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; can't be found'",
                "550 5.1.1 RESOLVER.ADR.RecipNotFound; can't be found",
                None,
            ),
            ("it said \u{201c}550 5.1.1 no\u{201d}, and hung up", "550 5.1.1 no", None),
            ("the error was \"550-5.7.1 blocked\".", "550-5.7.1 blocked", None),
            ("the remote server says 550 5.7.1 blocked", "550 5.7.1 blocked", None),
            ("Remote server returned an error -> 550: 5.1.1 no", "550: 5.1.1 no", None),
            (
                "450 4.3.0 delivery temporarily suspended: host mx[192.0.2.1] refused to talk to me: 421 4.7.0 too many",
                "421 4.7.0 too many",
                Some(Asked::Connect),
            ),
            (
                "Rejected (mx.b.example:25:530 5.7.1 Client was not authenticated",
                "530 5.7.1 Client was not authenticated",
                None,
            ),
            (
                "host a[192.0.2.1] said: 550 host b[192.0.2.2] said: 552 full (in reply to end of DATA command)",
                "552 full",
                Some(Asked::EndOfData),
            ),
        ] {
            let found = quoted(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.reply.as_str(), found.asked), (reply, asked), "{text}");
        }
        for text in ["550 host x said: 550 no", "no reply at all", "at 12:30", "", "said: ", "5.1.1 no"] {
            assert_eq!(quoted(text), None, "{text}");
        }
        assert!(leads_on("Connected to 192.0.2.1 but my name was rejected.") && leads_on("<a@b.example>:"));
        assert!(!leads_on("User unknown"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_trouble(head in "(host x said: |smtp;|#<|< |İ|ẞsaid: )?", text in "\\PC{0,80}") {
            let _ = quoted(&format!("{head}{text}"));
            let _ = leads_on(&text);
        }
    }
}
