//! What was asked and has no reply, or not a whole one.

use crate::conversation::Exchange;
use crate::conversation::dialogue::Ask;
use crate::smtp::Verb;
use crate::tui::action::Action;
use crate::tui::pane::panel::connections::{Connection, remark};
use crate::tui::pane::panel::moment::{before_record, broken_off};
use crate::tui::talk::Talk;
use crate::tui::text::capital;

use super::{Trouble, advice, again, elsewhere, step, words};

/// Exchanges that are looked back through for the first that has no reply.
const PIPELINED: usize = 1000;

/// The last thing that was asked has no reply, and nobody waits for it any more.
pub(super) fn unanswered_at(talk: &Talk, connection: &Connection, record: usize) -> Option<Trouble> {
    let gave_up =
        connection.gave_up.filter(|at| *at <= record && connection.closed.is_none_or(|closed| closed > record))?;
    let exchanges = talk.dialogue.exchanges();
    let last = exchanges.get(before_record(exchanges, record + 1).checked_sub(1)?)?;
    if last.complete() || !last.gave_up() || last.start() > gave_up {
        return None;
    }
    let said = remark(&talk.log, Some(gave_up))?;
    let unheard = last.ask == Ask::Greeting;
    let what = said.get("awaiting").unwrap_or(if unheard { "the greeting" } else { "the last line" });
    let what = match what {
        "the greeting" => "No greeting".to_owned(),
        "the verdict on the message" => "No verdict on the message".to_owned(),
        other => format!("No reply to {}", crate::smtp::escape::for_screen(other.as_bytes())),
    };
    let (title, short) = if said.get("reason") == Some("time-out") {
        (format!("{what} in time"), format!("{what} in time"))
    } else {
        (format!("{what}: you stopped waiting"), format!("{what}: you stopped waiting"))
    };
    let mut steps = vec![again(), elsewhere()];
    if talk.source == crate::tui::talk::Source::Live {
        steps.insert(0, advice("wait: a late reply is still shown, and counts"));
    }
    Some(Trouble {
        short,
        title,
        meaning: if unheard {
            "Nobody waits for it any more. No line was sent.".to_owned()
        } else {
            "Nobody waits for it any more. Whether the server has done what was asked is not known.".to_owned()
        },
        causes: words(&["the server is overloaded, or stuck", "something in between holds the data back"]),
        steps,
        certain: false,
        better: None,
        untrusted: false,
        greeting: None,
    })
}

/// What is awaited of the server, in words: `the reply to RCPT`.
pub(in crate::tui::pane::panel) fn awaited(exchange: &Exchange) -> String {
    match exchange.ask {
        Ask::Greeting => "the greeting".to_owned(),
        Ask::EndOfData => "the verdict on the message".to_owned(),
        Ask::AuthAnswer => "the reply to the answer in AUTH".to_owned(),
        Ask::Unasked => "what it said unasked".to_owned(),
        Ask::Command if exchange.verb == Verb::Other => "the reply to the last line".to_owned(),
        Ask::Command => format!("the reply to {}", exchange.verb.word()),
    }
}

/// The connection ended in the middle of a reply.
pub(super) fn reply_broken_off(talk: &Talk, connection: &Connection, record: usize) -> Option<Trouble> {
    // After QUIT nothing depends on it.
    let broken = broken_off(talk, connection, record).filter(|broken| broken.verb != Verb::Quit)?;
    let short = format!("{} broke off", awaited(broken));
    let unknown = match (broken.ask, broken.verb) {
        (Ask::Command, Verb::Rcpt) => "Nobody was accepted or refused by it.",
        (Ask::Command, Verb::Ehlo | Verb::Lhlo) => "Nothing of what it offered counts.",
        _ => unknown(broken),
    };
    Some(Trouble {
        title: capital(&short),
        short,
        meaning: format!(
            "The connection ended before its last line had come whole, and what came of it decides nothing. \
             {unknown}"
        ),
        causes: words(&["the server failed while it answered", "something in between ended the connection"]),
        steps: vec![again(), elsewhere()],
        certain: false,
        better: None,
        untrusted: false,
        greeting: None,
    })
}

/// What is not known where a reply has not come whole.
fn unknown(exchange: &Exchange) -> &'static str {
    match exchange.ask {
        Ask::EndOfData => "Whether the message was taken is not known: sent again, it may arrive twice.",
        _ => "Whether the server has done what was asked is not known.",
    }
}

/// The connection ended, not by the client, while a reply was awaited of which nothing had come.
pub(super) fn closed_unanswered(talk: &Talk, connection: &Connection, record: usize) -> Option<Trouble> {
    let closed = connection.closed.filter(|closed| *closed <= record)?;
    let ended = remark(&talk.log, Some(closed)).filter(|ended| ended.get("by") != Some("client"))?;
    let exchanges = talk.dialogue.exchanges();
    let own = exchanges.get(before_record(exchanges, connection.from)..before_record(exchanges, closed + 1))?;
    // Of several lines the first is the one that the server owed a reply.
    let owed = own.iter().rev().take(PIPELINED).take_while(|exchange| exchange.reply().is_none()).last()?;
    if owed.verb == Verb::Quit {
        return None;
    }
    let what = awaited(owed);
    let said = ended.get("reason").map(|why| format!(": {}", crate::smtp::escape::for_screen(why.as_bytes())));
    Some(Trouble {
        short: format!("closed before {what} came"),
        title: format!("The connection ended before {what} came"),
        meaning: format!("It was closed without a word{}. {}", said.unwrap_or_default(), unknown(owed)),
        causes: words(&[
            "the server failed, or was restarted",
            "something in between, such as a firewall, ended the connection",
        ]),
        steps: vec![again(), elsewhere()],
        certain: false,
        better: None,
        untrusted: false,
        greeting: None,
    })
}

/// The connection ended before the server said anything.
pub(super) fn closed_unheard(talk: &Talk, connection: &Connection, record: usize) -> Option<Trouble> {
    let closed = connection.closed.filter(|closed| *closed <= record)?;
    let ended = remark(&talk.log, Some(closed))?;
    let exchanges = talk.dialogue.exchanges();
    let greeting = exchanges.get(before_record(exchanges, connection.from))?;
    let unheard = connection.connected.is_some() && greeting.reply().is_none() && greeting.start() < closed;
    if !unheard || ended.get("by") == Some("client") {
        return None;
    }
    let place = remark(&talk.log, connection.connected).and_then(|connected| connected.bare(0).map(str::to_owned));
    let mut steps = vec![again(), elsewhere()];
    if let Some(place) = place.filter(|_| connection.tls.is_none()) {
        let text = "try TLS from the first byte";
        steps.insert(1, step(text, Action::Connect, Some(&format!("smtps://{place}"))));
    }
    Some(Trouble {
        short: "closed before the server said anything".to_owned(),
        title: "The server closed before it said anything".to_owned(),
        meaning: "The connection stood, and ended without a greeting.".to_owned(),
        causes: words(&[
            "the server takes no connections from your address",
            "something in between, such as a firewall, took the connection and ended it",
            "another protocol lives on this port",
        ]),
        steps,
        certain: false,
        better: None,
        untrusted: false,
        greeting: None,
    })
}
