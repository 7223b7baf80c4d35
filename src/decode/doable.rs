//! Whatever a server says: no next step is a command that the session, as the reply leaves it, has something against.

use crate::conversation::{Dialogue, sample};
use crate::smtp::{Command, LineEnd, Phase, Reply, ReplyLine, Session};

use super::{Asked, Context, Does, Explanation, Knowledge, explain_exchange, explain_reply};

const GREETED: &str = "* connected a\n< 220 mx\n";
const OFFERED: &str = "> EHLO n.example\n< 250-mx\n< 250-STARTTLS\n< 250-AUTH PLAIN LOGIN CRAM-MD5\n< 250 HELP\n";
const MAIL: &str = "> MAIL FROM:<a@b.example>\n< 250 ok\n";
const RCPT: &str = "> RCPT TO:<c@d.example>\n< 250 ok\n";

/// Conversations up to a reply to this.
fn conversations(asked: &str) -> Vec<String> {
    let ready = format!("{GREETED}{OFFERED}");
    match asked {
        "connect" => vec!["* connected a\n".to_owned()],
        "EHLO" => vec![format!("{GREETED}> EHLO n.example\n")],
        "STARTTLS" | "AUTH" => vec![format!("{ready}> {asked}\n")],
        "VRFY" => vec![format!("{ready}> VRFY c\n"), format!("{ready}{MAIL}> VRFY c\n")],
        "MAIL" => vec![format!("{ready}> MAIL FROM:<a@b.example>\n")],
        "RCPT" => vec![
            format!("{ready}{MAIL}> RCPT TO:<c@d.example>\n"),
            format!("{ready}{MAIL}{RCPT}> RCPT TO:<e@d.example>\n"),
        ],
        "DATA" => vec![format!("{ready}{MAIL}> DATA\n"), format!("{ready}{MAIL}{RCPT}> DATA\n")],
        "end-of-data" => vec![format!("{ready}{MAIL}{RCPT}> DATA\n< 354 go\n| x\n> .\n")],
        other => panic!("{other} is asked nowhere"),
    }
}

/// The steps of an explanation that one of these sessions has something against, and each of them.
fn against(explanation: &Explanation, sessions: &[Session]) -> Vec<String> {
    let wrong = explanation.next.iter().filter_map(|step| {
        let Does::Command(line) = &step.does else { return None };
        let command = Command::parse(line.as_bytes());
        // To greet anew drops a transaction, as the step says.
        let objects = |session: &Session| {
            session.objection(&command).map(|it| it.reason).filter(|it| !it.starts_with("A new greeting drops"))
        };
        let reasons: Option<Vec<_>> = sessions.iter().map(objects).collect();
        // Of several states that are open, one is enough.
        Some(format!("{line}: {}", reasons?.first()?))
    });
    wrong.collect()
}

#[test]
fn no_step_is_against_the_state_that_the_reply_leaves() {
    let knowledge = Knowledge::shipped();
    let mut wrong = Vec::new();
    for (n, row) in include_str!("../../tests/corpus/replies.tsv").lines().skip(1).enumerate() {
        let mut columns = row.splitn(3, '\t');
        let (Some(_), Some(phase), Some(text)) = (columns.next(), columns.next(), columns.next()) else {
            panic!("three columns: {row}");
        };
        let Some(asked) = Asked::from_name(phase) else { continue };
        // Of a reply of several lines the catalogue has the first hyphen alone.
        let text = if text.as_bytes().get(3) == Some(&b'-') { text.replacen('-', " ", 1) } else { text.to_owned() };
        let mut sessions = Vec::new();
        let starts = conversations(phase);
        for (nth, start) in starts.iter().enumerate() {
            let log = sample::log(&format!("{start}< {}", text.replace('\\', "/")));
            let dialogue = Dialogue::of(&log);
            let last = dialogue.exchanges().len() - 1;
            let after = dialogue.state_at(&log, log.len() - 1).session;
            sessions.push(after.clone());
            // Of a thousand alike each conversation has its share.
            let told = (n % starts.len() == nth).then(|| explain_exchange(last, &dialogue, &log, &knowledge)).flatten();
            let Some(e) = told else { continue };
            // The handshake comes by itself.
            let found =
                if after.phase() == Phase::Handshake { Vec::new() } else { against(&e, std::slice::from_ref(&after)) };
            wrong.extend(found.into_iter().map(|why| format!("{phase}, told: {text}: {why}")));
        }
        let mut reply = Reply::default();
        reply.push(ReplyLine::parse(text.as_bytes().to_vec(), LineEnd::CrLf));
        let e = explain_reply(&reply, &Context { asked: Some(asked), ..Context::default() }, &knowledge);
        // A command out of order came in another state than it should, and of an offer nothing is known.
        let settled = e.category != "bad-sequence"
            && !text.starts_with("503")
            && !sessions.iter().any(|it| it.phase() == Phase::Handshake);
        if settled {
            let found = against(&e, &sessions).into_iter().filter(|why| !why.contains("did not offer"));
            wrong.extend(found.map(|why| format!("{phase}, alone: {text}: {why}")));
        }
        // In place of a greeting 521 waits for QUIT (RFC 7504 3).
        let hangs_up = ["221", "421"].iter().any(|code| text.starts_with(code))
            || text.starts_with("521") && asked != Asked::Connect;
        if hangs_up && e.next.iter().any(|step| matches!(step.does, Does::Command(_))) {
            wrong.push(format!("{phase}, hung up: {text}: {:?}", e.next));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
