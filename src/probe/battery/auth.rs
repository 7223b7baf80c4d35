//! The login: which mechanisms are offered before and after TLS.

use crate::profile::TlsMode;
use crate::smtp::Capabilities;

use super::{Answer, Finding, Probe, Severity, Subject, Talk, always, nothing};

pub(super) const PROBE: Probe = Probe {
    name: "auth",
    title: "Logging in",
    about: "Compares the mechanisms that are offered for logging in before and after TLS.",
    unfit: always,
    next: nothing,
    judge,
};

/// Mechanisms that are out of use: weak, or made for one vendor's old clients; and what speaks against each.
const OLD: [(&str, Option<&str>); 4] =
    [("CRAM-MD5", Some("RFC 2195 3")), ("DIGEST-MD5", Some("RFC 6331 1")), ("NTLM", None), ("CRAM-SHA1", None)];

fn judge(subject: &Subject<'_>, _: &[Talk]) -> Vec<Finding> {
    let implicit = subject.target.tls == TlsMode::Implicit;
    let first = subject.hello.iter().rev().find_map(|talk| talk.offer(0));
    let clear = first.clone().filter(|_| !implicit);
    // A second EHLO on an open line, where STARTTLS did not work, says nothing of TLS.
    let under_tls = |talk: &&Talk| talk.remark("tls").is_some_and(|(remark, _)| remark.get("failed").is_none());
    let secured =
        if implicit { first } else { subject.secured.as_ref().filter(under_tls).and_then(|talk| talk.offer(1)) };
    let mut findings: Vec<Finding> = clear.as_ref().and_then(in_clear_text).into_iter().collect();
    let named = |offer: &Option<(Capabilities, Answer)>| {
        offer.as_ref().map(|(offer, _)| offer.mechanisms()).filter(|all| !all.is_empty())
    };
    let words = |all: Option<Vec<String>>| all.map_or_else(|| "none".to_owned(), |all| all.join(", "));
    let title = match (&clear, &secured) {
        (Some(_), Some(_)) => {
            format!("Before TLS: {}. After TLS: {}", words(named(&clear)), words(named(&secured)))
        }
        (Some(_), None) => format!("In clear text: {}", words(named(&clear))),
        (None, Some(_)) => format!("Under TLS: {}", words(named(&secured))),
        (None, None) => "No login: EHLO is not answered".to_owned(),
    };
    let answers: Vec<Answer> = [&clear, &secured].into_iter().flatten().map(|(_, answer)| answer.clone()).collect();
    let none = named(&clear).is_none() && named(&secured).is_none();
    let meaning = if none { "For an exchanger on port 25 that is as it should be." } else { "" };
    findings.push(Finding::new(Severity::Note, title).meaning(meaning).by("RFC 4954 3").answered(&answers));
    findings.extend(secured.as_ref().or(clear.as_ref()).and_then(of_old));
    findings
}

/// Passwords may go over the open line.
fn in_clear_text((offer, answer): &(Capabilities, Answer)) -> Option<Finding> {
    let all = offer.mechanisms();
    let open: Vec<_> = ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"]
        .into_iter()
        .filter(|name| all.iter().any(|it| it == name))
        .collect();
    if open.is_empty() {
        return None;
    }
    Some(
        Finding::new(Severity::Medium, format!("{} without TLS", open.join(", ")))
            .meaning(
                "A client may send the password or token over the open line, where everybody on the way can read it.",
            )
            .cure("Offer logins only after STARTTLS (Postfix: smtpd_tls_auth_only = yes), or not on this port.")
            .by("RFC 4954 4")
            .answered([answer]),
    )
}

fn of_old((offer, answer): &(Capabilities, Answer)) -> Option<Finding> {
    let all = offer.mechanisms();
    let old: Vec<_> = all.iter().filter_map(|name| OLD.iter().find(|(old, _)| old == name)).collect();
    let names: Vec<_> = old.iter().map(|(name, _)| *name).collect();
    let meaning = match old.len() {
        0 => return None,
        1 => "It rests on MD5 or worse, and has the server keep passwords in a form that can be used at once.",
        _ => "They rest on MD5 or worse, and have the server keep passwords in a form that can be used at once.",
    };
    let finding = Finding::new(Severity::Low, format!("{} still offered", names.join(", ")))
        .meaning(meaning)
        .cure("Offer PLAIN under TLS, or SCRAM-SHA-256, in their place.");
    Some(old.iter().filter_map(|(_, against)| *against).fold(finding, Finding::by).answered([answer]))
}
