//! `ehlo run` end to end: the built binary against a scripted peer and against the lab.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

#[path = "run/batch.rs"]
mod batch;
#[path = "run/ends.rs"]
mod ends;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "run/routes.rs"]
mod routes;
#[path = "run/secrets.rs"]
mod secrets;

use peer::Peer;

/// A user's directories, and the scripts they have written.
struct Desk {
    folder: TempDir,
}

/// What a run came to.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "out:\n{}\nerr:\n{}", self.out, self.err);
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "no `{word}` in\n{}\n{}", self.out, self.err);
        }
    }
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the desk")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        command
            .arg("run")
            .args(arguments)
            .arg("--config")
            .arg(self.path("config"))
            .arg("--state")
            .arg(self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("NODDY_PASSWORD", "pass-word-of-noddy")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments).spawn().expect("the binary starts"))
    }

    /// Runs a script of this text.
    fn script(&self, text: &str, arguments: &[&str]) -> Ran {
        let path = self.write("scripts/script.smtp", text);
        let path = path.to_str().expect("UTF-8");
        self.run(&[&[path], arguments].concat())
    }

    /// Runs a script of this text against a peer that plays another; gives what the peer heard too.
    fn against(&self, peer: &str, text: &str, arguments: &[&str]) -> (Ran, Vec<String>) {
        let peer = Peer::play(peer);
        let target = peer.target();
        let ran = self.script(text, &[&["--target", &target], arguments].concat());
        (ran, peer.heard())
    }

    /// Every transcript of every run, one after the other.
    fn transcripts(&self) -> String {
        fn all(folder: &Path, out: &mut String) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    all(&entry.path(), out);
                } else {
                    out.push_str(&std::fs::read_to_string(entry.path()).expect("UTF-8"));
                }
            }
        }
        let mut out = String::new();
        all(&self.path("state/transcripts"), &mut out);
        out
    }
}

fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A peer that takes a whole message.
const TAKES_MAIL: &str = "\
    S: 220 mx ESMTP\n\
    C: EHLO *\n\
    S: 250-mx\n\
    S: 250 SIZE 1000\n\
    C: MAIL *\n\
    S: 250 2.1.0 Ok\n\
    C: RCPT *\n\
    S: 250 2.1.5 Ok\n\
    C: DATA\n\
    S: 354 go\n\
    C: .. .\n\
    S: 250 2.0.0 Ok: queued as 4F3A\n\
    C: QUIT\n\
    S: 221 bye\n";

/// A script that sends a whole message.
const SENDS_MAIL: &str = "\
    > EHLO noddy.com\n\
    > MAIL FROM:<dude@noddy.com>\n\
    > RCPT TO:<anotherdude@target.local>\n\
    > DATA\n\
    | Subject: test\n\
    |\n\
    | ..a dot\n\
    > .\n\
    > QUIT\n";

#[test]
fn each_script_that_is_shipped_holds_at_the_lab() {
    let desk = Desk::new();
    let ran = desk.run(&["example:", "--target", "lab:"]);
    ran.expect(2, &["no script of that name is shipped; there are example:classic, "]);
    let names = ran.err.split([',', ' ', '\n']).filter(|word| word.starts_with("example:"));
    let names: Vec<&str> = names.filter(|word| *word != "example:").collect();
    assert!(names.len() >= 7, "{}", ran.err);
    let ran = desk.run(&[&names[..], &["--target", "lab:", "--report", "tap"]].concat());
    ran.expect(0, &[&format!("1..{}", names.len())]);
    assert!(!ran.out.contains("not ok"), "{}", ran.out);
    // They name no server of their own.
    desk.run(&["example:classic"]).expect(2, &["give one with --target"]);
    desk.run(&["--record", "example:classic"]).expect(2, &["example:classic is a script already"]);
}

