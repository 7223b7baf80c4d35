//! The right panel as a person meets it: tabs by key and by mouse, and what goes on from a connection that failed.

use std::path::PathBuf;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::gallery::certificates::SELF_SIGNED;
use super::message::Message;
use super::model::{Focus, Peer};
use super::overlay::Overlay;
use super::pane::panel::Tab;
use super::screen::Screen;
use super::talk::Talk;

fn began(unverified: bool, again: bool) -> Message {
    let peer = Peer { name: "mx.example:25".to_owned(), unverified, ..Peer::default() };
    Message::Began { peer: Box::new(peer), path: None, head: None, again }
}

fn greeted(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.send(began(false, false));
    screen.wire(
        "* connecting 127.0.0.1:25
         * connected 127.0.0.1:25 from 127.0.0.1:50000
         < 220 mx.example ESMTP
         > EHLO noddy.com
         < 250-mx.example
         < 250 STARTTLS",
    );
    screen
}

/// A handshake that was refused, and the closer look so far.
const REFUSED: &str = "
    > STARTTLS
    < 220 go
    * tls version=TLSv1.3 failed=yes
    * error kind=tls \"the server's certificate is self-signed\"
    * closed by=client
    * inspecting mx.example
    * connecting 127.0.0.1:25
    * connected 127.0.0.1:25";

/// A certificate that was not trusted, and looked at closer.
pub(super) fn untrusted(columns: u16, rows: u16) -> Screen {
    let mut screen = greeted(columns, rows);
    screen.wire(REFUSED);
    screen.wire(
        "< 220 mx.example ESMTP
         * auto
         > EHLO noddy.com
         < 250-mx.example
         < 250 STARTTLS
         * auto
         > STARTTLS
         < 220 go
         * tls version=TLSv1.3 verified=no reason=\"it is self-signed: nobody else vouches for it\"",
    );
    screen.wire(&format!("* certificate n=0 der={SELF_SIGNED}\n* closed by=client"));
    screen
}

#[test]
fn a_closer_look_at_a_certificate_is_said_while_it_lasts() {
    let mut screen = greeted(120, 33);
    screen.wire(REFUSED);
    assert!(screen.shown().contains("looking closer"), "{}", screen.shown());
}

#[test]
fn f9_turns_through_the_tabs_and_each_has_an_action_of_its_own() {
    let mut screen = greeted(80, 24);
    for title in ["─[Session]─", "─[Offer]─", "─[TLS]─", "[Reply]─"] {
        screen.keys("<f9>");
        assert!(screen.shown().contains(title), "{}", screen.shown());
        assert_eq!(screen.model.focus, Focus::Composer, "the line keeps the keys");
    }
    screen.keys("<ctrl-p>offer-tab<enter>");
    assert_eq!(screen.model.panel.tab(), Tab::Offer);
    screen.keys("<esc><enter><left>");
    assert_eq!(screen.model.panel.tab(), Tab::Session);
}

#[test]
fn a_click_on_a_tab_opens_it() {
    let mut screen = greeted(120, 33);
    for (tab, name) in [(Tab::Tls, "TLS"), (Tab::Offer, "Offer"), (Tab::Reply, "Reply"), (Tab::Session, "Session")] {
        let shown = screen.shown();
        let row = shown.lines().nth(1).expect("the frames");
        let column = row.find(name).map(|at| row[..at].chars().count()).expect("the tab");
        let kind = MouseEventKind::Down(MouseButton::Left);
        let column = u16::try_from(column).expect("a small screen");
        screen.send(Message::Mouse(MouseEvent { kind, column, row: 1, modifiers: KeyModifiers::NONE }));
        assert_eq!(screen.model.panel.tab(), tab);
    }
}

#[test]
fn where_the_panel_shares_its_place_f9_brings_it_to_the_front() {
    let mut screen = greeted(60, 18);
    screen.keys("<f9>");
    assert!(screen.shown().contains("[Session]") && screen.shown().contains("address"), "{}", screen.shown());
}

