//! Replay and comparison: a conversation beside another one, and what their keys do.
//!
//! | where | what |
//! |---|---|
//! | `player` | a replay at work: its lines on the composer, its connection, its end |
//! | `way` | step by step, at once, at its own pace |
//! | `stops`, `goodbye` | where a replay stops, and how it ends |
//! | `compare` | two files beside each other |
//! | `both` | one conversation, held with two servers |
//! | `prepare` | what a replay needs from the disk |

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::script::beside::Beside;
use crate::script::stepper::Next;

use super::action::Action;
use super::effect::Effect;
use super::model::Model;
use super::overlay::{Other, Overlay, Wanted};
use super::pane::replay::{Columns, Frame};
use super::theme::Theme;

mod both;
mod compare;
mod goodbye;
mod player;
mod prepare;
mod stops;
#[cfg(test)]
pub(super) mod tests;
mod way;

pub(super) use both::{both, held_with_both, with_both};
pub use compare::Compared;
pub(super) use compare::{closes, compare, kept_beside, show};
pub use player::{Playing, Rehearsed};
pub(super) use player::{
    ask_environment, ask_password, began, begin, enter, follow, forget, has_more, is_playing, not_begun,
    runs_by_itself, told, waited, wanted,
};
use player::{play, playing};
pub(super) use prepare::rehearse;
pub(super) use stops::{handed_over, pause};
pub use way::{ReplayOf, Way};

/// What stands in the two columns.
#[derive(Debug)]
pub enum What {
    /// A recording, and what happens now.
    Playing(Box<Playing>),
    /// Two files.
    Comparing(Box<Compared>),
}

/// The two columns.
#[derive(Debug)]
pub struct Replay {
    /// What stands in them.
    pub what: What,
    /// Which part of it is in sight.
    pub columns: Columns,
}

impl Replay {
    fn playing(of: Rehearsed) -> Self {
        Self { what: What::Playing(Box::new(Playing::new(of))), columns: Columns::default() }
    }

    fn comparing(compared: Compared) -> Self {
        Self { what: What::Comparing(Box::new(compared)), columns: Columns::default() }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Beside] {
        match &self.what {
            What::Playing(playing) => playing.of.stepper.rows(),
            What::Comparing(compared) => &compared.rows,
        }
    }

    /// The row that comes next, where something is being played.
    #[must_use]
    pub fn next_row(&self) -> Option<usize> {
        match &self.what {
            What::Playing(playing) => Some(playing.of.stepper.row()),
            What::Comparing(compared) => compared.rows.len().checked_sub(1).filter(|_| compared.grows),
        }
    }

    /// Whether two files stand beside each other, of which the panel knows nothing.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(&self.what, What::Comparing(compared) if !compared.grows)
    }

    /// Moves within the rows; false where the action is not a move.
    pub fn act(&mut self, action: Action) -> bool {
        let mut columns = std::mem::take(&mut self.columns);
        let done = columns.act(action, self.rows());
        self.columns = columns;
        done
    }

    /// What is said where there is no difference to go to.
    #[must_use]
    pub fn nothing_there(&self, action: Action) -> Option<&'static str> {
        use Action::{DifferenceAfter, DifferenceBefore, RefusalAfter, RefusalBefore};
        let differs = || self.rows().iter().any(Beside::is_difference);
        match action {
            DifferenceAfter | RefusalAfter if differs() => Some("No difference comes after this line."),
            DifferenceBefore | RefusalBefore if differs() => Some("No difference comes before this line."),
            DifferenceAfter | RefusalAfter | DifferenceBefore | RefusalBefore => Some("Nothing differs here."),
            _ => None,
        }
    }

    /// Marks the row at a row of the pane.
    pub fn click(&mut self, y: u16) {
        let mut columns = std::mem::take(&mut self.columns);
        columns.click(y, self.rows());
        self.columns = columns;
    }

    /// Draws the columns into an area, without a frame.
    pub fn draw(&self, theme: Theme, focused: bool, area: Rect, buffer: &mut Buffer) {
        self.columns.draw(self.rows(), Frame { heads: self.heads(), theme, focused }, area, buffer);
    }

    /// Above the columns, in so many of the screen's: `replaying relay.smtp · line 4 of 11 · step by step`.
    #[must_use]
    pub fn title(&self, columns: usize) -> String {
        match &self.what {
            What::Playing(playing) => playing.title(columns),
            What::Comparing(compared) => compared.title(),
        }
    }

    /// The keys that are of use here, for the frame.
    #[must_use]
    pub fn keys(&self) -> &'static str {
        match self.what {
            What::Playing(_) => "",
            What::Comparing(_) => "n N difference · Esc back",
        }
    }

    /// The headings of the columns.
    #[must_use]
    pub fn heads(&self) -> [&str; 2] {
        match &self.what {
            What::Playing(playing) if playing.of.script => ["script", "now"],
            What::Playing(_) => ["recorded", "now"],
            What::Comparing(compared) => [&compared.names[0], &compared.names[1]],
        }
    }

    /// Whether Enter would do something that needs no connection.
    #[must_use]
    pub fn reconnects(&self) -> bool {
        matches!(&self.what, What::Playing(playing) if playing.of.stepper.next() == Next::Reconnect)
    }

    /// What Enter does, where that is not to send a line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &self.what {
            What::Playing(playing) => playing.hint(),
            What::Comparing(_) => None,
        }
    }
}

fn tally((differ, drift): (usize, usize)) -> String {
    match (differ, drift) {
        (0, 0) => "no difference".to_owned(),
        (0, drift) => format!("no difference that counts, {drift} ≈"),
        (differ, 0) => format!("{differ} ≠"),
        (differ, drift) => format!("{differ} ≠, {drift} ≈"),
    }
}

/// What an action means while two columns are shown: there what is looked for are differences.
pub(super) fn meant(model: &Model, action: Action) -> Action {
    match action {
        Action::SearchNext if model.replay.is_some() => Action::DifferenceAfter,
        Action::SearchBefore if model.replay.is_some() => Action::DifferenceBefore,
        other => other,
    }
}

/// Whether an action is this module's.
pub(super) fn does(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Replay | A::ReplayAll | A::ReplayPaced | A::StepByStep | A::Skip | A::EndReplay | A::Compare | A::Both
    )
}

/// Does one of this module's actions.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if matches!(action, Action::Both | Action::Compare) {
        super::playback::leave(model);
    }
    match action {
        Action::Replay | Action::ReplayAll | Action::ReplayPaced => return way::take(model, action),
        Action::StepByStep => {
            let _ = pause(model);
        }
        Action::Both => {
            let target = model.talk.target.clone().unwrap_or_else(|| model.peer.name.clone());
            if let Some(path) = model.talk.path.clone() {
                let text = if target.is_empty() { target } else { format!("{target} ") };
                model.overlay = Some(Overlay::Other(Other::new(Wanted::Both(path), &text, Vec::new())));
            }
        }
        Action::Compare => {
            let Some(path) = model.talk.path.clone() else { return Vec::new() };
            let offers = kept_beside(model, &path);
            let unknown = offers.is_empty();
            model.overlay = Some(Overlay::Other(Other::new(Wanted::Compare(path), "", offers)));
            return if unknown { vec![Effect::LookForRecent] } else { Vec::new() };
        }
        Action::Skip => {
            let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, .. } = model else {
                return Vec::new();
            };
            playing.of.stepper.skip(&talk.dialogue);
            return follow(model);
        }
        Action::EndReplay => forget(model),
        _ => {}
    }
    Vec::new()
}
