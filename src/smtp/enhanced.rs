//! Enhanced status codes (RFC 3463, RFC 2034): `class.subject.detail` at the start of a reply's text.

use std::fmt;

/// An enhanced status code such as `5.7.1`. Subject and detail go from 0 to 999 (RFC 3463 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnhancedCode {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The detail within the subject.
    pub detail: u16,
}

impl EnhancedCode {
    /// Reads a code at the start of a text; gives it and the number of octets it took.
    ///
    /// The code must be followed by the end of the text or by something that can't belong to it (RFC 2034 4).
    #[must_use]
    pub fn at_start(text: &[u8]) -> Option<(Self, usize)> {
        let class = match text.first()? {
            digit @ (b'2' | b'4' | b'5') => digit - b'0',
            _ => return None,
        };
        let (subject, after_subject) = number(text, 1)?;
        let (detail, end) = number(text, after_subject)?;
        match text.get(end) {
            Some(next)
                if next.is_ascii_alphanumeric()
                    || *next == b'.' && text.get(end + 1).is_some_and(u8::is_ascii_digit) =>
            {
                return None;
            }
            _ => {}
        }
        Some((Self { class, subject, detail }, end))
    }

    /// Reads a text that is a code and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::at_start(text.as_bytes()).filter(|(_, end)| *end == text.len()).map(|(code, _)| code)
    }
}

/// A dot and 1 to 3 digits at `at`; gives the number and where it ends.
fn number(text: &[u8], at: usize) -> Option<(u16, usize)> {
    if text.get(at) != Some(&b'.') {
        return None;
    }
    let digits = text[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let value = text[at + 1..=at + digits].iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
    Some((value, at + 1 + digits))
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_where_one_stands() {
        for (text, want) in [
            ("5.7.1 no", Some("5.7.1")),
            ("2.0.0", Some("2.0.0")),
            ("4.7.999 x", Some("4.7.999")),
            ("5.7.1: no", Some("5.7.1")),
            ("5.1.1.", Some("5.1.1")),
            ("5.7.1000 x", None),
            ("3.0.0 x", None),
            ("5.7 x", None),
            ("5.7.1a", None),
            ("5.6.7.8 is an address", None),
            ("<5.7.1>", None),
        ] {
            let got = EnhancedCode::at_start(text.as_bytes()).map(|(code, _)| code.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }
}
