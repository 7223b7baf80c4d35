//! `$text` in an answer within AUTH: its base64 goes out; `$$` is a dollar itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::smtp::{Phase, Secret, Session};

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
/// text is a NUL, as PLAIN wants it, and `\1` the octet 1, as XOAUTH2 and OAUTHBEARER do; `\x00` and `\x01`, as a transcript
/// has them, are the same.
#[must_use]
pub fn answer(line: &str, around: &Surroundings<'_>) -> Option<Answer> {
    answered(line, around.session)
}

fn answered(line: &str, session: &Session) -> Option<Answer> {
    if session.phase() != Phase::Auth {
        return None;
    }
    let text = line.strip_prefix('$')?;
    if text.starts_with('$') {
        return Some(Answer { line: text.as_bytes().to_vec(), secrets: Vec::new() });
    }
    let text = text.replace("\\x00", "\0").replace("\\x01", "\x01").replace("\\0", "\0").replace("\\1", "\x01");
    let last = match text.split_once("Bearer ") {
        Some((_, token)) => token.split('\x01').next().unwrap_or_default(),
        None => text.rsplit('\0').next().unwrap_or_default(),
    };
    let secrets = if last.is_empty() { Vec::new() } else { vec![Secret::from(last)] };
    Some(Answer { line: STANDARD.encode(&text).into_bytes(), secrets })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Dialogue, sample};

    #[test]
    fn an_octet_may_be_written_as_a_transcript_has_it() {
        let log = sample::log("* connected a\n< 220 mx\n> EHLO a\n< 250 AUTH XOAUTH2\n> AUTH XOAUTH2\n< 334 \n");
        let session = Dialogue::of(&log).state().session.clone();
        let sent = |text: &str| answered(text, &session).expect("an answer is due").line;
        let want = STANDARD.encode("user=dude\x01auth=Bearer x\x01\x01").into_bytes();
        assert_eq!(sent("$user=dude\\x01auth=Bearer x\\1\\x01"), want);
        assert_eq!(sent("$\\x00dude\\0pass"), STANDARD.encode("\0dude\0pass").into_bytes());
    }
}
