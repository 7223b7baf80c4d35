//! What is advised at a moment, and what is not: tables of conversations, with the steps that follow.

use std::time::Duration;

use crate::conversation::{Dialogue, sample};
use crate::smtp::{LineEnd, Reply, ReplyLine};

use super::{Asked, Context, Does, Explanation, Knowledge, explain_exchange, explain_reply};

/// The reply that ends a conversation.
fn last(lines: &str) -> Explanation {
    let log = sample::log(&format!("* connected a\n{lines}"));
    let dialogue = Dialogue::of(&log);
    explain_exchange(dialogue.exchanges().len() - 1, &dialogue, &log, &Knowledge::shipped()).expect("a reply")
}

fn in_context(reply: &str, context: &Context) -> Explanation {
    let mut whole = Reply::default();
    whole.push(ReplyLine::parse(reply.as_bytes().to_vec(), LineEnd::CrLf));
    explain_reply(&whole, context, &Knowledge::shipped())
}

/// A reply of which only the command is known.
fn alone(asked: &str, reply: &str) -> Explanation {
    in_context(reply, &Context { asked: Asked::from_name(asked), ..Context::default() })
}

fn commands(explanation: &Explanation) -> Vec<&str> {
    let steps = explanation.next.iter().map(|step| &step.does);
    steps.filter_map(|does| if let Does::Command(line) = does { Some(line.as_str()) } else { None }).collect()
}

