//! Signals from outside: the terminal is given back, and taken again.

use std::io::Read as _;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{PtySize, native_pty_system};

use super::{LARGE, SMALL, at_the_lab, in_shell, say};
use crate::support::terminal::{Home, Terminal, command};

#[test]
fn each_ending_signal_gives_the_terminal_back_and_says_where_the_conversation_is() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let home = Home::new();
        let mut terminal = at_the_lab(&home, SMALL);
        say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
        let status = terminal.signal(signal).exit();
        assert_eq!(status.exit_code(), 130, "{signal}");
        terminal.assert_restored();
        assert!(terminal.screen().contains("The conversation with lab is in"), "{signal}: {}", terminal.screen());
        assert!(home.transcript().ends_with("closed by=client\n"), "{signal}: {}", home.transcript());
    }
}

/// A job of a shell, which says its process and what becomes of it.
const JOB: &str = r#"set -m
sh -c 'echo "job $$"; exec "$@"' sh "$@"
echo "the shell again"
read answer
fg >/dev/null
echo "over"
"#;

/// A workbench at the lab as a job, and its process.
fn job(home: &Home) -> (Terminal, Pid) {
    let mut terminal = Terminal::run(in_shell(command(home, &["lab:"]), JOB), LARGE);
    terminal.wait_for("220 mx.target.local");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let process = raw.split("job ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap().parse().unwrap();
    (terminal, Pid::from_raw(process))
}

/// In the shell: the terminal is whole. Back in the workbench: all is there, and a key is heard.
fn there_and_back(terminal: &mut Terminal) {
    terminal.wait_for("the shell again").assert_restored();
    assert!(!terminal.screen().contains("220 mx.target.local"), "{}", terminal.screen());
    terminal.keys("on<Enter>").wait_for("220 mx.target.local").wait_for("NOOP half");
    terminal.keys(" a line<Enter>").wait_for("-> NOOP half a line").wait_for("250 2.0.0");
}

#[test]
fn a_stop_from_outside_gives_the_terminal_back_and_a_continue_redraws() {
    let home = Home::new();
    let (mut terminal, process) = job(&home);
    terminal.keys("NOOP half").wait_for("NOOP half");
    kill(process, Signal::SIGTSTP).unwrap();
    there_and_back(&mut terminal);
    terminal.keys("<C-q>").wait_for("still open").answer("q").wait_for("over");
    terminal.assert_restored();
    terminal.exit();
}

#[test]
fn ctrl_z_does_the_same() {
    let home = Home::new();
    let (mut terminal, _) = job(&home);
    terminal.keys("NOOP half").wait_for("NOOP half").keys("<C-z>");
    there_and_back(&mut terminal);
    terminal.keys("<C-q>").wait_for("still open").answer("q").wait_for("over");
    terminal.exit();
}

#[test]
fn where_nobody_could_continue_it_a_stop_does_not_stop_it() {
    // The program leads the session, as in a terminal that was opened for it alone.
    let home = Home::new();
    let mut terminal = at_the_lab(&home, SMALL);
    terminal.signal(Signal::SIGTSTP);
    say(&mut terminal, "NOOP a", "250 2.0.0");
    terminal.keys("<C-z>");
    terminal.keys("NOOP b<Enter>").wait_for("-> NOOP b");
}

#[test]
fn a_hard_stop_and_a_continue_redraw_the_screen() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, SMALL);
    let before = terminal.raw().len();
    terminal.signal(Signal::SIGSTOP).signal(Signal::SIGCONT);
    terminal.wait_until("the screen to be drawn anew", |screen| screen.contains("220 mx.target.local"));
    say(&mut terminal, "NOOP a", "250 2.0.0");
    let drawn = String::from_utf8_lossy(&terminal.raw()[before..]).into_owned();
    assert!(drawn.contains("\x1b[?1049h") && drawn.contains("220 mx.target.local"), "{drawn:?}");
}

/// A leader of the session that survives its terminal and hands no HUP on, as a debugger does.
const DEAF: &str = r#"trap "" HUP
"$@"
echo $? >status
"#;

#[test]
fn it_ends_where_the_terminal_is_gone_though_nobody_sends_a_signal() {
    let home = Home::new();
    let size = PtySize { rows: SMALL.1, cols: SMALL.0, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut shell = pair.slave.spawn_command(in_shell(command(&home, &["lab:"]), DEAF)).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut screen = vt100::Parser::new(SMALL.1.try_into().unwrap(), SMALL.0.try_into().unwrap(), 0);
    let mut piece = [0; 4096];
    while !screen.screen().contents().contains("220 mx.target.local") {
        let count = reader.read(&mut piece).unwrap();
        screen.process(&piece[..count]);
    }
    drop((reader, pair.master));
    let deadline = Instant::now() + Duration::from_secs(20);
    while shell.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            shell.kill().unwrap();
            panic!("it goes on without its terminal");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_to_string(home.path().join("status")).unwrap().trim(), "130");
    assert!(home.transcript().ends_with("closed by=client\n"), "{}", home.transcript());
}
