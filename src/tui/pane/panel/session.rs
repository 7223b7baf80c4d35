//! The tab Session: where it stands, the envelope with a verdict for each recipient, and how long things took.

use jiff::tz::TimeZone;

use crate::conversation::Exchange;
use crate::conversation::dialogue::{Ask, Recipient, Verdict};
use crate::profile::duration;
use crate::smtp::{Class, Command, Phase, Session, Verb};
use crate::tui::pane::wrap;
use crate::tui::talk::Talk;
use crate::tui::theme::Role;

use super::Scene;
use super::moment::{Moment, before_record, broken_off};
use super::place::{may_follow, phase_words, tally, way};
use super::timing::{short, timings};
use super::writer::{Row, Writer};
use crate::conversation::connections::{Connection, remark};

/// Recipients that are listed; of more, the last ones.
const LISTED: usize = 2_000;
/// Columns of a name in the table of times, and of a figure in it.
const NAME: u16 = 9;
const FIGURE: u16 = 7;
/// Columns of the label of what may follow, and the blank after it.
const FOLLOW: u16 = 11;
/// Rows for what may follow.
const FOLLOW_ROWS: usize = 4;

/// The tab, at a width.
pub(super) fn rows(
    talk: &Talk,
    connection: Option<&Connection>,
    moment: Moment<'_>,
    scene: Scene<'_>,
    width: u16,
) -> Vec<Row> {
    let mut out = Writer::new(width);
    let session = moment.session;
    // What stands below the panel need not stand in it as well.
    if !scene.placed {
        stands(&mut out, session);
    }
    line(&mut out, talk, connection, moment, scene.zone);
    let known = (scene.knowledge, scene.keymap);
    // In an exam what comes next is for the student to say.
    let rows = if scene.exam || scene.placed { 0 } else { FOLLOW_ROWS };
    for (n, row) in may_follow(session, known, width.saturating_sub(FOLLOW), rows).iter().take(rows).enumerate() {
        out.labelled(if n == 0 { "may follow" } else { "" }, Role::Dim, FOLLOW, Role::Text, row);
    }
    envelope(&mut out, talk, &moment);
    if let Some(connection) = connection {
        times(&mut out, talk, connection, moment.record(talk));
    }
    out.finish()
}

/// How far it has come.
fn stands(out: &mut Writer, session: &Session) {
    let way = way(session, out.width);
    if way.iter().map(|(_, text)| wrap::width(text.as_bytes())).sum::<u16>() <= out.width {
        out.words(way);
    } else {
        out.paragraph(0, Role::Accent, &phase_words(session));
    }
    out.blank();
}

