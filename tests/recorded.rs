//! A recorded conversation as a server (`ehlo lab --from`, `lab:x.smtp`), and scenarios whose file changes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use ehlo::conversation::file;
use ehlo::interchange::import;
use ehlo::lab::recorded::{Manner, scenario};
use ehlo::lab::reload::Reload;
use ehlo::lab::scenario::Scenario;
use ehlo::lab::{self, ListenerKind};
use ehlo::world::{Directories, World};

fn ehlo(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command
        .env("XDG_DATA_HOME", home.join("data"))
        .args(["--config"])
        .arg(home.join("config"))
        .arg("--state")
        .arg(home);
    command
}

fn world(home: &Path) -> World {
    World::real(Directories { config: home.join("config"), data: home.join("data/ehlo"), state: home.to_owned() })
}

/// Samples that hold no whole conversation to be held again, each with why.
const UNFIT: [(&str, &str); 3] = [
    ("openssl-quiet.txt", "what was sent is not in it"),
    ("swaks-hide-all-data.txt", "what was sent is not in it"),
    ("swaks-timeout.txt", "its server hangs up without a word, as ours does: the run ends there"),
];

#[test]
fn each_sample_played_against_its_own_server_makes_no_difference() {
    let home = tempfile::tempdir().unwrap();
    let mut played = 0;
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir("tests/samples").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(imported) = import::import(&std::fs::read(&path).unwrap()) else { continue };
        for (n, document) in imported.conversations.iter().enumerate() {
            let unfit = UNFIT.iter().any(|(unfit, _)| *unfit == name) || document.first_gap().is_some();
            if unfit || scenario(document, Manner::default()).is_err() {
                continue;
            }
            let file = home.path().join(format!("{name}-{n}.smtp"));
            let mut octets = Vec::new();
            file::write_document(document, &mut octets);
            std::fs::write(&file, octets).unwrap();
            let target = format!("lab:{}", file.display());
            let arguments = ["--exact", "--yes-really-send", "--reply-timeout", "5s", "--target", &target];
            let out = ehlo(home.path()).arg("run").args(arguments).arg(&file).output().unwrap();
            played += 1;
            if out.status.code() != Some(0) {
                let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
                wrong.push(format!("{name} {n}: {:?}\n{said}", out.status.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {played}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(played > 20, "{played} were played");
}

/// One line there, whole replies back.
struct Peer(BufReader<TcpStream>);

impl Peer {
    fn dial(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let more = line.as_bytes().get(3) == Some(&b'-');
            all.push_str(line.trim_end());
            if !more {
                return all;
            }
            all.push('|');
        }
    }

    fn say(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }
}

const TALK: &str = "+++
ehlo = 1
target = \"smtp://mx.trouble.example:25\"
+++
0.000000 * connected 192.0.2.1:25 from 192.0.2.2:4000
0.010000 < 220 mx.trouble.example ESMTP Exim 4.98 {odd} {{braces}}
1.000000 > EHLO noddy.com
1.010000 < 250-mx.trouble.example Hello noddy.com
1.010000 < 250-SIZE 1000
1.010000 < 250 HELP
2.000000 > XYZZY a
2.010000 < 500 unrecognized
3.000000 > MAIL FROM:<dude@noddy.com>
3.010000 < 250 OK
4.000000 > RCPT TO:<a@trouble.example>
4.510000 < 451 4.7.1 Greylisted
5.000000 > RCPT TO:<a@trouble.example>
5.010000 < 250 Accepted
6.000000 > RCPT TO:<b@trouble.example>
6.010000 < 550 Unrouteable address
7.000000 > QUIT
7.010000 < 221 mx.trouble.example closing connection
7.020000 * closed by=server
";

fn server(text: &str, manner: Manner) -> Result<Scenario, String> {
    let text = text.replace("{{", "\\x7b{");
    let document = file::read(text.as_bytes()).map_err(|error| error.to_string())?;
    let made = scenario(&document, manner).map_err(|error| error.to_string())?;
    Scenario::parse("x.smtp", &made).map_err(|error| format!("{error}\n{made}"))
}

#[test]
fn what_was_said_is_answered_as_recorded_and_the_rest_sensibly_and_with_a_note() {
    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made = server(TALK, Manner::default()).unwrap();
    let lab = runtime.block_on(lab::start_with(made, "127.0.0.1:0".parse().unwrap(), &world(home.path()))).unwrap();
    let mut notices = lab.notices();
    for _ in 0..2 {
        let mut peer = Peer::dial(lab.address(ListenerKind::Smtp).unwrap());
        assert_eq!(peer.reply(), "220 mx.trouble.example ESMTP Exim 4.98 {odd} {{braces}}");
        let hello = "250-mx.trouble.example Hello noddy.com|250-SIZE 1000|250 HELP";
        assert_eq!(peer.say("EHLO somebody.example"), hello, "whoever greets gets that");
        assert_eq!(peer.say("xyzzy A"), "500 unrecognized");
        assert_eq!(peer.say("MAIL FROM:<dude@noddy.com>"), "250 OK");
        assert_eq!(peer.say("RCPT TO:<a@trouble.example>"), "451 4.7.1 Greylisted");
        for _ in 0..2 {
            assert_eq!(peer.say("RCPT TO:<a@trouble.example>"), "250 Accepted");
        }
        assert_eq!(peer.say("RCPT TO:<b@trouble.example>"), "550 Unrouteable address");
        assert!(peer.say("RCPT TO:<c@trouble.example>").starts_with("550 "), "nobody knows of her");
        assert!(peer.say("PLUGH").starts_with("500 "));
        assert!(peer.say("DATA").starts_with("354 "), "never said in the recording");
        assert!(peer.say("Subject: hello\r\n\r\nHello.\r\n.").starts_with("250 "));
        assert_eq!(peer.say("QUIT"), "221 mx.trouble.example closing connection");
    }
    let mut noted = Vec::new();
    while let Ok(notice) = notices.try_recv() {
        if let lab::Notice::Note { text, .. } = notice {
            noted.push(text);
        }
    }
    let once =
        ["RCPT", "an unknown verb", "DATA"].map(|verb| format!("{verb}: not in the recording; answered as Exim would"));
    assert_eq!(noted, [once.clone(), once].concat());
    assert_eq!(lab.mailboxes().get("a@trouble.example"), Some(&4), "named twice in each of two transactions");
    let paced = scenario(&file::read(TALK.replace("{{", "(").as_bytes()).unwrap(), Manner { pace: true }).unwrap();
    assert!(paced.contains("delay = \"510ms\"\nreply = \"451 4.7.1 Greylisted\""), "{paced}");
    assert!(server("+++\nehlo = 1\n+++\n> NOOP\n", Manner::default()).unwrap_err().contains("no server says anything"));
}

#[test]
fn a_recording_is_saved_as_a_scenario_that_can_be_edited_and_checked() {
    let home = tempfile::tempdir().unwrap();
    let (from, to) = (home.path().join("x.smtp"), home.path().join("mine.toml"));
    std::fs::write(&from, TALK.replace("{{", "\\x7b{")).unwrap();
    let out = ehlo(home.path()).args(["lab", "--from"]).arg(&from).arg("--save").arg(&to).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let out = ehlo(home.path()).args(["lab", "check"]).arg(&to).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && said.contains("is well formed"), "{said}");
    std::fs::write(&from, "no conversation at all").unwrap();
    let out = ehlo(home.path()).args(["lab", "--from"]).arg(&from).output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn those_who_come_after_a_change_meet_the_new_scenario_and_others_keep_theirs() {
    let home = tempfile::tempdir().unwrap();
    let world = world(home.path());
    let file = home.path().join("mine.toml");
    let text = |banner: &str, rest: &str| {
        format!("ehlo = 1\nextends = \"base\"\ntitle = \"Mine\"\n[server]\nbanner = \"{banner}\"\n{rest}")
    };
    let base = home.path().join("data/ehlo/scenarios/base.toml");
    std::fs::create_dir_all(base.parent().unwrap()).unwrap();
    std::fs::write(&base, "ehlo = 1\nextends = \"classroom\"\ntitle = \"Base\"\n").unwrap();
    std::fs::write(&file, text("old", "")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (read, mut reload) = Reload::of(file.to_str().unwrap(), &world).unwrap();
    let lab = runtime.block_on(lab::start_with(read, "127.0.0.1:0".parse().unwrap(), &world)).unwrap();
    let address = lab.address(ListenerKind::Smtp).unwrap();
    let mut early = Peer::dial(address);
    assert_eq!(early.reply(), "220 old");
    assert!(reload.look().is_none(), "nothing has changed");

    let rule = "[[rule]]\non = \"NOOP\"\nreply = \"250 from the new one\"\n";
    std::fs::write(&file, text("a new one", rule)).unwrap();
    let new = reload.look().expect("it has changed").unwrap();
    assert_eq!(lab.change(new, &world).unwrap(), Vec::<String>::new());
    assert!(reload.look().is_none());
    assert_eq!(early.say("NOOP"), "250 2.0.0 Ok", "a session keeps its scenario");
    let mut late = Peer::dial(address);
    assert_eq!(late.reply(), "220 a new one");
    assert_eq!(late.say("NOOP"), "250 from the new one");

    std::fs::write(&file, text("wrong", "sede = 3\n")).unwrap();
    let said = reload.look().expect("it has changed").expect_err("it is wrong").to_string();
    assert!(said.contains("mine.toml:6:1:") && said.contains("did you mean \"seed\""), "{said}");
    assert_eq!(Peer::dial(address).reply(), "220 a new one", "what was there stays");

    std::fs::remove_file(&file).unwrap();
    assert!(reload.look().is_none(), "an editor may be about to put another in its place");
    std::fs::write(&file, text("a newer one", "[listeners]\nsmtps = {}\n")).unwrap();
    let newer = reload.look().expect("it has changed").unwrap();
    assert_eq!(lab.change(newer, &world).unwrap(), Vec::<String>::new(), "classroom has all four listeners");
    assert_eq!(Peer::dial(address).reply(), "220 a newer one");
    std::fs::write(&base, "ehlo = 1\nextends = \"classroom\"\ntitle = \"Base of all\"\n").unwrap();
    assert!(reload.look().expect("what it builds on has changed").is_ok());
    assert_eq!(lab.title(), "Mine");
}
