//! A text as it was before a mail program, an editor or a web page had it: what they put around its lines is taken off.
//!
//! Only where all of the file agrees, and said in words: nothing is guessed silently.

use std::borrow::Cow;

use super::lines::{is_command, is_reply, lines};
use super::{layout, prefix};

/// What was done to a text, as it is said.
const UTF16: &str = "the file was in UTF-16 and was read as such";
const UNBROKEN: &str = "the blanks that break no line (U+00A0), as a web page has them, were read as blanks";
const CR: &str = "its lines ended in CR alone and were parted there";
const COLOURED: &str = "the colours of its lines were taken off";
const PADDED: &str = "the blanks at the ends of its lines were taken off";
/// Said where line numbers count every second line of the file.
pub(super) const DOUBLED: &str = "the empty line after each line was taken off";
const PREFIXED: &str = "what stands before each line (a file's name, a container's, a number) was taken off";
pub(super) const TIMED: &str = "the time before each line was read, and taken off";
const ESCAPED: &str = "&lt;, &gt;, &amp; and &quot; were read as what they stand for";
const QUOTED: &str = "the quotation mark before each line was taken off";
const QUOTED_AGAIN: &str = "the quotation marks before each line were taken off, all levels of them";
pub(super) const HEADED: &str = "what a log has before each line (a time, a host, a program) was taken off";
const INDENTED: &str = "the blanks before each line were taken off";

/// The text, and what was taken off it.
pub(super) fn plain(octets: &[u8]) -> (Cow<'_, [u8]>, Vec<&'static str>) {
    let mut text = Cow::Borrowed(octets);
    let mut undone = Vec::new();
    let mut take = |text: &mut Cow<'_, [u8]>, by: fn(&[u8]) -> Option<Vec<u8>>, words| {
        if let Some(without) = by(text) {
            *text = Cow::Owned(without);
            undone.push(words);
        }
    };
    take(&mut text, from_utf16, UTF16);
    take(&mut text, parted, CR);
    take(&mut text, with_blanks, UNBROKEN);
    take(&mut text, layout::uncoloured, COLOURED);
    take(&mut text, layout::trimmed, PADDED);
    take(&mut text, layout::single_spaced, DOUBLED);
    take(&mut text, prefix::without, PREFIXED);
    take(&mut text, unescaped, ESCAPED);
    if !super::eml::looks(&text)
        && let Some((without, levels)) = unquoted(&text)
    {
        text = Cow::Owned(without);
        undone.push(if levels > 1 { QUOTED_AGAIN } else { QUOTED });
    }
    let mut take = |text: &mut Cow<'_, [u8]>, by: fn(&[u8]) -> Option<Vec<u8>>, words| {
        if let Some(without) = by(text) {
            *text = Cow::Owned(without);
            undone.push(words);
        }
    };
    take(&mut text, outdented, INDENTED);
    (text, undone)
}

/// Whether each line has a quotation mark before what is no line of a script.
pub(super) fn is_quoted(beginning: &[u8]) -> bool {
    unquoted(beginning).is_some()
}

/// UTF-16 as UTF-8: by its mark, or where every second octet of the beginning is 0.
fn from_utf16(octets: &[u8]) -> Option<Vec<u8>> {
    let start = &octets[..octets.len().min(200)];
    let zeros =
        |from: usize| start.iter().skip(from).step_by(2).filter(|octet| **octet == 0).count() * 5 > start.len() * 2;
    let little = octets.starts_with(b"\xff\xfe") || start.len() >= 8 && zeros(1);
    let big = octets.starts_with(b"\xfe\xff") || start.len() >= 8 && zeros(0);
    if little == big {
        return None;
    }
    let unit =
        |two: &[u8]| if little { u16::from_le_bytes([two[0], two[1]]) } else { u16::from_be_bytes([two[0], two[1]]) };
    let units = octets.chunks_exact(2).map(unit);
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.trim_start_matches('\u{feff}').into())
}

