//! `ehlo lab` as a person and a script meet it: the built binary, raw sockets, TLS; and the lab inside a program.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use ehlo::conversation::{Kind, Log};
use ehlo::lab::scenario::Scenario;
use ehlo::lab::{self, Lab, ListenerKind};
use ehlo::world::{Directories, World};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `ehlo lab`; killed when dropped.
struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    fn start(state: &Path, arguments: &[&str]) -> Self {
        let mut child = ehlo(state)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let out = child.stdout.take().expect("piped");
        let mut lines = Vec::new();
        for line in BufReader::new(out).lines() {
            lines.push(line.expect("text"));
            if lines.last().is_some_and(|line| line.starts_with("ca ")) {
                break;
            }
        }
        Self { child, lines }
    }

    fn address(&self, kind: &str) -> SocketAddr {
        let start = format!("listening {kind} ");
        let line = self.lines.iter().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("{kind} in {:?}", self.lines)).parse().expect("an address")
    }

    fn ca(&self) -> String {
        let path = self.lines.iter().find_map(|line| line.strip_prefix("ca ")).expect("said");
        std::fs::read_to_string(path).expect("readable")
    }

    /// Sends a signal and waits; gives the status and what standard error held.
    fn end(mut self, signal: nix::sys::signal::Signal) -> (ExitStatus, String) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        nix::sys::signal::kill(id, signal).expect("it runs");
        let mut said = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        (self.child.wait().expect("it ends"), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ehlo(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("lab").arg("--state").arg(state).env("XDG_DATA_HOME", state.join("data"));
    command
}

/// The client's side of a conversation over any stream.
struct Peer<S: Read + Write> {
    stream: BufReader<S>,
}

impl Peer<TcpStream> {
    fn dial(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("it accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream: BufReader::new(stream) }
    }

    fn greeted(address: SocketAddr) -> Self {
        let mut peer = Self::dial(address);
        assert_eq!(peer.reply(), "220 mx.target.local ESMTP ehlo lab");
        peer
    }

    fn into_tls(self, ca: &str, name: &str) -> Result<Peer<native_tls::TlsStream<TcpStream>>, String> {
        let stream = connector(ca).connect(name, self.stream.into_inner()).map_err(|error| error.to_string())?;
        Ok(Peer { stream: BufReader::new(stream) })
    }
}

fn connector(ca: &str) -> native_tls::TlsConnector {
    let ca = native_tls::Certificate::from_pem(ca.as_bytes()).expect("a certificate");
    native_tls::TlsConnector::builder().add_root_certificate(ca).build().expect("a connector")
}

impl<S: Read + Write> Peer<S> {
    /// The next reply, its lines joined by `|`.
    fn reply(&mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a reply in time");
            assert!(line.ends_with("\r\n"), "the connection closed after {lines:?} {line:?}");
            let whole = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.trim_end().to_owned());
            if whole {
                return lines.join("|");
            }
        }
    }

    fn say(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n"));
        self.reply()
    }

    fn send(&mut self, text: &str) {
        let stream = self.stream.get_mut();
        stream.write_all(text.as_bytes()).expect("it takes it");
        stream.flush().expect("it takes it");
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 16]), Ok(0))
    }
}

#[test]
fn the_classic_conversation_with_ehlo_lab() {
    let state = tempfile::tempdir().expect("a directory");
    let mail = state.path().join("mail");
    let lab = Running::start(state.path(), &["--mail", mail.to_str().expect("text")]);
    let kinds: Vec<&str> = lab.lines.iter().filter_map(|line| line.split(' ').nth(1)).take(4).collect();
    assert_eq!(kinds, ["smtp", "submission", "smtps", "lmtp"]);
    let mut peer = Peer::greeted(lab.address("smtp"));
    assert_eq!(peer.say("HELO noddy.com"), "250 mx.target.local");
    assert_eq!(peer.say("MAIL FROM:<dude@noddy.com>"), "250 2.1.0 Ok");
    assert_eq!(peer.say("RCPT TO:<anotherdude@target.local>"), "250 2.1.5 Ok");
    assert!(peer.say("RCPT TO:<someone@foreign.example>").starts_with("554 5.7.1"));
    assert!(peer.say("DATA").starts_with("354 "));
    assert!(peer.say("Subject: hello\r\n\r\n..and a dot\r\n.").starts_with("250 2.0.0 Ok: queued as "));
    assert_eq!(peer.say("QUIT"), "221 2.0.0 Bye");
    assert!(peer.is_closed());
    let (status, said) = lab.end(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("delivered to anotherdude@target.local from <dude@noddy.com>"), "{said}");
    let files: Vec<_> = std::fs::read_dir(&mail).expect("made").flatten().map(|entry| entry.path()).collect();
    let [file] = &files[..] else { panic!("one message: {files:?}") };
    let text = std::fs::read_to_string(file).expect("readable");
    assert!(
        text.starts_with("Return-Path: <dude@noddy.com>\r\n") && text.ends_with("\r\n\r\n.and a dot\r\n"),
        "{text}"
    );
}