fn all(explanation: &Explanation) -> String {
    let steps = explanation.next.iter().map(|step| step.text.clone());
    let said = [explanation.title.clone(), explanation.meaning.clone()];
    said.into_iter()
        .chain(explanation.causes.iter().map(ToString::to_string))
        .chain(steps)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn no_step_sends_a_password_over_a_line_that_is_not_encrypted() {
    let offers = |keywords: &str| {
        format!("< 220 mx\n> EHLO a.example\n< 250-mx\n< 250-{}\n< 250 HELP\n", keywords.replace('|', "\n< 250-"))
    };
    let mail = "> MAIL FROM:<a@b.example>\n< 250 ok\n";
    let refused = |mechanism: &str| format!("> AUTH {mechanism}\n< 334 eA==\n> {{{{auth}}}}\n< 535 5.7.8 no");
    for (offered, lines, first) in [
        ("STARTTLS|AUTH PLAIN LOGIN CRAM-MD5", refused("CRAM-MD5"), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN SCRAM-SHA-256", refused("SCRAM-SHA-256"), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN XOAUTH2", refused("XOAUTH2"), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN LOGIN", refused("LOGIN"), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN", "> AUTH PLAIN\n< 454 no".to_owned(), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN", "> AUTH FOO\n< 504 5.5.4 unknown".to_owned(), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN", "> AUTH\n< 501 5.5.4 Syntax: AUTH mechanism".to_owned(), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN", "> AUTH PLAIN\n< 503 no\n> {{auth}}\n< 500 what".to_owned(), Some("STARTTLS")),
        ("STARTTLS|AUTH PLAIN", format!("{mail}> RCPT TO:<c@d.example>\n< 550 relay not permitted"), Some("RSET")),
        ("AUTH PLAIN LOGIN CRAM-MD5", refused("PLAIN"), Some("AUTH CRAM-MD5")),
        ("AUTH PLAIN XOAUTH2", refused("XOAUTH2"), None),
        ("AUTH PLAIN LOGIN", refused("LOGIN"), None),
        ("AUTH PLAIN", "> AUTH FOO\n< 504 5.5.4 unknown".to_owned(), None),
        ("AUTH PLAIN", "> MAIL FROM:<a@b.example>\n< 530 5.7.0 Authentication required".to_owned(), None),
        ("AUTH PLAIN LOGIN", "> NOOP\n< 250 ok".to_owned(), None),
    ] {
        let e = last(&format!("{}{lines}", offers(offered)));
        let steps = commands(&e);
        assert!(
            !steps.iter().any(|it| ["PLAIN", "LOGIN", "XOAUTH2", "AUTH"].iter().any(|end| it.ends_with(end))),
            "{lines}: {steps:?}"
        );
        match first {
            Some(first) => assert_eq!(steps[0], first, "{lines}: {:?}", e.next),
            None => assert!(
                lines.contains("NOOP") || all(&e).contains("Don't log in on this line"),
                "{lines}: {:?}",
                e.next
            ),
        }
    }
    // Whoever is greeted learns it after what can be done.
    let e = last(&offers("AUTH PLAIN"));
    assert_eq!(commands(&e), ["MAIL FROM:"], "{:?}", e.next);
    assert!(e.next.last().is_some_and(|step| step.text.contains("Don't log in")), "{:?}", e.next);
}

#[test]
fn where_only_the_command_is_known_its_reply_tells_what_can_be_said() {
    for (asked, reply, want) in [
        ("end-of-data", "451 4.3.0 queue file write error", &["QUIT"][..]),
        ("end-of-data", "552 5.2.2 Mailbox full", &["MAIL FROM:"]),
        ("end-of-data", "451 4.7.1 Greylisted, try again later", &["MAIL FROM:"]),
        ("end-of-data", "550 5.7.1 rejected by policy", &["MAIL FROM:"]),
        ("RCPT", "421 4.3.0 Temporary failure", &[]),
        ("MAIL", "521 5.7.1 go away", &[]),
        ("connect", "554 5.7.1 rejected by policy", &["QUIT"]),
        ("EHLO", "501 Syntactically invalid HELO argument(s)", &["EHLO"]),
        ("MAIL", "550 5.7.1 rejected by policy", &["QUIT"]),
        ("MAIL", "503 5.5.1 Error: send HELO/EHLO first", &["EHLO"]),
        ("MAIL", "503 5.5.1 Error: nested MAIL command", &["DATA", "RCPT TO:", "RSET"]),
        ("RCPT", "503 5.5.1 Error: need MAIL command", &["MAIL FROM:"]),
        ("DATA", "503 5.5.1 Error: need RCPT command", &["RCPT TO:", "RSET"]),
        ("DATA", "503 DATA not allowed after BDAT", &["RSET"]),
        ("AUTH", "503 5.5.1 Error: already authenticated", &["RCPT TO:", "MAIL FROM:"]),
        ("EHLO", "502 EHLO not allowed on LMTP", &["LHLO"]),
    ] {
        let e = alone(asked, reply);
        assert!(commands(&e).starts_with(want), "{asked}: {reply}: {:?}", e.next);
        assert!(!e.next.is_empty(), "{asked}: {reply}");
        assert!(!want.is_empty() || commands(&e).is_empty(), "{asked}: {reply}: {:?}", e.next);
    }
}

#[test]
fn what_was_refused_for_good_is_not_offered_again() {
    let greeted = "< 220 mx\n> EHLO foo.example\n< 250 mx\n";
    let rcpt = format!("{greeted}> MAIL FROM:<a@b.example>\n< 250 ok\n> RCPT TO:<c@d.example>\n< 250 ok\n");
    for (lines, want) in [
        (format!("{greeted}> MAIL FROM:<a@b.example>\n< 530 5.7.0 Authentication required"), &["QUIT"][..]),
        ("< 220 x\n> EHLO foo\n< 501 Syntactically invalid EHLO argument(s)".to_owned(), &["EHLO"]),
        ("< 220 x\n> EHLO foo\n< 500 command unrecognized".to_owned(), &["HELO foo"]),
        ("< 220 x\n> EHLO foo\n< 502 5.5.1 Command not implemented".to_owned(), &["HELO foo"]),
        ("< 220 x LMTP\n> EHLO n.com\n< 502 EHLO not allowed on LMTP".to_owned(), &["LHLO n.com"]),
        (format!("{rcpt}> DATA\n< 550 no"), &["RSET"]),
    ] {
        let e = last(&lines);
        assert!(commands(&e).starts_with(want), "{lines}: {:?}", e.next);
        let again = lines.lines().rev().find_map(|line| line.strip_prefix("> ")).expect("a command");
        assert!(!commands(&e).contains(&again), "{lines}: {:?}", e.next);
    }
    let asks = last(&format!("{greeted}> MAIL FROM:<a@b.example>\n< 530 5.7.0 Authentication required"));
    assert!(all(&asks).contains("offers no way to log in on this line"), "{asks:?}");
    assert!(asks.next.iter().all(|step| !matches!(&step.does, Does::Action(name, _) if name == "ready")), "{asks:?}");
    let data = last(&format!("{rcpt}> DATA\n< 550 no"));
    assert!(!all(&data).contains("No recipient was accepted"), "{data:?}");
}

#[test]
fn too_many_log_ins_lead_to_no_further_one() {
    for reply in [
        "454 4.7.0 Too many login attempts, please try again later. - gsmtp",
        "421 4.7.0 Too many login attempts",
        "535 5.7.8 Error: too many failed logins, account temporarily locked",
        "535 5.7.0 Too many failed authentication attempts",
        "535 5.7.8 Account locked: too many wrong passwords",
        "450 4.7.1 Error: too many AUTH commands from 192.0.2.1",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        "534 5.7.14 Please log in via your web browser and then try again",
        "535 5.7.8 Account is temporarily locked",
    ] {
        let e = alone("AUTH", reply);
        assert!(!commands(&e).iter().any(|line| line.starts_with("AUTH")), "{reply}: {:?}", e.next);
        assert!(!e.meaning.contains("may well be right: do not"), "{reply}: {}", e.meaning);
        assert!(!e.next.is_empty(), "{reply}");
    }
}

#[test]
fn a_reply_that_does_not_answer_the_command_is_told_as_such() {
    let greeted = "< 220 x\n> EHLO foo\n< 250-x\n< 250 STARTTLS\n";
    let mail = format!("{greeted}> MAIL FROM:<a@b.example>\n< 250 ok\n");
    let rcpt = format!("{mail}> RCPT TO:<c@d.example>\n< 250 ok\n");
    for lines in [
        format!("{mail}> RCPT TO:<c@d.example>\n< 235 ok"),
        format!("{greeted}> MAIL FROM:<a@b.example>\n< 334 VXNlcm5hbWU6"),
        format!("{greeted}> MAIL FROM:<a@b.example>\n< 354 go"),
        format!("{greeted}> MAIL FROM:<a@b.example>\n< 220 hello"),
        format!("{greeted}> STARTTLS\n< 250 ok"),
        format!("{rcpt}> DATA\n< 250 ok"),
        format!("{rcpt}> DATA\n< 354 go\n| x\n> .\n< 354 go"),
        "< 250 x".to_owned(),
        "< 354 x".to_owned(),
        format!("{greeted}< 250 and more"),
    ] {
        let e = last(&lines);
        assert!(e.title.starts_with("This is no ") || e.title.contains("nothing that was asked"), "{lines}: {e:?}");
        assert!(!all(&e).contains("did what was asked") && e.notes.is_empty(), "{lines}: {e:?}");
        assert!(!e.next.is_empty() && commands(&e).iter().all(|line| *line == "QUIT"), "{lines}: {:?}", e.next);
    }
    for lines in [
        format!("{mail}> RCPT TO:<c@d.example>\n< 251 will forward"),
        format!("{greeted}> VRFY c\n< 252 perhaps"),
        format!("{greeted}> STARTTLS\n< 220 go"),
        format!("{greeted}> ETRN x.example\n< 253 queue started"),
        format!("{rcpt}> DATA\n< 354 go"),
        format!("{greeted}> QUIT\n< 221 bye"),
        format!("{greeted}< 221 bye"),
    ] {
        let e = last(&lines);
        assert!(!e.title.starts_with("This is no ") && !e.title.contains("nothing that was asked"), "{lines}: {e:?}");
    }
    // Nor does it begin what the right one would.
    let log = sample::log(&format!("* connected a\n{greeted}> STARTTLS\n< 250 ok"));
    assert_eq!(Dialogue::of(&log).state().phase(), crate::smtp::Phase::Ready);
}

#[test]
fn a_server_that_hangs_up_is_said_to_have_waited_only_where_that_may_be() {
    let idle = |reply: &str, seconds: u64| {
        let at =
            Context { asked: Some(Asked::Nothing), idle: Some(Duration::from_secs(seconds)), ..Context::default() };
        super::tests::causes(&in_context(reply, &at))
    };
    for (reply, seconds, says) in [
        ("421 4.3.2 System not accepting network messages", 59, None),
        ("421 4.3.2 Service shutting down", 3, None),
        ("421 4.3.2 closing", 3, None),
        ("421 closing", 3, None),
        ("421 bye", 45, Some("Nothing was said for 45 seconds")),
        ("421 4.4.2 bye", 300, Some("Nothing was said for 5 minutes")),
        ("421 4.4.2 mx Error: timeout exceeded", 300, Some("Nothing was said for 5 minutes")),
        ("421 4.4.2 mx Error: timeout exceeded", 3, Some("silent for no more than 3 seconds")),
    ] {
        let causes = idle(reply, seconds);
        let told = ["was said for", "idle", "silent"].iter().any(|words| causes.contains(words));
        let right = says.map_or_else(|| !told && !causes.is_empty(), |says| causes.contains(says));
        assert!(right, "{reply}: {causes}");
    }
}

#[test]
fn a_recognised_text_keeps_its_own_cure() {
    let greeted = "< 220 x\n> EHLO foo.example\n< 250-x\n< 250-STARTTLS\n< 250 SMTPUTF8\n";
    let mail = format!("{greeted}> MAIL FROM:<a@b.example>\n< 250 ok\n");
    let tenant = last(&format!("{mail}> RCPT TO:<q@z.example>\n< 550 5.7.64 TenantAttribution; Relay Access Denied"));
    assert!(!all(&tenant).contains("log in") && !all(&tenant).contains("logged in"), "{tenant:?}");
    assert!(all(&tenant).contains("connector"), "{tenant:?}");
    let utf8 = last(&format!("{greeted}> MAIL FROM:<ü@b.example>\n< 553 5.6.7 Must list SMTPUTF8 as a MAIL parameter"));
    assert_eq!(commands(&utf8)[0], "MAIL FROM:<ü@b.example> SMTPUTF8", "{:?}", utf8.next);
    for reply in ["501 5.5.2 Cannot decode response", "501 5.5.2 Sorry, what was that", "501 5.5.2 no"] {
        let e = alone("auth-answer", reply);
        assert_eq!(e.title, "Refused for good: the answer is no base64", "{reply}: {e:?}");
        assert!(!e.causes.iter().any(|cause| cause.contains("password is wrong")), "{reply}: {e:?}");
    }
    let user = "< 220 x\n> EHLO foo\n< 250-x\n< 250 AUTH PLAIN\n> AUTH PLAIN {{auth}}\n< 235 ok\n";
    let relay = last(&format!(
        "{user}> MAIL FROM:<a@b.example>\n< 250 ok\n> RCPT TO:<q@z.example>\n< 554 5.7.1 <q@z.example>: Relay access denied"
    ));
    assert!(!relay.causes.iter().any(|cause| cause.contains("have not logged in")), "{:?}", relay.causes);
    let bdat = format!("{mail}> RCPT TO:<c@d.example>\n< 250 ok\n> BDAT 3\n| abc\n< 250 ok\n> DATA\n");
    for words in ["DATA not allowed after BDAT", "Bad sequence of commands"] {
        let e = last(&format!("{bdat}< 503 {words}"));
        assert!(e.title.contains("DATA can't follow BDAT"), "{words}: {e:?}");
        assert!(!all(&e).contains("No recipient") && !all(&e).contains("nobody to deliver"), "{words}: {e:?}");
        assert_eq!(commands(&e), ["RSET"], "{words}: {:?}", e.next);
    }
}
