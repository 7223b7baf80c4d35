//! What a refusal can be about at the moment in which it comes: nobody knows of a mailbox before RCPT, and no line is to be
//! encrypted that is so already. What servers put off (Postfix says whatever it has against a client at RCPT) is none of it.

use crate::smtp::Verb;

use super::{Asked, Context};

/// What only a recipient can be refused for.
const RECIPIENT: &[&str] = &[
    "mailbox-unknown",
    "mailbox-disabled",
    "mailbox-full",
    "mailbox-moved",
    "mailbox-ambiguous",
    "domain-unknown",
    "too-many-recipients",
];

/// What only a message can be refused for.
const MESSAGE: &[&str] = &["too-large", "content-rejected", "spam", "malware", "expired"];

/// What is no reason before MAIL.
const TRANSACTION: &[&str] = &["relay-denied", "sender-rejected"];

/// The categories that can't be meant by a refusal of this.
fn never(asked: Asked) -> [&'static [&'static str]; 4] {
    let none: &[&str] = &[];
    match asked {
        Asked::Connect => [RECIPIENT, MESSAGE, TRANSACTION, &["auth-failed", "sender-authentication"]],
        Asked::Verb(Verb::Ehlo | Verb::Helo | Verb::Lhlo) => {
            [RECIPIENT, MESSAGE, TRANSACTION, &["auth-failed", "routing", "noncompliant"]]
        }
        Asked::Verb(Verb::Starttls) => {
            [RECIPIENT, MESSAGE, TRANSACTION, &["auth-failed", "sender-authentication", "greylisted", "routing"]]
        }
        Asked::Verb(Verb::Auth) | Asked::AuthAnswer => {
            [RECIPIENT, MESSAGE, TRANSACTION, &["sender-authentication", "greylisted", "routing", "noncompliant"]]
        }
        Asked::Verb(Verb::Mail) => [RECIPIENT, &["content-rejected", "spam", "malware", "expired"], none, none],
        Asked::Verb(Verb::Rcpt) => [&["malware", "noncompliant"], none, none, none],
        _ => [none; 4],
    }
}

/// Whether a refusal of this category can come at this moment. What is not known rules nothing out.
pub(super) fn fits(category: &str, context: &Context) -> bool {
    let at_auth = matches!(context.asked, Some(Asked::Verb(Verb::Auth) | Asked::AuthAnswer));
    match category {
        "tls-required" if context.tls == Some(true) => return false,
        "auth-required" if context.authenticated == Some(true) => return false,
        // Who has not tried to log in did not fail to.
        "auth-failed" if !at_auth && context.asked.is_some() && context.authenticated == Some(false) => return false,
        _ => {}
    }
    context.asked.is_none_or(|asked| !never(asked).iter().any(|group| group.contains(&category)))
}
