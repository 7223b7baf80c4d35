//! A conversation that can be posted in public: addresses, hosts and IP addresses replaced, the same by the same.
//!
//! Replaced are: addresses, names of hosts, addresses of IPv4 and IPv6, other ways of writing them ([`forms`]), selectors
//! of signatures, names that AUTH carries, in commands, replies, content, remarks, script lines and the head. What holds
//! one of them in base64, xtext, quoted-printable or percent-encoding, and however often, is decoded and encoded again
//! ([`coded`]). What could not be searched is left out: certificates, encoded parts of a message. What stays: verbs, codes,
//! texts, times, sizes, queue ids, programs with their versions, and who said what. A name that is a common word or a word
//! of the protocol is replaced where it stands as a name, and nowhere else.
//!
//! A text is replaced by places in what it was, once: see [`spans`].

mod coded;
mod common;
mod find;
mod forms;
mod names;
mod people;
mod place;
mod spans;
mod survey;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::Captures;
use toml::{Table, Value};

use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header, folded};
use crate::conversation::{Fold, Kind, Log, Micros};
use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Verb, escape};

use coded::{Patience, standing};
use find::{FINDS, Keyed, keyed, v6};
use names::Names;
use people::People;
use spans::Spans;
use tokens::{Quoted, blanked, code, is_encoded, shortened, without_quoted};

/// Keys of the head that say nothing of anybody, or are searched.
const KEYS: [&str; 9] = ["ehlo", "title", "target", "started", "copied", "side", "clock", "imported", "vars"];

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
    /// Parts of local parts, such as a first name, and whose they are.
    parts: HashMap<String, String>,
    /// Local parts with blanks in them, which a reply may show without their quotation marks.
    spaced: HashSet<String>,
    /// First labels of domains, and which.
    domains: HashMap<String, String>,
    /// Addresses of IPv4 that stand where no version does: they are addresses wherever else they stand.
    addresses: HashSet<Ipv4Addr>,
    /// What somebody marked an envelope with.
    marks: HashSet<String>,
    /// Where in quoted-printable the content is.
    quoted: Quoted,
    /// How much of the line may still be read that is written in other letters.
    patience: Patience,
    /// What stands for the names of a script's values that are somebody's.
    vars: HashMap<String, String>,
}

