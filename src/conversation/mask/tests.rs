//! What of a conversation is recorded when secrets go over the wire.

use proptest::prelude::*;

use super::*;
use crate::conversation::Fold;
use crate::conversation::event::Remark;

/// The text as a file has it, without the `\c`.
fn file_text(line: &Line) -> Vec<u8> {
    if line.masked {
        return line.bytes.clone();
    }
    let mut out = Vec::new();
    escape::to_file(&line.bytes, &mut out);
    out
}

/// Plays lines such as `> NOOP` and `< 250 ok` (`\c` at the end: no CR LF) and gives what is recorded of them.
fn recorded(mask: &mut Mask, lines: &[&str]) -> Vec<String> {
    let mut fold = Fold::new();
    fold.remark(&Remark::new("connected"), 0);
    fold.received(b"220 mx", true);
    let record = |text: &&str| {
        let (sigil, rest) = text.split_at(2);
        let (rest, crlf) = rest.strip_suffix("\\c").map_or((rest, true), |rest| (rest, false));
        let line = if sigil == "> " {
            let line = mask.sent(&fold.session, rest.as_bytes(), crlf);
            if crlf {
                fold.sent(rest.as_bytes(), 0);
            }
            line
        } else {
            let line = mask.received(rest.as_bytes(), crlf);
            fold.received(rest.as_bytes(), crlf);
            line
        };
        assert_eq!(line.crlf, crlf);
        let text = String::from_utf8(file_text(&line)).expect("the file's text is UTF-8");
        assert_eq!(line.masked, text.contains("{{auth}}"), "{text}");
        format!("{sigil}{text}")
    };
    lines.iter().map(record).collect()
}

fn check(mask: &mut Mask, steps: &[(&str, &str)]) {
    let lines: Vec<_> = steps.iter().map(|(line, _)| *line).collect();
    let want: Vec<_> = steps.iter().map(|(line, want)| if want.is_empty() { *line } else { *want }).collect();
    assert_eq!(recorded(mask, &lines), want);
}

fn knowing(secret: &str) -> Mask {
    let mut mask = Mask::default();
    mask.learn(secret.into());
    mask
}

const EHLO: (&str, &str) = ("> EHLO a", "");
const OFFER: (&str, &str) = ("< 250 AUTH PLAIN LOGIN", "");

#[test]
fn what_auth_carries_is_masked_and_the_mechanism_stays() {
    for (line, want) in [
        ("> AUTH PLAIN AGR1ZGUAcw==", "> AUTH PLAIN {{auth}}"),
        ("> auth  plain  AGR1ZGUAcw== more", "> auth  plain  {{auth}}"),
        ("> AUTH PLAIN =", "> AUTH PLAIN {{auth}}"),
        ("> AUTH XOAUTH2 dXNlcj1h", "> AUTH XOAUTH2 {{auth}}"),
        ("> AUTH=PLAIN AGR1ZGUAcw==", "> AUTH=PLAIN {{auth}}"),
        ("> AUTH AGR1ZGUAaHVudGVyMg==", "> AUTH {{auth}}"),
        (">  AUTH PLAIN AGR1ZGUAcw==", ">  AUTH PLAIN {{auth}}"),
        ("> AUTH LOGIN", "> AUTH LOGIN"),
        ("> AUTH SCRAM-SHA-256-PLUS", "> AUTH SCRAM-SHA-256-PLUS"),
        ("> AUTH", "> AUTH"),
        ("> AUTHENTIC thing", "> AUTHENTIC thing"),
    ] {
        check(&mut Mask::default(), &[EHLO, OFFER, (line, want)]);
    }
}

#[test]
fn answers_are_masked_a_cancel_and_the_challenges_are_not() {
    check(
        &mut Mask::default(),
        &[
            EHLO,
            OFFER,
            ("> AUTH LOGIN", ""),
            ("< 334 VXNlcm5hbWU6", ""),
            ("> ZHVkZQ==", "> {{auth}}"),
            ("< 334 UGFzc3dvcmQ6", ""),
            ("> *", ""),
            ("< 501 cancelled", ""),
            ("> NOOP", ""),
            ("< 250 ok", ""),
            ("> AUTH SCRAM-SHA-256", ""),
            ("< 334 ", "< 334\\x20"),
            ("> ", "> {{auth}}"),
            ("< 235 ok", ""),
            ("> MAIL FROM:<dude@noddy.com>", ""),
        ],
    );
}

#[test]
fn answers_sent_before_their_challenge_are_masked() {
    check(
        &mut Mask::default(),
        &[
            EHLO,
            OFFER,
            ("> AUTH LOGIN", ""),
            ("> ZHVkZQ==", "> {{auth}}"),
            ("> aHVudGVyMg==", "> {{auth}}"),
            ("< 334 VXNlcm5hbWU6", ""),
            ("< 334 UGFzc3dvcmQ6", ""),
            ("< 235 hunter2 is right", "< 235 {{auth}} is right"),
        ],
    );
}

