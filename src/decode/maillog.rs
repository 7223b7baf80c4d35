//! Lines of the logs that mail servers write: the refusal in a line, where there is one.
//!
//! Postfix, Exim, Sendmail, and the protocol logs of Exchange. A line that tells of no refusal gives nothing.

use crate::smtp::{Class, EnhancedCode, ReplyCode, Verb};

use super::Asked;
use super::quoted::{self, quoted};
use super::report::{Said, read};

/// A refusal that a log tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reply code, where the line has one.
    pub code: Option<ReplyCode>,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedCode>,
    /// The words.
    pub text: String,
    /// What was refused, where the line says so.
    pub asked: Option<Asked>,
}

/// The refusal that a line of a log tells of.
#[must_use]
pub fn refusal(line: &str) -> Option<Refusal> {
    let line = line.trim_end();
    exchange(line).or_else(|| postfix(line)).or_else(|| sendmail(line)).or_else(|| exim(line))
}

fn refusing(said: Said, asked: Option<Asked>) -> Option<Refusal> {
    let by_code = said.code.map(|code| code.class().is_refusal());
    let refuses = by_code.or_else(|| said.enhanced.map(|enhanced| matches!(enhanced.class, 4 | 5)));
    refuses?.then_some(Refusal { code: said.code, enhanced: said.enhanced, text: said.text, asked })
}

/// `…: NOQUEUE: reject: RCPT from host[address]: 550 5.1.1 <…>: words; from=…` and `… status=bounced (host … said: 550 …
/// (in reply to RCPT TO command))`.
fn postfix(line: &str) -> Option<Refusal> {
    if let Some(at) = line.find("reject: ") {
        let rest = &line[at + 8..];
        let (verb, rest) = rest.split_once(" from ")?;
        // postscreen names the client's port too.
        let said = rest.split_once("]: ").map(|(_, said)| said).or_else(|| reply_within(rest))?;
        let said = said.split_once("; from=").map_or(said, |(said, _)| said);
        return refusing(read(said), asked(verb));
    }
    let at = line.find("status=deferred (").or_else(|| line.find("status=bounced ("))?;
    let temporary = line[at..].starts_with("status=deferred");
    let (_, rest) = line[at..].split_once('(')?;
    let rest = rest.strip_suffix(')').unwrap_or(rest);
    // `said: 550 …`, and `refused to talk to me: 554 …`.
    let (mut said, asked) = quoted::said(rest);
    said.enhanced = said.enhanced.or_else(|| status(line));
    if said.code.is_none() && said.enhanced.is_none() {
        said.code = plain_code(temporary);
    }
    refusing(said, asked)
}

/// The field `dsn=5.1.1,`.
fn status(line: &str) -> Option<EnhancedCode> {
    let (_, rest) = line.split_once("dsn=")?;
    let word = rest.split([',', ' ']).next()?;
    EnhancedCode::at_start(word.as_bytes()).map(|found| found.0)
}

/// `… ruleset=check_rcpt, … reject=550 5.7.1 words` and `… dsn=5.1.1, stat=User unknown`.
fn sendmail(line: &str) -> Option<Refusal> {
    if let Some((_, said)) = line.split_once("reject=") {
        return refusing(read(said), line.contains("check_rcpt").then_some(Asked::Verb(Verb::Rcpt)));
    }
    let (_, words) = line.split_once("stat=")?;
    if !line.contains("dsn=") || words.starts_with("Sent") || words.starts_with("queued") {
        return None;
    }
    let words = words.strip_prefix("Deferred: ").unwrap_or(words);
    let mut said = read(words);
    said.enhanced = said.enhanced.or_else(|| status(line));
    refusing(said, None)
}

