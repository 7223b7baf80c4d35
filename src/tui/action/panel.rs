//! The right panel: its next steps and its tabs.

use super::Where::{Everywhere, Panel, Transcript};
use super::{Action, Entry, Where, entry, talking};
use crate::tui::model::Model;
use crate::tui::pane::panel::Tab;

pub(super) const ENTRIES: &[Entry] = &[
    step(1, "step-1", &[(Everywhere, "alt-1"), (Transcript, "1"), (Panel, "1")]),
    step(2, "step-2", &[(Everywhere, "alt-2"), (Transcript, "2"), (Panel, "2")]),
    step(3, "step-3", &[(Everywhere, "alt-3"), (Transcript, "3"), (Panel, "3")]),
    step(4, "step-4", &[(Everywhere, "alt-4"), (Transcript, "4"), (Panel, "4")]),
    step(5, "step-5", &[(Everywhere, "alt-5"), (Transcript, "5"), (Panel, "5")]),
    step(6, "step-6", &[(Everywhere, "alt-6"), (Transcript, "6"), (Panel, "6")]),
    step(7, "step-7", &[(Everywhere, "alt-7"), (Transcript, "7"), (Panel, "7")]),
    step(8, "step-8", &[(Everywhere, "alt-8"), (Transcript, "8"), (Panel, "8")]),
    step(9, "step-9", &[(Everywhere, "alt-9"), (Transcript, "9"), (Panel, "9")]),
    entry(
        Action::NextTab,
        "next-tab",
        "next tab",
        "Open the next tab of the right panel: Reply, Session, Offer, TLS.",
        &[(Everywhere, "f9"), (Panel, "right"), (Panel, "l")],
        talking,
    )
    .needed(6),
    entry(
        Action::PreviousTab,
        "previous-tab",
        "tab before",
        "Open the tab before of the right panel.",
        &[(Everywhere, "shift-f9"), (Panel, "left"), (Panel, "h")],
        talking,
    ),
    entry(Action::ReplyTab, "reply-tab", "reply", "See what the reply means, and what to do next.", &[], talking),
    entry(
        Action::SessionTab,
        "session-tab",
        "session",
        "See where the session stands: envelope, recipients, times.",
        &[],
        talking,
    )
    .called("envelope recipients timings"),
    entry(
        Action::OfferTab,
        "offer-tab",
        "offer",
        "See what the server offers, what changed, and what is missing.",
        &[],
        talking,
    )
    .called("capabilities extensions size ehlo"),
    entry(
        Action::TlsTab,
        "tls-tab",
        "TLS",
        "See how the line is protected, and the certificate with everything that speaks against it.",
        &[],
        talking,
    )
    .called("certificate cipher encryption ssl"),
    entry(
        Action::ProbeTab,
        "probe-tab",
        "findings",
        "See what the ready-made tests have found, each with its lines and its cure.",
        &[],
        |model| talking(model) && model.probing.is_some(),
    )
    .called("report findings test relay"),
    entry(
        Action::FindingAfter,
        "finding-after",
        "next finding",
        "Go to the next finding of the ready-made tests, the worst first.",
        &[(Panel, "n")],
        finds,
    )
    .needed(5),
    entry(
        Action::FindingBefore,
        "finding-before",
        "finding before",
        "Go to the finding before of the ready-made tests.",
        &[(Panel, "N")],
        finds,
    ),
];

fn finds(model: &Model) -> bool {
    talking(model) && model.panel.tab() == Tab::Probe && model.probing.is_some()
}

const fn step(n: u8, name: &'static str, keys: &'static [(Where, &'static str)]) -> Entry {
    const AVAILABLE: [fn(&Model) -> bool; 9] = [
        |m| m.step(1).is_some(),
        |m| m.step(2).is_some(),
        |m| m.step(3).is_some(),
        |m| m.step(4).is_some(),
        |m| m.step(5).is_some(),
        |m| m.step(6).is_some(),
        |m| m.step(7).is_some(),
        |m| m.step(8).is_some(),
        |m| m.step(9).is_some(),
    ];
    entry(
        Action::Step(n),
        name,
        "next step",
        "Take this one of the next steps: a line goes to the composer, nothing is sent.",
        keys,
        AVAILABLE[n as usize - 1],
    )
    .needed(if n == 1 { 4 } else { 0 })
}
