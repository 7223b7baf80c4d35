//! A disk that is full and a state directory that can't be written to.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ehlo::conversation::file::open;

use super::{LARGE, at_the_lab, in_shell, leave, say, skipped};
use crate::support::terminal::{Home, Terminal, command};

const NOT_RECORDED: &str = "this conversation is not being recorded:";

/// Goes on after the failure: the next commands are answered, and nothing more is said of it.
fn goes_on(terminal: &mut Terminal, words: &str) {
    let rows = |screen: &str| screen.matches(words).count();
    terminal.wait_until(words, |screen| rows(screen) == 1);
    terminal.keys("NOOP a<Enter>").wait_for("-> NOOP a").wait_for("250 2.0.0");
    for line in ["NOOP b", "NOOP c"] {
        terminal.keys(line).keys("<Enter>").wait_for(&format!("-> {line}"));
    }
    terminal.wait_until("three answers", |screen| screen.matches("250 2.0.0").count() >= 3);
    assert!(rows(&terminal.screen()) <= 1, "it is said once:\n{}", terminal.screen());
}

#[test]
fn a_limit_of_file_size_ends_the_recording_and_not_the_conversation() {
    let home = Home::new();
    // 1 KiB: the head of the transcript fits, the conversation does not. Without a trap the system's signal would end
    // the program.
    let limited = in_shell(command(&home, &["lab:"]), "ulimit -f 2; exec \"$@\"");
    let mut terminal = Terminal::run(limited, LARGE);
    terminal.wait_for("220 mx.target.local");
    say(&mut terminal, &format!("NOOP {}", "x".repeat(60)), "250 2.0.0");
    for _ in 0..6 {
        terminal.keys(&format!("RSET {}<Enter>", "y".repeat(90)));
        terminal.wait_until("nothing awaited", |screen| !screen.contains("awaited"));
    }
    goes_on(&mut terminal, NOT_RECORDED);
    leave(&mut terminal);
    let document = open(&home.transcripts()[0]).unwrap();
    assert!(document.warnings.is_empty(), "no torn record: {:?}", document.warnings);
    assert!(!document.log.is_empty());
}

#[test]
fn a_limit_of_file_size_does_not_end_a_run() {
    let home = Home::new();
    let script = home.path().join("noop.smtp");
    let noop = format!("> NOOP {}\n< 250\n", "x".repeat(90));
    std::fs::write(&script, format!("< 220\n{}> QUIT\n< 221\n", noop.repeat(30))).unwrap();
    let arguments = ["run", script.to_str().unwrap(), "--target", "lab:"];
    let ran = Command::new("sh")
        .args(["-c", "ulimit -f 2; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_ehlo")])
        .args(arguments)
        .env_clear()
        .envs(["CONFIG", "DATA", "STATE"].map(|name| (format!("XDG_{name}_HOME"), home.path().join("run"))))
        .env("HOME", home.path())
        .output()
        .unwrap();
    let (out, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(ran.status.code(), Some(0), "{out}{said}");
    assert!(out.contains("QUIT") && format!("{out}{said}").contains(NOT_RECORDED), "{out}{said}");
}

/// A small disk of its own, taken away when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(at).stdout(Stdio::null()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }

    /// Leaves no room.
    fn fill(&self) {
        let full = std::fs::write(self.0.join("filler"), vec![0; 128 * 1024]);
        assert!(full.is_err(), "the disk is larger than it should be");
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_once_and_the_gap_is_in_the_file_when_there_is_room_again() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home.state()) else { return skipped("no file system can be mounted here") };
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
    disk.fill();
    // A page of the file may have room left; what does not fit into it meets the full disk.
    let met = |terminal: &Terminal| terminal.screen().contains("No space left on device");
    for n in 0..20 {
        if met(&terminal) {
            break;
        }
        let line = format!("NOOP {n} {}", "z".repeat(460));
        terminal.keys(&line).keys("<Enter>").wait_until("it was sent", |s| s.contains(&format!("-> NOOP {n}")));
    }
    terminal.wait_for("No space left on device");
    goes_on(&mut terminal, NOT_RECORDED);
    disk.free();
    terminal.keys("HELP<Enter>").wait_for("214");
    leave(&mut terminal);
    let text = home.transcript();
    let lost = text.lines().filter(|line| line.contains("* warning kind=journal lost=")).count();
    assert_eq!(lost, 1, "{text}");
    assert!(text.contains("> HELP\n") && text.contains("closed by=client"), "{text}");
    let document = open(&home.transcripts()[0]).unwrap();
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
}

#[test]
fn a_state_directory_that_can_not_be_written_to_is_said_once_and_the_conversation_goes_on() {
    // Modes do not stop everybody; a file in the directory's place and the kernel's own file system do.
    for kernels in [false, true] {
        let home = Home::new();
        if kernels {
            std::os::unix::fs::symlink("/proc", home.state()).unwrap();
        } else {
            home.put("state", "no directory");
        }
        let mut terminal = at_the_lab(&home, LARGE);
        goes_on(&mut terminal, "this conversation is not recorded:");
        leave(&mut terminal);
        let screen = terminal.screen();
        assert!(screen.contains("was not recorded: ") && !screen.contains(" is in "), "{screen}");
    }
}

#[test]
fn a_run_without_a_screen_goes_on_too_and_says_it_once() {
    let home = Home::new();
    home.put("state", "no directory");
    let script = home.put("a.smtp", "> EHLO a\n< 250\n> NOOP\n< 250\n> QUIT\n< 221\n");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["run", script.to_str().unwrap(), "--target", "lab:", "--state"])
        .arg(home.state())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("not recorded").count(), 1, "{said}");
}