/// `… rejected RCPT <a@b>: words`, `… ** a@b …: SMTP error from remote mail server after RCPT TO:<…>: 550 words`, and
/// `… == a@b … defer (…): words`.
fn exim(line: &str) -> Option<Refusal> {
    if let Some((before, rest)) = line.split_once(" rejected ") {
        let temporary = before.ends_with(" temporarily");
        let (verb, words) = rest.split_once(": ")?;
        let mut said = read(words);
        said.code = said.code.or_else(|| plain_code(temporary));
        let verb = verb.split([' ', '<']).next().unwrap_or_default();
        return refusing(said, asked(if verb == "after" { "end-of-data" } else { verb }));
    }
    let (permanent, rest) = match (line.split_once(" ** "), line.split_once(" == ")) {
        (Some((_, rest)), _) => (true, rest),
        (None, Some((_, rest))) => (false, rest),
        (None, None) => return None,
    };
    let found = quoted(rest);
    let plain = || rest.split_once("): ").or_else(|| rest.split_once(": ")).map(|x| x.1);
    let (words, verb) = match &found {
        Some(found) => (found.reply.as_str(), found.asked),
        None => (plain()?, None),
    };
    let words = words.split(" DT=").next().unwrap_or(words);
    let mut said = read(words);
    if said.code.is_none() && said.enhanced.is_none() {
        said.code = plain_code(!permanent);
    }
    refusing(said, verb)
}

/// What follows the first `: ` after which a refusal's code stands.
fn reply_within(text: &str) -> Option<&str> {
    text.match_indices(": ").map(|(at, _)| &text[at + 2..]).find(|rest| {
        let said = read(rest);
        said.code.is_some_and(|code| code.class().is_refusal())
    })
}

/// A line of a protocol log: `date-time,connector,session,n,local,remote,event,data,context`, where the event of a reply
/// is `<` in the log of sending and `>` in that of receiving.
fn exchange(line: &str) -> Option<Refusal> {
    let mut fields = line.splitn(8, ',');
    let time = fields.next()?;
    if time.len() < 20 || time.as_bytes()[10] != b'T' || !time.ends_with('Z') {
        return None;
    }
    let (event, data) = (fields.nth(5)?, fields.next()?);
    if !matches!(event, "<" | ">") {
        return tracked(line);
    }
    let data = match data.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
        None => data.rsplit_once(',').map_or(data, |(data, _)| data),
    };
    let said = read(data);
    said.code.is_some_and(|code| code.class().is_refusal()).then(|| refusing(said, None))?
}

/// A line of a message tracking log, with FAIL or DEFER as its event: what was said last stands as `LED=550 5.1.1 …`, or
/// as the status of the recipient.
fn tracked(line: &str) -> Option<Refusal> {
    if !(line.contains(",FAIL,") || line.contains(",DEFER,")) {
        return None;
    }
    let last = line.split_once("LED=").map(|(_, rest)| rest.split(['}', ';']).next().unwrap_or(rest));
    let refuses = |words: &&str| read(words).code.is_some_and(|code| code.class().is_refusal());
    let said = last.filter(refuses).or_else(|| line.split([',', '"', ';']).find(refuses))?;
    refusing(read(said), None)
}

fn asked(words: &str) -> Option<Asked> {
    let word = words.trim().trim_end_matches(':');
    match word.to_ascii_uppercase().as_str() {
        "END-OF-MESSAGE" | "END OF DATA" | "END-OF-DATA" => Some(Asked::EndOfData),
        "CONNECT" => Some(Asked::Connect),
        upper => Asked::from_name(upper.split(' ').next()?),
    }
}

