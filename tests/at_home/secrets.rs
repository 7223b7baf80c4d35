//! No secret of a conversation is in any file that the program wrote. [`Home`] looks for them when it is dropped; the
//! conversation here has each way in which one can come up.

use super::{LARGE, say};
use crate::support::peer::Peer;
use crate::support::terminal::{Home, Terminal, command};

/// Held by the profile and given by the environment.
const KEPT: &str = "Kept-hunter-22";
/// Typed after a `$`.
const TYPED: &str = "Typed-hunter-33";
/// Typed in base64.
const CODED: &str = "Coded-hunter-44";

#[test]
fn no_file_holds_a_secret_whichever_way_it_was_said() {
    let peer = Peer::play(
        "S: 220 mx ESMTP
        C: EHLO *
        S: 250-mx
        S: 250 AUTH PLAIN LOGIN
        C: AUTH PLAIN *
        S: 535 5.7.8 Kept-hunter-22 is wrong, so is AGR1ZGUAS2VwdC1odW50ZXItMjI=
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: ZHVkZQ==
        S: 334 UGFzc3dvcmQ6
        C: VHlwZWQtaHVudGVyLTMz
        S: 535 5.7.8 not Typed-hunter-33 either
        C: AUTH PLAIN AGR1ZGUAQ29kZWQtaHVudGVyLTQ0
        S: 535 5.7.8 nor Coded-hunter-44, TYPED-HUNTER-33
        C: NOOP Kept-hunter-22
        S: 250 ok Kept-hunter-22
        HOLD
        ",
    );
    let home = Home::new();
    home.secret(KEPT).secret(TYPED).secret(CODED);
    let (host, port) = peer.target().split_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
    home.put(
        "config/profiles/kept.toml",
        &format!(
            "host = \"{host}\"\nport = {port}\n[identity]\nehlo = \"noddy.com\"\n[tls]\nmode = \"none\"\n[auth]\nuser = \
             \"dude\"\nmechanism = \"PLAIN\"\nallow_plaintext = true\npassword = {{ env = \"KEPT\" }}\n"
        ),
    );
    let mut program = command(&home, &["kept"]);
    program.env("KEPT", KEPT);
    let mut terminal = Terminal::run(program, LARGE);
    terminal.wait_for("220 mx ESMTP").wait_for("F10 makes ready");
    // F10, as a terminal sends it.
    terminal.keys("\x1b[21~").wait_for("535 5.7.8");
    say(&mut terminal, "AUTH LOGIN", "334 VXNlcm5hbWU6");
    terminal.keys("$dude<Enter>").wait_for("334 UGFzc3dvcmQ6");
    terminal.keys(&format!("${TYPED}<Enter>")).wait_for("either");
    terminal.keys("AUTH PLAIN AGR1ZGUAQ29kZWQtaHVudGVyLTQ0<Enter>").wait_for("535 5.7.8 nor");
    terminal.keys(&format!("NOOP {KEPT}<Enter>")).wait_for("250 ok");
    // The whole conversation goes into the file of what was copied, too.
    terminal.keys("<Esc>y").wait_for("whole").keys("c").wait_for("Copied");
    terminal.keys("i<C-q>").wait_for("still open").answer("q");
    terminal.exit();
    let heard = peer.heard();
    assert!(heard.contains(&"AUTH PLAIN AGR1ZGUAS2VwdC1odW50ZXItMjI=".to_owned()), "{heard:?}");
    let text = home.transcript();
    assert!(text.contains("> AUTH PLAIN {{auth}}") && text.contains("> {{auth}}"), "{text}");
    assert!(home.state().join("history").exists() && home.state().join("copied.txt").exists());
}

#[test]
#[should_panic(expected = "holds Planted-1")]
fn a_home_with_a_secret_in_plains_base64_is_found_out() {
    let home = Home::new();
    home.secret("Planted-1");
    std::fs::write(home.path().join("x.smtp"), "0.1 > AUTH PLAIN AGR1ZGUAUGxhbnRlZC0x\n").unwrap();
}
