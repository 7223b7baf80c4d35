//! Addresses of IP in other letters than their own: reversed before the name of a zone, as one number, with other marks
//! between their parts, the beginning of one. But for those of `in-addr.arpa` and `ip6.arpa` they are addresses only where
//! the address is known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::Anonymiser;
use super::find::v4;
use super::forms::{Found, regex};
use super::version::is_version;

/// An address of IPv4 before the name of a zone: reversed, as DNS has it for names and lists of addresses.
static REVERSED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?-u:\b)((?:\d{1,3}\.){3}\d{1,3})(?i:(\.in-addr\.arpa)(?-u:\b)|\.[a-z])"));

/// The same of IPv6: its digits, from the last.
static NIBBLES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u:\b)((?:[0-9A-Fa-f]\.){31}[0-9A-Fa-f])(?i:\.ip6\.arpa(?-u:\b)|\.[a-z])"));

/// One of IPv4 as one number, hexadecimal or decimal, or with all its digits.
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u:\b)(?i:0x)?([0-9A-Fa-f]{8}|\d{9,10}|\d{12}|[0-9A-Fa-f]{32})(?i-u:\b)"));

/// One of IPv4 with other marks between its numbers, as names of hosts have it; or with numbers that are not decimal.
static MARKED: LazyLock<Regex> = LazyLock::new(|| {
    let part = "((?i:0x)?[0-9A-Fa-f]{1,4})";
    regex(&format!(r"(?-u:\b|_){part}([-_,.x]){part}[-_,.x]{part}[-_,.x]{part}(?-u:\b|_)"))
});

/// One of IPv6 with other marks.
static GROUPS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?-u:\b)[0-9A-Fa-f]{1,4}(?:--?[0-9A-Fa-f]{1,4}){2,7}(?-u:\b)|[0-9A-Fa-f]{1,4}(?:__?[0-9A-Fa-f]{1,4}){2,7}")
});

/// The beginning of one of IPv4.
static NETWORK: LazyLock<Regex> = LazyLock::new(|| regex(r"(?-u:\b)((?:\d{1,3}\.){2}\d{1,3})(?:\.[xX*%]|(?-u:\b))"));

fn turned(ip: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, d] = ip.octets();
    Ipv4Addr::new(d, c, b, a)
}

/// Where the digits of an address of IPv6 stand, which are numbers of IPv4's too.
pub(super) fn nibbles_in(bytes: &[u8]) -> Vec<Range<usize>> {
    NIBBLES.find_iter(bytes).map(|found| found.range()).collect()
}

/// The digits of an address of IPv6, from the last, as DNS has them.
fn nibbles(ip: Ipv6Addr) -> String {
    let digits: Vec<String> = format!("{:032x}", u128::from(ip)).chars().rev().map(String::from).collect();
    digits.join(".")
}

/// A number as the C library reads it: hexadecimal, octal or decimal.
fn number(text: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(text).ok()?.to_ascii_lowercase();
    match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(digits), _) => u8::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if text.len() > 1 && text.len() != 3 => u8::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

impl Anonymiser {
    /// All of them.
    pub(super) fn numbers(&mut self, bytes: &[u8]) -> Found {
        let mut out = self.reversed(bytes);
        for found in NUMBER.captures_iter(bytes) {
            let (Some(whole), Some(digits)) = (found.get(0), found.get(1)) else { continue };
            let new = self.number(&String::from_utf8_lossy(digits.as_bytes()), whole.len() == digits.len());
            out.extend(new.map(|new| (digits.range(), new.into_bytes())));
        }
        for found in MARKED.captures_iter(bytes) {
            out.extend(self.marked(&found));
        }
        for found in GROUPS.find_iter(bytes) {
            let text = String::from_utf8_lossy(found.as_bytes()).into_owned();
            let mark = if text.contains('-') { "-" } else { "_" };
            let ip = text.replace(mark, ":").parse::<Ipv6Addr>().ok().filter(|ip| self.is_there((*ip).into()));
            if let Some(new) = ip.map(|ip| self.ipv6(ip)) {
                out.push((found.range(), new.replace(':', mark).into_bytes()));
            }
        }
        for found in NETWORK.captures_iter(bytes) {
            out.extend(self.network(bytes, &found));
        }
        out
    }

