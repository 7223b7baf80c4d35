//! What stands around a session, and what of it is missing: quotations, logs, prose, several programs, cut files.

use std::path::Path;

use super::*;

#[test]
fn every_level_of_quotation_is_taken_off_and_no_secret_is_left_whatever_the_file_is_taken_for() {
    for name in names() {
        let octets = sample(&name);
        if octets.contains(&0) || Path::new(&name).extension().is_some_and(|ext| ext == "eml") || name == "counts.tsv" {
            continue;
        }
        let Ok(plain) = import(&octets) else { continue };
        for mark in ["> ", "> > ", ">> ", ">>> > ", ">"] {
            let text = String::from_utf8_lossy(&octets);
            let quoted = text.lines().fold(String::new(), |all, line| all + mark + line + "\n");
            let imported = import(quoted.as_bytes()).unwrap_or_else(|error| panic!("{name} {mark}: {error}"));
            assert_eq!(imported.source, plain.source, "{name} behind {mark}");
            assert!(imported.unread.words().any(|words| words.contains("quotation mark")), "{name} behind {mark}");
            let mut written = Vec::new();
            imported.conversations.iter().for_each(|document| write_document(document, &mut written));
            for secret in ["AGR1ZGVAdGFyZ2V0LmxvY2FsAG5vZGR5", "ZHVkZUB0YXJnZXQubG9jYWw", "s3cr3tpw", "d3Jvbmc="] {
                assert!(memchr::memmem::find(&written, secret.as_bytes()).is_none(), "{name} behind {mark}: {secret}");
            }
        }
    }
}

#[test]
fn what_a_shell_was_told_behind_curls_mark_is_no_line_that_was_sent() {
    let curl = "*   Trying 127.0.0.1:25...\n* Connected to 127.0.0.1 (127.0.0.1) port 25\n< 220 mx\n> EHLO me\n\
        < 250 mx\n> QUIT\n< 221 bye\n* Connection #0 to host 127.0.0.1 left intact\n";
    let failed = "*   Trying 127.0.0.1:25...\n< 220 mx\n> AUTH PLAIN\n< 535 no\ncurl: (67) Login denied\n";
    for text in [
        format!("> curl -v -u carol:Plugh77 smtp://mx\n{curl}> curl -v -u carol:Plugh77 smtp://mx\n{curl}"),
        format!("> curl -v \\\n>   -u carol:Plugh77 \\\n>   smtp://mx\n{curl}>   smtp://carol:Plugh77@mx\n{curl}"),
        format!("{failed}> exec x -u carol:Plugh77\n{curl}"),
    ] {
        let imported = import(text.as_bytes()).expect("curl's");
        let mut written = Vec::new();
        imported.conversations.iter().for_each(|document| write_document(document, &mut written));
        let all =
            String::from_utf8_lossy(&written).into_owned() + &imported.unread.words().collect::<Vec<_>>().join("\n");
        assert!(!all.contains("Plugh77") && imported.conversations.len() == 2, "{text}\n{all}");
    }
    let part =
        import(b"> Y2Fyb2w=\n< 334 x\n> XFOO\n< 500 no\n* Connection #0 to host mx left intact\n").expect("curl's");
    assert_eq!(part.conversations[0].log.of_kind(crate::conversation::Kind::Sent).count(), 2);
}

#[test]
fn a_further_connection_is_of_the_same_conversation_in_an_export_too() {
    let text = "+++\nehlo = 1\ntarget = \"mx:25\"\nstarted = 2026-11-24T10:00:00Z\n+++\n\
        0.0 * connecting 127.0.0.1:25\n0.1 * connected 127.0.0.1:25\n0.2 < 220 mx\n0.3 > QUIT\n0.4 < 221 bye\n\
        0.5 * closed by=server\n0.6 * connecting 127.0.0.1:25\n0.7 * connected 127.0.0.1:25\n0.8 < 220 mx\n0.9 > NOOP\n\
        1.0 < 250 ok\n1.1 * closed by=client\n";
    let document = file::read(text.as_bytes()).expect("a transcript");
    let knowledge = crate::decode::Knowledge::default();
    for format in ["txt", "md", "pcapng"] {
        let written = crate::interchange::by_name(format).expect("a format").write(&document, &knowledge);
        let again = import(&written).expect("an export").conversations;
        assert_eq!(again.len(), 1, "{format}");
        let compared = crate::script::comparison::compare(&document, &again[0]).expect("recordings");
        assert_eq!((compared.tally(), compared.rows.len()), ((0, 0), 4), "{format}: {:?}", compared.rows);
        if format != "md" {
            assert_eq!(import(&[written.clone(), written].concat()).expect("two exports").conversations.len(), 2);
        }
    }
}

