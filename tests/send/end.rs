//! What a message came to, where the end of it was not as usual.

use super::{ACCEPTS, Desk, after_ehlo};

const TO: [&str; 4] = ["--to", "c@d", "--timeout", "2s"];

#[test]
fn a_message_that_was_taken_is_taken_whatever_quit_is_answered() {
    let desk = Desk::new();
    let odd = ACCEPTS.replace("S: 221 bye", "S: 500 what");
    let (ran, _) = desk.against(&after_ehlo(" mx", &odd), &TO);
    ran.expect(0, &["<** 500 what", "=== delivered c@d"]);
}

#[test]
fn a_message_that_was_taken_is_taken_though_quit_is_never_answered() {
    let desk = Desk::new();
    let silent = ACCEPTS.replace("S: 221 bye\n", "HOLD\n");
    for more in [&[][..], &["--swaks-exit-codes"]] {
        let (ran, _) = desk.against(&after_ehlo(" mx", &silent), &[&TO[..], more].concat());
        ran.expect(0, &["=== delivered c@d", "warning: QUIT: its reply did not come in time"]);
    }
}

#[test]
fn nothing_is_known_of_a_message_whose_dot_was_not_answered() {
    let desk = Desk::new();
    let silent = ACCEPTS.replace("S: 250 2.0.0 queued\nC: QUIT\nS: 221 bye\n", "HOLD\n");
    let (ran, _) = desk.against(&after_ehlo(" mx", &silent), &[&TO[..], &["--json"]].concat());
    let said: serde_json::Value = serde_json::from_str(&ran.expect(6, &[]).out).expect("JSON");
    assert_eq!(said["recipients"][0]["verdict"], "unknown", "{said}");
}

#[test]
fn a_server_that_goes_away_has_refused_nothing() {
    let desk = Desk::new();
    let gone = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\n";
    let (ran, _) = desk.against(&after_ehlo(" mx", gone), &TO);
    ran.expect(3, &["=== unknown   c@d"]);
}

#[test]
fn the_way_to_the_server_is_not_the_place_to_print() {
    let desk = Desk::new();
    let way = ["stdio:", "--from", "a@b", "--to", "c@d", "--helo", "me", "--yes-really-send"];
    let ran = desk.send_with(b"220 mx\r\n", &way);
    ran.expect(3, &["=== connected to stdio:", "<-  220 mx"]);
    // The input may end before it is said.
    assert!(ran.out.is_empty() || ran.out == "EHLO me\r\n", "{ran:?}");
    desk.send_with(b"", &[&way[..], &["--json"]].concat()).expect(2, &["--save"]);
}

#[test]
fn who_is_anonymous_is_no_secret() {
    let desk = Desk::new();
    let offer = "-mx\nS: 250 AUTH ANONYMOUS";
    let then = format!("C: AUTH ANONYMOUS ZHVkZQ==\nS: 235 ok\n{}", ACCEPTS.replace("<c@d>", "<dude@d>"));
    let who = ["--to", "dude@d", "--auth", "ANONYMOUS", "--auth-user", "dude", "--auth-allow-plaintext"];
    let (ran, _) = desk.against(&after_ehlo(offer, &then), &who);
    ran.expect(0, &["> RCPT TO:<dude@d>", "To: dude@d", "> AUTH ANONYMOUS {{auth}}"]);
}

#[test]
fn xclient_says_that_an_address_is_of_ipv6() {
    let desk = Desk::new();
    let then = format!("C: XCLIENT ADDR=IPV6:2001:db8::1\nS: 220 mx\nC: EHLO me\nS: 250 mx\n{ACCEPTS}");
    let (ran, _) =
        desk.against(&after_ehlo("-mx\nS: 250 XCLIENT ADDR", &then), &["--to", "c@d", "--xclient-addr", "2001:db8::1"]);
    ran.expect(0, &["=== delivered c@d"]);
}

#[test]
fn recipients_that_no_connection_came_to_are_said_too() {
    let desk = Desk::new();
    let first = after_ehlo("-mx\nS: 250 LIMITS MAILMAX=1 RCPTMAX=1", ACCEPTS);
    let to = ["--to", "c@d,e@f,g@h", "--timeout", "2s"];
    for (second, code) in [("S: 421 busy\n", 8), ("", 3), ("S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<a@b>\n", 3)]
    {
        let script = format!("{first}---\n{second}");
        let (ran, _) = desk.against(&script, &to);
        ran.expect(code, &["=== delivered c@d", "=== unsent    e@f", "=== unsent    g@h"]);
        let (ran, _) = desk.against(&script, &[&to[..], &["--json"]].concat());
        let said: serde_json::Value = serde_json::from_str(&ran.expect(code, &[]).out).expect("JSON");
        let verdicts: Vec<_> = (0..3).map(|n| said["recipients"][n]["verdict"].as_str().expect("a verdict")).collect();
        assert_eq!(verdicts, ["delivered", "unsent", "unsent"], "{said}");
    }
}

#[test]
fn a_connection_that_breaks_among_the_recipients_leaves_none_unsaid() {
    let desk = Desk::new();
    let then = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: RCPT TO:<e@f>\n";
    let (ran, _) = desk.against(&after_ehlo(" mx", then), &["--to", "c@d,e@f,g@h", "--timeout", "2s"]);
    ran.expect(3, &["=== accepted  c@d", "=== unknown   e@f", "=== unsent    g@h"]);
}

/// What swaks 20201014 itself ends with against the same peers, but for the first: it waits for a reply, and has 6.
#[test]
fn swaks_exit_codes_are_those_of_swaks() {
    let desk = Desk::new();
    let ready = after_ehlo(" mx", "");
    let rcpt = format!("{ready}C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\n");
    let data = format!("{rcpt}S: 250 ok\nC: DATA\n");
    for (script, code) in [
        ("S: hello\n".to_owned(), 21),
        (String::new(), 6),
        ("S: 220 mx\nC: EHLO me\n".to_owned(), 6),
        ("S: 220 mx\nC: EHLO me\nS: 550 no\nC: HELO me\nS: 550 no\n".to_owned(), 22),
        (format!("{ready}C: MAIL FROM:<a@b>\nS: 550 no\n"), 23),
        (format!("{rcpt}HOLD\n"), 24),
        (rcpt, 6),
        (format!("{data}S: 250 ok\n"), 25),
        (format!("{data}S: 354 go\nC: .. .\n"), 6),
    ] {
        // What it says on leaving, some peers do not hear any more.
        let peer = super::Peer::play(&script);
        let target = peer.target();
        let ran = desk.send(&[
            "-s",
            &target,
            "-f",
            "a@b",
            "--helo",
            "me",
            "-t",
            "c@d",
            "--timeout",
            "1s",
            "--swaks-exit-codes",
        ]);
        assert_eq!(ran.code, Some(code), "{script}: {ran:?}");
    }
    for (mistake, code) in [
        (&["lab:", "--no-such-option"][..], 1),
        (&["lab:", "--port", "x"], 1),
        (&["lab:", "--to", "c@d", "--proxy-family", "X"], 35),
    ] {
        desk.send(&[mistake, &["--swaks-exit-codes"]].concat()).expect(code, &[]);
        desk.send(mistake).expect(2, &[]);
    }
    desk.send(&["--help-swaks"]).expect(0, &["Exit status", "\n  24  every RCPT refused\n      any 2xx is taken: 251"]);
}
