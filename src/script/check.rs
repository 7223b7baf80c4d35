//! What a script asserts about the conversation so far: `? latency < 2s`, `? capability STARTTLS`, `? accepted = 2`
//! (FORMATS section 1, Scripts).

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use crate::conversation::Micros;
use crate::profile::{duration, size};
use crate::smtp::{Phase, Session};

use super::Misfit;

mod hold;

/// An assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    what: What,
    source: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Not,
}

impl Compare {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::More,
            ">=" => Self::AtLeast,
            "=" | "==" => Self::Equal,
            "!=" => Self::Not,
            _ => return None,
        })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::More => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Equal => ordering.is_eq(),
            Self::Not => ordering.is_ne(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Not(Box<What>),
    Latency(Compare, Duration),
    /// A keyword and the parameters that must be among its own.
    Capability(String, Vec<String>),
    Size(Compare, u64),
    Tls,
    TlsVersion(Compare, (u8, u8)),
    TlsVerified,
    CertificateDays(Compare, i64),
    CertificateName(String),
    Text(String),
    Phase(Compare, Phase),
    Accepted(Compare, u64),
    Closed,
}

/// What was seen of the TLS of the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Whether the certificate was verified.
    pub verified: bool,
    /// Whole days until the server's certificate ends, where one was seen and could be read.
    pub days: Option<i64>,
    /// The names and addresses that the certificate is for.
    pub names: Vec<String>,
}

/// What a check looks at.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The state of the session.
    pub session: Session,
    /// Recipients accepted in the open mail transaction, or else in the last one, unless that was dropped (RSET).
    pub accepted: u64,
    /// Whether the connection is closed.
    pub closed: bool,
    /// From the last line sent to the end of its reply.
    pub latency: Option<Micros>,
    /// The text of the last reply, each line after its code.
    pub text: Option<String>,
    /// TLS, where the line is encrypted.
    pub tls: Option<TlsFacts>,
}

impl Check {
    /// Reads what stands after `? `.
    ///
    /// # Errors
    /// What is not an expression, with its place in `text`.
    pub fn parse(text: &str) -> Result<Self, Misfit> {
        let mut words = Words { text, at: 0 };
        let what = what(&mut words)?;
        words.end()?;
        Ok(Self { what, source: text.trim().to_owned() })
    }

    /// Whether it is about TLS, which mail must not go out without where it is asked for.
    #[must_use]
    pub fn is_of_protection(&self) -> bool {
        use What::{CertificateDays, CertificateName, Tls, TlsVerified, TlsVersion};
        let mut what = &self.what;
        while let What::Not(of) = what {
            what = of;
        }
        matches!(what, Tls | TlsVersion(..) | TlsVerified | CertificateDays(..) | CertificateName(_))
    }

    /// Whether it is about all recipients, and none of them alone.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        matches!(self.what, What::Accepted(..))
    }

    /// Whether it can only be told once the connection is closed or has been given a moment to close.
    #[must_use]
    pub fn awaits_close(&self) -> bool {
        self.what == What::Closed
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// How things are instead, in words.
    pub fn holds(&self, facts: &Facts) -> Result<(), String> {
        hold::holds(&self.what, facts)
    }
}

fn what(words: &mut Words<'_>) -> Result<What, Misfit> {
    const EXPECTED: &str =
        "latency, capability, size, tls, cert, text, phase, accepted, closed, or not before one of them";
    let (at, word) = words.next();
    Ok(match word {
        "not" => What::Not(Box::new(what(words)?)),
        "latency" => {
            let compare = words.compare()?;
            What::Latency(compare, words.value("a duration such as 2s or 500ms", |w| duration::parse(w).ok())?)
        }
        "capability" => {
            let keyword = words.value("a keyword such as STARTTLS", |w| (!w.is_empty()).then(|| w.to_owned()))?;
            let mut parameters = Vec::new();
            while let (_, parameter @ (_, 1..)) = words.peek() {
                parameters.push(parameter.0.to_owned());
                words.next();
            }
            What::Capability(keyword, parameters)
        }
        "size" => {
            let compare = words.compare()?;
            What::Size(compare, words.value("a size such as 10MB, 5MiB or 10485760", size::parse)?)
        }
        "tls" => tls(words)?,
        "cert" => certificate(words)?,
        "text" => match words.next() {
            (_, "contains") => What::Text(words.quoted()?),
            (at, _) => return Err(Misfit::new(words.text, at, "contains")),
        },
        "phase" => {
            let compare = words.equality()?;
            let names = format!("one of {}", Phase::ALL.map(Phase::name).join(", "));
            What::Phase(compare, words.value(&names, Phase::from_name)?)
        }
        "accepted" => {
            let compare = words.compare()?;
            What::Accepted(compare, words.value("a number of recipients", |w| w.parse().ok())?)
        }
        "closed" => What::Closed,
        _ => return Err(Misfit::new(words.text, at, EXPECTED)),
    })
}