#[test]
fn captures_of_others_before_an_export_of_ours_lose_no_conversation() {
    let text = "+++\nehlo = 1\ntarget = \"mx:25\"\nstarted = 2026-11-24T10:00:00Z\n+++\n\
        0.0 * connecting 127.0.0.1:25\n0.1 * connected 127.0.0.1:25\n0.2 < 220 mx\n0.3 > QUIT\n0.4 < 221 bye\n";
    let document = file::read(text.as_bytes()).expect("a transcript");
    let format = crate::interchange::by_name("pcapng").expect("a format");
    let own = format.write(&document, &crate::decode::Knowledge::default());
    let others = [sample("pipelined.pcapng"), sample("auth-login-587.pcapng")].concat();
    let count = |octets: &[u8]| import(octets).expect("captures").conversations.len();
    let (of_others, all) = (count(&others), count(&[others, own].concat()));
    assert!(of_others > 1, "{of_others}");
    assert_eq!(all, of_others + 1);
}

#[test]
fn a_trace_beside_another_program_loses_no_conversation() {
    let read = |octets: &[u8]| import(octets).expect("samples").conversations.len();
    let trace = sample("curl-trace-ascii.txt");
    for name in [
        "swaks-plain.txt",
        "curl-v.txt",
        "telnet-classic.txt",
        "smtplib-debug1.txt",
        "exim-v.txt",
        "exim-d-transport.txt",
        "msmtp-d.txt",
        "sendmail-v.txt",
        "openssl-starttls.txt",
        "postfix-debug-peer.txt",
        "exchange-send.log.csv",
    ] {
        let other = sample(name);
        let both = |first: &[u8], second: &[u8]| read(&[first, b"\n", second].concat());
        let alone = read(&trace) + read(&other);
        assert_eq!([both(&trace, &other), both(&other, &trace)], [alone; 2], "{name}");
    }
}

#[test]
fn a_layout_changes_nothing_of_what_is_read() {
    for name in ["telnet-classic.txt", "openssl-starttls.txt", "curl-trace-ascii.txt", "curl-v.txt", "swaks-plain.txt"]
    {
        let octets = sample(name);
        let text = String::from_utf8_lossy(&octets).replace("\r\n", "\n");
        let kept = |text: &str| {
            let imported = import(text.as_bytes()).expect("a sample");
            let log = &imported.conversations[0].log;
            log.since(0)
                .map(|(_, entry)| String::from_utf8_lossy(entry.bytes).trim_end().to_owned())
                .collect::<Vec<_>>()
        };
        let each = |by: &dyn Fn(&str) -> String| -> String { text.lines().map(by).collect() };
        for other in [
            each(&|line| format!("{line}\n\n")),
            each(&|line| format!("{line}   \n")),
            each(&|line| format!("\x1b[32m{line}\x1b[0m\n")),
        ] {
            assert_eq!(kept(&other), kept(&text), "{name}");
            assert!(
                import(other.as_bytes()).expect("a sample").unread.words().any(|words| words.contains("taken off"))
            );
        }
    }
    let said = import(b"220 mx\n\nhm?\n\nNOOP\n\n250 ok\n\nQUIT\n\n221 bye\n\n\n\nso long, all\n").expect("telnet's");
    assert!(said.unread.words().any(|words| words.contains("line 15: ")), "{:?}", said.unread);
}

#[test]
fn what_only_looks_like_a_script_is_asked_about_and_a_script_holds_no_secret() {
    let (written, said) = read_as("> EHLO a\n> AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\n> QUIT\n");
    assert!(written.contains("> AUTH PLAIN {{auth}}") && !written.contains("AGR1"), "{written}");
    assert!(said.iter().any(|words| words.contains("taken for a script")), "{said:?}");
    assert!(said.iter().any(|words| words.contains("secrets stood in it")), "{said:?}");
    let error = import(b"> dear all,\n> it does not work\n> since noon\n").expect_err("no script").to_string();
    assert!(error.contains("# ehlo 1"), "{error}");
    assert!(import(b"# ehlo 1\n> XFOO bar\n> XBAR\n").expect("a script").source.is_none());
    for text in ["<!DOCTYPE html>\n<pre>\nx\n</pre>\n", "<134>1 2026-11-24T22:19:00Z gate app 1 - - x\n"] {
        assert!(matches!(import(text.as_bytes()), Err(ImportError::Unknown { .. })), "{text}");
    }
}