#[test]
fn ctrl_c_ends_it_with_130() {
    let state = tempfile::tempdir().expect("a directory");
    let (status, said) = Running::start(state.path(), &[]).end(nix::sys::signal::Signal::SIGINT);
    assert_eq!(status.code(), Some(130), "{said}");
}

#[test]
fn its_certificate_verifies_for_every_name_of_this_machine() {
    let state = tempfile::tempdir().expect("a directory");
    let lab = Running::start(state.path(), &[]);
    let ca = lab.ca();
    for name in ["mx.target.local", "localhost", "127.0.0.1"] {
        let mut peer = Peer::greeted(lab.address("smtp"));
        assert!(peer.say("EHLO noddy.com").contains("250-STARTTLS"));
        assert_eq!(peer.say("STARTTLS"), "220 2.0.0 Ready to start TLS");
        let mut peer = peer.into_tls(&ca, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let offer = peer.say("EHLO noddy.com");
        assert!(offer.contains("AUTH PLAIN LOGIN") && !offer.contains("STARTTLS"), "{offer}");
    }
    let mut peer = Peer::dial(lab.address("smtps")).into_tls(&ca, "mx.target.local").expect("verified");
    assert_eq!(peer.reply(), "220 mx.target.local ESMTP ehlo lab");
    let wrong = Peer::dial(lab.address("smtps")).into_tls(&ca, "other.example").err();
    assert!(wrong.is_some(), "a name that it does not have");
    drop(lab);
    assert_eq!(Running::start(state.path(), &[]).ca(), ca, "the authority is kept");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = std::fs::metadata(state.path().join("lab/ca-key.pem")).expect("kept");
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_follows_starttls_in_clear_text_is_thrown_away() {
    let state = tempfile::tempdir().expect("a directory");
    let lab = Running::start(state.path(), &[]);
    let mut peer = Peer::greeted(lab.address("smtp"));
    peer.say("EHLO noddy.com");
    peer.send("STARTTLS\r\nRSET\r\n");
    assert_eq!(peer.reply(), "220 2.0.0 Ready to start TLS");
    let mut peer = peer.into_tls(&lab.ca(), "localhost").expect("verified");
    assert_eq!(peer.say("NOOP"), "250 2.0.0 Ok");
    assert_eq!(peer.say("QUIT"), "221 2.0.0 Bye");
    assert!(peer.is_closed(), "one reply for each command");
}

#[test]
fn lmtp_and_magic_addresses_over_the_wire() {
    let state = tempfile::tempdir().expect("a directory");
    let lab = Running::start(state.path(), &[]);
    let mut peer = Peer::greeted(lab.address("lmtp"));
    assert!(peer.say("EHLO noddy.com").starts_with("500 5.5.2"));
    assert!(peer.say("LHLO noddy.com").starts_with("250-mx.target.local"));
    peer.say("MAIL FROM:<>");
    peer.say("RCPT TO:<anotherdude@target.local>");
    peer.say("RCPT TO:<dude@noddy.com>");
    peer.say("DATA");
    assert!(peer.say("x\r\n.").starts_with("250 2.0.0 <anotherdude@target.local> "));
    assert!(peer.reply().starts_with("250 2.0.0 <dude@noddy.com> "));
    peer.say("MAIL FROM:<>");
    assert!(peer.say("RCPT TO:<571@error.lab>").starts_with("571 5.7.1 "));
    assert_eq!(peer.say("RCPT TO:<delay-50ms@error.lab>"), "250 2.1.5 Ok");
    peer.send("RCPT TO:<drop@error.lab>\r\n");
    assert!(peer.is_closed());
}

#[test]
fn a_pipelined_session_is_answered_in_order_and_to_the_end() {
    let state = tempfile::tempdir().expect("a directory");
    let lab = Running::start(state.path(), &[]);
    let mut peer = Peer::dial(lab.address("smtp"));
    let bulk = "x".repeat(70);
    let mut wire = "EHLO a\r\nMAIL FROM:<dude@noddy.com>\r\nRCPT TO:<anotherdude@target.local>\r\nDATA\r\n".to_owned();
    for _ in 0..5000 {
        wire.push_str(&bulk);
        wire.push_str("\r\n");
    }
    wire.push_str(".\r\n");
    wire.push_str(&"NOOP\r\n".repeat(300));
    wire.push_str("QUIT\r\n");
    peer.send(&wire);
    let codes: Vec<String> = (0..307).map(|_| peer.reply()[..3].to_owned()).collect();
    assert_eq!(codes[..6], ["220", "250", "250", "250", "354", "250"]);
    assert_eq!(codes[306], "221");
    assert!(peer.is_closed());
}

#[test]
fn what_it_can_not_do_is_said_with_a_cure() {
    let state = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let out = ehlo(state.path()).args(["--listen", &address]).output().expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains(&address) && said.contains("--listen 127.0.0.1:0"), "{said}");

    let out = ehlo(state.path()).args(["nosuch"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("nosuch") && said.contains("ehlo lab list"), "{said}");
}

#[test]
fn lab_check_names_the_line_and_the_key_that_was_meant() {
    let state = tempfile::tempdir().expect("a directory");
    let file = state.path().join("mine.toml");
    let good = ehlo::assets::text("scenarios/default.toml").expect("shipped");
    for (text, want) in [
        (good.to_owned(), None),
        (
            good.replacen("title =", "titel =", 1),
            Some(":2:1: the key \"titel\" is not known here; did you mean \"title\"?"),
        ),
        (format!("{good}\n[[check]]\nskript = ''\n"), Some("did you mean \"script\"?")),
        (
            format!("{good}\n[[rule]]\non = \"MAIL\"\naccept_then_bounce = \"5.1.1\"\n"),
            Some("belongs to on = \"RCPT\""),
        ),
        (good.replacen("\"postfix\"", "\"qmail\"", 1), Some("\"qmail\" is not known here")),
        (good.replacen("{rcpt}", "{recipient}", 1), Some("\"recipient\" is not known here")),
        (good.replacen("\"0 B\"", "\"none\"", 1), Some("\"none\" is no size")),
        (format!("{good}\n[[rule]]\non = \"RCPTO\"\n"), Some("on = \"RCPTO\" is not known")),
        (format!("{good}\n[[rule]]\non = \"RCPT\"\nreply = \"no code\"\n"), Some("begins with a code of three digits")),
    ] {
        std::fs::write(&file, &text).expect("written");
        let out = ehlo(state.path()).arg("check").arg(&file).output().expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        match want {
            None => assert_eq!(out.status.code(), Some(0), "{said}"),
            Some(want) => {
                assert_eq!(out.status.code(), Some(2), "{said}");
                assert!(said.contains(want) && said.contains("mine.toml:"), "{want}: {said}");
            }
        }
    }
}

#[test]
fn options_of_every_subcommand_may_stand_before_it() {
    let state = tempfile::tempdir().expect("a directory");
    let file = state.path().join("mine.toml");
    std::fs::write(&file, ehlo::assets::text("scenarios/default.toml").expect("shipped")).expect("written");
    for before in [&["-q", "--state"][..], &["--color=never", "--config"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        let out = command.args(before).arg(state.path()).args(["lab", "check"]).arg(&file).output().expect("it runs");
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stdout).contains("is well formed"));
    }
}

#[test]
fn the_users_own_scenario_wins_by_name() {
    let state = tempfile::tempdir().expect("a directory");
    let own = state.path().join("data/ehlo/scenarios");
    std::fs::create_dir_all(&own).expect("made");
    let text = ehlo::assets::text("scenarios/default.toml").expect("shipped");
    let text = text.replace("{name} ESMTP ehlo lab", "{name} mine").replace("[server]", "magic = false\n[server]");
    std::fs::write(own.join("default.toml"), text).expect("written");
    let lab = Running::start(state.path(), &[]);
    assert_eq!(Peer::dial(lab.address("smtp")).reply(), "220 mx.target.local mine");
}

/// A world whose state lies in `directory`.
fn world(directory: &Path) -> World {
    let own = directory.to_owned();
    World::real(Directories { config: own.clone(), data: own.clone(), state: own })
}

/// A lab inside the program, and the runtime that it lives in.
fn inside(directory: &Path, scenario: &str) -> (tokio::runtime::Runtime, Lab) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let scenario = Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}"));
    let listen = "127.0.0.1:0".parse().expect("an address");
    let lab = runtime.block_on(lab::start_with(scenario, listen, &world(directory))).expect("it starts");
    (runtime, lab)
}

