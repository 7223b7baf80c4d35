//! A recorded conversation as a server (`ehlo lab --from`, `lab:x.smtp`), and scenarios whose file changes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use ehlo::conversation::Kind;
use ehlo::conversation::file::{self, Document};
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

/// Whether what was sent is not all in it: a replay refuses it.
fn is_gapped(document: &Document) -> bool {
    document.log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark()).any(|remark| remark.is_unkept())
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
            let unfit = UNFIT.iter().any(|(unfit, _)| *unfit == name) || is_gapped(document);
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

/// A lab that answers as a recording, and the runtime that it lives in.
fn playing(home: &Path, text: &str) -> (tokio::runtime::Runtime, lab::Lab) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let document = file::read(text.as_bytes()).unwrap();
    let made = scenario(&document, Manner::default()).unwrap();
    let made = Scenario::parse("x.smtp", &made).unwrap_or_else(|error| panic!("{error}\n{made}"));
    let lab = runtime.block_on(lab::start_with(made, "127.0.0.1:0".parse().unwrap(), &world(home))).unwrap();
    (runtime, lab)
}

const HEAD: &str = "+++\nehlo = 1\n+++\n0.0 * connecting 192.0.2.1:25\n0.0 * connected 192.0.2.1:25\n";

#[test]
fn octets_that_are_no_text_are_said_as_they_were_and_what_they_answer_is_done() {
    let home = tempfile::tempdir().unwrap();
    let talk = "0.0 < 220 mx.here.example\n0.1 > EHLO x\n0.2 < 250 caf\\xe9\n0.3 > HELP\n0.4 < 214 \\xe9\\x01 {caf\\xe9}\\n\\c\n\
                0.5 > MAIL FROM:<a@b.example>\n0.6 < 250 \\x02\n";
    let (_runtime, lab) = playing(home.path(), &format!("{HEAD}{talk}"));
    let mut peer = TcpStream::connect(lab.address(ListenerKind::Smtp).unwrap()).unwrap();
    peer.write_all(b"EHLO x\r\nHELP\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nQUIT\r\n").unwrap();
    let mut heard = Vec::new();
    std::io::Read::read_to_end(&mut peer, &mut heard).unwrap();
    let want = b"220 mx.here.example\r\n250 caf\xe9\r\n214 \xe9\x01 {caf\xe9}\n250 \x02\r\n";
    assert!(heard.starts_with(want), "{}", String::from_utf8_lossy(&heard));
    let rest = String::from_utf8_lossy(&heard[want.len()..]).into_owned();
    assert!(!rest.starts_with("503"), "there is a mail transaction: {rest}");
}

#[test]
fn each_login_is_answered_from_its_beginning() {
    let home = tempfile::tempdir().unwrap();
    let talk = "0.0 < 220 mx.here.example\n0.1 > EHLO x\n0.2 < 250-mx\n0.2 < 250 AUTH LOGIN\n0.3 > AUTH LOGIN\n\
                0.4 < 334 VXNlcm5hbWU6\n0.5 > {{auth}}\n0.6 < 334 UGFzc3dvcmQ6\n0.7 > {{auth}}\n0.8 < 535 5.7.8 no\n";
    let (_runtime, lab) = playing(home.path(), &format!("{HEAD}{talk}"));
    let mut peer = Peer::dial(lab.address(ListenerKind::Smtp).unwrap());
    peer.reply();
    peer.say("EHLO other");
    for _ in 0..2 {
        assert_eq!(peer.say("AUTH LOGIN"), "334 VXNlcm5hbWU6");
        assert_eq!(peer.say("ZHVkZQ=="), "334 UGFzc3dvcmQ6");
        assert_eq!(peer.say("bm9kZHk="), "535 5.7.8 no");
    }
}

#[test]
fn each_connection_is_answered_as_the_one_that_was_recorded_whatever_the_clients_name() {
    let home = tempfile::tempdir().unwrap();
    let mut text = HEAD.to_owned();
    for (n, size, verdict) in [(1, 5_000, "451 later"), (2, 1_000, "250 ok")] {
        if n == 2 {
            text += "2.0 * connecting 192.0.2.1:25\n2.0 * connected 192.0.2.1:25\n";
        }
        let spoken = format!(
            "{n}.0 < 220 mx{n}.here.example\n{n}.1 > EHLO noddy.com\n{n}.2 < 250-mx{n} Hello noddy.com\n{n}.2 < 250 SIZE {size}\n\
             {n}.3 > MAIL FROM:<a@noddy.com>\n{n}.4 < 250 ok\n{n}.5 > RCPT TO:<b@here.example>\n{n}.6 < {verdict}\n\
             {n}.7 > QUIT\n{n}.8 < 221 mx{n} bye\n{n}.9 * closed by=server\n"
        );
        text.push_str(&spoken);
    }
    let (_runtime, lab) = playing(home.path(), &text);
    for (n, size, verdict) in [(1, 5_000, "451 later"), (2, 1_000, "250 ok"), (2, 1_000, "250 ok")] {
        let mut peer = Peer::dial(lab.address(ListenerKind::Smtp).unwrap());
        assert_eq!(peer.reply(), format!("220 mx{n}.here.example"));
        assert_eq!(peer.say("EHLO elsewhere.example"), format!("250-mx{n} Hello noddy.com|250 SIZE {size}"));
        peer.say("MAIL FROM:<a@noddy.com>");
        assert_eq!(peer.say("RCPT TO:<b@here.example>"), verdict);
        assert_eq!(peer.say("QUIT"), format!("221 mx{n} bye"));
    }
}

