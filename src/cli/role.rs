//! How a line of output is meant, and its colour.

/// What a line is.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Plain,
    Good,
    Bad,
    Remark,
}

impl Role {
    /// The text as a line, coloured where the output takes colours.
    pub(super) fn line(self, text: &str, colour: bool) -> String {
        match self {
            Self::Good if colour => format!("\x1b[32m{text}\x1b[0m\n"),
            Self::Bad if colour => format!("\x1b[31m{text}\x1b[0m\n"),
            Self::Remark if colour => format!("\x1b[2m{text}\x1b[0m\n"),
            _ => format!("{text}\n"),
        }
    }
}
