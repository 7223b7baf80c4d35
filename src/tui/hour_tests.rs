//! What somebody meets in the first hour: where a screen did not say what is going on, or what goes on from there.

use std::path::PathBuf;

use super::message::Message;
use super::model::Face;
use super::talk::Talk;
use super::tests::{connected, refused};
use crate::conversation::{Log, Micros, sample};

#[test]
fn who_looks_further_up_is_told_so_and_sending_goes_back_to_the_end() {
    let mut screen = refused(80, 24);
    screen.keys("<esc>[[");
    let shown = screen.shown();
    assert!(shown.contains("not following") && shown.contains("G follow the end"), "{shown}");
    screen.wire("< 421 4.4.2 idle too long");
    assert!(screen.model.transcript.selected().is_some(), "what is looked at stays");
    let mut screen = refused(120, 33);
    screen.keys("<esc>[[<esc>");
    screen.say("RSET<enter>", "< 250 2.0.0 Ok");
    assert!(screen.model.transcript.selected().is_none() && screen.shown().contains("─ live ┐"), "{}", screen.shown());
}

#[test]
fn a_connection_that_is_closed_is_not_called_live() {
    let mut screen = refused(120, 33);
    screen.say("QUIT<enter>", "< 221 2.0.0 Bye");
    screen.wire("* closed by=server");
    let shown = screen.shown();
    assert!(shown.contains("─ closed ┐") && !shown.contains("live"), "{shown}");
}

#[test]
fn a_connection_that_never_was_has_reached_no_stage() {
    let mut screen = super::screen::Screen::new(120, 33);
    screen.wire("* connecting 127.0.0.1:25\n* error kind=refused \"connection refused\"\n* closed by=client");
    assert!(!screen.shown().contains("[QUIT]"), "{}", screen.shown());
}

#[test]
fn a_verb_is_not_offered_as_the_answer_within_auth() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 AUTH LOGIN");
    screen.say("AUTH LOGIN<enter>", "< 334 VXNlcm5hbWU6");
    screen.keys("<f2>");
    assert!(screen.model.overlay.is_none() && screen.shown().contains("An answer within AUTH is due"));
    screen.keys("$");
    assert!(screen.shown().contains("what you type after $"), "{}", screen.shown());
}

#[test]
fn who_leaves_a_file_while_it_is_read_is_not_brought_back() {
    let path = PathBuf::from("long.smtp");
    let mut log = Log::default();
    sample::add(&mut log, "* connected 127.0.0.1:25\n< 220 mx", Micros(1));
    let opened = |log: &Log, whole| Message::Opened {
        path: path.clone(),
        talk: Box::new(Talk::opened("long".to_owned(), path.clone(), log.clone())),
        whole,
    };
    let mut screen = super::screen::Screen::new(80, 24);
    screen.send(opened(&log, false));
    screen.keys("<esc>");
    assert_eq!(screen.model.face, Face::Start);
    screen.send(opened(&log, true));
    assert_eq!(screen.model.face, Face::Start, "the rest of it does not take the screen");
    screen.send(opened(&log, true));
    assert_eq!(screen.model.face, Face::Talk, "opened again, it does");
}

#[test]
fn the_footer_names_templates_and_message_on_a_small_screen() {
    let screen = refused(80, 24);
    let shown = screen.shown();
    let footer = shown.lines().last().unwrap_or_default();
    for key in ["Enter send", "F2 templates", "F3 message", "F1 help"] {
        assert!(footer.contains(key), "{key}: {footer}");
    }
}

#[test]
fn a_line_that_was_refused_is_found_again_and_not_offered() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250 mx.target.local");
    screen.say("VRFY nobody@target.local<enter>", "< 550 5.1.1 unknown");
    screen.keys("VRFY no");
    assert_eq!(screen.model.composer.ghost(), "", "it was refused");
    screen.keys("<up>");
    assert_eq!(screen.model.composer.line(), "VRFY nobody@target.local", "who looks for it finds it");
    screen.say("<enter>", "< 250 2.1.5 nobody@target.local");
    screen.keys("VRFY no");
    assert_eq!(screen.model.composer.ghost(), "body@target.local", "this time it was taken");
}

#[test]
fn the_verb_that_was_said_last_is_not_the_first_to_be_offered_again() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250-mx.target.local\n< 250 STARTTLS");
    screen.say("STARTTLS<enter>", "< 454 4.7.0 TLS not available now");
    screen.keys("<f2><f2><enter>");
    assert_ne!(screen.model.composer.line().trim(), "STARTTLS");
}