#[test]
fn what_was_typed_in_auth_is_learnt_for_echoes_but_not_the_user() {
    check(
        &mut Mask::default(),
        &[
            EHLO,
            OFFER,
            ("> AUTH PLAIN AGR1ZGUAaHVudGVyMg==", "> AUTH PLAIN {{auth}}"),
            ("< 535-dude: hunter2 is wrong", "< 535-dude: {{auth}} is wrong"),
            ("< 535 AGR1ZGUAaHVudGVyMg== HUNTER2", "< 535 {{auth}} {{auth}}"),
            ("> AUTH LOGIN ZHVkZQ==", "> AUTH LOGIN {{auth}}"),
            ("< 334 UGFzc3dvcmQ6", ""),
            ("> b3RoZXItMQ==", "> {{auth}}"),
            ("< 535 dude, other-1 is wrong", "< 535 dude, {{auth}} is wrong"),
            ("> RCPT TO:<dude.two@target.local>", ""),
            // A password in the place of the name is masked in the reply to it.
            ("> AUTH LOGIN cGFzc3dvcmQtMQ==", "> AUTH LOGIN {{auth}}"),
            ("< 535 you said cGFzc3dvcmQtMQ==: password-1", "< 535 you said {{auth}}: {{auth}}"),
            ("> AUTH EXTERNAL am9obg==", "> AUTH EXTERNAL {{auth}}"),
            ("< 535 john is nobody", ""),
            ("> AUTH XOAUTH2 dXNlcj1kdWRlAWF1dGg9QmVhcmVyIHlhMjkudG9rZW4BAQ==", "> AUTH XOAUTH2 {{auth}}"),
            ("< 535 ya29.token", "< 535 {{auth}}"),
        ],
    );
}

#[test]
fn a_malformed_answer_hides_no_ordinary_words() {
    check(
        &mut Mask::default(),
        &[
            EHLO,
            OFFER,
            ("> AUTH LOGIN", ""),
            ("< 334 VXNlcm5hbWU6", ""),
            ("> $dude", "> {{auth}}"),
            ("< 501 5.5.2 bad base64", ""),
            ("> $noddy", "> {{auth}}"),
            ("< 500 5.5.2 what", ""),
            ("> AUTH PLAIN", ""),
            ("< 334 =", ""),
            ("> dude", "> {{auth}}"),
            ("< 501 5.5.2 bad base64", ""),
            ("> MAIL FROM:<dude@noddy.com>", ""),
            ("< 250 dude is fine", ""),
            ("> AUTH LOGIN", ""),
            ("< 334 VXNlcm5hbWU6", ""),
            ("> AUTH LOGIN", "> {{auth}}"),
            ("< 501 5.5.2 bad base64", ""),
            ("> AUTH LOGIN", ""),
        ],
    );
}

