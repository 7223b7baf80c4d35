//! Meets a behaviour twice: in the workbench and by `ehlo run`; measures and judges.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::behaviour::Behaviour;
use super::{judge, wire};
use crate::terminal::{Home, Terminal};

/// The name of the profile that leads to the peer.
const PROFILE: &str = "peer";
/// Typed to see how soon a key is painted; it is in nothing that the program shows.
const PROBE: &str = "¤";
/// How long what is to be shown may take to come, beyond the time-outs.
const PATIENCE: Duration = Duration::from_secs(40);
/// A key must be painted by then, however loaded the machine is and though nothing is optimised; the goal of the program
/// as it is shipped, on a machine at rest, is 100 ms.
const PAINTED: Duration = Duration::from_secs(5);
/// Quitting must be done by then, however loaded the machine is; the goal is a fifth of it.
const LEFT: Duration = Duration::from_secs(5);
/// The most memory that a peer may make the program take.
const MEMORY: u64 = 100 << 20;

/// What was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// From a key to its paint, the worst.
    pub(crate) paint: Duration,
    /// From Ctrl-Q to the end.
    pub(crate) leave: Duration,
    /// Peak resident set, octets; 0 where the system does not say.
    pub(crate) memory: u64,
    /// The screen, or what was written on standard error.
    pub(crate) showed: String,
}

/// Opens the workbench on the peer, types, looks, leaves.
pub(crate) fn workbench(behaviour: &Behaviour) -> Result<Figures, String> {
    let home = Home::new();
    prepare(&home, behaviour);
    let mut terminal = Terminal::start(&home, &[PROFILE], (120, 33));
    // Until it has drawn, keys may still be the terminal's own.
    if !terminal.is_within(PATIENCE, |screen| screen.contains("F1 help")) {
        return Err(format!("it draws nothing\n{}", terminal.screen()));
    }
    let mut figures = Figures::default();
    if !behaviour.lines.is_empty() {
        await_words(&mut terminal, &["220 hostile.example".to_owned()], &mut figures)?;
    }
    for (line, then) in &behaviour.lines {
        terminal.keys(line);
        if !terminal.is_within(PATIENCE, |screen| screen.contains(line)) {
            return Err(format!("`{line}` was typed and is not to be seen\n{}", terminal.screen()));
        }
        terminal.keys("<Enter>");
        if !then.is_empty() {
            await_words(&mut terminal, std::slice::from_ref(then), &mut figures)?;
        }
    }
    await_words(&mut terminal, &behaviour.shows, &mut figures)?;
    probe(&mut terminal, &mut figures)?;
    figures.memory = peak(terminal.process());
    figures.showed = terminal.screen();
    leave(&mut terminal, &mut figures)?;
    judge::terminal(&terminal.raw())?;
    let file: String = home.transcripts().iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    nothing_of(&behaviour.never, &[&figures.showed, &file])?;
    bounded(&figures)?;
    Ok(figures)
}

/// Waits until the screen shows all of these at once, and types all the while.
fn await_words(terminal: &mut Terminal, words: &[String], figures: &mut Figures) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let all = |screen: &str| {
        let flowing = flowing(screen);
        words.iter().all(|words| flowing.contains(words))
    };
    while !terminal.is_within(Duration::from_millis(100), all) {
        if terminal.has_ended() {
            return Err(format!("it ended by itself\n{}", terminal.screen()));
        }
        if Instant::now() > deadline {
            let screen = terminal.screen();
            let text = flowing(&screen);
            let missing: Vec<_> = words.iter().filter(|words| !text.contains(*words)).collect();
            return Err(format!("not on the screen: {missing:?}\n{screen}"));
        }
        probe(terminal, figures)?;
    }
    Ok(())
}

/// Types a character and takes it back; how long it takes to be painted is noted.
fn probe(terminal: &mut Terminal, figures: &mut Figures) -> Result<(), String> {
    for (key, there) in [(PROBE, true), ("<Back>", false)] {
        let pressed = Instant::now();
        terminal.keys(key);
        if !terminal.is_within(PATIENCE, |screen| screen.contains(PROBE) == there) {
            return Err(format!("the key {key} is not painted\n{}", terminal.screen()));
        }
        figures.paint = figures.paint.max(pressed.elapsed());
    }
    Ok(())
}

