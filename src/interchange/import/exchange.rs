//! Exchange's protocol logs: CSV with a head of `#` lines, sessions interleaved, a row an event.
//!
//! `>` is what this Exchange sent: in a receive log the server's side, in a send log the client's.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::conversation::event::Remark;
use crate::conversation::file::Document;
use crate::smtp::Verb;

use super::builder::{Builder, Content};
use super::lines::{between, is_reply, lines, text};
use super::sessions::Sessions;
use super::text::Text;
use super::{Numbers, Unread};

/// What the fields are, where no line says.
const FIELDS: &str =
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context";
/// What a file in UTF-8 may begin with.
const BOM: char = '\u{feff}';
/// Sessions beyond which no more are told apart.
const SESSIONS: usize = 100_000;

/// Whether its head is there, or rows of it.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let mut rows = 0;
    for (_, line) in lines(beginning).take(50) {
        let log = line.starts_with(b"#Log-type:") && text(line).contains("SMTP");
        if log || line.starts_with(b"#Fields:") && text(line).contains("session-id") {
            return true;
        }
        rows += usize::from(row_of(line).is_some());
    }
    rows > 1
}

/// What parts the cells of a row, where the line is one: a time, and cells enough. A spreadsheet saves semicolons or tabs.
fn row_of(line: &[u8]) -> Option<u8> {
    let end = line.iter().take(40).position(|octet| matches!(octet, b',' | b';' | b'\t'))?;
    text(line[..end].trim_ascii()).trim_matches('"').parse::<Timestamp>().ok()?;
    (memchr::memchr_iter(line[end], line).count() >= 7).then_some(line[end])
}

/// What parts the cells of the file.
fn separator(octets: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for found in lines(octets).take(500).filter_map(|(_, line)| row_of(line)) {
        counts.iter_mut().filter(|(octet, _)| *octet == found).for_each(|(_, count)| *count += 1);
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(octet, _)| octet)
}

/// Which of the two logs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Receive,
    Send,
}

/// A row of a session.
#[derive(Debug)]
struct Row {
    /// The line of the file.
    line: usize,
    at: Option<i64>,
    sequence: u64,
    fields: Rc<[String]>,
    cells: Vec<String>,
}

impl Row {
    fn new(line: usize, fields: &Rc<[String]>, cells: Vec<String>) -> Self {
        let mut row = Self { line, at: None, sequence: u64::MAX, fields: Rc::clone(fields), cells };
        row.at = row.cell("date-time").parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
        row.sequence = row.cell("sequence-number").parse().unwrap_or(u64::MAX);
        row
    }

    fn cell(&self, name: &str) -> &str {
        let place = self.fields.iter().position(|field| field == name);
        place.and_then(|place| self.cells.get(place)).map_or("", String::as_str)
    }
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("exchange", Content::Hidden);
    let mut fields: Rc<[String]> = FIELDS.split(',').map(str::to_owned).collect();
    let mut log = None;
    let mut order: Vec<String> = Vec::new();
    let mut sessions: HashMap<String, (Option<Log>, Vec<Row>)> = HashMap::new();
    let separator = separator(octets);
    for (number, mut record) in records(octets, separator) {
        // Where one log was put behind another.
        if let Some(first) = record.first_mut().filter(|first| first.starts_with(BOM)) {
            first.drain(..BOM.len_utf8());
        }
        let first = record.first().map_or("", String::as_str);
        if first.starts_with('#') {
            let line = record.join(",");
            if let Some(names) = line.strip_prefix("#Fields:") {
                fields = names.split(',').map(|name| name.trim().to_owned()).collect();
            } else if line.starts_with("#Log-type:") {
                log = Some(if line.contains("Send") { Log::Send } else { Log::Receive });
            }
            continue;
        }
        let row = Row::new(number, &fields, record);
        let session = row.cell("session-id").to_owned();
        if row.at.is_none() || session.is_empty() || !matches!(row.cell("event"), "+" | "-" | ">" | "<" | "*") {
            let line = row.cells.join(",");
            if !line.trim_matches([',', ' ']).is_empty() {
                found.unread(number, line.as_bytes(), "not a row of a time, a session and one of the events + - > < *");
            }
        } else if sessions.contains_key(&session) || sessions.len() < SESSIONS {
            let (_, rows) = sessions.entry(session.clone()).or_insert((log, Vec::new()));
            if rows.is_empty() {
                order.push(session);
            }
            rows.push(row);
        } else {
            found.unread(number, b"", "more sessions than are told apart; cut the log");
        }
    }
    let mut gaps = Gaps::default();
    for session in order {
        let (said, mut rows) = sessions.remove(&session).unwrap_or_default();
        rows.sort_by_key(|row| row.sequence);
        let log = seen(&rows).or(said).unwrap_or(Log::Receive);
        let mut builder = conversation(&session, &rows, log, &mut gaps);
        if said.is_some_and(|said| said != log) {
            builder.inferred("the two sides, which are not as the log's type has them");
        }
        found.add(builder);
    }
    gaps.say(&mut found);
    found.finish()
}