#[test]
fn help_lies_over_a_message_or_a_form_and_gives_it_back() {
    for (keys, title, text) in [
        ("<f3>hello", "In the message editor", "Subject: hello"),
        ("<f3>hello<f6>", "In the form of the message", "▌Subject"),
        ("RCPT TO:<lt>a@b><f2><tab>", "In the form of a line", "▌ NOTIFY"),
        ("<f4>mx.example", "Where to connect", "mx.example"),
        ("<f2>", "Among the verbs", "▌ RCPT"),
    ] {
        let mut screen = refused(80, 24);
        screen.keys(keys);
        screen.keys("<f1>");
        assert!(screen.shown().contains(title), "{keys}: {}", screen.shown());
        screen.keys("<esc>");
        assert!(!screen.shown().contains(title) && screen.shown().contains(text), "{keys}: {}", screen.shown());
    }
}

#[test]
fn a_message_is_kept_by_who_thinks_better_of_leaving() {
    let mut screen = refused(80, 24);
    screen.keys("<f3>hello<ctrl-q>");
    assert!(screen.shown().contains("still open"), "{}", screen.shown());
    screen.keys("<esc><f3>");
    assert!(screen.shown().contains("Subject: hello"), "{}", screen.shown());
}

#[test]
fn the_last_envelope_says_who_the_mail_was_from() {
    let mut screen = refused(120, 33);
    screen.say("RSET<enter>", "< 250 2.0.0 Ok");
    screen.keys("<f9>");
    let shown = screen.shown();
    let after = shown.split_once("Last envelope").map(|(_, after)| after).unwrap_or_default();
    assert!(after.lines().take(2).any(|row| row.contains("from      dude@noddy.com")), "{shown}");
}

#[test]
fn what_is_said_of_an_empty_line_of_a_cut_has_the_rows_that_it_needs() {
    let mut screen = refused(80, 24);
    screen.wire("* closed by=network reason=\"connection reset\"");
    let peer = Box::new(screen.model.peer.clone());
    screen.send(Message::Began { peer, path: None, head: None, again: true });
    screen.wire("* connecting 127.0.0.1:40025\n* connected 127.0.0.1:40025 from 127.0.0.1:50001\n< 220 mx");
    let shown = screen.shown();
    assert!(shown.contains("F12 brings you back") && shown.contains("as it goes"), "{shown}");
}

#[test]
fn an_empty_line_is_named_where_it_stands_and_where_its_time_is() {
    let mut screen = connected(120, 33);
    screen.wire("> EHLO noddy.com\n< 250 mx\n> \n< 500 5.5.2 Error: bad syntax");
    assert!(screen.shown().contains("-> (empty line)"), "{}", screen.shown());
    screen.keys("<esc>t");
    assert!(!screen.shown().contains("Where the time went") || screen.shown().contains("empty line  "));
}

#[test]
fn the_patience_of_a_server_that_has_cut_the_line_is_in_the_title_after_the_reconnect() {
    let mut screen = connected(120, 33);
    screen.wire("* idle after=300s \"the server cut the line\"\n* closed by=server");
    screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx");
    let title = screen.shown().lines().next().map(str::to_owned).unwrap_or_default();
    assert!(title.contains("idle limit 5 min"), "{title}");
}

#[test]
fn a_connection_that_never_was_is_said_once() {
    let mut screen = super::screen::Screen::new(120, 33);
    screen.wire("* connecting 127.0.0.1:9\n* error kind=refused \"127.0.0.1:9: connection refused; nothing listens on this port\"\n* closed by=network");
    let shown = screen.shown();
    assert!(shown.contains("there was no connection") && !shown.contains("the connection is gone"), "{shown}");
    assert_eq!(shown.matches("connection refused").count(), 1, "the transcript has it: {shown}");
}

#[test]
fn after_a_message_was_taken_the_title_says_so() {
    let mut screen = connected(80, 24);
    screen.wire("> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go");
    screen.wire("| Subject: a\n|\n| b\n> .\n< 250 2.0.0 Ok: queued");
    let title = |screen: &super::screen::Screen| screen.shown().lines().next().map(str::to_owned).unwrap_or_default();
    assert!(title(&screen).contains("message taken"), "{}", title(&screen));
    screen.wire("> MAIL FROM:<a@b>\n< 250 ok\n> RSET\n< 250 ok");
    assert!(title(&screen).contains("EHLO done"), "{}", title(&screen));
}

#[test]
fn a_form_is_left_with_the_line_as_it_was() {
    let mut screen = refused(80, 24);
    screen.keys("RCPT TO:<lt>a@b><f2>");
    assert!(screen.shown().contains("Ctrl-C as it was"), "{}", screen.shown());
    screen.keys("<ctrl-u>c@d<ctrl-c>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<a@b>");
    screen.keys("<f2><ctrl-u>c@d<esc>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<c@d>");
}

