//! Python's smtplib with `set_debuglevel`: what was sent and received as Python literals, with a clock from level 2 on.

use crate::conversation::event::Remark;
use crate::conversation::file::Document;

use super::Unread;
use super::builder::Content;
use super::clock::{Clocks, Moment, moment};
use super::lines::{lines, text};
use super::sessions::Sessions;
use super::text::Text;

/// What a line is.
enum Said<'a> {
    Send(&'a [u8]),
    Reply(&'a [u8]),
    /// `reply: retcode …`, `data: (…)`: of replies that were shown already.
    Again,
    Connect(&'a [u8]),
    Other,
}

fn said(line: &[u8]) -> (Option<Moment>, Said<'_>) {
    let (at, rest) = moment(line).map_or((None, line), |(at, rest)| (Some(at), rest));
    // A logger puts its level and its name behind the time.
    let named =
        |at: &usize| ["send: ", "reply: ", "connect: "].iter().any(|word| rest[*at..].starts_with(word.as_bytes()));
    let start = (1..rest.len().min(60)).filter(|at| rest[at - 1] == b' ').find(named);
    let rest = start.filter(|_| at.is_some()).map_or(rest, |start| &rest[start..]);
    let after = |word: &[u8]| rest.strip_prefix(word).map(<[u8]>::trim_ascii);
    let said = if let Some(literal) = after(b"send: ") {
        Said::Send(literal)
    } else if let Some(literal) = after(b"reply: ") {
        if literal.starts_with(b"retcode") { Said::Again } else { Said::Reply(literal) }
    } else if after(b"data: (").is_some() {
        Said::Again
    } else if let Some(rest) = after(b"connect: ") {
        Said::Connect(rest)
    } else {
        Said::Other
    };
    (at, said)
}

/// Whether there are such lines.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let is_one = |line: &[u8]| match said(line).1 {
        Said::Send(literal) | Said::Reply(literal) => literal_of(literal).is_some(),
        Said::Connect(rest) => rest.starts_with(b"to ("),
        _ => false,
    };
    lines(beginning).take(400).filter(|(_, line)| is_one(line)).nth(1).is_some()
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("smtplib", Content::Shown);
    let mut clocks = Clocks::default();
    for (number, line) in lines(octets) {
        found.at(number);
        let (at, said) = said(line);
        let begins = matches!(said, Said::Send(_) | Said::Reply(_));
        if let (Some(at), true) = (at, begins || found.has_current()) {
            clocks.set(at, found.current());
        }
        match said {
            Said::Send(literal) => match literal_of(literal) {
                Some(octets) => found.current().client_octets(&octets),
                None => found.unread(number, line, "what was sent is no literal of Python's"),
            },
            Said::Reply(literal) => match literal_of(literal) {
                Some(octets) => {
                    let builder = if octets.starts_with(b"220") { found.greeted() } else { found.current() };
                    builder.open_for(&octets);
                    builder.server_octets(&octets);
                }
                None => found.unread(number, line, "the reply is no literal of Python's"),
            },
            Said::Connect(rest) => connect(rest, at, &mut clocks, &mut found),
            Said::Again => {}
            Said::Other if line.trim_ascii().is_empty() => {}
            Said::Other => found.unread(number, line, "not one of smtplib's send:, reply:, connect:, data:"),
        }
    }
    found.finish()
}

/// `to ('127.0.0.1', 2601) None`, in older releases `('127.0.0.1', 25)`; or a greeting, which was shown already.
fn connect(rest: &[u8], at: Option<Moment>, clocks: &mut Clocks, found: &mut Sessions) {
    let rest = text(rest);
    let Some((host, rest)) = rest.trim_start_matches("to ").strip_prefix('(').and_then(|rest| rest.split_once(','))
    else {
        return;
    };
    let port: String = rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let host = host.trim_matches(['\'', '"', 'u']);
    // Python 2 shows the code and text of the greeting the same way.
    if host.bytes().all(|b| b.is_ascii_digit()) || port.is_empty() {
        return;
    }
    let address = super::lines::address(host, &port);
    let builder = found.connecting();
    if let Some(at) = at {
        clocks.set(at, builder);
    }
    builder.connecting(&address);
    builder.remark(Remark::new("connected").value(address));
}

/// What a literal of Python's stands for: `'…'`, `b"…"`; none where it is not one whole literal.
pub(super) fn literal_of(literal: &[u8]) -> Option<Vec<u8>> {
    let bytes = matches!(literal.first(), Some(b'b' | b'B'));
    let literal = literal.strip_prefix(b"b").or_else(|| literal.strip_prefix(b"u")).unwrap_or(literal);
    let quote = *literal.first().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let mut out = Vec::with_capacity(literal.len());
    let mut rest = &literal[1..];
    loop {
        let (first, tail) = rest.split_first()?;
        rest = tail;
        match *first {
            octet if octet == quote => return rest.trim_ascii().is_empty().then_some(out),
            b'\\' => rest = escape(rest, bytes, &mut out)?,
            octet => out.push(octet),
        }
    }
}

/// What follows a backslash; gives the rest behind it.
fn escape<'a>(rest: &'a [u8], bytes: bool, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, tail) = rest.split_first()?;
    let digits = match kind {
        b'x' => 2,
        b'u' if !bytes => 4,
        b'U' if !bytes => 8,
        _ => 0,
    };
    if digits > 0 {
        let number = u32::from_str_radix(std::str::from_utf8(tail.get(..digits)?).ok()?, 16).ok()?;
        if bytes {
            out.push(u8::try_from(number).ok()?);
        } else {
            out.extend_from_slice(char::from_u32(number)?.to_string().as_bytes());
        }
        return Some(&tail[digits..]);
    }
    out.push(match kind {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'0' => 0,
        other => *other,
    });
    Some(tail)
}
