//! Paths and what stands around them in MAIL and RCPT, found in any line (RFC 5321 4.1.2).
//!
//! A lenient scanner: it finds what the writer meant, and keeps where each part stands, so that lint can say what is
//! wrong with it.

use std::fmt;
use std::ops::Range;

use super::command::Parameter;

/// A path: what stands in the angle brackets of MAIL FROM and RCPT TO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The local part as it stood, quotes kept; empty with an empty domain for the null reverse-path `<>`.
    pub local: String,
    /// The domain or address literal as it stood; empty for `<>` and `<postmaster>`.
    pub domain: String,
    /// Whether angle brackets stood around it.
    pub bracketed: bool,
}

impl Path {
    /// The null reverse-path, `<>`.
    #[must_use]
    pub fn null() -> Self {
        Self { local: String::new(), domain: String::new(), bracketed: true }
    }

    /// The path of an address such as `user@host`; angle brackets and a source route may stand there too.
    #[must_use]
    pub fn of(address: &str) -> Self {
        let text = address.trim();
        let bare = text.strip_prefix('<').map_or(text, |rest| rest.strip_suffix('>').unwrap_or(rest));
        let (local, domain) = split(bare.as_bytes());
        Self { local, domain, bracketed: true }
    }

    /// `local@domain`, or the empty string for the null path.
    #[must_use]
    pub fn address(&self) -> String {
        if self.domain.is_empty() { self.local.clone() } else { format!("{}@{}", self.local, self.domain) }
    }

    /// Whether it is the null path.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.local.is_empty() && self.domain.is_empty()
    }
}

impl fmt::Display for Path {
    /// In angle brackets, as it belongs on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.address())
    }
}

/// The argument of MAIL or RCPT taken apart. All ranges are octets of the whole line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The word before the colon: `FROM`, `TO` or what stands for it; empty where there is none.
    pub(super) keyword: Range<usize>,
    /// The colon, or another sign that stands for it.
    pub(super) colon: Option<usize>,
    /// The path as understood.
    pub(super) path: Option<Path>,
    /// Where the path stands, brackets included.
    pub(super) path_span: Range<usize>,
    /// What follows the path, word by word: parameters and what is none.
    pub(super) rest: Vec<Word>,
}

/// A word after the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// It begins as a parameter does.
    Parameter(Parameter),
    /// It does not.
    Junk(Range<usize>),
}

/// Takes the argument of MAIL or RCPT apart; it begins at `at` in the line.
pub(super) fn envelope(line: &[u8], at: usize) -> Envelope {
    let keyword = keyword(line, at);
    let mut next = skip_space(line, keyword.end);
    // A semicolon or an equals sign in this place is a colon mistyped.
    let colon = line.get(next).filter(|b| matches!(b, b':' | b';' | b'=')).map(|_| next);
    if colon.is_some() {
        next = skip_space(line, next + 1);
    }
    let (path, path_span) = path(line, next);
    let rest = words(line, path_span.end);
    Envelope { keyword, colon, path, path_span, rest }
}

/// The word that should be FROM or TO. A word is taken for it where a colon follows, or where it is one of the two.
fn keyword(line: &[u8], at: usize) -> Range<usize> {
    let end = at + line[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let colon_follows = line.get(skip_space(line, end)) == Some(&b':');
    let known = line[at..end].eq_ignore_ascii_case(b"FROM") || line[at..end].eq_ignore_ascii_case(b"TO");
    let parted = line.get(end).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'<' | b';' | b'='));
    if end > at && (colon_follows || (known && parted)) { at..end } else { at..at }
}

/// The path that begins at `at`, and where it stands; an empty range where there is none.
fn path(line: &[u8], at: usize) -> (Option<Path>, Range<usize>) {
    if line.get(at) == Some(&b'<') {
        return bracketed(line, at);
    }
    let token = token_end(line, at);
    if token == at {
        return (None, at..at);
    }
    if let Some(bracket) = named_path(line, at, token) {
        return bracketed(line, bracket);
    }
    let text = &line[at..token];
    if memchr::memchr(b'=', text).is_some() && memchr::memchr(b'@', text).is_none() {
        return (None, at..at);
    }
    // A closing bracket without its partner ends the path too.
    let close = outside_quotes(line, at..token, b'>').next();
    let span = at..close.map_or(token, |close| close + 1);
    let (local, domain) = split(&line[at..close.unwrap_or(token)]);
    (Some(Path { local, domain, bracketed: false }), span)
}

