//! Every format, and what is read back from those that can be.

use super::*;
use crate::conversation::Kind;

#[test]
fn nothing_in_a_normalised_file_acts_on_a_terminal() {
    let file = b"# c \x1b]0;x\x07\n0.100000 * note \"\x1b[2J\"\n0.200000 < 220 a\\\\b\n";
    let document = crate::conversation::file::read(file).expect("a transcript");
    let out = String::from_utf8(own(&document, &Knowledge::default())).expect("text");
    assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{out:?}");
    assert!(out.contains("0.200000 < 220 a\\\\b\n"), "{out}");
}

#[test]
fn a_command_line_runs_nothing_that_a_file_names() {
    let file = b"+++\nehlo = 1\ntarget = \"pipe:rm x\"\n+++\n0.1 * connecting pipe:rm x\n0.1 * connected pipe:rm x\n\
        0.2 < 220 a\n0.3 > EHLO b\n0.4 < 250 c\n";
    let document = crate::conversation::file::read(file).expect("a transcript");
    let out = String::from_utf8(command_line::send(&document, &Knowledge::default())).expect("text");
    assert!(out.ends_with("\nehlo send HOST --helo b --no-tls --quit-after HELO\n") && !out.contains("rm"), "{out}");
}

#[test]
fn every_format_has_a_name_an_ending_and_words_of_its_own() {
    for format in FORMATS {
        assert_eq!(by_name(format.name).map(|f| f.name), Some(format.name));
        assert!(!format.extensions.is_empty() && !format.help.is_empty(), "{}", format.name);
        for extension in format.extensions {
            assert_eq!(by_extension(extension).map(|f| f.name), Some(format.name), "{extension} means two formats");
        }
    }
}

/// A conversation with what each format has to show: a greeting, capabilities, TLS, a secret, a refusal, content, a note.
const TALK: &str = "+++\nehlo = 1\ntitle = \"Is it <open>?\"\ntarget = \"smtp://mx.target.local:25\"\n\
    started = 2026-11-24T10:00:00.000Z\nside = \"client\"\n+++\n\
    0.000000 * connecting 192.0.2.7:25\n0.010000 * connected 192.0.2.7:25 from 192.0.2.9:40312\n\
    0.050000 < 220 mx.target.local ESMTP\n1.000000 > EHLO noddy.com\n1.010000 < 250-mx.target.local\n\
    1.010000 < 250 STARTTLS\n2.000000 > STARTTLS\n2.010000 < 220 2.0.0 Ready\n\
    2.050000 * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes\n3.000000 > EHLO noddy.com\n\
    3.010000 < 250-mx.target.local\n3.010000 < 250 AUTH PLAIN\n4.000000 > AUTH PLAIN {{auth}}\n4.020000 < 235 2.7.0 Ok\n\
    5.000000 > MAIL FROM:<dude@noddy.com> RET=HDRS\n5.010000 < 250 2.1.0 Ok\n6.000000 > RCPT TO:<a@target.local>\n\
    6.010000 < 250 2.1.5 Ok\n7.000000 > RCPT TO:<b@elsewhere.example>\n\
    7.800000 < 554 5.7.1 <b@elsewhere.example>: Relay access denied\n7.800000 * note \"as expected\"\n\
    8.000000 > DATA\n8.010000 < 354 go\n8.100000 | Subject: a | b\n8.100000 |\n8.100000 | ..dot \\xff\n\
    8.100000 > .\n8.200000 < 250 2.0.0 queued as 1A2B\n9.000000 > QUIT\n9.010000 < 221 bye\n9.010000 * closed by=server\n";