/// The text with common blanks, where most of its blanks are such as a web page or an editor puts in.
fn with_blanks(octets: &[u8]) -> Option<Vec<u8>> {
    const UNBROKEN: &[u8] = "\u{a0}".as_bytes();
    let count = memchr::memmem::find_iter(octets, UNBROKEN).count();
    if count < 4 || count < memchr::memchr_iter(b' ', octets).count() {
        return None;
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(octets, UNBROKEN) {
        out.extend_from_slice(&octets[from..at]);
        out.push(b' ');
        from = at + UNBROKEN.len();
    }
    out.extend_from_slice(&octets[from..]);
    Some(out)
}

/// Whether lines end in CR alone.
pub(super) fn is_unparted(octets: &[u8]) -> bool {
    let one_line = memchr::memchr2(b'\n', 0, octets).is_none();
    one_line && memchr::memchr_iter(b'\r', octets).nth(1).is_some()
}

/// Such lines parted.
fn parted(octets: &[u8]) -> Option<Vec<u8>> {
    is_unparted(octets).then(|| octets.iter().map(|octet| if *octet == b'\r' { b'\n' } else { *octet }).collect())
}

/// What was copied out of a page's source.
fn unescaped(octets: &[u8]) -> Option<Vec<u8>> {
    const MARKS: [&[u8]; 6] = [b"-&gt; ", b"~&gt; ", b"&lt;- ", b"&lt;~ ", b"&lt;**", b"&lt;~*"];
    let marked = |line: &[u8]| MARKS.iter().any(|mark| line.trim_ascii_start().starts_with(mark));
    if !lines(octets).take(400).any(|(_, line)| marked(line)) {
        return None;
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let known: [(&[u8], u8); 4] = [(b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&amp;", b'&')];
        let (name, octet) = known.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap_or((b"&", b'&'));
        out.push(octet);
        rest = &rest[name.len()..];
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// What other programs begin their lines with, and no script sends.
const FOREIGN: [&[u8]; 9] =
    [b"=== ", b"<- ", b"<~ ", b"<**", b"*   Trying ", b"< 220", b"<-- 220", b"reply: ", b"CONNECTED("];

/// Levels of quotation that are taken off.
const LEVELS: usize = 30;

/// The text without the marks that mail programs put before each line when they quote, and how many levels of them there
/// were. A script of ehlo's own has such marks, too: but what it sends is never a reply, nor what another program wrote.
fn unquoted(octets: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut text = Cow::Borrowed(octets);
    let mut found = None;
    for level in 1..=LEVELS {
        let Some((without, foreign)) = a_level_off(&text) else { break };
        let known = super::source(&without).is_some_and(|source| source.name != "message");
        if foreign || known {
            // What is known may be quoted still: `>> ` around curl's own `> `.
            found = Some((without.clone(), level));
        }
        if known && !without.starts_with(b">") {
            break;
        }
        text = Cow::Owned(without);
    }
    found
}

/// Lines of which each has `>` or `|` before it, or all but what somebody wrote around them, without it; and whether one
/// of them is a reply, or has another program's mark; behind `|` also one of a script.
fn a_level_off(octets: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mark = *lines(octets).filter_map(|(_, line)| line.first()).find(|first| matches!(first, b'>' | b'|'))?;
    let bare = |line: &[u8]| -> Option<usize> {
        match line {
            [] => Some(0),
            [first, b' ', ..] if *first == mark => Some(2),
            [first] if *first == mark => Some(1),
            // Some programs quote without a blank.
            [b'>', ..] if mark == b'>' => Some(1),
            _ => None,
        }
    };
    let is_foreign = |line: &[u8]| is_reply(line) || FOREIGN.iter().any(|mark| line.starts_with(mark));
    let (mut foreign, mut quoted) = (false, 0);
    let mut out = Vec::with_capacity(octets.len());
    for (_, line) in lines(octets) {
        let at = match bare(line) {
            Some(at) => at,
            // A conversation whose message quotes another is no quotation, nor is a script or a recording.
            None if is_foreign(line) || is_spoken(line) || is_recorded(line) => return None,
            None => 0,
        };
        foreign |= at > 0 && (is_foreign(&line[at..]) || mark == b'|' && is_of_script(&line[at..]));
        quoted += usize::from(at > 0);
        out.extend_from_slice(&line[at..]);
        out.push(b'\n');
    }
    let some = out.iter().any(|octet| !octet.is_ascii_whitespace() && !matches!(octet, b'>' | b'|' | b'*'));
    (quoted > 2 && some).then_some((out, foreign))
}

/// Whether a line is a command as it is sent, and no sentence that begins with such a word.
fn is_spoken(line: &[u8]) -> bool {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    let upper = line.iter().take_while(|octet| octet.is_ascii_alphabetic()).all(u8::is_ascii_uppercase);
    is_command(line) && (words <= 2 || upper || line.contains(&b'<'))
}

/// Whether a line is a command of a script's, or a reply that one expects.
fn is_of_script(line: &[u8]) -> bool {
    line.strip_prefix(b"> ").is_some_and(is_command) || line.strip_prefix(b"< ").is_some_and(is_reply)
}

/// Whether a line is one of a transcript of ehlo's own.
fn is_recorded(line: &[u8]) -> bool {
    let marked = matches!(line, [b'<' | b'?' | b'|', b' ', ..] | [b'|', b'@', ..]);
    let time = line.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b'.').count();
    line.starts_with(b"+++") || marked || time > 2 && line[..time].contains(&b'.') && line.get(time) == Some(&b' ')
}

/// Lines that all begin with so many blanks.
fn outdented(octets: &[u8]) -> Option<Vec<u8>> {
    let blanks = |line: &[u8]| line.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let full = || lines(octets).filter(|(_, line)| !line.trim_ascii().is_empty());
    let least = full().map(|(_, line)| blanks(line)).min().filter(|least| *least > 0)?;
    // A single line, or a block of swaks's sent lines, is no indented text.
    if full().nth(2).is_none()
        || full().all(|(_, line)| matches!(line.get(..3), Some(b" ->" | b" ~>" | b" -|" | b" ~|")))
    {
        return None;
    }
    let mut out = Vec::with_capacity(octets.len());
    for (_, line) in lines(octets) {
        out.extend_from_slice(line.get(least..).unwrap_or_default());
        out.push(b'\n');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(from: &[u8], to: &str, undone: &[&str]) {
        let (text, said) = plain(from);
        assert_eq!((String::from_utf8_lossy(&text), said.as_slice()), (to.into(), undone));
    }

    #[test]
    fn what_was_put_around_the_lines_is_taken_off_and_said() {
        let wide: Vec<u8> = "\u{feff}220 mx\r\nQUIT\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        becomes(&wide, "220 mx\r\nQUIT\r\n", &[UTF16]);
        let unmarked: Vec<u8> = "220 mx\nQUIT\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        becomes(&unmarked, "220 mx\nQUIT\n", &[UTF16]);
        becomes(b"220 mx\rQUIT\r221 bye\r", "220 mx\nQUIT\n221 bye\n", &[CR]);
        becomes(b"> 220 mx\n> QUIT\n>\n> 221 bye\n", "220 mx\nQUIT\n\n221 bye\n", &[QUOTED]);
        becomes(b"    220 mx\n    QUIT\n\n    221 bye\n", "220 mx\nQUIT\n\n221 bye\n", &[INDENTED]);
        becomes(b"Hi,\n\n> 220 mx\n> QUIT\n> 221 bye\n\nOtto\n", "Hi,\n\n220 mx\nQUIT\n221 bye\n\nOtto\n", &[QUOTED]);
        becomes(
            b"| === Trying h:25...\n| <-  220 mx\n|  -> QUIT\n",
            "=== Trying h:25...\n<-  220 mx\n -> QUIT\n",
            &[QUOTED],
        );
        becomes(
            b"| > AUTH PLAIN\n| < 334 \n| > AGR1ZGUAc2VjcmV0cGFzcw==\n",
            "> AUTH PLAIN\n< 334 \n> AGR1ZGUAc2VjcmV0cGFzcw==\n",
            &[QUOTED],
        );
        becomes(b"&lt;-  220 mx\n -&gt; MAIL FROM:&lt;a@b&gt;\n", "<-  220 mx\n -> MAIL FROM:<a@b>\n", &[ESCAPED]);
    }

    #[test]
    fn what_is_no_such_text_stays() {
        for text in [
            "> EHLO a\n> QUIT\n",
            "> EHLO a\n< 250\n> QUIT\n",
            "220 mx\n  indented\nQUIT\n",
            "220 mx\nDATA\n> 250 ok\n> 250 ok\n> x\n.\n",
            " -> EHLO a\n -> QUIT\n -> NOOP\n",
            "220 mx\nAT&amp;T\n",
            "",
            "\r",
        ] {
            becomes(text.as_bytes(), text, &[]);
        }
    }
}
