//! How a conversation ended where no reply says it: what that means, and why it may have come so.

use crate::conversation::connections::remark;
use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::ending::{End, Ending};
use crate::conversation::words::capital;
use crate::conversation::{Dialogue, Log};
use crate::smtp::Verb;

/// An end told at length, for where nothing stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// In a few words.
    pub short: String,
    /// A headline.
    pub title: String,
    /// What happened, and what is known and not known since.
    pub meaning: String,
    /// Why, most likely first.
    pub causes: &'static [&'static str],
}

/// How a conversation ended, at length; not escaped for a screen.
#[must_use]
pub fn explain_ending(ending: &Ending, dialogue: &Dialogue, log: &Log) -> Account {
    let owed = ending.exchange.and_then(|n| dialogue.exchanges().get(n));
    let mut short = ending.words.clone();
    let mut title = capital(&ending.words);
    let (meaning, causes): (String, &[&str]) = match (ending.end, owed) {
        (End::Cut | End::Unanswered, Some(owed)) if owed.reply().is_some() => (
            format!(
                "The connection ended before its last line had come whole, and what came of it decides nothing. {}",
                unknown(owed)
            ),
            &["the server failed while it answered", "something in between ended the connection"],
        ),
        (End::Cut, Some(owed)) => {
            title = format!("The connection ended before {} came", owed.awaited());
            short = format!("closed before {} came", owed.awaited());
            let reason = remark(log, Some(ending.record)).and_then(|it| it.get("reason").map(str::to_owned));
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            (
                format!("It was closed without a word{reason}. {}", unknown(owed)),
                &[
                    "the server failed, or was restarted",
                    "something in between, such as a firewall, ended the connection",
                ],
            )
        }
        (End::Unanswered, Some(owed)) => (format!("Nobody waits for it any more. {}", unknown(owed)), &[]),
        (End::Abandoned | End::Cut, None) if ending.is_at_message() => (
            "The connection ended before the message was whole: the server throws away what has come of it, and nobody \
             gets it."
                .to_owned(),
            &[],
        ),
        _ => (String::new(), &[]),
    };
    Account { short, title, meaning, causes }
}

/// What is not known where a reply has not come whole.
fn unknown(exchange: &Exchange) -> &'static str {
    let broken = exchange.reply().is_some();
    match (exchange.ask, exchange.verb) {
        (Ask::EndOfData, _) => "Whether the message was taken is not known: sent again, it may arrive twice.",
        (Ask::Command, Verb::Rcpt) if broken => "Nobody was accepted or refused by it.",
        (Ask::Command, Verb::Ehlo | Verb::Lhlo) if broken => "Nothing of what it offered counts.",
        _ => "Whether the server has done what was asked is not known.",
    }
}