#[test]
fn the_classic_conversation_with_the_lab() {
    let desk = Desk::new();
    let script = "+++\nehlo = 1\ntitle = \"classic\"\n+++\n< 220\n> HELO noddy.com\n< 250\n> MAIL FROM:<{{from}}>\n< 250 2.1.0\n\
        > RCPT TO:<{{to}}>\n< 2xx\n> RCPT TO:<friend@elsewhere.example>\n< 5xx 5.7.* /Relay access denied/\n? accepted = 1\n? phase = rcpt\n\
        > DATA\n< 354\n| Subject: test\n|\n| Hello.\n> .\n< 250 /queued as \\w+/\n? latency < 10s\n> QUIT\n< 221\n? closed\n";
    desk.script(script, &["--target", "lab:"]).expect(0, &["12 of 12", "1 message handed over", "<** 554 5.7.1"]);
    let transcript = desk.transcripts();
    assert!(transcript.contains("title = \"classic\"") && transcript.contains("> RCPT TO:<friend@elsewhere.example>"));
}

#[test]
fn starttls_and_auth_with_the_lab() {
    let desk = Desk::new();
    let script = "> EHLO {{ehlo}}\n? capability STARTTLS\n> STARTTLS\n< 220\n? tls >= 1.2\n? tls verified\n? cert days > 1\n\
        > EHLO {{ehlo}}\n? not capability STARTTLS\n> AUTH LOGIN\n< 334\n> {{auth}}\n< 334\n> {{auth}}\n< 235\n> QUIT\n";
    desk.script(script, &["--target", "lab:"]).expect(0, &[" ~> AUTH LOGIN", " ~> {{auth}}"]);
    assert!(!desk.transcripts().contains("bm9kZHk="), "the password is in the transcript");
}

#[test]
fn content_goes_out_as_written_and_a_file_is_stuffed() {
    let desk = Desk::new();
    let (ran, heard) = desk.against(TAKES_MAIL, SENDS_MAIL, &[]);
    ran.expect(0, &["1 message handed over"]);
    assert_eq!(heard[4..8], ["Subject: test", "", "..a dot", "."]);
    desk.write("scripts/m.eml", "Subject: file\n\n.hidden\n");
    let script = SENDS_MAIL.replace("| Subject: test\n|\n| ..a dot\n", "|@ m.eml\n");
    let (ran, heard) = desk.against(TAKES_MAIL, &script, &[]);
    ran.expect(0, &[]);
    assert_eq!(heard[4..8], ["Subject: file", "", "..hidden", "."]);
}

#[test]
fn after_a_failed_expectation_no_mail_goes_out_half_checked() {
    let desk = Desk::new();
    let script = SENDS_MAIL.replace("> DATA\n", "< 550\n> DATA\n< 354\n");
    let peer = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: QUIT\nS: 221 bye\n";
    let (ran, _) = desk.against(peer, &script, &[]);
    ran.expect(1, &["FAILED   line 4  < 550", "skipped  line 5  > DATA", "skipped  line 6  < 354", "1 failed"]);
    let script = script.replace("> QUIT\n", "");
    let peer = peer.replace("C: QUIT", "C: RSET\nS: 250 ok\nC: QUIT");
    desk.against(&peer, &script, &[]).0.expect(1, &[" -> RSET", " -> QUIT"]);
    desk.against(&peer, &script, &["--fail-fast"]).0.expect(1, &["the run had ended"]);
    let (ran, heard) = desk.against(TAKES_MAIL, &SENDS_MAIL.replace("> DATA\n", "< 550\n> DATA\n"), &["--keep-going"]);
    ran.expect(1, &["1 message handed over"]);
    assert!(heard.contains(&"DATA".to_owned()));
}

#[test]
fn the_next_mail_or_rset_ends_the_holding_back() {
    let desk = Desk::new();
    let peer = TAKES_MAIL.replace("C: MAIL", "C: NOOP\nS: 250 ok\nC: MAIL");
    let script = SENDS_MAIL.replace("> MAIL", "> NOOP\n< 550\n> MAIL");
    desk.against(&peer, &script, &[]).0.expect(1, &["1 failed, 1 message handed over"]);
}

