//! The start screen: opening what is marked, and the profiles.

use super::Where::{Library, Start};
use super::{Action, Entry, at_start, entry};
use crate::tui::model::Model;
use crate::tui::start::Item;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Open,
        "open",
        "open",
        "Open what is marked, or what you typed as a host, profile or file.",
        &[(Start, "enter"), (Library, "enter")],
        at_start,
    )
    .needed(1),
    entry(
        Action::NewProfile,
        "new-profile",
        "new profile",
        "Make a new profile; what was typed as a host, or what you are connected to, is in it already.",
        &[(Start, "insert"), (Start, "ctrl-n")],
        |model| !model.at_library(),
    )
    .called("save profile keep server bookmark")
    .needed(5),
    entry(
        Action::EditProfile,
        "edit-profile",
        "edit",
        "Edit the marked profile; one that comes with ehlo becomes your own.",
        &[(Start, "f4")],
        on_profile,
    )
    .needed(4),
    entry(
        Action::CopyProfile,
        "copy-profile",
        "copy",
        "Make a copy of the marked profile under another name.",
        &[(Start, "ctrl-y")],
        on_profile,
    )
    .needed(6),
    entry(
        Action::DeleteProfile,
        "delete-profile",
        "delete",
        "Delete the marked profile, after a question.",
        &[(Start, "delete")],
        on_profile,
    )
    .needed(6),
];

fn on_profile(model: &Model) -> bool {
    at_start(model) && !model.at_library() && matches!(model.start.marked(), Some(Item::Profile(_)))
}