#[test]
fn what_a_log_has_before_each_line_is_taken_off_and_its_time_is_kept() {
    let swaks = "=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n -> QUIT\n<-  221 bye\n";
    let before = |put: &dyn Fn(usize) -> String| -> String {
        swaks.lines().enumerate().map(|(n, line)| put(n) + line + "\n").collect()
    };
    for text in [
        before(&|n| format!("Nov 24 22:19:0{n} gate mailtest[4711]: ")),
        before(&|n| format!("2026-11-24 22:19:0{n},000 INFO mailer - ")),
        before(&|n| format!("2026-11-24 22:19:0{n},000 {} mailer - ", ["INFO", "DEBUG"][n % 2])),
        before(&|n| format!("<134>1 2026-11-24T22:19:0{n}Z gate app 1 - - ")),
        before(&|n| format!("2026-11-24T22:19:0{n}.000Z ")),
        before(&|n| format!("[2026-11-24 22:19:0{n}] ")),
    ] {
        let (written, said) = read_as(&text);
        assert!(written.contains("2.000000 < 220 mx\n3.000000 > QUIT\n4.000000 < 221 bye"), "{text}{written}");
        assert!(said.iter().any(|words| words.contains("taken off")), "{said:?}");
        assert!(!written.contains("clock = \"none\""), "{written}");
    }
    let (written, _) = read_as(&before(&|_| "mail-7f9c [pod/mailtest] ".to_owned()));
    assert!(written.contains("< 220 mx") && written.contains("> QUIT"), "{written}");
}

#[test]
fn where_a_file_ends_too_early_it_is_said() {
    let (written, said) = read_as("=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n -> NOOP\n<** 550 Unro");
    assert!(written.contains("ends within a line"), "{written}");
    assert!(said.iter().any(|words| words.contains("cut off")), "{said:?}");
    let (_, said) = read_as("220 mx\nDATA\n354 go\nFrom: a\nSubj");
    assert!(said.iter().any(|words| words.contains("ends within the message")), "{said:?}");
    let (_, said) = read_as("220 mx\nQUIT\n221 bye");
    assert!(said.is_empty(), "{said:?}");
}

/// A session with every other kind of prose around it.
#[test]
fn prose_is_no_sent_line() {
    let session = "220 mx\nEHLO a\n250 mx\nFOO\n500 what\nQUIT\n221 bye\n";
    let prose = "\nCan you tell me what is wrong?\n\nThanks,\nBob\n";
    for text in [
        format!("{session}{prose}"),
        format!("=== Trying mx:25...\n=== Connected to mx.\n{session}=== Connection closed with remote host.\n{prose}"),
        format!("=== Trying mx:25...\n*** Error connecting to mx:25: Connection refused\n{prose}"),
        format!("=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n<-  250 mx\n{prose}"),
        format!("220 mx\nEHLO a\n250 mx\n{prose}"),
        format!(
            "CONNECTED(00000003)\n---\nSSL handshake has read 5 bytes\n---\n250 CHUNKING\nNOOP\n250 ok\nclosed\n$ ls\n{prose}"
        ),
    ] {
        let (written, said) = read_as(&text);
        for word in ["tell me", "Thanks", "Bob", "$ ls"] {
            assert!(!written.contains(word), "{text}{written}");
        }
        assert!(said.iter().any(|words| words.contains("Can you tell me") || words.contains("$ ls")), "{said:?}");
        assert!(!session.is_empty() && (!text.contains("FOO") || written.contains("> FOO\n")), "{written}");
    }
}

#[test]
fn what_is_missing_in_the_middle_is_said() {
    let (written, _) = read_as(
        "=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n -> EHLO a\n<-  250 mx\n -> MAIL FROM:<a@b>\n<-  250 ok\n\
          -> RCPT TO:<c@d>\n -> Subject: x\n -> \n -> Hello,\n -> 250 is no reply.\n -> .\n<-  250 queued\n -> QUIT\n<-  221 bye\n",
    );
    for line in
        ["| Subject: x", "| Hello,", "| 250 is no reply.", "> .", "> QUIT", "DATA and the 354 before it are missing"]
    {
        assert!(written.contains(line), "{line} is not in {written}");
    }
    let (written, _) = read_as(
        "220 mx\nEHLO a\n250 mx\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\n250 ok\nDATA\n354 go\nSubject: x\n\n250 is none\n.\n250 ok\nQUIT\n221 bye\n",
    );
    assert!(written.contains("| 250 is none") && written.contains("* lost replies=1"), "{written}");
    let imported = import(&sample("swaks-plain.txt")).expect("swaks");
    let inferred = imported.conversations[0].log.of_kind(Kind::Remark).filter_map(|(_, e)| e.remark());
    assert_eq!(inferred.filter(|remark| remark.word == "inferred" || remark.word == "lost").count(), 0);
}

