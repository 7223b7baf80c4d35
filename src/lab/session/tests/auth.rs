//! Logging in: each way, each refusal, and what is offered when.

use super::*;

#[test]
fn auth_goes_its_ways() {
    let plain = "AGR1ZGUAbm9kZHk=";
    for (lines, want) in [
        (&["AUTH PLAIN AGR1ZGUAbm9kZHk="][..], "235 2.7.0 Authentication successful"),
        (&["AUTH PLAIN", plain], "334 |235 2.7.0 Authentication successful"),
        (
            &["AUTH LOGIN", "ZHVkZQ==", "bm9kZHk="],
            "334 VXNlcm5hbWU6|334 UGFzc3dvcmQ6|235 2.7.0 Authentication successful",
        ),
        (&["AUTH LOGIN ZHVkZQ==", "bm9kZHk="], "334 UGFzc3dvcmQ6|235 2.7.0 Authentication successful"),
        (&["AUTH LOGIN", "*"], "334 VXNlcm5hbWU6|501 5.7.0 Authentication aborted"),
        (&["AUTH PLAIN not*base64"], "501 5.5.2 Error: invalid base64 data in continued response"),
        (&["AUTH PLAIN ="], "501 5.5.2 Error: malformed PLAIN message"),
        (&["AUTH PLAIN AGR1ZGUAd3Jvbmc="], "535 5.7.8 Error: authentication failed: wrong user or password"),
        (&["AUTH NTLM"], "504 5.5.4 Error: authentication mechanism not supported"),
        (&["AUTH"], "501 5.5.4 Syntax: AUTH mechanism"),
        (&["MAIL FROM:<a@b.c>", "AUTH PLAIN"], "250 2.1.0 Ok|503 5.5.1 Error: MAIL transaction in progress"),
    ] {
        let mut talk = Talk::new();
        talk.say(&["EHLO a"]);
        assert_eq!(talk.say(lines), want, "{lines:?}");
    }
}

#[test]
fn mechanisms_are_offered_where_they_are_possible() {
    let logins = crate::assets::text("scenarios/logins.toml").expect("shipped");
    let mut talk = Talk::with(logins);
    let offer = talk.say(&["EHLO a"]);
    let auth = |offer: &str| offer.rsplit("AUTH ").next().unwrap_or_default().to_owned();
    assert!(!auth(&offer).contains("PLUS") && !auth(&offer).contains("EXTERNAL"), "{offer}");
    talk.secured.end_point = Some(vec![1; 32]);
    talk.say(&["STARTTLS"]);
    let offer = talk.say(&["EHLO a"]);
    assert!(auth(&offer).contains("SCRAM-SHA-256-PLUS") && !auth(&offer).contains("EXTERNAL"), "{offer}");
    let mut talk = Talk::with(logins);
    talk.secured.certified = Some("dude".to_owned());
    talk.say(&["STARTTLS"]);
    assert!(talk.say(&["EHLO a", "AUTH EXTERNAL ="]).ends_with("235 2.7.0 Authentication successful"));
}

#[test]
fn a_token_that_is_wrong_is_refused_in_two_steps() {
    let mut talk = Talk::new();
    talk.say(&["EHLO a"]);
    // user=dude, auth=Bearer wrong
    let got = talk.say(&["AUTH XOAUTH2 dXNlcj1kdWRlAWF1dGg9QmVhcmVyIHdyb25nAQE=", ""]);
    assert!(got.starts_with("334 eyJzdGF0dXMiOi") && got.contains("|535 5.7.8"), "{got}");
}
