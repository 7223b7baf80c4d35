//! Lines of each server, and what they tell.

use super::*;
use crate::smtp::Verb;

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
            None,
            "",
            "Unrouteable address",
            rcpt,
        ),
        ("2026-11-24 22:13:10 H=(z) F=<x@y> temporarily rejected RCPT <a@b>: try later", None, "", "try later", rcpt),
        (
            "2026-11-24 22:13:10 1xV ** a@b R=remote T=smtp H=mx [192.0.2.1] X=TLS1.3:A:256 CV=no: SMTP error from remote mail server after RCPT TO:<a@b>: 554 5.7.1 <a@b>: Relay access denied DT=0s",
            Some(554),
            "5.7.1",
            "<a@b>: Relay access denied",
            rcpt,
        ),
        (
            "2026-11-24 22:13:10 1xV == a@b R=full T=quota defer (-22) DT=0s: mailbox is full",
            None,
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
        (
            "2024-01-01 00:00:02 1abc == a@b.example R=dnslookup T=remote_smtp defer (111): Connection refused",
            None,
            "",
            "defer (111): Connection refused",
            None,
        ),
        (
            "2024-01-01 00:00:16 1abc == a@b.example <c@d> R=dnslookup T=remote_smtp defer (-1) DT=10s: SMTP timeout",
            None,
            "",
            "defer (-1): SMTP timeout",
            None,
        ),
        (
            "2024-01-01 00:00:03 1abc == a@b.example R=dnslookup T=smtp defer (-53): retry time not reached for any host for 'b.example'",
            None,
            "",
            "retry time not reached for any host for 'b.example'",
            None,
        ),
        (
            "2024-01-01 00:00:08 login authenticator failed for (foo) [192.0.2.1]: 535 Incorrect authentication data (set_id=dude)",
            Some(535),
            "",
            "Incorrect authentication data",
            Some(Asked::Verb(Verb::Auth)),
        ),
        (
            "2024-01-01 00:00:09 SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[192.0.2.1] input=\"foo\"",
            None,
            "",
            "SMTP protocol synchronization error (input sent without waiting for greeting)",
            Some(Asked::Connect),
        ),
        (
            "2024-01-01 00:00:18 H=x [192.0.2.1] temporarily rejected connection in \"connect\" ACL: too many connections",
            None,
            "",
            "too many connections",
            Some(Asked::Connect),
        ),
        (
            "2024-01-01 00:00:19 SMTP protocol error in \"AUTH LOGIN\" H=(x) [192.0.2.1]:5 AUTH command used when not advertised",
            None,
            "",
            "AUTH command used when not advertised",
            Some(Asked::Verb(Verb::Auth)),
        ),
        (
            "2024-01-01 00:00:20 Connection from [192.0.2.1] refused: too many connections",
            None,
            "",
            "too many connections",
            Some(Asked::Connect),
        ),
        (
            "Jan  1 00:00:06 mx postfix/cleanup[1]: 4F6: reject: header Subject: a from b from x[192.0.2.1]; from=<x@y> to=<a@noddy.com> proto=ESMTP helo=<foo>: 5.7.1 no pills",
            None,
            "5.7.1",
            "no pills",
            Some(Asked::EndOfData),
        ),
        (
            "Jan  1 00:00:06 mx postfix/cleanup[1]: 4F6: reject: body buy: this from local; from=<x@y> to=<a@noddy.com>: no pills",
            None,
            "",
            "no pills",
            Some(Asked::EndOfData),
        ),
        (
            "Jan  1 00:00:09 mx postfix/qmgr[1]: 4F9: from=<x@y>, status=expired, returned to sender",
            None,
            "",
            "expired, returned to sender",
            None,
        ),
        (
            "Jan  1 mx postfix/smtp[1]: 4G4: to=<a@b>, relay=mx, dsn=5.7.1, status=undeliverable (host mx said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
            Some(550),
            "5.1.1",
            "User unknown",
            rcpt,
        ),
        (
            "Jan  1 mx postfix/smtps/smtpd[1]: warning: x[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=foo",
            None,
            "",
            "SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            Some(Asked::Verb(Verb::Auth)),
        ),
        (
            "Jan  1 00:00:04 mx sm-mta[126]: 401ABF: <nobody@noddy.com>... User unknown",
            None,
            "",
            "<nobody@noddy.com>... User unknown",
            rcpt,
        ),
        (
            "Jan  1 00:00:08 mx sm-mta[128]: 401ABJ: Milter: data, reject=550 5.7.1 Spam detected",
            Some(550),
            "5.7.1",
            "Spam detected",
            Some(Asked::EndOfData),
        ),
        (
            "Jan  1 mx sendmail[1]: 401: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): no secret in database, relay=x [192.0.2.1]",
            None,
            "",
            "AUTH failure (LOGIN): authentication failure (-13) SASL(-13): no secret in database",
            Some(Asked::Verb(Verb::Auth)),
        ),
        (
            "2024-01-01T00:00:02.000Z,Out,08D1,1,,203.0.113.5:25,*,,\"Failed to connect. Winsock error code: 10060, Error Message: \"\"A connection attempt failed\"\" 203.0.113.5:25\"",
            None,
            "",
            "Failed to connect. Winsock error code: 10060, Error Message: \"A connection attempt failed\" 203.0.113.5:25",
            None,
        ),
        (
            "2024-01-01T00:00:03.000Z,Out,08D2,5,192.0.2.1:1,203.0.113.5:25,<,\"550 5.7.1 by \"\"rule\"\" 9\",",
            Some(550),
            "5.7.1",
            "by \"rule\" 9",
            None,
        ),
        (
            "2024-01-01T00:00:01.000Z,,,,EX01,,,ROUTING,FAIL,123,<x@y>,abc,joe@corp.example,'550 5.1.1 RESOLVER.ADR.RecipNotFound; not found',1000,1,,,hi,dude@noddy.com",
            Some(550),
            "5.1.1",
            "RESOLVER.ADR.RecipNotFound; not found",
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
        "Jan  1 mx postfix/smtpd[1]: NOQUEUE: reject_warning: RCPT from x[192.0.2.1]: 450 4.7.25 no; from=<x@y>",
        "Jan  1 mx postfix/verify[1]: 4G: to=<a@b>, relay=mx, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
        "2024-01-01T00:00:01.000Z,Out,08D1,0,,203.0.113.5:25,*,,attempting to connect",
        "2024-01-01 00:00:13 1abc-000-00 a@b.example: error ignored",
        "",
        "reject: ",
        "a ** b",
    ] {
        assert_eq!(refusal(line), None, "{line}");
    }
}

