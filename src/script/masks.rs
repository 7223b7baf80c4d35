//! What may differ between two runs of the same conversation without meaning anything: queue ids, dates, the names and
//! addresses of the two ends, sizes. Each mask has a name and can be switched off in the head's `[masks]`.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::conversation::file::{Header, MASKS};
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

    /// Writes those that are off into the head of what is recorded, so that it is compared as its script is.
    pub fn keep(&self, header: &mut Header) {
        let off = MASKS.into_iter().zip(self.on).filter(|(_, on)| !on);
        let off: toml::Table = off.map(|(name, _)| (name.to_owned(), false.into())).collect();
        if !off.is_empty() {
            header.set("masks", off.into());
        }
    }

    /// The names of those that are on.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        MASKS.into_iter().zip(self.on).filter_map(|(name, on)| on.then_some(name))
    }

    /// Those that are on here and there: one that either switches off is off.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.on.iter_mut().zip(others.on).for_each(|(on, other)| *on &= other);
        self
    }

    /// None is on: texts are compared as they are.
    #[must_use]
    pub fn none() -> Self {
        Self { on: [false; MASKS.len()] }
    }

    /// Whether two texts of replies are the same but for what the masks cover: the names of those that hid something,
    /// nothing where the texts differ all the same.
    #[must_use]
    pub fn alike(self, a: &str, b: &str, ends: &Ends) -> Option<Vec<&'static str>> {
        if a == b {
            return Some(Vec::new());
        }
        let (a, b) = (self.cover(a, ends), self.cover(b, ends));
        let hid = MASKS.into_iter().enumerate().filter(|(n, _)| a.covered[*n] != b.covered[*n]).map(|(_, name)| name);
        (a.text == b.text).then(|| hid.collect())
    }

    /// A text with what the masks cover replaced by their names.
    fn cover(self, text: &str, ends: &Ends) -> Covered {
        let mut it = Covered { text: text.to_owned(), covered: Default::default() };
        let [queue_ids, dates, hosts, addresses, sizes] = self.on;
        if queue_ids {
            QUEUE_IDS.iter().for_each(|(known, by)| it.found(0, known, |id| !*by || is_id(id)));
        }
        if dates {
            it.found(1, &DATE, |_| true);
        }
        if addresses {
            ends.addresses.iter().for_each(|address| it.named(3, address));
        }
        if hosts {
            ends.hosts.iter().for_each(|host| it.named(2, host));
        }
        if sizes {
            it.found(4, &SIZE, |_| true);
        }
        it
    }
}

/// That texts are the same but for what these masks hid.
#[must_use]
pub fn hid(masks: &[&str]) -> String {
    format!("the same but for what is masked: {}", masks.join(", "))
}

/// A text under the masks, and what each of them covers in it.
struct Covered {
    text: String,
    covered: [Vec<String>; MASKS.len()],
}

impl Covered {
    /// Covers the groups of an expression, or all of it where it has none.
    fn found(&mut self, mask: usize, known: &Regex, counts: impl Fn(&str) -> bool) {
        let text = std::mem::take(&mut self.text);
        let first = usize::from(known.captures_len() > 1);
        let found: Vec<_> = known
            .captures_iter(&text)
            .flat_map(|found| (first..found.len()).filter_map(|n| Some(found.get(n)?.range())).collect::<Vec<_>>())
            .filter(|place| counts(&text[place.clone()]))
            .collect();
        self.put(mask, &text, found);
    }

    /// Covers every whole occurrence of the name of an end, in any case; the domain of a mailbox is none.
    fn named(&mut self, mask: usize, name: &str) {
        let text = std::mem::take(&mut self.text);
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
        let mut found = Vec::new();
        for (start, name) in lower.match_indices(&name).filter(|(_, name)| !name.is_empty()) {
            let end = start + name.len();
            let before = text[..start].strip_suffix("[IPv6:").unwrap_or(&text[..start]).trim_end_matches('[');
            let joined = text[..start].chars().next_back().is_some_and(|c| in_word(c) || c == '.')
                || before.ends_with('@')
                || text[end..].chars().next().is_some_and(in_word);
            if !joined {
                found.push(start..end);
            }
        }
        self.put(mask, &text, found);
    }

