//! What a command line says of a conversation, and what is said beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::conversation::file::read;

fn exported(tool: &Tool, target: &str, records: &str) -> String {
    let target = if target.is_empty() { String::new() } else { format!("target = \"{target}\"\n") };
    let document = read(format!("+++\nehlo = 1\n{target}+++\n{records}").as_bytes()).expect("a transcript");
    String::from_utf8(export(tool, &document)).expect("text")
}

const BEGIN: &str = "0.0 * connected 192.0.2.1:25\n0.0 < 220 mx\n0.0 > EHLO a\n0.0 < 250 mx\n";
const ONE: &str = "0.0 > MAIL FROM:<a@b.example>\n0.0 < 250 ok\n0.0 > RCPT TO:<c@d.example>\n0.0 < 250 ok\n0.0 > DATA\n\
                   0.0 < 354 go\n0.0 | Subject: x\n0.0 > .\n0.0 < 250 ok\n";
const OTHER: &str = "0.0 > MAIL FROM:<>\n0.0 < 250 ok\n0.0 > RSET\n0.0 < 250 ok\n";

#[test]
fn each_mail_transaction_has_its_line() {
    for tool in [&SWAKS, &SEND] {
        let out = exported(tool, "smtp://mx.d.example:25", &format!("{BEGIN}{ONE}{OTHER}"));
        let lines: Vec<_> =
            out.lines().filter(|line| line.contains(&format!("{} ", tool.program)) && !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 2, "{out}");
        assert!(lines[0].contains("--to c@d.example") && lines[0].contains("--data"), "{out}");
        assert!(lines[1].contains("--from '<>'") && lines[1].contains("--quit-after MAIL"), "{out}");
        assert!(out.starts_with("# 2 mail transactions"), "{out}");
    }
}

#[test]
fn what_a_line_does_not_say_is_said_above_it() {
    let asked = "0.0 > VRFY postmaster\n0.0 < 252 maybe\n0.0 > HELP\n0.0 < 214 no\n";
    let out = exported(&SEND, "", &format!("{}{asked}", BEGIN.replace("192.0.2.1:25", "unknown")));
    assert!(out.contains("said besides: VRFY postmaster, HELP") && out.contains("ehlo send HOST "), "{out}");
    let login = "0.0 > AUTH SCRAM-SHA-256 {{auth}}\n0.0 < 334 x\n0.0 > {{auth}}\n0.0 < 235 ok\n";
    let out = exported(&SWAKS, "smtp://mx:25", &format!("{BEGIN}{login}"));
    assert!(out.contains("no way to say: the login by SCRAM-SHA-256") && !out.contains("--auth "), "{out}");
    let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{login}"));
    assert!(out.contains("--auth-user USER") && out.contains("put the name in for USER"), "{out}");
    let out = exported(&SWAKS, "lab:greylisting", BEGIN);
    assert!(out.contains("`ehlo lab greylisting` starts one"), "{out}");
}

#[test]
fn a_certificate_that_did_not_hold_is_not_asked_for_again() {
    let tls = |verified| {
        let said = "0.0 > STARTTLS\n0.0 < 220 go\n0.0 * tls version=TLSv1.3 verified=";
        format!("{BEGIN}{said}{verified}\n0.0 > EHLO a\n0.0 < 250 mx\n")
    };
    let out = exported(&SEND, "smtp://mx:25", &tls("no"));
    assert!(out.contains(" --tls --no-tls-verify") && out.contains("# the certificate was not trusted"), "{out}");
    for out in [exported(&SEND, "smtp://mx:25", &tls("yes")), exported(&SWAKS, "smtp://mx:25", &tls("no"))] {
        assert!(!out.contains("verify") && !out.contains("not trusted"), "{out}");
    }
}

#[test]
fn what_was_pipelined_is() {
    let both = "0.0 > MAIL FROM:<a@b.example>\n0.0 > RCPT TO:<c@d.example>\n0.0 < 250 ok\n0.0 < 250 ok\n";
    for tool in [&SWAKS, &SEND] {
        assert!(exported(tool, "smtp://mx:25", &format!("{BEGIN}{both}")).contains(" --pipeline"));
        assert!(!exported(tool, "smtp://mx:25", &format!("{BEGIN}{ONE}")).contains(" --pipeline"));
    }
}

