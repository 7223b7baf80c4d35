//! No home, somebody else's directories, and two workbenches in one home.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use portable_pty::CommandBuilder;

use super::{LARGE, SMALL, at_the_lab, in_shell, is_root, leave, say, skipped};
use crate::support::terminal::{Home, Terminal, command};

/// A user whom nobody knows: no entry in the list of users, no home.
const NOBODY: &str = "54321";

/// The binary where everybody may start it.
fn binary(folder: &Path) -> PathBuf {
    let copy = folder.join("ehlo");
    std::fs::copy(env!("CARGO_BIN_EXE_ehlo"), &copy).unwrap();
    mode(folder, 0o755);
    copy
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The binary as a user without a home, with nothing in its environment but a folder for temporary files.
fn homeless(binary: &Path, temporary: &Path, arguments: &[&str]) -> CommandBuilder {
    let mut program = CommandBuilder::new(binary);
    program.env_clear();
    program.env("TERM", "xterm-256color");
    program.env("TMPDIR", temporary);
    program.cwd("/");
    program.args(arguments);
    in_shell(program, &format!("exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups \"$@\""))
}

fn can_be_somebody_else() -> bool {
    let setpriv = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "true"];
    is_root() && Command::new("setpriv").args(setpriv).status().is_ok_and(|status| status.success())
}

#[test]
fn without_a_home_transcripts_are_kept_where_nobody_else_can_read_them() {
    if !can_be_somebody_else() {
        return skipped("only root can become a user without a home");
    }
    let folder = tempfile::tempdir().unwrap();
    let binary = binary(folder.path());
    let temporary = tempfile::tempdir().unwrap();
    mode(temporary.path(), 0o1777);
    // What somebody else has prepared is not used: a profile there could have any command run.
    let trap = temporary.path().join("ehlo").join("config").join("profiles");
    std::fs::create_dir_all(&trap).unwrap();
    std::fs::write(trap.join("trap.toml"), "host = \"127.0.0.1\"\n").unwrap();

    let mut terminal = Terminal::run(homeless(&binary, temporary.path(), &["lab:"]), (200, 50));
    terminal.wait_for("220 mx.target.local");
    say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
    leave(&mut terminal);
    let shown = terminal.screen();
    // A long path has a line of its own.
    let (_, path) = shown.split_once("The conversation with lab is in").unwrap_or_else(|| panic!("{shown}"));
    let path = path.trim().lines().next().unwrap_or_default();
    let path = Path::new(path.trim());
    let own = path.strip_prefix(temporary.path()).unwrap().iter().next().unwrap();
    let own = temporary.path().join(own);
    assert_ne!(own.file_name().unwrap(), "ehlo");
    assert_eq!(std::fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o700, "{}", own.display());
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&own).unwrap());
    assert_eq!(uid.to_string(), NOBODY);

    let mut start = Terminal::run(homeless(&binary, temporary.path(), &[]), SMALL);
    start.wait_for("a mail server inside ehlo");
    assert!(!start.screen().contains("trap"), "{}", start.screen());
    start.keys("<C-q>");
    assert!(start.exit().success());
}

#[test]
fn directories_that_belong_to_somebody_else_are_said_once_and_the_conversation_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config", "state", "data"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let mut program = CommandBuilder::new(binary(folder.path()));
    program.env_clear();
    for (variable, value) in [("TERM", "xterm-256color"), ("HOME", "/"), ("LANG", "C.UTF-8")] {
        program.env(variable, value);
    }
    for (variable, name) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data")] {
        mode(&folder.path().join(name), 0o000);
        program.env(variable, folder.path().join(name));
    }
    program.cwd("/");
    program.args(["lab:"]);
    let program = match can_be_somebody_else() {
        true => in_shell(program, &format!("exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups \"$@\"")),
        false if is_root() => return skipped("modes do not stop root, and there is no setpriv"),
        false => program,
    };
    let mut terminal = Terminal::run(program, LARGE);
    terminal.wait_for("220 mx.target.local");
    say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
    let words = "this conversation is not recorded:";
    assert_eq!(terminal.screen().matches(words).count(), 1, "{}", terminal.screen());
    assert!(terminal.screen().contains("Permission denied"), "{}", terminal.screen());
    leave(&mut terminal);
    for name in ["config", "state", "data"] {
        mode(&folder.path().join(name), 0o700);
        assert_eq!(std::fs::read_dir(folder.path().join(name)).unwrap().count(), 0);
    }
}

#[test]
fn two_workbenches_at_once_keep_a_file_each_and_every_line_of_the_history() {
    let home = Home::new();
    let mut first = at_the_lab(&home, LARGE);
    let mut second = at_the_lab(&home, LARGE);
    for n in 0..8 {
        for (who, terminal) in [("one", &mut first), ("two", &mut second)] {
            terminal.keys(&format!("NOOP {who}{n}<Enter>"));
        }
        for (who, terminal) in [("one", &mut first), ("two", &mut second)] {
            terminal.wait_for(&format!("-> NOOP {who}{n}"));
            terminal.wait_until("nothing awaited", |screen| !screen.contains("is awaited"));
        }
    }
    leave(&mut first);
    leave(&mut second);
    let found = home.transcripts();
    assert_eq!(found.len(), 2, "{found:?}");
    for path in &found {
        let document = ehlo::conversation::file::open(path).unwrap();
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
        let text = std::fs::read_to_string(path).unwrap();
        let whose = ["one", "two"].map(|who| text.matches(&format!("> NOOP {who}")).count());
        assert!(whose == [8, 0] || whose == [0, 8], "{whose:?}");
    }
    let history = std::fs::read_to_string(home.state().join("history")).unwrap();
    for who in ["one", "two"] {
        for n in 0..8 {
            let line = format!("NOOP {who}{n}");
            assert_eq!(history.lines().filter(|kept| *kept == line).count(), 1, "{line}: {history}");
        }
    }
    assert!(history.ends_with('\n'));
    let mut third = Terminal::run(command(&home, &["lab:"]), LARGE);
    third.wait_for("220 mx.target.local").keys("NOOP tw<Up>").wait_for("NOOP two7");
    leave_unsent(&mut third);
}

fn leave_unsent(terminal: &mut Terminal) {
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    terminal.exit();
}
