//! Where the line leads nowhere: there is no connection, or the time of an exam is over.

use super::Surroundings;
use super::hint::{Hint, note};
use crate::tui::attending::OVER;
use crate::tui::theme::Role;

/// What is said then, whatever the line is.
pub(super) fn shut(around: &Surroundings<'_>) -> Option<Hint> {
    let sentences = [
        "There is no connection · {reconnect} reconnect · {connect} connect",
        "No connection · {reconnect} again · {connect} other",
    ];
    if around.over {
        return Some(note(Role::Remark, &OVER));
    }
    (!around.open).then(|| note(Role::Warning, &sentences))
}
