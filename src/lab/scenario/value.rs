//! The values of a scenario file that have a grammar of their own: reply templates, times, sizes, networks.

use std::net::IpAddr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::error::nearest;
use super::{Clock, RelayAllow};

/// Makes an enum of fixed words, each with its spelling in the file.
macro_rules! one {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the words of the file say it")]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the file.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                match word.as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::lab::scenario::value::not_one_of(&word, &[$($word),+])),
                }
            }
        }
    };
}
pub(super) use one;

pub(super) fn not_one_of<E: serde::de::Error>(word: &str, known: &[&str]) -> E {
    match nearest(word, known) {
        Some(near) => E::custom(format!("{word:?} is not known here; did you mean {near:?}?")),
        None => E::custom(format!("{word:?} is not known here; known are: {}", known.join(", "))),
    }
}

pub(super) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format!("ehlo = {other}: this ehlo reads version 1 of the format"))),
    }
}

pub(super) fn keywords<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list = Vec::<String>::deserialize(deserializer)?;
    match list.iter().find(|line| line.trim().is_empty() || line.chars().any(char::is_control)) {
        Some(line) => Err(D::Error::custom(format!("{line:?} can't be a line of EHLO's reply"))),
        None => Ok(list),
    }
}

pub(super) fn some_keywords<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    keywords(deserializer).map(Some)
}

/// A length of time: `200ms`, `3s`, `5m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    /// Reads one; none where the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = text[..digits].parse().ok()?;
        let millis = match text[digits..].trim() {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            _ => None,
        }?;
        Some(Self(Duration::from_millis(millis)))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no length of time; write 200ms, 3s, 5m or 1h")))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fast = text.strip_prefix("fast:").and_then(|n| n.parse().ok()).filter(|n| (1..=100_000).contains(n));
        match (text.as_str(), fast) {
            ("real", _) => Ok(Self(1)),
            (_, Some(n)) => Ok(Self(n)),
            _ => Err(D::Error::custom(format!("{text:?} is no clock; write \"real\" or \"fast:60\""))),
        }
    }
}

/// A number of octets: `0 B`, `10 kB`, `10MB`, `1 GB` (1 kB is 1000 B), or `KiB`, `MiB`, `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Octets(pub u64);

impl Octets {
    /// Reads one; none where the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().ok()?;
        let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(unit).map(Self)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no size; write \"0 B\" or \"10 MB\"")))
    }
}

/// An address or a network: `127.0.0.1`, `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads one; none where the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| self.bits == 0 || (a ^ b) >> (width - self.bits) == 0;
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for RelayAllow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Word(String),
            List(Vec<String>),
        }
        match Either::deserialize(deserializer)? {
            Either::Word(word) => match word.as_str() {
                "nobody" => Ok(Self::Nobody),
                "authenticated" => Ok(Self::Authenticated),
                "anybody" => Ok(Self::Anybody),
                _ => Err(not_one_of(&word, &["nobody", "authenticated", "anybody"])),
            },
            Either::List(list) => {
                let read = |text: &String| {
                    Network::parse(text)
                        .ok_or_else(|| D::Error::custom(format!("{text:?} is no network; write 127.0.0.0/8")))
                };
                list.iter().map(read).collect::<Result<_, _>>().map(Self::Networks)
            }
        }
    }
}

/// The names that may stand in braces (S15), and the facts of `[[pretend]]` (S19).
const VARIABLES: [&str; 18] = [
    "name",
    "software",
    "client",
    "helo",
    "from",
    "rcpt",
    "queue_id",
    "date",
    "size",
    "remaining",
    "nth",
    "ptr",
    "spf",
    "dkim",
    "dmarc",
    "listed",
    "verb",
    BRACE,
];

/// What is not a variable but stands for `{` itself.
const BRACE: &str = "open";

/// A text with variables in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// What the variables of a template stand for.
pub type Fill<'a> = &'a dyn Fn(&str) -> String;

impl Template {
    /// A text that is not from a scenario's file: what is in braces may have any name.
    pub(in crate::lab) fn free(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text as it stands in the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text with its variables filled in. Controls in what is filled in become `?`: they can't break the line.
    #[must_use]
    pub fn fill(&self, fill: Fill<'_>) -> String {
        let mut out = String::new();
        let mut rest = self.0.as_str();
        while let Some((before, name, after)) = next_variable(rest) {
            out.push_str(before);
            let value = if name == BRACE { "{".to_owned() } else { fill(name) };
            out.extend(value.chars().map(|c| if c.is_control() { '?' } else { c }));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// The text before the first variable, its name, and what follows it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let close = open + text[open..].find('}')?;
    Some((&text[..open], &text[open + 1..close], &text[close + 1..]))
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(D::Error::custom("a reply text is one line without control characters; use multi for several"));
        }
        let mut rest = text.as_str();
        while let Some((_, name, after)) = next_variable(rest) {
            if !VARIABLES.contains(&name) {
                return Err(not_one_of(name, &VARIABLES));
            }
            rest = after;
        }
        Ok(Self(text))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no network; write 127.0.0.0/8")))
    }
}
