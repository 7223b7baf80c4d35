//! The library: the conversations that were kept.

use super::Where::{Library, Panel, Start, Transcript};
use super::{Action, Entry, always, entry};
use crate::tui::model::Model;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Library,
        "library",
        "conversations",
        "Look through all conversations that were kept: search, name and delete them.",
        &[(Start, "f3"), (Transcript, "H"), (Panel, "H")],
        always,
    )
    .called("history transcripts kept recorded old search find saved")
    .needed(6),
    entry(
        Action::LeaveLibrary,
        "leave-library",
        "back",
        "Forget what was typed, or go back to where you came from.",
        &[(Library, "esc")],
        Model::at_library,
    )
    .needed(3),
    entry(
        Action::Rename,
        "rename",
        "title",
        "Give the marked conversation a title; it is kept in its file.",
        &[(Library, "f4")],
        on_one,
    )
    .called("name")
    .needed(4),
    entry(
        Action::Tag,
        "tag",
        "tags",
        "Change the tags of the marked conversation; tag:WORD in Find shows those that have it.",
        &[(Library, "ctrl-t")],
        on_one,
    )
    .called("label")
    .needed(5),
    entry(
        Action::NoteKept,
        "note-kept",
        "note",
        "Write a note on the marked conversation as a whole; it is kept in its file.",
        &[(Library, "ctrl-n")],
        on_one,
    )
    .called("comment remark annotate")
    .needed(6),
    entry(
        Action::RemoveKept,
        "remove",
        "delete",
        "Delete the marked conversation, after a question.",
        &[(Library, "delete")],
        on_one,
    )
    .called("erase")
    .needed(5),
    entry(
        Action::Prune,
        "prune",
        "prune",
        "Delete what is old or large: you type how old or how large, see which would go, and are asked.",
        &[(Library, "ctrl-x")],
        Model::at_library,
    )
    .called("clean tidy old large age size delete")
    .needed(6),
    entry(
        Action::Order,
        "order",
        "order",
        "Show them in another order: by time, size, host, code or title.",
        &[(Library, "f9")],
        Model::at_library,
    )
    .called("sort")
    .needed(6),
];

fn on_one(model: &Model) -> bool {
    model.at_library() && model.library.marked().is_some()
}
