//! Secrets that an import would keep, since the session does not say that they are any: a mistyped AUTH, a password typed
//! at a server that asked for none, credentials for a proxy.

use crate::conversation::mask::is_login;
use crate::smtp::sasl;

use super::lines::{is_base64_answer, is_command};

/// Where a line of the client's begins to be secret by its look.
pub(super) fn begins(line: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(line);
    if let Some(at) = find_ignoring_case(line, b"uthorization:") {
        return Some(at + b"uthorization:".len());
    }
    if is_command(line) || text.len() != line.len() {
        return None;
    }
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((&text, ""));
    let upper = word.trim_matches(':').to_ascii_uppercase();
    let has_rest = !rest.trim().is_empty();
    if has_rest && is_login(word) {
        return Some(word.len() + 1);
    }
    // With a tag before it, as IMAP has it.
    if let Some((second, behind)) = rest.split_once(' ')
        && is_login(second)
    {
        return Some(line.len() - behind.len());
    }
    let mechanism = ["PLAIN", "LOGIN", "XOAUTH", "CRAM", "NTLM", "BEARER"].iter().find_map(|name| upper.find(name));
    let login = upper.starts_with("AUTH") || mechanism.is_some() || is_typo(&upper);
    if login && has_rest {
        // `AUTHPLAIN c2Vj…`, `AUTH-LOGIN c2Vj…`, `ATUH PLAIN c2Vj…`: a mechanism's name is no secret.
        let (second, behind) = rest.trim_start().split_once([' ', '\t']).unwrap_or((rest.trim_start(), ""));
        let named = sasl::known(second).is_some();
        let kept = if named { line.len() - behind.len() } else { line.len() - rest.trim_start().len() };
        return (kept < line.len()).then_some(kept);
    }
    let mut at = 0;
    for word in text.split(' ') {
        if at > 0 && (is_base64_answer(word.as_bytes()) || is_long_code(word)) {
            return Some(at);
        }
        at += word.len() + 1;
    }
    None
}

/// One letter too many, too few or another than in AUTH, or two in the wrong order.
fn is_typo(word: &str) -> bool {
    let letters = word.as_bytes();
    let swapped = |at: usize| {
        let mut auth = *b"AUTH";
        auth.swap(at, at + 1);
        letters == auth
    };
    let without = |word: &[u8], at: usize| [&word[..at], &word[at + 1..]].concat();
    match letters.len() {
        3 => (0..4).any(|at| without(b"AUTH", at) == letters),
        4 => (0..3).any(swapped) || letters.iter().zip(b"AUTH").filter(|(a, b)| a != b).count() == 1,
        5 => (0..5).any(|at| without(letters, at) == b"AUTH"),
        _ => false,
    }
}

/// Letters of base64 that are no word of a language, whole or cut.
fn is_long_code(word: &str) -> bool {
    let bytes = word.trim_end_matches('=').as_bytes();
    bytes.len() >= 12
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        && bytes.iter().any(u8::is_ascii_lowercase)
        && bytes[1..].iter().any(u8::is_ascii_uppercase)
}

/// Whether a reply of this code is a verdict on a log-in: what it answers carried one.
pub(super) fn is_verdict(code: u16) -> bool {
    matches!(code, 235 | 334 | 432 | 534 | 535 | 538)
}

fn find_ignoring_case(line: &[u8], what: &[u8]) -> Option<usize> {
    line.windows(what.len()).position(|window| window.eq_ignore_ascii_case(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_hides_is_told_by_its_look() {
        for (line, shown) in [
            ("AUTHPLAIN AGR1ZGUAc2VjcmV0cGFzcw==", "AUTHPLAIN "),
            ("AUTH-PLAIN AGR1ZGUAc2VjcmV0cGFzcw==", "AUTH-PLAIN "),
            ("AUHT PLAIN hunter2", "AUHT PLAIN "),
            ("ATH LOGIN c2VjcmV0", "ATH LOGIN "),
            ("PASS hunter2", "PASS "),
            ("LOGIN dude hunter2", "LOGIN "),
            ("a1 LOGIN c2VjcmV0cGFzcw", "a1 LOGIN "),
            ("Proxy-Authorization: Basic ZHVkZTpwdw==", "Proxy-Authorization:"),
            ("FOO bar c2VjcmV0cGFzcw==", "FOO bar "),
        ] {
            assert_eq!(begins(line.as_bytes()).map(|at| &line[..at]), Some(shown), "{line}");
        }
        for line in
            ["MAIL FROM:<a@b> AUTH=<>", "EHLO mail.example.com", "AUTHPLAIN", "XFOO bar", "", "BURL imap://x", "ACTH"]
        {
            assert_eq!(begins(line.as_bytes()), None, "{line}");
        }
    }
}
