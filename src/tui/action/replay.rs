//! Two conversations side by side: replay and comparison.

use super::Where::{Composer, Transcript};
use super::{Action, Entry, entry, talking};
use crate::tui::model::Model;
use crate::tui::replay;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Replay,
        "replay",
        "replay",
        "Replay this conversation against a server, line by line, what was recorded beside what happens now.",
        &[(Transcript, "r")],
        in_a_file,
    )
    .called("repeat play script"),
    entry(
        Action::Skip,
        "skip",
        "skip",
        "Skip the next line of the replay.",
        &[(Composer, "ctrl-t"), (Transcript, "ctrl-t")],
        replay::has_more,
    )
    .needed(3),
    entry(
        Action::ReplayAll,
        "replay-all",
        "all the rest",
        "Play all the rest of the replay at once; {stop} stops it.",
        &[(Transcript, "R")],
        replay::has_more,
    )
    .needed(5),
    entry(
        Action::Compare,
        "compare",
        "compare",
        "Compare this conversation with another one, side by side.",
        &[(Transcript, "d")],
        in_a_file,
    )
    .called("diff difference"),
    entry(
        Action::Both,
        "two-servers",
        "two servers",
        "Hold this conversation with two servers, one after the other, and compare what they answer.",
        &[(Transcript, "D")],
        in_a_file,
    )
    .called("both compare server a b migration old new same"),
    entry(
        Action::DifferenceAfter,
        "difference-after",
        "next difference",
        "Go to the next row that differs.",
        &[],
        in_columns,
    )
    .needed(5),
    entry(
        Action::DifferenceBefore,
        "difference-before",
        "difference before",
        "Go to the row before that differs.",
        &[],
        in_columns,
    ),
    entry(
        Action::EndReplay,
        "end-replay",
        "close columns",
        "Leave the replay or the comparison; the conversation stays.",
        &[(Transcript, "backspace")],
        in_columns,
    )
    .needed(5),
];

fn in_a_file(model: &Model) -> bool {
    talking(model) && model.talk.path.is_some() && !model.talk.partial
}

fn in_columns(model: &Model) -> bool {
    talking(model) && model.replay.is_some()
}
