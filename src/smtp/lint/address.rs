//! Domains, address literals and mailboxes (RFC 5321 4.1.2, 4.1.3).

use core::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::super::path::{outside_quotes, without_route};
use super::{Context, Findings, shown};

/// Whose path it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The sender of MAIL.
    Reverse,
    /// A recipient of RCPT.
    Forward,
}

/// Where a domain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After HELO, EHLO or LHLO.
    Greeting,
    /// After the `@` of an address.
    Address,
}

/// Examines what stands between the angle brackets; gives it mended.
pub(super) fn mailbox(context: &Context<'_>, range: Range<usize>, role: Role, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let range = unwrapped(line, range, found);
    let text = &line[range.clone()];
    if text.is_empty() {
        if role == Role::Forward {
            let reason = "A recipient can't be empty; the null path <> is for the sender of reports alone.";
            found.wrong("null-forward-path", range, reason, "RFC 5321 4.1.1.3");
        }
        return Vec::new();
    }
    let bare = without_route(text);
    let route = range.start..range.end - bare.len();
    if !route.is_empty() {
        let reason = "A source route is taken by servers and ignored; clients should not write one.";
        found.odd("source-route", route.clone(), reason, "RFC 5321 F.2");
    }
    let mut out = line[route.clone()].to_vec();
    let start = route.end;
    let signs: Vec<usize> = outside_quotes(line, start..range.end, b'@').collect();
    let comma = outside_quotes(line, start..range.end, b',').chain(outside_quotes(line, start..range.end, b';')).next();
    match signs.as_slice() {
        [] => no_domain(context, start..range.end, role, found),
        [_, second, ..] => {
            let comma = comma.map(|comma| comma..range.end);
            several_signs(*second, comma, role, found);
            out.extend_from_slice(bare);
            return out;
        }
        [_] => {}
    }
    let at = signs.first().copied();
    out.extend(local_part(line, start..at.unwrap_or(range.end), at.is_some(), found));
    if let Some(at) = at {
        out.push(b'@');
        let span = at + 1..range.end;
        if span.is_empty() {
            found.wrong("empty-domain", at..range.end, "No domain stands after the @.", "RFC 5321 4.1.2");
        } else {
            out.extend(domain(line, span, Place::Address, found));
        }
    }
    let length = range.len() + 2;
    if length > 256 {
        let reason = format!("The path has {length} octets; a server need not take more than 256.");
        found.wrong("path-too-long", range, reason, "RFC 5321 4.5.3.1.3");
    }
    out
}

/// Where the address itself stands, without what does not belong to it: blanks, `mailto:`, other signs around it.
fn unwrapped(line: &[u8], range: Range<usize>, found: &mut Findings) -> Range<usize> {
    let mut range = trimmed(line, range, found);
    if line[range.clone()].get(..7).is_some_and(|head| head.eq_ignore_ascii_case(b"mailto:")) {
        let span = range.start..range.start + 7;
        found.wrong("mailto", span.clone(), "An address stands here alone, without mailto:.", "RFC 5321 4.1.2").mends();
        range.start = span.end;
    }
    if let Some(inner) = within_printed_quotes(&line[range.clone()]) {
        let reason = "An address stands in angle brackets and in no quotes; these are of a printed text.";
        found.wrong("wrong-brackets", range.clone(), reason, "RFC 5321 4.1.2").mends();
        range = range.start + inner.start..range.start + inner.end;
    }
    if let Some(inner) = within_other_signs(&line[range.clone()]) {
        let reason = "An address stands in angle brackets and in no others.";
        found.wrong("wrong-brackets", range.clone(), reason, "RFC 5321 4.1.2").mends();
        range = range.start + 1..range.start + 1 + inner;
    }
    range
}

