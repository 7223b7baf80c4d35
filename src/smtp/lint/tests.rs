use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::wire::Wire;
use super::super::{Session, VerbTable};
use super::{Lint, Severity, lint};

static TABLE: LazyLock<VerbTable> =
    LazyLock::new(|| VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses"));
static READY: LazyLock<Session> = LazyLock::new(|| offering_all(&TABLE, ""));
static BEGUN: LazyLock<Session> = LazyLock::new(|| offering_all(&TABLE, MAIL));

fn table() -> VerbTable {
    TABLE.clone()
}

/// A session after EHLO in which everything is offered that the table knows.
fn offering_all(table: &VerbTable, steps: &str) -> Session {
    let mut offer = String::from("S: 220 mx\nC: EHLO client.example\nS: 250-mx\n");
    for parameter in table.verbs.iter().flat_map(|entry| &entry.parameters) {
        if !matches!(parameter.capability.as_str(), "AUTH" | "SIZE") {
            offer.extend(["S: 250-", &parameter.capability, "\n"]);
        }
    }
    offer.push_str("S: 250-STARTTLS\nS: 250-CHUNKING\nS: 250-BINARYMIME\nS: 250-PIPELINING\nS: 250-SIZE 10485760\n");
    offer.push_str("S: 250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL\n");
    Wire::play(&format!("{offer}{steps}")).session
}

/// The steps after EHLO that lead to where a command fits.
const MAIL: &str = "C: MAIL FROM:<dude@noddy.com>\nS: 250 ok\n";
const RCPT: &str = "C: MAIL FROM:<dude@noddy.com>\nS: 250 ok\nC: RCPT TO:<a@b.example>\nS: 250 ok\n";

/// Where a line fits by its beginning.
fn steps_for(line: &str) -> &'static str {
    match line.get(..4).map(str::to_uppercase).as_deref() {
        Some("RCPT") => MAIL,
        Some("DATA" | "BDAT") => RCPT,
        _ => "",
    }
}

fn found(line: &str) -> Vec<Lint> {
    let table = table();
    lint(line.as_bytes(), &offering_all(&table, steps_for(line)), &table)
}

fn names(lints: &[Lint]) -> Vec<&'static str> {
    let mut names: Vec<_> = lints.iter().map(|lint| lint.name).collect();
    names.dedup();
    names
}

/// Each line has this finding first of those that are wrong (or odd where nothing is), and is mended into this.
fn check(cases: &[(&str, &str, Option<&str>)]) {
    for (line, name, mended) in cases {
        let lints = found(line);
        assert!(names(&lints).contains(name), "{line}: {lints:#?}");
        let offered = lints.iter().find_map(|lint| lint.mended.as_deref());
        assert_eq!(offered, *mended, "{line}: {lints:#?}");
        for lint in &lints {
            assert!(lint.span.end <= line.len() && lint.span.start <= lint.span.end, "{line}: {lint:?}");
            assert!(lint.reason.ends_with('.') && lint.reason.len() > 15, "{line}: {lint:?}");
            assert!(!lint.reference.is_empty(), "{line}: {lint:?}");
        }
    }
}

#[test]
fn the_classic_recipient_is_mended_whole() {
    let line = "RCPT TO :user@host notify=success,failure";
    let lints = found(line);
    assert_eq!(names(&lints), ["space-before-colon", "missing-brackets"]);
    for lint in &lints {
        assert_eq!(lint.mended.as_deref(), Some("RCPT TO:<user@host> NOTIFY=SUCCESS,FAILURE"));
        assert_eq!(lint.severity, Severity::Wrong);
    }
    assert_eq!(&line[lints[0].span.clone()], " ");
    assert_eq!(&line[lints[1].span.clone()], "user@host");
}

