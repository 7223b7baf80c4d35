//! What of a script is lost where a conversation is written in another form: its lines, its comments, and what its head says
//! to it.

use crate::conversation::Kind;
use crate::conversation::file::Document;

/// What a form has of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// All of it, and it is read back.
    Whole,
    /// Its lines, for people: nothing is read back from it.
    Page,
    /// Its lines, for people: what was recorded is read back from it, and they are not.
    Text,
    /// What its head says.
    Head,
    /// Nothing.
    Nothing,
}

/// The tables of a head that a script is run with.
const TABLES: [&str; 2] = ["vars", "masks"];

/// What is lost of it, in words.
pub(super) fn lost(document: &Document, form: Script) -> Vec<String> {
    let script = document.log.of_kind(Kind::Script).count();
    let comments =
        document.log.of_kind(Kind::Comment).filter(|(_, entry)| !entry.bytes.trim_ascii().is_empty()).count();
    // A command has no place for a comment; nobody looks for it there.
    let comments = if form == Script::Nothing { 0 } else { comments };
    let parts = [counted(script, "line of a script", "lines of a script"), counted(comments, "comment", "comments")];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let tables = TABLES.into_iter().filter(|name| document.header.table.contains_key(*name));
    let tables = tables.map(|name| format!("[{name}]")).collect::<Vec<_>>().join(" and ");
    let mut out = Vec::new();
    match form {
        _ if parts.is_empty() => {}
        Script::Whole | Script::Page => {}
        Script::Text => out.push(format!("{parts}: there to be seen, and not read back from it")),
        Script::Head | Script::Nothing => out.push(format!("left out: {parts}")),
    }
    if matches!(form, Script::Page | Script::Text) && !tables.is_empty() {
        out.push(format!("left out: {tables} of the head"));
    }
    out
}

fn counted(count: usize, one: &str, several: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { several }))
}
