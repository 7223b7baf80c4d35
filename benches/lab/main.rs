//! The lab's throughput beside Postfix's `smtp-sink` and aiosmtpd, each a process of its own, in the same run: messages a
//! second with Postfix's `smtp-source` as the client, at 1, 10 and 100 sessions, with a connection for each message and
//! with one for many; idle connections, and the memory of each. `cargo bench --bench lab`; what is not installed (Debian:
//! `postfix`, `python3-aiosmtpd`) is left out with a word.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench: it prints one table, or ends where it stands")]

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Messages of one run: enough that the start of the client weighs little.
const MESSAGES: u32 = 10_000;
/// Octets of one message.
const OCTETS: &str = "1024";
/// Sessions at a time.
const SESSIONS: [&str; 3] = ["1", "10", "100"];
/// How often each is run; the fastest counts.
const RUNS: usize = 3;
/// Connections that are made and given up before.
const FIRST: usize = 20;
/// Connections that are held.
const IDLE: usize = 5_000;

fn main() {
    // `cargo test` runs benches once with --test: they only have to compile there.
    if std::env::args().any(|argument| argument == "--test") || !std::env::args().any(|argument| argument == "--bench")
    {
        return;
    }
    raise();
    let folder = tempfile::tempdir().unwrap();
    for (name, command) in
        [("ehlo lab", ehlo as fn(&Path, u16) -> Option<Command>), ("smtp-sink", sink), ("aiosmtpd", aiosmtpd)]
    {
        let port = free_port();
        let Some(mut command) = command(folder.path(), port) else {
            println!("{name:<12} is not installed");
            continue;
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        if server.is_up() {
            server.idle(name);
            server.messages(name);
        } else {
            println!("{name:<12} does not start here");
        }
    }
}

/// As many descriptors as there may be; the servers inherit it.
fn raise() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    }
}

/// A port that is free now: these servers can't say which one they have taken.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where a program is, in PATH or where the system has its servers.
fn program(name: &str) -> Option<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin", "/usr/libexec/postfix"].map(Into::into));
    folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()).map(Command::new)
}

#[expect(clippy::unnecessary_wraps, reason = "the others may be missing, and all stand in one table")]
fn ehlo(folder: &Path, port: u16) -> Option<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("--config").arg(folder.join("config")).arg("--state").arg(folder.join("state"));
    command.args(["--quiet", "lab", "--listen", &format!("127.0.0.1:{port}")]);
    Some(command)
}

fn sink(_: &Path, port: u16) -> Option<Command> {
    let mut command = program("smtp-sink")?;
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        command.args(["-u", "nobody"]);
    }
    command.args(["-m", "20000", &format!("127.0.0.1:{port}"), "4096"]);
    Some(command)
}

fn aiosmtpd(_: &Path, port: u16) -> Option<Command> {
    let mut command = program("aiosmtpd")?;
    command.args(["-n", "-c", "aiosmtpd.handlers.Sink", "-l", &format!("127.0.0.1:{port}")]);
    Some(command)
}

/// A server that runs; killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A connection that was greeted; none where that does not come about.
    fn greeted(&self) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.read_exact(&mut [0; 4]).ok()?;
        Some(stream)
    }

    fn is_up(&self) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if self.greeted().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Resident memory, octets.
    fn memory(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        text.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0
    }

    /// Connections that say nothing.
    fn idle(&self, name: &str) {
        // What the first of them load is no connection's.
        drop(std::iter::from_fn(|| self.greeted()).take(FIRST).collect::<Vec<_>>());
        let before = self.memory();
        let began = Instant::now();
        let held: Vec<TcpStream> = std::iter::from_fn(|| self.greeted()).take(IDLE).collect();
        let took = began.elapsed().as_secs_f64();
        let count = f64::from(u32::try_from(held.len()).unwrap());
        println!("{name:<12} {:<34} {:>10}", "idle connections that are held", held.len());
        println!("{name:<12} {:<34} {:>10.0}", "  greeted, connections/s", count / took);
        println!("{name:<12} {:<34} {:>6.1} KiB", "  memory a connection", (self.memory() - before) / 1024.0 / count);
    }

    /// Messages, each over a connection of its own, and many over one.
    fn messages(&self, name: &str) {
        for (way, more) in [("each its connection", &[][..]), ("connections kept", &["-d"][..])] {
            for sessions in SESSIONS {
                let best = (0..RUNS).filter_map(|_| self.send(sessions, more)).max_by(f64::total_cmp);
                let what = format!("messages/s, {sessions} sessions, {way}");
                match best {
                    Some(rate) => println!("{name:<12} {what:<46} {rate:>8.0}"),
                    None => println!("{name:<12} {what:<46} smtp-source is not installed, or fails"),
                }
            }
        }
    }

    fn send(&self, sessions: &str, more: &[&str]) -> Option<f64> {
        let mut command = program("smtp-source")?;
        command.args(["-s", sessions, "-m", &MESSAGES.to_string(), "-l", OCTETS, "-M", "noddy.com"]).args(more);
        command.args(["-f", "dude@noddy.com", "-t", "anotherdude@target.local", &self.address.to_string()]);
        let began = Instant::now();
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        status.success().then(|| f64::from(MESSAGES) / began.elapsed().as_secs_f64())
    }
}
