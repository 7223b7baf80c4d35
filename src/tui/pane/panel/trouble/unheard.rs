//! What was asked and has no reply, or not a whole one.

use crate::conversation::connections::{Connection, remark};
use crate::conversation::dialogue::Ask;
use crate::conversation::ending;
use crate::decode::explain_ending;
use crate::tui::action::Action;
use crate::tui::pane::panel::moment::before_record;
use crate::tui::talk::Talk;

use super::{Trouble, advice, again, elsewhere, step, words};

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
        ..Trouble::default()
    })
}

/// The connection ended with something owed or begun, by either side.
pub(super) fn ended(talk: &Talk, connection: &Connection, record: usize) -> Option<Trouble> {
    let closed = connection.closed.filter(|closed| *closed <= record)?;
    let ended = ending::of(&talk.dialogue, &talk.log, connection, closed).filter(|ended| !ended.at_rest)?;
    let account = explain_ending(&ended, &talk.dialogue, &talk.log);
    let escaped = |text: &str| crate::smtp::escape::for_screen(text.as_bytes());
    Some(Trouble {
        short: escaped(&account.short),
        title: escaped(&account.title),
        meaning: escaped(&account.meaning),
        causes: words(account.causes),
        steps: vec![again(), elsewhere()],
        ..Trouble::default()
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
        ..Trouble::default()
    })
}
