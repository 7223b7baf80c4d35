//! `$text` in an answer within AUTH: its base64 goes out; `$$` is a dollar itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::{Phase, Secret};

use super::Surroundings;

/// What a line becomes, and the secret in it.
pub struct Answer {
    /// What goes on the wire.
    pub line: Vec<u8>,
    /// What must not be recorded: the text, and, where NULs part it as PLAIN has it, the part after the last.
    pub secrets: Vec<Secret>,
}

/// The answer that a line stands for, while a 334 is open and it begins with a dollar; nothing otherwise. `\0` in the
/// text is a NUL, as PLAIN wants it.
#[must_use]
pub fn answer(line: &str, around: &Surroundings<'_>) -> Option<Answer> {
    if around.session.phase() != Phase::Auth {
        return None;
    }
    let text = line.strip_prefix('$')?;
    if text.starts_with('$') {
        return Some(Answer { line: text.as_bytes().to_vec(), secrets: Vec::new() });
    }
    let text = text.replace("\\0", "\0");
    let last = text.rsplit('\0').next().unwrap_or_default();
    let secrets = if last.is_empty() { Vec::new() } else { vec![Secret::from(last)] };
    Some(Answer { line: STANDARD.encode(&text).into_bytes(), secrets })
}
