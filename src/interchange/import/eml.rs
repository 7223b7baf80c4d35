//! A message with Received lines: the way it went, hop by hop, and what a delivery report in it says.
//!
//! There is no conversation in it: the hops are remarks, the oldest first, at the times that they give.

use jiff::Timestamp;

use crate::conversation::event::Remark;
use crate::conversation::file::Document;
use crate::message::encoded;

use super::Unread;
use super::builder::{Builder, Content};
use super::lines::{between, lines, text, time_of_day};
use super::text::Text;

/// Octets of the head that are looked at.
const HEAD: usize = 1 << 20;
/// Messages of an mbox that are told apart.
const MESSAGES: usize = 100_000;

/// Whether it begins with header fields, with a Received among them.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let fields = fields(beginning).0;
    let first = lines(beginning).next().is_some_and(|(_, line)| name_of(line).is_some() || line.starts_with(b"From "));
    first && fields.iter().any(|field| field.name.eq_ignore_ascii_case("Received"))
}

/// A header field, unfolded.
struct Field {
    line: usize,
    name: String,
    value: String,
}

fn name_of(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|octet| *octet == b':')?;
    let name = &line[..end];
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// The fields of a head, and the line of the body's beginning.
fn fields(octets: &[u8]) -> (Vec<Field>, usize) {
    let mut out: Vec<Field> = Vec::new();
    for (number, line) in lines(&octets[..octets.len().min(HEAD)]) {
        if line.is_empty() {
            return (out, number + 1);
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some(field) = out.last_mut() {
                field.value.push(' ');
                field.value.push_str(text(line).trim());
            }
        } else if let Some(name) = name_of(line) {
            let value = text(&line[name.len() + 1..]).trim().to_owned();
            out.push(Field { line: number, name: text(name).into_owned(), value });
        }
    }
    (out, usize::MAX)
}

/// Reads all of it: of an mbox each message.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut unread = Unread::default();
    let mut documents = Vec::new();
    for (line, message) in messages(octets) {
        let mut own = Unread::default();
        documents.push(one(message, &mut own));
        for unread_line in own.lines {
            unread.add(unread_line.line + line, b"", unread_line.why);
        }
    }
    (documents, unread)
}

/// The messages of an mbox, each with the count of lines before it: a `From ` behind an empty line begins one (RFC 4155).
/// What is no mbox is one message.
fn messages(octets: &[u8]) -> Vec<(usize, &[u8])> {
    if !octets.starts_with(b"From ") {
        return vec![(0, octets)];
    }
    let mut starts = vec![(0, 0)];
    let (mut place, mut empty) = (0, false);
    for (n, line) in octets.split_inclusive(|octet| *octet == b'\n').enumerate() {
        // Its time tells the line from one of the text.
        let timed = || line.split(|octet| *octet == b' ').any(|word| time_of_day(word).is_some());
        if empty && line.starts_with(b"From ") && timed() && starts.len() < MESSAGES {
            starts.push((n, place));
        }
        empty = line.trim_ascii().is_empty();
        place += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, place)| *place).chain([octets.len()]);
    starts.iter().zip(ends).map(|((lines, start), end)| (*lines, &octets[*start..end])).collect()
}