#[test]
fn the_keys_in_a_narrow_frame_begin_with_a_whole_word_and_lead_out() {
    let mut screen = refused(40, 10);
    screen.keys("RCPT TO:<lt>a@b><f2>");
    let shown = screen.shown();
    assert!(shown.contains("─ Enter or Esc back with the line ┘"), "{shown}");
    let mut screen = refused(40, 10);
    screen.keys("<f3><f6>");
    assert!(screen.shown().contains("▌Subject"), "who types sees where: {}", screen.shown());
}

#[test]
fn a_connection_that_ends_while_a_reply_is_awaited_is_what_the_panel_tells() {
    let mut screen = refused(120, 33);
    screen.say("RCPT TO:<lt>c@d.example><enter>", "* closed by=server reason=\"the connection was reset\"");
    let shown = screen.shown();
    assert!(shown.contains("The connection ended before the reply to RCPT came"), "{shown}");
    assert!(shown.contains("the connection was reset") && shown.contains("Try the same again"), "{shown}");
    assert!(shown.contains("RCPT]─ DATA ─ QUIT closed") && !shown.contains("[QUIT]"), "nobody said QUIT: {shown}");
    let last = screen
        .model
        .talk
        .dialogue
        .exchanges()
        .last()
        .and_then(crate::conversation::Exchange::command)
        .expect("a line was sent");
    screen.model.transcript.show(last, &screen.model.talk);
    screen.model.settle();
    let shown = screen.shown();
    assert!(shown.contains("The connection ended before the reply to RCPT came"), "of the line that waited: {shown}");
}

#[test]
fn where_nothing_was_refused_the_key_for_the_next_refusal_says_so() {
    let mut screen = connected(80, 24);
    screen.keys("<esc>e");
    assert!(screen.shown().contains("No reply in this conversation refuses anything."), "{}", screen.shown());
}

#[test]
fn who_has_stopped_waiting_is_not_told_that_nothing_is_awaited() {
    let mut screen = connected(80, 24);
    screen.say("EHLO noddy.com<enter>", "* gave-up awaiting=EHLO reason=user");
    screen.keys("<ctrl-c>");
    let shown = screen.shown();
    assert!(shown.contains("A reply is still due") && !shown.contains("Nothing is awaited"), "{shown}");
}

#[test]
fn a_window_leaves_no_sliver_of_what_lies_below_it() {
    for columns in [72_u16, 80, 96, 100, 120, 132, 200] {
        for key in ["<f1>", "<f2>", "<f4>", "<ctrl-p>", "<ctrl-r>", "<esc>T", "<esc>P", "<esc>y", "<esc>q"] {
            let mut screen = refused(columns, 33);
            screen.keys(key);
            let overlay = screen.model.overlay.clone().expect("a window is there");
            let (area, _) = overlay.outline(&screen.model);
            let beside = [area.x, columns - area.right()];
            assert!(beside.iter().all(|left| *left == 0 || *left > 8), "{key} at {columns}: {area}");
            let shown = screen.shown();
            let row: Vec<char> = shown.lines().nth(usize::from(area.y)).expect("a row").chars().collect();
            for x in [area.x.checked_sub(1), Some(area.right()).filter(|x| *x < columns)].into_iter().flatten() {
                assert!(matches!(row.get(usize::from(x)), None | Some(' ')), "{key} at {columns}: {shown}");
            }
        }
    }
}

#[test]
fn a_bracket_in_grey_is_not_taken_for_one_that_stands_there() {
    let mut screen = refused(80, 24);
    screen.keys("RCPT TO:<lt>dude@noddy.com");
    assert!(screen.shown().contains("is not on the line yet"), "{}", screen.shown());
    screen.keys(">");
    assert!(!screen.shown().contains("is not on the line yet"), "{}", screen.shown());
    screen.keys("<left><ctrl-u>");
    assert_eq!(screen.model.composer.line(), "", "no bracket is left over");
}

#[test]
fn what_the_panel_names_as_the_next_step_is_what_stands_in_grey() {
    for (reply, line) in [
        ("530 5.7.0 Must issue a STARTTLS command first", "STARTTLS"),
        ("501 5.5.4 Unsupported option: BODY=8BITMIME", "MAIL FROM:<dude@noddy.com>"),
    ] {
        let mut screen = connected(120, 33);
        screen.say("EHLO noddy.com<enter>", "< 250-mx\n< 250 STARTTLS");
        screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", &format!("< {reply}"));
        assert_eq!(screen.model.composer.ghost(), line, "{}", screen.shown());
        assert!(!screen.shown().contains("No angle brackets"), "{}", screen.shown());
    }
}

