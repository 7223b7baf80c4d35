//! What the wire brings: the conversation goes on, and the screen with it.

use std::collections::VecDeque;

use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::{Event, Timed};

use crate::smtp::secret::MARKER;
use crate::smtp::{Class, Command, Phase, Verb};

use super::effect::Effect;
use super::model::{Armed, Model};
use super::pane::panel::Tab;
use super::{pasted, regardless, replay, serverside};

/// Things happened on the wire.
pub(super) fn happened(model: &mut Model, events: Vec<Timed>) -> Vec<Effect> {
    if let Some(last) = events.last() {
        model.now = last.at.max(model.now);
    }
    let before = model.talk.dialogue.state().phase();
    let was_open = model.talk.is_open();
    let mut effects = keep_lines(model, &events);
    let answered = model.talk.last_answered();
    forget_wish(model, &events);
    model.talk.take(super::attending::told(model, events));
    reply_came(model, answered);
    name_ourselves(model);
    pasted::came(model, before);
    let class_over = model.class.as_ref().is_some_and(|class| class.gone);
    if was_open && !model.talk.is_open() && !class_over {
        // What was said while the line stood is not true any more; how it ended takes its place. That the class is over
        // says how it ended.
        model.notice = None;
    }
    if !model.talk.is_open() {
        model.pasted.clear();
        model.block = None;
        model.follows = None;
        model.draft.due = false;
    }
    effects.extend(regardless::go_on(model));
    effects.extend(replay::follow(model));
    serverside::meet(model);
    effects
}

/// What was asked for on a connection that ends is not begun on another one.
fn forget_wish(model: &mut Model, events: &[Timed]) {
    let ended = |event: &Timed| matches!(&event.event, Event::Remark(remark) if remark.word == "closed");
    if events.iter().any(ended) {
        model.wanted = None;
    }
}

/// What a reply changes on the screen; `before` is the exchange that was answered last before it.
fn reply_came(model: &mut Model, before: Option<usize>) {
    let Some(answered) = model.talk.last_answered().filter(|now| Some(*now) != before) else { return };
    // The warning before a line is sent on top of another has had its time.
    if model.armed.take_if(|armed| *armed == Armed::Pipelined).is_some() {
        model.notice = None;
    }
    // A refusal is explained on the screen, whatever was looked at in between; Session names it itself.
    let refused = model.talk.dialogue.exchanges().get(answered).is_some_and(Exchange::is_refusal);
    note_refusals(model, before.map_or(0, |before| before + 1).min(answered)..=answered);
    if refused && matches!(model.panel.tab(), Tab::Offer | Tab::Tls) && !model.transcript.is_narrowed() {
        model.panel.open(Tab::Reply);
    }
}

/// What was refused is not offered again by itself.
fn note_refusals(model: &mut Model, answered: std::ops::RangeInclusive<usize>) {
    for exchange in model.talk.dialogue.exchanges().get(answered).unwrap_or_default() {
        let over = exchange.ask == Ask::EndOfData && exchange.complete();
        let taken = over && exchange.code.is_some_and(|it| it.class() == Class::Success);
        model.draft.taken |= taken && model.draft.due;
        // What comes after that is the verdict on another message.
        model.draft.due &= !over || exchange.after() == Phase::Verdict;
        let line = exchange.command().and_then(|record| model.talk.log.get(record)).filter(|line| !line.masked);
        if let Some(line) = line.filter(|_| exchange.complete()) {
            model.composer.answered(&String::from_utf8_lossy(line.bytes), exchange.is_refusal());
            let name = greets_as(line.bytes).filter(|_| !exchange.is_refusal());
            if let Some(name) = name {
                model.peer.identity.ehlo = name;
            }
        }
    }
}

/// The name with which a line greets: whoever has greeted so goes on to, whatever greets in between (a second name
/// would make another case of it).
fn greets_as(line: &[u8]) -> Option<String> {
    let command = Command::parse(line);
    let name = matches!(command.verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo).then(|| command.argument().trim_ascii())?;
    std::str::from_utf8(name).ok().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// What of the lines sent by hand is kept for runs to come: one that was masked as it went out holds a secret.
fn keep_lines(model: &mut Model, events: &[Timed]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for event in events {
        let Event::Sent(line) = &event.event else { continue };
        let text = line.bytes.strip_suffix(b"\n").unwrap_or(&line.bytes);
        if line.masked {
            for line in hidden(&mut model.unkept, text) {
                model.composer.forget(&line);
            }
        } else if let Some(n) = model.unkept.iter().position(|kept| kept.as_bytes() == text) {
            // Those before it went out as something else, or not at all.
            effects.extend(model.unkept.drain(..=n).next_back().map(Effect::Remember));
        }
    }
    if events.iter().any(|event| matches!(&event.event, Event::Remark(remark) if remark.word == "closed")) {
        model.unkept.clear();
    }
    effects
}

/// Takes out of the lines that were sent what may have been masked as this. Which one it was can't be told for certain,
/// since others may have gone out as something else.
fn hidden(sent: &mut VecDeque<String>, masked: &[u8]) -> VecDeque<String> {
    let before = &masked[..memchr::memmem::find(masked, MARKER).unwrap_or(0)];
    let fits = |line: &String| line.as_bytes().starts_with(before);
    let (hidden, others): (VecDeque<_>, VecDeque<_>) = std::mem::take(sent).into_iter().partition(fits);
    *sent = others;
    // What stands before the mask may be written otherwise than it was sent.
    if hidden.is_empty() { std::mem::take(sent) } else { hidden }
}

/// Who has given no name to greet with greets with the address that the connection has (RFC 5321 4.1.3).
fn name_ourselves(model: &mut Model) {
    if !model.peer.identity.ehlo.is_empty() {
        return;
    }
    let own = model.talk.connected.as_ref().and_then(|connected| connected.bare(2)?.parse().ok());
    model.peer.identity.ehlo = match own.map(|own: core::net::SocketAddr| own.ip()) {
        Some(core::net::IpAddr::V4(own)) => format!("[{own}]"),
        Some(core::net::IpAddr::V6(own)) => format!("[IPv6:{own}]"),
        None => return,
    };
}