    fn put(&mut self, mask: usize, text: &str, found: Vec<Range<usize>>) {
        let mut done = 0;
        for place in found {
            self.text.push_str(&text[done..place.start]);
            write!(self.text, "<{}>", MASKS[mask]).expect("a string takes it");
            self.covered[mask].push(text[place.clone()].to_owned());
            done = place.end;
        }
        self.text.push_str(&text[done..]);
    }
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    built(concat!(
        r"(?i)(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?\d{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*",
        r"[ -]\d{4}(?: \d{1,2}:\d\d(?::\d\d)?(?: ?(?:am|pm))?(?: ?(?:[+-]\d{4}|[a-z]{2,4}))?(?: \([a-z]+\))?)?",
        r"|(?:mon|tue|wed|thu|fri|sat|sun) (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d{1,2} \d\d:\d\d:\d\d(?: [a-z]+)? \d{4}",
        r"|\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?",
        r"|\b\d\d:\d\d:\d\d\b",
    ))
});
/// Where an id stands as one, its groups; with `true` only what looks like an id is one.
static QUEUE_IDS: LazyLock<[(Regex, bool); 9]> = LazyLock::new(|| {
    [
        (r"(?i)\bqueued (?:mail )?(?:for delivery )?(?:on \S+ )?as [<\[(]?([\w.@+/-]*\w)", false),
        (r"(?i)\bqueued \(([\w.-]+)\)", true),
        (r"(?i)\bid=[<\[(]?([\w.@+/-]*\w)", false),
        (r"(?i)\b(?:message|mail|queue|spool|transaction)[ -]id[:= ] ?[<\[(]?([\w.@+/-]*\d[\w.@+/-]*)", false),
        // Exchange: the message's own name, the id, and the machine that has it; the mark of a session.
        (r"(?i)(?:<([^<>\s]+)> )?\[InternalId=([^,\]\s]+)(?:[, ]+Hostname=([^,\]\s]+))?", false),
        (r"\[([\w.-]+) \d{4}-\d\d-\d\dT[\d:.]+Z ([0-9A-F]{16})\]", false),
        // Gmail, qmail: the second of the day stands before it.
        (r"(?:^|\s)(?:(\d{10}) )?([\w.-]*\d[\w.-]*) - (?:gsmtp|gcdp)", false),
        (r"(?i)(?:\b(\d{10}) )?\bqp (\d+)", false),
        // Sendmail, Dovecot, and those that say no more than an id.
        (r"(?i)\b([\w.:+/-]+) (?:message accepted|saved\b)|^ok:? ([\w.+/-]+)$", true),
    ]
    .map(|(source, by_look)| (built(source), by_look))
});
static SIZE: LazyLock<Regex> = LazyLock::new(|| {
    built(concat!(
        r"(?i)\b(\d+) bytes in (\d+\.\d+, \d+\.\d+) [kmg]b/sec",
        r"|\bsize(?: limit)?[:= ] ?(\d+(?:\.\d+)?)\b|\b(\d+(?:\.\d+)?) ?(?:octets|bytes|[kmg]i?b)\b"
    ))
});

fn built(source: &str) -> Regex {
    Regex::new(source).expect("the masks' expressions are well formed")
}

/// A long word with digits in it, as nobody's language has them.
fn is_id(word: &str) -> bool {
    word.len() >= 8 && word.bytes().filter(u8::is_ascii_digit).count() >= 2
}

/// The names and addresses of the two ends of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    hosts: Vec<String>,
    addresses: Vec<String>,
    /// Words that stand where the server names itself, of which only one that is said again is a name.
    said: Vec<String>,
    /// The next line received is one in which the server names itself.
    server_speaks: bool,
    /// Records that were looked at.
    seen: usize,
}

impl Ends {
    /// Gathers them from what a log shows: the greeting, EHLO and its reply, the addresses of the connection.
    #[must_use]
    pub fn of(log: &Log) -> Self {
        let mut ends = Self { server_speaks: true, ..Self::default() };
        ends.extend(log);
        ends
    }

