//! The wall's loop: keys, the class, and the next minute.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;

use super::{Deed, Face, view};
use crate::class::deed::Hinted;
use crate::class::wall::Wall;
use crate::class::{Class, export, sign};
use crate::conversation::words::capital;
use crate::tui::read;
use crate::tui::run::RunError;
use crate::tui::signals::{Signal, Signals};
use crate::tui::terminal::Tty;
use crate::world::World;

/// The shortest time from one draw to the next: a class may do a lot at once.
const FRAME: Duration = Duration::from_millis(40);

/// For how long is said what came of a deed; where the files are that were written, until the next key.
const SAID: Duration = Duration::from_secs(30);

/// For how long is said how the class goes on.
const BEGINS: Duration = Duration::from_mins(2);

const NO_HINTS: &str = "There are no hints in an exam.";
/// Said of whoever has no ehlo.
const WAITS: &str = "has no ehlo open: it waits for the next NOOP.";

/// How the wall was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// By the instructor.
    Ended,
    /// By a signal.
    Interrupted,
}

/// Shows the wall until it is left. Call [`check`](crate::tui::run::check) before.
///
/// # Errors
/// The terminal refuses.
pub async fn run(class: &Arc<Class>, join: Vec<String>, plain: bool, world: &World) -> Result<Told, RunError> {
    let mut signals = Signals::listen()?;
    let (themes, _) = read::themes(world, plain);
    let theme = themes.current();
    let mut tty = Tty::take(world)?;
    tty.mouse(false)?;
    let mut face = face(class, join, world);
    let mut keys = EventStream::new();
    let mut news = class.changes();
    let (mut stale, mut drawn) = (true, None::<Duration>);
    loop {
        let fades = face.fade(world.elapsed());
        let due = drawn.is_none_or(|drawn| world.elapsed().saturating_sub(drawn) >= FRAME);
        if stale && due {
            // What comes from here on is another change.
            news.borrow_and_update();
            face.take(Wall::of(class));
            (face.about, face.live) = face.watched().map_or_else(Default::default, |id| live(class, id));
            tty.paint(|frame| view::draw(&face, theme, frame))?;
            (stale, drawn) = (false, Some(world.elapsed()));
        }
        let frame = drawn.map(|drawn| (drawn + FRAME).saturating_sub(world.elapsed()));
        let wait = if stale { frame } else { Wall::next_change(class).into_iter().chain(fades).min() };
        tokio::select! {
            biased;
            signal = signals.next() => {
                match signal {
                    Signal::End => return Ok(Told::Interrupted),
                    Signal::Stop if !Signals::can_stop() => continue,
                    Signal::Stop => {
                        Tty::lend();
                        signals.stop().await;
                    }
                    Signal::Woken => {}
                }
                tty.retake()?;
                stale = true;
            }
            input = keys.next() => match input {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => {
                    stale = true;
                    // A key is answered at once.
                    drawn = None;
                    if let Some(deed) = face.key(key) {
                        face.fades = (deed != Deed::Export).then(|| world.elapsed() + SAID);
                        if let Some(told) = carry_out(class, &mut face, deed).await {
                            return Ok(told);
                        }
                    }
                }
                Some(Ok(Input::Resize(..))) => {
                    tty.clear()?;
                    stale = true;
                }
                Some(Ok(_)) => {}
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(Told::Interrupted),
            },
            changed = news.changed(), if !stale => stale = changed.is_ok(),
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => stale = true,
        }
    }
}

/// The wall as it begins.
fn face(class: &Class, join: Vec<String>, world: &World) -> Face {
    let mut face = Face::new(&class.settings.name, join);
    face.lessons = class.settings.lessons.iter().map(|taught| taught.lesson.name.clone()).collect();
    let begins: Vec<String> = class.settings.changes.iter().cloned().chain(class.taken_up()).collect();
    let sentence = |words: &String| format!("{}.", capital(words.trim_end_matches('.')));
    face.notice = (!begins.is_empty()).then(|| begins.iter().map(sentence).collect::<Vec<_>>().join(" "));
    face.fades = Some(world.elapsed() + BEGINS);
    face
}