#[test]
fn a_lab_shows_its_mail_and_its_record_of_the_session_without_secrets() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_runtime, lab) = inside(directory.path(), ehlo::assets::text("scenarios/default.toml").expect("shipped"));
    let mut peer = Peer::greeted(lab.address(ListenerKind::Smtp).expect("listens"));
    peer.say("EHLO noddy.com");
    assert_eq!(peer.say("AUTH PLAIN AGR1ZGUAbm9kZHk="), "235 2.7.0 Authentication successful");
    peer.say("MAIL FROM:<dude@noddy.com> RET=HDRS");
    peer.say("RCPT TO:<anotherdude@target.local> NOTIFY=SUCCESS");
    peer.say("DATA");
    peer.say("Subject: hello\r\n\r\nHello.\r\n.");
    peer.say("QUIT");
    assert!(peer.is_closed());
    let boxes: Vec<_> = lab.mailboxes().into_iter().collect();
    assert_eq!(boxes, [("anotherdude@target.local".to_owned(), 1), ("dude@noddy.com".to_owned(), 1)]);
    let [message] = &lab.messages("anotherdude@target.local")[..] else { panic!("one message") };
    assert_eq!(message.envelope.parameters, ["RET=HDRS"]);
    assert_eq!(message.parameters, ["NOTIFY=SUCCESS"]);
    assert_eq!(message.envelope.authenticated.as_deref(), Some("dude"));

    let [session] = &lab.sessions()[..] else { panic!("one session") };
    let log = session.log();
    let lines = texts(&log);
    let at =
        |line: &str| lines.iter().position(|l| l.starts_with(line)).unwrap_or_else(|| panic!("{line}: {lines:#?}"));
    assert!(at("< 220") < at("> EHLO noddy.com") && at("> EHLO") < at("> MAIL FROM"));
    assert!(at("| Hello.") < at("> .") && at("> .") < at("* delivered to=anotherdude@target.local"));
    assert!(at("* delivered") < at("< 250 2.0.0 Ok: queued"));
    assert!(!lines.iter().any(|line| line.contains("AGR1ZGUA") || line.contains("noddy\0")), "{lines:#?}");
}