/// Records that a session's numbers show to be missing: each row behind some, whose they are, and how many.
#[derive(Debug, Default)]
struct Gaps(Vec<(usize, String, u64)>);

/// Gaps that are told one by one.
const ALONE: usize = 5;

impl Gaps {
    /// How many records are missing between two rows that follow each other, or before the first: an Exchange counts them
    /// from 0.
    fn before(&mut self, row: &Row, last: Option<u64>, session: &str) -> u64 {
        let next = last.map_or(0, |last| last.saturating_add(1));
        let missing = if row.sequence == u64::MAX { 0 } else { row.sequence.saturating_sub(next) };
        if missing > 0 {
            self.0.push((row.line, format!("session {session}: {}", gap(next, missing)), missing));
        }
        missing
    }

    fn say(self, found: &mut Sessions) {
        let mut rest = Numbers::default();
        let mut records = 0;
        for (n, (line, words, missing)) in self.0.into_iter().enumerate() {
            if n < ALONE {
                let mut lines = Numbers::default();
                lines.add(line);
                found.doubtful(lines, words);
            } else {
                rest.add(line);
                records += missing;
            }
        }
        if !rest.is_empty() {
            found.doubtful(
                rest,
                format!("before these lines, too, records of their sessions are missing, {records} in all"),
            );
        }
    }
}

/// That records are missing, and which.
fn gap(first: u64, missing: u64) -> String {
    let last = first + missing - 1;
    let which = if missing == 1 { format!("record {first} is") } else { format!("records {first} to {last} are") };
    let place =
        if first == 0 { "it begins elsewhere, perhaps in the file before this one" } else { "before this line" };
    format!("{which} missing: {place}")
}

/// What its lines show, whatever a head says: who replies is the server, who uses verbs the client. Sides that are mistaken
/// for each other would show what the client said within AUTH.
fn seen(rows: &[Row]) -> Option<Log> {
    let (mut receive, mut send) = (0, 0);
    for row in rows {
        let data = row.cell("data");
        let replies = is_reply(data.as_bytes());
        let asks = Verb::from_word(data.split_whitespace().next().unwrap_or_default()) != Verb::Other;
        match row.cell("event") {
            ">" if replies => receive += 1,
            "<" if replies => send += 1,
            ">" if asks => send += 1,
            "<" if asks => receive += 1,
            _ => {}
        }
    }
    (receive != send).then_some(if receive > send { Log::Receive } else { Log::Send })
}

/// The records of the file with the line each begins on.
fn records(octets: &[u8], separator: u8) -> Vec<(usize, Vec<String>)> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let mut rest = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let mut out = Vec::new();
    let (mut record, mut field) = (Vec::new(), Vec::new());
    let mut buffer = [0; 4096];
    let mut line = 1;
    loop {
        let (result, read, written) = reader.read_field(rest, &mut buffer);
        rest = &rest[read..];
        field.extend_from_slice(&buffer[..written]);
        match result {
            // With no input left, the next call ends the record.
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
            csv_core::ReadFieldResult::Field { record_end } => {
                record.push(String::from_utf8_lossy(&field).into_owned());
                field.clear();
                if record_end {
                    out.push((line, std::mem::take(&mut record)));
                    line = usize::try_from(reader.line()).unwrap_or(usize::MAX);
                }
            }
            csv_core::ReadFieldResult::End => return out,
        }
    }
}

fn conversation(session: &str, rows: &[Row], log: Log, gaps: &mut Gaps) -> Builder {
    let mut builder = Builder::new("exchange", Content::Hidden);
    if log == Log::Receive {
        builder.by_server();
    }
    if let Some(first) = rows.first() {
        builder.set("connector", first.cell("connector-id"));
        builder.set("session", session);
        let server = if log == Log::Receive { first.cell("local-endpoint") } else { first.cell("remote-endpoint") };
        if !server.is_empty() {
            builder.set("target", server);
        }
    }
    let mut challenged = false;
    let mut last = None;
    for row in rows {
        if let Some(at) = row.at {
            builder.clock_utc(at);
        }
        let says = match row.cell("event") {
            ">" => Some(log == Log::Receive),
            "<" => Some(log == Log::Send),
            _ => None,
        };
        let missing = gaps.before(row, last, session);
        if missing > 0 {
            say_gap(row, missing, says == Some(false), &mut builder);
            challenged = false;
            if last.is_none() {
                stands(rows, log, &mut builder);
            }
        }
        last = Some(row.sequence).filter(|sequence| *sequence < u64::MAX).or(last);
        // What the client answers within AUTH is not logged, and what follows it is no answer.
        if challenged && says == Some(true) {
            builder.inferred("an answer within AUTH, which the log does not show");
            builder.client(b"{{auth}}");
        }
        challenged = says.map_or(challenged, |server| server && row.cell("data").starts_with("334"));
        event(row, log, &mut builder);
    }
    builder
}