/// What holds for the whole connection.
fn line(out: &mut Writer, talk: &Talk, connection: Option<&Connection>, moment: Moment<'_>, zone: Option<&TimeZone>) {
    let session = moment.session;
    let record = moment.record(talk);
    let of = |at: Option<usize>| remark(&talk.log, at.filter(|at| *at <= record));
    if let Some(started) = talk.started {
        let local = zone.unwrap_or(&TimeZone::UTC).to_datetime(started);
        out.field("recorded", Role::Text, &local.strftime("%A %Y-%m-%d %H:%M").to_string());
    }
    if !talk.tags.is_empty() {
        let tags: Vec<String> = talk.tags.iter().map(|tag| format!("#{tag}")).collect();
        out.field("tags", Role::Text, &tags.join(" "));
    }
    if let Some(connected) = connection.and_then(|connection| of(connection.connected)) {
        out.field("address", Role::Text, connected.bare(0).unwrap_or_default());
        if let Some(from) = connected.bare(2) {
            out.field("from here", Role::Dim, from);
        }
    }
    if !session.capabilities.server.is_empty() {
        out.field("server", Role::Text, &session.capabilities.server);
    }
    let protocol = match session.greeted_by {
        Some(crate::smtp::Verb::Lhlo) => "LMTP: a verdict for each recipient",
        Some(crate::smtp::Verb::Helo) => "SMTP without extensions (HELO)",
        Some(_) => "ESMTP",
        None => "not greeted yet",
    };
    out.field("protocol", Role::Text, protocol);
    let tls = connection.and_then(|connection| of(connection.tls)).filter(|tls| tls.get("failed").is_none());
    match tls {
        Some(tls) if session.tls => {
            let version = tls.get("version").unwrap_or("TLS").replacen("TLSv", "TLS ", 1);
            let (role, words) = match tls.get("verified") {
                Some("yes") => (Role::Good, ", certificate verified"),
                Some("no") => (Role::Bad, ", NOT VERIFIED"),
                _ => (Role::Text, ""),
            };
            out.field("line", role, &format!("{version}{words}"));
        }
        _ => out.field("line", Role::Warning, "clear text"),
    }
    let user = connection.and_then(|connection| of(connection.auth)?.get("user").map(str::to_owned));
    let login = session.authenticated.as_deref().map(|mechanism| {
        let who = user.map(|user| format!("{user}, ")).unwrap_or_default();
        let how = if mechanism.is_empty() { "by AUTH" } else { mechanism };
        format!("{who}{how}")
    });
    out.field("logged in", Role::Text, login.as_deref().unwrap_or("no"));
    if let Some(limit) = talk.idle {
        out.field("idle for", Role::Text, &format!("about {} of silence", duration::words(limit)));
    }
    if let Some(every) = &talk.keep_alive {
        out.field("kept alive", Role::Text, &format!("by NOOP after {every}"));
    }
    if session.turned_away {
        out.field("note", Role::Warning, "the server has said that it wants no more than QUIT");
    }
    if let Some(broken) = connection.and_then(|connection| broken_off(talk, connection, record)) {
        let words = format!("{} broke off in the middle, and decides nothing", broken.awaited());
        out.field("note", Role::Warning, &words);
    }
}

fn envelope(out: &mut Writer, talk: &Talk, moment: &Moment<'_>) {
    let session = moment.session;
    let open = session.phase().in_transaction();
    let mut heading = if open { "Envelope".to_owned() } else { "Last envelope".to_owned() };
    if session.transactions == 0 && moment.recipients.is_empty() {
        out.heading("Envelope");
        out.paragraph(0, Role::Dim, "None yet: MAIL FROM begins one.");
        return;
    }
    if session.transactions > 1 {
        heading = format!("{heading}, number {}", session.transactions);
    }
    out.heading(&heading);
    let path = session.reverse_path.as_deref().filter(|_| open).map(str::to_owned);
    if let Some(path) = path.or_else(|| last_sender(talk, moment)) {
        out.field("from", Role::Text, if path.is_empty() { "<> (the null path)" } else { &path });
    }
    recipients(out, talk, moment);
    content(out, session);
    out.field("taken", Role::Text, &taken(session));
}

/// The reverse-path of the last transaction that was begun on this connection.
fn last_sender(talk: &Talk, moment: &Moment<'_>) -> Option<String> {
    let exchanges = talk.dialogue.exchanges();
    let before = exchanges.get(..before_record(exchanges, moment.record(talk) + 1))?.iter().rev();
    let mut own = before.take_while(|exchange| exchange.ask != Ask::Greeting);
    let begins = |exchange: &&Exchange| {
        let accepted = exchange.code.is_some_and(|code| code.class() == Class::Success);
        exchange.ask == Ask::Command && exchange.verb == Verb::Mail && accepted
    };
    let line = talk.log.get(own.find(begins)?.command()?)?;
    Command::parse(line.bytes).path.map(|path| crate::smtp::escape::for_screen(path.address().as_bytes()))
}

fn taken(session: &Session) -> String {
    let count = |n: u32, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    let messages = if session.is_lmtp() { ("delivery", "deliveries") } else { ("message", "messages") };
    let of = count(session.transactions, "transaction", "transactions");
    format!("{} in {of}", count(session.delivered, messages.0, messages.1))
}

fn content(out: &mut Writer, session: &Session) {
    if session.content_octets > 0 || matches!(session.phase(), Phase::Data | Phase::Verdict | Phase::Bdat) {
        out.field("content", Role::Text, &format!("{} octets so far", session.content_octets));
    }
    if session.chunk_left > 0 {
        out.field("BDAT", Role::Text, &format!("{} octets of this chunk are still to be sent", session.chunk_left));
    }
}

