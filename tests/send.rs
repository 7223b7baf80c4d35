//! `ehlo send` end to end: the built binary against the lab and against a scripted peer.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

#[path = "send/end.rs"]
mod end;
#[path = "send/export.rs"]
mod export;
#[path = "send/files.rs"]
mod files;
#[path = "send/message.rs"]
mod message;
#[path = "support/peer.rs"]
mod peer;
#[path = "send/refused.rs"]
mod refused;
#[path = "send/said.rs"]
mod said;
#[path = "send/way.rs"]
mod way;

use peer::Peer;

/// A user's directories.
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
    fn expect(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "out:\n{}\nerr:\n{}", self.out, self.err);
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "no `{word}` in\n{}\n{}", self.out, self.err);
        }
        self
    }

    #[track_caller]
    fn lacks(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(!self.out.contains(word) && !self.err.contains(word), "`{word}` in\n{}\n{}", self.out, self.err);
        }
        self
    }
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, octets: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the desk")).expect("made");
        std::fs::write(&path, octets).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Sends with these arguments, and this on standard input.
    fn send_with(&self, input: &[u8], arguments: &[&str]) -> Ran {
        self.send_where(("A_KEY", "none"), input, arguments)
    }

    /// The same where a variable of the environment is this.
    fn send_where(&self, (name, value): (&str, &str), input: &[u8], arguments: &[&str]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .arg("send")
            .args(arguments)
            .arg("--config")
            .arg(self.path("config"))
            .arg("--state")
            .arg(self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("NODDY_PASSWORD", "pass-word-of-noddy")
            .env("LOGNAME", "dude")
            .env(name, value)
            .env_remove("HOSTNAME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // A program that does not read it may have ended already.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        let output = child.wait_with_output().expect("it ends");
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Plays a script, kept under this name.
    fn plays(&self, name: &str, script: &str, target: &str) -> Ran {
        let mut run = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        let run = run.args(["run", &self.write(name, script), "--target", target, "--state"]).arg(self.path("state"));
        let output = run.arg("--config").arg(self.path("config")).output().expect("the binary runs");
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn send(&self, arguments: &[&str]) -> Ran {
        self.send_with(b"", arguments)
    }

    /// Sends to a peer that plays this; gives what it heard, too.
    fn against(&self, script: &str, arguments: &[&str]) -> (Ran, Vec<String>) {
        let peer = Peer::play(script);
        let target = peer.target();
        let ran = self.send(&[&["--server", &target, "--from", "a@b", "--helo", "me"], arguments].concat());
        (ran, peer.heard())
    }
}

/// A peer's script: the greeting, EHLO answered by these lines, then this.
fn after_ehlo(offer: &str, then: &str) -> String {
    format!("S: 220 mx ESMTP\nC: EHLO me\nS: 250{offer}\n{then}")
}

const ACCEPTS: &str = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: .. .\nS: 250 2.0.0 queued\nC: QUIT\nS: 221 bye\n";

#[test]
fn a_message_reaches_the_lab() {
    let desk = Desk::new();
    let ran = desk.send(&["lab:", "--to", "anotherdude@target.local", "--h-Subject", "from swaks's hands"]);
    ran.expect(0, &[" ~> MAIL FROM:<dude@noddy.com>", "=== delivered anotherdude@target.local  250 2.0.0"]);
    ran.expect(0, &["Subject: from swaks's hands", " -> STARTTLS", "<-  220", "<~  354"]);
    let json = desk.send(&["lab:", "-t", "anotherdude@target.local,nobody@target.local", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&json.expect(8, &[]).out).expect("JSON and nothing else");
    assert_eq!((said["exit"].as_u64(), said["handed_over"].as_u64()), (Some(8), Some(1)), "{said}");
    let verdicts: Vec<_> = (0..2).map(|n| said["recipients"][n]["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["delivered", "refused"], "{said}");
    let refused = desk.send(&["lab:", "-t", "nobody@target.local", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&refused.expect(1, &[]).out).expect("JSON and nothing else");
    assert_eq!(said["recipients"][0]["verdict"], "refused", "{said}");
}

#[test]
fn some_refused_recipients_are_said_and_none_accepted_sends_nothing() {
    let desk = Desk::new();
    let some = desk.send(&["lab:", "--to", "nobody@target.local", "--to", "anotherdude@target.local"]);
    some.expect(8, &["=== refused   nobody@target.local", "=== delivered anotherdude@target.local"]);
    let none = desk.send(&["lab:", "--to", "nobody@target.local"]);
    none.expect(1, &["=== refused   nobody@target.local  550"]).lacks(&["> DATA"]);
    desk.send(&["lab:", "--to", "nobody@target.local", "--swaks-exit-codes"]).expect(24, &[]);
}

#[test]
fn nothing_leaves_the_machine_without_a_yes() {
    let desk = Desk::new();
    desk.send(&["192.0.2.1", "--to", "a@noddy.com"]).expect(2, &["--yes-really-send", "192.0.2.1:25"]);
    desk.send(&["--to", "a@noddy.com", "--swaks-exit-codes"]).expect(1, &["mx:noddy.com", "--rcpt-only"]);
    desk.write("config/profiles/front.toml", "host = \"127.0.0.1\"\nproduction = true\n");
    desk.send(&["front", "--to", "a@noddy.com"]).expect(2, &["marked production"]);
}

#[test]
fn what_is_wrong_on_the_command_line_is_said_with_its_cure() {
    let desk = Desk::new();
    for (arguments, words) in [
        (
            &["lab:", "--auth-password", "secret"][..],
            &["does not belong on the command line", "--auth-password-env"][..],
        ),
        (&["lab:", "-ap", "secret"], &["does not belong on the command line"]),
        (&["lab:", "--auth", "NTLMX"], &["NTLMX is not a mechanism"]),
        (&["lab:", "--auth", ""], &["list of mechanisms to log in by is empty"]),
        (
            &["lab:", "--attach", "a", "--attach-type", "image/png"],
            &["--attach-type is about what is attached after it"],
        ),
        (&["lab:", "--as-script", "--save", "x.smtp"], &["cannot be used with"]),
        (&["lab:", "--as-script", "--json"], &["cannot be used with"]),
        (&["lab:", "--as-script", "--dump-mail"], &["cannot be used with"]),
        (&["lab:", "--to", "a@b", "--proxy-source", "::1", "--proxy-dest", "1.2.3.4"], &["--proxy-dest of one family"]),
        (&["lab:", "--timeout", "-1"], &["invalid value '-1' for '--timeout"]),
        (&["lab:", "--bdat", "-1"], &["--bdat takes no number below"]),
        (&["lab:", "--to", "a@b\nRSET"], &["holds a line end"]),
        (&["lab:", "--header", "Subject: a\nBcc: b"], &["line end"]),
        (&["lab:", "--protocol", "UUCP"], &["is no protocol", "ESMTPSA"]),
        (&["lab:", "--quit-after", "DATA"], &["--drop-after"]),
        (&["--server", "mx"], &["no recipient", "--to"]),
        (&[], &["no target is given"]),
        (&["lab:", "--auth-password-env", "NOT_SET_AT_ALL"], &["NOT_SET_AT_ALL is not set"]),
        (&["lab:", "--tls-get-peer-cert"], &["a value is required"]),
    ] {
        desk.send(arguments).expect(2, words).lacks(&["secret"]);
    }
    desk.send(&["--help-swaks"]).expect(0, &["--tls-on-connect, -tlsc", "Not there, and why", "--prdr"]);
}

#[test]
fn it_stops_where_it_is_told() {
    let desk = Desk::new();
    for (arguments, script) in [
        (&["--quit-after", "CONNECT"][..], "S: 220 mx\nC: QUIT\nS: 221 bye\n".to_owned()),
        (&["--quit-after", "FIRST-HELO"], after_ehlo(" STARTTLS", "C: QUIT\nS: 221 bye\n")),
        (&["--quit-after", "MAIL"], after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 250 ok\nC: QUIT\nS: 221 bye\n")),
        (
            &["--to", "c@d", "--rcpt-only"],
            after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: QUIT\nS: 221 bye\n"),
        ),
        (&["--drop-after", "EHLO"], after_ehlo(" mx", "HOLD\n")),
        (
            &["--to", "c@d", "--da", "DATA"],
            after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nHOLD\n"),
        ),
        (
            &["--protocol", "SMTP", "--quit-after", "HELO"],
            "S: 220 mx\nC: HELO me\nS: 250 mx\nC: QUIT\nS: 221 bye\n".to_owned(),
        ),
    ] {
        let (ran, heard) = desk.against(&script, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?} {heard:?}");
    }
}

#[test]
fn each_refusal_has_its_exit_status() {
    let desk = Desk::new();
    let refused_at = |at: &str| match at {
        "greeting" => "S: 554 go away\n".to_owned(),
        "EHLO" => "S: 220 mx\nC: EHLO me\nS: 550 no\nC: QUIT\nS: 221 bye\n".to_owned(),
        "MAIL" => after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 550 no\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"),
        "DATA" => {
            after_ehlo(" mx", &ACCEPTS[..ACCEPTS.find("S: 354").expect("there")])
                + "S: 451 no\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
        }
        _ => {
            after_ehlo(" mx", &ACCEPTS[..ACCEPTS.find("S: 250 2.0.0").expect("there")])
                + "S: 550 no\nC: QUIT\nS: 221 bye\n"
        }
    };
    for (at, code, swaks) in [("greeting", 1, 21), ("EHLO", 1, 22), ("MAIL", 1, 23), ("DATA", 1, 25), ("dot", 1, 26)] {
        let script = refused_at(at);
        for (option, code) in [("-v", code), ("--swaks-exit-codes", swaks)] {
            let peer = Peer::play(&script);
            let target = peer.target();
            let ran = desk.send(&["-s", &target, "-f", "a@b", "--helo", "me", "-t", "c@d", option]);
            assert_eq!(ran.code, Some(code), "{at}: {ran:?}");
            drop(peer);
        }
    }
    desk.send(&["-s", "127.0.0.1:1", "-t", "c@d"]).expect(3, &["connection refused"]);
    desk.send(&["-s", "127.0.0.1:1", "-t", "c@d", "--swaks-exit-codes"]).expect(2, &[]);
}

#[test]
fn commands_go_out_at_once_only_where_that_is_offered() {
    let desk = Desk::new();
    let envelope = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nS: 250 ok\nS: 250 ok\n";
    let offered = after_ehlo(
        "-mx\nS: 250 PIPELINING",
        &format!("{envelope}{}", &ACCEPTS[ACCEPTS.find("C: DATA").expect("there")..]),
    );
    let (ran, _) = desk.against(&offered, &["--to", "c@d", "--pipeline"]);
    ran.expect(0, &["=== delivered c@d"]);
    let (ran, _) = desk.against(&after_ehlo(" mx", ACCEPTS), &["--to", "c@d", "--pipeline"]);
    ran.expect(0, &["=== delivered c@d"]);
}

#[test]
fn what_is_said_is_chosen() {
    let desk = Desk::new();
    let script = after_ehlo(" mx", ACCEPTS);
    let with = |arguments: &[&str]| desk.against(&script, &[&["--to", "c@d"], arguments].concat()).0;
    with(&["-n"]).expect(0, &["lines of the message]"]).lacks(&["Subject:"]);
    with(&["-hr", "-hi"]).expect(0, &[" -> DATA"]).lacks(&["250 ok", "==="]);
    with(&["-hs", "-nrh"]).expect(0, &["\n250 ok"]).lacks(&["-> ", "<-"]);
    with(&["-stl"]).expect(0, &["response in 0."]);
    for silent in [&["--hide-all"][..], &["--silent"], &["-S", "3"]] {
        let ran = with(silent);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""), "{silent:?}");
    }
    let file = desk.path("said.txt");
    let ran = with(&["--output", file.to_str().expect("UTF-8")]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert!(std::fs::read_to_string(&file).expect("written").contains(" -> DATA"));
    let refused = after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 550 no\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
    let (ran, _) = desk.against(&refused, &["--to", "c@d", "--silent", "1"]);
    ran.expect(1, &["<** 550 no", " -> EHLO me"]);
}
