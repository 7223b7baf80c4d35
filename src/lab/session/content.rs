//! DATA and BDAT: the content, its end, and its delivery (RFC 5321 4.1.1.4, RFC 3030).

use std::sync::Arc;

use super::envelope::{Recipient, Transaction};
use super::ruling::Ruling;
use super::{Action, Session, State, succeeds};
use crate::conversation::Remark;
use crate::lab::mailbox::{Envelope, Message};
use crate::lab::report;
use crate::lab::scenario::{BareCr, BareLf};
use crate::lab::site::Notice;
use crate::smtp::{EnhancedCode, Verb};

/// Octets of a message where the server promises no SIZE.
const MOST: u64 = 64 << 20;

/// Message content as it comes.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Octets of it at most.
    limit: u64,
    pub(super) bytes: Vec<u8>,
    /// All octets, those that were not kept included.
    pub(super) size: u64,
    /// Octets taken from the site's room.
    pub(super) room: u64,
    /// It was too large, or the server has no room: nothing is kept any more.
    over: Option<Over>,
    bare_lf: bool,
    bare_cr: bool,
    /// The next octets do not begin a line.
    inside: bool,
    /// The line before ended in a bare LF.
    after_lf: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Limit,
    Room,
}

impl Session {
    pub(super) fn data(&mut self, argument: &str) {
        let refusal = if self.greeted.is_none() || self.transaction.is_none() {
            "503 5.5.1 Error: need RCPT command"
        } else if !argument.is_empty() {
            "501 5.5.4 Syntax: DATA"
        } else if self.chunks.is_some() {
            "503 5.5.1 Error: DATA after BDAT"
        } else if self.transaction.as_ref().is_some_and(|t| t.recipients.is_empty()) {
            if self.is_lmtp() { "503 5.5.1 Error: no valid recipients" } else { "554 5.5.1 Error: no valid recipients" }
        } else if self.transaction.as_ref().is_some_and(|t| t.parameters.binary) {
            "503 5.5.1 Error: BODY=BINARYMIME needs BDAT"
        } else {
            self.state = State::Content(self.incoming());
            return self.say("354 End data with <CR><LF>.<CR><LF>".to_owned());
        };
        self.refuse(refusal.to_owned());
    }

    /// Content that may have as many octets as the server promises.
    fn incoming(&self) -> Incoming {
        let limit = self.size_limit().unwrap_or(MOST.min(self.site.largest()));
        Incoming { limit, ..Incoming::default() }
    }

    /// A line of content with its end, or a part of one.
    pub(super) fn content(&mut self, piece: &[u8]) {
        let lf = self.site.scenario.parser.bare_lf;
        let State::Content(incoming) = &mut self.state else { return };
        let tolerant = lf == BareLf::EndsData;
        let begins = !incoming.inside && (tolerant || !incoming.after_lf);
        if begins && (piece == b".\r\n" || tolerant && piece == b".\n") {
            let incoming = std::mem::take(incoming);
            self.state = State::Command;
            return self.finish(incoming);
        }
        let text = if begins { piece.strip_prefix(b".").unwrap_or(piece) } else { piece };
        if let Some(line) = piece.strip_suffix(b"\n") {
            // A long line comes in parts; the CR may have come with the one before.
            let cr = line.last().or(incoming.bytes.last().filter(|_| incoming.inside)) == Some(&b'\r');
            incoming.after_lf = !cr;
            incoming.bare_lf |= !cr;
            incoming.inside = false;
            incoming.bare_cr |= line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r');
        } else {
            incoming.inside = true;
            incoming.bare_cr |= piece[..piece.len().saturating_sub(1)].contains(&b'\r');
        }
        self.keep(text);
    }

    /// Whole lines of content in which nothing has to be judged.
    pub(in crate::lab) fn plain_lines(&mut self, lines: &[u8]) {
        let State::Content(incoming) = &mut self.state else { return };
        (incoming.inside, incoming.after_lf) = (false, false);
        self.keep(lines);
    }

