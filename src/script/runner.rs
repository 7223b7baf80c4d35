//! Runs a plan over a connection.
//!
//! Lock-step: a line goes out when everything before it is answered. After a failed expectation no mail goes out
//! half-checked. What the plan ties to a reply is found again by the number of its line ([`Ask`]).

use std::ops::ControlFlow;

use crate::client::Request;
use crate::conversation::event::Remark;
use crate::conversation::mask::Mask;
use crate::smtp::{Class, Phase, Reply, Verb, escape};

use super::check::Check;
use super::facts::facts;
use super::login::{Login, around};
use super::masks::Ends;
use super::plan::{Act, Ask, Content, Expected, Plan, Sending, Step};
use super::recorded::{Compared, compare};
use super::report::{Cause, Outcome, Report, Verdict, Watch};

mod finish;
mod guided;
mod limits;
mod offered;
mod settings;
mod settle;
mod wire;

pub use offered::Offered;
pub use settings::{HoldsBack, ON_ITS_WAY, Settings};
use wire::{Arrived, Wire};

/// Runs a plan to its end; tells `watch` what happens as it happens.
pub async fn run(plan: &Plan, settings: Settings, watch: &mut dyn Watch) -> Report {
    let mut runner = Runner::new(plan, settings, watch);
    runner.connect(0).await;
    let mut steps = plan.steps.iter();
    for step in steps.by_ref() {
        if runner.step(step).await.is_break() || runner.not_flooded().is_break() {
            break;
        }
    }
    for step in steps {
        runner.skip_step(step, ENDED);
    }
    runner.finish().await
}

/// Whether the run goes on.
type Flow = ControlFlow<()>;

const GO_ON: Flow = ControlFlow::Continue(());
const END: Flow = ControlFlow::Break(());

/// Why a step was skipped that comes after the end.
const ENDED: &str = "the run had ended";
/// Why mail was not sent although the server would have taken it.
const HELD: &str = "held back after a failed expectation";

struct Runner<'a> {
    plan: &'a Plan,
    settings: Settings,
    wire: Wire<'a>,
    report: Report,
    /// Mail is held back after a failed expectation.
    held: bool,
    /// Lines of which the reply has not been judged, oldest first, each with its line in the script and its text.
    open: Vec<(Ask, usize, String)>,
    /// Lines that were not sent.
    skipped: Vec<bool>,
    /// The exchange that was looked at last.
    last: Option<usize>,
    login: Login,
    /// QUIT was sent, or the script dropped the connection.
    quit: bool,
    /// What nothing could go on after.
    halted: Option<Cause>,
    /// The server was given the time to close that its 421 announced.
    waited: bool,
    /// The next line goes out without waiting for what is due.
    early: bool,
    /// Nothing more goes out; what is due for what did is still looked at.
    stopped: bool,
    /// What its LIMITS count on this connection.
    named: limits::Named,
    /// What was said of lines that go out although the server does not offer it.
    warned: std::collections::BTreeSet<String>,
    /// Replies that nothing asked for, so far.
    unasked: usize,
    /// The two ends of the conversation, as far as they were looked for.
    ends: Box<Ends>,
    /// Takes the password out of what is told of the script's lines.
    mask: Box<Mask>,
}

impl<'a> Runner<'a> {
    fn new(plan: &'a Plan, settings: Settings, watch: &'a mut dyn Watch) -> Self {
        let passwords = settings.credentials.iter().map(|login| login.password.clone());
        let mask = Box::new(Mask::knowing(passwords, plan.secrets.iter().cloned()));
        Self {
            plan,
            wire: Wire::new(watch, settings.stop.clone(), plan.asks),
            settings,
            report: Report::default(),
            held: false,
            open: Vec::new(),
            skipped: vec![false; plan.asks],
            last: None,
            login: Login::default(),
            quit: false,
            halted: None,
            waited: false,
            early: false,
            stopped: false,
            named: limits::Named::default(),
            warned: std::collections::BTreeSet::new(),
            unasked: 0,
            ends: Box::default(),
            mask,
        }
    }

