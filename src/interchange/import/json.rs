//! ehlo's own JSON, read back: its records are those of the transcript.

use serde_json::Value;

use crate::conversation::file::{self, Document};

use super::Unread;
use super::text::Text;

/// Whether it is an object with records, or with the exchanges that stand before them, of which a long one has many.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let has = |key: &[u8]| memchr::memmem::find(text, key).is_some();
    text.starts_with(b"{") && has(b"\"ehlo\"") && (has(b"\"records\"") || has(b"\"exchanges\""))
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

#[cfg(test)]
mod tests {
    use crate::conversation::file::read;
    use crate::decode::Knowledge;
    use crate::interchange::by_name;
    use crate::interchange::import::{LOOKED_AT, import};

    #[test]
    fn a_long_conversation_is_known_though_its_records_stand_far_below() {
        let noop = "0.2 > NOOP\n0.3 < 250 2.0.0 Ok\n";
        let text = format!("+++\nehlo = 1\n+++\n0.0 * connected mx:25\n0.1 < 220 mx\n{}", noop.repeat(800));
        let document = read(text.as_bytes()).expect("a transcript");
        let written = by_name("json").expect("a format").write(&document, &Knowledge::shipped());
        assert!(memchr::memmem::find(&written, b"\"records\"").is_some_and(|at| at > LOOKED_AT));
        let imported = import(&written).expect("ehlo's own JSON");
        assert_eq!(imported.conversations[0].log.len(), document.log.len());
    }
}
