//! What is written in another format and read back: the same conversation, with the same gaps.

use crate::conversation::event::Remark;
use crate::conversation::file::Document;
use crate::decode::Knowledge;
use crate::interchange::{FORMATS, Format};
use crate::script::comparison::compare;

use super::*;

/// The formats that can be read back.
fn read_back() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| ["smtp", "txt", "md", "json", "pcapng"].contains(&format.name))
}

/// What was said, in the order of its records, with each remark that says what is missing or where the session stands.
fn told(document: &Document) -> Vec<String> {
    let (mut out, mut open) = (Vec::<String>::new(), None);
    for (_, entry) in document.log.since(0) {
        let line = match entry.kind {
            Kind::Remark => entry.remark().map(|remark| session(&remark)).filter(|line| !line.is_empty()),
            _ => Some(format!("{:?} {}", entry.kind, entry.in_file())),
        };
        let Some(line) = line else { continue };
        // A direction's octets are one line, in however many records they stand.
        match out.last_mut() {
            Some(last) if open == Some(entry.kind) => {
                *last = last.trim_end_matches("\\c").to_owned() + &entry.in_file();
            }
            _ => out.push(line),
        }
        let ends = entry.crlf || entry.bytes.ends_with(b"\n") || entry.kind == Kind::Remark;
        open = (!ends).then_some(entry.kind);
    }
    out
}

/// A remark without what not every format can say.
fn session(remark: &Remark) -> String {
    let keys: &[&str] = match remark.word.as_str() {
        "connected" | "unseen" => &[],
        "closed" => &["by"],
        "tls" => &["version", "cipher", "failed"],
        "content" => &["bytes"],
        "cut" => &["direction", "bytes"],
        "lost" => &["replies"],
        "gave-up" => &["reason"],
        _ => return String::new(),
    };
    let values = keys.iter().filter_map(|key| Some(format!("{key}={}", remark.get(key)?)));
    let bare = remark.bare(0).filter(|_| remark.word == "unseen").map(str::to_owned);
    [remark.word.clone()].into_iter().chain(bare).chain(values).collect::<Vec<_>>().join(" ")
}

/// What each exchange was, and its reply.
fn exchanges(document: &Document) -> Vec<String> {
    let dialogue = Dialogue::of(&document.log);
    let all = dialogue.exchanges().iter().enumerate();
    let lines = |n: usize| dialogue.reply(&document.log, n).map(|reply| reply.lines);
    all.map(|(n, exchange)| format!("{:?} {:?} {:?} {:?}", exchange.ask, exchange.verb, exchange.code, lines(n)))
        .collect()
}

#[track_caller]
fn is_read_back(name: &str, document: &Document) {
    for format in read_back() {
        let written = format.write(document, &Knowledge::default());
        let again = import(&written).unwrap_or_else(|error| panic!("{name} as {}: {error}", format.name));
        let place = format!("{name} as {}", format.name);
        assert_eq!(again.conversations.len(), 1, "{place}");
        assert!(again.unread.is_empty(), "{place}: {:?}", again.unread);
        let again = &again.conversations[0];
        assert_eq!(told(again), told(document), "{place}");
        assert_eq!(exchanges(again), exchanges(document), "{place}");
        let compared = compare(document, again).expect("recordings");
        assert_eq!(compared.tally(), (0, 0), "{place}: {:?}", compared.rows);
        // What is read back is no other export either.
        let twice = format.write(again, &Knowledge::default());
        let twice = import(&twice).unwrap_or_else(|error| panic!("{place}, twice: {error}"));
        assert_eq!(told(&twice.conversations[0]), told(document), "{place}, twice");
    }
}

#[test]
fn every_export_of_every_sample_is_read_back_as_the_same_conversation() {
    for name in names() {
        let Ok(imported) = import(&sample(&name)) else { continue };
        for document in &imported.conversations {
            is_read_back(&name, document);
        }
    }
}

