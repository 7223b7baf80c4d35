//! swaks: a mark of three characters and a space before each line, any of which may have been switched off.

use std::borrow::Cow;

use crate::conversation::Kind;
use crate::conversation::event::Remark;
use crate::conversation::file::Document;

use super::builder::Content;
use super::escapes::{self, Escapes, Octets};
use super::lines::{between, is_reply, lines, text};
use super::sessions::Sessions;
use super::text::Text;
use super::{Unread, about, own_words, sides};

/// What a mark says of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `===`
    Info,
    /// `***`
    Trouble,
    /// ` ->`, ` ~>`
    Sent,
    /// ` -|`, ` ~|`: content in ehlo's own plain text.
    Content,
    /// `<- `, `<~ `, `<**`, `<~*`
    Received,
    /// None.
    Bare,
}

fn mark(line: &[u8]) -> (Mark, &[u8]) {
    let rest = |from: usize| line.get(from..).unwrap_or_default();
    match line.get(..3) {
        Some(b"===") => (Mark::Info, rest(4)),
        Some(b"***") => (Mark::Trouble, rest(4)),
        Some(b" ->" | b" ~>") => (Mark::Sent, rest(4)),
        Some(b" -|" | b" ~|") => (Mark::Content, rest(4)),
        Some(b"<- " | b"<~ " | b"<**" | b"<~*") => (Mark::Received, rest(4)),
        // Without the blank before it, which whoever copied it has trimmed.
        Some(b"-> " | b"~> ") => (Mark::Sent, rest(3)),
        _ if matches!(line, b"<-" | b"<~") => (Mark::Received, b""),
        _ if matches!(line, b"->" | b"~>") => (Mark::Sent, b""),
        _ => (Mark::Bare, line),
    }
}

/// Whether some of the marks are there.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let mut wire = 0;
    let mut info = false;
    // Without any mark its first lines still have its manner: telnet names no port.
    let mut tried = false;
    // All that is left of some runs is what went wrong.
    let only_trouble = lines(beginning).all(|(_, line)| line.starts_with(b"*** ") || line.is_empty());
    for (_, line) in lines(beginning).take(400) {
        let port = line.strip_suffix(b"...").and_then(|line| line.rsplit(|octet| *octet == b':').next());
        let port = port.is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit));
        info |= tried && line.starts_with(b"Connected to ");
        tried = line.starts_with(b"Trying ") && port && line.contains(&b':');
        match mark(line).0 {
            Mark::Info => info |= line.starts_with(b"=== "),
            Mark::Sent | Mark::Content | Mark::Received => wire += 1,
            Mark::Trouble => info |= line.starts_with(b"*** Error connecting"),
            Mark::Bare => {}
        }
    }
    only_trouble || info || wire > 1 && !super::marked::turned(beginning)
}

/// Whether it is what `--dump` prints: settings, and nothing that was said.
pub(super) fn is_dump(octets: &[u8]) -> bool {
    let has = |words: &[u8]| lines(octets).any(|(_, line)| line == words);
    let spoken = lines(octets).any(|(_, line)| matches!(mark(line).0, Mark::Sent | Mark::Received));
    !spoken && has(b"App Info:") && has(b"Output Info:")
}

/// Which of the marks were switched on.
#[derive(Debug, Default)]
struct Hints {
    sent: bool,
    received: bool,
}

impl Hints {
    fn of(octets: &[u8]) -> Self {
        let mut hints = Hints::default();
        for (_, line) in lines(octets) {
            let (kind, rest) = mark(line);
            match kind {
                Mark::Sent | Mark::Content => hints.sent = true,
                Mark::Received => hints.received |= is_reply(rest),
                _ => {}
            }
            // A message may be about swaks: its lines say nothing of the marks.
            if rest.eq_ignore_ascii_case(b"DATA") {
                break;
            }
        }
        hints
    }

    fn both(&self) -> bool {
        self.sent && self.received
    }

    /// The mark of a line: where a side has none, what looks like one is its own words.
    fn mark<'a>(&self, line: &'a [u8], content: bool) -> (Mark, &'a [u8]) {
        match mark(line) {
            (Mark::Sent | Mark::Content, _) if !self.sent => (Mark::Bare, line),
            (Mark::Received, _) if !self.received => (Mark::Bare, line),
            (Mark::Info | Mark::Trouble, _) if content && !self.sent => (Mark::Bare, line),
            marked => marked,
        }
    }
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    read_as("swaks", octets)
}

/// The same of ehlo's own plain text.
pub(super) fn read_own(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    read_as("text", octets)
}

/// Whether it is ehlo's own plain text.
pub(super) fn looks_own(beginning: &[u8]) -> bool {
    looks(beginning) && own_words::looks(beginning)
}