#[test]
fn a_message_that_was_begun_is_dropped_not_finished() {
    let desk = Desk::new();
    let peer =
        "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nHOLD\n";
    let script = SENDS_MAIL.replace("> DATA\n", "> DATA\n< 354 5.7.1\n");
    desk.against(peer, &script, &[]).0.expect(1, &["skipped  line 6  | message content", "must not be finished"]);
}

#[test]
fn what_the_server_does_decides_the_exit_status() {
    let desk = Desk::new();
    let greeted = "S: 220 mx\nC: EHLO *\nS: 250 mx\n";
    for (peer, script, code, words) in [
        (format!("{greeted}C: NOOP\nS: 502 5.5.1 no\nC: QUIT\nS: 221 bye\n"), "> EHLO a\n> NOOP\n", 1, "502 5.5.1 no"),
        (format!("{greeted}C: NOOP\nS: 502 5.5.1 no\nC: QUIT\nS: 221 bye\n"), "> EHLO a\n> NOOP\n< 502\n", 0, "1 of 1"),
        ("S: 554 no\nC: QUIT\nS: 221 bye\n".to_owned(), "> QUIT\n", 1, "554 no"),
        (format!("{greeted}C: NOOP\n"), "> EHLO a\n> NOOP\n", 3, "closed before"),
        (format!("{greeted}C: NOOP\n"), "> EHLO a\n> NOOP\n< 250\n", 3, "closed before"),
        (format!("{greeted}C: NOOP\n"), "> EHLO a\n> NOOP\n? closed\n", 0, "1 of 1"),
        (format!("{greeted}C: NOOP\nHOLD\n"), "> EHLO a\n> NOOP\n", 6, "did not come in time"),
        (format!("{greeted}C: NOOP\nHOLD\n"), "> EHLO a\n> NOOP\n< 250\n", 6, "no reply came in time"),
        (
            format!("{greeted}C: NOOP\nS: 250 ok\nHOLD\n"),
            "> EHLO a\n< 250\n> NOOP\n< 250\n< 250\n",
            6,
            "the reply that line 5 waits for did not come",
        ),
        (format!("{greeted}C: NOOP\nS: what is this\n"), "> EHLO a\n> NOOP\n", 7, "broke the protocol"),
        (format!("{greeted}C: NOOP\nS: what is this\n"), "> EHLO a\n> NOOP\n< 250\n", 7, "broke the protocol"),
        (
            format!("{greeted}C: STARTTLS\nS: 220 go\nS! not TLS at all\\r\\n\n"),
            "> EHLO a\n> STARTTLS\n> EHLO a\n",
            4,
            "TLS",
        ),
        (format!("{greeted}S: 421 4.3.2 shutting down\n"), "> EHLO a\n< 250\n< 421 4.3.2\n? closed\n", 0, "3 of 3"),
        (
            format!("{greeted}C: VRFY x\nS: 252 maybe\nC: QUIT\nS: 221 bye\n"),
            "> EHLO a\n> VRFY x\n< 550 ?\n> QUIT\n",
            0,
            "absent",
        ),
    ] {
        // Only a peer that holds its reply back is waited for; any other may be as slow as the machine.
        let limit = if peer.contains("HOLD") { "2s" } else { "20s" };
        let (ran, _) = desk.against(&peer, script, &["--reply-timeout", limit]);
        assert_eq!(ran.code, Some(code), "{peer}\n{script}\n{}{}", ran.out, ran.err);
        ran.expect(code, &[words]);
    }
}

#[test]
fn refused_recipients_beside_accepted_ones_have_their_own_status() {
    let desk = Desk::new();
    let peer = TAKES_MAIL.replace("C: DATA", "C: RCPT *\nS: 550 5.1.1 unknown\nC: DATA");
    let script = SENDS_MAIL.replace("> DATA", "> RCPT TO:<nobody@target.local>\n> DATA");
    desk.against(&peer, &script, &[]).0.expect(8, &["1 refused, 1 message handed over"]);
    let expected = script.replace("> DATA", "< 550 5.1.1\n> DATA");
    desk.against(&peer, &expected, &[]).0.expect(0, &[]);
}

