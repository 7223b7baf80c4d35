//! exim -v and exim -d: `SMTP<< ` and `SMTP>> ` within a flood of other lines.

use std::collections::HashMap;

use crate::conversation::file::Document;

use super::Unread;
use super::builder::{Builder, Content};
use super::lines::{DayClock, address, between, is_command, is_reply, lines, text, time_of_day};
use super::sessions::Sessions;
use super::text::Text;

/// Processes that are told apart.
const PROCESSES: usize = 10_000;

/// Whether such a mark is there.
pub(super) fn looks(beginning: &[u8]) -> bool {
    lines(beginning).any(|(_, line)| said(prefix(line).2).is_some())
}

/// The time and the process before a line of -d, and the rest with its indentation.
fn prefix(line: &[u8]) -> (Option<i64>, Option<u32>, &[u8]) {
    let (at, rest) = match time_of_day(line) {
        Some((at, rest)) if rest.starts_with(b" ") => (Some(at), &rest[1..]),
        _ => (None, line),
    };
    let unpadded = rest.trim_ascii_start();
    // A process is padded to five columns; the further lines of a reply stand deeper.
    if rest.len() - unpadded.len() > 4 {
        return (at, None, rest);
    }
    let digits = unpadded.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let process = text(&unpadded[..digits]).parse().ok();
    match process {
        Some(process) if (2..=8).contains(&digits) && matches!(unpadded.get(digits), Some(b' ')) => {
            (at, Some(process), &unpadded[digits + 1..])
        }
        _ => (at, None, rest),
    }
}

/// What is said with a mark.
enum Said<'a> {
    /// `SMTP<< `
    Received(&'a [u8]),
    /// `SMTP>> `, `SMTP|> `, `SMTP+> `
    Sent(&'a [u8]),
    /// `SMTP(…)<<`, `SMTP(close)>>`
    Ended(&'a [u8]),
}

fn after_space(rest: &[u8]) -> &[u8] {
    rest.strip_prefix(b" ").unwrap_or(rest)
}

fn said(line: &[u8]) -> Option<Said<'_>> {
    let rest = line.trim_ascii_start().strip_prefix(b"SMTP")?;
    match rest {
        [b'<', b'<', rest @ ..] => Some(Said::Received(after_space(rest))),
        [b'>' | b'|' | b'+', b'>', rest @ ..] => Some(Said::Sent(after_space(rest))),
        [b'(', ..] if rest.ends_with(b")<<") || rest.ends_with(b")>>") => Some(Said::Ended(rest)),
        _ => None,
    }
}

/// A process's conversation.
#[derive(Debug)]
struct Process {
    builder: Builder,
    /// This Exim is the server in it.
    server: Option<bool>,
    /// A reply of several lines has begun: its further lines have no mark.
    open: bool,
    clock: DayClock,
}

impl Process {
    fn new() -> Self {
        Self { builder: Builder::new("exim", Content::Hidden), server: None, open: false, clock: DayClock::default() }
    }
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("exim", Content::Hidden);
    let mut processes: HashMap<u32, Process> = HashMap::new();
    let mut order: Vec<u32> = Vec::new();
    let mut last = 0;
    for (number, line) in lines(octets) {
        found.at(number);
        let (at, id, rest) = prefix(line);
        // The further lines of a reply have no process before them.
        let id = id.unwrap_or_else(|| if processes.get(&last).is_some_and(|last| last.open) { last } else { 0 });
        if !processes.contains_key(&id) {
            if said(rest).is_none() && place(rest).is_none() || processes.len() >= PROCESSES {
                found.passed_over();
                continue;
            }
            order.push(id);
        }
        last = id;
        let process = processes.entry(id).or_insert_with(Process::new);
        if let Some(at) = at {
            let at = process.clock.at(at);
            process.builder.clock(at);
        }
        if begins_anew(rest, process) {
            let done = std::mem::replace(process, Process::new());
            found.add(done.builder);
        }
        if !take(rest, process) {
            found.passed_over();
        }
    }
    for id in order {
        if let Some(process) = processes.remove(&id).filter(|process| process.builder.lines() > 0 || id == 0) {
            found.add(process.builder);
        }
    }
    found.finish()
}

/// Whether a line begins another conversation of the same process.
fn begins_anew(rest: &[u8], process: &Process) -> bool {
    use crate::smtp::Phase;
    if process.builder.lines() == 0 {
        return false;
    }
    let over = matches!(process.builder.phase(), Phase::Closed | Phase::Quit);
    let greeting = matches!(said(rest), Some(Said::Received(line) | Said::Sent(line)) if line.starts_with(b"220"));
    place(rest).is_some() || over && greeting
}

/// `Connecting to HOST [ADDRESS]:PORT …`.
fn place(rest: &[u8]) -> Option<String> {
    let words = text(rest.trim_ascii_start().strip_prefix(b"Connecting to ")?).into_owned();
    let host = between(&words, "[", "]")?.to_owned();
    let port: String = words.split_once("]:")?.1.chars().take_while(char::is_ascii_digit).collect();
    Some(address(&host, &port))
}

/// Takes a line in; false where it is no part of the conversation.
fn take(rest: &[u8], process: &mut Process) -> bool {
    let builder = &mut process.builder;
    if let Some(place) = place(rest) {
        process.server = Some(false);
        builder.connecting(&place);
        if rest.ends_with(b"connected") {
            builder.connected(&place, None);
        }
        failed(rest, builder);
        return true;
    }
    let words = rest.trim_ascii();
    match said(rest) {
        Some(Said::Received(line)) => {
            process.open = continues(line);
            let server = *process.server.get_or_insert(is_command(line));
            recorded(server, builder);
            speak(line, server, builder);
        }
        Some(Said::Sent(line)) => {
            process.open = continues(line);
            let server = *process.server.get_or_insert(is_reply(line));
            recorded(server, builder);
            if !server && line.starts_with(b"writing message and terminating") {
                builder.inferred("the message, which Exim does not show, and the dot that ends it");
                builder.client(b".");
            } else {
                speak(line, !server, builder);
            }
        }
        Some(Said::Ended(what)) => {
            builder.tool(&[b"SMTP", what].concat());
            let here = what.ends_with(b">>");
            builder.closed(if here { "client" } else { "server" });
        }
        None if process.open && is_reply(words) => {
            process.open = continues(words);
            speak(words, false, builder);
        }
        None if words == b"connected" => {
            let target = builder.target().unwrap_or("unknown").to_owned();
            builder.connected(&target, None);
        }
        None if builder.lines() == 0 && failed(words, builder) => {}
        None => return false,
    }
    true
}

/// Says who recorded it.
fn recorded(server: bool, builder: &mut Builder) {
    if server && builder.lines() == 0 {
        builder.by_server();
    }
}

/// Adds a line to a side.
fn speak(line: &[u8], by_client: bool, builder: &mut Builder) {
    if by_client {
        if builder.lines() == 0 {
            builder.inferred("the greeting before this line");
        }
        builder.client(line);
    } else {
        builder.open_for(line);
        builder.server(line);
    }
}

/// `failed: Connection refused`.
fn failed(words: &[u8], builder: &mut Builder) -> bool {
    let Some(at) = memchr::memmem::find(words, b"failed: ") else { return false };
    builder.error("connect", &words[at..]);
    true
}

fn continues(line: &[u8]) -> bool {
    is_reply(line) && line.get(3) == Some(&b'-')
}
