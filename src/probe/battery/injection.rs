//! STARTTLS: whether lines in clear text get through to the other side of the handshake, in either direction.

use std::time::Duration;

use super::{Finding, Probe, Script, Severity, Subject, Talk, once, untold};

pub(super) const PROBE: Probe = Probe {
    name: "injection",
    title: "STARTTLS injection",
    about: "Sends a command behind STARTTLS in one write and looks whether it is answered under TLS; and whether replies come behind the 220.",
    unfit,
    next,
    judge,
};

/// The command that goes out behind STARTTLS, in the same write.
const BEHIND: &str = "NOOP";
/// How long a reply to what was injected may take; a server as it should be never gives one.
const PATIENCE: Duration = Duration::from_secs(2);

fn unfit(subject: &Subject<'_>) -> Option<String> {
    if subject
        .secured
        .as_ref()
        .is_some_and(|talk| talk.remark("tls").is_some_and(|(tls, _)| tls.get("failed").is_none()))
    {
        return None;
    }
    Some("there is no STARTTLS here that works".to_owned())
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    once(talks, || Script::new().send(subject.greeting_line()).at_once(["STARTTLS", BEHIND]).patience(PATIENCE))
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let injected = subject.secured.iter().chain(talks).find_map(|talk| talk.remark("injected"));
    findings.push(if let Some((remark, record)) = injected {
        Finding::new(Severity::High, "Replies in clear text come behind the 220 to STARTTLS")
            .meaning(format!(
                "Whoever is on the way can put words into the server's mouth, and clients that keep them believe they came \
                 under TLS: \"{}\". ehlo throws them away.",
                remark.get("text").unwrap_or_default()
            ))
            .cure("If the server does it, update it; if not, somebody on the way does: ask from another place.")
            .by("RFC 3207 6")
            .shown_by([record])
    } else {
        let asked = subject.secured.as_ref().and_then(|talk| talk.to("STARTTLS"));
        let tls = subject.secured.as_ref().and_then(|talk| talk.remark("tls")).map(|(_, record)| record);
        Finding::new(Severity::Good, "Nothing comes in clear text behind the 220 to STARTTLS")
            .by("RFC 3207 6")
            .answered(&asked)
            .shown_by(tls)
    });
    findings.extend(talks.first().map(command));
    findings
}

/// Whether the command behind STARTTLS was answered under TLS.
fn command(talk: &Talk) -> Finding {
    let answer = talk.to("STARTTLS");
    let Some(noop) = talk.sent(BEHIND).filter(|_| !talk.turned_away()) else {
        return untold(talk, "What becomes of a command behind STARTTLS").by("RFC 3207 4.2");
    };
    // As they went out: in one write, before anything of it was answered.
    let shown = talk.sent("STARTTLS").into_iter().chain([noop]);
    let shown = shown.chain(answer.iter().flat_map(|answer| answer.records.iter().skip(1).copied()));
    let Some((_, tls)) = talk.remark("tls").filter(|(tls, _)| tls.get("failed").is_none()) else {
        let closed = talk.closed();
        let finding = match &answer {
            Some(answer) if !answer.accepted() => {
                Finding::new(Severity::Good, format!("A command behind STARTTLS is refused: {}", answer.shown()))
            }
            _ if closed.is_some_and(|(_, by_server)| by_server) || talk.remark("tls").is_some() => {
                Finding::new(Severity::Good, "A command behind STARTTLS ends the connection")
            }
            _ => return untold(talk, "What becomes of a command behind STARTTLS").by("RFC 3207 4.2"),
        };
        return finding.by("RFC 3207 4.2").shown_by(shown).shown_by(closed.map(|(record, _)| record));
    };
    let heard = talk.heard_after(tls);
    if heard.is_empty() {
        let finding = Finding::new(Severity::Good, "A command behind STARTTLS is forgotten");
        return finding.by("RFC 3207 4.2").shown_by(shown).shown_by([tls]);
    }
    Finding::new(Severity::High, "A command sent in clear text behind STARTTLS is carried out under TLS")
        .meaning(
            "Somebody on the way can put commands before those of the client: its login and mail then go into a \
             transaction of the attacker's (CVE-2011-0411).",
        )
        .cure("Update the server: it must throw away what was read before the handshake.")
        .by("RFC 3207 4.2")
        .shown_by(shown)
        .shown_by([tls].into_iter().chain(heard))
}
