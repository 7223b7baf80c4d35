//! What the worlds of all students together keep in memory: mail, and the records of sessions. Beyond the class's bound
//! those who keep the most give up their oldest, all down to the same; whoever keeps less than that loses nothing. What was
//! said in their conversations is on the disk all the same.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::student::{Student, Work};
use super::trouble::Trouble;
use super::{Class, judge};

/// Once the bound is reached room is made for this part of it: not with each message anew.
const PART: u64 = 8;

/// How much all worlds keep.
#[derive(Debug, Default)]
pub(super) struct Larder {
    held: Arc<AtomicU64>,
    /// Room is made once at a time.
    making: Mutex<()>,
}

impl Larder {
    /// The share of a world that begins.
    pub(super) fn share(&self) -> Share {
        Share { held: Arc::clone(&self.held), octets: 0 }
    }

    /// Octets that all keep, as was last looked.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}

/// What one world keeps. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share {
    held: Arc<AtomicU64>,
    octets: u64,
}

impl Share {
    /// Octets that it keeps.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    /// It keeps so many now.
    pub(super) fn set(&mut self, octets: u64) {
        self.held.fetch_add(octets, Ordering::Relaxed);
        self.held.fetch_sub(self.octets, Ordering::Relaxed);
        self.octets = octets;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What each may keep so that all together keep no more than `most`: who keeps less keeps it all.
fn level(keeps: &[u64], most: u64) -> u64 {
    let mut sorted = keeps.to_vec();
    sorted.sort_unstable();
    let mut left = most;
    for (n, octets) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - n) as u64;
        if *octets > share {
            return share;
        }
        left -= octets;
    }
    u64::MAX
}

impl Class {
    /// Whether there is so much room that no world need be held short.
    pub(super) fn has_room(&self) -> bool {
        self.larder.held() <= self.settings.kept - self.settings.kept / PART
    }

    /// Makes room where all worlds together keep more than they may.
    pub(super) fn keep_within(&self) {
        let most = self.settings.kept;
        if self.larder.held() <= most {
            return;
        }
        // Who comes meanwhile need not wait: room is being made.
        let Ok(_alone) = self.larder.making.try_lock() else { return };
        let students = self.students();
        let keeps: Vec<u64> = students.iter().map(|student| student.keeps()).collect();
        let level = level(&keeps, most - most / PART);
        let mut names = Vec::new();
        for (student, keeps) in students.iter().zip(keeps) {
            if keeps > level {
                for (lesson, attempt) in student.each(|work| (work.lesson().name.clone(), work.number)) {
                    judge::see(self, student, &lesson, attempt);
                }
                student.give_up(level);
                names.push(student.name.clone());
            }
        }
        self.trouble(Trouble::Kept(most >> 20, names));
        self.stir();
    }
}

impl Student {
    /// Octets that the worlds of all their lessons keep.
    pub(super) fn keeps(&self) -> u64 {
        self.with(|state| state.works.values().map(Work::keeps).sum())
    }

    /// Gives up what is kept beyond so many octets: of other lessons before that of the present one.
    fn give_up(&self, level: u64) {
        self.with(|state| {
            let mut over = state.works.values().map(Work::keeps).sum::<u64>().saturating_sub(level);
            let current = state.current.as_deref();
            for present in [false, true] {
                for (_, work) in state.works.iter_mut().filter(|(name, _)| (Some(name.as_str()) == current) == present)
                {
                    let before = work.keeps();
                    if over > 0 && before > 0 {
                        work.give_up(over);
                        over = over.saturating_sub(before.saturating_sub(work.keeps()));
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_little_loses_nothing_and_the_others_come_down_to_the_same() {
        assert_eq!(level(&[10, 20, 30], 100), u64::MAX);
        assert_eq!(level(&[1000, 10, 1000, 50], 260), 100);
        assert_eq!(level(&[1000, 2000, 3000, 4000], 400), 100);
        assert_eq!(level(&[], 400), u64::MAX);
    }

    #[test]
    fn what_a_world_kept_is_given_back_with_it() {
        let larder = Larder::default();
        let (mut one, mut other) = (larder.share(), larder.share());
        one.set(300);
        other.set(50);
        one.set(200);
        assert_eq!(larder.held(), 250);
        drop(one);
        assert_eq!(larder.held(), 50);
    }
}
