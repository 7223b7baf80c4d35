//! A keymap is laid over the bindings whatever it holds: what is unknown is a warning.
#![no_main]

use std::sync::LazyLock;

use ehlo::tui::keymap::{Key, Keymap};
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

static SHIPPED: LazyLock<Keymap> = LazyLock::new(Keymap::default);
static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let text = "[everywhere]
[composer]
[transcript]
[panel]
ctrl-x = \"quit\"
q = \"\"
z = \"fly\"
shift-f6 = \"help\"
alt-up = \"send\"
\"ctrl--\" = \"quit\"
enter = 3";
    text.lines().collect()
});

fuzz_target!(|input: &[u8]| {
    let text = shipped::text(input, &LINES);
    let mut map = SHIPPED.clone();
    for warning in map.overlay(&text) {
        assert!(warning.starts_with("keymap.toml:"), "{warning}");
    }
    // A key is shown as a text that is the same key.
    if let Some(key) = Key::parse(text.trim_end_matches('\n')) {
        let shown = key.to_string();
        assert_eq!(Key::parse(&shown), Some(key), "{shown}");
        let _ = (key.event(), key.without_alt());
    }
});
