//! What a scenario changes: rules, turning everybody away, hidden and false offers, magic addresses.

use super::*;

#[test]
fn rules_answer_delay_and_count() {
    let rules = r#"
[[rule]]
on = "RCPT"
to = "anotherdude@target.local"
nth = "1..2"
per = "triplet"
delay = "3s"
reply = "450 4.2.0 <{rcpt}>: Greylisted, attempt {nth}"
[[rule]]
on = "RCPT"
to = "forwarded@target.local"
reply = "251 2.1.5 User not local; will forward to <dude@noddy.com>"
[[rule]]
on = "EHLO"
helo = "nobody"
set = { capability = "-STARTTLS" }
[[rule]]
on = "VRFY"
close = true
reply = "421 4.7.0 No questions"
[[rule]]
on = "end-of-data"
content = '(?i)free money'
reply = "550 5.7.1 Spam"
[[rule]]
on = "HELP"
raw = 'no code\r\n'
[[rule]]
on = "NOOP"
argument = "quietly"
silence = true
"#;
    let mut talk = Talk::with(&format!("{}{rules}", default()));
    assert!(!talk.say(&["EHLO nobody"]).contains("STARTTLS"));
    assert_eq!(talk.say(&["STARTTLS"]), "502 5.5.1 Error: command not implemented");
    talk.say(&["MAIL FROM:<dude@noddy.com>"]);
    let rcpt = "RCPT TO:<anotherdude@target.local>";
    assert_eq!(talk.say(&[rcpt]), "450 4.2.0 <anotherdude@target.local>: Greylisted, attempt 1");
    assert_eq!(talk.say(&[rcpt]), "450 4.2.0 <anotherdude@target.local>: Greylisted, attempt 2");
    assert_eq!(talk.say(&[rcpt]), "250 2.1.5 Ok");
    assert_eq!(talk.waited, Duration::from_secs(6));
    assert!(talk.say(&["RCPT TO:<forwarded@target.local>"]).starts_with("251 2.1.5"));
    assert_eq!(talk.say(&["HELP"]), "no code\r\n");
    assert_eq!(talk.say(&["NOOP quietly"]), "");
    assert!(talk.say(&["DATA", "Free money for all", "."]).ends_with("550 5.7.1 Spam"));
    assert!(talk.kept("anotherdude@target.local").is_empty());
    assert_eq!(talk.say(&["VRFY dude"]), "421 4.7.0 No questions|(closed)");
}

#[test]
fn a_server_that_turns_everybody_away_waits_for_quit() {
    let rule = "[[rule]]\non = \"connect\"\nreply = \"554 5.7.1 No service for {client}\"\n";
    let mut talk = Talk::with(&format!("{}{rule}", default()));
    assert_eq!(talk.open(), ["554 5.7.1 No service for 127.0.0.1"]);
    assert_eq!(talk.say(&["EHLO a"]), "503 5.5.1 Error: only QUIT is possible now");
    assert_eq!(talk.say(&["QUIT"]), "221 2.0.0 Bye|(closed)");
}

#[test]
fn what_is_hidden_works_and_what_is_a_lie_does_not() {
    let text = default()
        .replace("\"CHUNKING\", ", "")
        .replace("\"HELP\"]", "\"HELP\"]\nhide = [\"DSN\"]\nlie = [\"CHUNKING\"]");
    let mut talk = Talk::with(&text);
    let offer = talk.say(&["EHLO a"]);
    assert!(offer.contains("CHUNKING") && !offer.contains("DSN"), "{offer}");
    assert_eq!(talk.say(&["MAIL FROM:<a@b.c> RET=HDRS"]), "250 2.1.0 Ok");
    assert_eq!(talk.say(&["BDAT 1"]), "500 5.5.2 Error: command not recognized");
}