/// The student's conversation as lines; before it which one it is, and what does not stand in it.
fn live(class: &Class, id: u64) -> (Vec<String>, Vec<String>) {
    let Some(student) = class.student(id) else { return Default::default() };
    let (which, lines) = student.live();
    let asked = class.settings.questions;
    let answered = (asked > 0).then(|| format!(" · questions {}/{asked}", student.answered().0));
    let stands = student.with_current(|work| {
        let (done, of) = (work.attempt.ticked(), work.lesson().steps.len());
        let step = if done < of { format!("step {} of {of}", done + 1) } else { format!("all {of} steps done") };
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let (hints, wrong) = (counted(work.hints.len(), "hint"), counted(work.wrong.len(), "wrong answer"));
        format!("{} · {step} · {hints} · {wrong}{}", work.lesson().name, answered.unwrap_or_default())
    });
    (stands.into_iter().chain(which).collect(), lines)
}

async fn carry_out(class: &Arc<Class>, face: &mut Face, deed: Deed) -> Option<Told> {
    let student = |id: u64| class.student(id);
    let mut say = None;
    match deed {
        Deed::End => return Some(Told::Ended),
        Deed::Pause => {
            let on = !face.wall.paused;
            class.pause(on);
        }
        Deed::Broadcast(text) => {
            let (now, later) = class.broadcast(None, &text);
            say = Some(match later {
                0 => format!("Said to {now}."),
                later => format!("Said to {now}; {later} without ehlo, or away, hear it at their next NOOP."),
            });
        }
        Deed::Hint(id) => {
            let hinted = student(id).map_or(Hinted::None, |student| class.hint(&student, true));
            say = Some(match hinted {
                Hinted::Given(hint) => format!("Given to {}: {hint}", face.name(id)),
                Hinted::Waits => format!("{} {WAITS}", face.name(id)),
                Hinted::None if class.settings.exam.is_some() => NO_HINTS.to_owned(),
                Hinted::None => format!("There is no further hint for {}.", face.name(id)),
            });
        }
        Deed::HintAll(id) => say = Some(hint_all(class, id)),
        Deed::ShowStep(id) => {
            if let Some(student) = student(id) {
                let words = if class.show_step(&student) { "has the step's text on the screen." } else { WAITS };
                say = Some(format!("{} {words}", face.name(id)));
            }
        }
        Deed::Reset(id) => {
            if let Some(student) = student(id) {
                let done = class.start_over(&student).err();
                say = done.or_else(|| Some(format!("{} begins anew, and is told.", face.name(id))));
            }
        }
        Deed::Watch(Some(id)) => {
            if let Some(student) = student(id) {
                class.broadcast(Some(&student), "your conversation is being looked at");
            }
        }
        Deed::Watch(None) => {}
        Deed::Export => say = Some(written(class).await),
    }
    face.notice = say.or(face.notice.take());
    None
}

/// Writes the results; gives where they are, or why they are not.
async fn written(class: &Arc<Class>) -> String {
    let key = sign::fingerprint(&class.settings);
    let class = Arc::clone(class);
    let wrote = tokio::task::spawn_blocking(move || {
        let to = export::folder(&class);
        export::write(&class, &to, false).map(|certificates| (to, certificates))
    });
    match wrote.await {
        Ok(Ok((to, certificates))) => format!(
            "Written to {}, {} · key {key} (ehlo learn verify says the same, where nothing was changed)",
            to.display(),
            export::certificates(certificates)
        ),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}

/// A hint for all who stand where this one stands.
fn hint_all(class: &Class, id: u64) -> String {
    let place = |student: &crate::class::student::Student| {
        student.with_current(|work| (work.lesson().name.clone(), work.attempt.ticked()))
    };
    let Some(here) = class.student(id).and_then(|student| place(&student)) else {
        return "Nobody stands there.".to_owned();
    };
    let all = class.students();
    let given = all.iter().filter(|student| place(student).as_ref() == Some(&here));
    if class.settings.exam.is_some() {
        return NO_HINTS.to_owned();
    }
    let hinted: Vec<Hinted> = given.map(|student| class.hint(student, true)).collect();
    let waits = hinted.iter().filter(|hinted| **hinted == Hinted::Waits).count();
    let given = hinted.iter().filter(|hinted| matches!(hinted, Hinted::Given(_))).count();
    let waits =
        if waits > 0 { format!(" For {waits} without ehlo it waits for the next NOOP.") } else { String::new() };
    format!("{given} got the next hint of step {}.{waits}", here.1 + 1)
}
