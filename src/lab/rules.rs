//! Which rules of the scenario hold at a moment, and the counters behind `nth`, `within` and `after`.
//!
//! The clock is lab time; every chance comes from the scenario's seed.

use std::collections::HashMap;
use std::time::Duration;

use super::ListenerKind;
use super::scenario::{Network, On, Per, PhaseName, Played, Rule};
use crate::smtp::Verb;

/// Counters that are kept; beyond that all are forgotten, so that a hostile client can't fill the memory.
const COUNTERS: usize = 100_000;

/// The moment that rules are asked about.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment<'a> {
    pub(super) verb: Option<Verb>,
    pub(super) argument: &'a str,
    /// The whole command line.
    pub(super) line: &'a str,
    /// The recipients that `to` may match.
    pub(super) to: Vec<String>,
    pub(super) from: Option<String>,
    pub(super) helo: Option<String>,
    /// Parameters as typed.
    pub(super) parameters: Vec<String>,
    pub(super) size: Option<u64>,
    pub(super) content: Option<&'a [u8]>,
    pub(super) known: Option<bool>,
    /// Which answer within a login.
    pub(super) step: Option<u64>,
    /// The message's id, where its mail transaction is over already.
    pub(super) queue_id: Option<String>,
    /// What is played of whoever it is (S19).
    pub(super) played: Played,
}

/// What is known of the session at that moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) tls: bool,
    pub(super) authenticated: bool,
    pub(super) client: std::net::IpAddr,
    pub(super) phase: PhaseName,
    pub(super) listener: ListenerKind,
    pub(super) session: u64,
    /// Which connection since the lab began.
    pub(super) visit: u64,
    /// Which mail transaction of the session.
    pub(super) transaction: u64,
    /// Something had come before it was due.
    pub(super) early: bool,
    /// Connections that are open: this client's, and all.
    pub(super) open: [u64; 2],
}

#[derive(Debug, Clone, Copy)]
struct Count {
    events: u64,
    first: Duration,
}

/// A rule that holds, with what its variables need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which rule of the scenario.
    pub(super) index: usize,
    /// Which event of this rule it is.
    pub(super) nth: u64,
    /// How long `within` still lasts.
    pub(super) remaining: Duration,
}

/// The memory of all rules of one lab.
#[derive(Debug)]
pub(super) struct Counters {
    counts: HashMap<(usize, String), Count>,
    chance: u64,
}

impl Counters {
    pub(super) fn new(seed: u64) -> Self {
        Self { counts: HashMap::new(), chance: seed }
    }

    /// The rules that hold, in order, up to the first that ends the search.
    pub(super) fn hits(
        &mut self,
        rules: &[Rule],
        on: On,
        moment: &Moment<'_>,
        facts: &Facts,
        now: Duration,
    ) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let here = rule.on == on || rule.on == On::Any && matches!(on, On::Verb(_));
            // Who speaks before the greeting meets the rules about just that.
            let beside = on == On::Greeting && facts.early && rule.early != Some(true);
            if !here || beside || is_idle(rule, on, moment) || !holds(rule, moment, facts) {
                continue;
            }
            let Some(hit) = self.count(index, rule, moment, facts, now) else { continue };
            if rule.chance.is_some_and(|chance| self.draw() >= chance.0) {
                continue;
            }
            hits.push(hit);
            if rule.ends() {
                break;
            }
        }
        hits
    }

    fn count(&mut self, index: usize, rule: &Rule, moment: &Moment<'_>, facts: &Facts, now: Duration) -> Option<Hit> {
        if !rule.counts() {
            return Some(Hit { index, nth: 1, remaining: Duration::ZERO });
        }
        if self.counts.len() >= COUNTERS {
            self.counts.clear();
        }
        let key = (index, key(rule.per, moment, facts));
        let count = self.counts.entry(key).or_insert(Count { events: 0, first: now });
        count.events += 1;
        if rule.nth.is_some() && rule.within.is_some_and(|span| now.saturating_sub(count.first) > span.0) {
            // So many within a time: when it is over, the next time begins.
            *count = Count { events: 1, first: now };
        }
        let since = now.saturating_sub(count.first);
        let holds = rule.nth.is_none_or(|nth| nth.holds(count.events))
            && rule.within.is_none_or(|span| since <= span.0)
            && rule.after.is_none_or(|span| since >= span.0);
        let remaining = rule.within.map_or(Duration::ZERO, |span| span.0.saturating_sub(since));
        holds.then_some(Hit { index, nth: count.events, remaining })
    }

    /// A number from 0 up to 1, the next of the seed's (`SplitMix64`).
    fn draw(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(top) / (f64::from(u32::MAX) + 1.0)
    }
}

