//! By value: a known secret, wherever it stands and in whatever coat.

use proptest::prelude::*;

use super::*;

#[test]
fn a_known_secret_is_masked_wherever_it_stands() {
    check(
        &mut knowing("hunter2"),
        &[
            ("> XLOGIN dude xhunter2x", "> XLOGIN dude x{{auth}}x"),
            ("< 500 unknown: xlogin dude hunter2", "< 500 unknown: xlogin dude {{auth}}"),
            ("> X aHVudGVyMg==", "> X {{auth}}"),
            ("> X AGR1ZGUAaHVudGVyMg==", "> X {{auth}}"),
            ("> X AGR1ZABodW50ZXIy,", "> X {{auth}},"),
            ("< 500-AGR1ZABodW50ZXIy", "< 500-{{auth}}"),
            ("< 250 {hunter2} \\", "< 250 \\x7b{{auth}}} \\\\"),
            ("> hunter2 hunter2", "> {{auth}} {{auth}}"),
        ],
    );
}

#[test]
fn content_is_searched_and_its_base64_may_wrap() {
    check(
        &mut knowing("hunter2"),
        &[
            ("> HELO a", ""),
            ("< 250 mx", ""),
            ("> MAIL FROM:<>", ""),
            ("< 250 ok", ""),
            ("> RCPT TO:<a@b>", ""),
            ("< 250 ok", ""),
            ("> DATA", ""),
            ("< 354 go", ""),
            ("> AUTH PLAIN AGEAYg==", ""),
            ("> your password: hunter2", "> your password: {{auth}}"),
            ("> eHh4eHh4aHVudG", "> {{auth}}"),
            ("> VyMnh4eHh4", "> {{auth}}"),
            ("> a line that ends in hunt", ""),
            ("> .", ""),
        ],
    );
}

#[test]
fn a_secret_in_pieces_is_masked_in_each() {
    check(
        &mut knowing("hunter2"),
        &[
            ("< 500 hunt\\c", "< 500 {{auth}}"),
            ("< er2 no", "< {{auth}} no"),
            ("> XL hun\\c", "> XL {{auth}}"),
            ("> t\\c", "> {{auth}}"),
            ("> er2", "> {{auth}}"),
            ("> AUTH PL\\c", "> AUTH PL"),
            ("> AIN AGR1\\c", "> AIN {{auth}}"),
            ("> ZGU\\c", "> {{auth}}"),
            ("> AYg==", "> {{auth}}"),
            ("> NOOP", ""),
        ],
    );
}

#[test]
fn short_and_plain_words_are_masked_without_taking_the_conversation_apart() {
    check(
        &mut knowing("mx"),
        &[("< 250 mx.target.local mxes mx YW14", "< 250 mx.target.local mxes {{auth}} YW14"), ("> bXg=", "> {{auth}}")],
    );
    check(
        &mut knowing("noddy"),
        &[
            ("> EHLO noddy.com", ""),
            ("> HELO noddy", ""),
            ("> MAIL FROM:<dude@noddy.com>", ""),
            ("> RCPT TO:<noddy@target.local>", ""),
            ("< 535 dude: noddy is wrong", "< 535 dude: {{auth}} is wrong"),
            ("< 535 dude:noddy@ is wrong", "< 535 dude:{{auth}}@ is wrong"),
        ],
    );
    // `<1896.697170952@mx.noddy.com>` is a host's name, `noddy is wrong` an echo.
    check(
        &mut knowing("noddy"),
        &[("< 334 PDE4OTYuNjk3MTcwOTUyQG14Lm5vZGR5LmNvbT4=", ""), ("< 334 bm9kZHkgaXMgd3Jvbmc=", "< 334 {{auth}}")],
    );
    check(&mut knowing("data"), &[("> DATA", ""), ("> data", ""), ("< 250 data", "< 250 {{auth}}")]);
    check(&mut knowing("250"), &[("< 250 250", "< 250 {{auth}}")]);
}

/// A known secret is hidden in whatever the server says, be it a word of the server's own.
#[test]
fn a_password_that_is_a_servers_word_too_is_masked_wherever_it_stands() {
    check(
        &mut knowing("wrong"),
        &[
            ("< 535 5.7.8 Error: wrong user or password", "< 535 5.7.8 Error: {{auth}} user or password"),
            ("< 535 dude wrong: login failed", "< 535 dude {{auth}}: login failed"),
        ],
    );
    check(&mut knowing("welcome"), &[("< 535 dude welcome: login failed", "< 535 dude {{auth}}: login failed")]);
}