#[test]
fn sessions_of_several_programs_are_each_read_as_their_own() {
    let telnet = sample("telnet-classic.txt");
    let swaks = sample("swaks-plain.txt");
    let imported = import(&[telnet.as_slice(), b"\n$ swaks\n", &swaks].concat()).expect("both");
    let sources: Vec<_> = imported.conversations.iter().map(|one| one.header.text("imported").unwrap_or("")).collect();
    assert_eq!(sources, ["telnet", "swaks"]);
    for (document, alone) in imported.conversations.iter().zip([&telnet, &swaks]) {
        let alone = import(alone).expect("one");
        assert_eq!(counted(&document.log), counted(&alone.conversations[0].log));
    }
}

#[test]
fn a_mail_that_quotes_a_log_is_read_however_it_is_encoded_or_wrapped() {
    let wrapped = "> === Trying mx:25...\n> === Connected to mx.\n> <-  220 mx\n>  -> EHLO a\n> <-  250-mx\n\
         > <-  250-AUTH PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 \n> SCRAM-SHA-256 XOAUTH2\n> <-  250 OK\n>  -> QUIT\n> <-  221 bye\n";
    let (written, said) = read_as(wrapped);
    assert!(written.contains("SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2\n"), "{written}{said:?}");
    let encoded = "Received: from a by b; Tue, 24 Nov 2026 22:19:05 +0000\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\
         PT09IFRyeWluZyBteDoyNS4uLgo9PT0gQ29ubmVjdGVkIHRvIG14Lgo8LSAgMjIwIG14CiAtPiBR\nVUlUCjwtICAyMjEgYnllCg==\n";
    let (written, said) = read_as(encoded);
    assert!(written.contains("> QUIT") && said.iter().any(|words| words.contains("saved mail")), "{written}{said:?}");
}

#[test]
fn a_trace_that_is_cut_or_has_bare_line_ends_is_told_as_it_was() {
    let head = "16:45:39.120532 == Info:   Trying 127.0.0.1:25...\n16:45:39.121708 <= Recv header, 8 bytes (0x8)\n0000: 220 mx\n\
         16:45:39.125570 => Send header, 6 bytes (0x6)\n0000: DATA\n16:45:39.126172 <= Recv header, 8 bytes (0x8)\n0000: 354 go\n";
    let (written, _) = read_as(&format!(
        "{head}16:45:39.126290 => Send data, 13 bytes (0xd)\n0000: From: a..hi..\n16:45:39.127136 <= Recv header, 8 bytes (0x8)\n0000: 550 no\n"
    ));
    let content = written.find("| From: a").unwrap_or_else(|| panic!("{written}"));
    assert!(content < written.find("< 550 no").expect("the reply") && !written.contains("shown=no"), "{written}");
    let (written, said) = read_as(&format!("{head}16:45:39.724974 <= Re"));
    assert!(!written.contains("724974") && said.iter().any(|words| words.contains("<= Re")), "{written}{said:?}");
}