#[test]
fn the_tabs_are_about_the_marked_record() {
    let mut screen = greeted(120, 33);
    screen.keys("<f9><f9>");
    assert!(screen.shown().contains("mx.example offers"), "{}", screen.shown());
    screen.keys("<esc>[[");
    assert!(screen.shown().contains("Nothing is offered yet"), "{}", screen.shown());
    screen.keys("G");
    assert!(screen.shown().contains("mx.example offers"), "{}", screen.shown());
}

#[test]
fn going_on_regardless_asks_repeats_what_led_to_it_and_stays_marked() {
    let mut screen = untrusted(120, 33);
    assert!(screen.shown().contains("Certificate not trusted · Alt-2 goes on regardless"), "{}", screen.shown());
    screen.keys("<alt-2>n");
    assert!(screen.asked().is_empty(), "it is asked about first");
    screen.keys("<alt-2>y");
    assert_eq!(screen.asked(), ["regardless"]);
    screen.send(began(true, true));
    screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25");
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("NOT VERIFIED"), "{}", screen.shown());
    screen.wire("< 220 mx.example ESMTP");
    let asked = screen.asked();
    assert!(asked[0].contains("auto") && asked[1] == "send EHLO noddy.com" && asked.len() == 2, "{asked:?}");
    screen.wire("* auto\n> EHLO noddy.com\n< 250-mx.example\n< 250 STARTTLS");
    let asked = screen.asked();
    assert!(asked[0].contains("auto") && asked[1] == "send STARTTLS" && asked.len() == 2, "{asked:?}");
    screen.wire("* auto\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=no reason=\"it is self-signed\"");
    assert!(screen.asked().is_empty(), "the rest is for a person to say");
    assert!(screen.shown().lines().next().is_some_and(|title| title.contains("NOT VERIFIED")), "{}", screen.shown());
    screen.wire("* closed by=server");
    screen.send(began(false, true));
    screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx.example ESMTP");
    assert!(!screen.shown().contains("NOT VERIFIED") && screen.asked().is_empty(), "it held for that connection only");
}

#[test]
fn going_on_regardless_is_in_the_palette_only_where_there_is_a_reason() {
    let mut screen = untrusted(120, 33);
    screen.keys("<ctrl-p>tls-regardless<enter>");
    assert!(screen.shown().contains("take the certificate whatever it is"), "{}", screen.shown());
    let mut screen = greeted(120, 33);
    screen.keys("<ctrl-p>tls-regardless<enter>");
    assert!(!screen.shown().contains("whatever it is"), "{}", screen.shown());
}

#[test]
fn nothing_is_sent_into_a_closer_look() {
    let mut screen = greeted(80, 24);
    screen.wire(REFUSED);
    screen.keys("NOOP<enter>");
    assert!(screen.asked().is_empty());
    assert_eq!(screen.model.composer.line(), "NOOP", "the line is kept");
}

#[test]
fn the_right_way_is_one_key_away_and_a_files_way_is_shown_first() {
    const SILENT: &str = "* connecting 127.0.0.1:25
        * connected 127.0.0.1:25
        * warning kind=silence \"no greeting for 6 s\" try=smtps://127.0.0.1:25";
    let mut screen = Screen::new(80, 24);
    screen.send(began(false, false));
    screen.wire(SILENT);
    assert!(screen.shown().contains("Alt-1 connects to smtps://127.0.0.1:25"), "{}", screen.shown());
    screen.keys("<alt-1>");
    assert_eq!(screen.asked(), ["connect smtps://127.0.0.1:25"], "nothing is lost, so nothing is asked");
    screen.keys("<ctrl-p>connect-better<enter>");
    assert_eq!(screen.asked(), ["connect smtps://127.0.0.1:25"]);

    let log = screen.model.talk.log.clone();
    let talk = Box::new(Talk::opened("x.smtp".to_owned(), PathBuf::from("x.smtp"), log));
    screen.send(Message::Opened { path: PathBuf::from("x.smtp"), talk, whole: true });
    screen.keys("G1");
    assert!(screen.asked().is_empty());
    assert!(matches!(screen.model.overlay, Some(Overlay::Target(_))), "{}", screen.shown());
}

