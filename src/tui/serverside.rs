//! The lab's own view of a conversation beside the client's: what each of them sent, got and remarked, line by line.

use std::collections::VecDeque;

use super::effect::Effect;
use super::model::Model;
use super::replay::{self, Compared, Replay, What};
use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};
use crate::script::beside::{Beside, Mark};
use crate::smtp::escape::for_screen;

/// Lines of one message that are shown; the rest is a number.
const CONTENT: usize = 6;

/// By what the columns are known.
const NAMES: [&str; 2] = ["client", "server, as the lab saw it"];

/// The address from which the client speaks, as its own record has it.
pub(super) fn address(log: &Log) -> Option<String> {
    let remarks = log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
    let last = remarks.filter(|remark| remark.word == "connected").last()?;
    last.bare(2).map(str::to_owned)
}

/// Whether the two views are on the screen.
fn is_shown(model: &Model) -> bool {
    matches!(&model.replay, Some(Replay { what: What::Comparing(compared), .. }) if compared.grows)
}

/// Takes in what the lab has seen; `first` where somebody has asked for it, else it is news.
pub(super) fn take(model: &mut Model, seen: Option<Box<Log>>, first: bool) -> Vec<Effect> {
    if !first && !is_shown(model) {
        model.seen = None;
        return vec![Effect::ServerView(None)];
    }
    if seen.is_none() {
        model.notice = Some("The lab has no record of this connection.".to_owned());
        return vec![Effect::ServerView(None)];
    }
    model.seen = seen;
    let Some(compared) = both(model) else { return Vec::new() };
    match &mut model.replay {
        Some(Replay { what: What::Comparing(shown), .. }) if !first => {
            **shown = compared;
        }
        _ => {
            // Whoever types goes on typing.
            let focus = model.focus;
            replay::show(model, compared);
            model.focus = focus;
        }
    }
    Vec::new()
}

/// The client's side has gone on: where both are shown, it meets what the lab had seen already.
pub(super) fn meet(model: &mut Model) {
    if !is_shown(model) {
        model.seen = None;
        return;
    }
    // Only what has not met yet can change by what the client's side gets, or by its end.
    let waits = |compared: &Compared| compared.rows.iter().any(|row| row.mark == Mark::Due);
    let due = matches!(&model.replay, Some(Replay { what: What::Comparing(compared), .. }) if waits(compared));
    let compared = if due { both(model) } else { None };
    if let (Some(Replay { what: What::Comparing(shown), .. }), Some(compared)) = (&mut model.replay, compared) {
        **shown = compared;
    }
}

/// Both sides as they are known now.
fn both(model: &Model) -> Option<Compared> {
    let rows = rows(&model.talk.log, model.seen.as_deref()?, model.talk.is_open());
    let count = |mark| rows.iter().filter(|row| row.mark == mark).count();
    let differ = (count(Mark::Differs), count(Mark::Drift));
    Some(Compared { names: NAMES.map(str::to_owned), rows, differ, grows: true })
}

/// The client's lines that wait to be met by the server's, and its remarks.
struct Waiting<'a> {
    lines: [VecDeque<(usize, Entry<'a>)>; 3],
    remarks: VecDeque<(usize, Entry<'a>)>,
}

fn lane(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Sent => Some(0),
        Kind::Content => Some(1),
        Kind::Received => Some(2),
        _ => None,
    }
}

impl<'a> Waiting<'a> {
    /// All of the last connection.
    fn of(client: &'a Log) -> Self {
        let begins = |entry: &Entry<'_>| entry.kind == Kind::Remark && entry.bytes.starts_with(b"connecting");
        let start =
            client.of_kind(Kind::Remark).filter(|(_, entry)| begins(entry)).last().map_or(0, |(index, _)| index);
        let mut waiting = Self { lines: Default::default(), remarks: VecDeque::new() };
        for (index, entry) in client.since(start) {
            match lane(entry.kind) {
                Some(n) => waiting.lines[n].push_back((index, entry)),
                None if entry.kind == Kind::Remark => waiting.remarks.push_back((index, entry)),
                None => {}
            }
        }
        waiting
    }

    /// The client's remarks before a record of its own.
    fn remarks_before(&mut self, index: usize, rows: &mut Vec<Beside>) {
        while let Some((_, entry)) = self.remarks.pop_front_if(|(at, _)| *at < index) {
            rows.push(row(Some(&entry), None, Mark::Same));
        }
    }
}

/// The rows: in the order of the server, which answers one after the other what the client may have sent at once.
/// `open` says that the connection stands: what has not arrived may still.
fn rows(client: &Log, server: &Log, open: bool) -> Vec<Beside> {
    let mut waiting = Waiting::of(client);
    let mut rows = Vec::new();
    let mut content = 0;
    for (_, entry) in server.since(0) {
        let Some(n) = lane(entry.kind) else {
            if entry.kind == Kind::Remark {
                let same = |(_, own): &mut (usize, Entry<'_>)| word(own) == word(&entry) && word(own) != b"note";
                match waiting.remarks.pop_front_if(same) {
                    Some((_, own)) => rows.push(row(Some(&own), Some(&entry), Mark::Same)),
                    None => rows.push(row(None, Some(&entry), Mark::Same)),
                }
            }
            continue;
        };
        let met = waiting.lines[n].pop_front();
        if let Some((index, _)) = met {
            waiting.remarks_before(index, &mut rows);
        }
        content = if entry.kind == Kind::Content { content + 1 } else { 0 };
        if content > CONTENT {
            more(&mut rows, content - CONTENT);
            continue;
        }
        let mark = match &met {
            Some((_, own)) if own.bytes == entry.bytes => Mark::Same,
            // It is still on its way.
            None if open => Mark::Due,
            _ => Mark::Differs,
        };
        rows.push(row(met.as_ref().map(|(_, own)| own), Some(&entry), mark));
    }
    // What has not arrived, or never will.
    let mut left: Vec<_> = waiting.lines.into_iter().flatten().chain(waiting.remarks).collect();
    left.sort_by_key(|(index, _)| *index);
    rows.extend(left.iter().map(|(_, own)| row(Some(own), None, Mark::Due)));
    rows
}

/// The row that stands for more lines of a message.
fn more(rows: &mut Vec<Beside>, count: usize) {
    let words = format!("| … {count} more line{}", if count == 1 { "" } else { "s" });
    if count > 1 {
        rows.pop();
    }
    rows.push(Beside { left: vec![words.clone()], right: vec![words], mark: Mark::Same, words: String::new() });
}

fn word<'a>(entry: &Entry<'a>) -> &'a [u8] {
    entry.bytes.split(|b| *b == b' ').next().unwrap_or_default()
}

