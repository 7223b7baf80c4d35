//! Patience: how long the server bears silence, and how it ends the connection.

use crate::profile::duration;

use super::{Finding, Probe, Script, Severity, Subject, Talk, always, once};

pub(super) const PROBE: Probe = Probe {
    name: "idle",
    title: "Patience",
    about: "Says nothing for a while (--idle) and looks whether, when and how the server ends the connection.",
    unfit: always,
    next,
    judge,
};

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    once(talks, || {
        let sleep = format!("sleep {}ms", subject.aims.idle.as_millis());
        Script::new().send(subject.greeting_line()).expect("*").act(&sleep).send("NOOP").send("QUIT")
    })
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let Some(talk) = talks.first() else { return Vec::new() };
    let waited = duration::words(subject.aims.idle);
    if let Some(answer) = talk.to("NOOP").filter(super::Answer::accepted) {
        let finding = Finding::new(Severity::Good, format!("It bears {waited} of silence"));
        let words = "It should bear at least five minutes; --idle 6m waits that long.";
        return vec![finding.meaning(words).by("RFC 5321 4.5.3.2.7").answered([&answer])];
    }
    let Some((closed, _)) = talk.closed() else { return Vec::new() };
    let hello = talk.answers().nth(1).and_then(|answer| answer.records.last().copied()).unwrap_or(talk.first);
    let seconds = talk.seconds(closed) - talk.seconds(hello);
    let last = talk.answers().last().filter(|answer| answer.code() == 421);
    let title = format!("It ends the connection after {seconds:.0} s of silence");
    let short = seconds < 290.0;
    let said = last.is_some();
    let severity = if short && !subject.is_near() { Severity::Low } else { Severity::Note };
    let how = if said { "It says so with 421." } else { "It closes without a word, where 421 would say why." };
    let finding = Finding::new(severity, title)
        .meaning(format!("{how} A server should wait five minutes for the next command; under load less is usual."))
        .cure(if short { "Raise its time-out for commands (Postfix: smtpd_timeout)." } else { "" });
    vec![finding.by("RFC 5321 4.5.3.2.7").answered(&last).shown_by([closed])]
}
