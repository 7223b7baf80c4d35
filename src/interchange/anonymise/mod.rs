//! A conversation that can be posted in public: addresses, hosts and IP addresses replaced, the same by the same.
//!
//! Replaced are: addresses (also in xtext, quoted-printable and percent-encoding), names of hosts, addresses of IPv4 and
//! IPv6, names that AUTH carries, in commands, replies, content, remarks, script lines and the head. Base64 that holds one
//! of them is decoded and encoded again. What could not be searched is left out: certificates, encoded parts of a message.
//! What stays: verbs, codes, texts, times, sizes, queue ids, and who said what.

mod names;
mod people;
mod tokens;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::{Captures, Regex};
use toml::{Table, Value};

use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header, folded};
use crate::conversation::{Fold, Kind, Log, Micros};
use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Verb, escape};

use names::Names;
use people::People;
use tokens::{after_key, blanked, code, decoded, is_common, is_encoded, is_host};

/// Keys of the head that say nothing of anybody, or are searched.
const KEYS: [&str; 8] = ["ehlo", "title", "target", "started", "side", "clock", "imported", "vars"];

/// What is looked for, one alternative a kind; the order decides where two begin at the same place.
static FINDS: LazyLock<Regex> = LazyLock::new(|| {
    let local = r#"(?:"(?:[^"\\\r\n]|\\.){1,64}"|[^\s<>()\[\],;:"@\\]{1,128}?)"#;
    let host = r"(?:[\w](?:[\w-]*\w)?\.)+[^\W\d_][\w-]*\w";
    let literal = r"\[[^\]\s]{1,80}\]";
    let v4 = r"(?:\d{1,3}\.){3}\d{1,3}";
    let v6 = r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|(?:\d{1,3}\.){3}\d{1,3})";
    let address = format!(r"(?P<local>{local})(?P<at>@|\+40|=40|%40)(?P<domain>{host}|{literal}|\w[\w-]*)");
    let base64 = r"[A-Za-z0-9+/]{8,}={0,2}";
    Regex::new(&format!(
        "{address}|(?P<tag>(?i:IPv6:))?(?P<v6>{v6})|(?P<v4>{v4})|(?P<host>{host})|(?P<base64>{base64})"
    ))
    .expect("it is well formed")
});
/// A word that may be a name of one label, or a local part by itself.
static WORDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w][\w.+-]*\w|\w").expect("it is well formed"));

/// The conversation with everybody and every place in it replaced. The same names get the same replacements throughout
/// one conversation, and others in another.
#[must_use]
pub fn anonymise(document: &Document) -> Document {
    let document = &folded(document);
    let lines = joined(&document.log);
    let mut all = Anonymiser::default();
    all.survey(&lines, &document.header);
    let mut log = Log::new();
    let mut fold = Fold::new();
    for line in &lines {
        all.line(line, &mut fold, &mut log);
    }
    Document::new(all.header(&document.header), log)
}

/// A record whose octets are whole: a line that came in pieces is one.
#[derive(Debug, Clone)]
struct Whole {
    kind: Kind,
    at: Option<Micros>,
    bytes: Vec<u8>,
    crlf: bool,
    masked: bool,
}

/// The records, with the pieces of a line put together, so that nothing is cut in two where it is looked for.
fn joined(log: &Log) -> Vec<Whole> {
    let mut out: Vec<Whole> = Vec::with_capacity(log.len());
    for (_, entry) in log.since(0) {
        let wire = matches!(entry.kind, Kind::Sent | Kind::Content | Kind::Received);
        let open = out
            .iter_mut()
            .rev()
            .find(|whole| whole.kind == entry.kind)
            .filter(|whole| wire && !whole.crlf && !whole.bytes.ends_with(b"\n") && !whole.masked && !entry.masked);
        if let Some(open) = open {
            open.bytes.extend_from_slice(entry.bytes);
            open.crlf = entry.crlf;
        } else {
            let (at, bytes) = (entry.at, entry.bytes.to_vec());
            out.push(Whole { kind: entry.kind, at, bytes, crlf: entry.crlf, masked: entry.masked });
        }
    }
    out
}

