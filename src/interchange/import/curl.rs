//! curl -v: `* ` the tool, `> ` sent, `< ` received, `{ ` and `} ` counts of octets, and a progress meter in between.

use crate::conversation::event::Remark;
use crate::conversation::file::Document;

use super::Unread;
use super::builder::Content;
use super::lines::{DayClock, between, is_base64_answer, is_call, is_command, is_reply, text, time_of_day, without_cr};
use super::sessions::Sessions;
use super::sides::is_over;
use super::text::Text;

/// The mark of a line, with the time before it and what follows.
fn mark(line: &[u8]) -> (Option<i64>, Option<u8>, &[u8]) {
    let (at, mut rest) = match time_of_day(line) {
        Some((at, rest)) => (Some(at), rest.trim_ascii_start()),
        None => (None, line),
    };
    // --trace-ids: [transfer-connection].
    if rest.first() == Some(&b'[')
        && let Some(end) = rest.iter().take(24).position(|octet| *octet == b']')
        && rest[1..end].iter().all(|octet| octet.is_ascii_digit() || matches!(octet, b'-' | b'x'))
    {
        rest = rest[end + 1..].trim_ascii_start();
    }
    match rest {
        [mark @ (b'*' | b'<' | b'>' | b'{' | b'}'), b' ', tail @ ..] => (at, Some(*mark), tail),
        [mark @ (b'<' | b'>')] => (at, Some(*mark), b""),
        _ => (at, None, line),
    }
}

/// The lines of the file with their numbers. The progress meter goes back to the line's start with a CR alone.
fn pieces(octets: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    super::lines::lines(octets).flat_map(|(number, line)| {
        without_cr(line)
            .split(|octet| *octet == b'\r')
            .filter(|piece| !piece.is_empty())
            .map(move |piece| (number, piece))
    })
}

/// A piece without the meter that stands before its mark.
fn without_meter(piece: &[u8]) -> Option<&[u8]> {
    const END: &[u8] = b"--:--:-- ";
    if piece.starts_with(b"  % Total") || piece.trim_ascii_start().starts_with(b"Dload  Upload") {
        return None;
    }
    let meter = piece.first().is_some_and(|octet| matches!(octet, b' ' | b'0'..=b'9'));
    let clock = memchr::memmem::find(piece, b"--:--").is_some()
        || memchr::memchr_iter(b':', piece).count() >= 4 && time_of_day(piece).is_none();
    if !meter || !clock {
        return Some(piece);
    }
    let from = memchr::memmem::rfind(piece, END).map_or(0, |at| at + END.len());
    let at = piece[from..].iter().position(|octet| matches!(octet, b'*' | b'<' | b'>' | b'{' | b'}'))?;
    Some(&piece[from + at..])
}

/// Whether lines of curl's are there, and an SMTP server's.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let (mut tool, mut reply) = (false, false);
    for (_, piece) in pieces(beginning).take(2000) {
        let Some(piece) = without_meter(piece) else { continue };
        match mark(piece) {
            (_, Some(b'*'), rest) => {
                tool |= rest.starts_with(b"  Trying ")
                    || rest.starts_with(b" Trying ")
                    || rest.starts_with(b"Trying ")
                    || rest.starts_with(b"Connected to ")
                    || rest.starts_with(b"Established connection to ")
                    || rest.starts_with(b"Host ")
                    || rest.starts_with(b"Could not resolve host")
                    || rest.starts_with(b"Rebuilt URL")
                    || rest.starts_with(b"Uses proxy")
                    || rest.starts_with(b"Connection #");
            }
            (_, Some(b'<'), rest) => reply |= is_reply(rest),
            (_, Some(b'{' | b'}'), rest) => tool |= rest.starts_with(b"[") && rest.ends_with(b" bytes data]"),
            (_, None, rest) => tool |= rest.starts_with(b"curl: ("),
            _ => {}
        }
        if tool && reply {
            return true;
        }
    }
    tool
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("curl", Content::Hidden).timed(octets);
    let mut clock = DayClock::default();
    let (mut tls, mut failed) = (None, false);
    for (number, piece) in pieces(octets) {
        found.at(number);
        let Some(piece) = without_meter(piece) else { continue };
        let (at, mark, rest) = mark(piece);
        if let Some(at) = at {
            found.current().clock(clock.at(at));
        }
        if matches!(mark, Some(b'<' | b'>'))
            && let Some(tls) = tls.take()
        {
            found.current().remark(tls);
        }
        match mark {
            Some(b'*') => {
                failed &= !rest.trim_ascii_start().starts_with(b"Trying ");
                said(rest, &mut found, &mut tls);
            }
            Some(b'>') if is_typed(rest, failed, &mut found) => found.unread_full(number, rest, TYPED),
            Some(b'>') => found.current().client(rest),
            Some(b'<') => {
                let builder = if rest.starts_with(b"220") { found.greeted() } else { found.current() };
                builder.open_for(rest);
                builder.server(rest);
            }
            Some(_) => counted(rest, &mut found),
            None if rest.starts_with(b"curl: (") => {
                failed = true;
                found.current().error("curl", rest);
            }
            None if rest.trim_ascii().is_empty() => {}
            None => found.unread(number, rest, "none of curl's marks * > < { }"),
        }
    }
    if let Some(tls) = tls.take() {
        found.current().remark(tls);
    }
    found.finish()
}

