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
        "Replay at once, each line as soon as the one before is answered; of a replay all the rest. {stop} stops it.",
        &[(Transcript, "R")],
        begins_or_goes_on,
    )
    .needed(5),
    entry(
        Action::ReplayPaced,
        "replay-pace",
        "own pace",
        "Replay at its own pace, with the pauses of whoever sent it then; of a replay all the rest. {stop} stops it.",
        &[(Transcript, "O")],
        begins_or_goes_on,
    )
    .needed(6)
    .called("real time speed original as recorded timed"),
    entry(
        Action::StepByStep,
        "step-by-step",
        "step by step",
        "Let each line of the replay wait for {send} again.",
        &[],
        replay::runs_by_itself,
    )
    .called("replay pause single"),
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

fn begins_or_goes_on(model: &Model) -> bool {
    replay::has_more(model) || in_a_file(model)
}

fn in_columns(model: &Model) -> bool {
    talking(model) && model.replay.is_some()
}
