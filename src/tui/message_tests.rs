//! The message editor, *make ready*, the way back after a cut, and what is asked before a message is handed over.

use insta::assert_snapshot;

use super::errand::Access;
use super::message::Message;
use super::screen::Screen;
use super::secret::Fetched;
use super::tests::{connected, in_data, refused};
use crate::profile::{Auth, SecretSource, TlsMode};
use crate::smtp::Secret;
use crate::smtp::sasl::Around;

/// Repeats what was sent onto the wire, and answers it.
pub(super) fn answer(screen: &mut Screen, line: &str, replies: &str) {
    let asked = screen.asked();
    assert_eq!(asked.last().map(String::as_str), Some(format!("send {line}").as_str()), "{asked:?}");
    let auto = asked.iter().any(|it| it.contains("auto"));
    assert!(auto, "a line that goes by itself is marked: {asked:?}");
    screen.wire(&format!("* auto\n> {line}"));
    screen.wire(replies);
}

/// What the target says is known, and then the password, where there is one.
pub(super) fn access(screen: &mut Screen, tls: TlsMode, password: Option<&str>) {
    let auth = Auth::new("dude", SecretSource::Prompt);
    screen.send(Message::Access(Box::new(Access {
        tls,
        lmtp: false,
        auth: Some(auth),
        around: Around::default(),
        xclient: Vec::new(),
    })));
    let asked = screen.asked();
    if let Some(password) = password {
        assert_eq!(asked, ["ask secret"]);
        screen.send(Message::Secret(Fetched::Known(Secret::from(password))));
    }
}

#[test]
fn a_message_without_the_empty_line_is_said_before_it_goes_out() {
    let mut screen = connected(80, 24);
    screen.keys("<f3>Hi there<delete><delete><enter>Body without thinking<enter>");
    assert!(screen.shown().contains("No empty line parts header and text before “Body"), "{}", screen.shown());
    screen.keys("<ctrl-d>");
    assert!(screen.shown().contains("“Body without thinking” stands where a"), "{}", screen.shown());
    let rcpt = "> MAIL FROM:<a@noddy.com>\n< 250 ok\n> RCPT TO:<b@target.local>\n< 250 ok";
    screen.wire(&format!("> EHLO noddy.com\n< 250 mx\n{rcpt}\n> DATA\n< 354 go"));
    screen.model.notice = None;
    let words = "No empty line before “Body withou…”: F3 edit it · Enter sends it and the dot";
    assert!(screen.shown().contains(words), "{}", screen.shown());
    let mut screen = connected(80, 24);
    screen.send(Message::Paste("Subject: x\nat once\nand on\n".to_owned()));
    screen.keys("3");
    assert!(screen.shown().contains("“at once” stands where a"), "{}", screen.shown());
    screen.send(Message::Paste(format!("Subject: {}\n\ntext\n", "x".repeat(1000))));
    screen.keys("3");
    assert!(screen.shown().contains("of the header has 1009 octets"), "{}", screen.shown());
    screen.keys("<f3><ctrl-z>");
    assert_eq!(screen.asked(), ["suspend"], "everywhere");
}

#[test]
fn a_field_that_was_typed_behind_itself_is_said() {
    let mut screen = connected(80, 24);
    screen.keys("<f3>Subject: hello<enter><enter>text");
    assert!(screen.shown().contains("“Subject:” stands there twice"), "{}", screen.shown());
    screen.keys("<ctrl-d>");
    assert!(screen.shown().contains("“Subject:” stands there twice in one line."), "{}", screen.shown());
}

