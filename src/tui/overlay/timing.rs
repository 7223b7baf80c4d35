//! Where the time went: a bar for each step of the connection and each exchange, so that a slow server is seen at a look.
//! Enter goes to the marked one in the transcript.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Outcome, letter, more, place, shown_from, window};
use crate::conversation::dialogue::Ask;
use crate::conversation::{Exchange, Kind, Log};
use crate::smtp::escape::for_screen;
use crate::tui::model::Model;
use crate::tui::pane::panel::short;
use crate::tui::talk::{Source, Talk};
use crate::tui::text::{fit, width};
use crate::tui::theme::Role;

/// Exchanges that are listed; of more, the slowest.
const LISTED: usize = 5_000;
/// Columns for the time, the name, and each of the two figures.
const AT: usize = 8;
const NAME: usize = 13;
const FIGURE: usize = 8;
/// Rows beside the list: the heads above it, what the bars are made of below.
const LEGEND: u16 = 2;

/// The window's state.
#[derive(Debug, Clone, Default)]
pub struct Timing {
    /// The marked row; at first the slowest.
    marked: Option<usize>,
    /// Of the exchanges that there were when it was opened, those that are listed; all where nothing is here.
    slowest: Vec<usize>,
    /// How many there were then.
    before: usize,
}

/// One bar. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bar {
    /// The record that it leads to.
    record: usize,
    at: u64,
    name: String,
    refused: bool,
    /// How long nothing was asked before it.
    idle: u64,
    /// The way there and back, as long as connecting took; nothing where that is not known.
    way: u64,
    /// What the server took beyond that until its first line.
    server: u64,
    /// From the first line of the reply to its last.
    rest: u64,
    /// Why there is no reply, in a word or two, where there is none.
    unanswered: Option<&'static str>,
}

impl Bar {
    fn took(&self) -> u64 {
        self.way + self.server + self.rest
    }
}

impl Timing {
    /// The whole conversation is looked at once, here, for which of very many exchanges are the slowest.
    #[must_use]
    pub fn of(talk: &Talk) -> Self {
        let exchanges = talk.dialogue.exchanges();
        let mut slowest = Vec::new();
        if exchanges.len() > LISTED {
            slowest = (0..exchanges.len()).collect();
            slowest.sort_by_cached_key(|n| std::cmp::Reverse(taken(&exchanges[*n], &talk.log)));
            slowest.truncate(LISTED);
            slowest.sort_unstable();
        }
        Self { marked: None, slowest, before: exchanges.len() }
    }

    fn marked(&self, bars: &[Bar]) -> usize {
        let slowest = || bars.iter().enumerate().max_by_key(|(_, bar)| bar.took()).map_or(0, |(n, _)| n);
        self.marked.unwrap_or_else(slowest).min(bars.len().saturating_sub(1))
    }

    /// What is listed, in order: each exchange, or of very many the slowest and those that came since.
    fn bars(&self, model: &Model) -> Vec<Bar> {
        let exchanges = model.talk.dialogue.exchanges().len();
        let since = if self.slowest.is_empty() { 0 } else { self.before.min(exchanges) };
        let since = since.max(exchanges.saturating_sub(LISTED));
        bars(&model.talk, self.slowest.iter().copied().chain(since..exchanges), model.now.0)
    }

    /// What of the exchanges is listed, where that is not all.
    fn title(&self) -> String {
        let of = if self.slowest.is_empty() {
            String::new()
        } else {
            format!(" · the {LISTED} slowest of {}", self.before)
        };
        format!("Where the time went{of}")
    }

