//! What a text that is typed on the start screen may be, by its look alone.

use std::path::Path;

use crate::interchange::{self, import};
use crate::script::example;

/// Whether a text is looked for rather than connected to: the code of a reply, `552` or `5.7.1`. As a host such a number
/// would be an address in full clothes; nobody means it.
pub(super) fn is_code(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || c == '.') && text.matches('.').count() < 3
}

/// Whether a text is one word that may be a host, and may as well be looked for: no dot, port or path stands in it.
pub(super) fn is_bare(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || ".:/@[]#".contains(c))
}

/// Whether a text that a file has for its name is no name of a host: it is a path, or has the ending of what is read here.
pub(super) fn is_file_name(text: &str) -> bool {
    let ending = Path::new(text).extension().and_then(|ending| ending.to_str());
    let known = |ending: &str| interchange::by_extension(ending).is_some() || import::is_ending(ending);
    text.contains('/') || example::name(Path::new(text)).is_some() || ending.is_some_and(known)
}