    /// Connects; the greeting is then due.
    async fn connect(&mut self, ask: Ask) {
        let Settings { options, journal, world, started, credentials, .. } = &self.settings;
        let password = credentials.iter().map(|c| Request::Learn(c.password.clone()));
        let secrets = password.chain(self.plan.secrets.iter().cloned().map(Request::LearnName)).collect();
        self.wire.connect(options.clone(), journal.clone(), world.clone(), *started, ask, secrets).await;
        self.open.push((ask, 0, "connecting".to_owned()));
        (self.quit, self.waited, self.login) = (false, false, Login::default());
        self.named = limits::Named::default();
    }

    async fn step(&mut self, step: &Step) -> Flow {
        if self.stopped {
            return self.last_reply(step).await;
        }
        // Lines go out once everything before them is answered.
        let waits =
            !matches!(step.act, Act::Expect(..) | Act::Check(..) | Act::Sleep(_) | Act::DropAtOnce | Act::Early);
        if waits && !std::mem::take(&mut self.early) && self.settle().await.is_break() {
            self.skip_step(step, ENDED);
            return END;
        }
        match &step.act {
            Act::Send(lines) => {
                let flow = self.send(step, lines).await;
                if flow.is_break() {
                    self.skip_unsent(lines);
                }
                flow
            }
            Act::Content(content) => self.content(step, content).await,
            Act::Expect(ask, expected) => self.expect(step, *ask, expected).await,
            Act::Check(ask, check) => self.check(step, *ask, check).await,
            Act::Sleep(time) => match self.wire.sleep(*time).await {
                Arrived::Stopped => self.fatal(Cause::Interrupted, "interrupted"),
                _ => GO_ON,
            },
            Act::Reconnect(ask) => {
                self.wire.close().await;
                self.held = false;
                self.connect(*ask).await;
                GO_ON
            }
            Act::Early => {
                self.early = true;
                GO_ON
            }
            Act::Drop => {
                self.wire.close().await;
                self.quit = true;
                GO_ON
            }
            Act::DropAtOnce => self.close_unanswered().await,
            Act::Guide => self.guided().await,
        }
    }

    /// A step behind the last line that went out: what answers that is held against what was expected, and no more.
    async fn last_reply(&mut self, step: &Step) -> Flow {
        let due = |ask: Ask| self.open.iter().any(|(open, ..)| *open == ask);
        match &step.act {
            Act::Expect(ask, expected) if due(*ask) => self.expect(step, *ask, expected).await,
            Act::Check(ask, check) if due(*ask) => self.check(step, *ask, check).await,
            _ => {
                self.skip_step(step, ENDED);
                GO_ON
            }
        }
    }

    /// The first thing that goes wrong counts.
    fn cause(&mut self, cause: Cause) {
        self.report.cause.get_or_insert(cause);
    }

    /// Something after which nothing can go on.
    fn fatal<T>(&mut self, cause: Cause, words: impl Into<String>) -> ControlFlow<(), T> {
        self.cause(cause);
        self.halted.get_or_insert(cause);
        self.report.words.get_or_insert(words.into());
        ControlFlow::Break(())
    }

    fn outcome(&mut self, line: usize, step: impl Into<String>, verdict: Verdict, words: impl Into<String>) {
        // What is skipped was seen by nobody who masks what goes out.
        let step = self.mask.text(&step.into());
        let outcome = Outcome { line, step, verdict, words: words.into() };
        self.wire.watch.outcome(&outcome);
        self.report.outcomes.push(outcome);
    }

    fn skip_step(&mut self, step: &Step, why: &str) {
        match &step.act {
            Act::Send(lines) => {
                for sending in lines {
                    self.skip(sending, why);
                }
            }
            Act::Content(_) => self.outcome(step.line, "| message content", Verdict::Skipped, why),
            Act::Expect(_, expected) => self.outcome(step.line, named(expected), Verdict::Skipped, why),
            Act::Check(_, check) => self.outcome(step.line, format!("? {check}"), Verdict::Skipped, why),
            Act::Sleep(_) | Act::Reconnect(_) | Act::Drop | Act::DropAtOnce | Act::Guide | Act::Early => {}
        }
    }