fn texts(log: &Log) -> Vec<String> {
    let sigil = |kind| match kind {
        Kind::Sent => '>',
        Kind::Content => '|',
        Kind::Received => '<',
        _ => '*',
    };
    log.since(0).map(|(_, entry)| format!("{} {}", sigil(entry.kind), String::from_utf8_lossy(entry.bytes))).collect()
}

#[test]
fn certificates_are_as_bad_as_the_scenario_wants_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let good = ehlo::assets::text("scenarios/default.toml").expect("shipped");
    for (kind, verifies) in
        [("good", true), ("self-signed", false), ("expired", false), ("not-yet-valid", false), ("wrong-name", false)]
    {
        let (_runtime, lab) = inside(directory.path(), &good.replace("\"good\"", &format!("{kind:?}")));
        let peer = Peer::dial(lab.address(ListenerKind::Smtps).expect("listens"));
        let tls = peer.into_tls(&lab.ca, "mx.target.local");
        assert_eq!(tls.is_ok(), verifies, "{kind}: {:?}", tls.err());
    }
}

#[test]
fn a_lab_that_is_dropped_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_runtime, lab) = inside(directory.path(), ehlo::assets::text("scenarios/default.toml").expect("shipped"));
    let mut peer = Peer::greeted(lab.address(ListenerKind::Smtp).expect("listens"));
    drop(lab);
    assert!(peer.is_closed());
}

#[test]
fn an_idle_client_is_sent_away() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = ehlo::assets::text("scenarios/default.toml").expect("shipped");
    // Whoever types does not do so faster for a lab whose clock is fast.
    let text = text.replace("\"real\"", "\"fast:100\"").replace("seed = 1", "seed = 1\nidle = \"200ms\"");
    let (_runtime, lab) = inside(directory.path(), &text);
    let begun = std::time::Instant::now();
    let mut peer = Peer::greeted(lab.address(ListenerKind::Smtp).expect("listens"));
    assert_eq!(peer.reply(), "421 4.4.2 mx.target.local Error: timeout exceeded");
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    assert!(peer.is_closed());
}

#[test]
fn a_server_that_lies_about_pipelining_loses_what_came_behind_a_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = ehlo::assets::text("scenarios/default.toml").expect("shipped");
    let text = text.replace("\"PIPELINING\", ", "").replace("\"HELP\"]", "\"HELP\"]\nlie = [\"PIPELINING\"]");
    let (_runtime, lab) = inside(directory.path(), &text);
    let mut peer = Peer::greeted(lab.address(ListenerKind::Smtp).expect("listens"));
    peer.say("EHLO noddy.com");
    assert_eq!(peer.say("NOOP\r\nNOOP\r\nVRFY dude"), "250 2.0.0 Ok");
    assert_eq!(peer.say("HELP NOOP"), "214 2.0.0 NOOP: does nothing", "the others were never seen");
}
