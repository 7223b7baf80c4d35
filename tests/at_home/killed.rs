//! kill -9 at any instant: the journal opens, and lacks at most the record that was being written.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ehlo::conversation::Kind;
use ehlo::conversation::file::{Warning, open};
use nix::sys::signal::Signal;

use super::LARGE;
use crate::support::terminal::{Home, Terminal};

/// What a server has heard and said, in order: `> line` and `< line`.
type Heard = Arc<Mutex<Vec<String>>>;

/// Answers every line at once with two lines, and notes both before they are said.
fn server() -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // The client is killed: then there is nobody to talk to.
        let _ = talk(&stream, &noted);
    });
    (address, heard)
}

fn talk(mut stream: &TcpStream, noted: &Heard) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 mx ESMTP\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = [format!("250-about {line}"), "250 ok".to_owned()];
        let mut all = noted.lock().unwrap();
        all.push(format!("> {line}"));
        all.extend(answer.iter().map(|said| format!("< {said}")));
        drop(all);
        stream.write_all(format!("{}\r\n{}\r\n", answer[0], answer[1]).as_bytes())?;
    }
    Ok(())
}

/// Holds what a journal that was cut off must hold.
fn check(home: &Home, heard: &Heard) -> usize {
    let found = home.transcripts();
    // Killed before the file was made; then nothing was said either.
    let Some(path) = found.first() else {
        assert!(heard.lock().unwrap().is_empty(), "there was a conversation and there is no file");
        return 0;
    };
    let document = open(path).unwrap_or_else(|error| panic!("{error}:\n{}", std::fs::read_to_string(path).unwrap()));
    let known = |warning: &Warning| matches!(warning, Warning::Truncated { .. });
    assert!(document.warnings.len() <= 1 || document.log.is_empty(), "{:?}", document.warnings);
    assert!(document.log.is_empty() || document.warnings.iter().all(known), "{:?}", document.warnings);
    let mut recorded: Vec<String> = Vec::new();
    for (_, entry) in document.log.since(0) {
        let sigil = match entry.kind {
            Kind::Sent => '>',
            Kind::Received => '<',
            _ => continue,
        };
        recorded.push(format!("{sigil} {}", String::from_utf8_lossy(entry.bytes)));
    }
    recorded.retain(|line| line != "< 220 mx ESMTP");
    let heard = heard.lock().unwrap();
    let sent: Vec<_> = recorded.iter().filter(|line| line.starts_with('>')).collect();
    let arrived: Vec<_> = heard.iter().filter(|line| line.starts_with('>')).collect();
    // A line is written before it goes out, so what the server heard is there.
    assert!(sent.len() >= arrived.len() && sent[..arrived.len()] == arrived[..], "heard {arrived:?}, has {sent:?}");
    assert!(sent.len() <= arrived.len() + 1, "more was recorded than could be sent");
    // The next line is sent only when the reply to the one before is there, so that is recorded as well.
    for (n, line) in heard.iter().take(recorded.len()).enumerate() {
        assert_eq!(&recorded[n], line, "record {n} of {recorded:#?}");
    }
    assert!(recorded.len() + 3 >= heard.len(), "{} of {} are recorded", recorded.len(), heard.len());
    recorded.len()
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Kills a replay that writes as fast as it can.
fn kill_a_run(script: &str, after: Duration) -> usize {
    let home = Home::new();
    let (address, heard) = server();
    let script = home.put("long.smtp", script);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("run")
        .arg(script)
        .args(["--target", &address, "--quiet", "--state"])
        .arg(home.state())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Instant::now();
    // The instant counts from the first line, where there is one before the test gives up waiting.
    while heard.lock().unwrap().is_empty() && since.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    check(&home, &heard)
}

/// Kills a workbench that somebody types into.
fn kill_a_workbench(dice: &mut Dice) -> usize {
    let home = Home::new();
    let (address, heard) = server();
    let mut terminal = Terminal::start(&home, &[&address], LARGE);
    let lines = dice.below(6);
    if lines > 0 || dice.below(4) > 0 {
        terminal.wait_for("220 mx ESMTP");
    }
    for n in 0..lines {
        terminal.keys(&format!("NOOP {n}<Enter>")).wait_for(&format!("250-about NOOP {n}"));
        terminal.wait_until("nothing awaited", |screen| !screen.contains("is awaited"));
    }
    if lines > 0 {
        terminal.keys("NOOP last<Enter>");
    }
    std::thread::sleep(Duration::from_micros(dice.below(20_000)));
    terminal.signal(Signal::SIGKILL).exit();
    check(&home, &heard)
}

fn killed(instants: u64, seed: u64) {
    let mut dice = Dice(seed);
    let script = (0..20_000).fold(String::new(), |script, n| script + &format!("> NOOP {n}\n< 250\n"));
    let mut records = 0;
    for n in 0..instants {
        records += if n % 4 == 0 {
            kill_a_workbench(&mut dice)
        } else {
            kill_a_run(&script, Duration::from_micros(dice.below(60_000)))
        };
    }
    assert!(records > 0, "nothing was ever recorded");
}

#[test]
fn killed_at_some_instants_the_journal_lacks_at_most_the_record_being_written() {
    killed(12, 1);
}

#[test]
#[ignore = "takes some minutes: cargo test --test faults -- --ignored"]
fn killed_at_200_instants_the_journal_lacks_at_most_the_record_being_written() {
    killed(200, 20_261_123);
}
