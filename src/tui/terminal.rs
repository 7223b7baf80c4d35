//! The terminal: taken on the way in, and given back on every way out: quit, error, panic, signal, suspension.

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

use crate::world::World;

use super::ascii;
use super::model::Model;
use super::view::view;

/// What must still be said on the plain screen if the program ends without its own doing.
static RECORDED: Mutex<Option<PathBuf>> = Mutex::new(None);
/// What a task said when it panicked, kept until the screen is plain.
static TASK_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Whether the terminal is ours now. To give it back twice would put the cursor back to where it stood before.
static OURS: AtomicBool = AtomicBool::new(false);

/// Why there is no screen to work on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// Input or output is a file or a pipe.
    #[error("the workbench needs a terminal, and {0} is not one; `ehlo run` and `ehlo explain` work without")]
    NotATerminal(&'static str),
    /// `TERM=dumb` or `TERM=unknown`.
    #[error("the workbench can't draw on a terminal of the kind `{0}`; set TERM, or use `ehlo run`, which needs none")]
    Dumb(&'static str),
    /// The system refused.
    #[error("the terminal can't be used: {0}")]
    System(#[from] io::Error),
}

/// Whether the workbench can run here.
///
/// # Errors
/// Says what is missing.
pub fn check(world: &World) -> Result<(), TerminalError> {
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    let kind = world.variable("TERM").unwrap_or_default();
    if let Some(kind) = ["dumb", "unknown"].into_iter().find(|known| *known == kind) {
        return Err(TerminalError::Dumb(kind));
    }
    Ok(())
}

/// The terminal as long as it is ours. Dropping it gives it back.
pub(super) struct Tty {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// Nothing but ASCII is shown.
    ascii: bool,
}

impl Tty {
    /// Takes the terminal: raw mode, the alternate screen, pastes as pastes, the mouse.
    pub(super) fn take(world: &World) -> io::Result<Self> {
        hook_panics();
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let ascii = !ascii::locale_is_utf8(|name| world.variable(name));
        let mut tty = Self { terminal, mouse: true, ascii };
        tty.enter()?;
        // A program that was killed leaves the alternate screen as it was, and to enter it again wipes nothing.
        tty.clear()?;
        Ok(tty)
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        OURS.store(true, Ordering::SeqCst);
        let entered = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
            .and_then(|()| if self.mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) });
        if entered.is_err() {
            restore();
        }
        entered
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws what has changed.
    pub(super) fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.paint(|frame| view(model, frame))
    }

    /// Draws by another hand what has changed.
    pub(super) fn paint(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let ascii = self.ascii;
        let drawn = self.terminal.draw(|frame| {
            draw(frame);
            if ascii {
                ascii::only(frame.buffer_mut());
            }
        });
        drawn.map(|_| ())
    }

    /// Forgets what is on the screen, so that the next draw writes every cell.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // The library's own way of clearing asks the terminal where its cursor is; one that does not answer, or answers
        // late, would end the workbench, and its answer would be taken for keys.
        let (columns, rows) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn mouse(&mut self, ours: bool) -> io::Result<()> {
        self.mouse = ours;
        if ours { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }

    /// Sends a sequence as it is.
    pub(super) fn send(sequence: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(sequence.as_bytes())?;
        out.flush()
    }

    /// Gives the terminal back for a while.
    pub(super) fn lend() {
        restore();
    }

    /// Takes the terminal back, whatever somebody else left of its modes.
    pub(super) fn retake(&mut self) -> io::Result<()> {
        // Raw mode counts as on after a stop from outside, though the shell has changed it: off and on again.
        disable_raw_mode()?;
        self.enter()?;
        self.clear()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        restore();
        if let Some(words) = TASK_PANIC.lock().unwrap_or_else(PoisonError::into_inner).take() {
            say(&words);
        }
    }
}

/// Whether an error says that the terminal is there no more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Gives the terminal back. Errors are of no use here: it may be gone.
fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show,);
    let _ = disable_raw_mode();
}

