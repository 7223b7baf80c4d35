//! A command line that does what a conversation did: of swaks, or of `ehlo send`, which has swaks's options.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::file::{Document, folded};
use crate::conversation::{Dialogue, Exchange, Kind, Log};
use crate::decode::Knowledge;
use crate::smtp::{Command, Verb, escape};

use super::Told;
use super::scripted::{self, Script};

mod addresses;
mod message;
mod missing;
mod parameters;

use message::{Message, message};

/// A program whose command line is written.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The program and its subcommand.
    program: &'static str,
    /// Its name in a sentence.
    name: &'static str,
    /// It is ehlo's own: it takes any target, uses TLS where it is offered, and sends parameters.
    own: bool,
}

/// swaks.
pub const SWAKS: Tool = Tool { program: "swaks", name: "swaks", own: false };
/// `ehlo send`.
pub const SEND: Tool = Tool { program: "ehlo send", name: "ehlo send", own: true };

/// Where the server is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// As the head says it; empty where it does not.
    pub target: &'a str,
    /// The address that the connection stood to; empty where none did.
    pub connected: &'a str,
}

/// A conversation that is looked at.
struct Talk<'a> {
    log: &'a Log,
    dialogue: &'a Dialogue,
}

/// A command line of swaks, and in a comment what it can't say.
pub(super) fn swaks(document: &Document, _: &Knowledge) -> Vec<u8> {
    export(&SWAKS, document)
}

/// The same of `ehlo send`.
pub(super) fn send(document: &Document, _: &Knowledge) -> Vec<u8> {
    export(&SEND, document)
}

/// The command line of swaks, what it leaves out of a conversation, and what has to be put in, in words.
pub(super) fn swaks_partly(document: &Document) -> Told {
    partly(&SWAKS, document)
}

/// The same of `ehlo send`'s.
pub(super) fn send_partly(document: &Document) -> Told {
    partly(&SEND, document)
}

fn partly(tool: &Tool, document: &Document) -> Told {
    let Written { text, remarks } = Written::of(tool, document);
    Told { octets: text.into_bytes(), left_out: remarks }
}

fn export(tool: &Tool, document: &Document) -> Vec<u8> {
    Written::of(tool, document).text.into_bytes()
}

/// The command lines of a conversation.
#[derive(Default)]
struct Written {
    /// With a comment for each remark.
    text: String,
    /// Fit for a screen, each once.
    remarks: Vec<String>,
}

impl Written {
    fn of(tool: &Tool, document: &Document) -> Self {
        let document = &folded(document);
        let dialogue = Dialogue::of(&document.log);
        let remarks = document.log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
        let connected = remarks.filter(|remark| remark.word == "connected").last();
        let connected = connected.as_ref().and_then(|remark| remark.bare(0)).filter(|place| *place != "unknown");
        let target = document.header.text("target").unwrap_or_default();
        let place = Place { target, connected: connected.unwrap_or(target) };
        let is_mail = |x: &Exchange| x.verb == Verb::Mail && x.ask == Ask::Command && x.command().is_some();
        let exchanges = dialogue.exchanges().iter().enumerate();
        let mut transactions: Vec<Option<usize>> =
            exchanges.filter(|(_, x)| is_mail(x)).map(|(n, _)| Some(n)).collect();
        if transactions.is_empty() {
            transactions.push(None);
        }
        let several = transactions.len() > 1;
        let others = connections_without(&dialogue, &transactions);
        let lines = transactions.into_iter();
        let lines: Vec<_> =
            lines.filter_map(|selected| command(tool, &place, &document.log, &dialogue, selected)).collect();
        let mut written = Self::default();
        if lines.is_empty() {
            written.remark("there is no connection in this conversation");
            if document.is_script() {
                written.remark("it is a script: ehlo run does what it says, and records the conversation");
            }
            return written;
        }
        for words in scripted::lost(document, Script::Nothing) {
            written.remark(&words);
        }
        if several {
            let count = lines.len();
            written.remark(&format!("{count} mail transactions: a line for each, over a connection of its own"));
        }
        match others {
            0 => {}
            1 => written.remark("what was done in another connection, without a mail transaction, is left out"),
            n => written
                .remark(&format!("what was done in {n} other connections, without a mail transaction, is left out")),
        }
        for words in notes(tool, &place, &Talk { log: &document.log, dialogue: &dialogue }) {
            written.remark(&words);
        }
        for (line, left_out) in lines {
            if let Some(left_out) = left_out {
                written.remark(&format!("{} has no way to say: {left_out}", tool.name));
            }
            written.text.push_str(&line);
            written.text.push('\n');
        }
        written
    }

