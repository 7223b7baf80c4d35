//! Roles, not colours: what a text is; a theme says how it looks.

use ratatui::style::{Color, Modifier, Style};

/// What a text is. Each has a glyph or a word beside its colour on the screen, so that no meaning hangs on colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain text.
    Text,
    /// A line from client to server.
    Sent,
    /// A line from server to client.
    Received,
    /// A refusal.
    Refused,
    /// A remark of ehlo's.
    Remark,
    /// A warning, an escape of something unprintable, lint.
    Warning,
    /// What is focused: frames, titles, the open tab.
    Accent,
    /// Ghost text, content, times.
    Dim,
    /// The selected rows.
    Selection,
    /// Accepted.
    Good,
    /// Not accepted.
    Bad,
}

/// How each role looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Only the 16 colours that every terminal has.
    #[default]
    Sixteen,
    /// No colour: bold, underline, reverse.
    Mono,
}

impl Theme {
    /// The style of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        match self {
            Self::Sixteen => match role {
                Role::Text => plain,
                Role::Sent => plain.fg(Color::Cyan),
                Role::Received => plain.fg(Color::Green),
                Role::Refused | Role::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
                Role::Remark | Role::Dim => plain.fg(Color::DarkGray),
                Role::Warning => plain.fg(Color::Yellow),
                Role::Accent => plain.fg(Color::Blue).add_modifier(Modifier::BOLD),
                Role::Selection => plain.add_modifier(Modifier::REVERSED),
                Role::Good => plain.fg(Color::Green).add_modifier(Modifier::BOLD),
            },
            Self::Mono => match role {
                Role::Text | Role::Sent | Role::Received => plain,
                Role::Refused | Role::Bad | Role::Accent | Role::Good => plain.add_modifier(Modifier::BOLD),
                Role::Remark | Role::Dim => plain.add_modifier(Modifier::DIM),
                Role::Warning => plain.add_modifier(Modifier::UNDERLINED),
                Role::Selection => plain.add_modifier(Modifier::REVERSED),
            },
        }
    }
}
