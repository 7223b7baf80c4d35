//! What a script expects of a reply: `250`, `2xx`, `5xx 5.7.*`, `250 /queued as \w+/`, `*`, each with `?` if it may be
//! missing (FORMATS section 1, Scripts).

use std::fmt;

use regex::Regex;

use crate::expression::problem;
use crate::smtp::{EnhancedCode, Reply, escape};

use super::Misfit;

/// A digit of a code, or any.
type Digit = Option<u8>;
/// A part of an enhanced status code, or any.
type Part = Option<u16>;

/// A pattern of a reply.
#[derive(Debug, Clone)]
pub struct Pattern {
    code: Option<[Digit; 3]>,
    enhanced: Option<[Part; 3]>,
    text: Option<Regex>,
    /// The reply may be missing: only what is already on its way is waited for.
    pub optional: bool,
    source: String,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Pattern {
    /// Reads what stands after `< `.
    ///
    /// # Errors
    /// What is not a pattern, with its place in `text`.
    pub fn parse(text: &str) -> Result<Self, Misfit> {
        let mut pattern =
            Self { code: None, enhanced: None, text: None, optional: false, source: text.trim().to_owned() };
        let mut at = first(text, 0);
        let (word, end) = word(text, at);
        if word != "*" {
            pattern.code = Some(code(word).ok_or_else(|| bad_code(text, at, word))?);
        }
        at = first(text, end);
        if let (next, end) = self::word(text, at)
            && next.bytes().filter(|b| *b == b'.').count() == 2
            && !next.starts_with('/')
        {
            pattern.enhanced = Some(
                enhanced(next)
                    .ok_or_else(|| Misfit::new(text, at, "an enhanced status code such as 5.7.1, 5.7.* or 5.*.*"))?,
            );
            at = first(text, end);
        }
        if text[at..].starts_with('/') {
            let (source, end) = slashed(text, at)
                .ok_or_else(|| Misfit::new(text, text.len(), "a / that ends the regular expression"))?;
            pattern.text = Some(expression(&source).map_err(|why| Misfit::at(at, format!("`/{source}/`"), why))?);
            at = first(text, end);
        }
        if text[at..].trim_end() == "?" {
            pattern.optional = true;
            at = text.len();
        }
        if at < text.len() {
            return Err(Misfit::new(
                text,
                at,
                "an enhanced status code, a regular expression on the text between slashes, ? or the end of the line",
            ));
        }
        Ok(pattern)
    }

    /// Whether the pattern takes any reply whatever, even one that is none.
    #[must_use]
    pub fn takes_anything(&self) -> bool {
        self.code.is_none() && self.enhanced.is_none() && self.text.is_none()
    }

    /// Whether the code of a reply is at least of a class that is expected.
    #[must_use]
    pub fn takes_class_of(&self, reply: &Reply) -> bool {
        let Some([Some(class), ..]) = self.code else { return true };
        reply.code().is_some_and(|code| code.to_string().as_bytes().first() == Some(&class))
    }

    /// Whether a reply is as expected.
    ///
    /// # Errors
    /// What is not, in words.
    pub fn check(&self, reply: &Reply) -> Result<(), String> {
        if let Some(want) = self.code {
            let Some(code) = reply.code() else { return Err("the reply has no code".to_owned()) };
            let digits = code.to_string();
            if !want.iter().zip(digits.bytes()).all(|(want, digit)| want.is_none_or(|want| want == digit)) {
                return Err(format!("the code is {code}"));
            }
        }
        if let Some(want) = self.enhanced {
            let Some(EnhancedCode { class, subject, detail }) = reply.enhanced() else {
                return Err("the reply has no enhanced status code".to_owned());
            };
            let have = [u16::from(class), subject, detail];
            if !want.iter().zip(have).all(|(want, have)| want.is_none_or(|want| want == have)) {
                return Err(format!("the enhanced status code is {class}.{subject}.{detail}"));
            }
        }
        match &self.text {
            Some(expression) if !texts(reply).iter().any(|text| expression.is_match(text)) => {
                Err(format!("the text is \"{}\"", escape::for_screen(reply.text().as_bytes())))
            }
            _ => Ok(()),
        }
    }
}

/// The text of a reply as a regular expression may mean it: a line each after the code, with the enhanced status code,
/// without it, and all joined by spaces.
fn texts(reply: &Reply) -> [String; 3] {
    let with: Vec<_> = reply.lines.iter().map(|line| String::from_utf8_lossy(line.text()).into_owned()).collect();
    let without: Vec<_> = with
        .iter()
        .map(|text| {
            let skip = EnhancedCode::at_start(text.as_bytes()).map_or(0, |(_, end)| end);
            text[skip..].trim_start().to_owned()
        })
        .collect();
    [with.join("\n"), without.join("\n"), reply.text()]
}

fn expression(source: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(source).multi_line(true).build();
    built.map_err(|error| format!("a regular expression ({})", problem(&error)))
}

/// What stands between the slash at `at` and the next one that no backslash protects, and where that ends.
fn slashed(text: &str, at: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '/' => return Some((out, at + 1 + place + 1)),
            '\\' => match chars.next()?.1 {
                '/' => out.push('/'),
                other => out.extend(['\\', other]),
            },
            _ => out.push(c),
        }
    }
    None
}

