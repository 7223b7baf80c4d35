//! The workbench as somebody meets it: the built binary in a pseudo-terminal, keys in, screen out.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

#[expect(dead_code, reason = "each test file uses a part of the support")]
mod support;

use support::terminal::{Home, Terminal};

#[test]
fn help_is_said_and_the_terminal_left_as_it_was() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--help"], (80, 24));
    assert!(terminal.exit().success());
    assert!(terminal.screen().contains("ehlo"), "{}", terminal.screen());
    terminal.assert_restored();
}
