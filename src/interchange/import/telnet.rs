//! A session on a terminal: telnet, nc, or a window's text. Nothing marks the sides; the grammar tells them.

use crate::conversation::file::Document;

use super::builder::Content;
use super::lines::{is_command, is_reply, lines, text};
use super::sessions::Sessions;
use super::text::Text;
use super::{Unread, lines, sides};

/// Whether it reads like a conversation: a greeting, or a command with a reply behind it.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let mut command = false;
    let failed = |line: &[u8]| {
        let said = text(line);
        (said.starts_with("telnet: ") || said.starts_with("nc: ")) && said.contains("onnect")
    };
    for (_, line) in lines(beginning).filter(|(_, line)| !line.trim_ascii().is_empty()).take(200) {
        let line = strip(line);
        if line.starts_with(b"Escape character is")
            || failed(&line)
            || is_reply(&line) && (command || line.starts_with(b"220"))
        {
            return true;
        }
        command = is_command(&line) || command && is_reply(&line);
    }
    false
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("telnet", Content::Shown).timed(octets);
    let width = sides::width(octets);
    let texts: Vec<&[u8]> = lines(octets).map(|(_, line)| line).collect();
    let mut all = lines(octets).peekable();
    let mut edited = false;
    while let Some((number, raw)) = all.next() {
        found.at(number);
        let mut line = strip(raw);
        if line != raw && !edited {
            edited = true;
            found.current().inferred("lines as they were sent, from what a terminal shows of their typing");
        }
        let mut piece = raw;
        while let Some((_, next)) = all.next_if(|(_, next)| sides::goes_on(piece, next, width, &mut found)) {
            line.to_mut().extend_from_slice(&strip(next));
            piece = next;
        }
        if piece != raw {
            sides::say_joined(&mut found);
        }
        let below = all.peek().map_or(texts.len(), |(next, _)| next - 1);
        self::line(number, &line, texts.get(below..).unwrap_or_default(), &mut found);
    }
    found.finish()
}

/// Takes a line of a session in; `below` are those below it.
pub(super) fn line(number: usize, line: &[u8], below: &[&[u8]], found: &mut Sessions) {
    let next = below.first().copied();
    let open = found.has_current() && found.current().lines() > 0;
    if open && found.current().in_content() {
        let cut = line.starts_with(b"421") && next.is_none_or(|next| next.starts_with(b"Connection closed"));
        let over = next.is_none() && line.starts_with(b"Connection closed by foreign host");
        if cut {
            return found.current().server(line);
        }
        if !over {
            return found.current().client(line);
        }
    }
    if tool(line, found) {
        return;
    }
    if line.starts_with(b"220") {
        found.greeted();
    }
    let begun = found.has_current() && found.current().lines() > 0;
    if !begun && !is_reply(line) && !is_command(line) {
        if !line.trim_ascii().is_empty() {
            found.unread(number, line, "before the conversation");
        }
        return;
    }
    // After the reply to QUIT the client has nothing to say.
    if sides::is_over(found.current()) {
        found.unread_full(number, line, sides::AFTER);
        return;
    }
    if sides::is_prose(line, below, found.current()) {
        found.unread_full(number, line, sides::PROSE);
        return;
    }
    if line.is_empty() && next.is_none_or(|next| next.starts_with(b"Connection closed")) {
        return;
    }
    sides::say(line, found.current());
}

/// telnet's and nc's own lines.
pub(super) fn tool(line: &[u8], found: &mut Sessions) -> bool {
    let said = text(line);
    let said = said.trim();
    if let Some(address) = said.strip_prefix("Trying ") {
        found.connecting().connecting(address.trim_end_matches("..."));
    } else if let Some(host) = said.strip_prefix("Connected to ") {
        found.current().connected(host.trim_end_matches('.'), None);
    } else if said.starts_with("Escape character is") {
        // It says nothing of the conversation.
    } else if said.starts_with("Connection closed by foreign host") || said == "Connection to host lost." {
        found.current().closed("server");
    } else if said == "telnet> quit" || said == "Connection closed." || said.starts_with("telnet> q") {
        found.current().closed("client");
    } else if said.starts_with("telnet: ") || said.starts_with("nc: ") || said.starts_with("telnet> ") {
        let kind = if said.contains("onnect") { "connect" } else { "telnet" };
        found.current().error(kind, line);
    } else if let Some((host, port)) = netcat(said) {
        let address = lines::address(host, port);
        found.connecting().connecting(&address);
        found.current().connected(&address, None);
    } else {
        return false;
    }
    true
}

/// `Connection to HOST PORT port [tcp/smtp] succeeded!`, or `HOST [ADDRESS] PORT (smtp) open`.
fn netcat(said: &str) -> Option<(&str, &str)> {
    if let Some(rest) = said.strip_prefix("Connection to ").filter(|rest| rest.ends_with("succeeded!")) {
        let mut words = rest.split(' ');
        return Some((words.next()?, words.next()?));
    }
    let rest = said.strip_suffix(" open")?;
    let mut words = rest.split(' ');
    let (host, address, port) = (words.next()?, words.next()?, words.next()?);
    (address.starts_with('[') && port.bytes().all(|b| b.is_ascii_digit())).then_some((host, port))
}

/// A line as it was meant: backspaces carried out, sequences that colour or move taken out.
pub(super) fn strip(line: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if !line.iter().any(|octet| matches!(octet, 0x08 | 0x7f | 0x1b | 0x07)) {
        return line.into();
    }
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [octet, tail @ ..] = rest {
        rest = tail;
        match octet {
            0x08 if tail.starts_with(b" \x08") => {
                rest = &tail[2..];
                out.pop();
            }
            0x08 | 0x7f => {
                out.pop();
            }
            0x07 => {}
            0x1b => rest = after_sequence(tail),
            _ => out.push(*octet),
        }
    }
    out.into()
}

/// What follows a control sequence of ECMA-48, or an operating system command, after its ESC.
fn after_sequence(rest: &[u8]) -> &[u8] {
    match rest {
        [b'[', tail @ ..] => {
            let end = tail.iter().position(|octet| (0x40..=0x7e).contains(octet)).map_or(tail.len(), |end| end + 1);
            &tail[end..]
        }
        [b']', tail @ ..] => {
            let end = tail.iter().position(|octet| *octet == 0x07).map_or(tail.len(), |end| end + 1);
            &tail[end..]
        }
        [_, tail @ ..] => tail,
        [] => rest,
    }
}
