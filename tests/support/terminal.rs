//! The built binary in a pseudo-terminal: keys in, screen out.
//!
//! Everything that is waited for has a deadline and is woken by the program's own output; nothing sleeps and hopes. Who answers a
//! question pauses before it, since the program asks for that.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

#[path = "leaks.rs"]
pub(crate) mod leaks;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who has read a question presses a key after such a pause; sooner, it is not taken for an answer.
const READ: Duration = Duration::from_secs(1);

/// Directories of a test's own: nothing of the person who runs the tests is read or written.
///
/// When it is dropped, every file in it that the program wrote is searched for every secret that the test named.
pub(crate) struct Home {
    dir: tempfile::TempDir,
    secrets: RefCell<Vec<String>>,
    /// What the test itself put there.
    given: RefCell<Vec<PathBuf>>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), secrets: RefCell::default(), given: RefCell::default() }
    }

    /// A secret of this test's conversations: no file may hold it.
    pub(crate) fn secret(&self, secret: &str) -> &Self {
        self.secrets.borrow_mut().push(secret.to_owned());
        self
    }

    /// Puts a file below this directory, which may hold what it likes; gives its place.
    pub(crate) fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        self.given.borrow_mut().push(path.clone());
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The transcripts that were written here, by name.
    pub(crate) fn transcripts(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.state().join("transcripts")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "smtp") {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// The text of the only transcript.
    pub(crate) fn transcript(&self) -> String {
        let found = self.transcripts();
        let [path] = found.as_slice() else { panic!("one transcript is expected, not {found:?}") };
        std::fs::read_to_string(path).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let found = leaks::leaks(self.path(), &self.secrets.borrow(), &self.given.borrow());
        assert!(found.is_empty() || std::thread::panicking(), "{found:#?}");
    }
}

/// What the program has said so far.
struct Output {
    screen: vt100::Parser,
    raw: Vec<u8>,
    /// The program's side of the terminal is closed.
    ended: bool,
    status: Option<ExitStatus>,
}

struct Shared {
    output: Mutex<Output>,
    changed: Condvar,
}

/// A program in a terminal.
pub(crate) struct Terminal {
    shared: Arc<Shared>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    process: Pid,
}

impl Terminal {
    /// Starts `ehlo` with these arguments at columns x rows.
    pub(crate) fn start(home: &Home, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::start_with(home, arguments, size, &[])
    }