    /// What stands for a number that stands for an address, in its own letters.
    fn number(&mut self, text: &str, plain: bool) -> Option<String> {
        if text.len() == 32 {
            let ip = Ipv6Addr::from(u128::from_str_radix(text, 16).ok()?);
            let IpAddr::V6(new) = self.known(ip.into())? else { return None };
            return Some(format!("{:032x}", u128::from(new)));
        }
        if text.len() == 12 {
            let octets: Vec<u8> = (0..4).map(|n| text[3 * n..3 * n + 3].parse().ok()).collect::<Option<_>>()?;
            let ip = Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?);
            let IpAddr::V4(new) = self.known(ip.into())? else { return None };
            return Some(new.octets().map(|octet| format!("{octet:03}")).concat());
        }
        let hexadecimal = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 8);
        let decimal = text.parse().ok().filter(|_| plain);
        for (number, hexadecimal) in hexadecimal.map(|n| (n, true)).into_iter().chain(decimal.map(|n| (n, false))) {
            if let Some(IpAddr::V4(new)) = self.known(Ipv4Addr::from(number).into()) {
                let new = u32::from(new);
                return Some(if hexadecimal { format!("{new:08x}") } else { new.to_string() });
            }
        }
        None
    }

    /// What stands for one with other marks, in the same order of its numbers.
    fn marked(&mut self, found: &Captures<'_>) -> Option<(Range<usize>, Vec<u8>)> {
        let part = |n: usize| found.get(n).and_then(|it| number(it.as_bytes()));
        let ip = Ipv4Addr::new(part(1)?, part(3)?, part(4)?, part(5)?);
        let (first, last, mark) = (found.get(1)?, found.get(5)?, found.get(2)?);
        let place = first.start()..last.end();
        if v4(found.get(0)?.as_bytes()).is_some() {
            // As it is written itself.
            return None;
        }
        let mark = String::from_utf8_lossy(mark.as_bytes()).into_owned();
        let joined = |ip: Ipv4Addr| ip.to_string().replace('.', &mark).into_bytes();
        if let Some(IpAddr::V4(new)) = self.known(ip.into()) {
            return Some((place, joined(new)));
        }
        match self.known(turned(ip).into())? {
            IpAddr::V4(new) => Some((place, joined(turned(new)))),
            IpAddr::V6(_) => None,
        }
    }

    /// What stands for the beginning of one, where a known one begins so: `203.0.113.x`.
    fn network(&mut self, bytes: &[u8], found: &Captures<'_>) -> Option<(Range<usize>, Vec<u8>)> {
        let (whole, part) = (found.get(0)?, found.get(1)?);
        let octets: Vec<u8> = part.as_bytes().split(|octet| *octet == b'.').map(number).collect::<Option<_>>()?;
        let octets = <[u8; 3]>::try_from(octets).ok()?;
        let behind = bytes.get(part.end()..).unwrap_or_default();
        let longer = matches!(behind, [b'.' | b'-' | b'/', b'0'..=b'9', ..])
            || part.start() > 0 && matches!(bytes[part.start() - 1], b'.' | b'-' | b'/');
        // A code such as 5.7.1 is no network, and neither is a version.
        let open = whole.len() > part.len();
        if longer || !open && (matches!(octets[0], 2 | 4 | 5) && octets[1] < 10 || is_version(bytes, part.start())) {
            return None;
        }
        let zone = behind.get(..13).is_some_and(|zone| zone.eq_ignore_ascii_case(b".in-addr.arpa"));
        let [a, b, c] = octets;
        let ip = *self.networks.get(&if zone { [c, b, a] } else { octets })?;
        let IpAddr::V4(new) = self.names.ip(ip.into()) else { return None };
        let [a, b, c, _] = new.octets();
        let new = if zone { format!("{c}.{b}.{a}.in-addr.arpa") } else { format!("{a}.{b}.{c}") };
        Some((part.start()..part.end() + if zone { 13 } else { 0 }, new.into_bytes()))
    }

    /// Addresses that stand reversed before the name of a zone: what stands for them, reversed too.
    fn reversed(&mut self, bytes: &[u8]) -> Found {
        let mut out = Vec::new();
        for found in REVERSED.captures_iter(bytes) {
            let Some(quad) = found.get(1) else { continue };
            let Some(ip) = v4(quad.as_bytes()).map(turned) else { continue };
            let zone = found.get(2);
            // Before another name it is one only where the address is known to be somebody's.
            if zone.is_some() || self.is_there(ip.into()) {
                let new = match self.names.ip(IpAddr::V4(ip)) {
                    IpAddr::V4(new) => turned(new).to_string(),
                    IpAddr::V6(new) => new.to_string(),
                };
                let end = zone.map_or(quad.end(), |zone| zone.end());
                out.push((quad.start()..end, (new + if zone.is_some() { ".in-addr.arpa" } else { "" }).into_bytes()));
            }
        }
        for found in NIBBLES.captures_iter(bytes) {
            let (Some(whole), Some(digits)) = (found.get(0), found.get(1)) else { continue };
            let hex: String = String::from_utf8_lossy(digits.as_bytes()).split('.').rev().collect();
            let Ok(ip) = u128::from_str_radix(&hex, 16).map(Ipv6Addr::from) else { continue };
            let zone = &bytes[digits.end()..whole.end()];
            let IpAddr::V6(new) = self.names.ip(ip.into()) else { continue };
            if zone.len() > 2 {
                out.push((whole.range(), format!("{}.ip6.arpa", nibbles(new)).into_bytes()));
            } else {
                out.push((digits.range(), nibbles(new).into_bytes()));
            }
        }
        out
    }

    fn is_there(&self, ip: IpAddr) -> bool {
        self.names.there.contains(&ip.to_string())
    }

    /// What stands for an address that is known.
    fn known(&mut self, ip: IpAddr) -> Option<IpAddr> {
        self.is_there(ip).then(|| self.names.ip(ip))
    }
}
