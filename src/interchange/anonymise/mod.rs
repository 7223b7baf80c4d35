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

mod boundary;
mod coded;
mod common;
mod defanged;
mod find;
mod forms;
mod greeting;
mod head;
mod names;
mod numbers;
mod people;
mod place;
mod remarks;
mod spans;
mod survey;
mod tokens;
mod version;

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::Captures;

use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header, folded};
use crate::conversation::{Fold, Kind, Log, Micros};
use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Verb, escape};

use coded::{Patience, standing};
use common::is_common;
use find::{Keyed, finds, keyed, v6};
use greeting::Asked;
use names::Names;
use people::People;
use spans::Spans;
use tokens::{Quoted, blanked, code, decoded, is_encoded, shortened, without_quoted};

/// The conversation with everybody and every place in it replaced, the same by the same.
#[must_use]
pub fn anonymise(document: &Document) -> Document {
    together(std::slice::from_ref(document)).pop().unwrap_or_default()
}

/// The same of several, such as those of one file: what is the same in two of them is replaced by the same, and what one of
/// them tells is known in the others. What stands for what is kept nowhere: to keep it, or a key, would make others' posts
/// tell that they are about the same people.
#[must_use]
pub fn together(documents: &[Document]) -> Vec<Document> {
    let all: Vec<_> = documents.iter().map(folded).map(|document| (joined(&document.log), document.header)).collect();
    let mut anonymiser = Anonymiser::default();
    for (lines, header) in &all {
        anonymiser.survey(lines, header);
    }
    anonymiser.note_long();
    all.iter().map(|(lines, header)| anonymiser.document(lines, header)).collect()
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
    /// One of them for each first three numbers.
    networks: HashMap<[u8; 3], Ipv4Addr>,
    /// All local parts, be they common words.
    locals: HashSet<String>,
    /// What servers of one label are called, be it a common word.
    servers: HashSet<String>,
    /// Names that are looked for within words.
    long: HashSet<String>,
    /// What was asked last.
    asked: Asked,
    /// What parts a message, where that says more than it should, and what stands for it.
    boundaries: HashMap<Vec<u8>, Vec<u8>>,
    /// The last number that stands for one.
    last_boundary: usize,
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
    fn document(&mut self, lines: &[Whole], header: &Header) -> Document {
        self.name_vars(header);
        (self.quoted, self.asked) = (Quoted::default(), Asked::default());
        let mut log = Log::new();
        let mut fold = Fold::new();
        for line in lines {
            self.line(line, &mut fold, &mut log);
        }
        Document::new(self.header(header), log)
    }

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
                self.asked.sent(&line.bytes);
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
                let parts = self.boundary(&bytes);
                bytes = match (line.masked, soft || is_encoded(&bytes)) {
                    (true, _) => self.escaped(&bytes),
                    _ if parts.is_some() => parts.unwrap_or_default(),
                    (false, true) => blanked(&bytes),
                    (false, false) if self.quoted.on => self.field(&without_quoted(&bytes)),
                    (false, false) => self.field(&bytes),
                };
            }
            Kind::Received => {
                fold.received(&line.bytes, line.crlf);
                bytes = self.reply(&bytes, line.masked);
            }
            Kind::Remark => {
                let remark = self.remark(Remark::parse(&String::from_utf8_lossy(&bytes)));
                fold.remark(&remark, 0);
                bytes = remark.to_string().into_bytes();
            }
            Kind::Script | Kind::Comment => {
                bytes = self.written(line.kind, &bytes);
            }
        }
        log.push_octets(line.kind, line.at, &bytes, line.crlf, masked);
    }

    /// A line of a reply.
    fn reply(&mut self, line: &[u8], masked: bool) -> Vec<u8> {
        let greeted = self.asked.is_greeted();
        let code = code(line);
        let (head, rest) = line.split_at(code);
        if masked {
            return [head, &self.escaped(rest)].concat();
        }
        if head.starts_with(b"334")
            && decoded(rest.trim_ascii()).is_none()
            && STANDARD.decode(rest.trim_ascii()).is_ok()
        {
            // What a mechanism says in octets can't be searched: NTLM and Kerberos name domains and hosts there.
            return [head, &blanked(rest)].concat();
        }
        let mut spans = Spans::new(rest);
        if let Some((place, _)) = greeting::server(line, greeted) {
            let name = String::from_utf8_lossy(&line[place.clone()]).into_owned();
            if self.servers.contains(&name.to_lowercase()) {
                spans.put(place.start - code..place.end - code, self.names.host(&name));
            }
        }
        if let Some(text) = std::str::from_utf8(rest).ok().filter(|_| self.asked.is_about_people()) {
            for (place, new) in self.people.called(text) {
                spans.put(place, new);
            }
        }
        for place in self.asked.deliveries(rest) {
            let new = self.names.file(&String::from_utf8_lossy(&rest[place.clone()]));
            spans.put(place, new);
        }
        for place in greeting::quoted(rest).into_iter().chain(self.asked.mailboxes(rest)) {
            let name = String::from_utf8_lossy(&rest[place.clone()]).into_owned();
            if self.locals.contains(&name.to_lowercase()) && find::v4(name.as_bytes()).is_none() {
                spans.put(place, self.names.local(&name));
            }
        }
        // A message whose subject is `ok` makes no secret of every reply that is.
        let said = String::from_utf8_lossy(rest).trim().to_lowercase();
        let rest = if is_common(&said) { self.searched(rest, spans) } else { self.completed(rest, spans) };
        [head, &rest].concat()
    }

    /// A comment, or a line of a script: what makes it one stays, since a local part may hold a #.
    fn written(&mut self, kind: Kind, line: &[u8]) -> Vec<u8> {
        if kind == Kind::Script
            && let Some((directive, file)) = file(line)
        {
            return [directive, self.names.file(&String::from_utf8_lossy(file)).as_bytes()].concat();
        }
        let kept = line.strip_prefix(b"< ").map_or(1.min(line.len()), |reply| 2 + code(reply));
        let (kept, rest) = line.split_at(kept);
        let rest = if kind == Kind::Script { self.template(rest) } else { self.escaped(rest) };
        [kept, &rest].concat()
    }

    /// An answer within AUTH, or an AUTH with its initial response: nothing of it stays but a name of LOGIN's.
    fn credentials(&mut self, line: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(line).into_owned();
        let (before, response) = match text.split_whitespace().collect::<Vec<_>>()[..] {
            [verb, mechanism, _, ..] if verb.eq_ignore_ascii_case("AUTH") => (format!("{verb} {mechanism}"), ""),
            _ => (String::new(), text.trim()),
        };
        let name = STANDARD.decode(response).unwrap_or_default();
        let whole = finds(&name).first().is_some_and(|it| it.name("local").is_some() && it[0].len() == name.len());
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
        // Another backslash is one of a pattern's.
        let is_escape = |text: &[u8], at: &usize| text.get(at + 1).is_some_and(|next| b"\\rntexuc".contains(next));
        while let Some(at) = memchr::memchr_iter(b'\\', rest).find(|at| is_escape(rest, at)) {
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
        if matches!(command.verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo) {
            let name = rest.trim_ascii();
            let name = name.strip_suffix(b".").unwrap_or(name);
            let from = rest.len() - rest.trim_ascii_start().len();
            if is_label(&String::from_utf8_lossy(name)) {
                spans.put(from..from + name.len(), self.names.host(&String::from_utf8_lossy(name)));
            }
        }
        for place in greeting::path(line).into_iter().chain(greeting::sender(line)).chain(greeting::asked(line)) {
            let local = self.names.local(&String::from_utf8_lossy(&line[place.clone()]));
            spans.put(place.start - verb.len()..place.end - verb.len(), local);
        }
        for place in survey::client_names(line) {
            let place = place.start - verb.len()..place.end - verb.len();
            let host = self.names.host(&String::from_utf8_lossy(&rest[place.clone()]));
            spans.put(place, host);
        }
        [verb, &self.completed(rest, spans)].concat()
    }

    /// A text with what was found already replaced, and all else that is found in it.
    fn completed(&mut self, bytes: &[u8], spans: Spans<'_>) -> Vec<u8> {
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Some(topic) = self.people.topic_of(text)
        {
            // What goes on in a further line of a field begins with a blank.
            return text.replacen(text.trim(), topic, 1).into_bytes();
        }
        self.searched(bytes, spans)
    }

    /// The same, be it what a message is about.
    fn searched(&mut self, bytes: &[u8], mut spans: Spans<'_>) -> Vec<u8> {
        for (place, new) in self.defanged(bytes).into_iter().chain(self.forms(bytes)) {
            spans.put(place, new);
        }
        let found = finds(bytes);
        let standing = standing(bytes, &found);
        let longer: Vec<Range<usize>> = found.iter().filter(|one| is_name(one)).map(place_of).collect();
        let within = |place: &Range<usize>, names: &[Range<usize>]| {
            names
                .get(names.partition_point(|name| name.end <= place.start))
                .is_some_and(|name| name.start <= place.start && place.end <= name.end && name.len() > place.len())
        };
        let urls: Vec<_> = found.iter().filter(|one| one.name("url").is_some()).map(place_of).collect();
        // What stands in a URL is looked at with it.
        for (place, kind) in keyed(bytes).into_iter().filter(|(place, _)| !within(place, &urls)) {
            let new = self.of_key(kind, &String::from_utf8_lossy(&bytes[place.clone()]));
            spans.put(place, new);
        }
        let (stand, others): (Vec<_>, Vec<_>) =
            found.iter().filter(|one| one.name("local").is_some() || one.name("url").is_some()).partition(|one| {
                one.get(0).is_some_and(|it| standing.binary_search_by_key(&it.start(), |p| p.start).is_ok())
            });
        for one in stand {
            let (place, new) = self.address(bytes, one);
            spans.put(place, new);
        }
        for (place, new) in self.numbers(bytes).into_iter().filter(|(place, _)| !within(place, &longer)) {
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
        self.again(&spans.splice())
    }

    /// Whatever is still there of names that were there: none is put in, so that it can only have been overlooked.
    fn again(&mut self, text: &[u8]) -> Vec<u8> {
        let mut spans = Spans::new(text);
        for one in finds(text).iter().filter(|one| one.name("v4").is_some() || one.name("host").is_some()) {
            let place = place_of(one);
            let there = self.names.there.contains(&String::from_utf8_lossy(&text[place.clone()]).to_lowercase());
            if let Some(new) = if there { self.by_form(text, one) } else { None } {
                spans.put(place, new);
            }
        }
        spans.splice()
    }

    /// What stands for a value whose key says what it is.
    fn of_key(&mut self, kind: Keyed, value: &str) -> String {
        match kind {
            Keyed::Host => self.names.host(value),
            Keyed::Local => self.names.local(value),
            Keyed::Mark => self.names.mark(value),
        }
    }
}

/// Whether a text can be a host's name of one label.
fn is_label(text: &str) -> bool {
    let good = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    good && text.chars().any(char::is_alphabetic)
}

fn place_of(found: &Captures<'_>) -> Range<usize> {
    found.get(0).map_or(0..0, |whole| whole.range())
}

/// Whether what was found is a name or an address as a whole, of which nothing is replaced by itself.
fn is_name(found: &Captures<'_>) -> bool {
    ["url", "host", "local"].iter().any(|name| found.name(name).is_some())
}

/// The directive of a line that sends a file, and the file.
fn file(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let begun = line.starts_with(b"|@") || line.starts_with(b">> ");
    let skipped = if line.starts_with(b">> ") { 2 } else { 1 };
    let mut blanks = memchr::memchr_iter(b' ', line).filter(|_| begun);
    blanks.nth(skipped - 1).map(|at| line.split_at(at + 1))
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
