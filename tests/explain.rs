//! `ehlo explain`, as the built program.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn explain(arguments: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    explain_at(home.path(), arguments, input)
}

fn explain_at(home: &std::path::Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("explain")
        .args(arguments)
        .env("XDG_DATA_HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ehlo runs");
    // A program that needs no input may have ended before it was written.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("ehlo ends")
}

fn replies(arguments: &[&str], input: &str) -> Vec<Value> {
    let out = explain(&[&["--json"], arguments].concat(), input);
    assert_eq!(out.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    let value: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(value["ehlo"], 1);
    value["replies"].as_array().expect("a list").clone()
}

#[test]
fn json_has_every_key_of_the_contract() {
    for arguments in
        [&["550", "5.1.1", "User", "unknown"][..], &["250"], &["999 what"], &["5.7.1"], &["421 4.4.2 timeout"]]
    {
        let replies = replies(arguments, "");
        assert_eq!(replies.len(), 1, "{arguments:?}");
        let reply = replies[0].as_object().expect("an object");
        for key in [
            "code",
            "class",
            "enhanced",
            "title",
            "meaning",
            "category",
            "retry",
            "software",
            "causes",
            "next",
            "references",
        ] {
            assert!(reply.contains_key(key), "{arguments:?}: {key}");
        }
        for step in replies[0]["next"].as_array().expect("a list") {
            assert!(step["text"].is_string() && (step["command"].is_string() != step["action"].is_string()), "{step}");
        }
    }
}

#[test]
fn values_are_those_of_the_reply() {
    let reply = &replies(&["554 5.7.1 <friend@elsewhere.example>: Relay access denied"], "")[0];
    assert_eq!(reply["code"], 554);
    assert_eq!(reply["class"], "permanent");
    assert_eq!(reply["enhanced"], "5.7.1");
    assert_eq!(reply["category"], "relay-denied");
    assert_eq!(reply["retry"], false);
    assert_eq!(reply["software"], "Postfix");
    let enhanced = &replies(&["4.2.2"], "")[0];
    assert_eq!((&enhanced["code"], &enhanced["class"]), (&Value::Null, &"transient".into()));
    assert_eq!((&enhanced["category"], &enhanced["retry"]), (&"mailbox-full".into(), &true.into()));
    assert_eq!(replies(&["299"], "")[0]["class"], "success");
    assert_eq!(replies(&["999"], "")[0]["class"], "unknown");
}

#[test]
fn lines_of_one_reply_are_joined() {
    let two = "550-5.1.1 The account that you tried to reach\r\n550 5.1.1 does not exist\r\n250 ok\n";
    let from_input = replies(&["-"], two);
    assert_eq!(from_input.len(), 2);
    assert_eq!((&from_input[0]["category"], &from_input[1]["category"]), (&"mailbox-unknown".into(), &"ok".into()));
    assert_eq!(replies(&["550-one\n550 two"], "").len(), 1);
    assert_eq!(replies(&["550-5.1.1 the first line alone"], "").len(), 1);
}

#[test]
fn the_command_changes_the_meaning() {
    let title = |verb: &str| replies(&["--verb", verb, "550 no"], "")[0]["title"].clone();
    assert_ne!(title("MAIL"), title("rcpt"));
    assert_ne!(title("rcpt"), title("end-of-data"));
    assert_eq!(explain(&["--verb", "FLY", "550 no"], "").status.code(), Some(2));
}

#[test]
fn what_is_no_reply_is_refused_with_a_word() {
    for (arguments, input) in [(&["abc"][..], ""), (&["12"], ""), (&["-"], ""), (&["5500 x"], "")] {
        let out = explain(arguments, input);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        assert!(out.stdout.is_empty() && !out.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_line_that_is_no_reply_keeps_the_others_from_nothing() {
    let out = explain(&["--json", "-"], "550 5.1.1 no such user\nhello\n250 ok\n");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("hello"));
    let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(json["replies"].as_array().map(Vec::len), Some(2));
}

#[test]
fn options_may_follow_the_text() {
    let out = explain(&["550 5.7.1 no", "--verb", "MAIL", "--json"], "");
    assert_eq!(out.status.code(), Some(0));
    assert!(serde_json::from_slice::<Value>(&out.stdout).is_ok());
}

#[test]
fn nothing_of_a_reply_reaches_the_terminal_unescaped() {
    let out = explain(&["--color", "never", "550 \u{1b}[31mred\u{7} <a@b\u{202e}.example> relay denied"], "");
    assert_eq!(out.status.code(), Some(0));
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert!(text.contains("Refused for good"), "{text}");
}

#[test]
fn a_users_own_texts_are_used_and_their_faults_told() {
    let home = tempfile::tempdir().expect("a directory");
    let folder = home.path().join("ehlo/replies");
    std::fs::create_dir_all(&folder).expect("made");
    let good =
        "[[reply]]\nmatch = 'ask joan'\ncategory = 'policy'\nmeaning = 'Joan knows.'\nexamples = ['550 ask Joan']\n";
    std::fs::write(folder.join("ours.toml"), good).expect("written");
    std::fs::write(folder.join("worse.toml"), "[[reply]]\nmatch = '('\ncategory = 'policy'\nexamples = ['550 x']\n")
        .expect("written");
    let out = explain_at(home.path(), &["550 please Ask Joan"], "");
    assert_eq!(out.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&out.stdout).contains("Joan knows."));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("worse.toml:2: "),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn the_layers_that_spoke_are_named() {
    let layers =
        replies(&["550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table"], "");
    let layers = layers[0]["layers"].as_array().expect("a list").clone();
    let by: Vec<_> = layers.iter().map(|layer| layer["layer"].as_str().unwrap_or_default()).collect();
    assert_eq!(by, ["text", "enhanced", "code"]);
    assert_eq!((&layers[0]["source"], &layers[0]["decides"]), (&"postfix".into(), &true.into()));
    assert!(layers[1..].iter().all(|layer| layer["decides"] == false));
    let code = &replies(&["--verb", "MAIL", "550 zzz"], "")[0]["layers"][0];
    assert_eq!((&code["layer"], &code["on"], &code["decides"]), (&"code".into(), &"550 to MAIL".into(), &true.into()));
}

#[test]
fn a_users_own_file_is_named() {
    let home = tempfile::tempdir().expect("a directory");
    let folder = home.path().join("ehlo/replies");
    std::fs::create_dir_all(&folder).expect("made");
    let own = "[[reply]]\nmatch = 'ask joan'\ncategory = 'policy'\nexamples = ['550 ask Joan']\n";
    std::fs::write(folder.join("ours.toml"), own).expect("written");
    let text = String::from_utf8(explain_at(home.path(), &["550 please ask Joan"], "").stdout).expect("UTF-8");
    assert!(text.contains("your texts (") && text.contains("ours.toml"), "{text}");
}

const BOUNCE: &str = "Subject: Undelivered\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
    Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.target.local\r\n\r\n\
    Final-Recipient: rfc822; full@target.local\r\nAction: failed\r\nStatus: 5.2.2\r\n\
    Diagnostic-Code: smtp; 552 5.2.2 <full@target.local> Quota exceeded (mailbox\r\n    for user is full)\r\n\r\n\
    Final-Recipient: rfc822;nosuch@exim.example\r\nAction: failed\r\nStatus: 5.0.0\r\n\
    Diagnostic-Code: smtp; 550 Unrouteable address\r\n\r\n--b--\r\n";

#[test]
fn a_bounce_is_taken_apart() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("bounce.eml");
    std::fs::write(&path, BOUNCE).expect("written");
    for (argument, input) in [(path.to_str().expect("UTF-8"), ""), ("-", BOUNCE)] {
        let replies = replies(&[argument], input);
        assert_eq!(replies.len(), 2);
        assert_eq!(
            (&replies[0]["recipient"], &replies[0]["category"]),
            (&"full@target.local".into(), &"mailbox-full".into())
        );
        assert_eq!((&replies[1]["action"], &replies[1]["category"]), (&"failed".into(), &"routing".into()));
    }
    let text = String::from_utf8(explain(&["-"], BOUNCE).stdout).expect("UTF-8");
    assert!(text.contains("full@target.local (failed)") && text.contains("mailbox-full"), "{text}");
}

#[test]
fn a_log_becomes_a_ranked_table() {
    let line = "Nov 24 22:12:39 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.1]: 554 5.7.1 <a@b.example>: Relay access denied; from=<x@y>\n";
    let log = [line, "2026-11-24 22:13:09 H=(z) F=<x@y> rejected RCPT <a@b>: relay not permitted\n", line].concat();
    let out = explain(&["--log", "--json"], &log);
    assert_eq!(out.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((&json["lines"], &json["refusals"]), (&3.into(), &3.into()));
    assert_eq!((&json["groups"][0]["count"], &json["groups"][0]["category"]), (&2.into(), &"relay-denied".into()));
    let out = explain(&["--log"], &log);
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("3 lines, 3 refusals"));
}

#[test]
fn codes_verbs_and_terms_can_be_looked_up() {
    let all = String::from_utf8(explain(&["--list"], "").stdout).expect("UTF-8");
    for word in ["550", "X.7.1", "STARTTLS", "greylisted"] {
        assert!(all.contains(word), "{word}");
    }
    let page = String::from_utf8(explain(&["--list", "452"], "").stdout).expect("UTF-8");
    assert!(page.starts_with("452") && page.contains("RFC 5321"), "{page}");
    assert_eq!(explain(&["--list", "nosuchthingatall"], "").status.code(), Some(2));
}

#[test]
fn the_offer_of_a_server_is_explained_capability_by_capability() {
    let ehlo =
        "250-mx.target.local Hello noddy.com\n250-SIZE 10485760\n250-STARTTLS\n250-AUTH PLAIN LOGIN\n250 XNONSENSE\n";
    let replies = replies(&["-"], ehlo);
    let offer = &replies[0]["offer"];
    assert_eq!(offer["server"], "mx.target.local");
    let said = |n: usize, key: &str| offer["capabilities"][n][key].to_string();
    assert!(said(0, "meaning").contains("At most 10.0 MiB"), "{offer}");
    assert!(said(1, "references").contains("RFC 3207"), "{offer}");
    assert!(said(2, "meaning").contains("By PLAIN, LOGIN"), "{offer}");
    let remarks = offer["remarks"].to_string();
    assert!(remarks.contains("AUTH in clear text") && remarks.contains("no ENHANCEDSTATUSCODES"), "{remarks}");
    let text = String::from_utf8(explain(&["-"], ehlo).stdout).expect("UTF-8");
    assert!(text.contains("What it offers") && text.contains("Worth knowing"), "{text}");
}

#[test]
fn a_greeting_names_the_server_with_what_shows_it() {
    let greeting = &replies(&["220", "mx.target.local", "ESMTP", "Postfix"], "")[0];
    assert_eq!(greeting["software"], "Postfix");
    assert!(greeting["evidence"].as_str().is_some_and(|by| by.contains("postfix")), "{greeting}");
}

#[test]
fn a_bounce_without_diagnosis_is_read_from_its_words() {
    let bounce = "Content-Type: multipart/report\n\n--b\nContent-type: text/plain\n\nThe following address(es) failed:\n\n  \
                  nosuch@target.local\n    Unrouteable address\n\n--b\nContent-type: message/delivery-status\n\n\
                  Reporting-MTA: dns; mx\n\nAction: failed\nFinal-Recipient: rfc822;nosuch@target.local\nStatus: \
                  5.0.0\n\n--b--\n";
    assert_eq!(replies(&["-"], bounce)[0]["category"], "routing");
    let qmail = "Hi. This is the qmail-send program at mx.noddy.example.\n\n<a@target.example>:\nRemote host said: 550 5.1.1 \
                 User unknown\n";
    let replies = replies(&["-"], qmail);
    assert_eq!(
        (&replies[0]["recipient"], &replies[0]["category"]),
        (&"a@target.example".into(), &"mailbox-unknown".into())
    );
}

#[test]
fn what_is_mistyped_is_found_in_the_reference() {
    let page = String::from_utf8(explain(&["--list", "greylistign"], "").stdout).expect("UTF-8");
    assert!(page.contains("greylisting"), "{page}");
}

#[test]
fn words_without_a_code_are_explained_where_they_are_known() {
    let out = explain(&["--json", "Client", "host", "rejected:", "cannot", "find", "your", "reverse", "hostname"], "");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(out.status.code(), Some(0));
    let reply = &json["replies"][0];
    assert_eq!((reply["category"].as_str(), reply["code"].as_u64()), (Some("reverse-dns"), None), "{json:#}");
    assert_eq!((reply["class"].as_str(), reply["retry"].as_bool()), (Some("unknown"), None), "{json:#}");
    let notes = reply["notes"].as_array().expect("a list");
    assert!(notes.iter().any(|note| note.as_str().is_some_and(|it| it.starts_with("No code was given"))), "{json:#}");
    // A sentence is explained by its words, and where they say nothing, that is said.
    for (words, category) in [
        ("Der Empfänger hat nur Emails von bestimmten Email-Adressen akzeptiert", "sender-rejected"),
        ("the weather is fine", "unknown"),
    ] {
        assert_eq!(replies(&[words], "")[0]["category"], category, "{words}");
    }
    // What is not known needs a code.
    let out = explain(&["hello", "world"], "");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("is no reply"), "{out:?}");
    // Beside replies a line without a code belongs to them, or to nobody.
    let out = explain(&["--json", "-"], "550 no\nmailbox is full\n");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((json["replies"].as_array().map(Vec::len), out.status.code()), (Some(1), Some(2)), "{json:#}");
}

#[test]
fn codes_in_quotes_and_brackets_are_read() {
    for text in [
        "Remote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'",
        "\"550 5.1.1 User unknown\"",
        "550: 5.1.1 <a@b.example>: Recipient address rejected: User unknown",
        "550 [5.1.1] User unknown",
        "550 Sorry, no mailbox here by that name. (#5.1.1)",
    ] {
        let reply = &replies(&["--", text], "")[0];
        assert_eq!((&reply["code"], &reply["enhanced"]), (&550.into(), &"5.1.1".into()), "{text}");
        assert_eq!((&reply["category"], &reply["retry"]), (&"mailbox-unknown".into(), &false.into()), "{text}");
    }
    let reply = &replies(&["Sorry, no mailbox here by that name. (#5.1.1)"], "")[0];
    assert_eq!((&reply["code"], &reply["retry"]), (&Value::Null, &false.into()));
    assert_eq!(reply["notes"].as_array().map(Vec::len), Some(0), "{reply:#}");
}

#[test]
fn a_message_that_is_no_bounce_takes_one_sentence() {
    let header = "From: a@b.example\nTo: c@d.example\nSubject: 550 5.1.1 of late\n\n";
    let out = explain(&["-"], &format!("{header}hello\nyou\n"));
    let told = String::from_utf8(out.stderr).expect("UTF-8");
    assert_eq!((out.status.code(), out.stdout.len(), told.lines().count()), (Some(2), 0, 1), "{told}");
    let out = explain(&["--json", "-"], &format!("{header}hello\nhost x said: 552 5.2.2 full\nyou\n"));
    let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((&json["replies"][0]["code"], &json["replies"][1]), (&552.into(), &Value::Null));
    assert_eq!(String::from_utf8_lossy(&out.stderr).lines().count(), 1);
    // Of many lines that are none the first few are told.
    let out = explain(&["-"], &("550 no\n".to_owned() + &"nothing\n".repeat(20)));
    let told = String::from_utf8(out.stderr).expect("UTF-8");
    assert!(told.lines().count() == 4 && told.contains("17 more lines"), "{told}");
}

#[test]
fn what_is_explained_is_written_as_it_is_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ehlo runs");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"550 5.1.1 no such user\n").expect("written");
    // The input is still open when the first explanation is there.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
    assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("550 5.1.1 no such user"));
    drop(input);
    assert!(lines.count() > 3 && child.wait().is_ok_and(|status| status.success()));
    let many = "550 5.1.1 no such user\n".repeat(300);
    assert_eq!(replies(&["-"], &many).len(), 300);
}

