//! `exim -bh`: a session as on any terminal, with what Exim thinks of it between the lines: `>>> `, `LOG: `, `**** `.

use crate::conversation::file::Document;

use super::builder::Content;
use super::lines::{is_command, is_reply, lines, text};
use super::sessions::Sessions;
use super::telnet::strip;
use super::text::Text;
use super::{Unread, sides};

const HOST: &str = "**** SMTP testing session as if from host ";

/// Whether Exim says that it is one.
pub(super) fn looks(beginning: &[u8]) -> bool {
    lines(beginning).take(500).any(|(_, line)| line.starts_with(HOST.as_bytes()))
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("exim-bh", Content::Shown);
    for (number, raw) in lines(octets) {
        found.at(number);
        let line = strip(raw);
        let content = found.has_current() && found.current().in_content();
        if let Some(host) = text(&line).strip_prefix(HOST) {
            let builder = found.connecting();
            builder.by_server();
            builder.connected("unknown", Some(host.trim()));
        } else if content {
            found.current().client(&line);
        } else if line.starts_with(b"LOG: ") {
            found.current().tool(&line);
        } else if line.starts_with(b">>>") || line.starts_with(b"**** ") || line.starts_with(b"LOG:") {
            found.passed_over();
        } else if line.trim_ascii().is_empty() {
            // Exim parts its own remarks by empty lines.
        } else if !found.has_current() && !is_reply(&line) && !is_command(&line) {
            found.unread(number, &line, "before the conversation");
        } else {
            if line.starts_with(b"220") {
                found.greeted();
            }
            sides::say(&line, found.current());
        }
    }
    found.finish()
}
