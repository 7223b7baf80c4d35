//! Does a line look as if it held a credential (FORMATS section 1, Secrets, by look)?

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Command, Verb};

/// Whether a line looks as if it held a credential that no AUTH protects: a response of AUTH typed as a command, an
/// unknown verb followed by base64, a long token; or an AUTH with its initial response.
///
/// Such a line is linted and stays out of the history. It says nothing about an answer within AUTH, which is a secret
/// whatever it looks like.
#[must_use]
pub fn looks_like_secret(line: &[u8]) -> bool {
    let command = Command::parse(line);
    match command.verb {
        Verb::Other => line.split(u8::is_ascii_whitespace).any(is_like_secret),
        Verb::Auth => {
            let mut words = command.argument().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            words.nth(1).is_some_and(|initial| initial != b"=")
        }
        _ => false,
    }
}

/// Whether a word is like base64 of a credential, or like a token.
pub(super) fn is_like_secret(word: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| word.iter().any(test);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let base64 = word.len() >= 8 && STANDARD.decode(word).is_ok();
    if base64 {
        let padded = word.ends_with(b"=");
        // A name such as StartTls has its capitals at the start of words only, and seldom a digit.
        let turns = word.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count();
        let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
        return padded || (word.len() >= 12 && mixed && (turns >= 2 || digits >= 1));
    }
    let token =
        word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'='));
    word.len() >= 32 && token && mixed && has(u8::is_ascii_digit)
}

/// Whether a word in a text may be a piece of such base64 as a line's width has cut: too short to be told from other words,
/// so that this is no reason to mask it, but one not to repeat it where nobody needs it.
#[must_use]
pub fn may_be_piece(text: &[u8]) -> bool {
    let letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    text.split(|octet| !letter(octet)).filter(|word| word.len() >= 6).any(|word| {
        let has = |test: fn(&u8) -> bool| usize::from(word[1..].iter().any(test));
        has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit) > 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_credential_is_told_from_words() {
        for text in ["V0dGxlRHJ1bTQy", "29iYmx5UGluZWFwcGxlODgxM", "line TZlNzMzNGQzODkw"] {
            assert!(may_be_piece(text.as_bytes()), "{text}");
        }
        for text in ["??? what", "Postfix", "12:00:01.123456", "EHLO", "delivering now", "127.0.0.1:25"] {
            assert!(!may_be_piece(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn credentials_are_recognised_and_commands_are_not() {
        for line in [
            "AGR1ZGUAbm9kZHk=",
            "ZHVkZQ==",
            "AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
            "AUHT PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
            "LOGIN dGltOnRhbnN0YWFmdGFuc3RhYWY=",
            "AUTH PLAIN AGR1ZGUAbm9kZHk=",
            "ya29.a0AfH6SMBx7Qk3mJ9f-LkT2xVwYz_0123456789abcdef",
        ] {
            assert!(looks_like_secret(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "MAIL FROM:<a@b.example>",
            "AUTH LOGIN",
            "AUTH PLAIN",
            "AUTH EXTERNAL =",
            "NOOP AGR1ZGUAbm9kZHk=",
            "XCLIENT NAME=spike.example ADDR=192.0.2.10",
            "XSHADOW 2b2b0d6c-0000-0000-0000-000000000000",
            "Subject: AReallyLongWordHere",
            "BURL imap://user@imap.example/Drafts LAST",
            "StartTls",
            "COMMANDO",
            "GET /index.html HTTP/1.1",
            "Received: from mx.long-host-name.of.some.example.com by other",
        ] {
            assert!(!looks_like_secret(line.as_bytes()), "{line}");
        }
    }
}
