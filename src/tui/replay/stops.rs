//! Where a replay stops by itself or is stopped: what is said, what is asked, and how it goes on.

use crate::script::stepper::Stop;
use crate::tui::effect::Effect;
use crate::tui::model::{Armed, Model};
use crate::tui::overlay::{Overlay, Question};

use super::{Replay, Way, What, play, playing};

/// Says why the next step does not go out, or asks whether it may.
pub(super) fn stopped(model: &mut Model, stop: Stop) {
    match &stop {
        Stop::Closed => {
            model.notice = Some(
                model
                    .keymap
                    .told("The connection is closed: {reconnect} starts the replay over, {skip} skips the line."),
            );
        }
        Stop::Missing(words) => model.notice = Some(format!("This line can't be made: {words}")),
        Stop::Held => {
            let words = "A reply was not as expected, so no message goes out by itself; Enter again sends this line.";
            model.notice = Some(words.to_owned());
            model.armed = Some(Armed::Held);
        }
        Stop::HandOver { host, recipients } => {
            // The recording's head may say so too.
            let marked = playing(model).is_some_and(|playing| playing.of.stepper.is_production());
            let production = model.peer.production || marked;
            let question = Question::HandOver { host: host.clone(), recipients: recipients.clone(), production };
            model.overlay = Some(Overlay::Question(question));
        }
    }
    if let Some(playing) = playing(model) {
        playing.stopped = Some(stop);
    }
}

/// The question whether the message may be handed over was answered with yes; nothing where no replay asked it.
pub(in crate::tui) fn handed_over(model: &mut Model) -> Option<Vec<Effect>> {
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, .. } = model else { return None };
    let stop = playing.stopped.take_if(|stop| matches!(stop, Stop::HandOver { .. }))?;
    playing.of.stepper.allow(&stop, &talk.dialogue);
    Some(play(model))
}

/// Goes on step by step; false where it does already.
pub(in crate::tui) fn pause(model: &mut Model) -> bool {
    let paused =
        playing(model).filter(|playing| playing.way != Way::Steps).map(|playing| playing.go(Way::Steps)).is_some();
    if paused {
        let words = "The replay goes on step by step; in the transcript {replay-all} plays the rest at once, {replay-pace} \
                     at its own pace.";
        model.notice = Some(model.keymap.told(words));
    }
    paused
}