#[test]
fn what_a_rule_says_goes_out_as_written_where_no_enhanced_codes_are_offered() {
    let rules = "\n[[rule]]\non = \"RCPT\"\nreply = \"550 5.7.1 no\"\n\
        [[rule]]\non = \"VRFY\"\nmulti = [\"252-2.1.5 a\", \"252 2.1.5 b\"]\n";
    let mut talk = Talk::with(&(default().replace("\"ENHANCEDSTATUSCODES\", ", "") + rules));
    talk.say(&["EHLO a"]);
    assert_eq!(talk.say(&["MAIL FROM:<a@b.c>"]), "250 Ok", "nothing of the ordinary");
    assert_eq!(talk.say(&["RCPT TO:<a@target.local>"]), "550 5.7.1 no");
    assert_eq!(talk.say(&["VRFY a"]), "252-2.1.5 a|252 2.1.5 b");
    assert!(talk.say(&["HELP"]).starts_with("214-mx.target.local understands"));
}

#[test]
fn magic_addresses_can_be_switched_off() {
    let mut talk = Talk::with(&default().replace("[server]", "magic = false\n[server]"));
    talk.say(&["EHLO a", "MAIL FROM:<>"]);
    assert!(talk.say(&["RCPT TO:<571@error.lab>"]).starts_with("554 5.7.1 <571@error.lab>: Relay"));
    let mut talk = Talk::new();
    talk.say(&["EHLO a", "MAIL FROM:<>"]);
    assert_eq!(talk.say(&["RCPT TO:<delay-10s@error.lab>"]), "250 2.1.5 Ok");
    assert_eq!(talk.waited, Duration::from_secs(10));
}

#[test]
fn xclient_is_believed_about_the_client_and_starts_the_session_over() {
    let text = crate::assets::text("scenarios/known-client.toml").expect("shipped");
    let mut talk = Talk::with(text);
    assert!(talk.open()[0].starts_with("220 "));
    assert!(talk.say(&["EHLO a"]).contains("XCLIENT NAME ADDR"));
    let outside = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"];
    assert!(talk.say(&outside).ends_with("554 5.7.1 <c@d.example>: Relay access denied"));
    assert!(talk.say(&["XCLIENT ADDR=198.51.100.7"]).starts_with("503 5.5.1"), "not within a transaction");
    assert!(talk.say(&["RSET", "XCLIENT ADDR=[198.51.100.7]"]).ends_with("501 5.5.4 Bad ADDR syntax: [198.51.100.7]"));
    assert!(talk.say(&["XCLIENT DESTADDR=192.0.2.1"]).starts_with("501 5.5.4 Bad XCLIENT attribute name"));
    assert!(talk.say(&["XCLIENT ADDR=198.51.100.7 LOGIN=du+20de"]).starts_with("220 mx.target.local"));
    assert!(talk.say(&["MAIL FROM:<a@b.example>"]).starts_with("503 "), "EHLO is due again");
    talk.say(&["EHLO a"]);
    assert_eq!(talk.say(&["XFORWARD ADDR=IPV6:2001:db8::1 SOURCE=REMOTE"]), "250 2.0.0 Ok");
    assert!(talk.say(&outside).ends_with("250 2.1.5 Ok"), "this client may relay");
    talk.say(&["RSET"]);
    assert!(
        talk.say(&["XCLIENT ADDR=192.0.2.9"]).starts_with("554 5.7.1 Service unavailable; Client host [192.0.2.9]")
    );
    assert_eq!(
        Talk::new().say(&["EHLO a", "XCLIENT ADDR=192.0.2.9"]).rsplit('|').next(),
        Some("500 5.5.2 Error: command not recognized")
    );
}

#[test]
fn what_is_played_of_a_sender_is_asked_for_by_rules_and_said_in_replies() {
    let rules = r#"
[[pretend]]
helo = "far.example"
ptr = "none"
listed = "lists.example"
[[pretend]]
from = "*@spf.example"
spf = "softfail"
[[rule]]
on = "RCPT"
ptr = "none"
reply = "550 5.7.25 no name: {ptr}, on {listed}, SPF {spf}"
[[rule]]
on = "MAIL"
spf = "*fail"
reply = "550 5.7.23 SPF says {spf}"
"#;
    let mut talk = Talk::with(&format!("{}{rules}", default()));
    assert!(talk.say(&["EHLO far.example", "MAIL FROM:<a@spf.example>"]).ends_with("550 5.7.23 SPF says softfail"));
    let refused = talk.say(&["MAIL FROM:<a@b.example>", "RCPT TO:<anotherdude@target.local>"]);
    assert!(refused.ends_with("550 5.7.25 no name: none, on lists.example, SPF none"), "{refused}");
    let near = ["EHLO near.example", "MAIL FROM:<a@b.example>", "RCPT TO:<anotherdude@target.local>"];
    assert!(talk.say(&near).ends_with("250 2.1.5 Ok"), "nothing is played of others");
}