fn row(left: Option<&Entry<'_>>, right: Option<&Entry<'_>>, mark: Mark) -> Beside {
    let line = |entry: Option<&Entry<'_>>| entry.map(text).into_iter().collect();
    Beside { left: line(left), right: line(right), mark, words: String::new() }
}

fn text(entry: &Entry<'_>) -> String {
    let sigil = match entry.kind {
        Kind::Sent => '>',
        Kind::Content => '|',
        Kind::Received => '<',
        _ => '*',
    };
    format!("{sigil} {}", for_screen(entry.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Micros, sample};

    fn log(text: &str) -> Log {
        let mut log = Log::new();
        sample::add(&mut log, text, Micros(1_000));
        log
    }

    fn shown(client: &str, server: &str) -> Vec<String> {
        let rows = rows(&log(client), &log(server), true);
        let cell = |side: &[String]| side.join("/");
        rows.iter().map(|row| format!("{}{}~{}", row.mark.glyph(), cell(&row.left), cell(&row.right))).collect()
    }

    #[test]
    fn lines_that_were_sent_together_meet_those_that_were_answered_one_by_one() {
        let client = "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25 from 127.0.0.1:9\n< 220 mx\n> A\n> B\n< 250 a\n< 250 b\n\
                      > C\n";
        let server = "* connected 127.0.0.1:25 from 127.0.0.1:9\n< 220 mx\n* pipelined n=2\n> A\n< 250 a\n> B\n* delivered to=x\n\
                      < 250 b\n";
        assert_eq!(
            shown(client, server),
            [
                " ~* connected 127.0.0.1:25 from 127.0.0.1:9",
                " * connecting 127.0.0.1:25~",
                " * connected 127.0.0.1:25 from 127.0.0.1:9~",
                " < 220 mx~< 220 mx",
                " ~* pipelined n=2",
                " > A~> A",
                " < 250 a~< 250 a",
                " > B~> B",
                " ~* delivered to=x",
                " < 250 b~< 250 b",
                " > C~",
            ]
        );
        assert_eq!(address(&log(client)).as_deref(), Some("127.0.0.1:9"));
    }

    #[test]
    fn what_is_still_on_its_way_is_no_difference() {
        let server = "< 220 mx\n> NOOP\n< 250 ok\n";
        assert_eq!(shown("< 220 mx\n> NOOP\n", server).last().map(String::as_str), Some(" ~< 250 ok"));
    }

    #[test]
    fn what_differs_is_marked_and_a_long_message_is_short() {
        let lines = (0..20).map(|n| format!("| {n}\n")).collect::<Vec<_>>().concat();
        let all = shown(
            &format!("> DATA\n< 354 go\n{lines}> .\n< 250 a\n"),
            &format!("> DATA\n< 354 go\n{lines}> .\n< 250 b\n"),
        );
        assert_eq!(all.len(), 2 + CONTENT + 1 + 2, "{all:?}");
        assert_eq!(all[2 + CONTENT], " | … 14 more lines~| … 14 more lines");
        assert_eq!(all.last().map(String::as_str), Some("≠< 250 a~< 250 b"));
    }
}
