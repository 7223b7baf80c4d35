//! One session with one client, sans-IO: pieces of input in, actions out (RFC 5321, RFC 2033).
//!
//! Sockets, timers and TLS are the connection's; time and randomness come in with the [`Site`]'s world.

mod announced;
mod auth;
mod content;
pub(super) mod envelope;
mod greeting;
mod offers;
mod parameter;
pub(super) mod path;
mod presence;
mod question;
mod ruling;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::ListenerKind;
use super::framer::{Expect, Unit};
use super::scenario::{BareCr, BareLf, ListenerKeys, On, TlsFault};
use super::site::{Notice, Site};
use crate::conversation::Remark;
use crate::smtp::{EnhancedCode, Verb};
use content::Incoming;
use envelope::Transaction;
pub(super) use presence::Presence;
use ruling::Ruling;

/// The longest answer within AUTH (RFC 4954 4 thinks 12288 enough).
const AUTH_LINE: usize = 12_288 + 2;

/// What the connection has to do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Write these lines, each ended by CR LF.
    Reply(Vec<String>),
    /// Wait, in real time.
    Wait(Duration),
    /// Write these octets.
    Raw(Vec<u8>),
    /// Write the next reply slowly.
    Pace(Pace),
    /// Record a remark.
    Remark(Remark),
    /// Begin the TLS handshake.
    StartTls,
    /// Close the connection once all is written.
    Close,
    /// The same, where the client has taken its leave.
    Part,
    /// Reset the connection.
    Reset,
}

/// How slowly a reply is written, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// So many octets, then a pause.
    Octets(usize, Duration),
    /// A pause between lines.
    Lines(Duration),
}

/// Who is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) listener: ListenerKind,
    pub(super) number: u64,
}

/// What a handshake came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Secured {
    /// Version and cipher.
    pub(super) words: String,
    /// What a login can be bound to: `tls-server-end-point` (RFC 5929 4).
    pub(super) end_point: Option<Vec<u8>>,
    /// Who the client is by its certificate.
    pub(super) certified: Option<String>,
}

/// Where the session is (S20).
#[derive(Debug)]
enum State {
    /// Between commands; the transaction says the rest.
    Command,
    /// 354 was said.
    Content(Incoming),
    /// A chunk is being read.
    Chunk {
        left: u64,
        size: u64,
        last: bool,
        refused: Option<String>,
    },
    /// A 334 was said.
    Auth(auth::Dialogue),
    /// A rule said a 334; rules judge what is answered.
    Answer,
    Closed,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    /// None once somebody else counts the client.
    presence: Option<Presence>,
    site: Arc<Site>,
    client: Client,
    keys: ListenerKeys,
    state: State,
    /// HELO, EHLO or LHLO, and the name.
    greeted: Option<(Verb, String)>,
    /// What the handshake came to.
    tls: Option<Secured>,
    authenticated: Option<String>,
    transaction: Option<Transaction>,
    /// Chunks of the open transaction.
    chunks: Option<Incoming>,
    errors: u32,
    /// Mail transactions begun.
    transactions: u64,
    /// Which connection since the lab began.
    visit: u64,
    /// The login that is going on: the mechanism's name, and the answers that were given.
    login: (String, u64),
    /// Header lines that rules add to the message at hand, in the pieces between which a copy's recipient stands.
    stamps: Vec<Vec<String>>,
    /// Changes of what EHLO says.
    changes: Vec<String>,
    /// What a rule says in place of the next ordinary reply.
    instead: Option<Vec<String>>,
    /// How what a rule says is written, where its octets are no plain lines.
    verbatim: Option<Vec<u8>>,
    /// A rule takes what is at hand, to report this failure of it afterwards.
    bounce: Option<EnhancedCode>,
    /// What is at hand had come before it was due.
    early: bool,
    /// The client was turned away by the greeting; only QUIT is left (RFC 5321 3.1).
    turned_away: bool,
    out: Vec<Action>,
}

impl Session {
    pub(super) fn new(site: Arc<Site>, client: Client, keys: ListenerKeys) -> Self {
        Self::of(Presence::new(site, client, keys))
    }