#[test]
fn nobody_listening_is_no_connection() {
    let desk = Desk::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    desk.script("> QUIT\n", &["--target", &free.to_string()]).expect(3, &["refused"]);
}

#[test]
fn mistakes_are_said_before_anything_connects() {
    let desk = Desk::new();
    for (script, place, words) in [
        ("> EHLO a\n< 2500\n", "script.smtp:2:3", "found `2500`"),
        ("> EHLO a\n? latncy < 2s\n", "script.smtp:2:3", "latency"),
        ("> EHLO a\n* snooze 5s\n", "script.smtp:2:3", "sleep"),
        ("> EHLO a\\q\n", "script.smtp:1:9", "\\q"),
        ("> EHLO {{nobody}}\n", "script.smtp:1:8", "--var nobody="),
        ("> EHLO {{env.HOME}}\n", "script.smtp:1:8", "--allow-env HOME"),
        ("> AUTH PLAIN {{auth}}\n", "script.smtp:1:1", "profile"),
        ("> DATA\n|@ /etc/hostname\n", "script.smtp:2:4", "--allow-files"),
        ("> DATA\n|@ none.eml\n", "script.smtp:2:4", "can't be read"),
        ("| content\n", "script.smtp:1:1", "> DATA"),
        ("> BDAT 10 LAST\n| abc\n", "script.smtp:1:1", "5 octets"),
        ("* pipeline\n> NOOP\n", "script.smtp:1:1", "* end"),
        ("+++\nehlo = 1\n+++\n0.1 > DATA\n0.2 * cut direction=out bytes=5 sha256=ab\n", "script.smtp:5:1", "not kept"),
        ("0.1 > STARTTLS\n0.2 < 220 x\n0.3 * opaque out=9 in=9 x\n", "script.smtp:3:1", "in place of this line"),
        ("0.1 < 220 x\n0.2 * unseen RCPT\n", "script.smtp:2:1", "found `unseen RCPT`"),
        ("? what\n0.1 ? closed\n", "script.smtp", "expected"),
    ] {
        let ran = desk.script(script, &["--target", "127.0.0.1:9"]);
        ran.expect(2, &[place, words]);
        assert!(ran.out.is_empty(), "{}", ran.out);
    }
    desk.script("> QUIT\n", &[]).expect(2, &["--target"]);
    desk.script("> QUIT\n", &["--target", "http://x"]).expect(2, &["smtp://"]);
    desk.run(&["/no/such.smtp", "--target", "lab:"]).expect(2, &["no/such.smtp"]);
}

#[test]
fn a_message_leaves_this_machine_only_by_an_explicit_yes() {
    let desk = Desk::new();
    desk.script(SENDS_MAIL, &["--target", "192.0.2.1"])
        .expect(2, &["--yes-really-send", "192.0.2.1:25", "not on this machine"]);
    let peer = Peer::play(TAKES_MAIL);
    let (host, port) = peer.target().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).expect("host:port");
    desk.write("config/profiles/front.toml", &format!("host = \"{host}\"\nport = {port}\nproduction = true\n"));
    desk.script(SENDS_MAIL, &["--target", "front"]).expect(2, &["production"]);
    // The mark goes with the place, and a recording has it in its head.
    let there = format!("{host}:{port}");
    desk.script(SENDS_MAIL, &["--target", &there]).expect(2, &["which is marked production by the profile front;"]);
    desk.script(&format!("+++\nehlo = 1\ntarget = \"smtp://{there}\"\n+++\n{SENDS_MAIL}"), &["--yes"])
        .expect(2, &["production"]);
    let other = "+++\nehlo = 1\ntarget = \"smtp://127.0.0.1:9\"\nprofile = \"front\"\n+++\n";
    desk.script(&format!("{other}{SENDS_MAIL}"), &["--yes"]).expect(2, &["production"]);
    desk.script(SENDS_MAIL, &["--target", "front", "--yes-really-send"]).expect(0, &["1 message handed over"]);
    peer.heard();
}

