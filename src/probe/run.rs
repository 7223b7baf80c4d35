//! Holding the conversations of probes, one connection after the other, and judging them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::client::{Options, SharedJournal};
use crate::conversation::{Log, Timed, file};
use crate::decode::Knowledge;
use crate::profile::{Target, duration};
use crate::script::files::Folders;
use crate::script::plan::{Act, Step};
use crate::script::values::Values;
use crate::script::{self, Cause, HoldsBack, Outcome, Settings};
use crate::smtp::Verb;
use crate::world::World;

use super::{Aims, Finding, Probe, Report, Script, Subject, Talk, battery};

/// The most conversations that one probe may hold.
const CONVERSATIONS: usize = 60;
/// Octets of all conversations together beyond which no other is begun. An honest server says a hundredth of it.
const MOST: usize = 16 << 20;

/// What a run needs.
#[derive(Debug)]
pub struct Setup {
    /// The server.
    pub target: Target,
    /// How it is dialled. Its certificate is looked at, and never ends a conversation.
    pub options: Options,
    /// Whom to name, and how far to go.
    pub aims: Aims,
    /// Where it is recorded.
    pub journal: Option<SharedJournal>,
    /// Time and randomness.
    pub world: World,
    /// When the recording began ([`World::elapsed`]).
    pub started: Duration,
    /// What is known of replies and capabilities.
    pub knowledge: Arc<Knowledge>,
    /// A message may be handed over to a host that is not on loopback.
    pub hand_over: bool,
    /// Stops it at any moment.
    pub stop: CancellationToken,
}

/// Somebody who watches probes as they are run.
pub trait Watch: Send {
    /// Something happened on the wire; `tls` says whether the line was encrypted.
    fn happened(&mut self, event: &Timed, tls: bool);
    /// A probe begins: the `nth` of so many, from 1.
    fn begins(&mut self, probe: &'static Probe, nth: usize, of: usize);
    /// A probe has found this. Its evidence is in the log.
    fn found(&mut self, finding: &Finding, log: &Log);
}

/// Runs these probes in their order; tells `watch` what happens as it happens.
pub async fn run(probes: &[&'static Probe], setup: Setup, watch: &mut dyn Watch) -> Report {
    let aims = setup.aims.clone();
    let (target, knowledge, now) = (setup.target.clone(), Arc::clone(&setup.knowledge), setup.world.now());
    let mut bench = Bench { setup, watch, log: Log::new(), slowest: Duration::ZERO };
    let mut subject = Subject::new(&target, &aims, &knowledge, now);
    let mut report = Report::new(&target, now);
    while bench.over().is_none()
        && let Some(script) = subject.next_hello()
    {
        let talk = bench.hold(&script).await;
        subject.hello.push(talk);
    }
    report.problem = subject.hello.iter().find_map(broken).or_else(|| bench.over());
    if report.problem.is_some() && subject.hello.iter().all(is_in_measure) {
        for finding in battery::seen(&subject) {
            bench.watch.found(&finding, &bench.log);
            report.findings.push(finding);
        }
    }
    if report.problem.is_none()
        && let Some(script) = subject.next_secured()
    {
        subject.secured = Some(bench.hold(&script).await);
    }
    for (n, probe) in probes.iter().enumerate() {
        report.problem = report.problem.or_else(|| bench.over());
        if report.problem.is_some() {
            break;
        }
        bench.watch.begins(probe, n + 1, probes.len());
        if let Some(why) = (probe.unfit)(&subject) {
            report.left_out.push((probe.name, why));
            continue;
        }
        let mut talks = Vec::new();
        while talks.len() < CONVERSATIONS
            && bench.over().is_none()
            && let Some(script) = (probe.next)(&subject, &talks)
        {
            talks.push(bench.hold(&script).await);
        }
        report.problem = bench.over();
        if report.problem.is_some() {
            break;
        }
        for mut finding in (probe.judge)(&subject, &talks) {
            finding.probe = probe.name;
            bench.watch.found(&finding, &bench.log);
            report.findings.push(finding);
        }
        report.done.push(probe.name);
    }
    report.log = bench.log;
    report
}

/// Why a conversation ended before it was through, with what the server said last where that was a refusal.
fn broken(talk: &Talk) -> Option<(Cause, String)> {
    let (cause, words) = talk.broken.as_ref()?;
    let last = is_in_measure(talk).then(|| talk.answers().last()).flatten();
    let refusal = last.filter(|answer| !answer.accepted()).map(|answer| answer.shown());
    let said = refusal.map(|said| format!(": {said}")).unwrap_or_default();
    Some((*cause, format!("{words}{said}")))
}

/// Whether a server said about as much as it was asked for: of a flood nothing more is told than that it was one.
fn is_in_measure(talk: &Talk) -> bool {
    const MOST: usize = 1_000;
    talk.answers().nth(MOST).is_none()
}

/// What holds conversations.
struct Bench<'a> {
    setup: Setup,
    watch: &'a mut dyn Watch,
    /// Everything that has happened.
    log: Log,
    /// The longest that a reply has taken so far.
    slowest: Duration,
}

impl Bench<'_> {
    /// Why no other conversation is begun, if none is.
    fn over(&self) -> Option<(Cause, String)> {
        if self.setup.stop.is_cancelled() {
            return Some((Cause::Interrupted, "interrupted".to_owned()));
        }
        if let (Some(total), Some(Duration::ZERO)) = (self.setup.aims.total, self.left()) {
            let words = format!("the probes were not over within {}, their total time-out", duration::words(total));
            return Some((Cause::TimeOut, words));
        }
        let words = || format!("more than {} MiB have been said; no test can tell what answers what", MOST >> 20);
        (self.log.memory() > MOST).then(|| (Cause::Protocol, words()))
    }

