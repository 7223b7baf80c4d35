//! Replay and comparison: a conversation beside another one, and the keys that play it on.
//!
//! The rules of a replay are in [`crate::script::stepper`]; here they meet the composer, the connection and the screen.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::script::beside::{Beside, Mark};
use crate::script::stepper::{Next, Order, Ready, Stepper, Stop};
use crate::smtp::Secret;

use super::action::Action;
use super::effect::Effect;
use super::model::{Armed, Model};
use super::overlay::{Other, Overlay, SecretPrompt, Wanted};
use super::pane::replay::{Columns, Frame};
use super::theme::Theme;

mod both;
mod goodbye;
mod prepare;
mod stops;
#[cfg(test)]
pub(super) mod tests;

pub(super) use both::{both, held_with_both, with_both};
pub(super) use prepare::{compare, kept_beside, rehearse};
use stops::stopped;
pub(super) use stops::{handed_over, pause};

/// A replay that is ready to be connected.
#[derive(Debug)]
pub struct Rehearsed {
    /// The file's name.
    pub name: String,
    /// Where to connect.
    pub target: String,
    /// The left column is a script, not a recording.
    pub script: bool,
    /// Its lines.
    pub stepper: Stepper,
}

/// Two files compared.
#[derive(Debug)]
pub struct Compared {
    /// The names of the two.
    pub names: [String; 2],
    /// The rows.
    pub rows: Vec<Beside>,
    /// They are the two ends of a conversation that goes on: the last one is followed.
    pub grows: bool,
}

/// What connection a replay waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialling {
    /// None.
    No,
    /// Its first.
    First,
    /// One that the recording has.
    Next,
}

/// A replay at work.
#[derive(Debug)]
pub struct Playing {
    of: Rehearsed,
    dialling: Dialling,
    /// All lines go out by themselves.
    all: bool,
    /// A wait is under way.
    waits: bool,
    /// What was put on the composer last.
    offered: Option<String>,
    /// What somebody is asked about.
    stopped: Option<Stop>,
    /// QUIT was offered or sent after the last line.
    goodbye: bool,
}

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
        let playing = Playing {
            of,
            dialling: Dialling::First,
            all: false,
            waits: false,
            offered: None,
            stopped: None,
            goodbye: false,
        };
        Self { what: What::Playing(Box::new(playing)), columns: Columns::default() }
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

    /// Above the columns: `replaying relay.smtp · line 4 of 11 · step by step`.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.what {
            What::Playing(playing) => {
                let stepper = &playing.of.stepper;
                let (done, all) = stepper.progress();
                if stepper.next() == Next::Done {
                    let skipped =
                        stepper.rows().iter().filter(|row| row.mark == Mark::Skipped && row.is_sent()).count();
                    let skipped = if skipped == 0 { String::new() } else { format!(" · {skipped} skipped") };
                    return format!("replayed {} · {}{skipped}", playing.of.name, tally(stepper.tally()));
                }
                let way = if playing.all { "all at once" } else { "step by step" };
                format!("replaying {} · line {} of {all} · {way}", playing.of.name, (done + 1).min(all))
            }
            What::Comparing(compared) => {
                let count = |mark| compared.rows.iter().filter(|row| row.mark == mark).count();
                let what = if compared.grows { "both ends" } else { "comparing" };
                format!("{what} · {}", tally((count(Mark::Differs), count(Mark::Drift))))
            }
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
        let What::Playing(playing) = &self.what else { return None };
        let what = match playing.of.stepper.next() {
            Next::Content { lines: 0, .. } => "Message content from a large file comes next".to_owned(),
            Next::Content { lines, octets } => {
                let s = if lines == 1 { "" } else { "s" };
                format!("Message content comes next: {lines} line{s}, {octets} octets")
            }
            Next::Sleep(time) => format!("A pause of {} comes next", crate::profile::duration::words(time)),
            Next::Reconnect => "A new connection comes next".to_owned(),
            Next::Drop => "Closing without QUIT comes next".to_owned(),
            Next::Line(_, more) if more > 0 => format!("{more} more in the same write"),
            Next::Done if playing.goodbye => return Some(goodbye::WORDS.to_owned()),
            Next::Line(..) | Next::Done => return None,
        };
        Some(format!("{what} · {{send}} goes on · {{skip}} skips"))
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

