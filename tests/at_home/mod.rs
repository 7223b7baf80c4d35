//! What the tests of faults at home share.

mod disk;
mod homes;
mod killed;
mod network;
mod secrets;
mod signals;
mod terminals;

use portable_pty::CommandBuilder;

use crate::support::terminal::{Home, Terminal};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 33);

/// The workbench on the lab, once the lab has greeted.
fn at_the_lab(home: &Home, size: (u16, u16)) -> Terminal {
    let mut terminal = Terminal::start(home, &["lab:"], size);
    terminal.wait_for("220 mx.target.local");
    terminal
}

/// Types a line, sends it, and waits for what the screen shows then.
fn say(terminal: &mut Terminal, line: &str, then: &str) {
    assert!(!terminal.screen().contains(then), "{then} is on the screen before {line} is sent");
    terminal.keys(line).wait_for(line).keys("<Enter>").wait_for(then);
}

/// Leaves with a connection open.
fn leave(terminal: &mut Terminal) {
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

/// A program started by a shell: `"$@"` in the script is the program with its arguments.
fn in_shell(mut program: CommandBuilder, script: &str) -> CommandBuilder {
    let argv = program.get_argv_mut();
    let own = std::mem::take(argv);
    argv.extend(["/bin/sh", "-c", script, "sh"].map(Into::into));
    argv.extend(own);
    program
}

/// Whether the test runs as somebody whom file modes do not stop.
fn is_root() -> bool {
    // A file belongs to whoever makes it.
    std::os::unix::fs::MetadataExt::uid(&tempfile::tempfile().unwrap().metadata().unwrap()) == 0
}

/// Says why a test did not do its work here.
fn skipped(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The text of a screen without its frames and line breaks, so that a sentence is found however it is broken.
fn flowing(screen: &str) -> String {
    let plain = screen.replace(['│', '▌'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
