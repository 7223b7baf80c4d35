//! The workbench itself: palette, help, looks, leaving.

use super::Where::{Everywhere, Lesson, Panel, Transcript};
use super::{Action, Entry, always, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::MarkSecret,
        "mark-secret",
        "mark a secret",
        "Mark what is secret: it is asked for unseen, and masked from then on, on the screen and on disk.",
        &[],
        always,
    )
    .called("hide mask password token conceal redact credential"),
    entry(
        Action::Palette,
        "palette",
        "all actions",
        "Find any action by its name or its words.",
        &[(Everywhere, "ctrl-p")],
        always,
    )
    .needed(2),
    entry(
        Action::Help,
        "help",
        "help",
        "Help for where you are.",
        &[(Everywhere, "f1"), (Transcript, "?"), (Panel, "?"), (Lesson, "?")],
        always,
    )
    .called("keys shortcuts manual f1")
    .needed(2),
    entry(
        Action::Reference,
        "reference",
        "reference",
        "Look up a code, a verb, an extension or a term: a page each, with links to those beside it.",
        &[(Everywhere, "f11"), (Transcript, "K"), (Panel, "K")],
        always,
    )
    .called("code codes enhanced verbs extension extensions capability rfc manual browse"),
    entry(
        Action::Glossary,
        "glossary",
        "glossary",
        "Look up what a term means: envelope, relay, greylisting and the others.",
        &[],
        always,
    )
    .called("term terms words dictionary meaning"),
    entry(Action::Theme, "theme", "theme", "Use the next theme: dark, light, mono, sixteen, your own.", &[], always)
        .called("colour colours color colors dark light look appearance"),
    entry(
        Action::Mouse,
        "mouse",
        "mouse on/off",
        "Leave the mouse to the terminal, or take it back.",
        &[(Transcript, "M"), (Panel, "M")],
        always,
    ),
    entry(Action::Redraw, "redraw", "redraw", "Draw the whole screen anew.", &[(Everywhere, "ctrl-l")], always),
    entry(
        Action::Suspend,
        "suspend",
        "suspend",
        "Go back to the shell for a while; fg returns.",
        &[(Everywhere, "ctrl-z")],
        always,
    ),
    entry(
        Action::Quit,
        "quit",
        "quit",
        "Leave ehlo; asks only while a connection is open.",
        &[(Everywhere, "ctrl-q"), (Transcript, "q"), (Panel, "q"), (Lesson, "q")],
        always,
    )
    .called("exit close end bye leave")
    .needed(3),
];
