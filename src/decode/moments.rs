//! What a reply means depends on the moment: a table of moments, each with the category and a cause, title or note.

use crate::conversation::{Dialogue, Event, Line, Log, Micros, Remark};

use super::tests::said;
use super::{Cause, Explanation, Knowledge, explain_exchange};

/// A conversation up to the reply in question: `S: ` a line of the server, `* ` a remark, `+N` seconds that pass, the
/// rest is ours.
fn last(lines: &[&str]) -> Explanation {
    let mut log = Log::new();
    let mut now = 0;
    let mut push = |now: u64, event: Event| log.push(Micros(now * 1_000_000), &event);
    for line in lines {
        if let Some(seconds) = line.strip_prefix('+') {
            now += seconds.parse::<u64>().expect("seconds");
            continue;
        }
        let event = match (line.strip_prefix("S: "), line.strip_prefix("* ")) {
            (Some(line), _) => Event::Received(Line::new(line)),
            (_, Some(remark)) => Event::Remark(Remark::parse(remark)),
            _ => Event::Sent(Line::new(*line)),
        };
        push(now, event);
    }
    let dialogue = Dialogue::of(&log);
    let exchange = dialogue.exchanges().len() - 1;
    explain_exchange(exchange, &dialogue, &log, &Knowledge::shipped()).expect("a reply came")
}

const OPEN: &[&str] =
    &["* connecting 127.0.0.1:25", "* connected 127.0.0.1:25", "S: 220 mx.target.local ESMTP Postfix"];

