//! The session's state machine: which phase, what was offered, what the envelope holds, and what may follow.
//!
//! Sans-IO: it is told what was sent and what came back, and says what is legal now, what is odd, and why.
//! Cloning is O(1): the list of recipients is not kept here (the dialogue has it), only the counts.

use std::sync::Arc;

use super::lint::Severity;
use super::verb::VerbEntry;
use super::{Capabilities, Class, Command, Reply, Verb, VerbTable};

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// No connection, or one being made.
    #[default]
    Connecting,
    /// Connected; the greeting is awaited.
    Greeting,
    /// The greeting came; neither HELO nor EHLO yet, or TLS has just begun.
    Greeted,
    /// HELO, EHLO or LHLO was accepted; no mail transaction.
    Ready,
    /// MAIL was accepted; no recipient yet.
    Mail,
    /// At least one recipient was accepted.
    Rcpt,
    /// 354 came: message content is expected, up to the lone dot.
    Data,
    /// The lone dot was sent; the verdict is awaited.
    Verdict,
    /// A BDAT chunk was sent; more may follow.
    Bdat,
    /// A 334 is open: the answer of a SASL exchange is expected.
    Auth,
    /// STARTTLS was accepted: the handshake is due.
    Handshake,
    /// QUIT was accepted.
    Quit,
    /// The connection is closed.
    Closed,
}

impl Phase {
    /// All of them, in order of a session's life.
    pub const ALL: [Self; 13] = [
        Self::Connecting,
        Self::Greeting,
        Self::Greeted,
        Self::Ready,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Verdict,
        Self::Bdat,
        Self::Auth,
        Self::Handshake,
        Self::Quit,
        Self::Closed,
    ];

    /// Its name in files and expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Greeted => "greeted",
            Self::Ready => "ready",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Verdict => "verdict",
            Self::Bdat => "bdat",
            Self::Auth => "auth",
            Self::Handshake => "handshake",
            Self::Quit => "quit",
            Self::Closed => "closed",
        }
    }

    /// The phase of this name. `connected` and `content`, as scenarios have them, are read too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "connected" => Some(Self::Greeted),
            "content" => Some(Self::Data),
            _ => Self::ALL.into_iter().find(|phase| phase.name() == name),
        }
    }

    /// Whether a mail transaction is open.
    #[must_use]
    pub fn in_transaction(self) -> bool {
        matches!(self, Self::Mail | Self::Rcpt | Self::Data | Self::Verdict | Self::Bdat)
    }
}

/// What a line that is sent is, at this point of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A command; a reply is due.
    Command(Box<Command>),
    /// A line of message content; no reply is due.
    Content,
    /// The lone dot; a reply is due (in LMTP one for each accepted recipient).
    EndOfData,
    /// An answer within AUTH; a reply is due.
    AuthAnswer,
}

/// What a reply answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// The connection itself.
    Greeting,
    /// A command.
    Command(Box<Command>),
    /// The lone dot. `of` replies are due, this is number `nth` (from 0).
    EndOfData {
        /// Which of them, from 0.
        nth: u32,
        /// How many: 1, or in LMTP the number of accepted recipients.
        of: u32,
    },
    /// An answer within AUTH.
    AuthAnswer,
    /// Nothing: the server spoke unasked.
    Nothing,
}

impl Awaited {
    /// The verb, where a command is answered; AUTH for an answer within it, DATA for the lone dot.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        match self {
            Self::Command(command) => Some(command.verb),
            Self::AuthAnswer => Some(Verb::Auth),
            Self::EndOfData { .. } => Some(Verb::Data),
            Self::Greeting | Self::Nothing => None,
        }
    }
}

