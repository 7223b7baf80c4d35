//! Terminal escapes of every family, and characters that change how text is read; each in the greeting, in a reply, and
//! where the workbench quotes the server.

use super::super::behaviour::{At, Behaviour, peer};

/// A peer that says this wherever it can: in the greeting, as a capability, in a refusal that quotes an address.
fn says(name: &str, octets: &'static [u8], shown: &str) -> Behaviour {
    peer(name, move |wire| {
        wire.say("220 hostile.example ").say(octets).say("\r\n").hear();
        wire.say("250-hostile.example ").say(octets).say("\r\n250-").say(octets).say("\r\n250 SIZE 1000\r\n").hear();
        wire.say("550 5.7.1 <").say(octets).say("@x.example>: ").say(octets).say("\r\n").on_until("never");
    })
    .at(At::Mail)
    .shows(&[&format!("<{shown}"), "Try next"])
    .exits(1, "")
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        says("CSI: colours and the screen", b"\x1b[31m\x1b[2J\x1b[?1049l", "\\e[31m\\e[2J\\e[?1049l"),
        says("OSC 0: the window's title", b"\x1b]0;owned\x07", "\\e]0;owned\\x07"),
        says("OSC 8: a link", b"\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "\\e]8;;http://evil.example\\e\\x"),
        says("OSC 52: the clipboard", b"\x1b]52;c;cm0gLXJmIC8=\x07", "\\e]52;c;"),
        says("DCS: a device control string", b"\x1bP$qm\x1b\\", "\\eP$qm\\e\\"),
        says("queries that a terminal answers", b"\x1b[c\x1b[6n\x1b[>0q\x1bZ\x05", "\\e[c\\e[6n\\e[>0q\\eZ\\x05"),
        says("APC, PM and SOS strings", b"\x1b_x\x1b\\\x1b^y\x1b\\\x1bXz\x1b\\", "\\e_x\\e\\"),
        says("a reset of the terminal", b"\x1bc\x1b[!p", "\\ec\\e[!p"),
        says("C1 as single octets", b"\x9b31m\x9d0;t\x9c\x90", "\\x9b31m\\x9d0;t\\x9c\\x90"),
        says("C1 in UTF-8", b"\xc2\x9b31m\xc2\x9d0;t\xc2\x9c", "\\u{009b}31m\\u{009d}0;t\\u{009c}"),
        says("shifts, bells and backspaces", b"\x0e\x0f\x07\x08\x0b\x0c\x7f", "\\x0e\\x0f\\x07\\x08\\x0b\\x0c\\x7f"),
        says("bidi overrides", "\u{202e}evil\u{2066}\u{200f}".as_bytes(), "\\u{202e}evil\\u{2066}\\u{200f}"),
        says("invisible characters", "a\u{200b}\u{feff}\u{2060}b".as_bytes(), "a\\u{200b}\\u{feff}\\u{2060}b"),
        peer("a flood of combining marks", |wire| {
            wire.say(format!("220 hostile.example a{}\r\n", "\u{301}".repeat(5000))).hear();
            wire.say(format!("250-hostile.example\r\n250-X{0} {0}\r\n250 SIZE 1000\r\n", "\u{36f}".repeat(2000)))
                .hear();
            wire.say(format!("550 5.7.1 {}e{}\r\n", "\u{20dd}".repeat(99), "\u{489}".repeat(3000))).on_until("never");
        })
        .at(At::Mail)
        .shows(&["marks)", "Try next"])
        .exits(1, ""),
    ]
}
