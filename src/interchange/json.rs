//! JSON with the decode.
//!
//! ```json
//! {
//!   "ehlo": 1,                    the number of this form
//!   "head": "ehlo = 1\n…",        the head of the transcript, TOML
//!   "title", "target", "profile", "started", "side", "clock": "…" or null,
//!   "records": [{
//!     "n": 1,                     its number among the recorded lines, as a note's at= counts; null for script and comment
//!     "at": 0.012345,             seconds; null for script and comment
//!     "kind": "sent|content|received|remark|script|comment",
//!     "text": "250 ok",           as the transcript has it, escapes included
//!     "crlf": false,              only where no CR LF followed
//!     "masked": true,             only where a secret was masked
//!     "tls": true                 only where it was encrypted on the wire
//!   }],
//!   "exchanges": [{
//!     "n": 1, "asks": "greeting|command|end-of-data|auth-answer|unasked", "verb": "MAIL" or null,
//!     "sent": 4,                  the number of its record, or null
//!     "phase": { "before": "…", "after": "…" },
//!     "reply": { "code": 250, "enhanced": "2.1.0" or null, "lines": ["…"], "complete": true } or null,
//!     "latency": 0.002,           seconds, or null
//!     "explanation": { "title", "meaning", "category", "retry", "software", "causes", "next", "references",
//!                      "advice", "notes", "layers": [{ "layer", "on", "says", "category", "source", "own", "decides" }] } or null
//!   }],
//!   "recipients": [{ "address": "a@b", "verdict": "accepted|refused|delivered|failed|pending", "code", "enhanced" }],
//!   "unexplained": "…"            only where explanations are left out: why
//! }
//! ```
//! `records` alone make the conversation: `ehlo convert x.json x.smtp` reads them back.

use serde_json::{Map, Value, json};

use crate::conversation::dialogue::Ask;
use crate::conversation::file::{Document, folded, write_document, write_entry};
use crate::conversation::log::Entry;
use crate::conversation::{Dialogue, Exchange, Kind, Log};
use crate::decode::{Does, Explanation, Knowledge, Layer, Step, explain_exchange};
use crate::smtp::escape;

/// The whole of it.
pub(super) fn export(document: &Document, knowledge: &Knowledge) -> Vec<u8> {
    let document = &folded(document);
    let header = &document.header;
    let log = &document.log;
    let dialogue = Dialogue::of(log);
    let numbers = numbers(log);
    let exchanges: Vec<Value> = (0..dialogue.exchanges().len())
        .filter_map(|n| Some(exchange(n, dialogue.exchanges().get(n)?, &numbers, log, &dialogue, knowledge)))
        .collect();
    let text = |key: &str| header.text(key).map(|text| escape::for_screen(text.as_bytes()));
    let mut whole = json!({
        "ehlo": 1,
        "head": head(document),
        "title": text("title"),
        "target": text("target"),
        "profile": text("profile"),
        "started": header.started().map(|at| format!("{at:.3}")),
        "side": text("side"),
        "clock": text("clock"),
        "records": records(log, &numbers),
        "exchanges": exchanges,
        "recipients": recipients(log, &dialogue),
    });
    if knowledge.is_silent() {
        whole["unexplained"] = json!(super::UNEXPLAINED);
    }
    let mut out = serde_json::to_vec_pretty(&whole).expect("a value is JSON");
    out.push(b'\n');
    out
}

/// The head without its two fences, every line of it fit to be shown.
fn head(document: &Document) -> String {
    let mut octets = Vec::new();
    write_document(&Document::new(document.header.clone(), Log::new()), &mut octets);
    let text = String::from_utf8_lossy(&octets).into_owned();
    let inside =
        text.split_once("+++\n").map_or("", |(_, rest)| rest.rsplit_once("+++").map_or(rest, |(inside, _)| inside));
    inside.lines().map(|line| escape::for_screen(line.as_bytes()) + "\n").collect()
}

/// The number of each record among the recorded ones, from 1.
fn numbers(log: &Log) -> Vec<Option<usize>> {
    let mut count = 0;
    let number = |recorded: bool| {
        count += usize::from(recorded);
        recorded.then_some(count)
    };
    log.kinds(0).map(|(_, kind, timed)| timed && !matches!(kind, Kind::Script | Kind::Comment)).map(number).collect()
}

