//! Which words of a conversation a command line can say as they are.

use super::Tool;
use crate::smtp::{divided, escape};

/// Whether the tool takes this for what it is, as the value of an option; of recipients as one of a list.
pub(super) fn can_be_said(tool: &Tool, text: &str, in_list: bool) -> bool {
    // What no terminal shows would be left out of it.
    let shown = text.chars().all(escape::is_plain);
    // swaks takes all that begins with a hyphen for an option, and divides at each comma.
    let taken = tool.own || !text.starts_with('-');
    let alone = !in_list || if tool.own { divided(text).len() == 1 } else { !text.contains(',') };
    shown && taken && alone
}
