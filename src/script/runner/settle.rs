//! Replies that are waited for before anything more is sent, and what it means where nothing was expected of them.

use std::ops::ControlFlow;

use crate::conversation::dialogue::Ask as Kind;
use crate::smtp::{Reply, ReplyCode, Verb};

use super::super::plan::{Ask, Sending, Step};
use super::super::report::{Cause, Verdict};
use super::wire::Arrived;
use super::{END, ENDED, Flow, GO_ON, HoldsBack, Runner, finish, shown};

/// Replies that nothing asked for, of which each is told by itself.
const UNASKED: usize = 20;

impl Runner<'_> {
    /// Waits until everything that was sent is answered, and judges what nothing was expected of.
    pub(super) async fn settle(&mut self) -> Flow {
        while let Some((ask, line, text)) = self.open.first().cloned() {
            let arrived = self.wire.answered(ask).await;
            self.open.remove(0);
            if arrived == Arrived::TimedOut && self.is_goodbye(ask) {
                let words = "its reply did not come in time; the message was taken before it";
                self.outcome(line, text, Verdict::Odd, format!("QUIT: {words}"));
                continue;
            }
            self.arrived(ask, line, &text, arrived)?;
            self.judge(ask, line, &text)?;
            self.handshake().await?;
            let of = if line == 0 { "the connection".to_owned() } else { self.told(line, &text) };
            let code = self.wire.last_of(ask).and_then(|exchange| self.wire.reply(exchange)?.code());
            self.turned_away(code, &of).await?;
        }
        while let Some(reply) = self.judge_unasked()? {
            self.turned_away(reply.code(), "nothing that was sent").await?;
        }
        GO_ON
    }

    /// Whether this asks for nothing but the end of a connection over which a message was taken. That is the server's all the
    /// same; whoever took what comes of the QUIT for a failure would send it twice.
    fn is_goodbye(&self, ask: Ask) -> bool {
        self.wire.verb(ask) == Some(Verb::Quit) && self.wire.delivered() > 0
    }

    /// Judges the next reply that nothing asked for and no expectation took, where there is one.
    pub(super) fn judge_unasked(&mut self) -> ControlFlow<(), Option<Reply>> {
        while let Some(exchange) = self.wire.take_unasked() {
            let Some(reply) = self.wire.reply(exchange) else { continue };
            self.unexpected(exchange, &reply, 0, "a reply that nothing asked for")?;
            return ControlFlow::Continue(Some(reply));
        }
        ControlFlow::Continue(None)
    }

    /// A 421 says that the server closes (RFC 5321 3.8): it is given the time for it, so that nothing more is sent and what
    /// follows is not taken for the cause. A server that stays is believed, once.
    async fn turned_away(&mut self, code: Option<ReplyCode>, of: &str) -> Flow {
        if code.is_none_or(|code| code.number() != 421) || self.quit || std::mem::replace(&mut self.waited, true) {
            return GO_ON;
        }
        self.wire.may_close(true).await;
        if !self.wire.closed() || self.wire.flood().is_some() {
            return GO_ON;
        }
        // Where an expectation took the 421 a check may still ask whether the connection is closed.
        if self.report.cause.is_none() && self.report.recipients_refused == 0 {
            return GO_ON;
        }
        self.fatal(Cause::Refused, format!("the server closed the connection after its 421 to {of}"))
    }

    /// Ends the run where the server has sent so much that the client stopped reading.
    pub(super) fn not_flooded(&mut self) -> Flow {
        match self.wire.flood().map(str::to_owned) {
            Some(words) => self.fatal(Cause::Protocol, words),
            None => GO_ON,
        }
    }

    /// A line of the script, as it is told of.
    fn told(&self, line: usize, text: &str) -> String {
        if self.settings.unseen {
            return text.strip_prefix("> ").unwrap_or(text).to_owned();
        }
        format!("line {line} ({text})")
    }

    /// Skips what of a block was neither sent nor skipped.
    pub(super) fn skip_unsent(&mut self, lines: &[Sending]) {
        for sending in lines {
            let sent = self.open.iter().any(|(ask, ..)| *ask == sending.ask);
            if !sent && !self.skipped[sending.ask] {
                self.skip(sending, ENDED);
            }
        }
    }

    /// An expectation failed. `parts` says that the conversation can't go on as it was meant to.
    pub(super) fn failed(&mut self, step: &Step, what: String, words: String, parts: bool) -> Flow {
        self.outcome(step.line, what, Verdict::Failed, words);
        self.cause(Cause::Failed);
        self.held |= match self.settings.holds_back {
            HoldsBack::Failed => true,
            HoldsBack::OtherClass => parts,
            HoldsBack::Nothing => false,
        };
        if self.settings.fail_fast { END } else { GO_ON }
    }

    /// Ends the run where a script expects one reply more than it has asked for.
    pub(super) fn no_further(&mut self, line: usize) -> Flow {
        let words =
            format!("the reply that line {line} waits for did not come in time: what was sent before is answered");
        self.fatal(Cause::TimeOut, words)
    }

    /// What it means if something did not arrive.
    pub(super) fn arrived(&mut self, ask: Ask, line: usize, text: &str, arrived: Arrived) -> Flow {
        let what = match (line, text.strip_prefix("> ")) {
            // A guide's own lines stand in no script.
            (0, Some(command)) => format!("the reply to {command}"),
            (0, None) => "the greeting".to_owned(),
            _ => format!("the reply to {}", self.told(line, text)),
        };
        match arrived {
            Arrived::Yes => GO_ON,
            Arrived::Stopped => self.fatal(Cause::Interrupted, "interrupted"),
            Arrived::TimedOut => {
                let hint = self.wire.hint().map(|target| format!("; {target} may fit"));
                let hint = hint.or_else(|| self.waits_for_tls()).unwrap_or_default();
                self.fatal(Cause::TimeOut, format!("{what} did not come in time{hint}"))
            }
            Arrived::Closed if self.wire.verb(ask) == Some(Verb::Quit) => GO_ON,
            Arrived::Closed => {
                let (cause, words) = self.wire.ending();
                // A recipient's refusal that nobody expected came before, and no message went anywhere.
                let refused = self.report.recipients_refused > 0 && self.wire.delivered() == 0;
                let cause = match cause {
                    Cause::NoConnection if refused => Cause::Refused,
                    // Asked for TLS, it hung up.
                    Cause::NoConnection if self.wire.verb(ask) == Some(Verb::Starttls) => Cause::Tls,
                    other => other,
                };
                let why = self.wire.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
                let closed = || format!("the connection was closed before {what} came{why}");
                self.fatal(cause, words.unwrap_or_else(closed))
            }
        }
    }

    /// What else it may mean that no greeting has come to a client that began in clear text.
    fn waits_for_tls(&self) -> Option<String> {
        let options = &self.settings.options;
        let silent = self.wire.heard_nothing();
        let (host, port) = options.endpoint.tcp().filter(|_| silent && !options.tls.implicit)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        Some(format!(
            "; a server that speaks TLS from the first byte says nothing either: smtps://{host}:{port} may fit"
        ))
    }

    /// After STARTTLS was accepted the handshake comes before anything else.
    pub(super) async fn handshake(&mut self) -> Flow {
        match self.wire.handshake().await {
            Arrived::Yes => GO_ON,
            Arrived::Stopped => self.fatal(Cause::Interrupted, "interrupted"),
            Arrived::TimedOut => self.fatal(Cause::TimeOut, "the TLS handshake was not done in time"),
            Arrived::Closed => {
                let (cause, words) = self.wire.fault();
                let cause = if cause == Cause::NoConnection { Cause::Tls } else { cause };
                self.fatal(cause, words.unwrap_or_else(|| "the connection was closed in the TLS handshake".to_owned()))
            }
        }
    }

    /// Judges the replies to a line that no expectation took.
    fn judge(&mut self, ask: Ask, line: usize, text: &str) -> Flow {
        for exchange in self.wire.untaken(ask) {
            self.last = Some(exchange);
            if let Some(reply) = self.wire.reply(exchange) {
                self.unexpected(exchange, &reply, line, text)?;
            }
        }
        GO_ON
    }

    /// A login that was accepted counts only from a server that has proved what the mechanism has it prove.
    pub(super) fn proved(&mut self, exchange: usize, reply: &Reply, line: usize, text: &str) -> Flow {
        let asked = self.wire.dialogue.exchanges()[exchange];
        let Err(words) = self.login.finish(&asked, reply) else { return GO_ON };
        self.outcome(line, text, Verdict::Refused, format!("{}: {words}", shown(reply)));
        self.fatal(Cause::Authentication, words)
    }

    /// Whether another reply that nothing asked for is told of by itself: a server may send any number of them.
    fn tells_of_another(&mut self) -> bool {
        self.unasked += 1;
        if self.unasked == UNASKED + 1 {
            let words = format!("more than {UNASKED} came; the others are in the transcript");
            self.outcome(0, "replies that nothing asked for", Verdict::Odd, words);
        }
        self.unasked <= UNASKED
    }

    /// A reply of which nothing was expected.
    fn unexpected(&mut self, exchange: usize, reply: &Reply, line: usize, text: &str) -> Flow {
        let asked = self.wire.dialogue.exchanges()[exchange];
        let shown = shown(reply);
        if let (Cause::Protocol, Some(words)) = self.wire.fault() {
            self.outcome(line, text, Verdict::Refused, shown);
            return self.fatal(Cause::Protocol, words);
        }
        if let Some(words) = finish::breaks_protocol(&asked, reply) {
            self.outcome(line, text, Verdict::Refused, format!("{words}: {shown}"));
            return self.fatal(Cause::Protocol, format!("the server broke the protocol: {words}: {shown}"));
        }
        let told = asked.ask != Kind::Unasked || self.tells_of_another();
        if let Some(words) = finish::is_odd(&asked, reply).filter(|_| told) {
            self.outcome(line, text, Verdict::Odd, format!("{words}: {shown}"));
        }
        self.proved(exchange, reply, line, text)?;
        if !reply.class().is_refusal() {
            return GO_ON;
        }
        let weight = finish::weight(&asked, self.wire.is_lmtp());
        let complaint = self.login.complaint().filter(|_| weight == finish::Weight::Authentication);
        let why = complaint.map(|words| format!(" ({words})")).unwrap_or_default();
        if told {
            self.outcome(line, text, Verdict::Refused, format!("{shown}{why}"));
        }
        if asked.verb == Verb::Quit && self.wire.delivered() > 0 {
            // The message is the server's all the same; whoever took this for a failure would send it twice.
            return GO_ON;
        }
        match weight {
            finish::Weight::Recipient => self.report.recipients_refused += 1,
            finish::Weight::Authentication => self.cause(Cause::Authentication),
            finish::Weight::Other => self.cause(Cause::Refused),
        }
        GO_ON
    }
}
