//! Honesty about 8-bit content, UTF-8 addresses and chunks: what is offered must be taken, what is not must be refused.

use super::{Answer, Finding, Probe, Script, Severity, Subject, Talk, once, without_mail};

pub(super) const PROBE: Probe = Probe {
    name: "eight-bit",
    title: "8-bit, UTF-8 and chunks",
    about: "Holds 8BITMIME, BINARYMIME, SMTPUTF8 and CHUNKING to what the server offers; stops before any content.",
    unfit: without_mail,
    next,
    judge,
};

/// What is offered, the parameters of MAIL that use it, and where it is written.
const PARAMETERS: [(&str, &str, &str); 3] = [
    ("8BITMIME", "BODY=8BITMIME", "RFC 6152 3"),
    ("BINARYMIME", "BODY=BINARYMIME", "RFC 3030 3"),
    ("SMTPUTF8", "SMTPUTF8", "RFC 6531 3.4"),
];

/// A sender with a letter outside ASCII, in a transaction that does not say so. Of a recipient a refusal might only say
/// that nobody is called so.
fn utf8(subject: &Subject<'_>) -> String {
    let domain = subject.aims.from.rsplit_once('@').map_or("example.org", |(_, domain)| domain);
    format!("MAIL FROM:<j\u{fc}rgen@{domain}>")
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    once(talks, || {
        let lines = PARAMETERS.map(|(_, parameter, _)| subject.mail(parameter));
        let script = lines.iter().fold(subject.opening(), |script, line| script.send(line).send("RSET"));
        let script = script.send(utf8(subject)).send("RSET").send(subject.mail("")).send("RSET");
        // Where it is not offered, an unknown server would take the octets of a chunk for commands.
        let script = if subject.offer().has("CHUNKING") { script.send("BDAT 0 LAST") } else { script };
        script.send("QUIT")
    })
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let Some(talk) = talks.first() else { return Vec::new() };
    let offer = subject.offer();
    let mut findings = Vec::new();
    for (keyword, parameter, reference) in PARAMETERS {
        let Some(answer) = talk.to(&subject.mail(parameter)) else { continue };
        findings.push(held(keyword, offer.has(keyword), &answer).by(reference));
    }
    if let Some(answer) = talk.to(&utf8(subject)) {
        let plain = talk.to(&subject.mail("")).is_some_and(|plain| plain.accepted());
        findings.push(undeclared(&answer, plain, offer.has("SMTPUTF8")));
    }
    if let Some(answer) = talk.to("BDAT 0 LAST") {
        let finding = if matches!(answer.code(), 500 | 502) {
            Finding::new(Severity::Medium, "CHUNKING is offered, and BDAT not known")
                .meaning("A client that believes the offer sends the message as a chunk, and the server takes it for commands.")
                .cure("Take CHUNKING out of the offer.")
        } else {
            Finding::new(Severity::Good, "CHUNKING is offered, and BDAT known")
        };
        findings.push(finding.by("RFC 3030 2").answered([&answer]));
    }
    findings
}

fn held(keyword: &str, offered: bool, answer: &Answer) -> Finding {
    let syntax = matches!(answer.code(), 500..=504 | 555);
    let finding = match (offered, answer.accepted()) {
        (true, true) => Finding::new(Severity::Good, format!("{keyword} is offered, and taken")),
        (false, false) if syntax => Finding::new(Severity::Good, format!("{keyword} is not offered, and refused")),
        (false, true) => Finding::new(Severity::Low, format!("{keyword} is not offered, and taken all the same"))
            .meaning("The parameter is passed over, or the content goes on to a server that may spoil it.")
            .cure("Offer it, or refuse the parameter with 555."),
        (true, false) if syntax => Finding::new(Severity::Medium, format!("{keyword} is offered, and refused"))
            .meaning("Clients that believe the offer can't deliver here.")
            .cure("Take it out of the offer, or take the parameter."),
        _ => Finding::new(Severity::Unknown, format!("{keyword} could not be told"))
            .meaning("MAIL was refused for another reason."),
    };
    finding.answered([answer])
}

/// A UTF-8 address in a transaction that did not say SMTPUTF8.
/// `plain` says whether the same sender in ASCII is taken.
fn undeclared(answer: &Answer, plain: bool, offered: bool) -> Finding {
    let finding = if answer.accepted() {
        Finding::new(Severity::Low, "A UTF-8 address is taken without SMTPUTF8")
            .meaning("The next server may refuse it, or break it on the way.")
            .cure(if offered {
                "Refuse it with 553 5.6.7 (Postfix: strict_smtputf8 = yes)."
            } else {
                "Refuse it with 553 5.6.7 (Postfix: smtputf8_enable = yes and strict_smtputf8 = yes)."
            })
    } else if !plain || answer.code() / 100 == 4 {
        let why = if plain { "It was put off." } else { "A sender in ASCII is refused as well." };
        Finding::new(Severity::Unknown, "What becomes of a UTF-8 address without SMTPUTF8 could not be told")
            .meaning(why)
            .cure("Ask again later, and with --from somebody who may send here.")
    } else {
        Finding::new(Severity::Good, "A UTF-8 address is refused without SMTPUTF8")
    };
    finding.by("RFC 6531 3.5").answered([answer])
}
