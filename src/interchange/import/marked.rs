//! A log whose lines have a time before them, or the mark of a side, or both: `S: 250 ok`, `10:01:02 C: QUIT`,
//! `[12:00:01] <- 250 ok`, `-> "220 mx\r\n"`.
//!
//! Which mark is whose is told by the replies behind it: libraries do not agree on what an arrow means.

use crate::conversation::file::Document;

use super::builder::Content;
use super::clock::{Clocks, Moment, moment};
use super::lines::{is_command, is_reply, lines, without_cr};
use super::sessions::Sessions;
use super::smtplib::literal_of;
use super::text::Text;
use super::{Unread, telnet};

/// Marks of two sides, in either order.
const PAIRS: [[&str; 2]; 12] = [
    ["SERVER -> CLIENT:", "CLIENT -> SERVER:"],
    ["S:", "C:"],
    ["Server:", "Client:"],
    ["Out:", "In:"],
    ["RECV:", "SEND:"],
    ["Received:", "Sent:"],
    ["RX:", "TX:"],
    ["<<<", ">>>"],
    ["<<", ">>"],
    ["<--", "-->"],
    ["<-", "->"],
    ["<", ">"],
];
/// Lines that are looked at to tell what the marks are.
const LOOKED_AT: usize = 400;
/// Octets between a time and a mark: a level, a name, a number of a connection.
const BETWEEN: usize = 60;

/// A line taken apart.
struct Parts<'a> {
    at: Option<Moment>,
    /// Which mark of the pair.
    mark: Option<usize>,
    rest: &'a [u8],
}

fn parts<'a>(line: &'a [u8], pair: Option<&[&str; 2]>) -> Parts<'a> {
    let (at, rest) = moment(line).map_or((None, line), |(at, rest)| (Some(at), rest));
    let Some(pair) = pair else { return Parts { at, mark: None, rest } };
    let found = marked(rest.trim_ascii_start(), pair).or_else(|| {
        // Behind a time other words may stand, where the mark is a word.
        let words = at.is_some() && pair[0].ends_with(':');
        let mut starts = (1..rest.len().min(BETWEEN)).filter(|at| matches!(rest[at - 1], b' ' | b'\t'));
        words.then(|| starts.find_map(|at| marked(&rest[at..], pair))).flatten()
    });
    match found {
        Some((mark, rest)) => Parts { at, mark: Some(mark), rest },
        None => Parts { at, mark: None, rest },
    }
}

/// Which mark a text begins with, and what follows it and a blank.
fn marked<'a>(text: &'a [u8], pair: &[&str; 2]) -> Option<(usize, &'a [u8])> {
    pair.iter().enumerate().find_map(|(n, mark)| {
        let head = text.get(..mark.len())?;
        let rest = &text[mark.len()..];
        let is = head.eq_ignore_ascii_case(mark.as_bytes()) && matches!(rest.first(), None | Some(b' ' | b'\t'));
        // Postfix puts a second blank behind `In:`, so that both sides begin in one column.
        let rest = if *mark == "In:" { rest.strip_prefix(b" ").unwrap_or(rest) } else { rest };
        is.then(|| (n, rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t")).unwrap_or(rest)))
    })
}

/// What a text in quotation marks stands for; else the text.
fn unquoted(rest: &[u8]) -> Option<Vec<u8>> {
    let quoted = matches!(rest, [b'"' | b'\'', ..] | [b'b', b'"' | b'\'', ..]);
    quoted.then(|| literal_of(rest)).flatten()
}

fn replies(rest: &[u8]) -> bool {
    is_reply(rest) || unquoted(rest).is_some_and(|octets| is_reply(first_line(&octets)))
}

fn commands(rest: &[u8]) -> bool {
    is_command(rest) || unquoted(rest).is_some_and(|octets| is_command(first_line(&octets)))
}

fn first_line(octets: &[u8]) -> &[u8] {
    without_cr(octets.split(|octet| *octet == b'\n').next().unwrap_or_default())
}

/// The pair that the lines have, and which of its marks is the server's: the one with replies behind it, where the other
/// has commands behind it.
fn sides_of(beginning: &[u8]) -> Option<(&'static [&'static str; 2], usize)> {
    PAIRS.iter().find_map(|pair| {
        let mut seen = [[0; 2]; 2];
        let (mut marked, mut all) = (0, 0);
        for (_, line) in lines(beginning).take(LOOKED_AT).filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let parts = parts(line, Some(pair));
            all += 1;
            // `< 220` and `> QUIT` without a time are a script of ehlo's own.
            if let Some(mark) = parts.mark.filter(|_| pair[0] != "<" || parts.at.is_some()) {
                marked += 1;
                seen[mark][0] += usize::from(replies(parts.rest));
                seen[mark][1] += usize::from(commands(parts.rest));
            }
        }
        let is = |server: usize| {
            let [replies, commands] = [seen[server][0], seen[1 - server][1]];
            marked * 2 > all
                && replies > 0
                && commands > 0
                && replies > seen[1 - server][0]
                && commands > seen[server][1]
        };
        (0..2).find(|server| is(*server)).map(|server| (pair, server))
    })
}

