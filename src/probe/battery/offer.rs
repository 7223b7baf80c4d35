//! What EHLO offers, explained; and what is missing.

use crate::decode::offer::{Line, lacks, meaning, remarks};
use crate::smtp::escape::for_screen;

use super::{Finding, Probe, Severity, Subject, Talk, always, nothing};

pub(super) const PROBE: Probe = Probe {
    name: "offer",
    title: "What it offers",
    about: "Explains each capability of the reply to EHLO, and what is missing that one would expect.",
    unfit: always,
    next: nothing,
    judge,
};

fn judge(subject: &Subject<'_>, _: &[Talk]) -> Vec<Finding> {
    let heard = subject.hello.iter().rev().find_map(|talk| talk.offer(0));
    let Some((offer, answer)) = heard else {
        return vec![Finding::new(Severity::Note, "Nothing is offered: EHLO is not answered")];
    };
    let mut findings = Vec::new();
    for capability in &offer.list {
        let line = std::iter::once(&capability.keyword).chain(&capability.parameters);
        let line = line.map(String::as_str).collect::<Vec<_>>().join(" ");
        let shown = answer.reply.lines.iter().position(|it| String::from_utf8_lossy(it.text()).trim() == line);
        let record = shown.and_then(|n| answer.records.get(n + 1)).copied();
        findings.push(
            Finding::new(Severity::Note, for_screen(line.as_bytes()))
                .meaning(for_screen(meaning(capability, subject.knowledge).as_bytes()))
                .shown_by(record),
        );
    }
    let tls = subject.hello.iter().any(|talk| talk.remark("tls").is_some());
    let line = Line { tls: Some(tls), authenticated: false, port: None };
    // What speaks of TLS and logins has probes of its own.
    let own = |about: &str| about.contains("STARTTLS") || about.contains("AUTH");
    let said = remarks(&offer, line).into_iter().filter(|remark| !own(&remark.about));
    for remark in said.chain(lacks(&offer)) {
        findings.push(Finding::new(Severity::Note, remark.about).meaning(remark.words).answered([&answer]));
    }
    let doubled =
        offer.list.iter().enumerate().find(|(n, it)| offer.list[..*n].iter().any(|other| other.is(&it.keyword)));
    if let Some((_, it)) = doubled {
        let title = format!("{} is offered twice", for_screen(it.keyword.as_bytes()));
        findings.push(
            Finding::new(Severity::Low, title)
                .meaning("Clients take the first or the last; where the two differ, they do different things.")
                .cure("Look for a proxy or a setting that adds the line once more.")
                .answered([&answer]),
        );
    }
    findings
}
