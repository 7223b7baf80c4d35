//! Causes in general that what is known of the moment rules out, or that the state of the session says better.

use crate::smtp::Phase;

use super::explain::Layers;
use super::{Context, notes};

/// What refutes a cause.
type Refutes = fn(&Context) -> bool;

/// Causes in general, by their words in the tables, and what of a conversation shows that they can't be the one.
pub(super) const REFUTABLE: [(&str, Refutes); 28] = [
    ("The line is encrypted already", |context| context.tls == Some(false)),
    ("The line is not encrypted", |context| context.tls == Some(true)),
    ("STARTTLS has not been said on this connection", |context| context.tls == Some(true)),
    ("Nobody has logged in on this connection", |context| context.authenticated == Some(true)),
    ("No EHLO yet", |context| context.capabilities.is_some()),
    ("Nobody has logged in", logged_in),
    ("You have not logged in", logged_in),
    ("You have not logged in, and only users may send to other domains", logged_in),
    ("You have not logged in, on a server for its own users", logged_in),
    ("No recipient was accepted", has_recipient),
    ("Every RCPT was refused", has_recipient),
    ("RCPT or MAIL was left out", has_recipient),
    ("Every RCPT of this transaction was refused", has_recipient),
    ("The connection was idle", was_quick),
    ("The connection was idle for too long", was_quick),
    ("The connection was idle for longer than the server allows", was_quick),
    ("Nothing was said for longer than the server waits", was_quick),
    ("You are logged in already", |context| context.authenticated == Some(false)),
    ("A mail transaction is open", |context| {
        context.before.is_some_and(|before| !matches!(before, Phase::Mail | Phase::Rcpt))
    }),
    ("AUTH is allowed only after STARTTLS here", |context| {
        context.tls == Some(true) || context.authenticated == Some(true) || context.offers("AUTH") == Some(true)
    }),
    ("AUTH is offered only after STARTTLS", |context| context.tls == Some(true)),
    ("The mechanism is offered only after STARTTLS", |context| context.tls == Some(true)),
    ("The log-in was given up with *", |context| context.asked.is_some() && !context.gave_up),
    ("An answer went out as it was typed, not as base64: $ before it has ehlo encode it", |context| {
        context.gave_up || !takes_base64(context)
    }),
    ("PLAIN's answer has not its parts: it is $\\0user\\0password", |context| is_by_another(context, &["PLAIN"])),
    ("The answer of XOAUTH2 has not its parts, user=USER\\1auth=Bearer TOKEN\\1\\1", |context| {
        is_by_another(context, &["XOAUTH2"])
    }),
    ("CRAM-MD5's answer is the user, a blank and an HMAC of the challenge, which is to be calculated", |context| {
        is_by_another(context, &["CRAM-MD5"])
    }),
    ("The answer has not the form that the mechanism wants", |context| {
        !is_by_another(context, &["PLAIN", "XOAUTH2", "CRAM-MD5"])
    }),
];

fn logged_in(context: &Context) -> bool {
    context.authenticated == Some(true)
}

fn has_recipient(context: &Context) -> bool {
    context.accepted.is_some_and(|accepted| accepted > 0)
}

/// Nobody was silent for so long that a server has enough of it.
fn was_quick(context: &Context) -> bool {
    context.idle.is_some_and(|idle| idle < notes::SILENCE)
}

/// Whether the log-in goes by a mechanism that is none of these, or was given up.
fn is_by_another(context: &Context, mechanisms: &[&str]) -> bool {
    context.gave_up || context.mechanism.as_deref().is_some_and(|mechanism| !mechanisms.contains(&mechanism))
}

/// Whether somebody types the answers of this mechanism by hand.
fn takes_base64(context: &Context) -> bool {
    context.mechanism.as_deref().is_none_or(|mechanism| matches!(mechanism, "PLAIN" | "LOGIN"))
}

/// Causes that a server's own words rule out, where they name another.
const IDLENESS: [&str; 2] =
    ["The connection was idle for too long", "The connection was idle for longer than the server allows"];

/// How causes begin, in the tables, that the state of the session says better.
pub(super) const TOLD: [&str; 9] = [
    "A mail transaction is open",
    "A command before it was left out",
    "No EHLO or HELO yet",
    "No EHLO yet",
    "A transaction is open",
    "DATA was said after BDAT",
    "No recipient was accepted",
    "MAIL was left out, or was refused",
    "You are logged in already",
];

/// Whether the conversation shows that a cause which holds in general can't be the one.
pub(super) fn refuted(cause: &str, context: &Context, layers: &Layers<'_>) -> bool {
    let idleness = IDLENESS.contains(&cause) && !notes::may_be_idle(layers);
    idleness || REFUTABLE.iter().any(|(words, refutes)| *words == cause && refutes(context))
}

/// Whether what the state of the session shows leaves no room for this cause of a command out of order.
pub(super) fn shown(context: &Context, layers: &Layers<'_>, cause: &str) -> bool {
    let out_of_order = layers.category.is_some_and(|category| category.name == "bad-sequence");
    out_of_order && context.objection.is_some() && TOLD.iter().any(|told| cause.starts_with(told))
}