    /// Gathers them from what a log has beyond what was looked at before.
    pub fn extend(&mut self, log: &Log) {
        for (_, entry) in log.since(self.seen) {
            match entry.kind {
                Kind::Received if self.server_speaks => {
                    self.server_speaks = false;
                    let text = String::from_utf8_lossy(entry.bytes);
                    if text.get(3..4).is_some_and(|c| c == " " || c == "-") {
                        self.server(text[4..].split_whitespace().next().unwrap_or_default());
                    }
                }
                Kind::Sent => {
                    let text = String::from_utf8_lossy(entry.bytes);
                    let mut words = text.split_whitespace();
                    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
                    self.server_speaks = matches!(verb.as_str(), "HELO" | "EHLO" | "LHLO");
                    if self.server_speaks {
                        self.host(words.next().unwrap_or_default());
                    }
                }
                Kind::Remark => {
                    let Some(remark) = entry.remark() else { continue };
                    if matches!(remark.word.as_str(), "connecting" | "connected") {
                        for value in remark.values.iter().map(|(_, value)| value) {
                            if let Ok(address) = value.parse::<std::net::SocketAddr>() {
                                self.address(address.ip().to_string());
                            }
                        }
                        self.server_speaks = true;
                    }
                }
                _ => {}
            }
        }
        self.seen = log.len();
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        others.hosts.iter().for_each(|name| self.host(name));
        others.addresses.iter().for_each(|address| self.address(address.clone()));
        // One that begins another is no whole name where the other stands.
        self.hosts.sort_by_key(|name| std::cmp::Reverse(name.len()));
        self.addresses.sort_by_key(|address| std::cmp::Reverse(address.len()));
        self
    }

    /// A word where the server names itself; one that may be any word is a name where it is said again.
    fn server(&mut self, word: &str) {
        let domain = |word: &str| word.trim_end_matches(['.', ',']).contains(['.', ':']);
        if domain(word) || self.said.iter().any(|said| said.eq_ignore_ascii_case(word)) {
            self.host(word);
        } else {
            self.said.push(word.to_owned());
        }
    }

    fn host(&mut self, name: &str) {
        let name = name.trim_matches(['[', ']', ',']);
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
        let exchange = |host: &str, id: &str| {
            format!(
                "<{id}@a> [InternalId={id}, Hostname={host}] 1{id} bytes in 0.1{id}, 9.1 KB/sec Queued mail for delivery"
            )
        };
        let (one, two) = (exchange("AM1PR.prod.outlook.com", "17"), exchange("DB2PR.prod.outlook.com", "4711"));
        for (one, two, by) in [
            ("Ok: queued as 4F3A9B", "Ok: queued as 77C0D1", &["queue_ids"][..]),
            ("Message Queued (5C0A5E4E-0B.1)", "Message Queued (AA0A5E4E-77.1)", &["queue_ids"]),
            ("OK id=1sABcd-000000012Ab-1xYz", "OK id=1sXYcd-000000012Ac-2xYz", &["queue_ids"]),
            ("Ok 4BxT9z1q2Wz5", "Ok 9ZxT3z1q2Wz1", &["queue_ids"]),
            ("ok 1700000000 qp 123", "ok 1700000077 qp 4711", &["queue_ids"]),
            (
                "4B1H3xYz012345 Message accepted for delivery",
                "4B1H4xYz012399 Message accepted for delivery",
                &["queue_ids"],
            ),
            ("<a@b> zEpGMcwLXmXr4AAA8t Saved", "<a@b> yEpGMcwLXmXr4AAA9t Saved", &["queue_ids"]),
            ("OK  1700000000 d2e1a-6c4.123 - gsmtp", "OK  1700000001 aae1a-6c4.123 - gsmtp", &["queue_ids"]),
            (&one, &two, &["queue_ids", "sizes"]),
            (
                "no [AM1.outlook.com 2024-05-01T12:00:00.123Z 08DC6A1B2C3D4E5F]",
                "no [AM2.outlook.com 2024-05-02T12:00:00.123Z 08DC6A1B2C3D4E60]",
                &["queue_ids", "dates"],
            ),
            ("at Mon, 23 Nov 2026 20:18:22 +0100 (CET)", "at Tue, 1 Dec 2026 01:00:00 +0000", &["dates"]),
            ("time 2026-11-23T20:18:22.104Z", "time 2025-01-01T00:00:00Z", &["dates"]),
            ("SIZE 10485760", "SIZE 52428800", &["sizes"]),
            ("too large (10 MB)", "too large (20 MB)", &["sizes"]),
            ("took 512 octets", "took 99 octets", &["sizes"]),
            ("Hello noddy.com [127.0.0.9]", "Hello noddy.com [127.0.0.1]", &["addresses"]),
            ("mx.target.local ready", "noddy.com ready", &["hosts"]),
            ("the same", "the same", &[]),
        ] {
            assert_eq!(Masks::default().alike(one, two, &ends()).as_deref(), Some(by), "{one}");
            let without = |one: &str, two: &str| Masks::none().alike(one, two, &ends()).is_some();
            assert_eq!(without(one, two), one == two, "{one}");
        }
    }

