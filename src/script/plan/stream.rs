//! What a script puts on the wire whatever its lines look like: a command may be cut into pieces, or several may stand
//! in one line. What would begin a message, and what would end one, is found in the octets.

use super::{Act, Content, Piece, Plan, Sending};
use crate::client::Ending;
use crate::smtp::{Command, Verb};

/// Marks what begins or ends a message among all that is sent, and gathers whom it would be for.
pub(super) fn mark(plan: &mut Plan) {
    let mut stream = Stream::default();
    let (mut begun, mut ends_at, mut recipients) = (false, None, Vec::new());
    for step in &mut plan.steps {
        match &mut step.act {
            Act::Send(lines) => {
                for sending in lines {
                    stream.takes(sending, &mut recipients);
                    begun |= sending.begins;
                    if sending.ends && begun {
                        ends_at.get_or_insert(sending.line);
                    }
                }
            }
            Act::Content(_) | Act::Reconnect(_) | Act::Drop | Act::DropAtOnce => stream.clear(),
            _ => {}
        }
    }
    plan.hands_over = [plan.hands_over, ends_at].into_iter().flatten().min();
    recipients.dedup();
    plan.recipients = recipients;
}

/// The octets that are sent, from the last line end on.
#[derive(Default)]
struct Stream {
    line: Vec<u8>,
    /// The same with the names of secrets in their places.
    shown: Vec<u8>,
}

impl Stream {
    fn takes(&mut self, sending: &mut Sending, recipients: &mut Vec<String>) {
        let pieces = std::mem::take(&mut sending.pieces);
        for piece in &pieces {
            if let Piece::Hidden { octets, .. } = piece {
                // A line end is in no value.
                self.line.extend_from_slice(octets);
                self.shown.extend_from_slice(piece.shown().as_bytes());
            } else {
                // What AUTH carries is base64, which ends no line.
                self.octets(piece.octets().unwrap_or(b"="), sending, recipients);
            }
        }
        if sending.ending == Ending::CrLf {
            self.octets(b"\n", sending, recipients);
        }
        sending.pieces = pieces;
        // What is cut off here may end in whatever comes next.
        sending.begins |= begins(&self.line);
        if !sending.payload.iter().all(|part: &Content| part.size() == Some(0)) {
            self.clear();
        }
    }

    fn octets(&mut self, octets: &[u8], sending: &mut Sending, recipients: &mut Vec<String>) {
        for octet in octets {
            // Some servers take a CR alone for a line end.
            if matches!(octet, b'\n' | b'\r') {
                let command = Command::parse(&self.line);
                sending.begins |= begins(&self.line);
                sending.ends |= self.line == b"." || is_last(&command);
                if command.verb == Verb::Rcpt {
                    recipients.extend(Command::parse(&self.shown).path.map(|path| path.address()));
                }
                self.clear();
            } else {
                self.line.push(*octet);
                self.shown.push(*octet);
            }
        }
    }

    fn clear(&mut self) {
        self.line.clear();
        self.shown.clear();
    }
}

/// Whether a line is DATA or BDAT, as lenient servers read it too.
pub(in crate::script) fn begins(line: &[u8]) -> bool {
    let from = line.iter().position(u8::is_ascii_graphic).unwrap_or(line.len());
    let word: Vec<u8> =
        line[from..].iter().take_while(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
    matches!(word.as_slice(), b"DATA" | b"BDAT")
}

fn is_last(command: &Command) -> bool {
    command.verb == Verb::Bdat && command.argument().trim_ascii_end().to_ascii_uppercase().ends_with(b"LAST")
}

/// Whether a line, with or without a line end of its own, is the dot that ends a message.
pub(super) fn is_dot(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line) == b"."
}

/// Whether octets hold a lone dot on a line of its own, with either line end.
pub(super) fn ends_message(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').any(|line| line.strip_suffix(b"\r").unwrap_or(line) == b".")
}

/// Whether a line after AUTH looks like an answer within it: base64 that is no verb.
pub(super) fn is_answer(line: &[u8]) -> bool {
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let telling = line.len() >= 16 || line.iter().any(|b| b.is_ascii_lowercase() || *b == b'=');
    let verb = Command::parse(line).verb;
    verb == Verb::Other && !line.is_empty() && line.len().is_multiple_of(4) && line.iter().all(base64) && telling
}