#[test]
fn each_format_is_as_it_was() {
    let document = crate::conversation::file::read(TALK.as_bytes()).expect("a transcript");
    // What replies mean is said elsewhere, and changes there.
    let knowledge = Knowledge::default();
    for format in FORMATS {
        let out = (format.export)(&document, &knowledge);
        let shown = if format.binary {
            out.chunks(32)
                .map(|row| row.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat())
                .map(|row| row + "\n")
                .collect()
        } else {
            String::from_utf8(out).expect("text")
        };
        // The style has no bearing on what is written.
        let shown = match format.name {
            "html" => shown.replace(include_str!("ground.css"), "").replace(include_str!("page.css"), ""),
            _ => shown,
        };
        insta::assert_snapshot!(format!("format_{}", format.name), shown);
    }
}

#[test]
fn no_format_holds_a_secret_or_acts_on_a_terminal() {
    let document = crate::conversation::file::read(TALK.as_bytes()).expect("a transcript");
    for format in FORMATS.iter().filter(|format| !format.binary) {
        let out = String::from_utf8((format.export)(&document, &Knowledge::default())).expect("text");
        let unfit = out.chars().find(|c| *c != '\n' && !crate::smtp::escape::is_plain(*c));
        assert_eq!(unfit, None, "{}", format.name);
    }
}

mod back {
    use proptest::prelude::*;

    use crate::conversation::event::{Event, Line, Micros, Remark};
    use crate::conversation::file::{Document, Header};
    use crate::conversation::{Dialogue, Kind, Log};

    use super::super::import::import;
    use super::*;

    type OnTheWire = (Kind, Vec<u8>);

    /// What was said: each line of either side as it was on the wire, and the exchanges with the lines of their replies.
    fn said(log: &Log) -> (Vec<OnTheWire>, Vec<Vec<Vec<u8>>>) {
        let wire = log.since(0).filter(|(_, e)| matches!(e.kind, Kind::Sent | Kind::Content | Kind::Received));
        let dialogue = Dialogue::of(log);
        let replies = (0..dialogue.exchanges().len()).map(|n| {
            dialogue.reply(log, n).map_or_else(Vec::new, |reply| reply.lines.iter().map(|l| l.raw.clone()).collect())
        });
        (wire.map(|(_, entry)| (entry.kind, entry.bytes.to_vec())).collect(), replies.collect())
    }

    fn words() -> impl Strategy<Value = String> {
        "[!-~]{1,12}( [!-~]{1,12}){0,4}"
    }

    #[derive(Debug, Clone)]
    struct Turn {
        command: String,
        code: u16,
        lines: Vec<String>,
    }

    fn turn() -> impl Strategy<Value = Turn> {
        let command = prop_oneof![
            words().prop_map(|words| format!("NOOP {words}")),
            Just("EHLO noddy.com".to_owned()),
            "[a-z]{1,8}".prop_map(|local| format!("MAIL FROM:<{local}@noddy.com> SIZE=100")),
            "[a-z]{1,8}".prop_map(|local| format!("rcpt to:<{local}@target.local>")),
            Just("RSET".to_owned()),
            Just("QQQ".to_owned()),
        ];
        let code = prop_oneof![Just(250_u16), Just(550), Just(451), Just(252)];
        (command, code, prop::collection::vec(words(), 1..4)).prop_map(|(command, code, lines)| Turn {
            command,
            code,
            lines,
        })
    }

