//! What can't be undone is asked first, where there is somebody to ask.

use std::io::{IsTerminal as _, Write as _};

/// Asks whether to do it; `would` is what is said where nobody is here to ask: what would be
/// done, and that --yes does it; `not` is said once the answer is no.
///
/// # Errors
/// It is not to be done; why.
pub(super) fn consent(question: &str, would: &str, not: &str) -> Result<(), String> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(format!("{would} without asking, and nobody is here to ask"));
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let agreed = read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes");
    if agreed { Ok(()) } else { Err(not.to_owned()) }
}
