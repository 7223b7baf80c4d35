//! `$text` in an answer within AUTH: its base64 goes out; `$$` is a dollar itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::{Phase, Secret};

use super::Surroundings;

/// What a line becomes, and the secret in it.
pub struct Answer {
    /// What goes on the wire.
    pub line: Vec<u8>,
    /// What must not be recorded: the text; where NULs part it as PLAIN has it, the part after the last;
    /// of what holds a token, the token.
    pub secrets: Vec<Secret>,
}

/// The answer that a line stands for, while a 334 is open and it begins with a dollar; nothing otherwise. `\0` in the
/// text is a NUL, as PLAIN wants it, and `\1` the octet 1, as XOAUTH2 and OAUTHBEARER do.
#[must_use]
pub fn answer(line: &str, around: &Surroundings<'_>) -> Option<Answer> {
    if around.session.phase() != Phase::Auth {
        return None;
    }
    let text = line.strip_prefix('$')?;
    if text.starts_with('$') {
        return Some(Answer { line: text.as_bytes().to_vec(), secrets: Vec::new() });
    }
    let text = text.replace("\\0", "\0").replace("\\1", "\x01");
    let last = match text.split_once("Bearer ") {
        Some((_, token)) => token.split('\x01').next().unwrap_or_default(),
        None => text.rsplit('\0').next().unwrap_or_default(),
    };
    let secrets = if last.is_empty() { Vec::new() } else { vec![Secret::from(last)] };
    Some(Answer { line: STANDARD.encode(&text).into_bytes(), secrets })
}