#[test]
fn a_reply_of_several_rows_is_one_refusal() {
    let row = |session: &str, said: &str| format!("2024-01-01T00:00:03.000Z,Out,{session},4,a:1,b:25,<,{said},");
    let mut lines = Lines::default();
    let mut take = |session: &str, said: &str| lines.refusal(&row(session, said));
    assert_eq!(take("A", "\"550-5.7.1 Blocked, really\""), None);
    assert_eq!(take("B", "250-mx"), None);
    assert_eq!(take("B", "451 4.7.1 later").map(|it| it.text), Some("later".to_owned()));
    let found = take("A", "\"550 5.7.1 by \"\"rule\"\" 9\"").expect("a refusal");
    assert_eq!((found.text.as_str(), found.class), ("Blocked, really by \"rule\" 9", Class::Permanent));
    assert_eq!(found.enhanced.map(|it| it.to_string()), Some("5.7.1".to_owned()));
    assert_eq!(take("A", "550 5.7.1 alone").map(|it| it.text), Some("alone".to_owned()));
}

#[test]
fn whom_it_is_about_is_found() {
    for (line, first, count) in [
        (
            "Jan  1 mx sm-mta[1]: 4: to=<a@c.example>,<b@c.example>, delay=1, dsn=4.0.0, stat=Deferred: 451 4.7.1 later",
            "a@c.example",
            2,
        ),
        ("2024-01-01 00:00:02 1abc == a@b.example <c@d> R=x T=y defer (111): Connection refused", "a@b.example", 1),
        ("2024-01-01 00:00:05 1abc ** a@b.example: no", "a@b.example", 1),
        ("2024-01-01 00:00:06 H=x [192.0.2.1] F=<x@y> rejected RCPT <c@noddy.com>: no", "c@noddy.com", 1),
        (
            "Jan  1 mx sm-mta[1]: 4: ruleset=check_rcpt, arg1=<x@d.example>, relay=z, reject=550 5.7.1 no",
            "x@d.example",
            1,
        ),
        ("Jan  1 mx sm-mta[1]: 401ABF: <nobody@noddy.com>... User unknown", "nobody@noddy.com", 1),
        (
            "2024-01-01T00:00:01.000Z,,,,E,,,ROUTING,FAIL,1,<x@y>,n,a@b.example;c@d.example,550 5.1.1 no,1",
            "a@b.example",
            2,
        ),
    ] {
        assert_eq!(recipient(line).as_deref(), Some(first), "{line}");
        assert_eq!(refusal(line).map(|it| it.recipients), Some(count), "{line}");
    }
}

