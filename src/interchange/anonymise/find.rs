//! What is looked for in a text by its form alone: addresses, URLs, IP addresses, names with dots, `key=value`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::common::is_common;
use super::is_label;
use super::tokens::decoded;

/// One alternative a kind; the order decides where two begin at the same place.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let local = r#"(?:"(?:[^"\\\r\n]|\\.){1,64}"|[^\s<>()\[\],;:"@\\]{1,128}?)"#;
    let host = r"(?:[\w](?:[\w-]*\w)?\.)+[^\W\d_][\w-]*\w";
    let literal = r"\[[^\]\s]{1,80}\]";
    let v4 = r"(?:\d{1,3}\.){3}\d{1,3}";
    let url = r#"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>"]+"#;
    let address = format!(r"(?P<local>{local})(?P<at>@|\+40|=40|%40)(?P<domain>{host}|{literal}|{v4}|\w[\w-]*)");
    Regex::new(&format!("(?P<url>{url})|{address}|(?P<v4>{v4})|(?P<host>{host})")).expect("it is well formed")
});

/// What may be base64: long, or with its end filled up.
static BASE64: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?P<base64>[A-Za-z0-9+/]{8,}={0,2}|[A-Za-z0-9+/]{4,}={1,2})").expect("it is well formed")
});

/// All that is found in a text by its form alone, in the order in which it stands.
pub(super) fn finds(bytes: &[u8]) -> Vec<Captures<'_>> {
    let place = |one: &Captures<'_>| one.get(0).map_or(0..0, |whole| whole.range());
    let mut out: Vec<Captures<'_>> = NAMES.captures_iter(bytes).collect();
    let mut coded = Vec::new();
    for one in BASE64.captures_iter(bytes) {
        let at = place(&one);
        let first = out.partition_point(|name| place(name).end <= at.start);
        let over = first + out[first..].partition_point(|name| place(name).start < at.end);
        // What reads as a text may have an octet of a name by chance; a word before a slash and an address is none.
        let whole = out[first..over].iter().all(|name| place(name).start >= at.start && place(name).end <= at.end);
        if over == first || whole && decoded(&bytes[at]).is_some() {
            out.drain(first..over);
            coded.push(one);
        }
    }
    out.extend(coded);
    out.sort_by_key(|one| place(one).start);
    out
}

/// A value that its key says to be a host's name, somebody's name, or a mark that somebody gave.
static KEYED: LazyLock<Regex> = LazyLock::new(|| {
    let sure = "helo|ehlo|login|user|username|sasl_username|smtp[.]auth|envid";
    let labels = "rdns|receiver|relay|host|hostname|mx|ptr|by|node|server|client|cn|smtp[.]client";
    Regex::new(&format!(r#"(?i-u:\b)(?i)(?:(?P<sure>{sure})|(?P<label>{labels}))=[<"]?(?P<value>[^\s<>"',;()&]+)"#))
        .expect("it is well formed")
});

/// The same where the key stands in another way: `dns; mx1` of a report (RFC 3464 2.1.2), Exchange's `H:` and `PTR:`, exim's
/// user of the machine, the folder of somebody; `/o=Org/cn=Recipients/cn=dude`, as Exchange calls a mailbox.
static OTHERWISE: LazyLock<Regex> = LazyLock::new(|| {
    let hosts = r"(?:(?-u:\b)dns;\s*|;(?:H|PTR):)(?P<host>[\w-]+)";
    // As postfix has it: `mx1[192.0.2.7]:25`.
    let client = r"(?P<client>[\w-]+)\[(?:IPv6:)?[0-9a-f:]*[.:][0-9a-f.:]+\]";
    let keys = r"(?-u:\b)rfc822;\s*|authenticated_id:\s*|/home/|/users/|\\users\\|/var/mail/|/spool/mail/|/mail/spool/";
    let locals = format!(r#"(?:{keys})(?P<local>[^\s<>"',;:()/\\@]+)"#);
    let boxes = r#"/cn=(?P<box>[^\s<>",;()/]+)"#;
    Regex::new(&format!("(?i){hosts}|{client}|{locals}|{boxes}")).expect("it is well formed")
});

/// What a key says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyed {
    Host,
    Local,
    Mark,
}

/// The values that their keys tell, where their form alone does not.
pub(super) fn keyed(bytes: &[u8]) -> Vec<(Range<usize>, Keyed)> {
    let mut out = Vec::new();
    for found in KEYED.captures_iter(bytes) {
        let Some(value) = found.name("value") else { continue };
        let Some(key) = found.name("sure") else {
            // Of these many have other values: only what can be the name of a host is one.
            let text = String::from_utf8_lossy(value.as_bytes());
            let label = text.split('[').next().unwrap_or_default();
            if is_label(label) && !is_common(&label.to_lowercase()) {
                out.push((value.start()..value.start() + label.len(), Keyed::Host));
            }
            continue;
        };
        let kind = match key.as_bytes().to_ascii_lowercase().as_slice() {
            b"helo" | b"ehlo" => Keyed::Host,
            b"envid" => Keyed::Mark,
            _ => Keyed::Local,
        };
        let by_form = value.as_bytes().iter().any(|octet| matches!(octet, b'@' | b'[' | b'{'));
        let dotted = kind == Keyed::Host && value.as_bytes().iter().any(|octet| matches!(octet, b'.' | b':'));
        if kind == Keyed::Mark || !by_form && !dotted {
            out.push((value.range(), kind));
        }
    }
    for found in OTHERWISE.captures_iter(bytes) {
        let host = found.name("host").map(|it| (it, Keyed::Host));
        // What goes on is known by its form.
        let host = host.filter(|(it, _)| bytes.get(it.end()) != Some(&b'.'));
        let beside = |at: usize| at > 0 && matches!(bytes[at - 1], b'.' | b'@' | b'=' | b'%' | b'+');
        let client =
            found.name("client").filter(|it| !beside(it.start()) && is_label(&String::from_utf8_lossy(it.as_bytes())));
        let host = host.or(client.map(|it| (it, Keyed::Host)));
        let local = found.name("local").filter(|it| bytes.get(it.end()) != Some(&b'@') && !holds_at(it.as_bytes()));
        let local = local.or(found.name("box")).map(|it| (it, Keyed::Local));
        let named = host.or(local).filter(|(it, _)| !is_common(&String::from_utf8_lossy(it.as_bytes()).to_lowercase()));
        out.extend(named.map(|(it, kind)| (it.range(), kind)));
    }
    out
}

/// Whether a word has an at sign that is written as an octet.
pub(super) fn holds_at(word: &[u8]) -> bool {
    word.windows(3).any(|three| matches!(three, b"+40" | b"=40" | b"%40"))
}

/// An address of IPv4, also one whose numbers are filled up with zeros.
pub(super) fn v4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split(|octet| *octet == b'.');
    for octet in &mut octets {
        *octet = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    }
    parts.next().is_none().then_some(Ipv4Addr::from(octets))
}

/// The addresses of IPv6 in a text, in any spelling and wherever they stand.
pub(super) fn v6(bytes: &[u8]) -> Vec<(Range<usize>, Ipv6Addr)> {
    let mut out = Vec::new();
    let in_run = |octet: &u8| octet.is_ascii_hexdigit() || matches!(octet, b':' | b'.');
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|octet| in_run(octet)).count();
        let end = at + length;
        if memchr::memchr_iter(b':', &bytes[at..end]).nth(1).is_some() {
            let glued = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
            of_run(bytes, at, end, glued, &mut out);
        }
        at = end.max(at + 1);
    }
    out
}