    #[test]
    fn what_only_looks_like_noise_is_compared() {
        for (one, two) in [
            ("Relay access denied", "Relay access granted"),
            ("<a@target.local>", "<a@other.local>"),
            ("<a@mx.target.local> no", "<a@noddy.com> no"),
            ("<a@[127.0.0.1]> no", "<a@[127.0.0.9]> no"),
            ("[10.0.0.1] is blocked", "[10.0.0.2] is blocked"),
            ("<bounce-12345678@a.example> no", "<bounce-87654321@a.example> no"),
            ("<4930123456@a.example> no", "<4930987654@a.example> no"),
            ("try again in 300 seconds", "try again in 3600 seconds"),
            ("at most 100 recipients", "at most 50 recipients"),
            ("rule 4BxT9z1q2Wz5 met", "rule 9ZxT3z1q2Wz1 met"),
            ("user id unknown", "user id known"),
            ("see answer/78754 - gsmtp", "see answer/12345 - gsmtp"),
            ("too large (10 MB)", "too large (10 kB)"),
            ("unverified", "verification"),
        ] {
            assert_eq!(Masks::default().alike(one, two, &ends()), None, "{one}");
        }
    }

    #[test]
    fn a_name_is_masked_wherever_it_is_a_word_of_its_own() {
        let ends = Ends { hosts: vec!["mx.a".to_owned()], ..Ends::default() };
        let covered = |text: &str| Masks::default().cover(text, &ends).text;
        assert_eq!(covered("mx.a Mx.A, mx.a."), "<hosts> <hosts>, <hosts>.");
        for other in ["smtp.mx.a", "mx.ab", "mx.a-1", "ümx.a", "x-mx.a", "<a@mx.a>"] {
            assert_eq!(covered(other), other);
        }
    }

    #[test]
    fn a_word_with_which_a_greeting_begins_is_no_name_unless_it_is_said_again() {
        let hosts = |greeting: &str, hello: &str| {
            let mut log = Log::new();
            for line in [format!("220 {greeting}"), format!("250 {hello}")] {
                log.push(Micros(0), &Event::Received(Line::new(line)));
                log.push(Micros(0), &Event::Sent(Line::new("EHLO me")));
            }
            Ends::of(&log).hosts
        };
        assert_eq!(hosts("ok go", "fine"), ["me"]);
        assert_eq!(hosts("Welcome.", "mx.a hello"), ["me", "mx.a"]);
        assert_eq!(hosts("mx ESMTP", "mx at your service"), ["me", "mx"]);
    }

    #[test]
    fn each_mask_can_be_switched_off() {
        let of = |text: &str| Masks::of_head(&text.parse().expect("TOML"));
        let masks = of("[masks]\nsizes = false").expect("a mask");
        assert_eq!(masks.alike("SIZE 100", "SIZE 10", &Ends::default()), None);
        assert_eq!(masks.names().collect::<Vec<_>>(), ["queue_ids", "dates", "hosts", "addresses"]);
        let both = masks.and(of("[masks]\ndates = false\nsizes = true").expect("a mask"));
        assert_eq!(both.names().collect::<Vec<_>>(), ["queue_ids", "hosts", "addresses"]);
        let mut header = Header::default();
        both.keep(&mut header);
        assert_eq!(Masks::of_head(&header.table), Ok(both));
        for (text, want) in [("[masks]\nsize = false", "`sizes`"), ("[masks]\nsizes = 1", "true or false")] {
            assert!(of(text).expect_err(text).contains(want));
        }
    }
}
