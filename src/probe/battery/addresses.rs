//! Whether addresses can be found out: VRFY, EXPN, RCPT; and whether the postmaster is there.

use crate::smtp::Verb;

use super::{Answer, ELSEWHERE, Finding, Probe, Script, Severity, Subject, Talk, always, is_turned_away, once};

pub(super) const PROBE: Probe = Probe {
    name: "addresses",
    title: "Addresses",
    about: "Asks by VRFY, EXPN and RCPT for somebody known and for nobody, and whether the postmaster can be reached.",
    unfit: always,
    next,
    judge,
};

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let (known, absent) = (subject.known(), subject.absent());
    if talks.len() == 1 {
        let asked = subject.opening().send(subject.mail("")).send(rcpt(&known)).send(rcpt(&absent));
        let postmaster = asked.send(rcpt(&format!("postmaster@{}", subject.here()))).send(rcpt("postmaster"));
        return Some(postmaster.send("RSET").send("QUIT"));
    }
    once(talks, || {
        let script = subject.opening().send(format!("VRFY {known}")).send(format!("VRFY {absent}"));
        script.send(format!("EXPN {known}")).send("QUIT")
    })
}

fn rcpt(address: &str) -> String {
    format!("RCPT TO:<{address}>")
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let (known, absent) = (subject.known(), subject.absent());
    let find = |line: &str| talks.iter().find_map(|talk| talk.to(line));
    let mut findings = Vec::new();
    if let (Some(yes), Some(no)) = (find(&format!("VRFY {known}")), find(&format!("VRFY {absent}"))) {
        findings.push(vrfy(&yes, &no));
    }
    findings.extend(find(&format!("EXPN {known}")).map(|answer| expn(&answer)));
    if let (Some(yes), Some(no)) = (find(&rcpt(&known)), find(&rcpt(&absent))) {
        findings.push(recipients(subject, &yes, &no));
    }
    findings.extend(postmaster(subject, talks));
    findings
}

fn vrfy(yes: &Answer, no: &Answer) -> Finding {
    // 252 says no more than "maybe", but not where the others hear 550.
    let told = yes.accepted() && no.code() / 100 == 5 && no.code() != 502;
    let finding = if told {
        Finding::new(Severity::Low, "VRFY tells who exists")
            .meaning("Whoever tries names learns without a trace which addresses are real.")
            .cure("Switch it off (Postfix: disable_vrfy_command = yes; Exim: no acl_smtp_vrfy; Sendmail: PrivacyOptions novrfy).")
    } else if yes.accepted() && no.accepted() {
        Finding::new(Severity::Good, "VRFY says the same of everybody, and so nothing")
    } else if no.code() == 550 && !yes.accepted() {
        Finding::new(Severity::Note, "VRFY refuses the known and the unknown")
            .meaning("Name somebody who really exists with --to, to see whether the answers differ.")
    } else {
        Finding::new(Severity::Good, "VRFY tells nothing")
    };
    finding.by("RFC 5321 7.3").answered([yes, no])
}

fn expn(answer: &Answer) -> Finding {
    let finding = if answer.accepted() && answer.code() != 252 {
        Finding::new(Severity::Low, "EXPN tells who is behind an address")
            .meaning("Lists give their members away by it.")
            .cure("Switch it off (Sendmail: PrivacyOptions noexpn; Exim: no acl_smtp_expn).")
    } else {
        Finding::new(Severity::Good, "EXPN tells nothing")
    };
    finding.by("RFC 5321 7.3").answered([answer])
}

fn recipients(subject: &Subject<'_>, yes: &Answer, no: &Answer) -> Finding {
    let absent = format!("{} does not exist", subject.absent());
    let turned_away = is_turned_away(subject, yes);
    let finding = match (yes.accepted(), no.accepted()) {
        (true, false) if no.code() / 100 == 4 => Finding::new(Severity::Low, "RCPT puts off whom it does not know")
            .meaning("The sender tries for days, and its user hears of the typing error only then.")
            .cure("Refuse unknown recipients with 550 5.1.1."),
        (true, false) => Finding::new(Severity::Good, "RCPT refuses whom it does not know, at once")
            .meaning("Names can be tried by it, and that is the lesser evil: whoever takes all must bounce later."),
        (true, true) => Finding::new(Severity::Low, "RCPT takes everybody").meaning(format!(
            "{absent}, and is accepted: a catch-all, or a server that finds out later and bounces to senders who may be forged."
        )).cure("Have the outer server know the recipients (Postfix: relay_recipient_maps; Exim: verify = recipient/callout)."),
        (false, false) if yes.code() / 100 == 4 => {
            Finding::new(Severity::Unknown, "RCPT puts everybody off").cure("Greylisting, mostly: ask again in half an hour.")
        }
        (false, _) => Finding::new(Severity::Unknown, format!("RCPT refuses {} too", subject.known()))
            .meaning(turned_away.clone().unwrap_or_else(|| {
                "So the refusal of a recipient that cannot exist shows nothing.".to_owned()
            }))
            .cure(if turned_away.is_some() { ELSEWHERE } else { "Name somebody who exists with --to." }),
    };
    finding.by("RFC 5321 3.3").answered([yes, no])
}

/// Every server must take mail for its postmaster.
fn postmaster(subject: &Subject<'_>, talks: &[Talk]) -> Option<Finding> {
    let full = rcpt(&format!("postmaster@{}", subject.here()));
    let talk = talks.iter().find(|talk| talk.to(&full).is_some())?;
    let asked =
        talk.to_verb(Verb::Rcpt).into_iter().filter(|answer| answer.line == full || answer.line == rcpt("postmaster"));
    let mut asked: Vec<Answer> = asked.collect();
    asked.dedup_by(|a, b| a.line == b.line);
    let refused: Vec<&Answer> = asked.iter().filter(|answer| answer.code() / 100 == 5).collect();
    // A whole transaction that is refused says nothing of the postmaster, nor does a server that refuses everybody.
    let nobody =
        [subject.known(), subject.absent()].iter().all(|who| talk.to(&rcpt(who)).is_some_and(|no| !no.accepted()));
    if asked.iter().any(|answer| matches!(answer.code(), 503 | 530)) || (nobody && refused.len() == asked.len()) {
        return None;
    }
    let severity = if refused.iter().any(|answer| answer.line == full) { Severity::Medium } else { Severity::Low };
    let finding = match refused.first() {
        None => Finding::new(Severity::Good, "The postmaster is there"),
        Some(first) => Finding::new(severity, format!("The postmaster can't be reached as {}", &first.line[8..]))
            .meaning("Every server must take mail for postmaster, with its domain and without one.")
            .cure("Add an alias postmaster that somebody reads."),
    };
    Some(finding.by("RFC 5321 4.5.1").answered(&asked))
}
