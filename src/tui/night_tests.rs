//! What an administrator meets at night: where a key did something else than was said, or the next step was not there.

use std::path::PathBuf;

use super::message::Message;
use super::model::{Face, Peer};
use super::screen::Screen;
use super::start::{Profile, Recent};
use super::tests::{connected, opened, refused};

#[test]
fn the_key_that_the_line_names_is_the_first_step_of_the_panel() {
    let mut screen = Screen::new(80, 24);
    screen.wire(
        "* connecting 127.0.0.1:26006\n* connected 127.0.0.1:26006\n\
         * warning kind=silence \"no greeting for 6 s\" try=smtps://127.0.0.1:26006\n* gave-up",
    );
    assert!(screen.shown().contains("Alt-1 connects to smtps://127.0.0.1:26006"), "{}", screen.shown());
    screen.asked();
    screen.keys("<alt-1>");
    assert_eq!(screen.asked(), ["connect smtps://127.0.0.1:26006"], "{}", screen.shown());
}

#[test]
fn an_export_says_at_once_that_it_works_and_can_leave_the_names_out() {
    let mut screen = opened(80, 24);
    screen.asked();
    screen.keys("x<ctrl-u>a.html<enter>");
    assert!(screen.shown().contains("Being written …"), "{}", screen.shown());
    screen.asked();
    screen.keys("<ctrl-p>anonym<enter><enter>");
    assert_eq!(screen.asked(), ["write anonymised.smtp as smtp without names"]);
    screen.send(Message::Exists {
        to: PathBuf::from("anonymised.smtp"),
        format: crate::interchange::by_name("smtp"),
        anonymise: true,
    });
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["write anonymised.smtp as smtp without names over"]);
}

#[test]
fn a_long_path_is_not_cut_at_its_beginning() {
    let mut screen = opened(80, 24);
    screen.keys("x<ctrl-u>2026-11-29-134310-127.0.0.1-26001.md");
    let shown = screen.shown();
    assert!(shown.contains("Export to ") && shown.contains("2026-11-29-134310-127.0.0.1-26001.md"), "{shown}");
}

#[test]
fn a_file_that_is_not_there_stays_in_its_field_and_is_told() {
    let mut screen = connected(120, 33);
    screen.keys("<f3><f6><up><up><up><up><up>/tmp/big.t");
    screen.asked();
    screen.keys("<tab>");
    assert_eq!(screen.asked(), ["attach /tmp/big.t"], "Tab does not drop it: {}", screen.shown());
    screen.send(Message::NotAttached("can't be read: No such file or directory".to_owned()));
    let shown = screen.shown();
    assert!(shown.contains("/tmp/big.t") && shown.contains("not attached: it can't be read"), "{shown}");
    screen.keys("<tab>");
    screen.asked();
    screen.send(Message::Attached("big.t".to_owned(), b"x".to_vec()));
    let shown = screen.shown();
    assert!(!shown.contains("/tmp/big.t") && shown.contains("big.t"), "{shown}");
}

/// Profiles and conversations to choose from.
fn known(screen: &mut Screen) {
    let profile = |name: &str, own| Profile {
        name: name.to_owned(),
        address: format!("{name}.example:25"),
        own,
        ..Profile::default()
    };
    screen.model.start.profiles = vec![profile("gmail", false), profile("noddy", true)];
    let recent = |target: &str, path: &str| Recent {
        when: "today 14:02".to_owned(),
        target: target.to_owned(),
        outcome: "250 queued".to_owned(),
        ago: "an hour ago".to_owned(),
        path: PathBuf::from(path),
        ..Recent::default()
    };
    screen.model.start.recent = vec![
        recent("127.0.0.1:26004", "/s/a.smtp"),
        recent("127.0.0.1:26002", "/s/b.smtp"),
        recent("smtp://127.0.0.1:26001", "/s/c.smtp"),
    ];
}

#[test]
fn where_to_connect_offers_profiles_and_servers_talked_to_lately() {
    let mut screen = Screen::new(80, 24);
    known(&mut screen);
    screen.keys("<f4>");
    let shown = screen.shown();
    assert!(shown.contains("noddy  noddy.example:25") && shown.contains("127.0.0.1:26004  an hour ago"), "{shown}");
    screen.asked();
    screen.keys("<down><enter>");
    assert_eq!(screen.asked().last().map(String::as_str), Some("connect noddy"), "the user's own come first");
    screen.keys("<f4>26002");
    assert!(!screen.shown().contains("26004") && screen.shown().contains("26002  an hour"), "{}", screen.shown());
    screen.asked();
    screen.keys("<down><enter>");
    assert_eq!(screen.asked().last().map(String::as_str), Some("connect 127.0.0.1:26002"));
}

