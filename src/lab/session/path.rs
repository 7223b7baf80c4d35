//! The argument of MAIL and RCPT: keyword, path, parameters (RFC 5321 4.1.2), as strictly as the scenario says.

use crate::lab::scenario::Paths;
use crate::smtp::is_domain;

/// An address as the lab keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    /// The local part as it stood, quotes kept.
    pub(crate) local: String,
    /// The domain or literal; empty for `<>` and `<postmaster>`.
    pub(crate) domain: String,
}

impl Address {
    /// Whether it is the null reverse-path.
    pub(crate) fn is_null(&self) -> bool {
        self.local.is_empty() && self.domain.is_empty()
    }

    /// The local part without quotes, as mailboxes are looked up.
    pub(crate) fn plain_local(&self) -> String {
        match self.local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => {
                let mut out = String::new();
                let mut escaped = false;
                for c in inner.chars() {
                    if c == '\\' && !escaped {
                        escaped = true;
                    } else {
                        out.push(c);
                        escaped = false;
                    }
                }
                out
            }
            None => self.local.clone(),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.local)?;
        if !self.domain.is_empty() {
            write!(f, "@{}", self.domain)?;
        }
        Ok(())
    }
}

/// A parameter of MAIL or RCPT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Upper case.
    pub(crate) keyword: String,
    pub(crate) value: Option<String>,
    /// As typed.
    pub(crate) text: String,
}

/// What is wrong with an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not `FROM:<path>` or `TO:<path>` at all.
    Syntax,
    /// The path itself.
    Address,
}

/// Reads `FROM:<path> [parameters]` or `TO:<path> [parameters]`.
pub(crate) fn parse(argument: &str, keyword: &str, paths: Paths) -> Result<(Address, Vec<Parameter>), Fault> {
    let head = argument.get(..keyword.len()).ok_or(Fault::Syntax)?;
    if !head.eq_ignore_ascii_case(keyword) {
        return Err(Fault::Syntax);
    }
    let mut rest = &argument[keyword.len()..];
    if paths == Paths::Lenient {
        rest = rest.trim_start();
    }
    rest = rest.strip_prefix(':').ok_or(Fault::Syntax)?;
    if paths == Paths::Lenient {
        rest = rest.trim_start();
    } else if rest.is_empty() || rest.starts_with([' ', '\t']) {
        return Err(Fault::Syntax);
    }
    let (inside, after) = match (rest.strip_prefix('<'), paths) {
        (Some(rest), _) => {
            let end = closing(rest).ok_or(Fault::Address)?;
            (&rest[..end], &rest[end + 1..])
        }
        (None, Paths::Strict) => return Err(Fault::Address),
        (None, Paths::Lenient) if rest.is_empty() => return Err(Fault::Syntax),
        (None, Paths::Lenient) => rest.split_at(rest.find(' ').unwrap_or(rest.len())),
    };
    if !after.is_empty() && !after.starts_with([' ', '\t']) {
        return Err(Fault::Address);
    }
    Ok((address(inside).ok_or(Fault::Address)?, parameters(after)))
}

/// Where the `>` stands that ends the path: quotes may hold others.
fn closing(text: &str) -> Option<usize> {
    outside_quotes(text, |c| c == '>').next()
}

/// The places of characters outside quoted strings.
fn outside_quotes(text: &str, wanted: impl Fn(char) -> bool) -> impl Iterator<Item = usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().filter_map(move |(at, c)| {
        if escaped {
            escaped = false;
            return None;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted && wanted(c) => return Some(at),
            _ => {}
        }
        None
    })
}