fn code(word: &str) -> Option<[Digit; 3]> {
    let digits: [u8; 3] = word.as_bytes().try_into().ok()?;
    let mut out = [None; 3];
    for (place, byte) in out.iter_mut().zip(digits) {
        *place = match byte {
            b'x' | b'X' => None,
            b'0'..=b'9' => Some(byte),
            _ => return None,
        };
    }
    Some(out)
}

fn enhanced(word: &str) -> Option<[Part; 3]> {
    let mut parts = word.split('.');
    let mut next = || -> Option<Part> {
        match parts.next()? {
            "*" | "x" | "X" => Some(None),
            part if !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()) => {
                Some(Some(part.parse().ok()?))
            }
            _ => None,
        }
    };
    let all = [next()?, next()?, next()?];
    (parts.next().is_none() && all[0].is_none_or(|class| matches!(class, 2 | 4 | 5))).then_some(all)
}

fn bad_code(text: &str, at: usize, word: &str) -> Misfit {
    let multi_line = word.as_bytes().get(3) == Some(&b'-') && code(&word[..3]).is_some();
    Misfit::new(
        text,
        at,
        if multi_line {
            "a code alone: one pattern stands for all the lines of a reply"
        } else {
            "a reply code such as 250, a class such as 2xx or 25x, or *"
        },
    )
}

/// Where the next word begins.
fn first(text: &str, from: usize) -> usize {
    from + text[from..].len() - text[from..].trim_start().len()
}

/// The word at a place, and where it ends.
fn word(text: &str, at: usize) -> (&str, usize) {
    let end = text[at..].find(char::is_whitespace).map_or(text.len(), |length| at + length);
    (&text[at..end], end)
}

#[cfg(test)]
mod tests {
    use super::super::tests::reply;
    use super::*;

    #[test]
    fn patterns_match_what_they_say() {
        let queued = "250 2.0.0 Ok: queued as 4F3A";
        let denied = "554 5.7.1 <a@b>: Relay access denied";
        let ehlo = "250-mx.target.local\n250-SIZE 1000\n250 STARTTLS";
        for (pattern, text, want) in [
            ("250", queued, true),
            ("250", denied, false),
            ("2xx", queued, true),
            ("25x", queued, true),
            ("2xx", denied, false),
            ("5XX", denied, true),
            ("5xx 5.7.*", denied, true),
            ("5xx 5.*.*", denied, true),
            ("5xx 5.1.*", denied, false),
            ("554 5.7.1", denied, true),
            ("550 5.7.1", denied, false),
            ("250 2.0.0", "250 Ok", false),
            (r"250 /queued as \w+/", queued, true),
            (r"250 /^Ok: queued/", queued, true),
            (r"250 /^2\.0\.0 Ok/", queued, true),
            (r"250 /QUEUED/", queued, false),
            (r"250 /(?i)QUEUED/", queued, true),
            (r"250 /a\/b/", "250 a/b", true),
            (r"250 /^STARTTLS$/", ehlo, true),
            ("250 /SIZE 1000 STARTTLS/", ehlo, true),
            ("*", denied, true),
            ("*", "garbage", true),
            ("* /rubbish/", "garbage", false),
            ("2xx", "garbage", false),
            ("250 ?", queued, true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
            assert_eq!(parsed.check(&reply(text)).is_ok(), want, "{pattern} against {text}");
        }
        assert!(Pattern::parse("250 ?").expect("a pattern").optional);
        assert!(Pattern::parse("* ?").expect("a pattern").optional);
        assert!(!Pattern::parse("250 /?/").is_ok_and(|p| p.optional));
    }

    #[test]
    fn what_is_no_pattern_is_said_with_its_place() {
        for (pattern, at, found, expected) in [
            ("25", 0, "`25`", "250"),
            ("25y", 0, "`25y`", "2xx"),
            ("2500", 0, "`2500`", "250"),
            ("250-mx.target.local", 0, "`250-mx.target.local`", "all the lines"),
            ("250 Ok", 4, "`Ok`", "slashes"),
            ("250 5.7", 4, "`5.7`", "enhanced"),
            ("250 5.7.1.2", 4, "`5.7.1.2`", "slashes"),
            ("250 3.7.1", 4, "`3.7.1`", "5.7.*"),
            ("250 /abc", 8, "the end of the line", "ends the regular"),
            ("250 /a(b/", 4, "`/a(b/`", "regular expression"),
            ("250 /a/ b", 8, "`b`", "end of the line"),
            ("250 ? b", 4, "`?`", "end of the line"),
        ] {
            let error = Pattern::parse(pattern).expect_err(pattern);
            assert_eq!((error.offset, error.found.as_str()), (at, found), "{pattern}");
            assert!(error.expected.contains(expected), "{pattern}: {}", error.expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in proptest::prelude::any::<String>()) {
            let _ = Pattern::parse(&text);
        }
    }
}
