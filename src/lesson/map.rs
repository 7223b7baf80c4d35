//! The map of the lessons: which there are, what is done of each, what each needs first, and which comes next.

use std::sync::Arc;

use crate::world::World;

use super::progress::Done;
use super::{Course, Lesson, Progress};

/// A lesson, and what was done of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The lesson.
    pub lesson: Arc<Lesson>,
    /// What was done of it at best.
    pub done: Done,
}

/// How far a lesson has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All of it, quiz included.
    Done,
    /// So many of its steps.
    Begun(usize, usize),
    /// Nothing yet.
    Open,
}

impl Standing {
    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        let of = self.lesson.steps.len();
        match (&self.done.finished, self.done.steps.min(of)) {
            (Some(_), _) => State::Done,
            (None, 0) => State::Open,
            (None, steps) => State::Begun(steps, of),
        }
    }
}

/// All lessons, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map {
    /// Each with what was done of it.
    pub rows: Vec<Standing>,
}

impl Map {
    /// The shipped lessons and the user's own, with what is kept of them. Where nothing can be read, nothing is done.
    #[must_use]
    pub fn load(world: &World) -> Self {
        let progress = Progress::load(world).ok();
        Self::of(Course::load(world).lessons, progress.as_ref())
    }

    /// These lessons, with what was done of them.
    #[must_use]
    pub fn of(lessons: Vec<Lesson>, progress: Option<&Progress>) -> Self {
        let done = |lesson: &Lesson| progress.map(|progress| progress.of(&lesson.name)).unwrap_or_default();
        let standing = |lesson: Lesson| Standing { done: done(&lesson), lesson: Arc::new(lesson) };
        Self { rows: lessons.into_iter().map(standing).collect() }
    }

    /// The lessons that one builds on and that are not done.
    #[must_use]
    pub fn missing(&self, lesson: &Lesson) -> Vec<&Lesson> {
        let needed = self.rows.iter().filter(|row| lesson.after.contains(&row.lesson.name));
        needed.filter(|row| row.done.finished.is_none()).map(|row| &*row.lesson).collect()
    }

    /// The lesson that comes next: not done, what it builds on done, after the one that was just done where there is
    /// one. Whoever has done that one without what it builds on goes on from there. Nothing where all are done.
    #[must_use]
    pub fn next(&self, just_done: Option<&str>) -> Option<&Standing> {
        let at = just_done.and_then(|name| self.rows.iter().position(|row| row.lesson.name == name));
        let (before, after) = self.rows.split_at(at.map_or(0, |at| at + 1));
        let open = || {
            let all = after.iter().chain(before);
            all.filter(|row| row.done.finished.is_none() && just_done != Some(row.lesson.name.as_str()))
        };
        let leaps = at.is_some_and(|at| !self.missing(&self.rows[at].lesson).is_empty());
        let laid = |row: &Standing| self.missing(&row.lesson).iter().all(|it| just_done == Some(it.name.as_str()));
        open().find(|row| leaps || laid(row)).or_else(|| open().next())
    }
}

/// What a lesson is called in a list: its number, or its name where it has none.
#[must_use]
pub fn called(lesson: &Lesson) -> String {
    lesson.number().map_or_else(|| lesson.name.clone(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lessons by name, with what each builds on and whether it is done.
    fn map(rows: &[(&str, &[&str], bool)]) -> Map {
        let row = |(name, after, done): &(&str, &[&str], bool)| {
            let text = format!(
                "ehlo = 1\ntitle = \"t\"\nafter = {after:?}\nintro = \"i\"\n[[step]]\ntext = \"s\"\ngoal = {{ connected = true }}"
            );
            let lesson = Arc::new(Lesson::parse(name, &text).expect("well formed"));
            let finished = done.then(|| "2026-01-01T00:00:00Z".to_owned());
            Standing { lesson, done: Done { finished, ..Done::default() } }
        };
        Map { rows: rows.iter().map(row).collect() }
    }

    fn next(map: &Map, just_done: Option<&str>) -> Option<String> {
        map.next(just_done).map(|row| row.lesson.name.clone())
    }

    #[test]
    fn the_next_lesson_is_one_whose_ground_is_laid() {
        let all =
            map(&[("01-a", &[], true), ("02-b", &["05-e"], false), ("03-c", &["01-a"], false), ("05-e", &[], false)]);
        assert_eq!(next(&all, None).as_deref(), Some("03-c"), "02-b builds on what is not done");
        assert_eq!(next(&all, Some("03-c")).as_deref(), Some("05-e"), "what was just done is not offered again");
        assert_eq!(next(&all, Some("05-e")).as_deref(), Some("02-b"), "it begins again at the top");
        assert_eq!(next(&map(&[("01-a", &[], true)]), None), None);
        let ahead = map(&[("01-a", &[], false), ("02-b", &["01-a"], false), ("03-c", &["02-b"], false)]);
        assert_eq!(
            next(&ahead, Some("02-b")).as_deref(),
            Some("03-c"),
            "who has begun in the midst goes on from there"
        );
        assert_eq!(next(&ahead, Some("01-a")).as_deref(), Some("02-b"));
        assert_eq!(next(&ahead, Some("03-c")).as_deref(), Some("01-a"));
        assert_eq!(
            next(&map(&[("01-a", &["02-b"], false), ("02-b", &["01-a"], false)]), None).as_deref(),
            Some("01-a")
        );
    }

    #[test]
    fn what_a_lesson_needs_first_is_what_is_not_done_of_it() {
        let all = map(&[("01-a", &[], true), ("02-b", &[], false), ("03-c", &["01-a", "02-b", "09-z"], false)]);
        let missing: Vec<_> = all.missing(&all.rows[2].lesson).iter().map(|lesson| called(lesson)).collect();
        assert_eq!(missing, ["2"]);
    }
}