    fn remark(&mut self, words: &str) {
        let words = escape::for_screen(words.as_bytes());
        // A `String` takes all.
        let _ = writeln!(self.text, "# {words}");
        if !self.remarks.contains(&words) {
            self.remarks.push(words);
        }
    }
}

/// How many connections have no line: those in which none of these transactions was begun; but for the last one where there
/// are none.
fn connections_without(dialogue: &Dialogue, transactions: &[Option<usize>]) -> usize {
    let exchanges = dialogue.exchanges();
    let starts = exchanges.iter().enumerate().filter(|(_, x)| x.ask == Ask::Greeting).map(|(n, _)| n);
    let starts: Vec<usize> = starts.collect();
    let of = |exchange: usize| starts.partition_point(|start| *start <= exchange).saturating_sub(1);
    let with: HashSet<usize> = transactions.iter().map(|it| of(it.unwrap_or(exchanges.len()))).collect();
    starts.len().saturating_sub(with.len())
}

/// What is to be known of the lines beside what they say: what was said besides, and what has to be put in.
fn notes(tool: &Tool, place: &Place<'_>, talk: &Talk<'_>) -> Vec<String> {
    use Verb::{Auth, Bdat, Data, Ehlo, Helo, Lhlo, Mail, Quit, Rcpt, Rset, Starttls, Xclient};
    const MEANT: [Verb; 12] = [Auth, Bdat, Data, Ehlo, Helo, Lhlo, Mail, Quit, Rcpt, Rset, Starttls, Xclient];
    let mut notes = Vec::new();
    let besides = talk.dialogue.exchanges().iter().filter(|x| x.ask == Ask::Command && !MEANT.contains(&x.verb));
    let besides: Vec<String> = besides
        .filter_map(|x| parsed(talk, x))
        // The end of a message, whose beginning has no reply.
        .filter(|command| command.line.trim_ascii() != b".")
        .map(|command| String::from_utf8_lossy(command.line.trim_ascii()).into_owned())
        .collect();
    if !besides.is_empty() {
        notes.push(format!("{} does not say what was said besides: {}", tool.name, some(besides)));
    }
    let way = |key: &str| remarks(talk).any(|remark| remark.word == "proxy" && remark.get(key).is_some());
    for (key, words) in [("kind", "went through a proxy"), ("header", "began with a header of the PROXY protocol")] {
        if way(key) {
            notes.push(format!("the connection {words}, which {} does not say here", tool.name));
        }
    }
    let refused = |x: &Exchange| x.verb == Verb::Auth && x.code.is_some_and(|code| code.class().is_refusal());
    if talk.dialogue.exchanges().iter().any(refused) {
        notes.push(format!("a log-in was refused before it ended: {} tries the last one alone", tool.name));
    }
    if tool.own && remarks(talk).any(|remark| remark.word == "tls" && remark.get("verified") == Some("no")) {
        notes.push(
            "the certificate was not trusted, and it went on: so does --no-tls-verify; without it, it is refused"
                .to_owned(),
        );
    }
    notes.extend(missing::words(tool, talk));
    if place.target.starts_with("lab:") && !tool.own {
        let scenario = place.target.trim_start_matches("lab:");
        notes.push(format!("that lab is gone with its run: `ehlo lab {scenario}` starts one, and says its port"));
    }
    if tool.own && place_of_own(place).is_none() {
        notes.push("the server does not stand in the conversation: put it in for HOST".to_owned());
    } else if !tool.own && !place.target.starts_with("lab:") && !has_port(place) {
        notes.push("its port does not stand in the conversation; 25 is what swaks takes then".to_owned());
    }
    if tool.own && logs_in(talk) && user(talk).is_none() {
        notes.push("who logged in does not stand in the conversation: put the name in for USER".to_owned());
    }
    notes
}

/// The first of them, and how many more there are.
fn some(all: Vec<String>) -> String {
    const NAMED: usize = 10;
    let more = all.len().saturating_sub(NAMED);
    let shown = all.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Mechanisms that swaks speaks.
const OF_SWAKS: [&str; 8] = ["LOGIN", "PLAIN", "CRAM-MD5", "DIGEST-MD5", "CRAM-SHA1", "NTLM", "SPA", "MSN"];

fn logs_in(talk: &Talk<'_>) -> bool {
    talk.dialogue.exchanges().iter().any(|x| x.verb == Verb::Auth && x.ask == Ask::Command)
}

/// What was noted beside what was said.
fn remarks(talk: &Talk<'_>) -> impl Iterator<Item = Remark> {
    talk.log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark())
}

