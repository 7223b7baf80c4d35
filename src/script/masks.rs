//! What may differ between two runs of the same conversation without meaning anything: queue ids, dates, the names and
//! addresses of the two ends, sizes. Each mask has a name and can be switched off in the head's `[masks]`.

use std::sync::LazyLock;

use regex::Regex;

use crate::conversation::file::MASKS;
use crate::conversation::{Kind, Log};
use crate::profile::nearest;

/// Which masks are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masks {
    on: [bool; MASKS.len()],
}

impl Default for Masks {
    fn default() -> Self {
        Self { on: [true; MASKS.len()] }
    }
}

impl Masks {
    /// All on, but those that the head's `[masks]` switches off.
    ///
    /// # Errors
    /// A name that is not a mask, a value that is neither true nor false.
    pub fn of_head(head: &toml::Table) -> Result<Self, String> {
        let mut masks = Self::default();
        let Some(table) = head.get("masks") else { return Ok(masks) };
        let table = table.as_table().ok_or("`masks` in the head is a table: [masks]")?;
        for (name, value) in table {
            let place = MASKS.iter().position(|known| known == name).ok_or_else(|| match nearest(name, MASKS) {
                Some(known) => format!("`{name}` in [masks] is not a mask; `{known}` is the nearest that is"),
                None => format!("`{name}` in [masks] is not a mask; {} are", MASKS.join(", ")),
            })?;
            masks.on[place] = value.as_bool().ok_or_else(|| format!("`{name}` in [masks] is true or false"))?;
        }
        Ok(masks)
    }

