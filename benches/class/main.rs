//! A class under load: 500 students at once with their latencies, how soon the wall shows what happened, and 10,000 idle
//! connections. Prints one table. `cargo bench --bench class`; the clients are another process, so that both have their
//! descriptors for themselves.

#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends where it stands")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ehlo::class::Class;
use ehlo::class::settings::{Settings, Wish, folder};
use ehlo::class::wall::Wall;
use ehlo::world::{Directories, World};

const STUDENTS: usize = 500;
const IDLE: usize = 10_000;
/// The conversation of lesson 1.
const LINES: [&str; 7] = [
    "HELO noddy.com",
    "MAIL FROM:<dude@noddy.com>",
    "RCPT TO:<anotherdude@target.local>",
    "RCPT TO:<colleague@target.local>",
    "DATA",
    "Subject: hi\r\n\r\nhello\r\n.",
    "QUIT",
];

fn main() {
    raise();
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("students") => students(words[2].parse().unwrap(), &words[3]),
        Some("idle") => idle(words[2].parse().unwrap()),
        // `cargo test --benches` only wants to know that it starts.
        _ if !words.iter().any(|word| word == "--bench") => {}
        _ => measure(),
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads the table");
}

fn raise() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    }
}

fn reply(reader: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

/// A connection that was greeted. Where so many come at the same moment that the system loses one, it is tried again.
fn greeted(address: SocketAddr) -> BufReader<TcpStream> {
    loop {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let mut reader = BufReader::new(stream);
        let mut banner = String::new();
        if reader.read_line(&mut banner).is_ok_and(|count| count > 0) {
            reader.get_ref().set_read_timeout(None).unwrap();
            return reader;
        }
    }
}

/// One thread a student; prints the milliseconds of each exchange.
fn students(address: SocketAddr, code: &str) {
    let all: Vec<_> = (0..STUDENTS)
        .map(|n| {
            let code = code.to_owned();
            let student = move || {
                let mut reader = greeted(address);
                let mut writer = reader.get_ref().try_clone().unwrap();
                let mut took = Vec::new();
                let join = format!("NOOP join {code} student {n}");
                for line in std::iter::once(join.as_str()).chain(LINES) {
                    let began = Instant::now();
                    writer.write_all(format!("{line}\r\n").as_bytes()).unwrap();
                    let said = reply(&mut reader);
                    assert!(said.starts_with(['2', '3']), "{line}: {said}");
                    took.push(began.elapsed());
                }
                took
            };
            std::thread::Builder::new().stack_size(128 << 10).spawn(student).unwrap()
        })
        .collect();
    for one in all {
        for took in one.join().unwrap() {
            say(&(took.as_secs_f64() * 1000.0).to_string());
        }
    }
}

/// Opens as many connections as it can, says how many, and holds them until its input ends.
fn idle(address: SocketAddr) {
    let mut held = Vec::new();
    for _ in 0..IDLE {
        let Ok(mut stream) = TcpStream::connect(address) else { break };
        if stream.read_exact(&mut [0; 4]).is_err() {
            break;
        }
        held.push(stream);
    }
    say(&held.len().to_string());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn start(words: &[&str]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Resident memory, octets.
fn memory() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0
}

fn class(runtime: &tokio::runtime::Runtime, at: &std::path::Path) -> (Arc<Class>, SocketAddr, impl Drop) {
    let directories = Directories { config: at.join("c"), data: at.join("d"), state: at.join("s") };
    let world = World::real(directories);
    let folder = folder("bench", &world).unwrap();
    let wish = Wish { lessons: vec!["01".to_owned()], ..Wish::default() };
    let settings = Settings::take("bench", &folder, &wish, &world).unwrap();
    runtime.block_on(async {
        let class = Class::open(folder, settings, &world).unwrap();
        let (address, guard) = class.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        (class, address, guard)
    })
}

fn row(what: &str, figure: &str) {
    say(&format!("{what:58} {figure}"));
}

fn measure() {
    let at = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (class, address, _guard) = class(&runtime, at.path());
    let code = class.settings.code.clone();
    let before = memory();
    let began = Instant::now();
    let clients = start(&["students", &address.to_string(), &code]);
    let all_done = || {
        let done = class.students();
        done.len() == STUDENTS && done.iter().all(|s| s.with_current(|work| work.finished().is_some()) == Some(true))
    };
    while !all_done() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(began.elapsed() < Duration::from_mins(3), "the students do not come through");
    }
    let judged = began.elapsed();
    let output = clients.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut took: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    took.sort_by(f64::total_cmp);
    let at_share = |share: usize| took[(took.len() - 1) * share / 1000];
    row(
        &format!("{STUDENTS} students do lesson 1 at once, all judged after"),
        &format!("{:.2} s", judged.as_secs_f64()),
    );
    for (name, share) in [("median", 500), ("95 of 100", 950), ("99 of 100", 990), ("slowest", 1000)] {
        row(&format!("  an exchange takes, {name}"), &format!("{:.1} ms", at_share(share)));
    }
    row("  memory a student", &format!("{:.0} KiB", (memory() - before) / 1024.0 / 500.0));
    let began = Instant::now();
    let rows = Wall::of(&class).rows.len();
    row(
        &format!("the wall of {rows} students is worked out in"),
        &format!("{:.1} ms", began.elapsed().as_secs_f64() * 1000.0),
    );
    wall_latency(&class, address, &code);
    idle_connections(&class, address);
}

/// From the reply to a student until the wall has the tick.
fn wall_latency(class: &Class, address: SocketAddr, code: &str) {
    let mut took = Vec::new();
    for n in 0..100 {
        let stream = TcpStream::connect(address).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        reply(&mut reader);
        let name = format!("late {n}");
        writer.write_all(format!("NOOP join {code} {name}\r\n").as_bytes()).unwrap();
        reply(&mut reader);
        writer.write_all(b"HELO noddy.com\r\n").unwrap();
        reply(&mut reader);
        let began = Instant::now();
        while !Wall::of(class).rows.iter().any(|row| row.name == name && row.step == "2/6") {
            assert!(began.elapsed() < Duration::from_secs(10), "the wall does not show it");
        }
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    row("the wall has a tick after the student's reply, median", &format!("{:.1} ms", took[50]));
    row("  slowest of 100", &format!("{:.1} ms", took[99]));
}

fn idle_connections(class: &Class, address: SocketAddr) {
    let before = memory();
    let began = Instant::now();
    let mut clients = start(&["idle", &address.to_string()]);
    let mut line = String::new();
    BufReader::new(clients.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let held: f64 = line.trim().parse().unwrap();
    row(
        "idle connections that are held",
        &format!("{held:.0} of {IDLE}, opened in {:.1} s", began.elapsed().as_secs_f64()),
    );
    row("  memory a connection", &format!("{:.1} KiB", (memory() - before) / 1024.0 / held.max(1.0)));
    one_more(class, address);
    drop(clients.stdin.take());
    clients.wait().unwrap();
}

fn one_more(class: &Class, address: SocketAddr) {
    let stream = TcpStream::connect(address).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    reply(&mut reader);
    let join = format!("NOOP join {} last", class.settings.code);
    let mut took = Vec::new();
    for line in std::iter::once(join.as_str()).chain(LINES) {
        let began = Instant::now();
        writer.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        reply(&mut reader);
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    row("  beside them, the slowest exchange of lesson 1", &format!("{:.1} ms", took[took.len() - 1]));
}
