//! Enter, and what a paste becomes: the only places from which lines are sent.

use crate::client::{Ending, Request};
use crate::smtp::Phase;

use super::effect::Effect;
use super::model::{Armed, Model};
use super::overlay::PasteAs;
use super::pane::composer::Composer;

/// Enter in the composer: sends what stands there, or says first what is unusual about it.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = super::replay::enter(model) {
        return effects;
    }
    let armed = model.armed.take();
    let content = model.talk.dialogue.state().phase() == Phase::Data;
    if let Some(waiting) = &model.waiting
        && armed != Some(Armed::Pipelined)
    {
        model.notice =
            Some(format!("{} is awaited; Enter again sends this line at once (pipelined).", capital(&waiting.words())));
        model.armed = Some(Armed::Pipelined);
        return Vec::new();
    }
    if model.composer.line().is_empty() && !content && armed.is_none() {
        model.notice = Some("The line is empty; Enter again sends an empty line.".to_owned());
        model.armed = Some(Armed::Empty);
        return Vec::new();
    }
    let line = model.composer.line().as_bytes().to_vec();
    model.compose(Composer::sent);
    if let Some(next) = model.pasted.pop_front() {
        model.composer.set_line(&next);
        model.notice = Some(pasted_words(model.pasted.len()));
    }
    vec![Effect::Send(Request::Line(line, Ending::CrLf))]
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn pasted_words(left: usize) -> String {
    match left {
        0 => "This is the last line of the paste; Enter sends it.".to_owned(),
        1 => "Enter sends this line of the paste; 1 more follows.".to_owned(),
        n => format!("Enter sends this line of the paste; {n} more follow."),
    }
}

/// Uses a paste of several lines as it was chosen.
pub(super) fn paste_lines(model: &mut Model, way: PasteAs, lines: Vec<String>) -> Vec<Effect> {
    match way {
        PasteAs::OneByOne => {
            model.pasted = lines.into();
            if let Some(first) = model.pasted.pop_front() {
                model.composer.set_line(&first);
                model.notice = Some(pasted_words(model.pasted.len()));
            }
            Vec::new()
        }
        PasteAs::Block => vec![Effect::Send(Request::Pipeline(lines.into_iter().map(String::into_bytes).collect()))],
        PasteAs::Content => {
            let mut content = lines.join("\r\n").into_bytes();
            content.extend_from_slice(b"\r\n");
            vec![Effect::Send(Request::Content(content))]
        }
    }
}
