//! Which words of a conversation a command line can say as they are.

use super::Tool;
use crate::smtp::{Command, Verb, divided, escape};

/// Whether the tool takes this for what it is, as the value of an option; of recipients as one of a list.
pub(super) fn can_be_said(tool: &Tool, text: &str, in_list: bool) -> bool {
    // What no terminal shows would be left out of it.
    let shown = text.chars().all(escape::is_plain);
    // swaks takes all that begins with a hyphen for an option, and divides at each comma.
    let taken = tool.own || !text.starts_with('-');
    let alone = !in_list || if tool.own { divided(text).len() == 1 } else { !text.contains(',') };
    shown && taken && alone
}

/// MAIL or RCPT as it was said, where a tool would say it otherwise: without brackets, with blanks or a source route.
pub(super) fn spelled(command: &Command) -> Option<String> {
    let begins = match command.verb {
        Verb::Mail => "MAIL FROM:",
        Verb::Rcpt => "RCPT TO:",
        _ => return None,
    };
    let end = command.parameters.first().map_or(command.line.len(), |parameter| parameter.span.start);
    let said = String::from_utf8_lossy(command.line[..end].trim_ascii_end()).into_owned();
    let path = command.path.as_ref()?.address();
    let alike = said.get(..begins.len()).is_some_and(|verb| verb.eq_ignore_ascii_case(begins));
    (!alike || said[begins.len()..] != format!("<{path}>")).then_some(said)
}
