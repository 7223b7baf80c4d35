//! What one record is on the screen: its mark, its role, its text, its time and its latency.

use std::borrow::Cow;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Micros;
use crate::conversation::log::Entry;
use crate::conversation::{Exchange, Kind, words};
use crate::smtp::{Class, Verb};
use crate::tui::talk::Talk;
use crate::tui::theme::Role;

use super::landmarks::Landmarks;

/// Below this a narrow pane shows no latency.
const WORTH_SAYING: Micros = Micros(100_000);

/// What stands for a line without an octet: nothing would look like nothing.
const EMPTY_LINE: &[u8] = "(empty line)".as_bytes();

/// What stands in the place of a time where the source had no clock.
const NO_TIME: &str = "–";

/// One record as it is shown, before it is broken into rows.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    /// Three columns that say direction and kind.
    pub(super) mark: &'static str,
    /// What it is.
    pub(super) role: Role,
    /// The octets of its text; escaped when drawn.
    pub(super) text: Cow<'a, [u8]>,
    /// What follows the text: `\c` where a wire line did not end in CR LF.
    pub(super) tail: &'static str,
    /// Whether it is the first line of a reply.
    pub(super) opens_reply: bool,
}

/// The lane marks: in clear text, under TLS.
fn mark(marks: [&'static str; 2], tls: bool) -> &'static str {
    marks[usize::from(tls)]
}

/// A record as it is shown.
pub(super) fn shown<'a>(record: usize, entry: &Entry<'a>, talk: &Talk, landmarks: &Landmarks) -> Shown<'a> {
    let tls = landmarks.is_tls(record);
    let tail = if entry.crlf { "" } else { "\\c" };
    let wire = |mark, role, opens_reply| Shown { mark, role, text: entry.bytes.into(), tail, opens_reply };
    match entry.kind {
        Kind::Sent if entry.bytes.is_empty() => {
            Shown { text: EMPTY_LINE.into(), ..wire(mark([" ->", " ~>"], tls), Role::Dim, false) }
        }
        Kind::Sent => wire(mark([" ->", " ~>"], tls), Role::Sent, false),
        Kind::Content => wire(mark([" -|", " ~|"], tls), Role::Dim, false),
        Kind::Received => {
            let exchange = exchange_of(talk, record);
            let opens = exchange.and_then(Exchange::reply).is_some_and(|reply| *reply.start() == record);
            if exchange.is_some_and(|x| is_refused(x, talk)) {
                wire(mark(["<**", "<~*"], tls), Role::Refused, opens)
            } else {
                wire(mark(["<- ", "<~ "], tls), Role::Received, opens)
            }
        }
        Kind::Remark => {
            let said = entry.remark().map(|mut remark| {
                if closed_by_itself(record, entry, talk) {
                    let by = remark.values.iter_mut().find(|(key, by)| key.as_deref() == Some("by") && by == "client");
                    if let Some((_, by)) = by {
                        "ehlo".clone_into(by);
                    }
                }
                let mut said = words::said(&remark);
                if never_was(record, entry, talk) {
                    words::NEVER_BEGUN.clone_into(&mut said.words);
                }
                said
            });
            let warns = said.as_ref().is_some_and(|said| said.warns);
            // A note that was folded in looks as it did under its line.
            if let Some(note) = entry.remark().filter(|remark| remark.word == "note" && remark.get("at").is_none()) {
                let text = note.bare(0).unwrap_or_default().as_bytes().to_vec();
                return Shown { mark: " ✎ ", role: Role::Accent, text: text.into(), tail: "", opens_reply: false };
            }
            Shown {
                mark: if warns { "!! " } else { "== " },
                role: if warns { Role::Warning } else { Role::Remark },
                text: said.map(|said| said.words.into_bytes()).unwrap_or_default().into(),
                tail: "",
                opens_reply: false,
            }
        }
        Kind::Script | Kind::Comment => {
            Shown { mark: "   ", role: Role::Dim, text: entry.bytes.into(), tail: "", opens_reply: false }
        }
    }
}

/// Whether what ended was not yet a connection.
fn never_was(record: usize, entry: &Entry<'_>, talk: &Talk) -> bool {
    /// Records of an attempt: resolving, each address, what went wrong.
    const FAR: usize = 60;
    if !entry.bytes.starts_with(b"closed") {
        return false;
    }
    let before = (record.saturating_sub(FAR)..record).rev().filter_map(|n| talk.log.get(n));
    let mut words = before.map(|entry| match entry.kind {
        Kind::Remark => entry.remark().map(|remark| remark.word),
        // Something was said.
        _ => Some("connected".to_owned()),
    });
    words
        .find_map(|word| match word.as_deref() {
            Some("connected") => Some(false),
            Some("connecting") => Some(true),
            _ => None,
        })
        .unwrap_or(false)
}

