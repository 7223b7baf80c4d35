//! A replay at work: the next line stands on the composer, what comes back is laid beside what was recorded.
//!
//! The rules of a replay are in [`crate::script::stepper`]; here they meet the composer, the connection and the screen.

use std::path::PathBuf;

use crate::script::beside::Mark;
use crate::script::stepper::{Next, Order, Ready, Stepper, Stop};
use crate::smtp::Secret;
use crate::tui::effect::Effect;
use crate::tui::enter::learnt;
use crate::tui::model::{Armed, Model};
use crate::tui::overlay::{Overlay, Question, SecretPrompt};
use crate::tui::pane::composer::answer;
use crate::tui::text::{tail, width};

use super::stops::stopped;
use super::way::{Pause, ReplayOf, Way};
use super::{Replay, What, goodbye, tally};

/// A replay that is ready to be connected.
#[derive(Debug)]
pub struct Rehearsed {
    /// The file's name.
    pub name: String,
    /// Where to connect.
    pub target: String,
    /// The left column is a script, not a recording.
    pub script: bool,
    /// How its lines go out from the beginning.
    pub way: Way,
    /// Its lines.
    pub stepper: Stepper,
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
    pub(super) of: Rehearsed,
    dialling: Dialling,
    /// How its lines go out.
    pub(super) way: Way,
    /// The wait that is under way.
    pub(super) pause: Option<Pause>,
    /// The row before which the recorded pause was kept.
    pub(super) paused_before: Option<usize>,
    /// What was put on the composer last.
    offered: Option<String>,
    /// What somebody is asked about.
    pub(super) stopped: Option<Stop>,
    /// QUIT was offered or sent after the last line.
    pub(super) goodbye: bool,
}

impl Playing {
    pub(super) fn new(of: Rehearsed) -> Self {
        Self {
            way: of.way,
            of,
            dialling: Dialling::First,
            pause: None,
            paused_before: None,
            offered: None,
            stopped: None,
            goodbye: false,
        }
    }

    /// `replaying relay.smtp · line 4 of 11 · step by step`, in so many columns: of a long name the end is enough.
    pub(super) fn title(&self, columns: usize) -> String {
        /// Columns that a name is still told by.
        const LEAST: usize = 8;
        let of = |name: &str| self.title_with(name);
        let room = columns.saturating_sub(width(&of(""))).max(LEAST);
        of(&tail(&self.of.name, room))
    }

    fn title_with(&self, name: &str) -> String {
        let stepper = &self.of.stepper;
        let (done, all) = stepper.progress();
        if stepper.next() == Next::Done {
            let skipped = stepper.rows().iter().filter(|row| row.mark == Mark::Skipped && row.is_sent()).count();
            let skipped = if skipped == 0 { String::new() } else { format!(" · {skipped} skipped") };
            return format!("replayed {name} · {}{skipped}", tally(stepper.tally()));
        }
        format!("replaying {name} · line {} of {all} · {}", (done + 1).min(all), self.way.words())
    }

    /// What Enter does, where that is not to send a line.
    pub(super) fn hint(&self) -> Option<String> {
        if let Some(words) = self.pause_in_words() {
            return Some(words);
        }
        let what = match self.of.stepper.next() {
            Next::Content { lines: 0, .. } => "Message content from a large file comes next".to_owned(),
            Next::Content { lines, octets } => {
                let s = if lines == 1 { "" } else { "s" };
                format!("Message content comes next: {lines} line{s}, {octets} octets")
            }
            Next::Sleep(time) => format!("A pause of {} comes next", crate::profile::duration::words(time)),
            Next::Reconnect => "A new connection comes next".to_owned(),
            Next::Drop => "Closing without QUIT comes next".to_owned(),
            Next::Line(line, _) if line.is_empty() => "An empty line comes next".to_owned(),
            Next::Line(_, more) if more > 0 => format!("{more} more in the same write"),
            Next::Done if self.goodbye => return Some(goodbye::WORDS.to_owned()),
            Next::Line(..) | Next::Done => return None,
        };
        Some(format!("{what} · {{send}} goes on · {{skip}} skips"))
    }
}