/// Presses Ctrl-Q, and q where it asks; the terminal must be as it was.
fn leave(terminal: &mut Terminal, figures: &mut Figures) -> Result<(), String> {
    let mut pressed = Instant::now();
    terminal.keys("<C-q>");
    let asks = |screen: &str| screen.contains("still open");
    if terminal.is_within(Duration::from_secs(20), |screen| asks(screen)) {
        figures.leave = pressed.elapsed();
        terminal.answer("q");
        pressed = Instant::now();
    }
    // Where other things keep the machine busy, the answer may have come before it was to be taken for one.
    let too_soon = |screen: &str| screen.contains("Typed too soon");
    if !terminal.has_ended() && terminal.is_within(Duration::from_secs(20), too_soon) {
        terminal.answer("q");
        pressed = Instant::now();
    }
    if !terminal.has_ended() {
        terminal.is_within(Duration::from_secs(20), |_| false);
    }
    if !terminal.has_ended() {
        return Err(format!("Ctrl-Q does not end it\n{}", terminal.screen()));
    }
    figures.leave += pressed.elapsed();
    if !terminal.exit().success() {
        return Err(format!("it did not end well\n{}", terminal.screen()));
    }
    terminal.assert_restored();
    let screen = terminal.screen();
    if screen.contains("panicked") { Err(format!("it panicked\n{screen}")) } else { Ok(()) }
}

/// Runs the script against the peer without a screen.
pub(crate) fn headless(behaviour: &Behaviour) -> Result<Figures, String> {
    let home = Home::new();
    prepare(&home, behaviour);
    let script = home.path().join("script.smtp");
    std::fs::write(&script, behaviour.script()).expect("the home is writable");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["run", "--target", PROFILE])
        .arg(&script)
        .arg("--config")
        .arg(config(&home))
        .arg("--state")
        .arg(home.state())
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let out = read(child.stdout.take().expect("it is piped"));
    let err = read(child.stderr.take().expect("it is piped"));
    let mut figures = Figures::default();
    let deadline = Instant::now() + 2 * PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        figures.memory = figures.memory.max(peak(child.id()));
        if Instant::now() > deadline {
            let _ = child.kill();
            return Err("it does not end".to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let (out, err) = (out.join().expect("a reader"), err.join().expect("a reader"));
    judge::stream(&out).map_err(|words| format!("standard output: {words}"))?;
    judge::stream(&err).map_err(|words| format!("standard error: {words}"))?;
    let (out, err) = (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned());
    let (code, words) = &behaviour.exit;
    let lines = err.lines().count();
    // A refusal that the run goes on from stands in the result, on standard output; what ends a run is one line.
    let well_said = if *code == 0 || lines == 0 && words.is_empty() { lines == 0 } else { lines == 1 };
    let well_said = well_said && (*code == 0 || lines == 1 || out.contains(" refused"));
    if status.code() != Some(*code) || !err.contains(words) || !well_said {
        let tail: String = out
            .lines()
            .rev()
            .take(30)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .fold(String::new(), |all, line| all + &line.chars().take(300).collect::<String>() + "\n");
        return Err(format!("{status} instead of {code} `{words}`; standard error:\n{err}standard output:\n{tail}"));
    }
    nothing_of(&behaviour.never, &[&out, &err])?;
    figures.showed = err;
    bounded(&figures)?;
    Ok(figures)
}

fn config(home: &Home) -> PathBuf {
    home.path().join("config")
}

fn prepare(home: &Home, behaviour: &Behaviour) {
    let profiles = config(home).join("profiles");
    std::fs::create_dir_all(&profiles).expect("the home is writable");
    let port = wire::play(&behaviour.conduct).port();
    std::fs::write(profiles.join(format!("{PROFILE}.toml")), behaviour.profile(port)).expect("the home is writable");
}

fn read(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut octets = Vec::new();
        // What came until it broke is all there is.
        let _ = from.read_to_end(&mut octets);
        octets
    })
}

/// The most memory that a process has had so far; 0 where the system does not say.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) << 10
}

fn nothing_of(never: &[String], texts: &[&str]) -> Result<(), String> {
    match never.iter().find(|words| texts.iter().any(|text| text.contains(*words))) {
        Some(words) => Err(format!("`{words}` is to be seen\n{}", texts.join("\n"))),
        None => Ok(()),
    }
}

fn bounded(figures: &Figures) -> Result<(), String> {
    if figures.paint > PAINTED {
        return Err(format!("a key was painted after {:?}\n{}", figures.paint, figures.showed));
    }
    if figures.leave > LEFT {
        return Err(format!("Ctrl-Q took {:?}", figures.leave));
    }
    if figures.memory > MEMORY {
        return Err(format!("it took {} MiB of memory\n{}", figures.memory >> 20, figures.showed));
    }
    Ok(())
}

/// The screen as it stands, and each of its columns without frames and line breaks, so that a sentence is found however
/// it is broken.
fn flowing(screen: &str) -> String {
    let mut columns = [Vec::new(), Vec::new()];
    for row in screen.lines() {
        let (left, right) = row.split_once("││").unwrap_or((row, ""));
        for (column, text) in columns.iter_mut().zip([left, right]) {
            column.extend(text.split(|c: char| c.is_whitespace() || c == '│').filter(|word| !word.is_empty()));
        }
    }
    let [left, right] = columns.map(|words| words.join(" "));
    format!("{screen}\n{left}\n{right}")
}
