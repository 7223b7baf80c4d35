//! The mouse in a real terminal: what a terminal sends for a click (SGR, mode 1006) does what stands under it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

/// Clicks on the first place where the screen has this text.
fn click(terminal: &mut Terminal, text: &str) {
    terminal.wait_for(text);
    let screen = terminal.screen();
    let found = screen.lines().enumerate().find_map(|(y, row)| Some((y, row[..row.find(text)?].chars().count())));
    let (y, x) = found.unwrap();
    terminal.keys(&format!("\u{1b}[<0;{};{}M\u{1b}[<0;{};{}m", x + 1, y + 1, x + 1, y + 1));
}

#[test]
fn a_conversation_is_begun_and_left_with_the_mouse_alone() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[], (120, 33));
    // The lab is marked from the beginning: one click opens it.
    click(&mut terminal, "a mail server inside ehlo");
    // The footer is another one until the greeting is there.
    terminal.wait_for("220 mx.target.local").wait_for("Enter send · F2 templates");
    click(&mut terminal, "F2 templates");
    click(&mut terminal, "  NOOP");
    terminal.wait_for("▌ NOOP");
    click(&mut terminal, "▌ NOOP");
    terminal.wait_until("the verb on the line", |screen| !screen.contains("Verbs") && screen.contains("│ NOOP"));
    click(&mut terminal, "Enter send");
    terminal.wait_for("-> NOOP").wait_for("250 2.0.0");
    click(&mut terminal, " Session ");
    terminal.wait_for("[Session]");
    click(&mut terminal, "-> NOOP");
    terminal.wait_for("G follow the end").wait_for("q quit");
    click(&mut terminal, "q quit");
    terminal.wait_for("q quit · Esc stay");
    click(&mut terminal, "q quit · Esc stay");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}