#[test]
fn a_rule_answers_for_a_verb_that_changes_nothing_and_for_a_login_and_a_chunk() {
    let rules = r#"
[[rule]]
on = "VRFY"
reply = "252 2.0.0 who knows"
[[rule]]
on = "any"
line = '^XYZZY( |$)'
reply = "250 2.0.0 {open}magic} by {verb}"
[[rule]]
on = "AUTH"
argument = '^NTLM'
reply = "334 go on"
[[rule]]
on = "auth-answer"
nth = 1
reply = "334 and on"
[[rule]]
on = "auth-answer"
reply = "235 2.7.0 welcome"
[[rule]]
on = "BDAT"
argument = '^5$'
reply = "250 2.0.0 five"
[[rule]]
on = "BDAT"
argument = '^6$'
reply = "552 5.3.4 six"
"#;
    let mut talk = Talk::with(&format!("{}{rules}", default()));
    assert_eq!(
        talk.say(&["VRFY nobody@target.local", "XYZZY 1"]),
        "252 2.0.0 who knows|250 2.0.0 {magic} by an unknown verb"
    );
    assert_eq!(talk.say(&["EHLO a", "AUTH NTLM"]).rsplit('|').next(), Some("334 go on"));
    assert_eq!(talk.say(&["YQ==", "YQ=="]), "334 and on|235 2.7.0 welcome");
    let mail = ["MAIL FROM:<a@b.example>", "RCPT TO:<anotherdude@target.local>"];
    assert_eq!(talk.say(&mail), "250 2.1.0 Ok|250 2.1.5 Ok");
    assert_eq!(talk.bytes(b"BDAT 5\r\nNOOP\nBDAT 6\r\nQUIT\r\n"), ["250 2.0.0 five", "552 5.3.4 six"]);
    assert_eq!(talk.say(&["RSET"]), "250 2.0.0 Ok", "what is in a chunk is never obeyed");
}

#[test]
fn what_is_said_at_the_dot_knows_the_message_and_a_stamp_each_copys_recipient() {
    let rules = r#"
[[rule]]
on = "MAIL"
size = ">1000"
reply = "552 5.3.4 {size} is too much"
[[rule]]
on = "end-of-data"
stamp = "X-Lab: {from} to {rcpt} as {queue_id}, {size}"
reply = "250 2.0.0 id={queue_id} size={size}"
"#;
    for listener in [ListenerKind::Smtp, ListenerKind::Lmtp] {
        let site = site(&format!("{}{rules}", default()));
        let mut talk = Talk::to(&site, listener);
        talk.say(&[if listener == ListenerKind::Lmtp { "LHLO a" } else { "EHLO a" }]);
        assert_eq!(talk.say(&["MAIL FROM:<dude@noddy.com> SIZE=1001"]), "552 5.3.4 1001 is too much");
        let both = ["RCPT TO:<anotherdude@target.local>", "RCPT TO:<postmaster@target.local>"];
        talk.say(&["MAIL FROM:<dude@noddy.com>", both[0], both[1]]);
        let said = talk.say(&["BDAT 4 LAST", "hi"]);
        for to in ["anotherdude@target.local", "postmaster@target.local"] {
            let kept = talk.kept(to).remove(0);
            let id = kept.split_once(" id ").and_then(|(_, rest)| rest.split_once("\r\n")).expect("its id").0;
            assert!(said.starts_with(&format!("250 2.0.0 id={id} size=4")), "{said}");
            let stamp = format!("\r\nX-Lab: dude@noddy.com to {to} as {id}, 4\r\n");
            assert!(kept.contains(&stamp) && kept.matches("X-Lab").count() == 1, "{kept}");
        }
    }
}

