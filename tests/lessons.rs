//! Every shipped lesson is judged as it says: its solution, its wrong ways and its examples played against the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::process::{Command, Output};

use tempfile::TempDir;

fn learn(home: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("--config").arg(home.path().join("config")).arg("--state").arg(home.path().join("state"));
    command.env("XDG_DATA_HOME", home.path().join("data")).arg("learn").args(arguments);
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_shipped_lesson_is_judged_as_it_says() {
    let home = TempDir::new().unwrap();
    let output = learn(&home, &["check"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("solution: 6 of 6 steps tick"), "{said}");
    assert!(said.contains("wrong way 1: 2 of 6 steps tick, step 3 mistake 1 said"), "{said}");
}

const LESSON: &str = r#"
ehlo = 1
title = "Many at once"
intro = "i"
scenario = "classroom"
[[step]]
text = "Greet."
goal = { greeted = "EHLO" }
[[step.mistake]]
when = { sent = "NOOP" }
say = "Not yet."
[[step]]
text = "Send three lines in one write."
goal = { pipelined = { min = 3 } }
[[step]]
text = "Say what the last answer was."
goal = { answer = "354" }
[solution]
script = """
> EHLO noddy.com
< 250
* pipeline
> MAIL FROM:<dude@noddy.com>
> RCPT TO:<anotherdude@target.local>
> DATA
* end
< 250
< 250
< 354
* answer "it was 354"
> .
< 250
"""
[[wrong]]
script = """
> NOOP
< 250
> EHLO noddy.com
< 250
* answer "354"
> QUIT
< 221
* reconnect
< 220
"""
reaches = 1
feedback = "step 1 mistake 1"
"#;

#[test]
fn a_lesson_in_a_file_is_checked_and_a_misjudgement_is_found() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("41-many.toml");
    std::fs::write(&path, LESSON).unwrap();
    let output = learn(&home, &["check", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    for (from, to, words) in [
        ("reaches = 1", "reaches = 2", "`reaches` says 2"),
        ("min = 3", "min = 4", "it ticks 1 of 3 steps"),
        ("when = { sent = \"NOOP\" }", "when = { sent = \"VRFY\" }", "step 1 mistake 1 is not said"),
        ("when = { sent = \"NOOP\" }", "when = { connected = true }", "it is told of step 1 mistake 1"),
        ("{ greeted = \"EHLO\" }", "{ never = { sent = \"VRFY\" } }", "holds before anything has happened"),
        ("< 354\n* answer", "< 355\n* answer", "the code is 354"),
        ("scenario = \"classroom\"", "scenario = \"clasroom\"", "no scenario clasroom"),
    ] {
        std::fs::write(&path, LESSON.replacen(from, to, 1)).unwrap();
        let output = learn(&home, &["check", path.to_str().unwrap()]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{to}: {said}");
        assert!(said.contains(words), "{to}: {said}");
    }
    std::fs::write(&path, LESSON.replacen("scenario", "scenaro", 1)).unwrap();
    let output = learn(&home, &["check", path.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("41-many.toml:5:") && said.contains("did you mean \"scenario\""), "{said}");
}

#[test]
fn the_list_says_what_is_done_and_a_wrong_name_what_was_meant() {
    let home = TempDir::new().unwrap();
    let list = text(&learn(&home, &[]).stdout);
    assert!(list.contains("01-classic") && list.contains("0 of 6 steps"), "{list}");
    std::fs::create_dir_all(home.path().join("state/lessons")).unwrap();
    let done = "ehlo = 1\n[lesson.01-classic]\nsteps = 6\nof = 6\nfinished = \"2026-11-24T10:00:00Z\"\n";
    std::fs::write(home.path().join("state/lessons/progress.toml"), done).unwrap();
    let list = text(&learn(&home, &[]).stdout);
    assert!(list.contains("finished 2026-11-24"), "{list}");
    let json: serde_json::Value = serde_json::from_slice(&learn(&home, &["--json"]).stdout).unwrap();
    assert_eq!((json["ehlo"].as_u64(), json["lessons"][0]["done"].as_u64()), (Some(1), Some(6)));
    let wrong = learn(&home, &["01-clasic"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean 01-classic"), "{}", text(&wrong.stderr));
}
