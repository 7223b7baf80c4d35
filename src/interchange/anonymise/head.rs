//! The head of a transcript: what it keeps, and what is looked for in it.

use toml::{Table, Value};

use crate::conversation::file::{Header, MASKS};

use super::coded::Patience;
use super::common::is_common;
use super::remarks::label;
use super::survey::Sure;
use super::tokens::shortened;
use super::{Anonymiser, is_label};

/// Keys of the head that say nothing of anybody, or are searched.
const KEYS: [&str; 10] = ["ehlo", "title", "target", "started", "copied", "side", "clock", "imported", "vars", "masks"];

impl Anonymiser {
    /// Looks at all of it.
    pub(super) fn note_header(&mut self, header: &Header) {
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
        self.note_logins(header.text("title").unwrap_or_default());
        if let Some(Value::String(target)) = header.table.get("target") {
            self.note(&shortened(target.as_bytes()), Sure::Yes);
        }
        if let Some(Value::Table(vars)) = header.table.get("vars") {
            let named = |key: &str| ["host", "relay", "server", "mx"].iter().any(|word| key.contains(word));
            let hosts = vars.iter().filter(|(key, _)| named(key)).filter_map(|(_, value)| value.as_str());
            let hosts = hosts.filter(|host| is_label(host)).map(str::to_lowercase).filter(|host| !is_common(host));
            self.note_hosts(hosts);
        }
    }

    /// What a script's values are called says who is meant by them.
    pub(super) fn name_vars(&mut self, header: &Header) {
        self.vars.clear();
        let Some(Value::Table(vars)) = header.table.get("vars") else { return };
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

    /// The head with all in it replaced that it keeps.
    pub(super) fn header(&mut self, header: &Header) -> Header {
        let mut table = Table::new();
        for (key, value) in header.table.iter().filter(|(key, _)| KEYS.contains(&key.as_str())) {
            let mut value = match value {
                Value::String(target) if key == "target" => Value::String(self.target(target)),
                value => self.value(value),
            };
            if let (true, Value::Table(vars)) = (key == "vars", &mut value) {
                let named = std::mem::take(vars).into_iter();
                *vars = named.map(|(name, value)| (self.vars.get(&name).cloned().unwrap_or(name), value)).collect();
            }
            if let (true, Value::Table(masks)) = (key == "masks", &mut value) {
                // Their names are words of the format, whatever somebody is called.
                let named = std::mem::take(masks).into_iter();
                *masks = named.map(|(name, value)| (self.mask(name), value)).collect();
            }
            table.insert(key.clone(), value);
        }
        table.insert("anonymised".to_owned(), Value::Boolean(true));
        Header::of(table)
    }

    /// With whom it is: a host of one label is known by the port or the scheme beside it. A name alone may be a profile's.
    fn target(&mut self, target: &str) -> String {
        let (scheme, place) = target.split_at(target.find("://").map_or(0, |at| at + 3));
        let (user, place) = place.split_at(place.rfind('@').map_or(0, |at| at + 1));
        let host = label(place).filter(|host| !scheme.is_empty() || place[host.len()..].starts_with(':'));
        let new = host.map(|host| self.names.host(host) + &place[host.len()..]);
        match new {
            Some(new) if user.is_empty() => format!("{scheme}{new}"),
            _ => String::from_utf8_lossy(&self.replaced(&shortened(target.as_bytes()))).into_owned(),
        }
    }

    fn mask(&mut self, name: String) -> String {
        if MASKS.contains(&name.as_str()) {
            return name;
        }
        String::from_utf8_lossy(&self.replaced(name.as_bytes())).into_owned()
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