/// Reads what stands between the brackets: nothing, a local part, or a mailbox; a source route is passed over
/// (RFC 5321 appendix C).
pub(crate) fn address(text: &str) -> Option<Address> {
    let text = match text.strip_prefix('@') {
        Some(route) => &route[route.find(':')? + 1..],
        None => text,
    };
    if text.is_empty() {
        return Some(Address::default());
    }
    let (local, domain) = match outside_quotes(text, |c| c == '@').last() {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let has_domain = local.len() < text.len();
    let fits = local.len() <= 64 && domain.len() <= 255 && is_local(local) && (!has_domain || is_domain(domain));
    fits.then(|| Address { local: local.to_owned(), domain: domain.to_owned() })
}

fn is_local(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return text.len() >= 2
            && !inner.chars().any(char::is_control)
            && outside_quotes(text, |_| true).next().is_none();
    }
    let atom = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.split('.').all(|word| !word.is_empty() && word.chars().all(atom))
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn parameters(text: &str) -> Vec<Parameter> {
    let read = |text: &str| {
        let (keyword, value) = match text.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value.to_owned())),
            None => (text, None),
        };
        Parameter { keyword: keyword.to_ascii_uppercase(), value, text: text.to_owned() }
    };
    text.split_ascii_whitespace().map(read).collect()
}

/// Decodes xtext (RFC 3461 4): none where it is malformed or empty.
pub(crate) fn xtext(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'+' => {
                let mut hex = || octets.next().filter(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
                let digits = [hex()?, hex()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'=' => return None,
            33..=126 => out.push(octet),
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_and_lenient_readings_of_an_argument() {
        for (argument, strict, lenient) in [
            ("TO:<a@b.c>", Ok("a@b.c"), Ok("a@b.c")),
            ("to:<a@b.c> NOTIFY=NEVER", Ok("a@b.c"), Ok("a@b.c")),
            ("TO :<a@b.c>", Err(Fault::Syntax), Ok("a@b.c")),
            ("TO: <a@b.c>", Err(Fault::Syntax), Ok("a@b.c")),
            ("TO:a@b.c", Err(Fault::Address), Ok("a@b.c")),
            ("TO :a@b.c notify=success,failure", Err(Fault::Syntax), Ok("a@b.c")),
            ("TO a@b.c", Err(Fault::Syntax), Err(Fault::Syntax)),
            ("TO:", Err(Fault::Syntax), Err(Fault::Syntax)),
            ("", Err(Fault::Syntax), Err(Fault::Syntax)),
            ("TO:<a@b.c", Err(Fault::Address), Err(Fault::Address)),
            ("TO:<a@b.c>x", Err(Fault::Address), Err(Fault::Address)),
            ("TO:<a b@c>", Err(Fault::Address), Err(Fault::Address)),
            ("TO:<>", Ok(""), Ok("")),
            ("TO:<Postmaster>", Ok("Postmaster"), Ok("Postmaster")),
            ("TO:<@x.y,@z:a@b.c>", Ok("a@b.c"), Ok("a@b.c")),
            ("TO:<\"a b>@\"@c.d>", Ok("\"a b>@\"@c.d"), Ok("\"a b>@\"@c.d")),
            ("TO:<a..b@c>", Err(Fault::Address), Err(Fault::Address)),
            ("TO:<a@[127.0.0.1]>", Ok("a@[127.0.0.1]"), Ok("a@[127.0.0.1]")),
            ("TO:<a@[IPv6:::1]>", Ok("a@[IPv6:::1]"), Ok("a@[IPv6:::1]")),
            ("TO:<a@[127.0.0]>", Err(Fault::Address), Err(Fault::Address)),
            ("TO:<jürgen@b.c>", Ok("jürgen@b.c"), Ok("jürgen@b.c")),
        ] {
            for (paths, want) in [(Paths::Strict, strict), (Paths::Lenient, lenient)] {
                let got = parse(argument, "TO", paths).map(|(address, _)| address.to_string());
                assert_eq!(got.as_deref().map_err(|fault| *fault), want, "{argument} {paths:?}");
            }
        }
    }

    #[test]
    fn xtext_is_decoded_or_refused() {
        assert_eq!(xtext("a+2Bb+3Dc").as_deref(), Some(&b"a+b=c"[..]));
        for bad in ["", "a+b", "a=b", "a+2b", "a b", "a+"] {
            assert_eq!(xtext(bad), None, "{bad}");
        }
    }
}