#[test]
fn a_capability_that_is_set_takes_the_place_of_the_one_before_and_holds() {
    let rules = "[[rule]]\non = \"NOOP\"\nset = { capability = \"SIZE 7\" }\n[[rule]]\non = \"RSET\"\n\
                 set = { capability = \"X-NEW\" }\n";
    let mut talk = Talk::with(&format!("{}{rules}", default()));
    assert!(talk.say(&["EHLO a"]).contains("SIZE 10485760"));
    let set = talk.say(&["NOOP", "RSET", "EHLO a"]);
    assert!(set.contains("SIZE 7") && set.matches("SIZE").count() == 1 && set.contains("X-NEW"), "{set}");
    assert!(talk.say(&["MAIL FROM:<a@noddy.com> SIZE=8"]).starts_with("552 5.3.4"));
}

#[test]
fn what_is_offered_may_differ_in_tls_and_after_a_login() {
    let keys = "\"HELP\"]\nin_tls = [\"SIZE 9\", \"HELP\"]\nlogged_in = [\"SIZE 8\"]";
    let mut talk = Talk::with(&default().replace("\"HELP\"]", keys));
    assert!(talk.say(&["EHLO a"]).contains("SIZE 10485760"));
    talk.say(&["STARTTLS"]);
    let inside = talk.say(&["EHLO a"]);
    assert!(inside.contains("SIZE 9") && !inside.contains("PIPELINING"), "{inside}");
    assert!(talk.say(&["BDAT 1 LAST"]).starts_with("500 "), "CHUNKING is not among them");
    talk.say(&["AUTH PLAIN AGR1ZGUAbm9kZHk="]);
    assert!(talk.say(&["EHLO a"]).contains("SIZE 8"));
}

#[test]
fn vrfy_tells_no_lies_of_who_is_not_told_of_or_has_moved() {
    let boxes = "[[domain.mailbox]]\nname = \"secret\"\nvrfy = false\n[[domain.mailbox]]\nname = \"left\"\n\
                 moved_to = \"dude@noddy.com\"\n[[domain.mailbox]]\nname = \"full\"";
    let mut talk = Talk::with(&default().replacen("[[domain.mailbox]]\nname = \"full\"", boxes, 1));
    talk.say(&["EHLO a"]);
    assert_eq!(talk.say(&["VRFY secret"]), "252 2.0.0 secret");
    assert_eq!(talk.say(&["VRFY secret@target.local"]), "252 2.0.0 secret@target.local");
    let moved = "551 5.1.6 User has moved; please try <dude@noddy.com>";
    assert_eq!(talk.say(&["VRFY left"]), moved);
    assert_eq!(talk.say(&["VRFY left@target.local"]), moved);
    assert!(talk.say(&["VRFY nobody"]).starts_with("550 5.1.1"));
}

#[test]
fn a_recipient_named_without_a_transaction_is_not_counted() {
    let rules = "[[rule]]\non = \"RCPT\"\nphase = \"greeted\"\nnth = 4\nreply = \"503 5.5.1 four\"\n\
        [[rule]]\non = \"RCPT\"\nnth = \"2..\"\nper = \"session\"\nreply = \"452 4.5.3 Too many\"\n";
    let mut talk = Talk::with(&format!("{}{rules}", default()));
    let rcpt = "RCPT TO:<anotherdude@target.local>";
    let early = talk.say(&["EHLO a", rcpt, rcpt, rcpt, rcpt]);
    let early: Vec<&str> = early.rsplit('|').take(4).collect();
    let need = "503 5.5.1 Error: need MAIL command";
    assert_eq!(early, ["503 5.5.1 four", need, need, need], "what is about just that counts it");
    talk.say(&["MAIL FROM:<a@b.example>"]);
    assert_eq!(talk.say(&[rcpt, rcpt]), "250 2.1.5 Ok|452 4.5.3 Too many");
}