    /// What is left of the time for all conversations, where it has an end.
    fn left(&self) -> Option<Duration> {
        let Setup { aims, world, started, .. } = &self.setup;
        aims.total.map(|total| total.saturating_sub(world.elapsed().saturating_sub(*started)))
    }

    /// Holds one conversation on a connection of its own.
    async fn hold(&mut self, script: &Script) -> Talk {
        let first = self.log.len();
        let Setup { target, options, aims, journal, world, started, hand_over, stop, .. } = &self.setup;
        let document = match file::read(script.text()) {
            Ok(document) => document,
            Err(error) => return Talk::of(Log::new(), first, Some((Cause::Failed, error.to_string()))),
        };
        let values = Values::new(&[], None, target, &[], world);
        let mut plan = match script::plan(&document, "probe", &values, &Folders::default()) {
            Ok(plan) => plan,
            Err(error) => return Talk::of(Log::new(), first, Some((Cause::Failed, error.to_string()))),
        };
        let says_data =
            |step: &Step| matches!(&step.act, Act::Send(lines) if lines.iter().any(|line| line.verb == Verb::Data));
        if plan.steps.iter().any(says_data) {
            // Whatever ends the message, it may be delivered: the runner is to see to the consent.
            plan.hands_over.get_or_insert(1);
        }
        let mut options = options.clone();
        // Who answers slowly would else be judged by what was never said.
        let least = self.slowest.saturating_mul(3);
        options.reply_timeout = Some(script.patience.map_or(aims.patience, |most| most.max(least).min(aims.patience)));
        let left = self.left().map(|left| left.max(Duration::from_millis(1)));
        options.total_timeout = [options.total_timeout, left].into_iter().flatten().min();
        options.inspect = false;
        options.tls.verify = false;
        let settings = Settings {
            options,
            journal: journal.clone(),
            world: world.clone(),
            started: *started,
            fail_fast: script.ends,
            holds_back: if script.ends { HoldsBack::Failed } else { HoldsBack::Nothing },
            rcpt_only: false,
            unseen: true,
            exact: false,
            hand_over: *hand_over,
            credentials: None,
            clear_text_password: false,
            guide: None,
            pipeline_if_offered: false,
            on_its_way: script::ON_ITS_WAY,
            obeys_limits: false,
            offered: Vec::new(),
            stop: stop.clone(),
        };
        let mut scribe = Scribe { log: &mut self.log, watch: self.watch };
        let report = script::run(&plan, settings, &mut scribe).await;
        // Only what ended the conversation has words of its own; a refusal is an answer.
        let broken = report.words.map(|words| (report.cause.unwrap_or(Cause::Failed), words));
        let talk = Talk::of(report.log, first, broken);
        self.slowest = self.slowest.max(talk.slowest());
        talk
    }
}

/// Keeps everything that happens in one log.
struct Scribe<'a> {
    log: &'a mut Log,
    watch: &'a mut dyn Watch,
}

impl script::Watch for Scribe<'_> {
    fn happened(&mut self, event: &Timed, tls: bool) {
        self.log.push(event.at, &event.event);
        self.watch.happened(event, tls);
    }

    // What a reply means is the judgement's to say.
    fn outcome(&mut self, _: &Outcome) {}
}
