//! The shipped scenarios: each says what one meets there, and does it, by its checks.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ehlo::lab::scenario::{Clock, Scenario, find};
use ehlo::lab::{self, ListenerKind};
use ehlo::world::{Directories, World};

/// The shipped scenarios' files, in order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn ehlo(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("lab").arg("--state").arg(state).env("XDG_DATA_HOME", state.join("data"));
    command
}

#[test]
fn every_scenario_tells_what_one_meets_and_shows_it_by_a_check() {
    let files = files();
    assert!(files.len() >= 32, "{} scenarios", files.len());
    for file in &files {
        let name = file.display();
        let text = std::fs::read_to_string(file).expect("readable");
        let scenario = Scenario::parse(&name.to_string(), &text).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.title.is_empty() && !scenario.story.is_empty() && !scenario.teaches.is_empty(), "{name}");
        assert!(!scenario.checks.is_empty(), "{name} has no [[check]]");
    }
}

#[test]
fn every_scenario_does_what_its_checks_say() {
    let files = files();
    let check = |some: &[PathBuf]| {
        let state = tempfile::tempdir().expect("a directory");
        let out = ehlo(state.path()).arg("check").args(some).output().expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
        assert_eq!(out.status.code(), Some(0), "{said}");
    };
    // Most of the time goes into waiting for what the scenarios put off.
    std::thread::scope(|scope| {
        for some in files.chunks(files.len().div_ceil(4)) {
            scope.spawn(move || check(some));
        }
    });
}

#[test]
fn a_check_that_fails_is_named_with_its_line() {
    let state = tempfile::tempdir().expect("a directory");
    let file = state.path().join("mine.toml");
    let head = "ehlo = 1\nextends = \"classroom\"\ntitle = \"Mine\"\n";
    for (check, want) in [
        ("script = '''\n> EHLO noddy.com\n< 250\n> NOOP\n< 550\n'''\n", "mine.toml:10: < 550"),
        (
            "script = '''\n> EHLO noddy.com\n< 250\n'''\nmailbox = { \"dude@noddy.com\" = 2 }\n",
            "0 messages lie in dude",
        ),
        ("script = '''\n> EHLO noddy.com\n'''\nexit = 3\n", "`exit` says 3"),
        ("script = '''\n> EHLO {{nobody}}\n'''\n", "mine.toml:7: "),
    ] {
        std::fs::write(&file, format!("{head}\n[[check]]\n{check}")).expect("written");
        let out = ehlo(state.path()).arg("check").arg(&file).output().expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{said}");
        assert!(said.contains(want), "{want}: {said}");
    }
}

#[test]
fn the_list_shows_every_scenario_with_its_story() {
    let state = tempfile::tempdir().expect("a directory");
    let own = state.path().join("data/ehlo/scenarios");
    std::fs::create_dir_all(&own).expect("made");
    let text = "ehlo = 1\nextends = \"greylisting\"\ntitle = \"Ours\"\nstory = \"Slower than theirs.\"\n";
    std::fs::write(own.join("ours.toml"), text).expect("written");
    let out = ehlo(state.path()).arg("list").output().expect("it runs");
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}");
    assert!(said.contains("ours  Ours\n    Slower than theirs."), "{said}");
    assert!(said.contains("greylisting  Greylisting\n"), "{said}");
    let out = ehlo(state.path()).args(["list", "--json"]).output().expect("it runs");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(files().len() + 1));
}

/// A client that says its first line at once, against a lab whose clock is twenty times as fast: all that it hears.
fn heard_by_an_early_talker(scenario: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let own = directory.path().to_owned();
    let world = World::real(Directories { config: own.clone(), data: own.clone(), state: own });
    let mut scenario = find(scenario, &world).expect("shipped");
    scenario.server.clock = Clock(20);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listen = "127.0.0.1:0".parse().expect("an address");
    let lab = runtime.block_on(lab::start_with(scenario, listen, &world)).expect("it starts");
    let mut stream = TcpStream::connect(lab.address(ListenerKind::Smtp).expect("listens")).expect("accepted");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    stream.write_all(b"EHLO noddy.com\r\n").expect("sent");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).expect("it closes");
    heard
}

#[test]
fn who_speaks_before_the_greeting_is_shown_out() {
    let heard = heard_by_an_early_talker("slow-server");
    assert_eq!(heard, "554 5.5.0 mx.target.local Error: you talked before the greeting\r\n");
}

#[test]
fn who_speaks_between_the_lines_of_the_greeting_is_shown_out() {
    let heard = heard_by_an_early_talker("greeting-pause");
    assert!(heard.ends_with("554 5.5.0 mx.target.local Error: SMTP protocol synchronization\r\n"), "{heard}");
}

const VARIED: &str = r#"allow = ["code-mismatch"]
ehlo = 1
extends = "classroom"
title = "Who is away?"
[vary]
who = ["anna", "bert"]
code = [550, 551, 553]
[[rule]]
on = "RCPT"
to = "{{who}}@target.local"
reply = "{{code}} 5.1.6 <{rcpt}>: {{who}} is away"
[[check]]
script = """
> EHLO noddy.com
< 250
> MAIL FROM:<dude@noddy.com>
< 250
> RCPT TO:<{{who}}@target.local>
< {{code}} /{{who}} is away/
"""
"#;

#[test]
fn what_varies_is_checked_with_each_of_its_values() {
    let state = tempfile::tempdir().expect("a directory");
    let file = state.path().join("mine.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).expect("written");
        let out = ehlo(state.path()).arg("check").arg(&file).output().expect("it runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.code(), said)
    };
    let (exit, said) = check(VARIED);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("its 3 checks are met, in 3 variants"), "{said}");
    let (exit, said) = check(&VARIED.replace("551", "250"));
    assert_eq!((exit, said.matches("mine.toml:").count()), (Some(0), 1), "{said}");
    let (exit, said) = check(&VARIED.replace("< {{code}} ", "< 55x ").replace("551", "250"));
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("mine.toml:19: < 55x") && said.contains("(with code = 250, who = \"bert\")"), "{said}");
    let (exit, said) = check(&VARIED.replace("551", "77"));
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("mine.toml:11:") && said.contains("(with code = 77, who = \"bert\")"), "{said}");
    let (exit, said) = check(&VARIED.replace("is away\"", "is {{away}}\""));
    assert_eq!(exit, Some(2), "{said}");
    assert!(
        said.contains("mine.toml:11:") && said.contains("{{away}} is no name of [vary]; there are: code, who"),
        "{said}"
    );
}