    pub(super) fn key(&mut self, key: KeyEvent, model: &Model) -> Outcome {
        let bars = self.bars(model);
        let (marked, last) = (self.marked(&bars), bars.len().saturating_sub(1));
        self.marked = Some(match (key.code, letter(key)) {
            (KeyCode::Enter, _) => return bars.get(marked).map_or(Outcome::Close, |bar| Outcome::Show(bar.record)),
            (_, Some('q')) => return Outcome::Close,
            (KeyCode::Up, _) | (_, Some('k')) => marked.saturating_sub(1),
            (KeyCode::Down, _) | (_, Some('j')) => (marked + 1).min(last),
            (KeyCode::PageUp, _) => marked.saturating_sub(10),
            (KeyCode::PageDown, _) => (marked + 10).min(last),
            (KeyCode::Home, _) => 0,
            (KeyCode::End, _) => last,
            (_, Some('s')) => next_slower(&bars, marked),
            _ => return Outcome::Stay,
        });
        Outcome::Stay
    }

    /// Its place, and the keys in its frame.
    pub(super) fn outline(&self, model: &Model) -> (Rect, &'static str) {
        let rows = u16::try_from(self.bars(model).len()).unwrap_or(u16::MAX - 20).max(1);
        (place(model, 120, rows.saturating_add(1 + LEGEND)), "Up Down · s next slowest · Enter go there · Esc close")
    }

    /// A click on a row: marks it, and goes there where it is marked already.
    pub(super) fn click(&mut self, row: usize, rows: u16, model: &Model) -> Outcome {
        let bars = self.bars(model);
        let (marked, from) = shown_from(self.marked(&bars), bars.len(), listed(rows));
        let Some(row) = row.checked_sub(1) else { return Outcome::Stay };
        let clicked = from + row;
        match bars.get(clicked).filter(|_| row < listed(rows)) {
            Some(bar) if clicked == marked => Outcome::Show(bar.record),
            Some(_) => {
                self.marked = Some(clicked);
                Outcome::Stay
            }
            None => Outcome::Stay,
        }
    }

    pub(super) fn draw(&self, model: &Model, frame: &mut Frame<'_>) {
        let (area, foot) = self.outline(model);
        let inner = window(model, frame, area, &self.title(), foot);
        let (text, dim) = (model.theme.style(Role::Text), model.theme.style(Role::Dim));
        let bars = self.bars(model);
        if bars.is_empty() {
            let words = if model.talk.timeless {
                "The program that wrote this kept no clock: there are no times."
            } else {
                "Nothing was said yet, or nothing has a time."
            };
            frame.buffer_mut().set_string(inner.x, inner.y, fit(words, usize::from(inner.width)), dim);
            return;
        }
        let longest = bars.iter().map(Bar::took).max().unwrap_or(0).max(1);
        let rows = listed(inner.height);
        let (marked, from) = shown_from(self.marked(&bars), bars.len(), rows);
        let words = bars.iter().filter_map(|bar| bar.unanswered).map(|words| words.len() + 1).max().unwrap_or(0);
        let room = usize::from(inner.width).saturating_sub(2 + AT + NAME + 2 * FIGURE + 4 + words);
        for ((n, bar), y) in bars.iter().enumerate().skip(from).take(rows).zip(inner.y + 1..) {
            let style = if n == marked { model.theme.style(Role::Accent) } else { text };
            let at = format!("{}.{:03}", bar.at / 1_000_000, bar.at / 1_000 % 1_000);
            let idle = if bar.idle < 1_000 { String::new() } else { short(bar.idle) };
            let begin = format!(
                "{}{at:>AT$} {:NAME$}{idle:>FIGURE$}{:>FIGURE$}  ",
                if n == marked { "▌ " } else { "  " },
                fit(&bar.name, NAME - 1),
                short(bar.took())
            );
            let server = if bar.refused || bar.unanswered.is_some() { Role::Refused } else { Role::Sent };
            let mut spans = vec![Span::styled(begin, style)];
            let cells = cells(bar, longest, room);
            for (glyph, cells, role) in
                [("░", cells[0], Role::Dim), ("█", cells[1], server), ("▒", cells[2], Role::Received)]
            {
                spans.push(Span::styled(glyph.repeat(cells), model.theme.style(role)));
            }
            if let Some(words) = bar.unanswered {
                spans.push(Span::styled(format!(" {words}"), dim));
            }
            frame.buffer_mut().set_line(inner.x, y, &Line::from(spans), inner.width);
        }
        more(model, frame, area, (from, rows, bars.len()));
        let below = inner.bottom().saturating_sub(1);
        let head = format!("{:2}{:>AT$} {:NAME$}{:>FIGURE$}{:>FIGURE$}", "", "at", "", "idle", "took");
        let legend = "░ the way, as long as connecting took  █ the server  ▒ rest of its reply";
        let columns = usize::from(inner.width);
        frame.buffer_mut().set_string(inner.x, inner.y, fit(&head, columns), dim);
        let gap = columns.saturating_sub(width(legend)).min(2);
        frame.buffer_mut().set_string(inner.x, below, fit(&format!("{}{legend}", " ".repeat(gap)), columns), dim);
    }
}

