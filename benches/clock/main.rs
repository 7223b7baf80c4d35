//! The workbench against the clock, as somebody at a terminal meets it: `cargo bench --bench clock`.
//!
//! The built binary runs in a pseudo-terminal, beside its baselines in the same run: a bare ratatui screen, `less` on the
//! same file, and octets copied over loopback. Printed is a table; nothing is judged here, since a figure of a busy
//! machine says nothing. `EHLO_REST=300` sets how many seconds are spent at rest (else 20).

mod bare;
mod sample;
mod screen;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use screen::{Screen, Spread};

/// Starts of a program for one figure.
const STARTS: usize = 30;
/// Keys pressed for one figure.
const KEYS: usize = 500;
/// Replies that nobody asked for, as many as the flooding peer would send.
const FLOOD: usize = 1_000_000;

fn main() {
    if std::env::args().any(|argument| argument == "--bare") {
        bare::run();
        return;
    }
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |records| {
        let path = dir.path().join(format!("{records}.smtp"));
        std::fs::write(&path, sample::transcript(records)).expect("a temporary file");
        path
    };
    let (small, large) = (file(10_000), file(1_000_000));
    row("what", "ehlo", "baseline");
    row("---", "---", "---");
    starts(dir.path());
    opening(dir.path(), &small, &large);
    keys(dir.path(), &small, &large);
    search(dir.path(), &large);
    flood(dir.path());
    rest(dir.path());
}

fn row(what: &str, ehlo: &str, baseline: &str) {
    writeln!(std::io::stdout(), "| {what} | {ehlo} | {baseline} |").expect("somebody reads the table");
}

fn starts(home: &Path) {
    let time = |start: &dyn Fn() -> Screen, text: &str| {
        let each = (0..STARTS).map(|_| {
            let mut screen = start();
            let time = screen.shown(text).expect("the first screen");
            screen.kill();
            time
        });
        Spread::of(each.collect())
    };
    let bare = time(&|| Screen::bare(home), "row 1");
    let ours = time(&|| Screen::ehlo(home, &[]), "Lab");
    row("first frame of the start screen", &ours.to_string(), &format!("{bare} (bare ratatui screen)"));
    let help = (0..STARTS).map(|_| {
        let begun = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_ehlo")).arg("--version").stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "--version");
        begun.elapsed()
    });
    row("the process alone (`ehlo --version`)", &Spread::of(help.collect()).to_string(), "");
}

fn opening(home: &Path, small: &Path, large: &Path) {
    let path = large.to_string_lossy().into_owned();
    let octets = std::fs::metadata(large).map_or(0, |data| data.len());
    let (mut first, mut whole, mut less) = (Vec::new(), Vec::new(), Vec::new());
    let mut heads: [Vec<Duration>; 2] = Default::default();
    let mut memory = 0;
    for _ in 0..5 {
        let mut screen = Screen::ehlo(home, &["open", &path]);
        first.push(screen.shown("220 mx.target.local").expect("the first records"));
        // The title says `opened …` until all of it is there.
        whole.push(screen.shown("· opened ┐").expect("all of it"));
        memory = screen.memory();
        screen.kill();
        if let Some(mut screen) = Screen::less(home, &path) {
            heads[0].push(screen.shown(HEAD).expect("the head of the file"));
            screen.settle();
            less.push(screen.press(b"G").expect("the end of the file"));
            screen.kill();
        }
        if let Some(mut screen) = Screen::lnav(home, &path) {
            heads[1].push(screen.shown(HEAD).expect("the head of the file"));
            screen.kill();
        }
    }
    let mut screen = Screen::ehlo(home, &["open", &small.to_string_lossy()]);
    screen.shown("· opened ┐").expect("all of it");
    let base = screen.memory();
    screen.kill();
    let to_the_end =
        if less.is_empty() { "less is missing".to_owned() } else { format!("{} (less, `G`)", Spread::of(less)) };
    let heads = ["less", "lnav"].into_iter().zip(heads).map(|(name, times)| beside(name, spread(times)));
    let heads = heads.collect::<Vec<_>>().join("; ");
    row("1,000,000 records: the beginning is shown", &Spread::of(first).to_string(), &heads);
    row("1,000,000 records: all read and folded", &Spread::of(whole).to_string(), &to_the_end);
    let hundredths = memory * 100 / octets.max(1);
    row(
        "1,000,000 records: memory",
        &format!("{} MB, {}.{:02} times the file", memory >> 20, hundredths / 100, hundredths % 100),
        &format!("{} MB file", octets >> 20),
    );
    row("memory for a record", &format!("{} octets", memory.saturating_sub(base) / 990_000), "");
}

