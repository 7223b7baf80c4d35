//! Delivery status notifications (RFC 3461, RFC 3464): reports on success that were asked for, and on failure.
//!
//! A report goes to the reverse-path: into a mailbox of the lab's, or into the outbox where that is elsewhere.

use std::fmt::Write as _;
use std::sync::Arc;

use super::magic;
use super::mailbox::{Envelope, Message, OUTBOX};
use super::session::envelope::{Recipient, Transaction};
use super::site::{Site, Target, mailbox_name};
use crate::smtp::EnhancedCode;

/// What became of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Delivered,
    Relayed,
    Failed(EnhancedCode),
}

impl Fate {
    fn action(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Failed(_) => "failed",
        }
    }

    fn status(self) -> String {
        match self {
            Self::Failed(code) => code.to_string(),
            _ => "2.0.0".to_owned(),
        }
    }

    /// What the server would have said of the recipient.
    fn diagnostic(self, rcpt: &str) -> String {
        match self {
            Self::Failed(code) => format!("smtp; {}", magic::refusal(code, rcpt)),
            _ => "smtp; 250 2.0.0 Ok".to_owned(),
        }
    }
}

/// The reports that a transaction gives rise to: at most one about success and one about failure.
pub(super) fn reports(
    site: &Site,
    transaction: &Transaction,
    envelope: &Envelope,
    content: &[u8],
    delivered: &[&Recipient],
    failed: &[(&Recipient, EnhancedCode)],
) -> Vec<Message> {
    // A report is never reported on (RFC 5321 4.5.5).
    if transaction.from.is_null() {
        return Vec::new();
    }
    let success: Vec<_> = delivered
        .iter()
        .filter(|r| r.parameters.notify.is_some_and(|notify| notify.success))
        .map(|r| (*r, if r.mailbox == OUTBOX { Fate::Relayed } else { Fate::Delivered }))
        .collect();
    let failure: Vec<_> = failed
        .iter()
        .filter(|(r, _)| r.parameters.notify.is_none_or(|notify| notify.failure))
        .map(|(r, code)| (*r, Fate::Failed(*code)))
        .collect();
    [success, failure]
        .into_iter()
        .filter(|group| !group.is_empty())
        .map(|group| report(site, transaction, envelope, content, &group))
        .collect()
}

fn report(
    site: &Site,
    transaction: &Transaction,
    cause: &Envelope,
    content: &[u8],
    group: &[(&Recipient, Fate)],
) -> Message {
    let to = transaction.from.to_string();
    let mailbox = match site.target(&transaction.from) {
        Target::Mailbox(domain, mailbox) => mailbox_name(domain, &mailbox.name),
        Target::Postmaster(domain) => mailbox_name(domain, "postmaster"),
        Target::Nobody(_) | Target::Foreign => OUTBOX.to_owned(),
    };
    // The server itself has written it: nobody has greeted or logged in for it.
    let envelope = Envelope {
        queue_id: site.queue_id(),
        from: String::new(),
        parameters: Vec::new(),
        client: cause.client,
        helo: String::new(),
        time: cause.time,
        tls: None,
        authenticated: None,
    };
    let head = format!(
        "Return-Path: <>\r\nReceived: by {} (ehlo lab) id {}\r\n\tfor <{to}>; {}\r\n",
        site.scenario.server.name,
        envelope.queue_id,
        site.date()
    );
    let text = text(site, transaction, &envelope.queue_id, content, group);
    Message {
        number: 0,
        mailbox,
        rcpt: to,
        parameters: Vec::new(),
        envelope: Arc::new(envelope),
        head,
        content: text.into(),
    }
}

fn text(site: &Site, transaction: &Transaction, id: &str, content: &[u8], group: &[(&Recipient, Fate)]) -> Vec<u8> {
    let name = &site.scenario.server.name;
    let failed = group.iter().any(|(_, fate)| matches!(fate, Fate::Failed(_)));
    // A success report returns the headers only (RFC 3461 4.3); the boundary can't occur in what was sent before.
    let headers_only = !failed || transaction.parameters.headers_only;
    let boundary = format!("{id}/{name}");
    let subject = if failed { "Undelivered Mail Returned to Sender" } else { "Successful Mail Delivery Report" };
    let mut out = format!(
        "From: Mail Delivery System <MAILER-DAEMON@{name}>\r\nTo: <{}>\r\nSubject: {subject}\r\nDate: {}\r\n\
         Message-ID: <{id}@{name}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        transaction.from,
        site.date()
    );
    let said = if failed { "could not be delivered to:" } else { "was delivered to:" };
    let _ = write!(out, "This is the mail system at host {name}.\r\n\r\nYour message {said}\r\n\r\n");
    for (recipient, fate) in group {
        let _ = write!(out, "  <{}>: {}\r\n", recipient.path, fate.action());
    }
    let _ = write!(out, "\r\n--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n");
    if let Some(envid) = &transaction.parameters.envid {
        let _ = write!(out, "Original-Envelope-Id: {envid}\r\n");
    }
    let _ = write!(out, "Reporting-MTA: dns; {name}\r\nArrival-Date: {}\r\n", site.date());
    for (recipient, fate) in group {
        out.push_str("\r\n");
        if let Some((kind, address)) = &recipient.parameters.orcpt {
            let _ = write!(out, "Original-Recipient: {kind};{address}\r\n");
        }
        let _ = write!(
            out,
            "Final-Recipient: rfc822;{}\r\nAction: {}\r\nStatus: {}\r\nDiagnostic-Code: {}\r\n",
            recipient.path,
            fate.action(),
            fate.status(),
            fate.diagnostic(&recipient.path)
        );
    }
    let kind = if headers_only { "text/rfc822-headers" } else { "message/rfc822" };
    let _ = write!(out, "\r\n--{boundary}\r\nContent-Type: {kind}\r\n\r\n");
    let mut out = out.into_bytes();
    out.extend_from_slice(if headers_only { headers(content) } else { content });
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

/// The header section of a message, up to its empty line.
fn headers(content: &[u8]) -> &[u8] {
    match content.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => &content[..at + 2],
        None => content,
    }
}
