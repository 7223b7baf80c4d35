//! A recorded conversation as a scenario: a server that answers in the same way.
//!
//! Each answer becomes a rule: by verb, argument, where the session is and, where that made a difference, whether it was in
//! TLS and logged in; a command that was said several times gets its answers in order, and the last one from then on. Of
//! several connections each has its own rules, and the last one's hold from then on. What was never said is answered as the lab does in the words of the
//! software that was talked to, and noted. The scenario is a text like any other: it can be saved and edited.

mod answers;
mod groups;

use std::fmt::Write as _;

use super::scenario::Allowed;
use crate::conversation::dialogue::Ask;
use crate::conversation::file::Document;
use crate::conversation::log::Entry;
use crate::conversation::{Dialogue, Kind};
use crate::smtp::{Command, Verb};
use answers::Answers;
use groups::{Answer, Group};

/// How a recording is made a server of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// It takes as long to answer as was recorded.
    pub pace: bool,
}

/// Why no server can be made of a recording.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedError {
    /// No server has said anything in it.
    #[error("no server says anything in it; a recording of a conversation is needed")]
    Silent,
    /// Bytes that a server sent are not in it.
    #[error(
        "what a server sent is cut off in it{at}: nobody can say what is not there. Take out that exchange and the cut, or \
         record it anew"
    )]
    Cut {
        /// When, in words; nothing where no time is recorded.
        at: String,
    },
}

/// The recorded waits that count: below that it is the network.
pub(super) const NOTICEABLE_MS: u64 = 10;

/// The text of a scenario (FORMATS section 3) that answers as the server of this recording did.
///
/// # Errors
/// A file in which no server says anything, or in which a part of what it said is cut off.
pub fn scenario(document: &Document, manner: Manner) -> Result<String, RecordedError> {
    let is_cut = |entry: &Entry<'_>| {
        entry.remark().is_some_and(|remark| remark.word == "cut" && remark.get("direction") == Some("in"))
    };
    if let Some((_, entry)) = document.log.of_kind(Kind::Remark).find(|(_, entry)| is_cut(entry)) {
        let at =
            entry.at.map_or_else(String::new, |at| format!(" at {}.{:03} s", at.0 / 1_000_000, at.0 / 1_000 % 1_000));
        return Err(RecordedError::Cut { at });
    }
    let answers = Answers::of(document, manner);
    if !answers.said {
        return Err(RecordedError::Silent);
    }
    let facts = Facts::of(document, &answers);
    let mut out = head(document, &facts);
    for (after, words) in answers.mail_after.into_iter().zip(AFTER) {
        if after {
            let _ = write!(out, "\n[[rule]]\non = \"MAIL\"\n{words}\n");
        }
    }
    let last = answers.visits.len();
    for (n, visit) in (1..).zip(&answers.visits) {
        let which = if n == last { format!("\"{n}..\"") } else { n.to_string() };
        for group in visit {
            rules(&mut out, group, Some(&which), "session");
        }
    }
    let per = if last > 1 { "server" } else { "session" };
    for group in &answers.groups {
        rules(&mut out, group, None, per);
    }
    out.push_str("\n[[rule]]\non = \"any\"\nnote = \"{verb}: not in the recording; answered as {software} would\"\n");
    Ok(out)
}

/// Who sends in a recording, and to whom: names that its server knows. Masked ones are nobody's, and left out.
#[must_use]
pub fn people(document: &Document) -> (Option<String>, Vec<String>) {
    let dialogue = Dialogue::of(&document.log);
    let (mut from, mut to) = (None, Vec::new());
    for exchange in dialogue.exchanges().iter().filter(|exchange| exchange.ask == Ask::Command) {
        let entry = exchange.command().and_then(|record| document.log.get(record)).filter(|entry| !entry.masked);
        let Some(path) = entry.and_then(|entry| Command::parse(entry.bytes).path) else { continue };
        let address = path.address();
        let plain = address.contains('@') && !address.contains(['{', '}', '*']) && address.is_ascii();
        match exchange.verb {
            Verb::Mail if plain && from.is_none() => from = Some(address),
            Verb::Rcpt if plain && !to.contains(&address) && to.len() < NAMED => to.push(address),
            _ => {}
        }
    }
    (from, to)
}