    fn of(presence: Presence) -> Self {
        Self {
            site: Arc::clone(&presence.site),
            client: presence.client,
            keys: presence.keys,
            visit: presence.visit,
            presence: Some(presence),
            login: (String::new(), 0),
            verbatim: None,
            state: State::Command,
            greeted: None,
            tls: None,
            authenticated: None,
            transaction: None,
            chunks: None,
            errors: 0,
            transactions: 0,
            stamps: Vec::new(),
            changes: Vec::new(),
            instead: None,
            bounce: None,
            early: false,
            turned_away: false,
            out: Vec::new(),
        }
    }

    fn is_lmtp(&self) -> bool {
        self.client.listener == ListenerKind::Lmtp
    }

    /// The connection stands (and TLS, where it comes first): the greeting.
    pub(super) fn open(&mut self) -> Vec<Action> {
        self.greeting();
        self.take()
    }

    fn greeting(&mut self) {
        let mut ruling = self.rule_moment(On::Connect);
        if ruling == Ruling::Ordinary {
            ruling = self.rule_moment(On::Greeting);
        }
        match ruling {
            Ruling::Ordinary => {
                let banner = self.banner();
                self.say(banner);
            }
            Ruling::Reply(lines) => {
                self.turned_away = !succeeds(&lines);
                self.say_all(lines);
            }
            Ruling::Done => {}
        }
    }

    /// The handshake is done: all that was said in clear text is forgotten (RFC 3207 4.2).
    pub(super) fn tls_started(&mut self, secured: Secured) -> Vec<Action> {
        self.tls = Some(secured);
        self.greeted = None;
        self.authenticated = None;
        self.end_transaction();
        if let Ruling::Reply(lines) = self.rule_moment(On::Tls) {
            self.say_all(lines);
        }
        self.take()
    }

    /// What input is awaited; none once the session is over.
    pub(super) fn expects(&self) -> Option<Expect> {
        match &self.state {
            State::Command => Some(Expect::Line(self.site.scenario.parser.max_line)),
            State::Auth(_) | State::Answer => Some(Expect::Line(AUTH_LINE)),
            State::Content(_) => Some(Expect::Content),
            State::Chunk { left, .. } => Some(Expect::Chunk(*left)),
            State::Closed => None,
        }
    }

    /// Takes a piece of input; gives what is to be done.
    pub(super) fn handle(&mut self, unit: &Unit) -> Vec<Action> {
        match unit {
            Unit::Line { bytes, crlf } => self.line(bytes, *crlf),
            Unit::TooLong(_) => {
                self.state = State::Command;
                self.refuse("500 5.5.2 Error: line too long".to_owned());
            }
            Unit::Content(bytes) => self.content(bytes),
            Unit::Chunk(bytes) => self.chunk(bytes),
        }
        self.take()
    }

    /// Nothing came for too long.
    pub(super) fn idle(&mut self) -> Vec<Action> {
        match self.rule_moment(On::Idle) {
            Ruling::Ordinary => {
                let name = &self.site.scenario.server.name;
                self.say(format!("421 4.4.2 {name} Error: timeout exceeded"));
            }
            Ruling::Reply(lines) => self.say_all(lines),
            Ruling::Done => return self.take(),
        }
        self.close();
        self.take()
    }

