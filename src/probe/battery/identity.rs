//! What the server is: greeting, the greetings it answers, HELP, and the software by its own words.

use std::collections::BTreeMap;

use crate::decode::normalise;
use crate::smtp::Verb;

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, always};

pub(super) const PROBE: Probe = Probe {
    name: "identity",
    title: "What the server is",
    about: "Reads the greeting, greets by HELO, EHLO and LHLO, asks for help, and names the software by its own words.",
    unfit: always,
    next,
    judge,
};

/// A word that no server knows.
const UNKNOWN: &str = "XEHLO";

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let name = subject.name();
    let (own, others) = if subject.is_lmtp() { ("LHLO", ["EHLO", "HELO"]) } else { ("EHLO", ["HELO", "LHLO"]) };
    // In two conversations: some servers close after a handful of lines that they do not know.
    match talks.len() {
        0 => Some(Script::new().lines(others.map(|verb| format!("{verb} {name}"))).send("HELP").send("QUIT")),
        1 => {
            // What is refused is worded as the software words it.
            let script = Script::new().send(format!("{own} {name}")).send(UNKNOWN).send("RCPT TO:<postmaster>");
            let script = script.send(subject.mail("")).send(format!("RCPT TO:<{}>", subject.absent()));
            Some(script.send(format!("RCPT TO:<{}>", subject.aims.foreign)).send("RSET").send("QUIT"))
        }
        _ => None,
    }
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let mut findings = vec![greeting(subject), greetings(subject, talks), software(subject, talks)];
    findings.extend(talks.iter().find_map(|talk| talk.to("HELP")).map(|answer| help(&answer)));
    findings
}

/// What the greeting and the reply to EHLO alone show.
pub(super) fn seen(subject: &Subject<'_>) -> Vec<Finding> {
    vec![greeting(subject), software(subject, &[])]
}

fn greeting(subject: &Subject<'_>) -> Finding {
    let Some(talk) = subject.hello.first() else { return Finding::new(Severity::Unknown, "No greeting was heard") };
    let Some(answer) = talk.greeting() else { return Finding::new(Severity::Unknown, "No greeting was heard") };
    let waited = talk.remark("connected").map_or(0.0, |(_, connected)| {
        talk.seconds(answer.records.last().copied().unwrap_or(connected)) - talk.seconds(connected)
    });
    let finding = if answer.accepted() {
        Finding::new(Severity::Note, format!("It greets: {}", answer.shown()))
    } else {
        Finding::new(Severity::High, format!("It turns clients away by its greeting: {}", answer.shown()))
            .cure("Look for this reply in ehlo explain; the server may not know the address that you come from.")
    };
    let slow = format!("The greeting took {waited:.1} s: a pause on purpose, or a slow look-up of the client's name.");
    finding.meaning(if waited > 2.0 { slow } else { String::new() }).by("RFC 5321 4.2").answered([&answer])
}

/// Which greetings it answers, and whether it should.
fn greetings(subject: &Subject<'_>, talks: &[Talk]) -> Finding {
    let all: Vec<Answer> = subject.hello.iter().chain(talks).flat_map(Talk::answers).collect();
    let of = |verb| all.iter().find(|answer| answer.verb == verb && !answer.line.is_empty());
    let found = [Verb::Ehlo, Verb::Helo, Verb::Lhlo].map(of);
    let words = found.iter().flatten().map(|answer| {
        let word = if answer.accepted() { "answered" } else { "refused" };
        format!("{} {word} ({})", answer.verb.word(), answer.code())
    });
    let title = format!("It greets back: {}", words.collect::<Vec<_>>().join(", "));
    let yes = |answer: Option<&Answer>| answer.is_some_and(Answer::accepted);
    let finding = match (subject.is_lmtp(), found.map(yes)) {
        (false, [false, true, _]) => Finding::new(Severity::Medium, title)
            .meaning(
                "It knows no EHLO: no TLS, no login, no parameters; a server of before 1995, or a firewall between.",
            )
            .cure("Update the server, or have the firewall leave SMTP alone.")
            .by("RFC 5321 2.2.1"),
        (false, [true, false, _]) => Finding::new(Severity::Low, title)
            .meaning("HELO is refused, although every server must take it.")
            .cure("Allow HELO; old senders and devices know nothing else.")
            .by("RFC 5321 2.2.1"),
        (false, [.., true]) => Finding::new(Severity::Low, title)
            .meaning("LHLO is the greeting of LMTP, another protocol, which must not be spoken on port 25.")
            .cure("Serve LMTP at a port or socket of its own, never at port 25.")
            .by("RFC 2033 5"),
        (true, [true, ..] | [_, true, _]) => Finding::new(Severity::Low, title)
            .meaning("An LMTP server must refuse HELO and EHLO.")
            .cure("Serve SMTP at another port.")
            .by("RFC 2033 4.1"),
        _ => Finding::new(Severity::Good, title),
    };
    finding.answered(found.into_iter().flatten())
}