/// Where the conversation is recorded, in case that the program ends by a panic.
pub(super) fn remember(recorded: Option<PathBuf>) {
    *RECORDED.lock().unwrap_or_else(PoisonError::into_inner) = recorded;
}

/// A panic of the screen's own thread gives the terminal back, then says where the conversation is. One of a task must
/// not write over the screen: it is kept until the screen is plain.
fn hook_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let screen = std::thread::current().id();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() != screen {
                *TASK_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
                return;
            }
            restore();
            before(info);
            if let Ok(Some(path)) = RECORDED.try_lock().as_deref() {
                say(&format!("The conversation so far is in {}", path.display()));
            }
        }));
    });
}

fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read as _;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;
    use crate::world::Directories;

    /// Set where the test that panics is started on purpose.
    const ON_PURPOSE: &str = "EHLO_TEST_PANICS";

    #[test]
    #[ignore = "started in a terminal by the test below"]
    fn panics_on_a_terminal_of_its_own() {
        if std::env::var_os(ON_PURPOSE).is_none() {
            return;
        }
        let nowhere = PathBuf::from("/nonexistent");
        let world = World::real(Directories { config: nowhere.clone(), data: nowhere.clone(), state: nowhere });
        let _tty = Tty::take(&world).expect("a terminal");
        remember(Some("/kept/here.smtp".into()));
        panic!("a mistake on the screen's own thread");
    }

    #[test]
    fn a_panic_of_the_screen_gives_the_terminal_back_and_names_the_file() {
        let size = PtySize { rows: 60, cols: 160, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let before = pair.master.get_termios().expect("modes").local_flags;
        let mut program = CommandBuilder::new(std::env::current_exe().expect("a test knows itself"));
        let name = "tui::terminal::tests::panics_on_a_terminal_of_its_own";
        program.args(["--ignored", "--exact", name, "--nocapture", "--test-threads=1"]);
        program.env(ON_PURPOSE, "yes");
        program.env("TERM", "xterm-256color");
        program.env("RUST_BACKTRACE", "0");
        let mut child = pair.slave.spawn_command(program).expect("it starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let reading = std::thread::spawn(move || {
            let (mut all, mut piece) = (Vec::new(), [0; 4096]);
            while let Ok(octets @ 1..) = reader.read(&mut piece) {
                all.extend_from_slice(&piece[..octets]);
            }
            all
        });
        assert!(!child.wait().expect("it ends").success());
        let after = pair.master.get_termios().expect("modes").local_flags;
        assert_eq!(after, before, "echo and line editing are back");
        drop(pair.slave);
        let written = reading.join().expect("it reads to the end");
        let mut screen = vt100::Parser::new(60.try_into().expect("rows"), 160.try_into().expect("columns"), 0);
        screen.process(b"\x1b[?1049hleft by a program that was killed");
        let given_back = written.windows(8).position(|octets| octets == b"\x1b[?1049l").expect("it is given back");
        screen.process(&written[..given_back]);
        let taken = screen.screen();
        assert!(taken.alternate_screen() && taken.contents().trim().is_empty(), "{}", taken.contents());
        screen.process(&written[given_back..]);
        let screen = screen.screen();
        let shown = screen.contents();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "{shown}");
        let told = shown.find("a mistake on the screen's own thread").zip(shown.find("The conversation so far is in"));
        assert!(told.is_some_and(|(panic, file)| panic < file), "{shown}");
        assert!(shown.contains("is in /kept/here.smtp"), "{shown}");
        let text = String::from_utf8_lossy(&written);
        assert!(text.contains("\x1b[?1049h"), "the screen was taken: {text:?}");
        assert_eq!(text.matches("\x1b[?1049l").count(), 1, "a second time would put the cursor back: {text:?}");
    }
}
