//! The fold of events into a session: pairs replies with what they answer, and tells where the session stands.
//!
//! This is the part that must be cheap to carry and to clone; [`super::Dialogue`] keeps the exchanges. The client uses
//! it too, to know the phase for its time-outs and for masking.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::smtp::reply::{Flaw, LineEnd, ReplyLine};
use crate::smtp::session::{Awaited, Sent};
use crate::smtp::{Command, Phase, Reply, ReplyCode, Session, Verb};

use super::event::Remark;

/// Octets of a reply that are kept while it is assembled; beyond that only its last line is.
const KEPT: usize = 1 << 20;

/// Lines of a reply that are kept while it is assembled.
const KEPT_LINES: usize = 20_000;

/// Something that a reply is due for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What it is.
    pub awaited: Awaited,
    /// A number of the caller's, such as the exchange's index.
    pub tag: u32,
    /// The user stopped waiting; the reply may still come, and then belongs here.
    pub gave_up: bool,
}

/// A reply that is complete, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What it answers.
    pub pending: Pending,
    /// The reply (its middle left out where it was very large).
    pub reply: Reply,
    /// Whether the same thing has more replies to come (LMTP).
    pub more: bool,
}

/// What waits for a reply, oldest first.
#[derive(Debug, Clone, Default)]
struct Queue {
    all: VecDeque<Pending>,
    /// How many of them are MAIL: counted, since thousands may wait.
    mails: usize,
}

impl Queue {
    fn push(&mut self, pending: Pending) {
        self.mails += usize::from(is_mail(&pending));
        self.all.push_back(pending);
    }

    /// The oldest again, which has more replies to come.
    fn put_back(&mut self, pending: Pending) {
        self.mails += usize::from(is_mail(&pending));
        self.all.push_front(pending);
    }

    fn pop(&mut self) -> Option<Pending> {
        let pending = self.all.pop_front()?;
        self.mails -= usize::from(is_mail(&pending));
        Some(pending)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// So many of the oldest have lost their replies.
    fn forget(&mut self, count: usize) {
        for _ in 0..count.min(self.all.len()) {
            self.pop();
        }
    }
}

fn is_mail(pending: &Pending) -> bool {
    pending.awaited.verb() == Some(Verb::Mail)
}

/// The state of a conversation at one point.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    /// The session.
    pub session: Session,
    queue: Queue,
    partial: Vec<u8>,
    reply: Reply,
    kept: usize,
    /// Lines of the reply that is being received.
    count: usize,
    /// The reply that is being received began while nothing was asked: it answers nothing, whatever is asked since.
    unasked: bool,
}

impl Fold {
    /// A fold before anything happened.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What replies are due for, oldest first.
    #[must_use]
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &Pending> {
        self.queue.all.iter()
    }

