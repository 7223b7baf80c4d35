//! How long things took in one connection: connecting, the handshake, the greeting, each verb, and the pauses between.

use std::collections::BTreeMap;

use crate::conversation::dialogue::Ask;
use crate::conversation::{Exchange, Kind, Log};
use crate::tui::talk::Talk;

use super::moment::before_record;
use crate::conversation::connections::Connection;

/// Exchanges that are looked at; of more, the last ones.
const LOOKED_AT: usize = 20_000;

/// The times of one kind, microseconds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Times {
    all: Vec<u64>,
}

impl Times {
    /// The last, the median and the longest; none without any.
    pub(super) fn figures(&self) -> Option<[u64; 3]> {
        let last = *self.all.last()?;
        let mut sorted = self.all.clone();
        sorted.sort_unstable();
        Some([last, sorted[(sorted.len() - 1) / 2], *sorted.last()?])
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }
}

/// All of them, in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Timings {
    pub(super) rows: Vec<(String, Times)>,
    /// Not all exchanges were looked at, but the last ones.
    pub(super) cut: bool,
}

/// The times of a connection up to a record.
pub(super) fn timings(talk: &Talk, connection: &Connection, record: usize) -> Timings {
    let exchanges = talk.dialogue.exchanges();
    let end = before_record(exchanges, record + 1);
    let own = &exchanges[before_record(exchanges, connection.from).min(end)..end];
    let looked_at = &own[own.len().saturating_sub(LOOKED_AT)..];
    let mut out = Timings { rows: Vec::new(), cut: looked_at.len() < own.len() };
    let mut fixed = |name: &str, time: Option<u64>| {
        out.rows.extend(time.map(|time| (name.to_owned(), Times { all: vec![time] })));
    };
    let log = &talk.log;
    fixed("connect", between(log, connection.connecting, connection.connected, record));
    fixed("TLS", handshake(log, connection, record));
    fixed("greeting", greeting(log, own.first(), connection, record));
    let mut verbs: Vec<(String, Times)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in looked_at {
        let (Some(time), Some(name)) = (latency(exchange, log, record), name(exchange)) else { continue };
        let place = *places.entry(name.to_owned()).or_insert_with(|| {
            verbs.push((name.to_owned(), Times::default()));
            verbs.len() - 1
        });
        verbs[place].1.all.push(time);
    }
    out.rows.extend(verbs);
    let idle = pauses(looked_at, log, record);
    if idle.count() > 0 {
        out.rows.push(("idle".to_owned(), idle));
    }
    out
}

fn at(log: &Log, record: Option<usize>) -> Option<u64> {
    Some(log.get(record?)?.at?.0)
}

fn between(log: &Log, from: Option<usize>, to: Option<usize>, until: usize) -> Option<u64> {
    let to = to.filter(|to| *to <= until);
    Some(at(log, to)?.saturating_sub(at(log, from)?))
}

/// From what came before the handshake (the reply to STARTTLS, or the connection) to its end.
fn handshake(log: &Log, connection: &Connection, until: usize) -> Option<u64> {
    let tls = connection.tls?;
    between(log, tls.checked_sub(1), Some(tls), until)
}

/// From the connection, or the handshake where that came first, to the end of the greeting.
fn greeting(log: &Log, first: Option<&Exchange>, connection: &Connection, until: usize) -> Option<u64> {
    let greeting = first.filter(|exchange| exchange.ask == Ask::Greeting && exchange.complete())?;
    let end = *greeting.reply()?.end();
    let from = connection.tls.filter(|tls| *tls < end).or(greeting.command());
    between(log, from, Some(end), until)
}

fn latency(exchange: &Exchange, log: &Log, until: usize) -> Option<u64> {
    (*exchange.reply()?.end() <= until).then(|| exchange.latency(log).map(|time| time.0)).flatten()
}

/// What an exchange is counted under.
fn name(exchange: &Exchange) -> Option<&'static str> {
    match exchange.ask {
        Ask::Greeting | Ask::Unasked => None,
        Ask::EndOfData => Some("final dot"),
        Ask::AuthAnswer => Some("answer"),
        Ask::Command => Some(match exchange.verb.word() {
            "" => "other",
            word => word,
        }),
    }
}

/// From the end of each reply to the line after it.
fn pauses(exchanges: &[Exchange], log: &Log, until: usize) -> Times {
    let mut idle = Times::default();
    for pair in exchanges.windows(2) {
        let ended = pair[0].reply().map(|reply| *reply.end());
        let asked = pair[1].command().filter(|asked| *asked <= until && ended.is_some_and(|ended| ended < *asked));
        // A handshake in between is counted by itself.
        let tls = |asked: usize| {
            let own = log.since(ended?).take_while(|(record, _)| *record < asked);
            own.filter(|(_, entry)| entry.kind == Kind::Remark && entry.bytes.starts_with(b"tls"))
                .map(|(n, _)| n)
                .last()
        };
        idle.all.extend(asked.and_then(|asked| between(log, tls(asked).or(ended), Some(asked), until)));
    }
    idle
}

/// A time in few columns: `<1 ms`, `340 ms`, `4.1 s`, `3 min`.
pub(in crate::tui) fn short(micros: u64) -> String {
    match micros {
        0..1_000 => "<1 ms".to_owned(),
        1_000..999_500 => format!("{} ms", (micros + 500) / 1_000),
        999_500..59_950_000 => {
            let tenths = (micros + 50_000) / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        59_950_000..5_940_000_000 => format!("{} min", (micros + 30_000_000) / 60_000_000),
        _ => format!("{} h", micros / 3_600_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::connections::Connections;
    use crate::tui::pane::sample::talk;

    #[test]
    fn each_verb_has_its_last_median_and_longest() {
        let talk = talk(
            "@0 * connecting a\n@0.020 * connected a\n@0.1 < 220 mx\n@1 > NOOP\n@1.010 < 250 ok\n@2 > NOOP\n\
             @2.5 < 250 ok\n@3 > NOOP\n@3.030 < 250 ok\n@9 > QUIT",
        );
        let mut connections = Connections::default();
        connections.extend(&talk.log);
        let (connection, _) = connections.at(9).expect("a connection");
        let rows = |record| {
            let timings = timings(&talk, connection, record);
            let shown = timings.rows.iter().map(|(name, times)| {
                let figures = times.figures().expect("times").map(short);
                format!("{name}: {} of {}", figures.join(", "), times.count())
            });
            shown.collect::<Vec<_>>()
        };
        assert_eq!(
            rows(9),
            [
                "connect: 20 ms, 20 ms, 20 ms of 1",
                "greeting: 80 ms, 80 ms, 80 ms of 1",
                "NOOP: 30 ms, 30 ms, 500 ms of 3",
                "idle: 6.0 s, 900 ms, 6.0 s of 4",
            ]
        );
        assert_eq!(rows(4)[2], "NOOP: 10 ms, 10 ms, 10 ms of 1");
    }

    #[test]
    fn times_take_few_columns() {
        for (micros, words) in [
            (0, "<1 ms"),
            (999, "<1 ms"),
            (1_499, "1 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "1 min"),
            (7_200_000_000, "2 h"),
        ] {
            assert_eq!(short(micros), words, "{micros}");
        }
    }
}
