//! A bounce message that is explained: each recipient of its message/delivery-status.

use serde_json::Value;

use super::{Style, to_json, to_text_of};
use crate::decode::{Explanation, Reported, reported};
use crate::smtp::escape;

/// Whether a text is a message with a report of delivery, rather than replies.
pub(super) fn is_bounce(text: &str) -> bool {
    !reported(text).is_empty()
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
