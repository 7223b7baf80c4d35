//! Playback: an opened conversation as it happened, at its own pace, faster or slower, with pause.
//!
//! What is on the screen is the beginning of the conversation, as long as it plays; the whole is kept here until then.

use std::time::Duration;

use jiff::Timestamp;

use super::action::Action;
use super::effect::Effect;
use super::model::{Focus, Model};
use super::pane::panel::Panel;
use super::pane::transcript::Transcript;
use super::talk::Talk;

/// How fast: so many seconds of the conversation in so many of the clock.
const SPEEDS: [(u64, u64, &str); 7] =
    [(1, 4, "¼×"), (1, 1, "1×"), (2, 1, "2×"), (5, 1, "5×"), (20, 1, "20×"), (100, 1, "100×"), (1000, 1, "1000×")];
/// At its own pace.
const OWN: usize = 1;
/// The shortest wait, microseconds: what comes sooner comes together.
const SHORTEST: u64 = 10_000;

/// A conversation that plays.
#[derive(Debug)]
pub struct Playback {
    whole: Talk,
    speed: usize,
    paused: bool,
    /// The time that it has come to, microseconds.
    at: u64,
    /// Which wait is the current one: an older one says nothing any more.
    number: u64,
    /// When the current wait began, by the clock on the wall; nothing while nothing is waited for.
    since: Option<Timestamp>,
}

impl Playback {
    /// How far it is, for the frame: `12.3 of 75.0 s · 2×`.
    #[must_use]
    pub fn status(&self) -> String {
        let seconds = |micros: u64| format!("{}.{}", micros / 1_000_000, micros / 100_000 % 10);
        let state = if self.paused { " · paused" } else { "" };
        format!("{} of {} s · {}{state}", seconds(self.at), seconds(end(&self.whole)), SPEEDS[self.speed].2)
    }

    /// Whether it waits to be gone on with.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The record after those that are shown, and its time.
    fn next(&self, shown: usize) -> Option<(usize, u64)> {
        let times = (shown..self.whole.log.len()).map(|record| (record, time(&self.whole, record)));
        times.into_iter().find_map(|(record, at)| Some((record, at?)))
    }

    /// Time has passed while the next record was waited for: it is not waited for again.
    fn pass(&mut self, shown: usize, today: Option<Timestamp>) {
        let (Some(since), Some(today), Some((_, next))) = (self.since.take(), today, self.next(shown)) else { return };
        let passed = u64::try_from(today.duration_since(since).as_micros()).unwrap_or(0);
        let (times, of, _) = SPEEDS[self.speed];
        self.at = self.at.saturating_add(passed.saturating_mul(times) / of).min(next).max(self.at);
    }

    /// How long until the next record is due.
    fn wait(&self, shown: usize) -> Option<Effect> {
        let (_, at) = self.next(shown)?;
        let (times, of, _) = SPEEDS[self.speed];
        let micros = at.saturating_sub(self.at).saturating_mul(of) / times;
        Some(Effect::PlayOn(Duration::from_micros(micros.max(SHORTEST)), self.number))
    }
}

fn time(talk: &Talk, record: usize) -> Option<u64> {
    talk.log.get(record)?.at.map(|at| at.0)
}

/// The time of the last record.
fn end(talk: &Talk) -> u64 {
    (0..talk.log.len()).rev().find_map(|record| time(talk, record)).unwrap_or(0)
}

/// Whether an action is of playing.
pub(super) fn does(action: Action) -> bool {
    matches!(action, Action::Play | Action::Faster | Action::Slower | Action::EndPlay)
}

/// Does it.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let (shown, today) = (model.talk.log.len(), model.today);
    if let Some(playback) = &mut model.playback {
        playback.pass(shown, today);
    }
    match (action, &mut model.playback) {
        (Action::Play, None) => return begin(model),
        (Action::EndPlay, _) => {
            leave(model);
            return Vec::new();
        }
        (Action::Play, Some(playback)) => playback.paused = !playback.paused,
        (Action::Faster, Some(playback)) => playback.speed = (playback.speed + 1).min(SPEEDS.len() - 1),
        (_, Some(playback)) => playback.speed = playback.speed.saturating_sub(1),
        (_, None) => {}
    }
    go_on(model)
}

/// From the marked line on, or from the first.
fn begin(model: &mut Model) -> Vec<Effect> {
    let count = model.talk.log.len();
    let last = count.saturating_sub(1);
    // Sources without a clock give all the same time.
    let mut times = (0..count).filter_map(|record| time(&model.talk, record));
    let first = times.next();
    if first.is_none() || times.all(|at| Some(at) == first) {
        model.notice = Some("Nothing here says when it happened; it can't be played.".to_owned());
        return Vec::new();
    }
    let marked = model.transcript.marked().filter(|record| *record > 0 && *record < last);
    let whole = std::mem::take(&mut model.talk);
    let shown = marked.map_or(1, |record| record + 1);
    model.talk = whole.beginning(shown);
    let at = shown.checked_sub(1).and_then(|record| time(&whole, record)).unwrap_or(0);
    model.playback = Some(Playback { whole, speed: OWN, paused: false, at, number: 0, since: None });
    (model.transcript, model.panel) = (Transcript::default(), Panel::default());
    model.focus = Focus::Transcript;
    let words = "{play} pauses and goes on · {faster} faster · {slower} slower · Esc shows all again";
    model.notice = Some(model.keymap.told(words));
    go_on(model)
}

/// Waits for the next record, unless it is paused or all was shown.
fn go_on(model: &mut Model) -> Vec<Effect> {
    let (shown, today) = (model.talk.log.len(), model.today);
    let Some(playback) = &mut model.playback else { return Vec::new() };
    playback.number += 1;
    if playback.paused {
        return Vec::new();
    }
    playback.since = today;
    playback.wait(shown).into_iter().collect()
}