/// Greeted, with these capabilities; on an encrypted line where `tls` says so.
fn greeted(tls: bool, offers: &[&'static str]) -> Vec<String> {
    let mut lines: Vec<String> = OPEN.iter().map(|line| (*line).to_owned()).collect();
    if tls {
        let secured = ["EHLO noddy.com", "S: 250-mx.target.local", "S: 250 STARTTLS", "STARTTLS", "S: 220 go"];
        lines.extend(secured.map(str::to_owned));
        lines.push("* tls version=TLSv1.3 verified=yes".to_owned());
    }
    lines.push("EHLO noddy.com".to_owned());
    lines.push("S: 250-mx.target.local".to_owned());
    for offer in offers {
        lines.push(format!("S: 250-{offer}"));
    }
    lines.push("S: 250 HELP".to_owned());
    lines
}

fn after(start: &[String], lines: &[&str]) -> Explanation {
    let all: Vec<&str> = start.iter().map(String::as_str).chain(lines.iter().copied()).collect();
    last(&all)
}

const CLEAR: (bool, &[&str]) = (false, &["SIZE 1000", "STARTTLS", "PIPELINING"]);
const LOGIN: (bool, &[&str]) = (false, &["AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"]);
const NO_PLAIN: (bool, &[&str]) = (false, &["STARTTLS", "AUTH CRAM-MD5"]);
const SECURE: (bool, &[&str]) = (true, &["AUTH PLAIN LOGIN XOAUTH2", "SIZE 1000"]);
const MAIL: &[&str] = &["MAIL FROM:<dude@noddy.com>", "S: 250 ok"];
const RCPT: &[&str] = &["MAIL FROM:<dude@noddy.com>", "S: 250 ok", "RCPT TO:<a@target.local>", "S: 250 ok"];
const LOGGED_IN: &[&str] = &["AUTH PLAIN AGR1ZGUAbm9kZHk=", "S: 235 ok"];
type Case<'a> = ((bool, &'static [&'static str]), Vec<&'a str>, &'static str, &'static str);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_moment_decides_category_and_cause() {
    let dot = |reply: &'static str| [RCPT, &["DATA", "S: 354 go", "Subject: x", "", "x", ".", reply]].concat();
    let table: Vec<Case<'_>> = vec![
        // The same 550 after another command.
        (
            CLEAR,
            vec!["MAIL FROM:<dude@noddy.com>", "S: 550 no"],
            "sender-rejected",
            "The sender is refused|the sender is refused",
        ),
        (CLEAR, [MAIL, &["RCPT TO:<a@target.local>", "S: 550 no"]].concat(), "mailbox-ambiguous", "recipient"),
        (CLEAR, [RCPT, &["DATA", "S: 550 no"]].concat(), "policy", "envelope as a whole"),
        (CLEAR, dot("S: 550 no"), "content-rejected", "No recipient gets it"),
        (CLEAR, vec!["EHLO noddy.com", "S: 550 no"], "policy", "name of the client"),
        // 503 says which command was missing.
        (CLEAR, vec!["RCPT TO:<a@b.example>", "S: 503 no"], "bad-sequence", "MAIL has to come first"),
        (CLEAR, vec!["DATA", "S: 503 5.5.1 no"], "bad-sequence", "MAIL has to come first"),
        (CLEAR, [MAIL, &["DATA", "S: 503 5.5.1 no"]].concat(), "bad-sequence", "RCPT has to come first"),
        (
            CLEAR,
            [MAIL, &["MAIL FROM:<x@noddy.com>", "S: 503 no"]].concat(),
            "bad-sequence",
            "transaction is open already",
        ),
        (LOGIN, [MAIL, &["AUTH PLAIN", "S: 503 no"]].concat(), "bad-sequence", "transaction has to end first"),
        // 530 before STARTTLS, and before AUTH.
        (CLEAR, vec!["MAIL FROM:<dude@noddy.com>", "S: 530 no"], "tls-required", "STARTTLS has not been said"),
        (CLEAR, vec!["MAIL FROM:<dude@noddy.com>", "S: 530 5.7.0 no"], "tls-required", "encrypt"),
        (SECURE, vec!["MAIL FROM:<dude@noddy.com>", "S: 530 no"], "auth-required", "Nobody has logged in"),
        (
            SECURE,
            [LOGGED_IN, &["MAIL FROM:<dude@noddy.com>", "S: 530 no"]].concat(),
            "unknown",
            "you are logged in already",
        ),
        (LOGIN, vec!["MAIL FROM:<dude@noddy.com>", "S: 530 5.7.0 no"], "auth-required", "Nobody has logged in"),
        (LOGIN, vec!["AUTH PLAIN", "S: 530 5.7.0 no"], "tls-required", "passwords in clear text"),
        // 535 by mechanism and TLS.
        (
            NO_PLAIN,
            vec!["AUTH PLAIN", "S: 334", "AGR1ZGUAbm9kZHk=", "S: 535 no"],
            "auth-failed",
            "did not offer PLAIN on it",
        ),
        (
            LOGIN,
            vec!["AUTH PLAIN", "S: 334", "AGR1ZGUAbm9kZHk=", "S: 535 no"],
            "auth-failed",
            "may not take PLAIN without TLS",
        ),
        (NO_PLAIN, vec!["AUTH CRAM-MD5", "S: 334 PDE+", "eA==", "S: 535 no"], "auth-failed", "in a readable form"),
        (SECURE, vec!["AUTH XOAUTH2", "S: 334", "eA==", "S: 535 5.7.8 no"], "auth-failed", "token has expired"),
        (
            SECURE,
            vec!["AUTH PLAIN AGR1ZGUAbm9kZHk=", "S: 535 5.7.8 no"],
            "auth-failed",
            "user name or the password is wrong",
        ),
        // A login before TLS.
        (
            CLEAR,
            vec!["AUTH PLAIN", "S: 503 5.5.1 Error: authentication not enabled"],
            "tls-required",
            "switched on only under TLS",
        ),
        (SECURE, vec!["STARTTLS", "S: 503 5.5.1 TLS already started"], "bad-sequence", "encrypted already"),
        // 552 against SIZE.
        (CLEAR, vec!["MAIL FROM:<dude@noddy.com> SIZE=5000", "S: 552 no"], "too-large", "SIZE=5000 was announced"),
        (CLEAR, dot("S: 552 no"), "too-large", "within the server's 1000"),
        (
            LOGIN,
            vec!["MAIL FROM:<dude@noddy.com> SIZE=5000", "S: 552 5.3.4 no"],
            "too-large",
            "SIZE=5000 was announced; the server's offer names no limit",
        ),
        // 454 by verb.
        (CLEAR, vec!["STARTTLS", "S: 454 no"], "tls-failed", "encrypt the line now"),
        (LOGIN, vec!["AUTH PLAIN", "S: 454 no"], "auth-failed", "password may well be right"),
        // 421 with the idle time before it.
        (CLEAR, vec!["+300", "S: 421 4.4.2 bye"], "service-unavailable", "Nothing was said for 5 minutes"),
        (CLEAR, vec!["+45", "NOOP", "S: 421 bye"], "service-unavailable", "Nothing was said for 45 seconds"),
        // 252 is neither yes nor no; 250 to a stranger's domain is a warning.
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@target.local>", "S: 252 perhaps"]].concat(),
            "information",
            "only when it delivers",
        ),
        (CLEAR, vec!["VRFY a", "S: 252 perhaps"], "information", "neither yes nor no|Neither yes nor no"),
        (CLEAR, [MAIL, &["RCPT TO:<a@elsewhere.example>", "S: 250 ok"]].concat(), "ok", "an open relay"),
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@elsewhere.example>", "S: 554 5.7.1 Relay access denied"]].concat(),
            "relay-denied",
            "elsewhere.example is not this server's domain",
        ),
        // Contradictions between the layers.
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@target.local>", "S: 550 4.2.2 no"]].concat(),
            "mailbox-full",
            "contradict each other",
        ),
        (CLEAR, [MAIL, &["RCPT TO:<a@target.local>", "S: 250 5.1.1 ok"]].concat(), "ok", "contradict each other"),
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@target.local>", "S: 550 Greylisted"]].concat(),
            "greylisted",
            "the code says never",
        ),
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@target.local>", "S: 550 5.1.1 Mailbox is full"]].concat(),
            "mailbox-full",
            "do not agree",
        ),
        (
            CLEAR,
            [MAIL, &["RCPT TO:<a@target.local>", "S: 550 Service refused, try later"]].concat(),
            "mailbox-ambiguous",
            "550 says never",
        ),
    ];
    let mut wrong = Vec::new();
    for ((tls, offers), lines, category, words) in table {
        let e = after(&greeted(tls, offers), &lines);
        if e.category != category || !words.split('|').any(|words| said(&e).contains(words)) {
            wrong.push(format!("{category}, {words}: {lines:?}: {}: {}", e.category, said(&e)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_stranger_who_is_refused_as_a_relay_learns_that_a_relay_test_wants_this() {
    let refused = [MAIL, &["RCPT TO:<a@elsewhere.example>", "S: 554 5.7.1 <a@elsewhere.example>: Relay access denied"]];
    let good =
        |e: &Explanation| e.notes.iter().any(|note| note.contains("relay test this is the answer that you want"));
    assert!(good(&after(&greeted(false, &[]), &refused.concat())));
    // Who has logged in tests nothing; who is accepted has another answer.
    let login = ["AUTH PLAIN AGR1ZGUAbm9kZHk=", "S: 235 ok"];
    let e = after(&greeted(true, &["AUTH PLAIN"]), &[&login[..], &refused.concat()].concat());
    assert!(!good(&e), "{:?}", e.notes);
    let e = after(&greeted(false, &[]), &[MAIL, &["RCPT TO:<a@target.local>", "S: 550 5.1.1 User unknown"]].concat());
    assert!(!good(&e), "{:?}", e.notes);
}

#[test]
fn what_was_announced_stands_beside_what_was_sent_and_what_is_taken() {
    let mail = ["MAIL FROM:<dude@noddy.com> SIZE=900", "S: 250 ok", "RCPT TO:<a@target.local>", "S: 250 ok", "DATA"];
    let text = "x".repeat(1200);
    let lines = [&mail[..], &["S: 354 go", &text, ".", "S: 552 5.3.4 too big"]].concat();
    let e = after(&greeted(false, &["SIZE 1000"]), &lines);
    let words = "1202 octets were sent (SIZE=900 was announced), and the server takes 1000 (SIZE in its offer)";
    assert_eq!(e.causes[0], words, "{:?}", e.causes);
}

#[test]
fn a_size_that_was_announced_is_forgotten_first() {
    let e = after(&greeted(false, &["SIZE 1000"]), &["MAIL FROM:<dude@noddy.com> SIZE=5000", "S: 552 5.3.4 too big"]);
    let next: Vec<_> = e.next.iter().map(|step| step.does.clone()).collect();
    assert!(next.contains(&super::Does::Command("RSET".to_owned())), "{next:?}");
    assert!(
        !next.iter().any(|does| matches!(does, super::Does::Command(line) if line.starts_with("MAIL"))),
        "{next:?}"
    );
}

#[test]
fn a_time_that_the_server_names_stands_in_title_and_step() {
    let rcpt =
        [MAIL, &["RCPT TO:<a@target.local>", "S: 450 4.2.0 Greylisted, please try again in 56 seconds"]].concat();
    let e = after(&greeted(false, &[]), &rcpt);
    assert_eq!(e.title, "Refused for now: greylisting: come back in 56 seconds");
    assert_eq!(e.next[0].text, "Try the same again in 56 seconds");
}

#[test]
fn who_was_put_off_before_is_no_stranger_any_more() {
    let greylisted = ["RCPT TO:<a@target.local>", "S: 450 4.2.0 Greylisted, please try again in 56 seconds"];
    let first = after(&greeted(false, &[]), &[MAIL, &greylisted].concat());
    assert!(first.causes[0].contains("first time"), "{:?}", first.causes);
    let second = after(&greeted(false, &[]), &[MAIL, &greylisted, &greylisted].concat());
    assert!(second.causes[0].contains("too soon"), "{:?}", second.causes);
}

#[test]
fn a_senders_domain_is_named_and_the_way_to_another_one() {
    let not_found = "S: 450 4.1.8 <dude@nody.example>: Sender address rejected: Domain not found";
    let mail = ["MAIL FROM:<dude@nody.example>", "S: 250 2.1.0 Ok"];
    let e = after(&greeted(false, &[]), &[&mail[..], &["RCPT TO:<a@target.local>", not_found]].concat());
    assert!(e.causes[0].starts_with("nody.example, the sender's domain, is misspelt"), "{:?}", e.causes);
    assert!(e.notes[0].contains("until RCPT") && e.notes[0].contains("Postfix"), "{:?}", e.notes);
    assert_eq!(e.next[0].does, super::Does::Command("RSET".to_owned()), "{:?}", e.next);
    let e = after(&greeted(false, &[]), &["MAIL FROM:<dude@nody.example>", not_found]);
    assert_eq!(e.next[0].does, super::Does::Command("MAIL FROM:<dude@nody.example>".to_owned()), "{:?}", e.next);
    assert!(!said(&e).contains("until RCPT"), "{:?}", e.notes);
}

#[test]
fn an_empty_line_is_named() {
    for reply in ["S: 500 5.5.2 Error: bad syntax", "S: 500 no", "S: 502 5.5.2 Error: command not recognized"] {
        let e = after(&greeted(false, &[]), &["", reply]);
        assert_eq!(e.title, "Refused for good: an empty line is no command", "{reply}");
        assert!(e.causes[0].contains("Enter was pressed once more"), "{reply}: {:?}", e.causes);
        assert!(!e.next.is_empty(), "{reply}: there is a way on");
    }
}

#[test]
fn a_verb_that_is_not_recognised_is_named_with_the_nearest_one() {
    for reply in ["S: 500 5.5.2 Error: command not recognized", "S: 500 no", "S: 500 5.5.1 Command unrecognized"] {
        let e = after(&greeted(false, &[]), &["RCPR TO:<a@b.example>", reply]);
        assert_eq!(e.title, "Refused for good: the command was not recognised", "{reply}");
        assert!(e.causes[0].contains("RCPR is no command of SMTP; RCPT is"), "{reply}: {:?}", e.causes);
    }
}

#[test]
fn a_sender_that_is_no_address_is_said_to_be_none() {
    let e = after(&greeted(false, &[]), &["MAIL FROM:<dude@>", "S: 501 5.1.7 Bad sender address syntax"]);
    assert_eq!(e.title, "Refused for good: the sender's address is not well formed");
    assert_eq!(e.category, "sender-rejected");
    assert!(e.causes.iter().any(|cause| cause.to_lowercase().contains("no domain")), "{:?}", e.causes);
}

#[test]
fn after_a_refused_log_in_the_same_mechanism_is_offered_again() {
    for (mechanism, wants) in [("LOGIN", "AUTH LOGIN"), ("PLAIN", "AUTH PLAIN"), ("CRAM-MD5", "AUTH PLAIN")] {
        let auth = format!("AUTH {mechanism}");
        let lines = [auth.as_str(), "S: 334 VXNlcm5hbWU6", "eA==", "S: 535 5.7.8 no"];
        let e = after(&greeted(true, &["AUTH PLAIN LOGIN CRAM-MD5"]), &lines);
        assert_eq!(e.next[0].does, super::Does::Command(wants.to_owned()), "{mechanism}: {:?}", e.next);
    }
}

#[test]
fn a_greeting_that_refuses_turns_the_client_away() {
    let e = last(&["* connecting 127.0.0.1:25", "* connected 127.0.0.1:25", "S: 554 no"]);
    assert_eq!(e.category, "reputation");
    assert!(said(&e).contains("Instead of a greeting"), "{}", said(&e));
    assert!(e.causes[0].contains("block list"), "{:?}", e.causes);
    let e = last(&["* connecting 127.0.0.1:25", "* connected 127.0.0.1:25", "S: 421 4.3.2 no"]);
    assert_eq!((e.category.as_str(), e.retry), ("service-unavailable", Some(true)));
}

#[test]
fn no_warning_at_the_domains_own_server() {
    let mut start = vec!["* resolved mx:elsewhere.example 10 mx.target.local".to_owned()];
    start.extend(greeted(false, &["STARTTLS"]));
    let rcpt = ["MAIL FROM:<a@noddy.com>", "S: 250 ok", "RCPT TO:<a@elsewhere.example>", "S: 250 ok"];
    assert!(after(&start, &rcpt).notes.is_empty());
    // Nor where relaying to another was refused before, nor at a host that takes mail for many domains.
    let refused = ["RCPT TO:<a@other.example>", "S: 554 5.7.1 Relay access denied"];
    assert!(after(&greeted(false, &[]), &[&rcpt[..2], &refused, &rcpt[2..]].concat()).notes.is_empty());
    let google: Vec<String> =
        greeted(false, &[]).iter().map(|line| line.replace("mx.target.local", "mx.google.com")).collect();
    assert!(after(&google, &rcpt).notes.is_empty());
    assert!(!after(&greeted(false, &[]), &rcpt).notes.is_empty());
    let own = ["MAIL FROM:<a@noddy.com>", "S: 250 ok", "RCPT TO:<a@target.local>", "S: 250 ok"];
    assert!(after(&greeted(false, &[]), &own).notes.is_empty());
}

#[test]
fn what_the_conversation_refutes_is_no_cause() {
    let e =
        after(&greeted(true, &["AUTH PLAIN"]), &[LOGGED_IN, &["AUTH PLAIN AGR1ZGUAbm9kZHk=", "S: 503 no"]].concat());
    assert_eq!(e.title, "Refused for good: you are logged in already");
    assert_eq!(e.causes.len(), 1, "{:?}", e.causes);
    let e = after(&greeted(true, &[]), &["AUTH LOGIN", "S: 504 no"]);
    assert!(!e.causes.iter().any(|cause| cause.contains("only after STARTTLS")), "{:?}", e.causes);
}

/// 535 is about the credentials; that the line is not encrypted comes last.
#[test]
fn the_causes_of_a_failed_log_in_stand_in_their_order() {
    let log_in = ["AUTH PLAIN", "S: 334", "AGR1ZGUAbm9kZHk=", "S: 535 no"];
    for (offers, words) in [(&["AUTH PLAIN LOGIN"][..], "may not take PLAIN"), (&["STARTTLS"], "did not offer PLAIN")] {
        let e = after(&greeted(false, offers), &log_in);
        assert!(e.causes[0].contains("password is wrong"), "{:?}", e.causes);
        assert!(e.causes.last().is_some_and(|last| last.contains(words)), "{:?}", e.causes);
    }
    let secure = after(&greeted(true, &["AUTH PLAIN LOGIN"]), &log_in);
    assert!(!secure.causes.iter().any(|cause| cause.contains("not encrypted")), "{:?}", secure.causes);
}

#[test]
fn the_text_of_a_message_after_a_refused_data_is_told_from_a_mistyped_command() {
    let start = greeted(false, &[]);
    let refused = [MAIL, &["RCPT TO :a", "S: 501 no", "DATA", "S: 554 5.5.1 no valid recipients"]].concat();
    for line in ["subject: test", "hello there", "bye.", "."] {
        let e =
            after(&start, &[&refused[..], &["subject: a", "S: 500 no", line, "S: 500 5.5.2 not recognized"]].concat());
        assert!(e.title.contains("takes this line for a command"), "{line}: {}", e.title);
        assert!(e.causes.len() == 1 && e.causes[0].contains("DATA was refused with 554"), "{line}: {:?}", e.causes);
        // It is no HELO; the recipient that DATA lacks is offered mended.
        assert_eq!(e.next[0].does, super::Does::Command("RCPT TO:<a>".to_owned()), "{line}: {:?}", e.next);
    }
    let e = after(&start, &[&refused[..], &["MIAL FROM:<a@b>", "S: 500 5.5.2 not recognized"]].concat());
    assert!(e.causes[0].contains("MIAL is no command of SMTP; MAIL is"), "{:?}", e.causes);
    // Elsewhere the same word is a mistyped verb.
    let e = after(&start, &["hello there", "S: 500 5.5.2 not recognized"]);
    assert!(e.causes[0].contains("HELO is"), "{:?}", e.causes);
    let e = after(&start, &[&refused[..], &["NOOP", "S: 250 ok", "hello there", "S: 500 no"]].concat());
    assert!(e.causes[0].contains("HELO is"), "{:?}", e.causes);
}

#[test]
fn rcpt_after_a_refused_mail_offers_that_mail_mended() {
    let lines = ["MAIL FROM: dude@noddy.com", "S: 501 5.5.4 no", "RCPT TO:<a@b.example>", "S: 503 5.5.1 no"];
    let e = after(&greeted(false, &[]), &lines);
    assert_eq!(e.causes, ["Your MAIL was refused with 501, so no transaction is open"]);
    let mended = super::Does::Command("MAIL FROM:<dude@noddy.com>".to_owned());
    assert_eq!(e.next[0].does, mended, "{:?}", e.next);
    // A MAIL that was accepted is no reason, and what dropped it is.
    let e = after(&greeted(false, &[]), &[MAIL, &["RSET", "S: 250 ok", "RCPT TO:<a@b.example>", "S: 503 no"]].concat());
    assert!(e.causes[0].contains("Your RSET ended the transaction"), "{:?}", e.causes);
}

#[test]
fn a_parameter_after_helo_leads_to_ehlo() {
    let mut lines: Vec<&str> = OPEN.to_vec();
    lines.extend(["HELO noddy.com", "S: 250 mx.target.local"]);
    lines.extend(MAIL);
    lines.extend(["RCPT TO:<a@target.local> NOTIFY=SUCCESS", "S: 555 5.5.4 Unsupported option: NOTIFY=SUCCESS"]);
    let e = last(&lines);
    assert!(e.causes.len() == 1 && e.causes[0].contains("after HELO there are no parameters"), "{:?}", e.causes);
    assert_eq!(e.next[0].does, super::Does::Command("EHLO noddy.com".to_owned()), "{:?}", e.next);
    // A line with another fault too is not mended into one that is refused again.
    let at = lines.len() - 2;
    lines[at] = "RCPT TO :a@target.local notify=success,failure";
    lines[at + 1] = "S: 501 5.1.3 Bad recipient address syntax";
    let e = last(&lines);
    assert!(e.causes[0].contains("after HELO there are no parameters"), "{:?}", e.causes);
    assert_eq!(e.next[0].does, super::Does::Command("EHLO noddy.com".to_owned()), "{:?}", e.next);
    assert_eq!(e.next[1].does, super::Does::Command("RCPT TO:<a@target.local>".to_owned()), "{:?}", e.next);
    assert!(e.next[1].text.contains("without NOTIFY"), "{:?}", e.next);
    let notify = |step: &super::Step| matches!(&step.does, super::Does::Command(line) if line.contains("NOTIFY"));
    assert!(!e.next.iter().any(notify), "{:?}", e.next);
}

/// What the state of the session shows is said once, and nothing beside it that the state rules out.
#[test]
fn a_command_out_of_order_has_one_cause() {
    let open: Vec<String> = OPEN.iter().map(|line| (*line).to_owned()).collect();
    let e = after(&open, &["MAIL FROM:<dude@noddy.com>", "S: 503 5.5.1 no"]);
    assert!(e.causes.len() == 1 && e.causes[0].starts_with("HELO or EHLO must come"), "{:?}", e.causes);
    let refused = [MAIL, &["RCPT TO:<a@b.example>", "S: 550 no", "DATA", "S: 554 5.5.1 no valid recipients"]].concat();
    let e = after(&greeted(false, &[]), &refused);
    assert_eq!(
        e.causes.iter().filter(|cause| cause.contains("No recipient was accepted")).count(),
        1,
        "{:?}",
        e.causes
    );
}

/// After HELO nobody knows what the server would offer: EHLO is the way to a log-in.
#[test]
fn after_helo_the_way_to_a_log_in_begins_with_ehlo() {
    let start: Vec<String> =
        OPEN.iter().chain(&["HELO noddy.com", "S: 250 mx.target.local"]).map(|line| (*line).to_owned()).collect();
    let refused = ["RCPT TO:<a@elsewhere.example>", "S: 554 5.7.1 <a@elsewhere.example>: Relay access denied"];
    let e = after(&start, &[MAIL, &refused].concat());
    assert_eq!(e.next[0].does, super::Does::Command("EHLO noddy.com".to_owned()), "{:?}", e.next);
    assert!(e.next[0].text.contains("drops this transaction"), "{:?}", e.next);
    // In the lab nobody outside of it is asked before the rest was tried.
    let lab: Vec<String> = greeted(false, &[]).iter().map(|line| line.replace("Postfix", "ehlo lab")).collect();
    let e = after(&lab, &[MAIL, &refused].concat());
    let outside = |step: &super::Step| matches!(step.does, super::Does::Action(..));
    assert!(e.next.len() > 1 && !outside(&e.next[0]) && e.next.last().is_some_and(outside), "{:?}", e.next);
}

#[test]
fn a_server_that_borrows_a_wording_is_not_called_by_the_name_of_its_owner() {
    let unknown = [
        MAIL,
        &[
            "RCPT TO:<a@target.local>",
            "S: 550 5.1.1 <a@target.local>: Recipient address rejected: User \
                   unknown in virtual mailbox table",
        ],
    ]
    .concat();
    assert!(said(&after(&greeted(false, &[]), &unknown)).contains("Postfix serves this domain"));
    let lab: Vec<String> = greeted(false, &[]).iter().map(|line| line.replace("Postfix", "ehlo lab")).collect();
    let e = after(&lab, &unknown);
    assert!(said(&e).contains("The server serves this domain") && !said(&e).contains("Postfix"), "{}", said(&e));
    // What only that software does is not said of another.
    for (refusal, own) in [
        ("S: 421 4.7.0 mx Error: too many connections from 192.0.2.1", "50 unless set"),
        ("S: 421 4.4.2 mx Error: timeout exceeded", "five minutes"),
        ("S: 450 4.7.1 Error: too much mail from 192.0.2.1", "anvil"),
    ] {
        let e = after(&lab, &[MAIL, &[refusal]].concat());
        assert!(!e.meaning.contains(own) && !e.meaning.contains("Postfix"), "{}", e.meaning);
        assert!(
            e.meaning.contains("the server") && e.meaning.ends_with('.') && !e.meaning.contains('('),
            "{}",
            e.meaning
        );
    }
}

#[test]
fn an_answer_that_is_no_base64_is_said_to_be_none() {
    let answered = ["AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "y"];
    let reply = ["S: 501 5.5.2 Error: invalid base64 data in continued response"];
    let e = after(&greeted(false, &["AUTH PLAIN LOGIN", "STARTTLS"]), &[&answered[..], &reply].concat());
    assert_eq!(e.title, "Refused for good: the answer is no base64");
    assert!(e.causes[0].contains("no $ stood before it"), "{:?}", e.causes);
    assert_eq!(e.next[0].does, super::Does::Command("STARTTLS".to_owned()), "{:?}", e.next);
    // Words that say less leave what fits the mechanism and what was done.
    let e = after(&greeted(true, &["AUTH PLAIN LOGIN"]), &[&answered[..], &["S: 501 no"]].concat());
    let other = |cause: &Cause| ["XOAUTH2", "PLAIN", "given up"].iter().any(|words| cause.contains(words));
    assert!(!e.causes.iter().any(other), "{:?}", e.causes);
    let e = after(&greeted(true, &["AUTH LOGIN"]), &["AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "*", "S: 501 aborted"]);
    assert!(e.title.contains("given up") && e.causes.is_empty(), "{e:?}");
}
