//! What stands for each thing that is found: for an address, a URL, a word by itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::{Captures, Regex};

use super::coded::read_local;
use super::common::is_common;
use super::find::{mapped, v4};
use super::forms::{Found, is_small, is_version};
use super::spans::Spans;
use super::tokens::{after_key, decoded, is_host};
use super::{Anonymiser, is_label};

fn turned(ip: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, d] = ip.octets();
    Ipv4Addr::new(d, c, b, a)
}

/// Octets of a local part with blanks in it, before its last word (RFC 5321 4.5.3.1.1).
const SPACED: usize = 64;

/// A word that may be a name of one label, or a local part by itself.
static WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w][\w.+-]*\w|\w").expect("it is well formed"));

/// An address of IPv4 before the name of a zone: reversed, as DNS has it for names and lists of addresses.
static REVERSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)((?:\d{1,3}\.){3}\d{1,3})(?i:(\.in-addr\.arpa)(?-u:\b)|\.[a-z])").expect("it is well formed")
});

impl Anonymiser {
    /// Addresses that stand reversed before the name of a zone: what stands for them, reversed too.
    pub(super) fn reversed(&mut self, bytes: &[u8]) -> Found {
        let mut out = Vec::new();
        for found in REVERSED.captures_iter(bytes) {
            let Some(quad) = found.get(1) else { continue };
            let Some(ip) = v4(quad.as_bytes()).map(turned) else { continue };
            let zone = found.get(2);
            // Before another name it is one only where the address is known to be somebody's.
            if zone.is_some() || self.names.there.contains(&ip.to_string()) {
                let new = match self.names.ip(IpAddr::V4(ip)) {
                    IpAddr::V4(new) => turned(new).to_string(),
                    IpAddr::V6(new) => new.to_string(),
                };
                let end = zone.map_or(quad.end(), |zone| zone.end());
                out.push((quad.start()..end, (new + if zone.is_some() { ".in-addr.arpa" } else { "" }).into_bytes()));
            }
        }
        out
    }

