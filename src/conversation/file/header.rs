//! The head of a file: TOML between two lines `+++`, unknown keys kept, its own text kept while nothing in it changes.

use std::fmt::Write as _;

use jiff::Timestamp;
use toml::{Table, Value};

use crate::smtp::escape;

use super::FORMAT;

/// The keys that the format knows, in the order in which they are written.
const ORDER: [&str; 7] = ["ehlo", "title", "target", "profile", "started", "side", "clock"];

/// What may differ between two runs and mean nothing, by the names that `[masks]` of a head switches off.
pub const MASKS: [&str; 5] = ["queue_ids", "dates", "hosts", "addresses", "sizes"];

/// Who recorded a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Side {
    /// Its word in the head.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// The head of a file: what stands between the two `+++`.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// All keys, unknown ones too.
    pub table: Table,
    /// Comments and blank lines before the first `+++`.
    lead: String,
    /// The text between the two `+++` as it was read, and what it held.
    source: Option<(String, Table)>,
}

impl PartialEq for Header {
    /// Two heads are the same when they say the same.
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

impl Header {
    /// The head of a recording that begins.
    #[must_use]
    pub fn recording(target: &str, started: Timestamp, side: Side) -> Self {
        let mut header = Self::default();
        header.table.insert("ehlo".to_owned(), Value::Integer(FORMAT));
        header.table.insert("target".to_owned(), Value::String(target.to_owned()));
        header.table.insert("started".to_owned(), time(started));
        header.table.insert("side".to_owned(), Value::String(side.word().to_owned()));
        header
    }

    /// The same with this text at this key.
    #[must_use]
    pub fn with(mut self, key: &str, text: impl Into<String>) -> Self {
        self.set(key, Value::String(text.into()));
        self
    }

    /// The text at a key: `title`, `target`, `profile`, `side`, `clock`.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.table.get(key)?.as_str()
    }

    /// When the conversation started.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        self.moment("started")
    }

    /// When this copy of the conversation was made, while that went on: what came later is not in it.
    #[must_use]
    pub fn copied(&self) -> Option<Timestamp> {
        self.moment("copied")
    }

    /// Says that this is a copy, made now, of a conversation that goes on.
    pub fn set_copied(&mut self, now: Timestamp) {
        self.set("copied", time(now));
    }

    fn moment(&self, key: &str) -> Option<Timestamp> {
        match self.table.get(key)? {
            Value::Datetime(at) => at.to_string().parse().ok(),
            Value::String(at) => at.parse().ok(),
            _ => None,
        }
    }

    /// Sets a key, and keeps the rest of the text, comments included, where that can be done.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Some((text, held)) = &mut self.source {
            let line = format!("{key} = {}\n", value_text(&value));
            let edited = replace_line(text, key, &line);
            let mut table = held.clone();
            table.insert(key.to_owned(), value.clone());
            if edited.parse::<Table>().ok().as_ref() == Some(&table) {
                (*text, *held) = (edited, table);
            }
        }
        self.table.insert(key.to_owned(), value);
    }

    /// A head of these keys.
    #[must_use]
    pub fn of(table: Table) -> Self {
        Self { table, ..Self::default() }
    }

    /// The line of the file that begins with this, from 1; the first where it was not read from one.
    #[must_use]
    pub fn line_of(&self, begins: &str) -> usize {
        let text = self.source.as_ref().map_or("", |(text, _)| text);
        let found = text.lines().position(|line| line.trim_start().starts_with(begins));
        found.map_or(1, |place| self.lead.lines().count() + place + 2)
    }

    /// Takes what a reader found: the lines before the first `+++`, and the text up to the second with its table.
    pub(super) fn read(lead: String, text: String, table: Table) -> Self {
        Self { lead, source: Some((text, table.clone())), table }
    }

    /// Appends the head with its two `+++`; nothing where there is none.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.lead.as_bytes());
        match &self.source {
            Some((text, held)) if *held == self.table => fenced(text, out),
            None if self.table.is_empty() => {}
            _ => fenced(&table_text(&self.table), out),
        }
    }
}

fn time(at: Timestamp) -> Value {
    Value::Datetime(format!("{at:.3}").parse().expect("a timestamp is a TOML date and time"))
}