fn tls(words: &mut Words<'_>) -> Result<What, Misfit> {
    match words.peek().1.0 {
        "" => Ok(What::Tls),
        "verified" => {
            words.next();
            Ok(What::TlsVerified)
        }
        _ => {
            let compare = words.compare()?;
            Ok(What::TlsVersion(compare, words.value("a version of TLS such as 1.2", version)?))
        }
    }
}

fn certificate(words: &mut Words<'_>) -> Result<What, Misfit> {
    match words.next() {
        (_, "days") => {
            let compare = words.compare()?;
            Ok(What::CertificateDays(compare, words.value("a number of days", |w| w.parse().ok())?))
        }
        (_, "san") => Ok(What::CertificateName(words.value("a host name", |w| (!w.is_empty()).then(|| w.to_owned()))?)),
        (at, _) => Err(Misfit::new(words.text, at, "days or san")),
    }
}

/// The words of an expression, each with its place. An operator is a word even without spaces around it.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    /// The next word without taking it: its place, and itself with its length (0 at the end).
    fn peek(&self) -> (usize, (&'a str, usize)) {
        let rest = &self.text[self.at..];
        let start = self.at + rest.len() - rest.trim_start().len();
        let rest = &self.text[start..];
        let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '!');
        let length = if rest.starts_with(is_operator) {
            rest.find(|c| !is_operator(c)).unwrap_or(rest.len())
        } else {
            rest.find(|c: char| c.is_whitespace() || is_operator(c)).unwrap_or(rest.len())
        };
        (start, (&rest[..length], length))
    }

    fn next(&mut self) -> (usize, &'a str) {
        let (at, (word, length)) = self.peek();
        self.at = at + length;
        (at, word)
    }

    fn compare(&mut self) -> Result<Compare, Misfit> {
        let (at, word) = self.next();
        Compare::parse(word).ok_or_else(|| Misfit::new(self.text, at, "one of < <= > >= = !="))
    }

    fn equality(&mut self) -> Result<Compare, Misfit> {
        let (at, word) = self.next();
        Compare::parse(word)
            .filter(|compare| matches!(compare, Compare::Equal | Compare::Not))
            .ok_or_else(|| Misfit::new(self.text, at, "= or !="))
    }

    fn value<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Misfit> {
        let (at, word) = self.next();
        read(word).ok_or_else(|| Misfit::new(self.text, at, expected))
    }

    /// A text in quotes, with `\"` and `\\`; or all that is left.
    fn quoted(&mut self) -> Result<String, Misfit> {
        let (at, _) = self.peek();
        let rest = &self.text[at..];
        let Some(inside) = rest.strip_prefix('"') else {
            self.at = self.text.len();
            let bare = rest.trim_end();
            return if bare.is_empty() {
                Err(Misfit::new(self.text, at, "a text in quotes"))
            } else {
                Ok(bare.to_owned())
            };
        };
        let mut out = String::new();
        let mut chars = inside.char_indices();
        while let Some((place, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = at + 1 + place + 1;
                    return Ok(out);
                }
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                _ => out.push(c),
            }
        }
        Err(Misfit::new(self.text, self.text.len(), "a closing quote"))
    }

    fn end(&self) -> Result<(), Misfit> {
        match self.peek() {
            (_, (_, 0)) => Ok(()),
            (at, _) => Err(Misfit::new(self.text, at, "the end of the line")),
        }
    }
}

