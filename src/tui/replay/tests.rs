//! Replay and comparison as a person meets them.

use std::path::{Path, PathBuf};

use super::compare::compared;
use super::prepare::{Unready, rehearsed};
use super::{ReplayOf, Way};
use crate::conversation::file::read;
use crate::tui::message::Message;
use crate::tui::model::{Focus, Peer};
use crate::tui::screen::Screen;
use crate::tui::talk::Talk;
use crate::world::{Directories, World};

mod environment;
mod production;

const RELAY: &str = "\
+++
ehlo = 1
target = \"smtp://127.0.0.1:2525\"
+++
0.000000 * connected 127.0.0.1:2525 from 127.0.0.1:40312
0.010000 < 220 mx.target.local ESMTP
0.100000 > EHLO noddy.com
0.110000 < 250-mx.target.local
0.110001 < 250-SIZE 10485760
0.110002 < 250 STARTTLS
0.200000 > MAIL FROM:<dude@noddy.com>
0.210000 < 250 2.1.0 Ok
0.300000 > RCPT TO:<anotherdude@target.local>
0.310000 < 250 2.1.5 Ok
0.400000 > DATA
0.410000 < 354 End data with <CR><LF>.<CR><LF>
0.500000 | Subject: hello
0.500000 |
0.500000 | Hello.
0.500000 > .
0.510000 < 250 2.0.0 Ok: queued as 4YW33q8qk4Y
0.600000 > QUIT
0.610000 < 221 2.0.0 Bye
";

fn world(root: &Path) -> World {
    let at = |name: &str| root.join(name);
    let directories = Directories { config: at("config"), data: at("data"), state: at("state") };
    World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
}

/// The workbench on a file, and a replay of it begun by keys against a server that has greeted.
fn replaying(columns: u16, rows: u16, greeting: &str) -> Screen {
    replaying_this(RELAY, columns, rows, greeting)
}