#[test]
fn of_a_secret_of_several_lines_each_is_masked_and_in_base64_too() {
    let key = "-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2VwBCIEIHx1\nq8Zz0Qbb5w==\n}\n-----END PRIVATE KEY-----\n";
    let wrapped = STANDARD.encode(key);
    let mut lines = vec!["> HELO a", "< 250 mx", "> MAIL FROM:<>", "< 250 ok", "> RCPT TO:<a@b>", "< 250 ok"];
    lines.extend(["> DATA", "< 354 go", "> MC4CAQAwBQYDK2VwBCIEIHx1", ">  q8Zz0Qbb5w== }", "> }"]);
    let base64: Vec<_> = wrapped.as_bytes().chunks(40).map(|it| format!("> {}", String::from_utf8_lossy(it))).collect();
    lines.extend(base64.iter().map(String::as_str));
    let recorded = recorded(&mut knowing(key), &lines);
    assert_eq!(recorded[8..11], ["> {{auth}}", ">  {{auth}} }", "> }"]);
    for line in &recorded[11..] {
        assert!(!line.contains("BQYDK2Vw") && line.contains("{{auth}}"), "{recorded:#?}");
    }
}

#[test]
fn what_is_a_secret_even_as_a_name_and_what_is_one_by_its_place_is_masked() {
    let mut mask = Mask::default();
    mask.learn_name("anotherdude".into());
    check(
        &mut mask,
        &[
            ("> RCPT TO:<anotherdude@target.local>", "> RCPT TO:<{{auth}}@target.local>"),
            ("< 550 <anotherdude@target.local> is nobody", "< 550 <{{auth}}@target.local> is nobody"),
            ("> EHLO anotherdude.com", "> EHLO {{auth}}.com"),
        ],
    );
    let mut mask = Mask::default();
    // The 1 of the first line, and all but the first octet of the second, which is sent in two pieces.
    mask.hide(vec![6..7, 11..14]);
    check(
        &mut mask,
        &[("> NOOP a1b", "> NOOP a{{auth}}b"), ("> HE\\c", "> H{{auth}}"), ("> LPX", "> {{auth}}X"), ("> HELP", "")],
    );
}

#[test]
fn a_remark_is_searched_too() {
    let remark = Remark::new("error").with("text", "said hunter2 twice: hunter2");
    assert_eq!(knowing("hunter2").remark(remark).get("text"), Some("said {{auth}} twice: {{auth}}"));
}

fn text_of(line: &Line) -> Vec<u8> {
    // What a reader gets from the file, the marker apart: no escape can hide a secret here.
    let mut out = Vec::new();
    let text = file_text(line);
    let marked = String::from_utf8(text).expect("text").replace("{{auth}}", "\u{1}");
    escape::from_file(marked.as_bytes(), &mut out).expect("own output is read");
    out
}

proptest! {
    #[test]
    fn a_planted_secret_never_survives(
        secret in "[a-zA-Z][a-zA-Z0-9!&*+/ _é-]{2,20}[0-9]",
        before in proptest::collection::vec(any::<u8>(), 0..20),
        after in proptest::collection::vec(any::<u8>(), 0..20),
        lead in 0usize..4,
        coat in 0..4,
        cuts in proptest::collection::vec(0usize..80, 0..4),
        sent in any::<bool>(),
    ) {
        let planted = match coat {
            0 => secret.clone().into_bytes(),
            1 => STANDARD.encode(&secret).into_bytes(),
            2 => STANDARD.encode(["user", "user", &secret].join("\0")).into_bytes(),
            _ => STANDARD.encode([&b"xxx"[..lead.min(3)], secret.as_bytes(), b"tail"].concat()).into_bytes(),
        };
        let wire = [&before[..], &planted, &after].concat();
        let mut mask = knowing(&secret);
        let session = Session::new();
        let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(wire.len())).chain([0, wire.len()]).collect();
        cuts.sort_unstable();
        let mut recorded = Vec::new();
        for (n, cut) in cuts.windows(2).enumerate() {
            let crlf = n + 2 == cuts.len();
            let piece = &wire[cut[0]..cut[1]];
            let line = if sent { mask.sent(&session, piece, crlf) } else { mask.received(piece, crlf) };
            prop_assert_eq!(line.crlf, crlf);
            recorded.extend(text_of(&line));
        }
        prop_assert!(memchr::memmem::find(&recorded, secret.as_bytes()).is_none(), "{recorded:?}");
        if coat > 0 && planted.len() > 8 {
            prop_assert!(memchr::memmem::find(&recorded, &planted).is_none(), "{recorded:?}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_changed(wire in proptest::collection::vec(any::<u8>(), 0..40), crlf in any::<bool>()) {
        let mut mask = knowing("a secret that is not there 0");
        let line = mask.received(&wire, crlf);
        prop_assert_eq!((&line.bytes, line.crlf, line.masked), (&wire, crlf, false));
    }

    #[test]
    fn masked_text_is_good_in_a_file(wire in "[ -~]{0,30}", at in 0usize..30) {
        let at = wire.char_indices().map(|(at, _)| at).nth(at).unwrap_or(0);
        let wire = [&wire[..at], "s3cr3t", &wire[at..]].concat();
        let line = knowing("s3cr3t").received(wire.as_bytes(), false);
        let mut out = Vec::new();
        crate::conversation::file::write_record(crate::conversation::Micros(0), &crate::conversation::Event::Received(line.clone()), &mut out);
        let read = crate::conversation::file::read(&out).expect("it is read");
        let entry = read.log.get(0).expect("a record");
        prop_assert_eq!((entry.bytes, entry.crlf, entry.masked), (&line.bytes[..], false, true));
    }
}