/// Why a command does not fit here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Not allowed, or only odd.
    pub severity: Severity,
    /// Why, in one sentence.
    pub reason: String,
    /// The RFC and section.
    pub reference: &'static str,
}

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    phase: Phase,
    /// Where the session stood before AUTH or DATA.
    before: Phase,
    /// HELO, EHLO or LHLO, once accepted.
    pub greeted_by: Option<Verb>,
    /// Whether the line is encrypted.
    pub tls: bool,
    /// The mechanism by which the client logged in.
    pub authenticated: Option<Arc<str>>,
    /// The mechanism of the exchange that is going on.
    mechanism: Option<Arc<str>>,
    /// What the server offered last.
    pub capabilities: Arc<Capabilities>,
    /// The reverse-path of the open transaction; empty for the null path.
    pub reverse_path: Option<Arc<str>>,
    /// Recipients accepted in the open transaction.
    pub accepted: u32,
    /// Recipients refused in it.
    pub refused: u32,
    /// Mail transactions begun: number of MAIL accepted.
    pub transactions: u32,
    /// Messages that the server took.
    pub delivered: u32,
    /// Octets of the open BDAT chunk that are still to be sent.
    pub chunk_left: u64,
    /// Octets of content sent in the open transaction.
    pub content_octets: u64,
    /// The server said 421, or 554 as its greeting: it wants no more than QUIT.
    pub turned_away: bool,
}

impl Session {
    /// A session before its connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the protocol is LMTP (RFC 2033).
    #[must_use]
    pub fn is_lmtp(&self) -> bool {
        self.greeted_by == Some(Verb::Lhlo)
    }

    /// A connection is being made: everything starts over.
    pub fn connecting(&mut self) {
        *self = Self::default();
    }

    /// The connection stands; the greeting is awaited.
    pub fn connected(&mut self) {
        self.phase = Phase::Greeting;
    }

    /// The line is encrypted now. After STARTTLS everything that was known is forgotten (RFC 3207 4.2).
    pub fn tls_started(&mut self) {
        let starttls = !matches!(self.phase, Phase::Connecting | Phase::Greeting);
        *self = Self { tls: true, phase: if starttls { Phase::Greeted } else { self.phase }, ..Self::default() };
    }

    /// The connection has ended.
    pub fn closed(&mut self) {
        self.phase = Phase::Closed;
        self.chunk_left = 0;
    }

    /// What a line would be if it were sent now.
    #[must_use]
    pub fn classify(&self, line: &[u8]) -> Sent {
        match self.phase {
            Phase::Data if line == b"." => Sent::EndOfData,
            Phase::Data => Sent::Content,
            _ if self.chunk_left > 0 => Sent::Content,
            Phase::Auth => Sent::AuthAnswer,
            _ => Sent::Command(Box::new(Command::parse(line))),
        }
    }

    /// A line (without its end) was sent. Gives what it was, and changes what changes by sending alone.
    pub fn sent(&mut self, line: &[u8]) -> Sent {
        let sent = self.classify(line);
        match &sent {
            Sent::Content => self.content_sent(line.len() as u64 + 2),
            Sent::EndOfData => self.phase = Phase::Verdict,
            Sent::Command(command) => {
                if let Some((size, _)) = command.chunk() {
                    self.chunk_left = size;
                    if self.phase == Phase::Rcpt {
                        self.phase = Phase::Bdat;
                    }
                }
            }
            Sent::AuthAnswer => {}
        }
        sent
    }

    /// So many octets of content were sent.
    pub fn content_sent(&mut self, octets: u64) {
        self.content_octets += octets;
        self.chunk_left = self.chunk_left.saturating_sub(octets);
    }

    /// How many replies the lone dot will have.
    #[must_use]
    pub fn verdicts_due(&self) -> u32 {
        if self.is_lmtp() { self.accepted.max(1) } else { 1 }
    }

    fn end_transaction(&mut self) {
        self.reverse_path = None;
        self.accepted = 0;
        self.refused = 0;
        self.content_octets = 0;
        self.chunk_left = 0;
        self.phase = if self.greeted_by.is_some() { Phase::Ready } else { Phase::Greeted };
    }