/// What is noted of mail that was sent only after a login, only in TLS: nobody knows what the server says without.
const AFTER: [&str; 2] = [
    "authenticated = false\nnote = \"MAIL: in the recording the client had logged in before it\"",
    "tls = false\nnote = \"MAIL: in the recording the line was in TLS before it\"",
];

/// Recipients of a recording that are named.
const NAMED: usize = 50;

/// What a server is by its recording.
struct Facts {
    name: String,
    /// That is the name that it gave.
    named: bool,
    imitates: &'static str,
    /// What EHLO offered, over the whole recording.
    offers: Vec<String>,
    /// Keywords that were not offered and are honoured all the same.
    hidden: Vec<&'static str>,
    starttls: bool,
    auth: bool,
    auth_needs_tls: bool,
    implicit: bool,
    lmtp: bool,
    bare: bool,
    /// Addresses that were accepted.
    recipients: Vec<(String, String)>,
    /// An address was accepted that is no plain one.
    odd: bool,
    idle: Option<u64>,
}

impl Facts {
    fn of(document: &Document, answers: &Answers) -> Self {
        let words = answers.words.to_lowercase();
        let known = [
            ("exim", "exim"),
            ("sendmail", "sendmail"),
            ("microsoft esmtp", "exchange"),
            ("exchange", "exchange"),
            ("gsmtp", "gmail"),
            ("postfix", "postfix"),
        ];
        let imitates = known.iter().find(|(word, _)| words.contains(word)).map_or("postfix", |(_, kind)| kind);
        let has = |word: &str| answers.offers.iter().any(|line| super::scenario::keyword_of(line) == word);
        let mut hidden = Vec::new();
        if !has("ENHANCEDSTATUSCODES") && answers.enhanced {
            hidden.push("ENHANCEDSTATUSCODES");
        }
        if !has("CHUNKING") && answers.verbs.contains("BDAT") {
            hidden.push("CHUNKING");
        }
        let bare = |(_, entry): (usize, Entry<'_>)| !entry.crlf && entry.bytes.ends_with(b"\n");
        let sent = [Kind::Sent, Kind::Content].map(|kind| document.log.of_kind(kind).any(bare));
        Self {
            name: answers.name.clone().unwrap_or_else(|| "mx.target.local".to_owned()),
            named: answers.name.is_some(),
            imitates,
            starttls: has("STARTTLS") || answers.verbs.contains("STARTTLS"),
            auth: has("AUTH") || answers.verbs.contains("AUTH"),
            auth_needs_tls: answers.auth_needs_tls,
            offers: answers.offers.clone(),
            hidden,
            implicit: answers.implicit,
            lmtp: answers.lmtp,
            bare: sent.contains(&true),
            recipients: answers.recipients.clone(),
            odd: answers.odd_recipient,
            idle: answers.idle,
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn head(document: &Document, facts: &Facts) -> String {
    let peer = document.log.of_kind(Kind::Remark).find_map(|(_, entry)| {
        entry
            .remark()
            .filter(|remark| remark.word == "connected")
            .and_then(|remark| Some(remark.values.first()?.1.clone()))
    });
    let said = document.header.text("title").or_else(|| document.header.text("target"));
    let what = said.or(peer.as_deref().filter(|_| !facts.named)).unwrap_or(&facts.name);
    let title = format!("As recorded: {}", crate::smtp::escape::for_screen(what.as_bytes()).replace("{{", "("));
    let mut out = format!(
        "ehlo = 1\ntitle = {}\nstory = \"This server answers as one did in a recording; what was never said there is noted.\"\n\
         teaches = [\"a trouble taken home\"]\nmagic = false\nallow = [{}]\n\n[server]\nname = {}\nimitates = \"{}\"\n",
        quoted(&title),
        Allowed::ALL.iter().map(|one| quoted(one.word())).collect::<Vec<_>>().join(", "),
        quoted(&facts.name),
        facts.imitates
    );
    if let Some(seconds) = facts.idle {
        let _ = writeln!(out, "idle = \"{seconds}s\"");
    }
    out.push_str("\n[listeners]\n");
    let keys = format!(
        "{{ starttls = {}, auth = \"{}\"{} }}",
        facts.starttls && !facts.implicit,
        if facts.auth { "offered" } else { "none" },
        if facts.auth_needs_tls { ", auth_needs_tls = true" } else { "" }
    );
    match (facts.lmtp, facts.implicit) {
        (true, _) => out.push_str("lmtp = {}\n"),
        (false, true) => {
            let _ = write!(out, "smtp = {keys}\nsmtps = {keys}\n");
        }
        (false, false) => {
            let _ = writeln!(out, "smtp = {keys}");
        }
    }
    let list = |lines: &[String]| lines.iter().map(|line| quoted(line)).collect::<Vec<_>>().join(", ");
    let _ = write!(out, "\n[capabilities]\nadvertise = [{}]\n", list(&facts.offers));
    let hidden: Vec<String> = facts.hidden.iter().map(|word| (*word).to_owned()).collect();
    if !hidden.is_empty() {
        let _ = writeln!(out, "hide = [{}]", list(&hidden));
    }
    if facts.auth {
        out.push_str(
            "\n[[account]]\nuser = \"dude\"\npassword = \"noddy\"\nmechanisms = [\"PLAIN\", \"LOGIN\", \"CRAM-MD5\"]\n",
        );
    }
    domains(&mut out, facts);
    out.push_str("\n[parser]\npaths = \"lenient\"\nmax_errors = 1000\n");
    if facts.bare {
        out.push_str("bare_lf = \"accept\"\nbare_cr = \"accept\"\n");
    }
    out
}

fn domains(out: &mut String, facts: &Facts) {
    if facts.odd {
        out.push_str("\n[relay]\nallow = \"anybody\"\n");
    }
    let mut domains: Vec<&str> = facts.recipients.iter().map(|(_, domain)| domain.as_str()).collect();
    domains.sort_unstable();
    domains.dedup();
    for domain in domains {
        let _ = write!(out, "\n[[domain]]\nname = {}\n", quoted(domain));
        let mut locals: Vec<_> = facts.recipients.iter().filter(|(_, d)| d == domain).map(|(local, _)| local).collect();
        locals.sort();
        locals.dedup();
        for local in locals {
            let _ = write!(out, "[[domain.mailbox]]\nname = {}\n", quoted(local));
        }
    }
}

/// The rules of one thing that was said, each answer in its turn.
fn rules(out: &mut String, (key, list): &Group, connection: Option<&str>, per: &str) {
    // Answers that are the same one after the other are one rule.
    let mut runs: Vec<(&Answer, usize)> = Vec::new();
    for answer in list {
        match runs.last_mut() {
            Some((before, count)) if *before == answer => *count += 1,
            _ => runs.push((answer, 1)),
        }
    }
    let final_run = runs.len().saturating_sub(1);
    for (n, (answer, count)) in runs.into_iter().enumerate() {
        let _ = write!(out, "\n[[rule]]\non = {}\n", quoted(&key.on));
        for (condition, value) in &key.conditions {
            let _ = writeln!(out, "{condition} = {value}");
        }
        if let Some(which) = connection {
            let _ = writeln!(out, "connection = {which}");
        }
        if n < final_run {
            // What an earlier rule has answered never comes to this one, so each counts from 1.
            let nth = if count == 1 { "nth = 1".to_owned() } else { format!("nth = \"1..{count}\"") };
            let _ = writeln!(out, "{nth}\nper = \"{per}\"");
        }
        answer.write(out);
    }
}

impl Answer {
    fn write(&self, out: &mut String) {
        if let Some(delay) = self.delay {
            let _ = writeln!(out, "delay = \"{delay}ms\"");
        }
        let template = |line: &String| quoted(&line.replace('{', "{open}"));
        if let Some(note) = self.note {
            let _ = writeln!(out, "note = {}", quoted(note));
        }
        match self.lines.as_slice() {
            [] if self.closes => {}
            _ if self.octets.is_some() => {
                let octets = escaped(self.octets.as_deref().unwrap_or_default());
                let _ = writeln!(out, "raw = {}\nobey = true", quoted(&octets));
            }
            [] => out.push_str("silence = true\n"),
            [line] if is_reply(line) => {
                let _ = writeln!(out, "reply = {}", template(line));
            }
            lines => {
                let lines: Vec<String> = lines.iter().map(|line| format!("    {},\n", template(line))).collect();
                let _ = writeln!(out, "multi = [\n{}]", lines.concat());
            }
        }
        if self.closes {
            out.push_str("close = true\n");
        }
    }
}

/// Octets as `raw` has them.
fn escaped(octets: &[u8]) -> String {
    let mut out = String::new();
    for &octet in octets {
        match octet {
            b'\r' => out.push_str(r"\r"),
            b'\n' => out.push_str(r"\n"),
            b'\\' => out.push_str(r"\\"),
            // Two braces would be a name to be filled in.
            b' '..=b'z' | b'|'..=b'~' => out.push(char::from(octet)),
            _ => {
                let _ = write!(out, "\\x{octet:02X}");
            }
        }
    }
    out
}

fn is_reply(line: &str) -> bool {
    let code = line.get(..3).is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()));
    // Any other first digit is none of a reply code's, and goes out as it stands.
    code && matches!(line.as_bytes()[0], b'2'..=b'5') && matches!(line.as_bytes().get(3), None | Some(b' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

    #[test]
    fn of_a_reply_that_is_cut_off_no_server_is_made() {
        let talk = |direction: &str| {
            let text = format!(
                "0.0 * connected a\n0.1 < 220 mx\n0.2 > EHLO a\n0.3 < 250-mx\n1.2 * cut direction={direction} bytes=5\n"
            );
            scenario(&read(text.as_bytes()).expect("a transcript"), Manner::default())
                .map_err(|error| error.to_string())
        };
        let why = talk("in").expect_err("a part is missing");
        assert!(why.contains("cut off in it at 1.200 s"), "{why}");
        talk("out").expect("the client's bytes are not needed");
    }

    #[test]
    fn a_server_that_refused_lhlo_speaks_smtp() {
        let talk = |code: &str| {
            let text = format!(
                "+++\nehlo = 1\n+++\n0.0 * connecting a\n0.0 * connected a\n0.1 < 220 mx\n0.2 > EHLO a\n0.3 < 250 mx\n\
                 0.4 * closed by=client\n1.0 * connecting a\n1.0 * connected a\n1.1 < 220 mx\n1.2 > LHLO a\n1.3 < {code} said\n\
                 1.4 > XYZ\n1.5 < 950 odd\n"
            );
            let document = read(text.as_bytes()).expect("a transcript");
            let made = scenario(&document, Manner::default()).expect("a server");
            crate::lab::scenario::Scenario::parse("x", &made).unwrap_or_else(|error| panic!("{error}\n{made}"));
            made
        };
        assert!(talk("500").contains("\nsmtp = "), "a probe asks by LHLO, too");
        assert!(talk("250").contains("\nlmtp = "));
    }
}

#[cfg(test)]
mod people_tests {
    use super::*;

    #[test]
    fn who_is_named_in_a_recording_is_known() {
        let text = b"0.0 * connected a\n0.0 < 220 mx.corp.test\n0.0 > MAIL FROM:<joe@corp.test>\n0.0 < 250 ok\n\
            0.0 > RCPT TO:<ann@corp.test>\n0.0 < 250 ok\n0.0 > RCPT TO:<***@corp.test>\n0.0 < 250 ok\n\
            0.0 > RCPT TO:<ann@corp.test>\n0.0 < 250 ok\n";
        let document = crate::conversation::file::read(text).expect("a transcript");
        assert_eq!(people(&document), (Some("joe@corp.test".to_owned()), vec!["ann@corp.test".to_owned()]));
    }
}
