//! Secrets in lines that the session takes for commands: answers to an AUTH that was refused or mistyped, or that was never
//! sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::lint::{is_meant_as_verb, looks_like_secret};
use crate::smtp::{sasl, verb};

/// Commands by which other protocols log in, and behind which a password stands.
const LOGINS: [&str; 6] = ["PASS", "PASSWORD", "PASSWD", "PWD", "LOGIN", "AUTHENTICATE"];

/// How near at hand it is that a line is an answer to an AUTH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// No AUTH was sent, or one has succeeded.
    No,
    /// An AUTH was refused, and commands have followed.
    Once,
    /// An AUTH waits for its reply, or was refused and no command has followed.
    Next,
}

/// Whether the word begins a command by which other protocols log in.
pub(crate) fn is_login(word: &str) -> bool {
    LOGINS.iter().any(|login| login.eq_ignore_ascii_case(word.trim_matches(':')))
}

/// Whether a word begins a log-in in place of AUTH: another protocol's command, or the mechanism alone. A server may even
/// offer it so, as a keyword of its own.
pub(super) fn logs_in(word: &str) -> bool {
    is_login(word) || sasl::known(word).is_some()
}

/// Where a line whose first word is no verb of the session's begins to be secret.
pub(super) fn begins(line: &[u8], word: &str, expected: Expected) -> Option<usize> {
    if verb::is_known(word) {
        return None;
    }
    if let Some((_, end)) = mistyped(line, word) {
        return behind(line, end);
    }
    let start = line.len() - line.trim_ascii_start().len();
    let rest = behind(line, start + word.len());
    if rest.is_some() && logs_in(word) {
        return rest;
    }
    let alone = rest.is_none();
    let looks = looks_like_secret(line);
    if expected != Expected::Next {
        let answers = looks || (expected == Expected::Once && is_short_base64(word));
        return (alone && answers).then_some(0);
    }
    // A token, or the parts of PLAIN as they are typed behind a dollar.
    let parts =
        [b"Bearer ".as_slice(), b"\\0", b"\0"].into_iter().any(|part| memchr::memmem::find(line, part).is_some());
    let answers = line.trim_ascii() != b"*" && (word.starts_with('$') || parts || (alone && could_answer(word)));
    if answers { Some(0) } else { looks.then(|| first_secret(line)).flatten() }
}

/// The mechanism that a mistyped AUTH names, and where it ends in the line: `AUHT PLAIN`, `AUTHPLAIN`, `AUTH-PLAIN`.
pub(super) fn mistyped<'a>(line: &'a [u8], word: &str) -> Option<(&'a str, usize)> {
    let start = line.len() - line.trim_ascii_start().len();
    let glued = word.get(..4).filter(|auth| auth.eq_ignore_ascii_case("AUTH")).map(|_| &word[4..]);
    if glued.is_some_and(|rest| sasl::known(rest.trim_start_matches(['-', '_', ':', '='])).is_some()) {
        let end = start + word.len();
        let name = std::str::from_utf8(line.get(start + 4..end)?).ok()?;
        return Some((name.trim_start_matches(['-', '_', ':', '=']), end));
    }
    let near = (3..=5).contains(&word.len()) && crate::smtp::nearest(word, ["AUTH"], |_, _| 1).is_some();
    let from = behind(line, start + word.len()).filter(|_| near)?;
    let name = line[from..].split(u8::is_ascii_whitespace).next().and_then(|name| std::str::from_utf8(name).ok())?;
    sasl::known(name).map(|_| (name, from + name.len()))
}

/// Whether a line whose beginning may be missing may be the end of a credential: it is one word of base64's letters, and
/// not one of capitals alone, as verbs are.
pub(super) fn may_be_rest(line: &[u8]) -> bool {
    let letters = line.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'='));
    letters && !line.is_empty() && !line.iter().all(u8::is_ascii_uppercase)
}

/// Where something stands behind this place and the spaces after it.
fn behind(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    let gap = rest.len() - rest.trim_ascii_start().len();
    (gap < rest.len()).then_some(at + gap)
}

/// Whether a lone word could be an answer: it is none of the mistyped commands, fields of a header and the like that
/// people type there.
fn could_answer(word: &str) -> bool {
    let glued = word.contains('<') || word.split_once(':').is_some_and(|(name, _)| is_command_or_field(name));
    !word.is_empty() && word != "." && !glued && !is_meant_as_verb(word)
}

/// Whether a word is base64 that is too short to tell a credential from a name by its look alone.
fn is_short_base64(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.bytes().any(|octet| test(&octet));
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    word.len() >= 8 && mixed && STANDARD.decode(word).is_ok()
}

fn is_command_or_field(name: &str) -> bool {
    let field = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|octet| octet.is_ascii_alphabetic() || octet == b'-');
    field || verb::is_known(name)
}

fn first_secret(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    for word in line.split(u8::is_ascii_whitespace) {
        if looks_like_secret(word) {
            return Some(at);
        }
        at += word.len() + 1;
    }
    None
}