/// Two `@` or more, the second of them here; with a comma or semicolon they belong to several addresses.
fn several_signs(second: usize, comma: Option<Range<usize>>, role: Role, found: &mut Findings) {
    let Some(others) = comma else {
        let reason = "Two @ stand in the address; one in the local part must be within quotes.";
        found.wrong("two-at-signs", second..second + 1, reason, "RFC 5321 4.1.2");
        return;
    };
    several_addresses(others, role, found);
}

/// Where an address lies that stands whole within quotes as they are printed, which no keyboard has: `“a@b”`.
fn within_printed_quotes(text: &[u8]) -> Option<Range<usize>> {
    const QUOTES: [char; 9] =
        ['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{ab}', '\u{bb}', '\u{2033}'];
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.strip_prefix(QUOTES)?.strip_suffix(QUOTES)?;
    let start = text.chars().next()?.len_utf8();
    (inner.contains('@') && !inner.contains(QUOTES)).then_some(start..start + inner.len())
}

/// The length of an address that stands whole within quotes or brackets of another kind: `(a@b)`, `"a@b"`.
fn within_other_signs(text: &[u8]) -> Option<usize> {
    let (first, last) = (text.first()?, text.last()?);
    let pairs = [(b'(', b')'), (b'[', b']'), (b'{', b'}'), (b'\'', b'\''), (b'"', b'"'), (b'`', b'`')];
    let inner = text.get(1..text.len() - 1)?;
    let plain =
        inner.iter().all(|b| is_atext(*b) && !matches!(b, b'\'' | b'`' | b'{' | b'}') || matches!(b, b'.' | b'@'));
    let one_sign = inner.split(|b| *b == b'@').count() == 2;
    (pairs.contains(&(*first, *last)) && plain && one_sign).then_some(inner.len())
}

/// More than one address in one path.
pub(super) fn several_addresses(span: Range<usize>, role: Role, found: &mut Findings) {
    let (reason, reference) = match role {
        Role::Reverse => ("MAIL names one sender and no more.", "RFC 5321 4.1.1.2"),
        Role::Forward => ("RCPT names one recipient; send another RCPT for each of the others.", "RFC 5321 4.1.1.3"),
    };
    found.wrong("several-addresses", span, reason, reference);
}

/// The range without white space at its ends.
fn trimmed(line: &[u8], range: Range<usize>, found: &mut Findings) -> Range<usize> {
    let text = &line[range.clone()];
    let start = range.start + (text.len() - text.trim_ascii_start().len());
    let inner = start..(range.end - (text.len() - text.trim_ascii_end().len())).max(start);
    if inner != range && !inner.is_empty() {
        found.wrong("space-in-address", range, "No space stands within the brackets.", "RFC 5321 4.1.2").mends();
    }
    inner
}

fn no_domain(context: &Context<'_>, span: Range<usize>, role: Role, found: &mut Findings) {
    let text = &context.line[span.clone()];
    if role == Role::Forward && text.eq_ignore_ascii_case(b"postmaster") {
        return;
    }
    found.wrong(
        "no-domain",
        span,
        "The address has no @ and no domain; only the recipient <postmaster> may stand alone.",
        "RFC 5321 4.1.2",
    );
}