#[test]
fn a_log_that_cannot_be_read_is_no_log_without_refusals() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("mail.log.gz");
    std::fs::write(&path, b"\x1f\x8b\x08\0\0\0\0\0\0\x03").expect("written");
    let out = explain(&["--log", path.to_str().expect("UTF-8")], "");
    assert_eq!((out.status.code(), out.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&out.stderr).contains("gzip -dc"));
    let out = explain(&["--log"], "nothing\nof the kind\n");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("no line of a mail log"));
    assert_eq!(explain(&["--log"], "Jan  1 mx postfix/qmgr[1]: 4F: removed\n").status.code(), Some(0));
    let line = "2026-11-24 22:13:09 H=(z) F=<x@y> rejected RCPT <a@b>: relay not permitted\n";
    let wide: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, [&b"\xff\xfe"[..], &wide].concat()).expect("written");
    let out = explain(&["--log", path.to_str().expect("UTF-8")], "");
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("1 lines, 1 refusals"));
}

#[test]
fn verbs_of_extensions_and_names_of_pages_are_taken() {
    for verb in ["ETRN", "atrn", "BURL", "TURN", "SEND", "SOML", "SAML"] {
        assert_eq!(replies(&["--verb", verb, "550 no"], "").len(), 1, "{verb}");
    }
    let page = String::from_utf8(explain(&["X.7.1"], "").stdout).expect("UTF-8");
    assert!(page.starts_with("X.7.1"), "{page}");
}

#[test]
fn every_fault_of_a_users_file_is_told_and_the_rest_holds() {
    let home = tempfile::tempdir().expect("a directory");
    let folder = home.path().join("ehlo/replies");
    std::fs::create_dir_all(&folder).expect("made");
    let good =
        "[[reply]]\nmatch = 'ask joan'\ncategory = 'policy'\nmeaning = 'Joan knows.'\nexamples = ['550 ask Joan']\n";
    let bad = "[[reply]]\nmach = 'x'\ncategory = 'policy'\nexamples = ['550 x']\n";
    std::fs::write(folder.join("ours.toml"), format!("{bad}{good}{bad}")).expect("written");
    std::fs::write(folder.join("old.toml"), b"# a\n# f\xfcr\n").expect("written");
    let out = explain_at(home.path(), &["550 please Ask Joan"], "");
    assert!(String::from_utf8_lossy(&out.stdout).contains("Joan knows."));
    let told = String::from_utf8_lossy(&out.stderr);
    for words in ["ours.toml:2: ", "ours.toml:11: ", "is `match` meant?", "old.toml:2: this is not UTF-8"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