/// A path in angle brackets; `at` is the opening one.
fn bracketed(line: &[u8], at: usize) -> (Option<Path>, Range<usize>) {
    let depth = line[at..].iter().take_while(|b| **b == b'<').count();
    let inner = at + depth;
    let close = outside_quotes(line, inner..line.len(), b'>')
        .next()
        .or_else(|| memchr::memchr(b'>', &line[inner..]).map(|step| inner + step));
    let Some(close) = close else {
        let end = token_end(line, inner);
        let (local, domain) = split(&line[inner..end]);
        return (Some(Path { local, domain, bracketed: false }), at..end);
    };
    // One that holds another, as `<Joe <a@b>>`, ends where it was meant to.
    let nested = outside_quotes(line, inner..close, b'<').count();
    let close = close + line[close + 1..].iter().take(nested).take_while(|b| **b == b'>').count();
    let (local, domain) = split(line[inner..close].trim_ascii());
    let closing = line[close..].iter().take(depth).take_while(|b| **b == b'>').count();
    (Some(Path { local, domain, bracketed: true }), at..close + closing)
}

/// The opening bracket of a path that has a name before it, as in a header: `"Joe" <a@b>`.
fn named_path(line: &[u8], at: usize, first_end: usize) -> Option<usize> {
    let bracket = outside_quotes(line, at..line.len(), b'<').next()?;
    let before = &line[at..bracket];
    let first_is_address = bracket >= first_end && memchr::memchr(b'@', &line[at..first_end]).is_some();
    (!first_is_address && memchr::memchr(b'=', before).is_none()).then_some(bracket)
}

/// Local part and domain: split at the last `@` outside quotes, a source route left out.
fn split(text: &[u8]) -> (String, String) {
    let text = without_route(text);
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut at = None;
    each_outside_quotes(text, |index, byte| {
        if byte == b'@' {
            at = Some(index);
        }
    });
    match at {
        Some(at) => (lossy(&text[..at]), lossy(&text[at + 1..])),
        None => (lossy(text), String::new()),
    }
}

/// The path without `@a,@b:` before it (RFC 5321 4.1.1.3, appendix C).
pub(super) fn without_route(text: &[u8]) -> &[u8] {
    if text.first() != Some(&b'@') {
        return text;
    }
    let mut literal = false;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'[' => literal = true,
            b']' => literal = false,
            b':' if !literal => return &text[index + 1..],
            _ => {}
        }
    }
    text
}

