//! What goes wrong in a message that is typed line by line.

use crate::message::header::is_field;
use crate::smtp::{Verb, sasl};
use crate::tui::theme::Role;

use super::head::Head;
use super::hint::{Hint, note};

/// What people who write a message by hand overlook: the line goes out all the same, and does not do what they want.
pub(super) fn slip(line: &str, head: Head) -> Option<Hint> {
    let word = line.trim();
    let texts: &[&str] = if word == "." && line != "." {
        &[
            "this does not end the message: only a dot alone does, without a space beside it",
            "does not end the message: there is a space beside the dot",
        ]
    } else if is_command(word) {
        &[
            "this becomes text of the message; a line with only . ends it, and then commands work again",
            "text of the message; a line with only . ends it",
        ]
    } else if head == Head::Open && !word.is_empty() && !line.starts_with([' ', '\t']) && !is_header(line) {
        &[
            "an empty line parts the headers from the text: Ctrl-U clears this one, and Enter sends it empty",
            "an empty line comes first: Ctrl-U clears this one, Enter sends it empty",
            "an empty line must part headers and text",
        ]
    } else {
        return None;
    };
    Some(note(Role::Warning, texts))
}

/// Whether a line of content is a whole command, such as who forgot the dot types.
fn is_command(line: &str) -> bool {
    let (word, rest) = line.split_once([' ', ':']).unwrap_or((line, ""));
    let rest = rest.trim();
    let begins = |path: &str| {
        rest.get(..path.len()).is_some_and(|head| head.eq_ignore_ascii_case(path))
            && rest[path.len()..].trim_start().starts_with(':')
    };
    let capitals = word.bytes().all(|octet| octet.is_ascii_uppercase());
    match Verb::from_word(word) {
        Verb::Other => false,
        Verb::Mail => begins("FROM"),
        Verb::Rcpt => begins("TO"),
        Verb::Data | Verb::Rset | Verb::Quit | Verb::Starttls | Verb::Noop => rest.is_empty() && !line.ends_with(':'),
        Verb::Helo | Verb::Ehlo | Verb::Lhlo => !line.contains(':') && !rest.contains(' '),
        Verb::Auth => sasl::known(rest.split(' ').next().unwrap_or_default()).is_some(),
        Verb::Bdat => rest.starts_with(|c: char| c.is_ascii_digit()),
        Verb::Help => rest.is_empty() || capitals,
        Verb::Vrfy | Verb::Expn | Verb::Xclient | Verb::Xforward => capitals || !rest.contains(' '),
    }
}

/// Whether a line of content looks like a header field.
fn is_header(line: &str) -> bool {
    is_field(line.as_bytes())
}
