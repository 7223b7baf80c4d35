//! Who said a line, told by the grammar of the conversation alone, where a source marks no sides.

use super::builder::Builder;
use super::lines::{is_command, is_reply, lines, text};
use super::sessions::Sessions;

/// A side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// Who says this line next: after 354 and within a chunk all is the client's up to the dot; what has the form of a reply
/// is the server's where one is due or has begun, or where nobody asked for anything; the rest is the client's.
pub(super) fn side(line: &[u8], builder: &Builder) -> Side {
    if builder.in_content() {
        return Side::Client;
    }
    if is_reply(line) {
        return Side::Server;
    }
    // A reply that has begun goes on, badly formed, unless the client speaks.
    if builder.fold().in_reply() && !is_command(line) { Side::Server } else { Side::Client }
}

/// Adds a line to the side that said it.
pub(super) fn say(line: &[u8], builder: &mut Builder) {
    match side(line, builder) {
        Side::Client => builder.client(line),
        Side::Server => {
            builder.open_for(line);
            if !is_reply(line) {
                builder.inferred("the next line is the server's: its reply has begun and has no end yet");
            }
            builder.server(line);
        }
    }
}

/// Widths of terminals at which a single long line says enough.
const USUAL: [usize; 4] = [80, 100, 120, 132];

/// The columns of the terminal that a text was copied from, where its longest lines tell.
pub(super) fn width(octets: &[u8]) -> Option<usize> {
    let (mut longest, mut so_long) = (0, 0);
    for (_, line) in lines(octets) {
        let columns = columns(line);
        if columns > longest {
            (longest, so_long) = (columns, 0);
        }
        so_long += usize::from(columns == longest);
    }
    (USUAL.contains(&longest) || so_long > 1 && (60..400).contains(&longest)).then_some(longest)
}

fn columns(line: &[u8]) -> usize {
    if line.is_ascii() { line.len() } else { text(line).chars().count() }
}

/// Whether a line that fills the terminal goes on in the next: that is neither a reply nor a command, and no content.
pub(super) fn goes_on(line: &[u8], next: &[u8], width: Option<usize>, found: &mut Sessions) -> bool {
    const TOOLS: [&[u8]; 5] = [b"Connection closed", b"telnet> ", b"closed", b"read:errno=", b"---"];
    width == Some(columns(line))
        && !next.trim_ascii().is_empty()
        && !is_reply(next)
        && !is_command(next)
        && !TOOLS.iter().any(|tool| next.starts_with(tool))
        && (is_reply(line) || is_command(line) || found.has_current() && found.current().lines() > 0)
        && !(found.has_current() && found.current().in_content())
}

/// Says that the next line was put together.
pub(super) fn say_joined(found: &mut Sessions) {
    found.current().inferred("the next line was wrapped by the terminal at its edge, and is put together again");
}