#[test]
fn nothing_is_sent_while_the_line_cannot_be_seen() {
    let mut screen = connected(80, 24);
    screen.send(Message::Resize(38, 9));
    screen.keys("NOOP<enter>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    screen.send(Message::Resize(80, 24));
    screen.keys("RSET<enter>");
    assert_eq!(screen.asked(), ["send RSET"]);
}

#[test]
fn make_ready_goes_line_by_line_and_says_where_it_stands() {
    let mut screen = connected(120, 33);
    screen.keys("<f10>");
    assert_eq!(screen.asked(), ["look up access"]);
    access(&mut screen, TlsMode::Starttls, Some("noddy"));
    answer(&mut screen, "EHLO noddy.com", "< 250-mx.target.local\n< 250 STARTTLS");
    answer(&mut screen, "STARTTLS", "< 220 go");
    assert!(screen.asked().is_empty(), "nothing goes out before the handshake is done");
    screen.wire("* tls version=TLSv1.3 cipher=X verified=yes");
    answer(&mut screen, "EHLO noddy.com", "< 250-mx.target.local\n< 250 AUTH PLAIN LOGIN");
    let sent = screen.asked();
    assert!(sent[0].starts_with("Learn(Secret(…))"), "the mask knows the secret first: {sent:?}");
    assert_eq!(sent.last().map(String::as_str), Some("send AUTH PLAIN AGR1ZGUAbm9kZHk="));
    screen.wire("* auto\n> AUTH PLAIN {{auth}}\n< 235 2.7.0 ok");
    assert!(screen.shown().contains("Ready: encrypted, logged in as dude"), "{}", screen.shown());
    assert!(screen.asked().is_empty());
}

#[test]
fn make_ready_asks_for_a_password_that_nobody_else_knows() {
    let mut screen = connected(80, 24);
    screen.keys("<f10>");
    screen.asked();
    access(&mut screen, TlsMode::None, None);
    screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
    assert!(screen.shown().contains("Password of dude"), "{}", screen.shown());
    screen.keys("noddy");
    assert!(!screen.shown().contains("noddy<") && !screen.shown().contains(" noddy "), "{}", screen.shown());
    screen.keys("<enter>");
    answer(&mut screen, "EHLO noddy.com", "< 250-mx\n< 250 AUTH PLAIN");
    assert!(screen.shown().contains("shows the password"), "not over an open line: {}", screen.shown());
    assert!(screen.asked().is_empty());
}

#[test]
fn a_refusal_stops_it() {
    let mut screen = connected(120, 33);
    screen.keys("<f10>");
    screen.asked();
    access(&mut screen, TlsMode::Starttls, Some("noddy"));
    answer(&mut screen, "EHLO noddy.com", "< 250-mx\n< 250 STARTTLS");
    answer(&mut screen, "STARTTLS", "< 454 4.7.0 not now");
    assert!(screen.shown().contains("refused STARTTLS (454)"), "{}", screen.shown());
    assert!(screen.asked().is_empty());
}

#[test]
fn after_a_cut_the_way_back_is_offered_and_gone() {
    let mut screen = refused(120, 33);
    screen.asked();
    screen.wire("< 421 4.4.2 too long\n* closed by=server");
    assert!(screen.model.interrupted.is_some());
    screen.keys("<f12>");
    assert_eq!(screen.asked(), ["reconnect", "look up access"]);
    let peer = Box::new(screen.model.peer.clone());
    screen.send(Message::Began { peer, path: None, head: None, again: true });
    access(&mut screen, TlsMode::None, None);
    assert!(screen.asked().is_empty(), "the greeting is due first");
    screen.wire("* connecting 127.0.0.1:40025\n* connected 127.0.0.1:40025 from 127.0.0.1:50001\n< 220 mx");
    answer(&mut screen, "EHLO noddy.com", "< 250 mx");
    answer(&mut screen, "MAIL FROM:<dude@noddy.com>", "< 250 ok");
    answer(&mut screen, "RCPT TO:<anotherdude@target.local>", "< 250 ok");
    assert!(screen.shown().contains("recipients accepted: 1"), "{}", screen.shown());
    assert!(screen.model.interrupted.is_none());
}

#[test]
fn after_a_reconnect_the_composer_says_how_to_get_back() {
    let mut screen = refused(120, 33);
    screen.wire("* closed by=network reason=\"connection reset\"");
    let peer = Box::new(screen.model.peer.clone());
    screen.send(Message::Began { peer, path: None, head: None, again: true });
    screen.wire("* connecting 127.0.0.1:1\n* connected 127.0.0.1:1 from 127.0.0.1:2\n< 220 mx");
    assert!(screen.shown().contains("F12 brings you back"), "{}", screen.shown());
}

#[test]
fn the_message_is_written_offered_and_sent_with_its_dot() {
    let mut screen = in_data(120, 33);
    screen.asked();
    screen.keys("<f3>hello<down><down>Hello.<enter>.<enter>");
    assert_snapshot!("editor_120x33", screen.shown());
    screen.keys("<ctrl-d>");
    assert!(screen.asked().is_empty(), "nothing is sent by the editor");
    let shown = screen.shown();
    assert!(shown.contains("the message: 8 lines") && shown.contains("1 recipient"), "{shown}");
    screen.keys("<enter>");
    let sent = screen.asked();
    assert!(sent[0].starts_with("content "), "{sent:?}");
    assert_eq!(sent[1..], ["send ."]);
}

#[test]
fn on_the_smallest_screen_the_editor_says_which_key_is_done_with_it() {
    let mut screen = in_data(40, 10);
    screen.keys("<f3>hello");
    let shown = screen.shown();
    let frame = shown.lines().find(|row| row.starts_with('└')).unwrap_or_default();
    assert!(frame.contains("Ctrl-D done"), "{shown}");
}

#[test]
fn the_text_is_written_in_an_encoding_and_a_message_file_takes_its_place() {
    let mut screen = in_data(120, 33);
    screen.asked();
    screen.keys("<f3><down><down>Grüße<f6><down><down><down><down>base64<enter>");
    let shown = screen.shown();
    assert!(shown.contains("Content-Transfer-Encoding: base64") && shown.contains("R3LDvMOfZQ0K"), "{shown}");
    screen.keys("latin<enter>");
    assert!(screen.shown().contains("auto, 8bit or base64"), "{}", screen.shown());
    screen.keys(&format!("<f6><f2>{}<enter>/x/a.eml<enter>", "<down>".repeat(12)));
    assert!(screen.shown().contains("What you wrote goes; Enter again replaces it"), "{}", screen.shown());
    screen.keys("<enter>");
    screen.send(Message::Inserted(Ok("From: <x@y.example>\n\nAll of it.\n".to_owned())));
    let shown = screen.shown();
    assert!(shown.contains("All of it.") && !shown.contains("MIME-Version"), "{shown}");
}

#[test]
fn a_form_stands_beside_the_text_and_writes_into_it() {
    let mut screen = in_data(120, 33);
    screen.asked();
    screen.keys("<f3><f6>Grüße<up>x@y.example<down><down><down><down>X-Test: 1<enter>");
    let shown = screen.shown();
    assert!(shown.contains("Reply-To: x@y.example") && shown.contains("X-Test: 1"), "{shown}");
    assert!(shown.contains("Subject: =?utf-8?"), "the raw text is what will be sent: {shown}");
    assert_snapshot!("form_120x33", shown);
    screen.keys("<down><down><down>notes.pdf<enter>");
    assert_eq!(screen.asked(), ["attach notes.pdf"]);
    screen.send(Message::Attached("notes.pdf".to_owned(), b"octets".to_vec()));
    assert!(screen.shown().contains("multipart/mixed"), "{}", screen.shown());
    screen.keys("<ctrl-d><enter>");
    let sent = screen.asked();
    assert!(sent[0].starts_with("content ") && sent[1] == "send .", "{sent:?}");
}

#[test]
fn a_form_fits_a_small_screen() {
    let mut screen = in_data(80, 24);
    screen.keys("<f3><f6>words");
    assert_snapshot!("form_80x24", screen.shown());
    screen.keys("<esc>text");
    assert!(screen.shown().contains("F6 form"), "{}", screen.shown());
}

#[test]
fn a_message_prepared_before_data_is_offered_when_354_comes() {
    let mut screen = refused(80, 24);
    screen.keys("<f3><f2>");
    assert_snapshot!("editor_samples_80x24", screen.shown());
    screen.keys("<enter><ctrl-d>");
    assert!(screen.shown().contains("is prepared"), "{}", screen.shown());
    screen.say("DATA<enter>", "< 354 go");
    assert!(screen.shown().contains("the message: "), "{}", screen.shown());
    screen.keys("x");
    assert!(!screen.shown().contains("the message: "), "typing by hand goes on by hand");
}

#[test]
fn esc_keeps_the_text() {
    let mut screen = in_data(80, 24);
    screen.keys("<f3>kept words<esc>");
    assert!(screen.model.overlay.is_none() && !screen.model.offers_draft());
    screen.keys("<f3>");
    assert!(screen.shown().contains("kept words"), "{}", screen.shown());
    screen.send(Message::Paste("a\r\nb\r\n".repeat(50_000)));
    assert!(screen.shown().contains("100005 lines"), "{}", screen.shown());
}

#[test]
fn a_production_server_is_asked_for_before_a_message_is_handed_over() {
    let mut screen = in_data(120, 33);
    screen.model.peer.production = true;
    screen.asked();
    screen.keys(".<enter>");
    assert!(screen.asked().is_empty());
    let shown = screen.shown();
    assert!(shown.contains("anotherdude@target.local") && shown.contains("PRODUCTION"), "{shown}");
    screen.keys("<esc>");
    assert!(screen.asked().is_empty());
    screen.keys("<enter>y");
    assert_eq!(screen.asked(), ["send ."]);
}

#[test]
fn dollar_text_is_encoded_only_while_a_challenge_is_open() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250-mx\n< 250 AUTH LOGIN");
    screen.keys("$x<enter>");
    assert_eq!(screen.asked(), ["send $x"], "a command is sent as typed");
    screen.wire("> $x\n< 500 what");
    screen.say("AUTH LOGIN<enter>", "< 334 VXNlcm5hbWU6");
    screen.keys("$dude");
    assert!(screen.shown().contains("sent as ZHVkZQ=="), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send ZHVkZQ=="], "a user's name is no secret");
    screen.wire("> {{auth}}\n< 334 UGFzc3dvcmQ6");
    screen.keys("$noddy<enter>");
    assert!(screen.asked().is_empty() && screen.shown().contains("LOGIN shows the password"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.asked().is_empty(), "it stands there still");
    screen.keys("<enter>y");
    assert_eq!(screen.asked(), ["Learn(Secret(…))", "send bm9kZHk="], "learnt first");
    assert!(screen.remembered.iter().all(|line| !line.contains("noddy") || line.starts_with("EHLO")), "never kept");
    screen.wire("> {{auth}}\n< 334 UGFzc3dvcmQ6");
    screen.keys("$$x<enter>y");
    assert_eq!(screen.asked(), ["send $x"]);
}

#[test]
fn an_empty_line_within_a_chunk_is_content_and_needs_no_second_enter() {
    let mut screen = connected(120, 33);
    screen.wire("> EHLO a\n< 250-mx\n< 250 CHUNKING\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok");
    screen.say("BDAT 9 LAST<enter>", "");
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send "], "{}", screen.shown());
    screen.wire("| ");
    assert!(screen.shown().contains("7 octets"), "{}", screen.shown());
}

#[test]
fn lines_are_remembered_and_found_again() {
    let mut screen = connected(80, 24);
    screen.model.composer.remember(vec!["VRFY postmaster".to_owned(), "AUTH PLAIN AGR1ZGUAbm9kZHk=".to_owned()]);
    screen.keys("EHLO noddy.com<enter>");
    screen.asked();
    assert!(screen.remembered.is_empty(), "kept once it is known to hold no secret");
    screen.wire("> EHLO noddy.com\n< 250 mx");
    screen.keys("NOOP hunter2<enter>");
    screen.wire("> NOOP {{auth}}\n< 250 ok");
    screen.keys("NOOP<enter>");
    screen.wire("> NOOP\n< 250 ok");
    screen.asked();
    assert_eq!(screen.remembered, ["EHLO noddy.com", "NOOP"]);
    screen.keys("<ctrl-r>post");
    assert!(screen.shown().contains("VRFY postmaster"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.model.composer.line(), "VRFY postmaster");
    screen.keys("<esc><ctrl-u>NOOP odd<enter>");
    screen.wire("> NOOP changed\n< 250 ok");
    screen.keys("NOOP hunter2<enter>");
    screen.wire("> NOOP {{auth}}\n< 250 ok");
    screen.keys("<ctrl-r>hunter");
    assert!(screen.shown().contains("no line sent before"), "not the first that waits: {}", screen.shown());
    screen.keys("<esc><ctrl-u><ctrl-r>auth");
    assert!(screen.shown().contains("no line sent before"), "{}", screen.shown());
}

#[test]
fn a_line_that_never_went_out_keeps_no_other_from_being_remembered() {
    let mut screen = connected(80, 24);
    screen.keys("HELP<enter>");
    screen.send(crate::tui::message::Message::NotSent("HELP".to_owned()));
    assert_eq!(screen.model.composer.line(), "HELP");
    screen.keys("<ctrl-u>NOOP<enter>");
    screen.wire("> NOOP\n< 250 ok");
    screen.asked();
    assert_eq!(screen.remembered, ["NOOP"]);
}

#[test]
fn the_line_end_is_chosen_and_shown() {
    let mut screen = connected(80, 24);
    screen.keys("<ctrl-p>line-end<enter>");
    assert!(screen.shown().contains("LF only"), "{}", screen.shown());
}

#[test]
fn every_action_that_replies_name_is_in_the_table() {
    for name in crate::decode::ACTIONS {
        assert!(super::action::Action::named(name).is_some(), "{name}");
    }
}

#[test]
fn who_comes_back_while_the_server_is_down_is_told_just_that() {
    let mut screen = refused(80, 24);
    screen.wire("< 421 4.4.2 too long\n* closed by=server");
    assert!(screen.shown().contains("F12 back to where you were"), "{}", screen.shown());
    screen.keys("<f12>");
    let peer = Box::new(screen.model.peer.clone());
    screen.send(Message::Began { peer, path: None, head: None, again: true });
    screen.wire("* connecting 127.0.0.1:40025\n* error kind=refused \"nothing listens\"\n* closed by=network");
    screen.asked();
    screen.send(Message::Secret(Fetched::Known(Secret::from("noddy"))));
    assert_eq!(screen.asked(), [] as [&str; 0], "there is no connection that could learn it");
    assert!(screen.shown().contains("No connection: nothing listens"), "{}", screen.shown());
    assert!(screen.model.errand.is_none(), "F5 later begins nothing of its own accord");
}

#[test]
fn a_message_is_begun_for_the_transaction_that_is_open() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 SIZE 50");
    screen
        .wire("> MAIL FROM:<me@noddy.com>\n< 250 ok\n> RCPT TO:<x@far.example>\n< 550 no\n> RCPT TO:<y@near.example>");
    screen.wire("< 250 ok");
    screen.keys("<f3>");
    let shown = screen.shown();
    assert!(shown.contains("From: <me@noddy.com>") && shown.contains("To: <y@near.example>"), "{shown}");
    screen.keys("<ctrl-d>");
    let shown = screen.shown().replace(['\n', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("it is offered after DATA, when 354 comes. It is larger than the 50 bytes"), "{shown}");
    screen.keys("<f3>hello<enter>a text<ctrl-d>");
    let shown = screen.shown().replace(['\n', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("No empty line parts header and text") && shown.contains("the 50 bytes"), "{shown}");
}

#[test]
fn a_message_over_the_size_is_called_so_where_the_next_key_sends_it() {
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 SIZE 50");
    screen.wire("> MAIL FROM:<me@noddy.com>\n< 250 ok\n> RCPT TO:<y@near.example>\n< 250 ok");
    screen.keys("<f3><ctrl-d>DATA<enter>");
    screen.wire("> DATA\n< 354 go");
    let shown = screen.shown();
    assert!(shown.contains("Larger than the 50 bytes it takes: F3 edit it · Enter sends it and the dot"), "{shown}");
}

#[test]
fn while_a_message_goes_out_it_is_said() {
    let mut screen = in_data(80, 24);
    screen.keys("<f3>text<ctrl-d><enter>");
    assert!(screen.shown().contains("The message is being sent: "), "{}", screen.shown());
    screen.wire("| text\n> .");
    assert!(!screen.shown().contains("The message is being sent: "), "{}", screen.shown());
}

#[test]
fn an_answer_typed_without_its_dollar_is_mended_into_what_the_mechanism_wants() {
    let mut screen = Screen::new(80, 24);
    screen.model.peer.user = Some("dude".to_owned());
    screen.wire("* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH PLAIN LOGIN");
    screen.wire("> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
    // Four letters are base64 of something, though of no name.
    screen.keys("dude");
    assert!(screen.shown().contains("$ sends these letters"), "{}", screen.shown());
    screen.keys("<f8>");
    assert_eq!(screen.model.composer.line(), "$dude");
    screen.keys("<ctrl-u>");
    screen.wire("> *\n< 501 5.7.0 cancelled\n> AUTH PLAIN\n< 334 ");
    screen.keys("noddy<f8>");
    assert_eq!(screen.model.composer.line(), "$\\0dude\\0noddy");
    screen.keys("<ctrl-u>\\0dude\\0noddy<f8>");
    assert_eq!(screen.model.composer.line(), "$\\0dude\\0noddy");
}

#[test]
fn the_way_back_waits_for_a_close_that_was_announced() {
    let mut screen = refused(120, 33);
    screen.asked();
    screen.wire("< 421 4.4.2 too long");
    screen.keys("<f12>");
    assert!(screen.shown().contains("Once it has, you are brought back"), "{}", screen.shown());
    assert!(screen.asked().is_empty());
    screen.wire("* closed by=server");
    assert_eq!(screen.asked(), ["reconnect", "look up access"]);
    // Thought better of it.
    let mut screen = refused(120, 33);
    screen.asked();
    screen.wire("< 421 4.4.2 too long");
    screen.keys("<f12><ctrl-c>");
    assert!(screen.shown().contains("You stay here"), "{}", screen.shown());
    screen.wire("* closed by=server");
    assert!(screen.asked().is_empty());
    assert!(
        screen.model.interrupted.is_some() && screen.shown().contains("F12 back to where you were"),
        "{}",
        screen.shown()
    );
}

#[test]
fn after_354_an_empty_line_goes_at_once_but_the_first_line_of_a_message() {
    // As the first line it would end a header that has no field yet, which nothing takes back.
    let mut screen = in_data(80, 24);
    screen.keys("<enter>");
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("Enter again ends the header before it has a field"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send "]);
    screen.wire("|");
    assert!(screen.shown().contains("The header is over: now the text"), "{}", screen.shown());
    let mut screen = in_data(80, 24);
    screen.keys("Subject: x<enter>");
    screen.wire("| Subject: x");
    assert!(screen.shown().contains("Another field, or an empty line"), "{}", screen.shown());
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send "]);
}

#[test]
fn leaving_the_editor_takes_no_offer_away_and_says_what_waits() {
    let mut screen = in_data(80, 24);
    let offered = |screen: &Screen| screen.shown().contains("Enter sends it and the dot");
    screen.keys("<f3>hello<down><down>Hello.<ctrl-d>");
    assert!(offered(&screen), "{}", screen.shown());
    screen.keys("<f3><esc>");
    assert!(offered(&screen), "{}", screen.shown());
    screen.keys("Subject: x<enter>");
    screen.wire("| Subject: x");
    screen.keys("<f3><ctrl-d>");
    let shown = screen.shown();
    assert!(
        shown.contains("waits for") && shown.contains("the next 354") && shown.contains("Ctrl-C abandons it"),
        "{shown}"
    );
}
