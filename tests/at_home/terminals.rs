//! Terminals of every size and kind, and none at all.

use std::process::{Command, Stdio};

use super::{LARGE, SMALL, at_the_lab, in_shell, leave, say};
use crate::support::terminal::{Home, Terminal, command};

#[test]
fn one_cell_and_500_columns_are_drawn_and_typed_into() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["lab:"], (1, 1));
    terminal.resize(500, 200).wait_for("220 mx.target.local");
    say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
    // What is typed where nothing can be read is not sent.
    terminal.resize(1, 1).wait_until("the beginning of what it says", |screen| screen.trim() == "e");
    terminal.keys("NOOP blind<Enter>");
    terminal.resize(500, 200).wait_for("Line to send").keys("NOOP seen<Enter>").wait_for("-> NOOP seen");
    terminal.wait_for("250 2.0.0");
    assert!(!terminal.screen().contains("blind"), "{}", terminal.screen());
    leave(&mut terminal);
}

#[test]
fn a_storm_of_resizes_ends_in_a_whole_screen() {
    let home = Home::new();
    let mut terminal = at_the_lab(&home, LARGE);
    say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
    terminal.keys("NOOP st");
    // There is always room to read: what is typed meanwhile counts.
    for n in 0..400u16 {
        terminal.resize(40 + n * 37 % 211, 10 + n * 23 % 81);
        if n % 40 == 0 {
            terminal.keys("o");
        }
    }
    terminal.resize(120, 33).keys("rm<Enter>").wait_for("-> NOOP stoooooooooorm").wait_for("250 2.0.0");
    let last = |screen: &str| screen.lines().last().is_some_and(|row| row.contains("F1 help"));
    terminal.wait_until("a footer at the foot", last);
    leave(&mut terminal);
}

#[test]
fn terminals_of_other_kinds_are_drawn_on() {
    for kind in ["linux", "screen-256color", "vt100", ""] {
        let home = Home::new();
        let mut program = command(&home, &["lab:"]);
        program.env("TERM", kind);
        if kind.is_empty() {
            program.env_remove("TERM");
        }
        let mut terminal = Terminal::run(program, SMALL);
        terminal.wait_for("220 mx.target.local");
        say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
        leave(&mut terminal);
        let colours = terminal.raw().windows(5).any(|octets| octets == b"\x1b[38;");
        assert!(kind != "vt100" || !colours, "a vt100 has no colours");
    }
}

#[test]
fn a_dumb_terminal_is_refused_in_words_that_say_what_works() {
    for kind in ["dumb", "unknown"] {
        let home = Home::new();
        let mut program = command(&home, &["lab:"]);
        program.env("TERM", kind);
        let mut terminal = Terminal::run(program, SMALL);
        assert_eq!(terminal.exit().exit_code(), 2);
        let screen = super::flowing(&terminal.screen());
        assert!(screen.contains(kind) && screen.contains("set TERM") && screen.contains("ehlo run"), "{screen}");
        assert!(!terminal.raw().contains(&0x1b), "nothing was drawn");
    }
}

#[test]
fn a_locale_without_utf_8_gets_frames_and_marks_of_ascii() {
    for locale in ["C", "POSIX", "en_US.ISO-8859-1"] {
        let home = Home::new();
        let mut program = command(&home, &["lab:"]);
        program.env("LANG", locale);
        let mut terminal = Terminal::run(program, LARGE);
        terminal.wait_for("220 mx.target.local");
        say(&mut terminal, "EHLO noddy.com", "250-mx.target.local");
        terminal.wait_for("+ Transcript ---");
        leave(&mut terminal);
        assert!(terminal.raw().is_ascii(), "{locale}");
    }
}

#[test]
fn without_a_terminal_it_is_said_which_part_is_none_and_what_works() {
    let home = Home::new();
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo")).env("HOME", home.path()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("standard input") && said.contains("ehlo run"), "{said}");
    assert!(out.stdout.is_empty());

    // Closed, not empty.
    let mut terminal = Terminal::run(in_shell(command(&home, &["lab:"]), "exec \"$@\" <&-"), SMALL);
    assert_eq!(terminal.exit().exit_code(), 2);
    assert!(super::flowing(&terminal.screen()).contains("standard input"), "{}", terminal.screen());
}
