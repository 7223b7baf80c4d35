//! The header of a message that is typed line by line: an empty line has to end it (RFC 5322 2.1).

use crate::message::header::is_field;

/// What is said of a message whose text an empty line does not part from its header, longest first.
pub(super) const BROKEN: &[&str] = &[
    "No empty line came before the text, so readers may show none of it · {stop} abandons it; or a lone . ends it, and you \
     send it again",
    "No empty line came before the text: {stop} abandons it; or end it (.), and send it again",
    "No empty line before the text: {stop} abandons it, or . ends it",
    "No empty line before the text",
];

/// How far it has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Head {
    /// Nothing of the message was sent.
    #[default]
    Due,
    /// Fields were sent, and no empty line after them yet.
    Open,
    /// A line that is no field was sent among them: where the text begins, everybody guesses.
    Broken,
    /// The text has begun, after an empty line or without any field.
    Over,
}

impl Head {
    /// How far it has come once this line is sent.
    pub(super) fn after(self, line: &str) -> Self {
        let is_field = is_field(line.as_bytes());
        match self {
            Self::Due | Self::Open if is_field => Self::Open,
            Self::Open if line.is_empty() => Self::Over,
            // A line that continues a field begins with a space.
            Self::Open if line.starts_with([' ', '\t']) => Self::Open,
            Self::Open => Self::Broken,
            Self::Due => Self::Over,
            Self::Broken | Self::Over => self,
        }
    }

    /// What comes next in a message that was begun well, longest first.
    pub(super) fn goes_on(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Open => Some(&[
                "Another field, such as Subject: Hello; or an empty line, which ends the header · {stop} abandons the message",
                "Another field, or an empty line, which ends the header · {stop} abandons it",
                "Another field, or an empty line ends the header",
                "A field, or an empty line",
            ]),
            Self::Over => Some(&[
                "The header is over: what follows is text; a line with only . ends it · {stop} abandons the message",
                "The header is over: what follows is text; a lone . ends it · {stop} abandons it",
                "The header is over: now the text; a lone . ends it",
                "Now the text; a lone . ends it",
            ]),
            Self::Due | Self::Broken => None,
        }
    }

    /// What is said of the lone dot then, longest first.
    pub(super) fn at_the_dot(self) -> &'static [&'static str] {
        match self {
            Self::Broken => &[
                "Enter ends the message as it is, without an empty line before its text · {stop} abandons it",
                "Enter ends it, without an empty line before its text · {stop} abandons it",
                "Enter ends it, without its empty line",
            ],
            _ => &["The lone dot: Enter ends the message", "Enter ends the message"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_line_ends_it_well() {
        for (lines, want) in [
            (&["Subject: a"][..], Head::Open),
            (&["Subject: a", " b", "To: c"], Head::Open),
            (&["Subject: a", "", "Note: this", "text"], Head::Over),
            (&["text", "Note: this", "more"], Head::Over),
            (&["Subject: a", "text", "", "more"], Head::Broken),
        ] {
            assert_eq!(lines.iter().fold(Head::default(), |head, line| head.after(line)), want, "{lines:?}");
        }
    }
}
