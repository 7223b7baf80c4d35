//! Who and what is in a conversation: looked at once, before anything is replaced, so that the same is known wherever it
//! stands, and nothing is replaced by what somebody else is called.

use std::ops::Range;

use toml::{Table, Value};

use crate::conversation::Kind;
use crate::conversation::event::Remark;
use crate::conversation::file::Header;
use crate::smtp::{Command, Verb};

use super::coded::{Patience, read_local, standing};
use super::common::is_common;
use super::find::{FINDS, Keyed, keyed, v4, v6};
use super::forms::is_version;
use super::tokens::{after_key, code, decoded, is_host, shortened};
use super::{Anonymiser, Whole, greeter, is_label, strings};

/// How far a name with dots is known to be a host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    /// It stands where hosts stand.
    Yes,
    /// Within a text of somebody's.
    No,
}

impl Anonymiser {
    /// Looks at all of it.
    pub(super) fn survey(&mut self, lines: &[Whole], header: &Header) {
        for line in lines {
            self.patience = Patience::of_line(line.bytes.len());
            let code = if line.kind == Kind::Received { code(&line.bytes) } else { 0 };
            self.note(&shortened(&line.bytes[code..]), if line.kind == Kind::Content { Sure::No } else { Sure::Yes });
            match line.kind {
                Kind::Sent => self.note_command(&line.bytes),
                Kind::Received => {
                    let first = greeter(&line.bytes).map(|place| line.bytes[place].to_vec());
                    self.note_hosts(first.map(|host| String::from_utf8_lossy(&host).to_lowercase()));
                }
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
            self.patience = Patience::of_line(text.len());
            self.note(&shortened(text.as_bytes()), Sure::No);
        }
        if let Some(Value::String(target)) = header.table.get("target") {
            self.note(&shortened(target.as_bytes()), Sure::Yes);
        }
        if let Some(Value::Table(vars)) = header.table.get("vars") {
            self.name_vars(vars);
        }
    }

    /// What a script's values are called says who is meant by them.
    fn name_vars(&mut self, vars: &Table) {
        for name in vars.keys() {
            let new = String::from_utf8_lossy(&self.replaced(name.as_bytes())).into_owned();
            let good = new.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !vars.contains_key(&new);
            if new != *name {
                let count = self.vars.len() + 1;
                let taken = self.vars.values().any(|taken| *taken == new);
                self.vars.insert(name.clone(), if good && !taken { new } else { format!("value_{count}") });
            }
        }
    }

    /// Looks at a text that something within a line stands for.
    pub(super) fn note_within(&mut self, bytes: &[u8]) {
        self.note(bytes, Sure::No);
    }

    fn note(&mut self, bytes: &[u8], sure: Sure) {
        let all: Vec<_> = FINDS.captures_iter(bytes).collect();
        for found in &all {
            let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).to_lowercase());
            if let Some(url) = found.name("url") {
                self.note_url(url.as_bytes(), sure);
                continue;
            }
            if let Some(address) = text("v4") {
                let ip = v4(address.as_bytes());
                self.names.there.extend(ip.map(|ip| ip.to_string()));
                let place = found.name("v4").map_or(0, |it| it.start());
                self.addresses.extend(ip.filter(|_| !is_version(bytes, place)));
                self.names.there.insert(address);
            }
            if let Some(host) = text("host") {
                self.note_host(&host, sure);
            }
            if let Some(domain) = text("domain") {
                self.note_host(&domain, Sure::Yes);
            }
            if let Some(local) = text("local") {
                let local = after_key(&local).1;
                self.note_local(local);
                let written =
                    found.name("local").map_or_else(String::new, |it| String::from_utf8_lossy(it.as_bytes()).into());
                if let Some(read) = read_local(after_key(&written).1) {
                    self.parts.entry(read).or_insert_with(|| local.to_owned());
                }
            }
            if let Some(inner) = found.name("base64").and_then(|it| decoded(it.as_bytes())) {
                self.note_inner(&inner);
            }
        }
        self.note_coded(bytes, &standing(bytes, &all));
        self.note_forms(bytes);
        for (_, ip) in v6(bytes) {
            self.names.there.insert(ip.to_string());
        }
        for (place, kind) in keyed(bytes) {
            let value = String::from_utf8_lossy(&bytes[place]).to_lowercase();
            self.names.there.insert(value.clone());
            match kind {
                Keyed::Host => self.note_hosts(Some(value)),
                Keyed::Local => self.note_local(&value),
                Keyed::Mark if value.len() >= 4 && !is_common(&value) => {
                    self.marks.insert(value);
                }
                Keyed::Mark => {}
            }
        }
    }

    fn note_url(&mut self, url: &[u8], sure: Sure) {
        let rest = memchr::memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
        let authority = rest.split(|octet| matches!(octet, b'/' | b'?' | b'#')).next().unwrap_or_default();
        let host = authority.rsplit(|octet| *octet == b'@').next().unwrap_or_default();
        self.note(host, sure);
        for part in rest[authority.len()..].split(|octet| matches!(octet, b'/' | b'?' | b'&' | b'=' | b'#' | b';')) {
            self.note(part, Sure::No);
        }
        if let Some(user) = authority.strip_suffix(host).and_then(|user| user.strip_suffix(b"@")) {
            let user = user.split(|octet| *octet == b':').next().unwrap_or_default();
            self.note_local(&String::from_utf8_lossy(user).to_lowercase());
        }
    }

    /// A host with dots: its first label is a name of its own, and so is its domain's.
    fn note_host(&mut self, host: &str, sure: Sure) {
        self.names.there.insert(host.to_owned());
        let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
        if sure == Sure::No || host.starts_with('[') || !is_host(host) {
            return;
        }
        match labels[..] {
            [label] if is_label(label) && !is_common(label) => {
                self.names.bare.insert(label.to_owned());
            }
            [first, .., domain, top] => {
                if first.len() >= 3 && is_label(first) && !is_common(first) && labels.len() > 2 {
                    self.names.bare.insert(first.to_owned());
                }
                self.note_domain(domain, top);
            }
            [domain, top] => self.note_domain(domain, top),
            _ => {}
        }
    }

    fn note_domain(&mut self, domain: &str, top: &str) {
        if domain.chars().count() >= 4 && is_label(domain) && !is_common(domain) {
            self.domains.entry(domain.to_owned()).or_insert_with(|| format!("{domain}.{top}"));
        }
    }

    /// A local part, and the names that it is put together of.
    pub(super) fn note_local(&mut self, local: &str) {
        let bare = local.trim_matches('"');
        self.names.there.insert(local.to_owned());
        self.names.there.insert(bare.to_owned());
        if bare.is_empty() || bare.contains("{{") {
            return;
        }
        if bare.contains(' ') {
            self.spaced.insert(bare.to_owned());
        }
        if !is_common(bare) {
            self.alone.insert(bare.to_owned());
        }
        let named =
            |piece: &&str| piece.chars().count() >= 3 && piece.chars().all(char::is_alphabetic) && !is_common(piece);
        let pieces: Vec<&str> = bare.split(['.', '_', '-', '+', ' ', '=']).filter(named).collect();
        for piece in pieces {
            self.parts.entry(piece.to_owned()).or_insert_with(|| bare.to_owned());
        }
    }

    pub(super) fn note_hosts(&mut self, hosts: impl IntoIterator<Item = String>) {
        for host in hosts {
            self.names.there.insert(host.clone());
            self.names.bare.insert(host);
        }
    }

    /// The hops of a message name hosts, and its fields are words of the tool's.
    fn note_remark(&mut self, remark: &Remark) {
        if remark.word == "hop" {
            let label = |host: &&str| host.len() >= 2 && is_label(host);
            let hosts = ["from", "by"].iter().filter_map(|key| remark.get(key)).filter(label).map(str::to_lowercase);
            let hosts: Vec<String> = hosts.filter(|host| host != "localhost" && host != "unknown").collect();
            self.note_hosts(hosts);
        } else if remark.word == "tool"
            && let Some(words) = remark.bare(0)
        {
            let hosts = self.people.note(words.as_bytes(), &self.names.there);
            self.note_hosts(hosts);
        } else if let Some(user) = remark.get("user") {
            self.note_local(&user.to_lowercase());
        }
    }

    fn note_command(&mut self, line: &[u8]) {
        let command = Command::parse(line);
        let argument = String::from_utf8_lossy(command.argument()).trim().to_lowercase();
        match command.verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if !argument.is_empty() && !argument.contains([' ', '[', ':']) => {
                let found = FINDS.find(argument.as_bytes()).is_some_and(|found| found.len() == argument.len());
                if !found || is_label(&argument) {
                    self.note_hosts(Some(argument));
                }
            }
            Verb::Vrfy | Verb::Expn if !argument.contains(['@', ' ']) && argument.len() >= 2 => {
                self.note_local(argument.trim_matches(['<', '>', '"']));
            }
            _ => {
                let names = client_names(line);
                self.note_hosts(names.into_iter().map(|place| String::from_utf8_lossy(&line[place]).to_lowercase()));
            }
        }
    }
}

/// Where XCLIENT and XFORWARD say what a client is called, by a name of one label.
pub(super) fn client_names(line: &[u8]) -> Vec<Range<usize>> {
    let is = |verb: &[u8]| line.get(..verb.len()).is_some_and(|head| head.eq_ignore_ascii_case(verb));
    if !is(b"XCLIENT ") && !is(b"XFORWARD ") {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut at = 0;
    for word in line.split(|octet| *octet == b' ') {
        let value = word.iter().position(|octet| *octet == b'=').map_or(word.len(), |end| end + 1);
        let named =
            [b"NAME=".as_slice(), b"HELO=", b"DESTNAME="].iter().any(|key| word[..value].eq_ignore_ascii_case(key));
        if named && is_label(&String::from_utf8_lossy(&word[value..])) && value < word.len() {
            out.push(at + value..at + word.len());
        }
        at += word.len() + 1;
    }
    out
}
