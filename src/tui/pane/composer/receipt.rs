//! A receipt asked for on the line that stands there, or taken back: one key for four parameters (RFC 3461 4).

use crate::smtp::{Command, Verb, xtext};

/// What RCPT says of when to be told.
const WHEN: &str = "SUCCESS,FAILURE,DELAY";

/// The line with a receipt asked for, or without one where it asks for it already; nothing where it is neither MAIL nor
/// RCPT with an address. `envelope` is what the receipt is to be known by.
pub(super) fn turned(line: &str, envelope: &str) -> Option<String> {
    let command = Command::parse(line.as_bytes());
    let path = command.path.as_ref()?;
    let own: [(&str, String); 2] = match command.verb {
        Verb::Mail => [("RET", "HDRS".to_owned()), ("ENVID", xtext::encode(envelope.as_bytes()))],
        Verb::Rcpt => [("NOTIFY", WHEN.to_owned()), ("ORCPT", xtext::original(&path.address()))],
        _ => return None,
    };
    let has = |name: &str| command.parameters.iter().any(|parameter| parameter.keyword.eq_ignore_ascii_case(name));
    let asks = own.iter().all(|(name, _)| has(name));
    let mut spans: Vec<_> = command
        .parameters
        .iter()
        .filter(|parameter| own.iter().any(|(name, _)| parameter.keyword.eq_ignore_ascii_case(name)))
        .map(|parameter| parameter.span.clone())
        .collect();
    spans.sort_by_key(|span| span.start);
    let mut rest = line.to_owned();
    for span in spans.into_iter().rev() {
        rest.replace_range(span, "");
    }
    let mut words = rest.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if !asks {
        for (name, value) in own {
            words = format!("{words} {name}={value}");
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_asked_for_and_taken_back() {
        let rcpt = "RCPT TO:<a+b@c.d>";
        let asked = turned(rcpt, "x").expect("RCPT");
        assert_eq!(asked, "RCPT TO:<a+b@c.d> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.d");
        assert_eq!(turned(&asked, "x").as_deref(), Some(rcpt));
        let mail = turned("MAIL FROM:<a@b> SIZE=9 ret=full", "ehlo 1").expect("MAIL");
        assert_eq!(mail, "MAIL FROM:<a@b> SIZE=9 RET=HDRS ENVID=ehlo+201");
        assert_eq!(turned(&mail, "y").as_deref(), Some("MAIL FROM:<a@b> SIZE=9"));
        for other in ["DATA", "RCPT", "", "NOOP a"] {
            assert_eq!(turned(other, "x"), None, "{other}");
        }
    }
}