    /// Sends a line not at all; a recipient in it is named no more.
    fn skip(&mut self, sending: &Sending, why: &str) {
        self.unnamed(sending);
        self.pass_over(sending, why);
    }

    fn pass_over(&mut self, sending: &Sending, why: &str) {
        self.skipped[sending.ask] = true;
        self.outcome(sending.line, format!("> {}", sending.shown()), Verdict::Skipped, why);
    }

    /// Sends a line, or a block of them.
    async fn send(&mut self, step: &Step, lines: &[Sending]) -> Flow {
        if self.wire.closed() {
            let (cause, words) = self.wire.ending();
            let closed =
                if self.quit { "the connection was closed after QUIT" } else { "the server closed the connection" };
            self.skip_step(step, closed);
            return self.fatal(cause, words.unwrap_or_else(|| closed.to_owned()));
        }
        if self.wire.phase() == Phase::Data && self.held {
            // Neither the dot nor anything else may be sent: it would be taken for content.
            self.skip_step(step, "the message was begun and must not be finished");
            for sending in lines.iter().filter(|sending| sending.ends) {
                self.wire.request(Request::Remark(held(&sending.shown()))).await;
            }
            self.wire.close().await;
            return END;
        }
        let mut ready = Vec::new();
        for sending in lines {
            if self.settings.rcpt_only && sending.begins {
                self.skip(sending, "--rcpt-only stops before it");
                self.stopped = true;
                self.write(ready).await?;
                self.skip_unsent(lines);
                return GO_ON;
            }
            if let Some(why) = self.holds_back(sending) {
                self.skip(sending, why);
                if why == HELD {
                    self.wire.request(Request::Remark(held(&sending.shown()))).await;
                }
                continue;
            }
            if !self.settings.hand_over && self.hands_over(sending) && !self.wire.on_loopback() {
                self.skip(sending, "the server is not on loopback");
                return self.fatal(
                    Cause::NotAllowed,
                    "a message would be handed over to a host outside loopback; --yes-really-send allows it",
                );
            }
            if matches!(sending.verb, Verb::Rset | Verb::Mail) {
                self.held = false;
            }
            let line = self.filled(sending)?;
            if sending.verb == Verb::Rcpt && self.is_left_over(&line) {
                self.pass_over(sending, "the server's LIMITS leave it for another mail transaction");
                continue;
            }
            let line = self.with_offered(sending, line).await;
            ready.push((sending, line));
            if lines.len() > 1 && self.one_by_one() {
                self.write(std::mem::take(&mut ready)).await?;
                self.settle_block().await?;
            }
        }
        self.write(ready).await
    }

    /// Whether a block must go out line by line: the server does not offer to take it at once.
    fn one_by_one(&self) -> bool {
        self.settings.pipeline_if_offered && !self.wire.dialogue.state().session.capabilities.has("PIPELINING")
    }

    /// Waits until what was sent of a block is answered; what is expected of it is looked at later.
    async fn settle_block(&mut self) -> Flow {
        for (ask, line, text) in self.open.clone() {
            let arrived = self.wire.answered(ask).await;
            self.arrived(ask, line, &text, arrived)?;
        }
        GO_ON
    }

    async fn write(&mut self, ready: Vec<(&Sending, Vec<u8>)>) -> Flow {
        for (sending, _) in &ready {
            self.quit |= sending.verb == Verb::Quit;
            self.open.push((sending.ask, sending.line, format!("> {}", sending.shown())));
        }
        if let Arrived::Stopped = self.wire.write(ready).await {
            return self.fatal(Cause::Interrupted, "interrupted");
        }
        GO_ON
    }

