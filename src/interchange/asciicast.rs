//! asciicast v2, for asciinema and its players: the conversation as it went, at its own pace.

use serde_json::json;

use crate::conversation::file::{Document, folded};
use crate::decode::Knowledge;
use crate::smtp::escape;

/// Columns and rows of the recording.
const SIZE: (u16, u16) = (100, 30);
/// A player waits no longer than this, seconds.
const IDLE: f64 = 3.0;

/// The whole of it: a head, then a line for each line of the plain text.
pub(super) fn export(document: &Document, _: &Knowledge) -> Vec<u8> {
    let document = &folded(document);
    let header = &document.header;
    let title = header.text("title").or(header.text("target")).unwrap_or("An SMTP conversation");
    let mut head = json!({
        "version": 2,
        "width": SIZE.0,
        "height": SIZE.1,
        "title": escape::for_screen(title.as_bytes()),
        "idle_time_limit": IDLE,
        "env": { "TERM": "xterm-256color" },
    });
    if let Some(started) = header.started() {
        head["timestamp"] = json!(started.as_second());
    }
    let mut out = format!("{head}\n");
    let mut last = 0;
    for (at, line) in super::text::timed(document) {
        // A time that goes back counts as none that passed.
        last = at.map_or(last, |at| last.max(at.0));
        let event = json!([seconds(last), "o", format!("{}\r\n", coloured(&line))]);
        out.push_str(&event.to_string());
        out.push('\n');
    }
    out.into_bytes()
}

fn seconds(at: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a conversation of more than 285 years has rounded times")]
    let at = at as f64;
    at / 1e6
}

/// A line in the colour of its mark; nothing of its own in it acts on a terminal.
fn coloured(line: &str) -> String {
    let colour = match line.get(..3) {
        Some(" ->" | " ~>" | " -|" | " ~|") => "36",
        Some("<**" | "<~*") => "31",
        Some("<- " | "<~ ") => "32",
        _ => "2",
    };
    format!("\u{1b}[{colour}m{line}\u{1b}[0m")
}