#[test]
fn what_to_compare_with_is_found_as_one_types_and_the_same_server_comes_first() {
    let mut screen = opened(80, 24);
    known(&mut screen);
    screen.model.talk.target = Some("smtp://127.0.0.1:26001".to_owned());
    screen.model.talk.path = Some(PathBuf::from("/s/own.smtp"));
    screen.keys("d");
    let shown = screen.shown();
    let at = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"));
    assert!(at("smtp://127.0.0.1:26001") < at("127.0.0.1:26004"), "{shown}");
    screen.keys("26002");
    assert!(!screen.shown().contains("127.0.0.1:26004"), "{}", screen.shown());
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["compare /s/own.smtp /s/b.smtp"]);
}

#[test]
fn what_is_connected_to_is_kept_as_a_profile_and_the_start_screen_is_a_step_away() {
    let mut screen = connected(120, 33);
    let name = screen.model.peer.name.clone();
    screen.asked();
    screen.keys("<ctrl-p>profile<enter>");
    assert_eq!(screen.asked(), [format!("New(\"{name}\")")]);
    screen.keys("<ctrl-p>start screen<enter>");
    assert_eq!(screen.model.face, Face::Start, "{}", screen.shown());
    assert!(screen.shown().contains("Esc goes back to it"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.model.face == Face::Talk && screen.model.talk.is_open());
}

#[test]
fn a_line_for_one_server_does_not_stand_ready_for_another() {
    let mut screen = refused(80, 24);
    screen.keys("RSET");
    let peer = Peer { name: "127.0.0.1:26002".to_owned(), ..screen.model.peer.clone() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    assert_eq!(screen.model.composer.line(), "");
    screen.wire("* connecting 127.0.0.1:26002\n* connected 127.0.0.1:26002\n< 220 mx");
    screen.keys("<up>");
    assert_eq!(screen.model.composer.line(), "RSET", "it is not lost");
}

#[test]
fn a_theme_without_colours_says_why_nothing_changes() {
    let mut screen = opened(80, 24);
    screen.model.colourless = true;
    screen.keys("<ctrl-p>theme<enter>");
    assert!(screen.shown().contains("as long as NO_COLOR is set"), "{}", screen.shown());
}

#[test]
fn the_whole_of_what_an_action_does_can_be_read() {
    let mut screen = opened(80, 24);
    screen.keys("<ctrl-p>theme");
    let shown = screen.shown();
    assert!(shown.contains("your own") && !shown.contains("┌┌") && !shown.contains("│┘"), "{shown}");
}

#[test]
fn what_needs_a_connection_says_so_in_a_file() {
    let mut screen = opened(80, 24);
    screen.model.talk.target = Some("127.0.0.1:2525".to_owned());
    screen.keys("P");
    let shown = screen.shown().replace('\n', " ");
    assert!(shown.contains("is for a connection, and this is a file: F5 connects"), "{shown}");
}

#[test]
fn a_reply_that_broke_off_accepts_nobody_and_every_tab_says_so() {
    let mut screen = connected(120, 33);
    screen.wire("> EHLO noddy.com\n< 250 mx.target.local\n> MAIL FROM:<a@noddy.com>\n< 250 ok");
    screen.wire("> RCPT TO:<b@target.local>\n< 250-half\n* closed by=server");
    let shown = screen.shown();
    assert!(shown.contains("The reply to RCPT broke off") && !shown.contains("✓"), "{shown}");
    screen.keys("<f9>");
    let shown = screen.shown();
    assert!(shown.contains("broke off in the middle") && shown.contains("· b@target.local"), "{shown}");
    let mut screen = connected(120, 33);
    screen.wire("> EHLO noddy.com\n< 250-mx.target.local\n< 250-SIZE 1000\n* closed by=server");
    screen.keys("<f9><f9>");
    let shown = screen.shown();
    assert!(shown.contains("offers something broke off") && shown.contains("nothing of it counts"), "{shown}");
}

#[test]
fn another_sender_is_named_with_the_cursor_at_its_domain() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250 mx.target.local");
    screen.say("MAIL FROM:<lt>dude@nody.example><enter>", "< 250 2.1.0 Ok");
    let words = "< 450 4.1.8 <dude@nody.example>: Sender address rejected: Domain not found";
    screen.say("RCPT TO:<lt>anotherdude@target.local><enter>", words);
    let shown = screen.shown();
    assert!(shown.contains("nody.example, the sender's domain") && shown.contains("Postfix among them"), "{shown}");
    screen.keys("<alt-1>");
    assert_eq!(screen.model.composer.line(), "RSET");
    screen.say("<enter>", "< 250 2.0.0 Ok");
    assert_eq!(screen.model.composer.halves(), ("MAIL FROM:<dude@nody.example", ">"), "{}", screen.shown());
    assert!(screen.shown().contains("mend its domain"), "{}", screen.shown());
}

#[test]
fn after_a_refused_log_in_the_grey_text_logs_in_again() {
    let mut screen = connected(120, 33);
    screen.wire("* tls version=TLSv1.3 cipher=X verified=yes");
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 AUTH PLAIN LOGIN");
    screen.say("AUTH PLAIN AGR1ZGUAbm9kZHk=<enter>", "< 535 5.7.8 Error: authentication failed");
    assert!(screen.model.composer.ghost().starts_with("AUTH "), "{}", screen.shown());
    assert!(screen.shown().contains("AUTH again, or another mechanism"), "{}", screen.shown());
}

#[test]
fn who_has_given_up_a_log_in_or_greeted_with_helo_is_not_told_to_log_in() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 AUTH PLAIN LOGIN");
    screen.say("AUTH LOGIN<enter>", "< 334 VXNlcm5hbWU6");
    screen.say("*<enter>", "< 501 5.7.0 Authentication aborted");
    let shown = screen.shown();
    assert!(!shown.contains("was refused") && !shown.contains("wants to know you"), "{shown}");
    let mut screen = connected(120, 33);
    screen.say("HELO noddy.com<enter>", "< 250 mx.target.local");
    screen.say("AUTH LOGIN<enter>", "< 503 5.5.1 Error: send EHLO first");
    screen.wire("> {{auth}}\n< 500 5.5.2 Error: command not recognized");
    assert_eq!(screen.model.composer.ghost(), "EHLO noddy.com", "{}", screen.shown());
    assert!(screen.shown().contains("greet the server anew with EHLO"), "{}", screen.shown());
}

