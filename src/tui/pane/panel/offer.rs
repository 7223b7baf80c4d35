//! The tab Offer: each capability in a sentence, what changed since the EHLO before, and what is missing.

use crate::conversation::dialogue::Ask;
use crate::decode::Knowledge;
use crate::decode::offer::{Line, lacks, meaning, remarks};
use crate::smtp::capability::Capability;
use crate::smtp::{Capabilities, Class, Session, Verb};
use crate::tui::keymap::Keymap;
use crate::tui::talk::{Source, Talk};
use crate::tui::theme::Role;

use super::moment::{Moment, before_record, broken_off};
use super::place::greeting_verb;
use super::writer::{Row, Writer};
use crate::conversation::connections::Connection;

/// Exchanges that are looked through for the EHLO before.
const LOOKED_AT: usize = 5_000;

/// An offer of the connection, and what came between it and the next one.
struct Before {
    offer: Capabilities,
    /// Its line was in clear text and the next is not.
    secured: bool,
    /// Somebody logged in since.
    logged_in: bool,
}

/// The tab, at a width.
pub(super) fn rows(
    talk: &Talk,
    connection: Option<&Connection>,
    moment: Moment<'_>,
    (knowledge, keymap): (&Knowledge, &Keymap),
    width: u16,
) -> Vec<Row> {
    let mut out = Writer::new(width);
    let session = moment.session;
    let offers = connection.map(|connection| offers(talk, connection, moment.record(talk))).unwrap_or_default();
    if session.greeted_by.is_none() {
        let broken = connection.and_then(|connection| broken_off(talk, connection, moment.record(talk)));
        if broken.is_some_and(|x| matches!(x.verb, Verb::Ehlo | Verb::Lhlo)) {
            let words = "The reply that offers something broke off in the middle: nothing of it counts.";
            out.paragraph(0, Role::Warning, words);
            out.blank();
        }
        nothing_yet(&mut out, session, &offers, (keymap, talk.source == Source::Opened));
        return out.finish();
    }
    if session.greeted_by == Some(Verb::Helo) {
        out.paragraph(0, Role::Text, "HELO asks for no offer: only the oldest commands may be used.");
        out.blank();
        out.paragraph(0, Role::Text, "EHLO, with the same name, asks what the server can do.");
        return out.finish();
    }
    let offer = &*session.capabilities;
    let before = before(talk, connection, &offers);
    heading(&mut out, session, before.as_ref());
    if vanished(&mut out, talk, connection, &offers, moment.record(talk)) && talk.misses.is_some() && talk.is_open() {
        let words = "This is said each time, until it is back; {accept-offer} does without it.";
        out.paragraph(0, Role::Text, &keymap.told(words));
    }
    for capability in &offer.list {
        entry(&mut out, capability, before.as_ref(), knowledge);
    }
    if offer.list.is_empty() {
        out.blank();
        out.paragraph(0, Role::Text, "It offers nothing beyond the oldest commands.");
    }
    if let Some(before) = &before {
        gone(&mut out, before, offer, knowledge);
    }
    missing(&mut out, session, connection_port(talk, connection));
    out.finish()
}

/// What stands in its place in an exam: what was offered, word by word.
pub(super) fn unexplained(session: &Session, width: u16) -> Vec<Row> {
    let mut out = Writer::new(width);
    out.paragraph(0, Role::Dim, "This is an exam: what is offered stands here, and what it means is yours to say.");
    out.blank();
    for capability in &session.capabilities.list {
        let words = [std::slice::from_ref(&capability.keyword), &capability.parameters].concat().join(" ");
        out.paragraph(0, Role::Text, &words);
    }
    out.finish()
}

