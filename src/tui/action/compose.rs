//! The composer: the line to send, its templates, and the message.

use super::Where::{Composer, Everywhere};
use super::{Action, Entry, entry, live, open};
use crate::tui::enter::refused_mended;
use crate::tui::model::{Focus, Model};
use crate::tui::{attending, pipelining, replay};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Send,
        "send",
        "send",
        "Send the line that stands in the composer, as it stands there.",
        &[(Composer, "enter")],
        |model| open(model) || model.replay.as_ref().is_some_and(replay::Replay::reconnects),
    )
    .needed(1),
    entry(
        Action::Mend,
        "mend",
        "mend",
        "Take the mended line that the composer offers.",
        &[(Everywhere, "f8")],
        |model| {
            let of_line = model.composer.lints().iter().any(|lint| lint.mended.is_some());
            composing(model) && (of_line || model.composer.line().is_empty() && refused_mended(model).is_some())
        },
    )
    .called("fix correct repair")
    .needed(4),
    entry(
        Action::Templates,
        "templates",
        "templates",
        "Choose a verb; with a verb on the line, fill that line in as a form.",
        &[(Everywhere, "f2")],
        |model| live(model) && !attending::in_exam(model),
    )
    .called("verbs commands form rcpt mail")
    .needed(4),
    entry(
        Action::Message,
        "message",
        "message",
        "Write the message: header fields and text, from samples or files; nothing is sent yet.",
        &[(Everywhere, "f3")],
        live,
    )
    .called("body text headers data editor attachment")
    .needed(4),
    entry(
        Action::Receipt,
        "receipt",
        "receipt",
        "Ask for a receipt of delivery, failure and delay on the MAIL or RCPT line that stands there, or take that back.",
        &[(Composer, "ctrl-x")],
        composing,
    )
    .called("dsn notify orcpt envid ret notification"),
    entry(
        Action::Pipeline,
        "pipeline",
        "pipeline",
        "Collect lines for one write, as PIPELINING allows: Enter keeps each, and on an empty line sends them all at once.",
        &[(Composer, "ctrl-n")],
        pipelining::is_possible,
    )
    .called("pipelining several lines at once block batch early talker"),
    entry(
        Action::History,
        "history",
        "history",
        "Find a line that was sent before, in this run or another.",
        &[(Everywhere, "ctrl-r")],
        live,
    )
    .called("recall before"),
    entry(
        Action::LineEnd,
        "line-end",
        "line end",
        "Choose how lines end that you send: CRLF as it should be, a bare LF, or nothing.",
        &[],
        live,
    )
    .called("crlf lf newline"),
];

fn composing(model: &Model) -> bool {
    live(model) && model.focus == Focus::Composer
}
