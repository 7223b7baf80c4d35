//! Speaking out of turn: before the greeting, and past EHLO.

use crate::conversation::Kind;
use crate::smtp::Verb;

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, always};

pub(super) const PROBE: Probe = Probe {
    name: "early",
    title: "Speaking out of turn",
    about: "Greets before the server has greeted, and sends lines behind EHLO without waiting, as no client should.",
    unfit: always,
    next,
    judge,
};

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let hello = subject.greeting_line();
    match talks.len() {
        0 => Some(transaction(Script::new().act("early").send(hello).send("NOOP"), subject)),
        1 => Some(transaction(Script::new().at_once([&*hello, "NOOP"]), subject)),
        _ => None,
    }
}

/// Some let the talker begin, and refuse every recipient then.
fn transaction(script: Script, subject: &Subject<'_>) -> Script {
    script.send(subject.mail("")).send(format!("RCPT TO:<{}>", subject.known())).send("RSET").send("QUIT")
}

/// Whether the talker was turned away: refused, cut off, offered less, or refused every recipient for it.
fn minded(subject: &Subject<'_>, talk: &Talk) -> bool {
    let greeted = |answer: &Answer| matches!(answer.verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo | Verb::Noop);
    let answers: Vec<Answer> = talk.answers().filter(greeted).collect();
    let blamed = talk.to_verb(Verb::Rcpt).into_iter().any(|answer| {
        let text = answer.reply.text().to_ascii_lowercase();
        answer.code() >= 400
            && ["protocol", "synchron", "pipelin", "too soon", "unauthorized"].iter().any(|it| text.contains(it))
    });
    let less =
        subject.clear_offer().zip(talk.offer(0)).is_some_and(|(usual, (offer, _))| offer.list.len() < usual.list.len());
    blamed || less || answers.len() < 2 || answers.iter().any(|answer| answer.code() >= 400)
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let ways = [
        (
            "before the greeting",
            "RFC 5321 4.3.1",
            "Most spam comes from senders that do not wait; a short pause before the greeting shows them (postscreen, Exim's smtp_enforce_sync).",
        ),
        (
            "behind EHLO",
            "RFC 2920 3.1",
            "What comes with EHLO may not know whether PIPELINING is offered at all (Postfix: smtpd_forbid_unauth_pipelining).",
        ),
    ];
    let judged = talks.iter().zip(ways).map(|(talk, (way, reference, why))| {
        let lines = talk.log.since(0).filter(|(_, entry)| matches!(entry.kind, Kind::Sent | Kind::Received));
        let heard: Vec<usize> = lines.map(|(n, _)| talk.first + n).collect();
        let finding = if minded(subject, talk) {
            Finding::new(Severity::Good, format!("It minds whoever speaks {way}"))
        } else {
            Finding::new(Severity::Note, format!("It bears whoever speaks {way}")).meaning(why)
        };
        finding.by(reference).shown_by(heard)
    });
    judged.collect()
}