/// Whether the connection of this record went on in TLS with a certificate that did not hold.
fn is_unverified(talk: &Talk<'_>, record: usize) -> bool {
    let so_far = talk.log.of_kind(Kind::Remark).take_while(|(at, _)| *at <= record);
    let last = so_far.filter_map(|(_, entry)| entry.remark()).filter(|remark| remark.word == "tls").last();
    last.is_some_and(|remark| remark.get("verified") == Some("no"))
}

/// Who logged in, where that was recorded.
fn user(talk: &Talk<'_>) -> Option<String> {
    remarks(talk).filter(|remark| remark.word == "auth").last().and_then(|remark| remark.get("user").map(str::to_owned))
}

/// A command line of the tool that does what was done up to the transaction of the selected exchange, or, with none, what
/// the last connection did; and what of it the tool has no way to say, in
/// words. No secret is in it, the tool asks for it.
#[must_use]
pub fn command(
    tool: &Tool,
    place: &Place<'_>,
    log: &Log,
    dialogue: &Dialogue,
    selected: Option<usize>,
) -> Option<(String, Option<String>)> {
    let talk = &Talk { log, dialogue };
    let mine = done(talk.dialogue.exchanges(), selected)?;
    let mut words = vec![tool.program.to_owned()];
    server(tool, place, &mut words);
    let mut left_out = Vec::new();
    greeting(tool, talk, mine, &mut words, &mut left_out);
    protection(tool, talk, mine, &mut words, &mut left_out);
    announcement(talk, mine, &mut words);
    let mail = mine.iter().rposition(|x| x.verb == Verb::Mail && x.command().is_some());
    let transaction = mail.map_or(&[][..], |mail| &mine[mail..]);
    let (transaction, to) = envelope(tool, talk, transaction, &mut words, &mut left_out);
    if is_pipelined(transaction) {
        words.push("--pipeline".to_owned());
    }
    left_out.extend(if tool.own {
        parameters::own(talk, transaction, &mut words)
    } else {
        parameters::all(talk, transaction)
    });
    let message = if to.is_empty() && transaction.iter().any(|x| x.verb == Verb::Rcpt) {
        // To nobody it is not sent.
        None
    } else {
        message(tool, talk, transaction, &mut words, &mut left_out)
    };
    if message.is_none() {
        words.extend(["--quit-after".to_owned(), stops_after(mine, transaction, &to).to_owned()]);
    }
    let Message { before, below } = message.unwrap_or_default();
    Some((format!("{before}{}{below}", words.join(" ")), (!left_out.is_empty()).then(|| left_out.join(", "))))
}

/// Says sender and recipients; gives what is left of the transaction: none where its sender can't be said, and the recipients
/// that are. What can't be said is left out.
fn envelope<'a>(
    tool: &Tool,
    talk: &Talk<'_>,
    transaction: &'a [Exchange],
    words: &mut Vec<String>,
    left_out: &mut Vec<String>,
) -> (&'a [Exchange], Vec<String>) {
    if let Some(mail) = transaction.first() {
        let Some(path) = parsed(talk, mail).and_then(|command| command.path) else {
            left_out.push(format!("{}, and so the rest", line(talk, mail)));
            return (&[], Vec::new());
        };
        let from = if path.is_null() { "<>".to_owned() } else { path.address() };
        if !addresses::can_be_said(tool, &from, false) {
            left_out.push(format!("the sender {from}, and so the rest"));
            return (&[], Vec::new());
        }
        words.push(option("--from", &from));
    }
    let mut to = Vec::new();
    for rcpt in transaction.iter().filter(|x| x.verb == Verb::Rcpt && x.ask == Ask::Command) {
        match parsed(talk, rcpt).and_then(|command| command.path) {
            Some(path) if addresses::can_be_said(tool, &path.address(), true) => to.push(path.address()),
            Some(path) => left_out.push(format!("the recipient {}", path.address())),
            None => left_out.push(line(talk, rcpt)),
        }
    }
    let spelled: Vec<_> = transaction.iter().filter_map(|x| addresses::spelled(&parsed(talk, x)?)).collect();
    if !spelled.is_empty() {
        left_out.push(format!("how it was spelled: {}", some(spelled)));
    }
    if !to.is_empty() {
        words.push(option("--to", &to.join(",")));
    }
    (transaction, to)
}

