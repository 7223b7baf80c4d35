//! Which lines are never kept: what answers within AUTH, what carries credentials, what looks like a secret.

use crate::smtp::Phase;
use crate::smtp::lint::looks_like_secret;

use super::Surroundings;

/// Whether a line that is sent now may be remembered.
pub(super) fn may_be_kept(line: &str, around: &Surroundings<'_>) -> bool {
    !is_answer(around) && !looks_like_secret(line.as_bytes())
}

/// Whether what is typed now is, or will be, an answer within AUTH: a 334 is open, or the reply to AUTH is due.
pub(super) fn is_answer(around: &Surroundings<'_>) -> bool {
    let due = around.waiting.is_some_and(|(name, ..)| name.split(' ').any(|word| word.eq_ignore_ascii_case("AUTH")));
    around.session.phase() == Phase::Auth || due
}
