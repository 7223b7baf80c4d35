//! The session's state machine: which phase, what was offered, what the envelope holds, and what may follow.
//!
//! Sans-IO: it is told what was sent and what came back, and says what is legal now, what is odd, and why.
//! Cloning is O(1): the list of recipients is not kept here (the dialogue has it), only the counts.

mod legality;
mod phase;
mod replied;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Capabilities, Class, Command, Path, Reply, ReplyCode, Verb};

pub use legality::Objection;
pub use phase::Phase;

/// What a line that is sent is, at this point of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A command; a reply is due.
    Command(Arc<Command>),
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
    Command(Arc<Command>),
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

/// How many recipient domains of a session are told apart.
const MOST_DOMAINS: usize = 1000;

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    phase: Phase,
    /// Where the session stood before AUTH or DATA, or when the connection ended.
    before: Phase,
    /// HELO, EHLO or LHLO, once accepted.
    pub greeted_by: Option<Verb>,
    /// The protocol was said to be LMTP, whatever the client greets with.
    lmtp: bool,
    /// Whether the line is encrypted.
    pub tls: bool,
    /// A greeting was exchanged in clear text, and forgotten with STARTTLS: EHLO is due again (RFC 3207 4.2).
    pub forgot: bool,
    /// The banner says that the protocol is LMTP.
    announces_lmtp: bool,
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
    /// MAIL answered, whether accepted or not: MAILMAX counts both (RFC 9422 4.1).
    pub mails: u32,
    /// The domains of all RCPT answered, lower case: RCPTDOMAINMAX counts them for the session (RFC 9422 4.3). Not more
    /// than a thousand are kept, and none as long as the server names no such limit.
    domains: Arc<BTreeSet<Box<str>>>,
    /// The server names such a limit.
    limits_domains: bool,
    /// Messages that the server took.
    pub delivered: u32,
    /// The verdicts on the last message: for how many it was taken, of how many there were (LMTP: one a recipient).
    /// None once something else was answered since, or before the first.
    pub verdicts: Option<(u32, u32)>,
    /// Octets of the open BDAT chunk that are still to be sent.
    pub chunk_left: u64,
    /// Octets of content sent in the open transaction.
    pub content_octets: u64,
    /// The server said 421, or 554 as its greeting: it wants no more than QUIT.
    pub turned_away: bool,
    /// Commands sent whose replies have not come.
    awaited: u32,
    /// Where the session will be if all of them succeed; only while there are some.
    ahead: Option<Phase>,
    /// One of them whose reply must be seen before anything else is sent (RFC 2920 3.1).
    held_by: Option<Verb>,
    /// What the last MAIL asked for.
    asked: MailAsks,
    /// What was said last is not known: see [`Self::lost_sight`].
    blind: bool,
}

/// What a MAIL asked for that later commands depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct MailAsks {
    /// SMTPUTF8 (RFC 6531).
    utf8: bool,
    /// BODY=BINARYMIME (RFC 3030).
    binary: bool,
}