    /// Adds octets to the content that is coming, within the limits.
    fn keep(&mut self, bytes: &[u8]) {
        let ((State::Content(incoming), _) | (_, Some(incoming))) = (&mut self.state, &mut self.chunks) else { return };
        let octets = bytes.len() as u64;
        incoming.size += octets;
        if incoming.over.is_none() {
            if incoming.size > incoming.limit {
                incoming.over = Some(Over::Limit);
            } else if self.site.take_room(octets) {
                incoming.room += octets;
                incoming.bytes.extend_from_slice(bytes);
            } else {
                incoming.over = Some(Over::Room);
            }
            if incoming.over.is_some() {
                incoming.bytes = Vec::new();
                self.site.give_room(std::mem::take(&mut incoming.room));
            }
        }
    }

    pub(super) fn bdat(&mut self, argument: &str) {
        if !self.supports("CHUNKING") {
            return self.unknown("BDAT");
        }
        let mut words = argument.split_ascii_whitespace();
        let size = words
            .next()
            .and_then(|word| word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse::<u64>().ok()).flatten());
        let last = match (words.next(), words.next()) {
            (None, _) => Some(false),
            (Some(word), None) if word.eq_ignore_ascii_case("LAST") => Some(true),
            _ => None,
        };
        let (Some(size), Some(last)) = (size, last) else {
            // How many octets follow can't be known; what follows would be taken for commands.
            self.refuse("521 5.5.4 Syntax: BDAT count [LAST]".to_owned());
            return self.close();
        };
        let refused = match &self.transaction {
            None => Some("503 5.5.1 Error: need RCPT command"),
            Some(t) if t.recipients.is_empty() && self.is_lmtp() => Some("503 5.5.1 Error: no valid recipients"),
            Some(t) if t.recipients.is_empty() => Some("554 5.5.1 Error: no valid recipients"),
            Some(_) => None,
        };
        if refused.is_none() && self.chunks.is_none() {
            self.chunks = Some(self.incoming());
        }
        self.state = State::Chunk { left: size, size, last, refused: refused.map(str::to_owned) };
        if size == 0 {
            self.chunk_done();
        }
    }

    /// A rule refuses a chunk: it comes all the same, and must not be taken for commands.
    pub(super) fn bdat_refused(&mut self, argument: &str, lines: Vec<String>) {
        let mut words = argument.split_ascii_whitespace();
        let size = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let last = words.next().is_some();
        self.state = State::Chunk { left: size, size, last, refused: lines.last().cloned() };
        if lines.len() > 1 {
            self.instead = Some(lines);
        }
        if size == 0 {
            self.chunk_done();
        }
    }

    /// Octets of the chunk that is being read; a refused one is read all the same (RFC 3030 2).
    pub(super) fn chunk(&mut self, bytes: &[u8]) {
        let State::Chunk { left, refused, .. } = &mut self.state else { return };
        *left = left.saturating_sub(bytes.len() as u64);
        let (done, wanted) = (*left == 0, refused.is_none());
        if wanted {
            self.keep(bytes);
        }
        if done {
            self.chunk_done();
        }
    }

    fn chunk_done(&mut self) {
        let State::Chunk { size, last, refused, .. } = std::mem::replace(&mut self.state, State::Command) else {
            return;
        };
        if let Some(line) = refused {
            let lines = self.instead.take().unwrap_or_else(|| vec![self.worded(line)]);
            self.errors += 1;
            return self.say_all(lines);
        }
        if last {
            let mut incoming = self.chunks.take().unwrap_or_default();
            let binary = self.transaction.as_ref().is_some_and(|t| t.parameters.binary);
            if !binary {
                incoming.look_for_bare_ends();
            }
            return self.finish(incoming);
        }
        match self.chunks.as_ref().and_then(|chunks| chunks.over) {
            Some(over) => {
                self.refuse(over.reply().to_owned());
                self.end_transaction();
            }
            None => self.say(format!("250 2.0.0 Ok: {size} bytes")),
        }
    }

    /// The content is complete: one reply, or in LMTP one for each accepted recipient (RFC 2033 4.2).
    fn finish(&mut self, incoming: Incoming) {
        self.site.give_room(incoming.room);
        let Some(transaction) = self.transaction.take() else { return };
        let parser = self.site.scenario.parser;
        let refusal = if let Some(over) = incoming.over {
            Some(over.reply())
        } else if incoming.bare_lf && parser.bare_lf == BareLf::Refuse {
            Some("550 5.5.2 Error: bare <LF> received")
        } else if incoming.bare_cr && parser.bare_cr == BareCr::Refuse {
            Some("550 5.5.2 Error: bare <CR> received")
        } else {
            None
        };
        if refusal.is_none() && !self.site.scenario.rules.is_empty() {
            return self.finish_by_rules(&transaction, incoming);
        }
        if let Some(line) = refusal {
            let replies = if self.is_lmtp() { transaction.recipients.len() } else { 1 };
            (0..replies).for_each(|_| self.say(line.to_owned()));
            return;
        }
        self.errors = 0;
        self.deliver(&transaction, incoming);
    }

    /// Lets the rules judge: once, or in LMTP once for each recipient (S10).
    fn finish_by_rules(&mut self, transaction: &Transaction, incoming: Incoming) {
        if !self.is_lmtp() {
            let to = transaction.recipients.iter().map(|r| r.path.clone()).collect();
            match self.rule_content(&incoming, to, transaction) {
                Ruling::Done => return,
                Ruling::Reply(lines) if !succeeds(&lines) => return self.say_all(lines),
                Ruling::Reply(lines) => self.instead = Some(lines),
                Ruling::Ordinary => {}
            }
            return self.deliver(transaction, incoming);
        }
        // Each recipient is a transaction of its own here, so that every reply keeps its place.
        for recipient in &transaction.recipients {
            let to = vec![recipient.path.clone()];
            let stamps = self.stamps.len();
            match self.rule_content(&incoming, to, transaction) {
                Ruling::Done => {}
                Ruling::Reply(lines) if !succeeds(&lines) => self.say_all(lines),
                ruling => {
                    if let Ruling::Reply(lines) = ruling {
                        self.instead = Some(lines);
                    }
                    let one = transaction.only(recipient);
                    self.deliver(
                        &one,
                        Incoming { bytes: incoming.bytes.clone(), size: incoming.size, ..Incoming::default() },
                    );
                }
            }
            // What was stamped for this one is nothing of the next one's.
            self.stamps.truncate(stamps);
        }
    }

    fn deliver(&mut self, transaction: &Transaction, incoming: Incoming) {
        let site = Arc::clone(&self.site);
        let octets = incoming.size;
        let envelope = Arc::new(self.envelope(transaction));
        let content: Arc<[u8]> = incoming.bytes.into();
        let all_bounce = self.bounce.take();
        let bounce = |recipient: &Recipient| all_bounce.or(recipient.bounce);
        let (bounced, taken): (Vec<_>, Vec<_>) = transaction.recipients.iter().partition(|r| bounce(r).is_some());
        let (fits, full): (Vec<_>, Vec<_>) = taken.into_iter().partition(|recipient| {
            recipient.quota.is_none_or(|quota| site.store().used(&recipient.mailbox).saturating_add(octets) <= quota)
        });
        let queue_id = &transaction.queue_id;
        if self.is_lmtp() {
            for recipient in &transaction.recipients {
                let path = &recipient.path;
                if full.iter().any(|other| std::ptr::eq(*other, recipient)) {
                    self.say(format!("552 5.2.2 <{path}> Quota exceeded (mailbox for user is full)"));
                } else {
                    if bounce(recipient).is_none() {
                        self.put(recipient, &envelope, &content);
                    }
                    self.say(format!("250 2.0.0 <{path}> {queue_id} Saved"));
                }
            }
        } else if fits.is_empty() && bounced.is_empty() {
            return self.say("552 5.2.2 Error: message does not fit into the mailbox".to_owned());
        } else {
            for recipient in &fits {
                self.put(recipient, &envelope, &content);
            }
            self.say(format!("250 2.0.0 Ok: queued as {queue_id}"));
        }
        let mut failed: Vec<_> =
            bounced.into_iter().filter_map(|recipient| Some((recipient, bounce(recipient)?))).collect();
        if !self.is_lmtp() {
            failed.extend(
                full.into_iter().map(|recipient| (recipient, EnhancedCode { class: 5, subject: 2, detail: 2 })),
            );
        }
        for message in report::reports(&site, transaction, &envelope, &content, &fits, &failed) {
            self.store(message);
        }
    }

    fn envelope(&self, transaction: &Transaction) -> Envelope {
        Envelope {
            queue_id: transaction.queue_id.clone(),
            from: transaction.from.to_string(),
            parameters: transaction.texts.clone(),
            client: self.client.address,
            helo: self.greeted.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
            time: self.site.world.now(),
            tls: self.tls.as_ref().map(|tls| tls.words.clone()),
            authenticated: self.authenticated.clone(),
        }
    }

    fn put(&mut self, recipient: &Recipient, envelope: &Arc<Envelope>, content: &Arc<[u8]>) {
        let message = Message {
            number: 0,
            mailbox: recipient.mailbox.clone(),
            rcpt: recipient.path.clone(),
            parameters: recipient.texts.clone(),
            envelope: Arc::clone(envelope),
            head: self.head(recipient, envelope),
            content: Arc::clone(content),
        };
        self.store(message);
    }

    /// Puts a message into its mailbox, and says so.
    fn store(&mut self, message: Message) {
        let message = self.site.store().keep(message);
        let remark = Remark::new("delivered")
            .with("to", &message.mailbox)
            .with("from", format!("<{}>", message.envelope.from))
            .with("bytes", message.octets());
        self.out.push(Action::Remark(remark));
        self.site.tell(Notice::Delivered { session: self.client.number, message });
    }

    /// The header lines that every delivered message begins with (S7; RFC 5321 4.4).
    fn head(&self, recipient: &Recipient, envelope: &Envelope) -> String {
        let utf8 = if envelope.parameters.iter().any(|p| p.eq_ignore_ascii_case("SMTPUTF8")) { "UTF8" } else { "" };
        let base = match self.greeted.as_ref().map(|(verb, _)| *verb) {
            Some(Verb::Lhlo) => "LMTP",
            Some(Verb::Helo) if envelope.tls.is_none() && utf8.is_empty() => "SMTP",
            _ if utf8.is_empty() => "ESMTP",
            _ => "SMTP",
        };
        let tls = if envelope.tls.is_some() { "S" } else { "" };
        let stamps = self.stamps.iter().fold(String::new(), |text, stamp| text + &stamp.join(&recipient.path) + "\r\n");
        let auth = if envelope.authenticated.is_some() { "A" } else { "" };
        format!(
            "Return-Path: <{}>\r\nReceived: from {} ([{}])\r\n\tby {} (ehlo lab) with {utf8}{base}{tls}{auth} id {}\r\n\tfor <{}>; {}\r\n{stamps}",
            envelope.from,
            envelope.helo,
            envelope.client.ip(),
            self.site.scenario.server.name,
            envelope.queue_id,
            recipient.path,
            self.site.date(),
        )
    }
}

impl Over {
    fn reply(self) -> &'static str {
        match self {
            Self::Limit => "552 5.3.4 Error: message file too big",
            Self::Room => "452 4.3.1 Error: insufficient system storage",
        }
    }
}

impl Incoming {
    /// Looks for bare line ends in content that came in chunks, where lines are not seen on the way.
    fn look_for_bare_ends(&mut self) {
        let mut before = 0;
        for &octet in &self.bytes {
            self.bare_lf |= octet == b'\n' && before != b'\r';
            self.bare_cr |= before == b'\r' && octet != b'\n';
            before = octet;
        }
        self.bare_cr |= before == b'\r';
    }
}
