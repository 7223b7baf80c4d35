//! Words that servers' replies to a log-in consist of, and that are typed as a password too: `wrong`, `error`.
//!
//! Where such a word stands in a reply as one word of its sentence, it is the server's own. To take it out would hide what
//! the server says, and tell the password by the hole that it leaves in a wording that everybody knows. It stays masked
//! where it stands as a value does: alone, behind the word "password", in quotes or brackets, behind an equals sign, glued to
//! something, or spelt as no sentence spells it; and in base64, in what is sent and in every remark whatever it is.

use std::ops::Range;

const WORDS: [&str; 60] = [
    "accepted",
    "access",
    "account",
    "again",
    "already",
    "auth",
    "authenticate",
    "authenticated",
    "authentication",
    "authorization",
    "authorized",
    "available",
    "bad",
    "command",
    "credential",
    "credentials",
    "data",
    "denied",
    "disabled",
    "encryption",
    "error",
    "fail",
    "failed",
    "failure",
    "first",
    "invalid",
    "later",
    "local",
    "locked",
    "login",
    "mail",
    "mailbox",
    "mechanism",
    "method",
    "name",
    "need",
    "network",
    "pass",
    "password",
    "permission",
    "please",
    "protocol",
    "rejected",
    "relay",
    "required",
    "secure",
    "sender",
    "server",
    "service",
    "support",
    "supported",
    "syntax",
    "system",
    "temporary",
    "unknown",
    "user",
    "username",
    "valid",
    "welcome",
    "wrong",
];

/// Whether what stands at this place of a reply is one of its own words.
pub(super) fn is_own(text: &[u8], range: &Range<usize>) -> bool {
    if !text[range.clone()].iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let letters = |octets: &[u8]| octets.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
    let before = text[..range.start].iter().rev().take_while(|octet| octet.is_ascii_alphabetic()).count();
    // `pass` is found in `password` as well.
    let word = range.start - before..range.end + letters(&text[range.end..]);
    let spelt = &text[word.clone()];
    let small = spelt.to_ascii_lowercase();
    let known = WORDS.iter().any(|known| known.as_bytes() == small.as_slice());
    let usual = spelt[1..].iter().all(u8::is_ascii_lowercase) || spelt.iter().all(u8::is_ascii_uppercase);
    let opens = word.start.checked_sub(1).and_then(|at| text.get(at)).is_none_or(|octet| *octet == b' ');
    known && usual && opens && closes(&text[word.end..]) && is_sentence(&text[..word.start], &text[word.end..])
}

/// Whether what stands around a word makes it one of a sentence: another such word is in it, and none after which a password
/// would be told.
fn is_sentence(before: &[u8], after: &[u8]) -> bool {
    let words = |text: &[u8]| {
        let words = text.split(|octet| !octet.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        words.map(<[u8]>::to_ascii_lowercase).collect::<Vec<_>>()
    };
    let (before, after) = (words(before), words(after));
    let mut near = before.iter().rev().filter(|word| word.as_slice() != b"is");
    let told = near.next().is_some_and(|word| matches!(word.as_slice(), b"pass" | b"password" | b"secret" | b"with"));
    let known = |word: &Vec<u8>| WORDS.iter().any(|known| known.as_bytes() == word.as_slice());
    !told && before.iter().chain(&after).any(known)
}

/// Whether a word of a sentence ends before this: a blank, the line's end, or a mark and one of these.
fn closes(after: &[u8]) -> bool {
    let rest = match after {
        [b'.' | b',' | b':' | b';' | b'!', rest @ ..] => rest,
        _ => after,
    };
    rest.first().is_none_or(|octet| matches!(octet, b' ' | b'\r' | b'\n'))
}