#[test]
fn one_key_leads_from_a_certificate_that_was_not_trusted_to_where_its_authority_is_named() {
    let mut screen = untrusted(120, 33);
    let shown = screen.shown();
    let row = shown.lines().find(|row| row.contains("Name its authority")).unwrap_or_else(|| panic!("{shown}"));
    let digit = row.split("Name its authority").next().and_then(|before| before.trim_end().chars().last());
    let digit = digit.unwrap_or_else(|| panic!("{row}"));
    screen.asked();
    screen.keys(&format!("<alt-{digit}>"));
    assert_eq!(screen.asked(), ["Trust { profile: None, target: \"mx.example:25\", by: Authority }"]);
}

/// A name out of a certificate is nobody's word until somebody vouches for it.
#[test]
fn a_certificate_for_other_names_leads_to_the_profile_first_and_to_no_host_at_once() {
    let mut screen = greeted(80, 24);
    screen.wire(REFUSED);
    screen.wire("* tls version=TLSv1.3 verified=no reason=\"it is not for mx.example; it is self-signed\"");
    screen.wire(&format!("* certificate n=0 der={SELF_SIGNED}\n* closed by=client"));
    assert!(screen.model.panel.trouble().is_some_and(|it| it.steps.len() == 5), "{}", screen.shown());
    assert!(!screen.shown().contains("at this line"), "no line is marked: {}", screen.shown());
    screen.asked();
    screen.keys("<alt-1>");
    let by = "Name([\"mail.old.example\"])";
    assert_eq!(screen.asked(), [format!("Trust {{ profile: None, target: \"mx.example:25\", by: {by} }}")]);
    screen.keys("<alt-2>");
    assert_eq!(screen.asked(), ["Trust { profile: None, target: \"mx.example:25\", by: Authority }"]);
    screen.keys("<alt-5>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    assert!(screen.shown().contains("smtp://mail.old.example:25"), "{}", screen.shown());
    assert!(matches!(screen.model.overlay, Some(Overlay::Target(_))), "{}", screen.shown());
    screen.keys("<f5>");
    assert_eq!(screen.asked(), ["connect smtp://mail.old.example:25"], "what connects again connects here too");
}

#[test]
fn the_mechanism_that_the_target_names_is_offered_after_a_refused_log_in() {
    let mut screen = Screen::new(120, 33);
    let mechanism = Some("LOGIN".to_owned());
    let peer = Peer { name: "mx.example:25".to_owned(), mechanism, ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen.wire(
        "* connected 127.0.0.1:25 from 127.0.0.1:50000
         < 220 mx.example ESMTP
         > EHLO noddy.com
         < 250-mx.example
         < 250 STARTTLS
         > STARTTLS
         < 220 go
         * tls version=TLSv1.3 verified=yes
         > EHLO noddy.com
         < 250-mx.example
         < 250 AUTH PLAIN LOGIN
         > AUTH PLAIN {{auth}}
         < 535 5.7.8 no",
    );
    assert!(screen.shown().contains("AUTH LOGIN"), "{}", screen.shown());
    assert!(!screen.shown().contains("1 Log in again     AUTH PLAIN"), "{}", screen.shown());
}

#[test]
fn noop_by_itself_is_switched_and_shown_and_leaves_the_last_answer_in_sight() {
    let mut screen = greeted(120, 33);
    screen.wire("> MAIL FROM:<a@b>\n< 553 5.1.7 no such sender");
    screen.keys("<ctrl-p>keep-alive<enter>");
    assert_eq!(screen.asked(), ["KeepAlive(Some(60s))"]);
    screen.wire("* keep-alive every=60s\n* auto keep-alive\n> NOOP\n< 250 alive");
    let shown = screen.shown();
    assert!(shown.lines().next().is_some_and(|title| title.contains("NOOP every 60s")), "{shown}");
    assert!(shown.contains("5.1.7"), "the refusal is still what is explained: {shown}");
    screen.keys("<ctrl-p>keep-alive<enter>");
    assert_eq!(screen.asked(), ["KeepAlive(None)"]);
    screen.wire("* keep-alive every=never\n* idle after=20s \"the server cut the line after 20 s of silence\"");
    assert!(!screen.shown().contains("NOOP every"), "{}", screen.shown());
    screen.keys("<ctrl-p>keep-alive<enter>");
    assert_eq!(screen.asked(), ["KeepAlive(Some(10s))"], "well within the limit that is known now");
}

#[test]
fn the_idle_limit_is_in_the_title_and_what_vanished_in_the_offer() {
    let mut screen = Screen::new(120, 33);
    screen.send(began(false, false));
    screen.wire(
        "* connecting 127.0.0.1:25
         * connected 127.0.0.1:25 from 127.0.0.1:50000
         * idle limit=300s \"this server cuts the line after about 5 min of silence\"
         < 220 mx.example ESMTP
         > EHLO noddy.com
         < 250 mx.example
         * warning kind=offer \"STARTTLS is not offered any more, and was on 2026-11-23\"",
    );
    let title = screen.shown().lines().next().unwrap_or_default().to_owned();
    assert!(title.contains("EHLO done · idle limit 5 min"), "{title}");
    let shown = screen.shown();
    assert!(shown.contains("not offered now") && !shown.contains("Welcome"), "{shown}");
    assert!(shown.contains("QUIT") && shown.contains("MAIL FROM"), "{shown}");
    assert!(shown.contains("What was offered before is gone: Reply says what to do"), "below the line too: {shown}");
    screen.keys("<alt-2>");
    assert_eq!(screen.model.composer.line(), "QUIT");
    screen.keys("<ctrl-u><alt-3>");
    assert_eq!(screen.asked(), ["AcceptOffer"]);
    screen.keys("<alt-1>");
    let shown = screen.shown();
    assert!(shown.contains("STARTTLS is not offered any more, and was"), "{shown}");
    assert!(shown.contains("accept-offer does without it"), "{shown}");
    screen.keys("<ctrl-p>accept-offer<enter>");
    assert_eq!(screen.asked(), ["AcceptOffer"]);
    screen.wire("* offer accepted=yes \"what is offered now is taken as usual, without STARTTLS\"");
    let shown = screen.shown();
    assert!(shown.contains("is taken as usual") && !shown.contains("accept-offer"), "{shown}");
    screen.keys("<ctrl-p>reply-tab<enter>");
    assert!(screen.shown().contains("Welcome"), "{}", screen.shown());
    screen.keys("<ctrl-p>accept-offer<enter>");
    assert!(screen.shown().contains("nothing of that name can be done now"), "{}", screen.shown());
}

#[test]
fn what_vanished_is_told_at_each_ehlo_also_where_its_warning_comes_later_than_the_reply() {
    let mut screen = greeted(120, 33);
    let warning = "* warning kind=offer \"STARTTLS is not offered any more, and was on 2026-11-23\"";
    for _ in 0..2 {
        screen.wire("> EHLO noddy.com\n< 250 mx.example");
        screen.shown();
        screen.wire(warning);
        assert!(screen.shown().contains("not offered now"), "{}", screen.shown());
    }
    screen.wire("* closed by=server");
    let shown = screen.shown();
    assert!(shown.contains("not offered now") && !shown.contains("Do without it"), "{shown}");
}

/// What somebody found in a log is explained beside the conversation, until that goes on.
#[test]
fn a_text_that_is_pasted_is_explained_until_something_is_answered() {
    let mut screen = greeted(120, 33);
    screen.keys("<esc>X");
    assert!(screen.shown().contains("Explain"), "{}", screen.shown());
    screen.asked();
    screen.send(Message::Paste(
        "host mx.example[192.0.2.1] said: 550 5.1.1\n  <a@b.example>: User unknown (in reply to RCPT TO command)"
            .to_owned(),
    ));
    screen.keys("<enter>");
    let shown = screen.shown();
    assert!(shown.contains("there is no such mailbox") && shown.contains("a text of yours"), "{shown}");
    assert!(shown.contains("host mx.example[192.0.2.1] said"), "{shown}");
    assert_eq!(screen.asked(), Vec::<String>::new());
    screen.wire("> NOOP\n< 250 OK");
    assert!(!screen.shown().contains("a text of yours"), "{}", screen.shown());
}

/// A bounce is known by its lines, and tells of each recipient.
#[test]
fn a_bounce_that_is_pasted_is_explained_by_its_first_recipient_and_names_the_others() {
    let mut screen = greeted(80, 24);
    screen.keys("<esc>X");
    screen.send(Message::Paste(
        "Return-Path: <>\nSubject: Undelivered\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; \
         a.example\n\nFinal-Recipient: rfc822; user@big.example\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 \
         5.7.1 Service unavailable; client [192.0.2.10]\n    blocked using zen.spamhaus.org\n\nFinal-Recipient: rfc822; \
         second@big.example\nAction: failed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 4.2.2 over quota\n\n--b--\n"
            .to_owned(),
    ));
    screen.keys("<enter>");
    let shown = screen.shown();
    for words in ["550  5.7.1", "user@big.example", "recipient 1 of 2", "second@big.example", "452"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("Return-Path"), "{shown}");
}

#[test]
fn every_recipient_of_a_pasted_bounce_can_be_paged_to() {
    let mut screen = greeted(80, 24);
    let one = |n: usize| {
        format!(
            "Final-Recipient: rfc822; dude{n}@big.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 \
                 5.1.1 no such user\n\n"
        )
    };
    let of = |count: usize| {
        let all: String = (0..count).map(one).collect();
        Message::Paste(format!(
            "Return-Path: <>\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n{all}--b--\n"
        ))
    };
    screen.keys("<esc>X");
    screen.send(of(12));
    screen.keys("<enter>");
    assert!(screen.shown().contains("recipient 1 of 12"), "{}", screen.shown());
    // As the foot of the panel says.
    assert!(screen.shown().contains("more · Enter, then PgDn"), "{}", screen.shown());
    screen.keys("<enter>");
    let mut seen = String::new();
    for _ in 0..12 {
        seen.push_str(&screen.shown());
        screen.keys("<pagedown>");
    }
    assert!(seen.contains("8 more stand at the end"), "{seen}");
    for n in 0..12 {
        assert!(seen.contains(&format!("dude{n}@big")), "{n}: {seen}");
    }
    let mut screen = greeted(120, 60);
    screen.keys("<esc>X");
    screen.send(of(5));
    screen.keys("<enter>");
    assert!(screen.shown().contains("1 more stands at the end"), "{}", screen.shown());
}

#[test]
fn a_line_that_begins_with_a_blank_is_not_called_empty() {
    let mut screen = greeted(80, 24);
    screen.wire(">  .\n< 500 5.5.2 what");
    let shown = screen.shown();
    assert!(shown.contains("to . │") && !shown.contains("empty line"), "{shown}");
}

/// What went out is masked, so that only who saw it being typed knows that it was not what was meant.
#[test]
fn a_log_in_that_is_refused_after_an_odd_answer_is_refused_for_that() {
    for (typed, cause) in [("dude", "base64 of no text"), ("dude!", "no base64"), ("$dude", "")] {
        let mut screen = greeted(120, 33);
        screen.wire("> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
        screen.keys(&format!("{typed}<enter>"));
        screen.wire("> {{auth}}\n< 334 UGFzc3dvcmQ6\n> {{auth}}\n< 535 5.7.8 no");
        let (_, explanation) = screen.model.talk.explanation().expect("the reply is explained");
        if cause.is_empty() {
            assert!(explanation.causes[0].contains("password is wrong"), "{typed}: {:?}", explanation.causes);
            continue;
        }
        assert!(explanation.causes[0].contains(cause), "{typed}: {:?}", explanation.causes);
        // The next log-in is another one.
        screen.wire("> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> {{auth}}\n< 334 UGFzc3dvcmQ6\n> {{auth}}\n< 535 5.7.8 no");
        let (_, explanation) = screen.model.talk.explanation().expect("the reply is explained");
        assert!(!explanation.causes[0].contains(cause), "{typed}: {:?}", explanation.causes);
    }
}

#[test]
fn a_line_that_is_cut_stands_under_its_words() {
    let mut screen = greeted(80, 24);
    screen.wire("> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude.of.many.names@target.local>");
    screen.wire("< 450 4.2.0 greylisted");
    let shown = screen.shown();
    let cut = shown.lines().find(|line| line.contains("RCPT TO:<another") && line.contains('…')).expect("it is cut");
    assert!(cut.contains("││   RCPT TO"), "{shown}");
}
