//! Base64 as people type it: the text that it stands for, and whether it is wrong at its ends alone.

use super::super::escape::is_plain;
use super::decode;

/// The text that a line is the base64 of; none where it is that of something else. PLAIN has zero octets in it.
#[must_use]
pub fn text_of(line: &[u8]) -> Option<String> {
    let text = decode(line).and_then(|octets| String::from_utf8(octets).ok());
    text.filter(|text| text.chars().all(|c| c == '\0' || is_plain(c)))
}

/// Base64 of a text that has too few or too many `=` at its end, or blanks beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// As it should be.
    pub whole: String,
    /// What it stands for, a zero octet as `\0`.
    pub text: String,
    /// Only blanks are wrong.
    blank: bool,
}

impl Repaired {
    /// What was meant by a line that is no base64 as it stands; nothing where it was hardly meant as such.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let letters = line.trim().trim_end_matches('=');
        let equals = "=".repeat(letters.len().wrapping_neg() % 4);
        let whole = format!("{letters}{equals}");
        let blank = line.trim() == whole;
        let text = text_of(whole.as_bytes()).filter(|text| !text.is_empty() && whole != line)?;
        // A short name that was typed as it is may be base64 of something by chance.
        let marked = line.contains('=') || letters.len() >= 8 || blank;
        let (upper, lower) = (|c: char| c.is_ascii_uppercase(), |c: char| c.is_ascii_lowercase());
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        // Letters of both cases that come to a name do not do so by chance.
        let by_case =
            letters.len() >= 5 && letters.contains(upper) && letters.contains(lower) && text.chars().all(name);
        (marked || by_case).then(|| Self { whole, text: text.replace('\0', "\\0"), blank })
    }

    /// What is wrong, without the text: it may be a secret.
    #[must_use]
    pub fn reason(&self) -> String {
        self.wrong("this base64")
    }

    /// The same, with the text.
    #[must_use]
    pub fn reason_with_text(&self) -> String {
        self.wrong(&format!("this base64 of “{}”", self.text))
    }

    fn wrong(&self, what: &str) -> String {
        if self.blank {
            return format!("A space stands beside {what}; an answer has none.");
        }
        format!("The = at the end of {what} are not as many as they should be.")
    }
}

/// Whether a line is like base64 of which letters are missing or mistyped: to encode it would be to encode it twice.
#[must_use]
pub fn is_broken(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let letters = line.iter().rposition(|octet| *octet != b'=').map_or(0, |last| last + 1);
    let base64 = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    letters >= 8 && letters < line.len() && line[..letters].iter().all(base64) && decode(line).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_that_is_wrong_at_its_ends_is_told_from_what_was_typed_as_it_is() {
        for (typed, want) in [
            ("ZHVkZQ=", Some("ZHVkZQ==")),
            ("ZHVkZQ===", Some("ZHVkZQ==")),
            ("c2VjcmV0LXBhc3N3b3Jk=", Some("c2VjcmV0LXBhc3N3b3Jk")),
            ("AGR1ZGUAbm9kZHk", Some("AGR1ZGUAbm9kZHk=")),
            (" ZHVkZQ== ", Some("ZHVkZQ==")),
            ("ZHVkZQ", Some("ZHVkZQ==")),
            ("bm9kZHk", Some("bm9kZHk=")),
            ("noddy", None),
            ("McDonald", None),
            ("a=b", None),
            ("secret", None),
            ("hunter two", None),
            ("", None),
        ] {
            assert_eq!(Repaired::of(typed.as_bytes()).map(|it| it.whole).as_deref(), want, "{typed}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_and_without_the_text() {
        let reasons = |typed: &str| {
            let it = Repaired::of(typed.as_bytes()).expect("it is meant as base64");
            (it.reason(), it.reason_with_text())
        };
        let (without, with) = reasons("AGR1ZGUAbm9kZHk");
        assert!(!without.contains("dude") && with.contains(r"base64 of “\0dude\0noddy” are not as many"), "{with}");
        assert_eq!(reasons(" ZHVkZQ==").0, "A space stands beside this base64; an answer has none.");
    }

    #[test]
    fn base64_that_lacks_letters_is_known() {
        for (typed, want) in [
            ("AGR1ZGUAbm9kZH=", true),
            ("AGR1ZGUAbm9kZ=", true),
            ("AGR1ZGUAbm9kZHk=", false),
            ("hunter-two=", false),
            ("secret=", false),
            ("hunter22", false),
        ] {
            assert_eq!(is_broken(typed.as_bytes()), want, "{typed}");
        }
    }
}