#[test]
fn two_logs_of_exchange_in_one_file_keep_their_sides_whatever_their_type_says() {
    let sample = |name: &str| std::fs::read(format!("tests/samples/{name}")).expect("a sample");
    let (receive, send) = (sample("exchange-receive.log.csv"), sample("exchange-send.log.csv"));
    let secret = "WHl6enktUGx1Z2g3Nw==";
    let answers = "2026-11-24T20:18:30.000Z,c,08DE2B6A7C1F4AFF,0,192.0.2.10:25,198.51.100.7:9,>,220 EX1 ready,\n\
                   2026-11-24T20:18:30.001Z,c,08DE2B6A7C1F4AFF,1,192.0.2.10:25,198.51.100.7:9,<,EHLO a,\n\
                   2026-11-24T20:18:30.002Z,c,08DE2B6A7C1F4AFF,2,192.0.2.10:25,198.51.100.7:9,>,250 EX1 AUTH LOGIN,\n\
                   2026-11-24T20:18:30.003Z,c,08DE2B6A7C1F4AFF,3,192.0.2.10:25,198.51.100.7:9,<,AUTH LOGIN ZHVkZQ==,\n\
                   2026-11-24T20:18:30.004Z,c,08DE2B6A7C1F4AFF,4,192.0.2.10:25,198.51.100.7:9,>,334 UGFzc3dvcmQ6,\n\
                   2026-11-24T20:18:30.005Z,c,08DE2B6A7C1F4AFF,5,192.0.2.10:25,198.51.100.7:9,<,WHl6enktUGx1Z2g3Nw==,\n";
    let with_login = [&receive[..], answers.as_bytes()].concat();
    let mislabelled = String::from_utf8_lossy(&with_login).replace("SMTP Receive", "SMTP Send").into_bytes();
    for file in [[&with_login[..], &send].concat(), [&send[..], &with_login].concat(), mislabelled] {
        let imported = import(&file).expect("logs of Exchange");
        assert_eq!(imported.unread.words().collect::<Vec<_>>(), [] as [&str; 0]);
        for document in &imported.conversations {
            let mut out = Vec::new();
            write_document(document, &mut out);
            let text = String::from_utf8(out).expect("text");
            assert!(!text.contains(secret) && !text.contains(" > 2") && !text.contains("< EHLO"), "{text}");
        }
    }
}

#[test]
fn the_dots_of_a_trace_that_may_be_none_are_counted_once() {
    let words = |name: &str| import(&sample(name)).expect("a trace").unread.words().collect::<Vec<_>>();
    let said = words("curl-trace-ascii.txt");
    let dots: Vec<_> = said.iter().filter(|words| words.contains("a dot for each octet")).collect();
    assert_eq!(dots.len(), 1, "{said:?}");
    assert!(dots[0].starts_with("lines ") && dots[0].ends_with("--trace keeps every octet"), "{said:?}");
    let trace = "<= Recv header, 10 bytes (0xa)\n0000: 220 m.x.\n=> Send header, 6 bytes (0x6)\n0000: QUIT\n";
    let imported = import(trace.as_bytes()).expect("a trace");
    assert_eq!(
        imported.unread.words().collect::<Vec<_>>(),
        [
            "line 2: curl --trace-ascii writes a dot for each octet that it can't show: 2 dots in 1 line are taken for dots; \
          --trace keeps every octet"
        ]
    );
    let hexadecimal = "<= Recv header, 8 bytes (0x8)\n0000: 32 32 30 20 6d 2e 0d 0a                         220 m...\n";
    assert!(import(hexadecimal.as_bytes()).expect("a trace").unread.doubtful.is_empty());
}

/// Rows of an Exchange log: each a session, its sequence number, the event and the data.
fn exchange(rows: &[(&str, u32, &str, &str)]) -> String {
    let head = "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,\
                local-endpoint,remote-endpoint,event,data,context\n";
    let row = |(n, (session, sequence, event, data)): (usize, &(&str, u32, &str, &str))| {
        format!(
            "2026-11-29T00:00:{n:02}.000Z,MBX\\Front,{session},{sequence},10.0.0.5:25,192.0.2.33:412,{event},{data},\n"
        )
    };
    head.to_owned() + &rows.iter().enumerate().map(row).collect::<String>()
}

#[test]
fn records_that_a_session_of_an_exchange_log_lacks_are_said() {
    let text = exchange(&[
        ("08A", 17, "<", "QUIT"),
        ("08B", 0, "+", ""),
        ("08B", 1, ">", "220 mbx"),
        ("08B", 2, "<", "EHLO a"),
        ("08B", 3, ">", "250 mbx"),
        ("08B", 4, "<", "MAIL FROM:<a@b>"),
        ("08A", 18, ">", "221 bye"),
        ("08B", 7, "<", "RCPT TO:<c@d>"),
        ("08B", 8, ">", "550 no"),
        ("08C", 1, ">", "220 mbx"),
        ("08C", 2, "<", "QUIT"),
    ]);
    let imported = import(text.as_bytes()).expect("a log");
    assert_eq!(
        imported.unread.words().collect::<Vec<_>>(),
        [
            "line 3: session 08A: records 0 to 16 are missing: it begins elsewhere, perhaps in the file before this one",
            "line 10: session 08B: records 5 to 6 are missing: before this line",
            "line 12: session 08C: record 0 is missing: it begins elsewhere, perhaps in the file before this one",
        ]
    );
    let replies = |n: usize| -> Vec<String> {
        let log = &imported.conversations[n].log;
        let dialogue = Dialogue::of(log);
        let code = |code: Option<ReplyCode>| code.map_or_else(|| "-".to_owned(), |code| code.to_string());
        dialogue.exchanges().iter().map(|x| format!("{} {}", x.verb.word(), code(x.code))).collect()
    };
    assert_eq!(replies(0).last().map(String::as_str), Some("QUIT 221"), "{:?}", replies(0));
    assert_eq!(replies(1)[2..], ["MAIL -", "RCPT 550"]);
    assert!(replies(2)[0].ends_with("220"), "{:?}", replies(2));
    for document in &imported.conversations {
        let remarks = document.log.of_kind(crate::conversation::Kind::Remark).filter_map(|(_, entry)| entry.remark());
        assert_eq!(remarks.filter(|remark| remark.word == "inferred").count(), 1);
    }
}

