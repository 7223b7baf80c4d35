//! ehlo's own JSON, read back: its records are those of the transcript.

use serde_json::Value;

use crate::conversation::file::{self, Document};

use super::Unread;
use super::text::Text;

/// Whether it is an object with records.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    text.starts_with(b"{")
        && memchr::memmem::find(text, b"\"ehlo\"").is_some()
        && memchr::memmem::find(text, b"\"records\"").is_some()
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut unread = Unread::default();
    let value: Value = match serde_json::from_slice(octets) {
        Ok(value) => value,
        Err(error) => {
            unread.add(error.line(), b"", "it is not JSON from here on; it may have been cut off");
            return (Vec::new(), unread);
        }
    };
    let mut text = b"+++\n".to_vec();
    text.extend_from_slice(value.get("head").and_then(Value::as_str).unwrap_or("ehlo = 1\n").as_bytes());
    text.extend_from_slice(b"+++\n");
    let mut document = file::read(&text).unwrap_or_default();
    for (n, record) in value.get("records").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let line = line_of(record);
        let read = line.as_deref().map(|line| file::read(format!("+++\nehlo = 1\n+++\n{line}\n").as_bytes()));
        match read {
            Some(Ok(one)) if one.log.len() == 1 => {
                if let Some(entry) = one.log.get(0) {
                    document.log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
                }
            }
            _ => unread.add(
                n + 1,
                record.to_string().as_bytes(),
                "a record (by its number) that is none of the transcript's",
            ),
        }
    }
    (vec![document], unread)
}

/// The line of a transcript that a record stands for.
fn line_of(record: &Value) -> Option<String> {
    let text = record.get("text").and_then(Value::as_str)?;
    if text.contains(['\n', '\r']) {
        return None;
    }
    let sigil = match record.get("kind").and_then(Value::as_str)? {
        "sent" => '>',
        "content" => '|',
        "received" => '<',
        "remark" => '*',
        "script" | "comment" => return Some(text.to_owned()),
        _ => return None,
    };
    let at = record.get("at").and_then(Value::as_f64).filter(|at| (0.0..1e12).contains(at))?;
    let end = if record.get("crlf").and_then(Value::as_bool) == Some(false) { "\\c" } else { "" };
    let space = if text.is_empty() && end.is_empty() { "" } else { " " };
    Some(format!("{at:.6} {sigil}{space}{text}{end}"))
}
