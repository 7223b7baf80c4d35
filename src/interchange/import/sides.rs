//! Who said a line, told by the grammar of the conversation alone, where a source marks no sides.

use super::builder::Builder;
use super::lines::{is_command, is_reply};

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
