//! A message of 100 MB from a file to a sink on loopback: `ehlo send` by DATA and by BDAT, beside curl and swaks in the
//! same run. `cargo bench --bench upload`. Time and octets a second, and the most memory that each had.
//!
//! The sink takes what comes, so that only the client is measured; what is not installed is left out with a word.

#![expect(clippy::print_stdout, reason = "it prints one table")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Octets of the message.
const SIZE: usize = 100_000_000;
/// How often each is run; the fastest counts.
const RUNS: usize = 3;
/// How often it is looked how much memory a client has.
const LOOK: Duration = Duration::from_millis(2);

fn main() {
    // `cargo test` runs benches once with --test: they only have to compile there.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("large.eml");
    message(&file);
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || sink(&stream));
        }
    });
    println!("{:<18} {:>9} {:>10} {:>12}", "client", "seconds", "MB/s", "memory MB");
    let state = folder.path().join("state");
    for (name, command) in clients(port, &file, &state) {
        let mut best: Option<(Duration, u64)> = None;
        for _ in 0..RUNS {
            match run(command()) {
                Ok((time, memory)) if best.is_none_or(|(before, _)| time < before) => best = Some((time, memory)),
                Ok(_) => {}
                Err(words) => {
                    println!("{name:<18} {words}");
                    break;
                }
            }
        }
        if let Some((time, memory)) = best {
            let seconds = time.as_secs_f64();
            let rate = f64::from(u32::try_from(SIZE / 1_000_000).expect("a hundred")) / seconds;
            let memory = format!("{}.{}", memory / 1024, memory % 1024 * 10 / 1024);
            println!("{name:<18} {seconds:>9.3} {rate:>10.0} {memory:>12}");
        }
    }
}

/// A message as mail programs write it: lines of 76 characters with CR LF, some of them with a dot first.
fn message(path: &Path) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("made"));
    out.write_all(b"From: <a@b.example>\r\nTo: <c@d.example>\r\nSubject: large\r\n\r\n").expect("written");
    let line = format!("{}\r\n", "QUJDREVGR0hJSktM".repeat(5).split_at(76).0);
    let dot = format!(".{}\r\n", &line[1..76]);
    let mut size = 0;
    while size < SIZE {
        let line = if size % 100 == 0 { &dot } else { &line };
        out.write_all(line.as_bytes()).expect("written");
        size += line.len();
    }
    out.flush().expect("written");
}

type Client = (&'static str, Box<dyn Fn() -> Command>);

fn clients(port: u16, file: &Path, state: &Path) -> Vec<Client> {
    let (path, state) = (file.display().to_string(), state.to_owned());
    let at = format!("@{path}");
    let ehlo = |more: &'static [&'static str]| {
        let (at, state) = (at.clone(), state.clone());
        Box::new(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
            command.arg("send").arg(format!("127.0.0.1:{port}")).args(["--from", "a@b.example", "--to", "c@d.example"]);
            command.args(["--helo", "me", "--no-tls", "--hide-all", "--data", &at]).args(more);
            command.arg("--state").arg(&state).arg("--config").arg(&state);
            command
        })
    };
    let swaks_file = at.clone();
    vec![
        ("ehlo send", ehlo(&[])),
        ("ehlo send --bdat", ehlo(&["--bdat", "10000000"])),
        (
            "curl",
            Box::new(move || {
                let mut command = Command::new("curl");
                command.args(["-s", "--mail-from", "a@b.example", "--mail-rcpt", "c@d.example", "-T", &path]);
                command.arg(format!("smtp://127.0.0.1:{port}/me"));
                command
            }),
        ),
        (
            "swaks",
            Box::new(move || {
                let mut command = Command::new("swaks");
                command.args(["--server", "127.0.0.1", "--port", &port.to_string(), "--from", "a@b.example"]);
                command.args(["--to", "c@d.example", "--helo", "me", "-ha", "--data", &swaks_file]);
                command
            }),
        ),
    ]
}

/// Runs a client; gives the time and the most memory it had, in KiB.
fn run(mut command: Command) -> Result<(Duration, u64), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("not measured: {error}"))?;
    let mut memory = 0;
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok((began.elapsed(), memory)),
            Some(status) => return Err(format!("failed: {status}")),
            None => memory = memory.max(peak(&child)),
        }
        std::thread::sleep(LOOK);
    }
}

/// The most memory that a process has had so far, in KiB; 0 where the system does not say.
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A server that takes everything.
fn sink(stream: &TcpStream) {
    let _ = serve(stream);
}

fn serve(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let mut writer = stream;
    writer.write_all(b"220 sink ESMTP\r\n")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_ascii_uppercase();
        let words: Vec<&str> = text.split(' ').collect();
        match words.first().copied().unwrap_or_default() {
            "EHLO" => writer.write_all(b"250-sink\r\n250-CHUNKING\r\n250 8BITMIME\r\n")?,
            "DATA" => {
                writer.write_all(b"354 go\r\n")?;
                to_the_dot(&mut reader)?;
                writer.write_all(b"250 taken\r\n")?;
            }
            "BDAT" => {
                let size = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
                std::io::copy(&mut reader.by_ref().take(size), &mut std::io::sink())?;
                writer.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => writer.write_all(b"250 ok\r\n")?,
        }
    }
}

/// Reads a message up to the lone dot.
fn to_the_dot(reader: &mut BufReader<&TcpStream>) -> std::io::Result<()> {
    const END: &[u8] = b"\r\n.\r\n";
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            return Ok(());
        }
        let read = block.len();
        tail.extend_from_slice(&block[read.saturating_sub(END.len())..]);
        let from = tail.len().saturating_sub(END.len());
        tail.drain(..from);
        reader.consume(read);
        // Dots are stuffed, so that this stands at the end alone.
        if tail == END {
            return Ok(());
        }
    }
}
