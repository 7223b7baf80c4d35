//! What the second row says of lines that go out all the same, and do not do what was meant.

use super::Composer;
use super::tests::Desk;

fn said(desk: &mut Desk, line: &str) -> String {
    desk.keys("<C-u>").keys(line);
    desk.screen(118).lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_verb_alone_is_not_greeted_with_the_name_in_grey() {
    let mut desk = Desk::greeted();
    for line in ["HELO", "ehlo", "EHLO "] {
        let said = said(&mut desk, line);
        assert!(said.contains("The name in grey is not on the line yet"), "{line}: {said}");
    }
    assert!(!said(&mut desk, "EHLO noddy.com").contains("in grey"));
}

#[test]
fn commands_in_a_message_are_said_in_any_case_and_words_are_not() {
    let mut desk = Desk::greeted();
    desk.in_data();
    for line in [
        "quit",
        "QUIT",
        "Rset",
        "data",
        "mail from:<a@b.c>",
        "MAIL FROM:<a@b.c>",
        "rcpt to : <a@b.c>",
        "ehlo noddy.com",
        "starttls",
        "auth login",
        "bdat 12 last",
        "VRFY postmaster and more",
    ] {
        let said = said(&mut desk, line);
        assert!(said.contains("this becomes text of the message"), "{line}: {said}");
    }
    desk.keys("<C-u>").say("Subject: x", "").say("", "");
    for line in ["mail from my sister", "data is what we need", "help me out", "quit smoking", "Data:", "auth is hard"]
    {
        let said = said(&mut desk, line);
        assert!(!said.contains("text of the message; a line"), "{line}: {said}");
    }
}

#[test]
fn words_for_the_program_that_connects_lead_to_the_key_that_does() {
    let mut desk = Desk::greeted();
    for line in ["telnet lab 25", "open lab 25", "set localecho", "openssl s_client -connect mx:25"] {
        let said = said(&mut desk, line);
        assert!(said.contains("no command of SMTP") && said.contains("F4 connects elsewhere"), "{line}: {said}");
        assert!(!said.contains("F8"), "nothing is mended: {said}");
    }
}

#[test]
fn base64_behind_auth_that_lacks_its_end_is_mended_by_the_key() {
    let mut desk = Desk::greeted();
    desk.say("EHLO noddy.com", "250-mx\n250 AUTH PLAIN LOGIN");
    let lacking = said(&mut desk, "AUTH PLAIN AGR1ZGUAbm9kZHk");
    assert!(lacking.contains("not as many as they should be"), "{lacking}");
    assert!(desk.with(Composer::mend));
    assert_eq!(desk.composer.line(), "AUTH PLAIN AGR1ZGUAbm9kZHk=");
    said(&mut desk, "AUTH PLAIN dude:noddy");
    assert!(!desk.with(Composer::mend), "nothing is guessed");
}

#[test]
fn a_text_without_the_empty_line_before_it_is_said_until_the_message_is_over() {
    let mut desk = Desk::greeted();
    desk.in_data().keys("Subject: x");
    desk.with(Composer::sent);
    desk.keys("Hello.");
    desk.with(Composer::sent);
    for line in ["", "more", "."] {
        let screen = desk.keys("<C-u>").keys(line).screen(78);
        assert!(screen.to_lowercase().contains("empty line") && screen.contains("Ctrl-C"), "{line}: {screen}");
    }
}

#[test]
fn what_is_overlooked_in_a_message_is_said_while_it_is_typed() {
    let mut desk = Desk::greeted();
    desk.in_data();
    for (line, words) in [
        (". ", "this does not end the message"),
        ("QUIT", "becomes text of the message"),
        ("Subject: x", "354: type the message"),
    ] {
        desk.keys("<C-u>").keys(line);
        let screen = desk.screen(118);
        assert!(screen.contains(words), "{line}: {screen}");
    }
    // The subject is sent, and the text follows at once.
    desk.with(Composer::sent);
    assert!(desk.keys("Hello.").screen(118).contains("an empty line parts the headers from the text"));
    assert!(!desk.keys("<C-u>To: you").screen(118).contains("an empty line parts"));
    desk.keys("<C-u>");
    desk.with(Composer::sent);
    assert!(!desk.keys("Hello.").screen(118).contains("an empty line parts"));
}
