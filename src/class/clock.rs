//! The clock of an exam: it runs from the moment of joining, and stands while the class is paused.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::event::What;
use super::student::{News, Student};
use super::{Class, lock};

/// When the class was paused: from when to when; the last one may go on.
#[derive(Debug, Default)]
pub(super) struct Pauses(Vec<(Timestamp, Option<Timestamp>)>);

impl Pauses {
    /// It is paused from now on, or goes on.
    pub(super) fn set(&mut self, on: bool, now: Timestamp) {
        match (on, self.0.last_mut()) {
            (false, Some((_, end @ None))) => *end = Some(now),
            (true, Some((_, None))) | (false, _) => {}
            (true, _) => self.0.push((now, None)),
        }
    }

    /// Whether it is paused.
    pub(super) fn is_on(&self) -> bool {
        self.0.last().is_some_and(|(_, end)| end.is_none())
    }

    /// How long it was paused between two moments.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let within = self.0.iter().map(|(begin, end)| end.unwrap_or(to).min(to).duration_since((*begin).max(from)));
        within.filter(SignedDuration::is_positive).sum()
    }
}

impl Class {
    /// When the student's exam ends, as it stands now; none where it is no exam.
    #[must_use]
    pub fn deadline(&self, student: &Student, now: Timestamp) -> Option<Timestamp> {
        let exam = self.settings.exam.as_ref()?;
        let extra = exam.extra.iter().find(|(name, _)| name.to_lowercase() == student.name.to_lowercase());
        let minutes = exam.minutes.saturating_add(extra.map_or(0, |(_, minutes)| *minutes));
        let since = exam.since.as_deref().and_then(|since| since.parse().ok());
        let begun = since.map_or(student.joined, |since: Timestamp| since.max(student.joined));
        let paused = lock(&self.pauses).between(begun, now);
        let all = SignedDuration::from_mins(i64::from(minutes)).saturating_add(paused);
        begun.checked_add(all).ok()
    }

    /// How much time the student has left; none where it is no exam.
    #[must_use]
    pub fn left(&self, student: &Student) -> Option<Duration> {
        let now = self.now();
        let left = self.deadline(student, now)?.as_millisecond().saturating_sub(now.as_millisecond());
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// For how long the class was paused between two moments.
    pub(super) fn paused_between(&self, from: Timestamp, to: Timestamp) -> Duration {
        lock(&self.pauses).between(from, to).try_into().unwrap_or_default()
    }

    /// Whether nothing that the student does counts any more.
    #[must_use]
    pub fn is_over(&self, student: &Student, now: Timestamp) -> bool {
        self.deadline(student, now).is_some_and(|deadline| now >= deadline)
    }

    /// How long until a minute that is left becomes another one; none where it is no exam, is over, or stands.
    pub(super) fn next_minute(&self, student: &Student) -> Option<Duration> {
        let left = self.left(student).filter(|left| !left.is_zero() && !*self.paused.borrow())?;
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let whole = (millis - 1) / 60_000 * 60_000;
        // A moment later it is another minute.
        Some(Duration::from_millis(millis - whole + 5))
    }

    /// Holds a student's conversations or lets them go on, as the class is now: whoever comes to it last, of those who join
    /// and who pause at the same moment, does what holds then.
    pub(super) fn hold(&self, student: &Student) {
        student.held.send_modify(|held| *held = *self.paused.borrow());
    }

    /// Holds everybody's conversations and the clock of an exam, or lets them go on.
    pub fn pause(&self, on: bool) {
        let now = self.now();
        {
            let mut pauses = lock(&self.pauses);
            if pauses.is_on() == on {
                return;
            }
            pauses.set(on, now);
            // Before anybody else pauses it or has it go on.
            self.paused.send_replace(on);
        }
        self.note(0, What::Paused { on });
        for student in self.students() {
            self.hold(&student);
            student.notify(&News::Paused(on));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    #[test]
    fn only_what_of_a_pause_lies_between_counts() {
        let mut pauses = Pauses::default();
        for (on, when) in [(false, 1), (true, 10), (true, 12), (false, 20), (false, 25), (true, 100)] {
            pauses.set(on, at(when));
        }
        let between = |from, to| pauses.between(at(from), at(to)).as_secs();
        assert_eq!((between(0, 9), between(0, 15), between(15, 50), between(30, 50)), (0, 5, 5, 0));
        assert_eq!(between(0, 130), 40, "the one that goes on counts up to now");
        assert_eq!(between(200, 130), 0);
        assert!(pauses.is_on());
    }
}