/// Whether a replay is on the screen that has lines left.
pub(in crate::tui) fn has_more(model: &Model) -> bool {
    matches!(&model.replay, Some(Replay { what: What::Playing(playing), .. }) if playing.of.stepper.next() != Next::Done)
}

/// Whether a replay is on the screen whose lines go out by themselves.
pub(in crate::tui) fn runs_by_itself(model: &Model) -> bool {
    has_more(model)
        && matches!(&model.replay, Some(Replay { what: What::Playing(playing), .. }) if playing.way != Way::Steps)
}

/// Whether a replay is on the screen that has come to its end, and its connection with it.
pub(super) fn is_over(model: &Model) -> bool {
    is_playing(model) && !has_more(model) && !model.talk.is_open()
}

/// Whether a replay is on the screen.
pub(in crate::tui) fn is_playing(model: &Model) -> bool {
    matches!(&model.replay, Some(Replay { what: What::Playing(_), .. }))
}

pub(super) fn playing(model: &mut Model) -> Option<&mut Playing> {
    match model.replay.as_mut().map(|replay| &mut replay.what) {
        Some(What::Playing(playing)) => Some(playing),
        _ => None,
    }
}

/// A replay is ready: its connection is made.
pub(in crate::tui) fn begin(model: &mut Model, of: Rehearsed) -> Vec<Effect> {
    let target = of.target.clone();
    let paceless = of.way == Way::Paced && !of.stepper.has_pauses();
    let of = Rehearsed { way: if paceless { Way::Steps } else { of.way }, ..of };
    model.replay = Some(Replay::playing(of));
    if paceless {
        let words = "Nothing in it says when its lines went out, so each waits for {send}.";
        model.notice = Some(model.keymap.told(words));
    }
    vec![Effect::Connect(target)]
}

/// The columns go, and with them the line that they have put on the composer, where nobody has changed it.
pub(in crate::tui) fn forget(model: &mut Model) {
    let Some(Replay { what: What::Playing(mut playing), .. }) = model.replay.take() else { return };
    let goodbye = playing.goodbye.then(|| "QUIT".to_owned());
    let offered = playing.offered.take().filter(|line| !line.is_empty());
    if [offered, goodbye].into_iter().flatten().any(|line| line == model.composer.line()) {
        model.composer.set_line("");
    }
}

/// A connection is being made: the replay's own, or another one, with which it ends. What must not be recorded is told
/// before anything comes.
pub(in crate::tui) fn began(model: &mut Model, again: bool) -> Vec<Effect> {
    let Model { replay: Some(replay), talk, composer, waits, .. } = model else { return Vec::new() };
    replay.columns.follow();
    let What::Playing(playing) = &mut replay.what else {
        model.replay = None;
        return Vec::new();
    };
    let orders = match playing.dialling {
        Dialling::Next if again => playing.of.stepper.reconnected(&talk.log),
        Dialling::No if !again => {
            forget(model);
            return Vec::new();
        }
        _ => {
            let orders = playing.of.stepper.begin(&talk.log, &talk.dialogue);
            // What the replay had put on the line goes with it; what somebody typed stays.
            if playing.offered.take().is_some_and(|offered| offered == composer.line()) {
                composer.set_line("");
            }
            playing.go(playing.of.way);
            (playing.pause, playing.goodbye) = (None, false);
            orders
        }
    };
    playing.dialling = Dialling::No;
    orders.into_iter().map(|order| carried_out(playing, waits, order)).collect()
}

/// The first connection could not be made.
pub(in crate::tui) fn not_begun(model: &mut Model) {
    if playing(model).is_some_and(|playing| playing.dialling == Dialling::First) {
        model.replay = None;
    }
}

/// Looks at what happened, puts the next line on the composer, and where all is played at once sends it.
pub(in crate::tui) fn follow(model: &mut Model) -> Vec<Effect> {
    observe(model);
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, waits, .. } = model else {
        return Vec::new();
    };
    if playing.of.stepper.next() == Next::Done {
        return goodbye::say(model);
    }
    if playing.way == Way::Steps || playing.pause.is_some() {
        return Vec::new();
    }
    match playing.of.stepper.ready(&talk.dialogue) {
        Ready::No => Vec::new(),
        Ready::After(time) => vec![wait(playing, waits, time, false)],
        Ready::Now => match playing.due() {
            Some(time) => vec![wait(playing, waits, time, true)],
            // The next one follows when this one was seen on the wire.
            None => play(model),
        },
    }
}

