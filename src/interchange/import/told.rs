//! What a file is, by its beginning, where it is none that another program wrote: a transcript or a script of ehlo's own,
//! or a log of what became of messages.

use super::lines::{is_command, lines, text};
use super::{LOOKED_AT, page, plain, source};

/// Whether a file of this beginning is a transcript of ehlo's own, and not something to be imported.
#[must_use]
pub fn is_transcript(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || plain::is_unparted(text) {
        return false;
    }
    for (_, line) in lines(text) {
        match line.trim_ascii() {
            b"" => {}
            // A page may be called so.
            comment if comment.starts_with(b"# ehlo") => return !page::looks(text),
            [b'#', ..] if !line.starts_with(b"#Software:") && !line.starts_with(b"#Version:") => {}
            b"+++" => return true,
            _ if is_record(line) => return true,
            // Nothing puts it inside a message: it is quoted rather.
            b"|" | [b'|', b' ', ..] => return false,
            _ => return is_script(line) && !plain::is_quoted(text) && source(beginning).is_none() && !is_unsure(text),
        }
    }
    // Nothing but comments, or nothing at all.
    true
}

fn is_record(line: &[u8]) -> bool {
    let Some(end) = line.iter().position(|octet| *octet == b' ') else { return false };
    let time =
        line[..end].split(|octet| *octet == b'.').all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
    time && line[..end].contains(&b'.') && matches!(line.get(end + 1), Some(b'>' | b'<' | b'|' | b'*'))
}

/// Whether a line is one that a script begins with.
fn is_script(line: &[u8]) -> bool {
    matches!(line, [b'>' | b'<' | b'|' | b'*' | b'?'] | [b'>' | b'<' | b'|' | b'*' | b'?', b' ', ..])
        || line.starts_with(b"|@")
        || line.starts_with(b">>")
}

/// Whether nothing but `>` before the lines speaks for a script: no line expects, does or says anything else.
#[must_use]
pub fn only_sends(beginning: &[u8]) -> bool {
    let mut full = lines(beginning).map(|(_, line)| line).filter(|line| !line.is_empty());
    let named = lines(beginning).any(|(_, line)| line.starts_with(b"# ehlo") || line == b"+++");
    !named && full.all(|line| matches!(line.first(), Some(b'>' | b'#')))
}

/// Whether a file has lines with `>` alone, and its first is no command: rather a quotation of something.
pub(super) fn is_unsure(text: &[u8]) -> bool {
    let sent = lines(text).filter_map(|(_, line)| line.strip_prefix(b"> "));
    let first = sent.map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    let marked = lines(text).any(|(_, line)| matches!(line.first(), Some(b'<' | b'?' | b'|' | b'*')));
    !marked && first.is_some_and(|first| !is_command(first) && !first.starts_with(b"{{"))
}

/// Whether it is a log of what became of messages: Postfix's, or Exim's main log.
pub(super) fn is_mail_log(octets: &[u8]) -> bool {
    let is_one = |line: &[u8]| {
        let text = text(line);
        let postfix = text.contains(" postfix/") && text.contains("]: ");
        postfix
            || ["<=", "=>", "**", "==", "Completed", "SMTP connection from"]
                .iter()
                .any(|flag| text.get(20..).is_some_and(|rest| rest.contains(flag)))
                && text.starts_with("20")
    };
    lines(&octets[..octets.len().min(LOOKED_AT)]).take(50).filter(|(_, line)| is_one(line)).nth(2).is_some()
}
