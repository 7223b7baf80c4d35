//! A recorded conversation replayed in the workbench, in a pseudo-terminal, against a server that answers one line
//! otherwise.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "shared with tests that use the rest of it")]
    pub(crate) mod terminal;
}

use support::peer::Peer;
use support::terminal::{Home, Terminal};

/// A recording that was made with a server at this target.
fn recording(home: &Home, target: &str) -> String {
    let path = home.path().join("relay.smtp");
    let text = format!(
        "+++\nehlo = 1\ntarget = \"smtp://{target}\"\n+++\n\
         0.0 * connected {target}\n\
         0.1 < 220 mx.target.local ESMTP\n\
         0.2 > EHLO noddy.com\n\
         0.3 < 250-mx.target.local\n\
         0.3 < 250 DSN\n\
         0.4 > MAIL FROM:<dude@noddy.com>\n\
         0.5 < 250 2.1.0 Ok\n\
         0.6 > RCPT TO:<anotherdude@target.local>\n\
         0.7 < 250 2.1.5 Ok\n\
         0.8 > QUIT\n\
         0.9 < 221 2.0.0 Bye\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

const PEER: &str = "\
    S: 220 mx.target.local ESMTP
    C: EHLO noddy.com
    S: 250-mx.target.local
    S: 250 DSN
    C: MAIL FROM:<dude@noddy.com>
    S: 250 2.1.0 Ok
    C: RCPT TO:<anotherdude@target.local>
    S: 550 5.1.1 User unknown
    C: QUIT
    S: 221 2.0.0 Bye
";

#[test]
fn a_code_that_differs_is_marked_line_by_line() {
    let (home, peer) = (Home::new(), Peer::play(PEER));
    let file = recording(&home, &peer.target());
    let mut terminal = Terminal::start(&home, &["open", &file], (120, 33));
    terminal.wait_for("RCPT TO:<anotherdude@target.local>").keys("r").wait_for("Replay against");
    terminal.wait_for(&peer.target()).keys("<Enter>");
    terminal.wait_for("replaying relay.smtp · line 1 of 4 · step by step").wait_for("recorded");
    terminal.wait_until("the greeting", |screen| screen.matches("< 220 mx.target.local ESMTP").count() == 2);
    terminal.keys("<Enter>").wait_until("both offers", |screen| screen.matches("< 250 DSN").count() == 2);
    terminal.keys("<Enter>").wait_until("both replies", |screen| screen.matches("< 250 2.1.0 Ok").count() == 2);
    terminal.wait_for("line 3 of 4").keys("<Enter>").wait_for("≠ < 550 5.1.1 User unknown");
    terminal.wait_for("the code was 250, now it is 550");
    terminal.wait_for("line 4 of 4").keys("<Enter>").wait_for("replayed relay.smtp · 1 ≠");
    peer.heard();
    // While the connection is open leaving is asked about.
    terminal.wait_for("no connection").keys("<C-q>");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn all_lines_go_out_by_themselves_and_the_difference_is_marked() {
    let (home, peer) = (Home::new(), Peer::play(PEER));
    let file = recording(&home, &peer.target());
    let mut terminal = Terminal::start(&home, &["open", &file], (80, 24));
    terminal.wait_for("QUIT").keys("r").wait_for("Replay against").keys("<Enter>");
    terminal.wait_for("line 1 of 4").keys("<A-R>").wait_for("replayed relay.smtp · 1 ≠");
    assert!(terminal.screen().contains("≠ < 550 5.1.1 User unknown"), "{}", terminal.screen());
    peer.heard();
    terminal.wait_for("no connection");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
}

#[test]
fn the_same_conversation_with_two_servers_stands_side_by_side() {
    let home = Home::new();
    let text = "+++\nehlo = 1\n+++\n> HELO noddy.com\n> MAIL FROM:<dude@noddy.com>\n> RCPT TO:<anotherdude@target.local>\n\
        > DATA\n| Subject: hello\n|\n> .\n> QUIT\n";
    let path = home.put("same.smtp", text);
    let mut terminal = Terminal::start(&home, &["open", path.to_str().unwrap()], (120, 33));
    terminal
        .wait_for("QUIT")
        .wait_for("r replay")
        .keys("D")
        .wait_for("Hold it with these two servers")
        .keys("lab: lab:greylisting<Enter>");
    terminal.wait_for("comparing ·").wait_for("450 4.2.0").wait_for("250 2.1.5");
    terminal.keys("q");
    assert!(terminal.exit().success());
    assert_eq!(home.transcripts().len(), 2, "both are kept");
}

#[test]
fn a_secret_of_the_environment_is_not_recorded_from_the_greeting_on() {
    let home = Home::new();
    let peer = Peer::play(
        "S: 220 mx hunter2-of-noddy\nC: NOOP hunter2-of-noddy\nS: 250 ok hunter2-of-noddy\nC: QUIT\nS: 221 bye\n",
    );
    let script = "+++\nehlo = 1\n+++\n< 220\n> NOOP {{env.A_TOKEN}}\n< 250\n> QUIT\n< 221\n";
    let path = home.put("token.smtp", script);
    let variables = [("A_TOKEN", "hunter2-of-noddy")];
    let mut terminal = Terminal::start_with(&home, &["open", path.to_str().unwrap()], (120, 33), &variables);
    terminal
        .wait_for("{{env.A_TOKEN}}")
        .keys("r")
        .wait_for("Replay against")
        .keys(&format!("{}<Enter>", peer.target()));
    terminal.wait_for("The environment").answer("y").wait_for("line 1 of 2").wait_for("< 220 mx {{auth}}");
    terminal.keys("<Enter>").wait_for("line 2 of 2").wait_for("< 250 ok {{auth}}").keys("<Enter>");
    terminal.wait_for("replayed token.smtp");
    peer.heard();
    terminal.wait_for("no connection").keys("<C-q>");
    assert!(terminal.exit().success());
    let kept = home.transcript();
    assert!(kept.contains("< 220 mx {{auth}}") && kept.contains("< 250 ok {{auth}}"), "{kept}");
    assert!(!kept.contains("hunter2"), "{kept}");
}