#[test]
fn answers_to_an_auth_that_was_refused_are_masked_until_the_next_command() {
    for auth in ["AUTH LOGIN", "AUTH PLAIN", "AUTH CRAM-MD5", "AUTH XOAUTH2", "AUHT LOGIN", "AUTH-LOGIN", "authlogin"] {
        let auth = format!("> {auth}");
        check(
            &mut Mask::default(),
            &[
                (&auth, ""),
                ("< 503 5.5.1 EHLO first", ""),
                ("> ZHVkZQ==", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> c2VjcmV0LXBhc3N3b3Jk", "> {{auth}}"),
                ("< 500 5.5.2 what is c2VjcmV0LXBhc3N3b3Jk", "< 500 5.5.2 what is {{auth}}"),
                ("> dude1", "> {{auth}}"),
                ("< 500-5.5.2 what is dude1", "< 500-5.5.2 what is {{auth}}"),
                ("< 500 5.5.2 what is dude1", "< 500 5.5.2 what is {{auth}}"),
                ("> s3cret!", "> {{auth}}"),
                ("< 500 5.5.2 what is s3cret!", "< 500 5.5.2 what is {{auth}}"),
                ("> $another one", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> user=dude auth=Bearer abc", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                (r"> \0dude\0a pass word", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> XAUTH c2VjcmV0LXBhc3N3b3Jkcw==", "> XAUTH {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> *", ""),
                ("> .", ""),
                ("> ", "> "),
                ("> HLEP", ""),
                ("> exit", ""),
                ("> ETRN", ""),
                ("> MAILFROM:<dude@noddy.com>", ""),
                ("> Subject: hello", ""),
                ("> noop", ""),
                ("< 250 ok", ""),
                ("> MAIL FROM:<dude1@noddy.com>", ""),
                ("< 550 dude1 is unknown", ""),
                ("> XFOO", ""),
                ("> bm9kZHk1", "> {{auth}}"),
                ("> XFOOBARS", ""),
                ("> StartTls", ""),
                ("> AUTH PLAIN AGR1ZGUAaHVudGVyMg==", "> AUTH PLAIN {{auth}}"),
                ("< 235 2.7.0 ok", ""),
                ("> aBcdEfgh", ""),
            ],
        );
    }
}

#[test]
fn answers_to_an_auth_that_was_given_up_failed_or_was_cut_off_are_masked() {
    for end in ["501 5.7.0 aborted", "535 5.7.8 wrong", "454 4.7.0 later", "421 4.7.0 too many errors"] {
        let end = format!("< {end}");
        check(
            &mut Mask::default(),
            &[
                EHLO,
                OFFER,
                ("> AUTH LOGIN", ""),
                ("< 334 VXNlcm5hbWU6", ""),
                ("> *", ""),
                (&end, ""),
                ("> ZHVkZQ==", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> bm9kZHk1", "> {{auth}}"),
                ("< 500 5.5.2 what", ""),
                ("> MAIL FROM:<dude@noddy.com>", ""),
            ],
        );
    }
}

#[test]
fn a_command_that_the_server_offers_is_no_answer() {
    check(
        &mut Mask::default(),
        &[
            EHLO,
            ("< 250-mx", ""),
            ("< 250-XFOO", ""),
            OFFER,
            ("> AUTH LOGIN", ""),
            ("< 535 5.7.8 no", ""),
            ("> XFOO", ""),
            ("< 250 ok", ""),
            ("> XBAR", "> {{auth}}"),
        ],
    );
}

#[test]
fn answers_in_one_write_with_an_auth_that_is_refused_are_masked() {
    check(
        &mut Mask::default(),
        &[
            ("> AUTH LOGIN", ""),
            ("> dude", "> {{auth}}"),
            ("> s3cret!", "> {{auth}}"),
            ("> MAIL FROM:<dude@noddy.com>", ""),
            ("> QUIT", ""),
            ("< 503 5.5.1 EHLO first", ""),
        ],
    );
}

#[test]
fn answers_that_go_out_together_are_each_looked_for_up_to_their_own_reply() {
    check(
        &mut Mask::default(),
        &[
            ("> AUTH LOGIN", ""),
            ("< 503 5.5.1 EHLO first", ""),
            ("> dude1", "> {{auth}}"),
            ("> noddy", "> {{auth}}"),
            ("< 500 5.5.2 what is dude1", "< 500 5.5.2 what is {{auth}}"),
            ("< 500 5.5.2 what is noddy", "< 500 5.5.2 what is {{auth}}"),
            ("< 250 noddy", ""),
        ],
    );
}

#[test]
fn a_server_that_offers_a_log_in_as_a_keyword_does_not_lay_it_open() {
    check(
        &mut Mask::default(),
        &[
            ("> EHLO a", ""),
            ("< 250-mx", ""),
            ("< 250-LOGIN", ""),
            ("< 250-XFOO", ""),
            ("< 250 PLAIN", ""),
            ("> LOGIN dude another1", "> LOGIN {{auth}}"),
            ("< 500 what", ""),
            ("> PLAIN AGR1ZGUAaHVudGVyMg==", "> PLAIN {{auth}}"),
            ("< 500 what", ""),
            ("> XFOO bar", ""),
        ],
    );
}

#[test]
fn a_line_that_is_nothing_but_a_credential_is_masked_without_an_auth() {
    check(
        &mut Mask::default(),
        &[
            ("> AGR1ZGUAc2VjcmV0", "> {{auth}}"),
            ("< 500 what is AGR1ZGUAc2VjcmV0", "< 500 what is {{auth}}"),
            ("> c2VjcmV0LXBhc3N3b3Jk", "> {{auth}}"),
            ("> AUHT PLAIN AGR1ZGUAaHVudGVyMg==", "> AUHT PLAIN {{auth}}"),
            ("< 500 what is hunter2", "< 500 what is {{auth}}"),
            ("> NOOP", ""),
            ("> LOGIN dude another1", "> LOGIN {{auth}}"),
            ("> PLAIN AGR1ZGUAaHVudGVyMg==", "> PLAIN {{auth}}"),
            ("> NOOP AGR1ZGUAcGF0aA==", ""),
            ("> XFOO AGR1ZGUAcGF0aA==", ""),
            ("> StartTls", ""),
            ("> HELLO", ""),
            ("> ACTH login", ""),
            ("> XSHADOW 2b2b0d6c-0000-0000-0000-000000000000", ""),
        ],
    );
}

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
