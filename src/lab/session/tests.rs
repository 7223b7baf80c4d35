//! Sessions without a socket: what a client sends, and the lines that it gets.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::Strategy as _;

use super::{Action, Client, Secured, Session};
use crate::lab::ListenerKind;
use crate::lab::framer::Framer;
use crate::lab::mailbox::OUTBOX;
use crate::lab::scenario::Scenario;
use crate::lab::site::Site;
use crate::world::{Directories, World};

mod auth;
mod rules;

/// A session and its client, without anything between them.
struct Talk {
    site: Arc<Site>,
    session: Session,
    framer: Framer,
    waited: Duration,
    secured: Secured,
}

fn site(scenario: &str) -> Arc<Site> {
    let none = std::path::PathBuf::new();
    let directories = Directories { config: none.clone(), data: none.clone(), state: none };
    let now = "2026-11-23T20:18:22Z".parse().expect("a date");
    let scenario = Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}"));
    Arc::new(Site::new(scenario, crate::lab::limits::Limits::LAB, World::fixed(directories, now, 1)))
}

fn secured() -> Secured {
    Secured { words: "TLSv1.3 TLS_AES_256_GCM_SHA384".to_owned(), ..Secured::default() }
}

fn default() -> &'static str {
    crate::assets::text("scenarios/default.toml").expect("shipped")
}

impl Talk {
    fn to(site: &Arc<Site>, listener: ListenerKind) -> Self {
        let keys = site.scenario.listeners.of(listener);
        let client = Client { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 4000)), listener, number: 1 };
        let session = Session::new(Arc::clone(site), client, keys.expect("in the scenario"));
        Self { site: Arc::clone(site), session, framer: Framer::default(), waited: Duration::ZERO, secured: secured() }
    }

    fn with(scenario: &str) -> Self {
        Self::to(&site(scenario), ListenerKind::Smtp)
    }

    fn new() -> Self {
        Self::with(default())
    }

    fn lines(&mut self, actions: Vec<Action>) -> Vec<String> {
        let mut out = Vec::new();
        for action in actions {
            match action {
                Action::Reply(lines) => out.extend(lines),
                Action::Wait(time) => self.waited += time,
                Action::Close | Action::Part => out.push("(closed)".to_owned()),
                Action::Reset => out.push("(reset)".to_owned()),
                Action::Raw(bytes) => out.push(String::from_utf8_lossy(&bytes).into_owned()),
                Action::StartTls => {
                    self.framer.clear();
                    let then = self.session.tls_started(self.secured.clone());
                    out.extend(self.lines(then));
                }
                Action::Pace(_) | Action::Remark(_) => {}
            }
        }
        out
    }

    fn open(&mut self) -> Vec<String> {
        let actions = self.session.open();
        self.lines(actions)
    }

    /// Sends octets; gives the lines that come back.
    fn bytes(&mut self, bytes: &[u8]) -> Vec<String> {
        self.framer.push(bytes);
        let mut out = Vec::new();
        while let Some(expect) = self.session.expects()
            && let Some(unit) = self.framer.next(expect)
        {
            let actions = self.session.handle(&unit);
            out.extend(self.lines(actions));
        }
        out
    }

    /// Sends lines, each ended by CR LF; gives the lines that come back, joined by `|`.
    fn say(&mut self, lines: &[&str]) -> String {
        let wire = lines.iter().fold(String::new(), |wire, line| wire + line + "\r\n");
        self.bytes(wire.as_bytes()).join("|")
    }

    fn at_rcpt(&mut self) {
        let got = self.say(&["EHLO noddy.com", "MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>"]);
        assert!(got.ends_with("250 2.1.0 Ok|250 2.1.5 Ok"), "{got}");
    }

    fn kept(&self, mailbox: &str) -> Vec<String> {
        let messages = self.site.store().of(mailbox);
        messages.iter().map(|m| String::from_utf8_lossy(&m.raw()).into_owned()).collect()
    }
}

