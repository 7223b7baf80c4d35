//! What stands for each thing that is found: for an address, a URL, a word by itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::{Captures, Regex};

use super::coded::read_local;
use super::common::is_common;
use super::find::{Keyed, keyed, mapped, v4};
use super::spans::Spans;
use super::tokens::{after_key, decoded, is_host, is_property};
use super::version::{is_small, is_version};
use super::{Anonymiser, is_label};

/// Octets of a local part with blanks in it, before its last word (RFC 5321 4.5.3.1.1).
const SPACED: usize = 64;

/// Letters of a name that is looked for within a word, and of such a word.
const HIDDEN: usize = 6;
const LONGEST: usize = 48;

/// A word that may be a name of one label, or a local part by itself.
static WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w][\w.+-]*\w|\w").expect("it is well formed"));

impl Anonymiser {
    /// What stands for an address or a URL, and where it stands.
    pub(super) fn address(&mut self, bytes: &[u8], found: &Captures<'_>) -> (Range<usize>, Vec<u8>) {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let (Some(local), Some(at), Some(domain)) = (text("local"), text("at"), text("domain")) else {
            return (whole.clone(), self.url(&bytes[whole]));
        };
        // What stands in angle brackets is all of the address; elsewhere its key may stand before it.
        let bracketed = whole.start > 0 && bytes[whole.start - 1] == b'<';
        // What stands before it is looked at by itself.
        let (key, local) = if bracketed { ("", local.as_str()) } else { after_key(&local) };
        let low = local.to_lowercase();
        let longer = if key.is_empty() { self.spaced_before(&bytes[..whole.start], &low) } else { None };
        let start = whole.start + key.len() - longer.as_ref().map_or(0, |longer| longer.len() - low.len());
        // The same by the same, also where it is written in other letters.
        let read = || read_local(local).filter(|read| self.alone.contains(read));
        let local = longer.or_else(read).unwrap_or_else(|| local.to_owned());
        // A marker of a script's stays one.
        let local = if local.contains("{{") || local.is_empty() { local } else { self.names.local(&local) };
        (start..whole.end, format!("{local}{at}{}", self.domain(&domain)).into_bytes())
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
        let explains = memchr::memmem::find(rest, b"ip=").is_some();
        for part in rest.split_inclusive(|octet| matches!(octet, b'/' | b'?' | b'&' | b'#' | b';')) {
            let mark = part.last().filter(|octet| matches!(octet, b'/' | b'?' | b'&' | b'#' | b';'));
            let text = &part[..part.len() - usize::from(mark.is_some())];
            out.extend(self.value_in_url(text, explains));
            out.extend(mark);
        }
        out
    }

    /// A part of a URL, which may be a value whose key says what it is. One that explains a verdict of SPF has its own keys.
    fn value_in_url(&mut self, text: &[u8], explains: bool) -> Vec<u8> {
        let Some(at) = memchr::memchr(b'=', text) else { return self.replaced(text) };
        let (key, value) = text.split_at(at + 1);
        let of_spf = explains && matches!(key, b"id=" | b"r=");
        let kind = match keyed(text).first() {
            Some((place, kind)) if place.start == at + 1 => Some(*kind),
            _ => of_spf.then_some(Keyed::Host),
        };
        let name = String::from_utf8_lossy(value).into_owned();
        match kind.filter(|_| is_label(&name)) {
            Some(kind) => [key, self.of_key(kind, &name).as_bytes()].concat(),
            None => [&self.replaced(key), &self.replaced(value)[..]].concat(),
        }
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
            let end = found.get(0).map_or(0, |whole| whole.end());
            let property = bytes.get(end) == Some(&b'=') && is_property(&host);
            return (is_host(&host) && !property).then(|| self.names.host(&host).into_bytes());
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
            None => match v4(domain.as_bytes()) {
                Some(ip) => self.names.ip(ip.into()).to_string(),
                None => self.names.host(domain),
            },
        }
    }

    /// Words by themselves: what persons are called, hosts of one label, local parts and what is in them.
    pub(super) fn words(&mut self, bytes: &[u8], spans: &mut Spans<'_>) {
        let all = WORDS.find_iter(bytes).map(|word| word.range());
        // Of a word of which a part is replaced already the others are looked at.
        let (words, broken): (Vec<_>, Vec<_>) = all.partition(|place| spans.is_free(place));
        for place in broken {
            self.pieces(bytes, &place, spans);
        }
        let low = |place: Range<usize>| (place.clone(), String::from_utf8_lossy(&bytes[place]).to_lowercase());
        let words: Vec<(Range<usize>, String)> = words.into_iter().map(low).collect();
        let mut n = 0;
        while let Some((place, word)) = words.get(n) {
            n += 1;
            if let Some((person, count)) = self.person(bytes, &words[n - 1..]) {
                // First name and last name are one person.
                n += count - 1;
                spans.put(place.start..words[n - 1].0.end, person);
                continue;
            }
            match self.word(word) {
                Some(new) => spans.put(place.clone(), new),
                None => self.pieces(bytes, place, spans),
            }
        }
        if std::str::from_utf8(bytes).is_err() {
            self.latin(bytes, spans);
        }
    }

    /// The same of words in the letters of ISO 8859-1, which no text of UTF-8 has.
    fn latin(&mut self, bytes: &[u8], spans: &mut Spans<'_>) {
        let mut at = 0;
        for word in bytes.split(|octet| octet.is_ascii() && !octet.is_ascii_alphanumeric()) {
            let text: String = word.iter().map(|octet| char::from(*octet)).collect::<String>().to_lowercase();
            let new = self.people.of(&text).map(str::to_owned).or_else(|| self.word(&text));
            if let Some(new) = new.filter(|_| !word.is_ascii()) {
                spans.put(at..at + word.len(), new);
            }
            at += word.len() + 1;
        }
    }

    /// Who is meant by these words, and by how many of them: a common word counts beside one that is none.
    fn person(&self, bytes: &[u8], words: &[(Range<usize>, String)]) -> Option<(String, usize)> {
        let beside = |n: usize| {
            let (above, below) = (words.get(n)?, words.get(n + 1)?);
            (bytes.get(above.0.end..below.0.start)? == b" ").then_some(below.1.as_str())
        };
        let (place, first) = words.first()?;
        // Who is called as a mailbox is, and is written so: by itself it is that mailbox.
        let as_mailbox = bytes.get(place.clone()) == Some(first.as_bytes()) && self.alone.contains(first);
        let beside_other = beside(0).is_some_and(|word| self.people.of(word).is_some());
        if as_mailbox && !beside_other {
            return None;
        }
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

    /// Names within a word that is put together, by marks or as `ZoeMail`.
    fn pieces(&mut self, bytes: &[u8], place: &Range<usize>, spans: &mut Spans<'_>) {
        let text = String::from_utf8_lossy(&bytes[place.clone()]).into_owned();
        let mut at = place.start;
        for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let from = at;
            at += piece.len();
            let piece = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            if piece.len() < text.len() && self.piece(from, piece, spans) {
                continue;
            }
            self.hidden(from, piece, spans);
            let mut begin = 0;
            let turns = piece.char_indices().zip(piece.chars().skip(1)).filter_map(|((at, one), next)| {
                let turn = one.is_lowercase() && next.is_uppercase() || one.is_numeric() != next.is_numeric();
                turn.then_some(at + one.len_utf8())
            });
            for end in turns.chain(std::iter::once(piece.len())) {
                if end - begin < piece.len() {
                    self.piece(from + begin, &piece[begin..end], spans);
                }
                begin = end;
            }
        }
    }

    /// Long names within a word, as in `plumtreemail`.
    fn hidden(&mut self, at: usize, word: &str, spans: &mut Spans<'_>) {
        if !word.is_ascii() || word.len() > LONGEST || self.long.is_empty() {
            return;
        }
        let low = word.to_ascii_lowercase();
        for length in (HIDDEN..word.len()).rev() {
            for from in 0..=word.len() - length {
                if self.long.contains(&low[from..from + length]) {
                    self.piece(at + from, &word[from..from + length], spans);
                }
            }
        }
    }

    /// Remembers what may stand within a word: names that are long enough not to be there by chance.
    pub(super) fn note_long(&mut self) {
        let all = self.alone.iter().chain(self.parts.keys()).chain(self.domains.keys()).chain(&self.names.bare);
        let good = |name: &&String| name.len() >= HIDDEN && name.chars().all(|c| c.is_ascii_alphanumeric());
        self.long = all.chain(self.people.words()).filter(good).filter(|name| !is_common(name)).cloned().collect();
    }

    /// One of them, at this place: whether it is a name.
    fn piece(&mut self, at: usize, piece: &str, spans: &mut Spans<'_>) -> bool {
        let low = piece.to_lowercase();
        if low.len() < 3 || is_common(&low) {
            return false;
        }
        let Some(new) = self.people.of(&low).map(str::to_owned).or_else(|| self.word(&low)) else { return false };
        spans.put(at..at + piece.len(), new);
        true
    }
}
