//! The wall's loop: keys, the class, and the next minute.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;

use super::{Deed, Face, view};
use crate::class::wall::Wall;
use crate::class::{Class, export};
use crate::tui::read;
use crate::tui::run::RunError;
use crate::tui::signals::{Signal, Signals};
use crate::tui::terminal::Tty;
use crate::world::World;

/// The shortest time from one draw to the next: a class may do a lot at once.
const FRAME: Duration = Duration::from_millis(40);

const NO_HINTS: &str = "There are no hints in an exam.";

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
    let mut face = Face::new(&class.settings.name, join);
    let mut keys = EventStream::new();
    let mut news = class.changes();
    let (mut stale, mut drawn) = (true, None::<Duration>);
    loop {
        let due = drawn.is_none_or(|drawn| world.elapsed().saturating_sub(drawn) >= FRAME);
        if stale && due {
            // What comes from here on is another change.
            news.borrow_and_update();
            face.take(Wall::of(class));
            face.live = face.watched().map_or_else(Vec::new, |id| live(class, id));
            tty.paint(|frame| view::draw(&face, theme, frame))?;
            (stale, drawn) = (false, Some(world.elapsed()));
        }
        let frame = drawn.map(|drawn| (drawn + FRAME).saturating_sub(world.elapsed()));
        let wait = if stale { frame } else { Wall::next_change(class) };
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::End => return Ok(Told::Interrupted),
                Signal::Stop => {
                    Tty::lend();
                    signals.stop().await;
                    tty.retake()?;
                    stale = true;
                }
                Signal::Woken => {
                    tty.retake()?;
                    stale = true;
                }
            },
            input = keys.next() => match input {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => {
                    stale = true;
                    // A key is answered at once.
                    drawn = None;
                    if let Some(deed) = face.key(key)
                        && let Some(told) = carry_out(class, &mut face, deed).await
                    {
                        return Ok(told);
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

/// The student's newest conversation, as lines.
fn live(class: &Class, id: u64) -> Vec<String> {
    class.student(id).map_or_else(Vec::new, |student| student.live())
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
            class.broadcast(None, &text);
            say = Some("Said to everybody who uses ehlo.".to_owned());
        }
        Deed::Hint(id) => {
            let hint = student(id).and_then(|student| class.hint(&student, true));
            let none = if class.settings.exam.is_some() { NO_HINTS } else { "There is no further hint." };
            say = Some(hint.map_or_else(|| none.to_owned(), |hint| format!("Given: {hint}")));
        }
        Deed::HintAll(id) => say = Some(hint_all(class, id)),
        Deed::ShowStep(id) => {
            if let Some(student) = student(id) {
                class.show_step(&student);
                say = Some(format!("{} has the step's text on the screen.", student.name));
            }
        }
        Deed::Reset(id) => {
            if let Some(student) = student(id) {
                say = class.reset(&student).err().or_else(|| Some(format!("{} begins anew.", student.name)));
            }
        }
        Deed::Watch(Some(id)) => {
            if let Some(student) = student(id) {
                class.broadcast(Some(&student), "the instructor looks at your conversation");
            }
        }
        Deed::Watch(None) => {}
        Deed::Export => {
            let class = Arc::clone(class);
            let wrote = tokio::task::spawn_blocking(move || {
                let to = export::folder(&class);
                export::write(&class, &to, false).map(|()| to)
            });
            say = Some(match wrote.await {
                Ok(Ok(to)) => format!("Written to {}", to.display()),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            });
        }
    }
    face.notice = say.or(face.notice.take());
    None
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
    let given = given.filter(|student| class.hint(student, true).is_some()).count();
    format!("{given} got the next hint of step {}.", here.1 + 1)
}