fn plain_code(temporary: bool) -> Option<ReplyCode> {
    let code = ReplyCode::new(if temporary { 451 } else { 550 })?;
    debug_assert_eq!(code.class() == Class::Transient, temporary);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn refusals_are_found_in_the_lines_of_each_server() {
        let rcpt = Some(Asked::Verb(Verb::Rcpt));
        for (line, code, enhanced, words, asked) in [
            (
                "Nov 24 22:12:39 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 550 5.1.1 <a@b.example>: Recipient address rejected: User unknown; from=<x@y> to=<a@b.example> proto=ESMTP helo=<z>",
                Some(550),
                "5.1.1",
                "<a@b.example>: Recipient address rejected: User unknown",
                rcpt,
            ),
            (
                "Nov 24 mx postfix/smtp[1]: 4ZK1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, dsn=4.7.1, status=deferred (host mx.b.example[192.0.2.1] said: 450 4.7.1 Greylisted (in reply to RCPT TO command))",
                Some(450),
                "4.7.1",
                "Greylisted",
                rcpt,
            ),
            (
                "Nov 24 mx postfix/smtp[1]: 4ZK1: to=<a@b.example>, relay=none, dsn=4.4.1, status=deferred (connect to mx.b.example[192.0.2.1]:25: Connection timed out)",
                None,
                "4.4.1",
                "connect to mx.b.example[192.0.2.1]:25: Connection timed out",
                None,
            ),
            (
                "2026-11-24 22:13:09 H=(z) [127.0.0.1]:1 F=<x@y> rejected RCPT <a@b>: Unrouteable address",
                Some(550),
                "",
                "Unrouteable address",
                rcpt,
            ),
            (
                "2026-11-24 22:13:10 H=(z) F=<x@y> temporarily rejected RCPT <a@b>: try later",
                Some(451),
                "",
                "try later",
                rcpt,
            ),
            (
                "2026-11-24 22:13:10 1xV ** a@b R=remote T=smtp H=mx [192.0.2.1] X=TLS1.3:A:256 CV=no: SMTP error from remote mail server after RCPT TO:<a@b>: 554 5.7.1 <a@b>: Relay access denied DT=0s",
                Some(554),
                "5.7.1",
                "<a@b>: Relay access denied",
                rcpt,
            ),
            (
                "2026-11-24 22:13:10 1xV == a@b R=full T=quota defer (-22) DT=0s: mailbox is full",
                Some(451),
                "",
                "mailbox is full",
                None,
            ),
            (
                "Nov 24 mx sendmail[1]: ruleset=check_rcpt, arg1=<a@b>, relay=z, reject=550 5.7.1 <a@b>... Relaying denied",
                Some(550),
                "5.7.1",
                "<a@b>... Relaying denied",
                rcpt,
            ),
            (
                "Nov 24 mx sendmail[1]: x: to=<a@b>, delay=0, mailer=esmtp, dsn=5.1.1, stat=User unknown",
                None,
                "5.1.1",
                "User unknown",
                None,
            ),
            (
                "2026-11-24T20:18:28.152Z,EX1\\Default,08DE,8,192.0.2.10:25,203.0.113.9:51000,>,550 5.1.10 Recipient not found,",
                Some(550),
                "5.1.10",
                "Recipient not found",
                None,
            ),
            (
                "Nov 24 mx postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.1]:50000: 550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org; from=<x@y>, to=<a@b.example>",
                Some(550),
                "5.7.1",
                "Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org",
                rcpt,
            ),
            (
                "Nov 24 mx postfix/smtp[1]: 4ZK1: to=<a@b.example>, relay=none, dsn=4.0.0, status=deferred (host mx.b.example[192.0.2.1] refused to talk to me: 421 4.7.0 Too many connections)",
                Some(421),
                "4.7.0",
                "Too many connections",
                Some(Asked::Connect),
            ),
            (
                "2026-11-24T20:18:28.152Z,,,,EX1,No suitable shadow servers,,SMTP,FAIL,1,<m@y>,a@b.example,{LED=550 5.1.10 Recipient not found};{FQDN=mx},2000,1,,,Hello,x@y",
                Some(550),
                "5.1.10",
                "Recipient not found",
                None,
            ),
        ] {
            let found = refusal(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(found.code.map(ReplyCode::number), code, "{line}");
            assert_eq!(found.enhanced.map(|e| e.to_string()).unwrap_or_default(), enhanced, "{line}");
            assert_eq!((found.text.as_str(), found.asked), (words, asked), "{line}");
        }
        for line in [
            "Nov 24 mx postfix/smtp[1]: 4ZK1: to=<a@b>, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
            "2026-11-24 22:13:09 1xV => dude <dude@target.local> R=users T=drop",
            "Nov 24 mx sendmail[1]: to=<a@b>, dsn=2.0.0, stat=Sent (ok)",
            "2026-11-24T20:18:27.850Z,EX1,08DE,23,192.0.2.10:25,198.51.100.7:40312,>,221 2.0.0 Service closing,",
            "",
            "reject: ",
            "a ** b",
        ] {
            assert_eq!(refusal(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_without_trouble(line in "\\PC{0,120}", head in "(reject: |status=bounced \\(| rejected | \\*\\* |stat=|dsn=|2026-11-24T20:18:28.152Z,)?") {
            let _ = refusal(&format!("{head}{line}"));
            let _ = super::super::report::reported(&format!("Content-Type: message/delivery-status\n{head}{line}"));
        }
    }
}
