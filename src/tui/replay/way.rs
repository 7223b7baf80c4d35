//! How the lines of a replay go out: each at a key, all at once, or with the pauses of whoever sent them then.

use std::path::PathBuf;

use crate::script::stepper::Next;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::{Other, Overlay, Wanted};
use crate::tui::playback;

use super::{Playing, follow, has_more, playing};

/// How the lines of a replay go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Each waits for a key.
    #[default]
    Steps,
    /// Each as soon as the one before is answered.
    AtOnce,
    /// Each as long after that as when it was recorded.
    Paced,
}

impl Way {
    /// The words for it, as the title has them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Steps => "step by step",
            Self::AtOnce => "all at once",
            Self::Paced => "at its own pace",
        }
    }

    /// The way that an action asks for.
    fn of(action: Action) -> Self {
        match action {
            Action::ReplayAll => Self::AtOnce,
            Action::ReplayPaced => Self::Paced,
            _ => Self::Steps,
        }
    }
}

/// A replay that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayOf {
    /// The transcript.
    pub path: PathBuf,
    /// The target as typed.
    pub target: String,
    /// How its lines go out.
    pub way: Way,
    /// Variables of the environment that it may read.
    pub environment: Vec<String>,
}

/// A wait before something goes out by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    /// Which it is: an older one says nothing any more.
    pub(super) number: u64,
    /// It is one that was recorded, and whoever is in a hurry may cut it short.
    pub(super) recorded: bool,
}

impl Playing {
    /// The recorded pause before the next line, where it has not been kept yet.
    pub(super) fn due(&mut self) -> Option<std::time::Duration> {
        let row = self.of.stepper.row();
        if self.way != Way::Paced || self.paused_before == Some(row) {
            return None;
        }
        self.paused_before = Some(row);
        self.of.stepper.pause()
    }

    /// What is waited for by the clock of the recording is not waited for any longer.
    pub(super) fn hurry(&mut self) {
        self.pause.take_if(|pause| pause.recorded);
    }

    /// From now on its lines go out in this way.
    pub(super) fn go(&mut self, way: Way) {
        self.hurry();
        (self.way, self.paused_before) = (way, None);
    }

    /// What is said of a pause that is kept now.
    pub(super) fn pause_in_words(&self) -> Option<String> {
        self.pause.filter(|pause| pause.recorded)?;
        let time = self.of.stepper.pause()?;
        let line = matches!(self.of.stepper.next(), Next::Line(..) | Next::Content { .. });
        let time = crate::profile::duration::words(time);
        line.then(|| format!("Goes out after {time}, as it did then · {{send}} sends it now · {{stop}} step by step"))
    }
}

/// Begins a replay in this way: asks for its target. One that plays goes on in this way; asked a second time, step by
/// step.
pub(super) fn take(model: &mut Model, action: Action) -> Vec<Effect> {
    let way = Way::of(action);
    if action == Action::Replay || !has_more(model) {
        let target = model.talk.target.clone().unwrap_or_else(|| model.peer.name.clone());
        if let Some(path) = model.talk.path.clone() {
            playback::leave(model);
            model.overlay = Some(Overlay::Other(Other::new(Wanted::Replay(path, way), &target, Vec::new())));
        }
        return Vec::new();
    }
    let Some(playing) = playing(model) else { return Vec::new() };
    if way == Way::Paced && !playing.of.stepper.has_pauses() {
        model.notice = Some("Nothing in it says when its lines went out: it has no pace of its own.".to_owned());
        return Vec::new();
    }
    let way = if playing.way == way { Way::Steps } else { way };
    playing.go(way);
    follow(model)
}