#[test]
fn who_has_not_tried_to_log_in_is_not_told_to_do_it_again() {
    for (columns, words) in
        [(80, "Log in first: AUTH"), (120, "The server wants to know you before that: log in with AUTH")]
    {
        let mut screen = connected(columns, 33);
        screen.wire("* tls version=TLSv1.3 cipher=X verified=yes");
        screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 AUTH PLAIN LOGIN");
        screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 530 5.7.0 Authentication required");
        let shown = screen.shown();
        assert!(shown.contains(words) && !shown.contains("AUTH again"), "{shown}");
    }
    // Where the password could be read nothing is left but to go.
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 AUTH PLAIN LOGIN");
    screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 530 5.7.0 Authentication required");
    assert_eq!(screen.model.composer.ghost(), "QUIT", "{}", screen.shown());
    assert!(screen.shown().contains("Reply says why this leads no further"), "{}", screen.shown());
}

#[test]
fn the_same_recipient_tried_twice_is_one_recipient() {
    let mut screen = connected(120, 33);
    screen.wire("> EHLO noddy.com\n< 250 mx.target.local\n> MAIL FROM:<a@noddy.com>\n< 250 ok");
    screen
        .wire("> RCPT TO:<b@target.local>\n< 450 4.2.0 Greylisted\n> RCPT TO:<b@target.local>\n< 450 4.2.0 Greylisted");
    let title = screen.shown().lines().next().map(str::to_owned).unwrap_or_default();
    assert!(title.contains("0 of 1 accepted"), "{title}");
}

#[test]
fn what_the_lab_has_taken_is_a_key_away_and_the_line_says_so() {
    let mut screen = connected(80, 24);
    screen.model.peer.lab = true;
    screen.wire("> EHLO a\n< 250 ok\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d> NOTIFY=SUCCESS\n< 250 ok");
    screen.wire("> DATA\n< 354 go\n| x\n> .\n< 250 2.0.0 Ok: queued");
    assert!(screen.shown().contains("Esc L shows"), "{}", screen.shown());
}

#[test]
fn what_follows_a_message_has_the_row_that_it_would_have_before_one() {
    let row = |screen: &Screen| screen.shown().lines().rev().nth(2).unwrap_or_default().to_owned();
    for said in [
        "> EHLO noddy.com\n< 250-mx.target.local\n< 250 AUTH LOGIN",
        "> RCPT TO:<c@d>\n< 503 5.5.1 MAIL first",
        "> DATA\n< 503 5.5.1 MAIL first",
        "> AUTH PLAIN AGE=\n< 235 2.7.0 Ok",
    ] {
        let mut first = connected(80, 24);
        first.model.peer.lab = true;
        first.wire("> EHLO noddy.com\n< 250 ok");
        first.wire(said);
        let mut screen = connected(80, 24);
        screen.model.peer.lab = true;
        screen.wire("> EHLO noddy.com\n< 250 ok\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok");
        screen.say("DATA<enter>", "< 354 go");
        screen.say(".<enter>", "< 250 2.0.0 Ok: queued");
        assert!(row(&screen).contains("Esc L shows"), "{}", screen.shown());
        screen.wire("> NOOP\n< 250 ok");
        assert!(row(&screen).contains("Esc L shows"), "{}", screen.shown());
        screen.wire(said);
        assert_eq!(row(&screen), row(&first), "{said}: {}", screen.shown());
        assert_eq!(screen.model.composer.ghost(), first.model.composer.ghost(), "{said}");
        let title = screen.shown().lines().next().unwrap_or_default().to_owned();
        assert!(!title.contains("message taken"), "{title}");
    }
}
