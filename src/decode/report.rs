//! A bounce taken apart: what its message/delivery-status says of each recipient (RFC 3464 2.3).

use std::collections::HashMap;

use super::normal::first_address;
use super::said::{Said, read};
use super::told::{Told, told};
use super::unwrapped::unwrapped;
use super::{Asked, Context, Explanation, Knowledge, Quoted, advice, explain, quoted};
use crate::conversation::event::Remark;
use crate::smtp::{EnhancedCode, ReplyCode};

/// In place of a recipient whom a report does not name.
const UNNAMED: &str = "a recipient that is not named";

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The address, without its type.
    pub recipient: String,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`; may be empty.
    pub action: String,
    /// The reply code of the diagnosis, where it has one.
    pub code: Option<ReplyCode>,
    /// The enhanced status code: the diagnosis' own, or else that of the field Status.
    pub enhanced: Option<EnhancedCode>,
    /// The words of the diagnosis; may be empty.
    pub text: String,
    /// What was refused, where the report says so.
    pub asked: Option<Asked>,
    /// Who reports it, by name (RFC 3464 2.2.2), where no other server is named whose words these would be.
    pub agent: Option<String>,
}

/// The recipients of a report, in their order; none where the text is no bounce.
///
/// What the message/delivery-status leaves out is taken from the words for people beside it, and where there is no such
/// part (qmail, Exchange, older servers) these words are all there is.
#[must_use]
pub fn reported(text: &str) -> Vec<Reported> {
    let text = &unwrapped(text);
    let mut all = by_status(text);
    if !all.is_empty() && all.iter().all(|one| !one.text.is_empty()) {
        return all;
    }
    let told = told(text);
    if all.is_empty() {
        return told.into_iter().map(without_status).collect();
    }
    let told: HashMap<_, _> = told.into_iter().map(|told| (told.recipient.to_ascii_lowercase(), told.words)).collect();
    for one in all.iter_mut().filter(|one| one.text.is_empty()) {
        if let Some(words) = told.get(&one.recipient.to_ascii_lowercase()) {
            let said = read(&words.reply);
            one.code = one.code.or(said.code);
            // 5.0.0 says no more than "failed".
            let silent = one.enhanced.is_none_or(|enhanced| (enhanced.subject, enhanced.detail) == (0, 0));
            one.enhanced = if silent { said.enhanced.or(one.enhanced) } else { one.enhanced };
            one.text = said.text;
            one.asked = one.asked.or(words.asked);
        }
    }
    all
}

/// A recipient of whom only words for people tell.
fn without_status(told: Told) -> Reported {
    let Told { recipient, action, words: Quoted { reply, asked } } = told;
    let Said { code, enhanced, text } = read(&reply);
    Reported { recipient, action: action.to_owned(), code, enhanced, text, asked, agent: None }
}

/// What a remark `dsn` of a transcript says of its recipient; none where the remark is another.
#[must_use]
pub fn reported_in(remark: &Remark) -> Option<Reported> {
    if remark.word != "dsn" {
        return None;
    }
    let names = [("recipient", "final-recipient"), ("action", "action"), ("status", "status")];
    let names = names.into_iter().chain([("diagnostic", "diagnostic-code")]);
    let fields: Vec<_> =
        names.filter_map(|(key, field)| Some((field.to_owned(), remark.get(key)?.to_owned()))).collect();
    recipient(&fields, None)
}

/// What a report says of a recipient, explained; `context` is what else is known.
#[must_use]
pub fn explain_reported(report: &Reported, context: &Context, knowledge: &Knowledge) -> Explanation {
    let mut context = context.clone();
    context.asked = context.asked.or(report.asked);
    if report.recipient != UNNAMED {
        context.rcpt.get_or_insert_with(|| report.recipient.clone());
    }
    // Who reports borrows words too, and is known by name.
    context.banner = context.banner.or_else(|| report.agent.clone());
    let mut explanation = explain(report.code, report.enhanced, &report.text, &context, knowledge);
    advice::without_session(&mut explanation, &report.action);
    if let (Some(agent), Some(evidence)) = (&report.agent, &mut explanation.evidence)
        && evidence.starts_with("its greeting says")
    {
        *evidence = format!("{agent} reports it");
    }
    if report.action.is_empty() && report.code.is_none() && report.enhanced.is_none() {
        explanation.notes.push(
            "The report does not say what became of the message for this recipient: it is cut short, or was never whole."
                .to_owned(),
        );
    }
    explanation
}

/// Each recipient of a bounce with its explanation, as it is asked for; none where the text is no bounce.
#[must_use]
pub fn explain_bounce(
    text: &str,
    context: &Context,
    knowledge: &Knowledge,
) -> impl ExactSizeIterator<Item = (Reported, Explanation)> {
    let explained = move |report: Reported| {
        let explanation = explain_reported(&report, context, knowledge);
        (report, explanation)
    };
    reported(text).into_iter().map(explained)
}

fn by_status(text: &str) -> Vec<Reported> {
    let mut all = Vec::new();
    let (mut within, mut group) = (false, Vec::new());
    let mut agent = None;
    for line in text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if !within {
            within = is_status_part(line);
            agent = None;
            continue;
        }
        if line.starts_with("--") {
            within = false;
        } else if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            if let Some((_, value)) = group.last_mut() {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':').filter(|_| !line.trim().is_empty()) {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        if !within || line.trim().is_empty() {
            agent = field(&group, "reporting-mta").map(|it| after_type(it).to_owned()).or(agent);
            all.extend(recipient(&std::mem::take(&mut group), agent.as_deref()));
        }
    }
    all.extend(recipient(&group, agent.as_deref()));
    all
}

/// Whether a header line begins the part.
fn is_status_part(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.starts_with("content-type:")
        && (line.contains("message/delivery-status") || line.contains("message/global-delivery-status"))
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What a block of fields says of a recipient; none where it is about the message, or the head of the part.
fn recipient(fields: &[(String, String)], agent: Option<&str>) -> Option<Reported> {
    let field = |name: &str| field(fields, name);
    let diagnostic = after_type(field("diagnostic-code").unwrap_or_default());
    let named = ["final-recipient", "original-recipient", "x-actual-recipient"].into_iter().find_map(field);
    let recipient = match named {
        Some(named) => after_type(named),
        None if field("action").or_else(|| field("status")).is_none() => return None,
        None => first_address(diagnostic).unwrap_or(UNNAMED),
    };
    let status = field("status").and_then(|status| EnhancedCode::at_start(status.as_bytes())).map(|found| found.0);
    let (said, asked) = quoted::said(diagnostic);
    Some(Reported {
        recipient: recipient.to_owned(),
        action: field("action").unwrap_or_default().to_ascii_lowercase(),
        code: said.code,
        enhanced: said.enhanced.or(status),
        text: said.text,
        asked,
        agent: agent.filter(|_| field("remote-mta").is_none()).map(str::to_owned),
    })
}

/// A value without the type before its semicolon: `rfc822; a@b`, `smtp; 550 no`.
fn after_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains([' ', '<', '@']) => rest.trim(),
        _ => value.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_is_read_with_its_diagnosis() {
        let text = "Subject: x\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.target.local\n\n\
                    Final-Recipient: rfc822; full@target.local\nAction: failed\nStatus: 5.2.2\n\
                    Diagnostic-Code: smtp; 552 5.2.2 <full@target.local> Quota\n exceeded\n\n\
                    Final-Recipient: rfc822;x@y.example\nAction: delayed\nStatus: 4.4.1\n\
                    Diagnostic-Code: X-Postfix; connect to y.example[192.0.2.1]:25: Connection refused\n\n--b--\n";
        let all = reported(text);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].recipient.as_str(), all[0].action.as_str()), ("full@target.local", "failed"));
        assert_eq!(all[0].code.map(ReplyCode::number), Some(552));
        assert_eq!(all[0].text, "<full@target.local> Quota exceeded");
        assert_eq!((all[1].code, all[1].enhanced.map(|e| e.to_string())), (None, Some("4.4.1".to_owned())));
        assert!(all[1].text.starts_with("connect to"));
        assert_eq!(reported("550 5.1.1 no"), []);
    }

    #[test]
    fn who_reports_and_whom_a_block_does_not_name_are_known() {
        let part = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; a8-50.smtp-out.amazonses.com\n\n\
                    Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <a@b.example>: User unknown\n\n\
                    Action: failed\nFinal-Recipient: rfc822; joe@b.example\nDiagnostic-Code: smtp; 550 4.4.7 Message \
                    expired: unable to deliver in 840 minutes.\n\nAction: failed\nStatus: 5.2.2\n\n\
                    Final-Recipient: rfc822; ok@e.exam";
        let knowledge = Knowledge::shipped();
        let all: Vec<_> = explain_bounce(part, &Context::default(), &knowledge).collect();
        let names: Vec<_> = all.iter().map(|(report, _)| report.recipient.as_str()).collect();
        assert_eq!(names, ["a@b.example", "joe@b.example", UNNAMED, "ok@e.exam"]);
        let expired = &all[1].1;
        assert_eq!((expired.category.as_str(), expired.software.as_deref()), ("expired", Some("Amazon SES")));
        assert!(!expired.meaning.contains("Exchange"), "{}", expired.meaning);
        assert!(all[3].1.notes.iter().any(|note| note.contains("cut short")) && all[2].1.notes.is_empty());
    }

    #[test]
    fn a_report_in_base64_is_read_wherever_it_is() {
        use base64::Engine as _;
        let wrap = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let fields = "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: utf-8; j\u{f6}ran@b\u{fc}cher.example\r\nAction: \
                      failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n";
        let part = format!(
            "Content-Type: multipart/report; boundary=q\n\n--q\nContent-Type: message/global-delivery-status\n\
             Content-Transfer-Encoding: base64\n\n{}\n--q--\n",
            wrap(fields)
        );
        let attached = format!(
            "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: application/octet-stream; \
             name=b.eml\nContent-Transfer-Encoding: base64\n\n{}\n--o--\n",
            wrap(&part)
        );
        let quoted = part.replace("base64", "quoted-printable").replace(
            &wrap(fields),
            "Final-Recipient: rfc822; j=C3=B6ran@b=C3=BCcher.exam=\nple\nAction: failed\nDiagnostic-Code: smtp; 550 =\n5.1.1 User unknown",
        );
        for text in [&part, &attached, &quoted] {
            let all = reported(text);
            assert_eq!(all.len(), 1, "{text}");
            assert_eq!(all[0].recipient, "j\u{f6}ran@b\u{fc}cher.example");
            assert_eq!((all[0].code.map(ReplyCode::number), all[0].text.as_str()), (Some(550), "User unknown"));
        }
    }

    #[test]
    fn what_to_do_next_about_a_bounce_needs_no_session() {
        let part = |action: &str, said: &str| {
            format!(
                "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: {action}\n\
                 Diagnostic-Code: smtp; {said}\n\n"
            )
        };
        for (action, said, want) in [
            ("failed", "452 4.2.2 over quota", "again later: nobody"),
            ("failed", "550 5.7.1 client [192.0.2.1] blocked using zen.spamhaus.org", "once the cause is mended"),
            ("delayed", "450 4.2.0 greylisted", "still tries"),
        ] {
            let (context, knowledge) = (Context::default(), Knowledge::default());
            let all: Vec<_> = explain_bounce(&part(action, said), &context, &knowledge).collect();
            let next = &all[0].1.next;
            assert!(!next.iter().any(|step| matches!(step.does, crate::decode::Does::Command(_))), "{next:?}");
            assert!(next.iter().any(|step| step.text.contains(want)), "{next:?}");
        }
    }
}
