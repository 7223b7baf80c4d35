//! Judges what reached the terminal: only text and the sequences that the program itself has a use for.

use ehlo::smtp::escape::is_plain;

/// Private modes that the workbench switches: cursor, mouse, alternate screen, bracketed paste.
const MODES: [u32; 8] = [25, 1000, 1002, 1003, 1006, 1015, 1049, 2004];

/// Looks at every octet that was written to a terminal.
///
/// # Errors
/// Words for the first thing that has no business there.
pub(crate) fn terminal(raw: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(raw).map_err(|error| {
        let from = error.valid_up_to().saturating_sub(20);
        let to = (error.valid_up_to() + 20).min(raw.len());
        format!("invalid UTF-8 reached the terminal: {}", raw[from..to].escape_ascii())
    })?;
    let mut marks = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\x1b' => rest = sequence(rest)?,
            '\r' | '\n' => {}
            c if is_plain(c) => {
                marks = if unicode_width::UnicodeWidthChar::width(c) == Some(0) { marks + 1 } else { 0 };
                if marks > 16 {
                    return Err("a pile of combining marks reached the terminal".to_owned());
                }
            }
            other => return Err(format!("{} reached the terminal", other.escape_unicode())),
        }
    }
    Ok(())
}

/// One sequence after its ESC; gives what follows it.
fn sequence(rest: &str) -> Result<&str, String> {
    let wrong = || format!("ESC {} reached the terminal", rest.chars().take(20).collect::<String>().escape_debug());
    let body = rest.strip_prefix('[').ok_or_else(wrong)?;
    let end = body.find(|c: char| !matches!(c, '0'..='9' | ';' | ':' | '?')).ok_or_else(wrong)?;
    let (parameters, end) = (&body[..end], &body[end..]);
    let numbers = |text: &str| text.split([';', ':']).map(|n| n.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
    let fits = match (parameters.strip_prefix('?'), end.chars().next()) {
        (Some(modes), Some('h' | 'l')) => numbers(modes).iter().all(|mode| MODES.contains(mode)),
        (None, Some('m')) => numbers(parameters).iter().all(|n| *n <= 255),
        (None, Some('H' | 'J' | 'K' | 'A' | 'B' | 'C' | 'D' | 'G' | 'd')) => {
            numbers(parameters).iter().all(|n| *n <= 500)
        }
        _ => false,
    };
    if fits { Ok(&end[1..]) } else { Err(wrong()) }
}

/// Looks at what was written to standard output or standard error: text and line feeds.
///
/// # Errors
/// Words for the first thing that has no business there.
pub(crate) fn stream(octets: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(octets).map_err(|error| format!("invalid UTF-8 was written: {error}"))?;
    match text.chars().find(|c| *c != '\n' && !is_plain(*c)) {
        Some(c) => Err(format!("{} was written", c.escape_unicode())),
        None => Ok(()),
    }
}

#[test]
fn what_a_peer_would_send_is_told_from_what_the_workbench_writes() {
    for fine in ["\x1b[?1049h\x1b[2J\x1b[1;1Hehlo\x1b[38;5;123m ä┌\x1b[0m", "a\r\n"] {
        assert_eq!(terminal(fine.as_bytes()), Ok(()), "{fine:?}");
    }
    let bad: [&[u8]; 12] = [
        b"\x1b]0;x\x07",
        b"\x1b]52;c;eA==\x1b\\",
        b"\x1bPq\x1b\\",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[?47h",
        b"\x1b[31337m",
        b"\x9b31m",
        b"\xc2\x9b31m",
        b"\xe2\x80\xae",
        b"\x07",
        b"\x1bc",
    ];
    for octets in bad {
        assert!(terminal(octets).is_err(), "{}", octets.escape_ascii());
    }
    assert!(stream(b"\x1b[0m").is_err() && stream(b"a\nb").is_ok());
}
