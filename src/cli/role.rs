//! How a line of output is meant, and its colour.

use crate::smtp::escape;

/// What a line is.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Plain,
    Good,
    Bad,
    Remark,
}

impl Role {
    /// The text as a line fit for a terminal, coloured where the output takes colours.
    pub(super) fn line(self, text: &str, colour: bool) -> String {
        let text = escape::for_lines(text);
        match self {
            Self::Good if colour => format!("\x1b[32m{text}\x1b[0m\n"),
            Self::Bad if colour => format!("\x1b[31m{text}\x1b[0m\n"),
            Self::Remark if colour => format!("\x1b[2m{text}\x1b[0m\n"),
            _ => format!("{text}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_colours_but_its_own() {
        assert_eq!(Role::Bad.line("no\u{1b}[32m\0", true), "\x1b[31mno\\e[32m\\x00\x1b[0m\n");
        assert_eq!(Role::Plain.line("\u{202e}", false), "\\u{202e}\n");
    }
}