/// Octets that an address has at most, written out.
const LONGEST: usize = 45;

fn of_run(bytes: &[u8], from: usize, to: usize, glued: bool, out: &mut Vec<(Range<usize>, Ipv6Addr)>) {
    let mut start = from;
    while start < to {
        let begins = start > from && bytes[start - 1] == b':' || start == from && !glued;
        let long = to.min(start + LONGEST);
        let found = begins
            .then(|| {
                (start + 2..=long).rev().find_map(|end| {
                    // A letter of a word that goes on is no part of it.
                    let whole = bytes.get(end).is_none_or(|next| !next.is_ascii_alphanumeric());
                    let text = std::str::from_utf8(&bytes[start..end]).ok().filter(|_| whole)?;
                    let text = text.strip_suffix('.').unwrap_or(text);
                    text.parse::<Ipv6Addr>().ok().map(|ip| (start..start + text.len(), ip))
                })
            })
            .flatten();
        match found {
            Some((range, ip)) => {
                start = range.end.max(start + 1);
                out.push((range, ip));
            }
            None => start += 1,
        }
    }
}

/// What an address of IPv6 stands for where it holds one of IPv4 (RFC 4291 2.5.5.2).
pub(super) fn mapped(ip: Ipv6Addr) -> IpAddr {
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_found_in_any_spelling_and_wherever_it_stands() {
        for (text, expected) in [
            ("see https://h/ip/2001:db8:88::7", "2001:db8:88::7"),
            ("[IPv6:2001:DB8:0:0::7]:25", "2001:db8::7"),
            ("of 2001:0db8:0077::0025.", "2001:db8:77::25"),
            ("host:2001:db8::1 x", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:db8:1:2::3/64", "2001:db8:1:2::3"),
            ("::ffff:203.0.113.9", "::ffff:203.0.113.9"),
            ("(::1)", "::1"),
        ] {
            let found = v6(text.as_bytes());
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].1, expected.parse::<Ipv6Addr>().expect("an address"), "{text}");
        }
        for text in ["22:18:57", "10:01:02.5", "std::vec", "::", "id 4F:AA:01"] {
            let found: Vec<_> = v6(text.as_bytes()).into_iter().filter(|(_, ip)| !ip.is_unspecified()).collect();
            assert!(found.is_empty(), "{text}: {found:?}");
        }
        assert_eq!(v4(b"203.0.113.009"), Some(Ipv4Addr::new(203, 0, 113, 9)));
    }
}
