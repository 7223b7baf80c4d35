//! Smuggling: whether a line feed or carriage return alone ends a line, or a message.
//!
//! The end of a message is tried only where a message may be delivered: a server that takes the wrong end delivers it.

use std::time::Duration;

use crate::conversation::Kind;

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, untold, without_mail};

pub(super) const PROBE: Probe = Probe {
    name: "smuggling",
    title: "SMTP smuggling",
    about: "Ends command lines by LF or CR alone; with --deliver it also ends messages by everything that is no CR LF . CR LF.",
    unfit: without_mail,
    next,
    judge,
};

/// How long the verdict on a message may take that has not ended.
const PATIENCE: Duration = Duration::from_secs(3);

/// What ends a line in another way: its name, and two commands in one line.
const LINES: [(&str, &str); 2] = [("LF", "NOOP\nNOOP"), ("CR", "NOOP\rNOOP")];

/// What no server may take for the end of a message (RFC 5321 4.1.1.4, 2.3.8).
const ENDS: [(&str, &[u8]); 7] = [
    ("LF . LF", b"\n.\n"),
    ("LF . CR LF", b"\n.\r\n"),
    ("CR LF . LF", b"\r\n.\n"),
    ("CR . CR LF", b"\r.\r\n"),
    ("CR . CR", b"\r.\r"),
    ("CR LF . CR", b"\r\n.\r"),
    ("CR LF NUL . CR LF", b"\r\n\0.\r\n"),
];

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    if let Some((_, line)) = LINES.get(talks.len()) {
        return Some(subject.opening().send(line).send("RSET").send("QUIT"));
    }
    let to = subject.aims.deliver.as_ref()?;
    let (name, end) = ENDS.get(talks.len() - LINES.len())?;
    // Where the message can't begin, none of the ends can be tried.
    if talks.len() > LINES.len() && talks[LINES.len()].last_sent(Kind::Content).is_none() {
        return None;
    }
    let script = subject.opening().send(subject.mail("")).send(format!("RCPT TO:<{to}>")).expect("2xx");
    let script = script.send("DATA").expect("354").or_end().patience(PATIENCE);
    let script = script
        .content(format!("From: <{}>", subject.aims.from))
        .content(format!("To: <{to}>"))
        .content(format!("Subject: A message that ended with {name}"))
        .content("")
        .content("If you read this, the server takes for the end of a message what is none.");
    // The last line has no end but the one that is tried.
    Some(script.content_raw([b"Its sender never ended it.".as_slice(), end].concat()).expect("*").act("drop"))
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        talks.iter().zip(LINES).filter_map(|(talk, (name, line))| of_line(talk, name, line)).collect();
    if subject.aims.deliver.is_none() {
        findings.push(
            Finding::new(Severity::Unknown, "What ends a message was not tried")
                .meaning("Only a message shows it, and a server that takes a wrong end delivers it.")
                .cure("Name a mailbox of your own with --deliver."),
        );
        return findings;
    }
    let tried: Vec<(&Talk, &str)> = talks.iter().skip(LINES.len()).zip(ENDS.iter().map(|(name, _)| *name)).collect();
    findings.extend(of_ends(&tried));
    findings
}

/// Two commands in one line: one reply too many says that the server saw two.
fn of_line(talk: &Talk, name: &str, line: &str) -> Option<Finding> {
    let sent = talk.log.of_kind(Kind::Sent).find(|(_, entry)| entry.bytes == line.as_bytes())?.0 + talk.first;
    let lines = talk.log.of_kind(Kind::Sent).filter(|(n, _)| n + talk.first >= sent).count();
    let replies: Vec<Answer> =
        talk.answers().filter(|answer| answer.records.last().is_some_and(|record| *record > sent)).collect();
    let shown = talk.lines_from(sent, 5);
    let refused = replies.first().is_some_and(|answer| !answer.accepted());
    let finding = if replies.len() > lines && refused {
        Finding::new(Severity::Note, format!("{name} alone is refused in a command line"))
            .meaning("What follows it is then taken for a command of its own.")
    } else if replies.len() > lines {
        Finding::new(Severity::Low, format!("{name} alone ends a command line"))
            .meaning("Lines must end with CR LF. A server that takes less in commands may take less at the end of a message too.")
            .cure("Refuse it (Postfix from 3.9: smtpd_forbid_bare_newline = normalize or reject).")
    } else if replies.len() < lines && !refused && talk.closed().is_none_or(|(_, by_server)| !by_server) {
        // Each line was not even answered once.
        return Some(untold(talk, &format!("What {name} alone does in a command line")).by("RFC 5321 2.3.8"));
    } else {
        Finding::new(Severity::Good, format!("{name} alone ends no command line"))
    };
    Some(finding.by("RFC 5321 2.3.8").shown_by(shown))
}

/// The ends of messages: a verdict after octets that end none is the finding.
fn of_ends(tried: &[(&Talk, &str)]) -> Vec<Finding> {
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for (talk, name) in tried {
        let sent: Vec<usize> = talk.log.of_kind(Kind::Content).map(|(n, _)| talk.first + n).collect();
        let Some(end) = sent.last() else { continue };
        let heard = talk.heard_after(*end);
        let verdict = talk.answers().find(|answer| answer.records.last() == heard.first());
        // The end stands in the last two pieces that were sent.
        let shown: Vec<usize> = sent[sent.len().saturating_sub(2)..].iter().copied().chain(heard).collect();
        let accepted = verdict.is_some_and(|answer| answer.accepted());
        if accepted { taken.push((*name, shown)) } else { left.push((*name, shown)) }
    }
    let names = |all: &[(&str, Vec<usize>)]| all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let mut findings = Vec::new();
    if !taken.is_empty() {
        findings.push(
            Finding::new(Severity::High, format!("It takes for the end of a message what is none: {}", names(&taken)))
                .meaning(
                    "What a sender takes for text, this server takes for commands: whoever can send through such a \
                     sender can forge mail from any of its users (SMTP smuggling, CVE-2023-51764 to 51766).",
                )
                .cure("Update the server and have it insist on CR LF . CR LF (Postfix: smtpd_forbid_bare_newline).")
                .by("RFC 5321 4.1.1.4")
                .shown_by(taken.into_iter().flat_map(|(_, shown)| shown)),
        );
    }
    if !left.is_empty() {
        findings.push(
            Finding::new(Severity::Good, format!("These end no message: {}", names(&left)))
                .by("RFC 5321 4.1.1.4")
                .shown_by(left.into_iter().flat_map(|(_, shown)| shown)),
        );
    }
    if findings.is_empty() {
        findings.push(
            Finding::new(Severity::Unknown, "What ends a message could not be tried")
                .meaning("The message could not begin: the recipient, or DATA, was refused.")
                .cure("Name a mailbox that it takes mail for with --deliver."),
        );
    }
    findings
}