fn fenced(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"+++\n");
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"+++\n");
}

/// The text with the line of a top-level key replaced, or added at the end of the top level.
fn replace_line(text: &str, key: &str, line: &str) -> String {
    let mut out = String::with_capacity(text.len() + line.len());
    let (mut done, mut top) = (false, true);
    for old in text.split_inclusive('\n') {
        if !done && old.trim_start().starts_with('[') {
            out.push_str(line);
            done = true;
            top = false;
        }
        let named = old.split('=').next().is_some_and(|name| name.trim() == key);
        if top && !done && named {
            out.push_str(line);
            done = true;
        } else {
            out.push_str(old);
        }
    }
    if !done {
        out.push_str(line);
    }
    out
}

/// A table as text: known keys first, then the others, then tables.
fn table_text(table: &Table) -> String {
    let mut out = String::new();
    let known = ORDER.iter().filter_map(|key| table.get_key_value(*key));
    let others = table.iter().filter(|(key, _)| !ORDER.contains(&key.as_str()));
    let (tables, plain): (Vec<_>, Vec<_>) = known.chain(others).partition(|(_, value)| value.is_table());
    for (key, value) in plain {
        writeln!(out, "{} = {}", key_text(key), value_text(value)).expect("a string takes it");
    }
    for (key, value) in tables {
        writeln!(out, "\n[{}]", key_text(key)).expect("a string takes it");
        for (key, value) in value.as_table().into_iter().flatten() {
            writeln!(out, "{} = {}", key_text(key), value_text(value)).expect("a string takes it");
        }
    }
    out
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_owned() } else { quoted(key) }
}

/// A value on one line.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs: Vec<_> = table.iter().map(|(k, v)| format!("{} = {}", key_text(k), value_text(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// A TOML basic string in which nothing is that a terminal would act on.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if escape::is_plain(c) => out.push(c),
            c => write!(out, "\\U{:08x}", u32::from(c)).expect("a string takes it"),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(header: &Header) -> String {
        let mut out = Vec::new();
        header.write(&mut out);
        String::from_utf8(out).expect("a head is text")
    }

    #[test]
    fn a_recording_begins_with_what_is_known_of_it() {
        let started = "2026-11-23T20:18:22.104Z".parse().expect("a time");
        let header = Header::recording("smtp://mx.target.local:25", started, Side::Client)
            .with("title", "Is it \"open\"?")
            .with("profile", "target");
        assert_eq!(
            written(&header),
            "+++\nehlo = 1\ntitle = \"Is it \\\"open\\\"?\"\ntarget = \"smtp://mx.target.local:25\"\n\
             profile = \"target\"\nstarted = 2026-11-23T20:18:22.104Z\nside = \"client\"\n+++\n"
        );
        assert_eq!(header.started(), Some(started));
    }

    #[test]
    fn a_title_is_set_and_the_comments_stay() {
        let text = "ehlo = 1  # the format\ntitle = \"old\" # mine\nfuture = [1, 2]\n\n[vars]\ntitle = \"inner\"\n";
        let mut header = Header::read(String::new(), text.to_owned(), text.parse().expect("TOML"));
        header.set("title", Value::String("new".to_owned()));
        header.set("profile", Value::String("p".to_owned()));
        assert_eq!(
            written(&header),
            "+++\nehlo = 1  # the format\ntitle = \"new\"\nfuture = [1, 2]\n\nprofile = \"p\"\n[vars]\ntitle = \"inner\"\n+++\n"
        );
    }

    #[test]
    fn a_table_changed_by_hand_is_written_anew_and_reads_the_same() {
        let text = "a = \"\"\"\nx\n+ + +\n\"\"\"\n[vars]\nb = \"c\\n+++\\n\"\nd = { e = [1, 2.5] }\n";
        let mut header = Header::read(String::new(), text.to_owned(), text.parse().expect("TOML"));
        header.table.insert("when".to_owned(), Value::Boolean(true));
        let again = written(&header);
        let inner = again.strip_prefix("+++\n").and_then(|t| t.strip_suffix("+++\n")).expect("fenced");
        assert!(!inner.lines().any(|line| line == "+++"));
        assert_eq!(inner.parse::<Table>().expect("TOML"), header.table);
    }
}
