//! Whole files through the reader and the writer.

use super::*;
use crate::conversation::event::{Event, Line, Micros, Remark};

/// The example of the format's description.
const EXAMPLE: &str = r#"+++
ehlo = 1                                # format version
title = "Is target.local an open relay?"
target = "smtp://mx.target.local:25"
profile = "target"
started = 2026-11-23T20:18:22.104Z
side = "client"                         # who recorded it: client | server
future = { kept = true }
+++
0.000000 * connecting 127.0.0.2:25
0.012345 * connected 127.0.0.2:25 from 127.0.0.1:40312
0.034000 < 220 mx.target.local ESMTP
4.100000 > EHLO noddy.com
4.131000 < 250-mx.target.local
4.131001 < 250 STARTTLS
5.000000 > STARTTLS
5.030000 < 220 2.0.0 Ready
5.090000 * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=no reason="self-signed certificate"
5.090000 * certificate n=0 der=MIIB...
5.100000 * from-the-future x=1
6.000000 > AUTH PLAIN {{auth}}
9.000000 > DATA
9.030000 < 354 Go ahead

9.100000 | Subject: test \x7b{auth}} \\o/
9.100000 |
9.100000 | Hello.\x20
9.100000 > .
9.150000 < 250 2.0.0 queued\n\c
# the reader's own remark, kept
9.150000 * note "asked the owner to close it"
9.200000 <
9.200000 < \c
> QUIT
< 2xx
? closed
9.900000 * closed by=server
"#;

fn written(document: &Document) -> String {
    let mut out = Vec::new();
    write_document(document, &mut out);
    String::from_utf8(out).expect("a file is UTF-8")
}

fn good(text: &str) -> Document {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn bad(text: &str) -> String {
    read(text.as_bytes()).map(|d| written(&d)).expect_err(text).in_file("a.smtp".as_ref()).to_string()
}

/// Found by a fuzzer: such a text is shown and exported as it stands.
#[test]
fn a_masked_line_of_a_hostile_file_holds_nothing_that_a_terminal_acts_on() {
    let document = read(b"+++\nehlo = 1\n+++\n1 < 220 {{auth}} \x1b]0;owned\x07\xce \\x1b\n").expect("a transcript");
    let entry = document.log.get(0).expect("a record");
    assert!(entry.masked);
    assert_eq!(entry.bytes, br"220 {{auth}} \e]0;owned\x07\xce \x1b".as_slice());
}

#[test]
fn a_canonical_file_comes_back_octet_for_octet() {
    let document = good(EXAMPLE);
    assert_eq!(document.warnings, []);
    assert_eq!(document.header.text("profile"), Some("target"));
    assert_eq!(written(&document), EXAMPLE);
}

#[test]
fn it_reads_the_same_in_chunks_of_any_size() {
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut reader = Reader::new();
        for chunk in EXAMPLE.as_bytes().chunks(size) {
            reader.feed(chunk).expect("a good file");
        }
        assert_eq!(written(&reader.finish().expect("a good file")), EXAMPLE, "chunks of {size}");
    }
}

#[test]
fn records_hold_what_was_on_the_wire() {
    let document = good(EXAMPLE);
    let line = |text: &str| {
        let number = EXAMPLE.lines().position(|l| l.contains(text)).expect(text) + 1;
        let record = (0..document.log.len()).find(|r| document.line_of(*r) == number).expect(text);
        document.log.get(record).expect(text)
    };
    let dots = line("Subject:");
    assert_eq!((dots.kind, dots.bytes, dots.masked), (Kind::Content, &br"Subject: test {{auth}} \o/"[..], false));
    let masked = line("AUTH PLAIN");
    assert_eq!((masked.bytes, masked.masked, masked.at), (&b"AUTH PLAIN {{auth}}"[..], true, Some(Micros(6_000_000))));
    let bare = line("queued");
    assert_eq!((bare.bytes, bare.crlf), (&b"250 2.0.0 queued\n"[..], false));
    assert_eq!(line("Hello.").bytes, b"Hello. ");
    assert_eq!(line("> QUIT").kind, Kind::Script);
    assert_eq!(line("tls version").remark().expect("a remark").get("reason"), Some("self-signed certificate"));
}

#[test]
fn what_differs_only_in_form_is_made_canonical() {
    let loose = "\u{feff}+++\r\nehlo = 1\r\n+++\r\n0 > \r\n1.5 < 250 ok\r\n2.0000019 < a\tb \r\n\r\n# c\r\n";
    let document = good(loose);
    assert_eq!(document.warnings, []);
    assert_eq!(written(&document), "+++\nehlo = 1\n+++\n0.000000 >\n1.500000 < 250 ok\n2.000001 < a\\tb\\x20\n\n# c\n");
}

#[test]
fn a_script_needs_no_head_and_may_begin_with_comments() {
    let bare = "#!/usr/bin/env -S ehlo run\n\n> EHLO a\n< 250\n* sleep 1s\n? closed";
    let document = good(bare);
    assert_eq!(document.header, Header::default());
    assert_eq!(written(&document), format!("{bare}\n"));
    assert_eq!(document.script().filter(|(_, line)| line.is_ok()).count(), 4);
    assert_eq!(document.script().next().map(|(record, _)| document.line_of(record)), Some(3));

    let headed = "#!/usr/bin/env -S ehlo run\n\n+++\nehlo = 1\n[vars]\nx = \"y\"\n+++\n> EHLO {{x}}\n";
    let document = good(headed);
    assert_eq!(written(&document), headed);
    assert_eq!(document.line_of(0), 8);
    assert_eq!(written(&good("")), "");
}