/// The time is up: what is due is shown.
pub(super) fn due(model: &mut Model, number: u64) -> Vec<Effect> {
    let shown = model.talk.log.len();
    let Some(playback) = model.playback.as_mut().filter(|it| it.number == number && !it.paused) else {
        return Vec::new();
    };
    let Some((_, next)) = playback.next(shown) else { return Vec::new() };
    let (times, of, _) = SPEEDS[playback.speed];
    // What would be due before the shortest wait is over comes along.
    let until = next.max(playback.at + SHORTEST * times / of);
    let count = playback.whole.log.len();
    let to = (shown..count).find(|record| time(&playback.whole, *record).is_some_and(|at| at > until)).unwrap_or(count);
    playback.at =
        (shown..to).rev().find_map(|record| time(&playback.whole, record)).unwrap_or(playback.at).max(playback.at);
    model.talk.copy(&playback.whole, to);
    if to < count {
        return go_on(model);
    }
    leave(model);
    if !model.at_start() {
        model.notice = Some("That was all of it.".to_owned());
    }
    Vec::new()
}

/// Shows the whole again, at the place that was come to.
pub(super) fn leave(model: &mut Model) {
    let Some(playback) = model.playback.take() else { return };
    let last = model.talk.log.len().saturating_sub(1);
    let marked = model.transcript.marked().unwrap_or(last);
    model.talk = playback.whole;
    model.transcript = Transcript::default();
    model.settle();
    model.transcript.show(marked, &model.talk);
}

#[cfg(test)]
mod tests {
    use crate::conversation::file::read;
    use crate::tui::message::Message;
    use crate::tui::screen::Screen;
    use crate::tui::talk::Talk;
    use crate::tui::tests::opened;

    #[test]
    fn a_conversation_plays_at_its_pace_and_faster_and_pauses() {
        let mut screen = opened(120, 33);
        screen.asked();
        let whole = screen.model.talk.log.len();
        screen.keys("p");
        assert_eq!(screen.asked(), ["play on in 10ms"], "{}", screen.shown());
        assert!(screen.shown().contains("0.0 of "), "{}", screen.shown());
        screen.send(Message::PlayOn(0));
        assert_eq!(screen.model.talk.log.len(), 1, "an old wait says nothing");
        let number = |screen: &crate::tui::screen::Screen| screen.model.playback.as_ref().expect("it plays").number;
        screen.send(Message::PlayOn(number(&screen)));
        let first = screen.model.talk.log.len();
        assert!(first > 1 && first < whole, "{first} of {whole}");
        screen.keys("p");
        assert!(screen.shown().contains("· 1× · paused"), "{}", screen.shown());
        let last = screen.shown().lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("Esc show all") && last.contains("p go on"), "what goes on stays named: {last}");
        screen.send(Message::PlayOn(number(&screen)));
        assert_eq!(screen.model.talk.log.len(), first, "it is paused");
        screen.keys("p++");
        assert!(screen.shown().contains("· 5×"), "{}", screen.shown());
        screen.keys("<esc>");
        assert_eq!((screen.model.talk.log.len(), screen.model.playback.is_none()), (whole, true));
        screen.keys("gp+++++");
        for _ in 0..whole {
            if let Some(playback) = &screen.model.playback {
                let number = playback.number;
                screen.send(Message::PlayOn(number));
            }
        }
        assert_eq!((screen.model.talk.log.len(), screen.model.playback.is_none()), (whole, true));
        assert!(screen.shown().contains("That was all of it."), "{}", screen.shown());
    }

    #[test]
    fn a_time_that_is_not_played_yet_is_no_time_after_the_end() {
        let mut screen = opened(120, 33);
        screen.keys("pt99:00<enter>");
        assert!(screen.shown().contains("nothing after 99:00 so far: it has been played up to"), "{}", screen.shown());
    }

    #[test]
    fn what_was_waited_for_before_a_pause_is_not_waited_for_again() {
        let log = "0.0 > NOOP\n10.0 < 250 ok\n40.0 > QUIT\n41.0 < 221 bye\n";
        let log = read(log.as_bytes()).expect("a file").log;
        let talk = Talk::opened("slow".to_owned(), "slow.smtp".into(), log);
        let mut screen = Screen::new(120, 33);
        screen.send(Message::Opened { path: "slow.smtp".into(), talk: Box::new(talk), whole: true });
        let clock = |second| Some(jiff::Timestamp::from_second(second).expect("a time"));
        screen.model.today = clock(1000);
        screen.keys("p");
        assert_eq!(screen.asked(), ["play on in 10s"]);
        screen.model.today = clock(1004);
        screen.keys("p");
        assert!(screen.asked().is_empty());
        screen.model.today = clock(2000);
        screen.keys("p");
        assert_eq!(screen.asked(), ["play on in 6s"]);
        screen.model.today = clock(2002);
        screen.keys("+");
        assert_eq!(screen.asked(), ["play on in 2s"]);
        screen.keys(";");
        assert_eq!((screen.model.talk.log.len(), screen.model.playback.is_none()), (4, true), "a note is on the whole");
    }

    #[test]
    fn what_has_no_times_is_not_played() {
        let log = read(b"0.0 > NOOP\n0.0 < 250 ok\n").expect("a file").log;
        let talk = Talk::opened("none".to_owned(), "none.smtp".into(), log);
        let mut screen = Screen::new(80, 24);
        screen.send(Message::Opened { path: "none.smtp".into(), talk: Box::new(talk), whole: true });
        screen.keys("p");
        assert!(screen.shown().contains("can't be played"), "{}", screen.shown());
    }
}
