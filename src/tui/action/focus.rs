//! Which pane has the keys, and how a pane is shown.

use super::Where::{Composer, Lesson, Panel, Transcript};
use super::{Action, Entry, entry, live, talking};
use crate::tui::model::Focus;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::ToComposer,
        "composer",
        "to the line",
        "Go to the composer: the line to send.",
        &[(Transcript, "esc"), (Transcript, "i"), (Panel, "esc"), (Panel, "i"), (Lesson, "esc"), (Lesson, "i")],
        |model| live(model) || model.focus == Focus::Panel || model.transcript.is_narrowed(),
    )
    .needed(3),
    entry(
        Action::ToTranscript,
        "transcript",
        "to transcript",
        "Go to the transcript; nothing typed is lost.",
        &[(Composer, "esc")],
        talking,
    )
    .needed(3),
    entry(Action::ToPanel, "panel", "to the reply", "Go to the right panel.", &[(Transcript, "enter")], talking)
        .needed(4),
    entry(
        Action::Zoom,
        "zoom",
        "zoom",
        "Show this pane alone and without a frame, for the terminal's own selection; once more goes back.",
        &[(Transcript, "z"), (Panel, "z")],
        talking,
    ),
    entry(
        Action::Presenter,
        "presenter",
        "presenter's mode",
        "Enlarge the focused pane and show the keys pressed, for those who look on; once more ends it.",
        &[],
        talking,
    ),
];