    /// Whether somebody waits for a reply.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.queue.all.iter().any(|p| !p.gave_up)
    }

    /// Whether a MAIL has been sent whose reply has not come.
    #[must_use]
    pub fn awaits_mail(&self) -> bool {
        self.queue.mails > 0
    }

    /// Whether a reply has begun and is not complete.
    #[must_use]
    pub fn in_reply(&self) -> bool {
        !self.reply.lines.is_empty() || !self.partial.is_empty()
    }

    /// A line from client to server (without CR LF) was sent; `tag` goes with the reply that is due for it.
    pub fn sent(&mut self, line: &[u8], tag: u32) -> Sent {
        let sent = if self.answers_early(line) { Sent::AuthAnswer } else { self.session.sent(line) };
        let awaited = match &sent {
            Sent::Content => return sent,
            // LMTP answers the last chunk as it answers the dot, once for each recipient (RFC 2033 section 4.3).
            Sent::Command(command) if self.session.is_lmtp() && command.chunk().is_some_and(|(_, last)| last) => {
                Awaited::EndOfData { nth: 0, of: self.session.verdicts_due() }
            }
            Sent::Command(command) => Awaited::Command(command.clone()),
            Sent::EndOfData => Awaited::EndOfData { nth: 0, of: self.session.verdicts_due() },
            Sent::AuthAnswer => Awaited::AuthAnswer,
        };
        self.queue.push(Pending { awaited, tag, gave_up: false });
        sent
    }

    /// Whether a line is an answer within AUTH that was sent before its 334 came: one word that is no verb, right behind
    /// AUTH or another answer that has no reply yet.
    fn answers_early(&self, line: &[u8]) -> bool {
        let after_auth = match self.queue.all.back().map(|pending| &pending.awaited) {
            Some(Awaited::Command(command)) => command.verb == Verb::Auth,
            Some(Awaited::AuthAnswer) => true,
            _ => false,
        };
        after_auth && !line.contains(&b' ') && Command::parse(line).verb == Verb::Other
    }

    /// Whether the client's next line, which is this one, is message content.
    #[must_use]
    pub fn takes_for_content(&self, line: &[u8]) -> bool {
        self.in_content() && (line != b"." || self.session.chunk_left > 0)
    }

    /// Whether what the client says next is message content, or the dot that ends it.
    #[must_use]
    pub fn in_content(&self) -> bool {
        self.session.phase() == Phase::Data && !self.is_waiting() || self.session.chunk_left > 0
    }

    /// Message content was sent: octets with their line end.
    pub fn content(&mut self, octets: u64) {
        self.session.content_sent(octets);
    }

    /// Octets from the server, as a record holds them. Gives the reply that they complete.
    pub fn received(&mut self, bytes: &[u8], crlf: bool) -> Option<Answered> {
        let (whole, end) = if crlf {
            (true, LineEnd::CrLf)
        } else if bytes.last() == Some(&b'\n') {
            (true, LineEnd::Lf)
        } else {
            (false, LineEnd::Missing)
        };
        let overtaken = self.overtaken(bytes);
        if !self.in_reply() {
            self.unasked = self.queue.all.is_empty();
        }
        let room = KEPT.saturating_sub(self.partial.len());
        if !whole {
            self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
            return overtaken;
        }
        let bytes = if end == LineEnd::Lf { &bytes[..bytes.len() - 1] } else { bytes };
        let mut raw = std::mem::take(&mut self.partial);
        raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let end = if end == LineEnd::Lf && raw.last() == Some(&b'\r') {
            raw.pop();
            LineEnd::CrLf
        } else {
            end
        };
        self.line(ReplyLine::parse(raw, end)).or(overtaken)
    }

    /// A greeting that is not complete gives way where the client has spoken meanwhile and these octets begin a line
    /// with another code: the server answers that, and the rest of its greeting never comes (postscreen). Gives the
    /// greeting as far as it came; [`received`](Self::received) does the same where this was not asked before.
    pub fn overtaken(&mut self, bytes: &[u8]) -> Option<Answered> {
        let greeting = matches!(self.queue.all.front().map(|pending| &pending.awaited), Some(Awaited::Greeting));
        if !greeting || self.queue.all.len() < 2 || self.unasked || !self.partial.is_empty() {
            return None;
        }
        let begun = self.reply.lines.last().filter(|line| line.continues())?.code;
        let code = ReplyCode::at_start(bytes);
        if code.is_none() || code == begun {
            return None;
        }
        self.reply.flaws.push(Flaw::Overtaken);
        Some(self.complete())
    }

    /// A RCPT was sent and answered with this code by one whole line: the same as [`sent`](Self::sent) and
    /// [`received`](Self::received), quicker. Gives false, and nothing has changed, where more than that would have to
    /// be looked at.
    pub(super) fn recipient_answered(&mut self, code: ReplyCode) -> bool {
        if !self.queue.all.is_empty() || self.in_reply() || !self.session.recipient_answered(code) {
            return false;
        }
        self.unasked = false;
        true
    }

    fn line(&mut self, line: ReplyLine) -> Option<Answered> {
        self.kept += line.raw.len();
        self.count += 1;
        if self.reply.lines.len() > 2 && (self.kept > KEPT || self.reply.lines.len() >= KEPT_LINES) {
            self.reply.lines.pop();
        }
        if !self.reply.push(line) {
            return None;
        }
        Some(self.complete())
    }

    /// How many lines of the reply that is being received have come.
    #[must_use]
    pub fn reply_lines(&self) -> usize {
        self.count
    }

    fn complete(&mut self) -> Answered {
        let reply = std::mem::take(&mut self.reply);
        (self.kept, self.count) = (0, 0);
        let asked = if self.unasked { None } else { self.queue.pop() };
        let nothing = Pending { awaited: Awaited::Nothing, tag: u32::MAX, gave_up: false };
        let mut pending = asked.unwrap_or(nothing);
        if self.refuses_chunk(&pending.awaited, &reply) {
            pending.awaited = Awaited::Command(Arc::new(Command::parse(b"BDAT 0 LAST")));
        }
        // What broke off in the middle decides nothing.
        if !reply.flaws.contains(&Flaw::Unfinished) {
            self.session.replied(&pending.awaited, &reply);
        }
        let mut more = false;
        if let Awaited::EndOfData { nth, of } = pending.awaited
            && nth + 1 < of
        {
            more = true;
            self.queue.put_back(Pending { awaited: Awaited::EndOfData { nth: nth + 1, of }, ..pending.clone() });
        }
        Answered { pending, reply, more }
    }

    /// Whether a reply to the last chunk over LMTP is no verdict on the message but the one reply of a server that does
    /// not take the command at all: there is none for each recipient then.
    fn refuses_chunk(&self, awaited: &Awaited, reply: &Reply) -> bool {
        let of_chunk = self.session.phase() != Phase::Verdict;
        let code = reply.code().map(ReplyCode::number);
        of_chunk && matches!(awaited, Awaited::EndOfData { nth: 0, .. }) && matches!(code, Some(500 | 502 | 503))
    }

    /// A remark was made. Gives the reply that a close or missing records leave unfinished, or that a cut completes, where
    /// there is one.
    pub fn remark(&mut self, remark: &Remark, tag: u32) -> Option<Answered> {
        match remark.word.as_str() {
            "connecting" => {
                *self = Self::default();
                self.session.connecting();
                if remark.get("protocol") == Some("lmtp") {
                    self.session.speak_lmtp();
                }
            }
            "connected" => {
                self.session.connected();
                self.queue.push(Pending { awaited: Awaited::Greeting, tag, gave_up: false });
            }
            "tls" if remark.get("failed").is_none() => self.session.tls_started(),
            // A line of the client's that the source does not show, as far as it can be told.
            "unseen" => _ = self.sent(remark.bare(0).unwrap_or_default().as_bytes(), tag),
            // Content that is kept only as a sum, or not at all: so many octets of it went out.
            "content" => self.content(remark.get("bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(0)),
            "cut" if remark.get("direction") == Some("out") => {
                self.content(remark.get("bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(0));
            }
            // Of an import: so many replies are not in its source, and what comes next answers what was asked after them.
            "lost" => {
                let lost = remark.get("replies").and_then(|count| count.parse().ok()).unwrap_or(0_usize);
                self.queue.forget(lost);
            }
            "gave-up" => {
                for pending in &mut self.queue.all {
                    pending.gave_up = true;
                }
            }
            // The rest of a reply beyond the limit: what was kept of it is the reply.
            "cut" if remark.get("direction") == Some("in") && self.partial.is_empty() => {
                return (!self.reply.lines.is_empty()).then(|| self.complete());
            }
            // The rest of a line beyond the limit: what was kept of it is the line.
            "cut" if remark.get("direction") == Some("in") && !self.partial.is_empty() => {
                let raw = std::mem::take(&mut self.partial);
                return self.line(ReplyLine::parse(raw, LineEnd::Missing));
            }
            "closed" => {
                let unfinished = self.unfinished();
                self.session.closed();
                self.queue.clear();
                return unfinished;
            }
            // What comes next answers what is asked after it: replies may be missing here, and questions.
            "warning" if remark.is_loss() => {
                let unfinished = self.unfinished();
                self.session.lost_sight();
                self.queue.clear();
                return unfinished;
            }
            _ => {}
        }
        None
    }

    fn unfinished(&mut self) -> Option<Answered> {
        if !self.partial.is_empty() {
            let raw = std::mem::take(&mut self.partial);
            self.reply.push(ReplyLine::parse(raw, LineEnd::Missing));
        }
        if self.reply.lines.is_empty() {
            return None;
        }
        self.reply.flaws.push(Flaw::Unfinished);
        Some(self.complete())
    }

    /// The phase of the session.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.session.phase()
    }
}
