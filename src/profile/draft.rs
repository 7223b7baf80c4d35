//! A profile while it is being written: each key of the format as a typed field, and the text that comes of it.
//!
//! An existing file is edited, not rewritten: comments, order and whatever was not touched stay as they are.

use std::path::Path;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::file::{Profile, ProfileError};
use super::{Endpoint, Protocol, Target, TlsMode};

mod fields;

use fields::SECRETS;
pub use fields::{FIELDS, Field, Kind};

/// A profile that is being written.
#[derive(Clone)]
pub struct Draft {
    document: DocumentMut,
    /// What stands in each field of [`FIELDS`].
    values: Vec<String>,
    /// What stood there at first; only what differs is written.
    before: Vec<String>,
}

impl std::fmt::Debug for Draft {
    /// Not the text: somebody may have written a password into it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("values", &self.values).finish_non_exhaustive()
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::of_document(DocumentMut::new())
    }
}

impl Draft {
    /// What a profile's text has.
    ///
    /// # Errors
    /// A text that is no TOML; the words do not repeat it, since it may hold a secret.
    pub fn of(text: &str) -> Result<Self, String> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            format!("line {line}: {}; mend it in an editor first", error.message().trim())
        })?;
        Ok(Self::of_document(document))
    }

    fn of_document(document: DocumentMut) -> Self {
        let values: Vec<String> = FIELDS.iter().map(|field| value_of(&document, field)).collect();
        let mut before = values.clone();
        for (key, _) in SECRETS {
            if item(&document, key).is_some_and(|item| !item.is_table_like()) {
                // A secret in plain text is not shown, and gone when the profile is saved.
                "plain".clone_into(&mut before[index(key)]);
            }
        }
        Self { document, values, before }
    }

    /// A new profile for a place that was typed as a TARGET.
    #[must_use]
    pub fn for_target(target: &Target) -> Self {
        let mut draft = Self::default();
        match &target.endpoint {
            Endpoint::Tcp { host, port } => {
                draft.set("host", host);
                if *port != 25 {
                    draft.set("port", &port.to_string());
                }
            }
            Endpoint::Mx(domain) => {
                draft.set("host", domain);
                draft.set("mx", "true");
            }
            Endpoint::Unix(path) => draft.set("unix", &path.to_string_lossy()),
            Endpoint::Pipe(command) => draft.set("network.pipe", command),
            // Whoever starts ehlo decides what that is; there is nothing to keep.
            Endpoint::Stdio => {}
            Endpoint::Lab(scenario) if scenario == "default" => draft.set("host", "lab"),
            Endpoint::Lab(scenario) => draft.set("host", &format!("lab:{scenario}")),
        }
        if target.protocol == Protocol::Lmtp && !matches!(target.endpoint, Endpoint::Unix(_)) {
            draft.set("protocol", "lmtp");
        }
        if target.tls == TlsMode::Implicit {
            draft.set("tls.mode", "implicit");
        }
        draft
    }

    /// What stands in a field.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        &self.values[index(key)]
    }

    /// Puts something into a field.
    pub fn set(&mut self, key: &str, value: &str) {
        value.clone_into(&mut self.values[index(key)]);
    }

    /// Takes the choice after, or before, in a ring.
    pub fn turn(&mut self, key: &str, forward: bool) {
        let n = index(key);
        let Kind::Choice(choices) = FIELDS[n].kind else { return };
        let now = choices.iter().position(|(value, _)| *value == self.values[n]).unwrap_or(0);
        let step = if forward { 1 } else { choices.len() - 1 };
        choices[(now + step) % choices.len()].0.clone_into(&mut self.values[n]);
    }

    /// Whether anything was changed.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.values != self.before
    }

    /// Whether another thing stands in any field than in the other one.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        self.values != other.values
    }

    /// Whether a field matters now: what the password comes from does only with a source and a user.
    #[must_use]
    pub fn matters(&self, key: &str) -> bool {
        match key {
            "auth.user" => true,
            "auth.password" => !self.get("auth.user").is_empty() && self.get("auth.token").is_empty(),
            _ if key.starts_with("auth.") => {
                let source = SECRETS.iter().find(|(_, of)| *of == key);
                !self.get("auth.user").is_empty() && source.is_none_or(|(secret, _)| self.names_its_source(secret))
            }
            "tls.client_key" | "tls.client_password" => !self.get("tls.client_cert").is_empty(),
            "network.proxy_password" => self.get("network.proxy").contains('@'),
            "network.proxy_password of" => self.names_its_source("network.proxy_password"),
            "network.proxy_source" | "network.proxy_destination" => !self.get("network.proxy_protocol").is_empty(),
            "tls.client_password of" => self.names_its_source("tls.client_password"),
            "port" | "mx" | "tls.sni" => self.get("unix").is_empty(),
            _ => true,
        }
    }

    /// Whether where a secret comes from has a name: a variable, a command.
    fn names_its_source(&self, secret: &str) -> bool {
        matches!(self.get(secret), "env" | "command")
    }

    /// The text of the profile.
    #[must_use]
    pub fn text(&self) -> String {
        self.written().to_string()
    }

    fn written(&self) -> DocumentMut {
        let mut document = self.document.clone();
        for (n, field) in FIELDS.iter().enumerate() {
            let secret = SECRETS.iter().any(|(key, of)| field.key == *key || field.key == *of);
            if self.values[n] != self.before[n] && !secret {
                put(&mut document, field.key, new_value(field.kind, self.values[n].trim()));
            }
        }
        for (key, of) in SECRETS {
            let (kind, source) = (index(key), index(of));
            if self.values[kind] != self.before[kind] || self.values[source] != self.before[source] {
                put(&mut document, key, self.secret_source(key, of));
            }
        }
        if self.get("auth.user").trim().is_empty() && self.values[index("auth.user")] != self.before[index("auth.user")]
        {
            // Nobody logs in.
            document.remove("auth");
        }
        document
    }

    fn secret_source(&self, key: &str, of: &str) -> Option<Value> {
        let source = self.get(of).trim();
        let mut table = InlineTable::new();
        match self.get(key) {
            "" if self.before[index(key)].is_empty() || key != "auth.password" => return None,
            "" => table.insert("prompt", true.into()),
            "keyring" => table.insert("keyring", true.into()),
            kind => table.insert(kind, source.into()),
        };
        Some(Value::InlineTable(table))
    }

    /// What is wrong, with the key of each field that it is about; without a key where it is about none of them.
    #[must_use]
    pub fn errors(&self) -> Vec<(Option<&'static str>, String)> {
        let mut errors: Vec<(Option<&'static str>, String)> = Vec::new();
        if let Err(error) = self.port_error() {
            errors.push((Some("port"), error));
        }
        let mut document = self.written();
        if !errors.is_empty() {
            document.remove("port");
        }
        // Each field that is wrong is told and then left out, so that one error does not hide another.
        while errors.len() < FIELDS.len() {
            let text = document.to_string();
            let Err(error) = Profile::parse("draft", &text, Path::new("draft.toml")) else { break };
            let key = key_of(&error, &text);
            if key.is_none() || errors.iter().any(|(known, _)| *known == key) {
                errors.push((key.filter(|_| errors.is_empty()), error.what));
                break;
            }
            match key {
                Some("host") => put(&mut document, "host", Some("mx.example".into())),
                Some("auth.user") => put(&mut document, "auth.user", Some("user".into())),
                Some(of) if SECRETS.iter().any(|(_, each)| *each == of) => {
                    put(&mut document, of.trim_end_matches(" of"), None);
                }
                Some(key) => put(&mut document, key, None),
                None => {}
            }
            errors.push((key, error.what));
        }
        errors
    }

    /// A number that is none can't even be written as one.
    fn port_error(&self) -> Result<(), String> {
        let text = self.get("port").trim();
        match text.parse::<u16>() {
            Ok(1..) => Ok(()),
            _ if text.is_empty() => Ok(()),
            _ => Err("a port is a number from 1 to 65535; 25, 465 and 587 are usual".to_owned()),
        }
    }
}