    /// The same, with these variables in its environment.
    pub(crate) fn start_with(home: &Home, arguments: &[&str], size: (u16, u16), variables: &[(&str, &str)]) -> Self {
        let mut command = command(home, arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        Self::run(command, size)
    }

    /// Starts a program, which may be a shell that starts `ehlo`.
    pub(crate) fn run(command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let process = Pid::from_raw(i32::try_from(child.process_id().unwrap()).unwrap());
        let output = Output {
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            raw: Vec::new(),
            ended: false,
            status: None,
        };
        let shared = Arc::new(Shared { output: Mutex::new(output), changed: Condvar::new() });
        read_on(pair.master.try_clone_reader().unwrap(), Arc::clone(&shared));
        wait_on(child, Arc::clone(&shared));
        let keyboard = pair.master.take_writer().unwrap();
        Self { shared, master: pair.master, keyboard, process }
    }

    /// Presses keys: characters, and names in angle brackets: `<Enter> <Esc> <Tab> <Up> <F8> <C-q> <A-1>`. Angle
    /// brackets around anything else are characters.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        let mut bytes = Vec::new();
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).and_then(|(n, r)| Some((key(n)?, r)));
            if let Some((key, after)) = named {
                bytes.extend_from_slice(&key);
                rest = after;
            } else {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[c.len_utf8()..];
            }
        }
        self.keyboard.write_all(&bytes).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Answers the question on the screen, after the time that reading it takes.
    pub(crate) fn answer(&mut self, keys: &str) -> &mut Self {
        std::thread::sleep(READ);
        self.keys(keys)
    }

    /// Pastes a text as a terminal does (bracketed paste).
    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r")).as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contains(text))
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> &mut Self {
        self.wait(what, |output| is_so(&output.screen.screen().contents()).then_some(()));
        self
    }

    /// Waits at most so long until the screen is as it should be, or the program ends; gives whether it is.
    pub(crate) fn is_within(&self, patience: Duration, is_so: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut output = self.shared.output.lock().unwrap();
        loop {
            if is_so(&output.screen.screen().contents()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || output.ended && output.status.is_some() {
                return false;
            }
            output = self.shared.changed.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.output.lock().unwrap().status.is_some()
    }

    /// The program's process id.
    pub(crate) fn process(&self) -> u32 {
        self.process.as_raw().unsigned_abs()
    }

    /// What the screen shows.
    pub(crate) fn screen(&self) -> String {
        self.shared.output.lock().unwrap().screen.screen().contents()
    }

    /// Every octet that the program has written to the terminal.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shared.output.lock().unwrap().raw.clone()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.shared.output.lock().unwrap().screen.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
        self
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&mut self, signal: Signal) -> &mut Self {
        kill(self.process, signal).unwrap();
        self
    }

    /// Waits for the end of the program; gives its exit status.
    pub(crate) fn exit(&mut self) -> ExitStatus {
        self.wait("the end of the program", |output| output.status.clone().filter(|_| output.ended))
    }

    /// Checks that the program left the terminal as it found it: the plain screen, the cursor shown, no mouse and no
    /// bracketed paste.
    pub(crate) fn assert_restored(&self) {
        let output = self.shared.output.lock().unwrap();
        let screen = output.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was not left");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is still captured");
    }

    /// Checks that the program writes nothing for so long, once it has come to rest.
    pub(crate) fn assert_silent(&self, duration: Duration) {
        const REST: Duration = Duration::from_millis(400);
        let deadline = Instant::now() + PATIENCE;
        while !self.is_silent(REST) {
            assert!(Instant::now() < deadline, "the program never comes to rest");
        }
        let before = self.raw().len();
        assert!(self.is_silent(duration), "{:?} was written at rest", self.raw().get(before..));
    }

    fn is_silent(&self, duration: Duration) -> bool {
        let output = self.shared.output.lock().unwrap();
        let before = output.raw.len();
        let wait = self.shared.changed.wait_timeout_while(output, duration, |output| output.raw.len() == before);
        wait.unwrap().1.timed_out()
    }

    fn wait<T>(&self, what: &str, look: impl Fn(&Output) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.shared.output.lock().unwrap();
        loop {
            if let Some(found) = look(&output) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let over = output.ended && output.status.is_some();
            if left.is_zero() || over {
                let why = if over { "the program ended" } else { "time is up" };
                let screen = output.screen.screen().contents();
                // The threads that feed the screen go on; a lock held in a panic would take them along.
                drop(output);
                panic!("waited for {what}: {why}; the screen is\n{screen}");
            }
            output = self.shared.changed.wait_timeout(output, left).unwrap().0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.shared.output.lock().is_ok_and(|output| output.status.is_none()) {
            // It may have ended just now; then there is nothing to kill.
            let _ = kill(self.process, Signal::SIGKILL);
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a screen has cells")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// The binary with an environment and directories of its own.
pub(crate) fn command(home: &Home, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ehlo"));
    command.env_clear();
    command.env("HOME", home.path());
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.cwd(home.path());
    command.args(arguments);
    command.arg("--state");
    command.arg(home.state());
    command.arg("--config");
    command.arg(home.path().join("config"));
    command
}

/// Feeds what the program writes to the screen, until its side is closed.
fn read_on(mut reader: Box<dyn Read + Send>, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        // A closed pseudo-terminal is an error on Linux and an end elsewhere.
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            let mut output = shared.output.lock().unwrap();
            output.screen.process(&bytes[..count]);
            output.raw.extend_from_slice(&bytes[..count]);
            shared.changed.notify_all();
        }
        shared.output.lock().unwrap().ended = true;
        shared.changed.notify_all();
    });
}

fn wait_on(mut child: Box<dyn Child + Send + Sync>, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        let status = child.wait().unwrap();
        shared.output.lock().unwrap().status = Some(status);
        shared.changed.notify_all();
    });
}

/// What a terminal sends for a key of this name.
fn key(name: &str) -> Option<Vec<u8>> {
    if let Some(letter) = name.strip_prefix("C-").filter(|letter| letter.len() == 1) {
        return Some(vec![letter.bytes().next()? & 0x1f]);
    }
    if let Some(rest) = name.strip_prefix("A-") {
        let inner = key(rest).or_else(|| (rest.chars().count() == 1).then(|| rest.as_bytes().to_vec()))?;
        return Some([&b"\x1b"[..], &inner].concat());
    }
    let sequence = match name {
        "Enter" => "\r",
        "Esc" => "\x1b",
        "Tab" => "\t",
        "Back" => "\x7f",
        "Up" => "\x1b[A",
        "Down" => "\x1b[B",
        "Right" => "\x1b[C",
        "Left" => "\x1b[D",
        "Home" => "\x1b[H",
        "End" => "\x1b[F",
        "Del" => "\x1b[3~",
        "PgUp" => "\x1b[5~",
        "PgDn" => "\x1b[6~",
        "F1" => "\x1bOP",
        "F2" => "\x1bOQ",
        "F3" => "\x1bOR",
        "F4" => "\x1bOS",
        "F5" => "\x1b[15~",
        "F6" => "\x1b[17~",
        "F7" => "\x1b[18~",
        "F8" => "\x1b[19~",
        "F9" => "\x1b[20~",
        "F10" => "\x1b[21~",
        "F12" => "\x1b[24~",
        _ => return None,
    };
    Some(sequence.as_bytes().to_vec())
}
