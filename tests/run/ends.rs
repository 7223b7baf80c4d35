//! What ends a run early, and what does not: signals, servers that talk on or stay, 421, output that nobody takes.

use super::*;

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so_and_keeps_its_record() {
    use std::io::{BufRead as _, BufReader};
    let desk = Desk::new();
    // The first line was heard for certain once the second is on the screen.
    let peer = Peer::play("S: 220 mx\nC: NOOP\nS: 250 ok\nHOLD\n");
    let script = desk.write("s.smtp", "> NOOP\n> HELP\n");
    let mut child = desk
        .command(&[script.to_str().expect("UTF-8"), "--target", &peer.target()])
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let sent = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("-> HELP")));
    assert!(sent.is_some(), "it never sent its line");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it lives");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(desk.transcripts().contains("> HELP"));
    peer.heard();
}

#[test]
fn a_server_that_never_stops_talking_does_not_hold_the_run_up() {
    let desk = Desk::new();
    let long = format!("FLOOD 250-{}\n", "x".repeat(100_000));
    let greeted = "S: 220 mx\nC: EHLO *\n";
    for (peer, script, limit, codes) in [
        // A reply that never ends.
        (format!("{greeted}FLOOD 250-more\n"), "> EHLO a\n> NOOP\n> QUIT\n", "2s", &[6, 7][..]),
        (format!("{greeted}FLOOD 250-more\n"), "> EHLO a\n< 250\n> QUIT\n", "2s", &[6, 7]),
        // The client stops reading long before the time is up.
        (format!("{greeted}{long}"), "> EHLO a\n> NOOP\n> QUIT\n", "5m", &[7]),
        // Whole replies that nothing asked for, after the last line.
        (format!("{greeted}S: 250 mx\nC: QUIT\nS: 221 bye\nFLOOD 250 more\n"), "> EHLO a\n> QUIT\n", "2s", &[0, 7]),
    ] {
        let began = std::time::Instant::now();
        let (ran, _) = desk.against(&peer, script, &["--reply-timeout", limit, "--quiet"]);
        assert!(codes.iter().any(|code| ran.code == Some(*code)), "{script}: {:?} {}", ran.code, ran.err);
        assert!(ran.code == Some(0) || !ran.err.is_empty(), "it says nothing of it");
        assert!(began.elapsed() < std::time::Duration::from_secs(18), "{script}: it took {:?}", began.elapsed());
    }
}

#[test]
fn a_server_that_does_not_close_after_quit_is_left() {
    let desk = Desk::new();
    for script in ["> QUIT\n< 221\n", "> NOOP\n< 250\n"] {
        let noop = if script.contains("NOOP") { "C: NOOP\nS: 250 ok\n" } else { "" };
        let began = std::time::Instant::now();
        desk.against(&format!("S: 220 mx\n{noop}C: QUIT\nS: 221 bye\nHOLD\n"), script, &[]).0.expect(0, &["1 of 1"]);
        assert!(began.elapsed() < std::time::Duration::from_secs(15), "it took {:?}", began.elapsed());
    }
}

#[test]
fn a_421_in_the_middle_is_the_cause_and_what_was_not_sent_is_listed() {
    let desk = Desk::new();
    let begun = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\n";
    let script = SENDS_MAIL.replace("> DATA", "> RCPT TO:<second@target.local>\n> DATA");
    let after = [
        "skipped  line 4  > RCPT TO:<second@target.local>",
        "skipped  line 5  > DATA",
        "skipped  line 6  | message content",
        "skipped  line 9  > .",
        "skipped  line 10  > QUIT",
    ];
    let (ran, heard) = desk.against(&format!("{begun}S: 421 4.3.2 shutting down\n"), &script, &[]);
    ran.expect(1, &["421 to line 3 (> RCPT TO:<anotherdude@target.local>)", "1 refused, 5 skipped"]);
    ran.expect(1, &after);
    assert!(!heard.iter().any(|line| line.contains("second")), "{heard:?}");
    // In a pipelined block both were sent, and the first one's reply says it.
    let block = script.replace("> RCPT TO:<a", "* pipeline\n> RCPT TO:<a").replace("> DATA", "* end\n> DATA");
    let (ran, _) = desk.against(&format!("{begun}C: RCPT *\nS: 421 4.3.2 shutting down\n"), &block, &[]);
    ran.expect(1, &["421 to line 4 (> RCPT TO:<anotherdude@target.local>)", "skipped  line 7  > DATA", "4 skipped"]);
    // To EHLO, and without any reply.
    let (ran, _) = desk.against("S: 220 mx\nC: EHLO *\nS: 421 4.3.2 no\n", &script, &[]);
    ran.expect(1, &["421 to line 1 (> EHLO noddy.com)", "skipped  line 2  > MAIL"]);
    let (ran, _) = desk.against(begun, &script, &[]);
    ran.expect(3, &["closed before the reply to line 3", "5 skipped"]);
    ran.expect(3, &after);
}

