//! The magic addresses of `error.lab`: a recipient whose name says what the server does (FORMATS section 3, S14).

use std::time::Duration;

use super::scenario::Span;
use crate::smtp::EnhancedCode;

/// The longest delay that an address can ask for.
const LONGEST: Duration = Duration::from_mins(10);

/// What a magic address does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Magic {
    /// Refuses with this line.
    Refuse(String),
    /// Accepts with this line.
    Accept(String),
    /// Waits in lab time, then accepts.
    Delay(Duration),
    /// Closes the connection.
    Drop,
}

/// Whether the addresses of a domain are magic.
pub(super) fn is_magic(domain: &str) -> bool {
    domain.eq_ignore_ascii_case("error.lab")
}

/// Reads the local part of a magic address; `rcpt` is the whole of it, for the reply.
pub(super) fn read(local: &str, rcpt: &str) -> Magic {
    let local = local.to_ascii_lowercase();
    if local == "drop" {
        return Magic::Drop;
    }
    if let Some(span) = local.strip_prefix("delay-").and_then(Span::parse) {
        return Magic::Delay(span.0.min(LONGEST));
    }
    if let Some(enhanced) = EnhancedCode::parse(&local) {
        let code = basic(enhanced);
        return answer(code, &enhanced.to_string(), rcpt);
    }
    match local.parse::<u16>() {
        Ok(code) if local.len() == 3 && matches!(code / 100, 2 | 4 | 5) => answer(code, enhanced(code), rcpt),
        _ => Magic::Refuse(format!(
            "550 5.1.1 <{rcpt}>: no such magic address; try 571, 4.2.2, delay-10s or drop at error.lab"
        )),
    }
}

fn answer(code: u16, enhanced: &str, rcpt: &str) -> Magic {
    match code / 100 {
        2 => Magic::Accept(format!("{code} {enhanced} Ok")),
        _ => Magic::Refuse(format!("{code} {enhanced} <{rcpt}>: Recipient address rejected: {}", words(enhanced))),
    }
}

/// The refusal of a recipient that has this enhanced status code.
pub(super) fn refusal(code: EnhancedCode, rcpt: &str) -> String {
    let enhanced = code.to_string();
    format!("{} {enhanced} <{rcpt}>: Recipient address rejected: {}", basic(code), words(&enhanced))
}

/// The basic code that goes with an enhanced one at RCPT (S14).
fn basic(code: EnhancedCode) -> u16 {
    match (code.class, code.subject, code.detail) {
        (2, ..) => 250,
        (4, 2, 2) => 452,
        (4, ..) => 450,
        (5, 2, 2) => 552,
        (5, 7, _) => 554,
        (5, 6, 7) => 553,
        _ => 550,
    }
}

/// The enhanced code that mostly goes with a basic one at RCPT.
fn enhanced(code: u16) -> &'static str {
    match code {
        421 => "4.3.2",
        450 | 422 => "4.2.0",
        451 => "4.3.0",
        452 => "4.2.2",
        454 => "4.7.0",
        500 | 502 | 503 => "5.5.1",
        501 | 504 | 555 => "5.5.4",
        521 | 556 => "5.1.10",
        530 | 535 | 538 => "5.7.0",
        550 => "5.1.1",
        551 => "5.1.6",
        552 => "5.2.2",
        553 => "5.1.3",
        554 | 571 => "5.7.1",
        _ => match code / 100 {
            2 => "2.1.5",
            4 => "4.0.0",
            _ => "5.0.0",
        },
    }
}

/// Words for the reply, by the subject that the code is about (RFC 3463 3).
fn words(enhanced: &str) -> &'static str {
    let Some(code) = EnhancedCode::parse(enhanced) else { return "as you asked" };
    match (code.subject, code.detail) {
        (1, 1) => "User unknown",
        (1, 2 | 10) => "Domain not found, or takes no mail",
        (1, 3) => "Bad recipient address syntax",
        (1, 6) => "User has moved, no forwarding address",
        (1, _) => "Address not acceptable",
        (2, 1) => "Mailbox is disabled",
        (2, 2) => "Mailbox is full, over its quota",
        (2, 3) => "Message is too large for this mailbox",
        (2, _) => "Mailbox unavailable",
        (3, 4) => "Message size exceeds fixed limit",
        (3, _) => "System is not accepting mail now",
        (4, _) => "No route to the destination",
        (5, 3) => "Too many recipients",
        (5, _) => "Protocol error",
        (6, _) => "Content not acceptable",
        (7, 0) => "Authentication required",
        (7, 1) => "Access denied by policy",
        (7, _) => "Refused by policy",
        _ => "Not accepted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_the_code_that_it_names() {
        for (local, want) in [
            ("571", "571 5.7.1 "),
            ("550", "550 5.1.1 "),
            ("421", "421 4.3.2 "),
            ("4.2.2", "452 4.2.2 "),
            ("5.2.2", "552 5.2.2 "),
            ("5.1.10", "550 5.1.10 "),
            ("5.7.26", "554 5.7.26 "),
            ("5.6.7", "553 5.6.7 "),
            ("4.7.1", "450 4.7.1 "),
            ("5.3.2", "550 5.3.2 "),
            ("nonsense", "550 5.1.1 "),
            ("999", "550 5.1.1 "),
        ] {
            let Magic::Refuse(line) = read(local, "x@error.lab") else { panic!("{local}: a refusal") };
            assert!(line.starts_with(want), "{local}: {line}");
        }
        assert_eq!(read("250", "x"), Magic::Accept("250 2.1.5 Ok".to_owned()));
        assert_eq!(read("Delay-10s", "x"), Magic::Delay(Duration::from_secs(10)));
        assert_eq!(read("delay-9999h", "x"), Magic::Delay(LONGEST));
        assert_eq!(read("drop", "x"), Magic::Drop);
    }
}