#[test]
fn the_classic_conversation() {
    let mut talk = Talk::new();
    let greeting = talk.open();
    assert_eq!(greeting, ["220 mx.target.local ESMTP ehlo lab"]);
    let known = crate::decode::Context { banner: Some(greeting.concat()), ..Default::default() };
    assert!(known.is_in_lab(), "who explains its replies knows it by its greeting");
    for (line, want) in [
        ("HELO noddy.com", "250 mx.target.local"),
        ("MAIL FROM:<dude@noddy.com>", "250 2.1.0 Ok"),
        ("RCPT TO:<anotherdude@target.local>", "250 2.1.5 Ok"),
        ("RCPT TO:<postmaster>", "250 2.1.5 Ok"),
        ("DATA", "354 End data with <CR><LF>.<CR><LF>"),
        ("Subject: test", ""),
        ("", ""),
        ("..a dot", ""),
    ] {
        assert_eq!(talk.say(&[line]), want, "{line}");
    }
    let end = talk.say(&["."]);
    assert!(end.starts_with("250 2.0.0 Ok: queued as 4"), "{end}");
    assert_eq!(talk.say(&["QUIT"]), "221 2.0.0 Bye|(closed)");
    for mailbox in ["anotherdude@target.local", "postmaster@target.local"] {
        let [message] = &talk.kept(mailbox)[..] else { panic!("one message in {mailbox}") };
        assert!(
            message.starts_with("Return-Path: <dude@noddy.com>\r\nReceived: from noddy.com ([127.0.0.1])"),
            "{message}"
        );
        assert!(message.contains("with SMTP id"), "{message}");
        assert!(message.ends_with("Mon, 23 Nov 2026 20:18:22 +0000\r\nSubject: test\r\n\r\n.a dot\r\n"), "{message}");
    }
}

#[test]
fn what_ehlo_offers_depends_on_listener_and_tls() {
    let site = site(default());
    let mut smtp = Talk::to(&site, ListenerKind::Smtp);
    let offer = smtp.say(&["EHLO a"]);
    assert_eq!(
        offer,
        "250-mx.target.local|250-PIPELINING|250-SIZE 10485760|250-8BITMIME|250-SMTPUTF8|250-DSN\
         |250-ENHANCEDSTATUSCODES|250-CHUNKING|250-HELP|250-STARTTLS|250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2"
    );
    let mut submission = Talk::to(&site, ListenerKind::Submission);
    assert!(submission.say(&["EHLO a"]).ends_with("250 STARTTLS"));
    assert_eq!(submission.say(&["STARTTLS"]), "220 2.0.0 Ready to start TLS");
    assert_eq!(submission.say(&["MAIL FROM:<a@b.c>"]), "503 5.5.1 Error: send HELO/EHLO first");
    let offer = submission.say(&["EHLO a"]);
    assert!(
        offer.ends_with("250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2") && !offer.contains("STARTTLS"),
        "{offer}"
    );
    let mut lmtp = Talk::to(&site, ListenerKind::Lmtp);
    assert_eq!(lmtp.say(&["EHLO a"]), "500 5.5.2 Error: command not recognized");
    let offer = lmtp.say(&["LHLO a"]);
    assert!(!offer.contains("AUTH") && !offer.contains("STARTTLS"), "{offer}");
}

#[test]
fn what_is_no_name_of_a_host_greets_nobody() {
    for (line, want) in [
        ("EHLO noddy.comMAIL FROM:<dude@noddy.com>", "501 5.5.4 Syntax: EHLO hostname; the name is one word"),
        ("EHLO a b c", "501 5.5.4 Syntax: EHLO hostname; the name is one word"),
        ("HELO <noddy>", "501 5.5.4 Syntax: HELO hostname; < can't stand in the name"),
        ("EHLO noddy@noddy.com", "501 5.5.4"),
        ("EHLO noddy.com:25", "501 5.5.4"),
        ("EHLO noddy..com", "501 5.5.4 Syntax: EHLO hostname; a part of the name is empty"),
        ("EHLO .", "501 5.5.4"),
        ("EHLO [192.0.2]", "501 5.5.4 Syntax: EHLO hostname; the brackets hold no IP address"),
        ("EHLO [2001:db8::7]", "501 5.5.4"),
        ("EHLO [192.0.2.7", "501 5.5.4"),
        ("EHLO noddy", "250"),
        ("EHLO my_host.noddy.com. ", "250"),
        ("EHLO [192.0.2.7]", "250"),
        ("EHLO [IPv6:2001:db8::7]", "250"),
    ] {
        let got = Talk::new().say(&[line]);
        assert!(got.starts_with(want), "{line}: {got}");
    }
}