/// Whether a text is a domain, or an address in brackets that stands for one (RFC 5321 4.1.2, RFC 6531 3.3).
pub(crate) fn is_domain(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.strip_prefix("IPv6:") {
            Some(v6) => v6.parse::<core::net::Ipv6Addr>().is_ok(),
            None => inner.parse::<core::net::Ipv4Addr>().is_ok(),
        };
    }
    let letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| letter(c) && !c.is_control() && !c.is_whitespace())
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// The words from `at` on. A word that begins with a letter or digit is a parameter.
fn words(line: &[u8], mut at: usize) -> Vec<Word> {
    let mut words = Vec::new();
    loop {
        at = skip_space(line, at);
        let end = at + line[at..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        if end == at {
            return words;
        }
        words.push(if line[at].is_ascii_alphanumeric() {
            let text = &line[at..end];
            let (keyword, value) = match memchr::memchr(b'=', text) {
                Some(equals) => (&text[..equals], Some(&text[equals + 1..])),
                None => (text, None),
            };
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Word::Parameter(Parameter { keyword: lossy(keyword), value: value.map(lossy), span: at..end })
        } else {
            Word::Junk(at..end)
        });
        at = end;
    }
}

/// Where white space ends.
pub(super) fn skip_space(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Where a word ends, white space within quotes belonging to it.
fn token_end(line: &[u8], at: usize) -> usize {
    let mut end = line.len();
    each_outside_quotes(&line[at..], |index, byte| {
        if byte.is_ascii_whitespace() {
            end = end.min(at + index);
        }
    });
    end
}

/// Where such octets stand outside quotes.
pub(super) fn outside_quotes(line: &[u8], range: Range<usize>, wanted: u8) -> impl Iterator<Item = usize> {
    let start = range.start;
    let mut found = Vec::new();
    each_outside_quotes(&line[range], |index, byte| {
        if byte == wanted {
            found.push(start + index);
        }
    });
    found.into_iter()
}

/// The parts of a text between its commas, but for those within quotes: addresses, as a command line names them.
pub(crate) fn divided(text: &str) -> Vec<&str> {
    let mut from = 0;
    let mut all = Vec::new();
    for comma in outside_quotes(text.as_bytes(), 0..text.len(), b',') {
        all.push(&text[from..comma]);
        from = comma + 1;
    }
    all.push(&text[from..]);
    all
}

/// Calls with each octet that is not within a quoted string. A quote that is never closed quotes nothing.
fn each_outside_quotes(text: &[u8], mut each: impl FnMut(usize, u8)) {
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        if *byte == b'"'
            && let Some(length) = quoted_length(&text[index..])
        {
            index += length;
            continue;
        }
        each(index, *byte);
        index += 1;
    }
}

/// The length of the quoted string at the start of a text.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut index = 1;
    loop {
        match text.get(index)? {
            b'\\' => index += 2,
            b'"' => return Some(index + 1),
            _ => index += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_within_quotes_divides_nothing() {
        for (text, all) in [
            ("a@b,c@d", &["a@b", "c@d"][..]),
            (r#""a,b"@c,d@e"#, &[r#""a,b"@c"#, "d@e"]),
            (r#""a\",b"@c,<d@e>"#, &[r#""a\",b"@c"#, "<d@e>"]),
            (r#""a,b@c"#, &["\"a", "b@c"]),
            ("", &[""]),
        ] {
            assert_eq!(divided(text), all);
        }
    }

    fn found(line: &str) -> (String, String, bool, Vec<String>) {
        let at = skip_space(line.as_bytes(), line.find(char::is_whitespace).unwrap_or(line.len()));
        let envelope = envelope(line.as_bytes(), at);
        let path = envelope.path.unwrap_or(Path { local: "-".into(), domain: "-".into(), bracketed: false });
        let span = line[envelope.path_span].to_owned();
        let rest = envelope
            .rest
            .iter()
            .map(|word| match word {
                Word::Parameter(p) => line[p.span.clone()].to_owned(),
                Word::Junk(span) => format!("?{}", &line[span.clone()]),
            })
            .collect();
        (path.address(), span, path.bracketed, rest)
    }

    #[test]
    fn a_path_is_found_in_whatever_stands_around_it() {
        for (line, address, span, bracketed, rest) in [
            ("MAIL FROM:<a@b>", "a@b", "<a@b>", true, vec![]),
            ("MAIL FROM:<>", "", "<>", true, vec![]),
            ("MAIL FROM:<a@b>SIZE=1", "a@b", "<a@b>", true, vec!["SIZE=1"]),
            ("MAIL from : <a@b>\tSIZE=1  BODY=7BIT ", "a@b", "<a@b>", true, vec!["SIZE=1", "BODY=7BIT"]),
            (
                "RCPT TO :user@host notify=success,failure",
                "user@host",
                "user@host",
                false,
                vec!["notify=success,failure"],
            ),
            ("RCPT TO:<@a,@b:user@host>", "user@host", "<@a,@b:user@host>", true, vec![]),
            ("RCPT TO:<@[IPv6:::1]:user@host>", "user@host", "<@[IPv6:::1]:user@host>", true, vec![]),
            ("RCPT TO:<\"a>b @ c\"@d> X=1", "\"a>b @ c\"@d", "<\"a>b @ c\"@d>", true, vec!["X=1"]),
            ("RCPT TO:\"a b\"@d X=1", "\"a b\"@d", "\"a b\"@d", false, vec!["X=1"]),
            ("RCPT TO:<user@[IPv6:2001:db8::1]>", "user@[IPv6:2001:db8::1]", "<user@[IPv6:2001:db8::1]>", true, vec![]),
            ("RCPT TO:<Postmaster>", "Postmaster", "<Postmaster>", true, vec![]),
            ("RCPT TO:<élan@müller.example>", "élan@müller.example", "<élan@müller.example>", true, vec![]),
            ("RCPT TO <a@b>", "a@b", "<a@b>", true, vec![]),
            ("RCPT <a@b>", "a@b", "<a@b>", true, vec![]),
            ("RCPT to@b", "to@b", "to@b", false, vec![]),
            ("RCPT to a@b", "a@b", "a@b", false, vec![]),
            ("RCPT TO:<a@b", "a@b", "<a@b", false, vec![]),
            ("RCPT TO:a@b> X=1", "a@b", "a@b>", false, vec!["X=1"]),
            ("RCPT TO:<<a@b>> X", "a@b", "<<a@b>>", true, vec!["X"]),
            ("RCPT TO:<Joe Doe <a@b>> X", "Joe Doe <a@b>", "<Joe Doe <a@b>>", true, vec!["X"]),
            ("RCPT TO:\"Joe\" <a@b>", "a@b", "<a@b>", true, vec![]),
            ("RCPT TO:Joe Doe<a@b>", "a@b", "<a@b>", true, vec![]),
            ("RCPT TO:<a@b>, <c@d>", "a@b", "<a@b>", true, vec!["?,", "?<c@d>"]),
            ("MAIL FROM:a@b AUTH=<>", "a@b", "a@b", false, vec!["AUTH=<>"]),
            ("MAIL FROM: SIZE=1", "--", "", false, vec!["SIZE=1"]),
            ("MAIL FROM;<a@b>", "a@b", "<a@b>", true, vec![]),
            ("MAIL FROM:<\"a@b>", "\"a@b", "<\"a@b>", true, vec![]),
            ("MAIL", "--", "", false, vec![]),
            ("MAIL FROM:", "--", "", false, vec![]),
            ("MAIL :<a@b>", "a@b", "<a@b>", true, vec![]),
        ] {
            let want = (
                address.replace("--", "-@-"),
                span.to_owned(),
                bracketed,
                rest.into_iter().map(str::to_owned).collect::<Vec<_>>(),
            );
            assert_eq!(found(line), want, "{line}");
        }
    }
}
