//! The terminal: taken on the way in, and given back on every way out: quit, error, panic, signal, suspension.

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

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
    /// `TERM=dumb`.
    #[error("the workbench can't draw on a terminal of the kind `dumb`; set TERM, or use `ehlo run`, which needs none")]
    Dumb,
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
    if world.variable("TERM").as_deref() == Some("dumb") {
        return Err(TerminalError::Dumb);
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
        let ascii = self.ascii;
        let drawn = self.terminal.draw(|frame| {
            view(model, frame);
            if ascii {
                ascii::only(frame.buffer_mut());
            }
        });
        drawn.map(|_| ())
    }

    /// Forgets what is on the screen, so that the next draw writes every cell.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
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
        self.terminal.clear()
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
