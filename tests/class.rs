//! A class from the command line: held without a screen, joined in a terminal, shown on the wall, its results verified.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

#[path = "../src/class/tests/classic.rs"]
mod classic;
mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use classic::CLASSIC;
use support::terminal::{Home, Terminal};

fn ehlo(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("--config").arg(home.path().join("config")).arg("--state").arg(home.path().join("state"));
    command.env("XDG_DATA_HOME", home.path().join("data")).args(arguments);
    command.stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A class that is being held; killed when dropped.
struct Held {
    child: Child,
    lines: mpsc::Receiver<String>,
    address: String,
    code: String,
}

impl Held {
    fn new(home: &TempDir, more: &[&str]) -> Self {
        let mut command = ehlo(home, &["lab", "--class", "monday", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut held = Self { child, lines, address: String::new(), code: String::new() };
        let join = held.line_with("join ehlo learn --join ");
        let mut words = join.split_whitespace().skip(4);
        words.next().unwrap().clone_into(&mut held.address);
        words.next().unwrap().clone_into(&mut held.code);
        held
    }

    /// The next line that holds this.
    fn line_with(&mut self, wanted: &str) -> String {
        let mut before = Vec::new();
        loop {
            let next = self.lines.recv_timeout(Duration::from_secs(20));
            let line = next.unwrap_or_else(|_| panic!("{wanted} did not come after {before:#?}"));
            if line.contains(wanted) {
                return line;
            }
            before.push(line);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Says lines by hand, each after the reply to the one before.
fn talk(held: &Held, name: &str, lines: &[(&str, &str)]) {
    let stream = TcpStream::connect(&held.address).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let join = format!("NOOP join {} {name}", held.code);
    for (line, code) in [("", "220"), (join.as_str(), "2")].iter().chain(lines) {
        if !line.is_empty() {
            writer.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        }
        let mut said = String::new();
        while said.as_bytes().get(3) != Some(&b' ') {
            said.clear();
            reader.read_line(&mut said).unwrap();
        }
        assert!(said.starts_with(code), "{line}: {said}");
    }
}

#[test]
fn a_class_is_held_killed_taken_up_again_and_its_results_verified() {
    let home = TempDir::new().unwrap();
    let mut held = Held::new(&home, &["--lessons", "01,02"]);
    talk(&held, "anna", &CLASSIC[..2]);
    held.line_with("anna · 01-classic · step 3/6");
    let code = held.code.clone();
    // Without a word, as a power cut would.
    drop(held);
    let mut held = Held::new(&home, &[]);
    assert_eq!(held.code, code);
    talk(&held, "ANNA", &CLASSIC);
    held.line_with("anna · 01-classic · step ✓ 6/6");
    let busy = ehlo(&home, &["lab", "export", "monday"]).output().unwrap();
    assert_eq!(busy.status.code(), Some(2));
    assert!(text(&busy).contains("one program at a time"), "{}", text(&busy));
    drop(held);

    let out = home.path().join("out");
    let written = ehlo(&home, &["lab", "export", "monday", "--to", out.to_str().unwrap()]).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    let results = out.join("results.json");
    let verified = ehlo(&home, &["learn", "verify", results.to_str().unwrap()]).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
    assert!(text(&verified).contains("anna · 01-classic: 6 steps"), "{}", text(&verified));
    let changed = std::fs::read_to_string(&results).unwrap().replace("\"anna\"", "\"eve\"");
    std::fs::write(&results, changed).unwrap();
    let verified = ehlo(&home, &["learn", "verify", results.to_str().unwrap()]).output().unwrap();
    assert_eq!(verified.status.code(), Some(1), "{}", text(&verified));
    assert!(text(&verified).contains("signature does not hold"), "{}", text(&verified));
    // Nobody is here to be asked.
    let asked = ehlo(&home, &["lab", "forget", "monday", "anna"]).output().unwrap();
    assert_eq!(asked.status.code(), Some(2), "{}", text(&asked));
    assert!(
        text(&asked).contains(
            "anna's ticks, transcripts and name in the class monday would be forgotten; --yes forgets without"
        )
    );
    let forgotten = ehlo(&home, &["lab", "forget", "monday", "anna", "--yes"]).output().unwrap();
    assert_eq!(forgotten.status.code(), Some(0), "{}", text(&forgotten));
}

#[test]
fn a_fresh_start_and_another_lesson_leave_the_line_in_tls() {
    let home = TempDir::new().unwrap();
    let mut held = Held::new(&home, &["--lessons", "16,17"]);
    let (host, port) = held.address.rsplit_once(':').unwrap();
    let profiles = home.path().join("config/profiles");
    std::fs::create_dir_all(&profiles).unwrap();
    let profile = format!("host = \"{host}\"\nport = {port}\n[tls]\nverify = false\n");
    std::fs::write(profiles.join("room.toml"), profile).unwrap();
    let greet = "> EHLO noddy.com\n< 250\n";
    let script = format!(
        "< 220\n> NOOP join {} anna\n< 250\n{greet}? capability STARTTLS\n> STARTTLS\n< 220\n{greet}\
         > NOOP reset\n< 250\n{greet}? not capability STARTTLS\n> STARTTLS\n< 554\n\
         > NOOP lesson 17\n< 250\n{greet}? capability AUTH\n> MAIL FROM:<dude@noddy.com>\n< 530\n> QUIT\n< 221\n",
        held.code
    );
    let file = home.path().join("tls.smtp");
    std::fs::write(&file, script).unwrap();
    let run = ehlo(&home, &["run", file.to_str().unwrap(), "--target", "room"]).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run));
    assert!(text(&run).contains("This line stays in TLS"), "{}", text(&run));
    held.line_with("anna · 17-auth · step 2/");
}

#[test]
fn what_cannot_be_a_class_says_why() {
    let home = TempDir::new().unwrap();
    for (arguments, words) in [
        (&["lab", "--class", "new"][..], "--lessons 01,02"),
        (&["lab", "--class", "a/b", "--lessons", "01"], "can't be a class's name"),
        (&["lab", "--class", "new", "--lessons", "99"], "there is no lesson 99"),
        (&["lab", "--class", "new", "--lessons", "01", "--exam"], "--minutes"),
        (&["lab", "export", "none"], "there is no class none"),
        (&["learn", "verify", "nowhere.json"], "nowhere.json"),
        (&["learn", "--join", "127.0.0.1:1", "CODE"], "--name"),
    ] {
        let output = ehlo(&home, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains(words), "{arguments:?}: {}", text(&output));
    }
}

#[test]
fn an_instructor_sees_a_student_at_work_and_helps() {
    let (home, other) = (Home::new(), Home::new());
    let arguments = ["lab", "--class", "monday", "--lessons", "01", "--listen", "127.0.0.1:0"];
    let mut wall = Terminal::start(&home, &arguments, (110, 30));
    wall.wait_for("Nobody has joined yet");
    let screen = wall.screen();
    let mut words = screen.split("--join ").nth(1).unwrap().split_whitespace();
    let (address, code) = (words.next().unwrap(), words.next().unwrap());
    let mut student = Terminal::start(&other, &["learn", "--join", address, code, "--name", "anna"], (100, 30));
    student.wait_for("220 mx.target.local").wait_for("step 1 of 6");
    wall.wait_for("anna").wait_for("1/6");
    student.keys("HELO noddy.com<Enter>");
    student.wait_for("step 2 of 6");
    wall.wait_for("2/6").wait_for("HELO … 250");
    wall.keys("h").wait_for("Given to anna:");
    wall.keys("blook up<Enter>").wait_for("Said to 1.");
    student.wait_for("The class: look up");
    student.wait_for("class monday · anna");
    wall.keys("p").wait_for("PAUSED");
    student.wait_for("Paused by the instructor");
    wall.keys("p").wait_until("it goes on", |screen| !screen.contains("PAUSED"));
    wall.keys("<Enter>").wait_for("The conversation of anna").wait_for("> HELO noddy.com");
    wall.keys("<Esc>").wait_for("Enter watch");
    wall.keys("ry").wait_for("anna begins anew");
    student.wait_for("step 1 of 6");
    wall.keys("qy");
    assert_eq!(wall.exit().exit_code(), 0);
    wall.assert_restored();
    student.wait_for("The class is over");
    student.keys("<F5>").wait_for("can't be joined again");
}

#[test]
fn a_lesson_of_ones_own_is_found_again_from_elsewhere() {
    let (home, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let lesson = "ehlo = 1\ntitle = \"Mine\"\nscenario = \"classroom\"\nintro = \"i\"\n[[step]]\ntext = \"Greet.\"\n\
                  goal = { greeted = \"EHLO\" }\n";
    std::fs::write(home.path().join("mine.toml"), lesson).unwrap();
    let mut command = ehlo(&home, &["lab", "--class", "own", "--lessons", "mine.toml", "--listen", "127.0.0.1:0"]);
    let mut child = command.current_dir(home.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(first, "class own: mine\n");
    let written = ehlo(&home, &["lab", "export", "own"]).current_dir(elsewhere.path()).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
}
