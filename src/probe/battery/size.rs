//! Limits of size: of a message, of a command line.

use crate::decode::offer::octets;

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, untold, without_mail};

pub(super) const PROBE: Probe = Probe {
    name: "size",
    title: "Limits of size",
    about: "Announces messages just within and beyond the limit that SIZE tells, and sends command lines of 512 and 4,096 octets.",
    unfit: without_mail,
    next,
    judge,
};

/// More than any server takes.
const HUGE: u64 = 99_999_999_999;
/// Octets of the longest command line that every server must take, and of one that it need not, CR LF not counted.
const LINES: [usize; 2] = [510, 4_094];

fn line(length: usize) -> String {
    format!("NOOP {}", "x".repeat(length.saturating_sub(5)))
}

fn announced(subject: &Subject<'_>, size: u64) -> String {
    subject.mail(&format!("SIZE={size}"))
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let limit = subject.offer().size();
    match talks.len() {
        0 => {
            let sizes = limit.map_or(vec![HUGE], |limit| vec![limit, limit.saturating_add(1), HUGE]);
            let script = sizes.iter().fold(subject.opening().send(subject.mail("")).send("RSET"), |script, size| {
                script.send(announced(subject, *size)).send("RSET")
            });
            Some(script.send("QUIT"))
        }
        // A server may close after one that is too long: on a connection of its own.
        1 => Some(subject.opening().send(line(LINES[0])).send("QUIT")),
        2 => Some(subject.opening().send(line(LINES[1])).send("QUIT")),
        _ => None,
    }
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(talk) = talks.first() {
        findings.push(messages(subject, talk));
    }
    for (talk, length) in talks.iter().skip(1).zip(LINES) {
        findings.extend(lines(talk, length));
    }
    findings
}

fn messages(subject: &Subject<'_>, talk: &Talk) -> Finding {
    let offer = subject.offer();
    let huge = talk.to(&announced(subject, HUGE));
    // A sender that is refused without a size is not refused for one.
    if talk.turned_away() || talk.to(&subject.mail("")).is_none_or(|plain| !plain.accepted()) {
        return untold(talk, "Whether it keeps a limit of size").by("RFC 1870 6.1");
    }
    let refused = |answer: &Option<Answer>| answer.as_ref().is_some_and(|answer| !answer.accepted());
    let Some(limit) = offer.size() else {
        let offered = offer.has("SIZE");
        let finding = if offered && refused(&huge) {
            Finding::new(Severity::Note, "It has a limit of size that its offer does not tell")
        } else if offered {
            Finding::new(Severity::Note, "It tells no limit of size, and has none at MAIL")
        } else {
            Finding::new(Severity::Note, "It does not offer SIZE: what is too large is refused after it was sent")
        };
        return finding.by("RFC 1870 4").answered(&huge);
    };
    let [within, beyond] = [limit, limit.saturating_add(1)].map(|size| talk.to(&announced(subject, size)));
    let shown: Vec<Answer> = [&within, &beyond, &huge].into_iter().flatten().cloned().collect();
    let told = format!("{limit} octets ({})", octets(limit));
    let finding = if refused(&within) {
        Finding::new(Severity::Medium, format!("It offers {told}, and refuses a message of that size"))
            .cure("Have it tell the limit that it keeps; a quota or a full disk may be behind it.")
    } else if refused(&beyond) {
        Finding::new(Severity::Good, format!("It keeps the limit that it tells: {told}"))
    } else if refused(&huge) {
        Finding::new(Severity::Note, format!("It tells {told}, and takes somewhat more"))
    } else {
        Finding::new(Severity::Low, format!("It tells {told}, and lets a larger message begin"))
            .meaning("The refusal comes after all of it was sent, or not at all.")
            .cure("Have it check SIZE= at MAIL.")
    };
    finding.by("RFC 1870 6.1").answered(&shown)
}

fn lines(talk: &Talk, length: usize) -> Option<Finding> {
    if talk.turned_away() && talk.sent(&line(length)).is_none() {
        return Some(untold(talk, "Whether it takes long lines").by("RFC 5321 4.5.3.1.4"));
    }
    let answer = talk.to(&line(length));
    let octets = length + 2;
    let must = length <= LINES[0];
    let finding = match &answer {
        Some(answer) if answer.accepted() && must => {
            Finding::new(Severity::Good, format!("It takes a command line of {octets} octets, as it must"))
        }
        Some(answer) if answer.accepted() => {
            Finding::new(Severity::Note, format!("It takes a command line of {octets} octets"))
        }
        // NOOP with words is refused by some for the words.
        Some(answer) if must && matches!(answer.code(), 501 | 504) => {
            Finding::new(Severity::Note, "It refuses NOOP with words, so the longest line could not be told")
        }
        Some(_) if must => Finding::new(Severity::Low, format!("It refuses a command line of {octets} octets"))
            .meaning("Every server must take that much.")
            .cure("Raise its limit of line length to 512 octets or more."),
        Some(_) => Finding::new(Severity::Good, format!("It refuses a command line of {octets} octets, and says so")),
        None if must => return super::unheard(talk, "Whether it takes long lines"),
        None => Finding::new(Severity::Note, format!("It closes at a command line of {octets} octets"))
            .shown_by(talk.closed().map(|(record, _)| record)),
    };
    Some(finding.by("RFC 5321 4.5.3.1.4").answered(&answer))
}
