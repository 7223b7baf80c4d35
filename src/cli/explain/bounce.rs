//! A bounce message that is explained: each recipient of its message/delivery-status.

use serde_json::Value;

use super::{Style, to_json, to_text_of};
use crate::decode::{Explanation, Reported};
use crate::smtp::escape;

/// Fields of which a message has at least two.
const FIELDS: [&str; 10] = [
    "from:",
    "to:",
    "subject:",
    "date:",
    "received:",
    "message-id:",
    "return-path:",
    "mime-version:",
    "content-type:",
    "delivered-to:",
];

/// What stands below the header of a message; none where the text is no message.
pub(super) fn body(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['\r', '\n']);
    let (mut fields, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let bare = line.trim_end_matches(['\r', '\n']);
        if bare.is_empty() {
            return (fields > 1).then_some(&text[at..]);
        }
        let small = bare.to_ascii_lowercase();
        let name = small.split(':').next().unwrap_or_default();
        let field = small.contains(':') && !name.contains(char::is_whitespace);
        if !field && !bare.starts_with([' ', '\t']) && !bare.starts_with("From ") {
            return None;
        }
        fields += usize::from(FIELDS.iter().any(|known| small.starts_with(known)));
    }
    None
}

/// As JSON: a reply, with the recipient and what became of the message.
pub(super) fn as_json(report: &Reported, explanation: &Explanation) -> Value {
    let mut value = to_json(explanation);
    if let Some(object) = value.as_object_mut() {
        object.insert("recipient".to_owned(), report.recipient.clone().into());
        object.insert("action".to_owned(), report.action.clone().into());
    }
    value
}

/// As text.
pub(super) fn as_text(report: &Reported, explanation: &Explanation, style: Style) -> String {
    let recipient = escape::for_screen(report.recipient.as_bytes());
    let action = escape::for_screen(report.action.as_bytes());
    let said = [
        report.code.map(|code| code.to_string()),
        report.enhanced.map(|enhanced| enhanced.to_string()),
        (!report.text.is_empty()).then(|| escape::for_screen(report.text.as_bytes())),
    ];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let head = vec![style.strong(&format!("{recipient} ({action})")), style.dim(&said)];
    to_text_of(head, explanation, style)
}