/// However a line is cut, what reaches the server counts.
#[test]
fn no_message_leaves_this_machine_in_pieces_or_hidden_in_a_line() {
    let desk = Desk::new();
    let begun = "< 220\n> EHLO a\n< 250\n> MAIL FROM:<a@b>\n< 250\n> RCPT TO:<c@d>\n< 250\n";
    let split = format!("{begun}> DA\\c\n> TA\n< 354\n> Subject: x\n>\n> x\n> .\n< 250\n");
    let hidden = "> EHLO a\n< 250\n> MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\nDATA\n< 250\n< 250\n< 354\n> .\n< 250\n";
    let bare = format!("{begun}> NOOP\\rDATA\n< 250\n> x\n> .\n< 250\n");
    let chunk = format!("{begun}> NOOP\\r\\nBDAT 3 LAST\\r\\nabc\\c\n< 250\n");
    desk.write("config/profiles/front.toml", "host = \"127.0.0.1\"\nport = 9\nproduction = true\n");
    for script in [split.as_str(), hidden, &bare, &chunk] {
        desk.script(script, &["--target", "front"]).expect(2, &["marked production", "for c@d", "--yes-really-send"]);
    }
    let taken = "S: 220 mx\nC: EHLO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n";
    let (ran, heard) = desk.against(&format!("{taken}C: *\nS: 500 what\nC: *\nS: 221 bye\n"), &split, &["--rcpt-only"]);
    assert!(ran.out.contains("--rcpt-only stops before it"), "{}", ran.out);
    assert!(heard.iter().all(|line| !line.starts_with("DATA")), "{heard:?}");
    let (ran, heard) = desk.against("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: *\nS: 221 bye\n", hidden, &["--rcpt-only"]);
    assert!(ran.out.contains("--rcpt-only stops before it"), "{}", ran.out);
    assert!(heard.iter().all(|line| !line.starts_with("DATA")), "{heard:?}");
}

#[test]
fn of_very_many_replies_that_nothing_asked_for_only_the_first_are_told() {
    let desk = Desk::new();
    let peer = format!("S: 220 mx\nC: EHLO a\nS: 250 mx\n{}C: *\nS: 221 bye\n", "S: 250 stray\n".repeat(60));
    let (ran, _) = desk.against(&peer, "> EHLO a\n< 250\n", &[]);
    assert!(ran.out.contains("more than 20 came; the others are in the transcript"), "{}", ran.out);
    assert_eq!(ran.out.matches("nothing asked for this reply").count(), 20, "{}", ran.out);
}

#[test]
fn rcpt_only_stops_before_data() {
    let desk = Desk::new();
    let peer = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n";
    desk.against(peer, SENDS_MAIL, &["--rcpt-only"]).0.expect(0, &["--rcpt-only stops"]);
    // What answers the lines of a block before it is held against what was expected.
    let block = "> EHLO a\n< 250\n* pipeline\n> MAIL FROM:<a@b>\n> RCPT TO:<c@d>\n> DATA\n* end\n< 250\n? phase = mail\n\
        < 554 5.7.1\n< 354\n| x\n> .\n< 250\n? closed\n";
    let peer = peer.replace("RCPT *\nS: 250 ok", "RCPT *\nS: 554 5.7.1 no");
    let (ran, _) = desk.against(&peer, block, &["--rcpt-only"]);
    ran.expect(0, &["< 554 5.7.1\n", "3 of 3 expectations met"]);
    let (ran, _) = desk.against(&peer, &block.replace("554 5", "450 5"), &["--rcpt-only"]);
    ran.expect(1, &["line 10  < 450 5.7.1: the code is 554"]);
}