/// Says within the conversation that records are missing before a row.
fn say_gap(row: &Row, missing: u64, by_client: bool, builder: &mut Builder) {
    builder.inferred(&gap(row.sequence - missing, missing));
    // Where the client goes on, what it asked before was answered in what is missing.
    let lost = builder.fold().pending().len();
    if by_client && lost > 0 {
        builder.remark(Remark::new("lost").with("replies", lost));
    }
}

/// Says of a session whose beginning is missing that its connection stands, and that it was greeted, unless that follows.
fn stands(rows: &[Row], log: Log, builder: &mut Builder) {
    if rows.iter().any(|row| row.cell("event") == "+") {
        return;
    }
    if let Some((server, client)) = rows.first().map(|row| ends(row, log)) {
        builder.connected(server, client);
    }
    let first = rows.iter().find(|row| matches!(row.cell("event"), ">" | "<"));
    if first.is_none_or(|first| !first.cell("data").starts_with("220")) {
        builder.remark(Remark::new("lost").with("replies", 1));
    }
}

/// The server's address, and the client's where it is known.
fn ends(row: &Row, log: Log) -> (&str, Option<&str>) {
    let (local, remote) = (row.cell("local-endpoint"), row.cell("remote-endpoint"));
    let (server, client) = if log == Log::Receive { (local, remote) } else { (remote, local) };
    (server, Some(client).filter(|client| !client.is_empty()))
}

fn event(row: &Row, log: Log, builder: &mut Builder) {
    let data = row.cell("data");
    match (row.cell("event"), log) {
        ("+", _) => {
            let (server, client) = ends(row, log);
            builder.connected(server, client);
        }
        ("-", _) => {
            let here = row.cell("context") != "Remote";
            builder.closed(if here == (log == Log::Receive) { "server" } else { "client" });
        }
        (">", Log::Receive) | ("<", Log::Send) => reply(data, builder),
        ("<" | ">", _) => builder.client(data.as_bytes()),
        _ => information(data, row.cell("context"), row.cell("remote-endpoint"), builder),
    }
}

/// What Exchange says of the connection.
fn information(data: &str, context: &str, remote: &str, builder: &mut Builder) {
    if context == "attempting to connect" {
        builder.connecting(remote);
    } else if context.starts_with("Failed to connect") {
        builder.error("connect", context.as_bytes());
    } else if let Some(rest) = context.strip_prefix("TLS protocol ") {
        let version = rest.split(' ').next().unwrap_or_default().replacen("SP_PROT_TLS", "", 1);
        let mut digits = version.split('_').filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let version = format!("TLSv{}.{}", digits.next().unwrap_or("1"), digits.next().unwrap_or("0"));
        let mut tls = Remark::new("tls").with("version", version);
        if let Some(cipher) = between(context, "encryption algorithm ", " with") {
            tls = tls.with("cipher", cipher);
        }
        builder.remark(tls);
    } else {
        builder.tool([data.trim(), context].join(" ").as_bytes());
    }
}

/// A reply, whose lines the log joins by spaces: those of EHLO are parted again at the names of capabilities.
fn reply(data: &str, builder: &mut Builder) {
    let parts = if is_reply(data.as_bytes()) && awaits_ehlo(builder) { capabilities(data) } else { Vec::new() };
    if parts.len() < 2 {
        builder.server(data.as_bytes());
        return;
    }
    builder.inferred("the lines of the reply to EHLO, which the log joins into one");
    let (code, last) = (&data[..3], parts.len() - 1);
    for (n, part) in parts.iter().enumerate() {
        builder.server(format!("{code}{}{part}", if n == last { ' ' } else { '-' }).as_bytes());
    }
}

fn awaits_ehlo(builder: &Builder) -> bool {
    let mut pending = builder.fold().pending();
    pending.next().is_some_and(|pending| matches!(pending.awaited.verb(), Some(Verb::Ehlo | Verb::Lhlo)))
}

/// The lines of a joined reply to EHLO: the greeting, then a capability each with its parameters.
fn capabilities(data: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in data.get(4..).unwrap_or_default().split_whitespace() {
        let keyword =
            crate::smtp::capability::KEYWORDS.contains(&word) || word.starts_with("X-") || word.starts_with("AUTH=");
        match out.last_mut() {
            Some(line) if !keyword => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out
}
