//! MAIL and RCPT.

use super::parameter::{MailParameters, RcptParameters};
use super::path::{self, Address, Fault};
use super::{Action, Session};
use crate::lab::magic::{self, Magic};
use crate::lab::mailbox::OUTBOX;
use crate::lab::scenario::Mailbox;
use crate::lab::site::{Target, mailbox_name};
use crate::smtp::EnhancedCode;

/// An open mail transaction.
#[derive(Debug)]
pub(in crate::lab) struct Transaction {
    pub(in crate::lab) queue_id: String,
    pub(in crate::lab) from: Address,
    pub(in crate::lab) parameters: MailParameters,
    /// As typed.
    pub(in crate::lab) texts: Vec<String>,
    pub(in crate::lab) recipients: Vec<Recipient>,
}

impl Transaction {
    /// The same for one of its recipients.
    pub(super) fn only(&self, recipient: &Recipient) -> Self {
        Self {
            queue_id: self.queue_id.clone(),
            from: self.from.clone(),
            parameters: self.parameters.clone(),
            texts: self.texts.clone(),
            recipients: vec![recipient.clone()],
        }
    }
}

/// An accepted recipient.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Recipient {
    /// The forward-path as typed.
    pub(in crate::lab) path: String,
    /// Where it leads.
    pub(in crate::lab) mailbox: String,
    /// What that mailbox may hold.
    pub(in crate::lab) quota: Option<u64>,
    /// What is reported of it although it was accepted.
    pub(in crate::lab) bounce: Option<EnhancedCode>,
    pub(in crate::lab) parameters: RcptParameters,
    /// As typed.
    pub(in crate::lab) texts: Vec<String>,
}

/// Recipients of one transaction, as Postfix has them by default.
const RECIPIENTS: usize = 1000;

