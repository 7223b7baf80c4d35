//! Lessons: every shipped one is judged as it says, its scripts played against the lab; the first is held from start to
//! finish in a pseudo-terminal, by typing and by another client.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead as _, Write as _};
use std::process::{Command, Output};

use tempfile::TempDir;

mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

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

#[test]
fn every_mistake_that_a_shipped_lesson_knows_is_proved_to_be_said() {
    for (name, text) in ehlo::lesson::course::shipped() {
        let lesson = ehlo::lesson::Lesson::parse(&name, text).unwrap();
        for (s, step) in lesson.steps.iter().enumerate() {
            for (m, mistake) in step.mistakes.iter().enumerate() {
                let by_wrong_way = lesson.wrong_ways.iter().any(|way| way.feedback == Some((s + 1, m + 1)));
                assert!(by_wrong_way || mistake.example.is_some(), "{name}: step {} mistake {}", s + 1, m + 1);
            }
        }
    }
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
    let unplayed = LESSON.replacen("\"classroom\"", "\"clasroom\"", 1).replacen("[solution]", "[solutions]", 1);
    std::fs::write(&path, unplayed).unwrap();
    let said = text(&learn(&home, &["check", path.to_str().unwrap()]).stderr);
    assert!(said.contains("no scenario clasroom") && said.contains("did you mean \"solution\""), "{said}");
    std::fs::write(&path, LESSON.replacen("scenario", "scenaro", 1)).unwrap();
    let output = learn(&home, &["check", path.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("41-many.toml:5:") && said.contains("did you mean \"scenario\""), "{said}");
}

/// The lesson that README.md shows.
fn shown() -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split("## A lesson of your own").nth(1).unwrap();
    section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn the_lesson_that_the_readme_shows_is_judged_as_it_says() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("mine.toml");
    std::fs::write(&file, shown()).unwrap();
    let output = learn(&home, &["check", file.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert_eq!(said.matches("  ok  ").count(), 3, "{said}");
}

#[test]
fn what_a_writer_of_lessons_gets_wrong_has_its_line_and_what_helps() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("mine.toml");
    for (right, wrong, code, words) in [
        ("\"classroom\"", "\"clasroom\"", 1, &["line 3: there is no scenario clasroom; did you mean classroom?"][..]),
        ("goal = {", "goals = {", 2, &["mine.toml:9:1:", "did you mean \"goal\"?"]),
        ("hints = [\"It", "hints = \"a\" #", 2, &["mine.toml:10:9:", "it should be a list"]),
        ("right = 0", "right = \"first\"", 2, &["it should be a number, without quotes"]),
        ("[[step.mistake]]", "[step.mistake]", 2, &["double brackets"]),
        ("title = \"The", "title = The", 2, &["mine.toml:2:9:", "straight quotes"]),
        ("RCPT TO:<post", "RCPT TP:<post", 1, &["the code is 501", "it ticks 0 of 2 steps"]),
    ] {
        let text_of_it = shown();
        let at = text_of_it.rfind(right).unwrap_or_else(|| panic!("{right}"));
        let at = if code == 2 { text_of_it.find(right).unwrap() } else { at };
        std::fs::write(&file, format!("{}{wrong}{}", &text_of_it[..at], &text_of_it[at + right.len()..])).unwrap();
        let output = learn(&home, &["check", file.to_str().unwrap()]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{wrong}: {said}");
        for words in words {
            assert!(said.contains(words), "{wrong}: {words}: {said}");
        }
    }
    let several =
        shown().replacen("title =", "tilte =", 1).replacen("goal =", "gaol =", 1).replacen("right = 0", "right = 9", 1);
    std::fs::write(&file, several.replacen("scenario =", "minutes = 0\nscenario =", 1)).unwrap();
    let output = learn(&home, &["check", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.matches("mine.toml:").count()), (Some(2), 4), "all at once: {said}");
    std::fs::write(&file, b"\xff\xfee\0h\0").unwrap();
    let said = text(&learn(&home, &["check", file.to_str().unwrap()]).stderr);
    assert!(said.contains("save it as that in your editor"), "{said}");
    let said = text(&learn(&home, &["check", "nowhere.toml"]).stderr);
    assert!(said.contains("there is no such file") && !said.contains("os error"), "{said}");
}

#[test]
fn a_lesson_in_which_something_varies_is_checked_with_each_value() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("42-varied.toml");
    let lesson = r#"
ehlo = 1
title = "Write to {{who}}"
intro = "She is `{{who}}@target.local`."
[vary]
who = ["anotherdude", "postmaster"]
[[step]]
text = "Write to `{{who}}`."
goal = { rcpt = { to = "{{who}}@target.local", reply = "2xx" } }
[solution]
script = """
> EHLO noddy.com
< 250
> MAIL FROM:<dude@noddy.com>
< 250
> RCPT TO:<{{who}}@target.local>
< 250
"""
"#;
    std::fs::write(&path, lesson).unwrap();
    let output = learn(&home, &["check", path.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    for who in ["anotherdude", "postmaster"] {
        assert!(said.contains(&format!("Write to {who}  (who = \"{who}\")")), "{said}");
    }
    std::fs::write(&path, lesson.replace("RCPT TO:<{{who}}@", "RCPT TO:<anotherdude@")).unwrap();
    let output = learn(&home, &["check", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "right by one value only: {}", text(&output.stdout));
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

/// Types a line, sends it, and waits for what the screen shows then.
fn say(terminal: &mut Terminal, line: &str, then: &str) {
    terminal.keys(line).wait_for(line).keys("<Enter>").wait_for(then);
}

/// Answers the question with the right answer, wherever it stands, and closes the lesson.
fn answer_and_finish(terminal: &mut Terminal) {
    terminal.wait_for("question 1 of 1").wait_for("or a digit answers");
    let screen = terminal.screen();
    let place = |words: &str| (1..=3).find(|n| screen.contains(&format!("{n} {words}"))).unwrap();
    terminal.keys(&place("Send a bounce").to_string()).wait_for("No. A bounce would be a verdict");
    terminal.keys(&place("Send it again later").to_string()).wait_for("Right. The 250");
    terminal.keys("<Enter>").wait_for("Done: all 6 steps.");
    terminal.keys("<Enter>").wait_for("The lesson is closed");
}

/// The file of what was done, once it says that the lesson is finished.
fn finished(home: &Home) -> String {
    let path = home.state().join("lessons/progress.toml");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains("finished") || std::time::Instant::now() > until {
            return text;
        }
        std::thread::yield_now();
    }
}

#[test]
fn the_first_lesson_from_start_to_finish_by_typing() {
    for (size, start) in [((120, 33), false), ((80, 24), true)] {
        let home = Home::new();
        let mut terminal = if start {
            let mut terminal = Terminal::start(&home, &[], size);
            terminal.wait_for("First lesson").keys("<Down><Enter>");
            terminal
        } else {
            Terminal::start(&home, &["learn", "01-classic"], size)
        };
        terminal.wait_for("step 1 of 6").wait_for("220 mx.target.local");
        say(&mut terminal, "HELO", "The greeting needs the name");
        terminal.keys("<F7>").wait_for("starts over").keys("jjjjjjjjjj").wait_for("the lab listens on").keys("hh<Esc>");
        terminal.wait_for("The verb is HELO").wait_for("(2 of 3 used)");
        say(&mut terminal, "HELO noddy.com", "step 2 of 6");
        say(&mut terminal, "MAIL FROM:<dude@noddy.com>", "step 3 of 6");
        say(&mut terminal, "RCPT TO:<anotherdude@target.local>, <colleague@target.local>", "takes one address");
        say(&mut terminal, "RCPT TO:<anotherdude@target.local>", "(1 of 2)");
        say(&mut terminal, "RCPT TO:<colleague@target.local>", "step 4 of 6");
        say(&mut terminal, "DATA", "step 5 of 6");
        terminal.keys("Subject: test<Enter><Enter>Hello.<Enter>");
        say(&mut terminal, ".", "step 6 of 6");
        terminal.keys("QUIT<Enter>");
        answer_and_finish(&mut terminal);
        let kept = finished(&home);
        for words in ["[lesson.01-classic]", "steps = 6", "hints = 2", "wrong = 1"] {
            assert!(kept.contains(words), "{kept}");
        }
        terminal.keys("<C-q>");
        assert!(terminal.exit().success());
        terminal.assert_restored();
    }
}

#[test]
fn an_answer_is_judged_and_recorded_and_the_next_lesson_begins_by_a_key() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["learn", "8"], (80, 24));
    terminal.wait_for("step 1 of 5").wait_for("220 mx.target.local");
    say(&mut terminal, "EHLO noddy.com", "EHLO done");
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", "250 2.1.0");
    say(&mut terminal, "RCPT TO:<anotherdude@target.local>", "step 2 of 5");
    say(&mut terminal, "RCPT TO:<friend@elsewhere.example>", "step 3 of 5");
    say(&mut terminal, "RSET", "250 2.0.0");
    say(&mut terminal, "MAIL FROM:<anotherdude@target.local>", "Accepted: the sender");
    say(&mut terminal, "RCPT TO:<friend@elsewhere.example>", "step 4 of 5");
    say(&mut terminal, "RCPT TO:<friend%elsewhere.example@target.local>", "step 5 of 5");
    say(&mut terminal, "closed", "knows no such command");
    terminal.keys("QUIT<Enter>").wait_for("closed by the server");
    terminal.keys("<C-g>").wait_for("What have you found?").keys("open<Enter>").wait_for("Every foreign recipient");
    terminal.keys("a").wait_for("What have you found?").keys("closed<Enter>");
    for (question, right) in [("question 1 of 2", "No: nothing"), ("question 2 of 2", "Only that your own")] {
        terminal.wait_for(question).wait_for("or a digit answers");
        let screen = terminal.screen();
        let place = (1..=3).find(|n| screen.contains(&format!("{n} {right}"))).unwrap();
        terminal.keys(&place.to_string()).wait_for("Right.").keys("<Enter>");
    }
    terminal
        .wait_for("Done: all 5 steps.")
        .wait_for("Next: Lesson 9")
        .keys("n")
        .wait_for(" lesson 9 ")
        .wait_for("step 1 of ")
        .wait_for("greeted");
    let recorded = home.transcripts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
    assert!(recorded.contains("* answer open\n") && recorded.contains("* answer closed\n"), "{recorded}");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}

#[test]
fn the_first_lesson_by_another_client_beside_the_workbench() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["learn", "1"], (120, 33));
    terminal.wait_for("step 1 of 6").keys("<F7>").wait_for("the lab listens on");
    let screen = terminal.screen();
    let at = screen.find("127.0.0.1:").expect("the lesson says where its lab listens");
    let address: String = screen[at..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
    let address = address.trim_end_matches(['.', ':']);
    terminal.keys("<F7>");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let mut lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("220 "));
    for (line, code, shown) in [
        ("HELO noddy.com", "250", "step 2 of 6"),
        ("MAIL FROM:dude@noddy.com", "501", "wants the address in angle brackets"),
        ("MAIL FROM:<dude@noddy.com>", "250", "step 3 of 6"),
        ("RCPT TO:<anotherdude@target.local>", "250", "(1 of 2)"),
        ("RCPT TO:<colleague@target.local>", "250", "step 4 of 6"),
        ("DATA", "354", "step 5 of 6"),
        ("Subject: test\r\n\r\nHello.\r\n.", "250", "step 6 of 6"),
        ("QUIT", "221", "question 1 of 1"),
    ] {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let reply = lines.next().unwrap().unwrap();
        assert!(reply.starts_with(code), "{line}: {reply}");
        terminal.wait_for(shown);
    }
    answer_and_finish(&mut terminal);
    assert!(finished(&home).contains("steps = 6"));
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}