    /// What stands for an address or a URL, and where it stands.
    pub(super) fn address(&mut self, bytes: &[u8], found: &Captures<'_>) -> (Range<usize>, Vec<u8>) {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let (Some(local), Some(at), Some(domain)) = (text("local"), text("at"), text("domain")) else {
            return (whole.clone(), self.url(&bytes[whole]));
        };
        // What stands in angle brackets is all of the address; elsewhere its key may stand before it.
        let bracketed = whole.start > 0 && bytes[whole.start - 1] == b'<';
        let (key, local) = if bracketed { ("", local.as_str()) } else { after_key(&local) };
        let low = local.to_lowercase();
        let longer = if key.is_empty() { self.spaced_before(&bytes[..whole.start], &low) } else { None };
        let start = whole.start - longer.as_ref().map_or(0, |longer| longer.len() - low.len());
        // The same by the same, also where it is written in other letters.
        let read = || read_local(local).filter(|read| self.alone.contains(read));
        let local = longer.or_else(read).unwrap_or_else(|| local.to_owned());
        // A marker of a script's stays one.
        let local = if local.contains("{{") || local.is_empty() { local } else { self.names.local(&local) };
        (start..whole.end, format!("{key}{local}{at}{}", self.domain(&domain)).into_bytes())
    }

    /// A local part with blanks whose last word is this one, and whose others stand before it.
    fn spaced_before(&self, before: &[u8], last: &str) -> Option<String> {
        if self.spaced.is_empty() || before.last() != Some(&b' ') {
            return None;
        }
        let first = before.len().saturating_sub(SPACED);
        let ascii = before[first..].iter().rposition(|octet| !octet.is_ascii()).map_or(first, |at| first + at + 1);
        let head = String::from_utf8_lossy(&before[ascii..]).to_lowercase();
        (0..head.len()).map(|from| format!("{}{last}", &head[from..])).find(|spaced| self.spaced.contains(spaced))
    }

    /// A URL: what stands between its marks is searched part by part, and who logs in by it is nobody's business.
    fn url(&mut self, url: &[u8]) -> Vec<u8> {
        let scheme = memchr::memmem::find(url, b"://").map_or(0, |at| at + 3);
        let mut out = url[..scheme].to_vec();
        let mut rest = &url[scheme..];
        let authority = rest.iter().position(|octet| matches!(octet, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        if let Some(at) = memchr::memrchr(b'@', &rest[..authority]) {
            let user = rest[..at].split(|octet| *octet == b':').next().unwrap_or_default();
            out.extend(self.names.local(&String::from_utf8_lossy(user)).into_bytes());
            out.push(b'@');
            rest = &rest[at + 1..];
        }
        let host = rest.iter().take_while(|octet| octet.is_ascii_alphanumeric() || **octet == b'-').count();
        let ends = matches!(rest.get(host), None | Some(b':' | b'/'));
        let label = String::from_utf8_lossy(&rest[..host]).into_owned();
        if ends && is_label(&label) && label != "lab" {
            out.extend(self.names.host(&label).into_bytes());
            rest = &rest[host..];
        }
        for part in rest.split_inclusive(|octet| matches!(octet, b'/' | b'?' | b'&' | b'=' | b'#' | b';')) {
            let mark = part.last().filter(|octet| matches!(octet, b'/' | b'?' | b'&' | b'=' | b'#' | b';'));
            let text = &part[..part.len() - usize::from(mark.is_some())];
            out.extend(self.replaced(text));
            out.extend(mark);
        }
        out
    }

    pub(super) fn ipv6(&mut self, ip: Ipv6Addr) -> String {
        match (mapped(ip), self.names.ip(mapped(ip))) {
            (IpAddr::V4(_), IpAddr::V4(new)) => new.to_ipv6_mapped().to_string(),
            (_, new) => new.to_string(),
        }
    }

    /// What stands for something else that is known by its form; none where it stays.
    pub(super) fn by_form(&mut self, bytes: &[u8], found: &Captures<'_>) -> Option<Vec<u8>> {
        let address = found.name("v4").and_then(|it| Some((it.start(), v4(it.as_bytes())?)));
        let stays =
            |(at, ip): &(usize, Ipv4Addr)| is_small(*ip) && !self.addresses.contains(ip) && is_version(bytes, *at);
        if let Some((_, ip)) = address.filter(|it| !stays(it)) {
            return Some(self.names.ip(IpAddr::V4(ip)).to_string().into_bytes());
        }
        if let Some(host) = found.name("host").map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()) {
            if self.alone.contains(&host.to_lowercase()) {
                return Some(self.names.local(&host).into_bytes());
            }
            return is_host(&host).then(|| self.names.host(&host).into_bytes());
        }
        let inner = found.name("base64").and_then(|it| decoded(it.as_bytes()))?;
        let new = self.inner(&inner);
        (new != inner).then(|| STANDARD.encode(new).into_bytes())
    }

    /// What stands behind an at sign.
    fn domain(&mut self, domain: &str) -> String {
        match domain.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => {
                let (tag, address) =
                    inner.split_at(if inner.to_ascii_lowercase().starts_with("ipv6:") { 5 } else { 0 });
                match address.parse::<IpAddr>() {
                    Ok(ip) => format!("[{tag}{}]", self.names.ip(ip)),
                    Err(_) => "[192.0.2.1]".to_owned(),
                }
            }
            None => self.names.host(domain),
        }
    }

    /// Words by themselves: what persons are called, hosts of one label, local parts and what is in them.
    pub(super) fn words(&mut self, bytes: &[u8], spans: &mut Spans<'_>) {
        let words: Vec<(Range<usize>, String)> = WORDS
            .find_iter(bytes)
            .map(|word| (word.range(), String::from_utf8_lossy(word.as_bytes()).to_lowercase()))
            .filter(|(place, _)| spans.is_free(place))
            .collect();
        let mut n = 0;
        while let Some((place, word)) = words.get(n) {
            n += 1;
            if let Some((person, count)) = self.person(bytes, &words[n - 1..]) {
                // First name and last name are one person.
                n += count - 1;
                spans.put(place.start..words[n - 1].0.end, person);
                continue;
            }
            if let Some(new) = self.word(word) {
                spans.put(place.clone(), new);
            } else if word.contains(['-', '.', '_', '+']) {
                self.pieces(place.start, word, spans);
            }
        }
    }

    /// Who is meant by these words, and by how many of them: a common word counts beside one that is none.
    fn person(&self, bytes: &[u8], words: &[(Range<usize>, String)]) -> Option<(String, usize)> {
        let beside = |n: usize| {
            let (above, below) = (words.get(n)?, words.get(n + 1)?);
            (bytes.get(above.0.end..below.0.start)? == b" ").then_some(below.1.as_str())
        };
        let first = &words.first()?.1;
        let person = match self.people.of(first) {
            Some(person) => person,
            None => self.people.of(beside(0)?).filter(|person| self.people.is_of(person, first))?,
        };
        let mut count = 1;
        while beside(count - 1).is_some_and(|word| self.people.is_of(person, word)) {
            count += 1;
        }
        Some((person.to_owned(), count))
    }

    pub(super) fn word(&mut self, word: &str) -> Option<String> {
        if self.names.bare.contains(word) && !is_common(word) {
            return Some(self.names.host(word));
        }
        if self.alone.contains(word) {
            return Some(self.names.local(word));
        }
        if self.marks.contains(word) {
            return Some(self.names.mark(word));
        }
        if let Some(local) = self.parts.get(word) {
            return Some(self.names.local(local));
        }
        let domain = self.domains.get(word)?.clone();
        Some(self.names.domain_label(&domain))
    }

    /// Names within a word that is put together.
    fn pieces(&mut self, start: usize, word: &str, spans: &mut Spans<'_>) {
        for piece in word.split(['-', '.', '_', '+']).filter(|piece| piece.len() >= 3 && !is_common(piece)) {
            let at = start + (piece.as_ptr() as usize - word.as_ptr() as usize);
            let new = self.people.of(piece).map(str::to_owned).or_else(|| self.word(piece));
            if let Some(new) = new {
                spans.put(at..at + piece.len(), new);
            }
        }
    }
}