/// Whether a replay is on the screen that has lines left.
pub(super) fn has_more(model: &Model) -> bool {
    matches!(&model.replay, Some(Replay { what: What::Playing(playing), .. }) if playing.of.stepper.next() != Next::Done)
}

/// Whether a replay is on the screen.
pub(super) fn is_playing(model: &Model) -> bool {
    matches!(&model.replay, Some(Replay { what: What::Playing(_), .. }))
}

/// Whether two files stand beside each other: Esc leads back to the one that was opened.
pub(super) fn compares_files(model: &Model) -> bool {
    model.is_offline() && !model.at_start() && model.replay.is_some() && !is_playing(model)
}

fn playing(model: &mut Model) -> Option<&mut Playing> {
    match model.replay.as_mut().map(|replay| &mut replay.what) {
        Some(What::Playing(playing)) => Some(playing),
        _ => None,
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

/// Does one of this module's actions.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if matches!(action, Action::Replay | Action::Both | Action::Compare) {
        super::playback::leave(model);
    }
    match action {
        Action::Replay => {
            let target = model.talk.target.clone().unwrap_or_else(|| model.peer.name.clone());
            if let Some(path) = model.talk.path.clone() {
                let other = Other::new(Wanted::Replay(path), &target, Vec::new());
                model.overlay = Some(Overlay::Other(other));
            }
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
        Action::ReplayAll => {
            if let Some(playing) = playing(model) {
                playing.all = true;
            }
            return follow(model);
        }
        Action::EndReplay => forget(model),
        _ => {}
    }
    Vec::new()
}

/// A replay is ready: its connection is made.
pub(super) fn begin(model: &mut Model, of: Rehearsed) -> Vec<Effect> {
    let target = of.target.clone();
    model.replay = Some(Replay::playing(of));
    vec![Effect::Connect(target)]
}

/// The columns go, and with them the line that they have put on the composer, where nobody has changed it.
pub(super) fn forget(model: &mut Model) {
    let Some(Replay { what: What::Playing(mut playing), .. }) = model.replay.take() else { return };
    let goodbye = playing.goodbye.then(|| "QUIT".to_owned());
    let offered = playing.offered.take().filter(|line| !line.is_empty());
    if [offered, goodbye].into_iter().flatten().any(|line| line == model.composer.line()) {
        model.composer.set_line("");
    }
}

/// Two files stand beside each other from now on.
pub(super) fn show(model: &mut Model, compared: Compared) {
    model.notice = None;
    model.focus = super::model::Focus::Transcript;
    model.replay = Some(Replay::comparing(compared));
}

/// A connection is being made: the replay's own, or another one, with which it ends.
pub(super) fn began(model: &mut Model, again: bool) {
    let Model { replay: Some(replay), talk, composer, .. } = model else { return };
    replay.columns.follow();
    let What::Playing(playing) = &mut replay.what else {
        model.replay = None;
        return;
    };
    match playing.dialling {
        Dialling::Next if again => playing.of.stepper.reconnected(&talk.log),
        Dialling::No if !again => {
            forget(model);
            return;
        }
        _ => {
            playing.of.stepper.begin(&talk.log, &talk.dialogue);
            // What the replay had put on the line goes with it; what somebody typed stays.
            if playing.offered.take().is_some_and(|offered| offered == composer.line()) {
                composer.set_line("");
            }
            (playing.all, playing.goodbye) = (false, false);
        }
    }
    playing.dialling = Dialling::No;
}

/// The first connection could not be made.
pub(super) fn not_begun(model: &mut Model) {
    if playing(model).is_some_and(|playing| playing.dialling == Dialling::First) {
        model.replay = None;
    }
}

/// Looks at what happened, puts the next line on the composer, and where all is played at once sends it.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    observe(model);
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, .. } = model else {
        return Vec::new();
    };
    if playing.of.stepper.next() == Next::Done {
        return goodbye::say(model);
    }
    if !playing.all || playing.waits {
        return Vec::new();
    }
    match playing.of.stepper.ready(&talk.dialogue) {
        Ready::No => Vec::new(),
        Ready::After(time) => {
            playing.waits = true;
            vec![Effect::Wait(time)]
        }
        // The next one follows when this one was seen on the wire.
        Ready::Now => play(model),
    }
}