fn keys(home: &Path, small: &Path, large: &Path) {
    let press = |mut screen: Screen, keys: &[&[u8]]| {
        let times = keys.iter().cycle().take(KEYS).filter_map(|key| screen.press(key)).collect();
        screen.kill();
        Spread::of(times)
    };
    let bare = press(Screen::bare(home).ready("row 1"), &[b"j", b"j", b"k"]);
    for (path, name) in [(small, "10,000"), (large, "1,000,000")] {
        let path = path.to_string_lossy().into_owned();
        let open = || Screen::ehlo(home, &["open", &path]).ready("· opened ┐");
        let ours = press(open(), &[b"j", b"j", b"[", b"k", b"]", b"\x04", b"\x15", b"G", b"g"]);
        let read = |screen: Option<Screen>| {
            screen.map(|screen| press(screen.ready(HEAD), &[b"j", b"j", b"k", b"\x04", b"\x15"]))
        };
        let less = beside("less", read(Screen::less(home, &path)));
        let lnav = beside("lnav", read(Screen::lnav(home, &path)));
        row(
            &format!("a key painted, {name} records open"),
            &ours.to_string(),
            &format!("{bare} (bare); {less}; {lnav}"),
        );
    }
}

/// A text that stands once, near the end: from the keys until its line is shown.
fn search(home: &Path, large: &Path) {
    let text = std::fs::read_to_string(large).expect("the sample is text");
    let (before, _) = text.rsplit_once("@department.target.local>: Recipient ok").expect("a recipient");
    let number = &before[before.len() - 9..];
    let (keys, found) = (format!("/{number}\r"), format!("{number}@"));
    let path = large.to_string_lossy().into_owned();
    let time = |found: &str, open: &dyn Fn() -> Option<Screen>| -> Option<Spread> {
        let each = (0..5).map(|_| {
            let mut screen = open()?;
            let time = screen.type_until(keys.as_bytes(), found);
            screen.kill();
            time
        });
        each.collect::<Option<Vec<_>>>().map(Spread::of)
    };
    let ours = time(&found, &|| Some(Screen::ehlo(home, &["open", &path]).ready("· opened ┐")));
    let less = beside("less", time(&found, &|| Screen::less(home, &path).map(|screen| screen.ready(HEAD))));
    // It counts them, and stays where it is until one goes on.
    let lnav =
        time(&format!("hits for “{number}”"), &|| Screen::lnav(home, &path).map(|screen| screen.ready(HEAD)));
    let lnav = beside("lnav", lnav);
    let ours = ours.map_or_else(|| "nothing was found".to_owned(), |spread| spread.to_string());
    row("1,000,000 records: a text near the end is found", &ours, &format!("{less}; {lnav}"));
}

/// The head of a transcript, which other programs show as it stands.
const HEAD: &str = "ehlo = 1";

/// What another program took, where it did it.
fn beside(name: &str, spread: Option<Spread>) -> String {
    spread.map_or_else(|| format!("{name} is missing or found nothing"), |spread| format!("{spread} ({name})"))
}

/// What these times come to; none where there is none.
fn spread(times: Vec<Duration>) -> Option<Spread> {
    (!times.is_empty()).then(|| Spread::of(times))
}