    /// A complete reply came, and answers this.
    pub fn replied(&mut self, awaited: &Awaited, reply: &Reply) {
        if reply.code().is_some_and(|code| code.number() == 421) {
            self.turned_away = true;
        }
        match awaited {
            Awaited::Greeting => {
                self.phase = Phase::Greeted;
                self.turned_away |= reply.class() != Class::Success;
            }
            Awaited::Command(command) => self.command_replied(command, reply),
            Awaited::AuthAnswer => self.auth_replied(reply),
            Awaited::EndOfData { nth, of } => {
                if reply.class() == Class::Success {
                    self.delivered += 1;
                }
                if nth + 1 >= *of {
                    self.end_transaction();
                }
            }
            Awaited::Nothing => {}
        }
    }

    fn command_replied(&mut self, command: &Command, reply: &Reply) {
        let success = reply.class() == Class::Success;
        match command.verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if success => {
                self.greeted_by = Some(command.verb);
                self.capabilities = Arc::new(if command.verb == Verb::Helo {
                    Capabilities::default()
                } else {
                    Capabilities::from_reply(reply)
                });
                self.end_transaction();
            }
            Verb::Mail if success => {
                self.end_transaction();
                self.transactions += 1;
                self.reverse_path = Some(command.path.as_ref().map_or_else(String::new, super::Path::address).into());
                self.phase = Phase::Mail;
            }
            Verb::Rcpt if success => {
                self.accepted += 1;
                self.phase = Phase::Rcpt;
            }
            Verb::Rcpt => self.refused += 1,
            Verb::Data if reply.class() == Class::Intermediate => {
                self.before = self.phase;
                self.content_octets = 0;
                self.phase = Phase::Data;
            }
            Verb::Bdat => match command.chunk() {
                Some((_, true)) => {
                    self.delivered += u32::from(success);
                    self.end_transaction();
                }
                _ if success => self.phase = Phase::Bdat,
                _ => {}
            },
            Verb::Rset if success => self.end_transaction(),
            Verb::Starttls if success => self.phase = Phase::Handshake,
            Verb::Auth => {
                if self.phase != Phase::Auth {
                    self.before = self.phase;
                }
                let name = String::from_utf8_lossy(command.argument());
                self.mechanism = name.split_whitespace().next().map(|name| name.to_ascii_uppercase().into());
                self.auth_replied(reply);
            }
            Verb::Quit if success => self.phase = Phase::Quit,
            _ => {}
        }
    }

    fn auth_replied(&mut self, reply: &Reply) {
        match reply.class() {
            Class::Intermediate => self.phase = Phase::Auth,
            class => {
                if self.phase == Phase::Auth {
                    self.phase = self.before;
                }
                let mechanism = self.mechanism.take();
                if class == Class::Success {
                    self.authenticated = Some(mechanism.unwrap_or_default());
                }
            }
        }
    }

    /// The verbs of the table that may follow now, in its order: legal in this phase and, where a capability is
    /// needed, offered.
    #[must_use]
    pub fn may_follow<'a>(&self, verbs: &'a VerbTable) -> Vec<&'a VerbEntry> {
        let phase = self.phase.name();
        verbs
            .verbs
            .iter()
            .filter(|entry| entry.phases.iter().any(|name| name == phase))
            .filter(|entry| entry.capability.as_deref().is_none_or(|keyword| self.capabilities.has(keyword)))
            .filter(|entry| match entry.name.as_str() {
                "STARTTLS" => !self.tls,
                "AUTH" => self.authenticated.is_none(),
                "LHLO" => self.greeted_by.is_none_or(|verb| verb == Verb::Lhlo),
                _ => true,
            })
            .collect()
    }

    /// What speaks against sending this command now, most severe first; nothing where it fits.
    #[must_use]
    pub fn objection(&self, command: &Command) -> Option<Objection> {
        let wrong = |reason: &str, reference| {
            Some(Objection { severity: Severity::Wrong, reason: reason.to_owned(), reference })
        };
        let odd =
            |reason: &str, reference| Some(Objection { severity: Severity::Odd, reason: reason.to_owned(), reference });
        let verb = command.verb;
        match self.phase {
            Phase::Connecting | Phase::Closed => {
                return wrong("There is no connection; connect first.", "RFC 5321 3.1");
            }
            Phase::Greeting => {
                return odd("The server has not greeted yet; a client must wait for its 220.", "RFC 5321 3.1");
            }
            Phase::Handshake => return wrong("The TLS handshake is due before the next command.", "RFC 3207 4"),
            Phase::Quit => return odd("QUIT was accepted; the server will not answer any more.", "RFC 5321 4.1.1.10"),
            Phase::Verdict if !self.capabilities.has("PIPELINING") => {
                return odd("The verdict on the message has not come yet.", "RFC 5321 4.1.1.4");
            }
            _ => {}
        }
        if self.turned_away && verb != Verb::Quit {
            return odd("The server turned this connection away; it waits for nothing but QUIT.", "RFC 5321 3.1");
        }
        let greeted = self.greeted_by.is_some();
        let in_transaction = self.phase.in_transaction();
        match verb {
            Verb::Mail if !greeted => wrong("HELO or EHLO must come before MAIL.", "RFC 5321 4.1.4"),
            Verb::Mail if in_transaction => {
                wrong("A mail transaction is open; finish it, or RSET first.", "RFC 5321 4.1.4")
            }
            Verb::Rcpt if !in_transaction => wrong("MAIL must come before RCPT.", "RFC 5321 4.1.4"),
            Verb::Rcpt if self.phase == Phase::Bdat => {
                wrong("The content has begun; RCPT must come before it.", "RFC 3030 2")
            }
            Verb::Data if !in_transaction => wrong("MAIL and RCPT must come before DATA.", "RFC 5321 4.1.4"),
            Verb::Data if self.phase == Phase::Bdat => {
                wrong("BDAT and DATA can't be mixed in one transaction.", "RFC 3030 2")
            }
            Verb::Data | Verb::Bdat if in_transaction && self.accepted == 0 => {
                wrong("No recipient was accepted; there is nobody to deliver to.", "RFC 5321 3.3")
            }
            Verb::Bdat if !in_transaction => wrong("MAIL and RCPT must come before BDAT.", "RFC 3030 2"),
            Verb::Bdat if !self.capabilities.has("CHUNKING") => {
                wrong("The server did not offer CHUNKING.", "RFC 3030 2")
            }
            Verb::Starttls if self.tls => wrong("The line is encrypted already.", "RFC 3207 4.2"),
            Verb::Starttls if in_transaction => odd("STARTTLS drops the open mail transaction.", "RFC 3207 4.2"),
            Verb::Starttls if self.greeted_by != Some(Verb::Helo) && greeted && !self.capabilities.has("STARTTLS") => {
                odd("The server did not offer STARTTLS.", "RFC 3207 4")
            }
            Verb::Starttls if !greeted => {
                odd("EHLO comes first: only its reply says whether STARTTLS is offered.", "RFC 3207 4")
            }
            Verb::Auth if self.authenticated.is_some() => {
                wrong("You are logged in; AUTH works once a session.", "RFC 4954 4")
            }
            Verb::Auth if in_transaction => wrong("AUTH is not allowed within a mail transaction.", "RFC 4954 4"),
            Verb::Auth if !greeted || self.greeted_by == Some(Verb::Helo) => {
                wrong("AUTH needs EHLO first: its reply lists the mechanisms.", "RFC 4954 4")
            }
            Verb::Auth if !self.capabilities.has("AUTH") && !self.tls && self.capabilities.has("STARTTLS") => {
                odd("The server offers no AUTH here; many offer it only after STARTTLS.", "RFC 4954 4")
            }
            Verb::Auth if !self.capabilities.has("AUTH") => odd("The server did not offer AUTH.", "RFC 4954 4"),
            Verb::Helo | Verb::Ehlo | Verb::Lhlo if in_transaction => {
                odd("A new greeting drops the open mail transaction, as RSET does.", "RFC 5321 4.1.4")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::{LineEnd, ReplyLine};
    use super::*;

    fn reply(text: &str) -> Reply {
        let mut reply = Reply::default();
        for line in text.lines() {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        reply
    }

    /// Plays `(line, reply)` pairs after the greeting.
    fn session(steps: &[(&str, &str)]) -> Session {
        let mut session = Session::new();
        session.connected();
        session.replied(&Awaited::Greeting, &reply("220 mx"));
        for (line, answer) in steps {
            let awaited = match session.sent(line.as_bytes()) {
                Sent::Command(command) => Awaited::Command(command),
                Sent::EndOfData => Awaited::EndOfData { nth: 0, of: 1 },
                Sent::AuthAnswer => Awaited::AuthAnswer,
                Sent::Content => continue,
            };
            session.replied(&awaited, &reply(answer));
        }
        session
    }

    const EHLO: (&str, &str) = ("EHLO a", "250-mx\n250-STARTTLS\n250 AUTH PLAIN");

    #[test]
    fn the_phases_of_a_transaction() {
        let steps = [
            ("HELO a", "250 mx"),
            ("MAIL FROM:<a@b>", "250 ok"),
            ("RCPT TO:<c@d>", "250 ok"),
            ("DATA", "354 go"),
            ("text", ""),
            (".", "250 ok"),
        ];
        let phases: Vec<_> = (0..=steps.len()).map(|n| session(&steps[..n]).phase()).collect();
        assert_eq!(
            phases,
            [Phase::Greeted, Phase::Ready, Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Data, Phase::Ready]
        );
        assert_eq!(session(&steps).delivered, 1);
    }

    #[test]
    fn starttls_forgets_what_was_offered() {
        let mut tls = session(&[EHLO, ("STARTTLS", "220 go")]);
        assert_eq!(tls.phase(), Phase::Handshake);
        tls.tls_started();
        assert_eq!((tls.phase(), tls.tls, tls.greeted_by), (Phase::Greeted, true, None));
        assert!(!tls.capabilities.has("AUTH"));
    }

    #[test]
    fn auth_goes_back_to_where_it_began() {
        let open = session(&[EHLO, ("AUTH LOGIN", "334 VXNlcm5hbWU6")]);
        assert_eq!(open.phase(), Phase::Auth);
        let done = session(&[EHLO, ("AUTH LOGIN", "334 VXNlcm5hbWU6"), ("ZHVkZQ==", "235 ok")]);
        assert_eq!((done.phase(), done.authenticated.as_deref()), (Phase::Ready, Some("LOGIN")));
        let failed = session(&[EHLO, ("AUTH PLAIN x", "535 no")]);
        assert_eq!((failed.phase(), failed.authenticated), (Phase::Ready, None));
    }

    #[test]
    fn what_does_not_fit_is_said_with_its_reason() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: [Case<'_>; 6] = [
            (&[], "MAIL FROM:<>", "HELO or EHLO"),
            (&[EHLO], "RCPT TO:<a@b>", "MAIL must come"),
            (&[EHLO, ("MAIL FROM:<a@b>", "250 ok"), ("RCPT TO:<c@d>", "550 no")], "DATA", "No recipient"),
            (&[EHLO, ("MAIL FROM:<a@b>", "250 ok")], "MAIL FROM:<a@b>", "is open"),
            (&[EHLO, ("AUTH PLAIN x", "235 ok")], "AUTH PLAIN x", "logged in"),
            (&[("HELO a", "250 mx")], "AUTH PLAIN", "needs EHLO"),
        ];
        for (steps, line, want) in cases {
            let objection = session(steps).objection(&Command::parse(line.as_bytes())).expect(line);
            assert!(objection.reason.contains(want), "{line}: {}", objection.reason);
        }
        assert_eq!(session(&[EHLO]).objection(&Command::parse(b"NOOP")), None);
    }

    #[test]
    fn a_chunk_takes_its_octets_as_content() {
        let mut s =
            session(&[("EHLO a", "250-mx\n250 CHUNKING"), ("MAIL FROM:<a@b>", "250 ok"), ("RCPT TO:<c@d>", "250 ok")]);
        let Sent::Command(bdat) = s.sent(b"BDAT 6 LAST") else { panic!("a command") };
        assert_eq!(s.sent(b"QUIT"), Sent::Content);
        s.replied(&Awaited::Command(bdat), &reply("250 ok"));
        assert_eq!((s.phase(), s.delivered), (Phase::Ready, 1));
    }
}