#[test]
fn a_target_that_the_script_chose_is_shown_and_needs_a_yes() {
    let desk = Desk::new();
    let peer = Peer::play("S: 220 mx\nC: QUIT\nS: 221 bye\n");
    let script = format!("+++\nehlo = 1\ntarget = \"smtp://{}\"\n+++\n> QUIT\n", peer.target());
    desk.script(&script, &[]).expect(2, &["--yes", &peer.target()]);
    desk.script(&script, &["--yes"]).expect(0, &[]);
    peer.heard();
}

#[test]
fn variables_recipients_and_files_are_filled_in() {
    let desk = Desk::new();
    let peer = "S: 220 mx\nC: EHLO var.example\nS: 250 mx\nC: MAIL FROM:<head@noddy.com>\nS: 250 ok\n\
        C: RCPT TO:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: NOOP pass-word-of-noddy\nS: 250 ok\nC: QUIT\nS: 221 bye\n";
    let script = "+++\nehlo = 1\n[vars]\nfrom = \"head@noddy.com\"\nehlo = \"head\"\n+++\n> EHLO {{ehlo}}\n> MAIL FROM:<{{from}}>\n\
        > RCPT TO:<{{to}}>\n< 250\n> NOOP {{env.NODDY_PASSWORD}}\n> QUIT\n";
    let arguments =
        ["--var", "ehlo=var.example", "--var", "to=a@b", "--var", "to=c@d", "--allow-env", "NODDY_PASSWORD"];
    desk.against(peer, script, &arguments).0.expect(0, &["2 of 2"]);
}

#[test]
fn chunks_are_cut_from_a_file_and_lines_count_with_their_ends() {
    let desk = Desk::new();
    desk.write("scripts/m.txt", "one\ntwo\n");
    let greeting = "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 CHUNKING\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    let envelope = "> EHLO a\n> MAIL FROM:<a@b>\n> RCPT TO:<c@d>\n";
    let (ran, _) = desk.against(
        &format!(
            "{greeting}C: BDAT 4\nC: one\nS: 250 ok\nC: BDAT 4 LAST\nC: two\nS: 250 queued\nC: QUIT\nS: 221 bye\n"
        ),
        &format!("{envelope}>> 4 m.txt\n< 250\n>> LAST m.txt\n< 250 /queued/\n> QUIT\n"),
        &[],
    );
    ran.expect(0, &["1 message handed over"]);
    let (ran, _) = desk.against(
        &format!("{greeting}C: BDAT 6 LAST\nC: .abc\nS: 250 queued\nC: QUIT\nS: 221 bye\n"),
        &format!("{envelope}> BDAT 6 LAST\n| .abc\n< 250\n> QUIT\n"),
        &[],
    );
    ran.expect(0, &["1 message handed over"]);
}

#[test]
fn a_pipelined_block_goes_out_at_once() {
    let desk = Desk::new();
    // The peer answers only when it has heard all of it.
    let peer = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250 mail\nS: 250 rcpt\nS: 550 rcpt\nC: QUIT\nS: 221 bye\n";
    let script = "> EHLO a\n* pipeline\n> MAIL FROM:<a@b>\n< 250 /mail/\n> RCPT TO:<c@d>\n> RCPT TO:<e@f>\n* end\n< 250\n? accepted = 1\n< 550\n> QUIT\n";
    desk.against(peer, script, &[]).0.expect(0, &["4 of 4"]);
}

#[test]
fn drop_and_reconnect() {
    let desk = Desk::new();
    let peer = "S: 220 first\nC: NOOP\nS: 250 ok\nHOLD\n---\nS: 220 second\nC: QUIT\nS: 221 bye\n";
    let script =
        "< 220 /first/\n> NOOP\n< 250\n* drop\n? closed\n* reconnect\n< 220 /second/\n? phase = greeted\n> QUIT\n";
    desk.against(peer, script, &[]).0.expect(0, &["5 of 5"]);
}

