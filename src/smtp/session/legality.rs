//! What may follow, and what speaks against a command at this point of a session.

use super::super::lint::Severity;
use super::super::verb::VerbEntry;
use super::super::{Command, Verb, VerbTable};
use super::{Phase, Session};

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

type Verdict = Option<Objection>;

#[expect(clippy::unnecessary_wraps, reason = "every caller answers with an Option")]
fn wrong(reason: &str, reference: &'static str) -> Verdict {
    Some(Objection { severity: Severity::Wrong, reason: reason.to_owned(), reference })
}

#[expect(clippy::unnecessary_wraps, reason = "every caller answers with an Option")]
fn odd(reason: &str, reference: &'static str) -> Verdict {
    Some(Objection { severity: Severity::Odd, reason: reason.to_owned(), reference })
}

impl Session {
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
                "LHLO" => self.greets_by_lhlo(),
                "HELO" | "EHLO" => !self.greets_by_lhlo(),
                _ => true,
            })
            .collect()
    }

    /// What speaks against sending this command now, most severe first; nothing where it fits.
    ///
    /// Commands whose replies are awaited count as done, so that a pipelined group is judged as a whole.
    #[must_use]
    pub fn objection(&self, command: &Command) -> Option<Objection> {
        let verb = command.verb;
        self.not_conversing()
            .or_else(|| self.held(verb))
            .or_else(|| match verb {
                Verb::Mail | Verb::Rcpt | Verb::Data => self.against_transaction(verb),
                Verb::Bdat => self.against_chunk(),
                Verb::Starttls => self.against_starttls(),
                Verb::Auth => self.against_auth(),
                Verb::Xclient | Verb::Xforward => self.against_announcement(verb),
                Verb::Helo | Verb::Ehlo | Verb::Lhlo => self.against_greeting(verb),
                Verb::Other if command.word.eq_ignore_ascii_case("ETRN") && self.expected().in_transaction() => {
                    wrong("A transaction is open; ETRN has to wait until it is over.", "RFC 1985 5")
                }
                Verb::Other if command.word.eq_ignore_ascii_case("BURL") => self.against_reference(),
                _ => None,
            })
            .or_else(|| self.not_waited())
    }

    /// There is nobody who would hear a command.
    fn not_conversing(&self) -> Verdict {
        match self.phase {
            Phase::Connecting | Phase::Closed => wrong("There is no connection; connect first.", "RFC 5321 3.1"),
            Phase::Greeting => odd("The server has not greeted yet; a client must wait for its 220.", "RFC 5321 4.3.1"),
            Phase::Handshake => wrong("The TLS handshake is due before the next command.", "RFC 3207 4"),
            Phase::Quit => odd("QUIT was accepted; the server will not answer any more.", "RFC 5321 4.1.1.10"),
            _ => None,
        }
    }

    /// Something else must happen first, whatever the command is.
    fn held(&self, verb: Verb) -> Verdict {
        match self.held_by {
            Some(Verb::Starttls) => {
                return wrong("Nothing may be sent between STARTTLS and the handshake.", "RFC 3207 4");
            }
            Some(before) if self.awaited > 0 => {
                let reason = format!("The reply to {} must come before the next command.", before.word());
                return odd(&reason, "RFC 2920 3.1");
            }
            _ => {}
        }
        if self.turned_away && verb != Verb::Quit {
            return odd("The server turned this connection away; it waits for nothing but QUIT.", "RFC 5321 3.1");
        }
        None
    }

    /// A reply is awaited, and the server has not said that it bears more commands meanwhile.
    fn not_waited(&self) -> Verdict {
        if self.awaited == 0 || self.capabilities.has("PIPELINING") {
            return None;
        }
        if self.phase == Phase::Verdict {
            return odd("The verdict on the message has not come yet.", "RFC 5321 4.1.1.4");
        }
        odd("A reply is still due, and the server did not offer PIPELINING.", "RFC 2920 3.1")
    }

    fn against_transaction(&self, verb: Verb) -> Verdict {
        let phase = self.expected();
        let open = phase.in_transaction();
        match verb {
            Verb::Mail if self.greeted_by.is_none() => wrong("HELO or EHLO must come before MAIL.", "RFC 5321 4.1.4"),
            Verb::Mail if open => wrong("A mail transaction is open; finish it, or RSET first.", "RFC 5321 4.1.4"),
            Verb::Rcpt if !open && self.greeted_by.is_none() => {
                wrong("HELO or EHLO and then MAIL must come before RCPT.", "RFC 5321 4.1.4")
            }
            Verb::Data if !open && self.greeted_by.is_none() => {
                wrong("HELO or EHLO, then MAIL and RCPT must come before DATA.", "RFC 5321 4.1.4")
            }
            Verb::Rcpt if !open => wrong("MAIL must come before RCPT.", "RFC 5321 4.1.4"),
            Verb::Rcpt if phase == Phase::Bdat => {
                wrong("The content has begun; RCPT must come before it.", "RFC 3030 2")
            }
            Verb::Data if !open => wrong("MAIL and RCPT must come before DATA.", "RFC 5321 4.1.4"),
            Verb::Data if phase == Phase::Bdat => {
                wrong("BDAT and DATA can't be mixed in one transaction.", "RFC 3030 2")
            }
            Verb::Data if self.nobody_accepted() => {
                wrong("No recipient was accepted; there is nobody to deliver to.", "RFC 5321 3.3")
            }
            Verb::Data if self.asked.binary => {
                wrong("MAIL said BODY=BINARYMIME; such content goes by BDAT alone.", "RFC 3030 3")
            }
            _ => None,
        }
    }

    fn nobody_accepted(&self) -> bool {
        self.accepted == 0 && !matches!(self.ahead, Some(Phase::Rcpt | Phase::Bdat))
    }

    fn against_chunk(&self) -> Verdict {
        if !self.expected().in_transaction() {
            wrong("MAIL and RCPT must come before BDAT.", "RFC 3030 2")
        } else if self.nobody_accepted() {
            wrong("No recipient was accepted; there is nobody to deliver to.", "RFC 5321 3.3")
        } else if !self.capabilities.has("CHUNKING") {
            wrong("The server did not offer CHUNKING.", "RFC 3030 2")
        } else {
            None
        }
    }

    /// BURL, which stands where a chunk may.
    fn against_reference(&self) -> Verdict {
        if !self.expected().in_transaction() {
            wrong("MAIL and RCPT must come before BURL.", "RFC 4468 3.1")
        } else if self.nobody_accepted() {
            wrong("No recipient was accepted; there is nobody to deliver to.", "RFC 4468 3.2")
        } else {
            None
        }
    }

    fn against_starttls(&self) -> Verdict {
        if self.tls {
            wrong("The line is encrypted already.", "RFC 3207 4.2")
        } else if self.greeted_by.is_none() {
            odd("EHLO comes first: only its reply says whether STARTTLS is offered.", "RFC 3207 4")
        } else if self.expected().in_transaction() {
            odd("STARTTLS drops the open mail transaction, and some servers refuse it until RSET.", "RFC 3207 4.2")
        } else if self.greeted_by == Some(Verb::Helo) {
            odd("After HELO nothing is offered; EHLO says whether STARTTLS is.", "RFC 3207 4")
        } else if !self.capabilities.has("STARTTLS") {
            odd("The server did not offer STARTTLS.", "RFC 3207 4")
        } else {
            None
        }
    }

    fn against_auth(&self) -> Verdict {
        if self.authenticated.is_some() {
            wrong("You are logged in; AUTH works once a session.", "RFC 4954 4")
        } else if self.expected().in_transaction() {
            wrong("AUTH is not allowed within a mail transaction.", "RFC 4954 4")
        } else if matches!(self.greeted_by, None | Some(Verb::Helo)) {
            wrong("AUTH needs EHLO first: its reply lists the mechanisms.", "RFC 4954 4")
        } else if self.capabilities.has("AUTH") {
            None
        } else if !self.tls && self.capabilities.has("STARTTLS") {
            odd("The server offers no AUTH here; many offer it only after STARTTLS.", "RFC 4954 4")
        } else {
            odd("The server did not offer AUTH.", "RFC 4954 4")
        }
    }

    /// XCLIENT and XFORWARD stand between the greeting and MAIL, for hosts that the server trusts.
    fn against_announcement(&self, verb: Verb) -> Verdict {
        let reference = if verb == Verb::Xclient { "Postfix XCLIENT_README" } else { "Postfix XFORWARD_README" };
        let word = verb.word();
        if self.greeted_by.is_none() {
            wrong(&format!("EHLO comes first: its reply says whether {word} is offered."), reference)
        } else if self.expected().in_transaction() {
            wrong(&format!("{word} is not allowed within a mail transaction."), reference)
        } else if !self.capabilities.has(word) {
            odd(&format!("The server did not offer {word}; it does to hosts that it trusts."), reference)
        } else {
            None
        }
    }

    fn against_greeting(&self, verb: Verb) -> Verdict {
        if self.is_lmtp() && verb != Verb::Lhlo {
            wrong("This is LMTP; its greeting is LHLO, and HELO and EHLO are refused.", "RFC 2033 4.1")
        } else if verb == Verb::Lhlo && matches!(self.greeted_by, Some(Verb::Helo | Verb::Ehlo)) {
            odd("LHLO is the greeting of LMTP; this server took that of SMTP.", "RFC 2033 4.1")
        } else if self.expected().in_transaction() {
            odd("A new greeting drops the open mail transaction, as RSET does.", "RFC 5321 4.1.4")
        } else {
            None
        }
    }
}