/// Waits before it goes on; `number` counts the waits of the workbench.
fn wait(playing: &mut Playing, number: &mut u64, time: std::time::Duration, recorded: bool) -> Effect {
    *number += 1;
    playing.pause = Some(Pause { number: *number, recorded });
    Effect::Wait(time, *number)
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

/// The time is up that was waited for by the wait of this number.
pub(in crate::tui) fn waited(model: &mut Model, number: u64) -> Vec<Effect> {
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, .. } = model else {
        return Vec::new();
    };
    let Some(pause) = playing.pause.take_if(|pause| pause.number == number) else { return Vec::new() };
    if !pause.recorded {
        playing.of.stepper.expire(&talk.log, &talk.dialogue);
    }
    follow(model)
}

/// Enter in the composer; nothing where it is not this module's.
pub(in crate::tui) fn enter(model: &mut Model) -> Option<Vec<Effect>> {
    let next = playing(model)?.of.stepper.next();
    let mine = match next {
        Next::Done => false,
        // An empty line that was recorded stands there as it is.
        Next::Line(line, _) => line.is_empty() || !model.composer.line().is_empty(),
        _ => model.composer.line().is_empty(),
    };
    // Sending while a reply is awaited is announced as it always is.
    if !mine || (model.waiting.is_some() && model.armed != Some(Armed::Pipelined)) {
        return None;
    }
    Some(play(model))
}

/// Plays the next step, or says why it does not go out.
pub(super) fn play(model: &mut Model) -> Vec<Effect> {
    let armed = model.armed.take();
    let typed = model.composer.line().to_owned();
    // An answer that is typed in place of the recorded one goes out as anywhere else.
    let own = answer(&typed, &model.around());
    let learnt = learnt(model, own.as_ref());
    let Model { replay: Some(Replay { what: What::Playing(playing), .. }), talk, composer, waits, .. } = model else {
        return Vec::new();
    };
    playing.hurry();
    if armed == Some(Armed::Held) {
        playing.of.stepper.allow(&Stop::Held, &talk.dialogue);
    }
    let typed = own.as_ref().map_or(typed.into(), |own| String::from_utf8_lossy(&own.line));
    match playing.of.stepper.send(&typed, &talk.log, &talk.dialogue) {
        Ok(orders) => {
            composer.set_line("");
            playing.offered = None;
            let effects = orders.into_iter().map(|order| carried_out(playing, waits, order));
            let effects = learnt.into_iter().chain(effects).collect();
            observe(model);
            effects
        }
        Err(stop) => {
            playing.go(Way::Steps);
            stopped(model, stop);
            Vec::new()
        }
    }
}

fn carried_out(playing: &mut Playing, waits: &mut u64, order: Order) -> Effect {
    match order {
        Order::Ask(request) => Effect::Send(request),
        Order::Drop => Effect::Drop,
        Order::Reconnect => {
            playing.dialling = Dialling::Next;
            Effect::Reconnect
        }
        Order::Wait(time) => wait(playing, waits, time, false),
    }
}

/// Asks the disk for a replay.
pub(in crate::tui) fn wanted(path: PathBuf, target: String, way: Way) -> Vec<Effect> {
    let of = ReplayOf { path, target, way, environment: Vec::new() };
    vec![Effect::Replay { of, password: None }]
}

/// The password that a replay needs was given.
pub(in crate::tui) fn told(of: ReplayOf, password: Secret) -> Vec<Effect> {
    vec![Effect::Replay { of, password: Some(password) }]
}

/// Asks for the password of a replay, which is prepared again with it.
pub(in crate::tui) fn ask_password(model: &mut Model, of: ReplayOf, user: &str) {
    model.overlay = Some(Overlay::Secret(SecretPrompt::for_replay(user, of)));
}

/// Asks whether a replay may read these variables; it is prepared again with what is allowed.
pub(in crate::tui) fn ask_environment(model: &mut Model, of: ReplayOf, names: Vec<String>) {
    let of = ReplayOf { environment: names, ..of };
    model.overlay = Some(Overlay::Question(Question::Environment(of)));
}
