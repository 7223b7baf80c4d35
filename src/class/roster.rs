//! Who has joined, by number and by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::student::Student;

/// The longest name, in characters.
const LONGEST: usize = 40;

/// Everybody.
#[derive(Debug, Default)]
pub struct Roster {
    students: BTreeMap<u64, Arc<Student>>,
    names: HashMap<String, u64>,
    last: u64,
}

/// A name as it is kept: white space around it and doubled within it goes.
///
/// # Errors
/// What is said of one that can't be a name.
pub fn name(text: &str) -> Result<String, String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '\'');
    if name.is_empty() {
        return Err("a name is missing: NOOP join CODE NAME".to_owned());
    }
    if name.chars().count() > LONGEST || !name.chars().all(fits) {
        return Err(format!("a name has letters, digits, blanks and . - _ ', at most {LONGEST}"));
    }
    Ok(name)
}

/// What two names are compared by.
fn key(name: &str) -> String {
    name.to_lowercase()
}

impl Roster {
    pub(super) fn add(&mut self, student: Arc<Student>) {
        self.last = self.last.max(student.id);
        self.names.insert(key(&student.name), student.id);
        self.students.insert(student.id, student);
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(student) = self.students.remove(&id) {
            self.names.remove(&key(&student.name));
        }
    }

    /// The number of the next one to join.
    pub(super) fn next(&self) -> u64 {
        self.last + 1
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.students.len()
    }

    /// Whether nobody has joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.students.is_empty()
    }

    pub(super) fn all(&self) -> Vec<Arc<Student>> {
        self.students.values().cloned().collect()
    }

    pub(super) fn get(&self, id: u64) -> Option<Arc<Student>> {
        self.students.get(&id).cloned()
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<Student>> {
        self.get(*self.names.get(&key(name))?)
    }
}