    fn log(turns: &[Turn], content: Option<&Vec<String>>) -> Log {
        let mut log = Log::new();
        let mut at = 0;
        let mut push = |event: Event| {
            at += 1000;
            log.push(Micros(at), &event);
        };
        let line = |text: String| Line::new(text.into_bytes());
        push(Event::Remark(Remark::new("connecting").value("192.0.2.7:25")));
        push(Event::Remark(Remark::new("connected").value("192.0.2.7:25").value("from").value("192.0.2.9:40000")));
        push(Event::Received(line("220 mx.target.local ESMTP".to_owned())));
        let end = content.map(|_| Turn { command: "DATA".to_owned(), code: 354, lines: vec!["go".to_owned()] });
        for turn in turns.iter().chain(&end) {
            push(Event::Sent(line(turn.command.clone())));
            let last = turn.lines.len() - 1;
            for (n, text) in turn.lines.iter().enumerate() {
                push(Event::Received(line(format!("{}{}{text}", turn.code, if n == last { ' ' } else { '-' }))));
            }
        }
        for text in content.into_iter().flatten() {
            push(Event::Content(line(text.clone())));
        }
        if content.is_some() {
            push(Event::Sent(line(".".to_owned())));
            push(Event::Received(line("250 2.0.0 queued".to_owned())));
        }
        push(Event::Remark(Remark::new("closed").with("by", "server")));
        log
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_is_read_back_is_what_was_written(
            turns in prop::collection::vec(turn(), 0..8),
            content in prop::option::of(prop::collection::vec("(\\.\\.)?[a-zA-Z <>:*=~|-]{0,20}[a-z]|", 0..6)),
        ) {
            let log = log(&turns, content.as_ref());
            let mut header = Header::default();
            header.set("ehlo", toml::Value::Integer(1));
            let document = Document::new(header, log);
            for name in ["smtp", "json", "pcapng", "txt", "md"] {
                let format = by_name(name).expect("a format");
                let octets = (format.export)(&document, &Knowledge::default());
                let imported = import(&octets).unwrap_or_else(|error| panic!("{name}: {error}"));
                prop_assert_eq!(imported.conversations.len(), 1, "{}", name);
                prop_assert!(imported.unread.is_empty(), "{}: {:?}", name, imported.unread);
                prop_assert_eq!(said(&imported.conversations[0].log), said(&document.log), "{}", name);
            }
        }
    }
}

/// STARTTLS, and TLS from the first byte: one connection each, what was said under TLS in it, and how it was encrypted.
#[test]
fn what_was_under_tls_stays_in_its_conversation_in_a_capture() {
    let implicit = "+++\nehlo = 1\n+++\n0.0 * connecting 192.0.2.7:465\n0.1 * connected 192.0.2.7:465 from 192.0.2.9:40312\n\
        0.2 * tls version=TLSv1.2 verified=no\n0.3 < 220 mx ESMTP\n0.4 > NOOP\n0.5 < 250 2.0.0 ok\n0.6 * closed by=client\n";
    for (talk, tls) in [
        (TALK, "* tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes"),
        (implicit, "* tls version=TLSv1.2 verified=no"),
    ] {
        let document = crate::conversation::file::read(talk.as_bytes()).expect("a transcript");
        let octets = (by_name("pcapng").expect("a format").export)(&document, &Knowledge::default());
        let imported = import::import(&octets).expect("a capture");
        assert_eq!(imported.conversations.len(), 1, "{tls}");
        let text = |document: &Document| String::from_utf8(own(document, &Knowledge::default())).expect("text");
        let wire = |document: &Document| -> Vec<String> {
            let lines = text(document);
            let said = lines.lines().filter_map(|line| line.split_once(' ')).map(|(_, what)| what.to_owned());
            said.filter(|what| what.starts_with(['<', '>', '|']) || what.starts_with("* tls")).collect()
        };
        assert_eq!(wire(&imported.conversations[0]), wire(&document));
        assert!(text(&imported.conversations[0]).contains(tls), "{}", text(&imported.conversations[0]));
    }
}

/// The blocks of a pcapng file.
fn blocks(mut octets: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    while let Some(length) = octets.get(4..8) {
        let length = u32::from_le_bytes(length.try_into().expect("four octets")) as usize;
        let (block, rest) = octets.split_at(length);
        out.push(block);
        octets = rest;
    }
    out
}