fn records(log: &Log, numbers: &[Option<usize>]) -> Vec<Value> {
    let mut tls = false;
    let record = |(index, entry): (usize, Entry<'_>)| {
        if let Some(remark) = entry.remark() {
            match remark.word.as_str() {
                "tls" if remark.get("failed").is_none() => tls = true,
                "connecting" => tls = false,
                _ => {}
            }
        }
        let mut record = Map::new();
        record.insert("n".to_owned(), json!(numbers.get(index).copied().flatten()));
        record.insert("at".to_owned(), json!(entry.at.map(seconds)));
        record.insert("kind".to_owned(), json!(kind(entry.kind)));
        record.insert("text".to_owned(), json!(text(&entry)));
        let wire = matches!(entry.kind, Kind::Sent | Kind::Content | Kind::Received);
        let flags = [("crlf", wire && !entry.crlf, false), ("masked", entry.masked, true), ("tls", tls && wire, true)];
        for (key, _, value) in flags.into_iter().filter(|(_, is, _)| *is) {
            record.insert(key.to_owned(), json!(value));
        }
        Value::Object(record)
    };
    log.since(0).map(record).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Sent => "sent",
        Kind::Content => "content",
        Kind::Received => "received",
        Kind::Remark => "remark",
        Kind::Script => "script",
        Kind::Comment => "comment",
    }
}

/// What stands behind the sigil in a transcript, without the sign for a missing line end.
fn text(entry: &Entry<'_>) -> String {
    let mut line = Vec::new();
    write_entry(&Entry { crlf: true, ..*entry }, &mut line);
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = if matches!(entry.kind, Kind::Script | Kind::Comment) {
        line
    } else {
        let rest = line.iter().position(|octet| *octet == b' ').map_or(&[][..], |space| &line[space + 2..]);
        rest.strip_prefix(b" ").unwrap_or(rest)
    };
    // What was recorded is clean; comments and events of somebody else's file may hold anything.
    escape::for_screen(text)
}

fn seconds(at: crate::conversation::Micros) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a conversation of more than 285 years has rounded times")]
    let micros = at.0 as f64;
    micros / 1e6
}

fn exchange(
    n: usize,
    it: &Exchange,
    numbers: &[Option<usize>],
    log: &Log,
    dialogue: &Dialogue,
    knowledge: &Knowledge,
) -> Value {
    let asks = match it.ask {
        Ask::Greeting => "greeting",
        Ask::Command => "command",
        Ask::EndOfData => "end-of-data",
        Ask::AuthAnswer => "auth-answer",
        Ask::Unasked => "unasked",
    };
    let reply = dialogue.reply(log, n).map(|reply| {
        let lines: Vec<_> = reply.lines.iter().map(|line| escape::for_screen(&line.raw)).collect();
        json!({
            "code": reply.code().map(crate::smtp::ReplyCode::number),
            "enhanced": reply.enhanced().map(|code| code.to_string()),
            "lines": lines,
            "complete": it.complete(),
        })
    });
    json!({
        "n": n + 1,
        "asks": asks,
        "verb": Some(it.verb.word()).filter(|word| !word.is_empty()),
        "sent": it.command().and_then(|record| numbers.get(record).copied().flatten()),
        "phase": { "before": it.before().name(), "after": it.after().name() },
        "reply": reply,
        "latency": it.latency(log).map(seconds),
        "explanation": explain_exchange(n, dialogue, log, knowledge).map(|explanation| explained(&explanation)),
    })
}

fn explained(it: &Explanation) -> Value {
    json!({
        "title": it.title,
        "meaning": it.meaning,
        "category": it.category,
        "retry": it.retry,
        "software": it.software,
        "causes": it.causes,
        "next": it.next.iter().filter_map(step).collect::<Vec<_>>(),
        "advice": advice(it),
        "references": it.references,
        "notes": it.notes,
        "layers": it.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

/// A step that a program can carry out: a line, or an action.
pub(crate) fn step(step: &Step) -> Option<Value> {
    match &step.does {
        Does::Command(line) => Some(json!({ "text": step.text, "command": line })),
        Does::Action(name, argument) => Some(json!({ "text": step.text, "action": name, "argument": argument })),
        Does::Advice => None,
    }
}

/// The steps that only a person can carry out.
pub(crate) fn advice(it: &Explanation) -> Vec<&str> {
    it.next.iter().filter(|step| step.does == Does::Advice).map(|step| step.text.as_str()).collect()
}

/// What one layer says of a reply.
pub(crate) fn layer(layer: &Layer) -> Value {
    json!({
        "layer": layer.by.name(),
        "on": layer.on,
        "says": layer.says,
        "category": layer.category,
        "source": layer.source,
        "own": layer.own,
        "decides": layer.decides,
    })
}

fn recipients(log: &Log, dialogue: &Dialogue) -> Vec<Value> {
    let recipient = |it: &crate::conversation::dialogue::Recipient| {
        json!({
            "address": escape::for_screen(dialogue.address(log, it).as_bytes()),
            "verdict": format!("{:?}", it.verdict()).to_lowercase(),
            "code": it.code().map(crate::smtp::ReplyCode::number),
            "enhanced": it.enhanced().map(|code| code.to_string()),
        })
    };
    dialogue.recipients().iter().map(recipient).collect()
}