/// The same as another source that has these marks.
pub(super) fn read_as(source: &'static str, octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let hints = Hints::of(octets);
    let mut in_tls = false;
    let mut untold = false;
    let texts: Vec<&[u8]> = lines(octets).map(|(_, line)| line).collect();
    let told = source != "swaks" && own_words::tell_all(&texts, hints.both());
    let mut found = Sessions::new(source, if told { Content::Told } else { Content::Shown }).timed(octets);
    let mut escapes = Escapes::of(&texts);
    let width = hints.both().then(|| texts.iter().map(|line| line.len()).max()).flatten();
    let mut number = begin(source, &texts, &mut found);
    while let Some(first) = texts.get(number) {
        found.at(number + 1);
        let (line, pieces) = joined(&texts[number..], width);
        number += pieces;
        if line.len() > first.len() {
            sides::say_joined(&mut found);
        }
        let line: &[u8] = &line;
        let content = found.has_current() && found.current().in_content();
        let (kind, rest) = if told { mark(line) } else { hints.mark(line, content) };
        let side = usize::from(kind == Mark::Received);
        if kind == Mark::Content && (told || content) && own_words::is_count(rest) {
            found.current().remark(Remark::new("content").with("shown", "no"));
            continue;
        }
        let read = matches!(kind, Mark::Sent | Mark::Content | Mark::Received).then(|| escapes.line(side, rest));
        if told && let Some(read) = read {
            tell(kind, side, read, &mut found);
            continue;
        }
        let rest = match read {
            Some(Octets::Line(rest)) => rest,
            Some(Octets::Piece(octets)) => {
                found.current().octets(side, &octets);
                continue;
            }
            None => Cow::Borrowed(rest),
        };
        let rest = &*rest;
        match kind {
            Mark::Info if escapes::says(line) => {}
            Mark::Info if told => own(&text(rest.trim_ascii_end()), &mut found),
            Mark::Info => info(rest, &mut found),
            Mark::Trouble => trouble(rest, &mut found),
            Mark::Sent => sent(rest, &mut found, &hints, &mut untold),
            Mark::Content => found.current().content_line(rest),
            Mark::Received if rest.starts_with(b"Timeout (") => {
                found.current().error("time-out", rest);
                found.current().remark(Remark::new("gave-up"));
            }
            Mark::Received => received(rest, &mut found),
            Mark::Bare => bare(number, line, &texts[number..], &mut found, &hints),
        }
        let tls = matches!(line.get(..2), Some(b" ~" | b"<~"));
        if tls && !in_tls && found.has_current() && !found.current().fold().session.tls {
            found.current().inferred("TLS before this line: its mark says so, and nothing was said of the handshake");
        }
        in_tls = tls;
    }
    found.finish()
}

/// What an export says of the whole conversation before its lines; how many lines that are.
fn begin(source: &str, texts: &[&[u8]], found: &mut Sessions) -> usize {
    let Some((about, lines)) = about::of_text(texts).filter(|_| source == "text") else { return 0 };
    found.current().about(about);
    lines
}

/// A line of an export, whose mark says what it is.
fn tell(kind: Mark, side: usize, octets: Octets<'_>, found: &mut Sessions) {
    let builder = found.current();
    match kind {
        Mark::Sent => builder.marks(Kind::Sent),
        Mark::Content => builder.marks(Kind::Content),
        _ => {}
    }
    match octets {
        Octets::Line(line) if side == 0 => builder.client(&line),
        Octets::Line(line) => builder.server(&line),
        Octets::Piece(octets) => {
            builder.octets(side, &octets);
            builder.flush();
        }
    }
}

/// The first of these lines with what a mail program has wrapped of it, and how many lines that are: the rest of a line has
/// no mark, and its first word would not have fitted into the width of the text.
fn joined<'a>(texts: &[&'a [u8]], width: Option<usize>) -> (Cow<'a, [u8]>, usize) {
    let mut line = Cow::Borrowed(texts.first().copied().unwrap_or_default());
    let spoken = matches!(mark(&line).0, Mark::Sent | Mark::Content | Mark::Received);
    let Some(width) = width.filter(|_| spoken) else { return (line, 1) };
    let mut count = 1;
    while let (Some(above), Some(below)) = (texts.get(count - 1), texts.get(count)) {
        let bare = mark(below).0 == Mark::Bare && !below.trim_ascii().is_empty() && !is_info(below);
        let blank: &[u8] = if line.ends_with(b" ") { b"" } else { b" " };
        let word = below.iter().take_while(|octet| !octet.is_ascii_whitespace()).count();
        if !bare || word == 0 || above.len() < 40 || above.len() + blank.len() + word <= width {
            break;
        }
        line.to_mut().extend_from_slice(&[blank, below].concat());
        count += 1;
    }
    (line, count)
}

/// A line of the client's; `untold` says that a message has begun without the 354 that would say so.
fn sent(line: &[u8], found: &mut Sessions, hints: &Hints, untold: &mut bool) {
    let builder = found.current();
    // What stands there in place of the message; that it is not shown is said at the reply.
    if builder.in_content() && is_count(line) {
        return;
    }
    if hints.received {
        return builder.client(line);
    }
    // A file without the server's side: nothing says that DATA was answered 354, so its content is told by its dot.
    if builder.lines() == 0 {
        builder.inferred("the replies are left out of the file, and nothing is put in their place");
    }
    if std::mem::take(untold) && line != b"." {
        *untold = true;
        builder.content_line(line);
    } else {
        *untold = line.trim_ascii_end().eq_ignore_ascii_case(b"DATA");
        builder.client(line);
    }
}

