//! The places of a line that are filled in: found in any line, whether it came from a template or was typed.
//!
//! Nothing is kept: the line is the truth, and its places are read from it anew each time.

use std::ops::Range;

use crate::smtp::verb::{Field, FieldKind, ParameterEntry, VerbEntry};
use crate::smtp::{Command, Verb, VerbTable};

/// What stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// A field of the verb's template.
    Field(&'a Field),
    /// The value of a parameter that the table knows.
    Value(&'a ParameterEntry),
    /// The value of one that it does not know.
    Unknown,
}

/// A place that is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot<'a> {
    /// Its octets of the line.
    pub(super) span: Range<usize>,
    /// What stands there.
    pub(super) what: What<'a>,
}

/// The entry of the verb with which a line begins.
pub(super) fn entry<'a>(line: &str, verbs: &'a VerbTable) -> Option<&'a VerbEntry> {
    verbs.find(line.split_whitespace().next()?)
}

/// The places of a line, from left to right.
pub(super) fn slots<'a>(line: &str, verbs: &'a VerbTable) -> Vec<Slot<'a>> {
    let Some(entry) = entry(line, verbs) else { return Vec::new() };
    match Verb::from_word(&entry.name) {
        Verb::Mail | Verb::Rcpt | Verb::Xclient | Verb::Xforward => envelope(line, entry),
        _ => words(line, entry),
    }
}

/// The address and the values of the parameters.
fn envelope<'a>(line: &str, entry: &'a VerbEntry) -> Vec<Slot<'a>> {
    let command = Command::parse(line.as_bytes());
    let mut slots = Vec::new();
    let span = command.path_span.clone();
    let text = line.get(span.clone()).unwrap_or_default();
    let inner = match (text.strip_prefix('<'), text.ends_with('>')) {
        (Some(_), true) => span.start + 1..span.end - 1,
        (Some(_), false) => span.start + 1..span.end,
        (None, _) => span,
    };
    if let Some(field) = entry.fields.first()
        && (command.path.is_some() || line.trim_end().ends_with([':', '<']))
    {
        slots.push(Slot { span: inner, what: What::Field(field) });
    }
    for parameter in &command.parameters {
        let Some(value) = &parameter.value else { continue };
        let start = parameter.span.end - value.len().min(parameter.span.len());
        let what = entry.parameter(&parameter.keyword).map_or(What::Unknown, What::Value);
        slots.push(Slot { span: start..parameter.span.end, what });
    }
    slots
}

/// The words after the verb, each in the place of its field; the last field of text takes all that is left.
fn words<'a>(line: &str, entry: &'a VerbEntry) -> Vec<Slot<'a>> {
    let mut slots = Vec::new();
    let start = line.len() - line.trim_start().len();
    let mut at = start + line[start..].find(char::is_whitespace).unwrap_or(line.len() - start);
    for (n, field) in entry.fields.iter().enumerate() {
        let rest = &line[at..];
        let space = rest.len() - rest.trim_start().len();
        if space == 0 {
            break;
        }
        let from = at + space;
        let takes_all = n + 1 == entry.fields.len() && field.kind == FieldKind::Text;
        let word = if takes_all { None } else { line[from..].find(char::is_whitespace) };
        at = word.map_or(line.len(), |length| from + length);
        slots.push(Slot { span: from..at, what: What::Field(field) });
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").unwrap()).unwrap();
        let name = |what: What<'_>| match what {
            What::Field(field) => field.name.clone(),
            What::Value(parameter) => parameter.name.clone(),
            What::Unknown => "?".to_owned(),
        };
        slots(line, &table).into_iter().map(|slot| format!("{} {}", name(slot.what), &line[slot.span])).collect()
    }

    #[test]
    fn places_are_found_in_typed_lines_too() {
        assert_eq!(found("EHLO noddy.com"), ["domain noddy.com"]);
        assert_eq!(found("EHLO "), ["domain "]);
        assert_eq!(found("EHLO"), [""; 0]);
        assert_eq!(found("MAIL FROM:<>"), ["from "]);
        assert_eq!(found("rcpt to:<a@b> NOTIFY=NEVER x=1"), ["to a@b", "NOTIFY NEVER", "? 1"]);
        assert_eq!(found("RCPT TO:<a@b"), ["to a@b"]);
        assert_eq!(found("AUTH PLAIN abc"), ["mechanism PLAIN", "initial abc"]);
        assert_eq!(found("VRFY Fred Smith"), ["user Fred Smith"]);
        assert_eq!(found("QUIT"), [""; 0]);
        assert_eq!(found("XYZ a"), [""; 0]);
    }
}
