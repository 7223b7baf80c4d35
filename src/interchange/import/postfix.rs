//! Postfix with `debug_peer_list`: `> ` and `< ` within a log, for each process.
//!
//! In smtpd `<` is what the client said; in the smtp and lmtp clients it is what the server said.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::conversation::file::Document;
use crate::smtp::Phase;

use super::Unread;
use super::builder::{Builder, Content};
use super::lines::{between, lines, text};
use super::sessions::Sessions;

/// Processes that are told apart.
const PROCESSES: usize = 10_000;

/// A line of the log.
struct Entry<'a> {
    at: Clock,
    program: &'a str,
    process: u32,
    words: &'a str,
}

/// When: with a year and a zone, or without.
#[derive(Clone, Copy)]
enum Clock {
    Utc(i64),
    Local(i64),
}

/// `Nov 24 22:18:57 host postfix/smtpd[6857]: words`, or with a time of RFC 3339 before it.
fn entry(line: &str) -> Option<Entry<'_>> {
    let (at, rest) = clock(line)?;
    let (_, rest) = rest.trim_start().split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('[')?;
    let (process, words) = rest.split_once("]: ")?;
    let program = name.rsplit('/').next()?;
    (!name.contains(' ')).then_some(Entry { at, program, process: process.parse().ok()?, words })
}

fn clock(line: &str) -> Option<(Clock, &str)> {
    let (first, rest) = line.split_once(' ')?;
    if let Ok(at) = first.parse::<Timestamp>() {
        return Some((Clock::Utc(at.as_microsecond()), rest));
    }
    // The old form has no year; a leap year takes every date.
    let text = line.get(..15)?;
    let at = DateTime::strptime("%Y %b %d %H:%M:%S", format!("2024 {text}")).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?;
    Some((Clock::Local(at.as_microsecond()), &line[15..]))
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
pub(super) fn read(octets: &[u8]) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("postfix", Content::Hidden);
    let mut processes: HashMap<u32, Builder> = HashMap::new();
    let mut order: Vec<u32> = Vec::new();
    for (number, line) in lines(octets) {
        let line = text(line);
        let Some(entry) = entry(&line) else {
            if !line.trim().is_empty() {
                found.unread(number, line.as_bytes(), "not a line of a log: time, host, program[process]: words");
            }
            continue;
        };
        if !take(&entry, &mut processes, &mut order, &mut found) {
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
fn take(entry: &Entry<'_>, processes: &mut HashMap<u32, Builder>, order: &mut Vec<u32>, found: &mut Sessions) -> bool {
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
    match entry.at {
        Clock::Utc(at) => builder.clock_utc(at),
        Clock::Local(at) => builder.clock(at),
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