/// `11 lines sent`: what `--suppress-data` shows of a message.
fn is_count(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|octet| octet.is_ascii_digit()).count();
    digits > 0 && matches!(&line[digits..], b" lines sent" | b" line sent")
}

fn received(line: &[u8], found: &mut Sessions) {
    let builder = if line.starts_with(b"220") { found.greeted() } else { found.current() };
    builder.open_for(line);
    builder.server(line);
}

/// A line without a mark: of a side whose marks were switched off, or information.
fn bare(number: usize, line: &[u8], below: &[&[u8]], found: &mut Sessions, hints: &Hints) {
    let content = found.has_current() && found.current().in_content();
    if !content && is_info(line) {
        return info(line, found);
    }
    if !found.has_current() && !is_reply(line) {
        if !line.trim_ascii().is_empty() {
            found.unread(number, line, "before the conversation, and no mark of swaks's");
        }
        return;
    }
    let begins = line.starts_with(b"220");
    let over = !content && !begins && sides::is_over(found.current());
    if !content && !hints.sent && !begins && (over || sides::is_prose(line, below, found.current())) {
        found.unread_full(number, line, if over { sides::AFTER } else { sides::PROSE });
        return;
    }
    match (hints.sent, hints.received) {
        (true, true) => {
            if line.trim_ascii().is_empty() {
                return;
            }
            found.unread(number, line, "no mark of swaks's, in a file whose lines have them");
        }
        (false, true) => found.current().client(line),
        (true, false) if is_reply(line) => received(line, found),
        (true, false) => found.unread(number, line, "not marked as sent, and not of the form of a reply"),
        (false, false) => {
            if line.starts_with(b"220") && !content {
                found.greeted();
            }
            sides::say(line, found.current());
        }
    }
}

fn is_info(line: &[u8]) -> bool {
    const KNOWN: [&[u8]; 5] =
        [b"Trying ", b"Connected to ", b"Connection closed with remote host", b"TLS ", b"response in "];
    KNOWN.iter().any(|known| line.starts_with(known))
}

/// What swaks says of the connection.
fn info(words: &[u8], found: &mut Sessions) {
    let words = words.trim_ascii();
    let said = text(words);
    if let Some(place) = said.strip_prefix("Trying ") {
        let place = place.trim_end_matches("...");
        let place = place
            .rsplit_once(':')
            .filter(|(host, _)| host.contains(':') && !host.starts_with('['))
            .map_or_else(|| place.to_owned(), |(host, port)| super::lines::address(host, port));
        found.connecting().connecting(&place);
    } else if let Some(host) = said.strip_prefix("Connected to ") {
        found.current().connected(host.trim_end_matches('.'), None);
    } else if said.starts_with("Connection closed with remote host") {
        found.current().closed("client");
    } else if let Some(cipher) = said.strip_prefix("TLS started ") {
        found.current().remark(tls(cipher));
    } else if let Some(took) = between(&said, "response in ", "s").and_then(|took| took.trim().parse::<f64>().ok()) {
        let micros = (took.clamp(0.0, 1e7) * 1e6).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
        found.current().took(micros as u64);
    } else {
        own(&said, found);
    }
}

/// What ehlo says in its own plain text.
fn own(said: &str, found: &mut Sessions) {
    if let Some(remark) = own_words::remark(said) {
        // A further connection is of the same conversation, as it is where it was exported from.
        match remark.word.as_str() {
            "connecting" => found.current().connecting(remark.bare(0).unwrap_or_default()),
            _ => found.current().remark(remark),
        }
    } else if let Some(about) = about::of_row(said) {
        found.connecting().about(about);
    } else {
        found.current().tool(said.as_bytes());
    }
}

/// `with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256`, in older releases `w/ cipher ECDHE-RSA-AES256-GCM-SHA384`.
fn tls(words: &str) -> Remark {
    let cipher = words.rsplit(' ').next().unwrap_or_default();
    let mut parts = cipher.split(':');
    let remark = Remark::new("tls");
    match (parts.next(), parts.next()) {
        (Some(version), Some(cipher)) if version.starts_with("TLS") || version.starts_with("SSL") => {
            remark.with("version", version).with("cipher", cipher)
        }
        _ => remark.with("cipher", cipher),
    }
}

fn trouble(words: &[u8], found: &mut Sessions) {
    let said = text(words);
    if said.starts_with("Remote host closed connection") {
        found.current().closed("server");
    } else if said.contains("TLS startup failed") || said.starts_with("TLS failed") {
        let reason = between(&said, "(", ")").unwrap_or(&said).to_owned();
        found.current().remark(Remark::new("tls").with("failed", "yes").with("reason", reason));
    } else {
        let kind = if said.contains("onnect") { "connect" } else { "swaks" };
        found.current().error(kind, words);
    }
}