#[test]
fn what_is_wrong_is_refused_with_its_code() {
    let ready: &[&str] = &["EHLO noddy.com"];
    let mail: &[&str] = &["EHLO noddy.com", "MAIL FROM:<dude@noddy.com>"];
    for (before, line, want) in [
        (&[][..], "MAIL FROM:<dude@noddy.com>", "503 5.5.1"),
        (&[], "FOO", "500 5.5.2 Error: command not recognized"),
        (&[], "", "500 5.5.2 Error: bad syntax"),
        (&[], "LHLO a", "500 5.5.2"),
        (&[], "EHLO", "501 5.5.4 Syntax: EHLO hostname"),
        (&[], "GET / HTTP/1.1", "221 2.7.0"),
        (&[], "AUTH PLAIN", "503 5.5.1 Error: send EHLO first"),
        (&[], "STARTTLS foo", "501 5.5.4 Syntax: STARTTLS"),
        (ready, "RCPT TO:<a@target.local>", "503 5.5.1 Error: need MAIL command"),
        (ready, "DATA", "503 5.5.1 Error: need RCPT command"),
        (ready, "RSET now", "501 5.5.4 Syntax: RSET"),
        (ready, "MAIL dude@noddy.com", "501 5.5.4 Syntax: MAIL FROM:<address>"),
        (ready, "MAIL FROM:dude@noddy.com", "501 5.1.7"),
        (ready, "MAIL FROM: <dude@noddy.com>", "501 5.5.4"),
        (ready, "MAIL FROM:<dude>", "504 5.5.2 <dude>: Sender address rejected"),
        (ready, "MAIL FROM:<düde@noddy.com>", "553 5.6.7"),
        (ready, "MAIL FROM:<d@noddy.com> SIZE=99999999999999", "552 5.3.4"),
        (ready, "MAIL FROM:<d@noddy.com> SIZE=abc", "501 5.5.4 Bad message size syntax"),
        (ready, "MAIL FROM:<d@noddy.com> FOO=BAR", "555 5.5.4 Unsupported option: FOO=BAR"),
        (ready, "MAIL FROM:<d@noddy.com> BODY=BANANA", "555 5.5.4 Unsupported option: BODY=BANANA"),
        (ready, "MAIL FROM:<d@noddy.com> RET=BANANA", "501 5.5.4 Bad RET"),
        (ready, "MAIL FROM:<d@noddy.com> ENVID=a=b+zz", "501 5.5.4 Bad ENVID"),
        (ready, "MAIL FROM:<d@noddy.com> RET=FULL RET=HDRS", "501 5.5.4 Parameter given twice"),
        (mail, "MAIL FROM:<dude@noddy.com>", "503 5.5.1 Error: nested MAIL command"),
        (mail, "DATA", "554 5.5.1 Error: no valid recipients"),
        (mail, "STARTTLS", "503 5.5.1"),
        (mail, "RCPT TO :anotherdude@target.local notify=success,failure", "501 5.5.4 Syntax: RCPT TO:<address>"),
        (mail, "RCPT TO:anotherdude@target.local", "501 5.1.3"),
        (mail, "RCPT TO:<anotherdude>", "504 5.5.2"),
        (mail, "RCPT TO:<>", "501 5.1.3"),
        (mail, "RCPT TO:<jürgen@target.local>", "553 5.6.7"),
        (
            mail,
            "RCPT TO:<nosuch@target.local>",
            "550 5.1.1 <nosuch@target.local>: Recipient address rejected: User unknown",
        ),
        (mail, "RCPT TO:<full@target.local>", "452 4.2.2"),
        (mail, "RCPT TO:<disabled@target.local>", "550 5.2.1"),
        (mail, "RCPT TO:<someone@foreign.example>", "554 5.7.1 <someone@foreign.example>: Relay access denied"),
        (mail, "RCPT TO:<anotherdude%foreign.example@target.local>", "554 5.7.1"),
        (mail, "RCPT TO:<anotherdude@target.local> NOTIFY=NEVER,SUCCESS", "501 5.5.4 Error: Bad NOTIFY"),
        (mail, "RCPT TO:<anotherdude@target.local> ORCPT=nonsense", "501 5.5.4 Error: Bad ORCPT"),
        (mail, "RCPT TO:<anotherdude@target.local> FOO=BAR", "555 5.5.4"),
        (mail, "RCPT TO:<571@error.lab>", "571 5.7.1"),
        (mail, "RCPT TO:<4.2.2@error.lab>", "452 4.2.2"),
        (mail, "RCPT TO:<drop@error.lab>", "(closed)"),
        (mail, "RCPT TO:<421@error.lab>", "421 4.3.2"),
    ] {
        let mut talk = Talk::new();
        talk.say(before);
        let got = talk.say(&[line]);
        assert!(got.starts_with(want), "{line}: {got}");
    }
}