#[test]
fn a_recording_is_replayed_and_compared() {
    let desk = Desk::new();
    let recording = "+++\nehlo = 1\nside = \"client\"\n+++\n0.1 * connecting 127.0.0.1:25\n0.1 * connected 127.0.0.1:25\n0.2 < 220 mx ESMTP\n\
        0.3 > EHLO a\n0.4 < 250-mx\n0.4 < 250-DSN\n0.4 < 250 SIZE 1000\n0.5 > MAIL FROM:<a@b>\n0.5 > RCPT TO:<c@d>\n0.6 < 250 2.1.0 Ok\n\
        0.6 < 250 2.1.5 Ok\n0.7 > DATA\n0.8 < 354 go\n0.9 | Subject: x\n0.9 |\n0.9 | ..\n0.9 > .\n1.0 < 250 2.0.0 queued as 4F3A\n1.1 > QUIT\n1.2 < 221 bye\n1.2 * closed by=server\n";
    let peer = "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS: 250-SIZE 2000\nS: 250 DSN\nC: MAIL *\nC: RCPT *\nS: 250 2.1.0 Ok\nS: 250 2.1.5 Ok\n\
        C: DATA\nS: 354 go\nC: .. .\nS: 250 2.0.0 queued as 77C0\nC: QUIT\nS: 221 bye\n";
    let (ran, heard) = desk.against(peer, recording, &[]);
    ran.expect(0, &["1 with another text", "drift", "the same but for what is masked: queue_ids"]);
    assert!(heard.contains(&"..".to_owned()), "content is on the wire as it was recorded: {heard:?}");
    desk.against(
        peer,
        &recording.replace("250-DSN\n0.4 < 250 SIZE 1000", "250-SIZE 1000\n0.4 < 250 DSN"),
        &["--exact"],
    )
    .0
    .expect(0, &["not compared"]);
    let masks = recording.replacen("+++\n0.1", "[masks]\nqueue_id = true\n+++\n0.1", 1);
    desk.script(&masks, &["--target", "lab:"])
        .expect(2, &["smtp:4:1: `queue_id` in [masks] is not a mask; `queue_ids` is"]);
    let changed = peer.replace("S: 250 DSN", "S: 250 HELP");
    desk.against(&changed, recording, &[]).0.expect(1, &["no longer offered: DSN; newly offered: HELP", "1 failed"]);
}

#[test]
fn a_recording_that_its_client_cut_ends_by_hanging_up() {
    let desk = Desk::new();
    let begun = "0.1 * connected 127.0.0.1:25\n0.2 < 220 mx\n0.3 > MAIL FROM:<a@b>\n0.4 < 250 ok\n";
    for (cut, heard, end) in [("", "", "\n* drop\n"), ("0.5 > RCPT TO:<c@d>\n", "C: RCPT *\n", "\n* drop at-once\n")] {
        let recording = format!("{begun}{cut}0.6 * closed by=client\n");
        let peer = format!("S: 220 mx\nC: MAIL *\nS: 250 ok\n{heard}HOLD\n");
        let (ran, _) = desk.against(&peer, &recording, &[]);
        ran.expect(0, &["2 of 2 expectations met"]);
        assert!(!ran.out.contains("RSET") && !ran.out.contains("QUIT"), "{}", ran.out);
        let path = desk.write("cut.smtp", &recording);
        let ran = desk.run(&["--record", path.to_str().expect("UTF-8")]);
        assert!(ran.out.ends_with(end), "{}", ran.out);
    }
    let quit = format!("{begun}0.5 > QUIT\n0.6 < 221 bye\n0.6 * closed by=client\n");
    let path = desk.write("quit.smtp", &quit);
    assert!(!desk.run(&["--record", path.to_str().expect("UTF-8")]).out.contains("drop"));
}