#[test]
fn what_is_still_in_the_queue_is_not_refused_for_good() {
    for line in [
        "Jan  1 mx postfix/smtp[1]: 4F: to=<a@b>, relay=none, dsn=4.7.0, status=deferred (host mx.b[192.0.2.1] refused to talk to me: 554 5.7.1 no)",
        "2024-01-01 00:00:01 1abc == a@b R=x T=y defer (-44) H=mx [192.0.2.1]: SMTP error from remote mail server after initial connection: 554 no",
        "Jan  1 mx sm-mta[1]: 4: to=<a@c.example>, dsn=4.0.0, stat=Deferred: 554 no",
    ] {
        let found = refusal(line).expect("a refusal");
        assert_eq!((found.code.map(ReplyCode::number), found.class), (Some(554), Class::Transient), "{line}");
    }
}

#[test]
fn no_code_is_told_that_the_log_does_not_have() {
    let knowledge = Knowledge::shipped();
    for (line, category, class) in [
        ("2024-01-01 00:00:02 1abc == a@b R=x T=y defer (111): Connection refused", "network", Class::Transient),
        ("2024-01-01 00:00:16 1abc == a@b R=x T=y defer (-1) DT=10s: SMTP timeout", "network", Class::Transient),
        (
            "2024-01-01 00:00:17 1abc == a@b R=x T=y defer (110) H=mx [192.0.2.1]: Connection timed out",
            "network",
            Class::Transient,
        ),
        (
            "2024-01-01 00:00:17 1abc == a@b R=dnslookup defer (-1): host lookup did not complete",
            "network",
            Class::Transient,
        ),
        (
            "Jan  1 mx postfix/error[1]: 4FD: to=<a@b>, relay=none, delay=1, dsn=4.3.0, status=deferred (delivery temporarily suspended: connect to mx.b[203.0.113.5]:25: Connection refused)",
            "network",
            Class::Transient,
        ),
        ("Jan  1 mx postfix/qmgr[1]: 4F9: from=<x@y>, status=expired, returned to sender", "expired", Class::Permanent),
        (
            "Jan  1 mx postfix/smtpd[1]: warning: x[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            "auth-failed",
            Class::Permanent,
        ),
        (
            "2024-01-01T00:00:02.000Z,Out,08D1,1,,b:25,*,,\"Failed to connect. Winsock error code: 10061, Win32 error code: 10061\"",
            "network",
            Class::Transient,
        ),
        (
            "2024-01-01 00:00:09 SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[192.0.2.1]",
            "bad-sequence",
            Class::Permanent,
        ),
    ] {
        let found = refusal(line).unwrap_or_else(|| panic!("{line}"));
        let explained = found.explained(&knowledge);
        assert_eq!((explained.category.as_str(), explained.class, explained.code), (category, class, None), "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn any_line_is_read_without_trouble(line in "\\PC{0,120}", head in "(reject: |reject: body |status=bounced \\(| rejected | == a@b defer \\(|SMTP protocol error in |sm-mta\\[1\\]: x: | \\*\\* |stat=|dsn=|2026-11-24T20:18:28.152Z,)?") {
        let _ = refusal(&format!("{head}{line}"));
        let _ = (recipient(&format!("{head}{line}")), is_of_a_log(&line));
        let _ = super::super::report::reported(&format!("Content-Type: message/delivery-status\n{head}{line}"));
    }
}