#[test]
fn a_capture_that_begins_at_a_command_pairs_no_reply_with_the_command_before() {
    let talk = "+++\nehlo = 1\n+++\n0.0 * connecting 192.0.2.7:25\n0.1 * connected 192.0.2.7:25 from 192.0.2.9:40312\n\
        0.2 < 220 mx\n0.3 > MAIL FROM:<a@b>\n0.4 < 250 ok\n0.5 > RCPT TO:<c@d>\n0.6 < 250 fine\n0.7 > RCPT TO:<e@d>\n0.8 < 550 no\n";
    let document = crate::conversation::file::read(talk.as_bytes()).expect("a transcript");
    let octets = (by_name("pcapng").expect("a format").export)(&document, &Knowledge::default());
    // Two heads, three packets of TCP's own, and the greeting.
    let all = blocks(&octets);
    let cut = [&all[..2], &all[6..]].concat().concat();
    let imported = import::import(&cut).expect("a capture");
    let log = &imported.conversations[0].log;
    let dialogue = crate::conversation::Dialogue::of(log);
    let codes: Vec<_> = dialogue.recipients().iter().map(|it| it.code().map(crate::smtp::ReplyCode::number)).collect();
    assert_eq!(codes, [Some(250), Some(550)]);
}

/// A packet block, its packet cut to so many octets as a snap length does.
fn snapped(block: &[u8], most: usize) -> Vec<u8> {
    let number = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().expect("four octets"));
    if number(0) != 6 || number(20) as usize <= most {
        return block.to_vec();
    }
    let most = most.next_multiple_of(4);
    let length = u32::try_from(32 + most).expect("short").to_le_bytes();
    let captured = u32::try_from(most).expect("short").to_le_bytes();
    [&block[..4], &length, &block[8..20], &captured, &block[24..28 + most], &length].concat()
}

#[test]
fn what_a_snap_length_cut_off_stands_where_it_was_said() {
    let talk = "+++\nehlo = 1\n+++\n0.0 * connecting 192.0.2.7:25\n0.1 * connected 192.0.2.7:25 from 192.0.2.9:40312\n\
        0.2 < 220 mx.target.local ESMTP of some length\n0.3 > EHLO a\n0.4 < 250 mx.target.local greets you, dear client\n0.5 > NOOP\n0.6 < 250 ok\n";
    let document = crate::conversation::file::read(talk.as_bytes()).expect("a transcript");
    let octets = (by_name("pcapng").expect("a format").export)(&document, &Knowledge::default());
    let cut: Vec<u8> = blocks(&octets).into_iter().flat_map(|block| snapped(block, 56)).collect();
    let imported = import::import(&cut).expect("a capture");
    let text = String::from_utf8(own(&imported.conversations[0], &Knowledge::default())).expect("text");
    let wire: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, what)| what)
        .filter(|what| what.starts_with(['<', '>']))
        .collect();
    assert_eq!(wire, ["< 220 mx.target.lo\\c", "> EHLO a", "< 250 mx.target.lo\\c", "> NOOP", "< 250 ok"], "{text}");
    assert!(imported.unread.words().any(|words| words.contains("snap length")));
}

#[test]
fn a_password_behind_a_line_without_its_end_is_masked() {
    // As a server's side would have recorded it, which masks nothing: so it stands on the wire.
    let talk = "+++\nehlo = 1\n+++\n0.1 * connected 192.0.2.7:25 from 192.0.2.9:40312\n0.2 < 220 mx\n0.3 > EHLO a\n\
        0.4 < 250-mx\n0.4 < 250 AUTH PLAIN\n0.5 > MAIL FROM:<somebody@target.local>\n0.6 < 250 ok\n0.7 > AUTH PLAIN AGR1\n0.8 < 235 in\n";
    let document = crate::conversation::file::read(talk.as_bytes()).expect("a transcript");
    let octets = (by_name("pcapng").expect("a format").export)(&document, &Knowledge::default());
    let octets: Vec<u8> = blocks(&octets).into_iter().flat_map(|block| snapped(block, 64)).collect();
    let imported = import::import(&octets).expect("a capture");
    let text = String::from_utf8(own(&imported.conversations[0], &Knowledge::default())).expect("text");
    assert!(text.contains("AUTH PLAIN {{auth}}") && !text.contains("AGR1"), "{text}");
}