/// The software, by the words of every reply.
fn software(subject: &Subject<'_>, talks: &[Talk]) -> Finding {
    let book = subject.knowledge.book();
    let mut votes: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    let mut vote = |name: &str, words: &str, record: usize| {
        let seen = votes.entry(name.to_owned()).or_default();
        if !seen.iter().any(|(known, _)| known == words) {
            seen.push((words.to_owned(), record));
        }
    };
    for answer in subject.hello.iter().chain(&subject.secured).chain(talks).flat_map(Talk::answers) {
        let lines = answer.records.iter().skip(usize::from(!answer.line.is_empty()));
        for (line, record) in answer.reply.lines.iter().zip(lines) {
            let text = normalise(&String::from_utf8_lossy(&line.raw));
            if let Some((name, words)) = book.software_seen(&text) {
                vote(name, words, *record);
            }
        }
        let text = normalise(&answer.reply.text());
        let known = book.matching(&text, |_| true).find_map(|entry| entry.software.as_deref());
        if let (Some(name), Some(record)) = (known, answer.records.last()) {
            vote(name, text.get(..text.floor_char_boundary(60)).unwrap_or(&text), *record);
        }
    }
    // A greeting that names its software says more than wordings, which servers borrow from each other.
    let greeting = subject.hello.first().and_then(Talk::greeting).map(|answer| normalise(&answer.reply.text()));
    let named = greeting.as_deref().and_then(|text| book.software_seen(text)).map(|(name, _)| name);
    let most = named.and_then(|name| votes.get_key_value(name));
    let most = most.or_else(|| votes.iter().max_by_key(|(_, seen)| seen.len()));
    let Some((name, seen)) = most else {
        return Finding::new(Severity::Note, "The software does not show itself").meaning(
            "No reply has words that are known to be of one software; the greeting may have been changed on purpose.",
        );
    };
    let quoted = |words: &str| format!("\"{}\"", crate::smtp::escape::for_screen(words.as_bytes()));
    let words: Vec<_> = seen.iter().map(|(words, _)| quoted(words)).collect();
    let sure = if named.is_some() {
        "by its greeting"
    } else if seen.len() > 1 {
        "by words of several replies"
    } else {
        "by one reply alone, which may have been changed"
    };
    let others: Vec<_> = votes.keys().filter(|other| *other != name).cloned().collect();
    let others =
        if others.is_empty() { String::new() } else { format!(" Other words are as of {}.", others.join(", ")) };
    Finding::new(Severity::Note, format!("It looks like {name}"))
        .meaning(format!("Known {sure}: {}.{others}", words.join(", ")))
        .shown_by(seen.iter().map(|(_, record)| *record))
}

fn help(answer: &Answer) -> Finding {
    let words = if answer.accepted() { answer.reply.text() } else { String::new() };
    let title = if answer.accepted() { "HELP is answered" } else { "HELP is refused, as it may be" };
    let words = crate::smtp::escape::for_screen(words.as_bytes()).chars().take(400).collect::<String>();
    Finding::new(Severity::Note, title).meaning(words).by("RFC 5321 4.1.1.8").answered([answer])
}
