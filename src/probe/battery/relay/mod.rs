//! The open relay battery: addresses in every form that has ever fooled a server, and controls that tell what a yes is worth.
//!
//! It stops before DATA. A recipient that was accepted is not a message that was passed on: many servers decide at the dot.

use crate::smtp::{Class, Verb};

use super::{
    Answer, ELSEWHERE, Finding, Probe, Script, Severity, Subject, Talk, is_turned_away, is_unknown, without_mail,
};

mod forms;
#[cfg(test)]
mod tests;

use forms::{Form, LITERAL, PLAIN, Shape, controls, forms};

pub(super) const PROBE: Probe = Probe {
    name: "relay",
    title: "Open relay",
    about: "Asks for a foreign recipient in 30 forms and tells a catch-all from a relay by recipients that cannot exist; stops before DATA.",
    unfit,
    next,
    judge,
};

/// Forms that one connection asks for: servers close after a handful of refusals.
const AT_ONCE: usize = 5;

fn unfit(subject: &Subject<'_>) -> Option<String> {
    if subject.is_lmtp() {
        return Some("LMTP hands mail to mailboxes and passes nothing on; probe the SMTP port".to_owned());
    }
    let foreign = &subject.aims.foreign;
    if foreign.rsplit_once('@').is_some_and(|(_, domain)| subject.is_own(domain)) {
        return Some(format!("{foreign} is of the server's own domain; --foreign names somebody of another"));
    }
    without_mail(subject)
}

/// Everything that is asked for, controls first.
fn all(subject: &Subject<'_>) -> Vec<Form> {
    let controls = controls(subject);
    let first = std::iter::once(controls.known).chain(controls.nobody).chain(controls.stranger);
    first.chain(forms(subject)).collect()
}

/// The reply that settles a form: not one by which the server only closes.
fn settled(form: &Form, talks: &[Talk]) -> Option<Answer> {
    talks.iter().find_map(|talk| {
        let mut mail = None;
        for (n, mut answer) in
            talk.answers().filter(|answer| matches!(answer.verb, Verb::Mail | Verb::Rcpt)).enumerate()
        {
            if answer.verb == Verb::Mail {
                mail = Some(answer);
                continue;
            }
            let Some(under) = mail.as_ref().filter(|mail| mail.line == form.mail && answer.line == form.rcpt) else {
                continue;
            };
            // A sender that was refused settles the form too; a 421 settles only what was asked first.
            if !under.accepted() {
                return Some(under.clone());
            }
            if answer.code() != 421 || n <= 1 {
                if form.by_sender {
                    answer.records.splice(0..0, under.records.iter().copied());
                }
                return Some(answer);
            }
        }
        None
    })
}

fn next(subject: &Subject<'_>, talks: &[Talk]) -> Option<Script> {
    let left: Vec<Form> = all(subject).into_iter().filter(|form| settled(form, talks).is_none()).collect();
    let before = |talks: &[Talk]| all(subject).iter().filter(|form| settled(form, talks).is_none()).count();
    // Two connections in a row that settle nothing: it will not say more.
    if left.is_empty() || talks.len() >= 2 && before(&talks[..talks.len() - 2]) == left.len() {
        return None;
    }
    let script = left
        .iter()
        .take(AT_ONCE)
        .fold(subject.opening(), |script, form| script.send(&form.mail).send(&form.rcpt).send("RSET"));
    Some(script.send("QUIT"))
}

/// What the server said to the forms.
struct Heard {
    known: Option<Answer>,
    nobody: Vec<(Form, Option<Answer>)>,
    stranger: Option<Answer>,
    forms: Vec<(Form, Option<Answer>)>,
}

impl Heard {
    fn of(subject: &Subject<'_>, talks: &[Talk]) -> Self {
        let controls = controls(subject);
        let with = |form: Form| {
            let answer = settled(&form, talks);
            (form, answer)
        };
        Self {
            known: settled(&controls.known, talks),
            nobody: controls.nobody.into_iter().map(with).collect(),
            stranger: controls.stranger.and_then(|form| settled(&form, talks)),
            forms: forms(subject).into_iter().map(with).collect(),
        }
    }

    /// The acceptance of nobody in this shape.
    fn takes_nobody(&self, shape: Shape) -> Option<&Answer> {
        let control = self.nobody.iter().find(|(form, _)| form.shape == shape)?.1.as_ref();
        control.filter(|answer| answer.accepted())
    }

    /// The forms of these shapes that were accepted.
    fn accepted(&self, shapes: &[Shape]) -> Vec<(&Form, &Answer)> {
        let of = self.forms.iter().filter(|(form, _)| shapes.contains(&form.shape));
        of.filter_map(|(form, answer)| Some((form, answer.as_ref().filter(|a| a.accepted() && a.verb == Verb::Rcpt)?)))
            .collect()
    }