#[test]
fn what_a_server_says_reaches_the_terminal_escaped() {
    let desk = Desk::new();
    let peer = "S! 220 mx \\e]0;owned\\x07\\r\\n\nC: QUIT\nS! 221 \\e[2Jbye\\r\\n\n";
    let (ran, _) = desk.against(peer, "< 220 /nothing like it/\n> QUIT\n", &["--verbose"]);
    ran.expect(1, &["\\e]0;owned\\x07"]);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}') && !ran.out.contains('\u{7}'));
}

#[test]
fn several_scripts_give_the_first_status_that_is_not_0() {
    let desk = Desk::new();
    let good = desk.write("good.smtp", "> EHLO a\n< 250\n> QUIT\n");
    let bad = desk.write("bad.smtp", "> EHLO a\n< 550\n> QUIT\n");
    let worse = desk.write("worse.smtp", "> NOSUCHVERB\n> QUIT\n");
    let names: Vec<_> = [&good, &bad, &worse].iter().map(|p| p.to_str().expect("UTF-8")).collect();
    let ran = desk.run(&[names[0], names[1], names[2], "--target", "lab:", "--quiet"]);
    ran.expect(1, &["bad.smtp", "worse.smtp"]);
    assert!(!ran.out.contains("good.smtp"), "{}", ran.out);
}

#[test]
fn the_result_can_be_read_by_a_program() {
    let desk = Desk::new();
    let ran = desk.script("> EHLO a\n< 250\n> NOSUCHVERB\n< 250\n> QUIT\n", &["--target", "lab:", "--json"]);
    ran.expect(1, &[]);
    let all: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON alone");
    assert_eq!((&all["ehlo"], &all["exit"]), (&1.into(), &1.into()));
    let outcomes = all["runs"][0]["outcomes"].as_array().expect("a list");
    let got: Vec<_> = outcomes.iter().map(|o| (o["line"].as_u64(), o["outcome"].as_str())).collect();
    assert_eq!(got, [(Some(2), Some("ok")), (Some(4), Some("failed"))]);
    let transcript = all["runs"][0]["transcript"].as_str().expect("a path");
    assert!(Path::new(transcript).exists());
}

#[test]
fn a_script_comes_from_standard_input_and_the_conversation_is_saved() {
    use std::io::Write as _;
    let desk = Desk::new();
    let saved = desk.path("saved.smtp");
    let mut command = desk.command(&["-", "--target", "lab:", "--save", saved.to_str().expect("UTF-8")]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary starts");
    child.stdin.take().expect("piped").write_all(b"> EHLO a\n< 250\n> QUIT\n< 221\n").expect("it reads");
    finish(child).expect(0, &["2 of 2"]);
    // What was saved can be replayed.
    desk.run(&[saved.to_str().expect("UTF-8"), "--target", "lab:"]).expect(0, &["3 of 3"]);
}

#[test]
fn a_file_is_saved_over_only_by_force_and_a_script_never() {
    let desk = Desk::new();
    let taken = desk.write("taken.smtp", "mine\n");
    let taken = taken.to_str().expect("UTF-8");
    let script = "> NOOP\n> QUIT\n";
    // Nothing is connected to: nobody listens there.
    desk.script(script, &["--target", "127.0.0.1:9", "--save", taken]).expect(2, &["exists already", "--force"]);
    assert_eq!(std::fs::read_to_string(taken).expect("there"), "mine\n");
    let own = desk.path("scripts/../scripts/script.smtp");
    let own = own.to_str().expect("UTF-8");
    desk.script(script, &["--target", "127.0.0.1:9", "--save", own, "--force"]).expect(2, &["script itself"]);
    assert_eq!(std::fs::read_to_string(own).expect("there"), script);
    desk.script(script, &["--target", "127.0.0.1:9", "--save", "/no/such/x.smtp"]).expect(2, &["no such directory"]);
    desk.script(script, &["--target", "lab:", "--save", taken, "--force"]).expect(0, &[]);
    assert!(std::fs::read_to_string(taken).expect("there").contains("> NOOP"));
}
