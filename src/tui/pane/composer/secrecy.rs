//! Which lines are never kept: what answers within AUTH, what carries credentials, what looks like a secret.

use crate::smtp::{Command, Phase, Verb};

use super::Surroundings;

/// Whether a line that is sent now may be remembered.
pub(super) fn may_be_kept(line: &str, around: &Surroundings<'_>) -> bool {
    !is_answer(around) && !carries_credentials(line)
}

/// Whether what is typed now is, or will be, an answer within AUTH: a 334 is open, or the reply to AUTH is due.
pub(super) fn is_answer(around: &Surroundings<'_>) -> bool {
    let due = around.waiting.is_some_and(|(name, ..)| name.split(' ').any(|word| word.eq_ignore_ascii_case("AUTH")));
    around.session.phase() == Phase::Auth || due
}

/// AUTH with more than the mechanism's name.
fn carries_credentials(line: &str) -> bool {
    let command = Command::parse(line.as_bytes());
    command.verb == Verb::Auth
        && command.argument().split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count() > 1
}