#[test]
fn a_login_that_was_offered_in_tls_alone_is_had_there_alone_and_what_is_not_known_is_noted() {
    let home = tempfile::tempdir().unwrap();
    let talk = "0.0 < 220 mx.here.example\n0.1 > EHLO x\n0.2 < 250-mx\n0.2 < 250 STARTTLS\n0.3 > STARTTLS\n0.4 < 220 go\n\
                0.5 * tls version=TLSv1.3\n0.6 > EHLO x\n0.7 < 250-mx\n0.7 < 250 AUTH PLAIN\n0.8 > AUTH PLAIN {{auth}}\n\
                0.9 < 235 2.7.0 in\n1.0 > MAIL FROM:<a@b.example>\n1.1 < 250 taken\n";
    let (_runtime, lab) = playing(home.path(), &format!("{HEAD}{talk}"));
    let mut notices = lab.notices();
    let mut peer = Peer::dial(lab.address(ListenerKind::Smtp).unwrap());
    peer.reply();
    assert_eq!(peer.say("EHLO x"), "250-mx|250 STARTTLS");
    assert!(peer.say("AUTH PLAIN AGZvbwBiYXI=").starts_with("538 "));
    assert_eq!(peer.say("MAIL FROM:<a@b.example>"), "250 taken");
    let mut noted = Vec::new();
    while let Ok(notice) = notices.try_recv() {
        if let lab::Notice::Note { text, .. } = notice {
            noted.push(text);
        }
    }
    let want = [
        "AUTH: not in the recording; answered as Postfix would",
        "MAIL: in the recording the client had logged in before it",
        "MAIL: in the recording the line was in TLS before it",
    ];
    assert_eq!(noted, want);
}

#[test]
fn in_lmtp_each_recipient_keeps_its_verdict_whatever_the_order() {
    let home = tempfile::tempdir().unwrap();
    let talk = "0.0 < 220 mx.here.example\n0.1 > LHLO x\n0.2 < 250 mx\n0.3 > MAIL FROM:<a@b.example>\n0.4 < 250 ok\n\
                0.5 > RCPT TO:<one@here.example>\n0.6 < 250 ok\n0.7 > RCPT TO:<full@here.example>\n0.8 < 250 ok\n\
                0.9 > DATA\n1.0 < 354 go\n1.1 | hi\n1.2 > .\n1.3 < 250 2.0.0 <one@here.example> saved\n1.4 < 452 4.2.2 full\n";
    let (_runtime, lab) = playing(home.path(), &format!("{HEAD}{talk}"));
    let mut peer = Peer::dial(lab.address(ListenerKind::Lmtp).unwrap());
    peer.reply();
    for line in
        ["LHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<full@here.example>", "RCPT TO:<one@here.example>", "DATA"]
    {
        peer.say(line);
    }
    assert_eq!(peer.say("hi\r\n."), "452 4.2.2 full");
    assert_eq!(peer.reply(), "250 2.0.0 <one@here.example> saved");
}

#[test]
fn a_recording_of_a_refusal_alone_is_called_by_its_server() {
    let text = format!("{HEAD}0.1 < 554 5.7.1 [127.0.0.1] blocked\n0.2 * closed by=server\n");
    let made = scenario(&file::read(text.as_bytes()).unwrap(), Manner::default()).unwrap();
    assert!(made.contains("title = \"As recorded: 192.0.2.1:25\""), "{made}");
}

#[test]
fn a_scenario_whose_file_is_gone_is_told_of_once() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    std::fs::write(&file, "ehlo = 1\nextends = \"classroom\"\ntitle = \"Mine\"\n").unwrap();
    let (_, mut reload) = Reload::of(file.to_str().unwrap(), &world(home.path())).unwrap();
    std::fs::remove_file(&file).unwrap();
    let said: Vec<String> =
        (0..6).filter_map(|_| reload.look()).map(|looked| looked.unwrap_err().to_string()).collect();
    assert_eq!(said, [format!("can't read {}: there is no such file", file.display())]);
}