/// A version of TLS: `1.2`, `TLSv1.2`.
fn version(word: &str) -> Option<(u8, u8)> {
    let lower = word.to_ascii_lowercase();
    let number = lower.strip_prefix("tlsv").or_else(|| lower.strip_prefix("tls")).unwrap_or(&lower);
    let (major, minor) = number.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::reply;
    use super::*;
    use crate::smtp::Capabilities;

    fn facts() -> Facts {
        let ehlo = reply("250-mx.target.local\n250-SIZE 10485760\n250-AUTH PLAIN LOGIN\n250 STARTTLS");
        let mut session = Session::new();
        session.capabilities = Arc::new(Capabilities::from_reply(&ehlo));
        Facts {
            session,
            accepted: 2,
            closed: false,
            latency: Some(Micros(1_500_000)),
            text: Some("2.0.0 Ok: queued as 4F3A".to_owned()),
            tls: Some(TlsFacts {
                version: "TLSv1.2".to_owned(),
                verified: true,
                days: Some(30),
                names: vec!["mx.target.local".to_owned(), "*.noddy.com".to_owned()],
            }),
        }
    }

    #[test]
    fn checks_hold_or_say_how_things_are() {
        for (text, want) in [
            ("latency < 2s", Ok(())),
            ("latency<1s", Err("1.5 s")),
            ("latency >= 1500ms", Ok(())),
            ("capability STARTTLS", Ok(())),
            ("capability starttls", Ok(())),
            ("capability AUTH LOGIN", Ok(())),
            ("capability AUTH XOAUTH2", Err("PLAIN LOGIN")),
            ("capability PIPELINING", Err("not offer")),
            ("not capability PIPELINING", Ok(())),
            ("not capability AUTH", Err("it does")),
            ("size >= 10MB", Ok(())),
            ("size >= 10MiB", Ok(())),
            ("size > 10485760", Err("10485760")),
            ("tls", Ok(())),
            ("tls >= 1.2", Ok(())),
            ("tls >= 1.3", Err("1.2")),
            ("tls = TLSv1.2", Ok(())),
            ("tls verified", Ok(())),
            ("cert days > 14", Ok(())),
            ("cert days > 90", Err("30")),
            ("cert san MX.target.local", Ok(())),
            ("cert san mx.noddy.com", Ok(())),
            ("cert san a.mx.noddy.com", Err("*.noddy.com")),
            ("text contains \"queued\"", Ok(())),
            ("text contains \"deferred\"", Err("queued as")),
            ("text contains queued as", Ok(())),
            ("phase = connecting", Ok(())),
            ("phase = rcpt", Err("connecting")),
            ("phase != rcpt", Ok(())),
            ("accepted = 2", Ok(())),
            ("accepted > 2", Err("2")),
            ("closed", Err("open")),
            ("not closed", Ok(())),
        ] {
            let check = Check::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            match (check.holds(&facts()), want) {
                (Ok(()), Ok(())) => {}
                (Err(words), Err(part)) => assert!(words.contains(part), "{text}: {words}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn without_what_they_look_at_checks_fail_and_say_so() {
        let nothing = Facts::default();
        for (text, part) in [
            ("tls", "not encrypted"),
            ("tls verified", "not encrypted"),
            ("cert days > 1", "not encrypted"),
            ("latency < 1s", "nothing was answered"),
            ("text contains \"x\"", "nothing was answered"),
            ("size > 1", "not offer SIZE"),
        ] {
            let words = Check::parse(text).expect(text).holds(&nothing).expect_err(text);
            assert!(words.contains(part), "{text}: {words}");
        }
        assert!(Check::parse("not tls").expect("a check").holds(&nothing).is_ok());
    }

    #[test]
    fn what_is_no_check_is_said_with_its_place() {
        for (text, at, found) in [
            ("latncy < 2s", 0, "`latncy`"),
            ("latency 2s", 8, "`2s`"),
            ("latency < 2", 10, "`2`"),
            ("latency <", 9, "the end of the line"),
            ("capability", 10, "the end of the line"),
            ("size >= 10XB", 8, "`10XB`"),
            ("tls >= high", 7, "`high`"),
            ("cert colour", 5, "`colour`"),
            ("text has \"x\"", 5, "`has`"),
            ("text contains \"x", 16, "the end of the line"),
            ("phase = dinner", 8, "`dinner`"),
            ("phase < rcpt", 6, "`<`"),
            ("accepted = two", 11, "`two`"),
            ("closed now", 7, "`now`"),
            ("not", 3, "the end of the line"),
        ] {
            let error = Check::parse(text).expect_err(text);
            assert_eq!((error.offset, error.found.as_str()), (at, found), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in proptest::prelude::any::<String>()) {
            let _ = Check::parse(&text);
        }
    }
}
