//! One line of a recording: its time, its sigil, and the rest with escapes undone.

use crate::conversation::event::Micros;

use crate::conversation::log::{Kind, Log};
use crate::smtp::escape;
use crate::smtp::secret::MARKER as AUTH;

use super::error::{LineError, Problem, found};
use super::script::{ScriptLine, next_marker, without_continuation};

/// Reads a line of the body (without its end) into the log. `scratch` is only there to be used again.
///
/// # Errors
/// What is not as the format has it, with its place; the log is then as before.
pub(super) fn read(line: &[u8], scratch: &mut Vec<u8>, log: &mut Log) -> Result<(), LineError> {
    match line.first() {
        Some(b'0'..=b'9') => timed(line, scratch, log),
        None | Some(b'#') => {
            log.push_octets(Kind::Comment, None, line, true, false);
            Ok(())
        }
        Some(b'>' | b'|' | b'<' | b'*' | b'?') => {
            ScriptLine::parse(line)?;
            log.push_octets(Kind::Script, None, line, true, false);
            Ok(())
        }
        Some(_) if line.trim_ascii().is_empty() => {
            log.push_octets(Kind::Comment, None, line, true, false);
            Ok(())
        }
        Some(_) => Err(LineError::new(0, Problem::Start(found(line, 0)))),
    }
}

fn timed(line: &[u8], scratch: &mut Vec<u8>, log: &mut Log) -> Result<(), LineError> {
    let (at, sigil_at) = time(line)?;
    let kind = match line.get(sigil_at) {
        Some(b'>') => Kind::Sent,
        Some(b'|') => Kind::Content,
        Some(b'<') => Kind::Received,
        Some(b'*') => Kind::Remark,
        Some(b'?') => return Err(LineError::new(sigil_at, Problem::ScriptOnly("`?`".to_owned()))),
        _ => return Err(LineError::new(sigil_at, Problem::Sigil(found(line, sigil_at)))),
    };
    let start = sigil_at + 2;
    let rest = match line.get(sigil_at + 1) {
        None => &[],
        Some(b' ') => &line[start..],
        Some(b'@') if kind == Kind::Content => return Err(script_only(line, sigil_at)),
        Some(b'>') if kind == Kind::Sent => return Err(script_only(line, sigil_at)),
        Some(_) => {
            let sigil = char::from(line[sigil_at]).to_string();
            return Err(LineError::new(start - 1, Problem::Space { found: found(line, start - 1), sigil }));
        }
    };
    if kind == Kind::Remark {
        markers(rest, start)?;
        log.push_octets(kind, Some(at), rest, true, false);
        return Ok(());
    }
    if memchr::memchr2(b'\\', b'{', rest).is_none() {
        log.push_octets(kind, Some(at), rest, true, false);
        return Ok(());
    }
    let (text, crlf) = without_continuation(rest);
    let masked = markers(text, start)?;
    scratch.clear();
    escape::from_file(text, scratch).map_err(|bad| LineError::escape(start, &bad))?;
    log.push_octets(kind, Some(at), if masked { text } else { scratch }, crlf, masked);
    Ok(())
}

fn script_only(line: &[u8], at: usize) -> LineError {
    LineError::new(at, Problem::ScriptOnly(found(line, at)))
}

/// Whether a recorded text holds `{{auth}}`; any other marker is an error.
fn markers(text: &[u8], start: usize) -> Result<bool, LineError> {
    let (mut from, mut masked) = (0, false);
    while let Some(at) = next_marker(text, from) {
        if !text[at..].starts_with(AUTH) {
            return Err(LineError::new(start + at, Problem::Marker(found(text, at))));
        }
        masked = true;
        from = at + AUTH.len();
    }
    Ok(masked)
}

/// The time at the start of a line, and where what follows its space begins. More than six decimals are cut.
fn time(line: &[u8]) -> Result<(Micros, usize), LineError> {
    let bad = || LineError::new(0, Problem::Time(found(line, 0)));
    let mut at = 0;
    let mut seconds: u64 = 0;
    while let Some(digit @ b'0'..=b'9') = line.get(at) {
        seconds = seconds.checked_mul(10).and_then(|s| s.checked_add(u64::from(digit - b'0'))).ok_or_else(bad)?;
        at += 1;
    }
    let mut micros = 0;
    if line.get(at) == Some(&b'.') {
        let point = at;
        at += 1;
        let mut unit = 100_000;
        while let Some(digit @ b'0'..=b'9') = line.get(at) {
            micros += unit * u64::from(digit - b'0');
            unit /= 10;
            at += 1;
        }
        if at == point + 1 {
            return Err(bad());
        }
    }
    match line.get(at) {
        Some(b' ') => {}
        None => return Err(LineError::new(at, Problem::Sigil(found(line, at)))),
        Some(_) => return Err(bad()),
    }
    let total = seconds.checked_mul(1_000_000).and_then(|s| s.checked_add(micros)).ok_or_else(bad)?;
    Ok((Micros(total), at + 1))
}

/// Whether a line begins as a recorded one does: a time and a sigil.
pub(super) fn is_record(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_digit)
        && time(line).is_ok_and(|(_, at)| matches!(line.get(at), Some(b'>' | b'|' | b'<' | b'*')))
}
