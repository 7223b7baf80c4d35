//! The judge: watches each student's world, and notes and tells what was reached.

use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::Class;
use super::event::What;
use super::student::{News, Student};
use crate::lab::desk::Arena;
use crate::lesson::Happening;

/// Watches a world until the guard is dropped.
pub(super) fn watch(
    class: &Arc<Class>,
    student: &Arc<Student>,
    lesson: &str,
    attempt: u32,
    arena: &Arc<Arena>,
) -> DropGuard {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let mut news = arena.changes();
    let (class, student, lesson) = (Arc::downgrade(class), Arc::downgrade(student), lesson.to_owned());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stopped.cancelled() => return,
                changed = news.changed() => if changed.is_err() { return },
            }
            let (Some(class), Some(student)) = (class.upgrade(), student.upgrade()) else { return };
            look(&class, &student, &lesson, attempt);
        }
    });
    stop.drop_guard()
}

/// Looks at a world once; then all of them together are looked after.
pub(super) fn look(class: &Class, student: &Student, lesson: &str, attempt: u32) {
    see(class, student, lesson, attempt);
    class.keep_within();
}

/// Takes in what has happened in a world.
pub(super) fn see(class: &Class, student: &Student, lesson: &str, attempt: u32) {
    let now = class.now();
    let judged = !class.is_over(student, now);
    let folder = class.folder.join(student.folder());
    let found = student.with(|state| {
        let work = state.works.get_mut(lesson).filter(|work| work.number == attempt)?;
        let happened = work.look(&student.name, &folder, judged, &mut state.kept, now);
        work.weigh(class.has_room());
        Some((happened, work.lost.clone()))
    });
    if let Some((happened, lost)) = found {
        class.lost(student, lost);
        tell(class, student, lesson, attempt, happened);
    }
}

impl Class {
    /// Looks at the world of a student's present lesson, so that nothing is said of it that is older than what they did.
    pub(super) fn look(&self, student: &Student) {
        let current = student.with_current(|work| (work.lesson().name.clone(), work.number));
        if let Some((lesson, attempt)) = current {
            look(self, student, &lesson, attempt);
        }
    }
}

/// Notes what was judged, and tells the student's ehlo.
pub(super) fn tell(class: &Class, student: &Student, lesson: &str, attempt: u32, happened: Vec<Happening>) {
    for one in &happened {
        let lesson = lesson.to_owned();
        class.note(
            student.id,
            match *one {
                Happening::Ticked(step) => What::Ticked { lesson, attempt, step },
                Happening::Mistaken { step, mistake } => What::Mistaken { lesson, attempt, step, mistake },
                Happening::WrongAnswer(step) => What::WrongAnswer { lesson, attempt, step },
                Happening::Spoilt(step) => What::Spoilt { lesson, attempt, step },
            },
        );
    }
    student.tell(&News::Happened(happened));
    class.stir();
}
