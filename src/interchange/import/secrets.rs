//! Secrets that an import would keep, since the session does not say that they are any: a mistyped AUTH, a password typed
//! at a server that asked for none, credentials for a proxy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::conversation::mask::{initial_response, is_login};
use crate::smtp::lint::looks_like_secret;
use crate::smtp::sasl;

use super::lines::{is_base64_answer, is_command};

/// Where a line of the client's begins to be secret by its look. A CR alone within it may have been a line's end.
pub(super) fn begins(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    line.split(|octet| *octet == b'\r').find_map(|part| {
        let start = at;
        at += part.len() + 1;
        let answers = start > 0 && is_base64_answer(part);
        begins_part(part).or(answers.then_some(0)).map(|from| start + from)
    })
}

fn begins_part(line: &[u8]) -> Option<usize> {
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
    if !has_rest && is_rest_of_code(word) {
        return Some(0);
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

/// Where in what is no command of the client's a credential stands: in a reply, a line of a message, a tool's words. A line
/// end that was lost joins a command or an answer to what is before it, and a dot that was lost makes all of it content.
pub(super) fn stands(line: &[u8]) -> Option<usize> {
    [joined_command(line), behind_challenge(line), credential(line)].into_iter().flatten().min()
}

/// An AUTH with its initial response, anywhere in the line. What is offered is a list of names, which look like none.
fn joined_command(line: &[u8]) -> Option<usize> {
    let mut rest = memchr::memchr3_iter(b'A', b'a', b'X', line);
    rest.find_map(|at| {
        let from = at + initial_response(&line[at..])?;
        let word = line[from..].split(u8::is_ascii_whitespace).next().unwrap_or_default();
        (looks_like_secret(word) || is_long_code(&String::from_utf8_lossy(word))).then_some(from)
    })
}

/// An answer that stands behind the challenge on its line, which is one word of base64.
fn behind_challenge(line: &[u8]) -> Option<usize> {
    let text = line.strip_prefix(b"334").filter(|text| matches!(text.first(), Some(b' ' | b'-')))?;
    let challenge = text[1..].iter().take_while(|octet| is_letter(**octet)).count();
    let padding = text[1 + challenge..].iter().take_while(|octet| **octet == b'=').count();
    let mut end = 4 + challenge + padding;
    let word = &line[4..end];
    // Two that are asked for in words everybody knows.
    let known = ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"].iter().find(|asks| word.starts_with(asks.as_bytes()));
    if let Some(asks) = known {
        end = 4 + asks.len();
    } else if !is_base64_answer(word) {
        return None;
    }
    let gap = line[end..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    (end + gap < line.len()).then_some(end + gap)
}

/// A word that is a credential when it is decoded: the parts of PLAIN, a bearer's token, the name and the sum of CRAM-MD5,
/// the proof of SCRAM.
fn credential(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    for word in line.split(|octet| !is_letter(*octet) && *octet != b'=') {
        if word.len() >= 8 && is_credential(word) {
            return Some(at);
        }
        at += word.len() + 1;
    }
    None
}

fn is_credential(word: &[u8]) -> bool {
    let Ok(decoded) = STANDARD.decode(word).map(Zeroizing::new) else { return false };
    let Ok(text) = std::str::from_utf8(&decoded) else { return false };
    let parts: Vec<_> = text.split('\0').collect();
    let plain = matches!(parts[..], [_, name, password] if !name.is_empty() && !password.is_empty());
    let sum = text.rsplit_once(' ').is_some_and(|(name, sum)| {
        !name.is_empty() && sum.len() == 32 && sum.bytes().all(|octet| octet.is_ascii_hexdigit())
    });
    let shown = !text.contains(|c: char| c.is_control() && !matches!(c, '\0' | '\u{1}'));
    shown && (plain || sum || text.contains("auth=Bearer ") || text.starts_with("c=") && text.contains(",p="))
}

/// A letter of base64.
fn is_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')
}

/// A lone word that may be what is left of a credential whose beginning is lost: by its padding, or by its look.
fn is_rest_of_code(word: &str) -> bool {
    let letters = word.trim_end_matches('=');
    let padded = (1..=2).contains(&(word.len() - letters.len())) && letters.len() > 1;
    let some = |is: fn(&u8) -> bool| letters.as_bytes().iter().any(is);
    let turns = letters.as_bytes().windows(2).filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    let mixed = some(u8::is_ascii_digit) && some(u8::is_ascii_uppercase) || turns.count() > 2;
    letters.bytes().all(is_letter) && some(u8::is_ascii_lowercase) && (padded || is_long_code(word) && mixed)
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
        && bytes.iter().all(|octet| is_letter(*octet))
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
            ("NOOP\rc2VjcmV0cGFzcw==\r250 ok", "NOOP\r"),
            // The end of a credential.
            ("cmV0cGFzcw==", ""),
            ("R1ZGUAc2VjcmV0cGFzczE", ""),
            ("cw==", ""),
        ] {
            assert_eq!(begins(line.as_bytes()).map(|at| &line[..at]), Some(shown), "{line}");
        }
        for line in
            ["MAIL FROM:<a@b> AUTH=<>", "EHLO mail.example.com", "AUTHPLAIN", "XFOO bar", "", "BURL imap://x", "ACTH"]
        {
            assert_eq!(begins(line.as_bytes()), None, "{line}");
        }
        for line in ["StartTlsPlease", "RCPT=", "x=", "helloworldhello"] {
            assert_eq!(begins(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_credential_stands_in_what_lost_its_line_end() {
        for (line, shown) in [
            ("250 8BITMIMEAUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==", "250 8BITMIMEAUTH PLAIN "),
            ("250 OK> auth login c2VjcmV0cGFzcw==", "250 OK> auth login "),
            ("334 VXNlcm5hbWU6>>> ZHVkZQ==", "334 VXNlcm5hbWU6"),
            ("334 VXNlcm5hbWU6ZHVkZQ==", "334 VXNlcm5hbWU6"),
            ("334 PDEyMzQuNTY3OEBteD4= -> ZHVkZSAz", "334 PDEyMzQuNTY3OEBteD4= "),
            ("334 PDEyMzQuNTY3OEBteD4=ZHVkZSAz", "334 PDEyMzQuNTY3OEBteD4="),
            ("AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==", "AUTH PLAIN "),
            ("334 AGR1ZGUAc2VjcmV0cGFzcw==", "334 "),
            ("what ZHVkZSAzYTlmMGMxYmU0ZDI4ODU1NjJhYTNmOTAxMmNkZWZmMA== x", "what "),
        ] {
            assert_eq!(stands(line.as_bytes()).map(|at| &line[..at]), Some(shown), "{line}");
        }
        for line in [
            "250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER",
            "250-AUTH=LOGIN PLAIN",
            "504 5.5.4 AUTH LOGIN not supported",
            "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6",
            "334 VXNlcm5hbWU6",
            "334 PDEyMzQuNTY3OEBteD4=",
            "334 continue with the password",
            "334 ",
            "YQBiAGMAZABlAGYAZwBoAA==",
            "TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQ=",
        ] {
            assert_eq!(stands(line.as_bytes()), None, "{line}");
        }
    }
}