/// Examines a local part; gives it mended: quoted where it must be.
fn local_part(line: &[u8], span: Range<usize>, has_domain: bool, found: &mut Findings) -> Vec<u8> {
    let text = &line[span.clone()];
    if text.is_empty() {
        if has_domain {
            let reason = "No local part stands before the @.";
            found.wrong("empty-local-part", span.start..span.start + 1, reason, "RFC 5321 4.1.2");
        }
        return Vec::new();
    }
    if text.len() > 64 {
        let reason = format!("The local part has {} octets; a server need not take more than 64.", text.len());
        found.wrong("local-part-too-long", span.clone(), reason, "RFC 5321 4.5.3.1.1");
    }
    if is_quoted(text) {
        return text.to_vec();
    }
    if text.first() == Some(&b'"') || text.last() == Some(&b'"') {
        let reason = "A quote is opened and not closed, or closed and not opened.";
        found.wrong("unpaired-quote", span, reason, "RFC 5321 4.1.2");
        return text.to_vec();
    }
    let joined: Vec<u8> = without_loose_spaces(text);
    if joined != text {
        found.wrong("space-in-address", span.clone(), "No space stands within an address.", "RFC 5321 4.1.2").mends();
    }
    if joined.is_empty() {
        return joined;
    }
    if let Some(step) = text.iter().position(|b| !is_atext(*b) && *b != b'.')
        && joined.iter().any(|b| !is_atext(*b) && *b != b'.')
    {
        let reason = format!("{} may stand in a local part only within quotes.", sign(text[step]));
        let at = span.start + step;
        found.wrong("needs-quotes", at..at + 1, reason, "RFC 5321 4.1.2").mends();
        return quoted(&joined);
    }
    if joined.starts_with(b".") || joined.ends_with(b".") || memchr::memmem::find(&joined, b"..").is_some() {
        let reason = "A dot at an end of the local part, or two in a row, may stand there only within quotes.";
        found.wrong("loose-dot", span, reason, "RFC 5321 4.1.2").mends();
        return quoted(&joined);
    }
    joined
}

/// The text without white space at its ends and beside its dots.
fn without_loose_spaces(text: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split(|b| *b == b'.').map(<[u8]>::trim_ascii).collect();
    parts.join(&b'.')
}

fn sign(octet: u8) -> String {
    match octet {
        b' ' | b'\t' => "A space".to_owned(),
        octet => shown(&[octet]),
    }
}

/// RFC 5321 4.1.2 and RFC 5322 3.2.3; RFC 6531 3.3 adds everything that is not ASCII.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet) || !octet.is_ascii()
}

/// Whether the text is one quoted string and nothing else.
fn is_quoted(text: &[u8]) -> bool {
    let Some(inner) = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else { return false };
    let mut octets = inner.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => return false,
            b'\\' if octets.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for octet in text {
        if matches!(octet, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*octet);
    }
    out.push(b'"');
    out
}

/// Examines a domain or address literal; gives it mended.
pub(super) fn domain(line: &[u8], span: Range<usize>, place: Place, found: &mut Findings) -> Vec<u8> {
    let text = &line[span.clone()];
    if text.starts_with(b"[") {
        return literal(text, span, found);
    }
    if let Some(mended) = bare_address(text) {
        let reason = format!("An IP address stands in brackets: {}.", shown(&mended));
        found.wrong("address-without-brackets", span, reason, "RFC 5321 4.1.3").mends();
        return mended;
    }
    let mut name = without_loose_spaces(text);
    if name != text && !text.ends_with(b".") {
        found.wrong("space-in-address", span.clone(), "No space stands within a domain.", "RFC 5321 4.1.2").mends();
    }
    if name.len() > 1 && name.ends_with(b".") {
        let reason = "No dot stands at the end of a domain here, unlike in the DNS.";
        found.wrong("trailing-dot", span.end - 1..span.end, reason, "RFC 5321 4.1.2").mends();
        while name.len() > 1 && name.ends_with(b".") {
            name.pop();
        }
    }
    labels(&name, span.clone(), found);
    if place == Place::Greeting {
        greeting_name(&name, span, found);
    }
    name
}

/// What is asked of the name after HELO or EHLO beyond its grammar.
fn greeting_name(name: &[u8], span: Range<usize>, found: &mut Findings) {
    if !name.is_ascii() {
        let reason = "Before the server has offered SMTPUTF8 the name must be ASCII: write the xn-- form.";
        found.wrong("non-ascii-domain", span, reason, "RFC 6531 3.7.1");
    } else if name.eq_ignore_ascii_case(b"localhost") || name.eq_ignore_ascii_case(b"localhost.localdomain") {
        let reason = "localhost is the name of every computer; many servers want the full name of yours.";
        found.odd("localhost", span, reason, "RFC 5321 2.3.5");
    }
}

