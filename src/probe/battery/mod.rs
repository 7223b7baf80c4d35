//! The probes, one file each: what it says, and what the answers show.

use super::subject::wants_tls;
use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk};
use crate::decode::{Asked, Context, explain_reply, listing};

mod addresses;
mod auth;
mod early;
mod eight_bit;
mod identity;
mod idle;
mod injection;
mod offer;
mod pipelining;
mod receipt;
mod relay;
mod size;
mod smuggling;
mod tls;

/// All, in the order in which they are run.
pub(super) const ALL: &[Probe] = &[
    identity::PROBE,
    offer::PROBE,
    tls::PROBE,
    auth::PROBE,
    relay::PROBE,
    addresses::PROBE,
    receipt::PROBE,
    size::PROBE,
    pipelining::PROBE,
    early::PROBE,
    eight_bit::PROBE,
    smuggling::PROBE,
    injection::PROBE,
    idle::PROBE,
];

/// It fits every server.
fn always(_: &Subject<'_>) -> Option<String> {
    None
}

/// It looks at what was said before, and says nothing of its own.
fn nothing(_: &Subject<'_>, _: &[Talk]) -> Option<Script> {
    None
}

/// Where no mail transaction may begin, what only a transaction shows is not to be seen.
fn without_mail(subject: &Subject<'_>) -> Option<String> {
    let answer = subject.refuses_mail()?;
    let shown = answer.shown();
    Some(if wants_tls(&answer) {
        format!("the server begins no mail transaction without TLS ({shown}), and there is none here that works")
    } else if answer.code() == 530 {
        format!("the server begins no mail transaction without a login ({shown}); probe its port 25")
    } else {
        format!("the server begins no mail transaction ({shown}); name another sender with --from")
    })
}

/// What the first conversations alone have shown, where the others could not be held.
pub(super) fn seen(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.hello.iter().all(|talk| talk.greeting().is_none()) {
        return Vec::new();
    }
    let mut findings = identity::seen(subject);
    for finding in &mut findings {
        finding.probe = identity::PROBE.name;
    }
    let offered = subject.clear_offer().map(|_| (offer::PROBE.judge)(subject, &[])).unwrap_or_default();
    findings.extend(offered.into_iter().map(|finding| Finding { probe: offer::PROBE.name, ..finding }));
    findings
}

/// Whether a recipient was refused since nobody of that name is there.
fn is_unknown(subject: &Subject<'_>, answer: &Answer) -> bool {
    let context = Context { asked: Some(Asked::Verb(answer.verb)), ..Context::default() };
    !answer.accepted() && explain_reply(&answer.reply, &context, subject.knowledge).category == "mailbox-unknown"
}

/// Whether it is the address of this test that is refused, so that nothing is learnt by naming another recipient: what to say
/// of it.
fn is_turned_away(subject: &Subject<'_>, answer: &Answer) -> Option<String> {
    let context = Context { asked: Some(Asked::Verb(answer.verb)), ..Context::default() };
    let meant = explain_reply(&answer.reply, &context, subject.knowledge);
    // Other grounds are the country, or complaints: no list is to be told of there.
    let on = listing(&answer.reply.text()).map(|found| match found.list {
        Some(list) => format!(": that is on a block list ({list})"),
        None => ": that is on a block list".to_owned(),
    });
    let says = "It refuses the address that this test comes from, whoever is named";
    (!answer.accepted() && meant.category == "reputation").then(|| format!("{says}{}.", on.unwrap_or_default()))
}

/// What helps then.
const ELSEWHERE: &str = "Test from another address; where a list is named, have this one taken off it first.";

/// The conversation that a probe holds, once.
fn once(talks: &[Talk], script: impl FnOnce() -> Script) -> Option<Script> {
    talks.is_empty().then(script)
}

/// The server answers so slowly, or has had so much of us, that this test shows nothing.
fn untold(talk: &Talk, what: &str) -> Finding {
    let (words, cure) = if talk.turned_away() {
        (
            "The server has had enough of us for now, and says so by 421.",
            "Ask again later, and for this alone (--only).",
        )
    } else {
        (
            "What shows it did not come so far: the conversation ended, or a reply did not come in time.",
            "Ask again, and for this alone (--only); with a longer --reply-timeout where the server is slow.",
        )
    };
    let heard = talk.closed().map(|(record, _)| record);
    let last = talk.answers().last().map(|answer| answer.records).unwrap_or_default();
    Finding::new(Severity::Unknown, format!("{what} could not be told"))
        .meaning(words)
        .cure(cure)
        .shown_by(last.into_iter().chain(heard))
}

/// A conversation that did not come to its end: nothing is known then.
fn unheard(talk: &Talk, what: &str) -> Option<Finding> {
    let (_, words) = talk.broken.as_ref()?;
    let record = talk.closed().map(|(record, _)| record);
    Some(
        Finding::new(Severity::Unknown, format!("{what} could not be told"))
            .meaning(format!("The conversation ended before its end: {words}."))
            .cure("Ask again; if it ends at the same place, that is the server's answer.")
            .shown_by(record),
    )
}