/// What is said of a line that a shell was told.
const TYPED: &str = "no line of the conversation: what a shell was told behind a prompt that is curl's mark too";

/// Whether a line behind `>` is what a shell was told, whose prompt may look so: before the server has said anything, after
/// the end, or the call of a program. Such a line may hold a password.
fn is_typed(line: &[u8], failed: bool, found: &mut Sessions) -> bool {
    if is_command(line) {
        return false;
    }
    let begun = found.has_current() && found.current().is_greeted();
    let over = failed || begun && is_over(found.current());
    over || is_call(line) || !begun && !is_base64_answer(line)
}

/// `[56 bytes data]`: of the message, where one is awaited and the line is not encrypted; else of TLS's own records.
fn counted(rest: &[u8], found: &mut Sessions) {
    let builder = found.current();
    if builder.in_content() && !builder.fold().session.tls {
        let words = text(rest);
        if let Some(bytes) = between(&words, "[", " bytes data]").and_then(|n| n.parse::<u64>().ok()) {
            builder.remark(Remark::new("content").with("bytes", bytes).with("shown", "no"));
        }
    }
}

/// What curl says of the connection.
pub(super) fn said(words: &[u8], found: &mut Sessions, tls: &mut Option<Remark>) {
    let said = text(words);
    let said = said.trim();
    if let Some(place) = said.strip_prefix("Trying ") {
        found.connecting().connecting(place.trim_end_matches("..."));
    } else if said.starts_with("Connected to ") || said.starts_with("Established connection to ") {
        let host = between(said, "(", ")").unwrap_or_default();
        let host = host.split(" port ").next().unwrap_or_default();
        let port: String =
            between(said, " port ", " ").unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        found.current().connected(&super::lines::address(host, &port), None);
    } else if let Some(what) = said.strip_prefix("SSL connection using ") {
        let mut parts = what.split(" / ");
        let mut remark = Remark::new("tls");
        for key in ["version", "cipher"] {
            if let Some(part) = parts.next() {
                remark = remark.with(key, part);
            }
        }
        *tls = Some(remark);
    } else if let Some(result) = said.strip_prefix("SSL certificate verify ") {
        if let Some(remark) = tls.take() {
            let verified = result.starts_with("ok");
            let reason = between(result, "result: ", ", continuing").unwrap_or(result).trim_end_matches('.');
            let remark = remark.with("verified", if verified { "yes" } else { "no" });
            *tls = Some(if verified { remark } else { remark.with("reason", reason) });
        }
        found.current().tool(words);
    } else if said.starts_with("Closing connection") || said.starts_with("shutting down connection") {
        found.current().closed("client");
    } else if said.contains(", TLS handshake,") || said.contains(", TLS change cipher,") {
        found.passed_over();
    } else if said.starts_with("connect to ")
        || said.starts_with("Failed to connect")
        || said.starts_with("Could not resolve")
    {
        found.current().error("connect", words);
    } else {
        found.current().tool(words);
    }
}