fn megabytes_a_second(octets: usize, time: Duration) -> u128 {
    octets as u128 / time.as_micros().max(1)
}

/// A peer that speaks without end while somebody types.
fn flood(home: &Path) {
    let line = b"250 2.1.5 <recipient.number.000000001@department.target.local>: Recipient ok\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let peer = std::thread::spawn(move || {
        for stream in listener.incoming().take(2).flatten() {
            let mut stream: TcpStream = stream;
            let block = line.repeat(1000);
            let _ = stream.write_all(b"220 mx.target.local ESMTP\r\n");
            let mut go = [0];
            let _ = stream.read(&mut go);
            for _ in 0..FLOOD / 1000 {
                if stream.write_all(&block).is_err() {
                    return;
                }
            }
        }
    });
    let mut raw = TcpStream::connect(("127.0.0.1", port)).expect("loopback");
    raw.write_all(b"x").expect("loopback");
    let (mut buffer, mut octets, begun) = (vec![0; 1 << 16], 0, Instant::now());
    while let Ok(count @ 1..) = raw.read(&mut buffer) {
        octets += count;
    }
    let copied = megabytes_a_second(octets, begun.elapsed());
    let home = &home.join("flood");
    std::fs::create_dir_all(home).expect("a temporary directory");
    let mut screen = Screen::ehlo(home, &[&format!("127.0.0.1:{port}")]).ready("220 mx");
    screen.type_in(b"NOOP\r");
    let mut times = Vec::new();
    let begun = Instant::now();
    // So much that nobody asked for is taken, then it stops reading and says so.
    let mut stopped = None;
    for n in 1.. {
        times.extend(screen.type_until(b"x", &"x".repeat(n)));
        if screen.says("eading has stopped") {
            stopped = Some(begun.elapsed());
            break;
        }
        if begun.elapsed() > Duration::from_mins(1) || n > 90 {
            break;
        }
    }
    if stopped.is_none() && screen.comes("eading has stopped") {
        stopped = Some(begun.elapsed());
    }
    let memory = screen.memory() >> 20;
    screen.kill();
    // What the transcript holds is what was taken, not what was sent.
    let kept = recorded(home);
    let taken = stopped.map_or("never stopped reading".to_owned(), |time| {
        format!("{} MB/s, {kept} replies recorded", megabytes_a_second(kept * line.len(), time))
    });
    row("a flood of unasked replies, until reading stops", &taken, &format!("{copied} MB/s (raw copy)"));
    row("a key painted in that flood", &Spread::of(times).to_string(), "");
    row("memory at its end", &format!("{memory} MB"), "");
    let _ = peer.join();
}

/// Replies of the flood in the transcripts of a directory.
fn recorded(home: &Path) -> usize {
    let years = std::fs::read_dir(home.join("state/transcripts")).into_iter().flatten().flatten();
    let files = years.flat_map(|year| std::fs::read_dir(year.path()).into_iter().flatten().flatten());
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    texts.map(|text| text.lines().filter(|line| line.contains(" < 250 2.1.5 ")).count()).sum()
}

/// Time spent with a connection open and nothing to do.
fn rest(home: &Path) {
    let seconds = std::env::var("EHLO_REST").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut screen = Screen::ehlo(home, &["lab:"]).ready("220 mx");
    screen.settle();
    let before = screen.work();
    std::thread::sleep(Duration::from_secs(seconds));
    let after = screen.work();
    screen.kill();
    let said = match (before, after) {
        (Some(before), Some(after)) => {
            // A thread that has ended takes its count with it.
            format!("{} wake-ups, {} ms of CPU", after.0.saturating_sub(before.0), after.1.saturating_sub(before.1))
        }
        _ => "unknown: there is no /proc".to_owned(),
    };
    row(&format!("{seconds} s at rest, connected to the lab"), &said, "");
}
