//! A lesson's lab: started for it alone, and watched for what its sessions have seen; and what is kept of lessons.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::conversation::Micros;
use crate::lab::{self, Lab};
use crate::lesson::progress::{Left, Reached};
use crate::lesson::{Lesson, Map, Progress};
use crate::profile::{Profiles, Target};
use crate::smtp::escape::for_screen;
use crate::world::World;

use super::message::Message;
use super::pane::lesson::{LessonNews, Seen};

/// The lab of the lesson that is being held.
pub(super) struct Hall {
    lab: Lab,
    changes: watch::Receiver<u64>,
    /// Sessions that are over and were seen to their end.
    over: HashSet<u64>,
    began: jiff::Timestamp,
}

impl Hall {
    /// Starts the lab of a lesson; gives also the target that leads to it, and its URI.
    pub(super) async fn open(lesson: &Lesson, world: &World) -> Result<(Self, Target, String), String> {
        let uri = format!("lab:{}", lesson.scenario);
        let mut target = Target::read(&uri, &Profiles::shipped()).map_err(|error| error.to_string())?;
        let listen = "127.0.0.1:0".parse().expect("an address of this machine");
        let scenario = lesson.scenario_in(world).map_err(|error| error.to_string())?;
        let lab = lab::start_with(scenario, listen, world).await.map_err(|error| error.to_string())?;
        let kind = lesson.listener;
        kind.is_spoken_by(&mut target);
        let none = || format!("the scenario {} has no {} listener", lesson.scenario, kind.word());
        target.lab_listens(lab.address(kind).ok_or_else(none)?);
        // The scenario's name would say what the learner is to find out.
        target.name = name(lesson);
        let changes = lab.changes();
        let hall = Self { lab, changes, over: HashSet::new(), began: world.now() };
        Ok((hall, target, uri))
    }

    /// The lab itself.
    pub(super) fn lab(&self) -> &Lab {
        &self.lab
    }

    /// What a client must trust.
    pub(super) fn authority(&self) -> String {
        self.lab.ca.clone()
    }

    /// What has happened since the last look; waits until something has.
    pub(super) async fn seen(&mut self) -> Vec<Seen> {
        if self.changes.changed().await.is_err() {
            return std::future::pending().await;
        }
        let mut seen = Vec::new();
        for session in self.lab.sessions() {
            if self.over.contains(&session.number) {
                continue;
            }
            // Asked before the log is copied: what comes after that is looked at once more.
            if session.is_closed() {
                self.over.insert(session.number);
            }
            let after = session.started.as_microsecond().saturating_sub(self.began.as_microsecond());
            let began = Micros(u64::try_from(after).unwrap_or(0));
            seen.push(Seen { number: session.number, began, log: session.log() });
        }
        seen
    }
}

/// Looks for all lessons, and what was done of them.
pub(super) fn look(world: &World, sender: UnboundedSender<Message>) {
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Lesson(LessonNews::Map(Map::load(&world))));
    });
}

/// How far a lesson had come when it was left; nothing where it has other steps now.
pub(super) fn left(world: &World, lesson: &Lesson) -> Option<Left> {
    let done = Progress::load(world).ok()?.of(&lesson.name);
    done.left.filter(|left| done.of == lesson.steps.len() && left.steps <= done.of)
}

/// Keeps what was done of a lesson. One write at a time: the last one knows the most.
pub(super) fn keep(world: &World, reached: Reached, sender: UnboundedSender<Message>) {
    static WRITING: Mutex<()> = Mutex::new(());
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        let alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = Progress::load(&world)
            .and_then(|mut progress| if progress.note(&reached, world.now()) { progress.save() } else { Ok(()) });
        drop(alone);
        if let Err(error) = kept {
            let words = crate::smtp::escape::for_screen(error.to_string().as_bytes());
            let _ = sender.send(Message::Notice(words));
        }
        let _ = sender.send(Message::Lesson(LessonNews::Map(Map::load(&world))));
    });
}

/// What a lesson's server is called: by its number, or by the title of one that somebody wrote.
fn name(lesson: &Lesson) -> String {
    let number = lesson.number().map(|number| number.to_string());
    format!("lesson {}", number.unwrap_or_else(|| for_screen(lesson.title.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_of_ones_own_is_called_by_its_title() {
        let (shipped, text) = crate::lesson::course::shipped().next().expect("there are lessons");
        let called = |as_file: &str| name(&Lesson::parse(as_file, text).expect("well formed"));
        assert_eq!(
            (called(&shipped).as_str(), called("own").as_str()),
            ("lesson 1", "lesson The classic conversation")
        );
    }
}