#[test]
fn a_log_of_many_sessions_that_begin_elsewhere_says_it_in_few_words() {
    let names: Vec<String> = (0..40).map(|n| format!("08{n:02}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), 3, "<", "QUIT")).collect();
    let words: Vec<_> = import(exchange(&rows).as_bytes()).expect("a log").unread.words().collect();
    assert_eq!(words.len(), 6, "{words:?}");
    assert!(words[5].starts_with("lines 8\u{2013}42: ") && words[5].ends_with("105 in all"), "{words:?}");
}

#[test]
fn a_log_in_that_lost_its_line_end_or_stands_behind_a_lost_dot_is_masked() {
    const PLAIN: &str = "AGR1ZGUAczNjcjN0cHc=";
    let talk = |auth: &str| {
        format!(
            "Trying 1.2.3.4...\nConnected to 1.2.3.4.\nEscape character is '^]'.\n220 mx\nEHLO a\n250-mx\n250-AUTH PLAIN LOGIN\n{auth}\nQUIT\n221 bye\n"
        )
    };
    for text in [
        talk(&format!("250 8BITMIMEAUTH PLAIN {PLAIN}\n235 ok")),
        talk(&format!("250 8BITMIME\nAUTH PLAIN\n334 {PLAIN}\n235 ok")),
        talk(&format!("AUTH PLAIN\n{PLAIN}\n235 ok")),
        talk(&format!(
            "250 ok\nMAIL FROM:<a@b>\n250 ok\nDATA\n354 go\nhello\n250 ok\nAUTH PLAIN {PLAIN}\n235 ok\n.\n250 ok"
        )),
        talk(&format!("250 ok\nZGUAczNjcjN0cHc=\n235 ok {PLAIN}")),
        format!(
            "Connecting to mx [1.2.3.4]:25 ... connected\n  SMTP<< 2\n  SMTP>> EHLO a\n  SMTP<< 250 mx\n  SMTP>> AUTH PLAIN {PLAIN}\n  SMTP<< 235 ok\n"
        ),
    ] {
        let imported = import(text.as_bytes()).expect("a session");
        let mut written = Vec::new();
        imported.conversations.iter().for_each(|document| write_document(document, &mut written));
        let written = String::from_utf8_lossy(&written);
        assert!(written.contains("{{auth}}") && !written.contains(&PLAIN[4..]), "{text}\n{written}");
    }
}

#[test]
fn blanks_as_a_web_page_has_them_are_blanks() {
    for name in ["swaks-plain.txt", "telnet-classic.txt", "curl-v.txt", "exchange-receive.log.csv", "msmtp-d.txt"] {
        let text = String::from_utf8_lossy(&sample(name)).into_owned();
        let (plain, unbroken) = (import(text.as_bytes()), import(text.replace(' ', "\u{a0}").as_bytes()));
        let (plain, unbroken) = (plain.expect(name), unbroken.expect(name));
        assert_eq!(
            (unbroken.source, unbroken.conversations.len()),
            (plain.source, plain.conversations.len()),
            "{name}"
        );
        let kept = |imported: &Imported| -> Vec<Vec<u8>> {
            imported.conversations[0].log.since(0).map(|(_, entry)| entry.bytes.to_vec()).collect()
        };
        assert_eq!(kept(&unbroken), kept(&plain), "{name}");
        assert!(unbroken.unread.words().any(|words| words.contains("U+00A0")), "{name}");
    }
}