#[test]
fn what_was_held_in_an_exam_explains_nothing_and_says_why() {
    let text = TALK.replace("verified=yes", "verified=no reason=\"it expired on 2026-10-30\"");
    let read = |text: &str| crate::conversation::file::read(text.as_bytes()).expect("a transcript");
    let marked = read(&text.replacen("ehlo = 1\n", "ehlo = 1\nexam = \"monday\"\n", 1));
    let document = read(&text);
    for format in FORMATS.iter().filter(|format| !format.binary && format.name != "smtp") {
        let written =
            |document, knowledge: &Knowledge| String::from_utf8(format.write(document, knowledge)).expect("text");
        let (free, exam) =
            (written(&document, &Knowledge::shipped()), written(&document, &Knowledge::shipped().silenced()));
        let kept = written(&marked, &Knowledge::shipped());
        assert!(!exam.contains("expired on") && !kept.contains("expired on"), "{}: {kept}", format.name);
        if !["md", "html", "json"].contains(&format.name) {
            continue;
        }
        assert!(free.contains("expired on"), "{}: {free}", format.name);
        for exam in [exam, kept] {
            assert!(exam.contains("left out: this was held in an exam"), "{}: {exam}", format.name);
            assert!(free.len() > exam.len() + 300, "{}: {exam}", format.name);
            assert!(!exam.contains("is not this server's domain"), "{}: {exam}", format.name);
        }
    }
    let smtp = String::from_utf8(super::by_name("smtp").expect("there").write(&marked, &Knowledge::shipped()));
    let smtp = smtp.expect("text");
    assert!(smtp.contains("exam = \"monday\"") && smtp.contains("expired on"), "the transcript keeps it: {smtp}");
}

/// A recording that goes on as a script.
const MIXED: &str = "+++\nehlo = 1\ntarget = \"smtp://mx:25\"\n[vars]\nto = \"a@b\"\n[masks]\nids = \"x\"\n+++\n# mine\n\n\
    0.000000 * connecting mx:25\n0.010000 * connected mx:25\n0.020000 < 220 mx\n> EHLO a\n< 2xx\n? capability STARTTLS\n\
    * sleep 1s\n";

#[test]
fn what_a_form_has_not_of_a_script_is_said() {
    let document = crate::conversation::file::read(MIXED.as_bytes()).expect("a transcript");
    let lines = "4 lines of a script and 1 comment";
    let shown = format!("{lines}: there to be seen, and not read back from it");
    let (dropped, alone) = (format!("left out: {lines}"), "left out: 4 lines of a script".to_owned());
    let head = "left out: [vars] and [masks] of the head".to_owned();
    for format in FORMATS {
        let want = match format.name {
            "smtp" | "json" => vec![],
            "html" | "cast" => vec![head.clone()],
            "txt" | "md" => vec![shown.clone(), head.clone()],
            "pcapng" => vec![dropped.clone()],
            _ => vec![alone.clone()],
        };
        assert_eq!(format.told(&document, &Knowledge::default()).left_out, want, "{}", format.name);
    }
    // What has no time is given none.
    let page = String::from_utf8(markdown::export(&document, &Knowledge::default())).expect("text");
    assert!(page.contains("   0.020 <-  220 mx\n         > EHLO a\n         < 2xx\n"), "{page}");
    let back = import::import(page.as_bytes()).expect("it is read").conversations;
    let said: Vec<_> = back[0].log.of_kind(Kind::Received).map(|(_, entry)| entry.in_file()).collect();
    assert_eq!(said, ["220 mx"]);
    let alone = crate::conversation::file::read(b"> EHLO a\n< 250\n").expect("a script");
    let words = command_line::send_partly(&alone).left_out;
    assert!(words.iter().any(|words| words.starts_with("it is a script: ehlo run")), "{words:?}");
}
