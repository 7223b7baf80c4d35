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
fn magic_addresses_can_be_switched_off() {
    let mut talk = Talk::with(&default().replace("[server]", "magic = false\n[server]"));
    talk.say(&["EHLO a", "MAIL FROM:<>"]);
    assert!(talk.say(&["RCPT TO:<571@error.lab>"]).starts_with("554 5.7.1 <571@error.lab>: Relay"));
    let mut talk = Talk::new();
    talk.say(&["EHLO a", "MAIL FROM:<>"]);
    assert_eq!(talk.say(&["RCPT TO:<delay-10s@error.lab>"]), "250 2.1.5 Ok");
    assert_eq!(talk.waited, Duration::from_secs(10));
}