    fn count(&self, is: impl Fn(&Answer) -> bool) -> usize {
        self.forms.iter().filter(|(_, answer)| answer.as_ref().is_some_and(&is)).count()
    }
}

fn judge(subject: &Subject<'_>, talks: &[Talk]) -> Vec<Finding> {
    let heard = Heard::of(subject, talks);
    let mut findings = Vec::new();
    match not_foreign(subject, &heard) {
        Some(finding) => findings.push(finding),
        None => findings.extend(foreign(&heard).into_iter().chain(disguised(&heard))),
    }
    if findings.is_empty() {
        findings.push(closed(subject, &heard));
    }
    let put_off = heard.count(|answer| answer.reply.class() == Class::Transient && !denies(answer));
    let unsettled = heard.forms.iter().filter(|(_, answer)| answer.is_none()).count();
    if put_off + unsettled > 0 {
        let title = format!("{put_off} forms were put off, {unsettled} not answered");
        findings.push(
            Finding::new(Severity::Unknown, title)
                .meaning("A server that puts strangers off (greylisting), or that has lost patience, has not said what it does.")
                .cure("Ask again in half an hour, from the same address.")
                .answered(heard.forms.iter().filter_map(|(_, answer)| answer.as_ref()).find(|a| a.reply.class() == Class::Transient && !denies(a))),
        );
    }
    if subject.is_near() {
        findings.push(
            Finding::new(Severity::Note, "You ask from this machine or from a private network")
                .meaning("Many servers relay for their own networks on purpose. Only what a stranger is told counts.")
                .cure("Ask again from an address outside."),
        );
    }
    findings
}

/// Whether relaying is denied by a code that says "later": Postfix does so by default (`defer_unauth_destination`).
fn denies(answer: &Answer) -> bool {
    let text = answer.reply.text().to_ascii_lowercase();
    answer.reply.class() == Class::Transient
        && text.contains("relay")
        && (text.contains("denied") || text.contains("not permitted"))
}