/// The EHLOs (and LHLOs) that were accepted up to a record, by exchange.
fn offers(talk: &Talk, connection: &Connection, record: usize) -> Vec<usize> {
    let exchanges = talk.dialogue.exchanges();
    let end = before_record(exchanges, record + 1);
    let from = before_record(exchanges, connection.from).max(end.saturating_sub(LOOKED_AT));
    let accepted = |n: &usize| {
        let x = &exchanges[*n];
        x.ask == Ask::Command
            && matches!(x.verb, Verb::Ehlo | Verb::Lhlo)
            && x.complete()
            && x.code.is_some_and(|code| code.class() == Class::Success)
            && x.reply().is_some_and(|reply| *reply.end() <= record)
    };
    (from.min(end)..end).filter(accepted).collect()
}

/// The offer before the last one, where there is one on this connection.
fn before(talk: &Talk, connection: Option<&Connection>, offers: &[usize]) -> Option<Before> {
    let [.., old, new] = offers else { return None };
    let exchanges = talk.dialogue.exchanges();
    let offer = Capabilities::from_reply(&talk.dialogue.reply(&talk.log, *old)?);
    let start = |n: usize| exchanges[n].start();
    let secured = connection.and_then(|c| c.tls).is_some_and(|tls| start(*old) < tls && tls < start(*new));
    let logged_in = exchanges[*old..*new]
        .iter()
        .any(|x| x.verb == Verb::Auth && x.code.is_some_and(|code| code.class() == Class::Success));
    Some(Before { offer, secured, logged_in })
}

fn nothing_yet(out: &mut Writer, session: &Session, offers: &[usize], (keymap, opened): (&Keymap, bool)) {
    if session.tls && !offers.is_empty() {
        out.paragraph(0, Role::Text, "The line is secured, and what was offered in clear text is forgotten.");
        out.blank();
        let words = format!("Send {} again: the server may offer more now.", greeting_verb(session));
        out.paragraph(0, Role::Text, &words);
        return;
    }
    if opened {
        out.paragraph(0, Role::Text, "Nothing was offered up to here: no EHLO was answered.");
        return;
    }
    out.paragraph(0, Role::Text, "Nothing is offered yet.");
    out.blank();
    let verb = greeting_verb(session);
    let words = if session.phase() == crate::smtp::Phase::Closed {
        format!("{{reconnect}} connects again; then {verb}, with your host's name, asks what the server can do.")
    } else {
        format!("{verb}, with your host's name, asks the server what it can do. What it answers is explained here.")
    };
    out.paragraph(0, Role::Text, &keymap.told(&words));
}

fn heading(out: &mut Writer, session: &Session, before: Option<&Before>) {
    let server = &session.capabilities.server;
    let line = if session.tls { "under TLS" } else { "in clear text" };
    let who = if server.is_empty() { "The server" } else { server.as_str() };
    out.paragraph(0, Role::Text, &format!("{who} offers, {line}:"));
    let Some(before) = before else { return };
    let since = match (before.secured, before.logged_in) {
        (true, _) => "the EHLO in clear text",
        (false, true) => "the EHLO before the log-in",
        (false, false) => "the EHLO before",
    };
    let (mut new, mut changed) = (0, 0);
    for capability in &session.capabilities.list {
        match change(capability, before) {
            Change::New => new += 1,
            Change::Other(_) => changed += 1,
            Change::Same => {}
        }
    }
    let gone = lost(before, &session.capabilities).count();
    let words = if new + changed + gone == 0 {
        format!("The same as in {since}.")
    } else {
        format!("Since {since}: {new} new, {changed} changed, {gone} gone.")
    };
    out.paragraph(0, Role::Accent, &words);
}

/// What this server offered earlier and does not now, where it protects; whether there is something.
fn vanished(out: &mut Writer, talk: &Talk, connection: Option<&Connection>, offers: &[usize], record: usize) -> bool {
    let Some(connection) = connection else { return false };
    let since = offers.last().map_or(0, |last| talk.dialogue.exchanges()[*last].start());
    let told = connection.vanished.iter().filter(|at| (since..=record).contains(*at));
    let mut any = false;
    for warning in told.filter_map(|at| crate::conversation::connections::remark(&talk.log, Some(*at))) {
        out.blank();
        out.paragraph(0, Role::Bad, &format!("{}.", warning.bare(0).unwrap_or_default()));
        any = true;
    }
    any
}

