//! The editor was left: what is said of the message, and what waits for it.

use crate::message::header::{LONGEST, doubled};
use crate::smtp::Phase;
use crate::smtp::escape::for_screen;
use crate::tui::keymap::verbatim;
use crate::tui::model::Model;
use crate::tui::text;

use super::Draft;

/// A message waits for its 354: what leads there, or what is wrong with it; and whether the server takes so much.
pub(in crate::tui) fn prepared(model: &Model, draft: &Draft) -> String {
    let words = faulty(model, draft).unwrap_or_else(|| {
        format!("The message is prepared ({}); it is offered after DATA, when 354 comes.", draft.summary())
    });
    match exceeded(model, draft) {
        Some(most) => format!("{words} It is larger than the {most} bytes that the server takes (SIZE)."),
        None => words,
    }
}

/// How many octets the server takes, where the message has more.
fn exceeded(model: &Model, draft: &Draft) -> Option<u64> {
    let most = model.talk.dialogue.state().session.capabilities.size().filter(|most| *most > 0)?;
    u64::try_from(draft.size()).is_ok_and(|size| size > most).then_some(most)
}

/// What is said of a message before it goes out: no empty line ends its header, or a line of it is too long.
fn faulty(model: &Model, draft: &Draft) -> Option<String> {
    let quoted = |line: &str| verbatim(&for_screen(text::fit(line, 30).as_bytes()));
    let words = match (draft.unparted(), draft.overlong()) {
        (Some(line), _) => {
            format!("No empty line parts header and text: “{}” stands where a field would.", quoted(line))
        }
        (None, Some(line)) => {
            let octets = line.len();
            format!("“{}” of the header has {octets} octets; a line may have {LONGEST} (RFC 5322 2.1.1).", quoted(line))
        }
        (None, None) => {
            let name = twice(draft)?;
            format!("“{name}:” stands there twice in one line.")
        }
    };
    Some(model.keymap.told(&format!("{words} {{message}} goes back to it.")))
}

/// The name of a field that stands twice in its line.
fn twice(draft: &Draft) -> Option<String> {
    let name = doubled(draft.lines.iter().map(String::as_str))?;
    Some(verbatim(&for_screen(text::fit(name, 20).as_bytes())))
}

/// What is said of such a message in one row, once it is offered and goes out with the next key.
pub(in crate::tui) fn doubtful(model: &Model) -> Option<String> {
    let draft = &model.draft;
    let words = match (draft.unparted(), draft.overlong()) {
        (Some(line), _) => {
            let quoted = verbatim(&for_screen(text::fit(line, 12).as_bytes()));
            format!("No empty line before “{quoted}”")
        }
        (None, Some(_)) => "A line of the header is too long".to_owned(),
        (None, None) => match twice(draft) {
            Some(name) => format!("“{name}:” stands there twice"),
            None => format!("Larger than the {} bytes it takes", exceeded(model, draft)?),
        },
    };
    Some(format!("{words}: {{message}} edit it · {{send}} sends it and the dot"))
}

/// The message editor was left.
pub(in crate::tui) fn left(model: &mut Model, draft: Draft) {
    let state = model.talk.dialogue.state();
    let open = model.talk.is_open() && state.phase() == Phase::Data;
    let begun = open && state.session.content_octets > 0;
    let summary = draft.summary();
    // Who only looked at a message that is offered finds the offer as it was.
    let looked = !draft.ready && model.draft.ready && !draft.lines.is_empty();
    let draft = Draft { ready: draft.ready || looked, ..draft };
    model.notice = match (draft.ready, open) {
        (true, true) if begun => Some(model.keymap.told(&format!(
            "Lines of a message went out before: this text ({summary}) waits for the next 354. A lone . ends the message \
             that was begun, {{stop}} abandons it."
        ))),
        (true, true) => faulty(model, &draft),
        (true, false) => Some(prepared(model, &draft)),
        (false, _) => Some(model.keymap.told(&format!("The text is kept ({summary}); {{message}} goes on with it."))),
    };
    model.draft = draft;
}
