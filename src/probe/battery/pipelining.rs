//! Pipelining: whether a group of commands gets a reply each, in order.

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, untold, without_mail};

pub(super) const PROBE: Probe = Probe {
    name: "pipelining",
    title: "Pipelining",
    about: "Sends a mail transaction up to RCPT in one write, and looks for one reply to each line, in order.",
    unfit: without_mail,
    next,
    judge,
};

fn group(subject: &Subject<'_>) -> [String; 5] {
    let rcpt = |address: String| format!("RCPT TO:<{address}>");
    [subject.mail(""), rcpt(subject.known()), rcpt(subject.absent()), "RSET".to_owned(), "NOOP".to_owned()]
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    match talks {
        [] => Some(subject.opening().at_once(group(subject)).send("QUIT")),
        // Whether it is the write that it minds, or the lines: the same once more, one by one.
        [first] if answers(subject, first).is_none() => Some(subject.opening().lines(group(subject)).send("QUIT")),
        _ => None,
    }
}

/// The answers to the group, where each line has one that is the server's about it.
fn answers(subject: &Subject<'_>, talk: &Talk) -> Option<Vec<Answer>> {
    if talk.turned_away() {
        return None;
    }
    group(subject).iter().map(|line| talk.to(line)).collect()
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let Some(talk) = talks.first() else { return Vec::new() };
    let offered = subject.offer().has("PIPELINING");
    let whole = answers(subject, talk);
    if whole.is_none() && talks.get(1).is_none_or(|one_by_one| answers(subject, one_by_one).is_none()) {
        return vec![untold(talk, "Whether it bears pipelining").by("RFC 2920 3")];
    }
    let shown: Vec<Answer> = group(subject).iter().filter_map(|line| talk.to(line)).collect();
    // RSET and NOOP are always answered 250; anything else there is the answer to another line.
    let ordered = whole.is_some_and(|answers| answers[3..].iter().all(|answer| answer.code() == 250));
    let finding = match (offered, ordered) {
        (true, true) => {
            Finding::new(Severity::Good, "It offers PIPELINING, and keeps it: a reply to each line, in order")
        }
        (true, false) => Finding::new(Severity::High, "It offers PIPELINING, and does not keep it")
            .meaning("Replies are missing or out of order: clients take the reply to one line for that to another.")
            .cure("Take PIPELINING out of the offer; look for a proxy or filter between that reads line by line."),
        (false, true) => Finding::new(Severity::Note, "It offers no PIPELINING, and bears it all the same")
            .meaning("A client must not count on that."),
        (false, false) => Finding::new(Severity::Good, "It offers no PIPELINING, and does not bear it"),
    };
    let closed = talk.closed().filter(|(_, by_server)| *by_server && !ordered).map(|(record, _)| record);
    vec![finding.by("RFC 2920 3").answered(&shown).shown_by(closed)]
}