    /// The names of those that are on.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        MASKS.into_iter().zip(self.on).filter_map(|(name, on)| on.then_some(name))
    }

    /// A text with what the masks cover replaced by their names.
    #[must_use]
    pub fn apply(&self, text: &str, ends: &Ends) -> String {
        let [queue_ids, dates, hosts, addresses, sizes] = self.on;
        let mut text = text.to_owned();
        if dates {
            text = DATE.replace_all(&text, "<date>").into_owned();
        }
        if queue_ids {
            text = QUEUED.replace_all(&text, "${1}<queue-id>").into_owned();
            text = UUID.replace_all(&text, "<queue-id>").into_owned();
            text = LONG_ID.replace_all(&text, id_or_word).into_owned();
        }
        if addresses {
            for address in &ends.addresses {
                text = replaced(&text, address, "<address>");
            }
        }
        if hosts {
            for host in &ends.hosts {
                text = replaced(&text, host, "<host>");
            }
        }
        if sizes {
            text = SIZE.replace_all(&text, "${1}<size>${2}").into_owned();
        }
        text
    }
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    built(concat!(
        r"(?i)((mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?\d{1,2}[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*",
        r"[ -]\d{4}( \d{1,2}:\d\d(:\d\d)?( ?(am|pm))?( ?([+-]\d{4}|[a-z]{2,4}))?( \([a-z]+\))?)?",
        r"|(mon|tue|wed|thu|fri|sat|sun) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d{1,2} \d\d:\d\d:\d\d( [a-z]+)? \d{4}",
        r"|\d{4}-\d\d-\d\d([t ]\d\d:\d\d(:\d\d(\.\d+)?)?(z|[+-]\d\d:?\d\d)?)?",
        r"|\b\d\d:\d\d:\d\d\b",
    ))
});
static QUEUED: LazyLock<Regex> = LazyLock::new(|| {
    built(r"(?i)(queued (?:as|for delivery as|mail for delivery as) |\bid[=: ] ?)[<\[(]?[\w.@+/-]*[\w-][>\])]?")
});
/// As `{{uuid}}` makes one for each run.
static UUID: LazyLock<Regex> = LazyLock::new(|| built(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"));
static LONG_ID: LazyLock<Regex> =
    LazyLock::new(|| built(r"\b[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}\b|\b[0-9A-Za-z]{8,}\b"));
static SIZE: LazyLock<Regex> =
    LazyLock::new(|| built(r"(?i)((?:^|\b)SIZE[= ])?\b\d+(?:\.\d+)?( ?(?:octets|bytes|[kmg]i?b)\b)?"));

fn built(source: &str) -> Regex {
    Regex::new(source).expect("the masks' expressions are well formed")
}

/// A long word is a queue id where it holds digits and letters, or capital hexadecimal digits alone.
fn id_or_word(found: &regex::Captures<'_>) -> String {
    let word = &found[0];
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
    if word.contains('-') || (digits >= 2 && letters) { "<queue-id>".to_owned() } else { word.to_owned() }
}

/// Replaces every whole occurrence of a name, in any case.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (mut out, mut done) = (String::new(), 0);
    for (start, found) in lower.match_indices(&name).filter(|(_, found)| !found.is_empty()) {
        let end = start + found.len();
        let joined = text[..start].chars().next_back().is_some_and(|c| in_word(c) || c == '.')
            || text[end..].chars().next().is_some_and(in_word);
        if !joined {
            out.push_str(&text[done..start]);
            out.push_str(by);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// The names and addresses of the two ends of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    hosts: Vec<String>,
    addresses: Vec<String>,
}

impl Ends {
    /// Gathers them from what a log shows: the greeting, EHLO and its reply, the addresses of the connection.
    #[must_use]
    pub fn of(log: &Log) -> Self {
        let mut ends = Self::default();
        let mut server_speaks = true;
        for (_, entry) in log.since(0) {
            let text = String::from_utf8_lossy(entry.bytes);
            match entry.kind {
                Kind::Received if server_speaks => {
                    if text.get(3..4).is_some_and(|c| c == " " || c == "-") {
                        ends.host(text[4..].split_whitespace().next());
                    }
                    server_speaks = false;
                }
                Kind::Sent => {
                    let mut words = text.split_whitespace();
                    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
                    server_speaks = matches!(verb.as_str(), "HELO" | "EHLO" | "LHLO");
                    if server_speaks {
                        ends.host(words.next());
                    }
                }
                Kind::Remark => {
                    let Some(remark) = entry.remark() else { continue };
                    if matches!(remark.word.as_str(), "connecting" | "connected") {
                        for value in remark.values.iter().map(|(_, value)| value) {
                            if let Ok(address) = value.parse::<std::net::SocketAddr>() {
                                ends.address(address.ip().to_string());
                            }
                        }
                        server_speaks = true;
                    }
                }
                _ => {}
            }
        }
        ends
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        others.hosts.iter().for_each(|name| self.host(Some(name)));
        others.addresses.into_iter().for_each(|address| self.address(address));
        // One that begins another is no whole name where the other stands.
        self.hosts.sort_by_key(|name| std::cmp::Reverse(name.len()));
        self.addresses.sort_by_key(|address| std::cmp::Reverse(address.len()));
        self
    }

    fn host(&mut self, name: Option<&str>) {
        let name = name.unwrap_or_default().trim_matches(['[', ']', ',']);
        if name.len() > 1 && !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            self.hosts.push(name.to_owned());
        }
    }

    fn address(&mut self, address: String) {
        if !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Event, Line, Micros, Remark};

    fn ends() -> Ends {
        let mut log = Log::new();
        for event in [
            Event::Remark(Remark::parse("connected 127.0.0.1:25 from 127.0.0.9:4000")),
            Event::Received(Line::new("220 mx.target.local ESMTP Postfix")),
            Event::Sent(Line::new("EHLO noddy.com")),
            Event::Received(Line::new("250-mx.target.local")),
            Event::Received(Line::new("250 SIZE 100")),
        ] {
            log.push(Micros(0), &event);
        }
        Ends::of(&log)
    }

    #[test]
    fn what_differs_from_run_to_run_is_masked() {
        let masks = Masks::default();
        for (one, two) in [
            ("Ok: queued as 4F3A9B", "Ok: queued as 77C0D1"),
            ("OK id=1sABcd-000000012Ab-1xYz", "OK id=1sXYcd-000000012Ac-2xYz"),
            ("Ok 4BxT9z1q2Wz5", "Ok 9ZxT3z1q2Wz1"),
            ("EHLO 12345678-40e2-4abc-8def-0123456789ab", "EHLO 66bbcafe-90e2-4abc-9def-abcdefabcdef"),
            ("at Mon, 23 Nov 2026 20:18:22 +0100 (CET)", "at Tue, 1 Dec 2026 01:00:00 +0000"),
            ("time 2026-11-23T20:18:22.104Z", "time 2025-01-01T00:00:00Z"),
            ("SIZE 10485760", "SIZE 52428800"),
            ("took 512 octets", "took 99 octets"),
            ("Hello noddy.com [127.0.0.9]", "Hello noddy.com [127.0.0.1]"),
        ] {
            assert_eq!(masks.apply(one, &ends()), masks.apply(two, &ends()), "{one}");
        }
        for (one, two) in [
            ("Relay access denied", "Relay access granted"),
            ("<a@target.local>", "<a@other.local>"),
            ("unverified", "verification"),
        ] {
            assert_ne!(masks.apply(one, &ends()), masks.apply(two, &ends()), "{one}");
        }
        assert_eq!(masks.apply("mx.target.local ready", &ends()), "<host> ready");
    }

    #[test]
    fn a_name_is_masked_wherever_it_is_a_word_of_its_own() {
        assert_eq!(replaced("mx.a Mx.A, mx.a.", "mx.a", "<host>"), "<host> <host>, <host>.");
        for other in ["smtp.mx.a", "mx.ab", "mx.a-1", "ümx.a", "x-mx.a"] {
            assert_eq!(replaced(other, "mx.a", "<host>"), other);
        }
    }

    #[test]
    fn each_mask_can_be_switched_off() {
        let head: toml::Table = "[masks]\nsizes = false".parse().expect("TOML");
        let masks = Masks::of_head(&head).expect("a mask");
        assert_eq!(masks.apply("SIZE 100", &Ends::default()), "SIZE 100");
        assert_eq!(masks.names().collect::<Vec<_>>(), ["queue_ids", "dates", "hosts", "addresses"]);
        for (text, want) in [("[masks]\nsize = false", "`sizes`"), ("[masks]\nsizes = 1", "true or false")] {
            let head: toml::Table = text.parse().expect("TOML");
            assert!(Masks::of_head(&head).expect_err(text).contains(want));
        }
    }
}
