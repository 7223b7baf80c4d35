//! TLS: whether it is offered, whether it works, and what certificate is shown.

use base64::Engine as _;

use crate::conversation::Kind;
use crate::conversation::certificate::{Certificate, TlsFault, faults};
use crate::conversation::words::capital;
use crate::profile::{Endpoint, TlsMode};

use super::{Finding, Probe, Severity, Subject, Talk, always, nothing};

pub(super) const PROBE: Probe = Probe {
    name: "tls",
    title: "TLS and certificate",
    about: "Says whether TLS is offered and works, in which version, and what is wrong with the certificate.",
    unfit: always,
    next: nothing,
    judge,
};

/// A certificate that ends within so many days is worth a word.
const SOON: i64 = 14;

fn judge(subject: &Subject<'_>, _: &[Talk]) -> Vec<Finding> {
    let implicit = subject.target.tls == TlsMode::Implicit;
    let Some(talk) = (if implicit { subject.hello.last() } else { subject.secured.as_ref() }) else {
        return vec![unoffered(subject)];
    };
    let Some((tls, record)) = talk.remark("tls").filter(|(tls, _)| tls.get("failed").is_none()) else {
        return vec![failed(talk)];
    };
    let version = tls.get("version").unwrap_or("TLS").replacen("TLSv", "TLS ", 1);
    let old = ["SSL", "TLS 1.0", "TLS 1.1"].iter().any(|old| version.starts_with(old));
    let title = format!("{version}, {}", tls.get("cipher").unwrap_or("cipher unknown"));
    let mut findings = vec![if old {
        Finding::new(Severity::Medium, title)
            .meaning("This version is out of use since 2021.")
            .cure("Allow TLS 1.2 and 1.3 on the server.")
            .by("RFC 8996")
            .shown_by([record])
    } else {
        Finding::new(Severity::Good, title).shown_by([record])
    }];
    findings.push(certificate(subject, talk, (tls.get("verified"), tls.get("reason")), record));
    if let Some((_, words)) = talk.broken.as_ref().filter(|_| !implicit) {
        findings.push(
            Finding::new(Severity::High, "Under TLS the conversation breaks off")
                .meaning(format!("{}.", capital(words)))
                .cure("Look in the server's log at this time; mostly something that it needs for logging in is not there.")
                .shown_by(talk.closed().map(|(closed, _)| closed)),
        );
    }
    if let Some((_, answer)) = talk.offer(1).filter(|(offer, _)| !implicit && offer.has("STARTTLS")) {
        findings.push(
            Finding::new(Severity::Low, "STARTTLS is still offered under TLS")
                .meaning("After the handshake the server must not offer it again.")
                .cure("Update the server, or look for a proxy that ends TLS before it.")
                .by("RFC 3207 4.2")
                .answered([&answer]),
        );
    }
    findings
}

/// What is known of an earlier offer that had STARTTLS, in words.
fn offered_before(talk: &Talk) -> Option<String> {
    let remarks = talk.log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
    let mut missed = remarks.filter(|remark| remark.word == "warning" && remark.get("kind") == Some("offer"));
    missed.find_map(|remark| remark.bare(0).filter(|words| words.contains("STARTTLS")).map(str::to_owned))
}

/// STARTTLS is not offered.
fn unoffered(subject: &Subject<'_>) -> Finding {
    let answer = subject.hello.iter().rev().find_map(|talk| talk.offer(0)).map(|(_, answer)| answer);
    let masked = answer.as_ref().is_some_and(|answer| {
        answer.reply.lines.iter().any(|line| String::from_utf8_lossy(line.text()).contains("XXXX"))
    });
    let local = matches!(subject.target.endpoint, Endpoint::Unix(_) | Endpoint::Pipe(_)) || subject.is_lmtp();
    let severity = if local { Severity::Note } else { Severity::Medium };
    if let Some(words) = subject.hello.iter().find_map(offered_before) {
        return Finding::new(Severity::High, "STARTTLS is not offered any more: all goes in clear text")
            .meaning(format!("{words}, to read what follows."))
            .cure("Ask the server's owner whether it was turned off; until then hold no conversation with a password in it.")
            .by("RFC 3207 6")
            .answered(&answer);
    }
    let finding = Finding::new(severity, "STARTTLS is not offered: all goes in clear text").answered(&answer);
    if masked {
        return finding
            .meaning("A row of X stands in the offer: a firewall on the way writes over STARTTLS.")
            .cure("Turn SMTP inspection (fixup) off at the firewall between here and the server.")
            .by("RFC 3207 6");
    }
    finding
        .meaning("Whoever is on the way reads the mail, the envelope and every password.")
        .cure("Give the server a certificate and turn STARTTLS on; if it is on, something on the way takes the offer out.")
        .by("RFC 3207")
}