/// Rows for the list.
fn listed(rows: u16) -> usize {
    usize::from(rows.saturating_sub(LEGEND)).max(1)
}

/// How long an exchange took; one without a reply is among the slowest.
fn taken(exchange: &Exchange, log: &Log) -> u64 {
    if exchange.complete() { exchange.latency(log).map_or(0, |took| took.0) } else { u64::MAX }
}

/// The slowest of those that were faster than the marked one; the slowest of all after the fastest.
fn next_slower(bars: &[Bar], marked: usize) -> usize {
    let mut order: Vec<usize> = (0..bars.len()).collect();
    order.sort_by_key(|n| (std::cmp::Reverse(bars[*n].took()), *n));
    let at = order.iter().position(|n| *n == marked).unwrap_or(0);
    order.get((at + 1) % order.len().max(1)).copied().unwrap_or(0)
}

/// The cells of each part. What took any time that can be seen has one at least.
fn cells(bar: &Bar, longest: u64, room: usize) -> [usize; 3] {
    let of = |time: u64| usize::try_from(u128::from(time) * room as u128 / u128::from(longest)).unwrap_or(room);
    let ends = [of(bar.way), of(bar.way + bar.server), of(bar.took())];
    let mut cells = [ends[0], ends[1] - ends[0], ends[2] - ends[1]];
    if ends[2] == 0 && bar.took() >= 1_000 {
        cells[1] = 1;
    }
    cells
}

/// The bars of these exchanges, and of the steps before them, in order. What is awaited is so `now`.
fn bars(talk: &Talk, listed: impl Iterator<Item = usize>, now: u64) -> Vec<Bar> {
    if talk.timeless {
        return Vec::new();
    }
    let log = &talk.log;
    let at = |record: usize| log.get(record).and_then(|entry| entry.at).map(|at| at.0);
    let mut bars = steps(log);
    let ways: Vec<(usize, u64)> =
        bars.iter().filter(|bar| bar.name == "connect").map(|bar| (bar.record, bar.took())).collect();
    let exchanges = talk.dialogue.exchanges();
    let handshakes: Vec<(usize, u64)> =
        bars.iter().filter(|bar| bar.name == "TLS").map(|bar| (bar.record, bar.at + bar.took())).collect();
    let mut ends: Option<Vec<(usize, u64)>> = None;
    for n in listed {
        let exchange = &exchanges[n];
        let reply = exchange.reply().filter(|_| exchange.complete());
        let (record, asked, first, last, unanswered) = if let Some(reply) = reply {
            let (Some(first), Some(last)) = (at(*reply.start()), at(*reply.end())) else { continue };
            let asked = exchange.command().and_then(at).unwrap_or(first);
            let (first, last) = (first.max(asked), last.max(first).max(asked));
            (exchange.command().unwrap_or(*reply.start()), asked, first, last, None)
        } else {
            let Some((record, asked)) = exchange.command().and_then(|record| Some((record, at(record)?))) else {
                continue;
            };
            let (until, words) = waited(talk, ends.get_or_insert_with(|| breaks(log)), exchange, now);
            let until = until.max(asked);
            (record, asked, until, until, Some(words))
        };
        // Where the reply before it ended, and when.
        let ended = exchanges[..n].iter().rev().find(|before| before.complete()).and_then(Exchange::reply);
        let ended = ended.and_then(|reply| Some((*reply.end(), at(*reply.end())?)));
        // A greeting is spoken by itself: only half the way, which is not known.
        let way = ways.iter().rev().find(|(record, _)| *record < exchange.start()).map_or(0, |(_, way)| *way);
        let way = if matches!(exchange.ask, Ask::Greeting | Ask::Unasked) { 0 } else { way.min(first - asked) };
        bars.push(Bar {
            record,
            at: asked,
            name: name(exchange, log),
            refused: exchange.is_refusal(),
            idle: ended.map_or(0, |(record, ended)| {
                // The handshake in between has a bar of its own.
                let between = |(tls, _): &&(usize, u64)| record < *tls && *tls < exchange.start();
                let secured = handshakes.iter().find(between).map_or(0, |(_, secured)| *secured);
                asked.saturating_sub(ended.max(secured))
            }),
            way,
            server: first - asked - way,
            rest: last - first,
            unanswered,
        });
    }
    bars.sort_by_key(|bar| bar.record);
    bars
}