/// Whether each line has a time, and what follows reads like a session.
fn timed(beginning: &[u8]) -> bool {
    let full = || lines(beginning).map(|(_, line)| line).filter(|line| !line.trim_ascii().is_empty()).take(200);
    let with = full().filter(|line| moment(line).is_some()).count();
    if with < 2 || with * 10 < full().count() * 7 {
        return false;
    }
    let rests: Vec<&[u8]> = full().filter_map(moment).map(|(_, rest)| rest).collect();
    telnet::looks(&rests.join(&b'\n'))
}

/// Whether the lines have marks of two sides, or times before a session.
pub(super) fn looks(beginning: &[u8]) -> bool {
    sides_of(beginning).is_some() || timed(beginning)
}

/// Whether replies are marked `->` and commands `<-`, as Ruby does and swaks does not.
pub(super) fn turned(beginning: &[u8]) -> bool {
    sides_of(beginning).is_some_and(|(pair, server)| pair[server] == "->")
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("marked", Content::Shown);
    let mut clocks = Clocks::default();
    let beginning = &octets[..octets.len().min(super::LOOKED_AT)];
    let sides = sides_of(beginning);
    let mut all = lines(octets).peekable();
    while let Some((number, line)) = all.next() {
        found.at(number);
        let line = telnet::strip(line);
        let parts = parts(&line, sides.map(|(pair, _)| pair));
        let begins = parts.mark.is_some() || sides.is_none() && (is_reply(parts.rest) || is_command(parts.rest));
        if let (Some(at), true) = (parts.at, found.has_current() || begins) {
            clocks.set(at, found.current());
        }
        match (parts.mark, sides) {
            (Some(mark), Some((_, server))) if mark == server => by_server(parts.rest, &mut found),
            (Some(_), _) => match unquoted(parts.rest) {
                Some(octets) => found.current().client_octets(&octets),
                None => found.current().client(parts.rest),
            },
            (None, Some(_)) => unmarked(number, &line, &parts, &mut found),
            (None, None) => {
                let next = all.peek().map(|(_, next)| moment(next).map_or(*next, |(_, rest)| rest));
                telnet::line(number, parts.rest, next.as_slice(), &mut found);
            }
        }
    }
    found.finish()
}

fn by_server(rest: &[u8], found: &mut Sessions) {
    let octets = unquoted(rest);
    let said = octets.as_deref().unwrap_or(rest);
    let builder = if said.starts_with(b"220") { found.greeted() } else { found.current() };
    builder.open_for(said);
    match &octets {
        Some(octets) => builder.server_octets(octets),
        None => builder.server(rest),
    }
}