/// It is offered, and does not work.
fn failed(talk: &Talk) -> Finding {
    let refused = talk.to("STARTTLS").filter(|answer| !answer.accepted());
    if let Some(answer) = refused {
        return Finding::new(Severity::Medium, format!("STARTTLS is offered, and refused: {}", answer.shown()))
            .cure("Look in the server's log for its certificate or key: mostly it can't read them.")
            .by("RFC 3207 4")
            .answered([&answer]);
    }
    let words = talk.broken.as_ref().map(|(_, words)| words.clone()).unwrap_or_default();
    let error = talk.remark("error").or_else(|| talk.remark("closed")).map(|(_, record)| record);
    Finding::new(Severity::High, "TLS is offered, and the handshake fails")
        .meaning(words)
        .cure("Look in the server's log at this time; `openssl s_client -starttls smtp` shows the same from another side.")
        .shown_by(error)
}

/// What is wrong with the certificate.
fn certificate(subject: &Subject<'_>, talk: &Talk, judged: (Option<&str>, Option<&str>), tls: usize) -> Finding {
    let shown = talk.log.of_kind(Kind::Remark).find_map(|(n, entry)| {
        let remark = entry.remark().filter(|remark| remark.word == "certificate")?;
        let der = base64::engine::general_purpose::STANDARD.decode(remark.get("der")?).ok()?;
        Some((Certificate::parse(&der)?, talk.first + n))
    });
    let Some((certificate, record)) = shown else {
        let finding = Finding::new(Severity::Unknown, "The certificate is not to be seen").shown_by([tls]);
        return finding.meaning("In TLS 1.3 it is encrypted, and this handshake did not give it away.");
    };
    let host = subject.target.verify_name.clone().or_else(|| subject.target.sni.clone()).or_else(|| {
        match &subject.target.endpoint {
            Endpoint::Tcp { host, .. } => Some(host.clone()),
            _ => None,
        }
    });
    let mut wrong: Vec<String> =
        faults(&certificate, host.as_deref().unwrap_or_default(), subject.now).iter().map(TlsFault::words).collect();
    if let (Some("no"), Some(reason)) = judged {
        wrong.extend(
            reason
                .split("; ")
                .filter(|reason| !wrong.iter().any(|known| known == reason))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
    }
    let days = certificate.days_left(subject.now);
    let about = format!(
        "For {}, by {}, {}, until {} ({days} days).",
        certificate.names.join(", "),
        certificate.issuer,
        certificate.key,
        certificate.not_after.strftime("%Y-%m-%d")
    );
    let about = crate::smtp::escape::for_screen(about.as_bytes());
    let finding = match judged.0 {
        Some("no") => Finding::new(Severity::Medium, "The certificate does not verify")
            .meaning(format!("{}. {about}", capital(&wrong.join("; "))))
            .cure("Between servers TLS without verification still helps against listeners; for logins, MTA-STS and DANE it must verify: get one from a known authority for the server's name."),
        _ if (0..SOON).contains(&days) => Finding::new(Severity::Medium, format!("The certificate ends in {days} days"))
            .meaning(about)
            .cure("Renew it, and look why that did not happen by itself."),
        _ => Finding::new(Severity::Good, "The certificate verifies").meaning(about),
    };
    finding.shown_by([tls, record])
}