#[test]
fn what_is_right_is_taken() {
    for (line, want) in [
        ("MAIL FROM:<>", "250 2.1.0 Ok"),
        ("mail from:<dude@noddy.com> size=100 body=8bitmime", "250 2.1.0 Ok"),
        ("MAIL FROM:<düde@noddy.com> SMTPUTF8", "250 2.1.0 Ok"),
        ("MAIL FROM:<d@noddy.com> RET=HDRS ENVID=QQ314159", "250 2.1.0 Ok"),
        ("MAIL FROM:<d@noddy.com> AUTH=<>", "250 2.1.0 Ok"),
        ("NOOP some words", "250 2.0.0 Ok"),
        ("RSET", "250 2.0.0 Ok"),
        ("VRFY anotherdude@target.local", "250 2.1.5 <anotherdude@target.local>"),
        ("VRFY dude", "250 2.1.5 <dude@noddy.com>"),
        ("VRFY nosuch@target.local", "550 5.1.1"),
        ("EXPN list", "550 5.1.1"),
        ("HELP MAIL", "214 2.0.0 MAIL FROM:<address>"),
        ("HELP", "214-2.0.0"),
    ] {
        let mut talk = Talk::new();
        talk.say(&["EHLO a"]);
        let got = talk.say(&[line]);
        assert!(got.starts_with(want), "{line}: {got}");
    }
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let mut talk = Talk::new();
    let got = talk.bytes(
        b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<nosuch@target.local>\r\nRCPT TO:<anotherdude@target.local>\r\nDATA\r\n\
          one\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\nNOOP\r\n",
    );
    let codes: Vec<&str> = got.iter().filter(|line| !line.starts_with("250-")).map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "550", "250", "354", "250", "250", "221", "(cl"]);
}

#[test]
fn who_has_logged_in_may_relay_into_the_outbox_and_only_once() {
    let mut talk = Talk::new();
    talk.say(&["EHLO a", "AUTH PLAIN AGR1ZGUAbm9kZHk="]);
    assert_eq!(talk.say(&["AUTH PLAIN AGR1ZGUAbm9kZHk="]), "503 5.5.1 Error: already authenticated");
    let got = talk.say(&["MAIL FROM:<dude@noddy.com>", "RCPT TO:<a@foreign.example>", "DATA", "x", "."]);
    assert!(got.contains("250 2.1.5 Ok|354"), "{got}");
    let [message] = &talk.kept(OUTBOX)[..] else { panic!("one message") };
    assert!(message.contains("with ESMTPA id"), "{message}");
}

#[test]
fn submission_wants_tls_and_then_a_login() {
    let mut talk = Talk::to(&site(default()), ListenerKind::Submission);
    talk.say(&["EHLO a"]);
    assert_eq!(talk.say(&["MAIL FROM:<a@b.c>"]), "530 5.7.0 Must issue a STARTTLS command first");
    assert!(talk.say(&["AUTH PLAIN AGR1ZGUAbm9kZHk="]).starts_with("538 5.7.11"));
    talk.say(&["STARTTLS", "EHLO a"]);
    assert!(talk.say(&["EHLO a", "MAIL FROM:<a@b.c>"]).ends_with("530 5.7.0 Authentication required"));
    let got = talk.say(&["AUTH PLAIN AGR1ZGUAbm9kZHk=", "MAIL FROM:<a@b.c>"]);
    assert_eq!(got, "235 2.7.0 Authentication successful|250 2.1.0 Ok");
}

