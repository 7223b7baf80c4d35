//! The orders of the list.

/// In which order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    Newest,
    Oldest,
    Largest,
    Host,
    Code,
    Title,
}

impl Order {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Newest, "newest first"),
        (Self::Oldest, "oldest first"),
        (Self::Largest, "largest first"),
        (Self::Host, "by host"),
        (Self::Code, "by code"),
        (Self::Title, "by title"),
    ];

    pub(super) fn words(self) -> &'static str {
        Self::ALL.iter().find(|(order, _)| *order == self).map_or("", |(_, words)| words)
    }

    pub(super) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|(order, _)| *order == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()].0
    }
}