    fn line(&mut self, bytes: &[u8], crlf: bool) {
        let parser = self.site.scenario.parser;
        if !crlf && parser.bare_lf == BareLf::Refuse {
            // RFC 5321 2.3.8: a line feed alone ends no line, and so what follows it must not be taken for a command. Nobody
            // can tell where the true end is; as Postfix does, the server hangs up.
            let name = self.site.scenario.server.name.clone();
            self.refuse(format!("521 5.5.2 {name} Error: bare <LF> received"));
            return self.close();
        }
        if bytes.contains(&b'\r') && parser.bare_cr == BareCr::Refuse {
            self.state = State::Command;
            return self.refuse("500 5.5.2 Error: bare <CR> received".to_owned());
        }
        match self.state {
            State::Auth(_) => return self.auth_answer(bytes),
            State::Answer => return self.auth_ruled(),
            _ => {}
        }
        if self.errors >= parser.max_errors {
            let name = &self.site.scenario.server.name;
            self.say(format!("421 4.7.0 {name} Error: too many errors"));
            return self.close();
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse("500 5.5.2 Error: bad UTF-8 syntax".to_owned());
        };
        let text = text.trim_end_matches([' ', '\t']);
        let (word, argument) = match text.find([' ', '\t']) {
            Some(at) => (&text[..at], text[at..].trim_start_matches([' ', '\t'])),
            None => (text, ""),
        };
        let verb = Verb::from_word(word);
        if verb == Verb::Auth {
            self.login = (argument.split_whitespace().next().unwrap_or_default().to_owned(), 0);
        }
        let ruling = self.rule_command(verb, argument, text);
        self.command(verb, word, argument, ruling);
    }

    fn command(&mut self, verb: Verb, word: &str, argument: &str, ruling: Ruling) {
        // These change nothing: a rule's answer is all there is to it.
        let only_said = matches!(verb, Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Noop | Verb::Other);
        match ruling {
            Ruling::Done => return,
            Ruling::Reply(lines) if verb == Verb::Bdat && !succeeds(&lines) => {
                return self.bdat_refused(argument, lines);
            }
            Ruling::Reply(lines) if !succeeds(&lines) || only_said => return self.say_all(lines),
            Ruling::Reply(lines) if verb == Verb::Auth && lines[0].starts_with('3') => {
                self.state = State::Answer;
                return self.say_all(lines);
            }
            Ruling::Reply(lines) if verb == Verb::Auth && lines[0].starts_with('2') => {
                self.authenticated = Some("anybody".to_owned());
                return self.say_all(lines);
            }
            Ruling::Reply(lines) => self.instead = Some(lines),
            Ruling::Ordinary if self.turned_away && verb != Verb::Quit => {
                return self.say("503 5.5.1 Error: only QUIT is possible now".to_owned());
            }
            Ruling::Ordinary => {}
        }
        self.obey(verb, word, argument);
        self.bounce = None;
        // What is said of a chunk is said once it is there.
        if !matches!(self.state, State::Chunk { last: false, .. }) {
            self.instead = None;
            self.verbatim = None;
        }
    }

    fn obey(&mut self, verb: Verb, word: &str, argument: &str) {
        match verb {
            verb @ (Verb::Helo | Verb::Ehlo | Verb::Lhlo) => self.greet(verb, argument),
            Verb::Mail => self.mail(argument),
            Verb::Rcpt => self.rcpt(argument),
            Verb::Data => self.data(argument),
            Verb::Bdat => self.bdat(argument),
            Verb::Rset if !argument.is_empty() => self.refuse("501 5.5.4 Syntax: RSET".to_owned()),
            Verb::Rset => {
                self.end_transaction();
                self.say("250 2.0.0 Ok".to_owned());
            }
            Verb::Noop => self.say("250 2.0.0 Ok".to_owned()),
            Verb::Quit => {
                self.say("221 2.0.0 Bye".to_owned());
                self.over(Action::Part);
            }
            Verb::Vrfy => self.vrfy(argument),
            Verb::Expn => self.expn(argument),
            Verb::Help => self.help(argument),
            Verb::Starttls => self.starttls(argument),
            Verb::Auth => self.auth(argument),
            Verb::Xclient => self.xclient(argument),
            Verb::Xforward => self.xforward(argument),
            Verb::Other => self.unknown(word),
        }
    }

    fn unknown(&mut self, word: &str) {
        if word.is_empty() {
            return self.refuse("500 5.5.2 Error: bad syntax".to_owned());
        }
        if ["GET", "POST", "CONNECT"].iter().any(|http| word.eq_ignore_ascii_case(http)) {
            self.say("221 2.7.0 Error: I can break rules, too. Goodbye.".to_owned());
            return self.close();
        }
        self.refuse("500 5.5.2 Error: command not recognized".to_owned());
    }