/// Where somebody stopped waiting, or nobody was there any more, and when.
fn breaks(log: &Log) -> Vec<(usize, u64)> {
    let ends = |bytes: &[u8]| {
        let word = bytes.split(|b| *b == b' ').next().unwrap_or_default();
        matches!(word, b"gave-up" | b"error" | b"closed" | b"connecting")
    };
    let remarks = log.of_kind(Kind::Remark).filter(|(_, entry)| ends(entry.bytes));
    remarks.filter_map(|(record, entry)| Some((record, entry.at?.0))).collect()
}

/// Until when a reply was waited for that has not come, and what is said of that.
fn waited(talk: &Talk, breaks: &[(usize, u64)], exchange: &Exchange, now: u64) -> (u64, &'static str) {
    const NONE: &str = "no reply";
    let next = breaks.partition_point(|(record, _)| *record <= exchange.start());
    match breaks.get(next) {
        Some((_, until)) => (*until, NONE),
        None if talk.is_open() && talk.source == Source::Live => (now, "awaited"),
        None => {
            let log = &talk.log;
            let last = (0..log.len()).next_back().and_then(|record| log.get(record)?.at);
            (last.map_or(0, |at| at.0), NONE)
        }
    }
}

/// Looking up the name, connecting, the handshake: each from what was before it.
fn steps(log: &Log) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut before: Option<(usize, u64)> = None;
    let mut named = false;
    for (record, entry) in log.of_kind(Kind::Remark) {
        let Some(at) = entry.at.map(|at| at.0) else { continue };
        let word = entry.bytes.split(|b| *b == b' ').next().unwrap_or_default();
        let (name, from) = match word {
            // The name is looked up first of all.
            b"resolved" if !named => ("DNS", Some(before.map_or(0, |(_, at)| at))),
            b"connected" => ("connect", before.map(|(_, at)| at)),
            b"tls" => ("TLS", record.checked_sub(1).and_then(|n| log.get(n)?.at).map(|at| at.0)),
            _ => ("", None),
        };
        if let Some(from) = from {
            let server = at.saturating_sub(from);
            bars.push(Bar {
                record,
                at: from,
                name: name.to_owned(),
                refused: false,
                idle: 0,
                way: 0,
                server,
                rest: 0,
                unanswered: None,
            });
        }
        named = match word {
            b"resolved" => true,
            b"closed" => false,
            _ => named,
        };
        if matches!(word, b"connecting" | b"resolved" | b"closed") {
            before = Some((record, at));
        }
    }
    bars
}