/// What a recording may hold behind its greeting.
const ODD: &[(&str, &str)] = &[
    ("two lines that are no commands", "1.0 > hello there\n1.0 > who is there\n1.1 < 500 what\n1.1 < 500 what\n"),
    (
        "a server that speaks within DATA",
        "1.0 > DATA\n1.1 < 354 go\n1.2 | x\n1.3 < 421 too slow\n1.4 | y\n1.4 > .\n1.5 < 250 ok\n",
    ),
    ("a reply in two pieces", "1.0 > NOOP\n1.1 < 25\\c\n1.2 > QUIT\n1.3 < 0 ok\n1.4 < 221 bye\n"),
    ("a reply that stays open", "1.0 > NOOP\n1.1 < 250-a\n2.0 * gave-up awaiting=NOOP\n3.0 > RSET\n3.1 < 250 ok\n"),
    ("a message that is not shown", "1.0 > DATA\n1.1 < 354 go\n1.2 * content shown=no\n1.2 > .\n1.3 < 250 ok\n"),
    ("a message that is counted", "1.0 > DATA\n1.1 < 354 go\n1.2 * content bytes=99 shown=no\n1.2 > .\n1.3 < 250 ok\n"),
    (
        "a message of which a part is kept",
        "1.0 > DATA\n1.1 < 354 go\n1.2 | a\n1.2 * cut direction=out bytes=9 sha256=aa\n1.2 > .\n1.3 < 250 ok\n",
    ),
    ("a message that is empty", "1.0 > DATA\n1.1 < 354 go\n1.2 > .\n1.3 < 250 ok\n"),
    (
        "a message whose 354 comes late",
        "1.0 > DATA\n1.0 | NOOP\n1.0 > .\n1.1 < 354 go\n1.2 < 250 ok\n1.3 > QUIT\n1.4 < 221 bye\n",
    ),
    ("a chunk", "1.0 > BDAT 4 LAST\n1.0 | ab\n1.1 < 250 ok\n"),
    ("a chunk that is not shown", "1.0 > BDAT 40 LAST\n1.0 * content bytes=40 sha256=aa\n1.1 < 250 ok\n"),
    (
        "a file that is not kept",
        "1.0 > DATA\n1.1 < 354 go\n1.2 * content bytes=40 sha256=aa file=a.eml\n1.2 > .\n1.3 < 250 ok\n",
    ),
    (
        "records that were lost",
        "1.0 > DATA\n1.1 < 354 go\n1.2 * warning kind=journal lost=9 \"records could not be written here\"\n1.3 > .\n1.4 < 250 ok\n",
    ),
    ("TLS that failed", "1.0 > STARTTLS\n1.1 < 220 go\n1.2 * tls failed=yes reason=\"unexpected eof\"\n1.3 > QUIT\n"),
    ("what is said after the end", "1.0 > QUIT\n1.1 < 221 bye\n1.2 * closed by=server\n1.3 * note \"all of it\"\n"),
    (
        "a log-in",
        "1.0 > AUTH LOGIN\n1.1 < 334 VXNlcm5hbWU6\n1.2 > {{auth}}\n1.3 < 334 UGFzc3dvcmQ6\n1.4 > {{auth}}\n1.5 < 235 ok\n",
    ),
    (
        "a second connection",
        "1.0 > QUIT\n1.1 < 221 bye\n1.2 * closed by=server\n2.0 * connecting 127.0.0.1:25\n2.1 * connected 127.0.0.1:25\n2.2 < 220 mx\n2.3 > DATA\n2.4 < 354 go\n2.5 * content shown=no\n2.5 > .\n2.6 < 250 ok\n",
    ),
];

#[test]
fn what_is_odd_in_a_recording_stays_so_in_every_export() {
    const CONNECTED: &str =
        "0.0 * connecting 127.0.0.1:25\n0.0 * connected 127.0.0.1:25 from 127.0.0.1:4000\n0.1 < 220 mx\n";
    for (name, records) in ODD {
        let text =
            format!("+++\nehlo = 1\ntarget = \"mx:25\"\nstarted = 2026-11-24T10:00:00.000Z\n+++\n{CONNECTED}{records}");
        is_read_back(name, &file::read(text.as_bytes()).expect(name));
    }
    for (name, records) in [
        (
            "a call behind a line without an end",
            "0.0 * connecting a:25\n0.0 * connected a:25\n0.1 < 22\\c\n0.2 * connecting a:25\n",
        ),
        ("a call that nobody answers", "0.0 * connecting 127.0.0.1:25\n0.1 * error kind=connect \"refused\"\n"),
        ("the end of a conversation", "0.0 > QUIT\n0.1 < 221 bye\n0.1 * closed by=server\n"),
    ] {
        let document = file::read(format!("+++\nehlo = 1\ntitle = \"x\"\n+++\n{records}").as_bytes()).expect(name);
        let format = read_back().find(|format| format.name == "pcapng").expect("a format");
        let again = import(&format.write(&document, &Knowledge::default())).expect(name).conversations;
        assert_eq!((told(&again[0]), again.len()), (told(&document), 1), "{name}");
        assert_eq!(again[0].header.text("title"), Some("x"), "{name}");
    }
}

/// Words of somebody's that are what an export says of the conversation, or what marks its parts.
const WORDS: [&str; 40] = [
    "[3 lines of the message]",
    "connecting to 127.0.0.1:25",
    "connected to 127.0.0.1:25",
    "* connected 127.0.0.1:25",
    "=== connected to 127.0.0.1:25",
    "closed by the server",
    "closed by=server",
    "the connection is gone: reset",
    "TLS 1.3",
    "TLS, certificate verified",
    "the TLS handshake failed: x",
    "5 bytes of content",
    "x: 5 bytes of content",
    "7 bytes of what was sent are not kept here",
    "9 bytes of content, sha256 ab",
    "no reply in time: stopped waiting",
    "you stopped waiting; a late reply still counts",
    "replies that are missing here: 2",
    "a dot that is not in the file, by the reply to it",
    "MAIL, which is not in the file, by the reply to it",
    "not in the source, inferred: x",
    "note: x",
    "title: x",
    "target: x",
    "ehlo 1",
    "mx:25",
    "mx:25 \u{b7} 2026-11-24T10:00:00Z \u{b7} #vendor",
    "escaped as in a transcript: \\\\ is a backslash, \\xNN an octet, \\c says that no line end follows",
    " -> QUIT",
    "<-  250 ok",
    "*** Error connecting",
    "Trying 127.0.0.1:25...",
    "Connected to 127.0.0.1.",
    "response in 4.0s",
    "## The conversation",
    "````",
    "| 1 | `a` | b |",
    "+++",
    "===",
    "a {{auth}} b",
];