fn observe(model: &mut Model) {
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, composer, notice, .. } = model else {
        return;
    };
    let stepper = &mut playing.of.stepper;
    let before = stepper.tally().0;
    stepper.observe(&talk.log, &talk.dialogue);
    if stepper.tally().0 > before
        && let Some(row) = stepper.rows().iter().rfind(|row| row.mark == Mark::Differs && !row.words.is_empty())
    {
        *notice = Some(format!("≠ {}", row.words));
    }
    let next = match stepper.next() {
        Next::Line(line, _) => line,
        _ => String::new(),
    };
    let untouched = playing.offered.as_deref().unwrap_or_default() == composer.line();
    if playing.offered.as_ref() != Some(&next) && untouched {
        composer.set_line(&next);
        playing.offered = Some(next);
    }
}

/// The time is up that was waited for.
pub(super) fn waited(model: &mut Model) -> Vec<Effect> {
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, .. } = model else {
        return Vec::new();
    };
    playing.waits = false;
    playing.of.stepper.expire(&talk.log, &talk.dialogue);
    follow(model)
}

/// Enter in the composer; nothing where it is not this module's.
pub(super) fn enter(model: &mut Model) -> Option<Vec<Effect>> {
    let next = playing(model)?.of.stepper.next();
    let mine = match next {
        Next::Done => false,
        Next::Line(..) => !model.composer.line().is_empty(),
        _ => model.composer.line().is_empty(),
    };
    // Sending while a reply is awaited is announced as it always is.
    if !mine || (model.waiting.is_some() && model.armed != Some(Armed::Pipelined)) {
        return None;
    }
    Some(play(model))
}

/// Plays the next step, or says why it does not go out.
fn play(model: &mut Model) -> Vec<Effect> {
    let armed = model.armed.take();
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, composer, .. } = model else {
        return Vec::new();
    };
    if armed == Some(Armed::Held) {
        playing.of.stepper.allow(&Stop::Held, &talk.dialogue);
    }
    match playing.of.stepper.send(composer.line(), &talk.log, &talk.dialogue) {
        Ok(orders) => {
            composer.set_line("");
            playing.offered = None;
            let effects = orders.into_iter().map(|order| carried_out(playing, order)).collect();
            observe(model);
            effects
        }
        Err(stop) => {
            playing.all = false;
            stopped(model, stop);
            Vec::new()
        }
    }
}

fn carried_out(playing: &mut Playing, order: Order) -> Effect {
    match order {
        Order::Ask(request) => Effect::Send(request),
        Order::Drop => Effect::Drop,
        Order::Reconnect => {
            playing.dialling = Dialling::Next;
            Effect::Reconnect
        }
        Order::Wait(time) => {
            playing.waits = true;
            Effect::Wait(time)
        }
    }
}

/// Asks the disk for a replay.
pub(super) fn wanted(path: PathBuf, target: String) -> Vec<Effect> {
    vec![Effect::Replay { path, target, password: None }]
}

/// The password that a replay needs was given.
pub(super) fn told(path: PathBuf, target: String, password: Secret) -> Vec<Effect> {
    vec![Effect::Replay { path, target, password: Some(password) }]
}

/// Asks for the password of a replay, which is prepared again with it.
pub(super) fn ask_password(model: &mut Model, path: PathBuf, target: String, user: &str) {
    model.overlay = Some(Overlay::Secret(SecretPrompt::for_replay(user, path, target)));
}
