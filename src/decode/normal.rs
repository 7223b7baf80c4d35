//! Reply texts made comparable before patterns are tried on them.

use crate::smtp::EnhancedCode;
use crate::smtp::secret::MASK;

/// Octets of a text that are read for a meaning. Nobody says more in a reply; somebody who sends more means harm, and must
/// not keep the screen waiting.
const READ: usize = 16 << 10;

/// The part of a text that is read for a meaning.
pub(super) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(READ)]
}

/// A text as the patterns of the decode data see it: in small letters, spaces of all kinds run together into one,
/// typographic quotes made plain, codes repeated within it (`550-5.1.1`) left out, and every address replaced by `_@_`,
/// so that no name of a person or of a domain decides. What stands for a secret is no word of the server's.
#[must_use]
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let masked = word.contains(MASK).then(|| word.replace(MASK, ""));
        let word = masked.as_deref().unwrap_or(word);
        if word.is_empty() || is_repeated_code(word) {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        let at = word.rfind('@').filter(|at| *at > 0);
        let (head, tail) = match at {
            Some(at) => {
                let start = word[..at].rfind(['<', '(', '[', '"', '\'', ':', ',', ';', '=']).map_or(0, |i| i + 1);
                let domain = &word[at + 1..];
                let end = domain.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '{' | '}')));
                let domain = &domain[..end.unwrap_or(domain.len())];
                (&word[..start], &word[at + 1 + domain.trim_end_matches('.').len()..])
            }
            None => (word, ""),
        };
        push_plain(&mut out, head);
        if at.is_some() {
            out.push_str("_@_");
            push_plain(&mut out, tail);
        }
    }
    out
}

fn push_plain(out: &mut String, text: &str) {
    out.extend(text.chars().flat_map(char::to_lowercase).map(|c| match c {
        '\u{2018}' | '\u{2019}' | '`' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        other => other,
    }));
}

/// Whether a word is a reply code and an enhanced code, as lines joined by somebody else have them in their middle.
fn is_repeated_code(word: &str) -> bool {
    let code = word.as_bytes();
    code.len() > 4
        && code[..3].iter().all(u8::is_ascii_digit)
        && code[3] == b'-'
        && EnhancedCode::at_start(&code[4..]).is_some_and(|(_, end)| end + 4 == code.len())
}

/// The first address in a text, where one stands there: `local@domain`.
pub(super) fn first_address(text: &str) -> Option<&str> {
    addresses(text).next()
}

/// The addresses in a text.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"'))
        .map(|word| word.trim_matches(|c: char| matches!(c, ':' | '.' | '\'' | '[' | ']')))
        .filter(|word| {
            word.rsplit_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !word.contains("//") && is_domain(domain)
            })
        })
}

fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_of_a_text_is_read() {
        assert_eq!(beginning("no such user"), "no such user");
        let long = "ä".repeat(READ);
        assert_eq!(beginning(&long).len(), READ);
        assert_eq!(beginning(&format!("a{long}")).len(), READ - 1);
    }

    #[test]
    fn names_of_persons_do_not_decide() {
        for (text, want) in [
            ("<spam@a.example>:  User\tunknown", "<_@_>: user unknown"),
            ("user spam@a.example. unknown", "user _@_. unknown"),
            ("you can\u{2019}t", "you can't"),
            ("see http://x.example/?q=blocked", "see http://x.example/?q=blocked"),
            ("no 550-5.1.1 such", "no such"),
            ("no FOO {{auth}} ({{auth}})", "no foo ()"),
            ("", ""),
            ("@", "@"),
        ] {
            assert_eq!(normalise(text), want);
        }
    }

    #[test]
    fn the_address_that_is_meant_is_found() {
        for (text, want) in [
            ("<friend@elsewhere.example>: Relay access denied", Some("friend@elsewhere.example")),
            ("no mail for a@b.example.", Some("a@b.example")),
            ("nothing here", None),
            ("@", None),
        ] {
            assert_eq!(first_address(text), want, "{text}");
        }
    }
}
