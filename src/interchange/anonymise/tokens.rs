//! The small pieces of grammar that tell a name from what is none.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::EnhancedCode;

/// What names the value before an address in `key=address`, so that the key is not part of it.
const BEFORE: [&str; 46] = [
    "account",
    "addr",
    "address",
    "auth",
    "d",
    "delay-from",
    "e",
    "email",
    "emailaddress",
    "envelope-from",
    "envelope-to",
    "envid",
    "for",
    "from",
    "header.d",
    "header.from",
    "header.i",
    "header.to",
    "helo",
    "i",
    "id",
    "ident",
    "l",
    "login",
    "mail",
    "mailbox",
    "mailfrom",
    "name",
    "orcpt",
    "orig_to",
    "p",
    "r",
    "rcpt",
    "recipient",
    "reply-to",
    "s",
    "sasl_username",
    "sender",
    "smtp.helo",
    "smtp.mailfrom",
    "srs",
    "to",
    "u",
    "uid",
    "user",
    "username",
];

/// How long the codes of a reply are, with what parts them from its text: they are no part of a name.
pub(super) fn code(line: &[u8]) -> usize {
    let [a, b, c, b'-' | b' ', text @ ..] = line else { return 0 };
    if ![a, b, c].iter().all(|octet| octet.is_ascii_digit()) {
        return 0;
    }
    let enhanced = EnhancedCode::at_start(text).map_or(0, |(_, length)| length);
    // What parts it from the text belongs to it.
    4 + (enhanced + usize::from(enhanced > 0 && text.get(enhanced) == Some(&b' ')))
}

/// `smtp.mailfrom=dude` is a key and a local part; a local part may also be missing behind its key.
pub(super) fn after_key(local: &str) -> (&str, &str) {
    // What stands before it in a URL is no part of it.
    let slashes = local.len() - local.trim_start_matches('/').len();
    if slashes == 2 && local.len() > 2 {
        return local.split_at(2);
    }
    // The values before it in a URL are none either.
    let value = |at: &usize| local[at + 1..].contains('=');
    let from = local.rfind(['?', '&']).filter(value).map_or(0, |at| at + 1);
    match local[from..].split_once('=') {
        Some((key, _)) if from > 0 || is_key(key) => local.split_at(from + key.len() + 1),
        _ => ("", local),
    }
}

/// Whether what stands before an equals sign says whose address stands behind it: `to`, `sasl_sender`.
fn is_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit('_').next().unwrap_or_default();
    BEFORE.contains(&key.as_str()) || last.len() > 1 && last.len() < key.len() && BEFORE.contains(&last)
}

/// What properties of a verdict belong to (RFC 8601 2.3): `smtp.auth` is no host's name.
const OWNERS: [&str; 6] = ["smtp", "header", "body", "policy", "dns", "message"];

/// Whether a name with a dot before an equals sign is a property of a verdict.
pub(super) fn is_property(name: &str) -> bool {
    name.split_once('.').is_some_and(|(owner, _)| OWNERS.contains(&owner.to_ascii_lowercase().as_str()))
}

/// A name with dots that is a host's, and not a term of Exchange's, a key such as `smtp.mailfrom` or a version.
pub(super) fn is_host(host: &str) -> bool {
    const TERMS: [&str; 7] = ["RESOLVER.", "STOREDRV.", "SMTPSEND.", "ROUTING.", "SUBMIT.", "AGENT.", "QUEUE."];
    // Zones of addresses, which are reversed before them.
    let zone = ["in-addr.arpa", "ip6.arpa"].contains(&host.to_ascii_lowercase().as_str());
    !zone
        && !BEFORE.contains(&host.to_ascii_lowercase().as_str())
        && !TERMS.iter().any(|term| host.starts_with(term))
        && host.split('.').all(|label| label.len() < 64)
}

/// What base64 stands for, where that is a text.
pub(super) fn decoded(token: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(token).ok().filter(|inner| is_text(inner))
}

/// Whether octets are a text, such as AUTH carries or somebody has encoded.
pub(super) fn is_text(octets: &[u8]) -> bool {
    let plain = |c: char| !c.is_control() || matches!(c, '\0' | '\u{1}' | '\t' | '\r' | '\n');
    std::str::from_utf8(octets).is_ok_and(|text| text.chars().all(plain))
}

/// A line of an encoded part: it can't be searched.
pub(super) fn is_encoded(line: &[u8]) -> bool {
    let letters = line.trim_ascii();
    letters.len() >= 40
        && letters.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'='))
}

/// What is known of the content's quoted-printable (RFC 2045 6.7) from line to line.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    /// A field has said that a part of the message is written so.
    pub(super) on: bool,
    /// The line before ended in a soft line break.
    cut: bool,
    /// The line before began the field, and its value may stand in this one.
    folded: bool,
}

impl Quoted {
    /// Looks at the next line of content: whether it is a part of a longer one, in which a name or an address may be cut.
    pub(super) fn is_soft(&mut self, line: &[u8]) -> bool {
        let line = line.trim_ascii_end();
        let lower = line.to_ascii_lowercase();
        let begun = lower.strip_prefix(b"content-transfer-encoding:");
        let goes_on = self.folded && lower.first().is_some_and(u8::is_ascii_whitespace);
        let value = begun.or_else(|| goes_on.then_some(&lower[..])).map(<[u8]>::trim_ascii);
        self.on |= value.is_some_and(|value| value.starts_with(b"quoted-printable"));
        self.folded = value.is_some_and(<[u8]>::is_empty);
        let ends = self.on && line.ends_with(b"=");
        std::mem::replace(&mut self.cut, ends) || ends
    }
}

/// Whether an octet is written here as `=2E`.
fn is_escaped(text: &[u8]) -> bool {
    matches!(text, [b'=', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// A line of quoted-printable without the words in which an octet is written as `=2E`: they can't be searched.
pub(super) fn without_quoted(line: &[u8]) -> Vec<u8> {
    let escaped = |word: &[u8]| memchr::memchr_iter(b'=', word).any(|at| is_escaped(&word[at..]));
    let words = line.split(|octet| *octet == b' ');
    let kept: Vec<Vec<u8>> = words.map(|word| if escaped(word) { blanked(word) } else { word.to_vec() }).collect();
    kept.join(&b' ')
}

/// As many octets that say nothing. What is written as `=2E` is an A, too: else it were no quoted-printable any more.
pub(super) fn blanked(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    while let Some(octet) = line.get(out.len()) {
        match octet {
            b'=' if is_escaped(&line[out.len()..]) => out.extend_from_slice(b"=41"),
            b'=' => out.push(b'='),
            octet if octet.is_ascii_whitespace() => out.push(*octet),
            _ => out.push(b'A'),
        }
    }
    out
}

/// Octets of a word that may be a host's name or an address; RFC 1035 3.1 has 255 of them for a name.
const LONGEST: usize = 4096;

/// A text without the words that are longer than any name: to search each from every place in it takes time without end.
/// One of base64 alone is read at once.
pub(super) fn shortened(text: &[u8]) -> Cow<'_, [u8]> {
    let in_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet) || !octet.is_ascii();
    let mut out = Cow::Borrowed(text);
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|octet| in_name(octet)).count();
        let run = &text[at..at + length];
        if length > LONGEST && !run.iter().all(u8::is_ascii_alphanumeric) {
            out.to_mut()[at..at + length].fill(b'A');
        }
        at += length.max(1);
    }
    out
}