#[test]
fn what_stands_around_a_path() {
    check(&[
        ("MAIL FROM: <a@b>", "space-after-colon", Some("MAIL FROM:<a@b>")),
        ("mail from : <a@b> size=10", "space-before-colon", Some("MAIL FROM:<a@b> SIZE=10")),
        ("MAIL FROM:a@b", "missing-brackets", Some("MAIL FROM:<a@b>")),
        ("MAIL FROM:<a@b", "missing-brackets", Some("MAIL FROM:<a@b>")),
        ("MAIL FROM:a@b> SIZE=1", "missing-brackets", Some("MAIL FROM:<a@b> SIZE=1")),
        ("MAIL FROM:<<a@b>>", "doubled-brackets", Some("MAIL FROM:<a@b>")),
        ("MAIL TO:<a@b>", "wrong-keyword", Some("MAIL FROM:<a@b>")),
        ("RCPT FROM:<a@b>", "wrong-keyword", Some("RCPT TO:<a@b>")),
        ("RCPT FRM:<a@b>", "wrong-keyword", Some("RCPT TO:<a@b>")),
        ("MAIL <a@b>", "missing-keyword", Some("MAIL FROM:<a@b>")),
        ("RCPT user@host", "missing-keyword", Some("RCPT TO:<user@host>")),
        ("RCPT :<a@b>", "missing-keyword", Some("RCPT TO:<a@b>")),
        ("MAIL FROM <a@b>", "missing-colon", Some("MAIL FROM:<a@b>")),
        ("MAIL FROM a@b", "missing-colon", Some("MAIL FROM:<a@b>")),
        ("MAIL FROM;<a@b>", "missing-colon", Some("MAIL FROM:<a@b>")),
        ("MAILFROM:<a@b>", "missing-space", Some("MAIL FROM:<a@b>")),
        ("RCPTTO: a@b", "missing-space", Some("RCPT TO:<a@b>")),
        ("MAIL:FROM:<a@b>", "missing-space", Some("MAIL FROM:<a@b>")),
        ("MAIL FROM:<a@b>SIZE=1", "missing-space", Some("MAIL FROM:<a@b> SIZE=1")),
        ("FROM:<a@b>", "missing-verb", Some("MAIL FROM:<a@b>")),
        ("MAIL", "missing-path", None),
        ("MAIL FROM:", "missing-path", None),
        ("RCPT TO: ", "missing-path", Some("RCPT TO:")),
        ("MAIL FROM: SIZE=1", "missing-path", None),
        ("RCPT TO:\"Joe\" <a@b>", "display-name", Some("RCPT TO:<a@b>")),
        ("RCPT TO:Joe Doe <a@b>", "display-name", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<mailto:a@b>", "mailto", Some("RCPT TO:<a@b>")),
        ("RCPT TO:mailto:a@b", "mailto", Some("RCPT TO:<a@b>")),
        ("RCPT\tTO:<a@b>", "tab", Some("RCPT TO:<a@b>")),
        ("RCPT  TO:<a@b>", "several-spaces", Some("RCPT TO:<a@b>")),
        ("  RCPT TO:<a@b>", "leading-space", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<a@b>  ", "trailing-space", Some("RCPT TO:<a@b>")),
    ]);
}

#[test]
fn a_swapped_command_is_mended_into_the_one_that_can_follow() {
    let table = table();
    for (steps, line, want) in [
        ("", "MAIL TO:<a@b>", "MAIL FROM:<a@b>"),
        (MAIL, "MAIL TO:<a@b>", "RCPT TO:<a@b>"),
        ("", "RCPT FROM:<a@b>", "MAIL FROM:<a@b>"),
        (MAIL, "RCPT FROM:<a@b>", "RCPT TO:<a@b>"),
    ] {
        let lints = lint(line.as_bytes(), &offering_all(&table, steps), &table);
        assert_eq!(lints.iter().find_map(|l| l.mended.as_deref()), Some(want), "{line}");
    }
}

#[test]
fn addresses() {
    let long_local = format!("RCPT TO:<{}@b>", "a".repeat(65));
    let long_domain = format!("RCPT TO:<a@{}>", vec!["abcdefgh"; 29].join("."));
    check(&[
        ("RCPT TO:<>", "null-forward-path", None),
        ("RCPT TO:<a@b@c>", "two-at-signs", None),
        ("RCPT TO:<a@>", "empty-domain", None),
        ("RCPT TO:<@b>", "empty-local-part", None),
        ("RCPT TO:<user>", "no-domain", None),
        ("MAIL FROM:<postmaster>", "no-domain", None),
        ("RCPT TO:< a@b >", "space-in-address", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<a @b>", "space-in-address", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<a b@c>", "needs-quotes", Some("RCPT TO:<\"a b\"@c>")),
        ("RCPT TO:<a(b@c>", "needs-quotes", Some("RCPT TO:<\"a(b\"@c>")),
        ("RCPT TO:<a..b@c>", "loose-dot", Some("RCPT TO:<\"a..b\"@c>")),
        ("RCPT TO:<\"a@c>", "unpaired-quote", None),
        ("RCPT TO:a b@c", "space-in-address", None),
        ("RCPT TO:<a@b>, <c@d>", "several-addresses", None),
        ("RCPT TO:<a@b>,<c@d>", "several-addresses", None),
        ("RCPT TO:<a@b,c@d>", "several-addresses", None),
        ("RCPT TO:<a@b> <c@d>", "several-addresses", None),
        ("RCPT TO:a@b,c@d", "several-addresses", None),
        ("RCPT TO :a@b c@d", "several-addresses", None),
        ("RCPT TO:(a@b)", "wrong-brackets", Some("RCPT TO:<a@b>")),
        ("RCPT TO:\"a@b\"", "wrong-brackets", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<'a@b'>", "wrong-brackets", Some("RCPT TO:<a@b>")),
        ("RCPT TO:<a@my_host.example>", "underscore", None),
        ("RCPT TO:<a@b..example>", "bad-domain", None),
        ("RCPT TO:<a@-b.example>", "bad-domain", None),
        ("RCPT TO:<a@b/c>", "bad-domain", None),
        ("RCPT TO:<a@b.example.>", "trailing-dot", Some("RCPT TO:<a@b.example>")),
        ("RCPT TO:<a@192.0.2.1>", "address-without-brackets", Some("RCPT TO:<a@[192.0.2.1]>")),
        ("RCPT TO:<a@[2001:db8::1]>", "bad-address-literal", Some("RCPT TO:<a@[IPv6:2001:db8::1]>")),
        ("RCPT TO:<a@[192.0.2.300]>", "bad-address-literal", None),
        ("RCPT TO:<@x,@y:a@b>", "source-route", None),
        (&long_local, "local-part-too-long", None),
        (&long_domain, "domain-too-long", None),
    ]);
}

#[test]
fn parameters() {
    let long = format!("RCPT TO:<a@b> ORCPT=rfc822;{}", "a".repeat(600));
    let endless = format!("NOOP {}", "a".repeat(520));
    check(&[
        ("RCPT TO:<a@b> NOTIFY=NEVER,FAILURE", "notify-never", None),
        ("RCPT TO:<a@b> NOTIFY= SUCCESS, FAILURE", "space-in-parameter", Some("RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE")),
        ("RCPT TO:<a@b> NOTIFY=SUCCESS FAILURE", "space-in-parameter", Some("RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE")),
        ("RCPT TO:<a@b> NOTIFY = SUCCESS", "space-in-parameter", Some("RCPT TO:<a@b> NOTIFY=SUCCESS")),
        ("RCPT TO:<a@b> NOTIFY=SUCCESS,SUCCESS", "duplicate-value", Some("RCPT TO:<a@b> NOTIFY=SUCCESS")),
        ("RCPT TO:<a@b> NOTIFY=SUCESS,failure", "parameter-value", Some("RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE")),
        ("RCPT TO:<a@b> NOTFY=SUCCESS", "unknown-parameter", Some("RCPT TO:<a@b> NOTIFY=SUCCESS")),
        ("RCPT TO:<a@b> FOO=1", "unknown-parameter", None),
        ("RCPT TO:<a@b> SIZE=1", "wrong-command-parameter", None),
        ("RCPT TO:<a@b> ORCPT=a+b@c", "xtext", Some("RCPT TO:<a@b> ORCPT=rfc822;a+2Bb@c")),
        ("RCPT TO:<a@b> ORCPT=rfc822:b@c", "parameter-value", Some("RCPT TO:<a@b> ORCPT=rfc822;b@c")),
        ("MAIL FROM:<a@b> ENVID=a+2b", "xtext", Some("MAIL FROM:<a@b> ENVID=a+2B")),
        ("MAIL FROM:<a@b> AUTH=e=mc2@c", "xtext", Some("MAIL FROM:<a@b> AUTH=e+3Dmc2@c")),
        ("MAIL FROM:<a@b> BODY=8bit", "parameter-value", Some("MAIL FROM:<a@b> BODY=8BITMIME")),
        ("MAIL FROM:<a@b> RET=HEADERS", "parameter-value", Some("MAIL FROM:<a@b> RET=HDRS")),
        ("MAIL FROM:<a@b> SIZE=10MB", "parameter-value", None),
        ("MAIL FROM:<a@b> SIZE", "missing-value", None),
        ("MAIL FROM:<a@b> SMTPUTF8=yes", "unwanted-value", Some("MAIL FROM:<a@b> SMTPUTF8")),
        ("MAIL FROM:<a@b> SIZE=99999999", "size-over-limit", None),
        ("MAIL FROM:<a@b> SIZE=1 SIZE=1", "duplicate-parameter", Some("MAIL FROM:<a@b> SIZE=1")),
        ("MAIL FROM:<a@b> SIZE=1 SIZE=2", "duplicate-parameter", None),
        ("MAIL FROM:<a@b> SIZE=1, BODY=7BIT", "stray-text", Some("MAIL FROM:<a@b> SIZE=1 BODY=7BIT")),
        ("MAIL FROM:<a@b>; SIZE=1", "stray-text", Some("MAIL FROM:<a@b> SIZE=1")),
        ("MAIL FROM:<a@b> REQUIRETLS", "requiretls-in-clear", None),
        ("MAIL FROM:<a@b> HOLDFOR=1 HOLDUNTIL=2030-01-31T12:00:00Z", "hold-twice", None),
        ("MAIL FROM:<> XVERP", "xverp-without-sender", None),
        ("MAIL FROM:<élan@b>", "non-ascii", Some("MAIL FROM:<élan@b> SMTPUTF8")),
        ("RCPT TO:<élan@b>", "non-ascii", None),
        (&long, "value-too-long", None),
        (&endless, "line-too-long", None),
    ]);
}

#[test]
fn parameters_depend_on_what_was_offered() {
    let table = table();
    let bare = Wire::play("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 SIZE").session;
    let helo = Wire::play("S: 220 mx\nC: HELO a\nS: 250 mx").session;
    let binary = Wire::play("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-8BITMIME\nS: 250 BINARYMIME").session;
    for (session, line, want) in [
        (&bare, "MAIL FROM:<a@b> RET=FULL", vec!["parameter-not-offered"]),
        (&bare, "MAIL FROM:<a@b> SIZE=99999999999", vec![]),
        (&bare, "MAIL FROM:<é@b>", vec!["non-ascii"]),
        (&helo, "MAIL FROM:<a@b> SIZE=1", vec!["parameter-after-helo"]),
        (&binary, "MAIL FROM:<a@b> BODY=BINARYMIME", vec!["parameter-not-offered"]),
        (&binary, "MAIL FROM:<a@b> BODY=8BITMIME", vec![]),
    ] {
        assert_eq!(names(&lint(line.as_bytes(), session, &table)), want, "{line}");
    }
    let utf8 = offering_all(&table, "C: MAIL FROM:<a@b> SMTPUTF8\nS: 250 ok");
    assert_eq!(lint("RCPT TO:<é@ü.example>".as_bytes(), &utf8, &table), []);
    let null = offering_all(&table, "C: MAIL FROM:<>\nS: 250 ok");
    assert_eq!(names(&lint(b"RCPT TO:<a@b> NOTIFY=SUCCESS", &null, &table)), ["notify-without-sender"]);
    let secured = Wire::play("* tls\nS: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 REQUIRETLS").session;
    assert_eq!(lint(b"MAIL FROM:<a@b> REQUIRETLS", &secured, &table), []);
}

#[test]
fn verbs_and_what_is_none() {
    check(&[
        ("HELLO client.example", "unknown-verb", Some("HELO client.example")),
        ("ELHO client.example", "unknown-verb", Some("EHLO client.example")),
        ("RCTP TO:a@b", "unknown-verb", Some("RCPT TO:<a@b>")),
        ("MIAL FROM : <a@b>", "unknown-verb", Some("MAIL FROM:<a@b>")),
        ("QIUT", "unknown-verb", Some("QUIT")),
        ("exit", "unknown-verb", Some("QUIT")),
        ("STARTSSL", "unknown-verb", Some("STARTTLS")),
        ("FOOBAR x", "unknown-verb", None),
        ("ETRN x", "verb-not-offered", None),
        ("TURN", "caution", None),
        ("SEND FROM:<a@b>", "caution", None),
        ("EHLO:client.example", "missing-space", Some("EHLO client.example")),
        ("AUTH=LOGIN", "missing-space", Some("AUTH LOGIN")),
        ("EHLO[192.0.2.1]", "missing-space", Some("EHLO [192.0.2.1]")),
        (".", "dot-outside-content", None),
        ("Subject: hello", "header-as-command", None),
        ("From: Joe <a@b>", "header-as-command", None),
        ("X-Mailer: x", "header-as-command", None),
        ("GET / HTTP/1.1", "http-request", None),
        ("POST /x HTTP/1.1", "http-request", None),
        ("AGR1ZGUAbm9kZHk=", "secret-as-command", None),
        ("AUHT PLAIN AGR1ZGUAbm9kZHk=", "secret-as-command", None),
        ("NOOP\0", "control-character", Some("NOOP")),
        ("NO\u{7}OP\r", "control-character", Some("NOOP")),
        ("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>", "control-character", None),
        ("   ", "blank-line", None),
    ]);
}

#[test]
fn names_after_a_greeting() {
    check(&[
        ("HELO", "missing-domain", None),
        ("EHLO ", "missing-domain", Some("EHLO")),
        ("EHLO 192.0.2.1", "address-without-brackets", Some("EHLO [192.0.2.1]")),
        ("EHLO 2001:db8::1", "address-without-brackets", Some("EHLO [IPv6:2001:db8::1]")),
        ("EHLO [2001:db8::1]", "bad-address-literal", Some("EHLO [IPv6:2001:db8::1]")),
        ("EHLO [192.0.2.1", "bad-address-literal", Some("EHLO [192.0.2.1]")),
        ("EHLO my_host.example", "underscore", None),
        ("EHLO localhost", "localhost", None),
        ("EHLO <client.example>", "bad-domain", Some("EHLO client.example")),
        ("EHLO client.example.", "trailing-dot", Some("EHLO client.example")),
        ("EHLO client example", "extra-argument", None),
        ("EHLO dude@noddy.com", "bad-domain", None),
        ("EHLO müller.example", "non-ascii-domain", None),
    ]);
}

#[test]
fn arguments_of_the_other_verbs() {
    check(&[
        ("DATA now", "unexpected-argument", Some("DATA")),
        ("RSET x", "unexpected-argument", Some("RSET")),
        ("QUIT please", "unexpected-argument", Some("QUIT")),
        ("STARTTLS x", "unexpected-argument", Some("STARTTLS")),
        ("VRFY", "missing-argument", None),
        ("EXPN", "missing-argument", None),
        ("VRFY é", "non-ascii", Some("VRFY é SMTPUTF8")),
        ("BDAT ", "bdat-size", None),
        ("BDAT LAST", "bdat-size", None),
        ("BDAT -1 LAST", "bdat-size", None),
        ("BDAT 10 END", "bdat-last", None),
        ("BDAT 10 LAST x", "bdat-last", None),
        ("BDAT 0", "bdat-empty", None),
        ("AUTH", "missing-mechanism", None),
        ("AUTH PLIAN", "unknown-mechanism", Some("AUTH PLAIN")),
        ("AUTH GSSAPI", "mechanism-not-offered", None),
        ("AUTH PLAIN", "auth-in-clear", None),
        ("AUTH LOGIN", "auth-in-clear", None),
        ("AUTH PLAIN dude:noddy", "not-base64", None),
        ("AUTH CRAM-MD5 AAAA", "extra-argument", None),
        ("AUTH AGR1ZGUAbm9kZHk=", "missing-mechanism", None),
    ]);
}

#[test]
fn an_auth_with_its_secret_is_never_shown_again() {
    for line in [" AUTH PLAIN AGR1ZGUAbm9kZHk= ", "AUTH PLIAN AGR1ZGUAbm9kZHk=", "AUHT PLAIN AGR1ZGUAbm9kZHk= "] {
        let lints = found(line);
        assert!(!lints.is_empty(), "{line}");
        assert!(lints.iter().all(|lint| lint.mended.is_none()), "{line}: {lints:?}");
        assert!(lints.iter().all(|lint| !lint.reason.contains("AGR1")), "{line}: {lints:?}");
    }
}

#[test]
fn content_and_answers_are_no_commands() {
    let table = table();
    let data = offering_all(&table, &format!("{RCPT}C: DATA\nS: 354 go\n"));
    let chunk = offering_all(&table, &format!("{RCPT}C: BDAT 1000\n"));
    for session in [&data, &chunk] {
        for line in ["RCPT TO :a@b", "Subject: x", ".", "HELLO", "", "GET / HTTP/1.1", "\t\u{7}"] {
            assert_eq!(lint(line.as_bytes(), session, &table), [], "{line}");
        }
    }
    let auth = offering_all(&table, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n");
    for line in ["*", "", "ZHVkZQ=="] {
        assert_eq!(lint(line.as_bytes(), &auth, &table), [], "{line}");
    }
    for line in ["dude@noddy.com", "AUTH PLAIN", "ZHVkZQ", "="] {
        assert_eq!(names(&lint(line.as_bytes(), &auth, &table)), ["not-base64"], "{line}");
    }
}

#[test]
fn a_command_out_of_order_is_said_beside_its_syntax() {
    let table = table();
    let session = Wire::play("S: 220 mx").session;
    let lints = lint(b"MAIL FROM: <a@b>", &session, &table);
    assert_eq!(names(&lints), ["sequence", "space-after-colon"]);
    assert!(lints[0].reason.contains("HELO or EHLO"), "{lints:?}");
    let offered = offering_all(&table, "");
    let lints = lint(b"RCPT TO:<a@b>", &offered, &table);
    assert_eq!(names(&lints), ["sequence"]);
}

/// Lines of the examples of RFC 5321, 3461, 4954, 3030, 3207, 2033 and 6531, each where it fits: nothing is said.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn right_lines_have_no_findings() {
    let table = table();
    for line in [
        "EHLO bar.com",
        "HELO xyz.com",
        "EHLO [192.0.2.1]",
        "EHLO [IPv6:2001:db8::1]",
        "MAIL FROM:<Smith@bar.com>",
        "MAIL FROM:<JQP@bar.com>",
        "MAIL FROM:<>",
        "MAIL FROM:<userx@y.foo.org>",
        "mail from:<a@b>",
        "RCPT TO:<Jones@foo.com>",
        "RCPT TO:<Postmaster>",
        "RCPT TO:<postmaster>",
        "RCPT TO:<\"Joe Smith\"@foo.com>",
        "RCPT TO:<\"a@b\"@c.example>",
        "RCPT TO:<userc@[192.0.2.1]>",
        "RCPT TO:<user+tag@d.bar.org>",
        "RCPT TO:<o'brien/x=y@d.bar.org>",
        "DATA",
        "RSET",
        "NOOP",
        "NOOP anything at all",
        "QUIT",
        "HELP",
        "HELP MAIL",
        "VRFY Crispin",
        "VRFY Smith@bar.com",
        "EXPN Example-People",
        "MAIL FROM:<Alice@Pure-Heart.ORG> RET=HDRS ENVID=QQ314159",
        "RCPT TO:<Bob@Big-Bucks.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Big-Bucks.COM",
        "RCPT TO:<Carol@Ivory.EDU> NOTIFY=FAILURE ORCPT=rfc822;Carol@Ivory.EDU",
        "RCPT TO:<Dana@Ivory.EDU> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana@Ivory.EDU",
        "RCPT TO:<Eric@Bombs.AF.MIL> NOTIFY=FAILURE ORCPT=rfc822;Eric@Bombs.AF.MIL",
        "RCPT TO:<Fred@Bombs.AF.MIL> NOTIFY=NEVER",
        "RCPT TO:<George@Tax-ME.GOV> NOTIFY=FAILURE ORCPT=rfc822;George@Tax-ME.GOV",
        "MAIL FROM:<e=mc2@example.com> AUTH=e+3Dmc2@example.com",
        "MAIL FROM:<a@b> AUTH=<>",
        "AUTH CRAM-MD5",
        "AUTH EXTERNAL =",
        "MAIL FROM:<ned@ymir.claremont.edu> BODY=BINARYMIME",
        "BDAT 100000",
        "BDAT 324 LAST",
        "BDAT 0 LAST",
        "STARTTLS",
        "MAIL FROM:<chris@bbn.com> SIZE=500000",
        "MAIL FROM:<élan@müller.example> SMTPUTF8",
        "VRFY élan SMTPUTF8",
    ] {
        assert_eq!(found(line), [], "{line}");
    }
    let secured = Wire::play("* tls\nS: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-AUTH PLAIN LOGIN\nS: 250 SIZE").session;
    for line in ["AUTH PLAIN AHRlc3QAMTIzNA==", "AUTH PLAIN", "AUTH LOGIN", "AUTH LOGIN ZHVkZQ=="] {
        assert_eq!(lint(line.as_bytes(), &secured, &table), [], "{line}");
    }
    let offer = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 AUTH XOAUTH2 SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
    let clear = Wire::play(offer).session;
    let long = format!("AUTH XOAUTH2 {}", "AAAA".repeat(140));
    for (line, name) in [
        ("AUTH XOAUTH2", Some("auth-in-clear")),
        ("AUTH SCRAM-SHA-256-PLUS", Some("mechanism-without-tls")),
        ("AUTH SCRAM-SHA-256", None),
        (long.as_str(), Some("line-too-long")),
    ] {
        let found = lint(line.as_bytes(), &clear, &table);
        assert!(name.map_or(found.is_empty(), |name| found.iter().any(|it| it.name == name)), "{line}: {found:?}");
    }
    let lmtp = Wire::play("S: 220 mx").session;
    assert_eq!(lint(b"LHLO foo.edu", &lmtp, &table), []);
    let vendor = Wire::play("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-XCLIENT NAME ADDR\nS: 250 X-FOO").session;
    for line in ["XCLIENT NAME=spike.example ADDR=192.0.2.10", "MAIL FROM:<a@b> X-FOO=bar"] {
        assert_eq!(lint(line.as_bytes(), &vendor, &table), [], "{line}");
    }
}

/// Every right example of the table has no findings, every wrong one has.
#[test]
fn the_examples_of_every_parameter() {
    let table = table();
    for entry in &table.verbs {
        for parameter in &entry.parameters {
            let (start, steps) = match entry.name.as_str() {
                "MAIL" => ("MAIL FROM:<a@b.example>", ""),
                "RCPT" => ("RCPT TO:<a@b.example>", MAIL),
                other => (other, ""),
            };
            let mut session = offering_all(&table, steps);
            session.tls = true;
            let beside = if parameter.name == "MTRK" { " ENVID=x@y" } else { "" };
            for right in &parameter.right {
                let line = format!("{start} {right}{beside}");
                assert_eq!(lint(line.as_bytes(), &session, &table), [], "{line}");
            }
            for wrong in &parameter.wrong {
                let line = format!("{start} {wrong}{beside}");
                assert_ne!(lint(line.as_bytes(), &session, &table), [], "{line}");
            }
        }
    }
}

/// Mending once mends all: what is offered has nothing left that can be mended.
fn mended_is_mended(line: &[u8], session: &Session, table: &VerbTable) -> Result<(), TestCaseError> {
    for finding in lint(line, session, table) {
        prop_assert!(finding.span.end <= line.len());
        prop_assert!(finding.reason.chars().all(super::super::escape::is_plain));
        let Some(mended) = finding.mended else { continue };
        let left: Vec<Lint> =
            lint(mended.as_bytes(), session, table).into_iter().filter(|l| l.mended.is_some()).collect();
        prop_assert!(left.is_empty(), "{:?} -> {}: {:?}", String::from_utf8_lossy(line), mended, left);
    }
    Ok(())
}

#[test]
fn what_is_no_utf_8_is_pointed_at_where_it_stands() {
    let line = b"RCPT TO:<a@b.example> x\xff\xff\xff;;";
    let stray: Vec<_> = lint(line, &READY, &TABLE).into_iter().filter(|lint| lint.name == "stray-text").collect();
    assert_eq!(stray.iter().map(|lint| &line[lint.span.clone()]).collect::<Vec<_>>(), [b";;"]);
}

proptest! {
    #[test]
    fn any_octets_are_examined(line in proptest::collection::vec(any::<u8>(), 0..60)) {
        mended_is_mended(&line, &READY, &TABLE)?;
    }

    #[test]
    fn any_envelope_is_mended_at_once(
        line in r#" ?(MAIL|RCPT|mail|RCTP|MAILFROM)[ \t]{0,2}(FROM|TO|FRM)? ?[:;]? ?<?[<>@:",.a-c\[\]é 1]{0,12}>?( ?(SIZE|NOTIFY|ORCPT|RET|X|,) ?=? ?[A-C+;,=1]{0,5}){0,3} ?"#
    ) {
        mended_is_mended(line.as_bytes(), &READY, &TABLE)?;
        mended_is_mended(line.as_bytes(), &BEGUN, &TABLE)?;
    }

    #[test]
    fn any_word_is_mended_at_once(line in r"[A-Za-z.:=\[<-]{0,8}[ \t]{0,2}[a-zA-Z0-9.:\[\]<>= ]{0,12}") {
        mended_is_mended(line.as_bytes(), &READY, &TABLE)?;
    }
}