impl Session {
    pub(super) fn mail(&mut self, argument: &str) {
        match self.read_mail(argument) {
            Ok(transaction) => {
                self.transactions += 1;
                self.stamps.clear();
                self.transaction = Some(transaction);
                self.say("250 2.1.0 Ok".to_owned());
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn read_mail(&self, argument: &str) -> Result<Transaction, String> {
        let parser = self.site.scenario.parser;
        if self.greeted.is_none() {
            let hello = if self.is_lmtp() { "LHLO" } else { "HELO/EHLO" };
            return Err(format!("503 5.5.1 Error: send {hello} first"));
        }
        if let Some(refusal) = self.needs_login() {
            return Err(refusal.to_owned());
        }
        if self.transaction.is_some() {
            return Err("503 5.5.1 Error: nested MAIL command".to_owned());
        }
        let (from, list) = path::parse(argument, "FROM", parser.paths).map_err(|fault| match fault {
            Fault::Syntax => "501 5.5.4 Syntax: MAIL FROM:<address>".to_owned(),
            Fault::Address => "501 5.1.7 Bad sender address syntax".to_owned(),
        })?;
        let parameters = self.mail_parameters(&list)?;
        if !parameters.utf8 && !from.to_string().is_ascii() {
            return Err(format!("553 5.6.7 <{from}>: Sender address rejected: SMTPUTF8 is required"));
        }
        if from.domain.is_empty() && !from.is_null() && parser.paths == crate::lab::scenario::Paths::Strict {
            return Err(format!("504 5.5.2 <{from}>: Sender address rejected: need fully-qualified address"));
        }
        let limit = self.size_limit();
        if parameters.size.zip(limit).is_some_and(|(size, limit)| size > limit) {
            return Err("552 5.3.4 Message size exceeds fixed limit".to_owned());
        }
        let texts = list.into_iter().map(|parameter| parameter.text).collect();
        Ok(Transaction { queue_id: self.site.queue_id(), from, parameters, texts, recipients: Vec::new() })
    }

    pub(super) fn rcpt(&mut self, argument: &str) {
        match self.read_rcpt(argument) {
            Ok((mut recipient, reply)) => {
                recipient.bounce = self.bounce.take();
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients.push(recipient);
                }
                self.say(reply);
            }
            // A rule that says yes takes a recipient whom the server does not know.
            Err(Refusal::Answer(_)) if self.instead.is_some() => {
                let recipient = self.unheard_of(argument);
                if let (Some(transaction), Some(recipient)) = (&mut self.transaction, recipient) {
                    transaction.recipients.push(recipient);
                }
                self.say(String::new());
            }
            Err(Refusal::Fault(line)) => self.refuse(line),
            // What a recipient meets is no mistake in the protocol, and does not wear out the server's patience.
            Err(Refusal::Answer(line)) => {
                let closes = line.starts_with("421");
                self.say(line);
                if closes {
                    self.close();
                }
            }
            Err(Refusal::Drop) => self.close(),
        }
    }

    fn read_rcpt(&mut self, argument: &str) -> Result<(Recipient, String), Refusal> {
        let fault = |line: &str| Refusal::Fault(line.to_owned());
        let (utf8, count, size) = match &self.transaction {
            None => return Err(fault("503 5.5.1 Error: need MAIL command")),
            Some(_) if self.chunks.is_some() => return Err(fault("503 5.5.1 Error: RCPT after BDAT")),
            Some(t) => (t.parameters.utf8, t.recipients.len(), t.parameters.size.unwrap_or(0)),
        };
        let paths = self.site.scenario.parser.paths;
        let (address, list) = path::parse(argument, "TO", paths).map_err(|found| match found {
            Fault::Syntax => fault("501 5.5.4 Syntax: RCPT TO:<address>"),
            Fault::Address => fault("501 5.1.3 Bad recipient address syntax"),
        })?;
        if address.is_null() {
            return Err(fault("501 5.1.3 Bad recipient address syntax"));
        }
        let parameters = self.rcpt_parameters(&list).map_err(Refusal::Fault)?;
        let rcpt = address.to_string();
        if !utf8 && !rcpt.is_ascii() {
            return Err(Refusal::Fault(format!(
                "553 5.6.7 <{rcpt}>: Recipient address rejected: SMTPUTF8 is required"
            )));
        }
        if address.domain.is_empty() && !address.local.eq_ignore_ascii_case("postmaster") {
            return Err(Refusal::Fault(format!(
                "504 5.5.2 <{rcpt}>: Recipient address rejected: need fully-qualified address"
            )));
        }
        if count >= RECIPIENTS {
            return Err(Refusal::Answer("452 4.5.3 Error: too many recipients".to_owned()));
        }
        let (mailbox, quota, reply) = self.place(&address, size)?;
        let texts = list.into_iter().map(|parameter| parameter.text).collect();
        Ok((Recipient { path: rcpt, mailbox, quota, bounce: None, parameters, texts }, reply))
    }

    /// Where an address leads, and the reply that accepts it.
    fn place(&mut self, address: &Address, size: u64) -> Result<(String, Option<u64>, String), Refusal> {
        let rcpt = address.to_string();
        let ok = || "250 2.1.5 Ok".to_owned();
        if self.site.scenario.magic && magic::is_magic(&address.domain) {
            return match magic::read(&address.plain_local(), &rcpt) {
                Magic::Refuse(line) => Err(Refusal::Answer(line)),
                Magic::Accept(line) => Ok((rcpt.to_lowercase(), None, line)),
                Magic::Delay(wait) => {
                    let wait = self.real(wait);
                    self.out.push(Action::Wait(wait));
                    Ok((rcpt.to_lowercase(), None, ok()))
                }
                Magic::Drop => Err(Refusal::Drop),
            };
        }
        match self.site.target(address) {
            Target::Mailbox(domain, mailbox) => {
                let name = mailbox_name(domain, &mailbox.name);
                if mailbox.disabled {
                    return Err(Refusal::Answer(format!(
                        "550 5.2.1 <{rcpt}>: Recipient address rejected: Mailbox is disabled"
                    )));
                }
                if let (Some(new), Some(line)) = (&mailbox.moved_to, moved(mailbox)) {
                    return if mailbox.forward {
                        Ok((self.forwarded(new), None, line))
                    } else {
                        Err(Refusal::Answer(line))
                    };
                }
                let quota = mailbox.quota.map(|octets| octets.0);
                if let Some(quota) = quota {
                    let used = self.site.store().used(&name);
                    if used >= quota || used.saturating_add(size) > quota {
                        return Err(Refusal::Answer(format!(
                            "452 4.2.2 <{rcpt}>: Recipient address rejected: Mailbox is full, over its quota"
                        )));
                    }
                }
                Ok((name, quota, ok()))
            }
            Target::Postmaster(domain) => Ok((mailbox_name(domain, "postmaster"), None, ok())),
            Target::Nobody(domain) => {
                Err(Refusal::Answer(domain.unknown_user.fill(&|name| self.variable(name, &rcpt))))
            }
            Target::Foreign => {
                let relay = &self.site.scenario.relay;
                let client = self.client.address.ip();
                if relay.allow.allows(client, self.authenticated.is_some()) {
                    Ok((OUTBOX.to_owned(), None, ok()))
                } else {
                    Err(Refusal::Answer(relay.refuse.fill(&|name| self.variable(name, &rcpt))))
                }
            }
        }
    }

    /// A recipient who is taken because a rule says so; the mail is kept under the address itself.
    fn unheard_of(&self, argument: &str) -> Option<Recipient> {
        let (address, list) = path::parse(argument, "TO", self.site.scenario.parser.paths).ok()?;
        let parameters = self.rcpt_parameters(&list).ok()?;
        let texts = list.into_iter().map(|parameter| parameter.text).collect();
        let path = address.to_string();
        Some(Recipient { mailbox: path.to_lowercase(), path, quota: None, bounce: self.bounce, parameters, texts })
    }

    /// The mailbox behind the new address of somebody who has moved.
    fn forwarded(&self, new: &str) -> String {
        match path::address(new).as_ref().map(|address| self.site.target(address)) {
            Some(Target::Mailbox(domain, mailbox)) => mailbox_name(domain, &mailbox.name),
            _ => OUTBOX.to_owned(),
        }
    }

    /// Lab time as real time.
    pub(super) fn real(&self, lab: std::time::Duration) -> std::time::Duration {
        lab / self.site.scenario.server.clock.0
    }
}

/// What is said of somebody who has moved (RFC 5321 3.4); none of anybody else.
pub(super) fn moved(mailbox: &Mailbox) -> Option<String> {
    let new = mailbox.moved_to.as_ref()?;
    Some(if mailbox.forward {
        format!("251 2.1.5 User not local; will forward to <{new}>")
    } else {
        format!("551 5.1.6 User has moved; please try <{new}>")
    })
}

/// Why a recipient is not taken.
enum Refusal {
    /// A mistake of the client's.
    Fault(String),
    /// An answer of the server's.
    Answer(String),
    /// The connection is closed without a word.
    Drop,
}
