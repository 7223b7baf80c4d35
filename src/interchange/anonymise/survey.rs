//! Who and what is in a conversation: looked at once, before anything is replaced, so that the same is known wherever it
//! stands, and nothing is replaced by what somebody else is called.

use std::net::Ipv4Addr;
use std::ops::Range;

use crate::conversation::Kind;
use crate::conversation::event::Remark;
use crate::conversation::file::Header;
use crate::smtp::{Command, Verb};

use super::coded::{Patience, read_local, standing};
use super::common::is_common;
use super::find::{Keyed, finds, keyed, v4, v6};
use super::greeting::{self, Asked};
use super::numbers::nibbles_in;
use super::tokens::{after_key, code, decoded, is_host, shortened};
use super::version::{is_small, is_version};
use super::{Anonymiser, Whole, is_label, place_of};

/// How far a name with dots is known to be a host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sure {
    /// It stands where hosts stand.
    Yes,
    /// Within a text of somebody's.
    No,
}

impl Anonymiser {
    /// Looks at all of it.
    pub(super) fn survey(&mut self, lines: &[Whole], header: &Header) {
        self.asked = Asked::default();
        for line in lines {
            self.patience = Patience::of_line(line.bytes.len());
            let code = if line.kind == Kind::Received { code(&line.bytes) } else { 0 };
            self.note(&shortened(&line.bytes[code..]), if line.kind == Kind::Content { Sure::No } else { Sure::Yes });
            match line.kind {
                Kind::Sent => self.note_command(&line.bytes),
                Kind::Received => self.note_reply(&line.bytes, code),
                Kind::Content => self.note_content(&line.bytes),
                Kind::Remark => self.note_remark(&Remark::parse(&String::from_utf8_lossy(&line.bytes))),
                _ => {}
            }
        }
        self.note_header(header);
    }

    fn note_reply(&mut self, line: &[u8], code: usize) {
        let greeted = self.asked.is_greeted();
        if let Some((place, sure)) = greeting::server(line, greeted) {
            let name = String::from_utf8_lossy(&line[place]).to_lowercase();
            let common = is_common(&name);
            if sure || !common {
                self.servers.insert(name.clone());
                self.note_hosts(Some(name));
            }
        }
        let hello = greeted || line.starts_with(b"235");
        for name in if hello { greeting::clients(line) } else { Vec::new() } {
            if !self.names.bare.contains(&name) {
                self.note_local(&name);
            }
        }
        self.note_logins(&String::from_utf8_lossy(&line[code..]));
        for place in self.asked.mailboxes(&line[code..]) {
            self.note_local(&String::from_utf8_lossy(&line[code..][place]).to_lowercase());
        }
        if self.asked.is_about_people() {
            self.people.note_called(&String::from_utf8_lossy(&line[code..]), &self.names.there);
        }
    }

    /// Whom a text of a server's or of somebody's own names as one who logs in.
    pub(super) fn note_logins(&mut self, text: &str) {
        for name in greeting::logged_in(text) {
            if !self.names.bare.contains(&name) {
                self.note_local(&name);
            }
        }
    }

    fn note_content(&mut self, line: &[u8]) {
        let hosts = self.people.note(line, &self.names.there);
        self.note_hosts(hosts);
        self.note_boundary(line);
        let text = String::from_utf8_lossy(line);
        if let Some(place) = self.people.login_in(&text) {
            self.note_local(&text[place].to_lowercase());
        }
    }

    /// Looks at a text that something within a line stands for.
    pub(super) fn note_within(&mut self, bytes: &[u8]) {
        self.note(bytes, Sure::No);
    }

    pub(super) fn note(&mut self, bytes: &[u8], sure: Sure) {
        let all = finds(bytes);
        let nibbles = nibbles_in(bytes);
        for found in &all {
            let text = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).to_lowercase());
            if let Some(url) = found.name("url") {
                self.note_url(url.as_bytes(), sure);
                continue;
            }
            if let Some(address) = text("v4").filter(|_| !nibbles.iter().any(|it| it.contains(&place_of(found).start)))
            {
                let ip = v4(address.as_bytes());
                let place = found.name("v4").map_or(0, |it| it.start());
                self.note_v4(ip, ip.is_some_and(|ip| is_small(ip) && is_version(bytes, place)));
                self.names.there.insert(address);
            }
            if let Some(host) = text("host") {
                self.note_host(&host, sure);
            }
            if let Some(domain) = text("domain") {
                self.note_v4(v4(domain.trim_matches(['[', ']']).as_bytes()), false);
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
        self.note_defanged(bytes);
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

    fn note_v4(&mut self, ip: Option<Ipv4Addr>, version: bool) {
        let Some(ip) = ip else { return };
        self.names.there.insert(ip.to_string());
        if !version {
            let [a, b, c, _] = ip.octets();
            self.networks.entry([a, b, c]).or_insert(ip);
            self.addresses.insert(ip);
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
        self.locals.insert(bare.to_owned());
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

    fn note_command(&mut self, line: &[u8]) {
        self.asked.sent(line);
        let command = Command::parse(line);
        for place in greeting::path(line).into_iter().chain(greeting::sender(line)).chain(greeting::asked(line)) {
            self.note_local(&String::from_utf8_lossy(&line[place]).to_lowercase());
        }
        let argument = String::from_utf8_lossy(command.argument()).trim().to_lowercase();
        match command.verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo => {
                let words = argument.split(' ').map(|word| word.trim_end_matches('.'));
                let by_form =
                    |word: &str| finds(word.as_bytes()).first().is_some_and(|found| found[0].len() == word.len());
                let hosts = words.filter(|word| !word.is_empty() && !word.contains(['[', ':', '@']));
                let hosts = hosts.filter(|word| is_label(word) || !by_form(word)).map(str::to_owned);
                self.note_hosts(hosts.collect::<Vec<_>>());
            }
            _ if command.word.eq_ignore_ascii_case("ETRN") => {
                self.note_hosts(Some(argument.trim_start_matches(['@', '#']).to_owned()));
            }
            Verb::Vrfy | Verb::Expn if argument.contains(' ') && !argument.contains(['@', '<']) => {
                self.people.note_called(&format!("{argument} <>"), &self.names.there);
            }
            _ => {
                let names = client_names(line);
                self.note_hosts(names.into_iter().map(|place| String::from_utf8_lossy(&line[place]).to_lowercase()));
            }
        }
    }
}

/// Where XCLIENT, XFORWARD and XPROXY say what a client is called, by a name of one label.
pub(super) fn client_names(line: &[u8]) -> Vec<Range<usize>> {
    const KEYS: [&[u8]; 5] = [b"NAME=", b"HELO=", b"DESTNAME=", b"REVERSE_NAME=", b"DOMAIN="];
    if !line.first().is_some_and(|first| first.eq_ignore_ascii_case(&b'X')) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut at = 0;
    for word in line.split(|octet| *octet == b' ') {
        let value = word.iter().position(|octet| *octet == b'=').map_or(word.len(), |end| end + 1);
        let named = KEYS.iter().any(|key| word[..value].eq_ignore_ascii_case(key));
        if named && is_label(&String::from_utf8_lossy(&word[value..])) && value < word.len() {
            out.push(at + value..at + word.len());
        }
        at += word.len() + 1;
    }
    out
}