#[test]
fn what_nothing_asks_for_is_waited_for_with_a_word() {
    let desk = Desk::new();
    let script = "< 220\n> NOOP\n< 250\n< 421\n";
    let peer = "S: 220 mx\nC: NOOP\nS: 250 ok\nHOLD\n";
    let (ran, _) = desk.against(peer, script, &["--total-timeout", "1600ms"]);
    ran.expect(6, &["line 4 waits up to 5 min for < 421, which no line asks for; --reply-timeout sets another time"]);
}

#[test]
fn a_421_before_the_dot_is_a_refusal_however_late_it_is_read() {
    let desk = Desk::new();
    let begun = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n";
    // Before any of the content was read, and once some of it was: the dot is on its way, or not yet.
    for heard in ["", "C: *\n", "C: .. .\n"] {
        for _ in 0..3 {
            let (ran, _) = desk.against(&format!("{begun}{heard}S: 421 4.3.0 no room\n"), SENDS_MAIL, &[]);
            ran.expect(1, &["421"]);
        }
    }
}

/// Who has the status of a mistake corrects it, and runs it again.
#[cfg(target_os = "linux")]
#[test]
fn a_message_that_was_handed_over_is_no_mistake_because_of_a_file_beside_it() {
    let desk = Desk::new();
    let script = desk.write(
        "s.smtp",
        "> EHLO me\n< 250\n> MAIL FROM:<a@b>\n< 250\n> RCPT TO:<anotherdude@target.local>\n< 250\n> DATA\n< 354\n| Subject: x\n> .\n\
         < 250\n> QUIT\n",
    );
    let saved = ["--target", "lab:", "--save", "/dev/full", "--force"];
    let ran = desk.run(&[&[script.to_str().expect("UTF-8")], &saved[..]].concat());
    ran.expect(8, &["/dev/full can't be written", "the message was handed over all the same"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_can_not_be_printed_is_said() {
    let desk = Desk::new();
    let script = desk.write("s.smtp", "> NOOP\n< 250\n> QUIT\n");
    for json in [&[][..], &["--json"]] {
        let arguments = [&[script.to_str().expect("UTF-8"), "--target", "lab:"], json].concat();
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let ran = finish(desk.command(&arguments).stdout(full).spawn().expect("the binary starts"));
        ran.expect(2, &["standard output can't be written"]);
        // Somebody who reads no further is no error.
        let mut child = desk.command(&arguments).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let ran = finish(child);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_greeting_that_is_not_220_is_odd_and_the_run_goes_on() {
    let desk = Desk::new();
    let peer = "S: 250-mx\nS: 250 hello\nC: EHLO *\nS: 250-mx\nS: 250-DSN\nS: 250 HELP\nC: QUIT\nS: 221 bye\n";
    let script = "> EHLO a\n< 250\n> QUIT\n";
    desk.against(peer, script, &[]).0.expect(0, &["odd", "greets with 220", "250 hello", "1 of 1"]);
    desk.against(peer, &format!("< 250\n{script}"), &[]).0.expect(0, &["2 of 2"]);
    desk.against(peer, &format!("< 220\n{script}"), &[]).0.expect(1, &["1 of 2"]);
}
