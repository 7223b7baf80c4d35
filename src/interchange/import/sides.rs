//! Who said a line, told by the grammar of the conversation alone, where a source marks no sides.

use crate::smtp::Phase;

use super::builder::Builder;
use super::lines::{is_base64_answer, is_command, is_reply, lines, text};
use super::secrets;
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
    let client = is_command(line) || is_base64_answer(line);
    if builder.fold().in_reply() && !client { Side::Server } else { Side::Client }
}

/// What follows a line, as far as it shows what the line is.
const AHEAD: usize = 2000;

/// Whether a line that no mark gives to the client is somebody's prose, and no part of the conversation: it is no command,
/// nobody answers it, and no message that lacks its beginning goes on to a dot below it.
pub(super) fn is_prose(line: &[u8], below: &[&[u8]], builder: &Builder) -> bool {
    let odd = !is_command(line) && !is_reply(line) && !is_base64_answer(line) && secrets::begins(line).is_none();
    if !odd || builder.in_content() || builder.fold().in_reply() || builder.phase() == Phase::Auth || line == b"." {
        return false;
    }
    let mut full = below.iter().take(AHEAD).map(|line| line.trim_ascii()).filter(|line| !line.is_empty()).peekable();
    if full.peek().is_some_and(|next| is_reply(next)) {
        return false;
    }
    let goes_on = |line: &&[u8]| !ends_message(line);
    // Its message's dot has to be answered.
    full.find(|line| !goes_on(line)) != Some(b".".as_slice())
}

/// Whether a line ends a message that lacks its beginning: its dot, or a command that shows that there is none.
fn ends_message(line: &[u8]) -> bool {
    const SURE: [&[u8]; 6] = [b"MAIL FROM:", b"RCPT TO:", b"EHLO ", b"HELO ", b"QUIT", b"DATA"];
    line == b"." || SURE.iter().any(|sure| line.get(..sure.len()).is_some_and(|head| head.eq_ignore_ascii_case(sure)))
}

/// What is said of a line of prose.
pub(super) const PROSE: &str = "neither a command nor answered: taken for no part of the conversation";
/// What is said of a line behind the end.
pub(super) const AFTER: &str = "after the end of the connection";

/// Whether the client has nothing to say any more: the connection has ended, or QUIT was answered.
pub(super) fn is_over(builder: &Builder) -> bool {
    matches!(builder.phase(), Phase::Closed | Phase::Quit) && !builder.fold().in_reply()
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
