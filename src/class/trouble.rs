//! What goes wrong at the class's side, for the instructor to see: never silently.

use std::collections::BTreeMap;

use super::student::Student;
use super::{Class, lock};

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Connections can't be accepted; what the system says.
    Connections(String),
    /// So many connections are open that there is no place for another.
    Full(usize),
    /// So many MiB are what all may keep, and these gave up their oldest.
    Kept(u64, Vec<String>),
    /// What happened can't be written down; why, or nothing where it can be again.
    Events(Option<String>),
}

/// All of it, as it stands.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    connections: Option<String>,
    events: Option<String>,
    kept: Option<String>,
    /// Whose transcripts are not kept, by number, and why.
    transcripts: BTreeMap<u64, (String, String)>,
}

impl Class {
    /// Notes what went wrong.
    pub(super) fn trouble(&self, trouble: Trouble) {
        let at = self.world.zone().to_datetime(self.now()).strftime("%H:%M").to_string();
        let mut troubles = lock(&self.troubles);
        let (place, words) = match trouble {
            Trouble::Connections(why) => {
                let words = format!(
                    "{at} somebody could not connect: {why}. More fit after `ulimit -n 8192`, before ehlo lab."
                );
                (&mut troubles.connections, Some(words))
            }
            Trouble::Full(open) => {
                let words = format!(
                    "{at} somebody was sent away: {open} connections are open. More fit after `ulimit -n 8192`, before \
                     ehlo lab."
                );
                (&mut troubles.connections, Some(words))
            }
            Trouble::Kept(most, names) => {
                let Some(first) = names.first() else { return };
                let others = if names.len() > 1 { format!(" and {} others", names.len() - 1) } else { String::new() };
                let words = format!(
                    "{at} mail and records of all together came to {most} MiB, and no more is kept: the oldest of {first}{others}, \
                     who have the most, went. Transcripts are whole."
                );
                (&mut troubles.kept, Some(words))
            }
            Trouble::Events(why) => {
                let words = why.map(|why| {
                    format!("events.jsonl can't be written: {why}. Mend it before the class ends, or it is missing.")
                });
                (&mut troubles.events, words)
            }
        };
        if *place != words {
            *place = words;
            drop(troubles);
            self.stir();
        }
    }

    /// Notes why a student's transcripts are not kept; nothing where they are.
    pub(super) fn lost(&self, student: &Student, why: Option<String>) {
        let mut troubles = lock(&self.troubles);
        if troubles.transcripts.get(&student.id).map(|(_, why)| why) == why.as_ref() {
            return;
        }
        match why {
            Some(why) => troubles.transcripts.insert(student.id, (student.name.clone(), why)),
            None => troubles.transcripts.remove(&student.id),
        };
        drop(troubles);
        self.stir();
    }

    /// What goes wrong now, in words.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let troubles = lock(&self.troubles);
        let standing = [&troubles.connections, &troubles.events, &troubles.kept];
        let mut words: Vec<String> = standing.into_iter().flatten().cloned().collect();
        let lost = &troubles.transcripts;
        if let Some((_, (name, why))) = lost.first_key_value() {
            let others = if lost.len() > 1 { format!(" and {} others", lost.len() - 1) } else { String::new() };
            words.push(format!("Not all is kept of the transcripts of {name}{others}: {why}."));
        }
        words
    }
}