impl Anonymiser {
    fn line(&mut self, line: &Whole, fold: &mut Fold, log: &mut Log) {
        let mut bytes = shortened(&line.bytes).into_owned();
        self.patience = Patience::of_line(bytes.len());
        let mut masked = line.masked;
        match line.kind {
            Kind::Sent => {
                // Another message begins anew; a chunk goes on with its own.
                if !bytes.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT")) {
                    self.quoted = Quoted::default();
                }
                let secret = !line.masked && is_secret(&bytes, fold);
                fold.sent(&line.bytes, 0);
                if line.masked {
                    bytes = self.escaped(&bytes);
                } else if secret {
                    bytes = self.credentials(&bytes);
                    masked = bytes.ends_with(b"{{auth}}");
                } else {
                    bytes = self.command(&bytes);
                }
            }
            Kind::Content => {
                fold.content(line.bytes.len() as u64 + if line.crlf { 2 } else { 0 });
                let soft = self.quoted.is_soft(&bytes);
                bytes = match (line.masked, soft || is_encoded(&bytes)) {
                    (true, _) => self.escaped(&bytes),
                    (false, true) => blanked(&bytes),
                    (false, false) if self.quoted.on => self.field(&without_quoted(&bytes)),
                    (false, false) => self.field(&bytes),
                };
            }
            Kind::Received => {
                fold.received(&line.bytes, line.crlf);
                let code = code(&bytes);
                let host = if line.masked { None } else { greeter(&bytes) };
                let rest = match host {
                    _ if line.masked => self.escaped(&bytes[code..]),
                    Some(host) => self.with_host(&bytes[code..], host.start - code..host.end - code),
                    None => self.replaced(&bytes[code..]),
                };
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
                let rest = &bytes[kept..];
                let rest = if line.kind == Kind::Script { self.template(rest) } else { self.escaped(rest) };
                bytes = [&bytes[..kept], &rest].concat();
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
                None if remark.word == "tool" => self.field(value.as_bytes()),
                Some("user") if !value.contains('@') => self.names.local(value).into_bytes(),
                // Which side it was: `closed by=server`.
                Some("by") if remark.word != "hop" => continue,
                Some("from" | "by" | "host" | "helo") if is_label(value) => self.names.host(value).into_bytes(),
                // Words of somebody's own, as those of the head that are left out; and sums, which would tell what was
                // taken out.
                Some("tags" | "profile" | "sha256") => b"anonymised".to_vec(),
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
                // As `\u{10ffff}`.
                Some(b'u') => memchr::memchr(b'}', &rest[at..rest.len().min(at + 10)]).map_or(2, |end| end + 1),
                _ => 2,
            };
            let end = (at + escape).min(rest.len());
            out.extend_from_slice(&rest[at..end]);
            rest = &rest[end..];
        }
        out.extend(self.replaced(rest));
        out
    }

    /// The same of a script's line: its `{{name}}` stay as the head has them, since what they stand for is known by that
    /// name.
    fn template(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(from) = memchr::memmem::find(rest, b"{{")
            && let Some(length) = memchr::memmem::find(&rest[from..], b"}}")
        {
            out.extend(self.escaped(&rest[..from]));
            let name = String::from_utf8_lossy(&rest[from + 2..from + length]).into_owned();
            match self.vars.get(name.trim()) {
                Some(new) => out.extend_from_slice(format!("{{{{{new}}}}}").as_bytes()),
                None => out.extend_from_slice(&rest[from..from + length + 2]),
            }
            rest = &rest[from + length + 2..];
        }
        out.extend(self.escaped(rest));
        out
    }

    /// A text with all that is found in it replaced.
    fn replaced(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.completed(bytes, Spans::new(bytes))
    }

    /// The same with a host of one label at this place.
    fn with_host(&mut self, bytes: &[u8], place: Range<usize>) -> Vec<u8> {
        let mut spans = Spans::new(bytes);
        let host = self.names.host(&String::from_utf8_lossy(&bytes[place.clone()]));
        spans.put(place, host);
        self.completed(bytes, spans)
    }

    /// The same of a line of a message: its fields say who and what is named in them.
    fn field(&mut self, line: &[u8]) -> Vec<u8> {
        let ascii: Vec<u8>;
        let text = if let Ok(text) = std::str::from_utf8(line) {
            text
        } else {
            ascii = line.iter().map(|octet| if octet.is_ascii() { *octet } else { b'?' }).collect();
            std::str::from_utf8(&ascii).unwrap_or_default()
        };
        let mut spans = Spans::new(line);
        for (place, new) in self.people.in_place(text) {
            spans.put(place, new);
        }
        for place in self.people.hosts_in(text).into_iter().chain(self.people.selectors_in(text)) {
            let host = self.names.host(&text[place.clone()]);
            spans.put(place, host);
        }
        self.completed(line, spans)
    }

    /// The same of a command: its verb stays, whatever somebody is called.
    fn command(&mut self, line: &[u8]) -> Vec<u8> {
        let command = Command::parse(line);
        let known = command.verb != Verb::Other;
        let verb = line.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
        let (verb, rest) = line.split_at(if known { verb } else { 0 });
        let mut spans = Spans::new(rest);
        let greets = matches!(command.verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo);
        let name = rest.trim_ascii();
        if greets && is_label(&String::from_utf8_lossy(name)) {
            let from = rest.len() - rest.trim_ascii_start().len();
            spans.put(from..from + name.len(), self.names.host(&String::from_utf8_lossy(name)));
        }
        for place in survey::client_names(line) {
            let place = place.start - verb.len()..place.end - verb.len();
            let host = self.names.host(&String::from_utf8_lossy(&rest[place.clone()]));
            spans.put(place, host);
        }
        [verb, &self.completed(rest, spans)].concat()
    }

    /// A text with what was found already replaced, and all else that is found in it.
    fn completed(&mut self, bytes: &[u8], mut spans: Spans<'_>) -> Vec<u8> {
        if let Some(topic) = std::str::from_utf8(bytes).ok().and_then(|text| self.people.topic_of(text)) {
            return topic.as_bytes().to_vec();
        }
        for (place, new) in self.forms(bytes) {
            spans.put(place, new);
        }
        for (place, kind) in keyed(bytes) {
            let value = String::from_utf8_lossy(&bytes[place.clone()]).into_owned();
            let new = match kind {
                Keyed::Host => self.names.host(&value),
                Keyed::Local => self.names.local(&value),
                Keyed::Mark => self.names.mark(&value),
            };
            spans.put(place, new);
        }
        let found: Vec<Captures<'_>> = FINDS.captures_iter(bytes).collect();
        let standing = standing(bytes, &found);
        let (stand, others): (Vec<_>, Vec<_>) =
            found.iter().filter(|one| one.name("local").is_some() || one.name("url").is_some()).partition(|one| {
                one.get(0).is_some_and(|it| standing.binary_search_by_key(&it.start(), |p| p.start).is_ok())
            });
        for one in stand {
            let (place, new) = self.address(bytes, one);
            spans.put(place, new);
        }
        for (place, new) in self.reversed(bytes).into_iter().chain(self.numbers(bytes)) {
            spans.put(place, new);
        }
        for (place, new) in self.coded(bytes, &standing) {
            spans.put(place, new);
        }
        for one in others {
            let (place, new) = self.address(bytes, one);
            spans.put(place, new);
        }
        for (place, ip) in v6(bytes).into_iter().filter(|(_, ip)| !ip.is_unspecified()) {
            let new = self.ipv6(ip);
            spans.put(place, new);
        }
        for one in found {
            if let (Some(whole), Some(new)) = (one.get(0), self.by_form(bytes, &one)) {
                spans.put(whole.range(), new);
            }
        }
        self.words(bytes, &mut spans);
        spans.splice()
    }

    fn header(&mut self, header: &Header) -> Header {
        let mut table = Table::new();
        for (key, value) in header.table.iter().filter(|(key, _)| KEYS.contains(&key.as_str())) {
            let mut value = self.value(value);
            if let (true, Value::Table(vars)) = (key == "vars", &mut value) {
                let named = std::mem::take(vars).into_iter();
                *vars = named.map(|(name, value)| (self.vars.get(&name).cloned().unwrap_or(name), value)).collect();
            }
            table.insert(key.clone(), value);
        }
        table.insert("anonymised".to_owned(), Value::Boolean(true));
        Header::of(table)
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                self.patience = Patience::of_line(text.len());
                // A target may be a name alone, such as a profile's.
                Value::String(String::from_utf8_lossy(&self.replaced(&shortened(text.as_bytes()))).into_owned())
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

/// Whether a text can be a host's name of one label.
fn is_label(text: &str) -> bool {
    let good = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    good && text.chars().any(char::is_alphabetic)
}

/// Where a host of one label says who it is, at the beginning of its greeting.
fn greeter(line: &[u8]) -> Option<Range<usize>> {
    let rest = line.strip_prefix(b"220 ").or_else(|| line.strip_prefix(b"220-"))?;
    let mut words = rest.split(|octet| *octet == b' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let names = matches!(second, b"ESMTP" | b"SMTP" | b"LMTP" | b"Microsoft");
    (names && first.len() >= 2 && is_label(&String::from_utf8_lossy(first))).then(|| 4..4 + first.len())
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
