//! The samples of other programs, each with what is in it.

use std::collections::BTreeMap;

use crate::conversation::dialogue::Verdict;
use crate::conversation::file::{self, write_document};
use crate::conversation::{Dialogue, Kind, Log};
use crate::smtp::ReplyCode;

use super::*;

mod around;
mod captures;
mod exports;

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Commands, replies, the last code, recipients accepted: as `counts.tsv` counts them.
fn counted(log: &Log) -> (usize, usize, Option<u16>, usize) {
    let commands = log.of_kind(Kind::Sent).filter(|(_, entry)| entry.bytes != b".").count();
    let dialogue = Dialogue::of(log);
    let replied = dialogue.exchanges().iter().filter(|exchange| exchange.reply().is_some());
    let last = replied.clone().filter_map(|exchange| exchange.code).next_back().map(ReplyCode::number);
    let accepted = dialogue
        .recipients()
        .iter()
        .filter(|r| {
            r.code().is_some_and(|code| code.number() / 10 == 25)
                || !matches!(r.verdict(), Verdict::Refused | Verdict::Pending)
        })
        .count();
    (commands, replied.count(), last, accepted)
}

#[test]
fn each_sample_gives_what_is_visible_in_it() {
    let table = String::from_utf8(sample("counts.tsv")).expect("text");
    let mut wrong = Vec::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [name, commands, replies, last, accepted] = cells[..] else { panic!("{row}") };
        let imported = match import(&sample(name)) {
            Ok(imported) => imported,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let mut sum = (0, 0, None, 0);
        for document in &imported.conversations {
            let (commands, replies, last, accepted) = counted(&document.log);
            sum = (sum.0 + commands, sum.1 + replies, last.or(sum.2), sum.3 + accepted);
        }
        let expected = (number(commands), number(replies), last.parse().ok(), number(accepted));
        if sum != expected {
            wrong.push(format!("{name}: {:?} gave {sum:?}, expected {expected:?}", imported.source));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

#[test]
fn an_imported_sample_is_written_and_read_the_same_and_holds_no_secret() {
    for name in names() {
        let Ok(imported) = import(&sample(&name)) else { continue };
        for document in &imported.conversations {
            let mut text = Vec::new();
            write_document(document, &mut text);
            let again = file::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let entries = |log: &Log| log.since(0).map(|(_, entry)| format!("{entry:?}")).collect::<Vec<_>>();
            assert_eq!(entries(&document.log), entries(&again.log), "{name}");
            for secret in [
                "AGR1ZGVAdGFyZ2V0LmxvY2FsAG5vZGR5",
                "ZHVkZUB0YXJnZXQubG9jYWw",
                "echo noddy",
                "d3Jvbmc=",
                "s3cr3tpw",
                "AGR1ZGUAczNj",
            ] {
                let found = memchr::memmem::find(&text, secret.as_bytes()).is_some();
                assert!(!found, "{name} holds {secret}");
            }
        }
    }
}

#[test]
fn what_a_source_does_not_show_of_a_message_is_the_same_gap_in_an_export() {
    for name in ["exim-v.txt", "exim-d-transport.txt", "curl-v.txt"] {
        let imported = import(&sample(name)).expect("a sample");
        let document = &imported.conversations[0];
        for format in ["txt", "md", "pcapng"] {
            let format = crate::interchange::by_name(format).expect("a format");
            let written = format.write(document, &crate::decode::Knowledge::default());
            let again = import(&written).unwrap_or_else(|error| panic!("{name} {}: {error}", format.name));
            let compared = crate::script::comparison::compare(document, &again.conversations[0]).expect("recordings");
            assert_eq!(compared.tally(), (0, 0), "{name} {}: {:?}", format.name, compared.rows);
        }
    }
}

fn names() -> Vec<String> {
    let folder = format!("{}/tests/samples", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the samples")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What each sample is taken for, and how much of it could not be read.
#[test]
fn each_sample_is_known_by_its_content() {
    let mut seen = BTreeMap::new();
    for name in names() {
        let words = match import(&sample(&name)) {
            Ok(imported) => format!(
                "{} {} {}",
                imported.source.unwrap_or("smtp"),
                imported.conversations.len(),
                imported.unread.words().collect::<Vec<_>>().join("; ")
            ),
            Err(error) => error.to_string().chars().take(120).collect(),
        };
        seen.insert(name, words);
    }
    insta::assert_snapshot!(
        seen.iter().map(|(name, words)| format!("{name}: {}", words.trim_end())).collect::<Vec<_>>().join("\n")
    );
}

/// Every source takes any octets, and a file of its own that was cut or changed anywhere.
mod any {
    use proptest::prelude::*;

    use super::*;

    fn take(octets: &[u8]) {
        for source in SOURCES {
            let _ = (source.looks)(octets);
            let (documents, _) = (source.read)(&text::Text::new(octets));
            for document in documents {
                let mut text = Vec::new();
                write_document(&document, &mut text);
                assert!(file::read(&text).is_ok(), "{}: {}", source.name, String::from_utf8_lossy(&text));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn any_lines_are_taken(lines in prop::collection::vec(line(), 0..12)) {
            take(lines.join("\n").as_bytes());
        }

        #[test]
        fn any_octets_are_taken(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            take(&octets);
        }

        #[test]
        fn a_sample_that_is_cut_or_changed_is_taken(which in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
            let names = names();
            let mut octets = sample(&names[which.index(names.len())]);
            octets.truncate(6000);
            octets.truncate(cut.index(octets.len() + 1));
            if !octets.is_empty() {
                let at = at.index(octets.len());
                octets[at] = octet;
            }
            if let Ok(imported) = import(&octets) {
                for document in imported.conversations {
                    let mut text = Vec::new();
                    write_document(&document, &mut text);
                    prop_assert!(file::read(&text).is_ok());
                }
            }
        }
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            "(=== |\\*\\*\\* | -> | ~> |<-  |<~  |<\\*\\* |> |< |\\* |>>> |--> |<-- |  SMTP<< |  SMTP>> |send: |reply: b)[ -~]{0,20}",
            "(220|250|354|550)[ -][ -~]{0,12}",
            "(EHLO a|MAIL FROM:<a>|DATA|BDAT 5|AUTH LOGIN|QUIT|\\.)",
            "[0-9:. ]{0,12}(=>|<=|==) (Send|Recv|Info)[ a-z,0-9()x]{0,20}",
            "\\PC{0,20}",
        ]
    }
}

#[test]
fn a_capture_that_is_out_of_order_gives_the_same_as_one_in_order() {
    let wire = |name: &str| {
        let imported = import(&sample(name)).expect("a capture");
        let log = imported.conversations[0].log.clone();
        let said = log.since(0).filter(|(_, e)| e.kind != Kind::Remark).map(|(_, e)| (e.kind, e.bytes.to_vec()));
        said.collect::<Vec<_>>()
    };
    assert_eq!(wire("clear.pcap"), wire("reordered.pcap"));
}

/// The lines of the client's, content marked as such, of a text that is imported.
fn client_lines(text: &str) -> Vec<String> {
    let imported = import(text.as_bytes()).expect("it is known");
    let log = &imported.conversations[0].log;
    let lines = log.since(0).filter_map(|(_, entry)| {
        let text = String::from_utf8_lossy(entry.bytes).into_owned();
        match entry.kind {
            Kind::Sent => Some(format!("> {text}")),
            Kind::Content => Some(format!("| {text}")),
            Kind::Remark if entry.bytes.starts_with(b"content ") => Some(format!("* {text}")),
            _ => None,
        }
    });
    lines.collect()
}

#[test]
fn a_message_that_swaks_did_not_show_or_whose_replies_it_left_out_is_no_commands() {
    let hidden = "=== Trying h:25...\n=== Connected to h.\n -> EHLO a\n -> DATA\n -> Subject: x\n -> \n -> body\n -> .\n -> QUIT\n";
    assert_eq!(client_lines(hidden), ["> EHLO a", "> DATA", "| Subject: x", "| ", "| body", "> .", "> QUIT"]);
    let counted = "=== Trying h:25...\n=== Connected to h.\n<-  220 mx\n -> DATA\n<-  354 go\n -> 11 lines sent\n<-  250 ok\n -> QUIT\n<-  221 bye\n";
    assert_eq!(client_lines(counted), ["> DATA", "* content shown=no", "> .", "> QUIT"]);
}

#[test]
fn what_swaks_would_do_is_no_conversation() {
    let dump = "=== AUTH CRAM-MD5 supported\n*** AUTH NTLM not available: requires Authen::NTLM\n=== TLS supported\n\n\
                App Info:\n  X-Mailer = swaks\n\nOutput Info:\n  silent = 0\n\nDATA Info:\n  data = Subject: x\n";
    let error = import(dump.as_bytes()).expect_err("nothing was sent").to_string();
    assert!(error.contains("what swaks prints with --dump"), "{error}");
}

#[test]
fn a_dot_that_is_not_shown_went_out_with_its_message() {
    let log = "220 mx\r\n";
    let trace = format!(
        "00:00:00.000000 <= Recv header, {} bytes (0x8)\n0000: 220 mx\n00:00:01.000000 => Send header, 6 bytes (0x6)\n0000: DATA\n\
         00:00:01.100000 <= Recv header, 8 bytes (0x8)\n0000: 354 go\n00:00:01.200000 => Send data, 4 bytes (0x4)\n0000: hi\n\
         00:00:05.200000 <= Recv header, 8 bytes (0x8)\n0000: 250 ok\n",
        log.len()
    );
    let imported = import(trace.as_bytes()).expect("a trace");
    let log = &imported.conversations[0].log;
    let dialogue = Dialogue::of(log);
    let dot =
        dialogue.exchanges().iter().find(|exchange| exchange.ask == crate::conversation::dialogue::Ask::EndOfData);
    let took = dot.and_then(|exchange| exchange.latency(log)).map(|took| took.0);
    assert_eq!(took, Some(4_000_000));
}

#[test]
fn what_exchange_does_not_log_of_a_login_is_said_and_hides_nothing_else() {
    let row = |n: usize, event: &str, data: &str| {
        format!("2026-11-29T00:00:{n:02}.000Z,MBX\\Client,08DD,{n},10.0.0.5:587,192.0.2.33:41234,{event},{data},\n")
    };
    for (verdict, last) in
        [("235 2.7.0 ok", "MAIL FROM:<dude@noddy.com>"), ("535 5.7.3 no", "MAIL FROM:<dude@noddy.com>")]
    {
        let said = [
            ("+", ""),
            (">", "220 mbx Microsoft ESMTP MAIL Service"),
            ("<", "EHLO a"),
            (">", "250 mbx"),
            ("<", "AUTH LOGIN"),
            (">", "334 <authentication response>"),
            (">", "334 <authentication response>"),
            (">", verdict),
            ("<", last),
            (">", "250 ok"),
        ];
        let head = "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,\
                    local-endpoint,remote-endpoint,event,data,context\n";
        let rows: String = said.iter().enumerate().map(|(n, (event, data))| row(n, event, data)).collect();
        let lines = client_lines(&format!("{head}{rows}"));
        assert_eq!(lines, ["> EHLO a", "> AUTH LOGIN", "> {{auth}}", "> {{auth}}", &format!("> {last}")], "{verdict}");
    }
}

#[test]
fn what_is_inferred_is_said() {
    for (name, words) in [
        ("curl-v.txt", "the dot that ends it"),
        ("telnet-pasted-no-header.txt", "a connection"),
        ("smtplib-debug1-tls-auth.txt", "TLS from here"),
        ("swaks-hide-all-data.txt", "a connection"),
        ("exchange-send.log.csv", "the lines of the reply to EHLO"),
        ("openssl-starttls.txt", "greeting, EHLO and STARTTLS"),
    ] {
        let imported = import(&sample(name)).expect("it is known");
        let remarks: Vec<_> =
            imported.conversations[0].log.of_kind(Kind::Remark).filter_map(|(_, e)| e.remark()).collect();
        let said = remarks.iter().any(|r| r.word == "inferred" && r.bare(0).is_some_and(|text| text.contains(words)));
        assert!(said, "{name}: {remarks:?}");
    }
}

#[test]
fn a_line_that_begins_with_r_is_no_failure_of_tls() {
    let imported = import(&sample("openssl-rcpt-renegotiates.txt")).expect("s_client's");
    let remarks: Vec<_> = imported.conversations[0].log.of_kind(Kind::Remark).filter_map(|(_, e)| e.remark()).collect();
    assert!(!remarks.iter().any(|r| r.word == "error" || r.get("failed").is_some()), "{remarks:?}");
    let mut told = remarks.iter().filter(|r| r.word == "tool").filter_map(|r| r.bare(0));
    assert!(told.any(|text| text.contains("asks s_client")), "{remarks:?}");
}

#[test]
fn what_could_not_be_read_is_said_by_its_line_and_no_secret_is_quoted() {
    let text = "=== Trying 127.0.0.1:25...\n=== Connected to 127.0.0.1.\n<-  220 mx\n -> EHLO a\n<-  250 mx\n??? what\npassword hunter2\n";
    let imported = import(text.as_bytes()).expect("swaks");
    let words: Vec<_> = imported.unread.words().collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words[0].starts_with("line 6: ") && words[0].ends_with("??? what"), "{words:?}");
    assert!(words[1].starts_with("line 7: ") && !words[1].contains("hunter2"), "{words:?}");
}

/// The records of a file with one conversation, as a transcript has them, and what is said of it.
fn read_as(text: &str) -> (String, Vec<String>) {
    let imported = import(text.as_bytes()).expect("it is read");
    let mut written = Vec::new();
    write_document(&imported.conversations[0], &mut written);
    (String::from_utf8(written).expect("UTF-8"), imported.unread.words().collect())
}

#[test]
fn an_answer_within_auth_is_masked_though_its_beginning_is_missing() {
    for text in [
        "334 UGFzc3dvcmQ6\nc2VjcmV0cGFzcw==\n235 2.7.0 ok\nQUIT\n221 bye\n",
        "c2VjcmV0cGFzcw==\n235 2.7.0 ok\nMAIL FROM:<a@b>\n250 ok\nQUIT\n221 bye\n",
        "=== Trying mx:25...\n<-  334 UGFzc3dvcmQ6\n -> c2VjcmV0cGFzcw==\n<-  235 ok\n",
    ] {
        let Ok(imported) = import(text.as_bytes()) else { panic!("{text}") };
        let mut written = Vec::new();
        write_document(&imported.conversations[0], &mut written);
        let said: Vec<String> = imported.unread.words().collect();
        let written = format!("{}{said:?}", String::from_utf8_lossy(&written));
        assert!(!written.contains("c2VjcmV0"), "{written}");
    }
}

#[test]
fn a_quoted_session_is_read_and_what_was_taken_off_is_said() {
    let session =
        "220 mx ESMTP\nEHLO a\n250 mx\nAUTH LOGIN\n334 UGFzc3dvcmQ6\nc2VjcmV0cGFzcw==\n235 ok\nQUIT\n221 bye\n";
    let quoted = format!("> {}\n", session.trim_end().replace('\n', "\n> "));
    let (written, said) = read_as(&quoted);
    assert!(written.contains("> EHLO a") && written.contains("> {{auth}}") && !written.contains("> 220"), "{written}");
    assert!(said.iter().any(|words| words.contains("quotation mark")), "{said:?}");
    let (script, said) = read_as("> EHLO a\n< 250\n> QUIT\n");
    assert!(script.contains("> EHLO a\n< 250") && said.is_empty(), "a script stays one: {script}");
}

#[test]
fn a_message_about_swaks_does_not_decide_what_its_marks_are() {
    let (written, said) = read_as(
        "=== Trying mx:25...\n=== Connected to mx.\n220 mx\nEHLO a\n250 mx\nMAIL FROM:<a@b>\n250 ok\nRCPT TO:<c@d>\n250 ok\n\
         DATA\n354 go\nSubject: marks\n\n<-  250 fake\n -> x\n*** y\n.\n250 queued\nQUIT\n221 bye\n",
    );
    assert!(
        written.contains("| <-  250 fake") && written.contains("< 250 queued") && said.is_empty(),
        "{written}{said:?}"
    );
}

#[test]
fn nothing_is_sent_after_the_reply_to_quit() {
    let (written, said) = read_as("220 mx\nQUIT\n221 bye\nConnection to host lost.\n\nC:\\Users\\dude>\n");
    assert!(written.contains("* closed by=server") && !written.contains("Users"), "{written}");
    assert!(said.iter().any(|words| words.contains("after the end")), "{said:?}");
}

/// Whether a text is nowhere in what was read of a file, and in nothing that is said of it.
#[track_caller]
fn hides(text: &str, secrets: &[&str]) {
    let (written, said) = read_as(text);
    let all = format!("{written}{said:?}");
    for secret in secrets {
        assert!(!all.contains(secret), "{secret} is in\n{all}");
    }
}

#[test]
fn a_secret_is_masked_however_it_was_typed_and_wherever_it_stands() {
    let secrets = ["c2VjcmV0cGFzcw", "AGR1ZGUAc2VjcmV0cGFzcw", "secretpass", "hunter2"];
    for line in [
        "AUTHPLAIN AGR1ZGUAc2VjcmV0cGFzcw==",
        "auth-plain AGR1ZGUAc2VjcmV0cGFzcw==",
        "AUHT PLAIN AGR1ZGUAc2VjcmV0cGFzcw==",
        "AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw",
        "PASS secretpass",
        "a1 LOGIN dude secretpass",
        "XFOO AGR1ZGUAc2VjcmV0cGFzcw==",
        "AUTH PLAIN AGR1ZGUAc2VjcmV0cGFzcw==\rc2VjcmV0cGFzcw==",
    ] {
        hides(&format!("220 mx\nEHLO a\n250 mx\n{line}\n500 what\nQUIT\n221 bye\n"), &secrets);
        // What stood there before it was known to be one.
        hides(
            &format!("220 mx\nEHLO a\n250 mx\nNOOP c2VjcmV0cGFzcw==\n250 ok\n{line}\n500 what\nQUIT\n221 bye\n"),
            &secrets,
        );
    }
    // A verdict shows what the line before it was.
    for verdict in ["235 2.7.0 ok", "535 5.7.8 no"] {
        hides(&format!("220 mx\nEHLO a\n250 mx\nhunter2\n{verdict}\nRSET hunter2\n250 ok\nQUIT\n221 bye\n"), &secrets);
        hides(
            &format!("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: XLOGON dude hunter2\nS: {verdict}\nC: QUIT\nS: 221 bye\n"),
            &secrets,
        );
    }
    hides(
        "*   Trying 127.0.0.1:25...\n* Connected to h (127.0.0.1) port 25\n> CONNECT mx:25 HTTP/1.1\n> Proxy-Authorization: Basic c2VjcmV0cGFzcw==\n< 220 mx\n> QUIT\n< 221 bye\n",
        &secrets,
    );
    hides(
        "swaks --to a@b -ap hunter2\n=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n -> QUIT\n<-  221 bye\n",
        &secrets,
    );
}

#[test]
fn a_time_or_a_name_before_each_line_is_taken_off_or_read() {
    let swaks = "=== Trying mx:25...\n=== Connected to mx.\n<-  220 mx\n -> QUIT\n<-  221 bye\n";
    let before = |put: &str| swaks.lines().map(|line| put.to_owned() + line + "\n").collect::<String>();
    for (put, words) in [
        ("11:08:00.123 ", "the time"),
        ("swaks.log:", "stands before"),
        ("run-1  | ", "stands before"),
        ("> ", "quotation"),
    ] {
        let (written, said) = read_as(&before(put));
        assert!(written.contains("< 220 mx") && written.contains("> QUIT"), "{put}: {written}");
        assert!(said.iter().any(|said| said.contains(words)), "{put}: {said:?}");
    }
    let log = "2026-11-24 22:18:00,5 DEBUG send: 'QUIT\\r\\n'\n2026-11-24 22:18:01,5 DEBUG reply: b'221 bye\\r\\n'\n";
    let (written, _) = read_as(log);
    assert!(written.contains("0.000000 > QUIT") && written.contains("1.000000 < 221 bye"), "{written}");
}

#[test]
fn a_long_message_is_cut_as_a_recording_cuts_it() {
    let line = format!("{}\n", "x".repeat(998));
    let text = format!("220 mx\nDATA\n354 go\n{}.\n250 ok\nQUIT\n221 bye\n", line.repeat(2000));
    let imported = import(text.as_bytes()).expect("it is read");
    let log = &imported.conversations[0].log;
    let kept: usize = log.of_kind(Kind::Content).map(|(_, entry)| entry.bytes.len() + 2).sum();
    let cut = log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark()).find(|remark| remark.word == "cut");
    let cut: usize = cut.expect("it is said").get("bytes").expect("how much").parse().expect("a number");
    assert!(kept <= 1 << 20 && kept + cut == 2000 * 1000, "{kept} {cut}");
}

#[test]
fn each_message_of_an_mbox_is_read_and_a_log_goes_on_after_new_year() {
    let message = "From dude@noddy.com Mon Nov 24 22:18:57 2026\nReceived: from a by b; Tue, 24 Nov 2026 22:18:57 +0000\nSubject: x\n\nFrom me\n\n";
    let imported = import(message.repeat(2).as_bytes()).expect("an mbox");
    assert_eq!(imported.conversations.len(), 2);
    let line = |time: &str, text: &str| format!("{time} mx postfix/smtpd[7]: {text}\n");
    let peer = "unknown[192.0.2.7]";
    let log =
        line("Dec 31 23:59:59", &format!("> {peer}: 220 mx")) + &line("Jan  1 00:00:02", &format!("< {peer}: QUIT"));
    assert!(read_as(&log).0.contains("3.000000 > QUIT"), "{log}");
}

#[test]
fn content_of_a_plain_text_stays_content_though_its_354_comes_later() {
    let (written, said) =
        read_as("=== connected to mx:25\n<-  220 mx\n -> DATA\n -| Subject: x\n -> .\n<-  354 go\n<-  250 ok\n");
    assert!(written.contains("| Subject: x") && said.is_empty(), "{written}{said:?}");
}

#[test]
fn nothing_is_no_conversation() {
    assert!(matches!(import(b" \r\n\n"), Err(ImportError::Empty)));
    let packed = import(b"\x1f\x8b\x08\x08abc").expect_err("it is compressed").to_string();
    assert!(packed.contains("compressed (gzip)") && packed.contains("gzip -dk"), "{packed}");
}

#[test]
fn a_time_that_goes_back_is_kept() {
    let (text, _) = read_as(
        "[10:00:00] Server: 220 mx.noddy.com\n[10:00:00] Client: EHLO x\n[10:00:00] Server: 250 mx\n\
         [10:00:03] Client: MAIL FROM:<a@x>\n[10:00:03] Server: 550 5.1.8 no\n[09:59:59] Client: QUIT\n\
         [10:00:04] Server: 221 bye\n",
    );
    assert!(text.contains("3.000000 < 550 5.1.8 no\n0.000000 > QUIT\n4.000000 < 221 bye"), "{text}");
}