#[test]
fn what_each_recipient_was_called_first_is_said_in_one_word() {
    let rcpt = |to: &str, parameters: &str| format!("0.0 > RCPT TO:<{to}> {parameters}\n0.0 < 250 ok\n");
    let of = |first: &str, second: &str| {
        let mail = "0.0 > MAIL FROM:<a@b.example> RET=HDRS ENVID=x1\n0.0 < 250 ok\n";
        let said = format!("{BEGIN}{mail}{}{}", rcpt("c+1@d.example", first), rcpt("e@d.example", second));
        exported(&SEND, "smtp://mx:25", &said)
    };
    let notify = "NOTIFY=FAILURE,DELAY";
    let out = of(&format!("{notify} ORCPT=rfc822;c+2B1@d.example"), &format!("{notify} ORCPT=rfc822;e@d.example"));
    assert!(out.contains(" --mail-parameters 'RET=HDRS ENVID=x1' "), "{out}");
    assert!(out.contains(" --orcpt --") && out.contains(&format!("--rcpt-parameters {notify}")), "{out}");
    assert!(!out.contains("no way to say"), "{out}");
    let other = of(&format!("{notify} ORCPT=rfc822;c+2B1@d.example"), &format!("NOTIFY=NEVER {notify}"));
    assert!(!other.contains("--orcpt") && !other.contains("no way to say"), "{other}");
    let own =
        "--parameters-of 'c+1@d.example ORCPT=rfc822;c+2B1@d.example' --parameters-of 'e@d.example NOTIFY=NEVER' ";
    assert!(other.contains(&format!("--rcpt-parameters {notify} {own}")), "{other}");
    let twice = exported(
        &SEND,
        "smtp://mx:25",
        &format!(
            "{BEGIN}0.0 > MAIL FROM:<a@b.example>\n0.0 < 250 ok\n{}{}{}",
            rcpt("e@d.example", "NOTIFY=NEVER"),
            rcpt("e@d.example", "NOTIFY=DELAY"),
            rcpt("f@d.example", "")
        ),
    );
    let words = "no way to say: NOTIFY=NEVER of e@d.example, which was named twice, NOTIFY=DELAY of e@d.example";
    assert!(twice.contains(words) && !twice.contains("--parameters-of"), "{twice}");
    let alike = ["e@d.example> NOTIFY=NEVER", "f@d.example> NOTIFY=DELAY", "e@d.example> NOTIFY=NEVER"]
        .map(|it| format!("0.0 > RCPT TO:<{it}\n0.0 < 250 ok\n"));
    let alike = format!("{BEGIN}0.0 > MAIL FROM:<a@b.example>\n0.0 < 250 ok\n{}", alike.concat());
    let alike = exported(&SEND, "smtp://mx:25", &alike);
    let once = "--parameters-of 'e@d.example NOTIFY=NEVER' --parameters-of 'f@d.example NOTIFY=DELAY' ";
    assert!(alike.contains(once) && alike.matches("--parameters-of").count() == 2, "{alike}");
}

