//! 1,000 conversations from scripts, as `ehlo run --jobs` holds them, beside the same by swaks, a process each and as many at
//! once, in the same run: `cargo bench --bench scripts`. Both talk to one server on loopback that takes everything at once.
//!
//! What is not installed is left out with a word. `EHLO_SCRIPTS=100` sets how many there are.

#![expect(clippy::print_stdout, reason = "it prints one table")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Conversations that are held at once.
const JOBS: [usize; 3] = [1, 8, 64];

fn main() {
    // `cargo test` runs benches once with --test: they only have to compile there.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let count = std::env::var("EHLO_SCRIPTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let folder = tempfile::tempdir().expect("a directory");
    let scripts: Vec<PathBuf> = (0..count).map(|n| script(folder.path(), n)).collect();
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("bound").port();
    let taken = Arc::new(AtomicUsize::new(0));
    let messages = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let messages = Arc::clone(&messages);
            std::thread::spawn(move || serve(&stream, &messages));
        }
    });
    println!("{:<24} {:>9} {:>16} {:>10}", "conversations", "seconds", "conversations/s", "messages");
    for jobs in JOBS {
        let state = folder.path().join(format!("state-{jobs}"));
        report(&format!("ehlo run --jobs {jobs}"), count, &taken, &|| ehlo(&scripts, port, jobs, &state));
        report(&format!("swaks, {jobs} at once"), count, &taken, &|| swaks(count, port, jobs));
    }
}

fn report(name: &str, count: usize, taken: &AtomicUsize, hold: &dyn Fn() -> Result<(), String>) {
    taken.store(0, Ordering::SeqCst);
    let begun = Instant::now();
    match hold() {
        Ok(()) => {
            let time = begun.elapsed();
            let rate = count as u128 * 1_000 / time.as_millis().max(1);
            let seconds = time.as_secs_f64();
            println!("{name:<24} {seconds:>9.3} {rate:>16} {:>10}", taken.load(Ordering::SeqCst));
        }
        Err(words) => println!("{name:<24} {words}"),
    }
}

/// A script of one message to one recipient, each with its number.
fn script(folder: &Path, n: usize) -> PathBuf {
    let path = folder.join(format!("{n:04}.smtp"));
    let text = format!(
        "< 220\n> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<r{n}@target.local>\n< 250\n\
         > DATA\n< 354\n| Subject: {n}\n|\n| Hello.\n> .\n< 250\n> QUIT\n< 221\n"
    );
    std::fs::write(&path, text).expect("written");
    path
}

fn ehlo(scripts: &[PathBuf], port: u16, jobs: usize, state: &Path) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("run").args(scripts).arg("--target").arg(format!("127.0.0.1:{port}"));
    command.arg("--jobs").arg(jobs.to_string()).args(["--report", "tap"]);
    command.arg("--state").arg(state).arg("--config").arg(state);
    ended(&mut command)
}

fn ended(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("it ended with {status}")),
        Err(error) => Err(format!("is missing: {error}")),
    }
}

/// The same messages by swaks, which holds one conversation a process.
fn swaks(count: usize, port: u16, jobs: usize) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= count {
                        return;
                    }
                    let mut command = Command::new("swaks");
                    command.args(["--server", "127.0.0.1", "--port", &port.to_string(), "--helo", "noddy.com"]);
                    command.args(["--from", "dude@noddy.com", "--to", &format!("r{n}@target.local")]);
                    command.args(["--data", &format!("Subject: {n}\\n\\nHello.")]);
                    if let Err(words) = ended(&mut command) {
                        next.store(count, Ordering::SeqCst);
                        failed.lock().expect("nobody panics with it").get_or_insert(words);
                    }
                }
            });
        }
    });
    failed.into_inner().expect("nobody panics with it").map_or(Ok(()), Err)
}

/// Takes every message at once.
fn serve(stream: &TcpStream, messages: &AtomicUsize) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let mut answer = stream;
    let mut say = |line: &str| answer.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    if !say("220 mx.target.local ESMTP") {
        return;
    }
    let mut content = false;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let reply = match (content, line.as_str()) {
            (true, ".") => {
                content = false;
                messages.fetch_add(1, Ordering::SeqCst);
                "250 2.0.0 Ok"
            }
            (true, _) => continue,
            (false, "DATA") => {
                content = true;
                "354 Go ahead"
            }
            (false, "QUIT") => {
                say("221 2.0.0 Bye");
                return;
            }
            (false, _) => "250 Ok",
        };
        if !say(reply) {
            return;
        }
    }
}