#[test]
fn what_mending_gives_is_whole_or_is_not_offered() {
    let mut screen = connected(120, 33);
    screen.keys("hello<f8>");
    assert_eq!(screen.model.composer.line(), "HELO noddy.com", "the name in grey comes with it");
    screen.keys("<ctrl-u>");
    screen.say("EHLO noddy.com<enter>", "< 250 mx");
    screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 250 ok");
    screen.say("RCPT TO:<lt><enter>", "< 501 5.1.3 Bad recipient address syntax");
    assert!(!screen.shown().contains("Send the line mended"), "nobody takes <>: {}", screen.shown());
}

#[test]
fn the_key_that_mends_takes_a_refused_line_up_where_nothing_is_typed() {
    let mut screen = connected(120, 33);
    screen.say("EHLO noddy.com<enter>", "< 250 mx");
    screen.say("MAIL FROM: dude@noddy.com<enter>", "< 501 5.5.4 Syntax: MAIL FROM:<lt>address>");
    assert!(screen.shown().contains("Send the line mended"), "{}", screen.shown());
    screen.keys("<f8>");
    assert_eq!(screen.model.composer.line(), "MAIL FROM:<dude@noddy.com>");
}

#[test]
fn who_says_the_command_of_an_article_to_the_server_is_told_so() {
    let mut screen = connected(120, 33);
    screen.say("telnet mx.example 25<enter>", "< 500 5.5.2 Error: command not recognized");
    let shown = screen.shown();
    assert!(shown.contains("You are connected already") && shown.contains("connect there   mx.example 25"), "{shown}");
    screen.keys("<alt-1>y");
    assert_eq!(screen.asked().last().map(String::as_str), Some("connect mx.example 25"));
}

#[test]
fn what_one_says_of_a_line_oneself_is_nothing_new() {
    let mut screen = refused(80, 24);
    screen.keys("<esc>[[");
    screen.wire("* mark at=3\n* note at=3 mine");
    assert!(!screen.shown().contains(" new ·"), "{}", screen.shown());
    screen.wire("< 421 4.4.2 idle");
    assert!(screen.shown().contains("1 new ·"), "{}", screen.shown());
}

#[test]
fn a_saved_connection_that_found_no_name_offers_no_file_as_a_domain() {
    let mut log = Log::default();
    sample::add(
        &mut log,
        "* connecting mx.corp.test:25\n* error kind=name \"the name can't be resolved\"\n* closed by=client",
        Micros(1),
    );
    let path = PathBuf::from("2026-11-29-201404-mx.corp.test-25.smtp");
    let talk = Talk::opened("2026-11-29-201404-mx.corp.test-25.smtp".to_owned(), path.clone(), log);
    let mut screen = super::screen::Screen::new(120, 33);
    screen.send(Message::Opened { path, talk: Box::new(talk), whole: true });
    let shown = screen.shown();
    assert!(!shown.contains("mx:2026"), "{shown}");
    assert!(shown.contains("mx:mx.corp.test") && shown.contains("With a connection"), "{shown}");
}

#[test]
fn the_panel_keeps_its_order_while_a_line_is_typed() {
    let mut screen = refused(80, 24);
    let first = |screen: &super::screen::Screen| {
        let shown = screen.shown();
        let row = shown.lines().position(|row| row.contains("Try next")).expect("a next step");
        shown.lines().nth(row + 1).unwrap_or_default().to_owned()
    };
    let before = first(&screen);
    screen.keys("RCPT TO: joe user@noddy.com, someone.else@noddy.com and=x");
    assert_eq!(first(&screen).split("││").nth(1), before.split("││").nth(1), "{}", screen.shown());
}

#[test]
fn the_scenarios_of_the_lab_are_offered_where_one_connects() {
    let mut screen = refused(80, 24);
    let scenario = |name: &str| super::start::Scenario {
        name: name.to_owned(),
        title: "A title".to_owned(),
        ..Default::default()
    };
    screen.send(Message::Scenarios(vec![scenario("greylisting"), scenario("tarpit")]));
    screen.keys("<f4>lab:gr");
    let wrong = Err("there is no scenario gr".to_owned());
    screen.send(Message::Profiles(super::start::News::Read("lab:gr".to_owned(), wrong)));
    let shown = screen.shown();
    assert!(shown.contains("lab:greylisting") && !shown.contains("no scenario"), "{shown}");
    screen.asked();
    screen.keys("<down><enter>y");
    assert!(screen.asked().iter().any(|asked| asked.contains("lab:greylisting")), "{}", screen.shown());
}

#[test]
fn what_can_be_done_elsewhere_alone_is_told_by_the_palette() {
    let mut screen = refused(80, 24);
    screen.keys("<ctrl-p>tag");
    let shown = screen.shown();
    assert!(shown.contains("tag: That is done among the conversations that were kept"), "{shown}");
}