impl MailAsks {
    fn of(command: &Command) -> Self {
        let body = command.parameter("BODY").and_then(|body| body.value.as_deref());
        Self {
            utf8: command.parameter("SMTPUTF8").is_some(),
            binary: body.is_some_and(|body| body.eq_ignore_ascii_case("BINARYMIME")),
        }
    }
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
        self.lmtp || self.greeted_by == Some(Verb::Lhlo)
    }

    /// Whether LHLO is the greeting here: the protocol is LMTP, or the banner says so and nobody has greeted yet.
    #[must_use]
    pub fn greets_by_lhlo(&self) -> bool {
        self.is_lmtp() || self.greeted_by.is_none() && self.announces_lmtp
    }

    /// What was dialled speaks LMTP: a server that takes MAIL before LHLO still has a verdict for each recipient.
    pub fn speak_lmtp(&mut self) {
        self.lmtp = true;
    }

    /// Whether the open transaction was begun with SMTPUTF8 (RFC 6531 3.4); one whose MAIL is not answered yet counts.
    #[must_use]
    pub fn smtputf8(&self) -> bool {
        self.asked.utf8 && self.expected().in_transaction()
    }

    /// Where the session will be if every command that awaits its reply succeeds.
    #[must_use]
    pub fn expected(&self) -> Phase {
        self.ahead.unwrap_or(self.phase)
    }

    /// Whether commands were sent whose replies have not come.
    #[must_use]
    pub fn is_awaiting(&self) -> bool {
        self.awaited > 0
    }

    /// The same session without what is awaited: judged by the replies that have come alone, as a server judges a line
    /// that was pipelined.
    #[must_use]
    pub fn settled(self) -> Self {
        Self { awaited: 0, ahead: None, held_by: None, ..self }
    }

    /// A connection is being made: everything starts over.
    pub fn connecting(&mut self) {
        *self = Self::default();
    }

    /// The connection stands; the greeting is awaited.
    pub fn connected(&mut self) {
        self.phase = Phase::Greeting;
    }

    /// The line is encrypted now. After STARTTLS everything that was known is forgotten (RFC 3207 4.2); how many
    /// transactions there were, and how many messages were taken, is not knowledge of the server's, and stays.
    pub fn tls_started(&mut self) {
        let starttls = !matches!(self.phase, Phase::Connecting | Phase::Greeting);
        let phase = if starttls { Phase::Greeted } else { self.phase };
        let Self { lmtp, announces_lmtp, transactions, mails, delivered, .. } = *self;
        let domains = std::mem::take(&mut self.domains);
        let kept = Self { lmtp, announces_lmtp, transactions, mails, domains, delivered, ..Self::default() };
        *self = Self { tls: true, phase, forgot: starttls, ..kept };
    }

    /// The connection has ended.
    pub fn closed(&mut self) {
        self.before = self.reached();
        self.phase = Phase::Closed;
        self.chunk_left = 0;
        (self.awaited, self.ahead, self.held_by) = (0, None, None);
    }

    /// Some of what either side said is not known: nothing is awaited any more, and whether what was going on has ended is
    /// told by the client's next line.
    pub fn lost_sight(&mut self) {
        (self.awaited, self.ahead, self.held_by) = (0, None, None);
        self.chunk_left = 0;
        if self.phase == Phase::Verdict {
            self.end_transaction();
        }
        self.blind = true;
    }

    /// The client's first line after something that is not known: content or a log-in that it is no part of was over.
    fn see_again(&mut self, line: &[u8]) {
        match self.phase {
            Phase::Data if line != b"." => self.end_transaction(),
            Phase::Auth if Command::parse(line).verb != Verb::Other => {
                self.phase = if self.greeted_by.is_some() { Phase::Ready } else { Phase::Greeted };
            }
            _ => {}
        }
    }

    /// How far it has come: where it is, or where it was when the connection ended.
    #[must_use]
    pub fn reached(&self) -> Phase {
        if self.phase == Phase::Closed { self.before } else { self.phase }
    }

    /// What a line would be if it were sent now.
    #[must_use]
    pub fn classify(&self, line: &[u8]) -> Sent {
        match self.phase {
            Phase::Data if line == b"." => Sent::EndOfData,
            Phase::Data => Sent::Content,
            _ if self.chunk_left > 0 => Sent::Content,
            Phase::Auth => Sent::AuthAnswer,
            _ => Sent::Command(Arc::new(Command::parse(line))),
        }
    }

    /// A line (without its end) was sent. Gives what it was, and changes what changes by sending alone.
    pub fn sent(&mut self, line: &[u8]) -> Sent {
        if std::mem::take(&mut self.blind) {
            self.see_again(line);
        }
        let sent = self.classify(line);
        match &sent {
            Sent::Content => self.content_sent(line.len() as u64 + 2),
            Sent::EndOfData => {
                self.phase = Phase::Verdict;
                self.awaited += 1;
                self.ahead = Some(Phase::Ready);
            }
            Sent::Command(command) => {
                if let Some((size, _)) = command.chunk() {
                    self.chunk_left = size;
                    if self.phase == Phase::Rcpt {
                        self.phase = Phase::Bdat;
                    }
                }
                self.foresee(command);
            }
            Sent::AuthAnswer => {
                self.awaited += 1;
                self.held_by = Some(Verb::Auth);
            }
        }
        sent
    }

    /// Takes the success of a command that was sent for granted, so that what is pipelined after it is judged by it.
    fn foresee(&mut self, command: &Command) {
        self.awaited += 1;
        let expected = self.expected();
        match command.verb {
            Verb::Mail => {
                self.asked = MailAsks::of(command);
                self.ahead = Some(Phase::Mail);
            }
            Verb::Rcpt if expected.in_transaction() => self.ahead = Some(Phase::Rcpt),
            Verb::Bdat => {
                self.ahead = Some(if matches!(command.chunk(), Some((_, true))) { Phase::Ready } else { Phase::Bdat });
            }
            Verb::Rset if self.greeted_by.is_some() => self.ahead = Some(Phase::Ready),
            Verb::Rset | Verb::Rcpt | Verb::Noop | Verb::Xforward | Verb::Other => {}
            verb => self.held_by = Some(verb),
        }
    }

    fn settle(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
        if self.awaited == 0 {
            self.ahead = None;
            self.held_by = None;
        }
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
            Awaited::EndOfData { nth, of } if nth + 1 < *of => {}
            Awaited::Greeting | Awaited::Nothing => {}
            _ => self.settle(),
        }
        match awaited {
            Awaited::Greeting => {
                self.phase = Phase::Greeted;
                let words = reply.lines.iter().flat_map(|line| line.text().split(|b| !b.is_ascii_alphanumeric()));
                self.announces_lmtp = words.into_iter().any(|word| word.eq_ignore_ascii_case(b"LMTP"));
                self.turned_away |= reply.class() != Class::Success;
            }
            Awaited::Command(command) => self.command_replied(command, reply),
            Awaited::AuthAnswer => self.auth_replied(reply),
            Awaited::EndOfData { nth, of } => {
                let taken = u32::from(reply.class() == Class::Success);
                self.delivered += taken;
                let before = self.verdicts.filter(|_| *nth > 0).map_or(0, |(taken, _)| taken);
                self.verdicts = Some((before + taken, *of));
                if nth + 1 >= *of {
                    self.end_transaction();
                }
            }
            Awaited::Nothing => {}
        }
    }

    /// A RCPT was sent and answered while nothing else was awaited: what [`sent`](Self::sent) and
    /// [`replied`](Self::replied) would have done. Gives false, and nothing has changed, where that depends on more than
    /// the code.
    pub fn recipient_answered(&mut self, code: ReplyCode) -> bool {
        let open = matches!(self.phase, Phase::Mail | Phase::Rcpt) && self.chunk_left == 0;
        if !open || self.awaited > 0 || self.ahead.is_some() || self.limits_domains || code.number() == 421 {
            return false;
        }
        if code.class() == Class::Success {
            self.accepted += 1;
            self.phase = Phase::Rcpt;
        } else {
            self.refused += 1;
        }
        true
    }

    /// What the server's LIMITS count, whether it accepted the command or not.
    fn counted(&mut self, command: &Command) {
        match command.verb {
            Verb::Mail => self.mails += 1,
            Verb::Rcpt if self.limits_domains && self.domains.len() < MOST_DOMAINS => {
                if let Some(domain) = command.path.as_ref().and_then(domain_of)
                    && !self.domains.contains(&*domain)
                {
                    Arc::make_mut(&mut self.domains).insert(domain.into());
                }
            }
            _ => {}
        }
    }

    /// How many recipient domains there would be in this session with this forward-path too.
    #[must_use]
    pub fn domains_with(&self, path: &Path) -> usize {
        let new = domain_of(path).is_some_and(|domain| !self.domains.contains(&*domain));
        self.domains.len() + usize::from(new)
    }
}

#[cfg(test)]
mod tests;

/// The domain of a path, lower case; none where it has none (`<postmaster>`).
fn domain_of(path: &Path) -> Option<String> {
    let address = path.address();
    let (_, domain) = address.rsplit_once('@')?;
    Some(domain.to_lowercase())
}