#[test]
fn what_was_said_in_clear_text_after_starttls_is_never_obeyed() {
    let mut talk = Talk::new();
    talk.say(&["EHLO a"]);
    let got = talk.bytes(b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<evil@noddy.com>\r\n");
    assert_eq!(got, ["220 2.0.0 Ready to start TLS"]);
    assert_eq!(talk.say(&["STARTTLS"]), "554 5.5.1 Error: TLS already active");
}

#[test]
fn chunks_are_counted_and_not_unstuffed() {
    let mut talk = Talk::new();
    talk.at_rcpt();
    let got = talk.bytes(b"BDAT 12\r\nSubject: a\r\nBDAT 9 LAST\r\n\r\n..dot\r\nNOOP\r\n");
    assert_eq!(got[0], "250 2.0.0 Ok: 12 bytes");
    assert!(got[1].starts_with("250 2.0.0 Ok: queued as"), "{got:?}");
    assert_eq!(got[2], "250 2.0.0 Ok");
    assert!(talk.kept("anotherdude@target.local")[0].ends_with("Subject: a\r\n\r\n..dot\r\n"));
}

#[test]
fn a_refused_chunk_is_swallowed_and_answered_once() {
    let mut talk = Talk::new();
    talk.say(&["EHLO a", "MAIL FROM:<a@b.c>"]);
    assert_eq!(talk.bytes(b"BDAT 6\r\nNOOP\r\nNOOP\r\n"), ["554 5.5.1 Error: no valid recipients", "250 2.0.0 Ok"]);
    talk.at_rcpt_again();
    assert_eq!(talk.say(&["BDAT 0", "DATA"]), "250 2.0.0 Ok: 0 bytes|503 5.5.1 Error: DATA after BDAT");
    assert!(talk.say(&["BDAT 0 LAST"]).starts_with("250 2.0.0 Ok: queued"));
    assert_eq!(talk.say(&["BDAT abc"]), "521 5.5.4 Syntax: BDAT count [LAST]|(closed)");
}

impl Talk {
    fn at_rcpt_again(&mut self) {
        self.say(&["RSET"]);
        self.at_rcpt();
    }
}

#[test]
fn lmtp_gives_a_reply_for_each_accepted_recipient() {
    let mut talk = Talk::to(&site(default()), ListenerKind::Lmtp);
    let got = talk.say(&[
        "LHLO a",
        "MAIL FROM:<dude@noddy.com>",
        "RCPT TO:<anotherdude@target.local>",
        "RCPT TO:<full@target.local>",
        "RCPT TO:<dude@noddy.com>",
        "DATA",
        "x",
        ".",
        "NOOP",
    ]);
    let after: Vec<&str> = got.split('|').skip_while(|line| !line.starts_with("354")).collect();
    assert!(after[1].starts_with("250 2.0.0 <anotherdude@target.local> 4"), "{after:?}");
    assert!(after[2].starts_with("250 2.0.0 <dude@noddy.com> 4"), "{after:?}");
    assert_eq!(after[3..], ["250 2.0.0 Ok"]);
    assert_eq!(talk.say(&["MAIL FROM:<>", "DATA"]), "250 2.1.0 Ok|503 5.5.1 Error: no valid recipients");
}

#[test]
fn bare_line_ends_are_refused_by_default_and_do_what_the_scenario_says() {
    let message =
        b"one\n.\r\nMAIL FROM:<boss@target.local>\r\nRCPT TO:<postmaster@target.local>\r\nDATA\r\ntwo\r\n.\r\n";
    let mut strict = Talk::new();
    strict.at_rcpt();
    strict.say(&["DATA"]);
    assert_eq!(strict.bytes(message), ["550 5.5.2 Error: bare <LF> received"]);
    strict.at_rcpt_again();
    strict.say(&["DATA"]);
    assert_eq!(strict.bytes(b"a\rb\r\n.\r\n"), ["550 5.5.2 Error: bare <CR> received"]);
    assert_eq!(strict.bytes(b"NOOP a\rb\r\nNOOP\r\n"), ["500 5.5.2 Error: bare <CR> received", "250 2.0.0 Ok"]);
    let hung_up = strict.bytes(b"NOOP\nNOOP\r\n");
    assert_eq!(
        hung_up,
        ["521 5.5.2 mx.target.local Error: bare <LF> received", "(closed)"],
        "the second is never obeyed"
    );

    let mut lenient = Talk::with(&default().replace("[relay]", "[parser]\nbare_lf = \"accept\"\n[relay]"));
    assert_eq!(lenient.bytes(b"NOOP\nNOOP\r\n"), ["250 2.0.0 Ok", "250 2.0.0 Ok"]);
    lenient.at_rcpt();
    lenient.say(&["DATA"]);
    assert_eq!(lenient.bytes(message).len(), 1);

    let mut smuggled = Talk::with(&default().replace("[relay]", "[parser]\nbare_lf = \"ends-data\"\n[relay]"));
    smuggled.at_rcpt();
    smuggled.say(&["DATA"]);
    let codes: Vec<String> = smuggled.bytes(message).iter().map(|line| line[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "250", "354", "250"]);
    assert_eq!(smuggled.kept("postmaster@target.local").len(), 1);
}

#[test]
fn size_is_kept_at_the_dot_too() {
    let mut talk = Talk::with(&default().replace("SIZE 10485760", "SIZE 100"));
    talk.at_rcpt();
    talk.say(&["DATA"]);
    let line = "x".repeat(70);
    assert_eq!(talk.say(&[&line, &line, "."]), "552 5.3.4 Error: message file too big");
    talk.at_rcpt();
    assert_eq!(
        talk.bytes(format!("BDAT 200\r\n{}", "x".repeat(200)).as_bytes()),
        ["552 5.3.4 Error: message file too big"]
    );
    assert!(talk.kept("anotherdude@target.local").is_empty());
}

#[test]
fn lines_that_are_too_long_and_too_many_errors() {
    let mut talk = Talk::new();
    assert_eq!(talk.bytes(&[b'x'; 9000]), ["500 5.5.2 Error: line too long"]);
    assert_eq!(talk.say(&["", "NOOP"]), "250 2.0.0 Ok");
    let mut got = String::new();
    for _ in 0..20 {
        got = talk.say(&["FOO"]);
    }
    assert_eq!(got, "421 4.7.0 mx.target.local Error: too many errors|(closed)");
}

#[test]
fn a_receipt_that_was_asked_for_lies_in_the_senders_mailbox() {
    let mut talk = Talk::new();
    talk.say(&[
        "EHLO a",
        "MAIL FROM:<dude@noddy.com> RET=HDRS ENVID=lab-7",
        "RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;another+2Bdude@target.local",
        "RCPT TO:<postmaster@target.local> NOTIFY=NEVER",
        "DATA",
        "Subject: there and back",
        "",
        "body",
        ".",
    ]);
    let [report] = &talk.kept("dude@noddy.com")[..] else { panic!("one report") };
    for part in [
        "Return-Path: <>\r\n",
        "Content-Type: multipart/report; report-type=delivery-status;",
        "Original-Envelope-Id: lab-7\r\n",
        "Reporting-MTA: dns; mx.target.local\r\n",
        "Original-Recipient: rfc822;another+dude@target.local\r\n",
        "Final-Recipient: rfc822;anotherdude@target.local\r\nAction: delivered\r\nStatus: 2.0.0\r\n",
        "Subject: there and back\r\n",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
    assert!(!report.contains("postmaster@") && !report.contains("body"), "{report}");
}

proptest::proptest! {
    /// Whatever a client sends, in whatever pieces: the session answers or waits, and every line is a reply line.
    #[test]
    fn no_input_breaks_the_session(parts in proptest::collection::vec(
        proptest::prop_oneof![
            proptest::prelude::any::<Vec<u8>>(),
            "(EHLO|MAIL FROM:|RCPT TO:|BDAT|AUTH|DATA|VRFY|HELP|RSET) ?[<>@a-z0-9=\" .]{0,20}\r?\n".prop_map(String::into_bytes),
        ], 0..20))
    {
        let mut talk = Talk::new();
        for part in parts {
            for line in talk.bytes(&part) {
                let reply = line.len() >= 3 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit);
                proptest::prop_assert!(reply && !line.contains(['\r', '\n']) || line.starts_with('('), "{line:?}");
            }
        }
    }
}