fn index(key: &str) -> usize {
    FIELDS.iter().position(|field| field.key == key).expect("every key that is asked for is in the table")
}

/// The item under `key` or `table.key`.
fn item<'a>(document: &'a DocumentMut, key: &str) -> Option<&'a Item> {
    match key.split_once('.') {
        Some((table, key)) => document.get(table)?.as_table_like()?.get(key),
        None => document.get(key),
    }
}

fn value_of(document: &DocumentMut, field: &Field) -> String {
    if let Some((key, of)) = SECRETS.iter().find(|(key, of)| field.key == *key || field.key == *of) {
        let table = item(document, key).and_then(Item::as_table_like);
        let source = table.and_then(|table| {
            table.iter().find_map(|(key, value)| match key {
                "env" | "command" => Some((key, value.as_str()?)),
                "keyring" => Some((key, "")),
                _ => None,
            })
        });
        return match (source, field.key) {
            (Some((_, source)), asked) if asked == *of => source.to_owned(),
            (Some((kind, _)), _) => kind.to_owned(),
            (None, _) => String::new(),
        };
    }
    let Some(item) = item(document, field.key) else { return String::new() };
    let text = match item.as_value() {
        Some(Value::String(text)) => text.value().clone(),
        Some(Value::Boolean(flag)) => flag.value().to_string(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string().trim().to_owned(),
        None => String::new(),
    };
    match field.kind {
        // What says the same as the key not being there, or is known in another case.
        Kind::Choice(choices) => choices.iter().find(|(value, _)| value.eq_ignore_ascii_case(&text)).map_or_else(
            || if is_default(&text) { String::new() } else { text.clone() },
            |(value, _)| (*value).to_owned(),
        ),
        _ => text,
    }
}

/// Values of a choice that say what is so without them.
fn is_default(text: &str) -> bool {
    ["esmtp", "any", "auto", "true", "false"].contains(&text)
}

/// What is written for a value; nothing for an empty one.
fn new_value(kind: Kind, text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    Some(match (kind, text) {
        (Kind::Number, _) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        (Kind::List, _) => Value::Array(addresses(text).into_iter().collect::<Array>()),
        (Kind::Choice(_), "true") => true.into(),
        (Kind::Choice(_), "false") => false.into(),
        (Kind::Choice(_), "1" | "2") => Value::from(if text == "1" { 1 } else { 2 }),
        _ => text.into(),
    })
}

/// Texts between commas; a comma in quotes belongs to its text.
fn addresses(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match all.last_mut() {
            Some(last) if c != ',' || quoted => last.push(c),
            _ => all.push(String::new()),
        }
    }
    all.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

/// Puts a value under a key or takes the key away. What stands around a value that is replaced stays.
fn put(document: &mut DocumentMut, key: &str, value: Option<Value>) {
    let (place, key) = match key.split_once('.') {
        None => (None, key),
        Some((place, key)) => (Some(place), key),
    };
    let root = document.as_table_mut();
    let table: &mut dyn toml_edit::TableLike = match place {
        None => root,
        Some(place) => {
            if value.is_none() && !root.contains_key(place) {
                return;
            }
            let entry = root.entry(place).or_insert_with(|| Item::Table(Table::new()));
            match entry.as_table_like_mut() {
                Some(table) => table,
                None => return,
            }
        }
    };
    match (value, table.get_mut(key).and_then(Item::as_value_mut)) {
        (None, _) => {
            table.remove(key);
        }
        (Some(mut new), Some(old)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (Some(new), None) => {
            table.insert(key, Item::Value(new));
        }
    }
}

/// The field that an error of the reader is about.
fn key_of(error: &ProfileError, text: &str) -> Option<&'static str> {
    if error.missing.is_some() {
        return error.missing;
    }
    let mut table = "";
    let mut found = String::new();
    for line in text.lines().take(error.line) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            table = name.trim();
        } else if let Some((key, _)) = line.split_once('=').filter(|(key, _)| !key.starts_with('#')) {
            let dot = if table.is_empty() { "" } else { "." };
            found = format!("{table}{dot}{}", key.trim());
        }
    }
    let key = FIELDS.iter().map(|field| field.key).find(|key| *key == found)?;
    // What a source is, is chosen; what can be wrong is which.
    Some(SECRETS.iter().find(|(secret, _)| *secret == key).map_or(key, |(_, of)| *of))
}

#[cfg(test)]
mod tests;