fn name(exchange: &Exchange, log: &Log) -> String {
    match exchange.ask {
        Ask::Greeting => "greeting".to_owned(),
        Ask::Unasked => "unasked".to_owned(),
        Ask::EndOfData => "final dot".to_owned(),
        Ask::AuthAnswer => "AUTH answer".to_owned(),
        Ask::Command => match exchange.verb.word() {
            "" if exchange.command().is_none() => "not in the file".to_owned(),
            "" => {
                let entry = exchange.command().and_then(|record| log.get(record));
                let word = entry.map(|entry| entry.bytes.split(|b| *b == b' ').next().unwrap_or_default().to_vec());
                match word.unwrap_or_default() {
                    word if word.is_empty() => "empty line".to_owned(),
                    word => for_screen(&word),
                }
            }
            word => word.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pane::sample::{add, talk};

    #[test]
    fn a_bar_has_the_way_the_server_and_the_rest_of_the_reply() {
        let talk = talk(
            "@0.005 * resolved mx 127.0.0.1\n@0.010 * connecting a\n@0.030 * connected a\n@0.1 < 220 mx\n@1 > EHLO a\n\
             @1.1 < 250-mx\n@1.3 < 250 ok\n@2 > STARTTLS\n@2.01 < 220 go\n@2.2 * tls version=TLSv1.3\n@5 > NOOP\n\
             @5.02 < 550 no\n@9 > QUIT",
        );
        let bars = |talk: &Talk| bars(talk, 0..talk.dialogue.exchanges().len(), 0);
        let shown: Vec<_> = bars(&talk)
            .into_iter()
            .map(|bar| {
                format!("{} {} {}+{}+{}", bar.name, bar.idle / 1000, bar.way / 1000, bar.server / 1000, bar.rest / 1000)
            })
            .collect();
        let want = [
            "DNS 0 0+5+0",
            "connect 0 0+20+0",
            "greeting 0 0+70+0",
            "EHLO 900 20+80+200",
            "STARTTLS 700 10+0+0",
            "TLS 0 0+190+0",
            "NOOP 2800 20+0+0",
            "QUIT 3980 0+0+0",
        ];
        assert_eq!(shown, want);
        assert_eq!(cells(&bars(&talk)[3], 300_000, 30), [2, 8, 20]);
        assert_eq!(Timing::default().marked(&bars(&talk)), 3, "the slowest");
        assert_eq!(next_slower(&bars(&talk), 3), 5);
    }

    #[test]
    fn what_got_no_reply_has_a_bar_for_as_long_as_it_was_waited_for() {
        let mut screen = crate::tui::tests::connected(100, 24);
        add(&mut screen.model.talk, "@1 > RCPT TO:<a@b>\n@9 * gave-up\n@11 > DATA");
        screen.send(crate::tui::message::Message::Tick(crate::conversation::Micros(41_000_000)));
        screen.keys("<esc>T");
        let shown = screen.shown();
        let row = |name: &str| shown.lines().find(|row| row.contains(name) && row.contains('█')).unwrap_or_default();
        assert!(row("RCPT").contains("8.0 s") && row("RCPT").contains("no reply"), "{shown}");
        assert!(row("▌").contains("DATA") && row("DATA").contains("30.0 s"), "{shown}");
        assert!(row("DATA").contains("awaited"), "{shown}");
    }

    #[test]
    fn of_very_many_exchanges_the_slowest_are_listed_and_that_is_said() {
        let exchange = |n: usize| {
            let (asked, took) = (n * 40, if n == 500 { 30 } else { 1 });
            format!("@{asked} > NOOP\n@{} < 250 ok\n", asked + took)
        };
        let talk = talk(&(0..LISTED + 1000).map(exchange).collect::<String>());
        let timing = Timing::of(&talk);
        let model = Model { talk, ..Model::default() };
        let bars = timing.bars(&model);
        assert_eq!((bars.len(), bars[timing.marked(&bars)].took()), (LISTED, 30_000_000));
        assert_eq!(timing.title(), "Where the time went · the 5000 slowest of 6000");
    }
}