#[test]
fn a_message_of_any_octets_goes_in_by_standard_input() {
    let said = ONE.replace("| Subject: x\n", "| Subject: 100 % of C:\\\\\n0.0 | ..\\xff\\r and more\n");
    let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{said}"));
    let (line, coded) = out.split_once('\n').expect("lines");
    assert!(line.starts_with("base64 -d <<'END' | ehlo send ") && line.ends_with(" --no-data-fixup --data -"), "{out}");
    let octets = STANDARD.decode(coded.trim_end().trim_end_matches("END").replace('\n', "")).expect("base64");
    assert_eq!(octets, b"Subject: 100 % of C:\\\r\n.\xff\r and more\r\n");
    let bare = ONE.replace("| Subject: x\n", "| Subject: x\\n\\c\n");
    assert!(
        exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{bare}")).contains("the message (it is long, or not made of")
    );
    // As much as a recording keeps of a message.
    let long = ONE.replace("0.0 | Subject: x\n", &format!("0.0 | {}\n", "x".repeat(900)).repeat(400));
    assert!(exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{long}")).contains(" --data - <<'END'\nxxx"));
    // Of what was not kept swaks is not named where it is not used.
    let empty = ONE.replace("0.0 | Subject: x\n", "");
    let cut = empty.replace("0.0 > .", "0.0 * cut octets=9\n0.0 > .");
    let lost = ONE.replace("0.0 > .", "0.0 * warning kind=journal lost=9 x\n0.0 > .");
    for (tool, of_empty) in [(&SEND, None), (&SWAKS, Some("which is empty (swaks would"))] {
        let out = |said: &str| exported(tool, "smtp://mx:25", &format!("{BEGIN}{said}"));
        assert!(of_empty.is_none_or(|words| out(&empty).contains(words)), "{}", out(&empty));
        assert!(out(&cut).contains("the message, which the source does not show"), "{}", out(&cut));
        let lost = out(&lost);
        assert!(
            lost.contains("the message, of which records could not be written") && !lost.contains("--data"),
            "{lost}"
        );
    }
}

#[test]
fn swaks_is_told_a_message_so_that_it_sends_the_same() {
    let of = |lines: &str| {
        let lines = lines.lines().map(|line| format!("0.0 | {line}\n")).collect::<Vec<_>>().concat();
        exported(&SWAKS, "smtp://mx:25", &format!("{BEGIN}{}", ONE.replace("0.0 | Subject: x\n", &lines)))
    };
    for (lines, want) in [
        // It ends the last line itself.
        ("Subject: x\n\nhi", "--data 'Subject: x\\n\\nhi'"),
        ("Subject: x\n\n..dot\nhi", "--data 'Subject: x\\n\\n.dot\\nhi'"),
        // One @ would name a file.
        ("@lab.out\n\nhi", "--data '@@lab.out\\n\\nhi'"),
        ("From x\n\nhi", "--no-strip-from --data 'From x\\n\\nhi'"),
        ("Subject: it's Gr\u{fc}\u{df}e\n\\ty\n\nhi", "--data 'Subject: it'\\''s Gr\u{fc}\u{df}e\\n\ty\\n\\nhi'"),
    ] {
        assert!(of(lines).trim_end().ends_with(want), "{}", of(lines));
    }
    // What it would change goes in as it is, with the last dot.
    for (lines, wire) in [
        ("Subject: x", &b"Subject: x\r\n."[..]),
        ("Subject: 5 %\n\n..\\xff", b"Subject: 5 %\r\n\r\n..\xff\r\n."),
        ("..x\n\ny", b"..x\r\n\r\ny\r\n."),
        ("a: b\n\n..", b"a: b\r\n\r\n..\r\n."),
        ("a: b\n", b"a: b\r\n\r\n."),
    ] {
        let lines = if lines.ends_with('\n') { format!("{lines}\n") } else { lines.to_owned() };
        let out = of(&lines);
        let (line, coded) = out.split_once('\n').expect("lines");
        assert!(line.starts_with("base64 -d <<'END' | swaks ") && line.ends_with(" --no-data-fixup --data -"), "{out}");
        let octets = STANDARD.decode(coded.trim_end().trim_end_matches("END").replace('\n', "")).expect("base64");
        assert_eq!(octets, wire, "{out}");
    }
}

/// What is said on standard error of the same.
fn left_out(tool: &Tool, records: &str) -> Vec<String> {
    let head = "+++\nehlo = 1\ntarget = \"smtp://mx:25\"\n+++\n";
    partly(tool, &read(format!("{head}{BEGIN}{records}").as_bytes()).expect("a transcript")).left_out
}

#[test]
fn what_does_not_stand_in_the_conversation_is_said() {
    let lost = "0.0 * warning kind=journal lost=3 x\n0.0 > MAIL FROM:<a@b.example>\n0.0 < 250 ok\n";
    let of_send = "3 records of the conversation could not be written: ehlo send does not say what was said there";
    assert_eq!(left_out(&SEND, lost), [of_send]);
    assert_eq!(
        left_out(&SWAKS, &lost.replace("=3", "=1")),
        [of_send.replace("3 records", "1 record").replace("ehlo send", "swaks")]
    );
    let opaque = "0.0 > STARTTLS\n0.0 < 220 go\n0.0 * tls opaque=yes\n0.0 * opaque out=9 in=9 x\n";
    assert_eq!(
        left_out(&SWAKS, opaque),
        ["what was said under TLS can't be read in the conversation: swaks does not say it"]
    );
    // What is lost of a message the message says.
    let within = left_out(&SEND, &ONE.replace("0.0 > .", "0.0 * warning kind=journal lost=9 x\n0.0 > ."));
    assert_eq!(within, ["ehlo send has no way to say: the message, of which records could not be written"]);
    let cut = "0.0 > NOOP aaa\\c\n0.0 * cut direction=out bytes=9 sha256=a\n0.0 < 250 ok\n";
    assert!(
        left_out(&SWAKS, cut).contains(&"a line was cut in the conversation: swaks does not say the rest".to_owned())
    );
    let unseen = "0.0 * unseen MAIL\n0.0 < 250 ok\n0.0 * unseen RCPT\n0.0 < 250 ok\n0.0 * unseen DATA\n0.0 < 354 go\n\
                  0.0 * content shown=no\n0.0 * unseen .\n0.0 < 250 ok\n0.0 * unseen\n0.0 < 500 what\n";
    let words = left_out(&SWAKS, unseen);
    assert_eq!(words[0], "swaks does not say what the source does not show: MAIL, RCPT, DATA, the message, a line");
}

#[test]
fn a_message_without_a_reply_to_data_is_said_to_be_left_out() {
    let alone = "0.0 > MAIL FROM:<a@b.example>\n0.0 > RCPT TO:<c@d.example>\n0.0 > DATA\n0.0 | Subject: x\n0.0 > .\n0.0 > QUIT\n";
    let words = "swaks has no way to say: the message (no reply to DATA stands in the conversation)";
    assert_eq!(left_out(&SWAKS, alone), [words]);
}

#[test]
fn a_message_that_was_broken_off_is_sent_by_no_line() {
    let begun = ONE.split("0.0 > .").next().expect("a beginning");
    let to = begun.split("0.0 > DATA").next().expect("a beginning");
    let chunk = |line: &str| format!("{to}0.0 > BDAT {line}\n0.0 | Subject: x\n0.0 < 250 ok\n");
    for (records, of_send) in [
        (begun.to_owned(), true),
        (format!("{begun}0.0 * closed by=server\n"), true),
        (format!("{begun}{BEGIN}"), true),
        (chunk("12"), true),
        (chunk("20 LAST"), true),
        (chunk("12 LAST"), false),
        (format!("{}0.0 > BDAT 0 LAST\n0.0 < 250 ok\n", chunk("12")), false),
    ] {
        let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{records}"));
        let line = out.lines().find(|line| line.contains("ehlo send smtp")).expect("a line");
        assert_eq!(out.contains("no way to say: the message, which was broken off"), of_send, "{out}");
        assert_eq!((line.contains("--quit-after RCPT"), line.contains("--data")), (of_send, !of_send), "{out}");
    }
    let out = exported(&SWAKS, "smtp://mx:25", &format!("{BEGIN}{begun}"));
    assert!(out.contains("which was broken off") && out.contains("--quit-after RCPT"), "{out}");
}

#[test]
fn what_stands_between_the_lines_of_a_message_does_not_end_it() {
    let noted = ONE.replace("0.0 > .", "0.0 * note \"slow here\"\n0.0 | To: c\n0.0 > .");
    let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{noted}"));
    assert!(out.contains("--data 'Subject: x\\nTo: c\\n'"), "{out}");
}

#[test]
fn a_message_of_an_earlier_connection_has_its_line_and_other_connections_are_named() {
    let others = "what was done in 2 other connections, without a mail transaction, is left out";
    assert_eq!(left_out(&SEND, &format!("0.0 > QUIT\n0.0 < 221 bye\n{BEGIN}{ONE}{BEGIN}0.0 > QUIT\n")), [others]);
    for records in [format!("{ONE}{BEGIN}"), format!("{BEGIN}{ONE}")] {
        let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{records}"));
        assert!(out.contains("--to c@d.example") && out.contains("--data"), "{out}");
        assert!(out.contains("# what was done in another connection, without a mail transaction,"), "{out}");
    }
    let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{BEGIN}"));
    assert!(out.contains("--quit-after HELO") && out.contains("in another connection"), "{out}");
    let out = exported(&SEND, "smtp://mx:25", &format!("{BEGIN}{ONE}{BEGIN}{ONE}"));
    assert!(out.contains("# 2 mail transactions") && !out.contains("other connection"), "{out}");
}

#[test]
fn an_address_that_a_line_would_change_is_left_out() {
    let of = |tool: &Tool, from: &str, to: &[&str]| {
        let rcpt: Vec<_> = to.iter().map(|to| format!("0.0 > RCPT TO:<{to}>\n0.0 < 250 ok\n")).collect();
        let rcpt = rcpt.concat();
        let data = "0.0 > DATA\n0.0 < 354 go\n0.0 | Subject: x\n0.0 > .\n0.0 < 250 ok\n";
        exported(tool, "smtp://mx:25", &format!("{BEGIN}0.0 > MAIL FROM:<{from}>\n0.0 < 250 ok\n{rcpt}{data}"))
    };
    let both = ["-x@d.example", "\"a,b\"@d.example"];
    let own = of(&SEND, "-f@b.example", &both);
    assert!(own.contains(" --from='-f@b.example' --to='-x@d.example,\"a,b\"@d.example' "), "{own}");
    assert!(own.contains("--data") && !own.contains("no way to say"), "{own}");
    let swaks = of(&SWAKS, "\"f,g\"@b.example", &[&both[..], &["c@d.example"]].concat());
    assert!(swaks.contains("--from '\"f,g\"@b.example' --to c@d.example ") && swaks.contains("--data"), "{swaks}");
    let unsaid = "no way to say: the recipient -x@d.example, the recipient \"a,b\"@d.example\n";
    assert!(swaks.contains(unsaid), "{swaks}");
    // To nobody, or from somebody else, no message goes out.
    let nobody = of(&SWAKS, "a@b.example", &both);
    assert!(nobody.contains("--quit-after MAIL") && !nobody.contains("--data"), "{nobody}");
    let no_sender = of(&SWAKS, "-f@b.example", &["c@d.example"]);
    assert!(no_sender.contains("the sender -f@b.example, and so the rest"), "{no_sender}");
    assert!(no_sender.contains("--quit-after HELO") && !no_sender.contains("--to"), "{no_sender}");
    let unquoted = of(&SEND, "a@b.example", &["a,b@d.example", "c@d.example"]);
    assert!(unquoted.contains("the recipient a,b@d.example") && unquoted.contains("--to c@d.example "), "{unquoted}");
}

#[test]
fn what_is_said_in_another_way_is_named() {
    let of = |mail: &str, rcpt: &str| {
        let said = ONE.replace("MAIL FROM:<a@b.example>", mail).replace("RCPT TO:<c@d.example>", rcpt);
        left_out(&SEND, &said)
    };
    assert!(of("mail from:<a@b.example> SIZE=9", "RCPT TO:<c@d.example>").is_empty());
    assert_eq!(
        of("MAIL FROM: <a@b.example> SIZE=9", "RCPT TO:<@r.example:c@d.example>"),
        ["ehlo send has no way to say: how it was spelled: MAIL FROM: <a@b.example>, RCPT TO:<@r.example:c@d.example>"]
    );
    assert_eq!(of("MAIL FROM", "RCPT TO:<c@d.example>"), ["ehlo send has no way to say: MAIL FROM, and so the rest"]);
    assert_eq!(
        left_out(&SEND, "0.0 > HELO b\n0.0 < 250 mx\n"),
        ["ehlo send has no way to say: EHLO a, before the last greeting"]
    );
    assert!(left_out(&SEND, "0.0 > EHLO a\n0.0 < 250 mx\n").is_empty());
}

#[test]
fn a_proxy_and_a_log_in_that_was_refused_are_said() {
    let way = "0.0 * proxy kind=http asked=\"CONNECT mx:25\"\n";
    let refused = "0.0 > AUTH PLAIN {{auth}}\n0.0 < 535 no\n0.0 > AUTH LOGIN\n0.0 < 334 VXNlcm5hbWU6\n0.0 > {{auth}}\n0.0 < 235 in\n";
    let words = left_out(&SWAKS, &format!("{way}{refused}"));
    assert!(
        words.contains(&"the connection went through a proxy, which swaks does not say here".to_owned()),
        "{words:?}"
    );
    assert!(words.iter().any(|words| words.contains("a log-in was refused")), "{words:?}");
    assert!(left_out(&SWAKS, ONE).is_empty());
}