/// Whether a recipient was named before the reply to MAIL had come.
fn is_pipelined(transaction: &[Exchange]) -> bool {
    let Some(replied) = transaction.first().and_then(Exchange::reply).map(|reply| *reply.start()) else { return false };
    transaction.iter().any(|x| x.verb == Verb::Rcpt && x.command().is_some_and(|asked| asked < replied))
}

/// The exchanges of the last connection, or of the selected exchange's, to the end of its transaction.
fn done(exchanges: &[Exchange], selected: Option<usize>) -> Option<&[Exchange]> {
    let is_greeting = |x: &Exchange| x.ask == Ask::Greeting;
    let up_to = selected.and_then(|n| exchanges.get(..=n)).unwrap_or(exchanges);
    let from = up_to.iter().rposition(is_greeting).or_else(|| exchanges.iter().position(is_greeting))?;
    let in_mail = up_to.get(from..).is_some_and(|seen| seen.iter().any(|x| x.verb == Verb::Mail));
    let begins_anew = |x: &Exchange| {
        is_greeting(x) || in_mail && x.ask == Ask::Command && matches!(x.verb, Verb::Mail | Verb::Starttls | Verb::Auth)
    };
    let after = up_to.len().max(from + 1);
    let end = exchanges[after..].iter().position(begins_anew).map_or(exchanges.len(), |n| after + n);
    Some(&exchanges[from..end])
}

/// What XCLIENT said, as it was.
fn announcement(talk: &Talk<'_>, mine: &[Exchange], words: &mut Vec<String>) {
    for command in mine.iter().filter(|x| x.verb == Verb::Xclient).filter_map(|x| parsed(talk, x)) {
        let said = String::from_utf8_lossy(&command.line[command.argument.clone()]).trim().to_owned();
        words.extend(["--xclient".to_owned(), quoted(&said)]);
    }
}

fn parsed(talk: &Talk<'_>, exchange: &Exchange) -> Option<Command> {
    let entry = talk.log.get(exchange.command()?)?;
    (entry.kind == Kind::Sent && !entry.masked).then(|| Command::parse(entry.bytes))
}

/// A command as it stands in the conversation.
fn line(talk: &Talk<'_>, exchange: &Exchange) -> String {
    exchange.command().and_then(|record| talk.log.get(record)).map_or_else(String::new, |entry| entry.in_file())
}

/// Where `ehlo send` finds the server; nothing where the conversation does not say it.
fn place_of_own(place: &Place<'_>) -> Option<String> {
    // Of what a file says only what leads to a server: `pipe:` would run a command.
    const LEADS: [&str; 7] = ["smtp://", "smtps://", "submission://", "lmtp://", "lmtp+unix:", "mx:", "lab:"];
    if LEADS.iter().any(|scheme| place.target.starts_with(scheme)) {
        return Some(place.target.to_owned());
    }
    let host = |text: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        text.contains('.') && text.chars().all(good)
    };
    match place.connected.strip_prefix("unix:") {
        Some(path) => Some(format!("lmtp+unix:{path}")),
        None if place.connected.parse::<std::net::SocketAddr>().is_ok() => Some(place.connected.to_owned()),
        None if host(place.connected) => Some(format!("smtp://{}", place.connected)),
        None => None,
    }
}

/// Whether swaks is told a port.
fn has_port(place: &Place<'_>) -> bool {
    let port = |text: &str| text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    port(place.target) || port(place.connected)
}

fn server(tool: &Tool, place: &Place<'_>, words: &mut Vec<String>) {
    if tool.own {
        words.push(place_of_own(place).map_or_else(|| "HOST".to_owned(), |place| quoted(&place)));
        return;
    }
    let named = place.target.split_once("://").map_or(place.target, |(_, rest)| rest);
    // The lab has no address of its own beyond this run.
    let place = if named.is_empty() || !place.target.contains("://") { place.connected } else { named };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, Some(port)),
        _ => (place, None),
    };
    words.extend(["--server".to_owned(), quoted(host.trim_matches(['[', ']']))]);
    if let Some(port) = port {
        words.extend(["--port".to_owned(), port.to_owned()]);
    }
}

