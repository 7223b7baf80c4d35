//! What each message changes: pure, effects are given back as data.

use super::effect::Effect;
use super::message::Message;
use super::model::Model;

/// Takes a message in.
pub fn update(_model: &mut Model, _message: Message) -> Vec<Effect> {
    Vec::new()
}