fn key(per: Per, moment: &Moment<'_>, facts: &Facts) -> String {
    let from = moment.from.as_deref().unwrap_or_default().to_lowercase();
    let to = moment.to.join(",").to_lowercase();
    match per {
        Per::Triplet => format!("{} {from} {to}", facts.client),
        Per::Transaction => format!("{} {}", facts.session, facts.transaction),
        Per::Session => facts.session.to_string(),
        Per::Client => facts.client.to_string(),
        Per::Sender => from,
        Per::Recipient => to,
        Per::Server => String::new(),
    }
}

/// Whether the rule counts recipients, and this one is named to nobody: without a transaction there is none to count. One
/// that says in which phase it is meant knows what it counts.
fn is_idle(rule: &Rule, on: On, moment: &Moment<'_>) -> bool {
    let counts = rule.on == on && rule.counts() && rule.phase.is_none();
    counts && on == On::Verb(Verb::Rcpt) && moment.from.is_none()
}

fn holds(rule: &Rule, moment: &Moment<'_>, facts: &Facts) -> bool {
    let same = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
    let network = |wanted: &Option<Network>| wanted.is_none_or(|network| network.holds(facts.client));
    rule.connection.is_none_or(|nth| nth.holds(facts.visit))
        && rule.step.is_none_or(|nth| moment.step.is_some_and(|step| nth.holds(step)))
        && rule.to.as_ref().is_none_or(|glob| moment.to.iter().any(|to| glob.matches(to)))
        && rule.from.as_ref().is_none_or(|glob| moment.from.as_ref().is_some_and(|from| glob.matches(from)))
        && rule.helo.as_ref().is_none_or(|glob| moment.helo.as_ref().is_some_and(|helo| glob.matches(helo)))
        && rule.argument.as_ref().is_none_or(|pattern| pattern.is_in(moment.argument.as_bytes()))
        && rule.line.as_ref().is_none_or(|pattern| pattern.is_in(moment.line.as_bytes()))
        && rule.parameter.as_ref().is_none_or(|wanted| has_parameter(&moment.parameters, wanted))
        && rule.size.is_none_or(|test| moment.size.is_some_and(|size| test.holds(size)))
        && rule.content.as_ref().is_none_or(|pattern| moment.content.is_some_and(|content| pattern.is_in(content)))
        && same(rule.tls, facts.tls)
        && same(rule.authenticated, facts.authenticated)
        && network(&rule.client)
        && rule.phase.is_none_or(|phase| phase == facts.phase)
        && rule.listener.is_none_or(|listener| listener == facts.listener)
        && same(rule.early, facts.early)
        && rule.concurrent.is_none_or(|test| test.holds(facts.open[usize::from(rule.per == Per::Server)]))
        && rule.known.is_none_or(|known| moment.known == Some(known))
        && plays(rule, &moment.played)
}

/// Whether what is played is what the rule asks for; an address whose name nobody plays has neither one nor none.
fn plays(rule: &Rule, played: &Played) -> bool {
    let said = [played.ptr.as_deref(), played.spf, played.dkim, played.dmarc, played.listed.as_deref()];
    let or_none = [None, Some("none"), Some("none"), Some("none"), Some("none")];
    let facts = said.into_iter().zip(or_none).map(|(said, otherwise)| said.or(otherwise));
    rule.plays()
        .into_iter()
        .zip(facts)
        .all(|(glob, fact)| glob.is_none_or(|glob| fact.is_some_and(|fact| glob.matches(fact))))
}

fn has_parameter(parameters: &[String], wanted: &str) -> bool {
    parameters.iter().any(|text| {
        let keyword = text.split('=').next().unwrap_or_default();
        if wanted.contains('=') { text.eq_ignore_ascii_case(wanted) } else { keyword.eq_ignore_ascii_case(wanted) }
    })
}
