//! Conversations for tests, written as a file has them.

use super::{Event, Line, Log, Micros, Remark};

/// The file of a conversation whose ehlo was killed while it waited for a reply.
pub(crate) const KILLED: &str = "+++\nehlo = 1\nstarted = 2026-11-23T14:02:00.000Z\n+++\n0.0 * connecting a\n\
    0.0 * connected a\n0.0 < 220 mx\n0.0 > EHLO a\n0.0 < 250 mx\n0.0 > NOOP\n";

/// What a line such as `> NOOP`, `< 250 ok`, `| text` or `* connected a` is; `\n`, `\e` and the other escapes are
/// read, a trailing `\c` means that no CR LF follows.
pub(crate) fn event(line: &str) -> Event {
    let (sigil, rest) = line.split_at(1);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    if sigil == "*" {
        return Event::Remark(Remark::parse(rest));
    }
    let masked = rest.contains("{{auth}}");
    let (text, crlf) = rest.strip_suffix("\\c").map_or((rest, true), |text| (text, false));
    let mut bytes = Vec::new();
    crate::smtp::escape::from_file(text.as_bytes(), &mut bytes).expect("a sample is well formed");
    let line = Line { bytes, crlf, masked };
    match sigil {
        ">" => Event::Sent(line),
        "|" => Event::Content(line),
        "<" => Event::Received(line),
        other => panic!("{other} begins no sample line"),
    }
}

/// The events of such lines, in order; blank lines and the spaces before a line do not count.
pub(crate) fn events(text: &str) -> impl Iterator<Item = Event> + '_ {
    text.lines().map(str::trim_start).filter(|line| !line.is_empty()).map(event)
}

/// Adds such lines to a log, each so long after the one before.
pub(crate) fn add(log: &mut Log, text: &str, apart: Micros) {
    for event in events(text) {
        log.push(Micros(log.len() as u64 * apart.0), &event);
    }
}

/// A log of such lines, a millisecond apart.
pub(crate) fn log(text: &str) -> Log {
    let mut log = Log::new();
    add(&mut log, text, Micros(1000));
    log
}
