//! By phase and by look: what AUTH carries, and a line that is nothing but a credential.

use super::*;

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
fn what_was_typed_with_blanks_in_the_place_of_a_response_is_masked_where_a_server_says_it_once_more() {
    for (opening, answer) in [
        ("> AUTH PLAIN dude Pw", ""),
        ("> AUTH PLAIN", "> dude Pw"),
        ("> AUTH CRAM-MD5", "> dude Pw"),
        ("> AUTH LOGIN ZHVkZQ==", "> dude Pw"),
    ] {
        let masked = opening.strip_suffix(" dude Pw").or(opening.strip_suffix(" ZHVkZQ=="));
        let masked = masked.map_or(opening.to_owned(), |auth| format!("{auth} {{{{auth}}}}"));
        let mut steps = vec![EHLO, OFFER, (opening, masked.as_str())];
        if !answer.is_empty() {
            steps.extend([("< 334 PDFAbXg+", ""), (answer, "> {{auth}}")]);
        }
        steps.extend([
            (r#"< 535-bad: "AUTH PLAIN dude Pw""#, r#"< 535-bad: "AUTH PLAIN {{auth}}""#),
            ("< 535 dude Pw", "< 535 {{auth}}"),
            ("> NOOP dude Pw", "> NOOP {{auth}}"),
            ("> MAIL FROM:<dude@noddy.com>", ""),
        ]);
        check(&mut Mask::default(), &steps);
    }
    check(
        &mut Mask::default(),
        &[
            EHLO,
            OFFER,
            ("> AUTH LOGIN ZHVkZQ==", "> AUTH LOGIN {{auth}}"),
            ("< 334 UGFzc3dvcmQ6", ""),
            ("> correct horse battery staple", "> {{auth}}"),
            ("< 501 what is correct?", "< 501 what is {{auth}}?"),
            ("< 250 correct", ""),
            ("> NOOP correct horse battery staple", "> NOOP {{auth}}"),
            ("< 250 ok", ""),
            ("> AUTH PLAIN dude hunter2", "> AUTH PLAIN {{auth}}"),
            ("< 501 hunter2", "< 501 {{auth}}"),
            ("> NOOP hunter2", "> NOOP {{auth}}"),
            ("< 250 ok", ""),
            ("> AUTH PLAIN", ""),
            ("< 334 ", "< 334\\x20"),
            ("> MAIL FROM:<dude@noddy.com>", "> {{auth}}"),
            ("< 501 what is MAIL FROM:<dude@noddy.com>?", "< 501 what is {{auth}}?"),
            ("> MAIL FROM:<dude@noddy.com>", ""),
        ],
    );
}

#[test]
fn the_value_of_an_attribute_that_is_called_a_secret_is_masked_and_learnt() {
    check(
        &mut Mask::default(),
        &[
            (
                "> XCLIENT ADDR=192.0.2.1 password=Plugh+2Bq LOGIN=dude TOKEN=",
                "> XCLIENT ADDR=192.0.2.1 password={{auth}} LOGIN=dude TOKEN=",
            ),
            ("< 501-dude has Plugh+2Bq", "< 501-dude has {{auth}}"),
            ("< 501 Plugh+q", "< 501 {{auth}}"),
            ("> XFORWARD NAME=mx API_KEY=x1", "> XFORWARD NAME=mx API_KEY={{auth}}"),
            ("> XCLIENT NAME=mx PASS", ""),
            ("> XCLIENT SECRET=ab\\c", "> XCLIENT SECRET={{auth}}"),
            ("> cd ADDR=192.0.2.1", "> {{auth}} ADDR=192.0.2.1"),
            ("> NOOP PASSWORD=x2", ""),
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
            ("< 500 what", ""),
            ("> AUHT PLAIN AGR1ZGUAaHVudGVyMg==", "> AUHT PLAIN {{auth}}"),
            ("< 500 what is hunter2", "< 500 what is {{auth}}"),
            ("> NOOP", ""),
            ("< 250 ok", ""),
            ("> LOGIN dude another1", "> LOGIN {{auth}}"),
            ("< 500 what", ""),
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
fn behind_a_gap_a_line_may_begin_or_go_on_and_a_secret_is_one_either_way() {
    for (before, after, want) in [
        ("> MAIL FROM:<a\\c", "> AUTH PLAIN AGR1ZGUAcw==", "> AUTH PLAIN {{auth}}"),
        ("> AUTH PL\\c", "> AIN AGR1ZGUAcw==", "> AIN {{auth}}"),
        ("> AUTH PLAIN AGR1\\c", "> ZGUAcw==", "> {{auth}}"),
        ("> AUTH PLAIN AGR1\\c", "> MAIL FROM:<a@b>", "> MAIL FROM:<a@b>"),
        ("> NO\\c", "> OP", "> OP"),
    ] {
        let mut mask = Mask::default();
        let _ = recorded(&mut mask, &[EHLO.0, OFFER.0, before]);
        mask.broken();
        let fold = Fold::new();
        let line = mask.sent(&fold.session, &after.as_bytes()[2..], true);
        assert_eq!(format!("> {}", String::from_utf8_lossy(&file_text(&line))), want, "{before} {after}");
        let next = mask.sent(&fold.session, b"AUTH PLAIN AGR1ZGUAeA==", true);
        assert_eq!(file_text(&next), b"AUTH PLAIN {{auth}}", "{before} {after}");
    }
}

#[test]
fn what_is_left_of_a_line_behind_a_gap_may_be_the_end_of_a_secret() {
    for (after, want) in
        [("s1cw", "{{auth}}"), ("wVA==", "{{auth}}"), ("XFOO", "XFOO"), ("QUIT", "QUIT"), ("hi there", "hi there")]
    {
        let mut mask = Mask::default();
        let _ = recorded(&mut mask, &[EHLO.0, OFFER.0]);
        mask.headless();
        let fold = Fold::new();
        assert_eq!(file_text(&mask.sent(&fold.session, after.as_bytes(), true)), want.as_bytes(), "{after}");
        let _ = mask.received(b"500 what", true);
        assert_eq!(file_text(&mask.sent(&fold.session, b"s1cx", true)), b"s1cx", "it is over: {after}");
    }
}