fn recipients(out: &mut Writer, talk: &Talk, moment: &Moment<'_>) {
    let all = moment.recipients;
    if all.is_empty() {
        out.field("to", Role::Dim, "nobody yet: RCPT TO names each");
        return;
    }
    let before = all.len().saturating_sub(LISTED);
    if before > 0 {
        out.field("to", Role::Dim, &format!("… {before} before these"));
    }
    let indent = if out.width < 40 { 3 } else { 10 };
    for (n, recipient) in all[before..].iter().enumerate() {
        one(out, if n == 0 && before == 0 { "to" } else { "" }, indent, recipient, talk, moment);
    }
    if all.len() > 1 {
        let accepted = all
            .iter()
            .filter(|r| matches!(moment.verdict(r, talk), Verdict::Accepted | Verdict::Delivered | Verdict::Failed));
        let (accepted, all) = tally(talk, moment).unwrap_or((accepted.count(), all.len()));
        out.field("", Role::Dim, &format!("{accepted} of {all} accepted"));
    }
}

/// An address and, at the right end or below it, its verdict.
fn one(out: &mut Writer, label: &str, indent: u16, recipient: &Recipient, talk: &Talk, moment: &Moment<'_>) {
    let (verdict, code, enhanced) = moment.decision(recipient, talk);
    let session_closed = moment.session.phase() == Phase::Closed;
    // The mark and the code say accepted and refused.
    let (role, glyph, word) = match verdict {
        Verdict::Pending if session_closed => (Role::Dim, "·", moment.undecided(recipient, talk)),
        Verdict::Pending => (Role::Dim, "·", verdict.word()),
        Verdict::Accepted => (Role::Good, "✓", ""),
        Verdict::Delivered => (Role::Good, "✓", verdict.word()),
        Verdict::Refused => (Role::Bad, "✗", ""),
        Verdict::Failed => (Role::Bad, "✗", verdict.word()),
    };
    let first = out.rows.len();
    out.paragraph(indent + 2, Role::Text, &talk.dialogue.address(&talk.log, recipient));
    if let Some(row) = out.rows.get_mut(first) {
        row.words.insert(0, (indent, role, glyph.to_owned()));
        row.words.insert(0, (0, Role::Dim, label.to_owned()));
    }
    let codes = [code.map(|code| code.to_string()), enhanced.map(|enhanced| enhanced.to_string())];
    let words: Vec<String> = std::iter::once(word.to_owned()).chain(codes.into_iter().flatten()).collect();
    out.at_right(role, words.join(" ").trim_start());
}

fn times(out: &mut Writer, talk: &Talk, connection: &Connection, record: usize) {
    let timings = timings(talk, connection, record);
    if timings.rows.is_empty() {
        return;
    }
    out.heading("Times");
    if talk.timeless {
        out.paragraph(0, Role::Dim, "The program that wrote this kept no clock.");
        return;
    }
    let figures = |out: &mut Writer, name: (Role, &str), cells: [String; 3], count: Option<usize>| {
        let mut row = Row::default();
        row.words.push((0, name.0, name.1.to_owned()));
        for (n, cell) in (0..).zip(cells) {
            let end = NAME + FIGURE * n + FIGURE;
            let at = end.saturating_sub(wrap::width(cell.as_bytes()));
            row.words.push((at, if name.0 == Role::Dim { Role::Dim } else { Role::Text }, cell));
        }
        let end = NAME + FIGURE * 3;
        if let Some(count) = count.filter(|_| out.width > end + 8) {
            row.words.push((end + 1, Role::Dim, format!("× {count}")));
        }
        out.rows.push(row);
    };
    let heads = ["last", "median", "max"].map(str::to_owned);
    figures(out, (Role::Dim, ""), heads, None);
    for (name, times) in &timings.rows {
        let Some([last, median, longest]) = times.figures() else { continue };
        let count = times.count();
        let cells = if count == 1 {
            [short(last), String::new(), String::new()]
        } else {
            [short(last), short(median), short(longest)]
        };
        figures(out, (Role::Accent, name), cells, (count > 1).then_some(count));
    }
    out.paragraph(0, Role::Dim, "idle: from a reply to the next line");
    if timings.cut {
        out.paragraph(0, Role::Dim, "Of very many exchanges, the last ones are counted.");
    }
}