#[test]
fn words_that_look_like_an_event_of_an_export_stay_somebodys_words() {
    for words in WORDS {
        let escaped = words.replace('\\', "\\\\");
        let quoted = &format!("\"{escaped}\"");
        let talk = format!(
            "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 {escaped}\n* tool {quoted}\n* warning kind=x {quoted}\n\
             > NOOP {escaped}\n< 250-{escaped}\n< 250 {escaped}\n* note {quoted}\n* tls failed=yes reason={quoted}\n> DATA\n\
             < 354 go\n| {escaped}\n* error kind=x {quoted}\n| a\n> .\n< 250 ok\n> NOOP\n* gave-up awaiting=NOOP reason={quoted}\n\
             * closed by=network reason={quoted}\n* tool {quoted}\n"
        );
        let talk = talk.lines().fold(String::new(), |all, line| all + "0.1 " + line + "\n");
        for head in [
            format!("title = {quoted}\ntarget = \"mx:2525\"\nstarted = 2026-11-24T10:00:00Z\n"),
            format!("title = {quoted}\n"),
            format!("title = \"a b\"\ntarget = {quoted}\n"),
            String::new(),
        ] {
            let text = format!("+++\nehlo = 1\n{head}+++\n{talk}");
            let document = file::read(text.as_bytes()).expect("a transcript");
            is_read_back(words, &document);
            for format in read_back() {
                let again = import(&format.write(&document, &Knowledge::default())).expect(words).conversations;
                let kept = |document: &Document, key| document.header.text(key).map(str::to_owned);
                assert_eq!(again.len(), 1, "{words} in {}", format.name);
                let title = kept(&again[0], "title") == kept(&document, "title");
                assert!(title || words.contains('\\'), "{text} in {}", format.name);
            }
        }
    }
}

/// Any recording, whatever its order.
mod any {
    use proptest::prelude::*;

    use super::*;

    const BEGUN: &str = "+++\nehlo = 1\n+++\n0.0 * connecting 127.0.0.1:25\n0.0 * connected 127.0.0.1:25\n\
        0.1 < 220 mx\n0.2 > NOOP\n0.3 < 250 ok\n";

    fn record() -> impl Strategy<Value = String> {
        let text = "[A-Za-z<>:.*=|~ -]{0,12}[a-z]";
        let words = (0..WORDS.len()).prop_map(|n| WORDS[n].replace('\\', "\\\\"));
        let quoted = words.clone().prop_map(|words| format!("\"{words}\""));
        prop_oneof![
            words.clone().prop_map(|words| format!("| {words}")),
            words.prop_map(|words| format!("< 250 {words}")),
            quoted.clone().prop_map(|words| format!("* tool {words}")),
            quoted.prop_map(|words| format!("* closed by=network reason={words}")),
            "(NOOP|RSET|EHLO a|MAIL FROM:<a@b>|RCPT TO:<c@d>|DATA|QUIT|BDAT 9|BDAT 4 LAST|\\.)"
                .prop_map(|line| format!("> {line}")),
            text.prop_map(|line| format!("> {line}")),
            text.prop_map(|line| format!("| {line}")),
            "(220|250|354|421|550)[ -][a-z=|<>]{1,9}".prop_map(|line| format!("< {line}")),
            text.prop_map(|line| format!("< {line}")),
            Just("< 25\\c".to_owned()),
            Just("| a\\n\\c".to_owned()),
            Just("* content shown=no".to_owned()),
            Just("* content bytes=70000 shown=no".to_owned()),
            Just("* cut direction=out bytes=7 sha256=ab".to_owned()),
            Just("* gave-up".to_owned()),
            Just("* lost replies=1".to_owned()),
            Just("* unseen MAIL".to_owned()),
            Just("* inferred \"that it is so\"".to_owned()),
            Just("* tls version=TLSv1.3".to_owned()),
            Just("* closed by=server".to_owned()),
            Just("* connecting 127.0.0.1:25".to_owned()),
            Just("* connected 127.0.0.1:25".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn is_read_back_as_it_was(records in prop::collection::vec(record(), 0..16)) {
            let lines = records.iter().enumerate().map(|(n, record)| format!("{}.0 {record}\n", n + 1));
            let text = BEGUN.to_owned() + &lines.collect::<String>();
            is_read_back(&text, &file::read(text.as_bytes()).expect("a transcript"));
        }
    }
}
