//! Reading a saved conversation as somebody does: the built binary in a pseudo-terminal.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod support {
    #[expect(dead_code, reason = "other tests use the rest of the harness")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

const FILE: &str = "+++\nehlo = 1\ntarget = \"smtp://127.0.0.1:2525\"\n+++\n0.000000 * connecting 127.0.0.1:2525\n\
    0.001000 * connected 127.0.0.1:2525 from 127.0.0.1:50000\n0.002000 < 220 mx.target.local ESMTP\n\
    0.100000 > EHLO noddy.com\n0.101000 < 250 mx.target.local\n0.200000 > MAIL FROM:<dude@noddy.com>\n\
    0.201000 < 250 2.1.0 Ok\n0.300000 > RCPT TO:<friend@elsewhere.example>\n\
    0.301000 < 554 5.7.1 <friend@elsewhere.example>: Relay access denied\n0.400000 > QUIT\n0.401000 < 221 2.0.0 Bye\n\
    0.402000 * closed by=server\n";

/// Opens the file and waits until it is there.
fn opened(home: &Home, path: &str) -> Terminal {
    let mut terminal = Terminal::start(home, &["open", path], (120, 33));
    terminal.wait_for("closed by the server");
    terminal
}

#[test]
fn a_note_and_a_bookmark_are_there_when_the_file_is_opened_again() {
    let home = Home::new();
    let path = home.path().join("relay.smtp");
    std::fs::write(&path, FILE).unwrap();
    let shown = path.to_str().unwrap();
    let mut terminal = opened(&home, shown);
    terminal.keys("/access denied").wait_for("1 of 1").keys("<Enter>");
    terminal.keys("m").wait_for("◆");
    terminal.keys(";").wait_for("kept in the file").keys("not our domain<Enter>").wait_for("✎  not our domain");
    terminal.keys("q");
    assert!(terminal.exit().success());
    terminal.assert_restored();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(FILE), "what was recorded stays as it was: {text}");
    assert!(text.contains("* mark at=9\n") && text.contains("* note at=9 \"not our domain\"\n"), "{text}");

    let mut terminal = opened(&home, shown);
    terminal.wait_for("✎  not our domain").wait_for("◆");
    terminal.keys("'").wait_for("4 of 5");
    terminal.keys("q");
    assert!(terminal.exit().success());
}

#[test]
fn a_conversation_is_saved_exported_and_copied() {
    let home = Home::new();
    let path = home.path().join("relay.smtp");
    std::fs::write(&path, FILE).unwrap();
    let mut terminal = opened(&home, path.to_str().unwrap());
    let (saved, page) = (home.path().join("copy.smtp"), home.path().join("page.md"));
    std::fs::write(&page, "mine").unwrap();
    terminal.keys("w").wait_for("Save as").keys(&format!("<C-u>{}<Enter>", saved.display())).wait_for("Written to");
    terminal.keys("x").wait_for("Export to").keys(&format!("<C-u>{}<Enter>", page.display()));
    terminal.wait_for("it exists · Enter writes over it");
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "mine");
    terminal.keys("<Enter>").wait_until("written over", |screen| screen.contains("Written to"));
    assert!(std::fs::read_to_string(&page).unwrap().contains("Relay access denied"));
    assert_eq!(std::fs::read_to_string(&saved).unwrap(), FILE);
    terminal.keys("ys").wait_for("copied.txt");
    let copied = std::fs::read_to_string(home.state().join("copied.txt")).unwrap();
    assert!(copied.starts_with("swaks --server 127.0.0.1 --port 2525"), "{copied}");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("\u{1b}]52;c;"), "the terminal is given it, too");
    terminal.keys("q");
    assert!(terminal.exit().success());
}