enum Change {
    Same,
    New,
    /// It had these parameters.
    Other(String),
}

fn change(capability: &Capability, before: &Before) -> Change {
    match before.offer.get(&capability.keyword) {
        None => Change::New,
        Some(old) if same(&old.parameters, &capability.parameters) => Change::Same,
        Some(old) => Change::Other(old.parameters.join(" ")),
    }
}

/// Mechanisms and the like may change places without anything having changed.
fn same(one: &[String], other: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list: Vec<String> = list.iter().map(|word| word.to_ascii_uppercase()).collect();
        list.sort_unstable();
        list
    };
    sorted(one) == sorted(other)
}

fn lost<'a>(before: &'a Before, offer: &'a Capabilities) -> impl Iterator<Item = &'a Capability> {
    before.offer.list.iter().filter(|old| !offer.has(&old.keyword))
}

fn entry(out: &mut Writer, capability: &Capability, before: Option<&Before>, knowledge: &Knowledge) {
    out.blank();
    let change = before.map(|before| change(capability, before));
    let glyph = match change {
        Some(Change::New) => (Role::Good, "+ "),
        Some(Change::Other(_)) => (Role::Warning, "≠ "),
        _ => (Role::Text, ""),
    };
    let name = [std::slice::from_ref(&capability.keyword), &capability.parameters].concat().join(" ");
    let width = u16::try_from(glyph.1.chars().count()).unwrap_or(0);
    out.labelled(glyph.1, glyph.0, width, Role::Accent, &name);
    match change {
        Some(Change::New) => out.at_right(Role::Good, "new"),
        Some(Change::Other(old)) => {
            let old = if old.is_empty() { "nothing more".to_owned() } else { old };
            out.paragraph(2, Role::Warning, &format!("changed; it was: {old}"));
        }
        _ => {}
    }
    out.paragraph(2, Role::Text, &meaning(capability, knowledge));
}

fn gone(out: &mut Writer, before: &Before, offer: &Capabilities, knowledge: &Knowledge) {
    for old in lost(before, offer) {
        out.blank();
        out.labelled("-", Role::Bad, 2, Role::Dim, &old.keyword);
        out.at_right(Role::Bad, "gone");
        let starttls = old.keyword.eq_ignore_ascii_case("STARTTLS") && before.secured;
        let words = if starttls {
            "As it should be: the line is secured already.".to_owned()
        } else {
            knowledge.capability(&old.keyword).map_or_else(String::new, |entry| entry.absence.clone())
        };
        if !words.is_empty() {
            out.paragraph(2, Role::Text, &words);
        }
    }
}

/// The port that was dialled.
fn connection_port(talk: &Talk, connection: Option<&Connection>) -> Option<u16> {
    let connecting = crate::conversation::connections::remark(&talk.log, connection?.connecting)?;
    connecting.bare(0)?.rsplit_once(':')?.1.parse().ok()
}

/// What one would expect and what is not there, and what is there and should not be; without alarm.
fn missing(out: &mut Writer, session: &Session, port: Option<u16>) {
    let offer = &*session.capabilities;
    let line = Line { tls: Some(session.tls), authenticated: session.authenticated.is_some(), port };
    let (notes, lacks) = (remarks(offer, line), lacks(offer));
    if notes.is_empty() && lacks.is_empty() {
        return;
    }
    out.heading("Worth knowing");
    for (role, remark) in notes.iter().map(|note| (Role::Warning, note)).chain(lacks.iter().map(|it| (Role::Dim, it))) {
        out.paragraph(0, role, &remark.about);
        out.paragraph(2, Role::Text, &remark.words);
    }
}
