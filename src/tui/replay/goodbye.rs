//! The end of a replay whose connection is still open.

use crate::client::{Ending, Request};
use crate::conversation::event::Remark;
use crate::smtp::Phase;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

use super::{Replay, Way, What};

/// What the second row says then.
pub(super) const WORDS: &str = "All lines were sent; the connection is still open: QUIT ends it";

/// Everything was sent. What was played by itself ends as `ehlo run` ends: with RSET, where a mail transaction is open, and
/// QUIT. Step by step QUIT is offered.
pub(super) fn say(model: &mut Model) -> Vec<Effect> {
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, composer, .. } = model else {
        return Vec::new();
    };
    let state = talk.dialogue.state();
    let phase = state.phase();
    let at_rest = matches!(phase, Phase::Greeted | Phase::Ready | Phase::Mail | Phase::Rcpt);
    if !talk.is_open() || !at_rest || state.is_waiting() || state.in_reply() {
        return Vec::new();
    }
    if std::mem::take(&mut playing.way) != Way::Steps {
        let reset = matches!(phase, Phase::Mail | Phase::Rcpt).then_some("RSET");
        let line = |line: &str| Effect::Send(Request::Line(line.as_bytes().to_vec(), Ending::CrLf));
        let by_itself = |it| [Effect::Send(Request::Remark(Remark::new("auto"))), line(it)];
        playing.goodbye = true;
        return reset.into_iter().chain(["QUIT"]).flat_map(by_itself).collect();
    }
    if !std::mem::replace(&mut playing.goodbye, true) && composer.line().is_empty() {
        composer.set_line("QUIT");
    }
    Vec::new()
}