fn greeting(tool: &Tool, talk: &Talk<'_>, mine: &[Exchange], words: &mut Vec<String>, left_out: &mut Vec<String>) {
    let greetings = mine.iter().filter(|x| matches!(x.verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo));
    let mut greetings: Vec<_> = greetings.filter_map(|x| parsed(talk, x)).collect();
    let Some(command) = greetings.pop() else { return };
    // Behind STARTTLS it is said again.
    greetings
        .retain(|it| it.verb != command.verb || it.line[it.argument.clone()] != command.line[command.argument.clone()]);
    if !greetings.is_empty() {
        let others = greetings.iter().map(|it| String::from_utf8_lossy(it.line.trim_ascii()).into_owned());
        left_out.push(format!("{}, before the last greeting", some(others.collect())));
    }
    let name = String::from_utf8_lossy(&command.line[command.argument.clone()]).trim().to_owned();
    if !name.is_empty() && !addresses::can_be_said(tool, &name, false) {
        left_out.push(format!("the name {name}"));
    } else if !name.is_empty() {
        words.push(option("--helo", &name));
    }
    match command.verb {
        Verb::Helo => words.extend(["--protocol".to_owned(), "SMTP".to_owned()]),
        Verb::Lhlo => words.extend(["--protocol".to_owned(), "LMTP".to_owned()]),
        _ => {}
    }
}

fn protection(tool: &Tool, talk: &Talk<'_>, mine: &[Exchange], words: &mut Vec<String>, left_out: &mut Vec<String>) {
    let last = mine.last().map_or(0, Exchange::start);
    let secured = talk.dialogue.state_at(talk.log, last).session.tls;
    let starttls = mine.iter().any(|x| x.verb == Verb::Starttls && x.code.is_some_and(|c| c.number() == 220));
    if starttls {
        words.push("--tls".to_owned());
    } else if secured {
        words.push("--tls-on-connect".to_owned());
    } else if tool.own {
        words.push("--no-tls".to_owned());
    }
    // swaks asks for no certificate that holds.
    if tool.own && secured && is_unverified(talk, last) {
        words.push("--no-tls-verify".to_owned());
    }
    let auth = mine.iter().rfind(|x| x.verb == Verb::Auth && x.ask == Ask::Command);
    if let Some(entry) = auth.and_then(|x| talk.log.get(x.command()?)) {
        let line = String::from_utf8_lossy(entry.bytes).into_owned();
        let mechanism = line.split_whitespace().nth(1).unwrap_or_default().to_ascii_uppercase();
        if !tool.own && !OF_SWAKS.contains(&mechanism.as_str()) {
            left_out.push(format!("the login by {mechanism}"));
            return;
        }
        words.extend(["--auth".to_owned(), quoted(&mechanism)]);
        let user = user(talk).or_else(|| tool.own.then(|| "USER".to_owned()));
        match user {
            Some(user) if !addresses::can_be_said(tool, &user, false) => left_out.push(format!("the user name {user}")),
            Some(user) => words.push(option("--auth-user", &user)),
            None => {}
        }
    }
}

/// The DATA of a transaction.
fn data(transaction: &[Exchange]) -> Option<&Exchange> {
    transaction.iter().find(|x| x.verb == Verb::Data && x.ask == Ask::Command)
}

/// Whether a message was begun.
fn begun(transaction: &[Exchange]) -> bool {
    data(transaction).and_then(|x| x.code).is_some_and(|code| code.number() == 354)
}

/// After what swaks is to stop where no message was begun.
fn stops_after(mine: &[Exchange], transaction: &[Exchange], to: &[String]) -> &'static str {
    let said = |verb| mine.iter().any(|x| x.verb == verb);
    if !to.is_empty() {
        "RCPT"
    } else if !transaction.is_empty() {
        "MAIL"
    } else if said(Verb::Auth) {
        "AUTH"
    } else if said(Verb::Starttls) {
        "TLS"
    } else if said(Verb::Ehlo) || said(Verb::Helo) || said(Verb::Lhlo) {
        "HELO"
    } else {
        "CONNECT"
    }
}

/// An option and its value, for a shell.
fn option(name: &str, value: &str) -> String {
    // Behind a blank it would be an option of its own.
    let divider = if value.starts_with('-') { '=' } else { ' ' };
    format!("{name}{divider}{}", quoted(value))
}

/// A word for a shell: what a file says is never read as anything else.
fn quoted(word: &str) -> String {
    let word: String = word.chars().filter(|c| escape::is_plain(*c)).collect();
    let safe = |c: char| c.is_ascii_alphanumeric() || "@.,_-+=:/".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(safe) {
        return word;
    }
    one_word(&word)
}

/// A text as it is, as one word for a shell.
fn one_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests;