fn one(octets: &[u8], unread: &mut Unread) -> Document {
    let mut builder = Builder::new("message", Content::Shown);
    let (fields, body) = fields(octets);
    let of = |name: &str| {
        fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
    };
    if let Some(subject) = of("Subject") {
        builder.set("title", &encoded::spoken(subject));
    }
    let received = fields.iter().rev().filter(|field| field.name.eq_ignore_ascii_case("Received"));
    let mut before: Option<Timestamp> = None;
    let written = of("Date").and_then(date);
    for (n, field) in received.enumerate() {
        let (hop, at) = hop(n + 1, field);
        if let Some(at) = at {
            builder.clock_utc(at.as_microsecond());
        } else {
            unread.add(
                field.line,
                field.value.as_bytes(),
                "a Received line whose date can't be read; its time is left out",
            );
        }
        let since = before.or(written);
        let hop = match (since, at) {
            (Some(since), Some(at)) => hop.with("delay", format!("{}s", at.as_second() - since.as_second())),
            _ => hop,
        };
        before = at.or(before);
        builder.remark(hop);
    }
    report(octets, body, &mut builder);
    for name in ["From", "To", "Message-ID", "Return-Path"] {
        if let Some(value) = of(name) {
            builder.tool(format!("{name}: {value}").as_bytes());
        }
    }
    builder.finish()
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

/// What a Received line says: `from … by … via … with … id … for …; date` (RFC 5321 4.4).
fn hop(n: usize, field: &Field) -> (Remark, Option<Timestamp>) {
    let (clauses, at) = match field.value.rsplit_once(';') {
        Some((clauses, at)) => (clauses, date(at.trim())),
        None => (field.value.as_str(), None),
    };
    let mut remark = Remark::new("hop").with("n", n);
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut comment = String::new();
    let mut comments = Vec::new();
    for word in clauses.split_whitespace() {
        let opens = word.matches('(').count();
        let closes = word.matches(')').count();
        if depth > 0 || opens > 0 {
            comment.push_str(word);
            comment.push(' ');
            depth = (depth + opens).saturating_sub(closes);
            if depth == 0 {
                comments.push(std::mem::take(&mut comment).trim().to_owned());
            }
        } else {
            words.push(word);
        }
    }
    for pair in words.windows(2) {
        let key = pair[0].to_ascii_lowercase();
        if ["from", "by", "via", "with", "id", "for"].contains(&key.as_str()) && remark.get(&key).is_none() {
            remark = remark.with(&key, pair[1]);
        }
    }
    if let Some(tls) = comments.iter().find(|comment| comment.contains("TLS")) {
        remark = remark.with("tls", between(tls, "using ", " with").unwrap_or(tls.trim_matches(['(', ')'])));
    }
    if let Some(peer) = comments.iter().find(|comment| comment.contains('[')) {
        remark = remark.with("peer", peer.trim_matches(['(', ')']));
    }
    (remark, at)
}

/// The groups of a delivery report, a remark for each recipient (RFC 3464).
fn report(octets: &[u8], body: usize, builder: &mut Builder) {
    let mut inside = false;
    let mut group = Remark::new("dsn");
    let mut last: Option<String> = None;
    for (_, line) in lines(octets).filter(|(number, _)| *number >= body) {
        let said = text(line).into_owned();
        if said.to_ascii_lowercase().starts_with("content-type: message/delivery-status") {
            inside = true;
        } else if inside && (said.is_empty() || said.starts_with("--")) {
            if group.get("recipient").is_some() {
                builder.remark(std::mem::replace(&mut group, Remark::new("dsn")));
            }
            group = Remark::new("dsn");
            inside = !said.starts_with("--");
        } else if inside {
            let folded = said.starts_with([' ', '\t']);
            if folded && let Some(key) = &last {
                let found = group.values.iter_mut().find(|(k, _)| k.as_deref() == Some(key));
                if let Some((_, value)) = found {
                    value.push(' ');
                    value.push_str(said.trim());
                }
            } else if let Some((name, value)) = said.split_once(':') {
                let key = match name.to_ascii_lowercase().as_str() {
                    "final-recipient" => "recipient",
                    "action" => "action",
                    "status" => "status",
                    "remote-mta" => "remote",
                    "diagnostic-code" => "diagnostic",
                    _ => {
                        last = None;
                        continue;
                    }
                };
                last = Some(key.to_owned());
                let value = value.trim();
                let value = value
                    .split_once(';')
                    .filter(|_| key == "recipient" || key == "remote")
                    .map_or(value, |(_, v)| v.trim());
                group = group.with(key, value);
            }
        }
    }
    if inside && group.get("recipient").is_some() {
        builder.remark(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_of_a_message_is_its_subject_as_people_read_it() {
        for (subject, title) in [
            ("=?utf-8?q?h=C3=BC?=", "h\u{fc}"),
            ("=?iso-8859-1?q?Gr=FC=DFe?=\n =?utf-8?b?IGFuIGFsbGU=?=", "Gr\u{fc}\u{df}e an alle"),
            ("plain = text?", "plain = text?"),
            ("=?utf-8?q?=1B[2J?=", "\\e[2J"),
        ] {
            let text = format!("Received: from a by b; Tue, 24 Nov 2026 22:18:57 +0000\nSubject: {subject}\n\nx\n");
            let (documents, _) = read(&Text::new(text.as_bytes()));
            assert_eq!(documents[0].header.text("title"), Some(title), "{subject}");
        }
    }
}
