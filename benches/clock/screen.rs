//! A program in a pseudo-terminal, with the time of everything that it writes.

use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const COLUMNS: u16 = 120;
const ROWS: u16 = 33;
/// What the terminal is said to be.
const TERM: &str = "xterm-256color";
/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// A screen that has not changed for so long is painted.
const CALM: Duration = Duration::from_millis(12);

/// Times, in order.
pub(super) struct Spread(Vec<Duration>);

impl Spread {
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

impl std::fmt::Display for Spread {
    /// `median, 99th percentile, worst`, in milliseconds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |share: usize| self.0.get((self.0.len() * share / 100).min(self.0.len().saturating_sub(1)));
        let ms = |share| at(share).map_or(f64::NAN, |time: &Duration| time.as_secs_f64() * 1000.0);
        write!(f, "{:.2} ms, p99 {:.2}, worst {:.2}", ms(50), ms(99), ms(100))
    }
}

/// The program, and what it has written.
pub(super) struct Screen {
    started: Instant,
    output: Receiver<(Instant, Vec<u8>)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    parser: vt100::Parser,
    /// Kept open as long as the program runs.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    /// The workbench.
    pub(super) fn ehlo(home: &Path, arguments: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ehlo"));
        command.args(arguments);
        command.args([
            "--state",
            &home.join("state").to_string_lossy(),
            "--config",
            &home.join("config").to_string_lossy(),
        ]);
        Self::start(home, TERM, command)
    }

    /// A bare ratatui screen: this very program.
    pub(super) fn bare(home: &Path) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().expect("a program has a path"));
        command.arg("--bare");
        Self::start(home, TERM, command)
    }

    /// `less` on a file, where it is installed.
    pub(super) fn less(home: &Path, path: &str) -> Option<Self> {
        Self::program(home, "less", TERM, &["-n", path])
    }

    /// `lnav` on a file, from its beginning, where it is installed.
    pub(super) fn lnav(home: &Path, path: &str) -> Option<Self> {
        // What repeats a character by a sequence of its own, as it does in xterm, can't be read here.
        Self::program(home, "lnav", "screen-256color", &["-c", ":goto 0", path])
    }

    /// Another program, where it is installed.
    fn program(home: &Path, program: &str, term: &str, arguments: &[&str]) -> Option<Self> {
        let there = std::env::split_paths(&std::env::var_os("PATH")?).any(|dir| dir.join(program).is_file());
        there.then(|| {
            let mut command = CommandBuilder::new(program);
            command.args(arguments);
            Self::start(home, term, command)
        })
    }

    fn start(home: &Path, term: &str, mut command: CommandBuilder) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        command.env("TERM", term);
        command.env("LANG", "C.UTF-8");
        command.env("HOME", home);
        command.cwd(home);
        let mut reader = pair.master.try_clone_reader().expect("its other end");
        let (sender, output) = channel();
        let keyboard = pair.master.take_writer().expect("its keyboard");
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let rows = ROWS.try_into().expect("rows");
        let parser = vt100::Parser::new(rows, COLUMNS.try_into().expect("columns"), 0);
        Self { started, output, keyboard, child, parser, _master: pair.master }
    }

    /// From the start until a text is on the screen.
    pub(super) fn shown(&mut self, text: &str) -> Option<Duration> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (at, bytes) = self.output.recv_timeout(deadline.checked_duration_since(Instant::now())?).ok()?;
            self.parser.process(&bytes);
            if self.says(text) {
                return Some(at - self.started);
            }
        }
    }

    /// The program once a text is on its screen and it has come to rest.
    pub(super) fn ready(mut self, text: &str) -> Self {
        assert!(self.shown(text).is_some(), "{text:?} is not shown:\n{}", self.parser.screen().contents());
        self.settle();
        self
    }

    /// Takes in what is written until nothing is written any more.
    pub(super) fn settle(&mut self) {
        while let Ok((_, bytes)) = self.output.recv_timeout(Duration::from_millis(300)) {
            self.parser.process(&bytes);
        }
    }

    /// Whether the screen shows a text.
    pub(super) fn says(&self, text: &str) -> bool {
        self.parser.screen().contents().contains(text)
    }

    /// Presses keys without waiting for what they do.
    pub(super) fn type_in(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).and_then(|()| self.keyboard.flush()).expect("a keyboard");
    }

    /// From a key until the last octet of what it changes; none where it changes nothing.
    pub(super) fn press(&mut self, key: &[u8]) -> Option<Duration> {
        let begun = Instant::now();
        self.type_in(key);
        let mut painted = None;
        let deadline = begun + Duration::from_millis(500);
        while Instant::now() < deadline {
            match self.output.recv_timeout(if painted.is_some() { CALM } else { Duration::from_millis(250) }) {
                Ok((at, bytes)) => {
                    self.parser.process(&bytes);
                    // The first octets after the key: in a flood the screen never comes to rest.
                    painted = painted.or(Some(at - begun));
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        painted
    }

    /// From a key until the screen shows a text, while the program may be writing all the time.
    pub(super) fn type_until(&mut self, key: &[u8], text: &str) -> Option<Duration> {
        let begun = Instant::now();
        self.type_in(key);
        self.comes(text).then(|| begun.elapsed())
    }

    /// Waits until the screen shows a text.
    pub(super) fn comes(&mut self, text: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !self.says(text) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            let Ok((_, bytes)) = self.output.recv_timeout(left) else { return false };
            self.parser.process(&bytes);
        }
        true
    }

    /// The most memory that the program has held, in octets; 0 where there is no /proc.
    pub(super) fn memory(&self) -> u64 {
        let status = self.proc("status").unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        kib.unwrap_or(0_u64) * 1024
    }

    /// How often the program's threads have run, and for how many milliseconds.
    pub(super) fn work(&self) -> Option<(u64, u64)> {
        let process = self.child.process_id()?;
        let mut switches = 0;
        for task in std::fs::read_dir(format!("/proc/{process}/task")).ok()?.flatten() {
            let status = std::fs::read_to_string(task.path().join("status")).ok()?;
            let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
            switches += counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum::<u64>();
        }
        let stat = self.proc("stat")?;
        let after = stat.rsplit(')').next()?;
        let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Some((switches, ticks * 10))
    }

    fn proc(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.process_id()?)).ok()
    }

    /// Ends the program.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
