//! The action table: everything that a key, the palette, a menu or the mouse can do, one entry each.
//!
//! Key bindings, footer, F1 and the palette all come from [`ACTIONS`].

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in the table")]
pub enum Action {
    Quit,
    Help,
    Palette,
}

/// Where an action's key is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Where {
    /// Everywhere.
    Everywhere,
    /// With the composer focused.
    Composer,
    /// With the transcript focused.
    Transcript,
    /// With the right panel focused.
    Panel,
    /// On the start screen.
    Start,
}

/// One entry of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it does, by name in the code.
    pub action: Action,
    /// Its name in keymap.toml, the palette and next steps: `connect`, `ready`, `quit`.
    pub name: &'static str,
    /// A word or two for the footer.
    pub short: &'static str,
    /// One sentence for F1 and the palette.
    pub help: &'static str,
    /// Where, and which keys, most usual first, as `ctrl-p`, `f1`, `alt-up`, `G`, `enter`.
    pub keys: &'static [(Where, &'static str)],
}

/// Every action.
pub const ACTIONS: &[Entry] = &[
    Entry {
        action: Action::Quit,
        name: "quit",
        short: "quit",
        help: "Leave ehlo.",
        keys: &[(Where::Everywhere, "ctrl-q")],
    },
    Entry {
        action: Action::Help,
        name: "help",
        short: "help",
        help: "Help for where you are.",
        keys: &[(Where::Everywhere, "f1")],
    },
    Entry {
        action: Action::Palette,
        name: "palette",
        short: "all actions",
        help: "Find any action by name.",
        keys: &[(Where::Everywhere, "ctrl-p")],
    },
];