#[test]
fn errors_name_file_line_column_what_was_found_and_what_is_expected() {
    let cases = [
        ("> NOOP\nfoo bar", "a.smtp:2:1: found `foo`, expected a time or one of"),
        ("0.5 EHLO\n", "a.smtp:1:5: found `EHLO`, expected one of > | < * after the time"),
        ("0.5\n", "a.smtp:1:4: found the end of the line, expected one of"),
        ("0,5 > a\n", "a.smtp:1:1: found `0,5`, expected a time in seconds such as 4.100000"),
        ("1. > a\n", "a.smtp:1:1: found `1.`, expected a time"),
        ("99999999999999999999 > a\n", "a.smtp:1:1: found `99999999999999999999`, expected a time"),
        ("0.5 >EHLO\n", "a.smtp:1:6: found `EHLO`, expected a space after >"),
        ("0.5 ? closed\n", "a.smtp:1:5: found `?` after a time"),
        ("0.5 |@ a.eml\n", "a.smtp:1:5: found `|@` after a time"),
        ("0.5 >> 5 a.eml\n", "a.smtp:1:5: found `>>` after a time"),
        ("0.5 > é\\q\n", "a.smtp:1:8: found \\q, expected one of"),
        ("0.5 > a\\c b\n", "a.smtp:1:8: found \\c b, expected one of"),
        ("0.5 < a {{to}}\n", "a.smtp:1:9: found `{{to}}` in a recorded line"),
        ("0.5 * note \"{{x\"\n", "a.smtp:1:13: found `{{x\"` in a recorded line"),
        ("> a {{to\n", "a.smtp:1:5: found {{ without }}"),
        ("|@\n", "a.smtp:1:3: found the end of the line, expected the name of a file: |@ FILE"),
        ("+++\nehlo = 1\ntitle = x\n+++\n", "a.smtp:3:9: the head between the two +++ is not TOML"),
        ("+++\n\nehlo = \"one\"\n+++\n", "a.smtp:3:1: found ehlo = \"one\", expected the number"),
        ("+++\n+++\n+++\n", "a.smtp:3:1: found `+++`, expected a time"),
    ];
    for (text, want) in cases {
        let got = bad(text);
        assert!(got.starts_with(want), "{text:?}\n got {got}\nwant {want}");
    }
}

#[test]
fn a_torn_end_is_reported_and_left_out() {
    let torn = good("+++\nehlo = 1\n+++\n0.000000 > NOOP\n0.100000 < 25");
    assert_eq!(torn.warnings, [Warning::Truncated { line: 5 }]);
    assert_eq!(torn.log.len(), 1);
    let head = good("+++\nehlo = 1\ntarget = \"mx\"\nprofile = \"no");
    assert_eq!((head.warnings.as_slice(), head.header.text("target")), (&[Warning::HeadNotClosed][..], Some("mx")));
    let open = good("+++\nehlo = 1\n0.000000 > NOOP\n0.100000 < 250 ok\n");
    assert_eq!((open.warnings.as_slice(), open.log.len()), (&[Warning::HeadNotClosed][..], 2));
    assert_eq!(open.line_of(0), 3);
    assert_eq!(good("+++\nehlo = 1\n+++").warnings, []);
    assert_eq!(good("++").warnings, [Warning::HeadNotClosed]);
}

#[test]
fn a_time_that_goes_back_is_kept_with_one_warning() {
    let text = "5.000000 > NOOP\n4.000000 < 250 ok\n3.000000 > NOOP\n9.000000 < 250 ok\n";
    let document = good(text);
    assert_eq!(document.warnings, [Warning::TimeGoesBack { line: 2 }]);
    assert_eq!(written(&document), text);
}

#[test]
fn a_newer_format_opens_read_only_whatever_it_holds() {
    let text = "+++\nehlo = 2\n+++\n0.000000 > NOOP\n0.1 ~ something new\n!! more\n";
    let document = good(text);
    assert!(document.read_only);
    assert_eq!(document.warnings, [Warning::Newer { found: 2, known: 1 }, Warning::NotUnderstood { line: 5 }]);
    assert_eq!(written(&document), text);
}

#[test]
fn a_record_is_written_as_the_format_has_it() {
    let cases = [
        (Event::Sent(Line::new("")), "1.500000 >\n"),
        (Event::Sent(Line::raw("")), "1.500000 > \\c\n"),
        (Event::Received(Line::raw("a >")), "1.500000 < a >\\c\n"),
        (Event::Received(Line::raw("250 ok\n")), "1.500000 < 250 ok\\n\\c\n"),
        (Event::Content(Line::new("x\\c ")), "1.500000 | x\\\\c\\x20\n"),
        (
            Event::Remark(Remark::new("error").value("{{to}} and {{auth}}")),
            "1.500000 * error \"\\u007b{to}} and {{auth}}\"\n",
        ),
    ];
    for (event, want) in cases {
        let mut out = Vec::new();
        write_record(Micros(1_500_000), &event, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), want);
        let document = good(want);
        let mut log = Log::new();
        log.push(Micros(1_500_000), &event);
        assert_eq!(document.log.get(0), log.get(0));
        if let Event::Remark(remark) = event {
            assert_eq!(document.log.get(0).and_then(|e| e.remark()), Some(remark));
        }
    }
}