/// Names of forms, the first few.
fn names(accepted: &[(&Form, &Answer)]) -> String {
    let names: Vec<_> = accepted.iter().take(6).map(|(form, _)| form.name).collect();
    let more = accepted.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// It knows who is at home in the domain that is taken to be foreign: then that is one of its own.
fn not_foreign(subject: &Subject<'_>, heard: &Heard) -> Option<Finding> {
    let (plain, taken) = heard.accepted(&[Shape::Foreign]).into_iter().find(|(form, _)| form.name == PLAIN)?;
    let stranger = heard.stranger.as_ref().filter(|answer| is_unknown(subject, answer))?;
    Some(
        Finding::new(Severity::Unknown, "Whether it relays could not be told: the foreign domain seems to be its own")
            .meaning(format!(
                "It takes {}, and refuses a recipient of the same domain who cannot exist as unknown: it has that \
                 domain's mailboxes, or asks the server that has them.",
                plain.rcpt.trim_start_matches("RCPT TO:")
            ))
            .cure("Name a recipient of a domain that this server has nothing to do with by --foreign; nothing is delivered.")
            .by("RFC 5321 3.6.2")
            .answered([taken, stranger]),
    )
}

/// Foreign recipients that were accepted as such.
fn foreign(heard: &Heard) -> Option<Finding> {
    let mut accepted = heard.accepted(&[Shape::Foreign]);
    let plain = accepted.iter().any(|(form, _)| form.name == PLAIN);
    if !plain && heard.takes_nobody(Shape::Literal).is_some() {
        // It takes whatever stands before an address in brackets: that is a catch-all, and no foreign domain.
        accepted.retain(|(form, _)| form.name != LITERAL);
    }
    accepted.first()?;
    let shown = accepted.iter().map(|(_, answer)| *answer);
    let anybody = heard.takes_nobody(Shape::Own);
    let finding = match anybody {
        _ if !plain => written_otherwise(&accepted, anybody),
        Some(nobody) => Finding::new(
            Severity::Medium,
            format!(
                "It says yes to everybody at RCPT: {} foreign forms, and a recipient that cannot exist",
                accepted.len()
            ),
        )
        .meaning(
            "It decides later, at the dot or after it, or not at all. So it may be an open relay, and may not: only a \
             delivery could tell.",
        )
        .answered([nobody]),
        None => Finding::new(
            Severity::High,
            format!("Accepted at RCPT, not proven relayed: {} foreign forms", accepted.len()),
        )
        .meaning(format!(
            "It takes mail for a domain that is not its own, and refuses a recipient of its own who cannot exist: that \
                 is how an open relay looks ({}). It may still refuse at the dot; only a delivery could tell.",
            names(&accepted)
        )),
    };
    Some(
        finding
            .cure("Relay only for logins and for your own networks (Postfix: smtpd_relay_restrictions; Exim: acl_check_rcpt; Sendmail: no promiscuous_relay).")
            .by("RFC 5321 3.6.2")
            .by("RFC 2505 2.1")
            .answered(shown),
    )
}

/// The plain foreign address was refused, and these forms of it were not; `anybody`: nobody of its own domain was taken too.
fn written_otherwise(accepted: &[(&Form, &Answer)], anybody: Option<&Answer>) -> Finding {
    let (severity, or_else) = match anybody {
        Some(_) => (Severity::Medium, ", or it only sees its own domain, of which it takes everybody"),
        None => (Severity::High, ""),
    };
    Finding::new(severity, format!("Accepted at RCPT, not proven relayed: {}", names(accepted)))
        .meaning(format!(
            "It refuses the plain foreign address, and takes it written so: what it looks at is not what it would send \
             to{or_else}. Whether it passes the mail on, only a delivery could tell."
        ))
        .answered(anybody)
}

/// Forms that end in the server's own name and may hide a foreign recipient.
fn disguised(heard: &Heard) -> Option<Finding> {
    let shapes = [Shape::Own, Shape::Literal, Shape::Bare];
    let plain: Vec<Shape> = shapes.iter().copied().filter(|shape| heard.takes_nobody(*shape).is_none()).collect();
    let suspicious = heard.accepted(&plain);
    if !suspicious.is_empty() {
        return Some(
            Finding::new(Severity::High, format!("Accepted at RCPT, not proven relayed: {}", names(&suspicious)))
                .meaning(
                    "A foreign address hidden within its own domain is accepted, where a recipient that cannot exist is \
                     refused: it takes the address apart. Whether it then passes the mail on, only a delivery could tell.",
                )
                .cure("Refuse %, ! and quoted @ in local parts (Postfix: swap_bangpath = no, allow_percent_hack = no).")
                .by("RFC 2505 2.1")
                .answered(suspicious.iter().map(|(_, answer)| *answer)),
        );
    }
    let explained: Vec<Shape> = shapes.iter().copied().filter(|shape| heard.takes_nobody(*shape).is_some()).collect();
    let accepted = heard.accepted(&explained);
    let nobody = explained.iter().find_map(|shape| heard.takes_nobody(*shape))?;
    Some(
        Finding::new(Severity::Low, "A catch-all: a recipient that cannot exist is accepted")
            .meaning(format!(
                "{}Every typing error is swallowed, or bounced to somebody who did not write it.",
                match accepted.len() {
                    0 => String::new(),
                    1 => "So the hidden form that it accepts too shows no relay: it takes it for a mailbox of its own. "
                        .to_owned(),
                    n => format!(
                        "So {n} hidden forms that it accepts too show no relay: it takes them for mailboxes of its own. "
                    ),
                }
            ))
            .cure("Refuse unknown recipients at RCPT, unless one box for all is meant.")
            .answered(std::iter::once(nobody).chain(accepted.iter().map(|(_, answer)| *answer).take(3))),
    )
}

/// Nothing was accepted.
fn closed(subject: &Subject<'_>, heard: &Heard) -> Finding {
    let refused = heard.count(|answer| answer.reply.class() == Class::Permanent || denies(answer));
    let plain = heard.forms.first().and_then(|(_, answer)| answer.as_ref());
    let finding = match &heard.known {
        _ if refused == 0 => {
            return Finding::new(Severity::Unknown, "Whether it relays could not be told")
                .meaning("It has refused none of the forms for good, and accepted none.")
                .answered(plain);
        }
        Some(known) if known.accepted() => {
            Finding::new(Severity::Good, format!("Closed: {refused} forms refused, and its own recipient accepted"))
                .answered([known])
        }
        known => Finding::new(Severity::Unknown, format!("{refused} forms refused, and its own recipient too"))
            .meaning("A server that refuses everybody shows nothing about relaying.")
            .cure("Name somebody whom it knows with --to.")
            .answered(known),
    };
    let unknown = plain.is_some_and(|answer| {
        let text = answer.reply.text().to_ascii_lowercase();
        ["domain not found", "nullmx", "does not accept mail", "unrouteable", "domain of"]
            .iter()
            .any(|it| text.contains(it))
            || answer
                .reply
                .enhanced()
                .is_some_and(|code| code.to_string().ends_with(".1.2") || code.to_string().ends_with(".1.10"))
    });
    let finding = finding.answered(plain).by("RFC 5321 3.6.2");
    if let Some(why) = heard.known.as_ref().and_then(|known| is_turned_away(subject, known)) {
        return finding.meaning(why).cure(ELSEWHERE);
    }
    if unknown {
        return Finding { severity: Severity::Unknown, ..finding }
            .meaning("The foreign domain was refused because it takes no mail, before relaying came into question.")
            .cure("Name a recipient of a domain that takes mail with --foreign; nothing is delivered.");
    }
    finding
}