/// Whether a connection was closed by ehlo itself: after a handshake that failed, or a closer look at a certificate.
fn closed_by_itself(record: usize, entry: &Entry<'_>, talk: &Talk) -> bool {
    /// Records of a closer look, certificates and an EHLO with its reply included.
    const FAR: usize = 300;
    if !entry.bytes.starts_with(b"closed") {
        return false;
    }
    let before = (record.saturating_sub(FAR)..record).rev().filter_map(|n| talk.log.get(n));
    let mut remarks = before.filter(|entry| entry.kind == Kind::Remark).filter_map(|entry| entry.remark());
    remarks
        .find_map(|remark| match remark.word.as_str() {
            "inspecting" => Some(true),
            "error" => Some(remark.get("kind") == Some("tls")),
            "tls" if remark.get("failed").is_some() => Some(true),
            "closed" => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

fn exchange_of(talk: &Talk, record: usize) -> Option<&Exchange> {
    talk.dialogue.exchanges().get(talk.dialogue.exchange_at(record)?)
}

/// Whether a reply refuses or is none that this command may have (RFC 5321 4.3.2). One that is still coming is judged
/// by the digit that it begins with.
fn is_refused(exchange: &Exchange, talk: &Talk) -> bool {
    if exchange.code.is_none() && !exchange.complete() {
        let first = exchange.reply().and_then(|reply| talk.log.get(*reply.start()));
        return first.is_some_and(|entry| matches!(entry.bytes, [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', ..]));
    }
    let class = exchange.code.map_or(Class::Unknown, crate::smtp::ReplyCode::class);
    let goes_on = matches!((exchange.ask, exchange.verb), (Ask::Command, Verb::Data));
    let may_go_on = goes_on || matches!(exchange.verb, Verb::Auth | Verb::Other);
    match class {
        Class::Success => goes_on || exchange.ask == Ask::Unasked,
        Class::Intermediate => !may_go_on || exchange.ask != Ask::Command && exchange.ask != Ask::AuthAnswer,
        Class::Transient | Class::Permanent | Class::Unknown => true,
    }
}

/// Whether the record belongs to the exchange: its command, its reply, its content.
pub(super) fn belongs(record: usize, kind: Kind, exchange: usize, talk: &Talk) -> bool {
    let Some(x) = talk.dialogue.exchanges().get(exchange) else { return false };
    x.command() == Some(record)
        || kind == Kind::Received && x.reply().is_some_and(|reply| reply.contains(&record))
        || kind == Kind::Content && talk.dialogue.exchange_at(record) == Some(exchange)
}

/// The time of a record, where it begins a block: seconds, with three decimals or none.
pub(super) fn time(record: usize, entry: &Entry<'_>, shown: &Shown<'_>, talk: &Talk, decimals: bool) -> Option<String> {
    let text = if talk.timeless { NO_TIME.to_owned() } else { clock(entry.at?, decimals) };
    let continues = match entry.kind {
        Kind::Received => !shown.opens_reply && exchange_of(talk, record).and_then(Exchange::reply).is_some(),
        Kind::Content => record.checked_sub(1).and_then(|before| talk.log.get(before)).is_some_and(|before| {
            let same = talk.timeless || before.at.map(|at| clock(at, decimals)).as_ref() == Some(&text);
            before.kind == Kind::Content && same
        }),
        _ => false,
    };
    (!continues).then_some(text)
}

/// Seconds, with three decimals or none.
pub(super) fn clock(at: Micros, decimals: bool) -> String {
    let seconds = at.0 / 1_000_000;
    if decimals { format!("{seconds}.{:03}", at.0 / 1000 % 1000) } else { seconds.to_string() }
}

/// The latency of the reply that a record opens, in words; where `all` is false only one that is worth saying.
pub(super) fn latency(record: usize, shown: &Shown<'_>, talk: &Talk, all: bool) -> Option<String> {
    let exchange = exchange_of(talk, record).filter(|_| shown.opens_reply && !talk.timeless)?;
    let took = exchange.latency(&talk.log).filter(|took| all || *took >= WORTH_SAYING)?;
    Some(match took.0 {
        0..1000 => "<1 ms".to_owned(),
        1000..1_000_000 => format!("{} ms", took.0 / 1000),
        1_000_000..100_000_000 => format!("{}.{} s", took.0 / 1_000_000, took.0 / 100_000 % 10),
        _ => format!("{} s", (took.0 / 1_000_000).min(99_999)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pane::sample::talk;

    fn marks(text: &str) -> Vec<&'static str> {
        let talk = talk(text);
        let mut landmarks = Landmarks::default();
        landmarks.extend(&talk.log);
        talk.log.since(0).map(|(n, entry)| shown(n, &entry, &talk, &landmarks).mark).collect()
    }

    #[test]
    fn marks_tell_direction_protection_and_refusal() {
        let got = marks(
            "* connected a\n< 220 mx\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO a\n< 250 mx\n\
             > RCPT TO:<a@b>\n< 503 no\n* closed by=server\n* connecting b\n* connected b\n< 554 no",
        );
        assert_eq!(got, ["== ", "<- ", " ->", "<- ", "== ", " ~>", "<~ ", " ~>", "<~*", "== ", "== ", "== ", "<**"]);
    }

    #[test]
    fn a_reply_that_does_not_fit_its_command_is_marked() {
        for (lines, want) in [
            ("> NOOP\n< 354 what", "<**"),
            ("> NOOP\n< hello", "<**"),
            ("> NOOP\n< 250 ok", "<- "),
            ("> XFOO\n< 354 go", "<- "),
            ("> DATA\n< 354 go", "<- "),
            ("> DATA\n< 250 ok", "<**"),
            ("> AUTH LOGIN\n< 334 VXNlcm5hbWU6", "<- "),
            ("> EHLO a\n< 550-no", "<**"),
            ("< 250 nobody asked", "<**"),
        ] {
            assert_eq!(marks(&format!("* connected a\n< 220 mx\n{lines}")).last(), Some(&want), "{lines}");
        }
    }
}
