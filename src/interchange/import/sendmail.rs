//! sendmail -v: replies as they are, `>>> ` sent, and what became of each recipient in between.

use crate::conversation::file::Document;

use super::Unread;
use super::builder::Content;
use super::lines::{between, is_reply, lines, text};
use super::sessions::Sessions;
use super::text::Text;

/// Whether there is a `>>> ` with a reply beside it.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let (mut sent, mut reply) = (false, false);
    for (_, line) in lines(beginning).take(500) {
        sent |= line.starts_with(b">>> ") || line.starts_with(b"050 >>> ");
        reply |= is_reply(line) || line.starts_with(b"050 ");
        if sent && reply {
            return true;
        }
    }
    false
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("sendmail", Content::Hidden).timed(octets);
    for (number, line) in lines(octets) {
        found.at(number);
        // With VERB, what the next hop says comes within a reply of this one.
        let line = line.strip_prefix(b"050 ").unwrap_or(line);
        if let Some(sent) = line.strip_prefix(b">>> ") {
            found.current().client(sent);
        } else if is_reply(line) {
            let builder =
                if line.starts_with(b"220") && !waits_for_tls(&mut found) { found.greeted() } else { found.current() };
            builder.open_for(line);
            builder.server(line);
        } else if let Some(said) = line.windows(4).any(|four| four == b"... ").then(|| text(line)) {
            if let Some(place) = between(&said, "... Connecting to ", " via ") {
                let (host, port) = place.split_once(" port ").unwrap_or((place, "25"));
                if place == "local" || place.starts_with("local") {
                    found.passed_over();
                    continue;
                }
                let address = super::lines::address(host.trim_end_matches('.'), port);
                let builder = found.connecting();
                builder.connecting(&address);
                builder.connected(&address, None);
            } else if found.has_current() {
                found.current().tool(line);
            } else {
                found.passed_over();
            }
        } else if line.starts_with(b"Closing connection to ") {
            found.current().tool(line);
        } else if !line.trim_ascii().is_empty() {
            found.unread(
                number,
                line,
                "neither a reply, nor >>> and what was sent, nor ADDRESS... and what became of it",
            );
        }
    }
    found.finish()
}

fn waits_for_tls(found: &mut Sessions) -> bool {
    found.has_current() && found.current().fold().is_waiting()
}
