//! Moving between panes, and within a pane or a list.

use super::Where::{Everywhere, Lesson, Library, Panel, Start, Transcript};
use super::{Action, Entry, always, entry, talking};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Up,
        "up",
        "up",
        "One row up.",
        &[
            (Transcript, "k"),
            (Transcript, "up"),
            (Panel, "k"),
            (Panel, "up"),
            (Start, "up"),
            (Library, "up"),
            (Lesson, "k"),
            (Lesson, "up"),
        ],
        always,
    ),
    entry(
        Action::Down,
        "down",
        "down",
        "One row down.",
        &[
            (Transcript, "j"),
            (Transcript, "down"),
            (Panel, "j"),
            (Panel, "down"),
            (Start, "down"),
            (Library, "down"),
            (Lesson, "j"),
            (Lesson, "down"),
        ],
        always,
    ),
    entry(
        Action::PageUp,
        "page-up",
        "page up",
        "Scroll a page up, while typing too.",
        &[(Everywhere, "pageup")],
        |model| talking(model) || model.at_library(),
    )
    .needed(6),
    entry(
        Action::PageDown,
        "page-down",
        "more",
        "Scroll a page down, while typing too.",
        &[(Everywhere, "pagedown")],
        |model| talking(model) || model.at_library(),
    )
    .needed(6),
    entry(
        Action::HalfPageUp,
        "half-page-up",
        "half up",
        "Half a page up.",
        &[(Transcript, "ctrl-u"), (Panel, "ctrl-u")],
        talking,
    ),
    entry(
        Action::HalfPageDown,
        "half-page-down",
        "half down",
        "Half a page down.",
        &[(Transcript, "ctrl-d"), (Panel, "ctrl-d")],
        talking,
    ),
    entry(
        Action::ScrollUp,
        "scroll-up",
        "scroll up",
        "Scroll up a little; the wheel does it too.",
        &[(Transcript, "ctrl-y"), (Panel, "ctrl-y")],
        talking,
    ),
    entry(
        Action::ScrollDown,
        "scroll-down",
        "scroll down",
        "Scroll down a little; the wheel does it too.",
        &[(Transcript, "ctrl-e"), (Panel, "ctrl-e")],
        talking,
    ),
    entry(
        Action::Top,
        "top",
        "top",
        "Go to the first line.",
        &[(Transcript, "g"), (Transcript, "home"), (Panel, "g"), (Panel, "home")],
        talking,
    ),
    entry(
        Action::Bottom,
        "bottom",
        "end",
        "Go to the end and follow it.",
        &[(Transcript, "G"), (Transcript, "end"), (Panel, "G"), (Panel, "end")],
        talking,
    ),
    entry(
        Action::NextPane,
        "next-pane",
        "next pane",
        "Give the keys to the next pane.",
        &[(Everywhere, "f6")],
        talking,
    )
    .needed(5),
    entry(
        Action::PreviousPane,
        "previous-pane",
        "pane before",
        "Give the keys to the pane before.",
        &[(Everywhere, "shift-f6")],
        talking,
    ),
];