#[derive(Debug, Default)]
struct Anonymiser {
    names: Names,
    people: People,
    /// Local parts that are replaced where they stand alone.
    alone: HashSet<String>,
}

impl Anonymiser {
    /// Looks at all of it once, so that nothing is replaced by what somebody else is called.
    fn survey(&mut self, lines: &[Whole], header: &Header) {
        for line in lines {
            let code = if line.kind == Kind::Received { code(&line.bytes) } else { 0 };
            self.note(&line.bytes[code..]);
            match line.kind {
                Kind::Sent => self.note_command(&line.bytes),
                Kind::Received => self.note_reply(&line.bytes),
                Kind::Content => {
                    let hosts = self.people.note(&line.bytes, &self.names.there);
                    self.note_hosts(hosts);
                }
                Kind::Remark => self.note_remark(&Remark::parse(&String::from_utf8_lossy(&line.bytes))),
                _ => {}
            }
        }
        // Of an imported message the title is its subject.
        if header.text("imported") == Some("message") {
            self.people.topic(header.text("title").unwrap_or_default());
        }
        let mut texts = Vec::new();
        header.table.iter().for_each(|(_, value)| strings(value, &mut texts));
        for text in texts {
            self.note(text.as_bytes());
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        for found in FINDS.captures_iter(bytes) {
            let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).to_lowercase());
            for whole in ["v6", "v4", "host", "domain"].iter().filter_map(|name| text(name)) {
                self.names.there.insert(whole);
            }
            if let Some(local) = text("local") {
                let local = after_key(&local).1.to_owned();
                if local.chars().count() >= 4 && !is_common(&local) {
                    self.alone.insert(local.clone());
                }
                self.names.there.insert(local);
            }
            if let Some(inner) = found.name("base64").and_then(|it| decoded(it.as_bytes())) {
                self.note(&inner);
            }
        }
    }

    fn note_hosts(&mut self, hosts: Vec<String>) {
        for host in hosts {
            self.names.there.insert(host.clone());
            self.names.bare.insert(host);
        }
    }

    /// The hops of a message name hosts, and its fields are words of the tool's.
    fn note_remark(&mut self, remark: &Remark) {
        if remark.word == "hop" {
            let label = |host: &&str| host.len() >= 2 && !host.contains(['.', ' ', '[', '@']);
            let hosts = ["from", "by"].iter().filter_map(|key| remark.get(key)).filter(label).map(str::to_lowercase);
            self.note_hosts(hosts.filter(|host| host != "localhost" && host != "unknown").collect());
        } else if remark.word == "tool"
            && let Some(words) = remark.bare(0)
        {
            let hosts = self.people.note(words.as_bytes(), &self.names.there);
            self.note_hosts(hosts);
        }
    }

    fn note_command(&mut self, line: &[u8]) {
        let command = Command::parse(line);
        let argument = String::from_utf8_lossy(command.argument()).trim().to_lowercase();
        match command.verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if !argument.is_empty() && !argument.contains([' ', '[', ':']) => {
                let found = FINDS.find(argument.as_bytes()).is_some_and(|found| found.len() == argument.len());
                if !found {
                    self.note_hosts(vec![argument]);
                }
            }
            Verb::Vrfy | Verb::Expn if !argument.contains(['@', ' ']) && argument.len() >= 2 => {
                self.alone.insert(argument.trim_matches(['<', '>', '"']).to_owned());
            }
            _ => {}
        }
    }

    /// A host of one label says who it is at the beginning of its greeting.
    fn note_reply(&mut self, line: &[u8]) {
        let Some(rest) = line.strip_prefix(b"220 ").or_else(|| line.strip_prefix(b"220-")) else { return };
        let mut words = rest.split(|octet| *octet == b' ');
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let first = String::from_utf8_lossy(first).to_lowercase();
        let names = matches!(second, b"ESMTP" | b"SMTP" | b"LMTP" | b"Microsoft");
        if names
            && first.len() >= 2
            && !is_common(&first)
            && !first.contains('.')
            && first.chars().all(|c| c.is_alphanumeric() || c == '-')
        {
            self.names.there.insert(first.clone());
            self.names.bare.insert(first);
        }
    }

    fn line(&mut self, line: &Whole, fold: &mut Fold, log: &mut Log) {
        let mut bytes = line.bytes.clone();
        let mut masked = line.masked;
        match line.kind {
            Kind::Sent => {
                let secret = !line.masked && is_secret(&bytes, fold);
                fold.sent(&line.bytes, 0);
                if line.masked {
                    bytes = self.escaped(&bytes);
                } else if secret {
                    bytes = self.credentials(&bytes);
                    masked = bytes.ends_with(b"{{auth}}");
                } else {
                    bytes = self.replaced_behind_verb(&bytes);
                }
            }
            Kind::Content => {
                fold.content(line.bytes.len() as u64 + if line.crlf { 2 } else { 0 });
                bytes = match (line.masked, is_encoded(&bytes)) {
                    (true, _) => self.escaped(&bytes),
                    (false, true) => blanked(&bytes),
                    (false, false) => {
                        let line = self.people.line(&bytes);
                        self.replaced(&line)
                    }
                };
            }
            Kind::Received => {
                fold.received(&line.bytes, line.crlf);
                let code = code(&bytes);
                let rest = if line.masked { self.escaped(&bytes[code..]) } else { self.replaced(&bytes[code..]) };
                bytes = [&bytes[..code], &rest].concat();
            }
            Kind::Remark => {
                let remark = self.remark(Remark::parse(&String::from_utf8_lossy(&bytes)));
                fold.remark(&remark, 0);
                bytes = remark.to_string().into_bytes();
            }
            Kind::Script | Kind::Comment => {
                // What makes it a comment or a directive stays: a local part may hold a #.
                let kept = bytes.strip_prefix(b"< ").map_or(1.min(bytes.len()), |reply| 2 + code(reply));
                bytes = [&bytes[..kept], &self.escaped(&bytes[kept..])].concat();
            }
        }
        log.push_octets(line.kind, line.at, &bytes, line.crlf, masked);
    }

    fn remark(&mut self, mut remark: Remark) -> Remark {
        if remark.word == "certificate" {
            let n = remark.get("n").unwrap_or("0").to_owned();
            return Remark::new("certificate").with("n", n).with("removed", "anonymised");
        }
        for (key, value) in &mut remark.values {
            let new = match key.as_deref() {
                None if remark.word == "tool" => {
                    let line = self.people.line(value.as_bytes());
                    self.replaced(&line)
                }
                Some("user") if !value.contains('@') => self.names.local(value).into_bytes(),
                // Sums would tell what was taken out.
                Some("sha256") => b"anonymised".to_vec(),
                _ => self.replaced(value.as_bytes()),
            };
            *value = String::from_utf8_lossy(&new).into_owned();
        }
        remark
    }

    /// An answer within AUTH, or an AUTH with its initial response: nothing of it stays but a name of LOGIN's.
    fn credentials(&mut self, line: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(line).into_owned();
        let (before, response) = match text.split_whitespace().collect::<Vec<_>>()[..] {
            [verb, mechanism, _, ..] if verb.eq_ignore_ascii_case("AUTH") => (format!("{verb} {mechanism}"), ""),
            _ => (String::new(), text.trim()),
        };
        let name = STANDARD.decode(response).unwrap_or_default();
        let whole =
            FINDS.captures(&name).is_some_and(|found| found.name("local").is_some() && found[0].len() == name.len());
        if whole {
            return STANDARD.encode(self.replaced(&name)).into_bytes();
        }
        let mut out = Vec::new();
        escape::to_file(before.as_bytes(), &mut out);
        if !before.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(b"{{auth}}");
        out
    }

    /// The same of a text that is in the file's form: its escapes stay whole.
    fn escaped(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend(self.replaced(&rest[..at]));
            let escape = match rest.get(at + 1) {
                Some(b'x') => 4,
                Some(b'u') => memchr::memchr(b'}', &rest[at..]).map_or(2, |end| end + 1),
                _ => 2,
            };
            let end = (at + escape).min(rest.len());
            out.extend_from_slice(&rest[at..end]);
            rest = &rest[end..];
        }
        out.extend(self.replaced(rest));
        out
    }

    /// A text with all that is found in it replaced.
    fn replaced(&mut self, bytes: &[u8]) -> Vec<u8> {
        if let Some(topic) = std::str::from_utf8(bytes).ok().and_then(|text| self.people.topic_of(text)) {
            return topic.as_bytes().to_vec();
        }
        let mut found = FINDS.replace_all(bytes, |found: &Captures<'_>| self.replacement(found)).into_owned();
        if let (Ok(text), false) = (std::str::from_utf8(&found), self.people.is_empty()) {
            found = self.people.replaced(text).into_bytes();
        }
        WORDS.replace_all(&found, |found: &Captures<'_>| self.word(&found[0])).into_owned()
    }

    /// The same of a command: its verb stays, whatever somebody is called.
    fn replaced_behind_verb(&mut self, line: &[u8]) -> Vec<u8> {
        let known = Command::parse(line).verb != Verb::Other;
        let verb = line.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
        let (verb, rest) = line.split_at(if known { verb } else { 0 });
        [verb, &self.replaced(rest)].concat()
    }

    fn replacement(&mut self, found: &Captures<'_>) -> Vec<u8> {
        let whole = found[0].to_vec();
        let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        if let (Some(local), Some(at), Some(domain)) = (text("local"), text("at"), text("domain")) {
            let (key, local) = after_key(&local);
            // A marker of a script's stays one.
            let local = if local.contains("{{") { local.to_owned() } else { self.names.local(local) };
            return format!("{key}{local}{at}{}", self.domain(&domain)).into_bytes();
        }
        if let Some(ip) = text("v6").and_then(|text| text.parse::<Ipv6Addr>().ok()) {
            let tag = text("tag").unwrap_or_default();
            return if ip.is_unspecified() {
                whole
            } else {
                format!("{tag}{}", self.names.ip(IpAddr::V6(ip))).into_bytes()
            };
        }
        if let Some(ip) = text("v4").and_then(|text| text.parse::<Ipv4Addr>().ok()) {
            return self.names.ip(IpAddr::V4(ip)).to_string().into_bytes();
        }
        if let Some(host) = text("host").filter(|host| is_host(host)) {
            return self.names.host(&host).into_bytes();
        }
        if let Some(inner) = found.name("base64").and_then(|it| decoded(it.as_bytes())) {
            let new = self.replaced(&inner);
            if new != inner {
                return STANDARD.encode(new).into_bytes();
            }
        }
        whole
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

    /// A word by itself: a host of one label, or a local part that an address has.
    fn word(&mut self, word: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(word).to_lowercase();
        if self.names.bare.contains(&text) {
            return self.names.host(&text).into_bytes();
        }
        if self.alone.contains(&text) {
            return self.names.local(&text).into_bytes();
        }
        word.to_vec()
    }

    fn header(&mut self, header: &Header) -> Header {
        let mut table = Table::new();
        for (key, value) in header.table.iter().filter(|(key, _)| KEYS.contains(&key.as_str())) {
            table.insert(key.clone(), self.value(value));
        }
        table.insert("anonymised".to_owned(), Value::Boolean(true));
        Header::of(table)
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                // A target may be a name alone, such as a profile's.
                Value::String(String::from_utf8_lossy(&self.replaced(text.as_bytes())).into_owned())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item)).collect()),
            Value::Table(table) => {
                Value::Table(table.iter().map(|(key, item)| (key.clone(), self.value(item))).collect())
            }
            other => other.clone(),
        }
    }
}

fn strings<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Table(table) => table.iter().for_each(|(_, item)| strings(item, out)),
        _ => {}
    }
}

/// Whether a line carries what AUTH carries.
fn is_secret(line: &[u8], fold: &Fold) -> bool {
    if fold.phase() == Phase::Auth {
        return !matches!(line.trim_ascii(), b"*" | b"");
    }
    let sent = fold.session.classify(line);
    matches!(&sent, Sent::Command(command) if command.verb == Verb::Auth && line.split(|b| *b == b' ').filter(|w| !w.is_empty()).count() > 2)
}

#[cfg(test)]
mod tests;