/// The same of this recording.
fn replaying_this(text: &str, columns: u16, rows: u16, greeting: &str) -> Screen {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("relay.smtp");
    std::fs::write(&path, text).expect("written");
    let document = read(text.as_bytes()).expect("a file");
    let mut screen = Screen::new(columns, rows);
    let mut talk = Talk::opened("relay.smtp".to_owned(), path.clone(), document.log);
    talk.target = Some("smtp://127.0.0.1:2525".to_owned());
    screen.send(Message::Opened { path: path.clone(), talk: Box::new(talk), whole: true });
    screen.keys("r");
    assert!(screen.shown().contains("Replay against"), "{}", screen.shown());
    assert!(screen.shown().contains("smtp://127.0.0.1:2525"), "the head's target is offered: {}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), [format!("replay {} smtp://127.0.0.1:2525", path.display())]);
    let of = rehearsed(&of(&path, "smtp://127.0.0.1:2525"), None, &world(root.path())).expect("it can be replayed");
    screen.send(Message::Rehearsed(Box::new(of)));
    assert_eq!(screen.asked(), ["connect smtp://127.0.0.1:2525"]);
    let peer = Peer { name: "127.0.0.1:2525".to_owned(), ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen.wire(greeting);
    screen
}

fn of(path: &Path, target: &str) -> ReplayOf {
    ReplayOf { path: path.to_owned(), target: target.to_owned(), way: Way::Steps, environment: Vec::new() }
}

const GREETING: &str = "* connecting 127.0.0.1:2525
    * connected 127.0.0.1:2525 from 127.0.0.1:50000
    < 220 mx.target.local ESMTP";

pub(in crate::tui) fn with_a_difference(columns: u16, rows: u16) -> Screen {
    let mut screen = replaying(columns, rows, GREETING);
    screen.say("<enter>", "< 250-mx.target.local\n< 250-SIZE 20971520\n< 250 STARTTLS");
    screen.say("<enter>", "< 250 2.1.0 Ok");
    screen.say("<enter>", "< 550 5.1.1 <anotherdude@target.local>: User unknown");
    screen
}

#[test]
fn esc_leaves_a_comparison_of_a_conversation_that_is_held() {
    let mut screen = comparing(120, 33);
    screen.model.talk.source = crate::tui::talk::Source::Live;
    screen.model.settle();
    let shown = screen.shown();
    assert!(shown.contains("Esc back") && !shown.contains("Esc to the line"), "{shown}");
    screen.keys("<esc>");
    assert!(screen.model.replay.is_none(), "{}", screen.shown());
}

#[test]
fn an_empty_line_that_was_recorded_is_said_and_goes_out_by_enter() {
    let text = RELAY.replacen("> EHLO noddy.com", ">", 1);
    let mut screen = replaying_this(&text, 120, 33, GREETING);
    assert!(screen.shown().contains("An empty line comes next · Enter goes on"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send "]);
}

#[test]
fn enter_sends_the_next_line_and_the_title_counts() {
    let mut screen = replaying(120, 33, GREETING);
    assert_eq!(screen.model.focus, Focus::Composer);
    assert_eq!(screen.model.composer.line(), "EHLO noddy.com");
    assert!(screen.shown().contains("replaying relay.smtp · line 1 of 7 · step by step"), "{}", screen.shown());
    screen.keys("<backspace>.org<enter>");
    assert_eq!(screen.asked(), ["send EHLO noddy.co.org"]);
    screen.wire("> EHLO noddy.co.org\n< 250-mx.target.local\n< 250-SIZE 1\n< 250 STARTTLS");
    assert!(screen.shown().contains("line 2 of 7"), "{}", screen.shown());
    assert!(screen.shown().contains("≠ > EHLO noddy.co.org"), "{}", screen.shown());
    screen.keys("<ctrl-t>");
    assert_eq!(screen.model.composer.line(), "RCPT TO:<anotherdude@target.local>");
    screen.keys("<ctrl-u>NOOP");
    screen.keys("<esc>");
    assert_eq!(screen.model.composer.line(), "NOOP", "what was typed is not overwritten");
}

#[test]
fn after_a_difference_a_second_enter_is_needed_for_the_message() {
    let mut screen = with_a_difference(120, 33);
    assert!(screen.shown().contains("≠ the code was 250, now it is 550"), "{}", screen.shown());
    screen.keys("<enter>");
    assert!(screen.asked().is_empty());
    assert!(screen.shown().contains("Enter again sends this line"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send DATA"]);
}

#[test]
fn all_the_rest_is_played_at_once_each_line_when_the_one_before_is_answered() {
    let mut screen = replaying(120, 33, GREETING);
    screen.keys("<esc>R");
    for (sent, says) in [
        ("send EHLO noddy.com", "> EHLO noddy.com\n< 250-mx.target.local\n< 250-SIZE 10485760\n< 250 STARTTLS"),
        ("send MAIL FROM:<dude@noddy.com>", "> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0 Ok"),
        ("send RCPT TO:<anotherdude@target.local>", "> RCPT TO:<anotherdude@target.local>\n< 250 2.1.5 Ok"),
        ("send DATA", "> DATA\n< 354 go"),
    ] {
        assert_eq!(screen.asked(), [sent]);
        screen.wire(says);
    }
    assert!(screen.asked()[0].starts_with("as typed"), "the message");
    screen.wire("| Subject: hello\n|\n| Hello.");
    assert_eq!(screen.asked(), ["send ."]);
    screen.wire("> .\n< 250 2.0.0 Ok: queued as 5ZZ");
    assert_eq!(screen.asked(), ["send QUIT"]);
    screen.wire("> QUIT\n< 221 2.0.0 Bye\n* closed by=server");
    assert!(screen.shown().contains("replayed relay.smtp · no difference that counts, 1 ≈"), "{}", screen.shown());
}

#[test]
fn at_its_own_pace_each_line_waits_as_long_as_it_did_and_who_is_in_a_hurry_need_not() {
    let mut screen = replaying(120, 33, GREETING);
    screen.keys("<esc>O");
    // What was recorded: 90 ms after the greeting.
    assert_eq!(screen.asked(), ["wait 90ms"]);
    assert!(screen.shown().contains("line 1 of 7 · at its own pace"), "{}", screen.shown());
    assert!(screen.shown().contains("Goes out after 90 ms, as it did then"), "{}", screen.shown());
    let number = screen.model.waits;
    screen.send(Message::Waited(number - 1));
    assert!(screen.asked().is_empty(), "another wait says nothing");
    screen.send(Message::Waited(number));
    assert_eq!(screen.asked(), ["send EHLO noddy.com"]);
    screen.wire("> EHLO noddy.com\n< 250-mx.target.local\n< 250-SIZE 10485760\n< 250 STARTTLS");
    assert_eq!(screen.asked(), ["wait 89.998ms"]);
    // Enter cuts a pause short, and it goes on at its pace; the wait that was cut short says nothing any more.
    screen.keys("i<enter>");
    assert_eq!(screen.asked(), ["send MAIL FROM:<dude@noddy.com>"]);
    let old = screen.model.waits;
    screen.wire("> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0 Ok");
    assert_eq!(screen.asked(), ["wait 90ms"]);
    screen.send(Message::Waited(old));
    assert!(screen.asked().is_empty());
    screen.keys("<ctrl-c>");
    assert!(screen.shown().contains("line 3 of 7 · step by step"), "{}", screen.shown());
    screen.send(Message::Waited(screen.model.waits));
    assert!(screen.asked().is_empty(), "each line waits for a key again");
    screen.keys("<esc>R");
    assert_eq!(screen.asked(), ["send RCPT TO:<anotherdude@target.local>"]);
    screen.keys("R");
    assert!(screen.shown().contains("step by step"), "a second time it stops: {}", screen.shown());
}

#[test]
fn the_way_may_be_chosen_before_it_begins() {
    for (key, title, way) in [
        ("r", "Replay against", ""),
        ("R", "Replay at once against", " all at once"),
        ("O", "Replay at its own pace against", " at its own pace"),
    ] {
        let mut screen = crate::tui::tests::opened(80, 24);
        screen.asked();
        screen.keys(key);
        assert!(screen.shown().contains(title), "{}", screen.shown());
        screen.keys("lab:<enter>");
        assert_eq!(screen.asked(), [format!("replay relay.smtp lab:{way}")]);
    }
}

#[test]
fn a_server_that_is_not_on_this_machine_is_asked_for_by_name() {
    let greeting =
        "* connecting 192.0.2.1:2525\n* connected 192.0.2.1:2525 from 192.0.2.9:50000\n< 220 mx.target.local ESMTP";
    let mut screen = replaying(80, 24, greeting);
    screen.say("<enter>", "< 250-mx.target.local\n< 250-SIZE 10485760\n< 250 STARTTLS");
    screen.say("<enter>", "< 250 2.1.0 Ok");
    screen.say("<enter>", "< 250 2.1.5 Ok");
    screen.keys("<enter>");
    assert!(screen.asked().is_empty());
    let shown = screen.shown();
    assert!(shown.contains("127.0.0.1:2525") && shown.contains("anotherdude@target.local"), "{shown}");
    assert!(shown.contains("y hand it over"), "{shown}");
    screen.keys("y");
    assert_eq!(screen.asked(), ["send DATA"]);
}

#[test]
fn f5_starts_over() {
    let mut screen = with_a_difference(120, 33);
    screen.keys("<f5>y");
    assert_eq!(screen.asked(), ["reconnect"]);
    screen.wire("* closed by=client");
    let peer = Peer { name: "127.0.0.1:2525".to_owned(), ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: true });
    screen.wire(GREETING);
    assert_eq!(screen.model.composer.line(), "EHLO noddy.com");
    let shown = screen.shown();
    assert!(shown.contains("line 1 of 7") && !shown.contains("≠"), "{shown}");
}

#[test]
fn what_can_t_be_replayed_is_refused_before_it_connects() {
    let root = tempfile::tempdir().expect("a directory");
    let refused = |text: &str, target: &str| {
        let path = root.path().join("gap.smtp");
        std::fs::write(&path, text).expect("written");
        match rehearsed(&of(&path, target), None, &world(root.path())) {
            Err(Unready::Because(words)) => words,
            other => panic!("{other:?}"),
        }
    };
    let shipped = rehearsed(&of(Path::new("example:classic"), "lab:"), None, &world(root.path()));
    assert!(shipped.is_ok_and(|of| of.name == "example:classic" && of.script));
    let gap = "+++\nehlo = 1\n+++\n0.0 > DATA\n0.1 < 354 go\n0.2 * content bytes=9 sha256=00\n0.3 > .\n";
    assert!(
        refused(gap, "127.0.0.1:25")
            .contains("gap.smtp:6:1: found `content`: octets that were sent here were not kept")
    );
    assert!(refused("> MAIL FROM:<{{nobody}}>\n", "127.0.0.1:25").contains("{{nobody}} has no value"));
    assert!(refused("# nothing\n", "127.0.0.1:25").contains("holds nothing to send"));
    assert!(!refused("> NOOP\n", "127.0.0.1:port").is_empty());
}

pub(in crate::tui) fn comparing(columns: u16, rows: u16) -> Screen {
    let root = tempfile::tempdir().expect("a directory");
    let other = RELAY
        .replace("250 2.1.5 Ok", "550 5.1.1 User unknown")
        .replace("queued as 4YW33q8qk4Y", "taken")
        .replace("0.110002 < 250 STARTTLS\n", "0.110002 < 250 DSN\n");
    let paths = ["relay.smtp", "other.smtp"].map(|name| root.path().join(name));
    std::fs::write(&paths[0], RELAY).expect("written");
    std::fs::write(&paths[1], other).expect("written");
    let mut screen = Screen::new(columns, rows);
    let talk =
        Talk::opened("relay.smtp".to_owned(), PathBuf::from("relay.smtp"), read(RELAY.as_bytes()).expect("a file").log);
    screen.send(Message::Opened { path: PathBuf::from("relay.smtp"), talk: Box::new(talk), whole: true });
    screen.keys("dother.smtp<enter>");
    assert_eq!(screen.asked(), ["look for recent", "compare relay.smtp other.smtp"]);
    let compared = compared(&paths[0], &paths[1]).expect("they can be compared");
    screen.send(Message::Compared(Box::new(compared)));
    screen
}

#[test]
fn the_same_conversation_with_two_servers_is_asked_for_and_can_be_stopped() {
    let mut screen = Screen::new(120, 33);
    let talk =
        Talk::opened("relay.smtp".to_owned(), PathBuf::from("relay.smtp"), read(RELAY.as_bytes()).expect("a file").log);
    screen.send(Message::Opened { path: PathBuf::from("relay.smtp"), talk: Box::new(talk), whole: true });
    screen.keys("Dlab:<enter>");
    assert!(screen.shown().contains("Two targets are wanted"), "one is not enough: {}", screen.shown());
    assert!(screen.asked().is_empty());
    screen.keys(" mx.example<enter>");
    assert_eq!(screen.asked(), ["both relay.smtp lab: mx.example"]);
    assert!(screen.shown().contains("stops it"), "{}", screen.shown());
    screen.keys("<ctrl-c>");
    assert_eq!(screen.asked(), ["drop"]);
    screen.send(Message::Both(Err("Not compared: it was stopped".to_owned())));
    assert!(screen.shown().contains("it was stopped"), "{}", screen.shown());
    screen.send(Message::Both(Ok(["a.smtp", "b.smtp"].map(PathBuf::from))));
    assert_eq!(screen.asked(), ["compare a.smtp b.smtp"]);
}

#[test]
fn beside_each_other_help_and_notices_name_what_is_there() {
    let mut screen = comparing(120, 33);
    screen.keys("/");
    let shown = screen.shown();
    assert!(shown.contains("for one conversation alone: Esc closes the columns"), "{shown}");
    screen.keys("<enter><f1>");
    assert!(screen.shown().contains("≈ what differs"), "in the right panel too: {}", screen.shown());
}

#[test]
fn n_goes_from_difference_to_difference_and_backspace_back_to_the_transcript() {
    let mut screen = comparing(120, 33);
    screen.keys("nnn");
    assert!(screen.shown().contains("the code is 250 on the left, 550 on the right"), "{}", screen.shown());
    screen.keys("N");
    assert!(screen.shown().contains("only the right one was offered DSN"), "{}", screen.shown());
    screen.keys("Gn");
    assert!(screen.shown().contains("No difference comes after this line."), "{}", screen.shown());
    screen.keys("gN");
    assert!(screen.shown().contains("No difference comes before this line."), "{}", screen.shown());
    screen.keys("n");
    screen.keys("<backspace>");
    assert!(screen.shown().contains("Transcript"), "{}", screen.shown());
    assert!(screen.model.replay.is_none());
}

#[test]
fn esc_leads_from_two_files_back_to_the_one_that_was_opened() {
    for (columns, rows) in [(80, 24), (120, 33)] {
        let mut screen = comparing(columns, rows);
        let foot = screen.shown().lines().last().map(str::to_owned).unwrap_or_default();
        assert!(foot.contains("Esc close columns"), "{foot}");
        screen.keys("<esc>");
        assert!(screen.model.replay.is_none() && screen.asked().is_empty(), "{}", screen.shown());
        screen.keys("<esc>");
        assert!(screen.model.at_start(), "and then to where that was opened");
    }
}

#[test]
fn the_line_that_a_replay_has_offered_goes_with_it() {
    let mut screen = replaying(120, 33, GREETING);
    assert_eq!(screen.model.composer.line(), "EHLO noddy.com");
    screen.wire("* closed by=server");
    let peer = Peer { name: "lab:".to_owned(), ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer.clone()), path: None, head: None, again: false });
    assert_eq!(screen.model.composer.line(), "");
    // What somebody wrote over it stays.
    let mut screen = replaying(120, 33, GREETING);
    screen.keys("<ctrl-u>NOOP");
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    assert_eq!(screen.model.composer.line(), "NOOP");
}

#[test]
fn what_was_kept_is_offered_for_a_comparison() {
    let mut screen = Screen::new(80, 24);
    let log = read(RELAY.as_bytes()).expect("a file").log;
    let talk = Talk::opened("relay.smtp".to_owned(), PathBuf::from("relay.smtp"), log);
    screen.send(Message::Opened { path: PathBuf::from("relay.smtp"), talk: Box::new(talk), whole: true });
    screen.keys("d");
    assert_eq!(screen.asked(), ["look for recent"]);
    let recent = ["/state/a.smtp", "/state/b.smtp"].map(|path| crate::tui::start::Recent {
        when: "today 14:02".to_owned(),
        target: "lab".to_owned(),
        outcome: "250 queued".to_owned(),
        path: PathBuf::from(path),
        ..Default::default()
    });
    screen.send(Message::Recent(recent.to_vec()));
    assert!(screen.shown().contains("today 14:02  lab  250 queued"), "{}", screen.shown());
    screen.keys("<enter>");
    assert!(screen.shown().contains("/state/a.smtp"), "Enter on the empty line marks the first: {}", screen.shown());
    screen.keys("<down><enter>");
    assert_eq!(screen.asked(), ["compare relay.smtp /state/b.smtp"]);
}

#[test]
fn a_response_is_filled_in_without_being_called_wrong_and_another_may_be_typed() {
    const LOGIN: &str = "+++\nehlo = 1\n+++\n0.0 * connected 127.0.0.1:2525\n0.1 < 220 mx\n0.2 > EHLO noddy.com\n\
                         0.3 < 250 AUTH LOGIN\n0.4 > AUTH LOGIN\n0.5 < 334 VXNlcm5hbWU6\n0.6 > {{auth}}\n\
                         0.7 < 334 UGFzc3dvcmQ6\n0.8 > {{auth}}\n0.9 < 235 ok\n";
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("login.smtp");
    std::fs::write(&path, LOGIN).expect("written");
    let of = rehearsed(&of(&path, "lab:"), None, &world(root.path())).expect("it can be replayed");
    let mut screen = Screen::new(100, 24);
    screen.send(Message::Rehearsed(Box::new(of)));
    let peer = Peer { name: "lab".to_owned(), lab: true, ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen.asked();
    screen.wire(GREETING);
    screen.say("<enter>", "< 250-mx\n< 250 AUTH LOGIN");
    screen.say("<enter>", "< 334 VXNlcm5hbWU6");
    let shown = screen.shown();
    assert!(shown.contains("Enter sends the user name of the lab's account for {{auth}}"), "{shown}");
    assert!(!shown.contains("no base64") && !shown.contains("F8"), "{shown}");
    screen.keys("<ctrl-u>$other");
    assert!(screen.shown().contains("sent as b3RoZXI="), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send b3RoZXI="], "a user's name is no secret to be hidden from now on");
}

#[test]
fn a_long_name_gives_way_to_what_came_of_a_replay() {
    let mut screen = replaying(120, 33, GREETING);
    let Some(super::What::Playing(playing)) = screen.model.replay.as_mut().map(|replay| &mut replay.what) else {
        panic!("it plays")
    };
    playing.of.name = "2026-11-29-234028-mx.target.local.smtp".to_owned();
    for columns in [80, 100, 120, 200] {
        screen.send(Message::Resize(columns, 33));
        assert!(screen.shown().contains("· line 1 of 7 · step by step"), "{columns}: {}", screen.shown());
        assert!(screen.shown().contains(".smtp ·"), "{columns}: {}", screen.shown());
    }
}

#[test]
fn esc_closes_the_columns_of_a_replay_that_is_over() {
    let mut screen = replaying(120, 33, GREETING);
    for _ in 0..7 {
        screen.keys("<ctrl-t>");
    }
    screen.keys("<esc>");
    assert!(screen.shown().contains("Backspace close columns"), "while it is open: {}", screen.shown());
    screen.wire("* closed by=server");
    assert!(screen.shown().contains("Esc close columns"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.model.replay.is_none(), "{}", screen.shown());
}

#[test]
fn what_is_of_one_conversation_says_so_between_two() {
    let mut screen = comparing(120, 33);
    for key in ["/", "f", ";", "m", "<space>", "t"] {
        screen.keys(key);
        let shown = screen.shown();
        assert!(shown.contains("for one conversation alone") && screen.model.overlay.is_none(), "{key}: {shown}");
    }
    for key in ["x", "w", "A"] {
        screen.keys(key);
        assert!(screen.shown().contains("the left one alone; ehlo diff"), "{key}: {}", screen.shown());
        screen.keys("<esc>");
    }
    screen.keys("y");
    assert!(screen.shown().contains("Copy of the left one"), "{}", screen.shown());
    screen.keys("<esc><f1>");
    let shown = screen.shown();
    assert!(shown.contains("≠ marks what") && shown.contains("≈"), "{shown}");
}