    /// The octets of a line, with what AUTH carries at its markers.
    fn filled(&mut self, sending: &Sending) -> ControlFlow<(), Vec<u8>> {
        let secure = self.wire.dialogue.state().session.tls || self.settings.clear_text_password;
        let last = self.last.and_then(|exchange| self.wire.reply(exchange));
        let Settings { world, credentials, options, .. } = &self.settings;
        let session = &self.wire.dialogue.state().session;
        let around = || around(world, &self.wire.log, session, options.endpoint.tcp());
        match self.login.fill(sending, credentials.as_ref(), around, secure, last.as_ref()) {
            Ok(line) => ControlFlow::Continue(line),
            Err(words) => {
                self.skip(sending, &words);
                self.fatal(Cause::Authentication, words)
            }
        }
    }

    fn hands_over(&self, sending: &Sending) -> bool {
        self.plan.hands_over.is_some() && (sending.begins || sending.ends)
    }

    /// Why a line must not or need not be sent now.
    fn holds_back(&self, sending: &Sending) -> Option<&'static str> {
        if self.held && (sending.begins || sending.ends) {
            return Some(HELD);
        }
        let phase = self.wire.phase();
        if sending.dot && phase != Phase::Data {
            return Some("no message was begun");
        }
        if sending.answer && phase != Phase::Auth {
            return Some("the server asks for no answer");
        }
        None
    }

    async fn content(&mut self, step: &Step, content: &Content) -> Flow {
        if self.held {
            self.skip_step(step, HELD);
        } else if self.wire.phase() == Phase::Data {
            if let Arrived::Stopped = self.wire.content(content).await {
                return self.fatal(Cause::Interrupted, "interrupted");
            }
        } else {
            self.skip_step(step, "the server expects no content");
        }
        GO_ON
    }

    async fn expect(&mut self, step: &Step, ask: Ask, expected: &Expected) -> Flow {
        if self.skipped[ask] {
            self.skip_step(step, "its line was not sent");
            return GO_ON;
        }
        let what = named(expected);
        let optional = matches!(expected, Expected::Pattern(pattern) if pattern.optional);
        let limit = optional.then_some(self.settings.on_its_way);
        if !optional && let Some(at_most) = self.wire.long_wait(ask).await {
            self.wire.watch.awaits(step.line, &what, at_most);
        }
        let exchange = match self.wire.next_reply(ask, limit, self.settings.options.reply_timeout).await {
            Ok(exchange) => exchange,
            Err(_) if optional && !self.settings.stop.is_cancelled() => {
                self.outcome(step.line, what, Verdict::Absent, "no reply came, and none had to");
                return GO_ON;
            }
            Err(arrived) => {
                self.outcome(step.line, what, Verdict::Failed, missing(arrived));
                let of = self.open.iter().find(|(open, ..)| *open == ask).cloned();
                self.open.retain(|(open, ..)| *open != ask);
                let answered = self.wire.last_of(ask).and_then(|last| self.wire.reply(last)).is_some();
                if answered && arrived == Arrived::TimedOut {
                    return self.no_further(step.line);
                }
                // The line that was asked by, not the one on which its reply is expected.
                let (_, line, text) = of.unwrap_or_else(|| (ask, step.line, "a reply".to_owned()));
                self.arrived(ask, line, &text, arrived)?;
                return self.fatal(Cause::NoConnection, "the connection was closed");
            }
        };
        let Some(reply) = self.wire.reply(exchange) else { return GO_ON };
        let verdict = self.compare(expected, &reply);
        if optional && verdict.0 == Verdict::Failed {
            self.outcome(step.line, what, Verdict::Absent, format!("another reply came: {}", shown(&reply)));
            return GO_ON;
        }
        self.wire.take(ask, exchange);
        self.last = Some(exchange);
        self.proved(exchange, &reply, step.line, &what)?;
        let asked = self.wire.dialogue.exchanges()[exchange];
        let broken = reply.code().is_none()
            || reply.class() == Class::Unknown
            || reply.class() == Class::Intermediate && finish::breaks_protocol(&asked, &reply).is_some();
        let flow = if verdict.0 == Verdict::Failed {
            let words = format!("{}; the server said {}", verdict.1, shown(&reply));
            let flow = self.failed(step, what, words, !expected.takes_class_of(&reply));
            if broken {
                self.report.cause = Some(Cause::Protocol);
                return self.fatal(Cause::Protocol, format!("the server broke the protocol: {}", shown(&reply)));
            }
            flow
        } else {
            self.outcome(step.line, what, verdict.0, verdict.1);
            GO_ON
        };
        flow?;
        self.handshake().await
    }

    fn compare(&mut self, expected: &Expected, reply: &Reply) -> (Verdict, String) {
        match expected {
            Expected::Pattern(pattern) => match pattern.check(reply) {
                Ok(()) => (Verdict::Met, String::new()),
                Err(words) => (Verdict::Failed, words),
            },
            Expected::Recorded(recorded, offer) => {
                let ends = || {
                    self.ends.extend(&self.wire.log);
                    Ends::clone(&self.ends)
                };
                match compare(recorded, reply, *offer, (&self.plan.texts, self.settings.exact), ends) {
                    Compared::Same => (Verdict::Met, String::new()),
                    Compared::Masked(words) => (Verdict::Met, words),
                    Compared::Drift(words) => (Verdict::Drift, words),
                    Compared::Differs(words) => (Verdict::Failed, words),
                }
            }
        }
    }

    async fn check(&mut self, step: &Step, ask: Ask, check: &Check) -> Flow {
        if self.skipped[ask] {
            self.skip_step(step, "its line was not sent");
            return GO_ON;
        }
        let lost = match self.answer_for_check().await {
            ControlFlow::Continue(lost) => lost,
            ControlFlow::Break(()) => {
                self.skip_step(step, ENDED);
                return END;
            }
        };
        if check.awaits_close() {
            self.wire.may_close(self.quit).await;
        }
        let Wire { log, dialogue, .. } = &self.wire;
        let facts = facts(log, dialogue, self.last, self.wire.closed(), self.settings.world.now());
        match check.holds(&facts) {
            Ok(()) => {
                if check.awaits_close() {
                    // What was still to be answered is not missed.
                    self.open.clear();
                }
                self.outcome(step.line, format!("? {check}"), Verdict::Met, "");
                GO_ON
            }
            Err(words) => {
                let flow = self.failed(step, format!("? {check}"), words, check.is_of_protection());
                match lost.filter(|_| self.wire.closed() && !check.awaits_close()) {
                    // It failed because the server went away, and that is what happened.
                    Some((ask, line, text)) => {
                        self.report.cause = None;
                        self.arrived(ask, line, &text, Arrived::Closed)
                    }
                    None => flow,
                }
            }
        }
    }

    /// A check looks at what is known once the lines before it are answered. Gives the first of them that the server
    /// closed upon instead, if it did.
    async fn answer_for_check(&mut self) -> ControlFlow<(), Option<(Ask, usize, String)>> {
        let mut lost = None;
        for (ask, line, text) in self.open.clone() {
            let arrived = self.wire.answered(ask).await;
            if arrived == Arrived::Closed {
                lost.get_or_insert((ask, line, text));
            } else {
                self.arrived(ask, line, &text, arrived)?;
            }
            self.last = self.wire.last_of(ask).max(self.last);
        }
        self.handshake().await?;
        ControlFlow::Continue(lost)
    }
}

/// Says in a recording that ehlo did not send a line, and why.
fn held(line: &str) -> Remark {
    Remark::new("held").value(line).value(HELD)
}

/// An expectation as a report names it.
fn named(expected: &Expected) -> String {
    match expected {
        Expected::Pattern(pattern) => format!("< {pattern}"),
        Expected::Recorded(reply, _) => format!("< {}", shown(reply)),
    }
}

/// The last line of a reply, fit for a screen.
fn shown(reply: &Reply) -> String {
    reply.lines.last().map(|line| escape::for_screen(&line.raw)).unwrap_or_default()
}

fn missing(arrived: Arrived) -> &'static str {
    match arrived {
        Arrived::Closed => "the connection was closed before a reply came",
        Arrived::TimedOut => "no reply came in time",
        Arrived::Stopped => "interrupted",
        Arrived::Yes => "",
    }
}
