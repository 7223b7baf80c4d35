//! Postfix with `debug_peer_list`: `> ` and `< ` within a log, for each process.
//!
//! In smtpd `<` is what the client said; in the smtp and lmtp clients it is what the server said.

use std::collections::HashMap;

use crate::conversation::file::Document;
use crate::smtp::Phase;

use super::Unread;
use super::builder::{Builder, Content};
use super::clock::{Clocks, Moment, moment};
use super::lines::{between, lines, text};
use super::sessions::Sessions;
use super::text::Text;

/// Processes that are told apart.
const PROCESSES: usize = 10_000;

/// A line of the log.
struct Entry<'a> {
    at: Option<Moment>,
    program: &'a str,
    process: u32,
    words: &'a str,
}

/// `Nov 24 22:18:57 host postfix/smtpd[6857]: words`, with any of the known times before it and other things, which
/// loggers and those who show logs put there; in the form of RFC 5424, `postfix/smtpd 6857 - - words`.
fn entry(line: &str) -> Option<Entry<'_>> {
    let at = time_in(line.as_bytes());
    let (program, process, words) = tagged(line).or_else(|| structured(line))?;
    // Solaris and others number their messages: `[ID 197553 mail.info] `.
    let words = match words.strip_prefix("[ID ").and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest,
        None => words,
    };
    Some(Entry { at, program, process, words })
}

/// `postfix/smtpd[6857]: words`.
fn tagged(line: &str) -> Option<(&str, u32, &str)> {
    for (at, _) in line.match_indices("]: ") {
        let Some((before, process)) = line[..at].rsplit_once('[') else { continue };
        let name = before.rsplit([' ', '\t', '|']).next().unwrap_or_default();
        if let (Ok(process), false) = (process.parse(), name.is_empty()) {
            return Some((name.rsplit('/').next()?, process, &line[at + 3..]));
        }
    }
    None
}

fn structured(line: &str) -> Option<(&str, u32, &str)> {
    let (head, words) = line.split_once(" - - ")?;
    let mut words_before = head.rsplit(' ');
    let (process, name) = (words_before.next()?.parse().ok()?, words_before.next()?);
    name.contains('/').then(|| (name.rsplit('/').next().unwrap_or_default(), process, words))
}

/// The first time in the head of a line: at its beginning, or behind a word, a colon or a hyphen.
fn time_in(line: &[u8]) -> Option<Moment> {
    let head = &line[..line.len().min(120)];
    let parts = |octet: u8| matches!(octet, b' ' | b':' | b'-' | b'|' | b'>');
    let starts = (0..head.len()).filter(|at| *at == 0 || parts(head[*at - 1]));
    starts.take(20).find_map(|at| moment(&line[at..])).map(|(moment, _)| moment)
}

/// A line of a conversation: who said it, with whom, and what.
fn spoken<'a>(entry: &Entry<'a>) -> Option<(bool, &'a str, &'a str)> {
    let sent = entry.words.starts_with("> ");
    if !sent && !entry.words.starts_with("< ") {
        return None;
    }
    let rest = &entry.words[2..];
    let (peer, line) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    if peer.contains(' ') || !peer.contains('[') {
        return None;
    }
    let by_client = if is_client(entry.program) { sent } else { !sent };
    Some((by_client, peer, line))
}

fn is_client(program: &str) -> bool {
    matches!(program, "smtp" | "lmtp" | "relay")
}

/// Whether such a line is there.
pub(super) fn looks(beginning: &[u8]) -> bool {
    lines(beginning).any(|(_, line)| entry(&text(line)).as_ref().and_then(spoken).is_some())
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("postfix", Content::Hidden);
    let mut processes: HashMap<u32, Builder> = HashMap::new();
    let mut order: Vec<u32> = Vec::new();
    let mut clocks = Clocks::default();
    for (number, line) in lines(octets) {
        found.at(number);
        let line = text(line);
        let Some(entry) = entry(&line) else {
            if !line.trim().is_empty() {
                found.unread(number, line.as_bytes(), "not a line of a log: time, host, program[process]: words");
            }
            continue;
        };
        if !take(&entry, &mut processes, &mut order, &mut clocks, &mut found) {
            found.passed_over();
        }
    }
    for process in order {
        if let Some(builder) = processes.remove(&process) {
            found.add(builder);
        }
    }
    found.finish()
}

/// Takes a line in; false where it is no part of a conversation.
fn take(
    entry: &Entry<'_>,
    processes: &mut HashMap<u32, Builder>,
    order: &mut Vec<u32>,
    clocks: &mut Clocks,
    found: &mut Sessions,
) -> bool {
    let said = spoken(entry);
    let over = |builder: &Builder| builder.lines() > 0 && matches!(builder.phase(), Phase::Closed | Phase::Quit);
    let greeting = said.is_some_and(|(by_client, _, line)| !by_client && line.starts_with("220"));
    if greeting && processes.get(&entry.process).is_some_and(over) {
        found.add(processes.remove(&entry.process).expect("it was just looked at"));
        order.retain(|process| *process != entry.process);
    }
    if !processes.contains_key(&entry.process) {
        if said.is_none() || processes.len() >= PROCESSES {
            return false;
        }
        order.push(entry.process);
        processes.insert(entry.process, begun(entry));
    }
    let Some(builder) = processes.get_mut(&entry.process) else { return false };
    if let Some(at) = entry.at {
        clocks.set(at, builder);
    }
    if let Some((by_client, peer, line)) = said {
        speak(by_client, peer, line.as_bytes(), entry, builder);
    } else if entry.words.starts_with("disconnect from ") && builder.lines() > 0 {
        builder.tool(entry.words.as_bytes());
        builder.closed("server");
    } else if entry.words.starts_with("lost connection ") {
        builder.tool(entry.words.as_bytes());
        builder.closed("client");
    } else if ["NOQUEUE: ", "warning: ", "too many errors"].iter().any(|known| entry.words.starts_with(known)) {
        builder.tool(entry.words.as_bytes());
    } else if entry.words.contains("TLS connection established") {
        builder.remark(tls(entry.words));
    } else {
        return false;
    }
    true
}

fn begun(entry: &Entry<'_>) -> Builder {
    let mut builder = Builder::new("postfix", Content::Hidden);
    if !is_client(entry.program) {
        builder.by_server();
    }
    builder.set("program", entry.program);
    builder
}

fn speak(by_client: bool, peer: &str, line: &[u8], entry: &Entry<'_>, builder: &mut Builder) {
    if builder.lines() == 0 && builder.phase() == Phase::Connecting && line.starts_with(b"220") {
        if is_client(entry.program) {
            builder.connected(peer, None);
        } else {
            builder.connected("unknown", Some(peer));
        }
    }
    if by_client {
        if builder.lines() == 0 {
            builder.inferred("the greeting before this line");
        }
        builder.client(line);
    } else {
        builder.server(line);
    }
}

/// `Anonymous TLS connection established from host[ip]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) …`.
fn tls(words: &str) -> crate::conversation::event::Remark {
    let remark = crate::conversation::event::Remark::new("tls");
    let Some((version, rest)) = words.split_once(" with cipher ") else { return remark };
    let version = version.rsplit(' ').next().unwrap_or_default();
    let cipher = rest.split(' ').next().unwrap_or_default();
    let remark = remark.with("version", version).with("cipher", cipher);
    match between(words, "", " TLS connection") {
        Some("Verified" | "Trusted") => remark.with("verified", "yes"),
        _ => remark,
    }
}
