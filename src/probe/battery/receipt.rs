//! Delivery receipts: whether the server takes what asks for one, and, where a message may be delivered, a request for one.

use crate::decode::{Asked, Context, explain_reply};
use crate::profile::Endpoint;

use super::{
    Answer, ELSEWHERE, Finding, Probe, Script, Severity, Subject, Talk, is_turned_away, once, unheard, without_mail,
};

pub(super) const PROBE: Probe = Probe {
    name: "receipt",
    title: "Delivery receipt",
    about: "Asks for a delivery receipt as DSN has it, and stops before DATA; with --deliver it sends a message that asks for one.",
    unfit: without_mail,
    next,
    judge,
};

/// By this a report says which transaction it is about.
const ENVID: &str = "ENVID=ehlo-probe";

fn mail(subject: &Subject<'_>) -> String {
    subject.mail(&format!("RET=HDRS {ENVID}"))
}

fn rcpt(subject: &Subject<'_>) -> String {
    let to = subject.aims.deliver.clone().unwrap_or_else(|| subject.known());
    format!("RCPT TO:<{to}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{}", crate::smtp::xtext::encode(to.as_bytes()))
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let asked = || subject.opening().send(mail(subject)).send(rcpt(subject));
    if let (1, Some(to)) = (talks.len(), &subject.aims.deliver)
        && [mail(subject), rcpt(subject)].iter().all(|line| talks[0].to(line).is_some_and(|answer| answer.accepted()))
    {
        let head = [
            format!("From: <{}>", subject.aims.from),
            format!("To: <{to}>"),
            "Subject: A test that asks for a delivery receipt".to_owned(),
            format!("Message-ID: <{}@{}>", subject.aims.nobody, subject.here()),
            String::new(),
            "This message asks for a delivery receipt. No answer is needed.".to_owned(),
        ];
        let script = asked().expect("2xx").or_end().send("DATA").expect("354");
        return Some(head.iter().fold(script, Script::content).send(".").send("QUIT"));
    }
    once(talks, || asked().send("RSET").send("QUIT"))
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let Some(talk) = talks.first() else { return Vec::new() };
    let offered = subject.offer().has("DSN");
    let answers = [talk.to(&mail(subject)), talk.to(&rcpt(subject))];
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    if answers.is_empty() {
        return unheard(talk, "Whether receipts are taken").into_iter().collect();
    }
    let refused = answers.iter().find(|answer| matches!(answer.code(), 501 | 503 | 504 | 555));
    let accepted = answers.len() == 2 && answers.iter().all(Answer::accepted);
    let finding = match (offered, refused) {
        (true, None) if accepted => Finding::new(Severity::Good, "It takes what asks for a receipt, as it offers"),
        (true, Some(answer)) => Finding::new(
            Severity::Medium,
            format!("It offers DSN and refuses it: {}", answer.shown()),
        )
        .meaning("Clients that believe the offer can't deliver here.")
        .cure("Take DSN out of the offer for these clients, or let it through (Postfix: smtpd_discard_ehlo_keywords)."),
        (false, None) if accepted => {
            Finding::new(Severity::Note, "It takes what asks for a receipt, though it does not offer DSN")
                .meaning("It may pass over the request; a receipt is not to be counted on.")
        }
        (false, Some(_)) => Finding::new(Severity::Good, "It offers no DSN, and refuses its parameters"),
        _ => untold(subject, &answers),
    };
    let mut findings = vec![finding.by("RFC 3461 4").answered(&answers)];
    findings.extend(talks.get(1).map(|talk| sent(subject, talk)));
    findings
}

/// The recipient was refused for another reason: because one has to log in first, or because nobody has that name.
fn untold(subject: &Subject<'_>, answers: &[Answer]) -> Finding {
    let finding = Finding::new(Severity::Unknown, "Whether receipts are taken could not be told");
    let refused = answers.iter().find(|answer| !answer.accepted());
    if refused.is_some_and(|answer| wants_login(subject, answer)) {
        return finding
            .meaning("Whoever has not logged in may name no recipient here, and a test does not log in.")
            .cure("Test its port 25, or log in by hand and ask for a receipt with the message.");
    }
    if let Some(why) = refused.and_then(|answer| is_turned_away(subject, answer)) {
        return finding.meaning(why).cure(ELSEWHERE);
    }
    finding.meaning("The recipient was refused for another reason.").cure("Name somebody whom it knows with --to.")
}

/// Whether a refusal is one of whoever has not logged in, where logging in is offered.
fn wants_login(subject: &Subject<'_>, answer: &Answer) -> bool {
    let offer = subject.offer();
    let context = Context {
        asked: Some(Asked::Verb(answer.verb)),
        authenticated: Some(false),
        capabilities: Some(offer.list.iter().map(|it| it.keyword.to_ascii_uppercase()).collect()),
        ..Context::default()
    };
    let meant = explain_reply(&answer.reply, &context, subject.knowledge);
    let text = answer.reply.text().to_ascii_lowercase();
    let stranger = text.contains("client host rejected") || text.contains("access denied");
    let submission = offer.has("AUTH") || matches!(&subject.target.endpoint, Endpoint::Tcp { port: 587 | 465, .. });
    meant.category == "auth-required" || submission && (stranger || meant.category == "relay-denied")
}

/// A message was handed over that asks for a receipt.
fn sent(subject: &Subject<'_>, talk: &Talk) -> Finding {
    let verdict = talk.answers().find(|answer| answer.ask == crate::conversation::dialogue::Ask::EndOfData);
    let finding = match &verdict {
        Some(answer) if answer.accepted() => {
            Finding::new(Severity::Note, "A message that asks for a receipt was taken").meaning(format!(
                "The report comes by mail to {}, with {ENVID} in it: `delivered` is the receipt, `relayed` says that a \
                 server further on cannot give one. ehlo explain reads it.",
                subject.aims.from
            ))
        }
        _ => Finding::new(Severity::Unknown, "The message that asks for a receipt was not taken"),
    };
    finding.by("RFC 3464").answered(&verdict)
}