/// A line without a mark: it goes on with the reply or the content above it, or is the program's own.
fn unmarked(number: usize, line: &[u8], parts: &Parts<'_>, found: &mut Sessions) {
    let rest = parts.rest.trim_ascii();
    if found.has_current() && found.current().lines() > 0 {
        let builder = found.current();
        if parts.at.is_none() && builder.in_content() {
            return builder.client(line);
        }
        if parts.at.is_none() && builder.fold().in_reply() && is_reply(rest) {
            return builder.server(rest);
        }
    }
    if rest.is_empty() || telnet::tool(rest, found) {
        return;
    }
    found.unread(number, line, "no mark of a side, in a log whose lines have them");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gives(text: &str, lines: &[&str]) {
        assert!(looks(text.as_bytes()), "{text}");
        let (documents, unread) = read(&Text::new(text.as_bytes()));
        let mut said = Vec::new();
        for (_, entry) in documents[0].log.since(0) {
            use crate::conversation::Kind;
            let mark = match entry.kind {
                Kind::Sent => '>',
                Kind::Content => '|',
                Kind::Received => '<',
                _ => continue,
            };
            said.push(format!(
                "{} {mark} {}",
                entry.at.unwrap_or_default().0 / 1_000_000,
                String::from_utf8_lossy(entry.bytes)
            ));
        }
        assert_eq!(said, lines, "{text}");
        assert!(unread.is_empty(), "{:?}", unread.words().collect::<Vec<_>>());
    }

    #[test]
    fn sides_are_told_by_their_marks_whatever_these_are() {
        let lines = ["0 < 220 mx", "0 > EHLO a", "0 < 250-mx", "0 < 250 ok", "0 > QUIT", "0 < 221 bye"];
        for (server, client) in
            [("S: ", "C: "), ("server: ", "client: "), ("<<< ", ">>> "), ("-> ", "<- "), (" Out: ", " In:  ")]
        {
            let text = format!(
                "{server}220 mx\n{client}EHLO a\n{server}250-mx\n{server}250 ok\n{client}QUIT\n{server}221 bye\n"
            );
            gives(&text, &lines);
        }
        gives(
            "-> \"220 mx\\r\\n\"\n<- \"EHLO a\\r\\n\"\n-> \"250-mx\\r\\n\"\n-> \"250 ok\\r\\n\"\n<- \"QUIT\\r\\n\"\n-> \"221 bye\\r\\n\"\n",
            &lines,
        );
        gives("S: 220 mx\nC: EHLO a\nS: 250-mx\n   250 ok\nC: QUIT\nS: 221 bye\n", &lines);
    }

    #[test]
    fn times_are_kept_with_marks_and_without() {
        let lines = ["0 < 220 mx", "1 > EHLO a", "2 < 250 ok", "4 > QUIT", "4 < 221 bye"];
        gives(
            "23:59:58 S: 220 mx\n23:59:59 C: EHLO a\n00:00:00 S: 250 ok\n00:00:02 C: QUIT\n00:00:02 S: 221 bye\n",
            &lines,
        );
        gives(
            "[12:00:01] <- 220 mx\n[12:00:02] -> EHLO a\n[12:00:03] <- 250 ok\n[12:00:05] -> QUIT\n[12:00:05] <- 221 bye\n",
            &lines,
        );
        gives(
            "[2026-11-24 20:18:22] DEBUG [x1] S: 220 mx\n[2026-11-24 20:18:23] DEBUG [x1] C: EHLO a\n\
             [2026-11-24 20:18:24] DEBUG [x1] S: 250 ok\n[2026-11-24 20:18:26] DEBUG [x1] C: QUIT\n[2026-11-24 20:18:26] DEBUG [x1] S: 221 bye\n",
            &lines,
        );
        gives(
            "Dec 31 23:59:58 220 mx\nDec 31 23:59:59 EHLO a\nJan  1 00:00:00 250 ok\nJan  1 00:00:02 QUIT\nJan  1 00:00:02 221 bye\n",
            &lines,
        );
    }
}
