//! Going on although a certificate was not trusted: the same way again, up to the handshake, each line in the open.

use crate::client::{Ending, Request};
use crate::conversation::event::Remark;
use crate::smtp::Phase;

use super::effect::Effect;
use super::model::Model;

/// The lines that are still to be sent by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// The EHLO or LHLO as it was sent before, then STARTTLS.
    Greeting(Vec<u8>),
    /// STARTTLS, once the exchange of the greeting line is there: so many exchanges there were before it.
    Starttls(usize),
}

/// Connects again; where the handshake came by STARTTLS, the lines before it are sent again.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let greeting = model.panel.trouble().and_then(|trouble| model.talk.log.get(trouble.greeting?));
    model.repeat = greeting.filter(|entry| !entry.masked).map(|entry| Repeat::Greeting(entry.bytes.to_vec()));
    vec![Effect::Regardless]
}

/// Sends what is to be sent by itself next, if now is its moment.
pub(super) fn go_on(model: &mut Model) -> Vec<Effect> {
    let Some(repeat) = &model.repeat else { return Vec::new() };
    let state = model.talk.dialogue.state();
    if state.is_waiting() || model.talk.is_inspecting() {
        return Vec::new();
    }
    let line = match (repeat, state.phase()) {
        (Repeat::Greeting(line), Phase::Greeted) if !state.session.turned_away => line.clone(),
        // The greeting line was asked for and is not on the wire yet.
        (Repeat::Starttls(before), _) if model.talk.dialogue.exchanges().len() <= *before => return Vec::new(),
        (Repeat::Starttls(_), Phase::Ready) if state.session.capabilities.has("STARTTLS") => b"STARTTLS".to_vec(),
        // The connection before, or the one that is being made.
        (Repeat::Greeting(_), Phase::Closed | Phase::Connecting) => return Vec::new(),
        _ => {
            model.repeat = None;
            return Vec::new();
        }
    };
    let exchanges = model.talk.dialogue.exchanges().len();
    model.repeat = matches!(repeat, Repeat::Greeting(_)).then_some(Repeat::Starttls(exchanges));
    vec![Effect::Send(Request::Remark(Remark::new("auto"))), Effect::Send(Request::Line(line, Ending::CrLf))]
}