    fn starttls(&mut self, argument: &str) {
        let refusal = if self.tls.is_some() {
            "554 5.5.1 Error: TLS already active"
        } else if !self.starttls_works() {
            "502 5.5.1 Error: command not implemented"
        } else if !argument.is_empty() {
            "501 5.5.4 Syntax: STARTTLS"
        } else if self.transaction.is_some() {
            "503 5.5.1 Error: MAIL transaction in progress"
        } else {
            if self.site.scenario.tls.fault == TlsFault::Refuse {
                return self.say("454 4.7.0 TLS not available due to local problem".to_owned());
            }
            self.say("220 2.0.0 Ready to start TLS".to_owned());
            if self.site.scenario.tls.fault == TlsFault::InjectAfter220 {
                self.out.push(Action::Raw(b"250 2.0.0 Ok: this is clear text\r\n".to_vec()));
            }
            self.out.push(Action::StartTls);
            return;
        };
        self.refuse(refusal.to_owned());
    }

    /// Ends the mail transaction, whatever became of it.
    fn end_transaction(&mut self) {
        self.transaction = None;
        if let Some(chunks) = self.chunks.take() {
            self.site.give_room(chunks.room);
        }
    }

    fn close(&mut self) {
        self.over(Action::Close);
    }

    fn over(&mut self, how: Action) {
        self.end_transaction();
        self.state = State::Closed;
        self.out.push(how);
    }

    /// An ordinary reply of one line, in the words of whoever is imitated.
    fn say(&mut self, line: String) {
        let line = self.worded(line);
        self.say_all(vec![line]);
    }

    /// A refusal that counts as an error of the client's.
    fn refuse(&mut self, line: String) {
        self.errors += 1;
        self.instead = None;
        self.verbatim = None;
        self.say(line);
    }

    /// An ordinary reply of several lines.
    fn say_ordinary(&mut self, lines: Vec<String>) {
        let lines = lines.into_iter().map(|line| self.offered(line)).collect();
        self.say_all(lines);
    }

    /// An ordinary line as it is where not every extension is offered: without its enhanced status code, where these are
    /// not. What a scenario says in its own words goes out as written.
    fn offered(&self, line: String) -> String {
        if self.site.enhanced {
            return line;
        }
        without_enhanced(&line)
    }

    fn say_all(&mut self, lines: Vec<String>) {
        let lines = self.instead.take().unwrap_or(lines);
        if let Some(octets) = self.verbatim.take() {
            return self.out.push(Action::Raw(octets));
        }
        self.out.push(Action::Reply(lines));
    }

    fn note(&mut self, text: String) {
        self.out.push(Action::Remark(Remark::new("note").value(&text)));
        self.site.tell(Notice::Note { session: self.client.number, text });
    }

    fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.out)
    }

    /// What a variable of a reply stands for (S15).
    fn variable(&self, name: &str, rcpt: &str) -> String {
        match name {
            "name" => self.site.scenario.server.name.clone(),
            "software" => self.software().to_owned(),
            "client" => self.client.address.ip().to_string(),
            "helo" => self.greeted.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
            "from" => self.transaction.as_ref().map(|t| t.from.to_string()).unwrap_or_default(),
            "rcpt" => rcpt.to_owned(),
            "queue_id" => self.transaction.as_ref().map(|t| t.queue_id.clone()).unwrap_or_default(),
            "date" => self.site.date(),
            "size" => self.size_limit().unwrap_or_default().to_string(),
            other => self.played_now(other).unwrap_or_default(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end_transaction();
        if let State::Content(incoming) = &self.state {
            self.site.give_room(incoming.room);
        }
    }
}

/// Whether a reply lets things go on: its class is 2 or 3.
fn succeeds(lines: &[String]) -> bool {
    lines.last().is_some_and(|line| line.starts_with(['2', '3']))
}

/// A reply line without its enhanced status code.
pub(super) fn without_enhanced(line: &str) -> String {
    match line.get(4..).and_then(|text| crate::smtp::EnhancedCode::at_start(text.as_bytes())) {
        Some((_, octets)) => format!("{}{}", &line[..4], line[4 + octets..].trim_start()),
        None => line.to_owned(),
    }
}