/// The labels of a domain: letters, digits, hyphens, 1 to 63 of them, 255 in all.
fn labels(name: &[u8], span: Range<usize>, found: &mut Findings) {
    if name.len() > 255 {
        let reason = format!("The domain has {} octets; no more than 255 are allowed.", name.len());
        found.wrong("domain-too-long", span.clone(), reason, "RFC 5321 4.5.3.1.2");
    }
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'-' | b'_');
    if let Some(odd) = name.iter().find(|b| !is_letter(**b) && **b != b'.') {
        let reason = format!("{} can't stand in a domain.", sign(*odd));
        found.wrong("bad-domain", span, reason, "RFC 5321 4.1.2");
        return;
    }
    for label in name.split(|b| *b == b'.') {
        let (name, reason, reference) = if label.is_empty() {
            ("bad-domain", "A part of the domain between two dots is empty.", "RFC 5321 4.1.2")
        } else if label.len() > 63 {
            ("label-too-long", "A part of the domain between two dots has more than 63 octets.", "RFC 1035 2.3.4")
        } else if label.starts_with(b"-") || label.ends_with(b"-") {
            ("bad-domain", "A part of a domain begins and ends with a letter or digit.", "RFC 5321 4.1.2")
        } else if label.contains(&b'_') {
            ("underscore", "An underscore can't stand in the name of a host; many servers refuse it.", "RFC 5321 2.3.5")
        } else {
            continue;
        };
        found.wrong(name, span, reason, reference);
        return;
    }
}

/// A bare IP address as it should be written.
fn bare_address(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim_end_matches(']');
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(format!("[{address}]").into_bytes());
    }
    let untagged = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).map_or(text, |_| &text[5..]);
    untagged.parse::<Ipv6Addr>().ok().map(|_| format!("[IPv6:{untagged}]").into_bytes())
}

/// Examines an address literal, `[` first; gives it mended.
fn literal(text: &[u8], span: Range<usize>, found: &mut Findings) -> Vec<u8> {
    let whole = text.ends_with(b"]");
    let inner = text.strip_prefix(b"[").unwrap_or(text);
    let inner = inner.strip_suffix(b"]").unwrap_or(inner).trim_ascii();
    let inner = std::str::from_utf8(inner).unwrap_or_default();
    let (tag, rest) = match inner.split_once(':') {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("IPv6") || tag.eq_ignore_ascii_case("IPv4") => (tag, rest),
        _ => ("", inner),
    };
    let bad = |found: &mut Findings, reason: &str| {
        found.wrong("bad-address-literal", span.clone(), reason, "RFC 5321 4.1.3");
        text.to_vec()
    };
    let right = if is_ipv4(rest) && !tag.eq_ignore_ascii_case("IPv6") {
        format!("[{rest}]")
    } else if rest.parse::<Ipv6Addr>().is_ok() && !tag.eq_ignore_ascii_case("IPv4") {
        format!("[IPv6:{rest}]")
    } else if tag.is_empty() && whole && is_general(inner) {
        return text.to_vec();
    } else {
        return bad(found, "The brackets hold no IP address.");
    };
    if !right.as_bytes().eq_ignore_ascii_case(text) {
        let reason = format!("An address literal is written {right}.");
        found.wrong("bad-address-literal", span, reason, "RFC 5321 4.1.3").mends();
        return right.into_bytes();
    }
    text.to_vec()
}

/// Four numbers up to 255; leading zeros are legal (RFC 5321 4.1.3, Snum).
fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_part = |part: &&str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|n| n <= 255)
    };
    parts.len() == 4 && parts.iter().all(is_part)
}

/// `tag:content` of a kind that is not known here (RFC 5321 4.1.3, General-address-literal).
fn is_general(text: &str) -> bool {
    text.split_once(':').is_some_and(|(tag, content)| {
        let tag_is_word = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let not_address = !tag.bytes().all(|b| b.is_ascii_hexdigit());
        !tag.is_empty() && !tag.ends_with('-') && tag_is_word && not_address && !content.is_empty()
    })
}
