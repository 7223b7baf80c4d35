//! A bounce taken apart: what its message/delivery-status says of each recipient (RFC 3464 2.3).

use super::{Asked, Context, Explanation, Knowledge, Quoted, advice, explain, quoted, told};
use crate::conversation::event::Remark;
use crate::smtp::{EnhancedCode, ReplyCode};

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
}

/// The recipients of a report, in their order; none where the text is no bounce.
///
/// What the message/delivery-status leaves out is taken from the words for people beside it, and where there is no such
/// part (qmail, older servers) these words are all there is.
#[must_use]
pub fn reported(text: &str) -> Vec<Reported> {
    let mut all = by_status(text);
    if !all.is_empty() && all.iter().all(|one| !one.text.is_empty()) {
        return all;
    }
    let told = told::told(text);
    if all.is_empty() {
        return told.into_iter().map(|(recipient, said)| failed(recipient, said)).collect();
    }
    for one in all.iter_mut().filter(|one| one.text.is_empty()) {
        if let Some((_, words)) = told.iter().find(|(recipient, _)| recipient.eq_ignore_ascii_case(&one.recipient)) {
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
fn failed(recipient: String, words: Quoted) -> Reported {
    let Quoted { reply, asked } = words;
    let Said { code, enhanced, text } = read(&reply);
    Reported { recipient, action: "failed".to_owned(), code, enhanced, text, asked }
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
    recipient(&fields)
}

/// What a report says of a recipient, explained; `context` is what else is known.
#[must_use]
pub fn explain_reported(report: &Reported, context: &Context, knowledge: &Knowledge) -> Explanation {
    let mut context = context.clone();
    context.asked = context.asked.or(report.asked);
    context.rcpt.get_or_insert_with(|| report.recipient.clone());
    let mut explanation = explain(report.code, report.enhanced, &report.text, &context, knowledge);
    advice::without_session(&mut explanation, &report.action);
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
    for line in text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if !within {
            within = is_status_part(line);
            continue;
        }
        if line.starts_with("--") {
            within = false;
        } else if line.trim().is_empty() {
            all.extend(recipient(&std::mem::take(&mut group)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        if !within {
            all.extend(recipient(&std::mem::take(&mut group)));
        }
    }
    all.extend(recipient(&group));
    all
}

/// Whether a header line begins the part.
fn is_status_part(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.starts_with("content-type:")
        && (line.contains("message/delivery-status") || line.contains("message/global-delivery-status"))
}

fn recipient(fields: &[(String, String)]) -> Option<Reported> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let recipient = after_type(field("final-recipient").or_else(|| field("original-recipient"))?);
    let status = field("status").and_then(|status| EnhancedCode::at_start(status.as_bytes())).map(|found| found.0);
    let (said, asked) = quoted::said(after_type(field("diagnostic-code").unwrap_or_default()));
    Some(Reported {
        recipient: recipient.to_owned(),
        action: field("action").unwrap_or_default().to_ascii_lowercase(),
        code: said.code,
        enhanced: said.enhanced.or(status),
        text: said.text,
        asked,
    })
}

/// A value without the type before its semicolon: `rfc822; a@b`, `smtp; 550 no`.
fn after_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.contains([' ', '<', '@']) => rest.trim(),
        _ => value.trim(),
    }
}

/// A reply as it stands within other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: Option<ReplyCode>,
    pub(super) enhanced: Option<EnhancedCode>,
    pub(super) text: String,
}

/// Reads `550 5.1.1 text`, `550-5.1.1 text`, `5.1.1 text` or a text alone.
pub(super) fn read(text: &str) -> Said {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let ends = text.as_bytes().get(3).is_none_or(|next| matches!(next, b' ' | b'-'));
    let code = (digits == 3 && ends).then(|| text[..3].parse().ok().and_then(ReplyCode::new)).flatten();
    let rest = if code.is_some() { text[3..].trim_start_matches(['-', ' ']) } else { text };
    let (enhanced, rest) = match EnhancedCode::at_start(rest.as_bytes()) {
        Some((enhanced, end)) => (Some(enhanced), rest[end..].trim_start()),
        None => (None, rest),
    };
    Said { code, enhanced, text: rest.to_owned() }
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
